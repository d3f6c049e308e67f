/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Is this PST this user's? The rule of docs/bulk.md, case by case, for jd@lab.test. */
#include "cli/people.h"

#include <string.h>

static const struct {
  const gchar *name, *sent, *received, *store;
  BmOwnerVerdict verdict;
  const gchar *words; /* of the sentence */
} cases[] = {
    {"mine", "3*jd@lab.test", "", "", BM_OWNER_MATCH, "3 of 3 sent items come from this user"},
    {"my aliases", "jd@lab.test|jane.doe@lab.test|b@x.y", "", "", BM_OWNER_MATCH, "2 of 3"},
    {"an alias of the domain", "jd@alias.test", "", "", BM_OWNER_MATCH, "1 of 1"},
    {"an old domain", "jane.doe@old.test", "", "", BM_OWNER_NAMESAKE,
     "only when jane.doe@old.test counts by its local part"},
    {"an old domain beside my own", "2*jd@lab.test|jane.doe@old.test", "", "", BM_OWNER_MATCH,
     "2 of 3 sent items"},
    {"half of it from an old domain", "2*jd@lab.test|2*jane.doe@old.test|x@x.y", "", "",
     BM_OWNER_NAMESAKE, "4 of 5 sent items"},
    {"an old domain on my behalf", "jane.doe@old.test jd@lab.test", "", "", BM_OWNER_MATCH,
     "1 of 1"},
    {"somebody who was in another domain here", "3*jane.doe@two.test", "", "", BM_OWNER_MISMATCH,
     "3 from jane.doe@two.test"},
    {"a namesake in another domain", "jd@two.test", "", "", BM_OWNER_MISMATCH, "jd@two.test"},
    {"somebody else's", "3*bob@lab.test|2*jd@lab.test|x@x.y", "", "", BM_OWNER_MISMATCH,
     "4 of 6 sent items come from other addresses, 3 from bob@lab.test"},
    {"nobody's", "a@x.y|b@x.y|c@x.y|jd@lab.test", "", "", BM_OWNER_MISMATCH, "3 of 4"},
    {"half", "jd@lab.test|bob@lab.test", "", "", BM_OWNER_UNKNOWN, "1 of 2"},
    {"on behalf of another", "3*boss@x.y jd@lab.test", "", "", BM_OWNER_MATCH, "3 of 3"},
    {"by another on my behalf", "3*jd@lab.test bob@lab.test", "", "", BM_OWNER_MATCH, "3 of 3"},
    {"the share's", "2*team@lab.test", "", "", BM_OWNER_MISMATCH, "team@lab.test"},
    {"recipients do not outweigh senders", "bob@lab.test", "9*jd@lab.test", "jd@lab.test",
     BM_OWNER_MISMATCH, "bob@lab.test"},
    {"to me", "", "2*jd@lab.test bob@lab.test|list@x.y", "", BM_OWNER_MATCH, "2 of 3 mails"},
    {"to bob", "", "2*bob@lab.test|list@x.y", "", BM_OWNER_MISMATCH,
     "2 of 3 mails are addressed "
     "to bob@lab.test"},
    {"to a list", "", "3*list@x.y", "", BM_OWNER_UNKNOWN, "3 of 3 mails are addressed to list@x.y"},
    {"to a share", "", "3*team@lab.test", "", BM_OWNER_UNKNOWN, "nothing"},
    {"to me at an old domain", "", "3*jane.doe@old.test", "", BM_OWNER_NAMESAKE, "local part"},
    {"to a suspended colleague", "", "2*archie@lab.test|x@x.y", "", BM_OWNER_MISMATCH,
     "2 of 3 mails are addressed to archie@lab.test"},
    {"to a colleague who left", "", "2*left@lab.test|x@x.y", "", BM_OWNER_MISMATCH,
     "left@lab.test"},
    {"a suspended colleague's store", "", "", "archie@lab.test", BM_OWNER_MISMATCH,
     "named after archie@lab.test"},
    {"a share's store", "", "", "team@lab.test", BM_OWNER_UNKNOWN, "nothing"},
    {"my store at an old domain", "", "", "jane.doe@old.test", BM_OWNER_NAMESAKE, "store"},
    {"to everybody", "", "a@x.y|b@x.y|bob@lab.test", "", BM_OWNER_UNKNOWN, "nothing"},
    {"my store", "", "", "Mailbox - jd@lab.test", BM_OWNER_MATCH, "store"},
    {"a store of my name", "", "3*list@x.y", "Jane DOE", BM_OWNER_MATCH, "store"},
    {"bob's store", "", "", "bob@lab.test", BM_OWNER_MISMATCH, "bob@lab.test"},
    {"a store of another name", "", "", "Outlook Data File", BM_OWNER_UNKNOWN, "nothing"},
    {"empty", "", "", "", BM_OWNER_UNKNOWN, "nothing"},
};

static void
test_rule (void)
{
  const BmPerson *person = people_find ("jd@lab.test", NULL);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (BmEvidence) evidence =
        people_evidence (cases[i].sent, cases[i].received, cases[i].store);
    g_autofree gchar *why = NULL;
    BmOwnerVerdict verdict = bm_owner_check (evidence, person, people_find, NULL, &why);
    g_test_message ("%s: %s: %s", cases[i].name, bm_owner_token (verdict), why);
    g_assert_cmpint (verdict, ==, cases[i].verdict);
    g_assert_nonnull (strstr (why, cases[i].words));
    guint addresses = 0; /* of other people: one at most */
    for (const gchar *at = why; (at = strchr (at, '@')) != NULL; at++)
      addresses++;
    g_assert_cmpuint (addresses, <=, 1);
  }
}

static void
test_without_directory (void)
{
  const BmPerson *person = people_find ("jd@lab.test", NULL);
  g_autoptr (BmEvidence) evidence = people_evidence ("jd@two.test", "", "");
  g_autofree gchar *why = NULL;
  g_assert_cmpint (bm_owner_check (evidence, person, NULL, NULL, &why), ==, BM_OWNER_NAMESAKE);
}

/* Every company has an info@ and a sales@: there the local part is nobody's name. */
static void
test_roles (void)
{
  const BmPerson *person = people_find ("info@lab.test", NULL);
  static const struct {
    const gchar *address;
    BmOwnerKin kin;
  } kins[] = {
      {"info@lab.test", BM_OWNER_OWN},
      {"info@old.test", BM_OWNER_OTHER},
      {"information@old.test", BM_OWNER_OTHER},
  };
  for (guint i = 0; i < G_N_ELEMENTS (kins); i++)
    g_assert_cmpint (bm_owner_kin (person, kins[i].address, people_find, NULL), ==, kins[i].kin);
  g_autoptr (BmEvidence) evidence = people_evidence ("3*info@old.test", "", "");
  g_autofree gchar *why = NULL;
  g_assert_cmpint (bm_owner_check (evidence, person, people_find, NULL, &why), ==,
                   BM_OWNER_MISMATCH);
  static const gchar *const roles[] = {"contact", "sales", "support", "rh", "kontakt", "noreply"};
  for (guint i = 0; i < G_N_ELEMENTS (roles); i++) {
    g_autofree gchar *here = g_strconcat (roles[i], "@lab.test", NULL);
    g_autofree gchar *there = g_strconcat (roles[i], "@old.test", NULL);
    gchar *own[] = {here, NULL};
    const BmPerson one = {.key = here, .own = own};
    g_assert_cmpint (bm_owner_kin (&one, there, people_find, NULL), ==, BM_OWNER_OTHER);
  }
}

static void
test_names (void)
{
  static const struct {
    const gchar *local, *name;
    gboolean named;
  } names[] = {
      {"jane.doe", "Mailbox - Jane Doe", TRUE},
      {"doe_jane", "Jane Doe", TRUE},
      {"jdoe", "Doe, Jane", TRUE},
      {"j.doe", "Jane Doe", TRUE},
      {"janedoe", "Jane Doe", TRUE},
      {"h.muller", "Hans Müller", TRUE},
      {"jane", "Jane Doe", FALSE},
      {"jane.doe", "Jane", FALSE},
      {"jane.doe", "John Doe", FALSE},
      {"jane.doe", "Jane Mary Doe", FALSE},
      {"archive", "Archive 2019", FALSE},
      {"x", "", FALSE},
  };
  for (guint i = 0; i < G_N_ELEMENTS (names); i++) {
    g_autofree gchar *address = g_strconcat (names[i].local, "@lab.test", NULL);
    gchar *own[] = {address, NULL};
    const BmPerson person = {.own = own};
    g_test_message ("%s: %s", names[i].local, names[i].name);
    g_assert_true (bm_owner_is_named (&person, names[i].name) == names[i].named);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/owner/rule", test_rule);
  g_test_add_func ("/owner/without-directory", test_without_directory);
  g_test_add_func ("/owner/roles", test_roles);
  g_test_add_func ("/owner/names", test_names);
  return g_test_run ();
}
