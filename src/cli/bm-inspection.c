/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* See bm-inspection.h. */
#include "cli/bm-inspection.h"

#include "cli/bm-header.h"
#include <string.h>

const struct BmInspectionSize bm_inspection_sizes[BM_INSPECTION_SIZES] = {
    {"up-to-10K", 10 << 10}, {"up-to-100K", 100 << 10}, {"up-to-1M", 1 << 20},
    {"up-to-10M", 10 << 20}, {"up-to-100M", 100 << 20}, {"larger", G_MAXUINT64}};

void
bm_inspection_init (BmInspection *inspection, const BmCensus *census)
{
  *inspection = (BmInspection){.census = census};
  GHashTable **tables[] = {&inspection->classes, &inspection->years, &inspection->senders,
                           &inspection->causes};
  for (guint i = 0; i < G_N_ELEMENTS (tables); i++)
    *tables[i] = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  for (guint i = 0; i < census->items->len; i++) {
    BmRule rule = g_array_index (census->items, BmCensusItem, i).rule;
    if (rule != BM_RULE_NONE)
      inspection->skipped[rule]++;
    else
      inspection->total++;
  }
}

void
bm_inspection_clear (BmInspection *inspection)
{
  GHashTable **tables[] = {&inspection->classes, &inspection->years, &inspection->senders,
                           &inspection->causes};
  for (guint i = 0; i < G_N_ELEMENTS (tables); i++)
    g_clear_pointer (tables[i], g_hash_table_unref);
}

static void
count (GHashTable *table, const gchar *key)
{
  guint64 *n = g_hash_table_lookup (table, key);
  if (n == NULL) {
    n = g_new0 (guint64, 1);
    g_hash_table_insert (table, g_strdup (key), n);
  }
  (*n)++;
}

static gint
compare_key (gconstpointer a, gconstpointer b)
{
  return strcmp (((const BmInspectionCount *) a)->key, ((const BmInspectionCount *) b)->key);
}

static gint
compare_n (gconstpointer a, gconstpointer b)
{
  const BmInspectionCount *x = a, *y = b;
  if (x->n != y->n)
    return x->n > y->n ? -1 : 1;
  return strcmp (x->key, y->key);
}

GArray *
bm_inspection_sorted (GHashTable *table, gboolean most_first)
{
  GArray *list = g_array_new (FALSE, FALSE, sizeof (BmInspectionCount));
  GHashTableIter iter;
  BmInspectionCount one;
  guint64 *n;
  g_hash_table_iter_init (&iter, table);
  while (g_hash_table_iter_next (&iter, (gpointer *) &one.key, (gpointer *) &n)) {
    one.n = *n;
    g_array_append_val (list, one);
  }
  g_array_sort (list, most_first ? compare_n : compare_key);
  return list;
}

/* ---- the walk ---- */

static gchar *
sender_of (const BmMessage *message)
{
  g_autofree gchar *value = bm_header_get (message->bytes, "From");
  g_auto (GStrv) addresses = bm_header_addresses (value);
  return g_strdup (addresses[0] != NULL ? addresses[0] : "(none)");
}

static void
count_size (BmInspection *inspection, guint64 size)
{
  guint i = 0;
  while (size > bm_inspection_sizes[i].bytes)
    i++;
  inspection->sizes[i]++;
  inspection->bytes += size;
  inspection->largest = MAX (inspection->largest, size);
}

static void
look_at (BmInspection *inspection, const BmEntry *entry)
{
  inspection->done++;
  if (entry->kind == BM_ENTRY_FAILED) {
    count (inspection->causes, bm_cause_token (bm_error_cause (entry->error)));
    return;
  }
  if (entry->kind == BM_ENTRY_SKIPPED) {
    inspection->skipped[entry->rule]++;
    count (inspection->classes, entry->message_class != NULL ? entry->message_class : "(none)");
    return;
  }
  const BmMessage *message = entry->message;
  g_autoptr (GDateTime) when = g_date_time_new_from_unix_utc (message->internal_date);
  g_autofree gchar *year = g_date_time_format (when, "%Y");
  g_autofree gchar *sender = sender_of (message);
  inspection->rendered++;
  count_size (inspection, g_bytes_get_size (message->bytes));
  inspection->attachments += message->attachments;
  count (inspection->classes, *message->message_class != '\0' ? message->message_class : "(none)");
  count (inspection->years, year);
  count (inspection->senders, sender);
}

gboolean
bm_inspection_walk (BmInspection *inspection, BmSource *source, gboolean (*interrupted) (GError **),
                    BmInspectionFunc func, gpointer data, GError **error)
{
  g_autoptr (GArray) nids = g_array_new (FALSE, FALSE, sizeof (guint32));
  for (guint i = 0; i < inspection->census->items->len; i++) {
    const BmCensusItem *item = &g_array_index (inspection->census->items, BmCensusItem, i);
    if (item->rule == BM_RULE_NONE)
      g_array_append_val (nids, item->nid);
  }
  if (nids->len > 0 && !source->ops->order (source, (const guint32 *) nids->data, nids->len, error))
    return FALSE;
  for (gboolean ended = nids->len == 0; !ended;) {
    BmEntry entry = {0};
    if (interrupted (error) || !source->ops->next (source, &entry, error))
      return FALSE;
    ended = entry.kind == BM_ENTRY_END;
    gboolean ok = TRUE;
    if (!ended) {
      look_at (inspection, &entry);
      ok = func == NULL || func (inspection, &entry, data, error);
    }
    bm_entry_clear (&entry);
    if (!ok)
      return FALSE;
  }
  return TRUE;
}

/* ---- JSON ---- */

GHashTable *
bm_inspection_by_folder (const BmCensus *census)
{
  GHashTable *table = g_hash_table_new_full (NULL, NULL, NULL, g_free);
  for (guint i = 0; i < census->items->len; i++) {
    const BmCensusItem *item = &g_array_index (census->items, BmCensusItem, i);
    BmInspectionFolder *one = g_hash_table_lookup (table, GUINT_TO_POINTER (item->folder));
    if (one == NULL) {
      one = g_new0 (BmInspectionFolder, 1);
      g_hash_table_insert (table, GUINT_TO_POINTER (item->folder), one);
    }
    one->items++;
    one->skipped += item->rule != BM_RULE_NONE;
  }
  return table;
}

/* In order of the keys, so that equal PSTs give equal text; of too many only the most frequent. */
static void
set_counts (JsonObject *object, const gchar *name, GHashTable *table, guint most)
{
  JsonObject *counts = json_object_new ();
  g_autoptr (GArray) list = bm_inspection_sorted (table, most > 0);
  if (most > 0 && list->len > most)
    g_array_set_size (list, most);
  g_array_sort (list, compare_key);
  for (guint i = 0; i < list->len; i++) {
    const BmInspectionCount *one = &g_array_index (list, BmInspectionCount, i);
    json_object_set_int_member (counts, one->key, (gint64) one->n);
  }
  json_object_set_object_member (object, name, counts);
}

static void
set_sizes (JsonObject *object, const BmInspection *inspection)
{
  JsonObject *counts = json_object_new ();
  for (guint i = 0; i < BM_INSPECTION_SIZES; i++)
    json_object_set_int_member (counts, bm_inspection_sizes[i].name, (gint64) inspection->sizes[i]);
  json_object_set_object_member (object, "sizes", counts);
  json_object_set_int_member (object, "largest", (gint64) inspection->largest);
}

void
bm_inspection_add_skipped (const BmInspection *inspection, JsonObject *object)
{
  JsonObject *counts = json_object_new ();
  for (guint i = 0; i < BM_RULE_LAST; i++)
    if (inspection->skipped[i] > 0)
      json_object_set_int_member (counts, bm_rule_token ((BmRule) i),
                                  (gint64) inspection->skipped[i]);
  json_object_set_object_member (object, "skipped", counts);
}

static JsonArray *
folders_array (const BmCensus *census)
{
  JsonArray *array = json_array_new ();
  g_autoptr (GHashTable) by_folder = bm_inspection_by_folder (census);
  for (guint i = 0; i < census->folders->len; i++) {
    const BmFolder *folder = g_ptr_array_index (census->folders, i);
    JsonObject *object = json_object_new ();
    const BmInspectionFolder *n = g_hash_table_lookup (by_folder, GUINT_TO_POINTER (folder->nid));
    json_object_set_int_member (object, "nid", folder->nid);
    json_object_set_int_member (object, "parent", folder->parent);
    if (folder->path != NULL)
      json_object_set_string_member (object, "path", folder->path);
    else
      json_object_set_null_member (object, "path");
    json_object_set_string_member (object, "name", folder->name);
    json_object_set_string_member (object, "role", bm_role_token (folder->role));
    json_object_set_string_member (
        object, "rule", folder->rule != BM_RULE_NONE ? bm_rule_token (folder->rule) : "");
    json_object_set_int_member (object, "items", n != NULL ? n->items : 0);
    json_object_set_int_member (object, "skipped", n != NULL ? n->skipped : 0);
    json_array_add_object_element (array, object);
  }
  return array;
}

JsonObject *
bm_inspection_census_json (const BmInspection *inspection, const gchar *path, const gchar *sandbox)
{
  const BmCensus *census = inspection->census;
  JsonObject *object = json_object_new ();
  json_object_set_int_member (object, "version", 1);
  json_object_set_string_member (object, "file", path);
  json_object_set_int_member (object, "size", (gint64) census->file_size);
  json_object_set_string_member (object, "format", bm_pst_format_token (census->format));
  json_object_set_string_member (object, "encryption", bm_pst_crypt_token (census->crypt));
  json_object_set_boolean_member (object, "password", census->password);
  json_object_set_string_member (object, "sandbox", sandbox);
  json_object_set_int_member (object, "nodes", (gint64) census->nodes);
  json_object_set_int_member (object, "items", census->items->len);
  bm_inspection_add_skipped (inspection, object);
  json_object_set_array_member (object, "folders", folders_array (census));
  JsonArray *warnings = json_array_new ();
  for (guint i = 0; i < census->warnings->len; i++)
    json_array_add_string_element (warnings, g_ptr_array_index (census->warnings, i));
  json_object_set_array_member (object, "warnings", warnings);
  return object;
}

void
bm_inspection_add_walk (const BmInspection *inspection, JsonObject *object, guint most)
{
  json_object_set_int_member (object, "rendered", (gint64) inspection->rendered);
  json_object_set_int_member (object, "rendered_bytes", (gint64) inspection->bytes);
  json_object_set_int_member (object, "attachments", (gint64) inspection->attachments);
  set_counts (object, "classes", inspection->classes, most);
  set_sizes (object, inspection);
  set_counts (object, "years", inspection->years, 0);
  set_counts (object, "senders", inspection->senders, most);
  set_counts (object, "failed", inspection->causes, most);
}
