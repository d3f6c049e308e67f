/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* See people.h. */
#include "cli/people.h"

#include "cli/bm-header.h"
#include <string.h>

static gchar *jd_own[] = {(gchar *) "jd@lab.test", (gchar *) "jane.doe@lab.test",
                          (gchar *) "jd@d1.internal", NULL};
static gchar *bob_own[] = {(gchar *) "bob@lab.test", NULL};
static gchar *two_own[] = {(gchar *) "jd@two.test", NULL};
static gchar *archie_own[] = {(gchar *) "archie@lab.test", NULL};
static gchar *team_own[] = {(gchar *) "team@lab.test", NULL};
static gchar *left_own[] = {(gchar *) "left@lab.test", NULL};
static gchar *jane_two_own[] = {(gchar *) "jane.doe@two.test", NULL};
static gchar *info_own[] = {(gchar *) "info@lab.test", NULL};
static const BmPerson everybody[] = {
    {(gchar *) "JD", (gchar *) "jd@lab.test", jd_own, NULL},
    {(gchar *) "BOB", (gchar *) "bob@lab.test", bob_own, NULL},
    {(gchar *) "TWO", (gchar *) "jd@two.test", two_own, NULL},
    {(gchar *) "ARCHIE", (gchar *) "archie@lab.test", archie_own,
     (gchar *) "archie@lab.test: is suspended"},
    {(gchar *) "TEAM", (gchar *) "team@lab.test", team_own,
     (gchar *) "team@lab.test: is not a user but a share", .shared = TRUE},
    {(gchar *) "left@lab.test", (gchar *) "left@lab.test", left_own,
     (gchar *) "no user left@lab.test", .former = TRUE},
    {(gchar *) "jane.doe@two.test", (gchar *) "jane.doe@two.test", jane_two_own,
     (gchar *) "no user jane.doe@two.test", .former = TRUE},
    {(gchar *) "INFO", (gchar *) "info@lab.test", info_own, NULL},
};

const BmPerson *
people_find (const gchar *address, gpointer data)
{
  /* an alias of the domain, which the list of addresses does not tell */
  if (g_str_equal (address, "jd@alias.test"))
    return &everybody[0];
  for (guint i = 0; i < G_N_ELEMENTS (everybody); i++)
    if (g_strv_contains ((const gchar *const *) everybody[i].own, address))
      return &everybody[i];
  return NULL;
}

static void
add_items (GPtrArray *items, const gchar *text)
{
  g_auto (GStrv) parts = g_strsplit (text, "|", -1);
  for (guint i = 0; parts[i] != NULL; i++) {
    const gchar *star = strchr (parts[i], '*');
    guint n = star != NULL ? (guint) g_ascii_strtoull (parts[i], NULL, 10) : 1;
    for (guint k = 0; k < n && *parts[i] != '\0'; k++)
      g_ptr_array_add (items, g_strsplit (star != NULL ? star + 1 : parts[i], " ", -1));
  }
}

BmEvidence *
people_evidence (const gchar *sent, const gchar *received, const gchar *store)
{
  BmEvidence *evidence = bm_evidence_new ();
  add_items (evidence->sent, sent);
  add_items (evidence->received, received);
  g_free (evidence->store_name);
  evidence->store_name = g_strdup (store);
  evidence->store_address = bm_header_find_address (store);
  return evidence;
}
