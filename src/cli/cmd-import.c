/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* import: the product. Wires reader, BlueMind and engine; everything it does twice it does once,
 * because the job's journal remembers. */
#include "cli/bm-audit.h"
#include "cli/bm-importing.h"
#include "cli/bm-people.h"
#include "cli/bm-session.h"
#include "cli/bm-worker.h"

#include "base/bm-disk.h"
#include "base/bm-log.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static const gchar examples[] =
    "The same command again goes on where the last one stopped.\n\n"
    "Examples:\n"
    "  bm-pst-import import archive.pst --user jdoe@example.org\n"
    "  bm-pst-import import old.pst --user jdoe@example.org --into / --mark-seen\n"
    "  bm-pst-import import big.pst --user jd@example.org --exclude '#DeletedItems#'\n";

typedef struct {
  const BmImporting *options;
  const gchar *path;
  gchar *file; /* absolute */
  const gchar *jobs;
  gchar *id; /* of this run, in the audit log */
  BmSource *source;
  const BmCensus *census;
  BmSession *session;
  BmJob *job;
  gchar *into;
  BmSelection selection;
  BmEvidence *evidence; /* NULL: nobody has asked for it */
  const gchar *owner;   /* token of the owner rule's verdict; NULL: not asked */
  const gchar *doubt;   /* what people are to know of that verdict; NULL: nothing */
  BmWorker worker;
} Run;

static void
on_progress (const BmProgress *progress, gpointer data)
{
  Run *run = data;
  bm_credential_tick (&run->session->credential);
  bm_worker_progress (&run->worker, progress);
  bm_cli_progress (progress, NULL);
}

/* Before any server is asked. */
static gboolean
check_exists (const gchar *path, GError **error)
{
  struct stat info;
  if (stat (path, &info) == 0)
    return TRUE;
  g_set_error (error, BM_ERROR, BM_CAUSE_PST_MISSING, "%s: %s", path, g_strerror (errno));
  return FALSE;
}

static gboolean
need_evidence (Run *run, GError **error)
{
  if (run->evidence == NULL)
    run->evidence =
        bm_evidence_collect (run->source, run->census, &run->selection, bm_cli_interrupted, error);
  return run->evidence != NULL;
}

/* By the estimate of what is still to come: the second run of a job needs no room for what the first
 * has sent. */
static gboolean
check_quota (Run *run, GError **error)
{
  BmQuota quota;
  BmJournalCounts counts;
  g_autoptr (GError) local = NULL;
  if (run->options->ignore_quota)
    return TRUE;
  if (!bm_session_quota (run->session->core, run->session->user, &quota, &local)) {
    g_warning ("cannot ask for the quota: %s", local->message);
    return TRUE;
  }
  if (quota.quota_kib <= 0)
    return TRUE;
  if (!need_evidence (run, error) || !bm_journal_counts (run->job->journal, &counts, error))
    return FALSE;
  guint64 need = run->evidence->bytes, wanted = counts.found - counts.by_state[BM_STATE_SKIPPED];
  if (counts.found > 0)
    need = (guint64) ((gdouble) need * (gdouble) counts.by_state[BM_STATE_PLANNED] /
                      (gdouble) MAX (wanted, 1));
  return bm_session_fits (&quota, need, "", error);
}

/* Of the directory of the jobs, or of where it will be made. */
static gboolean
check_disk (const gchar *jobs, GError **error)
{
  guint64 free_bytes;
  g_autofree gchar *directory = g_canonicalize_filename (jobs, NULL);
  while (!bm_disk_free (directory, &free_bytes)) {
    gchar *parent = g_path_get_dirname (directory);
    g_free (directory);
    directory = parent;
    if (g_str_equal (directory, "/"))
      return TRUE; /* making the job will say why */
  }
  if (free_bytes >= BM_DISK_LEAST)
    return TRUE;
  g_set_error (error, BM_ERROR, BM_CAUSE_DISK_FULL,
               "%s has %" G_GUINT64_FORMAT " MiB free, less than 1 GiB", directory,
               free_bytes >> 20);
  return FALSE;
}

/* ledger and cause: of the end. A dry run leaves nothing, no line either. */
static gboolean
audit (Run *run, const gchar *event, const BmReport *report, int status, const gchar *cause,
       GError **error)
{
  gchar identity[41];
  const BmUser *user = run->session != NULL ? run->session->user : NULL;
  if (run->options->dry_run)
    return TRUE;
  if (run->census != NULL)
    bm_guid_to_hex (&run->census->identity, identity);
  BmAuditLine line = {
      .event = event,
      .run = run->id,
      .file = run->file,
      .size = run->census != NULL ? run->census->file_size : 0,
      .pst_identity = run->census != NULL ? identity : NULL,
      .address = run->options->user,
      .uid = user != NULL ? user->user_uid : NULL,
      .domain = user != NULL ? user->domain_uid : NULL,
      .into = run->into,
      .credential =
          run->session != NULL ? bm_credential_word (run->session->credential.kind) : NULL,
      .owner = run->owner,
      .job = run->job != NULL ? run->job->directory : NULL,
      .administrator = run->options->operator_,
      .cause = cause,
      .ledger = report != NULL ? &report->ledger : NULL,
      .status = status,
  };
  return bm_audit_write (run->jobs, &line, error);
}

static gboolean
set_facts (Run *run, GError **error)
{
  BmJournal *journal = run->job->journal;
  const BmCensus *census = run->census;
  const BmUser *user = run->session->user;
  const struct {
    const gchar *key, *value;
  } facts[] = {
      {"pst.path", run->path},
      {"pst.file", run->file},
      {"pst.format", bm_pst_format_token (census->format)},
      {"pst.crypt", bm_pst_crypt_token (census->crypt)},
      {"user.address", run->options->user},
      {"user.uid", user->user_uid},
      {"user.domain", user->domain_uid},
      {"user.login", user->login},
      {"into", run->into},
      {"render.id", bm_reader_render_id (run->source)},
      {"sandbox", bm_reader_sandbox (run->source)},
      {"witness", run->session->witness->ops->description (run->session->witness)},
      {"stopped.cause", ""},
      {"stopped.text", ""},
  };
  for (guint i = 0; i < G_N_ELEMENTS (facts); i++)
    if (!bm_journal_set (journal, facts[i].key, facts[i].value, error))
      return FALSE;
  for (guint i = 0; i < census->warnings->len; i++) {
    g_autofree gchar *key = g_strdup_printf ("warning.%u", i);
    if (!bm_journal_set (journal, key, g_ptr_array_index (census->warnings, i), error))
      return FALSE;
  }
  guint warnings = census->warnings->len;
  if (run->doubt != NULL) {
    g_autofree gchar *key = g_strdup_printf ("warning.%u", warnings++);
    if (!bm_journal_set (journal, key, run->doubt, error))
      return FALSE;
  }
  gint64 started = bm_journal_get_int (journal, "started", g_get_real_time () / 1000);
  return bm_journal_set_int (journal, "warnings", warnings, error) &&
         bm_journal_set_int (journal, "pst.size", (gint64) census->file_size, error) &&
         bm_journal_set_int (journal, "pst.password", census->password, error) &&
         bm_journal_set_int (journal, "dry-run", run->options->dry_run, error) &&
         bm_journal_set_int (journal, "started", started, error);
}

/* A journal rendered by another renderer would not find its own messages again. One that was killed
 * after it had learnt addresses still has the id of before: the map it wrote down is its own. */
static gboolean
check_render_id (Run *run, GError **error)
{
  g_autofree gchar *known = bm_journal_get (run->job->journal, "render.id");
  if (known == NULL || g_str_equal (known, bm_reader_render_id (run->source)) ||
      g_str_equal (known, bm_reader_plain_id (run->source)))
    return TRUE;
  g_warning ("this job began with another renderer, other options or another address map; what was "
             "sent stays as it is, messages not yet sent are rendered anew");
  return TRUE;
}

static gboolean
supersede (const gchar *jobs, const gchar *name, GError **error)
{
  g_autoptr (BmJob) job = bm_job_open_existing (jobs, name, FALSE, error);
  g_message ("the unfinished job %s counted this PST in another state; beginning anew", name);
  return job != NULL && bm_journal_set (job->journal, "superseded", "1", error);
}

/* Outlook wrote to the file between two runs: what is left of the first cannot be found in it. */
static gboolean
check_unchanged (Run *run, const gchar *jobs, GError **error)
{
  for (;;) {
    g_autofree gchar *outdated = bm_job_find_outdated (
        jobs, run->file, run->session->user->user_uid, &run->census->identity, run->into);
    if (outdated == NULL || (run->options->new_job && run->options->dry_run))
      return TRUE;
    if (!run->options->new_job) {
      g_set_error (error, BM_ERROR, BM_CAUSE_PST_CHANGED,
                   "%s has changed since job %s counted it, and that job is not finished; nothing "
                   "was sent now",
                   run->path, outdated);
      return FALSE;
    }
    if (!supersede (jobs, outdated, error))
      return FALSE;
  }
}

static gboolean
open_job (Run *run, const gchar *jobs, GError **error)
{
  const BmUser *user = run->session->user;
  if (!check_unchanged (run, jobs, error))
    return FALSE;
  if (run->options->dry_run)
    run->job = bm_job_open_dry (jobs, user->login, user->user_uid, &run->census->identity,
                                run->into, error);
  else if (check_disk (jobs, error))
    run->job =
        bm_job_open (jobs, user->login, user->user_uid, &run->census->identity, run->into, error);
  if (run->job == NULL)
    return FALSE;
  g_autofree gchar *learnt = g_build_filename (run->job->directory, "addresses.csv", NULL);
  if (!run->options->dry_run && !bm_reader_keep_learnt (run->source, learnt, error))
    return FALSE;
  bm_worker_job (&run->worker, run->job->directory);
  if (run->options->subjects)
    bm_journal_keep_subjects (run->job->journal);
  if (!run->options->dry_run) {
    g_autofree gchar *log = g_build_filename (run->job->directory, "import.log", NULL);
    if (!bm_log_set_file (log, error))
      return FALSE;
  }
  if (run->doubt != NULL)
    g_warning ("%s", run->doubt);
  return check_render_id (run, error) && set_facts (run, error);
}

/* Again, now that the server has told which names are not the user's. */
static gboolean
check_into (Run *run, GError **error)
{
  BmSink *sink = run->session->sink;
  g_autofree gchar *into = bm_import_canonical_into (run->into, sink->ops->name_rules (sink),
                                                     run->session->bluemind40, error);
  return into != NULL;
}

/* What is told on stderr, in the log and in the report, with no address. */
static const gchar *
doubt_of (BmOwnerVerdict verdict)
{
  switch (verdict) {
  case BM_OWNER_NAMESAKE:
    return "the PST is this user's only by the local part of an address whose domain BlueMind does "
           "not know; map --check names it";
  case BM_OWNER_UNKNOWN:
    return "nothing in the PST tells whether it is this user's";
  case BM_OWNER_MISMATCH:
    return "the PST looks like somebody else's; imported all the same: --owner-mismatch-ok";
  case BM_OWNER_MATCH:
  default:
    return NULL;
  }
}

/* Mail in the wrong mailbox is a privacy incident: told before a byte is sent. */
static gboolean
check_owner (Run *run, const BmConfig *config, GError **error)
{
  if (!run->options->check_owner)
    return TRUE;
  g_autoptr (BmPeople) people = bm_people_new (config);
  if (!need_evidence (run, error))
    return FALSE;
  const BmPerson *person = bm_people_find (run->options->user, people);
  g_autofree gchar *why = NULL;
  if (!bm_people_check (people, error))
    return FALSE;
  if (person == NULL || person->problem != NULL) /* since the session was opened */
    return bm_people_user (people, run->options->user, error) != NULL;
  BmOwnerVerdict verdict = bm_owner_check (run->evidence, person, bm_people_find, people, &why);
  if (!bm_people_check (people, error))
    return FALSE;
  run->owner = bm_owner_token (verdict);
  run->doubt = doubt_of (verdict);
  if (verdict != BM_OWNER_MISMATCH || run->options->owner_mismatch_ok)
    return TRUE;
  g_set_error (error, BM_ERROR, BM_CAUSE_OWNER_MISMATCH,
               "%s does not look like the PST of %s: %s; nothing was sent", run->path,
               run->options->user, why);
  return FALSE;
}

static gboolean
open_all (Run *run, const BmConfig *config, GError **error)
{
  const BmImporting *options = run->options;
  BmSessionOptions session_options = {.address = options->user,
                                      .password_file = options->password_file,
                                      .passwords = options->passwords,
                                      .credential = options->credential,
                                      .jobs = run->jobs,
                                      .dry_run = options->dry_run};
  if (!bm_credential_check (&session_options, error) || !check_exists (run->path, error))
    return FALSE;
  run->session = bm_session_open (config, &session_options, error);
  if (run->session == NULL || !bm_session_connect_witness (run->session, error) ||
      !bm_session_connect_sink (run->session, error) || !check_into (run, error))
    return FALSE;
  run->source = bm_cli_open_source (run->path, &options->reading, config, run->session->user->email,
                                    run->session->message_size_limit, TRUE, error);
  if (run->source == NULL)
    return FALSE;
  run->census = run->source->ops->census (run->source, error);
  if (run->census == NULL || !check_owner (run, config, error) || !open_job (run, run->jobs, error))
    return FALSE;
  return audit (run, "begin", NULL, -1, NULL, error);
}

static void
warn_of_push (Run *run)
{
  const BmSinkLimits *limits = run->session->sink->ops->limits (run->session->sink);
  if (!limits->bluemind5)
    return;
  g_message ("BlueMind 5 lets a user append 1 MB/s by default: about %" G_GUINT64_FORMAT
             " min; bm-cli mail imap-rate-limit --bypass %s lifts it",
             run->census->file_size / 1000000 / 60 + 1, run->options->user);
  gboolean inbox = g_str_equal (run->into, "/") || g_str_equal (run->into, "INBOX");
  if (inbox && !run->options->mark_seen)
    g_warning ("unread mail merged into INBOX makes BlueMind 5 notify the user's devices for each "
               "message; --mark-seen avoids that");
}

static gboolean
describe_server (Run *run, GError **error)
{
  BmSink *sink = run->session->sink;
  const BmSinkLimits *limits = sink->ops->limits (sink);
  warn_of_push (run);
  return bm_journal_set (run->job->journal, "server", limits->description, error) &&
         bm_journal_set (run->job->journal, "transport", limits->transport, error);
}

static gboolean
retry_failed (Run *run, GError **error)
{
  guint n = 0;
  if (!run->options->retry)
    return TRUE;
  const gchar *token = run->options->retry_cause;
  BmCause cause = token != NULL ? bm_cause_from_token (token) : BM_CAUSE_LAST;
  if (token != NULL && cause == BM_CAUSE_LAST)
    return TRUE; /* of unproven messages ("stalled"): they are looked for in any case */
  if (!bm_journal_retry (run->job->journal, cause, &n, error))
    return FALSE;
  g_message ("%u failed items are tried again", n);
  return TRUE;
}

static gboolean
run_import (Run *run, GError **error)
{
  const BmImporting *options = run->options;
  BmImportOptions import_options = {
      .into = run->into,
      .selection = run->selection,
      .empty_folders = options->empty_folders,
      .mark_seen = options->mark_seen,
      .dry_run = options->dry_run,
      .no_wait = options->no_wait || options->dry_run,
      .inbox_children_on_top = run->session->bluemind40,
      .stall_after_s = (guint) options->stall_after,
  };
  if (!describe_server (run, error) || !retry_failed (run, error) || !check_quota (run, error))
    return FALSE;
  g_autoptr (BmImport) import = bm_import_new (
      run->source, run->session->sink, run->session->witness, run->job->journal, &import_options);
  bm_import_set_progress (import, on_progress, run);
  bm_import_set_guard (import, bm_session_guard, run->session);
  gboolean ok = bm_import_run (import, error);
  /* it changes when addresses were learnt meanwhile */
  const gchar *render_id = bm_reader_render_id (run->source);
  if (render_id != NULL && !bm_journal_set (run->job->journal, "render.id", render_id, NULL))
    g_warning ("the journal does not take the id of the renderer");
  if (ok)
    return TRUE;
  bm_session_explain (run->session, error);
  return FALSE;
}

static int
finish (Run *run, GError *stopped, const gchar *format)
{
  g_autoptr (GError) owned = stopped;
  g_autoptr (GError) error = NULL;
  BmJournal *journal = run->job->journal;
  const gchar *token = owned != NULL ? bm_cause_token (bm_error_cause (owned)) : NULL;
  bm_cli_progress_end ();
  if (owned != NULL) {
    BmCause cause = bm_error_cause (owned);
    g_printerr ("bm-pst-import: %s: %s\n  do: %s\n", bm_cause_token (cause), owned->message,
                bm_cause_advice (cause));
    bm_worker_stopped (&run->worker, bm_cause_token (cause), owned->message);
    bm_journal_set (journal, "stopped.cause", bm_cause_token (cause), NULL);
    bm_journal_set (journal, "stopped.text", owned->message, NULL);
  }
  bm_journal_set_int (journal, "finished", g_get_real_time () / 1000, NULL);
  g_autoptr (BmReport) report = bm_report_collect (journal, &error);
  g_autoptr (GError) unwritten = NULL;
  if (!audit (run, "end", report, report != NULL ? report->exit_status : -1, token, &unwritten))
    g_warning ("%s", unwritten->message);
  if (report == NULL)
    return bm_cli_fail (g_steal_pointer (&error));
  if (report->stalled && report->exit_status == 2)
    bm_worker_stopped (&run->worker, BM_WORKER_STALLED, bm_report_verdict (report));
  if (!run->options->dry_run && !bm_report_save (report, run->job->directory, &error))
    g_warning ("%s", error->message);
  return bm_cli_print_report (journal, format);
}

static int
fail (Run *run, GError *error)
{
  bm_worker_stopped (&run->worker, bm_cause_token (bm_error_cause (error)), error->message);
  return bm_cli_fail (error);
}

/* Nothing was started, and that is told too. */
static int
refuse (Run *run, GError *error)
{
  g_autoptr (GError) local = NULL;
  BmCause cause = bm_error_cause (error);
  if (!audit (run, "refused", NULL, bm_cause_exit_status (cause), bm_cause_token (cause), &local))
    g_warning ("%s", local->message);
  return fail (run, error);
}

static void
run_clear (Run *run)
{
  bm_source_free (run->source);
  bm_evidence_free (run->evidence);
  bm_session_free (run->session);
  bm_job_free (run->job);
  g_free (run->into);
  g_free (run->file);
  g_free (run->id);
}

static int
import_one (const BmImporting *options, const gchar *path)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (BmConfig) config = bm_config_load (options->config, &error);
  if (config == NULL || !bm_config_use_admin_key (config, options->admin_key_file, &error))
    return bm_cli_fail (g_steal_pointer (&error));
  Run run = {.options = options, .path = path};
  run.file = g_canonicalize_filename (path, NULL);
  run.jobs = options->jobs != NULL ? options->jobs : config->jobs;
  run.id = g_uuid_string_random ();
  run.into = options->into != NULL
                 ? bm_import_canonical_into (options->into, &bm_name_rules_bluemind, FALSE, &error)
                 : bm_import_default_into (path, &bm_name_rules_bluemind);
  int status;
  bm_worker_begin (&run.worker, options->state);
  if (run.into == NULL || !bm_importing_check (options, &run.selection, &error)) {
    status = fail (&run, g_steal_pointer (&error));
  } else if (!open_all (&run, config, &error)) {
    status = refuse (&run, g_steal_pointer (&error));
  } else {
    if (run_import (&run, &error))
      g_clear_error (&error);
    status =
        finish (&run, g_steal_pointer (&error), options->format != NULL ? options->format : "text");
  }
  bm_worker_end (&run.worker, status);
  run_clear (&run);
  return status;
}

static gboolean
parse (int argc, char **argv, BmImporting *o, GStrv *args, int *status)
{
  g_autofree GOptionEntry *entries = bm_importing_entries (o);
  if (!bm_cli_parse (argc, argv, entries, "FILE", examples, 1, 1, args, status) ||
      !bm_cli_check_format (o->format != NULL ? o->format : "text", "text json csv html", status) ||
      !bm_cli_check_stall_after (o->stall_after, status))
    return FALSE;
  if (o->user != NULL)
    return TRUE;
  *status =
      bm_cli_fail (g_error_new_literal (BM_ERROR, BM_CAUSE_USAGE, "import needs --user USER"));
  return FALSE;
}

int
bm_cmd_import (int argc, char **argv)
{
  g_auto (BmImporting) options = {0};
  g_auto (GStrv) args = NULL;
  int status = 0;
  if (parse (argc, argv, &options, &args, &status))
    status = import_one (&options, args[0]);
  return status;
}
