/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* See bm-audit.h. Must not know how an import works. */
#include "cli/bm-audit.h"

#include <bm-pst-import/error.h>
#include <errno.h>
#include <fcntl.h>
#include <json-glib/json-glib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void
bm_operator_self (BmOperator *operator_)
{
  operator_->uid = getuid ();
  operator_->name = g_strdup (g_get_user_name ());
  operator_->sudo_user = g_strdup (g_getenv ("SUDO_USER"));
}

void
bm_operator_clear (BmOperator *operator_)
{
  g_free (operator_->name);
  g_free (operator_->sudo_user);
}

static void
add_text (JsonBuilder *json, const gchar *name, const gchar *value)
{
  if (value == NULL)
    return;
  g_autofree gchar *valid = g_utf8_make_valid (value, -1);
  json_builder_set_member_name (json, name);
  json_builder_add_string_value (json, valid);
}

static void
add_number (JsonBuilder *json, const gchar *name, gint64 value)
{
  json_builder_set_member_name (json, name);
  json_builder_add_int_value (json, value);
}

static void
add_ledger (JsonBuilder *json, const BmLedger *ledger)
{
  json_builder_set_member_name (json, "ledger");
  json_builder_begin_object (json);
  add_number (json, "found", (gint64) ledger->found);
  add_number (json, "verified", (gint64) ledger->verified);
  add_number (json, "unverified", (gint64) ledger->unverified);
  add_number (json, "differs", (gint64) ledger->differs);
  add_number (json, "gone", (gint64) ledger->gone);
  add_number (json, "skipped", (gint64) ledger->skipped);
  add_number (json, "failed", (gint64) ledger->failed);
  add_number (json, "pending", (gint64) ledger->pending);
  json_builder_set_member_name (json, "balanced");
  json_builder_add_boolean_value (json, ledger->balanced);
  json_builder_end_object (json);
}

static void
add_operator (JsonBuilder *json, const BmOperator *operator_)
{
  json_builder_set_member_name (json, "operator");
  json_builder_begin_object (json);
  add_number (json, "uid", operator_->uid);
  add_text (json, "name", operator_->name);
  add_text (json, "sudo_user", operator_->sudo_user);
  json_builder_end_object (json);
}

static gchar *
format_time (gint64 unix_ms)
{
  g_autoptr (GDateTime) when = g_date_time_new_from_unix_utc (unix_ms / 1000);
  g_autofree gchar *seconds = g_date_time_format (when, "%Y-%m-%dT%H:%M:%S");
  return g_strdup_printf ("%s.%03dZ", seconds, (gint) (unix_ms % 1000));
}

gchar *
bm_audit_format (const BmAuditLine *line, const BmOperator *operator_, gint64 unix_ms)
{
  g_autoptr (JsonBuilder) json = json_builder_new ();
  g_autofree gchar *time = format_time (unix_ms);
  json_builder_begin_object (json);
  add_text (json, "time", time);
  add_text (json, "event", line->event);
  add_text (json, "run", line->run);
  add_operator (json, operator_);
  add_text (json, "version", BM_VERSION);
  add_text (json, "file", line->file);
  if (line->size > 0)
    add_number (json, "size", (gint64) line->size);
  add_text (json, "pst_identity", line->pst_identity);
  add_text (json, "user", line->address);
  add_text (json, "user_uid", line->uid);
  add_text (json, "domain_uid", line->domain);
  add_text (json, "into", line->into);
  add_text (json, "credential", line->credential);
  add_text (json, "owner", line->owner);
  add_text (json, "job", line->job);
  if (line->status >= 0)
    add_number (json, "status", line->status);
  add_text (json, "cause", line->cause);
  if (line->ledger != NULL)
    add_ledger (json, line->ledger);
  json_builder_end_object (json);
  g_autoptr (JsonNode) root = json_builder_get_root (json);
  return json_to_string (root, FALSE);
}

static gboolean
append (gint fd, const gchar *text)
{
  struct stat info;
  gchar last = '\n';
  if (fstat (fd, &info) != 0 || (info.st_size > 0 && pread (fd, &last, 1, info.st_size - 1) != 1))
    return FALSE;
  /* one write: lines of processes that end together do not mix */
  g_autofree gchar *line = g_strconcat (last == '\n' ? "" : "\n", text, "\n", NULL);
  return write (fd, line, strlen (line)) == (gssize) strlen (line) && fsync (fd) == 0;
}

gboolean
bm_audit_write (const gchar *jobs, const BmAuditLine *line, GError **error)
{
  BmOperator self = {0};
  bm_operator_self (&self);
  g_autofree gchar *text = bm_audit_format (line, &self, g_get_real_time () / 1000);
  bm_operator_clear (&self);
  g_autofree gchar *path = g_build_filename (jobs, "audit.log", NULL);
  gint fd = -1;
  if (g_mkdir_with_parents (jobs, 0700) == 0)
    fd = open (path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  gboolean ok = fd >= 0 && append (fd, text);
  gint failure = errno;
  if (fd >= 0)
    close (fd);
  if (!ok)
    g_set_error (error, BM_ERROR, BM_CAUSE_JOURNAL, "cannot write the audit log %s: %s", path,
                 g_strerror (failure));
  return ok;
}
