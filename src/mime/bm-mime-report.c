/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Reports on mail: not delivered, delivered, read. The part for machines is the stored one where
 * there is one, else made of the item's properties. [MS-OXCMAIL] 2.1.3.5, RFC 3464, RFC 6522, RFC
 * 8098. One thread. */
#include "mime/bm-mime.h"

#include <string.h>

#define STATUS_MAX (1u << 20) /* bytes of a stored one */

static const struct {
  const gchar *suffix, *type, *action, *status, *words;
} kinds[] = {
    {".NDR", "delivery-status", "failed", "5.0.0", "This message could not be delivered to:"},
    {".DR", "delivery-status", "delivered", "2.0.0", "This message was delivered to:"},
    {".Delayed", "delivery-status", "delayed", "4.0.0", "The delivery is delayed to:"},
    {".Expanded", "delivery-status", "expanded", "2.0.0", "This list was expanded:"},
    {".Relayed", "delivery-status", "relayed", "2.0.0", "This message was relayed to:"},
    {".IPNRN", "disposition-notification", "displayed", NULL, "This message was read."},
    {".IPNNRN", "disposition-notification", "deleted", NULL,
     "This message was deleted without being read."},
};

static gboolean
kind_of (const BmItem *item, guint *kind)
{
  gsize n = strlen (item->message_class);
  if (g_ascii_strncasecmp (item->message_class, "REPORT.", 7) != 0)
    return FALSE;
  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++) {
    gsize tail = strlen (kinds[i].suffix);
    if (n > tail && g_ascii_strcasecmp (item->message_class + n - tail, kinds[i].suffix) == 0) {
      *kind = i;
      return TRUE;
    }
  }
  return FALSE;
}

/* ---- what is stored ---- */

static gboolean
is_status_text (const gchar *text, const gchar *type)
{
  g_autofree gchar *lower = g_ascii_strdown (text, -1);
  return g_str_equal (type, "delivery-status")
             ? strstr (lower, "final-recipient:") != NULL && strstr (lower, "action:") != NULL
             : strstr (lower, "disposition:") != NULL;
}

/* ASCII with LF, without what no field may hold; NULL when it is no such text. */
static gchar *
stored_status (const BmAttachment *attachment, const gchar *type)
{
  g_autofree gchar *full = g_strconcat ("message/", type, NULL);
  const gchar *stored = bm_props_text (attachment->props, 0x370e);
  gboolean named = stored != NULL && g_ascii_strncasecmp (stored, full, strlen (full)) == 0;
  gsize size = 0;
  GBytes *bytes = named && attachment->data != NULL && !attachment->damaged
                      ? bm_spool_bytes (attachment->data, NULL)
                      : NULL;
  const gchar *data = bytes != NULL ? g_bytes_get_data (bytes, &size) : NULL;
  if (size == 0 || size > STATUS_MAX)
    return NULL;
  g_autoptr (GString) text = g_string_new (NULL);
  for (gsize i = 0; i < size; i++) {
    if ((guchar) data[i] >= 0x80 || data[i] == '\0')
      return NULL;
    if (data[i] != '\r')
      g_string_append_c (text, data[i]);
  }
  return is_status_text (text->str, type) ? g_string_free (g_steal_pointer (&text), FALSE) : NULL;
}

static gboolean
is_original (const BmAttachment *attachment)
{
  const gchar *type = bm_props_text (attachment->props, 0x370e);
  return attachment->method == BM_ATTACH_EMBEDDED ||
         (attachment->method == BM_ATTACH_BY_VALUE && type != NULL &&
          (g_ascii_strcasecmp (type, "message/rfc822") == 0 ||
           g_ascii_strcasecmp (type, "text/rfc822-headers") == 0));
}

gboolean
bm_mime_report_find (const BmMime *mime, BmMimeReport *report)
{
  *report = (BmMimeReport){.status = -1, .original = -1};
  if (!kind_of (mime->item, &report->kind))
    return FALSE;
  report->type = kinds[report->kind].type;
  for (guint i = 0; i < mime->item->attachments->len; i++) {
    const BmAttachment *attachment = g_ptr_array_index (mime->item->attachments, i);
    if (report->original < 0 && is_original (attachment))
      report->original = (gint) i;
    if (report->text != NULL)
      continue;
    report->text = stored_status (attachment, report->type);
    if (report->text != NULL)
      report->status = (gint) i;
  }
  return TRUE;
}

/* ---- what is made ---- */

static void
add_value (GString *out, const gchar *name, const gchar *kind, const gchar *value)
{
  g_autofree gchar *line = bm_mime_one_line (value != NULL ? value : "");
  if (*line == '\0') /* tables have empty cells for what was not said */
    return;
  g_autoptr (GString) ascii = g_string_new (kind);
  for (const gchar *p = line; *p != '\0'; p = g_utf8_next_char (p))
    g_string_append_c (ascii, (guchar) *p < 0x80 ? *p : '?');
  bm_mime_add_field (out, name, g_strchomp (ascii->str));
}

/* 0x0C20 has the digits of the code as a number (511: 5.1.1), or is nothing. Who gives up after days of
 * trying says failed and 4.4.7, RFC 3463 3.5. */
static gchar *
status_code (const BmProps *row, guint kind)
{
  gint64 code = bm_props_int (row, 0x0c20, 0);
  gint64 digit = *kinds[kind].status - '0', said = code / 100;
  if (said == digit || (said == 4 && digit == 5))
    return g_strdup_printf ("%d.%d.%d", (gint) (code / 100), (gint) (code / 10 % 10),
                            (gint) (code % 10));
  return g_strdup (kinds[kind].status);
}

static void
add_recipient (BmMime *mime, GString *out, const BmProps *row, guint kind)
{
  BmMimeParty party = bm_mime_party_of_row (row);
  g_autofree gchar *address = bm_mime_resolve (mime, &party);
  g_autofree gchar *code = status_code (row, kind);
  g_string_append (out, "\r\n");
  add_value (out, "Final-Recipient", "rfc822; ", address);
  add_value (out, "Action", "", kinds[kind].action);
  add_value (out, "Status", "", code);
  add_value (out, "Remote-MTA", "dns; ", bm_props_text (row, 0x0c21));
  const gchar *said = bm_props_text (row, 0x0c1b);
  add_value (out, "Diagnostic-Code",
             said != NULL && g_ascii_isdigit (*said) ? "smtp; " : "x-text; ", said);
  add_value (out, "X-Report-Text", "", bm_props_text (row, 0x1001));
}

static gchar *
delivery_status (BmMime *mime, guint kind)
{
  const BmItem *item = mime->item;
  const gchar *server = bm_props_text (item->props, 0x6820);
  gint64 when;
  g_autoptr (GString) out = g_string_new (NULL);
  add_value (out, "Reporting-MTA", "dns; ",
             server != NULL && *server != '\0' ? server : "unknown.invalid");
  if (bm_props_time (item->props, 0x0032, &when)) {
    g_autofree gchar *date = bm_mime_date (when);
    add_value (out, "Arrival-Date", "", date);
  }
  guint n = item->recipients != NULL ? item->recipients->len : 0;
  for (guint i = 0; i < n; i++)
    add_recipient (mime, out, g_ptr_array_index (item->recipients, i), kind);
  if (n == 0) { /* RFC 3464 2.1 wants one */
    g_autoptr (BmProps) nobody = bm_props_new ();
    add_recipient (mime, out, nobody, kind);
  }
  return g_string_free (g_steal_pointer (&out), FALSE);
}

/* Who read it is who sent the receipt. */
static gchar *
disposition (BmMime *mime, guint kind)
{
  g_autoptr (GString) out = g_string_new (NULL);
  BmMimeParty from = bm_mime_party_from (mime->item->props);
  g_autofree gchar *address = bm_mime_resolve (mime, &from);
  g_autofree gchar *what =
      g_strconcat ("manual-action/MDN-sent-manually; ", kinds[kind].action, NULL);
  const gchar *id = bm_props_text (mime->item->props, 0x1046);
  add_value (out, "Final-Recipient", "rfc822; ", address);
  add_value (out, "Original-Message-ID", "", id != NULL && *id != '\0' ? id : NULL);
  add_value (out, "Disposition", "", what);
  return g_string_free (g_steal_pointer (&out), FALSE);
}

BmMimePart *
bm_mime_report_status (BmMime *mime, const BmMimeReport *report)
{
  g_autofree gchar *made = NULL;
  const gchar *text = report->text;
  if (text == NULL) {
    made = g_str_equal (report->type, "delivery-status") ? delivery_status (mime, report->kind)
                                                         : disposition (mime, report->kind);
    text = made;
  }
  BmMimePart *part = bm_mime_part_text ("plain", text);
  g_string_printf (part->fields,
                   "Content-Type: message/%s\r\n"
                   "Content-Transfer-Encoding: 7bit\r\n",
                   report->type);
  part->base64 = FALSE;
  return part;
}

/* A line for a recipient: who, and why. */
static void
add_words (GString *text, const BmProps *row)
{
  BmMimeParty party = bm_mime_party_of_row (row);
  const gchar *who = party.name != NULL   ? party.name
                     : party.smtp != NULL ? party.smtp
                                          : party.address;
  const gchar *why = bm_props_text (row, 0x1001);
  g_string_append_printf (text, "\n  %s", who != NULL ? who : "?");
  if (why != NULL && *why != '\0')
    g_string_append_printf (text, ": %s", why);
}

gchar *
bm_mime_report_words (const BmMime *mime, const BmMimeReport *report)
{
  const BmItem *item = mime->item;
  const gchar *stored = bm_props_text (item->props, 0x1001);
  if (stored != NULL && *stored != '\0')
    return g_strdup (stored);
  g_autoptr (GString) text = g_string_new (kinds[report->kind].words);
  gboolean delivery = g_str_equal (report->type, "delivery-status");
  for (guint i = 0; delivery && item->recipients != NULL && i < item->recipients->len; i++)
    add_words (text, g_ptr_array_index (item->recipients, i));
  const gchar *subject = bm_props_text (item->props, 0x0049);
  if (subject != NULL && *subject != '\0')
    g_string_append_printf (text, "\n\n%s", subject);
  g_string_append_c (text, '\n');
  return g_string_free (g_steal_pointer (&text), FALSE);
}

gchar *
bm_mime_report_subtype (const BmMimeReport *report)
{
  return g_strconcat ("report;\r\n report-type=", report->type, NULL);
}
