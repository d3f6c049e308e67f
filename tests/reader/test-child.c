/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The real child, alive and seen from outside: its descriptors, environment, limits, filter; which
 * signals it hears; that it dies with its parent. Reads /proc. */
#include "reader/bm-reader-process.h"

#include "bm-pst-sample.h"
#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static const gchar *program;

static void
start (BmReaderProcess *process, gboolean sandbox)
{
  g_autoptr (GError) error = NULL;
  BmReaderOptions options = {.charset = "", .no_sandbox = !sandbox};
  gint fd = open ("/dev/null", O_RDONLY); /* no PST, and without CLOEXEC */
  *process = (BmReaderProcess){.socket = -1, .error_pipe = -1};
  g_assert_true (bm_reader_process_start (process, program, fd, &options, NULL, &error));
  g_assert_no_error (error);
  close (fd);
}

static void
stop (BmReaderProcess *process)
{
  gboolean limit;
  g_free (bm_reader_process_stop (process, &limit));
  g_free (process->sandbox);
  g_free (process->render_id);
}

static gchar *
proc_text (const BmReaderProcess *process, const gchar *name, gsize *size)
{
  g_autofree gchar *path = g_strdup_printf ("/proc/%d/%s", process->pid, name);
  gchar *text = NULL;
  g_assert_true (g_file_get_contents (path, &text, size, NULL));
  return text;
}

static gchar *
descriptor (const BmReaderProcess *process, const gchar *number)
{
  g_autofree gchar *path = g_strdup_printf ("/proc/%d/fd/%s", process->pid, number);
  return g_file_read_link (path, NULL);
}

/* A number behind a label in a file of /proc. */
static gint64
proc_number (const BmReaderProcess *process, const gchar *name, const gchar *label, guint base)
{
  g_autofree gchar *text = proc_text (process, name, NULL);
  g_auto (GStrv) parts = g_strsplit (text, label, 2);
  g_assert_cmpuint (g_strv_length (parts), ==, 2);
  return g_ascii_strtoll (parts[1], NULL, base);
}

/* The parent has other files open, as an import has: a journal, sockets, the log. */
static void
test_inheritance (void)
{
  static const gchar *const want[] = {"/dev/null", "/dev/null", "pipe:", "/dev/null", "socket:"};
  gint pair[2], other = open ("/etc/passwd", O_RDONLY);
  g_assert_cmpint (socketpair (AF_UNIX, SOCK_STREAM, 0, pair), ==, 0);
  g_assert_true (g_setenv ("BM_SECRET", "x", TRUE));
  BmReaderProcess process;
  start (&process, FALSE); /* behind the door /proc is for root only */
  g_autofree gchar *path = g_strdup_printf ("/proc/%d/fd", process.pid);
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  g_assert_nonnull (dir);
  guint n = 0;
  for (const gchar *name = g_dir_read_name (dir); name != NULL; name = g_dir_read_name (dir)) {
    g_autofree gchar *target = descriptor (&process, name);
    g_test_message ("%s -> %s", name, target);
    g_assert_cmpint (atoi (name), <, (gint) G_N_ELEMENTS (want));
    g_assert_true (g_str_has_prefix (target, want[atoi (name)]));
    n++;
  }
  g_assert_cmpuint (n, ==, G_N_ELEMENTS (want));
  g_assert_cmpint (proc_number (&process, "fdinfo/3", "flags:", 8) & O_ACCMODE, ==, O_RDONLY);
  gsize size;
  g_free (proc_text (&process, "environ", &size));
  g_assert_cmpuint (size, ==, 0);
  g_assert_cmpstr (process.sandbox, ==, "off");
  stop (&process);
  close (pair[0]);
  close (pair[1]);
  close (other);
}

static void
test_door (void)
{
  BmReaderProcess process;
  start (&process, TRUE);
  g_assert_true (g_str_has_prefix (process.sandbox, "on (seccomp"));
  g_assert_cmpint (proc_number (&process, "status", "\nSeccomp:", 10), ==, 2);
  g_assert_cmpint (proc_number (&process, "status", "\nNoNewPrivs:", 10), ==, 1);
  g_assert_cmpint (proc_number (&process, "limits", "Max core file size", 10), ==, 0);
  g_assert_cmpint (proc_number (&process, "limits", "Max open files", 10), ==, 1024);
  g_assert_cmpint (proc_number (&process, "limits", "Max file size", 10), ==,
                   G_GINT64_CONSTANT (4) << 30);
#ifndef __SANITIZE_ADDRESS__ /* its shadow takes terabytes */
  g_assert_cmpint (proc_number (&process, "limits", "Max address space", 10), ==,
                   G_GINT64_CONSTANT (2) << 30);
#endif
  stop (&process);
}

/* Ctrl-C goes to the whole process group, a service's stop to all its processes. The parent decides
 * then; a child that died of it would cost the item it had. */
static void
test_signals (void)
{
  BmReaderProcess process;
  g_autofree BmFrame *frame = g_new0 (BmFrame, 1);
  frame->fd = -1;
  start (&process, TRUE);
  kill (process.pid, SIGINT);
  kill (process.pid, SIGTERM);
  kill (process.pid, SIGHUP);
  kill (process.pid, SIGQUIT);
  g_assert_true (bm_frame_send (process.socket, bm_frame_new (BM_FRAME_CENSUS), -1, NULL));
  g_assert_cmpint (bm_reader_process_receive (&process, frame, 10000), ==, BM_READER_FRAME);
  g_assert_cmpint (frame->type, ==, BM_FRAME_ERROR); /* /dev/null is no PST */
  stop (&process);
}

static gboolean
is_running (pid_t pid)
{
  g_autofree gchar *path = g_strdup_printf ("/proc/%d/stat", pid);
  g_autofree gchar *text = NULL;
  if (!g_file_get_contents (path, &text, NULL, NULL))
    return FALSE;
  const gchar *state = strrchr (text, ')');
  return state == NULL || (state[2] != 'Z' && state[2] != 'X');
}

/* The parent is killed while the child is busy (here: stopped, and so as deaf as in a loop). */
static void
test_orphan (void)
{
  gint report[2];
  g_assert_cmpint (pipe (report), ==, 0);
  pid_t parent = fork ();
  if (parent == 0) {
    BmReaderProcess process;
    start (&process, TRUE);
    kill (process.pid, SIGSTOP);
    gssize n = write (report[1], &process.pid, sizeof process.pid);
    for (;;)
      _exit (n == sizeof process.pid ? pause () : 1);
  }
  pid_t child = 0;
  int status;
  g_assert_cmpint (read (report[0], &child, sizeof child), ==, sizeof child);
  g_assert_true (is_running (child));
  kill (parent, SIGKILL);
  g_assert_cmpint (waitpid (parent, &status, 0), ==, parent);
  for (guint i = 0; i < 500 && is_running (child); i++)
    g_usleep (10000);
  gboolean left = is_running (child);
  if (left)
    kill (child, SIGKILL);
  g_assert_false (left);
  close (report[0]);
  close (report[1]);
}

#ifndef __SANITIZE_ADDRESS__
static void
assert_ends (const gchar *path, guint64 memory_limit, BmEntryKind kind)
{
  g_autoptr (GError) error = NULL;
  BmReaderOptions options = {.path = path, .charset = "", .memory_limit = memory_limit};
  g_autoptr (BmSource) source = bm_reader_open_program (program, &options, &error);
  const BmCensus *census = source->ops->census (source, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (census->items->len, ==, 2);
  const guint32 nids[] = {g_array_index (census->items, BmCensusItem, 0).nid,
                          g_array_index (census->items, BmCensusItem, 1).nid};
  g_assert_true (source->ops->order (source, nids, 2, &error));
  for (guint i = 0; i < 2; i++) {
    BmEntry entry;
    g_assert_true (source->ops->next (source, &entry, &error));
    g_assert_cmpint (entry.kind, ==, kind);
    if (kind == BM_ENTRY_FAILED)
      g_assert_error (entry.error, BM_ERROR, BM_CAUSE_READER_LIMIT);
    bm_entry_clear (&entry);
  }
}

/* Too large for the limit is not unreadable: more memory helps, Outlook does not. */
static void
test_memory (void)
{
  g_autoptr (GError) error = NULL;
  g_autofree gchar *path = NULL;
  BmPstWriterOptions options = {0};
  BmPstBulk bulk = {.messages = 2, .size = 10 * 1000 * 1000};
  gint fd = g_file_open_tmp ("bm-child-XXXXXX", &path, &error);
  close (fd);
  g_assert_true (bm_pst_sample_bulk (path, &options, &bulk, &error));
  assert_ends (path, 100 << 20, BM_ENTRY_FAILED);
  assert_ends (path, 80 << 20, BM_ENTRY_FAILED);
  assert_ends (path, 0, BM_ENTRY_MESSAGE);
  g_unlink (path);
}
#endif

int
main (int argc, char **argv)
{
  program = g_getenv ("BM_READER");
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/child/inheritance", test_inheritance);
  g_test_add_func ("/child/signals", test_signals);
  g_test_add_func ("/child/orphan", test_orphan);
  g_test_add_func ("/child/door", test_door);
#ifndef __SANITIZE_ADDRESS__ /* no limit of address space then */
  g_test_add_func ("/child/memory", test_memory);
#endif
  return g_test_run ();
}
