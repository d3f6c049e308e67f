/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Pictures of Windows programs as files that others can show. Pure functions over hostile bytes,
 * linear, nothing is compressed or decompressed. Any thread. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* A device independent bitmap ([MS-WMF] 2.2.2.9: BITMAPCOREHEADER, BITMAPINFOHEADER and longer ones)
 * as BMP file: its header put before it. NULL when it is none. New. */
GBytes *bm_picture_bmp (const guint8 *dib, gsize size);
/* The largest bitmap that a Windows metafile ([MS-WMF] 2.3.1, with or without placeable header) or
 * an enhanced one ([MS-EMF] 2.3.1.7) draws, as BMP file. NULL when it draws none. New. */
GBytes *bm_picture_of_wmf (const guint8 *wmf, gsize size);
GBytes *bm_picture_of_emf (const guint8 *emf, gsize size);
/* They draw lines, shapes or text besides bitmaps. */
gboolean bm_picture_wmf_draws (const guint8 *wmf, gsize size);
gboolean bm_picture_emf_draws (const guint8 *emf, gsize size);
/* A Windows metafile as file: with the placeable header ([MS-WMF] 2.3.2.3) that says its size, in
 * hundredths of a millimetre. NULL when it is none. New. */
GBytes *bm_picture_wmf_file (const guint8 *wmf, gsize size, gint wide, gint high);
/* The header of an enhanced metafile, [MS-EMF] 2.3.4.2. */
gboolean bm_picture_is_emf (const guint8 *emf, gsize size);

G_END_DECLS
