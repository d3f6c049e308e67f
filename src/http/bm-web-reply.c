/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* See bm-web.h: answers. Every one carries the headers that keep a browser from doing more with it
 * than we mean. */
#include "http/bm-web-private.h"

#include <string.h>

/* Bytes of a refused body that libsoup may read before it answers. */
#define DRAIN_MAX (64 << 10)

/* No inline script, nothing from elsewhere, no frame around us. */
#define POLICY                                                                                     \
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "                \
  "connect-src 'self'; font-src 'self'; base-uri 'none'; form-action 'self'; "                     \
  "frame-ancestors 'none'"

void
bm_web_secure_headers (SoupMessageHeaders *headers)
{
  soup_message_headers_replace (headers, "Content-Security-Policy", POLICY);
  soup_message_headers_replace (headers, "X-Content-Type-Options", "nosniff");
  soup_message_headers_replace (headers, "X-Frame-Options", "DENY"); /* for older browsers */
  soup_message_headers_replace (headers, "Referrer-Policy", "no-referrer");
  soup_message_headers_replace (headers, "Cross-Origin-Opener-Policy", "same-origin");
  soup_message_headers_replace (headers, "Cross-Origin-Resource-Policy", "same-origin");
  soup_message_headers_replace (headers, "Cache-Control", "no-store");
  /* libsoup 3.2 does not notice when a client leaves between two requests: one each is enough */
  soup_message_headers_replace (headers, "Connection", "close");
}

/* Of what libsoup 3.2 does not know; NULL: it does. */
static const gchar *
phrase_of (guint status)
{
  return status == 410   ? "Gone"
         : status == 429 ? "Too Many Requests"
         : status == 460 ? "Checksum Mismatch"
                         : NULL;
}

/* ---- an answer before the body's end ---- */

typedef struct {
  GIOStream *stream;
  GSocket *socket;
  GBytes *bytes;
  guint8 rest[16384]; /* of the body, read and forgotten */
} Farewell;

static void
farewell_free (Farewell *farewell)
{
  g_io_stream_close_async (farewell->stream, G_PRIORITY_DEFAULT, NULL, NULL, NULL);
  g_object_unref (farewell->stream);
  g_object_unref (farewell->socket);
  g_bytes_unref (farewell->bytes);
  g_free (farewell);
}

/* Closing at once would reset the line, and the client might never see the answer: what it still
 * sends is read until it has understood, or its time is over. */
static void
on_rest (GObject *source, GAsyncResult *result, gpointer data)
{
  Farewell *farewell = data;
  if (g_input_stream_read_finish (G_INPUT_STREAM (source), result, NULL) <= 0)
    farewell_free (farewell);
  else
    g_input_stream_read_async (G_INPUT_STREAM (source), farewell->rest, sizeof farewell->rest,
                               G_PRIORITY_DEFAULT, NULL, on_rest, farewell);
}

static void
on_farewell_written (GObject *source, GAsyncResult *result, gpointer data)
{
  Farewell *farewell = data;
  if (!g_output_stream_write_all_finish (G_OUTPUT_STREAM (source), result, NULL, NULL)) {
    farewell_free (farewell);
    return;
  }
  g_socket_shutdown (farewell->socket, FALSE, TRUE, NULL);
  g_input_stream_read_async (g_io_stream_get_input_stream (farewell->stream), farewell->rest,
                             sizeof farewell->rest, G_PRIORITY_DEFAULT, NULL, on_rest, farewell);
}

static GBytes *
raw_answer (SoupServerMessage *message)
{
  guint status = soup_server_message_get_status (message);
  const gchar *phrase = phrase_of (status);
  SoupMessageHeaders *headers = soup_server_message_get_response_headers (message);
  SoupMessageBody *body = soup_server_message_get_response_body (message);
  GByteArray *raw = g_byte_array_new ();
  g_autoptr (GString) head = g_string_new (NULL);
  g_autoptr (GBytes) content = soup_message_body_flatten (body);
  SoupMessageHeadersIter iter;
  const char *name, *value;
  g_string_printf (head, "HTTP/1.1 %u %s\r\n", status,
                   phrase != NULL ? phrase : soup_status_get_phrase (status));
  soup_message_headers_set_content_length (headers, (goffset) g_bytes_get_size (content));
  soup_message_headers_iter_init (&iter, headers);
  while (soup_message_headers_iter_next (&iter, &name, &value))
    g_string_append_printf (head, "%s: %s\r\n", name, value);
  g_string_append (head, "\r\n");
  g_byte_array_append (raw, (const guint8 *) head->str, (guint) head->len);
  g_byte_array_append (raw, g_bytes_get_data (content, NULL), (guint) g_bytes_get_size (content));
  return g_byte_array_free_to_bytes (raw);
}

/* Outside of libsoup's own reading: it does not expect to lose the line there. */
static gboolean
say_farewell (gpointer data)
{
  BmWebCall *call = data;
  BmWebPeer *peer = bm_web_peer_of (call->message);
  if (!call->finished && peer != NULL) {
    bm_web_peer_state (peer, BM_WEB_PEER_CLOSING);
    Farewell *farewell = g_new0 (Farewell, 1);
    farewell->socket = g_object_ref (peer->socket);
    farewell->bytes = raw_answer (call->message);
    farewell->stream = soup_server_message_steal_connection (call->message);
    gsize size;
    gconstpointer bytes = g_bytes_get_data (farewell->bytes, &size);
    g_output_stream_write_all_async (g_io_stream_get_output_stream (farewell->stream), bytes, size,
                                     G_PRIORITY_DEFAULT, NULL, on_farewell_written, farewell);
    if (!call->finished)
      g_signal_emit_by_name (call->message, "finished");
  }
  bm_web_call_unref (call);
  return G_SOURCE_REMOVE;
}

void
bm_web_answer_early (BmWebCall *call)
{
  soup_server_message_pause (call->message);
  g_idle_add (say_farewell, bm_web_call_ref (call));
}

/* ---- answers ---- */

/* Is so much of the body still to come that it is not worth reading? */
static gboolean
much_to_come (BmWebCall *call)
{
  SoupMessageHeaders *headers = soup_server_message_get_request_headers (call->message);
  if (call->body_done)
    return FALSE;
  if (call->unframed)
    return TRUE;
  switch (soup_message_headers_get_encoding (headers)) {
  case SOUP_ENCODING_CONTENT_LENGTH:
    return soup_message_headers_get_content_length (headers) - (goffset) call->received > DRAIN_MAX;
  case SOUP_ENCODING_CHUNKED:
    return TRUE;
  default:
    return FALSE;
  }
}

static void
reply (BmWebRequest *request, guint status, const gchar *content_type, GBytes *bytes)
{
  BmWebCall *call = (BmWebCall *) request;
  if (!bm_web_call_take_reply (call))
    return;
  if (!call->finished) {
    SoupMessageHeaders *headers = soup_server_message_get_response_headers (call->message);
    BmWebPeer *peer = bm_web_peer_of (call->message);
    GHashTableIter iter;
    gpointer name, value;
    soup_server_message_set_status (call->message, status, phrase_of (status));
    if (bytes != NULL)
      soup_message_body_append_bytes (soup_server_message_get_response_body (call->message), bytes);
    if (content_type != NULL)
      soup_message_headers_replace (headers, "Content-Type", content_type);
    g_hash_table_iter_init (&iter, call->headers);
    while (g_hash_table_iter_next (&iter, &name, &value))
      soup_message_headers_replace (headers, name, value);
    if (peer != NULL && call->body_done)
      bm_web_peer_state (peer, BM_WEB_PEER_ANSWER);
    if (much_to_come (call))
      bm_web_answer_early (call);
    else if (call->paused)
      bm_web_request_resume (request);
  }
  bm_web_call_unref (call);
}

void
bm_web_reply_bytes (BmWebRequest *request, guint status, const gchar *content_type, GBytes *bytes)
{
  reply (request, status, content_type, bytes);
}

void
bm_web_reply_empty (BmWebRequest *request, guint status)
{
  reply (request, status, NULL, NULL);
}

void
bm_web_reply_json (BmWebRequest *request, guint status, JsonNode *node)
{
  if (node == NULL) {
    reply (request, status, NULL, NULL);
    return;
  }
  gchar *text = json_to_string (node, FALSE);
  g_autoptr (GBytes) bytes = g_bytes_new_take (text, strlen (text));
  reply (request, status, "application/json; charset=utf-8", bytes);
}

void
bm_web_reply_error (BmWebRequest *request, guint status, const gchar *cause, const gchar *text,
                    const gchar *action)
{
  g_autoptr (JsonBuilder) json = json_builder_new ();
  g_autofree gchar *valid = g_utf8_make_valid (text, -1);
  json_builder_begin_object (json);
  json_builder_set_member_name (json, "error");
  json_builder_begin_object (json);
  json_builder_set_member_name (json, "cause");
  json_builder_add_string_value (json, cause);
  json_builder_set_member_name (json, "text");
  json_builder_add_string_value (json, valid);
  json_builder_set_member_name (json, "do");
  json_builder_add_string_value (json, action != NULL ? action : "");
  json_builder_end_object (json);
  json_builder_end_object (json);
  g_autoptr (JsonNode) node = json_builder_get_root (json);
  bm_web_reply_json (request, status, node);
}

static guint
status_of (BmCause cause)
{
  switch (cause) {
  case BM_CAUSE_SERVICE_UNAVAILABLE:
  case BM_CAUSE_DATABASE_LOST:
  case BM_CAUSE_CONNECTION_LOST:
  case BM_CAUSE_SERVER_BUSY:
    return 503;
  case BM_CAUSE_LOCKED:
    return 409;
  case BM_CAUSE_PST_MISSING:
    return 404;
  case BM_CAUSE_DISK_FULL:
    return 507;
  case BM_CAUSE_INTERNAL:
  case BM_CAUSE_JOURNAL:
  case BM_CAUSE_CONFIG:
    return 500;
  default:
    return 422;
  }
}

void
bm_web_reply_gerror (BmWebRequest *request, guint status, const GError *error)
{
  BmCause cause = bm_error_cause (error);
  bm_web_reply_error (request, status != 0 ? status : status_of (cause), bm_cause_token (cause),
                      error->message, bm_cause_advice (cause));
}
