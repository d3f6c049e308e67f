/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* More of bm-core's REST face: how an importer finds a user without the database. Main loop's thread only. */
#pragma once

#include "lab-core.h"

G_BEGIN_DECLS

/* The answer to GET path (decoded segments) as JSON, new; NULL is BlueMind's null. *known says whether it is a call
 * of this file. For admin0 only. */
gchar *lab_rest_lookup (LabCore *core, gchar **path, GHashTable *query, gboolean *known);

G_END_DECLS
