/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Private to the room: the inside of one paragraph as HTML: runs of characters that look alike,
 * links, and places that tabs lead to. Linear; one thread. */
#pragma once

#include "text/bm-rtf-format.h"

G_BEGIN_DECLS

/* Name of a font that can stand in a style between quotes, "" when unknown; *generic: the family
 * that CSS has for such fonts, or "". */
typedef const gchar *(*BmFontName) (gpointer user, gint font, const gchar **generic);

/* What the paragraphs of a document share. */
typedef struct {
  BmFontName font_name;
  gpointer user;
  gint default_tab;  /* twips */
  BmPageFormat base; /* font and size of most of the text */
  GString *style;    /* of base, without the first ';' */
  GPtrArray *links;  /* gchar *: what stands behind "<a " */
} BmLook;

void bm_look_init (BmLook *look, BmFontName font_name, gpointer user);
void bm_look_clear (BmLook *look);
/* Takes font and size of format for those of most of the text. */
void bm_look_set_base (BmLook *look, const BmPageFormat *format);
/* Number of a link for BmPageFormat; title may be NULL. 0 when nobody should follow the address: it
 * has no scheme, or one that runs programs. */
guint32 bm_look_link (BmLook *look, const gchar *address, const gchar *title);
/* The place in the document that a link to "#name" leads to, as HTML. New. */
gchar *bm_look_anchor (const gchar *name);

typedef struct {
  GString *html;
  BmPageFormat base; /* font and size of its first characters, and so of the block around it */
  BmPageFormat open;
  gboolean has_base, is_open, is_span, after_space, has_tabs;
  gsize segment;    /* where in html what follows the last tab begins */
  gint from, width; /* its place and estimated width, twips */
  BmPageTab stop;   /* to which it goes, when it is one for right or centred text */
  gboolean has_stop, unmeasured;
  gboolean is_item; /* a label of a list stands before it */
} BmLine;

void bm_line_init (BmLine *line);
void bm_line_clear (BmLine *line);
/* '\n' breaks the line, '\t' is a tab of block. */
void bm_line_text (BmLine *line, BmLook *look, const BmPageFormat *format, const BmPageBlock *block,
                   const gchar *utf8, gsize size);
/* HTML of the caller's, as it is; visible: it takes place. */
void bm_line_html (BmLine *line, const gchar *html, gboolean visible);
/* Appends what the block around the line must say of its characters; usual: those of a paragraph
 * that has none. */
void bm_line_style (GString *style, const BmLine *line, const BmLook *look,
                    const BmPageFormat *usual);
/* Closes what is open; html is the whole paragraph then. */
void bm_line_end (BmLine *line);
/* Ready for the next one. */
void bm_line_reset (BmLine *line);

G_END_DECLS
