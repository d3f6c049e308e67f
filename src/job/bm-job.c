/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* See bm-job.h. Must not know what an import does. */
#include "job/bm-job.h"

#include "job/bm-listing.h"
#include "job/bm-lock.h"
#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

static gboolean
make_directory (const gchar *path, GError **error)
{
  if (g_mkdir_with_parents (path, 0700) == 0)
    return TRUE;
  g_set_error (error, BM_ERROR, BM_CAUSE_JOURNAL, "cannot make the directory %s: %s", path,
               g_strerror (errno));
  return FALSE;
}

static BmJob *
job_new (const gchar *directory)
{
  BmJob *job = g_new0 (BmJob, 1);
  job->directory = g_strdup (directory);
  job->job_lock = job->mailbox_lock = -1;
  return job;
}

static gboolean
open_journal (BmJob *job, gboolean read_only, GError **error)
{
  g_autofree gchar *path = g_build_filename (job->directory, "journal.sqlite", NULL);
  job->journal = bm_journal_open (path, read_only, error);
  return job->journal != NULL;
}

static gboolean
lock_mailbox (BmJob *job, const gchar *jobs, const gchar *user_uid, GError **error)
{
  g_autofree gchar *locks = g_build_filename (jobs, "locks", NULL);
  g_autofree gchar *safe = g_uri_escape_string (user_uid, NULL, FALSE);
  g_autofree gchar *path = g_build_filename (locks, safe, NULL);
  if (!make_directory (locks, error))
    return FALSE;
  job->mailbox_lock = bm_lock_take (path, "the mailbox", error);
  return job->mailbox_lock >= 0;
}

static gboolean
lock_job (BmJob *job, GError **error)
{
  g_autofree gchar *path = g_build_filename (job->directory, "lock", NULL);
  job->job_lock = bm_lock_take (path, "the job", error);
  return job->job_lock >= 0;
}

/* login for people, the hash for uniqueness. */
static gchar *
job_name (const gchar *login, const gchar *user_uid, const BmGuid *identity, const gchar *into)
{
  g_autoptr (GChecksum) checksum = g_checksum_new (G_CHECKSUM_SHA256);
  g_autofree gchar *plain = g_strdup (login);
  g_checksum_update (checksum, (const guchar *) user_uid, -1);
  g_checksum_update (checksum, (const guchar *) "", 1);
  g_checksum_update (checksum, identity->bytes, sizeof identity->bytes);
  g_checksum_update (checksum, (const guchar *) into, -1);
  for (gchar *p = plain; *p != '\0'; p++)
    if (!g_ascii_isalnum (*p) && strchr ("._-@", *p) == NULL)
      *p = '_';
  if (*plain == '.')
    *plain = '_';
  return g_strdup_printf ("%s-%.12s", plain, g_checksum_get_string (checksum));
}

BmJob *
bm_job_open (const gchar *jobs, const gchar *login, const gchar *user_uid,
             const BmGuid *pst_identity, const gchar *into, GError **error)
{
  g_autofree gchar *name = job_name (login, user_uid, pst_identity, into);
  g_autofree gchar *directory = g_build_filename (jobs, name, NULL);
  if (!make_directory (directory, error))
    return NULL;
  g_autoptr (BmJob) job = job_new (directory);
  if (!lock_job (job, error) || !lock_mailbox (job, jobs, user_uid, error) ||
      !open_journal (job, FALSE, error) || !bm_journal_set (job->journal, "job", directory, error))
    return NULL;
  return g_steal_pointer (&job);
}

BmJob *
bm_job_open_existing (const gchar *jobs, const gchar *name, gboolean read_only, GError **error)
{
  g_autofree gchar *below = g_build_filename (jobs, name, NULL);
  g_autofree gchar *journal = g_build_filename (name, "journal.sqlite", NULL);
  const gchar *directory = g_file_test (journal, G_FILE_TEST_EXISTS) ? name : below;
  g_autofree gchar *path = g_build_filename (directory, "journal.sqlite", NULL);
  if (!g_file_test (path, G_FILE_TEST_EXISTS)) {
    g_set_error (
        error, BM_ERROR, BM_CAUSE_USAGE,
        "no job \"%s\": neither a job directory nor a name in %s; see bm-pst-import status", name,
        jobs);
    return NULL;
  }
  g_autoptr (BmJob) job = job_new (directory);
  if (!read_only && !lock_job (job, error))
    return NULL;
  if (!open_journal (job, read_only, error))
    return NULL;
  g_autofree gchar *user_uid = bm_journal_get (job->journal, "user.uid");
  if (!read_only && user_uid != NULL && !lock_mailbox (job, jobs, user_uid, error))
    return NULL;
  return g_steal_pointer (&job);
}

BmJob *
bm_job_open_dry (const gchar *jobs, const gchar *login, const gchar *user_uid,
                 const BmGuid *pst_identity, const gchar *into, GError **error)
{
  g_autofree gchar *name = job_name (login, user_uid, pst_identity, into);
  g_autofree gchar *path = g_build_filename (jobs, name, "journal.sqlite", NULL);
  g_autoptr (BmJob) job = job_new ("");
  job->journal = bm_journal_open_copy (path, error);
  return job->journal != NULL ? g_steal_pointer (&job) : NULL;
}

GPtrArray *
bm_job_list (const gchar *jobs)
{
  return bm_listing (jobs, "journal.sqlite");
}

static gboolean
has_fact (BmJournal *journal, const gchar *key, const gchar *value)
{
  g_autofree gchar *known = bm_journal_get (journal, key);
  return g_strcmp0 (known, value) == 0;
}

gchar *
bm_job_find_outdated (const gchar *jobs, const gchar *file, const gchar *user_uid,
                      const BmGuid *pst_identity, const gchar *into)
{
  g_autoptr (GPtrArray) directories = bm_job_list (jobs);
  gchar identity[41];
  bm_guid_to_hex (pst_identity, identity);
  for (guint i = 0; i < directories->len; i++) {
    const gchar *directory = g_ptr_array_index (directories, i);
    g_autoptr (BmJob) job = job_new (directory);
    if (open_journal (job, TRUE, NULL) && has_fact (job->journal, "pst.file", file) &&
        has_fact (job->journal, "user.uid", user_uid) && has_fact (job->journal, "into", into) &&
        !has_fact (job->journal, "pst.identity", identity) &&
        !has_fact (job->journal, "pst.identity", NULL) &&
        !has_fact (job->journal, "appended.all", "1") &&
        !has_fact (job->journal, "superseded", "1"))
      return g_path_get_basename (directory);
  }
  return NULL;
}

gint
bm_job_owner (const gchar *directory)
{
  g_autofree gchar *path = g_build_filename (directory, "lock", NULL);
  return bm_lock_owner (path);
}

void
bm_job_free (BmJob *job)
{
  if (job == NULL)
    return;
  bm_journal_close (job->journal);
  if (job->mailbox_lock >= 0)
    close (job->mailbox_lock);
  if (job->job_lock >= 0)
    close (job->job_lock);
  g_free (job->directory);
  g_free (job);
}
