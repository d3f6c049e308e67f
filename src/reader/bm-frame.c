/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* See bm-frame.h. Must not know what the fields mean. One thread. */
#include "reader/bm-frame.h"

#include "base/bm-spool.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define ALL_SEALS (F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)

GByteArray *
bm_frame_new (BmFrameType type)
{
  GByteArray *frame = g_byte_array_new ();
  bm_frame_put_u32 (frame, type);
  return frame;
}

void
bm_frame_put_u32 (GByteArray *frame, guint32 value)
{
  guint32 little = GUINT32_TO_LE (value);
  g_byte_array_append (frame, (const guint8 *) &little, sizeof little);
}

void
bm_frame_put_u64 (GByteArray *frame, guint64 value)
{
  guint64 little = GUINT64_TO_LE (value);
  g_byte_array_append (frame, (const guint8 *) &little, sizeof little);
}

void
bm_frame_put_bytes (GByteArray *frame, gconstpointer data, gsize size)
{
  bm_frame_put_u32 (frame, (guint32) size);
  g_byte_array_append (frame, data, (guint) size);
}

void
bm_frame_put_text (GByteArray *frame, const gchar *text)
{
  bm_frame_put_bytes (frame, text != NULL ? text : "", text != NULL ? strlen (text) : 0);
}

void
bm_frame_put_text_max (GByteArray *frame, const gchar *text, gsize max)
{
  g_autofree gchar *cut = text != NULL ? g_strndup (text, max) : NULL;
  const gchar *end;
  if (cut != NULL && !g_utf8_validate (cut, -1, &end))
    cut[end - cut] = '\0';
  bm_frame_put_text (frame, cut);
}

gboolean
bm_frame_send (gint socket, GByteArray *frame, gint fd, GError **error)
{
  g_autoptr (GByteArray) owned = frame;
  struct iovec part = {owned->data, owned->len};
  union {
    struct cmsghdr align;
    gchar space[CMSG_SPACE (sizeof (gint))];
  } control = {0};
  struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
  if (fd >= 0) {
    message.msg_control = control.space;
    message.msg_controllen = sizeof control.space;
    struct cmsghdr *header = CMSG_FIRSTHDR (&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN (sizeof fd);
    memcpy (CMSG_DATA (header), &fd, sizeof fd);
  }
  for (;;) {
    if (sendmsg (socket, &message, MSG_NOSIGNAL) >= 0)
      return TRUE;
    if (errno != EINTR)
      break;
  }
  g_set_error (error, BM_ERROR, BM_CAUSE_READER_CRASH, "cannot send a frame: %s",
               g_strerror (errno));
  return FALSE;
}

void
bm_frame_clear (BmFrame *frame)
{
  if (frame->fd >= 0)
    close (frame->fd);
  frame->fd = -1;
}

void
bm_frame_init (BmFrame *frame, const guint8 *data, gsize size)
{
  frame->data = data;
  frame->size = size;
  frame->at = 0;
  frame->fd = -1;
  frame->broken = FALSE;
}

/* The one descriptor of the message; *refused when there are more or other things. */
static gint
take_descriptor (struct msghdr *message, gboolean *refused)
{
  gint found = -1;
  for (struct cmsghdr *header = CMSG_FIRSTHDR (message); header != NULL;
       header = CMSG_NXTHDR (message, header)) {
    if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) {
      *refused = TRUE;
      continue;
    }
    gsize n = (header->cmsg_len - CMSG_LEN (0)) / sizeof (gint);
    for (gsize i = 0; i < n; i++) {
      gint fd;
      memcpy (&fd, CMSG_DATA (header) + i * sizeof fd, sizeof fd);
      if (found >= 0) {
        *refused = TRUE;
        close (fd);
      } else {
        found = fd;
      }
    }
  }
  return found;
}

BmFrameResult
bm_frame_receive (gint socket, BmFrame *frame)
{
  union {
    struct cmsghdr align;
    gchar space[CMSG_SPACE (4 * sizeof (gint))];
  } control;
  struct iovec part = {frame->buffer, sizeof frame->buffer};
  struct msghdr message = {.msg_iov = &part,
                           .msg_iovlen = 1,
                           .msg_control = control.space,
                           .msg_controllen = sizeof control.space};
  gssize n;
  bm_frame_clear (frame);
  do
    n = recvmsg (socket, &message, MSG_CMSG_CLOEXEC);
  while (n < 0 && errno == EINTR);
  if (n <= 0)
    return BM_FRAME_CLOSED;
  gboolean refused = (message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0;
  gint fd = take_descriptor (&message, &refused);
  bm_frame_init (frame, frame->buffer, (gsize) n);
  frame->fd = fd;
  frame->type = (BmFrameType) bm_frame_u32 (frame);
  if (fd >= 0 && frame->type != BM_FRAME_MESSAGE && frame->type != BM_FRAME_CENSUS &&
      frame->type != BM_FRAME_CONFIG)
    refused = TRUE;
  return refused || frame->broken ? BM_FRAME_REFUSED : BM_FRAME_GOT;
}

static gboolean
has (BmFrame *frame, gsize size)
{
  if (!frame->broken && frame->size - frame->at >= size)
    return TRUE;
  frame->broken = TRUE;
  return FALSE;
}

guint32
bm_frame_u32 (BmFrame *frame)
{
  guint32 value = 0;
  if (!has (frame, sizeof value))
    return 0;
  memcpy (&value, frame->data + frame->at, sizeof value);
  frame->at += sizeof value;
  return GUINT32_FROM_LE (value);
}

guint64
bm_frame_u64 (BmFrame *frame)
{
  guint64 value = 0;
  if (!has (frame, sizeof value))
    return 0;
  memcpy (&value, frame->data + frame->at, sizeof value);
  frame->at += sizeof value;
  return GUINT64_FROM_LE (value);
}

const guint8 *
bm_frame_bytes (BmFrame *frame, gsize *size)
{
  *size = bm_frame_u32 (frame);
  if (!has (frame, *size)) {
    *size = 0;
    return NULL;
  }
  const guint8 *data = frame->data + frame->at;
  frame->at += *size;
  return data;
}

gchar *
bm_frame_text (BmFrame *frame, gsize max)
{
  gsize size;
  const guint8 *data = bm_frame_bytes (frame, &size);
  if (data == NULL)
    return g_strdup ("");
  if (size > max || !g_utf8_validate_len ((const gchar *) data, size, NULL)) {
    frame->broken = TRUE;
    return g_strdup ("");
  }
  return g_strndup ((const gchar *) data, size);
}

gchar *
bm_frame_line (BmFrame *frame, gsize max)
{
  g_autofree gchar *text = bm_frame_text (frame, max);
  GString *line = g_string_sized_new (strlen (text));
  for (const gchar *p = text; *p != '\0'; p = g_utf8_next_char (p)) {
    gunichar c = g_utf8_get_char (p);
    g_string_append_unichar (line, g_unichar_iscntrl (c) ? ' ' : c);
  }
  return g_string_free (line, FALSE);
}

gboolean
bm_frame_finished (const BmFrame *frame)
{
  return !frame->broken && frame->at == frame->size;
}

static GBytes *
refuse (GError **error, const gchar *why)
{
  g_set_error (error, BM_ERROR, BM_CAUSE_INVALID_MESSAGE, "the reader's descriptor %s", why);
  return NULL;
}

GBytes *
bm_frame_take_sealed (BmFrame *frame, guint64 max, GError **error)
{
  struct stat info;
  gint fd = frame->fd;
  if (fd < 0)
    return refuse (error, "is missing");
  if (fcntl (fd, F_GET_SEALS) != ALL_SEALS)
    return refuse (error, "is not a sealed memory file");
  if (fstat (fd, &info) != 0 || info.st_size <= 0 || (guint64) info.st_size > max)
    return refuse (error, "has an impossible size");
  GBytes *bytes = bm_spool_map (fd, (gsize) info.st_size, NULL);
  bm_frame_clear (frame);
  return bytes != NULL ? bytes : refuse (error, "cannot be mapped");
}
