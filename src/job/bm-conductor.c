/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* See bm-conductor.h. The rows in the database are the truth and are read anew at every tick, so a
 * command of another process takes effect by itself; only pids and clocks are kept in memory. */
#include "job/bm-conductor.h"

#include "base/bm-failpoint.h"
#include "job/bm-lock.h"
#include "job/bm-row.h"
#include <fcntl.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define LOCK_FD 3 /* of the worker: the lock that tells it is alive */

typedef struct {
  BmConductorWorker seen; /* row is renewed at every tick */
  gint64 id;
  gint pid;      /* 0: not known yet */
  gboolean ours; /* a child of this process; else one found running */
  gboolean told; /* to stop */
  guint64 last_verified;
  gint64 moved_us; /* monotonic: when last_verified changed or nothing was owed */
} Worker;

typedef struct {
  BmBatch *batch;
  const BmConductorOps *ops;
  gpointer data;
  BmConductorOptions options;
  gboolean (*interrupted) (void);
  GPtrArray *rows;
  GPtrArray *workers; /* Worker *, owned */
  gchar *trouble;     /* of ops, or a stalled server */
  gchar *asked;       /* what ops answered last */
  gint64 asked_us;
} Conductor;

static gint64
now_ms (void)
{
  return g_get_real_time () / 1000;
}

static void
worker_free (gpointer data)
{
  Worker *worker = data;
  bm_worker_state_clear (&worker->seen.state);
  g_free (worker);
}

static BmBatchRow *
row_of (const Conductor *conductor, gint64 id)
{
  for (guint i = 0; i < conductor->rows->len; i++) {
    BmBatchRow *row = g_ptr_array_index (conductor->rows, i);
    if (row->id == id)
      return row;
  }
  return NULL;
}

static gboolean
read_rows (Conductor *conductor, GError **error)
{
  GPtrArray *rows = bm_batch_rows (conductor->batch, error);
  if (rows == NULL)
    return FALSE;
  g_clear_pointer (&conductor->rows, g_ptr_array_unref);
  conductor->rows = rows;
  for (guint i = 0; i < conductor->workers->len; i++) {
    Worker *worker = g_ptr_array_index (conductor->workers, i);
    worker->seen.row = row_of (conductor, worker->id);
  }
  return TRUE;
}

/* ---- the end of a run ---- */

/* Somebody on this server was verified: those who waited in vain need not wait longer. */
static void
end_stall (const Conductor *conductor, const gchar *server)
{
  for (guint i = 0; i < conductor->rows->len; i++) {
    BmBatchRow *row = g_ptr_array_index (conductor->rows, i);
    if (row->state != BM_ROW_WAITING || g_strcmp0 (row->server, server) != 0 ||
        g_strcmp0 (row->cause, BM_WORKER_STALLED) != 0)
      continue;
    bm_row_set_text (&row->cause, "");
    row->not_before_ms = 0;
    bm_batch_save_row (conductor->batch, row, NULL);
  }
}

/* The last line that the worker wrote to its log; "" when there is none. New. */
static gchar *
last_words (const Conductor *conductor, gint64 id)
{
  g_autofree gchar *path = bm_batch_row_path (conductor->batch, id, "log");
  g_autofree gchar *text = NULL;
  if (!g_file_get_contents (path, &text, NULL, NULL))
    return g_strdup ("");
  g_autofree gchar *valid = g_utf8_make_valid (g_strchomp (text), -1);
  const gchar *line = strrchr (valid, '\n');
  return g_strdup (line != NULL ? line + 1 : valid);
}

static gboolean
conclude (Conductor *conductor, Worker *worker, int wait_status, GError **error)
{
  BmBatchRow *row = row_of (conductor, worker->id);
  g_autofree gchar *path = bm_batch_row_path (conductor->batch, worker->id, "state");
  g_auto (BmWorkerState) state = {0};
  if (row == NULL)
    return TRUE;
  row->pid = 0;
  row->ended_ms = now_ms ();
  if (bm_worker_state_read (path, &state) && state.ended) {
    bm_row_take_end (row, &state, &conductor->options.tries);
    if (row->state == BM_ROW_ENDED && row->status <= 1)
      end_stall (conductor, row->server);
  } else {
    g_autofree gchar *words = last_words (conductor, worker->id);
    bm_row_take_silence (row, worker->ours ? &wait_status : NULL, worker->told, words,
                         &conductor->options.tries);
  }
  return bm_batch_save_row (conductor->batch, row, error);
}

static gboolean
has_ended (const Conductor *conductor, const Worker *worker, int *wait_status)
{
  *wait_status = 0;
  if (worker->ours)
    return waitpid (worker->pid, wait_status, WNOHANG) == worker->pid;
  g_autofree gchar *path = bm_batch_row_path (conductor->batch, worker->id, "lock");
  return bm_lock_owner (path) == 0;
}

static gboolean
reap (Conductor *conductor, GError **error)
{
  for (guint i = conductor->workers->len; i-- > 0;) {
    Worker *worker = g_ptr_array_index (conductor->workers, i);
    int wait_status;
    if (!has_ended (conductor, worker, &wait_status))
      continue;
    bm_failpoint ("conductor.conclude.before");
    if (!conclude (conductor, worker, wait_status, error))
      return FALSE;
    g_ptr_array_remove_index (conductor->workers, i);
  }
  return TRUE;
}

/* ---- what runs ---- */

static void
look_at (const Conductor *conductor, Worker *worker)
{
  gint64 now = g_get_monotonic_time ();
  g_autofree gchar *path = bm_batch_row_path (conductor->batch, worker->id, "state");
  g_auto (BmWorkerState) state = {0};
  if (!bm_worker_state_read (path, &state))
    return;
  bm_worker_state_clear (&worker->seen.state);
  worker->seen.state = state;
  state = (BmWorkerState){0};
  if (!worker->ours)
    worker->pid = worker->seen.state.pid;
  guint64 verified = worker->seen.state.verified;
  if (verified != worker->last_verified || verified >= worker->seen.state.appended)
    worker->moved_us = now;
  worker->last_verified = verified;
  worker->seen.lag_seconds = (gdouble) (now - worker->moved_us) / G_USEC_PER_SEC;
}

static guint
count_on (const Conductor *conductor, const gchar *server)
{
  guint n = 0;
  for (guint i = 0; i < conductor->workers->len; i++) {
    const Worker *worker = g_ptr_array_index (conductor->workers, i);
    n += worker->seen.row != NULL && g_strcmp0 (worker->seen.row->server, server) == 0;
  }
  return n;
}

static gboolean
is_mailbox_busy (const Conductor *conductor, const BmBatchRow *row)
{
  for (guint i = 0; i < conductor->workers->len; i++) {
    const Worker *worker = g_ptr_array_index (conductor->workers, i);
    if (worker->seen.row != NULL && g_str_equal (worker->seen.row->user_uid, row->user_uid))
      return TRUE;
  }
  return FALSE;
}

/* Nothing was verified for long by any worker of this server, though something is owed; or one that
 * ended waited in vain. */
static gboolean
is_stalled (const Conductor *conductor, const gchar *server)
{
  gboolean owed = FALSE, moves = FALSE;
  for (guint i = 0; i < conductor->rows->len; i++) {
    const BmBatchRow *row = g_ptr_array_index (conductor->rows, i);
    owed |= row->state == BM_ROW_WAITING && g_strcmp0 (row->server, server) == 0 &&
            g_strcmp0 (row->cause, BM_WORKER_STALLED) == 0;
  }
  for (guint i = 0; i < conductor->workers->len; i++) {
    const Worker *worker = g_ptr_array_index (conductor->workers, i);
    if (worker->seen.row == NULL || g_strcmp0 (worker->seen.row->server, server) != 0)
      continue;
    if (worker->seen.lag_seconds * 1000 >= conductor->options.stall_after_ms)
      owed = TRUE;
    else if (worker->last_verified > 0)
      moves = TRUE;
  }
  return owed && !moves;
}

static gchar *
find_stalled (const Conductor *conductor)
{
  for (guint i = 0; i < conductor->rows->len; i++) {
    const BmBatchRow *row = g_ptr_array_index (conductor->rows, i);
    if (*row->server != '\0' && row->state <= BM_ROW_RUNNING && is_stalled (conductor, row->server))
      return g_strdup_printf ("replication of mail server %s has stalled", row->server);
  }
  return NULL;
}

static void
find_trouble (Conductor *conductor)
{
  gint64 now = g_get_monotonic_time ();
  if (conductor->asked_us == 0 ||
      now - conductor->asked_us >= (gint64) conductor->options.trouble_every_ms * 1000) {
    g_free (conductor->asked);
    conductor->asked = conductor->ops->trouble (conductor->data);
    conductor->asked_us = now;
  }
  gchar *trouble =
      conductor->asked != NULL ? g_strdup (conductor->asked) : find_stalled (conductor);
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

/* Its own session: a signal to the conductor's terminal is not one to the worker. */
static void
detach (gpointer data)
{
  setsid ();
}

static Worker *
add_worker (Conductor *conductor, BmBatchRow *row, gint pid, gboolean ours)
{
  Worker *worker = g_new0 (Worker, 1);
  worker->seen.row = row;
  worker->id = row->id;
  worker->pid = pid;
  worker->ours = ours;
  worker->moved_us = g_get_monotonic_time ();
  g_ptr_array_add (conductor->workers, worker);
  return worker;
}

static gboolean
spawn (Conductor *conductor, const BmBatchRow *row, gint lock, gint *pid, GError **error)
{
  g_autofree gchar *state = bm_batch_row_path (conductor->batch, row->id, "state");
  g_autofree gchar *log = bm_batch_row_path (conductor->batch, row->id, "log");
  g_auto (GStrv) command = conductor->ops->command (conductor->data, row);
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  g_strv_builder_addv (builder, (const gchar **) command);
  g_strv_builder_add_many (builder, "--state", state, NULL);
  g_auto (GStrv) argv = g_strv_builder_end (builder);
  gint log_fd = g_open (log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  gint null_fd = g_open ("/dev/null", O_RDWR | O_CLOEXEC, 0);
  const gint sources[] = {lock}, targets[] = {LOCK_FD};
  g_autoptr (GError) local = NULL;
  gboolean ok = g_spawn_async_with_pipes_and_fds (
      NULL, (const gchar *const *) argv, NULL, G_SPAWN_DO_NOT_REAP_CHILD, detach, NULL, null_fd,
      null_fd, log_fd, sources, targets, 1, pid, NULL, NULL, NULL, &local);
  if (log_fd >= 0)
    close (log_fd);
  if (null_fd >= 0)
    close (null_fd);
  if (!ok)
    g_set_error (error, BM_ERROR, BM_CAUSE_INTERNAL, "cannot start a worker: %s", local->message);
  return ok;
}

/* RUNNING is committed before the worker exists: a conductor that dies between finds a row whose
 * lock nobody holds, and starts it again; an import can be started twice without harm. */
static gboolean
start (Conductor *conductor, BmBatchRow *row, GError **error)
{
  g_autofree gchar *path = bm_batch_row_path (conductor->batch, row->id, "lock");
  g_autofree gchar *state = bm_batch_row_path (conductor->batch, row->id, "state");
  gint pid = 0;
  gint lock = bm_lock_take (path, "the row", error);
  if (lock < 0)
    return FALSE;
  unlink (state); /* first: what it says is of an earlier run */
  row->state = BM_ROW_RUNNING;
  row->started_ms = now_ms ();
  row->ended_ms = 0;
  gboolean ok = bm_batch_save_row (conductor->batch, row, error);
  bm_failpoint ("conductor.spawn.before");
  ok = ok && spawn (conductor, row, lock, &pid, error);
  if (ok) {
    bm_failpoint ("conductor.spawn.after");
    row->pid = pid;
    add_worker (conductor, row, pid, TRUE);
    ok = bm_batch_save_row (conductor->batch, row, error);
  }
  close (lock);
  return ok;
}

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
has_room (const Conductor *conductor, const BmBatchRow *row)
{
  if (is_mailbox_busy (conductor, row))
    return FALSE;
  guint running = count_on (conductor, row->server);
  if (is_stalled (conductor, row->server)) /* one that waited in vain looks whether it is over */
    return running == 0 && g_strcmp0 (row->cause, BM_WORKER_STALLED) == 0;
  return running < conductor->options.per_server;
}

/* *due: the row may be started now. The directory is asked when nothing is known of the user, and
 * again before the start, because mailboxes move. */
static gboolean
is_due (Conductor *conductor, BmBatchRow *row, gboolean *due, GError **error)
{
  g_autoptr (GError) local = NULL;
  gboolean known = *row->user_uid != '\0';
  *due = FALSE;
  if (row->state != BM_ROW_WAITING || row->not_before_ms > now_ms () ||
      (known && !has_room (conductor, row)))
    return TRUE;
  if (!conductor->ops->prepare (conductor->data, row, &local))
    return refuse (conductor, row, local, error);
  *due = has_room (conductor, row);
  return known || *due || bm_batch_save_row (conductor->batch, row, error);
}

static gboolean
start_some (Conductor *conductor, GError **error)
{
  for (guint i = 0;
       i < conductor->rows->len && conductor->workers->len < conductor->options.parallel; i++) {
    BmBatchRow *row = g_ptr_array_index (conductor->rows, i);
    gboolean due;
    if (!is_due (conductor, row, &due, error) || (due && !start (conductor, row, error)))
      return FALSE;
  }
  return TRUE;
}

/* ---- commands ---- */

/* Those who have not heard it. One whose pid is not known yet hears it at a later turn. */
static void
tell_workers_to_stop (const Conductor *conductor)
{
  for (guint i = 0; i < conductor->workers->len; i++) {
    Worker *worker = g_ptr_array_index (conductor->workers, i);
    g_autofree gchar *path = bm_batch_row_path (conductor->batch, worker->id, "lock");
    if (worker->told || worker->pid <= 0)
      continue;
    worker->told = TRUE;
    if (bm_lock_owner (path) != 0) /* while it holds its lock, nobody else has its pid */
      kill (worker->pid, SIGTERM);
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
  BmConductorView view = {conductor->rows, conductor->workers, conductor->trouble, {0}};
  for (guint i = 0; i < conductor->rows->len; i++) {
    const BmBatchRow *row = g_ptr_array_index (conductor->rows, i);
    if ((guint) row->state < BM_ROW_LAST)
      view.by_state[row->state]++;
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

/* Rows that another conductor left RUNNING: their workers still run, or have ended since. */
static void
attach (Conductor *conductor)
{
  for (guint i = 0; i < conductor->rows->len; i++) {
    BmBatchRow *row = g_ptr_array_index (conductor->rows, i);
    if (row->state != BM_ROW_RUNNING)
      continue;
    g_autofree gchar *path = bm_batch_row_path (conductor->batch, row->id, "lock");
    if (bm_lock_owner (path) != 0)
      g_message ("line %u: its worker still runs; taken over", row->line);
    add_worker (conductor, row, 0, FALSE);
  }
}

static gboolean
turn (Conductor *conductor, GError **error)
{
  if (!read_rows (conductor, error) || !reap (conductor, error))
    return FALSE;
  for (guint i = 0; i < conductor->workers->len; i++)
    look_at (conductor, g_ptr_array_index (conductor->workers, i));
  find_trouble (conductor);
  BmWant want = conductor->interrupted () ? BM_WANT_PAUSE : bm_batch_wanted (conductor->batch);
  if (want != BM_WANT_RUN)
    tell_workers_to_stop (conductor);
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
  attach (conductor);
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

gboolean
bm_conductor_run (BmBatch *batch, const BmConductorOps *ops, gpointer data,
                  const BmConductorOptions *options, gboolean (*interrupted) (void), GError **error)
{
  g_autoptr (GPtrArray) workers = g_ptr_array_new_with_free_func (worker_free);
  Conductor conductor = {.batch = batch,
                         .ops = ops,
                         .data = data,
                         .options = *options,
                         .interrupted = interrupted,
                         .workers = workers};
  set_default (&conductor.options.parallel, 4);
  set_default (&conductor.options.per_server, 2);
  set_default (&conductor.options.tries.most, 8);
  set_default (&conductor.options.tries.first_wait_ms, 5000);
  set_default (&conductor.options.stall_after_ms, 600000);
  set_default (&conductor.options.trouble_every_ms, 5000);
  set_default (&conductor.options.tick_ms, 200);
  gboolean ok = bm_batch_lock (batch, error) && run (&conductor, error);
  g_clear_pointer (&conductor.rows, g_ptr_array_unref);
  g_free (conductor.trouble);
  g_free (conductor.asked);
  return ok;
}
