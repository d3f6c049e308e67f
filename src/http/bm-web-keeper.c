/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Looks after what runs: workers need no daemon, but the core session that an import uses must be
 * kept alive and its key removed at the end, and a conductor that was killed with its machine must be
 * started again. What to look after is found on the disk, so a new daemon goes on with it. */
#include "http/bm-web-imports.h"

#include "http/bm-web-uploads.h"
#include "http/bm-weboutput.h"
#include <string.h>

#define LOOK_MS    2000
#define CONDUCT_US (30 * G_USEC_PER_SEC) /* between two starts of a conductor that does not stay */

typedef struct {
  gchar *batch, *directory;
  gchar *held; /* core key; NULL */
  gint64 conducted_us;
} Kept;

/* What a thread found of one. */
typedef struct {
  gchar *batch, *directory;
  gboolean over, success, orphaned; /* orphaned: work is left and nobody conducts it */
  gboolean cancelled;               /* it was told to end */
} Found;

static void
found_free (gpointer data)
{
  Found *found = data;
  g_free (found->batch);
  g_free (found->directory);
  g_free (found);
}

static void
release (BmWebImports *area, Kept *kept)
{
  if (kept->held != NULL)
    bm_web_core_release (area->web, kept->held);
  g_clear_pointer (&kept->held, g_free);
}

/* The key that lies there now; a retry may have brought another one. */
static void
hold (BmWebImports *area, Kept *kept)
{
  g_autofree gchar *key = bm_webkey_read (kept->directory);
  if (g_strcmp0 (key, kept->held) == 0)
    return;
  if (key != NULL)
    bm_web_core_hold (area->web, key);
  release (area, kept);
  kept->held = g_steal_pointer (&key);
}

void
bm_web_keep (BmWebImports *area, const gchar *batch, const gchar *directory)
{
  Kept *kept = g_hash_table_lookup (area->kept, batch);
  if (kept == NULL) {
    kept = g_new0 (Kept, 1);
    kept->batch = g_strdup (batch);
    kept->directory = g_strdup (directory);
    g_hash_table_insert (area->kept, kept->batch, kept);
  }
  kept->conducted_us = g_get_monotonic_time ();
  hold (area, kept);
}

/* ---- looking, in a thread ---- */

static void
look_at (const gchar *jobs, Found *found)
{
  gboolean conducted = bm_webworker_runs (found->directory, BM_WEBWORKER_CONDUCTOR);
  g_autoptr (BmBatch) batch = bm_batch_open (jobs, found->batch, FALSE, NULL);
  g_autoptr (GPtrArray) rows = batch != NULL ? bm_batch_rows (batch, NULL) : NULL;
  gboolean active = FALSE;
  found->success = rows != NULL && rows->len > 0;
  for (guint i = 0; rows != NULL && i < rows->len; i++) {
    const BmBatchRow *row = g_ptr_array_index (rows, i);
    active |= row->state == BM_ROW_WAITING || row->state == BM_ROW_RUNNING;
    found->success &= row->state == BM_ROW_ENDED && row->status == 0;
  }
  conducted |= batch != NULL && bm_batch_conductor (batch) != 0;
  BmWant want = batch != NULL ? bm_batch_wanted (batch) : BM_WANT_RUN;
  found->over = !active && !conducted && (batch == NULL || rows != NULL);
  found->cancelled = want == BM_WANT_CANCEL;
  found->orphaned = active && !conducted && want != BM_WANT_PAUSE;
}

typedef struct {
  gchar *jobs;
  GPtrArray *list; /* Found * */
} Round;

static void
round_free (gpointer data)
{
  Round *round = data;
  g_free (round->jobs);
  g_ptr_array_unref (round->list);
  g_free (round);
}

static void
look_at_all (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  Round *round = data;
  for (guint i = 0; i < round->list->len; i++)
    look_at (round->jobs, g_ptr_array_index (round->list, i));
  g_task_return_boolean (task, TRUE);
}

/* ---- acting, in the main thread ---- */

static void
settle (BmWebImports *area, const Found *found)
{
  const gchar *id = found->batch + strlen (BM_WEBIMPORT_BATCH);
  bm_webkey_remove (found->directory);
  if (!g_str_has_prefix (found->batch, BM_WEBIMPORT_BATCH))
    return;
  g_autoptr (BmWebImport) import = bm_webimport_load (area->config->jobs, id, NULL);
  if (import != NULL && *import->upload != '\0')
    bm_web_uploads_settle (area->web, import->upload, id, found->success);
}

static void
conduct_again (BmWebImports *area, Kept *kept, const Found *found)
{
  g_autoptr (GError) error = NULL;
  gint64 now = g_get_monotonic_time ();
  if (now - kept->conducted_us < CONDUCT_US)
    return;
  kept->conducted_us = now;
  g_message ("batch %s: nobody conducts it; going on", found->batch);
  if (!bm_web_conduct (area, found->directory, found->batch, found->cancelled ? "cancel" : "resume",
                       NULL, NULL, FALSE, NULL, &error))
    g_warning ("batch %s: %s", found->batch, error->message);
}

static void
on_looked (GObject *source, GAsyncResult *result, gpointer data)
{
  BmWebImports *area = data;
  Round *round = g_task_get_task_data (G_TASK (result));
  area->keeping = FALSE;
  for (guint i = 0; i < round->list->len; i++) {
    const Found *found = g_ptr_array_index (round->list, i);
    Kept *kept = g_hash_table_lookup (area->kept, found->batch);
    /* an order that came meanwhile: the next look tells */
    if (kept == NULL ||
        (found->over && g_get_monotonic_time () - kept->conducted_us < LOOK_MS * 1000))
      continue;
    if (found->orphaned)
      conduct_again (area, kept, found);
    if (!found->over)
      continue;
    settle (area, found);
    release (area, kept);
    g_hash_table_remove (area->kept, found->batch);
  }
}

static gboolean
on_time (gpointer data)
{
  BmWebImports *area = data;
  GHashTableIter iter;
  Kept *kept;
  if (area->keeping || g_hash_table_size (area->kept) == 0)
    return G_SOURCE_CONTINUE;
  Round *round = g_new0 (Round, 1);
  round->jobs = g_strdup (area->config->jobs);
  round->list = g_ptr_array_new_with_free_func (found_free);
  g_hash_table_iter_init (&iter, area->kept);
  while (g_hash_table_iter_next (&iter, NULL, (gpointer *) &kept)) {
    Found *found = g_new0 (Found, 1);
    found->batch = g_strdup (kept->batch);
    found->directory = g_strdup (kept->directory);
    g_ptr_array_add (round->list, found);
  }
  area->keeping = TRUE;
  g_autoptr (GTask) task = g_task_new (NULL, NULL, on_looked, area);
  g_task_set_task_data (task, round, round_free);
  g_task_run_in_thread (task, look_at_all);
  return G_SOURCE_CONTINUE;
}

/* ---- the daemon's beginning and end ---- */

static void
kept_free (gpointer data)
{
  Kept *kept = data;
  g_free (kept->batch);
  g_free (kept->directory);
  g_free (kept->held);
  g_free (kept);
}

/* One that was not begun: its checks may have left a key, and its walk may have died with the
 * machine. */
static void
find_idle (BmWebImports *area, const BmWebImport *import)
{
  g_auto (BmWebWalk) walk = {0};
  g_autoptr (GError) error = NULL;
  bm_webwalk_read (import->directory, BM_WEBWORKER_INSPECT, FALSE, &walk);
  if (!bm_webworker_runs (import->directory, BM_WEBWORKER_CHECK))
    bm_webkey_remove (import->directory);
  if (walk.end == NULL && !bm_webworker_runs (import->directory, BM_WEBWORKER_INSPECT) &&
      !bm_webworker_runs (import->directory, BM_WEBWORKER_OWNER) &&
      !bm_web_inspect (area, import, &error))
    g_warning ("import %s: %s", import->id, error->message);
}

static void
find_import (BmWebImports *area, const gchar *id)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (BmWebImport) import = bm_webimport_load (area->config->jobs, id, &error);
  if (import == NULL) {
    g_warning ("%s", error->message);
    return;
  }
  g_autofree gchar *batch = bm_webimport_batch (import);
  if (import->started_ms != 0)
    bm_web_keep (area, batch, import->directory);
  else
    find_idle (area, import);
}

static void
find_batch (BmWebImports *area, const gchar *name)
{
  g_autoptr (BmWebBatch) batch = bm_webbatch_load (area->config->jobs, name);
  g_autofree gchar *directory = bm_webbatch_directory (area->config->jobs, name);
  if (batch != NULL && batch->started_ms != 0)
    bm_web_keep (area, name, directory);
  else /* the daemon may have died at its start */
    bm_webkey_remove (directory);
}

void
bm_web_keeper_begin (BmWebImports *area)
{
  GHashTableIter iter;
  Kept *kept;
  g_autoptr (GPtrArray) imports = bm_webimport_list (area->config->jobs);
  g_autoptr (GPtrArray) batches = bm_webbatch_list (area->config->jobs);
  area->kept = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, kept_free);
  for (guint i = 0; i < imports->len; i++)
    find_import (area, g_ptr_array_index (imports, i));
  for (guint i = 0; i < batches->len; i++)
    find_batch (area, g_ptr_array_index (batches, i));
  g_hash_table_iter_init (&iter, area->kept);
  while (g_hash_table_iter_next (&iter, NULL, (gpointer *) &kept))
    kept->conducted_us = -CONDUCT_US; /* what has no conductor now gets one */
  area->keeper = g_timeout_add (LOOK_MS, on_time, area);
}

/* Keys stay: the imports go on without us. */
void
bm_web_keeper_end (BmWebImports *area)
{
  g_clear_handle_id (&area->keeper, g_source_remove);
  g_hash_table_unref (area->kept);
}
