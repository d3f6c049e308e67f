/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Changes of rows: planning, and the life of one item. Every change of state asks the transition
 * table first. Must not know why a change happens. One thread per journal. */
#include "journal/bm-journal-sql.h"

static void
bind_text (sqlite3_stmt *statement, int index, const gchar *text)
{
  if (text == NULL)
    sqlite3_bind_null (statement, index);
  else
    sqlite3_bind_text (statement, index, text, -1, SQLITE_TRANSIENT);
}

void
bm_journal_keep_subjects (BmJournal *journal)
{
  journal->subjects = TRUE;
}

gboolean
bm_journal_add_folder (BmJournal *journal, const BmJournalFolder *folder, GError **error)
{
  sqlite3_stmt *statement =
      bm_journal_sql (journal, "INSERT INTO folder VALUES (?,?,?,?,?,?,?)", error);
  if (statement == NULL)
    return FALSE;
  sqlite3_bind_int64 (statement, 1, folder->nid);
  sqlite3_bind_int64 (statement, 2, folder->parent);
  bind_text (statement, 3, folder->path);
  bind_text (statement, 4, bm_role_token (folder->role));
  bind_text (statement, 5, bm_rule_token (folder->rule));
  bind_text (statement, 6, folder->target);
  sqlite3_bind_int64 (statement, 7, (gint64) folder->notes);
  return bm_journal_run (journal, statement, error);
}

gboolean
bm_journal_add_item (BmJournal *journal, guint32 nid, guint32 folder, BmRule rule, GError **error)
{
  sqlite3_stmt *statement =
      bm_journal_sql (journal, "INSERT INTO item (nid,folder,state,rule) VALUES (?,?,?,?)", error);
  if (statement == NULL)
    return FALSE;
  sqlite3_bind_int64 (statement, 1, nid);
  sqlite3_bind_int64 (statement, 2, folder);
  sqlite3_bind_int (statement, 3, rule == BM_RULE_NONE ? BM_STATE_PLANNED : BM_STATE_SKIPPED);
  bind_text (statement, 4, bm_rule_token (rule));
  return bm_journal_run (journal, statement, error);
}

gboolean
bm_journal_select_folder (BmJournal *journal, guint32 nid, BmRule rule, GError **error)
{
  static const gchar take[] =
      "UPDATE item SET state=0,rule=NULL WHERE folder=?1 AND state=7 AND rule IN"
      " ('excluded','filtered-class','filtered-date','filtered-size')";
  G_STATIC_ASSERT (BM_STATE_PLANNED == 0 && BM_STATE_SKIPPED == 7);
  sqlite3_stmt *statement = bm_journal_sql (journal, "UPDATE folder SET rule=? WHERE nid=?", error);
  if (statement == NULL)
    return FALSE;
  bind_text (statement, 1, bm_rule_token (rule));
  sqlite3_bind_int64 (statement, 2, nid);
  if (!bm_journal_run (journal, statement, error))
    return FALSE;
  if (rule != BM_RULE_NONE)
    return TRUE;
  statement = bm_journal_sql (journal, take, error);
  if (statement == NULL)
    return FALSE;
  sqlite3_bind_int64 (statement, 1, nid);
  return bm_journal_run (journal, statement, error);
}

gboolean
bm_journal_leave_excluded (BmJournal *journal, guint *n, GError **error)
{
  sqlite3_stmt *statement =
      bm_journal_sql (journal,
                      "UPDATE item SET state=7,rule='excluded' WHERE state=0 AND intent=0 AND"
                      " folder IN (SELECT nid FROM folder WHERE rule='excluded')",
                      error);
  if (statement == NULL || !bm_journal_run (journal, statement, error))
    return FALSE;
  *n = (guint) sqlite3_changes (journal->db);
  return TRUE;
}

gboolean
bm_journal_add_target (BmJournal *journal, const BmJournalTarget *target, GError **error)
{
  sqlite3_stmt *statement =
      bm_journal_sql (journal, "INSERT OR REPLACE INTO target VALUES (?,?,?,?)", error);
  if (statement == NULL)
    return FALSE;
  bind_text (statement, 1, target->name);
  sqlite3_bind_int (statement, 2, target->existed);
  sqlite3_bind_int64 (statement, 3, target->uidvalidity);
  sqlite3_bind_int64 (statement, 4, target->mark);
  return bm_journal_run (journal, statement, error);
}

gboolean
bm_journal_add_before (BmJournal *journal, const gchar *target, const GArray *stored,
                       GError **error)
{
  for (guint i = 0; i < stored->len; i++) {
    const BmStored *one = &g_array_index (stored, BmStored, i);
    sqlite3_stmt *statement = bm_journal_sql (
        journal, "INSERT OR IGNORE INTO before (target,guid,uid) VALUES (?,?,?)", error);
    if (statement == NULL)
      return FALSE;
    bind_text (statement, 1, target);
    sqlite3_bind_blob (statement, 2, one->guid.bytes, sizeof one->guid.bytes, SQLITE_TRANSIENT);
    sqlite3_bind_int64 (statement, 3, one->uid);
    if (!bm_journal_run (journal, statement, error))
      return FALSE;
  }
  return TRUE;
}

gboolean
bm_journal_forget_before (BmJournal *journal, const gchar *target, GError **error)
{
  sqlite3_stmt *statement = bm_journal_sql (journal, "DELETE FROM before WHERE target=?", error);
  if (statement == NULL)
    return FALSE;
  bind_text (statement, 1, target);
  return bm_journal_run (journal, statement, error);
}

gboolean
bm_journal_take_before (BmJournal *journal, const gchar *target, const BmGuid *guid, guint32 *uid,
                        GError **error)
{
  *uid = 0;
  sqlite3_stmt *statement = bm_journal_sql (journal,
                                            "SELECT uid FROM before WHERE target=? AND guid=? AND"
                                            " taken=0 ORDER BY uid LIMIT 1",
                                            error);
  if (statement == NULL)
    return FALSE;
  bind_text (statement, 1, target);
  sqlite3_bind_blob (statement, 2, guid->bytes, sizeof guid->bytes, SQLITE_TRANSIENT);
  int result = sqlite3_step (statement);
  if (result == SQLITE_ROW)
    *uid = (guint32) sqlite3_column_int64 (statement, 0);
  sqlite3_reset (statement);
  if (result != SQLITE_ROW)
    return result == SQLITE_DONE || bm_journal_sql_error (journal, error);
  statement = bm_journal_sql (
      journal, "UPDATE before SET taken=1 WHERE target=? AND guid=? AND uid=?", error);
  if (statement == NULL)
    return FALSE;
  bind_text (statement, 1, target);
  sqlite3_bind_blob (statement, 2, guid->bytes, sizeof guid->bytes, SQLITE_TRANSIENT);
  sqlite3_bind_int64 (statement, 3, *uid);
  return bm_journal_run (journal, statement, error);
}

/* Refuses what the table of transitions does not allow. */
static gboolean
may_become (BmJournal *journal, guint32 nid, BmState to, GError **error)
{
  sqlite3_stmt *statement = bm_journal_sql (journal, "SELECT state FROM item WHERE nid=?", error);
  if (statement == NULL)
    return FALSE;
  sqlite3_bind_int64 (statement, 1, nid);
  int result = sqlite3_step (statement);
  BmState from = result == SQLITE_ROW ? (BmState) sqlite3_column_int (statement, 0) : BM_STATE_LAST;
  sqlite3_reset (statement);
  if (bm_state_may_follow (from, to))
    return TRUE;
  g_set_error (error, BM_ERROR, BM_CAUSE_INTERNAL, "item %08x: %s may not become %s", nid,
               bm_state_token (from), bm_state_token (to));
  return FALSE;
}

gboolean
bm_journal_skip (BmJournal *journal, guint32 nid, BmRule rule, const gchar *message_class,
                 GError **error)
{
  if (!may_become (journal, nid, BM_STATE_SKIPPED, error))
    return FALSE;
  sqlite3_stmt *statement =
      bm_journal_sql (journal, "UPDATE item SET state=?,rule=?,class=? WHERE nid=?", error);
  if (statement == NULL)
    return FALSE;
  sqlite3_bind_int (statement, 1, BM_STATE_SKIPPED);
  bind_text (statement, 2, bm_rule_token (rule));
  bind_text (statement, 3, message_class);
  sqlite3_bind_int64 (statement, 4, nid);
  return bm_journal_run (journal, statement, error);
}

gboolean
bm_journal_fail (BmJournal *journal, guint32 nid, BmCause cause, const gchar *reason,
                 GError **error)
{
  if (!may_become (journal, nid, BM_STATE_FAILED, error))
    return FALSE;
  sqlite3_stmt *statement = bm_journal_sql (
      journal, "UPDATE item SET state=?,cause=?,reason=?,intent=0 WHERE nid=?", error);
  if (statement == NULL)
    return FALSE;
  sqlite3_bind_int (statement, 1, BM_STATE_FAILED);
  bind_text (statement, 2, bm_cause_token (cause));
  bind_text (statement, 3, reason);
  sqlite3_bind_int64 (statement, 4, nid);
  return bm_journal_run (journal, statement, error);
}

/* The columns of a rendered message, from parameter 1 to 9, and 15. */
static void
bind_message (BmJournal *journal, sqlite3_stmt *statement, const BmMessage *message)
{
  g_autofree gchar *keywords = g_strjoinv (" ", message->keywords);
  sqlite3_bind_blob (statement, 1, message->guid.bytes, sizeof message->guid.bytes,
                     SQLITE_TRANSIENT);
  sqlite3_bind_int64 (statement, 2, (gint64) g_bytes_get_size (message->bytes));
  sqlite3_bind_int64 (statement, 3, message->internal_date);
  sqlite3_bind_int (statement, 4, (int) message->flags);
  bind_text (statement, 5, keywords);
  bind_text (statement, 6, message->message_id);
  bind_text (statement, 7, message->message_class);
  sqlite3_bind_int64 (statement, 8, message->attachments);
  sqlite3_bind_int64 (statement, 9, (gint64) message->notes);
  bind_text (statement, 15, journal->subjects ? message->subject : NULL);
}

#define MESSAGE_COLUMNS                                                                            \
  "guid=?1,size=?2,internal_date=?3,flags=?4,keywords=?5,message_id=?6,class=?7,attachments=?8,"   \
  "notes=notes|?9,subject=?15"

gboolean
bm_journal_intend (BmJournal *journal, const BmMessage *message, GError **error)
{
  if (!may_become (journal, message->nid, BM_STATE_APPENDED, error))
    return FALSE;
  sqlite3_stmt *statement =
      bm_journal_sql (journal, "UPDATE item SET " MESSAGE_COLUMNS ",intent=1 WHERE nid=?10", error);
  if (statement == NULL)
    return FALSE;
  bind_message (journal, statement, message);
  sqlite3_bind_int64 (statement, 10, message->nid);
  return bm_journal_run (journal, statement, error);
}

gboolean
bm_journal_forget_intent (BmJournal *journal, guint32 nid, GError **error)
{
  sqlite3_stmt *statement = bm_journal_sql (journal, "UPDATE item SET intent=0 WHERE nid=?", error);
  if (statement == NULL)
    return FALSE;
  sqlite3_bind_int64 (statement, 1, nid);
  return bm_journal_run (journal, statement, error);
}

gboolean
bm_journal_appended (BmJournal *journal, guint32 nid, guint32 uidvalidity, guint32 uid,
                     GError **error)
{
  if (!may_become (journal, nid, BM_STATE_APPENDED, error))
    return FALSE;
  sqlite3_stmt *statement =
      bm_journal_sql (journal,
                      "UPDATE item SET state=?,origin=?,intent=0,uidvalidity=?,uid=?,"
                      "appended_ms=?,cause=NULL,reason=NULL WHERE nid=?",
                      error);
  if (statement == NULL)
    return FALSE;
  sqlite3_bind_int (statement, 1, BM_STATE_APPENDED);
  sqlite3_bind_int (statement, 2, BM_ORIGIN_APPENDED);
  sqlite3_bind_int64 (statement, 3, uidvalidity);
  sqlite3_bind_int64 (statement, 4, uid);
  sqlite3_bind_int64 (statement, 5, g_get_real_time () / 1000);
  sqlite3_bind_int64 (statement, 6, nid);
  return bm_journal_run (journal, statement, error);
}

gboolean
bm_journal_present (BmJournal *journal, const BmMessage *message, guint32 uidvalidity, guint32 uid,
                    GError **error)
{
  if (!may_become (journal, message->nid, BM_STATE_PRESENT_BEFORE, error))
    return FALSE;
  sqlite3_stmt *statement =
      bm_journal_sql (journal,
                      "UPDATE item SET " MESSAGE_COLUMNS ",intent=0,state=?11,origin=?12,"
                      "uidvalidity=?13,uid=?14,cause=NULL,reason=NULL WHERE nid=?10",
                      error);
  if (statement == NULL)
    return FALSE;
  bind_message (journal, statement, message);
  sqlite3_bind_int64 (statement, 10, message->nid);
  sqlite3_bind_int (statement, 11, BM_STATE_PRESENT_BEFORE);
  sqlite3_bind_int (statement, 12, BM_ORIGIN_BEFORE);
  sqlite3_bind_int64 (statement, 13, uidvalidity);
  sqlite3_bind_int64 (statement, 14, uid);
  return bm_journal_run (journal, statement, error);
}

gboolean
bm_journal_conclude (BmJournal *journal, guint32 nid, BmState state, const gchar *reason,
                     BmNotes notes, GError **error)
{
  if (!may_become (journal, nid, state, error))
    return FALSE;
  sqlite3_stmt *statement = bm_journal_sql (
      journal, "UPDATE item SET state=?,reason=?,verified_ms=?,notes=notes|? WHERE nid=?", error);
  if (statement == NULL)
    return FALSE;
  sqlite3_bind_int (statement, 1, state);
  bind_text (statement, 2, reason);
  if (state == BM_STATE_VERIFIED)
    sqlite3_bind_int64 (statement, 3, g_get_real_time () / 1000);
  sqlite3_bind_int64 (statement, 4, (gint64) notes);
  sqlite3_bind_int64 (statement, 5, nid);
  return bm_journal_run (journal, statement, error);
}

gboolean
bm_journal_add_notes (BmJournal *journal, guint32 nid, BmNotes notes, GError **error)
{
  sqlite3_stmt *statement =
      bm_journal_sql (journal, "UPDATE item SET notes=notes|? WHERE nid=?", error);
  if (statement == NULL)
    return FALSE;
  sqlite3_bind_int64 (statement, 1, (gint64) notes);
  sqlite3_bind_int64 (statement, 2, nid);
  return bm_journal_run (journal, statement, error);
}

gboolean
bm_journal_retry (BmJournal *journal, BmCause cause, guint *n, GError **error)
{
  sqlite3_stmt *statement = bm_journal_sql (
      journal,
      "UPDATE item SET state=?,cause=NULL,reason=NULL WHERE state=? AND (?3 IS NULL OR cause=?3)",
      error);
  if (statement == NULL)
    return FALSE;
  sqlite3_bind_int (statement, 1, BM_STATE_PLANNED);
  sqlite3_bind_int (statement, 2, BM_STATE_FAILED);
  bind_text (statement, 3, cause == BM_CAUSE_LAST ? NULL : bm_cause_token (cause));
  if (!bm_journal_run (journal, statement, error))
    return FALSE;
  *n = (guint) sqlite3_changes (journal->db);
  return TRUE;
}
