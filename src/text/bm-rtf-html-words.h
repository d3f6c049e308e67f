/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Private to the room: the control words that mean something to the looks of an RTF document.
 * [MSFT-RTF]. Constant data, any thread. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef enum {
  BM_RTF_NONE,
  BM_RTF_PNG,
  BM_RTF_JPEG,
  BM_RTF_DIB,
  BM_RTF_WMF,
  BM_RTF_EMF
} BmRtfPictureKind;

typedef enum {
  BM_RTF_HTML_BOLD,
  BM_RTF_HTML_ITALIC,
  BM_RTF_HTML_UNDERLINE,
  BM_RTF_HTML_STRIKE,
  BM_RTF_HTML_SCRIPT, /* value: as in BmPageFormat */
  BM_RTF_HTML_FONT,
  BM_RTF_HTML_SIZE,
  BM_RTF_HTML_INK,
  BM_RTF_HTML_PAPER,
  BM_RTF_HTML_PLAIN,
  BM_RTF_HTML_PARD,
  BM_RTF_HTML_ALIGN,
  BM_RTF_HTML_LEFT,
  BM_RTF_HTML_BEFORE,
  BM_RTF_HTML_AFTER,
  BM_RTF_HTML_LEVEL,
  BM_RTF_HTML_IN_TABLE,
  BM_RTF_HTML_RIGHT_TO_LEFT,
  BM_RTF_HTML_PARAGRAPH,
  BM_RTF_HTML_CELL,
  BM_RTF_HTML_ROW,
  BM_RTF_HTML_ROW_BEGIN,
  BM_RTF_HTML_COLUMN,
  BM_RTF_HTML_MERGED,
  BM_RTF_HTML_BORDER,
  BM_RTF_HTML_NESTED_CELL,
  BM_RTF_HTML_NESTED_ROW,
  BM_RTF_HTML_COLOURS,
  BM_RTF_HTML_RED,
  BM_RTF_HTML_GREEN,
  BM_RTF_HTML_BLUE,
  BM_RTF_HTML_PICTURE,
  BM_RTF_HTML_KIND, /* value: Kind */
  BM_RTF_HTML_WIDE,
  BM_RTF_HTML_HIGH,
  BM_RTF_HTML_SCALE_X,
  BM_RTF_HTML_SCALE_Y,
  BM_RTF_HTML_LABEL,
  BM_RTF_HTML_FIELD,
  BM_RTF_HTML_INSTRUCTION,
  BM_RTF_HTML_RESULT,
  BM_RTF_HTML_OBJECT,
  BM_RTF_HTML_ENTER, /* a group whose text is shown although \* stands before it */
  BM_RTF_HTML_DRAWING,
  BM_RTF_HTML_DRAWING_VALUE,  /* its picture is shown, its words are not */
  BM_RTF_HTML_DRAWING_RESULT, /* the same for programs that know no drawings */
} BmRtfHtmlAction;

typedef struct {
  const gchar *name;
  BmRtfHtmlAction action;
  gint value;
} BmRtfHtmlWord;

/* NULL: it means nothing. */
const BmRtfHtmlWord *bm_rtf_html_word (const gchar *name);

G_END_DECLS
