/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Encoded words (RFC 2047) that readers would show wrongly though Outlook did not: those that hold
 * more than the set they name, break a character in two, name a set that nobody else knows, or lie.
 * They are written anew as UTF-8; the others keep their bytes. Work is linear in the length of the
 * value. One thread. */
#include "mime/bm-mime.h"

#include "text/bm-charset-table.h"
#include "text/bm-charset.h"

#include <gmime/gmime.h>
#include <string.h>

#define NAME_SIZE 40

/* ---- bytes beyond what a name promises to those who take it by the letter ---- */

/* Whether a character of two bytes is beyond the set. */
typedef gboolean (*IsBeyond) (guint lead, guint trail);

static gboolean
beyond_gb2312 (guint lead, guint trail)
{
  return lead < 0xa1 || trail < 0xa1;
}

/* The euro, and what only ETEN or Hong Kong have; what our own decoder lacks counts as damage. */
static gboolean
beyond_big5 (guint lead, guint trail)
{
  guint pair = lead << 8 | trail;
  return pair > 0xf9d5 || (pair >= 0xa3c0 && pair <= 0xa3fe) || (pair >= 0xc6a1 && pair <= 0xc8fe);
}

/* NEC's and IBM's characters, which only Windows has in these. */
static gboolean
beyond_shift_jis (guint lead, guint trail)
{
  guint pair = lead << 8 | trail;
  return lead == 0x80 || (pair >= 0x8540 && pair <= 0x889e) || pair > 0xeaa4;
}

static gboolean
beyond_euc_jp (guint lead, guint trail)
{
  return (lead >= 0xa9 && lead <= 0xaf) || lead >= 0xf5 || trail < 0xa1;
}

static const struct {
  const gchar *name; /* as IANA has it */
  IsBeyond is_beyond;
  gboolean kana; /* 0xA1..0xDF are characters of one byte */
} narrow_sets[] = {
    {"gb2312", beyond_gb2312, FALSE},         {"gb_2312-80", beyond_gb2312, FALSE},
    {"ks_c_5601-1987", beyond_gb2312, FALSE}, /* the pairs of EUC-KR lie in the same square */
    {"euc-kr", beyond_gb2312, FALSE},         {"big5", beyond_big5, FALSE},
    {"shift_jis", beyond_shift_jis, TRUE},    {"euc-jp", beyond_euc_jp, FALSE},
};

static gboolean
is_beyond_pairs (const guint8 *data, gsize size, guint set)
{
  for (gsize i = 0; i < size; i++) {
    if (data[i] < 0x80 || (narrow_sets[set].kana && data[i] >= 0xa1 && data[i] <= 0xdf))
      continue;
    if (narrow_sets[set].is_beyond == beyond_euc_jp && data[i] == 0x8e && i + 1 < size) {
      i++; /* kana */
      continue;
    }
    if (i + 1 == size || narrow_sets[set].is_beyond (data[i], data[i + 1]))
      return TRUE;
    i++;
  }
  return FALSE;
}

/* Kana by escape or SO, and rows of NEC and IBM between the escapes: RFC 1468 has none of these. */
static gboolean
is_beyond_iso2022jp (const guint8 *data, gsize size)
{
  gboolean two = FALSE;
  for (gsize i = 0; i < size; i++) {
    if (data[i] == 0x0e)
      return TRUE;
    if (data[i] == 0x1b && i + 2 < size) {
      if (data[i + 1] == '(' && data[i + 2] == 'I')
        return TRUE;
      two = data[i + 1] == '$';
      i += 2;
    } else if (two && data[i] > 0x20) {
      if ((data[i] >= 0x29 && data[i] <= 0x2f) || data[i] >= 0x75)
        return TRUE;
      i++;
    }
  }
  return FALSE;
}

/* Whether a reader that takes the name by the letter would fail at these bytes. */
static gboolean
is_beyond (const gchar *name, const BmCharsetRow *row, const guint8 *data, gsize size)
{
  for (guint i = 0; i < G_N_ELEMENTS (narrow_sets); i++)
    if (g_ascii_strcasecmp (name, narrow_sets[i].name) == 0)
      return is_beyond_pairs (data, size, i);
  if (row->kind == BM_CHARSET_ISO2022JP)
    return is_beyond_iso2022jp (data, size);
  if (row->codepage == 65000 || row->kind == BM_CHARSET_HZ) /* few know these at all */
    return TRUE;
  if (row->codepage == 20127)
    return !bm_charset_is_ascii (data, size);
  gboolean controls =
      g_ascii_strcasecmp (name, "tis-620") == 0 ||
      (g_ascii_strncasecmp (name, "iso", 3) == 0 && bm_charset_row_wider (row) != NULL);
  return controls && bm_charset_has_c1 (data, size);
}

/* ---- words ---- */

typedef struct {
  gchar name[NAME_SIZE];
  GByteArray *bytes; /* what it holds */
  gsize length;      /* from "=?" to "?=" */
} Word;

static GByteArray *
decode_q (const gchar *text, gsize size)
{
  GByteArray *bytes = g_byte_array_sized_new ((guint) size);
  for (gsize i = 0; i < size; i++) {
    guint8 byte = text[i] == '_' ? ' ' : (guint8) text[i];
    if (text[i] == '=' && i + 2 < size && g_ascii_isxdigit (text[i + 1]) &&
        g_ascii_isxdigit (text[i + 2])) {
      byte =
          (guint8) (g_ascii_xdigit_value (text[i + 1]) << 4 | g_ascii_xdigit_value (text[i + 2]));
      i += 2;
    }
    g_byte_array_append (bytes, &byte, 1);
  }
  return bytes;
}

static GByteArray *
decode_b (const gchar *text, gsize size)
{
  GMimeEncoding decoder;
  g_mime_encoding_init_decode (&decoder, GMIME_CONTENT_ENCODING_BASE64);
  GByteArray *bytes = g_byte_array_new ();
  g_byte_array_set_size (bytes, (guint) g_mime_encoding_outlen (&decoder, size) + 1);
  gsize decoded = g_mime_encoding_step (&decoder, text, size, (gchar *) bytes->data);
  g_byte_array_set_size (bytes, (guint) decoded);
  return bytes;
}

/* Reads the word at text; FALSE when there is none. bytes is new. */
static gboolean
read_word (const gchar *text, Word *word)
{
  gsize name = g_str_has_prefix (text, "=?") ? bm_mime_charset_length (text + 2) : 0;
  if (name == 0 || name >= NAME_SIZE)
    return FALSE;
  const gchar *mark = strchr (text + 2 + name, '?') + 1; /* "B?" or "Q?" */
  const gchar *start = mark + 2, *end = strchr (start, '?');
  if (end == NULL || end[1] != '=')
    return FALSE;
  gsize size = (gsize) (end - start);
  memcpy (word->name, text + 2, name);
  word->name[name] = '\0';
  word->length = (gsize) (end + 2 - text);
  word->bytes = *mark == 'B' || *mark == 'b' ? decode_b (start, size) : decode_q (start, size);
  return TRUE;
}

/* Words of one set with only blanks between: readers join them (RFC 2047 6.2). */
typedef struct {
  gchar name[NAME_SIZE];
  GByteArray *bytes;
  gsize length;     /* from the first "=?" to the last "?=" */
  gboolean damaged; /* a word alone has faults */
} Run;

static gboolean
is_damaged (const GByteArray *bytes, const BmCharsetRow *row)
{
  BmCharsetText text = bm_charset_decode (bytes->data, bytes->len, row);
  g_free (text.text);
  return text.bad > 0;
}

/* FALSE: no word begins here. bytes is new. */
static gboolean
read_run (const gchar *text, Run *run)
{
  Word word;
  gsize at = 0;
  *run = (Run){.bytes = NULL};
  while (read_word (text + at, &word)) {
    if (run->bytes != NULL && g_ascii_strcasecmp (word.name, run->name) != 0) {
      g_byte_array_unref (word.bytes);
      break;
    }
    const BmCharsetRow *row = bm_charset_row_from_name (word.name);
    run->damaged = run->damaged || (row != NULL && is_damaged (word.bytes, row));
    run->length = at + word.length;
    if (run->bytes == NULL) {
      g_strlcpy (run->name, word.name, sizeof run->name);
      run->bytes = word.bytes;
    } else {
      g_byte_array_append (run->bytes, word.bytes->data, word.bytes->len);
      g_byte_array_unref (word.bytes);
    }
    at = run->length + strspn (text + run->length, " \t\r\n");
  }
  return run->bytes != NULL;
}

/* What the run says, when readers would not see that; else NULL. New. */
static gchar *
better_text (const Run *run)
{
  const BmCharsetRow *row = bm_charset_row_from_name (run->name);
  gboolean wrong =
      row != NULL ? run->damaged || is_beyond (run->name, row, run->bytes->data, run->bytes->len)
                  : !bm_charset_is_ascii (run->bytes->data, run->bytes->len);
  if (!wrong)
    return NULL;
  gboolean lossy = FALSE;
  g_autofree gchar *text =
      bm_charset_guess_to_utf8 (run->bytes->data, run->bytes->len, run->name, NULL, &lossy);
  g_autofree gchar *line = bm_mime_one_line (text);
  return lossy || *line == '\0' ? NULL : bm_mime_encode_whole (text);
}

gchar *
bm_mime_widen_words (const gchar *value)
{
  g_autoptr (GString) out = NULL;
  const gchar *copied = value;
  for (const gchar *p = value; (p = strstr (p, "=?")) != NULL;) {
    Run run;
    if (!read_run (p, &run)) {
      p += 2;
      continue;
    }
    g_autofree gchar *better = better_text (&run);
    g_byte_array_unref (run.bytes);
    if (better != NULL) {
      out = out != NULL ? out : g_string_new (NULL);
      g_string_append_len (out, copied, p - copied);
      g_string_append (out, better);
      copied = p + run.length;
    }
    p += run.length;
  }
  if (out == NULL)
    return NULL;
  g_string_append (out, copied);
  return g_string_free (g_steal_pointer (&out), FALSE);
}
