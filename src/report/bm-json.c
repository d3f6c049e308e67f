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

void
bm_json_set_ledger (JsonObject *object, const BmLedger *ledger)
{
  const struct {
    const gchar *name;
    guint64 n;
  } members[] = {{"found", ledger->found},
                 {"verified", ledger->verified},
                 {"unverified", ledger->unverified},
                 {"differs", ledger->differs},
                 {"gone", ledger->gone},
                 {"skipped", ledger->skipped},
                 {"failed", ledger->failed},
                 {"pending", ledger->pending}};
  for (guint i = 0; i < G_N_ELEMENTS (members); i++)
    json_object_set_int_member (object, members[i].name, (gint64) members[i].n);
}

void
bm_json_set_counts (JsonObject *object, const gchar *name, const GArray *counts)
{
  JsonObject *map = json_object_new ();
  for (guint i = 0; i < counts->len; i++) {
    const BmReportCount *one = &g_array_index (counts, BmReportCount, i);
    json_object_set_int_member (map, one->token, (gint64) one->n);
  }
  json_object_set_object_member (object, name, map);
}
