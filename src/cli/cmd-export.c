/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* export: a PST's messages as .eml files below its folder tree, and a manifest of every item.
 * Needs no server. Must not know how items are read or rendered. */
#include "cli/bm-cli.h"
#include "cli/bm-manifest.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>

#define NAME_BYTES 180  /* of one directory name */
#define PATH_BYTES 2000 /* of all of them; PATH_MAX is 4096 with what --output adds */

static const gchar examples[] =
    "Writes DIR/manifest.jsonl: a JSON line per item, the ledger last.\n\n"
    "Examples:\n"
    "  bm-pst-import export archive.pst --output /tmp/archive\n";

typedef struct {
  BmSource *source;
  const BmCensus *census;
  BmManifest *manifest;
  const gchar *output;
  GHashTable *directories; /* those made */
  BmProgress progress;
} Export;

/* One folder name as a directory name. */
static gchar *
safe_component (const gchar *name)
{
  g_autoptr (GString) safe = g_string_new (NULL);
  for (const gchar *p = name; *p != '\0' && safe->len < NAME_BYTES; p = g_utf8_next_char (p)) {
    gunichar c = g_utf8_get_char (p);
    if (g_unichar_iscntrl (c) || c == '/' || (safe->len == 0 && c == '.'))
      g_string_append_c (safe, '_');
    else
      g_string_append_unichar (safe, c);
  }
  if (safe->len == 0)
    g_string_append_c (safe, '_');
  return g_string_free (g_steal_pointer (&safe), FALSE);
}

/* Levels that no longer fit are left out: file names are unique without them, and the manifest has
 * the whole path. */
static gchar *
safe_directory (const gchar *path)
{
  g_auto (GStrv) parts = g_strsplit (path, "/", -1);
  g_autoptr (GPtrArray) safe = g_ptr_array_new_with_free_func (g_free);
  gsize bytes = 0;
  for (guint i = 0; parts[i] != NULL; i++) {
    if (*parts[i] == '\0' && parts[1] == NULL)
      continue;
    g_autofree gchar *name = safe_component (parts[i]);
    bytes += strlen (name) + 1;
    if (bytes > PATH_BYTES)
      break;
    g_ptr_array_add (safe, g_steal_pointer (&name));
  }
  g_ptr_array_add (safe, NULL);
  return g_strjoinv ("/", (gchar **) safe->pdata);
}

static gboolean
write_file (Export *export, const gchar *file, GBytes *bytes, GError **error)
{
  g_autofree gchar *path = g_build_filename (export->output, file, NULL);
  g_autofree gchar *directory = g_path_get_dirname (path);
  if (!g_hash_table_contains (export->directories, directory)) {
    if (g_mkdir_with_parents (directory, 0700) != 0) {
      g_set_error (error, BM_ERROR, BM_CAUSE_DISK_FULL, "cannot make %s: %s", directory,
                   g_strerror (errno));
      return FALSE;
    }
    g_hash_table_add (export->directories, g_strdup (directory));
  }
  gsize size;
  const gchar *data = g_bytes_get_data (bytes, &size);
  g_autoptr (GError) local = NULL;
  if (g_file_set_contents_full (path, data, (gssize) size, G_FILE_SET_CONTENTS_NONE, 0600, &local))
    return TRUE;
  g_set_error (error, BM_ERROR, BM_CAUSE_DISK_FULL, "%s", local->message);
  return FALSE;
}

/* The folder's path in the PST; NULL outside the subtree. */
static const gchar *
folder_path (const Export *export, guint32 folder)
{
  const BmFolder *found = bm_census_folder (export->census, folder);
  return found != NULL ? found->path : NULL;
}

static gint
compare_nid (gconstpointer a, gconstpointer b)
{
  guint32 x = ((const BmCensusItem *) a)->nid, y = ((const BmCensusItem *) b)->nid;
  return x < y ? -1 : x > y;
}

static const gchar *
item_path (const Export *export, guint32 nid)
{
  BmCensusItem key = {.nid = nid};
  guint index;
  if (!g_array_binary_search (export->census->items, &key, compare_nid, &index))
    return NULL;
  return folder_path (export, g_array_index (export->census->items, BmCensusItem, index).folder);
}

static gboolean
accept_message (Export *export, const BmEntry *entry, const gchar *path, GError **error)
{
  g_autofree gchar *directory = safe_directory (path != NULL ? path : "");
  g_autofree gchar *file =
      g_strdup_printf ("%s%s%08x.eml", directory, *directory != '\0' ? "/" : "", entry->nid);
  export->progress.appended++;
  export->progress.bytes += g_bytes_get_size (entry->message->bytes);
  return write_file (export, file, entry->message->bytes, error) &&
         bm_manifest_rendered (export->manifest, entry->message, path, file, error);
}

static gboolean
accept (Export *export, const BmEntry *entry, GError **error)
{
  const gchar *path = item_path (export, entry->nid);
  export->progress.done++;
  bm_cli_progress (&export->progress, NULL);
  switch (entry->kind) {
  case BM_ENTRY_MESSAGE:
    return accept_message (export, entry, path, error);
  case BM_ENTRY_SKIPPED:
    return bm_manifest_skipped (export->manifest, entry->nid, path, entry->message_class,
                                entry->rule, error);
  case BM_ENTRY_FAILED:
    g_message ("item %08x in %s: %s: %s", entry->nid, path != NULL ? path : "(outside)",
               bm_cause_token (bm_error_cause (entry->error)), entry->error->message);
    return bm_manifest_failed (export->manifest, entry->nid, path, bm_error_cause (entry->error),
                               error);
  case BM_ENTRY_END:
  default:
    return TRUE;
  }
}

/* Items the census settles are written at once; the nids of the others are returned. */
static GArray *
settle_by_rule (Export *export, GError **error)
{
  g_autoptr (GArray) wanted = g_array_new (FALSE, FALSE, sizeof (guint32));
  for (guint i = 0; i < export->census->items->len; i++) {
    const BmCensusItem *item = &g_array_index (export->census->items, BmCensusItem, i);
    if (item->rule == BM_RULE_NONE)
      g_array_append_val (wanted, item->nid);
    else if (!bm_manifest_skipped (export->manifest, item->nid, folder_path (export, item->folder),
                                   NULL, item->rule, error))
      return NULL;
  }
  return g_steal_pointer (&wanted);
}

static gboolean
run (Export *export, GError **error)
{
  g_autoptr (GArray) wanted = settle_by_rule (export, error);
  if (wanted == NULL)
    return FALSE;
  gint64 started = g_get_monotonic_time ();
  export->progress.phase = BM_PHASE_APPEND;
  export->progress.total = wanted->len;
  const BmSourceOps *ops = export->source->ops;
  if (wanted->len > 0 &&
      !ops->order (export->source, (const guint32 *) wanted->data, wanted->len, error))
    return FALSE;
  for (gboolean ended = wanted->len == 0; !ended;) {
    BmEntry entry = {0};
    export->progress.elapsed_ms = (g_get_monotonic_time () - started) / 1000;
    if (!ops->next (export->source, &entry, error))
      return FALSE;
    ended = entry.kind == BM_ENTRY_END;
    gboolean ok = accept (export, &entry, error);
    bm_entry_clear (&entry);
    if (!ok || bm_cli_interrupted (error))
      return FALSE;
  }
  return bm_manifest_close (export->manifest, bm_reader_render_id (export->source), error);
}

static int
export_to (BmSource *source, const gchar *output)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GHashTable) directories =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  Export export = {.source = source, .output = output, .directories = directories};
  export.census = source->ops->census (source, &error);
  if (export.census == NULL)
    return bm_cli_fail (g_steal_pointer (&error));
  if (g_mkdir_with_parents (output, 0700) != 0) {
    g_set_error (&error, BM_ERROR, BM_CAUSE_USAGE, "cannot make %s: %s", output,
                 g_strerror (errno));
    return bm_cli_fail (g_steal_pointer (&error));
  }
  g_autofree gchar *path = g_build_filename (output, "manifest.jsonl", NULL);
  g_autoptr (BmManifest) manifest = bm_manifest_open (path, export.census, &error);
  export.manifest = manifest;
  if (manifest == NULL || !run (&export, &error))
    return bm_cli_fail (g_steal_pointer (&error));
  bm_cli_progress_end ();
  g_print ("%u found, %" G_GUINT64_FORMAT " written, %" G_GUINT64_FORMAT " failed; see %s\n",
           export.census->items->len, export.progress.appended, bm_manifest_failed_count (manifest),
           path);
  return bm_manifest_failed_count (manifest) > 0 ? 1 : 0;
}

int
bm_cmd_export (int argc, char **argv)
{
  g_autofree gchar *output = NULL, *owner = NULL;
  g_auto (BmCliReading) reading = {0};
  const GOptionEntry entries[] = {
      {"output", 'o', 0, G_OPTION_ARG_FILENAME, &output, "Directory to write to", "DIR"},
      {"owner", 0, 0, G_OPTION_ARG_STRING, &owner, "Sender of drafts that name none", "ADDRESS"},
      BM_CLI_READING_ENTRIES (&reading),
      {NULL},
  };
  g_auto (GStrv) args = NULL;
  g_autoptr (GError) error = NULL;
  int status = 0;
  gboolean ok = bm_cli_parse (argc, argv, entries, "FILE", examples, 1, 1, &args, &status);
  if (!ok)
    return status;
  if (output == NULL) {
    g_set_error_literal (&error, BM_ERROR, BM_CAUSE_USAGE, "export needs --output DIR");
    return bm_cli_fail (g_steal_pointer (&error));
  }
  g_autofree gchar *address = bm_smtp_address (owner);
  if (owner != NULL && address == NULL) {
    g_set_error (&error, BM_ERROR, BM_CAUSE_USAGE, "--owner %s is no address", owner);
    return bm_cli_fail (g_steal_pointer (&error));
  }
  g_autoptr (BmSource) source =
      bm_cli_open_source (args[0], &reading, NULL, owner, 0, TRUE, &error);
  if (source == NULL)
    return bm_cli_fail (g_steal_pointer (&error));
  return export_to (source, output);
}
