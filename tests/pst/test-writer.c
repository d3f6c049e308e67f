/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Files made by the writer, whole and broken: folders, roles, rules, what a broken file still
 * yields, values of every type. */
#include "pst/pst-digest.h"

#include "bm-pst-damage.h"
#include "bm-pst-sample.h"
#include "pst/bm-pst-folders.h"
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

typedef struct {
  gchar *directory, *path;
  gint fd;
  BmPst *pst;
  BmCensus *census;
  GError *error;
} Fixture;

static void
set_up (Fixture *fixture, gconstpointer data)
{
  fixture->directory = g_dir_make_tmp ("bm-pst-XXXXXX", NULL);
  fixture->path = g_build_filename (fixture->directory, "x.pst", NULL);
  fixture->fd = -1;
}

static void
tear_down_reading (Fixture *fixture)
{
  g_clear_pointer (&fixture->census, bm_census_free);
  g_clear_pointer (&fixture->pst, bm_pst_close);
  g_clear_error (&fixture->error);
  if (fixture->fd >= 0)
    close (fixture->fd);
  fixture->fd = -1;
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  tear_down_reading (fixture);
  g_unlink (fixture->path);
  g_rmdir (fixture->directory);
  g_free (fixture->path);
  g_free (fixture->directory);
}

/* TRUE when the file opens and can be counted. */
static gboolean
open_it (Fixture *fixture)
{
  fixture->fd = open (fixture->path, O_RDONLY | O_CLOEXEC);
  fixture->pst = bm_pst_open_fd (fixture->fd, NULL, &fixture->error);
  if (fixture->pst != NULL)
    fixture->census = bm_pst_census (fixture->pst, &fixture->error);
  return fixture->census != NULL;
}

static void
open_case (Fixture *fixture, const gchar *name)
{
  g_autoptr (GError) error = NULL;
  g_assert_true (bm_pst_case_write (fixture->path, name, NULL, &error));
  g_assert_no_error (error);
}

static const BmFolder *
folder_at (const Fixture *fixture, const gchar *path)
{
  for (guint i = 0; i < fixture->census->folders->len; i++) {
    const BmFolder *folder = g_ptr_array_index (fixture->census->folders, i);
    if (g_strcmp0 (folder->path, path) == 0)
      return folder;
  }
  g_test_message ("no folder %s", path);
  g_assert_not_reached ();
}

static guint
count_rule (const Fixture *fixture, BmRule rule)
{
  guint n = 0;
  for (guint i = 0; i < fixture->census->items->len; i++)
    n += g_array_index (fixture->census->items, BmCensusItem, i).rule == rule;
  return n;
}

/* How many of the items without a rule can be read; *damaged of them with the note. */
static guint
count_readable (const Fixture *fixture, guint *damaged)
{
  guint n = 0;
  *damaged = 0;
  for (guint i = 0; i < fixture->census->items->len; i++) {
    const BmCensusItem *one = &g_array_index (fixture->census->items, BmCensusItem, i);
    if (one->rule != BM_RULE_NONE)
      continue;
    g_autoptr (BmPstWindow) window = bm_pst_window_open (fixture->pst, &one->nid, 1, NULL);
    g_autoptr (BmItem) item = window != NULL ? bm_pst_window_read (window, 0, NULL) : NULL;
    n += item != NULL;
    if (item == NULL)
      continue;
    gboolean hurt = bm_notes_has (item->notes, BM_NOTE_DAMAGED_BLOCK);
    for (guint k = 0; k < item->attachments->len; k++)
      hurt |= ((const BmAttachment *) g_ptr_array_index (item->attachments, k))->damaged;
    *damaged += hurt;
  }
  return n;
}

static void
test_sample (Fixture *fixture, gconstpointer data)
{
  static const struct {
    BmPstWriterFormat write_format;
    BmPstWriterCrypt write_crypt;
    BmPstFormat format;
    BmPstCrypt crypt;
  } kinds[] = {
      {BM_PST_WRITE_UNICODE, BM_PST_WRITE_CRYPT_COMPRESSIBLE, BM_PST_UNICODE,
       BM_PST_CRYPT_COMPRESSIBLE},
      {BM_PST_WRITE_UNICODE, BM_PST_WRITE_CRYPT_NONE, BM_PST_UNICODE, BM_PST_CRYPT_NONE},
      {BM_PST_WRITE_UNICODE, BM_PST_WRITE_CRYPT_HIGH, BM_PST_UNICODE, BM_PST_CRYPT_HIGH},
      {BM_PST_WRITE_ANSI, BM_PST_WRITE_CRYPT_COMPRESSIBLE, BM_PST_ANSI, BM_PST_CRYPT_COMPRESSIBLE},
  };
  const guint kind = GPOINTER_TO_UINT (data);
  BmPstWriterOptions options = {
      .format = kinds[kind].write_format, .crypt = kinds[kind].write_crypt, .password_crc = 0x1234};
  guint damaged;
  g_assert_true (bm_pst_sample_write (fixture->path, &options, NULL));
  g_assert_true (open_it (fixture));
  g_assert_cmpint (fixture->census->format, ==, kinds[kind].format);
  g_assert_cmpint (fixture->census->crypt, ==, kinds[kind].crypt);
  g_assert_true (fixture->census->password);
  g_assert_cmpint (folder_at (fixture, "Inbox")->role, ==, BM_ROLE_INBOX);
  g_assert_cmpint (folder_at (fixture, "Sent Items")->role, ==, BM_ROLE_SENT);
  g_assert_cmpint (folder_at (fixture, "Drafts")->role, ==, BM_ROLE_DRAFTS);
  g_assert_cmpint (folder_at (fixture, "Deleted Items")->role, ==, BM_ROLE_TRASH);
  g_assert_cmpint (folder_at (fixture, "Outbox")->role, ==, BM_ROLE_OUTBOX);
  g_assert_cmpint (folder_at (fixture, "Quick Step Settings")->rule, ==, BM_RULE_HIDDEN);
  g_assert_cmpuint (count_rule (fixture, BM_RULE_ASSOCIATED), ==, BM_PST_SAMPLE_ASSOCIATED);
  g_assert_cmpuint (count_rule (fixture, BM_RULE_HIDDEN), ==, BM_PST_SAMPLE_HIDDEN);
  g_assert_cmpuint (count_readable (fixture, &damaged), ==,
                    BM_PST_SAMPLE_MAILS + BM_PST_SAMPLE_NOT_MAIL);
  g_assert_cmpuint (damaged, ==, 0);
}

/* Every broken file either says why it cannot be read, or yields what is not broken. */
static void
test_cases (Fixture *fixture, gconstpointer data)
{
  const gchar *name = data;
  guint damaged = 0, readable = 0;
  open_case (fixture, name);
  if (open_it (fixture))
    readable = count_readable (fixture, &damaged);
  g_test_message ("%s: %u items, %u readable, %u damaged, %u phantoms: %s", name,
                  fixture->census != NULL ? fixture->census->items->len : 0, readable, damaged,
                  fixture->census != NULL ? count_rule (fixture, BM_RULE_PHANTOM) : 0,
                  fixture->error != NULL ? fixture->error->message : "opens");
  if (fixture->census == NULL)
    g_assert_error (fixture->error, BM_ERROR, BM_CAUSE_PST_UNREADABLE);
  if (g_str_equal (name, "contents-table") || g_str_equal (name, "header-crc") ||
      g_str_equal (name, "embedded-clash") || g_str_equal (name, "node-lost") ||
      g_str_equal (name, "parent-loop") || g_str_equal (name, "deep-folders") ||
      g_str_equal (name, "attachment-table") || g_str_has_prefix (name, "unsupported-"))
    g_assert_cmpuint (readable, ==,
                      fixture->census->items->len - count_rule (fixture, BM_RULE_ASSOCIATED) -
                          count_rule (fixture, BM_RULE_HIDDEN));
  if (g_str_has_prefix (name, "attachment-") && !g_str_equal (name, "attachment-table"))
    g_assert_cmpuint (damaged, >, 0);
  if (g_str_equal (name, "nbt-loop"))
    g_assert_cmpuint (fixture->census->loops + fixture->census->bad_pages, >, 0);
}

/* A message node whose page has a wrong CRC and whose data block does not exist was never an item,
 * unless the table of its folder lists it; one whose block exists is read all the same. [MS-PST]
 * 2.2.2.7.7.4 for the layout. */
static void
test_phantom (Fixture *fixture, gconstpointer listed)
{
  const BmPstWriterOptions options = {.no_contents_tables = listed == NULL};
  g_autofree gchar *bytes = NULL;
  gsize size;
  guint broken = 0;
  g_assert_true (bm_pst_sample_write (fixture->path, &options, NULL));
  g_assert_true (g_file_get_contents (fixture->path, &bytes, &size, NULL));
  for (gsize page = 512; page + 512 <= size && broken == 0; page += 512) {
    guint8 *p = (guint8 *) bytes + page;
    if (p[496] != 0x81 || p[497] != 0x81 || p[491] != 0 || p[490] != 32)
      continue;
    for (guint i = 0; i < p[488] && broken == 0; i++)
      if ((p[i * 32] & 0x1f) == 4) {
        bm_pst_put64 (p + i * 32 + 8, 0x77777774);
        broken++;
      }
  }
  g_assert_cmpuint (broken, ==, 1);
  g_assert_true (g_file_set_contents (fixture->path, bytes, (gssize) size, NULL));
  g_assert_true (open_it (fixture));
  g_assert_cmpuint (fixture->census->bad_crc_pages, ==, 1);
  g_assert_cmpuint (count_rule (fixture, BM_RULE_PHANTOM), ==, listed == NULL);
  g_assert_cmpuint (fixture->pst->listed, ==, listed != NULL);
}

/* A damaged index that lost a folder's node has not lost what lies in it: nothing of it may end as
 * "outside the user's folders". */
static void
test_lost_folders (Fixture *fixture, gconstpointer data)
{
  static const struct {
    BmPstDamage kind;
    guint32 nid;
    const gchar *path; /* where its messages are then */
    gboolean warned;
  } cases[] = {
      {BM_PST_DAMAGE_NODE_LOST, BM_PST_NID_SUBTREE, "Inbox", TRUE},
      {BM_PST_DAMAGE_NODE_LOST, BM_PST_NID_ROOT, "Inbox", FALSE},
      {BM_PST_DAMAGE_NODE_LOST, BM_PST_NID_STORE, "Inbox", TRUE},
      {BM_PST_DAMAGE_NODE_LOST, BM_PST_SAMPLE_NID_INBOX, "Unnamed folder 00008202", TRUE},
      {BM_PST_DAMAGE_NODE_LOST, 0x82A2, "Unnamed folder 000082a2/Été 2017 ∕ Übersicht", TRUE},
      {BM_PST_DAMAGE_PARENT_LOOP, BM_PST_SAMPLE_NID_NESTED, "Projets réalisés", TRUE},
  };
  const guint at = GPOINTER_TO_UINT (data);
  guint damaged;
  g_assert_true (bm_pst_sample_write (fixture->path, NULL, NULL));
  g_assert_true (bm_pst_damage (fixture->path, cases[at].kind, cases[at].nid, NULL));
  g_assert_true (open_it (fixture));
  g_assert_cmpuint (count_rule (fixture, BM_RULE_OUTSIDE_SUBTREE), ==, 0);
  g_assert_cmpuint (count_readable (fixture, &damaged), ==,
                    BM_PST_SAMPLE_MAILS + BM_PST_SAMPLE_NOT_MAIL);
  g_assert_cmpint (folder_at (fixture, cases[at].path)->rule, ==, BM_RULE_NONE);
  g_assert_cmpuint (fixture->census->warnings->len > 0, ==, cases[at].warned);
  if (cases[at].nid == BM_PST_SAMPLE_NID_INBOX)
    g_assert_cmpint (folder_at (fixture, cases[at].path)->role, ==, BM_ROLE_INBOX);
}

/* Neither the store nor any folder can be read, but the messages can. */
static void
test_only_messages (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GArray) nids = g_array_new (FALSE, FALSE, sizeof (guint32));
  guint damaged;
  g_assert_true (bm_pst_sample_write (fixture->path, NULL, NULL));
  g_assert_true (open_it (fixture));
  for (guint i = 0; i < fixture->census->folders->len; i++) {
    const BmFolder *folder = g_ptr_array_index (fixture->census->folders, i);
    g_array_append_val (nids, folder->nid);
  }
  tear_down_reading (fixture);
  g_assert_true (bm_pst_damage (fixture->path, BM_PST_DAMAGE_BLOCK_ZEROED, BM_PST_NID_STORE, NULL));
  for (guint i = 0; i < nids->len; i++)
    g_assert_true (bm_pst_damage (fixture->path, BM_PST_DAMAGE_BLOCK_ZEROED,
                                  g_array_index (nids, guint32, i), NULL));
  g_assert_true (open_it (fixture));
  g_assert_cmpuint (count_readable (fixture, &damaged), ==,
                    BM_PST_SAMPLE_MAILS + BM_PST_SAMPLE_NOT_MAIL + BM_PST_SAMPLE_HIDDEN);
}

/* No fixed node, no message, and folders that cannot be read: nothing to show a window of. */
static void
test_nothing_left (Fixture *fixture, gconstpointer data)
{
  static const guint32 lost[] = {BM_PST_NID_STORE, 0x61, BM_PST_NID_ROOT};
  static const guint32 broken[] = {BM_PST_NID_SUBTREE, BM_PST_NID_FINDER, BM_PST_NID_DELETED};
  BmPstWriter *writer = bm_pst_writer_new (fixture->path, NULL, NULL);
  g_assert_true (bm_pst_writer_close (writer, NULL));
  for (guint i = 0; i < 3; i++) {
    g_assert_true (bm_pst_damage (fixture->path, BM_PST_DAMAGE_NODE_LOST, lost[i], NULL));
    g_assert_true (bm_pst_damage (fixture->path, BM_PST_DAMAGE_BLOCK_ZEROED, broken[i], NULL));
  }
  g_assert_false (open_it (fixture));
  g_assert_error (fixture->error, BM_ERROR, BM_CAUSE_PST_UNREADABLE);
  g_assert_null (bm_pst_window_open (fixture->pst, NULL, 0, NULL));
}

/* Thousands of broken folders must not fill reports and journals with sentences. */
static void
test_many_warnings (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  BmPstWriter *writer = bm_pst_writer_new (fixture->path, NULL, &error);
  guint32 nids[60];
  for (guint i = 0; i < G_N_ELEMENTS (nids); i++)
    nids[i] = bm_pst_writer_add_folder (writer, 0, "Broken", "IPF.Note", NULL);
  g_assert_true (bm_pst_writer_close (writer, &error));
  for (guint i = 0; i < G_N_ELEMENTS (nids); i++)
    g_assert_true (bm_pst_damage (fixture->path, BM_PST_DAMAGE_BLOCK_ZEROED, nids[i], NULL));
  g_assert_true (open_it (fixture));
  g_assert_cmpuint (fixture->census->warnings->len, >, 1);
  g_assert_cmpuint (fixture->census->warnings->len, <, 30);
  const gchar *last = g_ptr_array_index (fixture->census->warnings, 20);
  g_assert_cmpstr (last, ==, "40 more folders are lost or cannot be read");
}

static void
test_not_a_pst (Fixture *fixture, gconstpointer data)
{
  static const gchar *const texts[] = {"", "short", "!BDN", "PK\3\4zip"};
  for (guint i = 0; i < G_N_ELEMENTS (texts); i++) {
    g_autofree gchar *padding = g_strnfill (i == 3 ? 10000 : 0, 'x');
    g_autofree gchar *text = g_strconcat (texts[i], padding, NULL);
    g_assert_true (g_file_set_contents (fixture->path, text, -1, NULL));
    g_assert_false (open_it (fixture));
    g_assert_error (fixture->error, BM_ERROR, BM_CAUSE_PST_UNREADABLE);
    g_clear_error (&fixture->error);
    close (fixture->fd);
    fixture->fd = -1;
  }
}

static void
test_role_names (void)
{
  static const struct {
    const gchar *name;
    BmRole role;
  } cases[] = {{"INBOX", BM_ROLE_INBOX},
               {"Boîte de réception", BM_ROLE_INBOX},
               {"Boi\xcc\x82te de re\xcc\x81"
                "ception",
                BM_ROLE_INBOX}, /* decomposed */
               {"Boîte d’envoi", BM_ROLE_OUTBOX},
               {"Gesendete Elemente", BM_ROLE_SENT},
               {"Entwürfe", BM_ROLE_DRAFTS},
               {"Éléments supprimés", BM_ROLE_TRASH},
               {"Posta indesiderata", BM_ROLE_JUNK},
               {"Projects", BM_ROLE_NONE}};
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    g_assert_cmpint (bm_pst_role_of_name (cases[i].name), ==, cases[i].role);
  g_assert_true (bm_pst_is_sync_issues_name ("Synchronisierungsprobleme"));
  g_assert_false (bm_pst_is_sync_issues_name ("Issues"));
}

/* Sync Issues and below, search folders, items outside the subtree, wrapper folders. */
static void
test_rules (Fixture *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  BmPstWriter *writer = bm_pst_writer_new (fixture->path, NULL, &error);
  g_assert_no_error (error);
  BmPstProps *props = bm_pst_props_new ();
  bm_pst_props_string (props, BM_PST_TAG (0x001a, 0x001f), "IPM.Note");
  BmPstMessage message = {.props = props};
  guint32 top = bm_pst_writer_add_folder (writer, 0, "Top of Outlook data file", NULL, NULL);
  guint32 inbox = bm_pst_writer_add_folder (writer, top, "Posteingang", "IPF.Note", NULL);
  guint32 slash = bm_pst_writer_add_folder (writer, inbox, "A/B", "IPF.Note", NULL);
  guint32 sync = bm_pst_writer_add_folder (writer, top, "Sync Issues", "IPF.Note", NULL);
  guint32 below = bm_pst_writer_add_folder (writer, sync, "Conflicts", "IPF.Note", NULL);
  guint32 search = bm_pst_writer_add_search_folder (writer, 0, "Unread Mail");
  const guint32 places[] = {inbox, slash, sync, below, search};
  for (guint i = 0; i < G_N_ELEMENTS (places); i++)
    bm_pst_writer_add_message (writer, places[i], &message);
  bm_pst_props_free (props);
  g_assert_true (bm_pst_writer_close (writer, &error));
  g_assert_true (open_it (fixture));
  g_assert_cmpint (folder_at (fixture, "Posteingang")->role, ==, BM_ROLE_INBOX);
  g_assert_nonnull (folder_at (fixture, "Posteingang/A\xe2\x88\x95"
                                        "B"));
  g_assert_cmpuint (count_rule (fixture, BM_RULE_SYNC_ISSUES), ==, 2);
  g_assert_cmpuint (count_rule (fixture, BM_RULE_SEARCH_FOLDER), ==, 1);
  g_assert_cmpuint (count_rule (fixture, BM_RULE_NONE), ==, 2);
}

/* A PST that a French Outlook made of a French mailbox: the top is found by name where the store
 * names none, and the top of the mailbox in it is one more. */
static void
test_french_tops (Fixture *fixture, gconstpointer data)
{
  g_autoptr (BmPstProps) props = bm_pst_props_new ();
  BmPstWriter *writer = bm_pst_writer_new (fixture->path, NULL, NULL);
  BmPstMessage message = {.props = props};
  guint32 top = bm_pst_writer_add_folder (writer, BM_PST_NID_ROOT,
                                          "Début du fichier de données Outlook", NULL, NULL);
  guint32 mailbox =
      bm_pst_writer_add_folder (writer, top, "Haut de la banque d’informations", NULL, NULL);
  guint32 inbox =
      bm_pst_writer_add_folder (writer, mailbox, "Boîte de réception", "IPF.Note", NULL);
  bm_pst_writer_add_message (writer, inbox, &message);
  bm_pst_props_remove (bm_pst_writer_node_props (writer, BM_PST_NID_STORE),
                       BM_PST_TAG (0x35e0, 0x0102));
  g_assert_true (bm_pst_writer_close (writer, NULL));
  g_assert_true (bm_pst_damage (fixture->path, BM_PST_DAMAGE_NODE_LOST, BM_PST_NID_SUBTREE, NULL));
  g_assert_true (bm_pst_damage (fixture->path, BM_PST_DAMAGE_NODE_LOST, BM_PST_NID_DELETED, NULL));
  g_assert_true (open_it (fixture));
  g_assert_cmpint (folder_at (fixture, "Boîte de réception")->role, ==, BM_ROLE_INBOX);
}

/* Well-known names below a chain of lone, empty folders, as archives of one user have it; not below
 * a folder that has a sibling, and not below one that holds messages. */
static void
test_lone_folders (Fixture *fixture, gconstpointer data)
{
  const guint kind = GPOINTER_TO_UINT (data); /* 0 lone, 1 a sibling, 2 a message */
  g_autoptr (BmPstProps) props = bm_pst_props_new ();
  BmPstWriter *writer = bm_pst_writer_new (fixture->path, NULL, NULL);
  BmPstMessage message = {.props = props};
  guint32 user = bm_pst_writer_add_folder (writer, 0, "lokay-m", NULL, NULL);
  guint32 mailbox = bm_pst_writer_add_folder (writer, user, "MLOKAY", NULL, NULL);
  bm_pst_writer_add_folder (writer, mailbox, "Sent Items", "IPF.Note", NULL);
  bm_pst_writer_add_folder (writer, mailbox, "Projects", "IPF.Note", NULL);
  if (kind == 1)
    bm_pst_writer_add_folder (writer, user, "Other", "IPF.Note", NULL);
  if (kind == 2)
    bm_pst_writer_add_message (writer, mailbox, &message);
  g_assert_true (bm_pst_writer_close (writer, NULL));
  g_assert_true (open_it (fixture));
  g_assert_cmpint (folder_at (fixture, "lokay-m/MLOKAY/Sent Items")->role, ==,
                   kind == 0 ? BM_ROLE_SENT : BM_ROLE_NONE);
  g_assert_cmpint (folder_at (fixture, "lokay-m")->role, ==, BM_ROLE_NONE);
}

static BmItem *
read_only_item (Fixture *fixture)
{
  g_assert_true (open_it (fixture));
  g_assert_cmpuint (fixture->census->items->len, ==, 1);
  guint32 nid = g_array_index (fixture->census->items, BmCensusItem, 0).nid;
  g_autoptr (BmPstWindow) window = bm_pst_window_open (fixture->pst, &nid, 1, NULL);
  BmItem *item = bm_pst_window_read (window, 0, &fixture->error);
  g_assert_no_error (fixture->error);
  return item;
}

/* Dossier 4: transport headers as 8-bit string, in the code page that the message names. */
static void
test_header_bytes (Fixture *fixture, gconstpointer data)
{
  g_autoptr (BmPstProps) props = bm_pst_props_new ();
  BmPstWriter *writer = bm_pst_writer_new (fixture->path, NULL, NULL);
  BmPstMessage message = {.props = props};
  bm_pst_props_string8 (props, BM_PST_TAG (0x007d, 0x1e), "Subject: Gr\xfc\xdf\x65 \x80\r\n", -1);
  bm_pst_props_int32 (props, BM_PST_TAG (0x3ffd, 3), 1252);
  bm_pst_writer_add_message (writer, BM_PST_NID_SUBTREE, &message);
  g_assert_true (bm_pst_writer_close (writer, NULL));
  g_autoptr (BmItem) item = read_only_item (fixture);
  g_assert_cmpstr (bm_props_text (item->props, 0x007d), ==, "Subject: Grüße €\r\n");
}

/* Dossier 56: four levels, each the only attachment of the one around it. */
static void
test_four_levels (Fixture *fixture, gconstpointer data)
{
  BmPstProps *props[4];
  BmPstMessage messages[4];
  BmPstAttachment attachments[4];
  BmPstWriter *writer = bm_pst_writer_new (fixture->path, NULL, NULL);
  for (guint i = 0; i < 4; i++) {
    const gchar name[] = {'A' + (gchar) i, '\0'};
    props[i] = bm_pst_props_new ();
    bm_pst_props_string (props[i], BM_PST_TAG (0x0037, 0x1f), name);
    messages[i] = (BmPstMessage){.props = props[i]};
    if (i > 0) {
      attachments[i] = (BmPstAttachment){.embedded = &messages[i - 1]};
      messages[i].attachments = &attachments[i];
      messages[i].n_attachments = 1;
    }
  }
  bm_pst_writer_add_message (writer, BM_PST_NID_SUBTREE, &messages[3]);
  g_assert_true (bm_pst_writer_close (writer, NULL));
  for (guint i = 0; i < 4; i++)
    bm_pst_props_free (props[i]);
  g_autoptr (BmItem) item = read_only_item (fixture);
  const BmItem *level = item;
  for (guint i = 3; i > 0; i--) {
    const gchar name[] = {'A' + (gchar) i, '\0'};
    g_assert_cmpstr (bm_props_text (level->props, 0x0037), ==, name);
    g_assert_cmpuint (level->attachments->len, ==, 1);
    level = ((BmAttachment *) g_ptr_array_index (level->attachments, 0))->embedded;
    g_assert_nonnull (level);
  }
  g_assert_cmpstr (bm_props_text (level->props, 0x0037), ==, "A");
}

int
main (int argc, char **argv)
{
  static const gchar *const kinds[] = {"compressible", "none", "high", "ansi"};
  g_test_init (&argc, &argv, NULL);
#define ADD(name, func, data) g_test_add (name, Fixture, data, set_up, func, tear_down)
  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++) {
    g_autofree gchar *name = g_strconcat ("/pst/sample/", kinds[i], NULL);
    ADD (name, test_sample, GUINT_TO_POINTER (i));
  }
  for (const gchar *const *one = bm_pst_case_names (); *one != NULL; one++) {
    g_autofree gchar *name = g_strconcat ("/pst/case/", *one, NULL);
    ADD (name, test_cases, *one);
  }
  for (guint i = 0; i < 6; i++) {
    g_autofree gchar *name = g_strdup_printf ("/pst/lost-folders/%u", i);
    ADD (name, test_lost_folders, GUINT_TO_POINTER (i));
  }
  ADD ("/pst/only-messages", test_only_messages, NULL);
  ADD ("/pst/nothing-left", test_nothing_left, NULL);
  ADD ("/pst/many-warnings", test_many_warnings, NULL);
  ADD ("/pst/not-a-pst", test_not_a_pst, NULL);
  ADD ("/pst/rules", test_rules, NULL);
  ADD ("/pst/french-tops", test_french_tops, NULL);
  for (guint i = 0; i < 3; i++) {
    g_autofree gchar *name = g_strdup_printf ("/pst/lone-folders/%u", i);
    ADD (name, test_lone_folders, GUINT_TO_POINTER (i));
  }
  ADD ("/pst/phantom", test_phantom, NULL);
  ADD ("/pst/phantom-listed", test_phantom, GINT_TO_POINTER (TRUE));
  ADD ("/pst/4-header-bytes", test_header_bytes, NULL);
  ADD ("/pst/56-four-levels", test_four_levels, NULL);
  g_test_add_func ("/pst/role-names", test_role_names);
  return g_test_run ();
}
