/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Transport headers (0x007D) as Outlook keeps them: often malformed, with the headers of nested
 * parts behind the first empty line. Must not know which fields matter. One thread. */
#include "mime/bm-mime.h"

#include <gmime/gmime.h>
#include <string.h>

#define FIELDS_MAX     2000
#define FIELD_NAME_MAX 76 /* no real field has a longer name; a line of 998 must hold it */

void
bm_mime_field_free (BmMimeField *field)
{
  g_free (field->name);
  g_free (field->value);
  g_free (field);
}

/* Length of a valid field name before ':', RFC 5322 2.2; 0 when the line is no field. */
static gsize
name_length (const gchar *line)
{
  gsize n = 0;
  while (line[n] > ' ' && line[n] < 0x7f && line[n] != ':')
    n++;
  gsize blanks = strspn (line + n, " \t");
  return n > 0 && n <= FIELD_NAME_MAX && line[n + blanks] == ':' ? n : 0;
}

static BmMimeField *
field_of (const gchar *line, gsize name)
{
  const gchar *colon = strchr (line + name, ':');
  BmMimeField *field = g_new0 (BmMimeField, 1);
  field->name = g_strndup (line, name);
  field->value = g_strdup (colon + 1 + strspn (colon + 1, " \t"));
  return field;
}

static gboolean
is_folded (const gchar *line)
{
  return line != NULL && (*line == ' ' || *line == '\t');
}

/* Folded lines belong to the field before; a single blank stands for each break. Returns how many
 * there are. */
static guint
append_folded (BmMimeField *field, gchar *const *lines)
{
  guint n = 0;
  GString *joined = g_string_new (field->value);
  for (; is_folded (lines[n]); n++) {
    g_string_append_c (joined, ' ');
    g_string_append (joined, lines[n] + strspn (lines[n], " \t"));
  }
  g_free (field->value);
  field->value = g_string_free (joined, FALSE);
  return n;
}

const gchar *
bm_mime_fields_get (const GPtrArray *fields, const gchar *name)
{
  for (guint i = 0; fields != NULL && i < fields->len; i++) {
    const BmMimeField *field = g_ptr_array_index (fields, i);
    if (g_ascii_strcasecmp (field->name, name) == 0)
      return field->value;
  }
  return NULL;
}

/* At least one field that the way of a mail leaves: else it is something else, or garbage. */
static gboolean
are_mail_headers (const GPtrArray *fields)
{
  static const gchar *const names[] = {"Received", "Return-Path", "From",
                                       "To",       "Date",        "Message-ID"};
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    if (bm_mime_fields_get (fields, names[i]) != NULL)
      return TRUE;
  return FALSE;
}

/* ---- what there may be one of ---- */

/* RFC 5322 3.6: at most one of each, and none of them may be empty but Subject. */
static gboolean
is_single (const gchar *name)
{
  static const gchar *const names[] = {"From",       "Sender",      "Subject",   "Date",
                                       "Message-ID", "In-Reply-To", "References"};
  return bm_mime_is_among (name, names, G_N_ELEMENTS (names));
}

static gboolean
is_list (const gchar *name)
{
  static const gchar *const names[] = {"To", "Cc", "Bcc", "Reply-To"};
  return bm_mime_is_among (name, names, G_N_ELEMENTS (names));
}

/* with_domain: an address to write to, not a name alone. */
static gboolean
has_mailbox (const gchar *value, gboolean with_domain)
{
  g_autofree gchar *known = bm_mime_known_words (value);
  g_autoptr (GObject) parsed = (GObject *) internet_address_list_parse (NULL, known);
  InternetAddressList *list = (InternetAddressList *) parsed;
  for (int i = 0; list != NULL && i < internet_address_list_length (list); i++) {
    InternetAddress *one = internet_address_list_get_address (list, i);
    const gchar *address = INTERNET_ADDRESS_IS_MAILBOX (one)
                               ? internet_address_mailbox_get_addr (INTERNET_ADDRESS_MAILBOX (one))
                               : "@"; /* a group: of its members nothing is asked */
    if (!with_domain || (address != NULL && strchr (address, '@') != NULL))
      return TRUE;
  }
  return FALSE;
}

/* FALSE: better the properties' than this. */
static gboolean
says_something (const BmMimeField *field)
{
  if (g_ascii_strcasecmp (field->name, "Subject") == 0)
    return TRUE;
  if (field->value[strspn (field->value, " \t<>,;")] == '\0')
    return FALSE;
  if (g_ascii_strcasecmp (field->name, "Date") == 0) {
    g_autoptr (GDateTime) date = g_mime_utils_header_decode_date (field->value);
    return date != NULL;
  }
  if (g_ascii_strcasecmp (field->name, "Reply-To") == 0) /* without it answers go to From */
    return has_mailbox (field->value, TRUE);
  return g_ascii_strcasecmp (field->name, "From") != 0 || has_mailbox (field->value, FALSE);
}

/* The first of each stays, with what the others of a list add; what says nothing goes. */
static void
tidy (GPtrArray *fields, BmNotes *notes)
{
  g_autoptr (GHashTable) first = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  for (guint i = 0; i < fields->len;) {
    BmMimeField *field = g_ptr_array_index (fields, i);
    gboolean single = is_single (field->name), list = is_list (field->name);
    g_autofree gchar *name = g_ascii_strdown (field->name, -1);
    BmMimeField *known = g_hash_table_lookup (first, name);
    if (!single && !list) {
      i++;
      continue;
    }
    if (known == NULL && says_something (field)) {
      g_hash_table_insert (first, g_steal_pointer (&name), field);
      i++;
      continue;
    }
    if (known != NULL && list && says_something (field)) {
      gchar *joined = g_strconcat (known->value, ", ", field->value, NULL);
      g_free (known->value);
      known->value = joined;
    }
    bm_notes_add (notes, BM_NOTE_HEADERS_REPAIRED);
    g_ptr_array_remove_index (fields, i);
  }
}

/* CR alone ends a line too. */
static gchar *
lf_only (const gchar *text)
{
  GString *lines = g_string_sized_new (strlen (text) + 1);
  for (const gchar *p = text; *p != '\0'; p++)
    if (*p != '\r' || p[1] != '\n')
      g_string_append_c (lines, *p == '\r' ? '\n' : *p);
  return g_string_free (lines, FALSE);
}

static void
widen (BmMimeField *field, BmNotes *notes)
{
  gchar *wider = bm_mime_widen_words (field->value);
  if (wider == NULL)
    return;
  bm_notes_add (notes, BM_NOTE_HEADERS_REPAIRED);
  g_free (field->value);
  field->value = wider;
}

GPtrArray *
bm_mime_transport_parse (const gchar *text, BmNotes *notes)
{
  static const gchar mark[] = "Microsoft Mail Internet Headers";
  g_autoptr (GPtrArray) fields =
      g_ptr_array_new_with_free_func ((GDestroyNotify) bm_mime_field_free);
  g_autofree gchar *lines = lf_only (text);
  g_auto (GStrv) split = g_strsplit_set (lines, "\n", -1);
  for (guint i = 0; split[i] != NULL && fields->len < FIELDS_MAX; i++) {
    const gchar *line = split[i];
    if (*line == '\0' && fields->len > 0)
      break;
    if (*line == '\0' || (fields->len == 0 && g_str_has_prefix (line, mark)))
      continue;
    gsize name = name_length (line);
    if (is_folded (line) && fields->len > 0)
      i += append_folded (g_ptr_array_index (fields, fields->len - 1), split + i) - 1;
    else if (name > 0)
      g_ptr_array_add (fields, field_of (line, name));
    else
      bm_notes_add (notes, BM_NOTE_HEADERS_REPAIRED);
  }
  tidy (fields, notes);
  for (guint i = 0; i < fields->len; i++)
    widen (g_ptr_array_index (fields, i), notes);
  if (are_mail_headers (fields))
    return g_steal_pointer (&fields);
  if (fields->len > 0)
    bm_notes_add (notes, BM_NOTE_HEADERS_REPAIRED);
  return NULL;
}

const gchar *
bm_mime_transport_get (const BmMime *mime, const gchar *name)
{
  return bm_mime_fields_get (mime->transport, name);
}
