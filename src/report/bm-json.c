/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* See bm-json.h. */
#include "report/bm-json.h"

void
bm_json_set_text (JsonObject *object, const gchar *name, const gchar *value)
{
  if (value != NULL && *value != '\0')
    json_object_set_string_member (object, name, value);
  else
    json_object_set_null_member (object, name);
}

void
bm_json_set_time (JsonObject *object, const gchar *name, gint64 ms)
{
  g_autoptr (GDateTime) when = ms != 0 ? g_date_time_new_from_unix_utc (ms / 1000) : NULL;
  g_autofree gchar *text = when != NULL ? g_date_time_format (when, "%Y-%m-%dT%H:%M:%SZ") : NULL;
  bm_json_set_text (object, name, text);
}
