/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Workers that the daemon starts and outlives, or that outlive it: each has in its directory a lock
 * that tells whether it runs (NAME.lock), its output (NAME.out) and its talk (NAME.log). Reading is
 * for any thread, starting for the main thread. */
#pragma once

#include <bm-pst-import/error.h>
#include <json-glib/json-glib.h>

G_BEGIN_DECLS

/* bm-pst-import beside this program, or where it was built. New; NULL when it is not there. */
gchar *bm_webworker_program (void);
/* words: of bm-pst-import's command line, from the command on. done (may be NULL) runs in the main loop when it has ended.
 * append: keeps what an earlier one wrote. Errors: LOCKED when one of this name still runs;
 * INTERNAL. */
gboolean bm_webworker_start (const gchar *directory, const gchar *name, const gchar *const *words,
                             gboolean append, GSourceFunc done, gpointer data, GError **error);
gboolean bm_webworker_runs (const gchar *directory, const gchar *name);
/* Tells it to end soon, if it runs. */
void bm_webworker_stop (const gchar *directory, const gchar *name);
/* The last line of its talk; "" when there is none. New. */
gchar *bm_webworker_words (const gchar *directory, const gchar *name);

/* What inspect --follow has printed so far; NULL = not yet. */
typedef struct {
  JsonObject *census, *walk, *end;
} BmWebWalk;

void bm_webwalk_read (const gchar *directory, const gchar *name, gboolean with_census,
                      BmWebWalk *walk);
void bm_webwalk_clear (BmWebWalk *walk);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (BmWebWalk, bm_webwalk_clear)

/* Replaces a file as a whole (mode 0600). size: -1 = a text. durable: it is on the disk afterwards.
 * Errors: DISK_FULL, JOURNAL. */
gboolean bm_webfile_write (const gchar *path, const gchar *bytes, gssize size, gboolean durable,
                           GError **error);
/* A file that holds one JSON object; NULL when it is not whole. New. */
JsonObject *bm_webjson_load (const gchar *directory, const gchar *file);
/* Replaces it; errors as bm_webfile_write. */
gboolean bm_webjson_save (const gchar *directory, const gchar *file, JsonObject *object,
                          GError **error);

G_END_DECLS
