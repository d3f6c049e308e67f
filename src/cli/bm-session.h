/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Everything of BlueMind that one import needs, opened in order: the user in the directory, the
 * core, a credential for that user, the witness, the sink; and the preflight between them. Only
 * here and in the commands do adapters meet the engine. One thread. */
#pragma once

#include "bluemind/bm-core.h"
#include "bluemind/bm-directory.h"
#include "bluemind/bm-witness-sql.h"
#include "cli/bm-cli.h"

G_BEGIN_DECLS

typedef struct {
  const gchar *address;       /* --user */
  const gchar *password_file; /* a password or an API key; NULL = a token of the core */
} BmSessionOptions;

typedef struct {
  const BmConfig *config;
  BmUser *user;
  BmCore *core;  /* NULL without core key */
  gchar *secret; /* of the password file */
  gchar *token, *imap_login;
  gint64 token_used; /* monotonic us of the last ping */
  guint64 message_size_limit;
  BmWitness *witness;
  BmSink *sink;
  gchar *imap_host;
} BmSession;

/* Finds the user and asks the core for state and limits. Nothing has been sent to the mailbox. */
BmSession *bm_session_open (const BmConfig *config, const BmSessionOptions *options,
                            GError **error);
/* need bytes are about to come: OVER_QUOTA when the core says that there is no room. */
gboolean bm_session_check_quota (BmSession *session, guint64 need, GError **error);
/* Only the user and the witness: for verify. */
BmSession *bm_session_open_witness (const BmConfig *config, const gchar *address, GError **error);
gboolean bm_session_connect_witness (BmSession *session, GError **error);
/* Connects and logs in, so that a mail server that is away is known before the census. A first
 * connection that fails is SERVICE_UNAVAILABLE: nothing was started. */
gboolean bm_session_connect_sink (BmSession *session, GError **error);
/* Keeps the token alive; call it often. */
void bm_session_tick (BmSession *session);
/* Logs the token out. */
void bm_session_free (BmSession *session);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (BmSession, bm_session_free)

G_END_DECLS
