/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The report as plain text for a terminal, under 100 columns where names allow. Must not collect
 * or judge. Any thread. */
#include <bm-pst-import/report.h>

#define NAME_WIDTH       38 /* of a folder */
#define EXCEPTIONS_SHOWN 50

static void
add_fact (GString *out, const gchar *name, const gchar *value)
{
  if (*value != '\0')
    g_string_append_printf (out, "  %-14s %s\n", name, value);
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
add_head (GString *out, const BmReport *report)
{
  g_string_append_printf (out, "Import report%s\n\n", report->dry_run ? " (dry run)" : "");
  g_autofree gchar *size = g_format_size_full (report->pst_size, G_FORMAT_SIZE_IEC_UNITS);
  g_autofree gchar *pst =
      g_strdup_printf ("%s (%s, %s, encryption %s%s)", report->pst_path, size, report->pst_format,
                       report->pst_crypt, report->pst_password ? ", password" : "");
  g_autofree gchar *user = g_strdup_printf ("%s (uid %s in %s)", report->user_address,
                                            report->user_uid, report->domain_uid);
  add_fact (out, "PST", pst);
  add_fact (out, "user", user);
  add_fact (out, "into", report->into);
  add_fact (out, "selection", *report->selection != '\0' ? report->selection : "everything");
  add_fact (out, "mail server", report->server);
  add_fact (out, "transport", report->transport);
  add_fact (out, "database", report->witness);
  add_fact (out, "sandbox", report->sandbox);
  add_fact (out, "rendering", report->render_id);
  add_fact (out, "job", report->job);
  add_time (out, "started", report->started_ms);
  add_time (out, "finished", report->finished_ms);
}

static void
add_line (GString *out, const gchar *sign, const gchar *name, guint64 n)
{
  g_string_append_printf (out, "  %s %-12s %10" G_GUINT64_FORMAT "\n", sign, name, n);
}

static void
add_counts (GString *out, const GArray *counts)
{
  for (guint i = 0; i < counts->len; i++) {
    const BmReportCount *one = &g_array_index (counts, BmReportCount, i);
    g_string_append_printf (out, "      %-24s %6" G_GUINT64_FORMAT "\n", one->token, one->n);
  }
}

static void
add_ledger (GString *out, const BmReport *report)
{
  const BmLedger *ledger = &report->ledger;
  g_string_append (out, "\nLedger\n");
  add_line (out, " ", "found", ledger->found);
  add_line (out, "=", "verified", ledger->verified);
  if (ledger->present_before > 0)
    g_string_append_printf (
        out, "      of the messages on the server, %" G_GUINT64_FORMAT " were there before\n",
        ledger->present_before);
  add_line (out, "+", "unverified", ledger->unverified);
  add_counts (out, report->reasons);
  add_line (out, "+", "differs", ledger->differs);
  add_line (out, "+", "gone", ledger->gone);
  add_line (out, "+", "skipped", ledger->skipped);
  add_counts (out, report->rules);
  add_line (out, "+", "failed", ledger->failed);
  add_counts (out, report->causes);
  add_line (out, "+", "pending", ledger->pending);
  g_string_append_printf (out, "  The ledger %s.\n",
                          ledger->balanced ? "balances" : "DOES NOT BALANCE");
}

static void
add_folders (GString *out, const BmReport *report)
{
  g_string_append (out, "\nFolders                                     found verified  skipped   "
                        "failed    other\n");
  for (guint i = 0; i < report->folders->len; i++) {
    const BmReportFolder *folder = g_ptr_array_index (report->folders, i);
    if (folder->found == 0)
      continue;
    const gchar *name = folder->target != NULL ? folder->target
                        : folder->path != NULL ? folder->path
                                               : "(outside the user's folders)";
    /* padded by characters, which printf does not know; a long name has a line of its own */
    glong length = g_utf8_strlen (name, -1);
    gboolean long_name = length > NAME_WIDTH;
    g_string_append_printf (
        out,
        "  %s%s%*s %8" G_GUINT64_FORMAT " %8" G_GUINT64_FORMAT " %8" G_GUINT64_FORMAT
        " %8" G_GUINT64_FORMAT " %8" G_GUINT64_FORMAT "\n",
        name, long_name ? "\n  " : "", (gint) (long_name ? NAME_WIDTH : NAME_WIDTH - length), "",
        folder->found, folder->verified, folder->skipped, folder->failed,
        folder->unverified + folder->differs + folder->gone + folder->pending);
  }
}

static void
add_exceptions (GString *out, const BmReport *report)
{
  if (report->exceptions->len == 0)
    return;
  g_string_append_printf (out, "\nExceptions (%u)\n", report->exceptions->len);
  for (guint i = 0; i < report->exceptions->len && i < EXCEPTIONS_SHOWN; i++) {
    const BmReportException *one = g_ptr_array_index (report->exceptions, i);
    g_string_append_printf (out, "  %08x %s%s%s in %s\n", one->nid, one->status,
                            *one->cause != '\0' ? ": " : "", one->cause,
                            one->folder != NULL ? one->folder : "(outside)");
    if (*one->reason != '\0') {
      g_autofree gchar *reason = g_strdelimit (g_strdup (one->reason), "\r\n", ' ');
      g_string_append_printf (out, "           %s\n", reason);
    }
    g_string_append_printf (out, "           do: %s\n", one->advice);
  }
  if (report->exceptions->len > EXCEPTIONS_SHOWN)
    g_string_append_printf (out, "  ... %u more: see the CSV report\n",
                            report->exceptions->len - EXCEPTIONS_SHOWN);
}

static void
add_words (GString *out, const BmReport *report)
{
  if (report->classes->len > 0) {
    g_string_append (out, "\nNot mail, by class\n");
    add_counts (out, report->classes);
  }
  if (report->notes->len > 0) {
    g_string_append (out, "\nFidelity notes\n");
    add_counts (out, report->notes);
  }
  for (guint i = 0; i < report->warnings->len; i++)
    g_string_append_printf (out, "%s  %s\n", i == 0 ? "\nWarnings\n" : "",
                            (const gchar *) g_ptr_array_index (report->warnings, i));
}

static void
add_stalled (GString *out, const BmReport *report)
{
  if (!report->stalled)
    return;
  g_string_append_printf (
      out,
      "  Check: sync_client of the mail server, /var/log/bm/replication.log, bm-core, free disk.\n"
      "  Repair: bm-cli maintenance repair --ops replication.subtree %s\n"
      "          bm-cli maintenance repair --ops message_bodies %s\n"
      "  Then: bm-pst-import verify %s\n"
      "  Never import again because rows are missing: the messages are on the mail server.\n",
      report->user_address, report->user_address, report->job);
}

gchar *
bm_report_to_text (const BmReport *report)
{
  g_autoptr (GString) out = g_string_new (NULL);
  add_head (out, report);
  add_ledger (out, report);
  add_folders (out, report);
  add_words (out, report);
  add_exceptions (out, report);
  g_string_append_printf (out, "\n%s (exit status %d).\n", bm_report_verdict (report),
                          report->exit_status);
  if (!report->dry_run) {
    g_autofree gchar *rule = NULL;
    const gchar *grade = bm_grade_token (bm_report_grade (report, &rule));
    g_string_append_printf (out, "Grade: %s (%s).\n", grade, rule);
  }
  add_stalled (out, report);
  if (report->stopped != BM_CAUSE_LAST)
    g_string_append_printf (out, "  %s: %s\n  do: %s\n", bm_cause_token (report->stopped),
                            report->stopped_text, bm_cause_advice (report->stopped));
  return g_string_free (g_steal_pointer (&out), FALSE);
}
