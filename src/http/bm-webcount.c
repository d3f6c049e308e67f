/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* See bm-webcount.h. */
#include "http/bm-webcount.h"

#include "http/bm-weboptions.h"
#include "http/bm-weboutput.h"
#include "http/bm-webstate.h"
#include <stdlib.h>
#include <string.h>

#define INVENTORY "inventory"
enum { NID, FOLDER, KIND, CLASS, DATE, SIZE, WHY, FIELDS };

typedef struct {
  gboolean wanted;
  guint64 mails, bytes;
} Folder;

typedef struct {
  BmCensus *census;    /* folders alone: what the filter asks */
  GHashTable *folders; /* nid -> Folder, in order of order */
  GArray *order;       /* guint32 */
  const BmSelection *selection;
  guint64 items, mails, bytes;
} Counting;

static void
counting_clear (Counting *counting)
{
  g_clear_pointer (&counting->census, bm_census_free);
  g_clear_pointer (&counting->folders, g_hash_table_unref);
  g_clear_pointer (&counting->order, g_array_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Counting, counting_clear)

static BmFolder *
read_folder (JsonObject *object)
{
  BmFolder *folder = bm_folder_new ();
  const gchar *rule = json_object_get_string_member_with_default (object, "rule", "");
  folder->nid = (guint32) json_object_get_int_member_with_default (object, "nid", 0);
  folder->parent = (guint32) json_object_get_int_member_with_default (object, "parent", 0);
  g_free (folder->name);
  folder->name = g_strdup (json_object_get_string_member_with_default (object, "name", ""));
  folder->path = g_strdup (json_object_get_string_member_with_default (object, "path", NULL));
  folder->role =
      bm_role_from_token (json_object_get_string_member_with_default (object, "role", ""));
  folder->rule = bm_rule_from_token (rule);
  return folder;
}

/* preliminary: every item that no rule leaves out counts as a mail. */
static void
read_census (Counting *counting, JsonObject *census, gboolean preliminary)
{
  JsonArray *folders = json_object_get_array_member (census, "folders");
  counting->census = bm_census_new ();
  counting->folders = g_hash_table_new_full (NULL, NULL, NULL, g_free);
  counting->order = g_array_new (FALSE, FALSE, sizeof (guint32));
  for (guint i = 0; i < json_array_get_length (folders); i++)
    g_ptr_array_add (counting->census->folders,
                     read_folder (json_array_get_object_element (folders, i)));
  for (guint i = 0; i < counting->census->folders->len; i++) {
    const BmFolder *folder = g_ptr_array_index (counting->census->folders, i);
    JsonObject *object = json_array_get_object_element (folders, i);
    Folder *one = g_new0 (Folder, 1);
    gint64 items = json_object_get_int_member_with_default (object, "items", 0);
    one->wanted = folder->rule == BM_RULE_NONE && folder->path != NULL &&
                  bm_filter_takes_folder (counting->selection, counting->census, folder->path);
    if (preliminary && one->wanted)
      one->mails =
          (guint64) (items - json_object_get_int_member_with_default (object, "skipped", 0));
    counting->mails += one->mails;
    counting->items += (guint64) items;
    g_hash_table_insert (counting->folders, GUINT_TO_POINTER (folder->nid), one);
    g_array_append_val (counting->order, folder->nid);
  }
}

/* Splits a line at its tabs; FALSE when it is not whole. */
static gboolean
split (gchar *line, gchar *fields[FIELDS])
{
  for (guint i = 0; i < FIELDS; i++) {
    fields[i] = line;
    if (i + 1 == FIELDS)
      break;
    line = line != NULL ? strchr (line, '\t') : NULL;
    if (line == NULL)
      return FALSE;
    *line++ = '\0';
  }
  return TRUE;
}

static void
count_line (Counting *counting, gchar *line)
{
  gchar *fields[FIELDS];
  if (!split (line, fields) || !g_str_equal (fields[KIND], "message"))
    return;
  guint32 nid = (guint32) g_ascii_strtoull (fields[FOLDER], NULL, 10);
  guint64 size = g_ascii_strtoull (fields[SIZE], NULL, 10);
  Folder *folder = g_hash_table_lookup (counting->folders, GUINT_TO_POINTER (nid));
  if (folder == NULL || !folder->wanted ||
      bm_filter_envelope (counting->selection, fields[CLASS],
                          g_ascii_strtoll (fields[DATE], NULL, 10), size) != BM_RULE_NONE)
    return;
  folder->mails++;
  folder->bytes += size;
  counting->mails++;
  counting->bytes += size;
}

static gboolean
read_inventory (Counting *counting, const BmWebImport *import, GError **error)
{
  g_autofree gchar *path = bm_webimport_path (import, INVENTORY);
  g_autofree gchar *text = NULL;
  g_autoptr (GError) local = NULL;
  if (!g_file_get_contents (path, &text, NULL, &local)) {
    g_set_error (error, BM_ERROR, BM_CAUSE_JOURNAL, "the inventory: %s", local->message);
    return FALSE;
  }
  for (gchar *line = text, *next; *line != '\0'; line = next) {
    gchar *end = strchr (line, '\n');
    next = end != NULL ? end + 1 : line + strlen (line);
    if (end != NULL)
      *end = '\0';
    count_line (counting, line);
  }
  return TRUE;
}

static JsonObject *
answer (const Counting *counting, gboolean preliminary)
{
  JsonObject *object = json_object_new ();
  JsonArray *folders = json_array_new ();
  json_object_set_boolean_member (object, "preliminary", preliminary);
  json_object_set_int_member (object, "items", (gint64) counting->items);
  json_object_set_int_member (object, "mails", (gint64) counting->mails);
  json_object_set_int_member (object, "bytes", (gint64) counting->bytes);
  for (guint i = 0; i < counting->order->len; i++) {
    guint32 nid = g_array_index (counting->order, guint32, i);
    const Folder *one = g_hash_table_lookup (counting->folders, GUINT_TO_POINTER (nid));
    JsonObject *folder = json_object_new ();
    json_object_set_int_member (folder, "nid", nid);
    json_object_set_boolean_member (folder, "wanted", one->wanted);
    json_object_set_int_member (folder, "mails", (gint64) one->mails);
    json_object_set_int_member (folder, "bytes", (gint64) one->bytes);
    json_array_add_object_element (folders, folder);
  }
  json_object_set_array_member (object, "folders", folders);
  return object;
}

JsonObject *
bm_webcount (const BmWebImport *import, JsonObject *options, GError **error)
{
  g_auto (BmWebWalk) walk = {0};
  g_auto (Counting) counting = {0};
  BmSelecting selecting = {0};
  BmSelection selection;
  bm_webwalk_read (import->directory, BM_WEBWORKER_INSPECT, TRUE, &walk);
  if (walk.census == NULL) {
    g_set_error_literal (error, BM_ERROR, BM_CAUSE_USAGE, "the PST's folders are not known yet");
    return NULL;
  }
  gboolean preliminary =
      walk.end == NULL || json_object_get_int_member_with_default (walk.end, "status", 70) > 1;
  gboolean ok = bm_weboptions_select (options, &selecting, &selection, error);
  counting.selection = &selection;
  if (ok) {
    read_census (&counting, walk.census, preliminary);
    ok = preliminary || read_inventory (&counting, import, error);
  }
  bm_selecting_clear (&selecting);
  return ok ? answer (&counting, preliminary) : NULL;
}
