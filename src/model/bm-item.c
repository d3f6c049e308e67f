/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Items and their properties: see bm-pst-import/item.h. Plain data; must not know where it was
 * read. One thread at a time. */
#include <bm-pst-import/item.h>

#include "base/bm-spool.h"
#include <string.h>

struct _BmProps {
  GArray *list;      /* BmProp */
  GHashTable *by_id; /* id -> index + 1, ids < 0x8000 */
};

#define FILETIME_EPOCH   G_GINT64_CONSTANT (116444736000000000) /* 1970 in 100 ns since 1601 */
#define FILETIME_NONE    G_GINT64_CONSTANT (0x0CB34557A3DD4000) /* 1/1/4501: "no date" */
#define FILETIME_ONE_DAY G_GINT64_CONSTANT (864000000000)

static void
prop_clear (gpointer data)
{
  bm_prop_clear (data);
}

BmProps *
bm_props_new (void)
{
  BmProps *props = g_new0 (BmProps, 1);
  props->list = g_array_new (FALSE, TRUE, sizeof (BmProp));
  g_array_set_clear_func (props->list, prop_clear);
  props->by_id = g_hash_table_new (NULL, NULL);
  return props;
}

void
bm_props_free (BmProps *props)
{
  if (props == NULL)
    return;
  g_array_unref (props->list);
  g_hash_table_unref (props->by_id);
  g_free (props);
}

void
bm_prop_clear (BmProp *prop)
{
  g_clear_pointer (&prop->text, g_free);
  g_clear_pointer (&prop->data, g_bytes_unref);
  g_clear_pointer (&prop->texts, g_ptr_array_unref);
  g_clear_pointer (&prop->datas, g_ptr_array_unref);
  g_clear_pointer (&prop->integers, g_array_unref);
}

void
bm_props_take (BmProps *props, BmProp *prop)
{
  if (prop->id < 0x8000) {
    if (g_hash_table_contains (props->by_id, GUINT_TO_POINTER (prop->id))) {
      bm_prop_clear (prop);
      return;
    }
    g_hash_table_insert (props->by_id, GUINT_TO_POINTER (prop->id),
                         GUINT_TO_POINTER (props->list->len + 1));
  }
  g_array_append_val (props->list, *prop);
  memset (prop, 0, sizeof *prop);
}

void
bm_props_add_copy (BmProps *props, const BmProp *prop)
{
  BmProp copy = *prop;
  copy.text = g_strdup (prop->text);
  if (prop->data != NULL)
    g_bytes_ref (prop->data);
  if (prop->texts != NULL)
    g_ptr_array_ref (prop->texts);
  if (prop->datas != NULL)
    g_ptr_array_ref (prop->datas);
  if (prop->integers != NULL)
    g_array_ref (prop->integers);
  bm_props_take (props, &copy);
}

guint
bm_props_size (const BmProps *props)
{
  return props->list->len;
}

const BmProp *
bm_props_at (const BmProps *props, guint index)
{
  return &g_array_index (props->list, BmProp, index);
}

const BmProp *
bm_props_get (const BmProps *props, guint16 id)
{
  guint slot = GPOINTER_TO_UINT (g_hash_table_lookup (props->by_id, GUINT_TO_POINTER (id)));
  return slot > 0 ? bm_props_at (props, slot - 1) : NULL;
}

const BmProp *
bm_props_get_lid (const BmProps *props, const guint8 guid[16], guint32 lid)
{
  for (guint i = 0; i < props->list->len; i++) {
    const BmProp *prop = bm_props_at (props, i);
    if (prop->id >= 0x8000 && prop->name.name == NULL && prop->name.lid == lid &&
        memcmp (prop->name.guid, guid, 16) == 0)
      return prop;
  }
  return NULL;
}

const BmProp *
bm_props_get_name (const BmProps *props, const guint8 guid[16], const gchar *name)
{
  for (guint i = 0; i < props->list->len; i++) {
    const BmProp *prop = bm_props_at (props, i);
    if (prop->id >= 0x8000 && prop->name.name != NULL &&
        g_ascii_strcasecmp (prop->name.name, name) == 0 && memcmp (prop->name.guid, guid, 16) == 0)
      return prop;
  }
  return NULL;
}

const gchar *
bm_props_text (const BmProps *props, guint16 id)
{
  const BmProp *prop = bm_props_get (props, id);
  return prop != NULL ? prop->text : NULL;
}

gint64
bm_props_int (const BmProps *props, guint16 id, gint64 fallback)
{
  const BmProp *prop = bm_props_get (props, id);
  if (prop == NULL)
    return fallback;
  switch (prop->type) {
  case BM_TYPE_INT16:
  case BM_TYPE_INT32:
  case BM_TYPE_INT64:
  case BM_TYPE_BOOLEAN:
    return prop->integer;
  default:
    return fallback;
  }
}

gboolean
bm_props_bool (const BmProps *props, guint16 id, gboolean fallback)
{
  const BmProp *prop = bm_props_get (props, id);
  return prop != NULL && prop->type == BM_TYPE_BOOLEAN ? prop->integer != 0 : fallback;
}

GBytes *
bm_props_data (const BmProps *props, guint16 id)
{
  const BmProp *prop = bm_props_get (props, id);
  return prop != NULL ? prop->data : NULL;
}

gboolean
bm_prop_time (const BmProp *prop, gint64 *unix_time)
{
  if (prop->type != BM_TYPE_FILETIME)
    return FALSE;
  if (prop->integer < FILETIME_ONE_DAY || prop->integer >= FILETIME_NONE)
    return FALSE;
  gint64 delta = prop->integer - FILETIME_EPOCH;
  *unix_time = delta / 10000000 - (delta % 10000000 < 0);
  return TRUE;
}

gboolean
bm_props_time (const BmProps *props, guint16 id, gint64 *unix_time)
{
  const BmProp *prop = bm_props_get (props, id);
  return prop != NULL && bm_prop_time (prop, unix_time);
}

BmItem *
bm_item_new (void)
{
  BmItem *item = g_new0 (BmItem, 1);
  item->message_class = g_strdup ("");
  item->props = bm_props_new ();
  item->attachments = g_ptr_array_new_with_free_func ((GDestroyNotify) bm_attachment_free);
  return item;
}

void
bm_item_free (BmItem *item)
{
  if (item == NULL)
    return;
  g_free (item->message_class);
  bm_props_free (item->props);
  g_clear_pointer (&item->recipients, g_ptr_array_unref);
  g_ptr_array_unref (item->attachments);
  g_free (item);
}

BmAttachment *
bm_attachment_new (void)
{
  BmAttachment *attachment = g_new0 (BmAttachment, 1);
  attachment->props = bm_props_new ();
  return attachment;
}

void
bm_attachment_free (BmAttachment *attachment)
{
  if (attachment == NULL)
    return;
  bm_props_free (attachment->props);
  bm_spool_free (attachment->data);
  bm_item_free (attachment->embedded);
  g_free (attachment);
}
