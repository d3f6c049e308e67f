/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Node database of the PST writer: see the header.
 *
 * Space is handed out front to back inside the current section, which is kept in memory with its
 * allocation map and written whole when it is full. Blocks lie on 64, pages on 512 byte borders
 * and never cross a section ([MS-PST] 2.2.2.7.2). */
#include "bm-pst-writer-ndb.h"

#include <bm-pst-import/error.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define PAGE          512
#define FIRST_SECTION 0x4400
#define SECTION       253952 /* what one AMap page covers */

enum { PTYPE_BBT = 0x80, PTYPE_NBT, PTYPE_FMAP, PTYPE_PMAP, PTYPE_AMAP, PTYPE_FPMAP, PTYPE_DLIST };

static const BmPstWriterLayout unicode_layout = {FALSE, 8, 8176, 16, 488, 496};
static const BmPstWriterLayout ansi_layout = {TRUE, 4, 8180, 12, 496, 500};

typedef struct {
  guint64 bid;
  guint64 ib;
  guint16 size;
} Block;

typedef struct {
  guint64 data;
  guint64 sub;
  guint32 nid;
  guint32 parent;
} Node;

/* What a branch page says of a page below it. */
typedef struct {
  guint64 key;
  guint64 bid;
  guint64 ib;
} Ref;

struct _BmPstWriterNdb {
  const BmPstWriterLayout *layout;
  guint8 crypt;
  gint fd;
  GError *error; /* the first one */
  guint8 *section;
  guint32 section_no;
  guint32 used; /* of the section */
  guint64 free; /* bytes not allocated in all sections */
  guint64 next_bid;
  guint64 next_page;
  GArray *blocks; /* of Block, in BID order */
  GArray *nodes;  /* of Node */
};

static void
write_at (BmPstWriterNdb *ndb, const guint8 *data, gsize size, guint64 ib)
{
  while (size > 0 && ndb->error == NULL) {
    gssize n = pwrite (ndb->fd, data, size, (off_t) ib);

    if (n < 0 && errno == EINTR)
      continue;
    if (n <= 0) {
      g_set_error (&ndb->error, BM_ERROR, BM_CAUSE_DISK_FULL, "writing the PST: %s",
                   g_strerror (errno));
      return;
    }
    data += n;
    ib += (guint64) n;
    size -= (gsize) n;
  }
}

static guint64
section_ib (const BmPstWriterNdb *ndb)
{
  return FIRST_SECTION + (guint64) ndb->section_no * SECTION;
}

/* [MS-PST] 2.2.2.7.1 */
static void
seal_page (const BmPstWriterNdb *ndb, guint8 *page, guint8 type, guint64 ib, guint64 bid)
{
  guint8 *trailer = page + ndb->layout->page_trailer;
  guint32 crc = bm_pst_writer_crc (0, page, ndb->layout->page_trailer);
  gboolean map = type >= PTYPE_FMAP && type <= PTYPE_FPMAP;

  trailer[0] = trailer[1] = type;
  bm_pst_writer_put (trailer + 2, map ? 0 : bm_pst_writer_sig (ib, bid), 2);
  if (ndb->layout->ansi) {
    bm_pst_writer_put (trailer + 4, bid, 4);
    bm_pst_writer_put (trailer + 8, crc, 4);
  } else {
    bm_pst_writer_put (trailer + 4, crc, 4);
    bm_pst_writer_put (trailer + 8, bid, 8);
  }
}

static void
map_page (BmPstWriterNdb *ndb, guint8 type, guint32 offset)
{
  guint8 *page = ndb->section + offset;
  guint64 ib = section_ib (ndb) + offset;

  memset (page + (ndb->layout->ansi ? 4 : 0), 0xFF, 496);
  seal_page (ndb, page, type, ib, ib);
}

/* Which map pages a section starts with: [MS-PST] 2.2.2.7.2 to 2.2.2.7.6. */
static void
section_begin (BmPstWriterNdb *ndb)
{
  guint32 n = ndb->section_no;

  memset (ndb->section, 0, SECTION);
  ndb->used = PAGE; /* the AMap, written at the end */
  if (n % 8 == 0) {
    map_page (ndb, PTYPE_PMAP, ndb->used);
    ndb->used += PAGE;
  }
  if (n >= 128 && (n - 128) % 496 == 0) {
    map_page (ndb, PTYPE_FMAP, ndb->used);
    ndb->used += PAGE;
  }
  if (n >= 128 * 64 && (n - 128 * 64) % (496 * 64) == 0) {
    map_page (ndb, PTYPE_FPMAP, ndb->used);
    ndb->used += PAGE;
  }
}

static void
section_end (BmPstWriterNdb *ndb)
{
  guint8 *map = ndb->section + (ndb->layout->ansi ? 4 : 0);
  guint32 slots = (ndb->used + 63) / 64;

  memset (map, 0, 496);
  memset (map, 0xFF, slots / 8);
  if (slots % 8 != 0)
    map[slots / 8] = (guint8) (0xFF << (8 - slots % 8));
  seal_page (ndb, ndb->section, PTYPE_AMAP, section_ib (ndb), section_ib (ndb));
  ndb->free += SECTION - slots * 64;
  if (ndb->layout->ansi && section_ib (ndb) > G_MAXINT32 && ndb->error == NULL)
    g_set_error (&ndb->error, BM_ERROR, BM_CAUSE_INTERNAL, "an ANSI file ends at 2 GB");
  write_at (ndb, ndb->section, SECTION, section_ib (ndb));
}

static guint8 *
alloc (BmPstWriterNdb *ndb, guint32 size, guint32 align, guint64 *ib)
{
  guint32 at = (ndb->used + align - 1) / align * align;

  if (at + size > SECTION) {
    section_end (ndb);
    ndb->section_no++;
    section_begin (ndb);
    at = (ndb->used + align - 1) / align * align;
  }
  ndb->used = at + size;
  *ib = section_ib (ndb) + at;
  return ndb->section + at;
}

BmPstWriterNdb *
bm_pst_writer_ndb_new (const gchar *path, gboolean ansi, guint8 crypt, GError **error)
{
  BmPstWriterNdb *ndb = NULL;
  gint fd = open (path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

  if (fd < 0) {
    g_set_error (error, BM_ERROR, BM_CAUSE_PST_MISSING, "%s: %s", path, g_strerror (errno));
    return NULL;
  }
  ndb = g_new0 (BmPstWriterNdb, 1);
  ndb->fd = fd;
  ndb->layout = ansi ? &ansi_layout : &unicode_layout;
  ndb->crypt = crypt;
  ndb->section = g_malloc (SECTION);
  ndb->next_bid = 4;
  ndb->next_page = 0x100;
  ndb->blocks = g_array_new (FALSE, FALSE, sizeof (Block));
  ndb->nodes = g_array_new (FALSE, FALSE, sizeof (Node));
  section_begin (ndb);
  return ndb;
}

const BmPstWriterLayout *
bm_pst_writer_ndb_layout (const BmPstWriterNdb *ndb)
{
  return ndb->layout;
}

/* [MS-PST] 2.2.2.8.1; internal blocks are never encrypted and have bit 1 of the BID set. */
static guint64
put_block (BmPstWriterNdb *ndb, const guint8 *data, guint32 size, gboolean internal)
{
  const BmPstWriterLayout *l = ndb->layout;
  guint32 total = (size + l->block_trailer + 63) / 64 * 64;
  Block block = {ndb->next_bid | (internal ? 2 : 0), 0, (guint16) size};
  guint8 *at = alloc (ndb, total, 64, &block.ib);
  guint8 *trailer = at + total - l->block_trailer;

  ndb->next_bid += 4;
  memcpy (at, data, size);
  if (!internal)
    bm_pst_writer_encrypt (ndb->crypt, block.bid, at, size);
  bm_pst_writer_put (trailer, size, 2);
  bm_pst_writer_put (trailer + 2, bm_pst_writer_sig (block.ib, block.bid), 2);
  if (l->ansi) {
    bm_pst_writer_put (trailer + 4, block.bid, 4);
    bm_pst_writer_put (trailer + 8, bm_pst_writer_crc (0, at, size), 4);
  } else {
    bm_pst_writer_put (trailer + 4, bm_pst_writer_crc (0, at, size), 4);
    bm_pst_writer_put (trailer + 8, block.bid, 8);
  }
  g_array_append_val (ndb->blocks, block);
  return block.bid;
}

/* [MS-PST] 2.2.2.8.3.2: a block of block ids, level 1 (XBLOCK) or 2 (XXBLOCK). */
static guint64
put_xblock (BmPstWriterNdb *ndb, const guint64 *bids, guint n, guint8 level, guint64 total)
{
  guint8 data[8192] = {1, level};

  bm_pst_writer_put (data + 2, n, 2);
  bm_pst_writer_put (data + 4, total, 4);
  for (guint i = 0; i < n; i++)
    bm_pst_writer_put (data + 8 + i * ndb->layout->id_size, bids[i], ndb->layout->id_size);
  return put_block (ndb, data, 8 + n * ndb->layout->id_size, TRUE);
}

static guint64
data_tree (BmPstWriterNdb *ndb, const guint64 *bids, guint n, guint64 total)
{
  const guint max = (ndb->layout->block_max - 8) / ndb->layout->id_size;
  const guint64 full = (guint64) max * ndb->layout->block_max;
  g_autoptr (GArray) upper = NULL;

  if (n == 1)
    return bids[0];
  if (n <= max)
    return put_xblock (ndb, bids, n, 1, total);
  upper = g_array_new (FALSE, FALSE, sizeof (guint64));
  for (guint i = 0; i < n; i += max) {
    guint count = MIN (max, n - i);
    guint64 bytes = count == max && i + max < n ? full : total - full * (i / max);
    guint64 bid = put_xblock (ndb, bids + i, count, 1, bytes);

    g_array_append_val (upper, bid);
  }
  if ((upper->len > max || total > G_MAXUINT32) && ndb->error == NULL)
    g_set_error (&ndb->error, BM_ERROR, BM_CAUSE_INTERNAL, "a value ends at 4 GB");
  if (upper->len > max)
    return 0;
  return put_xblock (ndb, (const guint64 *) (gpointer) upper->data, upper->len, 2, total);
}

guint64
bm_pst_writer_ndb_stream (BmPstWriterNdb *ndb, BmPstWriterRead read, gpointer user_data,
                          guint64 *size)
{
  g_autoptr (GArray) bids = g_array_new (FALSE, FALSE, sizeof (guint64));
  guint8 buffer[8192];
  guint64 total = 0;
  gssize n = 1;

  while (n > 0 && ndb->error == NULL) {
    guint fill = 0;

    while (fill < ndb->layout->block_max &&
           (n = read (user_data, buffer + fill, ndb->layout->block_max - fill)) > 0)
      fill += (guint) n;
    if (fill > 0) {
      guint64 bid = put_block (ndb, buffer, fill, FALSE);

      g_array_append_val (bids, bid);
      total += fill;
    }
  }
  if (n < 0 && ndb->error == NULL)
    g_set_error (&ndb->error, BM_ERROR, BM_CAUSE_INTERNAL, "the data of an attachment ended early");
  if (size != NULL)
    *size = total;
  return bids->len == 0
             ? 0
             : data_tree (ndb, (const guint64 *) (gpointer) bids->data, bids->len, total);
}

typedef struct {
  const guint8 *at;
  gsize left;
} Memory;

static gssize
read_memory (gpointer user_data, guint8 *buffer, gsize size)
{
  Memory *memory = user_data;
  gsize n = MIN (size, memory->left);

  memcpy (buffer, memory->at, n);
  memory->at += n;
  memory->left -= n;
  return (gssize) n;
}

guint64
bm_pst_writer_ndb_data (BmPstWriterNdb *ndb, gconstpointer data, gsize size)
{
  Memory memory = {data, size};

  if (size == 0)
    return 0;
  if (size <= ndb->layout->block_max)
    return put_block (ndb, data, (guint32) size, FALSE);
  return bm_pst_writer_ndb_stream (ndb, read_memory, &memory, NULL);
}

static gint
compare_subs (gconstpointer a, gconstpointer b)
{
  const BmPstWriterSub *x = a, *y = b;

  return x->nid < y->nid ? -1 : x->nid > y->nid;
}

/* [MS-PST] 2.2.2.8.3.3 */
guint64
bm_pst_writer_ndb_subs (BmPstWriterNdb *ndb, GArray *subs)
{
  const guint id = ndb->layout->id_size;
  const guint head = ndb->layout->ansi ? 4 : 8;
  const guint max = (ndb->layout->block_max - head) / (3 * id);
  const guint index_max = (ndb->layout->block_max - head) / (2 * id);
  guint8 index[8192] = {2, 1};
  guint n = 0;
  guint64 bid = 0;

  g_array_sort (subs, compare_subs);
  for (guint i = 0; i < subs->len; i += max, n++) {
    guint8 data[8192] = {2, 0};
    guint count = MIN (max, subs->len - i);

    bm_pst_writer_put (data + 2, count, 2);
    for (guint k = 0; k < count; k++) {
      const BmPstWriterSub *sub = &g_array_index (subs, BmPstWriterSub, i + k);
      guint8 *at = data + head + k * 3 * id;

      bm_pst_writer_put (at, sub->nid, id);
      bm_pst_writer_put (at + id, sub->data, id);
      bm_pst_writer_put (at + 2 * id, sub->sub, id);
    }
    bid = put_block (ndb, data, head + count * 3 * id, TRUE);
    if (n < index_max) {
      bm_pst_writer_put (index + head + n * 2 * id, g_array_index (subs, BmPstWriterSub, i).nid,
                         id);
      bm_pst_writer_put (index + head + n * 2 * id + id, bid, id);
    }
  }
  if (n > index_max && ndb->error == NULL)
    g_set_error (&ndb->error, BM_ERROR, BM_CAUSE_INTERNAL, "too many sub-nodes");
  if (n < 2 || n > index_max)
    return bid;
  bm_pst_writer_put (index + 2, n, 2);
  return put_block (ndb, index, head + n * 2 * id, TRUE);
}

void
bm_pst_writer_ndb_node (BmPstWriterNdb *ndb, guint32 nid, guint32 parent, guint64 data, guint64 sub)
{
  Node node = {data, sub, nid, parent};

  g_array_append_val (ndb->nodes, node);
}

static gint
compare_nodes (gconstpointer a, gconstpointer b)
{
  const Node *x = a, *y = b;

  return x->nid < y->nid ? -1 : x->nid > y->nid;
}

/* Entry i of one level of a tree; returns its key. */
typedef guint64 (*PutEntry) (const BmPstWriterNdb *ndb, const GArray *entries, guint i, guint8 *at);

static guint64
put_node (const BmPstWriterNdb *ndb, const GArray *entries, guint i, guint8 *at)
{
  const Node *node = &g_array_index (entries, Node, i);
  const guint id = ndb->layout->id_size;

  bm_pst_writer_put (at, node->nid, id);
  bm_pst_writer_put (at + id, node->data, id);
  bm_pst_writer_put (at + 2 * id, node->sub, id);
  bm_pst_writer_put (at + 3 * id, node->parent, 4);
  return node->nid;
}

static guint64
put_block_entry (const BmPstWriterNdb *ndb, const GArray *entries, guint i, guint8 *at)
{
  const Block *block = &g_array_index (entries, Block, i);
  const guint id = ndb->layout->id_size;

  bm_pst_writer_put (at, block->bid, id);
  bm_pst_writer_put (at + id, block->ib, id);
  bm_pst_writer_put (at + 2 * id, block->size, 2);
  bm_pst_writer_put (at + 2 * id + 2, 2, 2);
  return block->bid;
}

static guint64
put_ref (const BmPstWriterNdb *ndb, const GArray *entries, guint i, guint8 *at)
{
  const Ref *ref = &g_array_index (entries, Ref, i);
  const guint id = ndb->layout->id_size;

  bm_pst_writer_put (at, ref->key, id);
  bm_pst_writer_put (at + id, ref->bid, id);
  bm_pst_writer_put (at + 2 * id, ref->ib, id);
  return ref->key;
}

/* One level of a B-tree ([MS-PST] 2.2.2.7.7.1); returns the references for the level above. */
static GArray *
put_level (BmPstWriterNdb *ndb, guint8 type, guint8 level, const GArray *entries, guint size,
           PutEntry put)
{
  const BmPstWriterLayout *l = ndb->layout;
  const guint max = l->page_area / size;
  GArray *refs = g_array_new (FALSE, FALSE, sizeof (Ref));
  guint i = 0;

  do {
    Ref ref = {0, ndb->next_page++, 0};
    guint8 *page = alloc (ndb, PAGE, PAGE, &ref.ib);
    guint count = MIN (max, entries->len - i);

    for (guint k = 0; k < count; k++) {
      guint64 key = put (ndb, entries, i + k, page + k * size);

      if (k == 0)
        ref.key = key;
    }
    page[l->page_area] = (guint8) count;
    page[l->page_area + 1] = (guint8) max;
    page[l->page_area + 2] = (guint8) size;
    page[l->page_area + 3] = level;
    seal_page (ndb, page, type, ref.ib, ref.bid);
    g_array_append_val (refs, ref);
    i += count;
  } while (i < entries->len);
  return refs;
}

static Ref
put_tree (BmPstWriterNdb *ndb, guint8 type, const GArray *entries, guint size, PutEntry put)
{
  g_autoptr (GArray) refs = put_level (ndb, type, 0, entries, size, put);
  Ref root;

  for (guint8 level = 1; refs->len > 1; level++) {
    GArray *upper = put_level (ndb, type, level, refs, 3 * ndb->layout->id_size, put_ref);

    g_array_unref (refs);
    refs = upper;
  }
  root = g_array_index (refs, Ref, 0);
  return root;
}

/* ROOT ([MS-PST] 2.2.2.5); both formats have the same fields in the same order. */
static void
put_root (const BmPstWriterNdb *ndb, guint8 *at, Ref nodes, Ref blocks)
{
  const guint id = ndb->layout->id_size;
  guint64 fields[] = {section_ib (ndb) + SECTION,
                      section_ib (ndb),
                      ndb->free,
                      0,
                      nodes.bid,
                      nodes.ib,
                      blocks.bid,
                      blocks.ib,
                      2};

  for (guint i = 0; i < G_N_ELEMENTS (fields); i++)
    bm_pst_writer_put (at + 4 + i * id, fields[i], id);
}

/* [MS-PST] 2.2.2.6 */
static void
put_header (BmPstWriterNdb *ndb, const guint32 *rgnid, Ref nodes, Ref blocks)
{
  const gboolean ansi = ndb->layout->ansi;
  guint8 header[FIRST_SECTION] = {0};

  memcpy (header, "!BDN", 4);
  memcpy (header + 8, "SM", 2);
  bm_pst_writer_put (header + 10, ansi ? 15 : 23, 2);
  bm_pst_writer_put (header + 12, 19, 2);
  header[14] = header[15] = 1;
  if (ansi) {
    bm_pst_writer_put (header + 24, ndb->next_bid, 4);
    bm_pst_writer_put (header + 28, ndb->next_page, 4);
  } else {
    bm_pst_writer_put (header + 32, ndb->next_page, 8);
    bm_pst_writer_put (header + 516, ndb->next_bid, 8);
  }
  bm_pst_writer_put (header + (ansi ? 32 : 40), 1, 4);
  for (guint i = 0; i < 32; i++)
    bm_pst_writer_put (header + (ansi ? 36 : 44) + 4 * i, rgnid[i], 4);
  put_root (ndb, header + (ansi ? 164 : 180), nodes, blocks);
  memset (header + (ansi ? 204 : 256), 0xFF, 256);
  header[ansi ? 460 : 512] = 0x80;
  header[ansi ? 461 : 513] = ndb->crypt;
  bm_pst_writer_put (header + 4, bm_pst_writer_crc (0, header + 8, 471), 4);
  if (!ansi)
    bm_pst_writer_put (header + 524, bm_pst_writer_crc (0, header + 8, 516), 4);
  seal_page (ndb, header + 0x4200, PTYPE_DLIST, 0x4200, ndb->next_page - 1);
  write_at (ndb, header, sizeof (header), 0);
}

gboolean
bm_pst_writer_ndb_close (BmPstWriterNdb *ndb, const guint32 *rgnid, GError **error)
{
  const guint id = ndb->layout->id_size;
  gboolean ok = FALSE;
  Ref nodes, blocks;

  g_array_sort (ndb->nodes, compare_nodes);
  nodes = put_tree (ndb, PTYPE_NBT, ndb->nodes, 4 * id, put_node);
  blocks = put_tree (ndb, PTYPE_BBT, ndb->blocks, ndb->layout->ansi ? 12 : 24, put_block_entry);
  section_end (ndb);
  put_header (ndb, rgnid, nodes, blocks);
  if (close (ndb->fd) != 0 && ndb->error == NULL)
    g_set_error (&ndb->error, BM_ERROR, BM_CAUSE_DISK_FULL, "closing the PST: %s",
                 g_strerror (errno));
  ok = ndb->error == NULL;
  if (!ok)
    g_propagate_error (error, g_steal_pointer (&ndb->error));
  g_array_unref (ndb->nodes);
  g_array_unref (ndb->blocks);
  g_free (ndb->section);
  g_free (ndb);
  return ok;
}
