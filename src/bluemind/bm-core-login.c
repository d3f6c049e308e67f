/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* See bm-core.h: signing in with a password. Source: BlueMind's IAuthentication.login, LoginResponse
 * and AuthUser. Must not keep or show a password. */
#include "bluemind/bm-core-private.h"

#include <string.h>

void
bm_core_who_free (BmCoreWho *who)
{
  if (who == NULL)
    return;
  g_free (who->key);
  g_free (who->login);
  g_free (who->name);
  g_free (who->domain_uid);
  g_free (who->domain_name);
  g_free (who->language);
  g_strfreev (who->roles);
  g_free (who);
}

static JsonObject *
object_member (JsonObject *object, const gchar *name)
{
  JsonNode *node = object != NULL ? json_object_get_member (object, name) : NULL;
  return node != NULL && JSON_NODE_HOLDS_OBJECT (node) ? json_node_get_object (node) : NULL;
}

/* "" when absent or null. */
static const gchar *
text_member (JsonObject *object, const gchar *name)
{
  JsonNode *node = object != NULL ? json_object_get_member (object, name) : NULL;
  const gchar *text =
      node != NULL && JSON_NODE_HOLDS_VALUE (node) ? json_node_get_string (node) : NULL;
  return text != NULL ? text : "";
}

static JsonArray *
array_member (JsonObject *object, const gchar *name)
{
  JsonNode *node = object != NULL ? json_object_get_member (object, name) : NULL;
  return node != NULL && JSON_NODE_HOLDS_ARRAY (node) ? json_node_get_array (node) : NULL;
}

static GStrv
texts_of (JsonArray *array)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  for (guint i = 0; array != NULL && i < json_array_get_length (array); i++)
    if (json_node_get_value_type (json_array_get_element (array, i)) == G_TYPE_STRING)
      g_strv_builder_add (builder, json_array_get_string_element (array, i));
  return g_strv_builder_end (builder);
}

/* The name people know the domain by. It is for reading only: a core that does not tell is no error. */
static gchar *
domain_name (BmCore *core, const BmCoreWho *who)
{
  g_autofree gchar *escaped = g_uri_escape_string (who->domain_uid, NULL, FALSE);
  g_autofree gchar *path = g_strconcat ("/api/domains/", escaped, NULL);
  g_autoptr (JsonNode) node = NULL;
  if (!bm_core_get_as (core, path, who->key, &node, NULL) || node == NULL ||
      !JSON_NODE_HOLDS_OBJECT (node))
    return g_strdup (who->domain_uid);
  JsonObject *value = object_member (json_node_get_object (node), "value");
  g_auto (GStrv) aliases = texts_of (array_member (value, "aliases"));
  const gchar *alias = text_member (value, "defaultAlias");
  return g_strdup (*alias != '\0' ? alias : aliases[0] != NULL ? aliases[0] : who->domain_uid);
}

/* Why there is no session, of a LoginResponse. */
static void
set_refusal (JsonObject *response, const gchar *login, GError **error)
{
  const gchar *status = text_member (response, "status");
  const gchar *message = text_member (response, "message");
  if (strstr (message, "maintenance") != NULL)
    g_set_error_literal (error, BM_ERROR, BM_CAUSE_SERVICE_UNAVAILABLE,
                         "BlueMind's core is in maintenance: nobody can sign in");
  else if (g_str_equal (status, "Expired"))
    g_set_error (error, BM_ERROR, BM_CAUSE_LOGIN_REFUSED, "the password of %s has expired", login);
  else
    g_set_error (error, BM_ERROR, BM_CAUSE_LOGIN_REFUSED, "BlueMind's core refuses %s: status %s",
                 login, *status != '\0' ? status : "?");
}

static BmCoreWho *
who_of (JsonObject *response, const gchar *login, GError **error)
{
  JsonObject *user = object_member (response, "authUser");
  g_autoptr (BmCoreWho) who = g_new0 (BmCoreWho, 1);
  who->key = g_strdup (text_member (response, "authKey"));
  if (!g_str_equal (text_member (response, "status"), "Ok") || *who->key == '\0') {
    set_refusal (response, login, error);
    return NULL;
  }
  who->login = g_strdup (text_member (response, "latd"));
  who->domain_uid = g_strdup (text_member (user, "domainUid"));
  who->name = g_strdup (text_member (user, "displayName"));
  who->language = g_strdup (text_member (object_member (user, "settings"), "lang"));
  who->roles = texts_of (array_member (user, "roles"));
  if (*who->login != '\0' && *who->domain_uid != '\0')
    return g_steal_pointer (&who);
  g_set_error_literal (error, BM_ERROR, BM_CAUSE_SERVICE_UNAVAILABLE,
                       "BlueMind's core opens a session and does not say whose");
  return NULL;
}

BmCoreWho *
bm_core_login (BmCore *core, const gchar *login, const gchar *password, GError **error)
{
  g_autofree gchar *escaped = g_uri_escape_string (login, NULL, FALSE);
  g_autofree gchar *path =
      g_strconcat ("/api/auth/login?login=", escaped, "&origin=pst-import", NULL);
  g_autoptr (JsonNode) body = json_node_init_string (json_node_alloc (), password);
  g_autoptr (JsonNode) node = NULL;
  if (!bm_core_post (core, path, NULL, body, &node, error))
    return NULL;
  JsonObject *response =
      node != NULL && JSON_NODE_HOLDS_OBJECT (node) ? json_node_get_object (node) : NULL;
  g_autoptr (BmCoreWho) who = who_of (response, login, error);
  if (who == NULL)
    return NULL;
  who->domain_name = domain_name (core, who);
  if (*who->name == '\0') {
    g_free (who->name);
    who->name = g_strdup (who->login);
  }
  return g_steal_pointer (&who);
}
