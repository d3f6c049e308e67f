/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* See bm-csv.h. Must not know what the columns mean. */
#include "base/bm-csv.h"

#include <string.h>

typedef struct {
  const gchar *at, *end;
  gchar separator;
  guint line;
  GPtrArray *fields;
  GString *field;
} Parser;

static gchar *
from_charset (const gchar *data, gsize size, const gchar *charset, GError **error)
{
  g_autoptr (GError) local = NULL;
  gsize length = 0;
  g_autofree gchar *text = g_convert (data, (gssize) size, "UTF-8", charset, NULL, &length, &local);
  if (text != NULL && strlen (text) == length)
    return g_steal_pointer (&text);
  g_set_error (error, BM_ERROR, BM_CAUSE_USAGE, "the file is neither UTF-8 nor %s: %s", charset,
               text == NULL ? local->message : "it holds a character of value 0");
  return NULL;
}

/* One line that is not UTF-8: windows-1252, or, with a byte that it does not define, Latin-1. */
static void
append_foreign (GString *out, const gchar *line, gsize length)
{
  g_autofree gchar *text =
      g_convert (line, (gssize) length, "UTF-8", "windows-1252", NULL, NULL, NULL);
  if (text == NULL)
    text = g_convert (line, (gssize) length, "UTF-8", "ISO-8859-1", NULL, NULL, NULL);
  g_string_append (out, text);
}

/* Somebody appended rows of one program to those of another: each line speaks for itself. */
static gchar *
decode_lines (const gchar *data, gsize size)
{
  GString *out = g_string_sized_new (size + size / 8);
  for (gsize at = 0, length; at < size; at += length) {
    const gchar *end = memchr (data + at, '\n', size - at);
    length = end != NULL ? (gsize) (end - data) + 1 - at : size - at;
    if (g_utf8_validate (data + at, (gssize) length, NULL))
      g_string_append_len (out, data + at, (gssize) length);
    else
      append_foreign (out, data + at, length);
  }
  return g_string_free (out, FALSE);
}

/* Text in UTF-8 without byte order mark. */
static gchar *
decode (const gchar *data, gsize size, GError **error)
{
  if (size >= 3 && memcmp (data, BM_CSV_BOM, 3) == 0)
    return decode (data + 3, size - 3, error);
  if (size >= 2 && memcmp (data, "\xff\xfe", 2) == 0)
    return from_charset (data + 2, size - 2, "UTF-16LE", error);
  if (size >= 2 && memcmp (data, "\xfe\xff", 2) == 0)
    return from_charset (data + 2, size - 2, "UTF-16BE", error);
  if (size >= 4 && data[1] == '\0' && data[3] == '\0')
    return from_charset (data, size, "UTF-16LE", error);
  if (size >= 4 && data[0] == '\0' && data[2] == '\0')
    return from_charset (data, size, "UTF-16BE", error);
  if (memchr (data, '\0', size) != NULL) {
    g_set_error_literal (error, BM_ERROR, BM_CAUSE_USAGE,
                         "the file holds bytes of value 0: not a text file");
    return NULL;
  }
  if (g_utf8_validate (data, (gssize) size, NULL))
    return g_strndup (data, size);
  return decode_lines (data, size);
}

#define TOLD_LENGTH 5 /* "sep=;" */

/* Excel's own line, which is no row. */
static gboolean
tells_separator (const gchar *text)
{
  return strcspn (text, "\r\n") == TOLD_LENGTH && g_ascii_strncasecmp (text, "sep=", 4) == 0;
}

static gchar
guess_separator (const gchar *text)
{
  static const gchar candidates[] = ",;\t";
  guint counts[3] = {0}, best = 0;
  gboolean quoted = FALSE;
  for (; *text != '\0' && (quoted || (*text != '\n' && *text != '\r')); text++) {
    const gchar *found = strchr (candidates, *text);
    if (*text == '"')
      quoted = !quoted;
    else if (!quoted && found != NULL)
      counts[found - candidates]++;
  }
  for (guint i = 1; i < G_N_ELEMENTS (counts); i++)
    if (counts[i] > counts[best])
      best = i;
  return candidates[best];
}

/* At an opening quote; leaves the parser behind the closing one. FALSE: there is none. */
static gboolean
read_quoted (Parser *parser)
{
  for (parser->at++; parser->at < parser->end; parser->at++) {
    if (*parser->at == '"' && parser->at[1] != '"') {
      parser->at++;
      return TRUE;
    }
    if (*parser->at == '"')
      parser->at++;
    parser->line += *parser->at == '\n';
    g_string_append_c (parser->field, *parser->at);
  }
  return FALSE;
}

static void
end_field (Parser *parser)
{
  g_ptr_array_add (parser->fields, g_strndup (parser->field->str, parser->field->len));
  g_string_truncate (parser->field, 0);
}

static gboolean
at_line_end (const Parser *parser)
{
  return parser->at >= parser->end || *parser->at == '\n' || *parser->at == '\r';
}

static gboolean
read_row (Parser *parser)
{
  for (;;) {
    if (!at_line_end (parser) && *parser->at == '"' &&
        strspn (parser->field->str, " ") == parser->field->len) {
      g_string_truncate (parser->field, 0);
      if (!read_quoted (parser))
        return FALSE;
    } else if (at_line_end (parser)) {
      end_field (parser);
      return TRUE;
    } else if (*parser->at == parser->separator) {
      end_field (parser);
      parser->at++;
    } else {
      g_string_append_c (parser->field, *parser->at++);
    }
  }
}

static void
skip_line_end (Parser *parser)
{
  if (parser->at < parser->end && *parser->at == '\r')
    parser->at++;
  if (parser->at < parser->end && *parser->at == '\n')
    parser->at++;
  parser->line++;
}

/* The row that begins there ends with its line, whatever its quotes say. */
static void
read_spoilt (Parser *parser, const gchar *begin, guint line)
{
  gsize length = strcspn (begin, "\r\n");
  parser->at = begin + length;
  parser->line = line;
  g_string_truncate (parser->field, 0);
  g_ptr_array_set_size (parser->fields, 0);
  g_ptr_array_add (parser->fields, g_strndup (begin, length));
}

static gboolean
is_blank (const GPtrArray *fields)
{
  for (guint i = 0; i < fields->len; i++) {
    const gchar *text = g_ptr_array_index (fields, i);
    if (text[strspn (text, " ")] != '\0')
      return FALSE;
  }
  return TRUE;
}

static void
row_clear (gpointer data)
{
  g_strfreev (((BmCsvRow *) data)->fields);
}

GArray *
bm_csv_parse (const gchar *data, gsize size, GError **error)
{
  g_autofree gchar *text = decode (data != NULL ? data : "", size, error);
  if (text == NULL)
    return NULL;
  g_autoptr (GArray) rows = g_array_new (FALSE, FALSE, sizeof (BmCsvRow));
  g_autoptr (GString) field = g_string_new (NULL);
  g_array_set_clear_func (rows, row_clear);
  gboolean told = tells_separator (text);
  Parser parser = {.at = told ? text + TOLD_LENGTH : text,
                   .end = text + strlen (text),
                   .separator = told ? text[TOLD_LENGTH - 1] : guess_separator (text),
                   .line = 1,
                   .field = field};
  while (parser.at < parser.end) {
    g_autoptr (GPtrArray) fields = g_ptr_array_new_with_free_func (g_free);
    BmCsvRow row = {.line = parser.line};
    const gchar *begin = parser.at;
    parser.fields = fields;
    if (!read_row (&parser)) {
      row.problem = "a quote is opened and never closed";
      read_spoilt (&parser, begin, row.line);
    }
    skip_line_end (&parser);
    if (is_blank (fields))
      continue;
    g_ptr_array_add (fields, NULL);
    row.fields = (GStrv) g_ptr_array_steal (fields, NULL);
    g_array_append_val (rows, row);
  }
  return g_steal_pointer (&rows);
}

void
bm_csv_add (GString *out, BmCsvStyle style, gchar separator, const gchar *const *fields, guint n)
{
  for (guint i = 0; i < n; i++) {
    const gchar *text = fields[i] != NULL ? fields[i] : "";
    if (i > 0)
      g_string_append_c (out, separator);
    g_string_append_c (out, '"');
    if (style == BM_CSV_SPREADSHEET && *text != '\0' && strchr ("=+-@\t\r", *text) != NULL)
      g_string_append_c (out, '\'');
    for (; *text != '\0'; text++) {
      if (*text == '"')
        g_string_append_c (out, '"');
      g_string_append_c (out, *text);
    }
    g_string_append_c (out, '"');
  }
  g_string_append (out, "\r\n");
}
