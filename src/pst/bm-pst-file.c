/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Header and bytes of a PST: what can be known before any tree is walked. Must not know libpff.
 * One thread. */
#include "pst/bm-pst-remains.h"

#include "base/bm-le.h"
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const BmPstLayout layouts[] = {
    [BM_PST_ANSI] = {512, 496, 496, 500, 500, 16, 12},
    [BM_PST_UNICODE] = {512, 488, 488, 496, 496, 32, 24},
    [BM_PST_UNICODE_4K] = {4096, 4056, 4056, 4072, 4072, 32, 24},
};

static guint32 crc_table[8][256];

void
bm_pst_put16 (guint8 *p, guint32 value)
{
  p[0] = (guint8) value;
  p[1] = (guint8) (value >> 8);
}

void
bm_pst_put32 (guint8 *p, guint32 value)
{
  bm_pst_put16 (p, value);
  bm_pst_put16 (p + 2, value >> 16);
}

void
bm_pst_put64 (guint8 *p, guint64 value)
{
  bm_pst_put32 (p, (guint32) value);
  bm_pst_put32 (p + 4, (guint32) (value >> 32));
}

static void
crc_init (void)
{
  for (guint i = 0; i < 256; i++) {
    guint32 c = i;
    for (guint k = 0; k < 8; k++)
      c = c >> 1 ^ (c & 1 ? 0xEDB88320u : 0);
    crc_table[0][i] = c;
  }
  for (guint i = 0; i < 256; i++)
    for (guint k = 1; k < 8; k++)
      crc_table[k][i] = crc_table[k - 1][i] >> 8 ^ crc_table[0][crc_table[k - 1][i] & 255];
}

/* [MS-PST] 5.3: reflected CRC-32 that starts at 0 and is not inverted; eight bytes a step. */
guint32
bm_pst_crc (const guint8 *data, gsize size)
{
  guint32 c = 0;
  for (; size >= 8; size -= 8, data += 8) {
    guint32 a = bm_le32 (data) ^ c, b = bm_le32 (data + 4);
    c = crc_table[7][a & 255] ^ crc_table[6][a >> 8 & 255] ^ crc_table[5][a >> 16 & 255] ^
        crc_table[4][a >> 24] ^ crc_table[3][b & 255] ^ crc_table[2][b >> 8 & 255] ^
        crc_table[1][b >> 16 & 255] ^ crc_table[0][b >> 24];
  }
  for (; size > 0; size--)
    c = crc_table[0][(c ^ *data++) & 255] ^ c >> 8;
  return c;
}

guint16
bm_pst_signature (guint64 offset, guint64 bid)
{
  guint32 x = (guint32) (offset ^ bid);
  return (guint16) (x >> 16 ^ x);
}

gboolean
bm_pst_read_at (const BmPst *pst, void *buffer, gsize size, guint64 offset)
{
  guint8 *p = buffer;
  while (size > 0) {
    gssize n = pread (pst->fd, p, size, (off_t) offset);
    if (n < 0 && errno == EINTR)
      continue;
    if (n <= 0)
      return FALSE;
    p += n;
    size -= (gsize) n;
    offset += (guint64) n;
  }
  return TRUE;
}

void
bm_pst_page_meta (const BmPst *pst, const guint8 *page, guint *count, guint *size, guint *level)
{
  const guint8 *meta = page + pst->layout->meta;
  if (pst->format == BM_PST_UNICODE_4K) {
    *count = bm_le16 (meta);
    *size = meta[4];
    *level = meta[5];
  } else {
    *count = meta[0];
    *size = meta[2];
    *level = meta[3];
  }
}

static gboolean unreadable (GError **error, const gchar *format, ...) G_GNUC_PRINTF (2, 3);

static gboolean
unreadable (GError **error, const gchar *format, ...)
{
  va_list args;
  va_start (args, format);
  g_autofree gchar *text = g_strdup_vprintf (format, args);
  va_end (args);
  g_set_error_literal (error, BM_ERROR, BM_CAUSE_PST_UNREADABLE, text);
  return FALSE;
}

/* wVer, [MS-PST] 2.2.2.6; libpff takes the same borders. */
static gboolean
read_format (BmPst *pst, GError **error)
{
  guint version = bm_le16 (pst->header + 10);
  if (version == 14 || version == 15)
    pst->format = BM_PST_ANSI;
  else if (version == 37)
    return unreadable (error,
                       "the PST is protected by Windows Information Protection (version 37)");
  else if (version >= 36)
    pst->format = BM_PST_UNICODE_4K;
  else if (version >= 21)
    pst->format = BM_PST_UNICODE;
  else
    return unreadable (error, "PST format version %u is unknown", version);
  pst->layout = &layouts[pst->format];
  guint8 crypt = pst->header[pst->format == BM_PST_ANSI ? 461 : 513];
  pst->crypt = crypt == 1   ? BM_PST_CRYPT_COMPRESSIBLE
               : crypt == 2 ? BM_PST_CRYPT_HIGH
                            : BM_PST_CRYPT_NONE;
  return TRUE;
}

static void
read_roots (BmPst *pst)
{
  const guint8 *h = pst->header;
  if (pst->format == BM_PST_ANSI) {
    pst->stored_size = bm_le32 (h + 168);
    pst->nbt_bid = bm_le32 (h + 184);
    pst->nbt_offset = bm_le32 (h + 188);
    pst->bbt_bid = bm_le32 (h + 192);
    pst->bbt_offset = bm_le32 (h + 196);
  } else {
    pst->stored_size = bm_le64 (h + 184);
    pst->nbt_bid = bm_le64 (h + 216);
    pst->nbt_offset = bm_le64 (h + 224);
    pst->bbt_bid = bm_le64 (h + 232);
    pst->bbt_offset = bm_le64 (h + 240);
  }
  pst->header_crc_bad =
      bm_pst_crc (h + 8, 471) != bm_le32 (h + 4) ||
      (pst->format != BM_PST_ANSI && bm_pst_crc (h + 8, 516) != bm_le32 (h + 524));
}

/* libpff refuses a root page whose own BID is not the one the header names: the page wins. */
static void
repair_block_root (BmPst *pst)
{
  guint8 page[BM_PST_PAGE_MAX];
  const guint8 *trailer = page + pst->layout->trailer;
  if (pst->bbt_offset < 512 || pst->bbt_offset > pst->size - pst->layout->page ||
      !bm_pst_read_at (pst, page, pst->layout->page, pst->bbt_offset))
    return;
  guint64 bid = pst->format == BM_PST_ANSI ? bm_le32 (trailer + 4) : bm_le64 (trailer + 8);
  if (trailer[0] != 0x80 || trailer[1] != 0x80 || bid == pst->bbt_bid)
    return;
  pst->bbt_bid = bid;
  pst->bbt_repaired = TRUE;
}

guint
bm_pst_block_trailer (const BmPst *pst, guint *unit)
{
  *unit = pst->format == BM_PST_UNICODE_4K ? 512 : 64;
  return pst->format == BM_PST_ANSI ? 12 : pst->format == BM_PST_UNICODE ? 16 : 24;
}

BmPst *
bm_pst_open_fd (gint fd, const BmPstOptions *options, GError **error)
{
  struct stat info;
  if (crc_table[0][1] == 0)
    crc_init ();
  if (fstat (fd, &info) != 0 || !S_ISREG (info.st_mode)) {
    unreadable (error, "not a regular file");
    return NULL;
  }
  g_autoptr (BmPst) pst = g_new0 (BmPst, 1);
  pst->fd = fd;
  pst->size = (guint64) info.st_size;
  pst->charset = g_strdup (options != NULL && options->charset != NULL ? options->charset : "");
  pst->nodes = g_array_new (FALSE, FALSE, sizeof (BmPstNode));
  pst->lost = g_array_new (FALSE, FALSE, sizeof (BmPstRange));
  pst->lost_blocks = g_array_new (FALSE, FALSE, sizeof (BmPstRange));
  if (pst->size < 8192 || !bm_pst_read_at (pst, pst->header, sizeof pst->header, 0)) {
    gboolean magic = pst->size >= 4 && bm_pst_read_at (pst, pst->header, 4, 0) &&
                     memcmp (pst->header, "!BDN", 4) == 0;
    unreadable (error,
                magic ? "the PST is cut off: only %" G_GUINT64_FORMAT " bytes"
                      : "not a PST: %" G_GUINT64_FORMAT " bytes without its magic number",
                pst->size);
    return NULL;
  }
  if (memcmp (pst->header, "!BDN", 4) != 0) {
    unreadable (error, "not a PST: it does not begin with \"!BDN\"");
    return NULL;
  }
  if (!read_format (pst, error))
    return NULL;
  read_roots (pst);
  repair_block_root (pst);
  return g_steal_pointer (&pst);
}

void
bm_pst_close (BmPst *pst)
{
  if (pst == NULL)
    return;
  g_array_unref (pst->nodes);
  g_array_unref (pst->lost);
  g_array_unref (pst->lost_blocks);
  g_clear_pointer (&pst->found_blocks, g_array_unref);
  g_clear_pointer (&pst->node_leaves, g_array_unref);
  g_clear_pointer (&pst->block_leaves, g_array_unref);
  g_clear_pointer (&pst->names, g_hash_table_unref);
  bm_pst_contents_free (pst->contents);
  g_free (pst->charset);
  g_free (pst);
}
