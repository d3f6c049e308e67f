/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Native RTF as HTML: formats, paragraphs, lists, tables, links, notes. */
#include "rtf-html.h"

/* A paragraph. */
#define LINE(rtf, want) BODY (rtf "\\par", "<div>" want "</div>\n")

static void
test_characters (void)
{
  LINE ("Gr\\'fc\\'dfe <&>", "Grüße &lt;&amp;&gt;");
  LINE ("{\\b bold} {\\i it} {\\ul un}\\strike s\\strike0 !",
        "<b>bold</b> <i>it</i> <u>un</u><s>s</s>!");
  LINE ("a{\\super 2}b{\\sub 3}\\super x\\nosupersub y", "a<sup>2</sup>b<sub>3</sub><sup>x</sup>y");
  LINE ("\\cf1 red\\cf2  black\\cf0", "<span style=\"color:#ff0000\">red</span> black");
  LINE ("{\\highlight1 h}{\\cb1 c}{\\chcbpat1 p}",
        "<span style=\"background-color:#ff0000\">hcp</span>");
  LINE ("xxx{\\f1\\fs28 big}",
        "xxx<span style=\"font-family:'Times New Roman',serif;font-size:14pt\">big</span>");
  LINE ("{\\b a{\\i b}}c", "<b>a</b><b><i>b</i></b>c");
  LINE ("a  b\\line c", "a \u00a0b<br>\nc");
  LINE ("a\\~b\\-c\\_d", "a\u00a0b\u00adc\u2011d");
  LINE ("see\\v hidden\\v0 n", "seen");
  LINE ("{\\uldb d}{\\ulwave w}{\\cf1\\ul r}", "<u style=\"text-decoration:underline double\">d</u>"
                                               "<u style=\"text-decoration:underline wavy\">w</u>"
                                               "<span style=\"color:#ff0000\"><u>r</u></span>");
  LINE ("{\\caps c}{\\scaps s}{\\expndtw20 e}{\\up6 u}{\\dn4 d}",
        "<span style=\"text-transform:uppercase\">c</span>"
        "<span style=\"font-variant:small-caps\">s</span>"
        "<span style=\"letter-spacing:1pt\">e</span>"
        "<span style=\"vertical-align:3pt\">u</span>"
        "<span style=\"vertical-align:-2pt\">d</span>");
  LINE ("{\\revised in}{\\deleted out}", "<ins>in</ins><del>out</del>");
  LINE ("{\\upr{a?\\b}{\\*\\ud{a\\u8364 ?}}}b", "a€b");
}

/* The most frequent letters are said once for the page, others at the paragraph or the words. */
static void
test_letters (void)
{
  g_autofree gchar *html =
      convert (HEAD "{\\f1\\fs40 Title\\par}Text that is longer\\par{\\f0\\fs20 x\\fs24 y}\\par"
                    "{\\fs30\\par}}",
               NULL, NULL, NULL);
  g_assert_nonnull (strstr (html, "<body style=\"font-family:'Arial',sans-serif;font-size:10pt\">\n"
                                  "<div style=\"font-family:'Arial',sans-serif;font-size:10pt\">\n"
                                  "<div style=\"font-family:'Times New Roman',serif;"
                                  "font-size:20pt\">Title</div>\n<div>Text that"));
  g_assert_nonnull (strstr (html, "<div>x<span style=\"font-size:12pt\">y</span></div>\n"));
  g_assert_nonnull (strstr (html, "<div style=\"font-size:15pt\"><br></div>\n"));
}

/* Names of fonts come from strangers. */
static void
test_fonts (void)
{
  static const gchar *const fonts[][2] = {
      {"\\fnil Calibri;", "'Calibri',sans-serif"},
      {"\\fmodern Odd-Font 2;", "'Odd-Font 2',monospace"},
      {"\\fnil Unheard;", "'Unheard'"},
      {"\\fswiss a'\\{x:red\\}<\"&;", "'axred',sans-serif"},
      {"\\fmodern\\fcharset128 \\'82\\'6c\\'82\\'72 \\'83\\'53;", "'ＭＳ ゴ',sans-serif"},
      {"\\froman\\fcharset128 \\'82;", NULL},
      {"\\fswiss {\\*\\panose 01}{\\*\\falt Other}Tahoma;", "'Tahoma',sans-serif"}};
  for (guint i = 0; i < G_N_ELEMENTS (fonts); i++) {
    g_autofree gchar *rtf = g_strdup_printf ("{\\rtf1{\\fonttbl{\\f5%s}}\\f5 x\\par}", fonts[i][0]);
    g_autofree gchar *html = convert (rtf, NULL, NULL, NULL);
    g_autofree gchar *want =
        g_strdup_printf ("<body style=\"font-family:%s\">", fonts[i][1] != NULL ? fonts[i][1] : "");
    g_assert_nonnull (strstr (html, fonts[i][1] != NULL ? want : "<body>"));
  }
}

/* A character may be split by a change of format, but by nothing else. */
static void
test_split_characters (void)
{
  g_autofree gchar *html =
      convert ("{\\rtf1\\ansi\\ansicpg932 \\'93{\\b\\'fa}\\'96\\'7b\\'e9\\par\\'96\\'7b\\par}",
               NULL, NULL, NULL);
  g_assert_nonnull (strstr (html, "日"));
  g_assert_nonnull (strstr (html, "本"));
  g_assert_nonnull (strstr (html, "<div>本</div>"));
}

static void
test_paragraphs (void)
{
  BODY ("a\\par\\par b", "<div>a</div>\n<div><br></div>\n<div>b</div>\n");
  BODY ("\\pard\\qc\\li720 m\\par\\pard n\\par",
        "<div style=\"text-align:center;margin-left:36pt\">m</div>\n<div>n</div>\n");
  BODY ("\\pard\\qj\\ri720\\li720\\fi-360\\sb100\\sa50\\sl360\\slmult1 m\\par",
        "<div style=\"text-align:justify;margin-left:36pt;margin-right:36pt;text-indent:-18pt;"
        "margin-top:5pt;margin-bottom:2.5pt;line-height:1.80\">m</div>\n");
  BODY ("\\pard\\sl-400 m\\par", "<div style=\"line-height:20pt\">m</div>\n");
  BODY ("\\pard\\shading5000\\cbpat1 m\\par",
        "<div style=\"background-color:#7f0000\">\n<div>m</div>\n</div>\n");
  BODY ("\\pard\\cbpat1\\sa100 a\\par b\\par\\pard c\\par",
        "<div style=\"background-color:#ff0000\">\n<div>a</div>\n"
        "<div style=\"margin-top:5pt\">b</div>\n</div>\n"
        "<div style=\"margin-top:5pt\">c</div>\n");
  BODY ("\\qc last", "<div style=\"text-align:center\">last</div>\n");
}

/* [MSFT-RTF]: \ql is the left side also where text runs to the left. */
static void
test_right_to_left (void)
{
  BODY ("\\pard\\rtlpar\\qr r\\par", "<div dir=\"rtl\" style=\"text-align:right\">r</div>\n");
  BODY ("\\pard\\rtlpar\\li720 r\\par", "<div dir=\"rtl\" style=\"margin-right:36pt\">r</div>\n");
  BODY ("\\pard\\ql\\rtlpar r\\par", "<div dir=\"rtl\" style=\"text-align:left\">r</div>\n");
  BODY ("{\\fonttbl{\\f9\\fcharset177 David;}}Text\\par\\rtlpar{\\rtlch\\af9\\ltrch\\f9 "
        "\\'f9\\'ec}\\par",
        "<div>Text</div>\n<div dir=\"rtl\" style=\"font-family:'David'\">של</div>\n");
}

/* Paragraphs with the same lines around them are in one box. */
static void
test_borders (void)
{
  BODY ("\\pard\\brdrb\\brdrs\\brdrw10\\par\\pard x\\par",
        "<div style=\"border-bottom:0.8pt solid #000000;padding:1pt 0\">\n<div><br></div>\n</div>\n"
        "<div>x</div>\n");
  BODY ("\\pard\\box\\brdrdb\\brdrw60\\brdrcf1\\sa100 a\\par b\\par\\pard x\\par",
        "<div style=\"border:3pt double #ff0000;padding:1pt 4pt\">\n<div>a</div>\n"
        "<div style=\"margin-top:5pt\">b</div>\n</div>\n"
        "<div style=\"margin-top:5pt\">x</div>\n");
  BODY ("\\pard\\box\\brdrnone a\\par", "<div>a</div>\n");
  BODY ("\\pard\\chbrdr\\brdrs a\\par", "<div>a</div>\n");
}

/* Text before a tab is as wide as the way to the stop, whatever it is. */
static void
test_tabs (void)
{
#define GAP "\u00a0 "
  LINE ("Name:\\tab Ada",
        "<span style=\"display:inline-block;min-width:36pt;text-indent:0\">Name:" GAP "</span>Ada");
  LINE ("wwwwww\\tab b", /* wider than the first stop */
        "<span style=\"display:inline-block;min-width:72pt;text-indent:0\">wwwwww" GAP "</span>b");
  BODY ("\\tx2000 a\\tab b\\tab c\\par",
        "<div style=\"tab-stops:100pt\">"
        "<span style=\"display:inline-block;min-width:100pt;text-indent:0\">a" GAP "</span>"
        "<span style=\"display:inline-block;min-width:8pt;text-indent:0\">b" GAP
        "</span>c</div>\n");
  BODY ("\\tqr\\tx4000 a\\tab 12\\par",
        "<div style=\"tab-stops:200pt\">a" GAP "<span style=\"display:inline-block;"
        "min-width:188.9pt;text-indent:0;text-align:right\">12</span></div>\n");
  BODY ("\\tqc\\tx4000 a\\tab 12\\par", /* its middle is at 200pt */
        "<div style=\"tab-stops:200pt\">a" GAP "<span style=\"display:inline-block;"
        "min-width:377.8pt;text-indent:0;text-align:center\">12</span></div>\n");
  BODY ("\\fi-360\\li720 -\\tab text\\par",
        "<div style=\"margin-left:36pt;text-indent:-18pt\">"
        "<span style=\"display:inline-block;min-width:18pt;text-indent:0\">-" GAP
        "</span>text</div>\n");
  BODY ("\\tx2000 a\tb\\tx500 c\\par", /* the stop of the text before */
        "<div style=\"tab-stops:100pt 25pt\">"
        "<span style=\"display:inline-block;min-width:100pt;text-indent:0\">a" GAP
        "</span>bc</div>\n");
  /* The indent is a stop, and no usual one is before it. */
  BODY ("\\fi-360\\li1000 -\\tab text\\par",
        "<div style=\"margin-left:50pt;text-indent:-18pt\">"
        "<span style=\"display:inline-block;min-width:18pt;text-indent:0\">-" GAP
        "</span>text</div>\n");
  BODY ("\\qc a\\tab b\\par", "<div style=\"text-align:center\">a\u00a0\u00a0" GAP "b</div>\n");
  LINE (
      "ii\\cf1\\ul\\tab\\cf0\\ulnone x",
      "ii<span style=\"display:inline-block;min-width:31.6pt;text-indent:0;border-bottom:1px solid "
      "#ff0000\"><span style=\"color:#ff0000\">" GAP "</span></span>x");
  LINE ("{\\b a\\line b\\tab c}",
        "<b>a</b><br>\n<span style=\"display:inline-block;min-width:36pt;text-indent:0\">"
        "<b>b" GAP "</b></span><b>c</b>");
#undef GAP
}

static void
test_lists (void)
{
#define UL       "<ul style=\"margin:0 0 0 18pt;padding:0\">\n"
#define OL(type) "<ol type=\"" type "\" style=\"margin:0 0 0 18pt;padding:0\">\n"
  BODY ("{\\pntext\\f2\\'b7\\tab}one\\par{\\pntext\\f2\\'b7\\tab}two\\par\\pard end\\par",
        UL "<li>one</li>\n<li>two</li>\n</ul>\n<div>end</div>\n");
  BODY ("{\\listtext 3.\\tab}c\\par{\\listtext 4.\\tab}d\\par",
        OL ("1") "<li value=\"3\">c</li>\n<li value=\"4\">d</li>\n</ol>\n");
  BODY ("{\\listtext 1.\\tab}a\\par\\ilvl1{\\listtext b)\\tab}b\\par\\ilvl0{\\listtext 2.}c\\par",
        OL ("1") "<li value=\"1\">a</li>\n" OL (
            "a") "<li value=\"2\" style=\"list-style-type:'b)\\00a0 '\">b</li>\n</ol>\n"
                 "<li value=\"2\">c</li>\n</ol>\n");
  BODY ("{\\listtext iv.\\tab}a\\par", OL ("i") "<li value=\"4\">a</li>\n</ol>\n");
  BODY ("{\\listtext XIV.\\tab}a\\par", OL ("I") "<li value=\"14\">a</li>\n</ol>\n");
  BODY ("{\\listtext v.\\tab}a\\par", OL ("a") "<li value=\"22\">a</li>\n</ol>\n");
  BODY ("{\\pntext v.\\tab}{\\*\\pn\\pnlvlbody\\pnlcrm{\\pntxta .}}a\\par",
        OL ("i") "<li value=\"5\">a</li>\n</ol>\n");
  BODY ("{\\listtext o\\tab}a\\par", UL "<li style=\"list-style-type:circle\">a</li>\n</ul>\n");
  BODY ("{\\listtext -\\tab}a\\par", UL "<li style=\"list-style-type:'-\\00a0 '\">a</li>\n</ul>\n");
  BODY ("\\fi-360\\li720{\\listtext 1.\\tab}a\\par\\li1440\\ilvl1{\\listtext a.\\tab}b\\par",
        "<ol type=\"1\" style=\"margin:0 0 0 36pt;padding:0\">\n<li value=\"1\">a</li>\n"
        "<ol type=\"a\" style=\"margin:0 0 0 36pt;padding:0\">\n<li value=\"1\">b</li>\n</ol>\n"
        "</ol>\n");
  /* HTML cannot count so. */
  BODY ("{\\listtext 1.2.\\tab}deep\\par", "<div>1.2.\u00a0 deep</div>\n");
  BODY ("\\fi-500\\li500{\\listtext 1.2.\\tab}deep\\par",
        "<div style=\"margin-left:25pt;text-indent:-25pt\"><span style=\"display:inline-block;"
        "min-width:25pt;text-indent:0\">1.2.\u00a0 </span>deep</div>\n");
}

#define LISTS                                                                                      \
  "{\\*\\listtable{\\list{\\listlevel\\levelnfc0\\levelstartat3{\\leveltext\\'02\\'00.;}"          \
  "{\\levelnumbers\\'01;}}{\\listlevel\\levelnfc2\\levelstartat1{\\leveltext\\'02\\'01);}}"        \
  "{\\listname ;}\\listid7}{\\list{\\listlevel\\levelnfc0\\levelstartat1{\\leveltext"              \
  "\\'02\\'00.;}}{\\listlevel\\levelnfc3\\levelstartat1{\\leveltext\\'03\\'00.\\'01;}}\\listid8}"  \
  "{\\list{\\listlevel\\levelnfc23{\\leveltext\\'01\\u-3913 ?;}}\\listid9}}"                       \
  "{\\*\\listoverridetable{\\listoverride\\listid7\\listoverridecount0\\ls1}"                      \
  "{\\listoverride\\listid8\\ls2}{\\listoverride\\listid9\\ls3}{\\listoverride\\listid7"           \
  "\\listoverridecount1{\\lfolevel\\listoverridestartat\\levelstartat9}\\ls4}}"

/* Lists that the document defines: how they count, and their numbers where paragraphs have none. */
static void
test_list_tables (void)
{
  BODY (LISTS "\\ls1{\\listtext 3.}a\\par\\ls1\\ilvl1{\\listtext v)}b\\par",
        OL ("1") "<li value=\"3\">a</li>\n" OL (
            "i") "<li value=\"5\" style=\"list-style-type:'v)\\00a0 '\">b</li>\n</ol>\n</ol>\n");
  BODY (LISTS "\\ls1 a\\par b\\par\\ilvl1 c\\par d\\par\\ilvl0 e\\par\\ilvl1 f\\par",
        OL ("1") "<li value=\"3\">a</li>\n<li value=\"4\">b</li>\n" OL (
            "i") "<li value=\"1\" style=\"list-style-type:'i)\\00a0 '\">c</li>\n"
                 "<li value=\"2\" style=\"list-style-type:'ii)\\00a0 '\">d</li>\n</ol>\n"
                 "<li value=\"5\">e</li>\n" OL (
                     "i") "<li value=\"1\" style=\"list-style-type:'i)\\00a0 '\">f</li>\n</ol>\n"
                          "</ol>\n");
  BODY (LISTS "\\ls2 a\\par\\ilvl1 b\\par c\\par",
        OL ("1") "<li value=\"1\">a</li>\n</ol>\n<div>1.A\u00a0 b</div>\n<div>1.B\u00a0 c</div>\n");
  BODY (LISTS "\\ls3 a\\par", UL "<li>a</li>\n</ul>\n");
  BODY (LISTS "\\ls1 a\\par\\ls4 b\\par c\\par",
        OL ("1") "<li value=\"3\">a</li>\n<li value=\"9\">b</li>\n<li value=\"10\">c</li>\n"
                 "</ol>\n");
  BODY (LISTS "\\ls99 a\\par\\ls1\\ilvl-3 b\\par", "<div>a</div>\n<div>b</div>\n");
}
#undef UL
#undef OL

#define TABLE                                                                                      \
  "<table cellspacing=\"0\" cellpadding=\"0\" style=\"border-collapse:collapse;"                   \
  "font-family:'Arial',sans-serif;font-size:10pt\">\n"
#define TD(attributes, style) "<td valign=\"top\"" attributes " style=\"" style "padding:0 5.4pt"

static void
test_tables (void)
{
  BODY ("\\trowd\\clbrdrt\\brdrs\\cellx1440\\cellx4320\\pard\\intbl a\\cell b\\par c\\cell\\row"
        "\\trowd\\cellx1440\\clmrg\\cellx4320\\pard\\intbl d\\cell\\cell\\row\\pard after\\par",
        TABLE "<tr>" TD ("", "width:72pt;") ";border-top:0.8pt solid #000000\">a</td>" TD (
            "", "width:144pt;") "\">b<div>c</div>\n</td></tr>\n"
                                "<tr>" TD (" colspan=\"2\"",
                                           "width:216pt;") "\">d</td></tr>\n"
                                                           "</table>\n<div>after</div>\n");
  BODY ("\\pard\\intbl lost\\cell no row",
        TABLE "<tr>" TD ("", "") "\">lost</td>" TD ("", "") "\">no row</td></tr>\n</table>\n");
  BODY ("\\trowd\\trqc\\trgaph50\\trrh400\\clvertalc\\clcbpat1\\cellx1000\\intbl\\qr a\\cell\\row",
        "<table cellspacing=\"0\" cellpadding=\"0\" align=\"center\" style=\"border-collapse:"
        "collapse;font-family:'Arial',sans-serif;font-size:10pt\">\n<tr style=\"height:20pt\">"
        "<td valign=\"middle\" style=\"width:50pt;padding:0 2.5pt;background-color:#ff0000;"
        "text-align:right\">a</td></tr>\n</table>\n");
  BODY ("\\trowd\\trbrdrt\\brdrs\\trbrdrv\\brdrdot\\clbrdrt\\brdrnone\\cellx1000\\cellx2000\\intbl "
        "a\\cell b\\cell\\row",
        TABLE "<tr>" TD (
            "", "width:50pt;") ";border-top:none;border-right:0.8pt dotted "
                               "#000000\">a</td>" TD (
                                   "", "width:50pt;") ";border-top:0.8pt solid "
                                                      "#000000;border-left:0.8pt dotted #000000"
                                                      "\">b</td></tr>\n</table>\n");
}

/* Rows have edges of their own; the table of HTML has columns. */
static void
test_grid (void)
{
  BODY ("\\trowd\\cellx1000\\cellx3000\\intbl a\\cell b\\cell\\row"
        "\\trowd\\cellx2000\\cellx3010\\intbl c\\cell d\\cell\\row"
        "\\trowd\\trleft1000\\cellx3000\\intbl e\\cell\\row",
        TABLE "<tr>" TD ("", "width:50pt;") "\">a</td>" TD (
            " colspan=\"2\"",
            "width:100pt;") "\">b</td></tr>\n"
                            "<tr>" TD (" colspan=\"2\"", "width:100pt;") "\">c</td>" TD (
                                "", "width:50.5pt;") "\">d</td></tr>\n"
                                                     "<tr><td colspan=\"1\"></td>" TD (
                                                         " colspan=\"2\"",
                                                         "width:100pt;") "\">e</td></tr>\n"
                                                                         "</table>\n");
  BODY (
      "\\trowd\\clvmgf\\cellx1000\\clmgf\\cellx2000\\clmrg\\cellx3000\\intbl a\\cell b\\cell"
      "\\cell\\row\\trowd\\clvmrg\\cellx1000\\cellx2000\\cellx3000\\intbl\\cell c\\cell d\\cell"
      "\\row\\trowd\\clvmrg\\cellx2000\\cellx3000\\intbl e\\cell f\\cell\\row",
      TABLE "<tr>" TD (" rowspan=\"2\"", "width:50pt;") "\">a</td>" TD (
          " colspan=\"2\"",
          "width:100pt;") "\">b</td></tr>\n"
                          "<tr>" TD ("", "width:50pt;") "\">c</td>" TD (
                              "",
                              "width:50pt;") "\">d</td></tr>\n"
                                             "<tr>" TD (
                                                 " colspan=\"2\"",
                                                 "width:100pt;") "\">e</td>" TD ("",
                                                                                 "width:50pt;") "\""
                                                                                                ">f"
                                                                                                "</"
                                                                                                "td"
                                                                                                "><"
                                                                                                "/t"
                                                                                                "r>"
                                                                                                "\n"
                                                                                                "</"
                                                                                                "ta"
                                                                                                "bl"
                                                                                                "e>"
                                                                                                "\n");
}

static void
test_nested_tables (void)
{
  BODY ("\\trowd\\cellx4000\\pard\\intbl out\\par\\pard\\intbl\\itap2 1\\nestcell"
        "{\\nonesttables\\par}2\\nestcell{\\nonesttables\\par}{\\*\\nesttableprops\\trowd"
        "\\cellx1000\\cellx2000\\nestrow}{\\nonesttables\\par}\\pard\\intbl after\\cell\\row"
        "\\pard\\intbl next\\cell\\row\\pard\\par",
        TABLE
        "<tr>" TD ("", "width:200pt;") "\">out" TABLE "<tr>" TD ("", "width:50pt;") "\">1</td>" TD (
            "", "width:50pt;") "\">2</td></tr>\n</table>\n"
                               "<div>after</div>\n</td></tr>\n<tr>" TD (
                                   "", "width:200pt;") "\">next</td></tr>\n"
                                                       "</table>\n<div><br></div>\n");
  /* Three deep, and none of them ended. */
  BODY ("\\intbl\\itap3 x\\nestcell\\itap2 y\\nestcell\\itap1 z\\cell",
        TABLE "<tr>" TD ("", "") "\">" TABLE "<tr>" TD ("", "") "\">" TABLE "<tr>" TD (
            "", "") "\">x</td></tr>\n</table>\n<div>y</div>\n</td></tr>\n</table>\n<div>z</div>\n"
                    "</td></tr>\n</table>\n");
}

/* Lists and boxes end with their cell. */
static void
test_paragraphs_in_cells (void)
{
  BODY ("\\intbl\\qr a\\par\\ql b\\cell\\qc c\\cell\\row", TABLE
        "<tr>" TD ("", "") "\"><div style=\"text-align:right\">a</div>\n<div>b</div>\n</td>" TD (
            "", "") ";text-align:center\">c</td></tr>\n</table>\n");
  BODY ("\\intbl{\\pntext\\'b7\\tab}a\\par{\\pntext\\'b7\\tab}b\\cell\\pard\\intbl\\box\\brdrs "
        "c\\cell\\row",
        TABLE
        "<tr>" TD ("", "") "\"><ul style=\"margin:0 0 0 18pt;padding:0\">\n"
                           "<li style=\"list-style-type:'·\\00a0 '\">a</li>\n"
                           "<li style=\"list-style-type:'·\\00a0 '\">b</li>\n</ul>\n</td>" TD (
                               "", "") "\"><div style=\"border:0.8pt solid #000000;"
                                       "padding:1pt 4pt\">\n<div>c</div>\n</div>\n</td></tr>\n"
                                       "</table>\n");
}
#undef TABLE
#undef TD

static void
test_links (void)
{
  LINE ("{\\field{\\*\\fldinst{HYPERLINK \"http://x.org/?a=1&b=%22\"}}{\\fldrslt{\\ul "
        "here}}} there",
        "<a href=\"http://x.org/?a=1&amp;b=%22\"><u>here</u></a> there");
  LINE ("{\\field{\\*\\fldinst HYPERLINK mailto:a@b }{\\fldrslt a@b}}",
        "<a href=\"mailto:a@b\">a@b</a>");
  LINE ("{\\field{\\*\\fldinst PAGE }{\\fldrslt 7}}", "7");
  LINE ("{\\field{\\*\\fldinst HYPERLINK \"http://x/\" \\\\l \"p q\" \\\\o \"Say \\\\\"hi\\\\\"\""
        " \\\\t \"_blank\"}{\\fldrslt a}}",
        "<a href=\"http://x/#p q\" title=\"Say &quot;hi&quot;\">a</a>");
  LINE ("{\\field{\\*\\fldinst HYPERLINK \\\\l \"end\"}{\\fldrslt a}}{\\*\\bkmkstart "
        "end}b{\\*\\bkmkend end}{\\*\\bkmkstart _GoBack}",
        "<a href=\"#end\">a</a><a name=\"end\"></a>b");
  static const gchar *const urls[][2] = {{"www.example.org", "http://www.example.org"},
                                         {"ada@example.org", "mailto:ada@example.org"},
                                         {"\"\\\\\\\\\\\\\\\\srv\\\\\\\\a b\"", "file://srv/a b"},
                                         {"C:/x.doc", "file:///C:/x.doc"},
                                         {"outlook:00000012", "outlook:00000012"},
                                         {"ms-word:ofe|u|http://x/", "ms-word:ofe|u|http://x/"},
                                         {"javascript:alert(1)", NULL},
                                         {"JavaScript:alert(1)", NULL},
                                         {"vbscript:x", NULL},
                                         {"data:text/html,x", NULL},
                                         {"\"java\\tab script:x\"", NULL},
                                         {"\"http://x/\\tab y\"", NULL},
                                         {"relative/path", NULL},
                                         {"", NULL}};
  for (guint i = 0; i < G_N_ELEMENTS (urls); i++) {
    g_autofree gchar *rtf = g_strdup_printf (
        HEAD "{\\field{\\*\\fldinst HYPERLINK %s}{\\fldrslt a}}\\par}", urls[i][0]);
    g_autofree gchar *want = urls[i][1] != NULL
                                 ? g_strdup_printf ("<div><a href=\"%s\">a</a></div>\n", urls[i][1])
                                 : g_strdup ("<div>a</div>\n");
    check (rtf, want, TRUE);
  }
}

/* Fields within fields; results that programs make when the document has none. */
static void
test_fields (void)
{
  LINE ("{\\field{\\*\\fldinst HYPERLINK \"http://x/\"}{\\fldrslt a {\\field{\\*\\fldinst PAGE}"
        "{\\fldrslt 7}} b}} c",
        "<a href=\"http://x/\">a 7 b</a> c");
  LINE ("{\\field{\\*\\fldinst HYPERLINK \"http://{\\field{\\*\\fldinst X}{\\fldrslt x}}/\"}"
        "{\\fldrslt a}}",
        "<a href=\"http://x/\">a</a>");
  LINE ("{\\field{\\*\\fldinst SYMBOL 252 \\\\f \"Wingdings\" \\\\s 10}{\\fldrslt}}", "✔");
  LINE ("{\\field{\\*\\fldinst INCLUDEPICTURE \"http://x/a&b.png\" \\\\d}{\\fldrslt }}",
        "<img src=\"http://x/a&amp;b.png\" alt=\"\">");
  LINE ("a{\\field{\\*\\fldinst INCLUDEPICTURE \"C:\\\\\\\\x.png\"}{\\fldrslt }}", "a");
  LOSS ("a{\\field{\\*\\fldinst EQ \\\\f(1,2)}{\\fldrslt}}\\par", "<div>a</div>\n");
}

static void
test_notes (void)
{
  BODY ("a{\\super\\chftn{\\footnote\\pard\\nosupersub{\\super\\chftn} "
        "foot}}b{\\super\\chftn{\\footnote two"
        "\\par more}}\\par",
        "<div>a<sup>1</sup>b<sup>2</sup></div>\n<hr>\n<div><sup>1</sup> foot</div>\n"
        "<div><sup>two</sup></div>\n<div><sup>more</sup></div>\n");
  BODY ("a{\\*\\atnid X}\\chatn{\\*\\annotation said}\\par",
        "<div>a1</div>\n<hr>\n<div>said</div>\n");
  /* A note in a cell leaves the table alone, and so does what stands in it. */
  g_autofree gchar *html =
      convert (HEAD "\\trowd\\cellx9\\intbl a{\\footnote\\pard n\\cell\\row m\\par}b\\cell\\row}",
               NULL, NULL, NULL);
  g_assert_nonnull (strstr (html, ">ab</td></tr>\n</table>\n<hr>\n<div>n</div>\n<div>m</div>\n"));
  g_assert_null (strstr (strstr (html, "<td") + 1, "<td"));
  /* The document is cut in a note. */
  g_autofree gchar *cut = convert (HEAD "\\qc a{\\footnote n", NULL, NULL, NULL);
  g_assert_nonnull (strstr (cut, "<div style=\"text-align:center\">a</div>\n<hr>\n<div>n</div>"));
}

/* Not of the page of a mail; kept only when there is something in it. */
static void
test_unseen (void)
{
  LOSS ("{\\header\\pard\\trowd\\cellx5 Secret\\par}a\\par", "<div>a</div>\n");
  LOSS ("{\\footer{\\pict\\pngblip 89504e47}}a\\par", "<div>a</div>\n");
  BODY ("{\\header\\pard\\par}{\\footerf  }a\\par", "<div>a</div>\n");
  LOSS ("a{\\object\\objemb{\\*\\objdata 0105}{\\result icon}}\\par", "<div>aicon</div>\n");
  LOSS ("a{\\*\\moMath{\\mr x}}\\par", "<div>ax</div>\n");
  g_autofree gchar *html =
      convert (HEAD "{\\*\\background{\\shp{\\*\\shpinst{\\sp{\\sn fillColor}{\\sv 13434879}}{\\sp"
                    "{\\sn other}{\\sv 5}}}}}a\\par}",
               NULL, NULL, NULL);
  g_assert_nonnull (strstr (html, "<body bgcolor=\"#ffffcc\" style"));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/rtf-html/characters", test_characters);
  g_test_add_func ("/rtf-html/letters", test_letters);
  g_test_add_func ("/rtf-html/fonts", test_fonts);
  g_test_add_func ("/rtf-html/split-characters", test_split_characters);
  g_test_add_func ("/rtf-html/paragraphs", test_paragraphs);
  g_test_add_func ("/rtf-html/right-to-left", test_right_to_left);
  g_test_add_func ("/rtf-html/borders", test_borders);
  g_test_add_func ("/rtf-html/tabs", test_tabs);
  g_test_add_func ("/rtf-html/lists", test_lists);
  g_test_add_func ("/rtf-html/list-tables", test_list_tables);
  g_test_add_func ("/rtf-html/tables", test_tables);
  g_test_add_func ("/rtf-html/grid", test_grid);
  g_test_add_func ("/rtf-html/nested-tables", test_nested_tables);
  g_test_add_func ("/rtf-html/paragraphs-in-cells", test_paragraphs_in_cells);
  g_test_add_func ("/rtf-html/links", test_links);
  g_test_add_func ("/rtf-html/fields", test_fields);
  g_test_add_func ("/rtf-html/notes", test_notes);
  g_test_add_func ("/rtf-html/unseen", test_unseen);
  return g_test_run ();
}
