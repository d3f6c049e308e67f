/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The daemon's frame as its main function sees it. Main thread only. */
#pragma once

#include "http/bm-web.h"

G_BEGIN_DECLS

/* config: borrowed, must live as long. Errors: CONFIG when the certificate cannot be read. */
BmWeb *bm_web_new (const BmConfig *config, GError **error);
void bm_web_free (BmWeb *web);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (BmWeb, bm_web_free)

/* Listens, and prints a line with each address on stdout. Errors: CONFIG. */
gboolean bm_web_start (BmWeb *web, GError **error);
/* No new connections, no more events; what is being answered goes on. */
void bm_web_stop (BmWeb *web);
/* Is anything still being answered? */
gboolean bm_web_is_busy (BmWeb *web);

G_END_DECLS
