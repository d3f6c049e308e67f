/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Private to the room, the parent's end: one child process. One thread. */
#pragma once

#include "reader/bm-frame.h"

#include <bm-pst-import/source.h>

G_BEGIN_DECLS

typedef struct {
  GPid pid;        /* 0 = none */
  gint socket;     /* -1 */
  gint error_pipe; /* -1 */
  gchar *render_id, *sandbox;
} BmReaderProcess;

typedef enum {
  BM_READER_FRAME,
  BM_READER_DEAD,
  BM_READER_HANGS,
  BM_READER_HOSTILE, /* it sent what is no frame */
} BmReaderAnswer;

/* Starts the program with pst_fd and waits for its HELLO. Errors: PST_UNREADABLE is none of its;
 * INTERNAL when the program is missing or does not come up. */
gboolean bm_reader_process_start (BmReaderProcess *process, const gchar *program, gint pst_fd,
                                  const BmReaderOptions *options, const BmAddressMap *learnt,
                                  GError **error);
/* TRUE when it has sent something or has ended; waits up to timeout_ms, less when a signal comes. */
gboolean bm_reader_process_poll (const BmReaderProcess *process, gint timeout_ms);
/* The next frame that is no log line (those go to the debug log). Takes at most timeout_ms. */
BmReaderAnswer bm_reader_process_receive (BmReaderProcess *process, BmFrame *frame,
                                          gint64 timeout_ms);
/* Kills and reaps it. Returns a new sentence on how it ended ("killed by signal 11"); *limit says
 * that a resource limit did it. */
gchar *bm_reader_process_stop (BmReaderProcess *process, gboolean *limit);
/* Forwards what the child wrote to stderr to the debug log. */
void bm_reader_process_drain (BmReaderProcess *process);
/* Beside this program, in the build tree, or installed. New; NULL with error. */
gchar *bm_reader_process_find (GError **error);

/* bm_reader_open with another program: for tests. */
BmSource *bm_reader_open_program (const gchar *program, const BmReaderOptions *options,
                                  GError **error);

G_END_DECLS
