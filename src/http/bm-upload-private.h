/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Private to bm-upload*.c: how an upload lies on the disk. */
#pragma once

#include "http/bm-upload.h"

G_BEGIN_DECLS

struct _BmUploads {
  gchar *directory;
  BmUploadsOptions options;
  GHashTable *table; /* id -> BmUpload */
  GHashTable *sums;  /* id -> BmUploadSum: of unfinished ones, since the daemon runs */
  gint lock;
};

/* SHA-256 of the first size bytes. */
typedef struct {
  GChecksum *checksum;
  guint64 size;
} BmUploadSum;

BmUpload *bm_upload_new (void);
void bm_upload_free (BmUpload *upload);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (BmUpload, bm_upload_free)
BmUploadMatch *bm_upload_match_new (const gchar *job, const gchar *domain_uid);
void bm_upload_match_free (BmUploadMatch *match);

/* ---- bm-upload-info.c ---- */

gboolean bm_upload_is_id (const gchar *text);
/* name: "data", "info.json", "offset". New. */
gchar *bm_upload_file (const gchar *directory, const gchar *id, const gchar *name);
/* info.json alone, offset 0; NULL when there is none that can be read. Any thread. */
BmUpload *bm_upload_info_read (const gchar *directory, const gchar *id);
gboolean bm_upload_info_write (const gchar *directory, const BmUpload *upload, GError **error);
/* The record of the offset; fd is open for reading and writing. Durable. */
gboolean bm_upload_offset_write (gint fd, guint64 offset, GError **error);
guint64 bm_upload_offset_read (gint fd);
/* Makes names in it durable. */
gboolean bm_upload_sync_directory (const gchar *path, GError **error);
gboolean bm_upload_storage_error (GError **error, const gchar *what, const gchar *path);

G_END_DECLS
