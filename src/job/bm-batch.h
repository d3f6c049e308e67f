/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* A batch: <jobs>/batches/<name>/ with batch.sqlite (the rows of the mapping and how far each is),
 * a state file, a lock and a log per row, and the lock of its conductor. Everything about mail
 * stands in the workers' journals; this is the list of what to do. Commands talk to a running
 * conductor through the fact "wanted". Must not know BlueMind or PSTs. One thread; several
 * processes. Errors are JOURNAL unless said otherwise. */
#pragma once

#include "job/bm-mapping.h"

G_BEGIN_DECLS

/* X (SYMBOL, number in the database, token) */
#define BM_ROW_STATES(X)                                                                           \
  X (WAITING, 0, "waiting")                                                                        \
  X (RUNNING, 1, "running")                                                                        \
  X (ENDED, 2, "ended")       /* the import came to its end; status tells how */                   \
  X (REFUSED, 3, "refused")   /* cannot be imported as it is; cause and message tell why */        \
  X (GIVEN_UP, 4, "given-up") /* tried too often */                                                \
  X (CANCELLED, 5, "cancelled")

typedef enum {
#define X(sym, number, token) BM_ROW_##sym = number,
  BM_ROW_STATES (X)
#undef X
      BM_ROW_LAST
} BmRowState;

const gchar *bm_row_state_token (BmRowState state);

#define BM_ROW_TAKEN_BACK "not in the mapping any more"

typedef struct {
  gint64 id;  /* of the batch, from 1, in order of the mapping */
  guint line; /* of the mapping's file; 0 = it is not in the mapping any more */
  gchar *file, *user, *into;
  GStrv options;
  gchar *user_uid, *server; /* of the directory; "" until known */
  BmRowState state;
  gboolean retry;       /* the next run tries failed items again */
  guint attempts;       /* runs that ended without an end, since the last success or retry */
  gint64 not_before_ms; /* wall clock; 0 = at once */
  gint pid;             /* of the worker; 0 = none */
  gint64 started_ms, ended_ms;
  gint status; /* exit status of the last run; -1 = none yet */
  gchar *cause, *message, *job;
} BmBatchRow;

typedef struct _BmBatch BmBatch;

/* A batch's name from its mapping's file name: "map.csv" -> "map". New. */
gchar *bm_batch_name_for (const gchar *map_path);
/* create: makes directory and database when they are not there. Errors: USAGE when there is no such
 * batch. */
BmBatch *bm_batch_open (const gchar *jobs, const gchar *name, gboolean create, GError **error);
void bm_batch_free (BmBatch *batch);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (BmBatch, bm_batch_free)
/* Names of all batches, sorted. */
GPtrArray *bm_batch_list (const gchar *jobs);
const gchar *bm_batch_directory (const BmBatch *batch);
const gchar *bm_batch_name (const BmBatch *batch);

/* Only one conductor: LOCKED naming the pid. Held until free; again is no error. */
gboolean bm_batch_lock (BmBatch *batch, GError **error);
/* Pid of the conductor that runs, or 0. */
gint bm_batch_conductor (const BmBatch *batch);

/* Takes the mapping's rows: new ones are WAITING (or REFUSED with their problem), known ones (same
 * file, user and folder) get the new line and options and keep their state, except that a REFUSED or
 * CANCELLED one is WAITING again. Those that are gone from the mapping are dropped when they came to
 * no job; else they get line 0 and, unless they run or are at an end, are CANCELLED. */
gboolean bm_batch_take (BmBatch *batch, const BmMapping *mapping, GError **error);
/* Whether another process has written since the last call, which the first answers with TRUE. */
gboolean bm_batch_changed (BmBatch *batch);
/* BmBatchRow *, owned, by id. */
GPtrArray *bm_batch_rows (BmBatch *batch, GError **error);
gboolean bm_batch_save_row (BmBatch *batch, const BmBatchRow *row, GError **error);
/* A row that is at an end is WAITING again, failed items included. *done: FALSE when it waits or runs
 * already. */
gboolean bm_batch_try_again (BmBatch *batch, gint64 id, gboolean *done, GError **error);

/* Facts: "map", "wanted" ("run", "pause", "cancel"), "trouble", "started", "finished"... */
gchar *bm_batch_get (BmBatch *batch, const gchar *key); /* NULL when unset */
gboolean bm_batch_set (BmBatch *batch, const gchar *key, const gchar *value, GError **error);

/* What a running conductor, or the next one, shall do; taken up within a tick. */
typedef enum { BM_WANT_RUN, BM_WANT_PAUSE, BM_WANT_CANCEL } BmWant;
gboolean bm_batch_want (BmBatch *batch, BmWant want, GError **error);
BmWant bm_batch_wanted (BmBatch *batch);
/* Rows that came to an end with failed or unproven items, or were refused, given up or cancelled are
 * WAITING again, but for those that the mapping no longer names, or names wrongly; cause: only those that it stopped or that have items failed by it (as job_has
 * says); NULL = all. *n: rows. */
gboolean bm_batch_retry (BmBatch *batch, const gchar *cause,
                         gboolean (*job_has) (const gchar *job, const gchar *cause), guint *n,
                         GError **error);

/* Path of a row's file: kind is "state", "lock" or "log". New. */
gchar *bm_batch_row_path (const BmBatch *batch, gint64 id, const gchar *kind);

G_END_DECLS
