/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* See bm-webstate.h. */
#include "http/bm-webstate.h"

#include "http/bm-weboptions.h"
#include "http/bm-weboutput.h"
#include "job/bm-job.h"
#include "report/bm-json.h"
#include <string.h>

#define RESULT "result.json" /* of a run that is over: reading a large journal takes its time */

/* Everything of one import, read once. */
typedef struct {
  const BmConfig *config;
  const BmWebImport *import;
  BmWebWalk walk;
  gboolean inspecting, checking, conducting;
  JsonObject *check;     /* the row's verdict of map --check; NULL */
  BmBatch *batch;        /* NULL: not yet */
  GPtrArray *rows;       /* NULL likewise */
  const BmBatchRow *row; /* the only one; NULL */
  BmWorkerState state;   /* of its worker */
  BmWant want;
} Reading;

const gchar *
bm_webstage_token (BmWebStage stage)
{
  static const gchar *const tokens[] = {
#define X(sym, token) token,
      BM_WEBSTAGES (X)
#undef X
  };
  return tokens[stage];
}

gboolean
bm_webstage_is_over (BmWebStage stage)
{
  return stage == BM_WEBSTAGE_ENDED || stage == BM_WEBSTAGE_REFUSED ||
         stage == BM_WEBSTAGE_CANCELLED;
}

void
bm_weblook_clear (BmWebLook *look)
{
  g_clear_pointer (&look->check_level, g_free);
}

/* ---- reading ---- */

/* The verdict of the only row; NULL while there is none. New. */
static JsonObject *
verdict_in (const BmWebImport *import, const gchar *name)
{
  g_autofree gchar *file = g_strconcat (name, ".out", NULL);
  g_autoptr (JsonObject) output = bm_webjson_load (import->directory, file);
  if (output == NULL || !json_object_has_member (output, "rows"))
    return NULL;
  JsonArray *rows = json_object_get_array_member (output, "rows");
  return json_array_get_length (rows) == 1
             ? json_object_ref (json_array_get_object_element (rows, 0))
             : NULL;
}

static void
read_batch (Reading *reading)
{
  g_autofree gchar *name = bm_webimport_batch (reading->import);
  g_autoptr (GError) error = NULL;
  reading->conducting = bm_webworker_runs (reading->import->directory, BM_WEBWORKER_CONDUCTOR);
  reading->batch = bm_batch_open (reading->config->jobs, name, FALSE, &error);
  if (reading->batch == NULL)
    return;
  reading->conducting |= bm_batch_conductor (reading->batch) != 0;
  reading->want = bm_batch_wanted (reading->batch);
  reading->rows = bm_batch_rows (reading->batch, &error);
  if (reading->rows == NULL || reading->rows->len == 0)
    return;
  reading->row = g_ptr_array_index (reading->rows, 0);
  g_autofree gchar *state = bm_batch_row_path (reading->batch, reading->row->id, "state");
  bm_worker_state_read (state, &reading->state);
}

static void
read_all (Reading *reading, gboolean with_census)
{
  const gchar *directory = reading->import->directory;
  reading->inspecting = bm_webworker_runs (directory, BM_WEBWORKER_INSPECT);
  reading->checking = bm_webworker_runs (directory, BM_WEBWORKER_CHECK);
  bm_webwalk_read (directory, BM_WEBWORKER_INSPECT, with_census, &reading->walk);
  if (!reading->checking)
    reading->check = verdict_in (reading->import, BM_WEBWORKER_CHECK);
  if (reading->import->started_ms != 0)
    read_batch (reading);
}

static void
reading_clear (Reading *reading)
{
  bm_webwalk_clear (&reading->walk);
  g_clear_pointer (&reading->check, json_object_unref);
  g_clear_pointer (&reading->rows, g_ptr_array_unref);
  g_clear_pointer (&reading->batch, bm_batch_free);
  bm_worker_state_clear (&reading->state);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Reading, reading_clear)

static gboolean
has_checks (const Reading *reading)
{
  g_autofree gchar *path = bm_webimport_path (reading->import, BM_WEBCHECKS);
  return !reading->checking && g_file_test (path, G_FILE_TEST_EXISTS);
}

/* ---- the stage ---- */

static BmWebStage
stage_before (const Reading *reading)
{
  JsonObject *end = reading->walk.end;
  if (reading->checking)
    return BM_WEBSTAGE_CHECKING;
  if (reading->inspecting && end == NULL)
    return BM_WEBSTAGE_INSPECTING;
  /* the walk tells its last word before that; without a walk it did not even get a census */
  if (reading->walk.walk == NULL &&
      (end == NULL || json_object_get_int_member_with_default (end, "status", 0) > 1))
    return BM_WEBSTAGE_REFUSED;
  return has_checks (reading) ? BM_WEBSTAGE_CHECKED : BM_WEBSTAGE_READY;
}

static BmWebStage
stage_after (const Reading *reading)
{
  if (reading->row == NULL)
    return reading->conducting ? BM_WEBSTAGE_WAITING : BM_WEBSTAGE_REFUSED;
  if (reading->conducting && reading->row->state > BM_ROW_RUNNING)
    return BM_WEBSTAGE_RUNNING; /* the conductor still writes the reports, or begins anew */
  switch (reading->row->state) {
  case BM_ROW_RUNNING:
    return BM_WEBSTAGE_RUNNING;
  case BM_ROW_WAITING:
    return reading->want == BM_WANT_PAUSE ? BM_WEBSTAGE_PAUSED : BM_WEBSTAGE_WAITING;
  case BM_ROW_CANCELLED:
    return BM_WEBSTAGE_CANCELLED;
  case BM_ROW_ENDED:
    return BM_WEBSTAGE_ENDED;
  default:
    return BM_WEBSTAGE_REFUSED;
  }
}

static BmWebStage
stage_of (const Reading *reading)
{
  return reading->import->started_ms != 0 ? stage_after (reading) : stage_before (reading);
}

/* ---- checks ---- */

static const gchar *
worse (const gchar *a, const gchar *b)
{
  static const gchar *const levels[] = {"ok", "warning", "stop"};
  for (gint i = G_N_ELEMENTS (levels) - 1; i > 0; i--)
    if (g_str_equal (a, levels[i]) || g_str_equal (b, levels[i]))
      return levels[i];
  return levels[0];
}

static void
add_check (JsonArray *list, const gchar **level, JsonObject *finding)
{
  *level = worse (*level, json_object_get_string_member_with_default (finding, "level", "stop"));
  json_array_add_object_element (list, json_object_ref (finding));
}

static JsonObject *
finding (const gchar *level, const gchar *cause, const gchar *text, const gchar *action)
{
  JsonObject *object = json_object_new ();
  json_object_set_string_member (object, "topic", "check");
  json_object_set_string_member (object, "level", level);
  json_object_set_string_member (object, "cause", cause);
  json_object_set_string_member (object, "text", text);
  json_object_set_string_member (object, "do", action);
  return object;
}

/* map --check that ended without a verdict told why. */
static JsonObject *
no_verdict (const Reading *reading)
{
  g_autofree gchar *words = bm_webworker_words (reading->import->directory, BM_WEBWORKER_CHECK);
  g_autofree gchar *text = g_strdup_printf ("The check did not come to its end: %s", words);
  return finding ("stop", bm_cause_token (BM_CAUSE_INTERNAL), text,
                  "Check again; the daemon's log tells more.");
}

/* NULL while there is none. New. */
static JsonObject *
checks_json (const Reading *reading)
{
  if (!has_checks (reading))
    return NULL;
  g_autoptr (JsonObject) own = bm_webjson_load (reading->import->directory, BM_WEBCHECKS);
  JsonArray *list = json_array_new ();
  const gchar *level = "ok";
  JsonArray *mine = own != NULL && json_object_has_member (own, "list")
                        ? json_object_get_array_member (own, "list")
                        : NULL;
  for (guint i = 0; mine != NULL && i < json_array_get_length (mine); i++)
    add_check (list, &level, json_array_get_object_element (mine, i));
  JsonArray *found =
      reading->check != NULL ? json_object_get_array_member (reading->check, "findings") : NULL;
  for (guint i = 0; found != NULL && i < json_array_get_length (found); i++)
    add_check (list, &level, json_array_get_object_element (found, i));
  if (found == NULL) {
    g_autoptr (JsonObject) none = no_verdict (reading);
    add_check (list, &level, none);
  }
  JsonObject *checks = json_object_new ();
  json_object_set_string_member (checks, "level", level);
  json_object_set_array_member (checks, "list", list);
  return checks;
}

/* By the last check, else by the one that was made when it was ordered. New. */
static JsonObject *
owner_json (const Reading *reading)
{
  g_autoptr (JsonObject) first =
      reading->check == NULL ? verdict_in (reading->import, BM_WEBWORKER_OWNER) : NULL;
  JsonObject *verdict = reading->check != NULL ? reading->check : first;
  const gchar *word =
      verdict != NULL ? json_object_get_string_member_with_default (verdict, "owner", NULL) : NULL;
  if (word == NULL)
    return NULL;
  JsonObject *owner = json_object_new ();
  json_object_set_string_member (owner, "verdict", word);
  json_object_set_string_member (
      owner, "text", json_object_get_string_member_with_default (verdict, "owner_text", ""));
  return owner;
}

/* ---- progress and result ---- */

JsonObject *
bm_webstate_progress (const BmWorkerState *state, guint64 bytes)
{
  JsonObject *object = json_object_new ();
  gdouble seconds = (gdouble) state->elapsed_ms / 1000;
  guint64 now = state->done > state->before ? state->done - state->before : 0;
  guint64 left = state->total > state->done ? state->total - state->done : 0;
  json_object_set_string_member (object, "phase", state->phase != NULL ? state->phase : "");
  json_object_set_int_member (object, "done", (gint64) state->done);
  json_object_set_int_member (object, "total", (gint64) state->total);
  json_object_set_int_member (object, "bytes", (gint64) state->bytes);
  json_object_set_int_member (object, "total_bytes", (gint64) bytes);
  json_object_set_int_member (object, "appended", (gint64) state->appended);
  json_object_set_int_member (object, "verified", (gint64) state->verified);
  json_object_set_int_member (object, "unproven", (gint64) state->unproven);
  json_object_set_int_member (object, "rate",
                              seconds > 0 ? (gint64) ((gdouble) state->bytes / seconds) : 0);
  if (now > 0 && seconds > 0)
    json_object_set_int_member (object, "eta_seconds",
                                (gint64) ((gdouble) left * seconds / (gdouble) now + 0.5));
  else
    json_object_set_null_member (object, "eta_seconds");
  return object;
}

static JsonObject *
progress_json (const Reading *reading)
{
  const BmWebImport *import = reading->import;
  JsonObject *object =
      bm_webstate_progress (&reading->state, import->bytes > 0 ? import->bytes : import->size);
  g_autofree gchar *trouble =
      reading->batch != NULL ? bm_batch_get (reading->batch, "trouble") : NULL;
  BmRowState row = reading->row != NULL ? reading->row->state : BM_ROW_WAITING;
  if ((trouble == NULL || *trouble == '\0') && row == BM_ROW_WAITING && reading->row != NULL &&
      *reading->row->message != '\0') {
    g_free (trouble);
    trouble = g_strdup (reading->row->message); /* why it waits for another try */
  }
  if (trouble != NULL && *trouble != '\0')
    json_object_set_string_member (object, "trouble", trouble);
  else
    json_object_set_null_member (object, "trouble");
  return object;
}

JsonObject *
bm_webstate_ledger (const BmLedger *ledger)
{
  JsonObject *object = json_object_new ();
  bm_json_set_ledger (object, ledger);
  json_object_set_int_member (object, "present_before", (gint64) ledger->present_before);
  json_object_set_int_member (object, "bytes", (gint64) ledger->bytes);
  json_object_set_boolean_member (object, "balanced", ledger->balanced);
  return object;
}

/* What stopped it; nothing did when cause is "". */
static void
set_stopped (JsonObject *result, const gchar *cause, const gchar *message)
{
  if (*cause == '\0')
    return;
  json_object_set_string_member (result, "cause", cause);
  json_object_set_string_member (result, "message", message);
}

/* Of the first item that has it: each has an advice of its own. */
static const gchar *
advice_of (const BmReport *report, const gchar *cause)
{
  for (guint i = 0; i < report->exceptions->len; i++) {
    const BmReportException *one = g_ptr_array_index (report->exceptions, i);
    if (g_strcmp0 (one->cause, cause) == 0 && one->advice != NULL)
      return one->advice;
  }
  return "";
}

static void
add_cause (JsonArray *causes, const gchar *token, guint64 n, const gchar *advice)
{
  JsonObject *cause = json_object_new ();
  json_object_set_string_member (cause, "cause", token);
  json_object_set_int_member (cause, "n", (gint64) n);
  json_object_set_string_member (cause, "advice", advice);
  json_array_add_object_element (causes, cause);
}

JsonObject *
bm_webstate_result (const BmReport *report)
{
  JsonObject *object = json_object_new ();
  JsonArray *causes = json_array_new ();
  g_autofree gchar *rule = NULL;
  BmGrade grade = bm_report_grade (report, &rule);
  json_object_set_int_member (object, "status", report->exit_status);
  json_object_set_string_member (object, "text", bm_report_verdict (report));
  json_object_set_string_member (object, "grade", bm_grade_token (grade));
  json_object_set_string_member (object, "grade_rule", rule);
  JsonObject *ledger = bm_webstate_ledger (&report->ledger);
  bm_json_set_counts (ledger, "skipped_by_rule", report->rules);
  bm_json_set_counts (ledger, "failed_by_cause", report->causes);
  bm_json_set_counts (ledger, "unverified_by_reason", report->reasons);
  json_object_set_object_member (object, "ledger", ledger);
  if (report->stopped != BM_CAUSE_LAST)
    set_stopped (object, bm_cause_token (report->stopped), report->stopped_text);
  const GArray *lists[] = {report->causes, report->reasons};
  for (guint l = 0; l < G_N_ELEMENTS (lists); l++)
    for (guint i = 0; i < lists[l]->len; i++) {
      const BmReportCount *one = &g_array_index (lists[l], BmReportCount, i);
      add_cause (causes, one->token, one->n, advice_of (report, one->token));
    }
  json_object_set_array_member (object, "causes", causes);
  return object;
}

/* Of a row that came to no job. */
static JsonObject *
refusal_json (gint status, const gchar *cause, const gchar *text)
{
  JsonObject *object = json_object_new ();
  json_object_set_int_member (object, "status", status);
  json_object_set_string_member (object, "text", text);
  json_object_set_null_member (object, "grade");
  json_object_set_null_member (object, "ledger");
  set_stopped (object, cause, text);
  json_object_set_array_member (object, "causes", json_array_new ());
  return object;
}

static JsonObject *
result_of_job (const Reading *reading)
{
  const BmBatchRow *row = reading->row;
  g_autoptr (JsonObject) cached = bm_webjson_load (reading->import->directory, RESULT);
  g_autoptr (GError) error = NULL;
  if (cached != NULL &&
      json_object_get_int_member_with_default (cached, "ended", 0) == row->ended_ms)
    return g_steal_pointer (&cached);
  g_autoptr (BmJob) job = bm_job_open_existing (row->job, row->job, TRUE, &error);
  g_autoptr (BmReport) report = job != NULL ? bm_report_collect (job->journal, &error) : NULL;
  if (report == NULL)
    return refusal_json (row->status, bm_cause_token (BM_CAUSE_JOURNAL), error->message);
  JsonObject *result = bm_webstate_result (report);
  json_object_set_int_member (result, "ended", row->ended_ms);
  bm_webjson_save (reading->import->directory, RESULT, result, NULL);
  return result;
}

/* NULL while it is not over. New. */
static JsonObject *
result_json (const Reading *reading, BmWebStage stage)
{
  const BmBatchRow *row = reading->row;
  JsonObject *end = reading->walk.end;
  if (!bm_webstage_is_over (stage))
    return NULL;
  if (row != NULL && *row->job != '\0')
    return result_of_job (reading);
  if (row != NULL)
    return refusal_json (row->status, row->cause, row->message);
  if (end != NULL && reading->import->started_ms == 0)
    return refusal_json ((gint) json_object_get_int_member_with_default (end, "status", 70),
                         json_object_get_string_member_with_default (end, "cause", ""),
                         json_object_get_string_member_with_default (end, "text", ""));
  const gchar *name =
      reading->import->started_ms != 0 ? BM_WEBWORKER_CONDUCTOR : BM_WEBWORKER_INSPECT;
  g_autofree gchar *words = bm_webworker_words (reading->import->directory, name);
  return refusal_json (bm_cause_exit_status (BM_CAUSE_INTERNAL), bm_cause_token (BM_CAUSE_INTERNAL),
                       words);
}

/* ---- all of it ---- */

static void
look_at (const Reading *reading, BmWebLook *look)
{
  g_autoptr (JsonObject) checks = checks_json (reading);
  const BmBatchRow *row = reading->row;
  *look = (BmWebLook){.stage = stage_of (reading)};
  look->conducted = reading->conducting;
  look->wants_run = reading->want == BM_WANT_RUN;
  look->inspected = reading->walk.end != NULL;
  gboolean over = reading->import->started_ms != 0 && bm_webstage_is_over (look->stage);
  look->success = over && row != NULL && row->state == BM_ROW_ENDED && row->status == 0;
  look->retryable = over && row != NULL && !look->success;
  look->check_level =
      g_strdup (checks != NULL ? json_object_get_string_member (checks, "level") : "");
}

void
bm_webstate_look (const BmConfig *config, const BmWebImport *import, BmWebLook *look)
{
  g_auto (Reading) reading = {.config = config, .import = import};
  read_all (&reading, FALSE);
  look_at (&reading, look);
}

/* Takes value; null when it is NULL. */
static void
set_object (JsonObject *object, const gchar *name, JsonObject *value)
{
  if (value != NULL)
    json_object_set_object_member (object, name, value);
  else
    json_object_set_null_member (object, name);
}

static JsonObject *
user_json (const BmWebImport *import)
{
  JsonObject *user = json_object_new ();
  json_object_set_string_member (user, "user", import->user);
  json_object_set_string_member (user, "login", import->login);
  json_object_set_string_member (user, "user_uid", import->user_uid);
  json_object_set_string_member (user, "domain", import->domain);
  json_object_set_string_member (user, "domain_uid", import->domain_uid);
  json_object_set_string_member (user, "server", import->server);
  json_object_set_int_member (user, "quota_kib", import->quota_kib);
  return user;
}

static JsonObject *
file_json (const BmWebImport *import)
{
  JsonObject *file = json_object_new ();
  json_object_set_string_member (file, "name", import->name);
  json_object_set_int_member (file, "size", (gint64) import->size);
  if (*import->upload != '\0')
    json_object_set_string_member (file, "upload", import->upload);
  else
    json_object_set_string_member (file, "path", import->file);
  return file;
}

/* Of the run that runs, or of the last one. */
static void
set_job (JsonObject *object, const Reading *reading)
{
  const gchar *row = reading->row != NULL ? reading->row->job : "";
  const gchar *job =
      reading->state.job != NULL && *reading->state.job != '\0' ? reading->state.job : row;
  g_autofree gchar *name = *job != '\0' ? g_path_get_basename (job) : g_strdup ("");
  json_object_set_string_member (object, "job", name);
  json_object_set_boolean_member (object, "report", *name != '\0');
}

JsonObject *
bm_webstate_json (const BmConfig *config, const BmWebImport *import, gboolean with_census,
                  BmWebLook *look)
{
  g_auto (Reading) reading = {.config = config, .import = import};
  g_auto (BmWebLook) own = {0};
  read_all (&reading, with_census);
  look_at (&reading, &own);
  JsonObject *object = json_object_new ();
  json_object_set_string_member (object, "id", import->id);
  json_object_set_string_member (object, "kind", "web");
  json_object_set_string_member (object, "stage", bm_webstage_token (own.stage));
  json_object_set_string_member (object, "by", import->by);
  json_object_set_int_member (object, "created", import->created_ms / 1000);
  json_object_set_int_member (object, "started", import->started_ms / 1000);
  json_object_set_int_member (object, "ended",
                              reading.row != NULL ? reading.row->ended_ms / 1000 : 0);
  json_object_set_object_member (object, "user", user_json (import));
  json_object_set_object_member (object, "file", file_json (import));
  json_object_set_string_member (object, "into", import->into);
  json_object_set_object_member (object, "options", json_object_ref (import->options));
  if (with_census)
    set_object (object, "census", g_steal_pointer (&reading.walk.census));
  if (reading.walk.walk != NULL)
    json_object_set_boolean_member (reading.walk.walk, "ended", own.inspected);
  set_object (object, "walk", g_steal_pointer (&reading.walk.walk));
  set_object (object, "owner", owner_json (&reading));
  set_object (object, "checks", checks_json (&reading));
  set_object (object, "progress", import->started_ms != 0 ? progress_json (&reading) : NULL);
  set_object (object, "result", result_json (&reading, own.stage));
  set_job (object, &reading);
  json_object_set_boolean_member (object, "retryable", own.retryable);
  if (look != NULL) {
    *look = own;
    own.check_level = NULL;
  }
  return object;
}
