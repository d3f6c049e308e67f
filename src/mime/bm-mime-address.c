/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Who: senders and recipients with addresses the world understands. Exchange addresses are resolved
 * from the item itself; what cannot be is a valid, unroutable placeholder and a note.
 * [MS-OXCMAIL] 2.1.3.1, [MS-OXCDATA] 2.2.5.1 (one-off entry ids). One thread. */
#include "mime/bm-mime.h"

#include "text/bm-charset.h"
#include <gmime/gmime.h>
#include <string.h>

#define ROW_TYPE_MASK 0xf
#define ROW_P1        G_GINT64_CONSTANT (0x10000000)

/* ---- addresses ---- */

/* local@domain of printable ASCII without anything that ends an address. */
static gboolean
is_address (const gchar *text)
{
  const gchar *at = text != NULL ? strrchr (text, '@') : NULL;
  if (at == NULL || at == text || at[1] == '\0' || strchr (text, '@') != at || strlen (text) > 320)
    return FALSE;
  for (const gchar *p = text; *p != '\0'; p++)
    if (*p <= ' ' || (guchar) *p >= 0x7f || strchr ("<>(),;:\\\"[]", *p) != NULL)
      return FALSE;
  return TRUE;
}

static gchar *
clean_address (const gchar *text)
{
  if (text == NULL)
    return NULL;
  g_autofree gchar *copy = g_strstrip (g_strdup (text));
  gsize length = strlen (copy);
  if (g_ascii_strncasecmp (copy, "smtp:", 5) == 0)
    memmove (copy, copy + 5, length - 4);
  length = strlen (copy);
  if (length > 2 && copy[0] == '<' && copy[length - 1] == '>') {
    copy[length - 1] = '\0';
    memmove (copy, copy + 1, length - 1);
  }
  return is_address (copy) ? g_steal_pointer (&copy) : NULL;
}

/* One NUL-terminated string of a one-off entry id; *p moves behind it. */
static gchar *
one_off_string (const guint8 **p, const guint8 *end, gboolean unicode)
{
  const guint8 *start = *p;
  gsize width = unicode ? 2 : 1;
  while (*p + width <= end && ((*p)[0] != 0 || (unicode && (*p)[1] != 0)))
    *p += width;
  gsize size = (gsize) (*p - start);
  *p = MIN (*p + width, end);
  return unicode ? bm_charset_utf16le_to_utf8 (start, size, NULL)
                 : bm_charset_guess_to_utf8 (start, size, NULL, NULL, NULL);
}

/* name and address (an SMTP one, else NULL) of a one-off entry id. FALSE when it is none. */
static gboolean
one_off (GBytes *entry_id, gchar **name, gchar **address)
{
  static const guint8 muid[] = {0x81, 0x2b, 0x1f, 0xa4, 0xbe, 0xa3, 0x10, 0x19,
                                0x9d, 0x6e, 0x00, 0xdd, 0x01, 0x0f, 0x54, 0x02};
  gsize size = 0;
  const guint8 *data = entry_id != NULL ? g_bytes_get_data (entry_id, &size) : NULL;
  if (size < 24 || memcmp (data + 4, muid, sizeof muid) != 0)
    return FALSE;
  gboolean unicode = (data[23] & 0x80) != 0;
  const guint8 *p = data + 24, *end = data + size;
  *name = one_off_string (&p, end, unicode);
  g_autofree gchar *type = one_off_string (&p, end, unicode);
  g_autofree gchar *raw = one_off_string (&p, end, unicode);
  *address = g_ascii_strcasecmp (type, "SMTP") == 0 ? clean_address (raw) : NULL;
  return TRUE;
}

/* PidTagAddressBookProxyAddresses (0x800F101F): an address book's id, among those of named
 * properties; what the map of names says about it does not count, only that it looks like proxies. */
static gchar *
from_proxies (const BmProps *row)
{
  const GPtrArray *texts = NULL;
  for (guint i = 0; row != NULL && i < bm_props_size (row) && texts == NULL; i++)
    if (bm_props_at (row, i)->id == 0x800f)
      texts = bm_props_at (row, i)->texts;
  for (guint i = 0; texts != NULL && i < texts->len; i++) {
    const gchar *text = g_ptr_array_index (texts, i);
    if (g_str_has_prefix (text, "SMTP:")) /* upper case: the primary one */
      return clean_address (text);
  }
  return NULL;
}

/* Address book entry ids differ at most in the case of the Exchange name behind the first 28 bytes,
 * [MS-OXCDATA] 2.2.5.2. */
static gboolean
same_entry_id (GBytes *a, GBytes *b)
{
  gsize size = 0, other = 0;
  const gchar *x = a != NULL ? g_bytes_get_data (a, &size) : NULL;
  const gchar *y = b != NULL ? g_bytes_get_data (b, &other) : NULL;
  return size > 28 && size == other && memcmp (x, y, 28) == 0 &&
         g_ascii_strncasecmp (x + 28, y + 28, size - 28) == 0;
}

/* The SMTP address that the item gives to the same Exchange user in another place: a recipient's
 * row; creator, last modifier, received by, received representing ([MS-OXPROPS]). */
static gchar *
from_item (const BmItem *item, const BmMimeParty *party)
{
  static const guint16 users[][2] = {
      {0x3ff9, 0x5d0a}, {0x3ffb, 0x5d0b}, {0x003f, 0x5d07}, {0x0043, 0x5d08}};
  gchar *address = NULL;
  for (guint i = 0; address == NULL && i < G_N_ELEMENTS (users); i++)
    if (same_entry_id (party->entry_id, bm_props_data (item->props, users[i][0])))
      address = clean_address (bm_props_text (item->props, users[i][1]));
  if (party->row != NULL || party->address == NULL || *party->address == '\0')
    return address;
  for (guint i = 0; address == NULL && item->recipients != NULL && i < item->recipients->len; i++) {
    const BmProps *row = g_ptr_array_index (item->recipients, i);
    const gchar *name = bm_props_text (row, 0x3003);
    if (name != NULL && g_ascii_strcasecmp (name, party->address) == 0)
      address = clean_address (bm_props_text (row, 0x39fe));
  }
  return address;
}

/* The address that the item's own transport headers give to this name. */
static gchar *
from_transport (const BmMime *mime, const gchar *name)
{
  static const gchar *const fields[] = {"From", "Sender", "Reply-To", "To", "Cc"};
  for (guint i = 0; name != NULL && *name != '\0' && i < G_N_ELEMENTS (fields); i++) {
    const gchar *value = bm_mime_transport_get (mime, fields[i]);
    g_autofree gchar *known = value != NULL ? bm_mime_known_words (value) : NULL;
    g_autoptr (GObject) list =
        known != NULL ? (GObject *) internet_address_list_parse (NULL, known) : NULL;
    int n = list != NULL ? internet_address_list_length ((InternetAddressList *) list) : 0;
    for (int k = 0; k < n; k++) {
      InternetAddress *one = internet_address_list_get_address ((InternetAddressList *) list, k);
      if (INTERNET_ADDRESS_IS_MAILBOX (one) &&
          g_strcmp0 (internet_address_get_name (one), name) == 0)
        return clean_address (internet_address_mailbox_get_addr (INTERNET_ADDRESS_MAILBOX (one)));
    }
  }
  return NULL;
}

/* "Name <a@b>" or "Name (a@b)". */
static gchar *
from_display_name (const gchar *name)
{
  const gchar *open = name != NULL ? strpbrk (name, "<(") : NULL;
  const gchar *close = open != NULL ? strpbrk (open, ">)") : NULL;
  if (close == NULL)
    return clean_address (name);
  g_autofree gchar *inner = g_strndup (open + 1, (gsize) (close - open - 1));
  return clean_address (inner);
}

/* Last CN of an Exchange name, or the display name, as the local part nobody has. */
static gchar *
placeholder (const BmMimeParty *party)
{
  const gchar *source = party->address != NULL && *party->address != '\0' ? party->address
                        : party->name != NULL                             ? party->name
                                                                          : "";
  g_autofree gchar *lower = g_ascii_strdown (source, -1); /* g_utf8_strdown asks the locale */
  const gchar *cn = g_strrstr (lower, "cn=");
  g_autoptr (GString) slug = g_string_new (NULL);
  for (const gchar *p = cn != NULL ? cn + 3 : lower; *p != '\0' && slug->len < 60; p++) {
    if (g_ascii_isalnum (*p))
      g_string_append_c (slug, *p);
    else if (slug->len > 0 && slug->str[slug->len - 1] != '-')
      g_string_append_c (slug, '-');
  }
  while (slug->len > 0 && slug->str[slug->len - 1] == '-')
    g_string_truncate (slug, slug->len - 1);
  if (slug->len == 0) {
    g_autofree gchar *hash = bm_mime_hash (&source, 1);
    g_string_append_printf (slug, "unknown-%.8s", hash);
  }
  return g_strconcat (slug->str, "@unresolved.invalid", NULL);
}

static gchar *
resolve (BmMime *mime, const BmMimeParty *party)
{
  g_autofree gchar *one_off_name = NULL, *one_off_address = NULL;
  gchar *address = clean_address (party->smtp);
  if (address == NULL && (party->type == NULL || g_ascii_strcasecmp (party->type, "SMTP") == 0))
    address = clean_address (party->address);
  if (address == NULL && one_off (party->entry_id, &one_off_name, &one_off_address))
    address = g_steal_pointer (&one_off_address);
  if (address == NULL)
    address = from_proxies (party->row);
  if (address == NULL)
    address = from_item (mime->item, party);
  if (address == NULL)
    address = from_transport (mime, party->name);
  if (address == NULL)
    address = clean_address (party->address);
  if (address == NULL)
    address = from_display_name (party->name);
  if (address == NULL) {
    bm_notes_add (&mime->notes, BM_NOTE_ADDRESS_PLACEHOLDER);
    address = placeholder (party);
  }
  return address;
}

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
  g_autofree gchar *address = resolve (mime, party);
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

gchar *
bm_mime_from (BmMime *mime, gchar **address)
{
  BmMimeParty party = representing (mime->item->props);
  if (!is_somebody (&party))
    party = sender (mime->item->props);
  if (is_somebody (&party))
    return bm_mime_mailbox (mime, &party, address);
  bm_notes_add (&mime->notes, BM_NOTE_SENDER_UNKNOWN);
  *address = g_strdup ("unknown@unresolved.invalid");
  return g_strdup ("<unknown@unresolved.invalid>");
}

gchar *
bm_mime_sender (BmMime *mime, const gchar *from_address)
{
  BmMimeParty from = representing (mime->item->props), party = sender (mime->item->props);
  g_autofree gchar *address = NULL;
  if (!is_somebody (&from) || !is_somebody (&party) || is_same_party (&from, &party))
    return NULL;
  BmNotes before = mime->notes;
  g_autofree gchar *text = bm_mime_mailbox (mime, &party, &address);
  if (g_ascii_strcasecmp (address, from_address) != 0)
    return g_steal_pointer (&text);
  mime->notes = before; /* a guess that is not used is none */
  return NULL;
}

/* 0x004F: FLATENTRYLIST, [MS-OXCDATA] 2.3.3: count, size, then size-prefixed entries padded to 4. */
gchar *
bm_mime_reply_to (BmMime *mime)
{
  gsize size = 0;
  GBytes *bytes = bm_props_data (mime->item->props, 0x004f);
  const guint8 *data = bytes != NULL ? g_bytes_get_data (bytes, &size) : NULL;
  g_autoptr (GString) list = g_string_new (NULL);
  for (gsize at = 8; at + 4 <= size;) {
    gsize entry = data[at] | (gsize) data[at + 1] << 8 | (gsize) data[at + 2] << 16 |
                  (gsize) data[at + 3] << 24;
    if (entry == 0 || entry > size - at - 4)
      break;
    g_autofree gchar *name = NULL, *address = NULL;
    g_autoptr (GBytes) id = g_bytes_new_from_bytes (bytes, at + 4, entry);
    if (one_off (id, &name, &address) && address != NULL) {
      BmMimeParty party = {.name = name, .smtp = address};
      g_autofree gchar *text = bm_mime_mailbox (mime, &party, NULL);
      g_string_append_printf (list, "%s%s", list->len > 0 ? ", " : "", text);
    } else { /* no placeholder: answers would go nowhere; without it they go to From */
      bm_notes_add (&mime->notes, BM_NOTE_ADDRESS_PLACEHOLDER);
    }
    at += 4 + (entry + 3) / 4 * 4;
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

static BmMimeParty
party_of_row (const BmProps *row)
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
  if (mime->item->recipients == NULL || mime->item->recipients->len == 0)
    return from_display (mime, type);
  g_autoptr (GPtrArray) rows = g_ptr_array_new ();
  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autoptr (GString) list = g_string_new (NULL);
  for (guint i = 0; i < mime->item->recipients->len; i++)
    g_ptr_array_add (rows, g_ptr_array_index (mime->item->recipients, i));
  g_ptr_array_sort (rows, compare_rows);
  for (guint pass = 0; pass < 2; pass++) /* P1 rows last: they repeat others */
    for (guint i = 0; i < rows->len; i++) {
      const BmProps *row = g_ptr_array_index (rows, i);
      gint64 row_type = bm_props_int (row, 0x0c15, 1);
      if ((row_type & ROW_TYPE_MASK) != type || ((row_type & ROW_P1) != 0) != (pass == 1))
        continue;
      BmMimeParty party = party_of_row (row);
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
