/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Settling: a message whose append was not answered is looked for on the server, always by the
 * guid of its intent, never by rendering again. The server is asked until two looks agree: a server
 * whose client vanished finishes the command it has. One thread. */
#include "engine/bm-engine.h"

#define QUIET_MS 1000
#define LOOKS    30

typedef struct {
  BmImport *import;
  EngineTarget *target;
  GArray *doubt;    /* BmJournalItem without strings */
  GHashTable *used; /* uids that other items of this target own */
} Settle;

static gboolean
collect (const BmJournalItem *item, gpointer data)
{
  Settle *settle = data;
  EngineTarget *target =
      g_hash_table_lookup (settle->import->by_folder, GUINT_TO_POINTER (item->folder));
  if (target != settle->target)
    return TRUE;
  if (item->uid != 0)
    g_hash_table_add (settle->used, GUINT_TO_POINTER (item->uid));
  if (item->state != BM_STATE_PLANNED || !item->intent || !item->rendered)
    return TRUE;
  BmJournalItem copy = *item;
  copy.reason = copy.message_class = copy.keywords = copy.message_id = copy.subject = NULL;
  g_array_append_val (settle->doubt, copy);
  return TRUE;
}

/* What the server has from the mark on; NULL without error when nobody can tell. */
static GArray *
look (BmImport *import, EngineTarget *target, GError **error)
{
  g_autoptr (GError) local = NULL;
  GArray *stored = import->sink->ops->list (import->sink, target->open, target->mark, &local);
  if (stored != NULL)
    return stored;
  if (bm_error_cause (local) != BM_CAUSE_UNSUPPORTED) {
    g_propagate_error (error, g_steal_pointer (&local));
    return NULL;
  }
  /* Only where storage is synchronous does a missing row mean a missing message. */
  if (import->witness == NULL || !import->sink->ops->limits (import->sink)->bluemind5)
    return NULL;
  g_clear_error (&local);
  stored = import->witness->ops->list (import->witness, target->name, target->mark, &local);
  if (stored == NULL && bm_error_cause (local) != BM_CAUSE_UNSUPPORTED)
    g_propagate_error (error, g_steal_pointer (&local));
  return stored;
}

static GArray *
look_until_quiet (BmImport *import, EngineTarget *target, GError **error)
{
  guint quiet_ms = import->options.settle_quiet_ms > 0 ? import->options.settle_quiet_ms : QUIET_MS;
  g_autoptr (GArray) before = look (import, target, error);
  for (guint i = 0; before != NULL && i < LOOKS && !bm_engine_interrupted (NULL); i++) {
    g_usleep (quiet_ms * 1000);
    GArray *now = look (import, target, error);
    if (now == NULL)
      return NULL;
    gboolean quiet = now->len == before->len;
    g_array_unref (before);
    before = now;
    if (quiet)
      break;
  }
  return g_steal_pointer (&before);
}

static gboolean
settle_one (Settle *settle, const BmJournalItem *item, const GArray *stored, GError **error)
{
  for (guint i = 0; i < stored->len; i++) {
    const BmStored *one = &g_array_index (stored, BmStored, i);
    if (!bm_guid_equal (&one->guid, &item->guid) ||
        g_hash_table_contains (settle->used, GUINT_TO_POINTER (one->uid)))
      continue;
    g_hash_table_add (settle->used, GUINT_TO_POINTER (one->uid));
    if (!bm_journal_appended (settle->import->journal, item->nid, settle->target->uidvalidity,
                              one->uid, error))
      return FALSE;
    bm_verify_claim (settle->import, settle->target, item->nid, settle->target->uidvalidity,
                     one->uid, &item->guid, (guint32) item->size, item->flags);
    settle->import->progress.appended++;
    settle->import->fruitless = 0;
    settle->import->progress.done++;
    settle->import->progress.bytes += (guint64) item->size;
    return TRUE;
  }
  return bm_journal_forget_intent (settle->import->journal, item->nid, error);
}

static gboolean
settle_found (Settle *settle, const GArray *stored, GError **error)
{
  BmJournal *journal = settle->import->journal;
  if (!bm_journal_begin (journal, error))
    return FALSE;
  for (guint i = 0; i < settle->doubt->len; i++)
    if (!settle_one (settle, &g_array_index (settle->doubt, BmJournalItem, i), stored, error)) {
      bm_journal_rollback (journal);
      return FALSE;
    }
  return bm_journal_commit (journal, error);
}

gboolean
bm_settle_target (BmImport *import, EngineTarget *target, GError **error)
{
  g_autoptr (GArray) doubt = g_array_new (FALSE, FALSE, sizeof (BmJournalItem));
  g_autoptr (GHashTable) used = g_hash_table_new (NULL, NULL);
  Settle settle = {import, target, doubt, used};
  if (!bm_journal_each_item (import->journal, collect, &settle, error))
    return FALSE;
  if (doubt->len == 0)
    return TRUE;
  if (!bm_deliver_open (import, target, error))
    return FALSE;
  if (target->open == NULL || !target->recorded) /* refused now: stays in doubt, hence pending */
    return TRUE;
  g_autoptr (GError) local = NULL;
  g_autoptr (GArray) stored = look_until_quiet (import, target, &local);
  if (stored == NULL) {
    if (local != NULL) {
      g_propagate_error (error, g_steal_pointer (&local));
      return FALSE;
    }
    g_warning ("folder \"%s\": %u messages stay in doubt: this server cannot be asked for digests",
               target->name, doubt->len);
    return TRUE;
  }
  return settle_found (&settle, stored, error);
}

static gboolean
settle_each (BmImport *import, EngineTarget *target, GError **error)
{
  return bm_deliver_surely (import, target, bm_settle_target, error);
}

gboolean
bm_settle_all (BmImport *import, GError **error)
{
  g_autoptr (GArray) doubt = bm_journal_planned (import->journal, TRUE, error);
  if (doubt == NULL)
    return FALSE;
  if (doubt->len == 0)
    return TRUE;
  g_message ("looking on the server for %u messages in doubt", doubt->len);
  bm_engine_show (import, BM_PHASE_SETTLE, NULL);
  return bm_engine_each_target (import, settle_each, error);
}
