/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* map: which PST goes to which user? Proposes a mapping for people to review, and checks one before
 * anything is sent. Sends nothing, writes nothing but the mapping. */
#include "cli/bm-importing.h"
#include "cli/bm-map-check.h"
#include "cli/bm-map-scan.h"
#include "cli/bm-propose.h"

#include "base/bm-csv.h"
#include <json-glib/json-glib.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const gchar examples[] =
    "Review every line: nothing is guessed, a row with a conflict has no user.\n\n"
    "Examples:\n"
    "  bm-pst-import map /psts > weekend.csv\n"
    "  bm-pst-import map /psts --format excel --output weekend.csv\n"
    "  bm-pst-import map /psts --no-directory\n"
    "  bm-pst-import map --check weekend.csv\n"
    "  bm-pst-import map --check weekend.csv --since 2015-01-01\n"
    "  bm-pst-import map --check microsoft365.csv --format json\n";

typedef struct {
  gchar *check, *output, *format, *config, *admin_key_file;
  gboolean force, no_directory, owner_mismatch_ok;
  BmSelecting selecting;
  BmCliReading reading;
} Options;

/* ---- proposals ---- */

enum { FILE_NAME, USER, INTO, OPTIONS, CONFIDENCE, EVIDENCE, CONFLICT, COLUMNS };

static const gchar *const columns[COLUMNS] = {"file",       "user",     "into",    "options",
                                              "confidence", "evidence", "conflict"};

typedef struct {
  const Options *options;
  const BmConfig *config;
  BmPeople *people; /* NULL: no directory */
  GString *csv;     /* of what is not written yet */
  JsonArray *json;  /* NULL: CSV */
  guint rows, empty;
  guint confidences[3]; /* high, medium, low */
} Mapper;

static gboolean
is_format (const Options *options, const gchar *format)
{
  return g_strcmp0 (options->format, format) == 0;
}

typedef struct {
  BmEvidence *evidence; /* NULL: unreadable */
  guint items;
  gchar *why;    /* it is unreadable */
  gchar *damage; /* of one that can be read; NULL */
} Reading;

/* FALSE only when interrupted. */
static gboolean
read_pst (const Mapper *mapper, const gchar *path, Reading *reading, GError **error)
{
  g_autoptr (GError) local = NULL;
  g_autoptr (BmSource) source =
      bm_cli_open_source (path, &mapper->options->reading, mapper->config, NULL, 0, FALSE, &local);
  const BmCensus *census = source != NULL ? source->ops->census (source, &local) : NULL;
  if (census != NULL)
    reading->evidence = bm_evidence_collect (source, census, NULL, bm_cli_interrupted, &local);
  if (bm_cli_interrupted (error))
    return FALSE;
  if (reading->evidence == NULL) {
    BmCause cause = bm_error_cause (local);
    reading->why = g_strdup_printf ("%s: %s; %s", bm_cause_token (cause), local->message,
                                    bm_cause_advice (cause));
    return TRUE;
  }
  reading->items = census->items->len;
  if (census->warnings->len > 0)
    reading->damage = g_strdup (g_ptr_array_index (census->warnings, 0));
  return TRUE;
}

static void
reading_clear (Reading *reading)
{
  bm_evidence_free (reading->evidence);
  g_free (reading->why);
  g_free (reading->damage);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Reading, reading_clear)

static void
add_json (Mapper *mapper, const gchar *const *fields, const Reading *reading)
{
  const BmEvidence *evidence = reading->evidence;
  JsonObject *row = json_object_new ();
  for (guint i = 0; i < COLUMNS; i++)
    json_object_set_string_member (row, columns[i], fields[i]);
  if (evidence != NULL) {
    json_object_set_int_member (row, "items", reading->items);
    json_object_set_int_member (row, "mails_estimate", (gint64) evidence->mails);
    json_object_set_int_member (row, "bytes_estimate", (gint64) evidence->bytes);
  }
  json_array_add_object_element (mapper->json, row);
}

static gchar
separator_of (const Options *options)
{
  return is_format (options, "excel") ? ';' : ',';
}

/* Rows for standard output leave at once: a scan may take hours. */
static void
flush (Mapper *mapper)
{
  if (mapper->options->output != NULL || mapper->json != NULL)
    return;
  if (isatty (STDOUT_FILENO))
    g_print ("%s", mapper->csv->str);
  else
    fputs (mapper->csv->str, stdout);
  fflush (stdout);
  g_string_truncate (mapper->csv, 0);
}

static void
add_row (Mapper *mapper, const BmMapFile *file, const BmProposal *proposal, const Reading *reading)
{
  static const gchar *const words[] = {"high", "medium", "low"};
  g_autofree gchar *shown = g_filename_display_name (file->path);
  const gchar *damage = reading->damage;
  g_autofree gchar *evidence =
      g_strconcat (proposal->evidence, damage != NULL && *proposal->evidence != '\0' ? "; " : "",
                   damage != NULL ? "damage: " : "", damage, NULL);
  const gchar *const fields[COLUMNS] = {[FILE_NAME] = shown,
                                        [USER] = proposal->user,
                                        [INTO] = "",
                                        [OPTIONS] = "",
                                        [CONFIDENCE] = proposal->confidence,
                                        [EVIDENCE] = evidence,
                                        [CONFLICT] = proposal->conflict};
  mapper->rows++;
  mapper->empty += *proposal->user == '\0';
  for (guint i = 0; i < G_N_ELEMENTS (words); i++)
    mapper->confidences[i] += g_str_equal (proposal->confidence, words[i]);
  if (mapper->json != NULL)
    add_json (mapper, fields, reading);
  else
    bm_csv_add (mapper->csv, BM_CSV_PLAIN, separator_of (mapper->options), fields, COLUMNS);
  flush (mapper);
}

/* What the names say is still told of a file that cannot be proposed for. */
static void
refuse (BmProposal *proposal, const gchar *why)
{
  g_free (proposal->user);
  g_free (proposal->conflict);
  proposal->user = g_strdup ("");
  proposal->confidence = "";
  proposal->conflict = g_strdup (why);
}

static gboolean
map_file (Mapper *mapper, const BmMapFile *file, GError **error)
{
  g_auto (Reading) reading = {.why = g_strdup (file->problem)};
  if (reading.why == NULL && !read_pst (mapper, file->path, &reading, error))
    return FALSE;
  g_autoptr (BmEvidence) nothing = bm_evidence_new ();
  g_autoptr (BmProposal) proposal =
      bm_propose (file->path, file->root, reading.evidence != NULL ? reading.evidence : nothing,
                  mapper->people != NULL ? bm_people_find : NULL, mapper->people);
  if (mapper->people != NULL && !bm_people_check (mapper->people, error)) {
    g_prefix_error (error, "without BlueMind's directory (--no-directory goes on): ");
    return FALSE;
  }
  if (reading.why != NULL)
    refuse (proposal, reading.why);
  add_row (mapper, file, proposal, &reading);
  return TRUE;
}

static gboolean
map_files (Mapper *mapper, const GPtrArray *files, GError **error)
{
  for (guint i = 0; i < files->len; i++) {
    g_autofree gchar *words = g_strdup_printf ("%u of %u files", i, files->len);
    bm_cli_progress_words (words);
    if (!map_file (mapper, g_ptr_array_index (files, i), error))
      return FALSE;
  }
  return TRUE;
}

static gchar *
json_text (JsonObject *object)
{
  g_autoptr (JsonNode) node = json_node_init_object (json_node_alloc (), object);
  return json_to_string (node, TRUE);
}

static gchar *
finish_json (Mapper *mapper)
{
  g_autoptr (JsonObject) object = json_object_new ();
  json_object_set_int_member (object, "version", 1);
  json_object_set_int_member (object, "rows_without_user", mapper->empty);
  json_object_set_array_member (object, "rows", json_array_ref (mapper->json));
  g_autofree gchar *text = json_text (object);
  return g_strconcat (text, "\n", NULL);
}

static gboolean
write_out (Mapper *mapper, GError **error)
{
  g_autofree gchar *json = mapper->json != NULL ? finish_json (mapper) : NULL;
  const gchar *text = json != NULL ? json : mapper->csv->str, *path = mapper->options->output;
  g_autoptr (GError) local = NULL;
  if (path == NULL) {
    fputs (text, stdout);
    return TRUE;
  }
  if (g_file_set_contents_full (path, text, -1, G_FILE_SET_CONTENTS_CONSISTENT, 0600, &local))
    return TRUE;
  g_set_error (error, BM_ERROR, BM_CAUSE_USAGE, "--output: %s", local->message);
  return FALSE;
}

static void
begin_csv (Mapper *mapper)
{
  if (is_format (mapper->options, "excel"))
    g_string_append (mapper->csv, BM_CSV_BOM);
  g_string_append (mapper->csv, columns[0]);
  for (guint i = 1; i < COLUMNS; i++)
    g_string_append_printf (mapper->csv, "%c%s", separator_of (mapper->options), columns[i]);
  g_string_append (mapper->csv, "\r\n");
  flush (mapper);
}

static gboolean
check_output (const Options *options, GError **error)
{
  struct stat info;
  if (options->output == NULL || options->force || lstat (options->output, &info) != 0)
    return TRUE;
  g_set_error (error, BM_ERROR, BM_CAUSE_USAGE,
               "--output %s exists; reviewed work is not overwritten without --force",
               options->output);
  return FALSE;
}

static gboolean
propose_all (Mapper *mapper, const gchar *const *paths, GError **error)
{
  g_autoptr (GPtrArray) files = NULL;
  if (!check_output (mapper->options, error) ||
      !bm_cli_check_reading (&mapper->options->reading, error) ||
      (files = bm_map_scan (paths, bm_cli_interrupted, error)) == NULL)
    return FALSE;
  if (files->len == 0) {
    g_set_error (error, BM_ERROR, BM_CAUSE_PST_MISSING, "no file named *.pst or *.ost below %s",
                 paths[0]);
    return FALSE;
  }
  if (mapper->json == NULL)
    begin_csv (mapper);
  return map_files (mapper, files, error) && write_out (mapper, error);
}

static int
propose (const Options *options, const BmConfig *config, const gchar *const *paths)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (BmPeople) people = options->no_directory ? NULL : bm_people_new (config);
  g_autoptr (GString) csv = g_string_new (NULL);
  g_autoptr (JsonArray) json = is_format (options, "json") ? json_array_new () : NULL;
  Mapper mapper = {options, config, people, csv, json};
  if (!propose_all (&mapper, paths, &error))
    return bm_cli_fail (g_steal_pointer (&error));
  bm_cli_progress_end ();
  g_printerr ("%u files: %u with high, %u medium, %u low confidence, %u without user%s\n",
              mapper.rows, mapper.confidences[0], mapper.confidences[1], mapper.confidences[2],
              mapper.empty, mapper.empty > 0 ? ": see the column conflict" : "");
  return mapper.empty > 0 ? 1 : 0;
}

/* ---- checks ---- */

typedef struct {
  JsonArray *json; /* NULL: text */
  guint levels[3];
  guint64 bytes; /* estimated, of the rows that may run */
} Checked;

static void
append_finding (GString *line, const BmMapFinding *finding)
{
  g_string_append_printf (line, "%s%s%s%s", line->len > 0 ? " | " : "", finding->cause,
                          *finding->cause != '\0' ? ": " : "", finding->text);
  if (*finding->remedy != '\0')
    g_string_append_printf (line, "; do: %s", finding->remedy);
}

/* One line, whatever a file is named. */
static void
print_row (const BmMapVerdict *verdict)
{
  const BmMapRow *row = verdict->row;
  g_autoptr (GString) words = g_string_new (NULL);
  for (gint level = BM_MAP_STOP; level >= BM_MAP_OK; level--)
    for (guint i = 0; i < verdict->findings->len; i++) {
      const BmMapFinding *finding = g_ptr_array_index (verdict->findings, i);
      if ((gint) finding->level == level)
        append_finding (words, finding);
    }
  if (verdict->counted) {
    g_autofree gchar *size = g_format_size_full (verdict->bytes, G_FORMAT_SIZE_IEC_UNITS);
    g_string_append_printf (words, " | %u items, an estimated %" G_GUINT64_FORMAT " mails, %s",
                            verdict->items, verdict->mails, size);
  }
  g_autofree gchar *file = g_filename_display_name (row->file);
  g_autofree gchar *line =
      g_strdup_printf ("line %u: %s: %s -> %s: %s", row->line, bm_map_level_token (verdict->level),
                       file, *row->user != '\0' ? row->user : "nobody", words->str);
  g_strdelimit (line, "\r\n", ' ');
  g_print ("%s\n", line);
  fflush (stdout);
}

static JsonObject *
row_json (const BmMapVerdict *verdict)
{
  const BmMapRow *row = verdict->row;
  JsonObject *object = json_object_new ();
  JsonArray *findings = json_array_new ();
  g_autofree gchar *file = g_filename_display_name (row->file);
  json_object_set_int_member (object, "line", row->line);
  json_object_set_string_member (object, "file", file);
  json_object_set_string_member (object, "user", row->user);
  json_object_set_string_member (object, "into", row->into);
  json_object_set_string_member (object, "level", bm_map_level_token (verdict->level));
  if (verdict->owner != NULL) {
    json_object_set_string_member (object, "owner", verdict->owner);
    json_object_set_string_member (object, "owner_text", verdict->owner_text);
  }
  if (verdict->counted) {
    json_object_set_int_member (object, "items", verdict->items);
    json_object_set_int_member (object, "mails_estimate", (gint64) verdict->mails);
    json_object_set_int_member (object, "bytes_estimate", (gint64) verdict->bytes);
  }
  for (guint i = 0; i < verdict->findings->len; i++) {
    const BmMapFinding *finding = g_ptr_array_index (verdict->findings, i);
    JsonObject *one = json_object_new ();
    json_object_set_string_member (one, "topic", finding->topic);
    json_object_set_string_member (one, "level", bm_map_level_token (finding->level));
    json_object_set_string_member (one, "cause", finding->cause);
    json_object_set_string_member (one, "text", finding->text);
    json_object_set_string_member (one, "do", finding->remedy);
    json_array_add_object_element (findings, one);
  }
  json_object_set_array_member (object, "findings", findings);
  return object;
}

static gboolean
check_rows (Checked *checked, BmMapCheck *check, const BmMapping *mapping, GError **error)
{
  for (guint i = 0; i < mapping->rows->len; i++) {
    g_autofree gchar *words = g_strdup_printf ("%u of %u rows", i, mapping->rows->len);
    bm_cli_progress_words (words);
    g_autoptr (BmMapVerdict) verdict =
        bm_map_check_row (check, g_ptr_array_index (mapping->rows, i), error);
    if (verdict == NULL)
      return FALSE;
    bm_cli_progress_hide ();
    checked->levels[verdict->level]++;
    if (verdict->level != BM_MAP_STOP)
      checked->bytes += verdict->bytes;
    if (checked->json != NULL)
      json_array_add_object_element (checked->json, row_json (verdict));
    else
      print_row (verdict);
  }
  return TRUE;
}

static void
print_json (const Checked *checked, const BmMapping *mapping, int status)
{
  g_autoptr (JsonObject) object = json_object_new ();
  json_object_set_int_member (object, "version", 1);
  json_object_set_string_member (object, "mapping", mapping->path);
  json_object_set_boolean_member (object, "microsoft", mapping->microsoft);
  for (BmMapLevel level = BM_MAP_OK; level <= BM_MAP_STOP; level++)
    json_object_set_int_member (object, bm_map_level_token (level), checked->levels[level]);
  json_object_set_int_member (object, "bytes_estimate", (gint64) checked->bytes);
  json_object_set_int_member (object, "exit_status", status);
  json_object_set_array_member (object, "rows", json_array_ref (checked->json));
  g_autofree gchar *text = json_text (object);
  g_print ("%s\n", text);
}

static int
check_mapping (const Options *options, const BmConfig *config)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  bm_selecting_words (&options->selecting, builder);
  g_auto (GStrv) words = g_strv_builder_end (builder);
  BmSelection selection;
  if (!bm_selecting_read (&options->selecting, &selection, &error))
    return bm_cli_fail (g_steal_pointer (&error));
  const BmMapCheckOptions check_options = {options->owner_mismatch_ok, (const gchar *const *) words,
                                           options->reading.no_sandbox};
  g_autoptr (JsonArray) json = is_format (options, "json") ? json_array_new () : NULL;
  g_autoptr (BmMapping) mapping = bm_mapping_load (options->check, &error);
  g_autoptr (BmMapCheck) check =
      mapping != NULL ? bm_map_check_new (config, mapping, &check_options, &error) : NULL;
  Checked checked = {json};
  if (check == NULL || !check_rows (&checked, check, mapping, &error))
    return bm_cli_fail (g_steal_pointer (&error));
  bm_cli_progress_end ();
  int status = checked.levels[BM_MAP_STOP] > 0 ? bm_cause_exit_status (BM_CAUSE_USER_REFUSED) : 0;
  if (json != NULL)
    print_json (&checked, mapping, status);
  g_autofree gchar *size = g_format_size_full (checked.bytes, G_FORMAT_SIZE_IEC_UNITS);
  g_printerr ("%u rows: %u ok, %u with a warning, %u stopped; an estimated %s to import\n",
              mapping->rows->len, checked.levels[BM_MAP_OK], checked.levels[BM_MAP_WARNING],
              checked.levels[BM_MAP_STOP], size);
  return status;
}

/* ---- the command ---- */

static gboolean
selects (const Options *options)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  bm_selecting_words (&options->selecting, builder);
  g_auto (GStrv) words = g_strv_builder_end (builder);
  return words[0] != NULL;
}

static gboolean
check_usage (const Options *options, const gchar *const *paths, GError **error)
{
  const gchar *problem = NULL;
  gboolean checking = options->check != NULL;
  if (checking && (paths[0] != NULL || options->output != NULL || options->no_directory))
    problem = "map --check takes no directories, --output or --no-directory";
  else if (checking && (options->reading.charset != NULL || options->reading.item_timeout != 0 ||
                        options->reading.item_memory != 0))
    problem = "map --check reads every file with the options of its row";
  else if (!checking && paths[0] == NULL)
    problem = "map needs directories with PSTs, or --check MAP.csv";
  else if (!checking && options->owner_mismatch_ok)
    problem = "--owner-mismatch-ok is for map --check";
  else if (!checking && selects (options))
    problem = "what is selected matters to map --check only: a PST is whose it is";
  if (problem != NULL)
    g_set_error_literal (error, BM_ERROR, BM_CAUSE_USAGE, problem);
  return problem == NULL;
}

static int
run (const Options *options, const gchar *const *paths)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (BmConfig) config = NULL;
  if (!check_usage (options, paths, &error) ||
      (config = bm_config_load (options->config, &error)) == NULL ||
      !bm_config_use_admin_key (config, options->admin_key_file, &error))
    return bm_cli_fail (g_steal_pointer (&error));
  return options->check != NULL ? check_mapping (options, config)
                                : propose (options, config, paths);
}

int
bm_cmd_map (int argc, char **argv)
{
  Options o = {0};
  const GOptionEntry entries[] = {
      {"check", 0, 0, G_OPTION_ARG_FILENAME, &o.check, "Check this mapping", "MAP.csv"},
      {"owner-mismatch-ok", 0, 0, G_OPTION_ARG_NONE, &o.owner_mismatch_ok,
       "With --check: only warn of it", NULL},
      {"admin-key-file", 0, 0, G_OPTION_ARG_FILENAME, &o.admin_key_file,
       "Instead of [core] token-file", "FILE"},
      BM_SELECTING_ENTRIES (&o.selecting),
      {"no-directory", 0, 0, G_OPTION_ARG_NONE, &o.no_directory, "Ask no server", NULL},
      {"output", 'o', 0, G_OPTION_ARG_FILENAME, &o.output, "Instead of stdout", "FILE"},
      {"force", 0, 0, G_OPTION_ARG_NONE, &o.force, "Overwrite that file", NULL},
      {"format", 0, 0, G_OPTION_ARG_STRING, &o.format, "csv, excel, json; check: text, json",
       "FORMAT"},
      {"config", 0, 0, G_OPTION_ARG_FILENAME, &o.config, "Configuration file", "FILE"},
      BM_CLI_READING_ENTRIES (&o.reading),
      {NULL},
  };
  g_auto (GStrv) args = NULL;
  int status = 0;
  if (bm_cli_parse (argc, argv, entries, "[DIR...]", examples, 0, G_MAXINT, &args, &status) &&
      (o.format == NULL ||
       bm_cli_check_format (o.format, o.check != NULL ? "text json" : "csv excel json", &status)))
    status = run (&o, (const gchar *const *) args);
  gchar *texts[] = {o.check, o.output, o.format, o.config, o.admin_key_file};
  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    g_free (texts[i]);
  bm_selecting_clear (&o.selecting);
  bm_cli_reading_clear (&o.reading);
  return status;
}
