/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* See bm-rtf-sample.h. Any thread. */
#include "text/bm-rtf-sample.h"

#include "text/bm-rtf-reader.h"

#include <string.h>

#define TEXT_MAX  20000u /* bytes; enough to know */
#define LOOKS_MAX 1000u

typedef struct {
  gint font, size;
} Letters;

typedef struct {
  BmRtfReader *reader;
  Letters now;
  GArray *stack;      /* Letters */
  GHashTable *counts; /* Letters, owned -> bytes of text */
  gsize total;
  Letters best;
  guint best_count;
  gchar *name;
  const gchar *generic;
} Sample;

static guint
hash_letters (gconstpointer letters)
{
  const Letters *l = letters;
  return (guint) l->font * 401u + (guint) l->size;
}

static gboolean
same_letters (gconstpointer a, gconstpointer b)
{
  return memcmp (a, b, sizeof (Letters)) == 0;
}

static void
on_text (gpointer user, const gchar *utf8, gsize size)
{
  Sample *sample = user;
  guint count = GPOINTER_TO_UINT (g_hash_table_lookup (sample->counts, &sample->now));
  sample->total += size;
  if (count == 0 && g_hash_table_size (sample->counts) >= LOOKS_MAX)
    return;
  count += (guint) MIN (size, TEXT_MAX);
  g_hash_table_insert (sample->counts, g_memdup2 (&sample->now, sizeof sample->now),
                       GUINT_TO_POINTER (count));
  if (count <= sample->best_count)
    return;
  sample->best_count = count;
  if (same_letters (&sample->best, &sample->now) && sample->name != NULL)
    return;
  sample->best = sample->now;
  g_free (sample->name);
  sample->name =
      g_strdup (bm_rtf_reader_font_name (sample->reader, sample->now.font, &sample->generic));
}

static BmRtfAnswer
on_word (gpointer user, const BmRtfLexer *lexer, gboolean star)
{
  Sample *sample = user;
  Letters now = sample->now;
  if (strcmp (lexer->word, "plain") == 0)
    now = (Letters){-1, BM_PAGE_SIZE_USUAL};
  else if (strcmp (lexer->word, "f") == 0)
    now.font = lexer->number;
  else if (strcmp (lexer->word, "fs") == 0)
    now.size = lexer->has_number ? CLAMP (lexer->number, 0, BM_PAGE_SIZE_MAX) : BM_PAGE_SIZE_USUAL;
  if (!same_letters (&now, &sample->now))
    bm_rtf_reader_flush_format (sample->reader);
  sample->now = now;
  return BM_RTF_PASS;
}

static void
on_captured (gpointer user, const guint8 *bytes, gsize size, gboolean binary)
{
}

static void
on_open (gpointer user)
{
  Sample *sample = user;
  g_array_append_val (sample->stack, sample->now);
}

static void
on_close (gpointer user)
{
  Sample *sample = user;
  Letters before = g_array_index (sample->stack, Letters, sample->stack->len - 1);
  if (!same_letters (&before, &sample->now))
    bm_rtf_reader_flush_format (sample->reader);
  sample->now = before;
  g_array_set_size (sample->stack, sample->stack->len - 1);
}

static gboolean
on_full (gpointer user)
{
  return ((const Sample *) user)->total > TEXT_MAX;
}

BmPageFormat
bm_rtf_sample (const guint8 *data, gsize size, guint32 codepage, gchar **name,
               const gchar **generic)
{
  static const BmRtfListener listener = {on_text, on_word, on_captured, on_open, on_close, on_full};
  Sample sample = {.now = {-1, 0}, .best = {-1, 0}, .generic = ""};
  sample.stack = g_array_new (FALSE, FALSE, sizeof (Letters));
  sample.counts = g_hash_table_new_full (hash_letters, same_letters, g_free, NULL);
  bm_rtf_read (data, size, codepage, &listener, &sample, &sample.reader);
  g_array_unref (sample.stack);
  g_hash_table_unref (sample.counts);
  *name = sample.name != NULL ? sample.name : g_strdup ("");
  *generic = sample.generic;
  return (BmPageFormat){.font = sample.best.font, .size = sample.best.size};
}
