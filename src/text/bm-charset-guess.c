/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* See bm_charset_guess_to_utf8 in bm-charset.h: bytes whose declaration may be wrong. At most five
 * decodings of the same bytes, each linear. Must not know who declared what. Any thread. */
#include "text/bm-charset.h"

#include "text/bm-charset-table.h"

#include <string.h>

/* Characters of several bytes that make UTF-8 sure: letters of a single-byte set rarely stand so
 * even once, those of a double-byte set one in seven times. */
#define SURE_OVER_SINGLE 3
#define SURE_OVER_DOUBLE 6

gboolean
bm_charset_is_ascii (const guint8 *data, gsize size)
{
  guint8 all = 0;
  for (gsize i = 0; i < size; i++)
    all |= data[i];
  return all < 0x80;
}

gboolean
bm_charset_has_c1 (const guint8 *data, gsize size)
{
  for (gsize i = 0; i < size; i++)
    if ((data[i] & 0xE0) == 0x80)
      return TRUE;
  return FALSE;
}

static gsize
count_starts (const gchar *utf8, gsize size)
{
  gsize starts = 0;
  for (gsize i = 0; i < size; i++)
    starts += ((guchar) utf8[i] & 0xC0) == 0xC0;
  return starts;
}

/* Characters beyond ASCII that were really there. */
static gsize
count_good (const BmCharsetText *text)
{
  gsize starts = count_starts (text->text, text->size);
  return starts - MIN (starts, text->bad);
}

/* U+E000..U+F8FF: nobody else can show these. */
static gboolean
has_private (const BmCharsetText *text)
{
  for (gsize i = 0; i + 2 < text->size; i++)
    if ((guchar) text->text[i] == 0xEE ||
        ((guchar) text->text[i] == 0xEF && (guchar) text->text[i + 1] < 0xA4))
      return TRUE;
  return FALSE;
}

/* The row of the declared set, or NULL when there is none or it cannot be meant. */
static const BmCharsetRow *
believable (const gchar *declared, const guint8 *data, gsize size)
{
  const BmCharsetRow *row = bm_charset_row_from_name (declared);
  if (row == NULL)
    return NULL;
  gboolean wide = row->kind == BM_CHARSET_UTF16LE || row->kind == BM_CHARSET_UTF16BE;
  gboolean mark =
      size >= 2 && ((data[0] == 0xFF && data[1] == 0xFE) || (data[0] == 0xFE && data[1] == 0xFF));
  if (wide && !mark && (size == 0 || memchr (data, 0, size) == NULL))
    return NULL;
  return row;
}

/* UTF-16 of mostly ASCII text: every other byte is NUL, none of the rest is. */
static const BmCharsetRow *
looks_like_utf16 (const guint8 *data, gsize size)
{
  gsize zeros[2] = {0, 0};
  while (size > 0 && data[size - 1] == 0)
    size--;
  gsize pairs = MIN (size, 512u) / 2;
  for (gsize i = 0; i < 2 * pairs; i++)
    zeros[i % 2] += data[i] == 0;
  if (pairs < 2 || (zeros[0] > 0 && zeros[1] > 0) || (zeros[0] + zeros[1]) * 4 < pairs * 3)
    return NULL;
  return bm_charset_row_from_codepage (zeros[1] > 0 ? 1200 : 1201);
}

static gboolean
holds (const guint8 *data, gsize size, const gchar *sequence)
{
  return size > 0 && memmem (data, size, sequence, strlen (sequence)) != NULL;
}

/* Seven bits with the escapes of ISO 2022, which no other set has. */
static const BmCharsetRow *
looks_like_iso2022 (const guint8 *data, gsize size)
{
  if (!holds (data, size, "\x1B$") || !bm_charset_is_ascii (data, size))
    return NULL;
  if (holds (data, size, "\x1B$B") || holds (data, size, "\x1B$@"))
    return bm_charset_row_from_codepage (50220);
  return holds (data, size, "\x1B$)C") ? bm_charset_row_from_codepage (50225) : NULL;
}

static gboolean
looks_like_utf8 (const guint8 *data, gsize size, const BmCharsetRow *declared)
{
  gboolean single = !bm_charset_row_is_multibyte (declared);
  return size > 0 && g_utf8_validate_len ((const gchar *) data, size, NULL) &&
         count_starts ((const gchar *) data, size) >=
             (gsize) (single ? SURE_OVER_SINGLE : SURE_OVER_DOUBLE);
}

/* The set that the bytes themselves show, whatever was declared; NULL when they are silent. */
static const BmCharsetRow *
evident (const guint8 *data, gsize size, const BmCharsetRow *declared)
{
  const BmCharsetRow *utf8 = bm_charset_row_from_codepage (65001);
  if (size >= 3 && memcmp (data, "\xEF\xBB\xBF", 3) == 0)
    return utf8;
  gboolean escapes = declared != NULL && declared->codepage >= 50220 && declared->codepage <= 50227;
  const BmCharsetRow *iso2022 = escapes ? NULL : looks_like_iso2022 (data, size);
  if (iso2022 != NULL)
    return iso2022;
  if (declared != NULL && looks_like_utf8 (data, size, declared))
    return utf8;
  return looks_like_utf16 (data, size);
}

typedef struct {
  const guint8 *data;
  gsize size;
  BmCharsetText best; /* text NULL: none yet */
  gboolean guessed;   /* best is not as declared */
} Guess;

/* Decodes as row. TRUE: without a fault, and best. Else it is best when it has fewer faults. */
static gboolean
try_row (Guess *guess, const BmCharsetRow *row, gboolean guessed)
{
  BmCharsetText text = bm_charset_decode (guess->data, guess->size, row);
  if (guess->best.text != NULL && text.bad >= guess->best.bad && text.bad > 0) {
    g_free (text.text);
    return FALSE;
  }
  g_free (guess->best.text);
  guess->best = text;
  guess->guessed = guessed;
  return text.bad == 0;
}

/* As declared, when that can be and nobody would mean more by the name. */
static gboolean
try_declared (Guess *guess, const BmCharsetRow *row)
{
  gboolean iso8859 = row->codepage >= 28591 && row->codepage <= 38598;
  if (iso8859 && bm_charset_row_wider (row) != NULL && bm_charset_has_c1 (guess->data, guess->size))
    return FALSE;
  if (!try_row (guess, row, FALSE))
    return FALSE;
  if (bm_charset_row_wider (row) == bm_charset_row_from_codepage (951) &&
      has_private (&guess->best)) {
    Guess other = {guess->data, guess->size, {0}, TRUE};
    if (try_row (&other, bm_charset_row_wider (row), TRUE) && !has_private (&other.best)) {
      g_free (guess->best.text);
      *guess = other;
    } else {
      g_free (other.best.text);
    }
  }
  return TRUE;
}

/* Order as bm-charset.h has it. */
static void
find_best (Guess *guess, const BmCharsetRow *row)
{
  const BmCharsetRow *cp1252 = bm_charset_row_from_codepage (1252);
  const BmCharsetRow *utf8 = bm_charset_row_from_codepage (65001);
  const BmCharsetRow *shown = evident (guess->data, guess->size, row);
  const BmCharsetRow *wider = row != NULL ? bm_charset_row_wider (row) : NULL;
  gboolean undeclared = !bm_charset_is_ascii (guess->data, guess->size);
  if (shown != NULL && shown != row) {
    if (try_row (guess, shown, TRUE))
      return;
    g_clear_pointer (&guess->best.text, g_free);
  }
  if (row != NULL && try_declared (guess, row))
    return;
  BmCharsetText as_declared = guess->best;
  guess->best.text = NULL;
  if (try_row (guess, utf8, row != NULL ? row != utf8 : undeclared)) {
    g_free (as_declared.text);
    return;
  }
  g_free (guess->best.text);
  guess->best = as_declared;
  guess->guessed = FALSE;
  if (wider != NULL && try_row (guess, wider, TRUE))
    return;
  if (guess->best.text != NULL && count_good (&guess->best) > 4 * guess->best.bad)
    return;
  g_clear_pointer (&guess->best.text, g_free);
  try_row (guess, cp1252, row != cp1252 && (row != NULL || undeclared));
}

gchar *
bm_charset_guess_to_utf8 (const guint8 *data, gsize size, const gchar *declared, gboolean *guessed,
                          gboolean *lossy)
{
  Guess guess = {data, size, {0}, FALSE};
  find_best (&guess, believable (declared, data, size));
  if (guessed != NULL)
    *guessed = guess.guessed;
  if (lossy != NULL)
    *lossy = guess.best.bad > 0 || guess.best.nuls > 0;
  return guess.best.text;
}
