/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* PSTs that are on the server already: those below the folders that the administrator configured, and
 * nothing else. Links are followed only to files inside of one of them; links to directories not at
 * all. Any thread; walking may block. */
#pragma once

#include <bm-pst-import/error.h>

G_BEGIN_DECLS

typedef struct {
  gchar *path;         /* below the folder as it was configured */
  const gchar *folder; /* as configured; borrowed */
  guint64 size;
  gint64 modified; /* seconds since 1970 */
} BmFolderFile;

/* *.pst and *.ost, sorted by path. cut: there are more, or deeper ones, than are looked at. */
GPtrArray *bm_folders_list (const gchar *const *folders, gboolean *cut);
/* For who may see some domains only: what the folders hold below a directory of such a name (no link
 * out of its folder). New. */
GStrv bm_folders_of_domains (const gchar *const *folders, const gchar *const *names);
/* The real path of a regular file inside one of the folders. New. Errors: PST_MISSING, also for what
 * lies elsewhere, so that nobody learns what there is. */
gchar *bm_folders_resolve (const gchar *const *folders, const gchar *path, GError **error);

G_END_DECLS
