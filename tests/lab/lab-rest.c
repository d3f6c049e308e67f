/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * bm-core's REST face, cut to what an importer calls, in BlueMind's manners: X-BM-ApiKey, faults as
 * {"errorCode":...} with 403, 404 or 500, `_su` that answers 200 with the status in the body, nothing (204) for an
 * unknown user. Beside it GET and PUT /lab/knobs and GET /lab/sessions, which need no key. Must not know SQL tables of messages beyond their
 * sum of sizes. Main loop's thread only.
 */
#include "lab-rest.h"

#include <json-glib/json-glib.h>
#include <libsoup/soup.h>
#include <string.h>

/* One request: who asks, what for, and the answer while it is built. */
typedef struct {
  LabCore *core;
  SoupServerMessage *message;
  GHashTable *query;
  gchar **path; /* decoded segments behind /api/ */
  guint n_path;
  gboolean admin;
  LabUser *user; /* NULL for admin0 and for nobody */
  const gchar *key;
  JsonBuilder *json;
  gchar *scalar; /* an answer that is one JSON string: the builder makes only objects and arrays */
} Request;

typedef void (*Handler) (Request *request);

static void
fault (Request *request, const gchar *code, const gchar *text)
{
  guint status = g_str_equal (code, "PERMISSION_DENIED") ? 403
                 : g_str_equal (code, "NOT_FOUND")       ? 404
                                                         : 500;
  json_builder_reset (request->json);
  json_builder_begin_object (request->json);
  json_builder_set_member_name (request->json, "errorCode");
  json_builder_add_string_value (request->json, code);
  json_builder_set_member_name (request->json, "errorType");
  json_builder_add_string_value (request->json, "ServerFault");
  json_builder_set_member_name (request->json, "message");
  json_builder_add_string_value (request->json, text);
  json_builder_end_object (request->json);
  soup_server_message_set_status (request->message, status, NULL);
}

static void
member (Request *request, const gchar *name, const gchar *value)
{
  json_builder_set_member_name (request->json, name);
  if (value != NULL && *value != '\0')
    json_builder_add_string_value (request->json, value);
  else
    json_builder_add_null_value (request->json);
}

static void
member_flag (Request *request, const gchar *name, gboolean value)
{
  json_builder_set_member_name (request->json, name);
  json_builder_add_boolean_value (request->json, value);
}

static void
member_quota (Request *request, const gchar *name, gint kib)
{
  json_builder_set_member_name (request->json, name);
  if (kib >= 0)
    json_builder_add_int_value (request->json, kib);
  else
    json_builder_add_null_value (request->json);
}

static PGresult *
ask (Request *request, const gchar *sql, gint n, const gchar *const *parameters)
{
  return lab_db_exec (lab_store_directory (lab_core_store (request->core)), NULL, sql, n,
                      parameters);
}

/* ---- users and mailboxes */

static void
add_emails (Request *request, const LabUser *user)
{
  g_autoptr (PGresult) rows = ask (request,
                                   "SELECT left_address, right_address, all_aliases, is_default"
                                   " FROM t_mailbox_email e JOIN t_container_item ci"
                                   " ON ci.id = e.item_id WHERE ci.uid = $1",
                                   1, (const gchar *[]){user->uid});
  json_builder_set_member_name (request->json, "emails");
  json_builder_begin_array (request->json);
  for (int i = 0; rows != NULL && i < PQntuples (rows); i++) {
    gboolean everywhere = PQgetvalue (rows, i, 2)[0] == 't';
    g_autofree gchar *address = g_strdup_printf (
        "%s@%s", PQgetvalue (rows, i, 0), everywhere ? user->domain : PQgetvalue (rows, i, 1));
    json_builder_begin_object (request->json);
    member (request, "address", address);
    member_flag (request, "allAliases", everywhere);
    member_flag (request, "isDefault", PQgetvalue (rows, i, 3)[0] == 't');
    json_builder_end_object (request->json);
  }
  json_builder_end_array (request->json);
}

static void
add_user_value (Request *request, const LabUser *user)
{
  json_builder_set_member_name (request->json, "value");
  json_builder_begin_object (request->json);
  member (request, "login", user->login);
  member (request, "routing", user->routing);
  member (request, "accountType", user->account);
  member (request, "dataLocation", user->server);
  member_flag (request, "archived", user->archived);
  member_flag (request, "hidden", FALSE);
  member_flag (request, "system", FALSE);
  member_quota (request, "quota", user->quota_kib);
  add_emails (request, user);
  json_builder_end_object (request->json);
}

static void
add_mailbox_value (Request *request, const LabUser *user)
{
  json_builder_set_member_name (request->json, "value");
  json_builder_begin_object (request->json);
  member (request, "name", user->login);
  member (request, "type", "user");
  member (request, "routing", user->routing);
  member (request, "dataLocation", user->server);
  member_flag (request, "archived", user->archived);
  member_flag (request, "hidden", FALSE);
  member_flag (request, "system", FALSE);
  member_quota (request, "quota", user->quota_kib);
  add_emails (request, user);
  json_builder_end_object (request->json);
}

/* An ItemValue; no user is no body, which the sender turns into 204. */
static void
answer_item (Request *request, const LabUser *user, void (*value) (Request *, const LabUser *))
{
  if (user == NULL)
    return;
  json_builder_begin_object (request->json);
  member (request, "uid", user->uid);
  member (request, "displayName", user->name);
  value (request, user);
  json_builder_end_object (request->json);
}

static void
user_by_email (Request *request)
{
  g_autoptr (LabUser) user =
      lab_store_find_email (lab_core_store (request->core), request->path[3], request->path[1]);
  answer_item (request, user, add_user_value);
}

static void
user_by_login (Request *request)
{
  g_autoptr (LabUser) user =
      lab_store_find_login (lab_core_store (request->core), request->path[3], request->path[1]);
  answer_item (request, user, add_user_value);
}

static LabUser *
user_of_path (Request *request)
{
  return lab_store_find_uid (lab_core_store (request->core), request->path[2], request->path[1]);
}

static void
user_complete (Request *request)
{
  g_autoptr (LabUser) user = user_of_path (request);
  answer_item (request, user, add_user_value);
}

static void
mailbox_complete (Request *request)
{
  g_autoptr (LabUser) user = user_of_path (request);
  answer_item (request, user, add_mailbox_value);
}

static gint64
used_kib (Request *request, const LabUser *user)
{
  g_auto (LabKnobs) knobs = {0};
  lab_core_get_knobs (request->core, &knobs);
  if (knobs.quota_used_kib >= 0)
    return knobs.quota_used_kib;
  LabDb *db = lab_store_shard (lab_core_store (request->core), user->server);
  g_autoptr (PGresult) sum = db == NULL
                                 ? NULL
                                 : lab_db_exec (db, NULL, "SELECT lab.used_bytes($1, $2) / 1024", 2,
                                                (const gchar *[]){user->domain, user->uid});
  return sum == NULL ? 0 : g_ascii_strtoll (PQgetvalue (sum, 0, 0), NULL, 10);
}

static void
mailbox_quota (Request *request)
{
  g_autoptr (LabUser) user = user_of_path (request);
  if (user == NULL) {
    fault (request, "NOT_FOUND", "mailbox not found");
    return;
  }
  json_builder_begin_object (request->json);
  json_builder_set_member_name (request->json, "used");
  json_builder_add_int_value (request->json, used_kib (request, user));
  member_quota (request, "quota", user->quota_kib);
  json_builder_end_object (request->json);
}

/* ---- authentication */

static void
answer_login (Request *request, const gchar *status, const LabUser *user)
{
  json_builder_begin_object (request->json);
  member (request, "status", status);
  member (request, "message", NULL);
  if (user != NULL) {
    g_autofree gchar *key = lab_core_open_session (request->core, user);
    g_autofree gchar *latd = g_strdup_printf ("%s@%s", user->login, user->domain);
    member (request, "authKey", key);
    member (request, "latd", latd);
    json_builder_set_member_name (request->json, "authUser");
    json_builder_begin_object (request->json);
    member (request, "uid", user->uid);
    member (request, "domainUid", user->domain);
    member (request, "displayName", user->name);
    add_user_value (request, user);
    json_builder_end_object (request->json);
  }
  json_builder_end_object (request->json);
}

/* Splits ?login=; FALSE after a fault, as BlueMind fails on a login without '@'. */
static gboolean
split_login (Request *request, gchar **login, gchar **domain)
{
  const gchar *full = request->query != NULL ? g_hash_table_lookup (request->query, "login") : NULL;
  const gchar *at = full != NULL ? strchr (full, '@') : NULL;
  if (at == NULL) {
    fault (request, "UNKNOWN", "No value present");
    return FALSE;
  }
  *login = g_strndup (full, (gsize) (at - full));
  *domain = g_strdup (at + 1);
  return TRUE;
}

static void
auth_su (Request *request)
{
  g_autofree gchar *login = NULL, *domain = NULL;
  if (!request->admin) {
    fault (request, "PERMISSION_DENIED", "role SUDO required");
    return;
  }
  if (!split_login (request, &login, &domain))
    return;
  /* The login, never an address; an archived user is Bad, with HTTP 200. */
  g_autoptr (LabUser) user = lab_store_find_login (lab_core_store (request->core), login, domain);
  if (user == NULL || user->archived)
    answer_login (request, "Bad", NULL);
  else
    answer_login (request, "Ok", user);
}

static void
auth_login (Request *request)
{
  g_autofree gchar *login = NULL, *domain = NULL;
  if (!split_login (request, &login, &domain))
    return;
  SoupMessageBody *body = soup_server_message_get_request_body (request->message);
  g_autoptr (GBytes) bytes = soup_message_body_flatten (body);
  g_autoptr (JsonParser) parser = json_parser_new ();
  const gchar *secret = NULL;
  if (json_parser_load_from_data (parser, g_bytes_get_data (bytes, NULL),
                                  (gssize) g_bytes_get_size (bytes), NULL) &&
      JSON_NODE_HOLDS_VALUE (json_parser_get_root (parser)))
    secret = json_node_get_string (json_parser_get_root (parser));
  g_autoptr (LabUser) user = NULL;
  gboolean ok = secret != NULL &&
                lab_core_login (request->core, login, domain, secret, &user) == LAB_LOGIN_OK;
  answer_login (request, ok && user != NULL ? "Ok" : "Bad", user);
}

static void
auth_ping (Request *request)
{
  soup_server_message_set_status (request->message, 200, NULL);
}

static void
auth_logout (Request *request)
{
  if (request->key != NULL)
    lab_core_close_session (request->core, request->key);
  soup_server_message_set_status (request->message, 200, NULL);
}

static void
add_key (Request *request, const gchar *sid, const gchar *name, const LabUser *user)
{
  json_builder_begin_object (request->json);
  member (request, "sid", sid);
  member (request, "displayName", name);
  member (request, "subject", user->uid);
  member (request, "domainUid", user->domain);
  json_builder_end_object (request->json);
}

static gboolean
needs_user (Request *request)
{
  if (request->user == NULL)
    fault (request, "PERMISSION_DENIED", "only a user has API keys");
  return request->user != NULL;
}

static void
key_create (Request *request)
{
  if (!needs_user (request))
    return;
  const gchar *name =
      request->query != NULL ? g_hash_table_lookup (request->query, "displayName") : NULL;
  g_autofree gchar *sid = g_uuid_string_random ();
  g_autoptr (PGresult) done =
      ask (request, "INSERT INTO t_api_key VALUES ($1, $2, $3, $4)", 4,
           (const gchar *[]){sid, name, request->user->uid, request->user->domain});
  if (done == NULL)
    fault (request, "SQL_ERROR", "t_api_key");
  else
    add_key (request, sid, name, request->user);
}

static void
key_list (Request *request)
{
  if (!needs_user (request))
    return;
  g_autoptr (PGresult) rows = ask (request,
                                   "SELECT sid, displayname FROM t_api_key WHERE subject = $1"
                                   " AND domain_uid = $2",
                                   2, (const gchar *[]){request->user->uid, request->user->domain});
  json_builder_begin_array (request->json);
  for (int i = 0; rows != NULL && i < PQntuples (rows); i++)
    add_key (request, PQgetvalue (rows, i, 0), PQgetvalue (rows, i, 1), request->user);
  json_builder_end_array (request->json);
}

static void
key_delete (Request *request)
{
  if (!needs_user (request))
    return;
  lab_db_run (lab_store_directory (lab_core_store (request->core)),
              "DELETE FROM t_api_key WHERE sid = $1 AND subject = $2", 2,
              (const gchar *[]){request->path[2], request->user->uid});
  soup_server_message_set_status (request->message, 200, NULL);
}

/* ---- the installation */

static void
installation_state (Request *request)
{
  g_auto (LabKnobs) knobs = {0};
  lab_core_get_knobs (request->core, &knobs);
  request->scalar = g_strdup_printf ("\"%s\"", knobs.state);
}

static void
installation_version (Request *request)
{
  g_autoptr (PGresult) row =
      ask (request, "SELECT version FROM t_component_version WHERE component = 'bm/core'", 0, NULL);
  const gchar *version = row != NULL && PQntuples (row) > 0 ? PQgetvalue (row, 0, 0) : "";
  json_builder_begin_object (request->json);
  member (request, "databaseVersion", version);
  member (request, "softwareVersion", version);
  member (request, "versionName", "lab");
  member_flag (request, "needsUpgrade", FALSE);
  json_builder_end_object (request->json);
}

static void
configuration (Request *request)
{
  g_autoptr (PGresult) rows =
      ask (request, "SELECT (each(configuration)).* FROM t_systemconf", 0, NULL);
  json_builder_begin_object (request->json);
  json_builder_set_member_name (request->json, "values");
  json_builder_begin_object (request->json);
  for (int i = 0; rows != NULL && i < PQntuples (rows); i++)
    member (request, PQgetvalue (rows, i, 0), PQgetvalue (rows, i, 1));
  json_builder_end_object (request->json);
  json_builder_end_object (request->json);
}

/* A text[] column, which arrives as one string with \n between the elements. */
static void
member_list (Request *request, const gchar *name, const gchar *lines)
{
  g_auto (GStrv) values = g_strsplit (lines, "\n", -1);
  json_builder_set_member_name (request->json, name);
  json_builder_begin_array (request->json);
  for (guint i = 0; values[i] != NULL; i++)
    if (*values[i] != '\0')
      json_builder_add_string_value (request->json, values[i]);
  json_builder_end_array (request->json);
}

static void
domain_lookup (Request *request)
{
  const gchar *name = request->query != NULL ? g_hash_table_lookup (request->query, "name") : NULL;
  g_autoptr (PGresult) row =
      ask (request,
           "SELECT d.name, d.label, array_to_string(d.aliases, E'\\n'), d.global,"
           " to_jsonb(d) ->> 'default_alias' FROM t_domain d WHERE d.name = $1"
           " OR $1 = ANY(d.aliases)",
           1, (const gchar *[]){name});
  if (row == NULL || PQntuples (row) == 0)
    return;
  json_builder_begin_object (request->json);
  member (request, "uid", PQgetvalue (row, 0, 0));
  json_builder_set_member_name (request->json, "value");
  json_builder_begin_object (request->json);
  member (request, "name", PQgetvalue (row, 0, 0));
  member (request, "label", PQgetvalue (row, 0, 1));
  member_list (request, "aliases", PQgetvalue (row, 0, 2));
  member_flag (request, "global", PQgetvalue (row, 0, 3)[0] == 't');
  member (request, "defaultAlias", PQgetvalue (row, 0, 4));
  json_builder_end_object (request->json);
  json_builder_end_object (request->json);
}

static void
servers (Request *request)
{
  g_autoptr (PGresult) rows = ask (request,
                                   "SELECT ci.uid, s.ip, s.fqdn, s.name,"
                                   " array_to_string(s.tags, E'\\n') FROM t_server s"
                                   " JOIN t_container_item ci ON ci.id = s.item_id ORDER BY 1",
                                   0, NULL);
  json_builder_begin_array (request->json);
  for (int i = 0; rows != NULL && i < PQntuples (rows); i++) {
    json_builder_begin_object (request->json);
    member (request, "uid", PQgetvalue (rows, i, 0));
    json_builder_set_member_name (request->json, "value");
    json_builder_begin_object (request->json);
    member (request, "ip", PQgetvalue (rows, i, 1));
    member (request, "fqdn", PQgetvalue (rows, i, 2));
    member (request, "name", PQgetvalue (rows, i, 3));
    member_list (request, "tags", PQgetvalue (rows, i, 4));
    json_builder_end_object (request->json);
    json_builder_end_object (request->json);
  }
  json_builder_end_array (request->json);
}

/* ---- dispatch */

static const struct {
  const gchar *method, *path; /* "*" matches any one segment */
  gboolean anonymous;
  Handler handler;
} routes[] = {
    {"POST", "auth/_su", FALSE, auth_su},
    {"POST", "auth/login", TRUE, auth_login},
    {"GET", "auth/ping", FALSE, auth_ping},
    {"POST", "auth/logout", FALSE, auth_logout},
    {"PUT", "auth/keys", FALSE, key_create},
    {"GET", "auth/keys", FALSE, key_list},
    {"DELETE", "auth/keys/*", FALSE, key_delete},
    {"GET", "users/*/byEmail/*", FALSE, user_by_email},
    {"GET", "users/*/byLogin/*", FALSE, user_by_login},
    {"GET", "users/*/*/complete", FALSE, user_complete},
    {"GET", "mailboxes/*/*/complete", FALSE, mailbox_complete},
    {"GET", "mailboxes/*/*/_quota", FALSE, mailbox_quota},
    {"GET", "system/installation/state", TRUE, installation_state},
    {"GET", "system/installation/version", FALSE, installation_version},
    {"GET", "configuration", FALSE, configuration},
    {"GET", "domains/_lookup", FALSE, domain_lookup},
    {"GET", "servers/default/_complete", FALSE, servers},
};

static gboolean
path_matches (const gchar *pattern, gchar **path, guint n_path)
{
  g_auto (GStrv) segments = g_strsplit (pattern, "/", -1);
  if (g_strv_length (segments) != n_path)
    return FALSE;
  for (guint i = 0; i < n_path; i++)
    if (!g_str_equal (segments[i], "*") && !g_str_equal (segments[i], path[i]))
      return FALSE;
  return TRUE;
}

static void
route (Request *request)
{
  const gchar *method = soup_server_message_get_method (request->message);
  for (guint i = 0; i < G_N_ELEMENTS (routes); i++) {
    if (!g_str_equal (routes[i].method, method) ||
        !path_matches (routes[i].path, request->path, request->n_path))
      continue;
    if (routes[i].anonymous || request->admin || request->user != NULL)
      routes[i].handler (request);
    else
      fault (request, "PERMISSION_DENIED", "session id is not valid");
    return;
  }
  fault (request, "NOT_FOUND", "no such call in the lab");
}

/* The answer: JSON when something was built, else an empty 200 or 204. */
static void
send_answer (Request *request)
{
  g_autoptr (JsonNode) root = json_builder_get_root (request->json);
  if (request->scalar != NULL) {
    soup_server_message_set_status (request->message, 200, NULL);
    soup_server_message_set_response (request->message, "application/json", SOUP_MEMORY_TAKE,
                                      request->scalar, strlen (request->scalar));
    return;
  }
  if (root == NULL || JSON_NODE_TYPE (root) == JSON_NODE_NULL) {
    if (soup_server_message_get_status (request->message) == 0)
      soup_server_message_set_status (request->message, 204, NULL);
    return;
  }
  gchar *text = json_to_string (root, FALSE);
  if (soup_server_message_get_status (request->message) == 0)
    soup_server_message_set_status (request->message, 200, NULL);
  soup_server_message_set_response (request->message, "application/json", SOUP_MEMORY_TAKE, text,
                                    strlen (text));
}

static void
on_api (SoupServer *server, SoupServerMessage *message, const char *path, GHashTable *query,
        gpointer core)
{
  /* The raw path, so that an encoded '/' or '@' within a segment stays in its segment. */
  g_autofree gchar *raw =
      g_uri_to_string (soup_server_message_get_uri (message)); /* encoded as received */
  const gchar *start = strstr (raw, "/api/");
  g_autofree gchar *cut =
      g_strndup (start != NULL ? start + 5 : "", start != NULL ? strcspn (start + 5, "?") : 0);
  g_auto (GStrv) segments = g_strsplit (cut, "/", -1);
  for (guint i = 0; segments[i] != NULL; i++) {
    gchar *decoded = g_uri_unescape_string (segments[i], NULL);
    g_free (segments[i]);
    segments[i] = decoded != NULL ? decoded : g_strdup ("");
  }
  Request request = {.core = core, .message = message, .query = query};
  request.path = segments;
  request.n_path = g_strv_length (segments);
  request.key = soup_message_headers_get_one (soup_server_message_get_request_headers (message),
                                              "X-BM-ApiKey");
  if (request.key == NULL && query != NULL)
    request.key = g_hash_table_lookup (query, "apikey");
  g_autoptr (LabUser) user = NULL;
  if (request.key != NULL) {
    request.admin = g_str_equal (request.key, lab_core_admin_token (core));
    user = request.admin ? NULL : lab_core_whose_key (core, request.key);
  }
  request.user = user;
  g_autoptr (JsonBuilder) json = json_builder_new ();
  request.json = json;
  route (&request);
  send_answer (&request);
}

/* ---- /lab/sessions, /lab/knobs */

static void
on_sessions (SoupServer *server, SoupServerMessage *message, const char *path, GHashTable *query,
             gpointer core)
{
  g_autoptr (JsonBuilder) json = json_builder_new ();
  Request request = {.core = core, .message = message, .json = json};
  request.scalar = g_strdup_printf ("%u", lab_core_count_sessions (core));
  send_answer (&request);
}

static gboolean
turn_knobs (LabCore *core, JsonObject *object)
{
  JsonObjectIter iter;
  const gchar *name;
  JsonNode *node;
  json_object_iter_init (&iter, object);
  while (json_object_iter_next (&iter, &name, &node)) {
    GType type = json_node_get_value_type (node);
    g_autofree gchar *text = type == G_TYPE_STRING ? json_node_dup_string (node)
                             : type == G_TYPE_INT64
                                 ? g_strdup_printf ("%" G_GINT64_FORMAT, json_node_get_int (node))
                                 : NULL;
    gint64 number = type == G_TYPE_BOOLEAN  ? json_node_get_boolean (node)
                    : type == G_TYPE_STRING ? 0
                                            : json_node_get_int (node);
    if (!lab_core_set_knob (core, name, number, text))
      return FALSE;
  }
  lab_core_announce (core);
  return TRUE;
}

static void
show_knobs (LabCore *core, JsonBuilder *json)
{
  g_auto (LabKnobs) knobs = {0};
  guint n = 0;
  const LabKnobInfo *table = lab_core_knob_table (&n);
  lab_core_get_knobs (core, &knobs);
  json_builder_begin_object (json);
  for (guint i = 0; i < n; i++) {
    gpointer value = G_STRUCT_MEMBER_P (&knobs, table[i].offset);
    json_builder_set_member_name (json, table[i].name);
    if (table[i].kind == LAB_KNOB_NUMBER)
      json_builder_add_int_value (json, *(gint64 *) value);
    else if (table[i].kind == LAB_KNOB_BOOLEAN)
      json_builder_add_boolean_value (json, *(gboolean *) value);
    else
      json_builder_add_string_value (json, *(gchar **) value);
  }
  json_builder_end_object (json);
}

static void
on_knobs (SoupServer *server, SoupServerMessage *message, const char *path, GHashTable *query,
          gpointer core)
{
  g_autoptr (JsonBuilder) json = json_builder_new ();
  Request request = {.core = core, .message = message, .json = json};
  if (g_str_equal (soup_server_message_get_method (message), "PUT")) {
    SoupMessageBody *body = soup_server_message_get_request_body (message);
    g_autoptr (GBytes) bytes = soup_message_body_flatten (body);
    g_autoptr (JsonParser) parser = json_parser_new ();
    if (!json_parser_load_from_data (parser, g_bytes_get_data (bytes, NULL),
                                     (gssize) g_bytes_get_size (bytes), NULL) ||
        json_parser_get_root (parser) == NULL ||
        !JSON_NODE_HOLDS_OBJECT (json_parser_get_root (parser)) ||
        !turn_knobs (core, json_node_get_object (json_parser_get_root (parser)))) {
      fault (&request, "INVALID_PARAMETER", "an object of known knobs is wanted");
      send_answer (&request);
      return;
    }
  }
  show_knobs (core, json);
  send_answer (&request);
}

gboolean
lab_rest_start (LabCore *core, guint16 port, GError **error)
{
  SoupServer *server = soup_server_new ("raw-paths", TRUE, NULL); /* as long as the process */
  soup_server_add_handler (server, "/api", on_api, core, NULL);
  soup_server_add_handler (server, "/lab/knobs", on_knobs, core, NULL);
  soup_server_add_handler (server, "/lab/sessions", on_sessions, core, NULL);
  return soup_server_listen_local (server, port, SOUP_SERVER_LISTEN_IPV4_ONLY, error);
}
