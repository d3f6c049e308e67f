/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Is this PST this user's? Mail in the wrong mailbox is a privacy incident, so a PST whose sent items
 * come from somebody else is stopped. Pure: the directory is asked through a function. The rule is
 * told in docs/bulk.md. Any thread. */
#pragma once

#include "cli/bm-evidence.h"

G_BEGIN_DECLS

/* A mailbox that an address means. Strings are owned. */
typedef struct {
  gchar *key;     /* the same for all addresses of a mailbox */
  gchar *user;    /* what a mapping calls it: login@domain */
  GStrv own;      /* all its addresses, lower case; never NULL */
  gchar *problem; /* why nothing can be imported there; NULL = it can */
} BmPerson;

void bm_person_free (BmPerson *person);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (BmPerson, bm_person_free)
/* Whom a lower-case address means; NULL: nobody that the directory knows. Borrowed. */
typedef const BmPerson *(*BmPersonFind) (const gchar *address, gpointer data);

typedef enum {
  BM_OWNER_MATCH,
  BM_OWNER_MISMATCH, /* it is somebody else's */
  BM_OWNER_UNKNOWN,  /* nothing tells */
} BmOwnerVerdict;

/* *why: for people, one sentence without a full stop, new; of other people it names one address at
 * most. find NULL: there is no directory, every address is unknown to it. */
BmOwnerVerdict bm_owner_check (const BmEvidence *evidence, const BmPerson *person,
                               BmPersonFind find, gpointer data, gchar **why);
/* "match" "mismatch" "unknown". */
const gchar *bm_owner_token (BmOwnerVerdict verdict);

/* Whether this address is the person's: one of theirs, or one that the directory does not know whose
 * local part is that of one of theirs (*namesake is set to it; borrowed; may be NULL). */
gboolean bm_owner_is (const BmPerson *person, const gchar *address, BmPersonFind find,
                      gpointer data, const gchar **namesake);
/* Of items (GStrv), how many hold an address of the person. */
guint bm_owner_count (const GPtrArray *items, const BmPerson *person, BmPersonFind find,
                      gpointer data, const gchar **namesake);
/* The address (borrowed) that most items hold, those of person (NULL: nobody) left out; *n: how many.
 * NULL: none. Equal counts: the first in the alphabet. */
const gchar *bm_owner_most (const GPtrArray *items, const BmPerson *person, BmPersonFind find,
                            gpointer data, guint *n);
/* Whether the words of a person's name ("Mailbox - Jane Doe") are those of a local part of theirs
 * (jane.doe, doe.jane, janedoe, jdoe). */
gboolean bm_owner_is_named (const BmPerson *person, const gchar *name);

G_END_DECLS
