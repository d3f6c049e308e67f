/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Configuration (all faults at once, defaults, shards) and job directories (found again, locked). */
#include "job/bm-config.h"
#include "job/bm-job.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static gchar *directory;

static gchar *
write_config (const gchar *text)
{
  gchar *path = g_build_filename (directory, "test.conf", NULL);
  g_assert_true (g_file_set_contents (path, text, -1, NULL));
  return path;
}

static void
test_config (void)
{
  g_autoptr (GError) error = NULL;
  g_autofree gchar *path = write_config ("[core]\nurl=http://core:8090\n"
                                         "[directory]\nhost=dir\nport=6000\n"
                                         "[data]\nuser=ro\n[data shard-2]\nhost=h2\nport=6002\n"
                                         "[imap]\ntls=starttls\nallow-plaintext=a, b;c\n");
  g_autoptr (BmConfig) config = bm_config_load (path, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (config->core_url, ==, "http://core:8090");
  g_assert_cmpuint (config->directory.port, ==, 6000);
  g_assert_cmpint (config->imap_tls, ==, BM_CONFIG_TLS_STARTTLS);
  g_assert_cmpuint (g_strv_length (config->imap_allow_plaintext), ==, 3);
  BmConfigDatabase shard;
  bm_config_shard (config, "shard-2", "10.0.0.9", &shard);
  g_assert_cmpstr (shard.host, ==, "h2");
  g_assert_cmpstr (shard.user, ==, "ro"); /* inherited from [data] */
  g_assert_cmpuint (shard.port, ==, 6002);
  bm_config_shard (config, "shard-3", "10.0.0.9", &shard);
  g_assert_cmpstr (shard.host, ==, "10.0.0.9");
  g_assert_true (bm_config_host_is_local ("localhost"));
  g_assert_true (bm_config_host_is_local ("127.0.0.1"));
  g_assert_false (bm_config_host_is_local ("192.0.2.1"));
  g_assert_false (bm_config_host_is_local ("127.example.invalid"));
  g_unlink (path);
}

static void
test_faults (void)
{
  g_autoptr (GError) error = NULL;
  g_autofree gchar *path = write_config ("[imap]\nport=70000\ntls=maybe\ncolour=red\n"
                                         "[data]\npassword-file=/nonexistent\n[moon]\nx=1\n");
  g_assert_null (bm_config_load (path, &error));
  g_assert_error (error, BM_ERROR, BM_CAUSE_CONFIG);
  static const gchar *const words[] = {"70000", "[imap] tls", "colour", "/nonexistent", "[moon]"};
  for (guint i = 0; i < G_N_ELEMENTS (words); i++)
    g_assert_nonnull (strstr (error->message, words[i]));
  g_clear_error (&error);
  g_assert_null (bm_config_load ("/nonexistent.conf", &error));
  g_assert_error (error, BM_ERROR, BM_CAUSE_CONFIG);
  g_unlink (path);
}

/* What would only show after the directory, the core or the mail server was asked is told at once. */
static void
test_faults_of_use (void)
{
  g_autoptr (GError) error = NULL;
  g_autofree gchar *empty = g_build_filename (directory, "empty", NULL);
  g_assert_true (g_file_set_contents (empty, "\n", -1, NULL));
  g_autofree gchar *text =
      g_strdup_printf ("[core]\nurl=ftp://core\ntoken-file=/nonexistent-token\n"
                       "[directory]\npassword-file=%s\nhost=db1 # the first\n"
                       "[imap]\nca-file=/nonexistent-ca\nhost=192.0.2.1\ntls=none\n"
                       "allow-plaintext=192.0.2.2\n[reading]\ndefault-charset=klingon\naddress-map="
                       "/nonexistent/map\n",
                       empty);
  g_autofree gchar *path = write_config (text);
  g_assert_null (bm_config_load (path, &error));
  g_assert_error (error, BM_ERROR, BM_CAUSE_CONFIG);
  static const gchar *const words[] = {"[core] url: ",
                                       "[core] token-file: ",
                                       "[directory] password-file: ",
                                       "[directory] host: ",
                                       "[imap] ca-file: ",
                                       "[imap] tls: ",
                                       "[reading] default-charset: ",
                                       "[reading] address-map: "};
  for (guint i = 0; i < G_N_ELEMENTS (words); i++)
    g_assert_nonnull (strstr (error->message, words[i]));
  g_auto (GStrv) lines = g_strsplit (error->message, "\n", -1);
  g_assert_cmpuint (g_strv_length (lines), ==, 1 + G_N_ELEMENTS (words));
  g_unlink (path);
  g_unlink (empty);
}

static void
test_web (void)
{
  g_autoptr (GError) error = NULL;
  g_autofree gchar *path = write_config ("[jobs]\ndirectory=/j\n[web]\nbase-path=/pst\n"
                                         "listen=127.0.0.1:0;[::1]:8095\nfolders=/a b;/c\n"
                                         "admin-roles=boss\n");
  g_autoptr (BmConfig) config = bm_config_load (path, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (config->web.base_path, ==, "/pst/");
  g_assert_cmpstr (config->web.uploads, ==, "/j/uploads");
  g_assert_cmpstr (config->web.folders[0], ==, "/a b");
  g_assert_cmpstr (config->web.folders[1], ==, "/c");
  g_assert_cmpstr (config->web.admin_roles[0], ==, "boss");
  g_assert_cmpstr (config->web.domain_roles[0], ==, "domainManager");
  g_unlink (path);
}

/* Nothing that would put passwords on a line in plain, or make another path of a path. */
static void
test_web_faults (void)
{
  static const struct {
    const gchar *text, *key; /* key NULL: it is good */
  } cases[] = {
      {"listen=0.0.0.0:8095", "listen"},
      {"listen=[::]:8095", "listen"},
      {"listen=10.0.0.1:8095\ntrusted-proxy=10.0.0.2", NULL},
      {"listen=0.0.0.0:8095\ntls-cert=/c.pem\ntls-key=/k.pem", NULL},
      {"listen=[::1]:8095", NULL},
      {"listen=::1:8095", "listen"},
      {"listen=[127.0.0.1]:8095", "listen"},
      {"listen=localhost:8095", "listen"},
      {"listen=127.0.0.1", "listen"},
      {"listen=127.0.0.1:70000", "listen"},
      {"listen=:8095", "listen"},
      {"tls-cert=/c.pem", "tls-cert"},
      {"tls-key=/k.pem", "tls-cert"},
      {"trusted-proxy=proxy.example.org", "trusted-proxy"},
      {"base-path=pst", "base-path"},
      {"base-path=/a/../b", "base-path"},
      {"base-path=//evil.example", "base-path"},
      {"base-path=/a;b", "base-path"},
      {"folders=psts", "folders"},
      {"lockout-failures=0", "lockout-failures"},
      {"no-such=1", "no-such"},
  };
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (GError) error = NULL;
    g_autofree gchar *text = g_strconcat ("[web]\n", cases[i].text, "\n", NULL);
    g_autofree gchar *path = write_config (text);
    g_autoptr (BmConfig) config = bm_config_load (path, &error);
    g_test_message ("%s: %s", cases[i].text, error != NULL ? error->message : "good");
    g_assert_true ((config != NULL) == (cases[i].key == NULL));
    if (cases[i].key != NULL) {
      g_autofree gchar *words = g_strdup_printf ("[web] %s: ", cases[i].key);
      g_assert_nonnull (strstr (error->message, words));
    }
    g_unlink (path);
  }
}

/* BlueMind's own file gives the databases, ours wins over it. */
static void
test_bm_ini (void)
{
  g_autoptr (GError) error = NULL;
  g_autofree gchar *ini = g_build_filename (directory, "bm.ini", NULL);
  g_autofree gchar *path = write_config ("[directory]\nuser=ro\n");
  g_assert_true (g_file_set_contents (ini,
                                      "[global]\nexternal-url = mail.example.org\n"
                                      "dbtype = PGSQL\ndb = bj2\nhost = 10.0.0.5\n"
                                      "#host = 10.0.0.6\nuser=bm\npassword = a=b c\n",
                                      -1, NULL));
  g_autoptr (BmConfig) config = bm_config_load_beside (ini, path, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (config->directory.host, ==, "10.0.0.5");
  g_assert_cmpstr (config->directory.dbname, ==, "bj2");
  g_assert_cmpstr (config->directory.user, ==, "ro");
  g_assert_cmpstr (config->directory.password, ==, "a=b c");
  g_assert_cmpstr (config->data.user, ==, "bm");
  g_assert_cmpstr (config->data.dbname, ==, "bj-data");
  g_assert_null (config->data.host); /* the server of the user's mailbox */
  g_autoptr (BmConfig) without = bm_config_load_beside ("/nonexistent.ini", path, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (without->directory.host, ==, "127.0.0.1");
  g_assert_cmpstr (without->data.user, ==, "bj");
  g_assert_true (g_setenv ("BM_PST_IMPORT_CONFIG", path, TRUE));
  g_autoptr (BmConfig) by_environment = bm_config_load_beside (ini, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (by_environment->file, ==, path);
  g_unsetenv ("BM_PST_IMPORT_CONFIG");
  g_unlink (path);
  g_unlink (ini);
}

/* The example of docs/configuration.md is a configuration, but for the files it names. */
static void
test_documented (void)
{
  const gchar *root = g_getenv ("BM_SOURCE_ROOT");
  g_autofree gchar *page = g_build_filename (root, "docs", "configuration.md", NULL);
  g_autofree gchar *text = NULL;
  g_autoptr (GError) error = NULL;
  g_assert_true (g_file_get_contents (page, &text, NULL, &error));
  gchar *begin = strstr (text, "```ini\n");
  g_assert_nonnull (begin);
  gchar *end = strstr (begin + 7, "```");
  g_assert_nonnull (end);
  *end = '\0';
  g_auto (GStrv) lines = g_strsplit (begin + 7, "\n", -1);
  for (guint i = 0; lines[i] != NULL; i++)
    if (strstr (lines[i], "-file=") != NULL)
      *lines[i] = '\0';
  g_autofree gchar *example = g_strjoinv ("\n", lines);
  g_autofree gchar *path = write_config (example);
  g_autoptr (BmConfig) config = bm_config_load (path, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (config->imap_batch_messages, ==, 64);
  g_unlink (path);
}

/* Cause of opening the job in another process, or BM_CAUSE_LAST. */
static gint
open_elsewhere (const gchar *user, const gchar *into)
{
  pid_t child = fork ();
  if (child == 0) {
    g_autoptr (GError) error = NULL;
    const BmGuid identity = {{1}};
    BmJob *job = bm_job_open (directory, "jdoe", user, &identity, into, &error);
    _exit (job != NULL ? BM_CAUSE_LAST : (gint) bm_error_cause (error));
  }
  int status;
  while (waitpid (child, &status, 0) < 0 && errno == EINTR)
    continue;
  return WEXITSTATUS (status);
}

static void
remove_tree (const gchar *path)
{
  g_autofree gchar *command = g_strdup_printf ("rm -rf %s", path);
  g_assert_true (g_spawn_command_line_sync (command, NULL, NULL, NULL, NULL));
}

static void
test_jobs (void)
{
  g_autoptr (GError) error = NULL;
  const BmGuid identity = {{1}}, other = {{2}};
  BmJob *job = bm_job_open (directory, "../jdoe", "UID", &identity, "A", &error);
  g_assert_no_error (error);
  g_autofree gchar *first = g_strdup (job->directory);
  g_assert_true (g_str_has_prefix (first, directory));
  g_assert_null (strstr (first + strlen (directory) + 1, "/"));
  struct stat info;
  g_assert_cmpint (stat (first, &info), ==, 0);
  g_assert_cmpuint (info.st_mode & 0777, ==, 0700);
  g_assert_cmpint (bm_job_owner (first), ==, getpid ());
  bm_job_free (job);
  g_assert_cmpint (bm_job_owner (first), ==, 0);
  job = bm_job_open (directory, "../jdoe", "UID", &identity, "A", &error); /* found again */
  g_assert_cmpstr (job->directory, ==, first);
  g_assert_cmpint (open_elsewhere ("UID", "B"), ==, BM_CAUSE_LOCKED); /* the mailbox */
  g_assert_cmpint (open_elsewhere ("OTHER", "A"), ==, BM_CAUSE_LAST);
  bm_job_free (job);
  BmJob *more = bm_job_open (directory, "jdoe", "UID", &other, "A", &error);
  g_assert_cmpstr (more->directory, !=, first);
  bm_job_free (more);
  g_autoptr (GPtrArray) list = bm_job_list (directory);
  g_assert_cmpuint (list->len, ==, 3);
  g_assert_null (bm_job_open_existing (directory, "nothing", TRUE, &error));
  g_assert_error (error, BM_ERROR, BM_CAUSE_USAGE);
}

static gpointer
look_for_a_moment (gpointer data)
{
  gint fd = GPOINTER_TO_INT (data);
  g_usleep (60000);
  close (fd);
  return NULL;
}

/* bm_job_owner takes the lock for a moment: status must not cost an import its start. */
static void
test_looked_at (void)
{
  g_autoptr (GError) error = NULL;
  const BmGuid identity = {{3}};
  BmJob *job = bm_job_open (directory, "jdoe", "UID", &identity, "A", &error);
  g_assert_no_error (error);
  g_autofree gchar *lock = g_build_filename (job->directory, "lock", NULL);
  bm_job_free (job);
  gint fd = open (lock, O_RDONLY | O_CLOEXEC);
  g_assert_cmpint (flock (fd, LOCK_SH | LOCK_NB), ==, 0);
  GThread *thread = g_thread_new ("look", look_for_a_moment, GINT_TO_POINTER (fd));
  job = bm_job_open (directory, "jdoe", "UID", &identity, "A", &error);
  g_assert_no_error (error);
  bm_job_free (job);
  g_thread_join (thread);
}

/* A dry run begins where the job is and leaves it as it is. */
static void
test_dry (void)
{
  g_autoptr (GError) error = NULL;
  const BmGuid identity = {{4}}, other = {{5}};
  BmJob *job = bm_job_open (directory, "jdoe", "UID", &identity, "A", &error);
  g_assert_no_error (error);
  g_assert_true (bm_journal_set (job->journal, "selection", "x", &error));
  bm_job_free (job);
  g_autoptr (BmJob) dry = bm_job_open_dry (directory, "jdoe", "UID", &identity, "A", &error);
  g_assert_no_error (error);
  g_autofree gchar *known = bm_journal_get (dry->journal, "selection");
  g_assert_cmpstr (known, ==, "x");
  g_assert_true (bm_journal_set (dry->journal, "selection", "y", &error));
  job = bm_job_open (directory, "jdoe", "UID", &identity, "A", &error);
  g_autofree gchar *kept = bm_journal_get (job->journal, "selection");
  g_assert_cmpstr (kept, ==, "x");
  bm_job_free (job);
  g_autoptr (GPtrArray) before = bm_job_list (directory);
  g_autoptr (BmJob) fresh = bm_job_open_dry (directory, "jdoe", "UID", &other, "A", &error);
  g_assert_no_error (error);
  g_assert_null (bm_journal_get (fresh->journal, "selection"));
  g_autoptr (GPtrArray) after = bm_job_list (directory);
  g_assert_cmpuint (after->len, ==, before->len);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  directory = g_dir_make_tmp ("bm-job-XXXXXX", NULL);
  g_test_add_func ("/job/config", test_config);
  g_test_add_func ("/job/faults", test_faults);
  g_test_add_func ("/job/faults-of-use", test_faults_of_use);
  g_test_add_func ("/job/web", test_web);
  g_test_add_func ("/job/web-faults", test_web_faults);
  g_test_add_func ("/job/bm-ini", test_bm_ini);
  g_test_add_func ("/job/documented", test_documented);
  g_test_add_func ("/job/jobs", test_jobs);
  g_test_add_func ("/job/dry", test_dry);
  g_test_add_func ("/job/looked-at", test_looked_at);
  int status = g_test_run ();
  remove_tree (directory);
  g_free (directory);
  return status;
}
