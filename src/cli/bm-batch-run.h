/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Runs the conductor of a batch with BlueMind's directory and core behind it, shows how it goes, and
 * prints the batch's report at its end. Only here does the conductor meet adapters. One thread. */
#pragma once

#include "cli/bm-cli.h"
#include "job/bm-batch.h"

G_BEGIN_DECLS

/* What a batch remembers of its command line, so that resume and retry go on as it began. */
typedef struct {
  gint parallel, per_server, stall_after; /* 0 = the configuration's, or the default */
  GStrv options;                          /* words of import, for every row; never NULL */
  gchar *on_end;                          /* a command for the shell; NULL = none */
} BmBatchPlan;

void bm_batch_plan_clear (BmBatchPlan *plan);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (BmBatchPlan, bm_batch_plan_clear)
gboolean bm_batch_plan_save (BmBatch *batch, const BmBatchPlan *plan, GError **error);
void bm_batch_plan_load (BmBatch *batch, BmBatchPlan *plan);

typedef struct {
  const BmConfig *config;
  const gchar *config_path; /* of --config; NULL = none */
  const gchar *jobs;
  gboolean stop; /* only tells the imports that run to stop, and waits until they have */
  gboolean json; /* lines of JSON on stdout instead of a table on stderr and text on stdout */
} BmBatchRunOptions;

/* Returns the exit status. */
int bm_batch_run (BmBatch *batch, const BmBatchRunOptions *options);

G_END_DECLS
