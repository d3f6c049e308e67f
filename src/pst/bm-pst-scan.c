/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* When a page of an index is lost, the pages below it are still in the file: found by a search for
 * leaf pages that are whole (type, signature and CRC right). The search runs once, and only then.
 *
 * B-trees are written anew at another place and never changed in place, so older versions of a leaf
 * are found too. Page BIDs rise, so the newest comes first; and a node is believed only when the
 * block B-tree still knows its data, because deleting an item frees its blocks; when another node has
 * the same data, only if no newer page leaves it out. A block is believed when its own trailer says so.
 *
 * A header with a wrong CRC may be one that was never written anew: it names roots that are no
 * longer those of the trees, and items that are younger would be missed without a word. The same
 * search then finds the roots. One thread. */
#include "pst/bm-pst-file.h"

#include "base/bm-le.h"

#define CHUNK      (1u << 20)
#define LEAVES_MAX (1u << 20)

/* The page with the highest level of a tree, the newest of them. */
typedef struct {
  guint level;
  guint64 bid, offset; /* 0: none */
} Root;

typedef struct {
  BmPst *pst;
  Root nodes, blocks;
} Search;

/* An absolute answer: nothing but a page of this file at this offset passes. [MS-PST] 2.2.2.7.1 */
static gboolean
is_whole (const BmPst *pst, const guint8 *page, guint64 offset, guint64 *bid)
{
  const BmPstLayout *layout = pst->layout;
  const guint8 *trailer = page + layout->trailer;
  gboolean ansi = pst->format == BM_PST_ANSI;
  guint count, size, level;
  if (trailer[0] != trailer[1] ||
      (trailer[0] != BM_PST_PAGE_NODES && trailer[0] != BM_PST_PAGE_BLOCKS))
    return FALSE;
  bm_pst_page_meta (pst, page, &count, &size, &level);
  *bid = ansi ? bm_le32 (trailer + 4) : bm_le64 (trailer + 8);
  return count > 0 && bm_le16 (trailer + 2) == bm_pst_signature (offset & 0xffffffffu, *bid) &&
         bm_le32 (trailer + (ansi ? 8 : 4)) == bm_pst_crc (page, layout->crc);
}

static void
note_page (Search *found, guint64 offset, guint64 bid)
{
  BmPst *pst = found->pst;
  g_autofree BmPstPage *page = g_new (BmPstPage, 1);
  gboolean nodes = bm_pst_page_read (pst, offset, BM_PST_PAGE_NODES, -1, page);
  guint type = nodes ? BM_PST_PAGE_NODES : BM_PST_PAGE_BLOCKS;
  if (!nodes && !bm_pst_page_read (pst, offset, type, -1, page))
    return;
  Root *root = nodes ? &found->nodes : &found->blocks;
  if (page->level > root->level || (page->level == root->level && bid > root->bid))
    *root = (Root){page->level, bid, offset};
  GArray *leaves = nodes ? pst->node_leaves : pst->block_leaves;
  if (page->level > 0 || leaves->len >= LEAVES_MAX)
    return;
  const guint8 *last = page->bytes + (page->count - 1) * page->entry;
  BmPstLeaf leaf = {
      bid, offset, {bm_pst_entry_key (pst, page->bytes, type), bm_pst_entry_key (pst, last, type)}};
  g_array_append_val (leaves, leaf);
}

static gint
newest_first (gconstpointer a, gconstpointer b)
{
  const BmPstLeaf *x = a, *y = b;
  if (x->bid != y->bid)
    return x->bid > y->bid ? -1 : 1;
  return x->offset < y->offset ? -1 : x->offset > y->offset;
}

static void
search (Search *found)
{
  BmPst *pst = found->pst;
  const guint size = pst->layout->page;
  pst->node_leaves = g_array_new (FALSE, FALSE, sizeof (BmPstLeaf));
  pst->block_leaves = g_array_new (FALSE, FALSE, sizeof (BmPstLeaf));
  g_autofree guint8 *chunk = g_malloc (CHUNK);
  for (guint64 at = 0; at + size <= pst->size; at += CHUNK) {
    gsize n = (gsize) MIN ((guint64) CHUNK, pst->size - at);
    if (!bm_pst_read_at (pst, chunk, n, at))
      continue; /* a bad sector costs a megabyte */
    for (gsize i = 0; i + size <= n; i += size) {
      guint64 bid;
      if (is_whole (pst, chunk + i, at + i, &bid))
        note_page (found, at + i, bid);
    }
  }
  g_array_sort (pst->node_leaves, newest_first);
  g_array_sort (pst->block_leaves, newest_first);
}

static void
search_once (BmPst *pst)
{
  Search found = {.pst = pst};
  if (pst->node_leaves == NULL)
    search (&found);
}

/* TRUE when the page found is of a later time than the one that the header names. */
static gboolean
take_root (const Root *root, guint64 *bid, guint64 *offset)
{
  if (root->offset == 0 || root->bid <= *bid || root->offset == *offset)
    return FALSE;
  *bid = root->bid;
  *offset = root->offset;
  return TRUE;
}

void
bm_pst_find_roots (BmPst *pst)
{
  Search found = {.pst = pst};
  if (!pst->header_crc_bad || pst->node_leaves != NULL)
    return;
  search (&found);
  gboolean nodes = take_root (&found.nodes, &pst->nbt_bid, &pst->nbt_offset);
  pst->roots_found = take_root (&found.blocks, &pst->bbt_bid, &pst->bbt_offset) || nodes;
}

static gint
compare_ranges (gconstpointer a, gconstpointer b)
{
  const BmPstRange *x = a, *y = b;
  return x->first != y->first ? (x->first < y->first ? -1 : 1) : 0;
}

void
bm_pst_merge_ranges (GArray *ranges)
{
  guint kept = 0;
  g_array_sort (ranges, compare_ranges);
  for (guint i = 0; i < ranges->len; i++) {
    BmPstRange range = g_array_index (ranges, BmPstRange, i);
    BmPstRange *before = kept > 0 ? &g_array_index (ranges, BmPstRange, kept - 1) : NULL;
    if (range.first > range.last)
      continue; /* keys of a page that is garbage */
    if (before != NULL && range.first <= before->last)
      before->last = MAX (before->last, range.last);
    else
      g_array_index (ranges, BmPstRange, kept++) = range;
  }
  g_array_set_size (ranges, kept);
}

gboolean
bm_pst_in_ranges (const GArray *ranges, BmPstRange keys)
{
  guint low = 0, high = ranges->len;
  while (low < high) {
    guint middle = low + (high - low) / 2;
    const BmPstRange *range = &g_array_index (ranges, BmPstRange, middle);
    if (keys.first <= range->last && keys.last >= range->first)
      return TRUE;
    if (keys.first > range->last)
      low = middle + 1;
    else
      high = middle;
  }
  return FALSE;
}

typedef struct {
  BmPst *pst;
  GHashTable *seen;  /* nids that a newer page has named, alive or not */
  GHashTable *owned; /* data BIDs that belong to a node already */
  GArray *found;     /* BmPstNode */
} Recovery;

/* Is the index-th leaf the newest of those whose keys go past this nid on both sides? If not, a newer
 * one does not name the node, so it was deleted by then. */
static gboolean
is_newest (const BmPst *pst, guint index, guint32 nid)
{
  for (guint i = 0; i < index; i++) {
    const BmPstLeaf *leaf = &g_array_index (pst->node_leaves, BmPstLeaf, i);
    if (leaf->keys.first <= nid && nid <= leaf->keys.last)
      return FALSE;
  }
  return TRUE;
}

/* Does the node's data say that it is alive? Copies of a message share one block, so that it lives as
 * long as one of them; and so do the empty tables of a file, which nobody needs. */
static gboolean
is_alive (Recovery *recovery, const BmPstNode *node, guint index)
{
  guint64 offset;
  guint size, type = node->nid & 0x1f;
  if (!bm_pst_block_find (recovery->pst, node->data, &offset, &size))
    return FALSE;
  if (g_hash_table_add (recovery->owned, GSIZE_TO_POINTER (node->data & ~1ull)))
    return TRUE;
  return (type == BM_NID_MESSAGE || type == BM_NID_ASSOCIATED || type == BM_NID_FOLDER) &&
         is_newest (recovery->pst, index, node->nid);
}

/* Of the index-th leaf: in the lost part, not there already, and alive. */
static void
take_node (Recovery *recovery, const guint8 *entry, guint index)
{
  BmPst *pst = recovery->pst;
  BmPstNode node;
  bm_pst_entry_node (pst, entry, &node);
  if (node.nid == 0 || !bm_pst_in_ranges (pst->lost, (BmPstRange){node.nid, node.nid}) ||
      !g_hash_table_add (recovery->seen, GUINT_TO_POINTER (node.nid)))
    return;
  const BmPstNode *known = bm_pst_node (pst, node.nid);
  if (known != NULL && !bm_pst_is_phantom (pst, known))
    return;
  if (is_alive (recovery, &node, index))
    g_array_append_val (recovery->found, node);
}

static void
recover (Recovery *recovery)
{
  BmPst *pst = recovery->pst;
  g_autofree BmPstPage *page = g_new (BmPstPage, 1);
  for (guint i = 0; i < pst->nodes->len; i++)
    g_hash_table_add (recovery->owned,
                      GSIZE_TO_POINTER (g_array_index (pst->nodes, BmPstNode, i).data & ~1ull));
  for (guint i = 0; i < pst->node_leaves->len; i++) {
    const BmPstLeaf *leaf = &g_array_index (pst->node_leaves, BmPstLeaf, i);
    if (!bm_pst_in_ranges (pst->lost, leaf->keys) ||
        !bm_pst_page_read (pst, leaf->offset, BM_PST_PAGE_NODES, 0, page))
      continue;
    for (guint k = 0; k < page->count; k++)
      take_node (recovery, page->bytes + k * page->entry, i);
  }
}

void
bm_pst_find_lost (BmPst *pst)
{
  if (pst->lost->len == 0)
    return;
  bm_pst_merge_ranges (pst->lost);
  search_once (pst);
  Recovery recovery = {pst, g_hash_table_new (NULL, NULL), g_hash_table_new (NULL, NULL),
                       g_array_new (FALSE, FALSE, sizeof (BmPstNode))};
  recover (&recovery);
  pst->found = recovery.found->len;
  g_array_append_vals (pst->nodes, recovery.found->data, recovery.found->len);
  bm_pst_sort_nodes (pst, FALSE); /* found ones are sound, phantoms suspect: the former stay */
  g_hash_table_unref (recovery.seen);
  g_hash_table_unref (recovery.owned);
  g_array_unref (recovery.found);
}

/* [MS-PST] 2.2.2.8.1 */
gboolean
bm_pst_block_says_so (const BmPst *pst, guint64 key, guint64 offset, guint size)
{
  guint unit, trailer_size = bm_pst_block_trailer (pst, &unit);
  gboolean ansi = pst->format == BM_PST_ANSI;
  guint whole = (size + trailer_size + unit - 1) / unit * unit;
  guint8 trailer[24];
  if (whole > pst->size || offset > pst->size - whole ||
      !bm_pst_read_at (pst, trailer, trailer_size, offset + whole - trailer_size))
    return FALSE;
  guint64 bid = ansi ? bm_le32 (trailer + 4) : bm_le64 (trailer + 8);
  return bm_le16 (trailer) == size && (bid & ~1ull) == key &&
         bm_le16 (trailer + 2) == bm_pst_signature (offset & 0xffffffffu, bid);
}

gboolean
bm_pst_block_find_lost (BmPst *pst, guint64 key, guint64 *offset, guint *size)
{
  search_once (pst);
  g_autofree BmPstPage *page = g_new (BmPstPage, 1);
  for (guint i = 0; i < pst->block_leaves->len; i++) {
    const BmPstLeaf *leaf = &g_array_index (pst->block_leaves, BmPstLeaf, i);
    if (key < leaf->keys.first || key > leaf->keys.last ||
        !bm_pst_page_read (pst, leaf->offset, BM_PST_PAGE_BLOCKS, 0, page))
      continue;
    for (guint k = 0; k < page->count; k++) {
      const guint8 *entry = page->bytes + k * page->entry;
      if (bm_pst_entry_key (pst, entry, BM_PST_PAGE_BLOCKS) != key)
        continue;
      bm_pst_entry_block (pst, entry, offset, size);
      if (!bm_pst_block_says_so (pst, key, *offset, *size))
        continue;
      return TRUE;
    }
  }
  return FALSE;
}
