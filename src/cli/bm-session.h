/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Everything of BlueMind that one import needs, opened in order: the user in the directory, the
 * core, a credential for that user, the witness, the sink; and the preflight between them. Only
 * here and in the commands do adapters meet the engine. One thread. */
#pragma once

#include "cli/bm-cli.h"
#include "cli/bm-credential.h"

#include <bm-pst-import/witness.h>

G_BEGIN_DECLS

typedef BmCredentialOptions BmSessionOptions;

typedef struct {
  const BmConfig *config;
  BmUser *user;
  BmCore *core; /* NULL without core key */
  BmCredential credential;
  gint64 asked; /* monotonic us: when the directory last said where the mailbox is */
  guint64 message_size_limit;
  BmWitness *witness;
  gboolean bluemind40; /* its upgrade deletes folders below the inbox */
  BmSink *sink;
  gchar *imap_host;
} BmSession;

/* The first line of a file. New. Error: CONFIG; what: for people. */
gchar *bm_session_read_secret (const gchar *path, const gchar *what, GError **error);
/* The user in the directory, asked again when the database cuts the connection. addressee: as
 * bm_directory_lookup. */
BmUser *bm_session_find_user (const BmConfig *config, const gchar *address, BmAddressee *addressee,
                              GError **error);
/* Whether BlueMind serves this domain (lower case). */
gboolean bm_session_serves (const BmConfig *config, const gchar *domain, gboolean *served,
                            GError **error);
/* Every address of this user, lower case. New. */
GStrv bm_session_addresses (const BmConfig *config, const BmUser *user, GError **error);
/* *core is NULL without admin key. */
gboolean bm_session_open_core (const BmConfig *config, BmCore **core, GError **error);
void bm_session_close_core (BmCore *core); /* NULL is fine */
typedef struct {
  gint64 left_kib, quota_kib; /* quota_kib 0: none, and nothing is compared */
} BmQuota;

/* What a mailbox may hold, and how much of it is left; without core (NULL) what the directory knows,
 * and the mailbox counts as empty. Errors: as bm_core_quota. */
gboolean bm_session_quota (BmCore *core, const BmUser *user, BmQuota *quota, GError **error);
/* The rule of map --check and of import. bytes: an estimate from the items' sizes (bm-evidence.h);
 * with: what else is counted in, for people; "". Error: OVER_QUOTA. Pure. */
gboolean bm_session_fits (const BmQuota *quota, guint64 bytes, const gchar *with, GError **error);
/* Deletes API keys that killed imports left, finds the user, asks the core for state and limits,
 * opens the credential. Nothing has been sent to the mailbox. */
BmSession *bm_session_open (const BmConfig *config, const BmSessionOptions *options,
                            GError **error);
/* Only the user and the witness: for verify. */
BmSession *bm_session_open_witness (const BmConfig *config, const gchar *address, GError **error);
gboolean bm_session_connect_witness (BmSession *session, GError **error);
/* Connects and logs in, so that a mail server that is away is known before the census. A first
 * connection that fails is SERVICE_UNAVAILABLE: nothing was started. */
gboolean bm_session_connect_sink (BmSession *session, GError **error);
/* A BmGuardFunc; data is the session. Asks the directory again every [directory] recheck seconds,
 * and at most every 5 s when it is urgent. Errors: MAILBOX_MOVED naming both servers; what the
 * directory says of a user that may not receive any more. */
gboolean bm_session_guard (gboolean urgent, gpointer data, GError **error);
/* An import ended with *error; when the directory knows a better reason, that takes its place. */
void bm_session_explain (BmSession *session, GError **error);
/* Takes the credential back. */
void bm_session_free (BmSession *session);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (BmSession, bm_session_free)

G_END_DECLS
