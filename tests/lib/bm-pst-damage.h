/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Breaks PST files on purpose. Works in memory, so for files of a modest size; the same call makes
 * the same damage. 512 byte pages only (what the writer writes). One thread. */
#pragma once

#include "bm-pst-writer.h"

G_BEGIN_DECLS

/* X (SYMBOL, name, what the node id names) */
#define BM_PST_DAMAGES(X)                                                                          \
  X (BLOCK_FLIPPED, "block-flipped", "node: a byte in 64 of its first data block is inverted")     \
  X (BLOCK_ZEROED, "block-zeroed", "node: its first data block is all zero")                       \
  X (ATTACHMENT_ZEROED, "attachment-zeroed", "node: a block of its largest sub-node is all zero")  \
  X (ATTACHMENT_FLIPPED, "attachment-flipped", "node: as above, but bytes are inverted")           \
  X (ATTACHMENT_LOST, "attachment-lost", "node: the top block of that sub-node is all zero")       \
  X (CONTENTS_TABLE, "contents-table", "folder: the block of its contents table is all zero")      \
  X (NBT_CRC, "nbt-crc", "node: the CRC of the node B-tree's leaf page with it is wrong")          \
  X (NBT_GARBAGE, "nbt-garbage", "node: as above, and half the entries are garbage")               \
  X (NODE_LOST, "node-lost", "node: its entry is missing from the node B-tree")                    \
  X (PARENT_LOOP, "parent-loop", "folder: it is its parent's parent")                              \
  X (NBT_LOOP, "nbt-loop", "the root of the node B-tree has itself as last child")                 \
  X (NBT_ROOT, "nbt-root", "the root of the node B-tree is all zero")                              \
  X (BBT_ROOT, "bbt-root", "the root of the block B-tree is all zero")                             \
  X (BBT_OLD, "bbt-old",                                                                           \
     "node: every entry of the block B-tree's leaf page with its data points to its first block; " \
     "an older copy of the page lies at the end of the file")                                      \
  X (LEAF_OLD, "leaf-old",                                                                         \
     "node: the node B-tree's leaf page with it is all zero; an older copy of it at the end of "   \
     "the file names data that is gone for the first other message on it")                         \
  X (LEAF_LOST, "leaf-lost", "node: the node B-tree's leaf page with it is all zero")              \
  X (BBT_LEAF_LOST, "bbt-leaf-lost",                                                               \
     "node: the block B-tree's leaf page with its data is all zero")                               \
  X (HEADER_OLD, "header-old",                                                                     \
     "the header, its CRC wrong, names a node B-tree of before the last leaf page came")           \
  X (RECIPIENT_TABLE, "recipient-table", "node: the block of its recipient table is all zero")     \
  X (ATTACHMENT_TABLE, "attachment-table", "node: the block of its attachment table is all zero")  \
  X (HEADER_CRC, "header-crc", "the CRCs in the header are wrong")                                 \
  X (TRUNCATED, "truncated", "the file ends half way to its node B-tree")                          \
  X (TAIL_LOST, "tail-lost", "the last 1024 bytes, free space, are missing")

typedef enum {
#define X(sym, name, what) BM_PST_DAMAGE_##sym,
  BM_PST_DAMAGES (X)
#undef X
      BM_PST_DAMAGE_LAST
} BmPstDamage;

/* nid: a message or a folder, as the kind asks; ignored by the others. Errors: PST_MISSING,
 * PST_UNREADABLE when the node or what is to break does not exist. */
gboolean bm_pst_damage (const gchar *path, BmPstDamage kind, guint32 nid, GError **error);

/* Named cases: the sample mailbox with one damage, or a file written wrong. The array of names ends
 * with NULL. Errors: USAGE for an unknown name, else those of the writer. */
const gchar *const *bm_pst_case_names (void);
gboolean bm_pst_case_write (const gchar *path, const gchar *name, const BmPstWriterOptions *options,
                            GError **error);

G_END_DECLS
