/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* What the PST writer writes is read back by plain libpff, and by readpst where it is installed.
 * One thread. */
#include "bm-pst-writer.h"

#include <glib/gstdio.h>
#include <libpff.h>
#include <string.h>

typedef struct {
  gchar *dir;
  gchar *path;
  BmPstWriterOptions options;
  BmPstWriter *writer;
  libpff_file_t *file;
} Fixture;

static const BmPstWriterOptions variants[] = {
    {BM_PST_UNICODE, BM_PST_CRYPT_COMPRESSIBLE, 0, NULL, NULL, FALSE},
    {BM_PST_UNICODE, BM_PST_CRYPT_NONE, 0, NULL, NULL, FALSE},
    {BM_PST_UNICODE, BM_PST_CRYPT_HIGH, 0x12345678, NULL, "Archiv für Käthe", FALSE},
    {BM_PST_ANSI, BM_PST_CRYPT_COMPRESSIBLE, 0, NULL, NULL, FALSE},
    {BM_PST_ANSI, BM_PST_CRYPT_HIGH, 0, NULL, NULL, FALSE},
};

static void
set_up (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  f->options = *(const BmPstWriterOptions *) data;
  f->dir = g_dir_make_tmp ("bm-pst-writer-XXXXXX", &error);
  g_assert_no_error (error);
  f->path = g_build_filename (f->dir, "test.pst", NULL);
  f->writer = bm_pst_writer_new (f->path, &f->options, &error);
  g_assert_no_error (error);
}

static void
check_pff (gint rc, libpff_error_t **error)
{
  if (rc < 0 && *error != NULL) {
    libpff_error_backtrace_fprint (*error, stderr);
    libpff_error_free (error);
  }
  g_assert_cmpint (rc, ==, 1);
}

static void
finish (Fixture *f)
{
  g_autoptr (GError) error = NULL;
  libpff_error_t *pff_error = NULL;

  bm_pst_writer_close (g_steal_pointer (&f->writer), &error);
  g_assert_no_error (error);
  libpff_file_initialize (&f->file, NULL);
  check_pff (libpff_file_open (f->file, f->path, LIBPFF_OPEN_READ, &pff_error), &pff_error);
}

static void
tear_down (Fixture *f, gconstpointer data)
{
  if (f->writer != NULL)
    bm_pst_writer_close (f->writer, NULL);
  if (f->file != NULL)
    libpff_file_free (&f->file, NULL);
  g_unlink (f->path);
  g_rmdir (f->dir);
  g_free (f->path);
  g_free (f->dir);
}

static libpff_item_t *
item_at (Fixture *f, guint32 nid)
{
  libpff_item_t *item = NULL;
  libpff_error_t *error = NULL;

  check_pff (libpff_file_get_item_by_identifier (f->file, nid, &item, &error), &error);
  return item;
}

static GBytes *
value (libpff_item_t *item, gint set, guint32 tag)
{
  libpff_record_set_t *record_set = NULL;
  libpff_record_entry_t *entry = NULL;
  libpff_error_t *error = NULL;
  size_t size = 0;
  guint8 *data = NULL;
  gint rc = 0;

  check_pff (libpff_item_get_record_set_by_index (item, set, &record_set, &error), &error);
  rc = libpff_record_set_get_entry_by_type (record_set, tag >> 16, tag & 0xFFFF, &entry,
                                            LIBPFF_ENTRY_VALUE_FLAG_IGNORE_NAME_TO_ID_MAP, &error);
  if (rc == 1) {
    libpff_record_entry_get_data_size (entry, &size, NULL);
    data = g_malloc0 (size + 1);
    if (size > 0)
      check_pff (libpff_record_entry_get_data (entry, data, size, &error), &error);
    libpff_record_entry_free (&entry, NULL);
  }
  libpff_record_set_free (&record_set, NULL);
  return rc == 1 ? g_bytes_new_take (data, size) : NULL;
}

static void
assert_value (libpff_item_t *item, gint set, guint32 tag, gconstpointer data, gsize size)
{
  g_autoptr (GBytes) got = value (item, set, tag);

  g_assert_nonnull (got);
  g_assert_cmpmem (g_bytes_get_data (got, NULL), g_bytes_get_size (got), data, size);
}

static void
assert_int32 (libpff_item_t *item, gint set, guint32 tag, gint32 expected)
{
  gint32 le = GINT32_TO_LE (expected);

  assert_value (item, set, tag, &le, 4);
}

/* In an ANSI file the text is expected in windows-1252. */
static void
assert_text (Fixture *f, libpff_item_t *item, gint set, guint32 tag, const gchar *utf8)
{
  gboolean ansi = f->options.format == BM_PST_ANSI;
  gsize size = 0;
  g_autofree gchar *bytes = g_convert_with_fallback (utf8, -1, ansi ? "WINDOWS-1252" : "UTF-16LE",
                                                     "UTF-8", "?", NULL, &size, NULL);

  assert_value (item, set, ansi ? tag - 1 : tag, bytes, size);
}

static void
test_plain (Fixture *f, gconstpointer data)
{
  g_autoptr (BmPstProps) props = bm_pst_props_new ();
  BmPstMessage message = {props};
  guint32 inbox = bm_pst_writer_add_folder (f->writer, 0, "Boîte de réception", "IPF.Note", NULL);
  guint32 nid = 0;
  libpff_item_t *item = NULL, *folder = NULL, *sub = NULL;
  libpff_error_t *error = NULL;
  gint n = 0;

  bm_pst_props_string (props, 0x0037001F, "Déjà vu");
  bm_pst_props_string (props, 0x1000001F, "Hello\r\n");
  bm_pst_props_filetime (props, 0x0E060040, BM_PST_TIME (1500000000));
  nid = bm_pst_writer_add_message (f->writer, inbox, &message);
  finish (f);
  item = item_at (f, nid);
  assert_text (f, item, 0, 0x0037001F, "Déjà vu");
  assert_text (f, item, 0, 0x1000001F, "Hello\r\n");
  assert_text (f, item, 0, 0x001A001F, "IPM.Note");
  libpff_item_free (&item, NULL);
  folder = item_at (f, inbox);
  assert_text (f, folder, 0, 0x3001001F, "Boîte de réception");
  assert_int32 (folder, 0, 0x36020003, 1);
  check_pff (libpff_folder_get_number_of_sub_messages (folder, &n, &error), &error);
  g_assert_cmpint (n, ==, 1);
  check_pff (libpff_folder_get_sub_message (folder, 0, &sub, &error), &error);
  assert_text (f, sub, 0, 0x0037001F, "Déjà vu");
  libpff_item_free (&sub, NULL);
  libpff_item_free (&folder, NULL);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (variants); i++) {
    g_autofree gchar *name = g_strdup_printf ("/pst-writer/%u/plain", i);

    g_test_add (name, Fixture, &variants[i], set_up, test_plain, tear_down);
  }
  return g_test_run ();
}
