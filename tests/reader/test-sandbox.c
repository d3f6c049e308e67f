/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* What a child behind the door may still do: nothing of this list. And what the real child links. */
#include "reader/bm-reader-sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* Exit status of the child, or minus the signal that killed it. 77: the system has no sandbox. */
static gint
behind_the_door (gint (*deed) (void))
{
  pid_t child = fork ();
  if (child == 0) {
    if (bm_reader_sandbox_close (G_GUINT64_CONSTANT (2) << 30) == NULL)
      _exit (77);
    _exit (deed ());
  }
  int status;
  while (waitpid (child, &status, 0) < 0 && errno == EINTR)
    continue;
  return WIFEXITED (status) ? WEXITSTATUS (status) : -WTERMSIG (status);
}

static gint
do_nothing (void)
{
  return 0;
}

static gint
do_socket (void)
{
  return socket (AF_INET, SOCK_STREAM, 0) >= 0 ? 1 : 2;
}

static gint
do_open (void)
{
  return open ("/etc/passwd", O_RDONLY) < 0 && errno == EACCES ? 0 : 1;
}

static gint
do_exec (void)
{
  char *argv[] = {(char *) "/bin/true", NULL}, *envp[] = {NULL};
  execve ("/bin/true", argv, envp);
  return 1;
}

static gint
do_fork (void)
{
  return fork () >= 0 ? 1 : 2;
}

static gint
do_kill (void)
{
  return kill (getppid (), SIGUSR1) == 0 ? 1 : 2;
}

static gint
do_unlink (void)
{
  return unlink ("/tmp/nothing") == 0 ? 1 : 2;
}

static gint
do_memory_file (void)
{
  gint fd = memfd_create ("x", MFD_ALLOW_SEALING);
  return fd >= 0 && write (fd, "x", 1) == 1 && fcntl (fd, F_ADD_SEALS, F_SEAL_SEAL) == 0 ? 0 : 1;
}

static gint
do_cpu (void)
{
  bm_reader_sandbox_cpu (0);
  for (volatile guint64 i = 0; i < G_MAXUINT64; i++)
    continue;
  return 1;
}

static void
test_deed (gconstpointer data)
{
  static const struct {
    const gchar *name;
    gint (*deed) (void);
    gint want;
  } deeds[] = {
      {"nothing", do_nothing, 0},     {"socket", do_socket, -SIGSYS},
      {"open", do_open, 0},           {"exec", do_exec, -SIGSYS},
      {"fork", do_fork, -SIGSYS},     {"kill", do_kill, -SIGSYS},
      {"unlink", do_unlink, -SIGSYS}, {"memory-file", do_memory_file, 0},
      {"cpu", do_cpu, -SIGXCPU},
  };
  for (guint i = 0; i < G_N_ELEMENTS (deeds); i++) {
    gint got = behind_the_door (deeds[i].deed);
    if (got == 77) {
      g_test_skip ("this system has no seccomp");
      return;
    }
    g_test_message ("%s: %d", deeds[i].name, got);
    g_assert_cmpint (got, ==, deeds[i].want);
  }
}

static void
test_needed (void)
{
  static const gchar *const forbidden[] = {"etpan",  "libpq",  "soup", "json-glib",
                                           "sqlite", "gnutls", "curl"};
  g_autofree gchar *command = g_strdup_printf ("objdump -p %s", g_getenv ("BM_READER"));
  g_autofree gchar *out = NULL;
  g_assert_true (g_spawn_command_line_sync (command, &out, NULL, NULL, NULL));
  g_assert_nonnull (strstr (out, "NEEDED"));
  g_assert_nonnull (strstr (out, "libpff"));
  g_auto (GStrv) lines = g_strsplit (out, "\n", -1);
  for (guint i = 0; lines[i] != NULL; i++)
    for (guint k = 0; strstr (lines[i], "NEEDED") != NULL && k < G_N_ELEMENTS (forbidden); k++)
      g_assert_null (strstr (lines[i], forbidden[k]));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_data_func ("/sandbox/deeds", NULL, test_deed);
  g_test_add_func ("/sandbox/needed", test_needed);
  return g_test_run ();
}
