/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Batches over HTTP: a CSV is uploaded, each row judged (user, domain, right, folder), and a clean CSV
 * written of those that may be imported; then the same orders as for one import. Batches of the
 * command line can be looked at, not ordered. docs/api.md describes it. */
#include "http/bm-web-imports.h"

#include "base/bm-csv.h"
#include "http/bm-upload-folders.h"
#include "http/bm-web-uploads.h"
#include "http/bm-weboptions.h"
#include "http/bm-weboutput.h"
#include "http/bm-webuser.h"
#include <glib/gstdio.h>
#include <string.h>

#define CSV_MAX  (8u << 20)
#define ROWS_MAX 20000
#define SENT     "sent.csv"

/* A CSV while it is judged, in a thread. */
typedef struct {
  BmWebImports *area;
  BmWebSession *session;
  gchar *name, *directory;
  GStrv folders;
  GBytes *body;
  JsonArray *problems;
  GString *csv;           /* the clean one */
  GHashTable *domains;    /* uids of its mailboxes */
  GHashTable *users;      /* address as written -> BmUser *, or NULL with the reason in reasons */
  GHashTable *reasons;    /* address as written -> reason */
  BmWebIdentity identity; /* of the rows so far; NONE: no row yet */
  guint rows;
} Judging;

static void
user_free (gpointer user)
{
  if (user != NULL)
    bm_user_free (user);
}

static void
judging_free (gpointer data)
{
  Judging *judging = data;
  bm_web_session_unref (judging->session);
  g_free (judging->name);
  g_free (judging->directory);
  g_strfreev (judging->folders);
  g_bytes_unref (judging->body);
  g_clear_pointer (&judging->problems, json_array_unref);
  g_string_free (judging->csv, TRUE);
  g_hash_table_unref (judging->domains);
  g_hash_table_unref (judging->users);
  g_hash_table_unref (judging->reasons);
  g_free (judging);
}

static Judging *
judging_new (BmWebImports *area, BmWebRequest *request, const gchar *name)
{
  Judging *judging = g_new0 (Judging, 1);
  judging->area = area;
  judging->session = bm_web_session_ref (request->session);
  judging->name = g_strdup (name);
  judging->directory = bm_webbatch_directory (area->config->jobs, name);
  judging->folders = bm_web_files_folders (request->web, request->session);
  judging->body = g_bytes_ref (request->body);
  judging->problems = json_array_new ();
  judging->csv = g_string_new (NULL);
  judging->domains = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  judging->users = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, user_free);
  judging->reasons = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  return judging;
}

/* ---- one row ---- */

static gboolean
problem (Judging *judging, const BmMapRow *row, const gchar *text, const gchar *action)
{
  JsonObject *object = json_object_new ();
  g_autofree gchar *valid = g_utf8_make_valid (text, -1);
  json_object_set_int_member (object, "line", row->line);
  json_object_set_string_member (object, "text", valid);
  json_object_set_string_member (object, "do", action);
  json_array_add_object_element (judging->problems, object);
  return FALSE;
}

/* A relative name is one below any of the folders: an upload lies beside no PST. New; NULL. */
static gchar *
file_of (const Judging *judging, const BmMapRow *row)
{
  const gchar *const *folders = (const gchar *const *) judging->folders;
  gsize length = strlen (judging->directory);
  gboolean relative = g_str_has_prefix (row->file, judging->directory) && row->file[length] == '/';
  gchar *file = relative ? NULL : bm_folders_resolve (folders, row->file, NULL);
  for (guint i = 0; relative && file == NULL && folders[i] != NULL; i++) {
    g_autofree gchar *path = g_build_filename (folders[i], row->file + length, NULL);
    file = bm_folders_resolve (folders, path, NULL);
  }
  return file;
}

/* Asked once for each address. FALSE with an error: the directory cannot be asked. */
static gboolean
find_user (Judging *judging, const gchar *address, const BmUser **user, const gchar **reason,
           GError **error)
{
  g_autoptr (GError) local = NULL;
  if (!g_hash_table_contains (judging->users, address)) {
    BmUser *found = bm_webuser_find (judging->area->config, address, &local);
    BmCause cause = local != NULL ? bm_error_cause (local) : BM_CAUSE_LAST;
    if (local != NULL && cause != BM_CAUSE_USER_UNKNOWN && cause != BM_CAUSE_USER_REFUSED &&
        cause != BM_CAUSE_ADMIN_REFUSED) {
      g_propagate_error (error, g_steal_pointer (&local));
      return FALSE;
    }
    g_hash_table_insert (judging->users, g_strdup (address), found);
    if (local != NULL)
      g_hash_table_insert (judging->reasons, g_strdup (address), g_strdup (local->message));
  }
  *user = g_hash_table_lookup (judging->users, address);
  *reason = g_hash_table_lookup (judging->reasons, address);
  return TRUE;
}

/* TRUE when this administrator may import for this user, and in this batch. */
static gboolean
may_import (Judging *judging, const BmMapRow *row, const BmUser *user)
{
  BmWeb *web = judging->area->web;
  const gchar *why = NULL, *action = NULL;
  BmWebIdentity identity = bm_web_identity (web, judging->session, user->domain_uid);
  if (identity == BM_WEB_IDENTITY_NONE) {
    bm_web_identity_words (web, judging->session, user->domain_uid, &why, &action);
    return problem (judging, row, why, action);
  }
  if (judging->identity != BM_WEB_IDENTITY_NONE && identity != judging->identity)
    return problem (judging, row, "This row needs another right than the rows before it.",
                    "Put it into a batch of its own.");
  judging->identity = identity;
  return TRUE;
}

static void
add_row (Judging *judging, const BmMapRow *row, const BmUser *user, const gchar *file)
{
  g_autofree gchar *options = bm_weboptions_quote ((const gchar *const *) row->options);
  g_autofree gchar *address = g_strconcat (user->login, "@", user->domain_name, NULL);
  const gchar *fields[] = {file, address, row->into, options};
  bm_csv_add (judging->csv, BM_CSV_PLAIN, ',', fields, G_N_ELEMENTS (fields));
  g_hash_table_add (judging->domains, g_strdup (user->domain_uid));
  judging->rows++;
}

/* FALSE with an error only when the directory cannot be asked. */
static gboolean
judge_row (Judging *judging, const BmMapRow *row, GError **error)
{
  const BmUser *user = NULL;
  const gchar *reason = NULL;
  if (row->problem != NULL) {
    problem (judging, row, row->problem, "Mend the row.");
    return TRUE;
  }
  g_autofree gchar *file = file_of (judging, row);
  if (file == NULL) {
    problem (judging, row, "There is no such file in a folder that you may choose from.",
             "Put the PST into one of the folders of [web] folders; the list of files shows them.");
    return TRUE;
  }
  if (!find_user (judging, row->user, &user, &reason, error))
    return FALSE;
  if (user == NULL)
    problem (judging, row, reason, "Correct the user of this row, or mend the user in BlueMind.");
  else if (may_import (judging, row, user))
    add_row (judging, row, user, file);
  return TRUE;
}

static gboolean
judge (gpointer data, GError **error)
{
  static const gchar *const head[] = {"file", "user", "into", "options"};
  Judging *judging = data;
  g_autofree gchar *path = g_build_filename (judging->directory, SENT, NULL);
  gsize size;
  const gchar *bytes = g_bytes_get_data (judging->body, &size);
  if (!bm_webfile_write (path, bytes, (gssize) size, FALSE, error))
    return FALSE;
  g_autoptr (BmMapping) mapping = bm_mapping_load (path, error);
  if (mapping == NULL)
    return FALSE;
  if (mapping->rows->len > ROWS_MAX) {
    g_set_error (error, BM_ERROR, BM_CAUSE_USAGE, "more than %u rows", ROWS_MAX);
    return FALSE;
  }
  bm_csv_add (judging->csv, BM_CSV_PLAIN, ',', head, G_N_ELEMENTS (head));
  for (guint i = 0; i < mapping->rows->len; i++)
    if (!judge_row (judging, g_ptr_array_index (mapping->rows, i), error))
      return FALSE;
  return TRUE;
}

/* ---- POST batches ---- */

static gboolean
keep (const Judging *judging, GError **error)
{
  const gchar *jobs = judging->area->config->jobs;
  g_autofree gchar *map = bm_webbatch_map (jobs, judging->name);
  g_autofree gpointer *domains = g_hash_table_get_keys_as_array (judging->domains, NULL);
  const BmWebBatch batch = {.by = (gchar *) judging->session->login,
                            .name = judging->name,
                            .domains = (GStrv) domains,
                            .own_key = judging->identity == BM_WEB_IDENTITY_SESSION,
                            .created_ms = g_get_real_time () / 1000,
                            .rows = judging->rows};
  return bm_webfile_write (map, judging->csv->str, (gssize) judging->csv->len, FALSE, error) &&
         bm_webbatch_save (jobs, &batch, error);
}

static void
reply_refused (BmWebRequest *request, Judging *judging)
{
  JsonObject *object = json_object_new (), *error = json_object_new ();
  json_object_set_string_member (error, "cause", "no-row");
  JsonObject *first = json_array_get_object_element (judging->problems, 0);
  g_autofree gchar *text = g_strdup_printf (
      "No row of this CSV can be imported. Line %" G_GINT64_FORMAT ": %s",
      json_object_get_int_member (first, "line"), json_object_get_string_member (first, "text"));
  json_object_set_string_member (error, "text", text);
  json_object_set_string_member (error, "do", "Mend what the problems name, and upload it again.");
  json_object_set_object_member (object, "error", error);
  json_object_set_array_member (object, "problems", g_steal_pointer (&judging->problems));
  bm_web_reply_object (request, 422, object);
}

static void
on_judged (BmWebRequest *request, gpointer data, const GError *failure)
{
  Judging *judging = data;
  g_autoptr (GError) error = NULL;
  if (failure == NULL && judging->rows > 0 && keep (judging, &error)) {
    JsonObject *answer = json_object_new ();
    json_object_set_string_member (answer, "name", judging->name);
    json_object_set_int_member (answer, "rows", judging->rows);
    json_object_set_array_member (answer, "problems", g_steal_pointer (&judging->problems));
    g_message ("batch %s: ordered by %s", judging->name, judging->session->login);
    bm_web_reply_object (request, 201, answer);
    return;
  }
  bm_webstore_remove (judging->directory, NULL);
  if (failure == NULL && error == NULL)
    reply_refused (request, judging);
  else
    bm_web_reply_failure (request, failure != NULL ? failure : error, 422);
}

static void
post_batches (BmWebRequest *request, gpointer data)
{
  BmWebImports *area = data;
  const gchar *name = bm_web_request_query (request, "name");
  if (name == NULL || !bm_webbatch_is_name (name)) {
    bm_web_reply_error (request, 400, "bad-input",
                        "A name of at most 64 letters, digits, points, underlines and hyphens is "
                        "needed (not beginning with \"web-\").",
                        "Add ?name=NAME.");
    return;
  }
  g_autofree gchar *directory = bm_webbatch_directory (area->config->jobs, name);
  g_autofree gchar *parent = g_path_get_dirname (directory);
  if (bm_webbatch_exists (area->config->jobs, name) || request->body == NULL ||
      g_mkdir_with_parents (parent, 0700) != 0 || g_mkdir (directory, 0700) != 0) {
    bm_web_reply_error (request, 409, "exists", "There is a batch of this name.",
                        "Choose another name.");
    return;
  }
  bm_web_run (request, judge, on_judged, judging_new (area, request, name), judging_free);
}

/* ---- reading ---- */

JsonObject *
bm_web_batch_read (const BmConfig *config, const gchar *name, const BmWebViewer *viewer,
                   GError **error)
{
  g_autoptr (BmBatch) batch =
      bm_webjob_is_name (name) ? bm_batch_open (config->jobs, name, FALSE, NULL) : NULL;
  g_autoptr (BmWebBatch) web = bm_webbatch_load (config->jobs, name);
  gboolean may = batch != NULL ? bm_webbatch_may (config, batch, viewer) : web != NULL;
  for (guint i = 0; may && batch == NULL && web->domains[i] != NULL; i++)
    may = viewer->every || viewer->may (viewer->who, web->domains[i]);
  if (may)
    return bm_webbatch_json (config, name, error);
  g_set_error (error, BM_ERROR, BM_CAUSE_USAGE, "there is no batch \"%s\"", name);
  return NULL;
}

static gboolean
read_state (gpointer data, GError **error)
{
  BmWebImportCall *call = data;
  const BmWebViewer viewer = bm_web_viewer_of (call->session);
  call->answer = bm_web_batch_read (call->area->config, call->id, &viewer, error);
  return call->answer != NULL;
}

static gboolean
read_report (gpointer data, GError **error)
{
  BmWebImportCall *call = data;
  if (!read_state (data, error))
    return FALSE;
  call->text = bm_webbatch_report (call->area->config, call->id, call->word, error);
  return call->text != NULL;
}

static void
on_state (BmWebRequest *request, gpointer data, const GError *error)
{
  BmWebImportCall *call = data;
  if (error != NULL)
    bm_web_reply_failure (request, error, 404);
  else
    bm_web_reply_object (request, 200, g_steal_pointer (&call->answer));
}

static void
get_batch (BmWebRequest *request, gpointer data)
{
  bm_web_run (request, read_state, on_state, bm_web_import_call (data, request),
              bm_web_import_call_free);
}

static void
get_report (BmWebRequest *request, gpointer data)
{
  BmWebImportCall *call = bm_web_import_call (data, request);
  call->word = g_strdup (bm_web_report_format (request));
  bm_web_run (request, read_report, bm_web_import_on_report, call, bm_web_import_call_free);
}

/* ---- orders ---- */

static gboolean
is_over (const gchar *stage)
{
  return g_str_equal (stage, "ended") || g_str_equal (stage, "cancelled");
}

/* Why this order makes no sense; NULL: it does. */
static const gchar *
why_not (const BmWebBatch *web, const gchar *word, const gchar *stage)
{
  if (web == NULL)
    return "This batch was begun on the command line.";
  if (g_str_equal (word, "start"))
    return web->started_ms != 0 ? "This batch has been started already." : NULL;
  if (web->started_ms == 0)
    return "This batch has not been started.";
  if (g_str_equal (word, "retry"))
    return is_over (stage) ? NULL : "This batch is not over.";
  return is_over (stage) ? "This batch is over." : NULL;
}

static gboolean
order (gpointer data, GError **error)
{
  BmWebImportCall *call = data;
  const gchar *jobs = call->area->config->jobs;
  if (!read_state (data, error))
    return FALSE;
  g_autoptr (BmWebBatch) web = bm_webbatch_load (jobs, call->id);
  const gchar *stage = json_object_get_string_member (call->answer, "stage");
  call->text = g_strdup (why_not (web, call->word, stage));
  g_autoptr (BmBatch) batch = bm_batch_open (jobs, call->id, FALSE, NULL);
  if (call->text != NULL || batch == NULL)
    return TRUE;
  call->look.conducted = bm_batch_conductor (batch) != 0;
  if (g_str_equal (call->word, "retry") || g_str_equal (call->word, "start"))
    return TRUE;
  return bm_batch_want (batch,
                        g_str_equal (call->word, "pause")    ? BM_WANT_PAUSE
                        : g_str_equal (call->word, "cancel") ? BM_WANT_CANCEL
                                                             : BM_WANT_RUN,
                        error);
}

/* In the name of who orders it, with his right; it must be the same for every domain of the rows. */
static BmWebIdentity
identity_of (const BmWebImportCall *call, const BmWebBatch *web)
{
  BmWebIdentity identity = BM_WEB_IDENTITY_NONE;
  for (guint i = 0; web->domains[i] != NULL; i++) {
    BmWebIdentity one = bm_web_identity (call->area->web, call->session, web->domains[i]);
    if (one == BM_WEB_IDENTITY_NONE || (i > 0 && one != identity))
      return BM_WEB_IDENTITY_NONE;
    identity = one;
  }
  return identity;
}

/* start, retry. What cannot be started for the first time has not been started. */
static gboolean
run (BmWebImportCall *call, BmWebBatch *web, BmWebIdentity identity, GError **error)
{
  const gchar *jobs = call->area->config->jobs;
  g_autofree gchar *directory = bm_webbatch_directory (jobs, call->id);
  g_autofree gchar *map = bm_webbatch_map (jobs, call->id);
  gboolean starts = g_str_equal (call->word, "start");
  web->own_key = identity == BM_WEB_IDENTITY_SESSION;
  web->started_ms = starts ? g_get_real_time () / 1000 : web->started_ms;
  if (bm_web_give_key (call->session, identity, directory, error) &&
      bm_webbatch_save (jobs, web, error) &&
      bm_web_conduct (call->area, directory, call->id, starts ? "batch" : "retry",
                      starts ? map : NULL, call->session->login, web->own_key, call->cause, error))
    return TRUE;
  if (starts) {
    web->started_ms = 0;
    bm_webbatch_save (jobs, web, NULL);
    bm_webkey_remove (directory);
  }
  return FALSE;
}

static gboolean
act (BmWebImportCall *call, BmWebBatch *web, BmWebIdentity identity, GError **error)
{
  g_autofree gchar *directory = bm_webbatch_directory (call->area->config->jobs, call->id);
  gboolean ok = TRUE;
  if (g_str_equal (call->word, "start") || g_str_equal (call->word, "retry")) {
    ok = run (call, web, identity, error);
  } else if (!call->look.conducted && !bm_webworker_runs (directory, BM_WEBWORKER_CONDUCTOR)) {
    ok = bm_web_conduct (call->area, directory, call->id, call->word, NULL, NULL, FALSE, NULL,
                         error);
  }
  if (ok)
    bm_web_keep (call->area, call->id, directory);
  return ok;
}

static void
on_ordered (BmWebRequest *request, gpointer data, const GError *failure)
{
  BmWebImportCall *call = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (BmWebBatch) web = bm_webbatch_load (call->area->config->jobs, call->id);
  if (bm_web_import_signed_out (call, request))
    return;
  if (failure != NULL) {
    bm_web_reply_failure (request, failure, 404);
    return;
  }
  /* another page may have been quicker */
  if (call->text == NULL && web != NULL && web->started_ms != 0 &&
      g_str_equal (call->word, "start"))
    call->text = g_strdup ("This batch has been started already.");
  if (call->text != NULL || web == NULL) {
    bm_web_reply_error (request, 409, "state", call->text != NULL ? call->text : "It is gone.",
                        "Look at its state.");
    return;
  }
  BmWebIdentity identity = identity_of (call, web);
  if (identity == BM_WEB_IDENTITY_NONE) {
    bm_web_reply_error (request, 403, "not-allowed",
                        "You may not act for the users of all rows of this batch.",
                        "Ask who ordered it.");
    return;
  }
  if (!act (call, web, identity, &error)) {
    bm_web_reply_gerror (request, 0, error);
    return;
  }
  g_message ("batch %s: %s by %s", call->id, call->word, call->session->login);
  bm_web_reply_empty (request, 202);
}

static void
post_order (BmWebRequest *request, gpointer data)
{
  BmWebImportCall *call = bm_web_import_call (data, request);
  JsonNode *cause = request->json != NULL ? json_object_get_member (request->json, "cause") : NULL;
  call->word = g_strdup (request->path[g_strv_length ((GStrv) request->path) - 1]);
  if (cause != NULL && JSON_NODE_HOLDS_VALUE (cause) &&
      json_node_get_value_type (cause) == G_TYPE_STRING) {
    const gchar *token = json_node_get_string (cause);
    if (*token != '\0' && strspn (token, "abcdefghijklmnopqrstuvwxyz-") == strlen (token))
      call->cause = g_strdup (token);
  }
  bm_web_run (request, order, on_ordered, call, bm_web_import_call_free);
}

const BmWebRoute bm_web_batch_routes[] = {
    {"POST", "batches", post_batches, BM_WEB_RAW, CSV_MAX},
    {"GET", "batches/:id", get_batch},
    {"POST", "batches/:id/start", post_order},
    {"POST", "batches/:id/pause", post_order},
    {"POST", "batches/:id/resume", post_order},
    {"POST", "batches/:id/cancel", post_order},
    {"POST", "batches/:id/retry", post_order},
    {"GET", "batches/:id/report.html", get_report},
    {"GET", "batches/:id/report.json", get_report},
    {"GET", "batches/:id/report.csv", get_report},
    {"GET", "batches/:id/report.txt", get_report},
    {NULL},
};
