/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The progress line: rewritten in place on a terminal, one line every 10 s elsewhere. Steps aside
 * for log lines. One thread. */
#include "cli/bm-cli.h"

#include "base/bm-log.h"
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define LINE_EVERY_US (10 * G_USEC_PER_SEC)

static struct {
  gboolean started, terminal, shown;
  gint64 last_line;
  gchar text[160];
} view;

static void
erase (void)
{
  if (view.shown)
    fputs ("\r\033[K", stderr);
  view.shown = FALSE;
}

static void
step_aside (gboolean before)
{
  if (before)
    erase ();
}

const gchar *
bm_cli_phase_word (BmPhase phase)
{
  static const gchar *const words[] = {"counting", "looking", "appending", "verifying", "done"};
  return words[phase];
}

static void
format_eta (const BmProgress *progress, gchar *eta, gsize size)
{
  guint64 left = progress->total > progress->done ? progress->total - progress->done : 0;
  *eta = '\0';
  if (progress->phase != BM_PHASE_APPEND || progress->done == 0 || progress->elapsed_ms < 2000)
    return;
  guint64 seconds = (guint64) progress->elapsed_ms * left / progress->done / 1000;
  g_snprintf (eta, (gulong) size, ", %u:%02u:%02u left", (guint) (seconds / 3600),
              (guint) (seconds / 60 % 60), (guint) (seconds % 60));
}

static void
format_line (const BmProgress *progress)
{
  gchar eta[40];
  gdouble seconds = (gdouble) MAX (progress->elapsed_ms, 1) / 1000.0;
  g_autofree gchar *bytes = g_format_size_full (progress->bytes, G_FORMAT_SIZE_IEC_UNITS);
  format_eta (progress, eta, sizeof eta);
  g_snprintf (view.text, sizeof view.text,
              "%s: %" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT
              " items, %s, %.0f/s, %" G_GUINT64_FORMAT " verified%s%s%s",
              bm_cli_phase_word (progress->phase), progress->done, progress->total, bytes,
              (gdouble) (progress->appended + progress->present) / seconds, progress->verified, eta,
              progress->trouble != NULL ? "; " : "",
              progress->trouble != NULL ? progress->trouble : "");
}

void
bm_cli_progress (const BmProgress *progress, gpointer data)
{
  gint64 now = g_get_monotonic_time ();
  if (!view.started) {
    view.started = TRUE;
    view.terminal = isatty (STDERR_FILENO);
    view.last_line = now;
    bm_log_set_stderr_hook (step_aside);
  }
  if (!view.terminal && now - view.last_line < LINE_EVERY_US)
    return;
  view.last_line = now;
  format_line (progress);
  if (view.terminal)
    fprintf (stderr, "\r\033[K%s", view.text);
  else
    fprintf (stderr, "%s\n", view.text);
  fflush (stderr);
  view.shown = view.terminal;
}

void
bm_cli_progress_end (void)
{
  erase ();
  view.started = FALSE;
  bm_log_set_stderr_hook (NULL);
}
