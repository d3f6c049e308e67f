/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* See fake-worker.h. */
#include "job/fake-worker.h"

#include "job/bm-worker-state.h"
#include <glib/gstdio.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const gchar *jobs;

static volatile sig_atomic_t stopped;

static void
on_term (int number)
{
  stopped = 1;
}

static int
end_with (const gchar *state_path, gint status, const gchar *cause)
{
  const BmWorkerState state = {.pid = (gint) getpid (),
                               .ended = TRUE,
                               .status = status,
                               .cause = (gchar *) cause,
                               .message = (gchar *) "words"};
  bm_worker_state_write (state_path, &state, NULL);
  return status;
}

/* A run that does a part of the work, and has not ended when status is -1. */
static int
get_on (const gchar *state_path, gint status)
{
  const BmWorkerState state = {.pid = (gint) getpid (),
                               .total = 10,
                               .before = 1,
                               .done = status < 0 ? 1 : 2,
                               .job = (gchar *) "/j/its-job",
                               .ended = status >= 0,
                               .status = status,
                               .cause = (gchar *) "connection-lost",
                               .message = (gchar *) "words"};
  bm_worker_state_write (state_path, &state, NULL);
  return status;
}

/* Earlier runs were proven; of this one something is, but only after 600 ms. Nobody else starts before. */
static int
probe (const gchar *state_path)
{
  BmWorkerState state = {
      .pid = (gint) getpid (), .total = 10, .done = 10, .before = 10, .verified = 5, .unproven = 5};
  bm_worker_state_write (state_path, &state, NULL);
  g_usleep (600000);
  g_autofree gchar *other = g_build_filename (jobs, "ok.runs", NULL);
  g_autofree gchar *mark = g_build_filename (jobs, "crowded", NULL);
  if (g_file_test (other, G_FILE_TEST_EXISTS))
    g_file_set_contents (mark, "", 0, NULL);
  state = (BmWorkerState){.pid = state.pid, .verified = 10, .proven = 5, .ended = TRUE};
  bm_worker_state_write (state_path, &state, NULL);
  return 0;
}

/* How often this file was run before; one letter more each time. */
static gsize
count_run (const gchar *file, const gchar *suffix)
{
  g_autofree gchar *path = g_strconcat (file, suffix, NULL);
  g_autofree gchar *text = NULL;
  gsize n = 0;
  g_file_get_contents (path, &text, &n, NULL);
  FILE *out = fopen (path, "a");
  fputc ('x', out);
  fclose (out);
  return n;
}

/* Two at once in one mailbox, or too many on a server, leave a mark. */
static void
enter (const gchar *place, guint most)
{
  g_autofree gchar *directory = g_build_filename (jobs, place, NULL);
  g_autofree gchar *mine = g_strdup_printf ("%s/%d", directory, (int) getpid ());
  g_mkdir_with_parents (directory, 0700);
  g_file_set_contents (mine, "", 0, NULL);
  g_autoptr (GDir) dir = g_dir_open (directory, 0, NULL);
  guint n = 0;
  while (g_dir_read_name (dir) != NULL)
    n++;
  if (n > most) {
    g_autofree gchar *mark = g_build_filename (jobs, "crowded", NULL);
    g_file_set_contents (mark, place, -1, NULL);
  }
}

static void
leave (const gchar *place)
{
  g_autofree gchar *mine = g_strdup_printf ("%s/%s/%d", jobs, place, (int) getpid ());
  g_unlink (mine);
}

static int
act (const gchar *name, const gchar *file, const gchar *state_path)
{
  gsize before = count_run (file, ".runs");
  if (g_str_has_prefix (name, "busy"))
    return before < 2 ? end_with (state_path, 75, "locked") : end_with (state_path, 0, "");
  if (g_str_has_prefix (name, "always"))
    return end_with (state_path, 75, "locked");
  if (g_str_has_prefix (name, "crash") && before == 0)
    kill (getpid (), SIGKILL);
  if (g_str_has_prefix (name, "stall"))
    return before < 2 ? end_with (state_path, 2, BM_WORKER_STALLED) : end_with (state_path, 0, "");
  if (g_str_has_prefix (name, "held"))
    return end_with (state_path, 2, BM_WORKER_STALLED);
  if (g_str_has_prefix (name, "slow"))
    return before < 6 ? get_on (state_path, 75) : end_with (state_path, 0, "");
  if (g_str_has_prefix (name, "killed")) {
    get_on (state_path, -1);
    kill (getpid (), SIGKILL);
  }
  if (g_str_has_prefix (name, "wary"))
    return before == 0 ? end_with (state_path, 2, BM_WORKER_STALLED) : probe (state_path);
  if (g_str_has_prefix (name, "flaky") && before == 0) {
    g_autofree gchar *away = g_build_filename (jobs, "away", NULL);
    g_file_set_contents (away, "", 0, NULL);
    return end_with (state_path, 77, "login-refused");
  }
  if (g_str_has_prefix (name, "some"))
    return end_with (state_path, 1, "");
  if (g_str_has_prefix (name, "refused"))
    return end_with (state_path, 77, "user-refused");
  if (g_str_has_prefix (name, "long")) {
    for (guint i = 0; i < 1000 && !stopped; i++) {
      const BmWorkerState state = {.pid = (gint) getpid (), .total = 10, .appended = 3};
      bm_worker_state_write (state_path, &state, NULL);
      g_usleep (5000);
      g_autofree gchar *enough = g_build_filename (jobs, "enough", NULL);
      if (g_file_test (enough, G_FILE_TEST_EXISTS))
        return end_with (state_path, 0, "");
    }
    return end_with (state_path, 130, "interrupted");
  }
  g_usleep (20000);
  return end_with (state_path, 0, "");
}

int
fake_work (int argc, char **argv)
{
  jobs = argv[2];
  const gchar *file = argv[3], *user = argv[4], *state_path = argv[6];
  g_autofree gchar *name = g_path_get_basename (file);
  const gchar *server = strchr (user, '@');
  signal (SIGTERM, on_term);
  enter (user, 1);
  enter (server, 2);
  int status = act (name, file, state_path);
  leave (user);
  leave (server);
  return status;
}
