/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The first seam: where messages come from.
 *
 * Life of a source: census once; then any number of orders, each a list of items in node order;
 * after each order, next until it answers END. One thread uses a source. */
#pragma once

#include <bm-pst-import/address-map.h>
#include <bm-pst-import/model.h>

G_BEGIN_DECLS

typedef enum {
  BM_ENTRY_END,     /* the order is done */
  BM_ENTRY_MESSAGE, /* rendered */
  BM_ENTRY_SKIPPED, /* left out by a rule that only the content could tell */
  BM_ENTRY_FAILED,  /* this item cannot be had; the others can */
} BmEntryKind;

/* What became of one ordered item. Clear with bm_entry_clear. */
typedef struct {
  BmEntryKind kind;
  guint32 nid;
  BmMessage *message;   /* MESSAGE; owned */
  BmRule rule;          /* SKIPPED */
  gchar *message_class; /* SKIPPED: the class, for the count per class; may be NULL */
  GError *error;        /* FAILED: an error of scope ITEM; owned */
} BmEntry;

void bm_entry_clear (BmEntry *entry);

typedef struct _BmSource BmSource;

typedef struct {
  /* Counts the whole PST before any content is read. Borrowed, valid as long as the source.
   * Errors: SETUP (PST_MISSING, PST_UNREADABLE, READER_CRASH re-coded as PST_UNREADABLE). */
  const BmCensus *(*census) (BmSource *source, GError **error);
  /* Asks for these items (ascending nids; copied). A former order must be at its END. */
  gboolean (*order) (BmSource *source, const guint32 *nids, gsize n, GError **error);
  /* TRUE when next would answer without waiting; else waits up to timeout_ms for that. */
  gboolean (*ready) (BmSource *source, gint timeout_ms);
  /* The next entry. FALSE only for errors of scope JOB or SETUP; a lost item is an entry FAILED. */
  gboolean (*next) (BmSource *source, BmEntry *entry, GError **error);
  void (*free) (BmSource *source);
} BmSourceOps;

struct _BmSource {
  const BmSourceOps *ops;
};

void bm_source_free (BmSource *source);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (BmSource, bm_source_free)

/* A PST or OST file, parsed in a sandboxed child process. */
typedef struct {
  const gchar *path;        /* the file */
  const gchar *charset;     /* default code page for 8-bit strings, "" = windows-1252 */
  guint64 max_message_size; /* bytes; larger ones fail as too-large; 0 = no limit */
  guint window;             /* items per window; 0 = 500 */
  guint item_timeout_s;     /* CPU and wall clock per item; 0 = 60 */
  guint census_timeout_s;   /* wall clock of the census; 0 = 1800 */
  guint64 memory_limit;     /* bytes of address space of the child; 0 = 2 GiB */
  gboolean no_sandbox;      /* for debugging; the report says so */
  BmAddressMap *addresses;  /* of an administrator, for Exchange names; taken; NULL: none */
  const gchar *owner;       /* address of whose file it is, see render.h; NULL: unknown */
  gboolean learn;           /* when one stays unresolved, learn from everybody in the file, once */
} BmReaderOptions;

BmSource *bm_reader_open (const BmReaderOptions *options, GError **error);
/* Digest of everything the rendering depends on besides the item, and the versions of renderer and
 * GMime, as one line for journal, manifest and report. Valid after census. Borrowed. */
const gchar *bm_reader_render_id (BmSource *source);
/* What bm_reader_render_id would be if nothing had been learnt. Valid after census. Borrowed. */
const gchar *bm_reader_plain_id (BmSource *source);
/* Where what is learnt is kept, so that another run of the same job renders alike: read now when it
 * is there (which may change render_id), else written when something is learnt or was already. Call
 * after census, between orders. Errors: JOURNAL, and those of starting a reader. */
gboolean bm_reader_keep_learnt (BmSource *source, const gchar *path, GError **error);
/* "on (seccomp, landlock)", "on (seccomp)" or "off". Valid after census. Borrowed. */
const gchar *bm_reader_sandbox (BmSource *source);
/* Starts a reader just to learn what its sandbox would be. Static. */
const gchar *bm_reader_probe_sandbox (void);

G_END_DECLS
