/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* See bm-directory-rest.h. Calls: BlueMind's IDomains, IUser, IMailboxes, IContainers,
 * IContainerManagement (_list) and IServer. An unknown user is an empty answer, not a fault. Members that are null or
 * of another type count as absent. Must not know HTTP or IMAP. */
#include "bluemind/bm-directory-rest-private.h"

#include "bluemind/bm-core-private.h"
#include "bluemind/bm-directory-judge.h"
#include "bluemind/bm-json-member.h"

#include <string.h>

typedef struct {
  BmRestGet get;
  gpointer data;
  GPtrArray *found; /* BmCandidate */
} Lookup;

/* ---- asking ---- */

/* format has one %s for every part, which is escaped. *node as bm_core_get. */
static gboolean
ask (Lookup *lookup, JsonNode **node, GError **error, const gchar *format, const gchar *a,
     const gchar *b)
{
  g_autofree gchar *first = g_uri_escape_string (a, NULL, FALSE);
  g_autofree gchar *second = g_uri_escape_string (b, NULL, FALSE);
  g_auto (GStrv) parts = g_strsplit (format, "%s", 3);
  g_autofree gchar *path = g_strconcat (parts[0], first, parts[1] != NULL ? parts[1] : "",
                                        parts[1] != NULL && parts[2] != NULL ? second : "",
                                        parts[1] != NULL && parts[2] != NULL ? parts[2] : "", NULL);
  return lookup->get (lookup->data, path, node, error);
}

static gboolean
is_known (const Lookup *lookup, const gchar *domain_uid, const gchar *uid)
{
  for (guint i = 0; i < lookup->found->len; i++) {
    const BmCandidate *one = g_ptr_array_index (lookup->found, i);
    if (g_str_equal (one->uid, uid) && g_str_equal (one->domain, domain_uid))
      return TRUE;
  }
  return FALSE;
}

const gchar *
bm_directory_rest_email (JsonObject *user_value)
{
  JsonArray *emails = bm_json_array (user_value, "emails");
  const gchar *best = NULL;
  for (guint i = 0; emails != NULL && i < json_array_get_length (emails); i++) {
    JsonObject *email = bm_json_object_of (json_array_get_element (emails, i));
    if (best == NULL || bm_json_flag (email, "isDefault"))
      best = bm_json_text (email, "address");
  }
  return best;
}

/* item: ItemValue of a user (login set) or of a mailbox; NULL: nobody. */
static void
add_candidate (Lookup *lookup, JsonObject *domain_item, JsonNode *item, gboolean is_user)
{
  JsonObject *object = bm_json_object_of (item), *domain = bm_json_object (domain_item, "value");
  JsonObject *value = bm_json_object (object, "value");
  const gchar *uid = bm_json_text (object, "uid"), *domain_uid = bm_json_text (domain_item, "uid");
  if (uid == NULL || value == NULL || is_known (lookup, domain_uid, uid))
    return;
  BmCandidate *one = g_new0 (BmCandidate, 1);
  one->uid = g_strdup (uid);
  one->domain = g_strdup (domain_uid);
  g_auto (GStrv) aliases = bm_json_texts (bm_json_array (domain, "aliases"));
  one->alias = g_strdup (aliases[0]);
  one->login = is_user ? g_strdup (bm_json_text (value, "login")) : NULL;
  one->type = g_strdup (is_user ? NULL : bm_json_text (value, "type"));
  one->email = g_strdup (is_user ? bm_directory_rest_email (value) : NULL);
  one->archived = bm_json_flag (value, "archived");
  one->system = bm_json_flag (value, "system") || bm_json_flag (domain, "global");
  g_ptr_array_add (lookup->found, one);
}

/* A user without a mailbox is nobody here. *exists says whether there is one. */
static gboolean
add_mailbox (Lookup *lookup, BmCandidate *one, gboolean *exists, GError **error)
{
  g_autoptr (JsonNode) node = NULL;
  if (!ask (lookup, &node, error, "/api/mailboxes/%s/%s/complete", one->domain, one->uid))
    return FALSE;
  JsonObject *value = bm_json_object (bm_json_object_of (node), "value");
  *exists = value != NULL;
  if (value == NULL)
    return TRUE;
  g_free (one->type);
  one->type = g_strdup (bm_json_text (value, "type"));
  one->routing = g_strdup (bm_json_text (value, "routing"));
  one->location = g_strdup (bm_json_text (value, "dataLocation"));
  one->quota_kib = bm_json_number (value, "quota");
  one->archived |= bm_json_flag (value, "archived");
  one->system |= bm_json_flag (value, "system");
  return TRUE;
}

/* The container of the mailbox's folders; *node NULL: there is none. A core of the first BlueMind 4
 * has only the older call, and says the same of a call that it does not know as of a container that
 * it does not have; one that is asked for in vain costs the second question. */
static gboolean
get_container (Lookup *lookup, const gchar *uid, JsonNode **node, GError **error)
{
  g_autoptr (GError) local = NULL;
  if (ask (lookup, node, &local, "/api/containers/_manage/_ifPresentLight/%s", uid, "") &&
      *node != NULL)
    return TRUE;
  if (local != NULL && bm_error_cause (local) != BM_CAUSE_SERVICE_UNAVAILABLE) {
    g_propagate_error (error, g_steal_pointer (&local));
    return FALSE;
  }
  return ask (lookup, node, error, "/api/containers/_manage/_ifPresent/%s", uid, "");
}

/* The server of the container of its folders decides; no container, no server. */
static gboolean
add_location (Lookup *lookup, BmCandidate *one, GError **error)
{
  g_autofree gchar *subtree = bm_directory_subtree (one->domain, one->uid);
  g_autoptr (JsonNode) node = NULL;
  if (!get_container (lookup, subtree, &node, error))
    return FALSE;
  const gchar *location = bm_json_text (bm_json_object_of (node), "datalocation");
  if (bm_json_object_of (node) != NULL && location == NULL)
    return TRUE; /* an older core does not say: the mailbox's own */
  g_free (one->location);
  one->location = g_strdup (location);
  return TRUE;
}

static gboolean
add_host (Lookup *lookup, BmCandidate *one, GError **error)
{
  g_autoptr (JsonNode) node = NULL;
  if (!lookup->get (lookup->data, "/api/servers/default/_complete", &node, error))
    return FALSE;
  JsonArray *servers =
      node != NULL && JSON_NODE_HOLDS_ARRAY (node) ? json_node_get_array (node) : NULL;
  for (guint i = 0; servers != NULL && i < json_array_get_length (servers); i++) {
    JsonObject *server = bm_json_object_of (json_array_get_element (servers, i));
    JsonObject *value = bm_json_object (server, "value");
    if (g_strcmp0 (bm_json_text (server, "uid"), one->location) != 0 || one->location == NULL)
      continue;
    const gchar *ip = bm_json_text (value, "ip");
    one->server_name = g_strdup (bm_json_text (value, "fqdn"));
    one->host = g_strdup (ip != NULL ? ip : one->server_name);
    return TRUE;
  }
  return TRUE;
}

/* The rest of what is to be known of the only candidate. */
static gboolean
complete (Lookup *lookup, GError **error)
{
  BmCandidate *one = g_ptr_array_index (lookup->found, 0);
  gboolean exists = FALSE;
  if (!add_mailbox (lookup, one, &exists, error))
    return FALSE;
  if (exists)
    return add_location (lookup, one, error) && add_host (lookup, one, error);
  g_ptr_array_set_size (lookup->found, 0);
  return TRUE;
}

/* ---- who is meant ---- */

static gboolean
find_address (Lookup *lookup, const BmUserName *name, GError **error)
{
  g_autoptr (JsonNode) domain = NULL, by_login = NULL, by_email = NULL, mailbox = NULL;
  g_autofree gchar *local = g_utf8_strdown (name->local, -1); /* BlueMind's logins are */
  g_autofree gchar *email = g_strconcat (local, "@", name->domain, NULL);
  if (!ask (lookup, &domain, error, "/api/domains/_lookup?name=%s", name->domain, ""))
    return FALSE;
  JsonObject *item = bm_json_object_of (domain);
  const gchar *uid = bm_json_text (item, "uid");
  if (uid == NULL)
    return TRUE;
  if (!ask (lookup, &by_login, error, "/api/users/%s/byLogin/%s", uid, local) ||
      !ask (lookup, &by_email, error, "/api/users/%s/byEmail/%s", uid, email))
    return FALSE;
  add_candidate (lookup, item, by_login, TRUE);
  add_candidate (lookup, item, by_email, TRUE);
  if (lookup->found->len > 0)
    return TRUE;
  if (!ask (lookup, &mailbox, error, "/api/mailboxes/%s/_byemail?email=%s", uid, email))
    return FALSE;
  add_candidate (lookup, item, mailbox, FALSE); /* a share: refused rather than unknown */
  return TRUE;
}

static gboolean
names_domain (JsonObject *item, const gchar *name)
{
  JsonObject *value = bm_json_object (item, "value");
  const gchar *uid = bm_json_text (item, "uid");
  JsonNode *aliases = value != NULL ? json_object_get_member (value, "aliases") : NULL;
  if (name == NULL || (uid != NULL && g_ascii_strcasecmp (uid, name) == 0))
    return name != NULL;
  if (aliases == NULL || !JSON_NODE_HOLDS_ARRAY (aliases))
    return FALSE;
  JsonArray *array = json_node_get_array (aliases);
  for (guint i = 0; i < json_array_get_length (array); i++) {
    JsonNode *alias = json_array_get_element (array, i);
    if (json_node_get_value_type (alias) != G_TYPE_STRING)
      continue;
    g_autofree gchar *lower = g_utf8_strdown (json_node_get_string (alias), -1);
    if (g_str_equal (lower, name))
      return TRUE;
  }
  return FALSE;
}

/* An entry of the domain's directory that has this external id as well. */
static gboolean
add_twin (Lookup *lookup, JsonObject *domain, const gchar *uid, GError **error)
{
  const gchar *domain_uid = bm_json_text (domain, "uid");
  g_autoptr (JsonNode) user = NULL, mailbox = NULL;
  if (is_known (lookup, domain_uid, uid))
    return TRUE;
  if (!ask (lookup, &user, error, "/api/users/%s/%s/complete", domain_uid, uid))
    return FALSE;
  add_candidate (lookup, domain, user, TRUE);
  if (user != NULL)
    return TRUE;
  if (!ask (lookup, &mailbox, error, "/api/mailboxes/%s/%s/complete", domain_uid, uid))
    return FALSE;
  add_candidate (lookup, domain, mailbox, FALSE);
  return TRUE;
}

/* byExtId takes the first of two entries with one id and says nothing of the other. The items of the
 * domain's directory, which is a container named as the domain, tell them all. */
static gboolean
add_twins (Lookup *lookup, JsonObject *domain, const gchar *id, GError **error)
{
  g_autoptr (JsonNode) node = NULL;
  if (!ask (lookup, &node, error, "/api/containers/_manage/%s/_list", bm_json_text (domain, "uid"),
            ""))
    return FALSE;
  JsonArray *items =
      node != NULL && JSON_NODE_HOLDS_ARRAY (node) ? json_node_get_array (node) : NULL;
  if (items == NULL)
    g_warning ("the core does not list its directory: two users of one external id look like one");
  for (guint i = 0; items != NULL && i < json_array_get_length (items); i++) {
    JsonObject *item = bm_json_object_of (json_array_get_element (items, i));
    const gchar *uid = bm_json_text (item, "uid");
    if (uid != NULL && g_strcmp0 (bm_json_text (item, "externalId"), id) == 0 &&
        !add_twin (lookup, domain, uid, error))
      return FALSE;
  }
  return TRUE;
}

static gboolean
find_external_in (Lookup *lookup, JsonObject *domain, const gchar *id, GError **error)
{
  g_autoptr (JsonNode) node = NULL;
  if (!ask (lookup, &node, error, "/api/users/%s/byExtId/%s", bm_json_text (domain, "uid"), id))
    return FALSE;
  if (bm_json_object_of (node) == NULL)
    return TRUE;
  add_candidate (lookup, domain, node, TRUE);
  return add_twins (lookup, domain, id, error);
}

/* The whole is an id in any domain, or what precedes its @ one in that domain. */
static gboolean
find_external (Lookup *lookup, const BmUserName *name, GError **error)
{
  g_autoptr (JsonNode) node = NULL;
  if (!lookup->get (lookup->data, "/api/domains", &node, error))
    return FALSE;
  JsonArray *domains =
      node != NULL && JSON_NODE_HOLDS_ARRAY (node) ? json_node_get_array (node) : NULL;
  for (guint i = 0; domains != NULL && i < json_array_get_length (domains); i++) {
    JsonObject *domain = bm_json_object_of (json_array_get_element (domains, i));
    if (bm_json_text (domain, "uid") == NULL ||
        bm_json_flag (bm_json_object (domain, "value"), "global"))
      continue;
    if (!find_external_in (lookup, domain, name->whole, error) ||
        (names_domain (domain, name->domain) &&
         !find_external_in (lookup, domain, name->local, error)))
      return FALSE;
  }
  return TRUE;
}

BmUser *
bm_directory_rest_find (BmRestGet get, gpointer data, const gchar *address, BmAddressee *addressee,
                        GError **error)
{
  g_auto (BmUserName) name = {0};
  if (!bm_user_name_parse (address, &name, addressee, error))
    return NULL;
  g_autoptr (GPtrArray) found = g_ptr_array_new_with_free_func ((GDestroyNotify) bm_candidate_free);
  Lookup lookup = {get, data, found};
  if (!(name.external ? find_external : find_address) (&lookup, &name, error))
    return NULL;
  if (found->len == 1 && ((BmCandidate *) g_ptr_array_index (found, 0))->login != NULL &&
      !complete (&lookup, error))
    return NULL;
  return bm_directory_judge (found, address, addressee, error);
}

/* ---- all addresses of one ---- */

static void
add_address (GStrvBuilder *builder, const gchar *local, gsize length, const gchar *domain)
{
  g_autofree gchar *address = g_strdup_printf ("%.*s@%s", (gint) length, local, domain);
  g_autofree gchar *lower = g_utf8_strdown (address, -1);
  g_strv_builder_add (builder, lower);
}

/* {"address": "j@d", "allAliases": false}: with allAliases on every domain of the array as well. */
static void
add_email (GStrvBuilder *builder, JsonNode *email, const BmUser *user, JsonArray *aliases)
{
  const gchar *address = bm_json_text (bm_json_object_of (email), "address");
  if (address == NULL)
    return;
  const gchar *at = strrchr (address, '@');
  gsize length = at != NULL ? (gsize) (at - address) : strlen (address);
  if (at != NULL)
    add_address (builder, address, length, at + 1);
  if (!bm_json_flag (bm_json_object_of (email), "allAliases"))
    return;
  add_address (builder, address, length, user->domain_uid);
  for (guint i = 0; aliases != NULL && i < json_array_get_length (aliases); i++) {
    JsonNode *alias = json_array_get_element (aliases, i);
    if (json_node_get_value_type (alias) == G_TYPE_STRING)
      add_address (builder, address, length, json_node_get_string (alias));
  }
}

GStrv
bm_directory_rest_list (BmRestGet get, gpointer data, const BmUser *user, GError **error)
{
  Lookup lookup = {get, data, NULL};
  g_autoptr (JsonNode) domain = NULL, mailbox = NULL;
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  if (!ask (&lookup, &domain, error, "/api/domains/_lookup?name=%s", user->domain_uid, "") ||
      !ask (&lookup, &mailbox, error, "/api/mailboxes/%s/%s/complete", user->domain_uid,
            user->user_uid))
    return NULL;
  JsonArray *aliases =
      bm_json_array (bm_json_object (bm_json_object_of (domain), "value"), "aliases");
  JsonArray *emails =
      bm_json_array (bm_json_object (bm_json_object_of (mailbox), "value"), "emails");
  add_address (builder, user->login, strlen (user->login), user->domain_uid);
  for (guint i = 0; emails != NULL && i < json_array_get_length (emails); i++)
    add_email (builder, json_array_get_element (emails, i), user, aliases);
  return g_strv_builder_end (builder);
}

gboolean
bm_directory_rest_candidate (BmRestGet get, gpointer data, JsonObject *domain, const gchar *uid,
                             BmCandidate **candidate, GError **error)
{
  g_autoptr (JsonNode) user = NULL;
  g_autoptr (GPtrArray) found = g_ptr_array_new_with_free_func ((GDestroyNotify) bm_candidate_free);
  Lookup lookup = {get, data, found};
  gboolean exists = FALSE;
  *candidate = NULL;
  if (!ask (&lookup, &user, error, "/api/users/%s/%s/complete", bm_json_text (domain, "uid"), uid))
    return FALSE;
  add_candidate (&lookup, domain, user, TRUE);
  if (found->len == 0)
    return TRUE;
  BmCandidate *one = g_ptr_array_index (found, 0);
  if (!add_mailbox (&lookup, one, &exists, error) ||
      (exists && !add_location (&lookup, one, error)))
    return FALSE;
  if (exists)
    *candidate = g_ptr_array_steal_index (found, 0);
  return TRUE;
}

static gboolean
get_from_core (gpointer data, const gchar *path, JsonNode **node, GError **error)
{
  return bm_core_get (data, path, node, error);
}

BmUser *
bm_directory_rest_lookup (BmCore *core, const gchar *address, BmAddressee *addressee,
                          GError **error)
{
  return bm_directory_rest_find (get_from_core, core, address, addressee, error);
}

gboolean
bm_directory_rest_serves (BmCore *core, const gchar *domain, gboolean *served, GError **error)
{
  Lookup lookup = {get_from_core, core, NULL};
  g_autoptr (JsonNode) node = NULL;
  if (!ask (&lookup, &node, error, "/api/domains/_lookup?name=%s", domain, ""))
    return FALSE;
  *served = bm_json_text (bm_json_object_of (node), "uid") != NULL;
  return TRUE;
}

GStrv
bm_directory_rest_addresses (BmCore *core, const BmUser *user, GError **error)
{
  return bm_directory_rest_list (get_from_core, core, user, error);
}
