/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* See bm-web.h: the daemon's frame: configuration, tables of routes, what the areas own. Must not
 * know what an area does. */
#include "http/bm-web-main.h"
#include "http/bm-web-private.h"

typedef struct {
  gpointer data;
  GDestroyNotify destroy;
} BmWebOwned;

static void
free_owned (gpointer pointer)
{
  BmWebOwned *owned = pointer;
  owned->destroy (owned->data);
  g_free (owned);
}

static gboolean
load_certificate (BmWeb *web, GError **error)
{
  const BmConfigWeb *config = &web->config->web;
  if (config->tls_cert == NULL)
    return TRUE;
  g_autoptr (GError) local = NULL;
  web->certificate = g_tls_certificate_new_from_files (config->tls_cert, config->tls_key, &local);
  if (web->certificate == NULL)
    g_set_error (error, BM_ERROR, BM_CAUSE_CONFIG, "[web] tls-cert, tls-key: %s", local->message);
  return web->certificate != NULL;
}

BmWeb *
bm_web_new (const BmConfig *config, GError **error)
{
  BmWeb *web = g_new0 (BmWeb, 1);
  web->config = config;
  web->hurry = 1;
  web->malformed = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  web->tables = g_array_new (FALSE, FALSE, sizeof (BmWebTable));
  web->owned = g_ptr_array_new_with_free_func (free_owned);
  web->server = soup_server_new ("raw-paths", TRUE, NULL);
  web->sessions = bm_web_sessions_new (web);
  web->core = bm_web_core_new (web);
  bm_web_requests_connect (web);
  if (load_certificate (web, error))
    return web;
  bm_web_free (web);
  return NULL;
}

gboolean
bm_web_start (BmWeb *web, GError **error)
{
  return bm_web_listen (web, error);
}

void
bm_web_stop (BmWeb *web)
{
  web->stopping = TRUE;
  bm_web_sse_stop_all (web); /* politely; they are answers from then on */
  bm_web_listen_stop (web);
}

gboolean
bm_web_is_busy (BmWeb *web)
{
  return web->requests > 0;
}

void
bm_web_free (BmWeb *web)
{
  if (web == NULL)
    return;
  if (web->service != NULL)
    bm_web_stop (web);
  while (web->owned->len > 0)
    g_ptr_array_remove_index (web->owned, web->owned->len - 1);
  soup_server_disconnect (web->server);
  bm_web_listen_free (web);
  bm_web_core_free (web->core);
  bm_web_sessions_free (web->sessions);
  g_clear_object (&web->service);
  g_clear_object (&web->certificate);
  g_object_unref (web->server);
  g_clear_handle_id (&web->peers_timer, g_source_remove);
  g_clear_handle_id (&web->streams_timer, g_source_remove);
  g_ptr_array_unref (web->owned);
  g_hash_table_unref (web->malformed);
  g_array_unref (web->tables);
  g_free (web);
}

void
bm_web_add_routes (BmWeb *web, const BmWebRoute *routes, gpointer data)
{
  BmWebTable table = {routes, data};
  g_array_append_val (web->tables, table);
}

void
bm_web_own (BmWeb *web, gpointer data, GDestroyNotify destroy)
{
  BmWebOwned *owned = g_new0 (BmWebOwned, 1);
  owned->data = data;
  owned->destroy = destroy;
  g_ptr_array_add (web->owned, owned);
}

gpointer
bm_web_owned (BmWeb *web, GDestroyNotify destroy)
{
  for (guint i = 0; i < web->owned->len; i++) {
    const BmWebOwned *owned = g_ptr_array_index (web->owned, i);
    if (owned->destroy == destroy)
      return owned->data;
  }
  return NULL;
}

const BmConfig *
bm_web_config (BmWeb *web)
{
  return web->config;
}

gchar *
bm_web_path (BmWeb *web, const gchar *below)
{
  return g_strconcat (web->config->web.base_path, below, NULL);
}
