/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* See bm-frame-census.h. */
#include "reader/bm-frame-census.h"

#include <string.h>

#define TEXT_MAX   (1024 * 1024) /* 64 folders in each other with names of 16 KiB */
#define FOLDER_MIN 30 /* bytes of the smallest folder; bounds the count before anything is made */
#define ITEM_SIZE  12

static void
put_folder (GByteArray *out, const BmFolder *folder)
{
  bm_frame_put_u32 (out, folder->nid);
  bm_frame_put_u32 (out, folder->parent);
  bm_frame_put_u32 (out, folder->path != NULL);
  bm_frame_put_text_max (out, folder->path, TEXT_MAX);
  bm_frame_put_text_max (out, folder->name, TEXT_MAX);
  bm_frame_put_text_max (out, folder->container_class, TEXT_MAX);
  bm_frame_put_u32 (out, (guint32) folder->role);
  bm_frame_put_u32 (out, (guint32) folder->alike);
  bm_frame_put_u32 (out, (guint32) folder->rule);
  bm_frame_put_u32 (out, folder->damaged);
}

GByteArray *
bm_frame_census_write (const BmCensus *census)
{
  GByteArray *out = g_byte_array_new ();
  const guint64 counts[] = {census->file_size, census->nodes,         census->pages,
                            census->bad_pages, census->bad_crc_pages, census->loops,
                            census->duplicates};
  bm_frame_put_u32 (out, census->format);
  bm_frame_put_u32 (out, census->crypt);
  bm_frame_put_u32 (out, census->password);
  for (guint i = 0; i < G_N_ELEMENTS (counts); i++)
    bm_frame_put_u64 (out, counts[i]);
  bm_frame_put_bytes (out, census->record_key, sizeof census->record_key);
  bm_frame_put_bytes (out, census->identity.bytes, sizeof census->identity.bytes);
  bm_frame_put_text_max (out, census->display_name, TEXT_MAX);
  bm_frame_put_u32 (out, census->warnings->len);
  for (guint i = 0; i < census->warnings->len; i++)
    bm_frame_put_text_max (out, g_ptr_array_index (census->warnings, i), TEXT_MAX);
  bm_frame_put_u32 (out, census->folders->len);
  for (guint i = 0; i < census->folders->len; i++)
    put_folder (out, g_ptr_array_index (census->folders, i));
  bm_frame_put_u32 (out, census->items->len);
  for (guint i = 0; i < census->items->len; i++) {
    const BmCensusItem *item = &g_array_index (census->items, BmCensusItem, i);
    bm_frame_put_u32 (out, item->nid);
    bm_frame_put_u32 (out, item->folder);
    bm_frame_put_u32 (out, (guint32) item->rule);
  }
  return out;
}

static BmRule
take_rule (BmFrame *in)
{
  BmRule rule = (BmRule) (gint32) bm_frame_u32 (in);
  if (rule < BM_RULE_NONE || rule >= BM_RULE_LAST)
    in->broken = TRUE;
  return rule;
}

static gboolean
take_folder (BmFrame *in, BmCensus *census)
{
  BmFolder *folder = bm_folder_new ();
  g_ptr_array_add (census->folders, folder);
  folder->nid = bm_frame_u32 (in);
  folder->parent = bm_frame_u32 (in);
  gboolean inside = bm_frame_u32 (in) != 0;
  folder->path = bm_frame_text (in, TEXT_MAX);
  folder->name = bm_frame_text (in, TEXT_MAX);
  folder->container_class = bm_frame_text (in, TEXT_MAX);
  folder->role = (BmRole) bm_frame_u32 (in);
  folder->alike = (BmRole) bm_frame_u32 (in);
  folder->rule = take_rule (in);
  folder->damaged = bm_frame_u32 (in) != 0;
  if (!inside)
    g_clear_pointer (&folder->path, g_free);
  guint n = census->folders->len;
  gboolean ordered =
      n < 2 || ((BmFolder *) g_ptr_array_index (census->folders, n - 2))->nid < folder->nid;
  return !in->broken && folder->role < BM_ROLE_LAST && folder->alike < BM_ROLE_LAST && ordered;
}

static gboolean
take_item (BmFrame *in, BmCensus *census)
{
  BmCensusItem item = {.nid = bm_frame_u32 (in)};
  item.folder = bm_frame_u32 (in);
  item.rule = take_rule (in);
  guint n = census->items->len;
  gboolean ordered = n == 0 || g_array_index (census->items, BmCensusItem, n - 1).nid < item.nid;
  g_array_append_val (census->items, item);
  return !in->broken && ordered;
}

static void
take_fixed (BmFrame *in, guint8 *out, gsize size)
{
  gsize n;
  const guint8 *data = bm_frame_bytes (in, &n);
  if (data == NULL || n != size)
    in->broken = TRUE;
  else
    memcpy (out, data, size);
}

static void
take_head (BmFrame *in, BmCensus *census)
{
  guint64 *const counts[] = {&census->file_size, &census->nodes,         &census->pages,
                             &census->bad_pages, &census->bad_crc_pages, &census->loops,
                             &census->duplicates};
  census->format = (BmPstFormat) bm_frame_u32 (in);
  census->crypt = (BmPstCrypt) bm_frame_u32 (in);
  census->password = bm_frame_u32 (in) != 0;
  for (guint i = 0; i < G_N_ELEMENTS (counts); i++)
    *counts[i] = bm_frame_u64 (in);
  take_fixed (in, census->record_key, sizeof census->record_key);
  take_fixed (in, census->identity.bytes, sizeof census->identity.bytes);
  census->display_name = bm_frame_text (in, TEXT_MAX);
  if (census->format > BM_PST_UNICODE_4K || census->crypt > BM_PST_CRYPT_HIGH)
    in->broken = TRUE;
  guint32 warnings = bm_frame_u32 (in);
  for (guint32 i = 0; i < warnings && !in->broken; i++)
    g_ptr_array_add (census->warnings, bm_frame_text (in, TEXT_MAX));
}

BmCensus *
bm_frame_census_read (GBytes *payload, GError **error)
{
  BmFrame *in = g_new0 (BmFrame, 1); /* too large for the stack */
  g_autoptr (BmCensus) census = bm_census_new ();
  gsize size;
  const guint8 *data = g_bytes_get_data (payload, &size);
  bm_frame_init (in, data, size);
  take_head (in, census);
  guint32 folders = bm_frame_u32 (in);
  gboolean ok = !in->broken && folders <= (size - in->at) / FOLDER_MIN;
  for (guint32 i = 0; i < folders && ok; i++)
    ok = take_folder (in, census);
  guint32 items = ok ? bm_frame_u32 (in) : 0;
  ok = ok && items <= (size - in->at) / ITEM_SIZE;
  for (guint32 i = 0; i < items && ok; i++)
    ok = take_item (in, census);
  ok = ok && bm_frame_finished (in);
  g_free (in);
  if (ok)
    return g_steal_pointer (&census);
  g_set_error_literal (error, BM_ERROR, BM_CAUSE_INVALID_MESSAGE,
                       "the reader's census is not well-formed");
  return NULL;
}
