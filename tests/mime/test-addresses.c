/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Who: names, addresses, Exchange users: the cases of the conversion dossier by their numbers. */
#include "mime/item-builder.h"

#include <string.h>

/* 7 on Exchange: a sender who cannot be resolved is somebody else, or the same */
static void
test_exchange_sender (void)
{
  static const gchar *const others[] = {"/O=X/CN=RECIPIENTS/CN=ADA", "/o=X/cn=Recipients/cn=eve"};
  for (guint i = 0; i < G_N_ELEMENTS (others); i++) {
    g_autoptr (BmItem) item = item_new ("IPM.Note");
    item_text (item->props, 0x0042, "Ada Lovelace");
    item_text (item->props, 0x0064, "EX");
    item_text (item->props, 0x0065, "/o=X/cn=Recipients/cn=ada");
    item_text (item->props, 0x0c1a, "Somebody");
    item_text (item->props, 0x0c1e, "EX");
    item_text (item->props, 0x0c1f, others[i]);
    g_autoptr (Rendered) r = rendered_new (item);
    HEADER_IS (r, "From", "Ada Lovelace <ada@unresolved.invalid>");
    HEADER_IS (r, "Sender", i == 0 ? NULL : "Somebody <eve@unresolved.invalid>");
    g_assert_true (rendered_noted (r, BM_NOTE_ADDRESS_PLACEHOLDER));
  }
}

/* EX resolved by another place of the item that knows the same user */
static void
test_same_user (void)
{
  static const gchar lower[] = "0123456789012345678901234567/o=x/cn=ada",
                     upper[] = "0123456789012345678901234567/O=X/CN=ADA",
                     other[] = "0123456789012345678901234567/O=X/CN=EVA";
  g_autoptr (BmItem) row = item_new ("IPM.Note"), user = item_new ("IPM.Note");
  item_text (row->props, 0x0064, "EX");
  item_text (row->props, 0x0065, "/O=X/CN=ADA");
  BmProps *self = item_recipient (row, 1, "Ada", "ada@example.org");
  item_text (self, 0x3003, "/o=x/cn=ada");
  g_autoptr (Rendered) r = rendered_new (row);
  HEADER_IS (r, "From", "<ada@example.org>");
  item_text (user->props, 0x0042, "Ada");
  item_text (user->props, 0x0064, "EX");
  item_bytes (user->props, 0x0041, lower, sizeof lower);
  item_bytes (user->props, 0x3ff9, other, sizeof other);
  item_text (user->props, 0x5d0a, "eva@example.org");
  item_bytes (user->props, 0x3ffb, upper, sizeof upper);
  item_text (user->props, 0x5d0b, "ada@example.org");
  g_autoptr (Rendered) u = rendered_new (user);
  HEADER_IS (u, "From", "Ada <ada@example.org>");
  g_assert_false (rendered_noted (r, BM_NOTE_ADDRESS_PLACEHOLDER) ||
                  rendered_noted (u, BM_NOTE_ADDRESS_PLACEHOLDER));
}

/* EX resolved by a name in the item's own headers, which may be in any known charset. */
static void
test_own_headers (void)
{
  g_autoptr (BmItem) item = item_new ("IPM.Note");
  item_text (item->props, 0x007d,
             "From: ada@example.org\r\nReply-To: =?x-sjis?B?gqA=?= <a@example.jp>\r\n");
  BmProps *row = item_recipient (item, 1, "\xe3\x81\x82", NULL);
  item_text (row, 0x3002, "EX");
  item_text (row, 0x3003, "/o=X/cn=Recipients/cn=a");
  g_autoptr (Rendered) r = rendered_new (item);
  HEADER_IS (r, "To", "\xe3\x81\x82 <a@example.jp>");
  g_assert_false (rendered_noted (r, BM_NOTE_ADDRESS_PLACEHOLDER));
}

/* 9, 10, 11, 12, 91 */
static void
test_addresses (void)
{
  g_autoptr (BmItem) item = item_mail ();
  g_ptr_array_set_size (item->recipients, 0);
  item_recipient (item, 1, "'quoted@example.net'", "quoted@example.net");
  BmProps *ex = item_recipient (item, 1, "Grace Hopper", NULL);
  item_text (ex, 0x3002, "EX");
  item_text (ex, 0x3003, "/O=ORG/OU=X/CN=RECIPIENTS/CN=GHOPPER");
  item_recipient (item, 1, "Doe, \"Jim\" \xf0\x9f\x98\x80", "jim@example.net");
  item_recipient (item, 1, "x\r\nBcc: evil@example.com", "y@example.net");
  g_autoptr (Rendered) r = rendered_new (item);
  InternetAddressList *to = g_mime_message_get_addresses (r->parsed, GMIME_ADDRESS_TYPE_TO);
  g_assert_cmpint (internet_address_list_length (to), ==, 4);
  const gchar *want[] = {"quoted@example.net", "ghopper@unresolved.invalid", "jim@example.net",
                         "y@example.net"};
  for (int i = 0; i < 4; i++) {
    InternetAddress *one = internet_address_list_get_address (to, i);
    g_assert_cmpstr (internet_address_mailbox_get_addr (INTERNET_ADDRESS_MAILBOX (one)), ==,
                     want[i]);
  }
  g_assert_cmpstr (internet_address_get_name (internet_address_list_get_address (to, 2)), ==,
                   "Doe, \"Jim\" \xf0\x9f\x98\x80");
  const gchar *quoted = internet_address_get_name (internet_address_list_get_address (to, 0));
  g_assert_true (quoted == NULL || *quoted == 0);
  g_autoptr (BmItem) twice = item_mail ();
  item_recipient (twice, 2, "Jim <JIM@example.net>", "jim@example.net");
  g_autoptr (Rendered) w = rendered_new (twice);
  HEADER_IS (w, "Cc", "Jim <jim@example.net>");
  g_assert_true (rendered_noted (r, BM_NOTE_ADDRESS_PLACEHOLDER));
  g_assert_cmpuint (rendered_count (r, "Bcc"), ==, 0);
  g_autoptr (BmItem) injected = item_mail ();
  BmProp subject = {.id = 0x0e1d, .type = BM_TYPE_UNICODE, .text = g_strdup ("a\r\nX-Evil: 1")};
  bm_props_take (injected->props, &subject);
  g_autoptr (Rendered) i = rendered_new (injected);
  g_assert_cmpuint (rendered_count (i, "X-Evil"), ==, 0);
}

/* 23, and EX resolved by a one-off entry id, proxies, own transport headers */
static void
test_one_off (void)
{
  static const guint8 unicode[] =
      "\0\0\0\0\x81\x2b\x1f\xa4\xbe\xa3\x10\x19\x9d\x6e\x00\xdd\x01\x0f\x54\x02\0\0\1\x90"
      "N\0;\0 \0X\0\0\0S\0M\0T\0P\0\0\0n\0@\0x\0.\0o\0r\0g\0\0"; /* "N; X" SMTP n@x.org */
  static const guint8 ansi[] =
      "\0\0\0\0\x81\x2b\x1f\xa4\xbe\xa3\x10\x19\x9d\x6e\x00\xdd\x01\x0f\x54\x02\0\0\1\x10"
      "Old\0SMTP\0old@x.org";
  static const guint8 exchange[] = "\0\0\0\0of Exchange, 16..\1\0\0\0\0\0\0\0/o=X/cn=n";
  g_autoptr (GByteArray) list = g_byte_array_new ();
  const struct {
    const guint8 *data;
    guint32 size;
  } entries[] = {{unicode, sizeof unicode}, {ansi, sizeof ansi}, {exchange, sizeof exchange}};
  const guint32 zero = 0, count = GUINT32_TO_LE (2);
  g_byte_array_append (list, (const guint8 *) &count, 4);
  g_byte_array_append (list, (const guint8 *) &zero, 4);
  guint all_known = 0;
  for (guint i = 0; i < G_N_ELEMENTS (entries); i++) {
    guint32 size = GUINT32_TO_LE (entries[i].size);
    all_known = i == 2 ? list->len : 0;
    g_byte_array_append (list, (const guint8 *) &size, 4);
    g_byte_array_append (list, entries[i].data, entries[i].size);
    g_byte_array_append (list, (const guint8 *) &zero, (4 - entries[i].size % 4) % 4);
  }
  g_autoptr (BmItem) partly = item_mail ();
  item_bytes (partly->props, 0x004f, list->data, list->len);
  g_autoptr (Rendered) p = rendered_new (partly);
  HEADER_IS (p, "Reply-To", "\"N; X\" <n@x.org>, Old <old@x.org>");
  g_assert_true (rendered_noted (p, BM_NOTE_ADDRESS_PLACEHOLDER)); /* one was left out */
  g_byte_array_set_size (list, all_known);
  g_autoptr (BmItem) item = item_mail ();
  item_bytes (item->props, 0x004f, list->data, list->len);
  BmProps *row = item_recipient (item, 2, "Cc", NULL);
  item_bytes (row, 0x0fff, unicode, sizeof unicode);
  g_autoptr (Rendered) r = rendered_new (item);
  HEADER_IS (r, "Reply-To", "\"N; X\" <n@x.org>, Old <old@x.org>");
  HEADER_IS (r, "Cc", "Cc <n@x.org>");
  g_assert_false (rendered_noted (r, BM_NOTE_ADDRESS_PLACEHOLDER));
}

static void
learn (gpointer user, const gchar *name, const gchar *address)
{
  g_assert_true (bm_address_map_add (user, name, address, 1));
}

/* 0x800F of a row: an address book's property, though its id lies among the named ones. */
static void
test_proxies (void)
{
  g_autoptr (BmItem) item = item_mail ();
  BmProps *row = item_recipient (item, 2, "Cc", NULL);
  BmProp proxies = {.type = BM_TYPE_MV | BM_TYPE_UNICODE, .id = 0x800f};
  proxies.texts = g_ptr_array_new_with_free_func (g_free);
  g_ptr_array_add (proxies.texts, g_strdup ("X400:c=fr;"));
  g_ptr_array_add (proxies.texts, g_strdup ("smtp:second@x.org"));
  g_ptr_array_add (proxies.texts, g_strdup ("SMTP:first@x.org"));
  g_ptr_array_add (proxies.texts, g_strdup ("X500:/o=Old/cn=Recipients/cn=cc"));
  g_ptr_array_add (proxies.texts, g_strdup ("x500:no name"));
  item_text (row, 0x3002, "EX");
  item_text (row, 0x3003, "/o=X/cn=Recipients/cn=cc");
  bm_props_take (row, &proxies);
  g_autoptr (Rendered) r = rendered_new (item);
  HEADER_IS (r, "Cc", "Cc <first@x.org>");
  g_assert_false (rendered_noted (r, BM_NOTE_ADDRESS_PLACEHOLDER));
  g_autoptr (BmAddressMap) map = bm_address_map_new ();
  bm_render_learn (item, learn, map);
  g_assert_cmpuint (bm_address_map_size (map), ==, 2);
  g_assert_cmpstr (bm_address_map_get (map, "/o=x/cn=recipients/cn=cc"), ==, "first@x.org");
  g_assert_cmpstr (bm_address_map_get (map, "/o=old/cn=recipients/cn=cc"), ==, "first@x.org");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  bm_render_init ();
  g_test_add_func ("/mime/7-exchange-sender", test_exchange_sender);
  g_test_add_func ("/mime/same-user", test_same_user);
  g_test_add_func ("/mime/own-headers", test_own_headers);
  g_test_add_func ("/mime/10-11-12-91-addresses", test_addresses);
  g_test_add_func ("/mime/23-one-off", test_one_off);
  g_test_add_func ("/mime/23-proxies", test_proxies);
  return g_test_run ();
}
