/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Cases on senders and recipients: 9-14, 23. */
#include "mime/cases/cases.h"

#include <string.h>

#define DN "/o=First Organization/ou=Exchange Administrative Group/cn=Recipients/cn=Ada Lovelace"

static const guint8 one_off_muid[16] = {0x81, 0x2b, 0x1f, 0xa4, 0xbe, 0xa3, 0x10, 0x19,
                                        0x9d, 0x6e, 0x00, 0xdd, 0x01, 0x0f, 0x54, 0x02};

/* [MS-OXCDATA] 2.2.5.1 */
static GBytes *
one_off (const gchar *name, const gchar *type, const gchar *address, gboolean unicode)
{
  const gchar *texts[] = {name, type, address};
  GByteArray *id = g_byte_array_new ();
  const guint8 head[4] = {0}, tail[4] = {0, 0, 0, unicode ? 0x80 : 0};
  g_byte_array_append (id, head, 4);
  g_byte_array_append (id, one_off_muid, 16);
  g_byte_array_append (id, tail, 4);
  for (guint i = 0; i < 3; i++) {
    gsize written = 0;
    g_autofree gchar *bytes =
        g_convert (texts[i], -1, unicode ? "UTF-16LE" : "CP1252", "UTF-8", NULL, &written, NULL);
    g_byte_array_append (id, (const guint8 *) bytes, (guint) written);
    g_byte_array_append (id, head, unicode ? 2 : 1);
  }
  return g_byte_array_free_to_bytes (id);
}

/* [MS-OXCDATA] 2.2.5.2 */
static GBytes *
exchange_id (const gchar *dn)
{
  static const guint8 head[28] = {0,    0,    0,    0,    0xdc, 0xa7, 0x40, 0xc8, 0xc0, 0x42,
                                  0x10, 0x1a, 0xb4, 0xb9, 0x08, 0x00, 0x2b, 0x2f, 0xe1, 0x82,
                                  1,    0,    0,    0,    0,    0,    0,    0};
  GByteArray *id = g_byte_array_new ();
  g_byte_array_append (id, head, sizeof head);
  g_byte_array_append (id, (const guint8 *) dn, (guint) strlen (dn) + 1);
  return g_byte_array_free_to_bytes (id);
}

static CaseMail *
exchange_mail (Case *c)
{
  CaseMail *mail = case_mail (c);
  mail_text (mail, 0x0042, "Ada Lovelace");
  mail_text (mail, 0x0064, "EX");
  mail_text (mail, 0x0065, DN);
  mail_row (mail, 1, "Bob", "bob@example.net");
  mail_time (mail, 0x0039, 1500000000);
  mail_text (mail, 0x0037, "Hello");
  mail_text (mail, 0x1035, "<one@example.org>");
  mail_text (mail, 0x1000, "Hi Bob\r\n");
  return mail;
}

/* What the learning pass finds in another item's recipients; a later one says otherwise. */
static void
case_09_exchange_sender_learnt (Case *c)
{
  exchange_mail (c);
  CaseMail *by_id = exchange_mail (c);
  g_autoptr (GBytes) id = exchange_id ("/O=FIRST ORGANIZATION/OU=Exchange Administrative "
                                       "Group/CN=Recipients/CN=ADA LOVELACE");
  bm_pst_props_remove (mail_props (by_id), 0x0065001f);
  mail_bytes (by_id, 0x0041, g_bytes_get_data (id, NULL), g_bytes_get_size (id));
  static const gchar *const known[] = {"ada@example.org", "later@example.org"};
  for (guint i = 0; i < G_N_ELEMENTS (known); i++) {
    BmPstProps *row = mail_row (case_plain_mail (c), 2, "Ada", known[i]);
    bm_pst_props_string (row, BM_PST_TAG (0x3002, 0x001f), "EX");
    bm_pst_props_string (row, BM_PST_TAG (0x3003, 0x001f), DN);
  }
  g_autoptr (BmAddressMap) learnt = case_learn (c);
  case_context (c)->learnt = learnt;
  const Rendered *r = case_render (c, 0);
  g_assert_false (rendered_noted (r, BM_NOTE_ADDRESS_PLACEHOLDER));
  case_expect (c, "addresses From=Ada Lovelace <ada@example.org>");
  case_expect (c, "no-header X-PST-EX-Address");
  case_render (c, 1);
  case_expect (c, "addresses From=Ada Lovelace <ada@example.org>");
}

/* A contact with an Exchange address: the original display name is the SMTP one. */
static void
case_09_exchange_sender_among_contacts (Case *c)
{
  CaseMail *mail = exchange_mail (c), *contact = case_mail_in (c, "Contacts");
  BmPstWriter *writer = case_writer (c);
  const guint8 *set = bm_pst_psetid_address;
  mail_text (mail, 0x0037, "From somebody in the address book");
  mail_text (contact, 0x001a, "IPM.Contact");
  mail_text (contact, bm_pst_writer_named_lid (writer, set, 0x8082), "EX");
  mail_text (contact, bm_pst_writer_named_lid (writer, set, 0x8083), DN);
  mail_text (contact, bm_pst_writer_named_lid (writer, set, 0x8084), "ada@example.org");
  g_autoptr (BmAddressMap) learnt = case_learn (c);
  case_context (c)->learnt = learnt;
  case_render (c, 0);
  case_expect (c, "addresses From=Ada Lovelace <ada@example.org>");
}

static void
set_exchange_row (CaseMail *mail, const gchar *dn, const gchar *smtp)
{
  BmPstProps *row = mail_row (mail, 2, "Ada", smtp);
  bm_pst_props_string (row, BM_PST_TAG (0x3002, 0x001f), "EX");
  bm_pst_props_string (row, BM_PST_TAG (0x3003, 0x001f), dn);
}

/* Only mails inside mails know her: the sender of the innermost, a recipient of another; and it is a
 * mail inside a mail that wants to know. What the outer mail says comes first. */
static void
case_09_learnt_from_embedded (Case *c)
{
  static const gchar bob[] = "/o=x/cn=Recipients/cn=bob", eve[] = "/o=x/cn=Recipients/cn=eve";
  CaseMail *asking = mail_embed (case_plain_mail (c), "asking");
  mail_text (asking, 0x0042, "Ada");
  mail_text (asking, 0x0065, DN);
  set_exchange_row (asking, bob, NULL);
  CaseMail *outer = case_plain_mail (c);
  CaseMail *middle = mail_embed (outer, "middle"), *inner = mail_embed (middle, "inner");
  mail_attach (outer, "a.bin", "data", 4);
  set_exchange_row (outer, eve, "eve@example.org");
  set_exchange_row (middle, eve, "other@example.org");
  set_exchange_row (middle, bob, "bob@example.net");
  mail_text (inner, 0x0065, DN);
  mail_text (inner, 0x5d02, "ada@example.org");
  g_autoptr (BmAddressMap) learnt = case_learn (c);
  g_assert_cmpuint (bm_address_map_size (learnt), ==, 3);
  g_assert_cmpstr (bm_address_map_get (learnt, eve), ==, "eve@example.org");
  case_context (c)->learnt = learnt;
  const Rendered *r = case_render (c, 0);
  g_assert_false (rendered_noted (r, BM_NOTE_ADDRESS_PLACEHOLDER));
  g_assert_nonnull (strstr (r->text, "From: Ada <ada@example.org>"));
  g_assert_nonnull (strstr (r->text, "Cc: Ada <bob@example.net>"));
}

/* An unknown Exchange name inside an embedded mail is told, so that learning begins. */
static void
case_09_embedded_asks (Case *c)
{
  set_exchange_row (mail_embed (case_plain_mail (c), "asking"), DN, NULL);
  g_assert_true (rendered_noted (case_render (c, 0), BM_NOTE_EXCHANGE_UNRESOLVED));
}

/* Who received it, who made the item, who changed it: pairs of an entry id or a name and an address. */
static void
case_09_learnt_from_others (Case *c)
{
  static const guint16 ids[][2] = {
      {0x003f, 0x5d07}, {0x0043, 0x5d08}, {0x3ff9, 0x5d0a}, {0x3ffb, 0x5d0b}};
  CaseMail *mail = case_plain_mail (c);
  for (guint i = 0; i < G_N_ELEMENTS (ids); i++) {
    g_autofree gchar *dn = g_strdup_printf ("/o=x/cn=%u", i);
    g_autofree gchar *smtp = g_strdup_printf ("user%u@example.org", i);
    g_autoptr (GBytes) id = exchange_id (dn);
    mail_bytes (mail, ids[i][0], g_bytes_get_data (id, NULL), g_bytes_get_size (id));
    mail_text (mail, ids[i][1], smtp);
  }
  g_autoptr (BmAddressMap) learnt = case_learn (c);
  for (guint i = 0; i < G_N_ELEMENTS (ids); i++) {
    g_autofree gchar *dn = g_strdup_printf ("/o=x/cn=%u", i);
    g_autofree gchar *smtp = g_strdup_printf ("user%u@example.org", i);
    g_assert_cmpstr (bm_address_map_get (learnt, dn), ==, smtp);
  }
}

#define ENCAPSULATED                                                                               \
  "IMCEAEX-_O=FIRST+20ORGANIZATION_OU=EXCHANGE+20ADMINISTRATIVE+20GROUP_CN=RECIPIENTS_CN="         \
  "ADA+20LOVELACE@example.org"

/* [MS-OXCMAIL] 2.1.3.1.8: in properties and in transport headers, of somebody known. */
static void
case_09_encapsulated (Case *c)
{
  g_autoptr (BmAddressMap) learnt = bm_address_map_new ();
  g_autoptr (GBytes) off = one_off ("Ada", "SMTP", ENCAPSULATED, TRUE);
  bm_address_map_add (learnt, DN, "ada@example.net", 1);
  case_context (c)->learnt = learnt;
  CaseMail *sent = case_plain_mail (c), *received = case_plain_mail (c);
  mail_text (sent, 0x5d02, ENCAPSULATED);
  mail_text (sent, 0x0065, ENCAPSULATED);
  mail_row (sent, 2, "Eve", "IMCEASMTP-eve+2Eo+40example+2Ecom@example.org");
  BmPstProps *row = mail_row (sent, 2, "Ada", NULL);
  bm_pst_props_binary (row, BM_PST_TAG (0x0fff, 0x0102), g_bytes_get_data (off, NULL),
                       g_bytes_get_size (off));
  mail_text (received, 0x007d,
             "Received: by x; Fri, 14 Jul 2017 04:40:00 +0200\r\nFrom: \"Ada\" <" ENCAPSULATED
             ">\r\nTo: " ENCAPSULATED ",\r\n kim@example.com\r\n"
             "Date: Fri, 14 Jul 2017 04:40:00 +0200\r\nMessage-ID: <one@example.org>\r\n");
  const Rendered *r = case_render (c, 0);
  g_assert_false (rendered_noted (r, BM_NOTE_EXCHANGE_UNRESOLVED));
  case_expect (c, "addresses From=Ada Lovelace <ada@example.net>");
  case_expect (c, "addresses Cc=Eve <eve.o@example.com>|Ada <ada@example.net>");
  r = case_render (c, 1);
  g_assert_false (rendered_noted (r, BM_NOTE_EXCHANGE_UNRESOLVED));
  case_expect (c, "addresses From=Ada <ada@example.net>");
  case_expect (c, "addresses To=ada@example.net|kim@example.com");
}

/* Of nobody known it stays, for its own server may know; it teaches nobody, and wants to be learnt. */
static void
case_10_encapsulated (Case *c)
{
  CaseMail *sent = case_plain_mail (c), *received = case_plain_mail (c);
  mail_text (sent, 0x5d02, ENCAPSULATED);
  mail_text (sent, 0x0065, DN);
  mail_text (received, 0x007d,
             "Received: by x; Fri, 14 Jul 2017 04:40:00 +0200\r\n"
             "From: <" ENCAPSULATED ">\r\nMessage-ID: <one@example.org>\r\n");
  g_autoptr (BmAddressMap) learnt = case_learn (c);
  g_assert_cmpuint (bm_address_map_size (learnt), ==, 0);
  const Rendered *r = case_render (c, 0);
  g_assert_true (rendered_noted (r, BM_NOTE_EXCHANGE_UNRESOLVED));
  g_assert_false (rendered_noted (r, BM_NOTE_ADDRESS_PLACEHOLDER));
  case_expect (c, "addresses From=Ada Lovelace <" ENCAPSULATED ">");
  case_expect (c, "count X-PST-EX-Address=1");
  r = case_render (c, 1);
  g_assert_true (rendered_noted (r, BM_NOTE_EXCHANGE_UNRESOLVED));
  case_expect (c, "addresses From=" ENCAPSULATED);
}

static void
case_09_exchange_sender_of_administrator (Case *c)
{
  static const gchar csv[] = "dn,address\r\n\"EX:" DN "\",ada.lovelace@example.com\r\n";
  g_autoptr (GError) error = NULL;
  g_autoptr (BmAddressMap) learnt = bm_address_map_new ();
  g_autoptr (BmAddressMap) given = bm_address_map_parse (csv, strlen (csv), &error);
  g_assert_no_error (error);
  bm_address_map_add (learnt, DN, "ada@example.org", 0x200024);
  case_context (c)->learnt = learnt;
  case_context (c)->addresses = given;
  CaseMail *mail = exchange_mail (c);
  BmPstProps *row = mail_row (mail, 2, "Ada's assistant", NULL);
  bm_pst_props_string (row, BM_PST_TAG (0x3002, 0x001f), "EX");
  bm_pst_props_string (row, BM_PST_TAG (0x3003, 0x001f), DN);
  case_render (c, 0);
  case_expect (c, "addresses From=Ada Lovelace <ada.lovelace@example.com>");
  case_expect (c, "addresses Cc=Ada's assistant <ada.lovelace@example.com>");
}

/* In the item itself there is a better answer than any map's. */
static void
case_09_own_answer_first (Case *c)
{
  g_autoptr (BmAddressMap) learnt = bm_address_map_new ();
  bm_address_map_add (learnt, DN, "wrong@example.org", 1);
  case_context (c)->learnt = learnt;
  mail_text (exchange_mail (c), 0x5d02, "ada@example.org");
  CaseMail *mail = exchange_mail (c);
  BmPstProps *row = mail_row (mail, 2, "Ada", "ada@example.org");
  bm_pst_props_string (row, BM_PST_TAG (0x3002, 0x001f), "EX");
  bm_pst_props_string (row, BM_PST_TAG (0x3003, 0x001f), DN);
  case_render (c, 0);
  case_expect (c, "addresses From=Ada Lovelace <ada@example.org>");
  case_render (c, 1);
  case_expect (c, "addresses From=Ada Lovelace <ada@example.org>");
}

static void
case_10_unresolved (Case *c)
{
  CaseMail *mail = exchange_mail (c);
  BmPstProps *row = mail_row (mail, 2, "Müller, Jörg", NULL);
  bm_pst_props_string (row, BM_PST_TAG (0x3002, 0x001f), "EX");
  bm_pst_props_string (row, BM_PST_TAG (0x3003, 0x001f), "/o=x/cn=Recipients/cn=jmueller");
  const Rendered *r = case_render (c, 0);
  g_assert_true (rendered_noted (r, BM_NOTE_ADDRESS_PLACEHOLDER));
  case_expect (c, "addresses From=Ada Lovelace <ada-lovelace@unresolved.invalid>");
  case_expect (c, "addresses Cc=Müller, Jörg <jmueller@unresolved.invalid>");
  case_expect (c, "count X-PST-EX-Address=2");
  case_expect (c, "header X-PST-EX-Address=%s",
               "/o=first organization/ou=exchange administrative group/cn=recipients/cn=ada "
               "lovelace");
}

/* The display name says the address, but a map would have been asked first: then that is noted, so that
 * learning begins, and what is rendered before and after it is the same. */
static void
case_10_display_name (Case *c)
{
  CaseMail *mail = exchange_mail (c);
  mail_text (mail, 0x0042, "Ada Lovelace <ada@example.org>");
  const Rendered *r = case_render (c, 0);
  g_assert_true (rendered_noted (r, BM_NOTE_EXCHANGE_UNRESOLVED));
  g_assert_false (rendered_noted (r, BM_NOTE_ADDRESS_PLACEHOLDER));
  case_expect (c, "addresses From=Ada Lovelace <ada@example.org>");
  case_expect (c, "count X-PST-EX-Address=1");
}

/* Fax numbers and X.400 names are no mail addresses, but readers must not choke on them. */
static void
case_10_other_types (Case *c)
{
  static const gchar *const types[][2] = {
      {"FAX", "+49 221 12345"}, {"X400", "c=de;a=dbp;p=firma;s=mueller;g=joerg"}, {"MAPIPDL", ""}};
  CaseMail *mail = exchange_mail (c);
  for (guint i = 0; i < G_N_ELEMENTS (types); i++) {
    BmPstProps *row = mail_row (mail, 2, types[i][0], NULL);
    bm_pst_props_string (row, BM_PST_TAG (0x3002, 0x001f), types[i][0]);
    bm_pst_props_string (row, BM_PST_TAG (0x3003, 0x001f), types[i][1]);
  }
  const Rendered *r = case_render (c, 0);
  g_assert_true (rendered_noted (r, BM_NOTE_ADDRESS_PLACEHOLDER));
  case_expect (c, "addresses Cc=FAX <49-221-12345@unresolved.invalid>"
                  "|X400 <c-de-a-dbp-p-firma-s-mueller-g-joerg@unresolved.invalid>"
                  "|MAPIPDL <mapipdl@unresolved.invalid>");
}

static void
case_11_address_as_name (Case *c)
{
  CaseMail *mail = case_plain_mail (c);
  mail_row (mail, 1, "'kim@example.com'", "kim@example.com");
  mail_row (mail, 1, "Eve <eve@example.com>", "eve@example.com");
  mail_row (mail, 1, "TOM@example.com", "tom@example.com");
  const Rendered *r = case_render (c, 0);
  g_assert_nonnull (strstr (r->text, "<kim@example.com>"));
  case_expect (c, "addresses To=Bob <bob@example.net>|kim@example.com|Eve <eve@example.com>|"
                  "tom@example.com");
}

static void
case_12_names (Case *c)
{
  static const gchar *const names[] = {
      "Müller, Jörg \"der Große\"", "Comma, Inc.",           "Emoji 📎 ok",           "a\\b\"c",
      "x\r\nBcc: evil@example.com", "=?utf-8?Q?=61?= =?x?=", "semi; colon: (paren)", "会议"};
  CaseMail *mail = case_plain_mail (c);
  g_autoptr (GString) want = g_string_new ("addresses To=Bob <bob@example.net>");
  for (guint i = 0; i < G_N_ELEMENTS (names); i++) {
    g_autofree gchar *shown = g_strdup (names[i]);
    g_autofree gchar *address = g_strdup_printf ("a%u@example.com", i);
    mail_row (mail, 1, names[i], address);
    if (strstr (shown, "\r\n") != NULL)
      memmove (strchr (shown, '\r'), " Bcc: evil@example.com", 23);
    g_string_append_printf (want, "|%s <%s>", shown, address);
  }
  case_render (c, 0);
  case_expect (c, "no-header Bcc");
  case_expect (c, "%s", want->str);
}

static void
check_200 (Case *c, const BmItem *item, const Rendered *r, gpointer data)
{
  InternetAddressList *list = g_mime_message_get_to (r->parsed);
  g_assert_cmpint (internet_address_list_length (list), ==, 200);
  case_expect (c, "count To=1");
  const gchar *to = strstr (r->text, "\nTo: ");
  g_assert_nonnull (to);
  g_assert_cmpuint (strcspn (to + 1, "\n"), <=, 79); /* and the rest on lines of its own */
}

static void
case_13_200_recipients (Case *c)
{
  case_corpus_each (c, "200-recipients.pst", check_200, NULL);
}

static void
case_14_no_recipient_table (Case *c)
{
  CaseMail *mail = case_plain_mail (c);
  mail_no_recipients (mail);
  mail_text (mail, 0x0e04, "Bob Builder; 'kim@example.com'; Eve (eve@example.com);");
  mail_text (mail, 0x0e03, "Müller, Jörg");
  const Rendered *r = case_render (c, 0);
  g_assert_true (rendered_noted (r, BM_NOTE_RECIPIENTS_FROM_DISPLAY));
  case_expect (c, "addresses To=Bob Builder <bob-builder@unresolved.invalid>|kim@example.com|"
                  "Eve (eve@example.com) <eve@example.com>");
  case_expect (c, "addresses Cc=Müller, Jörg <m-ller-j-rg@unresolved.invalid>");
}

static void
case_14_nobody (Case *c)
{
  CaseMail *mail = case_plain_mail (c);
  mail_no_recipients (mail);
  case_render (c, 0);
  case_expect (c, "no-header To");
  case_expect (c, "no-header Cc");
}

static void
check_inner (Case *c, const BmItem *item, const Rendered *r, gpointer data)
{
  g_autofree gchar *shape = rendered_shape (r);
  g_assert_nonnull (strstr (shape, "message/rfc822["));
}

static void
case_14_corpus (Case *c)
{
  case_corpus_each (c, "message-in-message-iso2022jp.pst", check_inner, NULL);
}

static void
append_entry (GByteArray *list, GBytes *id)
{
  static const guint8 zeros[4];
  guint32 size = GUINT32_TO_LE ((guint32) g_bytes_get_size (id));
  g_byte_array_append (list, (const guint8 *) &size, 4);
  g_byte_array_append (list, g_bytes_get_data (id, NULL), (guint) g_bytes_get_size (id));
  g_byte_array_append (list, zeros, (4 - g_bytes_get_size (id) % 4) % 4);
}

/* [MS-OXCDATA] 2.3.3 */
static void
set_reply_to (CaseMail *mail, GBytes *const *ids, guint n)
{
  g_autoptr (GByteArray) list = g_byte_array_new ();
  for (guint i = 0; i < n; i++)
    append_entry (list, ids[i]);
  guint32 head[] = {GUINT32_TO_LE (n), GUINT32_TO_LE (list->len)};
  g_byte_array_prepend (list, (const guint8 *) head, sizeof head);
  mail_bytes (mail, 0x004f, list->data, list->len);
}

static void
case_23_reply_to (Case *c)
{
  CaseMail *mail = case_plain_mail (c);
  g_autoptr (GBytes) wide = one_off ("Büro; Köln", "SMTP", "office@example.org", TRUE);
  g_autoptr (GBytes) narrow = one_off ("J\xc3\xb6rg", "SMTP", "joerg@example.org", FALSE);
  GBytes *ids[] = {wide, narrow};
  set_reply_to (mail, ids, 2);
  mail_text (mail, 0x0050, "Büro; Köln;Jörg");
  case_render (c, 0);
  case_expect (c, "addresses Reply-To=Büro; Köln <office@example.org>|Jörg <joerg@example.org>");
}

/* An Exchange user to answer to: known to the map, or else to nobody. */
static void
case_23_reply_to_exchange (Case *c)
{
  g_autoptr (BmAddressMap) learnt = bm_address_map_new ();
  bm_address_map_add (learnt, DN, "ada@example.org", 1);
  g_autoptr (GBytes) known = exchange_id (DN), unknown = exchange_id ("/o=x/cn=y");
  g_autoptr (GBytes) off = one_off ("Ada", "EX", DN, TRUE);
  GBytes *ids[] = {known, unknown, off};
  set_reply_to (case_plain_mail (c), ids, 3);
  case_context (c)->learnt = learnt;
  const Rendered *r = case_render (c, 0);
  g_assert_true (rendered_noted (r, BM_NOTE_ADDRESS_PLACEHOLDER));
  case_expect (c, "addresses Reply-To=ada@example.org|Ada <ada@example.org>");
  case_expect (c, "header X-PST-EX-Address=/o=x/cn=y");
}

/* Names only (0x0050): one that is an address is one; for others there is nothing to write to. */
static void
case_23_reply_to_names (Case *c)
{
  mail_text (case_plain_mail (c), 0x0050, "office@example.org;Jörg");
  case_render (c, 0);
  case_expect (c, "addresses Reply-To=office@example.org");
}

static const CaseEntry cases[] = {
    CASE (09, exchange_sender_learnt),
    CASE (09, exchange_sender_among_contacts),
    CASE (09, exchange_sender_of_administrator),
    CASE (09, own_answer_first),
    CASE (09, learnt_from_embedded),
    CASE (09, embedded_asks),
    CASE (09, learnt_from_others),
    CASE (09, encapsulated),
    CASE (10, unresolved),
    CASE (10, display_name),
    CASE (10, other_types),
    CASE (10, encapsulated),
    CASE (11, address_as_name),
    CASE (12, names),
    CASE (13, 200_recipients),
    CASE (14, no_recipient_table),
    CASE (14, nobody),
    CASE (14, corpus),
    CASE (23, reply_to),
    CASE (23, reply_to_exchange),
    CASE (23, reply_to_names),
};

int
main (int argc, char **argv)
{
  return case_main (argc, argv, cases, G_N_ELEMENTS (cases));
}
