/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The words of import, shared with whoever checks them before: what a row of a mapping says is judged
 * by the same parser. One thread. */
#pragma once

#include "cli/bm-cli.h"
#include "job/bm-selecting.h"

G_BEGIN_DECLS

typedef struct {
  gchar *user, *into, *password_file, *passwords, *credential, *config, *jobs, *format, *state;
  gchar *admin_key_file, *operator_, *retry_cause;
  BmSelecting selecting;
  gboolean subjects, dry_run, no_wait, empty_folders, mark_seen, ignore_quota, retry, new_job;
  gboolean check_owner, owner_mismatch_ok;
  gint stall_after;
  BmCliReading reading;
} BmImporting;

void bm_importing_clear (BmImporting *importing);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (BmImporting, bm_importing_clear)

/* The options of import's command line, which fill importing. New: g_free it. */
GOptionEntry *bm_importing_entries (BmImporting *importing);
/* What can be judged without a PST or a server. selection borrows from importing. Error: USAGE. */
gboolean bm_importing_check (const BmImporting *importing, BmSelection *selection, GError **error);
/* import FILE --user USER [--into INTO] WORDS..., parsed and checked. into "" = none. Error: USAGE. */
gboolean bm_importing_read (BmImporting *importing, const gchar *user, const gchar *into,
                            const gchar *const *words, BmSelection *selection, GError **error);

G_END_DECLS
