/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Fields that only properties know: importance, receipts, lists, follow-up, categories, and the fields
 * that Outlook keeps as named properties. Each is added where the block does not have it yet.
 * [MS-OXCMAIL] 2.1.3.2, [MS-OXCMSG] 2.2.1, [MS-OXOFLAG] 2.2. One thread. */
#include "mime/bm-mime.h"

#include "text/bm-language.h"
#include <string.h>

#define NAMED_MAX     500 /* named header fields of one item */
#define NAME_MAX_SIZE 76
#define VALUE_MAX     8000

const guint8 bm_ps_internet_headers[16] = {0x86, 0x03, 0x02, 0x00, 0x00, 0x00, 0x00, 0x00,
                                           0xc0, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x46};
#define LID_FLAG_REQUEST     0x8530
#define FLAG_STATUS_COMPLETE 1

gboolean
bm_mime_has_field (const GString *out, const gchar *name)
{
  gsize n = strlen (name);
  for (const gchar *line = out->str; line != NULL && *line != '\0';) {
    if (g_ascii_strncasecmp (line, name, n) == 0 && line[n] == ':')
      return TRUE;
    line = strchr (line, '\n');
    line = line != NULL ? line + 1 : NULL;
  }
  return FALSE;
}

/* value: UTF-8; or NULL. */
static void
add (GString *out, const gchar *name, const gchar *value)
{
  if (value == NULL || bm_mime_has_field (out, name))
    return;
  g_autofree gchar *encoded = bm_mime_encode_text (value);
  if (*encoded != '\0')
    bm_mime_add_field (out, name, encoded);
}

/* Takes value, which is encoded already; or NULL. */
static void
add_taken (GString *out, const gchar *name, gchar *value)
{
  g_autofree gchar *owned = value;
  if (owned != NULL && *owned != '\0' && !bm_mime_has_field (out, name))
    bm_mime_add_field (out, name, owned);
}

/* 0x0017; some writers know 0x0026 alone. */
static void
add_importance (const BmProps *props, GString *out)
{
  static const gchar *const sensitivities[] = {NULL, "Personal", "Private", "Company-Confidential"};
  gint64 priority = bm_props_int (props, 0x0026, 0);
  gint64 importance = bm_props_int (props, 0x0017, priority + 1);
  gint64 sensitivity = bm_props_int (props, 0x0036, 0);
  if (!bm_mime_has_field (out, "X-Priority") && (importance == 0 || importance == 2)) {
    add (out, "Importance", importance == 2 ? "High" : "Low");
    add (out, "X-Priority", importance == 2 ? "1" : "5");
  }
  if (priority == 1 || priority == -1)
    add (out, "Priority", priority == 1 ? "urgent" : "non-urgent");
  if (sensitivity >= 1 && sensitivity <= 3)
    add (out, "Sensitivity", sensitivities[sensitivity]);
}

static void
add_receipts (BmMime *mime, GString *out)
{
  if (bm_props_bool (mime->item->props, 0x0029, FALSE) &&
      !bm_mime_has_field (out, "Disposition-Notification-To"))
    add_taken (out, "Disposition-Notification-To", bm_mime_receipt_to (mime));
  if (bm_props_bool (mime->item->props, 0x0023, FALSE) &&
      !bm_mime_has_field (out, "Return-Receipt-To")) {
    g_autofree gchar *address = NULL;
    BmNotes before = mime->notes;
    add_taken (out, "Return-Receipt-To", bm_mime_from (mime, &address));
    mime->notes = before; /* the From field has said it */
  }
}

static void
add_lists (const BmProps *props, GString *out)
{
  add (out, "List-Help", bm_props_text (props, 0x1043));
  add (out, "List-Subscribe", bm_props_text (props, 0x1044));
  add (out, "List-Unsubscribe", bm_props_text (props, 0x1045));
}

/* [MS-OXOFLAG] 2.2.1.9, [MS-OXOMSG] 2.2.1.24. Outlook flags a mail that has these: not one whose
 * follow-up is done. */
static void
add_follow_up (const BmProps *props, GString *out)
{
  gint64 reply_by = 0;
  const BmProp *request = bm_props_get_lid (props, bm_psetid_common, LID_FLAG_REQUEST);
  if (bm_props_int (props, 0x1090, 0) == FLAG_STATUS_COMPLETE)
    return;
  if (bm_props_time (props, 0x0030, &reply_by) && reply_by > 0)
    add_taken (out, "Reply-By", bm_mime_date (reply_by));
  if (request != NULL && request->text != NULL)
    add (out, "X-Message-Flag", request->text);
}

/* [MS-OXCMAIL] 2.1.3.2.14. */
static void
add_suppress (const BmProps *props, GString *out)
{
  static const struct {
    guint bit;
    const gchar *word;
  } words[] = {{0x1, "DR"},  {0x2, "NDR"},  {0x4, "RN"},
               {0x8, "NRN"}, {0x10, "OOF"}, {0x20, "AutoReply"}};
  gint64 bits = bm_props_int (props, 0x3fdf, 0);
  g_autoptr (GString) list = g_string_new (NULL);
  for (guint i = 0; i < G_N_ELEMENTS (words); i++)
    if (bits & words[i].bit)
      g_string_append_printf (list, "%s%s", list->len > 0 ? ", " : "", words[i].word);
  if (list->len > 0)
    add (out, "X-Auto-Response-Suppress", (bits & 0x3f) == 0x3f ? "All" : list->str);
}

static void
add_categories (BmMime *mime, GString *out)
{
  const BmProp *categories = bm_mime_categories (mime->item);
  if (categories == NULL)
    return;
  g_autoptr (GString) list = g_string_new (NULL);
  for (guint i = 0; i < categories->texts->len; i++) {
    const gchar *category = g_ptr_array_index (categories->texts, i);
    if (*category != '\0')
      g_string_append_printf (list, "%s%s", list->len > 0 ? ", " : "", category);
  }
  add (out, "Keywords", list->str);
}

/* What Exchange noted of the mail's way: [MS-OXCMAIL] 2.1.3.2.24, 2.2.3.2.20. */
static void
add_exchange (const BmProps *props, GString *out)
{
  static const gchar *const results[] = {NULL,       "Neutral", "Pass",      "Fail",
                                         "SoftFail", "None",    "TempError", "PermError"};
  gint64 level = bm_props_int (props, 0x4076, -2);
  gint64 result = bm_props_int (props, 0x4079, 0) & 0x7fffffff; /* errors have the highest bit */
  if (bm_props_bool (props, 0x0005, FALSE))
    add (out, "X-MS-Exchange-Organization-AutoForwarded", "true");
  if (level >= -1 && level <= 10) {
    g_autofree gchar *text = g_strdup_printf ("%d", (gint) level);
    add (out, "X-MS-Exchange-Organization-SCL", text);
  }
  if (result < (gint64) G_N_ELEMENTS (results))
    add (out, "X-MS-Exchange-Organization-SenderIdResult", results[result]);
  add (out, "X-MS-Exchange-Organization-PRD", bm_props_text (props, 0x4083));
}

/* The only field of content that is about the whole message. Transport headers know better, also when
 * they do not name it: 0x3FF1 is of whoever stored the item. */
static void
add_language (const BmMime *mime, GString *out)
{
  const gchar *header = bm_mime_transport_get (mime, "Content-Language");
  if (header != NULL && bm_language_is_tags (header))
    add (out, "Content-Language", header);
  if (mime->transport == NULL)
    add_taken (out, "Content-Language",
               bm_language_of_locale (bm_props_int (mime->item->props, 0x3ff1, 0)));
}

/* ---- fields kept as named properties ---- */

/* Fields whose meaning is in other properties, or of the way the mail took. */
static gboolean
is_ours (const gchar *name)
{
  static const gchar *const names[] = {"From",
                                       "Sender",
                                       "Reply-To",
                                       "To",
                                       "Cc",
                                       "Bcc",
                                       "Subject",
                                       "Date",
                                       "Message-ID",
                                       "In-Reply-To",
                                       "References",
                                       "Received",
                                       "Return-Path",
                                       "Keywords",
                                       "Disposition-Notification-To",
                                       "Return-Receipt-To"};
  return bm_mime_is_among (name, names, G_N_ELEMENTS (names)) ||
         g_ascii_strncasecmp (name, "Resent-", 7) == 0;
}

static gboolean
is_field_name (const gchar *name)
{
  gsize n = 0;
  while (name[n] > ' ' && name[n] < 0x7f && name[n] != ':')
    n++;
  return n > 0 && n <= NAME_MAX_SIZE && name[n] == '\0';
}

static gint
compare_names (gconstpointer a, gconstpointer b)
{
  const BmProp *x = *(const BmProp *const *) a, *y = *(const BmProp *const *) b;
  return g_ascii_strcasecmp (x->name.name, y->name.name);
}

/* In the order of their names: ids of named properties differ from file to file. */
static void
add_named (const BmProps *props, GString *out)
{
  g_autoptr (GPtrArray) found = g_ptr_array_new ();
  for (guint i = 0; i < bm_props_size (props) && found->len < NAMED_MAX; i++) {
    const BmProp *prop = bm_props_at (props, i);
    if (prop->name.name != NULL && prop->text != NULL &&
        memcmp (prop->name.guid, bm_ps_internet_headers, sizeof prop->name.guid) == 0 &&
        is_field_name (prop->name.name) && bm_mime_may_pass (prop->name.name) &&
        !is_ours (prop->name.name) && strlen (prop->text) <= VALUE_MAX)
      g_ptr_array_add (found, (gpointer) prop);
  }
  g_ptr_array_sort (found, compare_names);
  for (guint i = 0; i < found->len; i++) {
    const BmProp *prop = g_ptr_array_index (found, i);
    g_autofree gchar *decoded = bm_mime_decode_text (prop->text); /* kept as they came */
    add (out, prop->name.name, decoded);
  }
}

static gboolean
holds_rights (const BmItem *item)
{
  for (guint i = 0; i < item->attachments->len; i++) {
    const BmAttachment *attachment = g_ptr_array_index (item->attachments, i);
    const gchar *name = bm_props_text (attachment->props, 0x3707);
    const gchar *type = bm_props_text (attachment->props, 0x370e);
    if ((name != NULL && g_ascii_strcasecmp (name, "message.rpmsg") == 0) ||
        (type != NULL && g_ascii_strcasecmp (type, "application/x-microsoft-rpmsg-message") == 0))
      return TRUE;
  }
  return FALSE;
}

/* By it Outlook knows how to show what is more than a mail: [MS-OXCMAIL] 2.1.3.2.1, [MS-OXORMMS] 2.2.1.
 * What transport headers say of it is dropped like all that speaks of the old content. */
static void
add_content_class (const BmItem *item, GString *out)
{
  static const struct {
    const gchar *message_class, *content_class;
  } known[] = {{"IPM.Note.Microsoft.Voicemail.UM.CA", "voice-ca"},
               {"IPM.Note.Microsoft.Voicemail.UM", "voice"},
               {"IPM.Note.Microsoft.Fax.CA", "fax-ca"},
               {"IPM.Note.Microsoft.Fax", "fax"},
               {"IPM.Note.Microsoft.Missed.Voice", "missedcall"},
               {"IPM.Note.Microsoft.Conversation.Voice", "voice-uc"}};
  if (holds_rights (item))
    add (out, "Content-Class", "rpmsg.message");
  for (guint i = 0; i < G_N_ELEMENTS (known); i++)
    if (bm_mime_is_class (item, known[i].message_class))
      add (out, "Content-Class", known[i].content_class);
}

/* Of voice messages and faxes, [MS-OXCMAIL] 2.1.3.2.17. Ids of this range mean other things in other
 * classes. */
static void
add_voice (const BmItem *item, GString *out)
{
  static const gchar *const classes[] = {
      "IPM.Note.Microsoft.Voicemail", "IPM.Note.rpmsg.Microsoft.Voicemail",
      "IPM.Note.Microsoft.Fax", "IPM.Note.Microsoft.Missed.Voice",
      "IPM.Note.Microsoft.Conversation.Voice"};
  static const struct {
    guint16 id;
    const gchar *name;
  } fields[] = {
      {0x6801, "X-VoiceMessageDuration"},   {0x6802, "X-CallingTelephoneNumber"},
      {0x6803, "X-VoiceMessageSenderName"}, {0x6804, "X-FaxNumberOfPages"},
      {0x6805, "X-AttachmentOrder"},        {0x6806, "X-CallID"},
  };
  gboolean is_voice = FALSE;
  for (guint i = 0; i < G_N_ELEMENTS (classes); i++)
    is_voice |= bm_mime_is_class (item, classes[i]);
  for (guint i = 0; is_voice && i < G_N_ELEMENTS (fields); i++) {
    gint64 number = bm_props_int (item->props, fields[i].id, -1);
    g_autofree gchar *text = number >= 0 ? g_strdup_printf ("%" G_GINT64_FORMAT, number)
                                         : g_strdup (bm_props_text (item->props, fields[i].id));
    add (out, fields[i].name, text);
  }
}

void
bm_mime_add_extra (BmMime *mime, GString *out)
{
  const BmProps *props = mime->item->props;
  add_importance (props, out);
  add_receipts (mime, out);
  add_lists (props, out);
  add_follow_up (props, out);
  add_suppress (props, out);
  add_exchange (props, out);
  add_language (mime, out);
  add_voice (mime->item, out);
  add_categories (mime, out);
  add_named (props, out);
  add_content_class (mime->item, out);
  for (guint i = 0; i < mime->exchange->len; i++) {
    g_autofree gchar *name = bm_mime_encode_text (g_ptr_array_index (mime->exchange, i));
    bm_mime_add_field (out, "X-PST-EX-Address", name);
  }
}
