/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Case 78: items that libpff refuses, in whole or in part. */
#include "cases.h"

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

int
main (int argc, char **argv)
{
  static const CaseEntry entries[] = {
      CASE (78, unreadable_parts),
  };
  return case_main (argc, argv, entries, G_N_ELEMENTS (entries));
}
