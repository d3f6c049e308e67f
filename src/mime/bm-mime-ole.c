/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* What is inside an OLE object, as something a person can open: a packed file, a picture, an Office
 * document. Nothing is compressed or drawn anew. [MS-OLEDS] 2.3.6, [MS-OXCMSG] 2.2.2.9. One thread. */
#include "mime/bm-mime.h"

#include "base/bm-le.h"
#include "text/bm-cfb.h"
#include "text/bm-charset.h"
#include <string.h>

#define LABEL_MAX  260
#define BMP_HEADER 14
#define BITFIELDS  3

void
bm_mime_ole_clear (BmMimeOle *ole)
{
  g_clear_pointer (&ole->data, g_bytes_unref);
  g_clear_pointer (&ole->name, g_free);
}

/* ---- by what the bytes begin with ---- */

static gboolean
holds (GBytes *bytes, const gchar *text)
{
  gsize size;
  const gchar *data = g_bytes_get_data (bytes, &size);
  return memmem (data, size, text, strlen (text)) != NULL;
}

static const gchar *
sniff (GBytes *bytes)
{
  static const struct {
    const gchar *begin, *extension;
  } kinds[] = {{"%PDF", "pdf"},         {"\x89PNG\r\n", "png"}, {"GIF8", "gif"},
               {"\xff\xd8\xff", "jpg"}, {"BM", "bmp"},          {"{\\rtf", "rtf"}};
  static const struct {
    const gchar *part, *extension;
  } packages[] = {{"word/document", "docx"}, {"xl/workbook", "xlsx"}, {"ppt/presentation", "pptx"}};
  gsize size;
  const gchar *data = g_bytes_get_data (bytes, &size);
  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++)
    if (size > strlen (kinds[i].begin) &&
        memcmp (data, kinds[i].begin, strlen (kinds[i].begin)) == 0)
      return kinds[i].extension;
  if (size < 4 || memcmp (data, "PK\x03\x04", 4) != 0)
    return NULL;
  for (guint i = 0; i < G_N_ELEMENTS (packages); i++)
    if (holds (bytes, packages[i].part))
      return packages[i].extension;
  return "zip";
}

/* A device independent bitmap lacks only the header of its file, [MS-WMF] 2.2.2.9. NULL: it is none. */
static GBytes *
bmp_of_dib (GBytes *bytes)
{
  gsize size;
  const guint8 *data = g_bytes_get_data (bytes, &size);
  guint32 header = size >= 40 ? bm_le32 (data) : 0;
  if (header != 40 && header != 108 && header != 124)
    return NULL;
  guint bits = bm_le16 (data + 14);
  guint32 colours = bm_le32 (data + 32);
  if (bits > 32 || colours > 256 || data[12] != 1)
    return NULL;
  if (colours == 0 && bits <= 8)
    colours = 1u << bits;
  gsize masks = header == 40 && bm_le32 (data + 16) == BITFIELDS ? 12 : 0;
  gsize offset = BMP_HEADER + header + masks + 4 * (gsize) colours;
  if (offset > size + BMP_HEADER || size > G_MAXUINT32 - BMP_HEADER)
    return NULL;
  guint32 total = (guint32) size + BMP_HEADER;
  const guint8 head[BMP_HEADER] = {'B',
                                   'M',
                                   (guint8) total,
                                   (guint8) (total >> 8),
                                   (guint8) (total >> 16),
                                   (guint8) (total >> 24),
                                   0,
                                   0,
                                   0,
                                   0,
                                   (guint8) offset,
                                   (guint8) (offset >> 8),
                                   (guint8) (offset >> 16),
                                   (guint8) (offset >> 24)};
  GByteArray *out = g_byte_array_sized_new (total);
  g_byte_array_append (out, head, sizeof head);
  g_byte_array_append (out, data, (guint) size);
  return g_byte_array_free_to_bytes (out);
}

/* Takes bytes, which may be NULL. */
static gboolean
use_known (BmMimeOle *ole, GBytes *bytes)
{
  g_autoptr (GBytes) owned = bytes;
  if (owned == NULL)
    return FALSE;
  ole->extension = sniff (owned);
  if (ole->extension != NULL) {
    ole->data = g_steal_pointer (&owned);
    return TRUE;
  }
  ole->data = bmp_of_dib (owned);
  ole->extension = "bmp";
  return ole->data != NULL;
}

/* ---- a packed file: \1Ole10Native ---- */

/* To behind the NUL; NULL when there is none near. */
static const guint8 *
skip_text (const guint8 *at, const guint8 *end)
{
  gsize left = MIN ((gsize) (end - at), (gsize) LABEL_MAX);
  const guint8 *nul = memchr (at, '\0', left);
  return nul != NULL ? nul + 1 : NULL;
}

/* Size, 2, label, path, 3 as 32 bits (0x30000), length and path of a temporary file, length, data. */
static gboolean
use_package (BmMimeOle *ole, GBytes *native)
{
  gsize size;
  gboolean guessed, lossy;
  const guint8 *data = g_bytes_get_data (native, &size);
  const guint8 *end = data + size, *label = data + 6;
  const guint8 *path = size > 6 && data[4] == 2 && data[5] == 0 ? skip_text (label, end) : NULL;
  const guint8 *kind = path != NULL ? skip_text (path, end) : NULL;
  if (kind == NULL || end - kind < 8 || kind[2] != 3)
    return FALSE;
  gsize temporary = bm_le32 (kind + 4);
  const guint8 *length = kind + 8;
  if (temporary > LABEL_MAX || (gsize) (end - length) < temporary + 4)
    return FALSE;
  length += temporary;
  gsize n = bm_le32 (length);
  if (n == 0 || n > (gsize) (end - length) - 4)
    return FALSE;
  ole->data = g_bytes_new_from_bytes (native, (gsize) (length - data) + 4, n);
  ole->name =
      bm_charset_guess_to_utf8 (label, (gsize) (path - label) - 1, "CP1252", &guessed, &lossy);
  ole->extension = NULL;
  return TRUE;
}

static gboolean
use_native (BmMimeOle *ole, GBytes *bytes)
{
  g_autoptr (GBytes) native = bytes;
  if (native == NULL)
    return FALSE;
  if (use_package (ole, native))
    return TRUE;
  gsize size = g_bytes_get_size (native);
  return size > 4 && use_known (ole, g_bytes_new_from_bytes (native, 4, size - 4));
}

gboolean
bm_mime_ole_extract (GBytes *bytes, BmMimeOle *ole)
{
  static const struct {
    const gchar *stream, *extension;
  } documents[] = {{"WordDocument", "doc"},
                   {"Workbook", "xls"},
                   {"Book", "xls"},
                   {"PowerPoint Document", "ppt"},
                   {"VisioDocument", "vsd"}};
  gsize size;
  const guint8 *data = g_bytes_get_data (bytes, &size);
  *ole = (BmMimeOle){0};
  g_autoptr (BmCfb) cfb = bm_cfb_new (data, size);
  if (cfb == NULL)
    return use_known (ole, g_bytes_ref (bytes));
  if (use_native (ole, bm_cfb_stream (cfb, "\1Ole10Native")) ||
      use_known (ole, bm_cfb_stream (cfb, "CONTENTS")) ||
      use_known (ole, bm_cfb_stream (cfb, "Package")))
    return TRUE;
  for (guint i = 0; i < G_N_ELEMENTS (documents); i++)
    if (bm_cfb_has (cfb, documents[i].stream)) {
      ole->data = g_bytes_ref (bytes);
      ole->extension = documents[i].extension;
      return TRUE;
    }
  return FALSE;
}
