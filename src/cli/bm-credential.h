/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* As the user without knowing the user: what is given to IMAP as password, kept alive, and taken
 * back at the end. A password file, a passwords file, a token of the core, or an API key that lives
 * as long as the import and whose note outlives a crash. No secret is ever logged. One thread. */
#pragma once

#include "bluemind/bm-core.h"
#include "bluemind/bm-directory.h"
#include "job/bm-config.h"
#include "job/bm-key-note.h"

G_BEGIN_DECLS

typedef enum {
  BM_CREDENTIAL_NONE,
  BM_CREDENTIAL_PASSWORD_FILE,
  BM_CREDENTIAL_PASSWORDS,
  BM_CREDENTIAL_TOKEN,
  BM_CREDENTIAL_API_KEY,
} BmCredentialKind;

/* Borrowed. */
typedef struct {
  const gchar *address;       /* --user */
  const gchar *password_file; /* a password or an API key */
  const gchar *passwords;     /* of many users */
  const gchar *credential;    /* "token" or "api-key"; NULL = as configured */
  const gchar *jobs;          /* directory of the jobs, and of the notes */
  gboolean dry_run;           /* makes and deletes no key */
} BmCredentialOptions;

typedef struct {
  BmCredentialKind kind;
  BmCore *core;       /* borrowed; NULL without admin key */
  const BmUser *user; /* borrowed */
  gchar *secret;      /* of the files, or the API key */
  gchar *token, *imap_login;
  gint64 token_used;    /* monotonic us of the last ping */
  gint64 keep_alive_us; /* between two pings */
  BmKeyNote *note;
} BmCredential;

/* Error: USAGE, when the options contradict each other. */
gboolean bm_credential_check (const BmCredentialOptions *options, GError **error);
/* Errors: CONFIG, LOGIN_REFUSED, SERVICE_UNAVAILABLE, JOURNAL. core may be NULL. */
gboolean bm_credential_open (BmCredential *credential, const BmCredentialOptions *options,
                             const BmConfig *config, BmCore *core, const BmUser *user,
                             GError **error);
/* For BmImapOptions.password; data is the BmCredential. Asked at every connect. */
gboolean bm_credential_give (gpointer data, gchar **password, GError **error);
/* Keeps a token alive; call it often. */
void bm_credential_tick (BmCredential *credential);
/* Deletes the API key, logs the token out. */
void bm_credential_close (BmCredential *credential);
/* "token"...: for the audit log. Static. */
const gchar *bm_credential_word (BmCredentialKind kind);
/* Deletes the keys of processes that are gone, found by their notes. Failures are told and left for
 * the next time. is_unknown says whether the directory does not know this login any more. */
void bm_credential_sweep (BmCore *core, const BmConfig *config, const gchar *jobs,
                          gboolean (*is_unknown) (const BmConfig *config, const gchar *login));

G_END_DECLS
