/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* A child that answers the parent as the "PST" on descriptor 3 tells it to: "HOW K" misbehaves at
 * the K-th of 20 items. Speaks the frames, parses nothing. */
#include "base/bm-spool.h"
#include "reader/bm-frame-census.h"
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#define ITEMS    20
#define ESCAPING "\x1b[2J \xc2\x9b\n"

static gchar how[64];
static guint at;

static guint32
nid_of (guint index)
{
  return 0x200004 + index * 0x20;
}

static gboolean
is (const gchar *what)
{
  return g_str_equal (how, what);
}

static void
send_frame (GByteArray *frame, gint fd)
{
  if (!bm_frame_send (4, frame, fd, NULL))
    _exit (0);
}

static GBytes *
body_of (guint32 nid, const gchar *subject)
{
  g_autofree gchar *text = g_strdup_printf ("Subject: %s %08x\r\n\r\n", subject, nid);
  return g_bytes_new (text, strlen (text));
}

/* More than travels in a frame. */
static gint
memory_file (guint32 nid, gboolean sealed)
{
  g_autofree gchar *big = g_strnfill (200000, 'x');
  g_autofree gchar *text = g_strdup_printf ("Subject: big %08x\r\n\r\n%s\r\n", nid, big);
  if (!sealed) {
    gint fd = memfd_create ("x", MFD_ALLOW_SEALING);
    return write (fd, text, strlen (text)) > 0 ? fd : -1;
  }
  g_autoptr (BmSpool) spool = bm_spool_new ();
  bm_spool_write (spool, text, strlen (text), NULL);
  return bm_spool_steal_fd (spool, NULL);
}

static GByteArray *
message_frame (guint32 nid, const gchar *keywords, guint64 date)
{
  GByteArray *frame = bm_frame_new (BM_FRAME_MESSAGE);
  bm_frame_put_u32 (frame, nid);
  bm_frame_put_u64 (frame, date);
  bm_frame_put_u32 (frame, BM_FLAG_SEEN);
  bm_frame_put_u64 (frame, 0);
  bm_frame_put_u32 (frame, 0); /* attachments */
  bm_frame_put_u32 (frame, 0); /* unsent */
  bm_frame_put_text (frame, keywords);
  bm_frame_put_text (frame, "<x@y>");
  bm_frame_put_text (frame, "IPM.Note");
  bm_frame_put_text (frame, "subject");
  return frame;
}

static void
send_message (guint32 nid, const gchar *keywords, GBytes *bytes, gint fd, guint64 date)
{
  GByteArray *frame = message_frame (nid, keywords, date);
  gsize size = 0;
  gconstpointer data = bytes != NULL ? g_bytes_get_data (bytes, &size) : "";
  bm_frame_put_bytes (frame, data, size);
  send_frame (frame, fd);
  if (fd >= 0)
    close (fd);
}

static void
send_two_descriptors (guint32 nid)
{
  GByteArray *frame = message_frame (nid, "", 86400);
  gint fds[2] = {memory_file (nid, TRUE), memory_file (nid, TRUE)};
  union {
    struct cmsghdr align;
    gchar space[CMSG_SPACE (sizeof fds)];
  } control = {0};
  bm_frame_put_bytes (frame, "", 0);
  struct iovec part = {frame->data, frame->len};
  struct msghdr message = {.msg_iov = &part,
                           .msg_iovlen = 1,
                           .msg_control = control.space,
                           .msg_controllen = sizeof control.space};
  struct cmsghdr *header = CMSG_FIRSTHDR (&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN (sizeof fds);
  memcpy (CMSG_DATA (header), fds, sizeof fds);
  if (sendmsg (4, &message, 0) < 0)
    _exit (0);
  close (fds[0]);
  close (fds[1]);
  g_byte_array_unref (frame);
}

static void
send_start (guint32 nid, gint fd)
{
  GByteArray *start = bm_frame_new (BM_FRAME_START);
  bm_frame_put_u32 (start, nid);
  send_frame (start, fd);
}

static void
send_error (const gchar *token)
{
  GByteArray *frame = bm_frame_new (BM_FRAME_ERROR);
  bm_frame_put_text (frame, token);
  bm_frame_put_text (frame, "lost" ESCAPING);
  send_frame (frame, -1);
}

static void
send_failed (guint32 nid)
{
  GByteArray *frame = bm_frame_new (BM_FRAME_FAILED);
  bm_frame_put_u32 (frame, nid);
  bm_frame_put_text (frame, "unreadable");
  bm_frame_put_text (frame, "lost" ESCAPING);
  send_frame (frame, -1);
}

/* Without end: each is a way to keep the parent busy. TRUE when it is none of them. */
static gboolean
chatter (guint32 nid)
{
  g_autofree gchar *much = g_strnfill (4000, 'e');
  while (is ("starts"))
    send_start (nid, -1);
  while (is ("stderr"))
    if (write (2, much, 4000) < 0)
      _exit (0);
  while (is ("logs")) {
    GByteArray *frame = bm_frame_new (BM_FRAME_LOG);
    bm_frame_put_text (frame, much);
    send_frame (frame, -1);
  }
  return TRUE;
}

static void
misbehave (guint32 nid)
{
  g_autoptr (GBytes) body = body_of (nid, "x");
  static const gchar eight_bit[] = "Subject: \xe9\r\n\r\n", bare[] = "Subject: a\n\r\n\r\n";
  if (is ("crash") || is ("version"))
    raise (SIGSEGV);
  else if (is ("failed"))
    send_failed (nid);
  else if (is ("error"))
    send_error ("pst-unreadable");
  else if (is ("done"))
    send_frame (bm_frame_new (BM_FRAME_DONE), -1);
  else if (is ("twice")) {
    send_message (nid, "", body, -1, 86400);
    send_message (nid, "", body, -1, 86400);
  } else if (is ("both"))
    send_message (nid, "", body, memory_file (nid, TRUE), 86400);
  else if (is ("start-file"))
    send_start (nid, memory_file (nid, TRUE));
  else if (is ("exit"))
    _exit (3);
  else if (is ("killed"))
    raise (SIGKILL);
  else if (is ("hang"))
    pause ();
  else if (is ("nid"))
    send_message (nid + 0x20, "", body, -1, 86400);
  else if (is ("8bit"))
    send_message (nid, "", g_bytes_new_static (eight_bit, sizeof eight_bit - 1), -1, 86400);
  else if (is ("bare"))
    send_message (nid, "", g_bytes_new_static (bare, sizeof bare - 1), -1, 86400);
  else if (is ("keyword"))
    send_message (nid, "bad(keyword", body, -1, 86400);
  else if (is ("unsealed"))
    send_message (nid, "", NULL, memory_file (nid, FALSE), 86400);
  else if (is ("file"))
    send_message (nid, "", NULL, dup (3), 86400);
  else if (is ("nothing"))
    send_message (nid, "", NULL, -1, 86400);
  else if (is ("two"))
    send_two_descriptors (nid);
  else if (is ("date"))
    send_message (nid, "", body, -1, G_MAXUINT64 / 2);
  else if (is ("large"))
    send_message (nid, "", NULL, memory_file (nid, TRUE), 86400);
  else if (is ("short")) {
    GByteArray *frame = bm_frame_new (BM_FRAME_MESSAGE);
    bm_frame_put_u32 (frame, nid);
    send_frame (frame, -1);
  } else if (is ("type"))
    send_frame (bm_frame_new ((BmFrameType) 99), -1);
  else if (chatter (nid))
    send_message (nid, "", body, -1, 86400);
}

static void
do_census (void)
{
  g_autoptr (BmCensus) census = bm_census_new ();
  BmFolder *folder = bm_folder_new ();
  if (is ("census-crash"))
    raise (SIGSEGV);
  if (is ("census-hang"))
    pause ();
  if (is ("census-cause")) {
    send_error ("refused");
    return;
  }
  folder->nid = 2;
  folder->name = g_strdup ("Inbox");
  folder->path = g_strdup ("Inbox");
  g_ptr_array_add (census->folders, folder);
  census->display_name = g_strdup ("");
  for (guint i = 0; i < ITEMS; i++) {
    BmCensusItem item = {nid_of (is ("census-order") ? ITEMS - i : i), 2, BM_RULE_NONE};
    g_array_append_val (census->items, item);
  }
  GByteArray *payload = bm_frame_census_write (census);
  if (is ("census-short"))
    g_byte_array_set_size (payload, payload->len - 5);
  if (is ("census-count"))
    memset (payload->data + payload->len - ITEMS * 12 - 4, 0xff, 4);
  g_autoptr (BmSpool) spool = bm_spool_new ();
  bm_spool_write (spool, payload->data, payload->len, NULL);
  send_frame (bm_frame_new (BM_FRAME_CENSUS), bm_spool_steal_fd (spool, NULL));
  g_byte_array_unref (payload);
}

static void
do_window (BmFrame *frame)
{
  guint32 n = bm_frame_u32 (frame);
  g_autofree guint32 *nids = g_new0 (guint32, n);
  for (guint32 i = 0; i < n; i++)
    nids[i] = bm_frame_u32 (frame);
  if (is ("window") && n > 1)
    raise (SIGSEGV);                          /* before any START */
  if (is ("gone") && nids[0] != nid_of (0)) { /* a new child finds no PST any more */
    send_error ("pst-unreadable");
    return;
  }
  for (guint32 i = 0; i < n; i++) {
    g_autoptr (GBytes) body = body_of (nids[i], "good");
    if (!is ("start-file") || nids[i] != nid_of (at))
      send_start (nids[i], -1);
    if (nids[i] == nid_of (at) && is ("gone"))
      raise (SIGSEGV);
    if (nids[i] == nid_of (at))
      misbehave (nids[i]);
    else
      send_message (nids[i], "kw", body, -1, 86400);
  }
  send_frame (bm_frame_new (BM_FRAME_DONE), -1);
}

/* What the item nid teaches: one name; the guilty one misbehaves. */
static void
send_learnt (guint32 nid, guint32 said, guint32 n)
{
  GByteArray *frame = bm_frame_new (BM_FRAME_LEARNT);
  g_autofree gchar *name = g_strdup_printf ("/o=x/cn=%u", nid);
  bm_frame_put_u32 (frame, said);
  bm_frame_put_u32 (frame, n);
  bm_frame_put_text (frame, is ("learn-name") && nid == nid_of (at) ? "no name" : name);
  bm_frame_put_text (frame, is ("learn-line") && nid == nid_of (at) ? "a@b\r\nBcc: c@d" : "a@b.c");
  send_frame (frame, -1);
}

static void
do_learn (BmFrame *frame)
{
  guint32 n = bm_frame_u32 (frame);
  for (guint32 i = 0; i < n; i++) {
    guint32 nid = bm_frame_u32 (frame);
    gboolean guilty = nid == nid_of (at);
    if (guilty && is ("learn-crash"))
      raise (SIGSEGV);
    if (guilty && is ("learn-hang"))
      pause ();
    send_learnt (nid, guilty && is ("learn-other") ? 4 : nid,
                 guilty && is ("learn-count") ? G_MAXUINT32 : 1);
  }
  send_frame (bm_frame_new (BM_FRAME_DONE), -1);
}

int
main (void)
{
  gchar text[64] = "";
  g_autofree BmFrame *frame = g_new0 (BmFrame, 1);
  frame->fd = -1;
  if (pread (3, text, sizeof text - 1, 0) < 0)
    return 1;
  gchar *space = strchr (text, ' ');
  at = space != NULL ? (guint) atoi (space + 1) : 0;
  if (space != NULL)
    *space = '\0';
  g_strlcpy (how, text, sizeof how);
  if (bm_frame_receive (4, frame) != BM_FRAME_GOT)
    return 1;
  g_autofree gchar *render_id = g_strdup_printf ("evil %d", is ("version") ? getpid () : 0);
  GByteArray *log = bm_frame_new (BM_FRAME_LOG);
  bm_frame_put_text (log, "a library grumbles");
  send_frame (log, -1);
  GByteArray *hello = bm_frame_new (BM_FRAME_HELLO);
  bm_frame_put_text (hello, "off");
  bm_frame_put_text (hello, render_id);
  send_frame (hello, -1);
  while (bm_frame_receive (4, frame) == BM_FRAME_GOT) {
    if (frame->type == BM_FRAME_CENSUS)
      do_census ();
    else if (frame->type == BM_FRAME_LEARN)
      do_learn (frame);
    else
      do_window (frame);
  }
  return 0;
}
