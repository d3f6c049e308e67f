/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* See bm-web-uploads-private.h: the body of a PATCH, from the line to the disk. Chunks come in the
 * main thread, are gathered in one buffer, and a thread writes what the buffer held before; with both
 * full the line has to wait. So memory is bounded however big the file and slow the disk. */
#include "http/bm-web-uploads-private.h"

#include <string.h>

#define BUFFER   (1u << 20) /* bytes gathered while the disk is busy */
#define STALE_US (10 * G_USEC_PER_SEC)

struct _BmWebPump {
  BmWebUploads *area;
  BmWebRequest *request; /* NULL once answered */
  BmUpload *upload;      /* stays while it is being written */
  BmUploadWriter *writer;
  GByteArray *buffer;
  GByteArray *writing; /* the thread's */
  gint64 heard_us;     /* the last chunk; monotonic */
  gboolean busy;       /* the thread has the writer */
  gboolean ended;      /* nothing more comes */
  gboolean whole;
  gboolean created;
  GError *error;
  BmWebRequest *waiter;
  BmWebHandler waiter_handler;
};

static void pump_next (BmWebPump *pump);

static void
pump_free (BmWebPump *pump)
{
  g_byte_array_unref (pump->buffer);
  g_byte_array_unref (pump->writing);
  g_clear_error (&pump->error);
  g_free (pump);
}

/* ---- in the thread ---- */

static void
write_in_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  BmWebPump *pump = data;
  GError *error = NULL;
  if (bm_upload_writer_write (pump->writer, pump->writing->data, pump->writing->len, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

static void
finish_in_thread (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  BmWebPump *pump = data;
  GError *error = NULL;
  if (bm_upload_writer_finish (pump->writer, pump->whole && pump->error == NULL, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

static void
run (BmWebPump *pump, GTaskThreadFunc work, GAsyncReadyCallback done)
{
  g_autoptr (GTask) task = g_task_new (NULL, NULL, done, pump);
  pump->busy = TRUE;
  g_task_set_task_data (task, pump, NULL);
  g_task_run_in_thread (task, work);
}

/* The first error is the one to tell. */
static void
take_result (BmWebPump *pump, GAsyncResult *result)
{
  g_autoptr (GError) error = NULL;
  pump->busy = FALSE;
  if (!g_task_propagate_boolean (G_TASK (result), &error) && pump->error == NULL)
    pump->error = g_steal_pointer (&error);
}

/* ---- the end ---- */

static void
answer (BmWebPump *pump)
{
  BmWebRequest *request = g_steal_pointer (&pump->request);
  bm_web_uploads_set_state (pump->area, request, pump->upload);
  if (pump->error != NULL)
    bm_web_uploads_reply_error (request, pump->error);
  else
    bm_web_reply_empty (request, pump->created ? 201 : 204);
}

/* What is no PST is not kept. */
static void
drop_if_refused (BmWebPump *pump)
{
  if (!g_error_matches (pump->error, BM_UPLOAD_ERROR, BM_UPLOAD_ERROR_NOT_PST))
    return;
  g_message ("upload %s: no PST", pump->upload->id);
  if (bm_uploads_terminate (pump->area->store, pump->upload, NULL))
    bm_web_uploads_empty_trash (pump->area);
}

static void
on_finished (GObject *source, GAsyncResult *result, gpointer data)
{
  BmWebPump *pump = data;
  BmWebUploads *area = pump->area;
  take_result (pump, result);
  bm_upload_writer_close (pump->writer, pump->error == NULL ? &pump->error : NULL);
  g_hash_table_remove (area->pumps, pump->upload->id);
  if (pump->error != NULL)
    g_info ("upload %s: %s", pump->upload->id, pump->error->message);
  else if (pump->upload->completed != 0)
    g_message ("upload %s is complete", pump->upload->id);
  answer (pump);
  drop_if_refused (pump);
  bm_web_uploads_examine (area);
  if (pump->waiter != NULL) {
    bm_web_request_resume (pump->waiter);
    pump->waiter_handler (pump->waiter, area);
  }
  pump_free (pump);
}

/* ---- the way ---- */

static void
on_written (GObject *source, GAsyncResult *result, gpointer data)
{
  BmWebPump *pump = data;
  take_result (pump, result);
  bm_upload_writer_publish (pump->writer);
  pump_next (pump);
}

/* Whenever the thread has nothing to do. */
static void
pump_next (BmWebPump *pump)
{
  if (pump->error != NULL) {
    bm_web_request_pause (pump->request); /* what still comes is of no use */
    run (pump, finish_in_thread, on_finished);
  } else if (pump->buffer->len > 0) {
    GByteArray *written = pump->writing;
    pump->writing = pump->buffer;
    pump->buffer = written;
    g_byte_array_set_size (written, 0);
    run (pump, write_in_thread, on_written);
    if (!pump->ended)
      bm_web_request_resume (pump->request);
  } else if (pump->ended)
    run (pump, finish_in_thread, on_finished);
}

static void
on_chunk (BmWebRequest *request, const guint8 *bytes, gsize size, gpointer data)
{
  BmWebPump *pump = data;
  if (pump->ended || pump->error != NULL)
    return;
  pump->heard_us = g_get_monotonic_time ();
  g_byte_array_append (pump->buffer, bytes, (guint) size);
  if (!pump->busy)
    pump_next (pump);
  else if (pump->buffer->len >= BUFFER)
    bm_web_request_pause (request);
}

static void
on_end (BmWebRequest *request, gboolean complete, gpointer data)
{
  BmWebPump *pump = data;
  if (pump->ended) /* cut by another request meanwhile */
    return;
  pump->ended = TRUE;
  pump->whole = complete;
  if (!pump->busy)
    pump_next (pump);
}

gboolean
bm_web_pump_begin (BmWebUploads *area, BmWebRequest *request, BmUpload *upload, guint64 offset,
                   const BmUploadChecksum *checksum, gboolean created, GError **error)
{
  BmUploadWriter *writer = bm_upload_writer_open (area->store, upload, offset, checksum, error);
  if (writer == NULL)
    return FALSE;
  BmWebPump *pump = g_new0 (BmWebPump, 1);
  pump->area = area;
  pump->request = request;
  pump->upload = upload;
  pump->writer = writer;
  pump->created = created;
  pump->buffer = g_byte_array_new ();
  pump->writing = g_byte_array_new ();
  pump->heard_us = g_get_monotonic_time ();
  g_hash_table_insert (area->pumps, upload->id, pump);
  if (bm_web_request_is_alive (request))
    bm_web_request_stream (request, on_chunk, on_end, pump);
  else
    on_end (request, FALSE, pump);
  return TRUE;
}

gboolean
bm_web_pump_is_stale (const BmWebPump *pump)
{
  return !pump->busy && !pump->ended && g_get_monotonic_time () - pump->heard_us > STALE_US;
}

gboolean
bm_web_pump_cut (BmWebPump *pump, BmWebRequest *request, BmWebHandler handler)
{
  if (pump->waiter != NULL)
    return FALSE;
  pump->waiter = request;
  pump->waiter_handler = handler;
  bm_web_request_pause (request);
  if (!pump->ended) {
    pump->ended = TRUE;
    pump->error = pump->error != NULL
                      ? pump->error
                      : g_error_new (BM_UPLOAD_ERROR, BM_UPLOAD_ERROR_BUSY,
                                     "Another request went on with this upload meanwhile.");
    if (!pump->busy)
      pump_next (pump);
  }
  return TRUE;
}
