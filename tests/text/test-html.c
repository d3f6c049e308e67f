/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* HTML: its text, its character set, what it refers to; broken and hostile markup. */
#include "text/bm-html.h"

#include "text/bm-html-entities.h"

#include <string.h>

static void
text_is (const gchar *html, const gchar *expected)
{
  g_autofree gchar *copy = g_memdup2 (html, strlen (html)); /* no NUL to lean on */
  g_autofree gchar *text = bm_html_to_text (copy, strlen (html));
  g_assert_cmpstr (text, ==, expected);
}

static void
test_blocks (void)
{
  text_is ("", "");
  text_is ("  plain \n text ", "plain text\n");
  text_is ("<p>a</p><p>b</p>", "a\n\nb\n");
  text_is ("x<p>a</p>b", "x\n\na\n\nb\n");
  text_is ("<div>a</div><div>b<br>c<br></div><div><br></div><div>d</div>", "a\nb\nc\n\nd\n");
  text_is ("<p class=MsoNormal>a</p>\r\n<p class='MsoNormal'><o:p>&nbsp;</o:p></p><p "
           "class=\"MsoNormal\">b</p>",
           "a\n\nb\n");
  text_is ("<h1>T</h1>x<hr>y", "T\n\nx\n________________________________\ny\n");
  text_is ("<b>bo</b>ld <i>it</i>\n<span> x</span>", "bold it x\n");
  text_is ("a<br><br>b", "a\n\nb\n");
  text_is ("<table><tr><td>1</td><td>2</td></tr><tr><td>3<td>4</table>x", "1\t2\n3\t4\nx\n");
  text_is ("x<pre>\r\na\n</pre>y", "x\n\na\n\ny\n");
  text_is ("<pre>\n  a\tb\n\n  c</pre>d", "  a\tb\n\n  c\n\nd\n");
}

static void
test_lists (void)
{
  text_is ("<ul><li>a<li><p>b</p></ul>c", "- a\n- b\n\nc\n");
  text_is ("x<ol><li>a</li><li>b<ul><li>n</li></ul></li><li></li><li>d</li></ol>",
           "x\n\n1. a\n2. b\n  - n\n4. d\n");
  text_is ("<li>lone</li></ul></ol>x", "- lone\n\nx\n");
}

static void
test_links (void)
{
  text_is ("<a href=\"http://x.org/a?b=1&amp;c=2\">click</a> now",
           "click <http://x.org/a?b=1&c=2> now\n");
  text_is ("<a href=\"http://www.x.org/\">www.x.org</a>.", "www.x.org.\n");
  text_is ("<a href='mailto:a@b.c'>a@b.c</a><a href='mailto:a@b.c'>Ann</a>", "a@b.cAnn <a@b.c>\n");
  text_is ("<a href='http://x/?a=1&copy=2'>y</a>", "y <http://x/?a=1&copy=2>\n");
  text_is ("<a href='#top'>t</a><a href='javascript:x()'>j</a><a href=cid:q>c</a>", "tjc\n");
  text_is ("<a href='http://x'></a>y<a href='http://z'>open", "yopen <http://z>\n");
  text_is ("<a href='http://x'><img src=cid:1 alt='Logo \n 1'></a><img src=y>",
           "[Logo   1] <http://x>\n");
}

static void
test_entities (void)
{
  text_is ("&lt;b&gt; &amp;amp; &eacute;&#233;&#xE9;&euro;&apos;", "<b> &amp; ééé€'\n");
  text_is ("&#146;&#0;&#xD800;&#99999999999;", "’\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\n");
  text_is ("&nope; & &; &#; &#x; AT&T &copy 1 &", "&nope; & &; &#; &#x; AT&T © 1 &\n");
  text_is ("a&nbsp;&nbsp;b c\u00A0d", "a  b c d\n");
  g_assert_cmpuint (bm_html_entities_lookup ("AElig"), ==, 0xC6);
  g_assert_cmpuint (bm_html_entities_lookup ("zwnj"), ==, 0x200C);
  g_assert_cmpuint (bm_html_entities_lookup ("Alpha"), ==, 0x391);
  g_assert_cmpuint (bm_html_entities_lookup ("alpha"), ==, 0x3B1);
  g_assert_cmpuint (bm_html_entities_lookup ("ALPHA"), ==, 0);
}

static void
test_left_out (void)
{
  text_is ("<html><head><title>T</title><style>p{}</style><script>if (a<b) x()</script></head>"
           "<body>x</body></html>",
           "x\n");
  text_is ("a<!-- <b>no</b> -->b<!-->c<!DOCTYPE x>d<?php e?>f<![if !vml]>g<![endif]>", "abcdfg\n");
  text_is ("<STYLE>x</Style >y</style>z", "yz\n");
  text_is ("<title/>x", "x\n");
  text_is ("1 < 2 <3 </ 4> 5 <", "1 < 2 <3 5 <\n");
  text_is ("a<b c='>'d=\">\" e=>f", "af\n");
  text_is ("a<!-- open", "a\n");
  text_is ("a<style>open", "a\n");
  text_is ("a<b c='open>d", "a\n");
}

static void
detects (const gchar *html, gsize size, const gchar *expected)
{
  g_autofree guint8 *copy = g_memdup2 (html, size);
  g_autofree gchar *charset = bm_html_detect_charset (copy, size);
  g_assert_cmpstr (charset, ==, expected);
}
#define DETECTS(html, expected) detects (html, sizeof (html) - 1, expected)

static void
test_detect (void)
{
  DETECTS ("\xEF\xBB\xBF<html>", "utf-8");
  DETECTS ("\xFF\xFE<\0", "utf-16le");
  DETECTS ("\0<\0h", "utf-16be");
  DETECTS ("<meta charset=koi8-r>", "koi8-r");
  DETECTS ("<META CharSet = ' ISO-8859-2 ' >", "ISO-8859-2");
  DETECTS ("<html><meta http-equiv=Content-Type content=\"text/html; charset=gb2312\">", "gb2312");
  DETECTS ("<meta http-equiv='content-type' content='text/html;CHARSET = \"x-sjis\"'>", "x-sjis");
  DETECTS ("<?xml version='1.0' encoding='windows-1251'?><html>", "windows-1251");
  DETECTS ("<meta charset=utf-16><p>", "utf-8");
  DETECTS ("<meta name=x content='charset=no'><!-- <meta charset=no> --><title><meta charset=no>"
           "</title><p charset=no></meta charset=no>",
           NULL);
  DETECTS ("", NULL);
  DETECTS ("<meta charset=", NULL);
  g_autofree gchar *late = g_strnfill (70000, ' ');
  g_autofree gchar *html = g_strconcat (late, "<meta charset=koi8-r>", NULL);
  detects (html, strlen (html), NULL);
  detects (html + 10000, strlen (html) - 10000, "koi8-r");
}

static void
becomes (const gchar *html, const gchar *expected)
{
  g_autofree gchar *result = bm_html_set_charset_utf8 (html);
  g_assert_cmpstr (result, ==, expected);
}

static void
test_set_charset (void)
{
  becomes ("<p>é</p>", "<p>é</p>");
  becomes ("a<meta charset=\"koi8-r\">b", "a<meta charset=\"utf-8\">b");
  becomes ("<meta charset=UTF-8>", "<meta charset=UTF-8>");
  becomes ("<meta http-equiv=\"Content-Type\" content=\"text/html; charset=us-ascii\"><p>us-ascii",
           "<meta http-equiv=\"Content-Type\" content=\"text/html; charset=utf-8\"><p>us-ascii");
  becomes ("<?xml encoding=\"x\"?><meta charset=a><meta charset=b>z",
           "<?xml encoding=\"utf-8\"?><meta charset=utf-8><meta charset=utf-8>z");
  becomes ("<meta name=d content='charset=us-ascii'>", "<meta name=d content='charset=us-ascii'>");
  becomes ("", "");
}

static void
decodes (const gchar *bytes, const gchar *declared, const gchar *fallback, const gchar *expected,
         gboolean guessed, gboolean lossy)
{
  gboolean was_guessed = !guessed, was_lossy = !lossy;
  g_autofree gchar *html = bm_html_to_utf8 ((const guint8 *) bytes, strlen (bytes), declared,
                                            fallback, &was_guessed, &was_lossy);
  g_assert_cmpstr (html, ==, expected);
  g_assert_cmpint (was_guessed, ==, guessed);
  g_assert_cmpint (was_lossy, ==, lossy);
}

static void
test_to_utf8 (void)
{
  decodes ("<p>gr\xFC", "windows-1252", NULL, "<p>grü", FALSE, FALSE);
  /* The set beside the bytes goes before the one inside, if the bytes fit. */
  decodes ("<meta charset=koi8-r>\xFC", "windows-1252", NULL, "<meta charset=utf-8>ü", FALSE,
           FALSE);
  decodes ("<meta charset=koi8-r>\xC1", "us-ascii", NULL, "<meta charset=utf-8>а", TRUE, FALSE);
  decodes ("<meta charset=koi8-r>\xC1", NULL, "windows-1252", "<meta charset=utf-8>а", FALSE,
           FALSE);
  decodes ("<p>\xCF", "us-ascii", "windows-1251", "<p>П", TRUE, FALSE);
  decodes ("<p>\xCF", NULL, "windows-1251", "<p>П", FALSE, FALSE);
  decodes ("<p>\xC3\xBC", "us-ascii", NULL, "<p>ü", TRUE, FALSE);
  decodes ("<p>\xFC", "us-ascii", NULL, "<p>ü", TRUE, FALSE);
  decodes ("<p>\xFC", "klingon", NULL, "<p>ü", TRUE, FALSE);
  decodes ("<p>x", "klingon", NULL, "<p>x", FALSE, FALSE);
  decodes ("\xEF\xBB\xBF<p>\xC3\xBC", "iso-8859-1", NULL, "<p>ü", TRUE, FALSE);
  decodes ("<p>\x81", "us-ascii", "windows-1252", "<p>\xEF\xBF\xBD", TRUE, TRUE);
  decodes ("", NULL, NULL, "", FALSE, FALSE);
  /* ... unless those inside fit as only the truth does. */
  decodes ("<meta charset=utf-8>\xC3\xBC", "windows-1252", NULL, "<meta charset=utf-8>ü", TRUE,
           FALSE);
  decodes ("<meta charset=utf-8>\xC3\xBC", "gb2312", NULL, "<meta charset=utf-8>ü", TRUE, FALSE);
  decodes ("<meta charset=utf-8>x", "windows-1252", NULL, "<meta charset=utf-8>x", FALSE, FALSE);
  decodes ("<meta charset=utf-8>\xFC", "iso-8859-1", NULL, "<meta charset=utf-8>ü", FALSE, FALSE);
  decodes ("<meta charset=gb2312>\xC4\xE3\xBA\xC3 \xC4\xE3\xBA\xC3", "iso-8859-1", NULL,
           "<meta charset=utf-8>你好 你好", TRUE, FALSE);
  decodes ("<meta charset=x-sjis>\x93\xFA\x96\x7B\x82\xCC\x93\xFA\x96\x7B\x82\xCC", "windows-1252",
           "windows-1252", "<meta charset=utf-8>日本の日本の", TRUE, FALSE);
  /* accents with letters behind them would do as characters of GBK, but stand alone */
  decodes ("<meta charset=gb2312>caf\xE9s th\xE9s pr\xE9s cl\xE9s bl\xE9s d\xE9s n\xE9s f\xE9t",
           "iso-8859-1", NULL, "<meta charset=utf-8>cafés thés prés clés blés dés nés fét", FALSE,
           FALSE);
  /* One damaged byte in UTF-8 does not make it the fallback; a misfit of windows-1252 does. */
  decodes ("\xC3\xBC\xC3\xBC\xC3\xBC\xC3\xBC\xC3\xBC\xFF", "utf-8", "windows-1252",
           "üüüüü\xEF\xBF\xBD", FALSE, TRUE);
  decodes ("<meta charset=x-sjis>\x93\xFA\x96\x7B\x81\x42\x93\xFA", "windows-1252", NULL,
           "<meta charset=utf-8>日本。日", TRUE, FALSE);
}

static void
test_references (void)
{
  g_autoptr (GHashTable) found = bm_html_references (
      "<style>p{background:url( 'bg.png' )} x{b:URL(cid:st%40yle)}</style>"
      "<body background=\"back.gif\" style=\"list:url(&quot;cid:dot&quot;)\">"
      "<img src=\"CID:image001.png@01D78380.EF6DC500\"><img src=cid:a%20b&amp;c>"
      "<link rel=File-List href=\"cid:filelist.xml\"><a href='http://x'>x</a><a "
      "href='cid:doc'>d</a>"
      "<img src='data:image/png;base64,xx'><img src=''><!-- <img src=cid:no> -->"
      "<!--[if gte vml 1]><v:imagedata src=\"cid:vml@x\"/><img src='no.png'><link href='cid:no'>"
      "<![endif]--><![if !vml]><img src=cid:fallback><![endif]>"
      "<v:imagedata src='sub/pic.jpg'/><img src='https://t/p.gif'><img src='#'><img src='cid:%zz'>"
      "<img src='bg.png'>");
  static const gchar *const expected[] = {"bg.png",
                                          "cid:st@yle",
                                          "back.gif",
                                          "cid:dot",
                                          "cid:image001.png@01D78380.EF6DC500",
                                          "cid:a b&c",
                                          "cid:doc",
                                          "cid:vml@x",
                                          "cid:fallback",
                                          "sub/pic.jpg",
                                          "https://t/p.gif",
                                          "cid:%zz"};
  for (guint i = 0; i < G_N_ELEMENTS (expected); i++)
    g_assert_true (g_hash_table_contains (found, expected[i]));
  g_assert_cmpuint (g_hash_table_size (found), ==, G_N_ELEMENTS (expected));
}

static void
test_replace_references (void)
{
  g_autoptr (GHashTable) by = g_hash_table_new (g_str_hash, g_str_equal);
  g_hash_table_insert (by, (gpointer) "a&b.png", (gpointer) "cid:1");
  g_hash_table_insert (by, (gpointer) "c.png", (gpointer) "cid:2");
  g_autofree gchar *html = bm_html_replace_references (
      "<P><IMG\nSRC=\" a&amp;b.png \" alt=c.png><td background=c.png poster='c.png'>c.png"
      "<!-- <img src=c.png> --><img src=c.pn><a href=c.png><img src=\"c.png",
      by);
  g_assert_cmpstr (html, ==,
                   "<P><IMG\nSRC=\"cid:1\" alt=c.png><td background=cid:2 poster='cid:2'>c.png"
                   "<!-- <img src=c.png> --><img src=c.pn><a href=c.png><img src=\"cid:2");
  g_hash_table_insert (by, (gpointer) "cid:a b.png", (gpointer) "cid:3");
  g_autofree gchar *ids =
      bm_html_replace_references ("<img src=CID:a%20b.png><img src=\"cid:a b.png\">", by);
  g_assert_cmpstr (ids, ==, "<img src=cid:3><img src=\"cid:3\">");
  g_autofree gchar *styles = bm_html_replace_references (
      "<style>p{background:url( \"c.png\" ) no-repeat;x:url(a&amp;b.png);y:URL('a&b.png')}</style>"
      "<td style=\"background:url(&quot;c.png&quot;);list-style:url( a&amp;b.png )\">url(c.png)"
      "<p title='url(c.png)' style='url(d.png) curl(c.png) url(c.png'>"
      "<!--[if gte vml 1]><v:fill src=\"c.png\"><![endif]--><!-- <p style='url(c.png)'> -->",
      by);
  g_assert_cmpstr (
      styles, ==,
      "<style>p{background:url(cid:2) no-repeat;x:url(a&amp;b.png);y:URL(cid:1)}</style>"
      "<td style=\"background:url(cid:2);list-style:url(cid:1)\">url(c.png)"
      "<p title='url(c.png)' style='url(d.png) curl(c.png) url(c.png'>"
      "<!--[if gte vml 1]><v:fill src=\"cid:2\"><![endif]--><!-- <p style='url(c.png)'> -->");
}

/* Each would be slow or deep for a careless reader. */
static void
test_hostile (void)
{
  static const gchar *const units[] = {
      "<",
      "<a ",
      "<a href='http://x'>",
      "<!--",
      "<!--[if",
      "<!--[if a]><!-->",
      "<style>",
      "</",
      "<ul>",
      "<li>x",
      "&",
      "&#",
      "<pre>\n",
      "<p> ",
      "<td>x",
      "url(",
      "<a '",
      "<br>",
      "<meta charset=x>",
      "<a b=\"",
      "<ol><li>",
      "<img alt=",
      "<x style='url('",
      "<style>url(",
      "<style>url(x)",
  };
  for (guint i = 0; i < G_N_ELEMENTS (units); i++) {
    GString *html = g_string_new (NULL);
    gboolean once = strcmp (units[i], "<style>url(") == 0; /* and one bracket far behind them all */
    for (guint n = 0; n < 50000; n++)
      g_string_append (html, units[i] + (once && n > 0 ? strlen ("<style>") : 0));
    g_string_append (html, once ? ")" : "");
    g_autofree gchar *text = bm_html_to_text (html->str, html->len);
    g_free (bm_html_set_charset_utf8 (html->str));
    g_free (bm_html_detect_charset ((guint8 *) html->str, html->len));
    g_autoptr (GHashTable) found = bm_html_references (html->str);
    g_free (bm_html_replace_references (html->str, found));
    g_assert_true (g_utf8_validate (text, -1, NULL));
    g_assert_cmpuint (strlen (text), <=, 20 * html->len);
    g_string_free (html, TRUE);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/text/html/blocks", test_blocks);
  g_test_add_func ("/text/html/lists", test_lists);
  g_test_add_func ("/text/html/links", test_links);
  g_test_add_func ("/text/html/entities", test_entities);
  g_test_add_func ("/text/html/left-out", test_left_out);
  g_test_add_func ("/text/html/detect", test_detect);
  g_test_add_func ("/text/html/set-charset", test_set_charset);
  g_test_add_func ("/text/html/to-utf8", test_to_utf8);
  g_test_add_func ("/text/html/references", test_references);
  g_test_add_func ("/text/html/replace-references", test_replace_references);
  g_test_add_func ("/text/html/hostile", test_hostile);
  return g_test_run ();
}
