/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* status: the jobs and batches there are and how far each is, from their journals alone. */
#include "cli/bm-cli.h"
#include "job/bm-batch.h"

#include <json-glib/json-glib.h>
#include <stdio.h>

static const gchar examples[] = "Examples:\n"
                                "  bm-pst-import status\n"
                                "  bm-pst-import status jdoe-1a2b3c4d5e6f --format json\n";

static void
add_member (JsonBuilder *builder, const gchar *name, guint64 value)
{
  json_builder_set_member_name (builder, name);
  json_builder_add_int_value (builder, (gint64) value);
}

static void
add_text (JsonBuilder *builder, const gchar *name, const gchar *value)
{
  json_builder_set_member_name (builder, name);
  json_builder_add_string_value (builder, value);
}

static void
add_json (JsonBuilder *builder, const gchar *directory, gint owner, const BmReport *report)
{
  const BmLedger *ledger = &report->ledger;
  json_builder_begin_object (builder);
  add_text (builder, "job", directory);
  add_text (builder, "pst", report->pst_path);
  add_text (builder, "user", report->user_address);
  add_text (builder, "into", report->into);
  add_member (builder, "running_pid", (guint64) owner);
  add_member (builder, "found", ledger->found);
  add_member (builder, "verified", ledger->verified);
  add_member (builder, "unverified", ledger->unverified);
  add_member (builder, "differs", ledger->differs);
  add_member (builder, "gone", ledger->gone);
  add_member (builder, "skipped", ledger->skipped);
  add_member (builder, "failed", ledger->failed);
  add_member (builder, "pending", ledger->pending);
  add_text (builder, "stopped",
            report->stopped != BM_CAUSE_LAST ? bm_cause_token (report->stopped) : NULL);
  add_member (builder, "exit_status", (guint64) report->exit_status);
  json_builder_end_object (builder);
}

/* The ledger without its zeros: "28 found: 24 verified, 4 skipped". */
static gchar *
ledger_line (const BmLedger *ledger)
{
  const struct {
    const gchar *name;
    guint64 n;
  } parts[] = {
      {"verified", ledger->verified}, {"unverified", ledger->unverified},
      {"differs", ledger->differs},   {"gone", ledger->gone},
      {"skipped", ledger->skipped},   {"failed", ledger->failed},
      {"pending", ledger->pending},
  };
  g_autoptr (GString) line = g_string_new (NULL);
  g_string_append_printf (line, "%" G_GUINT64_FORMAT " found", ledger->found);
  const gchar *sign = ":";
  for (guint i = 0; i < G_N_ELEMENTS (parts); i++) {
    if (parts[i].n == 0)
      continue;
    g_string_append_printf (line, "%s %" G_GUINT64_FORMAT " %s", sign, parts[i].n, parts[i].name);
    sign = ",";
  }
  return g_string_free (g_steal_pointer (&line), FALSE);
}

static void
print_line (const gchar *directory, gint owner, const BmReport *report)
{
  g_autofree gchar *name = g_path_get_basename (directory);
  g_autofree gchar *ledger = ledger_line (&report->ledger);
  g_autofree gchar *running = owner != 0 ? g_strdup_printf ("; running as %d", owner) : NULL;
  g_print ("%s\n  %s -> %s, %s\n  %s", name, report->pst_path, report->user_address, report->into,
           ledger);
  if (running != NULL)
    g_print ("%s\n", running);
  else if (report->stopped != BM_CAUSE_LAST)
    g_print ("; stopped: %s\n", bm_cause_token (report->stopped));
  else
    g_print ("\n");
}

static gboolean
show (const gchar *jobs, const gchar *name, JsonBuilder *builder, GError **error)
{
  g_autoptr (BmJob) job = bm_job_open_existing (jobs, name, TRUE, error);
  if (job == NULL)
    return FALSE;
  g_autoptr (BmReport) report = bm_report_collect (job->journal, error);
  if (report == NULL)
    return FALSE;
  gint owner = bm_job_owner (job->directory);
  if (builder != NULL)
    add_json (builder, job->directory, owner, report);
  else
    print_line (job->directory, owner, report);
  return TRUE;
}

static gboolean
show_batch (const gchar *jobs, const gchar *name, JsonBuilder *builder, GError **error)
{
  guint by_state[BM_ROW_LAST] = {0};
  g_autoptr (BmBatch) batch = bm_batch_open (jobs, name, FALSE, error);
  g_autoptr (GPtrArray) rows = batch != NULL ? bm_batch_rows (batch, error) : NULL;
  if (rows == NULL)
    return FALSE;
  for (guint i = 0; i < rows->len; i++)
    by_state[((const BmBatchRow *) g_ptr_array_index (rows, i))->state]++;
  gint conductor = bm_batch_conductor (batch);
  g_autofree gchar *trouble = conductor != 0 ? bm_batch_get (batch, "trouble") : NULL;
  if (builder != NULL) {
    json_builder_begin_object (builder);
    add_text (builder, "batch", name);
    add_member (builder, "conductor_pid", (guint64) conductor);
    add_member (builder, "rows", rows->len);
    for (guint i = 0; i < BM_ROW_LAST; i++)
      add_member (builder, bm_row_state_token ((BmRowState) i), by_state[i]);
    add_text (builder, "trouble", trouble);
    json_builder_end_object (builder);
    return TRUE;
  }
  g_print ("batch %s: %u rows", name, rows->len);
  for (guint i = 0; i < BM_ROW_LAST; i++)
    if (by_state[i] > 0)
      g_print (", %u %s", by_state[i], bm_row_state_token ((BmRowState) i));
  if (conductor != 0)
    g_print (", conducted by process %d", conductor);
  g_print ("%s%s\n", trouble != NULL && *trouble != '\0' ? "; paused: " : "",
           trouble != NULL ? trouble : "");
  return TRUE;
}

static gboolean
show_all (const gchar *jobs, gchar **args, JsonBuilder *builder, GError **error)
{
  g_autoptr (GPtrArray) batches = bm_batch_list (jobs);
  for (guint i = 0; i < batches->len; i++) {
    const gchar *name = g_ptr_array_index (batches, i);
    if (args[0] == NULL || g_str_equal (name, args[0]))
      if (!show_batch (jobs, name, builder, error))
        return FALSE;
  }
  if (args[0] != NULL)
    return g_ptr_array_find_with_equal_func (batches, args[0], g_str_equal, NULL) ||
           show (jobs, args[0], builder, error);
  g_autoptr (GPtrArray) list = bm_job_list (jobs);
  if (list->len == 0)
    g_printerr ("no jobs in %s\n", jobs);
  for (guint i = 0; i < list->len; i++) {
    g_autoptr (GError) local = NULL;
    if (!show (jobs, g_ptr_array_index (list, i), builder, &local))
      g_warning ("%s", local->message); /* one broken journal hides no other job */
  }
  return TRUE;
}

int
bm_cmd_status (int argc, char **argv)
{
  g_autofree gchar *format = NULL, *config_file = NULL, *jobs = NULL;
  const GOptionEntry entries[] = {
      {"config", 0, 0, G_OPTION_ARG_FILENAME, &config_file, "Configuration file", "FILE"},
      {"jobs", 0, 0, G_OPTION_ARG_FILENAME, &jobs, "Directory of the jobs", "DIR"},
      {"format", 0, 0, G_OPTION_ARG_STRING, &format, "text (default) or json", "FORMAT"},
      {NULL},
  };
  g_auto (GStrv) args = NULL;
  g_autoptr (GError) error = NULL;
  int status = 0;
  if (!bm_cli_parse (argc, argv, entries, "[JOB|BATCH]", examples, 0, 1, &args, &status) ||
      !bm_cli_check_format (format != NULL ? format : "text", "text json", &status))
    return status;
  g_autoptr (BmConfig) config = bm_config_load (config_file, &error);
  if (config == NULL)
    return bm_cli_fail (g_steal_pointer (&error));
  gboolean json = g_strcmp0 (format, "json") == 0;
  g_autoptr (JsonBuilder) builder = json ? json_builder_new () : NULL;
  if (json)
    json_builder_begin_array (builder);
  if (!show_all (jobs != NULL ? jobs : config->jobs, args, builder, &error))
    return bm_cli_fail (g_steal_pointer (&error));
  if (json) {
    json_builder_end_array (builder);
    g_autoptr (JsonNode) root = json_builder_get_root (builder);
    g_autofree gchar *text = json_to_string (root, TRUE);
    g_print ("%s\n", text);
  }
  return 0;
}
