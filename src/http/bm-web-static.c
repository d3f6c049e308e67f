/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The pages: index.html and what is below static/, out of the program itself; and GET health. Nothing is read from
 * a disk, so no path can lead anywhere else. */
#include "http/bm-web.h"

#include <string.h>

#define PAGES "/net/bluemind/pst-import/"

static const struct {
  const gchar *suffix, *type;
} types[] = {
    {".html", "text/html; charset=utf-8"},
    {".css", "text/css; charset=utf-8"},
    {".js", "text/javascript; charset=utf-8"},
    {".json", "application/json; charset=utf-8"},
    {".svg", "image/svg+xml"},
    {".png", "image/png"},
    {".ico", "image/x-icon"},
    {".woff2", "font/woff2"},
    {".txt", "text/plain; charset=utf-8"},
};

static const gchar *
type_of (const gchar *path)
{
  for (guint i = 0; i < G_N_ELEMENTS (types); i++)
    if (g_str_has_suffix (path, types[i].suffix))
      return types[i].type;
  return "application/octet-stream";
}

/* A browser asks again each time, and gets only what has changed. */
static void
reply_page (BmWebRequest *request, const gchar *path)
{
  g_autofree gchar *name = g_strconcat (PAGES, path, NULL);
  g_autoptr (GBytes) bytes = g_resources_lookup_data (name, G_RESOURCE_LOOKUP_FLAGS_NONE, NULL);
  if (bytes == NULL) {
    bm_web_reply_error (request, 404, "not-found", "There is no such page.", NULL);
    return;
  }
  g_autofree gchar *digest = g_compute_checksum_for_bytes (G_CHECKSUM_SHA256, bytes);
  g_autofree gchar *tag = g_strdup_printf ("\"%.32s\"", digest);
  const gchar *known = bm_web_request_header (request, "If-None-Match");
  bm_web_request_set_header (request, "Cache-Control", "no-cache");
  bm_web_request_set_header (request, "ETag", tag);
  if (known != NULL && strstr (known, tag) != NULL)
    bm_web_reply_empty (request, 304);
  else
    bm_web_reply_bytes (request, 200, type_of (path), bytes);
}

static void
show_index (BmWebRequest *request, gpointer data)
{
  reply_page (request, "index.html");
}

/* path: "static", then what follows. */
static void
show_static (BmWebRequest *request, gpointer data)
{
  g_autofree gchar *path = g_strjoinv ("/", (gchar **) request->path);
  reply_page (request, path);
}

static void
show_health (BmWebRequest *request, gpointer data)
{
  g_autoptr (JsonBuilder) json = json_builder_new ();
  json_builder_begin_object (json);
  json_builder_set_member_name (json, "status");
  json_builder_add_string_value (json, "ok");
  json_builder_end_object (json);
  g_autoptr (JsonNode) node = json_builder_get_root (json);
  bm_web_reply_json (request, 200, node);
}

static const BmWebRoute routes[] = {
    {"GET", "/", show_index, BM_WEB_PUBLIC},
    {"GET", "/static/*", show_static, BM_WEB_PUBLIC},
    {"GET", "health", show_health, BM_WEB_PUBLIC},
    {NULL},
};

void
bm_web_static_routes (BmWeb *web)
{
  bm_web_add_routes (web, routes, NULL);
}
