/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Finds PSTs below directories. Nothing that is there goes unmentioned: what cannot be looked into
 * and what is there twice is an entry with a problem. One thread. */
#pragma once

#include <bm-pst-import/error.h>

G_BEGIN_DECLS

typedef struct {
  gchar *path;    /* absolute; bytes as the file system has them */
  gchar *root;    /* the directory that was scanned; of a file named itself its directory */
  gchar *problem; /* why nothing can be proposed for it, with the remedy; NULL = none */
} BmMapFile;

/* paths: directories, or single files of any name. Files named *.pst and *.ost (in any case) below
 * them, by path; symbolic links are followed, each directory is looked into once. Array of BmMapFile,
 * owned. Errors: PST_MISSING when one of paths does not exist; INTERRUPTED. */
GPtrArray *bm_map_scan (const gchar *const *paths, gboolean (*interrupted) (GError **),
                        GError **error);

G_END_DECLS
