/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* report: a job's report from its journal, at any time, also while it runs. */
#include "cli/bm-cli.h"

static const gchar examples[] = "Examples:\n"
                                "  bm-pst-import report jdoe-1a2b3c4d5e6f\n"
                                "  bm-pst-import report JOB --format html > report.html\n"
                                "  bm-pst-import report JOB --format csv > exceptions.csv\n";

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
  if (!bm_cli_parse (argc, argv, entries, "JOB", examples, 1, 1, &args, &status) ||
      !bm_cli_check_format (format != NULL ? format : "text", "text json csv html", &status))
    return status;
  g_autoptr (BmConfig) config = bm_config_load (config_file, &error);
  if (config == NULL)
    return bm_cli_fail (g_steal_pointer (&error));
  g_autoptr (BmJob) job =
      bm_job_open_existing (jobs != NULL ? jobs : config->jobs, args[0], TRUE, &error);
  if (job == NULL)
    return bm_cli_fail (g_steal_pointer (&error));
  return bm_cli_print_report (job->journal, format != NULL ? format : "text");
}
