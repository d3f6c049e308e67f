/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* See bm-pst-salvage.h. A message node ([MS-PST] 2.4.5) to one BmItem: its property context, the
 * recipient table 0x692, the attachment table 0x671, attachments and the messages in them. Whatever
 * cannot be read is left out and noted. One thread. */
#include "pst/bm-pst-salvage.h"
#include "pst/bm-pst-remains.h"

#include "base/bm-le.h"
#include "base/bm-spool.h"
#include <string.h>

#define NID_RECIPIENTS        0x692u
#define NID_ATTACHMENTS       0x671u
#define NID_TYPE_ATTACHMENT   5
#define TAG_MESSAGE_CODEPAGE  0x3ffd
#define TAG_INTERNET_CODEPAGE 0x3fde
#define TAG_LOCALE            0x3ff1
#define EMBEDDED_MAX          1000 /* messages in one item, at any depth */
#define WHOLE                 16   /* losses of this weight: see bm_pst_losses */
#define LARGE                 (16u << 20)
#define LEVELS_MAX            (3 * BM_PST_DEPTH_MAX) /* message, attachment, value */
#define LOOKED_AT_MAX         10000

typedef struct {
  BmPstBlocks blocks;
  const BmPstNode *node;
  guint depth, embedded;
} Salvage;

static BmItem *read_message (Salvage *salvage, guint64 data, guint64 sub, GError **error);

static guint32
int32_of (const GArray *cells, guint16 id)
{
  for (guint i = 0; i < cells->len; i++) {
    const BmPstCell *cell = &g_array_index (cells, BmPstCell, i);
    if (cell->id == id && cell->type == BM_TYPE_INT32)
      return bm_le32 (cell->cell);
  }
  return 0;
}

/* The begin of these says much. */
static gboolean
is_text_of_message (guint16 id)
{
  return id == BM_PST_TAG_TEXT || id == BM_PST_TAG_RTF || id == BM_PST_TAG_HTML ||
         id == BM_PST_TAG_HEADERS;
}

void
bm_pst_salvage_add (BmPstHeap *heap, const GArray *cells, const BmPstStrings *strings,
                    gboolean skip_data, BmProps *props)
{
  for (guint i = 0; i < cells->len; i++) {
    const BmPstCell *cell = &g_array_index (cells, BmPstCell, i);
    BmProp prop = {.id = cell->id, .type = cell->type};
    guint8 *data;
    gsize size;
    if (skip_data && cell->id == BM_PST_TAG_DATA)
      continue;
    if (!bm_pst_heap_value (heap, cell, &data, &size)) {
      if (is_text_of_message (cell->id))
        data = bm_pst_heap_value_begin (heap, cell, &size);
      bm_pst_note_lost (strings, cell->id);
      if (data == NULL)
        continue;
    }
    if (cell->id >= 0x8000)
      prop.name = bm_pst_name_of_id (strings, cell->id);
    if (!bm_pst_props_add (props, &prop, data, size, strings))
      bm_notes_add (strings->notes, BM_NOTE_UNREADABLE_PROPERTY);
  }
}

static BmProps *
props_of_cells (BmPstHeap *heap, const GArray *cells, const BmPstStrings *strings,
                gboolean skip_data)
{
  BmProps *props = bm_props_new ();
  bm_pst_salvage_add (heap, cells, strings, skip_data, props);
  return props;
}

/* The table context in this sub-node; NULL when there is none, with *broken set when it is not for
 * want of a sub-node. *heap is the caller's to close, after the table. */
static BmPstTable *
open_table (BmPstHeap *message, guint32 nid, guint max, BmPstHeap **heap, gboolean *broken)
{
  gboolean whole = message->whole;
  const BmPstSub *sub = bm_pst_subs_find (message->subs, nid);
  BmPstTable *table = NULL;
  *heap = NULL;
  if (sub != NULL) {
    *heap = bm_pst_heap_open (message->blocks, sub->data, sub->sub, BM_PST_HEAP_TABLE, NULL);
    table = *heap != NULL ? bm_pst_table_open (*heap, max, &whole) : NULL;
    whole &= table != NULL;
  }
  *broken = !whole;
  return table;
}

static void
read_recipients (BmItem *item, BmPstHeap *message, const BmPstStrings *strings)
{
  g_autoptr (BmPstHeap) heap = NULL;
  gboolean broken;
  g_autoptr (BmPstTable) table =
      open_table (message, NID_RECIPIENTS, BM_PST_RECIPIENTS_MAX, &heap, &broken);
  if (broken)
    bm_notes_add (&item->notes, BM_NOTE_UNREADABLE_PROPERTY);
  if (table == NULL)
    return;
  item->recipients = g_ptr_array_new_with_free_func ((GDestroyNotify) bm_props_free);
  for (guint i = 0; i < bm_pst_table_length (table); i++) {
    guint32 id;
    g_autoptr (GArray) cells = bm_pst_table_row (table, i, &id);
    if (cells != NULL)
      g_ptr_array_add (item->recipients, props_of_cells (heap, cells, strings, FALSE));
    else
      bm_notes_add (&item->notes, BM_NOTE_UNREADABLE_PROPERTY);
  }
}

/* ---- attachments ---- */

typedef struct {
  BmSpool *spool;
  gboolean ok;
  GError **error;
} Pour;

static gboolean
pour (gpointer user_data, GBytes *data)
{
  Pour *into = user_data;
  gsize size = 0;
  const guint8 *bytes = data != NULL ? g_bytes_get_data (data, &size) : NULL;
  if (bytes == NULL)
    return FALSE; /* what follows a hole would be at the wrong place */
  into->ok = bm_spool_write (into->spool, bytes, size, into->error);
  return into->ok;
}

static gboolean
read_data (BmPstHeap *heap, const BmPstCell *cell, BmAttachment *attachment, GError **error)
{
  const BmPstSub *sub = bm_pst_heap_value_node (heap, cell);
  attachment->data = bm_spool_new ();
  if (sub != NULL) {
    Pour into = {attachment->data, TRUE, error};
    attachment->damaged |= !bm_pst_data_walk (heap->blocks, sub->data, pour, &into);
    if (!into.ok)
      return FALSE;
  } else if (cell->type != BM_TYPE_OBJECT) {
    g_autofree guint8 *data = NULL;
    gsize size = 0;
    attachment->damaged |= !bm_pst_heap_value (heap, cell, &data, &size);
    if (size > 0 && !bm_spool_write (attachment->data, data, size, error))
      return FALSE;
  } else {
    attachment->damaged = TRUE;
  }
  attachment->damaged |= bm_pst_attachment_is_short (attachment);
  return bm_spool_seal (attachment->data, error);
}

static void
read_embedded (Salvage *salvage, BmItem *parent, BmPstHeap *heap, const BmPstCell *cell,
               BmAttachment *attachment)
{
  const BmPstSub *sub = bm_pst_heap_value_node (heap, cell);
  if (salvage->depth >= BM_PST_DEPTH_MAX || salvage->embedded >= EMBEDDED_MAX) {
    bm_notes_add (&parent->notes, BM_NOTE_NESTING_CUT);
    return;
  }
  salvage->depth++;
  salvage->embedded++;
  if (sub != NULL)
    attachment->embedded = read_message (salvage, sub->data, sub->sub, NULL);
  salvage->depth--;
  attachment->damaged |= attachment->embedded == NULL;
}

static const BmPstCell *
data_cell (const GArray *cells)
{
  for (guint i = 0; i < cells->len; i++) {
    const BmPstCell *cell = &g_array_index (cells, BmPstCell, i);
    if (cell->id == BM_PST_TAG_DATA)
      return cell;
  }
  return NULL;
}

/* What the attachment holds, by its method. FALSE only when a spool fails. */
static gboolean
read_content (Salvage *salvage, BmItem *item, BmPstHeap *heap, const GArray *cells,
              BmAttachment *attachment, GError **error)
{
  const BmPstCell *cell = data_cell (cells);
  gboolean has_data =
      attachment->method == BM_ATTACH_BY_VALUE || attachment->method == BM_ATTACH_OLE;
  if (attachment->method == BM_ATTACH_EMBEDDED && cell != NULL)
    read_embedded (salvage, item, heap, cell, attachment);
  else if (attachment->method == BM_ATTACH_EMBEDDED)
    attachment->damaged = TRUE;
  else if (has_data && cell != NULL)
    return read_data (heap, cell, attachment, error);
  else if (has_data)
    attachment->damaged = TRUE;
  return TRUE;
}

/* From the sub-node of the message that is the attachment; one without is lost. */
static gboolean
read_attachment (Salvage *salvage, BmItem *item, const BmPstSub *sub, const BmPstStrings *strings,
                 GError **error)
{
  g_autoptr (BmAttachment) attachment = bm_attachment_new ();
  g_autoptr (BmPstHeap) heap = NULL;
  gboolean whole = FALSE, ok = TRUE;
  if (sub != NULL)
    heap = bm_pst_heap_open (&salvage->blocks, sub->data, sub->sub, BM_PST_HEAP_PROPERTIES, NULL);
  attachment->method = BM_ATTACH_BY_VALUE;
  if (heap != NULL) {
    g_autoptr (GArray) cells = bm_pst_heap_properties (heap, &whole);
    bm_props_free (attachment->props);
    attachment->props = props_of_cells (heap, cells, strings, TRUE);
    attachment->method =
        (gint) bm_props_int (attachment->props, BM_PST_TAG_METHOD, BM_ATTACH_BY_VALUE);
    ok = read_content (salvage, item, heap, cells, attachment, error);
  }
  attachment->damaged |= !whole;
  if (ok)
    g_ptr_array_add (item->attachments, g_steal_pointer (&attachment));
  return ok;
}

/* The sub-nodes that are attachments, whatever the table says. Some may be missing when not all
 * sub-nodes are there, or when there are too many. */
static void
nids_by_type (BmItem *item, const BmPstHeap *message, GArray *nids)
{
  gboolean all = message->whole;
  for (guint i = 0; i < message->subs->len; i++) {
    guint32 nid = g_array_index (message->subs, BmPstSub, i).nid;
    if ((nid & 0x1f) != NID_TYPE_ATTACHMENT)
      continue;
    if (nids->len < BM_PST_ATTACHMENTS_MAX)
      g_array_append_val (nids, nid);
    else
      all = FALSE;
  }
  if (!all)
    bm_notes_add (&item->notes, BM_NOTE_ATTACHMENT_DAMAGED);
}

/* The nids of the attachments by their table; when it is broken, by their type. */
static GArray *
attachment_nids (BmItem *item, BmPstHeap *message)
{
  GArray *nids = g_array_new (FALSE, FALSE, sizeof (guint32));
  g_autoptr (BmPstHeap) heap = NULL;
  gboolean broken;
  g_autoptr (BmPstTable) table =
      open_table (message, NID_ATTACHMENTS, BM_PST_ATTACHMENTS_MAX, &heap, &broken);
  for (guint i = 0; !broken && table != NULL && i < bm_pst_table_length (table); i++) {
    guint32 nid;
    g_autoptr (GArray) cells = bm_pst_table_row (table, i, &nid);
    if (cells != NULL)
      g_array_append_val (nids, nid);
    broken |= cells == NULL;
  }
  if (!broken)
    return nids;
  g_array_set_size (nids, 0);
  bm_notes_add (&item->notes, BM_NOTE_UNREADABLE_PROPERTY);
  nids_by_type (item, message, nids);
  return nids;
}

/* All of its own properties are lost. FALSE when nothing else of it is left either. */
static gboolean
read_remains (Salvage *salvage, BmPstHeap *heap, const BmPstStrings *strings, BmProps *props)
{
  const guint type = salvage->node->nid & 0x1f;
  gboolean found = bm_pst_remains_of_values (heap, strings, props);
  for (guint i = 0; i < heap->subs->len && !found; i++)
    found = (g_array_index (heap->subs, BmPstSub, i).nid & 0x1f) == NID_TYPE_ATTACHMENT;
  if (salvage->depth == 0 && (type == BM_NID_MESSAGE || type == BM_NID_ASSOCIATED))
    found |= bm_pst_remains_of_row (heap->blocks->pst, salvage->node, strings, props);
  return found;
}

/* NULL when there are none at all. */
static BmProps *
read_props (Salvage *salvage, BmItem *item, BmPstHeap *heap)
{
  gboolean whole = FALSE;
  g_autoptr (BmProps) props = bm_props_new ();
  g_autoptr (GArray) cells = bm_pst_heap_properties (heap, &whole);
  item->codepage =
      bm_pst_codepage_of (heap->blocks->pst, int32_of (cells, TAG_MESSAGE_CODEPAGE),
                          int32_of (cells, TAG_INTERNET_CODEPAGE), int32_of (cells, TAG_LOCALE));
  BmPstStrings strings = bm_pst_item_strings (heap->blocks->pst, item);
  bm_pst_salvage_add (heap, cells, &strings, FALSE, props);
  if (!whole) {
    bm_notes_add (&item->notes, BM_NOTE_UNREADABLE_PROPERTY);
    item->damaged = TRUE;
  }
  if (cells->len == 0 && !read_remains (salvage, heap, &strings, props))
    return NULL;
  if (cells->len > 0 && salvage->depth == 0 &&
      bm_notes_has (item->notes, BM_NOTE_UNREADABLE_PROPERTY))
    bm_pst_remains_of_row (heap->blocks->pst, salvage->node, &strings, props);
  return g_steal_pointer (&props);
}

static BmItem *
read_message (Salvage *salvage, guint64 data, guint64 sub, GError **error)
{
  g_autoptr (GError) lost = NULL;
  g_autoptr (BmItem) item = bm_item_new ();
  g_autoptr (BmPstHeap) heap =
      bm_pst_heap_open (&salvage->blocks, data, sub, BM_PST_HEAP_PROPERTIES, &lost);
  if (heap == NULL)
    heap = bm_pst_heap_open_empty (&salvage->blocks, sub);
  BmProps *props = read_props (salvage, item, heap);
  if (props == NULL) {
    g_set_error (error, BM_ERROR, BM_CAUSE_UNREADABLE, "it has no property to be read%s%s",
                 lost != NULL ? ": " : "", lost != NULL ? lost->message : "");
    return NULL;
  }
  BmPstStrings strings = bm_pst_item_strings (heap->blocks->pst, item);
  if (bm_pst_item_set_props (item, props, salvage->depth > 0))
    return g_steal_pointer (&item);
  read_recipients (item, heap, &strings);
  g_autoptr (GArray) nids = attachment_nids (item, heap);
  for (guint i = 0; i < nids->len; i++)
    if (!read_attachment (salvage, item,
                          bm_pst_subs_find (heap->subs, g_array_index (nids, guint32, i)), &strings,
                          error))
      return NULL;
  return g_steal_pointer (&item);
}

BmItem *
bm_pst_salvage_item (BmPst *pst, guint32 nid, GError **error)
{
  const BmPstNode *node = bm_pst_node (pst, nid);
  Salvage salvage = {.blocks = bm_pst_blocks_begin (pst), .node = node};
  if (node == NULL) {
    g_set_error_literal (error, BM_ERROR, BM_CAUSE_UNREADABLE, "the index has no such node");
    return NULL;
  }
  BmItem *item = read_message (&salvage, node->data, node->sub, error);
  if (item != NULL && salvage.blocks.damaged > 0)
    bm_notes_add (&item->notes, BM_NOTE_DAMAGED_BLOCK);
  return item;
}

static gboolean
has_large (BmPstBlocks *blocks, guint64 sub, guint level, guint *looked_at)
{
  gboolean whole;
  if (sub == 0 || level >= LEVELS_MAX)
    return FALSE;
  g_autoptr (GArray) subs = bm_pst_subs_read (blocks, sub, &whole);
  for (guint i = 0; i < subs->len && (*looked_at)++ < LOOKED_AT_MAX; i++) {
    const BmPstSub *one = &g_array_index (subs, BmPstSub, i);
    if (bm_pst_data_size (blocks, one->data) > LARGE ||
        has_large (blocks, one->sub, level + 1, looked_at))
      return TRUE;
  }
  return FALSE;
}

gboolean
bm_pst_salvage_is_large (BmPst *pst, guint32 nid)
{
  const BmPstNode *node = bm_pst_node (pst, nid);
  BmPstBlocks blocks = bm_pst_blocks_begin (pst);
  guint looked_at = 0;
  return node != NULL && has_large (&blocks, node->sub, 0, &looked_at);
}

BmProps *
bm_pst_salvage_props (BmPst *pst, guint32 nid, BmNotes *notes)
{
  const BmPstNode *node = bm_pst_node (pst, nid);
  BmPstBlocks blocks = bm_pst_blocks_begin (pst);
  BmPstStrings strings = bm_pst_file_strings (pst, notes);
  gboolean whole;
  if (node == NULL)
    return NULL;
  g_autoptr (BmPstHeap) heap =
      bm_pst_heap_open (&blocks, node->data, node->sub, BM_PST_HEAP_PROPERTIES, NULL);
  if (heap == NULL)
    return NULL;
  g_autoptr (GArray) cells = bm_pst_heap_properties (heap, &whole);
  if (!whole)
    bm_notes_add (notes, BM_NOTE_UNREADABLE_PROPERTY);
  BmProps *props = cells->len > 0 ? props_of_cells (heap, cells, &strings, FALSE) : NULL;
  if (blocks.damaged > 0)
    bm_notes_add (notes, BM_NOTE_DAMAGED_BLOCK);
  return props;
}

guint
bm_pst_losses (const BmItem *item)
{
  guint losses = bm_notes_has (item->notes, BM_NOTE_UNREADABLE_PROPERTY) +
                 WHOLE * bm_notes_has (item->notes, BM_NOTE_ATTACHMENT_DAMAGED);
  for (guint i = 0; i < item->attachments->len; i++) {
    const BmAttachment *attachment = g_ptr_array_index (item->attachments, i);
    losses += WHOLE * attachment->damaged;
    if (attachment->embedded != NULL)
      losses += bm_pst_losses (attachment->embedded);
  }
  return losses;
}

static guint64
amount_of_props (const BmProps *props)
{
  guint64 amount = 0;
  for (guint i = 0; i < bm_props_size (props); i++) {
    const BmProp *prop = bm_props_at (props, i);
    amount += prop->text != NULL ? strlen (prop->text) : 0;
    amount += prop->data != NULL ? g_bytes_get_size (prop->data) : 0;
    amount += (prop->integer != 0) + (prop->real != 0);
    amount += prop->integers != NULL ? 8 * (guint64) prop->integers->len : 0;
    for (guint k = 0; prop->texts != NULL && k < prop->texts->len; k++)
      amount += strlen (g_ptr_array_index (prop->texts, k));
    for (guint k = 0; prop->datas != NULL && k < prop->datas->len; k++)
      amount += g_bytes_get_size (g_ptr_array_index (prop->datas, k));
  }
  return amount;
}

guint64
bm_pst_amount (const BmItem *item)
{
  guint64 amount = amount_of_props (item->props);
  for (guint i = 0; item->recipients != NULL && i < item->recipients->len; i++)
    amount += amount_of_props (g_ptr_array_index (item->recipients, i));
  for (guint i = 0; i < item->attachments->len; i++) {
    const BmAttachment *attachment = g_ptr_array_index (item->attachments, i);
    amount += amount_of_props (attachment->props);
    amount += attachment->data != NULL ? bm_spool_size (attachment->data) : 0;
    if (attachment->embedded != NULL)
      amount += bm_pst_amount (attachment->embedded);
  }
  return amount;
}
