/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Header fields: everything leaves here as ASCII, folded, without a byte that could begin another
 * field. RFC 5322 2.2, RFC 2047, RFC 2231. GMime does the encoding of words. One thread. */
#include "mime/bm-mime.h"

#include "text/bm-charset.h"

#include <gmime/gmime.h>
#include <string.h>

#define LINE_AIM        76
#define WORD_BYTES      45  /* 60 characters of base64 */
#define TOKEN_MAX       900 /* a token longer than this is broken: 998 is the law */
#define PARAMETER_PIECE 50
#define PARAMETER_PLAIN 200
#define QUOTED_MAX      300 /* a quoted string up to here is not broken */

gboolean
bm_mime_is_ascii (const gchar *text)
{
  for (; *text != '\0'; text++)
    if ((guchar) *text >= 0x80)
      return FALSE;
  return TRUE;
}

gboolean
bm_mime_is_among (const gchar *name, const gchar *const *names, gsize n)
{
  for (gsize i = 0; i < n; i++)
    if (g_ascii_strcasecmp (name, names[i]) == 0)
      return TRUE;
  return FALSE;
}

gchar *
bm_mime_one_line (const gchar *text)
{
  g_autoptr (GString) line = g_string_new (NULL);
  for (const gchar *p = text; *p != '\0'; p = g_utf8_next_char (p)) {
    gunichar c = g_utf8_get_char (p);
    if (c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x2028 || c == 0x2029)
      c = ' ';
    if (c != ' ' || (line->len > 0 && line->str[line->len - 1] != ' ') || *p == ' ')
      g_string_append_unichar (line, c);
  }
  return g_strstrip (g_string_free (g_steal_pointer (&line), FALSE));
}

/* All of it, in words of at most 75 characters that hold whole characters (RFC 2047 2, 5). */
gchar *
bm_mime_encode_whole (const gchar *utf8)
{
  g_autofree gchar *whole = bm_mime_one_line (utf8);
  const gchar *line = whole;
  g_autoptr (GString) words = g_string_new (NULL);
  for (gsize n; *line != '\0'; line += n) {
    n = strnlen (line, WORD_BYTES);
    while (((guchar) line[n] & 0xc0) == 0x80)
      n--;
    g_autofree gchar *base64 = g_base64_encode ((const guchar *) line, n);
    g_string_append_printf (words, "%s=?utf-8?B?%s?=", words->len > 0 ? " " : "", base64);
  }
  return g_string_free (g_steal_pointer (&words), FALSE);
}

gchar *
bm_mime_encode_text (const gchar *utf8)
{
  g_autofree gchar *line = bm_mime_one_line (utf8);
  /* what looks encoded would be decoded by readers, and GMime leaves it as it is */
  if (strstr (line, "=?") != NULL)
    return bm_mime_encode_whole (line);
  if (bm_mime_is_ascii (line))
    return g_steal_pointer (&line);
  return g_mime_utils_header_encode_text (NULL, line, "utf-8");
}

gsize
bm_mime_charset_length (const gchar *word)
{
  gsize n = strspn (word, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.:+()");
  const gchar *rest = word + n + (word[n] == '*' ? strcspn (word + n, "?") : 0); /* RFC 2231 5 */
  return rest[0] == '?' && rest[1] != '\0' && strchr ("BbQq", rest[1]) != NULL && rest[2] == '?'
             ? n
             : 0;
}

/* GMime would ask iconv for the charset as it is spelt; the sandbox has those of our table only. */
gchar *
bm_mime_known_words (const gchar *text)
{
  g_autoptr (GString) known = g_string_new (NULL);
  for (const gchar *word; (word = strstr (text, "=?")) != NULL;) {
    gsize n = bm_mime_charset_length (word + 2);
    g_autofree gchar *name = g_strndup (word + 2, n);
    const gchar *charset = n > 0 ? bm_charset_from_name (name) : "";
    g_string_append_len (known, text, word + 2 - text);
    g_string_append (known, charset != NULL ? charset : "x-unknown");
    text = word + 2 + n;
  }
  g_string_append (known, text);
  return g_string_free (g_steal_pointer (&known), FALSE);
}

gchar *
bm_mime_decode_text (const gchar *ascii)
{
  g_autofree gchar *known = bm_mime_known_words (ascii);
  return g_mime_utils_header_decode_text (NULL, known);
}

/* Length of what may not be broken at the start of text: a word, or words in quotes. */
static gsize
token_length (const gchar *text)
{
  gsize n = 0;
  while (text[n] != '\0' && strchr (" \t\r\n", text[n]) == NULL) {
    if (text[n] != '"') {
      n++;
      continue;
    }
    gsize end = n + 1;
    while (text[end] != '\0' && text[end] != '"' && text[end] != '\r' && end - n < QUOTED_MAX)
      end += text[end] == '\\' && text[end + 1] != '\0' ? 2 : 1;
    n = text[end] == '"' ? end + 1 : n + 1;
  }
  return n;
}

/* Breaks before blanks; a blank that is already after a line break stays. */
void
bm_mime_add_field (GString *out, const gchar *name, const gchar *ascii_value)
{
  gsize column = strlen (name) + 1;
  g_string_append_printf (out, "%s:", name);
  for (const gchar *p = ascii_value; *p != '\0';) {
    gsize blanks = strspn (p, " \t");
    gsize token = token_length (p + blanks);
    if (p[blanks] == '\r' || p[blanks] == '\n') { /* folded before: fold at the next blank anew */
      p += blanks + strspn (p + blanks, "\r\n");
      continue;
    }
    if (token == 0)
      break;
    if (column > strlen (name) + 1 && column + blanks + token > LINE_AIM && blanks > 0) {
      g_string_append (out, "\r\n");
      column = 0;
    }
    if (p == ascii_value && blanks == 0)
      g_string_append_c (out, ' ');
    else if (blanks > 0 || column == 0)
      g_string_append_c (out, ' ');
    p += blanks;
    while (token > TOKEN_MAX) {
      g_string_append_len (out, p, TOKEN_MAX);
      g_string_append (out, "\r\n ");
      p += TOKEN_MAX;
      token -= TOKEN_MAX;
      column = 1;
    }
    g_string_append_len (out, p, (gssize) token);
    column += 1 + token;
    p += token;
  }
  g_string_append (out, "\r\n");
}

static gboolean
is_attribute_char (gchar c) /* RFC 2231 7 */
{
  return g_ascii_isalnum (c) || strchr ("!#$&+-.^_`{|}~", c) != NULL;
}

/* No ASCII twin beside an encoded value: many readers would prefer the twin. */
void
bm_mime_add_parameter (GString *value, const gchar *name, const gchar *utf8)
{
  if (bm_mime_is_ascii (utf8) && strlen (utf8) <= PARAMETER_PLAIN) {
    g_string_append_printf (value, "; %s=\"", name);
    for (const gchar *p = utf8; *p != '\0'; p++) {
      if (*p == '"' || *p == '\\')
        g_string_append_c (value, '\\');
      g_string_append_c (value, *p);
    }
    g_string_append_c (value, '"');
    return;
  }
  g_autoptr (GString) encoded = g_string_new ("utf-8''");
  guint piece = 0;
  for (const gchar *p = utf8;; p++) {
    gboolean character_start = ((guchar) *p & 0xc0) != 0x80;
    if (*p == '\0' || (encoded->len > PARAMETER_PIECE && character_start)) {
      g_string_append_printf (value, "; %s*%u*=%s", name, piece++, encoded->str);
      g_string_truncate (encoded, 0);
    }
    if (*p == '\0')
      break;
    if (is_attribute_char (*p))
      g_string_append_c (encoded, *p);
    else
      g_string_append_printf (encoded, "%%%02X", (guint) (guchar) *p);
  }
}

/* Encoded words in a quoted string would be wrong (RFC 2047 5) and a twin in the same field as the
 * encoded value a duplicate: so plain ASCII, accents dropped, '_' for what has none. */
void
bm_mime_add_old_parameter (GString *value, const gchar *name, const gchar *utf8)
{
  g_autofree gchar *apart = g_utf8_normalize (utf8, -1, G_NORMALIZE_ALL);
  g_autoptr (GString) plain = g_string_new (NULL);
  for (const gchar *p = apart != NULL ? apart : utf8; *p != '\0' && plain->len < PARAMETER_PLAIN;
       p = g_utf8_next_char (p)) {
    gunichar c = g_utf8_get_char (p);
    if (!g_unichar_ismark (c))
      g_string_append_c (plain, c < 0x80 ? (gchar) c : '_');
  }
  bm_mime_add_parameter (value, name, plain->str);
}

gchar *
bm_mime_date (gint64 unix_time)
{
  static const gchar *const days[] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
  static const gchar *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  g_autoptr (GDateTime) when = g_date_time_new_from_unix_utc (unix_time);
  return g_strdup_printf (
      "%s, %02d %s %04d %02d:%02d:%02d +0000", days[g_date_time_get_day_of_week (when) - 1],
      g_date_time_get_day_of_month (when), months[g_date_time_get_month (when) - 1],
      g_date_time_get_year (when), g_date_time_get_hour (when), g_date_time_get_minute (when),
      g_date_time_get_second (when));
}

gchar *
bm_mime_hash (const gchar *const *parts, guint n)
{
  g_autoptr (GChecksum) checksum = g_checksum_new (G_CHECKSUM_SHA256);
  for (guint i = 0; i < n; i++) {
    const gchar *part = parts[i] != NULL ? parts[i] : "";
    g_checksum_update (checksum, (const guchar *) part, (gssize) strlen (part) + 1);
  }
  return g_strndup (g_checksum_get_string (checksum), 40);
}
