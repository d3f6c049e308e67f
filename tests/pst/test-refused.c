/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The items of the corpus that libpff refuses, one by one: what becomes of each, and that the
 * contacts among them are those that readpst finds. (The mails are compared in tests/compare.) */
#include "pst/pst-digest.h"

#include "bm-corpus.h"
#include "pst/bm-pst-salvage.h"
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

typedef struct {
  const gchar *file;
  guint32 nid;
  const gchar *message_class, *subject;
  guint attachments;
} Refused;

static const Refused refused[] = {
    {"aspose-refused-3.pst", 0x200024, "IPM.Note", "About Aspose 9", 2},
    {"aspose-refused-3.pst", 0x200044, "IPM.Note", "About Aspose 10", 2},
    {"aspose-refused-3.pst", 0x200064, "IPM.Note", "About Aspose 11", 2},
    {"aspose-refused-10.pst", 0x200024, "IPM.Note", "About Aspose 30", 2},
    {"aspose-refused-10.pst", 0x200044, "IPM.Note", "About Aspose 31", 2},
    {"aspose-refused-10.pst", 0x200064, "IPM.Note", "About Aspose 32", 2},
    {"aspose-test-part1.pst", 0x200784, "IPM.Contact", "Sebastian Wright", 0},
    {"aspose-test-part1.pst", 0x2007a4, "IPM.Contact", "Wichert Kroos", 0},
    {"aspose-test-part1.pst", 0x2007c4, "IPM.Contact", "Christoffer van de Meeberg", 0},
    {"aspose-test-part1.pst", 0x2007e4, "IPM.Contact", "Margaret J. Tolle", 0},
    {"aspose-test-part1.pst", 0x200804, "IPM.Contact", "Matthew R. Wilcox", 0},
    {"aspose-test-part1.pst", 0x200824, "IPM.Contact", "Bertha A. Buell", 0},
    {"aspose-test-part1.pst", 0x200844, "IPM.Contact", "Sebastian Wright", 0},
    {"aspose-test-part1.pst", 0x200864, "IPM.Contact", "Wichert Kroos", 0},
    {"aspose-test-part1.pst", 0x200884, "IPM.Contact", "Christoffer van de Meeberg", 0},
    {"aspose-test-part1.pst", 0x2008a4, "IPM.Contact", "Margaret J. Tolle", 0},
    {"aspose-test-part1.pst", 0x2008c4, "IPM.Contact", "Matthew R. Wilcox", 0},
    {"aspose-test-part1.pst", 0x2008e4, "IPM.Contact", "Bertha A. Buell", 0},
};

static const Refused *
find_refused (const gchar *file, guint32 nid)
{
  for (guint i = 0; i < G_N_ELEMENTS (refused); i++)
    if (refused[i].nid == nid && g_str_equal (refused[i].file, file))
      return &refused[i];
  return NULL;
}

/* Each item of the file: the refused are salvaged, and no other is. Returns the salvaged contacts as
 * "surname;given name", sorted. */
static GPtrArray *
check_file (const gchar *path, guint *salvaged)
{
  g_autofree gchar *file = g_path_get_basename (path);
  GPtrArray *contacts = g_ptr_array_new_with_free_func (g_free);
  gint fd = open (path, O_RDONLY | O_CLOEXEC);
  g_autoptr (BmPst) pst = bm_pst_open_fd (fd, NULL, NULL);
  g_autoptr (BmCensus) census = bm_pst_census (pst, NULL);
  g_assert_nonnull (census);
  for (guint i = 0; i < census->items->len; i++) {
    guint32 nid = g_array_index (census->items, BmCensusItem, i).nid;
    const Refused *one = find_refused (file, nid);
    g_autoptr (BmPstWindow) window = bm_pst_window_open (pst, &nid, 1, NULL);
    g_autoptr (BmItem) item = bm_pst_window_read (window, 0, NULL);
    g_assert_nonnull (item);
    g_assert_cmpint (bm_notes_has (item->notes, BM_NOTE_SALVAGED), ==, one != NULL);
    g_assert_false (bm_notes_has (item->notes, BM_NOTE_UNREADABLE_PROPERTY));
    if (one == NULL)
      continue;
    g_assert_cmpstr (item->message_class, ==, one->message_class);
    g_assert_cmpuint (item->attachments->len, ==, one->attachments);
    g_assert_nonnull (strstr (bm_props_text (item->props, 0x0037), one->subject));
    g_test_message ("%s %08x: refused by libpff; now %s, %u properties, %u attachments", file, nid,
                    item->message_class, bm_props_size (item->props), item->attachments->len);
    if (g_str_equal (one->message_class, "IPM.Contact")) {
      const gchar *surname = bm_props_text (item->props, 0x3a11);
      const gchar *given = bm_props_text (item->props, 0x3a06);
      g_ptr_array_add (contacts, g_strdup_printf ("%s;%s", surname != NULL ? surname : "",
                                                  given != NULL ? given : ""));
    }
    ++*salvaged;
  }
  close (fd);
  return contacts;
}

static void
test_refused (void)
{
  static const gchar *const files[] = {"aspose-refused-3.pst", "aspose-refused-10.pst",
                                       "aspose-test-part1.pst"};
  guint salvaged = 0;
  for (guint i = 0; i < G_N_ELEMENTS (files); i++) {
    g_autofree gchar *path = bm_corpus_path (files[i]);
    g_autoptr (GPtrArray) contacts = check_file (path, &salvaged);
    g_assert_cmpuint (contacts->len, ==, i == 2 ? 12 : 0);
  }
  g_assert_cmpuint (salvaged, ==, G_N_ELEMENTS (refused));
}

/* "N:surname;given;..." lines of all vCards below this folder, as a multiset. */
static void
gather_names (const gchar *folder, GHashTable *names)
{
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  for (const gchar *name; dir != NULL && (name = g_dir_read_name (dir)) != NULL;) {
    g_autofree gchar *path = g_build_filename (folder, name, NULL);
    g_autofree gchar *text = NULL;
    gather_names (path, names);
    if (g_str_has_suffix (name, ".vcf") && g_file_get_contents (path, &text, NULL, NULL)) {
      g_auto (GStrv) lines = g_strsplit_set (text, "\r\n", -1);
      for (guint i = 0; lines[i] != NULL; i++) {
        g_auto (GStrv) parts = g_strsplit (lines[i], ";", 3);
        if (!g_str_has_prefix (lines[i], "N:") || g_strv_length (parts) < 2)
          continue;
        gchar *key = g_strdup_printf ("%s;%s", parts[0] + 2, parts[1]);
        guint n = GPOINTER_TO_UINT (g_hash_table_lookup (names, key));
        g_hash_table_insert (names, key, GUINT_TO_POINTER (n + 1));
      }
    }
    if (g_unlink (path) != 0)
      g_rmdir (path);
  }
}

static void
test_readpst (void)
{
  g_autofree gchar *readpst = g_find_program_in_path ("readpst");
  g_autofree gchar *path = bm_corpus_path ("aspose-test-part1.pst");
  g_autofree gchar *directory = g_dir_make_tmp ("bm-refused-XXXXXX", NULL);
  g_autoptr (GHashTable) names = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  const gchar *command[] = {readpst, "-e", "-j", "0", "-q", "-o", directory, path, NULL};
  guint salvaged = 0, compared = 0;
  if (readpst == NULL) {
    g_test_skip ("no readpst");
    g_rmdir (directory);
    return;
  }
  g_assert_true (g_spawn_sync (NULL, (gchar **) command, NULL,
                               G_SPAWN_STDOUT_TO_DEV_NULL | G_SPAWN_STDERR_TO_DEV_NULL, NULL, NULL,
                               NULL, NULL, NULL, NULL));
  gather_names (directory, names);
  g_rmdir (directory);
  g_autoptr (GPtrArray) contacts = check_file (path, &salvaged);
  for (guint i = 0; i < contacts->len; i++) {
    const gchar *name = g_ptr_array_index (contacts, i);
    guint n = GPOINTER_TO_UINT (g_hash_table_lookup (names, name));
    if (g_str_equal (name,
                     ";")) /* has one name only, as a whole; readpst finds four of these six */
      continue;
    compared++;
    g_assert_cmpuint (n, >, 0);
    g_hash_table_insert (names, g_strdup (name), GUINT_TO_POINTER (n - 1));
  }
  g_assert_cmpuint (compared, ==, 6);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_autofree gchar *first = bm_corpus_path (refused[0].file);
  if (!g_file_test (first, G_FILE_TEST_EXISTS)) {
    g_print ("1..0 # SKIP no corpus: %s\n", first);
    return 0;
  }
  g_test_add_func ("/refused/items", test_refused);
  g_test_add_func ("/refused/readpst", test_readpst);
  return g_test_run ();
}
