/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* See bm-rtf-pict.h. */
#include "text/bm-rtf-pict.h"

#include "text/bm-picture.h"

#include <string.h>

#define TWIPS_PIXEL 15
#define PIXELS_MAX  10000
#define SCALE_MAX   10000

void
bm_rtf_pict_begin (BmRtfPict *pict)
{
  GByteArray *bytes = pict->bytes;
  g_byte_array_set_size (bytes, 0);
  *pict = (BmRtfPict){.scale_x = 100, .scale_y = 100, .nibble = -1, .bytes = bytes};
}

void
bm_rtf_pict_hex (BmRtfPict *pict, const guint8 *bytes, gsize size)
{
  for (gsize i = 0; i < size; i++) {
    gint digit = g_ascii_xdigit_value ((gchar) bytes[i]);
    if (digit < 0)
      continue;
    if (pict->nibble < 0) {
      pict->nibble = digit;
      continue;
    }
    guint8 byte = (guint8) (pict->nibble << 4 | digit);
    g_byte_array_append (pict->bytes, &byte, 1);
    pict->nibble = -1;
  }
}

void
bm_rtf_pict_binary (BmRtfPict *pict, const guint8 *bytes, gsize size)
{
  g_byte_array_append (pict->bytes, bytes, (guint) MIN (size, G_MAXINT32 - pict->bytes->len));
}

/* Writers are wrong about what they hold; the bytes are not. */
static GBytes *
known_file (const GByteArray *bytes, const gchar **type, const gchar **extension)
{
  static const struct {
    const gchar *magic, *type, *extension;
  } files[] = {{"\x89PNG", "image/png", "png"},
               {"\xff\xd8", "image/jpeg", "jpg"},
               {"GIF8", "image/gif", "gif"}};
  for (guint i = 0; i < G_N_ELEMENTS (files); i++) {
    gsize n = strlen (files[i].magic);
    if (bytes->len < n || memcmp (bytes->data, files[i].magic, n) != 0)
      continue;
    *type = files[i].type;
    *extension = files[i].extension;
    return g_bytes_new (bytes->data, bytes->len);
  }
  return NULL;
}

GBytes *
bm_rtf_pict_file (const BmRtfPict *pict, const gchar **type, const gchar **extension,
                  gboolean *shown)
{
  const GByteArray *bytes = pict->bytes;
  GBytes *file = known_file (bytes, type, extension);
  *shown = TRUE;
  if (file != NULL)
    return file;
  if (pict->kind == BM_RTF_DIB)
    file = bm_picture_bmp (bytes->data, bytes->len);
  else if (pict->kind == BM_RTF_WMF)
    file = bm_picture_of_wmf (bytes->data, bytes->len);
  else if (pict->kind == BM_RTF_EMF)
    file = bm_picture_of_emf (bytes->data, bytes->len);
  *type = "image/bmp";
  *extension = "bmp";
  if (file != NULL) { /* the name below an icon is lost, though the icon is not */
    *shown = !(pict->kind == BM_RTF_WMF && bm_picture_wmf_draws (bytes->data, bytes->len)) &&
             !(pict->kind == BM_RTF_EMF && bm_picture_emf_draws (bytes->data, bytes->len));
    return file;
  }
  *shown = FALSE; /* lines and curves: programs of Windows draw them */
  gboolean wmf = pict->kind == BM_RTF_WMF;
  if (wmf)
    file = bm_picture_wmf_file (bytes->data, bytes->len, pict->own_wide, pict->own_high);
  else if (pict->kind == BM_RTF_EMF && bm_picture_is_emf (bytes->data, bytes->len))
    file = g_bytes_new (bytes->data, bytes->len);
  *type = wmf ? "image/wmf" : "image/emf"; /* RFC 7903 */
  *extension = wmf ? "wmf" : "emf";
  return file;
}

/* Twips to pixels, as large as the picture is shown. */
static gint
pixels (gint twips, gint scale)
{
  gint64 scaled = (gint64) twips * CLAMP (scale, 0, SCALE_MAX) / 100 / TWIPS_PIXEL;
  return (gint) CLAMP (scaled, 0, PIXELS_MAX + 1);
}

gboolean
bm_rtf_pict_size (const BmRtfPict *pict, BmRtfPictSize *size)
{
  size->wide = pixels (pict->wide, pict->scale_x);
  size->high = pixels (pict->high, pict->scale_y);
  size->left = pixels (pict->crop_left, pict->scale_x);
  size->top = pixels (pict->crop_top, pict->scale_y);
  size->shown_wide = size->wide - size->left - pixels (pict->crop_right, pict->scale_x);
  size->shown_high = size->high - size->top - pixels (pict->crop_bottom, pict->scale_y);
  size->cropped = size->shown_wide > 0 && size->shown_high > 0 &&
                  (size->shown_wide < size->wide || size->shown_high < size->high);
  return size->wide > 0 && size->high > 0 && size->wide <= PIXELS_MAX && size->high <= PIXELS_MAX;
}
