/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* See bm-reader-process.h. The child is exec'd with exactly: the PST, a socket, a pipe for stderr,
 * and /dev/null as stdin and stdout; no environment. Must not know PST or MIME. */
#include "reader/bm-reader-process.h"

#include "base/bm-spool.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define PROGRAM        "bm-pst-reader"
#define HELLO_MS       30000
#define MEMORY_DEFAULT (G_GUINT64_CONSTANT (2) << 30)
#define ITEM_SECONDS   60
#define DRAIN_MAX      32 /* reads at a time: a child that never stops writing must not keep us */

gchar *
bm_reader_process_find (GError **error)
{
  /* of the program that asks: installed, src/cli, tests/ROOM and samples of the build tree */
  static const gchar *const beside[] = {".", "../reader", "../../src/reader", "../src/reader"};
  g_autofree gchar *self = g_file_read_link ("/proc/self/exe", NULL);
  g_autofree gchar *directory = self != NULL ? g_path_get_dirname (self) : g_strdup (".");
  for (guint i = 0; i < G_N_ELEMENTS (beside); i++) {
    gchar *path = g_build_filename (directory, beside[i], PROGRAM, NULL);
    if (g_file_test (path, G_FILE_TEST_IS_EXECUTABLE))
      return path;
    g_free (path);
  }
  if (g_file_test (BM_LIBEXEC "/" PROGRAM, G_FILE_TEST_IS_EXECUTABLE))
    return g_strdup (BM_LIBEXEC "/" PROGRAM);
  g_set_error (error, BM_ERROR, BM_CAUSE_INTERNAL,
               "the reader program " PROGRAM " is neither beside %s nor in " BM_LIBEXEC, directory);
  return NULL;
}

static gboolean
spawn (BmReaderProcess *process, const gchar *program, gint pst_fd, gint socket, GError **error)
{
  const gchar *argv[] = {program, NULL};
  const gchar *environment[] = {NULL};
  const gint sources[] = {pst_fd, socket}, targets[] = {3, 4};
  g_autoptr (GError) local = NULL;
  if (g_spawn_async_with_pipes_and_fds (
          "/", argv, environment, G_SPAWN_DO_NOT_REAP_CHILD | G_SPAWN_STDOUT_TO_DEV_NULL, NULL,
          NULL, -1, -1, -1, sources, targets, G_N_ELEMENTS (sources), &process->pid, NULL, NULL,
          &process->error_pipe, &local))
    return TRUE;
  g_set_error (error, BM_ERROR, BM_CAUSE_INTERNAL, "cannot start %s: %s", program, local->message);
  return FALSE;
}

static void
put_map (GByteArray *maps, const BmAddressMap *map)
{
  g_autofree gchar *csv = bm_address_map_size (map) > 0 ? bm_address_map_csv (map) : g_strdup ("");
  bm_frame_put_bytes (maps, csv, strlen (csv));
}

/* A descriptor with both maps; -1 when there are none, or on failure. */
static gint
maps_of (const BmAddressMap *addresses, const BmAddressMap *learnt, gboolean *ok, GError **error)
{
  if (bm_address_map_size (addresses) + bm_address_map_size (learnt) == 0)
    return -1;
  g_autoptr (GByteArray) maps = g_byte_array_new ();
  g_autoptr (BmSpool) spool = bm_spool_new ();
  put_map (maps, addresses);
  put_map (maps, learnt);
  gint fd =
      bm_spool_write (spool, maps->data, maps->len, error) ? bm_spool_steal_fd (spool, error) : -1;
  *ok = fd >= 0;
  return fd;
}

static void
close_maps (gint maps)
{
  if (maps >= 0)
    close (maps);
}

static void
send_config (BmReaderProcess *process, const BmReaderOptions *options, gint maps)
{
  GByteArray *frame = bm_frame_new (BM_FRAME_CONFIG);
  bm_frame_put_text (frame, options->charset);
  bm_frame_put_text (frame, options->owner != NULL ? options->owner : "");
  bm_frame_put_u64 (frame, options->max_message_size);
  bm_frame_put_u64 (frame, options->memory_limit > 0 ? options->memory_limit : MEMORY_DEFAULT);
  bm_frame_put_u32 (frame, options->item_timeout_s > 0 ? options->item_timeout_s : ITEM_SECONDS);
  bm_frame_put_u32 (frame, !options->no_sandbox);
  bm_frame_send (process->socket, frame, maps, NULL);
}

static gboolean
take_hello (BmReaderProcess *process, BmFrame *frame)
{
  g_free (process->sandbox);
  g_free (process->render_id);
  process->sandbox = bm_frame_line (frame, 100);
  process->render_id = bm_frame_line (frame, 200);
  return bm_frame_finished (frame);
}

gboolean
bm_reader_process_poll (const BmReaderProcess *process, gint timeout_ms)
{
  struct pollfd poll_fd = {.fd = process->socket, .events = POLLIN};
  return poll (&poll_fd, 1, timeout_ms) == 1;
}

BmReaderAnswer
bm_reader_process_receive (BmReaderProcess *process, BmFrame *frame, gint64 timeout_ms)
{
  gint64 deadline = g_get_monotonic_time () + timeout_ms * 1000;
  for (;;) {
    gint64 left = (deadline - g_get_monotonic_time ()) / 1000;
    bm_reader_process_drain (process);
    if (left <= 0)
      return BM_READER_HANGS;
    if (!bm_reader_process_poll (process, (gint) MIN (left, 1000)))
      continue;
    switch (bm_frame_receive (process->socket, frame)) {
    case BM_FRAME_CLOSED:
      return BM_READER_DEAD;
    case BM_FRAME_REFUSED:
      return BM_READER_HOSTILE;
    case BM_FRAME_GOT:
    default:
      break;
    }
    if (frame->type != BM_FRAME_LOG)
      return BM_READER_FRAME;
    g_autofree gchar *text = bm_frame_line (frame, 4096);
    g_debug ("reader: %s", text);
  }
}

static gboolean
wait_hello (BmReaderProcess *process, GError **error)
{
  g_autofree BmFrame *frame = g_new0 (BmFrame, 1);
  frame->fd = -1;
  BmReaderAnswer answer = bm_reader_process_receive (process, frame, HELLO_MS);
  if (answer == BM_READER_FRAME && frame->type == BM_FRAME_HELLO && take_hello (process, frame))
    return TRUE;
  bm_frame_clear (frame);
  gboolean limit;
  g_autofree gchar *how = bm_reader_process_stop (process, &limit);
  g_set_error (error, BM_ERROR, BM_CAUSE_INTERNAL,
               "the reader did not come up: %s (without seccomp it refuses; --no-sandbox)", how);
  return FALSE;
}

gboolean
bm_reader_process_start (BmReaderProcess *process, const gchar *program, gint pst_fd,
                         const BmReaderOptions *options, const BmAddressMap *learnt, GError **error)
{
  gint pair[2];
  gboolean have_maps = TRUE;
  gint maps = maps_of (options->addresses, learnt, &have_maps, error);
  if (!have_maps)
    return FALSE;
  if (socketpair (AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0) {
    close_maps (maps);
    g_set_error (error, BM_ERROR, BM_CAUSE_INTERNAL, "cannot make a socket: %s",
                 g_strerror (errno));
    return FALSE;
  }
  process->socket = pair[0];
  gboolean ok = spawn (process, program, pst_fd, pair[1], error);
  close (pair[1]);
  if (!ok) {
    close (process->socket);
    process->socket = -1;
    close_maps (maps);
    return FALSE;
  }
  fcntl (process->error_pipe, F_SETFL, O_NONBLOCK);
  send_config (process, options, maps); /* a dead child shows when we listen */
  close_maps (maps);
  return wait_hello (process, error);
}

void
bm_reader_process_drain (BmReaderProcess *process)
{
  gchar text[2048];
  for (guint i = 0; process->error_pipe >= 0 && i < DRAIN_MAX; i++) {
    gssize n = read (process->error_pipe, text, sizeof text);
    if (n <= 0)
      return;
    g_autofree gchar *valid = g_utf8_make_valid (text, n);
    g_debug ("reader: %s", valid);
  }
}

static gchar *
describe (int status, gboolean *limit)
{
  *limit = WIFEXITED (status) && WEXITSTATUS (status) == BM_READER_NO_MEMORY;
  if (*limit)
    return g_strdup ("it needed more memory than it may have");
  if (WIFEXITED (status))
    return g_strdup_printf ("it ended with status %d", WEXITSTATUS (status));
  int number = WTERMSIG (status);
  *limit = number == SIGXCPU || number == SIGKILL || number == SIGXFSZ;
  if (number == SIGSYS)
    return g_strdup ("it tried what its sandbox forbids");
  return g_strdup_printf ("it was killed by signal %d (%s)", number, g_strsignal (number));
}

gchar *
bm_reader_process_stop (BmReaderProcess *process, gboolean *limit)
{
  int status = 0;
  *limit = FALSE;
  if (process->pid == 0)
    return g_strdup ("it was not running");
  if (process->socket >= 0)
    close (process->socket);
  process->socket = -1;
  /* a child that is dying by itself shall say why: a moment before it is killed */
  gboolean gone = FALSE;
  for (guint i = 0; i < 50 && !gone; i++) {
    gone = waitpid (process->pid, &status, WNOHANG) == process->pid;
    if (!gone)
      g_usleep (2000);
  }
  if (!gone) {
    kill (process->pid, SIGKILL);
    while (waitpid (process->pid, &status, 0) < 0 && errno == EINTR)
      continue;
  }
  bm_reader_process_drain (process);
  if (process->error_pipe >= 0)
    close (process->error_pipe);
  process->error_pipe = -1;
  process->pid = 0;
  return describe (status, limit);
}
