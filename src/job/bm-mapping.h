/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The mapping of a bulk migration: which file goes to which user, into which folder, with which
 * options. Reads our own CSV and Microsoft 365's. A fault of one row is kept in the row and costs no
 * other. Must not know BlueMind or PSTs. One thread. */
#pragma once

#include <bm-pst-import/error.h>

G_BEGIN_DECLS

typedef struct {
  guint line;     /* of the CSV, from 1 */
  gchar *file;    /* absolute */
  gchar *user;    /* as written: login@domain, address or ext:ID; "" when nobody was proposed */
  gchar *into;    /* "" = Imported/<base name>; "/" = merge */
  GStrv options;  /* words of import's command line; never NULL. Only options that concern what is
                     taken from the file and how: a row names its user and folder in its columns,
                     and no row may name another configuration or directory of jobs. */
  gchar *problem; /* why this row cannot be used as it is, with the remedy; NULL = none */
} BmMapRow;

typedef struct {
  gchar *path;
  gboolean microsoft; /* Microsoft 365's columns */
  guint columns;      /* fields of the first line */
  GPtrArray *rows;    /* BmMapRow *, owned, as in the file */
} BmMapping;

/* The CSV's columns are known by their names, in any order and case: file, user, into, options (only
 * file and user are needed, others are ignored), or Microsoft 365's Workload, FilePath, Name,
 * Mailbox, IsArchive, TargetRootFolder, ContentCodePage (SP* are ignored). Relative files are
 * relative to the CSV. Microsoft's blank TargetRootFolder is the folder Imported, "/" a merge. Two
 * rows that say the same are a problem of the second. Errors: USAGE (no such file, no CSV, no such
 * columns or one of them twice, no row). */
BmMapping *bm_mapping_load (const gchar *path, GError **error);
void bm_mapping_free (BmMapping *mapping);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (BmMapping, bm_mapping_free)

/* Rows that one process can import one after the other without a change of meaning have one key:
 * file, user and target folder, without regard to case in the user. New. */
gchar *bm_map_row_key (const BmMapRow *row);

G_END_DECLS
