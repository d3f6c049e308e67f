/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* See bm-key-note.h. */
#include "job/bm-key-note.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define PREFIX  "bm-pst-import-"
#define GROUP   "key"
#define YOUNG_S 3600 /* an empty note so old was never finished, and no key was made */

void
bm_key_note_free (BmKeyNote *note)
{
  if (note == NULL)
    return;
  if (note->fd >= 0)
    close (note->fd);
  g_free (note->path);
  g_free (note->name);
  g_free (note->login);
  g_free (note->core);
  g_free (note);
}

static void
sync_directory (const gchar *path)
{
  gint fd = open (path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0 || fsync (fd) != 0)
    g_warning ("cannot sync %s: %s", path, g_strerror (errno));
  if (fd >= 0)
    close (fd);
}

static gboolean
write_note (const BmKeyNote *note, const gchar *directory)
{
  g_autoptr (GKeyFile) keys = g_key_file_new ();
  g_key_file_set_string (keys, GROUP, "name", note->name);
  g_key_file_set_string (keys, GROUP, "login", note->login);
  g_key_file_set_string (keys, GROUP, "core", note->core);
  g_key_file_set_integer (keys, GROUP, "pid", getpid ());
  gsize size;
  g_autofree gchar *text = g_key_file_to_data (keys, &size, NULL);
  /* the lock first: a sweep must never see a finished note without its owner */
  if (flock (note->fd, LOCK_EX) != 0 || write (note->fd, text, size) != (gssize) size ||
      fsync (note->fd) != 0)
    return FALSE;
  sync_directory (directory);
  return TRUE;
}

BmKeyNote *
bm_key_note_new (const gchar *jobs, const gchar *login, const gchar *core, GError **error)
{
  g_autofree gchar *directory = g_build_filename (jobs, "keys", NULL);
  g_autofree gchar *uuid = g_uuid_string_random ();
  g_autoptr (BmKeyNote) note = g_new0 (BmKeyNote, 1);
  note->path = g_build_filename (directory, uuid, NULL);
  note->name = g_strconcat (PREFIX, uuid, NULL);
  note->login = g_strdup (login);
  note->core = g_strdup (core);
  note->fd = -1;
  if (g_mkdir_with_parents (directory, 0700) == 0)
    note->fd = open (note->path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (note->fd >= 0 && write_note (note, directory))
    return g_steal_pointer (&note);
  g_set_error (error, BM_ERROR, BM_CAUSE_JOURNAL, "cannot note the API key in %s: %s", note->path,
               g_strerror (errno));
  if (note->fd >= 0)
    unlink (note->path);
  return NULL;
}

static gboolean
read_note (BmKeyNote *note, const gchar *text)
{
  g_autoptr (GKeyFile) keys = g_key_file_new ();
  if (!g_key_file_load_from_data (keys, text, (gsize) -1, G_KEY_FILE_NONE, NULL))
    return FALSE;
  note->name = g_key_file_get_string (keys, GROUP, "name", NULL);
  note->login = g_key_file_get_string (keys, GROUP, "login", NULL);
  note->core = g_key_file_get_string (keys, GROUP, "core", NULL);
  return note->name != NULL && note->login != NULL && note->core != NULL &&
         g_str_has_prefix (note->name, PREFIX);
}

/* NULL: its process lives, or it is no finished note. */
static BmKeyNote *
take (const gchar *path)
{
  gchar text[4096] = "";
  struct stat info;
  g_autoptr (BmKeyNote) note = g_new0 (BmKeyNote, 1);
  note->path = g_strdup (path);
  note->fd = open (path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
  if (note->fd < 0 || flock (note->fd, LOCK_EX | LOCK_NB) != 0 || fstat (note->fd, &info) != 0)
    return NULL;
  if (info.st_size ==
      0) { /* its owner is about to write it, or died before: then there is no key */
    if (time (NULL) - info.st_mtime > YOUNG_S)
      unlink (path);
    return NULL;
  }
  if (read (note->fd, text, sizeof text - 1) > 0 && read_note (note, text))
    return g_steal_pointer (&note);
  g_warning ("%s is no note of an API key; look at it, then remove it", path);
  return NULL;
}

GPtrArray *
bm_key_note_orphans (const gchar *jobs, const gchar *core)
{
  GPtrArray *notes = g_ptr_array_new_with_free_func ((GDestroyNotify) bm_key_note_free);
  g_autofree gchar *directory = g_build_filename (jobs, "keys", NULL);
  g_autoptr (GDir) dir = g_dir_open (directory, 0, NULL);
  const gchar *name;
  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL) {
    g_autofree gchar *path = g_build_filename (directory, name, NULL);
    g_autoptr (BmKeyNote) note = g_uuid_string_is_valid (name) ? take (path) : NULL;
    if (note != NULL && g_str_equal (note->core, core))
      g_ptr_array_add (notes, g_steal_pointer (&note));
  }
  return notes;
}

void
bm_key_note_settle (BmKeyNote *note)
{
  if (unlink (note->path) != 0 && errno != ENOENT)
    g_warning ("cannot remove %s: %s", note->path, g_strerror (errno));
}
