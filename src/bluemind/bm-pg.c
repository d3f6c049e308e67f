/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* See bm-pg.h. Must not know any table. */
#include "bluemind/bm-pg.h"

#define CONNECT_TIMEOUT "10"
#define OPTIONS         "-c default_transaction_read_only=on -c statement_timeout=60000"

static gchar *
one_line (const gchar *text)
{
  g_autofree gchar *valid = g_utf8_make_valid (text, -1);
  return g_strdup (g_strstrip (g_strdelimit (valid, "\r\n\t", ' ')));
}

PGconn *
bm_pg_connect (const BmDatabase *database, BmCause cause, GError **error)
{
  g_autofree gchar *port = g_strdup_printf ("%u", database->port);
  const gchar *keys[] = {"host",
                         "port",
                         "dbname",
                         "user",
                         "password",
                         "options",
                         "connect_timeout",
                         "client_encoding",
                         "application_name",
                         NULL};
  const gchar *values[] = {database->host,     port,    database->dbname, database->user,
                           database->password, OPTIONS, CONNECT_TIMEOUT,  "UTF8",
                           "bm-pst-import",    NULL};
  g_autoptr (PGconn) connection = PQconnectdbParams (keys, values, 0);
  if (PQstatus (connection) == CONNECTION_OK)
    return g_steal_pointer (&connection);
  g_autofree gchar *words = one_line (PQerrorMessage (connection));
  g_set_error (error, BM_ERROR, cause, "database %s on %s port %u: %s", database->dbname,
               database->host, database->port, words);
  return NULL;
}

PGresult *
bm_pg_query (PGconn *connection, const gchar *sql, const gchar *const *parameters, int n,
             BmCause cause, GError **error)
{
  g_autoptr (PGresult) result = PQexecParams (connection, sql, n, NULL, parameters, NULL, NULL, 0);
  if (PQresultStatus (result) == PGRES_TUPLES_OK)
    return g_steal_pointer (&result);
  g_autofree gchar *words = one_line (PQerrorMessage (connection));
  g_set_error (error, BM_ERROR, cause, "database %s on %s: %s", PQdb (connection),
               PQhost (connection), words);
  return NULL;
}

const gchar *
bm_pg_text (const PGresult *result, int row, int column)
{
  return PQgetisnull (result, row, column) ? NULL : PQgetvalue (result, row, column);
}

gchar *
bm_pg_array (GPtrArray *texts)
{
  g_autoptr (GString) array = g_string_new ("{");
  for (guint i = 0; i < texts->len; i++) {
    if (i > 0)
      g_string_append_c (array, ',');
    g_string_append (array, g_ptr_array_index (texts, i));
  }
  g_string_append_c (array, '}');
  return g_string_free (g_steal_pointer (&array), FALSE);
}
