/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Whose PST is this? The rule of docs/bulk.md, case by case, with a directory and without. */
#include "cli/bm-propose.h"
#include "cli/people.h"

#include <string.h>

static const struct {
  const gchar *path, *sent, *received, *store;
  const gchar *user, *confidence; /* with the directory */
  const gchar *conflict;          /* a word of it, when there is no user */
  const gchar *offline;           /* the user without directory */
} cases[] = {
    {"/p/jd@lab.test.pst", "", "", "", "jd@lab.test", "medium", NULL, "jd@lab.test"},
    {"/p/JD@Lab.Test.2.PST", "", "", "", "jd@lab.test", "medium", NULL, "jd@lab.test"},
    {"/p/jane.doe@lab.test (3).ost", "", "", "", "jd@lab.test", "medium", NULL,
     "jane.doe@lab.test"},
    {"/p/jd@lab.test/old/archive.pst", "", "", "", "jd@lab.test", "medium", NULL, "jd@lab.test"},
    {"/p/jd@lab.test/jane.doe@lab.test.pst", "", "", "", "jd@lab.test", "medium", NULL, NULL},
    {"/p/a.pst", "3*jd@lab.test", "", "", "jd@lab.test", "medium", NULL, "jd@lab.test"},
    {"/p/a.pst", "", "2*jd@lab.test|x@x.y", "", "jd@lab.test", "low", NULL, "jd@lab.test"},
    {"/p/a.pst", "", "", "Mailbox - jd@lab.test", "jd@lab.test", "medium", NULL, "jd@lab.test"},
    {"/p/jd@lab.test.pst", "2*jane.doe@lab.test", "", "", "jd@lab.test", "high", NULL, NULL},
    /* agreed to by a local part only */
    {"/p/jd@lab.test.pst", "2*jd@old.test", "", "", "jd@lab.test", "medium", NULL, "jd@lab.test"},
    {"/p/a.pst", "2*jd@old.test", "2*jd@lab.test", "", "jd@lab.test", "medium", NULL,
     "jd@old.test"},
    {"/p/jd@lab.test.pst", "2*jd@old.test", "jd@lab.test", "", "jd@lab.test", "high", NULL,
     "jd@lab.test"},
    {"/p/info@lab.test.pst", "2*info@old.test", "", "", "", "", "info@old.test", NULL},
    {"/p/jane.doe@lab.test.pst", "", "", "Jane Doe", "jd@lab.test", "high", NULL,
     "jane.doe@lab.test"},
    {"/p/jd@lab.test.pst", "", "3*list@x.y", "", "jd@lab.test", "medium", NULL, "jd@lab.test"},
    {"/p/jd@lab.test.pst", "", "3*team@lab.test", "", "jd@lab.test", "medium", NULL, "jd@lab.test"},
    {"/p/jd@lab.test.pst", "", "2*jd@lab.test bob@lab.test", "", "jd@lab.test", "high", NULL,
     "jd@lab.test"},
    /* contradictions */
    {"/p/jd@lab.test.pst", "2*bob@lab.test", "", "", "", "", "bob@lab.test", NULL},
    {"/p/jd@lab.test.pst", "a@x.y|b@x.y|c@x.y", "", "", "", "", "a@x.y", NULL},
    {"/p/jd@lab.test.pst", "", "3*bob@lab.test", "", "", "", "bob@lab.test", "jd@lab.test"},
    {"/p/bob@lab.test/jd@lab.test.pst", "", "", "", "", "", "folder", NULL},
    {"/p/jd@lab.test.pst", "", "", "bob@lab.test", "", "", "store", NULL},
    {"/p/jd@lab.test.pst", "2*jd@two.test", "", "", "", "", "jd@two.test", "jd@lab.test"},
    {"/p/a.pst", "2*bob@lab.test", "2*jd@lab.test", "", "", "", "recipients", "bob@lab.test"},
    /* nobody, or nobody who may receive */
    {"/p/a.pst", "", "", "", "", "", "nothing tells", NULL},
    {"/p/a.pst", "a@x.y|b@x.y", "a@x.y|b@x.y", "Jane Doe", "", "", "nothing tells", NULL},
    {"/p/a.pst", "", "3*list@x.y", "", "", "", "nothing tells", "list@x.y"},
    {"/p/gone@lab.test.pst", "", "", "", "", "", "no user gone@lab.test", "gone@lab.test"},
    {"/p/a.pst", "3*gone@lab.test", "", "", "", "", "no user gone@lab.test", "gone@lab.test"},
    {"/p/archie@lab.test.pst", "3*archie@lab.test", "", "", "", "", "suspended", "archie@lab.test"},
    {"/p/a.pst", "3*team@lab.test", "", "", "", "", "share", "team@lab.test"},
    {"/p/gone@lab.test.pst", "3*jd@lab.test", "", "", "", "", "gone@lab.test", NULL},
    {"/p/jd@old.test.pst", "3*jd@lab.test", "", "", "jd@lab.test", "medium", NULL, "jd@old.test"},
    {"/p/left@lab.test.pst", "3*jd@lab.test", "", "", "", "", "left@lab.test", NULL},
    {"/p/left@lab.test.pst", "", "", "", "", "", "create the user", "left@lab.test"},
    {"/p/a.pst", "3*jane.doe@two.test", "3*jd@lab.test", "", "", "", "jane.doe@two.test",
     "jane.doe@two.test"},
};

static void
test_rule (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (BmEvidence) evidence =
        people_evidence (cases[i].sent, cases[i].received, cases[i].store);
    g_autoptr (BmProposal) one = bm_propose (cases[i].path, "/p", evidence, people_find, NULL);
    g_test_message ("%s: [%s] %s | %s | %s", cases[i].path, one->user, one->confidence,
                    one->evidence, one->conflict);
    g_assert_cmpstr (one->user, ==, cases[i].user);
    g_assert_cmpstr (one->confidence, ==, cases[i].confidence);
    g_assert_true ((*one->user == '\0') == (*one->conflict != '\0'));
    if (cases[i].conflict != NULL)
      g_assert_nonnull (strstr (one->conflict, cases[i].conflict));
    g_autoptr (BmProposal) offline = bm_propose (cases[i].path, "/p", evidence, NULL, NULL);
    g_test_message ("  offline: [%s] %s | %s", offline->user, offline->confidence,
                    offline->conflict);
    g_assert_cmpstr (offline->user, ==, cases[i].offline != NULL ? cases[i].offline : "");
  }
}

static void
test_names (void)
{
  static const gchar *const files[][2] = {
      {"/p/jd@lab.test.pst", "jd@lab.test"},
      {"jd@lab.test.12.pst", "jd@lab.test"},
      {"/p/jd@lab.test (2).pst", "jd@lab.test"},
      {"/p/=cmd@lab.test.pst", NULL},
      {"/p/archive.pst", NULL},
      {"/p/jd@lab.test (2.pst", NULL},
      {"/p/jd@lab.test copy.pst", NULL},
      {"/p/.pst", NULL},
      {"/p/@.pst", NULL},
      {"/p/2019.pst", NULL},
  };
  static const gchar *const folders[][3] = {
      {"/p/jd@lab.test/a.pst", "/p", "jd@lab.test"},
      {"/p/jd@lab.test/x/y/a.pst", "/p", "jd@lab.test"},
      {"/p/a@x.y/b@x.y/a.pst", "/p", "b@x.y"},
      {"/p/jd@lab.test/a.pst", "/p/jd@lab.test", "jd@lab.test"},
      {"/jd@lab.test/p/a.pst", "/jd@lab.test/p", NULL}, /* above what was scanned */
      {"/p/a.pst", "/p", NULL},
      {"/a@x.y/a.pst", "/", "a@x.y"},
      {"/a.pst", "/", NULL},
  };
  for (guint i = 0; i < G_N_ELEMENTS (files); i++) {
    g_autofree gchar *address = bm_propose_file_address (files[i][0]);
    g_assert_cmpstr (address, ==, files[i][1]);
  }
  for (guint i = 0; i < G_N_ELEMENTS (folders); i++) {
    g_autofree gchar *address = bm_propose_folder_address (folders[i][0], folders[i][1]);
    g_assert_cmpstr (address, ==, folders[i][2]);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/propose/rule", test_rule);
  g_test_add_func ("/propose/names", test_names);
  return g_test_run ();
}
