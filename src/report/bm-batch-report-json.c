/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The report of a batch as JSON: docs/batch.md is its specification. Any thread. */
#include "report/bm-batch-report.h"

#include "report/bm-json.h"

static JsonObject *
ledger_object (const BmLedger *ledger)
{
  JsonObject *object = json_object_new ();
  bm_json_set_ledger (object, ledger);
  json_object_set_int_member (object, "verified_bytes", (gint64) ledger->bytes);
  json_object_set_boolean_member (object, "balanced", ledger->balanced);
  return object;
}

static JsonObject *
row_object (const BmBatchReportRow *row)
{
  JsonObject *object = json_object_new ();
  json_object_set_int_member (object, "line", row->line);
  bm_json_set_text (object, "file", row->file);
  bm_json_set_text (object, "user", row->user);
  bm_json_set_text (object, "into", row->into);
  bm_json_set_text (object, "state", row->state);
  if (row->status >= 0)
    json_object_set_int_member (object, "status", row->status);
  else
    json_object_set_null_member (object, "status");
  bm_json_set_text (object, "cause", row->cause);
  bm_json_set_text (object, "message", row->message);
  bm_json_set_text (object, "job", row->job);
  bm_json_set_time (object, "started", row->started_ms);
  bm_json_set_time (object, "ended", row->ended_ms);
  bm_json_set_text (object, "grade", bm_grade_token (row->grade));
  bm_json_set_text (object, "rule", row->rule);
  if (row->has_ledger)
    json_object_set_object_member (object, "ledger", ledger_object (&row->ledger));
  else
    json_object_set_null_member (object, "ledger");
  JsonArray *warnings = json_array_new ();
  for (guint i = 0; row->warnings != NULL && i < row->warnings->len; i++)
    json_array_add_string_element (warnings, g_ptr_array_index (row->warnings, i));
  json_object_set_array_member (object, "warnings", warnings);
  return object;
}

static JsonArray *
mailboxes_array (const BmBatchReport *report)
{
  JsonArray *array = json_array_new ();
  for (guint i = 0; i < report->mailboxes->len; i++) {
    const BmBatchReportMailbox *one = g_ptr_array_index (report->mailboxes, i);
    JsonObject *object = json_object_new ();
    bm_json_set_text (object, "user", one->user);
    json_object_set_int_member (object, "rows", one->rows);
    bm_json_set_text (object, "grade", bm_grade_token (one->grade));
    bm_json_set_text (object, "rule", one->rule);
    json_object_set_object_member (object, "ledger", ledger_object (&one->ledger));
    json_array_add_object_element (array, object);
  }
  return array;
}

static JsonArray *
causes_array (const BmBatchReport *report)
{
  JsonArray *array = json_array_new ();
  for (guint i = 0; i < report->causes->len; i++) {
    const BmBatchReportCause *one = &g_array_index (report->causes, BmBatchReportCause, i);
    JsonObject *object = json_object_new ();
    bm_json_set_text (object, "cause", one->cause);
    json_object_set_int_member (object, "rows", one->rows);
    json_object_set_int_member (object, "items", (gint64) one->items);
    bm_json_set_text (object, "advice", one->advice);
    bm_json_set_text (object, "command", one->command);
    json_array_add_object_element (array, object);
  }
  return array;
}

gchar *
bm_batch_report_to_json (const BmBatchReport *report)
{
  JsonObject *object = json_object_new ();
  JsonArray *rows = json_array_new ();
  json_object_set_int_member (object, "version", BM_BATCH_REPORT_VERSION);
  bm_json_set_text (object, "program", "bm-pst-import " BM_VERSION);
  bm_json_set_text (object, "batch", report->name);
  bm_json_set_text (object, "mapping", report->map);
  bm_json_set_text (object, "trouble", report->trouble);
  bm_json_set_time (object, "started", report->started_ms);
  bm_json_set_time (object, "finished", report->finished_ms);
  json_object_set_boolean_member (object, "running", report->running);
  bm_json_set_text (object, "grade", bm_grade_token (report->grade));
  bm_json_set_text (object, "rule", report->rule);
  json_object_set_int_member (object, "exit_status", report->exit_status);
  json_object_set_object_member (object, "ledger", ledger_object (&report->ledger));
  json_object_set_array_member (object, "mailboxes", mailboxes_array (report));
  json_object_set_array_member (object, "causes", causes_array (report));
  for (guint i = 0; i < report->rows->len; i++)
    json_array_add_object_element (rows, row_object (g_ptr_array_index (report->rows, i)));
  json_object_set_array_member (object, "rows", rows);
  g_autoptr (JsonNode) root = json_node_init_object (json_node_alloc (), object);
  g_autofree gchar *text = json_to_string (root, TRUE);
  json_object_unref (object);
  return g_strconcat (text, "\n", NULL);
}
