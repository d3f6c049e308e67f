/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Private to the room: the control words that mean something to the text of an RTF document.
 * [MSFT-RTF], [MS-OXRTFEX] 2.1.3. Constant data, any thread. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef enum {
  BM_RTF_DO_CHARACTER, /* value: code point */
  BM_RTF_DO_SKIP,
  BM_RTF_DO_SKIP_IN_HTML,
  BM_RTF_DO_FONT_TABLE,
  BM_RTF_DO_HTML_TAG,
  BM_RTF_DO_UNICODE,
  BM_RTF_DO_UNICODE_COUNT,
  BM_RTF_DO_FONT,
  BM_RTF_DO_FCHARSET,
  BM_RTF_DO_FONT_CODEPAGE,
  BM_RTF_DO_FONT_FAMILY, /* value: BmRtfFontFamily */
  BM_RTF_DO_PLAIN,
  BM_RTF_DO_DEFAULT_FONT,
  BM_RTF_DO_ANSI_CODEPAGE,
  BM_RTF_DO_HEADER_CODEPAGE, /* value: code page */
  BM_RTF_DO_HTML_RTF,
  BM_RTF_DO_HIDDEN,
  BM_RTF_DO_ENTER, /* text that is shown although \* stands before it */
  BM_RTF_DO_TWICE, /* the same in the old way, and then in Unicode */
  BM_RTF_DO_UNICODE_AGAIN,
} BmRtfWordAction;

typedef struct {
  const gchar *name;
  BmRtfWordAction action;
  guint32 value;
} BmRtfWord;

/* NULL: it means nothing. */
const BmRtfWord *bm_rtf_word (const gchar *name);

G_END_DECLS
