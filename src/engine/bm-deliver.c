/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Delivery: one batch of one folder to the server. Intent is durable before bytes leave, the
 * outcome after the answer. A connection that breaks is made again; then the server is asked what
 * it has (bm-settle.c) before anything is sent again, and what was in flight is sent one by one,
 * so that a message on which the server hangs up costs only itself. One thread. */
#include "engine/bm-engine.h"

#include "base/bm-backoff.h"
#include "base/bm-failpoint.h"

#define LOSSES_ALLOWED    3  /* connections one message may cost */
#define FRUITLESS_ALLOWED 20 /* connections lost one after the other with nothing stored */

static void
sleep_interruptibly (guint wait_ms)
{
  gint64 end = g_get_monotonic_time () + (gint64) wait_ms * 1000;
  while (g_get_monotonic_time () < end && !bm_engine_interrupted (NULL))
    g_usleep (20000);
}

static guint
first_wait (const BmImport *import)
{
  return import->options.reconnect_first_ms > 0 ? import->options.reconnect_first_ms : 500;
}

static BmBackoff
backoff_of (const BmImport *import)
{
  guint tries = import->options.reconnect_tries > 0 ? import->options.reconnect_tries : 8;
  return (BmBackoff){.first_ms = first_wait (import), .max_ms = 30000, .tries = tries};
}

gboolean
bm_deliver_reconnect (BmImport *import, const GError *why, GError **error)
{
  BmBackoff backoff = backoff_of (import);
  g_autoptr (GError) last = why != NULL ? g_error_copy (why) : NULL;
  guint wait_ms = 0;
  while (!bm_engine_interrupted (error)) {
    g_autoptr (GError) local = NULL;
    if (import->sink->ops->connect (import->sink, &local)) {
      import->sink_used = g_get_monotonic_time ();
      bm_engine_show (import, import->progress.phase, NULL);
      return TRUE;
    }
    if (bm_error_scope (local) != BM_SCOPE_RETRY || !bm_backoff_next (&backoff, &wait_ms)) {
      g_propagate_error (error, g_steal_pointer (&local));
      return FALSE;
    }
    if (!bm_engine_guard (import, TRUE, error))
      return FALSE;
    g_message ("mail server: %s; next try in %.1f s", local->message, wait_ms / 1000.0);
    bm_engine_show (import, import->progress.phase, "reconnecting to the mail server");
    sleep_interruptibly (wait_ms);
    g_clear_error (&last);
    last = g_steal_pointer (&local);
  }
  return FALSE;
}

gboolean
bm_deliver_surely (BmImport *import, EngineTarget *target,
                   gboolean (*func) (BmImport *, EngineTarget *, GError **), GError **error)
{
  BmBackoff backoff = backoff_of (import);
  for (guint tries = 0;; tries++) {
    guint wait_ms;
    g_autoptr (GError) local = NULL;
    if (func (import, target, &local))
      return TRUE;
    if (bm_error_scope (local) != BM_SCOPE_RETRY || !bm_backoff_next (&backoff, &wait_ms)) {
      g_propagate_error (error, g_steal_pointer (&local));
      return FALSE;
    }
    if (tries > 0)
      sleep_interruptibly (wait_ms);
    if (!bm_deliver_reconnect (import, local, error))
      return FALSE;
  }
}

static gboolean
is_blind (const BmImport *import)
{
  return import->witness != NULL && import->witness->ops->blind != NULL;
}

/* Remembers what was in the folder before the first append: k copies in the PST and m there make
 * max (0, k - m) appends, also when the job directory was lost. */
static gboolean
record_before (BmImport *import, EngineTarget *target, GError **error)
{
  g_autoptr (GError) local = NULL;
  GArray *stored = import->sink->ops->list (import->sink, target->open, 1, &local);
  if (stored == NULL && bm_error_cause (local) == BM_CAUSE_UNSUPPORTED && import->witness != NULL) {
    g_clear_error (&local);
    stored = import->witness->ops->list (import->witness, target->name, 1, &local);
  }
  if (stored == NULL && bm_error_cause (local) == BM_CAUSE_UNSUPPORTED && is_blind (import)) {
    g_warning (
        "folder \"%s\" is not empty and nobody can tell what is in it: what is there already "
        "is sent again",
        target->name);
    return TRUE;
  }
  if (stored == NULL) {
    g_propagate_error (error, g_steal_pointer (&local));
    return FALSE;
  }
  gboolean ok = bm_journal_add_before (import->journal, target->name, stored, error);
  g_array_unref (stored);
  return ok;
}

static gboolean
record_target (BmImport *import, EngineTarget *target, GError **error)
{
  BmJournalTarget row = {.name = target->name,
                         .existed = target->open->existed,
                         .uidvalidity = target->open->uidvalidity,
                         .mark = target->open->uidnext};
  if (!bm_journal_begin (import->journal, error))
    return FALSE;
  /* nothing was ever in a folder whose next uid is the first */
  if (!bm_journal_forget_before (import->journal, target->name, error) ||
      (row.existed && row.mark != 1 && !record_before (import, target, error)) ||
      !bm_journal_add_target (import->journal, &row, error)) {
    bm_journal_rollback (import->journal);
    return FALSE;
  }
  if (!bm_journal_commit (import->journal, error))
    return FALSE;
  target->recorded = TRUE;
  target->existed = row.existed;
  target->uidvalidity = row.uidvalidity;
  target->mark = row.mark;
  return TRUE;
}

/* Parents first, level by level: BlueMind 5 refuses a folder whose parent is missing. */
static gboolean
open_parents (BmImport *import, EngineTarget *target, GError **error)
{
  const gchar *slash = strrchr (target->name, '/');
  if (slash == NULL)
    return TRUE;
  g_autofree gchar *name = g_strndup (target->name, (gsize) (slash - target->name));
  EngineTarget *parent = bm_engine_target (import, name);
  if (!bm_deliver_open (import, parent, error))
    return FALSE;
  if (parent->refused != NULL)
    target->refused = g_strdup_printf ("its parent %s: %s", parent->name, parent->refused);
  return TRUE;
}

gboolean
bm_deliver_open (BmImport *import, EngineTarget *target, GError **error)
{
  if (target->open != NULL || target->refused != NULL)
    return TRUE;
  if (!open_parents (import, target, error))
    return FALSE;
  if (target->refused != NULL)
    return TRUE;
  g_autoptr (GError) local = NULL;
  bm_failpoint ("folder.open.before");
  if (!import->sink->ops->open_folder (import->sink, target->name, !import->options.dry_run,
                                       &target->open, &local)) {
    if (bm_error_scope (local) == BM_SCOPE_ITEM) {
      if (!bm_engine_guard (import, TRUE, error)) /* refused because the mailbox has moved away? */
        return FALSE;
      g_warning ("folder \"%s\": %s", target->name, local->message);
      target->refused = g_strdup (local->message);
      return TRUE;
    }
    g_propagate_error (error, g_steal_pointer (&local));
    return FALSE;
  }
  bm_failpoint ("folder.open.after");
  if (!target->recorded)
    return record_target (import, target, error);
  if (target->open->uidvalidity == target->uidvalidity || target->uidvalidity == 0)
    return TRUE;
  g_warning ("folder \"%s\" was made anew since the last run", target->name);
  return record_target (import, target, error);
}

/* A refusal to show a folder may have other reasons: the database must have lost it too. */
static gboolean
is_deleted (BmImport *import, const EngineTarget *target, const BmTarget *now)
{
  guint64 last_uid;
  if (now->existed)
    return now->uidvalidity != target->uidvalidity;
  return import->witness != NULL &&
         import->witness->ops->last_uid (import->witness, target->name, &last_uid, NULL) &&
         last_uid == 0;
}

gboolean
bm_deliver_check_claimed (BmImport *import, EngineTarget *target, GError **error)
{
  BmTarget *now = NULL;
  g_autoptr (GError) local = NULL;
  if (target->claims->len == 0 || target->uidvalidity == 0)
    return TRUE;
  if (!import->sink->ops->open_folder (import->sink, target->name, FALSE, &now, &local)) {
    if (bm_error_scope (local) == BM_SCOPE_ITEM)
      return TRUE; /* the witness will tell */
    g_propagate_error (error, g_steal_pointer (&local));
    return FALSE;
  }
  gboolean deleted = is_deleted (import, target, now);
  import->sink->ops->target_free (import->sink, now);
  if (!deleted)
    return TRUE;
  if (!bm_engine_guard (import, TRUE, error)) /* a mailbox that was moved away looks so too */
    return FALSE;
  g_warning ("folder \"%s\" was deleted since the last run", target->name);
  if (!bm_journal_begin (import->journal, error))
    return FALSE;
  if (!bm_verify_forsake (import, target, error)) {
    bm_journal_rollback (import->journal);
    return FALSE;
  }
  return bm_journal_commit (import->journal, error);
}

static gboolean
fail_batch (BmImport *import, GPtrArray *batch, BmCause cause, const gchar *reason, GError **error)
{
  for (guint i = 0; i < batch->len; i++) {
    const BmMessage *message = g_ptr_array_index (batch, i);
    if (!bm_journal_fail (import->journal, message->nid, cause, reason, error))
      return FALSE;
    import->progress.failed++;
    import->progress.done++;
  }
  return TRUE;
}

/* Moves at most one append's worth from the target's gathered messages. */
static GPtrArray *
take_batch (BmImport *import, EngineTarget *target)
{
  const BmSinkLimits *limits = import->sink->ops->limits (import->sink);
  GPtrArray *batch = g_ptr_array_new_with_free_func ((GDestroyNotify) bm_message_free);
  gsize bytes = 0;
  guint n = 0;
  for (; n < target->gathered->len && n < limits->max_messages; n++) {
    BmMessage *message = g_ptr_array_index (target->gathered, n);
    gsize size = g_bytes_get_size (message->bytes);
    gboolean alone = g_hash_table_contains (import->losses, GUINT_TO_POINTER (message->nid));
    if (n > 0 && (alone || bytes + size > limits->max_bytes))
      break;
    bytes += size;
    g_ptr_array_add (batch, message);
    if (alone) {
      n++;
      break;
    }
  }
  for (guint i = 0; i < n; i++)
    target->gathered->pdata[i] = NULL; /* now the batch's */
  g_ptr_array_remove_range (target->gathered, 0, n);
  target->gathered_bytes -= bytes;
  import->gathered_bytes -= bytes;
  return batch;
}

static void
count_done (BmImport *import, const BmMessage *message)
{
  import->progress.done++;
  import->progress.bytes += g_bytes_get_size (message->bytes);
}

/* Takes out of the batch what the folder already held. */
static gboolean
match_before (BmImport *import, EngineTarget *target, GPtrArray *batch, GError **error)
{
  for (guint i = 0; i < batch->len && target->existed;) {
    const BmMessage *message = g_ptr_array_index (batch, i);
    guint32 uid = 0;
    if (!bm_journal_take_before (import->journal, target->name, &message->guid, &uid, error))
      return FALSE;
    if (uid == 0) {
      i++;
      continue;
    }
    if (!bm_journal_present (import->journal, message, target->uidvalidity, uid, error))
      return FALSE;
    bm_verify_claim (import, target, message->nid, target->uidvalidity, uid, &message->guid,
                     (guint32) g_bytes_get_size (message->bytes), message->flags);
    import->progress.present++;
    count_done (import, message);
    g_ptr_array_remove_index (batch, i);
  }
  return TRUE;
}

static gboolean
intend_batch (BmImport *import, EngineTarget *target, GPtrArray *batch, GError **error)
{
  if (!bm_journal_begin (import->journal, error))
    return FALSE;
  gboolean ok = match_before (import, target, batch, error);
  for (guint i = 0; ok && i < batch->len && !import->options.dry_run; i++)
    ok = bm_journal_intend (import->journal, g_ptr_array_index (batch, i), error);
  if (!ok) {
    bm_journal_rollback (import->journal);
    return FALSE;
  }
  return bm_journal_commit (import->journal, error);
}

static gboolean
record_outcome (BmImport *import, EngineTarget *target, const BmMessage *message,
                const BmOutcome *outcome, GError **error)
{
  const BmNotes left_out = G_GUINT64_CONSTANT (1) << BM_NOTE_KEYWORD_LEFT_OUT;
  guint32 size = (guint32) g_bytes_get_size (message->bytes);
  switch (outcome->kind) {
  case BM_OUTCOME_APPENDED:
    if (!bm_journal_appended (import->journal, message->nid, outcome->uidvalidity, outcome->uid,
                              error))
      return FALSE;
    if (outcome->text != NULL && /* the sink left its keywords out */
        !bm_journal_add_notes (import->journal, message->nid, left_out, error))
      return FALSE;
    bm_verify_claim (import, target, message->nid, outcome->uidvalidity, outcome->uid,
                     &message->guid, size, message->flags);
    import->progress.appended++;
    import->fruitless = 0;
    count_done (import, message);
    return TRUE;
  case BM_OUTCOME_REFUSED:
    import->progress.failed++;
    import->progress.done++;
    return bm_journal_fail (import->journal, message->nid, outcome->cause, outcome->text, error);
  case BM_OUTCOME_NONE:
    return bm_journal_forget_intent (import->journal, message->nid, error);
  case BM_OUTCOME_IN_DOUBT:
  default:
    return TRUE; /* the intent stays */
  }
}

static gboolean
record_outcomes (BmImport *import, EngineTarget *target, GPtrArray *batch,
                 const BmOutcome *outcomes, GError **error)
{
  if (!bm_journal_begin (import->journal, error))
    return FALSE;
  for (guint i = 0; i < batch->len; i++)
    if (!record_outcome (import, target, g_ptr_array_index (batch, i), &outcomes[i], error)) {
      bm_journal_rollback (import->journal);
      return FALSE;
    }
  return bm_journal_commit (import->journal, error);
}

/* Puts back what the server does not have; what it has was settled by bm_settle_target. */
static gboolean
requeue (BmImport *import, EngineTarget *target, GPtrArray *batch, const BmOutcome *outcomes,
         GError **error)
{
  g_autoptr (GArray) in_doubt = bm_journal_planned (import->journal, TRUE, error);
  g_autoptr (GArray) planned = bm_journal_planned (import->journal, FALSE, error);
  if (in_doubt == NULL || planned == NULL)
    return FALSE;
  g_autoptr (GHashTable) open = g_hash_table_new (NULL, NULL);
  for (guint i = 0; i < planned->len; i++)
    g_hash_table_add (open, GUINT_TO_POINTER (g_array_index (planned, guint32, i)));
  for (guint i = 0; i < batch->len; i++) {
    BmMessage *message = g_ptr_array_index (batch, i);
    gpointer key = GUINT_TO_POINTER (message->nid);
    if (!g_hash_table_contains (open, key))
      continue;
    if (outcomes[i].kind == BM_OUTCOME_IN_DOUBT) {
      guint losses = GPOINTER_TO_UINT (g_hash_table_lookup (import->losses, key)) + 1;
      g_hash_table_insert (import->losses, key, GUINT_TO_POINTER (losses));
      if (losses > LOSSES_ALLOWED) {
        if (!bm_engine_guard (import, TRUE, error))
          return FALSE;
        import->progress.failed++;
        import->progress.done++;
        if (!bm_journal_fail (import->journal, message->nid, BM_CAUSE_REFUSED,
                              "the mail server closed the connection each time", error))
          return FALSE;
        continue;
      }
    }
    batch->pdata[i] = NULL; /* now gathered again */
    bm_gather_add (import, target, message);
  }
  return TRUE;
}

static gboolean
recover (BmImport *import, EngineTarget *target, GPtrArray *batch, const BmOutcome *outcomes,
         const GError *why, GError **error)
{
  if (import->fruitless++ >= FRUITLESS_ALLOWED) {
    g_propagate_error (error, g_error_copy (why));
    return FALSE;
  }
  g_message ("mail server: %s; looking what it has", why->message);
  if (import->fruitless > 1)
    sleep_interruptibly (first_wait (import) * import->fruitless);
  if (!bm_deliver_reconnect (import, why, error))
    return FALSE;
  return bm_deliver_surely (import, target, bm_settle_target, error) &&
         requeue (import, target, batch, outcomes, error);
}

static gboolean
has_doubt (const BmOutcome *outcomes, guint n)
{
  for (guint i = 0; i < n; i++)
    if (outcomes[i].kind == BM_OUTCOME_IN_DOUBT)
      return TRUE;
  return FALSE;
}

/* What a server refuses may be because the mailbox is not its own any more: asked before it is
 * believed. FALSE: it has moved, and the refused are as if they had never been sent. */
static gboolean
believe_refusals (BmImport *import, BmOutcome *outcomes, guint n, GError **error)
{
  gboolean refused = FALSE;
  for (guint i = 0; i < n; i++)
    refused |= outcomes[i].kind == BM_OUTCOME_REFUSED;
  if (!refused || bm_engine_guard (import, TRUE, error))
    return TRUE;
  for (guint i = 0; i < n; i++)
    if (outcomes[i].kind == BM_OUTCOME_REFUSED)
      outcomes[i].kind = BM_OUTCOME_NONE;
  return FALSE;
}

static gboolean
send_batch (BmImport *import, EngineTarget *target, GPtrArray *batch, GError **error)
{
  g_autofree BmOutcome *outcomes = g_new0 (BmOutcome, batch->len);
  g_autoptr (GError) local = NULL, moved = NULL;
  bm_failpoint ("sink.append.before");
  import->sink->ops->append (import->sink, target->open, batch, outcomes, &local);
  bm_failpoint ("sink.append.after");
  import->sink_used = g_get_monotonic_time ();
  believe_refusals (import, outcomes, batch->len, &moved);
  gboolean ok = record_outcomes (import, target, batch, outcomes, error);
  if (ok && moved != NULL) {
    g_propagate_error (error, g_steal_pointer (&moved));
    ok = FALSE;
  } else if (ok && local != NULL && bm_error_scope (local) == BM_SCOPE_RETRY)
    ok = recover (import, target, batch, outcomes, local, error);
  else if (ok && local != NULL) {
    g_propagate_error (error, g_steal_pointer (&local));
    ok = FALSE;
  } else if (ok && has_doubt (outcomes, batch->len))
    ok = bm_deliver_surely (import, target, bm_settle_target, error) &&
         requeue (import, target, batch, outcomes, error);
  for (guint i = 0; i < batch->len; i++)
    bm_outcome_clear (&outcomes[i]);
  return ok;
}

gboolean
bm_deliver_batch (BmImport *import, EngineTarget *target, GError **error)
{
  if (!bm_deliver_surely (import, target, bm_deliver_open, error))
    return FALSE;
  g_autoptr (GPtrArray) batch = take_batch (import, target);
  if (target->refused != NULL)
    return fail_batch (import, batch, BM_CAUSE_FOLDER_REFUSED, target->refused, error);
  if (!intend_batch (import, target, batch, error))
    return FALSE;
  if (batch->len == 0 || import->options.dry_run) {
    for (guint i = 0; i < batch->len; i++)
      count_done (import, g_ptr_array_index (batch, i));
    return TRUE;
  }
  return send_batch (import, target, batch, error);
}
