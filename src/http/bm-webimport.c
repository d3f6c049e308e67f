/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* See bm-webimport.h. */
#include "http/bm-webimport.h"

#include "base/bm-csv.h"
#include "http/bm-weboptions.h"
#include "http/bm-weboutput.h"
#include <bm-pst-import/import.h>
#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#define ID_DIGITS      16
#define RECORD         "import.json"
#define KEY            "key"
#define NAME_MAX_BYTES 200 /* of a file's name, for the link */

static gboolean
failed (GError **error, const gchar *what, const gchar *path)
{
  g_set_error (error, BM_ERROR, errno == ENOSPC ? BM_CAUSE_DISK_FULL : BM_CAUSE_JOURNAL,
               "cannot %s %s: %s", what, path, g_strerror (errno));
  return FALSE;
}

gboolean
bm_webimport_is_id (const gchar *text)
{
  return strlen (text) == ID_DIGITS && strspn (text, "0123456789abcdef") == ID_DIGITS;
}

gint64
bm_webimport_modified_ms (const struct stat *info)
{
  return (gint64) info->st_mtim.tv_sec * 1000 + info->st_mtim.tv_nsec / 1000000;
}

void
bm_webimport_free (BmWebImport *import)
{
  if (import == NULL)
    return;
  gchar *texts[] = {import->id,     import->directory, import->by,     import->user,
                    import->login,  import->user_uid,  import->domain, import->domain_uid,
                    import->server, import->file,      import->name,   import->upload,
                    import->into};
  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    g_free (texts[i]);
  g_clear_pointer (&import->options, json_object_unref);
  g_free (import);
}

gchar *
bm_webimport_path (const BmWebImport *import, const gchar *file)
{
  return g_build_filename (import->directory, file, NULL);
}

gchar *
bm_webimport_batch (const BmWebImport *import)
{
  return g_strconcat (BM_WEBIMPORT_BATCH, import->id, NULL);
}

/* ---- the record ---- */

/* Members of import.json that are texts, and where they go. */
static const struct {
  const gchar *name;
  gsize offset;
} texts[] = {
    {"by", G_STRUCT_OFFSET (BmWebImport, by)},
    {"user", G_STRUCT_OFFSET (BmWebImport, user)},
    {"login", G_STRUCT_OFFSET (BmWebImport, login)},
    {"user_uid", G_STRUCT_OFFSET (BmWebImport, user_uid)},
    {"domain", G_STRUCT_OFFSET (BmWebImport, domain)},
    {"domain_uid", G_STRUCT_OFFSET (BmWebImport, domain_uid)},
    {"server", G_STRUCT_OFFSET (BmWebImport, server)},
    {"file", G_STRUCT_OFFSET (BmWebImport, file)},
    {"name", G_STRUCT_OFFSET (BmWebImport, name)},
    {"upload", G_STRUCT_OFFSET (BmWebImport, upload)},
    {"into", G_STRUCT_OFFSET (BmWebImport, into)},
};

static gchar **
text_at (const BmWebImport *import, guint i)
{
  return (gchar **) ((gchar *) import + texts[i].offset);
}

gboolean
bm_webimport_save (const BmWebImport *import, GError **error)
{
  JsonObject *object = json_object_new ();
  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    json_object_set_string_member (object, texts[i].name, *text_at (import, i));
  json_object_set_int_member (object, "created", import->created_ms);
  json_object_set_int_member (object, "started", import->started_ms);
  json_object_set_int_member (object, "quota_kib", import->quota_kib);
  json_object_set_int_member (object, "size", (gint64) import->size);
  json_object_set_int_member (object, "modified", import->modified_ms);
  json_object_set_int_member (object, "mails", (gint64) import->mails);
  json_object_set_int_member (object, "bytes", (gint64) import->bytes);
  json_object_set_boolean_member (object, "own_key", import->own_key);
  json_object_set_object_member (object, "options", json_object_ref (import->options));
  g_autoptr (JsonNode) node = json_node_init_object (json_node_alloc (), object);
  json_object_unref (object);
  g_autofree gchar *text = json_to_string (node, TRUE);
  g_autofree gchar *path = bm_webimport_path (import, RECORD);
  return bm_webfile_write (path, text, -1, TRUE, error);
}

/* Files that the daemon wrote itself: what is missing in one is of an older daemon. */
static BmWebImport *
read_record (JsonObject *object, const gchar *id, const gchar *directory)
{
  BmWebImport *import = g_new0 (BmWebImport, 1);
  import->id = g_strdup (id);
  import->directory = g_strdup (directory);
  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    *text_at (import, i) =
        g_strdup (json_object_get_string_member_with_default (object, texts[i].name, ""));
  import->created_ms = json_object_get_int_member_with_default (object, "created", 0);
  import->started_ms = json_object_get_int_member_with_default (object, "started", 0);
  import->quota_kib = json_object_get_int_member_with_default (object, "quota_kib", 0);
  import->size = (guint64) json_object_get_int_member_with_default (object, "size", 0);
  import->modified_ms = json_object_get_int_member_with_default (object, "modified", 0);
  import->mails = (guint64) json_object_get_int_member_with_default (object, "mails", 0);
  import->bytes = (guint64) json_object_get_int_member_with_default (object, "bytes", 0);
  import->own_key = json_object_get_boolean_member_with_default (object, "own_key", FALSE);
  JsonNode *options = json_object_get_member (object, "options");
  import->options = options != NULL && JSON_NODE_HOLDS_OBJECT (options)
                        ? json_object_ref (json_node_get_object (options))
                        : json_object_new ();
  return import;
}

static gchar *
store_path (const gchar *jobs, const gchar *name)
{
  return g_build_filename (jobs, "web", name, NULL);
}

BmWebImport *
bm_webimport_load (const gchar *jobs, const gchar *id, GError **error)
{
  g_autofree gchar *directory = store_path (jobs, id);
  g_autofree gchar *path = g_build_filename (directory, RECORD, NULL);
  g_autoptr (JsonParser) parser = json_parser_new ();
  g_autoptr (GError) local = NULL;
  if (!bm_webimport_is_id (id) || !g_file_test (path, G_FILE_TEST_IS_REGULAR)) {
    g_set_error (error, BM_ERROR, BM_CAUSE_USAGE, "there is no import \"%s\"", id);
    return NULL;
  }
  JsonNode *root =
      json_parser_load_from_file (parser, path, &local) ? json_parser_get_root (parser) : NULL;
  if (root == NULL || !JSON_NODE_HOLDS_OBJECT (root)) {
    g_set_error (error, BM_ERROR, BM_CAUSE_JOURNAL, "%s is damaged: %s", path,
                 local != NULL ? local->message : "no object");
    return NULL;
  }
  return read_record (json_node_get_object (root), id, directory);
}

static gint
compare_names (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const gchar *const *) a, *(const gchar *const *) b);
}

GPtrArray *
bm_webimport_list (const gchar *jobs)
{
  GPtrArray *list = g_ptr_array_new_with_free_func (g_free);
  g_autofree gchar *store = g_build_filename (jobs, "web", NULL);
  g_autoptr (GDir) dir = g_dir_open (store, 0, NULL);
  const gchar *name;
  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL) {
    g_autofree gchar *record = g_build_filename (store, name, RECORD, NULL);
    if (bm_webimport_is_id (name) && g_file_test (record, G_FILE_TEST_IS_REGULAR))
      g_ptr_array_add (list, g_strdup (name));
  }
  g_ptr_array_sort (list, compare_names);
  return list;
}

/* ---- creation ---- */

static gchar *
new_id (void)
{
  g_autofree gchar *uuid = g_uuid_string_random ();
  GString *id = g_string_new (NULL);
  for (const gchar *p = uuid; *p != '\0' && id->len < ID_DIGITS; p++)
    if (*p != '-')
      g_string_append_c (id, *p);
  return g_string_free (id, FALSE);
}

/* The last part of a name that a browser sent, without what no file name should hold. */
static gchar *
file_name (const gchar *name)
{
  g_autofree gchar *valid = g_utf8_make_valid (name, -1);
  g_strdelimit (valid, "\\", '/');
  const gchar *slash = strrchr (valid, '/');
  g_autoptr (GString) out = g_string_new (NULL);
  for (const gchar *p = slash != NULL ? slash + 1 : valid; *p != '\0'; p = g_utf8_next_char (p)) {
    gunichar c = g_utf8_get_char (p);
    if (out->len < NAME_MAX_BYTES && g_unichar_isprint (c))
      g_string_append_unichar (out, c);
  }
  if (out->len == 0 || out->str[0] == '.')
    g_string_prepend (out, "upload");
  return g_string_free (g_steal_pointer (&out), FALSE);
}

/* Reports and the audit log name the file as its owner knows it, not as it lies on the disk. */
static gboolean
link_upload (BmWebImport *import, const gchar *source, GError **error)
{
  g_autofree gchar *directory = bm_webimport_path (import, "pst");
  g_free (import->name);
  import->name = file_name (import->file);
  g_free (import->file);
  import->file = g_build_filename (directory, import->name, NULL);
  return (g_mkdir (directory, 0700) == 0 && symlink (source, import->file) == 0) ||
         failed (error, "link", import->file);
}

static BmWebImport *
copy_of (const gchar *jobs, const BmWebImport *like)
{
  BmWebImport *import = g_memdup2 (like, sizeof *like);
  for (guint i = 0; i < G_N_ELEMENTS (texts); i++) {
    const gchar *text = *text_at (like, i);
    *text_at (import, i) = g_strdup (text != NULL ? text : "");
  }
  import->id = new_id ();
  import->directory = store_path (jobs, import->id);
  import->created_ms = g_get_real_time () / 1000;
  import->options = like->options != NULL ? json_object_ref (like->options) : json_object_new ();
  return import;
}

static gboolean
fill (BmWebImport *import, const BmWebImport *like, const gchar *source, GError **error)
{
  if (source == NULL) {
    g_autofree gchar *name = g_path_get_basename (import->file);
    g_free (import->name);
    import->name = g_filename_display_name (name);
  } else if (!link_upload (import, source, error)) {
    return FALSE;
  }
  if (like->into == NULL) {
    g_free (import->into);
    import->into = bm_import_default_into (import->name, &bm_name_rules_bluemind);
  }
  return bm_webimport_save (import, error);
}

BmWebImport *
bm_webimport_create (const gchar *jobs, const BmWebImport *like, const gchar *source,
                     GError **error)
{
  g_autoptr (BmWebImport) import = copy_of (jobs, like);
  if (g_mkdir_with_parents (import->directory, 0700) != 0) {
    failed (error, "make", import->directory);
    return NULL;
  }
  if (fill (import, like, source, error))
    return g_steal_pointer (&import);
  bm_webstore_remove (import->directory, NULL);
  return NULL;
}

gboolean
bm_webimport_write_row (const BmWebImport *import, const gchar *name, const gchar *const *words,
                        GError **error)
{
  static const gchar *const head[] = {"file", "user", "into", "options"};
  g_auto (GStrv) own = bm_weboptions_words (import->options);
  g_autofree gchar *options =
      bm_weboptions_quote (words != NULL ? words : (const gchar *const *) own);
  g_autofree gchar *path = bm_webimport_path (import, name);
  const gchar *fields[] = {import->file, import->user, import->into, options};
  g_autoptr (GString) csv = g_string_new (NULL);
  bm_csv_add (csv, BM_CSV_PLAIN, ',', head, G_N_ELEMENTS (head));
  bm_csv_add (csv, BM_CSV_PLAIN, ',', fields, G_N_ELEMENTS (fields));
  return bm_webfile_write (path, csv->str, (gssize) csv->len, FALSE, error);
}

/* ---- the end ---- */

gboolean
bm_webstore_remove (const gchar *directory, GError **error)
{
  g_autoptr (GDir) dir = g_dir_open (directory, 0, NULL);
  const gchar *name;
  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL) {
    g_autofree gchar *path = g_build_filename (directory, name, NULL);
    gboolean below =
        g_file_test (path, G_FILE_TEST_IS_DIR) && !g_file_test (path, G_FILE_TEST_IS_SYMLINK);
    if (below ? !bm_webstore_remove (path, error)
              : g_unlink (path) != 0 && !failed (error, "remove", path))
      return FALSE;
  }
  return g_rmdir (directory) == 0 || errno == ENOENT || failed (error, "remove", directory);
}

gboolean
bm_webimport_delete (const gchar *jobs, const BmWebImport *import, GError **error)
{
  g_autofree gchar *name = bm_webimport_batch (import);
  g_autofree gchar *batch = g_build_filename (jobs, "batches", name, NULL);
  g_autofree gchar *file = g_strconcat (import->id, ".json", NULL);
  g_autofree gchar *seen = g_build_filename (jobs, "web", "seen", file, NULL); /* of the list */
  g_unlink (seen);
  return bm_webstore_remove (batch, error) && bm_webstore_remove (import->directory, error);
}

/* ---- keys ---- */

gboolean
bm_webkey_write (const gchar *directory, const gchar *key, GError **error)
{
  g_autofree gchar *path = g_build_filename (directory, KEY, NULL);
  return bm_webfile_write (path, key, -1, FALSE, error);
}

gchar *
bm_webkey_read (const gchar *directory)
{
  g_autofree gchar *path = g_build_filename (directory, KEY, NULL);
  g_autofree gchar *key = NULL;
  return g_file_get_contents (path, &key, NULL, NULL) ? g_steal_pointer (&key) : NULL;
}

void
bm_webkey_remove (const gchar *directory)
{
  g_autofree gchar *path = g_build_filename (directory, KEY, NULL);
  if (g_unlink (path) != 0 && errno != ENOENT)
    g_warning ("cannot remove the key %s: %s", path, g_strerror (errno));
}
