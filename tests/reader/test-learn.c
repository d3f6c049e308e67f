/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Exchange addresses through the whole reader: an administrator's map, and the learning pass over a
 * PST whose first mail has a sender that only later ones explain. */
#include "bm-pst-writer.h"

#include <bm-pst-import/source.h>
#include <glib/gstdio.h>
#include <string.h>

#define ADA   "/o=Org/ou=Unit/cn=Recipients/cn=ada"
#define BOB   "/o=Org/ou=Unit/cn=Recipients/cn=bob"
#define NOONE "/o=Org/ou=Unit/cn=Recipients/cn=noone"
#define MAILS 6

static BmPstProps *
row (const gchar *dn, const gchar *smtp)
{
  BmPstProps *props = bm_pst_props_new ();
  bm_pst_props_int32 (props, BM_PST_TAG (0x0c15, 0x0003), 1);
  bm_pst_props_string (props, BM_PST_TAG (0x3001, 0x001f), "Somebody");
  bm_pst_props_string (props, BM_PST_TAG (0x3002, 0x001f), "EX");
  bm_pst_props_string (props, BM_PST_TAG (0x3003, 0x001f), dn);
  if (smtp != NULL)
    bm_pst_props_string (props, BM_PST_TAG (0x39fe, 0x001f), smtp);
  return props;
}

/* 0: from Bob, known; 1: from Ada, unknown; 2: to Ada, known; 3: to Ada, otherwise; 4: from nobody
 * that anybody knows; 5: from Ada, unknown. */
static gchar *
make_pst (const gchar *directory)
{
  static const struct {
    const gchar *from, *smtp, *to, *to_smtp;
  } mails[MAILS] = {{BOB, "bob@example.net", BOB, "bob@example.net"},
                    {ADA, NULL, BOB, NULL},
                    {BOB, "bob@example.net", ADA, "ada@example.org"},
                    {BOB, NULL, ADA, "ada@later.example.org"},
                    {NOONE, NULL, BOB, "bob@example.net"},
                    {ADA, NULL, ADA, NULL}};
  g_autoptr (GError) error = NULL;
  gchar *path = g_build_filename (directory, "learn.pst", NULL);
  BmPstWriter *writer = bm_pst_writer_new (path, NULL, &error);
  g_assert_no_error (error);
  guint32 folder = bm_pst_writer_add_folder (writer, 0, "Inbox", "IPF.Note", NULL);
  for (guint i = 0; i < MAILS; i++) {
    g_autoptr (BmPstProps) props = bm_pst_props_new ();
    g_autoptr (BmPstProps) to = row (mails[i].to, mails[i].to_smtp);
    const BmPstProps *rows[] = {to};
    bm_pst_props_string (props, BM_PST_TAG (0x0042, 0x001f), "Sender");
    bm_pst_props_string (props, BM_PST_TAG (0x0064, 0x001f), "EX");
    bm_pst_props_string (props, BM_PST_TAG (0x0065, 0x001f), mails[i].from);
    if (mails[i].smtp != NULL)
      bm_pst_props_string (props, BM_PST_TAG (0x5d02, 0x001f), mails[i].smtp);
    bm_pst_props_filetime (props, BM_PST_TAG (0x0039, 0x0040), BM_PST_TIME (1500000000));
    BmPstMessage message = {.props = props, .recipients = rows, .n_recipients = 1};
    bm_pst_writer_add_message (writer, folder, &message);
  }
  g_assert_true (bm_pst_writer_close (writer, &error));
  return path;
}

typedef struct {
  GPtrArray *texts; /* of all messages in their order */
  gchar *render_id, *plain_id;
} Result;

static void
result_clear (Result *result)
{
  g_ptr_array_unref (result->texts);
  g_free (result->render_id);
  g_free (result->plain_id);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Result, result_clear)

/* All messages; csv: an administrator's map; kept: where to keep what is learnt; late: the same, said
 * afterwards. */
static void
read_and_keep (Result *result, const gchar *path, const gchar *csv, gboolean learn,
               const gchar *kept, const gchar *late)
{
  g_autoptr (GError) error = NULL;
  BmReaderOptions options = {.path = path, .charset = "", .learn = learn, .window = 4};
  if (csv != NULL)
    options.addresses = bm_address_map_parse (csv, strlen (csv), &error);
  g_autoptr (BmSource) source = bm_reader_open (&options, &error);
  g_assert_no_error (error);
  const BmCensus *census = source->ops->census (source, &error);
  g_assert_no_error (error);
  if (kept != NULL)
    g_assert_true (bm_reader_keep_learnt (source, kept, &error));
  guint32 nids[MAILS];
  g_assert_cmpuint (census->items->len, ==, MAILS);
  for (guint i = 0; i < MAILS; i++)
    nids[i] = g_array_index (census->items, BmCensusItem, i).nid;
  g_assert_true (source->ops->order (source, nids, MAILS, &error));
  result->texts = g_ptr_array_new_with_free_func (g_free);
  for (guint i = 0; i < MAILS; i++) {
    BmEntry entry;
    g_assert_true (source->ops->next (source, &entry, &error));
    g_assert_cmpint (entry.kind, ==, BM_ENTRY_MESSAGE);
    g_assert_cmphex (entry.nid, ==, nids[i]);
    gsize size;
    const gchar *data = g_bytes_get_data (entry.message->bytes, &size);
    g_ptr_array_add (result->texts, g_strndup (data, size));
    bm_entry_clear (&entry);
  }
  result->render_id = g_strdup (bm_reader_render_id (source));
  result->plain_id = g_strdup (bm_reader_plain_id (source));
  if (late != NULL)
    g_assert_true (bm_reader_keep_learnt (source, late, &error));
}

static void
read_all (Result *result, const gchar *path, const gchar *csv, gboolean learn, const gchar *kept)
{
  read_and_keep (result, path, csv, learn, kept, NULL);
}

static void
assert_has (const Result *result, guint mail, const gchar *text)
{
  if (strstr (g_ptr_array_index (result->texts, mail), text) == NULL)
    g_error ("mail %u lacks %s: %s", mail, text,
             (const gchar *) g_ptr_array_index (result->texts, mail));
}

static void
assert_same (const Result *a, const Result *b)
{
  for (guint i = 0; i < MAILS; i++)
    g_assert_cmpstr (g_ptr_array_index (a->texts, i), ==, g_ptr_array_index (b->texts, i));
}

static void
test_learning (void)
{
  g_autofree gchar *directory = g_dir_make_tmp ("bm-learn-XXXXXX", NULL);
  g_autofree gchar *path = make_pst (directory);
  g_autofree gchar *kept = g_build_filename (directory, "addresses.csv", NULL);
  g_auto (Result) plain = {0}, learnt = {0}, again = {0}, by_file = {0};
  read_all (&plain, path, NULL, FALSE, NULL);
  assert_has (&plain, 1, "ada@unresolved.invalid");
  read_all (&learnt, path, NULL, TRUE, kept);
  assert_has (&learnt, 1, "<ada@example.org>");
  assert_has (&learnt, 1, "<bob@example.net>");
  assert_has (&learnt, 3, "<bob@example.net>");
  assert_has (&learnt, 4, "noone@unresolved.invalid");
  assert_has (&learnt, 5, "<ada@example.org>"); /* of the smaller node, not the last */
  g_assert_cmpstr (plain.render_id, !=, learnt.render_id);
  g_assert_cmpstr (g_ptr_array_index (plain.texts, 0), ==, g_ptr_array_index (learnt.texts, 0));
  read_all (&again, path, NULL, TRUE, NULL);
  assert_same (&again, &learnt);
  /* the file decides from now on, whatever it says */
  g_assert_true (
      g_file_set_contents (kept, "dn,address,source\n" NOONE ",x@example.com,1\n", -1, NULL));
  read_all (&by_file, path, NULL, TRUE, kept);
  assert_has (&by_file, 4, "<x@example.com>");
  assert_has (&by_file, 1, "ada@unresolved.invalid");
  g_unlink (kept);
  g_unlink (path);
  g_rmdir (directory);
}

/* Who asks for evidence before there is a job learns before there is a place to keep it. */
static void
test_kept_late (void)
{
  g_autofree gchar *directory = g_dir_make_tmp ("bm-learn-XXXXXX", NULL);
  g_autofree gchar *path = make_pst (directory);
  g_autofree gchar *kept = g_build_filename (directory, "addresses.csv", NULL);
  g_auto (Result) first = {0}, second = {0}, third = {0};
  read_and_keep (&first, path, NULL, TRUE, NULL, kept);
  g_assert_true (g_file_test (kept, G_FILE_TEST_EXISTS));
  read_all (&second, path, NULL, TRUE, kept);
  assert_same (&first, &second);
  g_assert_cmpstr (first.render_id, ==, second.render_id);
  g_assert_cmpstr (first.plain_id, ==, second.plain_id);
  g_assert_cmpstr (first.plain_id, !=, first.render_id);
  read_and_keep (&third, path, NULL, TRUE, NULL,
                 kept); /* the kept one takes the place of the other */
  assert_same (&first, &third);
  g_unlink (kept);
  g_unlink (path);
  g_rmdir (directory);
}

static void
test_administrator (void)
{
  g_autofree gchar *directory = g_dir_make_tmp ("bm-learn-XXXXXX", NULL);
  g_autofree gchar *path = make_pst (directory);
  g_auto (Result) given = {0}, both = {0};
  read_all (&given, path, ADA ";admin@example.org\n", FALSE, NULL);
  assert_has (&given, 1, "<admin@example.org>");
  assert_has (&given, 4, "noone@unresolved.invalid");
  read_all (&both, path, "dn,address\n" ADA ",admin@example.org\n", TRUE, NULL);
  assert_has (&both, 1, "<admin@example.org>");
  assert_has (&both, 1, "<bob@example.net>");
  g_assert_cmpstr (given.render_id, !=, both.render_id);
  g_unlink (path);
  g_rmdir (directory);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/reader/learning", test_learning);
  g_test_add_func ("/reader/kept-late", test_kept_late);
  g_test_add_func ("/reader/administrator", test_administrator);
  return g_test_run ();
}
