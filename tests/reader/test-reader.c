/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The parent's end against children that crash, hang and lie: one item is lost, never two; and the
 * decoder against random frames. */
#include "reader/bm-frame-census.h"
#include "reader/bm-reader-learn.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define ITEMS 20

static const gchar *evil;

typedef struct {
  const gchar *how;
  BmCause cause; /* of the guilty item; BM_CAUSE_LAST: it is delivered */
} Case;

static BmSource *
open_evil (const gchar *how, guint at, gchar **path)
{
  g_autoptr (GError) error = NULL;
  g_autofree gchar *text = g_strdup_printf ("%s %u", how, at);
  gint fd = g_file_open_tmp ("bm-evil-XXXXXX", path, NULL);
  close (fd);
  g_assert_true (g_file_set_contents (*path, text, -1, NULL));
  BmReaderOptions options = {
      .path = *path, .charset = "", .item_timeout_s = 1, .census_timeout_s = 1};
  BmSource *source = bm_reader_open_program (evil, &options, &error);
  g_assert_no_error (error);
  return source;
}

/* Words of the child go to terminals and reports. */
static void
assert_printable (const gchar *text)
{
  for (; *text != '\0'; text = g_utf8_next_char (text))
    g_assert_false (g_unichar_iscntrl (g_utf8_get_char (text)));
}

/* Takes the census and orders all it found. */
static void
order_all (BmSource *source, guint32 nids[ITEMS])
{
  g_autoptr (GError) error = NULL;
  const BmCensus *census = source->ops->census (source, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (census->items->len, ==, ITEMS);
  for (guint i = 0; i < ITEMS; i++)
    nids[i] = g_array_index (census->items, BmCensusItem, i).nid;
  g_assert_true (source->ops->order (source, nids, ITEMS, &error));
}

static void
run_at (const Case *one, guint at)
{
  g_autofree gchar *path = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (BmSource) source = open_evil (one->how, at, &path);
  guint32 nids[ITEMS];
  order_all (source, nids);
  for (guint i = 0; i < ITEMS; i++) {
    BmEntry entry;
    g_assert_true (source->ops->next (source, &entry, &error));
    g_assert_cmphex (entry.nid, ==, nids[i]);
    gboolean guilty = i == at && one->cause != BM_CAUSE_LAST;
    g_assert_cmpint (entry.kind, ==, guilty ? BM_ENTRY_FAILED : BM_ENTRY_MESSAGE);
    if (guilty) {
      g_assert_cmpstr (bm_cause_token (bm_error_cause (entry.error)), ==,
                       bm_cause_token (one->cause));
      assert_printable (entry.error->message);
    } else
      g_assert_cmpint (entry.message->internal_date, <=, G_GINT64_CONSTANT (4102444799));
    bm_entry_clear (&entry);
  }
  BmEntry end;
  g_assert_true (source->ops->next (source, &end, &error));
  g_assert_cmpint (end.kind, ==, BM_ENTRY_END);
  /* and it can be asked again */
  g_assert_true (source->ops->order (source, nids + 19, at == 19 ? 0 : 1, &error));
  g_assert_true (source->ops->next (source, &end, &error));
  bm_entry_clear (&end);
  g_unlink (path);
}

static void
test_case (gconstpointer data)
{
  const Case *one = data;
  static const guint places[] = {0, 7, 19};
  for (guint i = 0; i < G_N_ELEMENTS (places); i++)
    run_at (one, places[i]);
}

static void
test_census (gconstpointer data)
{
  g_autofree gchar *path = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (BmSource) source = open_evil (data, 0, &path);
  g_assert_null (source->ops->census (source, &error));
  g_assert_error (error, BM_ERROR, BM_CAUSE_PST_UNREADABLE);
  g_assert_cmpint (bm_error_scope (error), ==, BM_SCOPE_SETUP);
  assert_printable (error->message);
  g_unlink (path);
}

/* The first window dies at its 7th item, and what comes after it ends the job. */
static void
assert_job_ends (const gchar *how, BmCause cause)
{
  g_autofree gchar *path = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (BmSource) source = open_evil (how, 7, &path);
  guint32 nids[ITEMS];
  order_all (source, nids);
  for (guint i = 0; i < 7; i++) {
    BmEntry entry;
    g_assert_true (source->ops->next (source, &entry, &error));
    g_assert_cmpint (entry.kind, ==, BM_ENTRY_MESSAGE);
    bm_entry_clear (&entry);
  }
  BmEntry entry;
  g_assert_false (source->ops->next (source, &entry, &error));
  g_assert_error (error, BM_ERROR, (gint) cause);
  assert_printable (error->message);
  g_unlink (path);
}

/* The program was replaced by another version: its bytes would have other guids. */
static void
test_version (void)
{
  assert_job_ends ("version", BM_CAUSE_INTERRUPTED);
}

/* A new child that cannot open the PST any more says nothing about the items. */
static void
test_gone (void)
{
  assert_job_ends ("gone", BM_CAUSE_PST_UNREADABLE);
}

/* What a lying child can send beyond the limit stays outside. */
static void
test_size_limit (void)
{
  g_autofree gchar *path = NULL;
  g_autoptr (GError) error = NULL;
  gint fd = g_file_open_tmp ("bm-evil-XXXXXX", &path, NULL);
  close (fd);
  g_assert_true (g_file_set_contents (path, "large 0", -1, NULL));
  BmReaderOptions options = {.path = path, .charset = "", .max_message_size = 100000};
  g_autoptr (BmSource) source = bm_reader_open_program (evil, &options, &error);
  const BmCensus *census = source->ops->census (source, &error);
  g_assert_no_error (error);
  guint32 nid = g_array_index (census->items, BmCensusItem, 0).nid;
  g_assert_true (source->ops->order (source, &nid, 1, &error));
  BmEntry entry;
  g_assert_true (source->ops->next (source, &entry, &error));
  g_assert_cmpint (entry.kind, ==, BM_ENTRY_FAILED);
  g_assert_error (entry.error, BM_ERROR, BM_CAUSE_INVALID_MESSAGE);
  bm_entry_clear (&entry);
  g_unlink (path);
}

/* The file is written to while it is read: what was read before counts, then the job stops. */
static void
test_changed (void)
{
  g_autofree gchar *path = NULL;
  g_autoptr (GError) error = NULL;
  gint fd = g_file_open_tmp ("bm-evil-XXXXXX", &path, NULL);
  close (fd);
  g_assert_true (g_file_set_contents (path, "nothing 0", -1, NULL));
  BmReaderOptions options = {.path = path, .charset = "", .window = 5};
  g_autoptr (BmSource) source = bm_reader_open_program (evil, &options, &error);
  guint32 nids[ITEMS];
  order_all (source, nids);
  BmEntry entry;
  for (guint i = 0; i < 5; i++) {
    g_assert_true (source->ops->next (source, &entry, &error));
    bm_entry_clear (&entry);
    FILE *file = fopen (path, "a");
    fputs ("x", file);
    fclose (file);
  }
  g_assert_false (source->ops->next (source, &entry, &error));
  g_assert_error (error, BM_ERROR, BM_CAUSE_PST_CHANGED);
  g_assert_cmpint (bm_error_scope (error), ==, BM_SCOPE_JOB);
  g_unlink (path);
}

static guint32
next_random (guint32 *state)
{
  *state = *state * 1664525u + 1013904223u;
  return *state >> 8;
}

/* A name longer than a census may hold is cut, not a reason to refuse the whole file. */
static void
test_long_names (void)
{
  g_autoptr (BmCensus) census = bm_census_new ();
  BmFolder *folder = bm_folder_new ();
  g_autoptr (GString) name = g_string_new (NULL);
  while (name->len < 3 * 1024 * 1024)
    g_string_append (name, "\xe2\x82\xac");
  folder->nid = 2;
  folder->name = g_strdup (name->str);
  folder->path = g_strdup (name->str);
  g_ptr_array_add (census->folders, folder);
  census->display_name = g_strdup (name->str);
  g_autoptr (GBytes) bytes = g_byte_array_free_to_bytes (bm_frame_census_write (census));
  g_autoptr (GError) error = NULL;
  g_autoptr (BmCensus) read = bm_frame_census_read (bytes, &error);
  g_assert_no_error (error);
  folder = g_ptr_array_index (read->folders, 0);
  g_assert_cmpuint (strlen (folder->path), >, 1000 * 1000);
  g_assert_true (g_str_has_prefix (name->str, folder->path));
}

/* Random bytes, and good censuses with one byte changed: an error or a census, never a crash. */
static void
test_decoder (void)
{
  g_autoptr (BmCensus) census = bm_census_new ();
  BmFolder *folder = bm_folder_new ();
  folder->nid = 2;
  folder->name = g_strdup ("n");
  g_ptr_array_add (census->folders, folder);
  census->display_name = g_strdup ("d");
  BmCensusItem item = {0x24, 2, BM_RULE_NONE};
  g_array_append_val (census->items, item);
  guint32 state = 1;
  guint good = 0;
  for (guint round = 0; round < 20000; round++) {
    GByteArray *payload = bm_frame_census_write (census);
    for (guint i = 0; i < 1 + round % 3; i++)
      payload->data[next_random (&state) % payload->len] = (guint8) next_random (&state);
    if (round % 5 == 0)
      g_byte_array_set_size (payload, next_random (&state) % payload->len);
    g_autoptr (GBytes) bytes = g_byte_array_free_to_bytes (payload);
    g_autoptr (GError) error = NULL;
    BmCensus *read = bm_frame_census_read (bytes, &error);
    g_assert_true ((read != NULL) == (error == NULL));
    good += read != NULL;
    bm_census_free (read);
  }
  g_test_message ("%u of 20000 mutants were well-formed", good);
}

/* Every field of a frame is bounded by the frame. */
static void
test_frames (void)
{
  gint pair[2];
  g_assert_cmpint (socketpair (AF_UNIX, SOCK_SEQPACKET, 0, pair), ==, 0);
  g_autofree BmFrame *frame = g_new0 (BmFrame, 1);
  frame->fd = -1;
  static const guint8 too_long[] = {3, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 'x'};
  g_assert_cmpint (write (pair[0], too_long, sizeof too_long), ==, sizeof too_long);
  g_assert_cmpint (bm_frame_receive (pair[1], frame), ==, BM_FRAME_GOT);
  gsize size;
  g_assert_null (bm_frame_bytes (frame, &size));
  g_assert_true (frame->broken);
  g_assert_cmpint (write (pair[0], "ab", 2), ==, 2);
  g_assert_cmpint (bm_frame_receive (pair[1], frame), ==, BM_FRAME_REFUSED);
  GByteArray *text = bm_frame_new (BM_FRAME_LOG);
  bm_frame_put_bytes (text, "\xff\xfe", 2);
  g_assert_true (bm_frame_send (pair[0], text, -1, NULL));
  g_assert_cmpint (bm_frame_receive (pair[1], frame), ==, BM_FRAME_GOT);
  g_autofree gchar *invalid = bm_frame_text (frame, 100);
  g_assert_cmpstr (invalid, ==, "");
  g_assert_false (bm_frame_finished (frame));
  g_autofree guint8 *huge = g_malloc0 (BM_FRAME_MAX + 100);
  g_assert_cmpint (write (pair[0], huge, BM_FRAME_MAX + 100), >, 0);
  g_assert_cmpint (bm_frame_receive (pair[1], frame), ==, BM_FRAME_REFUSED);
  close (pair[0]);
  g_assert_cmpint (bm_frame_receive (pair[1], frame), ==, BM_FRAME_CLOSED);
  close (pair[1]);
}

static void
test_bad_paths (void)
{
  static const struct {
    const gchar *path;
    BmCause cause;
  } cases[] = {{"/nonexistent.pst", BM_CAUSE_PST_MISSING},
               {"/tmp", BM_CAUSE_PST_UNREADABLE},
               {"/dev/null", BM_CAUSE_PST_UNREADABLE}};
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (GError) error = NULL;
    BmReaderOptions options = {.path = cases[i].path, .charset = ""};
    g_assert_null (bm_reader_open_program (evil, &options, &error));
    g_assert_error (error, BM_ERROR, (gint) cases[i].cause);
  }
}

/* The learning pass: what one item does to the child costs what that item teaches, no more. */
static void
test_learning (gconstpointer how)
{
  g_autofree gchar *path = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (BmSource) source = open_evil (how, 7, &path);
  const BmCensus *census = source->ops->census (source, &error);
  BmReaderOptions options = {
      .path = path, .charset = "", .item_timeout_s = 1, .census_timeout_s = 1, .window = 8};
  gint fd = g_open (path, O_RDONLY | O_CLOEXEC, 0);
  g_autoptr (BmAddressMap) map = bm_reader_learn (evil, fd, &options, census, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (bm_address_map_size (map), ==, g_str_equal (how, "good") ? ITEMS : ITEMS - 1);
  close (fd);
  g_unlink (path);
}

static void
ignore (const gchar *domain, GLogLevelFlags level, const gchar *text, gpointer user_data)
{
}

int
main (int argc, char **argv)
{
  static const Case cases[] = {
      {"good", BM_CAUSE_LAST},
      {"large", BM_CAUSE_LAST},
      {"date", BM_CAUSE_LAST},   /* clamped */
      {"window", BM_CAUSE_LAST}, /* dies on every window but of one: halved until it works */
      {"crash", BM_CAUSE_READER_CRASH},
      {"exit", BM_CAUSE_READER_CRASH},
      {"killed", BM_CAUSE_READER_LIMIT},
      {"hang", BM_CAUSE_READER_TIMEOUT},
      {"nid", BM_CAUSE_INVALID_MESSAGE},
      {"8bit", BM_CAUSE_INVALID_MESSAGE},
      {"bare", BM_CAUSE_INVALID_MESSAGE},
      {"keyword", BM_CAUSE_INVALID_MESSAGE},
      {"unsealed", BM_CAUSE_INVALID_MESSAGE},
      {"file", BM_CAUSE_INVALID_MESSAGE},
      {"nothing", BM_CAUSE_INVALID_MESSAGE},
      {"two", BM_CAUSE_INVALID_MESSAGE},
      {"short", BM_CAUSE_INVALID_MESSAGE},
      {"type", BM_CAUSE_INVALID_MESSAGE},
      {"failed", BM_CAUSE_UNREADABLE},
      {"error", BM_CAUSE_INVALID_MESSAGE}, /* of the file, in the middle of a window: a lie */
      {"done", BM_CAUSE_INVALID_MESSAGE},
      {"twice", BM_CAUSE_LAST},
      {"both", BM_CAUSE_INVALID_MESSAGE},
      {"start-file", BM_CAUSE_INVALID_MESSAGE},
      {"starts", BM_CAUSE_INVALID_MESSAGE},
      {"stderr", BM_CAUSE_READER_TIMEOUT},
      {"logs", BM_CAUSE_READER_TIMEOUT},
  };
  static const gchar *const censuses[] = {"census-crash", "census-order", "census-short",
                                          "census-count", "census-hang",  "census-cause"};
  evil = g_getenv ("BM_EVIL_READER");
  g_test_init (&argc, &argv, NULL);
  /* some children talk without end: 170 MB of it would be the log of this test */
  g_log_set_handler (NULL, G_LOG_LEVEL_DEBUG, ignore, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autofree gchar *name = g_strconcat ("/reader/", cases[i].how, NULL);
    g_test_add_data_func (name, &cases[i], test_case);
  }
  for (guint i = 0; i < G_N_ELEMENTS (censuses); i++) {
    g_autofree gchar *name = g_strconcat ("/reader/", censuses[i], NULL);
    g_test_add_data_func (name, censuses[i], test_census);
  }
  g_test_add_func ("/reader/changed", test_changed);
  g_test_add_func ("/reader/version", test_version);
  g_test_add_func ("/reader/gone", test_gone);
  g_test_add_func ("/reader/size-limit", test_size_limit);
  g_test_add_func ("/reader/long-names", test_long_names);
  g_test_add_func ("/reader/decoder", test_decoder);
  g_test_add_func ("/reader/frames", test_frames);
  g_test_add_func ("/reader/bad-paths", test_bad_paths);
  static const gchar *const learning[] = {"good",        "learn-crash", "learn-hang", "learn-other",
                                          "learn-count", "learn-name",  "learn-line"};
  for (guint i = 0; i < G_N_ELEMENTS (learning); i++) {
    g_autofree gchar *name = g_strdup_printf ("/reader/learning/%s", learning[i]);
    g_test_add_data_func (name, learning[i], test_learning);
  }
  return g_test_run ();
}
