/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* See bm-web-private.h: who may connect, how many, and for how long without doing anything. libsoup
 * has no limit of any kind here (only one of its headers' size), so connections are accepted and
 * watched by this file and handed to it: each state has its time, after which the socket is shut
 * down, which libsoup takes for the client's leaving. When the house is full, the oldest connection
 * that has not asked anything makes room: many slow ones cannot lock out a good one. */
#include "http/bm-web-lockout.h"
#include "http/bm-web-private.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>

#define PEERS_MAX        512
#define PEER_KEY         "bm-web-peer"
#define HEADERS_S        20
#define HANDSHAKE_S      5
#define BODY_S           60  /* a small body, whole */
#define UPLOAD_SILENCE_S 120 /* between two chunks */
#define WORK_S           600
#define ANSWER_STALL_S   60
#define CLOSING_S        5

#define MALFORMED_MAX     20
#define MALFORMED_US      (60 * G_USEC_PER_SEC)
#define MALFORMED_ENTRIES 10000

static const guint seconds[] = {
    [BM_WEB_PEER_HEADERS] = HEADERS_S, [BM_WEB_PEER_HANDSHAKE] = HANDSHAKE_S,
    [BM_WEB_PEER_BODY] = BODY_S,       [BM_WEB_PEER_UPLOAD] = UPLOAD_SILENCE_S,
    [BM_WEB_PEER_WORK] = WORK_S,       [BM_WEB_PEER_ANSWER] = ANSWER_STALL_S,
    [BM_WEB_PEER_EVENTS] = 0, /* none */
    [BM_WEB_PEER_CLOSING] = CLOSING_S,
};

void
bm_web_peer_state (BmWebPeer *peer, BmWebPeerState state)
{
  peer->state = state;
  peer->deadline = seconds[state] == 0 ? G_MAXINT64
                                       : g_get_monotonic_time () +
                                             seconds[state] * G_USEC_PER_SEC / peer->web->hurry;
}

static void
shut_down (BmWebPeer *peer)
{
  g_socket_shutdown (peer->socket, TRUE, TRUE, NULL);
  peer->deadline = G_MAXINT64;
}

static gboolean
on_tick (gpointer data)
{
  BmWeb *web = data;
  gint64 now = g_get_monotonic_time ();
  for (GList *link = web->peers.head; link != NULL; link = link->next) {
    BmWebPeer *peer = link->data;
    if (peer->deadline <= now)
      shut_down (peer);
  }
  return G_SOURCE_CONTINUE;
}

static void
peer_free (BmWebPeer *peer)
{
  g_object_set_data (G_OBJECT (peer->remote), PEER_KEY, NULL);
  g_object_unref (peer->remote);
  g_object_unref (peer->socket);
  g_free (peer->address);
  g_free (peer);
}

/* The stream's last reference is gone: libsoup is done with it. */
static void
on_stream_gone (gpointer data, GObject *stream)
{
  BmWebPeer *peer = data;
  g_queue_remove (&peer->web->peers, peer);
  peer_free (peer);
}

/* Room for one more, at the cost of one that waits without having asked. */
static gboolean
make_room (BmWeb *web)
{
  if (web->peers.length < PEERS_MAX)
    return TRUE;
  for (GList *link = web->peers.head; link != NULL; link = link->next) {
    BmWebPeer *peer = link->data;
    if (peer->state == BM_WEB_PEER_HEADERS && peer->deadline != G_MAXINT64) {
      shut_down (peer);
      return TRUE;
    }
  }
  return FALSE;
}

typedef struct {
  guint n;
  gint64 since; /* monotonic */
} BmWebMalformed;

/* libsoup 3.2 loses the path of a request whose Transfer-Encoding it does not know: up to 64 KiB of
 * memory each, for everybody to have. Who sends such things is not listened to for a while. A proxy
 * lets none through. */
void
bm_web_peer_malformed (BmWebPeer *peer)
{
  GHashTable *table = peer->web->malformed;
  g_autofree gchar *place = bm_web_lockout_place (peer->address);
  gint64 now = g_get_monotonic_time ();
  if (peer->proxy)
    return;
  if (g_hash_table_size (table) >= MALFORMED_ENTRIES)
    g_hash_table_remove_all (table);
  BmWebMalformed *found = g_hash_table_lookup (table, place);
  if (found == NULL) {
    found = g_new0 (BmWebMalformed, 1);
    g_hash_table_insert (table, g_steal_pointer (&place), found);
  }
  if (now - found->since >= MALFORMED_US / peer->web->hurry)
    *found = (BmWebMalformed){.since = now};
  found->n++;
}

static gboolean
is_ignored (BmWeb *web, const BmWebPeer *peer)
{
  g_autofree gchar *place = bm_web_lockout_place (peer->address);
  const BmWebMalformed *found = g_hash_table_lookup (web->malformed, place);
  return found != NULL && found->n > MALFORMED_MAX &&
         g_get_monotonic_time () - found->since < MALFORMED_US / web->hurry;
}

static gboolean
is_loopback (GSocketAddress *address)
{
  return g_inet_address_get_is_loopback (
      g_inet_socket_address_get_address (G_INET_SOCKET_ADDRESS (address)));
}

static BmWebPeer *
new_peer (BmWeb *web, GSocket *socket, GSocketAddress *local, GSocketAddress *remote)
{
  const BmConfigWeb *config = &web->config->web;
  BmWebPeer *peer = g_new0 (BmWebPeer, 1);
  peer->web = web;
  peer->socket = g_object_ref (socket);
  peer->remote = g_object_ref (remote);
  g_object_set_data (G_OBJECT (remote), PEER_KEY, peer);
  peer->address =
      g_inet_address_to_string (g_inet_socket_address_get_address (G_INET_SOCKET_ADDRESS (remote)));
  peer->loopback = is_loopback (local) && is_loopback (remote);
  peer->proxy = g_strv_contains ((const gchar *const *) config->trusted_proxies, peer->address);
  peer->tls = web->certificate != NULL;
  bm_web_peer_state (peer, BM_WEB_PEER_HEADERS);
  return peer;
}

static void
serve (BmWeb *web, GIOStream *stream, GSocketAddress *local, GSocketAddress *remote)
{
  g_autoptr (GError) error = NULL;
  if (!soup_server_accept_iostream (web->server, stream, local, remote, &error))
    g_info ("a connection is not taken: %s", error->message);
}

static gboolean
on_incoming (GSocketService *service, GSocketConnection *connection, GObject *source, gpointer data)
{
  BmWeb *web = data;
  GSocket *socket = g_socket_connection_get_socket (connection);
  g_autoptr (GSocketAddress) local = g_socket_connection_get_local_address (connection, NULL);
  g_autoptr (GSocketAddress) remote = g_socket_connection_get_remote_address (connection, NULL);
  if (local == NULL || remote == NULL || !make_room (web))
    return TRUE;
  BmWebPeer *peer = new_peer (web, socket, local, remote);
  g_queue_push_tail (&web->peers, peer);
  peer->stream = G_OBJECT (connection);
  g_object_weak_ref (peer->stream, on_stream_gone, peer);
  g_socket_set_option (socket, IPPROTO_TCP, TCP_NODELAY, 1, NULL);
  /* plain, and not from the proxy that speaks TLS for us */
  if ((!peer->tls && !peer->loopback && !peer->proxy) || is_ignored (web, peer))
    return TRUE;
  if (peer->tls)
    bm_web_tls_begin (peer, G_IO_STREAM (connection), local, remote, serve);
  else
    serve (web, G_IO_STREAM (connection), local, remote);
  return TRUE;
}

BmWebPeer *
bm_web_peer_of (SoupServerMessage *message)
{
  GSocketAddress *remote = soup_server_message_get_remote_address (message);
  return remote != NULL ? g_object_get_data (G_OBJECT (remote), PEER_KEY) : NULL;
}

static gboolean
listen_at (BmWeb *web, const gchar *text, GError **error)
{
  g_autoptr (GSocketAddress) address = bm_config_parse_listen (text), effective = NULL;
  g_autoptr (GError) local = NULL;
  if (!g_socket_listener_add_address (G_SOCKET_LISTENER (web->service), address,
                                      G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_TCP, NULL, &effective,
                                      &local)) {
    g_set_error (error, BM_ERROR, BM_CAUSE_CONFIG, "[web] listen %s: %s", text, local->message);
    return FALSE;
  }
  GInetSocketAddress *inet = G_INET_SOCKET_ADDRESS (effective);
  g_autofree gchar *host = g_inet_address_to_string (g_inet_socket_address_get_address (inet));
  gboolean six = strchr (host, ':') != NULL;
  g_print ("listening on %s://%s%s%s:%u%s\n", web->certificate != NULL ? "https" : "http",
           six ? "[" : "", host, six ? "]" : "", g_inet_socket_address_get_port (inet),
           web->config->web.base_path);
  return TRUE;
}

gboolean
bm_web_listen (BmWeb *web, GError **error)
{
  web->service = g_socket_service_new ();
  g_socket_listener_set_backlog (G_SOCKET_LISTENER (web->service), 128);
  g_signal_connect (web->service, "incoming", G_CALLBACK (on_incoming), web);
  for (guint i = 0; web->config->web.listen[i] != NULL; i++)
    if (!listen_at (web, web->config->web.listen[i], error))
      return FALSE;
  web->peers_timer = g_timeout_add (1000 / web->hurry, on_tick, web);
  return TRUE;
}

void
bm_web_listen_stop (BmWeb *web)
{
  g_socket_service_stop (web->service);
  g_socket_listener_close (G_SOCKET_LISTENER (web->service));
  for (GList *link = web->peers.head; link != NULL; link = link->next) {
    BmWebPeer *peer = link->data;
    if (peer->state != BM_WEB_PEER_WORK && peer->state != BM_WEB_PEER_ANSWER)
      shut_down (peer);
  }
}

void
bm_web_listen_free (BmWeb *web)
{
  BmWebPeer *peer;
  while ((peer = g_queue_pop_head (&web->peers)) != NULL) {
    g_object_weak_unref (peer->stream, on_stream_gone, peer);
    peer_free (peer);
  }
}
