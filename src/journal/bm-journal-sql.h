/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Private to the room: the database handle and small helpers around SQLite. One thread. */
#pragma once

#include "journal/bm-journal.h"

#include <sqlite3.h>

G_BEGIN_DECLS

G_DEFINE_AUTOPTR_CLEANUP_FUNC (sqlite3_stmt, sqlite3_finalize)

struct _BmJournal {
  sqlite3 *db;
  gchar *path;
  GHashTable *statements; /* text -> sqlite3_stmt, prepared once */
  gboolean subjects;      /* kept */
};

/* The statement for this (static) text, reset and unbound. Borrowed; NULL with error. */
sqlite3_stmt *bm_journal_sql (BmJournal *journal, const gchar *text, GError **error);
/* Runs a statement that gives no rows, then resets it. */
gboolean bm_journal_run (BmJournal *journal, sqlite3_stmt *statement, GError **error);
gboolean bm_journal_exec (BmJournal *journal, const gchar *text, GError **error);
gboolean bm_journal_sql_error (BmJournal *journal, GError **error);

G_END_DECLS
