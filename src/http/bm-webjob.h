/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Everything that imports on this host, also what the command line started: jobs and batches, seen
 * through their journals and databases, and the list of all. Who may see what is told by the domain
 * of the mailbox, a fact of the journal. Opens databases: not for the main thread. docs/api.md
 * describes the objects. */
#pragma once

#include "http/bm-webimport.h"
#include "job/bm-batch.h"
#include "report/bm-batch-report.h"

#include <bm-pst-import/report.h>

G_BEGIN_DECLS

/* Who asks. may: for this domain (uid)? every: for all there are. */
typedef struct {
  gboolean (*may) (gconstpointer who, const gchar *domain_uid);
  gconstpointer who;
  gboolean every;
} BmWebViewer;

/* The name of a job or batch: nothing else is looked for on the disk. */
gboolean bm_webjob_is_name (const gchar *text);
/* GET imports/NAME of a job. New. Errors: USAGE when there is none that the viewer may see. */
JsonObject *bm_webjob_json (const BmConfig *config, const gchar *name, const BmWebViewer *viewer,
                            GError **error);
/* The report of a job: "html", "json", "csv" or "txt". New. Errors likewise. */
gchar *bm_webjob_report (const BmConfig *config, const gchar *name, const gchar *format,
                         const BmWebViewer *viewer, GError **error);
/* The same of a web import; USAGE while there is none. */
gchar *bm_webimport_report (const BmConfig *config, const BmWebImport *import, const gchar *format,
                            GError **error);

/* Which domains the rows of a batch belong to. FALSE: one that the viewer may not see, or that is not
 * known yet and he may not see all. */
gboolean bm_webbatch_may (const BmConfig *config, BmBatch *batch, const BmWebViewer *viewer);

/* GET imports. New. */
JsonObject *bm_weblist_json (const BmConfig *config, const BmWebViewer *viewer);

G_END_DECLS
