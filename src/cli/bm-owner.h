/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Is this PST this user's? Mail in the wrong mailbox is a privacy incident, so a PST whose sent items
 * come from somebody else is stopped. Pure: the directory is asked through a function. The rule is
 * told in docs/bulk.md. Any thread. */
#pragma once

#include "cli/bm-evidence.h"

G_BEGIN_DECLS

/* A mailbox that an address means, or meant. Strings are owned. */
typedef struct {
  gchar *key;      /* the same for all addresses of a mailbox */
  gchar *user;     /* what a mapping calls it: login@domain */
  GStrv own;       /* all its addresses, lower case; never NULL */
  gchar *problem;  /* why nothing can be imported there; NULL = it can */
  gboolean shared; /* a share, a group, a resource: several people read it */
  gboolean former; /* nobody has this address now, but BlueMind serves its domain */
} BmPerson;

void bm_person_free (BmPerson *person);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (BmPerson, bm_person_free)
/* Whom a lower-case address means; NULL: nobody, and its domain is not BlueMind's. Borrowed. */
typedef const BmPerson *(*BmPersonFind) (const gchar *address, gpointer data);

typedef enum {
  BM_OWNER_MATCH,
  BM_OWNER_MISMATCH, /* it is somebody else's */
  BM_OWNER_UNKNOWN,  /* nothing tells */
  BM_OWNER_NAMESAKE, /* the user's, but only by local parts of addresses that nobody knows */
} BmOwnerVerdict;

/* *why: for people, one sentence without a full stop, new; of other people it names one address at
 * most. find NULL: there is no directory, every address is unknown to it. */
BmOwnerVerdict bm_owner_check (const BmEvidence *evidence, const BmPerson *person,
                               BmPersonFind find, gpointer data, gchar **why);
/* "match" "mismatch" "unknown" "namesake". */
const gchar *bm_owner_token (BmOwnerVerdict verdict);

typedef enum {
  BM_OWNER_OTHER, /* somebody else's */
  BM_OWNER_ALIKE, /* of a domain that nobody here knows, with the local part of one of theirs, which
                     is no role such as info or sales */
  BM_OWNER_OWN,
} BmOwnerKin;

/* Whose an address is, seen from the person. */
BmOwnerKin bm_owner_kin (const BmPerson *person, const gchar *address, BmPersonFind find,
                         gpointer data);

typedef struct {
  guint own, alike;    /* items with an address of the person; items with only one that is alike */
  const gchar *likest; /* the first of those; borrowed; NULL */
} BmOwnerCount;

/* How many of the items (GStrv) are the person's. */
BmOwnerCount bm_owner_count (const GPtrArray *items, const BmPerson *person, BmPersonFind find,
                             gpointer data);
/* The address (borrowed) that most items hold, those of person (NULL: nobody) left out; *n: how many.
 * NULL: none. Equal counts: the first in the alphabet. */
const gchar *bm_owner_most (const GPtrArray *items, const BmPerson *person, BmPersonFind find,
                            gpointer data, guint *n);
/* Whether the words of a person's name ("Mailbox - Jane Doe") are those of a local part of theirs
 * (jane.doe, doe.jane, janedoe, jdoe). */
gboolean bm_owner_is_named (const BmPerson *person, const gchar *name);

G_END_DECLS
