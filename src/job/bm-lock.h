/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Locks: flock locks on files that hold the pid. The kernel drops them with the last process that
 * has the descriptor, so a kill leaves no stale lock. Any thread. */
#pragma once

#include <bm-pst-import/error.h>

G_BEGIN_DECLS

/* Descriptor of the lock (close-on-exec), or -1. what: for people, "the job". Errors: LOCKED naming
 * the pid, JOURNAL. */
gint bm_lock_take (const gchar *path, const gchar *what, GError **error);
/* Pid of the process that took the lock (a child may hold it since), 1 when it could not write it; 0 when
 * nobody holds it. */
gint bm_lock_owner (const gchar *path);

G_END_DECLS
