/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Reading rows back: for resume, verification and report. Must not judge. One thread per journal. */
#include "journal/bm-journal-sql.h"
#include <string.h>

void
bm_journal_item_clear (BmJournalItem *item)
{
  g_clear_pointer (&item->reason, g_free);
  g_clear_pointer (&item->message_class, g_free);
  g_clear_pointer (&item->keywords, g_free);
  g_clear_pointer (&item->message_id, g_free);
  g_clear_pointer (&item->subject, g_free);
}

void
bm_journal_folder_clear (BmJournalFolder *folder)
{
  g_clear_pointer (&folder->path, g_free);
  g_clear_pointer (&folder->target, g_free);
}

void
bm_journal_target_clear (BmJournalTarget *target)
{
  g_clear_pointer (&target->name, g_free);
}

static const gchar *
text_of (sqlite3_stmt *statement, int column)
{
  return (const gchar *) sqlite3_column_text (statement, column);
}

/* Order of columns as in ITEM_COLUMNS. */
static void
item_of (sqlite3_stmt *statement, BmJournalItem *item)
{
  const gchar *cause = text_of (statement, 5);
  item->nid = (guint32) sqlite3_column_int64 (statement, 0);
  item->folder = (guint32) sqlite3_column_int64 (statement, 1);
  item->state = (BmState) sqlite3_column_int (statement, 2);
  item->origin = (BmOrigin) sqlite3_column_int (statement, 3);
  item->rule = bm_rule_from_token (text_of (statement, 4));
  item->cause = cause != NULL ? bm_cause_from_token (cause) : BM_CAUSE_LAST;
  item->reason = g_strdup (text_of (statement, 6));
  item->message_class = g_strdup (text_of (statement, 7));
  const void *guid = sqlite3_column_blob (statement, 8);
  item->rendered = guid != NULL && sqlite3_column_bytes (statement, 8) == sizeof (BmGuid);
  if (item->rendered)
    memcpy (item->guid.bytes, guid, sizeof item->guid.bytes);
  item->size = sqlite3_column_int64 (statement, 9);
  item->internal_date = sqlite3_column_int64 (statement, 10);
  item->flags = (BmFlags) sqlite3_column_int (statement, 11);
  item->keywords = g_strdup (text_of (statement, 12));
  item->message_id = g_strdup (text_of (statement, 13));
  item->attachments = (guint) sqlite3_column_int64 (statement, 14);
  item->notes = (BmNotes) sqlite3_column_int64 (statement, 15);
  item->intent = sqlite3_column_int (statement, 16) != 0;
  item->uidvalidity = (guint32) sqlite3_column_int64 (statement, 17);
  item->uid = (guint32) sqlite3_column_int64 (statement, 18);
  item->appended_ms = sqlite3_column_int64 (statement, 19);
  item->verified_ms = sqlite3_column_int64 (statement, 20);
  item->subject = g_strdup (text_of (statement, 21));
}

#define ITEM_COLUMNS                                                                               \
  "nid,folder,state,origin,rule,cause,reason,class,guid,size,internal_date,flags,keywords,"        \
  "message_id,attachments,notes,intent,uidvalidity,uid,appended_ms,verified_ms,subject"

/* Own statements, not cached ones: a callback may use the journal. */
static sqlite3_stmt *
prepare (BmJournal *journal, const gchar *text, GError **error)
{
  sqlite3_stmt *statement = NULL;
  if (sqlite3_prepare_v2 (journal->db, text, -1, &statement, NULL) != SQLITE_OK)
    bm_journal_sql_error (journal, error);
  return statement;
}

gboolean
bm_journal_each_item (BmJournal *journal, BmJournalItemFunc func, gpointer data, GError **error)
{
  g_autoptr (sqlite3_stmt) statement =
      prepare (journal, "SELECT " ITEM_COLUMNS " FROM item ORDER BY nid", error);
  if (statement == NULL)
    return FALSE;
  int result;
  gboolean go_on = TRUE;
  while (go_on && (result = sqlite3_step (statement)) == SQLITE_ROW) {
    BmJournalItem item = {0};
    item_of (statement, &item);
    go_on = func (&item, data);
    bm_journal_item_clear (&item);
  }
  return !go_on || result == SQLITE_DONE || bm_journal_sql_error (journal, error);
}

gboolean
bm_journal_each_folder (BmJournal *journal, BmJournalFolderFunc func, gpointer data, GError **error)
{
  g_autoptr (sqlite3_stmt) statement = prepare (
      journal, "SELECT nid,parent,path,role,rule,target,notes FROM folder ORDER BY nid", error);
  if (statement == NULL)
    return FALSE;
  int result;
  gboolean go_on = TRUE;
  while (go_on && (result = sqlite3_step (statement)) == SQLITE_ROW) {
    BmJournalFolder folder = {
        .nid = (guint32) sqlite3_column_int64 (statement, 0),
        .parent = (guint32) sqlite3_column_int64 (statement, 1),
        .path = g_strdup (text_of (statement, 2)),
        .role = bm_role_from_token (text_of (statement, 3)),
        .rule = bm_rule_from_token (text_of (statement, 4)),
        .target = g_strdup (text_of (statement, 5)),
        .notes = (BmNotes) sqlite3_column_int64 (statement, 6),
    };
    go_on = func (&folder, data);
    bm_journal_folder_clear (&folder);
  }
  return !go_on || result == SQLITE_DONE || bm_journal_sql_error (journal, error);
}

gboolean
bm_journal_each_target (BmJournal *journal, BmJournalTargetFunc func, gpointer data, GError **error)
{
  g_autoptr (sqlite3_stmt) statement =
      prepare (journal, "SELECT name,existed,uidvalidity,mark FROM target ORDER BY name", error);
  if (statement == NULL)
    return FALSE;
  int result;
  gboolean go_on = TRUE;
  while (go_on && (result = sqlite3_step (statement)) == SQLITE_ROW) {
    BmJournalTarget target = {
        .name = g_strdup (text_of (statement, 0)),
        .existed = sqlite3_column_int (statement, 1) != 0,
        .uidvalidity = (guint32) sqlite3_column_int64 (statement, 2),
        .mark = (guint32) sqlite3_column_int64 (statement, 3),
    };
    go_on = func (&target, data);
    bm_journal_target_clear (&target);
  }
  return !go_on || result == SQLITE_DONE || bm_journal_sql_error (journal, error);
}

GArray *
bm_journal_planned (BmJournal *journal, gboolean with_intent, GError **error)
{
  g_autoptr (sqlite3_stmt) statement =
      prepare (journal, "SELECT nid FROM item WHERE state=0 AND intent=? ORDER BY nid", error);
  if (statement == NULL)
    return NULL;
  sqlite3_bind_int (statement, 1, with_intent);
  g_autoptr (GArray) nids = g_array_new (FALSE, FALSE, sizeof (guint32));
  int result;
  while ((result = sqlite3_step (statement)) == SQLITE_ROW) {
    guint32 nid = (guint32) sqlite3_column_int64 (statement, 0);
    g_array_append_val (nids, nid);
  }
  if (result != SQLITE_DONE) {
    bm_journal_sql_error (journal, error);
    return NULL;
  }
  return g_steal_pointer (&nids);
}

gboolean
bm_journal_counts (BmJournal *journal, BmJournalCounts *counts, GError **error)
{
  g_autoptr (sqlite3_stmt) statement =
      prepare (journal,
               "SELECT state,count(*),sum(intent),sum(origin=2),coalesce(sum(size),0) FROM item"
               " GROUP BY state",
               error);
  if (statement == NULL)
    return FALSE;
  memset (counts, 0, sizeof *counts);
  int result;
  while ((result = sqlite3_step (statement)) == SQLITE_ROW) {
    guint state = (guint) sqlite3_column_int (statement, 0);
    guint64 n = (guint64) sqlite3_column_int64 (statement, 1);
    guint64 bytes = (guint64) sqlite3_column_int64 (statement, 4);
    counts->found += n;
    if (state < BM_STATE_LAST)
      counts->by_state[state] = n;
    counts->in_doubt += (guint64) sqlite3_column_int64 (statement, 2);
    counts->present_before += (guint64) sqlite3_column_int64 (statement, 3);
    if (state == BM_STATE_VERIFIED)
      counts->verified_bytes += bytes;
    if (state >= BM_STATE_APPENDED && state <= BM_STATE_GONE)
      counts->appended_bytes += bytes;
  }
  return result == SQLITE_DONE || bm_journal_sql_error (journal, error);
}
