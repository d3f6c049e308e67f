/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Reports on mail: not delivered, delivered, read. The part for machines is the stored one where
 * there is one, else made of the item's properties. [MS-OXCMAIL] 2.1.3.5, RFC 3464, RFC 6522, RFC
 * 8098. One thread. */
#include "mime/bm-mime.h"

#include <string.h>

#define STATUS_MAX     (1u << 20) /* bytes of a stored one */
#define RECIPIENTS_MAX 5000       /* named in one text */

static const struct {
  const gchar *suffix, *type, *action, *status, *words;
} kinds[] = {
    {".NDR", "delivery-status", "failed", "5.0.0", "This message could not be delivered to:"},
    {".DR", "delivery-status", "delivered", "2.0.0", "This message was delivered to:"},
    {".Delayed", "delivery-status", "delayed", "4.0.0", "The delivery is delayed to:"},
    {".Expanded", "delivery-status", "expanded", "2.0.0", "This list was expanded:"},
    {".Relayed", "delivery-status", "relayed", "2.0.0", "This message was relayed to:"},
    {".IPNRN", "disposition-notification", "displayed", NULL, "was read"},
    {".IPNNRN", "disposition-notification", "deleted", NULL, "was deleted without being read"},
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

/* ---- of whom it speaks ---- */

static gboolean
says (const BmProps *row, guint16 id)
{
  const gchar *text = bm_props_text (row, id);
  return text != NULL && *text != '\0';
}

/* What became of the mail stands in the row, [MS-OXCMAIL] 2.1.3.6.1. */
static gboolean
is_reported (const BmProps *row)
{
  gint64 time;
  return bm_props_int (row, 0x0c20, 0) >= 200 || says (row, 0x0c1b) || says (row, 0x0c21) ||
         says (row, 0x1001) || bm_props_int (row, 0x0c04, 0) != 0 ||
         bm_props_int (row, 0x0c05, 0) != 0 || bm_props_time (row, 0x0010, &time) ||
         bm_props_time (row, 0x0032, &time);
}

/* The row is of who got the report, as writers have it that keep it like any mail. */
static gboolean
is_receiver (const BmItem *item, const BmProps *row)
{
  static const guint16 ids[] = {0x0040, 0x0044, 0x0076, 0x0078, 0x5d07, 0x5d08};
  static const guint16 own[] = {0x3001, 0x3003, 0x39fe};
  for (guint i = 0; i < G_N_ELEMENTS (ids); i++)
    for (guint k = 0; k < G_N_ELEMENTS (own); k++)
      if (says (item->props, ids[i]) && says (row, own[k]) &&
          g_ascii_strcasecmp (bm_props_text (item->props, ids[i]), bm_props_text (row, own[k])) ==
              0)
        return TRUE;
  return FALSE;
}

/* 0x0074 names to whom the original went; a row of its own for each. */
static void
add_named (const BmItem *item, GPtrArray *rows)
{
  const gchar *names = bm_props_text (item->props, 0x0074);
  g_auto (GStrv) list = g_strsplit (names != NULL ? names : "", ";", RECIPIENTS_MAX);
  for (guint i = 0; list[i] != NULL; i++) {
    BmProp name = {.id = 0x3001, .type = BM_TYPE_UNICODE};
    name.text = g_strdup (g_strstrip (list[i]));
    BmProps *row = bm_props_new ();
    bm_props_take (row, &name);
    if (says (row, 0x3001))
      g_ptr_array_add (rows, row);
    else
      bm_props_free (row);
  }
}

/* *made: owns rows that the item does not have. New: BmProps *. */
static GPtrArray *
reported_rows (const BmItem *item, GPtrArray **made)
{
  GPtrArray *rows = g_ptr_array_new ();
  guint n = item->recipients != NULL ? item->recipients->len : 0;
  *made = g_ptr_array_new_with_free_func ((GDestroyNotify) bm_props_free);
  for (guint i = 0; i < n; i++)
    if (is_reported (g_ptr_array_index (item->recipients, i)))
      g_ptr_array_add (rows, g_ptr_array_index (item->recipients, i));
  gboolean all = rows->len == 0;
  for (guint i = 0; all && i < n; i++)
    if (!is_receiver (item, g_ptr_array_index (item->recipients, i)))
      g_ptr_array_add (rows, g_ptr_array_index (item->recipients, i));
  if (rows->len == 0) {
    add_named (item, *made);
    g_ptr_array_extend (rows, *made, NULL, NULL);
  }
  return rows;
}

/* ---- the status code, RFC 3463 ---- */

/* After "#" or the reply of a server, as "550 5.1.1": other numbers with dots look the same. */
static gboolean
is_marked (const gchar *text, const gchar *at)
{
  if (at > text && at[-1] == '#')
    return TRUE;
  return at - text >= 4 && (at[-1] == ' ' || at[-1] == '-') && g_ascii_isdigit (at[-2]) &&
         g_ascii_isdigit (at[-3]) && (at[-4] == '4' || at[-4] == '5');
}

/* Where "d.d.d" ends that begins here; NULL: it is none. */
static const gchar *
code_end (const gchar *at)
{
  for (guint i = 0; i < 3; i++) {
    guint n = 0;
    if (i > 0 && *at++ != '.')
      return NULL;
    for (; n < 4 && g_ascii_isdigit (*at); n++)
      at++;
    if (n < 1 || n > 3)
      return NULL;
  }
  return g_ascii_isalnum (*at) || (*at == '.' && g_ascii_isdigit (at[1])) ? NULL : at;
}

/* A code of this kind in a text. New; NULL: none. */
static gchar *
code_in (const gchar *text, guint kind, gboolean marked)
{
  gchar digit = *kinds[kind].status;
  for (const gchar *p = text; p != NULL && *p != '\0'; p++) {
    gboolean fits = *p == digit || (digit == '5' && *p == '4'); /* given up after a time */
    gboolean begins = p == text || !(g_ascii_isalnum (p[-1]) || p[-1] == '.');
    const gchar *end = fits && begins && p[1] == '.' ? code_end (p) : NULL;
    if (end != NULL && (!marked || is_marked (text, p)))
      return g_strndup (p, (gsize) (end - p));
  }
  return NULL;
}

/* What Exchange made of a code when it came, [MS-OXCMAIL] 2.2.3.7.1.3, backwards. */
static const gchar *
code_of_diagnosis (const BmProps *row)
{
  static const struct {
    gint64 diagnosis;
    const gchar *code;
  } known[] = {{1, "5.1.4"},  {2, "5.4.5"},  {3, "5.4.6"},  {5, "5.4.7"},  {7, "5.2.3"},
               {13, "5.2.3"}, {16, "5.5.3"}, {18, "5.3.3"}, {29, "5.7.1"}, {30, "5.2.4"},
               {32, "5.1.3"}, {35, "5.1.1"}, {38, "5.2.0"}, {40, "5.1.6"}, {48, "5.1.2"}};
  gint64 diagnosis = bm_props_int (row, 0x0c05, -1);
  for (guint i = 0; i < G_N_ELEMENTS (known); i++)
    if (known[i].diagnosis == diagnosis)
      return known[i].code;
  return NULL;
}

/* 0x0C20 has the digits of the code as a number (511: 5.1.1), or is nothing. words: what the report says
 * of this recipient alone; or NULL. */
static gchar *
status_code (const BmProps *row, guint kind, const gchar *words)
{
  gint64 code = bm_props_int (row, 0x0c20, 0);
  gchar digit = *kinds[kind].status, first = (gchar) ('0' + code / 100);
  if (code >= 200 && code <= 599 && (first == digit || (digit == '5' && first == '4')))
    return g_strdup_printf ("%d.%d.%d", (gint) (code / 100), (gint) (code / 10 % 10),
                            (gint) (code % 10));
  const gchar *const texts[] = {bm_props_text (row, 0x0c1b), bm_props_text (row, 0x1001), words};
  gchar *found = NULL;
  for (guint i = 0; i < G_N_ELEMENTS (texts) && found == NULL; i++)
    found = code_in (texts[i], kind, i > 0);
  const gchar *guess = digit == '5' && found == NULL ? code_of_diagnosis (row) : NULL;
  if (found != NULL)
    return found;
  return g_strdup (guess != NULL ? guess : kinds[kind].status);
}

/* ---- the part for machines ---- */

static void
add_time (GString *out, const gchar *name, const BmProps *props, guint16 id)
{
  gint64 when;
  if (!bm_props_time (props, id, &when))
    return;
  g_autofree gchar *date = bm_mime_date (when);
  add_value (out, name, "", date);
}

static void
add_recipient (BmMime *mime, GString *out, const BmProps *row, guint kind, const gchar *words)
{
  BmMimeParty party = bm_mime_party_of_row (row);
  g_autofree gchar *address = bm_mime_resolve (mime, &party);
  g_autofree gchar *code = status_code (row, kind, words);
  const gchar *said = bm_props_text (row, 0x0c1b);
  gint64 tried;
  g_string_append (out, "\r\n");
  add_value (out, "Final-Recipient", "rfc822; ", address);
  add_value (out, "Action", "", kinds[kind].action);
  add_value (out, "Status", "", code);
  add_value (out, "Remote-MTA", "dns; ", bm_props_text (row, 0x0c21));
  add_value (out, "Diagnostic-Code",
             said != NULL && g_ascii_isdigit (*said) ? "smtp; " : "x-text; ", said);
  add_value (out, "X-Report-Text", "", bm_props_text (row, 0x1001));
  const BmProps *of_time = bm_props_time (row, 0x0032, &tried) ? row : mime->item->props;
  add_time (out, "Last-Attempt-Date", of_time, 0x0032);
}

static gchar *
delivery_status (BmMime *mime, guint kind)
{
  const BmItem *item = mime->item;
  const gchar *server = bm_props_text (item->props, 0x6820);
  g_autoptr (GString) out = g_string_new (NULL);
  g_autoptr (GPtrArray) made = NULL;
  g_autoptr (GPtrArray) rows = reported_rows (item, &made);
  BmMimeBody body = {0};
  bm_mime_body_peek (mime, &body);
  const gchar *words = says (item->props, 0x1001) ? bm_props_text (item->props, 0x1001) : body.text;
  add_value (out, "Reporting-MTA", "dns; ",
             server != NULL && *server != '\0' ? server : "unknown.invalid");
  add_time (out, "Arrival-Date", item->props, 0x004e);
  for (guint i = 0; i < rows->len; i++) /* of several the words say nothing sure */
    add_recipient (mime, out, g_ptr_array_index (rows, i), kind, rows->len == 1 ? words : NULL);
  if (rows->len == 0) { /* RFC 3464 2.1 wants one */
    g_autoptr (BmProps) nobody = bm_props_new ();
    add_recipient (mime, out, nobody, kind, words);
  }
  bm_mime_body_clear (&body);
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

/* ---- words ---- */

static void
add_labelled (GString *text, const gchar *label, const gchar *value)
{
  g_autofree gchar *line = bm_mime_one_line (value != NULL ? value : "");
  if (*line != '\0')
    g_string_append_printf (text, "  %s %s\n", label, line);
}

/* Of which mail it speaks. */
static void
add_original (GString *text, const BmProps *props, gboolean with_names)
{
  gint64 sent;
  g_autofree gchar *date = bm_props_time (props, 0x004e, &sent) ? bm_mime_date (sent) : NULL;
  if (with_names)
    add_labelled (text, "To:", bm_props_text (props, 0x0074));
  add_labelled (text, "Subject:", bm_props_text (props, 0x0049));
  add_labelled (text, "Sent:", date);
}

static const gchar *
shown_name (const BmProps *row)
{
  BmMimeParty party = bm_mime_party_of_row (row);
  const gchar *const names[] = {party.name, party.smtp, party.address};
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    if (names[i] != NULL && *names[i] != '\0')
      return names[i];
  return "?";
}

/* As Outlook's own form says it. */
static gchar *
delivery_words (const BmMime *mime, guint kind)
{
  g_autoptr (GPtrArray) made = NULL;
  g_autoptr (GPtrArray) rows = reported_rows (mime->item, &made);
  g_autoptr (GString) text = g_string_new (kinds[kind].words);
  g_string_append_c (text, '\n');
  for (guint i = 0; i < rows->len; i++) {
    const BmProps *row = g_ptr_array_index (rows, i);
    g_autofree gchar *name = bm_mime_one_line (shown_name (row));
    const gchar *why = bm_props_text (row, says (row, 0x1001) ? 0x1001 : 0x0c1b);
    g_autofree gchar *reason = bm_mime_one_line (why != NULL ? why : "");
    g_string_append_printf (text, "  %s%s%s\n", name, *reason != '\0' ? ": " : "", reason);
  }
  gsize before = text->len;
  add_original (text, mime->item->props, FALSE);
  if (text->len > before)
    g_string_insert (text, (gssize) before, "\nThe message:\n");
  return g_string_free (g_steal_pointer (&text), FALSE);
}

static gchar *
receipt_words (const BmMime *mime, guint kind)
{
  const BmProps *props = mime->item->props;
  gint64 when;
  g_autoptr (GString) text = g_string_new ("Your message\n");
  gsize before = text->len;
  add_original (text, props, TRUE);
  gboolean known = text->len > before;
  g_autofree gchar *date =
      bm_props_time (props, 0x002a, &when) || bm_props_time (props, 0x0032, &when)
          ? bm_mime_date (when)
          : NULL;
  if (!known)
    g_string_assign (text, "Your message ");
  g_string_append_printf (text, "%s%s%s.\n", kinds[kind].words, date != NULL ? " on " : "",
                          date != NULL ? date : "");
  return g_string_free (g_steal_pointer (&text), FALSE);
}

gchar *
bm_mime_report_words (const BmMime *mime, const BmMimeReport *report)
{
  const BmItem *item = mime->item;
  if (says (item->props, 0x1001))
    return g_strdup (bm_props_text (item->props, 0x1001));
  return g_str_equal (report->type, "delivery-status") ? delivery_words (mime, report->kind)
                                                       : receipt_words (mime, report->kind);
}

gchar *
bm_mime_report_subtype (const BmMimeReport *report)
{
  return g_strconcat ("report;\r\n report-type=", report->type, NULL);
}
