/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* See bm-pst-view.h. Pages are laid out as [MS-PST] 2.2.2.7.7; what libpff checks of them: page
 * types, the BID in a branch page's trailer against the one that refers to it, and that pages lie
 * below ibFileEof. Unused entry slots must be zero: libpff reads them as deleted entries.
 * One thread. */
#include "pst/bm-pst-view.h"

#include "base/bm-le.h"
#include <errno.h>
#include <string.h>
#include <unistd.h>

typedef struct {
  guint64 key, bid, offset;
} Reference;

typedef struct {
  BmPstView *view;
  const BmPstLayout *layout;
  gsize made; /* pages */
} Builder;

static guint8 *
new_page (Builder *builder, Reference *reference, guint64 key)
{
  const BmPst *pst = builder->view->pst;
  guint64 first_bid = pst->format == BM_PST_ANSI ? 0xE0000000u : 0x7fff00000000ull;
  *reference = (Reference){key, first_bid + 4 * builder->made,
                           builder->view->base + builder->made * builder->layout->page};
  return builder->view->pages + builder->made++ * builder->layout->page;
}

static void
finish_page (Builder *builder, guint8 *page, const Reference *reference, guint count, guint level)
{
  const BmPst *pst = builder->view->pst;
  const BmPstLayout *layout = builder->layout;
  guint size = level > 0 ? layout->branch : layout->leaf;
  guint capacity = layout->entries / size;
  guint8 *meta = page + layout->meta, *trailer = page + layout->trailer;
  if (pst->format == BM_PST_UNICODE_4K) {
    bm_pst_put16 (meta, count);
    bm_pst_put16 (meta + 2, capacity);
    meta[4] = (guint8) size;
    meta[5] = (guint8) level;
  } else {
    meta[0] = (guint8) count;
    meta[1] = (guint8) capacity;
    meta[2] = (guint8) size;
    meta[3] = (guint8) level;
  }
  trailer[0] = trailer[1] = 0x81;
  bm_pst_put16 (trailer + 2, bm_pst_signature (reference->offset, reference->bid));
  guint32 crc = bm_pst_crc (page, layout->crc);
  if (pst->format == BM_PST_ANSI) {
    bm_pst_put32 (trailer + 4, (guint32) reference->bid);
    bm_pst_put32 (trailer + 8, crc);
  } else {
    bm_pst_put32 (trailer + 4, crc);
    bm_pst_put64 (trailer + 8, reference->bid);
  }
}

static void
put_leaf (const BmPst *pst, guint8 *entry, const BmPstNode *node)
{
  if (pst->format == BM_PST_ANSI) {
    bm_pst_put32 (entry, node->nid);
    bm_pst_put32 (entry + 4, (guint32) node->data);
    bm_pst_put32 (entry + 8, (guint32) node->sub);
    bm_pst_put32 (entry + 12, node->parent);
  } else {
    bm_pst_put64 (entry, node->nid);
    bm_pst_put64 (entry + 8, node->data);
    bm_pst_put64 (entry + 16, node->sub);
    bm_pst_put32 (entry + 24, node->parent);
  }
}

static void
put_branch (const BmPst *pst, guint8 *entry, const Reference *child)
{
  if (pst->format == BM_PST_ANSI) {
    bm_pst_put32 (entry, (guint32) child->key);
    bm_pst_put32 (entry + 4, (guint32) child->bid);
    bm_pst_put32 (entry + 8, (guint32) child->offset);
  } else {
    bm_pst_put64 (entry, child->key);
    bm_pst_put64 (entry + 8, child->bid);
    bm_pst_put64 (entry + 16, child->offset);
  }
}

static GArray *
build_leaves (Builder *builder, const BmPstNode *nodes, gsize n, gsize fixed)
{
  gsize capacity = builder->layout->entries / builder->layout->leaf;
  GArray *level = g_array_new (FALSE, FALSE, sizeof (Reference));
  for (gsize i = 0; i < n;) {
    Reference reference;
    gsize count = MIN (n - i, capacity);
    if (i < fixed)
      count = MIN (count, fixed - i);
    guint8 *page = new_page (builder, &reference, nodes[i].nid);
    for (gsize k = 0; k < count; k++)
      put_leaf (builder->view->pst, page + k * builder->layout->leaf, &nodes[i + k]);
    finish_page (builder, page, &reference, (guint) count, 0);
    g_array_append_val (level, reference);
    i += count;
  }
  return level;
}

static GArray *
build_level (Builder *builder, GArray *below, guint depth)
{
  guint capacity = builder->layout->entries / builder->layout->branch;
  GArray *level = g_array_new (FALSE, FALSE, sizeof (Reference));
  for (guint i = 0; i < below->len; i += capacity) {
    Reference reference;
    guint count = MIN (below->len - i, capacity);
    guint8 *page = new_page (builder, &reference, g_array_index (below, Reference, i).key);
    for (guint k = 0; k < count; k++)
      put_branch (builder->view->pst, page + k * builder->layout->branch,
                  &g_array_index (below, Reference, i + k));
    finish_page (builder, page, &reference, count, depth);
    g_array_append_val (level, reference);
  }
  g_array_unref (below);
  return level;
}

/* Header with the new root, the real block root, a file end beyond our pages, right CRCs. */
static void
patch_header (BmPstView *view, const Reference *root)
{
  const BmPst *pst = view->pst;
  guint8 *h = view->header;
  guint64 end = view->base + view->pages_size;
  memcpy (h, pst->header, sizeof view->header);
  if (pst->format == BM_PST_ANSI) {
    bm_pst_put32 (h + 168, (guint32) end);
    bm_pst_put32 (h + 184, (guint32) root->bid);
    bm_pst_put32 (h + 188, (guint32) root->offset);
    bm_pst_put32 (h + 192, (guint32) pst->bbt_bid);
    bm_pst_put32 (h + 196, (guint32) pst->bbt_offset);
  } else {
    bm_pst_put64 (h + 184, end);
    bm_pst_put64 (h + 216, root->bid);
    bm_pst_put64 (h + 224, root->offset);
    bm_pst_put64 (h + 232, pst->bbt_bid);
    bm_pst_put64 (h + 240, pst->bbt_offset);
    bm_pst_put32 (h + 524, bm_pst_crc (h + 8, 516));
  }
  bm_pst_put32 (h + 4, bm_pst_crc (h + 8, 471));
}

void
bm_pst_view_build (BmPstView *view, const BmPst *pst, const BmPstNode *nodes, gsize n, gsize fixed)
{
  const BmPstLayout *layout = pst->layout;
  gsize leaves = n / (layout->entries / layout->leaf) + 2, pages = leaves;
  for (gsize level = leaves; level > 1;) {
    level = level / (layout->entries / layout->branch) + 1;
    pages += level;
  }
  view->pst = pst;
  view->base = (pst->size + layout->page - 1) / layout->page * layout->page;
  view->pages = g_malloc0 ((pages + 1) * layout->page);
  Builder builder = {view, layout, 0};
  GArray *level = build_leaves (&builder, nodes, n, fixed);
  for (guint depth = 1; level->len > 1; depth++)
    level = build_level (&builder, level, depth);
  g_assert (builder.made <= pages + 1);
  view->pages_size = builder.made * layout->page;
  patch_header (view, &g_array_index (level, Reference, 0));
  g_array_unref (level);
}

void
bm_pst_view_clear (BmPstView *view)
{
  g_clear_pointer (&view->pages, g_free);
}

/* ---- libbfio ---- */

static guint64
view_end (const BmPstView *view)
{
  return view->base + view->pages_size;
}

static int
view_open (intptr_t *io, int flags, libbfio_error_t **error)
{
  return 1;
}

static int
view_close (intptr_t *io, libbfio_error_t **error)
{
  return 0;
}

static int
view_free (intptr_t **io, libbfio_error_t **error)
{
  *io = NULL;
  return 1;
}

static int
view_clone (intptr_t **copy, intptr_t *io, libbfio_error_t **error)
{
  return -1;
}

static int
view_yes (intptr_t *io, libbfio_error_t **error)
{
  return 1;
}

static int
view_size (intptr_t *io, size64_t *size, libbfio_error_t **error)
{
  *size = view_end ((BmPstView *) io);
  return 1;
}

static off64_t
view_seek (intptr_t *io, off64_t offset, int whence, libbfio_error_t **error)
{
  BmPstView *view = (BmPstView *) io;
  gint64 from = whence == SEEK_SET   ? 0
                : whence == SEEK_CUR ? (gint64) view->position
                                     : (gint64) view_end (view);
  if (from + offset < 0)
    return -1;
  view->position = (guint64) (from + offset);
  return (off64_t) view->position;
}

static ssize_t
view_write (intptr_t *io, const uint8_t *buffer, size_t size, libbfio_error_t **error)
{
  return -1;
}

/* One piece from the region where position lies; 0 at the end, -1 on error. */
static gssize
read_piece (BmPstView *view, guint8 *buffer, gsize size)
{
  guint64 at = view->position;
  if (at < sizeof view->header) {
    size = MIN (size, sizeof view->header - (gsize) at);
    memcpy (buffer, view->header + at, size);
  } else if (at >= view->base) {
    guint64 left = at < view_end (view) ? view_end (view) - at : 0;
    size = (gsize) MIN ((guint64) size, left);
    memcpy (buffer, view->pages + (at - view->base), size);
  } else if (at < view->pst->size) {
    size = (gsize) MIN ((guint64) size, view->pst->size - at);
    gssize n = pread (view->pst->fd, buffer, size, (off_t) at);
    return n < 0 && errno == EINTR ? read_piece (view, buffer, size) : n == 0 ? -1 : n;
  } else {
    size = (gsize) MIN ((guint64) size, view->base - at);
    memset (buffer, 0, size);
  }
  return (gssize) size;
}

/* Of one of the trees. That its CRC is right is known (bm_pst_check_blocks). */
static gboolean
is_page (const BmPstView *view, const guint8 *buffer, gsize size)
{
  const guint8 *trailer = buffer + view->pst->layout->trailer;
  return size == view->pst->layout->page && trailer[0] == trailer[1] &&
         (trailer[0] == BM_PST_PAGE_BLOCKS || trailer[0] == BM_PST_PAGE_NODES);
}

/* A block is read in one read of its aligned size with its trailer at the end ([MS-PST] 2.2.2.8.1).
 * When its CRC is right the stored one is zeroed in the buffer, which makes libpff skip its own,
 * bytewise check. What is neither page nor block stands where one should be: libpff takes it for an
 * empty value without a word, so that only this count tells. Signature and BID are not asked: not
 * all writers set them. */
static void
check_read (BmPstView *view, guint8 *buffer, gsize size)
{
  gboolean ansi = view->pst->format == BM_PST_ANSI;
  guint unit, trailer_size = bm_pst_block_trailer (view->pst, &unit);
  if (is_page (view, buffer, size))
    return;
  if (size < 64 || size % 64 != 0) {
    view->damaged_blocks++;
    return;
  }
  guint8 *trailer = buffer + size - trailer_size;
  guint8 *crc = trailer + (ansi ? 8 : 4);
  gsize data = bm_le16 (trailer);
  if (data == 0 || data + trailer_size > size || data + trailer_size + unit <= size ||
      (bm_le32 (crc) != 0 && bm_pst_crc (buffer, data) != bm_le32 (crc)))
    view->damaged_blocks++;
  else
    bm_pst_put32 (crc, 0);
}

static ssize_t
view_read (intptr_t *io, uint8_t *buffer, size_t size, libbfio_error_t **error)
{
  BmPstView *view = (BmPstView *) io;
  guint64 offset = view->position;
  gsize done = 0;
  while (done < size) {
    gssize n = read_piece (view, buffer + done, size - done);
    if (n < 0)
      return done > 0 ? (ssize_t) done : -1;
    if (n == 0)
      break;
    done += (gsize) n;
    view->position += (guint64) n;
  }
  if (done == size && offset >= sizeof view->header && offset + size <= view->base)
    check_read (view, buffer, size);
  else if (offset >= sizeof view->header && offset < view->base)
    view->damaged_blocks++; /* beyond the end of the file */
  return (ssize_t) done;
}

gboolean
bm_pst_view_handle (BmPstView *view, libbfio_handle_t **handle)
{
  return libbfio_handle_initialize (handle, (intptr_t *) view, view_free, view_clone, view_open,
                                    view_close, view_read, view_write, view_seek, view_yes,
                                    view_yes, view_size, LIBBFIO_FLAG_IO_HANDLE_NON_MANAGED,
                                    NULL) == 1;
}
