/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * The lab's databases: `bj` and one `bj-data` per mail server, through libpq. All rows of messages go through the
 * functions of the schema `lab`, which know the variant of BlueMind's tables. Must not know IMAP, Cyrus or HTTP.
 * A LabDb is one connection with a lock, opened when first used: any thread.
 */
#pragma once

#include <glib.h>
#include <libpq-fe.h>

G_BEGIN_DECLS

typedef struct _LabDb LabDb;
typedef struct _LabStore LabStore;

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PGresult, PQclear)

/* A user as the directory knows it; strings owned. */
typedef struct {
  gchar *uid, *login, *domain, *password, *name, *routing, *account, *server, *kind;
  gboolean archived;
  gint quota_kib; /* -1: none */
} LabUser;

/* Bodies or records on their way into one multi-row statement: text arrays in PostgreSQL's own form. */
typedef struct {
  GString *columns[9];
  guint n_columns, n_rows;
} LabRows;

LabStore *lab_store_new (const gchar *bj);
void lab_store_add_shard (LabStore *store, const gchar *server, const gchar *conninfo);
/* A new connection to the shard of this server, or NULL when there is none. */
LabDb *lab_store_open_shard (LabStore *store, const gchar *server);
/* The shared connection to the directory. */
LabDb *lab_store_directory (LabStore *store);
/* The shared connection to a shard, for the odd query; NULL when there is none. */
LabDb *lab_store_shard (LabStore *store, const gchar *server);

void lab_db_free (LabDb *db);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (LabDb, lab_db_free)

/* Runs one statement with text parameters. NULL and an error when it failed; reconnects once. */
PGresult *lab_db_exec (LabDb *db, GError **error, const gchar *sql, gint n,
                       const gchar *const *parameters);

/* The same for a statement whose rows do not matter. */
gboolean lab_db_run (LabDb *db, const gchar *sql, gint n, const gchar *const *parameters);

void lab_rows_init (LabRows *rows, guint n_columns);
void lab_rows_clear (LabRows *rows);
/* The next value of a column; NULL is SQL NULL. Each row must fill every column, then count itself in n_rows. */
void lab_rows_add (LabRows *rows, guint column, const gchar *value);
void lab_rows_add_number (LabRows *rows, guint column, gint64 value);
/* "SELECT function(prefix..., arrays...)"; does nothing without rows; empties them. */
gboolean lab_rows_call (LabRows *rows, LabDb *db, const gchar *function, gint n_prefix,
                        const gchar *const *prefix, GError **error);

/* The user of a login in a domain named by uid, name or alias; NULL when there is none. */
LabUser *lab_store_find_login (LabStore *store, const gchar *login, const gchar *domain);
LabUser *lab_store_find_uid (LabStore *store, const gchar *uid, const gchar *domain);
LabUser *lab_store_find_email (LabStore *store, const gchar *email, const gchar *domain);
void lab_user_free (LabUser *user);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (LabUser, lab_user_free)

/* One body row's worth of what a parser would find, added to rows made for lab.put_bodies.
 * arrived < 0: the time of the insert. */
void lab_store_add_body (LabRows *rows, const gchar *guid, const guint8 *data, gsize size,
                         gint64 arrived);

G_END_DECLS
