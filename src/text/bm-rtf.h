/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* RTF bodies (uncompressed): the HTML or the text that is inside. Pure functions over hostile
 * bytes: time and memory linear in the input, no recursion, output of at most 64 MiB. Results are
 * valid UTF-8 without NUL; lines end in LF. Must not know MAPI, MIME or files. Any thread.
 *
 * codepage: of the machine that wrote it, for documents that do not say (no \ansicpg); 0 or one
 * that RTF cannot be in: windows-1252. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef enum {
  BM_RTF_NATIVE,    /* written as RTF */
  BM_RTF_FROM_TEXT, /* plain text wrapped by Outlook or Exchange */
  BM_RTF_FROM_HTML, /* HTML wrapped so that it can be taken out unharmed */
} BmRtfKind;

/* [MS-OXRTFEX] 2.2.3.1: \fromhtml1 or \fromtext among the first control words. */
BmRtfKind bm_rtf_kind (const guint8 *data, gsize size);

/* It begins as RTF does. */
gboolean bm_rtf_is_rtf (const guint8 *data, gsize size);

/* [MS-OXRTFEX] 2.2.3.2: the HTML inside BM_RTF_FROM_HTML, as UTF-8. A meta element in it still
 * names the set it once had: see bm_html_set_charset_utf8. New; "" when there is none. *lossy (may
 * be NULL): characters were replaced, or the output was cut. */
gchar *bm_rtf_to_html (const guint8 *data, gsize size, guint32 codepage, gboolean *lossy);

/* The readable text of any RTF: paragraphs as lines, cells separated by tabs, Symbol and Wingdings
 * as the characters they show; no hidden text, headers, pictures. New. */
gchar *bm_rtf_to_text (const guint8 *data, gsize size, guint32 codepage, gboolean *lossy);

/* A picture of a native RTF, as file. */
typedef struct {
  GBytes *data;
  const gchar *type, *extension; /* "image/png", "png"; static */
  gchar *content_id;             /* by which the HTML refers to it, without "cid:" */
} BmRtfPicture;
void bm_rtf_picture_free (BmRtfPicture *picture);

/* A document of HTML that looks like BM_RTF_NATIVE: paragraphs, characters, lists, tables, links,
 * pictures. objects: HTML to stand where attachments do, one after the other, ended by NULL; or
 * NULL. *pictures: of BmRtfPicture. *complete: nothing visible was left out or replaced. *lossy:
 * characters were replaced. New. */
gchar *bm_rtf_native_to_html (const guint8 *data, gsize size, guint32 codepage,
                              const gchar *const *objects, GPtrArray **pictures, gboolean *complete,
                              gboolean *lossy);

G_END_DECLS
