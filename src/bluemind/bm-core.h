/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* BlueMind's core over REST: sudo, keep-alive, API keys, state, limits, quota. Synchronous, with a time-out.
 * No key or token ever shows in an error. One thread. */
#pragma once

#include <bm-pst-import/error.h>

G_BEGIN_DECLS

typedef struct _BmCore BmCore;

/* url: "http://127.0.0.1:8090". admin_key: the content of /etc/bm/bm-core.tok. */
BmCore *bm_core_new (const gchar *url, const gchar *admin_key, GError **error);
void bm_core_free (BmCore *core);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (BmCore, bm_core_free)

/* A session token of this user (login@domain) and the login IMAP wants. The status in the body is
 * checked: the core answers 200 also when it refuses. Errors: LOGIN_REFUSED,
 * SERVICE_UNAVAILABLE. */
gboolean bm_core_su (BmCore *core, const gchar *login, gchar **token, gchar **imap_login,
                     GError **error);
/* Somebody who has signed in, and what they may. Strings are owned. */
typedef struct {
  gchar *key;         /* the session */
  gchar *login;       /* login@domain uid */
  gchar *name;        /* for people */
  gchar *domain_uid;  /* "global.virt" for BlueMind's own administrators */
  gchar *domain_name; /* for people; the uid when the core does not say */
  gchar *language;    /* "fr"; "" when it does not say */
  GStrv roles;        /* never NULL */
} BmCoreWho;

void bm_core_who_free (BmCoreWho *who);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (BmCoreWho, bm_core_who_free)

/* A session by password. login: login@domain uid or alias; without a domain, of the administrators'.
 * Errors: LOGIN_REFUSED (wrong, expired, archived), SERVICE_UNAVAILABLE (away, or in maintenance).
 * bm_core_logout ends it. */
BmCoreWho *bm_core_login (BmCore *core, const gchar *login, const gchar *password, GError **error);
/* Keeps a token alive (it dies after 20 idle minutes). LOGIN_REFUSED when it is dead. */
gboolean bm_core_ping (BmCore *core, const gchar *token, GError **error);
gboolean bm_core_logout (BmCore *core, const gchar *token, GError **error);
/* An API key of the user of this token: a password of theirs until it is deleted. name tells it
 * from the user's other keys. *sid: the key, new. */
gboolean bm_core_create_key (BmCore *core, const gchar *token, const gchar *name, gchar **sid,
                             GError **error);
/* Deletes this user's keys of exactly this name; *n says how many. */
gboolean bm_core_delete_keys (BmCore *core, const gchar *token, const gchar *name, guint *n,
                              GError **error);
/* "5.1.5"; "" when it does not say. New. */
gboolean bm_core_version (BmCore *core, gchar **version, GError **error);
/* "CORE_STATE_RUNNING"... New. */
gboolean bm_core_state (BmCore *core, gchar **state, GError **error);
/* TRUE when it runs. Error: SERVICE_UNAVAILABLE, also in a maintenance. */
gboolean bm_core_check_running (BmCore *core, GError **error);
/* KiB; *quota 0 = none. */
gboolean bm_core_quota (BmCore *core, const gchar *domain_uid, const gchar *user_uid, gint64 *used,
                        gint64 *quota, GError **error);
/* Bytes; 0 = not configured. */
gboolean bm_core_message_size_limit (BmCore *core, guint64 *bytes, GError **error);

G_END_DECLS
