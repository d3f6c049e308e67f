/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The progress line: rewritten in place on a terminal, one line every 10 s elsewhere. Steps aside
 * for log lines. One thread. */
#include "cli/bm-cli.h"

#include "base/bm-log.h"
#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define LINE_EVERY_US (10 * G_USEC_PER_SEC)

static struct {
  gboolean started, terminal, shown;
  gint64 last_line;
} view;

void
bm_cli_progress_hide (void)
{
  if (view.shown)
    fputs ("\r\033[K", stderr);
  view.shown = FALSE;
}

static void
step_aside (gboolean before)
{
  if (before)
    bm_cli_progress_hide ();
}

const gchar *
bm_cli_phase_word (BmPhase phase)
{
  static const gchar *const words[] = {"counting", "looking", "appending", "verifying", "done"};
  return words[phase];
}

/* Speed and time left follow from what this run did, not from what it found done. */
static void
add_appending (GString *line, const BmProgress *progress)
{
  guint64 left = progress->total > progress->done ? progress->total - progress->done : 0;
  guint64 now = progress->done > progress->before ? progress->done - progress->before : 0;
  g_autofree gchar *bytes = g_format_size_full (progress->bytes, G_FORMAT_SIZE_IEC_UNITS);
  g_autofree gchar *plain = g_str_to_ascii (bytes, "C"); /* it has a no-break space */
  g_string_append_printf (line,
                          "%" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT
                          " items, %s, %.0f/s, %" G_GUINT64_FORMAT " verified",
                          progress->done, progress->total, plain,
                          (gdouble) now * 1000.0 / (gdouble) MAX (progress->elapsed_ms, 1),
                          progress->verified);
  if (now == 0 || progress->elapsed_ms < 2000)
    return;
  guint64 seconds = (guint64) progress->elapsed_ms * left / now / 1000;
  g_string_append_printf (line, ", %u:%02u:%02u left", (guint) (seconds / 3600),
                          (guint) (seconds / 60 % 60), (guint) (seconds % 60));
}

gchar *
bm_cli_progress_line (const BmProgress *progress, guint width)
{
  g_autoptr (GString) line = g_string_new (bm_cli_phase_word (progress->phase));
  g_string_append (line, ": ");
  if (progress->phase == BM_PHASE_APPEND)
    add_appending (line, progress);
  else if (progress->phase == BM_PHASE_VERIFY)
    g_string_append_printf (line, "%" G_GUINT64_FORMAT " verified, %" G_GUINT64_FORMAT " not yet",
                            progress->verified, progress->unproven);
  else
    g_string_append_printf (line, "%" G_GUINT64_FORMAT " items", progress->total);
  if (progress->trouble != NULL)
    g_string_append_printf (line, "; %s", progress->trouble);
  if (width > 1)
    g_string_truncate (line, MIN (line->len, width - 1)); /* ASCII */
  return g_string_free (g_steal_pointer (&line), FALSE);
}

static guint
terminal_width (void)
{
  struct winsize size = {0};
  return ioctl (STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

/* FALSE: the last line is too young. */
static gboolean
is_due (void)
{
  gint64 now = g_get_monotonic_time ();
  if (!view.started) {
    view.started = TRUE;
    view.terminal = isatty (STDERR_FILENO);
    view.last_line = now;
    bm_log_set_stderr_hook (step_aside);
  }
  if (!view.terminal && now - view.last_line < LINE_EVERY_US)
    return FALSE;
  view.last_line = now;
  return TRUE;
}

static void
show (const gchar *line)
{
  if (view.terminal)
    fprintf (stderr, "\r\033[K%s", line);
  else
    fprintf (stderr, "%s\n", line);
  fflush (stderr);
  view.shown = view.terminal;
}

void
bm_cli_progress (const BmProgress *progress, gpointer data)
{
  if (!is_due ())
    return;
  g_autofree gchar *line = bm_cli_progress_line (progress, view.terminal ? terminal_width () : 0);
  show (line);
}

void
bm_cli_progress_words (const gchar *words)
{
  if (!is_due ())
    return;
  show (words);
}

void
bm_cli_progress_end (void)
{
  bm_cli_progress_hide ();
  view.started = FALSE;
  bm_log_set_stderr_hook (NULL);
}
