/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* What the commands share: options, errors, signals, reports. See bm-cli.h. One thread. */
#include "cli/bm-cli.h"

#include "text/bm-charset.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define MEMORY_MIN_MIB 256 /* less does not even hold the libraries and their tables */
#define MEMORY_MAX_MIB (64 * 1024)

gboolean
bm_cli_parse (int argc, char **argv, const GOptionEntry *entries, const gchar *arguments,
              const gchar *examples, guint min, guint max, GStrv *args, int *status)
{
  g_autoptr (GOptionContext) context = g_option_context_new (arguments);
  g_autoptr (GError) error = NULL;
  gboolean help = FALSE;
  const GOptionEntry help_entry[] = {
      {"help", 'h', G_OPTION_FLAG_HIDDEN, G_OPTION_ARG_NONE, &help, NULL, NULL},
      {NULL},
  };
  g_autofree gchar *program = g_strconcat ("bm-pst-import ", argv[0], NULL);
  g_set_prgname (program);
  g_option_context_set_help_enabled (context, FALSE); /* GLib's own would exit here */
  g_option_context_add_main_entries (context, entries, NULL);
  g_option_context_add_main_entries (context, help_entry, NULL);
  g_option_context_set_description (context, examples);
  if (!g_option_context_parse (context, &argc, &argv, &error)) {
    g_printerr ("%s: %s; see %s --help\n", program, error->message, program);
    *status = 64;
    return FALSE;
  }
  if (help) {
    g_autofree gchar *text = g_option_context_get_help (context, TRUE, NULL);
    fputs (text, stdout);
    *status = 0;
    return FALSE;
  }
  if (argc - 1 < (int) min || argc - 1 > (int) max) {
    g_printerr ("%s: %s arguments; see %s --help\n", program,
                argc - 1 < (int) min ? "too few" : "too many", program);
    *status = 64;
    return FALSE;
  }
  *args = g_strdupv (argv + 1);
  return TRUE;
}

int
bm_cli_fail (GError *error)
{
  g_autoptr (GError) owned = error;
  BmCause cause = bm_error_cause (owned);
  bm_cli_progress_end ();
  g_printerr ("bm-pst-import: %s: %s\n  do: %s\n", bm_cause_token (cause), owned->message,
              bm_cause_advice (cause));
  return bm_cause_exit_status (cause);
}

gboolean
bm_cli_check_format (const gchar *format, const gchar *allowed, int *status)
{
  g_auto (GStrv) words = g_strsplit (allowed, " ", -1);
  if (g_strv_contains ((const gchar *const *) words, format))
    return TRUE;
  g_printerr ("bm-pst-import: --format %s: not one of %s\n", format, allowed);
  *status = 64;
  return FALSE;
}

gboolean
bm_cli_check_stall_after (gint stall_after, int *status)
{
  if (stall_after >= 0)
    return TRUE;
  g_printerr ("bm-pst-import: --stall-after %d: not a number of seconds\n", stall_after);
  *status = 64;
  return FALSE;
}

void
bm_cli_reading_clear (BmCliReading *reading)
{
  g_clear_pointer (&reading->charset, g_free);
  g_clear_pointer (&reading->address_map, g_free);
}

gboolean
bm_cli_check_reading (const BmCliReading *reading, GError **error)
{
  if (reading->charset != NULL && bm_charset_from_name (reading->charset) == NULL) {
    g_set_error (error, BM_ERROR, BM_CAUSE_USAGE,
                 "--default-charset \"%s\": no character set that is known; windows-1252, cp932...",
                 reading->charset);
    return FALSE;
  }
  if (reading->item_timeout >= 0 && reading->item_timeout <= 24 * 3600 &&
      (reading->item_memory == 0 ||
       (reading->item_memory >= MEMORY_MIN_MIB && reading->item_memory <= MEMORY_MAX_MIB)))
    return TRUE;
  g_set_error (error, BM_ERROR, BM_CAUSE_USAGE,
               "--item-timeout is 1 to 86400 seconds, --item-memory %d to %d MiB", MEMORY_MIN_MIB,
               MEMORY_MAX_MIB);
  return FALSE;
}

/* NULL without error: there is none. */
static BmAddressMap *
read_address_map (const gchar *path, GError **error)
{
  g_autofree gchar *csv = NULL;
  gsize size = 0;
  BmAddressMap *map = NULL;
  g_autoptr (GError) local = NULL;
  if (path == NULL)
    return NULL;
  if (g_file_get_contents (path, &csv, &size, &local))
    map = bm_address_map_parse (csv, size, &local);
  if (map == NULL)
    g_set_error (error, BM_ERROR, BM_CAUSE_USAGE, "address map %s: %s", path, local->message);
  return map;
}

BmSource *
bm_cli_open_source (const gchar *path, const BmCliReading *reading, const BmConfig *config,
                    const gchar *owner, guint64 max_message_size, gboolean learn, GError **error)
{
  const gchar *charset = reading->charset, *map = reading->address_map;
  if (charset == NULL && config != NULL)
    charset = config->default_charset;
  if (map == NULL && config != NULL)
    map = config->address_map;
  g_autofree gchar *address = bm_smtp_address (owner);
  g_autofree gchar *lower = address != NULL ? g_ascii_strdown (address, -1) : NULL;
  g_autoptr (GError) local = NULL;
  BmReaderOptions options = {.path = path,
                             .charset = charset != NULL ? charset : "",
                             .max_message_size = max_message_size,
                             .item_timeout_s = (guint) reading->item_timeout,
                             .memory_limit = (guint64) reading->item_memory << 20,
                             .no_sandbox = reading->no_sandbox,
                             .owner = lower,
                             .learn = learn};
  if (bm_cli_check_reading (reading, &local))
    options.addresses = read_address_map (map, &local);
  if (local == NULL)
    return bm_reader_open (&options, error);
  g_propagate_error (error, g_steal_pointer (&local));
  return NULL;
}

static volatile sig_atomic_t signalled;

static void
on_signal (int number)
{
  signalled = 1;
  bm_import_interrupt ();
}

gboolean
bm_cli_interrupted (GError **error)
{
  if (signalled)
    g_set_error_literal (error, BM_ERROR, BM_CAUSE_INTERRUPTED, "interrupted by a signal");
  return signalled != 0;
}

int
bm_cli_print_sandbox (void)
{
  g_print ("sandbox: %s\n", bm_reader_probe_sandbox ());
  return 0;
}

void
bm_cli_catch_signals (void)
{
  /* SA_RESETHAND: a second signal kills, should the first not be heard */
  struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART | SA_RESETHAND};
  sigaction (SIGINT, &action, NULL);
  sigaction (SIGTERM, &action, NULL);
  signal (SIGPIPE, SIG_IGN); /* libetpan writes with plain send() */
}

int
bm_cli_print_report (BmJournal *journal, const gchar *format)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (BmReport) report = bm_report_collect (journal, &error);
  if (report == NULL)
    return bm_cli_fail (g_steal_pointer (&error));
  g_autofree gchar *text = g_str_equal (format, "json")   ? bm_report_to_json (report)
                           : g_str_equal (format, "csv")  ? bm_report_to_csv (report)
                           : g_str_equal (format, "html") ? bm_report_to_html (report)
                                                          : bm_report_to_text (report);
  if (g_str_equal (format, "text"))
    g_print ("%s", text); /* for people at terminals; the others are data */
  else
    fputs (text, stdout);
  return report->exit_status;
}
