/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * bm-core-lab: stands in for BlueMind's core in tests. It starts the replication receiver, the saslauthd socket and the
 * REST face (for BlueMind 5 also IMAP, which is part of core there), keeps each Cyrus's sync_client running, and says
 * READY in a file once all of them answer. Started and stopped by tests/lab/lab only. Also `--free-ports N`: prints N
 * loopback ports nobody listens on.
 */
#include "lab-core.h"
#include "lab-imap5.h"
#include "lab-rest.h"
#include "lab-sasl.h"
#include "lab-sync.h"

#include <glib-unix.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>

typedef struct {
  GMainLoop *loop;
  LabCore *core;
  LabSync *sync;
  GPtrArray *clients; /* of SyncClient */
} Program;

/* The sync_client of one mail server. */
typedef struct {
  LabCore *core;
  gchar *server; /* uid */
  gchar **command;
  GPid pid; /* 0: not running */
  guint respawn;
} SyncClient;

static void start_sync_client (SyncClient *client);

static gboolean
on_respawn (gpointer data)
{
  SyncClient *client = data;
  client->respawn = 0;
  start_sync_client (client);
  return G_SOURCE_REMOVE;
}

static void
on_sync_client_gone (GPid pid, gint status, gpointer data)
{
  SyncClient *client = data;
  g_spawn_close_pid (pid);
  client->pid = 0;
  if (client->respawn == 0)
    client->respawn = g_timeout_add (250, on_respawn, client);
}

/* Dies with us even when we are killed, so that nothing is ever left running. */
static void
die_with_parent (gpointer data)
{
  prctl (PR_SET_PDEATHSIG, SIGTERM);
}

static gboolean
is_stopped (const SyncClient *client)
{
  g_auto (LabKnobs) knobs = {0};
  lab_core_get_knobs (client->core, &knobs);
  return knobs.stop || g_str_equal (knobs.stop_server, client->server);
}

static void
start_sync_client (SyncClient *client)
{
  g_autoptr (GError) error = NULL;
  if (client->pid != 0 || is_stopped (client))
    return;
  if (g_spawn_async (NULL, client->command, NULL, G_SPAWN_DO_NOT_REAP_CHILD | G_SPAWN_SEARCH_PATH,
                     die_with_parent, NULL, &client->pid, &error))
    g_child_watch_add (client->pid, on_sync_client_gone, client);
  else
    g_warning ("sync_client: %s", error->message);
}

static void
stop_sync_client (SyncClient *client)
{
  if (client->pid != 0)
    kill (client->pid, SIGTERM);
}

/* BlueMind's core starts and stops sync_client itself; so `stop` ends it, and its log of changes grows. */
static void
on_knobs_changed (LabCore *core, gpointer data)
{
  Program *program = data;
  lab_sync_update (program->sync);
  for (guint i = 0; i < program->clients->len; i++) {
    SyncClient *client = g_ptr_array_index (program->clients, i);
    if (is_stopped (client))
      stop_sync_client (client);
    else
      start_sync_client (client);
  }
}

static gboolean
on_signal (gpointer data)
{
  Program *program = data;
  for (guint i = 0; i < program->clients->len; i++)
    stop_sync_client (g_ptr_array_index (program->clients, i));
  g_main_loop_quit (program->loop);
  return G_SOURCE_REMOVE;
}

/* Below the range the kernel gives to clients; a port found free may still be lost to somebody quicker. */
static int
print_free_ports (gint n)
{
  g_autoptr (GInetAddress) loopback = g_inet_address_new_loopback (G_SOCKET_FAMILY_IPV4);
  g_autoptr (GPtrArray) held = g_ptr_array_new_with_free_func (g_object_unref);
  for (gint tries = 0; (gint) held->len < n && tries < 1000; tries++) {
    guint16 port = (guint16) g_random_int_range (10000, 32000);
    g_autoptr (GSocketAddress) address = g_inet_socket_address_new (loopback, port);
    g_autoptr (GSocket) socket =
        g_socket_new (G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_TCP, NULL);
    if (socket == NULL || !g_socket_bind (socket, address, FALSE, NULL))
      continue;
    g_print ("%u\n", port);
    g_ptr_array_add (held, g_steal_pointer (&socket));
  }
  return (gint) held->len == n ? 0 : 1;
}

static gchar *token_file, *bj, *sasl_path, *ready_file, *spool;
static gchar **shards, **sync_commands;
static gint free_ports, rest_port, sync_port, imap_port;

static const GOptionEntry options[] = {
    {"free-ports", 0, 0, G_OPTION_ARG_INT, &free_ports, "Print N free ports and end", "N"},
    {"bj", 0, 0, G_OPTION_ARG_STRING, &bj, "The directory database", "CONNINFO"},
    {"data", 0, 0, G_OPTION_ARG_STRING_ARRAY, &shards, "A data database", "SERVER=CONNINFO"},
    {"token-file", 0, 0, G_OPTION_ARG_FILENAME, &token_file, "admin0's token", "FILE"},
    {"rest-port", 0, 0, G_OPTION_ARG_INT, &rest_port, "REST", "PORT"},
    {"sync-port", 0, 0, G_OPTION_ARG_INT, &sync_port, "Replication", "PORT"},
    {"imap-port", 0, 0, G_OPTION_ARG_INT, &imap_port, "BlueMind 5's IMAP", "PORT"},
    {"spool", 0, 0, G_OPTION_ARG_FILENAME, &spool, "Its messages", "DIR"},
    {"sasl", 0, 0, G_OPTION_ARG_FILENAME, &sasl_path, "saslauthd's socket", "PATH"},
    {"sync-client", 0, 0, G_OPTION_ARG_STRING_ARRAY, &sync_commands, "Kept running",
     "SERVER=COMMAND"},
    {"ready", 0, 0, G_OPTION_ARG_FILENAME, &ready_file, "Written when all is open", "FILE"},
    {NULL}};

static LabStore *
open_store (void)
{
  LabStore *store = lab_store_new (bj);
  for (guint i = 0; shards != NULL && shards[i] != NULL; i++) {
    g_auto (GStrv) pair = g_strsplit (shards[i], "=", 2);
    if (pair[0] != NULL && pair[1] != NULL)
      lab_store_add_shard (store, pair[0], pair[1]);
  }
  return store;
}

static gboolean
add_sync_clients (Program *program, GError **error)
{
  program->clients = g_ptr_array_new ();
  for (guint i = 0; sync_commands != NULL && sync_commands[i] != NULL; i++) {
    SyncClient *client = g_new0 (SyncClient, 1); /* as long as the process */
    g_ptr_array_add (program->clients, client);
    g_auto (GStrv) pair = g_strsplit (sync_commands[i], "=", 2);
    client->core = program->core;
    client->server = g_strdup (pair[0]);
    if (!g_shell_parse_argv (pair[1] != NULL ? pair[1] : "", NULL, &client->command, error))
      return FALSE;
  }
  return TRUE;
}

static gboolean
run (Program *program, GError **error)
{
  g_autofree gchar *token = NULL;
  if (!g_file_get_contents (token_file, &token, NULL, error))
    return FALSE;
  program->core = lab_core_new (open_store (), g_strstrip (token));
  program->sync = lab_sync_start (program->core, (guint16) sync_port, error);
  if (program->sync == NULL || !add_sync_clients (program, error) ||
      !lab_rest_start (program->core, (guint16) rest_port, error))
    return FALSE;
  if (sasl_path != NULL && !lab_sasl_start (program->core, sasl_path, error))
    return FALSE;
  if (imap_port != 0 && !lab_imap5_start (program->core, (guint16) imap_port, spool, error))
    return FALSE;
  lab_core_on_change (program->core, on_knobs_changed, program);
  if (ready_file != NULL && !g_file_set_contents (ready_file, "READY\n", -1, error))
    return FALSE;
  on_knobs_changed (program->core, program);
  program->loop = g_main_loop_new (NULL, FALSE);
  g_unix_signal_add (SIGTERM, on_signal, program);
  g_unix_signal_add (SIGINT, on_signal, program);
  g_main_loop_run (program->loop);
  return TRUE;
}

int
main (int argc, char **argv)
{
  g_autoptr (GOptionContext) context = g_option_context_new ("- stand-in for bm-core");
  g_autoptr (GError) error = NULL;
  static Program program; /* reachable to the end */
  setlocale (LC_ALL, "");
  signal (SIGPIPE, SIG_IGN);
  g_option_context_add_main_entries (context, options, NULL);
  if (!g_option_context_parse (context, &argc, &argv, &error)) {
    g_printerr ("bm-core-lab: %s\n", error->message);
    return 64;
  }
  if (free_ports > 0)
    return print_free_ports (free_ports);
  if (bj == NULL || token_file == NULL || rest_port == 0 || sync_port == 0) {
    g_printerr ("bm-core-lab: --bj, --token-file, --rest-port and --sync-port are needed\n");
    return 64;
  }
  if (run (&program, &error))
    return 0;
  g_printerr ("bm-core-lab: %s\n", error->message);
  return 1;
}
