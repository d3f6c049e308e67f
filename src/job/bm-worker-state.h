/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* What a worker (one import) tells its conductor: a small file that the worker replaces a few times a
 * second and once at its end. It tells of progress and of the end; what is true of the mail stands
 * in the worker's journal. One thread. */
#pragma once

#include <bm-pst-import/error.h>

G_BEGIN_DECLS

#define BM_WORKER_STALLED "stalled" /* cause of a worker that waited in vain for replication */

typedef struct {
  gint pid;
  gchar *phase;                      /* "counting" "appending" "verifying"...; may be "" */
  guint64 done, total, before;       /* items; before: done when this run began */
  guint64 bytes, appended, verified; /* of messages */
  guint64 proven, unproven;          /* by this run; on the server and not yet */
  gint64 elapsed_ms;                 /* since the first append */
  gchar *job;                        /* its job directory; "" when it came to none */
  gboolean ended;                    /* the members below are set */
  gint status;                       /* exit status */
  gchar *cause, *message;            /* what stopped it; "" when nothing did */
} BmWorkerState;

void bm_worker_state_clear (BmWorkerState *state);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (BmWorkerState, bm_worker_state_clear)

/* Replaces the file; durable when the worker has ended. Error: JOURNAL. */
gboolean bm_worker_state_write (const gchar *path, const BmWorkerState *state, GError **error);
/* FALSE when there is no such file, or it is not whole: then state is zero. */
gboolean bm_worker_state_read (const gchar *path, BmWorkerState *state);

G_END_DECLS
