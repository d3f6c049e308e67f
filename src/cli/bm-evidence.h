/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* What a PST tells of its owner, and how much mail it holds, from at most 200 of its items. Nothing
 * of it goes into a log. One thread. */
#pragma once

#include <bm-pst-import/import.h>

G_BEGIN_DECLS

#define BM_EVIDENCE_EACH 100 /* of the sent items, and of the received ones */
#define BM_EVIDENCE_ALL  200

/* Addresses are lower case; placeholders for what could not be resolved are none. */
typedef struct {
  gchar *store_name;    /* of the message store, as people see it; "" */
  gchar *store_address; /* the address in it; NULL */
  GPtrArray *sent; /* GStrv, owned: From and Sender of an item of Sent or below that names one */
  GPtrArray *received; /* GStrv, owned: To and Cc of another item, drafts and junk left out */
  guint read;          /* items that were looked at */
  guint64 mails;       /* estimates, from the mean of what was looked at: mails wanted, and the */
  guint64 bytes;       /* size of all of them */
} BmEvidence;

/* census: of source, whose last order is at its end. selection: what mails and bytes count; NULL =
 * everything; the addresses are those of the whole PST. Items are spread evenly over the PST.
 * interrupted may be NULL. Errors: of the source; INTERRUPTED. */
BmEvidence *bm_evidence_collect (BmSource *source, const BmCensus *census,
                                 const BmSelection *selection, gboolean (*interrupted) (GError **),
                                 GError **error);
/* Nothing yet. */
BmEvidence *bm_evidence_new (void);
void bm_evidence_free (BmEvidence *evidence);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (BmEvidence, bm_evidence_free)

G_END_DECLS
