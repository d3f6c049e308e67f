/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* See bm-web-uploads.h: the tus requests, and what happens by the clock. */
#include "http/bm-web-uploads-private.h"
#include "http/bm-webimport.h"

#include <libsoup/soup.h>
#include <string.h>

#define TUS_VERSION    "1.0.0"
#define TUS_EXTENSIONS "creation,creation-with-upload,expiration,termination,checksum"
#define TUS_CHECKSUMS  "sha1,sha256"
#define BODY_TYPE      "application/offset+octet-stream"
#define SWEEP_MAX_S    60

/* ---- answers ---- */

void
bm_web_uploads_set_number (BmWebRequest *request, const gchar *name, guint64 value)
{
  g_autofree gchar *text = g_strdup_printf ("%" G_GUINT64_FORMAT, value);
  bm_web_request_set_header (request, name, text);
}

void
bm_web_uploads_set_state (BmWebUploads *area, BmWebRequest *request, const BmUpload *upload)
{
  gint64 expires = bm_uploads_expires_at (area->store, upload);
  bm_web_uploads_set_number (request, "Upload-Offset", upload->offset);
  if (expires == 0)
    return;
  g_autoptr (GDateTime) time = g_date_time_new_from_unix_utc (expires);
  g_autofree gchar *text = soup_date_time_to_string (time, SOUP_DATE_HTTP);
  bm_web_request_set_header (request, "Upload-Expires", text);
}

void
bm_web_uploads_reply_error (BmWebRequest *request, const GError *error)
{
  guint status;
  const gchar *token, *action;
  if (error->domain != BM_UPLOAD_ERROR) {
    bm_web_reply_gerror (request, 0, error);
    return;
  }
  bm_upload_error_words (error, &status, &token, &action);
  bm_web_reply_error (request, status, token, error->message, action);
}

gboolean
bm_web_uploads_greet (BmWebRequest *request)
{
  bm_web_request_set_header (request, "Tus-Resumable", TUS_VERSION);
  if (g_strcmp0 (bm_web_request_header (request, "Tus-Resumable"), TUS_VERSION) == 0)
    return TRUE;
  bm_web_request_set_header (request, "Tus-Version", TUS_VERSION);
  bm_web_reply_error (request, 412, "tus-version", "The header Tus-Resumable is not 1.0.0.",
                      "Upload with a client that speaks tus 1.0.0.");
  return FALSE;
}

/* ---- finding ---- */

gboolean
bm_web_uploads_may (const BmWebSession *session, const BmUpload *upload)
{
  return g_strv_contains (session->domains, "*") || g_str_equal (upload->owner, session->login);
}

static BmUpload *
find (BmWebUploads *area, const BmWebSession *session, const gchar *id, GError **error)
{
  if (area->store == NULL) {
    g_propagate_error (error, g_error_copy (area->fault));
    return NULL;
  }
  BmUpload *upload = bm_uploads_find (area->store, id, error);
  if (upload == NULL || bm_web_uploads_may (session, upload))
    return upload;
  g_set_error (error, BM_UPLOAD_ERROR, BM_UPLOAD_ERROR_UNKNOWN, "There is no such upload.");
  return NULL;
}

/* NULL after an answer. */
static BmUpload *
find_or_reply (BmWebUploads *area, BmWebRequest *request)
{
  g_autoptr (GError) error = NULL;
  const gchar *id = bm_web_request_param (request, "id");
  BmUpload *upload = find (area, request->session, id, &error);
  if (upload == NULL)
    bm_web_uploads_reply_error (request, error);
  return upload;
}

/* ---- what happens by itself ---- */

typedef struct {
  BmWebUploads *area;
  gchar *id, *path, *jobs, *uploads, *sha256;
  guint64 size;
  GPtrArray *matches;
} Examination;

static void
examination_free (Examination *it)
{
  g_free (it->id);
  g_free (it->path);
  g_free (it->jobs);
  g_free (it->uploads);
  g_free (it->sha256);
  g_clear_pointer (&it->matches, g_ptr_array_unref);
  g_free (it);
}

static void
examine_in_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  Examination *it = data;
  GError *error = NULL;
  if (it->sha256 == NULL)
    it->sha256 = bm_upload_hash_file (it->path, cancellable, &error);
  if (it->sha256 == NULL) {
    g_task_return_error (task, error);
    return;
  }
  it->matches =
      bm_upload_known_jobs (it->jobs, it->uploads, it->id, it->size, it->sha256, cancellable);
  g_task_return_boolean (task, TRUE);
}

static void
on_examined (GObject *source, GAsyncResult *result, gpointer data)
{
  Examination *it = data;
  BmWebUploads *area = it->area;
  g_autoptr (GError) error = NULL;
  BmUpload *upload = bm_uploads_find (area->store, it->id, NULL);
  gboolean ok = g_task_propagate_boolean (G_TASK (result), &error);
  if (ok && upload != NULL) /* it may be deleted by now */
    ok = bm_uploads_examined (area->store, upload, it->sha256, g_steal_pointer (&it->matches),
                              &error);
  if (!ok && upload != NULL) {
    g_warning ("upload %s: %s", it->id, error->message);
    g_hash_table_add (area->unreadable, g_strdup (it->id));
  }
  area->examining = FALSE;
  examination_free (it);
  bm_web_uploads_examine (area);
}

gboolean
bm_web_uploads_is_to_be_examined (const BmWebUploads *area, const BmUpload *upload)
{
  return upload->gone == BM_UPLOAD_HERE && upload->completed != 0 && !upload->examined &&
         !g_hash_table_contains (area->unreadable, upload->id);
}

void
bm_web_uploads_examine (BmWebUploads *area)
{
  g_autoptr (GPtrArray) list = bm_uploads_list (area->store);
  const BmUpload *next = NULL;
  for (guint i = 0; i < list->len; i++) /* the oldest first */
    if (bm_web_uploads_is_to_be_examined (area, g_ptr_array_index (list, i)))
      next = g_ptr_array_index (list, i);
  if (next == NULL || area->examining)
    return;
  const BmConfig *config = bm_web_config (area->web);
  Examination *it = g_new0 (Examination, 1);
  it->area = area;
  it->id = g_strdup (next->id);
  it->path = bm_uploads_path (area->store, next);
  it->jobs = g_strdup (config->jobs);
  it->uploads = g_strdup (config->web.uploads);
  it->sha256 = g_strdup (next->sha256);
  it->size = next->size;
  area->examining = TRUE;
  g_autoptr (GTask) task = g_task_new (NULL, area->cancellable, on_examined, it);
  g_task_set_task_data (task, it, NULL);
  g_task_run_in_thread (task, examine_in_thread);
}

static void
empty_in_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  bm_uploads_empty_trash (data);
  g_task_return_boolean (task, TRUE);
}

static void
on_emptied (GObject *source, GAsyncResult *result, gpointer data)
{
  ((BmWebUploads *) data)->emptying = FALSE;
}

void
bm_web_uploads_empty_trash (BmWebUploads *area)
{
  if (area->emptying) /* the next sweep takes what this round does not see */
    return;
  area->emptying = TRUE;
  g_autoptr (GTask) task = g_task_new (NULL, NULL, on_emptied, area);
  g_task_set_task_data (task, g_strdup (bm_web_config (area->web)->web.uploads), g_free);
  g_task_run_in_thread (task, empty_in_thread);
}

/* Somebody ordered an import, looked what is inside, and never came back. */
static void
drop_idle_uses (BmWebUploads *area, BmUpload *upload)
{
  const gchar *jobs = bm_web_config (area->web)->jobs;
  for (guint i = upload->uses->len; i-- > 0;) {
    g_autofree gchar *id = g_strdup (g_ptr_array_index (upload->uses, i));
    g_autoptr (BmWebImport) import = bm_webimport_load (jobs, id, NULL);
    g_autoptr (GError) error = NULL;
    if (import != NULL && import->started_ms != 0)
      continue;
    if (!bm_uploads_drop_use (area->store, upload, id, &error))
      g_warning ("upload %s: %s", upload->id, error->message);
  }
}

static void
drop_all_idle_uses (BmWebUploads *area, gint64 now)
{
  const BmConfigWeb *config = &bm_web_config (area->web)->web;
  gint64 kept = MAX ((gint64) config->keep_days * 86400, config->upload_expires_s);
  g_autoptr (GPtrArray) list = bm_uploads_list (area->store);
  for (guint i = 0; i < list->len; i++) {
    BmUpload *upload = g_ptr_array_index (list, i);
    if (upload->uses->len > 0 && MAX (upload->completed, upload->settled) + kept <= now)
      drop_idle_uses (area, upload);
  }
}

static gboolean
sweep (gpointer data)
{
  BmWebUploads *area = data;
  gint64 now = g_get_real_time () / G_USEC_PER_SEC;
  drop_all_idle_uses (area, now);
  guint n = bm_uploads_sweep (area->store, now);
  if (n > 0)
    g_message ("%u uploads have had their time and are removed", n);
  bm_web_uploads_empty_trash (area);
  return G_SOURCE_CONTINUE;
}

/* ---- OPTIONS, POST ---- */

static void
options (BmWebRequest *request, gpointer data)
{
  bm_web_request_set_header (request, "Tus-Resumable", TUS_VERSION);
  bm_web_request_set_header (request, "Tus-Version", TUS_VERSION);
  bm_web_request_set_header (request, "Tus-Extension", TUS_EXTENSIONS);
  bm_web_request_set_header (request, "Tus-Checksum-Algorithm", TUS_CHECKSUMS);
  bm_web_uploads_set_number (request, "Tus-Max-Size", bm_web_config (request->web)->web.max_upload);
  bm_web_reply_empty (request, 204);
}

/* Does the header name our type for bodies? Parameters are not expected. */
static gboolean
has_body_type (BmWebRequest *request)
{
  const gchar *type = bm_web_request_header (request, "Content-Type");
  return type != NULL && g_ascii_strcasecmp (type, BODY_TYPE) == 0;
}

static gboolean
refuse (GError **error, BmUploadError code, const gchar *text)
{
  g_set_error_literal (error, BM_UPLOAD_ERROR, code, text);
  return FALSE;
}

static gboolean
take_checksum (BmWebRequest *request, BmUploadChecksum *checksum, gboolean *has, GError **error)
{
  const gchar *header = bm_web_request_header (request, "Upload-Checksum");
  *has = header != NULL;
  return header == NULL || bm_upload_parse_checksum (header, checksum, error);
}

static BmUpload *
create_upload (BmWebUploads *area, BmWebRequest *request, GError **error)
{
  guint64 size;
  if (area->store == NULL) {
    g_propagate_error (error, g_error_copy (area->fault));
    return NULL;
  }
  if (bm_web_request_header (request, "Upload-Defer-Length") != NULL ||
      bm_web_request_header (request, "Upload-Concat") != NULL) {
    refuse (error, BM_UPLOAD_ERROR_BAD_HEADER,
            "The length must be known at once, and parts cannot be put together.");
    return NULL;
  }
  const gchar *length = bm_web_request_header (request, "Upload-Length");
  if (!bm_upload_parse_number ("Upload-Length", length, &size, error))
    return NULL;
  const gchar *metadata = bm_web_request_header (request, "Upload-Metadata");
  g_autofree gchar *name = bm_upload_metadata_name (metadata, error);
  if (name == NULL)
    return NULL;
  return bm_uploads_create (area->store, request->session->login, request->session->domain_uid,
                            name, size, error);
}

static void
create (BmWebRequest *request, gpointer data)
{
  BmWebUploads *area = data;
  g_autoptr (GError) error = NULL;
  BmUploadChecksum checksum;
  gboolean checked, body = has_body_type (request) && bm_web_request_length (request) != 0;
  if (!bm_web_uploads_greet (request))
    return;
  BmUpload *upload = NULL;
  if (take_checksum (request, &checksum, &checked, &error))
    upload = create_upload (area, request, &error);
  if (upload == NULL) {
    bm_web_uploads_reply_error (request, error);
    return;
  }
  g_autofree gchar *below = g_strconcat (BM_WEB_API, "uploads/", upload->id, NULL);
  g_autofree gchar *location = bm_web_path (request->web, below);
  g_message ("upload %s begins: %" G_GUINT64_FORMAT " bytes", upload->id, upload->size);
  bm_web_request_set_header (request, "Location", location);
  if (!body) {
    bm_web_uploads_set_state (area, request, upload);
    bm_web_reply_empty (request, 201);
  } else if (!bm_web_pump_begin (area, request, upload, 0, checked ? &checksum : NULL, TRUE,
                                 &error))
    bm_web_uploads_reply_error (request, error);
}

/* ---- HEAD, PATCH, DELETE ---- */

/* TRUE: this request will be handled again, once the one that is writing has come to its end. */
static gboolean
wait_for_pump (BmWebUploads *area, BmWebRequest *request, const BmUpload *upload,
               gboolean only_stale, BmWebHandler handler)
{
  BmWebPump *pump = g_hash_table_lookup (area->pumps, upload->id);
  return pump != NULL && (!only_stale || bm_web_pump_is_stale (pump)) &&
         bm_web_pump_cut (pump, request, handler);
}

static void
head (BmWebRequest *request, gpointer data)
{
  BmWebUploads *area = data;
  if (!bm_web_uploads_greet (request))
    return;
  BmUpload *upload = find_or_reply (area, request);
  if (upload == NULL || wait_for_pump (area, request, upload, TRUE, head))
    return;
  g_autofree gchar *coded = g_base64_encode ((const guchar *) upload->name, strlen (upload->name));
  g_autofree gchar *metadata = g_strconcat ("filename ", coded, NULL);
  bm_web_request_set_header (request, "Upload-Metadata", metadata);
  bm_web_uploads_set_number (request, "Upload-Length", upload->size);
  bm_web_uploads_set_state (area, request, upload);
  bm_web_reply_empty (request, 200);
}

static gboolean
check_patch (BmWebRequest *request, const BmUpload *upload, guint64 *offset, GError **error)
{
  const gchar *header = bm_web_request_header (request, "Upload-Offset");
  if (!bm_upload_parse_number ("Upload-Offset", header, offset, error))
    return FALSE;
  gint64 length = bm_web_request_length (request);
  if (length > 0 && *offset == upload->offset && (guint64) length > upload->size - upload->offset)
    return refuse (error, BM_UPLOAD_ERROR_LONGER,
                   "More bytes would come than the file was said to have.");
  return TRUE;
}

static void
patch (BmWebRequest *request, gpointer data)
{
  BmWebUploads *area = data;
  g_autoptr (GError) error = NULL;
  BmUploadChecksum checksum;
  gboolean checked;
  guint64 offset;
  if (!bm_web_uploads_greet (request))
    return;
  if (!has_body_type (request)) {
    bm_web_reply_error (request, 415, "content-type",
                        "The body is not declared as a part of a file.",
                        "Send Content-Type: " BODY_TYPE ".");
    return;
  }
  BmUpload *upload = find_or_reply (area, request);
  if (upload == NULL || wait_for_pump (area, request, upload, TRUE, patch))
    return;
  if (!take_checksum (request, &checksum, &checked, &error) ||
      !check_patch (request, upload, &offset, &error) ||
      !bm_web_pump_begin (area, request, upload, offset, checked ? &checksum : NULL, FALSE, &error))
    bm_web_uploads_reply_error (request, error);
}

static void
terminate (BmWebRequest *request, gpointer data)
{
  BmWebUploads *area = data;
  g_autoptr (GError) error = NULL;
  if (!bm_web_uploads_greet (request))
    return;
  BmUpload *upload = find_or_reply (area, request);
  if (upload == NULL || wait_for_pump (area, request, upload, FALSE, terminate))
    return;
  g_autofree gchar *id = g_strdup (upload->id);
  if (!bm_uploads_terminate (area->store, upload, &error)) {
    bm_web_uploads_reply_error (request, error);
    return;
  }
  g_message ("upload %s is deleted", id);
  bm_web_uploads_empty_trash (area);
  bm_web_reply_empty (request, 204);
}

/* For proxies that know GET and POST only: tus 1.0, X-HTTP-Method-Override. */
static void
override (BmWebRequest *request, gpointer data)
{
  const gchar *method = bm_web_request_header (request, "X-HTTP-Method-Override");
  if (g_strcmp0 (method, "PATCH") == 0)
    patch (request, data);
  else if (g_strcmp0 (method, "DELETE") == 0)
    terminate (request, data);
  else if (g_strcmp0 (method, "HEAD") == 0)
    head (request, data);
  else
    bm_web_reply_error (request, 405, "method", "This address knows other methods only.", NULL);
}

/* ---- the area ---- */

static const BmWebRoute routes[] = {
    {"OPTIONS", "uploads", options, BM_WEB_PUBLIC},
    {"OPTIONS", "uploads/:id", options, BM_WEB_PUBLIC},
    {"GET", "uploads", bm_web_uploads_show, 0},
    {"POST", "uploads", create, BM_WEB_STREAM},
    {"HEAD", "uploads/:id", head, 0},
    {"PATCH", "uploads/:id", patch, BM_WEB_STREAM},
    {"DELETE", "uploads/:id", terminate, 0},
    {"POST", "uploads/:id", override, BM_WEB_STREAM},
    {NULL},
};

static void
area_free (gpointer data)
{
  BmWebUploads *area = data;
  g_cancellable_cancel (area->cancellable);
  g_object_unref (area->cancellable);
  g_clear_handle_id (&area->timer, g_source_remove);
  g_hash_table_unref (area->pumps); /* one that a thread still works for ends with the process */
  g_hash_table_unref (area->unreadable);
  bm_uploads_free (area->store);
  g_clear_error (&area->fault);
  g_free (area);
}

BmWebUploads *
bm_web_uploads_of (BmWeb *web)
{
  return bm_web_owned (web, area_free);
}

void
bm_web_uploads_routes (BmWeb *web)
{
  const BmConfigWeb *config = &bm_web_config (web)->web;
  const BmUploadsOptions with = {config->uploads, config->max_upload, config->min_free,
                                 config->upload_expires_s, config->keep_days * 86400u};
  BmWebUploads *area = g_new0 (BmWebUploads, 1);
  area->web = web;
  area->pumps = g_hash_table_new (g_str_hash, g_str_equal);
  area->unreadable = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  area->cancellable = g_cancellable_new ();
  area->store = bm_uploads_open (&with, &area->fault);
  if (area->store != NULL) {
    guint every = CLAMP (config->upload_expires_s / 4, 1, SWEEP_MAX_S);
    area->timer = g_timeout_add_seconds (every, sweep, area);
    sweep (area);
    bm_web_uploads_examine (area);
  } else
    g_warning ("no uploads: %s", area->fault->message);
  bm_web_add_routes (web, routes, area);
  bm_web_own (web, area, area_free);
}

/* ---- for other areas ---- */

const BmUpload *
bm_web_uploads_find (BmWeb *web, const BmWebSession *session, const gchar *id, GError **error)
{
  return find (bm_web_uploads_of (web), session, id, error);
}

gchar *
bm_web_uploads_path (BmWeb *web, const BmUpload *upload)
{
  return bm_uploads_path (bm_web_uploads_of (web)->store, upload);
}

gboolean
bm_web_uploads_use (BmWeb *web, const BmUpload *upload, const gchar *import, GError **error)
{
  BmWebUploads *area = bm_web_uploads_of (web);
  return bm_uploads_use (area->store, bm_uploads_find (area->store, upload->id, NULL), import,
                         error);
}

gboolean
bm_web_uploads_use_again (BmWeb *web, const gchar *id, const gchar *import, GError **error)
{
  BmWebUploads *area = bm_web_uploads_of (web);
  if (area->store == NULL) {
    g_propagate_error (error, g_error_copy (area->fault));
    return FALSE;
  }
  BmUpload *upload = bm_uploads_find (area->store, id, error);
  return upload != NULL && bm_uploads_use (area->store, upload, import, error);
}

void
bm_web_uploads_settle (BmWeb *web, const gchar *id, const gchar *import, gboolean success)
{
  BmWebUploads *area = bm_web_uploads_of (web);
  g_autoptr (GError) error = NULL;
  BmUpload *upload = area->store != NULL ? bm_uploads_find (area->store, id, NULL) : NULL;
  if (upload != NULL && !bm_uploads_settle (area->store, upload, import, success, &error))
    g_warning ("upload %s: %s", id, error->message);
}

gint64
bm_web_uploads_purge_at (BmWeb *web, const gchar *id)
{
  BmWebUploads *area = bm_web_uploads_of (web);
  BmUpload *upload = area->store != NULL ? bm_uploads_find (area->store, id, NULL) : NULL;
  return upload != NULL ? bm_uploads_purge_at (area->store, upload) : 0;
}

guint64
bm_web_uploads_available (BmWeb *web)
{
  BmWebUploads *area = bm_web_uploads_of (web);
  return area->store != NULL ? bm_uploads_available (area->store) : 0;
}
