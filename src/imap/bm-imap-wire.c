/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* APPEND on the wire: libetpan's own knows neither LITERAL+ nor MULTIAPPEND nor pipelining, so the
 * command is written here on its stream and only the answer is parsed by it. One thread. */
#include "imap/bm-imap-private.h"

#include <string.h>

static gboolean
put (BmImap *imap, gconstpointer data, gsize size)
{
  const gchar *p = data;
  while (size > 0) {
    ssize_t n = mailstream_write (imap->imap->imap_stream, p, size);
    if (n <= 0)
      return FALSE;
    p += n;
    size -= (gsize) n;
  }
  return TRUE;
}

gchar *
bm_imap_wire_date (gint64 unix_time)
{
  static const gchar *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  g_autoptr (GDateTime) when = g_date_time_new_from_unix_utc (unix_time);
  return g_strdup_printf ("%02d-%s-%04d %02d:%02d:%02d +0000", g_date_time_get_day_of_month (when),
                          months[g_date_time_get_month (when) - 1], g_date_time_get_year (when),
                          g_date_time_get_hour (when), g_date_time_get_minute (when),
                          g_date_time_get_second (when));
}

int
bm_imap_wire_begin (BmImap *imap, const gchar *wire_name)
{
  if (mailimap_send_current_tag (imap->imap) != MAILIMAP_NO_ERROR)
    return 0;
  g_autofree gchar *command = g_strdup_printf ("APPEND \"%s\"", wire_name);
  return put (imap, command, strlen (command)) ? imap->imap->imap_tag : 0;
}

gboolean
bm_imap_wire_message (BmImap *imap, const BmMessage *message)
{
  g_autoptr (GString) head = g_string_new (" (");
  g_autoptr (GPtrArray) flags = bm_flags_tokens (message->flags);
  g_autofree gchar *date = bm_imap_wire_date (message->internal_date);
  gsize size;
  gconstpointer data = g_bytes_get_data (message->bytes, &size);
  for (guint i = 0; i < flags->len; i++)
    g_string_append_printf (head, "%s%s", i > 0 ? " " : "",
                            (const gchar *) g_ptr_array_index (flags, i));
  for (guint i = 0; message->keywords[i] != NULL; i++)
    g_string_append_printf (head, "%s%s", i + flags->len > 0 ? " " : "", message->keywords[i]);
  g_string_append_printf (head, ") \"%s\" {%" G_GSIZE_FORMAT "+}\r\n", date, size);
  return put (imap, head->str, head->len) && put (imap, data, size);
}

gboolean
bm_imap_wire_end (BmImap *imap)
{
  return put (imap, "\r\n", 2) && mailstream_flush (imap->imap->imap_stream) != -1;
}

/* APPENDUID (RFC 4315): one uid, or with MULTIAPPEND a set, in the order of the messages. */
static void
read_uids (BmImap *imap, guint32 *uidvalidity, guint32 *uids, guint n)
{
  guint filled = 0;
  clist *list = imap->imap->imap_response_info->rsp_extension_list;
  for (clistiter *i = clist_begin (list); i != NULL; i = clist_next (i)) {
    const struct mailimap_extension_data *extension = clist_content (i);
    if (extension->ext_extension != &mailimap_extension_uidplus ||
        extension->ext_type != MAILIMAP_UIDPLUS_RESP_CODE_APND)
      continue;
    const struct mailimap_uidplus_resp_code_apnd *code = extension->ext_data;
    *uidvalidity = code->uid_uidvalidity;
    for (clistiter *k = clist_begin (code->uid_set->set_list); k != NULL; k = clist_next (k)) {
      const struct mailimap_set_item *item = clist_content (k);
      for (guint32 uid = item->set_first; uid <= item->set_last && filled < n; uid++)
        uids[filled++] = uid;
    }
  }
  if (filled != n)
    memset (uids, 0, n * sizeof *uids); /* an answer we cannot match is none */
}

/* libetpan gives "tag BAD" and "wrong tag" as one error: only the first is an answer. */
static gboolean
is_bad_of (BmImap *imap, int tag)
{
  g_autofree gchar *sign = g_strdup_printf ("%d BAD", tag);
  const MMAPString *buffer = imap->imap->imap_stream_buffer;
  return buffer != NULL && buffer->str != NULL && strstr (buffer->str, sign) != NULL;
}

BmImapAnswer
bm_imap_wire_answer (BmImap *imap, int tag, guint32 *uidvalidity, guint32 *uids, guint n,
                     gchar **words)
{
  struct mailimap_response *response = NULL;
  memset (uids, 0, n * sizeof *uids);
  *uidvalidity = 0;
  if (mailimap_read_line (imap->imap) == NULL)
    return BM_IMAP_BROKEN;
  int current = imap->imap->imap_tag;
  imap->imap->imap_tag = tag; /* parse_response compares with it */
  int result = mailimap_parse_response (imap->imap, &response);
  imap->imap->imap_tag = current;
  if (result == MAILIMAP_ERROR_PROTOCOL && is_bad_of (imap, tag)) {
    *words = bm_imap_words (imap);
    return BM_IMAP_NO;
  }
  if (result != MAILIMAP_NO_ERROR)
    return BM_IMAP_BROKEN;
  int type = MAILIMAP_RESP_COND_STATE_BAD;
  if (response->rsp_resp_done->rsp_type == MAILIMAP_RESP_DONE_TYPE_TAGGED)
    type = response->rsp_resp_done->rsp_data.rsp_tagged->rsp_cond_state->rsp_type;
  if (type == MAILIMAP_RESP_COND_STATE_OK)
    read_uids (imap, uidvalidity, uids, n);
  else
    *words = bm_imap_words (imap);
  mailimap_response_free (response);
  return type == MAILIMAP_RESP_COND_STATE_OK ? BM_IMAP_OK : BM_IMAP_NO;
}
