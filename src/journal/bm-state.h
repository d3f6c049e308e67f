/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The states of an item and the one table of legal transitions between them. The numbers are in
 * the journals on disk: never renumber. Any thread. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* X (SYMBOL, number, token) */
#define BM_STATES(X)                                                                               \
  X (PLANNED, 0, "planned")               /* not sent; with an intent: in doubt */                 \
  X (APPENDED, 1, "appended")             /* the server has it; not yet proven replicated */       \
  X (PRESENT_BEFORE, 2, "present-before") /* was there before this job; to be proven like any */   \
  X (VERIFIED, 3, "verified")             /* end */                                                \
  X (UNVERIFIED, 4, "unverified")         /* waiting ended without proof; verify again */          \
  X (DIFFERS, 5, "differs")               /* end, loud */                                          \
  X (GONE, 6, "gone")                     /* end, listed */                                        \
  X (SKIPPED, 7, "skipped")               /* end, unless the selection changes */                  \
  X (FAILED, 8, "failed")                 /* end of this run; retry makes it PLANNED again */

typedef enum {
#define X(sym, number, token) BM_STATE_##sym = number,
  BM_STATES (X)
#undef X
      BM_STATE_LAST
} BmState;

const gchar *bm_state_token (BmState state);
/* TRUE when an item may go from one state to the other; staying is always legal. */
gboolean bm_state_may_follow (BmState from, BmState to);

G_END_DECLS
