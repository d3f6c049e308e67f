/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Identity: subject and Message-ID. A generated id is a hash of what stays the same wherever and
 * whenever the item is read, never of where it lies. [MS-OXCMSG] 2.2.1.46 (subject prefix),
 * [MS-PST] 2.5.3.1.1.1 (its mark). One thread. */
#include "mime/bm-mime.h"

#include <string.h>

#define ID_MAX 800 /* a longer one would have to be broken over lines */

gchar *
bm_mime_subject (const BmItem *item)
{
  const gchar *subject = bm_props_text (item->props, 0x0037);
  if (subject != NULL && *subject == '\x01') { /* then one character: length of the prefix */
    const gchar *length = subject + 1;
    subject = *length != '\0' ? g_utf8_next_char (length) : length;
  }
  if (subject != NULL)
    return bm_mime_one_line (subject);
  const gchar *prefix = bm_props_text (item->props, 0x003d);
  const gchar *normalized = bm_props_text (item->props, 0x0e1d);
  if (normalized == NULL)
    return NULL;
  g_autofree gchar *joined = g_strconcat (prefix != NULL ? prefix : "", normalized, NULL);
  return bm_mime_one_line (joined);
}

static gchar *
bracketed (const gchar *text)
{
  const gchar *start = text + strspn (text, " \t\r\n");
  g_autofree gchar *first =
      g_strndup (start, strcspn (start, "\r\n")); /* nothing of what follows */
  g_autofree gchar *line = bm_mime_one_line (first);
  g_autoptr (GString) id = g_string_new (NULL);
  const gchar *open = strchr (line, '<'), *close = open != NULL ? strchr (open, '>') : NULL;
  const gchar *from = close != NULL ? open + 1 : line,
              *to = close != NULL ? close : line + strlen (line);
  for (; from < to; from++)
    if (*from > ' ' && (guchar) *from < 0x7f && *from != '<' && *from != '>')
      g_string_append_c (id, *from);
  if (id->len == 0 || id->len > ID_MAX)
    return NULL;
  return g_strconcat ("<", id->str, ">", NULL);
}

static gchar *
hex_of (GBytes *bytes)
{
  gsize size = 0;
  const guint8 *data = bytes != NULL ? g_bytes_get_data (bytes, &size) : NULL;
  return size > 0 ? g_compute_checksum_for_data (G_CHECKSUM_SHA256, data, size) : NULL;
}

static gchar *
generate (const BmItem *item)
{
  g_autofree gchar *key = hex_of (bm_props_data (item->props, 0x300b));
  if (key != NULL) {
    const gchar *parts[] = {"search key", key};
    g_autofree gchar *hash = bm_mime_hash (parts, G_N_ELEMENTS (parts));
    return g_strconcat ("<", hash, "@pst.invalid>", NULL);
  }
  static const guint16 texts[] = {0x0c1a, 0x0c1f, 0x0042, 0x0065, 0x0037, 0x0e04, 0x1000, 0x007d};
  static const guint16 dates[] = {0x0039, 0x0e06};
  static const guint16 datas[] = {0x1009, 0x1013};
  g_autoptr (GPtrArray) parts = g_ptr_array_new_with_free_func (g_free);
  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    g_ptr_array_add (parts, g_strdup (bm_props_text (item->props, texts[i])));
  for (guint i = 0; i < G_N_ELEMENTS (dates); i++) {
    const BmProp *date = bm_props_get (item->props, dates[i]);
    g_ptr_array_add (parts,
                     g_strdup_printf ("%" G_GINT64_FORMAT, date != NULL ? date->integer : 0));
  }
  for (guint i = 0; i < G_N_ELEMENTS (datas); i++)
    g_ptr_array_add (parts, hex_of (bm_props_data (item->props, datas[i])));
  g_autofree gchar *hash = bm_mime_hash ((const gchar *const *) parts->pdata, parts->len);
  return g_strconcat ("<", hash, "@pst.invalid>", NULL);
}

gchar *
bm_mime_message_id (BmMime *mime)
{
  const gchar *own = bm_props_text (mime->item->props, 0x1035);
  const gchar *header = bm_mime_transport_get (mime, "Message-ID");
  gchar *id = own != NULL ? bracketed (own) : NULL;
  if (id == NULL && header != NULL)
    id = bracketed (header);
  if (id != NULL)
    return id;
  bm_notes_add (&mime->notes, BM_NOTE_MESSAGE_ID_GENERATED);
  return generate (mime->item);
}
