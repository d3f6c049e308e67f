/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* bm-pst-import: the table of commands. Must not know what they do. */
#include "cli/bm-cli.h"

#include "base/bm-failpoint.h"
#include "base/bm-log.h"
#include <locale.h>
#include <string.h>
#include <stdio.h>

static const BmCommand commands[] = {
    {"import", bm_cmd_import, "append a PST's messages to a user's mailbox and prove it"},
    {"map", bm_cmd_map, "propose or check which PST goes to which user"},
    {"batch", bm_cmd_batch, "import many PSTs to many users from one mapping"},
    {"pause", bm_cmd_order, "pause a batch"},
    {"resume", bm_cmd_order, "go on with a batch"},
    {"cancel", bm_cmd_order, "end a batch where it is"},
    {"retry", bm_cmd_order, "try again what a batch could not do"},
    {"verify", bm_cmd_verify, "look again for what a job could not prove"},
    {"report", bm_cmd_report, "print the report of a job or batch: text, JSON, CSV, HTML"},
    {"status", bm_cmd_status, "list jobs and batches and how far they are"},
    {"inspect", bm_cmd_inspect, "show what a PST holds; sends nothing"},
    {"export", bm_cmd_export, "write a PST's messages to .eml files; needs no server"},
};

static void
print_help (FILE *out)
{
  fputs ("Usage: bm-pst-import [-v] COMMAND [OPTION...] [ARGUMENT...]\n\n"
         "Brings Outlook PST files into existing BlueMind mailboxes, over IMAP as the\n"
         "user, and proves in BlueMind's database that every message is replicated.\n\n"
         "Commands:\n",
         out);
  for (guint i = 0; i < G_N_ELEMENTS (commands); i++)
    fprintf (out, "  %-9s %s\n", commands[i].name, commands[i].summary);
  fputs ("\n"
         "Options:\n"
         "  -v         more talk on stderr; -vv for debugging\n"
         "  --version  version and sandbox\n"
         "  --help     this; bm-pst-import COMMAND --help for a command\n\n"
         "Examples:\n"
         "  bm-pst-import inspect archive.pst\n"
         "  bm-pst-import import archive.pst --user jdoe@example.org --dry-run\n"
         "  bm-pst-import import archive.pst --user jdoe@example.org\n\n"
         "Exit status: 0 all proven, 1 some items failed, 2 not all proven, 3 a\n"
         "difference; 64 usage, 66 PST, 69 service, 73 quota, 75 try again, 77 refused,\n"
         "78 configuration, 130 interrupted.\n",
         out);
}

static int
print_version (void)
{
  g_print ("bm-pst-import " BM_VERSION "\n");
  return bm_cli_print_sandbox ();
}

int
main (int argc, char **argv)
{
  setlocale (LC_ALL, "");
  guint verbose = 0;
  int first = 1;
  for (; first < argc && argv[first][0] == '-' && argv[first][1] == 'v'; first++)
    verbose += (guint) strlen (argv[first] + 1);
  bm_log_init ("bm-pst-import", verbose);
  bm_failpoint_from_environment ();
  bm_cli_catch_signals ();
  if (first >= argc) {
    print_help (stderr);
    return 64;
  }
  if (g_str_equal (argv[first], "--help") || g_str_equal (argv[first], "-h") ||
      g_str_equal (argv[first], "help")) {
    print_help (stdout);
    return 0;
  }
  if (g_str_equal (argv[first], "--version"))
    return print_version ();
  for (guint i = 0; i < G_N_ELEMENTS (commands); i++)
    if (g_str_equal (commands[i].name, argv[first]))
      return commands[i].run (argc - first, argv + first);
  g_printerr ("bm-pst-import: no command \"%s\"; see bm-pst-import --help\n", argv[first]);
  return 64;
}
