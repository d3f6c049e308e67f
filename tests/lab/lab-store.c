/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* See lab-store.h. */
#include "lab-store.h"

#include <gio/gio.h>
#include <libsoup/soup.h>
#include <string.h>

struct _LabDb {
  GMutex lock;
  gchar *conninfo;
  PGconn *connection;
};

struct _LabStore {
  LabDb *directory;
  GHashTable *conninfos; /* server uid -> conninfo */
  GHashTable *shards;    /* server uid -> the shared LabDb */
};

static LabDb *
open_db (const gchar *conninfo)
{
  LabDb *db = g_new0 (LabDb, 1);
  g_mutex_init (&db->lock);
  db->conninfo = g_strdup (conninfo);
  return db;
}

void
lab_db_free (LabDb *db)
{
  if (db == NULL)
    return;
  g_clear_pointer (&db->connection, PQfinish);
  g_mutex_clear (&db->lock);
  g_free (db->conninfo);
  g_free (db);
}

LabStore *
lab_store_new (const gchar *bj)
{
  LabStore *store = g_new0 (LabStore, 1);
  store->directory = open_db (bj);
  store->conninfos = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  store->shards =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) lab_db_free);
  return store;
}

void
lab_store_add_shard (LabStore *store, const gchar *server, const gchar *conninfo)
{
  g_hash_table_insert (store->conninfos, g_strdup (server), g_strdup (conninfo));
  g_hash_table_insert (store->shards, g_strdup (server), open_db (conninfo));
}

LabDb *
lab_store_open_shard (LabStore *store, const gchar *server)
{
  const gchar *conninfo = g_hash_table_lookup (store->conninfos, server);
  return conninfo == NULL ? NULL : open_db (conninfo);
}

LabDb *
lab_store_directory (LabStore *store)
{
  return store->directory;
}

LabDb *
lab_store_shard (LabStore *store, const gchar *server)
{
  return g_hash_table_lookup (store->shards, server);
}

static gboolean
ensure_open (LabDb *db)
{
  if (db->connection != NULL && PQstatus (db->connection) == CONNECTION_OK)
    return TRUE;
  g_clear_pointer (&db->connection, PQfinish);
  db->connection = PQconnectdb (db->conninfo);
  return PQstatus (db->connection) == CONNECTION_OK;
}

PGresult *
lab_db_exec (LabDb *db, GError **error, const gchar *sql, gint n, const gchar *const *parameters)
{
  g_autoptr (GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new (&db->lock);
  for (guint try = 0; try < 2 && ensure_open (db); try++) {
    g_autoptr (PGresult) result =
        PQexecParams (db->connection, sql, n, NULL, parameters, NULL, NULL, 0);
    ExecStatusType status = PQresultStatus (result);
    if (status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK)
      return g_steal_pointer (&result);
    if (PQstatus (db->connection) == CONNECTION_OK)
      break;
  }
  g_set_error (error, G_IO_ERROR, G_IO_ERROR_FAILED, "%s", PQerrorMessage (db->connection));
  g_warning ("sql: %s", PQerrorMessage (db->connection));
  return NULL;
}

gboolean
lab_db_run (LabDb *db, const gchar *sql, gint n, const gchar *const *parameters)
{
  g_autoptr (PGresult) result = lab_db_exec (db, NULL, sql, n, parameters);
  return result != NULL;
}

void
lab_rows_init (LabRows *rows, guint n_columns)
{
  g_assert (n_columns <= G_N_ELEMENTS (rows->columns));
  rows->n_columns = n_columns;
  rows->n_rows = 0;
  for (guint i = 0; i < n_columns; i++)
    rows->columns[i] = g_string_new ("{");
}

void
lab_rows_clear (LabRows *rows)
{
  for (guint i = 0; i < rows->n_columns; i++)
    g_string_free (rows->columns[i], TRUE);
  rows->n_columns = 0;
}

void
lab_rows_add (LabRows *rows, guint column, const gchar *value)
{
  GString *out = rows->columns[column];
  if (out->len > 1)
    g_string_append_c (out, ',');
  if (value == NULL) {
    g_string_append (out, "NULL");
    return;
  }
  g_string_append_c (out, '"');
  for (const gchar *p = value; *p != '\0'; p++) {
    if (*p == '"' || *p == '\\')
      g_string_append_c (out, '\\');
    g_string_append_c (out, *p);
  }
  g_string_append_c (out, '"');
}

void
lab_rows_add_number (LabRows *rows, guint column, gint64 value)
{
  if (rows->columns[column]->len > 1)
    g_string_append_c (rows->columns[column], ',');
  g_string_append_printf (rows->columns[column], "%" G_GINT64_FORMAT, value);
}

gboolean
lab_rows_call (LabRows *rows, LabDb *db, const gchar *function, gint n_prefix,
               const gchar *const *prefix, GError **error)
{
  if (rows->n_rows == 0)
    return TRUE;
  const gchar *parameters[16];
  g_autoptr (GString) sql = g_string_new ("SELECT ");
  g_string_append_printf (sql, "%s(", function);
  gint n = 0;
  for (; n < n_prefix; n++)
    parameters[n] = prefix[n];
  for (guint i = 0; i < rows->n_columns; i++) {
    g_string_append_c (rows->columns[i], '}');
    parameters[n++] = rows->columns[i]->str;
  }
  for (gint i = 0; i < n; i++)
    g_string_append_printf (sql, "%s$%d", i > 0 ? "," : "", i + 1);
  g_string_append_c (sql, ')');
  g_autoptr (PGresult) result = lab_db_exec (db, error, sql->str, n, parameters);
  for (guint i = 0; i < rows->n_columns; i++)
    g_string_assign (rows->columns[i], "{");
  rows->n_rows = 0;
  return result != NULL;
}

void
lab_user_free (LabUser *user)
{
  if (user == NULL)
    return;
  g_free (user->uid);
  g_free (user->login);
  g_free (user->domain);
  g_free (user->password);
  g_free (user->name);
  g_free (user->routing);
  g_free (user->account);
  g_free (user->server);
  g_free (user->kind);
  g_free (user);
}

static LabUser *
find_user (LabStore *store, const gchar *condition, gint n, const gchar *const *parameters)
{
  g_autofree gchar *sql = g_strconcat (
      "SELECT ci.uid, u.login, dom.uid, u.password, ci.displayname, u.routing, de.account_type,"
      " de.datalocation, de.kind, u.archived, coalesce(m.quota, -1)"
      " FROM t_domain_user u JOIN t_container_item ci ON ci.id = u.item_id"
      " JOIN t_container dom ON dom.id = ci.container_id JOIN t_domain d ON d.name = dom.uid"
      " LEFT JOIN t_directory_entry de ON de.item_id = ci.id"
      " LEFT JOIN t_mailbox m ON m.item_id = ci.id WHERE ",
      condition, NULL);
  g_autoptr (PGresult) result = lab_db_exec (store->directory, NULL, sql, n, parameters);
  if (result == NULL || PQntuples (result) == 0)
    return NULL;
  LabUser *user = g_new0 (LabUser, 1);
  gchar **fields[] = {&user->uid,     &user->login,   &user->domain, &user->password, &user->name,
                      &user->routing, &user->account, &user->server, &user->kind};
  for (guint i = 0; i < G_N_ELEMENTS (fields); i++)
    *fields[i] = g_strdup (PQgetvalue (result, 0, (int) i));
  user->archived = PQgetvalue (result, 0, 9)[0] == 't';
  user->quota_kib = (gint) g_ascii_strtoll (PQgetvalue (result, 0, 10), NULL, 10);
  return user;
}

#define IN_DOMAIN "(d.name = $2 OR $2 = ANY(d.aliases))"

LabUser *
lab_store_find_login (LabStore *store, const gchar *login, const gchar *domain)
{
  return find_user (store, "u.login = lower($1) AND " IN_DOMAIN, 2,
                    (const gchar *[]){login, domain});
}

LabUser *
lab_store_find_uid (LabStore *store, const gchar *uid, const gchar *domain)
{
  return find_user (store, "ci.uid = $1 AND " IN_DOMAIN, 2, (const gchar *[]){uid, domain});
}

/* BlueMind's MailboxStore.EMAIL_SEARCH_QUERY. */
LabUser *
lab_store_find_email (LabStore *store, const gchar *email, const gchar *domain)
{
  const gchar *at = strrchr (email, '@');
  if (at == NULL)
    return NULL;
  g_autofree gchar *left = g_strndup (email, (gsize) (at - email));
  return find_user (
      store,
      "ci.id IN (SELECT item_id FROM t_mailbox_email e WHERE lower(e.left_address) = lower($1)"
      " AND (lower(e.right_address) = lower($3)"
      " OR e.all_aliases AND ($3 = d.name OR $3 = ANY(d.aliases)))) AND " IN_DOMAIN,
      3, (const gchar *[]){left, domain, at + 1});
}

/* The unfolded value of a header field, valid UTF-8 without NUL; NULL when absent. */
static gchar *
header (const gchar *headers, const gchar *name)
{
  gsize length = strlen (name);
  const gchar *line = headers;
  while (line != NULL && g_ascii_strncasecmp (line, name, length) != 0) {
    line = strchr (line, '\n');
    line = line != NULL ? line + 1 : NULL;
  }
  if (line == NULL)
    return NULL;
  g_autoptr (GString) value = g_string_new (NULL);
  for (const gchar *p = line + length; *p != '\0'; p++) {
    if (*p == '\n' && p[1] != ' ' && p[1] != '\t')
      break;
    if (*p != '\r' && *p != '\n')
      g_string_append_c (value, *p);
  }
  return g_strstrip (g_utf8_make_valid (value->str, (gssize) value->len));
}

void
lab_store_add_body (LabRows *rows, const gchar *guid, const guint8 *data, gsize size,
                    gint64 arrived)
{
  const gchar *end = g_strstr_len ((const gchar *) data, (gssize) size, "\r\n\r\n");
  gsize length = end != NULL ? (gsize) (end - (const gchar *) data) : MIN (size, 64 * 1024u);
  g_autofree gchar *headers = g_strndup ((const gchar *) data, length);
  g_autofree gchar *subject = header (headers, "Subject:");
  g_autofree gchar *message_id = header (headers, "Message-ID:");
  g_autofree gchar *references = header (headers, "References:");
  g_autofree gchar *date = header (headers, "Date:");
  g_autoptr (GDateTime) when = date != NULL ? soup_date_time_new_from_http_string (date) : NULL;
  lab_rows_add (rows, 0, guid);
  lab_rows_add (rows, 1, subject != NULL ? subject : "");
  lab_rows_add (rows, 2, message_id);
  LabRows list;
  lab_rows_init (&list, 1);
  if (references != NULL)
    lab_rows_add (&list, 0, references);
  g_string_append_c (list.columns[0], '}');
  lab_rows_add (rows, 3, list.columns[0]->str);
  lab_rows_clear (&list);
  lab_rows_add_number (rows, 4, when != NULL ? g_date_time_to_unix (when) : 0);
  lab_rows_add_number (rows, 5, (gint64) size);
  lab_rows_add (rows, 6, NULL);
  if (arrived >= 0) {
    g_string_truncate (rows->columns[6], rows->columns[6]->len - strlen ("NULL"));
    g_string_append_printf (rows->columns[6], "%" G_GINT64_FORMAT, arrived);
  }
  rows->n_rows++;
}
