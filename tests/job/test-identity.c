/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Identity: choices of the configuration, notes of API keys that outlive their process, and the
 * passwords file. */
#include "job/bm-config.h"
#include "job/bm-key-note.h"
#include "job/bm-passwords.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utime.h>

static gchar *directory;

static gchar *
write_file (const gchar *text, guint mode)
{
  gchar *path = g_build_filename (directory, "file", NULL);
  g_assert_true (g_file_set_contents (path, text, -1, NULL));
  g_assert_cmpint (g_chmod (path, (gint) mode), ==, 0);
  return path;
}

/* ---- configuration ---- */

static void
test_choices (void)
{
  g_autoptr (GError) error = NULL;
  g_autofree gchar *plain = write_file ("[imap]\nport=1\n", 0600);
  g_autoptr (BmConfig) defaults = bm_config_load (plain, &error);
  g_assert_no_error (error);
  g_assert_false (defaults->directory_rest);
  g_assert_false (defaults->no_data);
  g_assert_cmpuint (defaults->recheck_s, ==, 60);
  g_assert_cmpint (defaults->credential, ==, BM_CONFIG_CREDENTIAL_TOKEN);
  g_autofree gchar *path =
      write_file ("[core]\ntoken-file=/proc/version\ncredential=api-key\n"
                  "[directory]\nsource=rest\nrecheck=5\n[data]\nenabled=false\n",
                  0600);
  g_autoptr (BmConfig) config = bm_config_load (path, &error);
  g_assert_no_error (error);
  g_assert_true (config->directory_rest);
  g_assert_true (config->no_data);
  g_assert_cmpuint (config->recheck_s, ==, 5);
  g_assert_cmpint (config->credential, ==, BM_CONFIG_CREDENTIAL_API_KEY);
}

static void
test_choices_refused (void)
{
  g_autoptr (GError) error = NULL;
  g_autofree gchar *path = write_file ("[core]\ncredential=password\n[directory]\nsource=ldap\n"
                                       "recheck=0\n[data]\nenabled=no\n[data s2]\nenabled=false\n",
                                       0600);
  static const gchar *const words[] = {
      "[core] credential: not one of token, api-key", "[directory] source: not one of sql, rest",
      "[directory] recheck: \"0\"", "[data] enabled: not one of true, false",
      "[data s2] enabled: unknown key"};
  g_assert_null (bm_config_load (path, &error));
  for (guint i = 0; i < G_N_ELEMENTS (words); i++)
    g_assert_nonnull (strstr (error->message, words[i]));
}

/* ---- notes of keys ---- */

static guint
n_notes (void)
{
  g_autofree gchar *keys = g_build_filename (directory, "keys", NULL);
  g_autoptr (GDir) dir = g_dir_open (keys, 0, NULL);
  guint n = 0;
  while (dir != NULL && g_dir_read_name (dir) != NULL)
    n++;
  return n;
}

/* Another process makes a note; it ends with or without having settled it. */
static void
leave_note (const gchar *login, gboolean settle)
{
  g_random_int (); /* or two children would draw the same uuid */
  pid_t pid = fork ();
  if (pid == 0) {
    BmKeyNote *note = bm_key_note_new (directory, login, "http://core", NULL);
    if (note != NULL && settle)
      bm_key_note_settle (note);
    _exit (note != NULL ? 0 : 1);
  }
  int status;
  g_assert_cmpint (waitpid (pid, &status, 0), ==, pid);
  g_assert_cmpint (status, ==, 0);
}

static void
test_notes (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GPtrArray) none = bm_key_note_orphans (directory, "http://core");
  g_assert_cmpuint (none->len, ==, 0);
  g_autoptr (BmKeyNote) alive = bm_key_note_new (directory, "a@d", "http://core", &error);
  g_assert_no_error (error);
  g_assert_true (g_str_has_prefix (alive->name, "bm-pst-import-"));
  GStatBuf info;
  g_assert_cmpint (g_stat (alive->path, &info), ==, 0);
  g_assert_cmpuint (info.st_mode & 0777, ==, 0600);
  leave_note ("b@d", FALSE);
  leave_note ("c@d", TRUE);
  g_assert_cmpuint (n_notes (), ==, 2);
  g_autoptr (GPtrArray) other = bm_key_note_orphans (directory, "http://elsewhere");
  g_assert_cmpuint (other->len, ==, 0);
  g_autoptr (GPtrArray) orphans = bm_key_note_orphans (directory, "http://core");
  g_assert_cmpuint (orphans->len, ==, 1); /* not the one of a living process: us */
  BmKeyNote *orphan = g_ptr_array_index (orphans, 0);
  g_assert_cmpstr (orphan->login, ==, "b@d");
  g_autoptr (GPtrArray) twice = bm_key_note_orphans (directory, "http://core");
  g_assert_cmpuint (twice->len, ==, 0); /* two sweeps do not meet */
  bm_key_note_settle (orphan);
  bm_key_note_settle (alive);
  g_assert_cmpuint (n_notes (), ==, 0);
}

static void
test_odd_notes (void)
{
  g_autofree gchar *keys = g_build_filename (directory, "keys", NULL);
  g_autofree gchar *empty = g_build_filename (keys, "00000000-0000-4000-8000-000000000001", NULL);
  g_autofree gchar *odd = g_build_filename (keys, "00000000-0000-4000-8000-000000000002", NULL);
  g_autofree gchar *foreign = g_build_filename (keys, "README", NULL);
  g_mkdir_with_parents (keys, 0700);
  g_assert_true (g_file_set_contents (empty, "", 0, NULL));
  g_assert_true (
      g_file_set_contents (odd, "[key]\nname=somebody's\nlogin=a@d\ncore=http://core\n", -1, NULL));
  g_assert_true (g_file_set_contents (foreign, "x", 1, NULL));
  g_autoptr (GPtrArray) young = bm_key_note_orphans (directory, "http://core");
  g_assert_cmpuint (young->len, ==, 0); /* and no name that is not ours */
  g_assert_cmpuint (n_notes (), ==, 3); /* its owner may be about to write it */
  struct utimbuf old = {.actime = 1000000, .modtime = 1000000};
  g_assert_cmpint (utime (empty, &old), ==, 0);
  g_autoptr (GPtrArray) later = bm_key_note_orphans (directory, "http://core");
  g_assert_cmpuint (later->len, ==, 0);
  g_assert_cmpuint (n_notes (), ==, 2);
  g_unlink (odd);
  g_unlink (foreign);
}

/* ---- passwords ---- */

static void
test_passwords (void)
{
  static const gchar *const texts[] = {
      "user,password\r\njd@example.org,\"a,b\"\r\nx@example.org,other\r\n",
      "\xef\xbb\xbfuser;password\njd@example.org;a,b\n",
      "x@example.org\tother\nJD@Example.org \ta,b\njd@example.org\ta,b\n",
  };
  const gchar *const names[] = {"jdoe@d1.internal", "jd@example.org", NULL};
  for (guint i = 0; i < G_N_ELEMENTS (texts); i++) {
    g_autoptr (GError) error = NULL;
    g_autofree gchar *path = write_file (texts[i], 0600);
    g_autofree gchar *password = bm_passwords_find (path, names, &error);
    g_assert_no_error (error);
    g_assert_cmpstr (password, ==, "a,b");
  }
}

static void
test_passwords_refused (void)
{
  static const struct {
    const gchar *text;
    guint mode;
    BmCause cause;
    const gchar *words;
  } cases[] = {
      {"jd@example.org,s3cret\n", 0640, BM_CAUSE_CONFIG, "chmod 600"},
      {"jd@example.org,s3cret\n", 0604, BM_CAUSE_CONFIG, "mode 0604"},
      {"x@example.org,s3cret\n", 0600, BM_CAUSE_LOGIN_REFUSED, "none for jd@example.org"},
      {"jd@example.org,\n", 0600, BM_CAUSE_LOGIN_REFUSED, "none for"},
      {"", 0600, BM_CAUSE_LOGIN_REFUSED, "none for"},
      {"x,y\njd@example.org,s3cret\njd@example.org,s3cret2\n", 0600, BM_CAUSE_CONFIG, "line 3"},
      {"jd@example.org\n", 0600, BM_CAUSE_CONFIG, "line 1"},
      {"jd@example.org,\"s3cret\n", 0600, BM_CAUSE_CONFIG, "line 1"},
  };
  const gchar *const names[] = {"jd@example.org", NULL};
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (GError) error = NULL;
    g_autofree gchar *path = write_file (cases[i].text, cases[i].mode);
    g_assert_null (bm_passwords_find (path, names, &error));
    g_test_message ("%s", error->message);
    g_assert_error (error, BM_ERROR, (gint) cases[i].cause);
    g_assert_nonnull (strstr (error->message, cases[i].words));
    g_assert_null (strstr (error->message, "s3cret"));
  }
  g_autoptr (GError) error = NULL;
  g_assert_null (bm_passwords_find (directory, names, &error));
  g_assert_error (error, BM_ERROR, BM_CAUSE_CONFIG);
  g_clear_error (&error);
  g_assert_null (bm_passwords_find ("/nonexistent/passwords", names, &error));
  g_assert_error (error, BM_ERROR, BM_CAUSE_CONFIG);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_log_set_always_fatal (G_LOG_LEVEL_CRITICAL | G_LOG_FATAL_MASK); /* odd notes are warned of */
  directory = g_dir_make_tmp ("bm-identity-XXXXXX", NULL);
  g_test_add_func ("/identity/choices", test_choices);
  g_test_add_func ("/identity/choices-refused", test_choices_refused);
  g_test_add_func ("/identity/notes", test_notes);
  g_test_add_func ("/identity/odd-notes", test_odd_notes);
  g_test_add_func ("/identity/passwords", test_passwords);
  g_test_add_func ("/identity/passwords-refused", test_passwords_refused);
  int status = g_test_run ();
  g_autofree gchar *keys = g_build_filename (directory, "keys", NULL);
  g_autofree gchar *file = g_build_filename (directory, "file", NULL);
  g_unlink (file);
  g_rmdir (keys);
  g_rmdir (directory);
  g_free (directory);
  return status;
}
