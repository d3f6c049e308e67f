/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The engine on fakes: delivery under faults, doubt, resume, duplicates, verification, ledger. */
#include "engine/bm-fixture.h"

#include <string.h>

/* What an unbroken run leaves; made once. */
static gchar *
expected_dump (void)
{
  static gchar *known;
  if (known != NULL)
    return g_strdup (known);
  Fixture unbroken;
  fixture_set_up (&unbroken, NULL);
  bm_report_free (fixture_run (&unbroken));
  known = fake_server_dump (unbroken.server, FALSE);
  fixture_tear_down (&unbroken, NULL);
  return g_strdup (known);
}

static void
assert_complete (Fixture *fixture, const BmReport *report)
{
  g_autofree gchar *want = expected_dump ();
  g_autofree gchar *got = fake_server_dump (fixture->server, FALSE);
  g_assert_cmpstr (got, ==, want);
  g_assert_cmpuint (report->ledger.verified, ==, FIXTURE_MAIL);
  g_assert_cmpuint (report->ledger.failed, ==, 1);
  g_assert_cmpuint (report->ledger.skipped, ==, 1);
  g_assert_cmpint (report->exit_status, ==, 1);
}

static void
test_plain (Fixture *fixture, gconstpointer data)
{
  g_autoptr (BmReport) report = fixture_run (fixture);
  assert_complete (fixture, report);
  g_assert_cmpuint (fake_server_folder (fixture->server, "Imported/x/Inbox", FALSE)->stored->len,
                    ==, 5);
  g_assert_cmpuint (
      fake_server_folder (fixture->server, "Imported/x/Inbox/Projects", FALSE)->stored->len, ==, 1);
  g_assert_cmpstr (g_array_index (report->classes, BmReportCount, 0).token, ==, "IPM.Contact");
}

static void
test_again (Fixture *fixture, gconstpointer data)
{
  bm_report_free (fixture_run (fixture));
  g_string_truncate (fixture->server->trace, 0);
  g_autoptr (BmReport) second = fixture_run (fixture);
  assert_complete (fixture, second);
  g_assert_null (strstr (fixture->server->trace->str, "append:"));
}

static void
test_lost_job_directory (Fixture *fixture, gconstpointer data)
{
  bm_report_free (fixture_run (fixture));
  fixture_forget_job (fixture);
  g_string_truncate (fixture->server->trace, 0);
  g_autoptr (BmReport) second = fixture_run (fixture);
  assert_complete (fixture, second);
  g_assert_null (strstr (fixture->server->trace->str, "append:"));
  g_assert_cmpuint (second->ledger.present_before, ==, FIXTURE_MAIL);
}

/* One of two equal messages is there: one is appended, not two and not none. */
static void
test_copies (Fixture *fixture, gconstpointer data)
{
  g_autoptr (BmMessage) one = fake_message (0, "one");
  fake_server_folder (fixture->server, "Imported", TRUE);
  fake_server_folder (fixture->server, "Imported/x", TRUE);
  fake_server_put (fixture->server, "Imported/x/Inbox", &one->guid);
  g_autoptr (BmReport) report = fixture_run (fixture);
  assert_complete (fixture, report);
  g_assert_cmpuint (report->ledger.present_before, ==, 1);
}

static void
test_lost_answers (Fixture *fixture, gconstpointer data)
{
  for (guint n = 1; n <= 4; n++) {
    Fixture own;
    fixture_set_up (&own, NULL);
    if (GPOINTER_TO_UINT (data))
      own.server->lose_after_store = n;
    else
      own.server->lose_before_store = n;
    g_autoptr (BmReport) report = fixture_run (&own);
    assert_complete (&own, report);
    g_assert_cmpuint (report->ledger.present_before, ==, 0);
    fixture_tear_down (&own, NULL);
  }
}

/* No digests in FETCH: the database answers on BlueMind 5. */
static void
test_lost_answer_bluemind5 (Fixture *fixture, gconstpointer data)
{
  fixture->server->no_list = fixture->server->bluemind5 = TRUE;
  fixture->server->lose_after_store = 2;
  g_autoptr (BmReport) report = fixture_run (fixture);
  assert_complete (fixture, report);
}

/* Nobody can tell: the messages stay in doubt, and are never sent again. */
static void
test_lost_answer_unknowable (Fixture *fixture, gconstpointer data)
{
  fixture->server->no_list = TRUE;
  fixture->server->lose_after_store = 1;
  g_autoptr (BmReport) report = fixture_run (fixture);
  g_assert_cmpuint (report->ledger.in_doubt, ==, 4);
  g_assert_cmpuint (report->ledger.pending, ==, 4);
  g_assert_cmpint (report->exit_status, ==, 2);
  g_autofree gchar *want = expected_dump ();
  g_autofree gchar *got = fake_server_dump (fixture->server, FALSE);
  g_assert_cmpstr (got, ==, want);
}

static void
test_no_appenduid (Fixture *fixture, gconstpointer data)
{
  fixture->server->no_appenduid = TRUE;
  g_autoptr (BmReport) report = fixture_run (fixture);
  assert_complete (fixture, report);
}

static void
guid_of (const gchar *body, gchar hex[41])
{
  g_autoptr (BmMessage) message = fake_message (0, body);
  bm_guid_to_hex (&message->guid, hex);
}

static void
test_refused (Fixture *fixture, gconstpointer data)
{
  gchar hex[41];
  guid_of ("two", hex);
  fixture->server->refuse_guid = hex;
  g_autoptr (BmReport) report = fixture_run (fixture);
  g_assert_cmpuint (report->ledger.verified, ==, FIXTURE_MAIL - 1);
  g_assert_cmpuint (report->ledger.failed, ==, 2);
  g_assert_cmpint (report->exit_status, ==, 1);
}

/* The server hangs up on one message: it alone is lost. */
static void
test_poison (Fixture *fixture, gconstpointer data)
{
  gchar hex[41];
  guid_of ("two", hex);
  fixture->server->poison_guid = hex;
  g_autoptr (BmReport) report = fixture_run (fixture);
  g_assert_cmpuint (report->ledger.verified, ==, FIXTURE_MAIL - 1);
  g_assert_cmpuint (report->ledger.failed, ==, 2);
}

static void
test_folder_refused (Fixture *fixture, gconstpointer data)
{
  fixture->server->refuse_folder = "Imported/x/Inbox";
  g_autoptr (BmReport) report = fixture_run (fixture);
  g_assert_cmpuint (report->ledger.verified, ==, 2); /* Sent Items */
  g_assert_cmpuint (report->ledger.failed, ==, 7);   /* and what is below the refused one */
}

static void
test_over_quota (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) stopped = NULL;
  fixture->server->quota_after = 3;
  g_autoptr (BmReport) report = fixture_run_with (fixture, &fixture_fast, &stopped);
  g_assert_error (stopped, BM_ERROR, BM_CAUSE_OVER_QUOTA);
  g_assert_cmpuint (report->ledger.pending, >, 0);
  g_autoptr (BmReport) later = fixture_run (fixture);
  assert_complete (fixture, later);
}

static void
test_reconnects (Fixture *fixture, gconstpointer data)
{
  fixture->server->refuse_connects = 5;
  g_autoptr (BmReport) report = fixture_run (fixture);
  assert_complete (fixture, report);
}

/* The connection breaks again while the server is asked what it has. */
static void
test_lost_while_looking (Fixture *fixture, gconstpointer data)
{
  fixture->server->lose_after_store = 1;
  fixture->server->lose_list = 2;
  g_autoptr (BmReport) report = fixture_run (fixture);
  assert_complete (fixture, report);
}

static void
test_lost_while_looking_after_crash (Fixture *fixture, gconstpointer data)
{
  fixture->server->lose_after_store = 1;
  fixture->server->no_list = TRUE;
  bm_report_free (fixture_run (fixture));
  fixture->server->no_list = FALSE;
  fixture->server->lose_list = 2;
  g_autoptr (BmReport) report = fixture_run (fixture);
  assert_complete (fixture, report);
}

/* A server that takes logins and no message is not asked for ever. */
static void
test_server_hangs_up (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) stopped = NULL;
  fixture->server->hang_up = TRUE;
  g_autoptr (BmReport) report = fixture_run_with (fixture, &fixture_fast, &stopped);
  g_assert_error (stopped, BM_ERROR, BM_CAUSE_CONNECTION_LOST);
  g_assert_cmpuint (report->ledger.pending, ==, FIXTURE_MAIL);
  fixture->server->hang_up = FALSE;
  g_autoptr (BmReport) later = fixture_run (fixture);
  assert_complete (fixture, later);
}

/* The user deletes a folder between two runs and makes it again: what lay in the old one is gone,
 * not different, and what the old one held before the job is no copy in the new one. */
static void
test_folder_made_anew (Fixture *fixture, gconstpointer data)
{
  static const gchar *const sent[] = {"Sent Items", NULL};
  static const gchar name[] = "Imported/x/Sent Items";
  g_autoptr (GError) stopped = NULL;
  g_autoptr (BmMessage) four = fake_message (0, "four");
  g_autoptr (BmMessage) seven = fake_message (0, "seven");
  BmImportOptions options = fixture_fast;
  options.no_wait = TRUE;
  options.selection.include = sent;
  fake_server_folder (fixture->server, "Imported", TRUE);
  fake_server_folder (fixture->server, "Imported/x", TRUE);
  fake_server_put (fixture->server, name, &four->guid);
  fixture->server->quota_after = 1; /* "four" is found present, "seven" not sent */
  g_autoptr (BmReport) first = fixture_run_with (fixture, &options, &stopped);
  g_assert_error (stopped, BM_ERROR, BM_CAUSE_OVER_QUOTA);
  g_assert_cmpuint (first->ledger.unverified, ==, 1);
  g_hash_table_remove (fixture->server->folders, name);
  fake_server_put (fixture->server, name, &seven->guid);
  g_clear_error (&stopped);
  options.no_wait = FALSE;
  g_autoptr (BmReport) later = fixture_run_with (fixture, &options, &stopped);
  g_assert_no_error (stopped);
  g_assert_cmpuint (later->ledger.differs, ==, 0);
  g_assert_cmpuint (later->ledger.gone, ==, 1);
  g_assert_cmpuint (later->ledger.verified, ==, 1);
  g_assert_cmpuint (later->ledger.present_before, ==, 2);
  g_assert_cmpuint (fake_server_folder (fixture->server, name, FALSE)->stored->len, ==, 1);
}

/* The user deletes a folder before its messages were proven. It is not made again for that. */
static void
test_folder_deleted (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) stopped = NULL;
  BmImportOptions options = fixture_fast;
  options.no_wait = TRUE;
  fixture->server->lag = G_MAXUINT;
  bm_report_free (fixture_run_with (fixture, &options, &stopped));
  g_assert_no_error (stopped);
  fixture->server->lag = 0;
  g_hash_table_remove (fixture->server->folders, "Imported/x/Sent Items");
  g_autoptr (BmReport) later = fixture_run (fixture);
  g_assert_false (later->stalled);
  g_assert_cmpuint (later->ledger.gone, ==, 2);
  g_assert_cmpuint (later->ledger.verified, ==, FIXTURE_MAIL - 2);
  g_assert_null (fake_server_folder (fixture->server, "Imported/x/Sent Items", FALSE));
}

static void
test_server_stays_away (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) stopped = NULL;
  g_autoptr (GError) error = NULL;
  BmImportOptions options = fixture_fast;
  options.reconnect_tries = 2;
  fixture->server->refuse_connects = 100;
  g_autoptr (BmSource) source = fixture_source ();
  g_autoptr (BmSink) sink = fake_sink_new (fixture->server);
  g_autoptr (BmJournal) journal = bm_journal_open (fixture->path, FALSE, &error);
  g_autoptr (BmImport) import = bm_import_new (source, sink, NULL, journal, &options);
  g_assert_false (bm_import_run (import, &stopped));
  g_assert_error (stopped, BM_ERROR, BM_CAUSE_CONNECTION_LOST);
}

static void
test_lag_and_lost_database (Fixture *fixture, gconstpointer data)
{
  fixture->server->lag = 10;
  fixture->server->lose_database = 3;
  g_autoptr (BmReport) report = fixture_run (fixture);
  assert_complete (fixture, report);
}

/* A database that stays away is no stalled replication, and the advice is another. */
static void
test_database_stays_away (Fixture *fixture, gconstpointer data)
{
  fixture->server->lose_database = G_MAXUINT;
  g_autoptr (BmReport) report = fixture_run (fixture);
  g_assert_false (report->stalled);
  g_assert_cmpuint (report->ledger.unverified, ==, FIXTURE_MAIL);
  g_assert_cmpstr (g_array_index (report->reasons, BmReportCount, 0).token, ==, "database-lost");
  const BmReportException *last =
      g_ptr_array_index (report->exceptions, report->exceptions->len - 1);
  g_assert_cmpstr (last->status, ==, "unverified");
  g_assert_nonnull (strstr (last->advice, "database"));
  g_assert_cmpint (report->exit_status, ==, 2);
  fixture->server->lose_database = 0;
  g_autoptr (BmReport) later = fixture_run (fixture);
  assert_complete (fixture, later);
}

static void
test_stalled_then_verified (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  fixture->server->lag = G_MAXUINT;
  g_autoptr (BmReport) report = fixture_run (fixture);
  g_assert_true (report->stalled);
  g_assert_cmpuint (report->ledger.unverified, ==, FIXTURE_MAIL);
  g_assert_cmpstr (g_array_index (report->reasons, BmReportCount, 0).token, ==, "stalled");
  g_assert_cmpint (report->exit_status, ==, 2);
  fixture->server->lag = 0;
  g_autoptr (BmWitness) witness = fake_witness_new (fixture->server);
  g_autoptr (BmJournal) journal = bm_journal_open (fixture->path, FALSE, &error);
  g_autoptr (BmImport) import = bm_import_new (NULL, NULL, witness, journal, &fixture_fast);
  g_assert_true (bm_import_verify (import, &error));
  g_autoptr (BmReport) later = bm_report_collect (journal, &error);
  assert_complete (fixture, later);
  g_assert_false (later->stalled);
}

/* Nothing is waited for, nothing is proven; later somebody who can looks. */
static void
test_blind (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  gint64 began = g_get_monotonic_time ();
  fixture->server->blind = TRUE;
  fixture->server->lose_after_store = 1; /* settled by the mail server's digests */
  g_autoptr (BmReport) report = fixture_run (fixture);
  g_assert_cmpint (g_get_monotonic_time () - began, <, G_USEC_PER_SEC); /* < stall_after_s */
  g_assert_cmpuint (report->ledger.unverified, ==, FIXTURE_MAIL);
  g_assert_cmpuint (report->ledger.verified, ==, 0);
  g_assert_cmpuint (report->reasons->len, ==, 1);
  g_assert_cmpstr (g_array_index (report->reasons, BmReportCount, 0).token, ==, "no-database");
  g_assert_false (report->stalled);
  g_assert_cmpint (report->exit_status, ==, 2);
  g_assert_nonnull (strstr (bm_report_verdict (report), "not proven"));
  g_autofree gchar *want = expected_dump ();
  g_autofree gchar *got = fake_server_dump (fixture->server, FALSE);
  g_assert_cmpstr (got, ==, want);
  fixture->server->blind = FALSE;
  g_autoptr (BmWitness) witness = fake_witness_new (fixture->server);
  g_autoptr (BmJournal) journal = bm_journal_open (fixture->path, FALSE, &error);
  g_autoptr (BmImport) import = bm_import_new (NULL, NULL, witness, journal, &fixture_fast);
  g_assert_true (bm_import_verify (import, &error));
  g_autoptr (BmReport) later = bm_report_collect (journal, &error);
  assert_complete (fixture, later);
}

/* No digests either: what is in doubt stays so, also on BlueMind 5, and a folder that is in use
 * already does not stop the import. */
static void
test_blind_unknowable (Fixture *fixture, gconstpointer data)
{
  BmGuid guid = {{7}};
  fake_server_put (fixture->server, "Imported/x/Sent Items", &guid);
  fixture->server->blind = fixture->server->bluemind5 = fixture->server->no_list = TRUE;
  fixture->server->lose_after_store = 1;
  g_autoptr (BmReport) report = fixture_run (fixture);
  g_assert_cmpuint (report->ledger.in_doubt, >, 0);
  g_assert_cmpuint (report->ledger.in_doubt, ==, report->ledger.pending);
  g_assert_cmpuint (report->ledger.unverified, ==, FIXTURE_MAIL - report->ledger.pending);
  g_assert_cmpint (report->exit_status, ==, 2);
}

typedef struct {
  guint calls_left;
  gboolean only_urgent;
  guint urgent;
} Moving;

static gboolean
moving (gboolean urgent, gpointer data, GError **error)
{
  Moving *state = data;
  state->urgent += urgent;
  if (state->only_urgent && !urgent)
    return TRUE;
  if (state->calls_left-- > 1)
    return TRUE;
  g_set_error_literal (error, BM_ERROR, BM_CAUSE_MAILBOX_MOVED, "fake: moved");
  return FALSE;
}

static void
test_guard (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) stopped = NULL;
  Moving state = {.calls_left = 2};
  FixtureGuard guard = {moving, &state};
  g_autoptr (BmReport) report = fixture_run_guarded (fixture, &guard, &stopped);
  g_assert_error (stopped, BM_ERROR, BM_CAUSE_MAILBOX_MOVED);
  g_assert_cmpuint (report->ledger.pending, >, 0);
  g_autoptr (BmReport) later = fixture_run (fixture);
  assert_complete (fixture, later);
}

/* What looks gone, different or refused, or a database that fails, is asked about before it is
 * believed. */
static void
test_guard_urgent (Fixture *fixture, gconstpointer data)
{
  gchar guid[41];
  guid_of ("four", guid);
  switch (GPOINTER_TO_INT (data)) {
  case 0:
    fixture->server->gone_guid = guid;
    break;
  case 1:
    fixture->server->differs_guid = guid;
    break;
  case 2:
    fixture->server->lose_database = 1;
    break;
  case 3:
    fixture->server->refuse_guid = guid;
    break;
  case 4:
    fixture->server->refuse_folder = "Imported/x/Inbox/Projects";
    break;
  default:
    fixture->server->poison_guid = guid;
  }
  g_autoptr (GError) stopped = NULL;
  Moving state = {.calls_left = 1, .only_urgent = TRUE};
  FixtureGuard guard = {moving, &state};
  g_autoptr (BmReport) report = fixture_run_guarded (fixture, &guard, &stopped);
  g_assert_error (stopped, BM_ERROR, BM_CAUSE_MAILBOX_MOVED);
  g_assert_cmpuint (state.urgent, ==, 1);
  g_assert_cmpuint (report->ledger.gone + report->ledger.differs, ==, 0);
  g_assert_cmpuint (report->ledger.failed, <=, 1); /* the one that cannot be read */
  fixture->server->gone_guid = fixture->server->differs_guid = NULL;
  fixture->server->refuse_guid = fixture->server->poison_guid = NULL;
  fixture->server->refuse_folder = NULL;
  g_autoptr (BmReport) later = fixture_run (fixture);
  assert_complete (fixture, later);
}

static void
test_verdicts (Fixture *fixture, gconstpointer data)
{
  gchar no_body[41], differs[41], gone[41];
  guid_of ("two", no_body);
  guid_of ("three", differs);
  guid_of ("four", gone);
  fixture->server->no_body_guid = no_body;
  fixture->server->differs_guid = differs;
  fixture->server->gone_guid = gone;
  g_autoptr (BmReport) report = fixture_run (fixture);
  g_assert_cmpuint (report->ledger.verified, ==, FIXTURE_MAIL - 3);
  g_assert_cmpuint (report->ledger.unverified, ==, 1);
  g_assert_cmpuint (report->ledger.differs, ==, 1);
  g_assert_cmpuint (report->ledger.gone, ==, 1);
  g_assert_cmpint (report->exit_status, ==, 3);
  g_assert_cmpstr (g_array_index (report->reasons, BmReportCount, 0).token, ==, "body-missing");
}

/* While the reader is slow the mail server hears of us, but not all the time. */
static void
test_idle (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) stopped = NULL;
  BmImportOptions options = fixture_fast;
  fixture->hesitations = 5;
  bm_report_free (fixture_run_with (fixture, &options, &stopped));
  g_assert_null (strstr (fixture->server->trace->str, "idle"));
  fixture_forget_job (fixture);
  options.idle_after_ms = 1;
  g_autoptr (BmReport) report = fixture_run_with (fixture, &options, &stopped);
  g_assert_no_error (stopped);
  g_assert_nonnull (strstr (fixture->server->trace->str, "idle"));
  g_assert_cmpuint (report->ledger.verified, ==, FIXTURE_MAIL);
}

/* A claim that changes is a sign of life, though no last_uid rises and nothing is proven. */
static void
test_claim_that_changes (Fixture *fixture, gconstpointer data)
{
  gchar hex[41];
  g_autoptr (GError) stopped = NULL;
  BmImportOptions options = fixture_fast;
  options.gone_after_ms = 60000;
  guid_of ("two", hex);
  fixture->server->gone_guid = hex;
  gint64 began = g_get_monotonic_time ();
  fixture->server->gone_until = began + 700 * 1000;
  g_autoptr (BmReport) report = fixture_run_with (fixture, &options, &stopped);
  g_assert_no_error (stopped);
  g_assert_cmpint (g_get_monotonic_time () - began, >=, 1700 * 1000);
  g_assert_cmpuint (report->ledger.unverified, ==, 1);
}

static void
test_no_wait (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) stopped = NULL;
  BmImportOptions options = fixture_fast;
  options.no_wait = TRUE;
  fixture->server->lag = G_MAXUINT;
  g_autoptr (BmReport) report = fixture_run_with (fixture, &options, &stopped);
  g_assert_no_error (stopped);
  g_assert_cmpuint (report->ledger.unverified, ==, FIXTURE_MAIL);
  g_assert_cmpint (report->exit_status, ==, 2);
}

static void
test_dry_run (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) stopped = NULL;
  BmImportOptions options = fixture_fast;
  options.dry_run = options.no_wait = TRUE;
  g_autoptr (BmReport) report = fixture_run_with (fixture, &options, &stopped);
  g_assert_no_error (stopped);
  g_assert_cmpuint (report->ledger.pending, ==, FIXTURE_MAIL);
  g_assert_null (strstr (fixture->server->trace->str, "append:"));
  g_assert_cmpuint (g_hash_table_size (fixture->server->folders), ==, 1);
}

static void
test_excluded (Fixture *fixture, gconstpointer data)
{
  static const gchar *const exclude[] = {"Inbox", NULL};
  g_autoptr (GError) stopped = NULL;
  BmImportOptions options = fixture_fast;
  options.selection.exclude = exclude;
  g_autoptr (BmReport) report = fixture_run_with (fixture, &options, &stopped);
  g_assert_cmpuint (report->ledger.verified, ==, 2);
  g_assert_cmpuint (report->ledger.skipped, ==, 7);
}

/* The same job with another selection: what was left out comes, what was sent stays. */
static void
test_selected_again (Fixture *fixture, gconstpointer data)
{
  static const gchar *const inbox[] = {"Inbox", NULL}, *const sent[] = {"Sent Items", NULL};
  g_autoptr (GError) stopped = NULL;
  BmImportOptions options = fixture_fast;
  options.selection.include = inbox;
  options.selection.before = 1; /* nothing is that old */
  g_autoptr (BmReport) none = fixture_run_with (fixture, &options, &stopped);
  g_assert_cmpuint (none->ledger.skipped, ==, FIXTURE_MAIL + 2);
  options.selection.before = 0;
  g_autoptr (BmReport) some = fixture_run_with (fixture, &options, &stopped);
  g_assert_cmpuint (some->ledger.verified, ==, 6);
  options.selection.include = sent;
  g_autoptr (BmReport) rest = fixture_run_with (fixture, &options, &stopped);
  g_assert_no_error (stopped);
  g_assert_cmpuint (rest->ledger.verified, ==, FIXTURE_MAIL);
  g_assert_cmpuint (rest->ledger.failed, ==, 1);
  g_assert_true (rest->ledger.balanced);
}

/* ---- dies at every failpoint, resumes, must end in the same mailbox ---- */

static void
test_die_everywhere (Fixture *fixture, gconstpointer data)
{
  guint deaths = 0;
  for (gboolean died = TRUE; died; deaths++) {
    Fixture own;
    fixture_set_up (&own, NULL);
    if (GPOINTER_TO_UINT (data)) /* a folder that is not new, with a message of another client */
      fake_server_put (own.server, "Imported", &(BmGuid){{1}});
    died = fixture_die (&own, &fixture_fast, deaths + 1);
    if (died) {
      g_autoptr (BmReport) report = fixture_run (&own);
      g_autofree gchar *want = expected_dump ();
      g_autofree gchar *got = fake_server_dump (own.server, FALSE);
      g_assert_true (g_str_has_suffix (got, want));
      g_assert_cmpuint (report->ledger.verified, ==, FIXTURE_MAIL);
    }
    fixture_tear_down (&own, NULL);
  }
  g_test_message ("died at %u failpoints", deaths - 1);
  g_assert_cmpuint (deaths, >, 20); /* a test of the test */
}

/* The disk of the job directory fills at any moment. What was appended and could not be written
 * down is in doubt, and found. */
static void
test_disk_full (Fixture *fixture, gconstpointer data)
{
  guint stops = 0;
  gboolean stopped = TRUE;
  for (guint bytes = 16384; stopped; bytes += 4096, stops++) {
    Fixture own;
    fixture_set_up (&own, NULL);
    stopped = fixture_fill_disk (&own, bytes);
    if (stopped) {
      g_autoptr (BmReport) report = fixture_run (&own);
      assert_complete (&own, report);
    }
    fixture_tear_down (&own, NULL);
  }
  g_test_message ("stopped at %u sizes", stops - 1);
  g_assert_cmpuint (stops, >, 10); /* a test of the test */
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_log_set_always_fatal (G_LOG_LEVEL_CRITICAL | G_LOG_FATAL_MASK); /* the engine warns of faults */
#define ADD(name, func, data)                                                                      \
  g_test_add ("/engine/" name, Fixture, data, fixture_set_up, func, fixture_tear_down)
  ADD ("plain", test_plain, NULL);
  ADD ("again", test_again, NULL);
  ADD ("lost-job-directory", test_lost_job_directory, NULL);
  ADD ("copies", test_copies, NULL);
  ADD ("answers-lost-before-storing", test_lost_answers, GUINT_TO_POINTER (0));
  ADD ("answers-lost-after-storing", test_lost_answers, GUINT_TO_POINTER (1));
  ADD ("answer-lost-bluemind5", test_lost_answer_bluemind5, NULL);
  ADD ("answer-lost-unknowable", test_lost_answer_unknowable, NULL);
  ADD ("no-appenduid", test_no_appenduid, NULL);
  ADD ("refused", test_refused, NULL);
  ADD ("poison", test_poison, NULL);
  ADD ("folder-refused", test_folder_refused, NULL);
  ADD ("over-quota", test_over_quota, NULL);
  ADD ("reconnects", test_reconnects, NULL);
  ADD ("lost-while-looking", test_lost_while_looking, NULL);
  ADD ("lost-while-looking-after-crash", test_lost_while_looking_after_crash, NULL);
  ADD ("server-hangs-up", test_server_hangs_up, NULL);
  ADD ("folder-made-anew", test_folder_made_anew, NULL);
  ADD ("folder-deleted", test_folder_deleted, NULL);
  ADD ("server-stays-away", test_server_stays_away, NULL);
  ADD ("lag-and-lost-database", test_lag_and_lost_database, NULL);
  ADD ("database-stays-away", test_database_stays_away, NULL);
  ADD ("stalled-then-verified", test_stalled_then_verified, NULL);
  ADD ("verdicts", test_verdicts, NULL);
  ADD ("blind", test_blind, NULL);
  ADD ("blind-unknowable", test_blind_unknowable, NULL);
  ADD ("guard", test_guard, NULL);
  ADD ("guard-before-gone", test_guard_urgent, GINT_TO_POINTER (0));
  ADD ("guard-before-differs", test_guard_urgent, GINT_TO_POINTER (1));
  ADD ("guard-when-database-fails", test_guard_urgent, GINT_TO_POINTER (2));
  ADD ("guard-before-refused", test_guard_urgent, GINT_TO_POINTER (3));
  ADD ("guard-before-folder-refused", test_guard_urgent, GINT_TO_POINTER (4));
  ADD ("guard-before-hung-up", test_guard_urgent, GINT_TO_POINTER (5));
  ADD ("idle", test_idle, NULL);
  ADD ("claim-that-changes", test_claim_that_changes, NULL);
  ADD ("no-wait", test_no_wait, NULL);
  ADD ("dry-run", test_dry_run, NULL);
  ADD ("excluded", test_excluded, NULL);
  ADD ("selected-again", test_selected_again, NULL);
  ADD ("disk-full", test_disk_full, NULL);
  ADD ("die-everywhere", test_die_everywhere, GUINT_TO_POINTER (0));
  ADD ("die-everywhere-in-used-mailbox", test_die_everywhere, GUINT_TO_POINTER (1));
  return g_test_run ();
}
