/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Private to the room: the file below libpff. Header, pages, the two B-trees, CRCs.
 * Source of all layouts: [MS-PST] 2.2.2; for 4k pages libpff's own rules. */
#pragma once

#include "pst/bm-pst.h"

G_BEGIN_DECLS

#define BM_PST_HEADER_SIZE 1024
#define BM_PST_PAGE_MAX    4096
#define BM_PST_VALUE_MAX   (256u << 20) /* bytes of one property */

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

/* Types of pages, [MS-PST] 2.2.2.7.1. */
enum { BM_PST_PAGE_BLOCKS = 0x80, BM_PST_PAGE_NODES = 0x81 };

/* A page of one of the B-trees. */
typedef struct {
  guint8 bytes[BM_PST_PAGE_MAX];
  guint count, level, entry; /* entries that fit; 0 = leaf; bytes of one entry */
  gboolean crc_ok;
} BmPstPage;

/* Keys of a B-tree that a page which cannot be read, or not be trusted, would have named. */
typedef struct {
  guint64 first, last;
} BmPstRange;

/* A block that a search of the file has found. */
typedef struct {
  guint64 bid, offset;
  guint size;
} BmPstFound;

/* A leaf page that a search of the file has found: see bm-pst-scan.c. */
typedef struct {
  guint64 bid, offset;
  BmPstRange keys;
} BmPstLeaf;

struct _BmPst {
  gint fd;
  guint64 size;
  BmPstFormat format;
  BmPstCrypt crypt;
  const BmPstLayout *layout;
  guint8 header[BM_PST_HEADER_SIZE];
  guint64 nbt_bid, nbt_offset, bbt_bid, bbt_offset, stored_size; /* as the header says */
  gboolean header_crc_bad, bbt_repaired, roots_found;
  gchar *charset;
  GArray *nodes; /* BmPstNode, ascending by nid, unique */
  guint64 pages, bad_pages, bad_crc_pages, loops, duplicates;
  GArray *lost;                       /* BmPstRange of nids */
  GArray *node_leaves, *block_leaves; /* BmPstLeaf, newest first; NULL before the search */
  guint64 found;                      /* nodes that the search has found */
  guint64 listed;                     /* nodes that are known from tables of folders only */
  GArray *lost_blocks;                /* BmPstRange of BIDs */
  GArray *found_blocks; /* BmPstFound of those ranges, ascending; NULL before it is needed */
  GHashTable *names;    /* id -> BmPropName; NULL before it is needed */
  struct _BmPstContents *contents; /* tables of folders; NULL before they are needed */
  gboolean names_broken;           /* the map could not be read as it was; known with names */
  gboolean names_doubtful;         /* because one of its blocks has a wrong CRC */
};

guint32 bm_pst_crc (const guint8 *data, gsize size);
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
/* A page of this tree with sane measures, or FALSE. level < 0: any. */
gboolean bm_pst_page_read (const BmPst *pst, guint64 offset, guint type, gint level,
                           BmPstPage *page);
/* A BID or nid at the begin of an entry, without the reserved bit 0 of BIDs ([MS-PST] 2.2.2.2). */
guint64 bm_pst_entry_key (const BmPst *pst, const guint8 *entry, guint type);
void bm_pst_entry_node (const BmPst *pst, const guint8 *entry, BmPstNode *node);
/* Where a block lies and how many bytes it holds there, from an entry of the block B-tree. */
void bm_pst_entry_block (const BmPst *pst, const guint8 *entry, guint64 *offset, guint *size);
/* When the header is not to be trusted: takes newer roots than it names, if the file has any. */
void bm_pst_find_roots (BmPst *pst);
/* Fills pst->nodes, pst->lost and the counts. */
void bm_pst_walk (BmPst *pst);
/* Fills pst->lost_blocks: what pages of the block B-tree that cannot be read or trusted named. */
void bm_pst_check_blocks (BmPst *pst);
/* Merges those that touch, in ascending order. */
void bm_pst_merge_ranges (GArray *ranges);
/* Do merged ranges have any of these keys? */
gboolean bm_pst_in_ranges (const GArray *ranges, BmPstRange keys);
/* Where the block with this key lies by its own trailer, if it is one of pst->lost_blocks. */
gboolean bm_pst_block_find_stray (BmPst *pst, guint64 key, guint64 *offset, guint *size);
/* Adds to pst->nodes what lost pages named, as far as a search of the file finds it. */
void bm_pst_find_lost (BmPst *pst);
/* Binary search; NULL when there is none. */
const BmPstNode *bm_pst_node (const BmPst *pst, guint32 nid);
/* Sorts and keeps one node of each nid, a sound one if there is one; TRUE counts the others. */
void bm_pst_sort_nodes (BmPst *pst, gboolean count);
/* Where the block lies; FALSE when the block B-tree does not know it. Where a page of that tree is
 * lost, the pages that a search of the file finds stand in for it. */
gboolean bm_pst_block_find (BmPst *pst, guint64 bid, guint64 *offset, guint *size);
/* The same for a lost page alone: in those that the search has found. */
gboolean bm_pst_block_find_lost (BmPst *pst, guint64 key, guint64 *offset, guint *size);
/* The trailer of what lies there is that of a block of this BID and size at this offset. */
gboolean bm_pst_block_says_so (const BmPst *pst, guint64 key, guint64 offset, guint size);
/* Bytes of a block of this format behind its data, and what its whole is a multiple of. */
guint bm_pst_block_trailer (const BmPst *pst, guint *unit);
/* TRUE for a node of a page with a wrong CRC whose data block does not exist: it never was one. */
gboolean bm_pst_is_phantom (BmPst *pst, const BmPstNode *node);

G_END_DECLS
