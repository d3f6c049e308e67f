/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Private to bm-rtf-html.c and bm-rtf-looks.c: native RTF on its way to a page of HTML. One thread. */
#pragma once

#include "text/bm-rtf-html-words.h"
#include "text/bm-rtf-list.h"
#include "text/bm-rtf-page.h"
#include "text/bm-rtf-pict.h"
#include "text/bm-rtf-reader.h"

G_BEGIN_DECLS

/* Where visible text of a group goes. */
typedef enum {
  BM_RTF_TO_PAGE,
  BM_RTF_TO_LABEL,
  BM_RTF_TO_FIELD,
  BM_RTF_TO_NAME,
  BM_RTF_TO_NOWHERE,
  BM_RTF_TO_UNSEEN, /* nowhere, but it would be a loss */
} BmRtfTarget;

typedef enum {
  BM_RTF_NO_NAME,
  BM_RTF_NAME_OF_PLACE,
  BM_RTF_NAME_OF_PROPERTY,
  BM_RTF_PROPERTY,
} BmRtfNameKind;

/* What a group inherits and its end restores. */
typedef struct {
  BmPageFormat format;
  BmPageBlock block;
  BmRtfTarget target;
  BmRtfNameKind name; /* what text for BM_RTF_TO_NAME is */
  gint depth;         /* of tables around a box of text */
  gboolean nested;    /* \nesttableprops */
  gboolean note;      /* text of one */
  gboolean background;
  guint field, field_shown; /* depth of the group of the innermost field; see shown */
} BmRtfState;

/* The columns of a row that are said before or behind its cells, and hold for the next ones too. */
typedef struct {
  BmPageRow row;
  BmPageColumn column; /* not yet ended */
  GArray *columns;     /* BmPageColumn */
} BmRtfRow;

typedef struct {
  BmRtfReader *reader;                     /* NULL before and after it */
  const gchar *usual_font, *usual_generic; /* of most of the text */
  BmPage *page;
  BmRtfState now;
  GArray *stack; /* BmRtfState */
  GString *label, *field, *name;
  gboolean has_label;
  BmPageLabelKind old_kind; /* of lists as Word 6 and RichEdit write them */
  BmRtfLists *lists;
  GArray *colours; /* guint32: BM_PAGE_COLOUR | 0xRRGGBB, 0: automatic */
  guint32 colour;
  BmRtfRow rows[2];     /* of tables, of tables in tables */
  BmPageBorder *border; /* that words are about, or NULL */
  guint n_borders;
  guint group;         /* depth of groups; where a captured one began */
  guint captured_from; /* 0: nothing is captured */
  BmRtfHtmlAction capture;
  BmRtfPict pict;
  const gchar *const *objects;
  GPtrArray *pictures;
  guint drawings, drawn; /* drawn: of which there is a picture */
  guint notes;
  guint shown; /* pieces of text, pictures and objects so far */
  gboolean is_fill, complete;
} BmRtfWriter;

/* bm-rtf-looks.c */
void bm_rtf_set_format (BmRtfWriter *writer, const BmPageFormat *format);
void bm_rtf_format_word (BmRtfWriter *writer, const BmRtfHtmlWord *word, const BmRtfLexer *lexer);
void bm_rtf_block_word (BmRtfWriter *writer, const BmRtfHtmlWord *word, gint number);
void bm_rtf_table_word (BmRtfWriter *writer, const BmRtfHtmlWord *word, gint number);
void bm_rtf_border_word (BmRtfWriter *writer, const BmRtfHtmlWord *word, gint number);
/* \par, \cell, \row and the like. */
void bm_rtf_end_word (BmRtfWriter *writer, const BmRtfHtmlWord *word);
void bm_rtf_end_paragraph (BmRtfWriter *writer, gint depth);

G_END_DECLS
