/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* See bm-upload-folders.h. */
#include "http/bm-upload-folders.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define DEPTH_MAX   8
#define FILES_MAX   2000
#define ENTRIES_MAX 200000 /* looked at in all */

typedef struct {
  const gchar *const *folders;
  const gchar *folder;
  GPtrArray *files;
  guint entries;
  gboolean cut;
} Walk;

static void
file_free (gpointer pointer)
{
  BmFolderFile *file = pointer;
  g_free (file->path);
  g_free (file);
}

/* parent: real. */
static gboolean
is_below (const gchar *parent, const gchar *path)
{
  gsize length = strlen (parent);
  if (g_str_equal (parent, "/"))
    return TRUE;
  return strncmp (path, parent, length) == 0 && path[length] == '/';
}

/* New; NULL when it is in none of them. */
static gchar *
real_path_inside (const gchar *const *folders, const gchar *path)
{
  g_autofree gchar *real = realpath (path, NULL);
  for (guint i = 0; real != NULL && folders[i] != NULL; i++) {
    g_autofree gchar *folder = realpath (folders[i], NULL);
    if (folder != NULL && is_below (folder, real))
      return g_steal_pointer (&real);
  }
  return NULL;
}

static gboolean
has_good_name (const gchar *name)
{
  const gchar *dot = strrchr (name, '.');
  return dot != NULL && dot != name && g_utf8_validate (name, -1, NULL) &&
         (g_ascii_strcasecmp (dot, ".pst") == 0 || g_ascii_strcasecmp (dot, ".ost") == 0);
}

static void
add_file (Walk *walk, const gchar *path)
{
  struct stat info;
  g_autofree gchar *real = real_path_inside (walk->folders, path);
  if (real == NULL || stat (real, &info) != 0 || !S_ISREG (info.st_mode))
    return;
  BmFolderFile *file = g_new0 (BmFolderFile, 1);
  file->path = g_strdup (path);
  file->folder = walk->folder;
  file->size = (guint64) info.st_size;
  file->modified = info.st_mtime;
  g_ptr_array_add (walk->files, file);
}

static void
walk_directory (Walk *walk, const gchar *directory, guint depth)
{
  g_autoptr (GDir) dir = g_dir_open (directory, 0, NULL);
  const gchar *name;
  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL) {
    struct stat info;
    g_autofree gchar *path = g_build_filename (directory, name, NULL);
    if (++walk->entries > ENTRIES_MAX || walk->files->len >= FILES_MAX) {
      walk->cut = TRUE;
      break;
    }
    if (lstat (path, &info) != 0)
      continue;
    if (S_ISDIR (info.st_mode) && depth < DEPTH_MAX)
      walk_directory (walk, path, depth + 1);
    else if (S_ISDIR (info.st_mode))
      walk->cut = TRUE;
    else if (has_good_name (name))
      add_file (walk, path);
  }
}

static gint
by_path (gconstpointer a, gconstpointer b)
{
  const BmFolderFile *x = *(BmFolderFile *const *) a, *y = *(BmFolderFile *const *) b;
  return strcmp (x->path, y->path);
}

GPtrArray *
bm_folders_list (const gchar *const *folders, gboolean *cut)
{
  Walk walk = {.folders = folders, .files = g_ptr_array_new_with_free_func (file_free)};
  for (guint i = 0; folders[i] != NULL; i++) {
    walk.folder = folders[i];
    walk_directory (&walk, folders[i], 0);
  }
  g_ptr_array_sort (walk.files, by_path);
  for (guint i = walk.files->len; i-- > 1;) /* one folder may lie in another */
    if (by_path (&walk.files->pdata[i], &walk.files->pdata[i - 1]) == 0)
      g_ptr_array_remove_index (walk.files, i);
  *cut = walk.cut;
  return walk.files;
}

GStrv
bm_folders_of_domains (const gchar *const *folders, const gchar *const *names)
{
  g_autoptr (GStrvBuilder) list = g_strv_builder_new ();
  for (guint i = 0; folders[i] != NULL; i++) {
    const gchar *only[] = {folders[i], NULL};
    for (guint n = 0; names[n] != NULL; n++) {
      if (*names[n] == '.' || *names[n] == '\0' || strchr (names[n], '/') != NULL)
        continue;
      g_autofree gchar *path = g_build_filename (folders[i], names[n], NULL);
      g_autofree gchar *real = real_path_inside (only, path);
      if (real != NULL)
        g_strv_builder_add (list, path);
    }
  }
  return g_strv_builder_end (list);
}

gchar *
bm_folders_resolve (const gchar *const *folders, const gchar *path, GError **error)
{
  struct stat info;
  g_autofree gchar *real = g_path_is_absolute (path) ? real_path_inside (folders, path) : NULL;
  if (real != NULL && has_good_name (real) && stat (real, &info) == 0 && S_ISREG (info.st_mode))
    return g_steal_pointer (&real);
  g_set_error (error, BM_ERROR, BM_CAUSE_PST_MISSING,
               "There is no such PST or OST file in the configured folders.");
  return NULL;
}
