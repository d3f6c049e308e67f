/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* See bm-rtf-lexer.h. Must not know what control words mean. */
#include "text/bm-rtf-lexer.h"

#include <string.h>

void
bm_rtf_lexer_init (BmRtfLexer *lexer, const guint8 *data, gsize size)
{
  memset (lexer, 0, sizeof *lexer);
  lexer->next = size > 0 ? data : (const guint8 *) "";
  lexer->end = lexer->next + size;
}

static gsize
left (const BmRtfLexer *lexer)
{
  return (gsize) (lexer->end - lexer->next);
}

static void
read_number (BmRtfLexer *lexer)
{
  gboolean negative = left (lexer) > 1 && *lexer->next == '-' && g_ascii_isdigit (lexer->next[1]);
  if (negative)
    lexer->next++;
  gint64 value = 0;
  while (left (lexer) > 0 && g_ascii_isdigit (*lexer->next)) {
    value = MIN (value * 10 + (*lexer->next - '0'), G_MAXINT32);
    lexer->has_number = TRUE;
    lexer->next++;
  }
  lexer->number = (gint32) (negative ? -value : value);
}

static void
read_word (BmRtfLexer *lexer)
{
  gsize n = 0;
  while (left (lexer) > 0 && g_ascii_isalpha (*lexer->next)) {
    if (n < BM_RTF_WORD_MAX)
      lexer->word[n++] = (gchar) *lexer->next;
    lexer->next++;
  }
  lexer->word[n] = '\0';
  read_number (lexer);
  if (left (lexer) > 0 && *lexer->next == ' ')
    lexer->next++;
  lexer->kind = BM_RTF_WORD;
  if (strcmp (lexer->word, "bin") == 0) {
    lexer->kind = BM_RTF_BINARY;
    lexer->text = lexer->next;
    lexer->size = MIN ((gsize) MAX (lexer->number, 0), left (lexer));
    lexer->next += lexer->size;
  }
}

/* After the backslash. */
static void
read_control (BmRtfLexer *lexer)
{
  if (left (lexer) == 0) {
    lexer->kind = BM_RTF_END;
    return;
  }
  guint8 c = *lexer->next;
  if (g_ascii_isalpha (c)) {
    read_word (lexer);
    return;
  }
  lexer->next++;
  if (c == '\'' && left (lexer) >= 2 && g_ascii_isxdigit (lexer->next[0]) &&
      g_ascii_isxdigit (lexer->next[1])) {
    lexer->byte = (guint8) (g_ascii_xdigit_value ((gchar) lexer->next[0]) << 4 |
                            g_ascii_xdigit_value ((gchar) lexer->next[1]));
    lexer->next += 2;
    lexer->kind = BM_RTF_HEX;
    lexer->text = &lexer->byte;
    lexer->size = 1;
    return;
  }
  lexer->kind = BM_RTF_SYMBOL;
  lexer->symbol = (gchar) c;
}

gboolean
bm_rtf_lexer_next (BmRtfLexer *lexer)
{
  lexer->has_number = FALSE;
  lexer->number = 0;
  lexer->size = 0;
  while (left (lexer) > 0 && memchr ("\r\n", *lexer->next, 3) != NULL) /* and NUL */
    lexer->next++;
  if (left (lexer) == 0) {
    lexer->kind = BM_RTF_END;
    return FALSE;
  }
  guint8 c = *lexer->next;
  if (c == '{' || c == '}') {
    lexer->kind = c == '{' ? BM_RTF_OPEN : BM_RTF_CLOSE;
    lexer->next++;
  } else if (c == '\\') {
    lexer->next++;
    read_control (lexer);
  } else {
    lexer->kind = BM_RTF_BYTES;
    lexer->text = lexer->next;
    while (left (lexer) > 0 && memchr ("{}\\\r\n", *lexer->next, 6) == NULL)
      lexer->next++;
    lexer->size = (gsize) (lexer->next - lexer->text);
  }
  return lexer->kind != BM_RTF_END;
}
