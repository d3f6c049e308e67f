/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Places where a test may let the program die: before and after every durable step.
 * Production never sets the handler; the cost is one comparison. One handler per process. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* name: "journal.intent.before"...; static string. */
void bm_failpoint (const gchar *name);
void bm_failpoint_set_handler (void (*handler) (const gchar *name));
/* With BM_FAILPOINT=N in the environment the N-th failpoint kills the process (SIGKILL); with
 * BM_FAILPOINT=NAME the first of that name. Called by main of bm-pst-import. */
void bm_failpoint_from_environment (void);

G_END_DECLS
