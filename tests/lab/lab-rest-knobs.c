/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * GET and PUT /lab/knobs: what a test turns at run time; GET /lab/sessions: how many are open. They need no key, and are
 * the lab's own: BlueMind has no such calls.
 * Main loop's thread only.
 */
#include "lab-rest-private.h"

static gboolean
turn_knobs (LabCore *core, JsonObject *object)
{
  JsonObjectIter iter;
  const gchar *name;
  JsonNode *node;
  json_object_iter_init (&iter, object);
  while (json_object_iter_next (&iter, &name, &node)) {
    GType type = json_node_get_value_type (node);
    g_autofree gchar *text = type == G_TYPE_STRING ? json_node_dup_string (node)
                             : type == G_TYPE_INT64
                                 ? g_strdup_printf ("%" G_GINT64_FORMAT, json_node_get_int (node))
                                 : NULL;
    gint64 number = type == G_TYPE_BOOLEAN  ? json_node_get_boolean (node)
                    : type == G_TYPE_STRING ? 0
                                            : json_node_get_int (node);
    if (!lab_core_set_knob (core, name, number, text))
      return FALSE;
  }
  lab_core_announce (core);
  return TRUE;
}

static void
show_knobs (LabCore *core, JsonBuilder *json)
{
  g_auto (LabKnobs) knobs = {0};
  guint n = 0;
  const LabKnobInfo *table = lab_core_knob_table (&n);
  lab_core_get_knobs (core, &knobs);
  json_builder_begin_object (json);
  for (guint i = 0; i < n; i++) {
    gpointer value = G_STRUCT_MEMBER_P (&knobs, table[i].offset);
    json_builder_set_member_name (json, table[i].name);
    if (table[i].kind == LAB_KNOB_NUMBER)
      json_builder_add_int_value (json, *(gint64 *) value);
    else if (table[i].kind == LAB_KNOB_BOOLEAN)
      json_builder_add_boolean_value (json, *(gboolean *) value);
    else
      json_builder_add_string_value (json, *(gchar **) value);
  }
  json_builder_end_object (json);
}

void
lab_rest_on_knobs (SoupServer *server, SoupServerMessage *message, const char *path,
                   GHashTable *query, gpointer core)
{
  g_autoptr (JsonBuilder) json = json_builder_new ();
  LabRequest request = {.core = core, .message = message, .json = json};
  gboolean turned = TRUE;
  if (g_str_equal (soup_server_message_get_method (message), "PUT")) {
    g_autoptr (JsonNode) body = lab_request_body (&request);
    turned = body != NULL && JSON_NODE_HOLDS_OBJECT (body) &&
             turn_knobs (core, json_node_get_object (body));
  }
  if (turned)
    show_knobs (core, json);
  else
    lab_request_fault (&request, "INVALID_PARAMETER", "an object of known knobs is wanted");
  lab_request_answer (&request);
}

void
lab_rest_on_sessions (SoupServer *server, SoupServerMessage *message, const char *path,
                      GHashTable *query, gpointer core)
{
  g_autoptr (JsonBuilder) json = json_builder_new ();
  LabRequest request = {.core = core, .message = message, .json = json};
  request.text = g_strdup_printf ("%u", lab_core_count_sessions (core));
  lab_request_answer (&request);
}
