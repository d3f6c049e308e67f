/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The saslauthd socket that makes a session token, an API key or a password a valid IMAP password in Cyrus, as
 * bm-ysnp does on BlueMind 4: see lab-sasl.c. */
#pragma once

#include "lab-core.h"

G_BEGIN_DECLS

/* Listens on the socket file, which any local user may open. A thread per connection. */
gboolean lab_sasl_start (LabCore *core, const gchar *path, GError **error);

G_END_DECLS
