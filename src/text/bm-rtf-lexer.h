/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* RTF bytes to tokens. Knows the syntax ([MSFT-RTF] "RTF Syntax"), no meaning of any control word
 * but \bin, whose data would be taken for syntax. Never looks outside the buffer; every call moves
 * forward. One thread per lexer. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef enum {
  BM_RTF_END,    /* no more bytes */
  BM_RTF_OPEN,   /* { */
  BM_RTF_CLOSE,  /* } */
  BM_RTF_WORD,   /* \name or \name-12: word, has_number, number */
  BM_RTF_SYMBOL, /* \~ and such: symbol */
  BM_RTF_HEX,    /* \'e4: text points to the one byte meant */
  BM_RTF_BYTES,  /* plain text: text, size; no CR, LF or NUL, which mean nothing */
  BM_RTF_BINARY, /* \binN with its data */
} BmRtfTokenKind;

#define BM_RTF_WORD_MAX 32

typedef struct {
  const guint8 *next;
  const guint8 *end;
  BmRtfTokenKind kind;
  gchar word[BM_RTF_WORD_MAX + 1];
  gboolean has_number;
  gint32 number; /* clamped */
  gchar symbol;
  guint8 byte;
  const guint8 *text;
  gsize size;
} BmRtfLexer;

void bm_rtf_lexer_init (BmRtfLexer *lexer, const guint8 *data, gsize size);
/* Reads the next token into the lexer's members. FALSE at the end. */
gboolean bm_rtf_lexer_next (BmRtfLexer *lexer);

G_END_DECLS
