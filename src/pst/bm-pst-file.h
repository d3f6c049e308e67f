/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Private to the room: the file below libpff. Header, pages, the two B-trees, CRCs.
 * Source of all layouts: [MS-PST] 2.2.2; for 4k pages libpff's own rules. */
#pragma once

#include "pst/bm-pst.h"

G_BEGIN_DECLS

#define BM_PST_HEADER_SIZE 1024
#define BM_PST_PAGE_MAX    4096

/* Node types: the low five bits of a nid, [MS-PST] 2.2.2.1. */
enum {
  BM_NID_FOLDER = 0x02,
  BM_NID_SEARCH_FOLDER = 0x03,
  BM_NID_MESSAGE = 0x04,
  BM_NID_ASSOCIATED = 0x08,
  BM_NID_RECEIVE_TABLE = 0x0b,
  BM_NID_HIERARCHY_TABLE = 0x0d,
  BM_NID_CONTENTS_TABLE = 0x0e,
  BM_NID_ASSOCIATED_TABLE = 0x0f,
};
#define BM_NID_STORE    0x21u
#define BM_NID_NAME_MAP 0x61u
#define BM_NID_ROOT     0x122u

/* Sizes and offsets in bytes within a page of one format. */
typedef struct {
  guint page, entries, meta, trailer, crc, leaf, branch;
} BmPstLayout;

typedef struct {
  guint32 nid, parent;
  guint64 data, sub; /* BIDs */
  gboolean suspect;  /* from a page with a wrong CRC */
} BmPstNode;

struct _BmPst {
  gint fd;
  guint64 size;
  BmPstFormat format;
  BmPstCrypt crypt;
  const BmPstLayout *layout;
  guint8 header[BM_PST_HEADER_SIZE];
  guint64 nbt_bid, nbt_offset, bbt_bid, bbt_offset;
  gboolean header_crc_bad, bbt_repaired;
  gchar *charset;
  GArray *nodes; /* BmPstNode, ascending by nid, unique */
  guint64 pages, bad_pages, bad_crc_pages, loops, duplicates;
};

guint32 bm_pst_crc (const guint8 *data, gsize size);
guint16 bm_pst_get16 (const guint8 *p);
guint32 bm_pst_get32 (const guint8 *p);
guint64 bm_pst_get64 (const guint8 *p);
void bm_pst_put16 (guint8 *p, guint32 value);
void bm_pst_put32 (guint8 *p, guint32 value);
void bm_pst_put64 (guint8 *p, guint64 value);
/* [MS-PST] 5.5: of offset and bid. */
guint16 bm_pst_signature (guint64 offset, guint64 bid);
/* Number of entries, size of one, level; of a page. */
void bm_pst_page_meta (const BmPst *pst, const guint8 *page, guint *count, guint *size,
                       guint *level);
/* FALSE when not all bytes are there. */
gboolean bm_pst_read_at (const BmPst *pst, void *buffer, gsize size, guint64 offset);
/* Fills pst->nodes and the counts. */
void bm_pst_walk (BmPst *pst);
/* Binary search; NULL when there is none. */
const BmPstNode *bm_pst_node (const BmPst *pst, guint32 nid);
/* TRUE when the block B-tree knows this block. */
gboolean bm_pst_block_exists (const BmPst *pst, guint64 bid);
/* TRUE for a node of a page with a wrong CRC whose data block does not exist: it never was one. */
gboolean bm_pst_is_phantom (const BmPst *pst, const BmPstNode *node);

G_END_DECLS
