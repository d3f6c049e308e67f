/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The name-to-id map of a file ([MS-PST] 2.4.7): hands out ids for named properties and becomes
 * the property context of node 0x61. One thread. */
#pragma once

#include "bm-pst-writer-props.h"

G_BEGIN_DECLS

typedef struct _BmPstWriterNames BmPstWriterNames;

BmPstWriterNames *bm_pst_writer_names_new (void);
void bm_pst_writer_names_free (BmPstWriterNames *names);
/* name NULL: numeric, by lid. Returns the property id. */
guint16 bm_pst_writer_names_id (BmPstWriterNames *names, const guint8 guid[16], guint32 lid,
                                const gchar *name);
BmPstProps *bm_pst_writer_names_props (const BmPstWriterNames *names);

G_END_DECLS
