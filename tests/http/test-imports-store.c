/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The store of imports without HTTP: what is written is found again, stages follow from files and
 * batches alone, counts follow the options, names are names. */
#include "http/bm-webbatch.h"
#include "http/bm-webcount.h"
#include "http/bm-weboptions.h"
#include "http/bm-weboutput.h"
#include "http/bm-webstate.h"

#include "job/bm-lock.h"
#include "job/bm-row.h"
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static gchar *jobs;

static void
set_up (guint8 *fixture, gconstpointer data)
{
  jobs = g_dir_make_tmp ("bm-store-XXXXXX", NULL);
  g_assert_nonnull (jobs);
}

static void
tear_down (guint8 *fixture, gconstpointer data)
{
  g_assert_true (bm_webstore_remove (jobs, NULL));
  g_assert_false (g_file_test (jobs, G_FILE_TEST_EXISTS));
  g_clear_pointer (&jobs, g_free);
}

static JsonObject *
parse (const gchar *text)
{
  g_autoptr (JsonNode) node = json_from_string (text, NULL);
  g_assert_nonnull (node);
  return json_object_ref (json_node_get_object (node));
}

static BmWebImport *
create (const gchar *file, const gchar *source)
{
  const BmWebImport like = {.by = (gchar *) "adele@d.internal",
                            .user = (gchar *) "jd@example.org",
                            .login = (gchar *) "jd",
                            .domain_uid = (gchar *) "d.internal",
                            .file = (gchar *) file,
                            .upload = (gchar *) (source != NULL ? "0123" : NULL),
                            .size = 4711};
  g_autoptr (GError) error = NULL;
  BmWebImport *import = bm_webimport_create (jobs, &like, source, &error);
  g_assert_no_error (error);
  return import;
}

static void
write_file (const BmWebImport *import, const gchar *name, const gchar *text)
{
  g_autofree gchar *path = bm_webimport_path (import, name);
  g_assert_true (g_file_set_contents (path, text, -1, NULL));
}

static void
assert_stage (const BmWebImport *import, BmWebStage stage)
{
  const BmConfig config = {.jobs = jobs};
  g_auto (BmWebLook) look = {0};
  bm_webstate_look (&config, import, &look);
  g_assert_cmpstr (bm_webstage_token (look.stage), ==, bm_webstage_token (stage));
}

/* ---- names ---- */

static void
test_names (guint8 *fixture, gconstpointer data)
{
  static const gchar *const bad[] = {"",    ".",  "..",       "../x", "a/b",  "a b", "a\nb",
                                     "a\"", ".x", "\xc3\xa9", "<b>",  "a%2f", "a\\b"};
  g_assert_true (bm_webimport_is_id ("0123456789abcdef"));
  g_assert_false (bm_webimport_is_id ("0123456789abcde"));
  g_assert_false (bm_webimport_is_id ("0123456789abcdef0"));
  g_assert_false (bm_webimport_is_id ("0123456789ABCDEF"));
  g_assert_true (bm_webjob_is_name ("jean.dupont-0123456789ab"));
  g_assert_true (bm_webbatch_is_name ("week-end_2.1"));
  g_assert_false (bm_webbatch_is_name ("web-0123456789abcdef"));
  g_assert_false (bm_webbatch_is_name ("-x"));
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++) {
    g_assert_false (bm_webimport_is_id (bad[i]));
    g_assert_false (bm_webjob_is_name (bad[i]));
    g_assert_false (bm_webbatch_is_name (bad[i]));
    g_assert_null (bm_webimport_load (jobs, bad[i], NULL));
    g_assert_null (bm_webbatch_load (jobs, bad[i]));
  }
  g_autofree gchar *name = g_strnfill (BM_WEBBATCH_NAME_MAX + 1, 'x');
  g_assert_false (bm_webbatch_is_name (name));
}

/* ---- the store ---- */

static void
test_found_again (guint8 *fixture, gconstpointer data)
{
  g_autoptr (BmWebImport) import = create ("/psts/Jane's archive.pst", NULL);
  struct stat info;
  g_assert_cmpstr (import->name, ==, "Jane's archive.pst");
  g_assert_cmpstr (import->into, ==, "Imported/Jane's archive");
  json_object_set_boolean_member (import->options, "mark_seen", TRUE);
  import->started_ms = 5;
  g_assert_true (bm_webimport_save (import, NULL));
  g_assert_cmpint (stat (import->directory, &info), ==, 0);
  g_assert_cmpint (info.st_mode & 0777, ==, 0700);
  g_autoptr (BmWebImport) again = bm_webimport_load (jobs, import->id, NULL);
  g_assert_nonnull (again);
  g_assert_cmpstr (again->user, ==, "jd@example.org");
  g_assert_cmpstr (again->file, ==, import->file);
  g_assert_cmpuint (again->size, ==, 4711);
  g_assert_cmpint (again->started_ms, ==, 5);
  g_assert_true (bm_weboptions_equal (again->options, import->options));
  g_autoptr (GPtrArray) list = bm_webimport_list (jobs);
  g_assert_cmpuint (list->len, ==, 1);
  g_assert_true (bm_webkey_write (import->directory, "secret", NULL));
  g_autofree gchar *path = bm_webimport_path (import, "key");
  g_assert_cmpint (stat (path, &info), ==, 0);
  g_assert_cmpint (info.st_mode & 0777, ==, 0600);
  g_autofree gchar *key = bm_webkey_read (import->directory);
  g_assert_cmpstr (key, ==, "secret");
  bm_webkey_remove (import->directory);
  g_assert_null (bm_webkey_read (import->directory));
  g_assert_true (bm_webimport_delete (jobs, import, NULL));
  g_assert_null (bm_webimport_load (jobs, import->id, NULL));
}

/* The name of an upload is somebody's: it never leaves its directory, and what it names is the data. */
static void
test_upload (guint8 *fixture, gconstpointer data)
{
  static const struct {
    const gchar *name, *kept;
  } cases[] = {{"archive.pst", "archive.pst"},
               {"../../etc/passwd", "passwd"},
               {"C:\\Users\\jd\\a.pst", "a.pst"},
               {"", "upload"},
               {"..", "upload.."},
               {"a\nb\x01.pst", "ab.pst"},
               {"<img src=x>.pst", "<img src=x>.pst"},
               {"bad\xff.pst", "bad\xef\xbf\xbd.pst"}};
  g_autofree gchar *source = g_build_filename (jobs, "data", NULL);
  g_assert_true (g_file_set_contents (source, "!BDN", 4, NULL));
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (BmWebImport) import = create (cases[i].name, source);
    g_autofree gchar *text = NULL;
    g_autofree gchar *parent = g_path_get_dirname (import->file);
    g_autofree gchar *directory = bm_webimport_path (import, "pst");
    g_assert_cmpstr (import->name, ==, cases[i].kept);
    g_assert_cmpstr (parent, ==, directory);
    g_assert_true (g_file_get_contents (import->file, &text, NULL, NULL));
    g_assert_cmpstr (text, ==, "!BDN");
    g_assert_true (bm_webimport_delete (jobs, import, NULL));
  }
  g_assert_true (g_file_test (source, G_FILE_TEST_EXISTS)); /* no link was followed */
}

/* ---- options ---- */

static void
test_options (guint8 *fixture, gconstpointer data)
{
  static const gchar *const bad[] = {
      "{\"include\": \"x\"}",       "{\"include\": [1]}",       "{\"include\": [\"\"]}",
      "{\"include\": [\"a\\nb\"]}", "{\"exclude\": [\"#x#\"]}", "{\"since\": \"yesterday\"}",
      "{\"min_size\": -1}",         "{\"min_size\": \"x\"}",    "{\"mark_seen\": \"yes\"}",
      "{\"config\": \"/x\"}",       "{\"since\": {}}"};
  g_autoptr (GError) error = NULL;
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++) {
    g_autoptr (JsonObject) given = parse (bad[i]);
    g_assert_null (bm_weboptions_read (given, &error));
    g_assert_error (error, BM_ERROR, BM_CAUSE_USAGE);
    g_clear_error (&error);
  }
  g_autoptr (JsonObject) given = parse (
      "{\"mark_seen\": true, \"empty_folders\": false, \"max_size\": 20971520, \"before\": \"\","
      "\"exclude\": [\"#DeletedItems#\", \"It's \\\"mine\\\", --into=/\"], \"class\": []}");
  g_autoptr (JsonObject) same = parse ("{\"exclude\": [\"#DeletedItems#\", \"It's \\\"mine\\\", "
                                       "--into=/\"], \"max_size\": \"20971520\","
                                       "\"mark_seen\": true}");
  g_autoptr (JsonObject) options = bm_weboptions_read (given, &error);
  g_assert_no_error (error);
  g_autoptr (JsonObject) other = bm_weboptions_read (same, &error);
  g_assert_true (bm_weboptions_equal (options, other));
  g_autoptr (JsonObject) none = bm_weboptions_read (NULL, &error);
  g_assert_false (bm_weboptions_equal (options, none));
  g_assert_true (json_object_get_boolean_member_with_default (options, "mark_seen", FALSE));
  g_assert_false (json_object_get_boolean_member_with_default (options, "empty_folders", FALSE));
}

/* Whatever is chosen arrives at the worker as the words that were meant, and as no others. */
static void
test_row (guint8 *fixture, gconstpointer data)
{
  g_autoptr (BmWebImport) import = create ("/psts/a \"b\", c'; x.pst", NULL);
  g_autoptr (JsonObject) given = parse (
      "{\"include\": [\"Tom's \\\"Mail\\\"/*\", \"$(x) `y` #z, ;\"], \"with_subjects\": true}");
  json_object_unref (import->options);
  import->options = bm_weboptions_read (given, NULL);
  g_free (import->into);
  import->into = g_strdup ("A, \"B\"/=1+1");
  g_assert_true (bm_webimport_write_row (import, "row.csv", NULL, NULL));
  g_autofree gchar *path = bm_webimport_path (import, "row.csv");
  g_autoptr (BmMapping) mapping = bm_mapping_load (path, NULL);
  g_assert_nonnull (mapping);
  g_assert_cmpuint (mapping->rows->len, ==, 1);
  const BmMapRow *row = g_ptr_array_index (mapping->rows, 0);
  g_auto (GStrv) words = bm_weboptions_words (import->options);
  g_assert_null (row->problem);
  g_assert_cmpstr (row->file, ==, import->file);
  g_assert_cmpstr (row->user, ==, import->user);
  g_assert_cmpstr (row->into, ==, import->into);
  g_assert_true (g_strv_equal ((const gchar *const *) row->options, (const gchar *const *) words));
  g_assert_cmpuint (g_strv_length (words), ==, 3);
}

/* ---- the walk and its counts ---- */

static const gchar census[] =
    "{\"census\":{\"items\":7,\"folders\":["
    "{\"nid\":1,\"parent\":1,\"path\":\"\",\"name\":\"Top\",\"role\":\"\",\"rule\":\"\",\"items\":"
    "0,\"skipped\":0},"
    "{\"nid\":2,\"parent\":1,\"path\":\"Boîte\",\"name\":\"Boîte\",\"role\":\"inbox\",\"rule\":"
    "\"\",\"items\":4,\"skipped\":1},"
    "{\"nid\":3,\"parent\":2,\"path\":\"Boîte/"
    "x\",\"name\":\"x\",\"role\":\"\",\"rule\":\"\",\"items\":2,\"skipped\":0},"
    "{\"nid\":4,\"parent\":1,\"path\":null,\"name\":\"Views\",\"role\":\"\",\"rule\":\"outside-"
    "subtree\",\"items\":1,\"skipped\":1}]}}\n";
static const gchar walk[] = "{\"walk\":{\"done\":3,\"total\":5}}\n";
static const gchar inventory[] = "10\t2\tmessage\tIPM.Note\t1000000\t100\t\n"
                                 "11\t2\tmessage\tIPM.Note.SMIME\t2000000000\t200\t\n"
                                 "12\t2\tskipped\tIPM.Contact\t0\t0\tnot-mail\n"
                                 "13\t2\tskipped\t\t0\t0\tassociated\n"
                                 "14\t3\tmessage\tIPM.Note\t1000000\t1000\t\n"
                                 "15\t3\tfailed\t\t0\t0\tunreadable\n"
                                 "16\t4\tmessage\tIPM.Note\t1000000\t9\t\n"
                                 "17\t9\tmessage\tIPM.Note\t1000000\t9\t\nbroken\n";

static void
test_walk (guint8 *fixture, gconstpointer data)
{
  g_autoptr (BmWebImport) import = create ("/psts/a.pst", NULL);
  static const struct {
    const gchar *text;
    gboolean census, walk, end;
  } cases[] = {{"", FALSE, FALSE, FALSE},
               {"%c", TRUE, FALSE, FALSE},
               {"%c%w", TRUE, TRUE, FALSE},
               {"%c%w{\"walk\":{\"done\":", TRUE, TRUE, FALSE},
               {"%c%w{\"end\":{\"status\":0}}\n", TRUE, TRUE, TRUE},
               {"%c%w{\"end\":{\"status\":0}}", TRUE, TRUE, FALSE},
               {"{\"end\":{\"status\":66,\"cause\":\"pst-unreadable\"}}\n", FALSE, FALSE, TRUE},
               {"nonsense\n", FALSE, FALSE, FALSE}};
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_auto (GStrv) first = g_strsplit (cases[i].text, "%c", -1);
    g_autofree gchar *with_census = g_strjoinv (census, first);
    g_auto (GStrv) second = g_strsplit (with_census, "%w", -1);
    g_autofree gchar *text = g_strjoinv (walk, second);
    g_auto (BmWebWalk) got = {0};
    write_file (import, "inspect.out", text);
    bm_webwalk_read (import->directory, "inspect", TRUE, &got);
    g_assert_cmpint (got.census != NULL, ==, cases[i].census);
    g_assert_cmpint (got.walk != NULL, ==, cases[i].walk);
    g_assert_cmpint (got.end != NULL, ==, cases[i].end);
  }
}

static void
assert_count (const BmWebImport *import, const gchar *options, gboolean preliminary, gint64 mails,
              gint64 bytes)
{
  g_autoptr (JsonObject) given = parse (options);
  g_autoptr (JsonObject) canonical = bm_weboptions_read (given, NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (JsonObject) count = bm_webcount (import, canonical, &error);
  g_assert_no_error (error);
  g_assert_cmpint (json_object_get_boolean_member (count, "preliminary"), ==, preliminary);
  g_assert_cmpint (json_object_get_int_member (count, "mails"), ==, mails);
  g_assert_cmpint (json_object_get_int_member (count, "bytes"), ==, bytes);
  g_assert_cmpint (json_object_get_int_member (count, "items"), ==, 7);
  g_assert_cmpuint (json_array_get_length (json_object_get_array_member (count, "folders")), ==, 4);
}

static void
test_counts (guint8 *fixture, gconstpointer data)
{
  g_autoptr (BmWebImport) import = create ("/psts/a.pst", NULL);
  g_autoptr (JsonObject) none = json_object_new ();
  g_autoptr (GError) error = NULL;
  g_assert_null (bm_webcount (import, none, &error));
  g_assert_error (error, BM_ERROR, BM_CAUSE_USAGE);
  g_autofree gchar *begun = g_strconcat (census, walk, NULL);
  write_file (import, "inspect.out", begun);
  assert_count (import, "{}", TRUE, 5, 0);
  assert_count (import, "{\"exclude\": [\"#Inbox#/x\"]}", TRUE, 3, 0);
  g_autofree gchar *whole = g_strconcat (census, walk, "{\"end\":{\"status\":1}}\n", NULL);
  write_file (import, "inspect.out", whole);
  write_file (import, "inventory", inventory);
  assert_count (import, "{}", FALSE, 3, 1300);
  assert_count (import, "{\"include\": [\"BOÎTE/X\"]}", FALSE, 1, 1000);
  assert_count (import, "{\"exclude\": [\"#inbox#\"]}", FALSE, 0, 0);
  assert_count (import, "{\"exclude_class\": [\"IPM.Note.SMIME\"]}", FALSE, 2, 1100);
  assert_count (import, "{\"since\": \"2001-01-01\"}", FALSE, 1, 200);
  assert_count (import, "{\"min_size\": 150, \"max_size\": \"500\"}", FALSE, 1, 200);
}

/* ---- stages ---- */

static void
test_stages_before (guint8 *fixture, gconstpointer data)
{
  g_autoptr (BmWebImport) import = create ("/psts/a.pst", NULL);
  g_autofree gchar *inspecting = bm_webimport_path (import, "inspect.lock");
  g_autofree gchar *checking = bm_webimport_path (import, "check.lock");
  g_autofree gchar *whole = g_strconcat (census, walk, "{\"end\":{\"status\":0}}\n", NULL);
  assert_stage (import, BM_WEBSTAGE_REFUSED); /* whoever should look at it has died */
  gint lock = bm_lock_take (inspecting, "this", NULL);
  assert_stage (import, BM_WEBSTAGE_INSPECTING);
  write_file (import, "inspect.out", census);
  assert_stage (import, BM_WEBSTAGE_INSPECTING);
  write_file (import, "inspect.out", whole);
  assert_stage (import, BM_WEBSTAGE_READY);
  close (lock);
  assert_stage (import, BM_WEBSTAGE_READY);
  lock = bm_lock_take (checking, "this", NULL);
  assert_stage (import, BM_WEBSTAGE_CHECKING);
  write_file (import, BM_WEBCHECKS,
              "{\"list\":[{\"level\":\"ok\",\"cause\":\"\",\"text\":\"\",\"do\":\"\"}]}");
  write_file (
      import, "check.out",
      "{\"rows\":[{\"owner\":\"match\",\"owner_text\":\"x\",\"findings\":[{\"level\":\"warning\","
      "\"cause\":\"\",\"text\":\"<b>\",\"do\":\"\"}]}]}");
  assert_stage (import, BM_WEBSTAGE_CHECKING);
  close (lock);
  assert_stage (import, BM_WEBSTAGE_CHECKED);
  const BmConfig config = {.jobs = jobs};
  g_auto (BmWebLook) look = {0};
  g_autoptr (JsonObject) state = bm_webstate_json (&config, import, TRUE, &look);
  JsonObject *checks = json_object_get_object_member (state, "checks");
  g_assert_cmpstr (json_object_get_string_member (checks, "level"), ==, "warning");
  g_assert_cmpuint (json_array_get_length (json_object_get_array_member (checks, "list")), ==, 2);
  g_assert_cmpstr (
      json_object_get_string_member (json_object_get_object_member (state, "owner"), "verdict"), ==,
      "match");
  write_file (import, "check.out", "died");
  bm_weblook_clear (&look);
  bm_webstate_look (&config, import, &look);
  g_assert_cmpstr (look.check_level, ==, "stop"); /* no verdict is no leave to start */
  write_file (import, "inspect.out", "{\"end\":{\"status\":66,\"cause\":\"pst-unreadable\"}}\n");
  assert_stage (import, BM_WEBSTAGE_REFUSED);
}

/* A batch of one row, as a conductor would leave it. */
static void
save_row (BmBatch *batch, BmRowState state, gint status)
{
  g_autoptr (GPtrArray) rows = bm_batch_rows (batch, NULL);
  BmBatchRow *row = g_ptr_array_index (rows, 0);
  row->state = state;
  row->status = status;
  g_assert_true (bm_batch_save_row (batch, row, NULL));
}

static void
test_stages_after (guint8 *fixture, gconstpointer data)
{
  g_autoptr (BmWebImport) import = create ("/psts/a.pst", NULL);
  g_autofree gchar *conducting = bm_webimport_path (import, "conductor.lock");
  g_autofree gchar *name = bm_webimport_batch (import);
  g_autofree gchar *map = bm_webimport_path (import, "row.csv");
  import->started_ms = 1;
  gint lock = bm_lock_take (conducting, "this", NULL);
  assert_stage (import, BM_WEBSTAGE_WAITING); /* its conductor has not made the batch yet */
  close (lock);
  assert_stage (import, BM_WEBSTAGE_REFUSED); /* and never will */
  g_assert_true (bm_webimport_write_row (import, "row.csv", NULL, NULL));
  g_autoptr (BmMapping) mapping = bm_mapping_load (map, NULL);
  g_autoptr (BmBatch) batch = bm_batch_open (jobs, name, TRUE, NULL);
  g_assert_true (bm_batch_take (batch, mapping, NULL));
  assert_stage (import, BM_WEBSTAGE_WAITING);
  g_assert_true (bm_batch_want (batch, BM_WANT_PAUSE, NULL));
  assert_stage (import, BM_WEBSTAGE_PAUSED);
  save_row (batch, BM_ROW_RUNNING, -1);
  assert_stage (import, BM_WEBSTAGE_RUNNING);
  save_row (batch, BM_ROW_CANCELLED, 130);
  assert_stage (import, BM_WEBSTAGE_CANCELLED);
  save_row (batch, BM_ROW_GIVEN_UP, 75);
  assert_stage (import, BM_WEBSTAGE_REFUSED);
  save_row (batch, BM_ROW_ENDED, 1);
  assert_stage (import, BM_WEBSTAGE_ENDED);
  const BmConfig config = {.jobs = jobs};
  g_auto (BmWebLook) look = {0};
  bm_webstate_look (&config, import, &look);
  g_assert_true (look.retryable && !look.success);
  lock = bm_lock_take (conducting, "this", NULL); /* a retry has just been ordered */
  assert_stage (import, BM_WEBSTAGE_RUNNING);
  close (lock);
  save_row (batch, BM_ROW_ENDED, 0);
  bm_weblook_clear (&look);
  bm_webstate_look (&config, import, &look);
  g_assert_true (!look.retryable && look.success);
}

#define ADD(name, func) g_test_add ("/imports-store/" name, guint8, NULL, set_up, func, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("names", test_names);
  ADD ("found-again", test_found_again);
  ADD ("upload", test_upload);
  ADD ("options", test_options);
  ADD ("row", test_row);
  ADD ("walk", test_walk);
  ADD ("counts", test_counts);
  ADD ("stages-before", test_stages_before);
  ADD ("stages-after", test_stages_after);
  return g_test_run ();
}
