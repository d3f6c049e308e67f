/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The writer's files obey [MS-PST] where libpff and readpst do not look: every CRC and signature,
 * no overlaps, allocation maps that cover exactly what is used, keys in order, every block
 * referred to. With a path as argument this file is checked instead. One thread. */
#include "bm-pst-sample.h"

#include <glib/gstdio.h>
#include <string.h>

#define SECTION 253952

typedef struct {
  const guint8 *data;
  guint64 size;
  gboolean ansi;
  guint id;
  GArray *spans;   /* of Span */
  GArray *entries; /* of Block, in BID order */
  guint rows;      /* of tables whose cells were checked */
} File;

typedef struct {
  guint64 ib;
  guint64 size;
} Span;

typedef struct {
  guint64 bid;
  guint64 ib;
  guint32 size;
  guint32 refs;
} Block;

static guint64
get (const File *file, guint64 at, guint size)
{
  g_assert_cmpuint (at + size, <=, file->size);
  return bm_pst_writer_get (file->data + at, size);
}

static guint64
root_field (const File *file, guint index)
{
  return get (file, (file->ansi ? 168 : 184) + index * file->id, file->id);
}

static void
add_span (File *file, guint64 ib, guint64 size)
{
  Span span = {ib, size};

  g_assert_cmpuint (ib + size, <=, file->size);
  g_array_append_val (file->spans, span);
}

static void
check_page (File *file, guint64 ib, guint64 bid, guint8 type)
{
  guint at = file->ansi ? 500 : 496;
  gboolean map = type >= 0x82 && type <= 0x85;

  add_span (file, ib, 512);
  g_assert_cmpuint (ib % 512, ==, 0);
  g_assert_cmphex (file->data[ib + at], ==, type);
  g_assert_cmphex (file->data[ib + at + 1], ==, type);
  g_assert_cmphex (get (file, ib + at + 2, 2), ==, map ? 0 : bm_pst_writer_sig (ib, bid));
  g_assert_cmphex (get (file, ib + 504, file->id), ==, bid);
  g_assert_cmphex (get (file, ib + (file->ansi ? 508 : 500), 4), ==,
                   bm_pst_writer_crc (0, file->data + ib, at));
}

static void
check_header (const File *file)
{
  g_assert_cmpmem (file->data, 4, "!BDN", 4);
  g_assert_cmphex (get (file, 4, 4), ==, bm_pst_writer_crc (0, file->data + 8, 471));
  if (!file->ansi)
    g_assert_cmphex (get (file, 524, 4), ==, bm_pst_writer_crc (0, file->data + 8, 516));
  g_assert_cmpuint (root_field (file, 0), ==, file->size);
  g_assert_cmpuint (file->data[file->ansi ? 200 : 248], ==, 2);
}

/* The map pages of section n lie where they must. */
static void
check_maps (File *file, guint64 n)
{
  guint64 ib = 0x4400 + n * SECTION;

  check_page (file, ib, ib, 0x84);
  ib += 512;
  if (n % 8 == 0) {
    check_page (file, ib, ib, 0x83);
    ib += 512;
  }
  if (n >= 128 && (n - 128) % 496 == 0) {
    check_page (file, ib, ib, 0x82);
    ib += 512;
  }
  if (n >= 8192 && (n - 8192) % 31744 == 0)
    check_page (file, ib, ib, 0x85);
}

static gboolean
is_allocated (const File *file, guint64 ib)
{
  guint64 section = (ib - 0x4400) / SECTION, slot = (ib - 0x4400) % SECTION / 64;
  guint64 map = 0x4400 + section * SECTION + (file->ansi ? 4 : 0);

  return (file->data[map + slot / 8] >> (7 - slot % 8) & 1) != 0;
}

/* Leaf entries below a page go to visit, in order. */
typedef void (*Visit) (File *file, guint64 entry, gpointer user_data);

static guint64
walk (File *file, guint64 ib, guint64 bid, guint8 type, gint level, Visit visit, gpointer data)
{
  guint64 area = ib + (file->ansi ? 496 : 488);
  guint n = 0, size = 0;
  guint64 last = 0, first = 0;

  check_page (file, ib, bid, type);
  n = file->data[area];
  size = file->data[area + 2];
  g_assert_cmpuint (n, <=, file->data[area + 1]);
  if (level >= 0)
    g_assert_cmpint (file->data[area + 3], ==, level);
  level = file->data[area + 3];
  for (guint i = 0; i < n; i++) {
    guint64 at = ib + i * size, key = get (file, at, file->id);

    g_assert_true (i == 0 || key > last);
    last = key;
    first = i == 0 ? key : first;
    if (level == 0)
      visit (file, at, data);
    else
      g_assert_cmphex (walk (file, get (file, at + 2 * file->id, file->id),
                             get (file, at + file->id, file->id), type, level - 1, visit, data),
                       ==, key);
  }
  return first;
}

static void
visit_block (File *file, guint64 entry, gpointer user_data)
{
  Block block = {get (file, entry, file->id), get (file, entry + file->id, file->id),
                 (guint32) get (file, entry + 2 * file->id, 2), 0};
  guint trailer = file->ansi ? 12 : 16;
  guint64 total = (block.size + trailer + 63) / 64 * 64;
  guint64 at = block.ib + total - trailer;

  add_span (file, block.ib, total);
  g_assert_cmpuint (block.ib % 64, ==, 0);
  g_assert_cmpuint (block.size, <=, file->ansi ? 8180 : 8176);
  g_assert_cmpuint (get (file, at, 2), ==, block.size);
  g_assert_cmphex (get (file, at + 2, 2), ==, bm_pst_writer_sig (block.ib, block.bid));
  g_assert_cmphex (get (file, at + (file->ansi ? 4 : 8), file->id), ==, block.bid);
  g_assert_cmphex (get (file, at + (file->ansi ? 8 : 4), 4), ==,
                   bm_pst_writer_crc (0, file->data + block.ib, block.size));
  g_assert_true (file->entries->len == 0 ||
                 g_array_index (file->entries, Block, file->entries->len - 1).bid < block.bid);
  g_array_append_val (file->entries, block);
}

static Block *
find (File *file, guint64 bid)
{
  guint low = 0, high = file->entries->len;

  while (low < high) {
    guint middle = (low + high) / 2;
    Block *block = &g_array_index (file->entries, Block, middle);

    if (block->bid == bid)
      return block;
    if (block->bid < bid)
      low = middle + 1;
    else
      high = middle;
  }
  g_error ("block 0x%" G_GINT64_MODIFIER "x does not exist", bid);
  return NULL;
}

/* Bytes of the data tree; all but its last block must be full. */
static guint64
use_data (File *file, guint64 bid, gboolean last)
{
  Block *block = find (file, bid);
  guint64 total = 0;
  guint n = 0;

  block->refs++;
  if ((bid & 2) == 0) {
    if (!last)
      g_assert_cmpuint (block->size, ==, file->ansi ? 8180 : 8176);
    return block->size;
  }
  g_assert_cmpuint (file->data[block->ib], ==, 1);
  n = (guint) get (file, block->ib + 2, 2);
  for (guint i = 0; i < n; i++)
    total +=
        use_data (file, get (file, block->ib + 8 + i * file->id, file->id), last && i == n - 1);
  g_assert_cmpuint (total, ==, get (file, block->ib + 4, 4));
  return total;
}

static void
use_subs (File *file, guint64 bid)
{
  Block *block = find (file, bid);
  guint8 level = file->data[block->ib + 1];
  guint n = (guint) get (file, block->ib + 2, 2);
  guint64 last = 0;

  block->refs++;
  g_assert_cmpuint (file->data[block->ib], ==, 2);
  for (guint i = 0; i < n; i++) {
    guint64 at = block->ib + (file->ansi ? 4 : 8) + i * (level == 0 ? 3 : 2) * file->id;
    guint64 data = get (file, at + file->id, file->id);

    g_assert_cmphex (get (file, at, file->id), >, last);
    last = get (file, at, file->id);
    if (level > 0) {
      use_subs (file, data);
      continue;
    }
    use_data (file, data, TRUE);
    if (get (file, at + 2 * file->id, file->id) != 0)
      use_subs (file, get (file, at + 2 * file->id, file->id));
  }
}

/* The decrypted bytes of a data tree, appended to bytes; starts: where each block begins. */
static void
read_data (File *file, guint64 bid, GByteArray *bytes, GArray *starts)
{
  Block *block = find (file, bid);
  guint n = (bid & 2) != 0 ? (guint) get (file, block->ib + 2, 2) : 0;
  guint start = bytes->len;

  if ((bid & 2) == 0) {
    g_byte_array_append (bytes, file->data + block->ib, block->size);
    bm_pst_writer_decrypt (file->data[file->ansi ? 461 : 513], bid, bytes->data + start,
                           block->size);
    g_array_append_val (starts, start);
  }
  for (guint i = 0; i < n; i++)
    read_data (file, get (file, block->ib + 8 + i * file->id, file->id), bytes, starts);
}

/* The fill level of page i, which says how much of it is free ([MS-PST] 2.3.1.2): in page 0 for the
 * first eight, then in every 128th. */
static void
check_fill_level (const GByteArray *bytes, const GArray *starts, guint i, guint left)
{
  static const guint16 least[16] = {3584, 2560, 2048, 1792, 1536, 1280, 1024, 768,
                                    512,  256,  128,  64,   32,   16,   8,    0};
  guint owner = i < 8 ? 0 : (i - 8) / 128 * 128 + 8;
  const guint8 *levels = bytes->data + g_array_index (starts, guint, owner) + (owner == 0 ? 8 : 2);
  guint level = levels[(i - owner) / 2] >> ((i - owner) % 2 * 4) & 0xF;

  g_assert_cmpuint (left, >=, least[level]);
  if (level > 0)
    g_assert_cmpuint (left, <, least[level - 1]);
}

/* [MS-PST] 2.3.1.2 to 2.3.1.5: what stands before the first allocation of each page, and that
 * allocations follow each other. Returns where a HID points to. */
static guint
check_heap (const File *file, const GByteArray *bytes, const GArray *starts, guint32 hid)
{
  const guint block_max = file->ansi ? 8180 : 8176;
  guint found = 0;

  for (guint i = 0; i < starts->len; i++) {
    const guint8 *page = bytes->data + g_array_index (starts, guint, i);
    guint map = (guint) bm_pst_writer_get (page, 2);
    guint n = (guint) bm_pst_writer_get (page + map, 2);
    guint last = i == 0 ? 12 : i >= 8 && (i - 8) % 128 == 0 ? 66 : 2;

    g_assert_cmpuint (bm_pst_writer_get (page + map + 4, 2), ==, last);
    check_fill_level (bytes, starts, i, block_max - map - 4 - 2 * (n + 1));
    for (guint k = 0; k <= n; k++) {
      guint at = (guint) bm_pst_writer_get (page + map + 4 + 2 * k, 2);

      g_assert_cmpuint (at, >=, last);
      g_assert_cmpuint (at, <=, map);
      last = at;
      if (hid >> 16 == i && (hid >> 5 & 0x7FF) == k + 1)
        found = g_array_index (starts, guint, i) + at;
    }
  }
  return found;
}

/* A cell that holds something must exist ([MS-PST] 2.3.4.4.1). Rows outside the heap are left to
 * libpff. Returns the number of rows. */
static guint
check_cells (const File *file, const GByteArray *bytes, const GArray *starts)
{
  const guint8 *info = bytes->data + check_heap (file, bytes, starts,
                                                 (guint32) bm_pst_writer_get (bytes->data + 4, 4));
  guint32 hnid = (guint32) bm_pst_writer_get (info + 14, 4);
  guint row_size = (guint) bm_pst_writer_get (info + 8, 2);
  guint bits = (guint) bm_pst_writer_get (info + 6, 2);
  guint rows = 0, from = 0, to = 0;

  g_assert_cmphex (info[0], ==, 0x7C);
  if (hnid == 0 || (hnid & 0x1F) != 0)
    return 0;
  from = check_heap (file, bytes, starts, hnid);
  to = check_heap (file, bytes, starts, hnid + 0x20);
  for (guint at = from; at + row_size <= to; at += row_size, rows++)
    for (guint c = 0; c < info[1]; c++) {
      const guint8 *column = info + 22 + 8 * c;
      const guint8 *row = bytes->data + at;
      guint64 value = bm_pst_writer_get (row + bm_pst_writer_get (column + 4, 2), column[6]);

      if (value != 0)
        g_assert_true ((row[bits + column[7] / 8] & 0x80 >> column[7] % 8) != 0);
    }
  return rows;
}

static void
visit_node (File *file, guint64 entry, gpointer user_data)
{
  guint64 data = get (file, entry + file->id, file->id);
  guint64 subs = get (file, entry + 2 * file->id, file->id);
  g_autoptr (GByteArray) bytes = g_byte_array_new ();
  g_autoptr (GArray) starts = g_array_new (FALSE, FALSE, sizeof (guint));

  if (data != 0)
    read_data (file, data, bytes, starts);
  if (bytes->len > 0) {
    g_assert_cmphex (bytes->data[2], ==, 0xEC);
    check_heap (file, bytes, starts, 0);
    if (bytes->data[3] == 0x7C)
      file->rows += check_cells (file, bytes, starts);
  }

  if (data != 0)
    use_data (file, data, TRUE);
  if (subs != 0)
    use_subs (file, subs);
}

static gint
compare_spans (gconstpointer a, gconstpointer b)
{
  const Span *x = a, *y = b;

  return x->ib < y->ib ? -1 : x->ib > y->ib;
}

/* No overlaps, and the maps say so: everything used is allocated, and (the writer leaves no holes
 * but for alignment) little more. */
static void
check_spans (File *file)
{
  guint64 used = 0, allocated = file->size - 0x4400 - root_field (file, 2), end = 0x4400;

  g_array_sort (file->spans, compare_spans);
  for (guint i = 0; i < file->spans->len; i++) {
    const Span *span = &g_array_index (file->spans, Span, i);

    g_assert_cmpuint (span->ib, >=, end);
    end = span->ib + span->size;
    used += (span->size + 63) / 64 * 64;
    for (guint64 at = span->ib; at < end; at += 64)
      g_assert_true (is_allocated (file, at));
  }
  g_assert_cmpuint (used, <=, allocated);
  g_assert_cmpuint (allocated - used, <, 1024);
}

static void
check_file (const gchar *path)
{
  g_autoptr (GMappedFile) map = g_mapped_file_new (path, FALSE, NULL);
  File file = {0};
  guint64 free = 0;

  g_assert_nonnull (map);
  file.data = (const guint8 *) g_mapped_file_get_contents (map);
  file.size = g_mapped_file_get_length (map);
  file.ansi = get (&file, 10, 2) <= 15;
  file.id = file.ansi ? 4 : 8;
  file.spans = g_array_new (FALSE, FALSE, sizeof (Span));
  file.entries = g_array_new (FALSE, FALSE, sizeof (Block));
  check_header (&file);
  g_assert_cmpuint ((file.size - 0x4400) % SECTION, ==, 0);
  for (guint64 n = 0; n < (file.size - 0x4400) / SECTION; n++) {
    check_maps (&file, n);
    for (guint64 slot = 0; slot < SECTION / 64; slot++)
      free += is_allocated (&file, 0x4400 + n * SECTION + slot * 64) ? 0 : 64;
  }
  g_assert_cmpuint (free, ==, root_field (&file, 2));
  walk (&file, root_field (&file, 7), root_field (&file, 6), 0x80, -1, visit_block, NULL);
  walk (&file, root_field (&file, 5), root_field (&file, 4), 0x81, -1, visit_node, NULL);
  for (guint i = 0; i < file.entries->len; i++)
    g_assert_cmpuint (g_array_index (file.entries, Block, i).refs, ==, 1);
  check_spans (&file);
  g_assert_cmpuint (file.rows, >, 3);
  g_array_unref (file.spans);
  g_array_unref (file.entries);
}

static gchar *
temporary (void)
{
  gchar *path = NULL;
  gint fd = g_file_open_tmp ("bm-pst-layout-XXXXXX.pst", &path, NULL);

  g_assert_cmpint (fd, >=, 0);
  g_close (fd, NULL);
  return path;
}

static void
test_sample (gconstpointer data)
{
  const BmPstWriterOptions options = {(BmPstWriterFormat) GPOINTER_TO_INT (data)};
  g_autofree gchar *path = temporary ();

  g_assert_true (bm_pst_sample_write (path, &options, NULL));
  check_file (path);
  g_unlink (path);
}

/* Large enough for a free map page (32 MB), trees of three and four levels, and a heap whose page
 * 136 holds fill levels. */
static void
test_bulk (gconstpointer data)
{
  const BmPstWriterOptions options = {(BmPstWriterFormat) GPOINTER_TO_INT (data),
                                      BM_PST_WRITE_CRYPT_HIGH};
  const BmPstBulk bulk = {12000, 1500, 1, 1};
  g_autofree gchar *path = temporary ();

  g_assert_true (bm_pst_sample_bulk (path, &options, &bulk, NULL));
  check_file (path);
  g_unlink (path);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  if (argc > 1) {
    check_file (argv[1]);
    return 0;
  }
  g_test_add_data_func ("/pst-layout/unicode/sample", GINT_TO_POINTER (0), test_sample);
  g_test_add_data_func ("/pst-layout/unicode/bulk", GINT_TO_POINTER (0), test_bulk);
  g_test_add_data_func ("/pst-layout/ansi/sample", GINT_TO_POINTER (1), test_sample);
  g_test_add_data_func ("/pst-layout/ansi/bulk", GINT_TO_POINTER (1), test_bulk);
  return g_test_run ();
}
