/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* May this row of a mapping run? Everything that can be known before a byte is sent, judged with the
 * same code that import runs. One thread. */
#pragma once

#include "cli/bm-people.h"
#include "job/bm-mapping.h"

G_BEGIN_DECLS

typedef enum { BM_MAP_OK, BM_MAP_WARNING, BM_MAP_STOP } BmMapLevel;

const gchar *bm_map_level_token (BmMapLevel level); /* "ok" "warning" "stop" */

typedef struct {
  BmMapLevel level;     /* OK: a note */
  const gchar *cause;   /* token; "" for notes and warnings without one. Static. */
  gchar *text, *remedy; /* remedy: what to do; "" */
} BmMapFinding;

typedef struct {
  const BmMapRow *row; /* borrowed */
  BmMapLevel level;    /* of the worst finding */
  GPtrArray *findings; /* BmMapFinding *, owned */
  gboolean counted;    /* the PST was opened: the numbers below are set */
  guint items;
  guint64 mails, bytes; /* estimates */
  const gchar *owner;   /* token of the owner rule's verdict; NULL = not asked */
} BmMapVerdict;

typedef struct _BmMapCheck BmMapCheck;

typedef struct {
  gboolean owner_mismatch_ok; /* for all rows */
  const gchar *const *words;  /* of import, for all rows, before a row's own, as batch gives them */
  gboolean no_sandbox;
} BmMapCheckOptions;

/* Everything is borrowed and outlives it. Errors: of the directory that cannot be asked. */
BmMapCheck *bm_map_check_new (const BmConfig *config, const BmMapping *mapping,
                              const BmMapCheckOptions *options, GError **error);
void bm_map_check_free (BmMapCheck *check);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (BmMapCheck, bm_map_check_free)
/* Rows in order, each once: what earlier rows bring counts against a mailbox's quota. NULL only for
 * what concerns all rows: INTERRUPTED, a directory that cannot be asked. */
BmMapVerdict *bm_map_check_row (BmMapCheck *check, const BmMapRow *row, GError **error);
void bm_map_verdict_free (BmMapVerdict *verdict);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (BmMapVerdict, bm_map_verdict_free)

G_END_DECLS
