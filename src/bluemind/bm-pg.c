/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* See bm-pg.h. Must not know any table. */
#include "bluemind/bm-pg.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>

#define CONNECT_TIMEOUT_S 10
#define TIMEOUT_S         60

struct _BmPg {
  PGconn *connection;
  guint timeout_s;
};

static gchar *
one_line (const gchar *text)
{
  g_autofree gchar *valid = g_utf8_make_valid (text, -1);
  return g_strdup (g_strstrip (g_strdelimit (valid, "\r\n\t", ' ')));
}

BmPg *
bm_pg_connect (const BmDatabase *database, GError **error)
{
  guint timeout_s = database->timeout_s > 0 ? database->timeout_s : TIMEOUT_S;
  g_autofree gchar *port = g_strdup_printf ("%u", database->port);
  g_autofree gchar *options =
      g_strdup_printf ("-c default_transaction_read_only=on -c statement_timeout=%u000", timeout_s);
  g_autofree gchar *connect_timeout =
      g_strdup_printf ("%u", MIN (timeout_s, (guint) CONNECT_TIMEOUT_S));
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
                           database->password, options, connect_timeout,  "UTF8",
                           "bm-pst-import",    NULL};
  g_autoptr (BmPg) pg = g_new0 (BmPg, 1);
  pg->timeout_s = timeout_s;
  pg->connection = PQconnectdbParams (keys, values, 0);
  if (PQstatus (pg->connection) == CONNECTION_OK)
    return g_steal_pointer (&pg);
  g_autofree gchar *words = one_line (PQerrorMessage (pg->connection));
  g_set_error (error, BM_ERROR, BM_CAUSE_DATABASE_LOST, "database %s on %s port %u: %s",
               database->dbname, database->host, database->port, words);
  return NULL;
}

gboolean
bm_pg_is_open (const BmPg *pg)
{
  return pg != NULL && PQstatus (pg->connection) == CONNECTION_OK;
}

void
bm_pg_free (BmPg *pg)
{
  if (pg == NULL)
    return;
  PQfinish (pg->connection);
  g_free (pg);
}

/* The server ends a long statement by itself; a network that swallows everything does not. */
static gboolean
wait_for_answer (BmPg *pg)
{
  gint64 end = g_get_monotonic_time () + (pg->timeout_s + 1) * G_USEC_PER_SEC;
  while (PQisBusy (pg->connection)) {
    struct pollfd poll_fd = {.fd = PQsocket (pg->connection), .events = POLLIN};
    gint64 left_ms = (end - g_get_monotonic_time ()) / 1000;
    int ready = left_ms > 0 ? poll (&poll_fd, 1, (int) left_ms) : 0;
    if (ready < 0 && errno == EINTR)
      continue;
    if (ready <= 0) {
      shutdown (poll_fd.fd, SHUT_RDWR); /* so that libpq, too, calls it lost */
      PQconsumeInput (pg->connection);
      return FALSE;
    }
    if (!PQconsumeInput (pg->connection))
      return TRUE; /* PQgetResult says why */
  }
  return TRUE;
}

/* Everything that is left, so that the connection can be asked again; the last result is given. */
static PGresult *
take_result (BmPg *pg)
{
  PGresult *result = NULL, *next;
  while (wait_for_answer (pg) && (next = PQgetResult (pg->connection)) != NULL) {
    PQclear (result);
    result = next;
  }
  return result;
}

PGresult *
bm_pg_query (BmPg *pg, const gchar *sql, const gchar *const *parameters, int n, GError **error)
{
  gint64 started = g_get_monotonic_time ();
  g_autoptr (PGresult) result = NULL;
  if (PQsendQueryParams (pg->connection, sql, n, NULL, parameters, NULL, NULL, 0))
    result = take_result (pg);
  if (PQresultStatus (result) == PGRES_TUPLES_OK)
    return g_steal_pointer (&result);
  g_autofree gchar *words = one_line (PQerrorMessage (pg->connection));
  g_set_error (error, BM_ERROR, BM_CAUSE_DATABASE_LOST, "database %s on %s: %s (after %.1f s)",
               PQdb (pg->connection), PQhost (pg->connection), *words != '\0' ? words : "no answer",
               (g_get_monotonic_time () - started) / 1e6);
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
