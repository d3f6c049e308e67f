/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Blocks whose entry in the block B-tree is lost, without an older copy of the page: each block says in
 * its trailer which one it is and how long ([MS-PST] 2.2.2.8.1), and BIDs are never used again, so a
 * search of the whole file finds it. Signature and CRC must both be right. The search runs once, and
 * only when such a block is asked for; only those that lost pages named are kept. One thread. */
#include "pst/bm-pst-file.h"

#include "base/bm-le.h"

#define CHUNK     (1u << 20)
#define FOUND_MAX (1u << 22)

/* The bytes before the end of a unit, as the trailer of a block that ends there. */
static gboolean
read_trailer (const BmPst *pst, const guint8 *end, guint64 end_at, BmPstFound *found, guint32 *crc)
{
  gboolean ansi = pst->format == BM_PST_ANSI;
  guint unit, trailer_size = bm_pst_block_trailer (pst, &unit);
  const guint8 *trailer = end - trailer_size;
  guint size = bm_le16 (trailer);
  guint whole = (size + trailer_size + unit - 1) / unit * unit;
  guint64 bid = ansi ? bm_le32 (trailer + 4) : bm_le64 (trailer + 8);
  if (size == 0 || bid == 0 || whole > end_at || end_at - whole < 512)
    return FALSE;
  *found = (BmPstFound){bid & ~1ull, end_at - whole, size};
  *crc = bm_le32 (trailer + (ansi ? 8 : 4));
  return bm_le16 (trailer + 2) == bm_pst_signature (found->offset & 0xffffffffu, bid);
}

static gboolean
is_whole (const BmPst *pst, const BmPstFound *found, guint32 crc)
{
  g_autofree guint8 *data = g_malloc (found->size);
  return bm_pst_read_at (pst, data, found->size, found->offset) &&
         bm_pst_crc (data, found->size) == crc;
}

static void
look_for_blocks (BmPst *pst, const guint8 *chunk, gsize n, guint64 at)
{
  guint unit;
  bm_pst_block_trailer (pst, &unit);
  for (gsize end = unit; end <= n && pst->found_blocks->len < FOUND_MAX; end += unit) {
    BmPstFound found;
    guint32 crc;
    if (read_trailer (pst, chunk + end, at + end, &found, &crc) &&
        bm_pst_in_ranges (pst->lost_blocks, (BmPstRange){found.bid, found.bid}) &&
        is_whole (pst, &found, crc))
      g_array_append_val (pst->found_blocks, found);
  }
}

static gint
compare_found (gconstpointer a, gconstpointer b)
{
  const BmPstFound *x = a, *y = b;
  return x->bid < y->bid ? -1 : x->bid > y->bid;
}

static void
search_once (BmPst *pst)
{
  if (pst->found_blocks != NULL)
    return;
  pst->found_blocks = g_array_new (FALSE, FALSE, sizeof (BmPstFound));
  g_autofree guint8 *chunk = g_malloc (CHUNK);
  for (guint64 at = 0; at < pst->size; at += CHUNK) {
    gsize n = (gsize) MIN ((guint64) CHUNK, pst->size - at);
    if (bm_pst_read_at (pst, chunk, n, at))
      look_for_blocks (pst, chunk, n, at);
  }
  g_array_sort (pst->found_blocks, compare_found);
}

gboolean
bm_pst_block_find_stray (BmPst *pst, guint64 key, guint64 *offset, guint *size)
{
  if (pst->lost_blocks->len == 0)
    return FALSE;
  search_once (pst);
  const BmPstFound wanted = {.bid = key};
  guint at;
  if (!g_array_binary_search (pst->found_blocks, &wanted, compare_found, &at))
    return FALSE;
  const BmPstFound *found = &g_array_index (pst->found_blocks, BmPstFound, at);
  *offset = found->offset;
  *size = found->size;
  return TRUE;
}
