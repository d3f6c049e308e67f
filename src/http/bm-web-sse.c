/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* See bm-web.h: streams of server-sent events. What a viewer has not taken yet is bounded in bytes
 * and in time; a viewer too slow is dropped: its browser comes back and gets the state first. */
#include "http/bm-web-private.h"

#include <string.h>

#define STREAMS_MAX 128
#define QUEUE_MAX   (512 << 10)
#define ALIVE_S     15
#define STALL_US    (60 * G_USEC_PER_SEC)

struct _BmWebSse {
  BmWebCall *call;
  GDestroyNotify gone;
  gpointer data;
  gint64 queued; /* bytes not yet given to the network */
  gint64 moved;  /* when it last took some; monotonic */
  guint later;   /* source: the viewer had left before it began */
};

static void
append (BmWebSse *sse, const gchar *text)
{
  gsize size = strlen (text);
  if (sse->call->finished)
    return;
  if (sse->queued == 0)
    sse->moved = g_get_monotonic_time ();
  sse->queued += (gint64) size;
  soup_message_body_append (soup_server_message_get_response_body (sse->call->message),
                            SOUP_MEMORY_COPY, text, size);
  soup_server_message_unpause (sse->call->message);
}

static void
forget (BmWebSse *sse)
{
  BmWebCall *call = sse->call;
  g_clear_handle_id (&sse->later, g_source_remove);
  g_queue_remove (&call->public.web->streams, sse);
  g_signal_handlers_disconnect_by_data (call->message, sse);
  call->sse = NULL;
  if (sse->gone != NULL)
    sse->gone (sse->data);
  g_free (sse);
  bm_web_call_unref (call);
}

static gboolean
forget_later (gpointer data)
{
  BmWebSse *sse = data;
  sse->later = 0;
  forget (sse);
  return G_SOURCE_REMOVE;
}

void
bm_web_sse_finished (BmWebSse *sse)
{
  forget (sse);
}

/* No polite end: what is queued may be much. */
static void
drop (BmWebSse *sse)
{
  BmWebPeer *peer = bm_web_peer_of (sse->call->message);
  if (peer != NULL)
    g_socket_shutdown (peer->socket, TRUE, TRUE, NULL);
  if (!sse->call->finished)
    soup_server_message_unpause (sse->call->message); /* so that libsoup sees it */
  forget (sse);
}

void
bm_web_sse_end (BmWebSse *sse)
{
  BmWebPeer *peer = bm_web_peer_of (sse->call->message);
  if (peer != NULL)
    bm_web_peer_state (peer, BM_WEB_PEER_ANSWER);
  if (!sse->call->finished) {
    soup_message_body_complete (soup_server_message_get_response_body (sse->call->message));
    soup_server_message_unpause (sse->call->message);
  }
  forget (sse);
}

void
bm_web_sse_send (BmWebSse *sse, const gchar *event, JsonNode *node)
{
  g_autofree gchar *json = json_to_string (node, FALSE);
  g_autofree gchar *text = g_strdup_printf ("event: %s\ndata: %s\n\n", event, json);
  if (sse->queued > QUEUE_MAX) /* what came before; one event may be as large as it must be */
    drop (sse);
  else
    append (sse, text);
}

static void
on_wrote (SoupServerMessage *message, guint size, gpointer data)
{
  BmWebSse *sse = data;
  sse->queued = MAX (sse->queued - (gint64) size, 0);
  sse->moved = g_get_monotonic_time ();
}

static gboolean
on_alive (gpointer data)
{
  BmWeb *web = data;
  gint64 now = g_get_monotonic_time ();
  for (GList *link = web->streams.head, *next; link != NULL; link = next) {
    BmWebSse *sse = link->data;
    next = link->next;
    if (sse->queued > 0 && now - sse->moved > STALL_US / web->hurry) {
      drop (sse);
      continue;
    }
    append (sse, ":\n\n");
    if (sse->call->session != NULL) /* somebody is looking */
      bm_web_session_touch (sse->call->session);
  }
  return G_SOURCE_CONTINUE;
}

BmWebSse *
bm_web_sse_begin (BmWebRequest *request, GDestroyNotify gone, gpointer data)
{
  BmWebCall *call = (BmWebCall *) request;
  BmWeb *web = request->web;
  BmWebPeer *peer = bm_web_peer_of (call->message);
  SoupMessageHeaders *headers = soup_server_message_get_response_headers (call->message);
  if (web->streams.length >= STREAMS_MAX || web->stopping) {
    bm_web_reply_error (request, 503, "busy", "Too many pages are being watched.",
                        "Close some; state and reports need no open page.");
    return NULL;
  }
  if (call->session != NULL && call->session->ended) { /* while the state was read */
    bm_web_reply_error (request, 401, "no-session", "You are not signed in.", "Sign in.");
    return NULL;
  }
  BmWebSse *sse = g_new0 (BmWebSse, 1);
  if (!bm_web_call_take_reply (call))
    return NULL;
  sse->call = call; /* with the answer's reference */
  sse->gone = gone;
  sse->data = data;
  call->sse = sse;
  g_queue_push_tail (&web->streams, sse);
  if (web->streams_timer == 0)
    web->streams_timer = g_timeout_add (ALIVE_S * 1000 / web->hurry, on_alive, web);
  if (call->finished) { /* the viewer left while the state was read */
    sse->later = g_idle_add (forget_later, sse);
    return sse;
  }
  soup_server_message_set_status (call->message, 200, NULL);
  soup_message_headers_replace (headers, "Content-Type", "text/event-stream; charset=utf-8");
  soup_message_headers_replace (headers, "X-Accel-Buffering", "no"); /* nginx holds it back else */
  soup_message_headers_set_encoding (
      headers, soup_server_message_get_http_version (call->message) == SOUP_HTTP_1_0
                   ? SOUP_ENCODING_EOF
                   : SOUP_ENCODING_CHUNKED);
  soup_message_body_set_accumulate (soup_server_message_get_response_body (call->message), FALSE);
  g_signal_connect (call->message, "wrote-body-data", G_CALLBACK (on_wrote), sse);
  if (peer != NULL)
    bm_web_peer_state (peer, BM_WEB_PEER_EVENTS);
  call->paused = FALSE;
  append (sse, ":\n\n");
  return sse;
}

void
bm_web_sse_stop_session (BmWeb *web, const BmWebSession *session)
{
  for (GList *link = web->streams.head, *next; link != NULL; link = next) {
    BmWebSse *sse = link->data;
    next = link->next;
    if (session == NULL || sse->call->session == session)
      bm_web_sse_end (sse);
  }
}

void
bm_web_sse_stop_all (BmWeb *web)
{
  bm_web_sse_stop_session (web, NULL);
}
