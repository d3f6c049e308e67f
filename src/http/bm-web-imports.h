/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The part of the daemon that imports: private to bm-web-imports.c, bm-web-orders.c, bm-web-batches.c,
 * bm-web-events.c and bm-web-keeper.c. Main thread only, but for what is said to work in a thread. */
#pragma once

#include "http/bm-web.h"
#include "http/bm-webbatch.h"
#include "http/bm-webimport.h"
#include "http/bm-webstate.h"

G_BEGIN_DECLS

typedef struct {
  BmWeb *web;
  const BmConfig *config;
  GHashTable *kept;    /* name of a batch -> Kept *: bm-web-keeper.c */
  GHashTable *lags;    /* id -> Lag * */
  GHashTable *watches; /* key -> Watch *: bm-web-events.c */
  guint keeper;        /* source */
  gboolean keeping;    /* a look is under way */
} BmWebImports;

/* One request and what its thread works on. All members are owned; unused ones are NULL. */
typedef struct {
  BmWebImports *area; /* borrowed */
  BmWebSession *session;
  gchar *id;
  BmWebImport *import;
  gchar *into, *word, *cause;
  JsonObject *options, *answer;
  gchar *text;
  guint64 mails, bytes;
  BmWebIdentity identity;
  BmWebLook look;
} BmWebImportCall;

BmWebImportCall *bm_web_import_call (BmWebImports *area, BmWebRequest *request);
void bm_web_import_call_free (gpointer call);

/* Who asks, for a thread; borrows session. */
BmWebViewer bm_web_viewer_of (const BmWebSession *session);
/* The import ":id" of this request, when its administrator may see it; NULL after an answer. */
BmWebImport *bm_web_import_of (BmWebImports *area, BmWebRequest *request);
/* TRUE after an answer: whoever ordered it signed out while a thread looked, and with his session went
 * the key that a run would use. */
gboolean bm_web_import_signed_out (const BmWebImportCall *call, BmWebRequest *request);
/* Takes object. */
void bm_web_reply_object (BmWebRequest *request, guint status, JsonObject *object);
/* Of work in a thread: USAGE is 404 where something is looked for. */
void bm_web_reply_failure (BmWebRequest *request, const GError *error, guint usage_status);
/* Done of a thread that put the report into call->text: answers with it, or with the failure. */
void bm_web_import_on_report (BmWebRequest *request, gpointer call, const GError *error);
/* "html"... of the last segment of the path; NULL when it is no report. */
const gchar *bm_web_report_format (BmWebRequest *request);

/* What only this daemon knows of a state: lag_seconds, purge_at. */
void bm_web_imports_complete (BmWebImports *area, const gchar *id, JsonObject *state);

/* ---- orders: bm-web-orders.c ---- */

/* Starts the workers that look at the PST and its owner. */
gboolean bm_web_inspect (BmWebImports *area, const BmWebImport *import, GError **error);
/* Starts a conductor: verb is "batch" (map: its CSV), "resume", "cancel" or "retry". by: the
 * administrator, NULL = as before. key: whether the file "key" in directory is to be used; only with
 * by. cause: of retry; NULL = all. */
gboolean bm_web_conduct (BmWebImports *area, const gchar *directory, const gchar *batch,
                         const gchar *verb, const gchar *map, const gchar *by, gboolean key,
                         const gchar *cause, GError **error);
/* Writes the key that identity wants into directory (none: removes it). */
gboolean bm_web_give_key (const BmWebSession *session, BmWebIdentity identity,
                          const gchar *directory, GError **error);

extern const BmWebRoute bm_web_order_routes[];

/* ---- events: bm-web-events.c ---- */

extern const BmWebRoute bm_web_event_routes[];
void bm_web_watches_free (BmWebImports *area);

/* ---- the keeper: bm-web-keeper.c ---- */

/* Looks after an import or batch that runs: its core session stays alive, a conductor that died is
 * started again, and at the end the key is removed and the upload set free. */
void bm_web_keep (BmWebImports *area, const gchar *batch, const gchar *directory);
/* Finds everything again when the daemon starts. */
void bm_web_keeper_begin (BmWebImports *area);
void bm_web_keeper_end (BmWebImports *area);

/* ---- batches: bm-web-batches.c ---- */

extern const BmWebRoute bm_web_batch_routes[];
/* In a thread: the state of a batch that the viewer may see; USAGE else. */
JsonObject *bm_web_batch_read (const BmConfig *config, const gchar *name, const BmWebViewer *viewer,
                               GError **error);

G_END_DECLS
