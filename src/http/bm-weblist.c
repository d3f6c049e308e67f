/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* See bm-webjob.h: the list of all. A batch is one entry, and so is a web import: their jobs are not
 * listed besides. */
#include "http/bm-webjob.h"

#include "http/bm-webbatch.h"
#include "http/bm-webstate.h"
#include "job/bm-job.h"
#include <string.h>

#define MOST 500 /* entries, the newest */

typedef struct {
  const BmConfig *config;
  const BmWebViewer *viewer;
  GPtrArray *entries;  /* JsonObject *, owned */
  GHashTable *claimed; /* directories of jobs that belong to a batch */
} Listing;

static JsonObject *
add_entry (Listing *listing, const gchar *id, const gchar *kind)
{
  JsonObject *entry = json_object_new ();
  json_object_set_string_member (entry, "id", id);
  json_object_set_string_member (entry, "kind", kind);
  g_ptr_array_add (listing->entries, entry);
  return entry;
}

static void
set_numbers (JsonObject *entry, guint64 found, guint64 verified, guint64 failed, guint64 bytes)
{
  json_object_set_int_member (entry, "found", (gint64) found);
  json_object_set_int_member (entry, "verified", (gint64) verified);
  json_object_set_int_member (entry, "failed", (gint64) failed);
  json_object_set_int_member (entry, "bytes", (gint64) bytes);
}

static gint64
number (JsonObject *object, const gchar *name)
{
  return object != NULL ? json_object_get_int_member_with_default (object, name, 0) : 0;
}

static JsonObject *
object_in (JsonObject *object, const gchar *name)
{
  JsonNode *node = object != NULL ? json_object_get_member (object, name) : NULL;
  return node != NULL && JSON_NODE_HOLDS_OBJECT (node) ? json_node_get_object (node) : NULL;
}

/* From a result's ledger, else from what the worker tells. */
static void
copy_numbers (JsonObject *entry, JsonObject *state)
{
  JsonObject *result = object_in (state, "result"), *ledger = object_in (result, "ledger");
  JsonObject *progress = object_in (state, "progress");
  if (result != NULL && json_object_has_member (result, "grade"))
    json_object_set_member (entry, "grade", json_object_dup_member (result, "grade"));
  if (ledger != NULL)
    set_numbers (entry, (guint64) number (ledger, "found"), (guint64) number (ledger, "verified"),
                 (guint64) number (ledger, "failed"), (guint64) number (ledger, "bytes"));
  else
    set_numbers (entry, (guint64) number (progress, "total"),
                 (guint64) number (progress, "verified"), 0, (guint64) number (progress, "bytes"));
}

/* ---- web imports ---- */

static void
add_web (Listing *listing, const gchar *id)
{
  static const gchar *const members[] = {"stage", "by", "created", "started", "ended"};
  g_autoptr (BmWebImport) import = bm_webimport_load (listing->config->jobs, id, NULL);
  if (import == NULL ||
      (!listing->viewer->every && !listing->viewer->may (listing->viewer->who, import->domain_uid)))
    return;
  g_autoptr (JsonObject) state = bm_webstate_json (listing->config, import, FALSE, NULL);
  JsonObject *entry = add_entry (listing, id, "web");
  for (guint i = 0; i < G_N_ELEMENTS (members); i++)
    json_object_set_member (entry, members[i], json_object_dup_member (state, members[i]));
  json_object_set_string_member (entry, "user", import->user);
  json_object_set_string_member (entry, "file", import->name);
  json_object_set_int_member (entry, "size", (gint64) import->size);
  copy_numbers (entry, state);
}

/* ---- batches ---- */

static void
claim (Listing *listing, BmBatch *batch, const BmBatchRow *row)
{
  g_autofree gchar *path = bm_batch_row_path (batch, row->id, "state");
  g_auto (BmWorkerState) state = {0};
  if (*row->job != '\0')
    g_hash_table_add (listing->claimed, g_strdup (row->job));
  if (bm_worker_state_read (path, &state) && *state.job != '\0')
    g_hash_table_add (listing->claimed, g_strdup (state.job));
}

static gint64
time_of (BmBatch *batch, const gchar *key) /* seconds */
{
  g_autofree gchar *text = bm_batch_get (batch, key);
  return text != NULL ? g_ascii_strtoll (text, NULL, 10) / 1000 : 0;
}

static void
add_batch (Listing *listing, const gchar *name)
{
  g_autoptr (BmBatch) batch = bm_batch_open (listing->config->jobs, name, FALSE, NULL);
  g_autoptr (GPtrArray) rows = batch != NULL ? bm_batch_rows (batch, NULL) : NULL;
  for (guint i = 0; rows != NULL && i < rows->len; i++)
    claim (listing, batch, g_ptr_array_index (rows, i));
  if (rows == NULL || g_str_has_prefix (name, BM_WEBIMPORT_BATCH) ||
      !bm_webbatch_may (listing->config, batch, listing->viewer))
    return;
  g_autoptr (JsonObject) state = bm_webbatch_json (listing->config, name, NULL);
  g_autoptr (BmWebBatch) web = bm_webbatch_load (listing->config->jobs, name);
  if (state == NULL)
    return;
  JsonObject *entry = add_entry (listing, name, "batch");
  JsonObject *totals = object_in (state, "totals");
  gint64 started = time_of (batch, "started");
  json_object_set_member (entry, "stage", json_object_dup_member (state, "stage"));
  json_object_set_string_member (entry, "by", web != NULL ? web->by : "");
  json_object_set_int_member (entry, "created", web != NULL ? web->created_ms / 1000 : started);
  json_object_set_int_member (entry, "started", started);
  json_object_set_int_member (entry, "ended", time_of (batch, "finished"));
  json_object_set_int_member (entry, "rows", rows->len);
  json_object_set_string_member (entry, "file", name);
  if (json_object_has_member (state, "grade"))
    json_object_set_member (entry, "grade", json_object_dup_member (state, "grade"));
  set_numbers (entry, (guint64) number (totals, "found"), (guint64) number (totals, "verified"),
               (guint64) number (totals, "failed"), (guint64) number (totals, "bytes"));
}

/* Ordered by a browser, and not begun. */
static void
add_idle_batch (Listing *listing, const gchar *name)
{
  g_autoptr (BmWebBatch) web = bm_webbatch_load (listing->config->jobs, name);
  if (web == NULL || web->started_ms != 0)
    return;
  for (guint i = 0; web->domains[i] != NULL; i++)
    if (!listing->viewer->every && !listing->viewer->may (listing->viewer->who, web->domains[i]))
      return;
  JsonObject *entry = add_entry (listing, name, "batch");
  json_object_set_string_member (entry, "stage", bm_webstage_token (BM_WEBSTAGE_READY));
  json_object_set_string_member (entry, "by", web->by);
  json_object_set_int_member (entry, "created", web->created_ms / 1000);
  json_object_set_int_member (entry, "started", 0);
  json_object_set_int_member (entry, "ended", 0);
  json_object_set_int_member (entry, "rows", web->rows);
  json_object_set_string_member (entry, "file", name);
  set_numbers (entry, 0, 0, 0, 0);
}

/* ---- jobs ---- */

static void
add_job (Listing *listing, const gchar *directory)
{
  g_autofree gchar *name = g_path_get_basename (directory);
  if (g_hash_table_contains (listing->claimed, directory))
    return;
  g_autoptr (JsonObject) state = bm_webjob_json (listing->config, name, listing->viewer, NULL);
  if (state == NULL)
    return;
  JsonObject *entry = add_entry (listing, name, "job");
  JsonObject *user = object_in (state, "user"), *file = object_in (state, "file");
  json_object_set_member (entry, "stage", json_object_dup_member (state, "stage"));
  json_object_set_string_member (entry, "by", "");
  json_object_set_member (entry, "created", json_object_dup_member (state, "started"));
  json_object_set_member (entry, "started", json_object_dup_member (state, "started"));
  json_object_set_member (entry, "ended", json_object_dup_member (state, "ended"));
  json_object_set_member (entry, "user", json_object_dup_member (user, "user"));
  json_object_set_member (entry, "file", json_object_dup_member (file, "name"));
  json_object_set_member (entry, "size", json_object_dup_member (file, "size"));
  copy_numbers (entry, state);
}

static gint
newest_first (gconstpointer a, gconstpointer b)
{
  gint64 x = number (*(JsonObject *const *) a, "created"),
         y = number (*(JsonObject *const *) b, "created");
  return x < y ? 1 : x > y ? -1 : 0;
}

JsonObject *
bm_weblist_json (const BmConfig *config, const BmWebViewer *viewer)
{
  g_autoptr (GPtrArray) entries =
      g_ptr_array_new_with_free_func ((GDestroyNotify) json_object_unref);
  g_autoptr (GHashTable) claimed = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  Listing listing = {config, viewer, entries, claimed};
  const struct {
    GPtrArray *names;
    void (*add) (Listing *, const gchar *);
  } kinds[] = {{bm_webimport_list (config->jobs), add_web},
               {bm_batch_list (config->jobs), add_batch},
               {bm_webbatch_list (config->jobs), add_idle_batch},
               {bm_job_list (config->jobs), add_job}}; /* last: the batches have claimed theirs */
  for (guint k = 0; k < G_N_ELEMENTS (kinds); k++) {
    for (guint i = 0; i < kinds[k].names->len; i++)
      kinds[k].add (&listing, g_ptr_array_index (kinds[k].names, i));
    g_ptr_array_unref (kinds[k].names);
  }
  g_ptr_array_sort (entries, newest_first);
  JsonArray *imports = json_array_new ();
  for (guint i = 0; i < entries->len && i < MOST; i++)
    json_array_add_object_element (imports, json_object_ref (g_ptr_array_index (entries, i)));
  JsonObject *object = json_object_new ();
  json_object_set_array_member (object, "imports", imports);
  json_object_set_boolean_member (object, "more", entries->len > MOST);
  return object;
}
