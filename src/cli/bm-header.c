/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* See bm-header.h. Must not know what the addresses are evidence of. */
#include "cli/bm-header.h"

#include <string.h>

#define ADDRESS_MAX 320 /* RFC 5321 4.5.3.1: 64 + 1 + 255 */

/* ---- fields ---- */

static gboolean
begins_with (const gchar *line, gsize left, const gchar *name)
{
  gsize length = strlen (name);
  return left > length && g_ascii_strncasecmp (line, name, length) == 0 && line[length] == ':';
}

/* Length of the line at data without its end; *next: of the line after it. */
static gsize
line_length (const gchar *data, gsize size, gsize *next)
{
  const gchar *end = memchr (data, '\n', size);
  gsize length = end != NULL ? (gsize) (end - data) : size;
  *next = end != NULL ? length + 1 : size;
  return length > 0 && data[length - 1] == '\r' ? length - 1 : length;
}

gchar *
bm_header_get (GBytes *message, const gchar *name)
{
  gsize size, next, length;
  const gchar *data = g_bytes_get_data (message, &size);
  g_autoptr (GString) value = NULL;
  for (gsize at = 0; at < size; at += next) {
    length = line_length (data + at, size - at, &next);
    gboolean folded = length > 0 && (data[at] == ' ' || data[at] == '\t');
    if (length == 0 || (value != NULL && !folded))
      break;
    if (value != NULL) {
      g_string_append_len (value, data + at, (gssize) length);
    } else if (begins_with (data + at, length, name)) {
      gsize skip = strlen (name) + 1;
      value = g_string_new_len (data + at + skip, (gssize) (length - skip));
    }
  }
  return value != NULL ? g_strstrip (g_string_free (g_steal_pointer (&value), FALSE)) : NULL;
}

/* ---- addresses ---- */

gchar *
bm_header_address (const gchar *text)
{
  g_autofree gchar *copy = g_strstrip (g_strdup (text));
  const gchar *at = strchr (copy, '@');
  if (at == NULL || at == copy || at[1] == '\0' || strchr (at + 1, '@') != NULL ||
      strlen (copy) > ADDRESS_MAX || strchr ("=+-'", *copy) != NULL)
    return NULL;
  for (const gchar *p = copy; *p != '\0'; p++)
    if (*p <= ' ' || (guchar) *p >= 0x7f || strchr ("<>(),;:\\\"[]/", *p) != NULL)
      return NULL;
  return g_ascii_strdown (copy, -1);
}

typedef struct {
  const gchar *p;
  GString *plain; /* outside quotes, comments and brackets */
  GString *angle; /* between < and > */
  gboolean has_angle;
  GPtrArray *found;
} Scanner;

/* At an opening quote: behind the closing one. */
static void
skip_quoted (Scanner *scanner)
{
  for (scanner->p++; *scanner->p != '\0' && *scanner->p != '"'; scanner->p++)
    if (*scanner->p == '\\' && scanner->p[1] != '\0')
      scanner->p++;
  if (*scanner->p == '"')
    scanner->p++;
  g_string_append_c (scanner->plain, '"'); /* no bare address holds one */
}

/* At an opening bracket: behind the closing one; comments nest. */
static void
skip_comment (Scanner *scanner)
{
  guint depth = 0;
  do {
    if (*scanner->p == '\\' && scanner->p[1] != '\0')
      scanner->p++;
    else if (*scanner->p == '(')
      depth++;
    else if (*scanner->p == ')')
      depth--;
    scanner->p++;
  } while (*scanner->p != '\0' && depth > 0);
}

static void
read_angle (Scanner *scanner)
{
  gsize length = strcspn (++scanner->p, ">");
  g_string_truncate (scanner->angle, 0);
  g_string_append_len (scanner->angle, scanner->p, (gssize) length);
  scanner->has_angle = TRUE;
  scanner->p += length + (scanner->p[length] == '>');
}

static void
end_mailbox (Scanner *scanner)
{
  g_autofree gchar *address =
      bm_header_address (scanner->has_angle ? scanner->angle->str : scanner->plain->str);
  if (address != NULL &&
      !g_ptr_array_find_with_equal_func (scanner->found, address, g_str_equal, NULL))
    g_ptr_array_add (scanner->found, g_steal_pointer (&address));
  g_string_truncate (scanner->plain, 0);
  scanner->has_angle = FALSE;
}

GStrv
bm_header_addresses (const gchar *value)
{
  g_autoptr (GString) plain = g_string_new (NULL), angle = g_string_new (NULL);
  GPtrArray *found = g_ptr_array_new ();
  Scanner scanner = {value != NULL ? value : "", plain, angle, FALSE, found};
  while (*scanner.p != '\0') {
    switch (*scanner.p) {
    case '"':
      skip_quoted (&scanner);
      break;
    case '(':
      skip_comment (&scanner);
      break;
    case '<':
      read_angle (&scanner);
      break;
    case ',':
    case ';': /* the end of a group */
      end_mailbox (&scanner);
      scanner.p++;
      break;
    case ':': /* what precedes was the name of a group */
      g_string_truncate (plain, 0);
      scanner.p++;
      break;
    default:
      g_string_append_c (plain, *scanner.p++);
    }
  }
  end_mailbox (&scanner);
  g_ptr_array_add (found, NULL);
  return (GStrv) g_ptr_array_free (found, FALSE);
}

gchar *
bm_header_find_address (const gchar *text)
{
  g_auto (GStrv) words = g_strsplit_set (text != NULL ? text : "", " \t\r\n<>()[],;:\"'", -1);
  for (guint i = 0; words[i] != NULL; i++) {
    gchar *address = bm_header_address (words[i]);
    if (address != NULL)
      return address;
  }
  return NULL;
}
