/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * Signing in: login with roles, sudo, ping, logout, and a user's API keys (BlueMind's IAuthentication and IAPIKeys).
 * A refusal is status Bad in a 200, not an HTTP error. Main loop's thread only.
 */
#include "lab-rest-private.h"

#include <string.h>

/* AuthUser: who the session is, what they may, with the user's own value; JSON. */
static gchar *
auth_user_of (LabRequest *request, const LabUser *user)
{
  g_autoptr (PGresult) row = lab_request_ask (request, "SELECT lab.auth_user($1, $2)", 2,
                                              (const gchar *[]){user->domain, user->uid});
  return g_strdup (row != NULL ? PQgetvalue (row, 0, 0) : "null");
}

/* LoginResponse. key: the session to answer with, NULL for a refusal. */
static void
answer_login (LabRequest *request, const LabUser *user, const gchar *key, const gchar *message)
{
  json_builder_begin_object (request->json);
  lab_request_member (request, "status", key != NULL ? "Ok" : "Bad");
  lab_request_member (request, "message", message);
  if (key != NULL) {
    g_autofree gchar *latd = g_strdup_printf ("%s@%s", user->login, user->domain);
    lab_request_member (request, "authKey", key);
    lab_request_member (request, "latd", latd);
    json_builder_set_member_name (request->json, "authUser");
    g_autofree gchar *who = auth_user_of (request, user);
    json_builder_add_value (request->json, json_from_string (who, NULL));
  }
  json_builder_end_object (request->json);
}

/* Splits ?login=; FALSE after a fault, as BlueMind fails on a login without '@'. */
static gboolean
split_login (LabRequest *request, gchar **login, gchar **domain)
{
  const gchar *full = lab_request_query (request, "login");
  const gchar *at = full != NULL ? strchr (full, '@') : NULL;
  if (at == NULL) {
    lab_request_fault (request, "UNKNOWN", "No value present");
    return FALSE;
  }
  *login = g_strndup (full, (gsize) (at - full));
  *domain = g_strdup (at + 1);
  return TRUE;
}

/* The admin token may everything; somebody else needs the role in the user's own domain. */
static gboolean
may_sudo (LabRequest *request, const LabUser *target)
{
  if (request->admin)
    return TRUE;
  if (!g_str_equal (request->user->domain, target->domain))
    return FALSE;
  g_autoptr (PGresult) role =
      lab_request_ask (request, "SELECT 1 WHERE 'sudo' = ANY(lab.roles($1, $2))", 2,
                       (const gchar *[]){request->user->domain, request->user->uid});
  return role != NULL && PQntuples (role) > 0;
}

static void
auth_su (LabRequest *request)
{
  g_autofree gchar *login = NULL, *domain = NULL;
  if (!split_login (request, &login, &domain))
    return;
  /* The login, never an address; who is unknown or archived is Bad before rights are looked at. */
  g_autoptr (LabUser) user = lab_store_find_login (lab_core_store (request->core), login, domain);
  if (user == NULL || user->archived) {
    answer_login (request, NULL, NULL, NULL);
  } else if (!may_sudo (request, user)) {
    lab_request_fault (request, "PERMISSION_DENIED", "role sudo required");
  } else {
    g_autofree gchar *key = lab_core_open_session (request->core, user);
    answer_login (request, user, key, NULL);
  }
}

static void
auth_login (LabRequest *request)
{
  g_autofree gchar *login = NULL, *domain = NULL, *message = NULL, *key = NULL;
  g_autoptr (JsonNode) body = lab_request_body (request); /* a JSON string, in quotes */
  g_autoptr (LabUser) user = NULL;
  const gchar *secret =
      body != NULL && JSON_NODE_HOLDS_VALUE (body) ? json_node_get_string (body) : NULL;
  const gchar *full = lab_request_query (request, "login");
  const gchar *at = full != NULL ? strrchr (full, '@') : NULL;
  /* Without a domain it is that of the administrators. */
  login = at != NULL ? g_strndup (full, (gsize) (at - full)) : g_strdup (full);
  domain = g_strdup (at != NULL ? at + 1 : "global.virt");
  if (login == NULL || secret == NULL || *secret == '\0') {
    answer_login (request, NULL, NULL, NULL);
    return;
  }
  LabLogin result = lab_core_login (request->core, login, domain, secret, &user);
  if (result == LAB_LOGIN_CLOSED)
    message = g_strdup ("Authentication denied while system is in maintenance mode");
  else if (result == LAB_LOGIN_BAD)
    message = g_strdup_printf ("Result auth is NO for login: %s", full);
  else if (lab_core_is_session (request->core, secret))
    key = g_strdup (secret); /* who comes with a session gets that session */
  else
    key = lab_core_open_session (request->core, user);
  answer_login (request, user, key, message);
}

static void
auth_logout (LabRequest *request)
{
  if (request->key != NULL)
    lab_core_close_session (request->core, request->key);
  lab_request_done (request);
}

static void
auth_current (LabRequest *request)
{
  if (request->user != NULL) /* the admin token is nobody's */
    request->text = auth_user_of (request, request->user);
}

/* ---- API keys: of whoever asks, which is "system" for the admin token */

static const gchar *
subject (LabRequest *request)
{
  return request->user != NULL ? request->user->uid : "system";
}

static const gchar *
subject_domain (LabRequest *request)
{
  return request->user != NULL ? request->user->domain : "global.virt";
}

static void
create_key (LabRequest *request, const gchar *sid)
{
  const gchar *name = lab_request_query (request, "displayName");
  if (name == NULL || strspn (name, " \t") == strlen (name)) {
    lab_request_fault (request, "UNKNOWN", "API key display name cannot be empty");
    return;
  }
  g_autoptr (PGresult) done = lab_request_ask (
      request,
      "INSERT INTO t_api_key (sid, displayname, subject, domain_uid) VALUES ($1, $2, $3, $4)"
      " RETURNING lab.api_key(t_api_key)",
      4, (const gchar *[]){sid, name, subject (request), subject_domain (request)});
  if (done == NULL)
    lab_request_fault (request, "SQL_ERROR", "t_api_key");
  else
    request->text = g_strdup (PQgetvalue (done, 0, 0));
}

static void
key_create (LabRequest *request)
{
  g_autofree gchar *sid = g_uuid_string_random ();
  create_key (request, sid);
}

/* BlueMind 5 lets the caller choose the key. */
static void
key_create_chosen (LabRequest *request)
{
  g_autoptr (PGresult) version = lab_request_ask (request, "SELECT lab.is_bluemind_5()", 0, NULL);
  if (version != NULL && PQgetvalue (version, 0, 0)[0] == 't')
    create_key (request, request->path[2]);
  else
    lab_request_fault (request, "NOT_FOUND", "no such call before BlueMind 5");
}

static void
key_list (LabRequest *request)
{
  g_autoptr (PGresult) rows =
      lab_request_ask (request,
                       "SELECT coalesce(json_agg(lab.api_key(k)), '[]') FROM t_api_key k"
                       " WHERE subject = $1 AND domain_uid = $2",
                       2, (const gchar *[]){subject (request), subject_domain (request)});
  if (rows != NULL)
    request->text = g_strdup (PQgetvalue (rows, 0, 0));
}

/* Another user's key, or none, is left alone without a word. */
static void
key_delete (LabRequest *request)
{
  lab_db_run (lab_store_directory (lab_core_store (request->core)),
              "DELETE FROM t_api_key WHERE sid = $1 AND subject = $2", 2,
              (const gchar *[]){request->path[2], subject (request)});
  lab_request_done (request);
}

const LabRoute lab_rest_auth_routes[] = {
    {"POST", "auth/login", auth_login, .anonymous = TRUE},
    {"POST", "auth/loginWithParams", auth_login, .anonymous = TRUE},
    {"POST", "auth/_su", auth_su},
    {"POST", "auth/_suWithParams", auth_su},
    {"GET", "auth/ping", lab_request_done},
    {"GET", "auth", auth_current},
    {"POST", "auth/logout", auth_logout},
    {"PUT", "auth/keys", key_create},
    {"PUT", "auth/keys/*", key_create_chosen},
    {"GET", "auth/keys", key_list},
    {"DELETE", "auth/keys/*", key_delete},
    {NULL},
};
