/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The conductor of a batch: starts workers (one import each), a bounded number at a time and per
 * mail server, one per mailbox; restarts those that ask for it; pauses by itself and goes on by
 * itself. It never touches mail. Workers do not die with it: a new conductor finds them by the lock
 * that each holds. Must not know BlueMind or PSTs. One thread. */
#pragma once

#include "job/bm-row.h"

G_BEGIN_DECLS

typedef struct {
  const BmBatchRow *row;
  BmWorkerState state; /* the last one told */
  gdouble lag_seconds; /* since when nothing was proven though something is owed; 0 = nothing is */
} BmConductorWorker;

/* Over all rows that came to a job, also by earlier conductors. */
typedef struct {
  guint64 done, total, verified; /* items */
  guint64 bytes; /* of messages; of each row's runs as far as this conductor saw them */
} BmConductorTotals;

/* What there is to show. Borrowed, valid during the call. */
typedef struct {
  const GPtrArray *rows;    /* BmBatchRow * */
  const GPtrArray *workers; /* BmConductorWorker *, of the rows that run */
  const gchar *trouble;     /* why nothing new is started; NULL = no trouble */
  guint by_state[BM_ROW_LAST];
  BmConductorTotals all;
} BmConductorView;

typedef struct {
  /* Finds the row's user and fills user_uid and server. Error of scope RETRY, or of an unavailable
   * service: nothing is started until it answers again; every other refuses the row. */
  gboolean (*prepare) (gpointer data, BmBatchRow *row, GError **error);
  /* The worker's command line, program first; the conductor adds "--state FILE". New. */
  GStrv (*command) (gpointer data, const BmBatchRow *row);
  /* Why nothing may be started now (maintenance, full disk); NULL = nothing is wrong. New. Asked
   * every trouble_every_ms, and before a row is blamed for a bad end. What runs is stopped when it
   * lasts for hold_after_ms. */
  gchar *(*trouble) (gpointer data);
  void (*show) (gpointer data, const BmConductorView *view);
} BmConductorOps;

typedef struct {
  guint parallel;       /* workers at a time; 0 = 4 */
  guint per_server;     /* of them per mail server; 0 = 2 */
  BmTries tries;        /* zeros: 8 runs, 100 while a server's replication is stalled, 5 s */
  guint stall_after_ms; /* a server whose workers verify nothing that long is stalled; 0 = 600000 */
  guint hold_after_ms;  /* 0 = 5000: asked once more */
  guint trouble_every_ms; /* 0 = 5000 */
  guint tick_ms;          /* 0 = 200 */
} BmConductorOptions;

/* Runs until every row is at an end: TRUE. Errors: LOCKED; INTERRUPTED when interrupted answers
 * TRUE (workers were told to stop and have stopped; the batch can be run again); JOURNAL. */
gboolean bm_conductor_run (BmBatch *batch, const BmConductorOps *ops, gpointer data,
                           const BmConductorOptions *options, gboolean (*interrupted) (void),
                           GError **error);

G_END_DECLS
