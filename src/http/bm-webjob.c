/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* See bm-webjob.h: one job, and reports. */
#include "http/bm-webjob.h"

#include "http/bm-webstate.h"
#include "job/bm-job.h"
#include <string.h>

#define NAME_MAX_BYTES 255

gboolean
bm_webjob_is_name (const gchar *text)
{
  if (*text == '\0' || *text == '.' || strlen (text) > NAME_MAX_BYTES)
    return FALSE;
  for (const gchar *p = text; *p != '\0'; p++)
    if (!g_ascii_isalnum (*p) && strchr ("._-@+=", *p) == NULL)
      return FALSE;
  return TRUE;
}

static void
no_job (GError **error, const gchar *name)
{
  g_set_error (error, BM_ERROR, BM_CAUSE_USAGE, "there is no import \"%s\"", name);
}

static gboolean
may_see (BmJournal *journal, const BmWebViewer *viewer)
{
  g_autofree gchar *domain = bm_journal_get (journal, "user.domain");
  return viewer->every || (domain != NULL && viewer->may (viewer->who, domain));
}

/* One that the viewer may see; a stranger learns nothing of the others. */
static BmJob *
open_job (const BmConfig *config, const gchar *name, const BmWebViewer *viewer, GError **error)
{
  g_autofree gchar *journal = g_build_filename (config->jobs, name, "journal.sqlite", NULL);
  if (!bm_webjob_is_name (name) || !g_file_test (journal, G_FILE_TEST_IS_REGULAR)) {
    no_job (error, name);
    return NULL;
  }
  g_autoptr (BmJob) job = bm_job_open_existing (config->jobs, name, TRUE, error);
  if (job == NULL || may_see (job->journal, viewer))
    return g_steal_pointer (&job);
  no_job (error, name);
  return NULL;
}

static void
set_fact (JsonObject *object, const gchar *name, BmJournal *journal, const gchar *key)
{
  g_autofree gchar *value = bm_journal_get (journal, key);
  g_autofree gchar *valid = g_utf8_make_valid (value != NULL ? value : "", -1);
  json_object_set_string_member (object, name, valid);
}

static JsonObject *
user_json (BmJournal *journal)
{
  JsonObject *user = json_object_new ();
  set_fact (user, "user", journal, "user.address");
  set_fact (user, "login", journal, "user.login");
  set_fact (user, "user_uid", journal, "user.uid");
  set_fact (user, "domain_uid", journal, "user.domain");
  return user;
}

static JsonObject *
file_json (BmJournal *journal)
{
  JsonObject *file = json_object_new ();
  g_autofree gchar *path = bm_journal_get (journal, "pst.file");
  g_autofree gchar *base = g_path_get_basename (path != NULL ? path : "");
  g_autofree gchar *name = g_filename_display_name (base);
  json_object_set_string_member (file, "name", name);
  set_fact (file, "path", journal, "pst.file");
  json_object_set_int_member (file, "size", bm_journal_get_int (journal, "pst.size", 0));
  return file;
}

/* What the rows say; how fast it goes only its process knows. */
static JsonObject *
progress_json (BmJournal *journal)
{
  BmJournalCounts counts = {0};
  bm_journal_counts (journal, &counts, NULL);
  guint64 on_server = counts.by_state[BM_STATE_APPENDED] +
                      counts.by_state[BM_STATE_PRESENT_BEFORE] + counts.by_state[BM_STATE_VERIFIED];
  const BmWorkerState state = {.done = counts.found - counts.by_state[BM_STATE_PLANNED],
                               .total = counts.found,
                               .bytes = counts.appended_bytes,
                               .appended = on_server,
                               .unproven = on_server - counts.by_state[BM_STATE_VERIFIED],
                               .verified = counts.by_state[BM_STATE_VERIFIED]};
  JsonObject *object =
      bm_webstate_progress (&state, (guint64) MAX (bm_journal_get_int (journal, "pst.size", 0), 0));
  json_object_set_null_member (object, "trouble");
  return object;
}

JsonObject *
bm_webjob_json (const BmConfig *config, const gchar *name, const BmWebViewer *viewer,
                GError **error)
{
  g_autoptr (BmJob) job = open_job (config, name, viewer, error);
  if (job == NULL)
    return NULL;
  gboolean running = bm_job_owner (job->directory) != 0;
  g_autoptr (BmReport) report = running ? NULL : bm_report_collect (job->journal, error);
  if (!running && report == NULL)
    return NULL;
  JsonObject *object = json_object_new ();
  json_object_set_string_member (object, "id", name);
  json_object_set_string_member (object, "kind", "job");
  json_object_set_string_member (
      object, "stage", bm_webstage_token (running ? BM_WEBSTAGE_RUNNING : BM_WEBSTAGE_ENDED));
  json_object_set_string_member (object, "by", "");
  json_object_set_int_member (object, "started",
                              bm_journal_get_int (job->journal, "started", 0) / 1000);
  json_object_set_int_member (
      object, "ended", running ? 0 : bm_journal_get_int (job->journal, "finished", 0) / 1000);
  json_object_set_object_member (object, "user", user_json (job->journal));
  json_object_set_object_member (object, "file", file_json (job->journal));
  set_fact (object, "into", job->journal, "into");
  set_fact (object, "selection", job->journal, "selection");
  json_object_set_object_member (object, "progress", progress_json (job->journal));
  if (report != NULL)
    json_object_set_object_member (object, "result", bm_webstate_result (report));
  else
    json_object_set_null_member (object, "result");
  json_object_set_boolean_member (object, "report", TRUE);
  json_object_set_boolean_member (object, "retryable", FALSE);
  return object;
}

/* ---- reports ---- */

static gchar *
render (BmJob *job, const gchar *format, GError **error)
{
  g_autoptr (BmReport) report = bm_report_collect (job->journal, error);
  if (report == NULL)
    return NULL;
  if (g_str_equal (format, "html"))
    return bm_report_to_html (report);
  if (g_str_equal (format, "json"))
    return bm_report_to_json (report);
  return g_str_equal (format, "csv") ? bm_report_to_csv (report) : bm_report_to_text (report);
}

gchar *
bm_webjob_report (const BmConfig *config, const gchar *name, const gchar *format,
                  const BmWebViewer *viewer, GError **error)
{
  g_autoptr (BmJob) job = open_job (config, name, viewer, error);
  return job != NULL ? render (job, format, error) : NULL;
}

/* Of the row's last run, or of the one that runs. New; "" when it came to none yet. */
static gchar *
job_of (const BmConfig *config, const BmWebImport *import)
{
  g_autofree gchar *name = bm_webimport_batch (import);
  g_autoptr (BmBatch) batch = bm_batch_open (config->jobs, name, FALSE, NULL);
  g_autoptr (GPtrArray) rows = batch != NULL ? bm_batch_rows (batch, NULL) : NULL;
  g_auto (BmWorkerState) state = {0};
  if (rows == NULL || rows->len == 0)
    return g_strdup ("");
  const BmBatchRow *row = g_ptr_array_index (rows, 0);
  g_autofree gchar *path = bm_batch_row_path (batch, row->id, "state");
  if (bm_worker_state_read (path, &state) && *state.job != '\0')
    return g_strdup (state.job);
  return g_strdup (row->job);
}

gchar *
bm_webimport_report (const BmConfig *config, const BmWebImport *import, const gchar *format,
                     GError **error)
{
  g_autofree gchar *directory = job_of (config, import);
  if (*directory == '\0') {
    g_set_error_literal (error, BM_ERROR, BM_CAUSE_USAGE, "there is no report yet");
    return NULL;
  }
  g_autoptr (BmJob) job = bm_job_open_existing (directory, directory, TRUE, error);
  return job != NULL ? render (job, format, error) : NULL;
}
