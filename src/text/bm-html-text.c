/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* See bm-html.h: the readable text of HTML. Must not know MAPI, MIME or files. Any thread.
 *
 * A line-oriented writer: blocks do not write line ends, they ask for a number of them; the next
 * content pays. So empty blocks cost nothing, "text<br></div>" ends one line and not two, and a
 * paragraph of one no-break space (Outlook's empty line) is content that shows as a blank line.
 */
#include "text/bm-html.h"

#include "text/bm-html-scan.h"

#include <stdlib.h>
#include <string.h>

#define LISTS_MAX  32u
#define INDENT_MAX 8u

typedef struct {
  gboolean ordered;
  guint count;
} List;

typedef struct {
  GString *out;
  guint wanted;       /* line ends asked for */
  guint ends;         /* line ends since the last content */
  gboolean any;       /* something was written */
  gboolean space;     /* collapsed white space before the next word */
  gboolean tab;       /* a new cell starts */
  guint pre;          /* open <pre> */
  gboolean tight;     /* the paragraph has no margins */
  gboolean pre_start; /* nothing came after <pre> yet: a line end there is none */
  List lists[LISTS_MAX];
  guint depth;      /* open lists, perhaps more than LISTS_MAX */
  gchar bullet[24]; /* before the next content; "" = none */
  gchar *href;      /* of the open link */
  gsize link_start;
} Writer;

static void
trim_blanks (GString *out)
{
  gsize n = out->len;
  while (n > 0 && (out->str[n - 1] == ' ' || out->str[n - 1] == '\t'))
    n--;
  g_string_truncate (out, n);
}

static void
end_line (Writer *writer)
{
  trim_blanks (writer->out);
  g_string_append_c (writer->out, '\n');
  writer->ends++;
  writer->space = writer->tab = FALSE;
}

static void
want_lines (Writer *writer, guint count)
{
  writer->wanted = MAX (writer->wanted, count);
  writer->space = writer->tab = FALSE;
}

static void
indent (Writer *writer, guint levels)
{
  for (guint i = 0; i < MIN (levels, INDENT_MAX); i++)
    g_string_append (writer->out, "  ");
}

/* Pays the debts: line ends, the bullet, a tab or space. */
static void
before_content (Writer *writer)
{
  while (writer->any && writer->ends < writer->wanted)
    end_line (writer);
  writer->wanted = 0;
  gboolean fresh = !writer->any || writer->ends > 0;
  if (writer->bullet[0] != '\0') {
    indent (writer, writer->depth > 0 ? writer->depth - 1 : 0);
    g_string_append (writer->out, writer->bullet);
    writer->bullet[0] = '\0';
  } else if (fresh && writer->depth > 0) {
    indent (writer, writer->depth);
  } else if (!fresh && (writer->tab || writer->space)) {
    g_string_append_c (writer->out, writer->tab ? '\t' : ' ');
  }
  writer->space = writer->tab = FALSE;
  writer->any = TRUE;
  writer->pre_start = FALSE;
  writer->ends = 0;
}

static void
put_line_break (Writer *writer)
{
  if (!writer->any)
    return;
  before_content (writer);
  end_line (writer);
}

/* A no-break space is content, but as plain text an ordinary blank. */
static void
put_character (Writer *writer, gunichar c)
{
  before_content (writer);
  g_string_append_unichar (writer->out, c == 0xA0 ? ' ' : c);
}

static void
put_preformatted (Writer *writer, gchar c)
{
  if (c == '\n') {
    if (!writer->pre_start)
      put_line_break (writer);
    writer->pre_start = FALSE;
  } else if (c != '\r') {
    before_content (writer);
    g_string_append_c (writer->out, c);
  }
}

/* Length of the run of bytes at text that need no thought. */
static gsize
plain_run (const gchar *text, gsize size)
{
  gsize i = 0;
  while (i < size && (guchar) text[i] > ' ' && text[i] != '&' && (guchar) text[i] != 0xC2)
    i++;
  return i;
}

static void
put_text (Writer *writer, const gchar *text, gsize size)
{
  gsize i = 0;
  while (i < size) {
    gsize run = plain_run (text + i, size - i);
    gunichar c;
    gsize entity = run > 0 ? 0 : bm_html_entity (text + i, size - i, FALSE, &c);
    if (run > 0) {
      before_content (writer);
      g_string_append_len (writer->out, text + i, (gssize) run);
      i += run;
    } else if (entity > 0) {
      put_character (writer, c);
      i += entity;
    } else if ((guchar) text[i] == 0xC2 && size - i >= 2 && (guchar) text[i + 1] == 0xA0) {
      put_character (writer, 0xA0);
      i += 2;
    } else if ((guchar) text[i] <= ' ' && writer->pre == 0) {
      writer->space = TRUE;
      i++;
    } else if ((guchar) text[i] <= ' ') {
      put_preformatted (writer, text[i++]);
    } else {
      before_content (writer);
      g_string_append_c (writer->out, text[i++]);
    }
  }
}

/* "http://www.x.org/" shown as "www.x.org" needs no repetition. */
static gboolean
same_address (const gchar *href, const gchar *shown, gsize size)
{
  static const gchar *const prefixes[] = {"mailto:", "http://", "https://", "ftp://"};
  gsize n = strlen (href);
  for (guint i = 0; i < G_N_ELEMENTS (prefixes); i++) {
    gsize k = strlen (prefixes[i]);
    if (n >= k && g_ascii_strncasecmp (href, prefixes[i], k) == 0) {
      href += k;
      n -= k;
    }
    if (size >= k && g_ascii_strncasecmp (shown, prefixes[i], k) == 0) {
      shown += k;
      size -= k;
    }
  }
  n -= n > 0 && href[n - 1] == '/';
  size -= size > 0 && shown[size - 1] == '/';
  return n == size && g_ascii_strncasecmp (href, shown, n) == 0;
}

static void
close_link (Writer *writer)
{
  g_autofree gchar *href = g_steal_pointer (&writer->href);
  if (href == NULL || writer->out->len <= writer->link_start)
    return;
  const gchar *shown = writer->out->str + writer->link_start;
  gsize size = writer->out->len - writer->link_start;
  while (size > 0 && g_ascii_isspace (*shown)) {
    shown++;
    size--;
  }
  while (size > 0 && g_ascii_isspace (shown[size - 1]))
    size--;
  if (size == 0 || same_address (href, shown, size))
    return;
  const gchar *address = g_ascii_strncasecmp (href, "mailto:", 7) == 0 ? href + 7 : href;
  gboolean space = writer->space;
  writer->space = TRUE;
  before_content (writer);
  g_string_append_printf (writer->out, "<%s>", address);
  writer->space = space;
}

static void
open_link (Writer *writer, const BmHtmlScan *scan)
{
  static const gchar *const shown[] = {"http://", "https://", "ftp://", "mailto:", "file:", "tel:"};
  close_link (writer);
  g_autofree gchar *href = bm_html_scan_attribute (scan, "href");
  if (href == NULL)
    return;
  g_strstrip (href);
  for (gchar *p = href; *p != '\0'; p++)
    if ((guchar) *p < ' ')
      *p = ' ';
  for (guint i = 0; i < G_N_ELEMENTS (shown); i++)
    if (g_ascii_strncasecmp (href, shown[i], strlen (shown[i])) == 0 &&
        strlen (href) > strlen (shown[i])) {
      writer->href = g_steal_pointer (&href);
      writer->link_start = writer->out->len;
      return;
    }
}

static void
put_image (Writer *writer, const BmHtmlScan *scan)
{
  g_autofree gchar *alt = bm_html_scan_attribute (scan, "alt");
  if (alt == NULL || *g_strstrip (alt) == '\0')
    return;
  before_content (writer);
  g_string_append_c (writer->out, '[');
  for (const gchar *p = alt; *p != '\0'; p++)
    g_string_append_c (writer->out, (guchar) *p < ' ' ? ' ' : *p);
  g_string_append_c (writer->out, ']');
}

/* Outlook's paragraphs have no margin, and the first of a list item stands beside the bullet. */
static guint
paragraph_lines (Writer *writer, const BmHtmlScan *scan)
{
  if (scan->closing)
    return writer->tight ? 1 : 2;
  g_autofree gchar *class = bm_html_scan_attribute (scan, "class");
  writer->tight = class != NULL && g_ascii_strncasecmp (class, "Mso", 3) == 0;
  return writer->tight || writer->bullet[0] != '\0' ? 1 : 2;
}

static void
put_list (Writer *writer, gboolean ordered, gboolean closing)
{
  want_lines (writer, writer->depth > (closing ? 1u : 0u) ? 1 : 2);
  writer->bullet[0] = '\0';
  if (closing) {
    writer->depth -= writer->depth > 0;
    return;
  }
  if (writer->depth < LISTS_MAX)
    writer->lists[writer->depth] = (List){.ordered = ordered};
  writer->depth++;
}

static void
put_item (Writer *writer, gboolean closing)
{
  want_lines (writer, 1);
  writer->bullet[0] = '\0';
  if (closing)
    return;
  List *list = writer->depth > 0 ? &writer->lists[MIN (writer->depth, LISTS_MAX) - 1] : NULL;
  if (list != NULL && list->ordered)
    g_snprintf (writer->bullet, sizeof writer->bullet, "%u. ", ++list->count);
  else
    g_strlcpy (writer->bullet, "- ", sizeof writer->bullet);
}

typedef enum {
  TAG_BLOCK,  /* a line of its own */
  TAG_SPACED, /* with blank lines around */
  TAG_PARAGRAPH,
  TAG_BREAK,
  TAG_RULE,
  TAG_CELL,
  TAG_PRE,
  TAG_ORDERED,
  TAG_UNORDERED,
  TAG_ITEM,
  TAG_LINK,
  TAG_IMAGE,
} TagAction;

typedef struct {
  const gchar *name;
  TagAction action;
} Tag;

/* Sorted, for bsearch. */
static const Tag tags[] = {
    {"a", TAG_LINK},        {"address", TAG_BLOCK},     {"article", TAG_BLOCK},
    {"aside", TAG_BLOCK},   {"blockquote", TAG_SPACED}, {"body", TAG_BLOCK},
    {"br", TAG_BREAK},      {"caption", TAG_BLOCK},     {"center", TAG_BLOCK},
    {"dd", TAG_BLOCK},      {"div", TAG_BLOCK},         {"dl", TAG_SPACED},
    {"dt", TAG_BLOCK},      {"fieldset", TAG_BLOCK},    {"figure", TAG_BLOCK},
    {"footer", TAG_BLOCK},  {"form", TAG_BLOCK},        {"h1", TAG_SPACED},
    {"h2", TAG_SPACED},     {"h3", TAG_SPACED},         {"h4", TAG_SPACED},
    {"h5", TAG_SPACED},     {"h6", TAG_SPACED},         {"head", TAG_BLOCK},
    {"header", TAG_BLOCK},  {"hr", TAG_RULE},           {"html", TAG_BLOCK},
    {"img", TAG_IMAGE},     {"legend", TAG_BLOCK},      {"li", TAG_ITEM},
    {"main", TAG_BLOCK},    {"nav", TAG_BLOCK},         {"ol", TAG_ORDERED},
    {"option", TAG_BLOCK},  {"p", TAG_PARAGRAPH},       {"pre", TAG_PRE},
    {"section", TAG_BLOCK}, {"select", TAG_BLOCK},      {"table", TAG_BLOCK},
    {"tbody", TAG_BLOCK},   {"td", TAG_CELL},           {"th", TAG_CELL},
    {"thead", TAG_BLOCK},   {"tr", TAG_BLOCK},          {"ul", TAG_UNORDERED},
};

static int
compare_tag (gconstpointer name, gconstpointer tag)
{
  return strcmp (name, ((const Tag *) tag)->name);
}

static void
put_rule (Writer *writer)
{
  want_lines (writer, 1);
  before_content (writer);
  g_string_append (writer->out, "________________________________");
  want_lines (writer, 1);
}

static void
put_tag (Writer *writer, const BmHtmlScan *scan)
{
  const Tag *tag = bsearch (scan->name, tags, G_N_ELEMENTS (tags), sizeof tags[0], compare_tag);
  if (tag == NULL)
    return;
  switch (tag->action) {
  case TAG_BLOCK:
    want_lines (writer, 1);
    break;
  case TAG_SPACED:
    want_lines (writer, 2);
    break;
  case TAG_PARAGRAPH:
    want_lines (writer, paragraph_lines (writer, scan));
    break;
  case TAG_BREAK:
    put_line_break (writer);
    break;
  case TAG_RULE:
    put_rule (writer);
    break;
  case TAG_CELL:
    writer->tab = writer->tab || (!scan->closing && writer->wanted == 0);
    break;
  case TAG_PRE:
    want_lines (writer, 2);
    writer->pre_start = !scan->closing;
    writer->pre = scan->closing ? writer->pre - (writer->pre > 0) : writer->pre + 1;
    break;
  case TAG_ORDERED:
  case TAG_UNORDERED:
    put_list (writer, tag->action == TAG_ORDERED, scan->closing);
    break;
  case TAG_ITEM:
    put_item (writer, scan->closing);
    break;
  case TAG_LINK:
    if (scan->closing)
      close_link (writer);
    else
      open_link (writer, scan);
    break;
  case TAG_IMAGE:
    if (!scan->closing)
      put_image (writer, scan);
    break;
  }
}

gchar *
bm_html_to_text (const gchar *html, gsize size)
{
  Writer writer = {.out = g_string_new (NULL)};
  BmHtmlScan scan;
  bm_html_scan_init (&scan, html, size);
  while (bm_html_scan_next (&scan)) {
    if (scan.kind == BM_HTML_TEXT)
      put_text (&writer, scan.text, scan.size);
    else if (scan.kind == BM_HTML_TAG)
      put_tag (&writer, &scan);
  }
  close_link (&writer);
  /* Blank lines at the end say nothing; one line end closes the last line. */
  while (writer.out->len > 0 && g_ascii_isspace (writer.out->str[writer.out->len - 1]))
    g_string_truncate (writer.out, writer.out->len - 1);
  if (writer.out->len > 0)
    g_string_append_c (writer.out, '\n');
  return g_string_free (writer.out, FALSE);
}
