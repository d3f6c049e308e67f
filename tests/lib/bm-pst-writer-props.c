/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Bags of properties for the PST writer: see the header. */
#include "bm-pst-writer-props.h"

#include "bm-pst-writer-ndb.h"

#include <string.h>

typedef struct {
  guint32 tag;
  guint32 offset;
  guint32 size;
} Entry;

struct _BmPstProps {
  GArray *entries; /* of Entry, in the order they were set */
  GByteArray *bytes;
};

BmPstProps *
bm_pst_props_new (void)
{
  BmPstProps *props = g_new0 (BmPstProps, 1);

  props->entries = g_array_new (FALSE, FALSE, sizeof (Entry));
  props->bytes = g_byte_array_new ();
  return props;
}

BmPstProps *
bm_pst_props_copy (const BmPstProps *props)
{
  BmPstProps *copy = bm_pst_props_new ();

  if (props == NULL)
    return copy;
  g_array_append_vals (copy->entries, props->entries->data, props->entries->len);
  g_byte_array_append (copy->bytes, props->bytes->data, props->bytes->len);
  return copy;
}

void
bm_pst_props_free (BmPstProps *props)
{
  if (props == NULL)
    return;
  g_array_unref (props->entries);
  g_byte_array_unref (props->bytes);
  g_free (props);
}

void
bm_pst_props_remove (BmPstProps *props, guint32 tag)
{
  for (guint i = 0; i < props->entries->len; i++)
    if (g_array_index (props->entries, Entry, i).tag == tag)
      g_array_remove_index (props->entries, i--);
}

void
bm_pst_props_raw (BmPstProps *props, guint32 tag, gconstpointer data, gsize size)
{
  Entry entry = {tag, props->bytes->len, (guint32) size};

  bm_pst_props_remove (props, tag);
  if (size > 0)
    g_byte_array_append (props->bytes, data, (guint) size);
  g_array_append_val (props->entries, entry);
}

static void
put_number (BmPstProps *props, guint32 tag, guint64 value, guint size)
{
  guint8 bytes[8];

  bm_pst_writer_put (bytes, value, size);
  bm_pst_props_raw (props, tag, bytes, size);
}

void
bm_pst_props_int16 (BmPstProps *props, guint32 tag, gint16 value)
{
  put_number (props, tag, (guint16) value, 2);
}

void
bm_pst_props_int32 (BmPstProps *props, guint32 tag, gint32 value)
{
  put_number (props, tag, (guint32) value, 4);
}

void
bm_pst_props_int64 (BmPstProps *props, guint32 tag, gint64 value)
{
  put_number (props, tag, (guint64) value, 8);
}

void
bm_pst_props_bool (BmPstProps *props, guint32 tag, gboolean value)
{
  put_number (props, tag, value ? 1 : 0, 1);
}

void
bm_pst_props_double (BmPstProps *props, guint32 tag, gdouble value)
{
  guint64 bits = 0;

  memcpy (&bits, &value, sizeof (bits));
  put_number (props, tag, bits, 8);
}

void
bm_pst_props_filetime (BmPstProps *props, guint32 tag, gint64 ticks)
{
  put_number (props, tag, (guint64) ticks, 8);
}

void
bm_pst_props_string (BmPstProps *props, guint32 tag, const gchar *utf8)
{
  glong n = 0;
  g_autofree gunichar2 *utf16 = g_utf8_to_utf16 (utf8, -1, NULL, &n, NULL);

  g_return_if_fail (utf16 != NULL);
  for (glong i = 0; i < n; i++)
    utf16[i] = GUINT16_TO_LE (utf16[i]);
  bm_pst_props_raw (props, tag, utf16, (gsize) n * 2);
}

void
bm_pst_props_string8 (BmPstProps *props, guint32 tag, const gchar *bytes, gssize size)
{
  bm_pst_props_raw (props, tag, bytes, size < 0 ? strlen (bytes) : (gsize) size);
}

void
bm_pst_props_binary (BmPstProps *props, guint32 tag, gconstpointer data, gsize size)
{
  bm_pst_props_raw (props, tag, data, size);
}

void
bm_pst_props_mv_binary (BmPstProps *props, guint32 tag, GBytes *const *values, guint n)
{
  g_autoptr (GByteArray) all = g_byte_array_new ();

  g_byte_array_set_size (all, 4 + 4 * n);
  bm_pst_writer_put (all->data, n, 4);
  for (guint i = 0; i < n; i++) {
    gsize size = 0;
    const guint8 *data = g_bytes_get_data (values[i], &size);

    bm_pst_writer_put (all->data + 4 + 4 * i, all->len, 4);
    if (size > 0)
      g_byte_array_append (all, data, (guint) size);
  }
  bm_pst_props_raw (props, tag, all->data, all->len);
}

void
bm_pst_props_mv_string (BmPstProps *props, guint32 tag, const gchar *const *utf8)
{
  g_autoptr (GPtrArray) values = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);

  for (; *utf8 != NULL; utf8++) {
    glong n = 0;
    gunichar2 *utf16 = g_utf8_to_utf16 (*utf8, -1, NULL, &n, NULL);

    g_return_if_fail (utf16 != NULL);
    g_ptr_array_add (values, g_bytes_new_take (utf16, (gsize) n * 2));
  }
  bm_pst_props_mv_binary (props, tag, (GBytes *const *) values->pdata, values->len);
}

void
bm_pst_props_mv_int32 (BmPstProps *props, guint32 tag, const gint32 *values, guint n)
{
  g_autofree guint8 *bytes = g_malloc (4 * n + 1);

  for (guint i = 0; i < n; i++)
    bm_pst_writer_put (bytes + 4 * i, (guint32) values[i], 4);
  bm_pst_props_raw (props, tag, bytes, 4 * n);
}

const guint8 *
bm_pst_props_find (const BmPstProps *props, guint16 id, guint16 type, gsize *size)
{
  for (guint i = 0; props != NULL && i < props->entries->len; i++) {
    const Entry *entry = &g_array_index (props->entries, Entry, i);

    if (entry->tag >> 16 != id || (type != 0 && (entry->tag & 0xFFFF) != type))
      continue;
    if (size != NULL)
      *size = entry->size;
    return props->bytes->data != NULL ? props->bytes->data + entry->offset : (const guint8 *) "";
  }
  return NULL;
}

guint
bm_pst_props_length (const BmPstProps *props)
{
  return props != NULL ? props->entries->len : 0;
}

const guint8 *
bm_pst_props_nth (const BmPstProps *props, guint n, guint32 *tag, gsize *size)
{
  const Entry *entry = &g_array_index (props->entries, Entry, n);

  *tag = entry->tag;
  *size = entry->size;
  return props->bytes->data != NULL ? props->bytes->data + entry->offset : (const guint8 *) "";
}
