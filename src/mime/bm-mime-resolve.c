/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The address of one party: what the world understands, from an Exchange name. The item itself is
 * asked first, then the maps of the render context; what cannot be resolved is a valid, unroutable
 * placeholder, a note, and the Exchange name kept in a field of its own. [MS-OXCMAIL] 2.1.3.1,
 * [MS-OXCDATA] 2.2.5.1 (one-off entry ids), 2.2.5.2 (address book entry ids). One thread. */
#include "mime/bm-mime.h"

#include "text/bm-charset.h"
#include <gmime/gmime.h>
#include <string.h>

#define EXCHANGE_NAMES_MAX 1000
#define ADDRESS_ENDS       " \t\r\n<>()[],;:\"'"

/* An address that names its owner, not one that Exchange made of another. */
static gchar *
direct_address (const gchar *text)
{
  g_autofree gchar *address = bm_smtp_address (text);
  if (address == NULL || g_ascii_strncasecmp (address, "IMCEA", 5) != 0)
    return g_steal_pointer (&address);
  g_autofree gchar *inner = bm_encapsulated_address (address, "SMTP");
  g_autofree gchar *link = bm_encapsulated_address (address, "MAILTO");
  return bm_smtp_address (inner != NULL ? inner : link);
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

gboolean
bm_mime_one_off (GBytes *entry_id, gchar **name, gchar **address)
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
  g_free (one_off_string (&p, end, unicode)); /* its type: the address tells */
  g_autofree gchar *raw = one_off_string (&p, end, unicode);
  *address = g_steal_pointer (&raw);
  return TRUE;
}

const GPtrArray *
bm_mime_proxies (const BmProps *row)
{
  for (guint i = 0; row != NULL && i < bm_props_size (row); i++)
    if (bm_props_at (row, i)->id == 0x800f)
      return bm_props_at (row, i)->texts;
  return NULL;
}

static gchar *
from_proxies (const BmProps *row)
{
  const GPtrArray *texts = bm_mime_proxies (row);
  for (guint i = 0; texts != NULL && i < texts->len; i++) {
    const gchar *text = g_ptr_array_index (texts, i);
    if (g_str_has_prefix (text, "SMTP:")) /* upper case: the primary one */
      return direct_address (text);
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
      address = direct_address (bm_props_text (item->props, users[i][1]));
  if (party->row != NULL || party->address == NULL || *party->address == '\0')
    return address;
  for (guint i = 0; address == NULL && item->recipients != NULL && i < item->recipients->len; i++) {
    const BmProps *row = g_ptr_array_index (item->recipients, i);
    const gchar *name = bm_props_text (row, 0x3003);
    if (name != NULL && g_ascii_strcasecmp (name, party->address) == 0)
      address = direct_address (bm_props_text (row, 0x39fe));
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
        return direct_address (internet_address_mailbox_get_addr (INTERNET_ADDRESS_MAILBOX (one)));
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
  if (close == NULL) { /* Outlook shows an address as name in quotes */
    g_autofree gchar *bare = g_strdup (name != NULL ? name : "");
    gsize length = strlen (bare);
    gboolean quoted = length > 2 && strchr ("'\"", *bare) != NULL && bare[length - 1] == *bare;
    if (quoted)
      bare[length - 1] = '\0';
    return direct_address (bare + quoted);
  }
  g_autofree gchar *inner = g_strndup (open + 1, (gsize) (close - open - 1));
  return direct_address (inner);
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

/* The Exchange name: the address where that is one, else that of the entry id. */
static gchar *
exchange_name (const BmMimeParty *party, const gchar *one_off_address)
{
  static const guint8 provider[] = {0xdc, 0xa7, 0x40, 0xc8, 0xc0, 0x42, 0x10, 0x1a,
                                    0xb4, 0xb9, 0x08, 0x00, 0x2b, 0x2f, 0xe1, 0x82};
  gsize size = 0;
  const gchar *data = party->entry_id != NULL ? g_bytes_get_data (party->entry_id, &size) : NULL;
  const gchar *texts[] = {party->address, one_off_address, party->smtp};
  gchar *name = NULL;
  for (guint i = 0; i < G_N_ELEMENTS (texts) && name == NULL; i++)
    name = bm_exchange_name (texts[i]);
  if (name != NULL || size <= 28 || memcmp (data + 4, provider, sizeof provider) != 0)
    return name;
  g_autofree gchar *stored = g_strndup (data + 28, size - 28);
  return bm_exchange_name (stored);
}

gchar *
bm_mime_exchange_pair (const BmMimeParty *party, gchar **name)
{
  g_autofree gchar *shown = NULL, *raw = NULL;
  gboolean is_one_off = bm_mime_one_off (party->entry_id, &shown, &raw);
  *name = exchange_name (party, raw);
  gchar *address = direct_address (party->smtp);
  if (address == NULL && is_one_off)
    address = direct_address (raw);
  return address != NULL ? address : from_proxies (party->row);
}

static gchar *
from_maps (const BmMime *mime, const gchar *exchange)
{
  const gchar *address = bm_address_map_get (mime->context->addresses, exchange);
  if (address == NULL)
    address = bm_address_map_get (mime->context->learnt, exchange);
  return g_strdup (address);
}

/* Whoever knows the Exchange name can still find out who it was. Takes it. */
static void
keep_name (BmMime *mime, gchar *exchange)
{
  bm_notes_add (&mime->notes, BM_NOTE_EXCHANGE_UNRESOLVED);
  for (guint i = 0; exchange != NULL && i < mime->exchange->len; i++)
    if (g_str_equal (g_ptr_array_index (mime->exchange, i), exchange))
      g_clear_pointer (&exchange, g_free);
  if (exchange != NULL && mime->exchange->len < EXCHANGE_NAMES_MAX)
    g_ptr_array_add (mime->exchange, exchange);
  else
    g_free (exchange);
}

gchar *
bm_mime_try_resolve (BmMime *mime, const BmMimeParty *party)
{
  g_autofree gchar *name = NULL, *raw = NULL;
  gboolean is_one_off = bm_mime_one_off (party->entry_id, &name, &raw);
  g_autofree gchar *exchange = exchange_name (party, raw);
  gchar *address = direct_address (party->smtp);
  if (address == NULL && (party->type == NULL || g_ascii_strcasecmp (party->type, "SMTP") == 0))
    address = direct_address (party->address);
  if (address == NULL && is_one_off)
    address = direct_address (raw);
  if (address == NULL)
    address = from_proxies (party->row);
  if (address == NULL)
    address = from_item (mime->item, party);
  if (address == NULL)
    address = from_transport (mime, party->name);
  if (address == NULL && exchange != NULL) {
    address = from_maps (mime, exchange);
    if (address == NULL) /* also when a guess follows: a map would have been believed before it */
      keep_name (mime, g_steal_pointer (&exchange));
  }
  /* at last one that Exchange made: its own server may still know whose it is */
  const gchar *texts[] = {party->smtp, party->address, is_one_off ? raw : NULL};
  for (guint i = 0; i < G_N_ELEMENTS (texts) && address == NULL; i++)
    address = bm_smtp_address (texts[i]);
  if (address == NULL)
    address = from_display_name (party->name);
  if (address != NULL)
    return address;
  bm_notes_add (&mime->notes, BM_NOTE_ADDRESS_PLACEHOLDER);
  return NULL;
}

/* The encapsulated address as it stands for itself; NULL when it is none, or nobody knows. */
static gchar *
open_encapsulated (BmMime *mime, const gchar *text)
{
  g_autofree gchar *exchange = bm_exchange_name (text);
  gchar *address = direct_address (text);
  if (address != NULL || exchange == NULL)
    return address;
  const BmMimeParty party = {.address = exchange};
  address = from_item (mime->item, &party);
  if (address == NULL)
    address = from_maps (mime, exchange);
  if (address == NULL)
    bm_notes_add (&mime->notes, BM_NOTE_EXCHANGE_UNRESOLVED);
  return address;
}

gchar *
bm_mime_open_encapsulated (BmMime *mime, const gchar *header)
{
  g_autoptr (GString) out = g_string_new (NULL);
  while (*header != '\0') {
    gsize gap = strspn (header, ADDRESS_ENDS), n = strcspn (header + gap, ADDRESS_ENDS);
    g_autofree gchar *word = g_strndup (header + gap, n);
    g_autofree gchar *address =
        g_ascii_strncasecmp (word, "IMCEA", 5) == 0 ? open_encapsulated (mime, word) : NULL;
    g_string_append_len (out, header, (gssize) gap);
    g_string_append (out, address != NULL ? address : word);
    header += gap + n;
  }
  return g_string_free (g_steal_pointer (&out), FALSE);
}

gchar *
bm_mime_resolve (BmMime *mime, const BmMimeParty *party)
{
  gchar *address = bm_mime_try_resolve (mime, party);
  return address != NULL ? address : placeholder (party);
}
