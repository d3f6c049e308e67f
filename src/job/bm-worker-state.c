/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* See bm-worker-state.h. A GKeyFile, replaced by renaming. */
#include "job/bm-worker-state.h"

#define PROGRESS "progress"
#define END      "end"

void
bm_worker_state_clear (BmWorkerState *state)
{
  g_free (state->phase);
  g_free (state->cause);
  g_free (state->message);
  g_free (state->job);
  *state = (BmWorkerState){0};
}

static void
set_text (GKeyFile *file, const gchar *group, const gchar *key, const gchar *value)
{
  g_key_file_set_string (file, group, key, value != NULL ? value : "");
}

gboolean
bm_worker_state_write (const gchar *path, const BmWorkerState *state, GError **error)
{
  g_autoptr (GKeyFile) file = g_key_file_new ();
  g_autoptr (GError) local = NULL;
  gsize size = 0;
  g_key_file_set_integer (file, PROGRESS, "pid", state->pid);
  set_text (file, PROGRESS, "phase", state->phase);
  g_key_file_set_uint64 (file, PROGRESS, "done", state->done);
  g_key_file_set_uint64 (file, PROGRESS, "total", state->total);
  g_key_file_set_uint64 (file, PROGRESS, "before", state->before);
  g_key_file_set_uint64 (file, PROGRESS, "bytes", state->bytes);
  g_key_file_set_uint64 (file, PROGRESS, "appended", state->appended);
  g_key_file_set_uint64 (file, PROGRESS, "verified", state->verified);
  g_key_file_set_uint64 (file, PROGRESS, "proven", state->proven);
  g_key_file_set_uint64 (file, PROGRESS, "unproven", state->unproven);
  g_key_file_set_int64 (file, PROGRESS, "elapsed_ms", state->elapsed_ms);
  set_text (file, PROGRESS, "job", state->job);
  if (state->ended) {
    g_key_file_set_integer (file, END, "status", state->status);
    set_text (file, END, "cause", state->cause);
    set_text (file, END, "message", state->message);
  }
  g_autofree gchar *text = g_key_file_to_data (file, &size, NULL);
  GFileSetContentsFlags flags =
      G_FILE_SET_CONTENTS_CONSISTENT | (state->ended ? G_FILE_SET_CONTENTS_DURABLE : 0);
  if (g_file_set_contents_full (path, text, (gssize) size, flags, 0600, &local))
    return TRUE;
  g_set_error (error, BM_ERROR, BM_CAUSE_JOURNAL, "cannot write the worker's state: %s",
               local->message);
  return FALSE;
}

static gchar *
get_text (GKeyFile *file, const gchar *group, const gchar *key)
{
  gchar *text = g_key_file_get_string (file, group, key, NULL);
  return text != NULL ? text : g_strdup ("");
}

gboolean
bm_worker_state_read (const gchar *path, BmWorkerState *state)
{
  g_autoptr (GKeyFile) file = g_key_file_new ();
  *state = (BmWorkerState){0};
  if (!g_key_file_load_from_file (file, path, G_KEY_FILE_NONE, NULL))
    return FALSE;
  state->pid = g_key_file_get_integer (file, PROGRESS, "pid", NULL);
  state->phase = get_text (file, PROGRESS, "phase");
  state->done = g_key_file_get_uint64 (file, PROGRESS, "done", NULL);
  state->total = g_key_file_get_uint64 (file, PROGRESS, "total", NULL);
  state->before = g_key_file_get_uint64 (file, PROGRESS, "before", NULL);
  state->bytes = g_key_file_get_uint64 (file, PROGRESS, "bytes", NULL);
  state->appended = g_key_file_get_uint64 (file, PROGRESS, "appended", NULL);
  state->verified = g_key_file_get_uint64 (file, PROGRESS, "verified", NULL);
  state->proven = g_key_file_get_uint64 (file, PROGRESS, "proven", NULL);
  state->unproven = g_key_file_get_uint64 (file, PROGRESS, "unproven", NULL);
  state->job = get_text (file, PROGRESS, "job");
  state->elapsed_ms = g_key_file_get_int64 (file, PROGRESS, "elapsed_ms", NULL);
  state->ended = g_key_file_has_group (file, END);
  if (state->ended) {
    state->status = g_key_file_get_integer (file, END, "status", NULL);
    state->cause = get_text (file, END, "cause");
    state->message = get_text (file, END, "message");
  }
  return TRUE;
}
