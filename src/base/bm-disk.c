/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* See bm-disk.h. */
#include "base/bm-disk.h"

#include <sys/statvfs.h>

gboolean
bm_disk_free (const gchar *path, guint64 *bytes)
{
  struct statvfs info;
  if (statvfs (path, &info) != 0)
    return FALSE;
  *bytes = (guint64) info.f_bavail * info.f_frsize;
  return TRUE;
}
