/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* See bm-rtf-format.h. Lengths as CSS has them, without floating point. Any thread. */
#include "text/bm-rtf-format.h"

#include <string.h>

#define LENGTH_MAX  (20 * 72 * 20)
#define BORDER_MAX  (20 * 12)
#define PERCENT_ALL 10000

static guint32
mix (guint32 paper, guint32 ink, guint percent, guint shift)
{
  guint32 back = paper >> shift & 0xff, front = ink >> shift & 0xff;
  return (front * percent + back * (PERCENT_ALL - percent)) / PERCENT_ALL << shift;
}

guint32
bm_page_shade (const BmPageShade *shade)
{
  guint percent = (guint) CLAMP (shade->percent, 0, PERCENT_ALL);
  if (percent == 0)
    return shade->paper;
  guint32 paper = shade->paper != 0 ? shade->paper : 0xffffff;
  return BM_PAGE_COLOUR | mix (paper, shade->ink, percent, 0) |
         mix (paper, shade->ink, percent, 8) | mix (paper, shade->ink, percent, 16);
}

void
bm_page_length (GString *style, gint twips)
{
  gint known = CLAMP (twips, -LENGTH_MAX, LENGTH_MAX);
  gint tenths = (ABS (known) + 1) / 2;
  g_string_append_printf (style, "%s%d", known < 0 && tenths > 0 ? "-" : "", tenths / 10);
  if (tenths % 10 != 0)
    g_string_append_printf (style, ".%d", tenths % 10);
  g_string_append (style, tenths != 0 ? "pt" : "");
}

void
bm_page_length_style (GString *style, const gchar *name, gint twips)
{
  g_string_append_printf (style, ";%s:", name);
  bm_page_length (style, twips);
}

static void
one_border (GString *style, const gchar *name, const BmPageBorder *border)
{
  static const gchar *const lines[] = {"none",   "solid",  "double", "dotted",
                                       "dashed", "double", "solid"};
  if (border->line == BM_PAGE_LINE_NONE) {
    g_string_append_printf (style, ";%s:none", name);
    return;
  }
  gint least = border->line == BM_PAGE_LINE_DOUBLE ? 45 : 15; /* a pixel; three show two lines */
  bm_page_length_style (style, name, CLAMP (border->width, least, BORDER_MAX));
  g_string_append_printf (style, " %s #%06x",
                          lines[CLAMP (border->line, 0, (gint) G_N_ELEMENTS (lines) - 1)],
                          border->colour & 0xffffff);
}

void
bm_page_border_style (GString *style, const BmPageBorder border[BM_PAGE_SIDES])
{
  static const gchar *const names[] = {"border-top", "border-right", "border-bottom",
                                       "border-left"};
  gboolean same = border[0].set != 0;
  for (guint i = 1; i < BM_PAGE_SIDES; i++)
    same = same && memcmp (&border[0], &border[i], sizeof border[0]) == 0;
  for (guint i = 0; i < (same ? 1 : BM_PAGE_SIDES); i++)
    if (border[i].set != 0 && (border[i].line != BM_PAGE_LINE_NONE || !same))
      one_border (style, same ? "border" : names[i], &border[i]);
}
