/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Who is meant by a name and who is refused, over candidates alone; the directory over REST on
 * answers from a table; the witness that knows nothing. */
#include "bluemind/bm-directory-judge.h"
#include "bluemind/bm-directory-rest-private.h"
#include "bluemind/bm-directory-search.h"
#include "bluemind/bm-witness-none.h"

#include <string.h>

/* ---- names ---- */

static void
test_names (void)
{
  static const struct {
    const gchar *address;
    gint cause; /* -1: fine */
    gboolean external;
    const gchar *whole, *local, *domain;
  } names[] = {
      {"jd@Example.ORG", -1, FALSE, "jd@Example.ORG", "jd", "example.org"},
      {"a@b@example.org", -1, FALSE, "a@b@example.org", "a@b", "example.org"},
      {"ext:4711", -1, TRUE, "4711", NULL, NULL},
      {"ext:4711@Example.org", -1, TRUE, "4711@Example.org", "4711", "example.org"},
      {"ext:ldap://x@", -1, TRUE, "ldap://x@", NULL, NULL},
      {"ext:", BM_CAUSE_USER_UNKNOWN, FALSE, NULL, NULL, NULL},
      {"jd", BM_CAUSE_USER_UNKNOWN, FALSE, NULL, NULL, NULL},
      {"@example.org", BM_CAUSE_USER_UNKNOWN, FALSE, NULL, NULL, NULL},
      {"jd@", BM_CAUSE_USER_UNKNOWN, FALSE, NULL, NULL, NULL},
      {"j\xff@example.org", BM_CAUSE_USER_UNKNOWN, FALSE, NULL, NULL, NULL},
      {"Admin0@example.org", BM_CAUSE_ADMIN_REFUSED, FALSE, NULL, NULL, NULL},
      {"jd@Global.Virt", BM_CAUSE_ADMIN_REFUSED, FALSE, NULL, NULL, NULL},
  };
  for (guint i = 0; i < G_N_ELEMENTS (names); i++) {
    g_autoptr (GError) error = NULL;
    g_auto (BmUserName) name = {0};
    gboolean ok = bm_user_name_parse (names[i].address, &name, NULL, &error);
    g_test_message ("%s", error != NULL ? error->message : names[i].address);
    g_assert_true (ok == (names[i].cause < 0));
    if (!ok) {
      g_assert_error (error, BM_ERROR, names[i].cause);
      g_assert_true (g_utf8_validate (error->message, -1, NULL));
      continue;
    }
    g_assert_true (name.external == names[i].external);
    g_assert_cmpstr (name.whole, ==, names[i].whole);
    g_assert_cmpstr (name.local, ==, names[i].local);
    g_assert_cmpstr (name.domain, ==, names[i].domain);
  }
}

/* ---- judging ---- */

static BmCandidate *
candidate (const gchar *uid, const gchar *login)
{
  BmCandidate *one = g_new0 (BmCandidate, 1);
  one->uid = g_strdup (uid);
  one->domain = g_strdup ("d1.internal");
  one->alias = g_strdup ("example.org");
  one->login = g_strdup (login);
  one->type = g_strdup ("user");
  one->routing = g_strdup ("internal");
  one->location = g_strdup ("bm-master");
  one->host = g_strdup ("10.0.0.1");
  return one;
}

static void
set (gchar **text, const gchar *value)
{
  g_free (*text);
  *text = g_strdup (value);
}

static void
test_judge (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) all = g_ptr_array_new_with_free_func ((GDestroyNotify) bm_candidate_free);
  BmAddressee addressee = BM_ADDRESSEE_PERSON;
  g_assert_null (bm_directory_judge (all, "jd@example.org", &addressee, &error));
  g_assert_error (error, BM_ERROR, BM_CAUSE_USER_UNKNOWN);
  g_assert_cmpint (addressee, ==, BM_ADDRESSEE_NOBODY);
  g_clear_error (&error);
  g_ptr_array_add (all, candidate ("U1", "jd"));
  g_autoptr (BmUser) user = bm_directory_judge (all, "jd@example.org", &addressee, &error);
  g_assert_no_error (error);
  g_assert_cmpint (addressee, ==, BM_ADDRESSEE_PERSON);
  g_assert_cmpstr (user->mail_login, ==, "jd@d1.internal");
  g_assert_cmpstr (user->domain_name, ==, "example.org");
  g_assert_cmpstr (user->email, ==, "jd@example.org");
  g_assert_cmpstr (user->subtree_uid, ==, "subtree_d1_internal!user.U1");
  g_assert_cmpstr (user->server_uid, ==, "bm-master");
  g_ptr_array_add (all, candidate ("U2", "john"));
  g_assert_null (bm_directory_judge (all, "jd@example.org", &addressee, &error));
  g_assert_error (error, BM_ERROR, BM_CAUSE_USER_UNKNOWN);
  g_assert_cmpint (addressee, ==, BM_ADDRESSEE_SEVERAL);
  g_assert_nonnull (strstr (error->message, "2 mailboxes (jd@example.org, john@example.org)"));
}

/* The default address, as people know it. */
static void
test_email (void)
{
  static const gchar *const cases[][2] = {{NULL, "jd@example.org"},
                                          {"john.doe@example.net", "john.doe@example.net"},
                                          {"john.doe@D1.internal", "john.doe@example.org"}};
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (BmCandidate) one = candidate ("U1", "jd");
    set (&one->email, cases[i][0]);
    g_autoptr (BmUser) user = bm_directory_user (one);
    g_assert_cmpstr (user->email, ==, cases[i][1]);
  }
}

static void
test_refused (void)
{
  static const struct {
    const gchar *what; /* is changed */
    const gchar *words;
    BmCause cause;
    gboolean shared;
  } cases[] = {
      {"archived", "suspended", BM_CAUSE_USER_REFUSED},
      {"system", "system account", BM_CAUSE_ADMIN_REFUSED},
      {"share", "not a user", BM_CAUSE_USER_REFUSED, TRUE},
      {"no-login", "not a user", BM_CAUSE_USER_REFUSED, TRUE},
      {"external", "external server", BM_CAUSE_USER_REFUSED},
      {"none", "no mail routing", BM_CAUSE_USER_REFUSED},
      {"no-subtree", "no folder container", BM_CAUSE_USER_REFUSED},
      {"admin", "administrator", BM_CAUSE_ADMIN_REFUSED},
  };
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (GError) error = NULL;
    g_autoptr (GPtrArray) all = g_ptr_array_new_with_free_func ((GDestroyNotify) bm_candidate_free);
    BmCandidate *one = candidate ("U1", g_str_equal (cases[i].what, "admin") ? "admin0" : "jd");
    one->archived = g_str_equal (cases[i].what, "archived");
    one->system = g_str_equal (cases[i].what, "system");
    if (g_str_equal (cases[i].what, "share"))
      set (&one->type, "mailshare");
    if (g_str_equal (cases[i].what, "no-login"))
      g_clear_pointer (&one->login, g_free);
    if (g_str_equal (cases[i].what, "external") || g_str_equal (cases[i].what, "none"))
      set (&one->routing, cases[i].what);
    if (g_str_equal (cases[i].what, "no-subtree"))
      g_clear_pointer (&one->location, g_free);
    g_ptr_array_add (all, one);
    BmAddressee addressee = BM_ADDRESSEE_NOBODY;
    g_assert_null (bm_directory_judge (all, "x@example.org", &addressee, &error));
    g_assert_cmpint (addressee, ==, cases[i].shared ? BM_ADDRESSEE_SHARED : BM_ADDRESSEE_PERSON);
    g_assert_error (error, BM_ERROR, (gint) cases[i].cause);
    g_assert_nonnull (strstr (error->message, cases[i].words));
  }
}

/* ---- REST ---- */

typedef struct {
  const gchar *path, *answer; /* answer NULL: nothing, as BlueMind says "unknown" */
} Answer;

typedef struct {
  const Answer *answers;
  GString *asked; /* a line per call */
} Core;

static gboolean
get (gpointer data, const gchar *path, JsonNode **node, GError **error)
{
  Core *core = data;
  g_string_append_printf (core->asked, "%s\n", path);
  *node = NULL;
  for (const Answer *one = core->answers; one->path != NULL; one++)
    if (g_str_equal (one->path, path)) {
      *node = one->answer != NULL ? json_from_string (one->answer, NULL) : NULL;
      return TRUE;
    }
  if (strstr (path, "lost") == NULL)
    return TRUE;
  g_set_error_literal (error, BM_ERROR, BM_CAUSE_SERVICE_UNAVAILABLE, "table: away");
  return FALSE;
}

#define DOMAIN_JSON                                                                                \
  "{\"uid\":\"d1.internal\",\"value\":{\"name\":\"d1.internal\",\"global\":false,"                 \
  "\"aliases\":[\"example.org\",\"Example.NET\"]}}"
#define LOOKUP(name)                                                                               \
  {                                                                                                \
    "/api/domains/_lookup?name=" name, DOMAIN_JSON                                                 \
  }
#define USER_JSON(uid, login)                                                                      \
  "{\"uid\":\"" uid "\",\"value\":{\"login\":\"" login "\",\"archived\":false,\"emails\":[]}}"
#define MAILBOX_JSON(rest)                                                                         \
  "{\"value\":{\"type\":\"user\",\"routing\":\"internal\",\"dataLocation\":\"bm-1\"" rest "}}"
#define SUBTREE "/api/containers/_manage/_ifPresentLight/subtree_d1_internal%21user."
#define SERVERS                                                                                    \
  {                                                                                                \
    "/api/servers/default/_complete",                                                              \
        "[{\"uid\":\"bm-1\",\"value\":{\"ip\":\"10.0.0.1\",\"fqdn\":\"one\"}},"                    \
        "{\"uid\":\"bm-2\",\"value\":{\"ip\":null,\"fqdn\":\"two\"}},7]"                           \
  }

static BmUser *
find (const Answer *answers, const gchar *address, gchar **asked, GError **error)
{
  Core core = {answers, g_string_new (NULL)};
  BmUser *user = bm_directory_rest_find (get, &core, address, NULL, error);
  gchar *text = g_string_free (core.asked, FALSE);
  if (asked != NULL)
    *asked = text;
  else
    g_free (text);
  return user;
}

static void
test_rest (void)
{
  static const Answer answers[] = {
      LOOKUP ("example.net"),
      {"/api/users/d1.internal/byEmail/j%2Fd%2B%C3%A9%40example.net",
       "{\"uid\":\"U 1\",\"value\":{\"login\":\"jd\",\"emails\":[{\"address\":\"a@example.net\"},"
       "{\"address\":\"john@example.net\",\"isDefault\":true}]}}"},
      {"/api/mailboxes/d1.internal/U%201/complete", MAILBOX_JSON (",\"quota\":200")},
      {SUBTREE "U%201", "{\"uid\":\"x\",\"datalocation\":\"bm-2\"}"},
      SERVERS,
      {NULL, NULL},
  };
  g_autoptr (GError) error = NULL;
  g_autofree gchar *asked = NULL;
  g_autoptr (BmUser) user = find (answers, "J/D+\xc3\x89@Example.net", &asked, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (user->user_uid, ==, "U 1");
  g_assert_cmpstr (user->login, ==, "jd");
  g_assert_cmpstr (user->mail_login, ==, "jd@d1.internal");
  g_assert_cmpstr (user->domain_name, ==, "example.org");
  g_assert_cmpstr (user->email, ==, "john@example.net");
  g_assert_cmpint (user->quota_kib, ==, 200);
  g_assert_cmpstr (user->server_uid, ==, "bm-2"); /* the container's, not the mailbox's */
  g_assert_cmpstr (user->server_host, ==, "two");
  g_assert_cmpstr (user->subtree_uid, ==, "subtree_d1_internal!user.U 1");
  g_assert_nonnull (strstr (asked, "/byLogin/j%2Fd%2B%C3%A9\n"));
}

static void
test_rest_external (void)
{
  static const Answer answers[] = {
      {"/api/domains", "[{\"uid\":\"global.virt\",\"value\":{\"global\":true}}," DOMAIN_JSON ","
                       "{\"uid\":\"d2.internal\",\"value\":{\"aliases\":[\"two.org\"]}}]"},
      {"/api/users/d1.internal/byExtId/ldap%3A%2F%2F4711", USER_JSON ("U1", "jd")},
      {"/api/users/d1.internal/byExtId/12%40two.org", USER_JSON ("U1", "jd")},
      {"/api/containers/_manage/d1.internal/_list", "[]"},
      {"/api/containers/_manage/d2.internal/_list", "[{\"uid\":\"U2\",\"externalId\":\"13\"}]"},
      {"/api/users/d2.internal/byExtId/12", USER_JSON ("U2", "other")},
      {"/api/users/d2.internal/byExtId/13", USER_JSON ("U2", "other")},
      {"/api/mailboxes/d1.internal/U1/complete", MAILBOX_JSON ("")},
      {"/api/mailboxes/d2.internal/U2/complete", MAILBOX_JSON ("")},
      {SUBTREE "U1", "{\"uid\":\"x\"}"},
      {"/api/containers/_manage/_ifPresentLight/subtree_d2_internal%21user.U2", "{\"uid\":\"y\"}"},
      SERVERS,
      {NULL, NULL},
  };
  g_autoptr (GError) error = NULL;
  g_autofree gchar *asked = NULL;
  g_autoptr (BmUser) user = find (answers, "ext:ldap://4711", &asked, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (user->user_uid, ==, "U1");
  g_assert_cmpstr (user->server_uid, ==, "bm-1"); /* an older core does not tell the container's */
  g_assert_null (strstr (asked, "global.virt"));
  g_autoptr (BmUser) other = find (answers, "ext:13@TWO.org", NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (other->user_uid, ==, "U2");
  g_assert_null (find (answers, "ext:12@two.org", NULL, &error)); /* both readings find somebody */
  g_assert_error (error, BM_ERROR, BM_CAUSE_USER_UNKNOWN);
  g_assert_nonnull (strstr (error->message, "2 mailboxes"));
}

/* byExtId tells one of two; the directory's items tell both, whatever they are. */
static void
test_rest_twins (void)
{
  static const Answer answers[] = {
      {"/api/domains", "[" DOMAIN_JSON "]"},
      {"/api/users/d1.internal/byExtId/twins", USER_JSON ("U1", "jd")},
      {"/api/users/d1.internal/byExtId/mixed", USER_JSON ("U1", "jd")},
      {"/api/users/d1.internal/byExtId/one", USER_JSON ("U1", "jd")},
      {"/api/containers/_manage/d1.internal/_list",
       "[7,{\"uid\":\"U1\",\"externalId\":\"twins\"},{\"uid\":\"U2\",\"externalId\":\"twins\"},"
       "{\"uid\":\"G1\",\"externalId\":\"mixed\"},{\"uid\":\"X1\",\"externalId\":\"one\"},"
       "{\"uid\":\"U3\",\"externalId\":null}]"},
      {"/api/users/d1.internal/U2/complete", USER_JSON ("U2", "john")},
      {"/api/mailboxes/d1.internal/G1/complete",
       "{\"uid\":\"G1\",\"value\":{\"type\":\"group\",\"routing\":\"internal\"}}"},
      {"/api/mailboxes/d1.internal/U1/complete", MAILBOX_JSON ("")},
      {SUBTREE "U1", "{\"uid\":\"x\"}"},
      SERVERS,
      {NULL, NULL},
  };
  static const Answer unlisted[] = {
      {"/api/domains", "[" DOMAIN_JSON "]"},
      {"/api/users/d1.internal/byExtId/one", USER_JSON ("U1", "jd")},
      {"/api/mailboxes/d1.internal/U1/complete", MAILBOX_JSON ("")},
      {SUBTREE "U1", "{\"uid\":\"x\"}"},
      SERVERS,
      {NULL, NULL},
  };
  static const gchar *const several[] = {"ext:twins", "ext:mixed"};
  for (guint i = 0; i < G_N_ELEMENTS (several); i++) {
    g_autoptr (GError) error = NULL;
    g_assert_null (find (answers, several[i], NULL, &error));
    g_assert_error (error, BM_ERROR, BM_CAUSE_USER_UNKNOWN);
    g_assert_nonnull (strstr (error->message, "2 mailboxes"));
  }
  g_autoptr (GError) error = NULL;
  g_autoptr (BmUser) user = find (answers, "ext:one", NULL, &error); /* X1 has no mailbox */
  g_test_expect_message (G_LOG_DOMAIN, G_LOG_LEVEL_WARNING, "*does not list its directory*");
  g_autoptr (BmUser) unsure = find (unlisted, "ext:one", NULL, NULL);
  g_test_assert_expected_messages ();
  g_assert_nonnull (unsure);
  g_assert_no_error (error);
  g_assert_cmpstr (user->user_uid, ==, "U1");
}

/* The first BlueMind 4 does not know the light call. */
static void
test_rest_old_core (void)
{
  static const Answer answers[] = {
      LOOKUP ("example.org"),
      {"/api/users/d1.internal/byLogin/jd", USER_JSON ("U1", "jd")},
      {"/api/mailboxes/d1.internal/U1/complete", MAILBOX_JSON ("")},
      {"/api/containers/_manage/_ifPresent/subtree_d1_internal%21user.U1", "{\"uid\":\"x\"}"},
      SERVERS,
      {NULL, NULL},
  };
  g_autoptr (GError) error = NULL;
  g_autoptr (BmUser) user = find (answers, "jd@example.org", NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (user->server_uid, ==, "bm-1");
}

static void
test_rest_refused (void)
{
  static const Answer answers[] = {
      LOOKUP ("example.org"),
      {"/api/users/d1.internal/byLogin/both", USER_JSON ("U1", "both")},
      {"/api/users/d1.internal/byEmail/both%40example.org", USER_JSON ("U2", "second")},
      {"/api/mailboxes/d1.internal/_byemail?email=team%40example.org",
       "{\"uid\":\"T1\",\"value\":{\"type\":\"mailshare\",\"routing\":\"internal\"}}"},
      {"/api/users/d1.internal/byLogin/bare", USER_JSON ("U3", "bare")},
      {"/api/users/d1.internal/byLogin/new", USER_JSON ("U4", "new")},
      {"/api/mailboxes/d1.internal/U4/complete", MAILBOX_JSON ("")},
      {"/api/users/d1.internal/byLogin/odd", "[\"what\",{}]"},
      SERVERS,
      {NULL, NULL},
  };
  static const struct {
    const gchar *address, *words;
    BmCause cause;
  } cases[] = {
      {"both@example.org", "2 mailboxes", BM_CAUSE_USER_UNKNOWN},
      {"team@example.org", "not a user", BM_CAUSE_USER_REFUSED},
      {"bare@example.org", "no user", BM_CAUSE_USER_UNKNOWN}, /* without mailbox */
      {"new@example.org", "no folder container", BM_CAUSE_USER_REFUSED},
      {"odd@example.org", "no user", BM_CAUSE_USER_UNKNOWN},
      {"nobody@example.org", "no user", BM_CAUSE_USER_UNKNOWN},
      {"nobody@elsewhere.org", "no user", BM_CAUSE_USER_UNKNOWN},
      {"x@lost.org", "away", BM_CAUSE_SERVICE_UNAVAILABLE},
      {"admin0@example.org", "administrator", BM_CAUSE_ADMIN_REFUSED},
  };
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (GError) error = NULL;
    g_assert_null (find (answers, cases[i].address, NULL, &error));
    g_test_message ("%s", error->message);
    g_assert_error (error, BM_ERROR, (gint) cases[i].cause);
    g_assert_nonnull (strstr (error->message, cases[i].words));
  }
}

/* ---- all addresses ---- */

static void
test_rest_addresses (void)
{
  static const Answer answers[] = {
      LOOKUP ("d1.internal"),
      {"/api/mailboxes/d1.internal/U1/complete",
       MAILBOX_JSON (",\"emails\":[{\"address\":\"J.Doe@Example.org\",\"allAliases\":false},"
                     "{\"address\":\"jane@example.org\",\"allAliases\":true},"
                     "{\"address\":\"bare\",\"allAliases\":true},7,{\"address\":null}]")},
      {NULL, NULL},
  };
  BmUser user = {
      .user_uid = (gchar *) "U1", .domain_uid = (gchar *) "d1.internal", .login = (gchar *) "JD"};
  Core core = {answers, g_string_new (NULL)};
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) addresses = bm_directory_rest_list (get, &core, &user, &error);
  g_assert_no_error (error);
  g_autofree gchar *joined = g_strjoinv (" ", addresses);
  g_assert_cmpstr (joined, ==,
                   "jd@d1.internal j.doe@example.org jane@example.org jane@d1.internal "
                   "jane@example.org jane@example.net bare@d1.internal bare@example.org "
                   "bare@example.net");
  g_string_free (core.asked, TRUE);
}

/* ---- search ---- */

static gboolean
post (gpointer data, const gchar *path, JsonNode *body, JsonNode **node, GError **error)
{
  g_autofree gchar *query = json_to_string (body, FALSE);
  Core *core = data;
  g_string_append_printf (core->asked, "%s\n", query);
  return get (data, path, node, error);
}

static gchar *
search (const Answer *answers, const gchar *text, const gchar *domain, guint max, gboolean *more,
        gchar **asked)
{
  Core core = {answers, g_string_new (NULL)};
  const gchar *domains[] = {domain, NULL};
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) people =
      bm_directory_rest_search_in (get, post, &core, text, domains, max, more, &error);
  g_assert_no_error (error);
  GString *found = g_string_new (NULL);
  for (guint i = 0; i < people->len; i++) {
    const BmFoundUser *one = g_ptr_array_index (people, i);
    g_string_append_printf (found, "%s|%s|%s|%s|%s\n", one->user->mail_login, one->name, one->email,
                            one->why != NULL ? one->why : "may",
                            one->action != NULL ? one->action : "-");
  }
  *asked = g_string_free (core.asked, FALSE);
  return g_string_free (found, FALSE);
}

static void
test_rest_search (void)
{
#define ENTRY(uid, name)                                                                           \
  "{\"uid\":\"" uid "\",\"value\":{\"displayName\":\"" name "\",\"email\":\"" uid "@e.org\"}}"
  static const Answer answers[] = {
      {"/api/domains", "[{\"uid\":\"global.virt\",\"value\":{\"global\":true}}," DOMAIN_JSON
                       ",{\"uid\":\"d2.internal\",\"value\":{\"aliases\":[\"two.org\"]}},7]"},
      {"/api/directory/d1.internal/_search",
       "{\"total\":4,\"values\":[" ENTRY ("U1", "Zoe") "," ENTRY ("U2", "Bo") "," ENTRY (
           "U3", "No Mailbox") ",null," ENTRY ("A0", "Admin") "]}"},
      {"/api/users/d1.internal/byLogin/a%25_b", USER_JSON ("U1", "zoe")},
      {"/api/users/d1.internal/U1/complete", USER_JSON ("U1", "zoe")},
      {"/api/users/d1.internal/U2/complete",
       "{\"uid\":\"U2\",\"value\":{\"login\":\"bo\",\"archived\":true}}"},
      {"/api/users/d1.internal/U3/complete", USER_JSON ("U3", "none")},
      {"/api/users/d1.internal/A0/complete", USER_JSON ("A0", "admin0")},
      {"/api/mailboxes/d1.internal/U1/complete", MAILBOX_JSON ("")},
      {"/api/mailboxes/d1.internal/U2/complete", MAILBOX_JSON ("")},
      {"/api/mailboxes/d1.internal/A0/complete", MAILBOX_JSON ("")},
      {SUBTREE "U1", "{\"uid\":\"x\"}"},
      {SUBTREE "U2", "{\"uid\":\"y\"}"},
      {NULL, NULL},
  };
  gboolean more = TRUE;
  g_autofree gchar *asked = NULL, *again = NULL, *none = NULL;
  g_autofree gchar *found = search (answers, "A%_b", "*", 20, &more, &asked);
  g_assert_cmpstr (found, ==,
                   "bo@d1.internal|Bo|U2@e.org|is suspended (archived)|reactivate the user first\n"
                   "zoe@d1.internal|zoe||may|-\n");
  g_assert_false (more);
  g_assert_nonnull (strstr (asked, "\"nameOrEmailFilter\":\"A\\\\%\\\\_b\"")); /* no wildcards */
  g_assert_nonnull (strstr (asked, "/api/directory/d2.internal/_search"));
  g_assert_null (strstr (asked, "global.virt"));
  g_autofree gchar *one = search (answers, "A%_b", "d1.internal", 1, &more, &again);
  g_assert_cmpstr (one, ==, "zoe@d1.internal|zoe||may|-\n"); /* whole logins come first */
  g_assert_true (more);
  g_assert_null (strstr (again, "d2.internal"));
  g_autofree gchar *nobody = search (answers, "A%_b", "d3.internal", 1, &more, &none);
  g_assert_cmpstr (nobody, ==, "");
}

/* ---- the witness that knows nothing ---- */

static void
test_witness_none (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (BmWitness) witness = bm_witness_none_new ();
  BmClaim claims[] = {{.folder = "a", .uid = 1, .verdict = BM_VERDICT_PRESENT},
                      {.folder = "b", .uid = 2, .verdict = BM_VERDICT_GONE}};
  guint64 last_uid = 5;
  g_assert_true (witness->ops->examine (witness, claims, 2, &error));
  g_assert_cmpint (claims[0].verdict, ==, BM_VERDICT_PENDING);
  g_assert_cmpint (claims[1].verdict, ==, BM_VERDICT_PENDING);
  g_assert_true (witness->ops->last_uid (witness, "a", &last_uid, &error));
  g_assert_cmpuint (last_uid, ==, 0);
  g_assert_null (witness->ops->list (witness, "a", 1, &error));
  g_assert_error (error, BM_ERROR, BM_CAUSE_UNSUPPORTED);
  g_assert_cmpstr (witness->ops->blind, ==, "no-database");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/directory/names", test_names);
  g_test_add_func ("/directory/judge", test_judge);
  g_test_add_func ("/directory/email", test_email);
  g_test_add_func ("/directory/refused", test_refused);
  g_test_add_func ("/directory/rest", test_rest);
  g_test_add_func ("/directory/rest-external", test_rest_external);
  g_test_add_func ("/directory/rest-twins", test_rest_twins);
  g_test_add_func ("/directory/rest-old-core", test_rest_old_core);
  g_test_add_func ("/directory/rest-refused", test_rest_refused);
  g_test_add_func ("/directory/rest-addresses", test_rest_addresses);
  g_test_add_func ("/directory/rest-search", test_rest_search);
  g_test_add_func ("/directory/witness-none", test_witness_none);
  return g_test_run ();
}
