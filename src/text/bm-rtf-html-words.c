/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* See bm-rtf-html-words.h. */
#include "text/bm-rtf-html-words.h"

#include "text/bm-rtf-page.h"
#include <stdlib.h>
#include <string.h>

/* Sorted, for bsearch. */
static const BmRtfHtmlWord words[] = {
    {"b", BM_RTF_HTML_BOLD},
    {"blue", BM_RTF_HTML_BLUE},
    {"brdrs", BM_RTF_HTML_BORDER},
    {"cb", BM_RTF_HTML_PAPER},
    {"cell", BM_RTF_HTML_CELL},
    {"cellx", BM_RTF_HTML_COLUMN},
    {"cf", BM_RTF_HTML_INK},
    {"chcbpat", BM_RTF_HTML_PAPER},
    {"clmrg", BM_RTF_HTML_MERGED},
    {"colortbl", BM_RTF_HTML_COLOURS},
    {"dibitmap", BM_RTF_HTML_KIND, BM_RTF_DIB},
    {"emfblip", BM_RTF_HTML_KIND, BM_RTF_EMF},
    {"f", BM_RTF_HTML_FONT},
    {"field", BM_RTF_HTML_FIELD},
    {"fldinst", BM_RTF_HTML_INSTRUCTION},
    {"fldrslt", BM_RTF_HTML_RESULT},
    {"fs", BM_RTF_HTML_SIZE},
    {"green", BM_RTF_HTML_GREEN},
    {"highlight", BM_RTF_HTML_PAPER},
    {"i", BM_RTF_HTML_ITALIC},
    {"ilvl", BM_RTF_HTML_LEVEL},
    {"intbl", BM_RTF_HTML_IN_TABLE},
    {"jpegblip", BM_RTF_HTML_KIND, BM_RTF_JPEG},
    {"li", BM_RTF_HTML_LEFT},
    {"listtext", BM_RTF_HTML_LABEL},
    {"ltrpar", BM_RTF_HTML_RIGHT_TO_LEFT, FALSE},
    {"nestcell", BM_RTF_HTML_NESTED_CELL},
    {"nestrow", BM_RTF_HTML_NESTED_ROW},
    {"nosupersub", BM_RTF_HTML_SCRIPT, 0},
    {"objattph", BM_RTF_HTML_OBJECT},
    {"page", BM_RTF_HTML_PARAGRAPH},
    {"par", BM_RTF_HTML_PARAGRAPH},
    {"pard", BM_RTF_HTML_PARD},
    {"pichgoal", BM_RTF_HTML_HIGH},
    {"picscalex", BM_RTF_HTML_SCALE_X},
    {"picscaley", BM_RTF_HTML_SCALE_Y},
    {"pict", BM_RTF_HTML_PICTURE},
    {"picwgoal", BM_RTF_HTML_WIDE},
    {"plain", BM_RTF_HTML_PLAIN},
    {"pngblip", BM_RTF_HTML_KIND, BM_RTF_PNG},
    {"pntext", BM_RTF_HTML_LABEL},
    {"qc", BM_RTF_HTML_ALIGN, BM_PAGE_CENTER},
    {"qj", BM_RTF_HTML_ALIGN, BM_PAGE_JUSTIFIED},
    {"ql", BM_RTF_HTML_ALIGN, BM_PAGE_LEFT},
    {"qr", BM_RTF_HTML_ALIGN, BM_PAGE_RIGHT},
    {"red", BM_RTF_HTML_RED},
    {"row", BM_RTF_HTML_ROW},
    {"rtlpar", BM_RTF_HTML_RIGHT_TO_LEFT, TRUE},
    {"sa", BM_RTF_HTML_AFTER},
    {"sb", BM_RTF_HTML_BEFORE},
    {"sect", BM_RTF_HTML_PARAGRAPH},
    {"shp", BM_RTF_HTML_DRAWING},
    {"shpinst", BM_RTF_HTML_ENTER},
    {"shppict", BM_RTF_HTML_ENTER},
    {"shprslt", BM_RTF_HTML_DRAWING_RESULT},
    {"shptxt", BM_RTF_HTML_ENTER},
    {"sp", BM_RTF_HTML_DRAWING_VALUE},
    {"strike", BM_RTF_HTML_STRIKE},
    {"striked", BM_RTF_HTML_STRIKE},
    {"sub", BM_RTF_HTML_SCRIPT, -1},
    {"super", BM_RTF_HTML_SCRIPT, 1},
    {"trowd", BM_RTF_HTML_ROW_BEGIN},
    {"ul", BM_RTF_HTML_UNDERLINE},
    {"uld", BM_RTF_HTML_UNDERLINE},
    {"uldash", BM_RTF_HTML_UNDERLINE},
    {"uldb", BM_RTF_HTML_UNDERLINE},
    {"ulnone", BM_RTF_HTML_UNDERLINE, -1},
    {"ulth", BM_RTF_HTML_UNDERLINE},
    {"ulw", BM_RTF_HTML_UNDERLINE},
    {"ulwave", BM_RTF_HTML_UNDERLINE},
    {"wmetafile", BM_RTF_HTML_KIND, BM_RTF_WMF},
};

static int
compare_word (gconstpointer name, gconstpointer word)
{
  return strcmp (name, ((const BmRtfHtmlWord *) word)->name);
}

const BmRtfHtmlWord *
bm_rtf_html_word (const gchar *name)
{
  return bsearch (name, words, G_N_ELEMENTS (words), sizeof words[0], compare_word);
}
