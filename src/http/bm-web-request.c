/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* See bm-web.h: the life of one request. At the end of its headers everything is settled that can
 * be: route, session, CSRF, size; so a stranger's body is never read. Must not know what a route
 * does. */
#include "http/bm-web-private.h"

#include <string.h>

#define CALL_KEY "bm-web-call"
#define MAX_BODY (64u << 10)

static BmWebCall *
call_of (BmWebRequest *request)
{
  return (BmWebCall *) request;
}

BmWebCall *
bm_web_call_ref (BmWebCall *call)
{
  call->refs++;
  return call;
}

void
bm_web_call_unref (BmWebCall *call)
{
  if (--call->refs > 0)
    return;
  g_object_unref (call->message);
  g_strfreev (call->path);
  g_hash_table_unref (call->params);
  g_hash_table_unref (call->headers);
  g_hash_table_unref (call->public.query);
  g_clear_pointer (&call->public.json, json_object_unref);
  g_clear_pointer (&call->public.body, g_bytes_unref);
  g_clear_pointer (&call->session, bm_web_session_unref);
  g_free (call->address);
  g_free (call);
}

gboolean
bm_web_call_take_reply (BmWebCall *call)
{
  g_return_val_if_fail (!call->replied, FALSE);
  call->replied = TRUE;
  call->public.web->requests--;
  return TRUE;
}

/* ---- what the client said ---- */

static SoupMessageHeaders *
headers_of (BmWebCall *call)
{
  return soup_server_message_get_request_headers (call->message);
}

static const gchar *
header (BmWebCall *call, const gchar *name)
{
  return soup_message_headers_get_one (headers_of (call), name);
}

/* The last that a trusted proxy added: what comes before it, the client may have written. */
static gchar *
forwarded (BmWebCall *call, const BmWebPeer *peer, const gchar *name)
{
  const gchar *list = peer->proxy ? soup_message_headers_get_list (headers_of (call), name) : NULL;
  if (list == NULL)
    return NULL;
  const gchar *comma = strrchr (list, ',');
  return g_strstrip (g_strdup (comma != NULL ? comma + 1 : list));
}

gboolean
bm_web_call_is_local_plain (BmWebCall *call)
{
  BmWebPeer *peer = bm_web_peer_of (call->message);
  g_autoptr (GInetAddress) client = g_inet_address_new_from_string (call->address);
  g_autofree gchar *proto = peer != NULL ? forwarded (call, peer, "X-Forwarded-Proto") : NULL;
  return peer != NULL && peer->loopback && !peer->tls && g_strcmp0 (proto, "https") != 0 &&
         client != NULL && g_inet_address_get_is_loopback (client);
}

/* host:port in lower case, with the port that the scheme implies. New; NULL when malformed. */
static gchar *
authority (const gchar *scheme, const gchar *host)
{
  g_autofree gchar *text = g_strconcat (scheme, "://", host, NULL);
  g_autoptr (GUri) uri = g_uri_parse (text, G_URI_FLAGS_NONE, NULL);
  if (uri == NULL || g_uri_get_host (uri) == NULL)
    return NULL;
  gint port = g_uri_get_port (uri);
  if (port <= 0)
    port = g_str_equal (scheme, "https") ? 443 : 80;
  g_autofree gchar *lower = g_ascii_strdown (g_uri_get_host (uri), -1);
  return g_strdup_printf ("%s:%d", lower, port);
}

/* A browser tells where a page is from; other programs do not, and need not. */
static gboolean
is_our_origin (BmWebCall *call)
{
  const gchar *origin = header (call, "Origin"), *host = header (call, "Host");
  const gchar *site = header (call, "Sec-Fetch-Site");
  if (site != NULL && !g_str_equal (site, "same-origin") && !g_str_equal (site, "none"))
    return FALSE;
  if (origin == NULL)
    return TRUE;
  const gchar *scheme = g_str_has_prefix (origin, "https://")  ? "https"
                        : g_str_has_prefix (origin, "http://") ? "http"
                                                               : NULL;
  if (scheme == NULL || host == NULL)
    return FALSE;
  g_autofree gchar *theirs = authority (scheme, origin + strlen (scheme) + 3);
  g_autofree gchar *ours = authority (scheme, host);
  return theirs != NULL && g_strcmp0 (theirs, ours) == 0;
}

/* In a time that does not depend on where they differ. */
static gboolean
equal_secret (const gchar *a, const gchar *b)
{
  gsize length = strlen (b);
  guint differ = strlen (a) != length;
  for (gsize i = 0; i < length && a[i] != '\0'; i++)
    differ |= (guint) (a[i] ^ b[i]);
  return differ == 0;
}

static gboolean
is_writing (const gchar *method)
{
  return !g_str_equal (method, "GET") && !g_str_equal (method, "HEAD") &&
         !g_str_equal (method, "OPTIONS");
}

/* ---- what is settled before a body is read; each answers and gives FALSE when it refuses ---- */

static gboolean
check_session (BmWebCall *call)
{
  g_autofree gchar *cookie =
      bm_web_cookie_of (soup_message_headers_get_list (headers_of (call), "Cookie"));
  BmWebSession *session =
      cookie != NULL ? bm_web_sessions_find (call->public.web->sessions, cookie) : NULL;
  if (session != NULL) {
    call->session = bm_web_session_ref (session);
    call->public.session = call->session;
  }
  if (session != NULL || (call->route->flags & BM_WEB_PUBLIC) != 0)
    return TRUE;
  bm_web_reply_error (&call->public, 401, "no-session", "You are not signed in.",
                      "Sign in; a session ends after a time without use, and with the daemon.");
  return FALSE;
}

static gboolean
check_forgery (BmWebCall *call)
{
  const gchar *token = header (call, "X-CSRF-Token");
  if (!is_writing (call->public.method))
    return TRUE;
  if (!is_our_origin (call)) {
    bm_web_reply_error (&call->public, 403, "foreign-origin",
                        "This request comes from a page of another site.",
                        "Open this service's own page; a proxy must pass the Host header on.");
    return FALSE;
  }
  if ((call->route->flags & BM_WEB_PUBLIC) != 0 ||
      (token != NULL && equal_secret (token, call->session->csrf)))
    return TRUE;
  bm_web_reply_error (&call->public, 403, "csrf", "The header X-CSRF-Token is missing or wrong.",
                      "Send the value of csrf that GET session gives.");
  return FALSE;
}

static gsize
max_body (const BmWebRoute *route)
{
  return route->max_body > 0 ? route->max_body : MAX_BODY;
}

static void
refuse_size (BmWebCall *call)
{
  g_autofree gchar *text =
      g_strdup_printf ("The body has more than %" G_GSIZE_FORMAT " bytes.", max_body (call->route));
  bm_web_reply_error (&call->public, 413, "body-too-large", text, NULL);
}

static gboolean
check_body (BmWebCall *call)
{
  gint64 length = bm_web_request_length (&call->public);
  gboolean has_body =
      length > 0 || soup_message_headers_get_encoding (headers_of (call)) == SOUP_ENCODING_CHUNKED;
  if ((call->route->flags & BM_WEB_STREAM) != 0)
    return TRUE;
  if (length > 0 && (guint64) length > max_body (call->route)) {
    refuse_size (call);
    return FALSE;
  }
  const gchar *type = soup_message_headers_get_content_type (headers_of (call), NULL);
  if ((call->route->flags & BM_WEB_RAW) != 0 || !has_body ||
      g_strcmp0 (type, "application/json") == 0)
    return TRUE;
  bm_web_reply_error (&call->public, 415, "content-type", "The body is not declared as JSON.",
                      "Send Content-Type: application/json.");
  return FALSE;
}

/* Where does the body end? A proxy in front may see it otherwise than libsoup, which takes the first
 * of two lengths and ignores one that is none. */
static gboolean
check_framing (BmWebCall *call)
{
  SoupMessageHeadersIter iter;
  const char *name, *value;
  guint lengths = 0, encodings = 0;
  gboolean good = TRUE;
  soup_message_headers_iter_init (&iter, headers_of (call));
  while (soup_message_headers_iter_next (&iter, &name, &value)) {
    if (g_ascii_strcasecmp (name, "Content-Length") == 0) {
      good &= *value != '\0' && strspn (value, "0123456789") == strlen (value) && ++lengths == 1;
    } else if (g_ascii_strcasecmp (name, "Transfer-Encoding") == 0) {
      good &= g_ascii_strcasecmp (value, "chunked") == 0 && ++encodings == 1;
    }
  }
  if (good && lengths + encodings <= 1)
    return TRUE;
  call->unframed = TRUE;
  bm_web_reply_error (&call->public, 400, "bad-length", "It is not clear where the body ends.",
                      "Send one Content-Length, or Transfer-Encoding: chunked.");
  return FALSE;
}

/* Below the base path, or a query that is none; answers otherwise. */
static gboolean
parse_target (BmWebCall *call)
{
  GUri *uri = soup_server_message_get_uri (call->message);
  const gchar *base = call->public.web->config->web.base_path;
  g_autoptr (GHashTable) query = NULL;
  call->path = bm_web_split_path (base, g_uri_get_path (uri));
  if (g_uri_get_query (uri) != NULL)
    query = g_uri_parse_params (g_uri_get_query (uri), -1, "&", G_URI_PARAMS_WWW_FORM, NULL);
  if (query != NULL) { /* else it is malformed, and as good as none */
    g_hash_table_unref (call->public.query);
    call->public.query = g_steal_pointer (&query);
  }
  if (call->path == NULL) {
    bm_web_reply_error (&call->public, 404, "not-found", "There is no such page.", NULL);
    return FALSE;
  }
  const gchar *const *path = (const gchar *const *) call->path;
  gboolean api = path[0] != NULL && path[1] != NULL && g_str_equal (path[0], "api");
  call->public.path = api ? path + 2 : path;
  return TRUE;
}

static gboolean
find_route (BmWebCall *call)
{
  gboolean other_method;
  const BmWebTable *table = bm_web_find_route (call->public.web, call->public.method, call->path,
                                               &call->route, call->params, &other_method);
  if (table != NULL) {
    call->data = table->data;
    return TRUE;
  }
  if (other_method)
    bm_web_reply_error (&call->public, 405, "method", "This address knows other methods only.",
                        NULL);
  else
    bm_web_reply_error (&call->public, 404, "not-found", "There is no such page.", NULL);
  return FALSE;
}

/* ---- libsoup's signals ---- */

static void
take_address (BmWebCall *call)
{
  BmWebPeer *peer = bm_web_peer_of (call->message);
  g_autofree gchar *client = peer != NULL ? forwarded (call, peer, "X-Forwarded-For") : NULL;
  if (client != NULL && !g_hostname_is_ip_address (client))
    g_clear_pointer (&client, g_free);
  call->address = g_strdup (client != NULL ? client : peer != NULL ? peer->address : "");
  call->public.address = call->address;
}

static void
on_chunk (SoupServerMessage *message, GBytes *bytes, gpointer data)
{
  BmWebCall *call = data;
  BmWebPeer *peer = bm_web_peer_of (message);
  call->received += g_bytes_get_size (bytes);
  if (call->route == NULL || call->replied)
    return;
  if ((call->route->flags & BM_WEB_STREAM) == 0) {
    if (call->received > max_body (call->route))
      refuse_size (call);
    return;
  }
  if (peer != NULL)
    bm_web_peer_state (peer, BM_WEB_PEER_UPLOAD);
  if (call->session != NULL)
    bm_web_session_touch (call->session);
  if (call->chunk != NULL)
    call->chunk (&call->public, g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes),
                 call->stream_data);
}

static void
end_stream (BmWebCall *call, gboolean complete)
{
  BmWebBodyEnd end = call->end;
  call->chunk = NULL;
  call->end = NULL;
  if (end != NULL && !call->replied)
    end (&call->public, complete, call->stream_data);
}

/* Complete, aborted or stolen: the message is done with. */
static void
on_finished (SoupServerMessage *message, gpointer data)
{
  BmWebCall *call = data;
  BmWebPeer *peer = bm_web_peer_of (message);
  if (call->finished)
    return;
  call->finished = TRUE;
  if (peer != NULL && peer->state != BM_WEB_PEER_CLOSING) {
    bm_web_tls_before_close (peer);
    bm_web_peer_state (peer, BM_WEB_PEER_HEADERS);
  }
  g_signal_handlers_disconnect_by_data (message, call);
  end_stream (call, FALSE);
  if (!call->handed && !call->replied) { /* it never came to its handler */
    bm_web_call_take_reply (call);
    bm_web_call_unref (call);
  }
  if (call->sse != NULL)
    bm_web_sse_finished (call->sse);
  g_object_set_data (G_OBJECT (message), CALL_KEY, NULL);
  bm_web_call_unref (call);
}

static void
on_wrote_data (SoupServerMessage *message, guint size, gpointer data)
{
  BmWebPeer *peer = bm_web_peer_of (message);
  if (peer != NULL && peer->state == BM_WEB_PEER_ANSWER)
    bm_web_peer_state (peer, BM_WEB_PEER_ANSWER);
}

static BmWebCall *
new_call (BmWeb *web, SoupServerMessage *message)
{
  BmWebCall *call = g_new0 (BmWebCall, 1);
  call->refs = 2; /* the message's, and the answer's */
  call->message = g_object_ref (message);
  call->params = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  call->headers = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  call->public.web = web;
  call->public.method = soup_server_message_get_method (message);
  call->public.query = g_hash_table_new (g_str_hash, g_str_equal);
  web->requests++;
  g_object_set_data (G_OBJECT (message), CALL_KEY, call);
  g_signal_connect (message, "got-chunk", G_CALLBACK (on_chunk), call);
  g_signal_connect (message, "finished", G_CALLBACK (on_finished), call);
  g_signal_connect (message, "wrote-body-data", G_CALLBACK (on_wrote_data), call);
  return call;
}

/* At the end of the headers. */
static void
on_headers (SoupServer *server, SoupServerMessage *message, const char *path, GHashTable *query,
            gpointer data)
{
  BmWeb *web = data;
  BmWebCall *call = new_call (web, message);
  BmWebPeer *peer = bm_web_peer_of (message);
  SoupMessageBody *body = soup_server_message_get_request_body (message);
  take_address (call);
  /* libsoup would make a multipart answer of any number of ranges */
  soup_message_headers_remove (headers_of (call), "Range");
  if (peer != NULL)
    bm_web_peer_state (peer, BM_WEB_PEER_BODY);
  if (!check_framing (call) || !parse_target (call) || !find_route (call) ||
      !check_session (call) || !check_forgery (call) || !check_body (call)) {
    soup_message_body_set_accumulate (body, FALSE);
    return;
  }
  if ((call->route->flags & BM_WEB_STREAM) == 0)
    return;
  soup_message_body_set_accumulate (body, FALSE);
  if (peer != NULL)
    bm_web_peer_state (peer, BM_WEB_PEER_UPLOAD);
  call->handed = TRUE;
  call->route->handler (&call->public, call->data);
}

/* FALSE after an answer: what came is no JSON object. */
static gboolean
take_body (BmWebCall *call)
{
  SoupMessageBody *body = soup_server_message_get_request_body (call->message);
  g_autoptr (GBytes) bytes = soup_message_body_flatten (body);
  if ((call->route->flags & BM_WEB_RAW) != 0) {
    call->public.body = g_steal_pointer (&bytes);
    return TRUE;
  }
  if (g_bytes_get_size (bytes) == 0)
    return TRUE;
  g_autoptr (JsonParser) parser = json_parser_new ();
  const gchar *text = g_bytes_get_data (bytes, NULL);
  gssize size = (gssize) g_bytes_get_size (bytes);
  JsonNode *root = NULL;
  if (g_utf8_validate (text, size, NULL) && json_parser_load_from_data (parser, text, size, NULL))
    root = json_parser_get_root (parser);
  if (root != NULL && JSON_NODE_HOLDS_OBJECT (root)) {
    call->public.json = json_node_dup_object (root);
    return TRUE;
  }
  bm_web_reply_error (&call->public, 400, "bad-json", "The body is not a JSON object in UTF-8.",
                      NULL);
  return FALSE;
}

/* At the end of the body, unless there is an answer already. */
static void
on_body (SoupServer *server, SoupServerMessage *message, const char *path, GHashTable *query,
         gpointer data)
{
  BmWebCall *call = g_object_get_data (G_OBJECT (message), CALL_KEY);
  BmWebPeer *peer = bm_web_peer_of (message);
  if (call == NULL || call->replied)
    return;
  call->body_done = TRUE;
  if (peer != NULL)
    bm_web_peer_state (peer, BM_WEB_PEER_WORK);
  bm_web_call_ref (call);
  if ((call->route->flags & BM_WEB_STREAM) != 0) {
    end_stream (call, TRUE);
  } else if (take_body (call)) {
    call->handed = TRUE;
    call->route->handler (&call->public, call->data);
  }
  if (!call->replied && !call->finished) {
    call->paused = TRUE;
    soup_server_message_pause (message);
  }
  bm_web_call_unref (call);
}

static void
on_wrote_headers (SoupServerMessage *message, gpointer data)
{
  BmWebPeer *peer = bm_web_peer_of (message);
  if (peer != NULL && g_object_get_data (G_OBJECT (message), CALL_KEY) == NULL)
    bm_web_peer_malformed (peer); /* an answer, and no call of ours */
}

/* Also what libsoup answers by itself (400) has the headers. */
static void
on_started (SoupServer *server, SoupServerMessage *message, gpointer data)
{
  g_signal_connect (message, "wrote-headers", G_CALLBACK (on_wrote_headers), NULL);
  bm_web_secure_headers (soup_server_message_get_response_headers (message));
}

void
bm_web_requests_connect (BmWeb *web)
{
  g_signal_connect (web->server, "request-started", G_CALLBACK (on_started), web);
  soup_server_add_early_handler (web->server, NULL, on_headers, web, NULL);
  soup_server_add_handler (web->server, NULL, on_body, web, NULL);
}

/* ---- what handlers ask ---- */

const gchar *
bm_web_request_param (BmWebRequest *request, const gchar *name)
{
  return g_hash_table_lookup (call_of (request)->params, name);
}

const gchar *
bm_web_request_query (BmWebRequest *request, const gchar *name)
{
  return g_hash_table_lookup (request->query, name);
}

const gchar *
bm_web_request_header (BmWebRequest *request, const gchar *name)
{
  return header (call_of (request), name);
}

void
bm_web_request_set_header (BmWebRequest *request, const gchar *name, const gchar *value)
{
  g_hash_table_insert (call_of (request)->headers, g_strdup (name), g_strdup (value));
}

gint64
bm_web_request_length (BmWebRequest *request)
{
  SoupMessageHeaders *headers = headers_of (call_of (request));
  return soup_message_headers_get_encoding (headers) == SOUP_ENCODING_CONTENT_LENGTH
             ? soup_message_headers_get_content_length (headers)
             : -1;
}

gboolean
bm_web_request_is_alive (BmWebRequest *request)
{
  return !call_of (request)->finished;
}

void
bm_web_request_stream (BmWebRequest *request, BmWebChunk chunk, BmWebBodyEnd end, gpointer data)
{
  BmWebCall *call = call_of (request);
  g_return_if_fail ((call->route->flags & BM_WEB_STREAM) != 0);
  call->chunk = chunk;
  call->end = end;
  call->stream_data = data;
}

void
bm_web_request_pause (BmWebRequest *request)
{
  BmWebCall *call = call_of (request);
  if (call->paused || call->finished)
    return;
  call->paused = TRUE;
  soup_server_message_pause (call->message);
}

void
bm_web_request_resume (BmWebRequest *request)
{
  BmWebCall *call = call_of (request);
  if (!call->paused || call->finished)
    return;
  call->paused = FALSE;
  soup_server_message_unpause (call->message);
}

typedef struct {
  BmWebRequest *request;
  BmWebWork work;
  BmWebDone done;
  gpointer data;
  GDestroyNotify destroy;
} Job;

static void
in_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  Job *job = data;
  GError *error = NULL;
  if (job->work (job->data, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

static void
in_main (GObject *source, GAsyncResult *result, gpointer data)
{
  Job *job = data;
  g_autoptr (GError) error = NULL;
  g_task_propagate_boolean (G_TASK (result), &error);
  job->done (job->request, job->data, error);
  if (job->destroy != NULL)
    job->destroy (job->data);
  g_free (job);
}

void
bm_web_run (BmWebRequest *request, BmWebWork work, BmWebDone done, gpointer data,
            GDestroyNotify destroy)
{
  Job *job = g_new0 (Job, 1);
  *job = (Job){request, work, done, data, destroy};
  g_autoptr (GTask) task = g_task_new (NULL, NULL, in_main, job);
  g_task_set_task_data (task, job, NULL);
  g_task_run_in_thread (task, in_thread);
}
