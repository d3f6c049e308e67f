/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Private to the room: a picture of a document while it is read. [MSFT-RTF] "Pictures". One thread. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef enum {
  BM_RTF_NONE,
  BM_RTF_PNG,
  BM_RTF_JPEG,
  BM_RTF_DIB,
  BM_RTF_WMF,
  BM_RTF_EMF,
  BM_RTF_ODD, /* of systems that are no more */
} BmRtfPictureKind;

/* Every number has the width of a gint: a table of control words names them by their offsets. */
typedef struct {
  gint kind;
  gint wide, high;                                   /* as it shall be, twips */
  gint own_wide, own_high;                           /* of a metafile: hundredths of a millimetre */
  gint scale_x, scale_y;                             /* percent */
  gint crop_left, crop_right, crop_top, crop_bottom; /* of wide and high; negative: added */
  gint nibble;
  GByteArray *bytes;
} BmRtfPict;

void bm_rtf_pict_begin (BmRtfPict *pict);
void bm_rtf_pict_hex (BmRtfPict *pict, const guint8 *bytes, gsize size);
void bm_rtf_pict_binary (BmRtfPict *pict, const guint8 *bytes, gsize size);
/* As a file of a type that readers know; NULL when it is none. *shown: any of them can show all
 * of it. The strings are static. */
GBytes *bm_rtf_pict_file (const BmRtfPict *pict, const gchar **type, const gchar **extension,
                          gboolean *shown);
/* In pixels: its size in the text, and how much of that is cut off at the left and the top, and is
 * left over then. */
typedef struct {
  gint wide, high, left, top, shown_wide, shown_high;
  gboolean cropped;
} BmRtfPictSize;
/* FALSE when that is not known. */
gboolean bm_rtf_pict_size (const BmRtfPict *pict, BmRtfPictSize *size);

G_END_DECLS
