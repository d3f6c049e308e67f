/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The verification report: one struct, four renderings. Collected from the journal alone, so that
 * it can be made again at any time. Holds no subject unless the job kept them. One thread. */
#pragma once

#include <bm-pst-import/model.h>

G_BEGIN_DECLS

typedef struct _BmJournal BmJournal;

#define BM_REPORT_VERSION 1 /* of the JSON: docs/report-format.md */

/* A token and how many items it concerns. */
typedef struct {
  const gchar *token; /* borrowed: static, or owned by the report */
  guint64 n;
} BmReportCount;

/* found = verified + unverified + differs + gone + skipped + failed + pending */
typedef struct {
  guint64 found; /* as the census counted */
  guint64 rows;  /* as the journal has them */
  guint64 verified, unverified, differs, gone, skipped, failed, pending;
  guint64 present_before; /* of those on the server: were there before this job */
  guint64 in_doubt;       /* of pending: sent without an answer, not yet looked up */
  guint64 bytes;          /* of the verified messages */
  gboolean balanced;
} BmLedger;

typedef struct {
  gchar *path;   /* in the PST; NULL for folders outside the IPM subtree */
  gchar *target; /* on the server; NULL when nothing goes there */
  BmRule rule;
  guint64 found, verified, unverified, differs, gone, skipped, failed, pending, bytes;
  BmNotes notes;
} BmReportFolder;

/* An item that is neither verified nor skipped by rule. */
typedef struct {
  guint32 nid;
  gchar *folder; /* path in the PST; may be NULL */
  gchar *target;
  const gchar *status; /* "failed" "unverified" "differs" "gone" "pending"; static */
  gchar *cause;        /* token; "" when none */
  gchar *reason;       /* what happened, in words; may be "" */
  const gchar *advice; /* what to do next; static */
  gchar *message_class, *message_id, *subject; /* may be NULL */
  gchar guid[41];                              /* "" when not rendered */
  guint32 uid;
} BmReportException;

/* How much had been appended and verified by then. */
typedef struct {
  gint64 ms; /* since the first append */
  guint64 appended, verified;
} BmReportPoint;

typedef struct {
  /* the job, as facts of the journal; never NULL, "" when unknown */
  gchar *job, *pst_path, *pst_identity, *pst_format, *pst_crypt;
  gchar *user_address, *user_uid, *domain_uid, *into, *selection;
  gchar *render_id, *sandbox, *server, *transport, *witness;
  guint64 pst_size;
  gboolean pst_password, dry_run, stalled, subjects;
  gint64 started_ms, finished_ms; /* since 1970; 0 = unknown */
  BmCause stopped;                /* why it stopped before its end; BM_CAUSE_LAST = it did not */
  gchar *stopped_text;
  BmLedger ledger;
  GArray *rules;         /* BmReportCount, by token */
  GArray *causes;        /* BmReportCount: of failed */
  GArray *reasons;       /* BmReportCount: of unverified */
  GArray *classes;       /* BmReportCount: of not-mail, class */
  GArray *notes;         /* BmReportCount */
  GPtrArray *folders;    /* BmReportFolder, by path */
  GPtrArray *exceptions; /* BmReportException, the gravest status first, then by nid */
  GArray *timeline;      /* BmReportPoint, at most 200, ascending */
  GPtrArray *warnings;   /* gchar * */
  gint exit_status;      /* docs/exit-status.md */
  GStringChunk *strings; /* backs borrowed tokens */
} BmReport;

BmReport *bm_report_collect (BmJournal *journal, GError **error);
void bm_report_free (BmReport *report);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (BmReport, bm_report_free)

/* All give UTF-8 text ending in a newline; free with g_free. Deterministic for equal reports. */
gchar *bm_report_to_text (const BmReport *report);
gchar *bm_report_to_json (const BmReport *report);
gchar *bm_report_to_csv (const BmReport *report);  /* the exceptions; RFC 4180, with BOM and ';' as
                                                     Excel in most of Europe expects */
gchar *bm_report_to_html (const BmReport *report); /* self-contained; no script, no address */

/* Writes report.txt, .json, .csv and .html into the directory (mode 0600), each whole or not at all.
 * Error: JOURNAL. */
gboolean bm_report_save (const BmReport *report, const gchar *directory, GError **error);

/* The stable exit status: 3 out of balance or a difference; the status of what stopped it; 2 not
 * all verified; 1 some failed; 0. */
gint bm_report_exit_status (const BmReport *report);
/* The same in a sentence without a full stop. Static. */
const gchar *bm_report_verdict (const BmReport *report);

/* How good the import of this mailbox is, worst last; docs/batch.md has the rules. */
typedef enum {
  BM_GRADE_PERFECT,
  BM_GRADE_GOOD,
  BM_GRADE_INVESTIGATE,
  BM_GRADE_POOR,
} BmGrade;
/* *rule: which rule gave the grade, in words; new. */
BmGrade bm_report_grade (const BmReport *report, gchar **rule);
const gchar *bm_grade_token (BmGrade grade); /* "perfect"... */

G_END_DECLS
