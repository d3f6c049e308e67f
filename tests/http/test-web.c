/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The daemon's inner contract, without BlueMind: paths, lock-out, streamed bodies, answers before a
 * body's end, deferred answers, event streams, lazy readers. The server runs in this process's main
 * loop, its clients are blocking sockets in threads. */
#include "http/bm-web-lockout.h"
#include "http/bm-web-main.h"
#include "http/bm-web-private.h"

#include <errno.h>
#include <glib-unix.h>
#include <stdio.h>
#include <unistd.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>

#define HURRY 20 /* a minute in three seconds */

/* ---- paths ---- */

static void
test_paths (void)
{
  static const struct {
    const gchar *base, *raw, *joined; /* joined with "|"; NULL: refused */
  } cases[] = {
      {"/", "/", ""},
      {"/", "/api/v1/users", "api|v1|users"},
      {"/pst/", "/pst/", ""},
      {"/pst/", "/pst", ""},
      {"/pst/", "/pst/static/a.css", "static|a.css"},
      {"/pst/", "/pstx/", NULL},
      {"/pst/", "/ps", NULL},
      {"/pst/", "/", NULL},
      {"/", "/a%20b/%C3%A9", "a b|\xc3\xa9"},
      {"/", "/a/", NULL},
      {"/", "//a", NULL},
      {"/", "/a/../b", NULL},
      {"/", "/a/%2e%2E/b", NULL},
      {"/", "/./a", NULL},
      {"/", "/a%2Fb", NULL},
      {"/", "/a%5Cb", NULL},
      {"/", "/a\\b", NULL},
      {"/", "/a%00b", NULL},
      {"/", "/a%0Ab", NULL},
      {"/", "/%7f", NULL},
      {"/", "/%ff", NULL},
      {"/", "/%c0%ae", NULL},
      {"/", "/%", NULL},
      {"/", "/%zz", NULL},
      {"/", "/1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16/17", NULL},
      {"/", "/...", "..."},
  };
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_auto (GStrv) path = bm_web_split_path (cases[i].base, cases[i].raw);
    g_autofree gchar *joined = path != NULL ? g_strjoinv ("|", path) : NULL;
    g_test_message ("%s below %s", cases[i].raw, cases[i].base);
    g_assert_cmpstr (joined, ==, cases[i].joined);
  }
}

/* ---- lock-out ---- */

static guint
wrong (BmWebLockout *lockout, const gchar *login, const gchar *address, gint64 now)
{
  guint wait = bm_web_lockout_begin (lockout, login, address, now);
  if (wait == 0)
    bm_web_lockout_end (lockout, login, address, BM_WEB_TRY_WRONG);
  return wait;
}

static void
test_lockout (void)
{
  g_autoptr (BmWebLockout) lockout = bm_web_lockout_new (3, 100);
  for (guint i = 0; i < 3; i++)
    g_assert_cmpuint (wrong (lockout, "a@d", "1.1.1.1", 10), ==, 0);
  g_assert_cmpuint (wrong (lockout, "A@D", "1.1.1.1", 20), ==, 90);
  g_assert_cmpuint (wrong (lockout, "a@d", "1.1.1.1", 109), ==, 1);
  g_assert_cmpuint (wrong (lockout, "a@d", "2.2.2.2", 20), ==, 0); /* from elsewhere */
  g_assert_cmpuint (wrong (lockout, "b@d", "1.1.1.1", 20), ==, 0); /* another one */
  g_assert_cmpuint (wrong (lockout, "a@d", "1.1.1.1", 110), ==, 0);
}

static void
test_lockout_is_forgotten (void)
{
  g_autoptr (BmWebLockout) lockout = bm_web_lockout_new (3, 100);
  for (guint round = 0; round < 10; round++) {
    g_assert_cmpuint (wrong (lockout, "a@d", "1.1.1.1", 10), ==, 0);
    g_assert_cmpuint (wrong (lockout, "a@d", "1.1.1.1", 10), ==, 0);
    g_assert_cmpuint (bm_web_lockout_begin (lockout, "a@d", "1.1.1.1", 10), ==, 0);
    bm_web_lockout_end (lockout, "a@d", "1.1.1.1", BM_WEB_TRY_GOOD);
    if (round == 3)
      break; /* the address has its own count, which a good one does not clear */
  }
  for (guint i = 0; i < 50; i++) { /* the core is away */
    g_assert_cmpuint (bm_web_lockout_begin (lockout, "c@d", "3.3.3.3", 10), ==, 0);
    bm_web_lockout_end (lockout, "c@d", "3.3.3.3", BM_WEB_TRY_UNKNOWN);
  }
}

static void
test_lockout_at_once (void)
{
  g_autoptr (BmWebLockout) lockout = bm_web_lockout_new (3, 100);
  for (guint i = 0; i < 3; i++)
    g_assert_cmpuint (bm_web_lockout_begin (lockout, "a@d", "1.1.1.1", 10), ==, 0);
  g_assert_cmpuint (bm_web_lockout_begin (lockout, "a@d", "1.1.1.1", 10), ==, 100);
}

/* One address that tries many logins, many addresses that try one. */
static void
test_lockout_sprayed (void)
{
  g_autoptr (BmWebLockout) lockout = bm_web_lockout_new (3, 100);
  guint n = 0, m = 0;
  for (guint i = 0; i < 50; i++) {
    g_autofree gchar *login = g_strdup_printf ("u%u@d", i);
    n += wrong (lockout, login, "1.1.1.1", 10) == 0;
  }
  for (guint i = 0; i < 100; i++) {
    g_autofree gchar *address = g_strdup_printf ("2.2.2.%u", i);
    m += wrong (lockout, "boss@d", address, 10) == 0;
  }
  g_assert_cmpuint (n, ==, 12);
  g_assert_cmpuint (m, ==, 30);
}

static void
test_lockout_by_network (void)
{
  g_autoptr (BmWebLockout) lockout = bm_web_lockout_new (2, 100);
  g_assert_cmpuint (wrong (lockout, "a@d", "2001:db8::1", 10), ==, 0);
  g_assert_cmpuint (wrong (lockout, "a@d", "2001:db8::ffff:2", 10), ==, 0);
  g_assert_cmpuint (wrong (lockout, "a@d", "2001:db8::3", 10), >, 0);
  g_assert_cmpuint (wrong (lockout, "a@d", "2001:db8:0:1::1", 10), ==, 0); /* another network */
}

/* Strangers choose the keys. */
static void
test_lockout_is_bounded (void)
{
  g_autoptr (BmWebLockout) lockout = bm_web_lockout_new (1000, 100);
  for (guint i = 0; i < 100000; i++) {
    g_autofree gchar *login = g_strdup_printf ("u%u@d", i);
    wrong (lockout, login, "1.1.1.1", 10);
  }
  g_assert_cmpuint (wrong (lockout, "new@d", "9.9.9.9", 10), ==, 0);
}

/* ---- TLS ---- */

/* A last record to a client that takes nothing would be waited for, in the main thread. */
static void
test_before_close (void)
{
  gint fds[2];
  gchar zeros[4096] = {0};
  g_assert_cmpint (socketpair (AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), ==, 0);
  g_autoptr (GError) error = NULL;
  g_autoptr (GSocket) socket = g_socket_new_from_fd (fds[0], &error);
  g_assert_no_error (error);
  BmWebPeer peer = {.socket = socket, .tls = TRUE};
  bm_web_tls_before_close (&peer);
  g_assert_cmpint (write (fds[0], zeros, 1), ==, 1); /* who takes it, gets it */
  while (write (fds[0], zeros, sizeof zeros) > 0)
    continue;
  g_assert_cmpint (errno, ==, EAGAIN);
  bm_web_tls_before_close (&peer);
  g_assert_cmpint (write (fds[0], zeros, 1), <, 0);
  g_assert_cmpint (errno, ==, EPIPE);
  close (fds[1]);
}

/* ---- a server ---- */

typedef struct {
  BmConfig config;
  BmWeb *web;
  GMainLoop *loop;
  guint16 port;
  gsize streamed; /* bytes */
  gint complete;  /* -1: not ended */
  guint gone;
  BmWebRequest *kept;
  BmWebSse *sse;
  guint ticker;
  gboolean refuse; /* a stream after its first chunk */
} Fixture;

static void
on_stream_chunk (BmWebRequest *request, const guint8 *bytes, gsize size, gpointer data)
{
  Fixture *f = data;
  f->streamed += size;
  if (f->refuse)
    bm_web_reply_error (request, 415, "no-pst", "This is no PST.", "Choose another file.");
}

static void
on_stream_end (BmWebRequest *request, gboolean complete, gpointer data)
{
  Fixture *f = data;
  f->complete = complete;
  bm_web_reply_empty (request, 204);
}

static void
take_stream (BmWebRequest *request, gpointer data)
{
  if (bm_web_request_query (request, "no") != NULL)
    bm_web_reply_error (request, 409, "offset", "That is not the offset.", NULL);
  else
    bm_web_request_stream (request, on_stream_chunk, on_stream_end, data);
}

static gboolean
answer_kept (gpointer data)
{
  Fixture *f = data;
  bm_web_reply_empty (f->kept, bm_web_request_is_alive (f->kept) ? 200 : 500);
  f->gone++;
  return G_SOURCE_REMOVE;
}

static void
answer_later (BmWebRequest *request, gpointer data)
{
  Fixture *f = data;
  f->kept = request;
  g_timeout_add (200, answer_kept, f);
}

static gboolean
work (gpointer data, GError **error)
{
  g_usleep (50000);
  if (data == NULL)
    return TRUE;
  g_set_error_literal (error, BM_ERROR, BM_CAUSE_DATABASE_LOST, "no database");
  return FALSE;
}

static void
on_worked (BmWebRequest *request, gpointer data, const GError *error)
{
  if (error != NULL)
    bm_web_reply_gerror (request, 0, error);
  else
    bm_web_reply_empty (request, 200);
}

static void
run_work (BmWebRequest *request, gpointer data)
{
  bm_web_run (request, work, on_worked,
              bm_web_request_query (request, "fail") != NULL ? (gpointer) "" : NULL, NULL);
}

static void
on_sse_gone (gpointer data)
{
  Fixture *f = data;
  f->gone++;
  f->sse = NULL;
  g_clear_handle_id (&f->ticker, g_source_remove);
}

static gboolean
on_flood (gpointer data)
{
  Fixture *f = data;
  g_autofree gchar *long_text = g_strnfill (10000, 'x');
  g_autoptr (JsonNode) node = json_node_init_string (json_node_alloc (), long_text);
  guint ticker = f->ticker;
  bm_web_sse_send (f->sse, "progress", node);
  if (f->sse != NULL)
    return G_SOURCE_CONTINUE;
  f->ticker = 0;
  return ticker == 0 ? G_SOURCE_REMOVE : G_SOURCE_CONTINUE; /* on_sse_gone removed it */
}

/* Somebody signed in who signs out while a thread reads what he wants to watch. */
static void
sign_out_meanwhile (BmWebRequest *request)
{
  static const gchar *const every[] = {"*", NULL};
  const BmWebWho who = {"a@b", "A", "b", "b", "", "a key", every, TRUE};
  BmWebCall *call = (BmWebCall *) request;
  g_autofree gchar *cookie = NULL;
  bm_web_core_hold (request->web, who.core_key); /* so that no core is asked to forget it */
  call->session = bm_web_session_ref (bm_web_session_begin (request->web, &who, &cookie));
  request->session = call->session;
  bm_web_session_end (request->web, call->session);
}

static void
watch (BmWebRequest *request, gpointer data)
{
  Fixture *f = data;
  gboolean flood = bm_web_request_query (request, "flood") != NULL;
  gboolean once = bm_web_request_query (request, "once") != NULL;
  g_autoptr (JsonNode) node = json_node_init_int (json_node_alloc (), 7);
  if (bm_web_request_query (request, "signed-out") != NULL)
    sign_out_meanwhile (request);
  f->sse = bm_web_sse_begin (request, on_sse_gone, f);
  if (f->sse == NULL)
    return;
  bm_web_sse_send (f->sse, "state", node);
  if (once)
    bm_web_sse_end (f->sse);
  else if (flood)
    f->ticker = g_timeout_add (1, on_flood, f);
}

static void
answer_much (BmWebRequest *request, gpointer data)
{
  gsize size = 64 << 20;
  g_autoptr (GBytes) bytes = g_bytes_new_take (g_malloc0 (size), size);
  bm_web_reply_bytes (request, 200, "application/octet-stream", bytes);
}

static void
echo (BmWebRequest *request, gpointer data)
{
  g_autofree gchar *text = g_strdup_printf (
      "%s|%s|%s|%zu", bm_web_request_param (request, "id"),
      bm_web_request_query (request, "q") != NULL ? bm_web_request_query (request, "q") : "-",
      request->path[0], request->body != NULL ? g_bytes_get_size (request->body) : 0);
  g_autoptr (GBytes) bytes = g_bytes_new (text, strlen (text));
  bm_web_reply_bytes (request, 200, "text/plain; charset=utf-8", bytes);
}

static const BmWebRoute routes[] = {
    {"PATCH", "stream", take_stream, BM_WEB_PUBLIC | BM_WEB_STREAM},
    {"GET", "later", answer_later, BM_WEB_PUBLIC},
    {"GET", "work", run_work, BM_WEB_PUBLIC},
    {"GET", "watch", watch, BM_WEB_PUBLIC},
    {"GET", "much", answer_much, BM_WEB_PUBLIC},
    {"POST", "echo/:id/now", echo, BM_WEB_PUBLIC | BM_WEB_RAW, 1 << 20},
    {NULL},
};

/* The line that says where it listens, out of a pipe in stdout's place. */
static guint16
start (Fixture *f)
{
  gint fds[2], saved = dup (STDOUT_FILENO);
  gchar line[200] = "";
  g_autoptr (GError) error = NULL;
  g_assert_true (g_unix_open_pipe (fds, 0, NULL));
  fflush (stdout);
  dup2 (fds[1], STDOUT_FILENO);
  gboolean ok = bm_web_start (f->web, &error);
  fflush (stdout);
  dup2 (saved, STDOUT_FILENO);
  close (saved);
  close (fds[1]);
  g_assert_no_error (error);
  g_assert_true (ok);
  g_assert_cmpint (read (fds[0], line, sizeof line - 1), >, 0);
  close (fds[0]);
  return (guint16) g_ascii_strtoull (strrchr (line, ':') + 1, NULL, 10);
}

static void
set_up (Fixture *f, gconstpointer unused)
{
  static gchar *listen[] = {(gchar *) "127.0.0.1:0", NULL}, *none[] = {NULL};
  f->config.core_keep_alive_s = 480;
  f->config.web = (BmConfigWeb){.listen = listen,
                                .trusted_proxies = none,
                                .base_path = (gchar *) "/",
                                .session_idle_s = 100,
                                .lockout_failures = 5,
                                .lockout_s = 5};
  g_autoptr (GError) error = NULL;
  f->web = bm_web_new (&f->config, &error);
  g_assert_no_error (error);
  f->web->hurry = HURRY;
  f->complete = -1;
  f->loop = g_main_loop_new (NULL, FALSE);
  bm_web_add_routes (f->web, routes, f);
  f->port = start (f);
}

static void
tear_down (Fixture *f, gconstpointer unused)
{
  bm_web_stop (f->web);
  for (guint i = 0; i < 100 && bm_web_is_busy (f->web); i++)
    g_main_context_iteration (NULL, FALSE), g_usleep (10000);
  g_assert_false (bm_web_is_busy (f->web));
  bm_web_free (f->web);
  g_main_loop_unref (f->loop);
}

/* ---- clients ---- */

typedef struct {
  Fixture *f;
  const gchar *request; /* what is sent first */
  gsize body, pieces;   /* then so many bytes, zeros, and pieces of as many */
  gsize read_max;       /* then so much is read, or everything */
  gboolean hang_up;     /* at once */
  GString *answer;
  gboolean closed; /* the server did */
} Client;

static gboolean
quit (gpointer loop)
{
  g_main_loop_quit (loop);
  return G_SOURCE_REMOVE;
}

static gpointer
talk (gpointer data)
{
  Client *c = data;
  g_autoptr (GSocketClient) client = g_socket_client_new ();
  g_autoptr (GError) error = NULL;
  g_socket_client_set_timeout (client, 20);
  g_autoptr (GSocketConnection) connection =
      g_socket_client_connect_to_host (client, "127.0.0.1", c->f->port, NULL, &error);
  g_assert_no_error (error);
  GOutputStream *out = g_io_stream_get_output_stream (G_IO_STREAM (connection));
  GInputStream *in = g_io_stream_get_input_stream (G_IO_STREAM (connection));
  gboolean ok = g_output_stream_write_all (out, c->request, strlen (c->request), NULL, NULL, NULL);
  g_autofree gchar *zeros = g_malloc0 (c->body > 0 ? c->body : 1);
  for (gsize i = 0; ok && i < c->pieces; i++)
    ok = g_output_stream_write_all (out, zeros, c->body, NULL, NULL, NULL);
  gchar piece[4096];
  gssize n = 0;
  while (!c->hang_up && (c->read_max == 0 || c->answer->len < c->read_max) &&
         (n = g_input_stream_read (in, piece, sizeof piece, NULL, NULL)) > 0)
    g_string_append_len (c->answer, piece, n);
  c->closed = !c->hang_up && n <= 0;
  if (c->read_max > 0 && !c->closed) { /* a lazy one: what is said is not heard */
    g_usleep (4 * G_USEC_PER_SEC);
    while ((n = g_input_stream_read (in, piece, sizeof piece, NULL, &error)) > 0)
      g_string_append_len (c->answer, piece, n);
    c->closed = error == NULL || !g_error_matches (error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT);
  }
  g_io_stream_close (G_IO_STREAM (connection), NULL, NULL);
  g_idle_add (quit, c->f->loop);
  return NULL;
}

static GString *
ask (Fixture *f, Client c)
{
  c.f = f;
  c.answer = g_string_new (NULL);
  GThread *thread = g_thread_new ("client", talk, &c);
  g_main_loop_run (f->loop);
  g_thread_join (thread);
  return c.answer;
}

static void
settle (Fixture *f, guint ms)
{
  g_timeout_add (ms, quit, f->loop);
  g_main_loop_run (f->loop);
}

#define HEAD " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"

static void
check (GString *answer, const gchar *start, const gchar *has)
{
  if (!g_str_has_prefix (answer->str, start) || (has != NULL && strstr (answer->str, has) == NULL))
    g_error ("got: %.500s", answer->str);
  g_assert_nonnull (strstr (answer->str, "Content-Security-Policy"));
  g_string_free (answer, TRUE);
}

static void
test_route (Fixture *f, gconstpointer unused)
{
  check (ask (f, (Client){.request = "POST /api/v1/echo/a%20b/now?q=%C3%A9+x" HEAD
                                     "Content-Length: 3\r\n\r\nabc"}),
         "HTTP/1.1 200", "\r\n\r\na b|\xc3\xa9 x|echo|3");
  check (ask (f, (Client){.request = "GET /api/v1/echo/a/now" HEAD "\r\n"}), "HTTP/1.1 405", NULL);
  check (ask (f, (Client){.request = "GET /api/v1/echo/a/now/x" HEAD "\r\n"}), "HTTP/1.1 404",
         NULL);
  check (ask (f, (Client){.request = "HEAD /api/v1/work" HEAD "\r\n"}), "HTTP/1.1 200", NULL);
  check (ask (f, (Client){.request =
                              "POST /api/v1/echo/a/now" HEAD "Content-Length: 1048577\r\n\r\n"}),
         "HTTP/1.1 413", "body-too-large");
}

static void
test_stream (Fixture *f, gconstpointer unused)
{
  check (ask (f, (Client){.request = "PATCH /api/v1/stream" HEAD "Content-Length: 20000000\r\n\r\n",
                          .body = 1000000,
                          .pieces = 20}),
         "HTTP/1.1 204", NULL);
  g_assert_cmpuint (f->streamed, ==, 20000000);
  g_assert_cmpint (f->complete, ==, TRUE);
}

/* The line breaks: the handler hears of it, once, and its answer goes nowhere. */
static void
test_stream_broken (Fixture *f, gconstpointer unused)
{
  GString *answer =
      ask (f, (Client){.request = "PATCH /api/v1/stream" HEAD "Content-Length: 20000000\r\n\r\n",
                       .body = 100000,
                       .pieces = 2,
                       .hang_up = TRUE});
  g_string_free (answer, TRUE);
  settle (f, 300);
  g_assert_cmpint (f->complete, ==, FALSE);
  g_assert_cmpuint (f->streamed, ==, 200000);
  g_assert_false (bm_web_is_busy (f->web));
}

/* Silence ends an upload, too. */
static void
test_stream_silent (Fixture *f, gconstpointer unused)
{
  GString *answer =
      ask (f, (Client){.request = "PATCH /api/v1/stream" HEAD "Content-Length: 20000000\r\n\r\n"});
  g_assert_cmpuint (answer->len, ==, 0);
  g_string_free (answer, TRUE);
  settle (f, 100);
  g_assert_cmpint (f->complete, ==, FALSE);
}

/* "That is no PST" after the first chunk of many gigabytes: the answer arrives, the rest is not read. */
static void
test_stream_refused (Fixture *f, gconstpointer unused)
{
  f->refuse = TRUE;
  for (guint i = 0; i < 3; i++)
    check (ask (f, (Client){.request =
                                "PATCH /api/v1/stream" HEAD "Content-Length: 20000000000\r\n\r\n",
                            .body = 1000000,
                            .pieces = 5}),
           "HTTP/1.1 415", "This is no PST.");
  check (ask (f, (Client){.request = "PATCH /api/v1/stream?no=1" HEAD
                                     "Content-Length: 20000000000\r\n\r\n",
                          .body = 1000000,
                          .pieces = 5}),
         "HTTP/1.1 409", "offset");
  check (ask (f, (Client){.request = "PATCH /api/v1/stream" HEAD
                                     "Expect: 100-continue\r\nContent-Length: 10\r\n\r\n",
                          .body = 10,
                          .pieces = 1}),
         "HTTP/1.1 100", "415");
  g_assert_cmpint (f->complete, ==, -1);
  g_assert_cmpuint (f->streamed, <, 2000000);
}

static void
test_later (Fixture *f, gconstpointer unused)
{
  check (ask (f, (Client){.request = "GET /api/v1/later" HEAD "\r\n"}), "HTTP/1.1 200", NULL);
  g_string_free (ask (f, (Client){.request = "GET /api/v1/later" HEAD "\r\n", .hang_up = TRUE}),
                 TRUE);
  settle (f, 500);
  g_assert_cmpuint (f->gone, ==, 2);
  check (ask (f, (Client){.request = "GET /api/v1/work" HEAD "\r\n"}), "HTTP/1.1 200", NULL);
  check (ask (f, (Client){.request = "GET /api/v1/work?fail=1" HEAD "\r\n"}), "HTTP/1.1 503",
         "database-lost");
}

static void
test_events (Fixture *f, gconstpointer unused)
{
  check (ask (f, (Client){.request = "GET /api/v1/watch?once=1" HEAD "\r\n"}), "HTTP/1.1 200",
         "event: state\ndata: 7\n\n");
  g_assert_cmpuint (f->gone, ==, 1);
  check (ask (f, (Client){.request = "GET /api/v1/watch?once=1 HTTP/1.0\r\nHost: x\r\n\r\n"}),
         "HTTP/1.0 200", "\r\n\r\n:\n\nevent: state\ndata: 7\n\n");
  g_assert_cmpuint (f->gone, ==, 2);
  check (ask (f, (Client){.request = "GET /api/v1/watch?signed-out=1" HEAD "\r\n"}), "HTTP/1.1 401",
         "no-session");
  /* one who leaves is noticed by the comment that keeps a stream alive */
  g_string_free (ask (f, (Client){.request = "GET /api/v1/watch" HEAD "\r\n", .hang_up = TRUE}),
                 TRUE);
  settle (f, 2 * 15000 / HURRY + 300);
  g_assert_cmpuint (f->gone, ==, 3);
}

/* A viewer that does not read is dropped, and what waits for it is bounded. */
static void
test_events_unread (Fixture *f, gconstpointer unused)
{
  GString *answer =
      ask (f, (Client){.request = "GET /api/v1/watch?flood=1" HEAD "\r\n", .read_max = 100});
  g_assert_cmpuint (f->gone, ==, 1);
  g_assert_cmpuint (answer->len, <, 16 << 20);
  g_string_free (answer, TRUE);
}

static void
test_events_end_with_the_daemon (Fixture *f, gconstpointer unused)
{
  g_string_free (ask (f, (Client){.request = "GET /api/v1/watch" HEAD "\r\n", .hang_up = TRUE}),
                 TRUE);
  settle (f, 50);
  bm_web_stop (f->web);
  g_assert_cmpuint (f->gone, ==, 1);
}

/* What libsoup refuses by itself costs it memory, so it is not let do so for ever. */
static void
test_malformed (Fixture *f, gconstpointer unused)
{
  /* not the one that loses memory: leak checkers look at this program */
  const gchar *bad = "GET / HTTP/9.9\r\nHost: x\r\n\r\n";
  guint answered = 0;
  for (guint i = 0; i < 60; i++) {
    GString *answer = ask (f, (Client){.request = bad});
    answered += answer->len > 0;
    g_string_free (answer, TRUE);
  }
  g_assert_cmpuint (answered, ==, 21);
  GString *ignored = ask (f, (Client){.request = "GET /api/v1/work" HEAD "\r\n"});
  g_assert_cmpuint (ignored->len, ==, 0);
  g_string_free (ignored, TRUE);
  settle (f, 60000 / HURRY + 100);
  check (ask (f, (Client){.request = "GET /api/v1/work" HEAD "\r\n"}), "HTTP/1.1 200", NULL);
}

/* Nor does one who asks for much and does not take it stay. */
static void
test_lazy_reader (Fixture *f, gconstpointer unused)
{
  GString *answer = ask (f, (Client){.request = "GET /api/v1/much" HEAD "\r\n", .read_max = 100});
  g_assert_cmpuint (answer->len, <, 64 << 20);
  g_string_free (answer, TRUE);
  settle (f, 200);
  g_assert_cmpuint (f->web->peers.length, ==, 0);
}

int
main (int argc, char **argv)
{
  signal (SIGPIPE, SIG_IGN);
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/http/paths", test_paths);
  g_test_add_func ("/http/lockout", test_lockout);
  g_test_add_func ("/http/lockout-is-forgotten", test_lockout_is_forgotten);
  g_test_add_func ("/http/lockout-at-once", test_lockout_at_once);
  g_test_add_func ("/http/lockout-sprayed", test_lockout_sprayed);
  g_test_add_func ("/http/lockout-by-network", test_lockout_by_network);
  g_test_add_func ("/http/lockout-is-bounded", test_lockout_is_bounded);
  g_test_add_func ("/http/before-close", test_before_close);
#define WITH_SERVER(name, function)                                                                \
  g_test_add ("/http/" name, Fixture, NULL, set_up, function, tear_down)
  WITH_SERVER ("route", test_route);
  WITH_SERVER ("stream", test_stream);
  WITH_SERVER ("stream-broken", test_stream_broken);
  WITH_SERVER ("stream-silent", test_stream_silent);
  WITH_SERVER ("stream-refused", test_stream_refused);
  WITH_SERVER ("later", test_later);
  WITH_SERVER ("events", test_events);
  WITH_SERVER ("events-unread", test_events_unread);
  WITH_SERVER ("events-end-with-the-daemon", test_events_end_with_the_daemon);
  WITH_SERVER ("malformed", test_malformed);
  WITH_SERVER ("lazy-reader", test_lazy_reader);
  return g_test_run ();
}
