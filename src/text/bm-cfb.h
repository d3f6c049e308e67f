/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Compound files ([MS-CFB]), as OLE objects are stored: the streams below the root, by name. Hostile
 * bytes: every chain is followed within the file and no longer than the file has sectors. Must not
 * know MAPI or MIME. Any thread. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct _BmCfb BmCfb;

/* data is borrowed until bm_cfb_free. NULL when it is no compound file. */
BmCfb *bm_cfb_new (const guint8 *data, gsize size);
void bm_cfb_free (BmCfb *cfb);
/* name: ASCII, as stored ("\1Ole10Native"), case does not matter. NULL: there is none, or it is
 * damaged. New. */
GBytes *bm_cfb_stream (const BmCfb *cfb, const gchar *name);
gboolean bm_cfb_has (const BmCfb *cfb, const gchar *name);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (BmCfb, bm_cfb_free)

G_END_DECLS
