/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* batch: many PSTs to many users, from one mapping, with one report. Starts the conductor; the same
 * command goes on where the last one stopped. */
#include "cli/bm-batch-run.h"
#include "cli/bm-credential.h"
#include "cli/bm-selecting.h"

#include "job/bm-mapping.h"
#include <unistd.h>

static const gchar examples[] =
    "The same command again goes on; rows that are at their end stay there.\n"
    "Options that select a part of a PST hold for every row.\n\n"
    "Examples:\n"
    "  bm-pst-import map /psts > weekend.csv\n"
    "  bm-pst-import map --check weekend.csv\n"
    "  bm-pst-import batch weekend.csv\n"
    "  bm-pst-import batch weekend.csv --parallel 8 --on-end 'mail -s done me@x'\n"
    "  bm-pst-import pause weekend; bm-pst-import resume weekend\n"
    "  bm-pst-import report weekend --format csv > weekend-report.csv\n";

typedef struct {
  gchar *name, *config, *jobs, *format, *on_end, *passwords, *credential;
  BmSelecting selecting;
  gint parallel, per_server, stall_after;
  gboolean mark_seen, empty_folders, subjects, owner_mismatch_ok;
} Options;

static void
options_clear (Options *options)
{
  gchar *texts[] = {options->name,   options->config,    options->jobs,      options->format,
                    options->on_end, options->passwords, options->credential};
  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    g_free (texts[i]);
  bm_selecting_clear (&options->selecting);
}

static void
add_word (GStrvBuilder *builder, const gchar *option, const gchar *value)
{
  if (value != NULL)
    g_strv_builder_add_many (builder, option, value, NULL);
}

/* The words of import that hold for every row. */
static GStrv
words_of (const Options *options)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  bm_selecting_words (&options->selecting, builder);
  g_autofree gchar *passwords =
      options->passwords != NULL ? g_canonicalize_filename (options->passwords, NULL) : NULL;
  add_word (builder, "--passwords", passwords);
  add_word (builder, "--credential", options->credential);
  const struct {
    gboolean set;
    const gchar *option;
  } flags[] = {{options->mark_seen, "--mark-seen"},
               {options->empty_folders, "--empty-folders"},
               {options->subjects, "--with-subjects"},
               {options->owner_mismatch_ok, "--owner-mismatch-ok"}};
  for (guint i = 0; i < G_N_ELEMENTS (flags); i++)
    if (flags[i].set)
      g_strv_builder_add (builder, flags[i].option);
  return g_strv_builder_end (builder);
}

static gboolean
open_batch (const Options *options, const gchar *jobs, const gchar *map, BmBatch **batch,
            GError **error)
{
  g_autoptr (BmMapping) mapping = bm_mapping_load (map, error);
  BmSelection selection;
  const BmCredentialOptions credential = {.passwords = options->passwords,
                                          .credential = options->credential};
  if (mapping == NULL || !bm_credential_check (&credential, error) ||
      !bm_selecting_read (&options->selecting, &selection, error))
    return FALSE;
  g_auto (BmBatchPlan) plan = {.parallel = options->parallel,
                               .per_server = options->per_server,
                               .stall_after = options->stall_after,
                               .options = words_of (options),
                               .on_end = g_strdup (options->on_end)};
  g_autofree gchar *name =
      options->name != NULL ? g_strdup (options->name) : bm_batch_name_for (map);
  *batch = bm_batch_open (jobs, name, TRUE, error);
  /* locked from here on: two that begin at once would take each other's rows */
  return *batch != NULL && bm_batch_lock (*batch, error) &&
         bm_batch_set (*batch, "map", mapping->path, error) &&
         bm_batch_take (*batch, mapping, error) && bm_batch_plan_save (*batch, &plan, error) &&
         bm_batch_want (*batch, BM_WANT_RUN, error);
}

static int
run (const Options *options, const gchar *map)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (BmBatch) batch = NULL;
  g_autoptr (BmConfig) config = bm_config_load (options->config, &error);
  if (config == NULL)
    return bm_cli_fail (g_steal_pointer (&error));
  const gchar *jobs = options->jobs != NULL ? options->jobs : config->jobs;
  if (!open_batch (options, jobs, map, &batch, &error))
    return bm_cli_fail (g_steal_pointer (&error));
  const BmBatchRunOptions run_options = {
      .config = config,
      .config_path = options->config,
      .jobs = jobs,
      .json =
          options->format != NULL ? g_str_equal (options->format, "json") : !isatty (STDERR_FILENO),
  };
  return bm_batch_run (batch, &run_options);
}

int
bm_cmd_batch (int argc, char **argv)
{
  Options o = {0};
  const GOptionEntry entries[] = {
      {"name", 0, 0, G_OPTION_ARG_STRING, &o.name, "Of the batch (the CSV's)", "NAME"},
      {"parallel", 0, 0, G_OPTION_ARG_INT, &o.parallel, "Imports at a time (4)", "N"},
      {"per-server", 0, 0, G_OPTION_ARG_INT, &o.per_server, "Of them per server (2)", "N"},
      BM_SELECTING_ENTRIES (&o.selecting),
      {"mark-seen", 0, 0, G_OPTION_ARG_NONE, &o.mark_seen, "Mark everything as read", NULL},
      {"empty-folders", 0, 0, G_OPTION_ARG_NONE, &o.empty_folders, "Make these too", NULL},
      {"with-subjects", 0, 0, G_OPTION_ARG_NONE, &o.subjects, "Subjects in reports", NULL},
      {"owner-mismatch-ok", 0, 0, G_OPTION_ARG_NONE, &o.owner_mismatch_ok, "Also PSTs of others",
       NULL},
      {"stall-after", 0, 0, G_OPTION_ARG_INT, &o.stall_after, "Replication (600)", "SECONDS"},
      {"passwords", 0, 0, G_OPTION_ARG_FILENAME, &o.passwords, "CSV of user,password", "FILE"},
      {"credential", 0, 0, G_OPTION_ARG_STRING, &o.credential, "token (default) or api-key",
       "KIND"},
      {"on-end", 0, 0, G_OPTION_ARG_STRING, &o.on_end, "For the shell, at the end", "COMMAND"},
      {"format", 0, 0, G_OPTION_ARG_STRING, &o.format, "text, or lines of json", "FORMAT"},
      {"config", 0, 0, G_OPTION_ARG_FILENAME, &o.config, "Configuration file", "FILE"},
      {"jobs", 0, 0, G_OPTION_ARG_FILENAME, &o.jobs, "Directory of the jobs", "DIR"},
      {NULL},
  };
  g_auto (GStrv) args = NULL;
  int status = 0;
  if (bm_cli_parse (argc, argv, entries, "MAP.csv", examples, 1, 1, &args, &status) &&
      bm_cli_check_format (o.format != NULL ? o.format : "text", "text json", &status))
    status = run (&o, args[0]);
  options_clear (&o);
  return status;
}
