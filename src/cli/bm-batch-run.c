/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* See bm-batch-run.h. */
#include "cli/bm-batch-run.h"

#include "base/bm-disk.h"
#include "cli/bm-batch-view.h"
#include "cli/bm-session.h"
#include "job/bm-batch-collect.h"
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>

#define WORD_MARK "\x1f" /* between the words of the options */

typedef struct {
  const BmBatchRunOptions *options;
  BmBatchPlan plan;
  BmBatchView *view;
  BmCore *core; /* NULL without admin key */
  gchar *program;
} Run;

void
bm_batch_plan_clear (BmBatchPlan *plan)
{
  g_strfreev (plan->options);
  g_free (plan->admin_key_file);
  g_free (plan->operator_);
  g_free (plan->retry_cause);
  g_free (plan->on_end);
  *plan = (BmBatchPlan){0};
}

static gboolean
save_number (BmBatch *batch, const gchar *key, gint number, GError **error)
{
  g_autofree gchar *text = g_strdup_printf ("%d", number);
  return bm_batch_set (batch, key, text, error);
}

gboolean
bm_batch_plan_save (BmBatch *batch, const BmBatchPlan *plan, GError **error)
{
  g_autofree gchar *options = g_strjoinv (WORD_MARK, plan->options);
  return save_number (batch, "parallel", plan->parallel, error) &&
         save_number (batch, "per-server", plan->per_server, error) &&
         save_number (batch, "stall-after", plan->stall_after, error) &&
         bm_batch_set (batch, "options", options, error) &&
         bm_batch_set (batch, "admin-key-file", plan->admin_key_file, error) &&
         bm_batch_set (batch, "operator", plan->operator_, error) &&
         bm_batch_set (batch, "retry-cause", plan->retry_cause, error) &&
         bm_batch_set (batch, "on-end", plan->on_end, error);
}

/* NULL when unset or empty. */
static gchar *
load_text (BmBatch *batch, const gchar *key)
{
  gchar *text = bm_batch_get (batch, key);
  if (text != NULL && *text == '\0')
    g_clear_pointer (&text, g_free);
  return text;
}

static gint
load_number (BmBatch *batch, const gchar *key)
{
  g_autofree gchar *text = bm_batch_get (batch, key);
  return text != NULL ? atoi (text) : 0;
}

void
bm_batch_plan_load (BmBatch *batch, BmBatchPlan *plan)
{
  g_autofree gchar *options = bm_batch_get (batch, "options");
  *plan = (BmBatchPlan){.parallel = load_number (batch, "parallel"),
                        .per_server = load_number (batch, "per-server"),
                        .stall_after = load_number (batch, "stall-after"),
                        .admin_key_file = load_text (batch, "admin-key-file"),
                        .operator_ = load_text (batch, "operator"),
                        .retry_cause = load_text (batch, "retry-cause"),
                        .on_end = bm_batch_get (batch, "on-end")};
  plan->options = options != NULL && *options != '\0' ? g_strsplit (options, WORD_MARK, -1)
                                                      : g_new0 (gchar *, 1);
}

/* ---- what the conductor asks ---- */

static gboolean
prepare (gpointer data, BmBatchRow *row, GError **error)
{
  Run *run = data;
  g_autoptr (BmUser) user = bm_session_find_user (run->options->config, row->user, NULL, error);
  if (user == NULL)
    return FALSE;
  bm_row_set_text (&row->user_uid, user->user_uid);
  bm_row_set_text (&row->server, user->server_uid);
  return TRUE;
}

static GStrv
command (gpointer data, const BmBatchRow *row)
{
  Run *run = data;
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  g_strv_builder_add_many (builder, run->program, "import", row->file, "--user", row->user,
                           "--jobs", run->options->jobs, "--format", "json", "--check-owner", NULL);
  if (*row->into != '\0')
    g_strv_builder_add_many (builder, "--into", row->into, NULL);
  if (run->options->config_path != NULL)
    g_strv_builder_add_many (builder, "--config", run->options->config_path, NULL);
  if (run->plan.stall_after > 0) {
    g_autofree gchar *seconds = g_strdup_printf ("%d", run->plan.stall_after);
    g_strv_builder_add_many (builder, "--stall-after", seconds, NULL);
  }
  if (run->plan.admin_key_file != NULL)
    g_strv_builder_add_many (builder, "--admin-key-file", run->plan.admin_key_file, NULL);
  if (run->plan.operator_ != NULL)
    g_strv_builder_add_many (builder, "--operator", run->plan.operator_, NULL);
  if (row->retry)
    g_strv_builder_add (builder, "--retry");
  if (row->retry && run->plan.retry_cause != NULL)
    g_strv_builder_add_many (builder, "--retry-cause", run->plan.retry_cause, NULL);
  g_strv_builder_addv (builder, (const gchar **) run->plan.options);
  g_strv_builder_addv (builder, (const gchar **) row->options);
  return g_strv_builder_end (builder);
}

static gchar *
disk_trouble (const gchar *path, guint64 needed)
{
  guint64 left;
  if (!bm_disk_free (path, &left))
    return g_strdup_printf ("cannot tell how much disk is free at %s", path);
  if (left >= needed)
    return NULL;
  g_autofree gchar *text = g_format_size_full (left, G_FORMAT_SIZE_IEC_UNITS);
  g_autofree gchar *least = g_format_size_full (needed, G_FORMAT_SIZE_IEC_UNITS);
  return g_strdup_printf ("only %s free at %s, less than %s", text, path, least);
}

static gchar *
trouble (gpointer data)
{
  Run *run = data;
  const BmConfig *config = run->options->config;
  g_autoptr (GError) error = NULL;
  gchar *disk = disk_trouble (run->options->jobs, config->batch_min_free);
  for (guint i = 0; disk == NULL && config->batch_watch_disk[i] != NULL; i++)
    disk = disk_trouble (config->batch_watch_disk[i], config->batch_min_free);
  if (disk != NULL)
    return disk;
  if (run->core != NULL && !bm_core_check_running (run->core, &error))
    return g_strdup (error->message);
  return NULL;
}

static void
show (gpointer data, const BmConductorView *now)
{
  Run *run = data;
  bm_batch_view_show (run->view, now);
}

static gboolean
interrupted (void)
{
  return bm_cli_interrupted (NULL);
}

static gboolean
at_once (void)
{
  return TRUE;
}

/* ---- the end ---- */

static void
tell_the_end (const Run *run, BmBatch *batch, const BmBatchReport *report, int exit_status)
{
  g_autofree gchar *status = g_strdup_printf ("%d", exit_status);
  g_autofree gchar *page = g_build_filename (bm_batch_directory (batch), "index.html", NULL);
  g_autoptr (GError) error = NULL;
  int wait_status = 0;
  if (run->plan.on_end == NULL || *run->plan.on_end == '\0')
    return;
  g_auto (GStrv) environment = g_get_environ ();
  environment = g_environ_setenv (environment, "BM_BATCH", bm_batch_name (batch), TRUE);
  environment = g_environ_setenv (environment, "BM_BATCH_STATUS", status, TRUE);
  environment =
      g_environ_setenv (environment, "BM_BATCH_GRADE", bm_grade_token (report->grade), TRUE);
  environment = g_environ_setenv (environment, "BM_BATCH_REPORT", page, TRUE);
  const gchar *argv[] = {"/bin/sh", "-c", run->plan.on_end, NULL};
  if (!g_spawn_sync (NULL, (gchar **) argv, environment, G_SPAWN_STDOUT_TO_DEV_NULL, NULL, NULL,
                     NULL, NULL, &wait_status, &error))
    g_warning ("--on-end: %s", error->message);
  else if (!g_spawn_check_wait_status (wait_status, &error))
    g_warning ("--on-end %s: %s", run->plan.on_end, error->message);
}

/* The conductor cannot go on. Whoever waits for the end is told that too, unless it was somebody's
 * wish. */
static int
give_up (const Run *run, BmBatch *batch, GError *why)
{
  BmCause cause = bm_error_cause (why);
  int status = bm_cli_fail (why);
  if (cause == BM_CAUSE_INTERRUPTED || cause == BM_CAUSE_LOCKED)
    return status;
  g_autoptr (BmBatchReport) report = bm_batch_collect (batch, NULL);
  if (report != NULL)
    tell_the_end (run, batch, report, status);
  return status;
}

static int
finish (const Run *run, BmBatch *batch, GError *stopped)
{
  g_autoptr (GError) owned = stopped;
  g_autoptr (GError) error = NULL;
  g_autofree gchar *now = g_strdup_printf ("%" G_GINT64_FORMAT, g_get_real_time () / 1000);
  if (owned != NULL)
    return give_up (run, batch, g_steal_pointer (&owned));
  bm_batch_set (batch, "finished", now, NULL);
  g_autoptr (BmBatchReport) report = bm_batch_collect (batch, &error);
  if (report == NULL || !bm_batch_save_reports (batch, report, &error))
    return bm_cli_fail (g_steal_pointer (&error));
  g_autofree gchar *page = g_build_filename (bm_batch_directory (batch), "index.html", NULL);
  bm_batch_view_end (run->view, report, page);
  if (!run->options->json) {
    g_autofree gchar *text = bm_batch_report_to_text (report);
    g_print ("%s  page: %s\n", text, page);
  }
  tell_the_end (run, batch, report, report->exit_status);
  return report->exit_status;
}

static const BmConductorOps ops = {prepare, command, trouble, show};

static int
conduct (Run *run, BmBatch *batch, const BmConductorOptions *options)
{
  g_autoptr (GError) error = NULL;
  g_autofree gchar *started = bm_batch_get (batch, "started");
  g_autofree gchar *now = g_strdup_printf ("%" G_GINT64_FORMAT, g_get_real_time () / 1000);
  if (started == NULL)
    bm_batch_set (batch, "started", now, NULL);
  bm_batch_set (batch, "finished", NULL, NULL);
  bm_conductor_run (batch, &ops, run, options, interrupted, &error);
  bm_batch_view_hide (run->view);
  return finish (run, batch, g_steal_pointer (&error));
}

/* One that began to conduct meanwhile has heard the order. */
static int
stop (Run *run, BmBatch *batch, const BmConductorOptions *options)
{
  g_autoptr (GError) error = NULL;
  bm_conductor_run (batch, &ops, run, options, at_once, &error);
  bm_batch_view_hide (run->view);
  BmCause cause = bm_error_cause (error);
  if (error != NULL && cause != BM_CAUSE_INTERRUPTED && cause != BM_CAUSE_LOCKED)
    return bm_cli_fail (g_steal_pointer (&error));
  g_printerr ("bm-pst-import: batch %s is paused; resume goes on\n", bm_batch_name (batch));
  return 0;
}

static guint
choose (gint of_plan, guint of_config)
{
  return of_plan > 0 ? (guint) of_plan : of_config;
}

int
bm_batch_run (BmBatch *batch, const BmBatchRunOptions *options)
{
  g_autoptr (GError) error = NULL;
  Run run = {.options = options, .program = g_file_read_link ("/proc/self/exe", NULL)};
  bm_batch_plan_load (batch, &run.plan);
  const BmConductorOptions conductor = {
      .parallel = choose (run.plan.parallel, options->config->batch_parallel),
      .per_server = choose (run.plan.per_server, options->config->batch_per_server),
      .stall_after_ms = (guint) MAX (run.plan.stall_after, 0) * 1000,
  };
  int status;
  if (!bm_config_use_admin_key (options->config, run.plan.admin_key_file, &error) ||
      !bm_session_open_core (options->config, &run.core, &error)) {
    status = bm_cli_fail (g_steal_pointer (&error));
  } else {
    run.view = bm_batch_view_new (options->json);
    status = options->stop ? stop (&run, batch, &conductor) : conduct (&run, batch, &conductor);
    bm_batch_view_free (run.view);
  }
  if (run.core != NULL)
    bm_core_free (run.core);
  bm_batch_plan_clear (&run.plan);
  g_free (run.program);
  return status;
}
