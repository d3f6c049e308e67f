/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* See bm-web.h: sessions of BlueMind's core that administrators opened, kept alive while somebody
 * holds them. The core is asked in threads; each has a BmCore of its own. */
#include "http/bm-web-private.h"

#include "bluemind/bm-core.h"

struct _BmWebCore {
  BmWeb *web;
  GHashTable *holds; /* core key -> GUINT_TO_POINTER (n) */
  guint pinger;
  gboolean pinging;
};

typedef struct {
  gchar *url;
  GPtrArray *keys; /* to ping; what is dead stays, the rest is removed */
  gboolean logout; /* instead of ping */
} Round;

static void
round_free (gpointer data)
{
  Round *round = data;
  g_free (round->url);
  g_ptr_array_unref (round->keys);
  g_free (round);
}

static Round *
new_round (BmWebCore *core, gboolean logout)
{
  Round *round = g_new0 (Round, 1);
  round->url = g_strdup (core->web->config->core_url);
  round->keys = g_ptr_array_new_with_free_func (g_free);
  round->logout = logout;
  return round;
}

/* Only a refusal is death: a core that is away may come back with its sessions. */
static void
ask (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  Round *round = data;
  g_autoptr (BmCore) core = bm_core_new (round->url, "", NULL);
  for (guint i = round->keys->len; i > 0 && core != NULL; i--) {
    const gchar *key = g_ptr_array_index (round->keys, i - 1);
    g_autoptr (GError) error = NULL;
    gboolean good =
        round->logout ? bm_core_logout (core, key, &error) : bm_core_ping (core, key, &error);
    if (good || round->logout || !g_error_matches (error, BM_ERROR, BM_CAUSE_LOGIN_REFUSED))
      g_ptr_array_remove_index (round->keys, i - 1);
  }
  g_task_return_boolean (task, core != NULL);
}

static void
on_pinged (GObject *source, GAsyncResult *result, gpointer data)
{
  BmWebCore *core = data;
  Round *round = g_task_get_task_data (G_TASK (result));
  core->pinging = FALSE;
  if (!g_task_propagate_boolean (G_TASK (result), NULL))
    return;
  for (guint i = 0; i < round->keys->len; i++)
    bm_web_sessions_end_of_key (core->web, g_ptr_array_index (round->keys, i));
}

static gboolean
on_ping (gpointer data)
{
  BmWebCore *core = data;
  GHashTableIter iter;
  gpointer key;
  if (core->pinging || g_hash_table_size (core->holds) == 0)
    return G_SOURCE_CONTINUE;
  Round *round = new_round (core, FALSE);
  g_hash_table_iter_init (&iter, core->holds);
  while (g_hash_table_iter_next (&iter, &key, NULL))
    g_ptr_array_add (round->keys, g_strdup (key));
  core->pinging = TRUE;
  g_autoptr (GTask) task = g_task_new (NULL, NULL, on_pinged, core);
  g_task_set_task_data (task, round, round_free);
  g_task_run_in_thread (task, ask);
  return G_SOURCE_CONTINUE;
}

BmWebCore *
bm_web_core_new (BmWeb *web)
{
  BmWebCore *core = g_new0 (BmWebCore, 1);
  core->web = web;
  core->holds = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  core->pinger = g_timeout_add_seconds (web->config->core_keep_alive_s, on_ping, core);
  return core;
}

/* Imports outlive the daemon: nobody is logged out here. */
void
bm_web_core_free (BmWebCore *core)
{
  g_source_remove (core->pinger);
  g_hash_table_unref (core->holds);
  g_free (core);
}

void
bm_web_core_hold (BmWeb *web, const gchar *core_key)
{
  GHashTable *holds = web->core->holds;
  guint n = GPOINTER_TO_UINT (g_hash_table_lookup (holds, core_key));
  g_hash_table_insert (holds, g_strdup (core_key), GUINT_TO_POINTER (n + 1));
}

void
bm_web_core_release (BmWeb *web, const gchar *core_key)
{
  GHashTable *holds = web->core->holds;
  guint n = GPOINTER_TO_UINT (g_hash_table_lookup (holds, core_key));
  g_return_if_fail (n > 0);
  if (n > 1) {
    g_hash_table_insert (holds, g_strdup (core_key), GUINT_TO_POINTER (n - 1));
    return;
  }
  bm_web_core_logout (web, core_key);
  g_hash_table_remove (holds, core_key);
}

void
bm_web_core_logout (BmWeb *web, const gchar *core_key)
{
  Round *round = new_round (web->core, TRUE);
  g_ptr_array_add (round->keys, g_strdup (core_key));
  g_autoptr (GTask) task = g_task_new (NULL, NULL, NULL, NULL);
  g_task_set_task_data (task, round, round_free);
  g_task_run_in_thread (task, ask);
}
