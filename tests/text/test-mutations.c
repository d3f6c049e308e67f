/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Ten thousand damaged inputs through every converter: whatever the bytes, the result is valid
 * UTF-8 and nothing is read or written outside (run it under the sanitizers). The seed is fixed, so
 * a failure comes back; BM_MUTATIONS sets another number of rounds. */
#include "text/bm-charset-table.h"
#include "text/bm-charset.h"
#include "text/bm-html.h"
#include "text/bm-lzfu.h"
#include "text/bm-rtf.h"

#include <stdlib.h>
#include <string.h>

#define ROUNDS 10000

static const gchar *const seeds[] = {
    "{\\rtf1\\ansi\\ansicpg932\\fromhtml1 \\deff0{\\fonttbl{\\f0\\fcharset128 M;}{\\f1\\fcharset2 "
    "Symbol;}{\\f2\\cpg1251 x;}}{\\*\\htmltag64 <p class=MsoNormal>}\\htmlrtf {\\htmlrtf0 "
    "\\'93\\'fa\\f1\\'b7{\\*\\htmltag84 <a href=\"http://x.org/\">}\\u8364?\\uc2\\u-10179?"
    "\\'3f\\u-8704??{\\*\\htmltag92 </a>}\\htmlrtf\\par}\\htmlrtf0{\\pict\\bin4 {}{}}}",
    "{\\rtf1\\ansi\\fromtext{\\fonttbl\\f0\\fswiss\\fcharset204 A;}{\\pntext\\'b7\\tab}\\v h\\v0 "
    "a\\par"
    "\\'e9\\~\\{\\lquote\\rquote{\\field{\\*\\fldinst X}{\\fldrslt y}}\\cell\\row}",
    "{\\rtf1\\ansi{\\fonttbl{\\f0 A;}}{\\colortbl;\\red1\\green2\\blue3;}\\pard\\qc{\\listtext "
    "1.\\tab}\\b a\\cf1 b\\par\\trowd\\cellx100\\clmrg\\cellx200\\intbl c\\cell\\cell\\row"
    "{\\pict\\dibitmap0 "
    "2800000001000000010000000100180000000000040000000000000000000000000000000000"
    "00001122330000}{\\field{\\*\\fldinst HYPERLINK \"http://x/\"}{\\fldrslt y}}\\objattph}",
    "{\\rtf1\\ansi\\deff0{\\fonttbl{\\f0\\fswiss A;}{\\f1\\fmodern\\fcharset128 "
    "\\'82\\'6c;}}{\\*\\listtable"
    "{\\list{\\listlevel\\levelnfc2\\levelstartat3{\\leveltext\\'02\\'00.;}}\\listid7}}{\\*"
    "\\listoverridetable{\\listoverride\\listid7{\\lfolevel\\levelstartat5}\\ls1}}\\ls1 "
    "a\\ilvl0\\par"
    "{\\*\\pn\\pnlcrm}{\\pntext v.}b\\par\\box\\brdrdb\\brdrw60 c\\tqr\\tx900\\tab "
    "d\\line\\par\\pard"
    "{\\footnote\\chftn n}{\\*\\bkmkstart m}{\\upr{a}{\\*\\ud\\u9 ?}}{\\header h}",
    "{\\rtf1\\ansi\\trowd\\trleft-"
    "50\\trgaph9\\clvmgf\\clbrdrt\\brdrs\\cellx900\\clmgf\\cellx1900\\clmrg"
    "\\cellx2500\\intbl a\\cell\\itap2 b\\nestcell{\\nonesttables\\par}{\\*\\nesttableprops\\trowd"
    "\\cellx300\\nestrow}\\itap1 c\\cell\\cell\\row\\trowd\\clvmrg\\cellx900\\cellx2500\\cell "
    "d\\cell\\row"
    "\\pard{\\field{\\*\\fldinst SYMBOL 252 \\\\f "
    "\"Wingdings\"}{\\fldrslt}}{\\shp{\\*\\shpinst{\\sp{\\sn "
    "pib}{\\sv{\\pict\\wmetafile8 010009000003}}}{\\shptxt\\intbl "
    "t\\cell\\row}}}{\\*\\background{\\shp{"
    "\\*\\shpinst{\\sp{\\sn fillColor}{\\sv 255}}}}}",
    "<html><head><title>t</title><meta http-equiv=content-type content='text/html; charset=koi8-r'>"
    "<style><!-- p{background:url(cid:a)} --></style></head><body background=\"b.gif\"><!-- x -->"
    "<p class=MsoNormal>a &amp; b&nbsp;&#8364;<br></p><ul><li>1<ol><li>2</ol></ul><pre>\n x\n</pre>"
    "<table><tr><td>c<td>d</table><a href='http://e/'>f</a><img src=\"cid:g%20h\" alt=i></body>",
    "\x1B$BF|K\\8l\x1B(B \x93\xFA\x96\x7B \xC3\xA9\xE2\x82\xAC \xFF\xFE\x3D\xD8 +ZeVnLIqe-",
    "\x81\x30\x86\x30 \x1B$)C\x0E\x47\x51\x0F \x3D\xD8\x01\xDE \xEF\xBB\xBF",
};

static const guint8 lzfu[] = {0x2d, 0x00, 0x00, 0x00, 0x2b, 0x00, 0x00, 0x00, 0x4c, 0x5a,
                              0x46, 0x75, 0xf1, 0xc5, 0xc7, 0xa7, 0x03, 0x00, 0x0a, 0x00,
                              0x72, 0x63, 0x70, 0x67, 0x31, 0x32, 0x35, 0x42, 0x32, 0x0a,
                              0xf3, 0x20, 0x68, 0x65, 0x6c, 0x09, 0x00, 0x20, 0x62, 0x77,
                              0x05, 0xb0, 0x6c, 0x64, 0x7d, 0x0a, 0x80, 0x0f, 0xa0};

/* One change: flip, set, cut, repeat a piece, or put a byte that means something. */
static void
mutate (GRand *random, GByteArray *bytes)
{
  static const gchar meaning[] = "{}\\'<>&;\"=-/!*()\x1B\x80\xFF u0";
  if (bytes->len == 0)
    return;
  guint at = (guint) g_rand_int_range (random, 0, (gint) bytes->len);
  guint length = (guint) g_rand_int_range (random, 1, 64);
  length = MIN (length, bytes->len - at);
  switch (g_rand_int_range (random, 0, 5)) {
  case 0:
    bytes->data[at] ^= (guint8) (1u << g_rand_int_range (random, 0, 8));
    break;
  case 1:
    bytes->data[at] = (guint8) g_rand_int_range (random, 0, 256);
    break;
  case 2:
    g_byte_array_remove_range (bytes, at, length);
    break;
  case 3: {
    g_autofree guint8 *piece = g_memdup2 (bytes->data + at, length);
    g_byte_array_append (bytes, piece, length);
    break;
  }
  default:
    bytes->data[at] = (guint8) meaning[g_rand_int_range (random, 0, sizeof meaning - 1)];
    break;
  }
}

static void
take (gchar *text)
{
  g_assert_nonnull (text);
  g_assert_true (g_utf8_validate (text, -1, NULL));
  g_free (text);
}

static void
use_html (const gchar *html)
{
  take (bm_html_to_text (html, strlen (html)));
  take (bm_html_set_charset_utf8 (html));
  g_autoptr (GHashTable) references = bm_html_references (html);
  take (bm_html_replace_references (html, references));
}

static void
use_rtf (const guint8 *data, gsize size)
{
  bm_rtf_kind (data, size);
  g_autofree gchar *html = bm_rtf_to_html (data, size, 0, NULL);
  use_html (html);
  take (g_steal_pointer (&html));
  take (bm_rtf_to_text (data, size, 0, NULL));
  static const gchar *const objects[] = {"<b>", NULL};
  g_autoptr (GPtrArray) pictures = NULL;
  gboolean complete, lossy;
  g_autofree gchar *page =
      bm_rtf_native_to_html (data, size, 932, objects, &pictures, &complete, &lossy);
  use_html (page);
  take (g_steal_pointer (&page));
}

static void
use_bytes (GRand *random, const guint8 *data, gsize size)
{
  guint row = (guint) g_rand_int_range (random, 0, (gint) bm_charset_table_size);
  const gchar *charset = bm_charset_table[row].mime;
  take (bm_charset_guess_to_utf8 (data, size, charset, NULL, NULL));
  take (bm_charset_utf16le_to_utf8 (data, size, NULL));
  g_free (bm_html_detect_charset (data, size));
  gchar *html = bm_charset_to_utf8 (data, size, charset, NULL);
  use_html (html);
  take (html);
}

static void
test_mutations (void)
{
  const gchar *wish = g_getenv ("BM_MUTATIONS");
  guint rounds = wish != NULL ? (guint) atoi (wish) : ROUNDS;
  GRand *random = g_rand_new_with_seed (20260101);
  for (guint round = 0; round < rounds; round++) {
    g_autoptr (GByteArray) bytes = g_byte_array_new ();
    guint seed = round % (G_N_ELEMENTS (seeds) + 1);
    if (seed < G_N_ELEMENTS (seeds))
      g_byte_array_append (bytes, (const guint8 *) seeds[seed], (guint) strlen (seeds[seed]));
    else
      g_byte_array_append (bytes, lzfu, sizeof lzfu);
    gint changes = g_rand_int_range (random, 1, 12);
    for (gint i = 0; i < changes; i++)
      mutate (random, bytes);
    /* A copy of the exact size: the sanitizer sees one byte too many. */
    g_autofree guint8 *exact = g_memdup2 (bytes->data, bytes->len);
    use_bytes (random, exact, bytes->len);
    use_rtf (exact, bytes->len);
    g_autoptr (GByteArray) raw = bm_lzfu_decompress (exact, bytes->len, 100000, NULL, NULL, NULL);
    if (raw != NULL)
      use_rtf (raw->data, raw->len);
  }
  g_rand_free (random);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/text/mutations", test_mutations);
  return g_test_run ();
}
