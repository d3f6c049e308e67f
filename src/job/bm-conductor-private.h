/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Private to the conductor: what it keeps in memory between two ticks. Everything that must outlive it
 * is in the batch's database. One thread. */
#pragma once

#include "job/bm-conductor.h"

G_BEGIN_DECLS

typedef struct {
  BmConductorWorker seen; /* row belongs to the conductor's rows */
  gint64 id;              /* of the row */
  gint pid;               /* 0: not known yet */
  gboolean ours;          /* a child of this process; else one found running */
  gboolean told;          /* to stop */
  guint64 proven;         /* as it told last */
  gint64 started_us;      /* monotonic: since when it is looked at */
  gint64 owed_us;         /* monotonic: since when something is owed and nothing was proven */
} ConductorWorker;

/* A mail server, as its workers and rows tell. */
typedef struct {
  guint running;    /* workers */
  gboolean waits;   /* a row that waited in vain for replication is to look again, or does */
  gboolean lags;    /* nothing that a worker sent was proven for long */
  gboolean stalled; /* one of these, and nobody else saw a message proven */
  gint64 moved_us;  /* monotonic: when a message was proven last; 0 = not since we look */
} ConductorServer;

/* How far a row is, over all its runs. */
typedef struct {
  guint64 done, total, verified;
  guint64 bytes, bytes_before; /* of the last run; of those before */
} ConductorTally;

typedef struct {
  BmBatch *batch;
  const BmConductorOps *ops;
  gpointer data;
  BmConductorOptions options;
  gboolean (*interrupted) (void);
  GPtrArray *rows;      /* BmBatchRow *; read again when somebody else wrote */
  GHashTable *by_id;    /* id of a row -> BmBatchRow, borrowed */
  GPtrArray *workers;   /* ConductorWorker *, owned */
  GHashTable *servers;  /* uid -> ConductorServer, owned */
  GHashTable *tallies;  /* id of a row -> ConductorTally, owned */
  gchar *trouble;       /* what is told: asked, an order, away or a stalled server; NULL */
  gchar *asked;         /* what ops answered last; NULL */
  gint64 asked_us;      /* monotonic: when; 0 = never */
  gint64 troubled_us;   /* monotonic: since when asked is set */
  gchar *away;          /* why nobody could be looked up; NULL */
  gint64 away_until_us; /* monotonic: then somebody is looked up again */
} Conductor;

/* bm-conductor-worker.c: the processes. */
void bm_conductor_worker_free (gpointer worker);
/* Rows that another conductor left RUNNING: their workers still run, or have ended since. */
void bm_conductor_attach (Conductor *conductor);
/* Starts a worker for the row, unless the last one still holds its lock: then later. */
gboolean bm_conductor_start (Conductor *conductor, BmBatchRow *row, GError **error);
/* What became of those that have ended. */
gboolean bm_conductor_reap (Conductor *conductor, GError **error);
/* How far those are that run. */
gboolean bm_conductor_look (Conductor *conductor, GError **error);
/* To stop where it can go on; once. One whose pid is not known yet hears it at a later turn. */
void bm_conductor_tell (const Conductor *conductor, ConductorWorker *worker);

/* bm-conductor-server.c: which mail server takes what it is sent. */
ConductorServer *bm_conductor_server (const Conductor *conductor, const gchar *uid);
void bm_conductor_count_servers (Conductor *conductor);
/* A message was proven on this server: those who waited in vain need not wait longer. */
gboolean bm_conductor_moved (Conductor *conductor, const gchar *uid, GError **error);
/* The server of a row that still has something to do and is stalled; NULL. */
const gchar *bm_conductor_stalled (const Conductor *conductor);

/* bm-conductor.c: asks ops whether anything may be started; TRUE when something is wrong. */
gboolean bm_conductor_ask (Conductor *conductor);

G_END_DECLS
