/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Whose PST is this? A proposal for one row of a mapping, with its evidence; where evidence
 * contradicts itself, a conflict and no proposal. Pure. The rule is told in docs/bulk.md. Any thread. */
#pragma once

#include "cli/bm-owner.h"

G_BEGIN_DECLS

typedef struct {
  gchar *user;             /* login@domain; "" when there is a conflict */
  const gchar *confidence; /* "high" "medium" "low"; "" without user */
  gchar *evidence;         /* what was seen, for people; "" */
  gchar *conflict;         /* why user is empty, with the remedy; "" */
} BmProposal;

/* path: of the PST, below or at root, the directory that was scanned. find NULL: there is no
 * directory, and every address means itself. */
BmProposal *bm_propose (const gchar *path, const gchar *root, const BmEvidence *evidence,
                        BmPersonFind find, gpointer data);
void bm_proposal_free (BmProposal *proposal);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (BmProposal, bm_proposal_free)

/* The address that a file's name is: jd@lab.test.pst, jd@lab.test.2.pst, "jd@lab.test (2).ost";
 * NULL. New. */
gchar *bm_propose_file_address (const gchar *path);
/* The address that the nearest directory between root (included) and the file is named as; NULL. */
gchar *bm_propose_folder_address (const gchar *path, const gchar *root);

G_END_DECLS
