/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* See bm-log.h. Must not know what is logged. Any thread: a mutex guards file and stderr. */
#include "base/bm-log.h"

#include <bm-pst-import/error.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static GMutex lock;
static const gchar *log_program = "bm-pst-import";
static guint log_verbose;
static gint log_fd = -1;
static void (*stderr_hook) (gboolean before);

static const gchar *
level_word (GLogLevelFlags level)
{
  if (level & (G_LOG_LEVEL_ERROR | G_LOG_LEVEL_CRITICAL))
    return "critical";
  if (level & G_LOG_LEVEL_WARNING)
    return "warning";
  if (level & G_LOG_LEVEL_MESSAGE)
    return "notice";
  return level & G_LOG_LEVEL_INFO ? "info" : "debug";
}

static gboolean
wanted_on_stderr (GLogLevelFlags level)
{
  if (level & G_LOG_LEVEL_DEBUG)
    return log_verbose >= 2;
  if (level & G_LOG_LEVEL_INFO)
    return log_verbose >= 1;
  return TRUE;
}

static void
write_file (GLogLevelFlags level, const gchar *message)
{
  if (log_fd < 0 || (level & G_LOG_LEVEL_DEBUG && log_verbose < 2))
    return;
  g_autoptr (GDateTime) now = g_date_time_new_now_utc ();
  g_autofree gchar *when = g_date_time_format_iso8601 (now);
  g_autofree gchar *line = g_strdup_printf ("%s %s %s\n", when, level_word (level), message);
  if (write (log_fd, line, strlen (line)) < 0 && errno != EINTR)
    log_fd = -1; /* a full disk must not end the job; stderr goes on */
}

/* New: control characters as "?"; line ends and tabs too when it is to be one line. */
static gchar *
plain (const gchar *text, gboolean one_line)
{
  g_autofree gchar *valid = g_utf8_make_valid (text, -1);
  GString *out = g_string_sized_new (strlen (valid));
  for (const gchar *p = valid; *p != '\0'; p = g_utf8_next_char (p)) {
    gunichar c = g_utf8_get_char (p);
    gboolean space = !one_line && (c == '\n' || c == '\t');
    g_string_append_unichar (out, g_unichar_iscntrl (c) && !space ? '?' : c);
  }
  return g_string_free (out, FALSE);
}

static void
print_plain (FILE *out, const gchar *text)
{
  const gchar *charset;
  g_autofree gchar *safe = plain (text, FALSE);
  g_autofree gchar *local = NULL;
  if (!g_get_console_charset (&charset))
    local = g_convert_with_fallback (safe, -1, charset, "UTF-8", "?", NULL, NULL, NULL);
  fputs (local != NULL ? local : safe, out);
  fflush (out);
}

static void
print_stdout (const gchar *text)
{
  print_plain (stdout, text);
}

static void
print_stderr (const gchar *text)
{
  print_plain (stderr, text);
}

static GLogWriterOutput
writer (GLogLevelFlags level, const GLogField *fields, gsize n_fields, gpointer data)
{
  g_autofree gchar *message = NULL;
  for (gsize i = 0; i < n_fields && message == NULL; i++)
    if (g_str_equal (fields[i].key, "MESSAGE"))
      message = plain (fields[i].value, TRUE);
  if (message == NULL)
    return G_LOG_WRITER_UNHANDLED;
  g_mutex_lock (&lock);
  write_file (level, message);
  if (wanted_on_stderr (level)) {
    if (stderr_hook != NULL)
      stderr_hook (TRUE);
    if (level & (G_LOG_LEVEL_ERROR | G_LOG_LEVEL_CRITICAL | G_LOG_LEVEL_WARNING))
      fprintf (stderr, "%s: %s: %s\n", log_program, level_word (level), message);
    else
      fprintf (stderr, "%s: %s\n", log_program, message);
    if (stderr_hook != NULL)
      stderr_hook (FALSE);
  }
  g_mutex_unlock (&lock);
  return G_LOG_WRITER_HANDLED;
}

void
bm_log_init (const gchar *program, guint verbose)
{
  log_program = program;
  log_verbose = verbose;
  g_log_set_writer_func (writer, NULL, NULL);
  g_set_print_handler (print_stdout);
  g_set_printerr_handler (print_stderr);
}

gboolean
bm_log_set_file (const gchar *path, GError **error)
{
  gint fd = -1;
  if (path != NULL) {
    fd = open (path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0) {
      g_set_error (error, BM_ERROR, BM_CAUSE_JOURNAL, "cannot open the log %s: %s", path,
                   g_strerror (errno));
      return FALSE;
    }
  }
  g_mutex_lock (&lock);
  if (log_fd >= 0)
    close (log_fd);
  log_fd = fd;
  g_mutex_unlock (&lock);
  return TRUE;
}

void
bm_log_set_stderr_hook (void (*hook) (gboolean before))
{
  stderr_hook = hook;
}
