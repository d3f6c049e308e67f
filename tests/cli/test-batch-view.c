/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* How a batch is shown: what is told of the whole, and only what is new of the rows. */
#include "cli/bm-batch-view.h"

#include <glib/gstdio.h>
#include <pty.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static gchar *
file_of (const gchar *directory, const gchar *name, gsize size)
{
  gchar *path = g_build_filename (directory, name, NULL);
  g_autofree gchar *bytes = g_malloc0 (size);
  g_assert_true (g_file_set_contents (path, bytes, (gssize) size, NULL));
  return path;
}

static BmBatchRow
row_of (gint64 id, const gchar *file, BmRowState state)
{
  return (BmBatchRow){.id = id,
                      .line = (guint) id + 1,
                      .file = (gchar *) file,
                      .user = (gchar *) "a@b",
                      .state = state,
                      .status = -1,
                      .cause = (gchar *) "",
                      .message = (gchar *) "",
                      .job = (gchar *) ""};
}

#define WORKERS 10 /* more than the terminal below has lines for */

/* One file of 1000 bytes is half read after 5 s, one of 400 waits, one is done: 900 bytes at 100 a
 * second. */
static void
show (gboolean json, guint n_workers, gulong pause_us)
{
  g_autofree gchar *directory = g_dir_make_tmp ("bm-view.XXXXXX", NULL);
  g_autofree gchar *half = file_of (directory, "half", 1000);
  g_autofree gchar *waits = file_of (directory, "waits", 400);
  BmBatchRow rows[] = {row_of (1, half, BM_ROW_RUNNING), row_of (2, waits, BM_ROW_WAITING),
                       row_of (3, "/nowhere", BM_ROW_ENDED)};
  BmConductorWorker worker = {.row = &rows[0],
                              .state = {.phase = (gchar *) "appending",
                                        .done = 60,
                                        .total = 120,
                                        .bytes = 5000,
                                        .verified = 50,
                                        .elapsed_ms = 5000},
                              .lag_seconds = 7};
  g_autoptr (GPtrArray) all = g_ptr_array_new (), workers = g_ptr_array_new ();
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    g_ptr_array_add (all, &rows[i]);
  for (guint i = 0; i < n_workers; i++)
    g_ptr_array_add (workers, &worker);
  const BmConductorView now = {
      .rows = all,
      .workers = workers,
      .by_state = {[BM_ROW_RUNNING] = 1, [BM_ROW_WAITING] = 1, [BM_ROW_ENDED] = 1},
      .all = {.done = 160, .total = 220, .verified = 150, .bytes = 9000}};
  BmBatchView *view = bm_batch_view_new (json);
  bm_batch_view_show (view, &now);
  g_usleep (pause_us);
  bm_batch_view_show (view, &now); /* nothing is new */
  bm_batch_view_free (view);
  g_unlink (half);
  g_unlink (waits);
  g_rmdir (directory);
}

static void
test_json (void)
{
  if (g_test_subprocess ()) {
    show (TRUE, 1, 0);
    return;
  }
  g_test_trap_subprocess (NULL, 0, 0);
  g_test_trap_assert_passed ();
  g_test_trap_assert_stdout ("*\"all\":{\"done\":160,\"total\":220,\"bytes\":9000,\"verified\":150,"
                             "\"bytes_per_second\":1000,\"lag_seconds\":7,\"eta_seconds\":9}*");
  g_test_trap_assert_stdout ("*\"line\":2,*\"state\":\"running\"*");
  g_test_trap_assert_stdout_unmatched ("*\"state\":\"waiting\"*");
  g_test_trap_assert_stdout_unmatched ("*\"state\":\"ended\"*\"state\":\"ended\"*");
}

static void
test_lines (void)
{
  if (g_test_subprocess ()) {
    show (FALSE, 1, 0);
    return;
  }
  g_test_trap_subprocess (NULL, 0, 0);
  g_test_trap_assert_passed ();
  g_test_trap_assert_stderr ("*1 of 3 rows at an end, 1 running, 1 waiting: 160 of 220 items, *, "
                             "150 verified, lag 7 s, ETA 0:00:09*");
}

/* On a terminal of eight lines: three imports, the sums, and the second table over the first. */
static void
test_terminal (void)
{
  struct winsize size = {.ws_row = 8, .ws_col = 120};
  gchar got[8192] = "";
  gsize n = 0;
  int master, slave, kept = dup (STDERR_FILENO);
  g_assert_cmpint (openpty (&master, &slave, NULL, NULL, &size), ==, 0);
  dup2 (slave, STDERR_FILENO);
  close (slave);
  show (FALSE, WORKERS, 600000);
  fflush (stderr);
  dup2 (kept, STDERR_FILENO);
  close (kept);
  for (ssize_t more; n < sizeof got - 1 && (more = read (master, got + n, sizeof got - 1 - n)) > 0;)
    n += (gsize) more;
  close (master);
  g_auto (GStrv) tables = g_strsplit (got, "\033[6A\033[J", -1);
  g_assert_cmpuint (g_strv_length (tables), ==, 3); /* and nothing when it is taken away */
  g_assert_cmpstr (tables[0], ==, tables[1]);
  g_assert_cmpstr (tables[2], ==, "");
  g_auto (GStrv) lines = g_strsplit (tables[0], "\r\n", -1);
  g_assert_cmpuint (g_strv_length (lines), ==, 7);
  g_assert_true (g_str_has_prefix (lines[3], "a@b "));
  g_assert_true (g_str_has_prefix (lines[4], "in all "));
  g_assert_nonnull (strstr (lines[4], " 160/220 "));
  g_assert_nonnull (strstr (lines[4], " 150 ")); /* verified */
  g_assert_nonnull (strstr (lines[4], " 0:00:07  "));
  g_assert_cmpstr (lines[5], ==, "3 rows, 1 waiting, 1 running, 1 ended");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/batch-view/json", test_json);
  g_test_add_func ("/batch-view/lines", test_lines);
  g_test_add_func ("/batch-view/terminal", test_terminal);
  return g_test_run ();
}
