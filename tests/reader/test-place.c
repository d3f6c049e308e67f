/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* What only the folder, or whose PST it is, tells of a message: through the whole reader. */
#include "bm-pst-writer.h"

#include <bm-pst-import/source.h>
#include <glib/gstdio.h>

/* One unsent mail, with the dates of mail that was sent, in each folder. */
static gchar *
make_pst (const gchar *directory, const gchar *const *folders, guint n)
{
  g_autoptr (GError) error = NULL;
  gchar *path = g_build_filename (directory, "place.pst", NULL);
  BmPstWriter *writer = bm_pst_writer_new (path, NULL, &error);
  g_assert_no_error (error);
  for (guint i = 0; i < n; i++) {
    g_autoptr (BmPstProps) props = bm_pst_props_new ();
    guint32 folder = bm_pst_writer_add_folder (writer, 0, folders[i], "IPF.Note", NULL);
    bm_pst_props_int32 (props, BM_PST_TAG (0x0e07, 0x0003), 0x8);
    bm_pst_props_filetime (props, BM_PST_TAG (0x0039, 0x0040), BM_PST_TIME (1500000000));
    bm_pst_props_filetime (props, BM_PST_TAG (0x0e06, 0x0040), BM_PST_TIME (1500000300));
    BmPstMessage message = {.props = props};
    bm_pst_writer_add_message (writer, folder, &message);
  }
  g_assert_true (bm_pst_writer_close (writer, &error));
  return path;
}

static void
test_drafts (void)
{
  static const gchar *const folders[] = {"Drafts", "Inbox", "Outbox"};
  static const BmFlags want[] = {BM_FLAG_DRAFT, 0, BM_FLAG_DRAFT};
  enum { N = G_N_ELEMENTS (folders) };
  g_autoptr (GError) error = NULL;
  g_autofree gchar *directory = g_dir_make_tmp ("bm-place-XXXXXX", NULL);
  g_autofree gchar *path = make_pst (directory, folders, N);
  BmReaderOptions options = {.path = path, .charset = "", .owner = "ada@example.org"};
  g_autoptr (BmSource) source = bm_reader_open (&options, &error);
  g_assert_no_error (error);
  const BmCensus *census = source->ops->census (source, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (census->items->len, ==, N);
  guint32 nids[N];
  for (guint i = 0; i < N; i++)
    nids[i] = g_array_index (census->items, BmCensusItem, i).nid;
  g_assert_true (source->ops->order (source, nids, N, &error));
  for (guint i = 0; i < N; i++) {
    BmEntry entry;
    g_assert_true (source->ops->next (source, &entry, &error));
    g_assert_cmpint (entry.kind, ==, BM_ENTRY_MESSAGE);
    g_assert_cmpuint (entry.message->flags, ==, want[i]);
    g_assert_true (g_str_has_prefix (g_bytes_get_data (entry.message->bytes, NULL),
                                     "From: <ada@example.org>\r\n"));
    bm_entry_clear (&entry);
  }
  g_unlink (path);
  g_rmdir (directory);
}

/* Of a class that nobody knows: with a subject it is mail, with nothing it is counted by its class. */
static void
test_unknown_class (void)
{
  g_autoptr (GError) error = NULL;
  g_autofree gchar *directory = g_dir_make_tmp ("bm-place-XXXXXX", NULL);
  g_autofree gchar *path = g_build_filename (directory, "unknown.pst", NULL);
  BmPstWriter *writer = bm_pst_writer_new (path, NULL, &error);
  g_assert_no_error (error);
  guint32 folder = bm_pst_writer_add_folder (writer, 0, "Inbox", "IPF.Note", NULL), nids[2];
  for (guint i = 0; i < 2; i++) {
    g_autoptr (BmPstProps) props = bm_pst_props_new ();
    bm_pst_props_string (props, BM_PST_TAG (0x001a, 0x001f), "IPM.Strange");
    if (i == 0)
      bm_pst_props_string (props, BM_PST_TAG (0x0037, 0x001f), "Hello");
    BmPstMessage message = {.props = props};
    nids[i] = bm_pst_writer_add_message (writer, folder, &message);
  }
  g_assert_true (bm_pst_writer_close (writer, &error));
  BmReaderOptions options = {.path = path, .charset = ""};
  g_autoptr (BmSource) source = bm_reader_open (&options, &error);
  g_assert_no_error (error);
  g_assert_nonnull (source->ops->census (source, &error));
  g_assert_true (source->ops->order (source, nids, 2, &error));
  BmEntry entry;
  g_assert_true (source->ops->next (source, &entry, &error));
  g_assert_cmpint (entry.kind, ==, BM_ENTRY_MESSAGE);
  bm_entry_clear (&entry);
  g_assert_true (source->ops->next (source, &entry, &error));
  g_assert_cmpint (entry.kind, ==, BM_ENTRY_SKIPPED);
  g_assert_cmpint (entry.rule, ==, BM_RULE_NOT_MAIL);
  g_assert_cmpstr (entry.message_class, ==, "IPM.Strange");
  bm_entry_clear (&entry);
  g_unlink (path);
  g_rmdir (directory);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/reader/place/drafts", test_drafts);
  g_test_add_func ("/reader/place/unknown-class", test_unknown_class);
  return g_test_run ();
}
