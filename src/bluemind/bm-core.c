/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* See bm-core.h. Sources: BlueMind's IAuthentication, IInstallation, ISystemConfiguration and
 * IMailboxes REST interfaces. Must not know IMAP; never retries by itself. */
#include "bluemind/bm-core-private.h"

#include <libsoup/soup.h>
#include <string.h>

#define TIMEOUT_S  30
#define ANSWER_MAX (64u << 20) /* bytes of a body: a directory of 100 000 entries fits */

struct _BmCore {
  SoupSession *session;
  gchar *url, *admin_key;
};

BmCore *
bm_core_new (const gchar *url, const gchar *admin_key, GError **error)
{
  g_autoptr (GUri) parsed = g_uri_parse (url, G_URI_FLAGS_NONE, NULL);
  if (parsed == NULL || g_uri_get_host (parsed) == NULL ||
      !g_str_has_prefix (g_uri_get_scheme (parsed), "http")) {
    g_set_error (error, BM_ERROR, BM_CAUSE_CONFIG, "[core] url: \"%s\" is not an http address",
                 url);
    return NULL;
  }
  BmCore *core = g_new0 (BmCore, 1);
  /* no proxy of the environment: the admin key is for the core alone */
  core->session = soup_session_new_with_options ("timeout", TIMEOUT_S, "proxy-resolver", NULL,
                                                 "user-agent", "bm-pst-import/" BM_VERSION, NULL);
  core->url = g_strdup (url);
  while (g_str_has_suffix (core->url, "/"))
    core->url[strlen (core->url) - 1] = '\0';
  core->admin_key = g_strdup (admin_key);
  return core;
}

void
bm_core_free (BmCore *core)
{
  if (core == NULL)
    return;
  g_object_unref (core->session);
  g_free (core->url);
  g_free (core->admin_key);
  g_free (core);
}

/* The errorCode and message of a fault; never the request, which holds a key. */
static gchar *
fault_words (GBytes *body, gboolean *not_found)
{
  gsize size;
  const gchar *data = g_bytes_get_data (body, &size);
  g_autoptr (JsonParser) parser = json_parser_new ();
  if (size == 0 || !json_parser_load_from_data (parser, data, (gssize) size, NULL))
    return g_strdup ("no reason given");
  JsonNode *root = json_parser_get_root (parser);
  if (root == NULL || !JSON_NODE_HOLDS_OBJECT (root))
    return g_strdup ("no reason given");
  JsonObject *object = json_node_get_object (root);
  const gchar *code = json_object_get_string_member_with_default (object, "errorCode", "?");
  *not_found = g_str_equal (code, "NOT_FOUND");
  return g_strdup_printf ("%s: %s", code,
                          json_object_get_string_member_with_default (object, "message", "?"));
}

static GBytes *
read_body (BmCore *core, SoupMessage *message, GError **error)
{
  g_autoptr (GInputStream) stream = soup_session_send (core->session, message, NULL, error);
  if (stream == NULL)
    return NULL;
  g_autoptr (GByteArray) body = g_byte_array_new ();
  guint8 piece[8192];
  gssize n;
  while ((n = g_input_stream_read (stream, piece, sizeof piece, NULL, error)) > 0) {
    g_byte_array_append (body, piece, (guint) n);
    if (body->len > ANSWER_MAX) {
      g_set_error_literal (error, BM_ERROR, BM_CAUSE_SERVICE_UNAVAILABLE, "its answer is too long");
      return NULL;
    }
  }
  return n < 0 ? NULL : g_byte_array_free_to_bytes (g_steal_pointer (&body));
}

/* path: from /api on, encoded. NULL with error unless the status is 2xx; not_found (may be NULL)
 * tells of a fault NOT_FOUND. json: the body, or NULL. */
static GBytes *
call_full (BmCore *core, const gchar *method, const gchar *path, const gchar *key, JsonNode *json,
           gboolean *not_found, GError **error)
{
  gboolean unknown = FALSE;
  g_autofree gchar *address = g_strconcat (core->url, path, NULL);
  g_autoptr (SoupMessage) message = soup_message_new (method, address);
  g_autoptr (GError) local = NULL;
  SoupMessageHeaders *headers = soup_message_get_request_headers (message);
  soup_message_add_flags (message, SOUP_MESSAGE_NO_REDIRECT); /* it would take the key along */
  if (key != NULL)
    soup_message_headers_append (headers, "X-BM-ApiKey", key);
  soup_message_headers_append (headers, "X-BM-Origin", "pst-import");
  soup_message_headers_append (headers, "Accept", "application/json");
  if (json != NULL) {
    gchar *text = json_to_string (json, FALSE);
    g_autoptr (GBytes) bytes = g_bytes_new_take (text, strlen (text));
    soup_message_set_request_body_from_bytes (message, "application/json", bytes);
  }
  g_autoptr (GBytes) body = read_body (core, message, &local);
  if (body == NULL) {
    g_set_error (error, BM_ERROR, BM_CAUSE_SERVICE_UNAVAILABLE, "BlueMind's core at %s: %s",
                 core->url, local->message);
    return NULL;
  }
  guint status = soup_message_get_status (message);
  if (status >= 200 && status < 300)
    return g_steal_pointer (&body);
  g_autofree gchar *words = fault_words (body, &unknown);
  if (not_found != NULL)
    *not_found = unknown;
  gboolean refused = status == 401 || status == 403;
  g_set_error (error, BM_ERROR, refused ? BM_CAUSE_LOGIN_REFUSED : BM_CAUSE_SERVICE_UNAVAILABLE,
               "BlueMind's core at %s answers %u: %s", core->url, status, words);
  return NULL;
}

static GBytes *
call (BmCore *core, const gchar *method, const gchar *path, const gchar *key, GError **error)
{
  return call_full (core, method, path, key, NULL, NULL, error);
}

/* NULL with error when it is not JSON. */
static JsonNode *
parse_body (BmCore *core, GBytes *body, GError **error)
{
  gsize size;
  const gchar *data = g_bytes_get_data (body, &size);
  g_autoptr (JsonParser) parser = json_parser_new ();
  if (size > 0 && json_parser_load_from_data (parser, data, (gssize) size, NULL)) {
    JsonNode *root = json_parser_steal_root (parser);
    if (root != NULL)
      return root;
  }
  g_set_error (error, BM_ERROR, BM_CAUSE_SERVICE_UNAVAILABLE,
               "BlueMind's core at %s: its answer is not JSON", core->url);
  return NULL;
}

/* *node NULL: it answers with nothing. */
static gboolean
call_maybe (BmCore *core, const gchar *method, const gchar *path, const gchar *key, JsonNode *json,
            JsonNode **node, GError **error)
{
  gboolean not_found = FALSE;
  g_autoptr (GError) local = NULL;
  g_autoptr (GBytes) body = call_full (core, method, path, key, json, &not_found, &local);
  *node = NULL;
  if (body == NULL && not_found)
    return TRUE;
  if (body == NULL) {
    g_propagate_error (error, g_steal_pointer (&local));
    return FALSE;
  }
  if (g_bytes_get_size (body) == 0)
    return TRUE;
  g_autoptr (JsonNode) root = parse_body (core, body, error);
  if (root == NULL)
    return FALSE;
  if (!JSON_NODE_HOLDS_NULL (root))
    *node = g_steal_pointer (&root);
  return TRUE;
}

gboolean
bm_core_get (BmCore *core, const gchar *path, JsonNode **node, GError **error)
{
  return call_maybe (core, "GET", path, core->admin_key, NULL, node, error);
}

gboolean
bm_core_get_as (BmCore *core, const gchar *path, const gchar *key, JsonNode **node, GError **error)
{
  return call_maybe (core, "GET", path, key, NULL, node, error);
}

gboolean
bm_core_post (BmCore *core, const gchar *path, const gchar *key, JsonNode *json, JsonNode **node,
              GError **error)
{
  return call_maybe (core, "POST", path, key, json, node, error);
}

gboolean
bm_core_post_as_admin (BmCore *core, const gchar *path, JsonNode *json, JsonNode **node,
                       GError **error)
{
  return bm_core_post (core, path, core->admin_key, json, node, error);
}

static JsonNode *
call_json (BmCore *core, const gchar *method, const gchar *path, const gchar *key, GError **error)
{
  g_autoptr (GBytes) body = call (core, method, path, key, error);
  return body != NULL ? parse_body (core, body, error) : NULL;
}

static JsonNode *
call_object (BmCore *core, const gchar *method, const gchar *path, const gchar *key, GError **error)
{
  g_autoptr (JsonNode) node = call_json (core, method, path, key, error);
  if (node == NULL || JSON_NODE_HOLDS_OBJECT (node))
    return g_steal_pointer (&node);
  g_set_error (error, BM_ERROR, BM_CAUSE_SERVICE_UNAVAILABLE,
               "BlueMind's core at %s: its answer is not an object", core->url);
  return NULL;
}

gboolean
bm_core_su (BmCore *core, const gchar *login, gchar **token, gchar **imap_login, GError **error)
{
  g_autofree gchar *escaped = g_uri_escape_string (login, NULL, FALSE);
  g_autofree gchar *path = g_strconcat ("/api/auth/_su?login=", escaped, NULL);
  g_autoptr (JsonNode) node = call_object (core, "POST", path, core->admin_key, error);
  if (node == NULL)
    return FALSE;
  JsonObject *object = json_node_get_object (node);
  const gchar *status = json_object_get_string_member_with_default (object, "status", "?");
  const gchar *key = json_object_get_string_member_with_default (object, "authKey", "");
  const gchar *latd = json_object_get_string_member_with_default (object, "latd", NULL);
  if (!g_str_equal (status, "Ok") || *key == '\0') {
    g_set_error (error, BM_ERROR, BM_CAUSE_LOGIN_REFUSED,
                 "BlueMind's core gives no session for %s: status %s", login, status);
    return FALSE;
  }
  *token = g_strdup (key);
  *imap_login = g_strdup (latd != NULL && *latd != '\0' ? latd : login);
  return TRUE;
}

static gboolean
call_nothing (BmCore *core, const gchar *method, const gchar *path, const gchar *key,
              GError **error)
{
  g_autoptr (GBytes) body = call (core, method, path, key, error);
  return body != NULL;
}

gboolean
bm_core_ping (BmCore *core, const gchar *token, GError **error)
{
  return call_nothing (core, "GET", "/api/auth/ping", token, error);
}

gboolean
bm_core_logout (BmCore *core, const gchar *token, GError **error)
{
  return call_nothing (core, "POST", "/api/auth/logout", token, error);
}

gboolean
bm_core_state (BmCore *core, gchar **state, GError **error)
{
  g_autoptr (JsonNode) node =
      call_json (core, "GET", "/api/system/installation/state", core->admin_key, error);
  if (node == NULL)
    return FALSE;
  const gchar *text = JSON_NODE_HOLDS_VALUE (node) ? json_node_get_string (node) : NULL;
  *state = g_strdup (text != NULL ? text : "unknown");
  return TRUE;
}

gboolean
bm_core_check_running (BmCore *core, GError **error)
{
  g_autofree gchar *state = NULL;
  if (!bm_core_state (core, &state, error))
    return FALSE;
  if (g_str_equal (state, "CORE_STATE_RUNNING"))
    return TRUE;
  g_set_error (error, BM_ERROR, BM_CAUSE_SERVICE_UNAVAILABLE,
               "BlueMind's core is in state %s, not running; wait until it is", state);
  return FALSE;
}

gboolean
bm_core_version (BmCore *core, gchar **version, GError **error)
{
  g_autoptr (JsonNode) node =
      call_object (core, "GET", "/api/system/installation/version", core->admin_key, error);
  if (node == NULL)
    return FALSE;
  *version = g_strdup (json_object_get_string_member_with_default (json_node_get_object (node),
                                                                   "softwareVersion", ""));
  return TRUE;
}

gboolean
bm_core_create_key (BmCore *core, const gchar *token, const gchar *name, gchar **sid,
                    GError **error)
{
  g_autofree gchar *escaped = g_uri_escape_string (name, NULL, FALSE);
  g_autofree gchar *path = g_strconcat ("/api/auth/keys?displayName=", escaped, NULL);
  g_autoptr (JsonNode) node = call_object (core, "PUT", path, token, error);
  if (node == NULL)
    return FALSE;
  const gchar *text =
      json_object_get_string_member_with_default (json_node_get_object (node), "sid", "");
  if (*text == '\0') {
    g_set_error (error, BM_ERROR, BM_CAUSE_SERVICE_UNAVAILABLE,
                 "BlueMind's core at %s makes no API key", core->url);
    return FALSE;
  }
  *sid = g_strdup (text);
  return TRUE;
}

static gboolean
delete_key (BmCore *core, const gchar *token, const gchar *sid, GError **error)
{
  g_autofree gchar *escaped = g_uri_escape_string (sid, NULL, FALSE);
  g_autofree gchar *path = g_strconcat ("/api/auth/keys/", escaped, NULL);
  return call_nothing (core, "DELETE", path, token, error);
}

gboolean
bm_core_delete_keys (BmCore *core, const gchar *token, const gchar *name, guint *n, GError **error)
{
  g_autoptr (JsonNode) node = call_json (core, "GET", "/api/auth/keys", token, error);
  *n = 0;
  if (node == NULL)
    return FALSE;
  JsonArray *keys = JSON_NODE_HOLDS_ARRAY (node) ? json_node_get_array (node) : NULL;
  for (guint i = 0; keys != NULL && i < json_array_get_length (keys); i++) {
    JsonNode *one = json_array_get_element (keys, i);
    JsonObject *key = JSON_NODE_HOLDS_OBJECT (one) ? json_node_get_object (one) : NULL;
    if (key == NULL ||
        g_strcmp0 (json_object_get_string_member_with_default (key, "displayName", NULL), name) !=
            0)
      continue;
    if (!delete_key (core, token, json_object_get_string_member_with_default (key, "sid", ""),
                     error))
      return FALSE;
    (*n)++;
  }
  return TRUE;
}

gboolean
bm_core_quota (BmCore *core, const gchar *domain_uid, const gchar *user_uid, gint64 *used,
               gint64 *quota, GError **error)
{
  g_autofree gchar *domain = g_uri_escape_string (domain_uid, NULL, FALSE);
  g_autofree gchar *user = g_uri_escape_string (user_uid, NULL, FALSE);
  g_autofree gchar *path = g_strdup_printf ("/api/mailboxes/%s/%s/_quota", domain, user);
  g_autoptr (JsonNode) node = call_object (core, "GET", path, core->admin_key, error);
  if (node == NULL)
    return FALSE;
  JsonObject *object = json_node_get_object (node);
  *used = json_object_get_int_member_with_default (object, "used", 0);
  *quota = json_object_get_int_member_with_default (object, "quota", 0);
  return TRUE;
}

gboolean
bm_core_message_size_limit (BmCore *core, guint64 *bytes, GError **error)
{
  g_autoptr (JsonNode) node =
      call_object (core, "GET", "/api/configuration", core->admin_key, error);
  if (node == NULL)
    return FALSE;
  JsonNode *values = json_object_get_member (json_node_get_object (node), "values");
  const gchar *text = NULL;
  if (values != NULL && JSON_NODE_HOLDS_OBJECT (values))
    text = json_object_get_string_member_with_default (json_node_get_object (values),
                                                       "message_size_limit", NULL);
  *bytes = text != NULL ? g_ascii_strtoull (text, NULL, 10) : 0;
  return TRUE;
}
