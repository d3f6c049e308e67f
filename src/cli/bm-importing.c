/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* See bm-importing.h. Must not know who imports. */
#include "cli/bm-importing.h"

#include <string.h>

gboolean
bm_importing_check (const BmImporting *importing, BmSelection *selection, GError **error)
{
  g_autofree gchar *into = NULL;
  if (importing->into != NULL)
    into = bm_import_canonical_into (importing->into, &bm_name_rules_bluemind, FALSE, error);
  return (importing->into == NULL || into != NULL) &&
         bm_selecting_read (&importing->selecting, selection, error) &&
         bm_cli_check_reading (&importing->reading, error);
}

void
bm_importing_clear (BmImporting *importing)
{
  gchar **texts[] = {&importing->user,           &importing->into,       &importing->password_file,
                     &importing->passwords,      &importing->credential, &importing->config,
                     &importing->jobs,           &importing->format,     &importing->state,
                     &importing->admin_key_file, &importing->operator_,  &importing->retry_cause};
  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    g_clear_pointer (texts[i], g_free);
  bm_selecting_clear (&importing->selecting);
  bm_cli_reading_clear (&importing->reading);
}

GOptionEntry *
bm_importing_entries (BmImporting *importing)
{
  const GOptionEntry entries[] = {
      {"user", 'u', 0, G_OPTION_ARG_STRING, &importing->user, "Existing user, login@domain",
       "USER"},
      {"into", 0, 0, G_OPTION_ARG_STRING, &importing->into, "Target folder; / merges", "FOLDER"},
      BM_SELECTING_ENTRIES (&importing->selecting),
      {"dry-run", 0, 0, G_OPTION_ARG_NONE, &importing->dry_run, "Send nothing, leave nothing",
       NULL},
      {"no-wait", 0, 0, G_OPTION_ARG_NONE, &importing->no_wait, "Do not wait for the proof", NULL},
      {"new-job", 0, 0, G_OPTION_ARG_NONE, &importing->new_job, "Begin anew with a changed PST",
       NULL},
      {"retry", 0, 0, G_OPTION_ARG_NONE, &importing->retry, "Try failed items again", NULL},
      {"retry-cause", 0, 0, G_OPTION_ARG_STRING, &importing->retry_cause,
       "With --retry: only failed by this cause", "TOKEN"},
      {"empty-folders", 0, 0, G_OPTION_ARG_NONE, &importing->empty_folders, "Make these too", NULL},
      {"mark-seen", 0, 0, G_OPTION_ARG_NONE, &importing->mark_seen, "Mark everything as read",
       NULL},
      {"with-subjects", 0, 0, G_OPTION_ARG_NONE, &importing->subjects, "Subjects in the report",
       NULL},
      {"ignore-quota", 0, 0, G_OPTION_ARG_NONE, &importing->ignore_quota, "Skip the estimate",
       NULL},
      {"check-owner", 0, 0, G_OPTION_ARG_NONE, &importing->check_owner,
       "Stop when the PST is somebody else's", NULL},
      {"owner-mismatch-ok", 0, 0, G_OPTION_ARG_NONE, &importing->owner_mismatch_ok,
       "Do not stop for that", NULL},
      {"password-file", 0, 0, G_OPTION_ARG_FILENAME, &importing->password_file,
       "Password or API key", "FILE"},
      {"passwords", 0, 0, G_OPTION_ARG_FILENAME, &importing->passwords, "CSV of user,password",
       "FILE"},
      {"credential", 0, 0, G_OPTION_ARG_STRING, &importing->credential,
       "token (default) or api-key", "KIND"},
      {"admin-key-file", 0, 0, G_OPTION_ARG_FILENAME, &importing->admin_key_file,
       "Instead of [core] token-file", "FILE"},
      {"operator", 0, 0, G_OPTION_ARG_STRING, &importing->operator_,
       "In whose name, for the audit log", "NAME"},
      {"stall-after", 0, 0, G_OPTION_ARG_INT, &importing->stall_after, "Give up waiting (600)",
       "SECONDS"},
      {"format", 0, 0, G_OPTION_ARG_STRING, &importing->format, "Report: text, json, csv, html",
       "FORMAT"},
      {"config", 0, 0, G_OPTION_ARG_FILENAME, &importing->config, "Configuration file", "FILE"},
      {"jobs", 0, 0, G_OPTION_ARG_FILENAME, &importing->jobs, "Directory of the jobs", "DIR"},
      {"state", 0, G_OPTION_FLAG_HIDDEN, G_OPTION_ARG_FILENAME, &importing->state, NULL, NULL},
      BM_CLI_READING_ENTRIES (&importing->reading),
      {NULL},
  };
  return g_memdup2 (entries, sizeof entries);
}

gboolean
bm_importing_read (BmImporting *importing, const gchar *user, const gchar *into,
                   const gchar *const *words, BmSelection *selection, GError **error)
{
  g_autofree GOptionEntry *entries = bm_importing_entries (importing);
  g_autoptr (GOptionContext) context = g_option_context_new (NULL);
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  g_autoptr (GError) local = NULL;
  g_strv_builder_add_many (builder, "import", "FILE", "--user", user, NULL);
  if (*into != '\0')
    g_strv_builder_add_many (builder, "--into", into, NULL);
  g_strv_builder_addv (builder, (const gchar **) words);
  g_auto (GStrv) argv = g_strv_builder_end (builder);
  g_option_context_set_help_enabled (context, FALSE);
  g_option_context_add_main_entries (context, entries, NULL);
  if (g_option_context_parse_strv (context, &argv, &local) && g_strv_length (argv) == 2)
    return bm_importing_check (importing, selection, error);
  g_set_error (error, BM_ERROR, BM_CAUSE_USAGE, "options: %s",
               local != NULL ? local->message : "a word too much");
  return FALSE;
}
