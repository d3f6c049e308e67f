/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Damage to PST files: see the header. A reader of its own, just large enough to find the bytes
 * to break; it trusts the file, which the writer has just written. */
#include "bm-pst-damage.h"

#include "bm-pst-sample.h"

#include <bm-pst-import/error.h>

#include <string.h>

typedef struct {
  guint8 *data; /* owned */
  gsize size;
  gboolean ansi;
  guint id;
} File;

static const gchar *const kind_names[] = {
#define X(sym, name, what) name,
    BM_PST_DAMAGES (X)
#undef X
};

static guint64
header_field (const File *file, guint index)
{
  return bm_pst_writer_get (file->data + (file->ansi ? 184 : 216) + index * file->id, file->id);
}

static guint
area (const File *file)
{
  return file->ansi ? 496 : 488;
}

static void
repair_crc (const File *file, guint8 *page)
{
  guint trailer = file->ansi ? 500 : 496;

  bm_pst_writer_put (page + (file->ansi ? 508 : 500), bm_pst_writer_crc (0, page, trailer), 4);
}

/* The leaf entry with this key of the tree below the page at ib; the last entry not above it in
 * branches. */
static guint8 *
find_entry (const File *file, guint64 ib, guint64 key, guint8 **leaf)
{
  guint8 *page = file->data + ib;
  guint n = page[area (file)], size = page[area (file) + 2];
  guint8 *at = NULL;

  for (guint i = 0; i < n; i++)
    if (bm_pst_writer_get (page + i * size, file->id) <= key)
      at = page + i * size;
  if (at == NULL)
    return NULL;
  if (page[area (file) + 3] > 0)
    return find_entry (file, bm_pst_writer_get (at + 2 * file->id, file->id), key, leaf);
  if (leaf != NULL)
    *leaf = page;
  return bm_pst_writer_get (at, file->id) == key ? at : NULL;
}

/* A block and its data size; NULL when the block tree has no such block. */
static guint8 *
find_block (const File *file, guint64 bid, guint *size)
{
  guint8 *entry = find_entry (file, header_field (file, 3), bid, NULL);

  if (entry == NULL)
    return NULL;
  *size = (guint) bm_pst_writer_get (entry + 2 * file->id, 2);
  return file->data + bm_pst_writer_get (entry + file->id, file->id);
}

/* The data blocks below bid, in order. */
static void
collect_data (const File *file, guint64 bid, GArray *bids)
{
  guint size = 0;
  guint8 *block = find_block (file, bid, &size);

  if (block != NULL && (bid & 2) != 0)
    for (guint i = 0; i < bm_pst_writer_get (block + 2, 2); i++)
      collect_data (file, bm_pst_writer_get (block + 8 + i * file->id, file->id), bids);
  else if (block != NULL)
    g_array_append_val (bids, bid);
}

/* The longest list of data blocks of a sub-node at any depth, behind the BID of its top block. */
static void
collect_largest (const File *file, guint64 sub, GArray **largest)
{
  guint size = 0;
  guint8 *block = find_block (file, sub, &size);
  guint head = file->ansi ? 4 : 8;

  for (guint i = 0; block != NULL && i < bm_pst_writer_get (block + 2, 2); i++) {
    guint entry = block[1] == 0 ? 3 * file->id : 2 * file->id;
    guint8 *at = block + head + i * entry;
    guint64 top = 0;
    GArray *bids = NULL;

    if (block[1] != 0) {
      collect_largest (file, bm_pst_writer_get (at + file->id, file->id), largest);
      continue;
    }
    top = bm_pst_writer_get (at + file->id, file->id);
    bids = g_array_new (FALSE, FALSE, sizeof (guint64));
    g_array_append_val (bids, top);
    collect_data (file, top, bids);
    if (*largest == NULL || bids->len > (*largest)->len) {
      g_clear_pointer (largest, g_array_unref);
      *largest = g_steal_pointer (&bids);
    }
    g_clear_pointer (&bids, g_array_unref);
    collect_largest (file, bm_pst_writer_get (at + 2 * file->id, file->id), largest);
  }
}

static gboolean
break_block (const File *file, guint64 bid, gboolean zero)
{
  guint size = 0;
  guint8 *block = find_block (file, bid, &size);

  if (block == NULL)
    return FALSE;
  if (zero)
    size = (size + (file->ansi ? 12 : 16) + 63) / 64 * 64; /* the trailer as well */
  for (guint i = 0; i < size; i++)
    if (zero)
      block[i] = 0;
    else if (i % 64 == 0)
      block[i] ^= 0xFF;
  return TRUE;
}

static gboolean
break_data (const File *file, guint32 nid, gboolean zero)
{
  guint8 *node = find_entry (file, header_field (file, 1), nid, NULL);
  g_autoptr (GArray) bids = g_array_new (FALSE, FALSE, sizeof (guint64));

  if (node != NULL)
    collect_data (file, bm_pst_writer_get (node + file->id, file->id), bids);
  return bids->len > 0 && break_block (file, g_array_index (bids, guint64, 0), zero);
}

static gboolean
break_attachment (const File *file, guint32 nid, BmPstDamage kind)
{
  guint8 *node = find_entry (file, header_field (file, 1), nid, NULL);
  g_autoptr (GArray) bids = NULL;
  guint which = 0;

  if (node != NULL)
    collect_largest (file, bm_pst_writer_get (node + 2 * file->id, file->id), &bids);
  if (bids == NULL)
    return FALSE;
  which = kind == BM_PST_DAMAGE_ATTACHMENT_LOST ? 0 : bids->len / 2;
  return break_block (file, g_array_index (bids, guint64, which),
                      kind != BM_PST_DAMAGE_ATTACHMENT_FLIPPED);
}

static gboolean
break_leaf (const File *file, guint32 nid, gboolean garbage)
{
  guint8 *leaf = NULL;
  guint n = 0, size = 0;

  if (find_entry (file, header_field (file, 1), nid, &leaf) == NULL)
    return FALSE;
  n = leaf[area (file)];
  size = leaf[area (file) + 2];
  leaf[file->ansi ? 508 : 500] ^= 0x5A;
  for (guint i = 0; garbage && i < n / 2 * size; i++)
    leaf[i] = (guint8) (i * 2654435761u >> 21);
  return TRUE;
}

static gboolean
lose_node (const File *file, guint32 nid)
{
  guint8 *leaf = NULL, *entry = find_entry (file, header_field (file, 1), nid, &leaf);

  if (entry == NULL)
    return FALSE;
  guint size = leaf[area (file) + 2];
  guint8 *end = leaf + --leaf[area (file)] * size;
  memmove (entry, entry + size, (gsize) (end - entry));
  memset (end, 0, size);
  repair_crc (file, leaf);
  return TRUE;
}

static gboolean
loop_parent (const File *file, guint32 nid)
{
  guint8 *leaf = NULL, *entry = find_entry (file, header_field (file, 1), nid, NULL);
  guint64 parent = entry != NULL ? bm_pst_writer_get (entry + 3 * file->id, 4) : 0;
  guint8 *above = find_entry (file, header_field (file, 1), parent, &leaf);

  if (above == NULL)
    return FALSE;
  bm_pst_writer_put (above + 3 * file->id, nid, 4);
  repair_crc (file, leaf);
  return TRUE;
}

static gboolean
break_loop (const File *file)
{
  guint8 *root = file->data + header_field (file, 1);
  guint n = root[area (file)];
  guint8 *last = root + (n - 1) * root[area (file) + 2];

  if (root[area (file) + 3] == 0)
    return FALSE;
  bm_pst_writer_put (last + file->id, header_field (file, 0), file->id);
  bm_pst_writer_put (last + 2 * file->id, header_field (file, 1), file->id);
  repair_crc (file, root);
  return TRUE;
}

/* Appends a copy of the page at ib, as it would look there with this BID; the caller mends its CRC. */
static guint8 *
append_copy (File *file, gsize ib, guint64 bid, gsize *at)
{
  guint trailer = file->ansi ? 500 : 496;
  guint8 *page;

  *at = (file->size + 511) / 512 * 512;
  file->data = g_realloc (file->data, *at + 512);
  memset (file->data + file->size, 0, *at - file->size);
  file->size = *at + 512;
  page = memcpy (file->data + *at, file->data + ib, 512);
  bm_pst_writer_put (page + trailer + 2, bm_pst_writer_sig (*at, bid), 2);
  bm_pst_writer_put (page + 504, bid, file->id);
  return page;
}

static gboolean
make_leaf_old (File *file, guint32 nid)
{
  guint8 *leaf = NULL;
  gsize ib, at;

  if (find_entry (file, header_field (file, 1), nid, &leaf) == NULL)
    return FALSE;
  ib = (gsize) (leaf - file->data);
  guint8 *copy = append_copy (file, ib, 2, &at);
  guint size = copy[area (file) + 2];
  for (guint i = 0; i < copy[area (file)]; i++) {
    guint8 *entry = copy + i * size;
    if ((entry[0] & 0x1F) != 4 || bm_pst_writer_get (entry, 4) == nid)
      continue;
    bm_pst_writer_put (entry + file->id, 0x7FFFFFF4, file->id);
    break;
  }
  repair_crc (file, copy);
  memset (file->data + ib, 0, 512);
  return TRUE;
}

static gboolean
make_blocks_old (File *file, guint32 nid)
{
  guint8 *node = find_entry (file, header_field (file, 1), nid, NULL), *leaf = NULL;
  gsize ib, at;

  if (node == NULL || find_entry (file, header_field (file, 3),
                                  bm_pst_writer_get (node + file->id, file->id), &leaf) == NULL)
    return FALSE;
  ib = (gsize) (leaf - file->data);
  repair_crc (file, append_copy (file, ib, 2, &at));
  leaf = file->data + ib;
  guint size = leaf[area (file) + 2];
  for (guint i = 1; i < leaf[area (file)]; i++)
    memcpy (leaf + i * size + file->id, leaf + file->id, size - file->id);
  return TRUE;
}

/* The leaf page of one of the trees that has the node, or its data. */
static gboolean
lose_leaf (const File *file, guint32 nid, gboolean of_blocks)
{
  guint8 *leaf = NULL, *node = find_entry (file, header_field (file, 1), nid, &leaf);

  if (node != NULL && of_blocks)
    node = find_entry (file, header_field (file, 3), bm_pst_writer_get (node + file->id, file->id),
                       &leaf);
  if (node == NULL)
    return FALSE;
  memset (leaf, 0, 512);
  return TRUE;
}

static gboolean
make_header_old (File *file)
{
  gsize ib = header_field (file, 1), at;
  guint64 bid = header_field (file, 0) - 4;
  const guint header = file->ansi ? 184 : 216;

  if (file->data[ib + area (file) + 3] == 0)
    return FALSE;
  guint8 *copy = append_copy (file, ib, bid, &at);
  guint size = copy[area (file) + 2], last = --copy[area (file)];
  memset (copy + last * size, 0, size);
  repair_crc (file, copy);
  bm_pst_writer_put (file->data + header, bid, file->id);
  bm_pst_writer_put (file->data + header + file->id, at, file->id);
  return TRUE; /* the CRCs are those of before */
}

/* Through one level of sub-nodes: a message has few. */
static gboolean
break_table (const File *file, guint32 nid, guint32 table)
{
  guint8 *node = find_entry (file, header_field (file, 1), nid, NULL);
  guint size = 0, head = file->ansi ? 4 : 8;
  guint8 *block = node != NULL
                      ? find_block (file, bm_pst_writer_get (node + 2 * file->id, file->id), &size)
                      : NULL;

  for (guint i = 0; block != NULL && block[1] == 0 && i < bm_pst_writer_get (block + 2, 2); i++) {
    guint8 *at = block + head + i * 3 * file->id;
    if (bm_pst_writer_get (at, 4) == table)
      return break_block (file, bm_pst_writer_get (at + file->id, file->id), TRUE);
  }
  return FALSE;
}

static gboolean
apply (File *file, BmPstDamage kind, guint32 nid)
{
  switch (kind) {
  case BM_PST_DAMAGE_BLOCK_FLIPPED:
  case BM_PST_DAMAGE_BLOCK_ZEROED:
    return break_data (file, nid, kind == BM_PST_DAMAGE_BLOCK_ZEROED);
  case BM_PST_DAMAGE_ATTACHMENT_ZEROED:
  case BM_PST_DAMAGE_ATTACHMENT_FLIPPED:
  case BM_PST_DAMAGE_ATTACHMENT_LOST:
    return break_attachment (file, nid, kind);
  case BM_PST_DAMAGE_CONTENTS_TABLE:
    return break_data (file, (nid & ~0x1Fu) | 0x0E, TRUE);
  case BM_PST_DAMAGE_NBT_CRC:
  case BM_PST_DAMAGE_NBT_GARBAGE:
    return break_leaf (file, nid, kind == BM_PST_DAMAGE_NBT_GARBAGE);
  case BM_PST_DAMAGE_NODE_LOST:
    return lose_node (file, nid);
  case BM_PST_DAMAGE_PARENT_LOOP:
    return loop_parent (file, nid);
  case BM_PST_DAMAGE_NBT_LOOP:
    return break_loop (file);
  case BM_PST_DAMAGE_NBT_ROOT:
  case BM_PST_DAMAGE_BBT_ROOT:
    memset (file->data + header_field (file, kind == BM_PST_DAMAGE_NBT_ROOT ? 1 : 3), 0, 512);
    return TRUE;
  case BM_PST_DAMAGE_BBT_OLD:
    return make_blocks_old (file, nid);
  case BM_PST_DAMAGE_LEAF_OLD:
    return make_leaf_old (file, nid);
  case BM_PST_DAMAGE_LEAF_LOST:
  case BM_PST_DAMAGE_BBT_LEAF_LOST:
    return lose_leaf (file, nid, kind == BM_PST_DAMAGE_BBT_LEAF_LOST);
  case BM_PST_DAMAGE_HEADER_OLD:
    return make_header_old (file);
  case BM_PST_DAMAGE_RECIPIENT_TABLE:
    return break_table (file, nid, 0x692);
  case BM_PST_DAMAGE_ATTACHMENT_TABLE:
    return break_table (file, nid, 0x671);
  case BM_PST_DAMAGE_HEADER_CRC:
    file->data[4] ^= 0xFF;
    if (!file->ansi)
      file->data[524] ^= 0xFF;
    return TRUE;
  case BM_PST_DAMAGE_TRUNCATED:
    file->size = header_field (file, 1) / 2;
    return TRUE;
  case BM_PST_DAMAGE_TAIL_LOST:
    file->size -= 1024;
    return TRUE;
  default:
    return FALSE;
  }
}

static gboolean
break_file (File *file, const gchar *path, BmPstDamage kind, guint32 nid, GError **error)
{
  file->ansi = file->size > 12 && bm_pst_writer_get (file->data + 10, 2) <= 15;
  file->id = file->ansi ? 4 : 8;
  if (file->size < 0x4400 || !apply (file, kind, nid)) {
    g_set_error (error, BM_ERROR, BM_CAUSE_PST_UNREADABLE, "%s: no node 0x%x to break", path, nid);
    return FALSE;
  }
  if (!g_file_set_contents (path, (const gchar *) file->data, (gssize) file->size, NULL)) {
    g_set_error (error, BM_ERROR, BM_CAUSE_DISK_FULL, "%s: cannot be written", path);
    return FALSE;
  }
  return TRUE;
}

gboolean
bm_pst_damage (const gchar *path, BmPstDamage kind, guint32 nid, GError **error)
{
  gchar *data = NULL;
  File file = {0};
  gboolean ok = FALSE;

  if (!g_file_get_contents (path, &data, &file.size, NULL)) {
    g_set_error (error, BM_ERROR, BM_CAUSE_PST_MISSING, "%s: cannot be read", path);
    return FALSE;
  }
  file.data = (guint8 *) data;
  ok = break_file (&file, path, kind, nid, error);
  g_free (file.data);
  return ok;
}

/* A property whose type does not exist: libpff refuses the whole item. */
static gboolean
write_unsupported (const gchar *path, const BmPstWriterOptions *options, GError **error)
{
  BmPstWriter *writer = bm_pst_writer_new (path, options, error);
  guint32 inbox = 0;

  if (writer == NULL)
    return FALSE;
  inbox = bm_pst_writer_add_folder (writer, 0, "Inbox", "IPF.Note", NULL);
  for (guint i = 0; i < 3; i++) {
    g_autoptr (BmPstProps) props = bm_pst_props_new ();
    g_autofree gchar *subject = g_strdup_printf ("Message %u", i);
    BmPstMessage message = {props};

    bm_pst_props_string (props, 0x0037001F, subject);
    bm_pst_props_string (props, 0x1000001F, "Text\r\n");
    if (i == 1)
      bm_pst_props_raw (props, 0x66660000, "\1\2\3\4", 4);
    bm_pst_writer_add_message (writer, inbox, &message);
  }
  return bm_pst_writer_close (writer, error);
}

/* The same inside a message: in an attachment with data, in an embedded message, which has an
 * attachment of its own, and in a recipient. */
static gboolean
write_unsupported_parts (const gchar *path, const BmPstWriterOptions *options, GError **error)
{
  BmPstWriter *writer = bm_pst_writer_new (path, options, error);
  g_autoptr (BmPstProps) outer = bm_pst_props_new ();
  g_autoptr (BmPstProps) inner = bm_pst_props_new ();
  g_autoptr (BmPstProps) file = bm_pst_props_new ();
  g_autoptr (BmPstProps) to = bm_pst_props_new ();
  const BmPstProps *recipients[] = {to};
  BmPstAttachment inside = {NULL, "inside\r\n", 8};
  BmPstMessage embedded = {inner, NULL, 0, &inside, 1}, message;
  BmPstAttachment attachments[] = {{file, "outside\r\n", 9}, {NULL, .embedded = &embedded}};

  if (writer == NULL)
    return FALSE;
  bm_pst_props_string (outer, 0x0037001F, "Outer");
  bm_pst_props_string (outer, 0x1000001F, "Text\r\n");
  bm_pst_props_string (inner, 0x0037001F, "Inner");
  bm_pst_props_string (inner, 0x1000001F, "Inner text\r\n");
  bm_pst_props_raw (inner, 0x66660000, "\1\2\3\4", 4);
  bm_pst_props_string (file, 0x3707001F, "outside.txt");
  bm_pst_props_raw (file, 0x66660000, "\1\2\3\4", 4);
  bm_pst_props_string (to, 0x3001001F, "Somebody");
  bm_pst_props_string (to, 0x39FE001F, "somebody@example.org");
  bm_pst_props_int32 (to, 0x0C150003, 1);
  bm_pst_props_raw (to, 0x66662102, "\1\2\3\4", 4);
  message = (BmPstMessage){outer, recipients, 1, attachments, 2};
  bm_pst_writer_add_message (
      writer, bm_pst_writer_add_folder (writer, 0, "Inbox", "IPF.Note", NULL), &message);
  return bm_pst_writer_close (writer, error);
}

/* The embedded message has the sub-node id of another message of the file, which [MS-PST] allows
 * and which libpff mixes up. */
static gboolean
write_clash (const gchar *path, const BmPstWriterOptions *options, GError **error)
{
  BmPstWriter *writer = bm_pst_writer_new (path, options, error);
  g_autoptr (BmPstProps) other = bm_pst_props_new ();
  g_autoptr (BmPstProps) inner = bm_pst_props_new ();
  g_autoptr (BmPstProps) outer = bm_pst_props_new ();
  BmPstMessage embedded = {inner}, message = {other};
  BmPstAttachment attachment = {NULL, .embedded = &embedded};
  guint32 inbox = 0;

  if (writer == NULL)
    return FALSE;
  bm_pst_props_string (other, 0x0037001F, "Unrelated");
  bm_pst_props_string (inner, 0x0037001F, "Embedded");
  bm_pst_props_string (outer, 0x0037001F, "Outer");
  inbox = bm_pst_writer_add_folder (writer, 0, "Inbox", "IPF.Note", NULL);
  attachment.embedded_nid = bm_pst_writer_add_message (writer, inbox, &message);
  message = (BmPstMessage){outer, NULL, 0, &attachment, 1};
  bm_pst_writer_add_message (writer, inbox, &message);
  return bm_pst_writer_close (writer, error);
}

/* Folders in folders, deeper and with longer names than any path may be. */
static gboolean
write_deep (const gchar *path, const BmPstWriterOptions *options, GError **error)
{
  BmPstWriter *writer = bm_pst_writer_new (path, options, error);
  g_autoptr (BmPstProps) props = bm_pst_props_new ();
  g_autofree gchar *name = g_strnfill (200, 'n');
  BmPstMessage message = {props};
  guint32 folder = 0;

  if (writer == NULL)
    return FALSE;
  bm_pst_props_string (props, 0x0037001F, "Deep");
  for (guint i = 0; i < 100; i++) {
    folder = bm_pst_writer_add_folder (writer, folder, name, "IPF.Note", NULL);
    bm_pst_writer_add_message (writer, folder, &message);
  }
  return bm_pst_writer_close (writer, error);
}

static const struct {
  const gchar *name;
  gboolean (*write) (const gchar *path, const BmPstWriterOptions *options, GError **error);
} written_cases[] = {{"unsupported-type", write_unsupported},
                     {"unsupported-parts", write_unsupported_parts},
                     {"embedded-clash", write_clash},
                     {"deep-folders", write_deep}};

const gchar *const *
bm_pst_case_names (void)
{
  static const gchar *names[BM_PST_DAMAGE_LAST + G_N_ELEMENTS (written_cases) + 1];

  for (guint i = 0; i < BM_PST_DAMAGE_LAST; i++)
    names[i] = kind_names[i];
  for (guint i = 0; i < G_N_ELEMENTS (written_cases); i++)
    names[BM_PST_DAMAGE_LAST + i] = written_cases[i].name;
  return names;
}

gboolean
bm_pst_case_write (const gchar *path, const gchar *name, const BmPstWriterOptions *options,
                   GError **error)
{
  for (guint i = 0; i < G_N_ELEMENTS (written_cases); i++)
    if (g_str_equal (name, written_cases[i].name))
      return written_cases[i].write (path, options, error);
  for (guint i = 0; i < BM_PST_DAMAGE_LAST; i++)
    if (g_str_equal (name, kind_names[i])) {
      guint32 nid = BM_PST_SAMPLE_NID_FIRST;

      if (i == BM_PST_DAMAGE_CONTENTS_TABLE || i == BM_PST_DAMAGE_NODE_LOST)
        nid = BM_PST_SAMPLE_NID_INBOX;
      if (i == BM_PST_DAMAGE_PARENT_LOOP)
        nid = BM_PST_SAMPLE_NID_NESTED;
      if ((i >= BM_PST_DAMAGE_ATTACHMENT_ZEROED && i <= BM_PST_DAMAGE_ATTACHMENT_LOST) ||
          i == BM_PST_DAMAGE_ATTACHMENT_TABLE)
        nid = BM_PST_SAMPLE_NID_DOCUMENTS;
      return bm_pst_sample_write (path, options, error) &&
             bm_pst_damage (path, (BmPstDamage) i, nid, error);
    }
  g_set_error (error, BM_ERROR, BM_CAUSE_USAGE, "no case %s", name);
  return FALSE;
}
