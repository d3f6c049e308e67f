/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The engine when the selection changes between the runs of one job: nothing is sent twice, nothing
 * that was sent is forgotten, and what is no longer wanted is not sent. */
#include "engine/bm-fixture.h"

#include <string.h>

static const gchar *const inbox[] = {"Inbox", NULL};

/* Everything but Inbox and what is below. */
static BmImportOptions
without_inbox (void)
{
  BmImportOptions options = fixture_fast;
  options.selection.exclude = inbox;
  return options;
}

static BmReport *
run_without_inbox (Fixture *fixture)
{
  g_autoptr (GError) stopped = NULL;
  const BmImportOptions options = without_inbox ();
  BmReport *report = fixture_run_with (fixture, &options, &stopped);
  g_assert_no_error (stopped);
  return report;
}

static void
assert_everything (Fixture *fixture)
{
  g_autoptr (BmReport) report = fixture_run (fixture);
  g_assert_cmpuint (report->ledger.verified, ==, FIXTURE_MAIL);
  g_assert_cmpuint (report->ledger.pending, ==, 0);
  g_autofree gchar *dump = fake_server_dump (fixture->server, FALSE);
  g_auto (GStrv) lines = g_strsplit (dump, "\n", -1);
  g_assert_cmpuint (g_strv_length (lines), ==, FIXTURE_MAIL);
}

/* data: whether the server had stored what it did not answer. */
static void
test_doubt (Fixture *fixture, gconstpointer data)
{
  gboolean stored = GPOINTER_TO_UINT (data) != 0;
  fixture->server->no_list = TRUE; /* so that the doubt outlives the run */
  *(stored ? &fixture->server->lose_after_store : &fixture->server->lose_before_store) = 1;
  g_autoptr (BmReport) first = fixture_run (fixture);
  g_assert_cmpuint (first->ledger.in_doubt, ==, 4); /* a batch of Inbox */
  fixture->server->no_list = FALSE;
  g_autoptr (BmReport) unwanted = run_without_inbox (fixture);
  g_assert_cmpuint (unwanted->ledger.in_doubt, ==, 0);
  g_assert_cmpuint (unwanted->ledger.pending, ==, 0);
  g_assert_cmpuint (unwanted->ledger.verified, ==, stored ? FIXTURE_MAIL : FIXTURE_MAIL - 4);
  g_assert_cmpuint (unwanted->ledger.skipped, ==, stored ? 1 : 5);
  assert_everything (fixture);
}

/* What was sent is proven, wanted or not. */
static void
test_unproven (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) stopped = NULL;
  BmImportOptions options = fixture_fast;
  options.no_wait = TRUE;
  fixture->server->lag = G_MAXUINT;
  g_autoptr (BmReport) first = fixture_run_with (fixture, &options, &stopped);
  g_assert_no_error (stopped);
  g_assert_cmpuint (first->ledger.unverified, ==, FIXTURE_MAIL);
  fixture->server->lag = 0;
  g_autoptr (BmReport) unwanted = run_without_inbox (fixture);
  g_assert_cmpuint (unwanted->ledger.verified, ==, FIXTURE_MAIL);
}

static void
test_retry (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (BmMessage) two = fake_message (0, "two");
  gchar hex[41];
  guint n = 0;
  bm_guid_to_hex (&two->guid, hex);
  fixture->server->refuse_guid = hex;
  g_autoptr (BmReport) first = fixture_run (fixture);
  g_assert_cmpuint (first->ledger.failed, ==, 2);
  bm_report_free (run_without_inbox (fixture));
  fixture->server->refuse_guid = NULL;
  g_autoptr (BmJournal) journal = bm_journal_open (fixture->path, FALSE, &error);
  g_assert_true (bm_journal_retry (journal, BM_CAUSE_LAST, &n, &error));
  g_assert_cmpuint (n, ==, 2);
  g_autoptr (BmReport) unwanted = run_without_inbox (fixture);
  g_assert_cmpuint (unwanted->ledger.verified, ==, FIXTURE_MAIL - 1);
  g_assert_cmpuint (unwanted->ledger.skipped, ==, 2); /* "two" and the contact */
  g_assert_cmpuint (unwanted->ledger.failed, ==, 1);
  assert_everything (fixture);
}

static void
test_gone (Fixture *fixture, gconstpointer data)
{
  g_autoptr (BmMessage) two = fake_message (0, "two");
  gchar hex[41];
  bm_guid_to_hex (&two->guid, hex);
  fixture->server->gone_guid = hex;
  bm_report_free (fixture_run (fixture));
  bm_report_free (run_without_inbox (fixture));
  g_string_truncate (fixture->server->trace, 0);
  g_autoptr (BmReport) again = fixture_run (fixture);
  g_assert_cmpuint (again->ledger.gone, ==, 1);
  g_assert_null (strstr (fixture->server->trace->str, "append:"));
}

static void
test_empty_folders (Fixture *fixture, gconstpointer data)
{
  static const gchar *const sent[] = {"Sent Items", NULL};
  g_autoptr (GError) stopped = NULL;
  BmImportOptions options = fixture_fast;
  options.empty_folders = TRUE;
  options.selection.exclude = sent;
  bm_report_free (fixture_run_with (fixture, &options, &stopped));
  g_assert_no_error (stopped);
  g_assert_nonnull (fake_server_folder (fixture->server, "Imported/x/Inbox", FALSE));
  g_assert_null (fake_server_folder (fixture->server, "Imported/x/Sent Items", FALSE));
}

/* Dies anywhere with one selection and goes on with another. */
static void
test_die_and_change (Fixture *fixture, gconstpointer data)
{
  const BmImportOptions narrow = without_inbox ();
  gboolean narrow_first = GPOINTER_TO_UINT (data) != 0;
  guint deaths = 0;
  for (gboolean died = TRUE; died; deaths++) {
    Fixture own;
    fixture_set_up (&own, NULL);
    died = fixture_die (&own, narrow_first ? &narrow : &fixture_fast, deaths + 1);
    if (!narrow_first) {
      g_autoptr (BmReport) report = run_without_inbox (&own);
      g_assert_cmpuint (report->ledger.pending, ==, 0);
      g_assert_cmpuint (report->ledger.unverified, ==, 0);
    }
    assert_everything (&own);
    fixture_tear_down (&own, NULL);
  }
  g_assert_cmpuint (deaths, >, 15); /* a test of the test */
}

/* Dies anywhere while the selection changes, and goes on with the new one. */
static void
test_die_while_changing (Fixture *fixture, gconstpointer data)
{
  guint deaths = 0;
  for (gboolean died = TRUE; died; deaths++) {
    Fixture own;
    fixture_set_up (&own, NULL);
    bm_report_free (run_without_inbox (&own));
    died = fixture_die (&own, &fixture_fast, deaths + 1);
    assert_everything (&own);
    fixture_tear_down (&own, NULL);
  }
  g_assert_cmpuint (deaths, >, 15);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_log_set_always_fatal (G_LOG_LEVEL_CRITICAL | G_LOG_FATAL_MASK); /* the engine warns of faults */
#define ADD(name, func, data)                                                                      \
  g_test_add ("/selection/" name, Fixture, data, fixture_set_up, func, fixture_tear_down)
  ADD ("in-doubt-and-not-stored", test_doubt, GUINT_TO_POINTER (0));
  ADD ("in-doubt-and-stored", test_doubt, GUINT_TO_POINTER (1));
  ADD ("unproven", test_unproven, NULL);
  ADD ("retry", test_retry, NULL);
  ADD ("gone", test_gone, NULL);
  ADD ("empty-folders", test_empty_folders, NULL);
  ADD ("die-then-narrow-then-all", test_die_and_change, GUINT_TO_POINTER (0));
  ADD ("die-narrow-then-all", test_die_and_change, GUINT_TO_POINTER (1));
  ADD ("die-while-changing", test_die_while_changing, NULL);
  return g_test_run ();
}
