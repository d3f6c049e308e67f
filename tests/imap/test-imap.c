/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The sink against a scripted server: batches, refusals, lost answers, BlueMind 5, names, logins. */
#include "imap/fake-imap.h"

#include "imap/bm-imap.h"
#include <signal.h>
#include <string.h>

#define CYRUS     "LITERAL+ MULTIAPPEND DIGEST=SHA1 APPENDLIMIT=100000"
#define BLUEMIND5 "LITERAL+ BM-ROCKS"

static gboolean
password (gpointer data, gchar **secret, GError **error)
{
  *secret = g_strdup ("secret");
  return TRUE;
}

static BmImapOptions
options_for (const FakeImap *fake)
{
  return (BmImapOptions){.host = "127.0.0.1",
                         .port = fake != NULL ? fake_imap_port (fake) : 1,
                         .allow_plaintext = TRUE,
                         .login = "alice@d.internal",
                         .password = password,
                         .timeout_s = 5};
}

typedef struct {
  FakeImap *fake;
  BmSink *sink;
  BmTarget *target;
  GPtrArray *messages;
  BmOutcome outcomes[8];
  GError *error;
  gboolean ok;
} Run;

static BmMessage *
message_of (guint n, gsize size)
{
  g_autofree gchar *padding = g_strnfill (size, 'x');
  g_autofree gchar *text = g_strdup_printf ("Subject: message-%u\r\n\r\n%s\r\n", n, padding);
  BmMessage *message = bm_message_seal (g_bytes_new (text, strlen (text)), NULL);
  message->internal_date = 1000000000;
  message->flags = n == 0 ? BM_FLAG_SEEN : 0;
  if (n == 1) {
    g_strfreev (message->keywords);
    message->keywords = g_strsplit ("$Forwarded Ete", " ", -1);
  }
  if (n == 3) {
    g_strfreev (message->keywords);
    message->keywords = g_strsplit ("Ete Neu Neuer", " ", -1);
  }
  return message;
}

/* Appends n messages of these sizes (0 = small). */
static void
run (Run *run_, const FakeImapScript *script, guint n, gsize size)
{
  memset (run_, 0, sizeof *run_);
  run_->fake = fake_imap_start (script);
  BmImapOptions options = options_for (run_->fake);
  run_->sink = bm_imap_sink_new (&options, &run_->error);
  g_assert_no_error (run_->error);
  g_assert_true (run_->sink->ops->connect (run_->sink, &run_->error));
  g_assert_true (
      run_->sink->ops->open_folder (run_->sink, "Été/A&B", TRUE, &run_->target, &run_->error));
  run_->messages = g_ptr_array_new_with_free_func ((GDestroyNotify) bm_message_free);
  for (guint i = 0; i < n; i++)
    g_ptr_array_add (run_->messages, message_of (i, size));
  run_->ok = run_->sink->ops->append (run_->sink, run_->target, run_->messages, run_->outcomes,
                                      &run_->error);
}

static void
clear (Run *run_)
{
  for (guint i = 0; i < G_N_ELEMENTS (run_->outcomes); i++)
    bm_outcome_clear (&run_->outcomes[i]);
  run_->sink->ops->target_free (run_->sink, run_->target);
  bm_sink_free (run_->sink);
  fake_imap_stop (run_->fake);
  g_ptr_array_unref (run_->messages);
  g_clear_error (&run_->error);
}

static void
kinds_are (const Run *run_, const gchar *want) /* one letter each: A R D N */
{
  static const gchar letters[] = {[BM_OUTCOME_NONE] = 'N',
                                  [BM_OUTCOME_APPENDED] = 'A',
                                  [BM_OUTCOME_REFUSED] = 'R',
                                  [BM_OUTCOME_IN_DOUBT] = 'D'};
  gchar got[9] = "";
  for (guint i = 0; i < run_->messages->len; i++)
    got[i] = letters[run_->outcomes[i].kind];
  g_assert_cmpstr (got, ==, want);
}

static void
test_multiappend (void)
{
  const FakeImapScript script = {.capabilities = CYRUS};
  Run r;
  run (&r, &script, 5, 0);
  g_assert_no_error (r.error);
  kinds_are (&r, "AAAAA");
  for (guint i = 0; i < 5; i++)
    g_assert_cmpuint (r.outcomes[i].uid, ==, i + 1);
  g_autofree gchar *trace = fake_imap_trace (r.fake);
  g_assert_nonnull (strstr (trace, "APPEND \"&AMk-t&AOk-/A&-B\" (\\Seen) "
                                   "\"09-Sep-2001 01:46:40 +0000\" <24> ($Forwarded Ete) "));
  clear (&r);
}

static void
test_pipelined (void)
{
  const FakeImapScript script = {.capabilities = BLUEMIND5};
  Run r;
  run (&r, &script, 8, 0);
  kinds_are (&r, "AAAAAAAA");
  g_autofree gchar *trace = fake_imap_trace (r.fake);
  g_assert_nonnull (strstr (trace, " () \"09-Sep-2001")); /* a date without flags is lost there */
  g_assert_true (r.sink->ops->limits (r.sink)->bluemind5);
  g_autoptr (GError) error = NULL;
  g_assert_null (r.sink->ops->list (r.sink, r.target, 1, &error));
  g_assert_error (error, BM_ERROR, BM_CAUSE_UNSUPPORTED);
  clear (&r);
}

static void
test_plain_append (void)
{
  const FakeImapScript script = {.capabilities = ""};
  Run r;
  run (&r, &script, 3, 0);
  kinds_are (&r, "AAA");
  clear (&r);
}

/* One of a batch is refused, in each way to send; only that one is. */
static void
test_refused (gconstpointer data)
{
  for (guint bad = 0; bad < 2; bad++) {
    const FakeImapScript script = {.capabilities = data,
                                   .refuse_mark = "message-2\r",
                                   .refuse_text = "Message contains NUL characters",
                                   .bad_instead = bad == 1};
    Run r;
    run (&r, &script, 5, 0);
    g_assert_no_error (r.error);
    kinds_are (&r, "AARAA");
    g_assert_cmpint (r.outcomes[2].cause, ==, BM_CAUSE_REFUSED);
    g_assert_nonnull (strstr (r.outcomes[2].text, "NUL characters"));
    g_assert_cmpuint (fake_imap_stored (r.fake), ==, 4);
    g_assert_true (r.sink->ops->idle (r.sink, NULL)); /* the session lives on */
    clear (&r);
  }
}

static void
test_quota (void)
{
  const FakeImapScript script = {
      .capabilities = CYRUS, .refuse_mark = "message-2\r", .refuse_text = "Over quota"};
  Run r;
  run (&r, &script, 4, 0);
  g_assert_false (r.ok);
  g_assert_error (r.error, BM_ERROR, BM_CAUSE_OVER_QUOTA);
  g_assert_cmpint (r.outcomes[0].kind, ==, BM_OUTCOME_APPENDED);
  g_assert_cmpint (r.outcomes[1].kind, ==, BM_OUTCOME_APPENDED);
  g_assert_cmpint (r.outcomes[2].kind, ==, BM_OUTCOME_NONE);
  clear (&r);
}

/* Stored, but the answer never came: in doubt. */
static void
test_lost_answer (gconstpointer data)
{
  const FakeImapScript script = {.capabilities = data, .close_before_answer = 1};
  Run r;
  run (&r, &script, 3, 0);
  g_assert_false (r.ok);
  g_assert_error (r.error, BM_ERROR, BM_CAUSE_CONNECTION_LOST);
  g_assert_cmpint (bm_error_scope (r.error), ==, BM_SCOPE_RETRY);
  g_assert_cmpint (r.outcomes[0].kind, ==, BM_OUTCOME_IN_DOUBT);
  for (guint i = 0; i < 3; i++)
    g_assert_cmpint (r.outcomes[i].kind, !=, BM_OUTCOME_APPENDED);
  g_clear_error (&r.error);
  g_assert_true (r.sink->ops->connect (r.sink, &r.error)); /* and it can come back */
  clear (&r);
}

static void
test_cut_in_literal (void)
{
  const FakeImapScript script = {.capabilities = CYRUS, .close_in_literal = 1};
  Run r;
  run (&r, &script, 3, 0);
  g_assert_error (r.error, BM_ERROR, BM_CAUSE_CONNECTION_LOST);
  kinds_are (&r, "DDD");
  g_assert_cmpuint (fake_imap_stored (r.fake), ==, 0);
  clear (&r);
}

static void
test_bye (void)
{
  const FakeImapScript script = {.capabilities = BLUEMIND5,
                                 .refuse_mark = "message-1\r",
                                 .refuse_text = "[TOOBIG] too much data",
                                 .bye_instead = TRUE};
  Run r;
  run (&r, &script, 3, 0);
  g_assert_error (r.error, BM_ERROR, BM_CAUSE_CONNECTION_LOST);
  g_assert_cmpint (r.outcomes[0].kind, ==, BM_OUTCOME_APPENDED);
  g_assert_cmpint (r.outcomes[1].kind, ==, BM_OUTCOME_IN_DOUBT);
  clear (&r);
}

static void
test_no_appenduid (gconstpointer data)
{
  const FakeImapScript script = {.capabilities = data, .no_appenduid = TRUE};
  Run r;
  run (&r, &script, 2, 0);
  g_assert_no_error (r.error);
  kinds_are (&r, "DD");
  clear (&r);
}

/* Above APPENDLIMIT nothing is sent at all. */
static void
test_append_limit (void)
{
  const FakeImapScript script = {.capabilities = CYRUS};
  Run r;
  run (&r, &script, 2, 150000);
  kinds_are (&r, "RR");
  g_assert_cmpint (r.outcomes[0].cause, ==, BM_CAUSE_TOO_LARGE);
  g_autofree gchar *trace = fake_imap_trace (r.fake);
  g_assert_null (strstr (trace, "APPEND"));
  clear (&r);
}

/* The smaller of what the server and the core's configuration say. BlueMind 5 announces nothing, and
 * hangs up: without a configured limit its own default counts. */
static void
test_size_limits (void)
{
  static const struct {
    const gchar *capabilities;
    guint64 configured, limit;
  } cases[] = {{"LITERAL+", 0, 0},      {CYRUS, 0, 100000},       {CYRUS, 5000, 5000},
               {CYRUS, 500000, 100000}, {BLUEMIND5, 0, 20000000}, {BLUEMIND5, 50000000, 50000000}};
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    const FakeImapScript script = {.capabilities = cases[i].capabilities};
    FakeImap *fake = fake_imap_start (&script);
    BmImapOptions options = options_for (fake);
    options.server_message_limit = cases[i].configured;
    g_autoptr (GError) error = NULL;
    BmSink *sink = bm_imap_sink_new (&options, &error);
    g_assert_true (sink->ops->connect (sink, &error));
    g_assert_cmpuint (sink->ops->limits (sink)->max_message_size, ==, cases[i].limit);
    bm_sink_free (sink);
    fake_imap_stop (fake);
  }
}

/* Large messages go alone, and wait for the server's word. */
static void
test_large (void)
{
  const FakeImapScript script = {.capabilities = "LITERAL+ MULTIAPPEND"};
  Run r;
  run (&r, &script, 3, 1500000);
  kinds_are (&r, "AAA");
  g_autofree gchar *trace = fake_imap_trace (r.fake);
  guint appends = 0, plain = 0;
  for (const gchar *p = trace; (p = strstr (p, "APPEND")) != NULL; p++)
    appends++;
  for (const gchar *p = trace; (p = strstr (p, " () \" 9-Sep-2001 01:46:40 +0000\" <1500")) != NULL;
       p++)
    plain++; /* BlueMind 5 loses a date without flags before it, and wants 26 characters of it */
  g_assert_cmpuint (appends, ==, 3);
  g_assert_cmpuint (plain, ==, 1);
  g_assert_nonnull (strstr (trace, "(\\Seen) \""));
  clear (&r);
}

/* The 129th keyword of a mailbox is left out rather than the message, in each way to send. */
static void
test_too_many_keywords (gconstpointer data)
{
  const FakeImapScript script = {.capabilities = data,
                                 .refuse_mark = "$Forwarded",
                                 .refuse_text = "Too many user flags in mailbox"};
  Run r;
  run (&r, &script, 3, 0);
  g_assert_no_error (r.error);
  kinds_are (&r, "AAA");
  g_assert_null (r.outcomes[0].text);
  g_assert_nonnull (strstr (r.outcomes[1].text, "left out"));
  g_assert_cmpuint (fake_imap_stored (r.fake), ==, 3);
  clear (&r);
}

/* Those that the mailbox has, and those that programs act on, are kept. */
static void
test_some_keywords_too_many (gconstpointer data)
{
  static const gchar *const marks[][2] = {{" Neu", " (Ete) \""}, {"Ete", " ($Forwarded) \""}};
  for (guint i = 0; i < G_N_ELEMENTS (marks); i++) {
    const FakeImapScript script = {.capabilities = data,
                                   .refuse_mark = marks[i][0],
                                   .refuse_text = "Too many user flags in mailbox"};
    guint guilty = i == 0 ? 3 : 1;
    Run r;
    run (&r, &script, 4, 0);
    g_assert_no_error (r.error);
    kinds_are (&r, "AAAA");
    g_assert_nonnull (strstr (r.outcomes[guilty].text, "left out"));
    g_autofree gchar *trace = fake_imap_trace (r.fake);
    g_assert_nonnull (strstr (trace, marks[i][1]));
    g_assert_cmpuint (fake_imap_stored (r.fake), ==, 4);
    clear (&r);
  }
}

/* The report repeats that a host is spoken to in plain because the administrator lists it. */
static void
test_transport (void)
{
  for (guint local = 0; local < 2; local++) {
    const FakeImapScript script = {.capabilities = CYRUS};
    FakeImap *fake = fake_imap_start (&script);
    BmImapOptions options = options_for (fake);
    options.local = local;
    options.allow_plaintext = !local;
    g_autoptr (GError) error = NULL;
    BmSink *sink = bm_imap_sink_new (&options, &error);
    g_assert_true (sink->ops->connect (sink, &error));
    g_assert_cmpstr (sink->ops->limits (sink)->transport, ==,
                     local ? "plain to 127.0.0.1" : "plain to 127.0.0.1 (allow-plaintext)");
    bm_sink_free (sink);
    fake_imap_stop (fake);
  }
}

static void
test_login (void)
{
  static const struct {
    const gchar *answer;
    BmCause cause;
  } cases[] = {{"NO bad login or password.", BM_CAUSE_LOGIN_REFUSED},
               {"NO system is in maintenance mode", BM_CAUSE_SERVER_BUSY}};
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    const FakeImapScript script = {.capabilities = CYRUS, .login_answer = cases[i].answer};
    FakeImap *fake = fake_imap_start (&script);
    BmImapOptions options = options_for (fake);
    g_autoptr (GError) error = NULL;
    BmSink *sink = bm_imap_sink_new (&options, &error);
    g_assert_false (sink->ops->connect (sink, &error));
    g_assert_error (error, BM_ERROR, (gint) cases[i].cause);
    g_assert_null (strstr (error->message, "secret"));
    bm_sink_free (sink);
    fake_imap_stop (fake);
  }
  BmImapOptions away = options_for (NULL);
  g_autoptr (GError) error = NULL;
  g_autoptr (BmSink) sink = bm_imap_sink_new (&away, &error);
  g_assert_false (sink->ops->connect (sink, &error));
  g_assert_cmpint (bm_error_scope (error), ==, BM_SCOPE_RETRY);
}

static void
test_refused_identities (void)
{
  static const gchar *const logins[] = {"admin0", "admin0@global.virt", "cyrus", "x@global.virt",
                                        "Mailroot@d"};
  static const gchar *const admins[] = {"mailroot", NULL};
  for (guint i = 0; i < G_N_ELEMENTS (logins); i++) {
    BmImapOptions options = options_for (NULL);
    g_autoptr (GError) error = NULL;
    options.login = logins[i];
    options.admins = admins;
    g_assert_null (bm_imap_sink_new (&options, &error));
    g_assert_error (error, BM_ERROR, BM_CAUSE_ADMIN_REFUSED);
  }
  BmImapOptions plain = options_for (NULL);
  g_autoptr (GError) error = NULL;
  plain.allow_plaintext = FALSE;
  g_assert_null (bm_imap_sink_new (&plain, &error));
  g_assert_error (error, BM_ERROR, BM_CAUSE_TLS_UNTRUSTED);
}

static void
test_names (void)
{
  static const gchar *const cases[][2] = {{"INBOX", "INBOX"},
                                          {"A&B", "A&-B"},
                                          {"Été", "&AMk-t&AOk-"},
                                          {"台北", "&U,BTFw-"}, /* RFC 3501 5.1.3 */
                                          {"\xf0\x9f\x98\x80", "&2D3eAA-"}};
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autofree gchar *wire = bm_imap_utf7_encode (cases[i][0]);
    g_autofree gchar *back = bm_imap_utf7_decode (cases[i][1]);
    g_assert_cmpstr (wire, ==, cases[i][1]);
    g_assert_cmpstr (back, ==, cases[i][0]);
  }
  g_assert_null (bm_imap_utf7_decode ("&AMk"));
  g_assert_null (bm_imap_utf7_decode ("&!-"));
  const FakeImapScript script = {.capabilities = CYRUS};
  Run r;
  run (&r, &script, 0, 0);
  const gchar *const *taken = r.sink->ops->name_rules (r.sink)->taken;
  g_assert_true (g_strv_contains (taken, "Autres utilisateurs"));
  g_assert_true (g_strv_contains (taken, "Dossiers partagés"));
  g_assert_true (g_strv_contains (taken, "Outbox"));
  clear (&r);
  const FakeImapScript dots = {.capabilities = CYRUS, .namespace = "((\"\" \".\"))"};
  run (&r, &dots, 1, 0);
  g_autofree gchar *trace = fake_imap_trace (r.fake);
  g_assert_nonnull (strstr (trace, "APPEND \"&AMk-t&AOk-.A&-B\""));
  clear (&r);
}

int
main (int argc, char **argv)
{
  signal (SIGPIPE, SIG_IGN);
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/imap/multiappend", test_multiappend);
  g_test_add_func ("/imap/pipelined", test_pipelined);
  g_test_add_func ("/imap/plain-append", test_plain_append);
  g_test_add_data_func ("/imap/refused/together", CYRUS, test_refused);
  g_test_add_data_func ("/imap/refused/pipelined", BLUEMIND5, test_refused);
  g_test_add_data_func ("/imap/refused/plain", "", test_refused);
  g_test_add_func ("/imap/quota", test_quota);
  g_test_add_data_func ("/imap/lost-answer/together", CYRUS, test_lost_answer);
  g_test_add_data_func ("/imap/lost-answer/pipelined", BLUEMIND5, test_lost_answer);
  g_test_add_data_func ("/imap/lost-answer/plain", "", test_lost_answer);
  g_test_add_func ("/imap/cut-in-literal", test_cut_in_literal);
  g_test_add_func ("/imap/bye", test_bye);
  g_test_add_data_func ("/imap/no-appenduid/together", CYRUS, test_no_appenduid);
  g_test_add_data_func ("/imap/no-appenduid/pipelined", BLUEMIND5, test_no_appenduid);
  g_test_add_func ("/imap/append-limit", test_append_limit);
  g_test_add_func ("/imap/size-limits", test_size_limits);
  g_test_add_func ("/imap/large", test_large);
  g_test_add_data_func ("/imap/too-many-keywords/together", CYRUS, test_too_many_keywords);
  g_test_add_data_func ("/imap/too-many-keywords/pipelined", BLUEMIND5, test_too_many_keywords);
  g_test_add_data_func ("/imap/too-many-keywords/plain", "", test_too_many_keywords);
  g_test_add_data_func ("/imap/some-keywords/together", CYRUS, test_some_keywords_too_many);
  g_test_add_data_func ("/imap/some-keywords/plain", "", test_some_keywords_too_many);
  g_test_add_func ("/imap/transport", test_transport);
  g_test_add_func ("/imap/login", test_login);
  g_test_add_func ("/imap/refused-identities", test_refused_identities);
  g_test_add_func ("/imap/names", test_names);
  return g_test_run ();
}
