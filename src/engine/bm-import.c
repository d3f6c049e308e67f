/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The import, to be read first: census -> plan -> settle what an earlier run left in doubt ->
 * read, gather, deliver -> verify. Everything durable is in the journal, so a second run of the
 * same job starts at the top and does only what is left. Knows the three seams and the journal;
 * no PST, IMAP or SQL. One thread. */
#include "engine/bm-engine.h"

#include <signal.h>

#define SHOW_EVERY_US (100 * 1000)
#define IDLE_AFTER_MS 60000

static volatile sig_atomic_t interrupted;

void
bm_import_interrupt (void)
{
  interrupted = 1;
}

gboolean
bm_engine_interrupted (GError **error)
{
  if (interrupted)
    g_set_error_literal (error, BM_ERROR, BM_CAUSE_INTERRUPTED, "interrupted");
  return interrupted != 0;
}

static void
target_free (gpointer data)
{
  EngineTarget *target = data;
  g_ptr_array_unref (target->gathered);
  g_array_unref (target->claims);
  g_free (target->refused);
  g_free (target->name);
  g_free (target);
}

BmImport *
bm_import_new (BmSource *source, BmSink *sink, BmWitness *witness, BmJournal *journal,
               const BmImportOptions *options)
{
  BmImport *import = g_new0 (BmImport, 1);
  import->source = source;
  import->sink = sink;
  import->witness = witness;
  import->journal = journal;
  import->options = *options;
  import->by_folder = g_hash_table_new (NULL, NULL);
  import->targets = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, target_free);
  import->losses = g_hash_table_new (NULL, NULL);
  return import;
}

void
bm_import_free (BmImport *import)
{
  if (import == NULL)
    return;
  GHashTableIter iter;
  EngineTarget *target;
  g_hash_table_iter_init (&iter, import->targets);
  while (g_hash_table_iter_next (&iter, NULL, (gpointer *) &target))
    if (target->open != NULL)
      import->sink->ops->target_free (import->sink, target->open);
  g_hash_table_unref (import->targets);
  g_hash_table_unref (import->by_folder);
  g_hash_table_unref (import->losses);
  g_free (import);
}

void
bm_import_set_progress (BmImport *import, BmProgressFunc func, gpointer data)
{
  import->progress_func = func;
  import->progress_data = data;
}

void
bm_import_set_guard (BmImport *import, BmGuardFunc func, gpointer data)
{
  import->guard_func = func;
  import->guard_data = data;
}

gboolean
bm_engine_guard (BmImport *import, gboolean urgent, GError **error)
{
  return import->guard_func == NULL || import->guard_func (urgent, import->guard_data, error);
}

gboolean
bm_engine_may_go_on (BmImport *import, GError **error)
{
  return !bm_engine_interrupted (error) && bm_engine_guard (import, FALSE, error);
}

void
bm_engine_show (BmImport *import, BmPhase phase, const gchar *trouble)
{
  gint64 now = g_get_monotonic_time ();
  gboolean news = phase != import->progress.phase || trouble != import->progress.trouble;
  import->progress.phase = phase;
  import->progress.trouble = trouble;
  import->progress.unproven = import->open_claims;
  if (import->append_started > 0 && phase == BM_PHASE_APPEND)
    import->progress.elapsed_ms = (now - import->append_started) / 1000;
  if (import->progress_func == NULL || (!news && now - import->progress_shown < SHOW_EVERY_US))
    return;
  import->progress_shown = now;
  import->progress_func (&import->progress, import->progress_data);
}

EngineTarget *
bm_engine_target (BmImport *import, const gchar *name)
{
  EngineTarget *target = g_hash_table_lookup (import->targets, name);
  if (target == NULL) {
    target = g_new0 (EngineTarget, 1);
    target->name = g_strdup (name);
    target->gathered = g_ptr_array_new_with_free_func ((GDestroyNotify) bm_message_free);
    target->claims = g_array_new (FALSE, TRUE, sizeof (EngineClaim));
    g_hash_table_insert (import->targets, target->name, target);
  }
  return target;
}

gboolean
bm_engine_each_target (BmImport *import, gboolean (*func) (BmImport *, EngineTarget *, GError **),
                       GError **error)
{
  /* a copy: func may open parents, which adds targets */
  g_autoptr (GList) targets = g_hash_table_get_values (import->targets);
  for (GList *l = targets; l != NULL; l = l->next)
    if (!func (import, l->data, error))
      return FALSE;
  return TRUE;
}

/* ---- plan ---- */

static gboolean
write_plan (BmImport *import, const GArray *rows, GError **error)
{
  g_autoptr (GHashTable) rules = g_hash_table_new (NULL, NULL);
  for (guint i = 0; i < rows->len; i++) {
    const BmJournalFolder *row = &g_array_index (rows, BmJournalFolder, i);
    if (!bm_journal_add_folder (import->journal, row, error))
      return FALSE;
    g_hash_table_insert (rules, GUINT_TO_POINTER (row->nid), GINT_TO_POINTER (row->rule + 1));
  }
  for (guint i = 0; i < import->census->items->len; i++) {
    const BmCensusItem *item = &g_array_index (import->census->items, BmCensusItem, i);
    BmRule rule = item->rule;
    if (rule == BM_RULE_NONE) {
      gpointer known;
      if (!g_hash_table_lookup_extended (rules, GUINT_TO_POINTER (item->folder), NULL, &known))
        rule = BM_RULE_OUTSIDE_SUBTREE;
      else
        rule = (BmRule) (GPOINTER_TO_INT (known) - 1);
    }
    if (!bm_journal_add_item (import->journal, item->nid, item->folder, rule, error))
      return FALSE;
  }
  gchar identity[41];
  bm_guid_to_hex (&import->census->identity, identity);
  return bm_journal_set_int (import->journal, "census.items", import->census->items->len, error) &&
         bm_journal_set_int (import->journal, "census.folders", import->census->folders->len,
                             error) &&
         bm_journal_set (import->journal, "pst.identity", identity, error);
}

static gboolean
check_identity (BmImport *import, const gchar *known, GError **error)
{
  gchar identity[41];
  bm_guid_to_hex (&import->census->identity, identity);
  if (g_strcmp0 (known, identity) == 0)
    return TRUE;
  g_set_error_literal (error, BM_ERROR, BM_CAUSE_PST_CHANGED,
                       "the PST has changed since this job counted it; nothing was sent");
  return FALSE;
}

/* The same job with another selection: what was left out before may be wanted now, and what was not
 * sent yet may be unwanted. What was sent stays. */
static gboolean
select_again (BmImport *import, const GArray *rows, GError **error)
{
  for (guint i = 0; i < rows->len; i++) {
    const BmJournalFolder *row = &g_array_index (rows, BmJournalFolder, i);
    if ((row->rule == BM_RULE_NONE || row->rule == BM_RULE_EXCLUDED) &&
        !bm_journal_select_folder (import->journal, row->nid, row->rule, error))
      return FALSE;
  }
  guint n;
  return bm_journal_leave_excluded (import->journal, &n, error) &&
         bm_journal_set (import->journal, "appended.all", "0", error);
}

static gboolean
plan (BmImport *import, GError **error)
{
  g_autofree gchar *known = bm_journal_get (import->journal, "pst.identity");
  g_autofree gchar *selected = bm_journal_get (import->journal, "selection");
  g_autofree gchar *selection = bm_filter_describe (&import->options.selection);
  if (known != NULL && !check_identity (import, known, error))
    return FALSE;
  if (known != NULL && g_strcmp0 (selection, selected) == 0)
    return TRUE;
  BmPlanOptions options = {.into = import->options.into,
                           .inbox_children_on_top = import->options.inbox_children_on_top,
                           .selection = &import->options.selection};
  g_autoptr (GArray) rows =
      bm_plan_folders (import->census, import->sink->ops->name_rules (import->sink), &options);
  if (!bm_journal_begin (import->journal, error))
    return FALSE;
  if (!(known != NULL ? select_again (import, rows, error) : write_plan (import, rows, error)) ||
      !bm_journal_set (import->journal, "selection", selection, error)) {
    bm_journal_rollback (import->journal);
    return FALSE;
  }
  return bm_journal_commit (import->journal, error);
}

/* ---- what earlier runs left ---- */

static gboolean
load_folder (const BmJournalFolder *folder, gpointer data)
{
  BmImport *import = data;
  gboolean wanted = folder->rule == BM_RULE_NONE;
  /* an excluded folder may hold what an earlier selection sent: to be settled and proven */
  if (folder->target == NULL || (!wanted && folder->rule != BM_RULE_EXCLUDED))
    return TRUE;
  EngineTarget *target = bm_engine_target (import, folder->target);
  target->wanted |= wanted;
  g_hash_table_insert (import->by_folder, GUINT_TO_POINTER (folder->nid), target);
  return TRUE;
}

static gboolean
load_target (const BmJournalTarget *row, gpointer data)
{
  EngineTarget *target = bm_engine_target (data, row->name);
  target->recorded = TRUE;
  target->existed = row->existed;
  target->uidvalidity = row->uidvalidity;
  target->mark = row->mark;
  return TRUE;
}

static gboolean
load_item (const BmJournalItem *item, gpointer data)
{
  BmImport *import = data;
  BmProgress *progress = &import->progress;
  progress->failed += item->state == BM_STATE_FAILED;
  progress->skipped += item->state == BM_STATE_SKIPPED;
  progress->verified += item->state == BM_STATE_VERIFIED;
  progress->present += item->origin == BM_ORIGIN_BEFORE;
  progress->appended += item->origin == BM_ORIGIN_APPENDED;
  progress->total += item->state != BM_STATE_SKIPPED;
  progress->done += item->state != BM_STATE_SKIPPED && item->state != BM_STATE_PLANNED;
  EngineTarget *target = g_hash_table_lookup (import->by_folder, GUINT_TO_POINTER (item->folder));
  gboolean open = item->state == BM_STATE_APPENDED || item->state == BM_STATE_PRESENT_BEFORE ||
                  item->state == BM_STATE_UNVERIFIED;
  if (target != NULL && open)
    bm_verify_claim (import, target, item->nid, item->uidvalidity, item->uid, &item->guid,
                     (guint32) item->size, item->flags);
  return TRUE;
}

static gboolean
load (BmImport *import, GError **error)
{
  import->verify_moved = g_get_monotonic_time ();
  if (!bm_journal_each_folder (import->journal, load_folder, import, error) ||
      !bm_journal_each_target (import->journal, load_target, import, error) ||
      !bm_journal_each_item (import->journal, load_item, import, error))
    return FALSE;
  import->progress.before = import->progress.done;
  import->wary = bm_journal_get_int (import->journal, "stalled", 0) != 0;
  return TRUE;
}

/* ---- read, gather, deliver ---- */

static gboolean
accept_message (BmImport *import, BmEntry *entry, GError **error)
{
  const BmCensusItem key = {.nid = entry->nid};
  guint low = 0, high = import->census->items->len;
  while (low < high) {
    guint middle = low + (high - low) / 2;
    if (g_array_index (import->census->items, BmCensusItem, middle).nid < key.nid)
      low = middle + 1;
    else
      high = middle;
  }
  guint32 folder = g_array_index (import->census->items, BmCensusItem, low).folder;
  EngineTarget *target = g_hash_table_lookup (import->by_folder, GUINT_TO_POINTER (folder));
  if (target == NULL) {
    g_set_error (error, BM_ERROR, BM_CAUSE_INTERNAL, "item %08x has no target folder", entry->nid);
    return FALSE;
  }
  BmRule rule = bm_filter_message (&import->options.selection, entry->message);
  if (rule != BM_RULE_NONE) {
    import->progress.skipped++;
    import->progress.done++;
    return bm_journal_skip (import->journal, entry->nid, rule, entry->message->message_class,
                            error);
  }
  if (import->options.mark_seen)
    entry->message->flags |= BM_FLAG_SEEN;
  gboolean full = bm_gather_add (import, target, g_steal_pointer (&entry->message));
  return !full || bm_deliver_batch (import, target, error);
}

static gboolean
accept (BmImport *import, BmEntry *entry, GError **error)
{
  switch (entry->kind) {
  case BM_ENTRY_MESSAGE:
    return accept_message (import, entry, error);
  case BM_ENTRY_SKIPPED:
    import->progress.skipped++;
    import->progress.done++;
    return bm_journal_skip (import->journal, entry->nid, entry->rule, entry->message_class, error);
  case BM_ENTRY_FAILED:
    import->progress.failed++;
    import->progress.done++;
    return bm_journal_fail (import->journal, entry->nid, bm_error_cause (entry->error),
                            entry->error->message, error);
  case BM_ENTRY_END:
  default:
    return TRUE;
  }
}

gboolean
bm_engine_keep_alive (BmImport *import, GError **error)
{
  gint64 idle_after_ms =
      import->options.idle_after_ms > 0 ? import->options.idle_after_ms : IDLE_AFTER_MS;
  if (g_get_monotonic_time () - import->sink_used < idle_after_ms * 1000)
    return TRUE;
  import->sink_used = g_get_monotonic_time ();
  g_autoptr (GError) local = NULL;
  if (import->sink->ops->idle (import->sink, &local))
    return TRUE;
  if (bm_error_scope (local) == BM_SCOPE_RETRY)
    return bm_deliver_reconnect (import, local, error);
  g_propagate_error (error, g_steal_pointer (&local));
  return FALSE;
}

/* While the reader works: send what is there, or keep the connection alive. */
static gboolean
while_waiting (BmImport *import, GError **error)
{
  EngineTarget *target = bm_gather_largest (import);
  return target != NULL ? bm_deliver_batch (import, target, error)
                        : bm_engine_keep_alive (import, error);
}

static gboolean
step (BmImport *import, gboolean *ended, GError **error)
{
  if (!import->source->ops->ready (import->source, 50))
    return while_waiting (import, error);
  BmEntry entry = {0};
  if (!import->source->ops->next (import->source, &entry, error))
    return FALSE;
  *ended = entry.kind == BM_ENTRY_END;
  gboolean ok = accept (import, &entry, error);
  bm_entry_clear (&entry);
  while (ok && bm_gather_over_budget (import))
    ok = bm_deliver_batch (import, bm_gather_largest (import), error);
  return ok;
}

/* Before the next batch; import->stalled says that there shall be none. */
static gboolean
may_send (BmImport *import, GError **error)
{
  bm_engine_show (import, BM_PHASE_APPEND, NULL);
  return bm_engine_may_go_on (import, error) && bm_verify_hold (import, error);
}

static gboolean
deliver_rest (BmImport *import, GError **error)
{
  for (EngineTarget *target; (target = bm_gather_largest (import)) != NULL;) {
    if (!may_send (import, error))
      return FALSE;
    if (import->stalled)
      return TRUE;
    if (!bm_deliver_batch (import, target, error) || !bm_verify_poll (import, error))
      return FALSE;
  }
  return TRUE;
}

/* Settling and --retry make items PLANNED again, also where nothing is wanted any more. */
static gboolean
leave_excluded (BmImport *import, GError **error)
{
  guint n;
  if (!bm_journal_leave_excluded (import->journal, &n, error))
    return FALSE;
  import->progress.skipped += n;
  import->progress.done += n;
  return TRUE;
}

static gboolean
append_all (BmImport *import, GError **error)
{
  if (!leave_excluded (import, error))
    return FALSE;
  g_autoptr (GArray) nids = bm_journal_planned (import->journal, FALSE, error);
  if (nids == NULL)
    return FALSE;
  import->append_started = g_get_monotonic_time ();
  import->progress.before = import->progress.done;
  if (nids->len > 0 &&
      !import->source->ops->order (import->source, (guint32 *) nids->data, nids->len, error))
    return FALSE;
  for (gboolean ended = nids->len == 0; !ended;) {
    if (!may_send (import, error))
      return FALSE;
    if (import->stalled)
      return TRUE;
    if (!step (import, &ended, error) || !bm_verify_poll (import, error))
      return FALSE;
  }
  return deliver_rest (import, error);
}

static gboolean
make_empty_folder (BmImport *import, EngineTarget *target, GError **error)
{
  return !target->wanted || bm_deliver_open (import, target, error);
}

static gboolean
check_claimed (BmImport *import, EngineTarget *target, GError **error)
{
  return bm_deliver_surely (import, target, bm_deliver_check_claimed, error);
}

gboolean
bm_import_run (BmImport *import, GError **error)
{
  bm_engine_show (import, BM_PHASE_CENSUS, NULL);
  import->census = import->source->ops->census (import->source, error);
  if (import->census == NULL || !bm_deliver_reconnect (import, NULL, error))
    return FALSE;
  g_autoptr (GError) stopped = NULL;
  if (!plan (import, error) || !load (import, error))
    return FALSE;
  if (!bm_engine_each_target (import, check_claimed, &stopped) ||
      !bm_settle_all (import, &stopped) || !append_all (import, &stopped)) {
    /* what was sent before it stopped is proven all the same, unless somebody wants to leave */
    if (bm_error_cause (stopped) == BM_CAUSE_OVER_QUOTA && !bm_verify_wait (import, NULL))
      g_info ("not everything that was sent could be proven");
    g_propagate_error (error, g_steal_pointer (&stopped));
    return FALSE;
  }
  if (import->stalled)
    return TRUE;
  if (import->options.empty_folders && !import->options.dry_run &&
      !bm_engine_each_target (import, make_empty_folder, error))
    return FALSE;
  if (!bm_journal_set (import->journal, "appended.all", "1", error) ||
      !bm_verify_wait (import, error))
    return FALSE;
  bm_engine_show (import, BM_PHASE_DONE, NULL);
  return TRUE;
}

gboolean
bm_import_verify (BmImport *import, GError **error)
{
  if (!load (import, error) || !bm_verify_wait (import, error))
    return FALSE;
  bm_engine_show (import, BM_PHASE_DONE, NULL);
  return TRUE;
}
