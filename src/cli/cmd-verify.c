/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* verify: looks again at the database for what a job has not proven. Sends nothing. */
#include "cli/bm-session.h"

#include "base/bm-log.h"

static const gchar examples[] = "Examples:\n"
                                "  bm-pst-import verify jdoe-1a2b3c4d5e6f\n"
                                "  bm-pst-import verify JOB --stall-after 3600\n";

static gboolean
run (BmJob *job, const BmConfig *config, gint stall_after, GError **error)
{
  g_autofree gchar *address = bm_journal_get (job->journal, "user.address");
  if (address == NULL) {
    g_set_error (error, BM_ERROR, BM_CAUSE_USAGE,
                 "job %s stopped before it began: run the same import command again",
                 job->directory);
    return FALSE;
  }
  g_autoptr (BmSession) session = bm_session_open_witness (config, address, error);
  if (session == NULL)
    return FALSE;
  g_autofree gchar *uid = bm_journal_get (job->journal, "user.uid");
  if (g_strcmp0 (uid, session->user->user_uid) != 0) {
    g_set_error (error, BM_ERROR, BM_CAUSE_USER_REFUSED,
                 "%s is another user now than when the job ran", address);
    return FALSE;
  }
  BmImportOptions options = {.into = "", .stall_after_s = (guint) stall_after};
  g_autoptr (BmImport) import =
      bm_import_new (NULL, NULL, session->witness, job->journal, &options);
  bm_import_set_progress (import, bm_cli_progress, NULL);
  bm_import_set_guard (import, bm_session_guard, session);
  return bm_import_verify (import, error);
}

/* An import that was left while it waited for the proof has nothing more to tell once that is
 * found; one that still has to send keeps its reason. */
static gboolean
forget_stop (BmJournal *journal, GError **error)
{
  BmJournalCounts counts;
  if (!bm_journal_counts (journal, &counts, error))
    return FALSE;
  return counts.by_state[BM_STATE_PLANNED] > 0 ||
         (bm_journal_set (journal, "stopped.cause", "", error) &&
          bm_journal_set (journal, "stopped.text", "", error));
}

int
bm_cmd_verify (int argc, char **argv)
{
  g_autofree gchar *format = NULL, *config_file = NULL, *jobs = NULL;
  gint stall_after = 0;
  const GOptionEntry entries[] = {
      {"stall-after", 0, 0, G_OPTION_ARG_INT, &stall_after, "Give up waiting (600)", "SECONDS"},
      {"format", 0, 0, G_OPTION_ARG_STRING, &format, "Report: text, json, csv, html", "FORMAT"},
      {"config", 0, 0, G_OPTION_ARG_FILENAME, &config_file, "Configuration file", "FILE"},
      {"jobs", 0, 0, G_OPTION_ARG_FILENAME, &jobs, "Directory of the jobs", "DIR"},
      {NULL},
  };
  g_auto (GStrv) args = NULL;
  g_autoptr (GError) error = NULL;
  int status = 0;
  if (!bm_cli_parse (argc, argv, entries, "JOB", examples, 1, 1, &args, &status) ||
      !bm_cli_check_format (format != NULL ? format : "text", "text json csv html", &status) ||
      !bm_cli_check_stall_after (stall_after, &status))
    return status;
  g_autoptr (BmConfig) config = bm_config_load (config_file, &error);
  if (config == NULL)
    return bm_cli_fail (g_steal_pointer (&error));
  g_autoptr (BmJob) job =
      bm_job_open_existing (jobs != NULL ? jobs : config->jobs, args[0], FALSE, &error);
  if (job == NULL)
    return bm_cli_fail (g_steal_pointer (&error));
  if (!run (job, config, stall_after, &error) || !forget_stop (job->journal, &error))
    return bm_cli_fail (g_steal_pointer (&error));
  bm_cli_progress_end ();
  bm_journal_set_int (job->journal, "finished", g_get_real_time () / 1000, NULL);
  g_autoptr (BmReport) report = bm_report_collect (job->journal, &error);
  if (report == NULL || !bm_report_save (report, job->directory, &error))
    return bm_cli_fail (g_steal_pointer (&error));
  return bm_cli_print_report (job->journal, format != NULL ? format : "text");
}
