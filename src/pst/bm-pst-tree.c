/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The two B-trees, walked by our own code: no count, level, size or offset is trusted. A page is
 * visited once, a child's level must be its parent's less one, entry sizes are those of the format,
 * counts are cut to what fits. What cannot be read is counted. One thread. */
#include "pst/bm-pst-file.h"

#define DEPTH_MAX 12
#define TYPE_NBT  0x81
#define TYPE_BBT  0x80

typedef struct {
  BmPst *pst;
  guint8 *seen; /* one bit per 512 bytes of the file */
} Walk;

typedef struct {
  guint8 bytes[BM_PST_PAGE_MAX];
  guint count, level, entry;
  gboolean crc_ok;
} Page;

/* A page of this tree with sane measures, or FALSE. level < 0: any. */
static gboolean
read_page (const BmPst *pst, guint64 offset, guint type, gint level, Page *page)
{
  const BmPstLayout *layout = pst->layout;
  guint size;
  if (pst->size < layout->page || offset < 512 || offset > pst->size - layout->page ||
      !bm_pst_read_at (pst, page->bytes, layout->page, offset))
    return FALSE;
  const guint8 *trailer = page->bytes + layout->trailer;
  guint32 crc = bm_pst_get32 (trailer + (pst->format == BM_PST_ANSI ? 8 : 4));
  bm_pst_page_meta (pst, page->bytes, &page->count, &size, &page->level);
  if ((trailer[0] != type && trailer[1] != type) || page->level > DEPTH_MAX ||
      (level >= 0 && page->level != (guint) level))
    return FALSE;
  page->crc_ok = bm_pst_crc (page->bytes, layout->crc) == crc;
  page->entry = page->level > 0 ? layout->branch : layout->leaf;
  if (type == TYPE_BBT && page->level == 0)
    page->entry = pst->format == BM_PST_ANSI ? 12 : 24;
  page->count = MIN (page->count, layout->entries / page->entry);
  return TRUE;
}

static void
add_node (BmPst *pst, const guint8 *entry, gboolean suspect)
{
  BmPstNode node = {.nid = bm_pst_get32 (entry), .suspect = suspect};
  if (node.nid == 0)
    return;
  if (pst->format == BM_PST_ANSI) {
    node.data = bm_pst_get32 (entry + 4);
    node.sub = bm_pst_get32 (entry + 8);
    node.parent = bm_pst_get32 (entry + 12);
  } else {
    node.data = bm_pst_get64 (entry + 8);
    node.sub = bm_pst_get64 (entry + 16);
    node.parent = bm_pst_get32 (entry + 24);
  }
  g_array_append_val (pst->nodes, node);
}

static guint64
child_offset (const BmPst *pst, const guint8 *entry)
{
  return pst->format == BM_PST_ANSI ? bm_pst_get32 (entry + 8) : bm_pst_get64 (entry + 16);
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

static void
walk_page (Walk *walk, guint64 offset, guint depth, gint level)
{
  BmPst *pst = walk->pst;
  if (!first_visit (walk, offset)) {
    pst->loops++;
    return;
  }
  g_autofree Page *page = g_new (Page, 1);
  if (depth > DEPTH_MAX || !read_page (pst, offset, TYPE_NBT, level, page)) {
    pst->bad_pages++;
    return;
  }
  pst->pages++;
  pst->bad_crc_pages += !page->crc_ok;
  for (guint i = 0; i < page->count; i++) {
    const guint8 *entry = page->bytes + i * page->entry;
    if (page->level > 0)
      walk_page (walk, child_offset (pst, entry), depth + 1, (gint) page->level - 1);
    else
      add_node (pst, entry, !page->crc_ok);
  }
}

static gint
compare_nodes (gconstpointer a, gconstpointer b)
{
  const BmPstNode *x = a, *y = b;
  if (x->nid != y->nid)
    return x->nid < y->nid ? -1 : 1;
  return (gint) x->suspect - (gint) y->suspect; /* the sound one stays */
}

static void
sort_unique (BmPst *pst)
{
  guint kept = 0;
  g_array_sort (pst->nodes, compare_nodes);
  for (guint i = 0; i < pst->nodes->len; i++) {
    BmPstNode node = g_array_index (pst->nodes, BmPstNode, i);
    if (kept > 0 && g_array_index (pst->nodes, BmPstNode, kept - 1).nid == node.nid)
      pst->duplicates++;
    else
      g_array_index (pst->nodes, BmPstNode, kept++) = node;
  }
  g_array_set_size (pst->nodes, kept);
}

void
bm_pst_walk (BmPst *pst)
{
  Walk walk = {pst, g_malloc0 (pst->size / 512 / 8 + 1)};
  walk_page (&walk, pst->nbt_offset, 0, -1);
  g_free (walk.seen);
  sort_unique (pst);
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

static guint64
key_of (const BmPst *pst, const guint8 *entry)
{
  /* bit 0 of a BID is reserved and ignored, [MS-PST] 2.2.2.2 */
  return (pst->format == BM_PST_ANSI ? bm_pst_get32 (entry) : bm_pst_get64 (entry)) & ~1ull;
}

gboolean
bm_pst_block_exists (const BmPst *pst, guint64 bid)
{
  guint64 offset = pst->bbt_offset, key = bid & ~1ull;
  gint level = -1;
  g_autofree Page *page = g_new (Page, 1);
  for (guint depth = 0; depth <= DEPTH_MAX; depth++) {
    if (!read_page (pst, offset, TYPE_BBT, level, page))
      return FALSE;
    guint i = 0;
    while (i < page->count && key_of (pst, page->bytes + i * page->entry) <= key)
      i++;
    if (i == 0)
      return FALSE;
    const guint8 *entry = page->bytes + (i - 1) * page->entry;
    if (page->level == 0)
      return key_of (pst, entry) == key;
    offset = child_offset (pst, entry);
    level = (gint) page->level - 1;
  }
  return FALSE;
}

gboolean
bm_pst_is_phantom (const BmPst *pst, const BmPstNode *node)
{
  return node->suspect && !bm_pst_block_exists (pst, node->data);
}
