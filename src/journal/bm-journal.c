/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Opening the journal, its schema, facts and transactions. See bm-journal.h. Must not know what a
 * message is beyond its columns. One thread per handle.
 *
 * Schema versions: 1 first. */
#include "journal/bm-journal-sql.h"

#include "base/bm-failpoint.h"
#include <sys/stat.h>

#define SCHEMA_VERSION 1

static const gchar schema[] =
    "CREATE TABLE fact (key TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID;"
    "CREATE TABLE folder (nid INTEGER PRIMARY KEY, parent INTEGER NOT NULL, path TEXT,"
    "  role TEXT NOT NULL, rule TEXT, target TEXT, notes INTEGER NOT NULL DEFAULT 0);"
    "CREATE TABLE target (name TEXT PRIMARY KEY, existed INTEGER NOT NULL,"
    "  uidvalidity INTEGER NOT NULL, mark INTEGER NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE before (target TEXT NOT NULL, guid BLOB NOT NULL, uid INTEGER NOT NULL,"
    "  taken INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (target, guid, uid)) WITHOUT ROWID;"
    "CREATE TABLE item (nid INTEGER PRIMARY KEY, folder INTEGER NOT NULL,"
    "  state INTEGER NOT NULL DEFAULT 0, origin INTEGER NOT NULL DEFAULT 0, rule TEXT, cause TEXT,"
    "  reason TEXT, class TEXT, guid BLOB, size INTEGER, internal_date INTEGER, flags INTEGER,"
    "  keywords TEXT, message_id TEXT, attachments INTEGER, notes INTEGER NOT NULL DEFAULT 0,"
    "  intent INTEGER NOT NULL DEFAULT 0, uidvalidity INTEGER, uid INTEGER,"
    "  appended_ms INTEGER, verified_ms INTEGER, subject TEXT);"
    "CREATE INDEX item_state ON item (state);";

gboolean
bm_journal_sql_error (BmJournal *journal, GError **error)
{
  int code = sqlite3_errcode (journal->db);
  g_set_error (error, BM_ERROR, code == SQLITE_FULL ? BM_CAUSE_DISK_FULL : BM_CAUSE_JOURNAL,
               "journal %s: %s", journal->path, sqlite3_errmsg (journal->db));
  return FALSE;
}

gboolean
bm_journal_exec (BmJournal *journal, const gchar *text, GError **error)
{
  if (sqlite3_exec (journal->db, text, NULL, NULL, NULL) == SQLITE_OK)
    return TRUE;
  return bm_journal_sql_error (journal, error);
}

sqlite3_stmt *
bm_journal_sql (BmJournal *journal, const gchar *text, GError **error)
{
  sqlite3_stmt *statement = g_hash_table_lookup (journal->statements, text);
  if (statement == NULL) {
    if (sqlite3_prepare_v3 (journal->db, text, -1, SQLITE_PREPARE_PERSISTENT, &statement, NULL) !=
        SQLITE_OK) {
      bm_journal_sql_error (journal, error);
      return NULL;
    }
    g_hash_table_insert (journal->statements, (gpointer) text, statement);
  }
  sqlite3_reset (statement);
  sqlite3_clear_bindings (statement);
  return statement;
}

gboolean
bm_journal_run (BmJournal *journal, sqlite3_stmt *statement, GError **error)
{
  gboolean ok = sqlite3_step (statement) == SQLITE_DONE || bm_journal_sql_error (journal, error);
  sqlite3_reset (statement);
  return ok;
}

static gboolean
prepare_schema (BmJournal *journal, gboolean read_only, GError **error)
{
  g_autoptr (sqlite3_stmt) statement = NULL;
  if (sqlite3_prepare_v2 (journal->db, "PRAGMA user_version", -1, &statement, NULL) != SQLITE_OK ||
      sqlite3_step (statement) != SQLITE_ROW)
    return bm_journal_sql_error (journal, error);
  int version = sqlite3_column_int (statement, 0);
  if (version == SCHEMA_VERSION)
    return TRUE;
  if (version != 0 || read_only) {
    g_set_error (error, BM_ERROR, BM_CAUSE_JOURNAL,
                 "journal %s has version %d, this program reads %d", journal->path, version,
                 SCHEMA_VERSION);
    return FALSE;
  }
  g_clear_pointer (&statement, sqlite3_finalize);
  g_autofree gchar *text =
      g_strdup_printf ("BEGIN;%sPRAGMA user_version=%d;COMMIT;", schema, SCHEMA_VERSION);
  return bm_journal_exec (journal, text, error);
}

static void
finalize_statement (gpointer statement)
{
  sqlite3_finalize (statement);
}

BmJournal *
bm_journal_open (const gchar *path, gboolean read_only, GError **error)
{
  g_autoptr (BmJournal) journal = g_new0 (BmJournal, 1);
  journal->path = g_strdup (path);
  journal->statements =
      g_hash_table_new_full (g_direct_hash, g_direct_equal, NULL, finalize_statement);
  mode_t old_mask = umask (0077); /* subjects are not in it, but message ids are */
  int result = sqlite3_open_v2 (
      path, &journal->db,
      read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL);
  umask (old_mask);
  if (result != SQLITE_OK) {
    bm_journal_sql_error (journal, error);
    return NULL;
  }
  sqlite3_busy_timeout (journal->db, 10000);
  if (!read_only &&
      !bm_journal_exec (journal, "PRAGMA journal_mode=WAL;PRAGMA synchronous=FULL;", error))
    return NULL;
  if (!prepare_schema (journal, read_only, error))
    return NULL;
  return g_steal_pointer (&journal);
}

BmJournal *
bm_journal_open_copy (const gchar *path, GError **error)
{
  g_autoptr (BmJournal) copy = bm_journal_open (":memory:", FALSE, error);
  if (copy == NULL || !g_file_test (path, G_FILE_TEST_EXISTS))
    return g_steal_pointer (&copy);
  g_autoptr (BmJournal) original = bm_journal_open (path, TRUE, error);
  if (original == NULL)
    return NULL;
  sqlite3_backup *backup = sqlite3_backup_init (copy->db, "main", original->db, "main");
  if (backup != NULL)
    sqlite3_backup_step (backup, -1);
  if (backup == NULL || sqlite3_backup_finish (backup) != SQLITE_OK) {
    bm_journal_sql_error (copy, error);
    return NULL;
  }
  return g_steal_pointer (&copy);
}

void
bm_journal_close (BmJournal *journal)
{
  if (journal == NULL)
    return;
  g_hash_table_unref (journal->statements);
  sqlite3_close (journal->db);
  g_free (journal->path);
  g_free (journal);
}

gchar *
bm_journal_get (BmJournal *journal, const gchar *key)
{
  sqlite3_stmt *statement = bm_journal_sql (journal, "SELECT value FROM fact WHERE key=?", NULL);
  if (statement == NULL)
    return NULL;
  sqlite3_bind_text (statement, 1, key, -1, SQLITE_TRANSIENT);
  gchar *value = NULL;
  if (sqlite3_step (statement) == SQLITE_ROW)
    value = g_strdup ((const gchar *) sqlite3_column_text (statement, 0));
  sqlite3_reset (statement);
  return value;
}

gboolean
bm_journal_set (BmJournal *journal, const gchar *key, const gchar *value, GError **error)
{
  sqlite3_stmt *statement =
      bm_journal_sql (journal, "INSERT OR REPLACE INTO fact VALUES (?,?)", error);
  if (statement == NULL)
    return FALSE;
  sqlite3_bind_text (statement, 1, key, -1, SQLITE_TRANSIENT);
  sqlite3_bind_text (statement, 2, value, -1, SQLITE_TRANSIENT);
  return bm_journal_run (journal, statement, error);
}

gint64
bm_journal_get_int (BmJournal *journal, const gchar *key, gint64 fallback)
{
  g_autofree gchar *value = bm_journal_get (journal, key);
  return value != NULL ? g_ascii_strtoll (value, NULL, 10) : fallback;
}

gboolean
bm_journal_set_int (BmJournal *journal, const gchar *key, gint64 value, GError **error)
{
  g_autofree gchar *text = g_strdup_printf ("%" G_GINT64_FORMAT, value);
  return bm_journal_set (journal, key, text, error);
}

gboolean
bm_journal_begin (BmJournal *journal, GError **error)
{
  return bm_journal_exec (journal, "BEGIN IMMEDIATE", error);
}

gboolean
bm_journal_commit (BmJournal *journal, GError **error)
{
  bm_failpoint ("journal.commit.before");
  if (!bm_journal_exec (journal, "COMMIT", error)) {
    bm_journal_rollback (journal);
    return FALSE;
  }
  bm_failpoint ("journal.commit.after");
  return TRUE;
}

void
bm_journal_rollback (BmJournal *journal)
{
  if (!sqlite3_get_autocommit (journal->db))
    sqlite3_exec (journal->db, "ROLLBACK", NULL, NULL, NULL);
}
