/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The census: every item of the file with its folder and, where that settles it, its rule. Counts
 * before libpff is asked for any item. One thread. */
#include "pst/bm-pst-folders.h"
#include "pst/bm-pst-item.h"
#include "pst/bm-pst-remains.h"

#include <string.h>

#define PROBED 64 /* items, when nothing else of the file could be read */

static BmRule
rule_of (BmPst *pst, const BmCensus *census, const BmPstNode *node)
{
  if (bm_pst_is_phantom (pst, node))
    return BM_RULE_PHANTOM;
  const BmFolder *folder = bm_census_folder (census, node->parent);
  if (folder != NULL && folder->rule == BM_RULE_SEARCH_FOLDER)
    return BM_RULE_SEARCH_FOLDER;
  if ((node->nid & 0x1f) == BM_NID_ASSOCIATED)
    return BM_RULE_ASSOCIATED;
  return folder != NULL ? folder->rule : BM_RULE_OUTSIDE_SUBTREE;
}

static void
add_items (BmPst *pst, BmCensus *census)
{
  for (guint i = 0; i < pst->nodes->len; i++) {
    const BmPstNode *node = &g_array_index (pst->nodes, BmPstNode, i);
    guint type = node->nid & 0x1f;
    if (type != BM_NID_MESSAGE && type != BM_NID_ASSOCIATED)
      continue;
    BmCensusItem item = {node->nid, node->parent, rule_of (pst, census, node)};
    g_array_append_val (census->items, item);
  }
}

/* Record key, size and roots of the trees: every change to a PST moves the node tree's root. */
static void
identify (const BmPst *pst, BmCensus *census)
{
  guint8 text[16 + 8 * 5];
  memcpy (text, census->record_key, 16);
  bm_pst_put64 (text + 16, pst->size);
  bm_pst_put64 (text + 24, pst->nbt_bid);
  bm_pst_put64 (text + 32, pst->nbt_offset);
  bm_pst_put64 (text + 40, pst->bbt_bid);
  bm_pst_put64 (text + 48, pst->bbt_offset);
  bm_guid_of_bytes (text, sizeof text, &census->identity);
}

static void
warn_of_damage (BmPst *pst, BmCensus *census)
{
  if (pst->header_crc_bad)
    g_ptr_array_add (census->warnings, g_strdup ("the header's checksum is wrong; it was ignored"));
  if (!pst->header_crc_bad && pst->stored_size > pst->size)
    g_ptr_array_add (census->warnings,
                     g_strdup_printf ("the file is shorter than it says: %" G_GUINT64_FORMAT
                                      " of %" G_GUINT64_FORMAT " bytes are there; items may be "
                                      "damaged; if it is a copy, copy it again",
                                      pst->size, pst->stored_size));
  if (pst->roots_found)
    g_ptr_array_add (census->warnings,
                     g_strdup ("the header is older than the file: the roots of its trees were "
                               "found by a search of the whole file"));
  else if (pst->bbt_repaired)
    g_ptr_array_add (census->warnings,
                     g_strdup ("the header names the wrong root of the block tree; it was mended"));
  if (pst->bad_pages + pst->loops > 0)
    g_ptr_array_add (census->warnings,
                     g_strdup_printf ("%" G_GUINT64_FORMAT " pages of the index are unreadable and "
                                      "%" G_GUINT64_FORMAT " refer in circles: items may be "
                                      "missing; repair the file with Outlook's scanpst",
                                      pst->bad_pages, pst->loops));
  if (pst->found > 0)
    g_ptr_array_add (census->warnings,
                     g_strdup_printf ("%" G_GUINT64_FORMAT " nodes that the index has lost were "
                                      "found by a search of the whole file",
                                      pst->found));
  if (pst->listed > 0)
    g_ptr_array_add (census->warnings,
                     g_strdup_printf ("%" G_GUINT64_FORMAT " items and folders that the index has "
                                      "lost are known from tables of folders only: of messages, "
                                      "subject, names and dates are there; repair the file with "
                                      "Outlook's scanpst",
                                      pst->listed));
  if (pst->lost_blocks->len > 0)
    g_ptr_array_add (
        census->warnings,
        g_strdup ("the index of blocks is damaged: what it has lost is searched for in "
                  "the whole file"));
  if (bm_pst_names_are_broken (pst))
    g_ptr_array_add (census->warnings,
                     g_strdup ("the names of properties cannot be read: categories, follow-up, the "
                               "times of meetings and the like may be missing"));
  if (pst->bad_crc_pages > 0)
    g_ptr_array_add (census->warnings,
                     g_strdup_printf ("%" G_GUINT64_FORMAT " pages of the index have a wrong "
                                      "checksum: some of their items may be phantoms",
                                      pst->bad_crc_pages));
}

/* One of the first messages at least. */
static gboolean
can_read_messages (BmPst *pst, const BmCensus *census)
{
  guint32 nids[PROBED] = {0};
  guint n = 0;
  for (guint i = 0; i < census->items->len && n < PROBED; i++) {
    const BmCensusItem *item = &g_array_index (census->items, BmCensusItem, i);
    if (item->rule != BM_RULE_PHANTOM)
      nids[n++] = item->nid;
  }
  g_autoptr (BmPstWindow) window = bm_pst_window_open (pst, nids, n, NULL);
  for (guint i = 0; window != NULL && i < n; i++) {
    g_autoptr (BmItem) item = bm_pst_window_read (window, i, NULL);
    if (item != NULL)
      return TRUE;
  }
  return FALSE;
}

/* Neither the store nor a single folder or message: the blocks are not where the index says. */
static gboolean
nothing_readable (BmPst *pst, const BmCensus *census)
{
  for (guint i = 0; i < census->folders->len; i++)
    if (!((const BmFolder *) g_ptr_array_index (census->folders, i))->damaged)
      return FALSE;
  return *census->display_name == '\0' && !can_read_messages (pst, census);
}

/* An incomplete copy: the search would find some of it, but copying it again finds all. A file that
 * somebody has lengthened to its size is one of which there is no better copy. */
static gboolean
is_cut_off (const BmPst *pst, GError **error)
{
  guint64 end = MAX (pst->nbt_offset, pst->bbt_offset);
  if (pst->header_crc_bad || end <= pst->size - pst->layout->page)
    return FALSE; /* a bad header may name anything */
  g_set_error (error, BM_ERROR, BM_CAUSE_PST_UNREADABLE,
               "the PST is cut off: %" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT
               " bytes are there; copy it again",
               pst->size, MAX (pst->stored_size, end + pst->layout->page));
  return TRUE;
}

BmCensus *
bm_pst_census (BmPst *pst, GError **error)
{
  bm_pst_find_roots (pst);
  if (is_cut_off (pst, error))
    return NULL;
  bm_pst_check_blocks (pst);
  bm_pst_walk (pst);
  bm_pst_find_lost (pst);
  bm_pst_find_listed (pst);
  if (pst->nodes->len == 0) {
    g_set_error_literal (error, BM_ERROR, BM_CAUSE_PST_UNREADABLE,
                         "the PST's index cannot be read: no node was found");
    return NULL;
  }
  BmCensus *census = bm_census_new ();
  census->format = pst->format;
  census->crypt = pst->crypt;
  census->file_size = pst->size;
  census->nodes = pst->nodes->len;
  census->pages = pst->pages;
  census->bad_pages = pst->bad_pages;
  census->bad_crc_pages = pst->bad_crc_pages;
  census->loops = pst->loops;
  census->duplicates = pst->duplicates;
  bm_pst_folders_read (pst, census);
  add_items (pst, census);
  if (nothing_readable (pst, census)) {
    bm_census_free (census);
    g_set_error_literal (error, BM_ERROR, BM_CAUSE_PST_UNREADABLE,
                         "the PST has an index, but nothing that it refers to can be read");
    return NULL;
  }
  identify (pst, census);
  warn_of_damage (pst, census);
  return census;
}
