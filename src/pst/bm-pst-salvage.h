/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Private to the room: the salvage path, for what libpff refuses. It refuses an item whole when one
 * of its properties, table rows or blocks is not as it should be; here, what is not is left out.
 * No second general reader: what libpff reads as a whole, in bounded memory, does not come this way
 * (docs/decisions/0006). One thread. */
#pragma once

#include "pst/bm-pst-heap.h"
#include "pst/bm-pst-item.h"

G_BEGIN_DECLS

/* The node's item, as far as it can be read. The same as bm_pst_item_read gives for an item that is
 * sound; the note `salvaged` is the caller's. Errors: UNREADABLE; DISK_FULL from spools. */
BmItem *bm_pst_salvage_item (BmPst *pst, guint32 nid, GError **error);
/* Some value of an attachment, at any depth, is so large that libpff, which reads each whole when it
 * opens the attachment, would need much memory. */
gboolean bm_pst_salvage_is_large (BmPst *pst, guint32 nid);
/* The node's properties alone. NULL when there are none. */
BmProps *bm_pst_salvage_props (BmPst *pst, guint32 nid, BmNotes *notes);
/* Adds the properties of these cells (BmPstCell), with the data of attachments left out when
 * skip_data; notes those that cannot be read. */
void bm_pst_salvage_add (BmPstHeap *heap, const GArray *cells, const BmPstStrings *strings,
                         gboolean skip_data, BmProps *props);
/* How much of an item is lost: attachments and embedded messages, and less so single properties. */
guint bm_pst_losses (const BmItem *item);
/* How much of an item is there: bytes of its values and attachments, at any depth. */
guint64 bm_pst_amount (const BmItem *item);

G_END_DECLS
