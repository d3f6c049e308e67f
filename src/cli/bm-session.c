/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* See bm-session.h. Must not know PSTs or journals. */
#include "cli/bm-session.h"

#include "base/bm-backoff.h"
#include "bluemind/bm-directory-rest.h"
#include "bluemind/bm-witness-none.h"
#include "bluemind/bm-witness-sql.h"
#include "imap/bm-imap.h"
#include <string.h>

#define KIB        1024
#define PLAIN_PORT 1143 /* the backend: no nginx between */
#define FIRST_TRIES                                                                                \
  {                                                                                                \
    .first_ms = 100, .max_ms = 1000, .tries = 4                                                    \
  }

static BmDatabase
database_of (const BmConfigDatabase *config)
{
  return (BmDatabase){.host = config->host,
                      .port = config->port,
                      .dbname = config->dbname,
                      .user = config->user,
                      .password = config->password,
                      .timeout_s = config->timeout_s};
}

gchar *
bm_session_read_secret (const gchar *path, const gchar *what, GError **error)
{
  g_autofree gchar *text = NULL;
  g_autoptr (GError) local = NULL;
  if (!g_file_get_contents (path, &text, NULL, &local)) {
    g_set_error (error, BM_ERROR, BM_CAUSE_CONFIG, "%s: %s", what, local->message);
    return NULL;
  }
  g_strdelimit (text, "\r\n", '\0');
  if (*text == '\0') {
    g_set_error (error, BM_ERROR, BM_CAUSE_CONFIG, "%s: the file %s is empty", what, path);
    return NULL;
  }
  return g_steal_pointer (&text);
}

gboolean
bm_session_open_core (const BmConfig *config, BmCore **core, GError **error)
{
  *core = NULL;
  if (config->core_token_file == NULL)
    return TRUE;
  g_autofree gchar *key =
      bm_session_read_secret (config->core_token_file, "the core's admin key", error);
  if (key == NULL)
    return FALSE;
  *core = bm_core_new (config->core_url, key, error);
  return *core != NULL;
}

void
bm_session_close_core (BmCore *core)
{
  if (core != NULL)
    bm_core_free (core);
}

gboolean
bm_session_quota (BmCore *core, const BmUser *user, BmQuota *quota, GError **error)
{
  gint64 used = 0;
  quota->quota_kib = MAX (user->quota_kib, 0);
  if (core != NULL &&
      !bm_core_quota (core, user->domain_uid, user->user_uid, &used, &quota->quota_kib, error))
    return FALSE;
  quota->left_kib = MAX (quota->quota_kib - used, 0);
  return TRUE;
}

gboolean
bm_session_fits (const BmQuota *quota, guint64 bytes, const gchar *with, GError **error)
{
  if (quota->quota_kib <= 0 || bytes <= (guint64) quota->left_kib * KIB)
    return TRUE;
  g_autofree gchar *need = g_format_size_full (bytes, G_FORMAT_SIZE_IEC_UNITS);
  g_autofree gchar *left =
      g_format_size_full ((guint64) quota->left_kib * KIB, G_FORMAT_SIZE_IEC_UNITS);
  g_autofree gchar *all =
      g_format_size_full ((guint64) quota->quota_kib * KIB, G_FORMAT_SIZE_IEC_UNITS);
  g_set_error (error, BM_ERROR, BM_CAUSE_OVER_QUOTA,
               "an estimated %s are needed%s, %s of %s are left", need, with, left, all);
  return FALSE;
}

static gboolean
preflight (BmSession *session, GError **error)
{
  if (session->core == NULL) {
    g_warning (
        "no admin key of BlueMind's core: its state, used space and size limit are not checked");
    return TRUE;
  }
  g_autoptr (GError) local = NULL;
  if (!bm_core_check_running (session->core, error))
    return FALSE;
  if (!bm_core_message_size_limit (session->core, &session->message_size_limit, &local))
    g_warning ("cannot ask for the message size limit: %s", local->message);
  return TRUE;
}

/* ---- the user ---- */

/* One question to whichever directory is configured. */
static BmUser *
look_up (const BmConfig *config, const gchar *address, BmAddressee *addressee, GError **error)
{
  const BmDatabase directory = database_of (&config->directory);
  if (!config->directory_rest)
    return bm_directory_lookup (&directory, address, addressee, error);
  g_autoptr (BmCore) core = NULL;
  return bm_session_open_core (config, &core, error)
             ? bm_directory_rest_lookup (core, address, addressee, error)
             : NULL;
}

/* A server that is restarted or cuts a connection shall not cost an import. TRUE: try again. */
static gboolean
shall_try_again (BmBackoff *backoff, GError **error)
{
  guint wait_ms;
  BmCause cause = bm_error_cause (*error);
  if (cause != BM_CAUSE_DATABASE_LOST && cause != BM_CAUSE_CONNECTION_LOST)
    return FALSE;
  if (bm_backoff_next (backoff, &wait_ms)) {
    g_info ("%s; next try in %u ms", (*error)->message, wait_ms);
    g_clear_error (error);
    g_usleep (wait_ms * 1000);
    return TRUE;
  }
  (*error)->code = BM_CAUSE_SERVICE_UNAVAILABLE; /* nothing was started */
  return FALSE;
}

BmUser *
bm_session_find_user (const BmConfig *config, const gchar *address, BmAddressee *addressee,
                      GError **error)
{
  BmBackoff backoff = FIRST_TRIES;
  GError *local = NULL;
  BmUser *user;
  do
    user = look_up (config, address, addressee, &local);
  while (user == NULL && shall_try_again (&backoff, &local));
  if (user == NULL)
    g_propagate_error (error, local);
  return user;
}

GStrv
bm_session_addresses (const BmConfig *config, const BmUser *user, GError **error)
{
  const BmDatabase directory = database_of (&config->directory);
  BmBackoff backoff = FIRST_TRIES;
  GError *local = NULL;
  g_autoptr (BmCore) core = NULL;
  GStrv addresses;
  if (config->directory_rest)
    return bm_session_open_core (config, &core, error)
               ? bm_directory_rest_addresses (core, user, error)
               : NULL;
  do
    addresses = bm_directory_addresses (&directory, user, &local);
  while (addresses == NULL && shall_try_again (&backoff, &local));
  if (addresses == NULL)
    g_propagate_error (error, local);
  return addresses;
}

gboolean
bm_session_serves (const BmConfig *config, const gchar *domain, gboolean *served, GError **error)
{
  const BmDatabase directory = database_of (&config->directory);
  BmBackoff backoff = FIRST_TRIES;
  GError *local = NULL;
  g_autoptr (BmCore) core = NULL;
  gboolean ok;
  if (config->directory_rest)
    return bm_session_open_core (config, &core, error) &&
           bm_directory_rest_serves (core, domain, served, error);
  do
    ok = bm_directory_serves (&directory, domain, served, &local);
  while (!ok && shall_try_again (&backoff, &local));
  if (!ok)
    g_propagate_error (error, local);
  return ok;
}

static gboolean
is_unknown (const BmConfig *config, const gchar *login)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (BmUser) user = look_up (config, login, NULL, &error);
  return user == NULL && bm_error_cause (error) == BM_CAUSE_USER_UNKNOWN;
}

/* ---- moves ---- */

static gboolean
compare (const BmUser *before, const BmUser *now, GError **error)
{
  if (!g_str_equal (before->user_uid, now->user_uid)) {
    g_set_error (error, BM_ERROR, BM_CAUSE_USER_REFUSED,
                 "%s is another user now than when the import began", before->mail_login);
    return FALSE;
  }
  if (g_str_equal (before->server_uid, now->server_uid))
    return TRUE;
  g_set_error (error, BM_ERROR, BM_CAUSE_MAILBOX_MOVED,
               "the mailbox of %s was moved from server %s (%s) to %s (%s)", before->mail_login,
               before->server_uid, before->server_host != NULL ? before->server_host : "no address",
               now->server_uid, now->server_host != NULL ? now->server_host : "no address");
  return FALSE;
}

/* A directory that cannot be asked now is no reason to stop: mail server and witness tell. */
static gboolean
says_who (const GError *error)
{
  BmCause cause = bm_error_cause (error);
  return cause == BM_CAUSE_USER_UNKNOWN || cause == BM_CAUSE_USER_REFUSED ||
         cause == BM_CAUSE_ADMIN_REFUSED;
}

gboolean
bm_session_guard (gboolean urgent, gpointer data, GError **error)
{
  BmSession *session = data;
  gint64 now = g_get_monotonic_time ();
  gint64 wait_us = (gint64) session->config->recheck_s * G_USEC_PER_SEC;
  if (!urgent && now - session->asked < wait_us)
    return TRUE;
  g_autoptr (GError) local = NULL;
  g_autoptr (BmUser) user = look_up (session->config, session->user->mail_login, NULL, &local);
  session->asked = g_get_monotonic_time ();
  if (user != NULL)
    return compare (session->user, user, error);
  if (says_who (local)) {
    g_propagate_error (error, g_steal_pointer (&local));
    return FALSE;
  }
  g_info ("cannot ask whether the mailbox was moved: %s", local->message);
  return TRUE;
}

void
bm_session_explain (BmSession *session, GError **error)
{
  BmScope scope = bm_error_scope (*error);
  BmCause cause = bm_error_cause (*error);
  if (scope != BM_SCOPE_RETRY && scope != BM_SCOPE_SETUP && cause != BM_CAUSE_SERVICE_UNAVAILABLE &&
      cause != BM_CAUSE_OVER_QUOTA)
    return;
  g_autoptr (GError) why = NULL;
  if (bm_session_guard (TRUE, session, &why))
    return;
  g_info ("%s", (*error)->message);
  g_clear_error (error);
  *error = g_steal_pointer (&why);
}

/* ---- opening ---- */

static BmSession *
session_new (const BmConfig *config)
{
  BmSession *session = g_new0 (BmSession, 1);
  session->config = config;
  session->asked = g_get_monotonic_time ();
  return session;
}

BmSession *
bm_session_open (const BmConfig *config, const BmSessionOptions *options, GError **error)
{
  g_autoptr (BmSession) session = session_new (config);
  if (!bm_session_open_core (config, &session->core, error))
    return NULL;
  if (!options->dry_run)
    bm_credential_sweep (session->core, config, options->jobs, is_unknown);
  session->user = bm_session_find_user (config, options->address, NULL, error);
  if (session->user == NULL || !preflight (session, error) ||
      !bm_credential_open (&session->credential, options, config, session->core, session->user,
                           error))
    return NULL;
  return g_steal_pointer (&session);
}

BmSession *
bm_session_open_witness (const BmConfig *config, const gchar *address, GError **error)
{
  g_autoptr (BmSession) session = session_new (config);
  session->user = bm_session_find_user (config, address, NULL, error);
  if (session->user == NULL || !bm_session_connect_witness (session, error))
    return NULL;
  return g_steal_pointer (&session);
}

/* 4.0 is known by its tables, or by what the core says of itself. */
static gboolean
is_40 (BmSession *session)
{
  if (!session->config->no_data)
    return bm_witness_sql_is_40 (session->witness);
  g_autofree gchar *version = NULL;
  return session->core != NULL && bm_core_version (session->core, &version, NULL) &&
         g_str_has_prefix (version, "4.0.");
}

static gboolean
connect_database (BmSession *session, GError **error)
{
  BmConfigDatabase shard;
  bm_config_shard (session->config, session->user->server_uid, session->user->server_host, &shard);
  if (shard.host == NULL) {
    g_set_error (error, BM_ERROR, BM_CAUSE_CONFIG,
                 "no host for the database bj-data of server %s: set [data] host",
                 session->user->server_uid);
    return FALSE;
  }
  BmDatabase data = database_of (&shard);
  BmBackoff backoff = FIRST_TRIES;
  GError *local = NULL;
  do
    session->witness = bm_witness_sql_new (&data, session->user, &local);
  while (session->witness == NULL && shall_try_again (&backoff, &local));
  if (session->witness == NULL)
    g_propagate_error (error, local);
  return session->witness != NULL;
}

gboolean
bm_session_connect_witness (BmSession *session, GError **error)
{
  if (session->config->no_data) {
    g_warning ("[data] enabled=false: nobody looks into BlueMind's database, so nothing will be "
               "proven; the import ends with status 2 at best");
    session->witness = bm_witness_none_new ();
  } else if (!connect_database (session, error)) {
    return FALSE;
  }
  session->bluemind40 = is_40 (session);
  return TRUE;
}

static BmImapTls
tls_of (const BmConfig *config, gboolean local)
{
  switch (config->imap_tls) {
  case BM_CONFIG_TLS_NONE:
    return BM_IMAP_TLS_NONE;
  case BM_CONFIG_TLS_STARTTLS:
    return BM_IMAP_TLS_STARTTLS;
  case BM_CONFIG_TLS_IMPLICIT:
    return BM_IMAP_TLS_IMPLICIT;
  case BM_CONFIG_TLS_AUTO:
  default:
    return local ? BM_IMAP_TLS_NONE : BM_IMAP_TLS_IMPLICIT;
  }
}

static gboolean
make_sink (BmSession *session, GError **error)
{
  const BmConfig *config = session->config;
  const gchar *host = config->imap_host != NULL ? config->imap_host : session->user->server_host;
  if (host == NULL) {
    g_set_error_literal (error, BM_ERROR, BM_CAUSE_CONFIG,
                         "no mail server: set [imap] host, the directory names none");
    return FALSE;
  }
  gboolean local = bm_config_host_is_local (host);
  BmImapTls tls = tls_of (config, local);
  if (tls != BM_IMAP_TLS_NONE && config->imap_host == NULL && session->user->server_name != NULL)
    host = session->user->server_name; /* certificates hold names, the directory an address */
  /* an address of this host means its backend, which also listens on loopback; 127.0.0.2 is itself */
  gboolean moved = local && tls == BM_IMAP_TLS_NONE && !g_str_has_prefix (host, "127.");
  session->imap_host = g_strdup (moved ? "127.0.0.1" : host);
  guint16 port = tls == BM_IMAP_TLS_NONE ? PLAIN_PORT : tls == BM_IMAP_TLS_STARTTLS ? 143 : 993;
  BmImapOptions options = {
      .host = session->imap_host,
      .port = config->imap_port > 0 ? config->imap_port : port,
      .tls = tls,
      .ca_file = config->imap_ca_file,
      .local = local,
      .allow_plaintext =
          g_strv_contains ((const gchar *const *) config->imap_allow_plaintext, host),
      .login = session->credential.imap_login != NULL ? session->credential.imap_login
                                                      : session->user->mail_login,
      .password = bm_credential_give,
      .password_data = &session->credential,
      .admins = (const gchar *const *) config->imap_admins,
      .timeout_s = config->imap_timeout_s,
      .batch_messages = config->imap_batch_messages,
      .batch_bytes = config->imap_batch_bytes,
      .server_message_limit = session->message_size_limit,
  };
  session->sink = bm_imap_sink_new (&options, error);
  return session->sink != NULL;
}

gboolean
bm_session_connect_sink (BmSession *session, GError **error)
{
  BmBackoff backoff = FIRST_TRIES;
  GError *local = NULL;
  gboolean connected;
  if (!make_sink (session, error))
    return FALSE;
  do
    connected = session->sink->ops->connect (session->sink, &local);
  while (!connected && shall_try_again (&backoff, &local));
  if (!connected)
    g_propagate_error (error, local);
  return connected;
}

void
bm_session_free (BmSession *session)
{
  if (session == NULL)
    return;
  bm_sink_free (session->sink);
  bm_witness_free (session->witness);
  bm_credential_close (&session->credential);
  bm_session_close_core (session->core);
  if (session->user != NULL)
    bm_user_free (session->user);
  g_free (session->imap_host);
  g_free (session);
}
