/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The report from a journal made by hand: ledger, exit status in every combination, hostile texts in
 * every rendering, subjects only on demand. */
#include "journal/bm-journal.h"

#include <bm-pst-import/report.h>
#include <json-glib/json-glib.h>
#include <string.h>

static BmMessage *
message_of (guint32 nid)
{
  static const gchar text[] = "Subject: s\r\n\r\n";
  BmMessage *message = bm_message_seal (g_bytes_new (text, sizeof text - 1), NULL);
  message->nid = nid;
  message->internal_date = 86400;
  g_free (message->subject);
  message->subject = g_strdup ("=cmd|' /C calc'!A0 <script>");
  return message;
}

typedef enum {
  VERIFIED = 1,
  UNVERIFIED = 2,
  DIFFERS = 4,
  GONE = 8,
  SKIPPED = 16,
  FAILED = 32,
  PENDING = 64,
} Content;

/* One item of each kind. */
static BmJournal *
journal_with (guint content, BmCause stopped, gboolean subjects)
{
  BmJournal *journal = bm_journal_open (":memory:", FALSE, NULL);
  BmJournalFolder folder = {.nid = 2,
                            .path = (gchar *) "In<b>box & \"co\"",
                            .rule = BM_RULE_NONE,
                            .target = (gchar *) "Imported/x"};
  guint n = 0;
  if (subjects)
    bm_journal_keep_subjects (journal);
  g_assert_true (bm_journal_add_folder (journal, &folder, NULL));
  for (guint bit = VERIFIED; bit <= PENDING; bit <<= 1) {
    if ((content & bit) == 0)
      continue;
    guint32 nid = 4 + 0x20 * n++;
    g_autoptr (BmMessage) message = message_of (nid);
    g_assert_true (bm_journal_add_item (journal, nid, 2,
                                        bit == SKIPPED ? BM_RULE_ASSOCIATED : BM_RULE_NONE, NULL));
    if (bit == FAILED)
      g_assert_true (
          bm_journal_fail (journal, nid, BM_CAUSE_REFUSED, "no; \"never\"\r\n<i>", NULL));
    if (bit == SKIPPED || bit == PENDING || bit == FAILED)
      continue;
    g_assert_true (bm_journal_intend (journal, message, NULL));
    g_assert_true (bm_journal_appended (journal, nid, 1, n, NULL));
    BmState state = bit == VERIFIED     ? BM_STATE_VERIFIED
                    : bit == UNVERIFIED ? BM_STATE_UNVERIFIED
                    : bit == DIFFERS    ? BM_STATE_DIFFERS
                                        : BM_STATE_GONE;
    g_assert_true (bm_journal_conclude (journal, nid, state,
                                        bit == UNVERIFIED ? "body-missing" : NULL, 0, NULL));
  }
  g_assert_true (bm_journal_set_int (journal, "census.items", n, NULL));
  if (stopped != BM_CAUSE_LAST)
    g_assert_true (bm_journal_set (journal, "stopped.cause", bm_cause_token (stopped), NULL));
  return journal;
}

static gint
status_of (guint content, BmCause stopped)
{
  g_autoptr (BmJournal) journal = journal_with (content, stopped, FALSE);
  g_autoptr (BmReport) report = bm_report_collect (journal, NULL);
  g_assert_true (report->ledger.balanced);
  return report->exit_status;
}

/* 3, then the 6x to 130, then 2, then 1. */
static void
test_exit_status (void)
{
  static const struct {
    guint content;
    BmCause stopped;
    gint want;
  } cases[] = {
      {VERIFIED | SKIPPED, BM_CAUSE_LAST, 0},
      {VERIFIED | FAILED, BM_CAUSE_LAST, 1},
      {VERIFIED | UNVERIFIED, BM_CAUSE_LAST, 2},
      {VERIFIED | UNVERIFIED | FAILED, BM_CAUSE_LAST, 2},
      {VERIFIED | GONE, BM_CAUSE_LAST, 2},
      {VERIFIED | PENDING, BM_CAUSE_LAST, 2},
      {VERIFIED | PENDING, BM_CAUSE_OVER_QUOTA, 73},
      {VERIFIED | PENDING | FAILED, BM_CAUSE_INTERRUPTED, 130},
      {PENDING, BM_CAUSE_CONNECTION_LOST, 75},
      {PENDING, BM_CAUSE_LOGIN_REFUSED, 77},
      {DIFFERS | UNVERIFIED | FAILED, BM_CAUSE_OVER_QUOTA, 3},
      {0, BM_CAUSE_LAST, 0},
  };
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    g_assert_cmpint (status_of (cases[i].content, cases[i].stopped), ==, cases[i].want);
}

/* A row that is missing, or one too many, shows. */
static void
test_unbalanced (void)
{
  for (gint off = -1; off <= 1; off += 2) {
    g_autoptr (BmJournal) journal = journal_with (VERIFIED | SKIPPED, BM_CAUSE_LAST, FALSE);
    g_assert_true (bm_journal_set_int (journal, "census.items", 2 + off, NULL));
    g_autoptr (BmReport) report = bm_report_collect (journal, NULL);
    g_assert_false (report->ledger.balanced);
    g_assert_cmpint (report->exit_status, ==, 3);
    g_autofree gchar *text = bm_report_to_text (report);
    g_assert_nonnull (strstr (text, "DOES NOT BALANCE"));
  }
}

static void
test_renderings (void)
{
  g_autoptr (BmJournal) journal = journal_with (127, BM_CAUSE_LAST, TRUE);
  g_autoptr (BmReport) report = bm_report_collect (journal, NULL);
  g_autofree gchar *json = bm_report_to_json (report), *csv = bm_report_to_csv (report),
                   *html = bm_report_to_html (report), *text = bm_report_to_text (report);
  g_autoptr (JsonParser) parser = json_parser_new ();
  g_assert_true (json_parser_load_from_data (parser, json, -1, NULL));
  JsonObject *root = json_node_get_object (json_parser_get_root (parser));
  g_assert_cmpint (json_object_get_int_member (root, "version"), ==, BM_REPORT_VERSION);
  JsonObject *ledger = json_object_get_object_member (root, "ledger");
  gint64 sum = 0;
  static const gchar *const classes[] = {"verified", "unverified", "differs", "gone",
                                         "skipped",  "failed",     "pending"};
  for (guint i = 0; i < G_N_ELEMENTS (classes); i++) {
    g_assert_cmpint (json_object_get_int_member (ledger, classes[i]), ==, 1);
    sum += json_object_get_int_member (ledger, classes[i]);
  }
  g_assert_cmpint (sum, ==, json_object_get_int_member (ledger, "found"));
  g_assert_cmpuint (json_array_get_length (json_object_get_array_member (root, "exceptions")), ==,
                    5);
  /* HTML: nothing of the data is markup; no script, no address */
  g_assert_null (strstr (html, "<script"));
  g_assert_null (strstr (html, "<i>"));
  g_assert_null (strstr (html, "<b>"));
  g_assert_null (strstr (html, "http://"));
  g_assert_null (strstr (html, "https://"));
  g_assert_nonnull (strstr (html, "In&lt;b&gt;box &amp; &quot;co&quot;"));
  /* CSV: quoted, no formulas, one line a record */
  g_assert_true (g_str_has_prefix (csv, "\xef\xbb\xbfnid;"));
  g_assert_nonnull (strstr (csv, "\"no; \"\"never\"\""));
  g_assert_nonnull (strstr (csv, "\"'=cmd|"));
  g_assert_null (strstr (csv, "\"=cmd|"));
  g_assert_nonnull (strstr (text, "Exceptions (5)"));
}

/* What is not mail is counted by class, in every rendering. */
static void
test_not_mail (void)
{
  static const gchar *const classes[] = {"IPM.Contact", "IPM.Task", "IPM.Contact",
                                         "IPM.StickyNote"};
  g_autoptr (BmJournal) journal = bm_journal_open (":memory:", FALSE, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (classes); i++) {
    g_assert_true (bm_journal_add_item (journal, 4 + 0x20 * i, 2, BM_RULE_NONE, NULL));
    g_assert_true (bm_journal_skip (journal, 4 + 0x20 * i, BM_RULE_NOT_MAIL, classes[i], NULL));
  }
  g_assert_true (bm_journal_set_int (journal, "census.items", G_N_ELEMENTS (classes), NULL));
  g_autoptr (BmReport) report = bm_report_collect (journal, NULL);
  g_autofree gchar *json = bm_report_to_json (report), *html = bm_report_to_html (report),
                   *text = bm_report_to_text (report);
  g_autoptr (JsonParser) parser = json_parser_new ();
  g_assert_true (json_parser_load_from_data (parser, json, -1, NULL));
  JsonObject *ledger = json_object_get_object_member (
      json_node_get_object (json_parser_get_root (parser)), "ledger");
  JsonObject *counts = json_object_get_object_member (ledger, "not_mail_by_class");
  g_assert_true (report->ledger.balanced);
  g_assert_cmpuint (json_object_get_size (counts), ==, 3);
  g_assert_cmpint (json_object_get_int_member (counts, "IPM.Contact"), ==, 2);
  g_assert_cmpint (json_object_get_int_member (counts, "IPM.Task"), ==, 1);
  g_assert_cmpint (json_object_get_int_member (counts, "IPM.StickyNote"), ==, 1);
  JsonObject *rules = json_object_get_object_member (ledger, "skipped_by_rule");
  g_assert_cmpint (json_object_get_int_member (rules, "not-mail"), ==, 4);
  g_assert_nonnull (strstr (text, "\nNot mail, by class\n"));
  g_assert_nonnull (strstr (html, "IPM.StickyNote"));
}

/* The gravest comes first, and a page stays one that a browser opens. */
static void
test_many_exceptions (void)
{
  g_autoptr (BmJournal) journal = journal_with (127, BM_CAUSE_LAST, FALSE);
  for (guint i = 0; i < 1500; i++)
    g_assert_true (bm_journal_add_item (journal, 0x10000 + 0x20 * i, 2, BM_RULE_NONE, NULL));
  g_autoptr (BmReport) report = bm_report_collect (journal, NULL);
  static const gchar *const order[] = {"differs", "failed", "unverified", "gone", "pending"};
  for (guint i = 0; i < G_N_ELEMENTS (order); i++) {
    const BmReportException *one = g_ptr_array_index (report->exceptions, i);
    g_assert_cmpstr (one->status, ==, order[i]);
  }
  g_autofree gchar *html = bm_report_to_html (report), *csv = bm_report_to_csv (report);
  g_assert_nonnull (strstr (html, "Exceptions (1505)"));
  g_assert_nonnull (strstr (html, "505 more"));
  g_auto (GStrv) rows = g_strsplit (html, "<tr><td class=\"short\" data-label=\"item\">", -1);
  g_assert_cmpuint (g_strv_length (rows), ==, 1001);
  g_auto (GStrv) lines = g_strsplit (csv, "\r\n", -1);
  g_assert_cmpuint (g_strv_length (lines), >, 1500);
}

/* The chart says how many and how long. */
static void
test_chart (void)
{
  g_autoptr (BmJournal) journal = journal_with (VERIFIED, BM_CAUSE_LAST, FALSE);
  g_autoptr (BmReport) report = bm_report_collect (journal, NULL);
  g_array_set_size (report->timeline, 0);
  const BmReportPoint points[] = {{0, 10, 0}, {95000, 1234, 600}, {125000, 1234, 1200}};
  g_array_append_vals (report->timeline, points, G_N_ELEMENTS (points));
  g_autofree gchar *html = bm_report_to_html (report);
  g_assert_nonnull (strstr (html, ">1234</text>"));
  g_assert_nonnull (strstr (html, ">617</text>"));
  g_assert_nonnull (strstr (html, ">0:02:05</text>"));
  g_assert_nonnull (strstr (html, "1234 appended"));
  g_assert_nonnull (strstr (html, "1200 proven"));
}

/* No subject anywhere unless the job kept them. */
static void
test_no_subjects (void)
{
  g_autoptr (BmJournal) journal = journal_with (127, BM_CAUSE_LAST, FALSE);
  g_autoptr (BmReport) report = bm_report_collect (journal, NULL);
  g_autofree gchar *json = bm_report_to_json (report), *csv = bm_report_to_csv (report),
                   *html = bm_report_to_html (report);
  g_assert_null (strstr (json, "calc"));
  g_assert_null (strstr (csv, "calc"));
  g_assert_null (strstr (html, "calc"));
}

static void
test_stalled_advice (void)
{
  g_autoptr (BmJournal) journal = journal_with (UNVERIFIED, BM_CAUSE_LAST, FALSE);
  g_assert_true (bm_journal_set (journal, "stalled", "1", NULL));
  g_assert_true (bm_journal_set (journal, "user.address", "u@d", NULL));
  g_autoptr (BmReport) report = bm_report_collect (journal, NULL);
  g_autofree gchar *text = bm_report_to_text (report);
  g_assert_nonnull (strstr (text, "sync_client"));
  g_assert_nonnull (strstr (text, "bm-cli maintenance repair --ops replication.subtree u@d"));
  g_assert_nonnull (strstr (text, "bm-pst-import verify"));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/report/exit-status", test_exit_status);
  g_test_add_func ("/report/unbalanced", test_unbalanced);
  g_test_add_func ("/report/renderings", test_renderings);
  g_test_add_func ("/report/not-mail", test_not_mail);
  g_test_add_func ("/report/many-exceptions", test_many_exceptions);
  g_test_add_func ("/report/chart", test_chart);
  g_test_add_func ("/report/no-subjects", test_no_subjects);
  g_test_add_func ("/report/stalled-advice", test_stalled_advice);
  return g_test_run ();
}
