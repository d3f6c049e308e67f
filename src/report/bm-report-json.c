/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The report as JSON: docs/report-format.md is its specification; BM_REPORT_VERSION changes when a
 * member changes its meaning or goes. Any thread. */
#include <bm-pst-import/report.h>

#include "report/bm-json.h"

static void
set_number (JsonObject *object, const gchar *name, guint64 value)
{
  json_object_set_int_member (object, name, (gint64) value);
}

static void
set_notes (JsonObject *object, BmNotes notes)
{
  JsonArray *array = json_array_new ();
  g_autoptr (GPtrArray) tokens = bm_notes_tokens (notes);
  for (guint i = 0; i < tokens->len; i++)
    json_array_add_string_element (array, g_ptr_array_index (tokens, i));
  json_object_set_array_member (object, "notes", array);
}

static JsonObject *
pst_object (const BmReport *report)
{
  JsonObject *object = json_object_new ();
  bm_json_set_text (object, "path", report->pst_path);
  set_number (object, "size", report->pst_size);
  bm_json_set_text (object, "identity", report->pst_identity);
  bm_json_set_text (object, "format", report->pst_format);
  bm_json_set_text (object, "encryption", report->pst_crypt);
  json_object_set_boolean_member (object, "password", report->pst_password);
  return object;
}

static JsonObject *
target_object (const BmReport *report)
{
  JsonObject *object = json_object_new ();
  bm_json_set_text (object, "user", report->user_address);
  bm_json_set_text (object, "user_uid", report->user_uid);
  bm_json_set_text (object, "domain_uid", report->domain_uid);
  bm_json_set_text (object, "into", report->into);
  bm_json_set_text (object, "selection", report->selection);
  bm_json_set_text (object, "server", report->server);
  bm_json_set_text (object, "transport", report->transport);
  bm_json_set_text (object, "database", report->witness);
  return object;
}

static JsonObject *
ledger_object (const BmReport *report)
{
  const BmLedger *ledger = &report->ledger;
  JsonObject *object = json_object_new ();
  bm_json_set_ledger (object, ledger);
  set_number (object, "in_doubt", ledger->in_doubt);
  set_number (object, "present_before", ledger->present_before);
  set_number (object, "verified_bytes", ledger->bytes);
  json_object_set_boolean_member (object, "balanced", ledger->balanced);
  bm_json_set_counts (object, "skipped_by_rule", report->rules);
  bm_json_set_counts (object, "failed_by_cause", report->causes);
  bm_json_set_counts (object, "unverified_by_reason", report->reasons);
  bm_json_set_counts (object, "not_mail_by_class", report->classes);
  return object;
}

static JsonArray *
folders_array (const BmReport *report)
{
  JsonArray *array = json_array_new ();
  for (guint i = 0; i < report->folders->len; i++) {
    const BmReportFolder *folder = g_ptr_array_index (report->folders, i);
    JsonObject *object = json_object_new ();
    if (folder->path != NULL)
      json_object_set_string_member (object, "path", folder->path);
    else
      json_object_set_null_member (object, "path");
    bm_json_set_text (object, "target", folder->target);
    bm_json_set_text (object, "rule", bm_rule_token (folder->rule));
    set_number (object, "found", folder->found);
    set_number (object, "verified", folder->verified);
    set_number (object, "unverified", folder->unverified);
    set_number (object, "differs", folder->differs);
    set_number (object, "gone", folder->gone);
    set_number (object, "skipped", folder->skipped);
    set_number (object, "failed", folder->failed);
    set_number (object, "pending", folder->pending);
    set_number (object, "verified_bytes", folder->bytes);
    set_notes (object, folder->notes);
    json_array_add_object_element (array, object);
  }
  return array;
}

static JsonArray *
exceptions_array (const BmReport *report)
{
  JsonArray *array = json_array_new ();
  for (guint i = 0; i < report->exceptions->len; i++) {
    const BmReportException *one = g_ptr_array_index (report->exceptions, i);
    JsonObject *object = json_object_new ();
    g_autofree gchar *nid = g_strdup_printf ("%08x", one->nid);
    bm_json_set_text (object, "nid", nid);
    bm_json_set_text (object, "folder", one->folder);
    bm_json_set_text (object, "target", one->target);
    bm_json_set_text (object, "status", one->status);
    bm_json_set_text (object, "cause", one->cause);
    bm_json_set_text (object, "reason", one->reason);
    bm_json_set_text (object, "advice", one->advice);
    bm_json_set_text (object, "class", one->message_class);
    bm_json_set_text (object, "message_id", one->message_id);
    bm_json_set_text (object, "guid", one->guid);
    set_number (object, "uid", one->uid);
    if (report->subjects)
      bm_json_set_text (object, "subject", one->subject);
    json_array_add_object_element (array, object);
  }
  return array;
}

static JsonArray *
timeline_array (const BmReport *report)
{
  JsonArray *array = json_array_new ();
  for (guint i = 0; i < report->timeline->len; i++) {
    const BmReportPoint *point = &g_array_index (report->timeline, BmReportPoint, i);
    JsonObject *object = json_object_new ();
    json_object_set_int_member (object, "ms", point->ms);
    set_number (object, "appended", point->appended);
    set_number (object, "verified", point->verified);
    json_array_add_object_element (array, object);
  }
  return array;
}

static JsonObject *
stopped_object (const BmReport *report)
{
  JsonObject *object = json_object_new ();
  bm_json_set_text (object, "cause", bm_cause_token (report->stopped));
  bm_json_set_text (object, "reason", report->stopped_text);
  bm_json_set_text (object, "advice", bm_cause_advice (report->stopped));
  return object;
}

gchar *
bm_report_to_json (const BmReport *report)
{
  JsonObject *object = json_object_new ();
  JsonArray *warnings = json_array_new ();
  g_autofree gchar *rule = NULL;
  set_number (object, "version", BM_REPORT_VERSION);
  bm_json_set_text (object, "program", "bm-pst-import " BM_VERSION);
  bm_json_set_text (object, "job", report->job);
  json_object_set_boolean_member (object, "dry_run", report->dry_run);
  bm_json_set_time (object, "started", report->started_ms);
  bm_json_set_time (object, "finished", report->finished_ms);
  json_object_set_object_member (object, "pst", pst_object (report));
  json_object_set_object_member (object, "mailbox", target_object (report));
  bm_json_set_text (object, "render_id", report->render_id);
  bm_json_set_text (object, "sandbox", report->sandbox);
  json_object_set_object_member (object, "ledger", ledger_object (report));
  json_object_set_boolean_member (object, "stalled", report->stalled);
  if (report->stopped != BM_CAUSE_LAST)
    json_object_set_object_member (object, "stopped", stopped_object (report));
  else
    json_object_set_null_member (object, "stopped");
  json_object_set_int_member (object, "exit_status", report->exit_status);
  bm_json_set_text (object, "grade", bm_grade_token (bm_report_grade (report, &rule)));
  bm_json_set_text (object, "rule", rule);
  json_object_set_array_member (object, "folders", folders_array (report));
  json_object_set_array_member (object, "exceptions", exceptions_array (report));
  bm_json_set_counts (object, "fidelity_notes", report->notes);
  json_object_set_array_member (object, "timeline", timeline_array (report));
  for (guint i = 0; i < report->warnings->len; i++)
    json_array_add_string_element (warnings, g_ptr_array_index (report->warnings, i));
  json_object_set_array_member (object, "warnings", warnings);
  g_autoptr (JsonNode) node = json_node_init_object (json_node_alloc (), object);
  json_object_unref (object);
  g_autofree gchar *text = json_to_string (node, TRUE);
  return g_strconcat (text, "\n", NULL);
}
