/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* What becomes of a row when its worker has ended: pure functions of the row and of what the worker
 * said. Must not know who runs the workers. One thread. */
#pragma once

#include "job/bm-batch.h"
#include "job/bm-worker-state.h"

G_BEGIN_DECLS

typedef struct {
  guint most;          /* runs without an end before a row is given up */
  guint most_stalled;  /* the same, of a row whose whole mail server replicates nothing */
  guint first_wait_ms; /* before the second run; doubled each time up to 60 times */
} BmTries;

void bm_row_set_text (gchar **text, const gchar *value);
/* The worker said how it ended (or could not be started for that reason). Interrupted: WAITING.
 * Busy, unavailable or stalled: WAITING for a later run, or GIVEN_UP. Refused: REFUSED. Everything
 * else is an end: ENDED, status tells how. */
void bm_row_take_end (BmBatchRow *row, const BmWorkerState *state, const BmTries *tries);
/* The worker ended badly while the conductor knows of a trouble that explains it: WAITING, and no run
 * counts. */
void bm_row_take_excuse (BmBatchRow *row, const BmWorkerState *state);
/* It said nothing: killed, or it did not understand its command line. wait_status: of waitpid, NULL
 * when it was nobody's child; told: it had been told to stop; words: the last line of its log. */
void bm_row_take_silence (BmBatchRow *row, const int *wait_status, gboolean told,
                          const gchar *words, const BmTries *tries);

G_END_DECLS
