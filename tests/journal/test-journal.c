/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The journal: every pair of states against the table, persistence, resume data, counts. */
#include "journal/bm-journal.h"

#include <glib/gstdio.h>
#include <string.h>

typedef struct {
  gchar *directory, *path;
  BmJournal *journal;
} Fixture;

static void
set_up (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  fixture->directory = g_dir_make_tmp ("bm-journal-XXXXXX", NULL);
  fixture->path = g_build_filename (fixture->directory, "journal.sqlite", NULL);
  fixture->journal = bm_journal_open (fixture->path, FALSE, &error);
  g_assert_no_error (error);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  bm_journal_close (fixture->journal);
  g_autofree gchar *wal = g_strconcat (fixture->path, "-wal", NULL);
  g_autofree gchar *shm = g_strconcat (fixture->path, "-shm", NULL);
  g_unlink (wal);
  g_unlink (shm);
  g_unlink (fixture->path);
  g_rmdir (fixture->directory);
  g_free (fixture->path);
  g_free (fixture->directory);
}

static BmMessage *
message_of (guint32 nid)
{
  g_autofree gchar *text = g_strdup_printf ("X-Nid: %u\r\n\r\n", nid);
  BmMessage *message = bm_message_seal (g_bytes_new (text, strlen (text)), NULL);
  message->nid = nid;
  message->internal_date = 86400;
  message->notes = 5;
  return message;
}

/* docs/architecture.md, written down once more and by hand. */
static gboolean
expected (BmState from, BmState to)
{
  static const struct {
    BmState from, to;
  } legal[] = {
      {BM_STATE_PLANNED, BM_STATE_APPENDED},
      {BM_STATE_PLANNED, BM_STATE_PRESENT_BEFORE},
      {BM_STATE_SKIPPED, BM_STATE_PLANNED},
      {BM_STATE_PLANNED, BM_STATE_SKIPPED},
      {BM_STATE_PLANNED, BM_STATE_FAILED},
      {BM_STATE_APPENDED, BM_STATE_VERIFIED},
      {BM_STATE_APPENDED, BM_STATE_UNVERIFIED},
      {BM_STATE_APPENDED, BM_STATE_DIFFERS},
      {BM_STATE_APPENDED, BM_STATE_GONE},
      {BM_STATE_PRESENT_BEFORE, BM_STATE_VERIFIED},
      {BM_STATE_PRESENT_BEFORE, BM_STATE_UNVERIFIED},
      {BM_STATE_PRESENT_BEFORE, BM_STATE_DIFFERS},
      {BM_STATE_PRESENT_BEFORE, BM_STATE_GONE},
      {BM_STATE_UNVERIFIED, BM_STATE_VERIFIED},
      {BM_STATE_UNVERIFIED, BM_STATE_DIFFERS},
      {BM_STATE_UNVERIFIED, BM_STATE_GONE},
      {BM_STATE_FAILED, BM_STATE_PLANNED},
  };
  for (guint i = 0; i < G_N_ELEMENTS (legal); i++)
    if (legal[i].from == from && legal[i].to == to)
      return TRUE;
  return from == to;
}

static void
test_table (void)
{
  for (guint from = 0; from < BM_STATE_LAST; from++)
    for (guint to = 0; to < BM_STATE_LAST; to++)
      g_assert_true (bm_state_may_follow (from, to) == expected (from, to));
  g_assert_false (bm_state_may_follow (BM_STATE_LAST, BM_STATE_PLANNED));
  g_assert_false (bm_state_may_follow (BM_STATE_PLANNED, BM_STATE_LAST));
}

/* Every change of the journal obeys the table too. */
static void
test_refuses_illegal (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (BmMessage) message = message_of (4);
  g_assert_true (bm_journal_add_item (fixture->journal, 4, 2, BM_RULE_HIDDEN, NULL));
  g_assert_false (bm_journal_intend (fixture->journal, message, &error));
  g_assert_error (error, BM_ERROR, BM_CAUSE_INTERNAL);
  g_clear_error (&error);
  g_assert_false (bm_journal_appended (fixture->journal, 4, 1, 1, &error));
  g_clear_error (&error);
  g_assert_false (bm_journal_conclude (fixture->journal, 4, BM_STATE_VERIFIED, NULL, 0, &error));
  g_clear_error (&error);
  g_assert_false (bm_journal_appended (fixture->journal, 99, 1, 1, &error)); /* no such item */
  g_assert_error (error, BM_ERROR, BM_CAUSE_INTERNAL);
}

static gboolean
copy_item (const BmJournalItem *item, gpointer data)
{
  BmJournalItem *copy = data;
  if (item->nid != copy->nid)
    return TRUE;
  *copy = *item;
  copy->reason = g_strdup (item->reason);
  copy->message_class = copy->keywords = copy->message_id = copy->subject = NULL;
  return FALSE;
}

static BmJournalItem
item_of (Fixture *fixture, guint32 nid)
{
  BmJournalItem item = {.nid = nid};
  g_assert_true (bm_journal_each_item (fixture->journal, copy_item, &item, NULL));
  return item;
}

static void
reopen (Fixture *fixture)
{
  g_autoptr (GError) error = NULL;
  bm_journal_close (fixture->journal);
  fixture->journal = bm_journal_open (fixture->path, FALSE, &error);
  g_assert_no_error (error);
}

static void
test_life_of_an_item (Fixture *fixture, gconstpointer data)
{
  BmJournal **journal = &fixture->journal;
  g_autoptr (BmMessage) message = message_of (4);
  g_assert_true (bm_journal_add_item (*journal, 4, 2, BM_RULE_NONE, NULL));
  g_assert_true (bm_journal_add_item (*journal, 36, 2, BM_RULE_NONE, NULL));
  g_assert_true (bm_journal_intend (*journal, message, NULL));
  reopen (fixture);
  g_autoptr (GArray) doubt = bm_journal_planned (*journal, TRUE, NULL);
  g_autoptr (GArray) planned = bm_journal_planned (*journal, FALSE, NULL);
  g_assert_cmpuint (doubt->len, ==, 1);
  g_assert_cmpuint (planned->len, ==, 1);
  g_assert_cmpuint (g_array_index (planned, guint32, 0), ==, 36);
  BmJournalItem item = item_of (fixture, 4);
  g_assert_true (item.intent && item.rendered && bm_guid_equal (&item.guid, &message->guid));
  g_assert_cmpuint (item.notes, ==, 5);
  g_assert_true (bm_journal_appended (*journal, 4, 7, 8, NULL));
  reopen (fixture);
  item = item_of (fixture, 4);
  g_assert_cmpint (item.state, ==, BM_STATE_APPENDED);
  g_assert_cmpuint (item.uid, ==, 8);
  g_assert_false (item.intent);
  g_assert_true (bm_journal_conclude (*journal, 4, BM_STATE_UNVERIFIED, "stalled", 2, NULL));
  g_assert_true (bm_journal_conclude (*journal, 4, BM_STATE_VERIFIED, NULL, 0, NULL));
  g_assert_true (bm_journal_fail (*journal, 36, BM_CAUSE_TOO_LARGE, "big", NULL));
  item = item_of (fixture, 4);
  g_assert_cmpuint (item.notes, ==, 7);
  BmJournalCounts counts;
  g_assert_true (bm_journal_counts (*journal, &counts, NULL));
  g_assert_cmpuint (counts.found, ==, 2);
  g_assert_cmpuint (counts.by_state[BM_STATE_VERIFIED], ==, 1);
  g_assert_cmpuint (counts.by_state[BM_STATE_FAILED], ==, 1);
  guint n;
  g_assert_true (bm_journal_retry (*journal, BM_CAUSE_REFUSED, &n, NULL));
  g_assert_cmpuint (n, ==, 0);
  g_assert_true (bm_journal_retry (*journal, BM_CAUSE_TOO_LARGE, &n, NULL));
  g_assert_cmpuint (n, ==, 1);
}

/* k copies there: k are taken, the next is not. */
static void
test_before (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GArray) stored = g_array_new (FALSE, TRUE, sizeof (BmStored));
  BmStored one = {.uid = 3, .guid = {{1}}}, two = {.uid = 9, .guid = {{1}}};
  BmGuid other = {{2}};
  guint32 uid;
  g_array_append_val (stored, one);
  g_array_append_val (stored, two);
  g_assert_true (bm_journal_add_before (fixture->journal, "A", stored, NULL));
  const guint32 wanted[] = {3, 9, 0};
  for (guint i = 0; i < G_N_ELEMENTS (wanted); i++) {
    g_assert_true (bm_journal_take_before (fixture->journal, "A", &one.guid, &uid, NULL));
    g_assert_cmpuint (uid, ==, wanted[i]);
  }
  g_assert_true (bm_journal_take_before (fixture->journal, "B", &one.guid, &uid, NULL));
  g_assert_cmpuint (uid, ==, 0);
  g_assert_true (bm_journal_take_before (fixture->journal, "A", &other, &uid, NULL));
  g_assert_cmpuint (uid, ==, 0);
}

static void
test_rollback (Fixture *fixture, gconstpointer data)
{
  g_assert_true (bm_journal_begin (fixture->journal, NULL));
  g_assert_true (bm_journal_set (fixture->journal, "x", "1", NULL));
  bm_journal_rollback (fixture->journal);
  g_assert_null (bm_journal_get (fixture->journal, "x"));
  g_assert_true (bm_journal_set_int (fixture->journal, "x", 42, NULL));
  reopen (fixture);
  g_assert_cmpint (bm_journal_get_int (fixture->journal, "x", 0), ==, 42);
  g_assert_cmpint (bm_journal_get_int (fixture->journal, "y", -1), ==, -1);
}

static void
test_foreign_file (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autofree gchar *path = g_build_filename (fixture->directory, "other", NULL);
  g_assert_true (g_file_set_contents (path, "this is no database, not at all", -1, NULL));
  g_assert_null (bm_journal_open (path, FALSE, &error));
  g_assert_error (error, BM_ERROR, BM_CAUSE_JOURNAL);
  g_unlink (path);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/journal/table", test_table);
#define ADD(name, func) g_test_add ("/journal/" name, Fixture, NULL, set_up, func, tear_down)
  ADD ("refuses-illegal", test_refuses_illegal);
  ADD ("life-of-an-item", test_life_of_an_item);
  ADD ("before", test_before);
  ADD ("rollback", test_rollback);
  ADD ("foreign-file", test_foreign_file);
  return g_test_run ();
}
