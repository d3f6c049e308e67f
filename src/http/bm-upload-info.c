/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* See bm-upload-private.h: info.json, replaced by renaming, and the record of the offset. */
#include "http/bm-upload-private.h"

#include <errno.h>
#include <fcntl.h>
#include <json-glib/json-glib.h>
#include <string.h>
#include <unistd.h>

#define ID_LENGTH     32
#define OFFSET_RECORD 21 /* 20 digits and a line end: one sector, so it is old or new */

static const gchar *const gone_words[] = {"", "expired", "purged"};

BmUpload *
bm_upload_new (void)
{
  BmUpload *upload = g_new0 (BmUpload, 1);
  upload->uses = g_ptr_array_new_with_free_func (g_free);
  upload->matches = g_ptr_array_new_with_free_func ((GDestroyNotify) bm_upload_match_free);
  return upload;
}

void
bm_upload_free (BmUpload *upload)
{
  if (upload == NULL)
    return;
  g_free (upload->id);
  g_free (upload->name);
  g_free (upload->owner);
  g_free (upload->domain_uid);
  g_free (upload->sha256);
  g_ptr_array_unref (upload->uses);
  g_ptr_array_unref (upload->matches);
  g_free (upload);
}

BmUploadMatch *
bm_upload_match_new (const gchar *job, const gchar *domain_uid)
{
  BmUploadMatch *match = g_new0 (BmUploadMatch, 1);
  match->job = g_strdup (job);
  match->domain_uid = g_strdup (domain_uid);
  return match;
}

void
bm_upload_match_free (BmUploadMatch *match)
{
  g_free (match->job);
  g_free (match->domain_uid);
  g_free (match);
}

gboolean
bm_upload_is_id (const gchar *text)
{
  return strlen (text) == ID_LENGTH && strspn (text, "0123456789abcdef") == ID_LENGTH;
}

gchar *
bm_upload_file (const gchar *directory, const gchar *id, const gchar *name)
{
  return g_build_filename (directory, id, name, NULL);
}

gboolean
bm_upload_storage_error (GError **error, const gchar *what, const gchar *path)
{
  gboolean full = errno == ENOSPC || errno == EDQUOT || errno == EFBIG;
  g_set_error (error, BM_UPLOAD_ERROR, full ? BM_UPLOAD_ERROR_NO_SPACE : BM_UPLOAD_ERROR_STORAGE,
               "The upload cannot be stored: %s %s: %s.", what, path, g_strerror (errno));
  return FALSE;
}

gboolean
bm_upload_sync_directory (const gchar *path, GError **error)
{
  gint fd = open (path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  gboolean ok = fd >= 0 && fsync (fd) == 0;
  if (!ok)
    bm_upload_storage_error (error, "sync", path);
  if (fd >= 0)
    close (fd);
  return ok;
}

/* ---- the offset ---- */

gboolean
bm_upload_offset_write (gint fd, guint64 offset, GError **error)
{
  g_autofree gchar *record = g_strdup_printf ("%020" G_GUINT64_FORMAT "\n", offset);
  if (pwrite (fd, record, OFFSET_RECORD, 0) == OFFSET_RECORD && fdatasync (fd) == 0)
    return TRUE;
  return bm_upload_storage_error (error, "note", "the offset");
}

guint64
bm_upload_offset_read (gint fd)
{
  gchar record[OFFSET_RECORD + 1] = "";
  if (pread (fd, record, OFFSET_RECORD, 0) != OFFSET_RECORD || record[OFFSET_RECORD - 1] != '\n')
    return 0;
  return g_ascii_strtoull (record, NULL, 10);
}

/* ---- info.json ---- */

static void
add_text (JsonObject *object, const gchar *name, const gchar *value)
{
  if (value != NULL)
    json_object_set_string_member (object, name, value);
}

static void
add_time (JsonObject *object, const gchar *name, gint64 value)
{
  if (value != 0)
    json_object_set_int_member (object, name, value);
}

static void
add_lists (JsonObject *object, const BmUpload *upload)
{
  JsonArray *uses = json_array_new (), *matches = json_array_new ();
  for (guint i = 0; i < upload->uses->len; i++)
    json_array_add_string_element (uses, g_ptr_array_index (upload->uses, i));
  for (guint i = 0; i < upload->matches->len; i++) {
    const BmUploadMatch *match = g_ptr_array_index (upload->matches, i);
    JsonObject *entry = json_object_new ();
    add_text (entry, "job", match->job);
    add_text (entry, "domain", match->domain_uid);
    json_array_add_object_element (matches, entry);
  }
  json_object_set_array_member (object, "uses", uses);
  json_object_set_array_member (object, "matches", matches);
}

gboolean
bm_upload_info_write (const gchar *directory, const BmUpload *upload, GError **error)
{
  g_autofree gchar *path = bm_upload_file (directory, upload->id, "info.json");
  g_autofree gchar *parent = g_build_filename (directory, upload->id, NULL);
  g_autoptr (JsonNode) root = json_node_new (JSON_NODE_OBJECT);
  g_autoptr (GError) local = NULL;
  JsonObject *object = json_object_new ();
  json_node_take_object (root, object);
  add_text (object, "name", upload->name);
  add_text (object, "owner", upload->owner);
  add_text (object, "domain", upload->domain_uid);
  json_object_set_int_member (object, "size", (gint64) upload->size);
  add_time (object, "created", upload->created);
  add_time (object, "completed", upload->completed);
  add_time (object, "settled", upload->settled);
  add_time (object, "succeeded", upload->succeeded);
  add_text (object, "sha256", upload->sha256);
  json_object_set_boolean_member (object, "examined", upload->examined);
  add_text (object, "gone", gone_words[upload->gone]);
  add_time (object, "gone_at", upload->gone_at);
  add_lists (object, upload);
  g_autofree gchar *text = json_to_string (root, TRUE);
  if (g_file_set_contents_full (path, text, -1,
                                G_FILE_SET_CONTENTS_CONSISTENT | G_FILE_SET_CONTENTS_DURABLE, 0600,
                                &local))
    return bm_upload_sync_directory (parent, error);
  gboolean full = g_error_matches (local, G_FILE_ERROR, G_FILE_ERROR_NOSPC);
  g_set_error (error, BM_UPLOAD_ERROR, full ? BM_UPLOAD_ERROR_NO_SPACE : BM_UPLOAD_ERROR_STORAGE,
               "The upload cannot be stored: %s.", local->message);
  return FALSE;
}

static gchar *
get_text (JsonObject *object, const gchar *name)
{
  const gchar *text = json_object_get_string_member_with_default (object, name, NULL);
  return g_strdup (text);
}

static gint64
get_time (JsonObject *object, const gchar *name)
{
  return json_object_get_int_member_with_default (object, name, 0);
}

static JsonArray *
get_list (JsonObject *object, const gchar *name)
{
  JsonNode *node = json_object_get_member (object, name);
  return node != NULL && JSON_NODE_HOLDS_ARRAY (node) ? json_node_get_array (node) : NULL;
}

static void
read_lists (JsonObject *object, BmUpload *upload)
{
  JsonArray *uses = get_list (object, "uses"), *matches = get_list (object, "matches");
  for (guint i = 0; uses != NULL && i < json_array_get_length (uses); i++)
    g_ptr_array_add (upload->uses, g_strdup (json_array_get_string_element (uses, i)));
  for (guint i = 0; matches != NULL && i < json_array_get_length (matches); i++) {
    JsonNode *node = json_array_get_element (matches, i);
    if (!JSON_NODE_HOLDS_OBJECT (node))
      continue;
    g_autofree gchar *job = get_text (json_node_get_object (node), "job");
    g_autofree gchar *domain = get_text (json_node_get_object (node), "domain");
    g_ptr_array_add (upload->matches, bm_upload_match_new (job, domain));
  }
}

BmUpload *
bm_upload_info_read (const gchar *directory, const gchar *id)
{
  g_autofree gchar *path = bm_upload_file (directory, id, "info.json");
  g_autoptr (JsonParser) parser = json_parser_new ();
  if (!json_parser_load_from_file (parser, path, NULL) ||
      !JSON_NODE_HOLDS_OBJECT (json_parser_get_root (parser)))
    return NULL;
  JsonObject *object = json_node_get_object (json_parser_get_root (parser));
  g_autoptr (BmUpload) upload = bm_upload_new ();
  g_autofree gchar *gone = get_text (object, "gone");
  upload->id = g_strdup (id);
  upload->name = get_text (object, "name");
  upload->owner = get_text (object, "owner");
  upload->domain_uid = get_text (object, "domain");
  upload->size = (guint64) get_time (object, "size");
  upload->created = get_time (object, "created");
  upload->completed = get_time (object, "completed");
  upload->settled = get_time (object, "settled");
  upload->succeeded = get_time (object, "succeeded");
  upload->sha256 = get_text (object, "sha256");
  upload->examined = json_object_get_boolean_member_with_default (object, "examined", FALSE);
  upload->gone_at = get_time (object, "gone_at");
  for (guint i = 0; i < G_N_ELEMENTS (gone_words); i++)
    if (g_strcmp0 (gone, gone_words[i]) == 0)
      upload->gone = (BmUploadGone) i;
  read_lists (object, upload);
  if (upload->name == NULL || upload->owner == NULL || upload->domain_uid == NULL)
    return NULL;
  return g_steal_pointer (&upload);
}
