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
/* A few times a second at most. */
void bm_worker_progress (BmWorker *worker, const BmProgress *progress);
/* Why it stopped before its end: kept for the end. */
void bm_worker_stopped (BmWorker *worker, const gchar *cause, const gchar *message);
/* Its job directory, told at once: whoever looks at a running import finds its journal by it. */
void bm_worker_job (BmWorker *worker, const gchar *job);
/* job: directory, or NULL. Clears the worker. */
void bm_worker_end (BmWorker *worker, int status, const gchar *job);

G_END_DECLS
