/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* See bm-html-scan.h. Must not know what tags mean. Any thread.
 * What is left open at the end (a quote, a comment) swallows the rest, as in browsers: looking
 * again from a later place would be quadratic. */
#include "text/bm-html-scan.h"

#include "text/bm-html-entities.h"

#include <string.h>

void
bm_html_scan_init (BmHtmlScan *scan, const gchar *html, gsize size)
{
  memset (scan, 0, sizeof *scan);
  scan->next = size > 0 ? html : "";
  scan->end = scan->next + size;
}

static gboolean
is_space (gchar c)
{
  return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f';
}

static const gchar *
find_char (const gchar *from, const gchar *end, gchar c)
{
  const gchar *found = from < end ? memchr (from, c, (gsize) (end - from)) : NULL;
  return found == NULL ? end : found;
}

/* Copies a name in lower case up to one of the stop characters or a blank. */
static const gchar *
read_name (const gchar *from, const gchar *end, const gchar *stops, gchar *name)
{
  gsize n = 0;
  const gchar *p = from;
  /* The first character belongs to the name whatever it is, so that every call moves on. */
  while (p < end && (p == from || (!is_space (*p) && strchr (stops, *p) == NULL))) {
    if (n < BM_HTML_NAME_MAX)
      name[n++] = g_ascii_tolower (*p);
    p++;
  }
  name[n] = '\0';
  return p;
}

gboolean
bm_html_attribute_next (BmHtmlAttribute *attribute)
{
  const gchar *p = attribute->next, *end = attribute->end;
  while (p < end && (is_space (*p) || *p == '/'))
    p++;
  attribute->next = p;
  attribute->value = "";
  attribute->size = 0;
  if (p == end || *p == '>')
    return FALSE;
  p = read_name (p, end, "=/>", attribute->name);
  attribute->next = p;
  while (p < end && is_space (*p))
    p++;
  if (p == end || *p != '=')
    return TRUE;
  p++;
  while (p < end && is_space (*p))
    p++;
  if (p < end && (*p == '"' || *p == '\'')) {
    gchar quote = *p++;
    attribute->value = p;
    p = find_char (p, end, quote);
    attribute->size = (gsize) (p - attribute->value);
    attribute->next = p < end ? p + 1 : end;
    return TRUE;
  }
  attribute->value = p;
  while (p < end && !is_space (*p) && *p != '>')
    p++;
  attribute->size = (gsize) (p - attribute->value);
  attribute->next = p;
  return TRUE;
}

void
bm_html_attribute_init (BmHtmlAttribute *attribute, const BmHtmlScan *scan)
{
  memset (attribute, 0, sizeof *attribute);
  attribute->next = scan->attributes;
  attribute->end = scan->attributes_end;
}

gchar *
bm_html_scan_attribute (const BmHtmlScan *scan, const gchar *name)
{
  BmHtmlAttribute attribute;
  bm_html_attribute_init (&attribute, scan);
  while (bm_html_attribute_next (&attribute))
    if (strcmp (attribute.name, name) == 0)
      return bm_html_decode (attribute.value, attribute.size);
  return NULL;
}

static gboolean
holds_raw_text (const gchar *name)
{
  static const gchar *const elements[] = {"script", "style",    "title",  "xml",
                                          "iframe", "noframes", "noembed"};
  for (guint i = 0; i < G_N_ELEMENTS (elements); i++)
    if (strcmp (name, elements[i]) == 0)
      return TRUE;
  return FALSE;
}

/* At "<" or "</" before a letter. */
static void
read_tag (BmHtmlScan *scan)
{
  const gchar *p = scan->next + 1;
  scan->closing = *p == '/';
  p = read_name (scan->closing ? p + 1 : p, scan->end, "/>", scan->name);
  scan->kind = BM_HTML_TAG;
  scan->attributes = p;
  BmHtmlAttribute attribute = {.next = p, .end = scan->end};
  while (bm_html_attribute_next (&attribute))
    ;
  scan->attributes_end = attribute.next;
  scan->next = attribute.next < scan->end ? attribute.next + 1 : scan->end;
  /* "<title/>" swallows the page in a browser; the text of a mail is worth more than that. */
  gboolean empty = scan->attributes_end > scan->attributes && scan->attributes_end[-1] == '/';
  scan->raw = !scan->closing && !empty && holds_raw_text (scan->name);
}

/* Up to the end tag of the element. */
static void
read_raw (BmHtmlScan *scan)
{
  gsize n = strlen (scan->name);
  const gchar *p = scan->next;
  while (p < scan->end) {
    p = find_char (p, scan->end, '<');
    if ((gsize) (scan->end - p) > n + 2 && p[1] == '/' &&
        g_ascii_strncasecmp (p + 2, scan->name, n) == 0 && !g_ascii_isalnum (p[n + 2]))
      break;
    if (p < scan->end)
      p++;
  }
  scan->kind = BM_HTML_RAW;
  scan->text = scan->next;
  scan->size = (gsize) (p - scan->next);
  scan->next = p;
  scan->raw = FALSE;
}

/* At "<!", "<?" or "</" before something that is no name. */
static void
read_other (BmHtmlScan *scan)
{
  const gchar *p = scan->next, *end = scan->end;
  const gchar *close;
  if (end - p >= 4 && memcmp (p, "<!--", 4) == 0) {
    close = p + 4;
    if (close < end && *close != '>' && !(end - close >= 2 && memcmp (close, "->", 2) == 0)) {
      const gchar *found = memmem (close, (gsize) (end - close), "-->", 3);
      close = found == NULL ? end : found + 2;
    } else if (close < end && *close == '-') {
      close++;
    }
  } else {
    close = find_char (p, end, '>');
  }
  scan->kind = BM_HTML_OTHER;
  scan->text = p;
  scan->next = close < end ? close + 1 : end;
  scan->size = (gsize) (scan->next - p);
}

gboolean
bm_html_scan_next (BmHtmlScan *scan)
{
  const gchar *p = scan->next, *end = scan->end;
  if (p >= end)
    return FALSE;
  if (scan->raw) {
    read_raw (scan);
    if (scan->size > 0)
      return TRUE;
    p = scan->next;
    if (p >= end)
      return FALSE;
  }
  if (*p == '<' && end - p >= 2) {
    gboolean slash = p[1] == '/' && end - p >= 3;
    if (g_ascii_isalpha (p[1]) || (slash && g_ascii_isalpha (p[2]))) {
      read_tag (scan);
      return TRUE;
    }
    if (slash || p[1] == '!' || p[1] == '?') {
      read_other (scan);
      return TRUE;
    }
  }
  scan->kind = BM_HTML_TEXT;
  scan->text = p;
  scan->next = find_char (p + 1, end, '<');
  scan->size = (gsize) (scan->next - p);
  return TRUE;
}

/* Windows-1252 where HTML numbers mean it (WHATWG 13.2.5.80). */
static gunichar
fix_number (guint32 number)
{
  static const gunichar2 c1[32] = {0x20AC, 0x81,   0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021,
                                   0x02C6, 0x2030, 0x0160, 0x2039, 0x0152, 0x8D,   0x017D, 0x8F,
                                   0x90,   0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014,
                                   0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0x9D,   0x017E, 0x0178};
  if (number >= 0x80 && number <= 0x9F)
    return c1[number - 0x80];
  return number == 0 || !g_unichar_validate (number) ? 0xFFFD : number;
}

static gsize
numeric_entity (const gchar *text, gsize size, gunichar *c)
{
  gsize i = 2;
  gboolean hex = size > 2 && (text[2] == 'x' || text[2] == 'X');
  i += hex;
  gsize first = i;
  guint32 number = 0;
  while (i < size && (hex ? g_ascii_isxdigit (text[i]) : g_ascii_isdigit (text[i]))) {
    number = MIN (number * (hex ? 16 : 10) + (guint32) g_ascii_xdigit_value (text[i]), 0x110000u);
    i++;
  }
  if (i == first)
    return 0;
  *c = fix_number (number);
  return i + (i < size && text[i] == ';');
}

gsize
bm_html_entity (const gchar *text, gsize size, gboolean in_attribute, gunichar *c)
{
  gchar name[12]; /* the longest is thetasym */
  gsize n = 0;
  if (size < 3 || text[0] != '&')
    return 0;
  if (text[1] == '#')
    return numeric_entity (text, size, c);
  while (n + 1 < size && n + 1 < sizeof name && g_ascii_isalnum (text[n + 1])) {
    name[n] = text[n + 1];
    n++;
  }
  name[n] = '\0';
  gboolean semicolon = n + 1 < size && text[n + 1] == ';';
  *c = semicolon || !in_attribute ? bm_html_entities_lookup (name) : 0;
  return *c == 0 ? 0 : n + 1 + semicolon;
}

gchar *
bm_html_decode (const gchar *text, gsize size)
{
  GString *out = g_string_sized_new (size + 1);
  gsize i = 0;
  while (i < size) {
    gunichar c;
    gsize n = bm_html_entity (text + i, size - i, TRUE, &c);
    if (n > 0) {
      g_string_append_unichar (out, c);
      i += n;
    } else {
      g_string_append_c (out, text[i++]);
    }
  }
  return g_string_free (out, FALSE);
}
