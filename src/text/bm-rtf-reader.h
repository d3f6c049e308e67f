/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Private to the room: RTF read with somebody listening, who makes more of it than text. One thread
 * per reading. */
#pragma once

#include "text/bm-rtf-lexer.h"

G_BEGIN_DECLS

typedef struct _BmRtfReader BmRtfReader;

typedef enum {
  BM_RTF_PASS,    /* means nothing to the listener; text sees to it */
  BM_RTF_TAKEN,   /* done */
  BM_RTF_CAPTURE, /* the rest of the group is the listener's: captured, nothing else of it */
} BmRtfAnswer;

/* What the reader tells, with user each time. */
typedef struct {
  /* Visible text, UTF-8, in the order of the document; '\n' and '\t' stand for \line and \tab. */
  void (*text) (gpointer user, const gchar *utf8, gsize size);
  /* A control word of the document or of a captured group; star: \* stood before it. */
  BmRtfAnswer (*word) (gpointer user, const BmRtfLexer *lexer, gboolean star);
  void (*captured) (gpointer user, const guint8 *bytes, gsize size, gboolean binary); /* of \bin */
  /* A group begins and ends; pairs always match, also where the document is cut. */
  void (*open) (gpointer user);
  void (*close) (gpointer user);
  gboolean (*full) (gpointer user); /* stop here */
} BmRtfListener;

/* codepage as in bm-rtf.h. TRUE unless characters were replaced. The reader lives during the call, in *reader. */
gboolean bm_rtf_read (const guint8 *data, gsize size, guint32 codepage,
                      const BmRtfListener *listener, gpointer user, BmRtfReader **reader);
/* Text is converted late, since characters may be split: tell what came before. reader may be NULL:
 * nothing is done. */
void bm_rtf_reader_flush (BmRtfReader *reader);
/* The same before a change of format, in which a character may be split: its first half stays. */
void bm_rtf_reader_flush_format (BmRtfReader *reader);
/* Name of a font as far as it can be in a style, "" when unknown; number -1: the default one.
 * *generic: the family of CSS that it belongs to, "" when unknown; static. */
const gchar *bm_rtf_reader_font_name (BmRtfReader *reader, gint number, const gchar **generic);

G_END_DECLS
