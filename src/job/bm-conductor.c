/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* See bm-conductor.h. The rows in the database are the truth and are read anew whenever another
 * process wrote, so a command takes effect within a tick; only pids and clocks are kept in memory.
 * Here: the loop, who is started, and when nobody is. */
#include "job/bm-conductor-private.h"

#include <string.h>

#define LOOK_UPS_A_TICK 10 /* in the directory: a tick must not make orders wait */

static gboolean
read_rows (Conductor *conductor, GError **error)
{
  if (!bm_batch_changed (conductor->batch) && conductor->rows != NULL)
    return TRUE;
  GPtrArray *rows = bm_batch_rows (conductor->batch, error);
  if (rows == NULL)
    return FALSE;
  g_hash_table_remove_all (conductor->by_id);
  g_clear_pointer (&conductor->rows, g_ptr_array_unref);
  conductor->rows = rows;
  for (guint i = 0; i < rows->len; i++) {
    BmBatchRow *row = g_ptr_array_index (rows, i);
    g_hash_table_insert (conductor->by_id, &row->id, row);
  }
  for (guint i = 0; i < conductor->workers->len; i++) {
    ConductorWorker *worker = g_ptr_array_index (conductor->workers, i);
    worker->seen.row = g_hash_table_lookup (conductor->by_id, &worker->id);
  }
  return TRUE;
}

/* ---- trouble ---- */

gboolean
bm_conductor_ask (Conductor *conductor)
{
  gchar *answer = conductor->ops->trouble (conductor->data);
  gint64 now = g_get_monotonic_time ();
  if (answer != NULL && conductor->asked == NULL)
    conductor->troubled_us = now;
  g_free (conductor->asked);
  conductor->asked = answer;
  conductor->asked_us = now;
  return answer != NULL;
}

/* Long enough that those who run shall stop too: a maintenance, a disk that fills on. */
static gboolean
lasts (const Conductor *conductor)
{
  return conductor->asked != NULL && g_get_monotonic_time () - conductor->troubled_us >=
                                         (gint64) conductor->options.hold_after_ms * 1000;
}

static gchar *
describe_trouble (const Conductor *conductor, BmWant ordered)
{
  const gchar *stalled = bm_conductor_stalled (conductor);
  if (conductor->asked != NULL)
    return g_strdup (conductor->asked);
  if (ordered == BM_WANT_PAUSE)
    return g_strdup ("by order; resume goes on");
  if (conductor->away != NULL)
    return g_strdup (conductor->away);
  return stalled != NULL ? g_strdup_printf ("replication of mail server %s has stalled", stalled)
                         : NULL;
}

static void
find_trouble (Conductor *conductor, BmWant ordered)
{
  if (conductor->asked_us == 0 || g_get_monotonic_time () - conductor->asked_us >=
                                      (gint64) conductor->options.trouble_every_ms * 1000)
    bm_conductor_ask (conductor);
  gchar *trouble = describe_trouble (conductor, ordered);
  if (g_strcmp0 (trouble, conductor->trouble) != 0) {
    if (trouble != NULL)
      g_message ("paused: %s", trouble);
    else
      g_message ("going on: the trouble is over");
    bm_batch_set (conductor->batch, "trouble", trouble, NULL);
  }
  g_free (conductor->trouble);
  conductor->trouble = trouble;
}

/* ---- starting ---- */

static gboolean
refuse (Conductor *conductor, BmBatchRow *row, const GError *why, GError **error)
{
  BmCause cause = bm_error_cause (why);
  const BmWorkerState state = {.ended = TRUE,
                               .status = bm_cause_exit_status (cause),
                               .cause = (gchar *) bm_cause_token (cause),
                               .message = why->message};
  bm_row_take_end (row, &state, &conductor->options.tries);
  return bm_batch_save_row (conductor->batch, row, error);
}

static gboolean
is_mailbox_busy (const Conductor *conductor, const BmBatchRow *row)
{
  for (guint i = 0; i < conductor->workers->len; i++) {
    const ConductorWorker *worker = g_ptr_array_index (conductor->workers, i);
    if (worker->seen.row != NULL && g_str_equal (worker->seen.row->user_uid, row->user_uid))
      return TRUE;
  }
  return FALSE;
}

static gboolean
has_room (const Conductor *conductor, const BmBatchRow *row)
{
  if (is_mailbox_busy (conductor, row))
    return FALSE;
  const ConductorServer *server = bm_conductor_server (conductor, row->server);
  if (server->stalled) /* one that waited in vain looks whether it is over */
    return server->running == 0 && g_strcmp0 (row->cause, BM_WORKER_STALLED) == 0;
  return server->running < conductor->options.per_server;
}

/* Nobody can be asked: no fault of the row, and no use in asking for the next one. */
static gboolean
is_away (Conductor *conductor, const GError *why)
{
  BmCause cause = bm_error_cause (why);
  if (bm_error_scope (why) != BM_SCOPE_RETRY && cause != BM_CAUSE_SERVICE_UNAVAILABLE)
    return FALSE;
  g_free (conductor->away);
  conductor->away = g_strdup_printf ("nobody can be looked up: %s", why->message);
  conductor->away_until_us =
      g_get_monotonic_time () + (gint64) conductor->options.trouble_every_ms * 1000;
  return TRUE;
}

static gboolean
may_be_due (const Conductor *conductor, const BmBatchRow *row, gint64 now_ms)
{
  gboolean known = *row->user_uid != '\0';
  return row->state == BM_ROW_WAITING && row->not_before_ms <= now_ms &&
         (!known || has_room (conductor, row));
}

/* *due: the row may be started now. The directory is asked when nothing is known of the user, and
 * again before the start, because mailboxes move. */
static gboolean
look_up (Conductor *conductor, BmBatchRow *row, gboolean *due, GError **error)
{
  g_autoptr (GError) local = NULL;
  *due = FALSE;
  if (!conductor->ops->prepare (conductor->data, row, &local))
    return is_away (conductor, local) || refuse (conductor, row, local, error);
  g_clear_pointer (&conductor->away, g_free);
  *due = has_room (conductor, row);
  return *due || bm_batch_save_row (conductor->batch, row, error);
}

static gboolean
start_some (Conductor *conductor, GError **error)
{
  gint64 now_ms = g_get_real_time () / 1000;
  guint look_ups = 0;
  if (conductor->away != NULL && g_get_monotonic_time () < conductor->away_until_us)
    return TRUE;
  for (guint i = 0; i < conductor->rows->len && look_ups < LOOK_UPS_A_TICK &&
                    conductor->workers->len < conductor->options.parallel;
       i++) {
    BmBatchRow *row = g_ptr_array_index (conductor->rows, i);
    gboolean due;
    if (!may_be_due (conductor, row, now_ms))
      continue;
    if (conductor->interrupted ())
      return TRUE;
    look_ups++;
    if (!look_up (conductor, row, &due, error) ||
        (due && !bm_conductor_start (conductor, row, error)))
      return FALSE;
    if (conductor->away != NULL)
      return TRUE;
  }
  return TRUE;
}

/* ---- commands ---- */

/* A row that is taken back while it runs stops; everything stops by an order, or when trouble lasts. */
static void
tell_workers (const Conductor *conductor, BmWant want)
{
  gboolean all = want != BM_WANT_RUN || lasts (conductor);
  for (guint i = 0; i < conductor->workers->len; i++) {
    ConductorWorker *worker = g_ptr_array_index (conductor->workers, i);
    if (all || (worker->seen.row != NULL && worker->seen.row->line == 0))
      bm_conductor_tell (conductor, worker);
  }
}

static gboolean
cancel_waiting (Conductor *conductor, GError **error)
{
  for (guint i = 0; i < conductor->rows->len; i++) {
    BmBatchRow *row = g_ptr_array_index (conductor->rows, i);
    if (row->state != BM_ROW_WAITING)
      continue;
    row->state = BM_ROW_CANCELLED;
    if (!bm_batch_save_row (conductor->batch, row, error))
      return FALSE;
  }
  return TRUE;
}

/* ---- the loop ---- */

static void
show (Conductor *conductor)
{
  BmConductorView view = {conductor->rows, conductor->workers, conductor->trouble, {0}, {0}};
  GHashTableIter iter;
  const ConductorTally *tally;
  for (guint i = 0; i < conductor->rows->len; i++) {
    const BmBatchRow *row = g_ptr_array_index (conductor->rows, i);
    if ((guint) row->state < BM_ROW_LAST)
      view.by_state[row->state]++;
  }
  g_hash_table_iter_init (&iter, conductor->tallies);
  while (g_hash_table_iter_next (&iter, NULL, (gpointer *) &tally)) {
    view.all.done += tally->done;
    view.all.total += tally->total;
    view.all.verified += tally->verified;
    view.all.bytes += tally->bytes_before + tally->bytes;
  }
  conductor->ops->show (conductor->data, &view);
}

static gboolean
is_over (const Conductor *conductor)
{
  for (guint i = 0; i < conductor->rows->len; i++) {
    const BmBatchRow *row = g_ptr_array_index (conductor->rows, i);
    if (row->state == BM_ROW_WAITING || row->state == BM_ROW_RUNNING)
      return FALSE;
  }
  return conductor->workers->len == 0;
}

static gboolean
turn (Conductor *conductor, GError **error)
{
  if (!read_rows (conductor, error) || !bm_conductor_reap (conductor, error) ||
      !bm_conductor_look (conductor, error))
    return FALSE;
  bm_conductor_count_servers (conductor);
  BmWant ordered = bm_batch_wanted (conductor->batch);
  find_trouble (conductor, ordered);
  BmWant want = conductor->interrupted () ? BM_WANT_PAUSE : ordered;
  tell_workers (conductor, want);
  if (want == BM_WANT_CANCEL && !cancel_waiting (conductor, error))
    return FALSE;
  /* a stalled server holds its own rows only: has_room */
  if (want == BM_WANT_RUN && conductor->asked == NULL && !start_some (conductor, error))
    return FALSE;
  show (conductor);
  return TRUE;
}

static gboolean
run (Conductor *conductor, GError **error)
{
  if (!read_rows (conductor, error))
    return FALSE;
  bm_conductor_attach (conductor);
  do {
    if (!turn (conductor, error))
      return FALSE;
    if (conductor->interrupted () && conductor->workers->len == 0) {
      g_set_error_literal (error, BM_ERROR, BM_CAUSE_INTERRUPTED,
                           "interrupted; the workers have stopped where they can go on");
      return FALSE;
    }
    if (!is_over (conductor))
      g_usleep ((gulong) conductor->options.tick_ms * 1000);
  } while (!is_over (conductor));
  return TRUE;
}

static void
set_default (guint *value, guint fallback)
{
  if (*value == 0)
    *value = fallback;
}

static void
set_defaults (BmConductorOptions *options)
{
  set_default (&options->parallel, 4);
  set_default (&options->per_server, 2);
  set_default (&options->tries.most, 8);
  set_default (&options->tries.most_stalled, 100);
  set_default (&options->tries.first_wait_ms, 5000);
  set_default (&options->stall_after_ms, 600000);
  set_default (&options->hold_after_ms, 5000);
  set_default (&options->trouble_every_ms, 5000);
  set_default (&options->tick_ms, 200);
}

gboolean
bm_conductor_run (BmBatch *batch, const BmConductorOps *ops, gpointer data,
                  const BmConductorOptions *options, gboolean (*interrupted) (void), GError **error)
{
  g_autoptr (GPtrArray) workers = g_ptr_array_new_with_free_func (bm_conductor_worker_free);
  g_autoptr (GHashTable) by_id = g_hash_table_new (g_int64_hash, g_int64_equal);
  g_autoptr (GHashTable) servers = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  g_autoptr (GHashTable) tallies =
      g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, g_free);
  Conductor conductor = {.batch = batch,
                         .ops = ops,
                         .data = data,
                         .options = *options,
                         .interrupted = interrupted,
                         .by_id = by_id,
                         .workers = workers,
                         .servers = servers,
                         .tallies = tallies};
  set_defaults (&conductor.options);
  if (!bm_batch_lock (batch, error))
    return FALSE;
  gboolean ok = run (&conductor, error);
  if (conductor.trouble != NULL) /* nobody pauses any more */
    bm_batch_set (batch, "trouble", NULL, NULL);
  g_clear_pointer (&conductor.rows, g_ptr_array_unref);
  g_free (conductor.trouble);
  g_free (conductor.asked);
  g_free (conductor.away);
  return ok;
}
