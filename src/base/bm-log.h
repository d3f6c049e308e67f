/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The log: one line an event on stderr and, once a job directory exists, in its log file.
 * No subject, address, body or password ever goes through here. Any thread. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Also for g_print and g_printerr: control characters besides line ends and tabs come out as "?",
 * for names of folders and words of servers must not command a terminal; a log line is one line.
 * Routes g_debug/g_info/g_message/g_warning of this process: warnings and messages to stderr,
 * info too with verbose >= 1, debug with >= 2; everything from info up to the log file. */
void bm_log_init (const gchar *program, guint verbose);
/* Also write to this file from now on (appended, mode 0600). NULL ends it. */
gboolean bm_log_set_file (const gchar *path, GError **error);
/* Called before and after a line goes to stderr, so that a progress line can step aside. */
void bm_log_set_stderr_hook (void (*hook) (gboolean before));

G_END_DECLS
