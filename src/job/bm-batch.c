/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* See bm-batch.h. */
#include "job/bm-batch.h"

#include "job/bm-listing.h"
#include "job/bm-lock.h"
#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SCHEMA_VERSION 1
#define OPTION_MARK    "\x1f" /* between the words of options; no word holds it */

G_DEFINE_AUTOPTR_CLEANUP_FUNC (sqlite3_stmt, sqlite3_finalize)

struct _BmBatch {
  gchar *directory, *name;
  sqlite3 *db;
  gint lock;
  gint64 seen; /* the database's version when bm_batch_changed was last asked */
};

static const gchar schema[] =
    "CREATE TABLE fact (key TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID;"
    "CREATE TABLE row (id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, line INTEGER NOT NULL,"
    "  file TEXT NOT NULL, user TEXT NOT NULL, target TEXT NOT NULL, options TEXT NOT NULL,"
    "  user_uid TEXT NOT NULL DEFAULT '', server TEXT NOT NULL DEFAULT '',"
    "  state INTEGER NOT NULL, retry INTEGER NOT NULL DEFAULT 0,"
    "  attempts INTEGER NOT NULL DEFAULT 0, not_before INTEGER NOT NULL DEFAULT 0,"
    "  pid INTEGER NOT NULL DEFAULT 0, started INTEGER NOT NULL DEFAULT 0,"
    "  ended INTEGER NOT NULL DEFAULT 0, status INTEGER NOT NULL DEFAULT -1,"
    "  cause TEXT NOT NULL DEFAULT '', message TEXT NOT NULL DEFAULT '',"
    "  job TEXT NOT NULL DEFAULT '');";

const gchar *
bm_row_state_token (BmRowState state)
{
  static const gchar *const tokens[] = {
#define X(sym, number, token) [number] = token,
      BM_ROW_STATES (X)
#undef X
  };
  return (guint) state < G_N_ELEMENTS (tokens) ? tokens[state] : "unknown";
}

static gboolean
sql_error (BmBatch *batch, GError **error)
{
  g_set_error (error, BM_ERROR,
               sqlite3_errcode (batch->db) == SQLITE_FULL ? BM_CAUSE_DISK_FULL : BM_CAUSE_JOURNAL,
               "batch %s: %s", batch->directory, sqlite3_errmsg (batch->db));
  return FALSE;
}

static gboolean
execute (BmBatch *batch, const gchar *text, GError **error)
{
  return sqlite3_exec (batch->db, text, NULL, NULL, NULL) == SQLITE_OK || sql_error (batch, error);
}

static sqlite3_stmt *
prepare (BmBatch *batch, const gchar *text, GError **error)
{
  sqlite3_stmt *statement = NULL;
  if (sqlite3_prepare_v2 (batch->db, text, -1, &statement, NULL) != SQLITE_OK)
    sql_error (batch, error);
  return statement;
}

static void
bind_text (sqlite3_stmt *statement, int index, const gchar *text)
{
  sqlite3_bind_text (statement, index, text != NULL ? text : "", -1, SQLITE_TRANSIENT);
}

static gboolean
finish (BmBatch *batch, sqlite3_stmt *statement, GError **error)
{
  return sqlite3_step (statement) == SQLITE_DONE || sql_error (batch, error);
}

gchar *
bm_batch_name_for (const gchar *map_path)
{
  gchar *name = g_path_get_basename (map_path);
  gchar *dot = strrchr (name, '.');
  if (dot != NULL && dot != name)
    *dot = '\0';
  for (gchar *p = name; *p != '\0'; p++)
    if (!g_ascii_isalnum (*p) && strchr ("._-", *p) == NULL)
      *p = '_';
  if (*name == '.')
    *name = '_';
  return name;
}

static gboolean
open_database (BmBatch *batch, GError **error)
{
  g_autofree gchar *path = g_build_filename (batch->directory, "batch.sqlite", NULL);
  mode_t old_mask = umask (0077);
  int result = sqlite3_open (path, &batch->db);
  umask (old_mask);
  if (result != SQLITE_OK)
    return sql_error (batch, error);
  sqlite3_busy_timeout (batch->db, 10000);
  if (!execute (batch, "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;", error))
    return FALSE;
  g_autoptr (sqlite3_stmt) statement = prepare (batch, "PRAGMA user_version", error);
  if (statement == NULL || sqlite3_step (statement) != SQLITE_ROW)
    return sql_error (batch, error);
  int version = sqlite3_column_int (statement, 0);
  g_clear_pointer (&statement, sqlite3_finalize);
  if (version == SCHEMA_VERSION)
    return TRUE;
  if (version != 0) {
    g_set_error (error, BM_ERROR, BM_CAUSE_JOURNAL,
                 "batch %s has version %d, this program reads %d", batch->directory, version,
                 SCHEMA_VERSION);
    return FALSE;
  }
  g_autofree gchar *text =
      g_strdup_printf ("BEGIN;%sPRAGMA user_version=%d;COMMIT;", schema, SCHEMA_VERSION);
  return execute (batch, text, error);
}

BmBatch *
bm_batch_open (const gchar *jobs, const gchar *name, gboolean create, GError **error)
{
  g_autoptr (BmBatch) batch = g_new0 (BmBatch, 1);
  batch->name = g_path_get_basename (name);
  batch->directory = g_build_filename (jobs, "batches", batch->name, NULL);
  batch->lock = -1;
  g_autofree gchar *database = g_build_filename (batch->directory, "batch.sqlite", NULL);
  g_autofree gchar *rows = g_build_filename (batch->directory, "rows", NULL);
  if (!create && !g_file_test (database, G_FILE_TEST_EXISTS)) {
    g_set_error (error, BM_ERROR, BM_CAUSE_USAGE,
                 "no batch \"%s\" in %s/batches; see bm-pst-import status", name, jobs);
    return NULL;
  }
  if (g_mkdir_with_parents (rows, 0700) != 0) {
    g_set_error (error, BM_ERROR, BM_CAUSE_JOURNAL, "cannot make the directory %s: %s", rows,
                 g_strerror (errno));
    return NULL;
  }
  return open_database (batch, error) ? g_steal_pointer (&batch) : NULL;
}

void
bm_batch_free (BmBatch *batch)
{
  if (batch == NULL)
    return;
  sqlite3_close (batch->db);
  if (batch->lock >= 0)
    close (batch->lock);
  g_free (batch->directory);
  g_free (batch->name);
  g_free (batch);
}

GPtrArray *
bm_batch_list (const gchar *jobs)
{
  g_autofree gchar *batches = g_build_filename (jobs, "batches", NULL);
  GPtrArray *list = bm_listing (batches, "batch.sqlite");
  for (guint i = 0; i < list->len; i++) {
    g_autofree gchar *path = list->pdata[i];
    list->pdata[i] = g_path_get_basename (path);
  }
  return list;
}

const gchar *
bm_batch_directory (const BmBatch *batch)
{
  return batch->directory;
}

const gchar *
bm_batch_name (const BmBatch *batch)
{
  return batch->name;
}

static gchar *
lock_path (const BmBatch *batch)
{
  return g_build_filename (batch->directory, "lock", NULL);
}

gboolean
bm_batch_lock (BmBatch *batch, GError **error)
{
  g_autofree gchar *path = lock_path (batch);
  if (batch->lock >= 0)
    return TRUE;
  batch->lock = bm_lock_take (path, "the batch", error);
  return batch->lock >= 0;
}

gint
bm_batch_conductor (const BmBatch *batch)
{
  g_autofree gchar *path = lock_path (batch);
  return bm_lock_owner (path);
}

/* ---- rows ---- */

static gboolean
mark_rows (BmBatch *batch, GError **error)
{
  return execute (batch, "UPDATE row SET line=0", error);
}

static gboolean
take_row (BmBatch *batch, const BmMapRow *map, GError **error)
{
  static const gchar text[] =
      "INSERT INTO row (key,line,file,user,target,options,state,cause,message)"
      " VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9)"
      " ON CONFLICT (key) DO UPDATE SET line=?2,options=?6,"
      "  state=CASE WHEN state IN (3,5) THEN ?7 ELSE state END,"
      "  cause=CASE WHEN state IN (3,5) THEN ?8 ELSE cause END,"
      "  message=CASE WHEN state IN (3,5) THEN ?9 ELSE message END";
  G_STATIC_ASSERT (BM_ROW_REFUSED == 3 && BM_ROW_CANCELLED == 5);
  g_autoptr (sqlite3_stmt) statement = prepare (batch, text, error);
  if (statement == NULL)
    return FALSE;
  g_autofree gchar *key = bm_map_row_key (map);
  g_autofree gchar *options = g_strjoinv (OPTION_MARK, map->options);
  gboolean refused = map->problem != NULL;
  /* a duplicate has the key of its first row, and two rows may have the same fault: a key of its own
   * lets each of them show; and a row that is mended is another row */
  g_autofree gchar *own =
      g_strdup_printf ("%s\n%u\n%s", key, map->line, refused ? map->problem : "");
  bind_text (statement, 1, refused ? own : key);
  sqlite3_bind_int (statement, 2, (int) map->line);
  bind_text (statement, 3, map->file);
  bind_text (statement, 4, map->user);
  bind_text (statement, 5, map->into);
  bind_text (statement, 6, options);
  sqlite3_bind_int (statement, 7, refused ? BM_ROW_REFUSED : BM_ROW_WAITING);
  bind_text (statement, 8, refused ? bm_cause_token (BM_CAUSE_USAGE) : "");
  bind_text (statement, 9, map->problem);
  return finish (batch, statement, error);
}

/* What the mapping no longer names. What was begun for it stays in the report, and never goes on:
 * a row is taken back when it named the wrong mailbox. One that runs is stopped by the conductor. */
static gboolean
drop_rows (BmBatch *batch, GError **error)
{
  static const gchar text[] =
      "DELETE FROM row WHERE line=0 AND job='' AND state<>1;"
      "UPDATE row SET state=5,cause='',message='" BM_ROW_TAKEN_BACK "' WHERE line=0 AND state=0";
  G_STATIC_ASSERT (BM_ROW_WAITING == 0 && BM_ROW_RUNNING == 1 && BM_ROW_CANCELLED == 5);
  return execute (batch, text, error);
}

gboolean
bm_batch_take (BmBatch *batch, const BmMapping *mapping, GError **error)
{
  if (!execute (batch, "BEGIN IMMEDIATE", error))
    return FALSE;
  gboolean ok = mark_rows (batch, error);
  for (guint i = 0; ok && i < mapping->rows->len; i++)
    ok = take_row (batch, g_ptr_array_index (mapping->rows, i), error);
  ok = ok && drop_rows (batch, error);
  if (ok && execute (batch, "COMMIT", error))
    return TRUE;
  execute (batch, "ROLLBACK", NULL);
  return FALSE;
}

static void
row_free (gpointer data)
{
  BmBatchRow *row = data;
  gchar *texts[] = {row->file,   row->user,  row->into,    row->user_uid,
                    row->server, row->cause, row->message, row->job};
  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    g_free (texts[i]);
  g_strfreev (row->options);
  g_free (row);
}

static gchar *
text_of (sqlite3_stmt *statement, int column)
{
  return g_strdup ((const gchar *) sqlite3_column_text (statement, column));
}

static BmBatchRow *
read_row (sqlite3_stmt *s)
{
  BmBatchRow *row = g_new0 (BmBatchRow, 1);
  g_autofree gchar *options = text_of (s, 5);
  row->id = sqlite3_column_int64 (s, 0);
  row->line = (guint) sqlite3_column_int (s, 1);
  row->file = text_of (s, 2);
  row->user = text_of (s, 3);
  row->into = text_of (s, 4);
  row->options = *options != '\0' ? g_strsplit (options, OPTION_MARK, -1) : g_new0 (gchar *, 1);
  row->user_uid = text_of (s, 6);
  row->server = text_of (s, 7);
  row->state = (BmRowState) sqlite3_column_int (s, 8);
  row->retry = sqlite3_column_int (s, 9) != 0;
  row->attempts = (guint) sqlite3_column_int (s, 10);
  row->not_before_ms = sqlite3_column_int64 (s, 11);
  row->pid = sqlite3_column_int (s, 12);
  row->started_ms = sqlite3_column_int64 (s, 13);
  row->ended_ms = sqlite3_column_int64 (s, 14);
  row->status = sqlite3_column_int (s, 15);
  row->cause = text_of (s, 16);
  row->message = text_of (s, 17);
  row->job = text_of (s, 18);
  return row;
}

GPtrArray *
bm_batch_rows (BmBatch *batch, GError **error)
{
  g_autoptr (sqlite3_stmt) statement =
      prepare (batch,
               "SELECT id,line,file,user,target,options,user_uid,server,state,retry,attempts,"
               "not_before,pid,started,ended,status,cause,message,job FROM row ORDER BY id",
               error);
  if (statement == NULL)
    return NULL;
  g_autoptr (GPtrArray) rows = g_ptr_array_new_with_free_func (row_free);
  int result;
  while ((result = sqlite3_step (statement)) == SQLITE_ROW)
    g_ptr_array_add (rows, read_row (statement));
  if (result != SQLITE_DONE) {
    sql_error (batch, error);
    return NULL;
  }
  return g_steal_pointer (&rows);
}

gboolean
bm_batch_changed (BmBatch *batch)
{
  g_autoptr (sqlite3_stmt) statement = prepare (batch, "PRAGMA data_version", NULL);
  if (statement == NULL || sqlite3_step (statement) != SQLITE_ROW)
    return TRUE;
  gint64 version = sqlite3_column_int64 (statement, 0); /* grows when another connection commits */
  gboolean changed = version != batch->seen;
  batch->seen = version;
  return changed;
}

gboolean
bm_batch_try_again (BmBatch *batch, gint64 id, gboolean *done, GError **error)
{
  g_autoptr (sqlite3_stmt) s = prepare (
      batch, "UPDATE row SET state=0,retry=1,attempts=0,not_before=0 WHERE id=?1 AND state>1",
      error);
  if (s == NULL)
    return FALSE;
  sqlite3_bind_int64 (s, 1, id);
  if (!finish (batch, s, error))
    return FALSE;
  *done = sqlite3_changes (batch->db) > 0;
  return TRUE;
}

gboolean
bm_batch_save_row (BmBatch *batch, const BmBatchRow *row, GError **error)
{
  g_autoptr (sqlite3_stmt) s =
      prepare (batch,
               "UPDATE row SET user_uid=?2,server=?3,state=?4,retry=?5,attempts=?6,not_before=?7,"
               "pid=?8,started=?9,ended=?10,status=?11,cause=?12,message=?13,job=?14 WHERE id=?1",
               error);
  if (s == NULL)
    return FALSE;
  sqlite3_bind_int64 (s, 1, row->id);
  bind_text (s, 2, row->user_uid);
  bind_text (s, 3, row->server);
  sqlite3_bind_int (s, 4, (int) row->state);
  sqlite3_bind_int (s, 5, row->retry);
  sqlite3_bind_int (s, 6, (int) row->attempts);
  sqlite3_bind_int64 (s, 7, row->not_before_ms);
  sqlite3_bind_int (s, 8, row->pid);
  sqlite3_bind_int64 (s, 9, row->started_ms);
  sqlite3_bind_int64 (s, 10, row->ended_ms);
  sqlite3_bind_int (s, 11, row->status);
  bind_text (s, 12, row->cause);
  bind_text (s, 13, row->message);
  bind_text (s, 14, row->job);
  return finish (batch, s, error);
}

/* ---- facts ---- */

gchar *
bm_batch_get (BmBatch *batch, const gchar *key)
{
  g_autoptr (sqlite3_stmt) statement = prepare (batch, "SELECT value FROM fact WHERE key=?", NULL);
  if (statement == NULL)
    return NULL;
  bind_text (statement, 1, key);
  return sqlite3_step (statement) == SQLITE_ROW ? text_of (statement, 0) : NULL;
}

gboolean
bm_batch_set (BmBatch *batch, const gchar *key, const gchar *value, GError **error)
{
  g_autoptr (sqlite3_stmt) statement = prepare (
      batch, "INSERT INTO fact VALUES (?,?) ON CONFLICT DO UPDATE SET value=excluded.value", error);
  if (statement == NULL)
    return FALSE;
  bind_text (statement, 1, key);
  bind_text (statement, 2, value);
  return finish (batch, statement, error);
}

gchar *
bm_batch_row_path (const BmBatch *batch, gint64 id, const gchar *kind)
{
  return g_strdup_printf ("%s/rows/%" G_GINT64_FORMAT ".%s", batch->directory, id, kind);
}
