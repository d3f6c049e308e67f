/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* See bm-weboutput.h. A worker gets its words as they are: no shell is between. */
#include "http/bm-weboutput.h"

#include "job/bm-lock.h"
#include <fcntl.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#define PROGRAM  "bm-pst-import"
#define LOCK_FD  3           /* of the worker: the lock that tells it is alive */
#define TALK_MAX (64 * 1024) /* of a log: the end that is looked at */

typedef struct {
  GSourceFunc func;
  gpointer data;
} Done;

static gchar *
path_of (const gchar *directory, const gchar *name, const gchar *kind)
{
  g_autofree gchar *file = g_strconcat (name, ".", kind, NULL);
  return g_build_filename (directory, file, NULL);
}

gchar *
bm_webworker_program (void)
{
  static const gchar *const beside[] = {".", "../cli", "../../src/cli"};
  g_autofree gchar *self = g_file_read_link ("/proc/self/exe", NULL);
  g_autofree gchar *directory = self != NULL ? g_path_get_dirname (self) : g_strdup (".");
  for (guint i = 0; i < G_N_ELEMENTS (beside); i++) {
    g_autofree gchar *path = g_build_filename (directory, beside[i], PROGRAM, NULL);
    if (g_file_test (path, G_FILE_TEST_IS_EXECUTABLE) && g_file_test (path, G_FILE_TEST_IS_REGULAR))
      return g_canonicalize_filename (path, NULL);
  }
  return NULL;
}

/* Its own session: what ends the daemon is no signal to the worker. */
static void
detach (gpointer data)
{
  setsid ();
}

static void
on_ended (GPid pid, gint wait_status, gpointer data)
{
  Done *done = data;
  g_spawn_close_pid (pid);
  if (done->func != NULL)
    done->func (done->data);
}

static gint
open_output (const gchar *directory, const gchar *name, const gchar *kind, gboolean append)
{
  g_autofree gchar *path = path_of (directory, name, kind);
  if (!append) /* not cut: somebody may be reading the former one */
    g_unlink (path);
  return g_open (path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_APPEND, 0600);
}

static void
close_all (const gint *fds, guint n)
{
  for (guint i = 0; i < n; i++)
    if (fds[i] >= 0)
      close (fds[i]);
}

gboolean
bm_webworker_start (const gchar *directory, const gchar *name, const gchar *const *words,
                    gboolean append, GSourceFunc func, gpointer data, GError **error)
{
  g_autofree gchar *program = bm_webworker_program ();
  g_autofree gchar *lock_path = path_of (directory, name, "lock");
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  g_autoptr (GError) local = NULL;
  GPid pid = 0;
  if (program == NULL) {
    g_set_error (error, BM_ERROR, BM_CAUSE_INTERNAL, "%s is not installed beside the daemon",
                 PROGRAM);
    return FALSE;
  }
  g_strv_builder_add (builder, program);
  g_strv_builder_addv (builder, (const gchar **) words);
  g_auto (GStrv) argv = g_strv_builder_end (builder);
  gint lock = bm_lock_take (lock_path, "this", error);
  if (lock < 0)
    return FALSE;
  const gint fds[] = {g_open ("/dev/null", O_RDONLY | O_CLOEXEC, 0),
                      open_output (directory, name, "out", append),
                      open_output (directory, name, "log", TRUE), lock};
  const gint targets[] = {LOCK_FD};
  gboolean ok = g_spawn_async_with_pipes_and_fds (
      "/", (const gchar *const *) argv, NULL, G_SPAWN_DO_NOT_REAP_CHILD, detach, NULL, fds[0],
      fds[1], fds[2], &lock, targets, 1, &pid, NULL, NULL, NULL, &local);
  close_all (fds, G_N_ELEMENTS (fds));
  if (!ok) {
    g_set_error (error, BM_ERROR, BM_CAUSE_INTERNAL, "cannot start a worker: %s", local->message);
    return FALSE;
  }
  g_autofree gchar *pid_path = path_of (directory, name, "pid");
  g_autofree gchar *pid_text = g_strdup_printf ("%d\n", (gint) pid);
  g_file_set_contents (pid_path, pid_text, -1, NULL);
  Done *done = g_new0 (Done, 1);
  *done = (Done){func, data};
  g_child_watch_add_full (G_PRIORITY_DEFAULT, pid, on_ended, done, g_free);
  return TRUE;
}

gboolean
bm_webworker_runs (const gchar *directory, const gchar *name)
{
  g_autofree gchar *path = path_of (directory, name, "lock");
  return bm_lock_owner (path) != 0;
}

void
bm_webworker_stop (const gchar *directory, const gchar *name)
{
  g_autofree gchar *path = path_of (directory, name, "pid");
  g_autofree gchar *text = NULL;
  gint64 pid = 0;
  if (g_file_get_contents (path, &text, NULL, NULL))
    pid = g_ascii_strtoll (text, NULL, 10);
  if (pid > 1 && bm_webworker_runs (directory, name)) /* then nobody else has its pid */
    kill ((pid_t) pid, SIGTERM);
}

gchar *
bm_webworker_words (const gchar *directory, const gchar *name)
{
  g_autofree gchar *path = path_of (directory, name, "log");
  g_autofree gchar *text = NULL;
  gsize size = 0;
  if (!g_file_get_contents (path, &text, &size, NULL))
    return g_strdup ("");
  g_autofree gchar *valid = g_utf8_make_valid (text + (size > TALK_MAX ? size - TALK_MAX : 0), -1);
  g_strchomp (valid);
  const gchar *line = strrchr (valid, '\n');
  return g_strdup (line != NULL ? line + 1 : valid);
}

/* ---- files ---- */

gboolean
bm_webfile_write (const gchar *path, const gchar *bytes, gssize size, gboolean durable,
                  GError **error)
{
  GFileSetContentsFlags flags = G_FILE_SET_CONTENTS_CONSISTENT;
  g_autoptr (GError) local = NULL;
  if (durable)
    flags |= G_FILE_SET_CONTENTS_DURABLE;
  if (g_file_set_contents_full (path, bytes, size, flags, 0600, &local))
    return TRUE;
  gboolean full = g_error_matches (local, G_FILE_ERROR, G_FILE_ERROR_NOSPC);
  g_set_error (error, BM_ERROR, full ? BM_CAUSE_DISK_FULL : BM_CAUSE_JOURNAL, "cannot write %s: %s",
               path, local->message);
  return FALSE;
}

/* ---- JSON ---- */

static JsonObject *
parse (const gchar *text, gsize size)
{
  g_autoptr (JsonParser) parser = json_parser_new ();
  if (!json_parser_load_from_data (parser, text, (gssize) size, NULL))
    return NULL;
  JsonNode *root = json_parser_get_root (parser);
  return root != NULL && JSON_NODE_HOLDS_OBJECT (root)
             ? json_object_ref (json_node_get_object (root))
             : NULL;
}

JsonObject *
bm_webjson_load (const gchar *directory, const gchar *file)
{
  g_autofree gchar *path = g_build_filename (directory, file, NULL);
  g_autofree gchar *text = NULL;
  gsize size = 0;
  return g_file_get_contents (path, &text, &size, NULL) ? parse (text, size) : NULL;
}

gboolean
bm_webjson_save (const gchar *directory, const gchar *file, JsonObject *object, GError **error)
{
  g_autofree gchar *path = g_build_filename (directory, file, NULL);
  g_autoptr (JsonNode) node = json_node_init_object (json_node_alloc (), object);
  g_autofree gchar *text = json_to_string (node, FALSE);
  return bm_webfile_write (path, text, -1, FALSE, error);
}

/* ---- the lines of inspect --follow ---- */

/* The line before this end, without its line end; NULL at the beginning. */
static const gchar *
line_before (const gchar *begin, const gchar *end, gsize *size)
{
  if (end <= begin)
    return NULL;
  const gchar *last = end - 1; /* its line end */
  const gchar *before = memrchr (begin, '\n', (gsize) (last - begin));
  const gchar *line = before != NULL ? before + 1 : begin;
  *size = (gsize) (last - line);
  return line;
}

static JsonObject *
member (JsonObject *line, const gchar *name)
{
  JsonNode *node = line != NULL ? json_object_get_member (line, name) : NULL;
  return node != NULL && JSON_NODE_HOLDS_OBJECT (node)
             ? json_object_ref (json_node_get_object (node))
             : NULL;
}

/* At most two lines from the end: a walk is told last before the end. */
static void
read_last (const gchar *begin, const gchar *end, BmWebWalk *walk)
{
  for (guint i = 0; i < 2 && walk->walk == NULL; i++) {
    gsize size;
    const gchar *line = line_before (begin, end, &size);
    if (line == NULL || line == begin) /* the first one is the census */
      return;
    g_autoptr (JsonObject) object = parse (line, size);
    walk->walk = member (object, "walk");
    if (walk->end == NULL)
      walk->end = member (object, "end");
    end = line;
  }
}

void
bm_webwalk_read (const gchar *directory, const gchar *name, gboolean with_census, BmWebWalk *walk)
{
  g_autofree gchar *path = path_of (directory, name, "out");
  g_autoptr (GMappedFile) map = g_mapped_file_new (path, FALSE, NULL);
  *walk = (BmWebWalk){0};
  const gchar *text = map != NULL ? g_mapped_file_get_contents (map) : NULL;
  const gchar *end =
      text != NULL ? memrchr (text, '\n', g_mapped_file_get_length (map)) : NULL; /* whole lines */
  if (end == NULL)
    return;
  const gchar *first = memchr (text, '\n', g_mapped_file_get_length (map));
  if (with_census || first == end) { /* a single line may be the end of what could not be opened */
    g_autoptr (JsonObject) object = parse (text, (gsize) (first - text));
    walk->census = member (object, "census");
    walk->end = member (object, "end");
  }
  read_last (text, end + 1, walk);
}

void
bm_webwalk_clear (BmWebWalk *walk)
{
  g_clear_pointer (&walk->census, json_object_unref);
  g_clear_pointer (&walk->walk, json_object_unref);
  g_clear_pointer (&walk->end, json_object_unref);
}
