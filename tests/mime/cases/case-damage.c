/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Cases 53 and 78: items that libpff refuses, in whole or in part, or gives in part without a word; what
 * is left of them arrives, and says that it is not all. */
#include "cases.h"

#include "bm-pst-damage.h"
#include "bm-pst-sample.h"

#include <string.h>

static void
is_salvaged (Case *c, const BmItem *item, const Rendered *rendered, gpointer data)
{
  g_autofree gchar *shape = rendered_shape (rendered);
  g_autofree gchar *subject = rendered_header (rendered, "Subject");
  g_assert_true (rendered_noted (rendered, BM_NOTE_SALVAGED));
  /* what libpff refuses there are records of zeros: nothing is lost */
  g_assert_false (rendered_noted (rendered, BM_NOTE_UNREADABLE_PROPERTY));
  g_assert_true (g_str_has_prefix (subject, "About Aspose "));
  g_assert_nonnull (strstr (shape, "text/plain"));
  g_assert_nonnull (strstr (shape, "text/html"));
  g_assert_nonnull (strstr (shape, "image/png"));
}

/* One property of no known type costs itself: in the mail, in an attachment, in a mail inside. */
static void
case_78_unreadable_parts (Case *c)
{
  static const gchar *const files[] = {"aspose-refused-3.pst", "aspose-refused-10.pst"};
  CaseMail *mail = case_plain_mail (c), *sound = case_plain_mail (c);
  CaseMail *inner = mail_embed (mail, "Inside");
  bm_pst_props_raw (mail_props (mail), 0x66660000, "\1\2\3\4", 4);
  bm_pst_props_raw (mail_attach (mail, "a.txt", "attached\r\n", 10), 0x66660000, "\1\2\3\4", 4);
  bm_pst_props_raw (mail_props (inner), 0x66660000, "\1\2\3\4", 4);
  mail_text (inner, 0x0037, "Inner");
  mail_text (inner, 0x1000, "Inner text\r\n");
  mail_text (sound, 0x0037, "Sound");
  Rendered *rendered = case_render (c, 0);
  HEADER_IS (rendered, "Subject", "Hello");
  HEADER_IS (rendered, "To", "Bob <bob@example.net>");
  g_assert_true (rendered_noted (rendered, BM_NOTE_SALVAGED));
  g_assert_true (rendered_noted (rendered, BM_NOTE_UNREADABLE_PROPERTY));
  g_assert_false (rendered_noted (rendered, BM_NOTE_ATTACHMENT_DAMAGED));
  case_expect (c, "header Subject=Hello");
  g_autofree gchar *shape = rendered_shape (rendered);
  g_assert_nonnull (strstr (shape, "message/rfc822"));
  Rendered *other = case_render (c, 1);
  g_assert_false (rendered_noted (other, BM_NOTE_SALVAGED));
  for (guint i = 0; i < G_N_ELEMENTS (files); i++) {
    guint n = case_corpus_each (c, files[i], is_salvaged, NULL);
    g_assert_true (n == 3 || n == 0); /* 0: skipped for want of the file */
  }
}

static void
damage (Case *c, BmPstDamage kind, guint n)
{
  g_autoptr (GError) error = NULL;
  g_assert_true (bm_pst_damage (case_write (c), kind, BM_PST_SAMPLE_NID_FIRST + 0x20 * n, &error));
  g_assert_no_error (error);
}

static gchar *
long_text (const gchar *line, gsize size)
{
  g_autoptr (GString) text = g_string_new (NULL);
  while (text->len < size)
    g_string_append_printf (text, "%s %" G_GSIZE_FORMAT "\r\n", line, text->len);
  return g_string_free (g_steal_pointer (&text), FALSE);
}

/* A block of the text in the middle: what stands before it, and a notice beside it. */
static void
body_in_part (Case *c)
{
  g_autofree gchar *text = long_text ("line", 30000);
  CaseMail *mail = case_plain_mail (c);
  mail_text (mail, 0x1000, text);
  damage (c, BM_PST_DAMAGE_ATTACHMENT_ZEROED, 0);
  Rendered *rendered = case_render (c, 0);
  g_autofree gchar *shape = rendered_shape (rendered);
  g_autofree gchar *shown = rendered_content (rendered_leaf (rendered, 0), NULL);
  g_assert_true (rendered_noted (rendered, BM_NOTE_BODY_DAMAGED));
  g_assert_true (rendered_noted (rendered, BM_NOTE_UNREADABLE_PROPERTY));
  g_assert_true (rendered_noted (rendered, BM_NOTE_SALVAGED));
  g_assert_cmpstr (shape, ==, "mixed(text/plain,text/plain)");
  g_assert_cmpuint (strlen (shown), >, 4000);
  g_assert_true (g_str_has_prefix (text, shown) || strncmp (text, shown, 4000) == 0);
  case_expect (c, "header Subject=Hello");
  case_expect (c, "text 0 contains line 0");
  case_expect (c, "text 1 contains could not be read");
  case_expect (c, "param 1 filename=Damaged message.txt");
}

static void
case_53_body_in_part (Case *c)
{
  body_in_part (c);
}

static void
case_53_body_in_part_ansi (Case *c)
{
  case_options (c)->format = BM_PST_WRITE_ANSI;
  body_in_part (c);
}

/* No text is left: the notice is the text. */
static void
body_lost (Case *c)
{
  g_autofree gchar *text = long_text ("line", 20000);
  CaseMail *mail = case_plain_mail (c);
  mail_text (mail, 0x1000, text);
  damage (c, BM_PST_DAMAGE_ATTACHMENT_LOST, 0);
  Rendered *rendered = case_render (c, 0);
  g_autofree gchar *shape = rendered_shape (rendered);
  g_assert_true (rendered_noted (rendered, BM_NOTE_BODY_DAMAGED));
  g_assert_true (rendered_noted (rendered, BM_NOTE_UNREADABLE_PROPERTY));
  g_assert_false (rendered_noted (rendered, BM_NOTE_BODY_EMPTY));
  g_assert_cmpstr (shape, ==, "text/plain");
  case_expect (c, "header Subject=Hello");
  case_expect (c, "text 0 contains could not be read");
}

static void
case_53_body_lost (Case *c)
{
  body_lost (c);
}

static void
case_53_body_lost_ansi (Case *c)
{
  case_options (c)->format = BM_PST_WRITE_ANSI;
  body_lost (c);
}

/* Lost HTML gives way to the text beside it. */
static void
case_53_html_lost (Case *c)
{
  g_autofree gchar *line = long_text ("<p>line</p>", 20000);
  g_autofree gchar *html = g_strconcat ("<html><body>", line, "</body></html>", NULL);
  CaseMail *mail = case_plain_mail (c);
  mail_bytes (mail, 0x1013, html, strlen (html));
  damage (c, BM_PST_DAMAGE_ATTACHMENT_LOST, 0);
  Rendered *rendered = case_render (c, 0);
  g_autofree gchar *shape = rendered_shape (rendered);
  g_assert_true (rendered_noted (rendered, BM_NOTE_BODY_DAMAGED));
  g_assert_cmpstr (shape, ==, "mixed(text/plain,text/plain)");
  case_expect (c, "text 0 contains Hi Bob");
  case_expect (c, "text 1 contains could not be read");
}

/* A file to its first hole, and beside it a notice with its name. */
static void
case_53_attachment_in_part (Case *c)
{
  g_autofree gchar *text = long_text ("%PDF", 50000);
  mail_attach (case_plain_mail (c), "report.pdf", text, strlen (text));
  damage (c, BM_PST_DAMAGE_ATTACHMENT_ZEROED, 0);
  Rendered *rendered = case_render (c, 0);
  gsize size = 0;
  g_autofree gchar *shape = rendered_shape (rendered);
  g_autofree gchar *part = rendered_content (rendered_leaf (rendered, 1), &size);
  g_assert_true (rendered_noted (rendered, BM_NOTE_ATTACHMENT_DAMAGED));
  g_assert_cmpstr (shape, ==, "mixed(text/plain,application/pdf,text/plain)");
  g_assert_cmpuint (size, >, 8000);
  g_assert_cmpuint (size, <, strlen (text));
  g_assert_cmpmem (part, size, text, size);
  case_expect (c, "param 1 filename=report.pdf");
  case_expect (c, "param 2 filename=report.pdf (damaged).txt");
  case_expect (c, "text 2 contains is not whole");
}

/* The block with all of its properties: the folder's table has subject, names and dates; large bodies,
 * recipients and attachments stand in blocks of their own. */
static void
properties_lost (Case *c)
{
  g_autofree gchar *text = long_text ("line", 6000);
  g_autofree gchar *rows = long_text ("<p>line</p>", 9000);
  g_autofree gchar *html = g_strconcat ("<html><body>", rows, "</body></html>", NULL);
  CaseMail *mail = case_plain_mail (c);
  mail_text (mail, 0x1000, text);
  mail_bytes (mail, 0x1013, html, strlen (html));
  mail_attach (mail, "a.txt", "attached\r\n", 10);
  mail_text (mail_embed (mail, "Inside"), 0x0037, "Inner");
  damage (c, BM_PST_DAMAGE_BLOCK_ZEROED, 0);
  Rendered *rendered = case_render (c, 0);
  g_autofree gchar *shape = rendered_shape (rendered);
  g_assert_true (rendered_noted (rendered, BM_NOTE_SALVAGED));
  g_assert_true (rendered_noted (rendered, BM_NOTE_UNREADABLE_PROPERTY));
  g_assert_true (rendered_noted (rendered, BM_NOTE_BODY_DAMAGED));
  g_assert_cmpstr (shape, ==,
                   "mixed(alternative(text/plain,text/html),text/plain,message/rfc822[text/plain],"
                   "text/plain)");
  HEADER_IS (rendered, "To", "Bob <bob@example.net>");
  case_expect (c, "text 0 contains line 0");
  case_expect (c, "text 1 contains line</p> 0");
  case_expect (c, "text 2 contains attached");
}

static void
case_78_properties_lost (Case *c)
{
  properties_lost (c);
  case_expect (c, "header Subject=Hello");
  case_expect (c, "header Date=Fri, 14 Jul 2017 02:40:00 +0000");
}

static void
case_78_properties_lost_ansi (Case *c)
{
  case_options (c)->format = BM_PST_WRITE_ANSI;
  properties_lost (c);
  case_expect (c, "header Subject=Hello");
}

static void
case_78_properties_and_row_lost (Case *c)
{
  case_options (c)->no_contents_tables = TRUE;
  properties_lost (c);
}

/* Nothing but the row of the folder's table: who wrote what when, and that it is not all. */
static void
case_78_only_row_left (Case *c)
{
  mail_no_recipients (case_plain_mail (c));
  damage (c, BM_PST_DAMAGE_BLOCK_ZEROED, 0);
  Rendered *rendered = case_render (c, 0);
  g_autofree gchar *shape = rendered_shape (rendered);
  g_assert_cmpstr (shape, ==, "text/plain");
  g_assert_true (rendered_noted (rendered, BM_NOTE_UNREADABLE_PROPERTY));
  case_expect (c, "header Subject=Hello");
  case_expect (c, "text 0 contains could not be read");
}

int
main (int argc, char **argv)
{
  static const CaseEntry entries[] = {
      CASE (78, unreadable_parts),     CASE (53, body_in_part),
      CASE (53, body_in_part_ansi),    CASE (53, body_lost),
      CASE (53, body_lost_ansi),       CASE (53, html_lost),
      CASE (53, attachment_in_part),   CASE (78, properties_lost),
      CASE (78, properties_lost_ansi), CASE (78, properties_and_row_lost),
      CASE (78, only_row_left),
  };
  return case_main (argc, argv, entries, G_N_ELEMENTS (entries));
}
