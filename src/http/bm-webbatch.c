/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* See bm-webbatch.h. */
#include "http/bm-webbatch.h"

#include "http/bm-weboutput.h"
#include "http/bm-webstate.h"
#include "job/bm-batch-collect.h"
#include "job/bm-job.h"
#include <string.h>

#define RECORD "batch.json"
#define MAP    "map.csv"

gboolean
bm_webbatch_is_name (const gchar *name)
{
  if (!g_ascii_isalnum (*name) || strlen (name) > BM_WEBBATCH_NAME_MAX ||
      g_str_has_prefix (name, BM_WEBIMPORT_BATCH))
    return FALSE;
  for (const gchar *p = name; *p != '\0'; p++)
    if (!g_ascii_isalnum (*p) && strchr ("._-", *p) == NULL)
      return FALSE;
  return TRUE;
}

gchar *
bm_webbatch_directory (const gchar *jobs, const gchar *name)
{
  return g_build_filename (jobs, "web", "batches", name, NULL);
}

gchar *
bm_webbatch_map (const gchar *jobs, const gchar *name)
{
  g_autofree gchar *directory = bm_webbatch_directory (jobs, name);
  return g_build_filename (directory, MAP, NULL);
}

static gint
compare_names (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const gchar *const *) a, *(const gchar *const *) b);
}

GPtrArray *
bm_webbatch_list (const gchar *jobs)
{
  GPtrArray *list = g_ptr_array_new_with_free_func (g_free);
  g_autofree gchar *store = bm_webbatch_directory (jobs, NULL);
  g_autoptr (GDir) dir = g_dir_open (store, 0, NULL);
  const gchar *name;
  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    if (bm_webbatch_is_name (name))
      g_ptr_array_add (list, g_strdup (name));
  g_ptr_array_sort (list, compare_names);
  return list;
}

gboolean
bm_webbatch_exists (const gchar *jobs, const gchar *name)
{
  g_autofree gchar *ours = bm_webbatch_directory (jobs, name);
  g_autofree gchar *any = g_build_filename (jobs, "batches", name, NULL);
  return g_file_test (ours, G_FILE_TEST_EXISTS) || g_file_test (any, G_FILE_TEST_EXISTS);
}

/* ---- the record ---- */

void
bm_webbatch_free (BmWebBatch *batch)
{
  if (batch == NULL)
    return;
  g_free (batch->by);
  g_free (batch->name);
  g_strfreev (batch->domains);
  g_free (batch);
}

BmWebBatch *
bm_webbatch_load (const gchar *jobs, const gchar *name)
{
  g_autofree gchar *directory = bm_webbatch_directory (jobs, name);
  g_autoptr (JsonObject) record =
      bm_webbatch_is_name (name) ? bm_webjson_load (directory, RECORD) : NULL;
  if (record == NULL || !json_object_has_member (record, "domains"))
    return NULL;
  BmWebBatch *batch = g_new0 (BmWebBatch, 1);
  JsonArray *domains = json_object_get_array_member (record, "domains");
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  for (guint i = 0; i < json_array_get_length (domains); i++)
    g_strv_builder_add (builder, json_array_get_string_element (domains, i));
  batch->domains = g_strv_builder_end (builder);
  batch->name = g_strdup (name);
  batch->by = g_strdup (json_object_get_string_member_with_default (record, "by", ""));
  batch->own_key = json_object_get_boolean_member_with_default (record, "own_key", FALSE);
  batch->created_ms = json_object_get_int_member_with_default (record, "created", 0);
  batch->started_ms = json_object_get_int_member_with_default (record, "started", 0);
  batch->rows = (guint) json_object_get_int_member_with_default (record, "rows", 0);
  return batch;
}

gboolean
bm_webbatch_save (const gchar *jobs, const BmWebBatch *batch, GError **error)
{
  g_autofree gchar *directory = bm_webbatch_directory (jobs, batch->name);
  g_autoptr (JsonObject) record = json_object_new ();
  JsonArray *domains = json_array_new ();
  for (guint i = 0; batch->domains[i] != NULL; i++)
    json_array_add_string_element (domains, batch->domains[i]);
  json_object_set_array_member (record, "domains", domains);
  json_object_set_string_member (record, "by", batch->by);
  json_object_set_boolean_member (record, "own_key", batch->own_key);
  json_object_set_int_member (record, "created", batch->created_ms);
  json_object_set_int_member (record, "started", batch->started_ms);
  json_object_set_int_member (record, "rows", batch->rows);
  return bm_webjson_save (directory, RECORD, record, error);
}

/* ---- who may see it ---- */

/* The command line tells no domain: the journals do, once there are any. */
static gboolean
may_row (const BmBatchRow *row, const BmWebViewer *viewer)
{
  g_autoptr (BmJob) job =
      *row->job != '\0' ? bm_job_open_existing (row->job, row->job, TRUE, NULL) : NULL;
  g_autofree gchar *domain = job != NULL ? bm_journal_get (job->journal, "user.domain") : NULL;
  return domain != NULL && viewer->may (viewer->who, domain);
}

gboolean
bm_webbatch_may (const BmConfig *config, BmBatch *batch, const BmWebViewer *viewer)
{
  if (viewer->every)
    return TRUE;
  g_autoptr (BmWebBatch) web = bm_webbatch_load (config->jobs, bm_batch_name (batch));
  g_autoptr (GPtrArray) rows = bm_batch_rows (batch, NULL);
  gboolean may = web != NULL || (rows != NULL && rows->len > 0);
  for (guint i = 0; may && web != NULL && web->domains[i] != NULL; i++)
    may = viewer->may (viewer->who, web->domains[i]);
  for (guint i = 0; may && web == NULL && i < rows->len; i++)
    may = may_row (g_ptr_array_index (rows, i), viewer);
  return may;
}

/* ---- state ---- */

const gchar *
bm_webbatch_stage (const BmConfig *config, const gchar *name, BmBatch *batch, const GPtrArray *rows)
{
  guint by_state[BM_ROW_LAST] = {0};
  for (guint i = 0; i < rows->len; i++) {
    const BmBatchRow *row = g_ptr_array_index (rows, i);
    if ((guint) row->state < BM_ROW_LAST)
      by_state[row->state]++;
  }
  g_autofree gchar *directory = bm_webbatch_directory (config->jobs, name);
  gboolean conducted =
      bm_batch_conductor (batch) != 0 || bm_webworker_runs (directory, BM_WEBWORKER_CONDUCTOR);
  if (by_state[BM_ROW_RUNNING] > 0)
    return bm_webstage_token (BM_WEBSTAGE_RUNNING);
  if (by_state[BM_ROW_WAITING] > 0)
    return bm_webstage_token (bm_batch_wanted (batch) == BM_WANT_PAUSE ? BM_WEBSTAGE_PAUSED
                                                                       : BM_WEBSTAGE_WAITING);
  if (conducted)
    return bm_webstage_token (BM_WEBSTAGE_RUNNING);
  return bm_webstage_token (by_state[BM_ROW_CANCELLED] == rows->len ? BM_WEBSTAGE_CANCELLED
                                                                    : BM_WEBSTAGE_ENDED);
}

/* Over all rows. */
typedef struct {
  guint64 found, verified, failed, bytes;
} Totals;

static void
set_totals (JsonObject *object, const Totals *totals)
{
  json_object_set_int_member (object, "found", (gint64) totals->found);
  json_object_set_int_member (object, "verified", (gint64) totals->verified);
  json_object_set_int_member (object, "failed", (gint64) totals->failed);
  json_object_set_int_member (object, "bytes", (gint64) totals->bytes);
}

static JsonObject *
row_json (BmBatch *batch, const BmBatchRow *row, Totals *totals)
{
  JsonObject *object = json_object_new ();
  g_auto (BmWorkerState) state = {0};
  g_autofree gchar *path = bm_batch_row_path (batch, row->id, "state");
  g_autofree gchar *base = g_path_get_basename (row->file);
  g_autofree gchar *file = g_filename_display_name (base);
  gboolean told = bm_worker_state_read (path, &state);
  json_object_set_int_member (object, "id", row->id);
  json_object_set_int_member (object, "line", row->line);
  json_object_set_string_member (object, "file", file);
  json_object_set_string_member (object, "user", row->user);
  json_object_set_string_member (object, "into", row->into);
  json_object_set_string_member (object, "state", bm_row_state_token (row->state));
  json_object_set_int_member (object, "status", row->status);
  json_object_set_string_member (object, "cause", row->cause);
  json_object_set_string_member (object, "message", row->message);
  json_object_set_int_member (object, "started", row->started_ms / 1000);
  json_object_set_int_member (object, "ended", row->ended_ms / 1000);
  g_autofree gchar *job = g_path_get_basename (*row->job != '\0' ? row->job : "");
  json_object_set_string_member (object, "job", *row->job != '\0' ? job : "");
  if (told) {
    totals->found += state.total;
    totals->verified += state.verified;
    totals->bytes += state.bytes;
    json_object_set_object_member (object, "progress", bm_webstate_progress (&state, 0));
  } else {
    json_object_set_null_member (object, "progress");
  }
  return object;
}

static JsonObject *
totals_json (const GPtrArray *rows, const Totals *totals)
{
  JsonObject *object = json_object_new (), *states = json_object_new ();
  for (guint state = 0; state < BM_ROW_LAST; state++) {
    gint64 n = 0;
    for (guint i = 0; i < rows->len; i++)
      n += ((const BmBatchRow *) g_ptr_array_index (rows, i))->state == (BmRowState) state;
    json_object_set_int_member (states, bm_row_state_token ((BmRowState) state), n);
  }
  json_object_set_int_member (object, "rows", rows->len);
  json_object_set_object_member (object, "states", states);
  set_totals (object, totals);
  return object;
}

static guint64
ledger_member (JsonObject *ledger, const gchar *name)
{
  return (guint64) json_object_get_int_member_with_default (ledger, name, 0);
}

/* What the conductor wrote at the end: grade and ledger of the whole. */
static void
add_end (JsonObject *object, BmBatch *batch)
{
  g_autoptr (JsonObject) report = bm_webjson_load (bm_batch_directory (batch), "report.json");
  JsonNode *ledger = report != NULL ? json_object_get_member (report, "ledger") : NULL;
  JsonObject *totals = json_object_get_object_member (object, "totals");
  if (report == NULL || !json_object_has_member (report, "grade"))
    return;
  json_object_set_member (object, "grade", json_object_dup_member (report, "grade"));
  if (json_object_has_member (report, "rule"))
    json_object_set_member (object, "grade_rule", json_object_dup_member (report, "rule"));
  if (ledger == NULL || !JSON_NODE_HOLDS_OBJECT (ledger))
    return;
  JsonObject *of = json_node_get_object (ledger);
  const Totals sums = {ledger_member (of, "found"), ledger_member (of, "verified"),
                       ledger_member (of, "failed"), ledger_member (of, "verified_bytes")};
  set_totals (totals, &sums);
}

/* Not begun yet: the rows are those of the mapping. */
static JsonObject *
idle_json (const BmConfig *config, const BmWebBatch *web, GError **error)
{
  g_autofree gchar *map = bm_webbatch_map (config->jobs, web->name);
  g_autoptr (BmMapping) mapping = bm_mapping_load (map, error);
  if (mapping == NULL)
    return NULL;
  JsonObject *object = json_object_new ();
  JsonArray *rows = json_array_new ();
  for (guint i = 0; i < mapping->rows->len; i++) {
    const BmMapRow *row = g_ptr_array_index (mapping->rows, i);
    JsonObject *one = json_object_new ();
    g_autofree gchar *base = g_path_get_basename (row->file);
    g_autofree gchar *file = g_filename_display_name (base);
    json_object_set_int_member (one, "line", row->line);
    json_object_set_string_member (one, "file", file);
    json_object_set_string_member (one, "user", row->user);
    json_object_set_string_member (one, "into", row->into);
    json_object_set_string_member (one, "state", "ready");
    json_array_add_object_element (rows, one);
  }
  json_object_set_string_member (object, "name", web->name);
  json_object_set_string_member (object, "stage", bm_webstage_token (BM_WEBSTAGE_READY));
  json_object_set_string_member (object, "by", web->by);
  json_object_set_boolean_member (object, "ours", TRUE);
  json_object_set_null_member (object, "trouble");
  json_object_set_array_member (object, "rows", rows);
  return object;
}

JsonObject *
bm_webbatch_json (const BmConfig *config, const gchar *name, GError **error)
{
  g_autoptr (BmWebBatch) web = bm_webbatch_load (config->jobs, name);
  g_autoptr (BmBatch) batch = bm_batch_open (config->jobs, name, FALSE, NULL);
  if (batch == NULL && web != NULL)
    return idle_json (config, web, error);
  if (batch == NULL) {
    g_set_error (error, BM_ERROR, BM_CAUSE_USAGE, "there is no batch \"%s\"", name);
    return NULL;
  }
  g_autoptr (GPtrArray) rows = bm_batch_rows (batch, error);
  g_autofree gchar *trouble = bm_batch_get (batch, "trouble");
  if (rows == NULL)
    return NULL;
  Totals totals = {0};
  JsonArray *array = json_array_new ();
  for (guint i = 0; i < rows->len; i++)
    json_array_add_object_element (array, row_json (batch, g_ptr_array_index (rows, i), &totals));
  const gchar *stage = bm_webbatch_stage (config, name, batch, rows);
  JsonObject *object = json_object_new ();
  json_object_set_string_member (object, "name", name);
  json_object_set_string_member (object, "stage", stage);
  json_object_set_string_member (object, "by", web != NULL ? web->by : "");
  json_object_set_boolean_member (object, "ours", web != NULL);
  if (trouble != NULL && *trouble != '\0')
    json_object_set_string_member (object, "trouble", trouble);
  else
    json_object_set_null_member (object, "trouble");
  json_object_set_array_member (object, "rows", array);
  json_object_set_object_member (object, "totals", totals_json (rows, &totals));
  if (g_str_equal (stage, bm_webstage_token (BM_WEBSTAGE_ENDED)))
    add_end (object, batch);
  return object;
}

gchar *
bm_webbatch_report (const BmConfig *config, const gchar *name, const gchar *format, GError **error)
{
  g_autoptr (BmBatch) batch = bm_batch_open (config->jobs, name, FALSE, error);
  g_autoptr (BmBatchReport) report = batch != NULL ? bm_batch_collect (batch, error) : NULL;
  if (report == NULL)
    return NULL;
  report->links = "../../imports/"; /* beside batches/NAME/report.html */
  return bm_batch_render (report, format);
}
