/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* See bm-web-private.h: who is signed in, in memory alone: with the daemon every session ends. The
 * cookie is kept as its digest, so that a look-up tells nothing by its time. */
#include "http/bm-web-private.h"

#include <string.h>
#include <sys/random.h>

#define SECRET_BYTES 32
#define LIFETIME_US  (12 * 3600 * (gint64) G_USEC_PER_SEC) /* however busy */
#define SWEEP_S      5
#define COOKIE       "bm_pst_session="

typedef struct {
  BmWebSession public; /* first; its strings are ours */
  gatomicrefcount refs;
  gchar *digest;
  gint64 begun, used; /* monotonic, microseconds */
} Session;

struct _BmWebSessions {
  BmWeb *web;
  GHashTable *by_digest; /* -> Session */
  guint sweeper;
};

BmWebSession *
bm_web_session_ref (const BmWebSession *session)
{
  g_atomic_ref_count_inc (&((Session *) session)->refs);
  return (BmWebSession *) session;
}

void
bm_web_session_unref (BmWebSession *public)
{
  Session *session = (Session *) public;
  if (session == NULL || !g_atomic_ref_count_dec (&session->refs))
    return;
  g_free ((gchar *) public->login);
  g_free ((gchar *) public->name);
  g_free ((gchar *) public->domain_uid);
  g_free ((gchar *) public->domain_name);
  g_free ((gchar *) public->language);
  g_free ((gchar *) public->csrf);
  g_free ((gchar *) public->core_key);
  g_strfreev ((GStrv) public->domains);
  g_free (session->digest);
  g_free (session);
}

/* Without a source of chance there must be no session. New. */
static gchar *
new_secret (void)
{
  guint8 bytes[SECRET_BYTES];
  gsize have = 0;
  while (have < sizeof bytes) {
    gssize n = getrandom (bytes + have, sizeof bytes - have, 0);
    if (n < 0)
      g_error ("getrandom: no chance to be had");
    have += (gsize) n;
  }
  GString *text = g_string_new (NULL);
  for (guint i = 0; i < sizeof bytes; i++)
    g_string_append_printf (text, "%02x", bytes[i]);
  return g_string_free (text, FALSE);
}

static gchar *
digest_of (const gchar *cookie)
{
  return g_compute_checksum_for_string (G_CHECKSUM_SHA256, cookie, -1);
}

static gboolean
is_over (BmWebSessions *sessions, const Session *session)
{
  gint64 now = g_get_monotonic_time ();
  gint64 idle = sessions->web->config->web.session_idle_s * (gint64) G_USEC_PER_SEC;
  return now - session->used >= idle || now - session->begun >= LIFETIME_US;
}

static void
end (BmWebSessions *sessions, Session *session)
{
  BmWeb *web = sessions->web;
  if (session->public.ended)
    return;
  session->public.ended = TRUE;
  bm_web_session_ref (&session->public);
  g_hash_table_remove (sessions->by_digest, session->digest);
  bm_web_sse_stop_session (web, &session->public);
  bm_web_core_release (web, session->public.core_key);
  bm_web_session_unref (&session->public);
}

static gboolean
on_sweep (gpointer data)
{
  BmWebSessions *sessions = data;
  g_autoptr (GList) all = g_hash_table_get_values (sessions->by_digest);
  for (GList *link = all; link != NULL; link = link->next)
    if (is_over (sessions, link->data))
      end (sessions, link->data);
  return G_SOURCE_CONTINUE;
}

BmWebSessions *
bm_web_sessions_new (BmWeb *web)
{
  BmWebSessions *sessions = g_new0 (BmWebSessions, 1);
  sessions->web = web;
  sessions->by_digest =
      g_hash_table_new_full (g_str_hash, g_str_equal, NULL, (GDestroyNotify) bm_web_session_unref);
  sessions->sweeper = g_timeout_add_seconds (SWEEP_S, on_sweep, sessions);
  return sessions;
}

void
bm_web_sessions_free (BmWebSessions *sessions)
{
  g_source_remove (sessions->sweeper);
  g_hash_table_unref (sessions->by_digest);
  g_free (sessions);
}

void
bm_web_session_touch (const BmWebSession *session)
{
  ((Session *) session)->used = g_get_monotonic_time ();
}

BmWebSession *
bm_web_sessions_find (BmWebSessions *sessions, const gchar *cookie)
{
  g_autofree gchar *digest = digest_of (cookie);
  Session *session = g_hash_table_lookup (sessions->by_digest, digest);
  if (session == NULL)
    return NULL;
  if (is_over (sessions, session)) {
    end (sessions, session);
    return NULL;
  }
  bm_web_session_touch (&session->public);
  return &session->public;
}

gchar *
bm_web_cookie_of (const gchar *header)
{
  g_auto (GStrv) parts = g_strsplit_set (header != NULL ? header : "", ";,", -1);
  for (guint i = 0; parts[i] != NULL; i++)
    if (g_str_has_prefix (g_strstrip (parts[i]), COOKIE))
      return g_strdup (parts[i] + strlen (COOKIE));
  return NULL;
}

BmWebSession *
bm_web_session_begin (BmWeb *web, const BmWebWho *who, gchar **cookie)
{
  Session *session = g_new0 (Session, 1);
  g_atomic_ref_count_init (&session->refs);
  *cookie = new_secret ();
  session->digest = digest_of (*cookie);
  session->begun = session->used = g_get_monotonic_time ();
  session->public.login = g_strdup (who->login);
  session->public.name = g_strdup (who->name);
  session->public.domain_uid = g_strdup (who->domain_uid);
  session->public.domain_name = g_strdup (who->domain_name);
  session->public.language = g_strdup (who->language);
  session->public.csrf = new_secret ();
  session->public.core_key = g_strdup (who->core_key);
  session->public.domains = (const gchar *const *) g_strdupv ((gchar **) who->domains);
  session->public.sudo = who->sudo;
  g_hash_table_insert (web->sessions->by_digest, session->digest, session);
  bm_web_core_hold (web, session->public.core_key);
  return &session->public;
}

void
bm_web_session_end (BmWeb *web, const BmWebSession *session)
{
  end (web->sessions, (Session *) session);
}

void
bm_web_sessions_end_of_key (BmWeb *web, const gchar *core_key)
{
  g_autoptr (GList) all = g_hash_table_get_values (web->sessions->by_digest);
  for (GList *link = all; link != NULL; link = link->next)
    if (g_str_equal (((Session *) link->data)->public.core_key, core_key))
      end (web->sessions, link->data);
}

/* ---- rights ---- */

gboolean
bm_web_may_domain (const BmWebSession *session, const gchar *domain_uid)
{
  return g_strv_contains (session->domains, "*") || g_strv_contains (session->domains, domain_uid);
}

/* BlueMind lets a user's session open others of the same domain only; those of global.virt, all. */
BmWebIdentity
bm_web_identity (BmWeb *web, const BmWebSession *session, const gchar *domain_uid)
{
  gboolean own = g_str_equal (session->domain_uid, domain_uid);
  if (!bm_web_may_domain (session, domain_uid))
    return BM_WEB_IDENTITY_NONE;
  if (session->sudo && (own || g_str_equal (session->domain_uid, BM_WEB_GLOBAL_DOMAIN)))
    return BM_WEB_IDENTITY_SESSION;
  return own && web->config->core_token_file != NULL ? BM_WEB_IDENTITY_DAEMON
                                                     : BM_WEB_IDENTITY_NONE;
}

void
bm_web_identity_words (BmWeb *web, const BmWebSession *session, const gchar *domain_uid,
                       const gchar **why, const gchar **action)
{
  if (!bm_web_may_domain (session, domain_uid)) {
    *why = "This user is in a domain that you do not administer.";
    *action = "Ask an administrator of that domain.";
  } else if (!g_str_equal (session->domain_uid, domain_uid)) {
    *why = "BlueMind lets you act for users of your own domain only.";
    *action = "Sign in as an administrator of that domain, or as admin0@global.virt.";
  } else {
    *why = "You have no role sudo, and this service has no admin key of its own.";
    *action = "Add the role sudo in BlueMind's admin console, or set [core] token-file.";
  }
}
