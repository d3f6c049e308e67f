/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Who: senders and recipients as address headers. [MS-OXCMAIL] 2.1.3.1. One thread. */
#include "mime/bm-mime.h"

#include "base/bm-le.h"
#include <gmime/gmime.h>
#include <string.h>

#define ROW_TYPE_MASK    0xf
#define ROW_BCC          3
#define LID_ACCOUNT_NAME 0x8580 /* PidLidInternetAccountName */
#define ROW_P1           G_GINT64_CONSTANT (0x10000000)

/* Without the address that some writers repeat in the name, and without the quotes Outlook puts
 * around an address shown as name; NULL when it says nothing. */
static gchar *
clean_name (const gchar *name, const gchar *address)
{
  if (name == NULL)
    return NULL;
  g_autofree gchar *line = bm_mime_one_line (name);
  gsize length = strlen (line), tail = strlen (address) + 2;
  if (length >= tail && line[length - tail] == '<' && line[length - 1] == '>' &&
      g_ascii_strncasecmp (line + length - tail + 1, address, tail - 2) == 0) {
    line[length - tail] = '\0';
    length = strlen (g_strchomp (line));
  }
  if (length >= 2 && (*line == '\'' || *line == '"') && line[length - 1] == *line) {
    line[length - 1] = '\0';
    memmove (line, line + 1, length - 1);
  }
  if (*line == '\0' || g_ascii_strcasecmp (line, address) == 0)
    return NULL;
  return g_steal_pointer (&line);
}

static gchar *
format_mailbox (const gchar *name, const gchar *address)
{
  if (name == NULL)
    return g_strconcat ("<", address, ">", NULL);
  if (strstr (name, "=?") != NULL) { /* readers would decode it, even in quotes */
    g_autofree gchar *words = bm_mime_encode_text (name);
    return g_strconcat (words, " <", address, ">", NULL);
  }
  g_autoptr (GObject) mailbox = (GObject *) internet_address_mailbox_new (name, address);
  internet_address_set_charset ((InternetAddress *) mailbox, "utf-8");
  return internet_address_to_string ((InternetAddress *) mailbox, NULL, TRUE);
}

gchar *
bm_mime_mailbox (BmMime *mime, const BmMimeParty *party, gchar **plain_address)
{
  g_autofree gchar *address = bm_mime_resolve (mime, party);
  g_autofree gchar *name = clean_name (party->name, address);
  gchar *text = format_mailbox (name, address);
  if (plain_address != NULL)
    *plain_address = g_steal_pointer (&address);
  return text;
}

/* ---- the sender ---- */

static BmMimeParty
party_of (const BmProps *props, guint16 name, guint16 smtp, guint16 type, guint16 address,
          guint16 entry_id)
{
  return (BmMimeParty){.name = bm_props_text (props, name),
                       .smtp = bm_props_text (props, smtp),
                       .type = bm_props_text (props, type),
                       .address = bm_props_text (props, address),
                       .entry_id = bm_props_data (props, entry_id)};
}

static gboolean
is_somebody (const BmMimeParty *party)
{
  const gchar *texts[] = {party->name, party->smtp, party->address};
  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    if (texts[i] != NULL && *texts[i] != '\0')
      return TRUE;
  return party->entry_id != NULL;
}

static BmMimeParty
representing (const BmProps *props)
{
  return party_of (props, 0x0042, 0x5d02, 0x0064, 0x0065, 0x0041);
}

static BmMimeParty
sender (const BmProps *props)
{
  return party_of (props, 0x0c1a, 0x5d01, 0x0c1e, 0x0c1f, 0x0c19);
}

/* The same Exchange name or, when one of them has no address, the same display name. */
static gboolean
is_same_party (const BmMimeParty *a, const BmMimeParty *b)
{
  if (a->address != NULL && b->address != NULL && *a->address != '\0' && *b->address != '\0')
    return g_ascii_strcasecmp (a->address, b->address) == 0 && g_strcmp0 (a->smtp, b->smtp) == 0;
  return a->name != NULL && g_strcmp0 (a->name, b->name) == 0;
}

BmMimeParty
bm_mime_party_from (const BmProps *props)
{
  BmMimeParty party = representing (props);
  return is_somebody (&party) ? party : sender (props);
}

gchar *
bm_mime_party_name (const BmMimeParty *party, const gchar *address)
{
  return clean_name (party->name, address);
}

/* Of mail that its owner wrote: the account that was to send it ([MS-OXOMSG] 2.2.1.62), else the owner
 * of the PST. */
static gchar *
own_address (const BmMime *mime)
{
  if (!bm_mime_is_own (mime->item))
    return NULL;
  const BmProp *account = bm_props_get_lid (mime->item->props, bm_psetid_common, LID_ACCOUNT_NAME);
  gchar *address = account != NULL ? bm_smtp_address (account->text) : NULL;
  return address != NULL ? address : bm_smtp_address (mime->context->owner);
}

/* Of mail whose headers have lost From: whoever they still name. *name: may be set to NULL. */
static gchar *
address_of_way (const BmMime *mime, gchar **name)
{
  static const gchar *const fields[] = {"Sender", "Resent-From", "Reply-To", "Return-Path"};
  gchar *address = NULL;
  for (guint i = 0; address == NULL && i < G_N_ELEMENTS (fields); i++) {
    const gchar *value = bm_mime_transport_get (mime, fields[i]);
    g_autofree gchar *known = value != NULL ? bm_mime_known_words (value) : NULL;
    g_autoptr (GObject) list =
        known != NULL ? (GObject *) internet_address_list_parse (NULL, known) : NULL;
    if (list == NULL || internet_address_list_length ((InternetAddressList *) list) == 0)
      continue;
    InternetAddress *one = internet_address_list_get_address ((InternetAddressList *) list, 0);
    if (!INTERNET_ADDRESS_IS_MAILBOX (one))
      continue;
    address = bm_smtp_address (internet_address_mailbox_get_addr (INTERNET_ADDRESS_MAILBOX (one)));
    *name = g_strdup (address != NULL ? internet_address_get_name (one) : NULL);
  }
  return address;
}

/* RFC 5322 demands a sender, and so does every reader. */
gchar *
bm_mime_from (BmMime *mime, gchar **address)
{
  BmMimeParty party = bm_mime_party_from (mime->item->props);
  if (is_somebody (&party))
    return bm_mime_mailbox (mime, &party, address);
  g_autofree gchar *shown = NULL;
  bm_notes_add (&mime->notes, BM_NOTE_SENDER_UNKNOWN);
  *address = own_address (mime);
  if (*address == NULL)
    *address = address_of_way (mime, &shown);
  if (*address == NULL)
    *address = g_strdup ("unknown@unresolved.invalid");
  g_autofree gchar *name = clean_name (shown, *address);
  return format_mailbox (name, *address);
}

gchar *
bm_mime_sender (BmMime *mime, const gchar *from_address)
{
  BmMimeParty from = representing (mime->item->props), party = sender (mime->item->props);
  g_autofree gchar *address = NULL;
  if (!is_somebody (&from) || !is_somebody (&party) || is_same_party (&from, &party))
    return NULL;
  BmNotes before = mime->notes;
  guint names = mime->exchange->len;
  g_autofree gchar *text = bm_mime_mailbox (mime, &party, &address);
  if (g_ascii_strcasecmp (address, from_address) != 0)
    return g_steal_pointer (&text);
  /* a guess that is not used is none; but who asked a map in vain may ask it anew */
  bm_notes_add (&before, BM_NOTE_EXCHANGE_UNRESOLVED);
  mime->notes &= before;
  g_ptr_array_set_size (mime->exchange, (gint) names);
  return NULL;
}

/* 0x5D05 and others of the read receipt; else who sent it ([MS-OXOMSG] 2.2.2.20). */
gchar *
bm_mime_receipt_to (BmMime *mime)
{
  const BmProps *props = mime->item->props;
  BmMimeParty party = party_of (props, 0x402b, 0x5d05, 0x4029, 0x402a, 0x0046);
  if (!is_somebody (&party))
    party = representing (props);
  if (!is_somebody (&party))
    party = sender (props);
  return is_somebody (&party) ? bm_mime_mailbox (mime, &party, NULL) : NULL;
}

/* No placeholder: answers would go nowhere; without it they go to From. */
static void
add_reply_to (BmMime *mime, GString *list, const BmMimeParty *party)
{
  g_autofree gchar *address = bm_mime_try_resolve (mime, party);
  if (address == NULL)
    return;
  g_autofree gchar *name = clean_name (party->name, address);
  g_autofree gchar *text = format_mailbox (name, address);
  g_string_append_printf (list, "%s%s", list->len > 0 ? ", " : "", text);
}

/* 0x004F: FLATENTRYLIST, [MS-OXCDATA] 2.3.3: count, size, then size-prefixed entries padded to 4. */
static void
reply_to_entries (BmMime *mime, GString *list)
{
  gsize size = 0;
  GBytes *bytes = bm_props_data (mime->item->props, 0x004f);
  const guint8 *data = bytes != NULL ? g_bytes_get_data (bytes, &size) : NULL;
  for (gsize at = 8; at + 4 <= size;) {
    gsize entry = bm_le32 (data + at);
    if (entry == 0 || entry > size - at - 4)
      break;
    g_autofree gchar *name = NULL, *address = NULL;
    g_autoptr (GBytes) id = g_bytes_new_from_bytes (bytes, at + 4, entry);
    bm_mime_one_off (id, &name, &address);
    BmMimeParty party = {.name = name, .entry_id = id};
    add_reply_to (mime, list, &party);
    at += 4 + (entry + 3) / 4 * 4;
  }
}

gchar *
bm_mime_reply_to (BmMime *mime)
{
  g_autoptr (GString) list = g_string_new (NULL);
  reply_to_entries (mime, list);
  const gchar *names = bm_props_text (mime->item->props, 0x0050);
  if (bm_props_get (mime->item->props, 0x004f) == NULL && names != NULL) {
    g_auto (GStrv) split = g_strsplit (names, ";", 100); /* a name may have one in it: a guess */
    for (guint i = 0; split[i] != NULL; i++) {
      BmMimeParty party = {.name = g_strstrip (split[i])};
      if (*party.name != '\0')
        add_reply_to (mime, list, &party);
    }
  }
  return list->len > 0 ? g_string_free (g_steal_pointer (&list), FALSE) : NULL;
}

/* ---- recipients ---- */

static gint
compare_rows (gconstpointer a, gconstpointer b)
{
  gint64 x = bm_props_int (*(BmProps *const *) a, 0x3000, 0);
  gint64 y = bm_props_int (*(BmProps *const *) b, 0x3000, 0);
  return x < y ? -1 : x > y;
}

BmMimeParty
bm_mime_party_of_row (const BmProps *row)
{
  static const guint16 names[] = {0x3001, 0x5ff6, 0x3a20};
  BmMimeParty party = party_of (row, 0x3001, 0x39fe, 0x3002, 0x3003, 0x0fff);
  for (guint i = 0; i < G_N_ELEMENTS (names) && (party.name == NULL || *party.name == '\0'); i++)
    party.name = bm_props_text (row, names[i]);
  if (party.entry_id == NULL)
    party.entry_id = bm_props_data (row, 0x5ff7);
  party.row = row;
  return party;
}

/* Names only: 0x0E04, 0x0E03, 0x0E02. */
static gchar *
from_display (BmMime *mime, guint type)
{
  static const guint16 ids[] = {0, 0x0e04, 0x0e03, 0x0e02};
  const gchar *display = bm_props_text (mime->item->props, ids[type]);
  g_autoptr (GString) list = g_string_new (NULL);
  g_auto (GStrv) names = g_strsplit (display != NULL ? display : "", ";", -1);
  for (guint i = 0; names[i] != NULL; i++) {
    BmMimeParty party = {.name = g_strstrip (names[i])};
    if (*party.name == '\0')
      continue;
    g_autofree gchar *text = bm_mime_mailbox (mime, &party, NULL);
    g_string_append_printf (list, "%s%s", list->len > 0 ? ", " : "", text);
    bm_notes_add (&mime->notes, BM_NOTE_RECIPIENTS_FROM_DISPLAY);
  }
  return list->len > 0 ? g_string_free (g_steal_pointer (&list), FALSE) : NULL;
}

gchar *
bm_mime_recipients (BmMime *mime, guint type)
{
  /* headers that name somebody are better than names without address, and than P1 rows */
  gboolean named = type != ROW_BCC && (bm_mime_transport_get (mime, "To") != NULL ||
                                       bm_mime_transport_get (mime, "Cc") != NULL);
  if (mime->item->recipients == NULL || mime->item->recipients->len == 0)
    return named ? NULL : from_display (mime, type);
  g_autoptr (GPtrArray) rows = g_ptr_array_new ();
  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autoptr (GString) list = g_string_new (NULL);
  for (guint i = 0; i < mime->item->recipients->len; i++)
    g_ptr_array_add (rows, g_ptr_array_index (mime->item->recipients, i));
  g_ptr_array_sort (rows, compare_rows);
  for (guint pass = 0; pass < (named ? 1 : 2); pass++) /* P1 rows last: they repeat others */
    for (guint i = 0; i < rows->len; i++) {
      const BmProps *row = g_ptr_array_index (rows, i);
      gint64 row_type = bm_props_int (row, 0x0c15, 1);
      if ((row_type & ROW_TYPE_MASK) != type || ((row_type & ROW_P1) != 0) != (pass == 1))
        continue;
      BmMimeParty party = bm_mime_party_of_row (row);
      g_autofree gchar *address = NULL;
      g_autofree gchar *text = bm_mime_mailbox (mime, &party, &address);
      gboolean first = g_hash_table_add (seen, g_ascii_strdown (address, -1));
      if (pass == 0 || first)
        g_string_append_printf (list, "%s%s", list->len > 0 ? ", " : "", text);
    }
  return list->len > 0 ? g_string_free (g_steal_pointer (&list), FALSE) : NULL;
}

gchar *
bm_mime_reencode_addresses (const gchar *utf8)
{
  g_autofree gchar *line = bm_mime_one_line (utf8);
  g_autofree gchar *known = bm_mime_known_words (line);
  g_autoptr (GObject) parsed = (GObject *) internet_address_list_parse (NULL, known);
  if (parsed == NULL)
    return bm_mime_encode_text (line);
  InternetAddressList *list = (InternetAddressList *) parsed;
  for (int i = 0; i < internet_address_list_length (list); i++)
    internet_address_set_charset (internet_address_list_get_address (list, i), "utf-8");
  g_autofree gchar *text = internet_address_list_to_string (list, NULL, TRUE);
  return text != NULL && bm_mime_is_ascii (text) ? g_steal_pointer (&text)
                                                 : bm_mime_encode_text (line);
}

/* ---- learning ---- */

static void
learn (const BmMimeParty *party, BmLearnFunc tell, gpointer user)
{
  g_autofree gchar *name = NULL;
  g_autofree gchar *address = bm_mime_exchange_pair (party, &name);
  if (name != NULL && address != NULL)
    tell (user, name, address);
  /* names of former organisations, which mail from then still has */
  const GPtrArray *proxies = address != NULL ? bm_mime_proxies (party->row) : NULL;
  for (guint i = 0; proxies != NULL && i < proxies->len; i++) {
    const gchar *text = g_ptr_array_index (proxies, i);
    g_autofree gchar *former =
        g_ascii_strncasecmp (text, "X500:", 5) == 0 ? bm_exchange_name (text) : NULL;
    if (former != NULL)
      tell (user, former, address);
  }
}

/* Who received it, and for whom; who made the item, and who changed it last ([MS-OXPROPS]). */
static void
learn_others (const BmProps *props, BmLearnFunc tell, gpointer user)
{
  static const guint16 others[][3] = {
      {0x5d07, 0x0076, 0x003f}, {0x5d08, 0x0078, 0x0043}, {0x5d0a, 0, 0x3ff9}, {0x5d0b, 0, 0x3ffb}};
  for (guint i = 0; i < G_N_ELEMENTS (others); i++) {
    BmMimeParty party = {.smtp = bm_props_text (props, others[i][0]),
                         .address = others[i][1] != 0 ? bm_props_text (props, others[i][1]) : NULL,
                         .entry_id = bm_props_data (props, others[i][2])};
    learn (&party, tell, user);
  }
}

/* The three e-mail addresses of a contact: of an Exchange one the original display name is the SMTP
 * address, [MS-OXOCNTC] 2.2.1.2. */
static void
learn_contact (const BmProps *props, BmLearnFunc tell, gpointer user)
{
  static const guint8 address_set[16] = {0x04, 0x20, 0x06, 0x00, 0x00, 0x00, 0x00, 0x00,
                                         0xc0, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x46};
  static const guint32 lids[] = {0x8083, 0x8093, 0x80a3};
  for (guint i = 0; i < G_N_ELEMENTS (lids); i++) {
    const BmProp *address = bm_props_get_lid (props, address_set, lids[i]);
    const BmProp *original = bm_props_get_lid (props, address_set, lids[i] + 1);
    const BmProp *entry_id = bm_props_get_lid (props, address_set, lids[i] + 2);
    BmMimeParty party = {.address = address != NULL ? address->text : NULL,
                         .smtp = original != NULL ? original->text : NULL,
                         .entry_id = entry_id != NULL ? entry_id->data : NULL};
    learn (&party, tell, user);
  }
}

static void
learn_item (const BmItem *item, guint depth, BmLearnFunc tell, gpointer user)
{
  BmMimeParty from = representing (item->props), by = sender (item->props);
  learn (&from, tell, user);
  learn (&by, tell, user);
  learn_others (item->props, tell, user);
  for (guint i = 0; item->recipients != NULL && i < item->recipients->len; i++) {
    BmMimeParty party = bm_mime_party_of_row (g_ptr_array_index (item->recipients, i));
    learn (&party, tell, user);
  }
  learn_contact (item->props, tell, user);
  for (guint i = 0; depth < BM_MIME_DEPTH_MAX && i < item->attachments->len; i++) {
    const BmAttachment *attachment = g_ptr_array_index (item->attachments, i);
    if (attachment->embedded != NULL)
      learn_item (attachment->embedded, depth + 1, tell, user);
  }
}

void
bm_render_learn (const BmItem *item, BmLearnFunc tell, gpointer user)
{
  learn_item (item, 0, tell, user);
}
