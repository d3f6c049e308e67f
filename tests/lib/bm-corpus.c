/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* See bm-corpus.h. */
#include "bm-corpus.h"

static gchar *
folder (void)
{
  const gchar *named = g_getenv ("BM_CORPUS");
  return named != NULL
             ? g_strdup (named)
             : g_build_filename (g_getenv ("BM_SOURCE_ROOT"), "..", "shared", "corpus", NULL);
}

gchar *
bm_corpus_path (const gchar *file)
{
  g_autofree gchar *dir = folder ();
  return g_build_filename (dir, file, NULL);
}

static void
test_absent (gconstpointer path)
{
  g_autofree gchar *why = g_strdup_printf ("there is no corpus at %s", (const gchar *) path);
  g_test_skip (why);
}

static gint
compare_names (gconstpointer a, gconstpointer b)
{
  return g_strcmp0 (*(const gchar *const *) a, *(const gchar *const *) b);
}

void
bm_corpus_add_tests (const gchar *prefix, GTestDataFunc run)
{
  g_autofree gchar *path = folder ();
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
  for (const gchar *name; dir != NULL && (name = g_dir_read_name (dir)) != NULL;)
    if (g_str_has_suffix (name, ".pst") || g_str_has_suffix (name, ".ost"))
      g_ptr_array_add (names, g_strdup (name));
  g_ptr_array_sort (names, compare_names);
  for (guint i = 0; i < names->len; i++) {
    const gchar *name = g_ptr_array_index (names, i);
    g_autofree gchar *test = g_strconcat (prefix, "/", name, NULL);
    g_test_add_data_func_full (test, bm_corpus_path (name), run, g_free);
  }
  if (names->len == 0)
    g_test_add_data_func_full (prefix, g_steal_pointer (&path), test_absent, g_free);
}
