/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* systemd's service notifications (sd_notify(3)), without its library: a datagram to the socket that
 * $NOTIFY_SOCKET names. Nothing happens where it names none. Main thread. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* state: "READY=1", "STOPPING=1", "STATUS=..." */
void bm_notify (const gchar *state);
/* Signs of life from the default main context, as often as $WATCHDOG_USEC asks. */
void bm_notify_watchdog (void);

G_END_DECLS
