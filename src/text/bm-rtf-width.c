/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* See bm-rtf-width.h. The widths of ASCII are those of Adobe's Helvetica, which Arial shares. */
#include "text/bm-rtf-width.h"

#include <string.h>

static const guint16 helvetica[95] = {
    278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333,  278, 278, 556, 556, 556,
    556, 556, 556, 556, 556, 556, 556, 278, 278, 584, 584, 584, 556, 1015, 667, 667, 722, 722, 667,
    611, 778, 722, 278, 500, 667, 556, 833, 722, 778, 667, 778, 722, 667,  611, 722, 667, 944, 667,
    667, 611, 278, 278, 278, 469, 556, 333, 556, 556, 500, 556, 556, 278,  556, 556, 222, 222, 500,
    222, 833, 556, 556, 556, 556, 333, 500, 278, 556, 500, 722, 500, 500,  500, 334, 260, 334, 584};

gint
bm_rtf_width (gunichar c, const gchar *generic, gboolean bold)
{
  if (g_unichar_iszerowidth (c))
    return 0;
  if (g_unichar_iswide (c))
    return 1000;
  if (strcmp (generic, "monospace") == 0)
    return 600;
  gint width = c >= 0x20 && c <= 0x7e ? helvetica[c - 0x20] : c == 0xa0 ? 278 : 556;
  if (strcmp (generic, "serif") == 0)
    width = width * 9 / 10;
  return bold ? width * 107 / 100 : width;
}
