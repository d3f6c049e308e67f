/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Cases on dates, flags and keywords: 19-21, 29-33, 81. */
#include "mime/cases/cases.h"

#include <string.h>

#define SENT      1500000000 /* Fri, 14 Jul 2017 02:40:00 UTC */
#define DELIVERED 1500000300
#define CREATED   1600000000
#define CHANGED   1600000600
#define HEADERS                                                                                    \
  "Received: by mail.example.net; Fri, 14 Jul 2017 04:41:00 +0200\r\n"                             \
  "Received: by mx.example.org; Thu, 13 Jul 2017 04:41:00 +0200\r\n"                               \
  "From: Ada <ada@example.org>\r\nDate: Fri, 14 Jul 2017 04:40:00 +0200\r\n"                       \
  "Message-ID: <one@example.org>\r\n"

/* A mail without a date. */
static CaseMail *
undated (Case *c)
{
  CaseMail *mail = case_mail (c);
  mail_text (mail, 0x0042, "Ada");
  mail_text (mail, 0x5d02, "ada@example.org");
  mail_text (mail, 0x0037, "Hello");
  mail_text (mail, 0x1035, "<one@example.org>");
  mail_text (mail, 0x1000, "Hi\r\n");
  return mail;
}

static void
case_19_delivered_only (Case *c)
{
  mail_time (undated (c), 0x0e06, DELIVERED);
  const Rendered *r = case_render (c, 0);
  g_assert_cmpint (r->message->internal_date, ==, DELIVERED);
  case_expect (c, "header Date=Fri, 14 Jul 2017 02:45:00 +0000");
}

static void
case_19_received_and_sent (Case *c)
{
  CaseMail *received = undated (c), *sent = undated (c);
  mail_text (received, 0x007d, HEADERS);
  mail_time (received, 0x0039, SENT);
  mail_time (received, 0x0e06, DELIVERED);
  mail_time (sent, 0x0039, SENT);
  mail_time (sent, 0x0e06, DELIVERED);
  g_assert_cmpint (case_render (c, 0)->message->internal_date, ==, DELIVERED);
  case_expect (c, "header Date=Fri, 14 Jul 2017 04:40:00 +0200");
  g_assert_cmpint (case_render (c, 1)->message->internal_date, ==, SENT);
  case_expect (c, "header Date=Fri, 14 Jul 2017 02:40:00 +0000");
}

/* Within an organisation mail has no transport headers: when it came is when it was delivered. */
static void
case_19_internal_mail (Case *c)
{
  CaseMail *mail = undated (c);
  mail_text (mail, 0x0040, "Bob");
  mail_time (mail, 0x0039, SENT);
  mail_time (mail, 0x0e06, DELIVERED);
  g_assert_cmpint (case_render (c, 0)->message->internal_date, ==, DELIVERED);
}

static void
case_20_of_the_headers (Case *c)
{
  CaseMail *mail = undated (c), *no_received = undated (c);
  mail_text (mail, 0x007d, HEADERS);
  mail_text (no_received, 0x007d, strstr (HEADERS, "From:"));
  mail_time (mail, 0x3007, CREATED);
  mail_time (no_received, 0x3007, CREATED);
  const Rendered *r = case_render (c, 0);
  g_assert_cmpint (r->message->internal_date, ==, SENT + 60);
  g_assert_false (rendered_noted (r, BM_NOTE_DATE_FROM_CREATION));
  case_expect (c, "header Date=Fri, 14 Jul 2017 04:40:00 +0200");
  r = case_render (c, 1);
  g_assert_cmpint (r->message->internal_date, ==, SENT);
  case_expect (c, "header Date=Fri, 14 Jul 2017 04:40:00 +0200");
}

static void
case_20_guessed (Case *c)
{
  CaseMail *created = undated (c), *changed = undated (c);
  undated (c);
  mail_time (created, 0x3007, CREATED);
  mail_time (created, 0x3008, CHANGED);
  mail_time (changed, 0x3008, CHANGED);
  const Rendered *r = case_render (c, 0);
  g_assert_cmpint (r->message->internal_date, ==, CREATED);
  g_assert_true (rendered_noted (r, BM_NOTE_DATE_FROM_CREATION));
  case_expect (c, "header Date=Sun, 13 Sep 2020 12:26:40 +0000");
  r = case_render (c, 1);
  g_assert_cmpint (r->message->internal_date, ==, CHANGED);
  g_assert_true (rendered_noted (r, BM_NOTE_DATE_FROM_CHANGE));
  r = case_render (c, 2);
  g_assert_cmpint (r->message->internal_date, ==, 86400);
  g_assert_true (rendered_noted (r, BM_NOTE_DATE_UNKNOWN));
  case_expect (c, "header Date=Fri, 02 Jan 1970 00:00:00 +0000");
}

/* The first six bytes of a conversation index are the upper part of a FILETIME; each answer adds a
 * block with the time since, [MS-OXOMSG] 2.2.1.3. */
static void
case_20_of_the_thread (Case *c)
{
  guint64 ticks = (guint64) BM_PST_TIME (SENT);
  guint8 index[27] = {0};
  for (guint i = 0; i < 6; i++)
    index[i] = (guint8) (ticks >> (56 - 8 * i));
  guint64 hour = G_GUINT64_CONSTANT (36000000000) >> 18;
  for (guint i = 0; i < 4; i++)
    index[22 + i] = (guint8) (hour >> (24 - 8 * i));
  CaseMail *first = undated (c), *answer = undated (c), *bad = undated (c);
  mail_bytes (first, 0x0071, index, 22);
  mail_time (first, 0x3007, CREATED);
  mail_bytes (answer, 0x0071, index, 27);
  mail_bytes (bad, 0x0071, "\x01\x00\x00\x00\x00\x00", 6);
  mail_time (bad, 0x3007, CREATED);
  const Rendered *r = case_render (c, 0);
  g_assert_cmpint (ABS (r->message->internal_date - SENT), <=, 7);
  g_assert_true (rendered_noted (r, BM_NOTE_DATE_FROM_THREAD));
  g_assert_cmpint (ABS (case_render (c, 1)->message->internal_date - SENT - 3600), <=, 7);
  g_assert_cmpint (case_render (c, 2)->message->internal_date, ==, CREATED);
}

static gchar *
date_of_embedded (const Rendered *r, guint depth)
{
  GMimeMessage *message = r->parsed;
  for (; depth > 0; depth--) {
    GMimeObject *body = g_mime_message_get_mime_part (message);
    message = g_mime_message_part_get_message (
        GMIME_MESSAGE_PART (g_mime_multipart_get_part (GMIME_MULTIPART (body), 1)));
  }
  return g_date_time_format_iso8601 (g_mime_message_get_date (message));
}

/* A message inside another that has no date of its own: the outer one's, guessed or not, at any depth;
 * its own guess comes first. */
static void
case_20_embedded (Case *c)
{
  CaseMail *dated = undated (c), *guessed = undated (c), *own = undated (c), *never = undated (c);
  CaseMail *outers[] = {dated, guessed, own, never};
  for (guint i = 0; i < G_N_ELEMENTS (outers); i++) {
    CaseMail *inner = mail_embed (outers[i], "inner");
    mail_text (inner, 0x0042, "Ada");
    mail_text (inner, 0x1000, "Hi\r\n");
    mail_text (inner, 0x1035, "<two@example.org>");
    mail_text (inner, 0x5d02, "ada@example.org");
    if (i == 2)
      mail_time (inner, 0x3008, CHANGED);
    if (i == 0) {
      CaseMail *innermost = mail_embed (inner, "innermost");
      mail_text (innermost, 0x1000, "Hi\r\n");
      mail_text (innermost, 0x5d02, "ada@example.org");
      mail_text (innermost, 0x1035, "<three@example.org>");
    }
  }
  mail_time (dated, 0x0039, SENT);
  mail_time (guessed, 0x3007, CREATED);
  mail_time (own, 0x0039, SENT);
  static const gchar *const dates[] = {"2017-07-14T02:40:00Z", "2020-09-13T12:26:40Z",
                                       "2020-09-13T12:36:40Z", "1970-01-02T00:00:00Z"};
  static const BmNote notes[] = {BM_NOTE_DATE_FROM_OUTER, BM_NOTE_DATE_FROM_OUTER,
                                 BM_NOTE_DATE_FROM_CHANGE, BM_NOTE_DATE_UNKNOWN};
  for (guint i = 0; i < G_N_ELEMENTS (outers); i++) {
    const Rendered *r = case_render (c, i);
    g_autofree gchar *date = date_of_embedded (r, 1);
    g_assert_cmpstr (date, ==, dates[i]);
    g_assert_true (rendered_noted (r, notes[i]));
    g_assert_cmpint (rendered_noted (r, BM_NOTE_DATE_FROM_OUTER), ==, i < 2);
    g_autofree gchar *third = date_of_embedded (r, i == 0 ? 2 : 1);
    g_assert_cmpstr (third, ==, dates[i]);
  }
}

/* Clocks that had stopped, and dates in other forms than mail's. */
static void
case_20_odd_headers (Case *c)
{
  static const struct {
    const gchar *header;
    gboolean submitted;
    const gchar *want;
  } dates[] = {
      {"Thu, 01 Jan 1970 00:12:00 +0000", TRUE, "Fri, 14 Jul 2017 02:40:00 +0000"},
      {"Thu, 01 Jan 1970 00:12:00 +0000", FALSE, "Fri, 14 Jul 2017 02:41:00 +0000"},
      {"Sat, 14 Jul 2190 02:40:00 +0000", TRUE, "Fri, 14 Jul 2017 02:40:00 +0000"},
      {"2017-07-14 02:40:30", FALSE, "Fri, 14 Jul 2017 02:40:30 +0000"},
      {"Fri Jul 14 02:40:30 2017", FALSE, "Fri, 14 Jul 2017 02:40:30 +0000"},
      {"Thu, 13 Jul 2017 19:40:00 Pacific Daylight Time", TRUE, "Fri, 14 Jul 2017 02:40:00 +0000"},
      {"Sat, 15 Jul 2017 04:40:00 +0200 (CEST)", TRUE, "Sat, 15 Jul 2017 04:40:00 +0200 (CEST)"},
      {"15 Jul 2017 04:40 GMT", TRUE, "15 Jul 2017 04:40 GMT"},
  };
  for (guint i = 0; i < G_N_ELEMENTS (dates); i++) {
    CaseMail *mail = undated (c);
    g_autofree gchar *headers =
        g_strdup_printf ("Received: by a\r\nReceived: by b; Fri, 14 Jul 2017 04:41:00 +0200\r\n"
                         "From: Ada <ada@example.org>\r\nDate: %s\r\n",
                         dates[i].header);
    mail_text (mail, 0x007d, headers);
    mail_time (mail, 0x3007, CREATED);
    if (dates[i].submitted)
      mail_time (mail, 0x0039, SENT);
  }
  for (guint i = 0; i < G_N_ELEMENTS (dates); i++) {
    const Rendered *r = case_render (c, i);
    HEADER_IS (r, "Date", dates[i].want);
    g_assert_cmpint (r->message->internal_date, ==, SENT + 60);
    g_assert_cmpint (rendered_noted (r, BM_NOTE_HEADERS_REPAIRED), ==, i < 6);
    g_assert_false (rendered_noted (r, BM_NOTE_DATE_FROM_CREATION));
  }
}

/* 1970 and 1975 are no dates of mail, but better than 1811 and than nothing. */
static void
case_20_better_than_nothing (Case *c)
{
  CaseMail *late = undated (c), *early = undated (c), *header = undated (c);
  mail_time (late, 0x0039, 1000000);
  mail_time (late, 0x3008, CHANGED);
  mail_time (early, 0x0039, -5000000000);
  mail_time (early, 0x0e06, 160000000);
  mail_text (header, 0x007d,
             "Received: by a\r\nFrom: ada@example.org\r\n"
             "Date: Thu, 01 Jan 1970 00:12:00 +0000\r\n");
  g_assert_cmpint (case_render (c, 0)->message->internal_date, ==, CHANGED);
  g_assert_cmpint (case_render (c, 1)->message->internal_date, ==, 160000000);
  const Rendered *r = case_render (c, 2);
  HEADER_IS (r, "Date", "Thu, 01 Jan 1970 00:12:00 +0000");
  g_assert_true (rendered_noted (r, BM_NOTE_DATE_CLAMPED));
  g_assert_false (rendered_noted (r, BM_NOTE_HEADERS_REPAIRED));
}

static void
case_21_none_dates (Case *c)
{
  CaseMail *zero = undated (c), *none = undated (c), *wild = undated (c), *lost = undated (c);
  bm_pst_props_filetime (mail_props (zero), 0x00390040, 0);
  mail_time (zero, 0x0e06, DELIVERED);
  bm_pst_props_filetime (mail_props (none), 0x00390040, G_GINT64_CONSTANT (0x0CB34557A3DD4000));
  mail_time (none, 0x0e06, DELIVERED);
  mail_time (wild, 0x0039, -5000000000); /* 1811 */
  mail_time (wild, 0x0e06, DELIVERED);
  mail_time (lost, 0x0039, G_GINT64_CONSTANT (50000000000)); /* 3554 */
  g_assert_cmpint (case_render (c, 0)->message->internal_date, ==, DELIVERED);
  g_assert_cmpint (case_render (c, 1)->message->internal_date, ==, DELIVERED);
  const Rendered *r = case_render (c, 2);
  g_assert_cmpint (r->message->internal_date, ==, DELIVERED);
  g_assert_false (rendered_noted (r, BM_NOTE_DATE_CLAMPED));
  r = case_render (c, 3);
  g_assert_cmpint (r->message->internal_date, ==, 4102444799);
  g_assert_true (rendered_noted (r, BM_NOTE_DATE_CLAMPED));
}

/* ---- flags ---- */

static void
set_categories (Case *c, CaseMail *mail, const gchar *const *categories)
{
  guint16 id = bm_pst_writer_named_string (case_writer (c), bm_pst_ps_public_strings, "Keywords");
  bm_pst_props_mv_string (mail_props (mail), BM_PST_TAG (id, 0x101f), categories);
}

static gchar *
keywords (const Rendered *r)
{
  return g_strjoinv (" ", r->message->keywords);
}

static void
case_29_categories (Case *c)
{
  const gchar *const colours[] = {"Yellow Category", "Green Category", NULL};
  const gchar *const odd[] = {"Très urgent", "a,b (c)", "重要", "URGENT", "urgent", "", NULL};
  set_categories (c, case_plain_mail (c), colours);
  set_categories (c, case_plain_mail (c), odd);
  const Rendered *r = case_render (c, 0);
  g_autofree gchar *words = keywords (r);
  g_assert_cmpstr (words, ==, "Green_Category Yellow_Category");
  case_expect (c, "header Keywords=Yellow Category, Green Category");
  r = case_render (c, 1);
  g_autofree gchar *others = keywords (r);
  g_assert_cmpstr (others, ==, "Tres_urgent URGENT a,b__c_ category_3d277ac6");
  g_assert_true (rendered_noted (r, BM_NOTE_KEYWORD_CHANGED));
}

/* As Outlook 97 kept them; and names that programs act on are none of the user's. */
static void
case_29_other_categories (Case *c)
{
  const gchar *const old[] = {"Alt", NULL};
  const gchar *const acted[] = {"$Junk", "$MDNSent", "5 $", "\\Seen", "", "$", NULL};
  guint16 id = bm_pst_writer_named_lid (case_writer (c), bm_pst_ps_public_strings, 0x2328);
  bm_pst_props_mv_string (mail_props (case_plain_mail (c)), BM_PST_TAG (id, 0x101f), old);
  set_categories (c, case_plain_mail (c), acted);
  const Rendered *r = case_render (c, 0);
  g_autofree gchar *words = keywords (r);
  g_assert_cmpstr (words, ==, "Alt");
  case_expect (c, "header Keywords=Alt");
  r = case_render (c, 1);
  g_autofree gchar *others = keywords (r);
  g_assert_cmpstr (others, ==, "5_$ _Junk _MDNSent _Seen category_33b67cb5");
  case_expect (c, "header Keywords=$Junk, $MDNSent, 5 $, \\Seen, $");
}

static void
case_29_too_many_categories (Case *c)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  for (guint i = 0; i < 150; i++) {
    g_autofree gchar *name = g_strdup_printf ("Category%03u", i);
    g_strv_builder_add (builder, name);
  }
  g_auto (GStrv) many = g_strv_builder_end (builder);
  set_categories (c, case_plain_mail (c), (const gchar *const *) many);
  const Rendered *r = case_render (c, 0);
  g_assert_cmpuint (g_strv_length (r->message->keywords), ==, 30);
  g_assert_cmpstr (r->message->keywords[0], ==, "Category000");
  g_assert_true (rendered_noted (r, BM_NOTE_KEYWORD_LEFT_OUT));
  HEADER_IS (r, "X-None", NULL);
  g_autofree gchar *field = rendered_header (r, "Keywords");
  g_assert_nonnull (strstr (field, "Category149"));
}

static void
check_colours (Case *c, const BmItem *item, const Rendered *r, gpointer count)
{
  g_autofree gchar *words = keywords (r);
  if (!g_str_equal (words, "Green_category Yellow_category"))
    return;
  (*(guint *) count)++;
  HEADER_IS (r, "Subject", "TestWithYellowAndGreenCategories");
  case_expect (c, "header Keywords=Green category, Yellow category");
}

static void
case_29_corpus (Case *c)
{
  guint found = 0;
  if (case_corpus_each (c, "user1-test-lab.pst", check_colours, &found) > 0)
    g_assert_cmpuint (found, ==, 1);
}

static void
case_30_read (Case *c)
{
  static const gint32 flags[] = {0x10001, 0x10000, 0x30001, 0x20000, 0x400};
  for (guint i = 0; i < G_N_ELEMENTS (flags); i++)
    mail_int (case_plain_mail (c), 0x0e07, flags[i]);
  for (guint i = 0; i < G_N_ELEMENTS (flags); i++)
    g_assert_cmpuint (case_render (c, i)->message->flags, ==, flags[i] & 1 ? BM_FLAG_SEEN : 0);
}

static void
case_31_answered_and_forwarded (Case *c)
{
  static const struct {
    gint32 verb, icon; /* 0: none */
    gboolean answered, forwarded;
  } marks[] = {{102, 0, TRUE, FALSE},     {103, 0, TRUE, FALSE},   {104, 0, FALSE, TRUE},
               {0, 0x105, TRUE, FALSE},   {0, 0x106, FALSE, TRUE}, {102, 0x106, TRUE, FALSE},
               {104, 0x105, FALSE, TRUE}, {1, 0x105, TRUE, FALSE}, /* voted, by a reply */
               {108, 0x100, FALSE, FALSE}};
  for (guint i = 0; i < G_N_ELEMENTS (marks); i++) {
    CaseMail *mail = case_plain_mail (c);
    if (marks[i].verb != 0)
      mail_int (mail, 0x1081, marks[i].verb);
    if (marks[i].icon != 0)
      mail_int (mail, 0x1080, marks[i].icon);
  }
  for (guint i = 0; i < G_N_ELEMENTS (marks); i++) {
    const Rendered *r = case_render (c, i);
    g_autofree gchar *words = keywords (r);
    g_assert_cmpint ((r->message->flags & BM_FLAG_ANSWERED) != 0, ==, marks[i].answered);
    g_assert_cmpstr (words, ==, marks[i].forwarded ? "$Forwarded" : "");
  }
}

static void
case_32_flagged (Case *c)
{
  mail_int (case_plain_mail (c), 0x1090, 2);
  mail_int (case_plain_mail (c), 0x1090, 1);
  mail_int (case_plain_mail (c), 0x1095, 6);
  mail_int (case_plain_mail (c), 0x0e2b, 9);
  CaseMail *complete = case_plain_mail (c);
  mail_int (complete, 0x1090, 1);
  mail_int (complete, 0x0e2b, 1);
  static const gboolean want[] = {TRUE, FALSE, TRUE, TRUE, FALSE};
  for (guint i = 0; i < G_N_ELEMENTS (want); i++)
    g_assert_cmpint ((case_render (c, i)->message->flags & BM_FLAG_FLAGGED) != 0, ==, want[i]);
}

/* Outlook flags a mail that says what to do with it: not one that is done. */
static void
case_32_done (Case *c)
{
  static const gint32 states[] = {2, 1};
  guint16 id = bm_pst_writer_named_lid (case_writer (c), bm_pst_psetid_common, 0x8530);
  for (guint i = 0; i < G_N_ELEMENTS (states); i++) {
    CaseMail *mail = case_plain_mail (c);
    mail_text (mail, id, "Follow up");
    mail_time (mail, 0x0030, SENT);
    mail_int (mail, 0x1090, states[i]);
  }
  case_render (c, 0);
  case_expect (c, "header X-Message-Flag=Follow up");
  case_expect (c, "header Reply-By=Fri, 14 Jul 2017 02:40:00 +0000");
  case_render (c, 1);
  case_expect (c, "no-header X-Message-Flag");
  case_expect (c, "no-header Reply-By");
}

static void
case_33_drafts (Case *c)
{
  CaseMail *draft = case_plain_mail (c), *old = case_plain_mail (c), *sent = case_plain_mail (c);
  mail_int (draft, 0x0e07, 0x9);
  mail_int (old, 0x0e07, 0x9);
  mail_text (old, 0x007d, HEADERS);
  mail_int (sent, 0x0e07, 0x9);
  mail_time (sent, 0x0e06, DELIVERED);
  const Rendered *r = case_render (c, 0);
  g_assert_cmpuint (r->message->flags, ==, BM_FLAG_DRAFT | BM_FLAG_SEEN);
  g_assert_false (rendered_noted (r, BM_NOTE_HEADERS_LEFT_OUT));
  r = case_render (c, 1);
  g_assert_cmpuint (r->message->flags, ==, BM_FLAG_SEEN);
  g_assert_true (rendered_noted (r, BM_NOTE_HEADERS_LEFT_OUT));
  case_expect (c, "no-header Received");
  g_assert_cmpuint (case_render (c, 2)->message->flags, ==, BM_FLAG_SEEN);
}

/* Outlook and Exchange date drafts when they save them: there the folder says that they are some. */
static void
case_33_dated_drafts (Case *c)
{
  static const gint32 marks[] = {0x9, 0x9, 0x1};
  static const gchar *const folders[] = {"Drafts", "Inbox", "Drafts"};
  for (guint i = 0; i < G_N_ELEMENTS (marks); i++) {
    CaseMail *mail = case_mail_in (c, folders[i]);
    mail_int (mail, 0x0e07, marks[i]);
    mail_time (mail, 0x0039, SENT);
    mail_time (mail, 0x0e06, DELIVERED);
  }
  g_autoptr (GError) error = NULL;
  g_autoptr (BmCensus) census = case_census (case_write (c), &error);
  g_assert_no_error (error);
  for (guint i = 0; i < G_N_ELEMENTS (marks); i++) {
    BmMessage *message = case_render (c, i)->message;
    const BmFolder *folder = bm_census_folder (census, bm_census_folder_of (census, message->nid));
    g_assert_cmpstr (folder->name, ==, folders[i]);
    bm_message_place (message, folder->role);
    g_assert_cmpuint (message->flags, ==, BM_FLAG_SEEN | (i == 0 ? BM_FLAG_DRAFT : 0));
  }
}

static void
case_81_no_class (Case *c)
{
  CaseMail *mail = case_plain_mail (c);
  mail_bare (mail);
  const Rendered *r = case_render (c, 0);
  g_assert_cmpstr (r->message->message_class, ==, "");
  case_expect (c, "header Subject=Hello");
  case_expect (c, "addresses To=Bob <bob@example.net>");
  case_expect (c, "text 0 contains Hi Bob");
}

static void
case_81_odd_classes (Case *c)
{
  static const gchar *const classes[] = {"",
                                         "IPM.Foo",
                                         "IPM.Note.Custom",
                                         "Foo",
                                         "IPM.Post",
                                         "REPORT.IPM.Note.NDR",
                                         "IPM.Document.txt",
                                         "IPM"};
  for (guint i = 0; i < G_N_ELEMENTS (classes); i++) {
    CaseMail *mail = case_plain_mail (c);
    mail_text (mail, 0x001a, classes[i]);
    mail_attach (mail, "a.bin", "data", 4);
  }
  for (guint i = 0; i < G_N_ELEMENTS (classes); i++) {
    case_render (c, i);
    case_expect (c, "addresses To=Bob <bob@example.net>");
    /* of a report it comes after what the report has to have */
    case_expect (c, "param %d filename=a.bin", strstr (classes[i], ".NDR") != NULL ? 2 : 1);
  }
}

static const CaseEntry cases[] = {
    CASE (19, delivered_only),
    CASE (19, received_and_sent),
    CASE (19, internal_mail),
    CASE (20, of_the_headers),
    CASE (20, guessed),
    CASE (20, of_the_thread),
    CASE (20, embedded),
    CASE (20, odd_headers),
    CASE (20, better_than_nothing),
    CASE (21, none_dates),
    CASE (29, categories),
    CASE (29, other_categories),
    CASE (29, too_many_categories),
    CASE (29, corpus),
    CASE (30, read),
    CASE (31, answered_and_forwarded),
    CASE (32, flagged),
    CASE (32, done),
    CASE (33, drafts),
    CASE (33, dated_drafts),
    CASE (81, no_class),
    CASE (81, odd_classes),
};

int
main (int argc, char **argv)
{
  return case_main (argc, argv, cases, G_N_ELEMENTS (cases));
}
