/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* bm-pst-importd: the daemon behind the browser. Its only power is to make job directories and to
 * start workers; it links no parser and no mail library (a test looks). Here: options, areas, the
 * main loop, and its end. */
#include "http/bm-notify.h"
#include "http/bm-web-main.h"

#include "base/bm-failpoint.h"
#include "base/bm-log.h"
#include <glib-unix.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#define STOP_S 10 /* for what is being answered when the daemon must end */

/* Each registers its routes. */
static void (*const areas[]) (BmWeb *web) = {
    bm_web_static_routes,  bm_web_session_routes, bm_web_users_routes,   bm_web_info_routes,
    bm_web_uploads_routes, bm_web_files_routes,   bm_web_imports_routes,
};

typedef struct {
  BmWeb *web;
  GMainLoop *loop;
  gint64 stop_by; /* monotonic; 0 = runs */
} Daemon;

static gboolean
on_stopping (gpointer data)
{
  Daemon *daemon = data;
  if (bm_web_is_busy (daemon->web) && g_get_monotonic_time () < daemon->stop_by)
    return G_SOURCE_CONTINUE;
  g_main_loop_quit (daemon->loop);
  return G_SOURCE_REMOVE;
}

/* A second signal does not wait. */
static gboolean
on_signal (gpointer data)
{
  Daemon *daemon = data;
  if (daemon->stop_by != 0) {
    g_main_loop_quit (daemon->loop);
    return G_SOURCE_CONTINUE;
  }
  bm_notify ("STOPPING=1");
  g_message ("stopping; imports go on");
  daemon->stop_by = g_get_monotonic_time () + STOP_S * G_USEC_PER_SEC;
  bm_web_stop (daemon->web);
  g_timeout_add (100, on_stopping, daemon);
  return G_SOURCE_CONTINUE;
}

/* *busy: threads of requests that nobody waits for any longer still look at the configuration. */
static int
run (const BmConfig *config, gboolean *busy)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (BmWeb) web = bm_web_new (config, &error);
  g_autoptr (GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  if (web == NULL) {
    g_printerr ("bm-pst-importd: %s\n", error->message);
    return bm_cause_exit_status (bm_error_cause (error));
  }
  for (guint i = 0; i < G_N_ELEMENTS (areas); i++)
    areas[i](web);
  if (!bm_web_start (web, &error)) {
    g_printerr ("bm-pst-importd: %s\n", error->message);
    return bm_cause_exit_status (bm_error_cause (error));
  }
  fflush (stdout); /* whoever waits for the address reads a pipe */
  Daemon daemon = {web, loop, 0};
  guint term = g_unix_signal_add (SIGTERM, on_signal, &daemon);
  guint interrupt = g_unix_signal_add (SIGINT, on_signal, &daemon);
  bm_notify ("READY=1");
  bm_notify_watchdog ();
  g_main_loop_run (loop);
  g_source_remove (term);
  g_source_remove (interrupt);
  *busy = bm_web_is_busy (web);
  if (*busy)
    g_steal_pointer (&web);
  return 0;
}

/* One file descriptor a viewer, and some for files. */
static void
raise_limits (void)
{
  struct rlimit limit;
  if (getrlimit (RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= 4096)
    return;
  limit.rlim_cur = MIN (limit.rlim_max, (rlim_t) 4096);
  setrlimit (RLIMIT_NOFILE, &limit);
}

int
main (int argc, char **argv)
{
  g_autofree gchar *config_path = NULL;
  gboolean version = FALSE, verbose = FALSE;
  const GOptionEntry entries[] = {
      {"config", 0, 0, G_OPTION_ARG_FILENAME, &config_path, "configuration, group [web]", "FILE"},
      {"verbose", 'v', 0, G_OPTION_ARG_NONE, &verbose, "more talk on stderr", NULL},
      {"version", 0, 0, G_OPTION_ARG_NONE, &version, "print the version", NULL},
      {NULL},
  };
  setlocale (LC_ALL, "");
  g_autoptr (GOptionContext) context = g_option_context_new ("- PST import for administrators");
  g_autoptr (GError) error = NULL;
  g_option_context_add_main_entries (context, entries, NULL);
  if (!g_option_context_parse (context, &argc, &argv, &error) || argc > 1) {
    g_printerr ("bm-pst-importd: %s; see --help\n",
                error != NULL ? error->message : "it takes no argument");
    return bm_cause_exit_status (BM_CAUSE_USAGE);
  }
  if (version) {
    g_print ("bm-pst-importd " BM_VERSION "\n");
    return 0;
  }
  bm_log_init ("bm-pst-importd", verbose);
  bm_failpoint_from_environment ();
  signal (SIGPIPE, SIG_IGN);
  signal (SIGXFSZ, SIG_IGN); /* a file that grows too large is an error like a full disk */
  umask (0077);              /* PSTs, job directories, credentials */
  raise_limits ();
  if (geteuid () == 0)
    g_message ("runs as root, and needs no privilege: see docs/daemon.md");
  g_autoptr (BmConfig) config = bm_config_load (config_path, &error);
  if (config == NULL) {
    g_printerr ("bm-pst-importd: %s\n", error->message);
    return bm_cause_exit_status (bm_error_cause (error));
  }
  gboolean busy = FALSE;
  int status = run (config, &busy);
  if (busy)
    _exit (status);
  return status;
}
