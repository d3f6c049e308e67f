/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* See bm-state.h: the transition table of docs/architecture.md as data. Any thread. */
#include "journal/bm-state.h"

#define BIT(sym) (1u << BM_STATE_##sym)

static const guint followers[BM_STATE_LAST] = {
    [BM_STATE_PLANNED] = BIT (APPENDED) | BIT (PRESENT_BEFORE) | BIT (SKIPPED) | BIT (FAILED),
    [BM_STATE_APPENDED] = BIT (VERIFIED) | BIT (UNVERIFIED) | BIT (DIFFERS) | BIT (GONE),
    [BM_STATE_PRESENT_BEFORE] = BIT (VERIFIED) | BIT (UNVERIFIED) | BIT (DIFFERS) | BIT (GONE),
    [BM_STATE_UNVERIFIED] = BIT (VERIFIED) | BIT (DIFFERS) | BIT (GONE),
    [BM_STATE_SKIPPED] = BIT (PLANNED), /* another selection */
    [BM_STATE_FAILED] = BIT (PLANNED),
};

static const gchar *const tokens[BM_STATE_LAST] = {
#define X(sym, number, token) [number] = token,
    BM_STATES (X)
#undef X
};

const gchar *
bm_state_token (BmState state)
{
  return state < BM_STATE_LAST ? tokens[state] : "unknown";
}

gboolean
bm_state_may_follow (BmState from, BmState to)
{
  if (from >= BM_STATE_LAST || to >= BM_STATE_LAST)
    return FALSE;
  return from == to || (followers[from] & 1u << to) != 0;
}
