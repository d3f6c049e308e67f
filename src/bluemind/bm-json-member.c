/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* See bm-json-member.h. Must not know what the members mean. */
#include "bluemind/bm-json-member.h"

static JsonNode *
member (JsonObject *object, const gchar *name)
{
  return object != NULL ? json_object_get_member (object, name) : NULL;
}

JsonObject *
bm_json_object_of (JsonNode *node)
{
  return node != NULL && JSON_NODE_HOLDS_OBJECT (node) ? json_node_get_object (node) : NULL;
}

JsonObject *
bm_json_object (JsonObject *object, const gchar *name)
{
  return bm_json_object_of (member (object, name));
}

JsonArray *
bm_json_array (JsonObject *object, const gchar *name)
{
  JsonNode *node = member (object, name);
  return node != NULL && JSON_NODE_HOLDS_ARRAY (node) ? json_node_get_array (node) : NULL;
}

const gchar *
bm_json_text (JsonObject *object, const gchar *name)
{
  JsonNode *node = member (object, name);
  if (node == NULL || json_node_get_value_type (node) != G_TYPE_STRING)
    return NULL;
  const gchar *text = json_node_get_string (node);
  return *text != '\0' ? text : NULL;
}

gboolean
bm_json_flag (JsonObject *object, const gchar *name)
{
  JsonNode *node = member (object, name);
  return node != NULL && json_node_get_value_type (node) == G_TYPE_BOOLEAN &&
         json_node_get_boolean (node);
}

gint64
bm_json_number (JsonObject *object, const gchar *name)
{
  JsonNode *node = member (object, name);
  return node != NULL && json_node_get_value_type (node) == G_TYPE_INT64 ? json_node_get_int (node)
                                                                         : 0;
}

GStrv
bm_json_texts (JsonArray *array)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  for (guint i = 0; array != NULL && i < json_array_get_length (array); i++)
    if (json_node_get_value_type (json_array_get_element (array, i)) == G_TYPE_STRING)
      g_strv_builder_add (builder, json_array_get_string_element (array, i));
  return g_strv_builder_end (builder);
}
