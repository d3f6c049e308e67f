/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* inspect: what a PST holds. The census alone by default; --full renders every item in the child to
 * tell classes, sizes, years and senders; --follow tells of it while it goes on. Sends nothing. */
#include "cli/bm-cli.h"
#include "cli/bm-inspect-follow.h"

#include <stdio.h>

#define TOP_SENDERS 10

static const gchar examples[] =
    "Examples:\n"
    "  bm-pst-import inspect archive.pst\n"
    "  bm-pst-import inspect archive.pst --full --format json\n"
    "  bm-pst-import inspect archive.pst --full --follow --inventory items.tsv\n";

/* ---- text ---- */

static void
print_counts (const gchar *title, GHashTable *table, gboolean most_first, guint max)
{
  g_autoptr (GArray) list = bm_inspection_sorted (table, most_first);
  if (list->len == 0)
    return;
  g_print ("\n%s\n", title);
  for (guint i = 0; i < list->len && i < max; i++) {
    const BmInspectionCount *one = &g_array_index (list, BmInspectionCount, i);
    g_print ("  %8" G_GUINT64_FORMAT "  %s\n", one->n, one->key);
  }
}

static void
print_sizes (const BmInspection *inspection)
{
  g_autofree gchar *largest = g_format_size_full (inspection->largest, G_FORMAT_SIZE_IEC_UNITS);
  g_print ("\nSizes (largest %s)\n", largest);
  for (guint i = 0; i < BM_INSPECTION_SIZES; i++)
    if (inspection->sizes[i] > 0)
      g_print ("  %8" G_GUINT64_FORMAT "  %s\n", inspection->sizes[i], bm_inspection_sizes[i].name);
}

static void
print_skipped (const BmInspection *inspection)
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

static void
print_text (const BmInspection *inspection, gboolean full, const gchar *path, const gchar *sandbox)
{
  const BmCensus *census = inspection->census;
  g_autofree gchar *size = g_format_size_full (census->file_size, G_FORMAT_SIZE_IEC_UNITS);
  g_print ("%s: %s, %s, encryption %s%s; sandbox: %s\n", path, size,
           bm_pst_format_token (census->format), bm_pst_crypt_token (census->crypt),
           census->password ? ", password set (not needed)" : "", sandbox);
  g_autoptr (GHashTable) by_folder = bm_inspection_by_folder (census);
  g_print ("%u items in %u folders, %" G_GUINT64_FORMAT " nodes\n\n   items    mail?  folder\n",
           census->items->len, census->folders->len, census->nodes);
  for (guint i = 0; i < census->folders->len; i++) {
    const BmFolder *folder = g_ptr_array_index (census->folders, i);
    const BmInspectionFolder *n = g_hash_table_lookup (by_folder, GUINT_TO_POINTER (folder->nid));
    if (folder->path == NULL && n == NULL)
      continue;
    g_print ("%8u %8u  %s%s%s\n", n != NULL ? n->items : 0, n != NULL ? n->items - n->skipped : 0,
             folder->path != NULL ? folder->path : folder->name,
             folder->role != BM_ROLE_NONE ? "  = " : "", bm_role_token (folder->role));
  }
  for (guint i = 0; i < census->warnings->len; i++)
    g_print ("warning: %s\n", (const gchar *) g_ptr_array_index (census->warnings, i));
  print_skipped (inspection);
  if (!full)
    return;
  g_autofree gchar *bytes = g_format_size_full (inspection->bytes, G_FORMAT_SIZE_IEC_UNITS);
  g_print ("\n%" G_GUINT64_FORMAT " messages, %s rendered, %" G_GUINT64_FORMAT " attachments\n",
           inspection->rendered, bytes, inspection->attachments);
  print_counts ("Classes", inspection->classes, TRUE, G_MAXUINT);
  print_sizes (inspection);
  print_counts ("Years", inspection->years, FALSE, G_MAXUINT);
  print_counts ("Senders", inspection->senders, TRUE, TOP_SENDERS);
  print_counts ("Failed", inspection->causes, TRUE, G_MAXUINT);
}

static void
print_json (const BmInspection *inspection, gboolean full, const gchar *path, const gchar *sandbox)
{
  JsonObject *object = bm_inspection_census_json (inspection, path, sandbox);
  if (full)
    bm_inspection_add_walk (inspection, object, 0);
  g_autoptr (JsonNode) node = json_node_init_object (json_node_alloc (), object);
  json_object_unref (object);
  g_autofree gchar *text = json_to_string (node, TRUE);
  g_print ("%s\n", text);
}

static int
inspect (BmSource *source, const gchar *path, gboolean full, gboolean json)
{
  g_autoptr (GError) error = NULL;
  const BmCensus *census = source->ops->census (source, &error);
  g_auto (BmInspection) inspection = {0};
  if (census == NULL)
    return bm_cli_fail (g_steal_pointer (&error));
  bm_inspection_init (&inspection, census);
  if (full && !bm_inspection_walk (&inspection, source, bm_cli_interrupted, NULL, NULL, &error))
    return bm_cli_fail (g_steal_pointer (&error));
  if (json)
    print_json (&inspection, full, path, bm_reader_sandbox (source));
  else
    print_text (&inspection, full, path, bm_reader_sandbox (source));
  return g_hash_table_size (inspection.causes) > 0 ? 1 : 0;
}

static int
usage (const gchar *text)
{
  return bm_cli_fail (g_error_new_literal (BM_ERROR, BM_CAUSE_USAGE, text));
}

int
bm_cmd_inspect (int argc, char **argv)
{
  g_autofree gchar *format = NULL, *inventory = NULL;
  gboolean full = FALSE, follow = FALSE;
  g_auto (BmCliReading) reading = {0};
  const GOptionEntry entries[] = {
      {"full", 0, 0, G_OPTION_ARG_NONE, &full, "Read every item too", NULL},
      {"follow", 0, 0, G_OPTION_ARG_NONE, &follow, "With --full: lines of JSON as it goes on",
       NULL},
      {"inventory", 0, 0, G_OPTION_ARG_FILENAME, &inventory, "With --follow: a line per item",
       "FILE"},
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
  if (follow && (!full || g_strcmp0 (format, "text") == 0))
    return usage ("--follow needs --full, and prints lines of JSON");
  if (inventory != NULL && !follow)
    return usage ("--inventory needs --follow");
  g_autoptr (BmSource) source =
      bm_cli_open_source (args[0], &reading, NULL, NULL, 0, FALSE, &error);
  if (follow)
    return bm_inspect_follow (source, args[0], inventory, g_steal_pointer (&error));
  if (source == NULL)
    return bm_cli_fail (g_steal_pointer (&error));
  return inspect (source, args[0], full, g_strcmp0 (format, "json") == 0);
}
