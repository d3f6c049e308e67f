/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* GET users: whose mailbox? The directory is asked in a thread, over SQL or REST as configured. Who
 * may not receive is listed with the reason, for an administrator looks for somebody who exists. */
#include "http/bm-web.h"
#include "http/bm-webuser.h"

#include "bluemind/bm-directory-search.h"
#include <string.h>

#define PEOPLE_MAX 20
#define TEXT_MAX   200 /* bytes */

typedef struct {
  const BmConfig *config;
  BmWebSession *session;
  gchar *text;
  GPtrArray *people; /* BmFoundUser * */
  gboolean more;
} Search;

static void
search_free (gpointer data)
{
  Search *search = data;
  bm_web_session_unref (search->session);
  g_free (search->text);
  g_clear_pointer (&search->people, g_ptr_array_unref);
  g_free (search);
}

static gboolean
search_rest (Search *search, GError **error)
{
  g_autoptr (BmCore) core = NULL;
  if (bm_webuser_open_core (search->config, NULL, &core, error))
    search->people = bm_directory_rest_search (core, search->text, search->session->domains,
                                               PEOPLE_MAX, &search->more, error);
  return search->people != NULL;
}

static gboolean
search_directory (gpointer data, GError **error)
{
  Search *search = data;
  const BmDatabase directory = bm_webuser_directory (search->config);
  if (search->config->directory_rest)
    return search_rest (search, error);
  search->people = bm_directory_search (&directory, search->text, search->session->domains,
                                        PEOPLE_MAX, &search->more, error);
  return search->people != NULL;
}

static void
add (JsonBuilder *json, const gchar *name, const gchar *text)
{
  json_builder_set_member_name (json, name);
  json_builder_add_string_value (json, text != NULL ? text : "");
}

/* "is suspended" -> "This user is suspended."; new; NULL for NULL. */
static gchar *
sentence (const gchar *start, const gchar *text)
{
  g_autofree gchar *joined = text != NULL ? g_strconcat (start, text, ".", NULL) : NULL;
  if (joined != NULL)
    joined[0] = g_ascii_toupper (joined[0]);
  return g_steal_pointer (&joined);
}

static void
add_person (JsonBuilder *json, BmWebRequest *request, const BmFoundUser *person)
{
  const BmUser *user = person->user;
  g_autofree gchar *refused = sentence ("This user ", person->why);
  g_autofree gchar *remedy = sentence ("", person->action);
  const gchar *why = refused, *action = remedy;
  g_autofree gchar *address = g_strconcat (user->login, "@", user->domain_name, NULL);
  if (why == NULL &&
      bm_web_identity (request->web, request->session, user->domain_uid) == BM_WEB_IDENTITY_NONE)
    bm_web_identity_words (request->web, request->session, user->domain_uid, &why, &action);
  json_builder_begin_object (json);
  add (json, "user", address);
  add (json, "login", user->login);
  add (json, "name", person->name);
  add (json, "email", person->email);
  add (json, "domain_uid", user->domain_uid);
  add (json, "domain", user->domain_name);
  add (json, "user_uid", user->user_uid);
  add (json, "server", user->server_uid);
  json_builder_set_member_name (json, "quota_kib");
  json_builder_add_int_value (json, user->quota_kib);
  json_builder_set_member_name (json, "may");
  json_builder_add_boolean_value (json, why == NULL);
  add (json, "why", why);
  add (json, "do", action);
  json_builder_end_object (json);
}

static void
on_searched (BmWebRequest *request, gpointer data, const GError *error)
{
  Search *search = data;
  g_autoptr (JsonBuilder) json = json_builder_new ();
  if (error != NULL) {
    g_warning ("search in the directory: %s", error->message);
    bm_web_reply_gerror (request, 503, error);
    return;
  }
  json_builder_begin_object (json);
  json_builder_set_member_name (json, "users");
  json_builder_begin_array (json);
  for (guint i = 0; i < search->people->len; i++)
    add_person (json, request, g_ptr_array_index (search->people, i));
  json_builder_end_array (json);
  json_builder_set_member_name (json, "more");
  json_builder_add_boolean_value (json, search->more);
  json_builder_end_object (json);
  g_autoptr (JsonNode) node = json_builder_get_root (json);
  bm_web_reply_json (request, 200, node);
}

static void
find_users (BmWebRequest *request, gpointer data)
{
  const gchar *query = bm_web_request_query (request, "q");
  g_autofree gchar *text = g_strstrip (g_strdup (query != NULL ? query : ""));
  if (*text == '\0' || strlen (text) > TEXT_MAX || !g_utf8_validate (text, -1, NULL)) {
    bm_web_reply_error (request, 400, "bad-input", "There is nothing to look for.",
                        "Give a part of a login, address or name as q.");
    return;
  }
  Search *search = g_new0 (Search, 1);
  search->config = bm_web_config (request->web);
  search->session = bm_web_session_ref (request->session);
  search->text = g_steal_pointer (&text);
  bm_web_run (request, search_directory, on_searched, search, search_free);
}

static const BmWebRoute routes[] = {
    {"GET", "users", find_users},
    {NULL},
};

void
bm_web_users_routes (BmWeb *web)
{
  bm_web_add_routes (web, routes, NULL);
}
