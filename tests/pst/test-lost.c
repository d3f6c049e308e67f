/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The search for what a broken index has lost, on every real file there is: it finds all that is
 * there, nothing that was deleted, and the roots that the header names. */
#include "pst/bm-pst-file.h"

#include "bm-corpus.h"

#include <fcntl.h>
#include <unistd.h>

/* Were the header not trusted, the search would find the roots that it names: in every file but the
 * one whose header is old. */
static void
test_roots (gconstpointer data)
{
  const gchar *path = data;
  gint fd = open (path, O_RDONLY | O_CLOEXEC);
  g_autoptr (BmPst) pst = bm_pst_open_fd (fd, NULL, NULL);
  gboolean old = g_str_has_suffix (path, "/aspose-bad-header.pst");
  g_assert_cmpint (pst->header_crc_bad, ==, old);
  guint64 nodes = pst->nbt_offset, blocks = pst->bbt_offset;
  pst->header_crc_bad = TRUE;
  bm_pst_find_roots (pst);
  g_assert_cmpint (pst->roots_found, ==, old);
  g_assert_cmpint (pst->nbt_offset == nodes && pst->bbt_offset == blocks, ==, !old);
  close (fd);
}

/* Nothing that was deleted comes back: were all of the index suspect, the search would find no node
 * that the index does not name. */
static void
test_deleted (gconstpointer path)
{
  const BmPstRange all = {0, G_MAXUINT32};
  gint fd = open (path, O_RDONLY | O_CLOEXEC);
  g_autoptr (BmPst) pst = bm_pst_open_fd (fd, NULL, NULL);
  bm_pst_find_roots (pst);
  bm_pst_walk (pst);
  g_array_append_val (pst->lost, all);
  bm_pst_find_lost (pst);
  g_test_message ("%u leaf pages, %" G_GUINT64_FORMAT " nodes found", pst->node_leaves->len,
                  pst->found);
  g_assert_cmpuint (pst->found, ==, 0);
  close (fd);
}

static gboolean
is_needed (guint32 nid)
{
  guint type = nid & 0x1f;
  return type == BM_NID_MESSAGE || type == BM_NID_ASSOCIATED || type == BM_NID_FOLDER ||
         nid == BM_NID_STORE || nid == BM_NID_NAME_MAP;
}

/* Without the root of the node tree, every item and folder is found, as it is; and without that of
 * the block tree as well, all that the sound file has. */
static void
test_all (gconstpointer path)
{
  guint needed = 0;
  gint fd = open (path, O_RDONLY | O_CLOEXEC);
  g_autoptr (BmPst) sound = bm_pst_open_fd (fd, NULL, NULL);
  bm_pst_find_roots (sound);
  bm_pst_walk (sound);
  for (guint both = 0; both < 2; both++) {
    g_autoptr (BmPst) pst = bm_pst_open_fd (fd, NULL, NULL);
    pst->nbt_offset = 0;
    if (both)
      pst->bbt_offset = 0;
    else
      pst->bbt_offset = sound->bbt_offset;
    bm_pst_walk (pst);
    g_assert_cmpuint (pst->nodes->len, ==, 0);
    bm_pst_find_lost (pst);
    for (guint i = 0; i < sound->nodes->len; i++) {
      const BmPstNode *node = &g_array_index (sound->nodes, BmPstNode, i);
      const BmPstNode *found = bm_pst_node (pst, node->nid);
      if (!is_needed (node->nid))
        continue;
      needed++;
      if (found == NULL)
        g_test_message ("node %08x is not found", node->nid);
      g_assert_nonnull (found);
      g_assert_cmpuint (found->data, ==, node->data);
      g_assert_cmpuint (found->sub, ==, node->sub);
      g_assert_cmpuint (found->parent, ==, node->parent);
    }
    for (guint i = 0; !both && i < pst->nodes->len; i++) {
      guint32 nid = g_array_index (pst->nodes, BmPstNode, i).nid;
      g_assert_true (!is_needed (nid) || bm_pst_node (sound, nid) != NULL);
    }
  }
  g_test_message ("%u nodes", needed / 2);
  close (fd);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  bm_corpus_add_tests ("/lost/roots", test_roots);
  bm_corpus_add_tests ("/lost/deleted", test_deleted);
  bm_corpus_add_tests ("/lost/all", test_all);
  return g_test_run ();
}
