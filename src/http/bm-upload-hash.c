/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* See bm-upload.h: what a finished upload is: its SHA-256 when the running sum was lost, and jobs that
 * imported the same bytes already. Runs in a thread of its own and touches no store. */
#include "http/bm-upload-private.h"

#include "job/bm-job.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BLOCK (1u << 20)

static gboolean
hash_fd (gint fd, const gchar *path, GChecksum *checksum, GCancellable *cancellable, GError **error)
{
  g_autofree guint8 *block = g_malloc (BLOCK);
  posix_fadvise (fd, 0, 0, POSIX_FADV_SEQUENTIAL);
  while (!g_cancellable_set_error_if_cancelled (cancellable, error)) {
    gssize n = read (fd, block, BLOCK);
    if (n == 0)
      return TRUE;
    if (n < 0 && errno != EINTR)
      return bm_upload_storage_error (error, "read", path);
    if (n > 0)
      g_checksum_update (checksum, block, n);
  }
  return FALSE;
}

gchar *
bm_upload_hash_file (const gchar *path, GCancellable *cancellable, GError **error)
{
  g_autoptr (GChecksum) checksum = g_checksum_new (G_CHECKSUM_SHA256);
  gint fd = open (path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) {
    bm_upload_storage_error (error, "open", path);
    return NULL;
  }
  gboolean ok = hash_fd (fd, path, checksum, cancellable, error);
  close (fd);
  return ok ? g_strdup (g_checksum_get_string (checksum)) : NULL;
}

/* The id of the upload whose data this file is; NULL when it is none. New. */
static gchar *
upload_of (const gchar *uploads, const gchar *file)
{
  g_autofree gchar *directory = g_path_get_dirname (file);
  g_autofree gchar *parent = g_path_get_dirname (directory);
  g_autofree gchar *id = g_path_get_basename (directory);
  return g_str_equal (parent, uploads) && bm_upload_is_id (id) ? g_steal_pointer (&id) : NULL;
}

/* The SHA-256 of what a job has read, which began at started (milliseconds since 1970); NULL when
 * nobody can know it any more, also because the file was written to since. New. */
static gchar *
hash_of_job (const gchar *uploads, const gchar *except, const gchar *file, guint64 size,
             gint64 started, GCancellable *cancellable)
{
  struct stat info;
  g_autofree gchar *target = g_file_read_link (file, NULL); /* of an import that reads an upload */
  g_autofree gchar *id = upload_of (uploads, target != NULL ? target : file);
  if (id != NULL) {
    g_autoptr (BmUpload) upload =
        g_str_equal (id, except) ? NULL : bm_upload_info_read (uploads, id);
    return upload != NULL ? g_steal_pointer (&upload->sha256) : NULL;
  }
  if (stat (file, &info) != 0 || !S_ISREG (info.st_mode) || (guint64) info.st_size != size)
    return NULL;
  gint64 written = (gint64) info.st_mtim.tv_sec * 1000 + info.st_mtim.tv_nsec / 1000000;
  if (written > started)
    return NULL;
  return bm_upload_hash_file (file, cancellable, NULL);
}

GPtrArray *
bm_upload_known_jobs (const gchar *jobs, const gchar *uploads, const gchar *except, guint64 size,
                      const gchar *sha256, GCancellable *cancellable)
{
  GPtrArray *matches = g_ptr_array_new_with_free_func ((GDestroyNotify) bm_upload_match_free);
  g_autoptr (GPtrArray) list = bm_job_list (jobs);
  for (guint i = 0; i < list->len && !g_cancellable_is_cancelled (cancellable); i++) {
    const gchar *directory = g_ptr_array_index (list, i);
    g_autoptr (BmJob) job = bm_job_open_existing (jobs, directory, TRUE, NULL);
    if (job == NULL || (guint64) bm_journal_get_int (job->journal, "pst.size", -1) != size)
      continue;
    g_autofree gchar *file = bm_journal_get (job->journal, "pst.file");
    g_autofree gchar *domain = bm_journal_get (job->journal, "user.domain");
    gint64 started = bm_journal_get_int (job->journal, "started", 0);
    g_autofree gchar *found =
        file != NULL ? hash_of_job (uploads, except, file, size, started, cancellable) : NULL;
    g_autofree gchar *name = g_path_get_basename (directory);
    if (g_strcmp0 (found, sha256) == 0)
      g_ptr_array_add (matches, bm_upload_match_new (name, domain));
  }
  return matches;
}
