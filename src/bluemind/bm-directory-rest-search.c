/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* See bm-directory-search.h: over REST. Calls: BlueMind's IDirectory._search (DirEntryQuery), which
 * looks into the display name and the default address; IUser.byLogin and byEmail for the rest. Must
 * not know HTTP or IMAP. */
#include "bluemind/bm-core-private.h"
#include "bluemind/bm-directory-rest-private.h"
#include "bluemind/bm-directory-search-private.h"
#include "bluemind/bm-json-member.h"

#include <string.h>

typedef struct {
  BmRestGet get;
  BmRestPost post;
  gpointer data;
  const gchar *text;
  guint max;
  GPtrArray *people; /* BmFoundUser * */
  gboolean more;
} Search;

static gboolean
is_known (const Search *search, const gchar *domain_uid, const gchar *uid)
{
  for (guint i = 0; i < search->people->len; i++) {
    const BmFoundUser *person = g_ptr_array_index (search->people, i);
    if (g_str_equal (person->user->user_uid, uid) &&
        g_str_equal (person->user->domain_uid, domain_uid))
      return TRUE;
  }
  return FALSE;
}

static gboolean
add_person (Search *search, JsonObject *domain, const gchar *uid, const gchar *name,
            const gchar *email, GError **error)
{
  g_autoptr (BmCandidate) one = NULL;
  if (uid == NULL || is_known (search, bm_json_text (domain, "uid"), uid))
    return TRUE;
  if (search->people->len >= search->max) {
    search->more = TRUE;
    return TRUE;
  }
  if (!bm_directory_rest_candidate (search->get, search->data, domain, uid, &one, error))
    return FALSE;
  if (one == NULL || one->login == NULL || bm_directory_is_admin (one))
    return TRUE;
  one->name = g_strdup (name);
  g_free (one->email);
  one->email = g_strdup (email);
  g_ptr_array_add (search->people, bm_found_user_of (one));
  return TRUE;
}

/* "%" and "_" are wildcards of the core's ILIKE. */
static gchar *
escape_pattern (const gchar *text)
{
  GString *escaped = g_string_new (NULL);
  for (const gchar *c = text; *c != '\0'; c++) {
    if (strchr ("%_\\", *c) != NULL)
      g_string_append_c (escaped, '\\');
    g_string_append_c (escaped, *c);
  }
  return g_string_free (escaped, FALSE);
}

static JsonNode *
query_of (const Search *search)
{
  g_autoptr (JsonBuilder) json = json_builder_new ();
  g_autofree gchar *pattern = escape_pattern (search->text);
  json_builder_begin_object (json);
  json_builder_set_member_name (json, "nameOrEmailFilter");
  json_builder_add_string_value (json, pattern);
  json_builder_set_member_name (json, "kindsFilter");
  json_builder_begin_array (json);
  json_builder_add_string_value (json, "USER");
  json_builder_end_array (json);
  json_builder_set_member_name (json, "hiddenFilter"); /* hidden users have mailboxes, too */
  json_builder_add_boolean_value (json, FALSE);
  json_builder_set_member_name (json, "systemFilter");
  json_builder_add_boolean_value (json, TRUE);
  json_builder_set_member_name (json, "stateFilter");
  json_builder_add_string_value (json, "All");
  json_builder_set_member_name (json, "from");
  json_builder_add_int_value (json, 0);
  json_builder_set_member_name (json, "size");
  json_builder_add_int_value (json, search->max + 1);
  json_builder_end_object (json);
  return json_builder_get_root (json);
}

/* kind: "byLogin", "byEmail"; name: whole, lower case. */
static gboolean
add_exact (Search *search, JsonObject *domain, const gchar *kind, const gchar *name, GError **error)
{
  g_autofree gchar *uid = g_uri_escape_string (bm_json_text (domain, "uid"), NULL, FALSE);
  g_autofree gchar *escaped = g_uri_escape_string (name, NULL, FALSE);
  g_autofree gchar *path = g_strdup_printf ("/api/users/%s/%s/%s", uid, kind, escaped);
  g_autoptr (JsonNode) node = NULL;
  if (!search->get (search->data, path, &node, error))
    return FALSE;
  JsonObject *item = bm_json_object_of (node);
  const gchar *email = bm_directory_rest_email (bm_json_object (item, "value"));
  return add_person (search, domain, bm_json_text (item, "uid"), bm_json_text (item, "displayName"),
                     email, error);
}

static gboolean
search_domain (Search *search, JsonObject *domain, GError **error)
{
  g_autofree gchar *lower = g_utf8_strdown (search->text, -1);
  g_autofree gchar *uid = g_uri_escape_string (bm_json_text (domain, "uid"), NULL, FALSE);
  g_autofree gchar *path = g_strdup_printf ("/api/directory/%s/_search", uid);
  const gchar *at = strchr (lower, '@');
  g_autofree gchar *login = at != NULL ? g_strndup (lower, (gsize) (at - lower)) : g_strdup (lower);
  g_autoptr (JsonNode) query = query_of (search), node = NULL;
  if ((at == NULL && !add_exact (search, domain, "byLogin", login, error)) ||
      (at != NULL && at[1] != '\0' && *login != '\0' &&
       !add_exact (search, domain, "byEmail", lower, error)) ||
      !search->post (search->data, path, query, &node, error))
    return FALSE;
  JsonArray *values = bm_json_array (bm_json_object_of (node), "values");
  for (guint i = 0; values != NULL && i < json_array_get_length (values); i++) {
    JsonObject *item = bm_json_object_of (json_array_get_element (values, i));
    JsonObject *entry = bm_json_object (item, "value");
    if (!add_person (search, domain, bm_json_text (item, "uid"),
                     bm_json_text (entry, "displayName"), bm_json_text (entry, "email"), error))
      return FALSE;
  }
  return TRUE;
}

static gint
by_login (gconstpointer a, gconstpointer b)
{
  const BmFoundUser *one = *(BmFoundUser *const *) a, *other = *(BmFoundUser *const *) b;
  gint order = g_strcmp0 (one->user->login, other->user->login);
  return order != 0 ? order : g_strcmp0 (one->user->domain_uid, other->user->domain_uid);
}

GPtrArray *
bm_directory_rest_search_in (BmRestGet get, BmRestPost post, gpointer data, const gchar *text,
                             const gchar *const *domains, guint max, gboolean *more, GError **error)
{
  g_autoptr (GPtrArray) people =
      g_ptr_array_new_with_free_func ((GDestroyNotify) bm_found_user_free);
  g_autoptr (JsonNode) node = NULL;
  Search search = {get, post, data, text, max, people, FALSE};
  if (!get (data, "/api/domains", &node, error))
    return NULL;
  JsonArray *items =
      node != NULL && JSON_NODE_HOLDS_ARRAY (node) ? json_node_get_array (node) : NULL;
  for (guint i = 0; items != NULL && i < json_array_get_length (items) && !search.more; i++) {
    JsonObject *item = bm_json_object_of (json_array_get_element (items, i));
    const gchar *uid = bm_json_text (item, "uid");
    if (uid == NULL || bm_json_flag (bm_json_object (item, "value"), "global") ||
        !(g_strv_contains (domains, "*") || g_strv_contains (domains, uid)))
      continue;
    if (!search_domain (&search, item, error))
      return NULL;
  }
  g_ptr_array_sort (people, by_login);
  *more = search.more;
  return g_steal_pointer (&people);
}

static gboolean
get_from_core (gpointer data, const gchar *path, JsonNode **node, GError **error)
{
  return bm_core_get (data, path, node, error);
}

static gboolean
post_to_core (gpointer data, const gchar *path, JsonNode *body, JsonNode **node, GError **error)
{
  return bm_core_post_as_admin (data, path, body, node, error);
}

GPtrArray *
bm_directory_rest_search (BmCore *core, const gchar *text, const gchar *const *domains, guint max,
                          gboolean *more, GError **error)
{
  return bm_directory_rest_search_in (get_from_core, post_to_core, core, text, domains, max, more,
                                      error);
}
