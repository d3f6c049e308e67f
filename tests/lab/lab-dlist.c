/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* See lab-dlist.h. Grammar: imap/dlist.c of Cyrus 3.6. Depth is bounded; the peer is our own sync_client. */
#include "lab-dlist.h"

#include <string.h>

enum { READ_AHEAD = 256 * 1024, MAX_DEPTH = 32 };

struct _LabReader {
  GInputStream *in;
  guint8 *buffer;
  gsize at, end;
  GByteArray *file; /* reused from message to message */
};

LabReader *
lab_reader_new (GInputStream *in)
{
  LabReader *reader = g_new0 (LabReader, 1);
  reader->in = g_object_ref (in);
  reader->buffer = g_malloc (READ_AHEAD);
  reader->file = g_byte_array_new ();
  return reader;
}

void
lab_reader_free (LabReader *reader)
{
  g_object_unref (reader->in);
  g_byte_array_unref (reader->file);
  g_free (reader->buffer);
  g_free (reader);
}

static gboolean
fill (LabReader *reader)
{
  gssize got = g_input_stream_read (reader->in, reader->buffer, READ_AHEAD, NULL, NULL);
  reader->at = 0;
  reader->end = got > 0 ? (gsize) got : 0;
  return got > 0;
}

static int
next_byte (LabReader *reader)
{
  if (reader->at == reader->end && !fill (reader))
    return -1;
  return reader->buffer[reader->at++];
}

/* Only ever the byte just read, so it is still in the buffer. */
static void
push_back (LabReader *reader)
{
  reader->at--;
}

static gboolean
read_exactly (LabReader *reader, guint8 *to, gsize size)
{
  gsize have = MIN (size, reader->end - reader->at);
  memcpy (to, reader->buffer + reader->at, have);
  reader->at += have;
  gsize got = 0;
  g_input_stream_read_all (reader->in, to + have, size - have, &got, NULL, NULL);
  return have + got == size;
}

static int
skip_spaces (LabReader *reader)
{
  int c = next_byte (reader);
  while (c == ' ')
    c = next_byte (reader);
  return c;
}

static gchar *
read_until (LabReader *reader, const gchar *stop)
{
  g_autoptr (GString) word = g_string_new (NULL);
  int c;
  while ((c = next_byte (reader)) >= 0 && (c == 0 || strchr (stop, c) == NULL))
    g_string_append_c (word, (gchar) c);
  if (c < 0)
    return NULL;
  push_back (reader);
  return g_string_free (g_steal_pointer (&word), FALSE);
}

gchar *
lab_reader_word (LabReader *reader)
{
  int c = skip_spaces (reader);
  if (c < 0)
    return NULL;
  push_back (reader);
  return read_until (reader, " ()}\r\n");
}

gboolean
lab_reader_more (LabReader *reader)
{
  int c = skip_spaces (reader);
  if (c >= 0)
    push_back (reader);
  return c >= 0 && c != '\r' && c != '\n';
}

gchar *
lab_reader_line (LabReader *reader)
{
  g_autoptr (GString) line = g_string_new (NULL);
  int c;
  while ((c = next_byte (reader)) >= 0 && c != '\n')
    if (c != '\r')
      g_string_append_c (line, (gchar) c);
  return g_string_free (g_steal_pointer (&line), FALSE);
}

GBytes *
lab_reader_bytes (LabReader *reader, gsize size)
{
  g_autofree guint8 *bytes = g_malloc (size + 1); /* never of size 0 */
  return read_exactly (reader, bytes, size) ? g_bytes_new_take (g_steal_pointer (&bytes), size)
                                            : NULL;
}

static LabValue *
new_value (LabKind kind, gchar *text, gsize length)
{
  LabValue *value = g_new0 (LabValue, 1);
  value->kind = kind;
  value->text = text;
  value->length = length;
  if (kind == LAB_LIST || kind == LAB_MAP)
    value->items = g_ptr_array_new_with_free_func ((GDestroyNotify) lab_value_free);
  if (kind == LAB_MAP)
    value->keys = g_ptr_array_new_with_free_func (g_free);
  return value;
}

void
lab_value_free (LabValue *value)
{
  if (value == NULL)
    return;
  g_clear_pointer (&value->items, g_ptr_array_unref);
  g_clear_pointer (&value->keys, g_ptr_array_unref);
  g_free (value->text);
  g_free (value);
}

/* After "{" or "%{": the size, the closing brace and the line end. */
static gboolean
read_size (LabReader *reader, gsize *size)
{
  g_autofree gchar *digits = read_until (reader, "}");
  if (digits == NULL)
    return FALSE;
  *size = (gsize) g_ascii_strtoull (digits, NULL, 10);
  next_byte (reader);
  return next_byte (reader) == '\r' ? next_byte (reader) == '\n' : TRUE;
}

static LabValue *
read_quoted (LabReader *reader)
{
  g_autoptr (GString) text = g_string_new (NULL);
  int c;
  while ((c = next_byte (reader)) >= 0 && c != '"') {
    if (c == '\\')
      c = next_byte (reader);
    g_string_append_c (text, (gchar) c);
  }
  gsize length = text->len;
  return c < 0 ? NULL
               : new_value (LAB_ATOM, g_string_free (g_steal_pointer (&text), FALSE), length);
}

static LabValue *
read_literal (LabReader *reader)
{
  gsize size = 0;
  if (!read_size (reader, &size))
    return NULL;
  g_autofree gchar *text = g_malloc (size + 1);
  text[size] = '\0';
  if (!read_exactly (reader, (guint8 *) text, size))
    return NULL;
  return new_value (LAB_ATOM, g_steal_pointer (&text), size);
}

static LabValue *
read_file (LabReader *reader, LabFileFunc on_file, gpointer user_data)
{
  g_autofree gchar *partition = lab_reader_word (reader);
  g_autofree gchar *guid = lab_reader_word (reader);
  gsize size = 0;
  if (partition == NULL || guid == NULL || skip_spaces (reader) < 0)
    return NULL;
  push_back (reader);
  if (!read_size (reader, &size))
    return NULL;
  g_byte_array_set_size (reader->file, (guint) size);
  if (!read_exactly (reader, reader->file->data, size))
    return NULL;
  if (on_file != NULL)
    on_file (partition, guid, reader->file->data, size, user_data);
  gsize length = strlen (guid);
  return new_value (LAB_FILE, g_steal_pointer (&guid), length);
}

static LabValue *read_value (LabReader *reader, LabFileFunc on_file, gpointer user_data,
                             guint depth);

/* A list, or a map when the values have names. */
static LabValue *
read_items (LabReader *reader, LabKind kind, LabFileFunc on_file, gpointer user_data, guint depth)
{
  g_autoptr (LabValue) value = new_value (kind, NULL, 0);
  int c;
  while ((c = skip_spaces (reader)) != ')') {
    if (c < 0 || depth > MAX_DEPTH)
      return NULL;
    push_back (reader);
    if (kind == LAB_MAP) {
      gchar *key = lab_reader_word (reader);
      if (key == NULL)
        return NULL;
      g_ptr_array_add (value->keys, key);
    }
    LabValue *item = read_value (reader, on_file, user_data, depth + 1);
    if (item == NULL)
      return NULL;
    g_ptr_array_add (value->items, item);
  }
  return g_steal_pointer (&value);
}

static LabValue *
read_value (LabReader *reader, LabFileFunc on_file, gpointer user_data, guint depth)
{
  int c = skip_spaces (reader);
  if (c == '(')
    return read_items (reader, LAB_LIST, on_file, user_data, depth);
  if (c == '"')
    return read_quoted (reader);
  if (c == '{')
    return read_literal (reader);
  if (c == '%') {
    c = next_byte (reader);
    if (c == '(')
      return read_items (reader, LAB_MAP, on_file, user_data, depth);
    return c == '{' ? read_file (reader, on_file, user_data) : NULL;
  }
  if (c < 0)
    return NULL;
  push_back (reader);
  gchar *word = read_until (reader, " ()\r\n");
  if (word == NULL)
    return NULL;
  return new_value (g_str_equal (word, "NIL") ? LAB_NIL : LAB_ATOM, word, strlen (word));
}

LabValue *
lab_reader_value (LabReader *reader, LabFileFunc on_file, gpointer user_data)
{
  return read_value (reader, on_file, user_data, 0);
}

const LabValue *
lab_value_get (const LabValue *map, const gchar *key)
{
  if (map == NULL || map->kind != LAB_MAP)
    return NULL;
  for (guint i = 0; i < map->items->len; i++)
    if (g_strcmp0 (map->keys->pdata[i], key) == 0)
      return map->items->pdata[i];
  return NULL;
}

const gchar *
lab_value_text (const LabValue *map, const gchar *key, const gchar *fallback)
{
  const LabValue *value = lab_value_get (map, key);
  return value != NULL && value->kind == LAB_ATOM ? value->text : fallback;
}

gint64
lab_value_number (const LabValue *map, const gchar *key)
{
  return g_ascii_strtoll (lab_value_text (map, key, "0"), NULL, 10);
}

/* As a server prints: a client that reads would take {n+} for an error. */
static void
print_atom (const LabValue *value, GString *out)
{
  gboolean plain = value->length > 0 && g_ascii_strcasecmp (value->text, "NIL") != 0;
  gboolean quotable = TRUE;
  for (gsize i = 0; i < value->length; i++) {
    guchar c = (guchar) value->text[i];
    plain = plain && c > ' ' && c < 127 && strchr ("(){}%\"", c) == NULL && (c != '\\' || i == 0);
    quotable = quotable && (c >= ' ' || c == '\t') && c < 127 && c != '"' && c != '\\' && c != '%';
  }
  if (plain)
    g_string_append_len (out, value->text, (gssize) value->length);
  else if (quotable)
    g_string_append_printf (out, "\"%s\"", value->text);
  else {
    g_string_append_printf (out, "{%" G_GSIZE_FORMAT "}\r\n", value->length);
    g_string_append_len (out, value->text, (gssize) value->length);
  }
}

void
lab_value_print_map (const LabValue *map, const gchar *const *but, GString *out)
{
  g_string_append (out, "%(");
  const gchar *space = "";
  for (guint i = 0; i < map->items->len; i++) {
    const gchar *key = map->keys->pdata[i];
    if (but != NULL && g_strv_contains (but, key))
      continue;
    g_string_append_printf (out, "%s%s ", space, key);
    lab_value_print (map->items->pdata[i], out);
    space = " ";
  }
  g_string_append_c (out, ')');
}

void
lab_value_print (const LabValue *value, GString *out)
{
  if (value->kind == LAB_NIL) {
    g_string_append (out, "NIL");
  } else if (value->kind == LAB_ATOM) {
    print_atom (value, out);
  } else if (value->kind == LAB_MAP) {
    lab_value_print_map (value, NULL, out);
  } else if (value->kind == LAB_LIST) {
    g_string_append_c (out, '(');
    for (guint i = 0; i < value->items->len; i++) {
      if (i > 0)
        g_string_append_c (out, ' ');
      lab_value_print (value->items->pdata[i], out);
    }
    g_string_append_c (out, ')');
  }
}
