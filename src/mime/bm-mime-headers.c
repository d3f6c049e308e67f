/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The header block: the item's own transport headers where it has them, completed from its
 * properties; else synthesised. Content fields are the tree's. [MS-OXCMAIL] 2.1.3. One thread. */
#include "mime/bm-mime.h"

#include <string.h>

#define REPLACED    65533 /* U+FFFD */
#define SUBJECT_MAX 250   /* characters; older Outlooks cut at 255 bytes and less */

gboolean
bm_mime_may_pass (const gchar *name)
{
  static const gchar *const names[] = {"MIME-Version", "X-MimeOLE"};
  return !bm_mime_is_among (name, names, G_N_ELEMENTS (names)) &&
         g_ascii_strncasecmp (name, "Content-", 8) != 0 &&
         g_ascii_strncasecmp (name, "X-Bm-", 5) != 0;
}

static gboolean
holds_addresses (const gchar *name)
{
  static const gchar *const names[] = {"From",
                                       "Sender",
                                       "Reply-To",
                                       "To",
                                       "Cc",
                                       "Bcc",
                                       "Resent-From",
                                       "Resent-Sender",
                                       "Resent-Reply-To",
                                       "Resent-To",
                                       "Resent-Cc",
                                       "Resent-Bcc",
                                       "Disposition-Notification-To",
                                       "Return-Receipt-To"};
  return bm_mime_is_among (name, names, G_N_ELEMENTS (names));
}

static void
add_foreign (BmMime *mime, GString *out, const BmMimeField *field)
{
  g_autofree gchar *value = NULL;
  g_autofree gchar *opened = holds_addresses (field->name)
                                 ? bm_mime_open_encapsulated (mime, field->value)
                                 : g_strdup (field->value);
  g_autofree gchar *line = bm_mime_one_line (opened);
  if (bm_mime_is_ascii (line)) {
    value = g_steal_pointer (&line);
  } else if (holds_addresses (field->name)) {
    value = bm_mime_reencode_addresses (line);
  } else { /* it may have encoded words beside 8-bit ones */
    g_autofree gchar *decoded = bm_mime_decode_text (line);
    value = bm_mime_encode_text (decoded);
  }
  bm_mime_add_field (out, field->name, value);
}

/* What ANSI files make of a subject: '?' for what the code page has not, and an end after 255. */
static gboolean
is_worn_copy (const gchar *copy, const gchar *original)
{
  glong n = 0;
  for (; *copy != '\0' && *original != '\0'; n++) {
    gunichar c = g_utf8_get_char (copy), o = g_utf8_get_char (original);
    if (c != o && (o < 0x80 || (c != '?' && c != REPLACED)))
      return FALSE;
    copy = g_utf8_next_char (copy);
    original = g_utf8_next_char (original);
  }
  return *copy == '\0' && (*original == '\0' || n >= SUBJECT_MAX);
}

/* Outlook lets a reader edit the subject of a mail: then the edit is what he knew. */
static gboolean
subject_was_edited (BmMime *mime, const gchar *subject)
{
  const gchar *header = bm_mime_transport_get (mime, "Subject");
  if (subject == NULL || header == NULL)
    return FALSE;
  g_autofree gchar *decoded = bm_mime_decode_text (header);
  g_autofree gchar *line = bm_mime_one_line (decoded);
  if (is_worn_copy (subject, line))
    return FALSE;
  bm_notes_add (&mime->notes, BM_NOTE_SUBJECT_EDITED);
  return TRUE;
}

static void
add_text (GString *out, const gchar *name, const gchar *utf8)
{
  if (utf8 == NULL)
    return;
  g_autofree gchar *value = bm_mime_encode_text (utf8);
  bm_mime_add_field (out, name, value);
}

/* Takes value. */
static void
add_taken (GString *out, const gchar *name, gchar *value)
{
  g_autofree gchar *owned = value;
  if (owned != NULL && *owned != '\0')
    bm_mime_add_field (out, name, owned);
}

static gboolean
is_missing (const BmMime *mime, const gchar *name)
{
  return bm_mime_transport_get (mime, name) == NULL;
}

/* A sender without an address ("root") is none that readers must take, RFC 5322 3.4: his whom the
 * properties know, at worst the name with a placeholder. */
static void
add_from (BmMime *mime, GString *out, const BmMimeField *field)
{
  if (strchr (field->value, '@') != NULL) {
    add_foreign (mime, out, field);
    return;
  }
  g_autofree gchar *name = bm_mime_decode_text (field->value);
  BmMimeParty party = bm_mime_party_from (mime->item->props);
  if (party.name == NULL && party.address == NULL && party.smtp == NULL)
    party = (BmMimeParty){.name = name};
  bm_notes_add (&mime->notes, BM_NOTE_HEADERS_REPAIRED);
  add_taken (out, "From", bm_mime_mailbox (mime, &party, NULL));
}

static void
add_date (BmMime *mime, GString *out, const BmMimeField *field)
{
  gchar *mended = bm_mime_mended_date (mime, field->value);
  if (mended != NULL)
    add_taken (out, "Date", mended);
  else
    add_foreign (mime, out, field);
}

static void
add_transport (BmMime *mime, GString *out, const gchar *subject)
{
  gboolean edited = subject_was_edited (mime, subject);
  gboolean subject_done = FALSE, id_done = FALSE;
  for (guint i = 0; i < mime->transport->len; i++) {
    const BmMimeField *field = g_ptr_array_index (mime->transport, i);
    if (!bm_mime_may_pass (field->name))
      continue;
    if (g_ascii_strcasecmp (field->name, "Message-ID") == 0) {
      if (!id_done)
        bm_mime_add_field (out, "Message-ID", mime->message_id);
      id_done = TRUE;
      continue;
    }
    if (g_ascii_strcasecmp (field->name, "Subject") == 0) {
      if (!subject_done && edited)
        add_text (out, "Subject", subject);
      else if (!subject_done)
        add_foreign (mime, out, field);
      subject_done = TRUE;
      continue;
    }
    if (g_ascii_strcasecmp (field->name, "From") == 0)
      add_from (mime, out, field);
    else if (g_ascii_strcasecmp (field->name, "Date") == 0)
      add_date (mime, out, field);
    else
      add_foreign (mime, out, field);
  }
}

static void
add_people (BmMime *mime, GString *out)
{
  if (is_missing (mime, "From")) {
    g_autofree gchar *address = NULL;
    add_taken (out, "From", bm_mime_from (mime, &address));
    if (is_missing (mime, "Sender"))
      add_taken (out, "Sender", bm_mime_sender (mime, address));
  }
  if (is_missing (mime, "Reply-To"))
    add_taken (out, "Reply-To", bm_mime_reply_to (mime));
  if (is_missing (mime, "To"))
    add_taken (out, "To", bm_mime_recipients (mime, 1));
  if (is_missing (mime, "Cc"))
    add_taken (out, "Cc", bm_mime_recipients (mime, 2));
  if (is_missing (mime, "Bcc") && !bm_mime_is_received (mime)) /* there it is the owner himself */
    add_taken (out, "Bcc", bm_mime_recipients (mime, 3));
}

static void
add_threading (const BmMime *mime, GString *out)
{
  const BmProps *props = mime->item->props;
  if (is_missing (mime, "In-Reply-To"))
    add_text (out, "In-Reply-To", bm_props_text (props, 0x1042));
  if (is_missing (mime, "References"))
    add_text (out, "References", bm_props_text (props, 0x1039));
  if (is_missing (mime, "Thread-Topic"))
    add_text (out, "Thread-Topic", bm_props_text (props, 0x0070));
  GBytes *index = bm_props_data (props, 0x0071);
  if (index != NULL && is_missing (mime, "Thread-Index")) {
    gsize size;
    const guchar *data = g_bytes_get_data (index, &size);
    if (size > 0)
      add_taken (out, "Thread-Index", g_base64_encode (data, size));
  }
}

void
bm_mime_add_headers (BmMime *mime, GString *out)
{
  g_autofree gchar *subject = bm_mime_subject (mime->item);
  if (mime->transport != NULL)
    add_transport (mime, out, subject);
  add_people (mime, out);
  if (is_missing (mime, "Subject"))
    add_text (out, "Subject", subject);
  if (is_missing (mime, "Date"))
    add_taken (out, "Date", bm_mime_date (bm_mime_header_date (mime)));
  if (is_missing (mime, "Message-ID"))
    bm_mime_add_field (out, "Message-ID", mime->message_id);
  add_threading (mime, out);
  bm_mime_add_extra (mime, out);
  bm_mime_add_field (out, "MIME-Version", "1.0");
}
