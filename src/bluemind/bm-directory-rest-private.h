/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Private to the room, and for its test: the directory over any source of JSON. One thread. */
#pragma once

#include "bluemind/bm-directory-judge.h"
#include "bluemind/bm-directory-rest.h"

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

/* As bm_core_get. */
typedef gboolean (*BmRestGet) (gpointer data, const gchar *path, JsonNode **node, GError **error);

BmUser *bm_directory_rest_find (BmRestGet get, gpointer data, const gchar *address,
                                BmAddressee *addressee, GError **error);
/* Everything but the server's host. domain: ItemValue. *candidate NULL: no such user, or one without
 * mailbox. */
gboolean bm_directory_rest_candidate (BmRestGet get, gpointer data, JsonObject *domain,
                                      const gchar *uid, BmCandidate **candidate, GError **error);

/* The default address of the value of a user; NULL: there is none. Borrowed. */
const gchar *bm_directory_rest_email (JsonObject *user_value);

typedef gboolean (*BmRestPost) (gpointer data, const gchar *path, JsonNode *body, JsonNode **node,
                                GError **error);
/* As bm_directory_rest_search. */
GPtrArray *bm_directory_rest_search_in (BmRestGet get, BmRestPost post, gpointer data,
                                        const gchar *text, const gchar *const *domains, guint max,
                                        gboolean *more, GError **error);
GStrv bm_directory_rest_list (BmRestGet get, gpointer data, const BmUser *user, GError **error);

G_END_DECLS
