/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Name-to-id map of the PST writer: see the header. */
#include "bm-pst-writer-names.h"

#include "bm-pst-writer-ndb.h"
#include "bm-pst-writer.h"

#include <string.h>

#define BUCKETS 251 /* what Outlook uses; [MS-PST] 2.4.7.2 */

struct _BmPstWriterNames {
  GHashTable *ids; /* "guid hex:lid" or "guid hex:name" -> id + 1 */
  GByteArray *guids;
  GByteArray *entries;
  GByteArray *strings;
  GByteArray *buckets[BUCKETS];
};

#define GUID_COM(n)                                                                                \
  {                                                                                                \
    (n) & 0xFF, (n) >> 8 & 0xFF, (n) >> 16 & 0xFF, 0, 0, 0, 0, 0, 0xC0, 0, 0, 0, 0, 0, 0, 0x46     \
  }

const guint8 bm_pst_ps_mapi[16] = GUID_COM (0x020328);
const guint8 bm_pst_ps_public_strings[16] = GUID_COM (0x020329);
const guint8 bm_pst_ps_internet_headers[16] = GUID_COM (0x020386);
const guint8 bm_pst_psetid_common[16] = GUID_COM (0x062008);
const guint8 bm_pst_psetid_appointment[16] = GUID_COM (0x062002);
const guint8 bm_pst_psetid_address[16] = GUID_COM (0x062004);
const guint8 bm_pst_psetid_meeting[16] = {0x90, 0xDA, 0xD8, 0x6E, 0x0B, 0x45, 0x1B, 0x10,
                                          0x98, 0xDA, 0x00, 0xAA, 0x00, 0x3F, 0x13, 0x05};
const guint8 bm_pst_psetid_calendar_assistant[16] = {
    0x07, 0x0E, 0x00, 0x11, 0x1B, 0xB5, 0xD6, 0x40, 0xAF, 0x21, 0xCA, 0xA8, 0x5E, 0xDA, 0xB1, 0xD0};

BmPstWriterNames *
bm_pst_writer_names_new (void)
{
  BmPstWriterNames *names = g_new0 (BmPstWriterNames, 1);

  names->ids = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  names->guids = g_byte_array_new ();
  names->entries = g_byte_array_new ();
  names->strings = g_byte_array_new ();
  /* Readers take an empty map for a broken one. */
  bm_pst_writer_names_id (names, bm_pst_psetid_common, 0x8530, NULL);
  bm_pst_writer_names_id (names, bm_pst_ps_public_strings, 0, "Keywords");
  return names;
}

void
bm_pst_writer_names_free (BmPstWriterNames *names)
{
  if (names == NULL)
    return;
  g_hash_table_unref (names->ids);
  g_byte_array_unref (names->guids);
  g_byte_array_unref (names->entries);
  g_byte_array_unref (names->strings);
  for (guint i = 0; i < BUCKETS; i++)
    g_clear_pointer (&names->buckets[i], g_byte_array_unref);
  g_free (names);
}

/* [MS-PST] 2.4.7.1: 1 and 2 are fixed, the stream starts at 3. */
static guint
guid_index (BmPstWriterNames *names, const guint8 guid[16])
{
  if (memcmp (guid, bm_pst_ps_mapi, 16) == 0)
    return 1;
  if (memcmp (guid, bm_pst_ps_public_strings, 16) == 0)
    return 2;
  for (guint i = 0; i < names->guids->len / 16; i++)
    if (memcmp (names->guids->data + 16 * i, guid, 16) == 0)
      return 3 + i;
  g_byte_array_append (names->guids, guid, 16);
  return 2 + names->guids->len / 16;
}

/* Appends to the string stream; returns the offset. */
static guint32
add_string (BmPstWriterNames *names, const gchar *name, guint32 *crc)
{
  guint32 offset = names->strings->len;
  glong n = 0;
  g_autofree gunichar2 *utf16 = g_utf8_to_utf16 (name, -1, NULL, &n, NULL);
  guint size = (guint) n * 2;

  for (glong i = 0; i < n; i++)
    utf16[i] = GUINT16_TO_LE (utf16[i]);
  *crc = bm_pst_writer_crc (0, (const guint8 *) utf16, size);
  g_byte_array_set_size (names->strings, offset + 4 + (size + 3) / 4 * 4);
  memset (names->strings->data + offset, 0, names->strings->len - offset);
  bm_pst_writer_put (names->strings->data + offset, size, 4);
  memcpy (names->strings->data + offset + 4, utf16, size);
  return offset;
}

guint16
bm_pst_writer_names_id (BmPstWriterNames *names, const guint8 guid[16], guint32 lid,
                        const gchar *name)
{
  GString *key = g_string_new (NULL);
  guint16 index = (guint16) (names->entries->len / 8);
  gpointer known = NULL;
  guint32 hash = lid;
  guint8 entry[8];
  guint which = 0;

  for (guint i = 0; i < 16; i++)
    g_string_append_printf (key, "%02x", guid[i]);
  if (name != NULL)
    g_string_append_printf (key, ":%s", name);
  else
    g_string_append_printf (key, "#%u", lid);
  known = g_hash_table_lookup (names->ids, key->str);
  if (known != NULL) {
    g_string_free (key, TRUE);
    return (guint16) (0x8000 + GPOINTER_TO_UINT (known) - 1);
  }
  g_hash_table_insert (names->ids, g_string_free (key, FALSE), GUINT_TO_POINTER (index + 1u));
  which = guid_index (names, guid) << 1 | (name != NULL ? 1 : 0);
  bm_pst_writer_put (entry, name != NULL ? add_string (names, name, &hash) : lid, 4);
  bm_pst_writer_put (entry + 4, which, 2);
  bm_pst_writer_put (entry + 6, index, 2);
  g_byte_array_append (names->entries, entry, sizeof (entry));
  bm_pst_writer_put (entry, hash, 4);
  which = (hash ^ which) % BUCKETS;
  if (names->buckets[which] == NULL)
    names->buckets[which] = g_byte_array_new ();
  g_byte_array_append (names->buckets[which], entry, sizeof (entry));
  return (guint16) (0x8000 + index);
}

BmPstProps *
bm_pst_writer_names_props (const BmPstWriterNames *names)
{
  BmPstProps *props = bm_pst_props_new ();

  bm_pst_props_int32 (props, 0x00010003, BUCKETS);
  bm_pst_props_binary (props, 0x00020102, names->guids->data, names->guids->len);
  bm_pst_props_binary (props, 0x00030102, names->entries->data, names->entries->len);
  bm_pst_props_binary (props, 0x00040102, names->strings->data, names->strings->len);
  for (guint i = 0; i < BUCKETS; i++)
    if (names->buckets[i] != NULL)
      bm_pst_props_binary (props, BM_PST_TAG (0x1000 + i, 0x0102), names->buckets[i]->data,
                           names->buckets[i]->len);
  return props;
}
