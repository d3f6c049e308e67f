/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The learning pass: senders and recipients of a whole PST, asked of a child of its own. */
#pragma once

#include "reader/bm-reader-process.h"

G_BEGIN_DECLS

/* A map of all Exchange names that come with an address somewhere; of two addresses that of the item
 * with the smaller nid counts, so the map is the same whatever crashes on the way. Items that the
 * child dies of teach nothing. Errors: those of starting a child; READER_CRASH when it dies all
 * the time. New. */
BmAddressMap *bm_reader_learn (const gchar *program, gint pst_fd, const BmReaderOptions *options,
                               const BmCensus *census, GError **error);

G_END_DECLS
