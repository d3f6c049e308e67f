/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The census as a payload: written by the child, read by the parent, who believes none of it. */
#pragma once

#include "reader/bm-frame.h"

G_BEGIN_DECLS

GByteArray *bm_frame_census_write (const BmCensus *census);
/* NULL with error INVALID_MESSAGE when it is not well-formed: order, counts, tokens, UTF-8. */
BmCensus *bm_frame_census_read (GBytes *payload, GError **error);

G_END_DECLS
