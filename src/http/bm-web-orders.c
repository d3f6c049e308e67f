/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* What an administrator orders of an import: check, start, pause, resume, cancel, retry. What is
 * asked of BlueMind, of a journal or of a batch is asked in a thread; here are the workers' command
 * lines. Workers outlive the daemon. */
#include "http/bm-web-imports.h"

#include "base/bm-disk.h"
#include "http/bm-web-uploads.h"
#include "http/bm-webcount.h"
#include "http/bm-weboptions.h"
#include "http/bm-weboutput.h"
#include "http/bm-webuser.h"
#include <bm-pst-import/import.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>

#define INVENTORY "inventory"

/* ---- command lines ---- */

static void
add_config (const BmWebImports *area, GStrvBuilder *words)
{
  if (area->config->file != NULL)
    g_strv_builder_add_many (words, "--config", area->config->file, NULL);
}

static gboolean
start_check (BmWebImports *area, const BmWebImport *import, const gchar *name, const gchar *csv,
             gboolean key, GSourceFunc done, gpointer data, GError **error)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  g_autofree gchar *map = bm_webimport_path (import, csv);
  g_autofree gchar *key_path = bm_webimport_path (import, "key");
  g_strv_builder_add_many (builder, "map", "--check", map, "--format", "json", NULL);
  if (key)
    g_strv_builder_add_many (builder, "--admin-key-file", key_path, NULL);
  add_config (area, builder);
  g_auto (GStrv) words = g_strv_builder_end (builder);
  return bm_webworker_start (import->directory, name, (const gchar *const *) words, FALSE, done,
                             data, error);
}

gboolean
bm_web_inspect (BmWebImports *area, const BmWebImport *import, GError **error)
{
  static const gchar *const no_words[] = {NULL};
  g_autofree gchar *inventory = bm_webimport_path (import, INVENTORY);
  const gchar *words[] = {"inspect",     import->file, "--full", "--follow",
                          "--inventory", inventory,    NULL};
  if (!bm_webworker_start (import->directory, BM_WEBWORKER_INSPECT, words, FALSE, NULL, NULL,
                           error) ||
      !bm_webimport_write_row (import, "owner.csv", no_words, error))
    return FALSE;
  return start_check (area, import, BM_WEBWORKER_OWNER, "owner.csv", FALSE, NULL, NULL, error);
}

gboolean
bm_web_conduct (BmWebImports *area, const gchar *directory, const gchar *batch, const gchar *verb,
                const gchar *map, const gchar *by, gboolean key, const gchar *cause, GError **error)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  g_autofree gchar *key_path = g_build_filename (directory, "key", NULL);
  g_strv_builder_add_many (builder, verb, map != NULL ? map : batch, "--format", "json", "--jobs",
                           area->config->jobs, NULL);
  add_config (area, builder);
  if (map != NULL)
    g_strv_builder_add_many (builder, "--name", batch, NULL);
  if (by != NULL)
    g_strv_builder_add_many (builder, "--operator", by, NULL);
  if (key) /* a long import must not depend on the life of somebody's session */
    g_strv_builder_add_many (builder, "--admin-key-file", key_path, NULL);
  else if (by != NULL && map == NULL)
    g_strv_builder_add_many (builder, "--admin-key-file", "", NULL);
  if (key && map != NULL)
    g_strv_builder_add_many (builder, "--credential", "api-key", NULL);
  if (cause != NULL)
    g_strv_builder_add_many (builder, "--cause", cause, NULL);
  g_auto (GStrv) words = g_strv_builder_end (builder);
  return bm_webworker_start (directory, BM_WEBWORKER_CONDUCTOR, (const gchar *const *) words, TRUE,
                             NULL, NULL, error);
}

gboolean
bm_web_give_key (const BmWebSession *session, BmWebIdentity identity, const gchar *directory,
                 GError **error)
{
  if (identity == BM_WEB_IDENTITY_SESSION)
    return bm_webkey_write (directory, session->core_key, error);
  bm_webkey_remove (directory);
  return TRUE;
}

/* ---- what all have in common ---- */

static void
reply_state (BmWebRequest *request, const gchar *text, const gchar *action)
{
  bm_web_reply_error (request, 409, "state", text, action);
}

static const gchar *
text_member (JsonObject *json, const gchar *name)
{
  JsonNode *node = json != NULL ? json_object_get_member (json, name) : NULL;
  return node != NULL && JSON_NODE_HOLDS_VALUE (node) &&
                 json_node_get_value_type (node) == G_TYPE_STRING
             ? json_node_get_string (node)
             : NULL;
}

/* The import and the administrator's right to order; NULL after an answer. */
static BmWebImportCall *
begin (BmWebImports *area, BmWebRequest *request)
{
  BmWebImportCall *call = bm_web_import_call (area, request);
  const gchar *why = NULL, *action = NULL;
  call->import = bm_web_import_of (area, request);
  if (call->import != NULL) {
    const gchar *domain = call->import->domain_uid;
    call->identity = bm_web_identity (request->web, request->session, domain);
    if (call->identity != BM_WEB_IDENTITY_NONE)
      return call;
    bm_web_identity_words (request->web, request->session, domain, &why, &action);
    bm_web_reply_error (request, 403, "not-allowed", why, action);
  }
  bm_web_import_call_free (call);
  return NULL;
}

/* into and options of the body, else those that the import has. FALSE after an answer. */
static gboolean
read_choice (BmWebImportCall *call, BmWebRequest *request)
{
  g_autoptr (GError) error = NULL;
  const gchar *into = text_member (request->json, "into");
  JsonNode *options =
      request->json != NULL ? json_object_get_member (request->json, "options") : NULL;
  call->into = into != NULL && *into != '\0'
                   ? bm_import_canonical_into (into, &bm_name_rules_bluemind, FALSE, &error)
                   : g_strdup (call->import->into);
  if (call->into != NULL)
    call->options = options != NULL && JSON_NODE_HOLDS_OBJECT (options)
                        ? bm_weboptions_read (json_node_get_object (options), &error)
                        : json_object_ref (call->import->options);
  if (error == NULL)
    return TRUE;
  bm_web_reply_failure (request, error, 400);
  return FALSE;
}

static void
run_or_free (BmWebImportCall *call, BmWebRequest *request, gboolean ok, BmWebWork work,
             BmWebDone done)
{
  if (ok)
    bm_web_run (request, work, done, call, bm_web_import_call_free);
  else
    bm_web_import_call_free (call);
}

/* ---- check ---- */

static void
add_finding (JsonArray *list, const gchar *topic, const gchar *level, const gchar *cause,
             const gchar *text, const gchar *action)
{
  JsonObject *finding = json_object_new ();
  json_object_set_string_member (finding, "topic", topic);
  json_object_set_string_member (finding, "level", level);
  json_object_set_string_member (finding, "cause", cause);
  json_object_set_string_member (finding, "text", text);
  json_object_set_string_member (finding, "do", action);
  json_array_add_object_element (list, finding);
}

static void
check_disk (const BmConfig *config, JsonArray *list)
{
  guint64 left, needed = MAX (config->batch_min_free, BM_DISK_LEAST);
  if (!bm_disk_free (config->jobs, &left))
    return; /* making the job will say why */
  g_autofree gchar *size = g_format_size_full (left, G_FORMAT_SIZE_IEC_UNITS);
  g_autofree gchar *text = g_strdup_printf ("%s are free for the import's journal.", size);
  if (left >= needed)
    add_finding (list, "space", "ok", "", text, "");
  else
    add_finding (list, "space", "stop", bm_cause_token (BM_CAUSE_DISK_FULL), text,
                 bm_cause_advice (BM_CAUSE_DISK_FULL));
}

/* The daemon's own: identity, core, disk. */
static gboolean
check_self (gpointer data, GError **error)
{
  BmWebImportCall *call = data;
  const BmConfig *config = call->area->config;
  JsonArray *list = json_array_new ();
  gboolean own = call->identity == BM_WEB_IDENTITY_SESSION;
  g_autoptr (GError) local = NULL;
  add_finding (list, own ? "own-right" : "service-right", "ok", "",
               own ? "The import acts with your own right to act for users (sudo)."
                   : "The import acts with this service's admin key.",
               "");
  if (!bm_webuser_check_core (config, own ? call->session->core_key : NULL, &local)) {
    BmCause cause = bm_error_cause (local);
    add_finding (list, "core", "stop", bm_cause_token (cause), local->message,
                 bm_cause_advice (cause));
  }
  check_disk (config, list);
  call->answer = json_object_new ();
  json_object_set_array_member (call->answer, "list", list);
  bm_webstate_look (config, call->import, &call->look);
  return TRUE;
}

/* The key is only needed while it is checked. */
typedef struct {
  BmWebImports *area;
  gchar *id;
} Checked;

static gboolean
on_check_ended (gpointer data)
{
  Checked *checked = data;
  g_autoptr (BmWebImport) import =
      bm_webimport_load (checked->area->config->jobs, checked->id, NULL);
  if (import != NULL && import->started_ms == 0)
    bm_webkey_remove (import->directory);
  g_free (checked->id);
  g_free (checked);
  return G_SOURCE_REMOVE;
}

static gboolean
start_checking (BmWebImportCall *call, BmWebImport *import, GError **error)
{
  gboolean key = call->identity == BM_WEB_IDENTITY_SESSION;
  g_free (import->into);
  import->into = g_strdup (call->into);
  json_object_unref (import->options);
  import->options = json_object_ref (call->options);
  if (!bm_webimport_save (import, error) ||
      !bm_webjson_save (import->directory, BM_WEBCHECKS, call->answer, error) ||
      !bm_webimport_write_row (import, "row.csv", NULL, error) ||
      !bm_web_give_key (call->session, call->identity, import->directory, error))
    return FALSE;
  Checked *checked = g_new0 (Checked, 1);
  *checked = (Checked){call->area, g_strdup (import->id)};
  if (start_check (call->area, import, BM_WEBWORKER_CHECK, "row.csv", key, on_check_ended, checked,
                   error))
    return TRUE;
  on_check_ended (checked);
  return FALSE;
}

static void
on_self_checked (BmWebRequest *request, gpointer data, const GError *failure)
{
  BmWebImportCall *call = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (BmWebImport) import =
      bm_webimport_load (call->area->config->jobs, call->id, &error); /* as it is by now */
  if (import == NULL) {
    bm_web_reply_failure (request, error, 404);
    return;
  }
  if (import->started_ms != 0 || call->look.stage == BM_WEBSTAGE_CHECKING ||
      call->look.stage == BM_WEBSTAGE_REFUSED) {
    reply_state (request,
                 call->look.stage == BM_WEBSTAGE_CHECKING ? "It is being checked already."
                 : import->started_ms != 0                ? "This import has been started."
                                                          : "The PST cannot be read.",
                 "Look at its state.");
    return;
  }
  if (start_checking (call, import, &error))
    bm_web_reply_empty (request, 202);
  else
    bm_web_reply_gerror (request, 0, error);
}

static void
post_check (BmWebRequest *request, gpointer data)
{
  BmWebImportCall *call = begin (data, request);
  if (call != NULL)
    run_or_free (call, request, read_choice (call, request), check_self, on_self_checked);
}

/* ---- start ---- */

static guint64
number (JsonObject *object, const gchar *name)
{
  return (guint64) json_object_get_int_member_with_default (object, name, 0);
}

/* Between the order and the start hours may pass: the address may be somebody else's by now, and the
 * file another one, though nobody looked into that. FALSE with an error: it cannot be told. */
static gboolean
is_as_ordered (BmWebImportCall *call, GError **error)
{
  const BmWebImport *import = call->import;
  struct stat info;
  g_autoptr (BmUser) user = bm_webuser_find (call->area->config, import->user, error);
  if (user == NULL)
    return FALSE;
  if (!g_str_equal (user->user_uid, import->user_uid) ||
      !g_str_equal (user->domain_uid, import->domain_uid)) {
    call->text =
        g_strdup ("This address has become another person's since the import was ordered.");
    return TRUE;
  }
  if (*import->upload != '\0')
    return TRUE;
  g_autofree gchar *file =
      bm_web_files_resolve (call->area->web, call->session, import->file, error);
  if (file == NULL)
    return FALSE;
  if (!g_str_equal (file, import->file) || stat (file, &info) != 0 ||
      (guint64) info.st_size != import->size ||
      bm_webimport_modified_ms (&info) != import->modified_ms)
    call->text = g_strdup ("The file has changed since it was looked at.");
  return TRUE;
}

static gboolean
look_and_count (gpointer data, GError **error)
{
  BmWebImportCall *call = data;
  if (!is_as_ordered (call, error))
    return FALSE;
  bm_webstate_look (call->area->config, call->import, &call->look);
  g_autoptr (JsonObject) count = bm_webcount (call->import, call->options, NULL);
  if (count != NULL && !json_object_get_boolean_member (count, "preliminary")) {
    call->mails = number (count, "mails");
    call->bytes = number (count, "bytes");
  }
  return TRUE;
}

/* Why it may not be started; NULL: it may. */
static const gchar *
why_not (const BmWebImportCall *call, const BmWebImport *import, const gchar **action)
{
  *action = "Check it with these options first.";
  if (import->started_ms != 0) {
    *action = "Look at its state.";
    return "This import has been started already.";
  }
  if (call->look.stage != BM_WEBSTAGE_CHECKED)
    return "This import has not been checked.";
  if (!g_str_equal (call->into, import->into) ||
      !bm_weboptions_equal (call->options, import->options))
    return "The checks were made for other options.";
  if (call->text != NULL) {
    *action = "Delete this import and order it anew.";
    return call->text;
  }
  if (!g_str_equal (call->look.check_level, "stop"))
    return NULL;
  *action = "Mend what the checks name, and check again.";
  return "The checks tell that it must not be started.";
}

static gboolean
start (BmWebImportCall *call, BmWebImport *import, GError **error)
{
  g_autofree gchar *batch = bm_webimport_batch (import);
  g_autofree gchar *map = bm_webimport_path (import, "row.csv");
  import->started_ms = g_get_real_time () / 1000;
  import->own_key = call->identity == BM_WEB_IDENTITY_SESSION;
  import->mails = call->mails;
  import->bytes = call->bytes;
  if (!bm_web_give_key (call->session, call->identity, import->directory, error) ||
      !bm_webimport_write_row (import, "row.csv", NULL, error) ||
      !bm_webimport_save (import, error))
    return FALSE;
  if (bm_web_conduct (call->area, import->directory, batch, "batch", map, call->session->login,
                      import->own_key, NULL, error)) {
    bm_web_keep (call->area, batch, import->directory);
    return TRUE;
  }
  import->started_ms = 0;
  bm_webimport_save (import, NULL);
  bm_webkey_remove (import->directory);
  return FALSE;
}

/* Between two runs nothing kept it from being deleted, nor when the order lay too long. */
static gboolean
keep_upload (BmWeb *web, const BmWebImport *import, GError **error)
{
  return *import->upload == '\0' ||
         bm_web_uploads_use_again (web, import->upload, import->id, error);
}

static void
on_start_looked (BmWebRequest *request, gpointer data, const GError *failure)
{
  BmWebImportCall *call = data;
  g_autoptr (GError) error = NULL;
  g_autoptr (BmWebImport) import = bm_webimport_load (call->area->config->jobs, call->id, &error);
  const gchar *action, *why;
  if (bm_web_import_signed_out (call, request))
    return;
  if (failure != NULL && import != NULL && import->started_ms == 0) {
    bm_web_reply_gerror (request, 0, failure);
  } else if (import == NULL) {
    bm_web_reply_failure (request, error, 404);
  } else if ((why = why_not (call, import, &action)) != NULL) {
    reply_state (request, why, action);
  } else if (!keep_upload (request->web, import, &error) || !start (call, import, &error)) {
    bm_web_uploads_reply_error (request, error);
  } else {
    g_message ("import %s: started by %s", import->id, call->session->login);
    bm_web_reply_empty (request, 202);
  }
}

static void
post_start (BmWebRequest *request, gpointer data)
{
  BmWebImportCall *call = begin (data, request);
  if (call != NULL)
    run_or_free (call, request, read_choice (call, request), look_and_count, on_start_looked);
}

/* ---- pause, resume, cancel, retry ---- */

static gboolean
want (const BmWebImportCall *call, BmWant what, GError **error)
{
  g_autofree gchar *name = bm_webimport_batch (call->import);
  g_autoptr (BmBatch) batch = bm_batch_open (call->area->config->jobs, name, FALSE, error);
  return batch != NULL && bm_batch_want (batch, what, error);
}

/* Told at once to a conductor that runs; without one each needs one, pause too: a worker that a dead
 * one left is to stop. */
static gboolean
order (gpointer data, GError **error)
{
  BmWebImportCall *call = data;
  bm_webstate_look (call->area->config, call->import, &call->look);
  if (call->import->started_ms == 0 || bm_webstage_is_over (call->look.stage) ||
      g_str_equal (call->word, "retry"))
    return TRUE;
  return want (call,
               g_str_equal (call->word, "pause")    ? BM_WANT_PAUSE
               : g_str_equal (call->word, "cancel") ? BM_WANT_CANCEL
                                                    : BM_WANT_RUN,
               error);
}

static const gchar *
why_no_order (const BmWebImportCall *call)
{
  gboolean retry = g_str_equal (call->word, "retry");
  if (call->import->started_ms == 0)
    return "This import has not been started.";
  if (!retry && bm_webstage_is_over (call->look.stage))
    return "This import is over.";
  if (retry && !bm_webstage_is_over (call->look.stage))
    return "This import is not over.";
  return retry && !call->look.retryable ? "There is nothing to try again." : NULL;
}

/* In the name of who tries again, with his right. */
static gboolean
retry (BmWebImportCall *call, const gchar *batch, GError **error)
{
  BmWebImport *import = call->import;
  import->own_key = call->identity == BM_WEB_IDENTITY_SESSION;
  return bm_webimport_save (import, error) &&
         bm_web_give_key (call->session, call->identity, import->directory, error) &&
         bm_web_conduct (call->area, import->directory, batch, "retry", NULL, call->session->login,
                         import->own_key, call->cause, error);
}

static void
on_ordered (BmWebRequest *request, gpointer data, const GError *failure)
{
  BmWebImportCall *call = data;
  g_autoptr (GError) error = NULL;
  g_autofree gchar *batch = bm_webimport_batch (call->import);
  const gchar *why = failure == NULL ? why_no_order (call) : NULL;
  gboolean ok = TRUE;
  if (bm_web_import_signed_out (call, request))
    return;
  if (failure != NULL) {
    bm_web_reply_failure (request, failure, 409);
    return;
  }
  if (why != NULL) {
    reply_state (request, why, "Look at its state.");
    return;
  }
  if (g_str_equal (call->word, "retry"))
    ok = keep_upload (request->web, call->import, &error) && retry (call, batch, &error);
  else if (!call->look.conducted)
    ok = bm_web_conduct (call->area, call->import->directory, batch, call->word, NULL, NULL, FALSE,
                         NULL, &error);
  if (!ok && g_str_equal (call->word, "retry"))
    bm_web_uploads_settle (request->web, call->import->upload, call->import->id, FALSE);
  if (!ok) {
    bm_web_uploads_reply_error (request, error);
    return;
  }
  bm_web_keep (call->area, batch, call->import->directory);
  g_message ("import %s: %s by %s", call->import->id, call->word, call->session->login);
  bm_web_reply_empty (request, 202);
}

static void
post_order (BmWebRequest *request, gpointer data)
{
  BmWebImportCall *call = begin (data, request);
  const gchar *cause = text_member (request->json, "cause");
  if (call == NULL)
    return;
  call->word = g_strdup (request->path[g_strv_length ((GStrv) request->path) - 1]);
  call->cause = g_strdup (cause != NULL && *cause != '\0' ? cause : NULL);
  gboolean clean = call->cause == NULL ||
                   strspn (call->cause, "abcdefghijklmnopqrstuvwxyz-") == strlen (call->cause);
  if (!clean)
    bm_web_reply_error (request, 400, "bad-input", "\"cause\" is no token.",
                        "docs/tokens.md lists them.");
  run_or_free (call, request, clean, order, on_ordered);
}

const BmWebRoute bm_web_order_routes[] = {
    {"POST", "imports/:id/check", post_check},
    {"POST", "imports/:id/start", post_start},
    {"POST", "imports/:id/pause", post_order},
    {"POST", "imports/:id/resume", post_order},
    {"POST", "imports/:id/cancel", post_order},
    {"POST", "imports/:id/retry", post_order},
    {NULL},
};
