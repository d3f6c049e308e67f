/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* See bm-witness-none.h. */
#include "bluemind/bm-witness-none.h"

static gboolean
none_examine (BmWitness *witness, BmClaim *claims, gsize n, GError **error)
{
  for (gsize i = 0; i < n; i++) {
    claims[i].verdict = BM_VERDICT_PENDING;
    claims[i].flags_differ = claims[i].size_differs = FALSE;
  }
  return TRUE;
}

static GArray *
none_list (BmWitness *witness, const gchar *folder, guint32 uid_from, GError **error)
{
  g_set_error_literal (error, BM_ERROR, BM_CAUSE_UNSUPPORTED,
                       "there is no database to ask ([data] enabled=false)");
  return NULL;
}

static gboolean
none_last_uid (BmWitness *witness, const gchar *folder, guint64 *last_uid, GError **error)
{
  *last_uid = 0;
  return TRUE;
}

static const gchar *
none_description (BmWitness *witness)
{
  return "none ([data] enabled=false): replication is not proven";
}

static void
none_free (BmWitness *witness)
{
  g_free (witness);
}

BmWitness *
bm_witness_none_new (void)
{
  static const BmWitnessOps ops = {.examine = none_examine,
                                   .list = none_list,
                                   .last_uid = none_last_uid,
                                   .description = none_description,
                                   .free = none_free,
                                   .blind = BM_WITNESS_NONE_REASON};
  BmWitness *witness = g_new0 (BmWitness, 1);
  witness->ops = &ops;
  return witness;
}
