/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Native RTF as HTML: formats, lists, tables, links, pictures, attachments, hostile shapes. */
#include "text/bm-picture.h"
#include "text/bm-rtf.h"

#include <string.h>

#define HEAD                                                                                       \
  "{\\rtf1\\ansi\\ansicpg1252\\deff0{\\fonttbl{\\f0\\fswiss Arial;}{\\f1\\froman Times New "       \
  "Roman;}{\\f2\\fnil\\fcharset2 Symbol;}}{\\colortbl ;\\red255\\green0\\blue0;\\red0\\green0"     \
  "\\blue0;}\\fs20 "

static gchar *
convert (const gchar *rtf, const gchar *const *objects, GPtrArray **pictures, gboolean *complete)
{
  g_autoptr (GPtrArray) own = NULL;
  gboolean ignored;
  gsize size = strlen (rtf);
  g_autofree guint8 *copy = g_memdup2 (rtf, size);
  return bm_rtf_native_to_html (copy, size, objects, pictures != NULL ? pictures : &own,
                                complete != NULL ? complete : &ignored);
}

/* What is between the body tags. */
static void
check (const gchar *rtf, const gchar *want)
{
  gboolean complete = FALSE;
  g_autofree gchar *html = convert (rtf, NULL, NULL, &complete);
  gchar *start = strstr (html, "<body");
  start = strchr (start, '\n') + 1;
  *strstr (start, "</body>") = '\0';
  g_assert_cmpstr (start, ==, want);
  g_assert_true (complete);
}
#define BODY(rtf, want) check (HEAD rtf "}", want)

static void
test_characters (void)
{
  BODY ("Gr\\'fc\\'dfe <&>\\par", "<div>Grüße &lt;&amp;&gt;</div>\n");
  BODY ("{\\b bold} {\\i it} {\\ul un}\\strike s\\strike0 !\\par",
        "<div><b>bold</b> <i>it</i> <u>un</u><s>s</s>!</div>\n");
  BODY ("a{\\super 2}b{\\sub 3}\\par", "<div>a<sup>2</sup>b<sub>3</sub></div>\n");
  BODY ("\\cf1 red\\cf2  black\\cf0\\par", "<div><span style=\"color:#ff0000\">red</span> "
                                           "black</div>\n");
  BODY ("x{\\f1\\fs28 big}\\par",
        "<div>x<span style=\"font-family:'Times New Roman';font-size:14pt\">big</span></div>\n");
  BODY ("{\\b a{\\i b}}c\\par", "<div><b>a</b><b><i>b</i></b>c</div>\n");
  BODY ("a  b\\tab c\\line d\\par", "<div>a \u00a0b\u00a0\u00a0\u00a0 c<br>\nd</div>\n");
  BODY ("see\\v hidden\\v0 n\\par", "<div>seen</div>\n");
  g_autofree gchar *html = convert (HEAD "x\\par}", NULL, NULL, NULL);
  g_assert_nonnull (strstr (html, "<body style=\"font-family:'Arial';font-size:10pt\">"));
}

static void
test_paragraphs (void)
{
  BODY ("a\\par\\par b", "<div>a</div>\n<div><br></div>\n<div>b</div>\n");
  BODY ("\\pard\\qc\\li720 m\\par\\pard n\\par",
        "<div style=\"text-align:center;margin-left:36pt\">m</div>\n<div>n</div>\n");
  BODY ("\\pard\\rtlpar\\qr r\\par", "<div dir=\"rtl\" style=\"text-align:right\">r</div>\n");
}

static void
test_lists (void)
{
  BODY ("{\\pntext\\f2\\'b7\\tab}one\\par{\\pntext\\f2\\'b7\\tab}two\\par\\pard end\\par",
        "<ul>\n<li>one</li>\n<li>two</li>\n</ul>\n<div>end</div>\n");
  BODY ("{\\listtext 3.\\tab}c\\par{\\listtext 4.\\tab}d\\par",
        "<ol type=\"1\">\n<li value=\"3\">c</li>\n<li value=\"4\">d</li>\n</ol>\n");
  BODY ("{\\listtext 1.\\tab}a\\par\\ilvl1{\\listtext a)\\tab}b\\par\\ilvl0{\\listtext 2.}c\\par",
        "<ol type=\"1\">\n<li value=\"1\">a</li>\n<ol type=\"a\">\n<li value=\"1\">b</li>\n</ol>\n"
        "<li value=\"2\">c</li>\n</ol>\n");
  BODY ("{\\listtext 1.2.\\tab}deep\\par", "<div>1.2.\u00a0 deep</div>\n");
}

static void
test_tables (void)
{
  BODY ("\\trowd\\clbrdrt\\brdrs\\cellx1440\\cellx4320\\pard\\intbl a\\cell b\\par c\\cell\\row"
        "\\trowd\\cellx1440\\clmrg\\cellx4320\\pard\\intbl d\\cell\\cell\\row\\pard after\\par",
        "<table border=\"1\" cellpadding=\"4\" style=\"border-collapse:collapse\">\n"
        "<tr><td valign=\"top\" style=\"width:72pt\">a</td>"
        "<td valign=\"top\" style=\"width:144pt\">b<br>\nc</td></tr>\n"
        "<tr><td valign=\"top\" colspan=\"2\" style=\"width:72pt\">d</td></tr>\n"
        "</table>\n<div>after</div>\n");
  BODY ("\\pard\\intbl lost\\cell no row", "<table border=\"0\" cellpadding=\"4\" "
                                           "style=\"border-collapse:collapse\">\n<tr><td "
                                           "valign=\"top\">lost</td></tr>\n</table>\n"
                                           "<div>no row</div>\n");
}

static void
test_links (void)
{
  BODY ("{\\field{\\*\\fldinst{HYPERLINK \"http://x.org/?a=1&b=%22\"}}{\\fldrslt{\\ul "
        "here}}} there\\par",
        "<div><a href=\"http://x.org/?a=1&amp;b=%22\"><u>here</u></a> there</div>\n");
  BODY ("{\\field{\\*\\fldinst HYPERLINK mailto:a@b }{\\fldrslt a@b}}\\par",
        "<div><a href=\"mailto:a@b\">a@b</a></div>\n");
  BODY ("{\\field{\\*\\fldinst HYPERLINK \"javascript:alert(1)\"}{\\fldrslt js}}\\par",
        "<div>js</div>\n");
  BODY ("{\\field{\\*\\fldinst PAGE }{\\fldrslt 7}}\\par", "<div>7</div>\n");
}

static void
test_pictures (void)
{
  GPtrArray *found = NULL;
  gboolean complete = FALSE;
  g_autofree gchar *html =
      convert (HEAD "a{\\*\\shppict{\\pict{\\*\\picprop{\\sp{\\sn ab}{\\sv 12}}}\\picwgoal1500"
                    "\\pichgoal750\\pngblip{\\*\\blipuid 0123abcd}89504e\n47}}"
                    "{\\nonshppict{\\pict\\wmetafile8 00}}b\\par{\\pict\\jpegblip\\bin3 \xff\xd8{}"
                    "\\par}",
               NULL, &found, &complete);
  g_autoptr (GPtrArray) pictures = found;
  g_assert_cmpuint (pictures->len, ==, 2);
  const BmRtfPicture *picture = g_ptr_array_index (pictures, 0);
  g_assert_cmpmem (g_bytes_get_data (picture->data, NULL), g_bytes_get_size (picture->data),
                   "\x89PNG", 4);
  g_assert_cmpstr (picture->type, ==, "image/png");
  picture = g_ptr_array_index (pictures, 1); /* data as it is */
  g_assert_cmpmem (g_bytes_get_data (picture->data, NULL), g_bytes_get_size (picture->data),
                   "\xff\xd8{", 3);
  g_assert_nonnull (strstr (html, "a<img src=\"cid:rtf-picture-1@pst.invalid\" alt=\"\" "
                                  "width=\"100\" height=\"50\">b"));
}

static void
test_objects (void)
{
  const gchar *const objects[] = {"<img src=\"cid:x\">", "[b.doc]", NULL};
  g_autofree gchar *html =
      convert (HEAD "1\\objattph\\'202{\\objattph  }3\\objattph 4\\par}", objects, NULL, NULL);
  g_assert_nonnull (strstr (html, "1<img src=\"cid:x\"> 2[b.doc] 34"));
}

static void
test_incomplete (void)
{
  gboolean complete = TRUE;
  g_autofree gchar *drawing =
      convert (HEAD "x{\\shp{\\*\\shpinst{\\sp{\\sn a}{\\sv 1}}{\\shptxt box\\par}}}\\par}", NULL,
               NULL, &complete);
  g_assert_false (complete);
  g_assert_nonnull (strstr (drawing, "box"));
  g_assert_null (strstr (drawing, "sv"));
  GPtrArray *found = NULL;
  g_autofree gchar *shown = convert (
      HEAD "x{\\shp{\\*\\shpinst{\\sp{\\sn pib}{\\sv {\\pict\\pngblip 89504e47}}}}{\\shprslt "
           "{\\pict\\wmetafile8 00}other}}y\\par}",
      NULL, &found, &complete);
  g_autoptr (GPtrArray) pictures = found;
  g_assert_true (complete); /* the picture is all there is */
  g_assert_cmpuint (pictures->len, ==, 1);
  g_assert_nonnull (strstr (shown, "x<img src=\"cid:rtf-picture-1@pst.invalid\" alt=\"\" "
                                   "align=\"left\">y"));
  g_free (convert (HEAD "{\\pict\\wmetafile8 0100}\\par}", NULL, NULL, &complete));
  g_assert_false (complete);
}

/* ---- bitmaps ---- */

static void
put (GByteArray *out, guint32 value, guint size)
{
  guint32 little = GUINT32_TO_LE (value);
  g_byte_array_append (out, (const guint8 *) &little, size);
}

static GByteArray *
bitmap (void)
{
  GByteArray *dib = g_byte_array_new ();
  const guint32 header[] = {40, 1, 1, 1 | 24 << 16, 0, 4, 0, 0, 0, 0};
  for (guint i = 0; i < G_N_ELEMENTS (header); i++)
    put (dib, header[i], 4);
  put (dib, 0x00332211, 4);
  return dib;
}

static void
test_bitmaps (void)
{
  g_autoptr (GByteArray) dib = bitmap (), wmf = g_byte_array_new ();
  g_autoptr (GBytes) bmp = bm_picture_bmp (dib->data, dib->len);
  gsize size;
  const guint8 *data = g_bytes_get_data (bmp, &size);
  g_assert_cmpuint (size, ==, 14 + 44);
  g_assert_cmpint (data[0], ==, 'B');
  g_assert_cmpint (data[10], ==, 54);
  g_assert_null (bm_picture_bmp (dib->data, 40));
  g_assert_null (bm_picture_bmp ((const guint8 *) "nothing at all, really nothing", 30));
  put (wmf, 1 | 9 << 16, 4);
  g_byte_array_set_size (wmf, 18);
  put (wmf, (6 + 22 + dib->len) / 2, 4);
  put (wmf, 0x0f43, 2);
  g_byte_array_set_size (wmf, wmf->len + 22);
  g_byte_array_append (wmf, dib->data, dib->len);
  g_autoptr (GBytes) drawn = bm_picture_of_wmf (wmf->data, wmf->len);
  g_assert_true (g_bytes_equal (drawn, bmp));
  for (guint n = 0; n < wmf->len; n++) {
    g_autofree guint8 *part = g_memdup2 (wmf->data, n + 1);
    GBytes *some = bm_picture_of_wmf (part, n);
    g_clear_pointer (&some, g_bytes_unref);
    g_assert_null (bm_picture_of_emf (part, n));
  }
}

static void
test_hostile (void)
{
  g_autoptr (GString) deep = g_string_new (HEAD);
  for (guint i = 0; i < 5000; i++)
    g_string_append (deep, "{\\b\\pict{\\field{\\*\\fldinst{\\fldrslt\\cell\\trowd\\cellx-1\\row");
  g_autofree gchar *html = convert (deep->str, NULL, NULL, NULL);
  g_assert_true (g_utf8_validate (html, -1, NULL));
  g_autofree gchar *none = convert ("", NULL, NULL, NULL);
  g_assert_nonnull (strstr (none, "<body>"));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/rtf-html/characters", test_characters);
  g_test_add_func ("/rtf-html/paragraphs", test_paragraphs);
  g_test_add_func ("/rtf-html/lists", test_lists);
  g_test_add_func ("/rtf-html/tables", test_tables);
  g_test_add_func ("/rtf-html/links", test_links);
  g_test_add_func ("/rtf-html/pictures", test_pictures);
  g_test_add_func ("/rtf-html/objects", test_objects);
  g_test_add_func ("/rtf-html/incomplete", test_incomplete);
  g_test_add_func ("/rtf-html/bitmaps", test_bitmaps);
  g_test_add_func ("/rtf-html/hostile", test_hostile);
  return g_test_run ();
}
