/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* GET files: PSTs in the folders that the administrator of this host configured, for imports without
 * an upload. The walk may block, so it is done in a thread. */
#include "http/bm-upload-folders.h"
#include "http/bm-web-uploads.h"

typedef struct {
  GStrv folders;
  GPtrArray *files;
  gboolean cut;
} Listing;

static void
listing_free (gpointer data)
{
  Listing *listing = data;
  g_clear_pointer (&listing->files, g_ptr_array_unref);
  g_strfreev (listing->folders);
  g_free (listing);
}

GStrv
bm_web_files_folders (BmWeb *web, const BmWebSession *session)
{
  GStrv folders = bm_web_config (web)->web.folders;
  const gchar *names[] = {session->domain_uid, session->domain_name, NULL};
  if (g_str_equal (session->domain_uid, session->domain_name))
    names[1] = NULL;
  return g_strv_contains (session->domains, "*")
             ? g_strdupv (folders)
             : bm_folders_of_domains ((const gchar *const *) folders, names);
}

gchar *
bm_web_files_resolve (BmWeb *web, const BmWebSession *session, const gchar *path, GError **error)
{
  g_auto (GStrv) folders = bm_web_files_folders (web, session);
  return bm_folders_resolve ((const gchar *const *) folders, path, error);
}

static gboolean
walk (gpointer data, GError **error)
{
  Listing *listing = data;
  listing->files = bm_folders_list ((const gchar *const *) listing->folders, &listing->cut);
  return TRUE;
}

static void
add_file (JsonBuilder *json, const BmFolderFile *file)
{
  json_builder_begin_object (json);
  json_builder_set_member_name (json, "path");
  json_builder_add_string_value (json, file->path);
  json_builder_set_member_name (json, "size");
  json_builder_add_int_value (json, (gint64) file->size);
  json_builder_set_member_name (json, "modified");
  json_builder_add_int_value (json, file->modified);
  json_builder_set_member_name (json, "folder");
  json_builder_add_string_value (json, file->folder);
  json_builder_end_object (json);
}

static void
on_walked (BmWebRequest *request, gpointer data, const GError *error)
{
  const Listing *listing = data;
  g_autoptr (JsonBuilder) json = json_builder_new ();
  json_builder_begin_object (json);
  json_builder_set_member_name (json, "files");
  json_builder_begin_array (json);
  for (guint i = 0; i < listing->files->len; i++)
    add_file (json, g_ptr_array_index (listing->files, i));
  json_builder_end_array (json);
  json_builder_set_member_name (json, "cut");
  json_builder_add_boolean_value (json, listing->cut);
  json_builder_end_object (json);
  g_autoptr (JsonNode) node = json_builder_get_root (json);
  bm_web_reply_json (request, 200, node);
}

static void
list_files (BmWebRequest *request, gpointer data)
{
  Listing *listing = g_new0 (Listing, 1);
  listing->folders = bm_web_files_folders (request->web, request->session);
  bm_web_run (request, walk, on_walked, listing, listing_free);
}

static const BmWebRoute routes[] = {
    {"GET", "files", list_files, 0},
    {NULL},
};

void
bm_web_files_routes (BmWeb *web)
{
  bm_web_add_routes (web, routes, NULL);
}
