/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Private to the room: a window, that is the real file shown to libpff with a small synthetic node
 * B-tree. libpff's open is quadratic in the number of nodes; a window keeps that number small, and
 * because its messages get nids of their own, an embedded message is never taken for another one.
 * One thread. */
#pragma once

#include "pst/bm-pst-file.h"

#include <libbfio.h>
#include <libpff.h>

G_BEGIN_DECLS

typedef struct {
  const BmPst *pst;
  guint8 header[BM_PST_HEADER_SIZE];
  guint64 base; /* where the synthetic pages begin */
  guint8 *pages;
  gsize pages_size;
  guint64 position;
  guint64 damaged_blocks; /* read so far: what is no block, or has a wrong CRC */
} BmPstView;

struct _BmPstWindow {
  BmPst *pst;
  BmPstView view;
  libbfio_handle_t *handle;
  libpff_file_t *file;
  guint32 *nids; /* as asked */
  gsize n;
  gboolean people_only;
  gboolean whole; /* read also the recipients and attachments of what is not mail */
};

/* Nodes are shown as they are given, the first fixed ones (ascending) on pages of their own. Error:
 * UNREADABLE, also without a node. */
BmPstWindow *bm_pst_window_new (BmPst *pst, const BmPstNode *nodes, gsize n, gsize fixed,
                                GError **error);
/* Item of this (shown) nid; NULL with error UNREADABLE. Free with libpff_item_free. */
libpff_item_t *bm_pst_window_item (BmPstWindow *window, guint32 nid, GError **error);
/* Sets error UNREADABLE with libpff's reason; frees and clears *pff. */
void bm_pst_set_error (GError **error, const gchar *what, libpff_error_t **pff);

G_END_DECLS
