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
/* Opens the PST's reader with the options every command has. */
BmSource *bm_cli_open_source (const gchar *path, const gchar *charset, guint64 max_message_size,
                              gboolean no_sandbox, GError **error);
/* Starts the reader once to see whether its sandbox closes; prints it. */
int bm_cli_print_sandbox (void);
/* Progress on stderr: a line rewritten on a terminal, else one line every 10 s. */
void bm_cli_progress (const BmProgress *progress, gpointer data);
void bm_cli_progress_end (void);
/* SIGINT and SIGTERM interrupt the import; a second one kills. SIGPIPE is ignored. */
void bm_cli_catch_signals (void);
gboolean bm_cli_interrupted (GError **error); /* TRUE with an error when a signal came */
/* Writes the report in the format to stdout and returns its exit status. */
int bm_cli_print_report (BmJournal *journal, const gchar *format);
/* Writes report.txt, .json, .csv, .html into the directory (mode 0600). */
gboolean bm_cli_save_reports (const BmReport *report, const gchar *directory, GError **error);

G_END_DECLS
