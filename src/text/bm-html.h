/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* What a mail needs to know about an HTML body: its character set, its text, what it refers to.
 * A tolerant scanner, not a browser. Pure functions over hostile input, linear in its length, no
 * recursion. HTML arguments are valid UTF-8 unless said otherwise. Must not know MAPI, MIME or
 * files. Any thread. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Readable text for the plain alternative: blocks as lines, Outlook's MsoNormal paragraphs without
 * blank lines between, lists with "- " or numbers, cells separated by tabs, links as
 * "text <url>" where the text is not the address already, images as "[alt]", <pre> as it is; no
 * styles, scripts, comments. Lines end in LF, no trailing blanks; not wrapped. New; "" for HTML
 * without text. */
gchar *bm_html_to_text (const gchar *html, gsize size);

/* The character set that HTML bytes (any encoding) declare in their first 64 KiB: byte order mark,
 * XML declaration, meta charset, meta http-equiv. As written there (see bm_charset_from_name), but
 * "utf-8" for a UTF-16 claim in bytes that are plainly not. New, or NULL. */
gchar *bm_html_detect_charset (const guint8 *data, gsize size);

/* The same HTML, in which every meta element (and XML declaration) that names a character set
 * names utf-8; nothing else is touched and none is added. New. */
gchar *bm_html_set_charset_utf8 (const gchar *html);

/* HTML bytes of a doubtful character set as UTF-8 that says so (bm_html_set_charset_utf8). Of
 * declared (what came beside the bytes), what the bytes declare, and fallback, the first in which
 * they are valid; else as bm_charset_guess_to_utf8 decides. What the bytes declare goes first when
 * they prove it: UTF-8 that is valid; an East Asian set that is valid, of characters that stand
 * together, where a western set was declared. Names as bm_charset_from_name knows them, or NULL.
 * *guessed and *lossy (may be NULL): see there; a set other than the first one named is a guess.
 * New. */
gchar *bm_html_to_utf8 (const guint8 *data, gsize size, const gchar *declared,
                        const gchar *fallback, gboolean *guessed, gboolean *lossy);

/* What the HTML shows from elsewhere: values of src, background, data and poster, of href where it
 * is a cid:, and of url(...) in styles; in comments only cid: and only in conditional ones
 * ("<!--[if"); not the office file lists of link elements. A set of strings, each with entities decoded; a cid has the scheme in lower case and
 * percent signs decoded ("cid:image001.png@01D78380.EF6DC500"), the others (file names, content
 * locations, http addresses) are as written. data: and "#..." are left out. New; keys owned. */
GHashTable *bm_html_references (const gchar *html);

/* The HTML with values of src, background, data and poster and of url(...) in styles, that are keys
 * (as bm_html_references has them) replaced by their values, which must need no escaping and no
 * quotes; also in conditional comments, which Word reads; the rest byte by byte. New. */
gchar *bm_html_replace_references (const gchar *html, GHashTable *replacements);

/* Appends text so that it says the same in HTML, also as an attribute in double quotes. */
void bm_html_escape (GString *out, const gchar *utf8);

G_END_DECLS
