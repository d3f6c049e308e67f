/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Private to the room, and for its test: the directory over any source of JSON. One thread. */
#pragma once

#include "bluemind/bm-directory-rest.h"

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

/* As bm_core_get. */
typedef gboolean (*BmRestGet) (gpointer data, const gchar *path, JsonNode **node, GError **error);

BmUser *bm_directory_rest_find (BmRestGet get, gpointer data, const gchar *address,
                                BmAddressee *addressee, GError **error);
GStrv bm_directory_rest_list (BmRestGet get, gpointer data, const BmUser *user, GError **error);

G_END_DECLS
