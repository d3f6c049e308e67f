/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* See bm-row.h. */
#include "job/bm-row.h"

#include <sys/wait.h>

#define WAIT_GROWS_TO 60 /* times the first wait */

void
bm_row_set_text (gchar **text, const gchar *value)
{
  g_free (*text);
  *text = g_strdup (value != NULL ? value : "");
}

static gint64
wait_after (guint attempts, const BmTries *tries)
{
  guint64 wait = tries->first_wait_ms, most = wait * WAIT_GROWS_TO;
  for (guint i = 1; i < attempts && wait < most; i++)
    wait *= 2;
  return (gint64) MIN (wait, most);
}

/* It did not come to an end: another run, later, or none any more. */
static void
try_again (BmBatchRow *row, const BmTries *tries)
{
  row->attempts++;
  row->state = BM_ROW_WAITING;
  if (row->attempts < tries->most) {
    row->not_before_ms = g_get_real_time () / 1000 + wait_after (row->attempts, tries);
    return;
  }
  g_autofree gchar *message =
      g_strdup_printf ("given up after %u tries; the last one: %s", row->attempts, row->message);
  row->state = BM_ROW_GIVEN_UP;
  bm_row_set_text (&row->message, message);
}

static gboolean
asks_again (gint status)
{
  return status == bm_cause_exit_status (BM_CAUSE_LOCKED) ||
         status == bm_cause_exit_status (BM_CAUSE_SERVICE_UNAVAILABLE);
}

/* The cause by which a worker refuses with this status; BM_CAUSE_LAST for every other status. Several
 * causes share a status: this is the one to tell when the worker told none. */
static BmCause
refusal_of (gint status)
{
  static const BmCause causes[] = {BM_CAUSE_USAGE, BM_CAUSE_PST_MISSING, BM_CAUSE_USER_REFUSED,
                                   BM_CAUSE_CONFIG};
  for (guint i = 0; i < G_N_ELEMENTS (causes); i++)
    if (status == bm_cause_exit_status (causes[i]))
      return causes[i];
  return BM_CAUSE_LAST;
}

static void
take_words (BmBatchRow *row, const BmWorkerState *state)
{
  row->status = state->status;
  bm_row_set_text (&row->cause, state->cause);
  bm_row_set_text (&row->message, state->message);
}

void
bm_row_take_excuse (BmBatchRow *row, const BmWorkerState *state)
{
  take_words (row, state);
  row->state = BM_ROW_WAITING;
  row->not_before_ms = 0;
}

void
bm_row_take_end (BmBatchRow *row, const BmWorkerState *state, const BmTries *tries)
{
  take_words (row, state);
  if (state->status == bm_cause_exit_status (BM_CAUSE_INTERRUPTED)) {
    row->state = BM_ROW_WAITING; /* by pause, cancel or the administrator: no failure */
  } else if (asks_again (state->status) || g_strcmp0 (state->cause, BM_WORKER_STALLED) == 0) {
    try_again (row, tries);
  } else {
    row->state = refusal_of (state->status) != BM_CAUSE_LAST ? BM_ROW_REFUSED : BM_ROW_ENDED;
    row->attempts = 0;
    row->retry = FALSE;
  }
}

static gchar *
how_it_ended (const int *wait_status)
{
  if (wait_status == NULL)
    return g_strdup ("while no conductor looked");
  if (WIFEXITED (*wait_status))
    return g_strdup_printf ("with status %d", WEXITSTATUS (*wait_status));
  return g_strdup_printf ("by signal %d", WTERMSIG (*wait_status));
}

void
bm_row_take_silence (BmBatchRow *row, const int *wait_status, gboolean told, const gchar *words,
                     const BmTries *tries)
{
  g_autofree gchar *how = how_it_ended (wait_status);
  g_autofree gchar *message = g_strdup_printf ("the worker ended %s: %s", how, words);
  gboolean exited = wait_status != NULL && WIFEXITED (*wait_status);
  BmCause refusal = exited ? refusal_of (WEXITSTATUS (*wait_status)) : BM_CAUSE_LAST;
  BmCause cause = refusal != BM_CAUSE_LAST ? refusal : BM_CAUSE_INTERNAL;
  bm_row_set_text (&row->cause, bm_cause_token (cause));
  bm_row_set_text (&row->message, message);
  if (refusal != BM_CAUSE_LAST) {
    row->status = bm_cause_exit_status (refusal);
    row->state = BM_ROW_REFUSED;
  } else if (told) {
    row->state = BM_ROW_WAITING; /* too young to have heard it otherwise */
  } else {
    try_again (row, tries);
  }
}
