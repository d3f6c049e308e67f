/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Imports over HTTP: order, list, look, count, report, forget. What has to be started, paused and
 * so on is in bm-web-orders.c. docs/api.md describes it. */
#include "http/bm-web-imports.h"

#include "http/bm-web-uploads.h"
#include "http/bm-webcount.h"
#include "http/bm-weboptions.h"
#include "http/bm-weboutput.h"
#include "http/bm-webuser.h"
#include <bm-pst-import/import.h>
#include <string.h>
#include <sys/stat.h>

#define REPORT_CSP "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox"

/* Since when something that was sent is not proven. */
typedef struct {
  gint64 verified, moved_us;
} Lag;

BmWebImportCall *
bm_web_import_call (BmWebImports *area, BmWebRequest *request)
{
  BmWebImportCall *call = g_new0 (BmWebImportCall, 1);
  call->area = area;
  call->session = bm_web_session_ref (request->session);
  call->id = g_strdup (bm_web_request_param (request, "id"));
  return call;
}

void
bm_web_import_call_free (gpointer data)
{
  BmWebImportCall *call = data;
  gchar *texts[] = {call->id, call->into, call->word, call->cause, call->text};
  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    g_free (texts[i]);
  bm_web_session_unref (call->session);
  bm_webimport_free (call->import);
  g_clear_pointer (&call->options, json_object_unref);
  g_clear_pointer (&call->answer, json_object_unref);
  bm_weblook_clear (&call->look);
  g_free (call);
}

static gboolean
may (gconstpointer who, const gchar *domain_uid)
{
  return bm_web_may_domain (who, domain_uid);
}

BmWebViewer
bm_web_viewer_of (const BmWebSession *session)
{
  return (BmWebViewer){may, session, g_strv_contains (session->domains, "*")};
}

/* ---- answers ---- */

gboolean
bm_web_import_signed_out (const BmWebImportCall *call, BmWebRequest *request)
{
  if (call->session->ended)
    bm_web_reply_error (request, 401, "no-session", "You are not signed in.", "Sign in.");
  return call->session->ended;
}

void
bm_web_reply_object (BmWebRequest *request, guint status, JsonObject *object)
{
  g_autoptr (JsonNode) node = json_node_init_object (json_node_alloc (), object);
  json_object_unref (object);
  bm_web_reply_json (request, status, node);
}

void
bm_web_reply_failure (BmWebRequest *request, const GError *error, guint usage_status)
{
  if (g_error_matches (error, BM_ERROR, BM_CAUSE_USAGE))
    bm_web_reply_error (request, usage_status, usage_status == 404 ? "not-found" : "bad-input",
                        error->message, "Look at the list of imports, or mend what was sent.");
  else
    bm_web_reply_gerror (request, 0, error);
}

static void
reply_not_found (BmWebRequest *request)
{
  bm_web_reply_error (request, 404, "not-found", "There is no such import.",
                      "Look at the list of imports.");
}

const gchar *
bm_web_report_format (BmWebRequest *request)
{
  static const gchar *const formats[] = {"html", "json", "csv", "txt"};
  const gchar *last = request->path[g_strv_length ((GStrv) request->path) - 1];
  for (guint i = 0; i < G_N_ELEMENTS (formats); i++)
    if (g_str_has_prefix (last, "report.") && g_str_equal (last + strlen ("report."), formats[i]))
      return formats[i];
  return NULL;
}

/* Answers with a report and the headers that keep it harmless. */
static void
reply_report (BmWebRequest *request, const gchar *name, const gchar *format, const gchar *text)
{
  static const struct {
    const gchar *format, *type;
  } types[] = {{"html", "text/html; charset=utf-8"},
               {"json", "application/json; charset=utf-8"},
               {"csv", "text/csv; charset=utf-8"},
               {"txt", "text/plain; charset=utf-8"}};
  guint i = 0;
  while (!g_str_equal (types[i].format, format))
    i++;
  g_autoptr (GBytes) bytes = g_bytes_new (text, strlen (text));
  g_autofree gchar *disposition =
      g_strdup_printf ("%s; filename=\"report-%s.%s\"",
                       g_str_equal (format, "html") ? "inline" : "attachment", name, format);
  bm_web_request_set_header (request, "Content-Security-Policy", REPORT_CSP);
  bm_web_request_set_header (request, "Content-Disposition", disposition);
  bm_web_reply_bytes (request, 200, types[i].type, bytes);
}

void
bm_web_imports_complete (BmWebImports *area, const gchar *id, JsonObject *state)
{
  JsonNode *node = json_object_get_member (state, "progress");
  JsonObject *file = json_object_get_object_member (state, "file");
  const gchar *upload = json_object_get_string_member_with_default (file, "upload", NULL);
  if (upload != NULL)
    json_object_set_int_member (file, "purge_at", bm_web_uploads_purge_at (area->web, upload));
  if (node == NULL || !JSON_NODE_HOLDS_OBJECT (node))
    return;
  JsonObject *progress = json_node_get_object (node);
  gint64 now = g_get_monotonic_time ();
  gint64 verified = json_object_get_int_member_with_default (progress, "verified", 0);
  Lag *lag = g_hash_table_lookup (area->lags, id);
  if (lag == NULL) {
    lag = g_new0 (Lag, 1);
    lag->verified = -1;
    g_hash_table_insert (area->lags, g_strdup (id), lag);
  }
  if (verified != lag->verified ||
      json_object_get_int_member_with_default (progress, "unproven", 0) == 0)
    lag->moved_us = now;
  lag->verified = verified;
  json_object_set_int_member (progress, "lag_seconds", (now - lag->moved_us) / G_USEC_PER_SEC);
}

/* ---- finding ---- */

BmWebImport *
bm_web_import_of (BmWebImports *area, BmWebRequest *request)
{
  const gchar *id = bm_web_request_param (request, "id");
  g_autoptr (BmWebImport) import = bm_webimport_load (area->config->jobs, id, NULL);
  if (import != NULL && bm_web_may_domain (request->session, import->domain_uid))
    return g_steal_pointer (&import);
  reply_not_found (request);
  return NULL;
}

/* ---- POST imports ---- */

/* What the order says, before BlueMind is asked: FALSE after an answer. */
static gboolean
read_file (BmWebImportCall *call, BmWebRequest *request, const gchar *upload, const gchar *path)
{
  g_autoptr (GError) error = NULL;
  BmWeb *web = request->web;
  call->import = g_new0 (BmWebImport, 1);
  if (upload != NULL) {
    const BmUpload *found = bm_web_uploads_find (web, request->session, upload, &error);
    if (found != NULL && found->completed == 0) {
      bm_web_reply_error (request, 409, "upload-unfinished", "This upload is not complete yet.",
                          "Finish the upload first.");
      return FALSE;
    }
    if (found != NULL) {
      call->import->upload = g_strdup (upload);
      call->import->file = g_strdup (found->name);
      call->import->size = found->size;
      call->text = bm_web_uploads_path (web, found);
    }
  } else {
    call->text = g_strdup (path);
  }
  if (error != NULL)
    bm_web_uploads_reply_error (request, error);
  return error == NULL;
}

/* In a thread: a folder may lie on a file server that does not answer. */
static gboolean
find_file (BmWebImportCall *call, GError **error)
{
  BmWebImport *import = call->import;
  struct stat info;
  import->file = bm_web_files_resolve (call->area->web, call->session, call->text, error);
  g_clear_pointer (&call->text, g_free);
  if (import->file == NULL)
    return FALSE;
  if (stat (import->file, &info) == 0) {
    import->size = (guint64) info.st_size;
    import->modified_ms = bm_webimport_modified_ms (&info);
  }
  return TRUE;
}

static gboolean
find_user (gpointer data, GError **error)
{
  BmWebImportCall *call = data;
  BmWebImport *import = call->import;
  if (import->upload == NULL && !find_file (call, error))
    return FALSE;
  g_autoptr (BmUser) user = bm_webuser_find (call->area->config, call->word, error);
  if (user == NULL)
    return FALSE;
  import->user = g_strconcat (user->login, "@", user->domain_name, NULL);
  import->login = g_strdup (user->login);
  import->user_uid = g_strdup (user->user_uid);
  import->domain = g_strdup (user->domain_name);
  import->domain_uid = g_strdup (user->domain_uid);
  import->server = g_strdup (user->server_uid);
  import->quota_kib = user->quota_kib;
  return TRUE;
}

/* The upload that it reads, or a reason for an answer. */
static gboolean
begin (BmWebImportCall *call, BmWebRequest *request, BmWebImport *import, GError **error)
{
  const BmUpload *upload = NULL;
  if (*import->upload != '\0' && ((upload = bm_web_uploads_find (request->web, request->session,
                                                                 import->upload, error)) == NULL ||
                                  !bm_web_uploads_use (request->web, upload, import->id, error)))
    return FALSE;
  return bm_web_inspect (call->area, import, error);
}

static void
on_user_found (BmWebRequest *request, gpointer data, const GError *failure)
{
  BmWebImportCall *call = data;
  const gchar *why = NULL, *action = NULL;
  g_autoptr (GError) error = NULL;
  if (failure != NULL) {
    bm_web_reply_gerror (request, 0, failure);
    return;
  }
  const gchar *domain = call->import->domain_uid;
  if (bm_web_identity (request->web, request->session, domain) == BM_WEB_IDENTITY_NONE) {
    bm_web_identity_words (request->web, request->session, domain, &why, &action);
    bm_web_reply_error (request, 403, "not-allowed", why, action);
    return;
  }
  call->import->by = g_strdup (request->session->login);
  g_autoptr (BmWebImport) import =
      bm_webimport_create (call->area->config->jobs, call->import, call->text, &error);
  if (import == NULL) {
    bm_web_reply_gerror (request, 0, error);
    return;
  }
  if (!begin (call, request, import, &error)) {
    bm_web_uploads_settle (request->web, import->upload, import->id, FALSE);
    bm_webimport_delete (call->area->config->jobs, import, NULL);
    bm_web_uploads_reply_error (request, error);
    return;
  }
  g_message ("import %s: ordered by %s for %s", import->id, import->by, import->user);
  JsonObject *answer = json_object_new ();
  json_object_set_string_member (answer, "id", import->id);
  bm_web_reply_object (request, 201, answer);
}

static const gchar *
text_member (BmWebRequest *request, const gchar *name)
{
  JsonNode *node = request->json != NULL ? json_object_get_member (request->json, name) : NULL;
  const gchar *text = node != NULL && JSON_NODE_HOLDS_VALUE (node) &&
                              json_node_get_value_type (node) == G_TYPE_STRING
                          ? json_node_get_string (node)
                          : NULL;
  return text != NULL && *text != '\0' ? text : NULL;
}

static void
post_imports (BmWebRequest *request, gpointer data)
{
  const gchar *user = text_member (request, "user");
  const gchar *upload = text_member (request, "upload"), *path = text_member (request, "path");
  if (user == NULL || (upload == NULL) == (path == NULL)) {
    bm_web_reply_error (request, 400, "bad-input",
                        "\"user\" and one of \"upload\" and \"path\" are needed.",
                        "See docs/api.md.");
    return;
  }
  BmWebImportCall *call = bm_web_import_call (data, request);
  call->word = g_strdup (user);
  if (read_file (call, request, upload, path))
    bm_web_run (request, find_user, on_user_found, call, bm_web_import_call_free);
  else
    bm_web_import_call_free (call);
}

/* ---- GET ---- */

static gboolean
read_list (gpointer data, GError **error)
{
  BmWebImportCall *call = data;
  const BmWebViewer viewer = bm_web_viewer_of (call->session);
  call->answer = bm_weblist_json (call->area->config, &viewer);
  return TRUE;
}

static gboolean
read_state (gpointer data, GError **error)
{
  BmWebImportCall *call = data;
  const BmWebViewer viewer = bm_web_viewer_of (call->session);
  call->answer = call->import != NULL
                     ? bm_webstate_json (call->area->config, call->import, TRUE, NULL)
                     : bm_webjob_json (call->area->config, call->id, &viewer, error);
  return call->answer != NULL;
}

static gboolean
read_report (gpointer data, GError **error)
{
  BmWebImportCall *call = data;
  const BmWebViewer viewer = bm_web_viewer_of (call->session);
  call->text = call->import != NULL
                   ? bm_webimport_report (call->area->config, call->import, call->word, error)
                   : bm_webjob_report (call->area->config, call->id, call->word, &viewer, error);
  return call->text != NULL;
}

static void
on_answer (BmWebRequest *request, gpointer data, const GError *error)
{
  BmWebImportCall *call = data;
  if (error != NULL) {
    bm_web_reply_failure (request, error, 404);
    return;
  }
  if (call->id != NULL)
    bm_web_imports_complete (call->area, call->id, call->answer);
  bm_web_reply_object (request, 200, g_steal_pointer (&call->answer));
}

void
bm_web_import_on_report (BmWebRequest *request, gpointer data, const GError *error)
{
  BmWebImportCall *call = data;
  if (error != NULL)
    bm_web_reply_failure (request, error, 404);
  else
    reply_report (request, call->id, call->word, call->text);
}

static void
get_imports (BmWebRequest *request, gpointer data)
{
  bm_web_run (request, read_list, on_answer, bm_web_import_call (data, request),
              bm_web_import_call_free);
}

/* FALSE after an answer. A name that is no id may be that of a job of the command line. */
static gboolean
find_any (BmWebImportCall *call, BmWebRequest *request)
{
  if (bm_webimport_is_id (call->id))
    return (call->import = bm_web_import_of (call->area, request)) != NULL;
  if (bm_webjob_is_name (call->id))
    return TRUE;
  reply_not_found (request);
  return FALSE;
}

static void
get_import (BmWebRequest *request, gpointer data)
{
  BmWebImportCall *call = bm_web_import_call (data, request);
  if (find_any (call, request))
    bm_web_run (request, read_state, on_answer, call, bm_web_import_call_free);
  else
    bm_web_import_call_free (call);
}

static void
get_report (BmWebRequest *request, gpointer data)
{
  BmWebImportCall *call = bm_web_import_call (data, request);
  call->word = g_strdup (bm_web_report_format (request));
  if (find_any (call, request))
    bm_web_run (request, read_report, bm_web_import_on_report, call, bm_web_import_call_free);
  else
    bm_web_import_call_free (call);
}

/* ---- counts ---- */

static gboolean
count (gpointer data, GError **error)
{
  BmWebImportCall *call = data;
  call->answer = bm_webcount (call->import, call->options, error);
  return call->answer != NULL;
}

static void
on_counted (BmWebRequest *request, gpointer data, const GError *error)
{
  BmWebImportCall *call = data;
  if (error == NULL)
    bm_web_reply_object (request, 200, g_steal_pointer (&call->answer));
  else if (g_error_matches (error, BM_ERROR, BM_CAUSE_USAGE))
    bm_web_reply_error (request, 409, "state", error->message, "Try again in a moment.");
  else
    bm_web_reply_gerror (request, 0, error);
}

static void
post_count (BmWebRequest *request, gpointer data)
{
  BmWebImportCall *call = bm_web_import_call (data, request);
  g_autoptr (GError) error = NULL;
  JsonNode *options =
      request->json != NULL ? json_object_get_member (request->json, "options") : NULL;
  call->import = bm_web_import_of (data, request);
  if (call->import == NULL) {
    bm_web_import_call_free (call);
    return;
  }
  call->options = bm_weboptions_read (
      options != NULL && JSON_NODE_HOLDS_OBJECT (options) ? json_node_get_object (options) : NULL,
      &error);
  if (call->options != NULL) {
    bm_web_run (request, count, on_counted, call, bm_web_import_call_free);
    return;
  }
  bm_web_reply_failure (request, error, 400);
  bm_web_import_call_free (call);
}

/* ---- DELETE ---- */

static gboolean
look (gpointer data, GError **error)
{
  BmWebImportCall *call = data;
  bm_webstate_look (call->area->config, call->import, &call->look);
  return TRUE;
}

static void
on_looked (BmWebRequest *request, gpointer data, const GError *failure)
{
  BmWebImportCall *call = data;
  const BmWebImport *import = call->import;
  g_autoptr (GError) error = NULL;
  gboolean runs = (import->started_ms != 0 && !bm_webstage_is_over (call->look.stage)) ||
                  call->look.stage == BM_WEBSTAGE_CHECKING;
  if (runs || bm_webworker_runs (import->directory, BM_WEBWORKER_OWNER)) {
    bm_web_reply_error (request, 409, "state", "This import is not at rest.",
                        "Cancel it, or wait for its end.");
    return;
  }
  bm_webworker_stop (import->directory, BM_WEBWORKER_INSPECT);
  if (!bm_webimport_delete (call->area->config->jobs, import, &error)) {
    bm_web_reply_gerror (request, 0, error);
    return;
  }
  if (*import->upload != '\0')
    bm_web_uploads_settle (request->web, import->upload, import->id, call->look.success);
  g_hash_table_remove (call->area->lags, import->id);
  bm_web_reply_empty (request, 204);
}

static void
delete_import (BmWebRequest *request, gpointer data)
{
  BmWebImportCall *call = bm_web_import_call (data, request);
  call->import = bm_web_import_of (data, request);
  if (call->import != NULL)
    bm_web_run (request, look, on_looked, call, bm_web_import_call_free);
  else
    bm_web_import_call_free (call);
}

/* ---- the area ---- */

static const BmWebRoute routes[] = {
    {"POST", "imports", post_imports},
    {"GET", "imports", get_imports},
    {"GET", "imports/:id", get_import},
    {"DELETE", "imports/:id", delete_import},
    {"POST", "imports/:id/count", post_count},
    {"GET", "imports/:id/report.html", get_report},
    {"GET", "imports/:id/report.json", get_report},
    {"GET", "imports/:id/report.csv", get_report},
    {"GET", "imports/:id/report.txt", get_report},
    {NULL},
};

static void
area_free (gpointer data)
{
  BmWebImports *area = data;
  bm_web_watches_free (area);
  bm_web_keeper_end (area);
  g_hash_table_unref (area->lags);
  g_free (area);
}

void
bm_web_imports_routes (BmWeb *web)
{
  BmWebImports *area = g_new0 (BmWebImports, 1);
  area->web = web;
  area->config = bm_web_config (web);
  area->lags = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  bm_web_own (web, area, area_free);
  bm_web_keeper_begin (area);
  bm_web_add_routes (web, routes, area);
  bm_web_add_routes (web, bm_web_order_routes, area);
  bm_web_add_routes (web, bm_web_event_routes, area);
  bm_web_add_routes (web, bm_web_batch_routes, area);
}
