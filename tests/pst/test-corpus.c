/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Census and windowed reading against plain libpff on every real file there is: the same folders,
 * the same items, the same content, never fewer; and mutated files: no crash, no hang, never fewer items than plain libpff. */
#include "pst/pst-digest.h"

#include "bm-corpus.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

typedef struct {
  guint nodes, plain, windowed, different, lost;
} Tally;

static GArray *
message_nids (const BmCensus *census)
{
  GArray *nids = g_array_new (FALSE, FALSE, sizeof (guint32));
  for (guint i = 0; i < census->items->len; i++) {
    guint32 nid = g_array_index (census->items, BmCensusItem, i).nid;
    if ((nid & 0x1f) == 4)
      g_array_append_val (nids, nid);
  }
  return nids;
}

static void
compare_window (BmPst *pst, BmPstWindow *plain, const guint32 *nids, guint n, Tally *tally)
{
  g_autoptr (BmPstWindow) window = bm_pst_window_open (pst, nids, n, NULL);
  for (guint i = 0; i < n; i++) {
    g_autoptr (BmItem) ours = window != NULL ? bm_pst_window_read (window, i, NULL) : NULL;
    g_autoptr (BmItem) theirs = plain != NULL ? pst_plain_read (plain, nids[i]) : NULL;
    tally->plain += theirs != NULL;
    tally->windowed += ours != NULL;
    tally->lost += theirs != NULL && ours == NULL;
    if (ours == NULL || theirs == NULL)
      continue;
    g_autofree gchar *a = pst_digest (ours), *b = pst_digest (theirs);
    if (!g_str_equal (a, b)) {
      g_test_message ("item %08x differs", nids[i]);
      tally->different++;
    }
  }
}

/* ---- the census against what libpff lists ---- */

static gint
compare_items (gconstpointer a, gconstpointer b)
{
  guint32 x = ((const BmCensusItem *) a)->nid, y = ((const BmCensusItem *) b)->nid;
  return x < y ? -1 : x > y;
}

static void
check_listed (const BmCensus *census, libpff_item_t *message, guint32 folder)
{
  BmCensusItem item = {0};
  guint index;
  g_assert_cmpint (libpff_item_get_identifier (message, &item.nid, NULL), ==, 1);
  g_assert_true (g_array_binary_search (census->items, &item, compare_items, &index));
  g_assert_cmpuint (g_array_index (census->items, BmCensusItem, index).folder, ==, folder);
}

static void
check_name (const BmFolder *folder, libpff_item_t *pff)
{
  gsize size = 0;
  gchar name[1024];
  g_assert_nonnull (folder);
  if (libpff_folder_get_utf8_name_size (pff, &size, NULL) == 1 && size > 0 && size < sizeof name &&
      libpff_folder_get_utf8_name (pff, (guint8 *) name, size, NULL) == 1)
    g_assert_cmpstr (folder->name, ==, name);
}

/* Every message that libpff's folder walk lists is an item of the census, in the same folder, and
 * every folder has the same name. Takes pff. */
static guint
check_folder (const BmCensus *census, libpff_item_t *pff)
{
  guint32 nid = 0;
  guint listed = 0;
  int n = 0;
  g_assert_cmpint (libpff_item_get_identifier (pff, &nid, NULL), ==, 1);
  check_name (bm_census_folder (census, nid), pff);
  if ((nid & 0x1f) == 2 && libpff_folder_get_number_of_sub_messages (pff, &n, NULL) == 1)
    for (int i = 0; i < n; i++) {
      libpff_item_t *message = NULL;
      if (libpff_folder_get_sub_message (pff, i, &message, NULL) != 1)
        continue;
      check_listed (census, message, nid);
      libpff_item_free (&message, NULL);
      listed++;
    }
  n = 0;
  if (libpff_folder_get_number_of_sub_folders (pff, &n, NULL) == 1)
    for (int i = 0; i < n; i++) {
      libpff_item_t *folder = NULL;
      if (libpff_folder_get_sub_folder (pff, i, &folder, NULL) == 1)
        listed += check_folder (census, folder);
    }
  libpff_item_free (&pff, NULL);
  return listed;
}

static void
test_census (gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  gint fd = open (data, O_RDONLY | O_CLOEXEC);
  guint listed = 0;
  g_assert_cmpint (fd, >=, 0);
  g_autoptr (BmPst) pst = bm_pst_open_fd (fd, NULL, &error);
  g_autoptr (BmCensus) census = pst != NULL ? bm_pst_census (pst, &error) : NULL;
  BmPstWindow *plain = pst_plain_open (pst, data);
  if (plain != NULL) {
    libpff_item_t *root = NULL;
    g_assert_no_error (error); /* what libpff opens, we count */
    if (libpff_file_get_root_folder (plain->file, &root, NULL) == 1)
      listed = check_folder (census, root);
    g_test_message ("libpff lists %u messages; the census has %u items", listed,
                    census->items->len);
  }
  pst_plain_close (plain);
  close (fd);
}

static void
compare_file (const gchar *path, guint window, Tally *tally)
{
  gint fd = open (path, O_RDONLY | O_CLOEXEC);
  g_assert_cmpint (fd, >=, 0);
  g_autoptr (BmPst) pst = bm_pst_open_fd (fd, NULL, NULL);
  BmCensus *census = pst != NULL ? bm_pst_census (pst, NULL) : NULL;
  if (census != NULL) {
    BmPstWindow *plain = pst_plain_open (pst, path);
    g_autoptr (GArray) nids = message_nids (census);
    tally->nodes = nids->len;
    for (guint at = 0; at < nids->len; at += window)
      compare_window (pst, plain, &g_array_index (nids, guint32, at), MIN (window, nids->len - at),
                      tally);
    pst_plain_close (plain);
    bm_census_free (census);
  }
  close (fd);
}

static void
test_equal (gconstpointer data)
{
  const gchar *path = data;
  static const guint windows[] = {500, 7, 1};
  for (guint i = 0; i < G_N_ELEMENTS (windows); i++) {
    Tally tally = {0};
    compare_file (path, windows[i], &tally);
    g_test_message ("window %u: %u nodes, plain libpff reads %u, windows read %u", windows[i],
                    tally.nodes, tally.plain, tally.windowed);
    g_assert_cmpuint (tally.different, ==, 0);
    g_assert_cmpuint (tally.lost, ==, 0);
    g_assert_cmpuint (tally.windowed, >=, tally.plain);
  }
}

/* ---- mutations ---- */

static guint32
next_random (guint32 *state)
{
  *state = *state * 1664525u + 1013904223u;
  return *state >> 8;
}

static void
mutate (guint8 *data, gsize *size, guint32 seed)
{
  guint32 state = seed;
  guint kind = next_random (&state) % 5;
  for (guint i = 0; i < 1 + next_random (&state) % 8; i++) {
    gsize at = 512 + (gsize) next_random (&state) % (*size - 1024);
    gsize page = at / 512 * 512;
    if (kind == 0)
      data[at] ^= (guint8) (1u << (next_random (&state) % 8));
    else if (kind == 1)
      memset (data + page, 0, 512);
    else if (kind == 2)
      for (guint k = 0; k < 512; k++)
        data[page + k] = (guint8) next_random (&state);
    else if (kind == 3)
      memcpy (data + page, data + 512 + next_random (&state) % (*size / 512 - 2) * 512, 512);
  }
  if (kind == 4)
    *size = 1024 + next_random (&state) % (*size - 1024);
}

/* In a child, because what is tested is that it does not crash or hang. */
static void
check_mutant (const gchar *path, guint32 seed)
{
  fflush (NULL);
  pid_t child = fork ();
  if (child == 0) {
    Tally tally = {0};
    alarm (60);
    compare_file (path, 500, &tally);
    _exit (tally.lost > 0 ? 1 : 0);
  }
  int status;
  while (waitpid (child, &status, 0) < 0 && errno == EINTR)
    continue;
  if (status != 0)
    g_test_message ("seed %u: status 0x%x", seed, (guint) status);
  g_assert_cmpint (status, ==, 0);
}

static void
test_mutations (void)
{
  static const gchar *const sources[] = {"user1-test-lab.pst", "go-pst-ansi.pst",
                                         "message-in-message-iso2022jp.pst", "tika-bodies.pst"};
  g_autofree gchar *directory = g_dir_make_tmp ("bm-mutants-XXXXXX", NULL);
  g_autofree gchar *path = g_build_filename (directory, "mutant.pst", NULL);
  for (guint i = 0; i < G_N_ELEMENTS (sources); i++) {
    g_autofree gchar *from = bm_corpus_path (sources[i]);
    if (!g_file_test (from, G_FILE_TEST_EXISTS)) {
      g_test_skip (from);
      break;
    }
    for (guint32 seed = 1; seed <= 50; seed++) {
      g_autofree gchar *bytes = NULL;
      gsize size;
      g_assert_true (g_file_get_contents (from, &bytes, &size, NULL));
      mutate ((guint8 *) bytes, &size, seed + i * 1000);
      g_assert_true (g_file_set_contents_full (path, bytes, (gssize) size, G_FILE_SET_CONTENTS_NONE,
                                               0600, NULL));
      check_mutant (path, seed + i * 1000);
    }
  }
  g_unlink (path);
  g_rmdir (directory);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  bm_corpus_add_tests ("/pst/equal", test_equal);
  bm_corpus_add_tests ("/pst/census", test_census);
  g_test_add_func ("/pst/mutations", test_mutations);
  return g_test_run ();
}
