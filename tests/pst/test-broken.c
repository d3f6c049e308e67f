/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Every block of a file broken, one at a time, and what becomes of the messages made of its items: the
 * same bytes as before, or a note that something is lost; no item fails that has anything left, and
 * none goes missing. A broken page of the index of blocks costs nothing at all: blocks say themselves
 * which they are; one of the index of nodes nothing without a word. On the files of the PST writer and
 * every real file there is. */
#include "pst/bm-pst-salvage.h"

#include "base/bm-le.h"
#include "bm-corpus.h"
#include "bm-pst-sample.h"
#include <bm-pst-import/render.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* Readings of items for each way to break a block; of larger files some blocks are left out, and more
 * where sanitizers make each reading slow. */
#ifdef __SANITIZE_ADDRESS__
#define READINGS 300
#else
#define READINGS 2000
#endif

typedef struct {
  gchar *guid, *error; /* of the message; or why there is none */
  BmNotes notes;
} Outcome;

typedef struct {
  GHashTable *items; /* nid -> Outcome */
  gchar *warnings;   /* of the census, joined */
  gchar *error;      /* why there is no census */
} Reading;

static void
free_outcome (gpointer data)
{
  Outcome *outcome = data;
  g_free (outcome->guid);
  g_free (outcome->error);
  g_free (outcome);
}

static void
free_reading (Reading *reading)
{
  g_hash_table_unref (reading->items);
  g_free (reading->warnings);
  g_free (reading->error);
  g_free (reading);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Reading, free_reading)

static void
add_outcome (Reading *reading, guint32 nid, const BmItem *item, GError *why)
{
  const BmRenderContext context = {0};
  g_autoptr (GError) error = why;
  g_autoptr (BmMessage) message = item != NULL ? bm_render (item, &context, &error) : NULL;
  Outcome *outcome = g_new0 (Outcome, 1);
  if (message != NULL) {
    outcome->guid = g_malloc (41);
    bm_guid_to_hex (&message->guid, outcome->guid);
    outcome->notes = message->notes;
  } else {
    outcome->error = g_strdup (error->message);
  }
  g_hash_table_insert (reading->items, GUINT_TO_POINTER (nid), outcome);
}

static Reading *
read_all (gint fd)
{
  Reading *reading = g_new0 (Reading, 1);
  g_autoptr (GError) error = NULL;
  g_autoptr (GArray) nids = g_array_new (FALSE, FALSE, sizeof (guint32));
  g_autoptr (BmPst) pst = bm_pst_open_fd (fd, NULL, &error);
  g_autoptr (BmCensus) census = pst != NULL ? bm_pst_census (pst, &error) : NULL;
  reading->items = g_hash_table_new_full (NULL, NULL, NULL, free_outcome);
  if (census == NULL) {
    reading->error = g_strdup (error->message);
    return reading;
  }
  g_ptr_array_add (census->warnings, NULL);
  reading->warnings = g_strjoinv ("; ", (gchar **) census->warnings->pdata);
  g_ptr_array_set_size (census->warnings, (gint) census->warnings->len - 1);
  for (guint i = 0; i < census->items->len; i++) {
    const BmCensusItem *item = &g_array_index (census->items, BmCensusItem, i);
    if (item->rule != BM_RULE_PHANTOM)
      g_array_append_val (nids, item->nid);
  }
  if (nids->len == 0)
    return reading;
  g_autoptr (BmPstWindow) window =
      bm_pst_window_open (pst, (const guint32 *) nids->data, nids->len, NULL);
  for (guint i = 0; i < nids->len; i++) {
    GError *why = NULL;
    g_autoptr (BmItem) item = bm_pst_window_read (window, i, &why);
    add_outcome (reading, g_array_index (nids, guint32, i), item, why);
  }
  return reading;
}

/* ---- blocks ---- */

typedef struct {
  guint64 bid, offset;
  guint size, whole;
} Block;

static void
list_blocks (BmPst *pst, guint type, guint64 offset, gint level, GArray *blocks, GArray *pages)
{
  g_autofree BmPstPage *page = g_new (BmPstPage, 1);
  guint unit, trailer = bm_pst_block_trailer (pst, &unit);
  if (!bm_pst_page_read (pst, offset, type, level, page))
    return;
  Block itself = {offset, offset, pst->layout->page, pst->layout->page};
  if (page->crc_ok)
    g_array_append_val (pages, itself);
  for (guint i = 0; i < page->count; i++) {
    const guint8 *entry = page->bytes + i * page->entry;
    Block block = {.bid = bm_pst_entry_key (pst, entry, BM_PST_PAGE_BLOCKS)};
    if (page->level > 0) {
      list_blocks (pst, type,
                   pst->format == BM_PST_ANSI ? bm_le32 (entry + 8) : bm_le64 (entry + 16),
                   (gint) page->level - 1, blocks, pages);
      continue;
    }
    if (type == BM_PST_PAGE_NODES)
      continue;
    bm_pst_entry_block (pst, entry, &block.offset, &block.size);
    block.whole = (block.size + trailer + unit - 1) / unit * unit;
    if (block.size > 0 && block.offset + block.whole <= pst->size)
      g_array_append_val (blocks, block);
  }
}

typedef enum { ZEROED, FLIPPED, GARBAGE, WAYS } Way;

static void
break_block (guint8 *at, const Block *block, Way way)
{
  guint32 state = (guint32) block->bid;
  if (way == ZEROED)
    memset (at, 0, block->whole);
  for (guint i = 0; way == FLIPPED && i < block->size; i += 64)
    at[i] ^= 0xff;
  for (guint i = 0; way == GARBAGE && i < block->size; i++) {
    state = state * 1664525u + 1013904223u;
    at[i] = (guint8) (state >> 20);
  }
}

typedef struct {
  guint same, noted, failed, gone, silent;
  guint gone_silently; /* of gone: the census does not warn */
} Tally;

static gboolean
tells_of_loss (BmNotes notes)
{
  return bm_notes_has (notes, BM_NOTE_UNREADABLE_PROPERTY) ||
         bm_notes_has (notes, BM_NOTE_ATTACHMENT_DAMAGED) ||
         bm_notes_has (notes, BM_NOTE_DAMAGED_BLOCK);
}

static void
compare (const Reading *sound, const Reading *broken, const Block *block, Tally *tally)
{
  GHashTableIter iter;
  gpointer nid;
  const Outcome *before;
  g_assert_cmpstr (broken->error, ==, NULL);
  g_hash_table_iter_init (&iter, sound->items);
  while (g_hash_table_iter_next (&iter, &nid, (gpointer *) &before)) {
    const Outcome *after = g_hash_table_lookup (broken->items, nid);
    guint *kind = &tally->silent;
    if (after == NULL)
      kind = &tally->gone;
    else if (g_strcmp0 (before->guid, after->guid) == 0)
      kind = &tally->same;
    else if (after->guid == NULL)
      kind = &tally->failed;
    else if (tells_of_loss (after->notes))
      kind = &tally->noted;
    ++*kind;
    tally->gone_silently += after == NULL && *broken->warnings == '\0';
    if (kind == &tally->silent || kind == &tally->gone || kind == &tally->failed)
      g_test_message ("block %" G_GINT64_MODIFIER "x of %u bytes, item %08x: %s", block->bid,
                      block->size, GPOINTER_TO_UINT (nid),
                      kind == &tally->silent ? "differs, and nothing says so"
                      : after == NULL        ? "is gone"
                                             : after->error);
  }
}

typedef struct {
  gint fd;
  guint8 *map; /* of it: broken and mended in turn */
  const gchar *bytes;
  const Reading *sound;
} Target;

static Tally
break_each (const Target *target, const GArray *blocks, Way way)
{
  Tally tally = {0};
  guint step = 1 + blocks->len * g_hash_table_size (target->sound->items) / READINGS;
  for (guint i = way; i < blocks->len; i += step) {
    const Block *block = &g_array_index (blocks, Block, i);
    break_block (target->map + block->offset, block, way);
    g_autoptr (Reading) broken = read_all (target->fd);
    compare (target->sound, broken, block, &tally);
    memcpy (target->map + block->offset, target->bytes + block->offset, block->whole);
  }
  return tally;
}

static void
break_all (gint fd, const gchar *bytes, gsize size)
{
  g_autoptr (Reading) sound = read_all (fd);
  g_autoptr (BmPst) pst = bm_pst_open_fd (fd, NULL, NULL);
  g_autoptr (GArray) blocks = g_array_new (FALSE, FALSE, sizeof (Block));
  g_autoptr (GArray) pages = g_array_new (FALSE, FALSE, sizeof (Block));
  g_autoptr (GArray) nodes = g_array_new (FALSE, FALSE, sizeof (Block));
  if (sound->error != NULL) {
    g_test_skip (sound->error);
    return;
  }
  bm_pst_find_roots (pst);
  list_blocks (pst, BM_PST_PAGE_BLOCKS, pst->bbt_offset, -1, blocks, pages);
  list_blocks (pst, BM_PST_PAGE_NODES, pst->nbt_offset, -1, NULL, nodes);
  gint copy = memfd_create ("broken", MFD_CLOEXEC);
  g_assert_cmpint (ftruncate (copy, (off_t) size), ==, 0);
  guint8 *map = mmap (NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, copy, 0);
  g_assert_true (map != MAP_FAILED);
  memcpy (map, bytes, size);
  for (Way way = ZEROED; way < WAYS; way++) {
    Target target = {copy, map, bytes, sound};
    Tally of_blocks = break_each (&target, blocks, way),
          of_pages = break_each (&target, pages, way);
    Tally of_nodes = break_each (&target, nodes, way);
    g_test_message ("way %d: %u same, %u noted", way, of_blocks.same, of_blocks.noted);
    g_assert_cmpuint (of_blocks.gone + of_pages.gone, ==, 0);
    g_assert_cmpuint (of_blocks.silent + of_pages.silent, ==, 0);
    g_assert_cmpuint (of_blocks.failed + of_pages.failed, ==, 0);
    /* what no table lists, either, is gone, and the census warns */
    g_assert_cmpuint (of_nodes.silent + of_nodes.failed + of_nodes.gone_silently, ==, 0);
    /* with an old header, too, the root page that is broken is the only one that knows new blocks */
    g_assert_true (of_pages.noted == 0 || pst->header_crc_bad);
  }
  munmap (map, size);
  close (copy);
}

static void
test_file (gconstpointer path)
{
  g_autofree gchar *bytes = NULL;
  gsize size;
  gint fd = open (path, O_RDONLY | O_CLOEXEC);
  g_assert_true (g_file_get_contents (path, &bytes, &size, NULL));
  break_all (fd, bytes, size);
  close (fd);
}

static void
test_sample (gconstpointer options)
{
  g_autofree gchar *directory = g_dir_make_tmp ("bm-broken-XXXXXX", NULL);
  g_autofree gchar *path = g_build_filename (directory, "x.pst", NULL);
  g_assert_true (bm_pst_sample_write (path, options, NULL));
  test_file (path);
  g_unlink (path);
  g_rmdir (directory);
}

int
main (int argc, char **argv)
{
  static const BmPstWriterOptions kinds[] = {{.crypt = BM_PST_WRITE_CRYPT_COMPRESSIBLE},
                                             {.crypt = BM_PST_WRITE_CRYPT_NONE},
                                             {.crypt = BM_PST_WRITE_CRYPT_HIGH},
                                             {.format = BM_PST_WRITE_ANSI}};
  g_test_init (&argc, &argv, NULL);
  bm_render_init ();
  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++) {
    g_autofree gchar *name = g_strdup_printf ("/broken/sample/%u", i);
    g_test_add_data_func (name, &kinds[i], test_sample);
  }
  bm_corpus_add_tests ("/broken/corpus", test_file);
  return g_test_run ();
}
