/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Frames between the trusted parent and the sandboxed child, on a SOCK_SEQPACKET socket: a type,
 * then fields in a fixed order. What the child sends is hostile input: every length is checked against
 * what is there, at most one descriptor comes with a frame, and a descriptor is believed only when
 * it is a memory file with all four seals. One thread. */
#pragma once

#include <bm-pst-import/model.h>

G_BEGIN_DECLS

#define BM_FRAME_MAX    (128 * 1024) /* bytes of a frame */
#define BM_FRAME_INLINE (64 * 1024)  /* messages up to here travel in the frame */

#define BM_READER_NO_MEMORY 12 /* exit status of a child that ran into its limit of memory */

typedef enum {
  /* parent to child */
  BM_FRAME_CONFIG = 1, /* charset, max message size, memory limit, seconds, sandbox; maybe a
                        * descriptor with two address maps as CSV */
  BM_FRAME_CENSUS,     /* to the child: do it; from the child: a descriptor with the census */
  BM_FRAME_WINDOW,     /* n, nids */
  BM_FRAME_LEARN,      /* n, nids: tell what is LEARNT of each */
  /* child to parent */
  BM_FRAME_HELLO,   /* sandbox text, render id */
  BM_FRAME_START,   /* nid: the child begins with this item */
  BM_FRAME_MESSAGE, /* nid, ..., bytes inline or a descriptor */
  BM_FRAME_SKIPPED, /* nid, rule, class */
  BM_FRAME_FAILED,  /* nid, cause, text */
  BM_FRAME_LEARNT,  /* nid, n, (Exchange name, address) n times; maybe several for one nid */
  BM_FRAME_DONE,    /* the window is finished */
  BM_FRAME_ERROR,   /* cause, text: the census failed */
  BM_FRAME_LOG,     /* text */
} BmFrameType;

/* ---- writing ---- */

GByteArray *bm_frame_new (BmFrameType type);
void bm_frame_put_u32 (GByteArray *frame, guint32 value);
void bm_frame_put_u64 (GByteArray *frame, guint64 value);
void bm_frame_put_text (GByteArray *frame, const gchar *text); /* NULL as "" */
/* At most its first max bytes, whole characters only. */
void bm_frame_put_text_max (GByteArray *frame, const gchar *text, gsize max);
void bm_frame_put_bytes (GByteArray *frame, gconstpointer data, gsize size);
/* Sends it with the descriptor (or -1) and frees it. Blocks when the other side is slow. */
gboolean bm_frame_send (gint socket, GByteArray *frame, gint fd, GError **error);

/* ---- reading ---- */

typedef struct {
  BmFrameType type;
  const guint8 *data;
  gsize size, at;
  gint fd;         /* that came with it, or -1; the reader's */
  gboolean broken; /* a field was not there or not what it must be */
  guint8 buffer[BM_FRAME_MAX];
} BmFrame;

typedef enum {
  BM_FRAME_GOT,
  BM_FRAME_CLOSED,  /* the other side is gone */
  BM_FRAME_REFUSED, /* not a frame: the other side is broken or hostile */
} BmFrameResult;

/* Closes frame->fd of the last one. Blocks. A descriptor with a frame that takes none (all but
 * CENSUS, MESSAGE and CONFIG) is REFUSED. */
BmFrameResult bm_frame_receive (gint socket, BmFrame *frame);
void bm_frame_clear (BmFrame *frame);
/* A frame over these bytes, for payloads in descriptors and for tests. */
void bm_frame_init (BmFrame *frame, const guint8 *data, gsize size);
guint32 bm_frame_u32 (BmFrame *frame);
guint64 bm_frame_u64 (BmFrame *frame);
gchar *bm_frame_text (BmFrame *frame, gsize max); /* new, valid UTF-8 without NUL; "" when broken */
/* The same for words that people will see: control characters, which command terminals, become
 * spaces. */
gchar *bm_frame_line (BmFrame *frame, gsize max);
const guint8 *bm_frame_bytes (BmFrame *frame, gsize *size);
/* TRUE when every field was right and nothing is left. */
gboolean bm_frame_finished (const BmFrame *frame);
/* The content of the descriptor, mapped, when it is a memory file with all seals and at most max
 * bytes; NULL with error INVALID_MESSAGE. Takes frame->fd. */
GBytes *bm_frame_take_sealed (BmFrame *frame, guint64 max, GError **error);

G_END_DECLS
