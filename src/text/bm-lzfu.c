/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* See bm-lzfu.h. Must not know RTF. Any thread.
 * Two bytes of input give at most 17 of output, so a stream cannot blow up by more than a factor
 * of nine; limit is for the caller's peace. */
#include "text/bm-lzfu.h"

#include "base/bm-le.h"
#include <bm-pst-import/error.h>
#include <string.h>

#define HEADER_SIZE     16
#define SIGNATURE_LZFU  0x75465A4Cu
#define SIGNATURE_MELA  0x414C454Du
#define DICTIONARY_SIZE 4096u

/* [MS-OXRTFCP] 2.1.2.1: what the dictionary holds at the start, 207 bytes. */
static const gchar preload[] =
    "{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss \\fmodern "
    "\\fscript \\fdecor MS Sans SerifSymbolArialTimes New RomanCourier{\\colortbl\\red0\\green0"
    "\\blue0\r\n\\par \\pard\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx";
G_STATIC_ASSERT (sizeof preload == 207 + 1);

/* [MS-OXRTFCP] 2.1.3.2: CRC-32 without the usual inversions. */
static guint32
checksum (const guint8 *data, gsize size)
{
  static const guint32 polynomial = 0xEDB88320;
  guint32 table[256];
  for (guint32 i = 0; i < G_N_ELEMENTS (table); i++) {
    table[i] = i;
    for (guint bit = 0; bit < 8; bit++)
      table[i] = table[i] >> 1 ^ ((table[i] & 1) != 0 ? polynomial : 0);
  }
  guint32 crc = 0;
  for (gsize i = 0; i < size; i++)
    crc = table[(crc ^ data[i]) & 0xFF] ^ crc >> 8;
  return crc;
}

/* The bytes that the checksum covers: what COMPSIZE says when it can be true. */
static gsize
covered (const guint8 *data, gsize size)
{
  guint64 end = (guint64) bm_le32 (data) + 4;
  return end >= HEADER_SIZE && end <= size ? (gsize) end - HEADER_SIZE : size - HEADER_SIZE;
}

/* TRUE when the end mark was reached: a reference to the write position itself. */
static gboolean
expand (const guint8 *data, gsize size, gsize limit, GByteArray *out)
{
  guint8 dictionary[DICTIONARY_SIZE] = {0};
  memcpy (dictionary, preload, sizeof preload - 1);
  guint write = sizeof preload - 1;
  gsize i = 0;
  while (i < size) {
    guint8 control = data[i++];
    for (guint bit = 0; bit < 8; bit++, control >>= 1) {
      guint8 run[17];
      guint length = 1;
      if ((control & 1) == 0) {
        if (i >= size)
          return FALSE;
        run[0] = data[i++];
        dictionary[write] = run[0];
        write = (write + 1) % DICTIONARY_SIZE;
      } else {
        if (i + 1 >= size)
          return FALSE;
        guint offset = (guint) data[i] << 4 | data[i + 1] >> 4;
        length = (data[i + 1] & 0xFu) + 2;
        i += 2;
        if (offset == write)
          return TRUE;
        for (guint n = 0; n < length; n++) { /* byte by byte: a run may overlap itself */
          run[n] = dictionary[(offset + n) % DICTIONARY_SIZE];
          dictionary[write] = run[n];
          write = (write + 1) % DICTIONARY_SIZE;
        }
      }
      gsize fits = MIN (length, limit - out->len);
      g_byte_array_append (out, run, (guint) fits);
      if (fits < length)
        return FALSE;
    }
  }
  return FALSE;
}

GByteArray *
bm_lzfu_decompress (const guint8 *data, gsize size, gsize limit, gboolean *crc_ok,
                    gboolean *truncated, GError **error)
{
  guint32 signature = size >= HEADER_SIZE ? bm_le32 (data + 8) : 0;
  if (signature != SIGNATURE_LZFU && signature != SIGNATURE_MELA) {
    g_set_error (error, BM_ERROR, BM_CAUSE_UNREADABLE,
                 "compressed RTF of %" G_GSIZE_FORMAT " bytes with the signature 0x%08x", size,
                 signature);
    return NULL;
  }
  guint32 raw_size = bm_le32 (data + 4);
  const guint8 *body = data + HEADER_SIZE;
  gsize body_size = size - HEADER_SIZE;
  GByteArray *out = g_byte_array_new ();
  gboolean ended = FALSE, fits = TRUE;
  limit = MIN (limit, (gsize) G_MAXINT32); /* what a GByteArray can hold */
  if (signature == SIGNATURE_LZFU) {
    ended = expand (body, body_size, limit, out);
    fits = bm_le32 (data + 12) == checksum (body, covered (data, size));
  } else {
    g_byte_array_append (out, body, (guint) MIN (body_size, limit));
  }
  if (crc_ok != NULL)
    *crc_ok = fits;
  /* Writers of stored streams count the header into RAWSIZE or not; COMPSIZE they get right. */
  gboolean all_there =
      signature == SIGNATURE_LZFU ? out->len >= raw_size : (guint64) bm_le32 (data) + 4 <= size;
  if (truncated != NULL)
    *truncated = !ended && (!all_there || out->len == limit);
  return out;
}
