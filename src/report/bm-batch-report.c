/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* See bm-batch-report.h: adding rows, sums and grades. */
#include "report/bm-batch-report.h"

#include <string.h>

static void
row_free (gpointer data)
{
  BmBatchReportRow *row = data;
  gchar *texts[] = {row->file,  row->user,    row->into, row->state,
                    row->cause, row->message, row->job,  row->rule};
  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    g_free (texts[i]);
  g_clear_pointer (&row->warnings, g_ptr_array_unref);
  g_free (row);
}

static void
mailbox_free (gpointer data)
{
  BmBatchReportMailbox *mailbox = data;
  g_free (mailbox->key);
  g_free (mailbox->user);
  g_free (mailbox->rule);
  g_free (mailbox);
}

static void
cause_clear (gpointer data)
{
  g_free (((BmBatchReportCause *) data)->cause);
  g_free (((BmBatchReportCause *) data)->command);
}

BmBatchReport *
bm_batch_report_new (const gchar *name, const gchar *map, const gchar *directory)
{
  BmBatchReport *report = g_new0 (BmBatchReport, 1);
  report->name = g_strdup (name);
  report->map = g_strdup (map != NULL ? map : "");
  report->directory = g_strdup (directory);
  report->trouble = g_strdup ("");
  report->links = "../../";
  report->rows = g_ptr_array_new_with_free_func (row_free);
  report->mailboxes = g_ptr_array_new_with_free_func (mailbox_free);
  report->causes = g_array_new (FALSE, TRUE, sizeof (BmBatchReportCause));
  report->by_key = g_hash_table_new (g_str_hash, g_str_equal);
  report->counted = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  report->by_cause = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  report->ledger.balanced = TRUE;
  g_array_set_clear_func (report->causes, cause_clear);
  return report;
}

void
bm_batch_report_free (BmBatchReport *report)
{
  if (report == NULL)
    return;
  g_ptr_array_unref (report->rows);
  g_ptr_array_unref (report->mailboxes);
  g_array_unref (report->causes);
  g_hash_table_unref (report->by_key);
  g_hash_table_unref (report->counted);
  g_hash_table_unref (report->by_cause);
  g_free (report->name);
  g_free (report->map);
  g_free (report->directory);
  g_free (report->trouble);
  g_free (report->rule);
  g_free (report);
}

static void
add_ledger (BmLedger *sum, const BmLedger *one)
{
  sum->found += one->found;
  sum->rows += one->rows;
  sum->verified += one->verified;
  sum->unverified += one->unverified;
  sum->differs += one->differs;
  sum->gone += one->gone;
  sum->skipped += one->skipped;
  sum->failed += one->failed;
  sum->pending += one->pending;
  sum->present_before += one->present_before;
  sum->in_doubt += one->in_doubt;
  sum->bytes += one->bytes;
  sum->balanced = sum->balanced && one->balanced;
}

static BmBatchReportCause *
cause_of (BmBatchReport *report, const gchar *token)
{
  BmBatchReportCause *cause = g_hash_table_lookup (report->by_cause, token);
  if (cause == NULL) {
    cause = g_new0 (BmBatchReportCause, 1);
    g_hash_table_insert (report->by_cause, g_strdup (token), cause);
  }
  return cause;
}

static void
count_items (BmBatchReport *report, const BmReport *job)
{
  const GArray *lists[] = {job->causes, job->reasons};
  for (guint l = 0; l < G_N_ELEMENTS (lists); l++)
    for (guint i = 0; i < lists[l]->len; i++) {
      const BmReportCount *one = &g_array_index (lists[l], BmReportCount, i);
      cause_of (report, one->token)->items += one->n;
    }
}

static gpointer
copy_text (gconstpointer text, gpointer data)
{
  return g_strdup (text);
}

static void
grade_row (BmBatchReportRow *row, const BmReport *job)
{
  gboolean ended = g_str_equal (row->state, "ended");
  if (job != NULL) {
    row->ledger = job->ledger;
    row->has_ledger = TRUE;
    row->grade = bm_report_grade (job, &row->rule);
    if (job->warnings != NULL && job->warnings->len > 0)
      row->warnings = g_ptr_array_copy (job->warnings, copy_text, NULL);
  }
  if (ended && job != NULL)
    return;
  /* whatever its journal says: it did not come to its end */
  g_free (row->rule);
  row->grade = BM_GRADE_POOR;
  row->rule =
      g_strdup_printf ("%s%s%s", row->state, *row->message != '\0' ? ": " : "", row->message);
}

static BmBatchReportMailbox *
mailbox_of (BmBatchReport *report, const gchar *key, const gchar *user)
{
  BmBatchReportMailbox *one = g_hash_table_lookup (report->by_key, key);
  if (one != NULL)
    return one;
  one = g_new0 (BmBatchReportMailbox, 1);
  one->key = g_strdup (key);
  one->user = g_strdup (*user != '\0' ? user : "(no user)");
  one->ledger.balanced = TRUE;
  g_ptr_array_add (report->mailboxes, one);
  g_hash_table_insert (report->by_key, one->key, one);
  return one;
}

void
bm_batch_report_add (BmBatchReport *report, BmBatchReportRow *row, const gchar *key,
                     const BmReport *job)
{
  grade_row (row, job);
  if (*row->cause != '\0')
    cause_of (report, row->cause)->rows++;
  if (g_str_equal (row->state, "waiting") || g_str_equal (row->state, "running"))
    report->running = TRUE;
  BmBatchReportMailbox *one = mailbox_of (report, key, row->user);
  if (one->rule == NULL || row->grade > one->grade) {
    g_free (one->rule);
    one->grade = row->grade;
    one->rule = g_strdup_printf ("line %u: %s", row->line, row->rule);
  }
  one->rows++;
  /* one PST under two names, or one user under two, is one job: its items are there once */
  gboolean first =
      job != NULL && (*row->job == '\0' || g_hash_table_add (report->counted, g_strdup (row->job)));
  if (first) {
    count_items (report, job);
    add_ledger (&one->ledger, &row->ledger);
    add_ledger (&report->ledger, &row->ledger);
  }
  g_ptr_array_add (report->rows, row);
}

static gint
compare_mailboxes (gconstpointer a, gconstpointer b)
{
  const BmBatchReportMailbox *x = *(BmBatchReportMailbox *const *) a;
  const BmBatchReportMailbox *y = *(BmBatchReportMailbox *const *) b;
  return x->grade != y->grade ? (gint) y->grade - (gint) x->grade : strcmp (x->user, y->user);
}

static gint
compare_causes (gconstpointer a, gconstpointer b)
{
  const BmBatchReportCause *x = a, *y = b;
  if (x->rows != y->rows)
    return x->rows > y->rows ? -1 : 1;
  if (x->items != y->items)
    return x->items > y->items ? -1 : 1;
  return strcmp (x->cause, y->cause);
}

static const gchar *
advice_of (const gchar *token)
{
  BmCause cause = bm_cause_from_token (token);
  if (cause == BM_CAUSE_USAGE)
    return "mend the row in the mapping";
  if (cause != BM_CAUSE_LAST)
    return bm_cause_advice (cause);
  if (g_str_equal (token, "body-missing"))
    return "bm-cli maintenance repair --ops message_bodies USER, then retry";
  return "check replication (sync_client, bm-core), then retry";
}

/* What is wrong in the mapping is taken up with the mapping. */
static gchar *
command_of (const BmBatchReport *report, const gchar *token)
{
  g_autofree gchar *map = g_shell_quote (report->map);
  if (bm_cause_from_token (token) == BM_CAUSE_USAGE)
    return g_strdup_printf ("bm-pst-import batch %s --name %s", map, report->name);
  return g_strdup_printf ("bm-pst-import retry %s --cause %s", report->name, token);
}

/* 3 before everything; then what is not proven; then what failed or did not run. */
static gint
exit_status_of (const BmBatchReport *report)
{
  gboolean unproven = FALSE, failed = FALSE;
  for (guint i = 0; i < report->rows->len; i++) {
    const BmBatchReportRow *row = g_ptr_array_index (report->rows, i);
    if (row->status == 3)
      return 3;
    unproven |= row->status == 2;
    failed |= row->status != 0 || !g_str_equal (row->state, "ended");
  }
  return unproven ? 2 : failed ? 1 : 0;
}

void
bm_batch_report_finish (BmBatchReport *report)
{
  GHashTableIter iter;
  const gchar *token;
  BmBatchReportCause *cause;
  g_hash_table_iter_init (&iter, report->by_cause);
  while (g_hash_table_iter_next (&iter, (gpointer *) &token, (gpointer *) &cause)) {
    BmBatchReportCause copy = {g_strdup (token), cause->rows, cause->items, advice_of (token),
                               command_of (report, token)};
    g_array_append_val (report->causes, copy);
  }
  g_array_sort (report->causes, compare_causes);
  g_ptr_array_sort (report->mailboxes, compare_mailboxes);
  const BmBatchReportMailbox *worst =
      report->mailboxes->len > 0 ? g_ptr_array_index (report->mailboxes, 0) : NULL;
  report->grade = worst != NULL ? worst->grade : BM_GRADE_PERFECT;
  report->rule = worst != NULL ? g_strdup_printf ("the worst of its mailboxes: %s, %s", worst->user,
                                                  worst->rule)
                               : g_strdup ("no rows");
  report->exit_status = exit_status_of (report);
}
