/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* See bm-fixture.h. */
#include "engine/bm-fixture.h"

#include "base/bm-failpoint.h"

#include <glib/gstdio.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static const gchar *const folders[] = {"Inbox", "Inbox/Projects", "Sent Items", NULL};
static const FakeItem items[FIXTURE_ITEMS] = {
    {0x10004, 1, "one", NULL},  {0x10024, 1, "two", NULL}, {0x10044, 2, "three", NULL},
    {0x10064, 1, "one", NULL}, /* the same bytes again */
    {0x10084, 3, "four", NULL}, {0x100a4, 3, NULL, NULL},  {0x100c4, 2, NULL, "IPM.Contact"},
    {0x100e4, 1, "five", NULL}, {0x10104, 1, "six", NULL}, {0x10124, 3, "seven", NULL},
};
const BmImportOptions fixture_fast = {.into = "Imported/x",
                                      .poll_min_ms = 1,
                                      .poll_max_ms = 5,
                                      .gone_after_ms = 20,
                                      .reconnect_first_ms = 1,
                                      .settle_quiet_ms = 1,
                                      .stall_after_s = 1};

void
fixture_set_up (Fixture *fixture, gconstpointer data)
{
  fixture->server = fake_server_new ();
  fixture->hesitations = 0;
  /* hundreds of durable commits: in memory, where a crash of the machine is no subject */
  fixture->directory = g_access ("/dev/shm", W_OK) == 0
                           ? g_mkdtemp (g_strdup ("/dev/shm/bm-engine-XXXXXX"))
                           : g_dir_make_tmp ("bm-engine-XXXXXX", NULL);
  fixture->path = g_build_filename (fixture->directory, "journal.sqlite", NULL);
}

void
fixture_forget_job (Fixture *fixture)
{
  static const gchar *const suffixes[] = {"", "-wal", "-shm"};
  for (guint i = 0; i < G_N_ELEMENTS (suffixes); i++) {
    g_autofree gchar *path = g_strconcat (fixture->path, suffixes[i], NULL);
    g_unlink (path);
  }
}

void
fixture_tear_down (Fixture *fixture, gconstpointer data)
{
  fixture_forget_job (fixture);
  g_rmdir (fixture->directory);
  g_free (fixture->path);
  g_free (fixture->directory);
  fake_server_free (fixture->server);
}

BmSource *
fixture_source (void)
{
  return fake_source_new (folders, items, FIXTURE_ITEMS);
}

BmReport *
fixture_run_all (Fixture *fixture, const BmImportOptions *options, const FixtureGuard *guard,
                 GError **stopped)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (BmSource) source = fixture_source ();
  g_autoptr (BmSink) sink = fake_sink_new (fixture->server);
  g_autoptr (BmWitness) witness = fake_witness_new (fixture->server);
  g_autoptr (BmJournal) journal = bm_journal_open (fixture->path, FALSE, &error);
  g_assert_no_error (error);
  fake_source_hesitate (source, fixture->hesitations);
  g_autoptr (BmImport) import = bm_import_new (source, sink, witness, journal, options);
  bm_import_set_guard (import, guard->func, guard->data);
  gboolean ok = bm_import_run (import, stopped);
  g_assert_true (ok == (*stopped == NULL));
  BmReport *report = bm_report_collect (journal, &error);
  g_assert_no_error (error);
  g_assert_true (report->ledger.balanced);
  g_assert_cmpuint (report->ledger.found, ==, FIXTURE_ITEMS);
  return report;
}

BmReport *
fixture_run_with (Fixture *fixture, const BmImportOptions *options, GError **stopped)
{
  return fixture_run_all (fixture, options, &(FixtureGuard){0}, stopped);
}

BmReport *
fixture_run_guarded (Fixture *fixture, const FixtureGuard *guard, GError **stopped)
{
  return fixture_run_all (fixture, &fixture_fast, guard, stopped);
}

BmReport *
fixture_run (Fixture *fixture)
{
  g_autoptr (GError) stopped = NULL;
  BmReport *report = fixture_run_with (fixture, &fixture_fast, &stopped);
  g_assert_no_error (stopped);
  return report;
}

/* ---- a run that dies ---- */

static guint points_seen, die_at;

static void
count_or_die (const gchar *name)
{
  if (++points_seen == die_at)
    _exit (42);
}

/* Waits for the child; the server gets what it did. Its exit status. */
static int
reap (Fixture *fixture, pid_t child, const gchar *mirror)
{
  int status;
  g_assert_cmpint (waitpid (child, &status, 0), ==, child);
  g_assert_true (WIFEXITED (status));
  fake_server_replay (fixture->server, mirror);
  g_unlink (mirror);
  return WEXITSTATUS (status);
}

gboolean
fixture_die (Fixture *fixture, const BmImportOptions *options, guint at)
{
  g_autofree gchar *mirror = g_build_filename (fixture->directory, "mirror", NULL);
  fflush (NULL);
  pid_t child = fork ();
  g_assert_cmpint (child, >=, 0);
  if (child == 0) {
    points_seen = 0;
    die_at = at;
    fixture->server->mirror = mirror;
    bm_failpoint_set_handler (count_or_die);
    g_autoptr (GError) stopped = NULL;
    bm_report_free (fixture_run_with (fixture, options, &stopped));
    _exit (0);
  }
  int status = reap (fixture, child, mirror);
  g_assert_true (status == 0 || status == 42);
  return status == 42;
}

static int
run_on_full_disk (Fixture *fixture, guint bytes)
{
  const struct rlimit limit = {bytes, bytes};
  g_autoptr (GError) stopped = NULL;
  signal (SIGXFSZ, SIG_IGN); /* write fails instead */
  if (setrlimit (RLIMIT_FSIZE, &limit) != 0)
    return 1;
  g_autoptr (BmJournal) journal = bm_journal_open (fixture->path, FALSE, &stopped);
  g_autoptr (BmSource) source = fixture_source ();
  g_autoptr (BmSink) sink = fake_sink_new (fixture->server);
  g_autoptr (BmWitness) witness = fake_witness_new (fixture->server);
  g_autoptr (BmImport) import =
      journal != NULL ? bm_import_new (source, sink, witness, journal, &fixture_fast) : NULL;
  if (import != NULL && bm_import_run (import, &stopped))
    return 0;
  return bm_error_cause (stopped) == BM_CAUSE_JOURNAL ? 42 : 1; /* EFBIG, not ENOSPC */
}

gboolean
fixture_fill_disk (Fixture *fixture, guint bytes)
{
  g_autofree gchar *mirror = g_build_filename (fixture->directory, "mirror", NULL);
  fflush (NULL);
  pid_t child = fork ();
  g_assert_cmpint (child, >=, 0);
  if (child == 0) {
    fixture->server->mirror = mirror;
    _exit (run_on_full_disk (fixture, bytes));
  }
  int status = reap (fixture, child, mirror);
  g_assert_true (status == 0 || status == 42);
  return status == 42;
}
