/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* See bm-core.h: signing in with a password. Source: BlueMind's IAuthentication.login, LoginResponse
 * and AuthUser. Must not keep or show a password. */
#include "bluemind/bm-core-private.h"
#include "bluemind/bm-json-member.h"

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

/* The name people know the domain by. It is for reading only: a core that does not tell is no error. */
static gchar *
domain_name (BmCore *core, const BmCoreWho *who)
{
  g_autofree gchar *escaped = g_uri_escape_string (who->domain_uid, NULL, FALSE);
  g_autofree gchar *path = g_strconcat ("/api/domains/", escaped, NULL);
  g_autoptr (JsonNode) node = NULL;
  bm_core_get_as (core, path, who->key, &node, NULL);
  JsonObject *value = bm_json_object (bm_json_object_of (node), "value");
  g_auto (GStrv) aliases = bm_json_texts (bm_json_array (value, "aliases"));
  const gchar *alias = bm_json_text (value, "defaultAlias");
  return g_strdup (alias != NULL ? alias : aliases[0] != NULL ? aliases[0] : who->domain_uid);
}

/* Why there is no session, of a LoginResponse. */
static void
set_refusal (JsonObject *response, const gchar *login, GError **error)
{
  const gchar *status = bm_json_text (response, "status");
  const gchar *message = bm_json_text (response, "message");
  if (message != NULL && strstr (message, "maintenance") != NULL)
    g_set_error_literal (error, BM_ERROR, BM_CAUSE_SERVICE_UNAVAILABLE,
                         "BlueMind's core is in maintenance: nobody can sign in");
  else if (g_strcmp0 (status, "Expired") == 0)
    g_set_error (error, BM_ERROR, BM_CAUSE_LOGIN_REFUSED, "the password of %s has expired", login);
  else
    g_set_error (error, BM_ERROR, BM_CAUSE_LOGIN_REFUSED, "BlueMind's core refuses %s: status %s",
                 login, status != NULL ? status : "?");
}

static BmCoreWho *
who_of (JsonObject *response, const gchar *login, GError **error)
{
  JsonObject *user = bm_json_object (response, "authUser");
  const gchar *key = bm_json_text (response, "authKey");
  if (g_strcmp0 (bm_json_text (response, "status"), "Ok") != 0 || key == NULL) {
    set_refusal (response, login, error);
    return NULL;
  }
  const gchar *name = bm_json_text (user, "displayName");
  const gchar *language = bm_json_text (bm_json_object (user, "settings"), "lang");
  g_autoptr (BmCoreWho) who = g_new0 (BmCoreWho, 1);
  who->key = g_strdup (key);
  who->login = g_strdup (bm_json_text (response, "latd"));
  who->domain_uid = g_strdup (bm_json_text (user, "domainUid"));
  who->name = g_strdup (name != NULL ? name : who->login);
  who->language = g_strdup (language != NULL ? language : "");
  who->roles = bm_json_texts (bm_json_array (user, "roles"));
  if (who->login != NULL && who->domain_uid != NULL)
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
  g_autoptr (BmCoreWho) who = who_of (bm_json_object_of (node), login, error);
  if (who != NULL)
    who->domain_name = domain_name (core, who);
  return g_steal_pointer (&who);
}
