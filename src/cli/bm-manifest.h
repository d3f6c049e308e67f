/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The manifest of an export: one JSON line per item, the ledger last (docs/manifest.md). */
#pragma once

#include <bm-pst-import/source.h>

G_BEGIN_DECLS

typedef struct _BmManifest BmManifest;

/* Creates the file; refuses to overwrite. */
BmManifest *bm_manifest_open (const gchar *path, const BmCensus *census, GError **error);
/* A message written to file (path relative to the manifest). */
gboolean bm_manifest_rendered (BmManifest *manifest, const BmMessage *message, const gchar *folder,
                               const gchar *file, GError **error);
gboolean bm_manifest_skipped (BmManifest *manifest, guint32 nid, const gchar *folder,
                              const gchar *message_class, BmRule rule, GError **error);
gboolean bm_manifest_failed (BmManifest *manifest, guint32 nid, const gchar *folder, BmCause cause,
                             GError **error);
/* Writes the ledger line. FALSE also when it does not balance (cause INTERNAL). */
gboolean bm_manifest_close (BmManifest *manifest, const gchar *render_id, GError **error);
void bm_manifest_free (BmManifest *manifest);
guint64 bm_manifest_failed_count (const BmManifest *manifest);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (BmManifest, bm_manifest_free)

G_END_DECLS
