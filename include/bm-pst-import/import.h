/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The import: source -> plan -> gather -> deliver -> verify, with a journal as memory.
 *
 * One BmImport is one PST into one mailbox. The same journal given again goes on where it stopped:
 * kill, cancel, crash and power loss are one path. One thread; bm_import_interrupt may be called
 * from a signal handler. */
#pragma once

#include <bm-pst-import/sink.h>
#include <bm-pst-import/source.h>
#include <bm-pst-import/witness.h>

G_BEGIN_DECLS

typedef struct _BmImport BmImport;
typedef struct _BmJournal BmJournal; /* src/journal/bm-journal.h */

/* What of the PST is wanted; zeros: everything. Globs ignore case and name all below what they
 * match. A folder glob may begin with one of Exchange's names (#Inbox#, #SentItems#, #DeletedItems#,
 * #Drafts#, #JunkEmail#...), which means that folder in any language. Borrowed. */
typedef struct {
  const gchar *const *include, *const *exclude;     /* folder globs on the PST's paths */
  const gchar *const *classes, *const *not_classes; /* message class globs: "IPM.Note" */
  gint64 since, before;       /* internal date, seconds since 1970; 0 = open */
  guint64 min_size, max_size; /* bytes of the message; 0 = open */
} BmSelection;

typedef struct {
  const gchar *into; /* full name of the target folder; "/" merges into the mailbox */
  BmSelection selection;
  gboolean empty_folders;         /* make folders without messages too */
  gboolean mark_seen;             /* add \Seen to every message */
  gboolean dry_run;               /* no CREATE, SUBSCRIBE, APPEND */
  gboolean no_wait;               /* do not wait for the proof at the end */
  gboolean inbox_children_on_top; /* BlueMind 4.0: folders below the inbox become top-level ones */
  gsize gather_bytes;             /* rendered bytes held back for batching; 0 = 64 MiB */
  guint poll_min_ms, poll_max_ms; /* between looks at the witness; 0 = 250 and 5000 */
  guint stall_after_s;            /* no progress for so long = stalled; 0 = 600 */
  guint hold_after_ms;            /* nothing is sent after that; 0 = a tenth of stall_after_s */
  guint gone_after_ms;            /* a message must be missing for so long to be GONE; 0 = 30000 */
  guint settle_quiet_ms;          /* between two looks that must agree; 0 = 1000 */
  guint reconnect_tries;          /* 0 = 8, about two minutes */
  guint reconnect_first_ms;       /* 0 = 500 */
  guint idle_after_ms;            /* a quiet sink is asked for a sign of life; 0 = 60000 */
} BmImportOptions;

/* FALSE for a glob that begins with # and names no well-known folder. */
gboolean bm_filter_is_folder_glob (const gchar *glob);
/* Whether messages of this folder (its path) are wanted. */
gboolean bm_filter_takes_folder (const BmSelection *selection, const BmCensus *census,
                                 const gchar *path);
/* BM_RULE_NONE: wanted, as far as its class, date and size tell. */
BmRule bm_filter_message (const BmSelection *selection, const BmMessage *message);
/* One line for people, and to compare two selections; "" when everything is wanted. New. */
gchar *bm_filter_describe (const BmSelection *selection);

/* The canonical form of a target folder that the user named: NFC, INBOX in capitals. NULL with USAGE
 * when the rules do not allow it, or for a folder below the inbox where those are lost (BlueMind
 * 4.0). New. */
gchar *bm_import_canonical_into (const gchar *into, const BmNameRules *rules,
                                 gboolean inbox_children_are_lost, GError **error);
/* "Imported/<base name of the file>" within the rules. New. */
gchar *bm_import_default_into (const gchar *path, const BmNameRules *rules);

typedef enum {
  BM_PHASE_CENSUS,
  BM_PHASE_SETTLE, /* looking for messages in doubt after a crash */
  BM_PHASE_APPEND,
  BM_PHASE_VERIFY,
  BM_PHASE_DONE,
} BmPhase;

typedef struct {
  BmPhase phase;
  guint64 total;  /* items that are to become messages, as far as known */
  guint64 done;   /* of those: appended, present before, skipped or failed */
  guint64 before; /* of done: when this run began to append */
  guint64 appended, present, failed, skipped, verified;
  guint64 proven;       /* of verified: by this run */
  guint64 unproven;     /* on the server, looked for by the witness */
  guint64 bytes;        /* appended or found present, by this run */
  gint64 elapsed_ms;    /* of this run's append phase */
  const gchar *trouble; /* "reconnecting"...; NULL when all is well */
} BmProgress;

typedef void (*BmProgressFunc) (const BmProgress *progress, gpointer data);

/* Nothing is owned; all must outlive the import. source and sink may be NULL for verify only. */
BmImport *bm_import_new (BmSource *source, BmSink *sink, BmWitness *witness, BmJournal *journal,
                         const BmImportOptions *options);
void bm_import_free (BmImport *import);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (BmImport, bm_import_free)
void bm_import_set_progress (BmImport *import, BmProgressFunc func, gpointer data);
/* May the import go on? Asked before every batch and every look, so it must keep its own time;
 * urgent, at most once a batch or look, when witness or mail server failed, when a message or folder is
 * refused, or when messages look gone or different: before that is believed. FALSE with an error stops the import with it; what is not sent stays planned. */
typedef gboolean (*BmGuardFunc) (gboolean urgent, gpointer data, GError **error);
void bm_import_set_guard (BmImport *import, BmGuardFunc func, gpointer data);

/* Runs to the end. FALSE when it stopped before (scope JOB, SETUP, or RETRY after all tries, or
 * INTERRUPTED): what is not yet sent stays PLANNED. Replication that stalls is no error: what is not
 * proven then is UNVERIFIED, what is not sent PLANNED, and the journal's fact "stalled" is 1. */
gboolean bm_import_run (BmImport *import, GError **error);
/* Only looks at the witness for what is not yet proven. */
gboolean bm_import_verify (BmImport *import, GError **error);
/* Asks a running import of this process to stop soon. Async-signal-safe. */
void bm_import_interrupt (void);

G_END_DECLS
