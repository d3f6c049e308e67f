/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The progress line: what it says of a run that goes on where another stopped, and that it fits. */
#include "cli/bm-cli.h"

#include <string.h>

static const BmProgress resumed = {.phase = BM_PHASE_APPEND,
                                   .total = 1000,
                                   .done = 910,
                                   .before = 900,
                                   .appended = 905,
                                   .verified = 850,
                                   .bytes = 3 << 20,
                                   .elapsed_ms = 5000};

static void
test_resumed (void)
{
  g_autofree gchar *line = bm_cli_progress_line (&resumed, 0);
  g_assert_cmpstr (line, ==,
                   "appending: 910 of 1000 items, 3.0 MiB, 2/s, 850 verified, 0:00:45 left");
}

static void
test_verifying (void)
{
  const BmProgress progress = {.phase = BM_PHASE_VERIFY,
                               .total = 24,
                               .done = 24,
                               .verified = 20,
                               .unproven = 4,
                               .trouble = "database unreachable"};
  g_autofree gchar *line = bm_cli_progress_line (&progress, 0);
  g_assert_cmpstr (line, ==, "verifying: 20 verified, 4 not yet; database unreachable");
}

/* A line that wraps cannot be rewritten in place. */
static void
test_narrow (void)
{
  BmProgress progress = resumed;
  progress.trouble = "reconnecting to the mail server";
  g_autofree gchar *whole = bm_cli_progress_line (&progress, 0);
  g_autofree gchar *line = bm_cli_progress_line (&progress, 40);
  g_assert_cmpuint (strlen (whole), >, 80);
  g_assert_cmpuint (g_utf8_strlen (line, -1), ==, 39);
  g_assert_true (g_str_has_prefix (whole, line));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/progress/resumed", test_resumed);
  g_test_add_func ("/progress/verifying", test_verifying);
  g_test_add_func ("/progress/narrow", test_narrow);
  return g_test_run ();
}
