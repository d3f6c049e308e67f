/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The rows of a batch, without anybody who conducts them: a mapping that is mended, orders of two
 * processes, a list of thousands. */
#include "job/bm-batch.h"

#include <string.h>

static gchar *jobs, *map;

static void
set_up (guint8 *fixture, gconstpointer data)
{
  jobs = g_dir_make_tmp ("bm-batch-rows.XXXXXX", NULL);
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

static void
take (BmBatch *batch, const gchar *text)
{
  g_autoptr (GError) error = NULL;
  g_assert_true (g_file_set_contents (map, text, -1, NULL));
  g_autoptr (BmMapping) mapping = bm_mapping_load (map, &error);
  g_assert_no_error (error);
  g_assert_true (bm_batch_take (batch, mapping, &error));
  g_assert_no_error (error);
}

static BmBatch *
open_batch (void)
{
  g_autoptr (GError) error = NULL;
  BmBatch *batch = bm_batch_open (jobs, "map", TRUE, &error);
  g_assert_no_error (error);
  return batch;
}

/* As its run would leave the row of this file. */
static void
leave (BmBatch *batch, const gchar *file, BmRowState state, gint status, const gchar *job)
{
  g_autoptr (GPtrArray) rows = bm_batch_rows (batch, NULL);
  for (guint i = 0; i < rows->len; i++) {
    BmBatchRow *row = g_ptr_array_index (rows, i);
    if (!g_str_has_suffix (row->file, file))
      continue;
    row->state = state;
    row->status = status;
    row->started_ms = 1;
    g_free (row->job);
    row->job = g_strdup (job);
    g_assert_true (bm_batch_save_row (batch, row, NULL));
  }
}

/* "ended2 waiting3...": the state and line of each row */
static gchar *
states (BmBatch *batch)
{
  g_autoptr (GPtrArray) rows = bm_batch_rows (batch, NULL);
  g_autoptr (GString) out = g_string_new (NULL);
  for (guint i = 0; i < rows->len; i++) {
    const BmBatchRow *row = g_ptr_array_index (rows, i);
    g_string_append_printf (out, "%s%s%u", i > 0 ? " " : "", bm_row_state_token (row->state),
                            row->line);
  }
  return g_string_free (g_steal_pointer (&out), FALSE);
}

static void
assert_states (BmBatch *batch, const gchar *want)
{
  g_autofree gchar *got = states (batch);
  g_assert_cmpstr (got, ==, want);
}

static gboolean
job_has (const gchar *job, const gchar *cause)
{
  return g_str_equal (cause, "refused") && g_str_equal (job, "/j/c");
}

/* The first mapping named the wrong person: what it had begun never goes on, not even by retry. */
static void
test_row_is_taken_back (guint8 *fixture, gconstpointer data)
{
  guint n;
  g_autoptr (BmBatch) batch = open_batch ();
  take (batch, "file,user\nended,a@s\nbegun,b@s\nrefused,c@s\nnew,d@s\nruns,e@s\nstays,f@s\n");
  leave (batch, "ended", BM_ROW_ENDED, 1, "/j/a");
  leave (batch, "begun", BM_ROW_WAITING, 130, "/j/b");
  leave (batch, "refused", BM_ROW_REFUSED, 77, "");
  leave (batch, "runs", BM_ROW_RUNNING, -1, "/j/e");
  take (batch, "file,user\nstays,f@s\nbegun,right@s\n");
  assert_states (batch, "ended0 cancelled0 running0 waiting2 waiting3");
  g_autoptr (GPtrArray) rows = bm_batch_rows (batch, NULL);
  const BmBatchRow *begun = g_ptr_array_index (rows, 1);
  g_assert_nonnull (strstr (begun->message, "not in the mapping"));
  g_assert_true (bm_batch_retry (batch, NULL, job_has, &n, NULL));
  g_assert_cmpuint (n, ==, 0);
  take (batch, "file,user\nstays,f@s\nbegun,b@s\n");
  assert_states (batch, "ended0 waiting3 running0 waiting2");
}

static void
test_retry (guint8 *fixture, gconstpointer data)
{
  guint n;
  g_autoptr (BmBatch) batch = open_batch ();
  take (batch, "file,user\ngood,a@s\nsome,b@s\nitems,c@s\nrefused,d@s\nruns,e@s\n");
  leave (batch, "good", BM_ROW_ENDED, 0, "/j/a");
  leave (batch, "some", BM_ROW_ENDED, 1, "/j/b");
  leave (batch, "items", BM_ROW_ENDED, 1, "/j/c");
  leave (batch, "refused", BM_ROW_REFUSED, 77, "");
  leave (batch, "runs", BM_ROW_RUNNING, -1, "");
  g_assert_true (bm_batch_retry (batch, "refused", job_has, &n, NULL));
  g_assert_cmpuint (n, ==, 1);
  assert_states (batch, "ended2 ended3 waiting4 refused5 running6");
  g_assert_true (bm_batch_retry (batch, NULL, job_has, &n, NULL));
  g_assert_cmpuint (n, ==, 2);
  assert_states (batch, "ended2 waiting3 waiting4 waiting5 running6");
}

/* What is wrong in the mapping is mended there; tried as it is, a duplicate would run beside its twin. */
static void
test_retry_no_fault (guint8 *fixture, gconstpointer data)
{
  guint n;
  g_autoptr (BmBatch) batch = open_batch ();
  take (batch, "file,user\ngood,a@s\ngood,a@s\nnone,\n");
  g_assert_true (bm_batch_retry (batch, NULL, job_has, &n, NULL));
  g_assert_cmpuint (n, ==, 0);
  assert_states (batch, "waiting2 refused3 refused4");
}

static BmBatch *raced;

/* While the journals are looked into, the batch's conductor starts the row by another retry. */
static gboolean
job_has_slowly (const gchar *job, const gchar *cause)
{
  leave (raced, "some", BM_ROW_RUNNING, 1, "/j/b");
  return TRUE;
}

static void
test_retry_meets_conductor (guint8 *fixture, gconstpointer data)
{
  guint n;
  g_autoptr (BmBatch) batch = open_batch ();
  take (batch, "file,user\nsome,b@s\n");
  leave (batch, "some", BM_ROW_ENDED, 1, "/j/b");
  raced = open_batch ();
  g_assert_true (bm_batch_retry (batch, "unreadable", job_has_slowly, &n, NULL));
  bm_batch_free (raced);
  g_assert_cmpuint (n, ==, 0);
  assert_states (batch, "running2");
}

/* Whoever conducts reads the rows again only when somebody else wrote. */
static void
test_changed (guint8 *fixture, gconstpointer data)
{
  g_autoptr (BmBatch) batch = open_batch ();
  g_autoptr (BmBatch) other = open_batch ();
  take (batch, "file,user\nsome,b@s\n");
  g_assert_true (bm_batch_changed (batch));
  g_assert_false (bm_batch_changed (batch));
  leave (batch, "some", BM_ROW_ENDED, 1, "/j/b");
  g_assert_false (bm_batch_changed (batch));
  leave (other, "some", BM_ROW_WAITING, 1, "/j/b");
  g_assert_true (bm_batch_changed (batch));
  g_assert_false (bm_batch_changed (batch));
}

#define ADD(name, func) g_test_add ("/batch/" name, guint8, NULL, set_up, func, tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("row-is-taken-back", test_row_is_taken_back);
  ADD ("retry", test_retry);
  ADD ("retry-no-fault", test_retry_no_fault);
  ADD ("retry-meets-conductor", test_retry_meets_conductor);

  ADD ("changed", test_changed);
  return g_test_run ();
}
