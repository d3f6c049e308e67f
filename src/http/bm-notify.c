/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* See bm-notify.h. */
#include "http/bm-notify.h"

#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

void
bm_notify (const gchar *state)
{
  const gchar *path = g_getenv ("NOTIFY_SOCKET");
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  if (path == NULL || strlen (path) >= sizeof address.sun_path || (*path != '/' && *path != '@'))
    return;
  memcpy (address.sun_path, path, strlen (path));
  if (*path == '@') /* an abstract name */
    address.sun_path[0] = '\0';
  int fd = socket (AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0)
    return;
  socklen_t size = (socklen_t) (offsetof (struct sockaddr_un, sun_path) + strlen (path));
  if (sendto (fd, state, strlen (state), MSG_NOSIGNAL, (struct sockaddr *) &address, size) < 0)
    g_info ("the service manager does not listen");
  close (fd);
}

static gboolean
on_alive (gpointer data)
{
  bm_notify ("WATCHDOG=1");
  return G_SOURCE_CONTINUE;
}

void
bm_notify_watchdog (void)
{
  const gchar *text = g_getenv ("WATCHDOG_USEC"), *pid = g_getenv ("WATCHDOG_PID");
  guint64 us;
  if (text == NULL || !g_ascii_string_to_unsigned (text, 10, 1, G_MAXUINT32, &us, NULL) ||
      (pid != NULL && g_ascii_strtoull (pid, NULL, 10) != (guint64) getpid ()))
    return;
  g_timeout_add ((guint) MAX (us / 2000, 1), on_alive, NULL);
}
