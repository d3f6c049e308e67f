/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Batches and their conductor, with this program as its own worker (fake-worker.h). Mailboxes and
 * servers are the words of its user: "mailbox@server". */
#include "job/bm-conductor.h"

#include "base/bm-failpoint.h"
#include "job/bm-lock.h"
#include "job/fake-worker.h"
#include <errno.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static gchar *jobs, *map, *self;

typedef struct {
  guint shown, most_running;
  gboolean trouble; /* what trouble answers */
  gboolean saw_trouble;
  guint trouble_when_running; /* so many looks of it, once a worker runs */
  guint unknown;              /* so many look-ups fail */
  const gchar *take_back;     /* the mapping that replaces the first, once a worker runs */
  BmWant want_when_running;
  guint stop_after;   /* interrupted after so many looks; 0 = never */
  guint enough_after; /* long workers may end after so many looks; 0 = not by this */
  BmBatch *batch;
} Stage;

static Stage *stage;

/* As the command batch would take the mapping. */
static BmBatch *
open_batch (const gchar *text)
{
  g_assert_true (g_file_set_contents (map, text, -1, NULL));
  g_autoptr (BmMapping) mapping = bm_mapping_load (map, NULL);
  g_autofree gchar *name = bm_batch_name_for (map);
  BmBatch *batch = bm_batch_open (jobs, name, TRUE, NULL);
  g_assert_nonnull (batch);
  g_assert_true (bm_batch_take (batch, mapping, NULL));
  return batch;
}

static gboolean
prepare (gpointer data, BmBatchRow *row, GError **error)
{
  const gchar *at = strchr (row->user, '@');
  if (g_str_has_prefix (row->user, "nobody")) {
    g_set_error_literal (error, BM_ERROR, BM_CAUSE_USER_UNKNOWN, "nobody of that name");
    return FALSE;
  }
  if (stage->unknown > 0) {
    stage->unknown--;
    g_set_error_literal (error, BM_ERROR, BM_CAUSE_SERVICE_UNAVAILABLE, "no directory");
    return FALSE;
  }
  g_free (row->user_uid);
  g_free (row->server);
  row->user_uid = g_strndup (row->user, (gsize) (at - row->user));
  row->server = g_strdup (at + 1);
  return TRUE;
}

static GStrv
command (gpointer data, const BmBatchRow *row)
{
  const gchar *const words[] = {self, "worker", jobs, row->file, row->user, NULL};
  return g_strdupv ((gchar **) words);
}

static gchar *
trouble (gpointer data)
{
  g_autofree gchar *away = g_build_filename (jobs, "away", NULL);
  gboolean is_away = g_file_test (away, G_FILE_TEST_EXISTS);
  return stage->trouble || is_away ? g_strdup ("maintenance") : NULL;
}

/* Trouble that came with a worker goes when it has been told for a while. */
static void
play_trouble (const BmConductorView *view)
{
  g_autofree gchar *away = g_build_filename (jobs, "away", NULL);
  if (view->trouble != NULL && view->workers->len == 0 && stage->shown % 10 == 0)
    g_unlink (away);
  stage->saw_trouble |= view->trouble != NULL;
  if (stage->trouble_when_running == 0 || view->workers->len == 0)
    return;
  const BmConductorWorker *worker = g_ptr_array_index (view->workers, 0);
  if (worker->state.total == 10 && stage->trouble_when_running-- > 1)
    g_file_set_contents (away, "", 0, NULL);
}

static void
play_mapping (const BmConductorView *view)
{
  if (stage->take_back == NULL || view->workers->len == 0)
    return;
  bm_batch_free (open_batch (stage->take_back));
  stage->take_back = NULL;
}

static void
show (gpointer data, const BmConductorView *view)
{
  stage->shown++;
  if (stage->enough_after != 0 && stage->shown == stage->enough_after) {
    g_autofree gchar *enough = g_build_filename (jobs, "enough", NULL);
    g_assert_true (g_file_set_contents (enough, "", 0, NULL));
  }
  play_trouble (view);
  play_mapping (view);
  stage->most_running = MAX (stage->most_running, view->workers->len);
  if (stage->trouble && view->trouble != NULL) {
    stage->saw_trouble = TRUE;
    g_assert_cmpuint (view->by_state[BM_ROW_ENDED], ==, 0);
    stage->trouble = stage->shown < 10;
  }
  if (view->workers->len > 0 && stage->want_when_running != BM_WANT_RUN) {
    const BmConductorWorker *worker = g_ptr_array_index (view->workers, 0);
    if (worker->state.total == 10) {
      g_assert_true (bm_batch_want (stage->batch, stage->want_when_running, NULL));
      stage->want_when_running = BM_WANT_RUN;
    }
  }
}

static gboolean
interrupted (void)
{
  return stage->stop_after != 0 && stage->shown >= stage->stop_after;
}

static const BmConductorOps ops = {prepare, command, trouble, show};

static gboolean
run (BmBatch *batch, Stage *on, GError **error)
{
  const BmConductorOptions options = {.parallel = 3,
                                      .per_server = 2,
                                      .tries = {4, 8, 10},
                                      .hold_after_ms = 1,
                                      .trouble_every_ms = 5,
                                      .tick_ms = 5};
  stage = on;
  on->batch = batch;
  return bm_conductor_run (batch, &ops, NULL, &options, interrupted, error);
}

/* "ended 0, refused 77..." in order of the rows */
static gchar *
states (BmBatch *batch)
{
  g_autoptr (GPtrArray) rows = bm_batch_rows (batch, NULL);
  g_autoptr (GString) out = g_string_new (NULL);
  for (guint i = 0; i < rows->len; i++) {
    const BmBatchRow *row = g_ptr_array_index (rows, i);
    g_string_append_printf (out, "%s%s %d", i > 0 ? ", " : "", bm_row_state_token (row->state),
                            row->status);
  }
  return g_string_free (g_steal_pointer (&out), FALSE);
}

static void
assert_states (BmBatch *batch, const gchar *want)
{
  g_autofree gchar *got = states (batch);
  g_assert_cmpstr (got, ==, want);
}

static gsize
runs_of (const gchar *name)
{
  g_autofree gchar *path = g_strdup_printf ("%s/%s.runs", jobs, name);
  g_autofree gchar *text = NULL;
  gsize n = 0;
  g_file_get_contents (path, &text, &n, NULL);
  return n;
}

static void
set_up (guint8 *fixture, gconstpointer data)
{
  jobs = g_dir_make_tmp ("bm-batch.XXXXXX", NULL);
  map = g_build_filename (jobs, "map.csv", NULL);
}

static void
tear_down (guint8 *fixture, gconstpointer data)
{
  g_autofree gchar *line = g_strdup_printf ("rm -rf %s", jobs);
  g_assert_true (g_spawn_command_line_sync (line, NULL, NULL, NULL, NULL));
  g_free (jobs);
  g_free (map);
}

/* Every kind of end, and none costs another row. */
static void
test_ends (guint8 *fixture, gconstpointer data)
{
  Stage on = {0};
  g_autoptr (GError) error = NULL;
  g_autoptr (BmBatch) batch = open_batch ("file,user\n"
                                          "ok1,a@s1\nbusy,b@s1\nalways,c@s1\ncrash,d@s2\n"
                                          "some,e@s2\nrefused,f@s2\nok2,nobody@s1\nok3,\n"
                                          "stall,g@s3\nok4,a@s1\nok5,h@s3\n");
  g_assert_true (run (batch, &on, &error));
  g_assert_no_error (error);
  assert_states (batch, "ended 0, ended 0, given-up 75, ended 0, ended 1, refused 77, refused 77, "
                        "refused -1, ended 0, ended 0, ended 0");
  g_assert_cmpuint (runs_of ("busy"), ==, 3);
  g_assert_cmpuint (runs_of ("always"), ==, 4);
  g_assert_cmpuint (runs_of ("crash"), ==, 2);
  g_assert_cmpuint (runs_of ("stall"), ==, 3);
  g_assert_cmpuint (runs_of ("ok1"), ==, 1);
  g_assert_cmpuint (on.most_running, <=, 3);
  g_autoptr (GPtrArray) rows = bm_batch_rows (batch, NULL);
  const BmBatchRow *given_up = g_ptr_array_index (rows, 2);
  g_assert_nonnull (strstr (given_up->message, "4 tries"));
  g_assert_nonnull (strstr (given_up->message, "words"));
}

/* Faulty rows that say the same are rows all the same, each time the mapping is read. */
static void
test_faulty_twins (guint8 *fixture, gconstpointer data)
{
  static const gchar text[] = "file,user\na,\na,\n,u@s\n,u@s\nb,u@s\nb,u@s\nb,u@s\n";
  static const guint lines[] = {2, 3, 4, 5, 6, 7, 8};
  for (guint time = 0; time < 2; time++) {
    g_autoptr (BmBatch) batch = open_batch (text);
    assert_states (batch, "refused -1, refused -1, refused -1, refused -1, waiting -1, refused -1, "
                          "refused -1");
    g_autoptr (GPtrArray) rows = bm_batch_rows (batch, NULL);
    for (guint i = 0; i < rows->len; i++)
      g_assert_cmpuint (((BmBatchRow *) g_ptr_array_index (rows, i))->line, ==, lines[i]);
  }
}

/* Many rows: never two in one mailbox, never more than two on a server. */
static void
test_bounds (guint8 *fixture, gconstpointer data)
{
  Stage on = {0};
  g_autoptr (GString) text = g_string_new ("file,user\n");
  for (guint i = 0; i < 24; i++)
    g_string_append_printf (text, "ok%u,m%u@s%u\n", i, i % 4, i % 2);
  g_autoptr (BmBatch) batch = open_batch (text->str);
  g_assert_true (run (batch, &on, NULL));
  g_autofree gchar *crowded = g_build_filename (jobs, "crowded", NULL);
  g_assert_false (g_file_test (crowded, G_FILE_TEST_EXISTS));
  g_assert_cmpuint (on.most_running, ==, 3);
  for (guint i = 0; i < 24; i++) {
    g_autofree gchar *name = g_strdup_printf ("ok%u", i);
    g_assert_cmpuint (runs_of (name), ==, 1);
  }
}

static void
test_trouble (guint8 *fixture, gconstpointer data)
{
  Stage on = {.trouble = TRUE};
  g_autoptr (BmBatch) batch = open_batch ("file,user\nok,a@s\n");
  g_assert_true (run (batch, &on, NULL));
  g_assert_true (on.saw_trouble);
  assert_states (batch, "ended 0");
}

/* Pause stops the workers where they can go on; interrupting the conductor does so too. */
static void
test_pause_and_go_on (guint8 *fixture, gconstpointer data)
{
  Stage on = {.want_when_running = BM_WANT_PAUSE, .stop_after = 60};
  g_autoptr (GError) error = NULL;
  g_autoptr (BmBatch) batch = open_batch ("file,user\nlong,a@s\nok,a@s\n");
  g_assert_false (run (batch, &on, &error));
  g_assert_error (error, BM_ERROR, BM_CAUSE_INTERRUPTED);
  assert_states (batch, "waiting 130, waiting -1");
  g_assert_true (on.saw_trouble); /* whoever looks is told that it was somebody's order */
  g_assert_cmpint (bm_batch_wanted (batch), ==, BM_WANT_PAUSE);
  g_assert_true (bm_batch_want (batch, BM_WANT_RUN, NULL));
  g_autofree gchar *enough = g_build_filename (jobs, "enough", NULL);
  g_assert_true (g_file_set_contents (enough, "", 0, NULL));
  g_clear_pointer (&batch, bm_batch_free);
  batch = open_batch ("file,user\nlong,a@s\nok,a@s\n");
  Stage again = {0};
  g_assert_true (run (batch, &again, NULL));
  assert_states (batch, "ended 0, ended 0");
}

static gboolean
job_has (const gchar *job, const gchar *cause)
{
  return FALSE;
}

static void
test_cancel_and_retry (guint8 *fixture, gconstpointer data)
{
  Stage on = {.want_when_running = BM_WANT_CANCEL};
  guint n;
  g_autoptr (BmBatch) batch = open_batch ("file,user\nlong,a@s\nok,a@s\nrefused,b@s\n");
  g_assert_true (run (batch, &on, NULL));
  g_autofree gchar *got = states (batch);
  g_assert_true (g_str_has_prefix (got, "cancelled 130, cancelled -1, "));
  g_assert_true (bm_batch_retry (batch, "user-refused", job_has, &n, NULL));
  g_assert_cmpuint (n, ==, strstr (got, "refused") != NULL);
  g_assert_true (bm_batch_retry (batch, NULL, job_has, &n, NULL));
  g_assert_cmpuint (n, >=, 2);
  assert_states (batch, "waiting 130, waiting -1, waiting 77");
}

/* The conductor is killed in every place where something has just become durable; the next one finds
 * its workers and comes to the same end. */
static void
test_conductor_dies (guint8 *fixture, gconstpointer data)
{
  static const gchar text[] = "file,user\nok1,a@s\nbusy,b@s\nok2,a@t\nlong,d@s\n";
  guint deaths = 0;
  gboolean died = TRUE;
  g_autofree gchar *enough = g_build_filename (jobs, "enough", NULL);
  g_clear_pointer (&map, g_free);
  for (guint point = 1; died && point < 100; point++) {
    map = g_strdup_printf ("%s/map%u.csv", jobs, point);
    bm_batch_free (open_batch (text));
    pid_t child = fork ();
    if (child == 0) {
      g_autofree gchar *number = g_strdup_printf ("%u", point);
      g_setenv ("BM_FAILPOINT", number, TRUE);
      execl (self, self, "conduct", jobs, map, NULL);
      _exit (127);
    }
    g_usleep (100000);
    g_assert_true (g_file_set_contents (enough, "", 0, NULL));
    int status;
    while (waitpid (child, &status, 0) < 0 && errno == EINTR)
      continue;
    died = WIFSIGNALED (status);
    deaths += died;
    Stage on = {0};
    g_autoptr (GError) error = NULL;
    g_autoptr (BmBatch) batch = open_batch (text);
    g_assert_true (run (batch, &on, &error));
    g_assert_no_error (error);
    assert_states (batch, "ended 0, ended 0, ended 0, ended 0");
    g_unlink (enough);
    g_clear_pointer (&map, g_free);
  }
  g_assert_cmpuint (deaths, >=, 10);
  g_autofree gchar *crowded = g_build_filename (jobs, "crowded", NULL);
  g_assert_false (g_file_test (crowded, G_FILE_TEST_EXISTS));
}

/* A worker that outlives its conductor is taken over, not started once more: the lock it inherited
 * says that it lives. */
static void
test_takes_over (guint8 *fixture, gconstpointer data)
{
  Stage on = {.enough_after = 40};
  g_autoptr (GError) error = NULL;
  g_autoptr (BmBatch) batch = open_batch ("file,user\nlong,a@s\n");
  pid_t child = fork ();
  if (child == 0) {
    g_setenv ("BM_FAILPOINT", "conductor.spawn.after", TRUE);
    execl (self, self, "conduct", jobs, map, NULL);
    _exit (127);
  }
  int status;
  while (waitpid (child, &status, 0) < 0 && errno == EINTR)
    continue;
  g_assert_true (WIFSIGNALED (status));
  for (guint i = 0; i < 1000 && runs_of ("long") == 0; i++)
    g_usleep (5000);
  g_assert_true (run (batch, &on, &error));
  g_assert_no_error (error);
  assert_states (batch, "ended 0");
  g_assert_cmpuint (on.shown, >=, on.enough_after);
  g_assert_cmpuint (runs_of ("long"), ==, 1);
}

/* A second conductor is told who the first is. */
static void
test_lock (guint8 *fixture, gconstpointer data)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (BmBatch) first = open_batch ("file,user\nok,a@s\n");
  g_assert_true (bm_batch_lock (first, NULL));
  g_autoptr (BmBatch) second = bm_batch_open (jobs, "map", FALSE, NULL);
  g_assert_cmpint (bm_batch_conductor (second), ==, (gint) getpid ());
  g_assert_false (bm_batch_lock (second, &error));
  g_assert_error (error, BM_ERROR, BM_CAUSE_LOCKED);
  g_clear_error (&error);
  g_assert_null (bm_batch_open (jobs, "nothing", FALSE, &error));
  g_assert_error (error, BM_ERROR, BM_CAUSE_USAGE);
}

/* A mapping that changes between two runs. */
static void
test_mapping_changes (guint8 *fixture, gconstpointer data)
{
  Stage on = {0};
  g_autoptr (BmBatch) batch = open_batch ("file,user\nok1,a@s\nok2,\nok3,nobody@s\n");
  g_assert_true (run (batch, &on, NULL));
  assert_states (batch, "ended 0, refused -1, refused 77");
  g_clear_pointer (&batch, bm_batch_free);
  batch = open_batch ("file,user\nok2,b@s\nok1,a@s\nok3,nobody@s\n");
  assert_states (batch, "ended 0, waiting 77, waiting -1");
  g_assert_true (run (batch, &on, NULL));
  assert_states (batch, "ended 0, refused 77, ended 0");
  g_assert_cmpuint (runs_of ("ok1"), ==, 1);
}

/* Trouble that lasts stops what runs, and everything goes on when it is over. */
static void
test_trouble_stops (guint8 *fixture, gconstpointer data)
{
  Stage on = {.trouble_when_running = 2, .enough_after = 80};
  g_autoptr (BmBatch) batch = open_batch ("file,user\nlong,a@s\n");
  g_assert_true (run (batch, &on, NULL));
  g_assert_true (on.saw_trouble);
  assert_states (batch, "ended 0");
  g_assert_cmpuint (runs_of ("long"), ==, 2);
  g_autofree gchar *told = bm_batch_get (batch, "trouble");
  g_assert_true (told == NULL || *told == '\0');
}

/* No row is blamed for what the trouble explains, or for a directory that cannot be asked. */
static void
test_excused (guint8 *fixture, gconstpointer data)
{
  Stage on = {.unknown = 9};
  g_autoptr (BmBatch) batch = open_batch ("file,user\nflaky,a@s\nok,b@s\n");
  g_assert_true (run (batch, &on, NULL));
  g_assert_true (on.saw_trouble);
  assert_states (batch, "ended 0, ended 0");
  g_assert_cmpuint (runs_of ("flaky"), ==, 2);
}

/* What gets on is not given up; what stands still with its whole server is tried longer; a worker
 * that was killed told its job in time. */
static void
test_tries (guint8 *fixture, gconstpointer data)
{
  Stage on = {0};
  g_autoptr (BmBatch) batch = open_batch ("file,user\nslow,a@s\nheld,b@t\nkilled,c@u\n");
  g_assert_true (run (batch, &on, NULL));
  assert_states (batch, "ended 0, given-up 2, given-up -1");
  g_assert_cmpuint (runs_of ("slow"), ==, 7);
  g_assert_cmpuint (runs_of ("held"), ==, 8);
  g_autoptr (GPtrArray) rows = bm_batch_rows (batch, NULL);
  g_assert_cmpstr (((BmBatchRow *) g_ptr_array_index (rows, 2))->job, ==, "/j/its-job");
}

/* What earlier runs of the one that looks had proven is no sign that replication moves. */
static void
test_stalled_server (guint8 *fixture, gconstpointer data)
{
  Stage on = {0};
  g_autoptr (BmBatch) batch = open_batch ("file,user\nwary,a@s\nok,b@s\n");
  g_autoptr (GPtrArray) rows = bm_batch_rows (batch, NULL);
  BmBatchRow *other = g_ptr_array_index (rows, 1);
  other->not_before_ms = g_get_real_time () / 1000 + 300;
  g_assert_true (bm_batch_save_row (batch, other, NULL));
  g_assert_true (run (batch, &on, NULL));
  assert_states (batch, "ended 0, ended 0");
  g_autofree gchar *crowded = g_build_filename (jobs, "crowded", NULL);
  g_assert_false (g_file_test (crowded, G_FILE_TEST_EXISTS));
}

/* The row that runs was for somebody else: it stops, and never goes on. */
static void
test_taken_back (guint8 *fixture, gconstpointer data)
{
  Stage on = {.take_back = "file,user\nok,b@s\n"};
  g_autoptr (BmBatch) batch = open_batch ("file,user\nlong,a@s\nok,b@s\n");
  g_assert_true (run (batch, &on, NULL));
  g_autofree gchar *got = states (batch);
  g_assert_true (g_str_has_prefix (got, "cancelled "));
  g_assert_true (g_str_has_suffix (got, ", ended 0"));
  g_assert_cmpuint (runs_of ("long"), ==, 1);
}

/* Started by somebody who ignores SIGCHLD, as some supervisors do. */
static void
test_without_sigchld (guint8 *fixture, gconstpointer data)
{
  Stage on = {0};
  g_autoptr (BmBatch) batch = open_batch ("file,user\nok,a@s\nsome,b@s\n");
  signal (SIGCHLD, SIG_IGN);
  g_assert_true (run (batch, &on, NULL));
  signal (SIGCHLD, SIG_DFL);
  assert_states (batch, "ended 0, ended 1");
}

/* The lock of the last run may be held a moment longer than its process is there. */
static void
test_lock_lingers (guint8 *fixture, gconstpointer data)
{
  Stage on = {.stop_after = 20};
  g_autoptr (GError) error = NULL;
  g_autoptr (BmBatch) batch = open_batch ("file,user\nok,a@s\n");
  g_autofree gchar *path = bm_batch_row_path (batch, 1, "lock");
  gint lock = bm_lock_take (path, "the row", NULL);
  g_assert_cmpint (lock, >=, 0);
  g_assert_false (run (batch, &on, &error));
  g_assert_error (error, BM_ERROR, BM_CAUSE_INTERRUPTED);
  assert_states (batch, "waiting -1");
  close (lock);
}

/* Ten thousand rows of a server that is stalled: each tick is one pass over them. */
static void
test_many_rows (guint8 *fixture, gconstpointer data)
{
  Stage on = {.stop_after = 300};
  g_autoptr (GError) error = NULL;
  g_autoptr (GString) text = g_string_new ("file,user\nheld,a@s\n");
  for (guint i = 0; i < 10000; i++)
    g_string_append_printf (text, "ok%u,m%u@s\n", i, i);
  g_autoptr (BmBatch) batch = open_batch (text->str);
  g_assert_false (run (batch, &on, &error));
  g_assert_error (error, BM_ERROR, BM_CAUSE_INTERRUPTED);
  g_assert_cmpuint (runs_of ("held"), >=, 2);
}

/* The conductor that a test above kills. */
static int
conduct (gchar **argv)
{
  Stage on = {0};
  jobs = argv[2];
  map = argv[3];
  g_autofree gchar *name = bm_batch_name_for (map);
  g_autoptr (BmBatch) batch = bm_batch_open (jobs, name, FALSE, NULL);
  bm_failpoint_from_environment ();
  return batch != NULL && run (batch, &on, NULL) ? 0 : 1;
}

#define ADD(name, func) g_test_add ("/conductor/" name, guint8, NULL, set_up, func, tear_down)

int
main (int argc, char **argv)
{
  self = g_file_read_link ("/proc/self/exe", NULL);
  if (argc > 6 && g_str_equal (argv[1], "worker"))
    return fake_work (argc, argv);
  if (argc > 3 && g_str_equal (argv[1], "conduct"))
    return conduct (argv);
  g_test_init (&argc, &argv, NULL);
  ADD ("ends", test_ends);
  ADD ("faulty-twins", test_faulty_twins);
  ADD ("bounds", test_bounds);
  ADD ("trouble", test_trouble);
  ADD ("pause-and-go-on", test_pause_and_go_on);
  ADD ("cancel-and-retry", test_cancel_and_retry);
  ADD ("conductor-dies", test_conductor_dies);
  ADD ("takes-over", test_takes_over);
  ADD ("lock", test_lock);
  ADD ("mapping-changes", test_mapping_changes);
  ADD ("trouble-stops", test_trouble_stops);
  ADD ("excused", test_excused);
  ADD ("tries", test_tries);
  ADD ("stalled-server", test_stalled_server);
  ADD ("taken-back", test_taken_back);
  ADD ("without-sigchld", test_without_sigchld);
  ADD ("lock-lingers", test_lock_lingers);
  ADD ("many-rows", test_many_rows);
  int status = g_test_run ();
  g_free (self);
  return status;
}
