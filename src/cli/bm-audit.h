/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The audit log: who imported which file into whose mailbox, when, with what result. One JSON object
 * a line in <jobs>/audit.log, which is only ever appended to (mode 0600). Holds no subject, no
 * secret. docs/operation.md describes the members. One thread. */
#pragma once

#include <bm-pst-import/report.h>

G_BEGIN_DECLS

/* Borrowed; NULL or 0 = not known (yet). */
typedef struct {
  const gchar *event; /* "begin", "end", "refused" */
  const gchar *run;   /* the same in the begin and the end of one run */
  const gchar *file;  /* absolute; need not be UTF-8 */
  guint64 size;       /* bytes */
  const gchar *pst_identity;
  const gchar *address, *uid, *domain, *into, *credential, *job;
  const gchar *owner;     /* token of the owner rule's verdict; NULL: not asked */
  const gchar *cause;     /* why it stopped or was refused; token */
  const BmLedger *ledger; /* NULL: none */
  gint status;            /* exit status; negative: not over */
} BmAuditLine;

/* Who runs the program. Strings are owned. */
typedef struct {
  guint uid;
  gchar *name;
  gchar *sudo_user; /* who became this one by sudo; NULL */
} BmOperator;

void bm_operator_self (BmOperator *operator_);
void bm_operator_clear (BmOperator *operator_);
/* One line without line end. Pure. New. */
gchar *bm_audit_format (const BmAuditLine *line, const BmOperator *operator_, gint64 unix_ms);
/* Appends the line, on disk when this returns; a line that a crash cut off is ended first. Error:
 * JOURNAL. */
gboolean bm_audit_write (const gchar *jobs, const BmAuditLine *line, GError **error);

G_END_DECLS
