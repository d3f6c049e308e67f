/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* See bm-upload.h: the store: what is there, what may begin, what is due to go. */
#include "http/bm-upload-private.h"

#include "base/bm-disk.h"
#include "job/bm-lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#define UNFINISHED_MAX 200
#define DAY_S          86400
#define KEEP_EXPIRED_S (7 * DAY_S)   /* so long a browser is told what happened */
#define KEEP_PURGED_S  (400 * DAY_S) /* so long a file is known again */
#define TRASH          "trash-"
#define HALF_MADE_S    3600 /* a directory without info.json so old was never promised to anyone */

typedef struct {
  const gchar *token;
  guint status;
  const gchar *action;
} ErrorInfo;

static const ErrorInfo errors[] = {
#define X(sym, token, status, action) [BM_UPLOAD_ERROR_##sym] = {token, status, action},
    BM_UPLOAD_ERRORS (X)
#undef X
};

G_DEFINE_QUARK (bm - upload - error - quark, bm_upload_error)

void
bm_upload_error_words (const GError *error, guint *status, const gchar **token,
                       const gchar **action)
{
  gboolean ours = error->domain == BM_UPLOAD_ERROR && (guint) error->code < G_N_ELEMENTS (errors);
  const ErrorInfo *info = &errors[ours ? error->code : BM_UPLOAD_ERROR_STORAGE];
  *status = info->status;
  *token = info->token;
  *action = info->action;
}

static gint64
now_s (void)
{
  return g_get_real_time () / G_USEC_PER_SEC;
}

static void
sum_free (gpointer pointer)
{
  BmUploadSum *sum = pointer;
  g_checksum_free (sum->checksum);
  g_free (sum);
}

/* ---- letting go ---- */

static gchar *
trash_path (const gchar *directory, const gchar *id)
{
  g_autofree gchar *name = g_strconcat (TRASH, id, NULL);
  return g_build_filename (directory, name, NULL);
}

static void
remove_tree (const gchar *path)
{
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL); /* fails on a file */
  const gchar *name;
  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL) {
    g_autofree gchar *child = g_build_filename (path, name, NULL);
    unlink (child);
  }
  if ((dir != NULL ? rmdir (path) : unlink (path)) != 0 && errno != ENOENT)
    g_warning ("cannot remove %s: %s", path, g_strerror (errno));
}

void
bm_uploads_empty_trash (const gchar *directory)
{
  g_autoptr (GDir) dir = g_dir_open (directory, 0, NULL);
  const gchar *name;
  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL) {
    if (!g_str_has_prefix (name, TRASH))
      continue;
    g_autofree gchar *path = g_build_filename (directory, name, NULL);
    remove_tree (path);
  }
}

/* All of it, also its memory. upload is freed. */
static gboolean
forget (BmUploads *uploads, BmUpload *upload, GError **error)
{
  g_autofree gchar *path = g_build_filename (uploads->directory, upload->id, NULL);
  g_autofree gchar *trash = trash_path (uploads->directory, upload->id);
  if (rename (path, trash) != 0 && errno != ENOENT)
    return bm_upload_storage_error (error, "remove", path);
  g_hash_table_remove (uploads->sums, upload->id);
  g_hash_table_remove (uploads->table, upload->id);
  return TRUE;
}

/* The data goes, the info stays: first the data, for a full disk takes no new info. */
static gboolean
let_go (BmUploads *uploads, BmUpload *upload, BmUploadGone gone, gint64 now)
{
  g_autofree gchar *data = bm_upload_file (uploads->directory, upload->id, "data");
  g_autofree gchar *offset = bm_upload_file (uploads->directory, upload->id, "offset");
  g_autofree gchar *trash = trash_path (uploads->directory, upload->id);
  g_autoptr (GError) error = NULL;
  if (rename (data, trash) != 0 && errno != ENOENT) {
    g_warning ("cannot remove %s: %s", data, g_strerror (errno));
    return FALSE;
  }
  unlink (offset);
  upload->gone = gone;
  upload->gone_at = now;
  upload->offset = 0;
  g_hash_table_remove (uploads->sums, upload->id);
  if (!bm_upload_info_write (uploads->directory, upload, &error))
    g_warning ("upload %s: %s", upload->id, error->message);
  return TRUE;
}

/* ---- opening ---- */

static gboolean
is_older (const gchar *path, gint64 seconds)
{
  struct stat info;
  return stat (path, &info) == 0 && now_s () - info.st_mtime > seconds;
}

/* What came after the last note is cut off: it may never have reached the disk. */
static void
load_offset (BmUploads *uploads, BmUpload *upload)
{
  g_autofree gchar *data = bm_upload_file (uploads->directory, upload->id, "data");
  g_autofree gchar *offset = bm_upload_file (uploads->directory, upload->id, "offset");
  struct stat info = {0};
  gint fd = open (offset, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
  if (fd >= 0 && fstat (fd, &info) == 0)
    upload->offset = bm_upload_offset_read (fd);
  if (fd >= 0)
    close (fd);
  upload->touched = upload->completed != 0 ? upload->completed : info.st_mtime;
  if (stat (data, &info) != 0)
    info.st_size = 0;
  upload->offset = MIN (MIN (upload->offset, (guint64) info.st_size), upload->size);
  if ((guint64) info.st_size > upload->offset && truncate (data, (off_t) upload->offset) != 0)
    g_warning ("cannot shorten %s: %s", data, g_strerror (errno));
}

static void
load_one (BmUploads *uploads, const gchar *id)
{
  g_autofree gchar *path = g_build_filename (uploads->directory, id, NULL);
  g_autofree gchar *trash = trash_path (uploads->directory, id);
  g_autoptr (BmUpload) upload = bm_upload_info_read (uploads->directory, id);
  if (upload == NULL) {
    g_warning ("%s holds no upload", path);
    if (is_older (path, HALF_MADE_S) && rename (path, trash) != 0)
      g_warning ("cannot remove %s: %s", path, g_strerror (errno));
    return;
  }
  if (upload->gone == BM_UPLOAD_HERE)
    load_offset (uploads, upload);
  if (upload->gone == BM_UPLOAD_HERE && upload->completed != 0 && upload->offset < upload->size) {
    g_warning ("the data of the finished upload %s is gone", id);
    if (!let_go (uploads, upload, BM_UPLOAD_GONE_PURGED, now_s ()))
      return;
  }
  if (upload->gone == BM_UPLOAD_HERE && upload->completed == 0 && upload->offset == upload->size)
    upload->completed = upload->touched; /* stopped just before it was noted */
  g_hash_table_insert (uploads->table, upload->id, upload);
  g_steal_pointer (&upload);
}

static void
load_all (BmUploads *uploads)
{
  g_autoptr (GDir) dir = g_dir_open (uploads->directory, 0, NULL);
  const gchar *name;
  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    if (bm_upload_is_id (name))
      load_one (uploads, name);
}

BmUploads *
bm_uploads_open (const BmUploadsOptions *options, GError **error)
{
  g_autofree gchar *lock = g_build_filename (options->directory, "lock", NULL);
  if (g_mkdir_with_parents (options->directory, 0700) != 0 ||
      access (options->directory, R_OK | W_OK | X_OK) != 0) {
    g_set_error (error, BM_ERROR, BM_CAUSE_CONFIG, "the uploads' directory %s cannot be used: %s",
                 options->directory, g_strerror (errno));
    return NULL;
  }
  g_autoptr (BmUploads) uploads = g_new0 (BmUploads, 1);
  uploads->directory = g_strdup (options->directory);
  uploads->options = *options;
  uploads->options.directory = uploads->directory;
  uploads->table =
      g_hash_table_new_full (g_str_hash, g_str_equal, NULL, (GDestroyNotify) bm_upload_free);
  uploads->sums = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, sum_free);
  uploads->lock = bm_lock_take (lock, "the uploads' directory", error);
  if (uploads->lock < 0)
    return NULL;
  load_all (uploads);
  return g_steal_pointer (&uploads);
}

void
bm_uploads_free (BmUploads *uploads)
{
  if (uploads == NULL)
    return;
  g_hash_table_unref (uploads->sums);
  g_hash_table_unref (uploads->table);
  if (uploads->lock >= 0)
    close (uploads->lock);
  g_free (uploads->directory);
  g_free (uploads);
}

/* ---- looking ---- */

static gint
newest_first (gconstpointer a, gconstpointer b)
{
  const BmUpload *x = *(BmUpload *const *) a, *y = *(BmUpload *const *) b;
  if (x->created != y->created)
    return x->created < y->created ? 1 : -1;
  return strcmp (x->id, y->id);
}

GPtrArray *
bm_uploads_list (BmUploads *uploads)
{
  GPtrArray *list = g_ptr_array_new ();
  GHashTableIter iter;
  gpointer upload;
  g_hash_table_iter_init (&iter, uploads->table);
  while (g_hash_table_iter_next (&iter, NULL, &upload))
    g_ptr_array_add (list, upload);
  g_ptr_array_sort (list, newest_first);
  return list;
}

BmUpload *
bm_uploads_find (BmUploads *uploads, const gchar *id, GError **error)
{
  BmUpload *upload = g_hash_table_lookup (uploads->table, id);
  if (upload != NULL && upload->gone == BM_UPLOAD_HERE)
    return upload;
  if (upload == NULL) {
    g_set_error (error, BM_UPLOAD_ERROR, BM_UPLOAD_ERROR_UNKNOWN, "There is no such upload.");
    return NULL;
  }
  g_autoptr (GDateTime) time = g_date_time_new_from_unix_utc (upload->gone_at);
  g_autofree gchar *when = g_date_time_format (time, "%F %H:%M UTC");
  g_set_error (error, BM_UPLOAD_ERROR, BM_UPLOAD_ERROR_EXPIRED,
               upload->gone == BM_UPLOAD_GONE_EXPIRED
                   ? "The upload was not finished in time and was removed on %s."
                   : "The uploaded file was kept for its time and was removed on %s.",
               when);
  return NULL;
}

gchar *
bm_uploads_path (BmUploads *uploads, const BmUpload *upload)
{
  return bm_upload_file (uploads->directory, upload->id, "data");
}

/* What unfinished ones still have to write is spoken for. */
static guint64
promised (BmUploads *uploads, guint *unfinished)
{
  guint64 bytes = 0;
  GHashTableIter iter;
  gpointer pointer;
  *unfinished = 0;
  g_hash_table_iter_init (&iter, uploads->table);
  while (g_hash_table_iter_next (&iter, NULL, &pointer)) {
    const BmUpload *upload = pointer;
    if (upload->gone != BM_UPLOAD_HERE || upload->completed != 0)
      continue;
    bytes += upload->size - upload->offset;
    ++*unfinished;
  }
  return bytes;
}

guint64
bm_uploads_available (BmUploads *uploads)
{
  guint64 free;
  guint unfinished;
  guint64 reserved = promised (uploads, &unfinished) + uploads->options.min_free;
  if (!bm_disk_free (uploads->directory, &free))
    return 0;
  return free > reserved ? free - reserved : 0;
}

/* ---- beginning and ending ---- */

static gchar *
new_id (void)
{
  guint8 bytes[16];
  GString *id = g_string_new (NULL);
  if (getrandom (bytes, sizeof bytes, 0) != sizeof bytes)
    g_error ("the kernel gives no random numbers"); /* it does, once it has booted */
  for (guint i = 0; i < sizeof bytes; i++)
    g_string_append_printf (id, "%02x", bytes[i]);
  return g_string_free (id, FALSE);
}

static gboolean
may_begin (BmUploads *uploads, guint64 size, GError **error)
{
  guint64 available = bm_uploads_available (uploads);
  guint unfinished;
  promised (uploads, &unfinished);
  g_autofree gchar *wanted = g_format_size_full (size, G_FORMAT_SIZE_IEC_UNITS);
  if (size < BM_UPLOAD_HEAD) {
    g_set_error (error, BM_UPLOAD_ERROR, BM_UPLOAD_ERROR_NOT_PST,
                 "The file is no PST: it has only %" G_GUINT64_FORMAT " bytes.", size);
    return FALSE;
  }
  if (size > uploads->options.max_size) {
    g_autofree gchar *most =
        g_format_size_full (uploads->options.max_size, G_FORMAT_SIZE_IEC_UNITS);
    g_set_error (error, BM_UPLOAD_ERROR, BM_UPLOAD_ERROR_TOO_LARGE,
                 "The file has %s; at most %s may be uploaded.", wanted, most);
    return FALSE;
  }
  if (unfinished >= UNFINISHED_MAX) {
    g_set_error (error, BM_UPLOAD_ERROR, BM_UPLOAD_ERROR_TOO_MANY,
                 "%u uploads have begun and are not finished.", unfinished);
    return FALSE;
  }
  if (size > available) {
    g_autofree gchar *room = g_format_size_full (available, G_FORMAT_SIZE_IEC_UNITS);
    g_set_error (
        error, BM_UPLOAD_ERROR, BM_UPLOAD_ERROR_NO_SPACE,
        "The file has %s, but the server has room for %s only (besides what must stay free "
        "and what other uploads still need).",
        wanted, room);
    return FALSE;
  }
  return TRUE;
}

static gboolean
make_file (const BmUploads *uploads, const gchar *id, const gchar *name, GError **error)
{
  g_autofree gchar *path = bm_upload_file (uploads->directory, id, name);
  gint fd = open (path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  gboolean ok = fd >= 0;
  if (!ok)
    bm_upload_storage_error (error, "make", path);
  if (ok && g_str_equal (name, "offset"))
    ok = bm_upload_offset_write (fd, 0, error);
  if (fd >= 0)
    close (fd);
  return ok;
}

static gboolean
make_files (BmUploads *uploads, const BmUpload *upload, GError **error)
{
  g_autofree gchar *path = g_build_filename (uploads->directory, upload->id, NULL);
  if (mkdir (path, 0700) != 0)
    return bm_upload_storage_error (error, "make", path);
  if (make_file (uploads, upload->id, "offset", error) &&
      make_file (uploads, upload->id, "data", error) &&
      bm_upload_info_write (uploads->directory, upload, error) &&
      bm_upload_sync_directory (uploads->directory, error))
    return TRUE;
  remove_tree (path);
  return FALSE;
}

BmUpload *
bm_uploads_create (BmUploads *uploads, const gchar *owner, const gchar *domain_uid,
                   const gchar *name, guint64 size, GError **error)
{
  if (!may_begin (uploads, size, error))
    return NULL;
  g_autoptr (BmUpload) upload = bm_upload_new ();
  upload->id = new_id ();
  upload->name = g_strdup (name);
  upload->owner = g_strdup (owner);
  upload->domain_uid = g_strdup (domain_uid);
  upload->size = size;
  upload->created = upload->touched = now_s ();
  if (!make_files (uploads, upload, error))
    return NULL;
  BmUploadSum *sum = g_new0 (BmUploadSum, 1);
  sum->checksum = g_checksum_new (G_CHECKSUM_SHA256);
  g_hash_table_insert (uploads->sums, g_strdup (upload->id), sum);
  g_hash_table_insert (uploads->table, upload->id, upload);
  return g_steal_pointer (&upload);
}

gboolean
bm_uploads_terminate (BmUploads *uploads, BmUpload *upload, GError **error)
{
  if (upload->writing) {
    g_set_error (error, BM_UPLOAD_ERROR, BM_UPLOAD_ERROR_BUSY, "Another request is writing it.");
    return FALSE;
  }
  if (upload->uses->len > 0) {
    g_set_error (error, BM_UPLOAD_ERROR, BM_UPLOAD_ERROR_IN_USE, "An import reads this file.");
    return FALSE;
  }
  return forget (uploads, upload, error);
}

gint64
bm_uploads_expires_at (BmUploads *uploads, const BmUpload *upload)
{
  if (upload->gone != BM_UPLOAD_HERE || upload->completed != 0 || upload->writing)
    return 0;
  return upload->touched + uploads->options.expires_s;
}

/* After success as long as was configured. Before, not sooner than an unfinished one would go, so
 * that keeping for 0 days does not take a file away before its import began. */
gint64
bm_uploads_purge_at (BmUploads *uploads, const BmUpload *upload)
{
  if (upload->gone != BM_UPLOAD_HERE || upload->completed == 0 || upload->uses->len > 0)
    return 0;
  if (upload->succeeded != 0 && upload->succeeded >= upload->settled)
    return upload->succeeded + uploads->options.keep_s;
  return MAX (upload->completed, upload->settled) +
         MAX (uploads->options.keep_s, uploads->options.expires_s);
}

static gboolean
sweep_one (BmUploads *uploads, BmUpload *upload, gint64 now)
{
  gint64 expires = bm_uploads_expires_at (uploads, upload);
  gint64 purge = bm_uploads_purge_at (uploads, upload);
  gint64 kept = upload->gone == BM_UPLOAD_GONE_EXPIRED ? KEEP_EXPIRED_S : KEEP_PURGED_S;
  if (expires != 0 && expires <= now)
    return let_go (uploads, upload, BM_UPLOAD_GONE_EXPIRED, now);
  if (purge != 0 && purge <= now)
    return let_go (uploads, upload, BM_UPLOAD_GONE_PURGED, now);
  if (upload->gone != BM_UPLOAD_HERE && upload->gone_at + kept <= now)
    return forget (uploads, upload, NULL);
  return FALSE;
}

guint
bm_uploads_sweep (BmUploads *uploads, gint64 now)
{
  guint n = 0;
  g_autoptr (GPtrArray) list = bm_uploads_list (uploads);
  for (guint i = 0; i < list->len; i++)
    n += sweep_one (uploads, g_ptr_array_index (list, i), now);
  return n;
}

/* ---- imports that read it ---- */

gboolean
bm_uploads_use (BmUploads *uploads, BmUpload *upload, const gchar *import, GError **error)
{
  if (upload->completed == 0) {
    g_set_error (error, BM_UPLOAD_ERROR, BM_UPLOAD_ERROR_BUSY, "The upload is not finished.");
    return FALSE;
  }
  if (g_ptr_array_find_with_equal_func (upload->uses, import, g_str_equal, NULL))
    return TRUE;
  g_ptr_array_add (upload->uses, g_strdup (import));
  if (bm_upload_info_write (uploads->directory, upload, error))
    return TRUE;
  g_ptr_array_remove_index (upload->uses, upload->uses->len - 1);
  return FALSE;
}

gboolean
bm_uploads_settle (BmUploads *uploads, BmUpload *upload, const gchar *import, gboolean success,
                   GError **error)
{
  guint index;
  if (!g_ptr_array_find_with_equal_func (upload->uses, import, g_str_equal, &index))
    return TRUE;
  g_ptr_array_remove_index (upload->uses, index);
  upload->settled = now_s ();
  if (success)
    upload->succeeded = upload->settled;
  return bm_upload_info_write (uploads->directory, upload, error);
}

gboolean
bm_uploads_drop_use (BmUploads *uploads, BmUpload *upload, const gchar *import, GError **error)
{
  guint index;
  if (!g_ptr_array_find_with_equal_func (upload->uses, import, g_str_equal, &index))
    return TRUE;
  g_ptr_array_remove_index (upload->uses, index);
  return bm_upload_info_write (uploads->directory, upload, error);
}

gboolean
bm_uploads_examined (BmUploads *uploads, BmUpload *upload, const gchar *sha256, GPtrArray *matches,
                     GError **error)
{
  if (upload->sha256 == NULL)
    upload->sha256 = g_strdup (sha256);
  g_ptr_array_unref (upload->matches);
  upload->matches = matches;
  upload->examined = TRUE;
  return bm_upload_info_write (uploads->directory, upload, error);
}
