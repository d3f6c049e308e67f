/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * saslauthd's protocol: four counted strings (login, password, service, realm), answered by the counted string "OK" or
 * "NO". One question per connection, asked by libsasl2 within imapd. Must not know what makes a password good.
 */
#include "lab-sasl.h"

#include <gio/gunixsocketaddress.h>
#include <glib/gstdio.h>

static gchar *
read_counted (GInputStream *in)
{
  guint8 size[2];
  gsize got = 0;
  if (!g_input_stream_read_all (in, size, sizeof size, &got, NULL, NULL) || got < sizeof size)
    return NULL;
  gsize length = (gsize) size[0] << 8 | size[1];
  g_autofree gchar *text = g_malloc0 (length + 1);
  if (!g_input_stream_read_all (in, text, length, &got, NULL, NULL) || got < length)
    return NULL;
  return g_steal_pointer (&text);
}

static gboolean
on_connection (GThreadedSocketService *service, GSocketConnection *connection, GObject *source,
               gpointer core)
{
  GInputStream *in = g_io_stream_get_input_stream (G_IO_STREAM (connection));
  GOutputStream *out = g_io_stream_get_output_stream (G_IO_STREAM (connection));
  g_autofree gchar *login = read_counted (in);
  g_autofree gchar *password = read_counted (in);
  g_autofree gchar *service_name = read_counted (in);
  g_autofree gchar *realm = read_counted (in);
  if (realm == NULL)
    return TRUE;
  g_autoptr (LabUser) user = NULL;
  gboolean ok = lab_core_login (core, login, realm, password, &user) == LAB_LOGIN_OK;
  g_debug ("sasl: login for %s at \"%s\": %s", service_name, realm, ok ? "OK" : "NO");
  g_output_stream_write_all (out, ok ? "\0\2OK" : "\0\2NO", 4, NULL, NULL, NULL);
  return TRUE;
}

gboolean
lab_sasl_start (LabCore *core, const gchar *path, GError **error)
{
  g_unlink (path);
  g_autoptr (GSocketAddress) address = g_unix_socket_address_new (path);
  GSocketService *service = g_threaded_socket_service_new (64); /* as long as the process */
  g_signal_connect (service, "run", G_CALLBACK (on_connection), core);
  return g_socket_listener_add_address (G_SOCKET_LISTENER (service), address, G_SOCKET_TYPE_STREAM,
                                        G_SOCKET_PROTOCOL_DEFAULT, NULL, NULL, error) &&
         g_chmod (path, 0777) == 0;
}
