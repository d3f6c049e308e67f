/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* See bm-manifest.h. Must not know where items come from. One thread. */
#include "cli/bm-manifest.h"

#include <errno.h>
#include <fcntl.h>
#include <json-glib/json-glib.h>
#include <stdio.h>
#include <unistd.h>

struct _BmManifest {
  FILE *file;
  gchar *path;
  JsonGenerator *generator;
  guint64 found, rendered;
  guint64 skipped[BM_RULE_LAST];
  guint64 failed[BM_CAUSE_LAST];
};

BmManifest *
bm_manifest_open (const gchar *path, const BmCensus *census, GError **error)
{
  gint fd = open (path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0) {
    g_set_error (error, BM_ERROR, BM_CAUSE_USAGE, "cannot create %s: %s", path, g_strerror (errno));
    return NULL;
  }
  BmManifest *manifest = g_new0 (BmManifest, 1);
  manifest->file = fdopen (fd, "w");
  manifest->path = g_strdup (path);
  manifest->generator = json_generator_new ();
  manifest->found = census->items->len;
  return manifest;
}

void
bm_manifest_free (BmManifest *manifest)
{
  if (manifest == NULL)
    return;
  if (manifest->file != NULL)
    fclose (manifest->file);
  g_object_unref (manifest->generator);
  g_free (manifest->path);
  g_free (manifest);
}

static gboolean
write_failed (BmManifest *manifest, GError **error)
{
  g_set_error (error, BM_ERROR, BM_CAUSE_DISK_FULL, "cannot write %s: %s", manifest->path,
               g_strerror (errno));
  return FALSE;
}

/* Takes object. */
static gboolean
write_line (BmManifest *manifest, JsonObject *object, GError **error)
{
  g_autoptr (JsonNode) node = json_node_init_object (json_node_alloc (), object);
  json_object_unref (object);
  json_generator_set_root (manifest->generator, node);
  gsize size;
  g_autofree gchar *text = json_generator_to_data (manifest->generator, &size);
  if (fwrite (text, 1, size, manifest->file) != size || fputc ('\n', manifest->file) == EOF)
    return write_failed (manifest, error);
  return TRUE;
}

static void
set_text (JsonObject *object, const gchar *name, const gchar *value)
{
  if (value != NULL)
    json_object_set_string_member (object, name, value);
  else
    json_object_set_null_member (object, name);
}

static void
set_list (JsonObject *object, const gchar *name, const gchar *const *values, guint n)
{
  JsonArray *array = json_array_new ();
  for (guint i = 0; i < n; i++)
    json_array_add_string_element (array, values[i]);
  json_object_set_array_member (object, name, array);
}

static JsonObject *
new_line (guint32 nid, const gchar *folder, const gchar *message_class, const gchar *status,
          const gchar *cause)
{
  JsonObject *object = json_object_new ();
  json_object_set_int_member (object, "nid", nid);
  set_text (object, "folder", folder);
  set_text (object, "class", message_class);
  set_text (object, "status", status);
  set_text (object, "cause", cause);
  return object;
}

/* The members that only a rendered message has. */
static void
set_nothing_rendered (JsonObject *object)
{
  static const gchar *const names[] = {"guid",        "size",     "internal_date",
                                       "flags",       "keywords", "message_id",
                                       "attachments", "notes",    "file"};
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    json_object_set_null_member (object, names[i]);
}

gboolean
bm_manifest_rendered (BmManifest *manifest, const BmMessage *message, const gchar *folder,
                      const gchar *file, GError **error)
{
  gchar guid[41];
  bm_guid_to_hex (&message->guid, guid);
  g_autoptr (GDateTime) when = g_date_time_new_from_unix_utc (message->internal_date);
  g_autofree gchar *date = g_date_time_format (when, "%Y-%m-%dT%H:%M:%SZ");
  g_autoptr (GPtrArray) flags = bm_flags_tokens (message->flags);
  g_autoptr (GPtrArray) notes = bm_notes_tokens (message->notes);
  JsonObject *object = new_line (message->nid, folder, message->message_class, "rendered", NULL);
  set_text (object, "guid", guid);
  json_object_set_int_member (object, "size", (gint64) g_bytes_get_size (message->bytes));
  set_text (object, "internal_date", date);
  set_list (object, "flags", (const gchar *const *) flags->pdata, flags->len);
  set_list (object, "keywords", (const gchar *const *) message->keywords,
            g_strv_length (message->keywords));
  set_text (object, "message_id", message->message_id);
  json_object_set_int_member (object, "attachments", message->attachments);
  set_list (object, "notes", (const gchar *const *) notes->pdata, notes->len);
  set_text (object, "file", file);
  manifest->rendered++;
  return write_line (manifest, object, error);
}

gboolean
bm_manifest_skipped (BmManifest *manifest, guint32 nid, const gchar *folder,
                     const gchar *message_class, BmRule rule, GError **error)
{
  JsonObject *object = new_line (nid, folder, message_class, "skipped", bm_rule_token (rule));
  set_nothing_rendered (object);
  manifest->skipped[rule]++;
  return write_line (manifest, object, error);
}

gboolean
bm_manifest_failed (BmManifest *manifest, guint32 nid, const gchar *folder, BmCause cause,
                    GError **error)
{
  JsonObject *object = new_line (nid, folder, NULL, "failed", bm_cause_token (cause));
  set_nothing_rendered (object);
  manifest->failed[cause]++;
  return write_line (manifest, object, error);
}

guint64
bm_manifest_failed_count (const BmManifest *manifest)
{
  guint64 n = 0;
  for (guint i = 0; i < BM_CAUSE_LAST; i++)
    n += manifest->failed[i];
  return n;
}

static JsonObject *
count_rules (const BmManifest *manifest, guint64 *sum)
{
  JsonObject *object = json_object_new ();
  for (guint i = 0; i < BM_RULE_LAST; i++) {
    *sum += manifest->skipped[i];
    if (manifest->skipped[i] > 0)
      json_object_set_int_member (object, bm_rule_token ((BmRule) i),
                                  (gint64) manifest->skipped[i]);
  }
  return object;
}

static JsonObject *
count_causes (const BmManifest *manifest, guint64 *sum)
{
  JsonObject *object = json_object_new ();
  for (guint i = 0; i < BM_CAUSE_LAST; i++) {
    *sum += manifest->failed[i];
    if (manifest->failed[i] > 0)
      json_object_set_int_member (object, bm_cause_token ((BmCause) i),
                                  (gint64) manifest->failed[i]);
  }
  return object;
}

gboolean
bm_manifest_close (BmManifest *manifest, const gchar *render_id, GError **error)
{
  guint64 sum = manifest->rendered;
  JsonObject *ledger = json_object_new (), *line = json_object_new ();
  json_object_set_int_member (ledger, "found", (gint64) manifest->found);
  json_object_set_int_member (ledger, "rendered", (gint64) manifest->rendered);
  json_object_set_object_member (ledger, "skipped", count_rules (manifest, &sum));
  json_object_set_object_member (ledger, "failed", count_causes (manifest, &sum));
  set_text (ledger, "render_id", render_id);
  json_object_set_object_member (line, "ledger", ledger);
  if (!write_line (manifest, line, error))
    return FALSE;
  FILE *file = g_steal_pointer (&manifest->file);
  if (fclose (file) != 0)
    return write_failed (manifest, error);
  if (sum == manifest->found)
    return TRUE;
  g_set_error (error, BM_ERROR, BM_CAUSE_INTERNAL,
               "the ledger does not balance: %" G_GUINT64_FORMAT " items found, %" G_GUINT64_FORMAT
               " accounted for",
               manifest->found, sum);
  return FALSE;
}
