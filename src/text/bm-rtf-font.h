/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* What a font says about the meaning of bytes: its code page, or that it is a font of symbols.
 * Pure functions, any thread. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef enum {
  BM_RTF_LETTERS,
  BM_RTF_SYMBOL_FONT, /* Symbol: Greek and mathematics */
  BM_RTF_WINGDINGS,
  BM_RTF_WINGDINGS_2,
  BM_RTF_WINGDINGS_3,
  BM_RTF_WEBDINGS,
  BM_RTF_OTHER_SYMBOLS,
} BmRtfFontClass;

/* Code page of \fcharsetN ([MSFT-RTF] "Font Table"), ansicpg for 1 and for unknown numbers. */
guint32 bm_rtf_codepage_of_fcharset (gint32 fcharset, guint32 ansicpg);
/* Class of a font with \fcharset2, by its name; name need not end in NUL. */
BmRtfFontClass bm_rtf_font_class (const gchar *name, gsize size);
/* [MSFT-RTF] "Font Family". */
typedef enum {
  BM_RTF_ANY_FAMILY,
  BM_RTF_ROMAN,
  BM_RTF_SWISS,
  BM_RTF_MODERN,
  BM_RTF_SCRIPT,
} BmRtfFontFamily;

/* The family of CSS to which a font belongs, "" when that is not known. Static. */
const gchar *bm_rtf_font_generic (const gchar *name, BmRtfFontFamily family, guint32 codepage);
/* The last byte is the first one of a character of two. */
gboolean bm_rtf_ends_in_half (guint32 codepage, const guint8 *bytes, gsize size);
/* The character that a byte of such a font draws; for the ones without a good answer the byte as
 * windows-1252 has it. */
gunichar bm_rtf_symbol (BmRtfFontClass font_class, guint8 byte);

G_END_DECLS
