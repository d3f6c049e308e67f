/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* See bm-webjob.h: the list of all. A batch is one entry, and so is a web import: their jobs are not
 * listed besides. The list is asked every few seconds and a journal may be large, so what is over is
 * kept in <jobs>/web/seen/ as long as none of its files has changed. */
#include "http/bm-webjob.h"

#include "http/bm-webbatch.h"
#include "http/bm-weboutput.h"
#include "http/bm-webstate.h"
#include "job/bm-job.h"
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>

#define MOST 500 /* entries, the newest */

typedef struct {
  const BmConfig *config;
  const BmWebViewer *viewer;
  GPtrArray *entries;  /* JsonObject *, owned */
  GHashTable *claimed; /* names of jobs that belong to a batch or a web import */
} Listing;

static JsonObject *
new_entry (const gchar *id, const gchar *kind)
{
  JsonObject *entry = json_object_new ();
  json_object_set_string_member (entry, "id", id);
  json_object_set_string_member (entry, "kind", kind);
  return entry;
}

static JsonObject *
add_entry (Listing *listing, const gchar *id, const gchar *kind)
{
  JsonObject *entry = new_entry (id, kind);
  g_ptr_array_add (listing->entries, entry);
  return entry;
}

static void
set_numbers (JsonObject *entry, guint64 found, guint64 verified, guint64 failed, guint64 bytes)
{
  json_object_set_int_member (entry, "found", (gint64) found);
  json_object_set_int_member (entry, "verified", (gint64) verified);
  json_object_set_int_member (entry, "failed", (gint64) failed);
  json_object_set_int_member (entry, "bytes", (gint64) bytes);
}

static gint64
number (JsonObject *object, const gchar *name)
{
  return object != NULL ? json_object_get_int_member_with_default (object, name, 0) : 0;
}

static JsonObject *
object_in (JsonObject *object, const gchar *name)
{
  JsonNode *node = object != NULL ? json_object_get_member (object, name) : NULL;
  return node != NULL && JSON_NODE_HOLDS_OBJECT (node) ? json_node_get_object (node) : NULL;
}

/* From a result's ledger, else from what the worker tells. */
static void
copy_numbers (JsonObject *entry, JsonObject *state)
{
  JsonObject *result = object_in (state, "result"), *ledger = object_in (result, "ledger");
  JsonObject *progress = object_in (state, "progress");
  if (result != NULL && json_object_has_member (result, "grade"))
    json_object_set_member (entry, "grade", json_object_dup_member (result, "grade"));
  if (ledger != NULL)
    set_numbers (entry, (guint64) number (ledger, "found"), (guint64) number (ledger, "verified"),
                 (guint64) number (ledger, "failed"), (guint64) number (ledger, "bytes"));
  else
    set_numbers (entry, (guint64) number (progress, "total"),
                 (guint64) number (progress, "verified"), 0, (guint64) number (progress, "bytes"));
}

/* ---- what is over ---- */

/* Sizes and times of the files that an entry was made of. New. */
static gchar *
stamp_of (const gchar *directory, const gchar *const *names)
{
  g_autoptr (GString) stamp = g_string_new (NULL);
  for (; *names != NULL; names++) {
    g_autofree gchar *path = g_build_filename (directory, *names, NULL);
    struct stat info;
    if (stat (path, &info) == 0)
      g_string_append_printf (stamp, "%" G_GINT64_FORMAT ":%" G_GINT64_FORMAT ".%09ld ",
                              (gint64) info.st_size, (gint64) info.st_mtim.tv_sec,
                              (long) info.st_mtim.tv_nsec);
    else
      g_string_append (stamp, "- ");
  }
  return g_string_free (g_steal_pointer (&stamp), FALSE);
}

static gchar *
seen_path (const Listing *listing)
{
  return g_build_filename (listing->config->jobs, "web", "seen", NULL);
}

/* New; NULL when it has to be made anew. */
static JsonObject *
recall (const Listing *listing, const gchar *name, const gchar *stamp)
{
  g_autofree gchar *directory = seen_path (listing), *file = g_strconcat (name, ".json", NULL);
  g_autoptr (JsonObject) seen = bm_webjson_load (directory, file);
  if (seen == NULL ||
      g_strcmp0 (json_object_get_string_member_with_default (seen, "stamp", ""), stamp) != 0)
    return NULL;
  return g_steal_pointer (&seen);
}

/* A list that cannot be kept is made anew each time. */
static void
keep (const Listing *listing, const gchar *name, const gchar *stamp, JsonObject *entry,
      const gchar *domain_uid, JsonArray *claims)
{
  g_autofree gchar *directory = seen_path (listing), *file = g_strconcat (name, ".json", NULL);
  g_autoptr (JsonObject) seen = json_object_new ();
  json_object_set_string_member (seen, "stamp", stamp);
  json_object_set_string_member (seen, "domain_uid", domain_uid);
  json_object_set_object_member (seen, "entry", json_object_ref (entry));
  if (claims != NULL)
    json_object_set_array_member (seen, "claims", json_array_ref (claims));
  if (g_mkdir_with_parents (directory, 0700) == 0)
    bm_webjson_save (directory, file, seen, NULL);
}

static gboolean
may_domain (const Listing *listing, const gchar *domain_uid)
{
  return listing->viewer->every || listing->viewer->may (listing->viewer->who, domain_uid);
}

/* TRUE when it is known, and listed if this viewer may see it. */
static gboolean
add_known (Listing *listing, const gchar *name, const gchar *stamp)
{
  g_autoptr (JsonObject) seen = recall (listing, name, stamp);
  JsonObject *entry = object_in (seen, "entry");
  if (entry == NULL)
    return FALSE;
  JsonArray *claims = json_object_has_member (seen, "claims")
                          ? json_object_get_array_member (seen, "claims")
                          : NULL;
  for (guint i = 0; claims != NULL && i < json_array_get_length (claims); i++)
    g_hash_table_add (listing->claimed, g_strdup (json_array_get_string_element (claims, i)));
  if (may_domain (listing, json_object_get_string_member_with_default (seen, "domain_uid", "")))
    g_ptr_array_add (listing->entries, json_object_ref (entry));
  return TRUE;
}

/* ---- web imports ---- */

static JsonObject *
web_entry (const BmWebImport *import, JsonObject *state)
{
  static const gchar *const members[] = {"stage", "by", "created", "started", "ended"};
  JsonObject *entry = new_entry (import->id, "web");
  for (guint i = 0; i < G_N_ELEMENTS (members); i++)
    json_object_set_member (entry, members[i], json_object_dup_member (state, members[i]));
  json_object_set_string_member (entry, "user", import->user);
  json_object_set_string_member (entry, "file", import->name);
  json_object_set_int_member (entry, "size", (gint64) import->size);
  copy_numbers (entry, state);
  return entry;
}

static void
add_web (Listing *listing, const gchar *id)
{
  g_autofree gchar *batch = g_strconcat (BM_WEBIMPORT_BATCH, id, NULL);
  g_autofree gchar *database = g_build_filename ("batches", batch, "batch.sqlite", NULL);
  g_autofree gchar *log = g_strconcat (database, "-wal", NULL);
  g_autofree gchar *record = g_build_filename ("web", id, "import.json", NULL);
  const gchar *files[] = {database, log, record, NULL};
  g_autofree gchar *directory = g_build_filename (listing->config->jobs, "web", id, NULL);
  g_autofree gchar *stamp = stamp_of (listing->config->jobs, files);
  gboolean conducted = bm_webworker_runs (directory, BM_WEBWORKER_CONDUCTOR);
  if (!conducted && add_known (listing, id, stamp))
    return;
  g_autoptr (BmWebImport) import = bm_webimport_load (listing->config->jobs, id, NULL);
  if (import == NULL)
    return;
  g_auto (BmWebLook) look = {0};
  g_autoptr (JsonObject) state = bm_webstate_json (listing->config, import, FALSE, &look);
  g_autoptr (JsonObject) entry = web_entry (import, state);
  g_autofree gchar *after = stamp_of (listing->config->jobs, files);
  if (may_domain (listing, import->domain_uid))
    g_ptr_array_add (listing->entries, json_object_ref (entry));
  const gchar *job = json_object_get_string_member (state, "job");
  g_autoptr (JsonArray) claims = json_array_new ();
  if (*job != '\0') {
    json_array_add_string_element (claims, job);
    g_hash_table_add (listing->claimed, g_strdup (job));
  }
  if (import->started_ms != 0 && bm_webstage_is_over (look.stage) && !look.conducted)
    keep (listing, id, after, entry, import->domain_uid, claims);
}

/* ---- batches ---- */

static void
claim (Listing *listing, JsonArray *claims, const gchar *directory)
{
  if (directory == NULL || *directory == '\0')
    return;
  gchar *name = g_path_get_basename (directory);
  json_array_add_string_element (claims, name);
  g_hash_table_add (listing->claimed, name);
}

/* Of the rows that ended, and of those that run. */
static JsonArray *
claim_all (Listing *listing, BmBatch *batch, const GPtrArray *rows)
{
  JsonArray *claims = json_array_new ();
  for (guint i = 0; i < rows->len; i++) {
    const BmBatchRow *row = g_ptr_array_index (rows, i);
    g_autofree gchar *path = bm_batch_row_path (batch, row->id, "state");
    g_auto (BmWorkerState) state = {0};
    claim (listing, claims, row->job);
    if (row->state == BM_ROW_RUNNING && bm_worker_state_read (path, &state))
      claim (listing, claims, state.job);
  }
  return claims;
}

static gint64
time_of (BmBatch *batch, const gchar *key) /* seconds */
{
  g_autofree gchar *text = bm_batch_get (batch, key);
  return text != NULL ? g_ascii_strtoll (text, NULL, 10) / 1000 : 0;
}

static JsonObject *
batch_entry (Listing *listing, BmBatch *batch, const GPtrArray *rows, JsonObject *state)
{
  const gchar *name = bm_batch_name (batch);
  g_autoptr (BmWebBatch) web = bm_webbatch_load (listing->config->jobs, name);
  JsonObject *entry = add_entry (listing, name, "batch");
  JsonObject *totals = object_in (state, "totals");
  gint64 started = time_of (batch, "started");
  json_object_set_member (entry, "stage", json_object_dup_member (state, "stage"));
  json_object_set_string_member (entry, "by", web != NULL ? web->by : "");
  json_object_set_int_member (entry, "created", web != NULL ? web->created_ms / 1000 : started);
  json_object_set_int_member (entry, "started", started);
  json_object_set_int_member (entry, "ended", time_of (batch, "finished"));
  json_object_set_int_member (entry, "rows", rows->len);
  json_object_set_string_member (entry, "file", name);
  if (json_object_has_member (state, "grade"))
    json_object_set_member (entry, "grade", json_object_dup_member (state, "grade"));
  set_numbers (entry, (guint64) number (totals, "found"), (guint64) number (totals, "verified"),
               (guint64) number (totals, "failed"), (guint64) number (totals, "bytes"));
  return entry;
}

/* Who may not see every domain must be judged by each row, so what is kept is not for him. */
static void
add_batch (Listing *listing, const gchar *name)
{
  static const gchar *const files[] = {"batch.sqlite", "batch.sqlite-wal", "report.json", NULL};
  g_autofree gchar *directory = g_build_filename (listing->config->jobs, "batches", name, NULL);
  g_autofree gchar *key = g_strconcat ("batch-", name, NULL);
  g_autofree gchar *stamp = stamp_of (directory, files);
  if (g_str_has_prefix (name, BM_WEBIMPORT_BATCH) ||
      (listing->viewer->every && add_known (listing, key, stamp)))
    return;
  g_autoptr (BmBatch) batch = bm_batch_open (listing->config->jobs, name, FALSE, NULL);
  g_autoptr (GPtrArray) rows = batch != NULL ? bm_batch_rows (batch, NULL) : NULL;
  if (rows == NULL)
    return;
  g_autoptr (JsonArray) claims = claim_all (listing, batch, rows);
  g_autoptr (JsonObject) state = bm_webbatch_may (listing->config, batch, listing->viewer)
                                     ? bm_webbatch_json (listing->config, name, NULL)
                                     : NULL;
  if (state == NULL)
    return;
  JsonObject *entry = batch_entry (listing, batch, rows, state);
  const gchar *stage = json_object_get_string_member (state, "stage");
  g_clear_pointer (&batch, bm_batch_free);
  g_autofree gchar *after = stamp_of (directory, files);
  if (g_str_equal (stage, bm_webstage_token (BM_WEBSTAGE_ENDED)))
    keep (listing, key, after, entry, "", claims);
}

/* Ordered by a browser, and not begun. */
static void
add_idle_batch (Listing *listing, const gchar *name)
{
  g_autoptr (BmWebBatch) web = bm_webbatch_load (listing->config->jobs, name);
  if (web == NULL || web->started_ms != 0)
    return;
  for (guint i = 0; web->domains[i] != NULL; i++)
    if (!listing->viewer->every && !listing->viewer->may (listing->viewer->who, web->domains[i]))
      return;
  JsonObject *entry = add_entry (listing, name, "batch");
  json_object_set_string_member (entry, "stage", bm_webstage_token (BM_WEBSTAGE_READY));
  json_object_set_string_member (entry, "by", web->by);
  json_object_set_int_member (entry, "created", web->created_ms / 1000);
  json_object_set_int_member (entry, "started", 0);
  json_object_set_int_member (entry, "ended", 0);
  json_object_set_int_member (entry, "rows", web->rows);
  json_object_set_string_member (entry, "file", name);
  set_numbers (entry, 0, 0, 0, 0);
}

/* ---- jobs ---- */

static JsonObject *
job_entry (Listing *listing, const gchar *name, JsonObject *state)
{
  JsonObject *entry = add_entry (listing, name, "job");
  JsonObject *user = object_in (state, "user"), *file = object_in (state, "file");
  json_object_set_member (entry, "stage", json_object_dup_member (state, "stage"));
  json_object_set_string_member (entry, "by", "");
  json_object_set_member (entry, "created", json_object_dup_member (state, "started"));
  json_object_set_member (entry, "started", json_object_dup_member (state, "started"));
  json_object_set_member (entry, "ended", json_object_dup_member (state, "ended"));
  json_object_set_member (entry, "user", json_object_dup_member (user, "user"));
  json_object_set_member (entry, "file", json_object_dup_member (file, "name"));
  json_object_set_member (entry, "size", json_object_dup_member (file, "size"));
  copy_numbers (entry, state);
  return entry;
}

static void
add_job (Listing *listing, const gchar *directory)
{
  static const gchar *const files[] = {"journal.sqlite", "journal.sqlite-wal", NULL};
  g_autofree gchar *name = g_path_get_basename (directory);
  g_autofree gchar *stamp = stamp_of (directory, files);
  if (g_hash_table_contains (listing->claimed, name) ||
      (bm_job_owner (directory) == 0 && add_known (listing, name, stamp)))
    return;
  g_autoptr (JsonObject) state = bm_webjob_json (listing->config, name, listing->viewer, NULL);
  if (state == NULL)
    return;
  JsonObject *entry = job_entry (listing, name, state);
  JsonObject *user = object_in (state, "user");
  /* reading may have moved the log into the journal: what counts is how it lies now */
  g_autofree gchar *after = stamp_of (directory, files);
  if (object_in (state, "result") != NULL && bm_job_owner (directory) == 0)
    keep (listing, name, after, entry,
          json_object_get_string_member_with_default (user, "domain_uid", ""), NULL);
}

static gint
newest_first (gconstpointer a, gconstpointer b)
{
  gint64 x = number (*(JsonObject *const *) a, "created"),
         y = number (*(JsonObject *const *) b, "created");
  return x < y ? 1 : x > y ? -1 : 0;
}

JsonObject *
bm_weblist_json (const BmConfig *config, const BmWebViewer *viewer)
{
  g_autoptr (GPtrArray) entries =
      g_ptr_array_new_with_free_func ((GDestroyNotify) json_object_unref);
  g_autoptr (GHashTable) claimed = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  Listing listing = {config, viewer, entries, claimed};
  const struct {
    GPtrArray *names;
    void (*add) (Listing *, const gchar *);
  } kinds[] = {{bm_webimport_list (config->jobs), add_web},
               {bm_batch_list (config->jobs), add_batch},
               {bm_webbatch_list (config->jobs), add_idle_batch},
               {bm_job_list (config->jobs), add_job}}; /* last: the batches have claimed theirs */
  for (guint k = 0; k < G_N_ELEMENTS (kinds); k++) {
    for (guint i = 0; i < kinds[k].names->len; i++)
      kinds[k].add (&listing, g_ptr_array_index (kinds[k].names, i));
    g_ptr_array_unref (kinds[k].names);
  }
  g_ptr_array_sort (entries, newest_first);
  JsonArray *imports = json_array_new ();
  for (guint i = 0; i < entries->len && i < MOST; i++)
    json_array_add_object_element (imports, json_object_ref (g_ptr_array_index (entries, i)));
  JsonObject *object = json_object_new ();
  json_object_set_array_member (object, "imports", imports);
  json_object_set_boolean_member (object, "more", entries->len > MOST);
  return object;
}
