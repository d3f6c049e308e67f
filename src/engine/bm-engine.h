/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Private to the room: the state of a running import. One thread. */
#pragma once

#include "journal/bm-journal.h"

#include <bm-pst-import/import.h>

G_BEGIN_DECLS

/* A message that is on the server and not yet proven. */
typedef struct {
  guint32 nid;
  BmClaim claim;        /* folder borrows EngineTarget.name */
  gint64 missing_since; /* monotonic us since the witness first said GONE or BODY_MISSING; 0 */
} EngineClaim;

/* A target folder. */
typedef struct {
  gchar *name;
  BmTarget *open;    /* of the sink; NULL until first needed */
  gboolean wanted;   /* of a folder that is selected now */
  gboolean recorded; /* it has a row in the journal */
  gboolean existed;  /* before this job: its old messages are in the journal's before table */
  guint32 uidvalidity, mark;
  gchar *refused;      /* the server's words when it cannot be opened; else NULL */
  GPtrArray *gathered; /* BmMessage *, waiting for append */
  gsize gathered_bytes;
  GArray *claims;   /* EngineClaim, ascending by uid mostly */
  gboolean looked;  /* the witness was asked for last_uid */
  guint64 last_uid; /* as the witness saw it last */
  guint64 behind;   /* claims beyond last_uid */
} EngineTarget;

struct _BmImport {
  BmSource *source;
  BmSink *sink;
  BmWitness *witness;
  BmJournal *journal;
  BmImportOptions options;
  BmProgressFunc progress_func;
  gpointer progress_data;
  BmGuardFunc guard_func;
  gpointer guard_data;
  BmProgress progress;
  gint64 progress_shown; /* monotonic us */
  gint64 append_started; /* monotonic us; 0 */

  const BmCensus *census;
  GHashTable *by_folder; /* nid of PST folder -> EngineTarget (borrowed) */
  GHashTable *targets;   /* name -> EngineTarget (owned) */
  gsize gathered_bytes;  /* over all targets */
  GHashTable *losses;    /* nid -> connections lost while it was sent alone */
  guint fruitless;       /* connections lost since the last message was stored */
  gint64 sink_used;      /* monotonic us of the last command */

  gint64 poll_due; /* monotonic us */
  guint poll_ms;
  gint64 verify_moved; /* monotonic us: a claim changed or a last_uid rose */
  guint64 open_claims;
  guint64 behind;   /* of them, beyond their folder's last_uid: replication has not come to them */
  gboolean wary;    /* the last run found replication stalled, and nothing has moved since */
  gboolean stalled; /* given up waiting before everything was sent */
  gboolean witness_lost; /* the last look failed */
  gboolean guarded;      /* in this look the guard has said that the mailbox is where it was */
};

/* bm-import.c */
gboolean bm_engine_interrupted (GError **error);
gboolean bm_engine_guard (BmImport *import, gboolean urgent, GError **error);
/* Neither interrupted nor stopped by the guard. */
gboolean bm_engine_may_go_on (BmImport *import, GError **error);
/* After a minute without a word a sign of life to the mail server, so that it does not hang up. */
gboolean bm_engine_keep_alive (BmImport *import, GError **error);
void bm_engine_show (BmImport *import, BmPhase phase, const gchar *trouble);
EngineTarget *bm_engine_target (BmImport *import, const gchar *name);
gboolean bm_engine_each_target (BmImport *import,
                                gboolean (*func) (BmImport *, EngineTarget *, GError **),
                                GError **error);

/* bm-names.c: one name made to fit the server's rules (new, never empty, equal when it fits); bytes
 * of a name in modified UTF-7, from above (RFC 3501 5.1.3); whether a top-level name is not ours. */
gchar *bm_names_safe (const BmNameRules *rules, const gchar *name);
gsize bm_names_encoded_size (const gchar *name);
gboolean bm_names_is_taken (const BmNameRules *rules, const gchar *name);

/* bm-plan.c: where each folder of the PST goes. Fills target and notes; rows in order of nid. */
typedef struct {
  const gchar *into;
  gboolean inbox_children_on_top;
  const BmSelection *selection;
} BmPlanOptions;
GArray *bm_plan_folders (const BmCensus *census, const BmNameRules *rules,
                         const BmPlanOptions *options); /* BmJournalFolder */

/* bm-gather.c: messages by folder within a byte budget. */
/* Takes message. TRUE when the target now holds a full batch. */
gboolean bm_gather_add (BmImport *import, EngineTarget *target, BmMessage *message);
gboolean bm_gather_over_budget (const BmImport *import);
EngineTarget *bm_gather_largest (BmImport *import); /* NULL when nothing is gathered */

/* bm-deliver.c: one batch of one target to the server, whatever it takes. */
gboolean bm_deliver_batch (BmImport *import, EngineTarget *target, GError **error);
/* Opens the target on the server and remembers what it held. refused is set when it cannot be. */
gboolean bm_deliver_open (BmImport *import, EngineTarget *target, GError **error);
/* A target with claims of an earlier run that has been deleted, or deleted and made anew: these
 * messages are GONE. Creates nothing. */
gboolean bm_deliver_check_claimed (BmImport *import, EngineTarget *target, GError **error);
gboolean bm_deliver_reconnect (BmImport *import, const GError *why, GError **error);
/* Does func, and reconnects and does it again as often as that takes, within reason. */
gboolean bm_deliver_surely (BmImport *import, EngineTarget *target,
                            gboolean (*func) (BmImport *, EngineTarget *, GError **),
                            GError **error);

/* bm-settle.c: what became of messages in doubt. */
gboolean bm_settle_target (BmImport *import, EngineTarget *target, GError **error);
gboolean bm_settle_all (BmImport *import, GError **error);

/* bm-verify.c */
void bm_verify_claim (BmImport *import, EngineTarget *target, guint32 nid, guint32 uidvalidity,
                      guint32 uid, const BmGuid *guid, guint32 size, BmFlags flags);
/* The target was deleted: what was claimed of it is GONE. Within a transaction. */
gboolean bm_verify_forsake (BmImport *import, EngineTarget *target, GError **error);
gboolean bm_verify_poll (BmImport *import, GError **error); /* when due */
gboolean bm_verify_wait (BmImport *import, GError **error);
/* To be asked before something is sent: waits while replication stands still, and sets stalled when it
 * stands still for too long. */
gboolean bm_verify_hold (BmImport *import, GError **error);

G_END_DECLS
