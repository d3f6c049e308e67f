/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* A directory of a few people, and evidence made of words, for tests of who owns a PST. */
#pragma once

#include "cli/bm-owner.h"

/* jd: jd@lab.test, jane.doe@lab.test, jd@d1.internal; bob: bob@lab.test; jd of another domain:
 * jd@two.test; archie@lab.test is archived; team@lab.test is a share; left@lab.test and
 * jane.doe@two.test had somebody's mail once; info@lab.test is a user. */
const BmPerson *people_find (const gchar *address, gpointer data);
/* sent, received: items separated by "|", addresses in them by spaces, "3*a@x" three times the item;
 * store: the store's name. */
BmEvidence *people_evidence (const gchar *sent, const gchar *received, const gchar *store);
