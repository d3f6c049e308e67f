/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Uploads on the disk, without HTTP: <uploads>/<id>/{info.json,offset,data}, directories 0700, files
 * 0600. A finished one is the PST that an import reads.
 *
 * The file "offset" says how much of "data" is known to be on the disk: it is overwritten in place
 * (so that a full disk cannot keep us from it) after data was synced. What data holds beyond it is
 * cut off when the daemon starts again; that is at most what one checkpoint covers.
 *
 * What is left of an upload that expired or was purged is its info.json, for a time: so a browser
 * that comes back is told what happened, and a file that was imported once is known again.
 *
 * BmUploads and BmUpload belong to one thread; a writer's write and finish, and the functions that
 * say so, may run in another. One daemon per directory: it is locked. */
#pragma once

#include <bm-pst-import/error.h>
#include <gio/gio.h>

G_BEGIN_DECLS

/* X (SYMBOL, token, HTTP status, what to do next). An error domain of its own: none of this ever
 * stops an import or gets into a journal. */
#define BM_UPLOAD_ERRORS(X)                                                                        \
  X (UNKNOWN, "upload-unknown", 404, "Begin the upload anew.")                                     \
  X (EXPIRED, "upload-expired", 410, "Begin the upload anew.")                                     \
  X (TOO_LARGE, "upload-too-large", 413,                                                           \
     "Raise max-upload in [web] of the configuration, or choose a file on the server.")            \
  X (TOO_MANY, "too-many-uploads", 409, "Finish or delete uploads that were begun.")               \
  X (NO_SPACE, "no-space", 507, "Free space below the uploads' directory, then go on.")            \
  X (NOT_PST, "not-a-pst", 415, "Choose a PST or OST file of Outlook.")                            \
  X (OFFSET, "wrong-offset", 409, "Ask where it stands (HEAD), and go on from there.")             \
  X (BUSY, "upload-busy", 423, "Wait until the other request has ended, then go on.")              \
  X (LONGER, "longer-than-declared", 413,                                                          \
     "The file has changed since the upload began: begin the upload anew.")                        \
  X (CHECKSUM, "checksum-mismatch", 460, "Send this part again.")                                  \
  X (IN_USE, "upload-in-use", 409, "Wait until the import that reads it has ended.")               \
  X (BAD_HEADER, "bad-header", 400, "See docs/api.md.")                                            \
  X (STORAGE, "upload-storage", 500, "Check the uploads' directory, its disk and its rights.")

typedef enum {
#define X(sym, token, status, action) BM_UPLOAD_ERROR_##sym,
  BM_UPLOAD_ERRORS (X)
#undef X
} BmUploadError;

#define BM_UPLOAD_ERROR (bm_upload_error_quark ())
GQuark bm_upload_error_quark (void);
/* Of an error of any domain; strings are static. */
void bm_upload_error_words (const GError *error, guint *status, const gchar **token,
                            const gchar **action);

typedef struct {
  const gchar *directory; /* made when missing */
  guint64 max_size;       /* bytes of one file */
  guint64 min_free;       /* bytes that all uploads must leave free */
  guint expires_s;        /* an unfinished one, since its last byte */
  guint keep_s;           /* a finished one, after success */
} BmUploadsOptions;

typedef enum {
  BM_UPLOAD_HERE,
  BM_UPLOAD_GONE_EXPIRED,
  BM_UPLOAD_GONE_PURGED,
} BmUploadGone;

/* A job that has imported the same bytes from another file. */
typedef struct {
  gchar *job, *domain_uid;
} BmUploadMatch;

/* Read-only outside. Times: seconds since 1970; 0 = not yet. */
typedef struct {
  gchar *id;
  gchar *name; /* for people only: sanitised, never part of a path */
  gchar *owner, *domain_uid;
  guint64 size, offset; /* offset: on the disk for certain */
  gint64 created, touched, completed;
  gint64 settled;     /* when the last import of it ended */
  gint64 succeeded;   /* when the last successful one did */
  gchar *sha256;      /* hexadecimal; NULL until known */
  GPtrArray *uses;    /* ids of imports that have not ended */
  GPtrArray *matches; /* BmUploadMatch */
  BmUploadGone gone;
  gint64 gone_at;
  gboolean writing;
  gboolean examined; /* finished, and sha256 and matches are settled */
} BmUpload;

typedef struct _BmUploads BmUploads;

/* Reads what is there. Errors: LOCKED (another daemon), CONFIG. */
BmUploads *bm_uploads_open (const BmUploadsOptions *options, GError **error);
void bm_uploads_free (BmUploads *uploads);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (BmUploads, bm_uploads_free)

/* Newest first, also those that are gone; owned elements are the store's. New array. */
GPtrArray *bm_uploads_list (BmUploads *uploads);
/* Errors: UNKNOWN, EXPIRED (also purged). Borrowed until terminated or swept. */
BmUpload *bm_uploads_find (BmUploads *uploads, const gchar *id, GError **error);
/* Bytes that a new upload may have now. */
guint64 bm_uploads_available (BmUploads *uploads);
/* Errors: TOO_LARGE, TOO_MANY, NO_SPACE, NOT_PST (shorter than any PST), STORAGE. */
BmUpload *bm_uploads_create (BmUploads *uploads, const gchar *owner, const gchar *domain_uid,
                             const gchar *name, guint64 size, GError **error);
/* Deleted, and unknown from now on. Errors: BUSY, IN_USE, STORAGE. */
gboolean bm_uploads_terminate (BmUploads *uploads, BmUpload *upload, GError **error);
/* Where the PST is. New. */
gchar *bm_uploads_path (BmUploads *uploads, const BmUpload *upload);
/* When it expires or is purged; 0 = not while it is as it is (used or being written). */
gint64 bm_uploads_expires_at (BmUploads *uploads, const BmUpload *upload);
gint64 bm_uploads_purge_at (BmUploads *uploads, const BmUpload *upload);
/* What is due at this time is let go; the number of uploads. */
guint bm_uploads_sweep (BmUploads *uploads, gint64 now);
/* Data that was let go is only renamed until here, for removing many GB takes its time. Any thread. */
void bm_uploads_empty_trash (const gchar *directory);

/* An import (its id) reads this finished upload: it is neither purged nor deleted until settled.
 * Both are durable; using twice is using once. Errors: BUSY (unfinished), STORAGE. */
gboolean bm_uploads_use (BmUploads *uploads, BmUpload *upload, const gchar *import, GError **error);
gboolean bm_uploads_settle (BmUploads *uploads, BmUpload *upload, const gchar *import,
                            gboolean success, GError **error);
/* The import was never begun: as if it had not been meant. Errors: STORAGE. */
gboolean bm_uploads_drop_use (BmUploads *uploads, BmUpload *upload, const gchar *import,
                              GError **error);

/* ---- one PATCH ---- */

typedef struct _BmUploadWriter BmUploadWriter;

/* What the client says the bytes of this writer are: discarded when they are not. */
typedef struct {
  GChecksumType type;
  guint8 digest[32];
  gsize size;
} BmUploadChecksum;

/* checksum: may be NULL. Errors: BUSY, OFFSET, STORAGE. The writer is closed in the same thread. */
BmUploadWriter *bm_upload_writer_open (BmUploads *uploads, BmUpload *upload, guint64 offset,
                                       const BmUploadChecksum *checksum, GError **error);
/* Any thread, one at a time. Syncs and notes the offset now and then. Errors: NOT_PST, LONGER,
 * NO_SPACE, STORAGE: what was written before stays, nothing may follow but finish. */
gboolean bm_upload_writer_write (BmUploadWriter *writer, const guint8 *bytes, gsize size,
                                 GError **error);
/* Any thread: everything written is durable afterwards, also when the body was cut (whole = FALSE),
 * unless there is a checksum: then all of it, or nothing. Errors: CHECKSUM, STORAGE. */
gboolean bm_upload_writer_finish (BmUploadWriter *writer, gboolean whole, GError **error);
/* Lets others see how far it is, at a time when no other thread uses the writer. */
void bm_upload_writer_publish (BmUploadWriter *writer);
/* Durable bytes of the upload, at a time when no other thread uses the writer. */
guint64 bm_upload_writer_offset (const BmUploadWriter *writer);
/* Gives the upload free and says how far it is; a full one is complete, and its sha256 is known
 * unless the daemon was started anew meanwhile. Without finish, what came since the last checkpoint
 * is dropped. Errors: STORAGE. */
gboolean bm_upload_writer_close (BmUploadWriter *writer, GError **error);

/* ---- what a finished one is ---- */

/* Hexadecimal SHA-256. Any thread. Errors: STORAGE, or cancelled. */
gchar *bm_upload_hash_file (const gchar *path, GCancellable *cancellable, GError **error);
/* Jobs that counted a file of this size with these bytes, BmUploadMatch. Only files of exactly this
 * size are read; those of uploads are known by their info.json. except: id of an upload that does
 * not count. Any thread. */
GPtrArray *bm_upload_known_jobs (const gchar *jobs, const gchar *uploads, const gchar *except,
                                 guint64 size, const gchar *sha256, GCancellable *cancellable);
/* What those found; durable. matches: the store's from now on. */
gboolean bm_uploads_examined (BmUploads *uploads, BmUpload *upload, const gchar *sha256,
                              GPtrArray *matches, GError **error);

/* ---- what clients say: bm-upload-header.c. Any thread. ---- */

/* A name for people: the last component, without control and invisible characters or those that
 * turn the direction of text, at most 120 characters. New, never empty. */
gchar *bm_upload_clean_name (const gchar *bytes, gsize size);
/* The name in Upload-Metadata (tus 1.0, Creation); header: may be NULL. New. Errors: BAD_HEADER. */
gchar *bm_upload_metadata_name (const gchar *header, GError **error);
/* Upload-Checksum (tus 1.0, Checksum). Errors: BAD_HEADER. */
gboolean bm_upload_parse_checksum (const gchar *header, BmUploadChecksum *checksum, GError **error);
/* Digits only, up to G_MAXINT64. Errors: BAD_HEADER naming it. */
gboolean bm_upload_parse_number (const gchar *name, const gchar *header, guint64 *value,
                                 GError **error);
/* The beginning of a PST: "!BDN", a client that is known, a version that can be
 * ([MS-PST] 2.2.2.6). FALSE as soon as it cannot be one; size may be short. */
#define BM_UPLOAD_HEAD 12
gboolean bm_upload_may_be_pst (const guint8 *head, gsize size);

G_END_DECLS
