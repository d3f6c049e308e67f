/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Cases on bodies and their character sets: 34-46. */
#include "mime/cases/cases.h"

#include <string.h>

/* A mail without a body. */
static CaseMail *
empty_mail (Case *c)
{
  CaseMail *mail = case_plain_mail (c);
  bm_pst_props_remove (mail_props (mail), 0x1000001f);
  return mail;
}

static void
set_html (CaseMail *mail, const gchar *bytes, gint32 internet, gint32 message)
{
  mail_bytes (mail, 0x1013, bytes, strlen (bytes));
  if (internet != 0)
    mail_int (mail, 0x3fde, internet);
  if (message != 0)
    mail_int (mail, 0x3ffd, message);
}

static void
assert_shape (const Rendered *r, const gchar *want)
{
  g_autofree gchar *shape = rendered_shape (r);
  g_assert_cmpstr (shape, ==, want);
}

static void
case_34_plain (Case *c)
{
  mail_text (empty_mail (c), 0x1000, "Grüße\r\n\r\n– Zeile 2\nZeile 3\rZeile 4");
  mail_text (empty_mail (c), 0x1000, "ASCII only\r\n");
  assert_shape (case_render (c, 0), "text/plain");
  case_expect (c, "text 0 contains Grüße\\n\\n– Zeile 2\\nZeile 3\\nZeile 4");
  case_expect (c, "param 0 charset=utf-8");
  assert_shape (case_render (c, 1), "text/plain");
  case_expect (c, "text 0 contains ASCII only");
}

static void
case_35_html (Case *c)
{
  set_html (empty_mail (c), "<html><body><p>Grüße <b>€</b></p></body></html>", 65001, 0);
  const Rendered *r = case_render (c, 0);
  assert_shape (r, "alternative(text/plain,text/html)");
  g_assert_true (rendered_noted (r, BM_NOTE_TEXT_FROM_HTML));
  g_assert_false (rendered_noted (r, BM_NOTE_CHARSET_GUESSED));
  case_expect (c, "text 0 contains Grüße €");
  case_expect (c, "text 1 contains <html><body><p>Grüße <b>€</b></p></body></html>");
}

/* [MS-OXBBODY] 2.1.3.1: all three bodies are there; 0x1016 or 0x0E1F says which is the one. */
static void
case_35_best_body (Case *c)
{
  static const struct {
    gint32 native; /* or 0 */
    gboolean in_sync;
    const gchar *shape, *shown;
  } bests[] = {{1, FALSE, "text/plain", "Hi Bob"},
               {2, FALSE, "alternative(text/plain,text/html)", "of the RTF"},
               {3, TRUE, "alternative(text/plain,text/html)", "of the HTML"},
               {0, FALSE, "alternative(text/plain,text/html)", "of the HTML"},
               {0, TRUE, "alternative(text/plain,text/html)", "of the RTF"}};
  for (guint i = 0; i < G_N_ELEMENTS (bests); i++) {
    CaseMail *mail = case_plain_mail (c);
    set_html (mail, "<html><body>of the HTML</body></html>", 65001, 0);
    mail_rtf (mail, "{\\rtf1\\ansi{\\fonttbl{\\f0 Arial;}}of the RTF\\par}");
    mail_bool (mail, 0x0e1f, bests[i].in_sync);
    if (bests[i].native != 0)
      mail_int (mail, 0x1016, bests[i].native);
  }
  for (guint i = 0; i < G_N_ELEMENTS (bests); i++) {
    assert_shape (case_render (c, i), bests[i].shape);
    case_expect (c, "text 0 contains Hi Bob");
    case_expect (c, "text %d contains %s", i > 0, bests[i].shown);
  }
}

/* HTML within RTF was made of the HTML beside it. */
static void
case_35_html_in_both (Case *c)
{
  for (guint i = 0; i < 2; i++) {
    CaseMail *mail = case_plain_mail (c);
    set_html (mail, "<html><body>of the HTML</body></html>", 65001, 0);
    mail_rtf (mail, "{\\rtf1\\ansi\\fromhtml1{\\*\\htmltag64 <p>}of the RTF}");
    mail_bool (mail, 0x0e1f, TRUE);
    if (i == 1)
      mail_int (mail, 0x1016, 2);
  }
  for (guint i = 0; i < 2; i++) {
    case_render (c, i);
    case_expect (c, "text 1 contains of the HTML");
  }
}

/* Text of blanks alone beside HTML that says something; HTML of blanks alone beside RTF. */
static void
case_35_blank_text (Case *c)
{
  CaseMail *mail = empty_mail (c), *blank = empty_mail (c), *rtf = empty_mail (c);
  mail_text (mail, 0x1000, " \r\n");
  set_html (mail, "<p>Hello</p>", 65001, 0);
  mail_int (mail, 0x1016, 1); /* though it says that the text is the original */
  mail_text (blank, 0x1000, " \r\n");
  set_html (rtf, " \r\n", 65001, 0);
  mail_rtf (rtf, "{\\rtf1\\ansi\\fromhtml1{\\*\\htmltag64 <p>}of the RTF}");
  const Rendered *r = case_render (c, 0);
  g_assert_true (rendered_noted (r, BM_NOTE_TEXT_FROM_HTML));
  case_expect (c, "text 0 contains Hello");
  r = case_render (c, 1);
  assert_shape (r, "text/plain");
  g_assert_false (rendered_noted (r, BM_NOTE_BODY_EMPTY));
  assert_shape (case_render (c, 2), "alternative(text/plain,text/html)");
  case_expect (c, "text 1 contains <p>of the RTF");
}

static void
case_36_wrong_declaration (Case *c)
{
  set_html (empty_mail (c),
            "<html><body>Gr\xfc\xdf"
            "e \x84zitiert\x93</body></html>",
            20127, 0);
  set_html (empty_mail (c),
            "<html><body>Gr\xc3\xbc\xc3\x9f"
            "e</body></html>",
            20127, 0);
  set_html (empty_mail (c),
            "<html><body>Gr\xfc\xdf"
            "e</body></html>",
            65001, 0);
  set_html (empty_mail (c),
            "<html><body>Gr\xfc\xdf"
            "e</body></html>",
            1200, 1252);
  const Rendered *r = case_render (c, 0);
  g_assert_true (rendered_noted (r, BM_NOTE_CHARSET_GUESSED));
  case_expect (c, "text 1 contains Grüße „zitiert“");
  for (guint i = 1; i < 4; i++) {
    case_render (c, i);
    case_expect (c, "text 1 contains Grüße");
  }
}

/* The same for texts in 8-bit strings. */
static void
case_36_wrong_declaration_of_text (Case *c)
{
  for (guint i = 0; i < 2; i++) {
    CaseMail *mail = empty_mail (c);
    mail_string8 (mail, 0x1000,
                  i == 0 ? "Gr\xfc\xdf"
                           "e aus K\xf6ln\r\n"
                         : "Gr\xc3\xbc\xc3\x9f"
                           "e aus K\xc3\xb6ln");
    mail_int (mail, 0x3ffd, 20127);
  }
  for (guint i = 0; i < 2; i++) {
    const Rendered *r = case_render (c, i);
    g_assert_true (rendered_noted (r, BM_NOTE_CHARSET_GUESSED));
    case_expect (c, "text 0 contains Grüße aus Köln");
  }
}

static void
case_37_html_string (Case *c)
{
  static const gchar html[] =
      "<html><head><meta http-equiv=\"Content-Type\" content=\"text/html; charset=iso-8859-1\">"
      "</head><body>Grüße 会议</body></html>";
  mail_text (empty_mail (c), 0x1013, html);
  CaseMail *narrow = empty_mail (c);
  mail_string8 (narrow, 0x1013, "<meta charset=windows-1251><p>\xcf\xf0\xe8\xe2\xe5\xf2</p>");
  mail_int (narrow, 0x3ffd, 1251);
  case_render (c, 0);
  case_expect (c, "text 1 contains charset=utf-8\">");
  case_expect (c, "text 1 contains Grüße 会议");
  case_expect (c, "text 1 lacks iso-8859-1");
  case_render (c, 1);
  case_expect (c, "text 1 contains <meta charset=utf-8><p>Привет</p>");
}

/* UTF-16, with and without a mark, right and wrong about its order, called so or not. */
static void
case_36_utf16_html (Case *c)
{
  static const gunichar2 marks[] = {0, 0xfeff};
  static const gint32 pages[] = {1200, 1201, 65001, 1252, 0};
  static const gchar text[] = "<html><head><meta charset=\"utf-16\"></head>"
                              "<body><p>Grüße 会议 📎</p></body></html>";
  guint n = 0;
  for (guint mark = 0; mark < 2; mark++)
    for (guint page = 0; page < G_N_ELEMENTS (pages); page++)
      for (guint big = 0; big < 2; big++, n++) {
        glong units;
        g_autofree gunichar2 *utf16 = g_utf8_to_utf16 (text, -1, NULL, &units, NULL);
        g_autoptr (GByteArray) bytes = g_byte_array_new ();
        for (glong i = mark ? -1 : 0; i < units; i++) {
          gunichar2 unit = i < 0 ? marks[1] : utf16[i];
          guint8 pair[2] = {(guint8) (big ? unit >> 8 : unit), (guint8) (big ? unit : unit >> 8)};
          g_byte_array_append (bytes, pair, 2);
        }
        CaseMail *mail = empty_mail (c);
        mail_bytes (mail, 0x1013, bytes->data, bytes->len);
        if (pages[page] != 0)
          mail_int (mail, 0x3fde, pages[page]);
      }
  for (guint i = 0; i < n; i++) {
    const Rendered *r = case_render (c, i);
    g_assert_false (rendered_noted (r, BM_NOTE_CHARSET_LOSSY));
    case_expect (c, "text 0 contains Grüße 会议 📎");
    case_expect (c, "text 1 contains <head><meta charset=\"utf-8\"></head><body><p>Grüße 会议 📎<");
  }
}

/* What came beside the bytes is wrong, what is in them is right. */
static void
case_36_meta_is_right (Case *c)
{
  static const struct {
    const gchar *set, *bytes, *text;
    gint32 internet;
  } htmls[] = {{"utf-8", "caf\xc3\xa9", "café", 1252},
               {"utf-8", "\xc3\xa9", "é", 28591},
               {"gb2312", "\xc4\xe3\xba\xc3\xc4\xe3\xba\xc3", "你好你好", 1252},
               {"gb2312", "\xc4\xe3\x81\x39\xee\x39", "你㐀", 936},
               {"big5", "\xad\xbb\xb4\xe4\x88\x66", "香港Ê", 950},
               {"iso-8859-9", "\x93\xfe\x94", "“ş”", 28599},
               {"iso-2022-jp", "\x1b$BF|K\\\x1b(B", "日本", 932},
               {"koi8-r", "\xf0\xd2\xc9", "При", 20127}};
  for (guint i = 0; i < G_N_ELEMENTS (htmls); i++) {
    g_autofree gchar *html =
        g_strdup_printf ("<meta charset=%s><p>%s</p>", htmls[i].set, htmls[i].bytes);
    set_html (empty_mail (c), html, htmls[i].internet, 0);
  }
  for (guint i = 0; i < G_N_ELEMENTS (htmls); i++) {
    const Rendered *r = case_render (c, i);
    g_assert_true (rendered_noted (r, BM_NOTE_CHARSET_GUESSED));
    g_assert_false (rendered_noted (r, BM_NOTE_CHARSET_LOSSY));
    case_expect (c, "text 1 contains <meta charset=utf-8><p>%s</p>", htmls[i].text);
  }
}

/* Nothing but ends of lines is another byte: no tidying, no escaping, no lost comments. */
static void
case_35_byte_true (Case *c)
{
  static const gchar html[] =
      "<!DOCTYPE HTML PUBLIC '-//W3C//DTD HTML 4.0//EN'>\n<HTML xmlns:o=\"urn:x\"><HEAD>"
      "<META HTTP-EQUIV=Content-Type content=\"text/html; charset=utf-8\">\r\n"
      "<!--[if gte mso 9]><xml>\t<o:x/></xml><![endif]--><STYLE><!-- p {a:b} --></STYLE>"
      "</HEAD>\n\n<BODY lang=FR link=\"#0563C1\" >\t<P class=x>Gr\xc3\xbc\xc3\x9f"
      "e  &nbsp;&amp;&#8364; &bogus; <o:p></o:p><br/ >   \n<img src=cid:none><table><tr><td>x"
      "<script>if (a<b) x('\xe2\x82\xac');</script>=3D=20 .\n.\nFrom me\n</P ></BODY></HTML>\n";
  set_html (empty_mail (c), html, 65001, 0);
  const Rendered *r = case_render (c, 0);
  g_autofree gchar *got = rendered_content (rendered_leaf (r, 1), NULL);
  g_auto (GStrv) mine = g_strsplit (html, "\r\n", -1), theirs = g_strsplit (got, "\r\n", -1);
  g_autofree gchar *one = g_strjoinv ("\n", mine), *other = g_strjoinv ("\n", theirs);
  g_assert_cmpstr (one, ==, other);
  g_assert_false (rendered_noted (r, BM_NOTE_CHARSET_GUESSED));
}

static void
case_38_japanese (Case *c)
{
  CaseMail *mail = empty_mail (c);
  mail_text (mail, 0x1000, "日本語の本文");
  set_html (mail,
            "<html><head><meta charset=iso-2022-jp></head><body>\x1b$BF|K\\8l\x1b(B</body></html>",
            50220, 932);
  case_render (c, 0);
  case_expect (c, "text 0 contains 日本語の本文");
  case_expect (c, "text 1 contains 日本語</body>");
  case_expect (c, "text 1 contains charset=utf-8");
}

static void
check_japanese (Case *c, const BmItem *item, const Rendered *r, gpointer data)
{
  case_expect (c, "text 2 contains テスト");
}

static void
case_38_corpus (Case *c)
{
  case_corpus_each (c, "message-in-message-iso2022jp.pst", check_japanese, NULL);
}

/* Code pages of MAPI, bytes, the text they mean. */
static const struct {
  gint32 codepage;
  const gchar *bytes, *text;
} pages[] = {
    {1250, "\xa3\xf3\xbb\xe6 \xb3\xb9ka", "Łó»ć łąka"},
    {1251, "\xcf\xf0\xe8\xe2\xe5\xf2 \xb9", "Привет №"},
    {1252, "\x80 \x84x\x93 \x9c", "€ „x“ œ"},
    {1253, "\xca\xe1\xeb\xe7\xec\xdd\xf1\xe1", "Καλημέρα"},
    {1254, "\xd0\xfe\xdd \xfd", "Ğşİ ı"},
    {1255, "\xf9\xec\xe5\xed", "שלום"},
    {1256, "\xd3\xe1\xc7\xe3", "سلام"},
    {1257, "\xe0\xe8\xe6 \xf0", "ąčę š"},
    {1258, "Vi\xea\xf2t", "Việt"},
    {874, "\xca\xc7\xd1\xca\xb4\xd5", "สวัสดี"},
    {932, "\x93\xfa\x96{\x8c\xea \x87@ \xb6\xc5", "日本語 ① ｶﾅ"},
    {936, "\xbb\xe1\xd2\xe9 \x80", "会议 €"},
    {949, "\xc7\xd1\xb1\xdb \x8c\x63", "한글 똠"},
    {950, "\xb7|\xc4\xb3", "會議"},
    {1361, "\xd0\x65\x8b\x69", "한글"},
    {10000,
     "Gr\x9f\xa7"
     "e",
     "Grüße"},
    {20127, "plain", "plain"},
    {20866, "\xf0\xd2\xc9\xd7\xc5\xd4", "Привет"},
    {21866, "\xf0\xd2\xc9\xd7\xa6\xd4", "Привіт"},
    {28591,
     "Gr\xfc\xdf"
     "e",
     "Grüße"},
    {28592,
     "\xa3\xf3"
     "d\xbc",
     "Łódź"},
    {28593, "\xa6\xb1", "Ĥħ"},
    {28594, "\xe0\xe8", "āč"},
    {28595, "\xbf\xe0\xd8\xd2\xd5\xe2", "Привет"},
    {28596, "\xd3\xe4\xc7\xe5", "سلام"},
    {28597, "\xca\xe1\xeb\xe7\xec\xdd\xf1\xe1", "Καλημέρα"},
    {28598, "\xf9\xec\xe5\xed", "שלום"},
    {38598, "\xf9\xec\xe5\xed", "שלום"},
    {28599, "\xd0\xfe\xdd", "Ğşİ"},
    {28603, "\xe0\xe8\xe6", "ąčę"},
    {28605, "\xa4 \xbd", "€ œ"},
    {437, "\x81\xe1", "üß"},
    {850, "\x81\xe1 \xb8", "üß ©"},
    {852, "\x9d\xa2", "Łó"},
    {866, "\x8f\xe0\xa8\xa2\xa5\xe2", "Привет"},
    {50220, "\x1b$BF|K\\8l\x1b(B", "日本語"},
    {50221, "\x1b$BF|\x1b(I6E\x1b(B", "日ｶﾅ"},
    {50222,
     "\x1b$BF|\x1b(B\x0e"
     "6E\x0f",
     "日ｶﾅ"},
    {50225, "\x1b$)C\x0eGQ1[\x0f", "한글"},
    {51932, "\xc6\xfc\xcb\xdc\xb8\xec", "日本語"},
    {20932, "\xc6\xfc\xcb\xdc\xb8\xec", "日本語"},
    {51949, "\xc7\xd1\xb1\xdb", "한글"},
    {51936, "\xbb\xe1\xd2\xe9", "会议"},
    {20936, "\xbb\xe1\xd2\xe9", "会议"},
    {52936, "a~{;aRi~}b ~~", "a会议b ~"},
    {54936, "\xbb\xe1\xd2\xe9 \x81\x39\xee\x39", "会议 㐀"},
    {65000, "Gr+APwA3w-e", "Grüße"},
    {65001,
     "Gr\xc3\xbc\xc3\x9f"
     "e 📎",
     "Grüße 📎"},
};

/* As bytes of HTML and as 8-bit strings of the message, in every code page there is. */
static void
case_39_code_pages (Case *c)
{
  for (guint i = 0; i < G_N_ELEMENTS (pages); i++) {
    CaseMail *mail = empty_mail (c);
    g_autofree gchar *html = g_strdup_printf ("<html><body>%s</body></html>", pages[i].bytes);
    set_html (mail, html, pages[i].codepage, pages[i].codepage);
    mail_string8 (mail, 0x1000, pages[i].bytes);
    mail_string8 (mail, 0x0037, pages[i].bytes);
  }
  for (guint i = 0; i < G_N_ELEMENTS (pages); i++) {
    g_test_message ("code page %d", pages[i].codepage);
    const Rendered *r = case_render (c, i);
    g_assert_cmpstr (r->message->subject, ==, pages[i].text);
    case_expect (c, "header Subject=%s", pages[i].text);
    case_expect (c, "text 0 contains %s", pages[i].text);
    case_expect (c, "text 1 contains <body>%s</body>", pages[i].text);
  }
}

static void
case_39_ansi_file (Case *c)
{
  case_options (c)->format = BM_PST_WRITE_ANSI;
  case_context (c)->charset = "CP1251";
  CaseMail *mail = empty_mail (c);
  mail_string8 (mail, 0x0037, "\xcf\xf0\xe8\xe2\xe5\xf2");
  mail_string8 (mail, 0x1000, "\xcf\xf0\xe8\xe2\xe5\xf2 \xe8\xe7 \xcc\xee\xf1\xea\xe2\xfb");
  set_html (mail, "<p>\xcf\xf0\xe8\xe2\xe5\xf2</p>", 0, 0);
  case_render (c, 0);
  case_expect (c, "header Subject=Привет");
  case_expect (c, "text 0 contains Привет из Москвы");
  case_expect (c, "text 1 contains <p>Привет</p>");
}

/* Without a code page the language tells, unless somebody has chosen one for the file. */
static void
case_39_language (Case *c)
{
  static const struct {
    gint32 locale, codepage;
    const gchar *bytes, *text;
  } languages[] = {
      {0x0419, 0, "\xcf\xf0\xe8\xe2\xe5\xf2", "Привет"},
      {0x0411, 0, "\x93\xfa\x96{\x8c\xea", "日本語"},
      {0x0404, 0, "\xb7|\xc4\xb3", "會議"},
      {0x0804, 0, "\xbb\xe1\xd2\xe9", "会议"},
      {0x0c1a, 0, "\xd1\xf0\xe1", "Срб"},
      {0x081a, 0, "\x8aumar", "Šumar"},
      {0x0415, 0, "\xb9\xea", "ąę"},
      {0x0407, 0, "Gr\xfc\xdf", "Grüß"},
      {0, 0, "Gr\xfc\xdf", "Grüß"},
      {0x0419, 1253, "\xca\xe1\xeb", "Καλ"},
  };
  case_options (c)->format = BM_PST_WRITE_ANSI;
  for (guint i = 0; i < G_N_ELEMENTS (languages); i++) {
    CaseMail *mail = empty_mail (c);
    g_autofree gchar *html = g_strdup_printf ("<p>%s</p>", languages[i].bytes);
    mail_string8 (mail, 0x0037, languages[i].bytes);
    mail_string8 (mail, 0x1000, languages[i].bytes);
    set_html (mail, html, 0, languages[i].codepage);
    if (languages[i].locale != 0)
      mail_int (mail, 0x3ff1, languages[i].locale);
  }
  for (guint i = 0; i < G_N_ELEMENTS (languages); i++) {
    case_render (c, i);
    case_expect (c, "header Subject=%s", languages[i].text);
    case_expect (c, "text 0 contains %s", languages[i].text);
    case_expect (c, "text 1 contains <p>%s</p>", languages[i].text);
  }
}

static void
case_39_language_and_choice (Case *c)
{
  case_options (c)->format = BM_PST_WRITE_ANSI;
  case_context (c)->charset = "CP1253";
  CaseMail *mail = empty_mail (c);
  mail_string8 (mail, 0x1000, "\xca\xe1\xeb\xe7\xec\xdd\xf1\xe1");
  mail_int (mail, 0x3ff1, 0x0419);
  case_render (c, 0);
  case_expect (c, "text 0 contains Καλημέρα");
}

#define FROM_HTML                                                                                  \
  "{\\rtf1\\ansi\\ansicpg932\\fromhtml1 \\deff0{\\fonttbl{\\f0\\fmodern\\fcharset128 MS Gothic;}}" \
  "{\\*\\htmltag64 <html><body>}\\htmlrtf {\\htmlrtf0 {\\*\\htmltag64 <p>}"                        \
  "\\'93\\'fa\\'96\\'7b\\htmlrtf\\par\\htmlrtf0 {\\*\\htmltag84 <img src=\"cid:i@x\">}"            \
  "{\\*\\htmltag72 </p>}{\\*\\htmltag58 </body></html>}}}"

static void
case_40_rtf_from_html (Case *c)
{
  CaseMail *mail = empty_mail (c);
  mail_text (mail, 0x1000, "日本");
  mail_rtf (mail, FROM_HTML);
  BmPstProps *image = mail_attach (mail, "i.png", "\x89PNG", 4);
  bm_pst_props_string (image, BM_PST_TAG (0x3712, 0x001f), "i@x");
  const Rendered *r = case_render (c, 0);
  assert_shape (r, "related(alternative(text/plain,text/html),image/png)");
  case_expect (c, "text 1 contains <html><body><p>日本<img src=\"cid:i@x\"></p></body></html>");
}

static void
check_inline (Case *c, const BmItem *item, const Rendered *r, gpointer data)
{
  g_autofree gchar *shape = rendered_shape (r);
  g_assert_nonnull (strstr (shape, "related("));
  g_assert_null (strstr (shape, "rtf"));
}

static void
case_40_corpus (Case *c)
{
  case_corpus_each (c, "inline-image.pst", check_inline, NULL);
}

static void
case_41_rtf_from_text (Case *c)
{
  static const gchar rtf[] = "{\\rtf1\\ansi\\ansicpg1252\\fromtext \\deff0{\\fonttbl"
                             "{\\f0\\fswiss Arial;}}\\f0 Gr\\'fc\\'dfe\\par Zeile 2}";
  mail_rtf (empty_mail (c), rtf);
  CaseMail *both = empty_mail (c);
  mail_rtf (both, rtf);
  mail_text (both, 0x1000, "Grüße – aus dem Text\r\n");
  assert_shape (case_render (c, 0), "text/plain");
  case_expect (c, "text 0 contains Grüße\\nZeile 2");
  assert_shape (case_render (c, 1), "text/plain");
  case_expect (c, "text 0 contains Grüße – aus dem Text");
}

static const gchar native[] =
    "{\\rtf1\\ansi\\ansicpg1252\\deff0{\\fonttbl{\\f0\\fswiss Arial;}}"
    "{\\colortbl;\\red255\\green0\\blue0;}"
    "\\pard Gr\\'fc\\'dfe {\\b fett} {\\i kursiv} {\\ul unter} \\cf1 rot\\cf0\\par Zweite\\par}";

static void
case_42_native_rtf (Case *c)
{
  CaseMail *mail = case_plain_mail (c), *rtf_only = empty_mail (c);
  mail_rtf (mail, native);
  mail_rtf (rtf_only, native);
  const Rendered *r = case_render (c, 0);
  g_assert_true (rendered_noted (r, BM_NOTE_RTF_NATIVE));
  assert_shape (r, "alternative(text/plain,text/html)");
  case_expect (c, "text 0 contains Hi Bob");
  case_expect (c, "text 1 contains <b>fett</b>");
  case_expect (c, "text 1 contains Grüße");
  assert_shape (case_render (c, 1), "alternative(text/plain,text/html)");
  case_expect (c, "text 0 contains Grüße fett kursiv unter rot\\nZweite");
  case_expect (c, "text 1 contains <span style=\"color:#ff0000\">rot</span>");
}

/* A text made from it has the addresses of its links. What an old ANSI file has, real text, stays. */
static void
case_42_native_rtf_as_text (Case *c)
{
  static const gchar rtf[] =
      "{\\rtf1\\ansi{\\fonttbl{\\f0 Arial;}}See {\\field{\\*\\fldinst HYPERLINK \"http://x.org/\"}"
      "{\\fldrslt there}}\\par{\\pntext\\'b7\\tab}one\\par\\trowd\\cellx500\\cellx900\\intbl "
      "a\\cell "
      "b\\cell\\row}";
  mail_rtf (empty_mail (c), rtf);
  mail_rtf (case_plain_mail (c), rtf);
  const Rendered *r = case_render (c, 0);
  g_assert_true (rendered_noted (r, BM_NOTE_TEXT_FROM_HTML));
  case_expect (c, "text 0 contains See there <http://x.org/>\\n\\n- one\\n\\na");
  case_expect (c, "text 1 contains See <a href=\"http://x.org/\">there</a>");
  case_render (c, 1);
  case_expect (c, "text 0 contains Hi Bob");
}

/* Without \ansicpg it is in the code page of the machine that wrote it; one that no RTF can be in
 * is none. */
static void
case_42_native_rtf_without_code_page (Case *c)
{
  static const struct {
    gint codepage;
    const gchar *native, *from_text;
  } machines[] = {{1251, "text 1 contains При", "text 0 contains При"},
                  {65001, "text 1 contains Ïðè", "text 0 contains Ïðè"}};
  for (guint i = 0; i < G_N_ELEMENTS (machines); i++) {
    CaseMail *native_mail = empty_mail (c), *from_text = empty_mail (c);
    mail_int (native_mail, 0x3ffd, machines[i].codepage);
    mail_rtf (native_mail, "{\\rtf1\\ansi{\\fonttbl{\\f0 Arial;}}\\f0 \\'cf\\'f0\\'e8\\par}");
    mail_int (from_text, 0x3ffd, machines[i].codepage);
    mail_rtf (from_text,
              "{\\rtf1\\ansi\\fromtext{\\fonttbl{\\f0 Arial;}}\\f0 \\'cf\\'f0\\'e8\\par}");
  }
  for (guint i = 0; i < G_N_ELEMENTS (machines); i++) {
    case_render (c, 2 * i);
    case_expect (c, "%s", machines[i].native);
    case_render (c, 2 * i + 1);
    case_expect (c, "%s", machines[i].from_text);
  }
}

/* Attachments stand in the text in the order of their positions; pictures of the text itself too. */
static void
case_42_native_rtf_with_pictures (Case *c)
{
  static const struct {
    const gchar *name;
    gint32 position;
  } attachments[] = {{"report.doc", 20}, {"photo.png", 10}, {"elsewhere.txt", -1}};
  CaseMail *mail = empty_mail (c);
  mail_rtf (mail, "{\\rtf1\\ansi\\deff0{\\fonttbl{\\f0 Arial;}}See \\objattph\\'20and "
                  "\\objattph\\'20and {\\pict\\pngblip 89504e470d0a1a0a}\\par}");
  for (guint i = 0; i < G_N_ELEMENTS (attachments); i++) {
    BmPstProps *props = mail_attach (mail, attachments[i].name, "\x89PNG\r\n\x1a\n", 8);
    bm_pst_props_int32 (props, BM_PST_TAG (0x370b, 0x0003), attachments[i].position);
  }
  assert_shape (case_render (c, 0), "mixed(related(alternative(text/plain,text/html),image/png,"
                                    "image/png),application/msword,text/plain)");
  case_expect (c, "text 1 contains See <img src=\"cid:attachment-2@pst.invalid\" "
                  "alt=\"photo.png\"> and [report.doc] and <img src=\"cid:rtf-picture-1@");
  case_expect (c, "param 2 filename=picture-1.png");
  case_expect (c, "param 3 filename=photo.png");
}

/* What HTML cannot show is kept beside it. */
static void
case_42_native_rtf_with_drawing (Case *c)
{
  mail_rtf (empty_mail (c),
            "{\\rtf1\\ansi{\\fonttbl{\\f0 Arial;}}a {\\pict\\wmetafile8 010009}b\\par}");
  const Rendered *r = case_render (c, 0);
  g_assert_true (rendered_noted (r, BM_NOTE_CONTENT_KEPT_RAW));
  assert_shape (r, "mixed(alternative(text/plain,text/html),application/rtf)");
}

static void
check_native (Case *c, const BmItem *item, const Rendered *r, gpointer count)
{
  gboolean native_rtf = rendered_noted (r, BM_NOTE_RTF_NATIVE);
  *(guint *) count += native_rtf && !rendered_noted (r, BM_NOTE_CONTENT_KEPT_RAW);
}

static void
case_42_corpus (Case *c)
{
  guint converted = 0;
  const Rendered *r = case_corpus (c, "aspose-sample.ost", "RTF newsletter copy");
  if (r == NULL)
    return;
  for (guint i = 0; i < 5; i++) { /* pictures of drawings, as binary data */
    GMimeObject *picture = rendered_leaf (r, 2 + i);
    g_autofree gchar *data = rendered_content (picture, NULL);
    g_assert_cmpmem (data, 8, "\x89PNG\r\n\x1a\n", 8);
  }
  case_expect (c, "text 0 contains - Aspose.Total for .NET <http://www.aspose.com/adtracker/");
  case_expect (c, "text 1 contains Celebrating 10,000 customers");
  case_expect (c, "text 1 contains </table>\\n</td></tr>\\n</table>"); /* a page in a frame */
  if (case_corpus_each (c, "tika-bodies.pst", check_native, &converted) > 0)
    g_assert_cmpuint (converted, ==, 1);
}

/* [MS-OXRTFCP] 2.1.3: literals only, then a reference to the writing place, which ends it. */
static GByteArray *
lzfu (const gchar *rtf, guint32 raw_size, guint32 crc)
{
  gsize n = strlen (rtf);
  GByteArray *out = g_byte_array_new ();
  g_byte_array_set_size (out, 16);
  for (gsize i = 0; i < n; i += 8) {
    gsize run = MIN (n - i, 8);
    guint8 control = run < 8 ? (guint8) (1 << run) : 0;
    g_byte_array_append (out, &control, 1);
    g_byte_array_append (out, (const guint8 *) rtf + i, (guint) run);
    if (run == 8 && i + 8 == n)
      g_byte_array_append (out, (const guint8 *) "\x01", 1);
  }
  guint32 place = (guint32) ((207 + n) % 4096);
  guint8 end[2] = {(guint8) (place >> 4), (guint8) (place << 4)};
  g_byte_array_append (out, end, 2);
  const guint32 head[] = {GUINT32_TO_LE (out->len - 4), GUINT32_TO_LE (raw_size),
                          GUINT32_TO_LE (0x75465a4c), GUINT32_TO_LE (crc)};
  memcpy (out->data, head, sizeof head);
  return out;
}

static void
case_43_lzfu_without_crc (Case *c)
{
  static const guint32 crcs[] = {0, 0xdeadbeef};
  for (guint i = 0; i < G_N_ELEMENTS (crcs); i++) {
    g_autoptr (GByteArray) bytes = lzfu (FROM_HTML, sizeof FROM_HTML - 1, crcs[i]);
    mail_bytes (empty_mail (c), 0x1009, bytes->data, bytes->len);
  }
  for (guint i = 0; i < G_N_ELEMENTS (crcs); i++) {
    const Rendered *r = case_render (c, i);
    g_assert_true (rendered_noted (r, BM_NOTE_RTF_CRC));
    g_assert_false (rendered_noted (r, BM_NOTE_BODY_DAMAGED));
    case_expect (c, "text 1 contains <p>日本<img");
  }
}

/* Some writers leave out compression and its header. */
static void
case_43_plain_rtf (Case *c)
{
  CaseMail *mail = empty_mail (c);
  mail_bytes (mail, 0x1009, native, sizeof native - 1);
  const Rendered *r = case_render (c, 0);
  g_assert_true (rendered_noted (r, BM_NOTE_RTF_NATIVE));
  g_assert_false (rendered_noted (r, BM_NOTE_BODY_DAMAGED));
  case_expect (c, "text 1 contains <b>fett</b>");
}

static void
case_44_damaged_rtf (Case *c)
{
  g_autoptr (GByteArray) whole = lzfu (native, sizeof native - 1, 0);
  g_autoptr (GByteArray) small = lzfu (native, 10, 0);
  g_autoptr (GByteArray) huge = lzfu (native, 1 << 30, 0);
  const struct {
    const GByteArray *bytes;
    guint size;
  } streams[] = {{whole, 40}, {whole, 10}, {small, small->len}, {huge, huge->len}};
  for (guint i = 0; i < G_N_ELEMENTS (streams); i++) {
    CaseMail *mail = case_plain_mail (c);
    mail_bytes (mail, 0x1009, streams[i].bytes->data, streams[i].size);
  }
  mail_bytes (case_plain_mail (c), 0x1009, "nonsense that is no RTF at all", 30);
  g_autoptr (GByteArray) cut = stored_rtf (native), more = stored_rtf (native);
  mail_bytes (case_plain_mail (c), 0x1009, cut->data, 40);
  memcpy (more->data + 4, "\xff\xff\xff\x7f", 4); /* says that 2 GiB of it follow */
  mail_bytes (case_plain_mail (c), 0x1009, more->data, more->len);
  for (guint i = 0; i < G_N_ELEMENTS (streams) + 3; i++) {
    const Rendered *r = case_render (c, i);
    gboolean whole_text = i == 2 || i == 3 || i == 6; /* only the size said is wrong */
    g_test_message ("stream %u", i);
    g_assert_true (rendered_noted (r, BM_NOTE_BODY_DAMAGED) || whole_text);
    case_expect (c, "text 0 contains Hi Bob");
    if (whole_text)
      case_expect (c, "text 1 contains <b>fett</b>");
  }
}

static void
case_45_odd_rtf (Case *c)
{
  static const gchar *const texts[][2] = {
      {"\\'93\\'fa\\'96{\\i0}\\'7b", "日本"},
      {"\\uc2 \\u26085 \\'93\\'fa\\u26412 \\'96\\'7b\\uc1 x", "日本x"},
      {"\\u-10179 ?\\u-8686 ?", "😒"},
      {"\\f1 \\'61\\'62", "αβ"},
      {"\\u8364\\'80 \\u233 e", "€ é"},
      {"\\emdash\\lquote a\\rquote", "—‘a’"}};
  for (guint i = 0; i < G_N_ELEMENTS (texts); i++) {
    g_autofree gchar *rtf =
        g_strdup_printf ("{\\rtf1\\ansi\\ansicpg932\\deff0{\\fonttbl{\\f0\\fcharset128 MS Gothic;}"
                         "{\\f1\\fcharset2 Symbol;}}%s}",
                         texts[i][0]);
    mail_rtf (empty_mail (c), rtf);
  }
  for (guint i = 0; i < G_N_ELEMENTS (texts); i++) {
    case_render (c, i);
    case_expect (c, "text 0 contains %s", texts[i][1]);
    case_expect (c, "text 1 contains %s", texts[i][1]);
  }
}

static void
case_46_no_body (Case *c)
{
  empty_mail (c);
  mail_rtf (empty_mail (c), "{\\rtf1\\ansi\\fromtext{\\fonttbl{\\f0 Arial;}}\\pard\\plain\\f0}");
  for (guint i = 0; i < 2; i++) {
    const Rendered *r = case_render (c, i);
    g_assert_true (rendered_noted (r, BM_NOTE_BODY_EMPTY));
    assert_shape (r, "text/plain");
    case_expect (c, "header Subject=Hello");
  }
}

/* Half of the RTF is worse than the whole text; all but its last bytes is better. */
static void
case_44_cut_rtf (Case *c)
{
  static const gchar *const kinds[] = {
      "{\\rtf1\\ansi\\deff0{\\fonttbl{\\f0 Arial;}}\\b first\\b0  ",
      "{\\rtf1\\ansi\\fromhtml1{\\*\\htmltag64 <p>}first "};
  g_autofree gchar *words = g_strnfill (400, 'x');
  for (guint i = 0; i < 4; i++) {
    g_autofree gchar *rtf = g_strconcat (kinds[i / 2], words, "}", NULL);
    g_autofree gchar *text = g_strconcat ("first ", words, NULL);
    g_autoptr (GByteArray) bytes = lzfu (rtf, (guint32) strlen (rtf), 0);
    CaseMail *mail = empty_mail (c);
    mail_text (mail, 0x1000, text);
    mail_bytes (mail, 0x1009, bytes->data, i % 2 == 0 ? bytes->len / 2 : bytes->len - 8);
  }
  for (guint i = 0; i < 4; i++) {
    const Rendered *r = case_render (c, i);
    g_assert_true (rendered_noted (r, BM_NOTE_BODY_DAMAGED));
    g_autofree gchar *shape = rendered_shape (r);
    g_assert_cmpint (strstr (shape, "text/html") != NULL, ==, i % 2 == 1);
    case_expect (c, "text 0 contains first %s", words);
  }
}

static const CaseEntry cases[] = {
    CASE (34, plain),
    CASE (35, html),
    CASE (35, best_body),
    CASE (35, byte_true),
    CASE (35, html_in_both),
    CASE (35, blank_text),
    CASE (36, wrong_declaration),
    CASE (36, wrong_declaration_of_text),
    CASE (36, utf16_html),
    CASE (36, meta_is_right),
    CASE (37, html_string),
    CASE (38, japanese),
    CASE (38, corpus),
    CASE (39, code_pages),
    CASE (39, ansi_file),
    CASE (39, language),
    CASE (39, language_and_choice),
    CASE (40, rtf_from_html),
    CASE (40, corpus),
    CASE (41, rtf_from_text),
    CASE (42, native_rtf),
    CASE (42, native_rtf_as_text),
    CASE (42, native_rtf_without_code_page),
    CASE (42, native_rtf_with_pictures),
    CASE (42, native_rtf_with_drawing),
    CASE (42, corpus),
    CASE (43, lzfu_without_crc),
    CASE (43, plain_rtf),
    CASE (44, damaged_rtf),
    CASE (44, cut_rtf),
    CASE (45, odd_rtf),
    CASE (46, no_body),
};

int
main (int argc, char **argv)
{
  return case_main (argc, argv, cases, G_N_ELEMENTS (cases));
}
