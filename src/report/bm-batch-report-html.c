/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The report of a batch as one page that links the pages of its jobs. Any thread. */
#include "report/bm-batch-report.h"

#include "report/bm-html.h"

static const gchar *
mood_of (BmGrade grade)
{
  return grade == BM_GRADE_POOR ? "bad" : grade == BM_GRADE_INVESTIGATE ? "warn" : "ok";
}

static void
add_number (GString *out, guint64 n, gboolean known)
{
  if (known)
    g_string_append_printf (out, "<td class=\"n\">%" G_GUINT64_FORMAT "</td>", n);
  else
    g_string_append (out, "<td class=\"n\">-</td>");
}

static void
add_cell (GString *out, const gchar *text)
{
  g_string_append (out, "<td>");
  bm_html_text (out, text);
  g_string_append (out, "</td>");
}

static void
add_time (GString *out, const gchar *name, gint64 ms)
{
  if (ms == 0)
    return;
  g_autoptr (GDateTime) when = g_date_time_new_from_unix_utc (ms / 1000);
  g_autofree gchar *text = g_date_time_format (when, "%Y-%m-%d %H:%M:%S UTC");
  g_string_append_printf (out, "<dt>%s</dt><dd>%s</dd>\n", name, text);
}

static void
add_verdict (GString *out, const BmBatchReport *report)
{
  g_string_append (out, "<h1>Batch report</h1>\n<p class=\"muted\">");
  bm_html_text (out, report->name);
  g_string_append_printf (out, "</p>\n<div class=\"verdict %s\"><strong>Grade: %s%s</strong><br>",
                          mood_of (report->grade), bm_grade_token (report->grade),
                          report->running ? " so far" : "");
  bm_html_text (out, report->rule);
  if (*report->trouble != '\0') {
    g_string_append (out, "<br>Paused: ");
    bm_html_text (out, report->trouble);
  }
  g_string_append_printf (out, "<br><span class=\"muted\">exit status %d</span></div>\n",
                          report->exit_status);
}

static void
add_ledger (GString *out, const BmLedger *ledger)
{
  const struct {
    const gchar *name;
    guint64 n;
  } lines[] = {{"found", ledger->found},
               {"= verified", ledger->verified},
               {"+ unverified", ledger->unverified},
               {"+ differs", ledger->differs},
               {"+ gone", ledger->gone},
               {"+ skipped", ledger->skipped},
               {"+ failed", ledger->failed},
               {"+ pending", ledger->pending}};
  g_string_append (out, "<section><h2>Ledger over all</h2><table>\n");
  for (guint i = 0; i < G_N_ELEMENTS (lines); i++) {
    g_string_append (out, "<tr>");
    add_cell (out, lines[i].name);
    add_number (out, lines[i].n, TRUE);
    g_string_append (out, "</tr>\n");
  }
  g_string_append_printf (out, "</table><p>The ledger <strong>%s</strong>.</p></section>\n",
                          ledger->balanced ? "balances" : "does not balance");
}

static void
add_mailboxes (GString *out, const BmBatchReport *report)
{
  g_string_append (out, "<section><h2>Mailboxes, worst first</h2><table><tr><th>mailbox</th><th>"
                        "grade</th><th>rule</th><th class=\"n\">found</th><th class=\"n\">verified"
                        "</th><th class=\"n\">failed</th></tr>\n");
  for (guint i = 0; i < report->mailboxes->len; i++) {
    const BmBatchReportMailbox *one = g_ptr_array_index (report->mailboxes, i);
    g_string_append (out, "<tr>");
    add_cell (out, one->user);
    add_cell (out, bm_grade_token (one->grade));
    add_cell (out, one->rule);
    add_number (out, one->ledger.found, TRUE);
    add_number (out, one->ledger.verified, TRUE);
    add_number (out, one->ledger.failed, TRUE);
    g_string_append (out, "</tr>\n");
  }
  g_string_append (out, "</table></section>\n");
}

static void
add_causes (GString *out, const BmBatchReport *report)
{
  if (report->causes->len == 0)
    return;
  g_string_append (out, "<section><h2>Causes</h2><table><tr><th>cause</th><th class=\"n\">rows</th>"
                        "<th class=\"n\">items</th><th>what to do</th></tr>\n");
  for (guint i = 0; i < report->causes->len; i++) {
    const BmBatchReportCause *one = &g_array_index (report->causes, BmBatchReportCause, i);
    g_string_append (out, "<tr>");
    add_cell (out, one->cause);
    add_number (out, one->rows, TRUE);
    add_number (out, one->items, TRUE);
    g_string_append (out, "<td>");
    bm_html_text (out, one->advice);
    g_string_append (out, "; then <code>");
    bm_html_text (out, one->command);
    g_string_append (out, "</code></td></tr>\n");
  }
  g_string_append (out, "</table></section>\n");
}

static void
add_row (GString *out, const BmBatchReportRow *row, const gchar *links)
{
  g_autofree gchar *base = g_path_get_basename (row->file);
  g_string_append_printf (out, "<tr><td class=\"n\">%u</td><td>", row->line);
  if (*row->job != '\0') {
    g_autofree gchar *job = g_uri_escape_string (row->job, NULL, FALSE);
    g_string_append_printf (out, "<a href=\"%s%s/report.html\">", links, job);
    bm_html_text (out, base);
    g_string_append (out, "</a></td>");
  } else {
    bm_html_text (out, base);
    g_string_append (out, "</td>");
  }
  add_cell (out, row->user);
  add_cell (out, row->state);
  add_cell (out, bm_grade_token (row->grade));
  add_number (out, row->ledger.found, row->has_ledger);
  add_number (out, row->ledger.verified, row->has_ledger);
  add_number (out, row->ledger.failed, row->has_ledger);
  g_string_append (out, "<td>");
  bm_html_text (out, row->message);
  for (guint i = 0; row->warnings != NULL && i < row->warnings->len; i++) {
    g_string_append (out, i > 0 || *row->message != '\0' ? "<br>warning: " : "warning: ");
    bm_html_text (out, g_ptr_array_index (row->warnings, i));
  }
  g_string_append (out, "</td></tr>\n");
}

static void
add_rows (GString *out, const BmBatchReport *report)
{
  g_string_append (out, "<section><h2>Rows of the mapping</h2><table><tr><th class=\"n\">line</th>"
                        "<th>file</th><th>mailbox</th><th>state</th><th>grade</th><th class=\"n\">"
                        "found</th><th class=\"n\">verified</th><th class=\"n\">failed</th><th>"
                        "what happened</th></tr>\n");
  for (guint i = 0; i < report->rows->len; i++)
    add_row (out, g_ptr_array_index (report->rows, i), report->links);
  g_string_append (out, "</table></section>\n");
}

gchar *
bm_batch_report_to_html (const BmBatchReport *report)
{
  g_autoptr (GString) out = g_string_new (NULL);
  bm_html_begin (out, "Batch report");
  add_verdict (out, report);
  add_ledger (out, &report->ledger);
  add_mailboxes (out, report);
  add_causes (out, report);
  add_rows (out, report);
  g_string_append (out, "<section><h2>This batch</h2><dl><dt>mapping</dt><dd>");
  bm_html_text (out, report->map);
  g_string_append (out, "</dd>\n<dt>directory</dt><dd>");
  bm_html_text (out, report->directory);
  g_string_append (out, "</dd>\n");
  add_time (out, "started", report->started_ms);
  add_time (out, "finished", report->finished_ms);
  g_string_append (out, "</dl></section>\n");
  bm_html_end (out);
  return g_string_free (g_steal_pointer (&out), FALSE);
}
