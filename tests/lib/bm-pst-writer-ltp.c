/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Heap, B-tree on heap, property and table contexts of the PST writer: see the header.
 *
 * A heap is built in memory, page by page; every page but the last is padded to a full block, so
 * that the data tree below may be cut at block borders. */
#include "bm-pst-writer-ltp.h"

#include <string.h>

#define ALLOC_MAX 3580 /* [MS-PST] 2.3.1.1 */

typedef struct {
  guint page_max;
  GByteArray *data; /* finished pages and the current one */
  gsize page_start;
  guint page_no;
  GArray *offsets;     /* guint16: where the allocations of this page end */
  GByteArray *filling; /* one fill level per page */
} Heap;

static void
heap_page_begin (Heap *heap)
{
  static const guint8 zeros[66] = {0};
  /* [MS-PST] 2.3.1.2 to 2.3.1.4: page 0, then every 128th from 8 on carry fill levels. */
  guint head = heap->page_no == 0 ? 12 : heap->page_no % 128 == 8 ? 66 : 2;
  guint16 offset = (guint16) head;

  heap->page_start = heap->data->len;
  g_byte_array_append (heap->data, zeros, head);
  g_array_set_size (heap->offsets, 0);
  g_array_append_val (heap->offsets, offset);
}

static Heap *
heap_new (guint page_max, guint8 client)
{
  Heap *heap = g_new0 (Heap, 1);

  heap->page_max = page_max;
  heap->data = g_byte_array_new ();
  heap->offsets = g_array_new (FALSE, FALSE, sizeof (guint16));
  heap->filling = g_byte_array_new ();
  heap_page_begin (heap);
  heap->data->data[2] = 0xEC;
  heap->data->data[3] = client;
  return heap;
}

/* [MS-PST] 2.3.1.2, table of fill levels, from the bytes that are left. */
static guint8
fill_level (guint left)
{
  static const guint16 limits[] = {3584, 2560, 2048, 1792, 1536, 1280, 1024, 768,
                                   512,  256,  128,  64,   32,   16,   8};
  guint8 level = 0;

  while (level < G_N_ELEMENTS (limits) && left < limits[level])
    level++;
  return level;
}

static void
heap_page_end (Heap *heap, gboolean last)
{
  guint used = (guint) (heap->data->len - heap->page_start);
  guint at = (used + 1) / 2 * 2;
  guint map = 4 + 2 * heap->offsets->len;
  guint total = last ? at + map : heap->page_max;
  guint8 level = fill_level (heap->page_max - at - map);
  guint8 *page = NULL;

  g_byte_array_set_size (heap->data, (guint) heap->page_start + total);
  page = heap->data->data + heap->page_start;
  memset (page + used, 0, total - used);
  bm_pst_writer_put (page, at, 2);
  bm_pst_writer_put (page + at, heap->offsets->len - 1, 2);
  for (guint i = 0; i < heap->offsets->len; i++)
    bm_pst_writer_put (page + at + 4 + 2 * i, g_array_index (heap->offsets, guint16, i), 2);
  g_byte_array_append (heap->filling, &level, 1);
  heap->page_no++;
}

/* Returns the HID ([MS-PST] 2.3.1.1). */
static guint32
heap_add (Heap *heap, gconstpointer data, guint size)
{
  guint used = (guint) (heap->data->len - heap->page_start);
  guint16 end = 0;

  if (used + size + 1 + 4 + 2 * (heap->offsets->len + 1) > heap->page_max ||
      heap->offsets->len > 2000) {
    heap_page_end (heap, FALSE);
    heap_page_begin (heap);
  }
  g_byte_array_append (heap->data, data, size);
  end = (guint16) (heap->data->len - heap->page_start);
  g_array_append_val (heap->offsets, end);
  return heap->page_no << 16 | (heap->offsets->len - 1) << 5;
}

/* Writes the heap and frees it. */
static guint64
heap_write (Heap *heap, BmPstWriterNdb *ndb, guint32 root)
{
  guint64 bid = 0;

  heap_page_end (heap, TRUE);
  bm_pst_writer_put (heap->data->data + 4, root, 4);
  for (guint i = 0; i < heap->filling->len; i++) {
    guint owner = i < 8 ? 0 : (i - 8) / 128 * 128 + 8;
    guint slot = owner == 0 ? i : i - owner;
    gsize at = (gsize) owner * heap->page_max + (owner == 0 ? 8 : 2) + slot / 2;

    heap->data->data[at] |= (guint8) (heap->filling->data[i] << (slot % 2 * 4));
  }
  bid = bm_pst_writer_ndb_data (ndb, heap->data->data, heap->data->len);
  g_byte_array_unref (heap->data);
  g_array_unref (heap->offsets);
  g_byte_array_unref (heap->filling);
  g_free (heap);
  return bid;
}

/* A value of variable size: 0, a HID, or the id of a sub-node. */
static guint32
store (Heap *heap, BmPstWriterNdb *ndb, gconstpointer data, gsize size, GArray *subs)
{
  /* Unique within the node: 0x1F is the type of such sub-nodes ([MS-PST] 2.2.2.1). */
  BmPstWriterSub sub = {(0x10000 + subs->len) << 5 | 0x1F, 0, 0};

  if (size == 0)
    return 0;
  if (size <= ALLOC_MAX)
    return heap_add (heap, data, (guint) size);
  sub.data = bm_pst_writer_ndb_data (ndb, data, size);
  g_array_append_val (subs, sub);
  return sub.nid;
}

/* B-tree on heap ([MS-PST] 2.3.2): the header is the heap's first allocation; records are sorted
 * and of key + value bytes each. */
static void
heap_tree (Heap *heap, guint key, guint value, const guint8 *records, guint n)
{
  const guint header_at = 12;
  guint size = key + value;
  g_autoptr (GByteArray) level = g_byte_array_new ();
  guint8 levels = 0;
  guint32 root = 0;

  g_byte_array_append (level, records, n * size);
  while (n > 0) {
    const guint max = ALLOC_MAX / size;
    GByteArray *upper = g_byte_array_new ();

    for (guint i = 0; i < n; i += max) {
      guint8 hid[4];

      root = heap_add (heap, level->data + i * size, MIN (max, n - i) * size);
      bm_pst_writer_put (hid, root, 4);
      g_byte_array_append (upper, level->data + i * size, key);
      g_byte_array_append (upper, hid, 4);
    }
    g_byte_array_unref (level);
    level = upper;
    n = (n + max - 1) / max;
    size = key + 4;
    if (n == 1)
      break;
    levels++;
  }
  heap->data->data[header_at] = 0xB5;
  heap->data->data[header_at + 1] = (guint8) key;
  heap->data->data[header_at + 2] = (guint8) value;
  heap->data->data[header_at + 3] = levels;
  bm_pst_writer_put (heap->data->data + header_at + 4, root, 4);
}

static gchar *
to_ansi (const guint8 *utf16, gsize size, gsize *ansi_size)
{
  g_autofree gchar *utf8 =
      g_convert ((const gchar *) utf16, (gssize) size, "UTF-8", "UTF-16LE", NULL, NULL, NULL);

  *ansi_size = 0;
  return utf8 == NULL ? g_strdup ("")
                      : g_convert_with_fallback (utf8, -1, "WINDOWS-1252", "UTF-8", "?", NULL,
                                                 ansi_size, NULL);
}

/* Multi-values keep their shape; only the strings in them change. */
static guint8 *
to_ansi_many (const guint8 *data, gsize size, gsize *ansi_size)
{
  guint n = size >= 4 ? (guint) bm_pst_writer_get (data, 4) : 0;
  g_autoptr (GByteArray) all = g_byte_array_new ();

  g_byte_array_set_size (all, 4 + 4 * n);
  bm_pst_writer_put (all->data, n, 4);
  for (guint i = 0; i < n; i++) {
    gsize from = bm_pst_writer_get (data + 4 + 4 * i, 4), one = 0;
    gsize to = i + 1 < n ? bm_pst_writer_get (data + 8 + 4 * i, 4) : size;
    g_autofree gchar *text = to_ansi (data + from, to - from, &one);

    bm_pst_writer_put (all->data + 4 + 4 * i, all->len, 4);
    g_byte_array_append (all, (const guint8 *) text, (guint) one);
  }
  *ansi_size = all->len;
  return g_byte_array_free (g_steal_pointer (&all), FALSE);
}

guint32
bm_pst_writer_ltp_convert (const BmPstWriterNdb *ndb, guint32 tag, const guint8 **data, gsize *size,
                           guint8 **copy)
{
  guint type = tag & 0xFFFF;

  *copy = NULL;
  if (!bm_pst_writer_ndb_layout (ndb)->ansi || (type != 0x1F && type != 0x101F))
    return tag;
  if (*data != NULL) {
    *copy =
        type == 0x1F ? (guint8 *) to_ansi (*data, *size, size) : to_ansi_many (*data, *size, size);
    *data = *copy;
  }
  return tag - 1;
}

/* Bytes of the fixed types, 0 for all others ([MS-OXCDATA] 2.11.1). */
static guint
fixed_size (guint type)
{
  switch (type) {
  case 0x0B:
    return 1;
  case 0x02:
    return 2;
  case 0x03:
  case 0x04:
  case 0x0A:
    return 4;
  case 0x05:
  case 0x06:
  case 0x07:
  case 0x14:
  case 0x40:
    return 8;
  default:
    return 0;
  }
}

typedef struct {
  guint32 tag;
  guint8 record[8];
} Record;

static gint
compare_records (gconstpointer a, gconstpointer b)
{
  const Record *x = a, *y = b;

  return x->tag < y->tag ? -1 : x->tag > y->tag;
}

static void
add_record (GArray *records, guint32 tag, guint32 value)
{
  Record record = {tag};

  bm_pst_writer_put (record.record, tag >> 16, 2);
  bm_pst_writer_put (record.record + 2, tag & 0xFFFF, 2);
  bm_pst_writer_put (record.record + 4, value, 4);
  g_array_append_val (records, record);
}

static void
add_property (BmPstWriterNdb *ndb, Heap *heap, const BmPstProps *props, guint i, GArray *records,
              GArray *subs)
{
  guint32 tag = 0;
  gsize size = 0;
  const guint8 *data = bm_pst_props_nth (props, i, &tag, &size);
  g_autofree guint8 *copy = NULL;
  guint fixed = 0;

  tag = bm_pst_writer_ltp_convert (ndb, tag, &data, &size, &copy);
  fixed = fixed_size (tag & 0xFFFF);
  /* Type 0 exists only in broken files; it stands in the record as [MS-PST] has no place for it. */
  if ((fixed > 0 && fixed <= 4) || (tag & 0xFFFF) == 0)
    add_record (records, tag, (guint32) bm_pst_writer_get (data, (guint) MIN (size, 4)));
  else
    add_record (records, tag, store (heap, ndb, data, size, subs));
}

guint64
bm_pst_writer_ltp_properties (BmPstWriterNdb *ndb, const BmPstProps *props,
                              const BmPstWriterRef *refs, guint n_refs, GArray *subs)
{
  static const guint8 header[8] = {0};
  Heap *heap = heap_new (bm_pst_writer_ndb_layout (ndb)->block_max, 0xBC);
  guint32 root = heap_add (heap, header, sizeof (header));
  g_autoptr (GArray) records = g_array_new (FALSE, FALSE, sizeof (Record));
  g_autoptr (GByteArray) sorted = g_byte_array_new ();

  for (guint i = 0; i < bm_pst_props_length (props); i++)
    add_property (ndb, heap, props, i, records, subs);
  for (guint i = 0; i < n_refs; i++) {
    guint8 object[8];

    bm_pst_writer_put (object, refs[i].nid, 4);
    bm_pst_writer_put (object + 4, refs[i].size, 4);
    add_record (records, refs[i].tag,
                (refs[i].tag & 0xFFFF) == 0x0D ? heap_add (heap, object, 8) : refs[i].nid);
  }
  g_array_sort (records, compare_records);
  for (guint i = 0; i < records->len; i++)
    g_byte_array_append (sorted, g_array_index (records, Record, i).record, 8);
  heap_tree (heap, 2, 6, sorted->data, records->len);
  return heap_write (heap, ndb, root);
}

typedef struct {
  guint32 tag;
  guint size; /* in the row */
  guint offset;
} Column;

static gint
compare_columns (gconstpointer a, gconstpointer b)
{
  const Column *x = a, *y = b;

  return x->tag < y->tag ? -1 : x->tag > y->tag;
}

static void
add_column (const BmPstWriterNdb *ndb, GArray *columns, GHashTable *seen, guint32 tag)
{
  const guint8 *none = NULL;
  gsize size = 0;
  g_autofree guint8 *copy = NULL;
  Column column = {bm_pst_writer_ltp_convert (ndb, tag, &none, &size, &copy)};

  if ((tag & 0xFFFF) == 0 || !g_hash_table_add (seen, GUINT_TO_POINTER (column.tag)))
    return;
  column.size = fixed_size (tag & 0xFFFF);
  if (column.size == 0)
    column.size = 4;
  g_array_append_val (columns, column);
}

/* Sorted by tag; offsets by size: 4 and 8 bytes, 2, 1 ([MS-PST] 2.3.4.4.1). ends: TCINFO.rgib
 * without the bit field. */
static GArray *
make_columns (const BmPstWriterNdb *ndb, const guint32 *tags, gboolean all,
              const BmPstWriterRow *rows, guint n_rows, guint ends[3])
{
  GArray *columns = g_array_new (FALSE, TRUE, sizeof (Column));
  g_autoptr (GHashTable) seen = g_hash_table_new (NULL, NULL);
  guint at = 8;

  add_column (ndb, columns, seen, 0x67F20003);
  add_column (ndb, columns, seen, 0x67F30003);
  for (; *tags != 0; tags++)
    add_column (ndb, columns, seen, *tags);
  for (guint r = 0; all && r < n_rows; r++)
    for (guint i = 0; i < bm_pst_props_length (rows[r].props); i++) {
      guint32 tag = 0;
      gsize size = 0;

      bm_pst_props_nth (rows[r].props, i, &tag, &size);
      add_column (ndb, columns, seen, tag);
    }
  g_array_sort (columns, compare_columns);
  for (guint pass = 0; pass < 3; pass++) {
    for (guint i = 0; i < columns->len; i++) {
      Column *column = &g_array_index (columns, Column, i);
      guint group = column->size >= 4 ? 0 : column->size == 2 ? 1 : 2;

      if (column->tag == 0x67F20003 || column->tag == 0x67F30003)
        column->offset = column->tag == 0x67F20003 ? 0 : 4;
      else if (group == pass) {
        column->offset = at;
        at += column->size;
      }
    }
    ends[pass] = at;
  }
  return columns;
}

/* One row; bits of the cell existence block run from the highest ([MS-PST] 2.3.4.4.1). The two
 * row columns hold bits 0 and 1, the others follow in order of their tags. */
static void
put_row (BmPstWriterNdb *ndb, Heap *heap, const GArray *columns, const guint8 *bits, guint bits_at,
         const BmPstWriterRow *row, guint8 *at, GArray *subs)
{
  for (guint c = 0; c < columns->len; c++) {
    const Column *column = &g_array_index (columns, Column, c);
    guint16 type = column->tag & 0xFFFF;
    guint fixed = fixed_size (type);
    gsize size = 0;
    const guint8 *data = bm_pst_props_find (row->props, column->tag >> 16, type, &size);
    guint32 source = column->tag;
    g_autofree guint8 *copy = NULL;

    if (column->tag == 0x67F20003 || column->tag == 0x67F30003) {
      bm_pst_writer_put (at + column->offset, column->offset == 0 ? row->id : 1, 4);
      at[bits_at] |= (guint8) (0x80 >> bits[c]);
      continue;
    }
    if (data == NULL && (type == 0x1E || type == 0x101E)) {
      source++;
      data = bm_pst_props_find (row->props, column->tag >> 16, type + 1, &size);
      if (data != NULL)
        bm_pst_writer_ltp_convert (ndb, source, &data, &size, &copy);
    }
    if (data == NULL)
      continue;
    if (fixed > 0)
      memcpy (at + column->offset, data, MIN (fixed, size));
    else
      bm_pst_writer_put (at + column->offset, store (heap, ndb, data, size, subs), 4);
    at[bits_at + bits[c] / 8] |= (guint8) (0x80 >> bits[c] % 8);
  }
}

static guint8 *
make_bits (const GArray *columns)
{
  guint8 *bits = g_malloc (columns->len + 1);
  guint8 next = 2;

  for (guint c = 0; c < columns->len; c++) {
    guint32 tag = g_array_index (columns, Column, c).tag;

    bits[c] = tag == 0x67F20003 ? 0 : tag == 0x67F30003 ? 1 : next++;
  }
  return bits;
}

static guint32
put_columns (Heap *heap, const GArray *columns, const guint8 *bits, const guint ends[3],
             guint row_size)
{
  g_autofree guint8 *info = g_malloc0 (22 + 8 * columns->len);

  info[0] = 0x7C;
  info[1] = (guint8) columns->len;
  for (guint i = 0; i < 3; i++)
    bm_pst_writer_put (info + 2 + 2 * i, ends[i], 2);
  bm_pst_writer_put (info + 8, row_size, 2);
  bm_pst_writer_put (info + 10, 0x20, 4); /* the row index is the heap's first allocation */
  for (guint c = 0; c < columns->len; c++) {
    const Column *column = &g_array_index (columns, Column, c);
    guint8 *at = info + 22 + 8 * c;

    bm_pst_writer_put (at, column->tag, 4);
    bm_pst_writer_put (at + 4, column->offset, 2);
    at[6] = (guint8) column->size;
    at[7] = bits[c];
  }
  return heap_add (heap, info, 22 + 8 * columns->len);
}

typedef struct {
  guint32 id;
  guint32 row;
} Index;

static gint
compare_index (gconstpointer a, gconstpointer b)
{
  const Index *x = a, *y = b;

  return x->id < y->id ? -1 : x->id > y->id;
}

static void
put_row_index (Heap *heap, gboolean ansi, const BmPstWriterRow *rows, guint n_rows)
{
  const guint value = ansi ? 2 : 4;
  g_autofree Index *index = g_new0 (Index, n_rows + 1);
  g_autofree guint8 *records = g_malloc0 ((gsize) (4 + value) * n_rows + 1);

  for (guint i = 0; i < n_rows; i++)
    index[i] = (Index){rows[i].id, i};
  qsort (index, n_rows, sizeof (Index), compare_index);
  for (guint i = 0; i < n_rows; i++) {
    bm_pst_writer_put (records + (4 + value) * i, index[i].id, 4);
    bm_pst_writer_put (records + (4 + value) * i + 4, index[i].row, value);
  }
  heap_tree (heap, 4, value, records, n_rows);
}

guint64
bm_pst_writer_ltp_table (BmPstWriterNdb *ndb, const guint32 *tags, gboolean all_columns,
                         const BmPstWriterRow *rows, guint n_rows, GArray *subs)
{
  static const guint8 header[8] = {0};
  const BmPstWriterLayout *layout = bm_pst_writer_ndb_layout (ndb);
  guint ends[3];
  g_autoptr (GArray) columns = make_columns (ndb, tags, all_columns, rows, n_rows, ends);
  g_autofree guint8 *bits = make_bits (columns);
  const guint row_size = ends[2] + (columns->len + 7) / 8;
  const guint per_block = layout->block_max / row_size;
  Heap *heap = heap_new (layout->block_max, 0x7C);
  g_autoptr (GByteArray) matrix = g_byte_array_new ();
  guint32 root = 0, hnid = 0;

  heap_add (heap, header, sizeof (header));
  root = put_columns (heap, columns, bits, ends, row_size);
  for (guint i = 0; i < n_rows; i++) {
    guint old = matrix->len;
    guint at = i / per_block * layout->block_max + i % per_block * row_size;

    g_byte_array_set_size (matrix, at + row_size);
    memset (matrix->data + old, 0, matrix->len - old);
    put_row (ndb, heap, columns, bits, ends[2], &rows[i], matrix->data + at, subs);
  }
  put_row_index (heap, layout->ansi, rows, n_rows);
  hnid = store (heap, ndb, matrix->data, matrix->len, subs);
  /* The page of the root is the first: 40 columns at most. */
  bm_pst_writer_put (heap->data->data + 12 + 8 + 14, hnid, 4);
  return heap_write (heap, ndb, root);
}
