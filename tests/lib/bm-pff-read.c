/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* libpff for tests: see the header. */
#include "bm-pff-read.h"

void
bm_pff_check (gint rc, libpff_error_t **error)
{
  if (rc < 0 && *error != NULL) {
    libpff_error_backtrace_fprint (*error, stderr);
    libpff_error_free (error);
  }
  g_assert_cmpint (rc, ==, 1);
}

libpff_file_t *
bm_pff_open (const gchar *path)
{
  libpff_file_t *file = NULL;

  g_assert_cmpint (libpff_file_initialize (&file, NULL), ==, 1);
  if (libpff_file_open (file, path, LIBPFF_OPEN_READ, NULL) != 1)
    libpff_file_free (&file, NULL);
  return file;
}

libpff_item_t *
bm_pff_item (libpff_file_t *file, guint32 nid)
{
  libpff_item_t *item = NULL;

  if (libpff_file_get_item_by_identifier (file, nid, &item, NULL) != 1)
    return NULL;
  return item;
}

GBytes *
bm_pff_value (libpff_item_t *item, gint set, guint32 tag)
{
  libpff_record_set_t *record_set = NULL;
  libpff_error_t *error = NULL;
  GBytes *found = NULL;
  gint n = 0;

  bm_pff_check (libpff_item_get_record_set_by_index (item, set, &record_set, &error), &error);
  bm_pff_check (libpff_record_set_get_number_of_entries (record_set, &n, &error), &error);
  for (gint i = 0; i < n && found == NULL; i++) {
    libpff_record_entry_t *entry = NULL;
    libpff_name_to_id_map_entry_t *map = NULL;
    guint32 id = 0, type = 0;
    size_t size = 0;

    bm_pff_check (libpff_record_set_get_entry_by_index (record_set, i, &entry, &error), &error);
    libpff_record_entry_get_entry_type (entry, &id, NULL);
    libpff_record_entry_get_value_type (entry, &type, NULL);
    /* libpff gives the local id of a mapped entry instead of the stored one. */
    if (tag >> 16 == id && type == (tag & 0xFFFF) &&
        libpff_record_entry_get_name_to_id_map_entry (entry, &map, NULL) == (tag >> 31 ? 1 : 0)) {
      guint8 *data = NULL;

      bm_pff_check (libpff_record_entry_get_data_size (entry, &size, &error), &error);
      data = g_malloc0 (size + 1);
      if (size > 0)
        bm_pff_check (libpff_record_entry_get_data (entry, data, size, &error), &error);
      found = g_bytes_new_take (data, size);
    }
    libpff_record_entry_free (&entry, NULL);
  }
  libpff_record_set_free (&record_set, NULL);
  return found;
}

void
bm_pff_assert_value (libpff_item_t *item, gint set, guint32 tag, gconstpointer data, gsize size)
{
  g_autoptr (GBytes) got = bm_pff_value (item, set, tag);

  g_assert_nonnull (got);
  g_assert_cmpmem (g_bytes_get_data (got, NULL), g_bytes_get_size (got), data, size);
}

void
bm_pff_assert_int32 (libpff_item_t *item, gint set, guint32 tag, gint32 expected)
{
  gint32 le = GINT32_TO_LE (expected);

  bm_pff_assert_value (item, set, tag, &le, 4);
}

void
bm_pff_assert_text (libpff_file_t *file, libpff_item_t *item, gint set, guint32 tag,
                    const gchar *utf8)
{
  guint8 type = 0;
  gsize size = 0;
  g_autofree gchar *bytes = NULL;
  gboolean ansi = FALSE;

  libpff_file_get_type (file, &type, NULL);
  ansi = type == LIBPFF_FILE_TYPE_32BIT;
  bytes = g_convert_with_fallback (utf8, -1, ansi ? "WINDOWS-1252" : "UTF-16LE", "UTF-8", "?", NULL,
                                   &size, NULL);
  bm_pff_assert_value (item, set, ansi ? tag - 1 : tag, bytes, size);
}

gint
bm_pff_count_messages (libpff_item_t *folder)
{
  libpff_error_t *error = NULL;
  gint n = 0;

  bm_pff_check (libpff_folder_get_number_of_sub_messages (folder, &n, &error), &error);
  return n;
}
