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

static void
case_02_internet_headers_line (Case *c)
{
  received_mail (c, "Microsoft Mail Internet Headers Version 2.0\r\n" RECEIVED);
  const Rendered *r = case_render (c, 0);
  g_assert_null (strstr (r->text, "Microsoft Mail"));
  g_assert_true (g_str_has_prefix (r->text, "Received: from mx"));
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

static const CaseEntry cases[] = {
    CASE (01, received_mail),
    CASE (02, internet_headers_line),
    CASE (03, nested_part_headers),
};

int
main (int argc, char **argv)
{
  return case_main (argc, argv, cases, G_N_ELEMENTS (cases));
}
