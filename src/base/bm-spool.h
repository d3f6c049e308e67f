/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Bytes that may be many: in memory while small, in a memfd when large, so that a big attachment
 * never sits on the heap. Written once, then sealed, then read. One thread. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct _BmSpool BmSpool;

BmSpool *bm_spool_new (void);
BmSpool *bm_spool_new_bytes (GBytes *bytes); /* sealed */
void bm_spool_free (BmSpool *spool);
/* Errors: DISK_FULL when the kernel gives no more memory. */
gboolean bm_spool_write (BmSpool *spool, gconstpointer data, gsize size, GError **error);
guint64 bm_spool_size (const BmSpool *spool);
/* Ends writing. Idempotent. */
gboolean bm_spool_seal (BmSpool *spool, GError **error);
/* The sealed bytes; mapped when they are in a memfd. Owned by the spool. */
GBytes *bm_spool_bytes (BmSpool *spool, GError **error);
/* Always a memfd with all four seals (F_SEAL_SEAL|SHRINK|GROW|WRITE), for sending to another
 * process. -1 with error. The descriptor is the caller's. */
gint bm_spool_steal_fd (BmSpool *spool, GError **error);
/* The first size bytes (at least 1) of a memory file, mapped for reading; new. The descriptor stays
 * the caller's and may be closed. Who did not seal the file himself checks its seals and size
 * before: what shrinks later would kill the reader. Errors: DISK_FULL. */
GBytes *bm_spool_map (gint fd, gsize size, GError **error);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (BmSpool, bm_spool_free)

G_END_DECLS
