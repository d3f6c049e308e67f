/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The second seam: where messages go.
 *
 * append is not idempotent. An outcome IN_DOUBT means: the server may or may not have stored the
 * message; the only legal next step is to look: list from the mark on, or when that answers
 * UNSUPPORTED the witness's list, and to compare with the guid of the intent. After an error of
 * scope RETRY call connect again, then look. One thread. */
#pragma once

#include <bm-pst-import/model.h>

G_BEGIN_DECLS

typedef struct _BmSink BmSink;

/* What the server allows in folder names. Borrowed from the sink. */
typedef struct {
  gchar separator;           /* '/' for BlueMind */
  const gchar *refused;      /* ASCII characters not allowed inside a name, besides controls */
  gsize max_name;            /* bytes of one name, UTF-8 */
  gsize max_path;            /* bytes of a whole path as sent (modified UTF-7) */
  const gchar *const *taken; /* top-level names that are namespaces or must not be written to */
} BmNameRules;

/* What every BlueMind from 4.0 to 5 takes, with the folder that nothing may be put into. */
extern const BmNameRules bm_name_rules_bluemind;

/* A target folder, opened. name is the full name as t_mailbox_replica.name has it: "INBOX",
 * "Imported/2019". */
typedef struct {
  gchar *name;
  gboolean existed;    /* before this open */
  guint32 uidvalidity; /* 0 when a dry run did not create it */
  guint32 uidnext;     /* at this open: the mark for list */
  gpointer sink_data;  /* the sink's own; freed by the sink */
} BmTarget;

typedef enum {
  BM_OUTCOME_NONE,     /* not sent (an earlier error ended the batch) */
  BM_OUTCOME_APPENDED, /* uidvalidity and uid are known; with text: its keywords were left out */
  BM_OUTCOME_REFUSED,  /* cause and the server's words */
  BM_OUTCOME_IN_DOUBT, /* sent, no answer, or an answer without APPENDUID */
} BmOutcomeKind;

typedef struct {
  BmOutcomeKind kind;
  guint32 uidvalidity, uid;
  BmCause cause;
  gchar *text; /* the server's words; owned */
} BmOutcome;

void bm_outcome_clear (BmOutcome *outcome);

typedef struct {
  gsize max_messages;       /* of one append call; at least 1 */
  gsize max_bytes;          /* of one append call */
  guint64 max_message_size; /* 0 = none known */
  const gchar *description; /* "Cyrus IMAP, MULTIAPPEND": for the report */
  const gchar *transport;   /* "plain to 127.0.0.1", "TLS", "plain to HOST (allow-plaintext)" */
  gboolean bluemind5;       /* capability BM-ROCKS */
  gboolean can_list;        /* list works (digests in FETCH) */
} BmSinkLimits;

typedef struct {
  /* Connects (again) and logs in as the user. Errors: RETRY, or SETUP (LOGIN_REFUSED,
   * ADMIN_REFUSED, TLS_UNTRUSTED, SERVICE_UNAVAILABLE). */
  gboolean (*connect) (BmSink *sink, GError **error);
  /* Valid after connect. Borrowed. */
  const BmSinkLimits *(*limits) (BmSink *sink);
  const BmNameRules *(*name_rules) (BmSink *sink);
  /* Opens the folder of this full name; with create, makes it (its parents exist) and subscribes.
   * Without create a missing folder gives *target with existed FALSE and uidvalidity 0.
   * Errors: FOLDER_REFUSED (ITEM: concerns all its messages), RETRY. */
  gboolean (*open_folder) (BmSink *sink, const gchar *name, gboolean create, BmTarget **target,
                           GError **error);
  /* Uid and guid of every message of the folder from uid_from on; a GArray of BmStored, ascending.
   * UNSUPPORTED when the server gives no digests. */
  GArray *(*list) (BmSink *sink, BmTarget *target, guint32 uid_from, GError **error);
  /* Sends messages (BmMessage *) to one folder; every message gets an outcome. FALSE with an error
   * when the batch ended early: RETRY (connection), JOB (OVER_QUOTA); outcomes are set all the
   * same. A refusal of one message is an outcome, not an error. */
  gboolean (*append) (BmSink *sink, BmTarget *target, GPtrArray *messages, BmOutcome *outcomes,
                      GError **error);
  /* Keeps the connection alive while the source is slow. */
  gboolean (*idle) (BmSink *sink, GError **error);
  void (*target_free) (BmSink *sink, BmTarget *target);
  void (*free) (BmSink *sink);
} BmSinkOps;

struct _BmSink {
  const BmSinkOps *ops;
};

void bm_sink_free (BmSink *sink);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (BmSink, bm_sink_free)

G_END_DECLS
