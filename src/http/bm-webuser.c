/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* See bm-webuser.h. */
#include "http/bm-webuser.h"

#include "bluemind/bm-directory-rest.h"

gboolean
bm_webuser_open_core (const BmConfig *config, const gchar *key, BmCore **core, GError **error)
{
  g_autofree gchar *text = g_strdup (key);
  g_autoptr (GError) local = NULL;
  if (text == NULL && config->core_token_file == NULL)
    return TRUE;
  if (text == NULL && !g_file_get_contents (config->core_token_file, &text, NULL, &local)) {
    g_set_error (error, BM_ERROR, BM_CAUSE_CONFIG, "the core's admin key: %s", local->message);
    return FALSE;
  }
  *core = bm_core_new (config->core_url, g_strstrip (text), error);
  return *core != NULL;
}

BmDatabase
bm_webuser_directory (const BmConfig *config)
{
  const BmConfigDatabase *from = &config->directory;
  return (BmDatabase){from->host, from->port,     from->dbname,
                      from->user, from->password, from->timeout_s};
}

BmUser *
bm_webuser_find (const BmConfig *config, const gchar *address, GError **error)
{
  const BmDatabase directory = bm_webuser_directory (config);
  g_autoptr (BmCore) core = NULL;
  if (!config->directory_rest)
    return bm_directory_lookup (&directory, address, NULL, error);
  return bm_webuser_open_core (config, NULL, &core, error)
             ? bm_directory_rest_lookup (core, address, NULL, error)
             : NULL;
}

gboolean
bm_webuser_check_core (const BmConfig *config, const gchar *key, GError **error)
{
  g_autoptr (BmCore) core = NULL;
  return bm_webuser_open_core (config, key, &core, error) &&
         (core == NULL || bm_core_check_running (core, error));
}
