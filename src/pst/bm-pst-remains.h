/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Private to the room: what is left of a message or folder whose own properties, or whose entry in the
 * index, are lost. Tables of the folder above repeat some of it ([MS-PST] 2.4.4.4.1 and 2.4.4.5.1:
 * names of folders; subject, names, dates, flags and class of messages), and values that are too
 * large for the heap stand in sub-nodes of their own. One thread. */
#pragma once

#include "pst/bm-pst-heap.h"
#include "pst/bm-pst-item.h"

G_BEGIN_DECLS

/* Contents tables that were read last. */
typedef struct _BmPstContents BmPstContents;
void bm_pst_contents_free (BmPstContents *contents);

/* Adds nodes, without data, that lost pages of the index would have named and tables of their folders
 * name still. */
void bm_pst_find_listed (BmPst *pst);
/* Adds what the table of its parent says of this node and props do not have. FALSE when it says
 * nothing. */
gboolean bm_pst_remains_of_row (BmPst *pst, const BmPstNode *node, const BmPstStrings *strings,
                                BmProps *props);
/* Adds bodies and transport headers that are found in sub-nodes: known by what they look like, as
 * what says which is which is lost. TRUE when there are any. */
gboolean bm_pst_remains_of_values (BmPstHeap *heap, const BmPstStrings *strings, BmProps *props);

G_END_DECLS
