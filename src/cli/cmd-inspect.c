/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* inspect: what a PST holds. The census alone by default; --full renders every item in the child to
 * tell classes, sizes, years and senders. Sends nothing. */
#include "cli/bm-cli.h"
#include "cli/bm-header.h"

#include <json-glib/json-glib.h>
#include <stdio.h>
#include <string.h>

#define TOP_SENDERS 10

static const gchar examples[] = "Examples:\n"
                                "  bm-pst-import inspect archive.pst\n"
                                "  bm-pst-import inspect archive.pst --full --format json\n";

/* Rendered sizes, by upper border. */
static const struct {
  const gchar *name;
  guint64 bytes;
} sizes[] = {{"up-to-10K", 10 << 10}, {"up-to-100K", 100 << 10}, {"up-to-1M", 1 << 20},
             {"up-to-10M", 10 << 20}, {"up-to-100M", 100 << 20}, {"larger", G_MAXUINT64}};

typedef struct {
  const BmCensus *census;
  gboolean full;
  guint64 rendered, bytes, attachments;
  guint64 sizes[G_N_ELEMENTS (sizes)], largest;
  guint64 skipped[BM_RULE_LAST];
  GHashTable *classes, *years, *senders, *causes; /* text -> count */
} Inspection;

typedef struct {
  const gchar *key;
  guint64 n;
} Count;

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
  return strcmp (((const Count *) a)->key, ((const Count *) b)->key);
}

static gint
compare_n (gconstpointer a, gconstpointer b)
{
  const Count *x = a, *y = b;
  if (x->n != y->n)
    return x->n > y->n ? -1 : 1;
  return strcmp (x->key, y->key);
}

static GArray *
sorted (GHashTable *table, GCompareFunc compare)
{
  GArray *list = g_array_new (FALSE, FALSE, sizeof (Count));
  GHashTableIter iter;
  Count one;
  guint64 *n;
  g_hash_table_iter_init (&iter, table);
  while (g_hash_table_iter_next (&iter, (gpointer *) &one.key, (gpointer *) &n)) {
    one.n = *n;
    g_array_append_val (list, one);
  }
  g_array_sort (list, compare);
  return list;
}

static gchar *
sender_of (const BmMessage *message)
{
  g_autofree gchar *value = bm_header_get (message->bytes, "From");
  g_auto (GStrv) addresses = bm_header_addresses (value);
  return g_strdup (addresses[0] != NULL ? addresses[0] : "(none)");
}

static void
count_size (Inspection *inspection, guint64 size)
{
  guint i = 0;
  while (size > sizes[i].bytes)
    i++;
  inspection->sizes[i]++;
  inspection->bytes += size;
  inspection->largest = MAX (inspection->largest, size);
}

static void
look_at (Inspection *inspection, const BmEntry *entry)
{
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

static gboolean
walk (Inspection *inspection, BmSource *source, GError **error)
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
    if (bm_cli_interrupted (error) || !source->ops->next (source, &entry, error))
      return FALSE;
    ended = entry.kind == BM_ENTRY_END;
    if (!ended)
      look_at (inspection, &entry);
    bm_entry_clear (&entry);
  }
  return TRUE;
}

/* ---- text ---- */

static void
print_counts (const gchar *title, GHashTable *table, GCompareFunc compare, guint max)
{
  g_autoptr (GArray) list = sorted (table, compare);
  if (list->len == 0)
    return;
  g_print ("\n%s\n", title);
  for (guint i = 0; i < list->len && i < max; i++) {
    const Count *one = &g_array_index (list, Count, i);
    g_print ("  %8" G_GUINT64_FORMAT "  %s\n", one->n, one->key);
  }
}

static void
print_sizes (const Inspection *inspection)
{
  g_autofree gchar *largest = g_format_size_full (inspection->largest, G_FORMAT_SIZE_IEC_UNITS);
  g_print ("\nSizes (largest %s)\n", largest);
  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
    if (inspection->sizes[i] > 0)
      g_print ("  %8" G_GUINT64_FORMAT "  %s\n", inspection->sizes[i], sizes[i].name);
}

static void
print_skipped (const Inspection *inspection)
{
  const gchar *title = "\nLeft out\n";
  for (guint i = 0; i < BM_RULE_LAST; i++) {
    if (inspection->skipped[i] == 0)
      continue;
    g_print ("%s  %8" G_GUINT64_FORMAT "  %s: %s\n", title, inspection->skipped[i],
             bm_rule_token ((BmRule) i), bm_rule_text ((BmRule) i));
    title = "";
  }
}

typedef struct {
  guint items, skipped;
} FolderCount;

/* nid of a folder -> FolderCount, in one pass over the items. */
static GHashTable *
count_by_folder (const BmCensus *census)
{
  GHashTable *table = g_hash_table_new_full (NULL, NULL, NULL, g_free);
  for (guint i = 0; i < census->items->len; i++) {
    const BmCensusItem *item = &g_array_index (census->items, BmCensusItem, i);
    FolderCount *one = g_hash_table_lookup (table, GUINT_TO_POINTER (item->folder));
    if (one == NULL) {
      one = g_new0 (FolderCount, 1);
      g_hash_table_insert (table, GUINT_TO_POINTER (item->folder), one);
    }
    one->items++;
    one->skipped += item->rule != BM_RULE_NONE;
  }
  return table;
}

static FolderCount
count_of (GHashTable *table, guint32 nid)
{
  const FolderCount *one = g_hash_table_lookup (table, GUINT_TO_POINTER (nid));
  return one != NULL ? *one : (FolderCount){0, 0};
}

static void
print_text (const Inspection *inspection, const gchar *path, const gchar *sandbox)
{
  const BmCensus *census = inspection->census;
  g_autofree gchar *size = g_format_size_full (census->file_size, G_FORMAT_SIZE_IEC_UNITS);
  g_print ("%s: %s, %s, encryption %s%s; sandbox: %s\n", path, size,
           bm_pst_format_token (census->format), bm_pst_crypt_token (census->crypt),
           census->password ? ", password set (not needed)" : "", sandbox);
  g_autoptr (GHashTable) by_folder = count_by_folder (census);
  g_print ("%u items in %u folders, %" G_GUINT64_FORMAT " nodes\n\n   items    mail?  folder\n",
           census->items->len, census->folders->len, census->nodes);
  for (guint i = 0; i < census->folders->len; i++) {
    const BmFolder *folder = g_ptr_array_index (census->folders, i);
    FolderCount n = count_of (by_folder, folder->nid);
    if (folder->path == NULL && n.items == 0)
      continue;
    g_print ("%8u %8u  %s%s%s\n", n.items, n.items - n.skipped,
             folder->path != NULL ? folder->path : folder->name,
             folder->role != BM_ROLE_NONE ? "  = " : "", bm_role_token (folder->role));
  }
  for (guint i = 0; i < census->warnings->len; i++)
    g_print ("warning: %s\n", (const gchar *) g_ptr_array_index (census->warnings, i));
  print_skipped (inspection);
  if (!inspection->full)
    return;
  g_autofree gchar *bytes = g_format_size_full (inspection->bytes, G_FORMAT_SIZE_IEC_UNITS);
  g_print ("\n%" G_GUINT64_FORMAT " messages, %s rendered, %" G_GUINT64_FORMAT " attachments\n",
           inspection->rendered, bytes, inspection->attachments);
  print_counts ("Classes", inspection->classes, compare_n, G_MAXUINT);
  print_sizes (inspection);
  print_counts ("Years", inspection->years, compare_key, G_MAXUINT);
  print_counts ("Senders", inspection->senders, compare_n, TOP_SENDERS);
  print_counts ("Failed", inspection->causes, compare_n, G_MAXUINT);
}

/* ---- JSON ---- */

static void
set_counts (JsonObject *object, const gchar *name, GHashTable *table)
{
  JsonObject *counts = json_object_new ();
  g_autoptr (GArray) list = sorted (table, compare_key);
  for (guint i = 0; i < list->len; i++) {
    const Count *one = &g_array_index (list, Count, i);
    json_object_set_int_member (counts, one->key, (gint64) one->n);
  }
  json_object_set_object_member (object, name, counts);
}

static void
set_sizes (JsonObject *object, const Inspection *inspection)
{
  JsonObject *counts = json_object_new ();
  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
    json_object_set_int_member (counts, sizes[i].name, (gint64) inspection->sizes[i]);
  json_object_set_object_member (object, "sizes", counts);
  json_object_set_int_member (object, "largest", (gint64) inspection->largest);
}

static void
set_skipped (JsonObject *object, const Inspection *inspection)
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
  g_autoptr (GHashTable) by_folder = count_by_folder (census);
  for (guint i = 0; i < census->folders->len; i++) {
    const BmFolder *folder = g_ptr_array_index (census->folders, i);
    JsonObject *object = json_object_new ();
    FolderCount n = count_of (by_folder, folder->nid);
    json_object_set_int_member (object, "nid", folder->nid);
    if (folder->path != NULL)
      json_object_set_string_member (object, "path", folder->path);
    else
      json_object_set_null_member (object, "path");
    json_object_set_string_member (object, "name", folder->name);
    json_object_set_string_member (object, "role", bm_role_token (folder->role));
    json_object_set_string_member (
        object, "rule", folder->rule != BM_RULE_NONE ? bm_rule_token (folder->rule) : "");
    json_object_set_int_member (object, "items", n.items);
    json_object_set_int_member (object, "skipped", n.skipped);
    json_array_add_object_element (array, object);
  }
  return array;
}

static void
print_json (const Inspection *inspection, const gchar *path, const gchar *sandbox)
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
  set_skipped (object, inspection);
  json_object_set_array_member (object, "folders", folders_array (census));
  JsonArray *warnings = json_array_new ();
  for (guint i = 0; i < census->warnings->len; i++)
    json_array_add_string_element (warnings, g_ptr_array_index (census->warnings, i));
  json_object_set_array_member (object, "warnings", warnings);
  if (inspection->full) {
    json_object_set_int_member (object, "rendered", (gint64) inspection->rendered);
    json_object_set_int_member (object, "rendered_bytes", (gint64) inspection->bytes);
    json_object_set_int_member (object, "attachments", (gint64) inspection->attachments);
    set_counts (object, "classes", inspection->classes);
    set_sizes (object, inspection);
    set_counts (object, "years", inspection->years);
    set_counts (object, "senders", inspection->senders);
    set_counts (object, "failed", inspection->causes);
  }
  g_autoptr (JsonNode) node = json_node_init_object (json_node_alloc (), object);
  json_object_unref (object);
  g_autofree gchar *text = json_to_string (node, TRUE);
  g_print ("%s\n", text);
}

static int
inspect (BmSource *source, const gchar *path, gboolean full, gboolean json)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GHashTable) classes = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  g_autoptr (GHashTable) years = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  g_autoptr (GHashTable) senders = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  g_autoptr (GHashTable) causes = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  Inspection inspection = {
      .full = full, .classes = classes, .years = years, .senders = senders, .causes = causes};
  inspection.census = source->ops->census (source, &error);
  for (guint i = 0; inspection.census != NULL && i < inspection.census->items->len; i++) {
    BmRule rule = g_array_index (inspection.census->items, BmCensusItem, i).rule;
    if (rule != BM_RULE_NONE)
      inspection.skipped[rule]++;
  }
  if (inspection.census == NULL || (full && !walk (&inspection, source, &error)))
    return bm_cli_fail (g_steal_pointer (&error));
  if (json)
    print_json (&inspection, path, bm_reader_sandbox (source));
  else
    print_text (&inspection, path, bm_reader_sandbox (source));
  return g_hash_table_size (causes) > 0 ? 1 : 0;
}

int
bm_cmd_inspect (int argc, char **argv)
{
  g_autofree gchar *format = NULL;
  gboolean full = FALSE;
  g_auto (BmCliReading) reading = {0};
  const GOptionEntry entries[] = {
      {"full", 0, 0, G_OPTION_ARG_NONE, &full, "Read every item too", NULL},
      {"format", 0, 0, G_OPTION_ARG_STRING, &format, "text (default) or json", "FORMAT"},
      BM_CLI_READING_ENTRIES (&reading),
      {NULL},
  };
  g_auto (GStrv) args = NULL;
  g_autoptr (GError) error = NULL;
  int status = 0;
  gboolean ok = bm_cli_parse (argc, argv, entries, "FILE", examples, 1, 1, &args, &status);
  if (!ok || !bm_cli_check_format (format != NULL ? format : "text", "text json", &status))
    return status;
  g_autoptr (BmSource) source = bm_cli_open_source (args[0], &reading, NULL, 0, FALSE, &error);
  if (source == NULL)
    return bm_cli_fail (g_steal_pointer (&error));
  return inspect (source, args[0], full, g_strcmp0 (format, "json") == 0);
}
