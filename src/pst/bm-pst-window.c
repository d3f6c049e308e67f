/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* See bm-pst-window.h and bm-pst.h. A window of messages holds the store, the name-to-id map, the
 * root, and the messages renumbered from 0xF0000000 on, in descending order (libpff inserts each
 * into a list sorted from the head) and without parents. One thread. */
#include "pst/bm-pst-item.h"
#include "pst/bm-pst-salvage.h"
#include "pst/bm-pst-view.h"

#include <errno.h>

#define WINDOW_MAX      4096
#define FIRST_SHOWN_NID 0xF0000000u

void
bm_pst_set_error (GError **error, const gchar *what, libpff_error_t **pff)
{
  gchar text[2048] = "no reason given";
  if (*pff != NULL && libpff_error_backtrace_sprint (*pff, text, sizeof text) < 0)
    g_strlcpy (text, "reason too long", sizeof text);
  libpff_error_free (pff);
  g_strdelimit (text, "\r\n", ' ');
  g_autofree gchar *valid = g_utf8_make_valid (text, -1);
  g_set_error (error, BM_ERROR, BM_CAUSE_UNREADABLE, "%s: libpff: %s", what, g_strstrip (valid));
}

static gboolean
open_file (BmPstWindow *window, libpff_error_t **pff)
{
  return bm_pst_view_handle (&window->view, &window->handle) &&
         libpff_file_initialize (&window->file, pff) == 1 &&
         libpff_file_open_file_io_handle (window->file, window->handle, LIBPFF_OPEN_READ, pff) == 1;
}

BmPstWindow *
bm_pst_window_new (BmPst *pst, const BmPstNode *nodes, gsize n, gsize fixed, GError **error)
{
  g_autoptr (BmPstWindow) window = g_new0 (BmPstWindow, 1);
  libpff_error_t *pff = NULL;
  if (n == 0) {
    g_set_error_literal (error, BM_ERROR, BM_CAUSE_UNREADABLE, "a window needs a node");
    return NULL;
  }
  window->pst = pst;
  bm_pst_view_build (&window->view, pst, nodes, n, fixed);
  if (!open_file (window, &pff)) {
    bm_pst_set_error (error, "cannot open a window", &pff);
    return NULL;
  }
  return g_steal_pointer (&window);
}

void
bm_pst_window_close (BmPstWindow *window)
{
  if (window == NULL)
    return;
  if (window->file != NULL) {
    libpff_file_close (window->file, NULL);
    libpff_file_free (&window->file, NULL);
  }
  if (window->handle != NULL)
    libbfio_handle_free (&window->handle, NULL);
  bm_pst_view_clear (&window->view);
  g_free (window->nids);
  g_free (window);
}

libpff_item_t *
bm_pst_window_item (BmPstWindow *window, guint32 nid, GError **error)
{
  libpff_error_t *pff = NULL;
  libpff_item_t *item = NULL;
  if (libpff_file_get_item_by_identifier (window->file, nid, &item, &pff) == 1)
    return item;
  bm_pst_set_error (error, "the node cannot be opened", &pff);
  return NULL;
}

static void
add_fixed (GArray *shown, const BmPst *pst, guint32 nid)
{
  const BmPstNode *node = bm_pst_node (pst, nid);
  if (node == NULL)
    return;
  BmPstNode copy = *node;
  copy.parent = nid == BM_NID_ROOT ? BM_NID_ROOT : 0; /* just one may be its own parent */
  g_array_append_val (shown, copy);
}

static guint32
shown_nid (const BmPstWindow *window, gsize index)
{
  return FIRST_SHOWN_NID + ((guint32) index << 5) + (window->nids[index] & 0x1f);
}

static GArray *
shown_nodes (const BmPst *pst, const guint32 *nids, gsize n, gboolean with_map, gsize *fixed)
{
  GArray *shown = g_array_new (FALSE, FALSE, sizeof (BmPstNode));
  add_fixed (shown, pst, BM_NID_STORE);
  if (with_map)
    add_fixed (shown, pst, BM_NID_NAME_MAP);
  add_fixed (shown, pst, BM_NID_ROOT);
  *fixed = shown->len;
  for (gsize i = n; i > 0; i--) {
    const BmPstNode *node = bm_pst_node (pst, nids[i - 1]);
    BmPstNode copy = node != NULL ? *node : (BmPstNode){0};
    copy.nid = FIRST_SHOWN_NID + ((guint32) (i - 1) << 5) + (nids[i - 1] & 0x1f);
    copy.parent = 0;
    g_array_append_val (shown, copy);
  }
  return shown;
}

BmPstWindow *
bm_pst_window_open (BmPst *pst, const guint32 *nids, gsize n, GError **error)
{
  g_return_val_if_fail (n <= WINDOW_MAX, NULL);
  BmPstWindow *window = NULL;
  if (n == 0) {
    g_set_error_literal (error, BM_ERROR, BM_CAUSE_UNREADABLE, "a window needs an item");
    return NULL;
  }
  /* a broken name-to-id map must not cost the messages: named properties go unresolved then */
  for (guint with_map = 2; window == NULL && with_map-- > 0;) {
    gsize fixed;
    g_autoptr (GArray) shown = shown_nodes (pst, nids, n, with_map == 1, &fixed);
    window = bm_pst_window_new (pst, (const BmPstNode *) shown->data, shown->len, fixed, NULL);
  }
  if (window == NULL && errno == ENOMEM) {
    g_set_error_literal (error, BM_ERROR, BM_CAUSE_UNREADABLE, "no memory for a window");
    return NULL;
  }
  if (window == NULL) { /* all of it goes the salvage path */
    window = g_new0 (BmPstWindow, 1);
    window->pst = pst;
  }
  window->nids = g_memdup2 (nids, n * sizeof *nids);
  window->n = n;
  return window;
}

static BmItem *
read_by_libpff (BmPstWindow *window, gsize index, GError **error)
{
  if (window->file == NULL) {
    g_set_error_literal (error, BM_ERROR, BM_CAUSE_UNREADABLE, "libpff opens no window here");
    return NULL;
  }
  libpff_item_t *pff = bm_pst_window_item (window, shown_nid (window, index), error);
  if (pff == NULL)
    return NULL;
  BmItem *item = bm_pst_item_read (window, pff, error);
  libpff_item_free (&pff, NULL);
  return item;
}

/* What libpff refuses, and what it has read in part, maybe without a word: there our own reader knows
 * at least as much, and says what is lost. Where it has less, its word is taken all the same; but
 * where the index of blocks is damaged, libpff may have read other blocks. */
static BmItem *
salvage (BmPstWindow *window, gsize index, BmItem *part)
{
  g_autoptr (BmItem) theirs = part;
  if (errno == ENOMEM) /* not the file's fault; the item is asked for once more, alone */
    return g_steal_pointer (&theirs);
  g_autoptr (BmItem) ours = bm_pst_salvage_item (window->pst, window->nids[index], NULL);
  if (theirs == NULL || ours == NULL) {
    if (ours != NULL)
      bm_notes_add (&ours->notes, BM_NOTE_SALVAGED);
    return ours != NULL ? g_steal_pointer (&ours) : g_steal_pointer (&theirs);
  }
  guint64 our_amount = bm_pst_amount (ours), their_amount = bm_pst_amount (theirs);
  if (our_amount < their_amount && window->pst->lost_blocks->len == 0) {
    theirs->notes |= ours->notes;
    theirs->damaged |= ours->damaged;
    return g_steal_pointer (&theirs);
  }
  if (our_amount > their_amount || bm_pst_losses (ours) < bm_pst_losses (theirs))
    bm_notes_add (&ours->notes, BM_NOTE_SALVAGED);
  return g_steal_pointer (&ours);
}

/* TRUE when the item has been read, or cannot be for a reason that is not the file's. With any loss it
 * is for libpff and the salvage path together, at the cost of memory. */
static gboolean
read_large (BmPstWindow *window, gsize index, BmItem **item, GError **error)
{
  g_autoptr (GError) failed = NULL;
  if (window->whole || window->pst->lost_blocks->len > 0 ||
      !bm_pst_salvage_is_large (window->pst, window->nids[index]))
    return FALSE;
  g_autoptr (BmItem) read = bm_pst_salvage_item (window->pst, window->nids[index], &failed);
  if (read == NULL && bm_error_cause (failed) != BM_CAUSE_UNREADABLE) {
    g_propagate_error (error, g_steal_pointer (&failed));
    return TRUE;
  }
  if (read == NULL || read->damaged || bm_pst_losses (read) > 0 ||
      bm_notes_has (read->notes, BM_NOTE_DAMAGED_BLOCK))
    return FALSE;
  read->nid = window->nids[index];
  *item = g_steal_pointer (&read);
  return TRUE;
}

BmItem *
bm_pst_window_read (BmPstWindow *window, gsize index, GError **error)
{
  g_return_val_if_fail (index < window->n, NULL);
  g_autoptr (GError) refused = NULL;
  const guint64 blocks = window->view.damaged_blocks;
  BmItem *item = NULL;
  if (read_large (window, index, &item, error))
    return item;
  item = read_by_libpff (window, index, &refused);
  gboolean damaged = window->view.damaged_blocks != blocks;
  if (item == NULL ? bm_error_cause (refused) == BM_CAUSE_UNREADABLE
                   : damaged || window->pst->lost_blocks->len > 0 || bm_pst_losses (item) > 0)
    item = salvage (window, index, item);
  if (item == NULL) {
    g_propagate_error (error, g_steal_pointer (&refused));
    return NULL;
  }
  if (damaged)
    bm_notes_add (&item->notes, BM_NOTE_DAMAGED_BLOCK);
  item->nid = window->nids[index];
  return item;
}

void
bm_pst_window_people_only (BmPstWindow *window)
{
  window->people_only = TRUE;
}
