/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* See bm-web-private.h: TLS of the daemon's own. A handshake costs a thread of GIO's pool for as long
 * as the client takes, and the pool is small and everybody's. So a connection that says nothing, or
 * half a greeting, costs a socket only; a few handshakes run at a time, with little time each, and no
 * address has all of them. */
#include "http/bm-web-private.h"

#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#define RUNNING_MAX     8 /* the pool begins with 10 threads */
#define PER_ADDRESS_MAX 4
#define RECORD_HEAD     5 /* [RFC 8446 5.1]: type, version, length */
#define RECORD_MAX      16640
#define TYPE_HANDSHAKE  22

/* A connection on its way to TLS. Holds the stream, and with it the peer. */
typedef struct {
  BmWeb *web;
  BmWebPeer *peer;
  GIOStream *stream;
  GSocketAddress *local, *remote;
  BmWebTlsReady ready;
  GSource *source; /* waits for the client's greeting */
} Greeting;

static void start_waiting (BmWeb *web);

static void
greeting_free (Greeting *greeting)
{
  if (greeting->source != NULL) {
    g_source_destroy (greeting->source);
    g_source_unref (greeting->source);
  }
  g_object_unref (greeting->local);
  g_object_unref (greeting->remote);
  g_object_unref (greeting->stream);
  g_free (greeting);
}

static void
on_handshake (GObject *source, GAsyncResult *result, gpointer data)
{
  Greeting *greeting = data;
  BmWeb *web = greeting->web;
  gboolean good = g_tls_connection_handshake_finish (G_TLS_CONNECTION (source), result, NULL);
  g_queue_remove (&web->handshakes, greeting);
  if (good) {
    bm_web_peer_state (greeting->peer, BM_WEB_PEER_HEADERS);
    greeting->ready (web, G_IO_STREAM (source), greeting->local, greeting->remote);
  }
  greeting_free (greeting);
  g_object_unref (source);
  start_waiting (web);
}

static void
begin (Greeting *greeting)
{
  BmWeb *web = greeting->web;
  GIOStream *tls = g_tls_server_connection_new (greeting->stream, web->certificate, NULL);
  if (tls == NULL) {
    greeting_free (greeting);
    return;
  }
  g_queue_push_tail (&web->handshakes, greeting);
  bm_web_peer_state (greeting->peer, BM_WEB_PEER_HANDSHAKE);
  g_tls_connection_handshake_async (G_TLS_CONNECTION (tls), G_PRIORITY_DEFAULT, NULL, on_handshake,
                                    greeting);
}

static guint
running_from (BmWeb *web, const gchar *address)
{
  guint n = 0;
  for (GList *link = web->handshakes.head; link != NULL; link = link->next)
    n += g_str_equal (((Greeting *) link->data)->peer->address, address);
  return n;
}

static gboolean
has_left (const Greeting *greeting)
{
  struct pollfd fd = {.fd = g_socket_get_fd (greeting->peer->socket), .events = POLLRDHUP};
  return poll (&fd, 1, 0) > 0;
}

/* The newest first: in a crowd of those who never go on, it is the one that may be good. */
static void
start_waiting (BmWeb *web)
{
  for (GList *link = web->greetings.tail, *next; link != NULL; link = next) {
    Greeting *greeting = link->data;
    next = link->prev;
    if (web->handshakes.length >= RUNNING_MAX)
      return;
    if (running_from (web, greeting->peer->address) >= PER_ADDRESS_MAX)
      continue;
    g_queue_delete_link (&web->greetings, link);
    if (has_left (greeting))
      greeting_free (greeting);
    else
      begin (greeting);
  }
}

static void
wake_at (const Greeting *greeting, int bytes)
{
  setsockopt (g_socket_get_fd (greeting->peer->socket), SOL_SOCKET, SO_RCVLOWAT, &bytes,
              sizeof bytes);
}

/* The whole record of a client's greeting is there; the socket woke when enough had come, or the
 * client has left. */
static gboolean
on_readable (GSocket *socket, GIOCondition condition, gpointer data)
{
  Greeting *greeting = data;
  guint8 head[RECORD_HEAD];
  gssize n = recv (g_socket_get_fd (socket), head, sizeof head, MSG_PEEK | MSG_DONTWAIT);
  guint size = n == RECORD_HEAD ? RECORD_HEAD + (guint) (head[3] << 8 | head[4]) : 0;
  if (size == 0 || head[0] != TYPE_HANDSHAKE || size > RECORD_MAX ||
      (condition & (G_IO_HUP | G_IO_ERR)) != 0) {
    greeting_free (greeting);
    return G_SOURCE_REMOVE;
  }
  g_autofree guint8 *record = g_malloc (size);
  if (recv (g_socket_get_fd (socket), record, size, MSG_PEEK | MSG_DONTWAIT) < (gssize) size) {
    wake_at (greeting, (int) size);
    return G_SOURCE_CONTINUE;
  }
  wake_at (greeting, 1);
  g_source_unref (greeting->source);
  greeting->source = NULL;
  g_queue_push_tail (&greeting->web->greetings, greeting);
  start_waiting (greeting->web);
  return G_SOURCE_REMOVE;
}

void
bm_web_tls_begin (BmWebPeer *peer, GIOStream *stream, GSocketAddress *local, GSocketAddress *remote,
                  BmWebTlsReady ready)
{
  Greeting *greeting = g_new0 (Greeting, 1);
  *greeting = (Greeting){.web = peer->web,
                         .peer = peer,
                         .stream = g_object_ref (stream),
                         .local = g_object_ref (local),
                         .remote = g_object_ref (remote),
                         .ready = ready};
  wake_at (greeting, RECORD_HEAD);
  greeting->source = g_socket_create_source (peer->socket, G_IO_IN | G_IO_HUP | G_IO_ERR, NULL);
  g_source_set_callback (greeting->source, G_SOURCE_FUNC (on_readable), greeting, NULL);
  g_source_attach (greeting->source, NULL);
}

void
bm_web_tls_before_close (BmWebPeer *peer)
{
  struct pollfd fd = {.fd = g_socket_get_fd (peer->socket), .events = POLLOUT};
  if (peer->tls && poll (&fd, 1, 0) == 0)
    g_socket_shutdown (peer->socket, FALSE, TRUE, NULL);
}
