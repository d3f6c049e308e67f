/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* What the commands share. stdout is data, stderr is talk. One thread. */
#pragma once

#include "job/bm-config.h"
#include "job/bm-job.h"

#include <bm-pst-import/import.h>
#include <bm-pst-import/report.h>

G_BEGIN_DECLS

typedef struct {
  const gchar *name;
  int (*run) (int argc, char **argv); /* argv[0] is the command's name; returns the exit status */
  const gchar *summary;
} BmCommand;

int bm_cmd_inspect (int argc, char **argv);
int bm_cmd_export (int argc, char **argv);
int bm_cmd_import (int argc, char **argv);
int bm_cmd_map (int argc, char **argv);
int bm_cmd_batch (int argc, char **argv);
int bm_cmd_order (int argc, char **argv); /* pause, resume, cancel, retry */
int bm_cmd_verify (int argc, char **argv);
int bm_cmd_report (int argc, char **argv);
int bm_cmd_status (int argc, char **argv);

/* Parses options; what remains must be between min and max arguments (left in *args, owned).
 * FALSE with *status set: help was printed (0) or the usage is wrong (64). */
gboolean bm_cli_parse (int argc, char **argv, const GOptionEntry *entries, const gchar *arguments,
                       const gchar *examples, guint min, guint max, GStrv *args, int *status);
/* Prints what happened and what to do next; returns the exit status of the cause. Takes error. */
int bm_cli_fail (GError *error);
/* "text" or "json" (and what else the command allows, separated by spaces). FALSE: usage. */
gboolean bm_cli_check_format (const gchar *format, const gchar *allowed, int *status);
/* --stall-after, seconds; 0 is the default. FALSE: usage. */
gboolean bm_cli_check_stall_after (gint stall_after, int *status);
/* The options of every command that reads a PST. Zero is the default of each. */
typedef struct {
  gchar *charset, *address_map;
  gint item_timeout, item_memory; /* seconds; MiB */
  gboolean no_sandbox;
} BmCliReading;

#define BM_CLI_READING_ENTRIES(r)                                                                  \
  {"default-charset", 0, 0, G_OPTION_ARG_STRING, &(r)->charset, "For text without one", "NAME"},   \
      {"code-page", 0, 0, G_OPTION_ARG_STRING, &(r)->charset, "The same, as a number", "N"},       \
      {"address-map",                                                                              \
       0,                                                                                          \
       0,                                                                                          \
       G_OPTION_ARG_FILENAME,                                                                      \
       &(r)->address_map,                                                                          \
       "CSV of Exchange name, address",                                                            \
       "FILE"},                                                                                    \
      {"item-timeout", 0, 0, G_OPTION_ARG_INT, &(r)->item_timeout, "For reading one item (60)",    \
       "SECONDS"},                                                                                 \
      {"item-memory", 0, 0, G_OPTION_ARG_INT, &(r)->item_memory, "For reading one item (2048)",    \
       "MIB"},                                                                                     \
  {                                                                                                \
    "no-sandbox", 0, 0, G_OPTION_ARG_NONE, &(r)->no_sandbox, "Parse without sandbox", NULL         \
  }

void bm_cli_reading_clear (BmCliReading *reading);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (BmCliReading, bm_cli_reading_clear)
/* For commands that do other work first; opening the source checks too. Error: USAGE. */
gboolean bm_cli_check_reading (const BmCliReading *reading, GError **error);
/* Opens the PST's reader. config: for what the options leave open; NULL = the built-in defaults.
 * owner: the address of whose file it is, or NULL; what is none counts as NULL. learn: unresolved Exchange addresses are worth a pass over the whole file. */
BmSource *bm_cli_open_source (const gchar *path, const BmCliReading *reading,
                              const BmConfig *config, const gchar *owner, guint64 max_message_size,
                              gboolean learn, GError **error);
/* Starts the reader once to see whether its sandbox closes; prints it. */
int bm_cli_print_sandbox (void);
/* "appending"... Static. */
const gchar *bm_cli_phase_word (BmPhase phase);
/* One line without its end, at most width - 1 characters (0: any number). New. */
gchar *bm_cli_progress_line (const BmProgress *progress, guint width);
/* Progress on stderr: a line rewritten on a terminal, else one line every 10 s. */
void bm_cli_progress (const BmProgress *progress, gpointer data);
/* The same for a line of other words. */
void bm_cli_progress_words (const gchar *words);
/* Takes the line away until the next one: before something is printed. */
void bm_cli_progress_hide (void);
void bm_cli_progress_end (void);
/* SIGINT and SIGTERM interrupt the import; a second one kills. SIGPIPE is ignored. */
void bm_cli_catch_signals (void);
gboolean bm_cli_interrupted (GError **error); /* TRUE with an error when a signal came */
/* Writes the report in the format to stdout and returns its exit status. */
int bm_cli_print_report (BmJournal *journal, const gchar *format);

G_END_DECLS
