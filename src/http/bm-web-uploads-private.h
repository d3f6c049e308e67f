/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Private to bm-web-uploads*.c. Main thread only. */
#pragma once

#include "http/bm-web-uploads.h"

G_BEGIN_DECLS

typedef struct {
  BmWeb *web;
  BmUploads *store; /* NULL when its directory cannot be used; see fault */
  GError *fault;
  GHashTable *pumps;      /* id -> BmWebPump: bodies that are being received */
  GHashTable *unreadable; /* ids of finished uploads that could not be read */
  GCancellable *cancellable;
  gboolean examining, emptying;
  guint timer;
} BmWebUploads;

BmWebUploads *bm_web_uploads_of (BmWeb *web);

/* Every answer to a tus request. FALSE: it has been answered, for it speaks another version. */
gboolean bm_web_uploads_greet (BmWebRequest *request);
void bm_web_uploads_set_number (BmWebRequest *request, const gchar *name, guint64 value);
/* Upload-Offset, Upload-Expires. */
void bm_web_uploads_set_state (BmWebUploads *area, BmWebRequest *request, const BmUpload *upload);
/* A finished one whose bytes are not known yet. */
gboolean bm_web_uploads_is_to_be_examined (const BmWebUploads *area, const BmUpload *upload);
/* Finished ones whose bytes are not known yet are read, one after the other. */
void bm_web_uploads_examine (BmWebUploads *area);
/* The data of those that were let go is removed, in a thread. */
void bm_web_uploads_empty_trash (BmWebUploads *area);

/* GET uploads; data: the area. */
void bm_web_uploads_show (BmWebRequest *request, gpointer data);

/* ---- bodies: bm-web-uploads-body.c ---- */

typedef struct _BmWebPump BmWebPump;

/* Takes the body into the upload and answers: 204, or 201 when created. Errors: of the store; the
 * request is not answered then. */
gboolean bm_web_pump_begin (BmWebUploads *area, BmWebRequest *request, BmUpload *upload,
                            guint64 offset, const BmUploadChecksum *checksum, gboolean created,
                            GError **error);
/* A body that has brought nothing for a while is likely to be on a dead line. */
gboolean bm_web_pump_is_stale (const BmWebPump *pump);
/* Ends it as if its line had broken; then handler is called for this request. FALSE: another one
 * waits for that already. */
gboolean bm_web_pump_cut (BmWebPump *pump, BmWebRequest *request, BmWebHandler handler);

G_END_DECLS
