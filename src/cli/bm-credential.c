/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* See bm-credential.h. Must not know IMAP. */
#include "cli/bm-credential.h"

#include "base/bm-backoff.h"
#include "base/bm-failpoint.h"
#include "cli/bm-session.h"
#include "job/bm-passwords.h"

#define DELETE_TRIES                                                                               \
  {                                                                                                \
    .first_ms = 500, .max_ms = 2000, .tries = 4                                                    \
  }

const gchar *
bm_credential_word (BmCredentialKind kind)
{
  static const gchar *const words[] = {"none", "password-file", "passwords", "token", "api-key"};
  return words[kind];
}

gboolean
bm_credential_check (const BmCredentialOptions *options, GError **error)
{
  const gchar *word = options->credential;
  if ((options->password_file != NULL) + (options->passwords != NULL) + (word != NULL) > 1) {
    g_set_error_literal (error, BM_ERROR, BM_CAUSE_USAGE,
                         "give one of --password-file, --passwords and --credential");
    return FALSE;
  }
  if (word == NULL || g_str_equal (word, "token") || g_str_equal (word, "api-key"))
    return TRUE;
  g_set_error (error, BM_ERROR, BM_CAUSE_USAGE, "--credential %s: not one of token, api-key", word);
  return FALSE;
}

/* ---- tokens ---- */

static gboolean
ensure_token (BmCredential *credential, GError **error)
{
  if (credential->token != NULL && !bm_core_ping (credential->core, credential->token, NULL))
    g_clear_pointer (&credential->token, g_free);
  if (credential->token == NULL) {
    g_clear_pointer (&credential->imap_login, g_free);
    if (!bm_core_su (credential->core, credential->user->mail_login, &credential->token,
                     &credential->imap_login, error))
      return FALSE;
  }
  credential->token_used = g_get_monotonic_time ();
  return TRUE;
}

gboolean
bm_credential_give (gpointer data, gchar **password, GError **error)
{
  BmCredential *credential = data;
  if (credential->secret == NULL && !ensure_token (credential, error))
    return FALSE;
  *password = g_strdup (credential->secret != NULL ? credential->secret : credential->token);
  return TRUE;
}

void
bm_credential_tick (BmCredential *credential)
{
  gint64 now = g_get_monotonic_time ();
  if (credential->token == NULL || now - credential->token_used < credential->keep_alive_us)
    return;
  credential->token_used = now;
  g_autoptr (GError) error = NULL;
  if (!bm_core_ping (credential->core, credential->token, &error))
    g_info ("the core does not know the token any more: %s", error->message);
}

/* ---- API keys ---- */

/* Also after an answer that was lost: whatever has this name is ours and goes. */
static gboolean
delete_key (BmCredential *credential, GError **error)
{
  guint n = 0;
  return ensure_token (credential, error) &&
         bm_core_delete_keys (credential->core, credential->token, credential->note->name, &n,
                              error);
}

static void
take_key_back (BmCredential *credential)
{
  BmBackoff backoff = DELETE_TRIES;
  guint wait_ms = 0;
  bm_failpoint ("key.delete.before");
  for (;;) {
    g_autoptr (GError) error = NULL;
    if (delete_key (credential, &error)) {
      bm_failpoint ("key.delete.after");
      bm_key_note_settle (credential->note);
      break;
    }
    if (!bm_backoff_next (&backoff, &wait_ms)) {
      g_warning ("the API key %s of %s could not be deleted: %s; the next import does it",
                 credential->note->name, credential->user->mail_login, error->message);
      break;
    }
    g_usleep (wait_ms * 1000);
  }
  g_clear_pointer (&credential->note, bm_key_note_free);
}

static gboolean
make_key (BmCredential *credential, const BmConfig *config, const gchar *jobs, GError **error)
{
  if (!ensure_token (credential, error))
    return FALSE;
  credential->note = bm_key_note_new (jobs, credential->user->mail_login, config->core_url, error);
  if (credential->note == NULL)
    return FALSE;
  bm_failpoint ("key.create.before");
  if (!bm_core_create_key (credential->core, credential->token, credential->note->name,
                           &credential->secret, error))
    return FALSE; /* the close deletes what may have been made all the same */
  bm_failpoint ("key.create.after");
  return TRUE;
}

/* As the user, once more: the key of a process that is gone. */
static gboolean
delete_orphan (BmCore *core, const BmKeyNote *note, GError **error)
{
  g_autofree gchar *token = NULL, *imap_login = NULL;
  guint n = 0;
  if (!bm_core_su (core, note->login, &token, &imap_login, error))
    return FALSE;
  gboolean ok = bm_core_delete_keys (core, token, note->name, &n, error);
  bm_core_logout (core, token, NULL);
  if (ok)
    g_message ("an import that was killed left %u API key of %s: deleted", n, note->login);
  return ok;
}

void
bm_credential_sweep (BmCore *core, const BmConfig *config, const gchar *jobs,
                     gboolean (*is_unknown) (const BmConfig *config, const gchar *login))
{
  g_autoptr (GPtrArray) notes = bm_key_note_orphans (jobs, config->core_url);
  for (guint i = 0; i < notes->len; i++) {
    BmKeyNote *note = g_ptr_array_index (notes, i);
    g_autoptr (GError) error = NULL;
    if (core != NULL && delete_orphan (core, note, &error)) {
      bm_key_note_settle (note);
    } else if (core != NULL && is_unknown (config, note->login)) {
      g_message ("the user %s of a left API key does not exist any more", note->login);
      bm_key_note_settle (note);
    } else {
      g_warning (
          "the API key %s of %s, left by an import that was killed, could not be deleted: %s",
          note->name, note->login, error != NULL ? error->message : "no admin key");
    }
  }
}

/* ---- opening and closing ---- */

static gboolean
open_passwords (BmCredential *credential, const BmCredentialOptions *options, GError **error)
{
  const BmUser *user = credential->user;
  g_autofree gchar *by_name = g_strconcat (user->login, "@", user->domain_name, NULL);
  const gchar *names[] = {options->address, user->mail_login, by_name, NULL};
  credential->kind = BM_CREDENTIAL_PASSWORDS;
  credential->secret = bm_passwords_find (options->passwords, names, error);
  return credential->secret != NULL;
}

static gboolean
wants_key (const BmCredentialOptions *options, const BmConfig *config)
{
  if (options->dry_run)
    return FALSE;
  return options->credential != NULL ? g_str_equal (options->credential, "api-key")
                                     : config->credential == BM_CONFIG_CREDENTIAL_API_KEY;
}

gboolean
bm_credential_open (BmCredential *credential, const BmCredentialOptions *options,
                    const BmConfig *config, BmCore *core, const BmUser *user, GError **error)
{
  *credential = (BmCredential){
      .core = core,
      .user = user,
      .keep_alive_us = (gint64) config->core_keep_alive_s * G_USEC_PER_SEC,
  };
  if (options->passwords != NULL)
    return open_passwords (credential, options, error);
  if (options->password_file != NULL) {
    credential->kind = BM_CREDENTIAL_PASSWORD_FILE;
    credential->secret = bm_session_read_secret (options->password_file, "--password-file", error);
    return credential->secret != NULL;
  }
  if (core == NULL) {
    g_set_error_literal (error, BM_ERROR, BM_CAUSE_CONFIG,
                         "no credential for the user: give --password-file (password or API key), "
                         "--passwords, or [core] token-file for BlueMind's admin key");
    return FALSE;
  }
  gboolean key = wants_key (options, config);
  credential->kind = key ? BM_CREDENTIAL_API_KEY : BM_CREDENTIAL_TOKEN;
  return key ? make_key (credential, config, options->jobs, error)
             : ensure_token (credential, error);
}

void
bm_credential_close (BmCredential *credential)
{
  if (credential->note != NULL)
    take_key_back (credential);
  if (credential->token != NULL && !bm_core_logout (credential->core, credential->token, NULL))
    g_info ("could not log the token out; it ends by itself after 20 idle minutes");
  g_clear_pointer (&credential->secret, g_free);
  g_clear_pointer (&credential->token, g_free);
  g_clear_pointer (&credential->imap_login, g_free);
}
