/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The character sets we know. Private to bm-charset.c. Constant data, any thread. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* How a set is decoded. */
typedef enum {
  BM_CHARSET_ICONV,
  BM_CHARSET_UTF8,
  BM_CHARSET_UTF16LE,
  BM_CHARSET_UTF16BE,
  BM_CHARSET_ISO2022JP,
  BM_CHARSET_HZ,
  /* no system has a decoder for it: ours */ /* rewritten to EUC-JP-MS first */
} BmCharsetKind;

typedef struct {
  guint32 codepage;
  BmCharsetKind kind;
  const gchar *iconv; /* name for iconv_open */
  const gchar *mime;  /* preferred MIME name */
} BmCharsetRow;

extern const BmCharsetRow bm_charset_table[];
extern const guint bm_charset_table_size;

/* Row of a code page, or NULL. */
const BmCharsetRow *bm_charset_row_from_codepage (guint32 codepage);
/* Whether a character can take several bytes: then it says something when bytes are valid. */
gboolean bm_charset_row_is_multibyte (const BmCharsetRow *row);
/* Row of any name, or NULL. */
const BmCharsetRow *bm_charset_row_from_name (const gchar *name);

G_END_DECLS
