/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Private to the room: names, roles, paths and rules of all folders. One thread. */
#pragma once

#include "pst/bm-pst-file.h"

G_BEGIN_DECLS

/* Fills census->folders (ascending by nid), record_key, display_name, password. Whatever cannot be
 * read leaves defaults and a warning. */
void bm_pst_folders_read (BmPst *pst, BmCensus *census);
/* The role of a folder of this name in any language we know; NONE. For tests. */
BmRole bm_pst_role_of_name (const gchar *name);
gboolean bm_pst_is_sync_issues_name (const gchar *name);
gboolean bm_pst_is_top_name (const gchar *name);

G_END_DECLS
