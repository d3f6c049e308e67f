/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The two B-trees, walked by our own code: no count, level, size or offset is trusted. A page is
 * visited once, a child's level must be its parent's less one, entry sizes are those of the format,
 * counts are cut to what fits. What cannot be read is counted. One thread. */
#include "pst/bm-pst-file.h"

#include "base/bm-le.h"

#define DEPTH_MAX 12

typedef struct {
  BmPst *pst;
  guint type;   /* of the pages */
  guint8 *seen; /* one bit per 512 bytes of the file */
} Walk;

gboolean
bm_pst_page_read (const BmPst *pst, guint64 offset, guint type, gint level, BmPstPage *page)
{
  const BmPstLayout *layout = pst->layout;
  guint size;
  if (pst->size < layout->page || offset < 512 || offset > pst->size - layout->page ||
      !bm_pst_read_at (pst, page->bytes, layout->page, offset))
    return FALSE;
  const guint8 *trailer = page->bytes + layout->trailer;
  guint32 crc = bm_le32 (trailer + (pst->format == BM_PST_ANSI ? 8 : 4));
  bm_pst_page_meta (pst, page->bytes, &page->count, &size, &page->level);
  if ((trailer[0] != type && trailer[1] != type) || page->level > DEPTH_MAX ||
      (level >= 0 && page->level != (guint) level))
    return FALSE;
  page->crc_ok = bm_pst_crc (page->bytes, layout->crc) == crc;
  page->entry = page->level > 0 ? layout->branch : layout->leaf;
  if (type == BM_PST_PAGE_BLOCKS && page->level == 0)
    page->entry = pst->format == BM_PST_ANSI ? 12 : 24;
  page->count = MIN (page->count, layout->entries / page->entry);
  return TRUE;
}

void
bm_pst_entry_node (const BmPst *pst, const guint8 *entry, BmPstNode *node)
{
  *node = (BmPstNode){.nid = bm_le32 (entry)};
  if (pst->format == BM_PST_ANSI) {
    node->data = bm_le32 (entry + 4);
    node->sub = bm_le32 (entry + 8);
    node->parent = bm_le32 (entry + 12);
  } else {
    node->data = bm_le64 (entry + 8);
    node->sub = bm_le64 (entry + 16);
    node->parent = bm_le32 (entry + 24);
  }
}

static void
add_node (BmPst *pst, const guint8 *entry, gboolean suspect)
{
  BmPstNode node;
  bm_pst_entry_node (pst, entry, &node);
  node.suspect = suspect;
  if (node.nid != 0)
    g_array_append_val (pst->nodes, node);
}

guint64
bm_pst_entry_key (const BmPst *pst, const guint8 *entry, guint type)
{
  if (type == BM_PST_PAGE_NODES)
    return bm_le32 (entry);
  return (pst->format == BM_PST_ANSI ? bm_le32 (entry) : bm_le64 (entry)) & ~1ull;
}

void
bm_pst_entry_block (const BmPst *pst, const guint8 *entry, guint64 *offset, guint *size)
{
  gboolean ansi = pst->format == BM_PST_ANSI;
  *offset = ansi ? bm_le32 (entry + 4) : bm_le64 (entry + 8);
  *size = bm_le16 (entry + (ansi ? 8 : 16));
}

static guint64
child_offset (const BmPst *pst, const guint8 *entry)
{
  return pst->format == BM_PST_ANSI ? bm_le32 (entry + 8) : bm_le64 (entry + 16);
}

static gboolean
first_visit (Walk *walk, guint64 offset)
{
  guint64 bit = offset / 512;
  if (offset >= walk->pst->size)
    return TRUE; /* read_page will refuse it */
  gboolean seen = walk->seen[bit / 8] >> (bit % 8) & 1;
  walk->seen[bit / 8] |= (guint8) (1u << (bit % 8));
  return !seen;
}

/* The keys from that of the i-th entry of a branch to that of the next; the first and the last
 * reach as far as the page itself. */
static BmPstRange
range_of_entry (const BmPst *pst, const BmPstPage *page, guint i, guint type, BmPstRange whole)
{
  BmPstRange range = whole;
  if (i > 0)
    range.first = bm_pst_entry_key (pst, page->bytes + i * page->entry, type);
  if (i + 1 < page->count)
    range.last = bm_pst_entry_key (pst, page->bytes + (i + 1) * page->entry, type) - 1;
  return range;
}

/* Pages that are no such page, or refer in circles, or have a wrong CRC; and what they named. */
static void
note_page (Walk *walk, const BmPstPage *page, gboolean again, BmPstRange range)
{
  BmPst *pst = walk->pst;
  gboolean of_nodes = walk->type == BM_PST_PAGE_NODES;
  if (page != NULL && page->crc_ok) {
    pst->pages += of_nodes;
    return;
  }
  g_array_append_val (of_nodes ? pst->lost : pst->lost_blocks, range);
  if (!of_nodes)
    return;
  pst->pages += page != NULL;
  pst->bad_crc_pages += page != NULL;
  pst->loops += again;
  pst->bad_pages += page == NULL && !again;
}

static void
walk_page (Walk *walk, guint64 offset, guint depth, gint level, BmPstRange range)
{
  BmPst *pst = walk->pst;
  gboolean again = !first_visit (walk, offset);
  g_autofree BmPstPage *page = g_new (BmPstPage, 1);
  if (again || depth > DEPTH_MAX || !bm_pst_page_read (pst, offset, walk->type, level, page)) {
    note_page (walk, NULL, again, range);
    return;
  }
  note_page (walk, page, FALSE, range);
  for (guint i = 0; i < page->count; i++) {
    const guint8 *entry = page->bytes + i * page->entry;
    if (page->level > 0)
      walk_page (walk, child_offset (pst, entry), depth + 1, (gint) page->level - 1,
                 range_of_entry (pst, page, i, walk->type, range));
    else if (walk->type == BM_PST_PAGE_NODES)
      add_node (pst, entry, !page->crc_ok);
  }
}

static void
walk_tree (BmPst *pst, guint type, guint64 root, guint64 last)
{
  Walk walk = {pst, type, g_malloc0 (pst->size / 512 / 8 + 1)};
  walk_page (&walk, root, 0, -1, (BmPstRange){0, last});
  g_free (walk.seen);
}

static gint
compare_nodes (gconstpointer a, gconstpointer b)
{
  const BmPstNode *x = a, *y = b;
  if (x->nid != y->nid)
    return x->nid < y->nid ? -1 : 1;
  return (gint) x->suspect - (gint) y->suspect; /* the sound one stays */
}

void
bm_pst_sort_nodes (BmPst *pst, gboolean count)
{
  guint kept = 0;
  g_array_sort (pst->nodes, compare_nodes);
  for (guint i = 0; i < pst->nodes->len; i++) {
    BmPstNode node = g_array_index (pst->nodes, BmPstNode, i);
    if (kept > 0 && g_array_index (pst->nodes, BmPstNode, kept - 1).nid == node.nid)
      pst->duplicates += count;
    else
      g_array_index (pst->nodes, BmPstNode, kept++) = node;
  }
  g_array_set_size (pst->nodes, kept);
}

void
bm_pst_walk (BmPst *pst)
{
  walk_tree (pst, BM_PST_PAGE_NODES, pst->nbt_offset, G_MAXUINT32);
  bm_pst_sort_nodes (pst, TRUE);
}

void
bm_pst_check_blocks (BmPst *pst)
{
  walk_tree (pst, BM_PST_PAGE_BLOCKS, pst->bbt_offset, G_MAXUINT64);
  bm_pst_merge_ranges (pst->lost_blocks);
}

const BmPstNode *
bm_pst_node (const BmPst *pst, guint32 nid)
{
  guint low = 0, high = pst->nodes->len;
  while (low < high) {
    guint middle = low + (high - low) / 2;
    const BmPstNode *node = &g_array_index (pst->nodes, BmPstNode, middle);
    if (node->nid == nid)
      return node;
    if (node->nid < nid)
      low = middle + 1;
    else
      high = middle;
  }
  return NULL;
}

/* The leaf entry of this key; NULL when there is none. *lost when the page that would hold it cannot
 * be read. */
static const guint8 *
find_block_entry (const BmPst *pst, guint64 key, BmPstPage *page, gboolean *lost)
{
  guint64 offset = pst->bbt_offset;
  gint level = -1;
  for (guint depth = 0; depth <= DEPTH_MAX; depth++) {
    if (!bm_pst_page_read (pst, offset, BM_PST_PAGE_BLOCKS, level, page)) {
      *lost = TRUE;
      return NULL;
    }
    guint i = 0;
    while (i < page->count &&
           bm_pst_entry_key (pst, page->bytes + i * page->entry, BM_PST_PAGE_BLOCKS) <= key)
      i++;
    *lost |= !page->crc_ok; /* its keys may be anything */
    if (i == 0)
      return NULL;
    const guint8 *entry = page->bytes + (i - 1) * page->entry;
    if (page->level == 0)
      return bm_pst_entry_key (pst, entry, BM_PST_PAGE_BLOCKS) == key ? entry : NULL;
    offset = child_offset (pst, entry);
    level = (gint) page->level - 1;
  }
  return NULL;
}

gboolean
bm_pst_block_find (BmPst *pst, guint64 bid, guint64 *offset, guint *size)
{
  gboolean lost = FALSE;
  g_autofree BmPstPage *page = g_new (BmPstPage, 1);
  const guint8 *entry = find_block_entry (pst, bid & ~1ull, page, &lost);
  if (entry != NULL) {
    bm_pst_entry_block (pst, entry, offset, size);
    if (!lost || bm_pst_block_says_so (pst, bid & ~1ull, *offset, *size))
      return TRUE;
  }
  if (lost && (bm_pst_block_find_lost (pst, bid & ~1ull, offset, size) ||
               bm_pst_block_find_stray (pst, bid & ~1ull, offset, size)))
    return TRUE;
  if (entry == NULL)
    return FALSE;
  bm_pst_entry_block (pst, entry, offset, size); /* doubtful, but all there is */
  return TRUE;
}

gboolean
bm_pst_is_phantom (BmPst *pst, const BmPstNode *node)
{
  guint64 offset;
  guint size;
  return node->suspect && !bm_pst_block_find (pst, node->data, &offset, &size);
}
