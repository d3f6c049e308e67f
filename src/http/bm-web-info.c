/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* GET config: what the pages must know of limits, and of the BlueMind behind. The core is asked in a
 * thread. */
#include "http/bm-web-uploads.h"

#include "bluemind/bm-core.h"

typedef struct {
  const BmConfig *config;
  BmWebSession *session;
  gchar *version, *state;
} Info;

static void
info_free (gpointer data)
{
  Info *info = data;
  bm_web_session_unref (info->session);
  g_free (info->version);
  g_free (info->state);
  g_free (info);
}

/* A core that is away is told of, not an error: the pages work all the same. */
static gboolean
look (gpointer data, GError **error)
{
  Info *info = data;
  g_autoptr (BmCore) core = bm_core_new (info->config->core_url, info->session->core_key, error);
  if (core == NULL)
    return FALSE;
  if (!bm_core_state (core, &info->state, NULL))
    info->state = g_strdup ("away");
  else
    bm_core_version (core, &info->version, NULL);
  return TRUE;
}

static void
add_number (JsonBuilder *json, const gchar *name, guint64 number)
{
  json_builder_set_member_name (json, name);
  json_builder_add_int_value (json, (gint64) number);
}

static void
add_text (JsonBuilder *json, const gchar *name, const gchar *text)
{
  json_builder_set_member_name (json, name);
  json_builder_add_string_value (json, text != NULL ? text : "");
}

static void
on_looked (BmWebRequest *request, gpointer data, const GError *error)
{
  const Info *info = data;
  const BmConfigWeb *web = &info->config->web;
  g_autoptr (JsonBuilder) json = json_builder_new ();
  if (error != NULL) {
    bm_web_reply_gerror (request, 0, error);
    return;
  }
  g_auto (GStrv) folders = bm_web_files_folders (request->web, request->session);
  json_builder_begin_object (json);
  add_number (json, "max_upload", web->max_upload);
  add_number (json, "free", bm_web_uploads_available (request->web));
  add_number (json, "upload_expires", web->upload_expires_s);
  add_number (json, "keep_days", web->keep_days);
  json_builder_set_member_name (json, "folders");
  json_builder_begin_array (json);
  for (guint i = 0; folders[i] != NULL; i++)
    json_builder_add_string_value (json, folders[i]);
  json_builder_end_array (json);
  add_text (json, "version", BM_VERSION);
  json_builder_set_member_name (json, "server");
  json_builder_begin_object (json);
  add_text (json, "version", info->version);
  add_text (json, "state", info->state);
  json_builder_end_object (json);
  json_builder_end_object (json);
  g_autoptr (JsonNode) node = json_builder_get_root (json);
  bm_web_reply_json (request, 200, node);
}

static void
show_config (BmWebRequest *request, gpointer data)
{
  Info *info = g_new0 (Info, 1);
  info->config = bm_web_config (request->web);
  info->session = bm_web_session_ref (request->session);
  bm_web_run (request, look, on_looked, info, info_free);
}

static const BmWebRoute routes[] = {
    {"GET", "config", show_config},
    {NULL},
};

void
bm_web_info_routes (BmWeb *web)
{
  bm_web_add_routes (web, routes, NULL);
}
