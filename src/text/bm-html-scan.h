/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* HTML to tags and text. Knows the syntax (roughly the tokenizer of the WHATWG standard, 13.2.5),
 * no meaning but which elements hold raw text. Works on bytes of any ASCII superset; never looks
 * outside the buffer; every call moves forward and nothing is read twice. One thread per scan. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define BM_HTML_NAME_MAX 24

typedef enum {
  BM_HTML_TEXT,  /* text, size: entities not decoded */
  BM_HTML_RAW,   /* text, size: inside the script, style ... whose name is in name */
  BM_HTML_TAG,   /* name, closing, attributes */
  BM_HTML_OTHER, /* comment, doctype, processing instruction: text, size with its brackets */
} BmHtmlKind;

typedef struct {
  const gchar *next;
  const gchar *end;
  BmHtmlKind kind;
  const gchar *text;
  gsize size;
  gchar name[BM_HTML_NAME_MAX + 1]; /* lower case, cut when longer */
  gboolean closing;
  const gchar *attributes; /* of the tag, up to attributes_end */
  const gchar *attributes_end;
  gboolean raw; /* inside an element of raw text */
} BmHtmlScan;

typedef struct {
  const gchar *next;
  const gchar *end;
  gchar name[BM_HTML_NAME_MAX + 1]; /* lower case */
  const gchar *value;               /* not decoded; "" when it has none */
  gsize size;
} BmHtmlAttribute;

void bm_html_scan_init (BmHtmlScan *scan, const gchar *html, gsize size);
/* FALSE at the end. */
gboolean bm_html_scan_next (BmHtmlScan *scan);

/* Iterates over the attributes of the tag just read. */
void bm_html_attribute_init (BmHtmlAttribute *attribute, const BmHtmlScan *scan);
gboolean bm_html_attribute_next (BmHtmlAttribute *attribute);
/* Value of the first attribute of that name with entities decoded, or NULL. New. */
gchar *bm_html_scan_attribute (const BmHtmlScan *scan, const gchar *name);

/* Length of the entity at text ("&amp;", "&#8364;"), its character in *c; 0 when it is none.
 * in_attribute: the semicolon is needed (addresses are full of "&copy=1"). */
gsize bm_html_entity (const gchar *text, gsize size, gboolean in_attribute, gunichar *c);
/* With all entities decoded as in an attribute. New. */
gchar *bm_html_decode (const gchar *text, gsize size);

G_END_DECLS
