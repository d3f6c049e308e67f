/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Grades by their published rules, and the report of a batch: sums, the worst grade, causes grouped,
 * hostile names in every rendering. */
#include "report/bm-batch-report.h"

#include <json-glib/json-glib.h>
#include <string.h>

/* A job's report with this ledger; found is the sum, so that it balances. */
static BmReport *
report_with (guint verified, guint unverified, guint gone, guint skipped, guint failed,
             guint pending)
{
  BmReport *report = g_new0 (BmReport, 1);
  report->strings = g_string_chunk_new (64);
  report->notes = g_array_new (FALSE, FALSE, sizeof (BmReportCount));
  report->causes = g_array_new (FALSE, FALSE, sizeof (BmReportCount));
  report->reasons = g_array_new (FALSE, FALSE, sizeof (BmReportCount));
  BmLedger *ledger = &report->ledger;
  ledger->verified = verified;
  ledger->unverified = unverified;
  ledger->gone = gone;
  ledger->skipped = skipped;
  ledger->failed = failed;
  ledger->pending = pending;
  ledger->found = ledger->rows = verified + unverified + gone + skipped + failed + pending;
  ledger->balanced = TRUE;
  return report;
}

static void
test_grades (void)
{
  static const struct {
    guint verified, unverified, gone, skipped, failed, pending;
    const gchar *note, *grade, *word;
  } cases[] = {
      {10, 0, 0, 2, 0, 0, NULL, "perfect", "nothing was lost"},
      {0, 0, 0, 0, 0, 0, NULL, "perfect", "nothing"},
      {10, 0, 0, 2, 0, 0, "rtf-native", "perfect", "nothing was lost"},
      {10, 0, 0, 2, 0, 0, "body-damaged", "good", "1 notes of lost content"},
      {999, 0, 0, 0, 1, 0, NULL, "good", "1 items failed"},
      {998, 0, 0, 0, 2, 0, NULL, "investigate", "more than 0.1 %"},
      {95, 0, 0, 0, 5, 0, NULL, "investigate", "5 of 100"},
      {94, 0, 0, 0, 6, 0, NULL, "poor", "more than 5 %"},
      {10, 1, 0, 0, 0, 0, NULL, "investigate", "not proven"},
      {10, 0, 1, 0, 0, 0, NULL, "investigate", "moved or deleted"},
      {10, 0, 0, 0, 0, 1, NULL, "poor", "pending"},
  };
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (BmReport) report =
        report_with (cases[i].verified, cases[i].unverified, cases[i].gone, cases[i].skipped,
                     cases[i].failed, cases[i].pending);
    BmReportCount note = {cases[i].note, 1};
    g_autofree gchar *rule = NULL;
    if (cases[i].note != NULL)
      g_array_append_val (report->notes, note);
    g_assert_cmpstr (bm_grade_token (bm_report_grade (report, &rule)), ==, cases[i].grade);
    g_assert_nonnull (strstr (rule, cases[i].word));
  }
}

static void
test_worst_grades (void)
{
  g_autoptr (BmReport) report = report_with (10, 0, 0, 0, 0, 0);
  g_autofree gchar *rule = NULL, *other = NULL;
  report->ledger.balanced = FALSE;
  g_assert_cmpint (bm_report_grade (report, &rule), ==, BM_GRADE_POOR);
  report->ledger.balanced = TRUE;
  report->ledger.differs = 1;
  g_assert_cmpint (bm_report_grade (report, &other), ==, BM_GRADE_POOR);
}

static BmBatchReportRow *
row_of (guint line, const gchar *file, const gchar *state, gint status, const gchar *cause)
{
  BmBatchReportRow *row = g_new0 (BmBatchReportRow, 1);
  row->line = line;
  row->file = g_strdup (file);
  row->user = g_strdup ("=cmd|' /C calc'!A0 <b>@x");
  row->into = g_strdup ("");
  row->state = g_strdup (state);
  row->status = status;
  row->cause = g_strdup (cause);
  row->message = g_strdup (*cause != '\0' ? "words; \"quoted\" <i>" : "");
  row->job = *cause != '\0' ? g_strdup ("") : g_strdup_printf ("a job %u", line);
  return row;
}

/* Two rows of one mailbox, one that failed items, two that were refused. */
static BmBatchReport *
batch (void)
{
  BmBatchReport *report =
      bm_batch_report_new ("weekend", "/m/weekend.csv", "/jobs/batches/weekend");
  g_autoptr (BmReport) good = report_with (1000, 0, 0, 1, 0, 0);
  g_autoptr (BmReport) bad = report_with (990, 0, 0, 0, 10, 0);
  BmReportCount cause = {"unreadable", 10};
  g_array_append_val (bad->causes, cause);
  bm_batch_report_add (report, row_of (2, "/p/a.pst", "ended", 0, ""), "A", good);
  bm_batch_report_add (report, row_of (3, "/p/<b>.pst", "ended", 1, ""), "B", bad);
  bm_batch_report_add (report, row_of (4, "/p/c.pst", "ended", 0, ""), "A", good);
  bm_batch_report_add (report, row_of (5, "/p/d.pst", "refused", 77, "user-unknown"), "C", NULL);
  bm_batch_report_add (report, row_of (6, "/p/e.pst", "refused", 77, "user-unknown"), "D", NULL);
  return report;
}

static void
test_sums (void)
{
  g_autoptr (BmBatchReport) report = batch ();
  bm_batch_report_finish (report);
  g_assert_cmpuint (report->ledger.found, ==, 3002);
  g_assert_cmpuint (report->ledger.verified, ==, 2990);
  g_assert_true (report->ledger.balanced);
  g_assert_cmpuint (report->mailboxes->len, ==, 4);
  g_assert_cmpint (report->grade, ==, BM_GRADE_POOR);
  g_assert_cmpint (report->exit_status, ==, 1);
  g_assert_cmpuint (report->causes->len, ==, 2);
  const BmBatchReportCause *first = &g_array_index (report->causes, BmBatchReportCause, 0);
  g_assert_cmpstr (first->cause, ==, "user-unknown");
  g_assert_cmpuint (first->rows, ==, 2);
  g_assert_cmpuint (g_array_index (report->causes, BmBatchReportCause, 1).items, ==, 10);
  const BmBatchReportMailbox *best = g_ptr_array_index (report->mailboxes, 3);
  g_assert_cmpuint (best->rows, ==, 2);
  g_assert_cmpuint (best->ledger.found, ==, 2002);
  g_assert_cmpint (best->grade, ==, BM_GRADE_PERFECT);
}

/* What is waiting, cut short or not proven is never called good. */
static void
test_unfinished (void)
{
  static const struct {
    const gchar *state;
    gint status, exit_status;
    gboolean running;
  } cases[] = {{"waiting", -1, 1, TRUE},     {"running", -1, 1, TRUE}, {"given-up", 75, 1, FALSE},
               {"cancelled", 130, 1, FALSE}, {"ended", 2, 2, FALSE},   {"ended", 3, 3, FALSE}};
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (BmBatchReport) report = batch ();
    g_autoptr (BmReport) job = report_with (10, 0, 0, 0, 0, 0);
    bm_batch_report_add (report, row_of (7, "/p/f", cases[i].state, cases[i].status, ""), "E", job);
    bm_batch_report_finish (report);
    g_assert_cmpint (report->exit_status, ==, cases[i].exit_status);
    g_assert_cmpint (report->running, ==, cases[i].running);
    if (!g_str_equal (cases[i].state, "ended"))
      g_assert_cmpint (((BmBatchReportRow *) g_ptr_array_index (report->rows, 5))->grade, ==,
                       BM_GRADE_POOR);
  }
}

static void
test_renderings (void)
{
  g_autoptr (BmBatchReport) report = batch ();
  bm_batch_report_add (report, row_of (7, "/p/f.pst", "refused", -1, "usage"), "F", NULL);
  bm_batch_report_finish (report);
  g_autofree gchar *html = bm_batch_report_to_html (report);
  g_autofree gchar *text = bm_batch_report_to_text (report);
  g_autofree gchar *csv = bm_batch_report_to_csv (report);
  g_autofree gchar *json = bm_batch_report_to_json (report);
  g_assert_null (strstr (html, "<b>"));
  g_assert_null (strstr (html, "<i>"));
  g_assert_null (strstr (html, "<script"));
  g_assert_nonnull (strstr (html, "href=\"../../a%20job%202/report.html\""));
  g_assert_nonnull (strstr (html, "retry weekend --cause user-unknown"));
  g_assert_nonnull (strstr (text, "The ledger balances"));
  g_assert_nonnull (strstr (text, "retry weekend --cause unreadable"));
  g_assert_nonnull (strstr (text, "batch '/m/weekend.csv' --name weekend"));
  g_assert_nonnull (strstr (json, "retry weekend --cause unreadable"));
  g_assert_true (g_str_has_prefix (csv, "\xef\xbb\xbfline;"));
  g_assert_nonnull (strstr (csv, "\"'=cmd"));
  g_assert_nonnull (strstr (csv, "\"words; \"\"quoted\"\" <i>\""));
  g_autoptr (JsonParser) parser = json_parser_new ();
  g_assert_true (json_parser_load_from_data (parser, json, -1, NULL));
  JsonObject *root = json_node_get_object (json_parser_get_root (parser));
  g_assert_cmpint (json_object_get_int_member (root, "version"), ==, 1);
  g_assert_cmpstr (json_object_get_string_member (root, "grade"), ==, "poor");
  g_assert_cmpuint (json_array_get_length (json_object_get_array_member (root, "rows")), ==, 6);
}

/* One PST under two names, or one user under two: both rows come to the same job, whose items are
 * there once. */
static void
test_same_job (void)
{
  g_autoptr (BmBatchReport) report = batch ();
  g_autoptr (BmReport) bad = report_with (990, 0, 0, 0, 10, 0);
  BmReportCount cause = {"unreadable", 10};
  g_array_append_val (bad->causes, cause);
  BmBatchReportRow *again = row_of (7, "/p/copy.pst", "ended", 1, "");
  g_free (again->job);
  again->job = g_strdup ("a job 3");
  bm_batch_report_add (report, again, "B", bad);
  bm_batch_report_finish (report);
  g_assert_true (again->has_ledger);
  g_assert_cmpuint (report->ledger.found, ==, 3002);
  g_assert_cmpuint (g_array_index (report->causes, BmBatchReportCause, 1).items, ==, 10);
  for (guint i = 0; i < report->mailboxes->len; i++) {
    const BmBatchReportMailbox *one = g_ptr_array_index (report->mailboxes, i);
    if (g_str_equal (one->key, "B")) {
      g_assert_cmpuint (one->rows, ==, 2);
      g_assert_cmpuint (one->ledger.found, ==, 1000);
    }
  }
}

/* Ten thousand rows of as many mailboxes: looked for by key, not one after the other. */
static void
test_many (void)
{
  g_autoptr (BmBatchReport) report =
      bm_batch_report_new ("many", "/m/many.csv", "/jobs/batches/many");
  g_autoptr (BmReport) good = report_with (1000, 0, 0, 1, 0, 0);
  for (guint i = 0; i < 20000; i++) {
    g_autofree gchar *key = g_strdup_printf ("mailbox %u", i % 10000);
    bm_batch_report_add (report, row_of (i + 2, "/p/a.pst", "ended", 0, ""), key, good);
  }
  bm_batch_report_finish (report);
  g_assert_cmpuint (report->mailboxes->len, ==, 10000);
  g_assert_cmpuint (report->ledger.verified, ==, 20000000);
  g_assert_cmpint (report->exit_status, ==, 0);
}

/* What a job warns of is told where the whole is signed. */
static void
test_warnings (void)
{
  g_autoptr (BmBatchReport) report = batch ();
  g_autoptr (BmReport) job = report_with (10, 0, 0, 0, 0, 0);
  job->warnings = g_ptr_array_new_with_free_func (g_free);
  g_ptr_array_add (job->warnings, g_strdup ("whose PST <u>it is</u>; nobody \"knows\""));
  g_ptr_array_add (job->warnings, g_strdup ("a page is lost"));
  bm_batch_report_add (report, row_of (7, "/p/f.pst", "ended", 0, ""), "F", job);
  bm_batch_report_finish (report);
  g_autofree gchar *html = bm_batch_report_to_html (report);
  g_autofree gchar *text = bm_batch_report_to_text (report);
  g_autofree gchar *csv = bm_batch_report_to_csv (report);
  g_autofree gchar *json = bm_batch_report_to_json (report);
  g_assert_nonnull (strstr (text, "\nWarnings\n  line 7, "));
  g_assert_nonnull (strstr (text, ": a page is lost\n"));
  g_assert_nonnull (strstr (html, "warning: whose PST &lt;u&gt;it is"));
  g_assert_nonnull (strstr (html, "<br>warning: a page is lost</td>"));
  g_assert_nonnull (strstr (csv, ";job;warnings\r\n"));
  g_assert_nonnull (
      strstr (csv, ";\"whose PST <u>it is</u>; nobody \"\"knows\"\" | a page is lost\"\r\n"));
  g_autoptr (JsonParser) parser = json_parser_new ();
  g_assert_true (json_parser_load_from_data (parser, json, -1, NULL));
  JsonArray *rows =
      json_object_get_array_member (json_node_get_object (json_parser_get_root (parser)), "rows");
  JsonArray *last =
      json_object_get_array_member (json_array_get_object_element (rows, 5), "warnings");
  g_assert_cmpuint (json_array_get_length (last), ==, 2);
  g_assert_cmpstr (json_array_get_string_element (last, 1), ==, "a page is lost");
}

/* Each class of the ledger stands under its own name. */
static void
test_json_ledger (void)
{
  g_autoptr (BmBatchReport) report = bm_batch_report_new ("b", "/m/b.csv", "/jobs/batches/b");
  report->ledger = (BmLedger){.found = 1,
                              .verified = 2,
                              .unverified = 3,
                              .differs = 4,
                              .gone = 5,
                              .skipped = 6,
                              .failed = 7,
                              .pending = 8,
                              .bytes = 9};
  bm_batch_report_finish (report);
  g_autofree gchar *json = bm_batch_report_to_json (report);
  g_autoptr (JsonParser) parser = json_parser_new ();
  g_assert_true (json_parser_load_from_data (parser, json, -1, NULL));
  JsonObject *ledger = json_object_get_object_member (
      json_node_get_object (json_parser_get_root (parser)), "ledger");
  static const gchar *const names[] = {"found",   "verified", "unverified", "differs",       "gone",
                                       "skipped", "failed",   "pending",    "verified_bytes"};
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    g_assert_cmpint (json_object_get_int_member (ledger, names[i]), ==, i + 1);
}

/* A row whose user cannot be told has a name in the list of mailboxes all the same. */
static void
test_no_user (void)
{
  g_autoptr (BmBatchReport) report = bm_batch_report_new ("b", "/m/b.csv", "/jobs/batches/b");
  BmBatchReportRow *row = row_of (2, "/p/a.pst", "refused", 64, "usage");
  g_free (row->user);
  row->user = g_strdup ("");
  bm_batch_report_add (report, row, "", NULL);
  bm_batch_report_finish (report);
  g_assert_nonnull (strstr (report->rule, "mailboxes: (no user), line 2"));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/batch-report/grades", test_grades);
  g_test_add_func ("/batch-report/worst-grades", test_worst_grades);
  g_test_add_func ("/batch-report/sums", test_sums);
  g_test_add_func ("/batch-report/unfinished", test_unfinished);
  g_test_add_func ("/batch-report/same-job", test_same_job);
  g_test_add_func ("/batch-report/many", test_many);
  g_test_add_func ("/batch-report/warnings", test_warnings);
  g_test_add_func ("/batch-report/json-ledger", test_json_ledger);
  g_test_add_func ("/batch-report/no-user", test_no_user);
  g_test_add_func ("/batch-report/renderings", test_renderings);
  return g_test_run ();
}
