/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Collects the report from a journal: ledger, tables, exceptions, timeline. Must not know how
 * anything happened, only what the rows say. One thread. */
#include <bm-pst-import/report.h>

#include "journal/bm-journal.h"
#include <string.h>

#define TIMELINE_POINTS 200
#define NO_DATABASE     "no-database" /* a reason of unverified: docs/tokens.md */

typedef struct {
  BmReport *report;
  GHashTable *folders;                                    /* nid -> BmReportFolder (borrowed) */
  GHashTable *rules, *causes, *reasons, *classes, *notes; /* token -> count */
  GArray *appended, *verified;                            /* gint64 ms */
} Collector;

static void
folder_free (gpointer data)
{
  BmReportFolder *folder = data;
  g_free (folder->path);
  g_free (folder->target);
  g_free (folder);
}

static void
exception_free (gpointer data)
{
  BmReportException *exception = data;
  g_free (exception->folder);
  g_free (exception->target);
  g_free (exception->cause);
  g_free (exception->reason);
  g_free (exception->message_class);
  g_free (exception->message_id);
  g_free (exception->subject);
  g_free (exception);
}

void
bm_report_free (BmReport *report)
{
  if (report == NULL)
    return;
  gchar *strings[] = {
      report->job,       report->pst_path,     report->pst_identity, report->pst_format,
      report->pst_crypt, report->user_address, report->user_uid,     report->domain_uid,
      report->into,      report->selection,    report->render_id,    report->sandbox,
      report->server,    report->transport,    report->witness,      report->stopped_text};
  for (guint i = 0; i < G_N_ELEMENTS (strings); i++)
    g_free (strings[i]);
  GArray *arrays[] = {report->rules,   report->causes, report->reasons,
                      report->classes, report->notes,  report->timeline};
  for (guint i = 0; i < G_N_ELEMENTS (arrays); i++)
    g_clear_pointer (&arrays[i], g_array_unref);
  g_clear_pointer (&report->folders, g_ptr_array_unref);
  g_clear_pointer (&report->exceptions, g_ptr_array_unref);
  g_clear_pointer (&report->warnings, g_ptr_array_unref);
  g_string_chunk_free (report->strings);
  g_free (report);
}

static void
count (Collector *collector, GHashTable *table, const gchar *token, guint64 n)
{
  const gchar *key = g_string_chunk_insert_const (collector->report->strings, token);
  guint64 *value = g_hash_table_lookup (table, key);
  if (value == NULL) {
    value = g_new0 (guint64, 1);
    g_hash_table_insert (table, (gpointer) key, value);
  }
  *value += n;
}

static gint
compare_counts (gconstpointer a, gconstpointer b)
{
  return strcmp (((const BmReportCount *) a)->token, ((const BmReportCount *) b)->token);
}

static GArray *
counts_of (GHashTable *table)
{
  GArray *counts = g_array_new (FALSE, FALSE, sizeof (BmReportCount));
  GHashTableIter iter;
  BmReportCount one;
  guint64 *n;
  g_hash_table_iter_init (&iter, table);
  while (g_hash_table_iter_next (&iter, (gpointer *) &one.token, (gpointer *) &n)) {
    one.n = *n;
    g_array_append_val (counts, one);
  }
  g_array_sort (counts, compare_counts);
  return counts;
}

static gboolean
add_folder (const BmJournalFolder *row, gpointer data)
{
  Collector *collector = data;
  BmReportFolder *folder = g_new0 (BmReportFolder, 1);
  folder->path = g_strdup (row->path);
  folder->target = g_strdup (row->target);
  folder->rule = row->rule;
  folder->notes = row->notes;
  g_ptr_array_add (collector->report->folders, folder);
  g_hash_table_insert (collector->folders, GUINT_TO_POINTER (row->nid), folder);
  return TRUE;
}

static const gchar *
advice_for (const BmJournalItem *item)
{
  switch (item->state) {
  case BM_STATE_FAILED:
    return bm_cause_advice (item->cause < BM_CAUSE_LAST ? item->cause : BM_CAUSE_INTERNAL);
  case BM_STATE_DIFFERS:
    return "keep PST and journal, and ask the developers: another message has this uid";
  case BM_STATE_GONE:
    return "the user has moved or deleted it since; nothing to do";
  case BM_STATE_PLANNED:
    return "run the same import command again";
  default:
    if (g_strcmp0 (item->reason, NO_DATABASE) == 0)
      return "let the import read bj-data ([data]), then bm-pst-import verify JOB";
    if (g_strcmp0 (item->reason, "body-missing") == 0)
      return "bm-cli maintenance repair --ops message_bodies USER, then bm-pst-import verify JOB";
    if (g_strcmp0 (item->reason, "database-lost") == 0)
      return "check the database bj-data, then bm-pst-import verify JOB";
    return "check replication (sync_client, bm-core), then bm-pst-import verify JOB";
  }
}

static void
add_exception (Collector *collector, const BmJournalItem *item, const BmReportFolder *folder)
{
  BmReportException *exception = g_new0 (BmReportException, 1);
  exception->nid = item->nid;
  exception->folder = g_strdup (folder != NULL ? folder->path : NULL);
  exception->target = g_strdup (folder != NULL ? folder->target : NULL);
  exception->status = item->state == BM_STATE_PLANNED          ? "pending"
                      : item->state == BM_STATE_APPENDED       ? "unverified"
                      : item->state == BM_STATE_PRESENT_BEFORE ? "unverified"
                                                               : bm_state_token (item->state);
  if (item->state == BM_STATE_FAILED && item->cause < BM_CAUSE_LAST) {
    exception->cause = g_strdup (bm_cause_token (item->cause));
    exception->reason = g_strdup (item->reason != NULL ? item->reason : "");
  } else {
    exception->cause = g_strdup (item->reason != NULL ? item->reason : "");
    exception->reason = g_strdup (item->intent ? "sent, but the answer was lost" : "");
  }
  exception->advice = advice_for (item);
  exception->message_class = g_strdup (item->message_class);
  exception->message_id = g_strdup (item->message_id);
  exception->subject = g_strdup (item->subject);
  collector->report->subjects |= item->subject != NULL;
  exception->uid = item->uid;
  if (item->rendered)
    bm_guid_to_hex (&item->guid, exception->guid);
  g_ptr_array_add (collector->report->exceptions, exception);
}

static void
count_state (const BmJournalItem *item, BmReportFolder *folder, BmLedger *ledger)
{
  switch (item->state) {
  case BM_STATE_PLANNED:
    folder->pending++;
    ledger->pending++;
    break;
  case BM_STATE_VERIFIED:
    folder->verified++;
    ledger->verified++;
    break;
  case BM_STATE_APPENDED:
  case BM_STATE_PRESENT_BEFORE:
  case BM_STATE_UNVERIFIED:
    folder->unverified++;
    ledger->unverified++;
    break;
  case BM_STATE_DIFFERS:
    folder->differs++;
    ledger->differs++;
    break;
  case BM_STATE_GONE:
    folder->gone++;
    ledger->gone++;
    break;
  case BM_STATE_SKIPPED:
    folder->skipped++;
    ledger->skipped++;
    break;
  case BM_STATE_FAILED:
    folder->failed++;
    ledger->failed++;
    break;
  case BM_STATE_LAST:
  default:
    break; /* a row no class takes: the ledger will not balance */
  }
}

static void
count_words (Collector *collector, const BmJournalItem *item)
{
  if (item->state == BM_STATE_SKIPPED && item->rule != BM_RULE_NONE)
    count (collector, collector->rules, bm_rule_token (item->rule), 1);
  if (item->state == BM_STATE_SKIPPED && item->rule == BM_RULE_NOT_MAIL)
    count (collector, collector->classes,
           item->message_class != NULL && *item->message_class != '\0' ? item->message_class
                                                                       : "(none)",
           1);
  if (item->state == BM_STATE_FAILED)
    count (collector, collector->causes,
           item->cause < BM_CAUSE_LAST ? bm_cause_token (item->cause) : "unknown", 1);
  if (item->state == BM_STATE_UNVERIFIED)
    count (collector, collector->reasons, item->reason != NULL ? item->reason : "stalled", 1);
  else if (item->state == BM_STATE_APPENDED || item->state == BM_STATE_PRESENT_BEFORE)
    count (collector, collector->reasons, "not-awaited", 1);
  for (guint i = 0; i < BM_NOTE_LAST; i++)
    if (bm_notes_has (item->notes, (BmNote) i))
      count (collector, collector->notes, bm_note_token ((BmNote) i), 1);
}

static gboolean
add_item (const BmJournalItem *item, gpointer data)
{
  Collector *collector = data;
  BmLedger *ledger = &collector->report->ledger;
  BmReportFolder none = {0};
  BmReportFolder *folder =
      g_hash_table_lookup (collector->folders, GUINT_TO_POINTER (item->folder));
  BmReportFolder *counted = folder != NULL ? folder : &none;
  ledger->rows++;
  counted->found++;
  count_state (item, counted, ledger);
  count_words (collector, item);
  ledger->present_before += item->origin == BM_ORIGIN_BEFORE;
  ledger->in_doubt += item->state == BM_STATE_PLANNED && item->intent;
  if (item->state == BM_STATE_VERIFIED) {
    ledger->bytes += (guint64) item->size;
    counted->bytes += (guint64) item->size;
  } else if (item->state != BM_STATE_SKIPPED &&
             !(collector->report->dry_run && item->state == BM_STATE_PLANNED)) {
    add_exception (collector, item, folder);
  }
  if (item->appended_ms > 0)
    g_array_append_val (collector->appended, item->appended_ms);
  if (item->verified_ms > 0 && item->origin == BM_ORIGIN_APPENDED)
    g_array_append_val (collector->verified, item->verified_ms);
  return TRUE;
}

static gint
compare_ms (gconstpointer a, gconstpointer b)
{
  gint64 x = *(const gint64 *) a, y = *(const gint64 *) b;
  return x < y ? -1 : x > y;
}

static guint
count_until (const GArray *times, gint64 ms)
{
  guint low = 0, high = times->len;
  while (low < high) {
    guint middle = low + (high - low) / 2;
    if (g_array_index (times, gint64, middle) <= ms)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

static void
make_timeline (Collector *collector)
{
  g_array_sort (collector->appended, compare_ms);
  g_array_sort (collector->verified, compare_ms);
  if (collector->appended->len == 0)
    return;
  gint64 first = g_array_index (collector->appended, gint64, 0);
  gint64 last = g_array_index (collector->appended, gint64, collector->appended->len - 1);
  if (collector->verified->len > 0)
    last = MAX (last, g_array_index (collector->verified, gint64, collector->verified->len - 1));
  gint64 steps = CLAMP (last - first, 1, TIMELINE_POINTS - 1);
  for (gint64 i = 0; i <= steps; i++) {
    gint64 at = first + (last - first) * i / steps;
    BmReportPoint point = {at - first, count_until (collector->appended, at),
                           count_until (collector->verified, at)};
    g_array_append_val (collector->report->timeline, point);
  }
}

static gchar *
fact (BmJournal *journal, const gchar *key)
{
  gchar *value = bm_journal_get (journal, key);
  return value != NULL ? value : g_strdup ("");
}

static void
read_facts (BmReport *report, BmJournal *journal)
{
  report->job = fact (journal, "job");
  report->pst_path = fact (journal, "pst.path");
  report->pst_identity = fact (journal, "pst.identity");
  report->pst_format = fact (journal, "pst.format");
  report->pst_crypt = fact (journal, "pst.crypt");
  report->user_address = fact (journal, "user.address");
  report->user_uid = fact (journal, "user.uid");
  report->domain_uid = fact (journal, "user.domain");
  report->into = fact (journal, "into");
  report->selection = fact (journal, "selection");
  report->render_id = fact (journal, "render.id");
  report->sandbox = fact (journal, "sandbox");
  report->server = fact (journal, "server");
  report->transport = fact (journal, "transport");
  report->witness = fact (journal, "witness");
  report->pst_size = (guint64) bm_journal_get_int (journal, "pst.size", 0);
  report->pst_password = bm_journal_get_int (journal, "pst.password", 0) != 0;
  report->dry_run = bm_journal_get_int (journal, "dry-run", 0) != 0;
  report->stalled = bm_journal_get_int (journal, "stalled", 0) != 0;
  report->started_ms = bm_journal_get_int (journal, "started", 0);
  report->finished_ms = bm_journal_get_int (journal, "finished", 0);
  g_autofree gchar *stopped = fact (journal, "stopped.cause");
  report->stopped = bm_cause_from_token (stopped);
  report->stopped_text = fact (journal, "stopped.text");
  report->ledger.found = (guint64) bm_journal_get_int (journal, "census.items", 0);
  gint64 warnings = bm_journal_get_int (journal, "warnings", 0);
  for (gint64 i = 0; i < warnings; i++) {
    g_autofree gchar *key = g_strdup_printf ("warning.%" G_GINT64_FORMAT, i);
    g_ptr_array_add (report->warnings, fact (journal, key));
  }
}

static gint
compare_folders (gconstpointer a, gconstpointer b)
{
  const BmReportFolder *x = *(BmReportFolder *const *) a, *y = *(BmReportFolder *const *) b;
  if ((x->path == NULL) != (y->path == NULL))
    return x->path == NULL ? 1 : -1;
  return g_strcmp0 (x->path, y->path);
}

static guint
gravity (const BmReportException *exception)
{
  static const gchar *const order[] = {"differs", "failed", "unverified", "gone"};
  guint i = 0;
  while (i < G_N_ELEMENTS (order) && !g_str_equal (exception->status, order[i]))
    i++;
  return i;
}

static gint
compare_exceptions (gconstpointer a, gconstpointer b)
{
  const BmReportException *x = *(BmReportException *const *) a;
  const BmReportException *y = *(BmReportException *const *) b;
  guint gx = gravity (x), gy = gravity (y);
  if (gx != gy)
    return gx < gy ? -1 : 1;
  return x->nid < y->nid ? -1 : x->nid > y->nid;
}

static BmReport *
report_new (void)
{
  BmReport *report = g_new0 (BmReport, 1);
  report->strings = g_string_chunk_new (1024);
  report->folders = g_ptr_array_new_with_free_func (folder_free);
  report->exceptions = g_ptr_array_new_with_free_func (exception_free);
  report->warnings = g_ptr_array_new_with_free_func (g_free);
  report->timeline = g_array_new (FALSE, FALSE, sizeof (BmReportPoint));
  return report;
}

static void
finish (Collector *collector)
{
  BmReport *report = collector->report;
  BmLedger *ledger = &report->ledger;
  guint64 sum = ledger->verified + ledger->unverified + ledger->differs + ledger->gone +
                ledger->skipped + ledger->failed + ledger->pending;
  ledger->balanced = ledger->found == sum && ledger->found == ledger->rows;
  report->rules = counts_of (collector->rules);
  report->causes = counts_of (collector->causes);
  report->reasons = counts_of (collector->reasons);
  report->classes = counts_of (collector->classes);
  report->notes = counts_of (collector->notes);
  g_ptr_array_sort (report->folders, compare_folders);
  g_ptr_array_sort (report->exceptions, compare_exceptions);
  make_timeline (collector);
  report->exit_status = bm_report_exit_status (report);
}

BmReport *
bm_report_collect (BmJournal *journal, GError **error)
{
  g_autoptr (BmReport) report = report_new ();
  g_autoptr (GHashTable) folders = g_hash_table_new (NULL, NULL);
  g_autoptr (GHashTable) rules = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, g_free);
  g_autoptr (GHashTable) causes = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, g_free);
  g_autoptr (GHashTable) reasons = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, g_free);
  g_autoptr (GHashTable) classes = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, g_free);
  g_autoptr (GHashTable) notes = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, g_free);
  g_autoptr (GArray) appended = g_array_new (FALSE, FALSE, sizeof (gint64));
  g_autoptr (GArray) verified = g_array_new (FALSE, FALSE, sizeof (gint64));
  Collector collector = {report,  folders, rules,    causes,  reasons,
                         classes, notes,   appended, verified};
  read_facts (report, journal);
  if (!bm_journal_each_folder (journal, add_folder, &collector, error) ||
      !bm_journal_each_item (journal, add_item, &collector, error))
    return NULL;
  finish (&collector);
  return g_steal_pointer (&report);
}

gint
bm_report_exit_status (const BmReport *report)
{
  const BmLedger *ledger = &report->ledger;
  if (!ledger->balanced || ledger->differs > 0)
    return 3;
  if (report->stopped != BM_CAUSE_LAST)
    return bm_cause_exit_status (report->stopped);
  if (report->dry_run)
    return ledger->failed > 0 ? 1 : 0;
  if (ledger->unverified + ledger->gone + ledger->pending > 0)
    return 2;
  return ledger->failed > 0 ? 1 : 0;
}

static gboolean
is_without_database (const BmReport *report)
{
  for (guint i = 0; i < report->reasons->len; i++)
    if (g_str_equal (g_array_index (report->reasons, BmReportCount, i).token, NO_DATABASE))
      return TRUE;
  return FALSE;
}

const gchar *
bm_report_verdict (const BmReport *report)
{
  const BmLedger *ledger = &report->ledger;
  if (!ledger->balanced)
    return "The ledger is out of balance: do not trust this import";
  if (ledger->differs > 0)
    return "Differences found: do not sign";
  if (report->stopped != BM_CAUSE_LAST)
    return "Stopped before the end";
  if (report->dry_run)
    return "Dry run: nothing was sent; pending is what would be appended";
  if (is_without_database (report))
    return "Sent, but not proven: BlueMind's database may not be read";
  if (report->stalled)
    return "Replication stalled: not every message is proven";
  if (ledger->unverified + ledger->gone + ledger->pending > 0)
    return "Not every message is proven replicated";
  if (ledger->failed > 0)
    return "Every message sent is proven replicated; some items failed";
  return "Every message is proven replicated";
}
