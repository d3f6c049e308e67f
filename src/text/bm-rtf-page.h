/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Private to the room: a page of HTML that grows by text, paragraphs, list items and table cells, as a
 * word processor thinks of them. Knows HTML, no RTF. Linear; one thread per page. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* How characters look. Compared as bytes: begin with zeros. */
typedef struct {
  gboolean bold, italic, underline, strike;
  gint script;        /* 1 above, -1 below the line */
  gint font;          /* the caller's number */
  gint size;          /* half points; 0: unknown */
  guint32 ink, paper; /* BM_PAGE_COLOUR | 0xRRGGBB; 0: whatever it is */
  guint link;         /* bm_page_link; 0: none */
} BmPageFormat;
#define BM_PAGE_COLOUR 0x1000000u

typedef enum { BM_PAGE_LEFT, BM_PAGE_CENTER, BM_PAGE_RIGHT, BM_PAGE_JUSTIFIED } BmPageAlign;

/* How a paragraph looks; lengths in twentieths of a point. */
typedef struct {
  BmPageAlign align;
  gint left, before, after;
  gint level; /* of a list item, from 0 */
  gboolean in_table, right_to_left;
} BmPageBlock;

typedef struct _BmPage BmPage;

/* font_name tells the name of a format's font, "" when unknown. */
BmPage *bm_page_new (const gchar *(*font_name) (gpointer user, gint font), gpointer user);
/* The whole document. Frees the page. */
gchar *bm_page_finish (BmPage *page);

void bm_page_text (BmPage *page, const BmPageFormat *format, const gchar *utf8, gsize size);
/* HTML of the caller's, as it is. */
void bm_page_html (BmPage *page, const gchar *html);
/* Number of a link for BmPageFormat; 0 when the address is not one that may be clicked. */
guint bm_page_link (BmPage *page, const gchar *address);
/* Ends the paragraph. label: what stands before a list item ("1.", a bullet); NULL: no item. */
void bm_page_paragraph (BmPage *page, const BmPageBlock *block, const gchar *label);
gboolean bm_page_has_text (const BmPage *page); /* of the paragraph not yet ended */
void bm_page_cell (BmPage *page);
/* Widths in twentieths of a point, 0 unknown, -1: the cell belongs to the one before it. */
void bm_page_row (BmPage *page, const gint *widths, guint n, gboolean border);
gsize bm_page_size (const BmPage *page); /* bytes so far */

G_END_DECLS
