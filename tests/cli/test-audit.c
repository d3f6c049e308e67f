/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The audit log: what a line holds, and that the file is only ever appended to. */
#include "cli/bm-audit.h"

#include <bm-pst-import/error.h>
#include <glib/gstdio.h>
#include <json-glib/json-glib.h>
#include <string.h>
#include <sys/stat.h>

static const BmLedger ledger = {.found = 9, .verified = 4, .skipped = 5, .balanced = TRUE};

static void
test_line (void)
{
  BmOperator operator_ = {.uid = 0, .name = (gchar *) "root", .sudo_user = (gchar *) "jo\"e"};
  BmAuditLine line = {.event = "end",
                      .run = "r1",
                      .file = "/mnt/\xff\n.pst",
                      .size = 271360,
                      .pst_identity = "00ff",
                      .address = "jd@example.org",
                      .uid = "U1",
                      .domain = "d1.internal",
                      .into = "/",
                      .credential = "api-key",
                      .owner = "mismatch",
                      .job = "/var/jobs/jd-1",
                      .ledger = &ledger,
                      .status = 0};
  g_autofree gchar *text = bm_audit_format (&line, &operator_, 1700000000042);
  g_assert_true (g_utf8_validate (text, -1, NULL));
  g_assert_null (strchr (text, '\n'));
  g_autoptr (JsonNode) node = json_from_string (text, NULL);
  JsonObject *object = json_node_get_object (node);
  g_assert_cmpstr (json_object_get_string_member (object, "time"), ==, "2023-11-14T22:13:20.042Z");
  g_assert_cmpstr (json_object_get_string_member (object, "event"), ==, "end");
  g_assert_cmpstr (json_object_get_string_member (object, "credential"), ==, "api-key");
  g_assert_cmpstr (json_object_get_string_member (object, "owner"), ==, "mismatch");
  g_assert_cmpint (json_object_get_int_member (object, "size"), ==, 271360);
  g_assert_cmpint (json_object_get_int_member (object, "status"), ==, 0);
  g_assert_false (json_object_has_member (object, "cause"));
  JsonObject *who = json_object_get_object_member (object, "operator");
  g_assert_cmpstr (json_object_get_string_member (who, "sudo_user"), ==, "jo\"e");
  JsonObject *counts = json_object_get_object_member (object, "ledger");
  g_assert_cmpint (json_object_get_int_member (counts, "verified"), ==, 4);
  g_assert_true (json_object_get_boolean_member (counts, "balanced"));
  BmAuditLine first = {.event = "begin", .status = -1};
  g_autofree gchar *begin = bm_audit_format (&first, &operator_, 0);
  g_assert_null (strstr (begin, "status"));
  g_assert_null (strstr (begin, "owner"));
  g_assert_null (strstr (begin, "ledger"));
}

static void
test_append (void)
{
  g_autoptr (GError) error = NULL;
  g_autofree gchar *top = g_dir_make_tmp ("bm-audit-XXXXXX", NULL);
  g_autofree gchar *jobs = g_build_filename (top, "jobs", NULL);
  g_autofree gchar *path = g_build_filename (jobs, "audit.log", NULL);
  g_autofree gchar *text = NULL;
  BmAuditLine line = {.event = "begin", .status = -1};
  GStatBuf info;
  g_assert_true (bm_audit_write (jobs, &line, &error));
  g_assert_cmpint (g_stat (path, &info), ==, 0);
  g_assert_cmpuint (info.st_mode & 0777, ==, 0600);
  FILE *file = fopen (path, "a"); /* a crash in the middle of a line */
  fputs ("{\"event\":\"en", file);
  fclose (file);
  line.event = "end";
  g_assert_true (bm_audit_write (jobs, &line, &error));
  g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
  g_assert_cmpuint (g_strv_length (lines), ==, 4); /* with the empty one at the end */
  g_assert_nonnull (strstr (lines[0], "\"begin\""));
  g_assert_cmpstr (lines[1], ==, "{\"event\":\"en");
  g_assert_nonnull (strstr (lines[2], "\"end\""));
  g_assert_cmpstr (lines[3], ==, "");
  g_unlink (path);
  g_assert_cmpint (g_mkdir (path, 0700), ==, 0);
  g_assert_false (bm_audit_write (jobs, &line, &error));
  g_assert_error (error, BM_ERROR, BM_CAUSE_JOURNAL);
  g_rmdir (path);
  g_rmdir (jobs);
  g_rmdir (top);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/audit/line", test_line);
  g_test_add_func ("/audit/append", test_append);
  return g_test_run ();
}
