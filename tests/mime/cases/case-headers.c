/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Cases on the header block: 1-8, 15-18, 22, 24-28, 91. */
#include "mime/cases/cases.h"

#include <string.h>

#define RECEIVED                                                                                   \
  "Received: from mx.example.org (mx.example.org [192.0.2.1])\r\n"                                 \
  "\tby mail.example.net; Fri, 14 Jul 2017 04:40:05 +0200\r\n"                                     \
  "Received: from pc.example.org by mx.example.org; Fri, 14 Jul 2017 04:40:01 +0200\r\n"           \
  "Return-Path: <ada@example.org>\r\n"                                                             \
  "From: Ada Lovelace <ada@example.org>\r\n"                                                       \
  "To: Bob <bob@example.net>\r\n"                                                                  \
  "Subject: Hello\r\n"                                                                             \
  "Date: Fri, 14 Jul 2017 04:40:00 +0200\r\n"                                                      \
  "Message-ID: <one@example.org>\r\n"                                                              \
  "X-Mailer: Engine 1\r\n"

static CaseMail *
received_mail (Case *c, const gchar *headers)
{
  CaseMail *mail = case_mail (c);
  mail_text (mail, 0x007d, headers);
  mail_text (mail, 0x0037, "Hello");
  mail_text (mail, 0x1000, "Hi Bob\r\n");
  return mail;
}

static void
case_01_received_mail (Case *c)
{
  CaseMail *mail = received_mail (c, RECEIVED "MIME-Version: 1.0\r\n"
                                              "Content-Type: multipart/mixed; boundary=\"old\"\r\n"
                                              "Content-Transfer-Encoding: 8bit\r\n");
  mail_bytes (mail, 0x1013, "<html><body>Hi <b>Bob</b></body></html>", 39);
  mail_int (mail, 0x3fde, 65001);
  const Rendered *r = case_render (c, 0);
  g_autofree gchar *names = rendered_names (r), *shape = rendered_shape (r);
  g_assert_cmpstr (names, ==,
                   "Received Received Return-Path From To Subject Date Message-ID X-Mailer "
                   "MIME-Version Content-Type");
  g_assert_cmpstr (shape, ==, "alternative(text/plain,text/html)");
  case_expect (c, "count Received=2");
  case_expect (c, "count MIME-Version=1");
  case_expect (c, "addresses From=Ada Lovelace <ada@example.org>");
  case_expect (c, "text 1 contains Hi <b>Bob</b>");
}

/* What senders get wrong: two of what there may be one of, dates that are none, empty fields. What is
 * left out comes from the properties. */
static void
case_01_odd_headers (Case *c)
{
  CaseMail *twice = received_mail (c, RECEIVED "From: Eve <eve@example.com>\r\n"
                                               "To: Kim <kim@example.com>\r\nSubject: Other\r\n"
                                               "Date: Sat, 15 Jul 2017 04:40:00 +0200\r\n");
  CaseMail *empty =
      received_mail (c, "Received: by mail.example.net; Fri, 14 Jul 2017 04:40:05 +0200\r\n"
                        "From: \r\nTo:\r\nDate: yesterday at noon\r\nReply-To: \"Ada Lovelace\"\r\n"
                        "Message-ID: <\r\nReferences:\r\nX-Empty:\r\n");
  CaseMail *nobody =
      received_mail (c, "Received: by x\r\nFrom: ,;\r\nDate: \r\nTo: undisclosed-recipients:;\r\n");
  CaseMail *others[] = {empty, nobody};
  for (guint i = 0; i < G_N_ELEMENTS (others); i++) {
    mail_text (others[i], 0x0042, "Ada Lovelace");
    mail_text (others[i], 0x5d02, "ada@example.org");
    mail_row (others[i], 1, "Bob", "bob@example.net");
    mail_time (others[i], 0x0039, 1500000000);
  }
  mail_time (twice, 0x0e06, 1500000000);
  const Rendered *r = case_render (c, 0);
  g_assert_true (rendered_noted (r, BM_NOTE_HEADERS_REPAIRED));
  case_expect (c, "addresses From=Ada Lovelace <ada@example.org>");
  case_expect (c, "addresses To=Bob <bob@example.net>|Kim <kim@example.com>");
  case_expect (c, "count To=1");
  case_expect (c, "count Subject=1");
  case_expect (c, "header Subject=Hello");
  case_expect (c, "header Date=Fri, 14 Jul 2017 04:40:00 +0200");
  case_render (c, 1);
  case_expect (c, "addresses From=Ada Lovelace <ada@example.org>");
  case_expect (c, "addresses To=Bob <bob@example.net>");
  case_expect (c, "header Date=Fri, 14 Jul 2017 02:40:00 +0000");
  case_expect (c, "no-header References");
  case_expect (c, "no-header Reply-To"); /* an answer would go to a name */
  case_render (c, 2);
  case_expect (c, "addresses From=Ada Lovelace <ada@example.org>");
  case_expect (c, "header To=undisclosed-recipients:;");
  case_expect (c, "header Date=Fri, 14 Jul 2017 02:40:00 +0000");
}

/* NUL bytes, lone CR and LF as line ends, a cut in the middle of a line. */
static void
case_01_torn_headers (Case *c)
{
  static const gchar torn[] = "Received: by x; Fri, 14 Jul 2017 04:40:00 +0200\r"
                              "From: Ada <ada@example.org>\nX-A: a\0b\r\n"
                              "To: Bob <bob@example.net>\r\nX-B: b\r\nSubj";
  CaseMail *narrow = received_mail (c, "x"), *wide = received_mail (c, "x");
  g_autofree gunichar2 *utf16 = g_new0 (gunichar2, sizeof torn);
  for (gsize i = 0; i < sizeof torn - 1; i++)
    utf16[i] = GUINT16_TO_LE ((guint16) torn[i]);
  bm_pst_props_remove (mail_props (narrow), 0x007d001f);
  bm_pst_props_remove (mail_props (wide), 0x007d001f);
  bm_pst_props_binary (mail_props (narrow), 0x007d001e, torn, sizeof torn - 1);
  bm_pst_props_binary (mail_props (wide), 0x007d001f, utf16, 2 * (sizeof torn - 1));
  for (guint i = 0; i < 2; i++) {
    const Rendered *r = case_render (c, i);
    g_assert_true (rendered_noted (r, BM_NOTE_HEADERS_REPAIRED));
    case_expect (c, "addresses From=Ada <ada@example.org>");
    case_expect (c, "addresses To=Bob <bob@example.net>");
    case_expect (c, "header X-B=b");
    case_expect (c, "header Subject=Hello");
  }
}

/* Headers that are there in part: what they lack is added, what they say stays. */
static void
case_01_partial_headers (Case *c)
{
  CaseMail *no_cc = received_mail (c, RECEIVED),
           *no_to = received_mail (c, "Received: by x\r\n"
                                      "Cc: eve@example.com\r\n");
  CaseMail *mails[] = {no_cc, no_to};
  for (guint i = 0; i < G_N_ELEMENTS (mails); i++) {
    mail_row (mails[i], 1, "Tom", "tom@example.com");
    mail_row (mails[i], 2, "Kim", "kim@example.com");
    mail_row (mails[i], 0x10000001, "Jim", "jim@example.com");
    mail_text (mails[i], 0x5d02, "ada@example.org");
    mail_text (mails[i], 0x0050, "office@example.org");
    mail_time (mails[i], 0x0039, 1500000000);
  }
  case_render (c, 0);
  case_expect (c, "addresses To=Bob <bob@example.net>");
  case_expect (c, "addresses Cc=Kim <kim@example.com>");
  case_expect (c, "addresses Reply-To=office@example.org");
  case_render (c, 1);
  case_expect (c, "addresses To=Tom <tom@example.com>");
  case_expect (c, "addresses Cc=eve@example.com");
  case_expect (c, "addresses From=ada@example.org");
}

/* Names without addresses are no better than no field at all. */
static void
case_01_no_display_names (Case *c)
{
  CaseMail *mail = received_mail (c, RECEIVED);
  mail_no_recipients (mail);
  mail_text (mail, 0x0e03, "Kim");
  case_render (c, 0);
  case_expect (c, "no-header Cc");
}

static void
case_01_from_without_address (Case *c)
{
  static const gchar headers[] = "Received: by x; Fri, 14 Jul 2017 04:40:00 +0200\r\n"
                                 "From: root\r\nMessage-ID: <one@example.org>\r\n";
  CaseMail *known = received_mail (c, headers), *unknown = received_mail (c, headers);
  received_mail (c, headers);
  mail_text (known, 0x0c1a, "root");
  mail_text (known, 0x0c1e, "SMTP");
  mail_text (known, 0x0c1f, "root@pc.example.org");
  mail_text (unknown, 0x0c1a, "root");
  mail_text (unknown, 0x0c1e, "EX");
  mail_text (unknown, 0x0c1f, "/o=x/cn=root");
  const Rendered *r = case_render (c, 0);
  g_assert_true (rendered_noted (r, BM_NOTE_HEADERS_REPAIRED));
  case_expect (c, "addresses From=root <root@pc.example.org>");
  r = case_render (c, 1);
  g_assert_true (rendered_noted (r, BM_NOTE_EXCHANGE_UNRESOLVED));
  case_expect (c, "addresses From=root <root@unresolved.invalid>");
  r = case_render (c, 2);
  g_assert_true (rendered_noted (r, BM_NOTE_ADDRESS_PLACEHOLDER));
  case_expect (c, "addresses From=root <root@unresolved.invalid>");
}

static void
case_02_internet_headers_line (Case *c)
{
  received_mail (c, "Microsoft Mail Internet Headers Version 2.0\r\n" RECEIVED);
  const Rendered *r = case_render (c, 0);
  g_assert_null (strstr (r->text, "Microsoft Mail"));
  g_assert_true (g_str_has_prefix (r->text, "Received: from mx"));
  g_assert_false (rendered_noted (r, BM_NOTE_HEADERS_REPAIRED)); /* Outlook itself writes it */
  case_expect (c, "count Received=2");
}

static void
case_03_nested_part_headers (Case *c)
{
  received_mail (c, RECEIVED "\r\n"
                             "--old\r\nContent-Type: text/plain\r\nX-Inner: yes\r\n"
                             "From: eve@example.com\r\n");
  const Rendered *r = case_render (c, 0);
  g_assert_cmpuint (rendered_count (r, "From"), ==, 1);
  case_expect (c, "no-header X-Inner");
  case_expect (c, "addresses From=Ada Lovelace <ada@example.org>");
}

/* Messages that Exchange returns are marked unsent, but they have come a way. */
static void
case_03_embedded_marked_unsent (Case *c)
{
  CaseMail *outer = case_plain_mail (c);
  CaseMail *inner = mail_embed (outer, "returned"), *draft = mail_embed (outer, "draft");
  mail_int (inner, 0x0e07, 0x9);
  mail_int (draft, 0x0e07, 0x9);
  mail_text (inner, 0x007d, RECEIVED);
  mail_text (draft, 0x007d, strstr (RECEIVED, "X-Mailer"));
  mail_text (draft, 0x5d02, "ada@example.org");
  mail_text (inner, 0x1000, "Hi\r\n");
  mail_text (draft, 0x1000, "Hi\r\n");
  const Rendered *r = case_render (c, 0);
  g_assert_false (rendered_noted (r, BM_NOTE_HEADERS_LEFT_OUT));
  const gchar *first = strstr (r->text, "Received: from mx");
  g_assert_nonnull (first);
  g_assert_nonnull (strstr (first, "X-Mailer"));
  g_assert_null (strstr (strstr (first, "X-Mailer") + 1, "X-Mailer"));
}

static void
case_04_latin1_subject (Case *c)
{
  CaseMail *mail = case_mail (c);
  mail_string8 (mail, 0x007d,
                "From: Ada <ada@example.org>\r\n"
                "To: \"J\xf6rg M\xfcller\" <joerg@example.net>\r\n"
                "Subject: Gr\xfc\xdf"
                "e aus K\xf6ln\r\n"
                "Date: Fri, 14 Jul 2017 04:40:00 +0200\r\nMessage-ID: <one@example.org>\r\n");
  mail_int (mail, 0x3ffd, 1252);
  const Rendered *r = case_render (c, 0);
  HEADER_IS (r, "Subject", "Grüße aus Köln");
  g_assert_nonnull (strstr (r->text, "Subject: =?UTF-8?"));
  case_expect (c, "header Subject=Grüße aus Köln");
  case_expect (c, "addresses To=Jörg Müller <joerg@example.net>");
}

static void
case_05_edited_subject (Case *c)
{
  CaseMail *mail = received_mail (c, RECEIVED);
  mail_text (mail, 0x0037, "Hello, to be paid in July");
  const Rendered *r = case_render (c, 0);
  g_assert_true (rendered_noted (r, BM_NOTE_SUBJECT_EDITED));
  case_expect (c, "header Subject=Hello, to be paid in July");
  case_expect (c, "addresses From=Ada Lovelace <ada@example.org>");
  case_expect (c, "header Date=Fri, 14 Jul 2017 04:40:00 +0200");
}

/* Outlook's own form of the same subject is no edit: blanks, tabs, a prefix mark. */
static void
case_05_same_subject (Case *c)
{
  CaseMail *mail = received_mail (c, "Received: by x; Fri, 14 Jul 2017 04:40:00 +0200\r\n"
                                     "From: Ada <ada@example.org>\r\n"
                                     "Subject: =?iso-8859-1?Q?Re:_Gr=FC=DFe?=\r\n =?utf-8?Q?_zur?= "
                                     "Feier\r\nDate: Fri, 14 Jul 2017 04:40:00 +0200\r\n"
                                     "Message-ID: <one@example.org>\r\n");
  mail_text (mail, 0x0037, "\x01\x05Re: Grüße zur Feier");
  const Rendered *r = case_render (c, 0);
  g_assert_false (rendered_noted (r, BM_NOTE_SUBJECT_EDITED));
  case_expect (c, "header Subject=Re: Grüße zur Feier");
}

/* A copy of it that has lost letters or its end in an ANSI file is no edit either. */
static void
case_05_worn_subject (Case *c)
{
  g_autofree gchar *cut = g_strnfill (255, 'x'), *longer = g_strconcat (cut, " end", NULL);
  g_autofree gchar *shorter = g_strnfill (100, 'x');
  const gchar *const subjects[][3] = {{"Привет, Bob", "??????, Bob", "Привет, Bob"},
                                      {longer, cut, longer},
                                      {longer, shorter, shorter},
                                      {"Hello, Bob", "Hello? Bob", "Hello? Bob"}};
  for (guint i = 0; i < G_N_ELEMENTS (subjects); i++) {
    g_autofree gchar *headers = g_strdup_printf (
        "From: Ada <ada@example.org>\r\nSubject: %s\r\n"
        "Date: Fri, 14 Jul 2017 04:40:00 +0200\r\nMessage-ID: <one@example.org>\r\n",
        subjects[i][0]);
    mail_text (received_mail (c, headers), 0x0037, subjects[i][1]);
  }
  for (guint i = 0; i < G_N_ELEMENTS (subjects); i++) {
    const Rendered *r = case_render (c, i);
    g_assert_cmpint (rendered_noted (r, BM_NOTE_SUBJECT_EDITED), ==, i > 1);
    case_expect (c, "header Subject=%s", subjects[i][2]);
  }
}

static CaseMail *
sent_mail (Case *c)
{
  CaseMail *mail = case_mail_in (c, "Sent Items");
  mail_text (mail, 0x0042, "Ada Lovelace");
  mail_text (mail, 0x0064, "SMTP");
  mail_text (mail, 0x0065, "ada@example.org");
  mail_text (mail, 0x5d02, "ada@example.org");
  mail_row (mail, 1, "Bob", "bob@example.net");
  mail_time (mail, 0x0039, 1500000000);
  mail_text (mail, 0x0037, "Hello");
  mail_text (mail, 0x1000, "Hi Bob\r\n");
  return mail;
}

static void
add_sender (CaseMail *mail, const gchar *name, const gchar *smtp)
{
  mail_text (mail, 0x0c1a, name);
  mail_text (mail, 0x0c1e, "SMTP");
  mail_text (mail, 0x0c1f, smtp);
  mail_text (mail, 0x5d01, smtp);
}

static void
case_06_sent_by_oneself (Case *c)
{
  CaseMail *mail = sent_mail (c);
  add_sender (mail, "Ada Lovelace", "Ada@Example.org");
  mail_time (mail, 0x0e06, 1500000100);
  mail_text (mail, 0x1035, "<sent@example.org>");
  const Rendered *r = case_render (c, 0);
  g_assert_cmpint (r->message->internal_date, ==, 1500000000);
  case_expect (c, "addresses From=Ada Lovelace <ada@example.org>");
  case_expect (c, "no-header Sender");
  case_expect (c, "header Date=Fri, 14 Jul 2017 02:40:00 +0000");
  case_expect (c, "header Message-ID=<sent@example.org>");
}

static void
case_07_sent_by_delegate (Case *c)
{
  CaseMail *mail = sent_mail (c);
  add_sender (mail, "Sekretärin", "office@example.org");
  case_render (c, 0);
  case_expect (c, "addresses From=Ada Lovelace <ada@example.org>");
  case_expect (c, "header Sender=Sekretärin <office@example.org>");
}

static void
case_08_sender_only (Case *c)
{
  CaseMail *mail = case_mail (c);
  add_sender (mail, "Ada Lovelace", "ada@example.org");
  mail_time (mail, 0x0039, 1500000000);
  case_render (c, 0);
  case_expect (c, "addresses From=Ada Lovelace <ada@example.org>");
  case_expect (c, "no-header Sender");
}

static CaseMail *
nobodys_mail (Case *c, gint32 flags)
{
  CaseMail *mail = case_mail (c);
  mail_int (mail, 0x0e07, flags);
  mail_text (mail, 0x0037, "Hello");
  mail_text (mail, 0x1000, "Hi Bob\r\n");
  mail_text (mail, 0x1035, "<one@example.org>");
  mail_time (mail, 0x0039, 1500000000);
  return mail;
}

/* Drafts of Outlook often name no sender: it is the account that was to send them, else the owner of
 * the PST. Of mail that is not his own nobody can say that. */
static void
case_08_nobody (Case *c)
{
  static const gint32 flags[] = {0x8, 0x21, 0x5, 0x1};
  guint16 account = bm_pst_writer_named_lid (case_writer (c), bm_pst_psetid_common, 0x8580);
  case_context (c)->owner = "bob@example.net";
  for (guint i = 0; i < G_N_ELEMENTS (flags); i++)
    nobodys_mail (c, flags[i]);
  mail_text (nobodys_mail (c, 0x8), account, "bob@home.example");
  mail_text (nobodys_mail (c, 0x8), account, "Microsoft Exchange");
  mail_text (nobodys_mail (c, 0x1), account, "bob@home.example");
  static const gchar *const want[] = {"bob@example.net",           "bob@example.net",
                                      "bob@example.net",           "unknown@unresolved.invalid",
                                      "bob@home.example",          "bob@example.net",
                                      "unknown@unresolved.invalid"};
  for (guint i = 0; i < G_N_ELEMENTS (want); i++) {
    g_assert_true (rendered_noted (case_render (c, i), BM_NOTE_SENDER_UNKNOWN));
    case_expect (c, "addresses From=%s", want[i]);
  }
}

static void
case_08_nobody_knows_the_owner (Case *c)
{
  nobodys_mail (c, 0x8);
  case_render (c, 0);
  case_expect (c, "addresses From=unknown@unresolved.invalid");
}

/* Headers that have lost From, and properties that know nobody: who else the way names. */
static void
case_08_way (Case *c)
{
  static const gchar *const headers[][2] = {
      {"Sender: Office <office@example.org>\r\nReply-To: x@example.org\r\n",
       "Office <office@example.org>"},
      {"Reply-To: =?utf-8?Q?B=C3=BCro?= <office@example.org>\r\n", "Büro <office@example.org>"},
      {"Return-Path: <>\r\nReply-To: friends:;\r\n", "unknown@unresolved.invalid"},
      {"Return-Path: <ada@example.org>\r\n", "ada@example.org"},
  };
  for (guint i = 0; i < G_N_ELEMENTS (headers); i++) {
    g_autofree gchar *block =
        g_strconcat ("Received: by x; Fri, 14 Jul 2017 04:40:00 +0200\r\n", headers[i][0], NULL);
    mail_text (nobodys_mail (c, 0x1), 0x007d, block);
  }
  for (guint i = 0; i < G_N_ELEMENTS (headers); i++) {
    case_render (c, i);
    case_expect (c, "addresses From=%s", headers[i][1]);
  }
}

static void
case_15_bcc_of_sent_mail (Case *c)
{
  CaseMail *sent = sent_mail (c);
  mail_row (sent, 3, "Eve", "eve@example.com");
  case_render (c, 0);
  case_expect (c, "addresses Bcc=Eve <eve@example.com>");
}

static void
case_15_bcc_of_sent_mail_with_headers (Case *c)
{
  CaseMail *sent = sent_mail (c);
  mail_text (sent, 0x007d, RECEIVED);
  mail_int (sent, 0x0e07, 0x21); /* read, from me */
  mail_row (sent, 3, "Eve", "eve@example.com");
  case_render (c, 0);
  case_expect (c, "addresses Bcc=Eve <eve@example.com>");
  case_expect (c, "addresses To=Bob <bob@example.net>");
}

/* The copy that an IMAP account kept: headers of its own, but no way. */
static void
case_15_bcc_of_imap_account (Case *c)
{
  CaseMail *sent = sent_mail (c);
  mail_text (sent, 0x007d, strstr (RECEIVED, "From:"));
  mail_row (sent, 3, "Eve", "eve@example.com");
  case_render (c, 0);
  case_expect (c, "addresses Bcc=Eve <eve@example.com>");
  case_expect (c, "count To=1");
}

static void
case_15_bcc_of_received_mail (Case *c)
{
  CaseMail *mail = received_mail (c, RECEIVED);
  mail_row (mail, 3, "Bob", "bob@example.net");
  case_render (c, 0);
  case_expect (c, "no-header Bcc");
}

/* Mail within an Exchange organisation has no transport headers, but says who received it. */
static void
case_15_bcc_of_received_mail_without_headers (Case *c)
{
  CaseMail *mail = sent_mail (c);
  mail_text (mail, 0x0040, "Eve");
  mail_text (mail, 0x0076, "eve@example.com");
  mail_row (mail, 3, "Eve", "eve@example.com");
  case_render (c, 0);
  case_expect (c, "no-header Bcc");
  case_expect (c, "addresses To=Bob <bob@example.net>");
}

static void
case_16_p1_recipient (Case *c)
{
  CaseMail *mail = sent_mail (c);
  mail_row (mail, 0x10000001, "Bob", "bob@example.net");
  mail_row (mail, 0x10000001, "Eve", "eve@example.com");
  mail_row (mail, (gint32) 0x80000002, "Kim", "kim@example.com");
  case_render (c, 0);
  case_expect (c, "addresses To=Bob <bob@example.net>|Eve <eve@example.com>");
  case_expect (c, "addresses Cc=Kim <kim@example.com>");
}

#define ID_OF_KEY "<887ac81cb5bc39d2082163635050f50685aa6fc0@pst.invalid>"

static void
case_17_generated_message_id (Case *c)
{
  for (guint i = 0; i < 4; i++) {
    CaseMail *mail = sent_mail (c);
    mail_bytes (mail, 0x300b, i < 3 ? "0123456789abcdef" : "another search key", 16);
    if (i == 1)
      mail_text (mail, 0x1000, "The same mail in a copied PST, after an edit\r\n");
    if (i == 2)
      mail_time (mail, 0x3008, 1600000000);
  }
  const Rendered *one = case_render (c, 0);
  g_assert_true (rendered_noted (one, BM_NOTE_MESSAGE_ID_GENERATED));
  g_assert_cmpstr (one->message->message_id, ==, ID_OF_KEY);
  case_expect (c, "header Message-ID=%s", one->message->message_id);
  for (guint i = 1; i < 3; i++)
    g_assert_cmpstr (case_render (c, i)->message->message_id, ==, one->message->message_id);
  g_assert_cmpstr (case_render (c, 3)->message->message_id, !=, one->message->message_id);
}

/* Another file, other node ids before it: the same id. */
static void
case_17_in_another_pst (Case *c)
{
  static const guint8 key[16] = "another PST file";
  case_options (c)->record_key = key;
  for (guint i = 0; i < 3; i++)
    mail_bytes (sent_mail (c), 0x300b, i < 2 ? "somebody else's " : "0123456789abcdef", 16);
  const Rendered *r = case_render (c, 2);
  g_assert_cmpstr (r->message->message_id, ==, ID_OF_KEY);
}

static void
case_18_message_id_without_brackets (Case *c)
{
  mail_text (sent_mail (c), 0x1035, " bare@example.org ");
  case_render (c, 0);
  case_expect (c, "header Message-ID=<bare@example.org>");
}

static void
case_22_subject_prefix_mark (Case *c)
{
  static const gchar *const subjects[][2] = {{"\x01\x05RE: test", "RE: test"},
                                             {"\x01\x01Test", "Test"},
                                             {"WG: plain", "WG: plain"},
                                             {"\x01", ""},
                                             {"\x01\xe1\xbf\xbfx", "x"}};
  for (guint i = 0; i < G_N_ELEMENTS (subjects); i++)
    mail_text (sent_mail (c), 0x0037, subjects[i][0]);
  for (guint i = 0; i < G_N_ELEMENTS (subjects); i++) {
    case_render (c, i);
    case_expect (c, "header Subject=%s", subjects[i][1]);
  }
}

static void
case_24_importance (Case *c)
{
  for (gint32 i = 0; i < 3; i++) {
    CaseMail *mail = sent_mail (c);
    guint16 other =
        bm_pst_writer_named_lid (case_writer (c), bm_pst_psetid_calendar_assistant, 0x0017);
    mail_int (mail, other, 1);
    mail_int (mail, 0x0017, i);
  }
  case_render (c, 0);
  case_expect (c, "header Importance=Low");
  case_expect (c, "header X-Priority=5");
  case_render (c, 1);
  case_expect (c, "no-header Importance");
  case_expect (c, "no-header X-Priority");
  case_render (c, 2);
  case_expect (c, "header Importance=High");
  case_expect (c, "header X-Priority=1");
}

/* 0x0026 alone, as some senders set it. */
static void
case_24_priority (Case *c)
{
  mail_int (sent_mail (c), 0x0026, 1);
  mail_int (sent_mail (c), 0x0026, -1);
  case_render (c, 0);
  case_expect (c, "header Importance=High");
  case_expect (c, "header Priority=urgent");
  case_render (c, 1);
  case_expect (c, "header Importance=Low");
  case_expect (c, "header Priority=non-urgent");
}

static void
case_25_sensitivity (Case *c)
{
  static const gchar *const words[] = {"Personal", "Private", "Company-Confidential"};
  for (gint32 i = 0; i < 3; i++)
    mail_int (sent_mail (c), 0x0036, i + 1);
  for (guint i = 0; i < 3; i++) {
    case_render (c, i);
    case_expect (c, "header Sensitivity=%s", words[i]);
  }
}

static void
case_26_thread_index (Case *c)
{
  static const guint8 index[22] = {1, 0xd2, 0xfc, 0x40, 0, 0xff, 7, 8, 9, 10, 11, 12};
  CaseMail *mail = sent_mail (c);
  g_autofree gchar *want = g_base64_encode (index, sizeof index);
  mail_bytes (mail, 0x0071, index, sizeof index);
  mail_text (mail, 0x0070, "Bestellung für Köln");
  case_render (c, 0);
  case_expect (c, "header Thread-Index=%s", want);
  case_expect (c, "header Thread-Topic=Bestellung für Köln");
}

static void
case_27_references (Case *c)
{
  CaseMail *mail = sent_mail (c);
  mail_text (mail, 0x1039,
             "<a@example.org>\n<b@example.org>\r\n\t<c@example.org>\r<d@example.org>");
  mail_text (mail, 0x1042, "\r\n<d@example.org>\r\n");
  const Rendered *r = case_render (c, 0);
  g_assert_cmpuint (rendered_count (r, "References"), ==, 1);
  case_expect (c, "header References=<a@example.org> <b@example.org> <c@example.org> "
                  "<d@example.org>");
  case_expect (c, "header In-Reply-To=<d@example.org>");
}

static void
case_28_receipt_of_sent_mail (Case *c)
{
  CaseMail *mail = sent_mail (c), *other = sent_mail (c);
  mail_bool (mail, 0x0029, TRUE);
  mail_bool (other, 0x0029, TRUE);
  mail_bool (other, 0x0023, TRUE);
  mail_text (other, 0x5d05, "receipts@example.org");
  const Rendered *r = case_render (c, 0);
  g_assert_true (g_strv_contains ((const gchar *const *) r->message->keywords, "$MDNSent"));
  case_expect (c, "header Disposition-Notification-To=Ada Lovelace <ada@example.org>");
  case_expect (c, "no-header Return-Receipt-To");
  case_render (c, 1);
  case_expect (c, "header Disposition-Notification-To=<receipts@example.org>");
  case_expect (c, "header Return-Receipt-To=Ada Lovelace <ada@example.org>");
}

/* Nobody is asked for a receipt by himself: RFC 3503 3.3, 3.4. */
static void
case_28_receipt_of_own_mail (Case *c)
{
  static const gint32 flags[] = {0x20, 0x8, 0x0};
  for (guint i = 0; i < G_N_ELEMENTS (flags); i++) {
    CaseMail *mail = sent_mail (c);
    mail_bool (mail, 0x0029, TRUE);
    mail_int (mail, 0x0e07, flags[i]);
  }
  for (guint i = 0; i < G_N_ELEMENTS (flags); i++)
    g_assert_cmpint (
        g_strv_contains ((const gchar *const *) case_render (c, i)->message->keywords, "$MDNSent"),
        ==, flags[i] != 0);
}

/* A receipt asked for by somebody else's mail that was read: never again. */
static void
case_28_receipt_of_read_mail (Case *c)
{
  CaseMail *read = received_mail (c, RECEIVED "Disposition-Notification-To: ada@example.org\r\n");
  CaseMail *unread = received_mail (c, RECEIVED "Disposition-Notification-To: ada@example.org\r\n");
  CaseMail *internal = sent_mail (c);
  mail_bool (read, 0x0029, TRUE);
  mail_bool (unread, 0x0029, TRUE);
  mail_int (unread, 0x0e07, 0x100);
  mail_bool (internal, 0x0029, TRUE);
  mail_text (internal, 0x0040, "Bob");
  const Rendered *r = case_render (c, 0);
  g_assert_true (g_strv_contains ((const gchar *const *) r->message->keywords, "$MDNSent"));
  case_expect (c, "header Disposition-Notification-To=ada@example.org");
  r = case_render (c, 1);
  g_assert_false (g_strv_contains ((const gchar *const *) r->message->keywords, "$MDNSent"));
  r = case_render (c, 2);
  g_assert_true (g_strv_contains ((const gchar *const *) r->message->keywords, "$MDNSent"));
}

/* Not in the list of cases, but in its policy: what only properties know. */
static void
case_27_other_headers (Case *c)
{
  CaseMail *mail = sent_mail (c);
  BmPstWriter *writer = case_writer (c);
  const guint8 *headers = bm_pst_ps_internet_headers;
  mail_text (mail, 0x1043, "<mailto:help@example.org>");
  mail_text (mail, 0x1044, "<https://example.org/in>");
  mail_text (mail, 0x1045, "<https://example.org/out>");
  mail_time (mail, 0x0030, 1500086400);
  mail_text (mail, bm_pst_writer_named_lid (writer, bm_pst_psetid_common, 0x8530), "Follow up");
  mail_text (mail, bm_pst_writer_named_string (writer, headers, "X-Project"), "Häuser");
  mail_text (mail, bm_pst_writer_named_string (writer, headers, "List-Id"), "<dev.example.org>");
  mail_text (mail, bm_pst_writer_named_string (writer, headers, "content-language"), "de");
  mail_text (mail, bm_pst_writer_named_string (writer, headers, "subject"), "another");
  mail_text (mail, bm_pst_writer_named_string (writer, headers, "x-bm-event"), "delete it all");
  mail_text (mail, bm_pst_writer_named_string (writer, headers, "x bad"), "none");
  mail_text (mail, bm_pst_writer_named_string (writer, headers, "X-Coded"),
             "=?iso-8859-1?Q?H=E4user?=");
  mail_int (mail, 0x3fdf, 0x22);
  case_render (c, 0);
  case_expect (c, "header List-Help=<mailto:help@example.org>");
  case_expect (c, "header List-Subscribe=<https://example.org/in>");
  case_expect (c, "header List-Unsubscribe=<https://example.org/out>");
  case_expect (c, "header Reply-By=Sat, 15 Jul 2017 02:40:00 +0000");
  case_expect (c, "header X-Message-Flag=Follow up");
  case_expect (c, "header X-Project=Häuser");
  case_expect (c, "header X-Coded=Häuser");
  case_expect (c, "header List-Id=<dev.example.org>");
  case_expect (c, "header X-Auto-Response-Suppress=NDR, AutoReply");
  case_expect (c, "no-header Content-Language");
  case_expect (c, "no-header X-Bm-Event");
  case_expect (c, "count Subject=1");
}

static void
case_27_language (Case *c)
{
  static const struct {
    gint32 locale;
    const gchar *want;
  } locales[] = {{0x0409, "en-US"}, {0x100c, "fr-CH"}, {0x0c0a, "es-ES"}, {0x5c0a, "es"},
                 {0x0400, NULL},    {0x7c1a, NULL},    {-1, NULL}};
  for (guint i = 0; i < G_N_ELEMENTS (locales); i++)
    mail_int (sent_mail (c), 0x3ff1, locales[i].locale);
  CaseMail *said = received_mail (c, RECEIVED "Content-Language: de, fr-CH\r\n");
  CaseMail *silent = received_mail (c, RECEIVED);
  CaseMail *strange = received_mail (c, RECEIVED "Content-Language: de; x=\"y\"\r\n");
  mail_int (said, 0x3ff1, 0x0409);
  mail_int (silent, 0x3ff1, 0x0409);
  mail_int (strange, 0x3ff1, 0x0409);
  for (guint i = 0; i < G_N_ELEMENTS (locales) + 3; i++) {
    const gchar *want = i < G_N_ELEMENTS (locales)    ? locales[i].want
                        : i == G_N_ELEMENTS (locales) ? "de, fr-CH"
                                                      : NULL;
    case_render (c, i);
    if (want != NULL)
      case_expect (c, "header Content-Language=%s", want);
    else
      case_expect (c, "no-header Content-Language");
  }
}

static void
case_27_exchange_notes (Case *c)
{
  CaseMail *mail = sent_mail (c),
           *said = received_mail (c, RECEIVED "X-MS-Exchange-Organization-SCL: 9\r\n");
  mail_bool (mail, 0x0005, TRUE);
  mail_int (mail, 0x4076, -1);
  mail_int (mail, 0x4079, (gint32) 0x80000006);
  mail_text (mail, 0x4083, "example.org");
  mail_int (said, 0x4076, 1);
  mail_int (said, 0x4079, 99);
  case_render (c, 0);
  case_expect (c, "header X-MS-Exchange-Organization-AutoForwarded=true");
  case_expect (c, "header X-MS-Exchange-Organization-SCL=-1");
  case_expect (c, "header X-MS-Exchange-Organization-SenderIdResult=TempError");
  case_expect (c, "header X-MS-Exchange-Organization-PRD=example.org");
  case_render (c, 1);
  case_expect (c, "header X-MS-Exchange-Organization-SCL=9");
  case_expect (c, "count X-MS-Exchange-Organization-SCL=1");
  case_expect (c, "no-header X-MS-Exchange-Organization-SenderIdResult");
  case_expect (c, "no-header X-MS-Exchange-Organization-AutoForwarded");
}

static void
case_91_injection (Case *c)
{
  static const gchar evil[] = "x\r\nBcc: evil@example.com\r\n\r\n<script>";
  static const guint16 ids[] = {0x0037, 0x0042, 0x0c1a, 0x1042, 0x1039, 0x0070, 0x1043,
                                0x1044, 0x1045, 0x0e04, 0x0e03, 0x5d02, 0x0065};
  CaseMail *mail = case_mail (c);
  BmPstWriter *writer = case_writer (c);
  for (guint i = 0; i < G_N_ELEMENTS (ids); i++)
    mail_text (mail, ids[i], evil);
  mail_text (mail, 0x1035, "x@example.org\r\nBcc: evil@example.com>");
  mail_text (mail, bm_pst_writer_named_string (writer, bm_pst_ps_internet_headers, "X-A"), evil);
  mail_text (mail, bm_pst_writer_named_string (writer, bm_pst_ps_internet_headers, "X-B: y\r\nX"),
             "z");
  mail_text (mail, bm_pst_writer_named_lid (writer, bm_pst_psetid_common, 0x8530), evil);
  const gchar *const categories[] = {evil, NULL};
  bm_pst_props_mv_string (
      mail_props (mail),
      BM_PST_TAG (bm_pst_writer_named_string (writer, bm_pst_ps_public_strings, "Keywords"),
                  0x101f),
      categories);
  mail_row (mail, 1, evil, "bob@example.net");
  mail_row (mail, 2, "Kim", evil);
  mail_attach (mail, evil, "data", 4);
  case_render (c, 0);
  case_expect (c, "no-header Bcc");
  case_expect (c, "no-header X-B");
  case_expect (c, "count Subject=1");
  case_expect (c, "count From=1");
  case_expect (c, "header Subject=x Bcc: evil@example.com <script>");
  case_expect (c, "count X-A=1");
}

static const CaseEntry cases[] = {
    CASE (01, received_mail),
    CASE (01, odd_headers),
    CASE (01, torn_headers),
    CASE (01, from_without_address),
    CASE (01, partial_headers),
    CASE (01, no_display_names),
    CASE (02, internet_headers_line),
    CASE (03, nested_part_headers),
    CASE (03, embedded_marked_unsent),
    CASE (04, latin1_subject),
    CASE (05, edited_subject),
    CASE (05, same_subject),
    CASE (05, worn_subject),
    CASE (06, sent_by_oneself),
    CASE (07, sent_by_delegate),
    CASE (08, sender_only),
    CASE (08, nobody),
    CASE (08, nobody_knows_the_owner),
    CASE (08, way),
    CASE (15, bcc_of_sent_mail),
    CASE (15, bcc_of_sent_mail_with_headers),
    CASE (15, bcc_of_imap_account),
    CASE (15, bcc_of_received_mail),
    CASE (15, bcc_of_received_mail_without_headers),
    CASE (16, p1_recipient),
    CASE (17, generated_message_id),
    CASE (17, in_another_pst),
    CASE (18, message_id_without_brackets),
    CASE (22, subject_prefix_mark),
    CASE (24, importance),
    CASE (24, priority),
    CASE (25, sensitivity),
    CASE (26, thread_index),
    CASE (27, references),
    CASE (27, other_headers),
    CASE (27, language),
    CASE (27, exchange_notes),
    CASE (28, receipt_of_sent_mail),
    CASE (28, receipt_of_own_mail),
    CASE (28, receipt_of_read_mail),
    CASE (91, injection),
};

int
main (int argc, char **argv)
{
  return case_main (argc, argv, cases, G_N_ELEMENTS (cases));
}
