/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * bm-core's REST face, cut to what an importer calls, in BlueMind's manners: X-BM-ApiKey, faults as
 * {"errorCode":...} with 403, 404 or 500, nothing (204) where BlueMind says null. This file finds the call, checks the
 * key and sends the answer; what a call does is in lab-rest-auth.c, lab-rest-directory.c and rest.sql.
 * Main loop's thread only.
 */
#include "lab-rest.h"

#include "lab-rest-private.h"

#include <string.h>

enum { PARAMETERS_MAX = 4 };

void
lab_request_fault (LabRequest *request, const gchar *code, const gchar *text)
{
  guint status = g_str_equal (code, "PERMISSION_DENIED") ? 403
                 : g_str_equal (code, "NOT_FOUND")       ? 404
                                                         : 500;
  json_builder_reset (request->json);
  json_builder_begin_object (request->json);
  lab_request_member (request, "errorCode", code);
  lab_request_member (request, "errorType", "ServerFault");
  lab_request_member (request, "message", text);
  json_builder_end_object (request->json);
  soup_server_message_set_status (request->message, status, NULL);
}

void
lab_request_member (LabRequest *request, const gchar *name, const gchar *value)
{
  json_builder_set_member_name (request->json, name);
  if (value != NULL && *value != '\0')
    json_builder_add_string_value (request->json, value);
  else
    json_builder_add_null_value (request->json);
}

const gchar *
lab_request_query (LabRequest *request, const gchar *name)
{
  return request->query != NULL ? g_hash_table_lookup (request->query, name) : NULL;
}

PGresult *
lab_request_ask (LabRequest *request, const gchar *sql, gint n, const gchar *const *parameters)
{
  return lab_db_exec (lab_store_directory (lab_core_store (request->core)), NULL, sql, n,
                      parameters);
}

void
lab_request_done (LabRequest *request)
{
  soup_server_message_set_status (request->message, 200, NULL);
}

JsonNode *
lab_request_body (LabRequest *request)
{
  g_autoptr (GBytes) bytes =
      soup_message_body_flatten (soup_server_message_get_request_body (request->message));
  g_autoptr (JsonParser) parser = json_parser_new ();
  if (!json_parser_load_from_data (parser, g_bytes_get_data (bytes, NULL),
                                   (gssize) g_bytes_get_size (bytes), NULL))
    return NULL;
  return json_parser_steal_root (parser);
}

/* JSON when something was built, else an empty 200 or 204. */
void
lab_request_answer (LabRequest *request)
{
  g_autoptr (JsonNode) root = json_builder_get_root (request->json);
  guint status = soup_server_message_get_status (request->message);
  gchar *text = g_steal_pointer (&request->text);
  if (text == NULL && root != NULL && JSON_NODE_TYPE (root) != JSON_NODE_NULL)
    text = json_to_string (root, FALSE);
  if (status == 0)
    soup_server_message_set_status (request->message, text != NULL ? 200 : 204, NULL);
  if (text != NULL)
    soup_server_message_set_response (request->message, "application/json", SOUP_MEMORY_TAKE, text,
                                      strlen (text));
}

static gboolean
path_matches (const gchar *pattern, gchar **path)
{
  g_auto (GStrv) segments = g_strsplit (pattern, "/", -1);
  guint i = 0;
  for (; segments[i] != NULL && path[i] != NULL; i++)
    if (!g_str_equal (segments[i], "*") && !g_str_equal (segments[i], path[i]))
      return FALSE;
  return segments[i] == NULL && path[i] == NULL;
}

static const LabRoute *
find_route (LabRequest *request)
{
  const LabRoute *const tables[] = {lab_rest_auth_routes, lab_rest_directory_routes};
  const gchar *method = soup_server_message_get_method (request->message);
  for (guint i = 0; i < G_N_ELEMENTS (tables); i++)
    for (const LabRoute *route = tables[i]; route->method != NULL; route++)
      if (g_str_equal (route->method, method) && path_matches (route->path, request->path))
        return route;
  return NULL;
}

static void
answer_by_sql (LabRequest *request, const LabRoute *route)
{
  const gchar *parameters[PARAMETERS_MAX];
  gint n = 0;
  g_auto (GStrv) segments = g_strsplit (route->path, "/", -1);
  g_auto (GStrv) names = g_strsplit (route->query != NULL ? route->query : "", " ", -1);
  for (guint i = 0; segments[i] != NULL; i++)
    if (g_str_equal (segments[i], "*") && n < PARAMETERS_MAX)
      parameters[n++] = request->path[i];
  for (guint i = 0; names[i] != NULL && n < PARAMETERS_MAX; i++)
    parameters[n++] = lab_request_query (request, names[i]);
  g_autofree gchar *sql = g_strconcat ("SELECT ", route->sql, NULL);
  g_autoptr (PGresult) result = lab_request_ask (request, sql, n, parameters);
  if (result == NULL)
    lab_request_fault (request, "SQL_ERROR", route->path);
  else if (PQntuples (result) > 0 && !PQgetisnull (result, 0, 0))
    request->text = g_strdup (PQgetvalue (result, 0, 0));
}

static gboolean
is_domain (LabRequest *request, const gchar *uid)
{
  g_autoptr (PGresult) found = lab_request_ask (request, "SELECT 1 FROM t_domain WHERE name = $1",
                                                1, (const gchar *[]){uid});
  return found != NULL && PQntuples (found) > 0;
}

static void
run_call (LabRequest *request)
{
  const LabRoute *route = find_route (request);
  if (route == NULL)
    lab_request_fault (request, "NOT_FOUND", "no such call in the lab");
  else if (!route->anonymous && !request->admin && request->user == NULL)
    lab_request_fault (request, "PERMISSION_DENIED", "session id is not valid");
  else if (route->for_admins && !request->admin)
    lab_request_fault (request, "PERMISSION_DENIED", "only admin0 may");
  else if (route->in_domain && !is_domain (request, request->path[1]))
    lab_request_fault (request, "NOT_FOUND", "domain not found");
  else if (route->handler != NULL)
    route->handler (request);
  else
    answer_by_sql (request, route);
}

static gchar **
split_path (SoupServerMessage *message)
{
  /* The raw path, so that an encoded '/' or '@' within a segment stays in its segment. */
  g_autofree gchar *raw = g_uri_to_string (soup_server_message_get_uri (message));
  const gchar *start = strstr (raw, "/api/");
  g_autofree gchar *cut =
      g_strndup (start != NULL ? start + 5 : "", start != NULL ? strcspn (start + 5, "?") : 0);
  gchar **segments = g_strsplit (cut, "/", -1);
  for (guint i = 0; segments[i] != NULL; i++) {
    gchar *decoded = g_uri_unescape_string (segments[i], NULL);
    g_free (segments[i]);
    segments[i] = decoded != NULL ? decoded : g_strdup ("");
  }
  return segments;
}

static void
on_api (SoupServer *server, SoupServerMessage *message, const char *path, GHashTable *query,
        gpointer core)
{
  g_auto (GStrv) segments = split_path (message);
  g_autoptr (JsonBuilder) json = json_builder_new ();
  g_autoptr (LabUser) user = NULL;
  LabRequest request = {
      .core = core, .message = message, .query = query, .path = segments, .json = json};
  request.key = soup_message_headers_get_one (soup_server_message_get_request_headers (message),
                                              "X-BM-ApiKey");
  if (request.key == NULL)
    request.key = lab_request_query (&request, "apikey");
  if (request.key != NULL) {
    gboolean token = g_str_equal (request.key, lab_core_admin_token (core));
    user = token ? NULL : lab_core_whose_key (core, request.key);
    request.admin = token || (user != NULL && g_str_equal (user->domain, "global.virt"));
  }
  request.user = user;
  run_call (&request);
  lab_request_answer (&request);
}

gboolean
lab_rest_start (LabCore *core, guint16 port, GError **error)
{
  SoupServer *server = soup_server_new ("raw-paths", TRUE, NULL); /* as long as the process */
  soup_server_add_handler (server, "/api", on_api, core, NULL);
  soup_server_add_handler (server, "/lab/knobs", lab_rest_on_knobs, core, NULL);
  soup_server_add_handler (server, "/lab/sessions", lab_rest_on_sessions, core, NULL);
  return soup_server_listen_local (server, port, SOUP_SERVER_LISTEN_IPV4_ONLY, error);
}
