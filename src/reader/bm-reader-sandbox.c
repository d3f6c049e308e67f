/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* See bm-reader-sandbox.h. Default is to kill the process; what libraries try in passing (opening
 * files, asking the terminal) answers EACCES. Only for Linux on 64 bits. One thread. */
#include "reader/bm-reader-sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <seccomp.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

#define DESCRIPTORS 1024
#define FILE_SIZE   (G_GUINT64_CONSTANT (4) << 30) /* of a memory file */

static void
limit (int resource, guint64 value)
{
  struct rlimit rl = {(rlim_t) value, (rlim_t) value};
  setrlimit ((__rlimit_resource_t) resource, &rl);
}

/* No rule is added: nothing of the file system can be reached. */
static gboolean
close_files (void)
{
  struct landlock_ruleset_attr attributes = {.handled_access_fs = 0x1fff};
  int ruleset = (int) syscall (SYS_landlock_create_ruleset, &attributes, sizeof attributes, 0);
  if (ruleset < 0)
    return FALSE;
  gboolean ok = syscall (SYS_landlock_restrict_self, ruleset, 0) == 0;
  close (ruleset);
  return ok;
}

static gboolean
allow (scmp_filter_ctx filter)
{
  static const int allowed[] = {
      SCMP_SYS (read),         SCMP_SYS (pread64),       SCMP_SYS (write),
      SCMP_SYS (sendmsg),      SCMP_SYS (recvmsg),       SCMP_SYS (close),
      SCMP_SYS (fstat),        SCMP_SYS (lseek),         SCMP_SYS (mmap),
      SCMP_SYS (munmap),       SCMP_SYS (mremap),        SCMP_SYS (mprotect),
      SCMP_SYS (madvise),      SCMP_SYS (brk),           SCMP_SYS (memfd_create),
      SCMP_SYS (ftruncate),    SCMP_SYS (futex),         SCMP_SYS (exit),
      SCMP_SYS (exit_group),   SCMP_SYS (rt_sigreturn),  SCMP_SYS (rt_sigprocmask),
      SCMP_SYS (rt_sigaction), SCMP_SYS (clock_gettime), SCMP_SYS (getrandom),
      SCMP_SYS (getpid),       SCMP_SYS (gettid),        SCMP_SYS (sched_yield),
      SCMP_SYS (sigaltstack),
  };
  static const int denied[] = {
      SCMP_SYS (openat),
      SCMP_SYS (open),
      SCMP_SYS (ioctl),
      SCMP_SYS (uname),
      SCMP_SYS (access),
      SCMP_SYS (faccessat),
      SCMP_SYS (readlink),
      SCMP_SYS (readlinkat),
      SCMP_SYS (getpeername),
      SCMP_SYS (sysinfo),
      SCMP_SYS (stat),
      SCMP_SYS (lstat),
      SCMP_SYS (sched_getaffinity),
  };
  gboolean ok = TRUE;
  for (gsize i = 0; i < G_N_ELEMENTS (allowed); i++)
    ok &= seccomp_rule_add (filter, SCMP_ACT_ALLOW, allowed[i], 0) == 0;
  for (gsize i = 0; i < G_N_ELEMENTS (denied); i++)
    ok &= seccomp_rule_add (filter, SCMP_ACT_ERRNO (EACCES), denied[i], 0) == 0;
  return ok;
}

/* Calls that are harmless with some arguments only: with others they reach other processes (a
 * signal, directly or as the owner of a socket) or the names in the file system. */
static gboolean
allow_some (scmp_filter_ctx filter)
{
  static const int commands[] = {F_GETFD, F_SETFD, F_GETFL, F_ADD_SEALS, F_GET_SEALS};
  const struct scmp_arg_cmp itself = SCMP_A0 (SCMP_CMP_EQ, (scmp_datum_t) getpid ());
  const struct scmp_arg_cmp no_pid = SCMP_A0 (SCMP_CMP_EQ, 0);
  const struct scmp_arg_cmp cpu = SCMP_A1 (SCMP_CMP_EQ, RLIMIT_CPU);
  const struct scmp_arg_cmp by_fd = SCMP_A3 (SCMP_CMP_MASKED_EQ, AT_EMPTY_PATH, AT_EMPTY_PATH);
  const struct scmp_arg_cmp by_name = SCMP_A3 (SCMP_CMP_MASKED_EQ, AT_EMPTY_PATH, 0);
  gboolean ok = TRUE;
  for (gsize i = 0; i < G_N_ELEMENTS (commands); i++)
    ok &= seccomp_rule_add (filter, SCMP_ACT_ALLOW, SCMP_SYS (fcntl), 1,
                            SCMP_A1 (SCMP_CMP_EQ, (scmp_datum_t) commands[i])) == 0;
  ok &= seccomp_rule_add (filter, SCMP_ACT_ALLOW, SCMP_SYS (tgkill), 1, itself) == 0; /* abort */
  ok &= seccomp_rule_add (filter, SCMP_ACT_ALLOW, SCMP_SYS (prlimit64), 2, no_pid, cpu) == 0;
  ok &= seccomp_rule_add (filter, SCMP_ACT_ALLOW, SCMP_SYS (newfstatat), 1, by_fd) == 0;
  ok &= seccomp_rule_add (filter, SCMP_ACT_ERRNO (EACCES), SCMP_SYS (newfstatat), 1, by_name) == 0;
  return ok;
}

static gboolean
close_syscalls (void)
{
  scmp_filter_ctx filter = seccomp_init (SCMP_ACT_KILL_PROCESS);
  if (filter == NULL)
    return FALSE;
  gboolean ok = allow (filter) && allow_some (filter) && seccomp_load (filter) == 0;
  seccomp_release (filter);
  return ok;
}

void
bm_reader_sandbox_attach (void)
{
  static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
  for (gsize i = 0; i < G_N_ELEMENTS (signals); i++)
    signal (signals[i], SIG_IGN);
  prctl (PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
}

const gchar *
bm_reader_sandbox_close (guint64 memory_limit)
{
  if (!SANITIZED) /* ASan maps terabytes of shadow */
    limit (RLIMIT_AS, memory_limit);
  limit (RLIMIT_CORE, 0);
  limit (RLIMIT_FSIZE, FILE_SIZE);
  limit (RLIMIT_NOFILE, DESCRIPTORS);
  prctl (PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  prctl (PR_SET_DUMPABLE, 0, 0, 0, 0);
  gboolean files = close_files ();
  if (!close_syscalls ())
    return NULL;
  return files ? "on (seccomp, landlock)" : "on (seccomp)";
}

void
bm_reader_sandbox_cpu (guint seconds)
{
  struct timespec used = {0};
  clock_gettime (CLOCK_PROCESS_CPUTIME_ID, &used);
  struct rlimit rl = {(rlim_t) used.tv_sec + seconds + 1, RLIM_INFINITY};
  prlimit (0, RLIMIT_CPU, &rl, NULL);
}
