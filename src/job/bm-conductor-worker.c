/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* See bm-conductor-private.h: the processes of a batch, from their start to what is made of their end.
 * Each inherits a lock that tells, also a later conductor, that it is alive. */
#include "job/bm-conductor-private.h"

#include "base/bm-failpoint.h"
#include "job/bm-lock.h"
#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define LOCK_FD       3    /* of the worker: the lock that tells it is alive */
#define LOCK_AGAIN_MS 1000 /* after a start that met the lock of the last run */

void
bm_conductor_worker_free (gpointer data)
{
  ConductorWorker *worker = data;
  bm_worker_state_clear (&worker->seen.state);
  g_free (worker);
}

static gint64
now_ms (void)
{
  return g_get_real_time () / 1000;
}

static gchar *
path_of (const Conductor *conductor, gint64 id, const gchar *kind)
{
  return bm_batch_row_path (conductor->batch, id, kind);
}

static ConductorTally *
tally_of (const Conductor *conductor, gint64 id)
{
  ConductorTally *tally = g_hash_table_lookup (conductor->tallies, &id);
  if (tally == NULL) {
    tally = g_new0 (ConductorTally, 1);
    g_hash_table_insert (conductor->tallies, g_memdup2 (&id, sizeof id), tally);
  }
  return tally;
}

static void
count (const Conductor *conductor, gint64 id, const BmWorkerState *state)
{
  ConductorTally *tally = tally_of (conductor, id);
  tally->bytes = state->bytes;
  if (state->total == 0) /* it is still counting what an earlier run may have counted */
    return;
  tally->done = state->done;
  tally->total = state->total;
  tally->verified = state->verified;
}

/* ---- what runs ---- */

/* Takes the worker's last words. *moved: messages were proven since the ones before. */
static gboolean
read_state (const Conductor *conductor, ConductorWorker *worker, gboolean *moved)
{
  gint64 now = g_get_monotonic_time ();
  g_autofree gchar *path = path_of (conductor, worker->id, "state");
  BmWorkerState state;
  *moved = FALSE;
  if (!bm_worker_state_read (path, &state))
    return FALSE;
  bm_worker_state_clear (&worker->seen.state);
  worker->seen.state = state; /* owned now */
  if (!worker->ours)
    worker->pid = state.pid;
  *moved = state.proven > worker->proven;
  if (*moved || state.unproven == 0)
    worker->owed_us = now;
  worker->proven = state.proven;
  worker->seen.lag_seconds = (gdouble) (now - worker->owed_us) / G_USEC_PER_SEC;
  count (conductor, worker->id, &state);
  return TRUE;
}

/* As soon as there is a job the row knows it: a worker that is killed has a report too. */
static gboolean
take_job (const Conductor *conductor, BmBatchRow *row, const BmWorkerState *state, GError **error)
{
  if (state->job == NULL || *state->job == '\0' || g_str_equal (state->job, row->job))
    return TRUE;
  bm_row_set_text (&row->job, state->job);
  return bm_batch_save_row (conductor->batch, row, error);
}

gboolean
bm_conductor_look (Conductor *conductor, GError **error)
{
  for (guint i = 0; i < conductor->workers->len; i++) {
    ConductorWorker *worker = g_ptr_array_index (conductor->workers, i);
    BmBatchRow *row = g_hash_table_lookup (conductor->by_id, &worker->id);
    gboolean moved;
    if (!read_state (conductor, worker, &moved) || row == NULL)
      continue;
    if (!take_job (conductor, row, &worker->seen.state, error) ||
        (moved && !bm_conductor_moved (conductor, row->server, error)))
      return FALSE;
  }
  return TRUE;
}

void
bm_conductor_tell (const Conductor *conductor, ConductorWorker *worker)
{
  g_autofree gchar *path = path_of (conductor, worker->id, "lock");
  if (worker->told || worker->pid <= 0)
    return;
  worker->told = TRUE;
  if (bm_lock_owner (path) != 0) /* while it holds its lock, nobody else has its pid */
    kill (worker->pid, SIGTERM);
}

/* ---- the end of a run ---- */

/* The last line that the worker wrote to its log; "" when there is none. New. */
static gchar *
last_words (const Conductor *conductor, gint64 id)
{
  g_autofree gchar *path = path_of (conductor, id, "log");
  g_autofree gchar *text = NULL;
  if (!g_file_get_contents (path, &text, NULL, NULL))
    return g_strdup ("");
  g_autofree gchar *valid = g_utf8_make_valid (g_strchomp (text), -1);
  const gchar *line = strrchr (valid, '\n');
  return g_strdup (line != NULL ? line + 1 : valid);
}

/* A login that is refused while the core is in maintenance is no fault of the row. */
static gboolean
is_excused (Conductor *conductor, const BmWorkerState *state)
{
  return state->status >= bm_cause_exit_status (BM_CAUSE_USAGE) &&
         state->status != bm_cause_exit_status (BM_CAUSE_INTERRUPTED) &&
         bm_conductor_ask (conductor);
}

/* How often it may still be tried: replication that stands still for the whole server is waited for
 * longer than what this mailbox alone has. */
static BmTries
tries_of (const Conductor *conductor, const BmBatchRow *row, const ConductorWorker *worker)
{
  BmTries tries = conductor->options.tries;
  if (g_strcmp0 (worker->seen.state.cause, BM_WORKER_STALLED) == 0 &&
      bm_conductor_server (conductor, row->server)->moved_us <= worker->started_us)
    tries.most = tries.most_stalled;
  return tries;
}

static void
take_end (Conductor *conductor, BmBatchRow *row, const ConductorWorker *worker, gboolean told,
          const int *wait_status)
{
  const BmWorkerState *state = &worker->seen.state;
  BmTries tries = tries_of (conductor, row, worker);
  if (told && is_excused (conductor, state)) {
    bm_row_take_excuse (row, state);
  } else if (told) {
    bm_row_take_end (row, state, &tries);
  } else {
    g_autofree gchar *words = last_words (conductor, worker->id);
    bm_row_take_silence (row, wait_status, worker->told, words, &tries);
  }
  if (row->line == 0 && row->state == BM_ROW_WAITING) {
    row->state = BM_ROW_CANCELLED;
    bm_row_set_text (&row->message, BM_ROW_TAKEN_BACK);
  }
}

static gboolean
conclude (Conductor *conductor, ConductorWorker *worker, const int *wait_status, GError **error)
{
  BmBatchRow *row = g_hash_table_lookup (conductor->by_id, &worker->id);
  gboolean moved;
  gboolean told = read_state (conductor, worker, &moved) && worker->seen.state.ended;
  const BmWorkerState *state = &worker->seen.state;
  ConductorTally *tally = tally_of (conductor, worker->id);
  if (row == NULL)
    return TRUE;
  if (moved && !bm_conductor_moved (conductor, row->server, error))
    return FALSE;
  row->pid = 0;
  row->ended_ms = now_ms ();
  if (state->job != NULL && *state->job != '\0')
    bm_row_set_text (&row->job, state->job);
  if (state->done > state->before || state->proven > 0) /* it got on: not stuck */
    row->attempts = 0;
  take_end (conductor, row, worker, told, wait_status);
  tally->bytes_before += tally->bytes;
  tally->bytes = 0;
  return bm_batch_save_row (conductor->batch, row, error);
}

/* A caller that ignores SIGCHLD leaves us no child to wait for; the lock tells then too. */
static gboolean
has_ended (const Conductor *conductor, ConductorWorker *worker, int *wait_status)
{
  pid_t pid = worker->ours ? waitpid (worker->pid, wait_status, WNOHANG) : -1;
  if (pid >= 0)
    return pid == worker->pid;
  worker->ours &= errno == EINTR;
  g_autofree gchar *path = path_of (conductor, worker->id, "lock");
  return !worker->ours && bm_lock_owner (path) == 0;
}

gboolean
bm_conductor_reap (Conductor *conductor, GError **error)
{
  for (guint i = conductor->workers->len; i-- > 0;) {
    ConductorWorker *worker = g_ptr_array_index (conductor->workers, i);
    int wait_status = 0;
    if (!has_ended (conductor, worker, &wait_status))
      continue;
    bm_failpoint ("conductor.conclude.before");
    if (!conclude (conductor, worker, worker->ours ? &wait_status : NULL, error))
      return FALSE;
    g_ptr_array_remove_index (conductor->workers, i);
  }
  return TRUE;
}

/* ---- starting ---- */

static void
add_worker (Conductor *conductor, BmBatchRow *row, gint pid, gboolean ours)
{
  ConductorWorker *worker = g_new0 (ConductorWorker, 1);
  worker->seen.row = row;
  worker->id = row->id;
  worker->pid = pid;
  worker->ours = ours;
  worker->owed_us = worker->started_us = g_get_monotonic_time ();
  g_ptr_array_add (conductor->workers, worker);
  bm_conductor_server (conductor, row->server)->running++;
}

/* What earlier runs told of their rows, for the sums over all. */
static void
count_earlier (const Conductor *conductor, const BmBatchRow *row)
{
  g_autofree gchar *path = path_of (conductor, row->id, "state");
  g_auto (BmWorkerState) state = {0};
  if (*row->job != '\0' && bm_worker_state_read (path, &state))
    count (conductor, row->id, &state);
}

void
bm_conductor_attach (Conductor *conductor)
{
  for (guint i = 0; i < conductor->rows->len; i++) {
    BmBatchRow *row = g_ptr_array_index (conductor->rows, i);
    count_earlier (conductor, row);
    if (row->state != BM_ROW_RUNNING)
      continue;
    g_autofree gchar *path = path_of (conductor, row->id, "lock");
    if (bm_lock_owner (path) != 0)
      g_message ("line %u: its worker still runs; taken over", row->line);
    add_worker (conductor, row, 0, FALSE);
  }
}

/* Its own session: a signal to the conductor's terminal is not one to the worker. */
static void
detach (gpointer data)
{
  setsid ();
}

static gboolean
spawn (Conductor *conductor, const BmBatchRow *row, gint lock, gint *pid, GError **error)
{
  g_autofree gchar *state = path_of (conductor, row->id, "state");
  g_autofree gchar *log = path_of (conductor, row->id, "log");
  g_auto (GStrv) command = conductor->ops->command (conductor->data, row);
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  g_strv_builder_addv (builder, (const gchar **) command);
  g_strv_builder_add_many (builder, "--state", state, NULL);
  g_auto (GStrv) argv = g_strv_builder_end (builder);
  gint log_fd = g_open (log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  gint null_fd = g_open ("/dev/null", O_RDWR | O_CLOEXEC, 0);
  const gint sources[] = {lock}, targets[] = {LOCK_FD};
  gboolean ok = g_spawn_async_with_pipes_and_fds (
      NULL, (const gchar *const *) argv, NULL, G_SPAWN_DO_NOT_REAP_CHILD, detach, NULL, null_fd,
      null_fd, log_fd, sources, targets, 1, pid, NULL, NULL, NULL, error);
  if (log_fd >= 0)
    close (log_fd);
  if (null_fd >= 0)
    close (null_fd);
  return ok;
}

/* RUNNING is committed before the worker exists: a conductor that dies between finds a row whose
 * lock nobody holds, and starts it again; an import can be started twice without harm. */
static gboolean
start_locked (Conductor *conductor, BmBatchRow *row, gint lock, GError **error)
{
  g_autofree gchar *state = path_of (conductor, row->id, "state");
  g_autoptr (GError) local = NULL;
  gint pid = 0;
  unlink (state); /* first: what it says is of an earlier run */
  row->state = BM_ROW_RUNNING;
  row->started_ms = now_ms ();
  row->ended_ms = 0;
  if (!bm_batch_save_row (conductor->batch, row, error))
    return FALSE;
  bm_failpoint ("conductor.spawn.before");
  if (!spawn (conductor, row, lock, &pid, &local)) {
    bm_row_take_silence (row, NULL, FALSE, local->message, &conductor->options.tries);
    return bm_batch_save_row (conductor->batch, row, error);
  }
  bm_failpoint ("conductor.spawn.after");
  row->pid = pid;
  add_worker (conductor, row, pid, TRUE);
  return bm_batch_save_row (conductor->batch, row, error);
}

gboolean
bm_conductor_start (Conductor *conductor, BmBatchRow *row, GError **error)
{
  g_autofree gchar *path = path_of (conductor, row->id, "lock");
  g_autoptr (GError) local = NULL;
  gint lock = bm_lock_take (path, "the row", &local);
  if (lock < 0 && bm_error_cause (local) == BM_CAUSE_LOCKED) {
    row->not_before_ms = now_ms () + LOCK_AGAIN_MS; /* what the last run left is still ending */
    return TRUE;
  }
  if (lock < 0) {
    g_propagate_error (error, g_steal_pointer (&local));
    return FALSE;
  }
  gboolean ok = start_locked (conductor, row, lock, error);
  close (lock);
  return ok;
}
