/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* bm-core's end of Cyrus's rolling replication (port 2501 on BlueMind 4): see lab-sync.c. */
#pragma once

#include "lab-core.h"

G_BEGIN_DECLS

typedef struct _LabSync LabSync;

/* Listens on loopback, a thread per connection. While the knob `stop` is set nobody is let in: lab_sync_update after
 * each change of the knobs closes the port, and sessions, or opens it again. */
LabSync *lab_sync_start (LabCore *core, guint16 port, GError **error);
void lab_sync_update (LabSync *sync);

G_END_DECLS
