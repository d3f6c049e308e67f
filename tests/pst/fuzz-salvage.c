/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* libFuzzer: any bytes as the blocks of a message node. A file is made around them (header, one
 * leaf of the block B-tree, right sizes in the trailers), so that heaps, contexts, data trees and
 * sub-nodes are reached at once. The input: per block two bytes of size, then its data; the first
 * byte chooses the format. Blocks have the BIDs 4, 10, 12, 18, 20, 26...: every second one is internal. */
#include "pst/bm-pst-salvage.h"

#include "base/bm-le.h"
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

#define BLOCKS 10
#define LEAF   0x1000
#define FIRST  0x2000

static guint64
bid_of (guint i)
{
  return i % 2 == 0 ? 4 + 8 * (i / 2) : 10 + 8 * (i / 2);
}

static void
put_entry (guint8 *leaf, guint i, gboolean ansi, guint64 offset, guint size)
{
  guint8 *entry = leaf + i * (ansi ? 12 : 24);
  bm_pst_put32 (entry, (guint32) bid_of (i));
  bm_pst_put32 (entry + (ansi ? 4 : 8), (guint32) offset);
  bm_pst_put16 (entry + (ansi ? 8 : 16), size);
}

static GByteArray *
make_file (const guint8 *data, gsize size, gboolean ansi)
{
  GByteArray *file = g_byte_array_new ();
  guint n = 0, trailer = ansi ? 12 : 16;
  g_byte_array_set_size (file, FIRST);
  memset (file->data, 0, file->len);
  while (n < BLOCKS && size > 2) {
    guint length = (guint) MIN ((gsize) bm_le16 (data) % 8176 + 1, size - 2);
    guint whole = (length + trailer + 63) / 64 * 64, at = file->len;
    g_byte_array_set_size (file, at + whole);
    memset (file->data + at, 0, whole);
    memcpy (file->data + at, data + 2, length);
    if (n % 2 == 0 && length >= 4) { /* it begins like a heap, which chance would seldom hit */
      file->data[at + 2] = 0xec;
      file->data[at + 3] = n < 6 ? BM_PST_HEAP_PROPERTIES : BM_PST_HEAP_TABLE;
    }
    bm_pst_put16 (file->data + at + whole - trailer, length);
    put_entry (file->data + LEAF, n++, ansi, at, length);
    data += 2 + length;
    size -= 2 + length;
  }
  memcpy (file->data, "!BDN", 4);
  bm_pst_put16 (file->data + 10, ansi ? 14 : 23);
  bm_pst_put32 (file->data + (ansi ? 196 : 240), LEAF);
  guint8 *meta = file->data + LEAF + (ansi ? 496 : 488);
  meta[0] = (guint8) n;
  meta[2] = ansi ? 12 : 24;
  memset (file->data + LEAF + (ansi ? 500 : 496), 0x80, 2);
  return file;
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  if (size < 4)
    return 0;
  g_autoptr (GByteArray) file = make_file (data + 1, size - 1, data[0] & 1);
  gint fd = memfd_create ("fuzz", MFD_CLOEXEC);
  if (write (fd, file->data, file->len) != (gssize) file->len)
    return 0;
  g_autoptr (BmPst) pst = bm_pst_open_fd (fd, NULL, NULL);
  const BmPstNode nodes[] = {{BM_NID_NAME_MAP, 0, bid_of (4), bid_of (1), FALSE},
                             {0x200004, 0, bid_of (0), bid_of (1), FALSE},
                             {0x200024, 0, bid_of (2), bid_of (3), FALSE}};
  g_array_append_vals (pst->nodes, nodes, G_N_ELEMENTS (nodes));
  bm_item_free (bm_pst_salvage_item (pst, 0x200004, NULL));
  bm_item_free (bm_pst_salvage_item (pst, 0x200024, NULL));
  close (fd);
  return 0;
}
