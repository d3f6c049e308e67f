/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Where folders go: wrapped, merged, with hostile names. */
#include "engine/bm-engine.h"

#include <string.h>

static const gchar *const taken[] = {"Autres utilisateurs", NULL};
static const BmNameRules rules = {'/', "\\\"%&*^", 100, 200, taken};

static const BmSelection everything;

typedef struct {
  const gchar *path;
  BmRole role;
  const gchar *target; /* NULL: nothing goes there */
  BmNotes notes;
} Case;

#define RENAMED (G_GUINT64_CONSTANT (1) << BM_NOTE_FOLDER_RENAMED)
#define MOVED   (G_GUINT64_CONSTANT (1) << BM_NOTE_INBOX_CHILD_MOVED)

/* The nid of the folder that the path lies in; 0 when it is not among the cases. */
static guint32
parent_of (const Case *cases, guint n, const gchar *path)
{
  const gchar *slash = path != NULL ? strrchr (path, '/') : NULL;
  for (guint i = 0; slash != NULL && i < n; i++)
    if (cases[i].path != NULL && strlen (cases[i].path) == (gsize) (slash - path) &&
        g_str_has_prefix (path, cases[i].path))
      return (i + 1) << 5 | 2;
  return 0;
}

static void
check (const BmPlanOptions *options, const Case *cases, guint n)
{
  g_autoptr (BmCensus) census = bm_census_new ();
  for (guint i = 0; i < n; i++) {
    BmFolder *folder = bm_folder_new ();
    folder->nid = (i + 1) << 5 | 2;
    folder->parent = parent_of (cases, n, cases[i].path);
    folder->path = g_strdup (cases[i].path);
    folder->role = cases[i].role;
    g_ptr_array_add (census->folders, folder);
  }
  g_autoptr (GArray) rows = bm_plan_folders (census, &rules, options);
  g_assert_cmpuint (rows->len, ==, n);
  for (guint i = 0; i < n; i++)
    for (guint k = 0; k < n; k++) {
      const BmJournalFolder *row = &g_array_index (rows, BmJournalFolder, k);
      if (row->nid != ((i + 1) << 5 | 2))
        continue;
      g_assert_cmpstr (row->target, ==, cases[i].target);
      g_assert_cmphex (row->notes, ==, cases[i].notes);
    }
}

static void
test_wrapped (void)
{
  const BmPlanOptions options = {.into = "Imported/old", .selection = &everything};
  const Case cases[] = {
      {"", BM_ROLE_NONE, "Imported/old", 0},
      {"Inbox", BM_ROLE_INBOX, "Imported/old/Inbox", 0},
      {"Inbox/Été", BM_ROLE_NONE, "Imported/old/Inbox/Été", 0},
      {"Outbox", BM_ROLE_OUTBOX, "Imported/old/Outbox", 0},
      {NULL, BM_ROLE_NONE, NULL, 0},
  };
  check (&options, cases, G_N_ELEMENTS (cases));
}

static void
test_merged (void)
{
  const BmPlanOptions options = {.into = "/", .selection = &everything};
  const Case cases[] = {
      {"Posteingang/Kunden", BM_ROLE_NONE, "INBOX/Kunden", 0}, /* a nid below its parent's */
      {"Posteingang", BM_ROLE_INBOX, "INBOX", 0},
      {"Gesendete Elemente", BM_ROLE_SENT, "Sent", 0},
      {"Postausgang", BM_ROLE_OUTBOX, "Drafts", 0},
      {"Entwürfe", BM_ROLE_DRAFTS, "Drafts", 0},
      {"Sent", BM_ROLE_NONE, "Sent (2)", RENAMED},
      {"outbox", BM_ROLE_NONE, "outbox (2)", RENAMED},
      {"Autres utilisateurs", BM_ROLE_NONE, "Autres utilisateurs (2)", RENAMED},
      {"Projekte", BM_ROLE_NONE, "Projekte", 0},
  };
  check (&options, cases, G_N_ELEMENTS (cases));
}

/* Cyrus refuses INBOX/INBOX in any case. */
static void
test_inbox_in_inbox (void)
{
  const BmPlanOptions merge = {.into = "/", .selection = &everything},
                      below = {.into = "INBOX", .selection = &everything};
  const Case merged[] = {
      {"Posteingang", BM_ROLE_INBOX, "INBOX", 0},
      {"Posteingang/Inbox", BM_ROLE_NONE, "INBOX/Inbox (2)", RENAMED},
      {"Posteingang/Inbox/Inbox", BM_ROLE_NONE, "INBOX/Inbox (2)/Inbox", 0},
  };
  const Case wrapped[] = {
      {"", BM_ROLE_NONE, "INBOX", 0},
      {"Inbox", BM_ROLE_INBOX, "INBOX/Inbox (2)", RENAMED},
      {"Inbox/A", BM_ROLE_NONE, "INBOX/Inbox (2)/A", 0},
  };
  check (&merge, merged, G_N_ELEMENTS (merged));
  check (&below, wrapped, G_N_ELEMENTS (wrapped));
}

static void
test_merged_40 (void)
{
  const BmPlanOptions options = {
      .into = "/", .selection = &everything, .inbox_children_on_top = TRUE};
  const Case cases[] = {
      {"Inbox", BM_ROLE_INBOX, "INBOX", 0},
      {"Inbox/A", BM_ROLE_NONE, "A", MOVED},
      {"Inbox/A/B", BM_ROLE_NONE, "A/B", 0},
  };
  check (&options, cases, G_N_ELEMENTS (cases));
  const BmPlanOptions below = {
      .into = "INBOX", .selection = &everything, .inbox_children_on_top = TRUE};
  const Case on_top[] = {
      {"", BM_ROLE_NONE, "INBOX", 0},
      {"Inbox", BM_ROLE_INBOX, "Inbox (2)", RENAMED | MOVED},
      {"Inbox/A", BM_ROLE_NONE, "Inbox (2)/A", 0},
  };
  check (&below, on_top, G_N_ELEMENTS (on_top));
}

/* Two folders of one name, which damaged and flattened files have, each with a folder in it: that goes
 * where its own parent goes. */
static void
test_namesakes (void)
{
  static const struct {
    guint32 nid, parent;
    const gchar *path, *target;
  } folders[] = {
      {0x8022, 0x122, "", "Imported"},
      {0x8042, 0x8022, "Projects", "Imported/Projects"},
      {0x8062, 0x8022, "Projects", "Imported/Projects (2)"},
      {0x8082, 0x8042, "Projects/A", "Imported/Projects/A"},
      {0x80a2, 0x8062, "Projects/A", "Imported/Projects (2)/A"},
      {0x80c2, 0x8082, "Projects/A/B", "Imported/Projects/A/B"},
      {0x80e2, 0x80a2, "Projects/A/B", "Imported/Projects (2)/A/B"},
  };
  const BmPlanOptions options = {.into = "Imported", .selection = &everything};
  g_autoptr (BmCensus) census = bm_census_new ();
  for (guint i = 0; i < G_N_ELEMENTS (folders); i++) {
    BmFolder *folder = bm_folder_new ();
    folder->nid = folders[i].nid;
    folder->parent = folders[i].parent;
    folder->path = g_strdup (folders[i].path);
    g_ptr_array_add (census->folders, folder);
  }
  g_autoptr (GArray) rows = bm_plan_folders (census, &rules, &options);
  for (guint i = 0; i < rows->len; i++) {
    const BmJournalFolder *row = &g_array_index (rows, BmJournalFolder, i);
    g_assert_cmphex (row->nid, ==, folders[i].nid);
    g_assert_cmpstr (row->target, ==, folders[i].target);
  }
}

/* NULL: refused. */
static void
test_into (void)
{
  static const struct {
    const gchar *into, *canonical, *canonical_40;
  } cases[] = {
      {"/", "/", "/"},
      {"Archiv/Été", "Archiv/Été", "Archiv/Été"},
      {"E\xcc\x81", "É", "É"},
      {"inbox", "INBOX", "INBOX"},
      {"Inbox/Old", "INBOX/Old", NULL},
      {"A/Inbox", "A/Inbox", "A/Inbox"},
      {"INBOX/inbox", NULL, NULL},
      {"outbox", NULL, NULL},
      {"Outbox/x", NULL, NULL},
      {"autres utilisateurs/bob", NULL, NULL},
      {"Dossiers", "Dossiers", "Dossiers"},
      {"", NULL, NULL},
      {"/A", NULL, NULL},
      {"A/", NULL, NULL},
      {"A//B", NULL, NULL},
      {"A&B", NULL, NULL},
      {" A", NULL, NULL},
      {"A/b.", NULL, NULL},
      {"A\x07", NULL, NULL},
      {"\xff", NULL, NULL},
  };
  static const gchar *const names[] = {"Outbox", "Autres utilisateurs", NULL};
  const BmNameRules server = {'/', "\\\"%&*^", 100, 200, names};
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    for (guint v40 = 0; v40 < 2; v40++) {
      g_autoptr (GError) error = NULL;
      const gchar *want = v40 ? cases[i].canonical_40 : cases[i].canonical;
      g_autofree gchar *got = bm_import_canonical_into (cases[i].into, &server, v40, &error);
      g_assert_cmpstr (got, ==, want);
      if (want == NULL)
        g_assert_error (error, BM_ERROR, BM_CAUSE_USAGE);
    }
  g_autofree gchar *deep = g_strnfill (90, 'x');
  g_autofree gchar *too_deep = g_strconcat (deep, "/", deep, "/", deep, NULL);
  g_assert_null (bm_import_canonical_into (too_deep, &server, FALSE, NULL));
}

static void
test_default_into (void)
{
  static const gchar *const cases[][2] = {{"/a/old.pst", "Imported/old"},
                                          {"A&B.x.pst", "Imported/A_B.x"},
                                          {"/a/.pst", "Imported/_.pst"},
                                          {"~x .pst", "Imported/_~x"},
                                          {"\xff.pst", "Imported/\xef\xbf\xbd"}};
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autofree gchar *into = bm_import_default_into (cases[i][0], &bm_name_rules_bluemind);
    g_assert_cmpstr (into, ==, cases[i][1]);
    g_autofree gchar *same = bm_import_canonical_into (into, &bm_name_rules_bluemind, FALSE, NULL);
    g_assert_cmpstr (same, ==, into);
  }
}

static gchar *
repeat (const gchar *text, guint n)
{
  g_autoptr (GString) all = g_string_new (NULL);
  for (guint i = 0; i < n; i++)
    g_string_append (all, text);
  return g_string_free (g_steal_pointer (&all), FALSE);
}

static void
test_names (void)
{
  const BmPlanOptions options = {.into = "I", .selection = &everything};
  g_autofree gchar *long_name = g_strnfill (300, 'x');
  g_autofree gchar *cut = g_strnfill (100, 'x');
  g_autofree gchar *long_target = g_strconcat ("I/", cut, NULL);
  g_autofree gchar *accents = repeat ("\xc3\xa9", 300), *some = repeat ("\xc3\xa9", 39);
  g_autofree gchar *accents_target = g_strconcat ("I/", some, NULL);
  const Case cases[] = {
      {"A&B", BM_ROLE_NONE, "I/A_B", RENAMED},
      {"a_b", BM_ROLE_NONE, "I/a_b (2)", RENAMED}, /* differs from the above by case only */
      {" x ", BM_ROLE_NONE, "I/x", RENAMED},
      {"...", BM_ROLE_NONE, "I/_", RENAMED},
      {"bell\x07", BM_ROLE_NONE, "I/bell_", RENAMED},
      {long_name, BM_ROLE_NONE, long_target, RENAMED},
      {"a\xe2\x88\x95z", BM_ROLE_NONE, "I/a\xe2\x88\x95z", 0},
      {"\xf0\x9f\x98\x80", BM_ROLE_NONE, "I/\xf0\x9f\x98\x80", 0},
      {"Caf\xc3\xa9", BM_ROLE_NONE, "I/Caf\xc3\xa9", 0},
      {"Cafe\xcc\x81", BM_ROLE_NONE, "I/Caf\xc3\xa9 (2)", RENAMED}, /* the same to a reader */
      {accents, BM_ROLE_NONE, accents_target, RENAMED},
      /* joiners are part of words and of emoji; marks that turn the line around are not */
      {"\xd9\x85\xdb\x8c\xe2\x80\x8c\xd8\xaf", BM_ROLE_NONE,
       "I/\xd9\x85\xdb\x8c\xe2\x80\x8c\xd8\xaf", 0},
      {"\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x92\xbb", BM_ROLE_NONE,
       "I/\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x92\xbb", 0},
      {"a\xe2\x80\xae"
       "b",
       BM_ROLE_NONE, "I/a_b (3)", RENAMED},
      {"\xe2\x80\x8d", BM_ROLE_NONE, "I/_ (2)", RENAMED},
      {"end. . .", BM_ROLE_NONE, "I/end", RENAMED},
      {"two\r\nlines", BM_ROLE_NONE, "I/two__lines", RENAMED},
  };
  check (&options, cases, G_N_ELEMENTS (cases));
}

/* Deeper than the server's paths may be long: moved up, never lost, never equal. */
static void
test_deep (void)
{
  const BmPlanOptions options = {.into = "I", .selection = &everything};
  g_autoptr (BmCensus) census = bm_census_new ();
  g_autoptr (GString) path = g_string_new ("level");
  for (guint i = 0; i < 100; i++) {
    BmFolder *folder = bm_folder_new ();
    folder->nid = (i + 1) << 5 | 2;
    folder->parent = i > 0 ? i << 5 | 2 : 0;
    folder->path = g_strdup (path->str);
    g_ptr_array_add (census->folders, folder);
    g_string_append (path, "/level");
  }
  g_autoptr (GArray) rows = bm_plan_folders (census, &rules, &options);
  g_autoptr (GHashTable) seen = g_hash_table_new (g_str_hash, g_str_equal);
  for (guint i = 0; i < rows->len; i++) {
    const BmJournalFolder *row = &g_array_index (rows, BmJournalFolder, i);
    g_assert_cmpuint (strlen (row->target), <=, 210);
    g_assert_true (g_str_has_prefix (row->target, "I/"));
    g_assert_true (g_hash_table_add (seen, row->target));
  }
}

/* Globs on paths in the PST's language, and on Exchange's names of well-known folders. */
static void
test_selected (void)
{
  static const struct {
    const gchar *path;
    BmRole role;
  } folders[] = {{"Posteingang", BM_ROLE_INBOX},
                 {"Posteingang/Projekte", BM_ROLE_NONE},
                 {"Posteingang/Projekte/2019", BM_ROLE_NONE},
                 {"Gesendete Elemente", BM_ROLE_SENT},
                 {"Archiv", BM_ROLE_NONE}};
  static const struct {
    const gchar *include, *exclude, *taken; /* taken: a bit per folder */
  } cases[] = {
      {NULL, NULL, "11111"},
      {"#Inbox#", NULL, "11100"},
      {"#INBOX#/projekte", NULL, "01100"},
      {"#Inbox#", "#Inbox#/Projekte/20*", "11000"},
      {NULL, "#SentItems#", "11101"},
      {"posteingang/*/2019", NULL, "00100"},
      {"*", "Archiv", "11110"},
      {"Post", NULL, "00000"},
      {"#Calendar#", NULL, "00000"},
  };
  g_autoptr (BmCensus) census = bm_census_new ();
  for (guint i = 0; i < G_N_ELEMENTS (folders); i++) {
    BmFolder *folder = bm_folder_new ();
    folder->path = g_strdup (folders[i].path);
    folder->role = folders[i].role;
    g_ptr_array_add (census->folders, folder);
  }
  for (guint c = 0; c < G_N_ELEMENTS (cases); c++) {
    const gchar *include[] = {cases[c].include, NULL}, *exclude[] = {cases[c].exclude, NULL};
    const BmSelection selection = {.include = include, .exclude = exclude};
    for (guint i = 0; i < G_N_ELEMENTS (folders); i++)
      g_assert_cmpint (bm_filter_takes_folder (&selection, census, folders[i].path), ==,
                       cases[c].taken[i] == '1');
  }
  /* two selections that differ are told apart, whatever their globs hold */
  const gchar *const joined[] = {"A, B; without folders C", NULL}, *const one[] = {"A", "B", NULL},
                     *const left_out[] = {"C", NULL};
  const BmSelection odd = {.include = joined}, plain = {.include = one, .exclude = left_out};
  g_autofree gchar *odd_text = bm_filter_describe (&odd), *text = bm_filter_describe (&plain);
  g_assert_cmpstr (text, ==, "folders A, B; without folders C");
  g_assert_cmpstr (odd_text, ==, "folders \"A, B; without folders C\"");
  g_assert_true (bm_filter_is_folder_glob ("#SentItems#/x"));
  g_assert_false (bm_filter_is_folder_glob ("#Nonsense#"));
  g_assert_false (bm_filter_is_folder_glob ("#Inbox#x"));
}

static void
test_filtered (void)
{
  static const gchar text[] = "Subject: x\r\n\r\n0123456789\r\n"; /* 26 bytes */
  static const gchar *const notes[] = {"IPM.Note", NULL}, *const reports[] = {"report.*.NDR", NULL};
  g_autoptr (BmMessage) message =
      bm_message_seal (g_bytes_new_static (text, sizeof text - 1), NULL);
  g_free (message->message_class);
  message->message_class = g_strdup ("IPM.Note.SMIME");
  message->internal_date = 1000;
  const struct {
    BmSelection selection;
    BmRule rule;
  } cases[] = {
      {{0}, BM_RULE_NONE},
      {{.classes = notes}, BM_RULE_NONE},
      {{.not_classes = notes}, BM_RULE_FILTERED_CLASS},
      {{.classes = reports}, BM_RULE_FILTERED_CLASS},
      {{.since = 1000}, BM_RULE_NONE},
      {{.since = 1001}, BM_RULE_FILTERED_DATE},
      {{.before = 1001}, BM_RULE_NONE},
      {{.before = 1000}, BM_RULE_FILTERED_DATE},
      {{.min_size = 26, .max_size = 26}, BM_RULE_NONE},
      {{.min_size = 27}, BM_RULE_FILTERED_SIZE},
      {{.max_size = 25}, BM_RULE_FILTERED_SIZE},
  };
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_assert_cmpint (bm_filter_message (&cases[i].selection, message), ==, cases[i].rule);
    g_assert_cmpint (bm_filter_envelope (&cases[i].selection, message->message_class,
                                         message->internal_date, g_bytes_get_size (message->bytes)),
                     ==, cases[i].rule);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/plan/wrapped", test_wrapped);
  g_test_add_func ("/plan/merged", test_merged);
  g_test_add_func ("/plan/merged-4.0", test_merged_40);
  g_test_add_func ("/plan/inbox-in-inbox", test_inbox_in_inbox);
  g_test_add_func ("/plan/namesakes", test_namesakes);
  g_test_add_func ("/plan/into", test_into);
  g_test_add_func ("/plan/default-into", test_default_into);
  g_test_add_func ("/plan/names", test_names);
  g_test_add_func ("/plan/deep", test_deep);
  g_test_add_func ("/plan/selected", test_selected);
  g_test_add_func ("/plan/filtered", test_filtered);
  return g_test_run ();
}
