/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Decompression of "compressed RTF", [MS-OXRTFCP]. Pure function over hostile bytes: no number in
 * the header is trusted. Must not know what the result means. Any thread. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* The uncompressed bytes of an LZFu or MELA stream; as many as there are when it breaks off. New,
 * never longer than limit (which is the only bound: the header's RAWSIZE is not believed).
 * *crc_ok (may be NULL): the checksum fits; many writers leave it 0, so it only deserves a note.
 * *truncated (may be NULL): the stream had no end mark and gave less than its header says, or
 * limit cut it.
 * Errors: UNREADABLE when there is no whole header or its signature is neither. */
GByteArray *bm_lzfu_decompress (const guint8 *data, gsize size, gsize limit, gboolean *crc_ok,
                                gboolean *truncated, GError **error);

G_END_DECLS
