/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* pause, resume, cancel, retry: what people tell a batch. A running conductor hears it; resume and
 * retry conduct the batch themselves when none runs. */
#include "cli/bm-batch-collect.h"
#include "cli/bm-batch-run.h"

#include <unistd.h>

typedef struct {
  gchar *cause, *config, *jobs, *format;
} Options;

typedef struct {
  const Options *options;
  const BmConfig *config;
  BmBatch *batch;
} Order;

/* stop: only to stop what a dead conductor left running. */
static int
conduct (const Order *order, gboolean stop)
{
  gint conductor = bm_batch_conductor (order->batch);
  if (conductor != 0) {
    g_printerr ("bm-pst-import: process %d conducts batch %s and takes it up\n", conductor,
                bm_batch_name (order->batch));
    return 0;
  }
  const Options *options = order->options;
  const BmBatchRunOptions run = {
      .stop = stop,
      .config = order->config,
      .config_path = options->config,
      .jobs = options->jobs != NULL ? options->jobs : order->config->jobs,
      .json =
          options->format != NULL ? g_str_equal (options->format, "json") : !isatty (STDERR_FILENO),
  };
  return bm_batch_run (order->batch, &run);
}

static int
want (const Order *order, BmWant what)
{
  g_autoptr (GError) error = NULL;
  if (!bm_batch_want (order->batch, what, &error))
    return bm_cli_fail (g_steal_pointer (&error));
  return 0;
}

/* Without a conductor there is nobody to tell the imports that run, and to mark rows as cancelled: then
 * these orders conduct the batch themselves. */
static int
pause_batch (const Order *order)
{
  int status = want (order, BM_WANT_PAUSE);
  return status == 0 && bm_batch_conductor (order->batch) == 0 ? conduct (order, TRUE) : status;
}

static int
cancel_batch (const Order *order)
{
  int status = want (order, BM_WANT_CANCEL);
  return status == 0 && bm_batch_conductor (order->batch) == 0 ? conduct (order, FALSE) : status;
}

static int
resume_batch (const Order *order)
{
  int status = want (order, BM_WANT_RUN);
  return status == 0 ? conduct (order, FALSE) : status;
}

static int
retry_batch (const Order *order)
{
  g_autoptr (GError) error = NULL;
  const gchar *cause = order->options->cause;
  guint n;
  if (cause != NULL && !bm_batch_is_cause (cause))
    return bm_cli_fail (
        g_error_new (BM_ERROR, BM_CAUSE_USAGE, "no cause \"%s\"; the report names them", cause));
  if (!bm_batch_retry (order->batch, cause, bm_batch_job_has, &n, &error))
    return bm_cli_fail (g_steal_pointer (&error));
  g_printerr ("bm-pst-import: %u rows are tried again\n", n);
  if (n == 0)
    return 0;
  return resume_batch (order);
}

static const struct {
  const gchar *name;
  int (*act) (const Order *order);
  gboolean with_cause;
  const gchar *description;
} orders[] = {
    {"pause", pause_batch, FALSE,
     "Running imports stop where they can go on; nothing new is started.\n\n"
     "Examples:\n  bm-pst-import pause weekend\n"},
    {"resume", resume_batch, FALSE,
     "Goes on after pause, a restart of the machine or a dead conductor. What was cancelled is\n"
     "taken up by retry.\n\n"
     "Examples:\n  bm-pst-import resume weekend\n"},
    {"cancel", cancel_batch, FALSE,
     "Running imports stop where they can go on; the rest is marked cancelled. What is\n"
     "in the mailboxes stays. retry or batch takes it up again.\n\n"
     "Examples:\n  bm-pst-import cancel weekend\n"},
    {"retry", retry_batch, TRUE,
     "Tries again what failed, was refused, given up, cancelled or is not proven.\n\n"
     "Examples:\n  bm-pst-import retry weekend\n"
     "  bm-pst-import retry weekend --cause over-quota\n"},
};

static int
carry_out (guint which, const Options *options, const gchar *name)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (BmConfig) config = bm_config_load (options->config, &error);
  if (config == NULL)
    return bm_cli_fail (g_steal_pointer (&error));
  const gchar *jobs = options->jobs != NULL ? options->jobs : config->jobs;
  g_autoptr (BmBatch) batch = bm_batch_open (jobs, name, FALSE, &error);
  const Order order = {options, config, batch};
  return batch != NULL ? orders[which].act (&order) : bm_cli_fail (g_steal_pointer (&error));
}

int
bm_cmd_order (int argc, char **argv)
{
  guint which = 0;
  while (which + 1 < G_N_ELEMENTS (orders) && !g_str_equal (orders[which].name, argv[0]))
    which++;
  Options o = {0};
  const GOptionEntry entries[] = {
      {"config", 0, 0, G_OPTION_ARG_FILENAME, &o.config, "Configuration file", "FILE"},
      {"jobs", 0, 0, G_OPTION_ARG_FILENAME, &o.jobs, "Directory of the jobs", "DIR"},
      {"format", 0, 0, G_OPTION_ARG_STRING, &o.format, "text, or lines of json", "FORMAT"},
      {orders[which].with_cause ? "cause" : NULL, 0, 0, G_OPTION_ARG_STRING, &o.cause,
       "Only for this cause", "TOKEN"},
      {NULL},
  };
  g_auto (GStrv) args = NULL;
  int status = 0;
  if (bm_cli_parse (argc, argv, entries, "BATCH", orders[which].description, 1, 1, &args,
                    &status) &&
      bm_cli_check_format (o.format != NULL ? o.format : "text", "text json", &status))
    status = carry_out (which, &o, args[0]);
  gchar *texts[] = {o.cause, o.config, o.jobs, o.format};
  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    g_free (texts[i]);
  return status;
}
