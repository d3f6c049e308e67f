/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Job directories: <jobs>/<login>-<12 hex>/ with journal.sqlite, import.log, reports and a lock.
 * A job is found by mailbox uid, PST identity and target, so the same command finds the same job.
 * Directory and mailbox are locked: one process at a time. One thread. */
#pragma once

#include "journal/bm-journal.h"

G_BEGIN_DECLS

typedef struct {
  gchar *directory;
  BmJournal *journal;
  gint job_lock, mailbox_lock; /* descriptors; -1 */
} BmJob;

/* Finds or makes the job and takes both locks. Errors: LOCKED naming the pid, JOURNAL. */
BmJob *bm_job_open (const gchar *jobs, const gchar *login, const gchar *user_uid,
                    const BmGuid *pst_identity, const gchar *into, GError **error);
/* Another job of this mailbox and target that counted the same file in another state and has not
 * sent everything nor has the fact "superseded": name (new), or NULL. file: absolute path, as in the fact "pst.file". */
gchar *bm_job_find_outdated (const gchar *jobs, const gchar *file, const gchar *user_uid,
                             const BmGuid *pst_identity, const gchar *into);
/* An existing job by its directory, or by its name below jobs; locked unless read_only. */
BmJob *bm_job_open_existing (const gchar *jobs, const gchar *name, gboolean read_only,
                             GError **error);
/* The same job, or a new one, as a copy in memory without locks: leaves nothing behind. */
BmJob *bm_job_open_dry (const gchar *jobs, const gchar *login, const gchar *user_uid,
                        const BmGuid *pst_identity, const gchar *into, GError **error);
/* Directories of all jobs, sorted; empty when there is none. */
GPtrArray *bm_job_list (const gchar *jobs);
/* Pid of the process that holds the job, or 0. */
gint bm_job_owner (const gchar *directory);
void bm_job_free (BmJob *job);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (BmJob, bm_job_free)

G_END_DECLS
