/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* BlueMind's directory: who exists, may receive, and where; here over SQL (database bj, read only),
 * in bm-directory-rest.h over REST, with the same answers. Directory uid, login, domain uid and
 * domain name all differ; none is guessed from another. One thread. */
#pragma once

#include <bm-pst-import/error.h>

G_BEGIN_DECLS

/* How to reach a database. Strings are borrowed. */
typedef struct {
  const gchar *host; /* name, address, or the directory of a unix socket */
  guint16 port;
  const gchar *dbname, *user;
  const gchar *password; /* NULL = none */
  guint timeout_s;       /* of every wait; 0 = 60 */
} BmDatabase;

/* An existing user with a mailbox that can be imported into. Strings are owned. */
typedef struct {
  gchar *user_uid; /* of the directory entry, and of the mailbox */
  gchar *domain_uid;
  gchar *domain_name; /* an alias of the domain for people; the uid when it has none */
  gchar *login;
  gchar *mail_login;  /* login@domain uid: for IMAP and for sudo */
  gchar *email;       /* the default one; login@domain_name when the directory has none */
  gint64 quota_kib;   /* 0 = none */
  gchar *server_uid;  /* of the shard that holds the mailbox */
  gchar *server_host; /* its address; NULL when the directory has none */
  gchar *server_name; /* its full host name, which certificates hold; NULL when it has none */
  gchar *subtree_uid; /* of the container of its folders */
} BmUser;

/* Whom an address means, also when nothing can be imported there. */
typedef enum {
  BM_ADDRESSEE_NOBODY,
  BM_ADDRESSEE_SEVERAL, /* more than one mailbox */
  BM_ADDRESSEE_SHARED,  /* a share, group or resource */
  BM_ADDRESSEE_PERSON,
} BmAddressee;

/* address: login@domain (domain uid, name or alias), any e-mail address of the user, or its external
 * id as ext:ID or ext:ID@domain. *addressee (may be NULL) is set whenever the directory has answered.
 * Errors: USER_UNKNOWN (also when it means several mailboxes, which are named), USER_REFUSED (with
 * the reason and the remedy), ADMIN_REFUSED, DATABASE_LOST. */
BmUser *bm_directory_lookup (const BmDatabase *directory, const gchar *address,
                             BmAddressee *addressee, GError **error);
/* Whether this domain (lower case) is one of BlueMind's: the uid, the name or an alias of one.
 * Errors: DATABASE_LOST. */
gboolean bm_directory_serves (const BmDatabase *directory, const gchar *domain, gboolean *served,
                              GError **error);
/* Every e-mail address of this user, those that count on all aliases of the domain once for each, and
 * mail_login; lower case. New. Errors: DATABASE_LOST. */
GStrv bm_directory_addresses (const BmDatabase *directory, const BmUser *user, GError **error);
void bm_user_free (BmUser *user);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (BmUser, bm_user_free)

G_END_DECLS
