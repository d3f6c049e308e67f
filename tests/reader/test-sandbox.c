/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* What a child behind the door may still do: nothing of this list. And what the real child links. */
#include "reader/bm-reader-sandbox.h"

#include "mime/bm-mime.h"
#include "text/bm-charset-table.h"
#include "text/bm-charset.h"

#include <bm-pst-import/render.h>
#include <errno.h>
#include <fcntl.h>
#include <iconv.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static pid_t parent;

/* Exit status of the child, or minus the signal that killed it. 77: the system has no sandbox. */
static gint
behind_the_door (gint (*deed) (void))
{
  parent = getpid ();
  pid_t child = fork ();
  if (child == 0) {
    bm_render_init ();
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
  return kill (parent, SIGUSR1) == 0 ? 1 : 2;
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

/* abort() needs tgkill on itself; anybody else's life is not the child's business. */
static gint
do_kill_thread (void)
{
  return (gint) syscall (SYS_tgkill, parent, parent, 0) == 0 ? 1 : 2;
}

static gint
do_abort (void)
{
  abort ();
}

/* With F_SETOWN and F_SETSIG a socket sends any signal to any process of the same user. */
static gint
do_own (void)
{
  return fcntl (1, F_SETOWN, parent) == 0 ? 1 : 2;
}

static gint
do_look (void)
{
  struct stat info;
  return stat ("/etc/passwd", &info) < 0 && errno == EACCES && fstat (1, &info) == 0 ? 0 : 1;
}

static gint
do_limit (void)
{
  struct rlimit rl = {RLIM_INFINITY, RLIM_INFINITY};
  return setrlimit (RLIMIT_AS, &rl) == 0 ? 1 : 2;
}

/* Encoded words by the charset's name in mail, which to iconv may be another module than ours. */
static gint
do_words (void)
{
  static const gchar *const words[][2] = {
      {"=?shift_jis?B?gqA=?=", "\xe3\x81\x82"},
      {"=?x-sjis?B?gqA=?=", "\xe3\x81\x82"},
      {"=?euc-jp?B?pKI=?=", "\xe3\x81\x82"},
      {"=?big5?B?pKQ=?=", "\xe4\xb8\xad"},
      {"=?gb2312?B?1tA=?=", "\xe4\xb8\xad"},
      {"=?gbk?B?1tA=?=", "\xe4\xb8\xad"},
      {"=?gb18030?B?1tA=?=", "\xe4\xb8\xad"},
      {"=?euc-kr?B?sKE=?=", "\xea\xb0\x80"},
      {"=?ks_c_5601-1987?B?sKE=?=", "\xea\xb0\x80"},
      {"=?koi8-r?B?1g==?=", "\xd0\xb6"},
      {"=?iso-8859-2?B?sw==?=", "\xc5\x82"},
      {"=?windows-1255?B?4A==?=", "\xd7\x90"},
      {"=?tis-620?B?oQ==?=", "\xe0\xb8\x81"},
      {"=?iso-2022-jp?B?GyRCJCIbKEI=?=", "\xe3\x81\x82"},
      {"=?macintosh?B?jg==?=", "\xc3\xa9"},
  };
  for (guint i = 0; i < G_N_ELEMENTS (words); i++) {
    g_autofree gchar *text = bm_mime_decode_text (words[i][0]);
    if (g_strcmp0 (text, words[i][1]) != 0)
      return (gint) (1 + i);
  }
  return 0;
}

/* Every character set, ours and a library's descriptors: no module is missing. */
static gint
do_charsets (void)
{
  for (guint i = 0; i < bm_charset_table_size; i++) {
    const BmCharsetRow *row = &bm_charset_table[i];
    gboolean wide = row->kind == BM_CHARSET_UTF16LE || row->kind == BM_CHARSET_UTF16BE;
    const gchar *in = row->kind == BM_CHARSET_UTF16BE ? "\0A" : "A\0";
    gboolean lossy;
    g_autofree gchar *text =
        bm_charset_to_utf8 ((const guint8 *) in, wide ? 2 : 1, row->iconv, &lossy);
    if (!g_str_equal (text, "A") || lossy)
      return 1;
    if (row->kind == BM_CHARSET_HZ) /* no iconv knows it */
      continue;
    iconv_t both[2] = {iconv_open ("UTF-8", row->iconv), iconv_open (row->iconv, "UTF-8")};
    if (both[0] == (iconv_t) -1 || both[1] == (iconv_t) -1)
      return 2;
    iconv_close (both[0]);
    iconv_close (both[1]);
  }
  return 0;
}

/* What GLib, GMime and libc load on first use is loaded. */
static gint
do_libraries (void)
{
  time_t moment = 86400;
  struct tm local;
  g_autofree gchar *encoded = bm_mime_encode_text ("\xc3\xa9");
  g_random_int ();
  return localtime_r (&moment, &local) != NULL && encoded != NULL ? 0 : 1;
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
      {"nothing", do_nothing, 0},
      {"socket", do_socket, -SIGSYS},
      {"open", do_open, 0},
      {"exec", do_exec, -SIGSYS},
      {"fork", do_fork, -SIGSYS},
      {"kill", do_kill, -SIGSYS},
      {"unlink", do_unlink, -SIGSYS},
      {"memory-file", do_memory_file, 0},
      {"cpu", do_cpu, -SIGXCPU},
      {"charsets", do_charsets, 0},
      {"words", do_words, 0},
      {"libraries", do_libraries, 0},
      {"kill-thread", do_kill_thread, -SIGSYS},
      {"abort", do_abort, -SIGABRT},
      {"own", do_own, -SIGSYS},
      {"look", do_look, 0},
      {"limit", do_limit, -SIGSYS},
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
