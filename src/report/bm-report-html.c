/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The report as one HTML page that needs nothing else: no script, no external address, printable.
 * Everything that comes from a PST or a server is escaped here. Any thread. */
#include <bm-pst-import/report.h>

#include "report/bm-html.h"

#define CHART_WIDTH      720.0
#define CHART_HEIGHT     180.0
#define EXCEPTIONS_SHOWN 1000 /* a browser opens no page of a million rows */

static void
add_fact (GString *out, const gchar *name, const gchar *value)
{
  if (value == NULL || *value == '\0')
    return;
  g_string_append_printf (out, "<dt>%s</dt><dd>", name);
  bm_html_text (out, value);
  g_string_append (out, "</dd>\n");
}

static void
add_number (GString *out, guint64 n)
{
  g_string_append_printf (out, "<td class=\"n\">%" G_GUINT64_FORMAT "</td>", n);
}

static void
add_cell (GString *out, const gchar *label, const gchar *text)
{
  g_string_append_printf (out, "<td data-label=\"%s\">", label);
  bm_html_text (out, text);
  g_string_append (out, "</td>");
}

/* A path may break after its slashes. */
static void
add_path (GString *out, const gchar *path)
{
  g_auto (GStrv) names = g_strsplit (path != NULL ? path : "", "/", -1);
  for (guint i = 0; names[i] != NULL; i++) {
    g_string_append (out, i > 0 ? "/<wbr>" : "");
    bm_html_text (out, names[i]);
  }
}

static void
add_path_cell (GString *out, const gchar *label, const gchar *path)
{
  g_string_append_printf (out, "<td class=\"path\" data-label=\"%s\"><span>", label);
  add_path (out, path);
  g_string_append (out, "</span></td>");
}

static void
add_count_cell (GString *out, const gchar *label, guint64 n)
{
  g_string_append_printf (out, "<td class=\"n\" data-label=\"%s\">%" G_GUINT64_FORMAT "</td>",
                          label, n);
}

static void
add_time (GString *out, const gchar *name, gint64 ms)
{
  if (ms == 0)
    return;
  g_autoptr (GDateTime) when = g_date_time_new_from_unix_utc (ms / 1000);
  g_autofree gchar *text = g_date_time_format (when, "%Y-%m-%d %H:%M:%S UTC");
  add_fact (out, name, text);
}

static void
add_verdict (GString *out, const BmReport *report)
{
  const gchar *mood = report->exit_status == 0   ? "ok"
                      : report->exit_status == 3 ? "bad"
                                                 : "warn"; /* goes on with the same command */
  g_string_append_printf (out, "<h1>Import report%s</h1>\n<p class=\"muted\">",
                          report->dry_run ? " (dry run)" : "");
  bm_html_text (out, report->pst_path);
  g_string_append (out, " &rarr; ");
  bm_html_text (out, report->user_address);
  g_string_append_printf (out, "</p>\n<div class=\"verdict %s\"><strong>", mood);
  bm_html_text (out, bm_report_verdict (report));
  g_string_append_printf (out, "</strong> <span class=\"muted\">(exit status %d)</span>",
                          report->exit_status);
  if (!report->dry_run) {
    g_autofree gchar *rule = NULL;
    const gchar *grade = bm_grade_token (bm_report_grade (report, &rule));
    g_string_append_printf (out, "<br>Grade: <strong>%s</strong> (", grade);
    bm_html_text (out, rule);
    g_string_append (out, ")");
  }
  if (report->stopped != BM_CAUSE_LAST) {
    g_string_append (out, "<br>");
    bm_html_text (out, report->stopped_text);
    g_string_append (out, "<br>Next: ");
    bm_html_text (out, bm_cause_advice (report->stopped));
  }
  if (report->stalled) {
    g_string_append (out, "<br>Check sync_client, /var/log/bm/replication.log, bm-core and free "
                          "disk; repair with <code>bm-cli maintenance repair --ops "
                          "replication.subtree ");
    bm_html_text (out, report->user_address);
    g_string_append (out, "</code> or <code>--ops message_bodies</code>; then <code>bm-pst-import "
                          "verify</code> this job. Never import again because rows are missing.");
  }
  g_string_append (out, "</div>\n");
}

static void
add_sum (GString *out, const gchar *sign, const gchar *name, guint64 n, const GArray *parts)
{
  g_string_append_printf (out, "<tr><td>%s %s</td>", sign, name);
  add_number (out, n);
  g_string_append (out, "<td class=\"muted\">");
  for (guint i = 0; parts != NULL && i < parts->len; i++) {
    const BmReportCount *one = &g_array_index (parts, BmReportCount, i);
    g_string_append (out, i > 0 ? ", " : "");
    bm_html_text (out, one->token);
    g_string_append_printf (out, " %" G_GUINT64_FORMAT, one->n);
  }
  g_string_append (out, "</td></tr>\n");
}

static void
add_ledger (GString *out, const BmReport *report)
{
  const BmLedger *ledger = &report->ledger;
  g_string_append (out, "<section><h2>Ledger</h2><table>\n");
  add_sum (out, "", "found", ledger->found, NULL);
  add_sum (out, "=", "verified", ledger->verified, NULL);
  add_sum (out, "+", "unverified", ledger->unverified, report->reasons);
  add_sum (out, "+", "differs", ledger->differs, NULL);
  add_sum (out, "+", "gone", ledger->gone, NULL);
  add_sum (out, "+", "skipped", ledger->skipped, report->rules);
  add_sum (out, "+", "failed", ledger->failed, report->causes);
  add_sum (out, "+", "pending", ledger->pending, NULL);
  g_string_append_printf (out,
                          "</table><p>The ledger <strong>%s</strong>. %" G_GUINT64_FORMAT
                          " messages were on the server before this job.</p></section>\n",
                          ledger->balanced ? "balances" : "does not balance",
                          ledger->present_before);
}

static void
add_curve (GString *out, const BmReport *report, gboolean verified, const gchar *class)
{
  const GArray *points = report->timeline;
  const BmReportPoint *last = &g_array_index (points, BmReportPoint, points->len - 1);
  gdouble span = (gdouble) MAX (last->ms, 1), top = (gdouble) MAX (last->appended, 1);
  g_string_append_printf (out, "<polyline class=\"%s\" points=\"", class);
  for (guint i = 0; i < points->len; i++) {
    const BmReportPoint *point = &g_array_index (points, BmReportPoint, i);
    gchar x[G_ASCII_DTOSTR_BUF_SIZE], y[G_ASCII_DTOSTR_BUF_SIZE];
    guint64 n = verified ? point->verified : point->appended;
    g_ascii_formatd (x, sizeof x, "%.1f", (gdouble) point->ms / span * CHART_WIDTH);
    g_ascii_formatd (y, sizeof y, "%.1f", CHART_HEIGHT - (gdouble) n / top * CHART_HEIGHT);
    g_string_append_printf (out, "%s,%s ", x, y);
  }
  g_string_append (out, "\"/>");
}

static void
add_scale (GString *out, const BmReportPoint *last)
{
  for (guint half = 0; half <= 2; half++) {
    gint y = (gint) CHART_HEIGHT - (gint) (CHART_HEIGHT * half / 2);
    g_string_append_printf (out, "<line x1=\"0\" y1=\"%d\" x2=\"720\" y2=\"%d\"/>", y, y);
    if (half > 0)
      g_string_append_printf (out, "<text x=\"0\" y=\"%d\">%" G_GUINT64_FORMAT "</text>", y - 4,
                              last->appended * half / 2);
  }
  gint64 seconds = last->ms / 1000;
  g_string_append_printf (out,
                          "<text x=\"0\" y=\"202\">0:00:00</text><text x=\"720\" y=\"202\" "
                          "text-anchor=\"end\">%d:%02d:%02d</text>",
                          (gint) (seconds / 3600), (gint) (seconds / 60 % 60),
                          (gint) (seconds % 60));
}

static void
add_timeline (GString *out, const BmReport *report)
{
  if (report->timeline->len < 2)
    return;
  const BmReportPoint *last =
      &g_array_index (report->timeline, BmReportPoint, report->timeline->len - 1);
  g_string_append (out,
                   "<section><h2>Appended against verified</h2>"
                   "<svg viewBox=\"-2 -20 724 228\" role=\"img\" aria-label=\"messages appended "
                   "and verified over time\">");
  add_scale (out, last);
  add_curve (out, report, FALSE, "appended");
  add_curve (out, report, TRUE, "proven");
  g_string_append_printf (
      out,
      "</svg><p class=\"muted\"><span class=\"key appended\"></span>%" G_GUINT64_FORMAT
      " appended &nbsp; <span class=\"key proven\"></span>%" G_GUINT64_FORMAT
      " proven replicated. From the first append to the last proof: %" G_GINT64_FORMAT
      ".%03d s.</p></section>\n",
      last->appended, last->verified, last->ms / 1000, (gint) (last->ms % 1000));
}

static void
add_folders (GString *out, const BmReport *report)
{
  g_string_append (out,
                   "<section><h2>Folders</h2><table class=\"wide\"><tr><th>in the PST</th><th>in "
                   "the mailbox</th><th class=\"n\">found</th><th class=\"n\">verified</th><th "
                   "class=\"n\">skipped</th><th class=\"n\">failed</th><th class=\"n\">other"
                   "</th></tr>\n");
  for (guint i = 0; i < report->folders->len; i++) {
    const BmReportFolder *folder = g_ptr_array_index (report->folders, i);
    if (folder->found == 0)
      continue;
    g_autofree gchar *notes = bm_notes_join (folder->notes);
    g_string_append (out, "<tr>");
    add_path_cell (out, "in the PST",
                   folder->path != NULL ? folder->path : "(outside the user's folders)");
    g_string_append (out, "<td class=\"path\" data-label=\"in the mailbox\"><span>");
    add_path (out, folder->target);
    if (*notes != '\0')
      g_string_append_printf (out, " <span class=\"muted\">%s</span>", notes);
    g_string_append (out, "</span></td>");
    add_count_cell (out, "found", folder->found);
    add_count_cell (out, "verified", folder->verified);
    add_count_cell (out, "skipped", folder->skipped);
    add_count_cell (out, "failed", folder->failed);
    add_count_cell (out, "other",
                    folder->unverified + folder->differs + folder->gone + folder->pending);
    g_string_append (out, "</tr>\n");
  }
  g_string_append (out, "</table></section>\n");
}

static void
add_exception (GString *out, const BmReportException *one)
{
  g_autofree gchar *nid = g_strdup_printf ("%08x", one->nid);
  g_string_append (out, "<tr>");
  g_string_append_printf (out, "<td class=\"short\" data-label=\"item\"><code>%s</code></td>", nid);
  add_path_cell (out, "folder", one->folder);
  g_string_append_printf (
      out, "<td class=\"short\" data-label=\"status\"><span class=\"%s\">%s</span></td>",
      one->status, one->status);
  g_string_append (out, "<td data-label=\"what happened\"><span>");
  bm_html_text (out, one->cause);
  g_string_append (out, *one->cause != '\0' && *one->reason != '\0' ? ": " : "");
  bm_html_text (out, one->reason);
  if (one->subject != NULL) {
    g_string_append (out, *one->cause != '\0' || *one->reason != '\0' ? "<br>" : "");
    g_string_append (out, "<span class=\"muted\">");
    bm_html_text (out, one->subject);
    g_string_append (out, "</span>");
  }
  g_string_append (out, "</span></td>");
  add_cell (out, "what to do", one->advice);
  g_string_append (out, "</tr>\n");
}

static void
add_exceptions (GString *out, const BmReport *report)
{
  guint n = report->exceptions->len;
  if (n == 0)
    return;
  g_string_append_printf (out,
                          "<section><h2>Exceptions (%u)</h2><table class=\"wide\"><tr><th>item</th>"
                          "<th>folder</th><th>status</th><th>what happened</th><th>what to do</th>"
                          "</tr>\n",
                          n);
  for (guint i = 0; i < MIN (n, EXCEPTIONS_SHOWN); i++)
    add_exception (out, g_ptr_array_index (report->exceptions, i));
  g_string_append (out, "</table>");
  if (n > EXCEPTIONS_SHOWN)
    g_string_append_printf (out, "<p>%u more: see report.csv in the job directory.</p>",
                            n - EXCEPTIONS_SHOWN);
  g_string_append (out, "</section>\n");
}

static void
add_counts (GString *out, const gchar *title, const GArray *counts,
            const gchar *(*explain) (const gchar *token))
{
  if (counts->len == 0)
    return;
  g_string_append_printf (out, "<section><h2>%s</h2><table>\n", title);
  for (guint i = 0; i < counts->len; i++) {
    const BmReportCount *one = &g_array_index (counts, BmReportCount, i);
    g_string_append (out, "<tr><td>");
    bm_html_text (out, one->token);
    g_string_append (out, "</td>");
    add_number (out, one->n);
    g_string_append (out, "<td class=\"muted\">");
    bm_html_text (out, explain != NULL ? explain (one->token) : "");
    g_string_append (out, "</td></tr>\n");
  }
  g_string_append (out, "</table></section>\n");
}

static const gchar *
explain_note (const gchar *token)
{
  return bm_note_text (bm_note_from_token (token));
}

static void
add_facts (GString *out, const BmReport *report)
{
  g_autofree gchar *size = g_format_size_full (report->pst_size, G_FORMAT_SIZE_IEC_UNITS);
  g_string_append (out, "<section><h2>This job</h2><dl>\n");
  add_fact (out, "PST", report->pst_path);
  add_fact (out, "size", size);
  add_fact (out, "identity", report->pst_identity);
  add_fact (out, "format", report->pst_format);
  add_fact (out, "encryption", report->pst_crypt);
  add_fact (out, "user", report->user_address);
  add_fact (out, "user uid", report->user_uid);
  add_fact (out, "domain uid", report->domain_uid);
  add_fact (out, "into", report->into);
  add_fact (out, "selection", *report->selection != '\0' ? report->selection : "everything");
  add_fact (out, "mail server", report->server);
  add_fact (out, "transport", report->transport);
  add_fact (out, "database", report->witness);
  add_fact (out, "sandbox", report->sandbox);
  add_fact (out, "rendering", report->render_id);
  add_fact (out, "job directory", report->job);
  add_time (out, "started", report->started_ms);
  add_time (out, "finished", report->finished_ms);
  for (guint i = 0; i < report->warnings->len; i++)
    add_fact (out, "warning", g_ptr_array_index (report->warnings, i));
  g_string_append (out, "</dl></section>\n");
}

gchar *
bm_report_to_html (const BmReport *report)
{
  g_autoptr (GString) out = g_string_new (NULL);
  bm_html_begin (out, "Import report");
  add_verdict (out, report);
  add_ledger (out, report);
  add_timeline (out, report);
  add_folders (out, report);
  add_exceptions (out, report);
  add_counts (out, "Fidelity notes", report->notes, explain_note);
  add_counts (out, "Not mail, by class", report->classes, NULL);
  add_facts (out, report);
  bm_html_end (out);
  return g_string_free (g_steal_pointer (&out), FALSE);
}
