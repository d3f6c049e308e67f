/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* bm-pst-reader, the child: the only program that parses bytes of a PST. Gets the PST as descriptor
 * 3 and a socket as descriptor 4, nothing else; loads all it will ever need, closes the door, then
 * obeys frames until the socket ends. Must not know IMAP or SQL. One thread. */
#include "pst/bm-pst.h"
#include "reader/bm-frame-census.h"
#include "reader/bm-frame-message.h"
#include "reader/bm-reader-sandbox.h"

#include "base/bm-spool.h"
#include <bm-pst-import/render.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PST_FD         3
#define SOCKET_FD      4
#define WINDOW_MAX     4096
#define CENSUS_SECONDS 300
#define CENSUS_RATE    (16 << 20) /* bytes of the file for a further second */
#define LOG_MAX        1000
#define CLASS_MAX      200
#define OWNER_MAX      400
#define MAPS_MAX       (G_GUINT64_CONSTANT (512) << 20)

typedef struct {
  BmPst *pst;
  gchar *charset, *owner;
  BmRenderContext context;
  BmAddressMap *addresses, *learnt;
  guint item_seconds;
  gboolean alive;
} Child;

static void
send_frame (Child *child, GByteArray *frame, gint fd)
{
  if (child->alive && !bm_frame_send (SOCKET_FD, frame, fd, NULL))
    child->alive = FALSE; /* the parent is gone */
}

/* libpff does not say whether it failed for want of memory or of sense, but errno, cleared before
 * each item, stays ENOMEM. Earlier items of the window may be why, so the child ends, and
 * the item is asked for alone. */
static void
leave_without_memory (void)
{
  if (errno == ENOMEM)
    _exit (BM_READER_NO_MEMORY);
}

/* stderr may be a pipe nobody empties: log lines travel as frames. */
static GLogWriterOutput
write_log (GLogLevelFlags level, const GLogField *fields, gsize n_fields, gpointer data)
{
  if (level & G_LOG_LEVEL_ERROR) /* g_malloc: it would abort next */
    leave_without_memory ();
  for (gsize i = 0; i < n_fields; i++) {
    if (!g_str_equal (fields[i].key, "MESSAGE"))
      continue;
    g_autofree gchar *text = g_strndup (fields[i].value, LOG_MAX);
    g_autofree gchar *valid = g_utf8_make_valid (text, -1);
    GByteArray *frame = bm_frame_new (BM_FRAME_LOG);
    bm_frame_put_text (frame, valid);
    send_frame (data, frame, -1);
  }
  return G_LOG_WRITER_HANDLED;
}

static void
send_failure (Child *child, BmFrameType type, guint32 nid, const GError *error)
{
  GByteArray *frame = bm_frame_new (type);
  g_autofree gchar *text = g_utf8_make_valid (error->message, MIN (strlen (error->message), 4000));
  if (type == BM_FRAME_FAILED)
    bm_frame_put_u32 (frame, nid);
  bm_frame_put_text (frame, bm_cause_token (bm_error_cause (error)));
  bm_frame_put_text (frame, text);
  send_frame (child, frame, -1);
}

/* ---- census ---- */

static gint
spool_of (GByteArray *payload, GError **error)
{
  g_autoptr (GByteArray) owned = payload;
  g_autoptr (BmSpool) spool = bm_spool_new ();
  if (!bm_spool_write (spool, owned->data, owned->len, error))
    return -1;
  return bm_spool_steal_fd (spool, error);
}

/* Opens the PST and counts it. CPU by the size of the file: most of it is never looked at. */
static BmCensus *
take_census (Child *child, GError **error)
{
  BmPstOptions options = {.charset = child->charset};
  struct stat state = {0};
  fstat (PST_FD, &state);
  bm_reader_sandbox_cpu (CENSUS_SECONDS + (guint) (state.st_size / CENSUS_RATE));
  errno = 0;
  g_clear_pointer (&child->pst, bm_pst_close);
  child->pst = bm_pst_open_fd (PST_FD, &options, error);
  BmCensus *census = child->pst != NULL ? bm_pst_census (child->pst, error) : NULL;
  if (census != NULL)
    return census;
  leave_without_memory ();
  g_clear_pointer (&child->pst, bm_pst_close);
  return NULL;
}

static void
do_census (Child *child)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (BmCensus) census = take_census (child, &error);
  gint fd = census != NULL ? spool_of (bm_frame_census_write (census), &error) : -1;
  if (fd < 0) {
    send_failure (child, BM_FRAME_ERROR, 0, error);
    return;
  }
  send_frame (child, bm_frame_new (BM_FRAME_CENSUS), fd);
  close (fd);
}

/* ---- learning ---- */

typedef struct {
  Child *child;
  guint32 nid;
  GByteArray *pairs;
  guint32 n;
} Learning;

static void
send_learnt (Learning *learning)
{
  GByteArray *frame = bm_frame_new (BM_FRAME_LEARNT);
  bm_frame_put_u32 (frame, learning->nid);
  bm_frame_put_u32 (frame, learning->n);
  g_byte_array_append (frame, learning->pairs->data, learning->pairs->len);
  send_frame (learning->child, frame, -1);
  g_byte_array_set_size (learning->pairs, 0);
  learning->n = 0;
}

static void
on_learnt (gpointer user, const gchar *exchange_name, const gchar *address)
{
  Learning *learning = user;
  bm_frame_put_text (learning->pairs, exchange_name);
  bm_frame_put_text (learning->pairs, address);
  learning->n++;
  if (learning->pairs->len > BM_FRAME_INLINE)
    send_learnt (learning);
}

/* What cannot be read teaches nothing; its turn to fail comes with its window. */
static void
learn_window (Child *child, const guint32 *nids, guint32 n)
{
  bm_reader_sandbox_cpu (child->item_seconds * MAX (1u, n / 16));
  errno = 0;
  g_autoptr (BmPstWindow) window = bm_pst_window_open (child->pst, nids, n, NULL);
  g_autoptr (GByteArray) pairs = g_byte_array_new ();
  if (window != NULL)
    bm_pst_window_people_only (window);
  for (guint32 i = 0; i < n && child->alive; i++) {
    Learning learning = {child, nids[i], pairs, 0};
    g_autoptr (BmItem) item = window != NULL ? bm_pst_window_read (window, i, NULL) : NULL;
    if (item != NULL)
      bm_render_learn (item, on_learnt, &learning);
    send_learnt (&learning); /* also when there is nothing: a sign of life */
  }
  send_frame (child, bm_frame_new (BM_FRAME_DONE), -1);
}

/* ---- windows ---- */

static void
send_message (Child *child, const BmMessage *message)
{
  g_autoptr (GError) error = NULL;
  gint fd;
  GByteArray *frame = bm_frame_message_write (message, &fd, &error);
  if (frame == NULL) {
    send_failure (child, BM_FRAME_FAILED, message->nid, error);
    return;
  }
  send_frame (child, frame, fd);
  if (fd >= 0)
    close (fd);
}

static void
do_item (Child *child, BmPstWindow *window, gsize index, guint32 nid)
{
  g_autoptr (GError) error = NULL;
  GByteArray *start = bm_frame_new (BM_FRAME_START);
  bm_frame_put_u32 (start, nid);
  send_frame (child, start, -1);
  errno = 0;
  g_autoptr (BmItem) item = bm_pst_window_read (window, index, &error);
  if (item != NULL && !bm_item_is_mail (item)) {
    GByteArray *frame = bm_frame_new (BM_FRAME_SKIPPED);
    bm_frame_put_u32 (frame, nid);
    bm_frame_put_text (frame, bm_rule_token (BM_RULE_NOT_MAIL));
    bm_frame_put_text_max (frame, item->message_class, CLASS_MAX);
    send_frame (child, frame, -1);
    return;
  }
  g_autoptr (BmMessage) message = item != NULL ? bm_render (item, &child->context, &error) : NULL;
  leave_without_memory (); /* a message too: an attachment may be missing */
  if (message != NULL)
    send_message (child, message);
  else
    send_failure (child, BM_FRAME_FAILED, nid, error);
}

static void
do_window (Child *child, const guint32 *nids, guint32 n)
{
  g_autoptr (GError) error = NULL;
  bm_reader_sandbox_cpu (child->item_seconds * MAX (1u, n / 16));
  errno = 0;
  g_autoptr (BmPstWindow) window = bm_pst_window_open (child->pst, nids, n, &error);
  if (window == NULL)
    leave_without_memory ();
  for (guint32 i = 0; i < n && child->alive; i++) {
    if (window != NULL)
      do_item (child, window, i, nids[i]);
    else
      send_failure (child, BM_FRAME_FAILED, nids[i], error);
  }
  send_frame (child, bm_frame_new (BM_FRAME_DONE), -1);
}

/* A new child of a restarted reader has not walked the tree yet. */
static gboolean
ensure_census (Child *child)
{
  g_autoptr (GError) error = NULL;
  if (child->pst != NULL)
    return TRUE;
  g_autoptr (BmCensus) census = take_census (child, &error);
  if (census != NULL)
    return TRUE;
  send_failure (child, BM_FRAME_ERROR, 0, error);
  return FALSE;
}

static gboolean
obey_window (Child *child, BmFrame *frame)
{
  guint32 n = bm_frame_u32 (frame);
  if (n == 0 || n > WINDOW_MAX)
    return FALSE;
  g_autofree guint32 *nids = g_new0 (guint32, n);
  for (guint32 i = 0; i < n; i++)
    nids[i] = bm_frame_u32 (frame);
  if (!bm_frame_finished (frame))
    return FALSE;
  if (!ensure_census (child))
    return TRUE;
  if (frame->type == BM_FRAME_LEARN)
    learn_window (child, nids, n);
  else
    do_window (child, nids, n);
  return TRUE;
}

/* ---- start ---- */

/* One of the two maps of the descriptor; NULL when it is empty. */
static BmAddressMap *
take_map (BmFrame *maps)
{
  gsize size;
  const guint8 *csv = bm_frame_bytes (maps, &size);
  return size > 0 ? bm_address_map_parse ((const gchar *) csv, size, NULL) : NULL;
}

static gboolean
take_maps (Child *child, BmFrame *frame)
{
  BmFrame *maps = g_new0 (BmFrame, 1);
  g_autoptr (GBytes) bytes = bm_frame_take_sealed (frame, MAPS_MAX, NULL);
  gboolean ok = bytes != NULL;
  if (ok) {
    gsize size;
    const guint8 *data = g_bytes_get_data (bytes, &size);
    bm_frame_init (maps, data, size);
    child->addresses = take_map (maps);
    child->learnt = take_map (maps);
    ok = bm_frame_finished (maps);
  }
  g_free (maps);
  child->context.addresses = child->addresses;
  child->context.learnt = child->learnt;
  return ok;
}

static gboolean
configure (Child *child, BmFrame *frame)
{
  if (frame->type != BM_FRAME_CONFIG || (frame->fd >= 0 && !take_maps (child, frame)))
    return FALSE;
  child->charset = bm_frame_text (frame, 100);
  child->owner = bm_frame_text (frame, OWNER_MAX);
  child->context.max_message_size = bm_frame_u64 (frame);
  guint64 memory_limit = bm_frame_u64 (frame);
  child->item_seconds = bm_frame_u32 (frame);
  gboolean sandbox = bm_frame_u32 (frame) != 0;
  if (!bm_frame_finished (frame))
    return FALSE;
  child->context.charset = *child->charset != '\0' ? child->charset : NULL;
  child->context.owner = *child->owner != '\0' ? child->owner : NULL;
  bm_render_init ();
  const gchar *state = sandbox ? bm_reader_sandbox_close (memory_limit) : "off";
  if (state == NULL)
    return FALSE;
  g_autofree gchar *render_id = bm_render_id (&child->context);
  GByteArray *hello = bm_frame_new (BM_FRAME_HELLO);
  bm_frame_put_text (hello, state);
  bm_frame_put_text (hello, render_id);
  send_frame (child, hello, -1);
  return TRUE;
}

int
main (int argc, char **argv)
{
  Child child = {.alive = TRUE};
  BmFrame *frame = g_new0 (BmFrame, 1);
  frame->fd = -1;
  bm_reader_sandbox_attach ();
  g_log_set_writer_func (write_log, &child, NULL);
  gboolean ok = bm_frame_receive (SOCKET_FD, frame) == BM_FRAME_GOT && configure (&child, frame);
  while (ok && child.alive && bm_frame_receive (SOCKET_FD, frame) == BM_FRAME_GOT) {
    if (frame->type == BM_FRAME_CENSUS)
      do_census (&child);
    else
      ok = (frame->type == BM_FRAME_WINDOW || frame->type == BM_FRAME_LEARN) &&
           obey_window (&child, frame);
  }
  _exit (ok ? 0 : 2); /* no destructors: they could want what the door keeps out */
}
