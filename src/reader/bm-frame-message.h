/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* A rendered message as a frame MESSAGE, both ways: nid, what goes beside the bytes, and the bytes,
 * in the frame when they are few, else in a sealed memory file. One thread. */
#pragma once

#include "reader/bm-frame.h"

G_BEGIN_DECLS

/* A new frame; *fd is the descriptor to send with it and to close afterwards, or -1. NULL with an
 * error when no memory file can be had. */
GByteArray *bm_frame_message_write (const BmMessage *message, gint *fd, GError **error);
/* Of a received frame whose nid was read already. Believes nothing: the bytes come either in the
 * frame or in its descriptor, are at most max, are checked (bm_message_check) and hashed here; the
 * date is clamped, unknown flags and notes are dropped. NULL with error INVALID_MESSAGE. */
BmMessage *bm_frame_message_read (BmFrame *frame, guint64 max, GError **error);

G_END_DECLS
