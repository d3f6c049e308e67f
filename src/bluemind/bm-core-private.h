/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Private to the room: asking the core for JSON. One thread. */
#pragma once

#include "bluemind/bm-core.h"

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

/* path: from /api on, encoded. *node is NULL (TRUE is returned) when the core answers with nothing:
 * an empty body, null, or the fault NOT_FOUND; that is how it says "unknown". With the admin key.
 * Errors: LOGIN_REFUSED when that key is refused, SERVICE_UNAVAILABLE. */
gboolean bm_core_get (BmCore *core, const gchar *path, JsonNode **node, GError **error);

/* As bm_core_get, but with this key instead of the admin key. */
gboolean bm_core_get_as (BmCore *core, const gchar *path, const gchar *key, JsonNode **node,
                         GError **error);
/* json: the body, borrowed. key may be NULL, for calls that need none. *node as in bm_core_get. */
gboolean bm_core_post (BmCore *core, const gchar *path, const gchar *key, JsonNode *json,
                       JsonNode **node, GError **error);

/* With the admin key. */
gboolean bm_core_post_as_admin (BmCore *core, const gchar *path, JsonNode *json, JsonNode **node,
                                GError **error);

G_END_DECLS
