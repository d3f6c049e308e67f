/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* What people tell a batch: pause, resume, cancel, retry. It stands in the database, where a running
 * conductor looks at every tick. See bm-batch.h. */
#include "job/bm-batch.h"

static const gchar *const words[] = {
    [BM_WANT_RUN] = "run", [BM_WANT_PAUSE] = "pause", [BM_WANT_CANCEL] = "cancel"};

gboolean
bm_batch_want (BmBatch *batch, BmWant want, GError **error)
{
  return bm_batch_set (batch, "wanted", words[want], error);
}

BmWant
bm_batch_wanted (BmBatch *batch)
{
  g_autofree gchar *text = bm_batch_get (batch, "wanted");
  for (guint i = 0; text != NULL && i < G_N_ELEMENTS (words); i++)
    if (g_str_equal (text, words[i]))
      return (BmWant) i;
  return BM_WANT_RUN;
}

static gboolean
is_to_retry (const BmBatchRow *row, const gchar *cause,
             gboolean (*job_has) (const gchar *job, const gchar *cause))
{
  gboolean faulty = row->state == BM_ROW_REFUSED && row->status < 0; /* by the mapping itself */
  if (row->line == 0 || faulty || row->state == BM_ROW_WAITING || row->state == BM_ROW_RUNNING ||
      (row->state == BM_ROW_ENDED && row->status == 0))
    return FALSE;
  return cause == NULL || g_strcmp0 (row->cause, cause) == 0 ||
         (*row->job != '\0' && job_has (row->job, cause));
}

gboolean
bm_batch_retry (BmBatch *batch, const gchar *cause,
                gboolean (*job_has) (const gchar *job, const gchar *cause), guint *n,
                GError **error)
{
  g_autoptr (GPtrArray) rows = bm_batch_rows (batch, error);
  *n = 0;
  if (rows == NULL)
    return FALSE;
  for (guint i = 0; i < rows->len; i++) {
    const BmBatchRow *row = g_ptr_array_index (rows, i);
    gboolean done;
    if (!is_to_retry (row, cause, job_has))
      continue;
    /* looking into journals takes its time: a conductor may have taken the row up meanwhile */
    if (!bm_batch_try_again (batch, row->id, &done, error))
      return FALSE;
    *n += done;
  }
  return TRUE;
}
