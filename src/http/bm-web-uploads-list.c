/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* GET uploads: those that an administrator may see. Must not change any. */
#include "http/bm-web-uploads-private.h"

static void
add_text (JsonBuilder *json, const gchar *name, const gchar *text)
{
  json_builder_set_member_name (json, name);
  json_builder_add_string_value (json, text != NULL ? text : "");
}

static void
add_int (JsonBuilder *json, const gchar *name, gint64 value)
{
  json_builder_set_member_name (json, name);
  json_builder_add_int_value (json, value);
}

static void
add_bool (JsonBuilder *json, const gchar *name, gboolean value)
{
  json_builder_set_member_name (json, name);
  json_builder_add_boolean_value (json, value);
}

/* Other uploads with these bytes, also those that were purged, and jobs; as far as this
 * administrator may see them. */
static void
add_same_as (JsonBuilder *json, const BmWebSession *session, const GPtrArray *list,
             const BmUpload *upload)
{
  json_builder_set_member_name (json, "same_as");
  json_builder_begin_array (json);
  for (guint i = 0; upload->examined && i < list->len; i++) {
    const BmUpload *other = g_ptr_array_index (list, i);
    if (other != upload && g_strcmp0 (other->sha256, upload->sha256) == 0 &&
        bm_web_uploads_may (session, other))
      json_builder_add_string_value (json, other->id);
  }
  for (guint i = 0; i < upload->matches->len; i++) {
    const BmUploadMatch *match = g_ptr_array_index (upload->matches, i);
    if (match->domain_uid != NULL && bm_web_may_domain (session, match->domain_uid))
      json_builder_add_string_value (json, match->job);
  }
  json_builder_end_array (json);
}

static void
add_upload (JsonBuilder *json, BmWebUploads *area, const BmWebSession *session,
            const GPtrArray *list, const BmUpload *upload)
{
  gboolean hashing = bm_web_uploads_is_to_be_examined (area, upload);
  json_builder_begin_object (json);
  add_text (json, "id", upload->id);
  add_text (json, "name", upload->name);
  add_int (json, "size", (gint64) upload->size);
  add_int (json, "offset", (gint64) upload->offset);
  add_bool (json, "complete", upload->completed != 0);
  add_text (json, "sha256", hashing ? NULL : upload->sha256);
  add_bool (json, "hashing", hashing);
  add_text (json, "owner", upload->owner);
  add_int (json, "created", upload->created);
  add_int (json, "expires", bm_uploads_expires_at (area->store, upload));
  add_int (json, "purge_at", bm_uploads_purge_at (area->store, upload));
  add_bool (json, "in_use", upload->uses->len > 0);
  add_same_as (json, session, list, upload);
  json_builder_end_object (json);
}

/* What same_as names though it is not there any more. digests: of those that are there. */
static void
add_purged (JsonBuilder *json, const BmWebSession *session, const GPtrArray *uploads,
            GHashTable *digests)
{
  json_builder_set_member_name (json, "purged");
  json_builder_begin_array (json);
  for (guint i = 0; i < uploads->len; i++) {
    const BmUpload *upload = g_ptr_array_index (uploads, i);
    if (upload->gone != BM_UPLOAD_GONE_PURGED || upload->sha256 == NULL ||
        !g_hash_table_contains (digests, upload->sha256) || !bm_web_uploads_may (session, upload))
      continue;
    json_builder_begin_object (json);
    add_text (json, "id", upload->id);
    add_text (json, "name", upload->name);
    add_int (json, "size", (gint64) upload->size);
    add_int (json, "created", upload->created);
    add_int (json, "purged", upload->gone_at);
    json_builder_end_object (json);
  }
  json_builder_end_array (json);
}

void
bm_web_uploads_show (BmWebRequest *request, gpointer data)
{
  BmWebUploads *area = data;
  if (area->store == NULL) {
    bm_web_uploads_reply_error (request, area->fault);
    return;
  }
  g_autoptr (GPtrArray) uploads = bm_uploads_list (area->store);
  g_autoptr (GHashTable) digests = g_hash_table_new (g_str_hash, g_str_equal);
  g_autoptr (JsonBuilder) json = json_builder_new ();
  json_builder_begin_object (json);
  json_builder_set_member_name (json, "uploads");
  json_builder_begin_array (json);
  for (guint i = 0; i < uploads->len; i++) {
    const BmUpload *upload = g_ptr_array_index (uploads, i);
    if (upload->gone != BM_UPLOAD_HERE || !bm_web_uploads_may (request->session, upload))
      continue;
    add_upload (json, area, request->session, uploads, upload);
    if (upload->sha256 != NULL)
      g_hash_table_add (digests, upload->sha256);
  }
  json_builder_end_array (json);
  add_purged (json, request->session, uploads, digests);
  json_builder_end_object (json);
  g_autoptr (JsonNode) node = json_builder_get_root (json);
  bm_web_reply_json (request, 200, node);
}
