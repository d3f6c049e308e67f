/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Private to the room: blocks, and the trees of them that are a node's data and its sub-nodes
 * ([MS-PST] 2.2.2.8). The lowest step of the salvage path; nothing read here is trusted. One
 * thread. */
#pragma once

#include "pst/bm-pst-file.h"

G_BEGIN_DECLS

/* One item's reading: what it found, and what it may still cost. */
typedef struct {
  BmPst *pst;
  guint64 damaged; /* blocks read so far whose CRC is wrong */
  guint64 left; /* bytes that may still be read; bm_pst_blocks_begin sets it by the file's size */
} BmPstBlocks;

/* A sub-node: its nid, its data, its own sub-nodes (BIDs; 0 = none). */
typedef struct {
  guint32 nid;
  guint64 data, sub;
} BmPstSub;

BmPstBlocks bm_pst_blocks_begin (BmPst *pst);
/* The data of one block, decoded. NULL when the file does not have it, its trailer tells of another
 * block, or nothing may be read any more. */
GBytes *bm_pst_block_read (BmPstBlocks *blocks, guint64 bid);

/* data NULL: a block that cannot be read stands here. Return FALSE to stop. */
typedef gboolean (*BmPstTake) (gpointer user_data, GBytes *data);
/* Hands over the blocks of a data tree in order. FALSE when some could not be read; TRUE for bid 0,
 * which is no data at all. */
gboolean bm_pst_data_walk (BmPstBlocks *blocks, guint64 bid, BmPstTake take, gpointer user_data);
/* All of it, at most max bytes; NULL when it is longer or some of it cannot be read. */
GByteArray *bm_pst_data_read (BmPstBlocks *blocks, guint64 bid, gsize max);
/* The same up to what cannot be read. */
GByteArray *bm_pst_data_begin (BmPstBlocks *blocks, guint64 bid, gsize max);
/* What a data tree says of its size, in bytes: believed by nobody who must not be wrong. 0 for data in
 * one block, which is at most 64 KiB. */
guint64 bm_pst_data_size (BmPstBlocks *blocks, guint64 bid);
/* BmPstSub, ascending by nid; those that can be read. *whole FALSE when there are more. */
GArray *bm_pst_subs_read (BmPstBlocks *blocks, guint64 bid, gboolean *whole);
/* NULL when there is none. */
const BmPstSub *bm_pst_subs_find (const GArray *subs, guint32 nid);

/* [MS-PST] 5.1 and 5.2, in place. */
void bm_pst_decode (BmPstCrypt crypt, guint64 bid, guint8 *data, gsize size);

G_END_DECLS
