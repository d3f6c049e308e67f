/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* See bm-map-scan.h. Must not know what is in the files. */
#include "cli/bm-map-scan.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

typedef struct {
  GPtrArray *files;
  GHashTable *seen; /* "device inode" -> the path where it was seen first */
  GPtrArray *links; /* Link, owned: looked into last, so that a file has its own name first */
  const gchar *root;
  gboolean (*interrupted) (GError **);
} Scan;

typedef struct {
  gchar *path, *root;
} Link;

static void
link_free (gpointer data)
{
  Link *link = data;
  g_free (link->path);
  g_free (link->root);
  g_free (link);
}

static void
file_free (gpointer data)
{
  BmMapFile *file = data;
  g_free (file->path);
  g_free (file->root);
  g_free (file->problem);
  g_free (file);
}

/* Takes problem. */
static void
add (Scan *scan, const gchar *path, gchar *problem)
{
  BmMapFile *file = g_new0 (BmMapFile, 1);
  file->path = g_strdup (path);
  file->root = g_strdup (scan->root);
  file->problem = problem;
  if (problem == NULL && !g_utf8_validate (path, -1, NULL))
    file->problem = g_strdup ("the name is not UTF-8, a mapping cannot say it; rename it");
  else if (problem == NULL && strpbrk (path, "\r\n") != NULL)
    file->problem = g_strdup ("the name holds a line end, a mapping cannot say it; rename it");
  g_ptr_array_add (scan->files, file);
}

/* Where this file or directory was seen before; NULL: nowhere, and it is remembered. */
static const gchar *
seen_before (Scan *scan, const struct stat *info, const gchar *path)
{
  g_autofree gchar *key = g_strdup_printf ("%" G_GUINT64_FORMAT " %" G_GUINT64_FORMAT,
                                           (guint64) info->st_dev, (guint64) info->st_ino);
  const gchar *first = g_hash_table_lookup (scan->seen, key);
  if (first == NULL)
    g_hash_table_insert (scan->seen, g_steal_pointer (&key), g_strdup (path));
  return first;
}

static void
add_file (Scan *scan, const gchar *path, const struct stat *info)
{
  const gchar *first = seen_before (scan, info, path);
  if (first == NULL) {
    add (scan, path, NULL);
  } else if (!g_str_equal (first, path)) {
    g_autofree gchar *shown = g_filename_display_name (first);
    add (scan, path, g_strdup_printf ("the same file as %s (a link); take this row out", shown));
  }
}

static gboolean
is_pst_name (const gchar *name)
{
  gsize length = strlen (name);
  return length > 4 && (g_ascii_strcasecmp (name + length - 4, ".pst") == 0 ||
                        g_ascii_strcasecmp (name + length - 4, ".ost") == 0);
}

static gint
compare_names (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const gchar *const *) a, *(const gchar *const *) b);
}

/* Names in the directory, sorted; NULL: it cannot be read, and an entry says so. */
static GPtrArray *
names_in (Scan *scan, const gchar *path)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GDir) directory = g_dir_open (path, 0, &error);
  if (directory == NULL) {
    add (scan, path,
         g_strdup_printf ("cannot be looked into: %s; mend its rights", error->message));
    return NULL;
  }
  GPtrArray *names = g_ptr_array_new_with_free_func (g_free);
  for (const gchar *name; (name = g_dir_read_name (directory)) != NULL;)
    g_ptr_array_add (names, g_strdup (name));
  g_ptr_array_sort (names, compare_names);
  return names;
}

static gboolean scan_directory (Scan *scan, const gchar *path, GError **error);

/* What the path leads to. */
static gboolean
scan_target (Scan *scan, const gchar *path, GError **error)
{
  struct stat info;
  g_autofree gchar *name = g_path_get_basename (path);
  if (stat (path, &info) != 0) {
    if (is_pst_name (name))
      add (scan, path, g_strdup_printf ("%s; mend it, or take this row out", g_strerror (errno)));
    return TRUE;
  }
  if (S_ISDIR (info.st_mode))
    return seen_before (scan, &info, path) != NULL || scan_directory (scan, path, error);
  if (is_pst_name (name) && S_ISREG (info.st_mode))
    add_file (scan, path, &info);
  else if (is_pst_name (name))
    add (scan, path, g_strdup ("not a regular file; take this row out"));
  return TRUE;
}

static gboolean
scan_entry (Scan *scan, const gchar *path, GError **error)
{
  if (!g_file_test (path, G_FILE_TEST_IS_SYMLINK))
    return scan_target (scan, path, error);
  Link *link = g_new0 (Link, 1);
  link->path = g_strdup (path);
  link->root = g_strdup (scan->root);
  g_ptr_array_add (scan->links, link);
  return TRUE;
}

static gboolean
scan_directory (Scan *scan, const gchar *path, GError **error)
{
  g_autoptr (GPtrArray) names = names_in (scan, path);
  for (guint i = 0; names != NULL && i < names->len; i++) {
    g_autofree gchar *below = g_build_filename (path, g_ptr_array_index (names, i), NULL);
    if ((scan->interrupted != NULL && scan->interrupted (error)) ||
        !scan_entry (scan, below, error))
      return FALSE;
  }
  return TRUE;
}

static gboolean
scan_path (Scan *scan, const gchar *path, GError **error)
{
  struct stat info;
  g_autofree gchar *absolute = g_canonicalize_filename (path, NULL);
  g_autofree gchar *parent = g_path_get_dirname (absolute);
  if (stat (absolute, &info) != 0) {
    g_set_error (error, BM_ERROR, BM_CAUSE_PST_MISSING, "%s: %s", path, g_strerror (errno));
    return FALSE;
  }
  scan->root = S_ISDIR (info.st_mode) ? absolute : parent;
  if (S_ISDIR (info.st_mode))
    return seen_before (scan, &info, absolute) != NULL || scan_directory (scan, absolute, error);
  add_file (scan, absolute, &info);
  return TRUE;
}

static gint
compare_files (gconstpointer a, gconstpointer b)
{
  return strcmp ((*(BmMapFile *const *) a)->path, (*(BmMapFile *const *) b)->path);
}

GPtrArray *
bm_map_scan (const gchar *const *paths, gboolean (*interrupted) (GError **), GError **error)
{
  g_autoptr (GPtrArray) files = g_ptr_array_new_with_free_func (file_free);
  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  g_autoptr (GPtrArray) links = g_ptr_array_new_with_free_func (link_free);
  Scan scan = {files, seen, links, NULL, interrupted};
  for (guint i = 0; paths[i] != NULL; i++)
    if (!scan_path (&scan, paths[i], error))
      return NULL;
  for (guint i = 0; i < links->len; i++) { /* a directory behind a link may hold more of them */
    const Link *link = g_ptr_array_index (links, i);
    scan.root = link->root;
    if (!scan_target (&scan, link->path, error))
      return NULL;
  }
  g_ptr_array_sort (files, compare_files);
  return g_steal_pointer (&files);
}
