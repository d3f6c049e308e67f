/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* How much disk is left, for whoever is about to write. Any thread. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Less than this is too little for one import's journal and spool: BlueMind's own alert fires at 1 GiB
 * free. */
#define BM_DISK_LEAST ((guint64) 1 << 30)

/* Bytes that an unprivileged process may still write where path lies. FALSE with errno: it cannot be
 * told. */
gboolean bm_disk_free (const gchar *path, guint64 *bytes);

G_END_DECLS
