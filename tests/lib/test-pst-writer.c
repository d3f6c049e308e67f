/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* What the PST writer writes is read back by plain libpff: properties, recipients, attachments,
 * embedded messages, small and large, in every format and encoding. One thread. */
#include "bm-pff-read.h"
#include "bm-pst-writer.h"

#include <glib/gstdio.h>
#include <string.h>

typedef struct {
  gchar *dir;
  gchar *path;
  BmPstWriter *writer;
  guint32 inbox;
  libpff_file_t *file;
} Fixture;

static const BmPstWriterOptions variants[] = {
    {BM_PST_WRITE_UNICODE, BM_PST_WRITE_CRYPT_COMPRESSIBLE},
    {BM_PST_WRITE_UNICODE, BM_PST_WRITE_CRYPT_NONE},
    {BM_PST_WRITE_UNICODE, BM_PST_WRITE_CRYPT_HIGH, 0x12345678, NULL, "Archiv für Käthe"},
    {BM_PST_WRITE_ANSI, BM_PST_WRITE_CRYPT_COMPRESSIBLE},
    {BM_PST_WRITE_ANSI, BM_PST_WRITE_CRYPT_HIGH},
};

static void
set_up (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  f->dir = g_dir_make_tmp ("bm-pst-writer-XXXXXX", &error);
  g_assert_no_error (error);
  f->path = g_build_filename (f->dir, "test.pst", NULL);
  f->writer = bm_pst_writer_new (f->path, data, &error);
  g_assert_no_error (error);
  f->inbox = bm_pst_writer_add_folder (f->writer, 0, "Boîte de réception", "IPF.Note", NULL);
}

static void
finish (Fixture *f)
{
  g_autoptr (GError) error = NULL;

  bm_pst_writer_close (g_steal_pointer (&f->writer), &error);
  g_assert_no_error (error);
  f->file = bm_pff_open (f->path);
  g_assert_nonnull (f->file);
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  if (f->file != NULL)
    libpff_file_free (&f->file, NULL);
  g_unlink (f->path);
  g_rmdir (f->dir);
  g_free (f->path);
  g_free (f->dir);
}

static void
test_plain (Fixture *f, gconstpointer data)
{
  const BmPstWriterOptions *options = data;
  g_autoptr (BmPstProps) props = bm_pst_props_new ();
  BmPstMessage message = {props};
  guint32 nid = 0;
  libpff_item_t *item = NULL;
  libpff_error_t *error = NULL;

  bm_pst_props_string (props, 0x0037001F, "Déjà vu");
  bm_pst_props_string (props, 0x1000001F, "Hello\r\n");
  bm_pst_props_string8 (props, 0x1042001E, "\xE9\xFF raw", -1);
  bm_pst_props_int16 (props, 0x66010002, -2);
  bm_pst_props_double (props, 0x66020005, 0.5);
  bm_pst_props_int64 (props, 0x66030014, 1);
  bm_pst_props_filetime (props, 0x0E060040, BM_PST_TIME (1500000000));
  nid = bm_pst_writer_add_message (f->writer, f->inbox, &message);
  finish (f);
  item = bm_pff_item (f->file, nid);
  bm_pff_assert_text (f->file, item, 0, 0x0037001F, "Déjà vu");
  bm_pff_assert_text (f->file, item, 0, 0x1000001F, "Hello\r\n");
  bm_pff_assert_text (f->file, item, 0, 0x001A001F, "IPM.Note");
  bm_pff_assert_value (item, 0, 0x1042001E, "\xE9\xFF raw", 6);
  bm_pff_assert_value (item, 0, 0x66010002, "\xFE\xFF", 2);
  bm_pff_assert_value (item, 0, 0x66020005, "\0\0\0\0\0\0\xE0\x3F", 8);
  bm_pff_assert_value (item, 0, 0x66030014, "\1\0\0\0\0\0\0", 8);
  bm_pff_assert_value (item, 0, 0x0E060040, "\x00\x00\xe0\x7c\x4a\xfc\xd2\x01", 8);
  libpff_item_free (&item, NULL);
  item = bm_pff_item (f->file, f->inbox);
  bm_pff_assert_text (f->file, item, 0, 0x3001001F, "Boîte de réception");
  bm_pff_assert_int32 (item, 0, 0x36020003, 1);
  g_assert_cmpint (bm_pff_count_messages (item), ==, 1);
  libpff_item_free (&item, NULL);
  bm_pff_check (libpff_file_get_message_store (f->file, &item, &error), &error);
  bm_pff_assert_int32 (item, 0, 0x67FF0003, (gint32) options->password_crc);
  bm_pff_assert_text (f->file, item, 0, 0x3001001F,
                      options->store_name != NULL ? options->store_name : "Outlook Data File");
  libpff_item_free (&item, NULL);
}

static void
test_tree_of_folders (Fixture *f, gconstpointer data)
{
  guint32 below = bm_pst_writer_add_folder (f->writer, f->inbox, "Dessous", NULL, NULL);
  guint32 search = bm_pst_writer_add_search_folder (f->writer, 0, "Unread");
  g_autoptr (BmPstProps) props = bm_pst_props_new ();
  BmPstMessage message = {props, .associated = TRUE};
  guint32 associated = 0;
  libpff_item_t *item = NULL, *sub = NULL;
  libpff_error_t *error = NULL;
  guint32 nid = 0;
  gint n = 0;

  bm_pst_props_bool (bm_pst_writer_node_props (f->writer, below), 0x10F4000B, TRUE);
  associated = bm_pst_writer_add_message (f->writer, below, &message);
  finish (f);
  g_assert_cmpuint (associated & 0x1F, ==, 8);
  g_assert_cmpuint (search & 0x1F, ==, 3);
  item = bm_pff_item (f->file, f->inbox);
  bm_pff_check (libpff_folder_get_number_of_sub_folders (item, &n, &error), &error);
  g_assert_cmpint (n, ==, 1);
  bm_pff_check (libpff_folder_get_sub_folder (item, 0, &sub, &error), &error);
  libpff_item_get_identifier (sub, &nid, NULL);
  g_assert_cmpuint (nid, ==, below);
  bm_pff_assert_text (f->file, sub, 0, 0x3001001F, "Dessous");
  bm_pff_assert_value (sub, 0, 0x10F4000B, "\1", 1);
  g_assert_cmpint (bm_pff_count_messages (sub), ==, 0);
  bm_pff_check (libpff_folder_get_number_of_sub_associated_contents (sub, &n, &error), &error);
  g_assert_cmpint (n, ==, 1);
  libpff_item_free (&sub, NULL);
  libpff_item_free (&item, NULL);
  item = bm_pff_item (f->file, search);
  bm_pff_assert_text (f->file, item, 0, 0x3001001F, "Unread");
  libpff_item_free (&item, NULL);
}

static void
assert_guid (libpff_record_entry_t *entry, const guint8 expected[16])
{
  libpff_name_to_id_map_entry_t *map = NULL;
  libpff_error_t *error = NULL;
  guint8 guid[16];

  bm_pff_check (libpff_record_entry_get_name_to_id_map_entry (entry, &map, &error), &error);
  bm_pff_check (libpff_name_to_id_map_entry_get_guid (map, guid, sizeof (guid), &error), &error);
  g_assert_cmpmem (guid, 16, expected, 16);
}

/* Four texts, one empty: a count, offsets, then the texts without terminators. */
static void
assert_keywords (libpff_record_set_t *set, gboolean ansi)
{
  static const guint8 unicode_wire[] = "\4\0\0\0\x14\0\0\0\x20\0\0\0\x2A\0\0\0\x2A\0\0\0"
                                       "Y\0e\0l\0l\0o\0w\0G\0r\0e\0e\0n\0\xC9\0t\0\xE9";
  static const guint8 ansi_wire[] = "\4\0\0\0\x14\0\0\0\x1A\0\0\0\x1F\0\0\0\x1F\0\0\0"
                                    "YellowGreen\xC9t\xE9";
  libpff_record_entry_t *entry = NULL;
  libpff_error_t *error = NULL;
  guint8 data[64];
  size_t size = 0;

  bm_pff_check (libpff_record_set_get_entry_by_utf8_name (
                    set, (const guint8 *) "Keywords", 8, ansi ? 0x101E : 0x101F, &entry, 0, &error),
                &error);
  bm_pff_check (libpff_record_entry_get_data_size (entry, &size, &error), &error);
  g_assert_cmpuint (size, ==, ansi ? sizeof (ansi_wire) - 1 : sizeof (unicode_wire));
  bm_pff_check (libpff_record_entry_get_data (entry, data, size, &error), &error);
  g_assert_cmpmem (data, size, ansi ? ansi_wire : unicode_wire, size);
  assert_guid (entry, bm_pst_ps_public_strings);
  libpff_record_entry_free (&entry, NULL);
}

static void
test_named (Fixture *f, gconstpointer data)
{
  const gboolean ansi = ((const BmPstWriterOptions *) data)->format == BM_PST_WRITE_ANSI;
  const gchar *categories[] = {"Yellow", "Green", "", "Été", NULL};
  g_autoptr (BmPstProps) props = bm_pst_props_new ();
  BmPstMessage message = {props};
  guint16 keywords = bm_pst_writer_named_string (f->writer, bm_pst_ps_public_strings, "Keywords");
  guint16 header = bm_pst_writer_named_string (f->writer, bm_pst_ps_internet_headers, "x-mailer");
  guint16 lid = bm_pst_writer_named_lid (f->writer, bm_pst_psetid_calendar_assistant, 0x17);
  guint16 second = bm_pst_writer_named_lid (f->writer, bm_pst_psetid_calendar_assistant, 0x26);
  libpff_item_t *item = NULL;
  libpff_record_set_t *set = NULL;
  libpff_record_entry_t *entry = NULL;
  libpff_error_t *error = NULL;
  guint32 nid = 0, number = 0;

  g_assert_cmpuint (keywords, ==,
                    bm_pst_writer_named_string (f->writer, bm_pst_ps_public_strings, "Keywords"));
  g_assert_cmpuint (keywords, !=, header);
  bm_pst_props_mv_string (props, BM_PST_TAG (keywords, 0x101F), categories);
  bm_pst_props_string (props, BM_PST_TAG (header, 0x1F), "Outlook");
  bm_pst_props_int32 (props, BM_PST_TAG (lid, 3), 77);
  bm_pst_props_int32 (props, BM_PST_TAG (second, 3), 78);
  nid = bm_pst_writer_add_message (f->writer, f->inbox, &message);
  finish (f);
  item = bm_pff_item (f->file, nid);
  bm_pff_check (libpff_item_get_record_set_by_index (item, 0, &set, &error), &error);
  bm_pff_check (libpff_record_set_get_entry_by_type (set, 0x17, 3, &entry, 0, &error), &error);
  bm_pff_check (libpff_record_entry_get_data_as_32bit_integer (entry, &number, &error), &error);
  g_assert_cmpuint (number, ==, 77);
  assert_guid (entry, bm_pst_psetid_calendar_assistant);
  libpff_record_entry_free (&entry, NULL);
  bm_pff_check (libpff_record_set_get_entry_by_type (set, 0x26, 3, &entry, 0, &error), &error);
  assert_guid (entry, bm_pst_psetid_calendar_assistant);
  libpff_record_entry_free (&entry, NULL);
  bm_pff_check (libpff_record_set_get_entry_by_utf8_name (set, (const guint8 *) "x-mailer", 8,
                                                          ansi ? 0x1E : 0x1F, &entry, 0, &error),
                &error);
  assert_guid (entry, bm_pst_ps_internet_headers);
  libpff_record_entry_free (&entry, NULL);
  assert_keywords (set, ansi);
  libpff_record_set_free (&set, NULL);
  libpff_item_free (&item, NULL);
}

/* Bytes that depend on their position, so that a block in the wrong place is seen. */
typedef struct {
  guint64 at;
  guint64 size;
} Pattern;

static guint8
pattern_at (guint64 i)
{
  return (guint8) (i ^ i >> 8 ^ i >> 16);
}

static gssize
pattern_read (gpointer user_data, guint8 *buffer, gsize size)
{
  Pattern *pattern = user_data;
  gsize n = (gsize) MIN (MIN (size, 1000), pattern->size - pattern->at);

  for (gsize i = 0; i < n; i++)
    buffer[i] = pattern_at (pattern->at++);
  return (gssize) n;
}

static void
assert_attachment (libpff_item_t *message, gint index, guint64 expected)
{
  libpff_item_t *attachment = NULL;
  libpff_error_t *error = NULL;
  gint type = 0;
  size64_t size = 0;
  guint64 at = 0;
  guint8 buffer[65536];
  ssize_t n = 0;

  bm_pff_check (libpff_message_get_attachment (message, index, &attachment, &error), &error);
  bm_pff_check (libpff_attachment_get_type (attachment, &type, &error), &error);
  g_assert_cmpint (type, ==, LIBPFF_ATTACHMENT_TYPE_DATA);
  if (expected > 0) {
    bm_pff_check (libpff_attachment_get_data_size (attachment, &size, &error), &error);
    g_assert_cmpuint (size, ==, expected);
  }
  while (at < expected &&
         (n = libpff_attachment_data_read_buffer (attachment, buffer, sizeof (buffer), &error)) > 0)
    for (ssize_t i = 0; i < n; i++)
      if (buffer[i] != pattern_at (at++))
        g_error ("attachment %d differs before %" G_GUINT64_FORMAT, index, at);
  g_assert_cmpuint (at, ==, expected);
  libpff_item_free (&attachment, NULL);
}

/* Sizes round every border: heap, one block, XBLOCK, XXBLOCK. */
static void
test_attachments (Fixture *f, gconstpointer data)
{
  static const guint64 sizes[] = {0,    1,     2048,  2049,    3580,    3581,    8176,
                                  8177, 16352, 16361, 8347696, 8347697, 31457280};
  BmPstAttachment attachments[G_N_ELEMENTS (sizes)] = {0};
  Pattern patterns[G_N_ELEMENTS (sizes)];
  g_autofree guint8 *small = g_malloc (2048);
  BmPstMessage message = {NULL, NULL, 0, attachments, G_N_ELEMENTS (sizes)};
  libpff_item_t *item = NULL;
  libpff_error_t *error = NULL;
  guint32 nid = 0;
  gint n = 0;

  for (guint i = 0; i < 2048; i++)
    small[i] = pattern_at (i);
  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++) {
    patterns[i] = (Pattern){0, sizes[i]};
    if (sizes[i] <= 2048) {
      attachments[i].data = small;
      attachments[i].size = sizes[i];
    } else {
      attachments[i].read = pattern_read;
      attachments[i].user_data = &patterns[i];
    }
  }
  nid = bm_pst_writer_add_message (f->writer, f->inbox, &message);
  finish (f);
  item = bm_pff_item (f->file, nid);
  bm_pff_check (libpff_message_get_number_of_attachments (item, &n, &error), &error);
  g_assert_cmpint (n, ==, G_N_ELEMENTS (sizes));
  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
    assert_attachment (item, (gint) i, sizes[i]);
  libpff_item_free (&item, NULL);
}

/* Three levels; the innermost has a file. */
static void
test_embedded (Fixture *f, gconstpointer data)
{
  static const gchar *subjects[] = {"innermost", "middle", "outer"};
  Pattern pattern = {0, 100000};
  BmPstMessage messages[3] = {0};
  BmPstAttachment attachments[3] = {{NULL, .read = pattern_read, .user_data = &pattern}};
  g_autoptr (GPtrArray) bags = g_ptr_array_new_with_free_func ((GDestroyNotify) bm_pst_props_free);
  libpff_item_t *items[3] = {NULL}, *attachment[3] = {NULL};
  libpff_error_t *error = NULL;
  guint32 nid = 0;

  for (guint i = 0; i < 3; i++) {
    BmPstProps *props = bm_pst_props_new ();

    bm_pst_props_string (props, 0x0037001F, subjects[i]);
    g_ptr_array_add (bags, props);
    if (i > 0)
      attachments[i].embedded = &messages[i - 1];
    messages[i] = (BmPstMessage){props, NULL, 0, &attachments[i], 1};
  }
  nid = bm_pst_writer_add_message (f->writer, f->inbox, &messages[2]);
  finish (f);
  items[2] = bm_pff_item (f->file, nid);
  for (gint i = 2; i > 0; i--) {
    bm_pff_check (libpff_message_get_attachment (items[i], 0, &attachment[i], &error), &error);
    bm_pff_check (libpff_attachment_get_item (attachment[i], &items[i - 1], &error), &error);
    bm_pff_assert_int32 (attachment[i], 0, 0x37050003, 5);
    bm_pff_assert_text (f->file, items[i - 1], 0, 0x0037001F, subjects[i - 1]);
  }
  assert_attachment (items[0], 0, 100000);
  for (guint i = 0; i < 3; i++) {
    libpff_item_free (&items[i], NULL);
    if (attachment[i] != NULL)
      libpff_item_free (&attachment[i], NULL);
  }
}

/* Enough of everything for a second level: properties (heap tree), recipients (row matrix as a
 * sub-node of several blocks), attachments (SIBLOCK), values beyond the heap. */
static void
test_many (Fixture *f, gconstpointer data)
{
  g_autoptr (BmPstProps) props = bm_pst_props_new ();
  g_autoptr (GPtrArray) rows = g_ptr_array_new_with_free_func ((GDestroyNotify) bm_pst_props_free);
  g_autofree BmPstAttachment *attachments = g_new0 (BmPstAttachment, 700);
  g_autofree gchar *body = g_strnfill (100000, 'b');
  BmPstMessage message = {props, NULL, 1000, attachments, 700};
  g_autoptr (GBytes) absent = NULL;
  libpff_item_t *item = NULL, *recipients = NULL;
  libpff_error_t *error = NULL;
  guint32 nid = 0;
  gint n = 0;

  for (guint i = 0; i < 1000; i++) {
    g_autofree gchar *name = g_strdup_printf ("Person %u", i);
    BmPstProps *row = bm_pst_props_new ();

    bm_pst_props_string (props, BM_PST_TAG (0x6800 + i, 0x1F), name);
    bm_pst_props_int32 (row, 0x0C150003, 1 + (gint) i % 3);
    bm_pst_props_string (row, 0x3001001F, name);
    if (i == 999)
      bm_pst_props_string (row, 0x5FF6001F, "only here");
    g_ptr_array_add (rows, row);
  }
  for (guint i = 0; i < 700; i++) {
    attachments[i].data = "\0\1\2\3";
    attachments[i].size = 4;
  }
  message.recipients = (const BmPstProps *const *) rows->pdata;
  bm_pst_props_string (props, 0x1000001F, body);
  nid = bm_pst_writer_add_message (f->writer, f->inbox, &message);
  finish (f);
  item = bm_pff_item (f->file, nid);
  g_assert_nonnull (item);
  bm_pff_assert_text (f->file, item, 0, BM_PST_TAG (0x6800, 0x1F), "Person 0");
  bm_pff_assert_text (f->file, item, 0, BM_PST_TAG (0x6800 + 999, 0x1F), "Person 999");
  bm_pff_assert_text (f->file, item, 0, 0x1000001F, body);
  bm_pff_check (libpff_message_get_recipients (item, &recipients, &error), &error);
  bm_pff_check (libpff_item_get_number_of_record_sets (recipients, &n, &error), &error);
  g_assert_cmpint (n, ==, 1000);
  bm_pff_assert_text (f->file, recipients, 0, 0x3001001F, "Person 0");
  bm_pff_assert_text (f->file, recipients, 500, 0x3001001F, "Person 500");
  bm_pff_assert_int32 (recipients, 500, 0x0C150003, 3);
  bm_pff_assert_text (f->file, recipients, 999, 0x5FF6001F, "only here");
  absent = bm_pff_value (recipients, 998, 0x5FF6001F);
  /* libpff does not look at the cell existence block: an absent text is an empty one. */
  g_assert_true (absent == NULL || g_bytes_get_size (absent) == 0);
  libpff_item_free (&recipients, NULL);
  bm_pff_check (libpff_message_get_number_of_attachments (item, &n, &error), &error);
  g_assert_cmpint (n, ==, 700);
  assert_attachment (item, 699, 4);
  libpff_item_free (&item, NULL);
}

/* Trees of several levels; a contents table whose index has two and whose heap has more than 136
 * pages (the second page with fill levels). */
static void
test_five_thousand (Fixture *f, gconstpointer data)
{
  g_autofree gchar *topic = g_strnfill (200, 't');
  libpff_item_t *folder = NULL, *table = NULL;
  libpff_error_t *error = NULL;
  gint n = 0;

  for (guint i = 0; i < 5000; i++) {
    g_autoptr (BmPstProps) props = bm_pst_props_new ();
    g_autofree gchar *subject = g_strdup_printf ("Message %u", i);
    BmPstMessage message = {props};

    bm_pst_props_string (props, 0x0037001F, subject);
    bm_pst_props_string (props, 0x0070001F, topic);
    bm_pst_writer_add_message (f->writer, i % 5 == 0 ? BM_PST_NID_DELETED : f->inbox, &message);
  }
  finish (f);
  folder = bm_pff_item (f->file, f->inbox);
  g_assert_cmpint (bm_pff_count_messages (folder), ==, 4000);
  bm_pff_assert_int32 (folder, 0, 0x36020003, 4000);
  for (gint i = 0; i < 4000; i += i < 10 || i > 3980 ? 1 : 97) {
    g_autofree gchar *subject = g_strdup_printf ("Message %d", i + i / 4 + 1);
    libpff_item_t *item = NULL;

    bm_pff_check (libpff_folder_get_sub_message (folder, i, &item, &error), &error);
    bm_pff_assert_text (f->file, item, 0, 0x0037001F, subject);
    libpff_item_free (&item, NULL);
  }
  bm_pff_check (libpff_folder_get_sub_messages (folder, &table, &error), &error);
  bm_pff_check (libpff_item_get_number_of_record_sets (table, &n, &error), &error);
  g_assert_cmpint (n, ==, 4000);
  for (gint i = 0; i < 4000; i += 333) {
    g_autofree gchar *subject = g_strdup_printf ("Message %d", i + i / 4 + 1);

    bm_pff_assert_text (f->file, table, i, 0x0037001F, subject);
    bm_pff_assert_text (f->file, table, i, 0x0070001F, topic);
  }
  libpff_item_free (&table, NULL);
  libpff_item_free (&folder, NULL);
}

int
main (int argc, char **argv)
{
  static const struct {
    const gchar *name;
    void (*run) (Fixture *f, gconstpointer data);
  } tests[] = {{"plain", test_plain},       {"folders", test_tree_of_folders},
               {"named", test_named},       {"attachments", test_attachments},
               {"embedded", test_embedded}, {"many", test_many},
               {"5000", test_five_thousand}};

  g_test_init (&argc, &argv, NULL);
  for (guint v = 0; v < G_N_ELEMENTS (variants); v++)
    for (guint t = 0; t < G_N_ELEMENTS (tests); t++) {
      g_autofree gchar *name = g_strdup_printf (
          "/pst-writer/%s-%u/%s", variants[v].format == BM_PST_WRITE_ANSI ? "ansi" : "unicode",
          variants[v].crypt, tests[t].name);

      g_test_add (name, Fixture, &variants[v], set_up, tests[t].run, tear_down);
    }
  return g_test_run ();
}
