/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* See bm-batch-view.h. */
#include "cli/bm-batch-view.h"

#include "base/bm-log.h"
#include "report/bm-json.h"
#include <glib/gstdio.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define LINE_EVERY_US   (10 * G_USEC_PER_SEC)
#define REDRAW_EVERY_US (G_USEC_PER_SEC / 2)
#define WIDTH           100
#define HEIGHT          24
#define OTHER_LINES     5    /* of the table: head, sums, trouble, the cursor's */
#define SIZES_A_LOOK    1000 /* files of which the size is asked */

struct _BmBatchView {
  gboolean json, terminal;
  guint lines; /* of the table that stands on the terminal */
  gint64 last_us;
  GHashTable *states; /* id of a row -> what was told of it last, packed */
  GHashTable *sizes;  /* id of a row -> bytes of its file; 0 when it is not there */
};

static BmBatchView *on_terminal; /* for log lines that want its place */

static void
erase (BmBatchView *view)
{
  if (view->lines > 0)
    fprintf (stderr, "\033[%uA\033[J", view->lines);
  view->lines = 0;
}

static void
step_aside (gboolean before)
{
  if (before && on_terminal != NULL)
    erase (on_terminal);
}

BmBatchView *
bm_batch_view_new (gboolean json)
{
  BmBatchView *view = g_new0 (BmBatchView, 1);
  view->json = json;
  view->terminal = !json && isatty (STDERR_FILENO);
  view->states = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, g_free);
  view->sizes = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, g_free);
  if (view->terminal) {
    on_terminal = view;
    bm_log_set_stderr_hook (step_aside);
  }
  return view;
}

void
bm_batch_view_hide (BmBatchView *view)
{
  erase (view);
}

void
bm_batch_view_free (BmBatchView *view)
{
  erase (view);
  if (on_terminal == view) {
    on_terminal = NULL;
    bm_log_set_stderr_hook (NULL);
  }
  g_hash_table_unref (view->states);
  g_hash_table_unref (view->sizes);
  g_free (view);
}

/* ---- what both show ---- */

/* Of the workers that run; what is done in all is the conductor's to tell. */
typedef struct {
  gdouble bytes_per_s, lag_s;
  gint64 eta_s; /* of the whole batch; -1 = it cannot be told */
} Sum;

/* Of this run: what it found done says nothing of its speed. */
static guint64
done_now (const BmWorkerState *state)
{
  return state->done > state->before ? state->done - state->before : 0;
}

static gdouble
seconds_of (const BmWorkerState *state)
{
  return (gdouble) MAX (state->elapsed_ms, 1) / 1000.0;
}

/* One that waits for its proof sends nothing any more. */
static gboolean
is_sending (const BmWorkerState *state)
{
  return state->total > state->done && state->elapsed_ms > 0;
}

/* Bytes of the row's file, asked once: a share may be slow, so only a few at each look. FALSE: later. */
static gboolean
size_of_row (BmBatchView *view, const BmBatchRow *row, guint *asked, guint64 *size)
{
  const guint64 *known = g_hash_table_lookup (view->sizes, &row->id);
  GStatBuf info;
  if (known == NULL && *asked == SIZES_A_LOOK)
    return FALSE;
  if (known == NULL) {
    guint64 bytes = g_stat (row->file, &info) == 0 ? (guint64) info.st_size : 0;
    known = g_memdup2 (&bytes, sizeof bytes);
    g_hash_table_insert (view->sizes, g_memdup2 (&row->id, sizeof row->id), (gpointer) known);
    (*asked)++;
  }
  *size = *known;
  return TRUE;
}

/* By the sizes of the files: what is left of them at the speed at which those that run are read. */
static gint64
eta_of_all (BmBatchView *view, const BmConductorView *now)
{
  gdouble left = 0, speed = 0;
  guint64 size;
  guint asked = 0;
  for (guint i = 0; i < now->rows->len; i++) {
    const BmBatchRow *row = g_ptr_array_index (now->rows, i);
    if (row->state != BM_ROW_WAITING)
      continue;
    if (!size_of_row (view, row, &asked, &size))
      return -1;
    left += (gdouble) size;
  }
  for (guint i = 0; i < now->workers->len; i++) {
    const BmConductorWorker *worker = g_ptr_array_index (now->workers, i);
    const BmWorkerState *state = &worker->state;
    if (worker->row == NULL)
      continue;
    if (!size_of_row (view, worker->row, &asked, &size))
      return -1;
    gdouble items = (gdouble) MAX (state->total, 1);
    left += state->total == 0 ? (gdouble) size
                              : (gdouble) size * (gdouble) (state->total - state->done) / items;
    if (is_sending (state))
      speed += (gdouble) size * (gdouble) done_now (state) / items / seconds_of (state);
  }
  return speed > 0 && left > 0 ? (gint64) (left / speed) : -1;
}

static Sum
sum_of (BmBatchView *view, const BmConductorView *now)
{
  Sum sum = {.eta_s = eta_of_all (view, now)};
  for (guint i = 0; i < now->workers->len; i++) {
    const BmConductorWorker *worker = g_ptr_array_index (now->workers, i);
    sum.lag_s = MAX (sum.lag_s, worker->lag_seconds);
    if (!is_sending (&worker->state))
      continue;
    sum.bytes_per_s += (gdouble) worker->state.bytes / seconds_of (&worker->state);
  }
  return sum;
}

/* Seconds; -1 when it cannot be told. */
static gint64
eta_of (const BmWorkerState *state)
{
  guint64 done = done_now (state);
  if (done == 0 || state->total <= state->done || state->elapsed_ms < 2000)
    return -1;
  return state->elapsed_ms * (gint64) (state->total - state->done) / (gint64) done / 1000;
}

/* ---- the table ---- */

static gchar *
duration (gint64 seconds)
{
  if (seconds < 0)
    return g_strdup ("-");
  return g_strdup_printf ("%d:%02d:%02d", (gint) (seconds / 3600), (gint) (seconds / 60 % 60),
                          (gint) (seconds % 60));
}

static gchar *
size_of (gdouble bytes)
{
  return g_format_size_full ((guint64) bytes, G_FORMAT_SIZE_IEC_UNITS);
}

static guint
columns (void)
{
  struct winsize size = {0};
  return ioctl (STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 20 ? size.ws_col : WIDTH;
}

/* More lines than there are would scroll away, and moving up again would miss. */
static guint
terminal_lines (void)
{
  struct winsize size = {0};
  gboolean known = ioctl (STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > OTHER_LINES;
  return known ? size.ws_row : HEIGHT;
}

/* A line no wider than the terminal, or moving up again would miss. */
static void
add_line (BmBatchView *view, GString *out, const gchar *line)
{
  g_autofree gchar *cut =
      g_utf8_substring (line, 0, MIN (g_utf8_strlen (line, -1), columns () - 1));
  g_string_append_printf (out, "%s\n", cut);
  view->lines++;
}

typedef struct {
  const gchar *name, *phase;
  guint64 done, total, bytes, verified;
  gdouble bytes_per_s, lag_s;
  gint64 eta_s;
} Line;

static void
add_columns (BmBatchView *view, GString *out, const Line *one)
{
  g_autofree gchar *bytes = size_of ((gdouble) one->bytes);
  g_autofree gchar *rate = size_of (one->bytes_per_s);
  g_autofree gchar *eta = duration (one->eta_s);
  g_autofree gchar *lag = duration ((gint64) one->lag_s);
  g_autofree gchar *line = g_strdup_printf (
      "%-26.26s %-9s %9" G_GUINT64_FORMAT "/%-9" G_GUINT64_FORMAT " %10s %10s/s %9" G_GUINT64_FORMAT
      " %7s %8s",
      one->name, one->phase, one->done, one->total, bytes, rate, one->verified, lag, eta);
  add_line (view, out, line);
}

static void
add_worker (BmBatchView *view, GString *out, const BmConductorWorker *worker)
{
  const BmWorkerState *state = &worker->state;
  const Line line = {.name = worker->row != NULL ? worker->row->user : "",
                     .phase = state->phase != NULL ? state->phase : "starting",
                     .done = state->done,
                     .total = state->total,
                     .bytes = state->bytes,
                     .verified = state->verified,
                     .bytes_per_s = (gdouble) state->bytes / seconds_of (state),
                     .lag_s = worker->lag_seconds,
                     .eta_s = eta_of (state)};
  add_columns (view, out, &line);
}

static void
add_all (BmBatchView *view, GString *out, const BmConductorView *now)
{
  Sum sum = sum_of (view, now);
  const Line line = {.name = "in all",
                     .phase = "",
                     .done = now->all.done,
                     .total = now->all.total,
                     .bytes = now->all.bytes,
                     .verified = now->all.verified,
                     .bytes_per_s = sum.bytes_per_s,
                     .lag_s = sum.lag_s,
                     .eta_s = sum.eta_s};
  add_columns (view, out, &line);
}

static void
draw (BmBatchView *view, const BmConductorView *now)
{
  g_autoptr (GString) out = g_string_new (NULL);
  guint most = terminal_lines () - OTHER_LINES;
  erase (view);
  add_line (view, out,
            "mailbox                    phase         items            bytes       rate   "
            "verified     lag      ETA");
  for (guint i = 0; i < now->workers->len && i < most; i++)
    add_worker (view, out, g_ptr_array_index (now->workers, i));
  add_all (view, out, now);
  g_autoptr (GString) all = g_string_new (NULL);
  g_string_append_printf (all, "%u rows", now->rows->len);
  for (guint i = 0; i < BM_ROW_LAST; i++)
    if (now->by_state[i] > 0)
      g_string_append_printf (all, ", %u %s", now->by_state[i],
                              bm_row_state_token ((BmRowState) i));
  add_line (view, out, all->str);
  if (now->trouble != NULL) {
    g_autofree gchar *trouble = g_strdup_printf ("paused: %s", now->trouble);
    add_line (view, out, trouble);
  }
  fputs (out->str, stderr);
}

/* ---- JSON and plain lines ---- */

static void
print_object (JsonObject *object, const gchar *event)
{
  g_autoptr (GDateTime) time = g_date_time_new_now_utc ();
  g_autofree gchar *text = g_date_time_format (time, "%Y-%m-%dT%H:%M:%SZ");
  json_object_set_string_member (object, "time", text);
  json_object_set_string_member (object, "event", event);
  g_autoptr (JsonNode) root = json_node_init_object (json_node_alloc (), object);
  g_autofree gchar *line = json_to_string (root, FALSE);
  fprintf (stdout, "%s\n", line);
  fflush (stdout);
  json_object_unref (object);
}

static void
set_eta (JsonObject *object, gint64 seconds)
{
  if (seconds >= 0)
    json_object_set_int_member (object, "eta_seconds", seconds);
  else
    json_object_set_null_member (object, "eta_seconds");
}

static JsonObject *
worker_object (const BmConductorWorker *worker)
{
  JsonObject *object = json_object_new ();
  const BmWorkerState *state = &worker->state;
  json_object_set_int_member (object, "line", worker->row->line);
  bm_json_set_text (object, "user", worker->row->user);
  bm_json_set_text (object, "file", worker->row->file);
  bm_json_set_text (object, "phase", state->phase);
  json_object_set_int_member (object, "done", (gint64) state->done);
  json_object_set_int_member (object, "total", (gint64) state->total);
  json_object_set_int_member (object, "bytes", (gint64) state->bytes);
  json_object_set_int_member (object, "appended", (gint64) state->appended);
  json_object_set_int_member (object, "verified", (gint64) state->verified);
  json_object_set_int_member (object, "elapsed_ms", state->elapsed_ms);
  json_object_set_int_member (object, "lag_seconds", (gint64) worker->lag_seconds);
  set_eta (object, eta_of (state));
  return object;
}

static JsonObject *
all_object (BmBatchView *view, const BmConductorView *now)
{
  JsonObject *object = json_object_new ();
  Sum sum = sum_of (view, now);
  json_object_set_int_member (object, "done", (gint64) now->all.done);
  json_object_set_int_member (object, "total", (gint64) now->all.total);
  json_object_set_int_member (object, "bytes", (gint64) now->all.bytes);
  json_object_set_int_member (object, "verified", (gint64) now->all.verified);
  json_object_set_int_member (object, "bytes_per_second", (gint64) sum.bytes_per_s);
  json_object_set_int_member (object, "lag_seconds", (gint64) sum.lag_s);
  set_eta (object, sum.eta_s);
  return object;
}

static void
print_progress (BmBatchView *view, const BmConductorView *now)
{
  JsonObject *object = json_object_new ();
  JsonObject *counts = json_object_new ();
  JsonArray *workers = json_array_new ();
  for (guint i = 0; i < BM_ROW_LAST; i++)
    json_object_set_int_member (counts, bm_row_state_token ((BmRowState) i), now->by_state[i]);
  for (guint i = 0; i < now->workers->len; i++)
    json_array_add_object_element (workers, worker_object (g_ptr_array_index (now->workers, i)));
  json_object_set_int_member (object, "rows", now->rows->len);
  json_object_set_object_member (object, "states", counts);
  bm_json_set_text (object, "trouble", now->trouble);
  json_object_set_array_member (object, "workers", workers);
  json_object_set_object_member (object, "all", all_object (view, now));
  print_object (object, "progress");
}

static void
print_row (const BmBatchView *view, const BmBatchRow *row)
{
  if (!view->json) {
    fprintf (stderr, "line %u: %s: %s%s%s\n", row->line, row->user, bm_row_state_token (row->state),
             *row->message != '\0' ? ": " : "", row->message);
    return;
  }
  JsonObject *object = json_object_new ();
  json_object_set_int_member (object, "line", row->line);
  bm_json_set_text (object, "file", row->file);
  bm_json_set_text (object, "user", row->user);
  bm_json_set_text (object, "state", bm_row_state_token (row->state));
  json_object_set_int_member (object, "attempts", row->attempts);
  json_object_set_int_member (object, "status", row->status);
  bm_json_set_text (object, "cause", row->cause);
  bm_json_set_text (object, "message", row->message);
  bm_json_set_text (object, "job", row->job);
  print_object (object, "row");
}

/* Rows of which something new can be told. */
static void
print_changes (BmBatchView *view, const BmConductorView *now)
{
  for (guint i = 0; i < now->rows->len; i++) {
    const BmBatchRow *row = g_ptr_array_index (now->rows, i);
    guint64 told = (guint64) row->attempts << 32 | (guint64) (row->status & 0xffff) << 8 |
                   (guint64) row->state;
    const guint64 *before = g_hash_table_lookup (view->states, &row->id);
    gboolean news = before == NULL ? row->state != BM_ROW_WAITING : *before != told;
    if (before != NULL && !news)
      continue;
    g_hash_table_insert (view->states, g_memdup2 (&row->id, sizeof row->id),
                         g_memdup2 (&told, sizeof told));
    if (news)
      print_row (view, row);
  }
}

static void
print_line (BmBatchView *view, const BmConductorView *now)
{
  Sum sum = sum_of (view, now);
  g_autofree gchar *bytes = size_of ((gdouble) now->all.bytes);
  g_autofree gchar *eta = duration (sum.eta_s);
  g_autofree gchar *rate = size_of (sum.bytes_per_s);
  fprintf (stderr,
           "%u of %u rows at an end, %u running, %u waiting: %" G_GUINT64_FORMAT
           " of %" G_GUINT64_FORMAT " items, %s, %s/s, %" G_GUINT64_FORMAT
           " verified, lag %.0f s, ETA %s%s%s\n",
           now->rows->len - now->by_state[BM_ROW_WAITING] - now->by_state[BM_ROW_RUNNING],
           now->rows->len, now->by_state[BM_ROW_RUNNING], now->by_state[BM_ROW_WAITING],
           now->all.done, now->all.total, bytes, rate, now->all.verified, sum.lag_s, eta,
           now->trouble != NULL ? "; paused: " : "", now->trouble != NULL ? now->trouble : "");
}

void
bm_batch_view_show (BmBatchView *view, const BmConductorView *now)
{
  gint64 time = g_get_monotonic_time ();
  gint64 every = view->terminal ? REDRAW_EVERY_US : LINE_EVERY_US;
  if (!view->terminal)
    print_changes (view, now);
  if (view->last_us != 0 && time - view->last_us < every)
    return;
  view->last_us = time;
  if (view->terminal)
    draw (view, now);
  else if (view->json)
    print_progress (view, now);
  else
    print_line (view, now);
}

void
bm_batch_view_end (BmBatchView *view, const BmBatchReport *report, const gchar *page)
{
  if (!view->json)
    return;
  JsonObject *object = json_object_new ();
  const BmLedger *ledger = &report->ledger;
  bm_json_set_text (object, "batch", report->name);
  bm_json_set_text (object, "grade", bm_grade_token (report->grade));
  bm_json_set_text (object, "rule", report->rule);
  json_object_set_int_member (object, "exit_status", report->exit_status);
  json_object_set_int_member (object, "found", (gint64) ledger->found);
  json_object_set_int_member (object, "verified", (gint64) ledger->verified);
  json_object_set_int_member (object, "skipped", (gint64) ledger->skipped);
  json_object_set_int_member (object, "failed", (gint64) ledger->failed);
  json_object_set_boolean_member (object, "balanced", ledger->balanced);
  bm_json_set_text (object, "page", page);
  print_object (object, "end");
}
