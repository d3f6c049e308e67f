/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Contacts and distribution lists as vCard: [MS-OXVCARD] 2.1.3, [MS-OXOCNTC] 2.2, RFC 2426 (contacts,
 * version 3.0: every reader takes it) and RFC 6350 (lists, 4.0: 3.0 has no groups). One thread. */
#include "mime/bm-mime-calendar.h"

#include "base/bm-le.h"
#include <string.h>

#define FOLD         75
#define MEMBERS_MAX  10000
#define PICTURE_MAX  (2u << 20)
#define KEYS_MAX     20
#define KEY_MAX      65536
#define WRAPPED_SIZE 21 /* flags, MUID, kind of entry */
#define ONE_OFF      0x00

#define STREAM_HEADER 28

static const guint8 psetid_address[16] = {0x04, 0x20, 0x06, 0x00, 0x00, 0x00, 0x00, 0x00,
                                          0xc0, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x46};
/* {D3AD91C0-9D51-11CF-A4A9-00AA0047FAA4}, [MS-OXOCNTC] 2.2.2.2.4.1 */
static const guint8 wrapped_muid[16] = {0xc0, 0x91, 0xad, 0xd3, 0x51, 0x9d, 0xcf, 0x11,
                                        0xa4, 0xa9, 0x00, 0xaa, 0x00, 0x47, 0xfa, 0xa4};

static void
escape (GString *out, const gchar *text)
{
  for (const gchar *p = text; p != NULL && *p != '\0'; p = g_utf8_next_char (p)) {
    gunichar c = g_utf8_get_char (p);
    if (c == '\n')
      g_string_append (out, "\\n");
    else if (c < 0x80 && strchr (",;\\", (int) c) != NULL)
      g_string_append_printf (out, "\\%c", (gchar) c);
    else if (!g_unichar_iscntrl (c) || c == '\t')
      g_string_append_unichar (out, c);
  }
}

/* A line of it, folded between characters, RFC 2426 2.6. */
static void
add_line (GString *card, const gchar *name, const gchar *value)
{
  g_autofree gchar *line = g_strconcat (name, ":", value, NULL);
  gsize used = 0;
  for (const gchar *p = line; *p != '\0'; p = g_utf8_next_char (p)) {
    gsize n = (gsize) (g_utf8_next_char (p) - p);
    if (used + n > FOLD) {
      g_string_append (card, "\n ");
      used = 1;
    }
    g_string_append_len (card, p, (gssize) n);
    used += n;
  }
  g_string_append_c (card, '\n');
}

static void
add_text (GString *card, const gchar *name, const gchar *text)
{
  g_autoptr (GString) value = g_string_new (NULL);
  escape (value, text);
  if (value->len > 0)
    add_line (card, name, value->str);
}

/* An address: nothing in it is escaped, RFC 2426 3.6.8. scheme: of one that has none; or NULL. */
static void
add_uri (GString *card, const gchar *name, const gchar *scheme, const gchar *text)
{
  g_autofree gchar *line = bm_mime_one_line (text != NULL ? text : "");
  gboolean bare = scheme != NULL && strchr (line, ':') == NULL;
  g_autofree gchar *value = g_strconcat (bare ? scheme : "", g_strstrip (line), NULL);
  if (*line != '\0')
    add_line (card, name, value);
}

/* Components between semicolons; nothing when all are empty. Ids are properties, 0 an empty one. */
static void
add_parts (GString *card, const gchar *name, const BmProps *props, const guint16 *ids, guint n)
{
  g_autoptr (GString) value = g_string_new (NULL);
  for (guint i = 0; i < n; i++) {
    if (i > 0)
      g_string_append_c (value, ';');
    if (ids[i] != 0)
      escape (value, bm_props_text (props, ids[i]));
  }
  if (value->len > n - 1)
    add_line (card, name, value->str);
}

static const gchar *
address_text (const BmItem *item, guint32 lid)
{
  return bm_event_text (item, psetid_address, lid);
}

/* ---- a contact ---- */

static void
add_name (GString *card, const BmItem *item)
{
  static const guint16 parts[] = {0x3a11, 0x3a06, 0x3a44, 0x3a45, 0x3a05};
  static const guint16 organization[] = {0x3a16, 0x3a18};
  const gchar *const names[] = {bm_props_text (item->props, 0x3001), address_text (item, 0x8005),
                                bm_props_text (item->props, 0x0037),
                                bm_props_text (item->props, 0x3a16), "?"};
  guint i = 0;
  while (names[i] == NULL || *names[i] == '\0')
    i++;
  add_text (card, "FN", names[i]);
  gsize before = card->len;
  add_parts (card, "N", item->props, parts, G_N_ELEMENTS (parts));
  if (card->len == before) /* 3.0 wants one */
    add_line (card, "N", ";;;;");
  add_parts (card, "ORG", item->props, organization,
             bm_props_text (item->props, 0x3a18) != NULL ? 2 : 1);
}

/* Three addresses: type, address, original display name (of an Exchange one the SMTP address). */
static void
add_mail (BmMime *mime, GString *card)
{
  for (guint32 lid = 0x8080; lid <= 0x80a0; lid += 0x10) {
    const gchar *type = address_text (mime->item, lid + 2);
    const gchar *address = address_text (mime->item, lid + 3);
    const gchar *original = address_text (mime->item, lid + 4);
    gboolean exchange = type != NULL && g_ascii_strcasecmp (type, "EX") == 0;
    if (address == NULL || *address == '\0')
      continue;
    BmMimeParty party = {
        .name = address_text (mime->item, lid),
        .type = type,
        .address = address,
        .smtp = exchange && original != NULL && strchr (original, '@') != NULL ? original : NULL,
        .entry_id = bm_event_data (mime->item, psetid_address, lid + 5)};
    if (type != NULL && g_ascii_strcasecmp (type, "FAX") == 0)
      continue; /* the number is a TEL already */
    g_autofree gchar *smtp = bm_mime_try_resolve (mime, &party);
    if (smtp != NULL) {
      add_text (card, "EMAIL;TYPE=INTERNET", smtp);
      continue;
    }
    /* to an address that is none nobody can write */
    add_text (card, "X-PST-EX-ADDRESS", address);
    bm_notes_add (&mime->notes, BM_NOTE_EXCHANGE_UNRESOLVED);
  }
}

static void
add_phones (GString *card, const BmProps *props)
{
  static const struct {
    guint16 id;
    const gchar *name;
  } phones[] = {
      {0x3a08, "TEL;TYPE=WORK,VOICE"},  {0x3a1b, "TEL;TYPE=WORK,VOICE"},
      {0x3a09, "TEL;TYPE=HOME,VOICE"},  {0x3a2f, "TEL;TYPE=HOME,VOICE"},
      {0x3a1c, "TEL;TYPE=CELL,VOICE"},  {0x3a21, "TEL;TYPE=PAGER"},
      {0x3a24, "TEL;TYPE=WORK,FAX"},    {0x3a25, "TEL;TYPE=HOME,FAX"},
      {0x3a23, "TEL;TYPE=FAX"},         {0x3a1e, "TEL;TYPE=CAR,VOICE"},
      {0x3a1d, "TEL;TYPE=X-RADIO"},     {0x3a1f, "TEL;TYPE=VOICE"},
      {0x3a1a, "TEL;TYPE=PREF,VOICE"},  {0x3a2d, "TEL;TYPE=ISDN"},
      {0x3a2c, "TEL;TYPE=X-TELEX"},     {0x3a4b, "TEL;TYPE=X-TTY"},
      {0x3a02, "TEL;TYPE=X-CALLBACK"},  {0x3a57, "TEL;TYPE=WORK,X-COMPANY"},
      {0x3a2e, "TEL;TYPE=X-ASSISTANT"},
  };
  for (guint i = 0; i < G_N_ELEMENTS (phones); i++)
    add_text (card, phones[i].name, bm_props_text (props, phones[i].id));
}

/* Where only the whole is known, it is the street. */
static void
add_whole_place (GString *card, const gchar *name, const gchar *text)
{
  g_autoptr (GString) value = g_string_new (NULL);
  escape (value, text);
  gsize size = value->len;
  g_string_prepend (value, ";;");
  g_string_append (value, ";;;;");
  if (size > 0)
    add_line (card, name, value->str);
}

static void
add_places (GString *card, const BmItem *item)
{
  static const guint16 home[] = {0x3a5e, 0, 0x3a5d, 0x3a59, 0x3a5c, 0x3a5b, 0x3a5a};
  static const guint16 other[] = {0x3a64, 0, 0x3a63, 0x3a5f, 0x3a62, 0x3a61, 0x3a60};
  static const guint16 mailing[] = {0x3a2b, 0, 0x3a29, 0x3a27, 0x3a28, 0x3a2a, 0x3a26};
  static const guint32 work[] = {0x804a, 0, 0x8045, 0x8046, 0x8047, 0x8048, 0x8049};
  g_autoptr (GString) value = g_string_new (NULL);
  gsize before = card->len;
  add_parts (card, "ADR;TYPE=HOME", item->props, home, G_N_ELEMENTS (home));
  if (card->len == before)
    add_whole_place (card, "ADR;TYPE=HOME", address_text (item, 0x801a));
  before = card->len;
  add_parts (card, "ADR;TYPE=OTHER", item->props, other, G_N_ELEMENTS (other));
  if (card->len == before)
    add_whole_place (card, "ADR;TYPE=OTHER", address_text (item, 0x801c));
  before = card->len;
  for (guint i = 0; i < G_N_ELEMENTS (work); i++) {
    if (i > 0)
      g_string_append_c (value, ';');
    if (work[i] != 0)
      escape (value, address_text (item, work[i]));
  }
  if (value->len > G_N_ELEMENTS (work) - 1)
    add_line (card, "ADR;TYPE=WORK", value->str);
  else if (address_text (item, 0x801b) != NULL)
    add_whole_place (card, "ADR;TYPE=WORK", address_text (item, 0x801b));
  if (card->len == before) /* some writers know the mailing address alone */
    add_parts (card, "ADR;TYPE=WORK", item->props, mailing, G_N_ELEMENTS (mailing));
}

/* The day as its writer's calendar has it (lid, [MS-OXOCNTC] 2.2.1.5); else midnight of his zone, in UTC:
 * the nearest day. */
static void
add_date (GString *card, const gchar *name, const BmItem *item, guint16 id, guint32 lid)
{
  gint64 time;
  if (!bm_event_time (item, psetid_address, lid, &time) && !bm_props_time (item->props, id, &time))
    return;
  gint64 day = bm_event_nearest_midnight (time, FALSE) / 86400;
  gint year = bm_zone_year (day * 86400);
  guint month = 12;
  while (month > 1 && bm_zone_days (year, month, 1) > day)
    month--;
  g_autofree gchar *text = g_strdup_printf ("%04d-%02u-%02u", year, month,
                                            (guint) (day - bm_zone_days (year, month, 1)) + 1);
  add_line (card, name, text);
}

static gboolean
is_contact_picture (const BmAttachment *attachment)
{
  return attachment->method == BM_ATTACH_BY_VALUE &&
         bm_props_bool (attachment->props, 0x7fff, FALSE);
}

static void
add_picture (GString *card, const BmItem *item)
{
  for (guint i = 0; i < item->attachments->len; i++) {
    const BmAttachment *attachment = g_ptr_array_index (item->attachments, i);
    GBytes *bytes = is_contact_picture (attachment) && attachment->data != NULL
                        ? bm_spool_bytes (attachment->data, NULL)
                        : NULL;
    gsize size = 0;
    const guint8 *data = bytes != NULL ? g_bytes_get_data (bytes, &size) : NULL;
    if (size < 8 || size > PICTURE_MAX)
      continue;
    const gchar *type = data[0] == 0x89                 ? "PNG"
                        : memcmp (data, "GIF8", 4) == 0 ? "GIF"
                        : memcmp (data, "BM", 2) == 0   ? "BMP"
                                                        : "JPEG";
    g_autofree gchar *base64 = g_base64_encode (data, size);
    g_autofree gchar *name = g_strconcat ("PHOTO;ENCODING=b;TYPE=", type, NULL);
    add_line (card, name, base64);
    return;
  }
}

/* A certificate stands in a blob among other things: the first whole DER sequence of its size. */
static void
add_keys (GString *card, const BmProps *props)
{
  const BmProp *keys = bm_props_get (props, 0x3a70);
  for (guint i = 0; keys != NULL && keys->datas != NULL && i < MIN (keys->datas->len, KEYS_MAX);
       i++) {
    gsize size;
    const guint8 *data = g_bytes_get_data (g_ptr_array_index (keys->datas, i), &size);
    for (gsize at = 0; at + 4 <= MIN (size, (gsize) KEY_MAX); at++) {
      gsize length = 4 + ((gsize) data[at + 2] << 8 | data[at + 3]);
      if (data[at] != 0x30 || data[at + 1] != 0x82 || length < 256 || length > size - at)
        continue;
      g_autofree gchar *base64 = g_base64_encode (data + at, length);
      add_line (card, "KEY;ENCODING=b;TYPE=X509", base64);
      break;
    }
  }
}

static void
add_many (GString *card, const gchar *name, const BmProp *prop)
{
  g_autoptr (GString) value = g_string_new (NULL);
  for (guint i = 0; prop != NULL && prop->texts != NULL && i < prop->texts->len; i++) {
    if (i > 0)
      g_string_append_c (value, ',');
    escape (value, g_ptr_array_index (prop->texts, i));
  }
  if (value->len > 0)
    add_line (card, name, value->str);
}

static void
add_end (BmMime *mime, GString *card)
{
  static const gchar *const classes[] = {NULL, "PRIVATE", "PRIVATE", "CONFIDENTIAL"};
  const BmProps *props = mime->item->props;
  gint64 sensitivity = bm_props_int (props, 0x0036, 0), changed;
  BmMimeBody body = {0};
  bm_mime_body_peek (mime, &body);
  g_autofree gchar *note = g_strchomp (g_strdup (body.text));
  bm_mime_body_clear (&body);
  add_text (card, "NOTE", note);
  add_many (card, "CATEGORIES", bm_mime_categories (mime->item));
  if (bm_event_int (mime->item, bm_psetid_common, 0x8506, 0) != 0 && sensitivity != 3)
    sensitivity = 2;
  if (sensitivity >= 1 && sensitivity <= 3)
    add_line (card, "CLASS", classes[sensitivity]);
  const gchar *parts[] = {"card", mime->seed};
  g_autofree gchar *uid = bm_mime_hash (parts, G_N_ELEMENTS (parts));
  add_line (card, "UID", uid);
  if (bm_props_time (props, 0x3008, &changed)) {
    g_autoptr (GDateTime) time = g_date_time_new_from_unix_utc (changed);
    g_autofree gchar *text = time != NULL ? g_date_time_format (time, "%Y%m%dT%H%M%SZ") : NULL;
    if (text != NULL)
      add_line (card, "REV", text);
  }
  g_string_append (card, "END:VCARD\n");
}

static void
add_texts (GString *card, const BmItem *item)
{
  static const struct {
    guint16 id;
    const gchar *name;
  } texts[] = {
      {0x3a17, "TITLE"},           {0x3a46, "ROLE"},          {0x3a4f, "NICKNAME"},
      {0x3a48, "X-SPOUSE"},        {0x3a4e, "X-MANAGER"},     {0x3a30, "X-ASSISTANT"},
      {0x3a43, "X-HOBBY"},         {0x3a19, "X-OFFICE"},      {0x3a0a, "X-INITIALS"},
      {0x3a07, "X-GOVERNMENT-ID"}, {0x3a10, "X-EMPLOYEE-ID"}, {0x3a4a, "X-CUSTOMER-ID"},
      {0x3a47, "X-REFERRED-BY"},   {0x3a0d, "X-LOCATION"},    {0x3a49, "X-COMPUTER-NAME"},
  };
  static const struct {
    guint32 lid;
    const gchar *name;
  } named[] = {
      {0x802c, "X-PHONETIC-FIRST-NAME"}, {0x802d, "X-PHONETIC-LAST-NAME"},
      {0x802e, "X-PHONETIC-ORG"},        {0x804f, "X-USER-FIELD-1"},
      {0x8050, "X-USER-FIELD-2"},        {0x8051, "X-USER-FIELD-3"},
      {0x8052, "X-USER-FIELD-4"},
  };
  static const gchar *const genders[] = {NULL, "Female", "Male"};
  gint64 gender = bm_props_int (item->props, 0x3a4d, 0);
  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    add_text (card, texts[i].name, bm_props_text (item->props, texts[i].id));
  for (guint i = 0; i < G_N_ELEMENTS (named); i++)
    add_text (card, named[i].name, address_text (item, named[i].lid));
  if (gender == 1 || gender == 2)
    add_line (card, "X-GENDER", genders[gender]);
}

static void
add_links (GString *card, const BmItem *item)
{
  const gchar *work = bm_props_text (item->props, 0x3a51), *page = address_text (item, 0x802b);
  add_uri (card, "URL;TYPE=WORK", NULL, work);
  add_uri (card, "URL;TYPE=HOME", NULL, bm_props_text (item->props, 0x3a50));
  if (g_strcmp0 (work, page) != 0) /* Outlook keeps its one web page in both */
    add_uri (card, "URL", NULL, page);
  add_uri (card, "X-FTP-SITE", NULL, bm_props_text (item->props, 0x3a4c));
  add_uri (card, "IMPP", "im:", address_text (item, 0x8062));
  add_uri (card, "FBURL", NULL, address_text (item, 0x80d8));
}

static gchar *
contact_card (BmMime *mime)
{
  const BmProps *props = mime->item->props;
  g_autoptr (GString) card = g_string_new ("BEGIN:VCARD\nVERSION:3.0\n");
  add_name (card, mime->item);
  add_texts (card, mime->item);
  add_links (card, mime->item);
  add_mail (mime, card);
  add_phones (card, props);
  add_places (card, mime->item);
  add_date (card, "BDAY", mime->item, 0x3a42, 0x80de);
  add_date (card, "X-ANNIVERSARY", mime->item, 0x3a41, 0x80df);
  add_many (card, "X-CHILDREN", bm_props_get (props, 0x3a58));
  add_keys (card, props);
  add_picture (card, mime->item);
  add_end (mime, card);
  return g_string_free (g_steal_pointer (&card), FALSE);
}

/* ---- a list ---- */

/* A member is a one-off entry id, in a wrapper or bare; entries of address books and of the file are
 * ids alone, but 0x8054 has one-off copies of all in the same order. */
static gboolean
add_member (BmMime *mime, GString *card, GBytes *entry)
{
  gsize size;
  const guint8 *data = g_bytes_get_data (entry, &size);
  gsize skip = size > WRAPPED_SIZE && memcmp (data + 4, wrapped_muid, 16) == 0 ? WRAPPED_SIZE : 0;
  if (skip > 0 && (data[20] & 0xf) != ONE_OFF)
    return FALSE;
  g_autoptr (GBytes) inner = g_bytes_new_from_bytes (entry, skip, size - skip);
  g_autofree gchar *name = NULL, *address = NULL;
  if (!bm_mime_one_off (inner, &name, &address))
    return FALSE;
  BmMimeParty party = {.name = name, .entry_id = inner};
  g_autofree gchar *smtp = bm_mime_resolve (mime, &party);
  g_autofree gchar *mailto = g_strconcat ("mailto:", smtp, NULL);
  add_line (card, "MEMBER", mailto);
  return TRUE;
}

static guint
count_of (const BmProp *prop)
{
  return prop != NULL && prop->datas != NULL ? prop->datas->len : 0;
}

static gboolean
add_one_of (BmMime *mime, GString *card, GBytes *copy, GBytes *entry)
{
  return (copy != NULL && add_member (mime, card, copy)) ||
         (entry != NULL && add_member (mime, card, entry));
}

static void
add_members (BmMime *mime, GString *card)
{
  const BmProps *props = mime->item->props;
  const BmProp *members = bm_props_get_lid (props, psetid_address, 0x8055);
  const BmProp *copies = bm_props_get_lid (props, psetid_address, 0x8054);
  guint n = MIN (MAX (count_of (members), count_of (copies)), MEMBERS_MAX);
  for (guint i = 0; i < n; i++) {
    GBytes *copy = i < count_of (copies) ? g_ptr_array_index (copies->datas, i) : NULL;
    GBytes *entry = i < count_of (members) ? g_ptr_array_index (members->datas, i) : NULL;
    if (!add_one_of (mime, card, copy, entry))
      bm_notes_add (&mime->notes, BM_NOTE_EXCHANGE_UNRESOLVED);
  }
}

/* The next piece of a stream: its size in four bytes, then it. NULL: the stream is cut. New. */
static GBytes *
take_piece (GBytes *stream, gsize *at)
{
  gsize size;
  const guint8 *data = g_bytes_get_data (stream, &size);
  if (size - *at < 4 || bm_le32 (data + *at) > size - *at - 4)
    return NULL;
  gsize n = bm_le32 (data + *at), from = *at + 4;
  *at = from + n;
  return g_bytes_new_from_bytes (stream, from, n);
}

/* Of a list too large for these properties they are not, or not all: all are in a stream, [MS-OXOCNTC]
 * 2.2.2.2.4. FALSE: there is none. */
static gboolean
add_streamed (BmMime *mime, GString *card)
{
  GBytes *stream = bm_event_data (mime->item, psetid_address, 0x8064);
  gsize size = 0, at = STREAM_HEADER;
  const guint8 *data = stream != NULL ? g_bytes_get_data (stream, &size) : NULL;
  if (size < STREAM_HEADER || bm_le16 (data) != 1 || bm_le32 (data + 12) == 0)
    return FALSE;
  guint32 n = MIN (bm_le32 (data + 12), (guint32) MEMBERS_MAX);
  for (guint32 i = 0; i < n; i++) {
    g_autoptr (GBytes) entry = take_piece (stream, &at);
    g_autoptr (GBytes) copy = entry != NULL ? take_piece (stream, &at) : NULL;
    g_autoptr (GBytes) extra = copy != NULL ? take_piece (stream, &at) : NULL;
    if (!add_one_of (mime, card, copy, entry))
      bm_notes_add (&mime->notes, BM_NOTE_EXCHANGE_UNRESOLVED);
    if (extra == NULL) /* cut */
      break;
  }
  return TRUE;
}

static gchar *
list_card (BmMime *mime)
{
  const BmItem *item = mime->item;
  const gchar *name = address_text (item, 0x8053);
  g_autoptr (GString) card = g_string_new ("BEGIN:VCARD\nVERSION:4.0\nKIND:group\n");
  if (name == NULL || *name == '\0')
    name = bm_props_text (item->props, 0x3001);
  add_text (card, "FN", name != NULL && *name != '\0' ? name : "?");
  if (!add_streamed (mime, card))
    add_members (mime, card);
  add_end (mime, card);
  return g_string_free (g_steal_pointer (&card), FALSE);
}

gchar *
bm_mime_card_text (BmMime *mime)
{
  if (bm_mime_is_class (mime->item, "IPM.DistList"))
    return list_card (mime);
  return bm_mime_is_class (mime->item, "IPM.Contact") ? contact_card (mime) : NULL;
}

gboolean
bm_mime_card_owns (const BmItem *item, const BmAttachment *attachment)
{
  return bm_mime_is_class (item, "IPM.Contact") && is_contact_picture (attachment) &&
         attachment->data != NULL && bm_spool_size (attachment->data) <= PICTURE_MAX;
}
