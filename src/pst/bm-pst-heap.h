/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Private to the room: a node's heap and what stands in it, property context and table context
 * ([MS-PST] 2.3). The middle step of the salvage path; nothing read here is trusted. One thread. */
#pragma once

#include "pst/bm-pst-block.h"

G_BEGIN_DECLS

enum { BM_PST_HEAP_PROPERTIES = 0xbc, BM_PST_HEAP_TABLE = 0x7c }; /* bClientSig, 2.3.1.2 */

typedef struct {
  BmPstBlocks *blocks; /* borrowed */
  GPtrArray *pages;    /* GBytes *: the node's data blocks; NULL where one cannot be read */
  GArray *subs;        /* BmPstSub: the node's sub-nodes */
  guint32 root;        /* hidUserRoot */
  gboolean whole;      /* all of its blocks and sub-nodes are there */
} BmPstHeap;

/* NULL with error UNREADABLE when the data is no heap of this kind. */
BmPstHeap *bm_pst_heap_open (BmPstBlocks *blocks, guint64 data, guint64 sub, guint kind,
                             GError **error);
/* Of a node whose heap is lost: a heap without blocks, but with its sub-nodes. */
BmPstHeap *bm_pst_heap_open_empty (BmPstBlocks *blocks, guint64 sub);
void bm_pst_heap_close (BmPstHeap *heap);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (BmPstHeap, bm_pst_heap_close)

/* One property as it stands in a context: a value of up to 8 bytes, or where the value is. */
typedef struct {
  guint16 id, type;
  guint8 cell[8];
  guint size; /* bytes of cell: 4 in a property context; a table's as its column says */
} BmPstCell;

/* BmPstCell of a property context, in order. *whole FALSE when some are lost. */
GArray *bm_pst_heap_properties (BmPstHeap *heap, gboolean *whole);
typedef struct _BmPstTable BmPstTable;
/* The table context of a heap, with at most max rows, in the order of its row index. NULL when there
 * is none. *whole FALSE when rows are lost. */
BmPstTable *bm_pst_table_open (BmPstHeap *heap, guint max, gboolean *whole);
void bm_pst_table_close (BmPstTable *table);
guint bm_pst_table_length (const BmPstTable *table);
/* BmPstCell of a row; *id: its row id. NULL when the row is lost. */
GArray *bm_pst_table_row (const BmPstTable *table, guint index, guint32 *id);
/* Its row id alone; 0 when it is lost. */
guint32 bm_pst_table_id (const BmPstTable *table, guint index);
/* The same of the row with this id. NULL when there is none. */
GArray *bm_pst_table_find (const BmPstTable *table, guint32 id);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (BmPstTable, bm_pst_table_close)
/* The value's bytes. FALSE when it cannot be read, or its type is unknown. *data NULL when empty. */
gboolean bm_pst_heap_value (BmPstHeap *heap, const BmPstCell *cell, guint8 **data, gsize *size);
/* Of a value in blocks that cannot all be read, what stands before the first hole; NULL when that is
 * nothing. */
guint8 *bm_pst_heap_value_begin (BmPstHeap *heap, const BmPstCell *cell, gsize *size);
/* The sub-node that holds the value, or, of an object, that it names; NULL when it stands in the
 * heap or is not there. */
const BmPstSub *bm_pst_heap_value_node (BmPstHeap *heap, const BmPstCell *cell);

G_END_DECLS
