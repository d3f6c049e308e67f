/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Guids and sealed messages. What bm_message_check refuses is what Cyrus refuses or rewrites
 * (bare newlines, NUL, invalid header lines, 8-bit header bytes): a rewritten message has another
 * guid, and then nothing can be proven. Must not know PST or IMAP. One thread at a time. */
#include <bm-pst-import/model.h>
#include <string.h>

void
bm_guid_to_hex (const BmGuid *guid, gchar hex[41])
{
  static const gchar digits[] = "0123456789abcdef";
  for (guint i = 0; i < sizeof guid->bytes; i++) {
    hex[2 * i] = digits[guid->bytes[i] >> 4];
    hex[2 * i + 1] = digits[guid->bytes[i] & 15];
  }
  hex[40] = '\0';
}

gboolean
bm_guid_from_hex (const gchar *hex, BmGuid *guid)
{
  if (hex == NULL || strlen (hex) != 40)
    return FALSE;
  for (guint i = 0; i < sizeof guid->bytes; i++) {
    gint high = g_ascii_xdigit_value (hex[2 * i]), low = g_ascii_xdigit_value (hex[2 * i + 1]);
    if (high < 0 || low < 0)
      return FALSE;
    guid->bytes[i] = (guint8) (high << 4 | low);
  }
  return TRUE;
}

void
bm_guid_of_bytes (gconstpointer data, gsize size, BmGuid *guid)
{
  g_autoptr (GChecksum) checksum = g_checksum_new (G_CHECKSUM_SHA1);
  const guint8 *bytes = data;
  while (size > 0) { /* g_checksum_update takes a gssize */
    gsize n = MIN (size, (gsize) 1 << 30);
    g_checksum_update (checksum, bytes, (gssize) n);
    bytes += n;
    size -= n;
  }
  gsize length = sizeof guid->bytes;
  g_checksum_get_digest (checksum, guid->bytes, &length);
}

gboolean
bm_guid_equal (const BmGuid *a, const BmGuid *b)
{
  return memcmp (a->bytes, b->bytes, sizeof a->bytes) == 0;
}

static gboolean
invalid (GError **error, gsize offset, const gchar *what)
{
  g_set_error (error, BM_ERROR, BM_CAUSE_INVALID_MESSAGE,
               "rendered message has %s at offset %" G_GSIZE_FORMAT, what, offset);
  return FALSE;
}

/* Lines end in CRLF, no NUL: the whole message. */
static gboolean
check_bytes (const guint8 *data, gsize size, GError **error)
{
  for (gsize i = 0; i < size; i++) {
    if (data[i] == '\0')
      return invalid (error, i, "a NUL");
    if (data[i] == '\n' && (i == 0 || data[i - 1] != '\r'))
      return invalid (error, i, "a bare LF");
    if (data[i] == '\r' && (i + 1 == size || data[i + 1] != '\n'))
      return invalid (error, i, "a bare CR");
  }
  return TRUE;
}

/* One header line without its CRLF. RFC 5322 2.2: name of printable ASCII without ':', then ':' */
static gboolean
check_header_line (const guint8 *line, gsize size, gsize offset, GError **error)
{
  gsize name = 0;
  for (gsize i = 0; i < size; i++)
    if (line[i] >= 0x80)
      return invalid (error, offset + i, "an 8-bit byte in a header");
  if (line[0] == ' ' || line[0] == '\t')
    return offset > 0 || invalid (error, offset, "a folded line without a field");
  while (name < size && line[name] > ' ' && line[name] != ':' && line[name] != 0x7f)
    name++;
  if (name == 0 || name == size || line[name] != ':')
    return invalid (error, offset, "an invalid header line");
  return TRUE;
}

gboolean
bm_message_check (const guint8 *data, gsize size, GError **error)
{
  if (size == 0)
    return invalid (error, 0, "no bytes");
  if (!check_bytes (data, size, error))
    return FALSE;
  for (gsize offset = 0; offset < size;) {
    const guint8 *end = memchr (data + offset, '\r', size - offset);
    if (end == NULL)
      return invalid (error, size, "a header without end");
    gsize length = (gsize) (end - data) - offset;
    if (length == 0)
      return offset > 0 || invalid (error, 0, "no header");
    if (!check_header_line (data + offset, length, offset, error))
      return FALSE;
    offset += length + 2;
  }
  return invalid (error, size, "no empty line after the header");
}

BmMessage *
bm_message_seal (GBytes *bytes, GError **error)
{
  g_autoptr (GBytes) owned = bytes;
  gsize size;
  const guint8 *data = g_bytes_get_data (owned, &size);
  if (!bm_message_check (data, size, error))
    return NULL;
  BmMessage *message = g_new0 (BmMessage, 1);
  bm_guid_of_bytes (data, size, &message->guid);
  message->bytes = g_steal_pointer (&owned);
  message->keywords = g_new0 (gchar *, 1);
  message->message_id = g_strdup ("");
  message->message_class = g_strdup ("");
  message->subject = g_strdup ("");
  return message;
}

void
bm_message_place (BmMessage *message, BmRole role)
{
  if (message->unsent && (role == BM_ROLE_DRAFTS || role == BM_ROLE_OUTBOX))
    message->flags |= BM_FLAG_DRAFT;
}

void
bm_message_free (BmMessage *message)
{
  if (message == NULL)
    return;
  g_bytes_unref (message->bytes);
  g_strfreev (message->keywords);
  g_free (message->message_id);
  g_free (message->message_class);
  g_free (message->subject);
  g_free (message);
}
