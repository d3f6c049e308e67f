/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* pause, resume, cancel, retry: what people tell a batch. A running conductor hears it; resume and
 * retry conduct the batch themselves when none runs. */
#include "job/bm-batch-collect.h"
#include "cli/bm-batch-run.h"

#include <unistd.h>

typedef struct {
  gchar *cause, *operator_, *admin_key_file, *config, *jobs, *format;
} Options;

typedef struct {
  const Options *options;
  BmConfig *config;
  BmBatch *batch;
} Order;

static int
conduct (const Order *order)
{
  gint conductor = bm_batch_conductor (order->batch);
  if (conductor != 0) {
    g_printerr ("bm-pst-import: process %d conducts batch %s and takes it up\n", conductor,
                bm_batch_name (order->batch));
    return 0;
  }
  const Options *options = order->options;
  const BmBatchRunOptions run = {
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

/* Without a conductor there is nobody to hear it; workers that a dead one left go on. */
static int
tell (const Order *order, BmWant what)
{
  int status = want (order, what);
  if (status == 0 && bm_batch_conductor (order->batch) == 0)
    g_printerr ("bm-pst-import: no conductor runs batch %s; the next one will know\n",
                bm_batch_name (order->batch));
  return status;
}

static int
pause_batch (const Order *order)
{
  return tell (order, BM_WANT_PAUSE);
}

static int
cancel_batch (const Order *order)
{
  int status = want (order, BM_WANT_CANCEL);
  /* a conductor of its own, so that workers that still run are told, and rows are marked */
  return status == 0 && bm_batch_conductor (order->batch) == 0 ? conduct (order) : status;
}

static int
resume_batch (const Order *order)
{
  int status = want (order, BM_WANT_RUN);
  return status == 0 ? conduct (order) : status;
}

static int
retry_batch (const Order *order)
{
  g_autoptr (GError) error = NULL;
  guint n;
  if (!bm_batch_set (order->batch, "retry-cause", order->options->cause, &error) ||
      !bm_batch_retry (order->batch, order->options->cause, bm_batch_job_has, &n, &error))
    return bm_cli_fail (g_steal_pointer (&error));
  g_printerr ("bm-pst-import: %u rows are tried again\n", n);
  if (n == 0)
    return 0;
  return resume_batch (order);
}

/* Another administrator may go on with what one began. */
static gboolean
in_whose_name (const Options *options, BmBatch *batch, GError **error)
{
  const gchar *file = options->admin_key_file;
  g_autofree gchar *path =
      file != NULL && *file != '\0' ? g_canonicalize_filename (file, NULL) : NULL;
  return (file == NULL || bm_batch_set (batch, "admin-key-file", path, error)) &&
         (options->operator_ == NULL ||
          bm_batch_set (batch, "operator", options->operator_, error));
}

static int
run (int argc, char **argv, const gchar *examples, gboolean with_cause,
     int (*act) (const Order *order))
{
  Options o = {0};
  const GOptionEntry entries[] = {
      {"config", 0, 0, G_OPTION_ARG_FILENAME, &o.config, "Configuration file", "FILE"},
      {"jobs", 0, 0, G_OPTION_ARG_FILENAME, &o.jobs, "Directory of the jobs", "DIR"},
      {"format", 0, 0, G_OPTION_ARG_STRING, &o.format, "text, or lines of json", "FORMAT"},
      {"operator", 0, 0, G_OPTION_ARG_STRING, &o.operator_, "In whose name, for the audit log",
       "NAME"},
      {"admin-key-file", 0, 0, G_OPTION_ARG_FILENAME, &o.admin_key_file,
       "Instead of the one it began with; \"\": none", "FILE"},
      {with_cause ? "cause" : NULL, 0, 0, G_OPTION_ARG_STRING, &o.cause, "Only for this cause",
       "TOKEN"},
      {NULL},
  };
  g_auto (GStrv) args = NULL;
  g_autoptr (GError) error = NULL;
  int status = 0;
  if (bm_cli_parse (argc, argv, entries, "BATCH", examples, 1, 1, &args, &status) &&
      bm_cli_check_format (o.format != NULL ? o.format : "text", "text json", &status)) {
    g_autoptr (BmConfig) config = bm_config_load (o.config, &error);
    const gchar *jobs = o.jobs != NULL ? o.jobs : config != NULL ? config->jobs : NULL;
    g_autoptr (BmBatch) batch =
        config != NULL ? bm_batch_open (jobs, args[0], FALSE, &error) : NULL;
    const Order order = {&o, config, batch};
    status = batch != NULL && in_whose_name (&o, batch, &error)
                 ? act (&order)
                 : bm_cli_fail (g_steal_pointer (&error));
  }
  gchar *texts[] = {o.cause, o.operator_, o.admin_key_file, o.config, o.jobs, o.format};
  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    g_free (texts[i]);
  return status;
}

int
bm_cmd_pause (int argc, char **argv)
{
  return run (argc, argv,
              "Running imports stop where they can go on; nothing new is started.\n\n"
              "Examples:\n  bm-pst-import pause weekend\n",
              FALSE, pause_batch);
}

int
bm_cmd_resume (int argc, char **argv)
{
  return run (argc, argv,
              "Goes on after pause, cancel, a restart of the machine or a dead conductor.\n\n"
              "Examples:\n  bm-pst-import resume weekend\n",
              FALSE, resume_batch);
}

int
bm_cmd_cancel (int argc, char **argv)
{
  return run (argc, argv,
              "Running imports stop where they can go on; the rest is marked cancelled. What is\n"
              "in the mailboxes stays. retry or batch takes it up again.\n\n"
              "Examples:\n  bm-pst-import cancel weekend\n",
              FALSE, cancel_batch);
}

int
bm_cmd_retry (int argc, char **argv)
{
  return run (argc, argv,
              "Tries again what failed, was refused, given up, cancelled or is not proven.\n\n"
              "Examples:\n  bm-pst-import retry weekend\n"
              "  bm-pst-import retry weekend --cause over-quota\n",
              TRUE, retry_batch);
}
