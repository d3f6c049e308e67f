/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Every item of every real file, read by libpff and by the salvage path: the messages made of both
 * are the same, byte by byte, with the same notes, flags and dates. (tests/pst/test-salvage.c compares
 * the properties.) */
#include "pst/bm-pst-salvage.h"

#include "bm-corpus.h"

#include <bm-pst-import/render.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static BmMessage *
render (const BmItem *item)
{
  const BmRenderContext context = {0};
  g_autoptr (GError) error = NULL;
  BmMessage *message = bm_render (item, &context, &error);
  g_assert_no_error (error);
  return message;
}

static gboolean
same_messages (const BmMessage *a, const BmMessage *b)
{
  return g_bytes_equal (a->bytes, b->bytes) && a->notes == b->notes && a->flags == b->flags &&
         a->internal_date == b->internal_date && g_strcmp0 (a->subject, b->subject) == 0 &&
         g_strv_equal ((const gchar *const *) a->keywords, (const gchar *const *) b->keywords);
}

static void
test_file (gconstpointer path)
{
  gint fd = open (path, O_RDONLY | O_CLOEXEC);
  guint compared = 0, salvaged = 0, different = 0;
  g_autoptr (BmPst) pst = bm_pst_open_fd (fd, NULL, NULL);
  g_autoptr (BmCensus) census = bm_pst_census (pst, NULL);
  g_assert_nonnull (census);
  for (guint i = 0; i < census->items->len; i++) {
    guint32 nid = g_array_index (census->items, BmCensusItem, i).nid;
    g_autoptr (BmPstWindow) window = bm_pst_window_open (pst, &nid, 1, NULL);
    g_autoptr (BmItem) theirs = bm_pst_window_read (window, 0, NULL);
    g_autoptr (BmItem) ours = bm_pst_salvage_item (pst, nid, NULL);
    g_assert_nonnull (theirs);
    g_assert_nonnull (ours);
    if (bm_notes_has (theirs->notes, BM_NOTE_SALVAGED)) { /* there is nothing to compare with */
      salvaged++;
      continue;
    }
    g_autoptr (BmMessage) a = render (ours), b = render (theirs);
    compared++;
    if (same_messages (a, b))
      continue;
    different++;
    g_test_message ("item %08x: %" G_GSIZE_FORMAT " bytes, by libpff %" G_GSIZE_FORMAT, nid,
                    g_bytes_get_size (a->bytes), g_bytes_get_size (b->bytes));
  }
  close (fd);
  g_test_message ("%u messages compared, %u salvaged", compared, salvaged);
  g_assert_cmpuint (compared + salvaged, ==, census->items->len);
  g_assert_cmpuint (different, ==, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  bm_render_init ();
  bm_corpus_add_tests ("/rendered", test_file);
  return g_test_run ();
}
