/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* How a batch goes, for people and programs: a table that is rewritten in place on a terminal; lines
 * of JSON on stdout otherwise, one at every change of a row and one every 10 s for the whole. One
 * thread. */
#pragma once

#include "job/bm-conductor.h"
#include "report/bm-batch-report.h"

G_BEGIN_DECLS

typedef struct _BmBatchView BmBatchView;

BmBatchView *bm_batch_view_new (gboolean json);
void bm_batch_view_show (BmBatchView *view, const BmConductorView *now);
/* Tells the end as a line of JSON; nothing without json. page: path of the report as a page. */
void bm_batch_view_end (BmBatchView *view, const BmBatchReport *report, const gchar *page);
/* Erases the table, so that what follows stands alone. */
void bm_batch_view_hide (BmBatchView *view);
void bm_batch_view_free (BmBatchView *view);

G_END_DECLS
