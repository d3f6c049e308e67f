/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The sample mailbox holds what its header promises, always the same bytes, readable by plain
 * libpff and by readpst; every broken case is broken in the way it says. One thread. */
#include "bm-pff-read.h"
#include "bm-pst-damage.h"
#include "bm-pst-sample.h"

#include <glib/gstdio.h>
#include <string.h>

typedef struct {
  gchar *dir;
  gchar *path;
  libpff_file_t *file;
} Fixture;

static void
set_up (Fixture *f, gconstpointer data)
{
  f->dir = g_dir_make_tmp ("bm-pst-sample-XXXXXX", NULL);
  f->path = g_build_filename (f->dir, "test.pst", NULL);
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
write_sample (Fixture *f, BmPstWriterFormat format)
{
  BmPstWriterOptions options = {format};
  g_autoptr (GError) error = NULL;

  bm_pst_sample_write (f->path, &options, &error);
  g_assert_no_error (error);
  f->file = bm_pff_open (f->path);
  g_assert_nonnull (f->file);
}

typedef struct {
  gint mails;
  gint others;
  gint associated;
  gint hidden;
  gint folders;
} Count;

static gboolean
is_hidden (libpff_item_t *folder)
{
  g_autoptr (GBytes) hidden = bm_pff_value (folder, 0, 0x10F4000B);

  return hidden != NULL && ((const guint8 *) g_bytes_get_data (hidden, NULL))[0] == 1;
}

static void
count_items (libpff_file_t *file, libpff_item_t *folder, Count *count)
{
  libpff_error_t *error = NULL;
  gint n = bm_pff_count_messages (folder);
  gint associated = 0, below = 0;

  count->folders++;
  for (gint i = 0; i < n; i++) {
    libpff_item_t *item = NULL;
    g_autoptr (GBytes) class = NULL;

    bm_pff_check (libpff_folder_get_sub_message (folder, i, &item, &error), &error);
    class = bm_pff_value (item, 0, 0x001A001F);
    if (class == NULL)
      class = bm_pff_value (item, 0, 0x001A001E);
    g_assert_nonnull (class);
    if (is_hidden (folder))
      count->hidden++;
    else if (g_bytes_get_size (class) == 16 || g_bytes_get_size (class) == 8)
      count->mails++;
    else
      count->others++;
    libpff_item_free (&item, NULL);
  }
  bm_pff_check (libpff_folder_get_number_of_sub_associated_contents (folder, &associated, &error),
                &error);
  count->associated += associated;
  bm_pff_check (libpff_folder_get_number_of_sub_folders (folder, &below, &error), &error);
  for (gint i = 0; i < below; i++) {
    libpff_item_t *sub = NULL;

    bm_pff_check (libpff_folder_get_sub_folder (folder, i, &sub, &error), &error);
    count_items (file, sub, count);
    libpff_item_free (&sub, NULL);
  }
}

static void
test_contents (Fixture *f, gconstpointer data)
{
  libpff_item_t *item = NULL;
  Count count = {0};

  write_sample (f, (BmPstWriterFormat) GPOINTER_TO_INT (data));
  item = bm_pff_item (f->file, BM_PST_NID_SUBTREE);
  count_items (f->file, item, &count);
  libpff_item_free (&item, NULL);
  g_assert_cmpint (count.mails, ==, BM_PST_SAMPLE_MAILS);
  g_assert_cmpint (count.others, ==, BM_PST_SAMPLE_NOT_MAIL);
  g_assert_cmpint (count.associated, ==, BM_PST_SAMPLE_ASSOCIATED);
  g_assert_cmpint (count.hidden, ==, BM_PST_SAMPLE_HIDDEN);
  g_assert_cmpint (count.folders, ==, 12);
  item = bm_pff_item (f->file, BM_PST_SAMPLE_NID_INBOX);
  bm_pff_assert_text (f->file, item, 0, 0x3001001F, "Inbox");
  libpff_item_free (&item, NULL);
  item = bm_pff_item (f->file, 0x62B); /* receive folder table */
  bm_pff_assert_text (f->file, item, 2, 0x001A001F, "IPM.Note");
  bm_pff_assert_int32 (item, 2, 0x66050003, BM_PST_SAMPLE_NID_INBOX);
  libpff_item_free (&item, NULL);
  item = bm_pff_item (f->file, BM_PST_SAMPLE_NID_FIRST);
  bm_pff_assert_text (f->file, item, 0, 0x0037001F, "\1\1Welcome");
  libpff_item_free (&item, NULL);
  item = bm_pff_item (f->file, BM_PST_SAMPLE_NID_DOCUMENTS);
  bm_pff_assert_text (f->file, item, 0, 0x0037001F, "\1\1Documents joints");
  libpff_item_free (&item, NULL);
}

static void
test_same_bytes (Fixture *f, gconstpointer data)
{
  g_autofree gchar *first = NULL, *second = NULL;
  gsize n = 0, m = 0;
  BmPstBulk bulk = {300, 20000, 3, 7};

  for (guint i = 0; i < 2; i++) {
    g_assert_true (bm_pst_sample_write (f->path, NULL, NULL));
    g_assert_true (
        g_file_get_contents (f->path, i == 0 ? &first : &second, i == 0 ? &n : &m, NULL));
  }
  g_assert_cmpmem (first, n, second, m);
  for (guint i = 0; i < 2; i++) {
    g_clear_pointer (i == 0 ? &first : &second, g_free);
    g_assert_true (bm_pst_sample_bulk (f->path, NULL, &bulk, NULL));
    g_assert_true (
        g_file_get_contents (f->path, i == 0 ? &first : &second, i == 0 ? &n : &m, NULL));
  }
  g_assert_cmpmem (first, n, second, m);
}

/* A file whose folders list nothing still has every message as a node. */
static void
test_no_tables (Fixture *f, gconstpointer data)
{
  BmPstWriterOptions options = {.no_contents_tables = TRUE};
  BmPstBulk bulk = {200, 100, 1, 0};
  libpff_item_t *item = NULL;

  g_assert_true (bm_pst_sample_bulk (f->path, &options, &bulk, NULL));
  f->file = bm_pff_open (f->path);
  item = bm_pff_item (f->file, BM_PST_SAMPLE_NID_INBOX);
  g_assert_cmpint (bm_pff_count_messages (item), ==, 0);
  libpff_item_free (&item, NULL);
  item = bm_pff_item (f->file, (0x10000 + 199) << 5 | 4);
  g_assert_nonnull (item);
  libpff_item_free (&item, NULL);
}

static guint
count_files (const gchar *path, const gchar *suffix)
{
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  const gchar *name = NULL;
  guint n = 0;

  if (dir == NULL)
    return g_str_has_suffix (path, suffix) ? 1 : 0;
  while ((name = g_dir_read_name (dir)) != NULL) {
    g_autofree gchar *below = g_build_filename (path, name, NULL);

    n += count_files (below, suffix);
  }
  return n;
}

static void
test_readpst (Fixture *f, gconstpointer data)
{
  g_autofree gchar *readpst = g_find_program_in_path ("readpst");
  g_autofree gchar *out = g_build_filename (f->dir, "out", NULL);
  const gchar *argv[] = {"readpst", "-q", "-j", "0", "-D", "-e", "-te", "-o", out, f->path, NULL};
  const gchar *clean[] = {"rm", "-rf", out, NULL};
  BmPstWriterOptions options = {(BmPstWriterFormat) GPOINTER_TO_INT (data)};
  gint status = -1;

  if (readpst == NULL) {
    g_test_skip ("readpst is not installed");
    return;
  }
  g_assert_true (bm_pst_sample_write (f->path, &options, NULL));
  g_mkdir (out, 0700);
  g_assert_true (g_spawn_sync (NULL, (gchar **) argv, NULL,
                               G_SPAWN_SEARCH_PATH | G_SPAWN_STDOUT_TO_DEV_NULL, NULL, NULL, NULL,
                               NULL, &status, NULL));
  g_assert_cmpint (status, ==, 0);
  /* readpst knows no hidden folders. */
  g_assert_cmpuint (count_files (out, ".eml"), ==, BM_PST_SAMPLE_MAILS + BM_PST_SAMPLE_HIDDEN);
  g_spawn_sync (NULL, (gchar **) clean, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL, NULL,
                NULL);
}

static void
write_case (Fixture *f, const gchar *name, BmPstWriterFormat format)
{
  BmPstWriterOptions options = {format};
  g_autoptr (GError) error = NULL;

  if (f->file != NULL)
    libpff_file_free (&f->file, NULL);
  bm_pst_case_write (f->path, name, &options, &error);
  g_assert_no_error (error);
  f->file = bm_pff_open (f->path);
}

/* Whether the properties of an item can be read at all; error: libpff's words. */
static gboolean
is_readable (libpff_file_t *file, guint32 nid, gchar **words)
{
  libpff_item_t *item = bm_pff_item (file, nid);
  libpff_error_t *error = NULL;
  gint n = 0;
  gboolean ok = FALSE;

  if (item == NULL)
    return FALSE;
  ok = libpff_item_get_number_of_record_sets (item, &n, &error) == 1 && n == 1;
  if (error != NULL && words != NULL) {
    *words = g_malloc0 (4096);
    libpff_error_backtrace_sprint (error, *words, 4096);
  }
  libpff_error_free (&error);
  libpff_item_free (&item, NULL);
  return ok;
}

/* libpff takes a file that lacks its trees for an empty one. */
static void
test_broken_file (Fixture *f, gconstpointer data)
{
  BmPstWriterFormat format = (BmPstWriterFormat) GPOINTER_TO_INT (data);

  write_case (f, "header-crc", format);
  g_assert_null (f->file);
  write_case (f, "truncated", format);
  g_assert_true (f->file == NULL || bm_pff_item (f->file, BM_PST_NID_ROOT) == NULL);
}

static void
test_broken_item (Fixture *f, gconstpointer data)
{
  static const gchar *names[] = {"block-flipped", "block-zeroed"};
  BmPstWriterFormat format = (BmPstWriterFormat) GPOINTER_TO_INT (data);
  g_autofree gchar *words = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (names); i++) {
    write_case (f, names[i], format);
    g_assert_nonnull (f->file);
    g_assert_false (is_readable (f->file, BM_PST_SAMPLE_NID_FIRST, NULL));
    g_assert_true (is_readable (f->file, BM_PST_SAMPLE_NID_FIRST + 0x20, NULL));
  }
  write_case (f, "unsupported-type", format);
  g_assert_true (is_readable (f->file, BM_PST_SAMPLE_NID_FIRST, NULL));
  g_assert_false (is_readable (f->file, BM_PST_SAMPLE_NID_FIRST + 0x20, &words));
  g_assert_nonnull (strstr (words, "unsupported value type: 0x00000000"));
  g_assert_true (is_readable (f->file, BM_PST_SAMPLE_NID_FIRST + 0x40, NULL));
}

static void
test_broken_table (Fixture *f, gconstpointer data)
{
  libpff_item_t *item = NULL;
  gint n = 0;

  write_case (f, "contents-table", (BmPstWriterFormat) GPOINTER_TO_INT (data));
  item = bm_pff_item (f->file, BM_PST_SAMPLE_NID_INBOX);
  g_assert_cmpint (libpff_folder_get_number_of_sub_messages (item, &n, NULL), ==, -1);
  libpff_item_free (&item, NULL);
  g_assert_true (is_readable (f->file, BM_PST_SAMPLE_NID_FIRST, NULL));
}

static gssize
read_document (libpff_file_t *file, guint8 *buffer, gsize size, size64_t *data_size)
{
  libpff_item_t *item = bm_pff_item (file, BM_PST_SAMPLE_NID_DOCUMENTS), *attachment = NULL;
  libpff_error_t *error = NULL;
  gssize n = 0;

  memset (buffer, 0, size);
  bm_pff_check (libpff_message_get_attachment (item, 0, &attachment, &error), &error);
  *data_size = 0;
  libpff_attachment_get_data_size (attachment, data_size, NULL);
  n = libpff_attachment_data_read_buffer (attachment, buffer, size, NULL);
  libpff_item_free (&attachment, NULL);
  libpff_item_free (&item, NULL);
  return n;
}

static void
test_broken_attachment (Fixture *f, gconstpointer data)
{
  BmPstWriterFormat format = (BmPstWriterFormat) GPOINTER_TO_INT (data);
  static guint8 good[57345], bad[57345];
  size64_t size = 0;

  write_sample (f, format);
  g_assert_cmpint (read_document (f->file, good, sizeof (good), &size), ==, 57344);
  g_assert_cmpuint (size, ==, 57344);
  write_case (f, "attachment-zeroed", format);
  g_assert_cmpint (read_document (f->file, bad, sizeof (bad), &size), <, 57344);
  write_case (f, "attachment-lost", format);
  g_assert_cmpint (read_document (f->file, bad, sizeof (bad), &size), <=, 0);
  g_assert_cmpuint (size, ==, 0);
  /* libpff gives wrong bytes and no error. */
  write_case (f, "attachment-flipped", format);
  g_assert_cmpint (read_document (f->file, bad, sizeof (bad), &size), ==, 57344);
  g_assert_true (memcmp (good, bad, sizeof (good)) != 0);
}

/* What libpff makes of a broken node tree is its own affair; what must hold is that the bytes are
 * what the case says. */
static void
test_broken_tree (Fixture *f, gconstpointer data)
{
  static const gchar *names[] = {"nbt-crc", "nbt-garbage", "nbt-loop", "tail-lost"};
  BmPstWriterOptions options = {(BmPstWriterFormat) GPOINTER_TO_INT (data)};
  g_autofree gchar *good = NULL;
  gsize good_size = 0;

  g_assert_true (bm_pst_sample_write (f->path, &options, NULL));
  g_assert_true (g_file_get_contents (f->path, &good, &good_size, NULL));
  for (guint i = 0; i < G_N_ELEMENTS (names); i++) {
    g_autofree gchar *bad = NULL;
    gsize size = 0, differ = 0;

    g_assert_true (bm_pst_case_write (f->path, names[i], &options, NULL));
    g_assert_true (g_file_get_contents (f->path, &bad, &size, NULL));
    for (gsize k = 0; k < MIN (size, good_size); k++)
      differ += good[k] != bad[k];
    g_assert_cmpuint (size, ==, i == 3 ? good_size - 1024 : good_size);
    if (i == 0)
      g_assert_cmpuint (differ, ==, 1);
    else if (i == 3)
      g_assert_cmpuint (differ, ==, 0);
    else
      g_assert_cmpuint (differ, >, 3);
  }
  write_case (f, "nbt-crc", options.format);
  g_assert_true (is_readable (f->file, BM_PST_SAMPLE_NID_FIRST, NULL));
}

static void
test_clash (Fixture *f, gconstpointer data)
{
  libpff_item_t *item = NULL, *attachment = NULL, *inner = NULL;
  libpff_error_t *error = NULL;

  write_case (f, "embedded-clash", (BmPstWriterFormat) GPOINTER_TO_INT (data));
  item = bm_pff_item (f->file, BM_PST_SAMPLE_NID_FIRST + 0x20);
  bm_pff_assert_text (f->file, item, 0, 0x0037001F, "Outer");
  bm_pff_check (libpff_message_get_attachment (item, 0, &attachment, &error), &error);
  bm_pff_check (libpff_attachment_get_item (attachment, &inner, &error), &error);
  /* libpff's mistake; a reader that renumbers gets "Embedded". */
  bm_pff_assert_text (f->file, inner, 0, 0x0037001F, "Unrelated");
  libpff_item_free (&inner, NULL);
  libpff_item_free (&attachment, NULL);
  libpff_item_free (&item, NULL);
}

static void
test_errors (Fixture *f, gconstpointer data)
{
  g_autoptr (GError) error = NULL;

  g_assert_false (bm_pst_case_write (f->path, "no-such-case", NULL, &error));
  g_assert_nonnull (error);
  g_clear_error (&error);
  g_assert_null (bm_pst_writer_new ("/nonexistent/x.pst", NULL, &error));
  g_assert_nonnull (error);
  g_clear_error (&error);
  g_assert_true (bm_pst_sample_write (f->path, NULL, NULL));
  g_assert_false (bm_pst_damage (f->path, BM_PST_DAMAGE_BLOCK_ZEROED, 0x999904, &error));
  g_assert_nonnull (error);
}

int
main (int argc, char **argv)
{
  static const struct {
    const gchar *name;
    void (*run) (Fixture *f, gconstpointer data);
  } tests[] = {{"contents", test_contents},
               {"same-bytes", test_same_bytes},
               {"no-tables", test_no_tables},
               {"readpst", test_readpst},
               {"broken-file", test_broken_file},
               {"broken-item", test_broken_item},
               {"broken-table", test_broken_table},
               {"broken-attachment", test_broken_attachment},
               {"broken-tree", test_broken_tree},
               {"clash", test_clash},
               {"errors", test_errors}};

  g_test_init (&argc, &argv, NULL);
  for (gint format = 0; format < 2; format++)
    for (guint t = 0; t < G_N_ELEMENTS (tests); t++) {
      g_autofree gchar *name = g_strdup_printf (
          "/pst-sample/%s/%s", format == BM_PST_WRITE_ANSI ? "ansi" : "unicode", tests[t].name);

      g_test_add (name, Fixture, GINT_TO_POINTER (format), set_up, tests[t].run, tear_down);
    }
  return g_test_run ();
}
