/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * Preloaded into Cyrus: syslog goes to the file $LAB_SYSLOG, since a container has no syslogd and Cyrus reports nowhere
 * else. fsync does nothing, for a lab is thrown away; $LAB_FSYNC_US=N makes it real and N microseconds slower (a slow
 * disk, the same each time). Any thread.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#define PUBLIC __attribute__ ((visibility ("default")))

static char ident[64] = "?";

static void write_line (int priority, const char *format, va_list arguments)
    __attribute__ ((format (printf, 2, 0)));

static void
write_line (int priority, const char *format, va_list arguments)
{
  const char *path = getenv ("LAB_SYSLOG");
  if (path == NULL || (priority & 7) > LOG_INFO)
    return;
  int saved = errno;
  char line[2048];
  struct timeval now;
  struct tm tm;
  gettimeofday (&now, NULL);
  localtime_r (&now.tv_sec, &tm);
  size_t n = strftime (line, 40, "%H:%M:%S", &tm);
  n += (size_t) snprintf (line + n, sizeof line - n, ".%03d %s[%d] <%d> ",
                          (int) (now.tv_usec / 1000), ident, (int) getpid (), priority & 7);
  errno = saved; /* for %m */
  int written = vsnprintf (line + n, sizeof line - n - 1, format, arguments);
  n += written > 0 ? (size_t) written : 0;
  if (n > sizeof line - 2)
    n = sizeof line - 2;
  if (line[n - 1] != '\n')
    line[n++] = '\n';
  int fd = open (path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
  if (fd >= 0 && write (fd, line, n) < 0)
    errno = saved;
  if (fd >= 0)
    close (fd);
  errno = saved;
}

PUBLIC void
openlog (const char *name, int option, int facility)
{
  if (name != NULL)
    snprintf (ident, sizeof ident, "%s", name);
}

PUBLIC void
closelog (void)
{
}

PUBLIC void
vsyslog (int priority, const char *format, va_list arguments)
{
  write_line (priority, format, arguments);
}

PUBLIC void
syslog (int priority, const char *format, ...)
{
  va_list arguments;
  va_start (arguments, format);
  write_line (priority, format, arguments);
  va_end (arguments);
}

/* What a program built with _FORTIFY_SOURCE calls instead. */
PUBLIC void __syslog_chk (int priority, int flag, const char *format, ...)
    __attribute__ ((format (printf, 3, 4)));
PUBLIC void __vsyslog_chk (int priority, int flag, const char *format, va_list arguments)
    __attribute__ ((format (printf, 3, 0)));

void
__syslog_chk (int priority, int flag, const char *format, ...)
{
  va_list arguments;
  va_start (arguments, format);
  write_line (priority, format, arguments);
  va_end (arguments);
}

void
__vsyslog_chk (int priority, int flag, const char *format, va_list arguments)
{
  write_line (priority, format, arguments);
}

static int
slow_sync (const char *name, int fd)
{
  const char *wait = getenv ("LAB_FSYNC_US");
  if (wait == NULL)
    return 0;
  usleep ((useconds_t) strtoul (wait, NULL, 10));
  int (*real) (int) = (int (*) (int)) dlsym (RTLD_NEXT, name);
  return real != NULL ? real (fd) : 0;
}

PUBLIC int
fsync (int fd)
{
  return slow_sync ("fsync", fd);
}

PUBLIC int
fdatasync (int fd)
{
  return slow_sync ("fdatasync", fd);
}
