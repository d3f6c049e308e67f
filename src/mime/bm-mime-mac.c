/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Files from a Macintosh, which Outlook keeps with what only a Macintosh reads: a MacBinary of a header
 * of 128 bytes, a second one that is padded, the data, the resources. [MS-OXCMAIL] 2.1.3.4. One
 * thread. */
#include "mime/bm-mime.h"

#include <string.h>

#define HEADER 128

static gsize
length_at (const guint8 *p) /* Macintosh order */
{
  return (gsize) p[0] << 24 | (gsize) p[1] << 16 | (gsize) p[2] << 8 | p[3];
}

GBytes *
bm_mime_data_fork (const BmAttachment *attachment, GBytes *bytes)
{
  static const guint8 encoding[] = {0x2a, 0x86, 0x48, 0x86, 0xf7, 0x14, 3, 0x0b, 1};
  GBytes *stored = bm_props_data (attachment->props, 0x3702);
  gsize size, length = 0;
  const guint8 *oid = stored != NULL ? g_bytes_get_data (stored, &length) : NULL;
  const guint8 *head = g_bytes_get_data (bytes, &size);
  if (length != sizeof encoding || memcmp (oid, encoding, length) != 0 || size < HEADER ||
      head[0] != 0 || head[1] == 0 || head[1] > 63 || head[74] != 0 || head[82] != 0)
    return g_bytes_ref (bytes);
  gsize second = ((gsize) head[120] << 8 | head[121]) + 127;
  gsize start = HEADER + second / 128 * 128;
  gsize n = length_at (head + 83), resources = length_at (head + 87);
  gsize padded = (n + 127) / 128 * 128; /* the last part may lack its padding */
  if (n == 0 || start > size || n > size - start ||
      (resources > 0 && (padded > size - start || resources > size - start - padded)))
    return g_bytes_ref (bytes);
  return g_bytes_new_from_bytes (bytes, start, n);
}
