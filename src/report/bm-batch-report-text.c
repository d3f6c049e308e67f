/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The report of a batch as text for a terminal, and its rows as CSV. Must not judge. Any thread. */
#include "report/bm-batch-report.h"

#include "base/bm-csv.h"

#define N "%" G_GUINT64_FORMAT

static void
add_time (GString *out, const gchar *name, gint64 ms)
{
  if (ms == 0)
    return;
  g_autoptr (GDateTime) when = g_date_time_new_from_unix_utc (ms / 1000);
  g_autofree gchar *text = g_date_time_format (when, "%Y-%m-%d %H:%M:%S UTC");
  g_string_append_printf (out, "  %-10s %s\n", name, text);
}

static void
add_ledger (GString *out, const BmLedger *ledger)
{
  g_string_append_printf (out,
                          "\nLedger over all\n"
                          "    found        %10" G_GUINT64_FORMAT "\n"
                          "  = verified     %10" G_GUINT64_FORMAT "\n"
                          "  + unverified   %10" G_GUINT64_FORMAT "\n"
                          "  + differs      %10" G_GUINT64_FORMAT "\n"
                          "  + gone         %10" G_GUINT64_FORMAT "\n"
                          "  + skipped      %10" G_GUINT64_FORMAT "\n"
                          "  + failed       %10" G_GUINT64_FORMAT "\n"
                          "  + pending      %10" G_GUINT64_FORMAT "\n"
                          "  The ledger %s.\n",
                          ledger->found, ledger->verified, ledger->unverified, ledger->differs,
                          ledger->gone, ledger->skipped, ledger->failed, ledger->pending,
                          ledger->balanced ? "balances" : "DOES NOT BALANCE");
}

static void
add_mailboxes (GString *out, const BmBatchReport *report)
{
  g_string_append (out, "\nMailboxes, worst first\n");
  for (guint i = 0; i < report->mailboxes->len; i++) {
    const BmBatchReportMailbox *one = g_ptr_array_index (report->mailboxes, i);
    g_string_append_printf (out, "  %-11s %s: " N " found, " N " verified, " N " failed\n",
                            bm_grade_token (one->grade), one->user, one->ledger.found,
                            one->ledger.verified, one->ledger.failed);
    if (one->grade != BM_GRADE_PERFECT)
      g_string_append_printf (out, "              %s\n", one->rule);
  }
}

static void
add_causes (GString *out, const BmBatchReport *report)
{
  if (report->causes->len == 0)
    return;
  g_string_append (out, "\nCauses\n");
  for (guint i = 0; i < report->causes->len; i++) {
    const BmBatchReportCause *one = &g_array_index (report->causes, BmBatchReportCause, i);
    g_string_append_printf (out, "  %s: %u rows, " N " items\n    do: %s\n", one->cause, one->rows,
                            one->items, one->advice);
    g_string_append_printf (out, "    then: %s\n", one->command);
  }
}

/* Whoever signs reads them before the grade. */
static void
add_warnings (GString *out, const BmBatchReport *report)
{
  const gchar *title = "\nWarnings\n";
  for (guint r = 0; r < report->rows->len; r++) {
    const BmBatchReportRow *row = g_ptr_array_index (report->rows, r);
    for (guint i = 0; row->warnings != NULL && i < row->warnings->len; i++) {
      g_string_append_printf (out, "%s  line %u, %s: %s\n", title, row->line, row->user,
                              (const gchar *) g_ptr_array_index (row->warnings, i));
      title = "";
    }
  }
}

/* In one cell. New. */
static gchar *
join_warnings (const BmBatchReportRow *row)
{
  g_autoptr (GString) out = g_string_new (NULL);
  for (guint i = 0; row->warnings != NULL && i < row->warnings->len; i++)
    g_string_append_printf (out, "%s%s", i > 0 ? " | " : "",
                            (const gchar *) g_ptr_array_index (row->warnings, i));
  return g_string_free (g_steal_pointer (&out), FALSE);
}

gchar *
bm_batch_report_to_text (const BmBatchReport *report)
{
  g_autoptr (GString) out = g_string_new ("Batch report\n\n");
  g_string_append_printf (out, "  %-10s %s\n  %-10s %s\n  %-10s %u, in %u mailboxes\n", "batch",
                          report->name, "mapping", report->map, "rows", report->rows->len,
                          report->mailboxes->len);
  add_time (out, "started", report->started_ms);
  add_time (out, "finished", report->finished_ms);
  add_ledger (out, &report->ledger);
  add_mailboxes (out, report);
  add_causes (out, report);
  add_warnings (out, report);
  if (*report->trouble != '\0')
    g_string_append_printf (out, "\nPaused: %s\n", report->trouble);
  g_string_append_printf (out, "\nGrade: %s%s (%s; exit status %d).\n",
                          bm_grade_token (report->grade), report->running ? " so far" : "",
                          report->rule, report->exit_status);
  return g_string_free (g_steal_pointer (&out), FALSE);
}

static gchar *
number (guint64 n, gboolean known)
{
  return known ? g_strdup_printf (N, n) : g_strdup ("");
}

static void
add_csv_row (GString *out, const BmBatchReportRow *row)
{
  const BmLedger *l = &row->ledger;
  const guint64 values[] = {l->found, l->verified, l->unverified, l->differs,
                            l->gone,  l->skipped,  l->failed,     l->pending};
  gchar *numbers[G_N_ELEMENTS (values)];
  g_autofree gchar *line = g_strdup_printf ("%u", row->line);
  g_autofree gchar *status = row->status >= 0 ? g_strdup_printf ("%d", row->status) : g_strdup ("");
  g_autofree gchar *warnings = join_warnings (row);
  for (guint i = 0; i < G_N_ELEMENTS (values); i++)
    numbers[i] = number (values[i], row->has_ledger);
  const gchar *fields[] = {line,
                           row->file,
                           row->user,
                           row->into,
                           row->state,
                           status,
                           bm_grade_token (row->grade),
                           row->rule,
                           row->cause,
                           row->message,
                           numbers[0],
                           numbers[1],
                           numbers[2],
                           numbers[3],
                           numbers[4],
                           numbers[5],
                           numbers[6],
                           numbers[7],
                           row->job,
                           warnings};
  bm_csv_add (out, BM_CSV_SPREADSHEET, ';', fields, G_N_ELEMENTS (fields));
  for (guint i = 0; i < G_N_ELEMENTS (numbers); i++)
    g_free (numbers[i]);
}

gchar *
bm_batch_report_to_csv (const BmBatchReport *report)
{
  g_autoptr (GString) out = g_string_new (
      BM_CSV_BOM "line;file;user;into;state;status;grade;rule;cause;message;found;verified;"
                 "unverified;differs;gone;skipped;failed;pending;job;warnings\r\n");
  for (guint i = 0; i < report->rows->len; i++)
    add_csv_row (out, g_ptr_array_index (report->rows, i));
  return g_string_free (g_steal_pointer (&out), FALSE);
}
