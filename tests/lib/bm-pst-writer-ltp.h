/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Middle layer of the PST writer: heap, B-tree on heap, property context, table context
 * ([MS-PST] 2.3, "lists, tables, properties"). Knows nothing of messages and folders.
 * One thread. */
#pragma once

#include "bm-pst-writer-ndb.h"
#include "bm-pst-writer-props.h"

G_BEGIN_DECLS

/* A value that is not in the bag: a sub-node of the node (method 0102, 000d). */
typedef struct {
  guint32 tag;
  guint32 nid;
  guint32 size; /* of an object, [MS-PST] 2.3.3.5 */
} BmPstWriterRef;

/* Writes a property context ([MS-PST] 2.3.3); values too large for the heap become sub-nodes that
 * are appended to subs. Returns the BID. */
guint64 bm_pst_writer_ltp_properties (BmPstWriterNdb *ndb, const BmPstProps *props,
                                      const BmPstWriterRef *refs, guint n_refs, GArray *subs);

typedef struct {
  guint32 id; /* 0x67F2 */
  BmPstProps *props;
} BmPstWriterRow;

/* Writes a table context ([MS-PST] 2.3.4) with the columns given (0-terminated tags; 0x67F2 and
 * 0x67F3 are added) and, when all_columns, every property found in a row. Rows stay in order. */
guint64 bm_pst_writer_ltp_table (BmPstWriterNdb *ndb, const guint32 *columns, gboolean all_columns,
                                 const BmPstWriterRow *rows, guint n_rows, GArray *subs);

/* In an ANSI file strings are 001e in windows-1252. Returns data itself, or a copy in *copy. */
guint32 bm_pst_writer_ltp_convert (const BmPstWriterNdb *ndb, guint32 tag, const guint8 **data,
                                   gsize *size, guint8 **copy);

G_END_DECLS
