/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Private to the room: the control words that mean something to the looks of an RTF document.
 * [MSFT-RTF]. Constant data, any thread. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* What a word does; most set a member of a structure: see BmRtfHtmlWord. In this order, since
 * ranges of them go to the same function. */
typedef enum {
  /* of BmPageFormat */
  BM_RTF_HTML_FORMAT_FLAG,   /* value, or 0 when the word's number is 0 */
  BM_RTF_HTML_FORMAT_SET,    /* value */
  BM_RTF_HTML_FORMAT_NUMBER, /* the word's number */
  BM_RTF_HTML_FORMAT_COLOUR, /* of the table; value: what needs no saying */
  BM_RTF_HTML_RAISE,         /* value: the sign */
  BM_RTF_HTML_FONT,
  BM_RTF_HTML_SIZE,
  BM_RTF_HTML_PLAIN,
  /* of BmPageBlock */
  BM_RTF_HTML_BLOCK_SET,
  BM_RTF_HTML_BLOCK_NUMBER,
  BM_RTF_HTML_BLOCK_COLOUR,
  BM_RTF_HTML_BLOCK_BORDER,
  BM_RTF_HTML_BLOCK_BOX,
  BM_RTF_HTML_TAB,
  BM_RTF_HTML_IN_TABLE,
  BM_RTF_HTML_PARD,
  /* of BmPageColumn and BmPageRow */
  BM_RTF_HTML_COLUMN_SET,
  BM_RTF_HTML_COLUMN_NUMBER,
  BM_RTF_HTML_COLUMN_COLOUR,
  BM_RTF_HTML_COLUMN_BORDER,
  BM_RTF_HTML_COLUMN, /* it ends */
  BM_RTF_HTML_ROW_SET,
  BM_RTF_HTML_ROW_NUMBER,
  BM_RTF_HTML_ROW_BORDER,
  BM_RTF_HTML_ROW_BEGIN,
  /* of the border that was named last */
  BM_RTF_HTML_OTHER_BORDER, /* one that HTML has not */
  BM_RTF_HTML_BORDER_LINE,
  BM_RTF_HTML_BORDER_WIDTH,
  BM_RTF_HTML_BORDER_COLOUR,
  /* ends of something */
  BM_RTF_HTML_PARAGRAPH,
  BM_RTF_HTML_CELL,
  BM_RTF_HTML_ROW,
  /* groups of which nothing is text */
  BM_RTF_HTML_COLOURS,
  BM_RTF_HTML_LISTS,
  BM_RTF_HTML_PICTURE,
  BM_RTF_HTML_DRAWING_RESULT, /* a drawing for programs that know none */
  BM_RTF_HTML_COLOUR_PART,    /* value: its place in a colour */
  BM_RTF_HTML_PICTURE_KIND,   /* value: BmRtfPictureKind */
  BM_RTF_HTML_PICTURE_NUMBER, /* of BmRtfPict */
  /* groups whose text goes elsewhere, or is shown although \* stands before it */
  BM_RTF_HTML_LABEL,
  BM_RTF_HTML_OLD_LIST,
  BM_RTF_HTML_OLD_LIST_KIND, /* value: BmPageLabelKind */
  BM_RTF_HTML_FIELD,
  BM_RTF_HTML_INSTRUCTION,
  BM_RTF_HTML_RESULT,
  BM_RTF_HTML_BOOKMARK,
  BM_RTF_HTML_OBJECT,
  BM_RTF_HTML_ENTER,
  BM_RTF_HTML_NESTED_PROPERTIES,
  BM_RTF_HTML_UNWANTED, /* the same again for programs that know less */
  BM_RTF_HTML_DRAWING,
  BM_RTF_HTML_BOX_TEXT,
  BM_RTF_HTML_DRAWING_VALUE, /* its picture is shown, its words are not */
  BM_RTF_HTML_VALUE_NAME,
  BM_RTF_HTML_VALUE,
  BM_RTF_HTML_BACKGROUND,
  BM_RTF_HTML_FORMULA,
  BM_RTF_HTML_NOTE,
  BM_RTF_HTML_NOTE_NUMBER,
  BM_RTF_HTML_UNSEEN,          /* not part of a mail's page */
  BM_RTF_HTML_UNKNOWN_CONTENT, /* something that is no text, and that nobody reads here */
  BM_RTF_HTML_DEFAULT_TAB,
} BmRtfHtmlAction;

typedef struct {
  const gchar *name;
  BmRtfHtmlAction action;
  gsize offset; /* of the member meant; all have four bytes, borders are structures */
  gint value;
} BmRtfHtmlWord;

/* NULL: it means nothing. */
const BmRtfHtmlWord *bm_rtf_html_word (const gchar *name);

G_END_DECLS
