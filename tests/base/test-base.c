/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Spools in memory and in a memfd, backoff, failpoints. */
#include "base/bm-log.h"
#include "base/bm-backoff.h"
#include "base/bm-failpoint.h"
#include "base/bm-spool.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* Written in odd pieces, read back the same, small and large. */
static void
test_spool (gconstpointer data)
{
  gsize size = GPOINTER_TO_SIZE (data), done = 0;
  g_autoptr (BmSpool) spool = bm_spool_new ();
  g_autofree guint8 *want = g_malloc (size + 1);
  for (gsize i = 0; i < size; i++)
    want[i] = (guint8) (i * 7 + i / 251);
  for (gsize piece = 1; done < size; piece = piece * 3 % 100003 + 1) {
    gsize n = MIN (piece, size - done);
    g_assert_true (bm_spool_write (spool, want + done, n, NULL));
    done += n;
  }
  g_assert_cmpuint (bm_spool_size (spool), ==, size);
  GBytes *bytes = bm_spool_bytes (spool, NULL);
  g_assert_nonnull (bytes);
  gsize got;
  gconstpointer read = g_bytes_get_data (bytes, &got);
  g_assert_cmpmem (read, got, want, size);
  gint fd = bm_spool_steal_fd (spool, NULL);
  g_assert_cmpint (fd, >=, 0);
  g_assert_cmpint (fcntl (fd, F_GET_SEALS), ==,
                   F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE);
  struct stat info;
  g_assert_cmpint (fstat (fd, &info), ==, 0);
  g_assert_cmpuint ((guint64) info.st_size, ==, size);
  g_assert_cmpint (write (fd, "x", 1), ==, -1);
  close (fd);
}

static void
test_backoff (void)
{
  BmBackoff backoff = {.first_ms = 100, .max_ms = 500, .tries = 4};
  const guint want[] = {100, 200, 400, 500};
  guint wait = 0;
  for (guint i = 0; i < G_N_ELEMENTS (want); i++) {
    g_assert_true (bm_backoff_next (&backoff, &wait));
    g_assert_cmpuint (wait, ==, want[i]);
  }
  g_assert_false (bm_backoff_next (&backoff, &wait));
  bm_backoff_reset (&backoff);
  g_assert_true (bm_backoff_next (&backoff, &wait));
  g_assert_cmpuint (wait, ==, 100);
}

static int
status_with (const gchar *value)
{
  pid_t child = fork ();
  if (child == 0) {
    g_setenv ("BM_FAILPOINT", value, TRUE);
    bm_failpoint_from_environment ();
    bm_failpoint ("one");
    bm_failpoint ("two");
    _exit (0);
  }
  int status;
  while (waitpid (child, &status, 0) < 0 && errno == EINTR)
    continue;
  return status;
}

static void
test_failpoint (void)
{
  g_assert_true (WIFSIGNALED (status_with ("1")));
  g_assert_true (WIFSIGNALED (status_with ("2")));
  g_assert_true (WIFEXITED (status_with ("3")));
  g_assert_true (WIFSIGNALED (status_with ("two")));
  g_assert_true (WIFEXITED (status_with ("three")));
}

static void
print_hostile (void)
{
  bm_log_init ("test", 0);
  g_print ("a\x1b[2Jb\tc\xc2\x9b\n");
  g_printerr ("d\x07"
              "e\n");
  g_message ("f\x1b]0;g\nh");
}

/* Names of folders and words of servers go to terminals; what is in them must not command those. */
static void
test_plain (void)
{
  if (g_test_subprocess ()) {
    print_hostile ();
    return;
  }
  g_test_trap_subprocess (NULL, 0, 0);
  g_test_trap_assert_passed ();
  g_test_trap_assert_stdout ("*a??2Jb\tc?\n*");
  g_test_trap_assert_stdout_unmatched ("*\x1b*");
  g_test_trap_assert_stderr ("*d?e\n*f?]0;g?h\n*");
  g_test_trap_assert_stderr_unmatched ("*\x1b*");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_data_func ("/base/spool/empty", GSIZE_TO_POINTER (0), test_spool);
  g_test_add_data_func ("/base/spool/small", GSIZE_TO_POINTER (1000), test_spool);
  g_test_add_data_func ("/base/spool/border", GSIZE_TO_POINTER (1024 * 1024), test_spool);
  g_test_add_data_func ("/base/spool/large", GSIZE_TO_POINTER (5000001), test_spool);
  g_test_add_func ("/base/backoff", test_backoff);
  g_test_add_func ("/base/failpoint", test_failpoint);
  g_test_add_func ("/base/plain", test_plain);
  return g_test_run ();
}
