/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Replication that stands still while an import sends: it stops sending, goes on by itself when
 * something moves, and ends as stalled when nothing does, with the rest not sent. */
#include "engine/bm-fixture.h"

#include <string.h>

#define FOR_EVER 1000000 /* looks until rows appear */

static guint
count (const FakeServer *server, const gchar *word)
{
  guint n = 0;
  for (const gchar *at = server->trace->str; (at = strstr (at, word)) != NULL; at++)
    n++;
  return n;
}

/* Asked before every batch: time passes between them, more than replication may stand still. */
static gboolean
dawdle (gboolean urgent, gpointer data, GError **error)
{
  Fixture *fixture = data;
  if (!urgent && count (fixture->server, "append:") > 0)
    g_usleep (5000);
  return TRUE;
}

static BmReport *
run (Fixture *fixture, guint hold_after_ms)
{
  g_autoptr (GError) stopped = NULL;
  BmImportOptions options = fixture_fast;
  const FixtureGuard guard = {dawdle, fixture};
  options.hold_after_ms = hold_after_ms;
  BmReport *report = fixture_run_all (fixture, &options, &guard, &stopped);
  g_assert_no_error (stopped);
  return report;
}

static void
test_ends_as_stalled (Fixture *fixture, gconstpointer data)
{
  fixture->server->lag = FOR_EVER;
  g_autoptr (BmReport) report = run (fixture, 3);
  g_assert_true (report->stalled);
  g_assert_cmpint (report->exit_status, ==, 2);
  g_assert_cmpuint (report->ledger.pending, >, 0);
  g_assert_cmpuint (report->ledger.unverified, >, 0);
  guint sent = count (fixture->server, "append:");
  /* the next run looks whether it is over before it sends a byte */
  g_autoptr (BmReport) again = run (fixture, 0);
  g_assert_true (again->stalled);
  g_assert_cmpuint (count (fixture->server, "append:"), ==, sent);
  g_assert_cmpuint (again->ledger.pending, ==, report->ledger.pending);
  fixture->server->lag = 3;
  g_autoptr (BmReport) last = run (fixture, 0);
  g_assert_false (last->stalled);
  g_assert_cmpuint (last->ledger.verified, ==, FIXTURE_MAIL);
  g_assert_cmpuint (last->ledger.pending, ==, 0);
}

static void
test_goes_on (Fixture *fixture, gconstpointer data)
{
  fixture->server->lag = 30;
  g_autoptr (BmReport) report = run (fixture, 3);
  g_assert_false (report->stalled);
  g_assert_cmpuint (report->ledger.verified, ==, FIXTURE_MAIL);
}

/* A body that is missing holds up nobody: replication has gone by. Nor does a database that cannot
 * be asked, nor one that must not be. */
static void
test_is_not_held (Fixture *fixture, gconstpointer data)
{
  gchar guid[41];
  g_autoptr (BmMessage) message = fake_message (1, "one");
  bm_guid_to_hex (&message->guid, guid);
  switch (GPOINTER_TO_INT (data)) {
  case 0:
    fixture->server->no_body_guid = guid;
    break;
  case 1:
    fixture->server->lose_database = FOR_EVER;
    break;
  default:
    fixture->server->blind = TRUE;
  }
  g_autoptr (BmReport) report = run (fixture, 3);
  fixture->server->no_body_guid = NULL;
  g_assert_cmpuint (report->ledger.pending, ==, 0);
  g_assert_cmpuint (report->ledger.unverified, >, 0);
}

#define ADD(name, func, data)                                                                      \
  g_test_add ("/hold/" name, Fixture, data, fixture_set_up, func, fixture_tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_log_set_always_fatal (G_LOG_LEVEL_CRITICAL | G_LOG_FATAL_MASK); /* the engine warns */
  ADD ("ends-as-stalled", test_ends_as_stalled, NULL);
  ADD ("goes-on", test_goes_on, NULL);
  ADD ("body-missing", test_is_not_held, GINT_TO_POINTER (0));
  ADD ("database-lost", test_is_not_held, GINT_TO_POINTER (1));
  ADD ("blind", test_is_not_held, GINT_TO_POINTER (2));
  return g_test_run ();
}
