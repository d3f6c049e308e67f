/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* See bm-frame-message.h. Must not know who is parent and who is child. */
#include "reader/bm-frame-message.h"

#include "base/bm-spool.h"
#include <string.h>

#define CLASS_MAX    200
#define SUBJECT_MAX  500
#define ID_MAX       4096
#define KEYWORDS_MAX 32768 /* bytes, of all of them */
#define DATE_FIRST   G_GINT64_CONSTANT (86400)
#define DATE_LAST    G_GINT64_CONSTANT (4102444799)
#define FLAGS_ALL    0x1f

G_STATIC_ASSERT (BM_NOTE_LAST < 64); /* a bit each */

/* ---- writing ---- */

static gboolean
put_bytes (GByteArray *frame, GBytes *bytes, gint *fd, GError **error)
{
  gsize size;
  gconstpointer data = g_bytes_get_data (bytes, &size);
  if (size <= BM_FRAME_INLINE) {
    bm_frame_put_bytes (frame, data, size);
    return TRUE;
  }
  g_autoptr (BmSpool) spool = bm_spool_new ();
  bm_frame_put_bytes (frame, "", 0);
  if (!bm_spool_write (spool, data, size, error))
    return FALSE;
  *fd = bm_spool_steal_fd (spool, error);
  return *fd >= 0;
}

GByteArray *
bm_frame_message_write (const BmMessage *message, gint *fd, GError **error)
{
  g_autoptr (GByteArray) frame = bm_frame_new (BM_FRAME_MESSAGE);
  g_autofree gchar *keywords = g_strjoinv (" ", message->keywords);
  *fd = -1;
  bm_frame_put_u32 (frame, message->nid);
  bm_frame_put_u64 (frame, (guint64) message->internal_date);
  bm_frame_put_u32 (frame, message->flags);
  bm_frame_put_u64 (frame, message->notes);
  bm_frame_put_u32 (frame, message->attachments);
  bm_frame_put_u32 (frame, message->unsent ? 1 : 0);
  bm_frame_put_text (frame, keywords);
  bm_frame_put_text_max (frame, message->message_id, ID_MAX);
  bm_frame_put_text_max (frame, message->message_class, CLASS_MAX);
  bm_frame_put_text_max (frame, message->subject, SUBJECT_MAX);
  return put_bytes (frame, message->bytes, fd, error) ? g_steal_pointer (&frame) : NULL;
}

/* ---- reading ---- */

static gboolean
is_atom (const gchar *text)
{
  for (; *text != '\0'; text++)
    if (*text <= ' ' || (guchar) *text >= 0x7f || strchr ("(){%*\"\\]", *text) != NULL)
      return FALSE;
  return TRUE;
}

static GStrv
take_keywords (BmFrame *frame)
{
  g_autofree gchar *text = bm_frame_text (frame, KEYWORDS_MAX);
  GStrv list = *text != '\0' ? g_strsplit (text, " ", -1) : g_new0 (gchar *, 1);
  for (guint i = 0; list[i] != NULL; i++)
    if (*list[i] == '\0' || !is_atom (list[i]))
      frame->broken = TRUE;
  return list;
}

static GBytes *
refuse (GError **error, const gchar *why)
{
  g_set_error_literal (error, BM_ERROR, BM_CAUSE_INVALID_MESSAGE, why);
  return NULL;
}

static GBytes *
take_bytes (BmFrame *frame, guint64 max, GError **error)
{
  gsize size;
  const guint8 *data = bm_frame_bytes (frame, &size);
  if (!bm_frame_finished (frame))
    return refuse (error, "the frame is not well-formed");
  if (size == 0)
    return bm_frame_take_sealed (frame, max, error);
  if (frame->fd >= 0)
    return refuse (error, "the frame has bytes and a descriptor");
  return size <= max ? g_bytes_new (data, size)
                     : refuse (error, "the frame has more bytes than allowed");
}

BmMessage *
bm_frame_message_read (BmFrame *frame, guint64 max, GError **error)
{
  gint64 date = (gint64) bm_frame_u64 (frame);
  guint32 flags = bm_frame_u32 (frame);
  BmNotes notes = bm_frame_u64 (frame);
  guint32 attachments = bm_frame_u32 (frame);
  gboolean unsent = bm_frame_u32 (frame) != 0;
  g_auto (GStrv) keywords = take_keywords (frame);
  g_autofree gchar *message_id = bm_frame_text (frame, ID_MAX);
  g_autofree gchar *class = bm_frame_line (frame, CLASS_MAX);
  g_autofree gchar *subject = bm_frame_line (frame, SUBJECT_MAX);
  GBytes *bytes = take_bytes (frame, max, error);
  BmMessage *message = bytes != NULL ? bm_message_seal (bytes, error) : NULL;
  if (message == NULL)
    return NULL;
  g_strfreev (message->keywords);
  g_free (message->message_id);
  g_free (message->message_class);
  g_free (message->subject);
  message->internal_date = CLAMP (date, DATE_FIRST, DATE_LAST);
  message->flags = flags & FLAGS_ALL;
  message->notes = notes & ((G_GUINT64_CONSTANT (1) << BM_NOTE_LAST) - 1);
  message->attachments = attachments;
  message->unsent = unsent;
  message->keywords = g_steal_pointer (&keywords);
  message->message_id = g_steal_pointer (&message_id);
  message->message_class = g_steal_pointer (&class);
  message->subject = g_steal_pointer (&subject);
  return message;
}
