/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Finding PSTs in a tree with links in circles, names that cannot be said, and things that are no
 * files. */
#include "cli/bm-map-scan.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static gchar *top;

static gchar *
at (const gchar *name)
{
  return g_build_filename (top, name, NULL);
}

static void
put (const gchar *name)
{
  g_autofree gchar *path = at (name);
  g_autofree gchar *directory = g_path_get_dirname (path);
  g_assert_cmpint (g_mkdir_with_parents (directory, 0700), ==, 0);
  g_assert_true (g_file_set_contents (path, name, -1, NULL));
}

static void
link_to (const gchar *target, const gchar *name)
{
  g_autofree gchar *path = at (name);
  g_assert_cmpint (symlink (target, path), ==, 0);
}

static gchar *
found (GPtrArray *files)
{
  GString *out = g_string_new (NULL);
  for (guint i = 0; i < files->len; i++) {
    const BmMapFile *file = g_ptr_array_index (files, i);
    g_autofree gchar *name = g_filename_display_name (file->path + strlen (top));
    g_string_append_printf (out, "%s%s\n", name, file->problem != NULL ? " !" : "");
  }
  return g_string_free (out, FALSE);
}

static void
test_tree (void)
{
  put ("b/old.PST");
  put ("a.pst");
  put ("a.txt");
  put (".pst");
  put ("b/c/x.ost");
  put ("b/c/line\nend.pst");
  put ("b/bytes\xff.pst");
  link_to ("..", "b/up");           /* a circle */
  link_to ("gone.pst", "dead.pst"); /* leads nowhere */
  link_to ("gone", "dead");         /* of no interest */
  link_to ("a.pst", "z-copy.pst");  /* twice */
  g_autofree gchar *pipe = at ("pipe.pst"), *named = at ("named.pst");
  g_assert_cmpint (mkfifo (pipe, 0600), ==, 0);
  g_assert_cmpint (g_mkdir (named, 0700), ==, 0); /* a directory with such a name */
  put ("named.pst/in.pst");
  g_autoptr (GError) error = NULL;
  g_autofree gchar *inner = at ("b");
  const gchar *const paths[] = {inner, top, NULL};
  g_autoptr (GPtrArray) files = bm_map_scan (paths, NULL, &error);
  g_assert_no_error (error);
  g_autofree gchar *list = found (files);
  g_assert_cmpstr (list, ==,
                   "/a.pst\n/b/bytes\xef\xbf\xbd.pst !\n/b/c/line\nend.pst !\n/b/c/x.ost\n"
                   "/b/old.PST\n/dead.pst !\n/named.pst/in.pst\n/pipe.pst !\n/z-copy.pst !\n");
}

static void
test_paths (void)
{
  g_autoptr (GError) error = NULL;
  g_autofree gchar *file = at ("a.txt"), *missing = at ("missing");
  const gchar *const one[] = {file, NULL}, *const none[] = {missing, NULL};
  g_autoptr (GPtrArray) files =
      bm_map_scan (one, NULL, &error); /* a file of any name, when named */
  g_assert_no_error (error);
  g_assert_cmpuint (files->len, ==, 1);
  const BmMapFile *only = g_ptr_array_index (files, 0);
  g_assert_cmpstr (only->root, ==, top);
  g_assert_null (bm_map_scan (none, NULL, &error));
  g_assert_error (error, BM_ERROR, BM_CAUSE_PST_MISSING);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_autofree gchar *made = g_dir_make_tmp ("bm-scan.XXXXXX", NULL);
  g_autofree gchar *command = g_strdup_printf ("rm -rf '%s'", made);
  top = made;
  g_test_add_func ("/map-scan/tree", test_tree);
  g_test_add_func ("/map-scan/paths", test_paths);
  int status = g_test_run ();
  g_spawn_command_line_sync (command, NULL, NULL, NULL, NULL);
  return status;
}
