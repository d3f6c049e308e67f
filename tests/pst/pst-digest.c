/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* See pst-digest.h. */
#include "pst/pst-digest.h"

#include "base/bm-spool.h"
#include <string.h>

static void
add_number (GChecksum *sum, gint64 number)
{
  g_checksum_update (sum, (const guchar *) &number, sizeof number);
}

static void
add_bytes (GChecksum *sum, GBytes *bytes)
{
  gsize size = 0;
  const guchar *data = bytes != NULL ? g_bytes_get_data (bytes, &size) : NULL;
  add_number (sum, (gint64) size);
  if (size > 0)
    g_checksum_update (sum, data, (gssize) size);
}

static void
add_text (GChecksum *sum, const gchar *text)
{
  g_checksum_update (sum, (const guchar *) (text != NULL ? text : "\1"), -1);
  g_checksum_update (sum, (const guchar *) "", 1);
}

static void
add_props (GChecksum *sum, const BmProps *props)
{
  add_number (sum, bm_props_size (props));
  for (guint i = 0; i < bm_props_size (props); i++) {
    const BmProp *prop = bm_props_at (props, i);
    add_number (sum, prop->id);
    add_number (sum, prop->type);
    g_checksum_update (sum, prop->name.guid, sizeof prop->name.guid);
    add_number (sum, prop->name.lid);
    add_text (sum, prop->name.name);
    add_number (sum, prop->integer);
    add_text (sum, prop->text);
    add_bytes (sum, prop->data);
    for (guint k = 0; prop->texts != NULL && k < prop->texts->len; k++)
      add_text (sum, g_ptr_array_index (prop->texts, k));
    for (guint k = 0; prop->datas != NULL && k < prop->datas->len; k++)
      add_bytes (sum, g_ptr_array_index (prop->datas, k));
    for (guint k = 0; prop->integers != NULL && k < prop->integers->len; k++)
      add_number (sum, g_array_index (prop->integers, gint64, k));
  }
}

static void
add_item (GChecksum *sum, const BmItem *item)
{
  add_text (sum, item->message_class);
  add_props (sum, item->props);
  add_number (sum, item->recipients != NULL ? (gint64) item->recipients->len : -1);
  for (guint i = 0; item->recipients != NULL && i < item->recipients->len; i++)
    add_props (sum, g_ptr_array_index (item->recipients, i));
  add_number (sum, item->attachments->len);
  for (guint i = 0; i < item->attachments->len; i++) {
    const BmAttachment *attachment = g_ptr_array_index (item->attachments, i);
    add_number (sum, attachment->method);
    add_props (sum, attachment->props);
    add_bytes (sum, attachment->data != NULL ? bm_spool_bytes (attachment->data, NULL) : NULL);
    if (attachment->embedded != NULL)
      add_item (sum, attachment->embedded);
  }
}

gchar *
pst_digest (const BmItem *item)
{
  g_autoptr (GChecksum) sum = g_checksum_new (G_CHECKSUM_SHA1);
  add_item (sum, item);
  return g_strdup (g_checksum_get_string (sum));
}

BmPstWindow *
pst_plain_open (BmPst *pst, const gchar *path)
{
  BmPstWindow *plain = g_new0 (BmPstWindow, 1);
  plain->pst = pst;
  if (libpff_file_initialize (&plain->file, NULL) == 1 &&
      libpff_file_open (plain->file, path, LIBPFF_OPEN_READ, NULL) == 1)
    return plain;
  if (plain->file != NULL)
    libpff_file_free (&plain->file, NULL);
  g_free (plain);
  return NULL;
}

void
pst_plain_close (BmPstWindow *plain)
{
  if (plain == NULL)
    return;
  libpff_file_close (plain->file, NULL);
  libpff_file_free (&plain->file, NULL);
  g_free (plain);
}

BmItem *
pst_plain_read (BmPstWindow *plain, guint32 nid)
{
  libpff_item_t *pff = bm_pst_window_item (plain, nid, NULL);
  BmItem *item = pff != NULL ? bm_pst_item_read (plain, pff, NULL) : NULL;
  if (pff != NULL)
    libpff_item_free (&pff, NULL);
  return item;
}
