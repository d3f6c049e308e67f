/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* What all our JSON shares: null for what is not known, times as ISO 8601 in UTC. Any thread. */
#pragma once

#include <bm-pst-import/report.h>
#include <json-glib/json-glib.h>

G_BEGIN_DECLS

void bm_json_set_text (JsonObject *object, const gchar *name, const gchar *value); /* "" is null */
void bm_json_set_time (JsonObject *object, const gchar *name,
                       gint64 ms); /* since 1970; 0 is null */
/* The classes of the ledger, found first. */
void bm_json_set_ledger (JsonObject *object, const BmLedger *ledger);
/* An object of token -> number; counts: BmReportCount. */
void bm_json_set_counts (JsonObject *object, const gchar *name, const GArray *counts);

G_END_DECLS
