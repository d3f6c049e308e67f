/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The door of the child: after bm_reader_sandbox_close it can read the PST, talk on its socket and
 * compute; nothing else. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Life with the parent: signals meant for the whole group or service (Ctrl-C, a stop) are the
 * parent's to obey, lest the item at hand is lost by them; when the parent dies, the process dies.
 * The kernel's "parent" is the thread that started the process. */
void bm_reader_sandbox_attach (void);
/* memory_limit: bytes of address space. Returns what holds: "on (seccomp, landlock)", "on
 * (seccomp)", or NULL when seccomp cannot be had. Static. */
const gchar *bm_reader_sandbox_close (guint64 memory_limit);
/* Lets the process use so many more seconds of CPU from now on; then it is killed. */
void bm_reader_sandbox_cpu (guint seconds);

G_END_DECLS
