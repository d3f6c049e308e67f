/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The report of a batch: what became of every row and mailbox, one ledger over all, causes grouped
 * with what to do, and a grade that is the worst of its mailboxes'. One struct, four renderings.
 * Must not know where the rows come from. One thread. */
#pragma once

#include <bm-pst-import/report.h>

G_BEGIN_DECLS

#define BM_BATCH_REPORT_VERSION 1 /* of the JSON: docs/batch.md */

typedef struct {
  guint line;
  gchar *file, *user, *into, *state; /* state: a token of docs/batch.md */
  gint status;                       /* exit status of the last run; -1 = none */
  gchar *cause, *message;            /* what stopped it; "" when nothing did */
  gchar *job;                        /* name of its job directory; "" when it came to none */
  gint64 started_ms, ended_ms;       /* since 1970; 0 = not */
  gboolean has_ledger;
  BmLedger ledger;
  BmGrade grade;
  gchar *rule;         /* that gave the grade */
  GPtrArray *warnings; /* gchar *: of its job; NULL when there is none */
} BmBatchReportRow;

typedef struct {
  gchar *key;  /* rows with one key are one mailbox */
  gchar *user; /* as its first row writes it */
  guint rows;
  BmGrade grade; /* the worst of its rows */
  gchar *rule;
  BmLedger ledger;
} BmBatchReportMailbox;

typedef struct {
  gchar *cause; /* token */
  guint rows;   /* stopped by it */
  guint64 items;
  const gchar *advice;
  gchar *command; /* that tries again, when the advice was followed */
} BmBatchReportCause;

typedef struct {
  gchar *name, *map, *directory, *trouble;
  gint64 started_ms, finished_ms;
  const gchar *links;   /* of the page: what precedes the name of a job; static */
  gboolean running;     /* some row is waiting or running */
  GPtrArray *rows;      /* BmBatchReportRow * */
  GPtrArray *mailboxes; /* BmBatchReportMailbox *, by grade (worst first), then user */
  GArray *causes;       /* BmBatchReportCause, most rows and items first */
  GHashTable *by_key;   /* key -> BmBatchReportMailbox * */
  GHashTable *counted;  /* names of the jobs that are in the sums */
  GHashTable *by_cause; /* token -> BmBatchReportCause *; while rows are added */
  BmLedger ledger;
  BmGrade grade;
  gchar *rule;
  gint exit_status;
} BmBatchReport;

BmBatchReport *bm_batch_report_new (const gchar *name, const gchar *map, const gchar *directory);
void bm_batch_report_free (BmBatchReport *report);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (BmBatchReport, bm_batch_report_free)
/* A job that an earlier row has brought is in the sums already. Takes the row; its ledger, grade, rule and warnings are filled from job's report, which is
 * NULL for a row that came to no job. key: of the mailbox. */
void bm_batch_report_add (BmBatchReport *report, BmBatchReportRow *row, const gchar *key,
                          const BmReport *job);
/* Sums, groups, grades. Once, after the last row. */
void bm_batch_report_finish (BmBatchReport *report);

/* As those of bm-pst-import/report.h. The page links the jobs' pages by relative addresses: links,
 * the job's name, "/report.html"; by default as they lie in the directory of jobs. */
gchar *bm_batch_report_to_text (const BmBatchReport *report);
gchar *bm_batch_report_to_json (const BmBatchReport *report);
gchar *bm_batch_report_to_csv (const BmBatchReport *report); /* one line a row of the batch */
gchar *bm_batch_report_to_html (const BmBatchReport *report);

G_END_DECLS
