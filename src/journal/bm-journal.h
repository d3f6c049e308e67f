/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The journal of one job: the durable state of every item, in one SQLite file (WAL,
 * synchronous=FULL). Intent is committed before bytes leave, the outcome after the server's
 * answer; never the other way round. Readers (status, report) may open it while a job writes.
 *
 * Errors are BM_CAUSE_JOURNAL unless said otherwise. One thread per BmJournal. */
#pragma once

#include "journal/bm-state.h"

#include <bm-pst-import/model.h>

G_BEGIN_DECLS

typedef struct _BmJournal BmJournal;

typedef enum {
  BM_ORIGIN_NONE,
  BM_ORIGIN_APPENDED, /* by this job */
  BM_ORIGIN_BEFORE,   /* was already there */
} BmOrigin;

/* A row of an item. Strings are owned. */
typedef struct {
  guint32 nid;
  guint32 folder; /* nid of the PST folder */
  BmState state;
  BmOrigin origin;
  BmRule rule;   /* SKIPPED */
  BmCause cause; /* FAILED, UNVERIFIED; BM_CAUSE_LAST = none */
  gchar *reason; /* FAILED: what happened, the server's words; UNVERIFIED: body-missing, stalled */
  gchar *message_class;
  gboolean rendered; /* guid .. notes are set */
  BmGuid guid;
  gint64 size;
  gint64 internal_date;
  BmFlags flags;
  gchar *keywords; /* separated by spaces */
  gchar *message_id;
  gchar *subject; /* NULL unless the job keeps subjects */
  guint attachments;
  BmNotes notes;
  gboolean intent; /* PLANNED: bytes may have left */
  guint32 uidvalidity, uid;
  gint64 appended_ms, verified_ms; /* wall clock, milliseconds since 1970; 0 = not yet */
} BmJournalItem;

/* A row of a PST folder and its target. */
typedef struct {
  guint32 nid;
  guint32 parent;
  gchar *path; /* below the IPM subtree; NULL outside */
  BmRole role;
  BmRule rule;
  gchar *target; /* full name on the server; NULL when nothing of it is imported */
  BmNotes notes; /* FOLDER_RENAMED, INBOX_CHILD_MOVED */
} BmJournalFolder;

/* A row of a target folder: what was true when this job first opened it. */
typedef struct {
  gchar *name;
  gboolean existed;
  guint32 uidvalidity;
  guint32 mark; /* UIDNEXT then */
} BmJournalTarget;

void bm_journal_item_clear (BmJournalItem *item);
void bm_journal_folder_clear (BmJournalFolder *folder);
void bm_journal_target_clear (BmJournalTarget *target);

/* Creates or opens. read_only for status and report. */
BmJournal *bm_journal_open (const gchar *path, gboolean read_only, GError **error);
/* A copy in memory of the journal at path, which another process may be writing; an empty one when
 * there is none. */
BmJournal *bm_journal_open_copy (const gchar *path, GError **error);
void bm_journal_close (BmJournal *journal);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (BmJournal, bm_journal_close)

/* Facts about the job: "pst.identity", "user.uid"... NULL when unset. */
gchar *bm_journal_get (BmJournal *journal, const gchar *key);
gboolean bm_journal_set (BmJournal *journal, const gchar *key, const gchar *value, GError **error);
gint64 bm_journal_get_int (BmJournal *journal, const gchar *key, gint64 fallback);
gboolean bm_journal_set_int (BmJournal *journal, const gchar *key, gint64 value, GError **error);

/* One transaction around several changes; durable at commit. They do not nest. */
gboolean bm_journal_begin (BmJournal *journal, GError **error);
gboolean bm_journal_commit (BmJournal *journal, GError **error);
void bm_journal_rollback (BmJournal *journal);

/* Planning: rows as the census gave them. */
gboolean bm_journal_add_folder (BmJournal *journal, const BmJournalFolder *folder, GError **error);
gboolean bm_journal_add_item (BmJournal *journal, guint32 nid, guint32 folder, BmRule rule,
                              GError **error);

/* The selection changed. NONE: what a selection's rule had left out of the folder is PLANNED again.
 * EXCLUDED: see bm_journal_leave_excluded. */
gboolean bm_journal_select_folder (BmJournal *journal, guint32 nid, BmRule rule, GError **error);
/* What is PLANNED without intent in folders that are EXCLUDED is SKIPPED: n items. What is in doubt
 * there stays so, because the server may have it. */
gboolean bm_journal_leave_excluded (BmJournal *journal, guint *n, GError **error);

/* Targets. */
gboolean bm_journal_add_target (BmJournal *journal, const BmJournalTarget *target, GError **error);
/* The messages a target held before (BmStored): taken one by one by bm_journal_take_before. */
gboolean bm_journal_add_before (BmJournal *journal, const gchar *target, const GArray *stored,
                                GError **error);
/* The target was made anew: none of them is there any more. */
gboolean bm_journal_forget_before (BmJournal *journal, const gchar *target, GError **error);
/* A copy of this guid that was in the target before and that no item has taken: marks it taken and
 * gives its uid; 0 when there is none. FALSE on error. */
gboolean bm_journal_take_before (BmJournal *journal, const gchar *target, const BmGuid *guid,
                                 guint32 *uid, GError **error);

/* From now on rows of messages hold their subject too, for reports with subjects. */
void bm_journal_keep_subjects (BmJournal *journal);

/* Changes of one item. A transition the table forbids is an error of cause INTERNAL. */
gboolean bm_journal_skip (BmJournal *journal, guint32 nid, BmRule rule, const gchar *message_class,
                          GError **error);
gboolean bm_journal_fail (BmJournal *journal, guint32 nid, BmCause cause, const gchar *reason,
                          GError **error);
/* Rendered and about to be sent. */
gboolean bm_journal_intend (BmJournal *journal, const BmMessage *message, GError **error);
/* Looked, and it is not there: the intent is void. */
gboolean bm_journal_forget_intent (BmJournal *journal, guint32 nid, GError **error);
gboolean bm_journal_appended (BmJournal *journal, guint32 nid, guint32 uidvalidity, guint32 uid,
                              GError **error);
/* Rendered, and already there before this job. */
gboolean bm_journal_present (BmJournal *journal, const BmMessage *message, guint32 uidvalidity,
                             guint32 uid, GError **error);
/* VERIFIED, DIFFERS, GONE or UNVERIFIED (with a reason); adds notes. */
gboolean bm_journal_conclude (BmJournal *journal, guint32 nid, BmState state, const gchar *reason,
                              BmNotes notes, GError **error);
gboolean bm_journal_add_notes (BmJournal *journal, guint32 nid, BmNotes notes, GError **error);
/* FAILED items (of one cause, or of all with BM_CAUSE_LAST) become PLANNED again. */
gboolean bm_journal_retry (BmJournal *journal, BmCause cause, guint *n, GError **error);

/* Reading. The callback returns FALSE to stop. Rows come in order of nid; strings are borrowed. */
typedef gboolean (*BmJournalItemFunc) (const BmJournalItem *item, gpointer data);
typedef gboolean (*BmJournalFolderFunc) (const BmJournalFolder *folder, gpointer data);
typedef gboolean (*BmJournalTargetFunc) (const BmJournalTarget *target, gpointer data);
gboolean bm_journal_each_item (BmJournal *journal, BmJournalItemFunc func, gpointer data,
                               GError **error);
gboolean bm_journal_each_folder (BmJournal *journal, BmJournalFolderFunc func, gpointer data,
                                 GError **error);
gboolean bm_journal_each_target (BmJournal *journal, BmJournalTargetFunc func, gpointer data,
                                 GError **error);
/* Nids of items PLANNED (ascending); with_intent selects those in doubt or those not. */
GArray *bm_journal_planned (BmJournal *journal, gboolean with_intent, GError **error);

/* Counts for the ledger, straight from the rows. */
typedef struct {
  guint64 found; /* rows of items: what the census counted is in the fact "census.items" */
  guint64 by_state[BM_STATE_LAST];
  guint64 in_doubt;
  guint64 present_before;
  guint64 verified_bytes, appended_bytes;
} BmJournalCounts;
gboolean bm_journal_counts (BmJournal *journal, BmJournalCounts *counts, GError **error);

G_END_DECLS
