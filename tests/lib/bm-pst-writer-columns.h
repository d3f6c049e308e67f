/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Which properties the tables of a PST show, as in the templates of every file ([MS-PST] 2.4.4.4,
 * 2.4.4.5, 2.4.4.6, 2.4.5.3, 2.4.6.1). Lists of tags, 0-terminated; the two row columns are not in
 * them. Data only; any thread. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

extern const guint32 bm_pst_writer_columns_hierarchy[];
extern const guint32 bm_pst_writer_columns_contents[];
extern const guint32 bm_pst_writer_columns_associated[];
extern const guint32 bm_pst_writer_columns_search[];
extern const guint32 bm_pst_writer_columns_recipient[];
extern const guint32 bm_pst_writer_columns_attachment[];
extern const guint32 bm_pst_writer_columns_receive[];
extern const guint32 bm_pst_writer_columns_outgoing[];

G_END_DECLS
