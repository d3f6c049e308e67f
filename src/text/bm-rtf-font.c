/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* See bm-rtf-font.h. Must not know tokens or groups. Constant data. */
#include "text/bm-rtf-font.h"

#include <string.h>

static const struct {
  gint32 fcharset;
  guint32 codepage;
} charsets[] = {
    {0, 1252},   {77, 10000}, {78, 932},   {79, 949},   {80, 936},   {81, 950},
    {83, 1255},  {84, 1256},  {85, 1253},  {86, 1254},  {87, 874},   {88, 1250},
    {89, 1251},  {128, 932},  {129, 949},  {130, 1361}, {134, 936},  {136, 950},
    {161, 1253}, {162, 1254}, {163, 1258}, {177, 1255}, {178, 1256}, {181, 1255},
    {186, 1257}, {204, 1251}, {222, 874},  {238, 1250}, {254, 437},  {255, 850},
};

guint32
bm_rtf_codepage_of_fcharset (gint32 fcharset, guint32 ansicpg)
{
  for (guint i = 0; i < G_N_ELEMENTS (charsets); i++)
    if (charsets[i].fcharset == fcharset)
      return charsets[i].codepage;
  return ansicpg;
}

BmRtfFontClass
bm_rtf_font_class (const gchar *name, gsize size)
{
  while (size > 0 && *name == ' ') {
    name++;
    size--;
  }
  if (size >= 6 && g_ascii_strncasecmp (name, "Symbol", 6) == 0)
    return BM_RTF_SYMBOL_FONT;
  if (size >= 8 && g_ascii_strncasecmp (name, "Webdings", 8) == 0)
    return BM_RTF_WEBDINGS;
  if (size >= 9 && g_ascii_strncasecmp (name, "Wingdings", 9) == 0) {
    gchar number = size >= 11 ? name[10] : ' ';
    return number == '2'   ? BM_RTF_WINGDINGS_2
           : number == '3' ? BM_RTF_WINGDINGS_3
                           : BM_RTF_WINGDINGS;
  }
  return BM_RTF_OTHER_SYMBOLS;
}

const gchar *
bm_rtf_font_generic (const gchar *name, BmRtfFontFamily family, guint32 codepage)
{
  static const gchar *const generics[] = {"", "serif", "sans-serif", "monospace", "cursive"};
  static const struct {
    const gchar *name;
    BmRtfFontFamily family;
  } known[] = {
      {"Aptos", BM_RTF_SWISS},           {"Arial", BM_RTF_SWISS},
      {"Calibri", BM_RTF_SWISS},         {"Cambria", BM_RTF_ROMAN},
      {"Comic", BM_RTF_SCRIPT},          {"Consolas", BM_RTF_MODERN},
      {"Courier", BM_RTF_MODERN},        {"Garamond", BM_RTF_ROMAN},
      {"Georgia", BM_RTF_ROMAN},         {"Helvetica", BM_RTF_SWISS},
      {"Lucida Console", BM_RTF_MODERN}, {"MS Sans Serif", BM_RTF_SWISS},
      {"Segoe UI", BM_RTF_SWISS},        {"Tahoma", BM_RTF_SWISS},
      {"Times", BM_RTF_ROMAN},           {"Trebuchet", BM_RTF_SWISS},
      {"Verdana", BM_RTF_SWISS},
  };
  for (guint i = 0; i < G_N_ELEMENTS (known); i++)
    if (g_ascii_strncasecmp (name, known[i].name, strlen (known[i].name)) == 0)
      return generics[known[i].family];
  /* Gothic and Ming fonts count as modern though most have letters of many widths. */
  gboolean wide = codepage == 932 || codepage == 936 || codepage == 949 || codepage == 950;
  return generics[wide && family == BM_RTF_MODERN ? BM_RTF_SWISS : family];
}

/* Whether byte begins a character of two bytes. */
static gboolean
is_lead (guint32 codepage, guint8 byte)
{
  if (codepage == 932)
    return (byte >= 0x81 && byte <= 0x9f) || (byte >= 0xe0 && byte <= 0xfc);
  return (codepage == 936 || codepage == 949 || codepage == 950 || codepage == 1361) &&
         byte >= 0x81 && byte <= 0xfe;
}

gboolean
bm_rtf_ends_in_half (guint32 codepage, const guint8 *bytes, gsize size)
{
  gboolean half = FALSE;
  for (gsize i = 0; i < size; i++)
    half = !half && is_lead (codepage, bytes[i]);
  return half;
}
