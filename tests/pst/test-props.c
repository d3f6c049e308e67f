/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Properties as they come out of a file: every type, several values, names, code pages, and values
 * that are wrong; folders found by entry id. Files are made by the writer. */
#include "pst/pst-digest.h"

#include "bm-pst-writer.h"
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#define NOTE(item, name) bm_notes_has ((item)->notes, BM_NOTE_##name)

typedef struct {
  gchar *directory, *path;
  gint fd;
  BmPstWriter *writer;
  guint32 inbox;
  BmPstProps *props; /* of the message to write */
  BmPst *pst;
  BmCensus *census;
} Fixture;

static void
set_up (Fixture *fixture, gconstpointer data)
{
  fixture->directory = g_dir_make_tmp ("bm-props-XXXXXX", NULL);
  fixture->path = g_build_filename (fixture->directory, "x.pst", NULL);
  fixture->writer = bm_pst_writer_new (fixture->path, NULL, NULL);
  fixture->inbox = bm_pst_writer_add_folder (fixture->writer, 0, "Inbox", "IPF.Note", NULL);
  fixture->props = bm_pst_props_new ();
  bm_pst_props_string (fixture->props, BM_PST_TAG (0x001a, 0x001f), "IPM.Note");
  fixture->fd = -1;
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  bm_pst_props_free (fixture->props);
  bm_census_free (fixture->census);
  bm_pst_close (fixture->pst);
  if (fixture->fd >= 0)
    close (fixture->fd);
  g_unlink (fixture->path);
  g_rmdir (fixture->directory);
  g_free (fixture->path);
  g_free (fixture->directory);
}

/* Closes the file and counts it. */
static void
open_it (Fixture *fixture)
{
  g_autoptr (GError) error = NULL;
  g_assert_true (bm_pst_writer_close (fixture->writer, &error));
  fixture->fd = open (fixture->path, O_RDONLY | O_CLOEXEC);
  fixture->pst = bm_pst_open_fd (fixture->fd, NULL, &error);
  g_assert_no_error (error);
  fixture->census = bm_pst_census (fixture->pst, &error);
  g_assert_no_error (error);
}

/* Writes the message with the fixture's properties and reads it back. */
static BmItem *
round_trip (Fixture *fixture)
{
  g_autoptr (GError) error = NULL;
  BmPstMessage message = {.props = fixture->props};
  guint32 nid = bm_pst_writer_add_message (fixture->writer, fixture->inbox, &message);
  open_it (fixture);
  g_autoptr (BmPstWindow) window = bm_pst_window_open (fixture->pst, &nid, 1, &error);
  g_assert_no_error (error);
  BmItem *item = bm_pst_window_read (window, 0, &error);
  g_assert_no_error (error);
  return item;
}

static void
test_types (Fixture *fixture, gconstpointer data)
{
  const gint32 numbers[] = {1, -2, 3};
  const gchar *const words[] = {"Jaune", "Été", "", NULL};
  g_autoptr (GBytes) bytes = g_bytes_new_static ("\0\1\2", 3);
  g_autoptr (GBytes) none = g_bytes_new_static ("", 0);
  GBytes *datas[] = {bytes, none};
  BmPstProps *props = fixture->props;
  bm_pst_props_int16 (props, BM_PST_TAG (0x6001, 0x0002), -5);
  bm_pst_props_int32 (props, BM_PST_TAG (0x6002, 0x0003), -70000);
  bm_pst_props_int64 (props, BM_PST_TAG (0x6003, 0x0014), G_GINT64_CONSTANT (-5000000000));
  bm_pst_props_bool (props, BM_PST_TAG (0x6004, 0x000b), TRUE);
  bm_pst_props_double (props, BM_PST_TAG (0x6005, 0x0005), 0.25);
  bm_pst_props_filetime (props, BM_PST_TAG (0x6006, 0x0040), BM_PST_TIME (1500000000));
  bm_pst_props_binary (props, BM_PST_TAG (0x6007, 0x0048), "0123456789abcdef", 16);
  bm_pst_props_mv_int32 (props, BM_PST_TAG (0x6008, 0x1003), numbers, 3);
  bm_pst_props_mv_string (props, BM_PST_TAG (0x6009, 0x101f), words);
  bm_pst_props_mv_binary (props, BM_PST_TAG (0x600a, 0x1102), datas, 2);
  g_autoptr (BmItem) item = round_trip (fixture);
  gint64 when;
  g_assert_cmpint (bm_props_int (item->props, 0x6001, 0), ==, -5);
  g_assert_cmpint (bm_props_int (item->props, 0x6002, 0), ==, -70000);
  g_assert_cmpint (bm_props_int (item->props, 0x6003, 0), ==, G_GINT64_CONSTANT (-5000000000));
  g_assert_true (bm_props_bool (item->props, 0x6004, FALSE));
  g_assert_cmpfloat (bm_props_get (item->props, 0x6005)->real, ==, 0.25);
  g_assert_true (bm_props_time (item->props, 0x6006, &when));
  g_assert_cmpint (when, ==, 1500000000);
  g_assert_cmpmem (g_bytes_get_data (bm_props_data (item->props, 0x6007), NULL), 16,
                   "0123456789abcdef", 16);
  const GArray *integers = bm_props_get (item->props, 0x6008)->integers;
  g_assert_cmpuint (integers->len, ==, 3);
  g_assert_cmpint (g_array_index (integers, gint64, 1), ==, -2);
  const GPtrArray *texts = bm_props_get (item->props, 0x6009)->texts;
  g_assert_cmpuint (texts->len, ==, 3);
  for (guint i = 0; i < 3; i++)
    g_assert_cmpstr (g_ptr_array_index (texts, i), ==, words[i]);
  const GPtrArray *many = bm_props_get (item->props, 0x600a)->datas;
  g_assert_cmpuint (many->len, ==, 2);
  g_assert_true (g_bytes_equal (g_ptr_array_index (many, 0), bytes));
  g_assert_true (g_bytes_equal (g_ptr_array_index (many, 1), none));
  g_assert_cmpuint (item->notes, ==, 0);
}

/* libpff answers a question for 0x0017 with the CalendarAssistant's LID 0x0017. */
static void
test_names (Fixture *fixture, gconstpointer data)
{
  const gchar *const words[] = {"Yellow", "Green", NULL};
  g_autofree gchar *longer = g_strnfill (600, 'x');
  BmPstProps *props = fixture->props;
  guint16 lid = bm_pst_writer_named_lid (fixture->writer, bm_pst_psetid_calendar_assistant, 0x0017);
  guint16 keywords =
      bm_pst_writer_named_string (fixture->writer, bm_pst_ps_public_strings, "Keywords");
  guint16 unpronounceable =
      bm_pst_writer_named_string (fixture->writer, bm_pst_ps_internet_headers, longer);
  bm_pst_props_int32 (props, BM_PST_TAG (lid, 0x0003), 77);
  bm_pst_props_int32 (props, BM_PST_TAG (0x0017, 0x0003), 2);
  bm_pst_props_mv_string (props, BM_PST_TAG (keywords, 0x101f), words);
  bm_pst_props_string (props, BM_PST_TAG (unpronounceable, 0x001f), "value");
  g_autoptr (BmItem) item = round_trip (fixture);
  g_assert_cmpint (bm_props_int (item->props, 0x0017, 0), ==, 2);
  const BmProp *named = bm_props_get_lid (item->props, bm_pst_psetid_calendar_assistant, 0x0017);
  g_assert_nonnull (named);
  g_assert_cmpint (named->integer, ==, 77);
  g_assert_null (bm_props_get_lid (item->props, bm_pst_psetid_meeting, 0x0017));
  named = bm_props_get_name (item->props, bm_pst_ps_public_strings, "Keywords");
  g_assert_nonnull (named);
  g_assert_cmpstr (g_ptr_array_index (named->texts, 1), ==, "Green");
  g_assert_null (bm_props_get_name (item->props, bm_pst_ps_internet_headers, "Keywords"));
}

/* 8-bit strings: 0x3FFD, else 0x3FDE, else windows-1252; a code page that does not exist counts as
 * none, and UTF-16 is no code page of bytes. */
static void
test_code_pages (Fixture *fixture, gconstpointer data)
{
  static const struct {
    gint32 message, internet;
    const gchar *bytes, *text;
  } cases[] = {{1251, 65001, "\xcf\xf0\xe8\xe2\xe5\xf2", "Привет"},
               {0, 932, "\x93\xfa\x96\x7b", "日本"},
               {99999, 28592, "\xb3", "ł"},
               {1200, 65001, "\xc3\xa9", "é"},
               {0, 0, "\x80", "€"}};
  const guint at = GPOINTER_TO_UINT (data);
  bm_pst_props_string8 (fixture->props, BM_PST_TAG (0x6001, 0x001e), cases[at].bytes, -1);
  if (cases[at].message != 0)
    bm_pst_props_int32 (fixture->props, BM_PST_TAG (0x3ffd, 0x0003), cases[at].message);
  if (cases[at].internet != 0)
    bm_pst_props_int32 (fixture->props, BM_PST_TAG (0x3fde, 0x0003), cases[at].internet);
  g_autoptr (BmItem) item = round_trip (fixture);
  g_assert_cmpstr (bm_props_text (item->props, 0x6001), ==, cases[at].text);
}

/* Lossy rather than lost: half characters, bytes that say they are UTF-16 (seen in OSTs), lists
 * whose offsets lead outside. */
static void
test_wrong_values (Fixture *fixture, gconstpointer data)
{
  static const gchar list[] = "\3\0\0\0\x10\0\0\0\x12\0\0\0\x14\0\1\0a\0b\0c\0";
  BmPstProps *props = fixture->props;
  bm_pst_props_raw (props, BM_PST_TAG (0x001a, 0x001f), "IPM.Note.Custom!", 16);
  bm_pst_props_raw (props, BM_PST_TAG (0x6001, 0x001f), "a\0\x3d\xd8z\0", 6);
  bm_pst_props_raw (props, BM_PST_TAG (0x6002, 0x001f), "odd", 3);
  bm_pst_props_raw (props, BM_PST_TAG (0x6003, 0x001f), "\x49\x50\x46\x2e", 4);
  bm_pst_props_raw (props, BM_PST_TAG (0x6004, 0x101f), list, sizeof list - 1);
  g_autoptr (BmItem) item = round_trip (fixture);
  g_assert_cmpstr (item->message_class, ==, "IPM.Note.Custom!");
  g_assert_cmpstr (bm_props_text (item->props, 0x6001), ==, "a\xef\xbf\xbdz");
  g_assert_true (NOTE (item, CHARSET_LOSSY));
  g_assert_cmpstr (bm_props_text (item->props, 0x6002), ==, "odd");
  g_assert_cmpstr (bm_props_text (item->props, 0x6003), ==, "偉⹆"); /* that may be Chinese */
  const BmProp *several = bm_props_get (item->props, 0x6004);
  g_assert_nonnull (several);
  g_assert_cmpuint (several->texts->len, ==, 1);
  g_assert_cmpstr (g_ptr_array_index (several->texts, 0), ==, "a");
  g_assert_true (NOTE (item, UNREADABLE_PROPERTY));
}

/* More attachments than are read: that is said. */
static void
test_too_many (Fixture *fixture, gconstpointer data)
{
  const guint n = 10001;
  g_autofree BmPstAttachment *attachments = g_new0 (BmPstAttachment, n);
  BmPstMessage message = {.props = fixture->props, .attachments = attachments, .n_attachments = n};
  for (guint i = 0; i < n; i++)
    attachments[i] = (BmPstAttachment){.data = "x", .size = 1};
  guint32 nid = bm_pst_writer_add_message (fixture->writer, fixture->inbox, &message);
  open_it (fixture);
  g_autoptr (BmPstWindow) window = bm_pst_window_open (fixture->pst, &nid, 1, NULL);
  g_autoptr (BmItem) item = bm_pst_window_read (window, 0, NULL);
  g_assert_nonnull (item);
  g_assert_cmpuint (item->attachments->len, ==, 10000);
  g_assert_true (NOTE (item, ATTACHMENT_DAMAGED));
}

static const BmFolder *
folder_named (const Fixture *fixture, const gchar *name)
{
  for (guint i = 0; i < fixture->census->folders->len; i++) {
    const BmFolder *folder = g_ptr_array_index (fixture->census->folders, i);
    if (g_str_equal (folder->name, name))
      return folder;
  }
  g_test_message ("no folder %s", name);
  g_assert_not_reached ();
}

/* Entry ids say what a folder is, whatever its name; a name says it only where they do not. */
static void
test_entry_ids (Fixture *fixture, gconstpointer data)
{
  BmPstWriter *writer = fixture->writer;
  guint32 in = bm_pst_writer_add_folder (writer, 0, "Arrivals", "IPF.Note", NULL);
  guint32 sent = bm_pst_writer_add_folder (writer, 0, "Departures", "IPF.Note", NULL);
  guint32 drafts = bm_pst_writer_add_folder (writer, 0, "Unfinished", "IPF.Note", NULL);
  guint32 junk = bm_pst_writer_add_folder (writer, 0, "Rubbish", "IPF.Note", NULL);
  guint32 sync = bm_pst_writer_add_folder (writer, 0, "Log", "IPF.Note", NULL);
  guint8 ids[5][24], id[24];
  GBytes *list[5];
  bm_pst_writer_add_folder (writer, 0, "Sent Items", "IPF.Note", NULL);
  bm_pst_writer_add_folder (writer, 0, "Drafts", "IPF.Appointment", NULL);
  bm_pst_writer_add_folder (writer, 0, "Outbox", "IPF.Note", NULL);
  bm_pst_writer_receive_folder (writer, in);
  bm_pst_writer_entry_id (writer, sent, id);
  bm_pst_props_binary (bm_pst_writer_node_props (writer, BM_PST_NID_STORE),
                       BM_PST_TAG (0x35e4, 0x0102), id, sizeof id);
  bm_pst_writer_entry_id (writer, drafts, id);
  bm_pst_props_binary (bm_pst_writer_node_props (writer, in), BM_PST_TAG (0x36d7, 0x0102), id,
                       sizeof id);
  for (guint i = 0; i < 5; i++) {
    bm_pst_writer_entry_id (writer, i == 4 ? junk : sync, ids[i]);
    list[i] = g_bytes_new_static (ids[i], sizeof ids[i]);
  }
  bm_pst_props_mv_binary (bm_pst_writer_node_props (writer, BM_PST_NID_ROOT),
                          BM_PST_TAG (0x36d8, 0x1102), list, 5);
  for (guint i = 0; i < 5; i++)
    g_bytes_unref (list[i]);
  open_it (fixture);
  g_assert_cmpint (folder_named (fixture, "Arrivals")->role, ==, BM_ROLE_INBOX);
  g_assert_cmpint (folder_named (fixture, "Inbox")->role, ==, BM_ROLE_NONE);
  g_assert_cmpint (folder_named (fixture, "Departures")->role, ==, BM_ROLE_SENT);
  g_assert_cmpint (folder_named (fixture, "Sent Items")->role, ==, BM_ROLE_NONE);
  g_assert_cmpint (folder_named (fixture, "Unfinished")->role, ==, BM_ROLE_DRAFTS);
  g_assert_cmpint (folder_named (fixture, "Drafts")->role, ==, BM_ROLE_NONE);
  g_assert_cmpint (folder_named (fixture, "Rubbish")->role, ==, BM_ROLE_JUNK);
  g_assert_cmpint (folder_named (fixture, "Outbox")->role, ==, BM_ROLE_OUTBOX);
  g_assert_cmpint (folder_named (fixture, "Log")->rule, ==, BM_RULE_SYNC_ISSUES);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(name, func, data) g_test_add (name, Fixture, data, set_up, func, tear_down)
  ADD ("/props/types", test_types, NULL);
  ADD ("/props/names", test_names, NULL);
  for (guint i = 0; i < 5; i++) {
    g_autofree gchar *name = g_strdup_printf ("/props/code-pages/%u", i);
    ADD (name, test_code_pages, GUINT_TO_POINTER (i));
  }
  ADD ("/props/wrong-values", test_wrong_values, NULL);
  ADD ("/props/too-many", test_too_many, NULL);
  ADD ("/props/entry-ids", test_entry_ids, NULL);
  return g_test_run ();
}
