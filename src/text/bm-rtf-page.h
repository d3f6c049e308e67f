/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Private to the room: a page of HTML that grows by text, paragraphs, list items, table cells and
 * notes, as a word processor thinks of them. Knows HTML, no RTF. Linear; one thread per page. */
#pragma once

#include "text/bm-rtf-line.h"

G_BEGIN_DECLS

typedef struct _BmPage BmPage;

/* How what stands before a list item counts. */
typedef enum {
  BM_PAGE_LABEL_UNKNOWN, /* to be guessed from the label */
  BM_PAGE_LABEL_BULLET,
  BM_PAGE_LABEL_DECIMAL,
  BM_PAGE_LABEL_LOWER_LETTER,
  BM_PAGE_LABEL_UPPER_LETTER,
  BM_PAGE_LABEL_LOWER_ROMAN,
  BM_PAGE_LABEL_UPPER_ROMAN,
} BmPageLabelKind;

BmPage *bm_page_new (BmFontName font_name, gpointer user);
/* The whole document. Frees the page. */
gchar *bm_page_finish (BmPage *page);

/* See bm_look_link. */
guint32 bm_page_link (BmPage *page, const gchar *address, const gchar *title);
/* Font and size of most of what comes: to be said before anything is written. */
void bm_page_base (BmPage *page, const BmPageFormat *format);
void bm_page_default_tab (BmPage *page, gint twips);
/* Behind all that is written. */
void bm_page_paper (BmPage *page, guint32 colour);

/* See bm_line_text, bm_line_html. */
void bm_page_text (BmPage *page, const BmPageFormat *format, const BmPageBlock *block,
                   const gchar *utf8, gsize size);
void bm_page_html (BmPage *page, const gchar *html, gboolean visible);
void bm_page_item (BmPage *page); /* the paragraph that begins is going to have a label */
/* Ends the paragraph in the table of block->depth, or in none. format: of the mark that ends it;
 * label: what stands before a list item ("1.", a bullet); NULL: no item. */
void bm_page_paragraph (BmPage *page, const BmPageFormat *format, const BmPageBlock *block,
                        const gchar *label, BmPageLabelKind kind);
gboolean bm_page_has_text (const BmPage *page); /* of the paragraph not yet ended */
/* End a cell and a row of the table of that depth, from 1. The paragraph must have been ended. */
void bm_page_cell (BmPage *page, gint depth);
void bm_page_row (BmPage *page, gint depth, const BmPageRow *row, const BmPageColumn *columns,
                  guint n);
/* What comes between stands at the foot of the page. */
void bm_page_note_begin (BmPage *page);
void bm_page_note_end (BmPage *page);
gsize bm_page_size (const BmPage *page); /* bytes so far, about */

G_END_DECLS
