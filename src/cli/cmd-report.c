/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* report: of a job from its journal, or of a batch from its jobs' journals; at any time, also while
 * they run. */
#include "job/bm-batch-collect.h"
#include "cli/bm-cli.h"

#include <stdio.h>

static const gchar examples[] = "Examples:\n"
                                "  bm-pst-import report jdoe-1a2b3c4d5e6f\n"
                                "  bm-pst-import report JOB --format html > report.html\n"
                                "  bm-pst-import report weekend\n"
                                "  bm-pst-import report JOB --format csv > exceptions.csv\n";

static gboolean
is_batch (const gchar *jobs, const gchar *name)
{
  g_autoptr (GPtrArray) names = bm_batch_list (jobs);
  return g_ptr_array_find_with_equal_func (names, name, g_str_equal, NULL);
}

static int
report_batch (const gchar *jobs, const gchar *name, const gchar *format)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (BmBatch) batch = bm_batch_open (jobs, name, FALSE, &error);
  g_autoptr (BmBatchReport) report = batch != NULL ? bm_batch_collect (batch, &error) : NULL;
  if (report == NULL)
    return bm_cli_fail (g_steal_pointer (&error));
  g_autofree gchar *text = bm_batch_render (report, format);
  fputs (text, stdout);
  return report->exit_status;
}

int
bm_cmd_report (int argc, char **argv)
{
  g_autofree gchar *format = NULL, *config_file = NULL, *jobs = NULL;
  const GOptionEntry entries[] = {
      {"config", 0, 0, G_OPTION_ARG_FILENAME, &config_file, "Configuration file", "FILE"},
      {"jobs", 0, 0, G_OPTION_ARG_FILENAME, &jobs, "Directory of the jobs", "DIR"},
      {"format", 0, 0, G_OPTION_ARG_STRING, &format, "text (default), json, csv, html", "FORMAT"},
      {NULL},
  };
  g_auto (GStrv) args = NULL;
  g_autoptr (GError) error = NULL;
  int status = 0;
  if (!bm_cli_parse (argc, argv, entries, "JOB|BATCH", examples, 1, 1, &args, &status) ||
      !bm_cli_check_format (format != NULL ? format : "text", "text json csv html", &status))
    return status;
  g_autoptr (BmConfig) config = bm_config_load (config_file, &error);
  if (config == NULL)
    return bm_cli_fail (g_steal_pointer (&error));
  const gchar *directory = jobs != NULL ? jobs : config->jobs;
  if (is_batch (directory, args[0]))
    return report_batch (directory, args[0], format != NULL ? format : "text");
  g_autoptr (BmJob) job = bm_job_open_existing (directory, args[0], TRUE, &error);
  if (job == NULL)
    return bm_cli_fail (g_steal_pointer (&error));
  return bm_cli_print_report (job->journal, format != NULL ? format : "text");
}
