/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Headers, dates, flags: the cases of the conversion dossier by their numbers. */
#include "mime/bm-mime.h"
#include "mime/item-builder.h"

#include <string.h>

static const gchar received[] = "Microsoft Mail Internet Headers Version 2.0\r\n"
                                "Received: from a by b; Fri, 14 Jul 2017 04:41:00 +0200\r\n"
                                "Received: from c by a; Fri, 14 Jul 2017 04:40:10 +0200\r\n"
                                "From: Ada <ada@example.org>\r\n"
                                "To: Bob <bob@example.net>\r\n"
                                "Subject: Hello\r\n"
                                "Date: Fri, 14 Jul 2017 04:40:00 +0200\r\n"
                                "Message-ID: <t1@example.org>\r\n"
                                "MIME-Version: 1.0\r\n"
                                "Content-Type: multipart/alternative;\r\n"
                                "\tboundary=\"xx\"\r\n"
                                "X-Bm-Internal-Id: 12\r\n"
                                "x-bm-event : <ics>\r\n"
                                "X-Long: a\r\n b\r\n"
                                "\r\n"
                                "--xx\r\nContent-Type: text/plain\r\nX-Nested: no\r\n";

/* 1, 2, 3 */
static void
test_transport (void)
{
  g_autoptr (BmItem) item = item_new ("IPM.Note");
  item_text (item->props, 0x007d, received);
  item_text (item->props, 0x0037, "Hello");
  item_text (item->props, 0x1000, "text");
  item_bytes (item->props, 0x1013, "<p>html</p>", 11);
  g_autoptr (Rendered) r = rendered_new (item);
  g_autofree gchar *shape = rendered_shape (r);
  g_assert_cmpstr (shape, ==, "alternative(text/plain,text/html)");
  g_autofree gchar *names = rendered_names (r);
  g_assert_cmpstr (names, ==,
                   "Received Received From To Subject Date Message-ID X-Long MIME-Version "
                   "Content-Type");
  const gchar *second = strstr (r->text, "Received: from c by a");
  g_assert_true (g_str_has_prefix (r->text, "Received: from a by b") && second != NULL);
  HEADER_IS (r, "X-Long", "a b");
  g_assert_null (strstr (r->text, "X-Nested"));
  g_assert_null (strstr (r->text, "Microsoft Mail"));
  HEADER_IS (r, "Message-ID", "<t1@example.org>");
  g_assert_cmpint (r->message->internal_date, ==, 1500000060); /* the top Received */
}

/* 1: what no mail ever had is not used, and that is said */
static void
test_garbage (void)
{
  static const gchar *const cases[] = {"AAA*?A: A?A\r\nB: \xef\xbf\xbd\r\nSubject: Hello\r\n",
                                       "no field at all\r\n",
                                       "Microsoft Mail Internet Headers Version 2.0\r\n"};
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (BmItem) item = item_mail ();
    item_text (item->props, 0x007d, cases[i]);
    g_autoptr (Rendered) r = rendered_new (item);
    g_autofree gchar *names = rendered_names (r);
    g_assert_cmpstr (names, ==,
                     "From To Subject Date Message-ID MIME-Version Content-Type "
                     "Content-Transfer-Encoding");
    g_assert_cmpint (rendered_noted (r, BM_NOTE_HEADERS_REPAIRED), ==, i < 2);
  }
}

/* 4, 5 */
static void
test_subject (void)
{
  g_autoptr (BmItem) item = item_mail ();
  item_text (item->props, 0x007d, "From: ada@example.org\r\nSubject: Gr\xc3\xbc\xc3\x9f\x65\r\n");
  g_autoptr (Rendered) r = rendered_new (item);
  HEADER_IS (r, "Subject", "Hello"); /* edited by the reader: 0x0037 wins */
  g_assert_true (rendered_noted (r, BM_NOTE_SUBJECT_EDITED));
  g_autoptr (BmItem) plain = item_new ("IPM.Note");
  item_text (plain->props, 0x007d, "From: ada@example.org\r\nSubject: Gr\xc3\xbc\xc3\x9f\x65\r\n");
  g_autoptr (Rendered) p = rendered_new (plain);
  HEADER_IS (p, "Subject", "Gr\xc3\xbc\xc3\x9f\x65");
  g_assert_nonnull (strstr (p->text, "Subject: =?"));
}

/* Text that looks like an encoded word is text; 8-bit headers may hold encoded words beside it. */
static void
test_encoded_once (void)
{
  static const gchar looks[] = "what =?utf-8?Q?this?= means \xc3\xa9";
  g_autoptr (BmItem) item = item_mail (), foreign = item_new ("IPM.Note");
  BmProps *row = item_recipient (item, 2, looks, "x@example.net");
  item_text (row, 0x3002, "SMTP");
  item_text (item->props, 0x0070, looks);
  g_autoptr (Rendered) r = rendered_new (item);
  HEADER_IS (r, "Thread-Topic", looks);
  InternetAddressList *cc = g_mime_message_get_addresses (r->parsed, GMIME_ADDRESS_TYPE_CC);
  g_assert_cmpstr (internet_address_get_name (internet_address_list_get_address (cc, 0)), ==,
                   looks);
  item_text (foreign->props, 0x007d,
             "From: ada@example.org\r\nX-Mixed: \xc3\xa9 =?iso-8859-1?Q?=E8?=\r\n");
  g_autoptr (Rendered) f = rendered_new (foreign);
  HEADER_IS (f, "X-Mixed", "\xc3\xa9 \xc3\xa8");
}

/* 6, 7, 8 */
static void
test_sender (void)
{
  g_autoptr (BmItem) own = item_mail ();
  item_text (own->props, 0x5d01, "ada@example.org");
  item_text (own->props, 0x0c1a, "Ada Lovelace");
  g_autoptr (Rendered) r = rendered_new (own);
  HEADER_IS (r, "From", "Ada Lovelace <ada@example.org>");
  HEADER_IS (r, "Sender", NULL);
  HEADER_IS (r, "Date", "Fri, 14 Jul 2017 02:40:00 +0000");
  HEADER_IS (r, "Message-ID", "<one@example.org>");
  g_autoptr (BmItem) delegate = item_mail ();
  item_text (delegate->props, 0x5d01, "secretary@example.org");
  g_autoptr (Rendered) d = rendered_new (delegate);
  HEADER_IS (d, "From", "Ada Lovelace <ada@example.org>");
  HEADER_IS (d, "Sender", "<secretary@example.org>");
  g_autoptr (BmItem) only = item_new ("IPM.Note");
  item_text (only->props, 0x0c1e, "SMTP");
  item_text (only->props, 0x0c1f, "eve@example.org");
  g_autoptr (Rendered) o = rendered_new (only);
  HEADER_IS (o, "From", "<eve@example.org>");
  g_assert_false (rendered_noted (o, BM_NOTE_SENDER_UNKNOWN));
}

/* 13 */
static void
test_200_recipients (void)
{
  g_autoptr (BmItem) item = item_mail ();
  g_ptr_array_set_size (item->recipients, 0);
  for (guint i = 0; i < 200; i++) {
    g_autofree gchar *address = g_strdup_printf ("user%u@example.net", i);
    item_recipient (item, 1, NULL, address);
  }
  g_autoptr (Rendered) r = rendered_new (item);
  InternetAddressList *to = g_mime_message_get_addresses (r->parsed, GMIME_ADDRESS_TYPE_TO);
  g_assert_cmpint (internet_address_list_length (to), ==, 200);
  g_auto (GStrv) lines = g_strsplit (r->text, "\r\n", -1);
  for (guint i = 0; lines[i] != NULL; i++)
    g_assert_cmpuint (strlen (lines[i]), <=, 78);
}

/* 14 */
static void
test_no_recipient_table (void)
{
  g_autoptr (BmItem) item = item_mail ();
  g_clear_pointer (&item->recipients, g_ptr_array_unref);
  item_text (item->props, 0x0e04, "Anna; Ben <ben@example.org>");
  g_autoptr (Rendered) r = rendered_new (item);
  InternetAddressList *to = g_mime_message_get_addresses (r->parsed, GMIME_ADDRESS_TYPE_TO);
  g_assert_cmpint (internet_address_list_length (to), ==, 2);
  g_assert_true (rendered_noted (r, BM_NOTE_RECIPIENTS_FROM_DISPLAY));
}

/* 15, 16 */
static void
test_bcc (void)
{
  g_autoptr (BmItem) sent = item_mail ();
  item_recipient (sent, 3, NULL, "secret@example.net");
  item_recipient (sent, 0x10000001, NULL, "bob@example.net"); /* P1: once is enough */
  g_autoptr (Rendered) s = rendered_new (sent);
  HEADER_IS (s, "Bcc", "<secret@example.net>");
  HEADER_IS (s, "To", "Bob <bob@example.net>");
  g_autoptr (BmItem) only = item_new ("IPM.Note");
  item_recipient (only, 0x10000001, NULL, "bob@example.net");
  item_recipient (only, 0x80000002, NULL, "cc@example.net"); /* submitted */
  g_autoptr (Rendered) o = rendered_new (only);
  HEADER_IS (o, "To", "<bob@example.net>");
  HEADER_IS (o, "Cc", "<cc@example.net>");
  g_autoptr (BmItem) got = item_mail ();
  item_recipient (got, 3, NULL, "secret@example.net");
  item_text (got->props, 0x007d, received);
  g_autoptr (Rendered) g = rendered_new (got);
  HEADER_IS (g, "Bcc", NULL);
  g_autoptr (BmItem) copy = item_new ("IPM.Note"); /* of an IMAP account's Sent folder */
  item_text (copy->props, 0x007d, "From: ada@example.org\r\nBcc: secret@example.net\r\n");
  g_autoptr (Rendered) c = rendered_new (copy);
  HEADER_IS (c, "Bcc", "secret@example.net");
}

/* 17, 18 */
static void
test_message_id (void)
{
  g_autoptr (BmItem) a = item_new ("IPM.Note"), b = item_new ("IPM.Note");
  item_bytes (a->props, 0x300b, "key", 3);
  item_bytes (b->props, 0x300b, "key", 3);
  item_text (b->props, 0x1000, "other body");
  b->nid = 0x4444;
  g_autoptr (Rendered) ra = rendered_new (a), rb = rendered_new (b);
  g_assert_cmpstr (ra->message->message_id, ==, rb->message->message_id);
  g_assert_true (g_str_has_suffix (ra->message->message_id, "@pst.invalid>"));
  g_assert_true (rendered_noted (ra, BM_NOTE_MESSAGE_ID_GENERATED));
  g_autoptr (BmItem) c = item_new ("IPM.Note"), d = item_new ("IPM.Note");
  item_text (c->props, 0x0037, "one");
  item_text (d->props, 0x0037, "two");
  g_autoptr (Rendered) rc = rendered_new (c), rd = rendered_new (d);
  g_assert_cmpstr (rc->message->message_id, !=, rd->message->message_id);
  c->nid = 0x4444; /* in a copy of the PST it may lie elsewhere */
  g_autoptr (Rendered) moved = rendered_new (c);
  g_assert_true (bm_guid_equal (&moved->message->guid, &rc->message->guid));
  g_autoptr (BmItem) bare = item_new ("IPM.Note");
  item_text (bare->props, 0x1035, "bare@example.org");
  g_autoptr (Rendered) re = rendered_new (bare);
  HEADER_IS (re, "Message-ID", "<bare@example.org>");
}

/* 19, 20, 21 and the clamp */
static void
test_dates (void)
{
  g_autoptr (BmItem) delivered = item_new ("IPM.Note"), created = item_new ("IPM.Note"),
                     never = item_new ("IPM.Note"), early = item_new ("IPM.Note");
  item_time (delivered->props, 0x0e06, 1400000000);
  item_time (delivered->props, 0x3007, 1);
  g_autoptr (Rendered) a = rendered_new (delivered);
  g_assert_cmpint (a->message->internal_date, ==, 1400000000);
  HEADER_IS (a, "Date", "Tue, 13 May 2014 16:53:20 +0000");
  item_time (created->props, 0x3007, 1300000000);
  g_autoptr (Rendered) b = rendered_new (created);
  g_assert_cmpint (b->message->internal_date, ==, 1300000000);
  g_assert_true (rendered_noted (b, BM_NOTE_DATE_FROM_CREATION));
  item_time (never->props, 0x0039, G_GINT64_CONSTANT (79870665600)); /* 4501-01-01 */
  g_autoptr (Rendered) c = rendered_new (never);
  g_assert_cmpint (c->message->internal_date, ==, 86400);
  g_assert_true (rendered_noted (c, BM_NOTE_DATE_UNKNOWN));
  HEADER_IS (c, "Date", "Fri, 02 Jan 1970 00:00:00 +0000");
  item_time (early->props, 0x0039, -86400 * 365);
  g_autoptr (Rendered) d = rendered_new (early);
  g_assert_cmpint (d->message->internal_date, ==, 86400);
  g_assert_true (rendered_noted (d, BM_NOTE_DATE_CLAMPED));
}

/* 20, 21: what the headers say, also of an item marked unsent; a late date; no date at all */
static void
test_other_dates (void)
{
  static const gchar dated[] = "From: ada@example.org\r\nDate: Fri, 14 Jul 2017 04:40:00 +0200\r\n";
  static const gchar undated[] = "From: ada@example.org\r\n";
  const struct {
    const gchar *headers;
    gint64 flags, submitted, modified; /* FILETIME */
    gint64 want;
    const gchar *date;
    gint note; /* or -1 */
  } cases[] = {
      {dated, 0, 0, 0, 1500000000, "Fri, 14 Jul 2017 04:40:00 +0200", -1},
      {dated, 9, 0, 131471000000000000, 1500000000, "Fri, 14 Jul 2017 02:40:00 +0000", -1},
      {undated, 0, 0, 131444736000000000, 1500000000, "Fri, 14 Jul 2017 02:40:00 +0000",
       BM_NOTE_DATE_FROM_CHANGE},
      {undated, 0, G_GINT64_CONSTANT (0x0cb34557a3dd4000), 0, 86400,
       "Fri, 02 Jan 1970 00:00:00 +0000", BM_NOTE_DATE_UNKNOWN},
      {NULL, 0, 0, 0, 86400, "Fri, 02 Jan 1970 00:00:00 +0000", BM_NOTE_DATE_UNKNOWN},
      {NULL, 0, G_GINT64_CONSTANT (173300000000000000), 0, 4102444799,
       "Thu, 31 Dec 2099 23:59:59 +0000", BM_NOTE_DATE_CLAMPED},
  };
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (BmItem) item = item_new ("IPM.Note");
    BmProp submitted = {.id = 0x0039, .type = BM_TYPE_FILETIME, .integer = cases[i].submitted};
    BmProp modified = {.id = 0x3008, .type = BM_TYPE_FILETIME, .integer = cases[i].modified};
    bm_props_take (item->props, &submitted);
    bm_props_take (item->props, &modified);
    item_int (item->props, 0x0e07, cases[i].flags);
    if (cases[i].headers != NULL)
      item_text (item->props, 0x007d, cases[i].headers);
    g_autoptr (Rendered) r = rendered_new (item);
    g_assert_cmpint (r->message->internal_date, ==, cases[i].want);
    HEADER_IS (r, "Date", cases[i].date);
    for (gint n = BM_NOTE_DATE_CLAMPED; n <= BM_NOTE_DATE_UNKNOWN; n++)
      g_assert_cmpint (rendered_noted (r, (BmNote) n), ==, n == cases[i].note);
  }
}

/* 22 */
static void
test_subject_prefix (void)
{
  static const gchar *const cases[][2] = {
      {"\x01\x05RE: test", "RE: test"}, {"\x01\x01Test", "Test"}, {"plain", "plain"}};
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (BmItem) item = item_new ("IPM.Note");
    item_text (item->props, 0x0037, cases[i][0]);
    g_autoptr (Rendered) r = rendered_new (item);
    HEADER_IS (r, "Subject", cases[i][1]);
  }
}

/* 24, 25, 26, 27 */
static void
test_other_headers (void)
{
  g_autoptr (BmItem) item = item_mail ();
  item_int (item->props, 0x0017, 2);
  item_int (item->props, 0x0036, 2);
  item_bytes (item->props, 0x0071, "\x01\x02\x03", 3);
  item_text (item->props, 0x1039, "<a@x>\n<b@x>\n\n<c@x>");
  g_autoptr (Rendered) r = rendered_new (item);
  HEADER_IS (r, "Importance", "High");
  HEADER_IS (r, "X-Priority", "1");
  HEADER_IS (r, "Sensitivity", "Private");
  HEADER_IS (r, "Thread-Index", "AQID");
  HEADER_IS (r, "References", "<a@x> <b@x> <c@x>");
}

/* 29 */
static void
test_categories (void)
{
  static const gchar *const names[] = {"Yellow Category", "Été",          "Plain",
                                       "plain",           "\xe7\xba\xa2", NULL};
  g_autoptr (BmItem) item = item_mail ();
  item_categories (item, names);
  g_autoptr (Rendered) r = rendered_new (item);
  HEADER_IS (r, "Keywords", "Yellow Category, Été, Plain, plain, \xe7\xba\xa2");
  g_autofree gchar *joined = g_strjoinv (" ", r->message->keywords);
  g_assert_true (g_str_has_prefix (joined, "Ete Plain Yellow_Category category_"));
  g_assert_cmpuint (g_strv_length (r->message->keywords), ==, 4);
  g_assert_true (rendered_noted (r, BM_NOTE_KEYWORD_CHANGED));
}

/* 30, 31, 32, 33 */
static void
test_flags (void)
{
  static const struct {
    guint16 id;
    gint64 value;
    BmFlags want;
  } cases[] = {
      {0x0e07, 0x10001, BM_FLAG_SEEN},
      {0x0e07, 0x10000, 0},
      {0x1081, 0x66, BM_FLAG_ANSWERED},
      {0x1081, 0x67, BM_FLAG_ANSWERED},
      {0x1090, 2, BM_FLAG_FLAGGED},
      {0x1090, 1, 0},
      {0x0e07, 0x9, BM_FLAG_SEEN | BM_FLAG_DRAFT},
  };
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (BmItem) item = item_mail ();
    item_int (item->props, cases[i].id, cases[i].value);
    g_autoptr (Rendered) r = rendered_new (item);
    g_assert_cmphex (r->message->flags, ==, cases[i].want);
  }
  g_autoptr (BmItem) forwarded = item_mail ();
  item_int (forwarded->props, 0x1081, 0x68);
  g_autoptr (Rendered) f = rendered_new (forwarded);
  g_assert_cmpstr (f->message->keywords[0], ==, "$Forwarded");
  g_autoptr (BmItem) arrived = item_mail ();
  item_int (arrived->props, 0x0e07, 0x8);
  item_text (arrived->props, 0x007d, received);
  g_autoptr (Rendered) a = rendered_new (arrived);
  g_assert_cmphex (a->message->flags & BM_FLAG_DRAFT, ==, 0);
}

/* A field name, an address and a Message-ID that no line or parser would bear; case 12 goes on. */
static void
test_hostile_fields (void)
{
  g_autofree gchar *name = g_strnfill (2000, 'N'), *id = g_strnfill (900, 'i');
  g_autofree gchar *headers = g_strconcat ("From: ada@example.org\r\n", name, ": x\r\n", NULL);
  g_autoptr (BmItem) item = item_new ("IPM.Note");
  item_text (item->props, 0x007d, headers);
  item_text (item->props, 0x1035, id);
  g_autoptr (Rendered) r = rendered_new (item);
  g_assert_null (strstr (r->text, "NNNN"));
  g_assert_true (rendered_noted (r, BM_NOTE_HEADERS_REPAIRED));
  g_assert_true (rendered_noted (r, BM_NOTE_MESSAGE_ID_GENERATED));
  HEADER_IS (r, "Message-ID", r->message->message_id);
  g_autoptr (BmItem) twice = item_mail ();
  item_recipient (twice, 2, "Twice", "a@b@example.net");
  g_autoptr (Rendered) t = rendered_new (twice);
  g_assert_true (rendered_noted (t, BM_NOTE_ADDRESS_PLACEHOLDER));
}

/* 29, 31: a category with the name of a keyword we set is something else */
static void
test_keyword_once (void)
{
  static const gchar *const names[] = {"$forwarded", NULL};
  g_autoptr (BmItem) item = item_mail ();
  item_categories (item, names);
  item_int (item->props, 0x1081, 0x68);
  g_autoptr (Rendered) r = rendered_new (item);
  g_autofree gchar *words = g_strjoinv (" ", r->message->keywords);
  g_assert_cmpstr (words, ==, "$Forwarded _forwarded");
}

/* A charset is what our table says, under any of its names, whatever the system has besides. */
static void
test_encoded_words (void)
{
  static const gchar *const cases[][2] = {
      {"=?shift_jis?B?gqA=?=", "\xe3\x81\x82"},
      {"=?x-sjis?B?gqA=?=", "\xe3\x81\x82"},
      {"a =?Windows-1251*ru?Q?=C6?= =?koi8-r?Q?=C1?= b", "a \xd0\x96\xd0\xb0 b"},
      {"=?utf-8?Q?=C3=A9=?= =?koi8-r?Q?=C1?=", "\xc3\xa9\xd0\xb0"}, /* "=?" inside a word */
      {"no =? word ?=", "no =? word ?="},
      {"=?", "=?"},
  };
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autofree gchar *text = bm_mime_decode_text (cases[i][0]);
    g_assert_cmpstr (text, ==, cases[i][1]);
  }
}

/* Words that readers would show wrongly: as UTF-8; others left alone. */
static void
test_narrow_words (void)
{
  static const struct {
    const gchar *word, *text; /* text NULL: left alone */
  } cases[] = {
      {"=?GB2312?B?xe2bTtzn?=", "彭汵茜"}, /* 0x9B4E is GBK's */
      {"=?GB2312?B?1tDOxA==?=", NULL},
      {"=?gb2312?Q?=9BN?= =?gb2312?Q?=D6=D0_a?=", "汵中 a"},
      {"=?gb2312?Q?=81=39=EE=39?=", "㐀"}, /* GB 18030 */
      {"=?gbk?Q?=9BN?=", NULL},
      {"=?gbk?Q?=81=39=EE=39?=", "㐀"},
      {"=?gb18030?Q?=81=39=EE=39?=", NULL},
      {"=?ISO-8859-1?Q?=93x=94?=", "“x”"},
      {"=?iso-8859-1?Q?=E9?=", NULL},
      {"=?windows-1252?Q?=93x=94?=", NULL},
      {"=?iso-8859-9?Q?=93=FE=94?=", "“ş”"},
      {"=?us-ascii?Q?Gr=FC=DFe?=", "Grüße"},
      {"=?us-ascii?Q?x_=3D?=", NULL},
      {"=?shift_jis?B?k/qHQA==?=", "日①"},
      {"=?shift_jis?B?k/qWe7Y=?=", NULL},
      {"=?windows-31j?B?k/qHQA==?=", NULL},
      {"=?iso-2022-jp?B?GyRCLSEbKEI=?=", "①"},
      {"=?iso-2022-jp?B?GyhJNhsoQg==?=", "ｶ"},
      {"=?iso-2022-jp?B?GyRCRnxLXBsoQg==?=", NULL},
      {"=?euc-jp?Q?=AD=A1?=", "①"},
      {"=?euc-jp?Q?=C6=FC=8E=B6?=", NULL},
      {"=?ks_c_5601-1987?Q?=C7=D1=8C=63?=", "한똠"},
      {"=?ks_c_5601-1987?Q?=C7=D1?=", NULL},
      {"=?big5?Q?=A4=A4=88=66?=", "中Ê"},
      {"=?big5?Q?=A4=A4=A3=E1?=", "中€"},
      {"=?big5?Q?=A4=A4=C6=A1?=", "中①"},
      {"=?big5?Q?=A4=A4=F9=D6?=", "中碁"},
      {"=?big5?Q?=A4=A4=A4=E5?=", NULL},
      {"=?tis-620?Q?=A1=85?=", "ก…"},
      {"=?utf-7?Q?Gr+APwA3w-e?=", "Grüße"},
      {"=?hz-gb-2312?Q?~{=3Ba~}?=", "会"},
      {"=?unknown-8bit?Q?Gr=FC=DFe?=", "Grüße"},
      {"=?unknown-8bit?Q?plain?=", NULL},
      {"=?utf-8?Q?Gr=FC=DFe?=", "Grüße"},                                /* it is not UTF-8 */
      {"a =?utf-8?B?5Q==?=\t=?UTF-8?B?pb0=?= =?koi8-r?Q?=C1?=", "a 好"}, /* a character in two */
      {"=?utf-8?B?5Q==?= =?utf-8?B?pb0=?= =?utf-8?Q?_x?=", "好 x"},
      {"=?utf-8?B?5aW9?= =?utf-8?B?5aW9?=", NULL},
      {"=?utf-8?Q?=E5=A5=BD=E5=A5=BD=E5=A5=BD=E5=A5=BD=E5=A5=BD=E5?=",
       NULL}, /* nothing better is known */
      {"=?iso-8859-1?Q?=93", NULL},
      {"=?gb2312?", NULL},
      {"=?gb2312?X?=9B?=", NULL},
  };
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (BmItem) item = item_new ("IPM.Note");
    g_autofree gchar *headers =
        g_strdup_printf ("From: ada@example.org\r\nX-Word: %s\r\n", cases[i].word);
    item_text (item->props, 0x007d, headers);
    g_autoptr (Rendered) r = rendered_new (item);
    g_test_message ("%s", cases[i].word);
    g_assert_cmpint (rendered_noted (r, BM_NOTE_HEADERS_REPAIRED), ==, cases[i].text != NULL);
    g_autofree gchar *line = g_strdup_printf ("\r\nX-Word: %s\r\n", cases[i].word);
    g_autofree gchar *got = rendered_header (r, "X-Word");
    if (cases[i].text == NULL) {
      g_assert_nonnull (strstr (r->text, line));
    } else {
      g_assert_nonnull (strstr (r->text, "=?utf-8?B?"));
      g_assert_true (g_str_has_prefix (got, cases[i].text));
    }
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  bm_render_init ();
  g_test_add_func ("/mime/1-2-3-transport", test_transport);
  g_test_add_func ("/mime/1-encoded-words", test_encoded_words);
  g_test_add_func ("/mime/12-encoded-once", test_encoded_once);
  g_test_add_func ("/mime/1-narrow-words", test_narrow_words);
  g_test_add_func ("/mime/1-garbage", test_garbage);
  g_test_add_func ("/mime/4-5-subject", test_subject);
  g_test_add_func ("/mime/6-7-8-sender", test_sender);
  g_test_add_func ("/mime/13-200-recipients", test_200_recipients);
  g_test_add_func ("/mime/14-no-recipient-table", test_no_recipient_table);
  g_test_add_func ("/mime/15-16-bcc", test_bcc);
  g_test_add_func ("/mime/17-18-message-id", test_message_id);
  g_test_add_func ("/mime/19-20-21-dates", test_dates);
  g_test_add_func ("/mime/20-21-other-dates", test_other_dates);
  g_test_add_func ("/mime/22-subject-prefix", test_subject_prefix);
  g_test_add_func ("/mime/24-25-26-27-other-headers", test_other_headers);
  g_test_add_func ("/mime/29-categories", test_categories);
  g_test_add_func ("/mime/30-33-flags", test_flags);
  g_test_add_func ("/mime/12-hostile-fields", test_hostile_fields);
  g_test_add_func ("/mime/29-31-keyword-once", test_keyword_once);
  return g_test_run ();
}
