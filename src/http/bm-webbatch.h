/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Batches that a browser ordered by uploading their CSV: <jobs>/web/batches/<name>/ with the CSV as it
 * came, the clean one of the rows that may be imported, batch.json and the key. The batch itself is
 * one of bm-batch.h. Reading opens databases: not for the main thread. Errors are JOURNAL unless said
 * otherwise. */
#pragma once

#include "http/bm-webjob.h"
#include "job/bm-mapping.h"

G_BEGIN_DECLS

#define BM_WEBBATCH_NAME_MAX 64

/* Letters, digits and "._-", not beginning with one of these or like a web import's batch. */
gboolean bm_webbatch_is_name (const gchar *name);
/* Its directory; it need not exist. New. */
gchar *bm_webbatch_directory (const gchar *jobs, const gchar *name);
/* Names of all, sorted. New. */
GPtrArray *bm_webbatch_list (const gchar *jobs);
/* Is there a batch of this name, of the browser or of the command line? */
gboolean bm_webbatch_exists (const gchar *jobs, const gchar *name);

typedef struct {
  gchar *by;
  gchar *name;
  GStrv domains; /* uids of its rows' mailboxes */
  gboolean own_key;
  gint64 created_ms, started_ms;
  guint rows;
} BmWebBatch;

void bm_webbatch_free (BmWebBatch *batch);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (BmWebBatch, bm_webbatch_free)
/* NULL when the browser ordered none of this name. */
BmWebBatch *bm_webbatch_load (const gchar *jobs, const gchar *name);
gboolean bm_webbatch_save (const gchar *jobs, const BmWebBatch *batch, GError **error);
/* The path of its clean CSV. New. */
gchar *bm_webbatch_map (const gchar *jobs, const gchar *name);

/* GET batches/NAME. web: NULL for one of the command line. Errors: USAGE when there is none. New. */
JsonObject *bm_webbatch_json (const BmConfig *config, const gchar *name, GError **error);
/* How it is as a whole: a token of BmWebStage. Static. */
const gchar *bm_webbatch_stage (const BmConfig *config, const gchar *name, BmBatch *batch,
                                const GPtrArray *rows);
/* "html", "json", "csv" or "txt". New. */
gchar *bm_webbatch_report (const BmConfig *config, const gchar *name, const gchar *format,
                           GError **error);

G_END_DECLS
