/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* See bm-picture.h. Must not know RTF or MIME. Any thread. */
#include "text/bm-picture.h"

#include "base/bm-le.h"
#include <string.h>

#define FILE_HEADER      14
#define CORE_HEADER      12
#define INFO_HEADER      40
#define HEADER_MAX       256
#define PALETTE_MAX      256u
#define PLACEABLE        0x9ac6cdd7u
#define PLACEABLE_SIZE   22
#define META_HEADER      18
#define EMR_HEADER       1u
#define EMR_STRETCH_SIZE 80u
#define EMR_BLT_SIZE     100u

static void
put32 (guint8 *p, guint32 value)
{
  for (guint i = 0; i < 4; i++)
    p[i] = (guint8) (value >> (8 * i));
}

/* Where the pixels begin; 0 when this is no bitmap. */
static gsize
pixel_offset (const guint8 *dib, gsize size)
{
  guint32 header = size >= CORE_HEADER ? bm_le32 (dib) : 0;
  if (header == CORE_HEADER) {
    guint bits = bm_le16 (dib + 10);
    gsize colours = bits <= 8 ? (gsize) 3 << bits : 0;
    return CORE_HEADER + colours < size ? CORE_HEADER + colours : 0;
  }
  if (header < INFO_HEADER || header > HEADER_MAX || header >= size)
    return 0;
  guint bits = bm_le16 (dib + 14);
  guint32 compression = bm_le32 (dib + 16), used = bm_le32 (dib + 32);
  gsize masks = header == INFO_HEADER && compression == 3 ? 12 : 0; /* BI_BITFIELDS */
  gsize colours = used != 0 ? used : bits <= 8 ? (gsize) 1 << bits : 0;
  if (bits > 32 || bm_le16 (dib + 12) != 1 || colours > PALETTE_MAX)
    return 0;
  gsize offset = header + masks + colours * 4;
  return offset < size ? offset : 0;
}

GBytes *
bm_picture_bmp (const guint8 *dib, gsize size)
{
  gsize offset = size < G_MAXINT32 ? pixel_offset (dib, size) : 0;
  if (offset == 0)
    return NULL;
  guint8 *file = g_malloc (FILE_HEADER + size);
  memcpy (file, "BM", 2);
  put32 (file + 2, (guint32) (FILE_HEADER + size));
  put32 (file + 6, 0);
  put32 (file + 10, (guint32) (FILE_HEADER + offset));
  memcpy (file + FILE_HEADER, dib, size);
  return g_bytes_new_take (file, FILE_HEADER + size);
}

static void
keep_larger (GBytes **best, GBytes *other)
{
  if (other != NULL && (*best == NULL || g_bytes_get_size (other) > g_bytes_get_size (*best))) {
    GBytes *smaller = *best;
    *best = other;
    other = smaller;
  }
  g_clear_pointer (&other, g_bytes_unref);
}

/* Bytes of the parameters before the bitmap; 0: the record has none. */
static gsize
bitmap_offset (guint16 function)
{
  switch (function) {
  case 0x0f43: /* STRETCHDIB */
    return 22;
  case 0x0b41: /* DIBSTRETCHBLT */
    return 20;
  case 0x0940: /* DIBBITBLT */
    return 16;
  case 0x0d33: /* SETDIBTODEV */
    return 18;
  default:
    return 0;
  }
}

/* Where the records of a Windows metafile begin; 0: it is none. */
static gsize
wmf_records (const guint8 *wmf, gsize size)
{
  gsize at = size >= PLACEABLE_SIZE && bm_le32 (wmf) == PLACEABLE ? PLACEABLE_SIZE : 0;
  return size >= at + META_HEADER && bm_le16 (wmf + at + 2) * 2 == META_HEADER ? at + META_HEADER
                                                                               : 0;
}

/* Size of the record there; 0: it is none, or there is no more. */
static gsize
wmf_record (const guint8 *wmf, gsize size, gsize at)
{
  gsize record = size - at >= 6 ? (gsize) bm_le32 (wmf + at) * 2 : 0;
  return record >= 6 && record <= size - at ? record : 0;
}

static gsize
emf_record (const guint8 *emf, gsize size, gsize at)
{
  gsize record = size - at >= 8 ? bm_le32 (emf + at + 4) : 0;
  return record >= 8 && record <= size - at ? record : 0;
}

GBytes *
bm_picture_of_wmf (const guint8 *wmf, gsize size)
{
  GBytes *best = NULL;
  gsize at = wmf_records (wmf, size), record = 0;
  for (; at > 0 && (record = wmf_record (wmf, size, at)) > 0; at += record) {
    gsize offset = 6 + bitmap_offset (bm_le16 (wmf + at + 4));
    if (offset > 6 && record > offset)
      keep_larger (&best, bm_picture_bmp (wmf + at + offset, record - offset));
  }
  return best;
}

GBytes *
bm_picture_wmf_file (const guint8 *wmf, gsize size, gint wide, gint high)
{
  const guint32 inch = 2540; /* so that units are hundredths of a millimetre */
  gsize records = wmf_records (wmf, size);
  if (records == 0 || size >= G_MAXINT32)
    return NULL;
  if (records > META_HEADER) /* it has that header */
    return g_bytes_new (wmf, size);
  guint8 *file = g_malloc0 (PLACEABLE_SIZE + size);
  guint32 sum = 0;
  put32 (file, PLACEABLE);
  put32 (file + 10, (guint32) CLAMP (wide, 1, G_MAXINT16) | (guint32) CLAMP (high, 1, G_MAXINT16)
                                                                << 16);
  put32 (file + 14, inch);
  for (guint i = 0; i < 20; i += 2)
    sum ^= bm_le16 (file + i);
  file[20] = (guint8) sum;
  file[21] = (guint8) (sum >> 8);
  memcpy (file + PLACEABLE_SIZE, wmf, size);
  return g_bytes_new_take (file, PLACEABLE_SIZE + size);
}

gboolean
bm_picture_is_emf (const guint8 *emf, gsize size)
{
  return size >= 44 && bm_le32 (emf) == EMR_HEADER && memcmp (emf + 40, " EMF", 4) == 0;
}

/* Records of the drawing order in which a picture is more than its bitmaps: lines, shapes, text. */
static gboolean
draws (guint16 function)
{
  static const guint16 drawing[] = {0x0213, 0x0324, 0x0325, 0x0418, 0x041b, 0x0521,
                                    0x0538, 0x061c, 0x0817, 0x081a, 0x0830, 0x0a32};
  for (guint i = 0; i < G_N_ELEMENTS (drawing); i++)
    if (drawing[i] == function)
      return TRUE;
  return FALSE;
}

gboolean
bm_picture_wmf_draws (const guint8 *wmf, gsize size)
{
  gsize at = wmf_records (wmf, size), record = 0;
  for (; at > 0 && (record = wmf_record (wmf, size, at)) > 0; at += record)
    if (draws (bm_le16 (wmf + at + 4)))
      return TRUE;
  return FALSE;
}

/* [MS-EMF] 2.3.5: EMR_POLYBEZIER (2) to EMR_POLYPOLYGON (8), EMR_ELLIPSE (42) to EMR_PIE (47),
 * EMR_LINETO (54), EMR_ARCTO (55), EMR_FILLPATH (62) to EMR_STROKEPATH (64), texts (83, 84, 96, 97,
 * 108) and the 16-bit forms of the first (85 to 92). */
static gboolean
emr_draws (guint32 type)
{
  return (type >= 2 && type <= 8) || (type >= 42 && type <= 47) || type == 54 || type == 55 ||
         (type >= 62 && type <= 64) || type == 83 || type == 84 || (type >= 85 && type <= 92) ||
         type == 96 || type == 97 || type == 108;
}

gboolean
bm_picture_emf_draws (const guint8 *emf, gsize size)
{
  gsize record = 0;
  for (gsize at = 0; (record = emf_record (emf, size, at)) > 0; at += record)
    if (emr_draws (bm_le32 (emf + at)))
      return TRUE;
  return FALSE;
}

/* Where a record names its bitmap: EMR_STRETCHDIBITS and EMR_SETDIBITSTODEVICE; EMR_BITBLT,
 * EMR_STRETCHBLT and EMR_ALPHABLEND. 0: it has none. */
static gsize
emr_bitmap (guint32 type, gsize record)
{
  if ((type == 80 || type == 81) && record >= EMR_STRETCH_SIZE)
    return 48;
  return (type == 76 || type == 77 || type == 114) && record >= EMR_BLT_SIZE ? 84 : 0;
}

static GBytes *
bitmap_of_emr (const guint8 *record, gsize size, gsize named)
{
  gsize info = bm_le32 (record + named), info_size = bm_le32 (record + named + 4);
  gsize bits = bm_le32 (record + named + 8), bits_size = bm_le32 (record + named + 12);
  if (info > size || info_size > size - info || bits > size || bits_size > size - bits)
    return NULL;
  g_autofree guint8 *dib = g_malloc (info_size + bits_size + 1);
  memcpy (dib, record + info, info_size);
  memcpy (dib + info_size, record + bits, bits_size);
  return bm_picture_bmp (dib, info_size + bits_size);
}

GBytes *
bm_picture_of_emf (const guint8 *emf, gsize size)
{
  GBytes *best = NULL;
  if (!bm_picture_is_emf (emf, size))
    return NULL;
  gsize record = 0;
  for (gsize at = 0; (record = emf_record (emf, size, at)) > 0; at += record) {
    gsize named = emr_bitmap (bm_le32 (emf + at), record);
    if (named != 0)
      keep_larger (&best, bitmap_of_emr (emf + at, record, named));
  }
  return best;
}
