/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* See bm-rtf-words.h. */
#include "text/bm-rtf-words.h"

#include "text/bm-rtf-font.h"

#include <stdlib.h>
#include <string.h>

/* Sorted, for bsearch. */
static const BmRtfWord words[] = {
    {"aftncn", BM_RTF_DO_SKIP},
    {"aftnsep", BM_RTF_DO_SKIP},
    {"aftnsepc", BM_RTF_DO_SKIP},
    {"ansicpg", BM_RTF_DO_ANSI_CODEPAGE},
    {"bullet", BM_RTF_DO_CHARACTER, 0x2022},
    {"cell", BM_RTF_DO_CHARACTER, '\t'},
    {"colortbl", BM_RTF_DO_SKIP},
    {"cpg", BM_RTF_DO_FONT_CODEPAGE},
    {"deff", BM_RTF_DO_DEFAULT_FONT},
    {"deleted", BM_RTF_DO_HIDDEN},
    {"do", BM_RTF_DO_ENTER},
    {"emdash", BM_RTF_DO_CHARACTER, 0x2014},
    {"emspace", BM_RTF_DO_CHARACTER, 0x2003},
    {"endash", BM_RTF_DO_CHARACTER, 0x2013},
    {"enspace", BM_RTF_DO_CHARACTER, 0x2002},
    {"f", BM_RTF_DO_FONT},
    {"fcharset", BM_RTF_DO_FCHARSET},
    {"filetbl", BM_RTF_DO_SKIP},
    {"fldinst", BM_RTF_DO_SKIP},
    {"fmodern", BM_RTF_DO_FONT_FAMILY, BM_RTF_MODERN},
    {"fonttbl", BM_RTF_DO_FONT_TABLE},
    {"footer", BM_RTF_DO_SKIP},
    {"footerf", BM_RTF_DO_SKIP},
    {"footerl", BM_RTF_DO_SKIP},
    {"footerr", BM_RTF_DO_SKIP},
    {"froman", BM_RTF_DO_FONT_FAMILY, BM_RTF_ROMAN},
    {"fscript", BM_RTF_DO_FONT_FAMILY, BM_RTF_SCRIPT},
    {"fswiss", BM_RTF_DO_FONT_FAMILY, BM_RTF_SWISS},
    {"ftncn", BM_RTF_DO_SKIP},
    {"ftnsep", BM_RTF_DO_SKIP},
    {"ftnsepc", BM_RTF_DO_SKIP},
    {"header", BM_RTF_DO_SKIP},
    {"headerf", BM_RTF_DO_SKIP},
    {"headerl", BM_RTF_DO_SKIP},
    {"headerr", BM_RTF_DO_SKIP},
    {"htmlrtf", BM_RTF_DO_HTML_RTF},
    {"htmltag", BM_RTF_DO_HTML_TAG},
    {"info", BM_RTF_DO_SKIP},
    {"ldblquote", BM_RTF_DO_CHARACTER, 0x201C},
    {"line", BM_RTF_DO_CHARACTER, '\n'},
    {"listtext", BM_RTF_DO_SKIP_IN_HTML},
    {"lquote", BM_RTF_DO_CHARACTER, 0x2018},
    {"ltrmark", BM_RTF_DO_CHARACTER, 0x200E},
    {"mac", BM_RTF_DO_HEADER_CODEPAGE, 10000},
    {"mhtmltag", BM_RTF_DO_SKIP},
    {"nestcell", BM_RTF_DO_CHARACTER, '\t'},
    {"nestrow", BM_RTF_DO_CHARACTER, '\n'},
    {"nesttableprops", BM_RTF_DO_ENTER},
    {"nonesttables", BM_RTF_DO_SKIP},
    {"nonshppict", BM_RTF_DO_SKIP},
    {"objdata", BM_RTF_DO_SKIP},
    {"page", BM_RTF_DO_CHARACTER, '\n'},
    {"par", BM_RTF_DO_CHARACTER, '\n'},
    {"pc", BM_RTF_DO_HEADER_CODEPAGE, 437},
    {"pca", BM_RTF_DO_HEADER_CODEPAGE, 850},
    {"pict", BM_RTF_DO_SKIP},
    {"plain", BM_RTF_DO_PLAIN},
    {"pntext", BM_RTF_DO_SKIP_IN_HTML},
    {"private", BM_RTF_DO_SKIP},
    {"qmspace", BM_RTF_DO_CHARACTER, 0x2005},
    {"rdblquote", BM_RTF_DO_CHARACTER, 0x201D},
    {"row", BM_RTF_DO_CHARACTER, '\n'},
    {"rquote", BM_RTF_DO_CHARACTER, 0x2019},
    {"rtlmark", BM_RTF_DO_CHARACTER, 0x200F},
    {"rxe", BM_RTF_DO_SKIP},
    {"sect", BM_RTF_DO_CHARACTER, '\n'},
    {"shpinst", BM_RTF_DO_ENTER},
    {"shprslt", BM_RTF_DO_SKIP},
    {"softline", BM_RTF_DO_CHARACTER, '\n'},
    {"sp", BM_RTF_DO_SKIP},
    {"stylesheet", BM_RTF_DO_SKIP},
    {"tab", BM_RTF_DO_CHARACTER, '\t'},
    {"tc", BM_RTF_DO_SKIP},
    {"tcn", BM_RTF_DO_SKIP},
    {"template", BM_RTF_DO_SKIP},
    {"themedata", BM_RTF_DO_SKIP},
    {"txe", BM_RTF_DO_SKIP},
    {"u", BM_RTF_DO_UNICODE},
    {"uc", BM_RTF_DO_UNICODE_COUNT},
    {"ud", BM_RTF_DO_UNICODE_AGAIN},
    {"upr", BM_RTF_DO_TWICE},
    {"v", BM_RTF_DO_HIDDEN},
    {"xe", BM_RTF_DO_SKIP},
    {"zwbo", BM_RTF_DO_CHARACTER, 0x200B},
    {"zwj", BM_RTF_DO_CHARACTER, 0x200D},
    {"zwnbo", BM_RTF_DO_CHARACTER, 0x2060},
    {"zwnj", BM_RTF_DO_CHARACTER, 0x200C},
};

static int
compare_word (gconstpointer name, gconstpointer word)
{
  return strcmp (name, ((const BmRtfWord *) word)->name);
}

const BmRtfWord *
bm_rtf_word (const gchar *name)
{
  return bsearch (name, words, G_N_ELEMENTS (words), sizeof words[0], compare_word);
}
