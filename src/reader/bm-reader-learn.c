/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* See bm-reader-learn.h. Believes nothing the child says: nids must come in the order asked, names
 * and addresses are checked by the map. Must not know PST or MIME. One thread. */
#include "reader/bm-reader-learn.h"

#include "reader/bm-frame.h"

#define DEATHS_MAX     100  /* of the child, before it is given up */
#define NAME_MAX_BYTES 1024 /* of an Exchange name, of an address */
#define CENSUS_FACTOR  2    /* a new child walks the tree before it answers */

typedef struct {
  const gchar *program;
  gint pst_fd;
  const BmReaderOptions *options;
  BmReaderProcess process;
  BmFrame *frame;
  GArray *nids;
  guint next; /* first whose answer has not begun */
  guint end;  /* of the running window */
  guint deaths;
  gboolean fresh;
  BmAddressMap *map;
} Learner;

static void
stop (Learner *learner)
{
  gboolean limit;
  g_free (bm_reader_process_stop (&learner->process, &limit));
}

static gboolean
send_window (Learner *learner, GError **error)
{
  learner->fresh = learner->process.pid == 0;
  if (learner->fresh && !bm_reader_process_start (&learner->process, learner->program,
                                                  learner->pst_fd, learner->options, NULL, error))
    return FALSE;
  /* after a death one by one, until the guilty item is behind */
  guint n = learner->fresh && learner->deaths > 0 ? 1 : learner->options->window;
  learner->end = MIN (learner->next + n, learner->nids->len);
  GByteArray *frame = bm_frame_new (BM_FRAME_LEARN);
  bm_frame_put_u32 (frame, learner->end - learner->next);
  for (guint i = learner->next; i < learner->end; i++)
    bm_frame_put_u32 (frame, g_array_index (learner->nids, guint32, i));
  bm_frame_send (learner->process.socket, frame, -1, NULL); /* a dead child shows when we listen */
  return TRUE;
}

/* map NULL: only looks whether the pairs are well-formed. */
static gboolean
take_pairs (BmFrame *frame, guint32 n, BmAddressMap *map, guint32 nid)
{
  for (guint32 i = 0; i < n && !frame->broken; i++) {
    g_autofree gchar *name = bm_frame_line (frame, NAME_MAX_BYTES);
    g_autofree gchar *address = bm_frame_line (frame, NAME_MAX_BYTES);
    if (map != NULL)
      bm_address_map_add (map, name, address, nid);
  }
  return bm_frame_finished (frame);
}

/* FALSE: no answer to what was asked; nothing of it is believed. */
static gboolean
take_learnt (Learner *learner)
{
  BmFrame *frame = learner->frame;
  guint32 nid = bm_frame_u32 (frame);
  guint32 n = bm_frame_u32 (frame);
  gsize begin = frame->at;
  while (learner->next < learner->end &&
         g_array_index (learner->nids, guint32, learner->next) < nid)
    learner->next++;
  if (learner->next == learner->end ||
      g_array_index (learner->nids, guint32, learner->next) != nid ||
      !take_pairs (frame, n, NULL, 0))
    return FALSE;
  frame->at = begin;
  return take_pairs (frame, n, learner->map, nid);
}

/* Until the window's DONE. FALSE: the child is gone, hangs or lies. */
static gboolean
take_window (Learner *learner)
{
  for (;;) {
    gint64 timeout = (gint64) learner->options->item_timeout_s * 1000;
    if (learner->fresh)
      timeout += CENSUS_FACTOR * (gint64) learner->options->census_timeout_s * 1000;
    if (bm_reader_process_receive (&learner->process, learner->frame, timeout) != BM_READER_FRAME)
      return FALSE;
    learner->fresh = FALSE;
    if (learner->frame->type == BM_FRAME_DONE)
      return TRUE;
    if (learner->frame->type != BM_FRAME_LEARNT || !take_learnt (learner))
      return FALSE;
  }
}

static gboolean
learn_all (Learner *learner, GError **error)
{
  while (learner->next < learner->nids->len) {
    if (!send_window (learner, error))
      return FALSE;
    if (take_window (learner)) {
      learner->next = learner->end;
      continue;
    }
    gboolean alone = learner->end - learner->next == 1;
    stop (learner);
    if (++learner->deaths > DEATHS_MAX) {
      g_set_error_literal (error, BM_ERROR, BM_CAUSE_READER_CRASH,
                           "the reader died too often while learning addresses");
      return FALSE;
    }
    learner->next += alone;
  }
  return TRUE;
}

BmAddressMap *
bm_reader_learn (const gchar *program, gint pst_fd, const BmReaderOptions *options,
                 const BmCensus *census, GError **error)
{
  Learner learner = {program, pst_fd, options, .process = {.socket = -1, .error_pipe = -1}};
  learner.frame = g_new0 (BmFrame, 1);
  learner.frame->fd = -1;
  learner.nids = g_array_new (FALSE, FALSE, sizeof (guint32));
  learner.map = bm_address_map_new ();
  for (guint i = 0; i < census->items->len; i++) {
    const BmCensusItem *item = &g_array_index (census->items, BmCensusItem, i);
    if (item->rule != BM_RULE_PHANTOM && item->rule != BM_RULE_ASSOCIATED)
      g_array_append_val (learner.nids, item->nid);
  }
  gboolean ok = learn_all (&learner, error);
  stop (&learner);
  bm_frame_clear (learner.frame);
  g_free (learner.frame);
  g_free (learner.process.render_id);
  g_free (learner.process.sandbox);
  g_array_unref (learner.nids);
  if (ok)
    return learner.map;
  bm_address_map_free (learner.map);
  return NULL;
}
