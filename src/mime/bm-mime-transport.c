/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Transport headers (0x007D) as Outlook keeps them: often malformed, with the headers of nested
 * parts behind the first empty line. Must not know which fields matter. One thread. */
#include "mime/bm-mime.h"

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

/* A folded line belongs to the field before; a single blank stands for the break. */
static void
append_folded (BmMimeField *field, const gchar *line)
{
  gchar *joined = g_strconcat (field->value, " ", line + strspn (line, " \t"), NULL);
  g_free (field->value);
  field->value = joined;
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

GPtrArray *
bm_mime_transport_parse (const gchar *text, BmNotes *notes)
{
  static const gchar mark[] = "Microsoft Mail Internet Headers";
  g_autoptr (GPtrArray) fields =
      g_ptr_array_new_with_free_func ((GDestroyNotify) bm_mime_field_free);
  g_autoptr (GString) lines = g_string_new (text);
  g_string_replace (lines, "\r\n", "\n", 0);
  g_strdelimit (lines->str, "\r", '\n');
  g_auto (GStrv) split = g_strsplit (lines->str, "\n", -1);
  for (guint i = 0; split[i] != NULL && fields->len < FIELDS_MAX; i++) {
    const gchar *line = split[i];
    if (*line == '\0' && fields->len > 0)
      break;
    if (*line == '\0' || (fields->len == 0 && g_str_has_prefix (line, mark)))
      continue;
    gsize name = name_length (line);
    if ((*line == ' ' || *line == '\t') && fields->len > 0)
      append_folded (g_ptr_array_index (fields, fields->len - 1), line);
    else if (name > 0)
      g_ptr_array_add (fields, field_of (line, name));
    else
      bm_notes_add (notes, BM_NOTE_HEADERS_REPAIRED);
  }
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
