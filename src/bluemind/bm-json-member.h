/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Private to the room: members of JSON that may be anything: what is null, or of another type, counts
 * as absent. object may be NULL everywhere; what is returned is borrowed. Any thread. */
#pragma once

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

/* NULL unless it is an object. */
JsonObject *bm_json_object_of (JsonNode *node);
JsonObject *bm_json_object (JsonObject *object, const gchar *name);
JsonArray *bm_json_array (JsonObject *object, const gchar *name);
/* NULL when absent, empty or not a text. */
const gchar *bm_json_text (JsonObject *object, const gchar *name);
gboolean bm_json_flag (JsonObject *object, const gchar *name);
/* 0 when absent. */
gint64 bm_json_number (JsonObject *object, const gchar *name);
/* The texts of an array, others left out; array may be NULL. New. */
GStrv bm_json_texts (JsonArray *array);

G_END_DECLS
