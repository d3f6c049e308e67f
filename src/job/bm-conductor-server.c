/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* See bm-conductor-private.h: what rows and workers tell of their mail servers, counted once a tick,
 * so that ten thousand rows are one pass and not one for each of them. */
#include "job/bm-conductor-private.h"

ConductorServer *
bm_conductor_server (const Conductor *conductor, const gchar *uid)
{
  ConductorServer *server = g_hash_table_lookup (conductor->servers, uid);
  if (server == NULL) {
    server = g_new0 (ConductorServer, 1);
    g_hash_table_insert (conductor->servers, g_strdup (uid), server);
  }
  return server;
}

/* Also while it looks again, until a message is proven: nobody else starts meanwhile. */
static gboolean
waited_in_vain (const BmBatchRow *row)
{
  return (row->state == BM_ROW_WAITING || row->state == BM_ROW_RUNNING) &&
         g_strcmp0 (row->cause, BM_WORKER_STALLED) == 0;
}

static void
count_workers (const Conductor *conductor)
{
  for (guint i = 0; i < conductor->workers->len; i++) {
    const ConductorWorker *worker = g_ptr_array_index (conductor->workers, i);
    if (worker->seen.row == NULL)
      continue;
    ConductorServer *server = bm_conductor_server (conductor, worker->seen.row->server);
    server->running++;
    server->lags |= worker->seen.lag_seconds * 1000 >= conductor->options.stall_after_ms;
  }
}

void
bm_conductor_count_servers (Conductor *conductor)
{
  GHashTableIter iter;
  ConductorServer *server;
  gint64 stall_us = (gint64) conductor->options.stall_after_ms * 1000;
  g_hash_table_iter_init (&iter, conductor->servers);
  while (g_hash_table_iter_next (&iter, NULL, (gpointer *) &server))
    *server = (ConductorServer){.moved_us = server->moved_us};
  for (guint i = 0; i < conductor->rows->len; i++) {
    const BmBatchRow *row = g_ptr_array_index (conductor->rows, i);
    if (waited_in_vain (row))
      bm_conductor_server (conductor, row->server)->waits = TRUE;
  }
  count_workers (conductor);
  gint64 now = g_get_monotonic_time ();
  g_hash_table_iter_init (&iter, conductor->servers);
  while (g_hash_table_iter_next (&iter, NULL, (gpointer *) &server)) {
    gboolean moves = server->moved_us != 0 && now - server->moved_us < stall_us;
    server->stalled = (server->waits || server->lags) && !moves;
  }
}

gboolean
bm_conductor_moved (Conductor *conductor, const gchar *uid, GError **error)
{
  ConductorServer *server = bm_conductor_server (conductor, uid);
  server->moved_us = g_get_monotonic_time ();
  if (!server->waits)
    return TRUE;
  for (guint i = 0; i < conductor->rows->len; i++) {
    BmBatchRow *row = g_ptr_array_index (conductor->rows, i);
    if (!waited_in_vain (row) || !g_str_equal (row->server, uid))
      continue;
    bm_row_set_text (&row->cause, "");
    row->not_before_ms = 0;
    row->attempts = 0;
    if (!bm_batch_save_row (conductor->batch, row, error))
      return FALSE;
  }
  return TRUE;
}

const gchar *
bm_conductor_stalled (const Conductor *conductor)
{
  GHashTableIter iter;
  const gchar *uid;
  const ConductorServer *server;
  g_hash_table_iter_init (&iter, conductor->servers);
  while (g_hash_table_iter_next (&iter, (gpointer *) &uid, (gpointer *) &server))
    if (server->stalled && *uid != '\0')
      return uid;
  return NULL;
}
