/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* See bm-inspect-follow.h. Everything a PST says is bounded here: a hostile one must not make a line
 * that nobody can read. */
#include "cli/bm-inspect-follow.h"

#include "cli/bm-cli.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define EVERY_US (G_USEC_PER_SEC / 2)
#define MOST     60  /* classes, senders, causes of a line */
#define WORD_MAX 120 /* characters of one of them in the inventory */

typedef struct {
  FILE *inventory; /* NULL: none */
  const gchar *path;
  gint64 told_us;
} Follow;

/* Takes object. */
static void
tell (const gchar *name, JsonObject *object)
{
  JsonObject *line = json_object_new ();
  json_object_set_object_member (line, name, object);
  g_autoptr (JsonNode) node = json_node_init_object (json_node_alloc (), line);
  json_object_unref (line);
  g_autofree gchar *text = json_to_string (node, FALSE);
  g_print ("%s\n", text);
  fflush (stdout);
}

static JsonObject *
owner_json (const BmInspection *inspection)
{
  JsonObject *owner = json_object_new ();
  const gchar *store = inspection->census->display_name;
  json_object_set_string_member (owner, "store", store != NULL ? store : "");
  return owner;
}

static void
tell_walk (const BmInspection *inspection)
{
  JsonObject *walk = json_object_new ();
  json_object_set_int_member (walk, "done", (gint64) inspection->done);
  json_object_set_int_member (walk, "total", (gint64) inspection->total);
  json_object_set_int_member (walk, "bytes", (gint64) inspection->bytes);
  bm_inspection_add_walk (inspection, walk, MOST);
  bm_inspection_add_skipped (inspection, walk);
  json_object_set_member (walk, "causes", json_object_dup_member (walk, "failed"));
  json_object_remove_member (walk, "failed"); /* a number of failed items elsewhere */
  json_object_set_object_member (walk, "owner", owner_json (inspection));
  tell ("walk", walk);
}

static int
tell_end (int status, const GError *error)
{
  JsonObject *end = json_object_new ();
  json_object_set_int_member (end, "status", status);
  if (error != NULL) {
    BmCause cause = bm_error_cause (error);
    json_object_set_string_member (end, "cause", bm_cause_token (cause));
    json_object_set_string_member (end, "text", error->message);
    json_object_set_string_member (end, "do", bm_cause_advice (cause));
  }
  tell ("end", end);
  return status;
}

/* ---- the inventory ---- */

static gboolean
write_failed (const Follow *follow, GError **error)
{
  g_set_error (error, BM_ERROR, errno == ENOSPC ? BM_CAUSE_DISK_FULL : BM_CAUSE_JOURNAL,
               "cannot write the inventory %s: %s", follow->path, g_strerror (errno));
  return FALSE;
}

static gboolean
write_item (const Follow *follow, guint32 nid, guint32 folder, const gchar *kind,
            const gchar *class, gint64 date, gsize size, const gchar *why, GError **error)
{
  g_autofree gchar *word = g_utf8_substring (class, 0, MIN (g_utf8_strlen (class, -1), WORD_MAX));
  for (gchar *p = word; *p != '\0'; p++)
    if (g_ascii_iscntrl (*p))
      *p = ' ';
  return fprintf (follow->inventory,
                  "%u\t%u\t%s\t%s\t%" G_GINT64_FORMAT "\t%" G_GSIZE_FORMAT "\t%s\n", nid, folder,
                  kind, word, date, size, why) > 0 ||
         write_failed (follow, error);
}

/* What the census left out: the walk does not come to these. */
static gboolean
write_left_out (const Follow *follow, const BmCensus *census, GError **error)
{
  for (guint i = 0; i < census->items->len; i++) {
    const BmCensusItem *item = &g_array_index (census->items, BmCensusItem, i);
    if (item->rule != BM_RULE_NONE && !write_item (follow, item->nid, item->folder, "skipped", "",
                                                   0, 0, bm_rule_token (item->rule), error))
      return FALSE;
  }
  return TRUE;
}

static gboolean
write_entry (const Follow *follow, const BmCensus *census, const BmEntry *entry, GError **error)
{
  guint32 folder = bm_census_folder_of (census, entry->nid);
  const BmMessage *message = entry->message;
  if (entry->kind == BM_ENTRY_FAILED)
    return write_item (follow, entry->nid, folder, "failed", "", 0, 0,
                       bm_cause_token (bm_error_cause (entry->error)), error);
  if (entry->kind == BM_ENTRY_SKIPPED)
    return write_item (follow, entry->nid, folder, "skipped",
                       entry->message_class != NULL ? entry->message_class : "", 0, 0,
                       bm_rule_token (entry->rule), error);
  return write_item (follow, entry->nid, folder, "message", message->message_class,
                     message->internal_date, g_bytes_get_size (message->bytes), "", error);
}

static gboolean
open_inventory (Follow *follow, const BmCensus *census, GError **error)
{
  if (follow->path == NULL)
    return TRUE;
  gint fd = open (follow->path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
  follow->inventory = fd >= 0 ? fdopen (fd, "w") : NULL;
  if (follow->inventory == NULL)
    return write_failed (follow, error);
  return write_left_out (follow, census, error);
}

static gboolean
close_inventory (Follow *follow, GError **error)
{
  FILE *file = follow->inventory;
  follow->inventory = NULL;
  return file == NULL || fclose (file) == 0 || write_failed (follow, error);
}

/* ---- the walk ---- */

static gboolean
on_item (BmInspection *inspection, const BmEntry *entry, gpointer data, GError **error)
{
  Follow *follow = data;
  gint64 now = g_get_monotonic_time ();
  if (follow->inventory != NULL && !write_entry (follow, inspection->census, entry, error))
    return FALSE;
  if (now - follow->told_us >= EVERY_US) {
    follow->told_us = now;
    tell_walk (inspection);
  }
  return TRUE;
}

int
bm_inspect_follow (BmSource *source, const gchar *path, const gchar *inventory, GError *failed)
{
  g_autoptr (GError) error = failed;
  Follow follow = {.path = inventory, .told_us = g_get_monotonic_time ()};
  g_auto (BmInspection) inspection = {0};
  const BmCensus *census = source != NULL ? source->ops->census (source, &error) : NULL;
  gboolean ok = census != NULL;
  if (ok) {
    bm_inspection_init (&inspection, census);
    tell ("census", bm_inspection_census_json (&inspection, path, bm_reader_sandbox (source)));
    ok = open_inventory (&follow, census, &error) &&
         bm_inspection_walk (&inspection, source, bm_cli_interrupted, on_item, &follow, &error);
    ok = close_inventory (&follow, ok ? &error : NULL) && ok;
    tell_walk (&inspection);
  }
  if (ok)
    return tell_end (g_hash_table_size (inspection.causes) > 0 ? 1 : 0, NULL);
  tell_end (bm_cause_exit_status (bm_error_cause (error)), error);
  return bm_cli_fail (g_steal_pointer (&error));
}
