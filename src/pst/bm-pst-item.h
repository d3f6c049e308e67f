/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Private to the room: libpff's items to ours. One thread. */
#pragma once

#include "pst/bm-pst-window.h"

G_BEGIN_DECLS

/* How 8-bit strings of one item are read. */
typedef struct {
  const gchar *charset; /* borrowed; never NULL */
  BmNotes *notes;
} BmPstStrings;

/* Properties of one record set, with the data of attachments (0x3701) left out when skip_data. */
BmProps *bm_pst_props_read (libpff_record_set_t *set, const BmPstStrings *strings,
                            gboolean skip_data);
/* The first record set of an item. NULL with error UNREADABLE. */
BmProps *bm_pst_props_of_item (libpff_item_t *item, const BmPstStrings *strings, gboolean skip_data,
                               GError **error);
/* Code page of an item's 8-bit strings: 0x3FFD, 0x3FDE; 0 when it names none we know. */
guint32 bm_pst_item_codepage (libpff_item_t *item);
BmItem *bm_pst_item_read (BmPstWindow *window, libpff_item_t *pff, GError **error);

G_END_DECLS
