/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* See bm-charset.h. Must not know MAPI, MIME or files. Any thread; descriptors are per thread.
 *
 * UTF-8 and UTF-16 are decoded here (fast, and iconv stops at lone surrogates); ISO-2022-JP is
 * rewritten to EUC-JP-MS first, because glibc's own decoder refuses the vendor characters (circled
 * digits, half-width kana) that Outlook writes; everything else goes through iconv. Every loop
 * moves forward by at least one byte, so time is linear in the input whatever the bytes are. */
#include "text/bm-charset.h"

#include "text/bm-charset-table.h"

#include <errno.h>
#include <iconv.h>
#include <string.h>

#define REPLACEMENT      "\xEF\xBF\xBD" /* U+FFFD */
#define REPLACEMENT_SIZE 3
#define NO_ICONV         ((iconv_t) -1)

/* Of rows that share an iconv name only the first is opened. */
typedef struct {
  iconv_t *decode; /* to UTF-8, per row; NULL = not tried, NO_ICONV = this system lacks it */
  iconv_t *encode; /* from UTF-8; only held open, for others */
} Cache;

static void
close_all (iconv_t *descriptors)
{
  for (guint i = 0; i < bm_charset_table_size; i++)
    if (descriptors[i] != NULL && descriptors[i] != NO_ICONV)
      iconv_close (descriptors[i]);
  g_free (descriptors);
}

static void
cache_free (gpointer data)
{
  Cache *cache = data;
  close_all (cache->decode);
  close_all (cache->encode);
  g_free (cache);
}

static GPrivate thread_cache = G_PRIVATE_INIT (cache_free);

static Cache *
get_cache (void)
{
  Cache *cache = g_private_get (&thread_cache);
  if (cache == NULL) {
    cache = g_new0 (Cache, 1);
    cache->decode = g_new0 (iconv_t, bm_charset_table_size);
    cache->encode = g_new0 (iconv_t, bm_charset_table_size);
    g_private_set (&thread_cache, cache);
  }
  return cache;
}

static guint
first_with_name (const gchar *iconv_name)
{
  guint i = 0;
  while (i < bm_charset_table_size && strcmp (bm_charset_table[i].iconv, iconv_name) != 0)
    i++;
  return i;
}

/* The kept descriptor, in its initial state; NO_ICONV when the system lacks the set. */
static iconv_t
get_decoder (const gchar *iconv_name)
{
  guint i = first_with_name (iconv_name);
  if (i == bm_charset_table_size)
    return NO_ICONV;
  Cache *cache = get_cache ();
  if (cache->decode[i] == NULL)
    cache->decode[i] = iconv_open ("UTF-8", iconv_name);
  if (cache->decode[i] != NO_ICONV)
    iconv (cache->decode[i], NULL, NULL, NULL, NULL);
  return cache->decode[i];
}

guint
bm_charset_preload (void)
{
  Cache *cache = get_cache ();
  guint lacking = 0;
  for (guint i = 0; i < bm_charset_table_size; i++) {
    const gchar *name = bm_charset_table[i].iconv;
    if (first_with_name (name) != i || bm_charset_table[i].kind == BM_CHARSET_HZ)
      continue;
    if (get_decoder (name) == NO_ICONV)
      lacking++;
    if (cache->encode[i] == NULL)
      cache->encode[i] = iconv_open (name, "UTF-8");
  }
  return lacking;
}

const gchar *
bm_charset_from_codepage (guint32 codepage)
{
  const BmCharsetRow *row = bm_charset_row_from_codepage (codepage);
  return row == NULL ? NULL : row->iconv;
}

const gchar *
bm_charset_from_name (const gchar *name)
{
  const BmCharsetRow *row = bm_charset_row_from_name (name);
  return row == NULL ? NULL : row->iconv;
}

const gchar *
bm_charset_mime_name (const gchar *name)
{
  const BmCharsetRow *row = bm_charset_row_from_name (name);
  return row == NULL ? NULL : row->mime;
}

/* What a decoder has made so far. */
typedef struct {
  gchar *text;
  gsize used;
  gsize room;
  gsize bad;  /* sequences without a character */
  gsize nuls; /* NULs inside the text that were left out */
} Output;

static void
reserve (Output *out, gsize more)
{
  if (out->room - out->used >= more)
    return;
  out->room = MAX (out->room + out->room / 2, out->used + more);
  out->text = g_realloc (out->text, out->room);
}

static void
append (Output *out, const gchar *bytes, gsize size)
{
  if (size == 0)
    return;
  reserve (out, size);
  memcpy (out->text + out->used, bytes, size);
  out->used += size;
}

static void
append_bad (Output *out)
{
  append (out, REPLACEMENT, REPLACEMENT_SIZE);
  out->bad++;
}

static void
decode_utf8 (const guint8 *data, gsize size, Output *out)
{
  const gchar *p = size > 0 ? (const gchar *) data : "";
  const gchar *end = p + size;
  while (p < end) {
    const gchar *valid_end;
    g_utf8_validate_len (p, (gsize) (end - p), &valid_end);
    append (out, p, (gsize) (valid_end - p));
    p = valid_end;
    if (p == end)
      return;
    if (*p == '\0')
      append (out, "", 1); /* finish counts it */
    else
      append_bad (out);
    p++;
  }
}

static inline guint
unit_at (const guint8 *p, gboolean big)
{
  return big ? (guint) (p[0] << 8 | p[1]) : (guint) (p[1] << 8 | p[0]);
}

static void
decode_utf16 (const guint8 *data, gsize size, gboolean big, Output *out)
{
  gsize even = size & ~(gsize) 1;
  reserve (out, size + size / 2 + 8); /* three bytes for two is the worst case */
  for (gsize i = 0; i < even; i += 2) {
    guint unit = unit_at (data + i, big);
    if (unit < 0x80) {
      out->text[out->used++] = (gchar) unit;
    } else if (unit < 0xD800 || unit > 0xDFFF) {
      out->used += (gsize) g_unichar_to_utf8 (unit, out->text + out->used);
    } else {
      guint low = unit < 0xDC00 && i + 2 < even ? unit_at (data + i + 2, big) : 0;
      if (low >= 0xDC00 && low <= 0xDFFF) {
        gunichar c = 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00);
        out->used += (gsize) g_unichar_to_utf8 (c, out->text + out->used);
        i += 2;
      } else {
        append_bad (out);
      }
    }
  }
  if (even < size && data[even] != 0) /* half a terminating NUL is no loss */
    append_bad (out);
}

static void
decode_iconv (const guint8 *data, gsize size, iconv_t descriptor, Output *out)
{
  gchar *in = (gchar *) data;
  gsize in_left = size;
  gsize want = size + size / 4 + 64;
  while (in_left > 0) {
    reserve (out, want);
    gchar *to = out->text + out->used;
    gsize to_left = out->room - out->used;
    gsize before = in_left;
    gsize rc = iconv (descriptor, &in, &in_left, &to, &to_left);
    int cause = rc == (gsize) -1 ? errno : 0;
    out->used = (gsize) (to - out->text);
    want = in_left + 64;
    if (cause == 0)
      break;
    if (cause == E2BIG && (in_left < before || to_left < 64)) {
      want = MAX (want, 256);
      continue;
    }
    append_bad (out);
    if (cause == EINVAL) /* half a character at the end */
      break;
    in++;
    in_left--;
  }
  /* Some decoders (CP1258, UTF-7) hold the last character back. */
  reserve (out, 64);
  gchar *to = out->text + out->used;
  gsize to_left = out->room - out->used;
  iconv (descriptor, NULL, NULL, &to, &to_left);
  out->used = (gsize) (to - out->text);
}

typedef enum { JP_ASCII, JP_KANA, JP_0208, JP_0212 } JpState;

/* The set an escape sequence switches to; returns its length, 0 when it is none. */
static gsize
jp_escape (const guint8 *p, gsize left, JpState *state)
{
  static const struct {
    const gchar *sequence;
    JpState state;
  } known[] = {
      {"\033(B", JP_ASCII}, {"\033(J", JP_ASCII},      {"\033(H", JP_ASCII}, {"\033(I", JP_KANA},
      {"\033$@", JP_0208},  {"\033$B", JP_0208},       {"\033$(@", JP_0208}, {"\033$(B", JP_0208},
      {"\033$(D", JP_0212}, {"\033&@\033$B", JP_0208},
  };
  for (guint i = 0; i < G_N_ELEMENTS (known); i++) {
    gsize n = strlen (known[i].sequence);
    if (n <= left && memcmp (p, known[i].sequence, n) == 0) {
      *state = known[i].state;
      return n;
    }
  }
  return 0;
}

/* [RFC 1468] plus Microsoft's kana by escape or by SO/SI (code pages 50220, 50221, 50222), as
 * EUC-JP-MS. 0xFF, which EUC never has, stands for what is wrong. */
static GByteArray *
euc_from_iso2022jp (const guint8 *data, gsize size)
{
  GByteArray *euc = g_byte_array_sized_new ((guint) MIN (size, G_MAXINT));
  JpState state = JP_ASCII;
  for (gsize i = 0; i < size; i++) {
    guint8 c = data[i];
    gsize escape = c == 0x1B ? jp_escape (data + i, size - i, &state) : 0;
    if (escape > 0) {
      i += escape - 1;
    } else if (c == 0x0E || c == 0x0F) {
      state = c == 0x0E ? JP_KANA : JP_ASCII;
    } else if (c >= 0x80 || c == 0x1B) {
      g_byte_array_append (euc, (const guint8 *) "\xFF", 1);
    } else if (c <= 0x20 || c == 0x7F || state == JP_ASCII) {
      if (c == '\n')
        state = JP_ASCII; /* a line lost its end: damage stays in the line */
      g_byte_array_append (euc, &c, 1);
    } else if (state == JP_KANA) {
      guint8 kana[2] = {0x8E, c | 0x80};
      g_byte_array_append (euc, kana, 2);
    } else if (i + 1 < size && data[i + 1] > 0x20 && data[i + 1] < 0x7F) {
      guint8 kanji[3] = {0x8F, c | 0x80, data[i + 1] | 0x80};
      g_byte_array_append (euc, kanji + (state == JP_0208), state == JP_0208 ? 2 : 3);
      i++;
    } else {
      g_byte_array_append (euc, (const guint8 *) "\xFF", 1);
    }
  }
  return euc;
}

/* [RFC 1843]: "~{" begins two-byte characters, "~}" ends them, "~~" is a tilde, "~" before a line
 * break is nothing. As GB 2312 in eight bits; 0xFF, which that never has, stands for what is wrong. */
static GByteArray *
gb_from_hz (const guint8 *data, gsize size)
{
  GByteArray *gb = g_byte_array_sized_new ((guint) MIN (size, G_MAXINT));
  gboolean wide = FALSE;
  for (gsize i = 0; i < size; i++) {
    guint8 c = data[i], next = i + 1 < size ? data[i + 1] : 0;
    if (c == '~' && (next == '{' || next == '}')) {
      wide = next == '{';
      i++;
    } else if (c == '~' && !wide && (next == '~' || next == '\n')) {
      if (next == '~')
        g_byte_array_append (gb, &c, 1);
      i++;
    } else if (c == '\n' || !wide) {
      wide = FALSE; /* a line that lost its end: damage stays in the line */
      g_byte_array_append (gb, c < 0x80 ? &c : (const guint8 *) "\xFF", 1);
    } else if (c > 0x20 && c < 0x7F && next > 0x20 && next < 0x7F) {
      guint8 character[2] = {c | 0x80, next | 0x80};
      g_byte_array_append (gb, character, 2);
      i++;
    } else {
      g_byte_array_append (gb, (const guint8 *) "\xFF", 1);
    }
  }
  return gb;
}

/* Drops the byte order mark and NULs, which neither mail nor HTML may have; ends the string. */
static void
finish (Output *out, gboolean drop_mark)
{
  while (out->used > 0 && out->text[out->used - 1] == '\0')
    out->used--;
  gsize skip = drop_mark && out->used >= 3 && memcmp (out->text, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
  if (skip > 0 || (out->used > 0 && memchr (out->text, '\0', out->used) != NULL)) {
    Output clean = {.bad = out->bad};
    for (gsize i = skip; i < out->used;) {
      const gchar *nul = memchr (out->text + i, '\0', out->used - i);
      gsize n = nul == NULL ? out->used - i : (gsize) (nul - out->text) - i;
      append (&clean, out->text + i, n);
      i += n;
      if (nul == NULL)
        break;
      clean.nuls++;
      i++;
    }
    g_free (out->text);
    *out = clean;
  }
  append (out, "", 1);
  out->used--;
}

/* The promise of valid UTF-8 shall not hang on a module of another library. */
static void
ensure_valid (Output *out)
{
  if (g_utf8_validate_len (out->text, out->used, NULL))
    return;
  gchar *valid = g_utf8_make_valid (out->text, (gssize) out->used);
  g_free (out->text);
  out->text = valid;
  out->used = strlen (valid);
  out->bad++;
}

static BmCharsetText
text_of (const Output *out)
{
  return (BmCharsetText){g_realloc (out->text, out->used + 1), out->used, out->bad, out->nuls};
}

BmCharsetText
bm_charset_decode (const guint8 *data, gsize size, const BmCharsetRow *row)
{
  Output out = {0};
  iconv_t descriptor;
  gboolean big;
  switch (row->kind) {
  case BM_CHARSET_UTF8:
    decode_utf8 (data, size, &out);
    break;
  case BM_CHARSET_UTF16LE:
  case BM_CHARSET_UTF16BE:
    big = row->kind == BM_CHARSET_UTF16BE;
    if (size >= 2 && unit_at (data, big) == 0xFFFE) /* the mark knows better */
      big = !big;
    decode_utf16 (data, size, big, &out);
    break;
  case BM_CHARSET_ISO2022JP: {
    g_autoptr (GByteArray) euc = euc_from_iso2022jp (data, size);
    descriptor = get_decoder ("EUC-JP-MS");
    if (descriptor == NO_ICONV)
      decode_utf8 (data, size, &out);
    else
      decode_iconv (euc->data, euc->len, descriptor, &out);
    break;
  }
  case BM_CHARSET_HZ: {
    g_autoptr (GByteArray) gb = gb_from_hz (data, size);
    descriptor = get_decoder ("CP936");
    if (descriptor == NO_ICONV)
      decode_utf8 (data, size, &out);
    else
      decode_iconv (gb->data, gb->len, descriptor, &out);
    break;
  }
  case BM_CHARSET_ICONV:
  default:
    descriptor = get_decoder (row->iconv);
    if (descriptor == NO_ICONV)
      decode_utf8 (data, size, &out);
    else
      decode_iconv (data, size, descriptor, &out);
    break;
  }
  finish (&out, TRUE);
  ensure_valid (&out);
  return text_of (&out);
}

gchar *
bm_charset_to_utf8 (const guint8 *data, gsize size, const gchar *charset, gboolean *lossy)
{
  const BmCharsetRow *row = bm_charset_row_from_name (charset);
  BmCharsetText text =
      bm_charset_decode (data, size, row != NULL ? row : bm_charset_row_from_codepage (1252));
  if (lossy != NULL)
    *lossy = text.bad > 0 || text.nuls > 0;
  return text.text;
}

gchar *
bm_charset_utf16le_to_utf8 (const guint8 *data, gsize size, gboolean *lossy)
{
  Output out = {0};
  decode_utf16 (data, size, FALSE, &out);
  finish (&out, FALSE);
  if (lossy != NULL)
    *lossy = out.bad > 0 || out.nuls > 0;
  return text_of (&out).text;
}
