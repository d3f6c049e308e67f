/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Native RTF as HTML: pictures, attachments, drawings, hostile shapes. */
#include "rtf-html.h"
#include "text/bm-picture.h"

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
  g_assert_nonnull (strstr (html,
                            "a<img src=\"cid:rtf-picture-1@pst.invalid\" alt=\"picture-1.png\" "
                            "width=\"100\" height=\"50\">b"));
}

/* [MSFT-RTF]: what is cut off is a part of the wanted size, before it is scaled. */
static void
test_cropped_pictures (void)
{
#define GOAL "\\picwgoal3000\\pichgoal1500\\picscalex50\\picscaley50\\pngblip 89504e47}"
  static const gchar *const pictures[][2] = {
      {"{\\pict\\piccropl300\\piccropr600\\piccropt150\\piccropb0" GOAL,
       "<span style=\"display:inline-block;overflow:hidden;width:70px;height:45px\"><img "
       "src=\"cid:rtf-picture-1@pst.invalid\" alt=\"picture-1.png\" width=\"100\" height=\"50\" "
       "style=\"margin:-5px 0 0 -10px;max-width:none\"></span>"},
      {"{\\pict\\piccropl0\\piccropr0" GOAL,
       "<img src=\"cid:rtf-picture-1@pst.invalid\" alt=\"picture-1.png\" width=\"100\" "
       "height=\"50\">"},
      {"{\\pict\\piccropl3000\\piccropr-5" GOAL,
       "<img src=\"cid:rtf-picture-1@pst.invalid\" alt=\"picture-1.png\" width=\"100\" "
       "height=\"50\">"}};
#undef GOAL
  for (guint i = 0; i < G_N_ELEMENTS (pictures); i++) {
    g_autofree gchar *rtf = g_strdup_printf (HEAD "%s\\par}", pictures[i][0]);
    g_autofree gchar *html = convert (rtf, NULL, NULL, NULL);
    g_autofree gchar *want = g_strdup_printf ("<div>%s</div>", pictures[i][1]);
    g_assert_nonnull (strstr (html, want));
  }
}

static void
test_vector_pictures (void)
{
  static const guint8 placed[22] = {0xd7, 0xcd, 0xc6, 0x9a, 0,    0, 0, 0, 0, 0,    0x64,
                                    0,    0xc8, 0,    0xec, 0x09, 0, 0, 0, 0, 0x51, 0x5e};
  GPtrArray *found = NULL;
  gboolean complete = TRUE;
  g_autoptr (GString) rtf = g_string_new (
      HEAD
      "{\\pict\\wmetafile8\\picw100\\pich200\\picwgoal1500\\pichgoal3000\\picscalex50\\picscaley50 "
      "010009000003000000000000000000000000}{\\pict\\emfblip 01000000");
  for (guint i = 0; i < 36; i++)
    g_string_append (rtf, "00");
  g_string_append (rtf, "20454d46}\\par}");
  g_autofree gchar *html = convert (rtf->str, NULL, &found, &complete);
  g_autoptr (GPtrArray) pictures = found;
  g_assert_cmpuint (pictures->len, ==, 2);
  const BmRtfPicture *wmf = g_ptr_array_index (pictures, 0), *emf = g_ptr_array_index (pictures, 1);
  g_assert_cmpstr (wmf->type, ==, "image/wmf");
  g_assert_cmpuint (g_bytes_get_size (wmf->data), ==, 22 + 18);
  g_assert_cmpmem (g_bytes_get_data (wmf->data, NULL), 22, placed, 22);
  g_assert_cmpstr (emf->type, ==, "image/emf");
  g_assert_cmpuint (g_bytes_get_size (emf->data), ==, 44);
  g_assert_nonnull (strstr (html, "alt=\"picture-1.wmf\" width=\"50\" height=\"100\">"));
  g_assert_false (complete); /* most readers show nothing */
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
  g_assert_nonnull (strstr (shown, "x<img src=\"cid:rtf-picture-1@pst.invalid\" "
                                   "alt=\"picture-1.png\" align=\"left\">y"));
  LOSS ("a{\\pict\\wmetafile8 0100}\\par", "<div>a</div>\n");
  LOSS ("a{\\pict\\macpict 0100}\\par", "<div>a</div>\n");
  LOSS ("a{\\*\\do\\dptxbx{\\dptxbxtext old box\\par}}\\par",
        "<div>aold box</div>\n<div><br></div>\n");
  /* A box in a cell does not end the table. */
  g_autofree gchar *cell = convert (
      HEAD "\\trowd\\cellx9\\intbl a{\\shp{\\*\\shpinst{\\shptxt\\pard box\\par}}}b\\cell\\row}",
      NULL, NULL, NULL);
  g_assert_nonnull (strstr (cell, ">abox<div>b</div>\n</td></tr>"));
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

/* A record of an enhanced metafile that names its bitmap at that place. */
static void
put_emr (GByteArray *emf, guint32 type, guint named, const GByteArray *dib)
{
  guint begin = emf->len, header = 40, at = named + 20;
  g_byte_array_set_size (emf, begin + at);
  memset (emf->data + begin, 0, at);
  const guint32 words[] = {header, dib->len - header};
  const guint32 offsets[] = {at, words[0], at + header, words[1]};
  for (guint i = 0; i < 4; i++) {
    guint32 little = GUINT32_TO_LE (offsets[i]);
    memcpy (emf->data + begin + named + 4 * i, &little, 4);
  }
  g_byte_array_append (emf, dib->data, dib->len);
  const guint32 head[] = {GUINT32_TO_LE (type), GUINT32_TO_LE (emf->len - begin)};
  memcpy (emf->data + begin, head, sizeof head);
}

static void
test_enhanced_metafiles (void)
{
  static const struct {
    guint32 type;
    guint named;
    gboolean has, draws;
  } records[] = {{81, 48, TRUE, FALSE}, {80, 48, TRUE, FALSE},  {76, 84, TRUE, FALSE},
                 {77, 84, TRUE, FALSE}, {114, 84, TRUE, FALSE}, {3, 48, FALSE, TRUE},
                 {84, 48, FALSE, TRUE}, {87, 48, FALSE, TRUE},  {70, 48, FALSE, FALSE}};
  g_autoptr (GByteArray) dib = bitmap ();
  g_autoptr (GBytes) bmp = bm_picture_bmp (dib->data, dib->len);
  for (guint i = 0; i < G_N_ELEMENTS (records); i++) {
    g_autoptr (GByteArray) emf = g_byte_array_new ();
    put (emf, 1, 4);
    put (emf, 44, 4);
    g_byte_array_set_size (emf, 40);
    g_byte_array_append (emf, (const guint8 *) " EMF", 4);
    put_emr (emf, records[i].type, records[i].named, dib);
    g_autofree guint8 *exact = g_memdup2 (emf->data, emf->len);
    g_autoptr (GBytes) drawn = bm_picture_of_emf (exact, emf->len);
    g_assert_cmpint (drawn != NULL && g_bytes_equal (drawn, bmp), ==, records[i].has);
    g_assert_cmpint (bm_picture_emf_draws (exact, emf->len), ==, records[i].draws);
    for (guint n = 44; n < emf->len; n++) {
      g_autofree guint8 *part = g_memdup2 (emf->data, n);
      g_assert_null (bm_picture_of_emf (part, n));
      g_assert_false (bm_picture_emf_draws (part, n));
    }
  }
}

/* An icon with its name below: the name is lost, so the original is kept. */
static void
test_metafile_with_text (void)
{
  for (guint with_text = 0; with_text < 2; with_text++) {
    g_autoptr (GByteArray) dib = bitmap (), wmf = g_byte_array_new ();
    gboolean complete = FALSE;
    put (wmf, 1 | 9 << 16, 4);
    g_byte_array_set_size (wmf, 18);
    put (wmf, (6 + 22 + dib->len) / 2, 4);
    put (wmf, 0x0f43, 2);
    g_byte_array_set_size (wmf, wmf->len + 22);
    g_byte_array_append (wmf, dib->data, dib->len);
    put (wmf, 5, 4);
    put (wmf, with_text != 0 ? 0x0521 : 0x0103, 2);
    put (wmf, 0, 4);
    g_autoptr (GString) rtf = g_string_new (HEAD "{\\pict\\wmetafile8 ");
    for (guint i = 0; i < wmf->len; i++)
      g_string_append_printf (rtf, "%02x", wmf->data[i]);
    g_string_append (rtf, "}\\par}");
    g_autofree gchar *html = convert (rtf->str, NULL, NULL, &complete);
    g_assert_nonnull (strstr (html, "alt=\"picture-1.bmp\""));
    g_assert_cmpint (complete, ==, with_text == 0);
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

static gchar *
repeat (const gchar *unit, gsize times)
{
  GString *all = g_string_new (HEAD);
  for (gsize i = 0; i < times; i++)
    g_string_append (all, unit);
  return g_string_free (all, FALSE);
}

/* Each would be slow, deep or large for a careless converter. */
static void
test_repeated (void)
{
  static const gchar *const units[] = {
      "{",
      "{}",
      "\\cell ",
      "\\intbl\\row ",
      "\\trowd\\clvmgf\\cellx1\\clvmrg\\cellx2 a\\cell b\\cell\\row ",
      "\\cellx5\\intbl a\\cell b\\row",
      "\\itap12 a\\nestcell\\itap1\\cell ",
      "\\tab ",
      "\\tqr\\tx3 a\\tab b",
      "\\b a\\b0 b",
      "{\\listtext 1.2.\\tab}a\\par ",
      "{\\pntext 1.}\\li5 a\\par\\li9 ",
      "{\\footnote a\\chftn",
      "{\\*\\bkmkstart a}",
      "{\\field{\\*\\fldinst HYPERLINK \"http://x\"}{\\fldrslt a",
      "\\box\\brdrs a\\par\\pard ",
      "{\\pict\\wmetafile8 010009000003",
      "{\\*\\listtable{\\list{\\listlevel{\\leveltext\\'02\\'00.;}}\\listid1}}",
      "\\ls1\\par ",
      "{\\shp{\\*\\shpinst{\\shptxt\\intbl t\\cell\\row",
  };
  for (guint i = 0; i < G_N_ELEMENTS (units); i++) {
    g_autofree gchar *rtf = repeat (units[i], 8000);
    g_autofree gchar *html = convert (rtf, NULL, NULL, NULL);
    g_assert_true (g_utf8_validate (html, -1, NULL));
    g_assert_cmpuint (strlen (html), <, 20 * 1000 * 1000);
  }
}

/* Sums of what it says do not fit into a number. The sanitizer sees it. */
static void
test_large_numbers (void)
{
  static const gchar *const words[] = {
      "li",       "ri",       "fi",      "sb",       "sa",         "sl",      "tx",
      "deftab",   "fs",       "cellx",   "trgaph",   "trrh",       "trleft",  "brdrw",
      "itap",     "ilvl",     "ls",      "up",       "dn",         "expndtw", "cf",
      "f",        "shading",  "clshdng", "picwgoal", "pichgoal",   "uc",      "picscalex",
      "piccropl", "piccropb", "picw",    "trwWidth", "trftsWidth", "slmult",  "u",
      "cbpat",    "highlight"};
  static const gchar *const numbers[] = {"2147483647", "-2147483648", "1073741824", "-1"};
  for (guint i = 0; i < G_N_ELEMENTS (numbers); i++) {
    g_autoptr (GString) rtf = g_string_new (HEAD "\\trowd\\clbrdrt\\brdrs");
    for (guint w = 0; w < G_N_ELEMENTS (words); w++)
      g_string_append_printf (rtf, "\\%s%s ", words[w], numbers[i]);
    g_string_append (rtf, "a\\tab b\\tab c\\line\\tqr");
    g_string_append_printf (rtf, "\\tx%s d\\tab e\\par\\intbl f\\cell\\row\\box\\brdrdb ",
                            numbers[i]);
    g_string_append_printf (rtf,
                            "\\brdrw%s g\\par{\\pict\\pngblip\\picwgoal%s\\pichgoal%s 89504e47}}",
                            numbers[i], numbers[i], numbers[i]);
    g_autofree gchar *html = convert (rtf->str, NULL, NULL, NULL);
    g_assert_true (g_utf8_validate (html, -1, NULL));
  }
}

/* A megabyte that would make some hundreds of HTML. */
static void
test_output_limit (void)
{
  gboolean complete = TRUE;
  g_autofree gchar *rtf = repeat ("\\itap12 a\\par\\itap0 b\\par ", 200000);
  g_autofree gchar *html = convert (rtf, NULL, NULL, &complete);
  g_assert_false (complete);
  g_assert_cmpuint (strlen (html), <, 80 * 1024 * 1024);
  g_assert_true (g_str_has_suffix (html, "</body></html>\n"));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/rtf-pictures/pictures", test_pictures);
  g_test_add_func ("/rtf-pictures/cropped-pictures", test_cropped_pictures);
  g_test_add_func ("/rtf-pictures/vector-pictures", test_vector_pictures);
  g_test_add_func ("/rtf-pictures/objects", test_objects);
  g_test_add_func ("/rtf-pictures/incomplete", test_incomplete);
  g_test_add_func ("/rtf-pictures/bitmaps", test_bitmaps);
  g_test_add_func ("/rtf-pictures/enhanced-metafiles", test_enhanced_metafiles);
  g_test_add_func ("/rtf-pictures/metafile-with-text", test_metafile_with_text);
  g_test_add_func ("/rtf-pictures/hostile", test_hostile);
  g_test_add_func ("/rtf-pictures/repeated", test_repeated);
  g_test_add_func ("/rtf-pictures/large-numbers", test_large_numbers);
  g_test_add_func ("/rtf-pictures/output-limit", test_output_limit);
  return g_test_run ();
}
