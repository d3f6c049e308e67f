/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Bytes in a code page to UTF-8. Never fails: what has no character becomes U+FFFD, is counted as
 * loss, and the result is always valid UTF-8 without a NUL inside.
 *
 * Only the character sets of one table (bm-charset-table.c) are known, by Windows code page number
 * and by the names that mail and HTML use for them; the table decides, not what happens to be
 * installed, so that the same bytes give the same text on every machine and inside the sandbox.
 * Must not know MAPI, MIME or files. Each thread has descriptors of its own, so any thread may
 * call, but bm_charset_preload counts for the calling thread only. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Name that iconv knows ("CP1252", "UTF-8"), or NULL for a code page we do not know. Static.
 * 0 to 3 (CP_ACP and such: "the machine's own") are unknown. */
const gchar *bm_charset_from_codepage (guint32 codepage);
/* The same for a name in mail or HTML ("windows-1252", "X-SJIS", " utf8", "cp-850"); case, quotes
 * and surrounding blanks do not matter. NULL when unknown or NULL. Static. */
const gchar *bm_charset_from_name (const gchar *name);
/* The preferred MIME name ("windows-1252", "shift_jis") of any name above, NULL when unknown.
 * Static. */
const gchar *bm_charset_mime_name (const gchar *name);

/* New UTF-8 string. A leading byte order mark and NULs are dropped. *lossy (may be NULL) tells
 * whether anything was replaced, or a NUL stood inside the text. An unknown charset (or NULL)
 * counts as windows-1252. data may be NULL when size is 0. */
gchar *bm_charset_to_utf8 (const guint8 *data, gsize size, const gchar *charset, gboolean *lossy);

/* The same for UTF-16LE, as all Unicode strings of MAPI are. Odd last bytes and lone surrogates
 * are lossy. Trailing NULs are dropped; a byte order mark is kept as U+FEFF. */
gchar *bm_charset_utf16le_to_utf8 (const guint8 *data, gsize size, gboolean *lossy);

/* Decodes bytes whose declared character set may be a lie. What the bytes show by themselves comes
 * first: a UTF-8 byte order mark, UTF-16 (every other byte NUL), escapes of ISO-2022-JP or -KR in
 * seven bits, UTF-8 of more characters than chance gives (three where a single-byte set is
 * declared, six for a double-byte set). Then as declared when the bytes are valid in it; else as
 * UTF-8 when they are valid there; else in the Windows set that is meant by the name of the
 * standard's (windows-1254 for iso-8859-9, GB 18030 for gb2312 and gbk, Big5 of Hong Kong: the
 * WHATWG encoding standard reads the names so too); else, when nearly all non-ASCII characters are
 * right as declared (damage, not a lie), as declared; else as windows-1252.
 * ISO 8859 with bytes 0x80-0x9F is never meant where Windows has characters there; UTF-16 without a
 * single NUL byte is not UTF-16. *guessed (may be NULL): another set than the declared one gave the
 * text, or none (or an unknown one) was declared and the bytes are not plain ASCII. */
gchar *bm_charset_guess_to_utf8 (const guint8 *data, gsize size, const gchar *declared,
                                 gboolean *guessed, gboolean *lossy);

/* Opens, and keeps open until the thread ends, iconv descriptors in both directions for every
 * character set we know. Closing the last descriptor unloads glibc's module, and inside a sandbox
 * that refuses openat it could not come back; while one is open, iconv_open by anybody (GMime)
 * works without a file, for the names that bm_charset_from_name returns. The name in mail may be
 * another module (shift_jis is not CP932) and fail. Call before the sandbox closes. Returns how
 * many of the known sets this system lacks (0 on a complete glibc). */
guint bm_charset_preload (void);

G_END_DECLS
