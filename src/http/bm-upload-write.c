/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* See bm-upload.h: one PATCH. Memory does not grow with the file: bytes are written where they
 * belong and added to the running SHA-256, and every so often the disk is asked to have them before
 * the offset says so. */
#include "http/bm-upload-private.h"

#include "base/bm-failpoint.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define CHECKPOINT_BYTES (G_GUINT64_CONSTANT (32) << 20)
#define CHECKPOINT_US    (5 * G_USEC_PER_SEC)

struct _BmUploadWriter {
  BmUploads *uploads;
  BmUpload *upload;
  gint data, note;
  guint64 begin;    /* offset at which it was opened */
  guint64 position; /* written */
  guint64 durable;  /* synced and noted */
  guint64 size;     /* of the upload */
  gint64 noted_us;  /* monotonic */
  guint8 head[BM_UPLOAD_HEAD];
  BmUploadSum sum; /* checksum NULL: the daemon was started anew since the beginning */
  gboolean checked;
  BmUploadChecksum wanted;
  GChecksum *part;   /* of what this writer wrote, with wanted */
  GChecksum *before; /* the running sum at its begin, with wanted */
};

static void
writer_free (BmUploadWriter *writer)
{
  if (writer->data >= 0)
    close (writer->data);
  if (writer->note >= 0)
    close (writer->note);
  g_clear_pointer (&writer->part, g_checksum_free);
  g_clear_pointer (&writer->before, g_checksum_free);
  g_free (writer);
}

static gboolean
fail (GError **error, BmUploadError code, const gchar *text)
{
  g_set_error_literal (error, BM_UPLOAD_ERROR, code, text);
  return FALSE;
}

static gboolean
may_open (const BmUpload *upload, guint64 offset, GError **error)
{
  if (upload->writing)
    return fail (error, BM_UPLOAD_ERROR_BUSY, "Another request is writing it.");
  if (offset == upload->offset)
    return TRUE;
  g_set_error (error, BM_UPLOAD_ERROR, BM_UPLOAD_ERROR_OFFSET,
               "The upload stands at byte %" G_GUINT64_FORMAT ", not at %" G_GUINT64_FORMAT ".",
               upload->offset, offset);
  return FALSE;
}

static gboolean
open_files (BmUploadWriter *writer, GError **error)
{
  const gchar *directory = writer->uploads->directory;
  g_autofree gchar *data = bm_upload_file (directory, writer->upload->id, "data");
  g_autofree gchar *note = bm_upload_file (directory, writer->upload->id, "offset");
  gsize known = MIN (writer->begin, BM_UPLOAD_HEAD);
  writer->data = open (data, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
  if (writer->data < 0 || pread (writer->data, writer->head, known, 0) != (gssize) known)
    return bm_upload_storage_error (error, "open", data);
  writer->note = open (note, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
  if (writer->note < 0)
    return bm_upload_storage_error (error, "open", note);
  return TRUE;
}

/* The running sum is only good when it covers all that is there. */
static void
take_sum (BmUploadWriter *writer)
{
  BmUploadSum *sum = g_hash_table_lookup (writer->uploads->sums, writer->upload->id);
  if (sum != NULL && sum->size == writer->begin)
    writer->sum = *sum;
  if (writer->checked && writer->sum.checksum != NULL)
    writer->before = g_checksum_copy (writer->sum.checksum);
}

BmUploadWriter *
bm_upload_writer_open (BmUploads *uploads, BmUpload *upload, guint64 offset,
                       const BmUploadChecksum *checksum, GError **error)
{
  if (!may_open (upload, offset, error))
    return NULL;
  BmUploadWriter *writer = g_new0 (BmUploadWriter, 1);
  writer->uploads = uploads;
  writer->upload = upload;
  writer->data = writer->note = -1;
  writer->begin = writer->position = writer->durable = offset;
  writer->size = upload->size;
  writer->noted_us = g_get_monotonic_time ();
  if (!open_files (writer, error)) {
    writer_free (writer);
    return NULL;
  }
  if (checksum != NULL) {
    writer->checked = TRUE;
    writer->wanted = *checksum;
    writer->part = g_checksum_new (checksum->type);
  }
  take_sum (writer);
  upload->writing = TRUE;
  return writer;
}

static gboolean
note_offset (BmUploadWriter *writer, GError **error)
{
  if (fdatasync (writer->data) != 0)
    return bm_upload_storage_error (error, "sync", "its data");
  bm_failpoint ("upload.synced");
  if (!bm_upload_offset_write (writer->note, writer->position, error))
    return FALSE;
  bm_failpoint ("upload.noted");
  writer->durable = writer->position;
  writer->noted_us = g_get_monotonic_time ();
  return TRUE;
}

static gboolean
check_head (BmUploadWriter *writer, const guint8 *bytes, gsize size, GError **error)
{
  gsize known = (gsize) writer->position;
  if (writer->position >= BM_UPLOAD_HEAD)
    return TRUE;
  gsize n = MIN (size, BM_UPLOAD_HEAD - known);
  memcpy (writer->head + known, bytes, n);
  if (bm_upload_may_be_pst (writer->head, known + n))
    return TRUE;
  return fail (error, BM_UPLOAD_ERROR_NOT_PST,
               "The file is no PST: it does not begin like one (a PST inside an archive must be "
               "taken out of it first).");
}

static void
count_bytes (BmUploadWriter *writer, const guint8 *bytes, gsize size)
{
  writer->position += size;
  if (writer->part != NULL)
    g_checksum_update (writer->part, bytes, (gssize) size);
  if (writer->sum.checksum != NULL)
    g_checksum_update (writer->sum.checksum, bytes, (gssize) size);
  writer->sum.size = writer->position;
}

gboolean
bm_upload_writer_write (BmUploadWriter *writer, const guint8 *bytes, gsize size, GError **error)
{
  if (size > writer->size - writer->position)
    return fail (error, BM_UPLOAD_ERROR_LONGER, "More bytes came than the file was said to have.");
  if (!check_head (writer, bytes, size, error))
    return FALSE;
  while (size > 0) {
    gssize n = pwrite (writer->data, bytes, size, (off_t) writer->position);
    if (n < 0 && errno == EINTR)
      continue;
    if (n <= 0)
      return bm_upload_storage_error (error, "write", "its data");
    count_bytes (writer, bytes, (gsize) n);
    bytes += n;
    size -= (gsize) n;
  }
  gboolean due = writer->position - writer->durable >= CHECKPOINT_BYTES ||
                 g_get_monotonic_time () - writer->noted_us >= CHECKPOINT_US;
  return !due || writer->checked || note_offset (writer, error);
}

/* With a checksum: as if this writer had never been. */
static gboolean
take_back (BmUploadWriter *writer, GError **error)
{
  writer->position = writer->durable = writer->begin;
  if (writer->before != NULL) {
    g_checksum_free (writer->sum.checksum);
    writer->sum.checksum = g_steal_pointer (&writer->before);
  }
  writer->sum.size = writer->begin;
  if (ftruncate (writer->data, (off_t) writer->begin) != 0)
    return bm_upload_storage_error (error, "shorten", "its data");
  return TRUE;
}

static gboolean
is_wanted (BmUploadWriter *writer)
{
  guint8 digest[sizeof writer->wanted.digest];
  gsize size = sizeof digest;
  g_checksum_get_digest (writer->part, digest, &size);
  return size == writer->wanted.size && memcmp (digest, writer->wanted.digest, size) == 0;
}

gboolean
bm_upload_writer_finish (BmUploadWriter *writer, gboolean whole, GError **error)
{
  if (!writer->checked)
    return writer->position == writer->durable || note_offset (writer, error);
  if (whole && is_wanted (writer))
    return note_offset (writer, error);
  if (!take_back (writer, error))
    return FALSE;
  if (whole)
    return fail (error, BM_UPLOAD_ERROR_CHECKSUM,
                 "The bytes that came are not those that Upload-Checksum tells of.");
  return TRUE;
}

guint64
bm_upload_writer_offset (const BmUploadWriter *writer)
{
  return writer->durable;
}

void
bm_upload_writer_publish (BmUploadWriter *writer)
{
  writer->upload->offset = writer->durable;
}

/* The sum covers what was written; good for later only when all of that counts. */
static void
give_sum_back (BmUploadWriter *writer)
{
  BmUploadSum *sum = g_hash_table_lookup (writer->uploads->sums, writer->upload->id);
  if (writer->sum.checksum == NULL || sum == NULL)
    return;
  *sum = writer->sum;
  if (sum->size != writer->durable)
    g_hash_table_remove (writer->uploads->sums, writer->upload->id);
}

/* That it is complete is seen from its offset, too: a disk that is full now, with all of it there, is
 * no reason to refuse. */
static void
complete (BmUploads *uploads, BmUpload *upload)
{
  BmUploadSum *sum = g_hash_table_lookup (uploads->sums, upload->id);
  g_autoptr (GError) error = NULL;
  upload->completed = upload->touched;
  if (sum != NULL && sum->size == upload->size)
    upload->sha256 = g_strdup (g_checksum_get_string (sum->checksum));
  g_hash_table_remove (uploads->sums, upload->id);
  if (!bm_upload_info_write (uploads->directory, upload, &error))
    g_warning ("upload %s is complete: %s", upload->id, error->message);
}

gboolean
bm_upload_writer_close (BmUploadWriter *writer, GError **error)
{
  BmUploads *uploads = writer->uploads;
  BmUpload *upload = writer->upload;
  gboolean cut = writer->position > writer->durable;
  gboolean ok = TRUE;
  give_sum_back (writer);
  if (cut && ftruncate (writer->data, (off_t) writer->durable) != 0)
    ok = bm_upload_storage_error (error, "shorten", "its data");
  upload->offset = writer->durable;
  upload->touched = g_get_real_time () / G_USEC_PER_SEC;
  upload->writing = FALSE;
  writer_free (writer);
  if (ok && upload->offset == upload->size && upload->completed == 0)
    complete (uploads, upload);
  return ok;
}
