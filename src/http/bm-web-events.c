/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Events of imports and batches: as long as somebody watches, the state is read twice a second in a
 * thread and what has changed is told. Whoever comes gets the whole state first; and so does everybody
 * when something changes that no event of its own carries. Nothing is kept between two viewers. */
#include "http/bm-web-imports.h"

#include <string.h>

#define TICK_MS 500

typedef enum { IMPORT, JOB, BATCH } Kind;

typedef struct {
  struct _Watch *watch;
  BmWebSse *sse;
  gboolean fresh; /* has not got the state yet */
} Viewer;

typedef struct _Watch {
  BmWebImports *area;
  gchar *key, *id;
  Kind kind;
  GPtrArray *viewers; /* Viewer *, owned */
  guint timer;
  gboolean reading, has_census;
  gboolean retell; /* all are to get the whole state, which takes a reading with the census */
  gchar *walk, *checks, *progress, *stage, *rest; /* as they were told last */
} Watch;

/* ---- reading, in a thread ---- */

typedef struct {
  const BmConfig *config;
  gchar *key, *id;
  Kind kind;
  gboolean with_census;
  JsonObject *state; /* NULL: it is gone */
} Reading;

static void
reading_free (gpointer data)
{
  Reading *reading = data;
  g_free (reading->key);
  g_free (reading->id);
  g_clear_pointer (&reading->state, json_object_unref);
  g_free (reading);
}

static void
read_in_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  static const BmWebViewer anybody = {.every = TRUE}; /* who may watch was asked at the beginning */
  Reading *reading = data;
  if (reading->kind == BATCH) {
    reading->state = bm_webbatch_json (reading->config, reading->id, NULL);
  } else if (reading->kind == JOB) {
    reading->state = bm_webjob_json (reading->config, reading->id, &anybody, NULL);
  } else {
    g_autoptr (BmWebImport) import = bm_webimport_load (reading->config->jobs, reading->id, NULL);
    if (import != NULL)
      reading->state = bm_webstate_json (reading->config, import, reading->with_census, NULL);
  }
  g_task_return_boolean (task, TRUE);
}

/* ---- telling ---- */

/* Changes are nothing to who has not got a state yet. */
typedef enum { FRESH, KNOWING, EVERYBODY } To;

static void
tell (Watch *watch, To to, const gchar *event, JsonNode *node)
{
  for (guint i = watch->viewers->len; i-- > 0;) {
    Viewer *viewer = g_ptr_array_index (watch->viewers, i);
    if (to == EVERYBODY || viewer->fresh == (to == FRESH)) {
      viewer->fresh = FALSE;
      bm_web_sse_send (viewer->sse, event, node); /* may take the viewer away */
    }
  }
}

/* One member, when it is not what was told last. */
static gboolean
tell_change (Watch *watch, gchar **last, const gchar *event, JsonNode *node)
{
  g_autofree gchar *text = json_to_string (node, FALSE);
  if (g_strcmp0 (text, *last) == 0)
    return FALSE;
  g_free (*last);
  *last = g_steal_pointer (&text);
  if (event != NULL)
    tell (watch, KNOWING, event, node);
  return TRUE;
}

static JsonNode *
object_of (JsonObject *state, const gchar *const *names)
{
  JsonObject *object = json_object_new ();
  for (; *names != NULL; names++)
    if (json_object_has_member (state, *names))
      json_object_set_member (object, *names, json_object_dup_member (state, *names));
  JsonNode *node = json_node_init_object (json_node_alloc (), object);
  json_object_unref (object);
  return node;
}

static gboolean
is_object (JsonObject *state, const gchar *name)
{
  JsonNode *node = json_object_get_member (state, name);
  return node != NULL && JSON_NODE_HOLDS_OBJECT (node);
}

/* TRUE: something that has no event of its own changed, and all get the state. */
static gboolean
has_rest_changed (Watch *watch, JsonObject *state)
{
  static const gchar *const rest[] = {"user",  "file",   "into",    "options",
                                      "owner", "report", "started", NULL};
  g_autoptr (JsonNode) node = object_of (state, rest);
  gboolean census = is_object (state, "census") && !watch->has_census;
  watch->has_census |= census;
  return tell_change (watch, &watch->rest, NULL, node) || census;
}

static void
tell_member (Watch *watch, gchar **last, const gchar *name, JsonObject *state)
{
  if (is_object (state, name))
    tell_change (watch, last, name, json_object_get_member (state, name));
}

static void
tell_import (Watch *watch, JsonObject *state)
{
  static const gchar *const stage_members[] = {"stage", NULL};
  static const gchar *const end_members[] = {"stage", "result", "report", "retryable", NULL};
  g_autoptr (JsonNode) stage = object_of (state, stage_members);
  tell_member (watch, &watch->walk, "walk", state);
  tell_member (watch, &watch->checks, "checks", state);
  tell_member (watch, &watch->progress, "progress", state);
  if (!tell_change (watch, &watch->stage, "stage", stage) || !is_object (state, "result"))
    return;
  g_autoptr (JsonNode) end = object_of (state, end_members);
  tell (watch, KNOWING, "end", end);
}

/* Before the first telling: what the state says is known to who gets it. */
static void
remember (Watch *watch, JsonObject *state)
{
  GPtrArray *viewers = watch->viewers;
  watch->viewers = g_ptr_array_new ();
  tell_import (watch, state);
  g_ptr_array_unref (watch->viewers);
  watch->viewers = viewers;
}

/* Nobody gets a state without its census: it takes the place of the one before. */
static void
tell_state (Watch *watch, JsonObject *state, gboolean whole)
{
  g_autoptr (JsonNode) node = json_node_init_object (json_node_alloc (), state);
  gboolean first = watch->rest == NULL;
  if (watch->kind == BATCH) {
    tell (watch, FRESH, "state", node);
    tell_change (watch, &watch->rest, first ? NULL : "progress", node);
    return;
  }
  watch->retell |= has_rest_changed (watch, state);
  if (whole && watch->retell) {
    watch->retell = FALSE;
    remember (watch, state);
    tell (watch, EVERYBODY, "state", node);
    return;
  }
  if (whole)
    tell (watch, FRESH, "state", node);
  tell_import (watch, state);
}

/* ---- the watch ---- */

static void
watch_free (gpointer data)
{
  Watch *watch = data;
  gchar *texts[] = {watch->key,      watch->id,    watch->walk, watch->checks,
                    watch->progress, watch->stage, watch->rest};
  g_clear_handle_id (&watch->timer, g_source_remove);
  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    g_free (texts[i]);
  g_ptr_array_unref (watch->viewers);
  g_free (watch);
}

static void
end_all (Watch *watch)
{
  while (watch->viewers->len > 0) {
    Viewer *viewer = g_ptr_array_index (watch->viewers, watch->viewers->len - 1);
    bm_web_sse_end (viewer->sse);
  }
}

static void
on_read (GObject *source, GAsyncResult *result, gpointer data)
{
  BmWebImports *area = data;
  Reading *reading = g_task_get_task_data (G_TASK (result));
  if (area->watches == NULL) /* the daemon ends */
    return;
  Watch *watch = g_hash_table_lookup (area->watches, reading->key);
  if (watch == NULL)
    return;
  watch->reading = FALSE;
  if (reading->state == NULL) {
    end_all (watch);
  } else {
    if (reading->kind != BATCH)
      bm_web_imports_complete (area, reading->id, reading->state);
    tell_state (watch, reading->state, reading->kind != IMPORT || reading->with_census);
  }
  if (watch->viewers->len == 0)
    g_hash_table_remove (area->watches, watch->key);
}

static void
read_now (Watch *watch)
{
  Reading *reading = g_new0 (Reading, 1);
  reading->config = watch->area->config;
  reading->key = g_strdup (watch->key);
  reading->id = g_strdup (watch->id);
  reading->kind = watch->kind;
  reading->with_census = !watch->has_census || watch->retell;
  for (guint i = 0; i < watch->viewers->len; i++)
    reading->with_census |= ((Viewer *) g_ptr_array_index (watch->viewers, i))->fresh;
  watch->reading = TRUE;
  g_autoptr (GTask) task = g_task_new (NULL, NULL, on_read, watch->area);
  g_task_set_task_data (task, reading, reading_free);
  g_task_run_in_thread (task, read_in_thread);
}

static gboolean
on_tick (gpointer data)
{
  Watch *watch = data;
  if (!watch->reading)
    read_now (watch);
  return G_SOURCE_CONTINUE;
}

static void
on_gone (gpointer data)
{
  Viewer *viewer = data;
  Watch *watch = viewer->watch;
  g_ptr_array_remove (watch->viewers, viewer); /* frees it; the watch ends at its next reading */
}

static void
begin (BmWebImports *area, BmWebRequest *request, Kind kind, const gchar *id)
{
  g_autofree gchar *key = g_strdup_printf ("%d/%s", kind, id);
  Viewer *viewer = g_new0 (Viewer, 1);
  viewer->fresh = TRUE;
  if (area->watches == NULL)
    area->watches = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, watch_free);
  Watch *watch = g_hash_table_lookup (area->watches, key);
  viewer->sse = bm_web_sse_begin (request, on_gone, viewer);
  if (viewer->sse == NULL) {
    g_free (viewer);
    return;
  }
  if (watch == NULL) {
    watch = g_new0 (Watch, 1);
    watch->area = area;
    watch->key = g_steal_pointer (&key);
    watch->id = g_strdup (id);
    watch->kind = kind;
    watch->viewers = g_ptr_array_new_with_free_func (g_free);
    watch->timer = g_timeout_add (TICK_MS, on_tick, watch);
    g_hash_table_insert (area->watches, watch->key, watch);
  }
  viewer->watch = watch;
  g_ptr_array_add (watch->viewers, viewer);
  if (!watch->reading)
    read_now (watch);
}

void
bm_web_watches_free (BmWebImports *area)
{
  GHashTableIter iter;
  gpointer watch;
  if (area->watches == NULL)
    return;
  g_hash_table_iter_init (&iter, area->watches);
  while (g_hash_table_iter_next (&iter, NULL, &watch))
    end_all (watch);
  g_clear_pointer (&area->watches, g_hash_table_unref);
}

/* ---- who may watch ---- */

static gboolean
may_watch (gpointer data, GError **error)
{
  BmWebImportCall *call = data;
  const BmWebViewer viewer = bm_web_viewer_of (call->session);
  const BmConfig *config = call->area->config;
  call->answer = call->word == NULL ? bm_webjob_json (config, call->id, &viewer, error)
                                    : bm_web_batch_read (config, call->id, &viewer, error);
  return call->answer != NULL;
}

static void
on_may (BmWebRequest *request, gpointer data, const GError *error)
{
  BmWebImportCall *call = data;
  if (error != NULL)
    bm_web_reply_failure (request, error, 404);
  else
    begin (call->area, request, call->word == NULL ? JOB : BATCH, call->id);
}

static void
get_events (BmWebRequest *request, gpointer data)
{
  const gchar *id = bm_web_request_param (request, "id");
  if (!bm_webimport_is_id (id)) {
    bm_web_run (request, may_watch, on_may, bm_web_import_call (data, request),
                bm_web_import_call_free);
    return;
  }
  g_autoptr (BmWebImport) import = bm_web_import_of (data, request);
  if (import != NULL)
    begin (data, request, IMPORT, id);
}

static void
get_batch_events (BmWebRequest *request, gpointer data)
{
  BmWebImportCall *call = bm_web_import_call (data, request);
  call->word = g_strdup ("batch");
  bm_web_run (request, may_watch, on_may, call, bm_web_import_call_free);
}

const BmWebRoute bm_web_event_routes[] = {
    {"GET", "imports/:id/events", get_events},
    {"GET", "batches/:id/events", get_batch_events},
    {NULL},
};
