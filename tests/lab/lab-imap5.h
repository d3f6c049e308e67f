/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* BlueMind 5's IMAP endpoint, which lives in bm-core: see lab-imap5.c. */
#pragma once

#include "lab-core.h"

G_BEGIN_DECLS

/* Makes everybody's default folders and listens on loopback, a thread per connection. spool holds the messages. */
gboolean lab_imap5_start (LabCore *core, guint16 port, const gchar *spool, GError **error);

G_END_DECLS
