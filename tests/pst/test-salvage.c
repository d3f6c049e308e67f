/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The salvage path. Of sound items it gives exactly what libpff gives, on every file there is;
 * of broken ones what is not broken; of any bytes at all no crash. */
#include "pst/pst-digest.h"

#include "base/bm-spool.h"
#include "bm-corpus.h"
#include "bm-pst-damage.h"
#include "bm-pst-sample.h"
#include "pst/bm-pst-remains.h"
#include "pst/bm-pst-salvage.h"
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

/* ---- equality with libpff ---- */

static gchar *
value_of (const BmProp *prop)
{
  g_autoptr (GString) text = g_string_new (NULL);
  g_string_printf (text, "%" G_GINT64_FORMAT " %g %s", prop->integer, prop->real,
                   prop->text != NULL ? prop->text : "");
  if (prop->data != NULL) {
    g_autofree gchar *sum = g_compute_checksum_for_bytes (G_CHECKSUM_SHA1, prop->data);
    g_string_append_printf (text, " data %s", sum);
  }
  for (guint i = 0; prop->texts != NULL && i < prop->texts->len; i++)
    g_string_append_printf (text, " \"%s\"", (gchar *) g_ptr_array_index (prop->texts, i));
  for (guint i = 0; prop->datas != NULL && i < prop->datas->len; i++) {
    g_autofree gchar *sum =
        g_compute_checksum_for_bytes (G_CHECKSUM_SHA1, g_ptr_array_index (prop->datas, i));
    g_string_append_printf (text, " data %s", sum);
  }
  for (guint i = 0; prop->integers != NULL && i < prop->integers->len; i++)
    g_string_append_printf (text, " %" G_GINT64_FORMAT, g_array_index (prop->integers, gint64, i));
  g_string_append_printf (text, " lid %x name %s", prop->name.lid,
                          prop->name.name != NULL ? prop->name.name : "-");
  for (guint i = 0; i < sizeof prop->name.guid; i++)
    if (prop->name.guid[i] != 0)
      g_string_append_printf (text, " %u:%02x", i, prop->name.guid[i]);
  return g_string_free (g_steal_pointer (&text), FALSE);
}

static const BmProp *
find_prop (const BmProps *props, const BmProp *like)
{
  for (guint i = 0; i < bm_props_size (props); i++) {
    const BmProp *prop = bm_props_at (props, i);
    if (prop->id == like->id && prop->type == like->type)
      return prop;
  }
  return NULL;
}

static gboolean
is_empty (const BmProp *prop)
{
  return prop->integer == 0 && prop->real == 0 && (prop->text == NULL || *prop->text == '\0') &&
         (prop->data == NULL || g_bytes_get_size (prop->data) == 0);
}

/* In a table libpff takes cells that do not exist ([MS-PST] 2.3.4.4.1) for empty ones; we leave them
 * out. */
static gboolean
same_props (const gchar *what, const BmProps *ours, const BmProps *theirs, gboolean table)
{
  gboolean same = TRUE;
  guint common = 0;
  for (guint i = 0; i < bm_props_size (theirs); i++) {
    const BmProp *b = bm_props_at (theirs, i), *a = find_prop (ours, b);
    g_autofree gchar *x = a != NULL ? value_of (a) : g_strdup ("missing"), *y = value_of (b);
    common += a != NULL;
    if ((a != NULL && g_str_equal (x, y)) || (a == NULL && table && is_empty (b)))
      continue;
    g_test_message ("%s %04x%04x: %s; libpff %s", what, b->id, b->type, x, y);
    same = FALSE;
  }
  if (common == bm_props_size (ours))
    return same;
  g_test_message ("%s: %u properties that libpff has not", what, bm_props_size (ours) - common);
  return FALSE;
}

static gboolean
same_data (const BmAttachment *a, const BmAttachment *b)
{
  if (a->data == NULL || b->data == NULL)
    return a->data == b->data;
  return g_bytes_equal (bm_spool_bytes (a->data, NULL), bm_spool_bytes (b->data, NULL));
}

/* Notes are those of the way, and compared only where both ways are sound. */
static gboolean
same_item (const BmItem *ours, const BmItem *theirs, gboolean notes)
{
  gint n = ours->recipients != NULL ? (gint) ours->recipients->len : -1;
  gint m = theirs->recipients != NULL ? (gint) theirs->recipients->len : -1;
  guint k = ours->attachments->len;
  gboolean same = same_props ("item", ours->props, theirs->props, FALSE);
  if (!g_str_equal (ours->message_class, theirs->message_class) ||
      ours->codepage != theirs->codepage || (notes && ours->notes != theirs->notes) || n != m ||
      k != theirs->attachments->len) {
    g_test_message ("%s, %u, notes %" G_GINT64_MODIFIER "x, %d recipients, %u attachments; "
                    "libpff %s, %u, %" G_GINT64_MODIFIER "x, %d, %u",
                    ours->message_class, ours->codepage, ours->notes, n, k, theirs->message_class,
                    theirs->codepage, theirs->notes, m, theirs->attachments->len);
    return FALSE;
  }
  for (gint i = 0; i < n; i++)
    same &= same_props ("recipient", g_ptr_array_index (ours->recipients, i),
                        g_ptr_array_index (theirs->recipients, i), TRUE);
  for (guint i = 0; i < k; i++) {
    const BmAttachment *a = g_ptr_array_index (ours->attachments, i);
    const BmAttachment *b = g_ptr_array_index (theirs->attachments, i);
    same &= same_props ("attachment", a->props, b->props, FALSE);
    if (a->method != b->method || a->damaged != b->damaged || !same_data (a, b) ||
        (a->embedded != NULL) != (b->embedded != NULL)) {
      g_test_message ("attachment %u: method %d, damaged %d; libpff %d, %d", i, a->method,
                      a->damaged, b->method, b->damaged);
      same = FALSE;
    } else if (a->embedded != NULL) {
      same &= same_item (a->embedded, b->embedded, notes);
    }
  }
  return same;
}

/* Every item of the file by both ways. Returns how many were compared. */
static guint
compare_file (const gchar *path)
{
  gint fd = open (path, O_RDONLY | O_CLOEXEC);
  guint compared = 0, different = 0;
  g_assert_cmpint (fd, >=, 0);
  g_autoptr (BmPst) pst = bm_pst_open_fd (fd, NULL, NULL);
  g_autoptr (BmCensus) census = pst != NULL ? bm_pst_census (pst, NULL) : NULL;
  for (guint i = 0; census != NULL && i < census->items->len; i++) {
    guint32 nid = g_array_index (census->items, BmCensusItem, i).nid;
    g_autoptr (BmPstWindow) window = bm_pst_window_open (pst, &nid, 1, NULL);
    g_autoptr (BmItem) theirs = bm_pst_window_read (window, 0, NULL);
    if (theirs == NULL || bm_notes_has (theirs->notes, BM_NOTE_SALVAGED))
      continue;
    g_autoptr (BmItem) ours = bm_pst_salvage_item (pst, nid, NULL);
    g_assert_nonnull (ours);
    compared++;
    if (same_item (ours, theirs, TRUE))
      continue;
    g_test_message ("item %08x differs", nid);
    different++;
  }
  close (fd);
  g_assert_cmpuint (different, ==, 0);
  return compared;
}

static void
test_equal (gconstpointer data)
{
  g_test_message ("%u items are the same", compare_file (data));
}

/* ---- broken files ---- */

typedef struct {
  gchar *directory, *path, *sound;
  gint fd;
  BmPst *pst;
  BmCensus *census;
} Fixture;

static void
set_up (Fixture *fixture, gconstpointer data)
{
  fixture->directory = g_dir_make_tmp ("bm-salvage-XXXXXX", NULL);
  fixture->path = g_build_filename (fixture->directory, "x.pst", NULL);
  fixture->sound = g_build_filename (fixture->directory, "sound.pst", NULL);
  fixture->fd = -1;
}

static void
close_it (Fixture *fixture)
{
  g_clear_pointer (&fixture->census, bm_census_free);
  g_clear_pointer (&fixture->pst, bm_pst_close);
  if (fixture->fd >= 0)
    close (fixture->fd);
  fixture->fd = -1;
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  close_it (fixture);
  g_unlink (fixture->path);
  g_unlink (fixture->sound);
  g_rmdir (fixture->directory);
  g_free (fixture->path);
  g_free (fixture->sound);
  g_free (fixture->directory);
}

static void
open_it (Fixture *fixture)
{
  g_autoptr (GError) error = NULL;
  close_it (fixture);
  fixture->fd = open (fixture->path, O_RDONLY | O_CLOEXEC);
  fixture->pst = bm_pst_open_fd (fixture->fd, NULL, &error);
  g_assert_no_error (error);
  fixture->census = bm_pst_census (fixture->pst, &error);
  g_assert_no_error (error);
}

static void
open_case (Fixture *fixture, const gchar *name, const BmPstWriterOptions *options)
{
  g_autoptr (GError) error = NULL;
  g_assert_true (bm_pst_case_write (fixture->path, name, options, &error));
  g_assert_no_error (error);
  open_it (fixture);
}

static BmItem *
read_item (Fixture *fixture, guint32 nid)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (BmPstWindow) window = bm_pst_window_open (fixture->pst, &nid, 1, &error);
  BmItem *item = bm_pst_window_read (window, 0, &error);
  if (item == NULL)
    g_test_message ("item %08x: %s", nid, error->message);
  return item;
}

static const BmAttachment *
attachment_of (const BmItem *item, guint index)
{
  g_assert_cmpuint (item->attachments->len, >, index);
  return g_ptr_array_index (item->attachments, index);
}

static void
assert_data (const BmAttachment *attachment, const gchar *text)
{
  gsize size = 0;
  g_assert_false (attachment->damaged);
  g_assert_nonnull (attachment->data);
  const gchar *data = g_bytes_get_data (bm_spool_bytes (attachment->data, NULL), &size);
  g_assert_cmpmem (data, size, text, strlen (text));
}

#define ITEMS                                                                                      \
  (BM_PST_SAMPLE_MAILS + BM_PST_SAMPLE_NOT_MAIL + BM_PST_SAMPLE_ASSOCIATED + BM_PST_SAMPLE_HIDDEN)

#define SALVAGED(item) bm_notes_has ((item)->notes, BM_NOTE_SALVAGED)
#define LOST(item)     bm_notes_has ((item)->notes, BM_NOTE_UNREADABLE_PROPERTY)

/* Dossier 78: a property whose type does not exist costs itself, not the item. */
static void
test_unsupported (Fixture *fixture, gconstpointer data)
{
  const BmPstWriterOptions *options = data;
  open_case (fixture, "unsupported-type", options);
  for (guint i = 0; i < 3; i++) {
    g_autofree gchar *subject = g_strdup_printf ("Message %u", i);
    g_autoptr (BmItem) item = read_item (fixture, BM_PST_SAMPLE_NID_FIRST + 0x20 * i);
    g_assert_nonnull (item);
    g_assert_cmpstr (bm_props_text (item->props, 0x0037), ==, subject);
    g_assert_cmpstr (bm_props_text (item->props, 0x1000), ==, "Text\r\n");
    g_assert_cmpint (SALVAGED (item), ==, i == 1);
    g_assert_cmpint (LOST (item), ==, i == 1);
  }
}

static void
test_unsupported_parts (Fixture *fixture, gconstpointer data)
{
  open_case (fixture, "unsupported-parts", data);
  g_autoptr (BmItem) item = read_item (fixture, BM_PST_SAMPLE_NID_FIRST);
  g_assert_nonnull (item);
  g_assert_true (SALVAGED (item) && LOST (item));
  g_assert_cmpstr (bm_props_text (item->props, 0x0037), ==, "Outer");
  g_assert_cmpuint (item->recipients->len, ==, 1);
  const BmProps *to = g_ptr_array_index (item->recipients, 0);
  g_assert_cmpstr (bm_props_text (to, 0x39fe), ==, "somebody@example.org");
  g_assert_cmpuint (item->attachments->len, ==, 2);
  assert_data (attachment_of (item, 0), "outside\r\n");
  g_assert_cmpstr (bm_props_text (attachment_of (item, 0)->props, 0x3707), ==, "outside.txt");
  const BmItem *inner = attachment_of (item, 1)->embedded;
  g_assert_nonnull (inner);
  g_assert_cmpstr (bm_props_text (inner->props, 0x0037), ==, "Inner");
  g_assert_true (LOST (inner));
  assert_data (attachment_of (inner, 0), "inside\r\n");
}

/* Sound files, in every format and encoding that the writer has. */
static void
test_sample (Fixture *fixture, gconstpointer data)
{
  g_assert_true (bm_pst_sample_write (fixture->path, data, NULL));
  g_assert_cmpuint (compare_file (fixture->path), ==, ITEMS);
}

/* Each item of the broken file against the same of the sound one. expected: how many are there, and
 * how many of those go the salvage path. */
static void
compare_with_sound (Fixture *fixture, const BmPstWriterOptions *options, guint expected,
                    guint salvaged)
{
  guint there = 0, by_salvage = 0, different = 0;
  g_assert_true (bm_pst_sample_write (fixture->sound, options, NULL));
  gint fd = open (fixture->sound, O_RDONLY | O_CLOEXEC);
  g_autoptr (BmPst) sound = bm_pst_open_fd (fd, NULL, NULL);
  g_autoptr (BmCensus) census = bm_pst_census (sound, NULL);
  for (guint i = 0; i < census->items->len; i++) {
    const BmCensusItem *one = &g_array_index (census->items, BmCensusItem, i);
    g_autoptr (BmPstWindow) window = bm_pst_window_open (sound, &one->nid, 1, NULL);
    g_autoptr (BmItem) theirs = bm_pst_window_read (window, 0, NULL);
    if (bm_pst_node (fixture->pst, one->nid) == NULL)
      continue;
    g_autoptr (BmItem) ours = read_item (fixture, one->nid);
    g_assert_nonnull (ours);
    there++;
    by_salvage += SALVAGED (ours);
    different += !same_item (ours, theirs, FALSE);
  }
  g_test_message ("%u of %u items are there, %u salvaged, %u differ", there, census->items->len,
                  by_salvage, different);
  close (fd);
  g_assert_cmpuint (there, ==, expected);
  g_assert_cmpuint (fixture->census->items->len, ==, expected);
  g_assert_cmpuint (by_salvage, ==, salvaged);
  g_assert_cmpuint (different, ==, 0);
}

typedef struct {
  const gchar *name;
  guint lost, salvaged, salvaged_ansi; /* how many depends on what lies on the page */
  const gchar *warning;                /* a part of one; NULL: none */
  gboolean no_tables;                  /* folders list nothing, as what was deleted is not listed */
} Index;

/* Lost pages of the indexes. An older copy of a leaf names what is still there, and nothing else; the
 * item of leaf-old whose data is gone was deleted since. */
static const Index indexes[] = {
    {"nbt-root", 0, 0, 0, "97 nodes that the index has lost were found"},
    {"nbt-loop", 0, 0, 0, "nodes that the index has lost were found"},
    {"bbt-root", 0, ITEMS, ITEMS, "the index of blocks is damaged"},
    {"bbt-old", 0, 7, 14, "the index of blocks is damaged"},
    {"bbt-leaf-lost", 0, ITEMS, ITEMS, "the index of blocks is damaged"},
    {"leaf-old", 1, 0, 0, "13 nodes that the index has lost were found", TRUE},
    {"header-old", 0, 0, 0, "the header is older than the file"},
    {"header-crc", 0, 0, 0, "checksum is wrong"},
    {"tail-lost", 0, 0, 0, "the file is shorter than it says"},
    {"attachment-table", 0, 1, 1, NULL},
};

static void
test_index (Fixture *fixture, gconstpointer data)
{
  static const BmPstWriterOptions kinds[] = {{.crypt = BM_PST_WRITE_CRYPT_COMPRESSIBLE},
                                             {.crypt = BM_PST_WRITE_CRYPT_HIGH}};
  const Index *index = data;
  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++) {
    BmPstWriterOptions options = kinds[i];
    guint told = 0;
    options.no_contents_tables = index->no_tables;
    open_case (fixture, index->name, &options);
    compare_with_sound (fixture, &options, ITEMS - index->lost, index->salvaged);
    for (guint k = 0; k < fixture->census->warnings->len; k++) {
      const gchar *warning = g_ptr_array_index (fixture->census->warnings, k);
      g_test_message ("%s", warning);
      told += index->warning != NULL && strstr (warning, index->warning) != NULL;
    }
    g_assert_cmpuint (told, ==, index->warning != NULL);
  }
}

/* ANSI files have other numbers of pages; what holds is that all is there. */
static void
test_index_ansi (Fixture *fixture, gconstpointer data)
{
  const Index *index = data;
  const BmPstWriterOptions ansi = {.format = BM_PST_WRITE_ANSI,
                                   .no_contents_tables = index->no_tables};
  open_case (fixture, index->name, &ansi);
  compare_with_sound (fixture, &ansi, ITEMS - index->lost, index->salvaged_ansi);
}

/* A leaf page of the node tree that is lost without an older copy: messages on it are known from the
 * tables of their folders, and are there with subject and sender at least, and say that they are not
 * whole. */
static void
test_listed (Fixture *fixture, gconstpointer options)
{
  guint listed = 0;
  open_case (fixture, "leaf-lost", options);
  g_assert_true (bm_pst_sample_write (fixture->sound, options, NULL));
  gint fd = open (fixture->sound, O_RDONLY | O_CLOEXEC);
  g_autoptr (BmPst) sound = bm_pst_open_fd (fd, NULL, NULL);
  bm_pst_walk (sound);
  g_assert_cmpuint (fixture->census->items->len, >=, ITEMS - BM_PST_SAMPLE_ASSOCIATED);
  for (guint i = 0; i < fixture->census->items->len; i++) {
    guint32 nid = g_array_index (fixture->census->items, BmCensusItem, i).nid;
    g_autoptr (BmItem) item = read_item (fixture, nid);
    g_assert_nonnull (item);
    if (bm_pst_node (fixture->pst, nid)->data != 0)
      continue;
    listed++;
    g_assert_true (SALVAGED (item) && LOST (item) && item->damaged);
    g_autoptr (BmItem) whole = bm_pst_salvage_item (sound, nid, NULL);
    g_assert_cmpstr (bm_props_text (item->props, 0x0037), ==, bm_props_text (whole->props, 0x0037));
    g_assert_cmpstr (item->message_class, ==, whole->message_class);
    g_assert_cmpint (bm_props_int (item->props, 0x0e07, 0), ==,
                     bm_props_int (whole->props, 0x0e07, 0));
  }
  close (fd);
  g_assert_cmpuint (listed, >, 0);
  g_assert_cmpuint (fixture->pst->listed, >=, listed);
}

/* A folder whose properties are lost has its name still: the folder above lists it. */
static void
test_folder_lost (Fixture *fixture, gconstpointer options)
{
  g_assert_true (bm_pst_sample_write (fixture->path, options, NULL));
  g_assert_true (
      bm_pst_damage (fixture->path, BM_PST_DAMAGE_BLOCK_ZEROED, BM_PST_SAMPLE_NID_INBOX, NULL));
  open_it (fixture);
  const BmFolder *inbox = bm_census_folder (fixture->census, BM_PST_SAMPLE_NID_INBOX);
  g_assert_cmpstr (inbox->name, ==, "Inbox");
  g_assert_cmpstr (inbox->path, ==, "Inbox");
  g_assert_cmpint (inbox->role, ==, BM_ROLE_INBOX);
  g_assert_true (inbox->damaged);
  g_assert_cmpuint (fixture->census->warnings->len, ==, 1);
  g_assert_nonnull (strstr (g_ptr_array_index (fixture->census->warnings, 0), "name is known"));
}

/* A header that libpff takes for none of a PST: not one window opens. */
static void
test_no_window (Fixture *fixture, gconstpointer data)
{
  g_autofree gchar *bytes = NULL;
  gsize size;
  g_assert_true (bm_pst_sample_write (fixture->path, data, NULL));
  g_assert_true (g_file_get_contents (fixture->path, &bytes, &size, NULL));
  bytes[8] = bytes[9] = 'X'; /* wMagicClient, [MS-PST] 2.2.2.6 */
  g_assert_true (g_file_set_contents (fixture->path, bytes, (gssize) size, NULL));
  open_it (fixture);
  compare_with_sound (fixture, data, ITEMS, ITEMS);
  for (guint i = 0; i < fixture->census->folders->len; i++)
    g_assert_false (((const BmFolder *) g_ptr_array_index (fixture->census->folders, i))->damaged);
}

/* A recipient table that is gone is gone both ways: nothing is salvaged. Of an attachment libpff gives
 * nothing when one block is lost; what stands before it can be had. */
static void
test_both_lost (Fixture *fixture, gconstpointer data)
{
  open_case (fixture, "recipient-table", data);
  g_autoptr (BmItem) item = read_item (fixture, BM_PST_SAMPLE_NID_FIRST);
  g_assert_nonnull (item);
  g_assert_false (SALVAGED (item));
  g_assert_true (LOST (item));
  g_assert_true (item->recipients == NULL || item->recipients->len == 0);
  open_case (fixture, "attachment-zeroed", data);
  g_autoptr (BmItem) documents = read_item (fixture, BM_PST_SAMPLE_NID_DOCUMENTS);
  g_assert_nonnull (documents);
  g_assert_true (SALVAGED (documents));
  g_assert_true (attachment_of (documents, 0)->damaged);
  gsize size = bm_spool_size (attachment_of (documents, 0)->data);
  g_assert_cmpuint (size, >, 8000);
  g_assert_cmpuint (size, <, 57344);
}

static gssize
read_x (gpointer user_data, guint8 *buffer, gsize size)
{
  guint64 *left = user_data;
  gsize n = MIN (size, *left);
  memset (buffer, 'x', n);
  *left -= n;
  return (gssize) n;
}

/* Large attachments, also of a message inside, come this way for the sake of memory, and arrive as
 * ever. */
static void
test_large (Fixture *fixture, gconstpointer data)
{
  static const struct {
    guint64 size;
    gboolean inside, large;
  } cases[] = {{8u << 20, FALSE, FALSE}, {17u << 20, FALSE, TRUE}, {17u << 20, TRUE, TRUE}};
  g_autoptr (GError) error = NULL;
  guint32 nids[G_N_ELEMENTS (cases)];
  BmPstWriter *writer = bm_pst_writer_new (fixture->path, data, &error);
  g_assert_no_error (error);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    guint64 left = cases[i].size;
    BmPstAttachment file = {.read = read_x, .user_data = &left};
    BmPstMessage mail = {.attachments = &file, .n_attachments = 1};
    BmPstAttachment embedding = {.embedded = &mail};
    BmPstMessage outer = {.attachments = &embedding, .n_attachments = 1};
    nids[i] =
        bm_pst_writer_add_message (writer, BM_PST_NID_DELETED, cases[i].inside ? &outer : &mail);
  }
  g_assert_true (bm_pst_writer_close (writer, &error));
  open_it (fixture);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_assert_cmpint (bm_pst_salvage_is_large (fixture->pst, nids[i]), ==, cases[i].large);
    g_autoptr (BmItem) item = read_item (fixture, nids[i]);
    g_assert_false (SALVAGED (item));
    const BmItem *mail = cases[i].inside ? attachment_of (item, 0)->embedded : item;
    g_assert_false (attachment_of (mail, 0)->damaged);
    g_assert_cmpuint (bm_spool_size (attachment_of (mail, 0)->data), ==, cases[i].size);
  }
}

/* A node of which nothing is left, also not in its folder's table, is no item, whoever reads it. */
static void
test_nothing (Fixture *fixture, gconstpointer data)
{
  BmPstWriterOptions options = *(const BmPstWriterOptions *) data;
  g_autoptr (GError) error = NULL;
  options.no_contents_tables = TRUE;
  open_case (fixture, "block-zeroed", &options);
  guint32 nid = BM_PST_SAMPLE_NID_FIRST;
  g_autoptr (BmPstWindow) window = bm_pst_window_open (fixture->pst, &nid, 1, NULL);
  g_assert_null (bm_pst_window_read (window, 0, &error));
  g_assert_error (error, BM_ERROR, BM_CAUSE_UNREADABLE);
  g_assert_nonnull (strstr (error->message, "libpff"));
  g_clear_error (&error);
  g_assert_null (bm_pst_salvage_item (fixture->pst, nid, &error));
  g_assert_error (error, BM_ERROR, BM_CAUSE_UNREADABLE);
  g_clear_error (&error);
  g_assert_null (bm_pst_salvage_item (fixture->pst, 0x7fffffe4, &error));
  g_assert_error (error, BM_ERROR, BM_CAUSE_UNREADABLE);
}

/* An incomplete copy is refused, not read in part. Lengthened with zeros, what is left is searched
 * for: here all but the root of a tree. */
static void
test_cut_off (Fixture *fixture, gconstpointer data)
{
  const BmPstWriterOptions *options = data;
  const gboolean ansi = options->format == BM_PST_WRITE_ANSI;
  g_autoptr (GError) error = NULL;
  g_autofree gchar *bytes = NULL;
  gsize size;
  g_assert_true (bm_pst_sample_write (fixture->path, options, NULL));
  g_assert_true (g_file_get_contents (fixture->path, &bytes, &size, NULL));
  guint64 nodes = bm_pst_writer_get ((guint8 *) bytes + (ansi ? 188 : 224), ansi ? 4 : 8);
  guint64 blocks = bm_pst_writer_get ((guint8 *) bytes + (ansi ? 196 : 240), ansi ? 4 : 8);
  g_assert_cmpint (truncate (fixture->path, (off_t) MAX (nodes, blocks)), ==, 0);
  fixture->fd = open (fixture->path, O_RDONLY | O_CLOEXEC);
  fixture->pst = bm_pst_open_fd (fixture->fd, NULL, NULL);
  g_assert_null (bm_pst_census (fixture->pst, &error));
  g_assert_error (error, BM_ERROR, BM_CAUSE_PST_UNREADABLE);
  g_autofree gchar *sizes = g_strdup_printf ("%" G_GUINT64_FORMAT " of %" G_GSIZE_FORMAT " bytes",
                                             MAX (nodes, blocks), size);
  g_assert_nonnull (strstr (error->message, sizes));
  g_assert_cmpint (truncate (fixture->path, (off_t) size), ==, 0);
  open_it (fixture);
  g_assert_cmpuint (fixture->census->items->len, ==, ITEMS);
}

/* With any budget, all that is read and copied together is no more than it, and what does not fit is
 * refused. */
static void
test_budget (Fixture *fixture, gconstpointer data)
{
  g_assert_true (bm_pst_sample_write (fixture->path, data, NULL));
  open_it (fixture);
  const BmPstNode *node = bm_pst_node (fixture->pst, BM_PST_SAMPLE_NID_DOCUMENTS);
  guint refused = 0;
  for (guint64 budget = 0; budget < 8192; budget += 32) {
    gboolean whole;
    guint64 copied = 0;
    BmPstBlocks blocks = {.pst = fixture->pst, .left = budget};
    g_autoptr (BmPstHeap) heap =
        bm_pst_heap_open (&blocks, node->data, node->sub, BM_PST_HEAP_PROPERTIES, NULL);
    if (heap == NULL)
      continue;
    g_autoptr (GArray) cells = bm_pst_heap_properties (heap, &whole);
    for (guint i = 0; i < 100 * cells->len; i++) {
      g_autofree guint8 *value = NULL;
      gsize size;
      refused += !bm_pst_heap_value (heap, &g_array_index (cells, BmPstCell, i % cells->len),
                                     &value, &size);
      g_assert_cmpint (value != NULL, ==, size > 0);
      copied += size > 8 ? size : 0; /* shorter ones stand in the record */
    }
    g_assert_cmpuint (copied, <=, budget);
    g_assert_cmpuint (blocks.left, <=, budget);
  }
  g_assert_cmpuint (refused, >, 0);
}

/* ---- any bytes ---- */

static guint32
next_random (guint32 *state)
{
  *state = *state * 1664525u + 1013904223u;
  return *state >> 8;
}

/* Where most structures are: at the begin and the end of 64-byte units, or anywhere. */
static void
mutate (guint8 *bytes, gsize size, guint32 *state)
{
  static const guint8 special[] = {0, 1, 2, 0x1f, 0x20, 0x7c, 0xbc, 0xec, 0xb5, 0x7f, 0x80, 0xff};
  for (guint i = 1 + next_random (state) % 64; i > 0; i--) {
    gsize at = 1024 + next_random (state) % (size - 1024);
    if (next_random (state) % 2 == 0)
      at = at / 64 * 64 + next_random (state) % 24;
    if (at < size)
      bytes[at] = next_random (state) % 2 == 0
                      ? special[next_random (state) % G_N_ELEMENTS (special)]
                      : (guint8) next_random (state);
  }
}

/* Not encrypted, so that a change of a byte is a change of a structure. Nothing is asserted but that
 * it ends well; sanitizers watch. */
static void
test_mutations (Fixture *fixture, gconstpointer data)
{
  BmPstWriterOptions options = {.crypt = BM_PST_WRITE_CRYPT_NONE};
  guint read = 0, refused = 0;
  options.format = (BmPstWriterFormat) GPOINTER_TO_INT (data);
  g_assert_true (bm_pst_sample_write (fixture->sound, &options, NULL));
  for (guint32 seed = 1; seed <= 150; seed++) {
    g_autofree gchar *bytes = NULL;
    gsize size;
    guint32 state = seed;
    g_assert_true (g_file_get_contents (fixture->sound, &bytes, &size, NULL));
    mutate ((guint8 *) bytes, size, &state);
    g_assert_true (g_file_set_contents_full (fixture->path, bytes, (gssize) size,
                                             G_FILE_SET_CONTENTS_NONE, 0600, NULL));
    close_it (fixture);
    fixture->fd = open (fixture->path, O_RDONLY | O_CLOEXEC);
    fixture->pst = bm_pst_open_fd (fixture->fd, NULL, NULL);
    g_assert_nonnull (fixture->pst);
    bm_pst_check_blocks (fixture->pst);
    bm_pst_walk (fixture->pst);
    bm_pst_find_lost (fixture->pst);
    bm_pst_find_listed (fixture->pst);
    for (guint i = 0; i < fixture->pst->nodes->len; i++) {
      guint32 nid = g_array_index (fixture->pst->nodes, BmPstNode, i).nid;
      g_autoptr (BmItem) item = bm_pst_salvage_item (fixture->pst, nid, NULL);
      read += item != NULL;
      refused += item == NULL;
    }
  }
  g_test_message ("%u nodes read, %u refused", read, refused);
  g_assert_cmpuint (read, >, 1000);
  g_assert_cmpuint (refused, >, 1000); /* tables are no items, too */
}

int
main (int argc, char **argv)
{
  static const BmPstWriterOptions kinds[] = {{.crypt = BM_PST_WRITE_CRYPT_COMPRESSIBLE},
                                             {.crypt = BM_PST_WRITE_CRYPT_NONE},
                                             {.crypt = BM_PST_WRITE_CRYPT_HIGH},
                                             {.format = BM_PST_WRITE_ANSI}};
  static const struct {
    const gchar *name;
    void (*run) (Fixture *fixture, gconstpointer data);
  } tests[] = {{"sample", test_sample},
               {"78-unsupported", test_unsupported},
               {"unsupported-parts", test_unsupported_parts},
               {"no-window", test_no_window},
               {"both-lost", test_both_lost},
               {"listed", test_listed},
               {"folder-lost", test_folder_lost},
               {"large", test_large},
               {"nothing", test_nothing},
               {"budget", test_budget},
               {"cut-off", test_cut_off}};
  g_test_init (&argc, &argv, NULL);
#define ADD(name, data, func) g_test_add (name, Fixture, data, set_up, func, tear_down)
  for (guint t = 0; t < G_N_ELEMENTS (tests); t++)
    for (guint i = 0; i < G_N_ELEMENTS (kinds); i++) {
      g_autofree gchar *name = g_strdup_printf ("/salvage/%s/%u", tests[t].name, i);
      ADD (name, &kinds[i], tests[t].run);
    }
  for (guint i = 0; i < G_N_ELEMENTS (indexes); i++) {
    g_autofree gchar *name = g_strconcat ("/salvage/index/", indexes[i].name, NULL);
    g_autofree gchar *ansi = g_strconcat (name, "-ansi", NULL);
    ADD (name, &indexes[i], test_index);
    ADD (ansi, &indexes[i], test_index_ansi);
  }
  ADD ("/salvage/mutations/unicode", GINT_TO_POINTER (BM_PST_WRITE_UNICODE), test_mutations);
  ADD ("/salvage/mutations/ansi", GINT_TO_POINTER (BM_PST_WRITE_ANSI), test_mutations);
  bm_corpus_add_tests ("/salvage/equal", test_equal);
  return g_test_run ();
}
