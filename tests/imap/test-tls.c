/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Certificates: the right chain and name are trusted, everything else is refused before the
 * password leaves. The server is GnuTLS in a thread; the certificates are made by certtool. */
#include "imap/bm-imap.h"

#include <glib/gstdio.h>
#include <gnutls/gnutls.h>
#include <netinet/in.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static gchar *directory;

typedef struct {
  gint listener;
  guint16 port;
  GThread *thread;
  gboolean starttls;
  gint logins;   /* atomic: LOGIN commands seen */
  gint in_plain; /* atomic: LOGIN commands seen before TLS */
} Server;

static gchar *
in_directory (const gchar *name)
{
  return g_build_filename (directory, name, NULL);
}

static gboolean
certtool (const gchar *arguments)
{
  g_autofree gchar *command = g_strdup_printf ("certtool %s", arguments);
  g_autofree gchar *out = NULL, *err = NULL;
  gint status = -1;
  return g_spawn_command_line_sync (command, &out, &err, &status, NULL) && status == 0;
}

static gboolean
make_certificates (void)
{
  static const gchar ca[] = "cn=\"Test CA\"\nca\ncert_signing_key\nexpiration_days=10\n";
  static const gchar host[] =
      "cn=\"localhost\"\ndns_name=\"localhost\"\ntls_www_server\nexpiration_days=10\n";
  g_autofree gchar *ca_template = in_directory ("ca.tmpl"), *template = in_directory ("host.tmpl");
  g_file_set_contents (ca_template, ca, -1, NULL);
  g_file_set_contents (template, host, -1, NULL);
  g_autofree gchar *steps = g_strdup_printf (
      "--generate-privkey --ecc --outfile %1$s/ca.key;"
      "--generate-self-signed --load-privkey %1$s/ca.key --template %1$s/ca.tmpl --outfile "
      "%1$s/ca.pem;"
      "--generate-privkey --ecc --outfile %1$s/host.key;"
      "--generate-certificate --load-privkey %1$s/host.key --load-ca-certificate %1$s/ca.pem "
      "--load-ca-privkey %1$s/ca.key --template %1$s/host.tmpl --outfile %1$s/host.pem",
      directory);
  g_auto (GStrv) list = g_strsplit (steps, ";", -1);
  for (guint i = 0; list[i] != NULL; i++)
    if (!certtool (list[i]))
      return FALSE;
  return TRUE;
}

static const gchar greeting[] = "* OK ready\r\n";

/* Until STARTTLS; FALSE when the client leaves before. */
static gboolean
talk_plain (Server *server, gint fd)
{
  gchar buffer[2048];
  gssize n = send (fd, greeting, sizeof greeting - 1, 0);
  while (n > 0 && (n = recv (fd, buffer, sizeof buffer - 1, 0)) > 0) {
    buffer[n] = '\0';
    g_auto (GStrv) words = g_strsplit_set (buffer, " \r\n", 3);
    if (words[0] == NULL || words[1] == NULL)
      return FALSE;
    if (g_str_has_prefix (words[1], "LOGIN"))
      g_atomic_int_inc (&server->in_plain);
    g_autofree gchar *answer = g_strconcat (words[0], " OK done\r\n", NULL);
    if (send (fd, answer, strlen (answer), 0) > 0 && g_str_equal (words[1], "STARTTLS"))
      return TRUE;
  }
  return FALSE;
}

static void
talk (Server *server, gnutls_session_t session)
{
  gchar buffer[2048];
  if (!server->starttls)
    gnutls_record_send (session, greeting, sizeof greeting - 1);
  gssize n;
  while ((n = gnutls_record_recv (session, buffer, sizeof buffer - 1)) > 0) {
    buffer[n] = '\0';
    g_auto (GStrv) words = g_strsplit (buffer, " ", 3);
    if (words[0] == NULL || words[1] == NULL)
      return;
    if (g_str_has_prefix (words[1], "LOGIN"))
      g_atomic_int_inc (&server->logins);
    const gchar *extra = g_str_has_prefix (words[1], "CAPABILITY")
                             ? "* CAPABILITY IMAP4rev1 LITERAL+ UIDPLUS\r\n"
                             : "";
    g_autofree gchar *answer = g_strdup_printf ("%s%s OK done\r\n", extra, words[0]);
    gnutls_record_send (session, answer, strlen (answer));
  }
}

static gpointer
serve (gpointer data)
{
  Server *server = data;
  gnutls_certificate_credentials_t credentials;
  g_autofree gchar *pem = in_directory ("host.pem"), *key = in_directory ("host.key");
  gnutls_certificate_allocate_credentials (&credentials);
  g_assert_cmpint (
      gnutls_certificate_set_x509_key_file (credentials, pem, key, GNUTLS_X509_FMT_PEM), ==, 0);
  gint fd;
  while ((fd = accept (server->listener, NULL, NULL)) >= 0) {
    if (server->starttls && !talk_plain (server, fd)) {
      close (fd);
      continue;
    }
    gnutls_session_t session;
    gnutls_init (&session, GNUTLS_SERVER);
    gnutls_set_default_priority (session);
    gnutls_credentials_set (session, GNUTLS_CRD_CERTIFICATE, credentials);
    gnutls_transport_set_int (session, fd);
    if (gnutls_handshake (session) == 0)
      talk (server, session);
    gnutls_deinit (session);
    close (fd);
  }
  gnutls_certificate_free_credentials (credentials);
  return NULL;
}

static Server *
start (BmImapTls tls)
{
  Server *server = g_new0 (Server, 1);
  server->starttls = tls == BM_IMAP_TLS_STARTTLS;
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl (INADDR_LOOPBACK)};
  socklen_t size = sizeof address;
  server->listener = socket (AF_INET, SOCK_STREAM, 0);
  g_assert_cmpint (bind (server->listener, (struct sockaddr *) &address, sizeof address), ==, 0);
  g_assert_cmpint (listen (server->listener, 4), ==, 0);
  g_assert_cmpint (getsockname (server->listener, (struct sockaddr *) &address, &size), ==, 0);
  server->port = ntohs (address.sin_port);
  server->thread = g_thread_new ("tls", serve, server);
  return server;
}

static gboolean
password (gpointer data, gchar **secret, GError **error)
{
  *secret = g_strdup ("secret");
  return TRUE;
}

/* Logins the server saw. */
static gint
connect_by (BmImapTls tls, const gchar *host, const gchar *ca, GError **error)
{
  Server *server = start (tls);
  BmImapOptions options = {.host = host,
                           .port = server->port,
                           .tls = tls,
                           .ca_file = ca,
                           .login = "alice@d",
                           .password = password,
                           .timeout_s = 5};
  BmSink *sink = bm_imap_sink_new (&options, error);
  g_assert_nonnull (sink);
  sink->ops->connect (sink, error);
  bm_sink_free (sink);
  shutdown (server->listener, SHUT_RDWR);
  g_thread_join (server->thread);
  close (server->listener);
  gint logins = g_atomic_int_get (&server->logins);
  g_assert_cmpint (g_atomic_int_get (&server->in_plain), ==, 0);
  g_free (server);
  return logins;
}

static gint
connect_to (const gchar *host, const gchar *ca, GError **error)
{
  return connect_by (BM_IMAP_TLS_IMPLICIT, host, ca, error);
}

static void
test_trusted (void)
{
  g_autoptr (GError) error = NULL;
  g_autofree gchar *ca = in_directory ("ca.pem");
  g_assert_cmpint (connect_to ("localhost", ca, &error), ==, 1);
  g_assert_no_error (error);
}

static void
test_wrong_name (void)
{
  g_autoptr (GError) error = NULL;
  g_autofree gchar *ca = in_directory ("ca.pem");
  g_assert_cmpint (connect_to ("127.0.0.1", ca, &error), ==, 0);
  g_assert_error (error, BM_ERROR, BM_CAUSE_TLS_UNTRUSTED);
}

static void
test_unknown_ca (void)
{
  g_autoptr (GError) error = NULL;
  g_assert_cmpint (connect_to ("localhost", NULL, &error), ==, 0);
  g_assert_error (error, BM_ERROR, BM_CAUSE_TLS_UNTRUSTED);
  g_test_message ("%s", error->message);
}

static void
test_no_ca_file (void)
{
  g_autoptr (GError) error = NULL;
  g_assert_cmpint (connect_to ("localhost", "/nonexistent.pem", &error), ==, 0);
  g_assert_error (error, BM_ERROR, BM_CAUSE_TLS_UNTRUSTED);
}

static void
test_starttls (void)
{
  g_autoptr (GError) error = NULL;
  g_autofree gchar *ca = in_directory ("ca.pem");
  g_assert_cmpint (connect_by (BM_IMAP_TLS_STARTTLS, "localhost", ca, &error), ==, 1);
  g_assert_no_error (error);
  g_assert_cmpint (connect_by (BM_IMAP_TLS_STARTTLS, "127.0.0.1", ca, &error), ==, 0);
  g_assert_error (error, BM_ERROR, BM_CAUSE_TLS_UNTRUSTED);
}

int
main (int argc, char **argv)
{
  signal (SIGPIPE, SIG_IGN);
  g_test_init (&argc, &argv, NULL);
  directory = g_dir_make_tmp ("bm-tls-XXXXXX", NULL);
  if (!make_certificates ()) {
    g_print ("1..0 # SKIP certtool (gnutls-bin) cannot make certificates\n");
    return 0;
  }
  g_test_add_func ("/tls/trusted", test_trusted);
  g_test_add_func ("/tls/wrong-name", test_wrong_name);
  g_test_add_func ("/tls/unknown-ca", test_unknown_ca);
  g_test_add_func ("/tls/no-ca-file", test_no_ca_file);
  g_test_add_func ("/tls/starttls", test_starttls);
  int status = g_test_run ();
  static const gchar *const names[] = {"ca.tmpl", "host.tmpl", "ca.key",
                                       "ca.pem",  "host.key",  "host.pem"};
  for (guint i = 0; i < G_N_ELEMENTS (names); i++) {
    g_autofree gchar *path = in_directory (names[i]);
    g_unlink (path);
  }
  g_rmdir (directory);
  g_free (directory);
  return status;
}
