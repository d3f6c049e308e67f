/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* See bm-pst-block.h. A block is believed when its trailer gives the size that the index gives; a
 * wrong CRC is counted only, because the structures above check themselves. Trees of blocks are two
 * levels high at most, each level must be the one below its parent's, and all that is read comes
 * off one budget, so that a tree that names one block a million times ends. One thread. */
#include "pst/bm-pst-block.h"

#include "base/bm-le.h"
#include <gio/gio.h>

#define BLOCK_MAX  65536
#define SUBS_MAX   (1u << 20)
#define TYPE_DATA  1 /* XBLOCK, XXBLOCK; [MS-PST] 2.2.2.8.3.2 */
#define TYPE_SUBS  2 /* SLBLOCK, SIBLOCK; 2.2.2.8.3.3 */
#define LEVELS_MAX 2

BmPstBlocks
bm_pst_blocks_begin (BmPst *pst)
{
  /* An item is at most as large as the file; a few blocks are read again (heaps of names), and
   * those of 4k files are deflated. */
  guint64 factor = pst->format == BM_PST_UNICODE_4K ? 160 : 4;
  return (BmPstBlocks){.pst = pst, .left = pst->size * factor};
}

static gboolean
is_internal (guint64 bid)
{
  return (bid & 2) != 0; /* [MS-PST] 2.2.2.2 */
}

static GBytes *
inflate (const guint8 *data, gsize size, gsize inflated)
{
  g_autoptr (GZlibDecompressor) zlib = g_zlib_decompressor_new (G_ZLIB_COMPRESSOR_FORMAT_ZLIB);
  g_autofree guint8 *out = g_malloc (inflated + 1);
  gsize done = 0;
  for (gsize used = 0;;) {
    gsize in = 0, made = 0;
    GConverterResult result =
        g_converter_convert (G_CONVERTER (zlib), data + used, size - used, out + done,
                             inflated + 1 - done, G_CONVERTER_INPUT_AT_END, &in, &made, NULL);
    used += in;
    done += made;
    if (result == G_CONVERTER_FINISHED)
      break;
    if (result == G_CONVERTER_ERROR || (in == 0 && made == 0) || done > inflated)
      return NULL;
  }
  return done == inflated ? g_bytes_new_take (g_steal_pointer (&out), inflated) : NULL;
}

/* The block as it lies in the file, without padding and trailer; *inflated: its size when it is
 * deflated, else 0. [MS-PST] 2.2.2.8.1; for 4k pages as libpff has it. */
static guint8 *
read_stored (BmPstBlocks *blocks, guint64 bid, guint *size, guint *inflated)
{
  BmPst *pst = blocks->pst;
  guint64 offset;
  guint unit, trailer_size = bm_pst_block_trailer (pst, &unit);
  if (!bm_pst_block_find (pst, bid, &offset, size) || *size == 0)
    return NULL;
  guint whole = (*size + trailer_size + unit - 1) / unit * unit;
  if (whole > pst->size || offset < 512 || offset > pst->size - whole || whole > blocks->left)
    return NULL;
  blocks->left -= whole;
  g_autofree guint8 *data = g_malloc (whole);
  if (!bm_pst_read_at (pst, data, whole, offset))
    return NULL;
  const guint8 *trailer = data + whole - trailer_size;
  guint32 crc = bm_le32 (trailer + (pst->format == BM_PST_ANSI ? 8 : 4));
  if (bm_le16 (trailer) != *size)
    return NULL;
  if (crc != 0 && crc != bm_pst_crc (data, *size))
    blocks->damaged++;
  *inflated = pst->format == BM_PST_UNICODE_4K ? bm_le16 (trailer + 18) : 0;
  if (*inflated == *size)
    *inflated = 0;
  return g_steal_pointer (&data);
}

GBytes *
bm_pst_block_read (BmPstBlocks *blocks, guint64 bid)
{
  guint size, inflated;
  g_autofree guint8 *data = read_stored (blocks, bid, &size, &inflated);
  if (data == NULL)
    return NULL;
  g_autoptr (GBytes) bytes = NULL;
  if (inflated == 0) {
    bytes = g_bytes_new_take (g_steal_pointer (&data), size);
  } else {
    if (inflated > blocks->left)
      return NULL;
    blocks->left -= inflated;
    bytes = inflate (data, size, inflated);
  }
  if (bytes == NULL || is_internal (bid) || blocks->pst->crypt == BM_PST_CRYPT_NONE)
    return g_steal_pointer (&bytes);
  gsize n;
  guint8 *plain = g_bytes_unref_to_data (g_steal_pointer (&bytes), &n);
  bm_pst_decode (blocks->pst->crypt, bid, plain, n);
  return g_bytes_new_take (plain, n);
}

/* An internal block of this type: its level, the number of its entries as far as they are there,
 * and where they begin. */
static const guint8 *
entries_of (GBytes *block, guint type, guint head, guint entry, guint *level, guint *count)
{
  gsize size;
  const guint8 *data = g_bytes_get_data (block, &size);
  if (size < head || data[0] != type)
    return NULL;
  *level = data[1];
  *count = MIN (bm_le16 (data + 2), (guint) ((size - head) / entry));
  return data + head;
}

static guint64
get_bid (const BmPst *pst, const guint8 *at)
{
  return pst->format == BM_PST_ANSI ? bm_le32 (at) : bm_le64 (at);
}

typedef struct {
  BmPstBlocks *blocks;
  BmPstTake take;
  gpointer user_data;
  gboolean whole, stopped;
} DataWalk;

static void
walk_data (DataWalk *walk, guint64 bid, guint level)
{
  guint found = 0, count = 0, id = walk->blocks->pst->format == BM_PST_ANSI ? 4 : 8;
  g_autoptr (GBytes) block = bm_pst_block_read (walk->blocks, bid);
  if (block == NULL || !is_internal (bid)) {
    walk->whole &= block != NULL;
    walk->stopped = !walk->take (walk->user_data, block);
    return;
  }
  const guint8 *at = entries_of (block, TYPE_DATA, 8, id, &found, &count);
  if (at == NULL || found == 0 || found > level) {
    walk->whole = FALSE;
    walk->stopped = !walk->take (walk->user_data, NULL);
    return;
  }
  for (guint i = 0; i < count && !walk->stopped; i++, at += id) {
    /* below level 1 is data, whatever the BID says */
    if (found == 1 && is_internal (get_bid (walk->blocks->pst, at)))
      walk->whole = FALSE;
    else
      walk_data (walk, get_bid (walk->blocks->pst, at), found - 1);
  }
}

gboolean
bm_pst_data_walk (BmPstBlocks *blocks, guint64 bid, BmPstTake take, gpointer user_data)
{
  DataWalk walk = {blocks, take, user_data, TRUE, FALSE};
  if (bid != 0)
    walk_data (&walk, bid, LEVELS_MAX);
  return walk.whole;
}

typedef struct {
  GByteArray *bytes;
  gsize max;
  gboolean ok;
} Collected;

static gboolean
collect (gpointer user_data, GBytes *data)
{
  Collected *collected = user_data;
  gsize size = data != NULL ? g_bytes_get_size (data) : 0;
  collected->ok = data != NULL && size <= collected->max - collected->bytes->len;
  if (collected->ok)
    g_byte_array_append (collected->bytes, g_bytes_get_data (data, NULL), (guint) size);
  return collected->ok;
}

GByteArray *
bm_pst_data_read (BmPstBlocks *blocks, guint64 bid, gsize max)
{
  Collected collected = {g_byte_array_new (), MIN (max, (gsize) G_MAXINT), TRUE};
  if (bm_pst_data_walk (blocks, bid, collect, &collected) && collected.ok)
    return collected.bytes;
  g_byte_array_unref (collected.bytes);
  return NULL;
}

GByteArray *
bm_pst_data_begin (BmPstBlocks *blocks, guint64 bid, gsize max)
{
  Collected collected = {g_byte_array_new (), MIN (max, (gsize) G_MAXINT), TRUE};
  bm_pst_data_walk (blocks, bid, collect, &collected);
  return collected.bytes;
}

guint64
bm_pst_data_size (BmPstBlocks *blocks, guint64 bid)
{
  g_autoptr (GBytes) block = is_internal (bid) ? bm_pst_block_read (blocks, bid) : NULL;
  gsize n = 0;
  const guint8 *data = block != NULL ? g_bytes_get_data (block, &n) : NULL;
  return n >= 8 && data[0] == TYPE_DATA ? bm_le32 (data + 4) : 0; /* lcbTotal */
}

/* ---- sub-nodes ---- */

static void
take_subs (BmPstBlocks *blocks, GBytes *block, GArray *subs)
{
  const BmPst *pst = blocks->pst;
  gboolean ansi = pst->format == BM_PST_ANSI;
  guint level = 0, count = 0, entry = ansi ? 12 : 24, id = ansi ? 4 : 8;
  const guint8 *at = entries_of (block, TYPE_SUBS, ansi ? 4 : 8, entry, &level, &count);
  for (guint i = 0; i < count && subs->len < SUBS_MAX; i++, at += entry) {
    BmPstSub sub = {bm_le32 (at), get_bid (pst, at + id), get_bid (pst, at + 2 * id)};
    g_array_append_val (subs, sub);
  }
}

static gboolean
walk_subs (BmPstBlocks *blocks, guint64 bid, guint levels, GArray *subs)
{
  gboolean ansi = blocks->pst->format == BM_PST_ANSI, whole = TRUE;
  guint level = 0, count = 0, head = ansi ? 4 : 8, id = ansi ? 4 : 8;
  g_autoptr (GBytes) block = is_internal (bid) ? bm_pst_block_read (blocks, bid) : NULL;
  const guint8 *at =
      block != NULL ? entries_of (block, TYPE_SUBS, head, 2 * id, &level, &count) : NULL;
  if (at == NULL || level > levels)
    return FALSE;
  if (level == 0) {
    take_subs (blocks, block, subs);
    return TRUE;
  }
  for (guint i = 0; i < count && subs->len < SUBS_MAX; i++, at += 2 * id)
    whole &= walk_subs (blocks, get_bid (blocks->pst, at + id), level - 1, subs);
  return whole;
}

static gint
compare_subs (gconstpointer a, gconstpointer b)
{
  guint32 x = ((const BmPstSub *) a)->nid, y = ((const BmPstSub *) b)->nid;
  return x < y ? -1 : x > y;
}

GArray *
bm_pst_subs_read (BmPstBlocks *blocks, guint64 bid, gboolean *whole)
{
  GArray *subs = g_array_new (FALSE, FALSE, sizeof (BmPstSub));
  *whole = bid == 0 || walk_subs (blocks, bid, 1, subs);
  g_array_sort (subs, compare_subs);
  return subs;
}

const BmPstSub *
bm_pst_subs_find (const GArray *subs, guint32 nid)
{
  BmPstSub wanted = {nid, 0, 0};
  guint at;
  return g_array_binary_search ((GArray *) subs, &wanted, compare_subs, &at)
             ? &g_array_index (subs, BmPstSub, at)
             : NULL;
}
