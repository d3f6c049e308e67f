/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* What a PST holds, counted: first from the census, then item by item as a walk reads them. Knows
 * neither options nor how it is printed as text. One thread. */
#pragma once

#include <bm-pst-import/source.h>
#include <json-glib/json-glib.h>

G_BEGIN_DECLS

#define BM_INSPECTION_SIZES 6

/* Rendered sizes, by upper border. */
extern const struct BmInspectionSize {
  const gchar *name;
  guint64 bytes;
} bm_inspection_sizes[BM_INSPECTION_SIZES];

typedef struct {
  const BmCensus *census; /* borrowed */
  guint64 done, total;    /* items of the walk */
  guint64 rendered, bytes, attachments;
  guint64 sizes[BM_INSPECTION_SIZES], largest;
  guint64 skipped[BM_RULE_LAST];
  GHashTable *classes, *years, *senders, *causes; /* text -> guint64 *, a count */
} BmInspection;

typedef struct {
  const gchar *key;
  guint64 n;
} BmInspectionCount;

/* Counts what the census tells. */
void bm_inspection_init (BmInspection *inspection, const BmCensus *census);
void bm_inspection_clear (BmInspection *inspection);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (BmInspection, bm_inspection_clear)
/* Called for every item of a walk, after it was counted. FALSE with an error ends the walk. */
typedef gboolean (*BmInspectionFunc) (BmInspection *inspection, const BmEntry *entry, gpointer data,
                                      GError **error);
/* Reads every item of the census that may be mail. func may be NULL. Errors: of the source, of
 * interrupted, of func. */
gboolean bm_inspection_walk (BmInspection *inspection, BmSource *source,
                             gboolean (*interrupted) (GError **), BmInspectionFunc func,
                             gpointer data, GError **error);

/* Counts of a table by key, or the most first. New: BmInspectionCount, keys borrowed. */
GArray *bm_inspection_sorted (GHashTable *table, gboolean most_first);
/* Items of a folder, and how many of them are left out by rule. */
typedef struct {
  guint items, skipped;
} BmInspectionFolder;
/* nid of a folder -> BmInspectionFolder *, in one pass over the items; folders without items are not
 * in it. */
GHashTable *bm_inspection_by_folder (const BmCensus *census);

/* What the census tells, as docs/report-format.md describes it. New. */
JsonObject *bm_inspection_census_json (const BmInspection *inspection, const gchar *path,
                                       const gchar *sandbox);
/* Adds "skipped": items left out, by rule. */
void bm_inspection_add_skipped (const BmInspection *inspection, JsonObject *object);
/* Adds what the walk tells. most: so many classes, senders and causes at most, the most frequent;
 * 0 = all. */
void bm_inspection_add_walk (const BmInspection *inspection, JsonObject *object, guint most);

G_END_DECLS
