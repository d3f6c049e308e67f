/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The witness for hosts that may not read bj-data: it knows nothing and says so. Every claim is
 * PENDING, no folder has a last uid, list is UNSUPPORTED; the engine ends all that it sent as
 * unverified with the witness's reason. Any thread. */
#pragma once

#include <bm-pst-import/witness.h>

G_BEGIN_DECLS

#define BM_WITNESS_NONE_REASON "no-database"

BmWitness *bm_witness_none_new (void);

G_END_DECLS
