/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Lowest layer of the PST writer: blocks, pages, allocation maps, the two B-trees, the header
 * ([MS-PST] 2.2, "node database"). Knows nothing of properties or messages.
 *
 * The file is written front to back, one allocation section (253952 bytes) at a time; only the
 * entries of the two B-trees stay in memory, so the size of the file does not matter. The first
 * error sticks and is returned by close; everything in between may be called regardless.
 * One thread. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Sizes that differ between the two formats ([MS-PST] 2.2.2). */
typedef struct {
  gboolean ansi;
  guint id_size;       /* bytes of a BID and of a file position */
  guint block_max;     /* data bytes of a block */
  guint block_trailer; /* bytes behind them */
  guint page_area;     /* entry area of a B-tree page */
  guint page_trailer;  /* where the trailer of a page starts */
} BmPstWriterLayout;

typedef struct _BmPstWriterNdb BmPstWriterNdb;

/* A sub-node: local node id, data, its own sub-nodes (0: none). */
typedef struct {
  guint32 nid;
  guint64 data;
  guint64 sub;
} BmPstWriterSub;

/* Fills buffer; returns the number of bytes, 0 at the end, -1 on failure. */
typedef gssize (*BmPstWriterRead) (gpointer user_data, guint8 *buffer, gsize size);

/* crypt: [MS-PST] 2.2.2.6 bCryptMethod. Errors: PST_MISSING. */
BmPstWriterNdb *bm_pst_writer_ndb_new (const gchar *path, gboolean ansi, guint8 crypt,
                                       GError **error);
const BmPstWriterLayout *bm_pst_writer_ndb_layout (const BmPstWriterNdb *ndb);
/* A data tree ([MS-PST] 2.2.2.8.3.2): one block, XBLOCK or XXBLOCK as the size asks. Returns its
 * BID; 0 for no data. */
guint64 bm_pst_writer_ndb_data (BmPstWriterNdb *ndb, gconstpointer data, gsize size);
guint64 bm_pst_writer_ndb_stream (BmPstWriterNdb *ndb, BmPstWriterRead read, gpointer user_data,
                                  guint64 *size);
/* A sub-node tree (SLBLOCK, SIBLOCK) of BmPstWriterSub; sorts the array. 0 when it is empty. */
guint64 bm_pst_writer_ndb_subs (BmPstWriterNdb *ndb, GArray *subs);
/* Adds a node to the node B-tree; a node id may be added once. */
void bm_pst_writer_ndb_node (BmPstWriterNdb *ndb, guint32 nid, guint32 parent, guint64 data,
                             guint64 sub);
/* Writes trees, maps and header and frees the handle. rgnid: next index per node type, 32. */
gboolean bm_pst_writer_ndb_close (BmPstWriterNdb *ndb, const guint32 *rgnid, GError **error);

/* [MS-PST] 5.3: reflected CRC-32, start value 0, no final complement. */
guint32 bm_pst_writer_crc (guint32 crc, const guint8 *data, gsize size);
/* Encrypts in place ([MS-PST] 5.1, 5.2). */
void bm_pst_writer_encrypt (guint8 crypt, guint64 bid, guint8 *data, gsize size);
void bm_pst_writer_decrypt (guint8 crypt, guint64 bid, guint8 *data, gsize size);

static inline void
bm_pst_writer_put (guint8 *at, guint64 value, guint size)
{
  for (guint i = 0; i < size; i++)
    at[i] = (guint8) (value >> (8 * i));
}

static inline guint64
bm_pst_writer_get (const guint8 *at, guint size)
{
  guint64 value = 0;

  for (guint i = size; i > 0; i--)
    value = value << 8 | at[i - 1];
  return value;
}

/* [MS-PST] 5.5 */
static inline guint16
bm_pst_writer_sig (guint64 ib, guint64 bid)
{
  guint32 x = (guint32) (ib ^ bid);

  return (guint16) (x >> 16 ^ x);
}

G_END_DECLS
