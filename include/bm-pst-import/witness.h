/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The third seam: who testifies that a message is replicated.
 *
 * The claim: guid G is in folder F of user U as uid N, and its body row exists in t_message_body.
 * A body row alone proves nothing (bodies are shared by all users of a shard), a record alone
 * neither (there is no foreign key). One thread; it has no notion of deadlines. */
#pragma once

#include <bm-pst-import/model.h>

G_BEGIN_DECLS

typedef enum {
  BM_VERDICT_PENDING,      /* not replicated yet: the folder's last_uid has not reached the uid */
  BM_VERDICT_PRESENT,      /* record with this guid, not expunged, and body row */
  BM_VERDICT_BODY_MISSING, /* record with this guid, no body row */
  BM_VERDICT_DIFFERS,      /* that uid has another guid */
  BM_VERDICT_GONE,         /* last_uid has passed it and there is no record, or it is expunged, or
                              the folder was made anew and that uid is another message's */
} BmVerdict;

typedef struct {
  const gchar *folder; /* full name, as BmTarget.name; borrowed */
  guint32 uidvalidity;
  guint32 uid;
  BmGuid guid;
  guint32 size;  /* as sent; 0 = unknown */
  BmFlags flags; /* as sent */
  /* answer */
  BmVerdict verdict;
  gboolean flags_differ, size_differs; /* only noted */
} BmClaim;

typedef struct _BmWitness BmWitness;

typedef struct {
  /* Fills the verdicts. Errors: RETRY (DATABASE_LOST). */
  gboolean (*examine) (BmWitness *witness, BmClaim *claims, gsize n, GError **error);
  /* Every record (not expunged) of the folder with uid >= uid_from, as a GArray of BmStored,
   * ascending; empty when the folder is not replicated. UNSUPPORTED when nobody can tell. */
  GArray *(*list) (BmWitness *witness, const gchar *folder, guint32 uid_from, GError **error);
  /* last_uid of a folder as replicated; 0 when the folder is not there. */
  gboolean (*last_uid) (BmWitness *witness, const gchar *folder, guint64 *last_uid, GError **error);
  /* "text guid, no container_id" ...: for the report. Borrowed. */
  const gchar *(*description) (BmWitness *witness);
  void (*free) (BmWitness *witness);
  /* NULL, or why this witness can prove nothing: the token all claims end unverified with, without
   * being waited for. */
  const gchar *blind;
} BmWitnessOps;

struct _BmWitness {
  const BmWitnessOps *ops;
};

void bm_witness_free (BmWitness *witness);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (BmWitness, bm_witness_free)

G_END_DECLS
