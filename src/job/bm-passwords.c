/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* See bm-passwords.h. Must not know whose passwords they are. */
#include "job/bm-passwords.h"

#include "base/bm-csv.h"
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define SIZE_MAX_BYTES (16 << 20)

static gboolean
check_rights (gint fd, const gchar *path, GError **error)
{
  struct stat info;
  if (fstat (fd, &info) != 0 || !S_ISREG (info.st_mode) || info.st_size > SIZE_MAX_BYTES) {
    g_set_error (error, BM_ERROR, BM_CAUSE_CONFIG,
                 "the passwords file %s is no regular file of at most 16 MiB", path);
    return FALSE;
  }
  if ((info.st_mode & (S_IRWXG | S_IRWXO)) == 0)
    return TRUE;
  g_set_error (
      error, BM_ERROR, BM_CAUSE_CONFIG,
      "the passwords file %s may be used by others than its owner (mode %04o): chmod 600 it", path,
      (guint) (info.st_mode & 07777));
  return FALSE;
}

/* Reads what was checked: the descriptor, not the path again. */
static GByteArray *
read_all (gint fd)
{
  g_autoptr (GByteArray) data = g_byte_array_new ();
  guint8 piece[8192];
  gssize n;
  while ((n = read (fd, piece, sizeof piece)) > 0 && data->len <= SIZE_MAX_BYTES)
    g_byte_array_append (data, piece, (guint) n);
  return n < 0 ? NULL : g_steal_pointer (&data);
}

static GArray *
read_rows (const gchar *path, GError **error)
{
  gint fd = open (path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) {
    g_set_error (error, BM_ERROR, BM_CAUSE_CONFIG, "the passwords file %s: %s", path,
                 g_strerror (errno));
    return NULL;
  }
  g_autoptr (GByteArray) data = check_rights (fd, path, error) ? read_all (fd) : NULL;
  close (fd);
  if (data == NULL) {
    if (error != NULL && *error == NULL)
      g_set_error (error, BM_ERROR, BM_CAUSE_CONFIG, "the passwords file %s cannot be read", path);
    return NULL;
  }
  g_autoptr (GError) local = NULL;
  GArray *rows = bm_csv_parse ((const gchar *) data->data, data->len, &local);
  if (rows == NULL)
    g_set_error (error, BM_ERROR, BM_CAUSE_CONFIG, "the passwords file %s: %s", path,
                 local->message);
  return rows;
}

static gboolean
is_one_of (const gchar *user, const gchar *const *names)
{
  g_autofree gchar *folded = g_utf8_casefold (user, -1);
  for (guint i = 0; names[i] != NULL; i++) {
    g_autofree gchar *name = g_utf8_casefold (names[i], -1);
    if (g_str_equal (name, folded))
      return TRUE;
  }
  return FALSE;
}

static gboolean
is_head (const BmCsvRow *row)
{
  return g_ascii_strcasecmp (g_strstrip (row->fields[0]), "user") == 0 &&
         g_ascii_strcasecmp (g_strstrip (row->fields[1]), "password") == 0;
}

static gboolean
take_row (const BmCsvRow *row, const gchar *path, const gchar *const *names, gchar **password,
          GError **error)
{
  if (!is_one_of (g_strstrip (row->fields[0]), names))
    return TRUE;
  if (*password != NULL && !g_str_equal (*password, row->fields[1])) {
    g_set_error (error, BM_ERROR, BM_CAUSE_CONFIG,
                 "the passwords file %s, line %u: another password for %s than above", path,
                 row->line, row->fields[0]);
    return FALSE;
  }
  g_free (*password);
  *password = g_strdup (row->fields[1]);
  return TRUE;
}

gchar *
bm_passwords_find (const gchar *path, const gchar *const *names, GError **error)
{
  g_autoptr (GArray) rows = read_rows (path, error);
  g_autofree gchar *password = NULL;
  if (rows == NULL)
    return NULL;
  for (guint i = 0; i < rows->len; i++) {
    const BmCsvRow *row = &g_array_index (rows, BmCsvRow, i);
    if (row->problem != NULL || g_strv_length (row->fields) < 2) {
      g_set_error (error, BM_ERROR, BM_CAUSE_CONFIG, "the passwords file %s, line %u: %s", path,
                   row->line, row->problem != NULL ? row->problem : "not user,password");
      return NULL;
    }
    if (!(i == 0 && is_head (row)) && !take_row (row, path, names, &password, error))
      return NULL;
  }
  if (password != NULL && *password != '\0')
    return g_steal_pointer (&password);
  g_set_error (error, BM_ERROR, BM_CAUSE_LOGIN_REFUSED, "the passwords file %s has none for %s",
               path, names[0]);
  return NULL;
}
