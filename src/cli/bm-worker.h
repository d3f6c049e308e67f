/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* import as a worker of a conductor: what it tells by --state FILE. All calls do nothing without
 * that file. One thread. */
#pragma once

#include "job/bm-worker-state.h"

#include <bm-pst-import/import.h>

G_BEGIN_DECLS

typedef struct {
  const gchar *path; /* borrowed; NULL = no conductor */
  gint64 written_us; /* monotonic */
  BmWorkerState state;
} BmWorker;

/* Tells the pid at once. */
void bm_worker_begin (BmWorker *worker, const gchar *path);
/* Its job directory, as soon as there is one: a worker that is killed then has a report all the same. */
void bm_worker_job (BmWorker *worker, const gchar *job);
/* How far it is: written a few times a second at most, and at the end. */
void bm_worker_progress (BmWorker *worker, const BmProgress *progress);
/* Why it stopped before its end: kept for the end. */
void bm_worker_stopped (BmWorker *worker, const gchar *cause, const gchar *message);
/* Tells the exit status. Clears the worker. */
void bm_worker_end (BmWorker *worker, int status);

G_END_DECLS
