/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* RTF to text and to the HTML inside: syntax, code pages, Unicode, symbols, encapsulation, hostile
 * shapes. */
#include "text/bm-rtf.h"

#include <string.h>

#define FFFD "\xEF\xBF\xBD"

static void
check (const gchar *rtf, gsize size, gboolean html, const gchar *expected, gboolean lossy)
{
  gboolean was_lossy = !lossy;
  g_autofree guint8 *copy = g_memdup2 (rtf, size);
  g_autofree gchar *result = html ? bm_rtf_to_html (copy, size, 0, &was_lossy)
                                  : bm_rtf_to_text (copy, size, 0, &was_lossy);
  g_assert_cmpstr (result, ==, expected);
  g_assert_cmpint (was_lossy, ==, lossy);
}
/* clang-format off */
#define CHECK(rtf, ...) check (rtf, sizeof (rtf) - 1, __VA_ARGS__)
#define TEXT(rtf, expected)       CHECK ("{\\rtf1\\ansi " rtf "}", FALSE, expected, FALSE)
#define TEXT_LOSSY(rtf, expected) CHECK ("{\\rtf1\\ansi " rtf "}", FALSE, expected, TRUE)
#define HTML(rtf, expected)       CHECK ("{\\rtf1\\ansi\\fromhtml1 " rtf "}", TRUE, expected, FALSE)
/* clang-format on */

static BmRtfKind
kind (const gchar *rtf)
{
  return bm_rtf_kind ((const guint8 *) rtf, strlen (rtf));
}

static void
test_kind (void)
{
  g_assert_cmpint (kind ("{\\rtf1\\ansi\\ansicpg1252\\fromhtml1 \\deff0"), ==, BM_RTF_FROM_HTML);
  g_assert_cmpint (kind ("{\\rtf1\\ansi\\fromhtml0 \\deff0"), ==, BM_RTF_NATIVE);
  g_assert_cmpint (kind ("{\\rtf1\\ansi\\ansicpg1252\\fromtext \\deff0"), ==, BM_RTF_FROM_TEXT);
  g_assert_cmpint (kind ("{\\rtf1\\ansi \\'66romtext \\\\fromhtml1"), ==, BM_RTF_NATIVE);
  g_assert_cmpint (kind (""), ==, BM_RTF_NATIVE);
}

static void
test_syntax (void)
{
  TEXT ("plain", "plain");
  TEXT ("a\\par b\\line\r\nc\\tab d", "a\nb\nc\td");
  TEXT ("a\\\nb\\\rc", "a\nb\nc");
  TEXT ("x\\{\\}\\\\y", "x{}\\y");
  TEXT ("\\b bold\\b0  x {\\i it}alic", "bold x italic");
  TEXT ("a\\~b\\-c\\_d", "a\u00A0b\u00ADc\u2011d");
  TEXT ("\\ldblquote q\\rdblquote  \\bullet\\endash\\emdash", "“q” •–—");
  TEXT ("{\\fonttbl{\\f0 Arial;}}{\\colortbl;\\red0;}{\\stylesheet{s;}}{\\info{\\title T}}x", "x");
  TEXT ("{\\*\\generator Word;}{\\*\\unknown{\\b deep}}x{\\header h}", "x");
  TEXT ("{\\*\\x{\\fonttbl{\\f0\\fcharset204 A;}}}\\f0\\'e9", "é");
  TEXT ("{\\pict\\wmetafile8 0102030405}x", "x");
  TEXT ("{\\pict\\bin5 {{}}{x}y", "y");
  TEXT ("\\bin3 {}{z", "z");
  TEXT ("{\\field{\\*\\fldinst HYPERLINK \"http://x\"}{\\fldrslt shown}}", "shown");
  TEXT ("see\\v hidden\\v0 n {\\v more}x", "seen x");
  TEXT ("a\\cell b\\cell\\row c", "a\tb\t\nc");
  TEXT ("{\\pntext\\f0\\'95\\tab}item", "•\titem");
  TEXT ("a{\\deleted b}c{\\revised d}", "acd");
  TEXT ("a\\nestcell{\\nonesttables\\par}b\\nestcell{\\*\\nesttableprops\\trowd\\nestrow}c",
        "a\tb\t\nc");
  TEXT ("x{\\shp{\\*\\shpinst{\\sp{\\sn a}{\\sv b}}{\\shptxt box}}{\\shprslt{\\*\\do box}}}y",
        "xboxy");
  TEXT ("a{\\upr{b?}{\\*\\ud b\\u8364 ?}}c", "ab€c");
  TEXT ("a\\'4b\\'", "aK");
  TEXT ("\\'zz", "zz");
}

static void
test_codepages (void)
{
  TEXT ("caf\\'e9", "café");
  TEXT ("\\ansicpg1251 \\'cf\\'f0", "Пр");
  TEXT ("{\\fonttbl{\\f0\\fcharset0 A;}{\\f1\\fcharset204 B;}{\\f2\\fcharset128 C;}}"
        "\\f0\\'e9\\f1\\'cf\\f2\\'93\\'fa{\\f0\\'e9}\\'96{\\b\\'7b}",
        "éП日é本");
  TEXT ("{\\fonttbl\\f1\\fcharset161 Old;\\f2\\cpg1250 New;}\\f1\\'e1\\f2\\'b9", "αą");
  TEXT ("\\deff3{\\fonttbl{\\f3\\fcharset238 E;}}\\'b9\\f9\\'e9\\plain\\'b9", "ąéą");
  /* A second byte may be a plain letter; \\ansicpg serves a font that names no set. */
  TEXT ("\\ansicpg932{\\fonttbl{\\f0\\fnil M;}}\\f0\\'83A\\'83\\'5c", "アソ");
  TEXT ("\\ansicpg65001 \\'c3\\'a9", "é");
  TEXT ("\\mac \\'8a", "ä");
  TEXT ("\\pca \\'84", "ä");
  TEXT ("\\ansicpg99999\\ansicpg1200\\ansicpg-1 \\'e9", "é");
  TEXT_LOSSY ("\\ansicpg932 \\'93", FFFD);
  TEXT_LOSSY ("a\\'00b", "ab");
  TEXT ("raw \xE9", "raw é");
}

static void
test_unicode (void)
{
  TEXT ("\\u233?x", "éx");
  TEXT ("\\u233 ?x", "éx");
  TEXT ("\\u233\\'e9x", "éx");
  TEXT ("\\uc0\\u233 x", "éx");
  TEXT ("\\uc2\\u26085\\'93\\'fax", "日x");
  TEXT ("\\uc2\\u26085 abx{\\uc0\\u233 y}\\u233 zzx", "日xéyéx");
  TEXT ("\\u-10179?\\u-8704?!", "😀!");
  TEXT ("\\u55357\\u56832 ?!", "😀!");
  TEXT ("\\u233{?}x", "é?x");     /* a group ends the fallback */
  TEXT ("\\u233\\par x", "é\nx"); /* so does a paragraph */
  TEXT ("\\u8226\\bullet x", "•x");
  TEXT_LOSSY ("\\u-10179?x", FFFD "x");
  TEXT_LOSSY ("\\u-10179?", FFFD);
  TEXT_LOSSY ("\\u-8704?x", FFFD "x");
  TEXT_LOSSY ("\\u0?\\u99999999?x", FFFD FFFD "x");
}

static void
test_symbols (void)
{
  TEXT ("{\\fonttbl{\\f1\\ftech\\fcharset2 Symbol;}{\\f2\\fcharset2{\\*\\panose 05}Wingdings;}"
        "{\\f3\\fcharset2 Wingdings 3;}}\\f1 a\\'b7\\u61623?\\f2 J\\'e0\\u-3844?\\f3 J\\'80",
        "α••☺→✔J€");
}

static void
test_html (void)
{
  HTML (
      "{\\*\\htmltag19 <html>}{\\*\\htmltag34 <head>}{\\*\\htmltag241 "
      "<style>}{\\*\\htmltag241 p \\{a:b\\}}{\\*\\htmltag249 </style>}"
      "{\\*\\htmltag64}\\htmlrtf {\\htmlrtf0 Hello\\htmlrtf\\par}\\htmlrtf0\r\n"
      "\\htmlrtf {\\b \\htmlrtf0{\\*\\htmltag84 <b>}bold{\\*\\htmltag92 </b>}\\htmlrtf }\\htmlrtf0",
      "<html><head><style>p {a:b}</style>Hello<b>bold</b>");
  HTML ("{\\*\\htmltag84 &lt;}\\htmlrtf <\\htmlrtf0 x{\\*\\mhtmltag84 <img src=x>}"
        "{\\*\\htmltag84 <img src=\"cid:a\">}\\par y\\tab z",
        "&lt;x<img src=\"cid:a\">\ny\tz");
  HTML ("{\\*\\mhtmltag4 {\\*\\htmltag4 no}}{\\*\\unknown{\\*\\htmltag4 no}}yes", "yes");
  /* A font chosen inside \\htmlrtf counts; inside a tag the document's code page does. */
  HTML (
      "\\ansicpg932\\deff0{\\fonttbl{\\f0\\fcharset0 A;}{\\f1\\fcharset204 B;}}\\htmlrtf "
      "{\\f1 \\htmlrtf0 \\'cf{\\*\\htmltag84 <a title=\"\\'93\\'fa\">}\\htmlrtf }\\htmlrtf0 \\'e9",
      "П<a title=\"日\">é");
  HTML ("\\'93\\htmlrtf \\'93\\htmlrtf0 q\\u8217\\'92s{\\pntext x}{\\htmltag4 \\u233?\\par}\\~\\_",
        "“q’sé\n\u00A0\u00AD");
  HTML ("a{\\*\\shpinst{\\shptxt box}}b", "ab"); /* of unknown groups nothing counts */
  HTML ("{\\fonttbl{\\f1\\fcharset2 Symbol;}}\\f1\\'b7\\u61623?", "·\uF0B7");
}

/* The same RTF asked for its text: what \htmlrtf says, without tags. */
static void
test_html_as_text (void)
{
  TEXT ("\\fromhtml1 {\\*\\htmltag64 <p>}\\htmlrtf {\\htmlrtf0 a{\\*\\htmltag84 &lt;}"
        "\\htmlrtf <\\htmlrtf0 b\\htmlrtf\\par}\\htmlrtf0",
        "a<b\n");
}

static gchar *
repeat (const gchar *unit, gsize times, gsize *size)
{
  GString *all = g_string_new ("{\\rtf1 ");
  for (gsize i = 0; i < times; i++)
    g_string_append (all, unit);
  *size = all->len;
  return g_string_free (all, FALSE);
}

/* Each would be slow, deep or large for a careless reader; all together stay well under a second
 * or two. */
static void
test_hostile (void)
{
  static const gchar *const units[] = {
      "{",
      "}",
      "{\\*",
      "\\u-10179?",
      "\\'93",
      "{\\fonttbl{\\f1",
      "\\f1\\'e9\\f2\\'e9",
      "\\bin9999999 ",
      "\\uc99999\\u1",
      "{\\*\\htmltag1 <a>",
      "\\htmlrtf\\htmlrtf0",
      "\\~",
      "\\",
      "\\aaaaaaaaaaaaaaaa",
  };
  for (guint i = 0; i < G_N_ELEMENTS (units); i++) {
    gsize size;
    g_autofree gchar *rtf = repeat (units[i], 100000, &size);
    g_autofree gchar *text = bm_rtf_to_text ((const guint8 *) rtf, size, 0, NULL);
    g_autofree gchar *html = bm_rtf_to_html ((const guint8 *) rtf, size, 0, NULL);
    g_assert_true (g_utf8_validate (text, -1, NULL) && g_utf8_validate (html, -1, NULL));
  }
  CHECK ("", FALSE, "", FALSE);
  CHECK ("{\\rtf1 a}}} b", FALSE, "a", FALSE);
  CHECK ("{\\rtf1 {{{a", FALSE, "a", FALSE);
  CHECK ("no rtf", FALSE, "no rtf", FALSE);
}

static void
test_output_limit (void)
{
  gsize size;
  gboolean lossy = FALSE;
  g_autofree gchar *rtf = repeat ("\x95", 23 * 1000 * 1000, &size);
  g_autofree gchar *text = bm_rtf_to_text ((const guint8 *) rtf, size, 0, &lossy);
  g_assert_cmpuint (strlen (text), <=, 64 * 1024 * 1024);
  g_assert_true (lossy);
  g_assert_true (g_utf8_validate (text, -1, NULL));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/text/rtf/kind", test_kind);
  g_test_add_func ("/text/rtf/syntax", test_syntax);
  g_test_add_func ("/text/rtf/codepages", test_codepages);
  g_test_add_func ("/text/rtf/unicode", test_unicode);
  g_test_add_func ("/text/rtf/symbols", test_symbols);
  g_test_add_func ("/text/rtf/html", test_html);
  g_test_add_func ("/text/rtf/html-as-text", test_html_as_text);
  g_test_add_func ("/text/rtf/hostile", test_hostile);
  g_test_add_func ("/text/rtf/output-limit", test_output_limit);
  return g_test_run ();
}
