/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* See bm-html.h: what HTML says about its character set and what it refers to. Any thread. */
#include "text/bm-html.h"

#include "text/bm-charset-table.h"
#include "text/bm-charset.h"
#include "text/bm-html-scan.h"

#include <string.h>

#define DETECT_MAX    65536 /* newsletters have their styles first */
#define REFERENCE_MAX 2048

/* A piece of the source that names a character set. */
typedef struct {
  const gchar *start;
  gsize size;
} Span;

static const gchar *
find_word (const gchar *text, gsize size, const gchar *word)
{
  gsize n = strlen (word);
  for (gsize i = 0; i + n <= size; i++)
    if (g_ascii_strncasecmp (text + i, word, n) == 0)
      return text + i;
  return NULL;
}

/* The value after `word` and "=", perhaps quoted: "text/html; charset=utf-8". */
static Span
value_after (const gchar *text, gsize size, const gchar *word)
{
  const gchar *end = text + size;
  const gchar *p = find_word (text, size, word);
  if (p == NULL)
    return (Span){NULL, 0};
  p += strlen (word);
  while (p < end && g_ascii_isspace (*p))
    p++;
  if (p == end || *p != '=')
    return (Span){NULL, 0};
  p++;
  while (p < end && (g_ascii_isspace (*p) || *p == '"' || *p == '\''))
    p++;
  const gchar *start = p;
  while (p < end && (g_ascii_isalnum (*p) || strchr ("-_:.+()", *p) != NULL) && *p != '\0')
    p++;
  return (Span){start, (gsize) (p - start)};
}

/* The place where the token names a character set; size 0 when it does not. */
static Span
charset_span (const BmHtmlScan *scan)
{
  Span span = {NULL, 0};
  if (scan->kind == BM_HTML_OTHER && scan->size > 5 && memcmp (scan->text, "<?xml", 5) == 0)
    return value_after (scan->text, scan->size, "encoding");
  if (scan->kind != BM_HTML_TAG || scan->closing || strcmp (scan->name, "meta") != 0)
    return span;
  g_autofree gchar *equiv = bm_html_scan_attribute (scan, "http-equiv");
  BmHtmlAttribute attribute;
  bm_html_attribute_init (&attribute, scan);
  while (bm_html_attribute_next (&attribute)) {
    if (strcmp (attribute.name, "charset") == 0 && attribute.size > 0)
      return (Span){attribute.value, attribute.size};
    if (strcmp (attribute.name, "content") == 0 && equiv != NULL &&
        g_ascii_strcasecmp (g_strstrip (equiv), "content-type") == 0)
      span = value_after (attribute.value, attribute.size, "charset");
  }
  return span;
}

static gboolean
is_utf16 (const gchar *label)
{
  const gchar *charset = bm_charset_from_name (label);
  return charset != NULL && g_str_has_prefix (charset, "UTF-16");
}

gchar *
bm_html_detect_charset (const guint8 *data, gsize size)
{
  if (size >= 3 && memcmp (data, "\xEF\xBB\xBF", 3) == 0)
    return g_strdup ("utf-8");
  if (size >= 2 && (memcmp (data, "\xFF\xFE", 2) == 0 || memcmp (data, "<\0", 2) == 0))
    return g_strdup ("utf-16le");
  if (size >= 2 && (memcmp (data, "\xFE\xFF", 2) == 0 || memcmp (data, "\0<", 2) == 0))
    return g_strdup ("utf-16be");
  BmHtmlScan scan;
  bm_html_scan_init (&scan, (const gchar *) data, MIN (size, (gsize) DETECT_MAX));
  while (bm_html_scan_next (&scan)) {
    Span span = charset_span (&scan);
    if (span.size == 0)
      continue;
    g_autofree gchar *label = g_strstrip (g_strndup (span.start, span.size));
    /* Read in single bytes, so it is not UTF-16 (WHATWG 13.2.3.2 says the same). */
    return is_utf16 (label) ? g_strdup ("utf-8") : g_steal_pointer (&label);
  }
  return NULL;
}

gchar *
bm_html_set_charset_utf8 (const gchar *html)
{
  GString *out = g_string_new (NULL);
  const gchar *copied = html;
  BmHtmlScan scan;
  bm_html_scan_init (&scan, html, strlen (html));
  while (bm_html_scan_next (&scan)) {
    Span span = charset_span (&scan);
    if (span.size == 0 || (span.size == 5 && g_ascii_strncasecmp (span.start, "utf-8", 5) == 0))
      continue;
    g_string_append_len (out, copied, span.start - copied);
    g_string_append (out, "utf-8");
    copied = span.start + span.size;
  }
  g_string_append (out, copied);
  return g_string_free (out, FALSE);
}

/* Bytes from 0x80 on that stand together, as the characters of East Asian sets do; accents in a text
 * of a western set stand alone. */
static gboolean
stands_in_pairs (const guint8 *data, gsize size)
{
  gsize high = 0, together = 0;
  for (gsize i = 0; i < size; i++)
    if (data[i] >= 0x80) {
      high++;
      together += (i > 0 && data[i - 1] >= 0x80) || (i + 1 < size && data[i + 1] >= 0x80);
    }
  return high >= 8 && together * 10 >= high * 7;
}

/* What the bytes declare fits as only the truth does, and what came beside them fits anything. */
static gboolean
is_proven (const guint8 *data, gsize size, const BmCharsetRow *detected,
           const BmCharsetRow *declared)
{
  gboolean guessed = TRUE, lossy = TRUE;
  if (detected == NULL || declared == NULL || detected == declared)
    return FALSE;
  gboolean western =
      declared->codepage == 1252 || declared->codepage == 28591 || declared->codepage == 28605;
  if (detected->kind == BM_CHARSET_UTF8
          ? bm_charset_is_ascii (data, size)
          : !western || !bm_charset_row_is_multibyte (detected) || !stands_in_pairs (data, size))
    return FALSE;
  g_free (bm_charset_guess_to_utf8 (data, size, detected->iconv, &guessed, &lossy));
  return !guessed && !lossy;
}

gchar *
bm_html_to_utf8 (const guint8 *data, gsize size, const gchar *declared, const gchar *fallback,
                 gboolean *guessed, gboolean *lossy)
{
  g_autofree gchar *detected = bm_html_detect_charset (data, size);
  const BmCharsetRow *rows[] = {bm_charset_row_from_name (declared),
                                bm_charset_row_from_name (detected),
                                bm_charset_row_from_name (fallback)};
  const BmCharsetRow *first = rows[0] != NULL ? rows[0] : rows[1] != NULL ? rows[1] : rows[2];
  gboolean other = FALSE, replaced = FALSE;
  g_autofree gchar *text = NULL;
  if (is_proven (data, size, rows[1], rows[0]))
    rows[0] = rows[1];
  for (guint i = 0; i < G_N_ELEMENTS (rows) && text == NULL; i++) {
    if (rows[i] == NULL)
      continue;
    text = bm_charset_guess_to_utf8 (data, size, rows[i]->iconv, &other, &replaced);
    /* A single-byte set fits nearly anything, so a misfit tells; a multi-byte set that fits but for
     * a few bytes is the right one and the bytes are damaged. */
    if (other || (replaced && !bm_charset_row_is_multibyte (rows[i])))
      g_clear_pointer (&text, g_free);
    else
      other = rows[i] != first;
  }
  if (text == NULL)
    text = bm_charset_guess_to_utf8 (data, size, first != NULL ? first->iconv : NULL, &other,
                                     &replaced);
  if (guessed != NULL)
    *guessed = other;
  if (lossy != NULL)
    *lossy = replaced;
  return bm_html_set_charset_utf8 (text);
}

/* An address without blanks around it; a cid: without percent signs. Takes the value. New. */
static gchar *
plain_reference (gchar *value)
{
  g_autofree gchar *reference = g_strstrip (value);
  if (g_ascii_strncasecmp (reference, "cid:", 4) != 0)
    return g_steal_pointer (&reference);
  g_autofree gchar *plain = g_uri_unescape_string (reference + 4, NULL);
  gboolean usable = plain != NULL && g_utf8_validate (plain, -1, NULL);
  return g_strconcat ("cid:", usable ? plain : reference + 4, NULL);
}

/* Takes the value; keeps it when it can name a part of the message. */
static void
add_reference (GHashTable *references, gchar *value, gboolean only_cid)
{
  g_autofree gchar *reference = plain_reference (value);
  gboolean cid = g_str_has_prefix (reference, "cid:");
  gsize size = strlen (reference);
  if (size == 0 || size > REFERENCE_MAX || *reference == '#' || (only_cid && !cid) ||
      g_ascii_strncasecmp (reference, "data:", 5) == 0)
    return;
  g_hash_table_add (references, g_steal_pointer (&reference));
}

/* The next url(...) from *p on: what is between the brackets. size 0 at the end, or when it is
 * longer than any address. *p moves on. */
static Span
next_url (const gchar **p, const gchar *end)
{
  const gchar *start = *p;
  while (start < end) {
    const gchar *open = memchr (start, '(', (gsize) (end - start));
    if (open == NULL)
      break;
    gboolean url = open - *p >= 3 && g_ascii_strncasecmp (open - 3, "url", 3) == 0 &&
                   (open - *p == 3 || !g_ascii_isalnum (open[-4]));
    start = open + 1;
    const gchar *close = url ? memchr (start, ')', (gsize) (end - start)) : NULL;
    if (url && close == NULL)
      break;
    if (!url)
      continue;
    *p = close;
    if (close - start > REFERENCE_MAX) {
      start = close;
      continue;
    }
    return (Span){start, (gsize) (close - start)};
  }
  *p = end;
  return (Span){end, 0};
}

/* The address in it, without quotes. Entities count in attributes only. New. */
static gchar *
url_value (Span span, gboolean in_attribute)
{
  g_autofree gchar *value =
      in_attribute ? bm_html_decode (span.start, span.size) : g_strndup (span.start, span.size);
  g_strstrip (value);
  gsize n = strlen (value);
  gboolean quoted = n >= 2 && (*value == '"' || *value == '\'') && value[n - 1] == *value;
  return quoted ? g_strstrip (g_strndup (value + 1, n - 2)) : g_steal_pointer (&value);
}

/* Every url(...) of a style sheet or style attribute. */
static void
add_css (GHashTable *references, const gchar *css, gsize size, gboolean in_attribute,
         gboolean only_cid)
{
  const gchar *p = css;
  for (Span span = next_url (&p, css + size); span.size > 0; span = next_url (&p, css + size))
    add_reference (references, url_value (span, in_attribute), only_cid);
}

/* Its value is the address of something that is shown in place. */
static gboolean
is_shown (const BmHtmlAttribute *attribute)
{
  static const gchar *const shown[] = {"src", "background", "data", "poster"};
  for (guint i = 0; i < G_N_ELEMENTS (shown); i++)
    if (strcmp (attribute->name, shown[i]) == 0)
      return TRUE;
  return FALSE;
}

static void
add_tag (GHashTable *references, const BmHtmlScan *scan, gboolean only_cid)
{
  BmHtmlAttribute attribute;
  bm_html_attribute_init (&attribute, scan);
  while (bm_html_attribute_next (&attribute)) {
    g_autofree gchar *value = bm_html_decode (attribute.value, attribute.size);
    if (is_shown (&attribute))
      add_reference (references, g_steal_pointer (&value), only_cid);
    else if (strcmp (attribute.name, "style") == 0)
      add_css (references, attribute.value, attribute.size, TRUE, only_cid);
    else if (strcmp (attribute.name, "href") == 0 && strcmp (scan->name, "link") != 0)
      add_reference (references, g_steal_pointer (&value), TRUE);
  }
}

/* What Word writes for itself in "<!--[if gte vml 1]> ... <![endif]-->" shows the same picture as
 * the fallback behind it: no attachment of its own to anybody. Comments hold no comments. */
static gboolean
is_conditional (const BmHtmlScan *scan, BmHtmlScan *inside)
{
  static const gchar start[] = "<!--[if";
  gsize size = sizeof start - 1;
  if (scan->kind != BM_HTML_OTHER || scan->size <= size ||
      g_ascii_strncasecmp (scan->text, start, size) != 0)
    return FALSE;
  bm_html_scan_init (inside, scan->text + size, scan->size - size);
  return TRUE;
}

static void
add_all (GHashTable *references, BmHtmlScan *scan, gboolean in_comment)
{
  BmHtmlScan inside;
  while (bm_html_scan_next (scan)) {
    if (scan->kind == BM_HTML_RAW && strcmp (scan->name, "style") == 0)
      add_css (references, scan->text, scan->size, FALSE, in_comment);
    else if (scan->kind == BM_HTML_TAG && !scan->closing)
      add_tag (references, scan, in_comment);
    else if (!in_comment && is_conditional (scan, &inside))
      add_all (references, &inside, TRUE);
  }
}

GHashTable *
bm_html_references (const gchar *html)
{
  GHashTable *references = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  BmHtmlScan scan;
  bm_html_scan_init (&scan, html, strlen (html));
  add_all (references, &scan, FALSE);
  return references;
}

/* A copy of the HTML so far, in which places are another text. */
typedef struct {
  GString *out;
  const gchar *copied; /* up to here */
  GHashTable *replacements;
} Copy;

static void
put_instead (Copy *copy, Span span, const gchar *text)
{
  g_string_append_len (copy->out, copy->copied, span.start - copy->copied);
  g_string_append (copy->out, text);
  copy->copied = span.start + span.size;
}

static void
replace_css (Copy *copy, const gchar *css, gsize size, gboolean in_attribute)
{
  const gchar *p = css;
  for (Span span = next_url (&p, css + size); span.size > 0; span = next_url (&p, css + size)) {
    g_autofree gchar *value = plain_reference (url_value (span, in_attribute));
    const gchar *replacement = g_hash_table_lookup (copy->replacements, value);
    if (replacement != NULL) /* it needs no quotes */
      put_instead (copy, span, replacement);
  }
}

static void
replace_in_tag (Copy *copy, const BmHtmlScan *scan)
{
  BmHtmlAttribute attribute;
  bm_html_attribute_init (&attribute, scan);
  while (bm_html_attribute_next (&attribute)) {
    if (strcmp (attribute.name, "style") == 0)
      replace_css (copy, attribute.value, attribute.size, TRUE);
    if (!is_shown (&attribute) || attribute.size == 0)
      continue;
    g_autofree gchar *value = plain_reference (bm_html_decode (attribute.value, attribute.size));
    const gchar *replacement = g_hash_table_lookup (copy->replacements, value);
    if (replacement != NULL)
      put_instead (copy, (Span){attribute.value, attribute.size}, replacement);
  }
}

static void
replace_all (Copy *copy, BmHtmlScan *scan, gboolean in_comment)
{
  BmHtmlScan inside;
  while (bm_html_scan_next (scan)) {
    if (scan->kind == BM_HTML_RAW && strcmp (scan->name, "style") == 0)
      replace_css (copy, scan->text, scan->size, FALSE);
    else if (scan->kind == BM_HTML_TAG && !scan->closing)
      replace_in_tag (copy, scan);
    else if (!in_comment && is_conditional (scan, &inside))
      replace_all (copy, &inside, TRUE);
  }
}

gchar *
bm_html_replace_references (const gchar *html, GHashTable *replacements)
{
  Copy copy = {g_string_sized_new (strlen (html) + 1), html, replacements};
  BmHtmlScan scan;
  bm_html_scan_init (&scan, html, strlen (html));
  replace_all (&copy, &scan, FALSE);
  g_string_append (copy.out, copy.copied);
  return g_string_free (copy.out, FALSE);
}

void
bm_html_escape (GString *out, const gchar *utf8)
{
  for (const gchar *p = utf8; *p != '\0'; p++)
    if (*p == '&')
      g_string_append (out, "&amp;");
    else if (*p == '<')
      g_string_append (out, "&lt;");
    else if (*p == '>')
      g_string_append (out, "&gt;");
    else if (*p == '"')
      g_string_append (out, "&quot;");
    else
      g_string_append_c (out, *p);
}
