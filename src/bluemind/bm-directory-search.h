/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Looking for users by a part of what people know of them; over SQL, and over REST with the same
 * answers but for what the core does not search: there logins and aliases must be whole. One thread. */
#pragma once

#include "bluemind/bm-core.h"
#include "bluemind/bm-directory.h"

G_BEGIN_DECLS

/* A user whom a search found. Strings are owned. */
typedef struct {
  BmUser *user;        /* server_uid is NULL when there is none; over REST without server_host */
  gchar *name, *email; /* for people: as the directory shows them; email "" when there is none */
  gchar *why, *action; /* why no mail may be imported, and what to do (or NULL); NULL: it may */
} BmFoundUser;

void bm_found_user_free (BmFoundUser *person);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (BmFoundUser, bm_found_user_free)

/* BmFoundUser *, at most max, by login; *more: there are others. text: part of the login, of an address
 * before its @, of the display name, or with an @ of login@domain or of an address; in any case, and
 * over SQL with or without accents. domains: uids, or "*" for all. Administrators and system accounts
 * are never found. Errors: DATABASE_LOST. */
GPtrArray *bm_directory_search (const BmDatabase *directory, const gchar *text,
                                const gchar *const *domains, guint max, gboolean *more,
                                GError **error);
/* Errors: SERVICE_UNAVAILABLE, LOGIN_REFUSED. */
GPtrArray *bm_directory_rest_search (BmCore *core, const gchar *text, const gchar *const *domains,
                                     guint max, gboolean *more, GError **error);

G_END_DECLS
