/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Private to the room: what both directories (SQL and REST) share: how a user may be named, and
 * which of those found is a user whose mailbox may be imported into. Pure. Any thread. */
#pragma once

#include "bluemind/bm-directory.h"

G_BEGIN_DECLS

/* How somebody is named. Strings are owned. */
typedef struct {
  gboolean external; /* "ext:...": by the id of another system (LDAP, AD) */
  gchar *whole;      /* without "ext:"; an external id may hold an @ itself */
  gchar *local;      /* before the last @; NULL for an external id without one */
  gchar *domain;     /* after it, lower case; NULL likewise */
} BmUserName;

/* Errors: USER_UNKNOWN when it is no name; ADMIN_REFUSED for administrators. *addressee (may be NULL)
 * is set when this fails. */
gboolean bm_user_name_parse (const gchar *address, BmUserName *name, BmAddressee *addressee,
                             GError **error);
void bm_user_name_clear (BmUserName *name);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (BmUserName, bm_user_name_clear)

/* What a directory says of one mailbox. Strings are owned; NULL = it says nothing. */
typedef struct {
  gchar *uid, *domain; /* of the entry; of its domain */
  gchar *alias;        /* the domain's first alias */
  gchar *login;        /* NULL: not a user */
  gchar *type;         /* "user" "mailshare" "group" "resource" */
  gchar *routing;      /* "internal" "external" "none" */
  gchar *location;     /* server uid of the container of its folders */
  gchar *host;         /* of that server: address or name */
  gchar *server_name;  /* its full host name */
  gchar *name;         /* for people; only a search asks for it */
  gchar *email;        /* the default one */
  gint64 quota_kib;    /* 0 = none */
  gboolean archived;
  gboolean system; /* or of the global domain */
} BmCandidate;

void bm_candidate_free (BmCandidate *candidate);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (BmCandidate, bm_candidate_free)

/* The one candidate (BmCandidate *) as a user. *addressee: may be NULL. Errors: USER_UNKNOWN for none and for several,
 * naming them; USER_REFUSED with reason and remedy; ADMIN_REFUSED. */
BmUser *bm_directory_judge (const GPtrArray *candidates, const gchar *address,
                            BmAddressee *addressee, GError **error);
/* Why nothing may be imported into this mailbox, and after "; " what to do; NULL: it may. Static. Says
 * nothing of administrators. */
const gchar *bm_directory_why (const BmCandidate *candidate);
/* As whom nobody imports. */
gboolean bm_directory_is_admin (const BmCandidate *candidate);
/* What is known of this candidate, who has a login. New. */
BmUser *bm_directory_user (const BmCandidate *candidate);
/* The uid of the container of this mailbox's folders. New. */
gchar *bm_directory_subtree (const gchar *domain_uid, const gchar *user_uid);

G_END_DECLS
