/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Verification: asks the witness about every claim until each is proven, found different, or gone;
 * or until nothing has moved for so long that replication must be called stalled. A message is
 * never sent again because its row is missing. One thread. */
#include "engine/bm-engine.h"

#include <string.h>

#define CLAIMS_PER_LOOK 1000

static guint
option (guint value, guint fallback)
{
  return value > 0 ? value : fallback;
}

void
bm_verify_claim (BmImport *import, EngineTarget *target, guint32 nid, guint32 uidvalidity,
                 guint32 uid, const BmGuid *guid, guint32 size, BmFlags flags)
{
  EngineClaim claim = {.nid = nid,
                       .claim = {.folder = target->name,
                                 .uidvalidity = uidvalidity,
                                 .uid = uid,
                                 .guid = *guid,
                                 .size = size,
                                 .flags = flags}};
  g_array_append_val (target->claims, claim);
  if (import->behind == 0) /* nothing was owed until now */
    import->verify_moved = g_get_monotonic_time ();
  if (uid > target->last_uid) {
    target->behind++;
    import->behind++;
  }
  import->open_claims++;
}

static gboolean
conclude (BmImport *import, const EngineClaim *claim, BmState state, GError **error)
{
  BmNotes notes = 0;
  if (claim->claim.flags_differ)
    bm_notes_add (&notes, BM_NOTE_FLAGS_DIFFER);
  if (claim->claim.size_differs)
    bm_notes_add (&notes, BM_NOTE_SIZE_DIFFERS);
  if (state == BM_STATE_VERIFIED) {
    import->progress.verified++;
    import->progress.proven++;
  }
  return bm_journal_conclude (import->journal, claim->nid, state, NULL, notes, error);
}

/* Replication does something. */
static void
note_move (BmImport *import)
{
  import->verify_moved = g_get_monotonic_time ();
  import->wary = FALSE;
}

static void
set_behind (BmImport *import, EngineTarget *target, guint64 n)
{
  import->behind += n - target->behind;
  target->behind = n;
}

/* *open says whether the claim stays open. A record may come after last_uid, and a body repaired
 * later: GONE is believed only when it lasts, BODY_MISSING until the wait is over. */
static gboolean
judge (BmImport *import, EngineClaim *claim, gint64 now, gboolean *open, GError **error)
{
  *open = FALSE;
  switch (claim->claim.verdict) {
  case BM_VERDICT_PRESENT:
    return conclude (import, claim, BM_STATE_VERIFIED, error);
  case BM_VERDICT_DIFFERS:
    return conclude (import, claim, BM_STATE_DIFFERS, error);
  case BM_VERDICT_GONE:
    if (claim->missing_since != 0 &&
        now - claim->missing_since >= (gint64) option (import->options.gone_after_ms, 30000) * 1000)
      return conclude (import, claim, BM_STATE_GONE, error);
    break;
  case BM_VERDICT_BODY_MISSING:
  case BM_VERDICT_PENDING:
  default:
    break;
  }
  *open = TRUE;
  if (claim->claim.verdict != BM_VERDICT_GONE)
    claim->missing_since = 0;
  else if (claim->missing_since == 0)
    claim->missing_since = now;
  return TRUE;
}

static gboolean
is_strange (const BmClaim *claims, guint n)
{
  for (guint i = 0; i < n; i++)
    if (claims[i].verdict == BM_VERDICT_GONE || claims[i].verdict == BM_VERDICT_DIFFERS)
      return TRUE;
  return FALSE;
}

gboolean
bm_verify_forsake (BmImport *import, EngineTarget *target, GError **error)
{
  for (guint i = 0; i < target->claims->len; i++)
    if (!conclude (import, &g_array_index (target->claims, EngineClaim, i), BM_STATE_GONE, error))
      return FALSE;
  import->open_claims -= target->claims->len;
  set_behind (import, target, 0);
  g_array_set_size (target->claims, 0);
  return TRUE;
}

/* One look at up to CLAIMS_PER_LOOK claims from *from on; the open ones move to *kept. */
static gboolean
look_at (BmImport *import, EngineTarget *target, guint from, guint n, guint *kept, GError **error)
{
  g_autofree BmClaim *asked = g_new (BmClaim, n);
  EngineClaim *claims = &g_array_index (target->claims, EngineClaim, from);
  for (guint i = 0; i < n; i++)
    asked[i] = claims[i].claim;
  if (!import->witness->ops->examine (import->witness, asked, n, error))
    return FALSE;
  /* a mailbox that was moved away looks like one whose messages are gone */
  if (!import->guarded && is_strange (asked, n)) {
    if (!bm_engine_guard (import, TRUE, error))
      return FALSE;
    import->guarded = TRUE;
  }
  gint64 now = g_get_monotonic_time ();
  if (!bm_journal_begin (import->journal, error))
    return FALSE;
  guint still_open = 0;
  for (guint i = 0; i < n; i++) {
    gboolean open;
    if (claims[i].claim.verdict != asked[i].verdict)
      note_move (import);
    claims[i].claim = asked[i];
    if (!judge (import, &claims[i], now, &open, error)) {
      bm_journal_rollback (import->journal);
      return FALSE;
    }
    if (open)
      memmove (&g_array_index (target->claims, EngineClaim, *kept + still_open++), &claims[i],
               sizeof (EngineClaim));
  }
  if (!bm_journal_commit (import->journal, error))
    return FALSE;
  *kept += still_open;
  if (still_open < n) {
    note_move (import);
    import->open_claims -= n - still_open;
  }
  return TRUE;
}

/* Claims the folder's last_uid has reached; the others are pending without asking. */
static gboolean
poll_target (BmImport *import, EngineTarget *target, GError **error)
{
  if (target->claims->len == 0)
    return TRUE;
  guint64 last_uid;
  if (!import->witness->ops->last_uid (import->witness, target->name, &last_uid, error))
    return FALSE;
  if (target->looked && last_uid != target->last_uid)
    note_move (import);
  target->looked = TRUE;
  target->last_uid = last_uid;
  guint reached = 0, n = target->claims->len; /* partition: reached ones first */
  for (guint i = 0; i < n; i++) {
    EngineClaim *a = &g_array_index (target->claims, EngineClaim, i);
    if (a->claim.uid > last_uid)
      continue;
    EngineClaim *b = &g_array_index (target->claims, EngineClaim, reached++);
    EngineClaim swap = *a;
    *a = *b;
    *b = swap;
  }
  set_behind (import, target, n - reached);
  guint kept = 0;
  for (guint from = 0; from < reached;) {
    guint count = MIN (reached - from, (guint) CLAIMS_PER_LOOK);
    if (!look_at (import, target, from, count, &kept, error)) {
      g_array_remove_range (target->claims, kept, from - kept);
      return FALSE;
    }
    from += count;
  }
  if (reached > kept)
    g_array_remove_range (target->claims, kept, reached - kept);
  return TRUE;
}

gboolean
bm_verify_poll (BmImport *import, GError **error)
{
  gint64 now = g_get_monotonic_time ();
  if (import->witness == NULL || import->witness->ops->blind != NULL || import->open_claims == 0 ||
      now < import->poll_due)
    return TRUE;
  guint64 before = import->open_claims;
  import->guarded = FALSE;
  g_autoptr (GError) local = NULL;
  gboolean ok = bm_engine_each_target (import, poll_target, &local);
  if (!ok && bm_error_scope (local) != BM_SCOPE_RETRY) {
    g_propagate_error (error, g_steal_pointer (&local));
    return FALSE;
  }
  if (!ok && !import->witness_lost) {
    if (!bm_engine_guard (import, TRUE, error))
      return FALSE;
    g_warning ("database: %s; appending goes on, looking again later", local->message);
  }
  if (ok && import->witness_lost) /* what moved meanwhile could not be seen */
    import->verify_moved = g_get_monotonic_time ();
  import->witness_lost = !ok;
  guint max = option (import->options.poll_max_ms, 5000);
  guint min = option (import->options.poll_min_ms, 250);
  import->poll_ms = import->open_claims < before ? min : MIN (MAX (import->poll_ms, min) * 2, max);
  import->poll_due = g_get_monotonic_time () + (gint64) import->poll_ms * 1000;
  return TRUE;
}

/* The wait is over: what is not proven is UNVERIFIED, with the reason the witness gave last. */
static gboolean
give_up_target (BmImport *import, EngineTarget *target, GError **error)
{
  for (guint i = 0; i < target->claims->len; i++) {
    const EngineClaim *claim = &g_array_index (target->claims, EngineClaim, i);
    const gchar *blind = import->witness->ops->blind;
    const gchar *reason = blind != NULL                                     ? blind
                          : import->witness_lost                            ? "database-lost"
                          : claim->claim.verdict == BM_VERDICT_BODY_MISSING ? "body-missing"
                                                                            : "stalled";
    if (!bm_journal_conclude (import->journal, claim->nid, BM_STATE_UNVERIFIED, reason, 0, error))
      return FALSE;
  }
  return TRUE;
}

static gboolean
give_up (BmImport *import, GError **error)
{
  if (!bm_journal_begin (import->journal, error))
    return FALSE;
  if (!bm_engine_each_target (import, give_up_target, error)) {
    bm_journal_rollback (import->journal);
    return FALSE;
  }
  return bm_journal_commit (import->journal, error);
}

/* Only bodies are missing: no folder can move any more, so waiting the full time proves nothing. */
static gboolean
is_stalled (BmImport *import)
{
  gint64 quiet = g_get_monotonic_time () - import->verify_moved;
  return quiet >= (gint64) option (import->options.stall_after_s, 600) * G_USEC_PER_SEC;
}

gboolean
bm_verify_wait (BmImport *import, GError **error)
{
  if (import->witness != NULL && import->witness->ops->blind != NULL)
    return bm_journal_set (import->journal, "stalled", "0", error) && give_up (import, error);
  if (import->witness == NULL || import->options.no_wait)
    return TRUE;
  import->verify_moved = g_get_monotonic_time ();
  import->poll_due = 0;
  while (import->open_claims > 0) {
    bm_engine_show (import, BM_PHASE_VERIFY, import->witness_lost ? "database unreachable" : NULL);
    if (!bm_engine_may_go_on (import, error) || !bm_verify_poll (import, error))
      return FALSE;
    if (import->open_claims > 0 && is_stalled (import)) {
      g_warning ("%s: %" G_GUINT64_FORMAT " messages not proven",
                 import->witness_lost ? "the database stays away" : "replication stalled",
                 import->open_claims);
      return bm_journal_set (import->journal, "stalled", import->witness_lost ? "0" : "1", error) &&
             give_up (import, error);
    }
    if (import->open_claims > 0)
      g_usleep (MIN (import->poll_ms, 20u) * 1000);
  }
  return bm_journal_set (import->journal, "stalled", "0", error);
}

/* ---- holding back ---- */

static gint64
hold_after_us (const BmImport *import)
{
  if (import->options.hold_after_ms > 0)
    return (gint64) import->options.hold_after_ms * 1000;
  return (gint64) option (import->options.stall_after_s, 600) * G_USEC_PER_SEC / 10;
}

/* Replication has not come to what was sent, and has not moved for a while. A database that cannot be
 * asked says nothing of it, and bodies that are missing below last_uid are not what holds it up. */
static gboolean
is_held (const BmImport *import)
{
  return import->behind > 0 && !import->witness_lost &&
         (import->wary || g_get_monotonic_time () - import->verify_moved >= hold_after_us (import));
}

gboolean
bm_verify_hold (BmImport *import, GError **error)
{
  if (import->witness == NULL || import->witness->ops->blind != NULL || import->options.no_wait ||
      !is_held (import))
    return TRUE;
  g_message ("nothing is sent while replication stands still: %" G_GUINT64_FORMAT
             " messages are not proven",
             import->open_claims);
  while (is_held (import)) {
    if (is_stalled (import)) {
      g_warning ("replication stalled: %" G_GUINT64_FORMAT
                 " messages not proven, the rest not sent",
                 import->open_claims);
      import->stalled = TRUE;
      return bm_journal_set (import->journal, "stalled", "1", error) && give_up (import, error);
    }
    bm_engine_show (import, BM_PHASE_APPEND, "waiting for replication");
    if (!bm_engine_may_go_on (import, error) || !bm_engine_keep_alive (import, error) ||
        !bm_verify_poll (import, error))
      return FALSE;
    g_usleep (MIN (import->poll_ms, 20u) * 1000);
  }
  if (!import->witness_lost)
    g_message ("replication moves again");
  return TRUE;
}
