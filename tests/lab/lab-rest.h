/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The REST calls of bm-core that an importer makes, and /lab/knobs: see lab-rest.c. */
#pragma once

#include "lab-core.h"

G_BEGIN_DECLS

/* Serves http://127.0.0.1:port from the main loop's thread. */
gboolean lab_rest_start (LabCore *core, guint16 port, GError **error);

G_END_DECLS
