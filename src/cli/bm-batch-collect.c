/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* See bm-batch-collect.h. */
#include "cli/bm-batch-collect.h"

#include "cli/bm-cli.h"
#include "job/bm-job.h"
#include <string.h>

/* NULL when the row came to no job, or its journal cannot be read: the row then says so by its
 * state. */
static BmReport *
report_of (const gchar *job_directory)
{
  g_autoptr (GError) error = NULL;
  if (*job_directory == '\0')
    return NULL;
  g_autoptr (BmJob) job = bm_job_open_existing (job_directory, job_directory, TRUE, &error);
  BmReport *report = job != NULL ? bm_report_collect (job->journal, &error) : NULL;
  if (report == NULL)
    g_warning ("%s: %s", job_directory, error->message);
  return report;
}

static void
add_row (BmBatchReport *report, const BmBatchRow *row)
{
  g_autoptr (BmReport) job = report_of (row->job);
  BmBatchReportRow *out = g_new0 (BmBatchReportRow, 1);
  out->line = row->line;
  out->file = g_strdup (row->file);
  out->user = g_strdup (row->user);
  out->into = g_strdup (row->into);
  out->state = g_strdup (bm_row_state_token (row->state));
  out->status = row->status;
  out->cause = g_strdup (row->cause);
  out->message = g_strdup (row->message);
  out->job = *row->job != '\0' ? g_path_get_basename (row->job) : g_strdup ("");
  out->started_ms = row->started_ms;
  out->ended_ms = row->ended_ms;
  bm_batch_report_add (report, out, *row->user_uid != '\0' ? row->user_uid : row->user, job);
}

/* The page of a job whose import was killed before it could write one, or still runs: what the index
 * links shall be there. */
static void
save_missing_page (const BmBatchRow *row)
{
  g_autofree gchar *page = g_build_filename (row->job, "report.html", NULL);
  g_autoptr (GError) error = NULL;
  if (*row->job == '\0' || g_file_test (page, G_FILE_TEST_EXISTS))
    return;
  g_autoptr (BmReport) job = report_of (row->job);
  if (job != NULL && !bm_cli_save_reports (job, row->job, &error))
    g_warning ("%s", error->message);
}

static gint64
time_of (BmBatch *batch, const gchar *key)
{
  g_autofree gchar *text = bm_batch_get (batch, key);
  return text != NULL ? g_ascii_strtoll (text, NULL, 10) : 0;
}

BmBatchReport *
bm_batch_collect (BmBatch *batch, GError **error)
{
  g_autoptr (GPtrArray) rows = bm_batch_rows (batch, error);
  if (rows == NULL)
    return NULL;
  g_autofree gchar *map = bm_batch_get (batch, "map");
  g_autofree gchar *trouble = bm_batch_get (batch, "trouble");
  BmBatchReport *report =
      bm_batch_report_new (bm_batch_name (batch), map, bm_batch_directory (batch));
  report->started_ms = time_of (batch, "started");
  report->finished_ms = time_of (batch, "finished");
  for (guint i = 0; i < rows->len; i++)
    add_row (report, g_ptr_array_index (rows, i));
  if (trouble != NULL && report->running && bm_batch_conductor (batch) != 0) {
    g_free (report->trouble);
    report->trouble = g_steal_pointer (&trouble);
  }
  bm_batch_report_finish (report);
  return report;
}

gchar *
bm_batch_render (const BmBatchReport *report, const gchar *format)
{
  if (g_str_equal (format, "json"))
    return bm_batch_report_to_json (report);
  if (g_str_equal (format, "csv"))
    return bm_batch_report_to_csv (report);
  if (g_str_equal (format, "html"))
    return bm_batch_report_to_html (report);
  return bm_batch_report_to_text (report);
}

gboolean
bm_batch_save_reports (BmBatch *batch, const BmBatchReport *report, GError **error)
{
  static const struct {
    const gchar *name, *format;
  } files[] = {{"report.txt", "text"},
               {"report.json", "json"},
               {"report.csv", "csv"},
               {"index.html", "html"}};
  g_autoptr (GPtrArray) rows = bm_batch_rows (batch, error);
  if (rows == NULL)
    return FALSE;
  for (guint i = 0; i < rows->len; i++)
    save_missing_page (g_ptr_array_index (rows, i));
  for (guint i = 0; i < G_N_ELEMENTS (files); i++) {
    g_autofree gchar *path = g_build_filename (bm_batch_directory (batch), files[i].name, NULL);
    g_autofree gchar *text = bm_batch_render (report, files[i].format);
    g_autoptr (GError) local = NULL;
    if (!g_file_set_contents_full (path, text, -1, G_FILE_SET_CONTENTS_CONSISTENT, 0600, &local)) {
      g_set_error (error, BM_ERROR, BM_CAUSE_JOURNAL, "cannot write the report: %s",
                   local->message);
      return FALSE;
    }
  }
  return TRUE;
}

gboolean
bm_batch_is_cause (const gchar *token)
{
  static const gchar *const reasons[] = {"body-missing", "stalled", "no-database", "not-awaited",
                                         NULL}; /* of unverified: docs/tokens.md */
  return bm_cause_from_token (token) != BM_CAUSE_LAST || g_strv_contains (reasons, token);
}

gboolean
bm_batch_job_has (const gchar *job, const gchar *cause)
{
  g_autoptr (BmReport) report = report_of (job);
  const GArray *lists[] = {report != NULL ? report->causes : NULL,
                           report != NULL ? report->reasons : NULL};
  for (guint l = 0; l < G_N_ELEMENTS (lists); l++)
    for (guint i = 0; lists[l] != NULL && i < lists[l]->len; i++)
      if (strcmp (g_array_index (lists[l], BmReportCount, i).token, cause) == 0)
        return TRUE;
  return FALSE;
}
