/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* BlueMind's directory as the owner rule asks it: by any name, each name once. One thread. */
#pragma once

#include "cli/bm-owner.h"
#include "cli/bm-session.h"

G_BEGIN_DECLS

typedef struct _BmPeople BmPeople;

/* config: borrowed, outlives it. */
BmPeople *bm_people_new (const BmConfig *config);
void bm_people_free (BmPeople *people);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (BmPeople, bm_people_free)

/* A user that may receive. name: as bm_directory_lookup. Borrowed. Errors: as bm_session_find_user. */
const BmUser *bm_people_user (BmPeople *people, const gchar *name, GError **error);
/* A BmPersonFind; data is the people. Somebody that may not receive has a problem. */
const BmPerson *bm_people_find (const gchar *name, gpointer data);
/* FALSE: the directory could not be asked, so that what find said is worth nothing. */
gboolean bm_people_check (BmPeople *people, GError **error);

G_END_DECLS
