/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Little-endian numbers as PST, OLE, RTF and MAPI blobs hold them. No bounds are checked: the caller
 * knows that so many bytes are there. Pure; any thread. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

static inline guint16
bm_le16 (const guint8 *p)
{
  return (guint16) (p[0] | p[1] << 8);
}

static inline guint32
bm_le32 (const guint8 *p)
{
  return (guint32) bm_le16 (p) | (guint32) bm_le16 (p + 2) << 16;
}

static inline guint64
bm_le64 (const guint8 *p)
{
  return bm_le32 (p) | (guint64) bm_le32 (p + 4) << 32;
}

G_END_DECLS
