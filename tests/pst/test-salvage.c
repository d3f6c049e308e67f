/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The salvage path. Of sound items it gives exactly what libpff gives, on every file there is;
 * of broken ones what is not broken; of any bytes at all no crash. */
#include "pst/pst-digest.h"

#include "base/bm-spool.h"
#include "bm-pst-damage.h"
#include "bm-pst-sample.h"
#include "pst/bm-pst-salvage.h"
#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/wait.h>
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
  /* libpff gives numbers in PS_PUBLIC_STRINGS ([MS-PST] 2.4.7.1: wGuid 2) no set at all */
  if (prop->name.name == NULL && memcmp (prop->name.guid, bm_pst_ps_public_strings, 16) == 0)
    return g_string_free (g_steal_pointer (&text), FALSE);
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

static gboolean
same_item (const BmItem *ours, const BmItem *theirs)
{
  gint n = ours->recipients != NULL ? (gint) ours->recipients->len : -1;
  gint m = theirs->recipients != NULL ? (gint) theirs->recipients->len : -1;
  guint k = ours->attachments->len;
  gboolean same = same_props ("item", ours->props, theirs->props, FALSE);
  if (!g_str_equal (ours->message_class, theirs->message_class) ||
      ours->codepage != theirs->codepage || ours->notes != theirs->notes || n != m ||
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
      same &= same_item (a->embedded, b->embedded);
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
    if (same_item (ours, theirs))
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

static void
add_corpus (void)
{
  const gchar *named = g_getenv ("BM_CORPUS");
  g_autofree gchar *folder = named != NULL ? g_strdup (named)
                                           : g_build_filename (g_getenv ("BM_SOURCE_ROOT"), "..",
                                                               "shared", "corpus", NULL);
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  for (const gchar *name; dir != NULL && (name = g_dir_read_name (dir)) != NULL;) {
    if (!g_str_has_suffix (name, ".pst") && !g_str_has_suffix (name, ".ost"))
      continue;
    g_autofree gchar *test = g_strconcat ("/salvage/equal/", name, NULL);
    g_test_add_data_func_full (test, g_build_filename (folder, name, NULL), test_equal, g_free);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  add_corpus ();
  return g_test_run ();
}
