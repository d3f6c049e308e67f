/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Uploads by the tus 1.0.0 protocol, and PSTs that are on the server already: what other areas may
 * ask of them. https://tus.io/protocols/resumable-upload. Main thread only. */
#pragma once

#include "http/bm-upload.h"
#include "http/bm-web.h"

G_BEGIN_DECLS

/* May it see this upload? Who made it does, and who manages every domain. */
gboolean bm_web_uploads_may (const BmWebSession *session, const BmUpload *upload);
/* An upload that this administrator may see. Borrowed, for now only. Errors: BM_UPLOAD_ERROR UNKNOWN
 * (also somebody else's), EXPIRED, STORAGE. For answers: bm_web_uploads_reply_error. */
const BmUpload *bm_web_uploads_find (BmWeb *web, const BmWebSession *session, const gchar *id,
                                     GError **error);
/* Where the PST of a finished upload is. New. */
gchar *bm_web_uploads_path (BmWeb *web, const BmUpload *upload);
/* An import begins to read it: kept until settled, also after a restart of the daemon. Errors: BUSY
 * (not finished yet), STORAGE. */
gboolean bm_web_uploads_use (BmWeb *web, const BmUpload *upload, const gchar *import,
                             GError **error);
/* The same for an import that used it before and begins anew; who orders that need not see the upload.
 * Errors also UNKNOWN, EXPIRED: it is gone. */
gboolean bm_web_uploads_use_again (BmWeb *web, const gchar *id, const gchar *import,
                                   GError **error);
/* The import has ended, or is forgotten: from now on the upload is kept for keep-days only. id: an
 * upload that is gone is no fault; nor is settling twice. */
void bm_web_uploads_settle (BmWeb *web, const gchar *id, const gchar *import, gboolean success);
/* When it will be purged, seconds since 1970; 0 = not as long as something reads it, or gone. */
gint64 bm_web_uploads_purge_at (BmWeb *web, const gchar *id);
/* Bytes that a new upload may have now. */
guint64 bm_web_uploads_available (BmWeb *web);

/* Below which this administrator may choose files: the configured folders; for who manages one domain,
 * what is in them below a directory of the domain's name or uid, for others may have put PSTs of
 * their tenants there. A few looks at the disk. New. */
GStrv bm_web_files_folders (BmWeb *web, const BmWebSession *session);
/* The real path of a PST below them. New. Errors: BM_ERROR PST_MISSING. */
gchar *bm_web_files_resolve (BmWeb *web, const BmWebSession *session, const gchar *path,
                             GError **error);

/* Answers an error of BM_UPLOAD_ERROR or BM_ERROR. */
void bm_web_uploads_reply_error (BmWebRequest *request, const GError *error);

G_END_DECLS
