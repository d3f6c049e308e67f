/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The parent's end: a BmSource whose items come from the child. Believes nothing the child says:
 * items must come in the order asked, messages are checked byte by byte and hashed here. When the
 * child dies, hangs or exceeds its limits, the window is halved until the guilty item is alone;
 * that item has failed, everything else goes on. Must not know PST or MIME. One thread. */
#include "reader/bm-frame-census.h"
#include "reader/bm-frame-message.h"
#include "reader/bm-reader-learn.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define WINDOW_DEFAULT 500
#define ITEM_SECONDS   60
#define CENSUS_SECONDS (30 * 60)
#define CENSUS_MAX     (G_GUINT64_CONSTANT (2) << 30)
#define MESSAGE_MAX    (G_GUINT64_CONSTANT (4) << 30)

typedef struct {
  BmSource base;
  BmReaderOptions options; /* strings owned below */
  gchar *path, *charset, *owner, *program;
  gint pst_fd;
  struct stat state; /* of the file when it was opened */
  BmReaderProcess process;
  gchar *render_id, *sandbox; /* of the first child, or of the first with this map */
  gchar *plain_id;            /* render_id before anything was learnt */
  BmAddressMap *learnt;       /* NULL: nothing was learnt yet */
  gchar *learnt_path;         /* where to keep it; or NULL */
  gboolean fresh;             /* the child has not answered since its HELLO */
  gint64 census_ms;           /* that the census took */
  BmCensus *census;
  BmFrame *frame;
  GArray *order;    /* nids */
  guint next;       /* first not answered */
  guint window_end; /* of the running window */
  gboolean running; /* a window was sent and its DONE has not come */
  guint window;     /* size of the next one */
  gboolean started; /* the child has begun with the item at next */
} Reader;

static void
reader_free (BmSource *source)
{
  Reader *reader = (Reader *) source;
  gboolean limit;
  g_free (bm_reader_process_stop (&reader->process, &limit));
  if (reader->pst_fd >= 0)
    close (reader->pst_fd);
  bm_frame_clear (reader->frame);
  g_free (reader->frame);
  bm_census_free (reader->census);
  g_array_unref (reader->order);
  g_free (reader->process.render_id);
  g_free (reader->process.sandbox);
  g_free (reader->render_id);
  g_free (reader->plain_id);
  g_free (reader->sandbox);
  bm_address_map_free (reader->options.addresses);
  bm_address_map_free (reader->learnt);
  g_free (reader->learnt_path);
  g_free (reader->path);
  g_free (reader->charset);
  g_free (reader->owner);
  g_free (reader->program);
  g_free (reader);
}

/* ---- the child ---- */

static gboolean
start (Reader *reader, GError **error)
{
  if (reader->process.pid != 0)
    return TRUE;
  if (!bm_reader_process_start (&reader->process, reader->program, reader->pst_fd, &reader->options,
                                reader->learnt, error))
    return FALSE;
  reader->fresh = TRUE;
  if (reader->render_id == NULL) {
    reader->render_id = g_strdup (reader->process.render_id);
    reader->sandbox = g_strdup (reader->process.sandbox);
    if (reader->learnt == NULL)
      reader->plain_id = g_strdup (reader->process.render_id);
  }
  if (g_str_equal (reader->render_id, reader->process.render_id) &&
      g_str_equal (reader->sandbox, reader->process.sandbox))
    return TRUE;
  gboolean limit;
  g_free (bm_reader_process_stop (&reader->process, &limit));
  g_set_error (error, BM_ERROR, BM_CAUSE_INTERRUPTED,
               "%s was replaced by another version meanwhile, whose messages would differ",
               reader->program);
  return FALSE;
}

/* The next frame that is no log line. A new child walks the tree before its first answer, which
 * may take as long again as the census did. */
static BmReaderAnswer
receive (Reader *reader, gint64 timeout_ms)
{
  if (reader->fresh)
    timeout_ms += 2 * reader->census_ms;
  BmReaderAnswer answer = bm_reader_process_receive (&reader->process, reader->frame, timeout_ms);
  if (answer == BM_READER_FRAME && reader->frame->type != BM_FRAME_ERROR)
    reader->fresh = FALSE;
  return answer;
}

/* ---- census ---- */

static gboolean
take_error (Reader *reader, GError **error)
{
  /* whatever cause it names: without a census nothing starts, and the file is why */
  g_free (bm_frame_line (reader->frame, 100));
  g_autofree gchar *text = bm_frame_line (reader->frame, 8192);
  g_set_error (error, BM_ERROR, BM_CAUSE_PST_UNREADABLE, "%s: %s", reader->path, text);
  return FALSE;
}

static gboolean
ask_census (Reader *reader, GError **error)
{
  if (!start (reader, error))
    return FALSE;
  g_autoptr (GError) local = NULL;
  gint64 begin = g_get_monotonic_time ();
  BmReaderAnswer answer =
      bm_frame_send (reader->process.socket, bm_frame_new (BM_FRAME_CENSUS), -1, NULL)
          ? receive (reader, (gint64) reader->options.census_timeout_s * 1000)
          : BM_READER_DEAD;
  reader->census_ms = (g_get_monotonic_time () - begin) / 1000;
  if (answer == BM_READER_FRAME && reader->frame->type == BM_FRAME_ERROR)
    return take_error (reader, error);
  if (answer == BM_READER_FRAME && reader->frame->type == BM_FRAME_CENSUS) {
    g_autoptr (GBytes) payload = bm_frame_take_sealed (reader->frame, CENSUS_MAX, &local);
    reader->census = payload != NULL ? bm_frame_census_read (payload, &local) : NULL;
    if (reader->census != NULL)
      return TRUE;
  }
  gboolean limit;
  g_autofree gchar *how = bm_reader_process_stop (&reader->process, &limit);
  g_set_error (error, BM_ERROR, BM_CAUSE_PST_UNREADABLE, "%s: the reader failed while counting: %s",
               reader->path,
               local != NULL               ? local->message
               : answer == BM_READER_HANGS ? "it hung"
                                           : how);
  return FALSE;
}

static const BmCensus *
reader_census (BmSource *source, GError **error)
{
  Reader *reader = (Reader *) source;
  if (reader->census == NULL && !ask_census (reader, error))
    return NULL;
  return reader->census;
}

/* ---- order ---- */

static gboolean
reader_order (BmSource *source, const guint32 *nids, gsize n, GError **error)
{
  Reader *reader = (Reader *) source;
  for (gsize i = 1; i < n; i++)
    if (nids[i - 1] >= nids[i]) {
      g_set_error_literal (error, BM_ERROR, BM_CAUSE_INTERNAL, "an order must ascend");
      return FALSE;
    }
  g_array_set_size (reader->order, 0);
  g_array_append_vals (reader->order, nids, (guint) n);
  reader->next = reader->window_end = 0;
  if (reader->running) { /* the DONE of the last order's last window */
    gboolean limit;
    if (receive (reader, ITEM_SECONDS * 1000) != BM_READER_FRAME ||
        reader->frame->type != BM_FRAME_DONE)
      g_free (bm_reader_process_stop (&reader->process, &limit));
    reader->running = FALSE;
  }
  return TRUE;
}

/* Somebody who writes to the file meanwhile makes census and contents disagree. */
static gboolean
check_unchanged (const Reader *reader, GError **error)
{
  struct stat now;
  if (fstat (reader->pst_fd, &now) == 0 && now.st_size == reader->state.st_size &&
      now.st_mtim.tv_sec == reader->state.st_mtim.tv_sec &&
      now.st_mtim.tv_nsec == reader->state.st_mtim.tv_nsec)
    return TRUE;
  g_set_error (error, BM_ERROR, BM_CAUSE_PST_CHANGED,
               "%s was written to by another program while it was read", reader->path);
  return FALSE;
}

static gboolean
send_window (Reader *reader, GError **error)
{
  guint n = MIN (reader->window, reader->order->len - reader->next);
  if (!check_unchanged (reader, error) || !start (reader, error))
    return FALSE;
  GByteArray *frame = bm_frame_new (BM_FRAME_WINDOW);
  bm_frame_put_u32 (frame, n);
  for (guint i = 0; i < n; i++)
    bm_frame_put_u32 (frame, g_array_index (reader->order, guint32, reader->next + i));
  reader->window_end = reader->next + n;
  reader->running = TRUE;
  reader->started = FALSE;
  bm_frame_send (reader->process.socket, frame, -1, NULL); /* a dead child shows when we listen */
  return TRUE;
}

static guint32
nid_at (const Reader *reader)
{
  return g_array_index (reader->order, guint32, reader->next);
}

static void
set_failed (Reader *reader, BmEntry *entry, BmCause cause, const gchar *text)
{
  entry->kind = BM_ENTRY_FAILED;
  entry->nid = nid_at (reader);
  entry->error = g_error_new_literal (BM_ERROR, cause, text);
  reader->next++;
  reader->started = FALSE;
}

/* The child is gone, hangs or lies. TRUE when that costs the item at next, which is in *entry. */
static gboolean
lose_child (Reader *reader, BmReaderAnswer answer, BmEntry *entry)
{
  gboolean limit;
  guint n = reader->window_end - reader->next;
  g_autofree gchar *how = bm_reader_process_stop (&reader->process, &limit);
  reader->running = FALSE;
  if (n == 0) /* all was answered but the DONE: nothing is lost */
    return FALSE;
  if (n > 1) {
    /* it may have been this item, or what an earlier one left behind: alone it will show */
    reader->window = reader->started ? 1 : MAX (1u, n / 2);
    g_info ("the reader failed at item %08x: %s; trying again with %u items", nid_at (reader),
            answer == BM_READER_HANGS ? "it hung" : how, reader->window);
    return FALSE;
  }
  if (answer == BM_READER_HANGS)
    set_failed (reader, entry, BM_CAUSE_READER_TIMEOUT, "reading this item took too long");
  else if (answer == BM_READER_HOSTILE)
    set_failed (reader, entry, BM_CAUSE_INVALID_MESSAGE, "the reader's answer was not well-formed");
  else
    set_failed (reader, entry, limit ? BM_CAUSE_READER_LIMIT : BM_CAUSE_READER_CRASH, how);
  return TRUE;
}

/* ---- answers ---- */

static void
answered (Reader *reader, BmEntry *entry, BmEntryKind kind)
{
  entry->kind = kind;
  entry->nid = nid_at (reader);
  reader->next++;
  reader->started = FALSE;
}

static BmRole
role_of (const Reader *reader, guint32 nid)
{
  const BmFolder *folder =
      bm_census_folder (reader->census, bm_census_folder_of (reader->census, nid));
  return folder != NULL ? folder->role : BM_ROLE_NONE;
}

static gboolean
take_message_entry (Reader *reader, BmEntry *entry)
{
  g_autoptr (GError) error = NULL;
  guint64 max = reader->options.max_message_size;
  entry->message =
      bm_frame_message_read (reader->frame, max > 0 ? MIN (max, MESSAGE_MAX) : MESSAGE_MAX, &error);
  if (entry->message != NULL) {
    entry->message->nid = nid_at (reader);
    bm_message_place (entry->message, role_of (reader, entry->message->nid));
    answered (reader, entry, BM_ENTRY_MESSAGE);
  } else
    set_failed (reader, entry, BM_CAUSE_INVALID_MESSAGE, error->message);
  return TRUE;
}

static gboolean
take_skipped (Reader *reader, BmEntry *entry)
{
  g_autofree gchar *token = bm_frame_text (reader->frame, 100);
  g_autofree gchar *class = bm_frame_line (reader->frame, 1024);
  BmRule rule = bm_rule_from_token (token);
  if (!bm_frame_finished (reader->frame) || rule == BM_RULE_NONE)
    return FALSE;
  entry->rule = rule;
  entry->message_class = g_steal_pointer (&class);
  answered (reader, entry, BM_ENTRY_SKIPPED);
  return TRUE;
}

static gboolean
take_failed (Reader *reader, BmEntry *entry)
{
  g_autofree gchar *token = bm_frame_text (reader->frame, 100);
  g_autofree gchar *text = bm_frame_line (reader->frame, 16384);
  BmCause cause = bm_cause_from_token (token);
  if (!bm_frame_finished (reader->frame) || cause == BM_CAUSE_LAST)
    return FALSE;
  if (bm_cause_scope (cause) != BM_SCOPE_ITEM)
    cause = BM_CAUSE_READER_LIMIT; /* out of memory files: of this item, not of the job */
  set_failed (reader, entry, cause, text);
  return TRUE;
}

/* FALSE: not an answer to what was asked. *done: the entry is filled. */
static gboolean
take_frame (Reader *reader, BmEntry *entry, gboolean *done)
{
  BmFrame *frame = reader->frame;
  *done = FALSE;
  if (frame->type == BM_FRAME_DONE) {
    if (reader->next != reader->window_end)
      return FALSE;
    reader->running = FALSE;
    reader->window = MIN (MAX (reader->window, 1u) * 2, reader->options.window);
    return TRUE;
  }
  if (reader->next == reader->window_end || bm_frame_u32 (frame) != nid_at (reader) ||
      frame->broken)
    return FALSE;
  switch (frame->type) {
  case BM_FRAME_START: /* once: each gives it time anew */
    if (reader->started)
      return FALSE;
    reader->started = TRUE;
    return bm_frame_finished (frame);
  case BM_FRAME_MESSAGE:
    return *done = take_message_entry (reader, entry);
  case BM_FRAME_SKIPPED:
    return *done = take_skipped (reader, entry);
  case BM_FRAME_FAILED:
    return *done = take_failed (reader, entry);
  default:
    return FALSE;
  }
}

/* ---- learning ---- */

/* A new child, which has the map; what the old one was about to say is said anew. */
static gboolean
use_learnt (Reader *reader, BmAddressMap *learnt, GError **error)
{
  gboolean limit;
  g_free (bm_reader_process_stop (&reader->process, &limit));
  reader->running = reader->started = FALSE;
  reader->window_end = reader->next;
  bm_address_map_free (reader->learnt);
  reader->learnt = learnt;
  g_clear_pointer (&reader->render_id, g_free);
  g_clear_pointer (&reader->sandbox, g_free);
  return start (reader, error);
}

static gboolean
keep_learnt (const Reader *reader, const BmAddressMap *learnt, GError **error)
{
  g_autoptr (GError) local = NULL;
  if (reader->learnt_path == NULL || learnt == NULL)
    return TRUE;
  g_autofree gchar *csv = bm_address_map_csv (learnt);
  if (g_file_set_contents_full (reader->learnt_path, csv, -1, G_FILE_SET_CONTENTS_CONSISTENT, 0600,
                                &local))
    return TRUE;
  g_set_error (error, BM_ERROR, BM_CAUSE_JOURNAL, "cannot keep the learnt addresses: %s",
               local->message);
  return FALSE;
}

/* Messages before this one had nothing to learn for: their bytes stay as they are. */
static gboolean
should_learn (const Reader *reader, const BmEntry *entry)
{
  return reader->options.learn && reader->learnt == NULL && entry->kind == BM_ENTRY_MESSAGE &&
         bm_notes_has (entry->message->notes, BM_NOTE_EXCHANGE_UNRESOLVED);
}

static gboolean
learn (Reader *reader, GError **error)
{
  g_message (
      "an Exchange address is unknown: learning from the senders and recipients of the file");
  BmAddressMap *learnt =
      bm_reader_learn (reader->program, reader->pst_fd, &reader->options, reader->census, error);
  if (learnt == NULL)
    return FALSE;
  if (!keep_learnt (reader, learnt, error)) {
    bm_address_map_free (learnt);
    return FALSE;
  }
  return use_learnt (reader, learnt, error);
}

gboolean
bm_reader_keep_learnt (BmSource *source, const gchar *path, GError **error)
{
  Reader *reader = (Reader *) source;
  g_autofree gchar *csv = NULL;
  gsize size = 0;
  g_autoptr (GError) local = NULL;
  reader->learnt_path = g_strdup (path);
  if (!reader->options.learn || !g_file_get_contents (path, &csv, &size, NULL))
    return keep_learnt (reader, reader->learnt, error); /* learnt before the job had a directory */
  BmAddressMap *learnt = bm_address_map_parse (csv, size, &local);
  if (learnt != NULL)
    return use_learnt (reader, learnt, error);
  g_set_error (error, BM_ERROR, BM_CAUSE_JOURNAL, "%s: %s", path, local->message);
  return FALSE;
}

static gboolean
reader_next (BmSource *source, BmEntry *entry, GError **error)
{
  Reader *reader = (Reader *) source;
  memset (entry, 0, sizeof *entry);
  while (reader->next < reader->order->len) {
    gboolean done = FALSE;
    if (!reader->running && !send_window (reader, error))
      return FALSE;
    BmReaderAnswer answer = receive (reader, (gint64) reader->options.item_timeout_s * 1000);
    /* a new child that cannot open the PST any more; later on it would be a lie about an item */
    if (answer == BM_READER_FRAME && reader->fresh)
      return take_error (reader, error);
    if (answer == BM_READER_FRAME && !take_frame (reader, entry, &done))
      answer = BM_READER_HOSTILE;
    if (answer != BM_READER_FRAME && lose_child (reader, answer, entry))
      return TRUE;
    if (done && should_learn (reader, entry)) {
      bm_entry_clear (entry);
      reader->next--;
      if (!learn (reader, error))
        return FALSE;
      done = FALSE;
    }
    if (done)
      return TRUE;
  }
  entry->kind = BM_ENTRY_END;
  return TRUE;
}

static gboolean
reader_ready (BmSource *source, gint timeout_ms)
{
  Reader *reader = (Reader *) source;
  if (reader->next >= reader->order->len || reader->process.pid == 0)
    return TRUE;
  if (!reader->running)
    return TRUE;
  return bm_reader_process_poll (&reader->process, timeout_ms);
}

/* ---- opening ---- */

static gint
open_pst (const gchar *path, struct stat *state, GError **error)
{
  gint fd = open (path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
  if (fd < 0) {
    g_set_error (error, BM_ERROR, BM_CAUSE_PST_MISSING, "%s: %s", path, g_strerror (errno));
    return -1;
  }
  if (fstat (fd, state) == 0 && S_ISREG (state->st_mode))
    return fd;
  g_set_error (error, BM_ERROR, BM_CAUSE_PST_UNREADABLE, "%s is %s, not a file", path,
               S_ISDIR (state->st_mode) ? "a directory" : "a device or pipe");
  close (fd);
  return -1;
}

BmSource *
bm_reader_open_program (const gchar *program, const BmReaderOptions *options, GError **error)
{
  static const BmSourceOps ops = {reader_census, reader_order, reader_ready, reader_next,
                                  reader_free};
  struct stat state = {0};
  gint fd = open_pst (options->path, &state, error);
  if (fd < 0) {
    bm_address_map_free (options->addresses);
    return NULL;
  }
  Reader *reader = g_new0 (Reader, 1);
  reader->base.ops = &ops;
  reader->options = *options;
  reader->path = g_strdup (options->path);
  reader->charset = g_strdup (options->charset);
  reader->owner = g_strdup (options->owner);
  reader->program = g_strdup (program);
  reader->options.path = reader->path;
  reader->options.charset = reader->charset;
  reader->options.owner = reader->owner;
  if (reader->options.window == 0)
    reader->options.window = WINDOW_DEFAULT;
  if (reader->options.item_timeout_s == 0)
    reader->options.item_timeout_s = ITEM_SECONDS;
  if (reader->options.census_timeout_s == 0)
    reader->options.census_timeout_s = CENSUS_SECONDS;
  reader->window = reader->options.window;
  reader->pst_fd = fd;
  reader->state = state;
  reader->process.socket = reader->process.error_pipe = -1;
  reader->frame = g_new0 (BmFrame, 1);
  reader->frame->fd = -1;
  reader->order = g_array_new (FALSE, FALSE, sizeof (guint32));
  return &reader->base;
}

BmSource *
bm_reader_open (const BmReaderOptions *options, GError **error)
{
  g_autofree gchar *program = bm_reader_process_find (error);
  if (program != NULL)
    return bm_reader_open_program (program, options, error);
  bm_address_map_free (options->addresses);
  return NULL;
}

const gchar *
bm_reader_render_id (BmSource *source)
{
  return ((Reader *) source)->render_id;
}

const gchar *
bm_reader_plain_id (BmSource *source)
{
  return ((Reader *) source)->plain_id;
}

const gchar *
bm_reader_sandbox (BmSource *source)
{
  return ((Reader *) source)->sandbox;
}

const gchar *
bm_reader_probe_sandbox (void)
{
  static gchar state[100] = "off";
  g_autofree gchar *program = bm_reader_process_find (NULL);
  BmReaderProcess process = {.socket = -1, .error_pipe = -1};
  BmReaderOptions options = {.charset = ""};
  gint fd = open ("/dev/null", O_RDONLY | O_CLOEXEC);
  gboolean limit;
  if (program == NULL || fd < 0 ||
      !bm_reader_process_start (&process, program, fd, &options, NULL, NULL))
    g_strlcpy (state, "off (the reader does not start)", sizeof state);
  else
    g_strlcpy (state, process.sandbox, sizeof state);
  g_free (bm_reader_process_stop (&process, &limit));
  g_free (process.sandbox);
  g_free (process.render_id);
  if (fd >= 0)
    close (fd);
  return state;
}
