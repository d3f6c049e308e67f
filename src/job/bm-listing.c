/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* See bm-listing.h. */
#include "job/bm-listing.h"

#include <string.h>

static gint
compare (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const gchar *const *) a, *(const gchar *const *) b);
}

GPtrArray *
bm_listing (const gchar *parent, const gchar *file)
{
  GPtrArray *list = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GDir) dir = g_dir_open (parent, 0, NULL);
  const gchar *name;
  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL) {
    g_autofree gchar *path = g_build_filename (parent, name, file, NULL);
    if (g_file_test (path, G_FILE_TEST_EXISTS))
      g_ptr_array_add (list, g_build_filename (parent, name, NULL));
  }
  g_ptr_array_sort (list, compare);
  return list;
}
