/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* What an RTF body was made from, see bm-rtf.h. Any thread. */
#include "text/bm-rtf.h"

#include "text/bm-rtf-lexer.h"

#include <string.h>

#define KIND_TOKENS_MAX 60u /* [MS-OXRTFEX] says 10; other writers are more talkative */

BmRtfKind
bm_rtf_kind (const guint8 *data, gsize size)
{
  BmRtfLexer lexer;
  bm_rtf_lexer_init (&lexer, data, size);
  for (guint i = 0; i < KIND_TOKENS_MAX && bm_rtf_lexer_next (&lexer); i++) {
    if (lexer.kind != BM_RTF_WORD)
      continue;
    if (strcmp (lexer.word, "fromhtml") == 0 && (!lexer.has_number || lexer.number != 0))
      return BM_RTF_FROM_HTML;
    if (strcmp (lexer.word, "fromtext") == 0)
      return BM_RTF_FROM_TEXT;
  }
  return BM_RTF_NATIVE;
}

gboolean
bm_rtf_is_rtf (const guint8 *data, gsize size)
{
  return size >= 5 && memcmp (data, "{\\rtf", 5) == 0;
}
