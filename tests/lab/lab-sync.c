/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * The receiver of Cyrus's replication protocol, as bm-core is one: AUTHENTICATE, GET and APPLY commands without tags.
 * Knobs slow it down, make it refuse, or stop. Must not know the tables. One thread per connection.
 */
#include "lab-sync.h"

#include "lab-replica.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>

struct _LabSync {
  LabCore *core;
  guint16 port;
  GSocketService *service; /* NULL while stopped */
  GMutex lock;
  GHashTable *connections; /* of GSocketConnection */
};

typedef struct {
  LabSync *sync;
  LabReader *reader;
  GOutputStream *out;
  LabReplica replica;
} Session;

static gboolean say (Session *session, const gchar *format, ...) G_GNUC_PRINTF (2, 3);

static gboolean
say (Session *session, const gchar *format, ...)
{
  va_list arguments;
  va_start (arguments, format);
  g_autofree gchar *text = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  return g_output_stream_write_all (session->out, text, strlen (text), NULL, NULL, NULL);
}

static gboolean
authenticate (Session *session)
{
  g_autofree gchar *line = lab_reader_line (session->reader);
  if (line == NULL)
    return FALSE;
  g_auto (GStrv) words = g_strsplit (g_strstrip (line), " ", 0);
  guint n = g_strv_length (words);
  gsize size = 0;
  g_autofree guchar *plain = n > 0 ? g_base64_decode (words[n - 1], &size) : NULL;
  g_autofree gchar *expected =
      g_strdup_printf ("admin0%c%s", '\1', lab_core_admin_token (session->sync->core));
  expected[strlen ("admin0")] = '\0';
  gsize length = strlen ("admin0") + 1 + strlen (lab_core_admin_token (session->sync->core));
  gboolean ok = size == length + 1 && plain[0] == '\0' && memcmp (plain + 1, expected, length) == 0;
  say (session, ok ? "OK Success (no protection)\r\n" : "NO authentication failed\r\n");
  return ok;
}

/* GET and APPLY. FALSE ends the session. */
static gboolean
run_command (Session *session, const gchar *verb)
{
  g_autofree gchar *name = lab_reader_word (session->reader);
  g_auto (LabKnobs) knobs = {0};
  g_autofree gchar *no = NULL;
  g_autoptr (LabValue) value = NULL;
  g_autoptr (GString) data = g_string_new (NULL);
  if (name == NULL)
    return FALSE;
  lab_core_get_knobs (session->sync->core, &knobs);
  gboolean message = g_str_equal (name, "MESSAGE");
  gboolean slowed = message || g_str_equal (name, "MAILBOX");
  g_autoptr (LabUpload) upload = lab_upload_new (&session->replica);
  if (slowed && knobs.delay_ms > 0 && !knobs.refuse)
    g_usleep ((gulong) knobs.delay_ms * 1000);
  if (lab_reader_more (session->reader))
    value = lab_reader_value (session->reader, message && !knobs.refuse ? lab_upload_take : NULL,
                              upload);
  g_free (lab_reader_line (session->reader)); /* the rest of the line */
  gboolean ok = value != NULL;
  if (!ok)
    no = g_strdup ("IMAP_PROTOCOL_ERROR");
  else if (knobs.refuse && slowed) {
    g_usleep (50 * 1000); /* sync_client tries again at once, for ever */
    no = g_strdup ("IMAP_IOERROR refused by the lab");
    ok = FALSE;
  } else if (message)
    ok = lab_upload_finish (upload, &no);
  else
    ok = lab_replica_find_command (verb, name) (&session->replica, value, data, &no);
  g_debug ("sync: %s %s: %s", verb, name, ok ? "ok" : no);
  if (ok)
    g_string_append (data, "OK success\r\n");
  else
    g_string_printf (data, "NO %s\r\n", no);
  return g_output_stream_write_all (session->out, data->str, data->len, NULL, NULL, NULL);
}

static void
serve (Session *session)
{
  say (session, "* SASL PLAIN\r\n* OK syncsrv BlueMind sync server lab\r\n");
  gboolean going = TRUE, known = FALSE;
  while (going) {
    g_autofree gchar *word = lab_reader_word (session->reader);
    if (word == NULL)
      return;
    g_autofree gchar *verb = g_ascii_strup (word, -1);
    if (g_str_equal (verb, "AUTHENTICATE")) {
      known = authenticate (session);
      continue;
    }
    if (known && (g_str_equal (verb, "GET") || g_str_equal (verb, "APPLY"))) {
      going = run_command (session, verb);
      continue;
    }
    g_free (lab_reader_line (session->reader)); /* the rest of the line */
    if (g_str_equal (verb, "EXIT"))
      going = say (session, "OK finished\r\n") && FALSE;
    else if (!known)
      going = say (session, "BAD IMAP_PROTOCOL_ERROR Please authenticate\r\n");
    else
      going = say (session, g_str_equal (verb, "RESTART") ? "OK Restarting\r\n" : "OK Yeah\r\n");
  }
}

static gboolean
on_connection (GThreadedSocketService *service, GSocketConnection *connection, GObject *source,
               gpointer data)
{
  LabSync *sync = data;
  Session session = {.sync = sync};
  /* Without it two small writes and a delayed ACK cost 43 ms per command. */
  g_socket_set_option (g_socket_connection_get_socket (connection), IPPROTO_TCP, TCP_NODELAY, 1,
                       NULL);
  session.reader = lab_reader_new (g_io_stream_get_input_stream (G_IO_STREAM (connection)));
  session.out = g_io_stream_get_output_stream (G_IO_STREAM (connection));
  lab_replica_init (&session.replica, sync->core);
  g_mutex_lock (&sync->lock);
  g_hash_table_add (sync->connections, connection);
  g_mutex_unlock (&sync->lock);
  serve (&session);
  g_mutex_lock (&sync->lock);
  g_hash_table_remove (sync->connections, connection);
  g_mutex_unlock (&sync->lock);
  lab_replica_clear (&session.replica);
  lab_reader_free (session.reader);
  return TRUE;
}

static gboolean
open_port (LabSync *sync, GError **error)
{
  g_autoptr (GInetAddress) loopback = g_inet_address_new_loopback (G_SOCKET_FAMILY_IPV4);
  g_autoptr (GSocketAddress) address = g_inet_socket_address_new (loopback, sync->port);
  g_autoptr (GSocketService) service = g_threaded_socket_service_new (64);
  if (!g_socket_listener_add_address (G_SOCKET_LISTENER (service), address, G_SOCKET_TYPE_STREAM,
                                      G_SOCKET_PROTOCOL_TCP, NULL, NULL, error))
    return FALSE;
  g_signal_connect (service, "run", G_CALLBACK (on_connection), sync);
  sync->service = g_steal_pointer (&service);
  return TRUE;
}

LabSync *
lab_sync_start (LabCore *core, guint16 port, GError **error)
{
  LabSync *sync = g_new0 (LabSync, 1);
  g_mutex_init (&sync->lock);
  sync->core = core;
  sync->port = port;
  sync->connections = g_hash_table_new (NULL, NULL);
  if (open_port (sync, error))
    return sync;
  g_hash_table_unref (sync->connections);
  g_free (sync);
  return NULL;
}

void
lab_sync_update (LabSync *sync)
{
  g_auto (LabKnobs) knobs = {0};
  g_autoptr (GError) error = NULL;
  lab_core_get_knobs (sync->core, &knobs);
  if (!knobs.stop) {
    if (sync->service == NULL && !open_port (sync, &error))
      g_warning ("replication port: %s", error->message);
    return;
  }
  if (sync->service == NULL)
    return;
  g_socket_service_stop (sync->service);
  g_socket_listener_close (G_SOCKET_LISTENER (sync->service));
  g_clear_object (&sync->service);
  g_mutex_lock (&sync->lock);
  GHashTableIter iter;
  gpointer connection;
  g_hash_table_iter_init (&iter, sync->connections);
  while (g_hash_table_iter_next (&iter, &connection, NULL))
    g_socket_shutdown (g_socket_connection_get_socket (connection), TRUE, TRUE, NULL);
  g_mutex_unlock (&sync->lock);
}
