/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The character sets we know, and what its decoders lend to the rest of this room. Constant data,
 * any thread. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* How a set is decoded. */
typedef enum {
  BM_CHARSET_ICONV,
  BM_CHARSET_UTF8,
  BM_CHARSET_UTF16LE,
  BM_CHARSET_UTF16BE,
  BM_CHARSET_ISO2022JP, /* rewritten to EUC-JP-MS first */
  BM_CHARSET_HZ,        /* no system has a decoder for it: ours */
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
/* Row of the set that is often meant by the name of this one and holds more; or NULL. */
const BmCharsetRow *bm_charset_row_wider (const BmCharsetRow *row);

/* What a decoder has made. */
typedef struct {
  gchar *text; /* valid UTF-8 without NUL; the caller's to free */
  gsize size;
  gsize bad;  /* sequences without a character: U+FFFD now */
  gsize nuls; /* NULs inside the text that were left out */
} BmCharsetText;

/* bm-charset.c: data as that set says, whatever it is. */
BmCharsetText bm_charset_decode (const guint8 *data, gsize size, const BmCharsetRow *row);

/* bm-charset-guess.c: no byte above 0x7F; one of 0x80 to 0x9F, where ISO 8859 has controls. */
gboolean bm_charset_is_ascii (const guint8 *data, gsize size);
gboolean bm_charset_has_c1 (const guint8 *data, gsize size);

G_END_DECLS
