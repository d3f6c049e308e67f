/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The report of a batch, from its database and the journals of its jobs: at any time, also while it
 * runs. One thread. */
#pragma once

#include "job/bm-batch.h"
#include "report/bm-batch-report.h"

G_BEGIN_DECLS

BmBatchReport *bm_batch_collect (BmBatch *batch, GError **error);
/* report.txt, .json, .csv and index.html in the batch's directory (mode 0600), and those of jobs that
 * came to no report of their own. */
gboolean bm_batch_save_reports (BmBatch *batch, const BmBatchReport *report, GError **error);
/* "text", "json", "csv" or "html". New. */
gchar *bm_batch_render (const BmBatchReport *report, const gchar *format);
/* Whether a row can be stopped by it, or an item fail or stay unproven for it. */
gboolean bm_batch_is_cause (const gchar *token);
/* TRUE when the job has items failed or unproven for this cause. */
gboolean bm_batch_job_has (const gchar *job, const gchar *cause);

G_END_DECLS
