/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Private to the room: the bytes of a window. Builds the synthetic node B-tree and serves header,
 * real file and synthetic pages as one file. One thread. */
#pragma once

#include "pst/bm-pst-window.h"

G_BEGIN_DECLS

void bm_pst_view_build (BmPstView *view, const BmPst *pst, const BmPstNode *nodes, gsize n,
                        gsize fixed);
/* A libbfio handle on the view, which must outlive it. */
gboolean bm_pst_view_handle (BmPstView *view, libbfio_handle_t **handle);
void bm_pst_view_clear (BmPstView *view);

G_END_DECLS
