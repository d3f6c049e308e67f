/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* See bm-worker.h. */
#include "cli/bm-worker.h"

#include "cli/bm-cli.h"
#include <unistd.h>

#define WRITE_EVERY_US (G_USEC_PER_SEC / 4)

static void
write_state (BmWorker *worker)
{
  g_autoptr (GError) error = NULL;
  worker->written_us = g_get_monotonic_time ();
  if (!bm_worker_state_write (worker->path, &worker->state, &error))
    g_warning ("%s", error->message); /* the import matters more than who looks at it */
}

void
bm_worker_begin (BmWorker *worker, const gchar *path)
{
  *worker = (BmWorker){.path = path};
  if (path == NULL)
    return;
  worker->state.pid = (gint) getpid ();
  write_state (worker);
}

void
bm_worker_progress (BmWorker *worker, const BmProgress *progress)
{
  BmWorkerState *state = &worker->state;
  if (worker->path == NULL)
    return;
  g_free (state->phase);
  state->phase = g_strdup (bm_cli_phase_word (progress->phase));
  state->done = progress->done;
  state->total = progress->total;
  state->before = progress->before;
  state->bytes = progress->bytes;
  state->appended = progress->appended + progress->present;
  state->verified = progress->verified;
  state->proven = progress->proven;
  state->unproven = progress->unproven;
  state->elapsed_ms = progress->elapsed_ms;
  if (g_get_monotonic_time () - worker->written_us >= WRITE_EVERY_US)
    write_state (worker);
}

void
bm_worker_job (BmWorker *worker, const gchar *job)
{
  g_free (worker->state.job);
  worker->state.job = g_strdup (job);
  if (worker->path != NULL)
    write_state (worker);
}

void
bm_worker_stopped (BmWorker *worker, const gchar *cause, const gchar *message)
{
  g_free (worker->state.cause);
  g_free (worker->state.message);
  worker->state.cause = g_strdup (cause);
  worker->state.message = g_strdup (message);
}

void
bm_worker_end (BmWorker *worker, int status)
{
  worker->state.ended = TRUE;
  worker->state.status = status;
  if (worker->path != NULL)
    write_state (worker);
  bm_worker_state_clear (&worker->state);
}
