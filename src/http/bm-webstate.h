/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* How far an import is, read from the disk: the output of its workers, its batch, its worker's state
 * and its journal. Nothing is remembered, so every daemon tells the same. Opens databases: not for
 * the main thread. docs/api.md describes the objects. */
#pragma once

#include "http/bm-webimport.h"
#include "job/bm-batch.h"
#include "job/bm-worker-state.h"

#include <bm-pst-import/report.h>

G_BEGIN_DECLS

/* X (SYMBOL, token) */
#define BM_WEBSTAGES(X)                                                                            \
  X (INSPECTING, "inspecting")                                                                     \
  X (READY, "ready")                                                                               \
  X (CHECKING, "checking")                                                                         \
  X (CHECKED, "checked")                                                                           \
  X (WAITING, "waiting")                                                                           \
  X (RUNNING, "running")                                                                           \
  X (PAUSED, "paused")                                                                             \
  X (ENDED, "ended")                                                                               \
  X (REFUSED, "refused")                                                                           \
  X (CANCELLED, "cancelled")

typedef enum {
#define X(sym, token) BM_WEBSTAGE_##sym,
  BM_WEBSTAGES (X)
#undef X
} BmWebStage;

const gchar *bm_webstage_token (BmWebStage stage);
/* Nothing happens any more unless somebody orders it. */
gboolean bm_webstage_is_over (BmWebStage stage);

/* Names of an import's workers: bm_webworker_start. */
#define BM_WEBWORKER_INSPECT   "inspect"
#define BM_WEBWORKER_OWNER     "owner"
#define BM_WEBWORKER_CHECK     "check"
#define BM_WEBWORKER_CONDUCTOR "conductor"
#define BM_WEBCHECKS           "checks.json" /* what the daemon itself found when it was checked */

typedef struct {
  BmWebStage stage;
  gboolean conducted; /* somebody conducts its batch */
  gboolean wants_run; /* nobody told it to pause or stop */
  gboolean retryable; /* over, and not all is well */
  gboolean success;   /* over, and everything is proven or skipped by rule */
  gboolean inspected; /* the walk has told its end */
  gchar *check_level; /* "ok", "warning", "stop"; "" while there is no check */
} BmWebLook;

void bm_weblook_clear (BmWebLook *look);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (BmWebLook, bm_weblook_clear)

void bm_webstate_look (const BmConfig *config, const BmWebImport *import, BmWebLook *look);
/* The object of GET imports/ID, but for what only the daemon knows (purge_at, lag_seconds).
 * with_census: FALSE leaves out what never changes and may be large. look: filled, may be NULL. New. */
JsonObject *bm_webstate_json (const BmConfig *config, const BmWebImport *import,
                              gboolean with_census, BmWebLook *look);

/* Members of an object that tell of a worker: progress. size: of the PST, or bytes counted. New. */
JsonObject *bm_webstate_progress (const BmWorkerState *state, guint64 bytes);
/* The object "result" of a job that is over. New. */
JsonObject *bm_webstate_result (const BmReport *report);
/* "found" "verified"...; of a journal's counts. New. */
JsonObject *bm_webstate_ledger (const BmLedger *ledger);

G_END_DECLS
