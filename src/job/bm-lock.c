/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* See bm-lock.h. Must not know what is locked. */
#include "job/bm-lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#define LOOKS_ALLOWED 10 /* of others at the lock, while it is taken */
#define LOOK_US       20000

/* bm_lock_owner of another process holds the lock for a moment: no reason to refuse the start. */
static gboolean
lock_file (gint fd)
{
  for (guint tries = 0; flock (fd, LOCK_EX | LOCK_NB) != 0; tries++) {
    if (errno != EWOULDBLOCK || tries == LOOKS_ALLOWED)
      return FALSE;
    g_usleep (LOOK_US);
  }
  return TRUE;
}

static gint
pid_in (gint fd)
{
  gchar text[32] = "";
  return pread (fd, text, sizeof text - 1, 0) > 0 ? atoi (text) : 0;
}

static void
sign (gint fd, const gchar *path)
{
  g_autofree gchar *text = g_strdup_printf ("%d\n", (gint) getpid ());
  if (ftruncate (fd, 0) != 0 || pwrite (fd, text, strlen (text), 0) < 0)
    g_warning ("cannot write the pid to %s: %s", path, g_strerror (errno));
}

gint
bm_lock_take (const gchar *path, const gchar *what, GError **error)
{
  gint fd = open (path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) {
    g_set_error (error, BM_ERROR, BM_CAUSE_JOURNAL, "cannot open the lock %s: %s", path,
                 g_strerror (errno));
    return -1;
  }
  if (!lock_file (fd)) {
    g_set_error (error, BM_ERROR, BM_CAUSE_LOCKED, "%s is in use by process %d (%s)", what,
                 pid_in (fd), path);
    close (fd);
    return -1;
  }
  sign (fd, path);
  return fd;
}

gint
bm_lock_owner (const gchar *path)
{
  gint fd = open (path, O_RDONLY | O_CLOEXEC);
  if (fd < 0)
    return 0;
  gint owner = 0;
  if (flock (fd, LOCK_SH | LOCK_NB) != 0)
    owner = MAX (pid_in (fd), 1); /* held, also when a full disk kept the pid from being written */
  close (fd);
  return owner;
}
