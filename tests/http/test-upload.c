/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Uploads on the disk: what survives a kill, a cut line, a wrong checksum and a full disk; what goes
 * when, what is refused, whose bytes are known, what may be chosen on the server. */
#include "base/bm-failpoint.h"
#include "http/bm-upload-folders.h"
#include "http/bm-upload.h"
#include "job/bm-job.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define MIB (1u << 20)

typedef struct {
  gchar *root, *directory;
  BmUploadsOptions options;
} Box;

static void
remove_tree (const gchar *path)
{
  g_autoptr (GDir) dir =
      g_file_test (path, G_FILE_TEST_IS_SYMLINK) ? NULL : g_dir_open (path, 0, NULL);
  const gchar *name;
  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL) {
    g_autofree gchar *child = g_build_filename (path, name, NULL);
    remove_tree (child);
  }
  g_remove (path);
}

static void
setup (Box *box, gconstpointer data)
{
  box->root = g_dir_make_tmp ("bm-upload-XXXXXX", NULL);
  box->directory = g_build_filename (box->root, "uploads", NULL);
  box->options = (BmUploadsOptions){box->directory, 64 * MIB, 0, 3600, 30 * 86400};
}

static void
teardown (Box *box, gconstpointer data)
{
  remove_tree (box->root);
  g_free (box->directory);
  g_free (box->root);
}

/* Begins like a Unicode PST; the rest is bytes that repeat late. */
static guint8 *
make_pst (gsize size)
{
  static const guint8 head[] = {'!', 'B', 'D', 'N', 1, 2, 3, 4, 'S', 'M', 23, 0};
  guint8 *bytes = g_malloc (size);
  for (gsize i = 0; i < size; i++)
    bytes[i] = (guint8) (i * 7 + i / 251 + i / 65537);
  memcpy (bytes, head, MIN (size, sizeof head));
  return bytes;
}

static BmUploads *
open_store (Box *box)
{
  g_autoptr (GError) error = NULL;
  BmUploads *uploads = bm_uploads_open (&box->options, &error);
  g_assert_no_error (error);
  return uploads;
}

static BmUpload *
begin (BmUploads *uploads, const gchar *name, guint64 size)
{
  g_autoptr (GError) error = NULL;
  BmUpload *upload = bm_uploads_create (uploads, "admin@acme", "acme", name, size, &error);
  g_assert_no_error (error);
  g_assert_nonnull (upload);
  return upload;
}

/* Writes [from, to) in pieces; whole: as if the body was complete. */
static void
send_part (BmUploads *uploads, BmUpload *upload, const guint8 *bytes, gsize from, gsize to,
           gboolean whole)
{
  g_autoptr (GError) error = NULL;
  BmUploadWriter *writer = bm_upload_writer_open (uploads, upload, from, NULL, &error);
  g_assert_no_error (error);
  for (gsize at = from, n; at < to; at += n) {
    n = MIN (to - at, 65536);
    g_assert_true (bm_upload_writer_write (writer, bytes + at, n, &error));
  }
  g_assert_true (bm_upload_writer_finish (writer, whole, &error));
  g_assert_cmpuint (bm_upload_writer_offset (writer), ==, to);
  g_assert_true (bm_upload_writer_close (writer, &error));
  g_assert_no_error (error);
}

static gchar *
sum_of (const guint8 *bytes, gsize size)
{
  return g_compute_checksum_for_data (G_CHECKSUM_SHA256, bytes, size);
}

static void
assert_data (BmUploads *uploads, const BmUpload *upload, const guint8 *bytes, gsize size)
{
  g_autofree gchar *path = bm_uploads_path (uploads, upload);
  g_autofree gchar *data = NULL;
  gsize got;
  g_assert_true (g_file_get_contents (path, &data, &got, NULL));
  g_assert_cmpmem (data, got, bytes, size);
}

/* ---- the way of one upload ---- */

static void
test_whole (Box *box, gconstpointer data)
{
  g_autoptr (BmUploads) uploads = open_store (box);
  g_autofree guint8 *bytes = make_pst (3 * MIB + 17);
  g_autofree gchar *want = sum_of (bytes, 3 * MIB + 17);
  BmUpload *upload = begin (uploads, "a.pst", 3 * MIB + 17);
  send_part (uploads, upload, bytes, 0, 5, TRUE);
  send_part (uploads, upload, bytes, 5, MIB, TRUE);
  g_assert_cmpuint (upload->offset, ==, MIB);
  g_assert_cmpint (upload->completed, ==, 0);
  g_assert_null (upload->sha256);
  send_part (uploads, upload, bytes, MIB, 2 * MIB, FALSE); /* a line that broke */
  send_part (uploads, upload, bytes, 2 * MIB, 3 * MIB + 17, TRUE);
  g_assert_cmpint (upload->completed, !=, 0);
  g_assert_cmpstr (upload->sha256, ==, want);
  assert_data (uploads, upload, bytes, 3 * MIB + 17);
}

/* What is on the disk is private. */
static void
test_modes (Box *box, gconstpointer data)
{
  static const gchar *const names[] = {"data", "offset", "info.json"};
  g_autoptr (BmUploads) uploads = open_store (box);
  BmUpload *upload = begin (uploads, "a.pst", 100);
  struct stat info;
  g_autofree gchar *directory = g_build_filename (box->directory, upload->id, NULL);
  g_assert_cmpint (stat (directory, &info), ==, 0);
  g_assert_cmpint (info.st_mode & 0777, ==, 0700);
  for (guint i = 0; i < G_N_ELEMENTS (names); i++) {
    g_autofree gchar *path = g_build_filename (directory, names[i], NULL);
    g_assert_cmpint (stat (path, &info), ==, 0);
    g_assert_cmpint (info.st_mode & 0777, ==, 0600);
  }
}

static void
test_restart (Box *box, gconstpointer data)
{
  g_autofree guint8 *bytes = make_pst (2 * MIB);
  g_autofree gchar *want = sum_of (bytes, 2 * MIB);
  g_autofree gchar *id = NULL;
  g_autoptr (GError) error = NULL;
  {
    g_autoptr (BmUploads) uploads = open_store (box);
    BmUpload *upload = begin (uploads, "Größe.pst", 2 * MIB);
    id = g_strdup (upload->id);
    send_part (uploads, upload, bytes, 0, MIB, TRUE);
  }
  g_autoptr (BmUploads) uploads = open_store (box);
  BmUpload *upload = bm_uploads_find (uploads, id, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (upload->offset, ==, MIB);
  g_assert_cmpstr (upload->name, ==, "Größe.pst");
  g_assert_cmpstr (upload->owner, ==, "admin@acme");
  send_part (uploads, upload, bytes, MIB, 2 * MIB, TRUE);
  g_assert_cmpint (upload->completed, !=, 0);
  g_assert_null (upload->sha256); /* the running sum went with the daemon */
  g_autofree gchar *path = bm_uploads_path (uploads, upload);
  g_autofree gchar *sum = bm_upload_hash_file (path, NULL, &error);
  g_assert_cmpstr (sum, ==, want);
  g_assert_true (
      bm_uploads_examined (uploads, upload, sum, g_ptr_array_new_with_free_func (g_free), &error));
  g_clear_pointer (&uploads, bm_uploads_free);
  uploads = open_store (box);
  upload = bm_uploads_find (uploads, id, &error);
  g_assert_cmpstr (upload->sha256, ==, want);
  g_assert_true (upload->examined);
}

/* Killed at a step of a checkpoint in the middle of a body. */
static void
kill_at (Box *box, const gchar *id, const gchar *failpoint, const guint8 *bytes, gsize size)
{
  pid_t child = fork ();
  if (child == 0) {
    g_setenv ("BM_FAILPOINT", failpoint, TRUE);
    bm_failpoint_from_environment ();
    BmUploads *uploads = bm_uploads_open (&box->options, NULL);
    BmUpload *upload = bm_uploads_find (uploads, id, NULL);
    BmUploadWriter *writer = bm_upload_writer_open (uploads, upload, upload->offset, NULL, NULL);
    for (gsize at = upload->offset; writer != NULL && at < size; at += MIB)
      bm_upload_writer_write (writer, bytes + at, MIN (MIB, size - at), NULL);
    _exit (0);
  }
  int status;
  while (waitpid (child, &status, 0) < 0 && errno == EINTR)
    continue;
  g_assert_true (WIFSIGNALED (status) && WTERMSIG (status) == SIGKILL);
}

/* A checkpoint is made after 32 MiB: killed before it is noted, the bytes do not count and are cut
 * off; killed after, they do. */
static void
test_killed (Box *box, gconstpointer data)
{
  const gsize size = 40 * MIB;
  g_autofree guint8 *bytes = make_pst (size);
  g_autofree gchar *want = sum_of (bytes, size);
  g_autofree gchar *id = NULL;
  g_autoptr (BmUploads) uploads = open_store (box);
  id = g_strdup (begin (uploads, "a.pst", size)->id);
  g_clear_pointer (&uploads, bm_uploads_free);
  kill_at (box, id, "upload.synced", bytes, size);
  uploads = open_store (box);
  BmUpload *upload = bm_uploads_find (uploads, id, NULL);
  g_assert_cmpuint (upload->offset, ==, 0);
  assert_data (uploads, upload, bytes, 0);
  g_clear_pointer (&uploads, bm_uploads_free);
  kill_at (box, id, "upload.noted", bytes, size);
  uploads = open_store (box);
  upload = bm_uploads_find (uploads, id, NULL);
  g_assert_cmpuint (upload->offset, ==, 32 * MIB);
  assert_data (uploads, upload, bytes, 32 * MIB);
  send_part (uploads, upload, bytes, 32 * MIB, size, TRUE);
  g_autofree gchar *path = bm_uploads_path (uploads, upload);
  g_autofree gchar *sum = bm_upload_hash_file (path, NULL, NULL);
  g_assert_cmpstr (sum, ==, want);
}

/* Stopped when all was there but not yet said to be complete. */
static void
test_completed_at_start (Box *box, gconstpointer data)
{
  g_autofree guint8 *bytes = make_pst (1000);
  g_autoptr (BmUploads) uploads = open_store (box);
  BmUpload *upload = begin (uploads, "a.pst", 1000);
  g_autofree gchar *id = g_strdup (upload->id);
  BmUploadWriter *writer = bm_upload_writer_open (uploads, upload, 0, NULL, NULL);
  g_assert_true (bm_upload_writer_write (writer, bytes, 1000, NULL));
  g_assert_true (bm_upload_writer_finish (writer, TRUE, NULL));
  /* a kill now would leave what a copy holds */
  g_autofree gchar *copy = g_build_filename (box->root, "copy", NULL);
  g_autofree gchar *command = g_strdup_printf ("cp -r %s %s", box->directory, copy);
  g_assert_true (g_spawn_command_line_sync (command, NULL, NULL, NULL, NULL));
  g_assert_true (bm_upload_writer_close (writer, NULL));
  g_clear_pointer (&uploads, bm_uploads_free);
  box->options.directory = copy;
  uploads = open_store (box);
  upload = bm_uploads_find (uploads, id, NULL);
  g_assert_cmpuint (upload->offset, ==, 1000);
  g_assert_cmpint (upload->completed, !=, 0);
}

/* ---- what is refused ---- */

static void
test_refused_sizes (Box *box, gconstpointer data)
{
  box->options.min_free = G_MAXINT64 / 2;
  g_autoptr (GError) error = NULL;
  {
    g_autoptr (BmUploads) uploads = open_store (box);
    g_assert_cmpuint (bm_uploads_available (uploads), ==, 0);
    g_assert_null (bm_uploads_create (uploads, "a", "d", "n", 1000, &error));
    g_assert_error (error, BM_UPLOAD_ERROR, BM_UPLOAD_ERROR_NO_SPACE);
    g_clear_error (&error);
  }
  box->options.min_free = 0;
  g_autoptr (BmUploads) uploads = open_store (box);
  g_assert_null (bm_uploads_create (uploads, "a", "d", "n", 64 * MIB + 1, &error));
  g_assert_error (error, BM_UPLOAD_ERROR, BM_UPLOAD_ERROR_TOO_LARGE);
  g_clear_error (&error);
  g_assert_null (bm_uploads_create (uploads, "a", "d", "n", 0, &error));
  g_assert_error (error, BM_UPLOAD_ERROR, BM_UPLOAD_ERROR_NOT_PST);
  g_clear_error (&error);
  guint64 before = bm_uploads_available (uploads);
  begin (uploads, "a.pst", 64 * MIB);
  g_assert_cmpuint (bm_uploads_available (uploads), <=, before - 64 * MIB + 8 * MIB);
}

static void
test_too_many (Box *box, gconstpointer data)
{
  g_autoptr (BmUploads) uploads = open_store (box);
  g_autoptr (GError) error = NULL;
  guint n = 0;
  while (bm_uploads_create (uploads, "a", "d", "n", 100, &error) != NULL && n < 1000)
    n++;
  g_assert_cmpuint (n, ==, 200);
  g_assert_error (error, BM_UPLOAD_ERROR, BM_UPLOAD_ERROR_TOO_MANY);
}

static void
test_no_pst (Box *box, gconstpointer data)
{
  static const gchar *const heads[] = {"PK\3\4aaaaaaaaaaaa", "!BDNaaaaAB\27\0aaaa",
                                       "!BDNaaaaSM\1\0aaaa", "!BDNaaaaSM\27\1aaaa",
                                       "\0\0\0\0\0\0\0\0\0\0\0\0aaaa"};
  g_autoptr (BmUploads) uploads = open_store (box);
  for (guint i = 0; i < G_N_ELEMENTS (heads); i++) {
    for (guint piece = 1; piece <= 16; piece += 5) {
      g_autoptr (GError) error = NULL;
      BmUpload *upload = begin (uploads, "a.pst", 16);
      BmUploadWriter *writer = bm_upload_writer_open (uploads, upload, 0, NULL, NULL);
      guint at = 0;
      while (at < 16 && bm_upload_writer_write (writer, (const guint8 *) heads[i] + at,
                                                MIN (piece, 16 - at), &error))
        at += piece;
      g_assert_error (error, BM_UPLOAD_ERROR, BM_UPLOAD_ERROR_NOT_PST);
      bm_upload_writer_finish (writer, FALSE, NULL);
      bm_upload_writer_close (writer, NULL);
      g_assert_cmpint (upload->completed, ==, 0);
    }
  }
}

static void
test_may_be_pst (void)
{
  guint8 head[] = {'!', 'B', 'D', 'N', 0, 0, 0, 0, 'S', 'M', 23, 0};
  static const struct {
    guint8 version;
    gboolean may;
  } versions[] = {{13, FALSE}, {14, TRUE}, {15, TRUE}, {16, FALSE}, {20, FALSE},
                  {21, TRUE},  {23, TRUE}, {36, TRUE}, {37, TRUE}};
  for (gsize size = 0; size <= sizeof head; size++)
    g_assert_true (bm_upload_may_be_pst (head, size));
  for (guint i = 0; i < G_N_ELEMENTS (versions); i++) {
    head[10] = versions[i].version;
    g_assert_cmpint (bm_upload_may_be_pst (head, sizeof head), ==, versions[i].may);
  }
  head[10] = 36;
  head[9] = 'O';
  g_assert_true (bm_upload_may_be_pst (head, sizeof head));
}

static void
test_busy_and_offset (Box *box, gconstpointer data)
{
  g_autofree guint8 *bytes = make_pst (1000);
  g_autoptr (BmUploads) uploads = open_store (box);
  g_autoptr (GError) error = NULL;
  BmUpload *upload = begin (uploads, "a.pst", 1000);
  g_assert_null (bm_upload_writer_open (uploads, upload, 1, NULL, &error));
  g_assert_error (error, BM_UPLOAD_ERROR, BM_UPLOAD_ERROR_OFFSET);
  g_clear_error (&error);
  BmUploadWriter *writer = bm_upload_writer_open (uploads, upload, 0, NULL, NULL);
  g_assert_null (bm_upload_writer_open (uploads, upload, 0, NULL, &error));
  g_assert_error (error, BM_UPLOAD_ERROR, BM_UPLOAD_ERROR_BUSY);
  g_clear_error (&error);
  g_assert_false (bm_uploads_terminate (uploads, upload, &error));
  g_assert_error (error, BM_UPLOAD_ERROR, BM_UPLOAD_ERROR_BUSY);
  g_clear_error (&error);
  g_assert_true (bm_upload_writer_write (writer, bytes, 990, NULL));
  g_assert_false (bm_upload_writer_write (writer, bytes, 11, &error));
  g_assert_error (error, BM_UPLOAD_ERROR, BM_UPLOAD_ERROR_LONGER);
  g_assert_true (bm_upload_writer_finish (writer, FALSE, NULL));
  g_assert_true (bm_upload_writer_close (writer, NULL));
  g_assert_cmpuint (upload->offset, ==, 990);
}

/* A part whose checksum is wrong, or that was cut, leaves no trace; neither in the whole's sum. */
static void
test_checksum (Box *box, gconstpointer data)
{
  const gsize size = 300000;
  g_autofree guint8 *bytes = make_pst (size);
  g_autofree gchar *want = sum_of (bytes, size);
  g_autoptr (BmUploads) uploads = open_store (box);
  g_autoptr (GError) error = NULL;
  BmUpload *upload = begin (uploads, "a.pst", size);
  BmUploadChecksum checksum = {G_CHECKSUM_SHA1, {0}, 20};
  for (guint attempt = 0; attempt < 3; attempt++) {
    g_autoptr (GChecksum) sum = g_checksum_new (G_CHECKSUM_SHA1);
    g_checksum_update (sum, bytes, 200000);
    g_checksum_get_digest (sum, checksum.digest, &checksum.size);
    checksum.digest[3] ^= attempt == 0;
    BmUploadWriter *writer = bm_upload_writer_open (uploads, upload, 0, &checksum, &error);
    g_assert_no_error (error);
    g_assert_true (bm_upload_writer_write (writer, bytes, attempt == 1 ? 100000 : 200000, NULL));
    g_assert_cmpint (bm_upload_writer_finish (writer, attempt != 1, &error), ==, attempt != 0);
    g_assert_true (bm_upload_writer_close (writer, NULL));
    g_assert_cmpuint (upload->offset, ==, attempt == 2 ? 200000 : 0);
    if (attempt == 0)
      g_assert_error (error, BM_UPLOAD_ERROR, BM_UPLOAD_ERROR_CHECKSUM);
    g_clear_error (&error);
    assert_data (uploads, upload, bytes, upload->offset);
  }
  send_part (uploads, upload, bytes, 200000, size, TRUE);
  g_assert_cmpstr (upload->sha256, ==, want);
}

/* The disk (here: the largest file that may be written) gives no more in the middle of a body. */
static void
test_full_disk (Box *box, gconstpointer data)
{
  const gsize size = 4 * MIB;
  g_autofree guint8 *bytes = make_pst (size);
  g_autofree gchar *want = sum_of (bytes, size);
  g_autoptr (BmUploads) uploads = open_store (box);
  g_autoptr (GError) error = NULL;
  BmUpload *upload = begin (uploads, "a.pst", size);
  BmUploadWriter *writer = bm_upload_writer_open (uploads, upload, 0, NULL, NULL);
  struct rlimit old, limit;
  g_assert_cmpint (getrlimit (RLIMIT_FSIZE, &old), ==, 0);
  limit = old;
  limit.rlim_cur = 2 * MIB + 777;
  signal (SIGXFSZ, SIG_IGN);
  g_assert_cmpint (setrlimit (RLIMIT_FSIZE, &limit), ==, 0);
  gsize at = 0;
  while (at < size && bm_upload_writer_write (writer, bytes + at, 65536, &error))
    at += 65536;
  gboolean finished = bm_upload_writer_finish (writer, FALSE, NULL);
  gboolean closed = bm_upload_writer_close (writer, NULL);
  g_assert_cmpint (setrlimit (RLIMIT_FSIZE, &old), ==, 0);
  g_assert_error (error, BM_UPLOAD_ERROR, BM_UPLOAD_ERROR_NO_SPACE);
  g_assert_true (finished && closed);
  g_assert_cmpuint (upload->offset, ==, 2 * MIB + 777);
  send_part (uploads, upload, bytes, 2 * MIB + 777, size, TRUE);
  g_assert_cmpstr (upload->sha256, ==, want);
  assert_data (uploads, upload, bytes, size);
}

/* The last byte of the disk was for the upload's last: it is there, so it is complete. */
static void
test_full_at_the_end (Box *box, gconstpointer data)
{
  g_autofree guint8 *bytes = make_pst (64);
  g_autoptr (BmUploads) uploads = open_store (box);
  BmUpload *upload = begin (uploads, "a.pst", 64);
  g_autofree gchar *id = g_strdup (upload->id);
  struct rlimit old, limit;
  g_assert_cmpint (getrlimit (RLIMIT_FSIZE, &old), ==, 0);
  limit = old;
  limit.rlim_cur = 100; /* less than any info.json */
  signal (SIGXFSZ, SIG_IGN);
  g_assert_cmpint (setrlimit (RLIMIT_FSIZE, &limit), ==, 0);
  g_test_expect_message (NULL, G_LOG_LEVEL_WARNING, "*is complete*cannot be stored*");
  send_part (uploads, upload, bytes, 0, 64, TRUE);
  g_assert_cmpint (setrlimit (RLIMIT_FSIZE, &old), ==, 0);
  g_test_assert_expected_messages ();
  g_assert_cmpint (upload->completed, !=, 0);
  g_clear_pointer (&uploads, bm_uploads_free);
  uploads = open_store (box);
  upload = bm_uploads_find (uploads, id, NULL);
  g_assert_cmpint (upload->completed, !=, 0);
  g_assert_true (bm_uploads_use (uploads, upload, "i", NULL));
}

static void
test_locked (Box *box, gconstpointer data)
{
  g_autoptr (BmUploads) uploads = open_store (box);
  g_autoptr (GError) error = NULL;
  g_assert_nonnull (uploads);
  g_assert_null (bm_uploads_open (&box->options, &error));
  g_assert_error (error, BM_ERROR, BM_CAUSE_LOCKED);
}

/* ---- what goes, and when ---- */

static void
test_expiry (Box *box, gconstpointer data)
{
  g_autofree guint8 *bytes = make_pst (1000);
  g_autoptr (BmUploads) uploads = open_store (box);
  g_autoptr (GError) error = NULL;
  BmUpload *upload = begin (uploads, "a.pst", 1000);
  g_autofree gchar *id = g_strdup (upload->id);
  g_autofree gchar *path = bm_uploads_path (uploads, upload);
  send_part (uploads, upload, bytes, 0, 500, TRUE);
  gint64 expires = bm_uploads_expires_at (uploads, upload);
  g_assert_cmpint (expires, ==, upload->touched + 3600);
  g_assert_cmpuint (bm_uploads_sweep (uploads, expires - 1), ==, 0);
  g_assert_cmpuint (bm_uploads_sweep (uploads, expires), ==, 1);
  g_assert_false (g_file_test (path, G_FILE_TEST_EXISTS));
  g_assert_null (bm_uploads_find (uploads, id, &error));
  g_assert_error (error, BM_UPLOAD_ERROR, BM_UPLOAD_ERROR_EXPIRED);
  g_clear_error (&error);
  bm_uploads_empty_trash (box->directory);
  g_clear_pointer (&uploads, bm_uploads_free);
  uploads = open_store (box);
  g_assert_null (bm_uploads_find (uploads, id, &error));
  g_assert_error (error, BM_UPLOAD_ERROR, BM_UPLOAD_ERROR_EXPIRED);
  g_clear_error (&error);
  g_assert_cmpuint (bm_uploads_sweep (uploads, expires + 8 * 86400), ==, 1);
  bm_uploads_empty_trash (box->directory);
  g_assert_null (bm_uploads_find (uploads, id, &error));
  g_assert_error (error, BM_UPLOAD_ERROR, BM_UPLOAD_ERROR_UNKNOWN);
  g_autofree gchar *directory = g_build_filename (box->directory, id, NULL);
  g_assert_false (g_file_test (directory, G_FILE_TEST_EXISTS));
}

/* A part that is being written does not expire. */
static void
test_expiry_while_writing (Box *box, gconstpointer data)
{
  g_autoptr (BmUploads) uploads = open_store (box);
  BmUpload *upload = begin (uploads, "a.pst", 1000);
  BmUploadWriter *writer = bm_upload_writer_open (uploads, upload, 0, NULL, NULL);
  g_assert_cmpuint (bm_uploads_sweep (uploads, upload->created + 100000), ==, 0);
  g_assert_true (bm_upload_writer_close (writer, NULL));
  g_assert_cmpuint (bm_uploads_sweep (uploads, upload->touched + 100000), ==, 1);
}

static void
test_purge (Box *box, gconstpointer data)
{
  g_autofree guint8 *bytes = make_pst (1000);
  g_autoptr (BmUploads) uploads = open_store (box);
  g_autoptr (GError) error = NULL;
  BmUpload *upload = begin (uploads, "a.pst", 1000);
  g_autofree gchar *id = g_strdup (upload->id);
  g_assert_false (bm_uploads_use (uploads, upload, "i1", &error));
  g_assert_error (error, BM_UPLOAD_ERROR, BM_UPLOAD_ERROR_BUSY);
  g_clear_error (&error);
  send_part (uploads, upload, bytes, 0, 1000, TRUE);
  g_assert_cmpint (bm_uploads_purge_at (uploads, upload), ==, upload->completed + 30 * 86400);
  g_assert_true (bm_uploads_use (uploads, upload, "i1", NULL));
  g_assert_true (bm_uploads_use (uploads, upload, "i1", NULL));
  g_assert_true (bm_uploads_use (uploads, upload, "i2", NULL));
  g_assert_true (bm_uploads_settle (uploads, upload, "i1", TRUE, NULL));
  g_clear_pointer (&uploads, bm_uploads_free); /* an import outlives the daemon */
  uploads = open_store (box);
  upload = bm_uploads_find (uploads, id, NULL);
  g_assert_cmpint (bm_uploads_purge_at (uploads, upload), ==, 0);
  g_assert_cmpuint (bm_uploads_sweep (uploads, upload->completed + 1000 * 86400), ==, 0);
  g_assert_false (bm_uploads_terminate (uploads, upload, &error));
  g_assert_error (error, BM_UPLOAD_ERROR, BM_UPLOAD_ERROR_IN_USE);
  g_assert_true (bm_uploads_use (uploads, upload, "i3", NULL));
  g_assert_true (bm_uploads_drop_use (uploads, upload, "i3", NULL));
  g_assert_true (bm_uploads_settle (uploads, upload, "i2", TRUE, NULL));
  gint64 purge = bm_uploads_purge_at (uploads, upload);
  g_assert_cmpint (purge, ==, upload->succeeded + 30 * 86400);
  g_assert_cmpuint (bm_uploads_sweep (uploads, purge - 1), ==, 0);
  g_assert_cmpuint (bm_uploads_sweep (uploads, purge), ==, 1);
  g_assert_null (bm_uploads_find (uploads, id, NULL));
  g_autoptr (GPtrArray) list = bm_uploads_list (uploads); /* and its sum is known for a time */
  g_assert_cmpuint (list->len, ==, 1);
  upload = g_ptr_array_index (list, 0);
  g_assert_cmpint (upload->gone, ==, BM_UPLOAD_GONE_PURGED);
  g_assert_nonnull (upload->sha256);
}

/* keep-days=0: gone right after success, but not before an import could begin. */
static void
test_purge_at_once (Box *box, gconstpointer data)
{
  box->options.keep_s = 0;
  g_autofree guint8 *bytes = make_pst (1000);
  g_autoptr (BmUploads) uploads = open_store (box);
  BmUpload *upload = begin (uploads, "a.pst", 1000);
  send_part (uploads, upload, bytes, 0, 1000, TRUE);
  g_assert_cmpuint (bm_uploads_sweep (uploads, upload->completed + 3599), ==, 0);
  g_assert_true (bm_uploads_use (uploads, upload, "i", NULL));
  g_assert_true (bm_uploads_settle (uploads, upload, "i", FALSE, NULL));
  g_assert_cmpuint (bm_uploads_sweep (uploads, upload->settled), ==, 0);
  g_assert_true (bm_uploads_use (uploads, upload, "i", NULL));
  g_assert_true (bm_uploads_settle (uploads, upload, "i", TRUE, NULL));
  g_assert_cmpuint (bm_uploads_sweep (uploads, upload->succeeded), ==, 1);
}

static void
test_terminate (Box *box, gconstpointer data)
{
  g_autoptr (BmUploads) uploads = open_store (box);
  g_autoptr (GError) error = NULL;
  BmUpload *one = begin (uploads, "same.pst", 1000), *two = begin (uploads, "same.pst", 1000);
  g_autofree gchar *id = g_strdup (one->id);
  g_autofree gchar *directory = g_build_filename (box->directory, id, NULL);
  g_assert_cmpstr (one->id, !=, two->id);
  g_assert_true (bm_uploads_terminate (uploads, one, &error));
  g_assert_null (bm_uploads_find (uploads, id, &error));
  g_assert_error (error, BM_UPLOAD_ERROR, BM_UPLOAD_ERROR_UNKNOWN);
  g_assert_false (g_file_test (directory, G_FILE_TEST_EXISTS));
  g_autofree gchar *kept = bm_uploads_path (uploads, two);
  g_assert_true (g_file_test (kept, G_FILE_TEST_EXISTS));
  bm_uploads_empty_trash (box->directory);
  g_autoptr (GDir) dir = g_dir_open (box->directory, 0, NULL);
  const gchar *name;
  while ((name = g_dir_read_name (dir)) != NULL)
    g_assert_true (g_str_equal (name, two->id) || g_str_equal (name, "lock"));
}

/* ---- files that are known ---- */

static void
make_job (Box *box, guint8 number, const gchar *file, guint64 size, gint64 started_s)
{
  g_autofree gchar *jobs = g_build_filename (box->root, "jobs", NULL);
  BmGuid identity = {{number}};
  g_autoptr (BmJob) job = bm_job_open (jobs, "login", "uid", &identity, "", NULL);
  g_assert_nonnull (job);
  g_assert_true (bm_journal_set (job->journal, "pst.file", file, NULL));
  g_assert_true (bm_journal_set (job->journal, "user.domain", "acme", NULL));
  g_assert_true (bm_journal_set_int (job->journal, "pst.size", (gint64) size, NULL));
  g_assert_true (bm_journal_set_int (job->journal, "started", started_s * 1000, NULL));
}

static void
test_known (Box *box, gconstpointer data)
{
  const gsize size = 70000;
  g_autofree guint8 *bytes = make_pst (size), *others = make_pst (size);
  others[size - 1] ^= 1;
  g_autofree gchar *sum = sum_of (bytes, size);
  g_autofree gchar *jobs = g_build_filename (box->root, "jobs", NULL);
  g_autofree gchar *same = g_build_filename (box->root, "same.pst", NULL);
  g_autofree gchar *other = g_build_filename (box->root, "other.pst", NULL);
  g_assert_true (g_file_set_contents (same, (const gchar *) bytes, (gssize) size, NULL));
  g_assert_true (g_file_set_contents (other, (const gchar *) others, (gssize) size, NULL));
  g_autoptr (BmUploads) uploads = open_store (box);
  BmUpload *one = begin (uploads, "one.pst", size), *two = begin (uploads, "two.pst", size);
  send_part (uploads, one, bytes, 0, size, TRUE);
  send_part (uploads, two, bytes, 0, size, TRUE);
  g_autofree gchar *data_one = bm_uploads_path (uploads, one);
  g_autofree gchar *data_two = bm_uploads_path (uploads, two);
  gint64 later = g_get_real_time () / G_USEC_PER_SEC + 10;
  make_job (box, 1, same, size, later);
  make_job (box, 2, other, size, later);
  make_job (box, 3, "/nonexistent.pst", size, later);
  make_job (box, 4, same, size + 1, later); /* it was another file then */
  make_job (box, 5, data_one, size, later);
  make_job (box, 6, data_two, size, later);
  make_job (box, 7, same, size, later - 1000); /* written to since */
  g_autoptr (GPtrArray) matches =
      bm_upload_known_jobs (jobs, box->directory, two->id, size, sum, NULL);
  g_assert_cmpuint (matches->len, ==, 2); /* 1 and 5 */
  const BmUploadMatch *match = g_ptr_array_index (matches, 0);
  g_assert_true (g_str_has_prefix (match->job, "login-"));
  g_assert_cmpstr (match->domain_uid, ==, "acme");
  g_autofree gchar *id = g_strdup (two->id);
  g_assert_true (bm_uploads_examined (uploads, two, sum, g_ptr_array_ref (matches), NULL));
  g_clear_pointer (&uploads, bm_uploads_free);
  uploads = open_store (box);
  two = bm_uploads_find (uploads, id, NULL);
  g_assert_cmpuint (two->matches->len, ==, 2);
}

/* ---- what clients say ---- */

static void
test_names (void)
{
  static const struct {
    const gchar *given, *want;
  } names[] = {
      {"mail.pst", "mail.pst"},
      {"C:\\Users\\me\\mail.pst", "mail.pst"},
      {"../../etc/passwd", "passwd"},
      {"/", "upload.pst"},
      {"", "upload.pst"},
      {"..", "upload.pst"},
      {".hidden.pst", "hidden.pst"},
      {"  a \t b\n.pst ", "a b .pst"},
      {"a\xe2\x80\xaetsp.exe", "atsp.exe"}, /* RIGHT-TO-LEFT OVERRIDE */
      {"a\xe2\x81\xa6"
       "b\xe2\x80\x8b.pst",
       "ab.pst"}, /* isolate, zero width space */
      {"a\x1b[2Jb.pst", "a[2Jb.pst"},
      {"e\xcc\x81.pst", "\xc3\xa9.pst"},
      {"a\xff.pst", "a\xef\xbf\xbd.pst"},
      {"<b>\"&.pst", "<b>\"&.pst"}, /* for people who show it to escape */
  };
  for (guint i = 0; i < G_N_ELEMENTS (names); i++) {
    g_autofree gchar *got = bm_upload_clean_name (names[i].given, strlen (names[i].given));
    g_assert_cmpstr (got, ==, names[i].want);
  }
  g_autofree gchar *nul = bm_upload_clean_name ("a\0b.pst", 7);
  g_assert_true (g_utf8_validate (nul, -1, NULL));
  g_autofree gchar *wide = g_strnfill (5000, 'x');
  g_autofree gchar *cut = bm_upload_clean_name (wide, 5000);
  g_assert_cmpuint (strlen (cut), ==, 120);
}

static void
test_headers (void)
{
  g_autoptr (GError) error = NULL;
  g_autofree gchar *name =
      bm_upload_metadata_name ("filetype YXBw,relativePath bnVsbA==, filename bWFpbC5wc3Q=", NULL);
  g_assert_cmpstr (name, ==, "mail.pst");
  g_autofree gchar *none = bm_upload_metadata_name (NULL, NULL);
  g_assert_cmpstr (none, ==, "upload.pst");
  g_autofree gchar *empty = bm_upload_metadata_name (",,filename,", NULL);
  g_assert_cmpstr (empty, ==, "upload.pst");
  g_assert_null (bm_upload_metadata_name ("filename mail.pst", &error));
  g_assert_error (error, BM_UPLOAD_ERROR, BM_UPLOAD_ERROR_BAD_HEADER);
  static const gchar *const bad_sums[] = {
      "sha1",      "md5 1B2M2Y8AsgTpgAmY7PhCfg==",        "sha1 AAAA",
      "sha1 !!!!", "sha256 2jmj7l5rSw0yVb/vlWAYkK/YBwk=", ""};
  BmUploadChecksum checksum;
  for (guint i = 0; i < G_N_ELEMENTS (bad_sums); i++)
    g_assert_false (bm_upload_parse_checksum (bad_sums[i], &checksum, NULL));
  g_assert_true (bm_upload_parse_checksum ("sha1 2jmj7l5rSw0yVb/vlWAYkK/YBwk=", &checksum, NULL));
  g_assert_cmpuint (checksum.digest[0], ==, 0xda);
  static const gchar *const bad_numbers[] = {"",   "-1", "+1", "1 ", "0x10", "9223372036854775808",
                                             "1e3"};
  guint64 value;
  for (guint i = 0; i < G_N_ELEMENTS (bad_numbers); i++)
    g_assert_false (bm_upload_parse_number ("X", bad_numbers[i], &value, NULL));
  g_assert_false (bm_upload_parse_number ("X", NULL, &value, NULL));
  g_assert_true (bm_upload_parse_number ("X", "9223372036854775807", &value, NULL));
  g_assert_cmpuint (value, ==, G_MAXINT64);
}

/* ---- folders on the server ---- */

static void
touch (const gchar *root, const gchar *name)
{
  g_autofree gchar *path = g_build_filename (root, name, NULL);
  g_autofree gchar *parent = g_path_get_dirname (path);
  g_assert_cmpint (g_mkdir_with_parents (parent, 0700), ==, 0);
  g_assert_true (g_file_set_contents (path, "!BDN", 4, NULL));
}

static void
link_to (const gchar *root, const gchar *name, const gchar *target)
{
  g_autofree gchar *path = g_build_filename (root, name, NULL);
  g_autofree gchar *to = g_build_filename (root, target, NULL);
  g_assert_cmpint (symlink (to, path), ==, 0);
}

static void
test_folders (Box *box, gconstpointer data)
{
  static const gchar *const inside[] = {"in/a.pst", "in/link-inside.pst", "in/sub/b.OST",
                                        "in/sub/c d.pst"};
  static const gchar *const outside[] = {"out/secret.pst",
                                         "in/link-outside.pst",
                                         "in/../out/secret.pst",
                                         "in/dir/secret.pst",
                                         "in/notes.txt",
                                         "in/none.pst",
                                         "in/sub",
                                         "inside/x.pst",
                                         "in/named.pst",
                                         "in/fifo.pst"};
  for (guint i = 0; i < 4; i++)
    if (i != 1)
      touch (box->root, inside[i]);
  touch (box->root, "out/secret.pst");
  touch (box->root, "inside/x.pst"); /* not below "in" */
  touch (box->root, "in/notes.txt");
  link_to (box->root, "in/link-inside.pst", "in/sub/b.OST");
  link_to (box->root, "in/link-outside.pst", "out/secret.pst");
  link_to (box->root, "in/dir", "out");
  link_to (box->root, "in/sub/loop", "in");
  g_autofree gchar *odd = g_build_filename (box->root, "in/named.pst", NULL);
  g_autofree gchar *fifo = g_build_filename (box->root, "in/fifo.pst", NULL);
  g_assert_cmpint (g_mkdir (odd, 0700), ==, 0);
  g_assert_cmpint (mkfifo (fifo, 0600), ==, 0);
  g_autofree gchar *folder = g_build_filename (box->root, "in", NULL);
  g_autofree gchar *nested = g_build_filename (box->root, "in/sub", NULL);
  const gchar *folders[] = {folder, nested, "/nonexistent", NULL};
  gboolean cut;
  g_autoptr (GPtrArray) files = bm_folders_list (folders, &cut);
  g_assert_false (cut);
  g_assert_cmpuint (files->len, ==, G_N_ELEMENTS (inside));
  for (guint i = 0; i < files->len; i++) {
    const BmFolderFile *file = g_ptr_array_index (files, i);
    g_autofree gchar *want = g_build_filename (box->root, inside[i], NULL);
    g_assert_cmpstr (file->path, ==, want);
    g_assert_cmpuint (file->size, ==, 4);
    g_autofree gchar *real = bm_folders_resolve (folders, want, NULL);
    g_assert_nonnull (real);
    g_assert_true (g_str_has_prefix (real, folder));
  }
  for (guint i = 0; i < G_N_ELEMENTS (outside); i++) {
    g_autoptr (GError) error = NULL;
    g_autofree gchar *path = g_build_filename (box->root, outside[i], NULL);
    g_assert_null (bm_folders_resolve (folders, path, &error));
    g_assert_error (error, BM_ERROR, BM_CAUSE_PST_MISSING);
  }
  g_assert_null (bm_folders_resolve (folders, "in/a.pst", NULL));
}

/* An administrator of one domain: below its name only, wherever links lead. */
static void
test_domain_folders (Box *box, gconstpointer data)
{
  touch (box->root, "in/acme.test/a.pst");
  touch (box->root, "in/other.test/b.pst");
  touch (box->root, "out/c.pst");
  link_to (box->root, "in/uid-1", "out");
  g_autofree gchar *folder = g_build_filename (box->root, "in", NULL);
  const gchar *folders[] = {folder, NULL};
  const gchar *names[] = {"acme.test", "uid-1", "..", "", "other.test/..", NULL};
  g_auto (GStrv) own = bm_folders_of_domains (folders, names);
  g_assert_cmpuint (g_strv_length (own), ==, 1);
  gboolean cut;
  g_autoptr (GPtrArray) files = bm_folders_list ((const gchar *const *) own, &cut);
  g_assert_cmpuint (files->len, ==, 1);
  g_assert_true (
      g_str_has_suffix (((BmFolderFile *) g_ptr_array_index (files, 0))->path, "acme.test/a.pst"));
}

static void
test_deep_folders (Box *box, gconstpointer data)
{
  touch (box->root, "d/1/2/3/4/5/6/7/8/shown.pst");
  touch (box->root, "d/1/2/3/4/5/6/7/8/9/hidden.pst");
  g_autofree gchar *folder = g_build_filename (box->root, "d", NULL);
  const gchar *folders[] = {folder, NULL};
  gboolean cut;
  g_autoptr (GPtrArray) files = bm_folders_list (folders, &cut);
  g_assert_true (cut);
  g_assert_cmpuint (files->len, ==, 1);
}

static void
test_many_files (Box *box, gconstpointer data)
{
  for (guint i = 0; i < 2001; i++) {
    g_autofree gchar *name = g_strdup_printf ("many/%u.pst", i);
    touch (box->root, name);
  }
  g_autofree gchar *folder = g_build_filename (box->root, "many", NULL);
  const gchar *folders[] = {folder, NULL};
  gboolean cut;
  g_autoptr (GPtrArray) files = bm_folders_list (folders, &cut);
  g_assert_true (cut);
  g_assert_cmpuint (files->len, ==, 2000);
}

int
main (int argc, char **argv)
{
  static const struct {
    const gchar *name;
    void (*run) (Box *, gconstpointer);
  } tests[] = {
      {"/upload/whole", test_whole},
      {"/upload/modes", test_modes},
      {"/upload/restart", test_restart},
      {"/upload/killed", test_killed},
      {"/upload/completed-at-start", test_completed_at_start},
      {"/upload/refused-sizes", test_refused_sizes},
      {"/upload/too-many", test_too_many},
      {"/upload/no-pst", test_no_pst},
      {"/upload/busy-and-offset", test_busy_and_offset},
      {"/upload/checksum", test_checksum},
      {"/upload/full-disk", test_full_disk},
      {"/upload/full-at-the-end", test_full_at_the_end},
      {"/upload/locked", test_locked},
      {"/upload/expiry", test_expiry},
      {"/upload/expiry-while-writing", test_expiry_while_writing},
      {"/upload/purge", test_purge},
      {"/upload/purge-at-once", test_purge_at_once},
      {"/upload/terminate", test_terminate},
      {"/upload/known", test_known},
      {"/folders/containment", test_folders},
      {"/folders/domains", test_domain_folders},
      {"/folders/deep", test_deep_folders},
      {"/folders/many", test_many_files},
  };
  g_test_init (&argc, &argv, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (tests); i++)
    g_test_add (tests[i].name, Box, NULL, setup, tests[i].run, teardown);
  g_test_add_func ("/upload/may-be-pst", test_may_be_pst);
  g_test_add_func ("/upload/names", test_names);
  g_test_add_func ("/upload/headers", test_headers);
  return g_test_run ();
}
