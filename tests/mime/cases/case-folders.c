/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Cases on folders and files: 78-80, 82-87, 90, 92. Others are cases of the engine and its tests: 88 and
 * 89 are tests/system/test-corpus.sh (killed and started again, run twice), 88 also test-import.sh (at
 * each failpoint), 90 also /engine/copies in tests/engine. */
#include "mime/cases/cases.h"

#include "bm-pst-damage.h"
#include "bm-pst-sample.h"
#include "engine/bm-engine.h"
#include <glib/gstdio.h>
#include <string.h>
#include <time.h>

static const BmFolder *
find (const BmCensus *census, const gchar *path)
{
  for (guint i = 0; i < census->folders->len; i++) {
    const BmFolder *folder = g_ptr_array_index (census->folders, i);
    if (g_strcmp0 (folder->path, path) == 0)
      return folder;
  }
  return NULL;
}

static guint
count (const BmCensus *census, guint32 folder, BmRule rule)
{
  guint n = 0;
  for (guint i = 0; i < census->items->len; i++) {
    const BmCensusItem *item = &g_array_index (census->items, BmCensusItem, i);
    n += (folder == 0 || item->folder == folder) && item->rule == rule;
  }
  return n;
}

static BmCensus *
count_pst (Case *c)
{
  g_autoptr (GError) error = NULL;
  BmCensus *census = case_census (case_write (c), &error);
  g_assert_no_error (error);
  return census;
}

/* ---- items ---- */

static void
check_salvaged (Case *c, const BmItem *item, const Rendered *r, gpointer data)
{
  guint *salvaged = data;
  *salvaged += rendered_noted (r, BM_NOTE_SALVAGED);
  g_assert_cmpstr (r->message->subject, !=, "");
}

static void
case_78_unreadable_property (Case *c)
{
  guint salvaged = 0;
  if (case_corpus_each (c, "aspose-refused-3.pst", check_salvaged, &salvaged) > 0)
    g_assert_cmpuint (salvaged, ==, 3);
}

static void
case_79_broken_contents_table (Case *c)
{
  g_autoptr (GError) error = NULL;
  for (guint i = 0; i < 5; i++)
    case_plain_mail (c);
  g_autoptr (BmCensus) before = count_pst (c);
  const BmFolder *inbox = find (before, "Inbox");
  g_assert_true (bm_pst_damage (case_write (c), BM_PST_DAMAGE_CONTENTS_TABLE, inbox->nid, &error));
  g_autoptr (BmCensus) after = count_pst (c);
  g_assert_cmpuint (count (after, inbox->nid, BM_RULE_NONE), ==, 5);
  case_render (c, 4);
  case_expect (c, "header Subject=Hello");
}

static void
case_80_contents_table_without_values (Case *c)
{
  g_autoptr (GError) error = NULL;
  g_autofree gchar *path = case_corpus_file ("aspose-part0.pst");
  if (path == NULL)
    return;
  g_autoptr (BmCensus) census = case_census (path, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (census->warnings->len, ==, 0);
  guint empty = 0;
  for (guint i = 0; i < census->folders->len; i++) {
    const BmFolder *folder = g_ptr_array_index (census->folders, i);
    empty += folder->path != NULL && count (census, folder->nid, BM_RULE_NONE) == 0;
  }
  g_assert_cmpuint (empty, >, 0);
  g_assert_cmpuint (count (census, 0, BM_RULE_NONE), >, 0);
}

/* ---- names ---- */

static void
case_82_folder_names (Case *c)
{
  static const gchar *const taken[] = {"Autres utilisateurs", NULL};
  static const BmNameRules rules = {'/', "\\\"%&*^", 100, 900, taken};
  static const BmSelection everything;
  const BmPlanOptions options = {.into = "/", .selection = &everything};
  g_autofree gchar *long_name = g_strnfill (300, 'n');
  const gchar *const names[] = {"",         "a/b",       "Projects",
                                "projects", "PROJECTS",  long_name,
                                "📎 ok",     " padded. ", "Autres utilisateurs",
                                "A&B*%\\"};
  BmPstWriter *writer = case_writer (c);
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    bm_pst_writer_add_folder (writer, 0, names[i], "IPF.Note", NULL);
  guint32 nested = bm_pst_writer_add_folder (writer, 0, "Clients", "IPF.Note", NULL);
  bm_pst_writer_add_folder (writer, nested, "INBOX", "IPF.Note", NULL);
  g_autoptr (BmCensus) census = count_pst (c);
  g_autoptr (GArray) rows = bm_plan_folders (census, &rules, &options);
  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  for (guint i = 0; i < rows->len; i++) {
    const BmJournalFolder *row = &g_array_index (rows, BmJournalFolder, i);
    const BmFolder *folder = bm_census_folder (census, row->nid);
    if (row->target == NULL || folder->role != BM_ROLE_NONE)
      continue;
    g_assert_true (g_hash_table_add (seen, g_utf8_casefold (row->target, -1)));
    g_auto (GStrv) parts = g_strsplit (row->target, "/", -1);
    for (guint k = 0; parts[k] != NULL; k++) {
      g_autofree gchar *safe = bm_names_safe (&rules, parts[k]);
      g_assert_cmpstr (parts[k], !=, "");
      g_assert_cmpuint (strlen (parts[k]), <=, 110);
      g_assert_true (strlen (parts[k]) > 100 || g_str_equal (safe, parts[k]));
    }
  }
  g_assert_true (g_hash_table_contains (seen, "clients/inbox"));
  g_assert_true (g_hash_table_contains (seen, "a\xe2\x88\x95"
                                              "b"));
  g_assert_true (g_hash_table_contains (seen, "projects (3)"));
}

/* ---- what is the user's ---- */

static void
case_83_search_folder_and_associated (Case *c)
{
  case_plain_mail (c);
  BmPstWriter *writer = case_writer (c);
  guint32 search = bm_pst_writer_add_search_folder (writer, 0, "Unread mail");
  guint32 folder = bm_pst_writer_add_folder (writer, 0, "Views", "IPF.Note", NULL);
  g_autoptr (BmPstProps) props = bm_pst_props_new ();
  bm_pst_props_string (props, BM_PST_TAG (0x001a, 0x001f), "IPM.Microsoft.FolderDesign.NamedView");
  BmPstMessage view = {.props = props, .associated = TRUE}, found = {.props = props};
  bm_pst_writer_add_message (writer, folder, &view);
  bm_pst_writer_add_message (writer, search, &found);
  g_autoptr (BmCensus) census = count_pst (c);
  g_assert_cmpuint (count (census, 0, BM_RULE_NONE), ==, 1);
  g_assert_cmpuint (count (census, folder, BM_RULE_ASSOCIATED), ==, 1);
  g_assert_cmpuint (count (census, search, BM_RULE_SEARCH_FOLDER), ==, 1);
}

static void
case_84_hidden_folder (Case *c)
{
  case_plain_mail (c);
  BmPstWriter *writer = case_writer (c);
  g_autoptr (BmPstProps) hidden = bm_pst_props_new ();
  g_autoptr (BmPstProps) props = bm_pst_props_new ();
  BmPstMessage message = {.props = props};
  bm_pst_props_bool (hidden, BM_PST_TAG (0x10f4, 0x000b), TRUE);
  guint32 folder = bm_pst_writer_add_folder (writer, 0, "PersonMetadata", "IPF.Contact", hidden);
  guint32 below = bm_pst_writer_add_folder (writer, folder, "Below", "IPF.Note", NULL);
  bm_pst_writer_add_message (writer, folder, &message);
  bm_pst_writer_add_message (writer, below, &message);
  g_autoptr (BmCensus) census = count_pst (c);
  g_assert_cmpuint (count (census, 0, BM_RULE_NONE), ==, 1);
  g_assert_cmpuint (count (census, folder, BM_RULE_HIDDEN), ==, 1);
  g_assert_cmpuint (count (census, below, BM_RULE_HIDDEN), ==, 1);
}

static void
case_85_roots_of_an_ost (Case *c)
{
  static const gchar *const files[] = {"aspose-sample.ost", "groupdocs-sample.ost",
                                       "outlook-com-4k.ost"};
  for (guint i = 0; i < G_N_ELEMENTS (files); i++) {
    g_autoptr (GError) error = NULL;
    g_autofree gchar *path = case_corpus_file (files[i]);
    if (path == NULL)
      return;
    g_autoptr (BmCensus) census = case_census (path, &error);
    g_assert_no_error (error);
    const BmFolder *inbox = bm_census_folder (census, 0x2182);
    g_assert_cmpstr (inbox->path, ==, "Inbox");
    g_assert_cmpint (inbox->role, ==, BM_ROLE_INBOX);
    for (guint k = 0; k < census->folders->len; k++) {
      const BmFolder *folder = g_ptr_array_index (census->folders, k);
      gboolean root = g_str_has_prefix (folder->name, "Root - ");
      g_assert_true (!root || folder->path == NULL);
    }
    const BmFolder *public = bm_census_folder (census, 0x2022);
    g_assert_true (public == NULL || public->rule == BM_RULE_OUTSIDE_SUBTREE);
  }
}

/* What another program wrapped in one more top, or in the name of the user. */
static void
case_85_exported_trees (Case *c)
{
  BmPstWriter *writer = case_writer (c);
  guint32 top = bm_pst_writer_add_folder (writer, 0, "Top of Outlook data file", NULL, NULL);
  guint32 inbox = bm_pst_writer_add_folder (writer, top, "Boîte de réception", "IPF.Note", NULL);
  guint32 sent = bm_pst_writer_add_folder (writer, top, "Éléments envoyés", "IPF.Note", NULL);
  bm_pst_writer_add_folder (writer, inbox, "Posteingang", "IPF.Note", NULL);
  g_autoptr (BmCensus) census = count_pst (c);
  g_assert_cmpstr (bm_census_folder (census, inbox)->path, ==, "Boîte de réception");
  g_assert_cmpint (bm_census_folder (census, inbox)->role, ==, BM_ROLE_INBOX);
  g_assert_cmpint (bm_census_folder (census, sent)->role, ==, BM_ROLE_SENT);
}

/* ---- files ---- */

static void
case_86_password (Case *c)
{
  case_options (c)->password_crc = 0xe61eb50f;
  case_plain_mail (c);
  case_render (c, 0);
  case_expect (c, "header Subject=Hello");
  g_autoptr (BmCensus) census = count_pst (c);
  g_assert_true (census->password);
}

static void
case_86_high_encryption (Case *c)
{
  case_options (c)->crypt = BM_PST_WRITE_CRYPT_HIGH;
  case_plain_mail (c);
  case_render (c, 0);
  case_expect (c, "header Subject=Hello");
  case_expect (c, "text 0 contains Hi Bob");
}

static void
refused (const gchar *path, const gchar *content)
{
  g_autoptr (GError) error = NULL;
  g_assert_true (g_file_set_contents (path, content, -1, NULL));
  g_assert_null (case_census (path, &error));
  g_assert_error (error, BM_ERROR, BM_CAUSE_PST_UNREADABLE);
  g_assert_cmpint (bm_cause_scope (BM_CAUSE_PST_UNREADABLE), ==, BM_SCOPE_SETUP);
}

/* The exit status of such files is asserted in tests/system/test-cli.sh. */
static void
case_87_no_pst (Case *c)
{
  case_plain_mail (c);
  g_autofree gchar *path = g_strconcat (case_write (c), ".no", NULL);
  refused (path, "");
  refused (path, "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 271360\n");
  refused (path, "PK\x03\x04");
  refused (path, "!BDN");
  g_unlink (path);
}

/* A copy that broke off: nothing is left where the header points to. */
static void
case_87_cut (Case *c)
{
  g_autoptr (GError) error = NULL;
  g_autofree gchar *data = NULL;
  gsize size;
  case_plain_mail (c);
  g_autofree gchar *path = g_strconcat (case_write (c), ".cut", NULL);
  g_assert_true (g_file_get_contents (case_write (c), &data, &size, NULL));
  g_assert_true (g_file_set_contents (path, data, 600, NULL));
  g_assert_null (case_census (path, &error));
  g_assert_error (error, BM_ERROR, BM_CAUSE_PST_UNREADABLE);
  g_unlink (path);
}

/* What every other tool refuses: enough is left to count and to read on, with a warning. */
static void
case_87_header_crc (Case *c)
{
  g_autoptr (GError) error = NULL;
  case_plain_mail (c);
  g_assert_true (bm_pst_damage (case_write (c), BM_PST_DAMAGE_HEADER_CRC, 0, &error));
  g_autoptr (BmCensus) census = case_census (case_write (c), &error);
  g_assert_no_error (error);
  g_assert_cmpuint (census->warnings->len, ==, 1);
  g_assert_cmpuint (count (census, 0, BM_RULE_NONE), ==, 1);
  Rendered *rendered = case_render (c, 0);
  g_assert_false (rendered_noted (rendered, BM_NOTE_SALVAGED));
  case_expect (c, "header Subject=Hello");
}

/* Two mails of one Message-ID in a folder, and a third in another one: three items, two of them the
 * same bytes. That all are appended is /engine/copies. */
static void
case_90_same_mail (Case *c)
{
  CaseMail *const mails[] = {case_plain_mail (c), case_plain_mail (c)};
  for (guint i = 0; i < 2; i++)
    mail_bytes (mails[i], 0x300b, i == 0 ? "0123456789abcdef" : "another search k", 16);
  CaseMail *away = case_mail_in (c, "Elsewhere");
  mail_text (away, 0x1035, "<one@example.org>");
  g_autoptr (BmCensus) census = count_pst (c);
  g_assert_cmpuint (count (census, find (census, "Inbox")->nid, BM_RULE_NONE), ==, 2);
  g_assert_cmpuint (count (census, find (census, "Elsewhere")->nid, BM_RULE_NONE), ==, 1);
  BmGuid first = case_render (c, 0)->message->guid;
  g_assert_true (bm_guid_equal (&first, &case_render (c, 1)->message->guid));
  case_expect (c, "header Message-ID=<one@example.org>");
}

/* libpff takes two minutes for this many; processor time, so that a busy machine fails nothing. */
static void
case_92_100000_nodes (Case *c)
{
  g_autoptr (GError) error = NULL;
  const BmPstBulk bulk = {.messages = 100000, .size = 10, .folders = 100};
  g_autofree gchar *path = g_strconcat (case_write (c), ".bulk", NULL);
  g_assert_true (bm_pst_sample_bulk (path, NULL, &bulk, &error));
  clock_t start = clock ();
  g_autoptr (BmCensus) census = case_census (path, &error);
  gdouble seconds = (gdouble) (clock () - start) / CLOCKS_PER_SEC;
  g_unlink (path);
  g_assert_no_error (error);
  g_assert_cmpuint (census->items->len, ==, 100000);
  g_test_message ("%.2f s", seconds);
  g_assert_cmpfloat (seconds, <, 5);
}

static const CaseEntry cases[] = {
    CASE (78, unreadable_property),
    CASE (79, broken_contents_table),
    CASE (80, contents_table_without_values),
    CASE (82, folder_names),
    CASE (83, search_folder_and_associated),
    CASE (84, hidden_folder),
    CASE (85, roots_of_an_ost),
    CASE (85, exported_trees),
    CASE (86, password),
    CASE (86, high_encryption),
    CASE (87, no_pst),
    CASE (87, cut),
    CASE (87, header_crc),
    CASE (90, same_mail),
    CASE (92, 100000_nodes),
};

int
main (int argc, char **argv)
{
  return case_main (argc, argv, cases, G_N_ELEMENTS (cases));
}
