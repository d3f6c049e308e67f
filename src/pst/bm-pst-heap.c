/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* See bm-pst-heap.h. Every index, offset and count is checked against the block that it points
 * into; trees on the heap are at most as deep as the format can need, and visit no more records
 * than a context may hold. One thread. */
#include "pst/bm-pst-heap.h"

#include "base/bm-le.h"
#include <bm-pst-import/item.h>
#include <string.h>

#define LEVELS_MAX  8
#define RECORDS_MAX 200000 /* of one tree, index records too */
#define PAGES_MAX   65536  /* blocks of a heap: what an HID can name */
#define COLUMNS_MAX 4096
#define SIGNATURE   0xec
#define TREE        0xb5

static void
free_page (gpointer page)
{
  if (page != NULL)
    g_bytes_unref (page);
}

static gboolean
take_page (gpointer user_data, GBytes *data)
{
  GPtrArray *pages = user_data;
  g_ptr_array_add (pages, data != NULL ? g_bytes_ref (data) : NULL);
  return pages->len < PAGES_MAX;
}

BmPstHeap *
bm_pst_heap_open (BmPstBlocks *blocks, guint64 data, guint64 sub, guint kind, GError **error)
{
  g_autoptr (BmPstHeap) heap = g_new0 (BmPstHeap, 1);
  gsize size = 0;
  heap->blocks = blocks;
  heap->pages = g_ptr_array_new_with_free_func (free_page);
  heap->whole = bm_pst_data_walk (blocks, data, take_page, heap->pages);
  GBytes *first = heap->pages->len > 0 ? g_ptr_array_index (heap->pages, 0) : NULL;
  const guint8 *header = first != NULL ? g_bytes_get_data (first, &size) : NULL;
  if (size < 12 || header[2] != SIGNATURE || header[3] != kind) { /* HNHDR, 2.3.1.2 */
    g_set_error (error, BM_ERROR, BM_CAUSE_UNREADABLE, "its heap cannot be read: %s",
                 first == NULL ? "the block is not there" : "the block holds none");
    return NULL;
  }
  gboolean whole;
  heap->root = bm_le32 (header + 4);
  heap->subs = bm_pst_subs_read (blocks, sub, &whole);
  heap->whole &= whole;
  return g_steal_pointer (&heap);
}

BmPstHeap *
bm_pst_heap_open_empty (BmPstBlocks *blocks, guint64 sub)
{
  BmPstHeap *heap = g_new0 (BmPstHeap, 1);
  gboolean whole;
  heap->blocks = blocks;
  heap->pages = g_ptr_array_new_with_free_func (free_page);
  heap->subs = bm_pst_subs_read (blocks, sub, &whole);
  return heap;
}

void
bm_pst_heap_close (BmPstHeap *heap)
{
  if (heap == NULL)
    return;
  g_ptr_array_unref (heap->pages);
  g_clear_pointer (&heap->subs, g_array_unref);
  g_free (heap);
}

/* The allocation that an HID names, 2.3.1.1 and 2.3.1.5; NULL when there is none. */
static const guint8 *
allocation (const BmPstHeap *heap, guint32 hid, gsize *size)
{
  gboolean big = heap->blocks->pst->format == BM_PST_UNICODE_4K; /* 14 bits of index, not 11 */
  guint index = hid >> 5 & (big ? 0x3fff : 0x7ff), page = hid >> (big ? 19 : 16);
  gsize n = 0;
  GBytes *bytes = page < heap->pages->len ? g_ptr_array_index (heap->pages, page) : NULL;
  const guint8 *data = bytes != NULL ? g_bytes_get_data (bytes, &n) : NULL;
  if (data == NULL || (hid & 0x1f) != 0 || index == 0 || n < 2)
    return NULL;
  gsize map = bm_le16 (data); /* HNPAGEMAP */
  if (map + 4 > n || index > bm_le16 (data + map) || map + 4 + 2 * (index + 1) > n)
    return NULL;
  gsize from = bm_le16 (data + map + 2 + 2 * index);
  gsize to = bm_le16 (data + map + 4 + 2 * index);
  if (from > to || to > n)
    return NULL;
  *size = to - from;
  return data + from;
}

/* ---- trees on the heap, 2.3.2 ---- */

typedef struct {
  const BmPstHeap *heap;
  guint key, value, left;
  GByteArray *records;
  gboolean whole;
} Tree;

static void
walk_tree (Tree *tree, guint32 hid, guint level)
{
  gsize size = 0, record = tree->key + (level > 0 ? 4 : tree->value);
  const guint8 *data = allocation (tree->heap, hid, &size);
  if (data == NULL) {
    tree->whole = FALSE;
    return;
  }
  guint n = (guint) (size / record);
  if (n > tree->left) {
    tree->whole = FALSE;
    n = tree->left;
  }
  tree->left -= n;
  if (level == 0)
    g_byte_array_append (tree->records, data, (guint) (n * record));
  for (guint i = 0; level > 0 && i < n; i++)
    walk_tree (tree, bm_le32 (data + i * record + tree->key), level - 1);
}

/* All records, one after the other; NULL when hid names no tree with such keys. *value: bytes of a
 * record behind its key. */
static GByteArray *
read_tree (const BmPstHeap *heap, guint32 hid, guint key, guint *value, gboolean *whole)
{
  gsize size = 0;
  const guint8 *header = allocation (heap, hid, &size);
  if (header == NULL || size < 8 || header[0] != TREE || header[1] != key ||
      header[3] > LEVELS_MAX || header[2] < *value)
    return NULL;
  Tree tree = {heap, key, header[2], RECORDS_MAX, g_byte_array_new (), TRUE};
  guint32 root = bm_le32 (header + 4);
  if (root != 0)
    walk_tree (&tree, root, header[3]);
  *value = tree.value;
  *whole &= tree.whole;
  return tree.records;
}

/* ---- property context, 2.3.3 ---- */

GArray *
bm_pst_heap_properties (BmPstHeap *heap, gboolean *whole)
{
  GArray *cells = g_array_new (FALSE, TRUE, sizeof (BmPstCell));
  guint value = 6;
  *whole = heap->whole;
  g_autoptr (GByteArray) records = read_tree (heap, heap->root, 2, &value, whole);
  if (records == NULL)
    *whole = FALSE;
  for (guint at = 0; records != NULL && at + 2 + value <= records->len; at += 2 + value) {
    const guint8 *record = records->data + at;
    BmPstCell cell = {.id = bm_le16 (record), .type = bm_le16 (record + 2), .size = 4};
    memcpy (cell.cell, record + 4, 4);
    /* one writer (Aspose) leaves room for more: records of zeros are no properties */
    if (cell.id != 0 || cell.type != 0 || bm_le32 (cell.cell) != 0)
      g_array_append_val (cells, cell);
  }
  return cells;
}

/* ---- values ---- */

/* Bytes of the types of fixed size; 0 for those of variable size, -1 for what is none.
 * [MS-OXCDATA] 2.11.1 */
static gint
fixed_size (guint16 type)
{
  switch (type) {
  case BM_TYPE_BOOLEAN:
    return 1;
  case BM_TYPE_INT16:
    return 2;
  case BM_TYPE_INT32:
  case BM_TYPE_FLOAT:
  case 0x000a: /* an error code */
    return 4;
  case BM_TYPE_DOUBLE:
  case BM_TYPE_CURRENCY:
  case BM_TYPE_APPTIME:
  case BM_TYPE_INT64:
  case BM_TYPE_FILETIME:
    return 8;
  case BM_TYPE_OBJECT:
  case BM_TYPE_STRING8:
  case BM_TYPE_UNICODE:
  case BM_TYPE_GUID:
  case BM_TYPE_BINARY:
    return 0;
  default:
    break;
  }
  guint16 base = type & (guint16) ~BM_TYPE_MV;
  gboolean many = (type & BM_TYPE_MV) != 0 && base != BM_TYPE_OBJECT && base != 0x000a &&
                  base != BM_TYPE_BOOLEAN && fixed_size (base) >= 0;
  return many ? 0 : -1;
}

const BmPstSub *
bm_pst_heap_value_node (BmPstHeap *heap, const BmPstCell *cell)
{
  guint32 hnid = bm_le32 (cell->cell);
  gsize size = 0;
  if (cell->type == BM_TYPE_OBJECT) { /* 2.3.3.5: nid and size stand in the heap */
    const guint8 *object = allocation (heap, hnid, &size);
    hnid = size >= 4 && object != NULL ? bm_le32 (object) : 0;
  }
  return (hnid & 0x1f) != 0 ? bm_pst_subs_find (heap->subs, hnid) : NULL;
}

gboolean
bm_pst_heap_value (BmPstHeap *heap, const BmPstCell *cell, guint8 **data, gsize *size)
{
  gint fixed = fixed_size (cell->type);
  guint32 hnid = bm_le32 (cell->cell);
  *data = NULL;
  *size = 0;
  if (fixed < 0)
    return FALSE;
  if (fixed > 0 && (guint) fixed <= cell->size) {
    *size = (gsize) fixed;
    *data = g_memdup2 (cell->cell, *size);
    return TRUE;
  }
  if (hnid == 0)
    return TRUE;
  if ((hnid & 0x1f) == 0) {
    gsize n = 0;
    const guint8 *found = allocation (heap, hnid, &n);
    if (found == NULL || n > heap->blocks->left)
      return FALSE;
    heap->blocks->left -= n; /* a thousand properties may name one allocation */
    *data = n > 0 ? g_memdup2 (found, n) : NULL;
    *size = n;
    return TRUE;
  }
  const BmPstSub *sub = bm_pst_subs_find (heap->subs, hnid);
  GByteArray *bytes =
      sub != NULL ? bm_pst_data_read (heap->blocks, sub->data, BM_PST_VALUE_MAX) : NULL;
  if (bytes == NULL)
    return FALSE;
  *size = bytes->len;
  *data = g_byte_array_free (bytes, FALSE);
  return TRUE;
}

guint8 *
bm_pst_heap_value_begin (BmPstHeap *heap, const BmPstCell *cell, gsize *size)
{
  const BmPstSub *sub = bm_pst_heap_value_node (heap, cell);
  GByteArray *bytes =
      sub != NULL ? bm_pst_data_begin (heap->blocks, sub->data, BM_PST_VALUE_MAX) : NULL;
  *size = bytes != NULL ? bytes->len : 0;
  return bytes != NULL ? g_byte_array_free (bytes, bytes->len == 0) : NULL;
}

/* ---- table context, 2.3.4 ---- */

typedef struct {
  guint16 id, type;
  guint offset, size, bit;
} Column;

struct _BmPstTable {
  Column *columns;
  guint n_columns, row_size, bits_at; /* where the bits begin that tell which cells exist */
  guint32 index, matrix;
  GPtrArray *pages; /* GBytes *: the row matrix */
  guint per_page;   /* rows */
  GArray *numbers;  /* guint32: rows of the matrix, in the order of the index */
};

static gboolean
read_columns (const BmPstHeap *heap, BmPstTable *table)
{
  gsize size = 0;
  const guint8 *info = allocation (heap, heap->root, &size); /* TCINFO */
  if (info == NULL || size < 22 || info[0] != BM_PST_HEAP_TABLE)
    return FALSE;
  table->n_columns = MIN (info[1], (guint) ((size - 22) / 8));
  table->bits_at = bm_le16 (info + 6);
  table->row_size = bm_le16 (info + 8);
  table->index = bm_le32 (info + 10);
  table->matrix = bm_le32 (info + 14);
  table->columns = g_new0 (Column, table->n_columns + 1);
  for (guint i = 0; i < table->n_columns; i++) { /* TCOLDESC */
    const guint8 *at = info + 22 + 8 * i;
    table->columns[i] = (Column){bm_le16 (at + 2), bm_le16 (at), bm_le16 (at + 4), at[6], at[7]};
  }
  return table->row_size >= 4 && table->bits_at < table->row_size;
}

/* In the heap, or in blocks of a sub-node. */
static gboolean
read_pages (BmPstHeap *heap, BmPstTable *table)
{
  gsize size = 0;
  if (table->matrix == 0)
    return TRUE;
  if ((table->matrix & 0x1f) == 0) {
    const guint8 *rows = allocation (heap, table->matrix, &size);
    if (rows != NULL)
      g_ptr_array_add (table->pages, g_bytes_new (rows, size));
    return rows != NULL;
  }
  const BmPstSub *sub = bm_pst_subs_find (heap->subs, table->matrix);
  return sub != NULL && bm_pst_data_walk (heap->blocks, sub->data, take_page, table->pages);
}

/* Rows do not cross blocks, and all blocks but the last are full. */
static gboolean
read_matrix (BmPstHeap *heap, BmPstTable *table)
{
  gsize full = 0;
  gboolean whole = read_pages (heap, table);
  for (guint i = 0; i < table->pages->len; i++)
    if (g_ptr_array_index (table->pages, i) != NULL)
      full = MAX (full, g_bytes_get_size (g_ptr_array_index (table->pages, i)));
  table->per_page = (guint) (full / table->row_size);
  return whole;
}

static const guint8 *
row_at (const BmPstTable *table, guint32 number)
{
  guint page = table->per_page > 0 ? number / table->per_page : G_MAXUINT;
  gsize size = 0;
  GBytes *bytes = page < table->pages->len ? g_ptr_array_index (table->pages, page) : NULL;
  const guint8 *data = bytes != NULL ? g_bytes_get_data (bytes, &size) : NULL;
  gsize at = data != NULL ? (gsize) (number % table->per_page) * table->row_size : 0;
  return data != NULL && at + table->row_size <= size ? data + at : NULL;
}

/* Without an index, rows come as they lie. */
static void
read_index (const BmPstHeap *heap, BmPstTable *table, guint max, gboolean *whole)
{
  guint value = heap->blocks->pst->format == BM_PST_ANSI ? 2 : 4;
  g_autoptr (GByteArray) index = read_tree (heap, table->index, 4, &value, whole);
  for (guint at = 0; index != NULL && at + 4 + value <= index->len; at += 4 + value) {
    const guint8 *p = index->data + at + 4;
    guint32 number = value >= 4 ? bm_le32 (p) : bm_le16 (p);
    g_array_append_val (table->numbers, number);
  }
  if (index == NULL)
    *whole = FALSE;
  for (guint32 i = 0; index == NULL && i < max && row_at (table, i) != NULL; i++)
    g_array_append_val (table->numbers, i);
  if (table->numbers->len > max) {
    g_array_set_size (table->numbers, max);
    *whole = FALSE;
  }
}

BmPstTable *
bm_pst_table_open (BmPstHeap *heap, guint max, gboolean *whole)
{
  g_autoptr (BmPstTable) table = g_new0 (BmPstTable, 1);
  table->pages = g_ptr_array_new_with_free_func (free_page);
  table->numbers = g_array_new (FALSE, FALSE, sizeof (guint32));
  *whole = heap->whole;
  if (!read_columns (heap, table)) {
    *whole = FALSE;
    return NULL;
  }
  *whole &= read_matrix (heap, table);
  read_index (heap, table, max, whole);
  return g_steal_pointer (&table);
}

void
bm_pst_table_close (BmPstTable *table)
{
  if (table == NULL)
    return;
  g_ptr_array_unref (table->pages);
  g_array_unref (table->numbers);
  g_free (table->columns);
  g_free (table);
}

guint
bm_pst_table_length (const BmPstTable *table)
{
  return table->numbers->len;
}

static GArray *
cells_of_row (const BmPstTable *table, const guint8 *row)
{
  GArray *cells = g_array_new (FALSE, TRUE, sizeof (BmPstCell));
  for (guint i = 0; i < table->n_columns; i++) {
    const Column *column = &table->columns[i];
    guint bit = table->bits_at + column->bit / 8;
    if (bit >= table->row_size || (row[bit] >> (7 - column->bit % 8) & 1) == 0 ||
        column->offset + column->size > table->row_size)
      continue;
    BmPstCell cell = {.id = column->id, .type = column->type};
    cell.size = MIN (column->size, (guint) sizeof cell.cell);
    memcpy (cell.cell, row + column->offset, cell.size);
    g_array_append_val (cells, cell);
  }
  return cells;
}

GArray *
bm_pst_table_row (const BmPstTable *table, guint index, guint32 *id)
{
  const guint8 *row = row_at (table, g_array_index (table->numbers, guint32, index));
  if (row == NULL)
    return NULL;
  *id = bm_le32 (row); /* dwRowID stands first */
  return cells_of_row (table, row);
}

guint32
bm_pst_table_id (const BmPstTable *table, guint index)
{
  const guint8 *row = row_at (table, g_array_index (table->numbers, guint32, index));
  return row != NULL ? bm_le32 (row) : 0;
}

GArray *
bm_pst_table_find (const BmPstTable *table, guint32 id)
{
  guint32 found;
  for (guint i = 0; i < table->numbers->len; i++)
    if (bm_pst_table_id (table, i) == id)
      return bm_pst_table_row (table, i, &found);
  return NULL;
}
