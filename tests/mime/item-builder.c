/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* See item-builder.h. */
#include "mime/item-builder.h"

#include "base/bm-spool.h"
#include <string.h>

BmItem *
item_new (const gchar *message_class)
{
  BmItem *item = bm_item_new ();
  g_free (item->message_class);
  item->message_class = g_strdup (message_class);
  item->nid = 0x200024;
  return item;
}

static void
take (BmProps *props, BmProp prop)
{
  bm_props_take (props, &prop);
}

void
item_text (BmProps *props, guint16 id, const gchar *utf8)
{
  take (props, (BmProp){.id = id, .type = BM_TYPE_UNICODE, .text = g_strdup (utf8)});
}

void
item_bytes (BmProps *props, guint16 id, gconstpointer data, gsize size)
{
  take (props, (BmProp){.id = id, .type = BM_TYPE_BINARY, .data = g_bytes_new (data, size)});
}

void
item_string8 (BmProps *props, guint16 id, const gchar *bytes, const gchar *utf8)
{
  take (props, (BmProp){.id = id,
                        .type = BM_TYPE_STRING8,
                        .text = g_strdup (utf8),
                        .data = g_bytes_new (bytes, strlen (bytes))});
}

void
item_int (BmProps *props, guint16 id, gint64 value)
{
  take (props, (BmProp){.id = id, .type = BM_TYPE_INT32, .integer = value});
}

void
item_bool (BmProps *props, guint16 id, gboolean value)
{
  take (props, (BmProp){.id = id, .type = BM_TYPE_BOOLEAN, .integer = value});
}

void
item_time (BmProps *props, guint16 id, gint64 unix_time)
{
  take (props, (BmProp){.id = id,
                        .type = BM_TYPE_FILETIME,
                        .integer = unix_time * 10000000 + G_GINT64_CONSTANT (116444736000000000)});
}

void
item_categories (BmItem *item, const gchar *const *names)
{
  static const guint8 guid[16] = {0x29, 0x03, 0x02, 0, 0, 0, 0, 0, 0xc0, 0, 0, 0, 0, 0, 0, 0x46};
  BmProp prop = {.id = 0x8005, .type = BM_TYPE_MV | BM_TYPE_UNICODE};
  memcpy (prop.name.guid, guid, sizeof guid);
  prop.name.name = g_intern_static_string ("Keywords");
  prop.texts = g_ptr_array_new_with_free_func (g_free);
  for (; *names != NULL; names++)
    g_ptr_array_add (prop.texts, g_strdup (*names));
  bm_props_take (item->props, &prop);
}

BmProps *
item_recipient (BmItem *item, guint32 type, const gchar *name, const gchar *smtp)
{
  BmProps *row = bm_props_new ();
  if (item->recipients == NULL)
    item->recipients = g_ptr_array_new_with_free_func ((GDestroyNotify) bm_props_free);
  item_int (row, 0x3000, item->recipients->len);
  item_int (row, 0x0c15, type);
  if (name != NULL)
    item_text (row, 0x3001, name);
  if (smtp != NULL)
    item_text (row, 0x39fe, smtp);
  g_ptr_array_add (item->recipients, row);
  return row;
}

BmAttachment *
item_attachment (BmItem *item, const gchar *name, gconstpointer data, gsize size)
{
  BmAttachment *attachment = bm_attachment_new ();
  g_autoptr (GBytes) bytes = g_bytes_new (data, size);
  attachment->method = BM_ATTACH_BY_VALUE;
  attachment->data = bm_spool_new_bytes (bytes);
  if (name != NULL)
    item_text (attachment->props, 0x3707, name);
  g_ptr_array_add (item->attachments, attachment);
  return attachment;
}

BmAttachment *
item_embed (BmItem *item, BmItem *inner)
{
  BmAttachment *attachment = bm_attachment_new ();
  attachment->method = BM_ATTACH_EMBEDDED;
  attachment->embedded = inner;
  g_ptr_array_add (item->attachments, attachment);
  return attachment;
}

BmItem *
item_mail (void)
{
  BmItem *item = item_new ("IPM.Note");
  item_text (item->props, 0x0042, "Ada Lovelace");
  item_text (item->props, 0x5d02, "ada@example.org");
  item_recipient (item, 1, "Bob", "bob@example.net");
  item_time (item->props, 0x0039, 1500000000);
  item_text (item->props, 0x0037, "Hello");
  item_text (item->props, 0x1035, "<one@example.org>");
  item_text (item->props, 0x1000, "Hi Bob\r\n");
  return item;
}

GByteArray *
stored_rtf (const gchar *rtf)
{
  gsize n = strlen (rtf);
  GByteArray *out = g_byte_array_new ();
  const guint32 head[] = {GUINT32_TO_LE ((guint32) n + 12), GUINT32_TO_LE ((guint32) n),
                          GUINT32_TO_LE (0x414c454d), 0};
  g_byte_array_append (out, (const guint8 *) head, sizeof head);
  g_byte_array_append (out, (const guint8 *) rtf, (guint) n);
  return out;
}

void
item_rtf (BmItem *item, const gchar *rtf)
{
  g_autoptr (GByteArray) out = stored_rtf (rtf);
  item_bytes (item->props, 0x1009, out->data, out->len);
}

static void
check_lines (const gchar *text)
{
  gsize line = 0;
  for (; *text != '\0'; text++) {
    line = *text == '\n' ? 0 : line + 1;
    g_assert_cmpuint (line, <=, 999);
  }
}

static void
on_warning (gint64 offset, GMimeParserWarning code, const gchar *what, gpointer user_data)
{
  g_test_message ("GMime at %" G_GINT64_FORMAT ": %d %s", offset, code, what);
  g_test_fail ();
}

/* Every case: a parser has nothing to complain of. */
static GMimeMessage *
parse (const gchar *data, gsize size)
{
  GMimeStream *stream = g_mime_stream_mem_new_with_buffer (data, size);
  GMimeParser *parser = g_mime_parser_new_with_stream (stream);
  GMimeParserOptions *options = g_mime_parser_options_new ();
  g_mime_parser_options_set_warning_callback (options, on_warning, NULL);
  GMimeMessage *message = g_mime_parser_construct_message (parser, options);
  g_assert_nonnull (message);
  g_mime_parser_options_free (options);
  g_object_unref (parser);
  g_object_unref (stream);
  return message;
}

Rendered *
rendered_new (const BmItem *item)
{
  static const BmRenderContext context = {0};
  return rendered_with (item, &context);
}

Rendered *
rendered_with (const BmItem *item, const BmRenderContext *context)
{
  g_autoptr (GError) error = NULL;
  Rendered *rendered = g_new0 (Rendered, 1);
  rendered->message = bm_render (item, context, &error);
  g_assert_no_error (error);
  g_autoptr (BmMessage) again = bm_render (item, context, NULL);
  g_assert_true (bm_guid_equal (&again->guid, &rendered->message->guid));
  gsize size;
  const gchar *data = g_bytes_get_data (rendered->message->bytes, &size);
  g_assert_true (bm_message_check ((const guint8 *) data, size, NULL));
  rendered->text = g_strndup (data, size);
  check_lines (rendered->text);
  g_assert_null (strstr (rendered->text, "200024")); /* nothing of the node */
  rendered->parsed = parse (data, size);
  return rendered;
}

void
rendered_free (Rendered *rendered)
{
  bm_message_free (rendered->message);
  g_object_unref (rendered->parsed);
  g_free (rendered->text);
  g_free (rendered);
}

gchar *
rendered_header (const Rendered *rendered, const gchar *name)
{
  return g_strdup (g_mime_object_get_header (GMIME_OBJECT (rendered->parsed), name));
}

guint
rendered_count (const Rendered *rendered, const gchar *name)
{
  g_autofree gchar *head = g_strdup (rendered->text);
  *strstr (head, "\r\n\r\n") = '\0';
  g_auto (GStrv) lines = g_strsplit (head, "\r\n", -1);
  guint n = 0;
  for (guint i = 0; lines[i] != NULL; i++)
    n += g_ascii_strncasecmp (lines[i], name, strlen (name)) == 0 && lines[i][strlen (name)] == ':';
  return n;
}

gchar *
rendered_names (const Rendered *rendered)
{
  g_autofree gchar *head = g_strdup (rendered->text);
  *strstr (head, "\r\n\r\n") = '\0';
  g_auto (GStrv) lines = g_strsplit (head, "\r\n", -1);
  g_autoptr (GString) names = g_string_new (NULL);
  for (guint i = 0; lines[i] != NULL; i++)
    if (lines[i][0] != ' ' && lines[i][0] != '\t')
      g_string_append_printf (names, "%s%.*s", i > 0 ? " " : "", (int) strcspn (lines[i], ":"),
                              lines[i]);
  return g_string_free (g_steal_pointer (&names), FALSE);
}

static void
add_shape (GString *out, GMimeObject *part)
{
  if (GMIME_IS_MULTIPART (part)) {
    GMimeMultipart *multipart = GMIME_MULTIPART (part);
    GMimeContentType *type = g_mime_object_get_content_type (part);
    g_string_append_printf (out, "%s(", g_mime_content_type_get_media_subtype (type));
    for (int i = 0; i < g_mime_multipart_get_count (multipart); i++) {
      if (i > 0)
        g_string_append_c (out, ',');
      add_shape (out, g_mime_multipart_get_part (multipart, i));
    }
    g_string_append_c (out, ')');
    return;
  }
  g_autofree gchar *type =
      g_mime_content_type_get_mime_type (g_mime_object_get_content_type (part));
  g_string_append (out, type);
  if (GMIME_IS_MESSAGE_PART (part)) {
    GMimeMessage *inner = g_mime_message_part_get_message (GMIME_MESSAGE_PART (part));
    g_string_append_c (out, '[');
    add_shape (out, g_mime_message_get_mime_part (inner));
    g_string_append_c (out, ']');
  }
}

gchar *
rendered_shape (const Rendered *rendered)
{
  g_autoptr (GString) out = g_string_new (NULL);
  add_shape (out, g_mime_message_get_mime_part (rendered->parsed));
  return g_string_free (g_steal_pointer (&out), FALSE);
}

static GMimeObject *
find_leaf (GMimeObject *part, guint *n)
{
  if (!GMIME_IS_MULTIPART (part))
    return (*n)-- == 0 ? part : NULL;
  GMimeObject *found = NULL;
  for (int i = 0; found == NULL && i < g_mime_multipart_get_count (GMIME_MULTIPART (part)); i++)
    found = find_leaf (g_mime_multipart_get_part (GMIME_MULTIPART (part), i), n);
  return found;
}

GMimeObject *
rendered_leaf (const Rendered *rendered, guint n)
{
  GMimeObject *leaf = find_leaf (g_mime_message_get_mime_part (rendered->parsed), &n);
  g_assert_nonnull (leaf);
  return leaf;
}

gchar *
rendered_content (GMimeObject *leaf, gsize *size)
{
  GMimeStream *stream = g_mime_stream_mem_new ();
  GMimeDataWrapper *wrapper = g_mime_part_get_content (GMIME_PART (leaf));
  g_mime_data_wrapper_write_to_stream (wrapper, stream);
  GByteArray *bytes = g_mime_stream_mem_get_byte_array (GMIME_STREAM_MEM (stream));
  gchar *text = g_malloc0 (bytes->len + 1); /* it may have NULs in it */
  if (bytes->len > 0)
    memcpy (text, bytes->data, bytes->len);
  if (size != NULL)
    *size = bytes->len;
  g_object_unref (stream);
  return text;
}

gboolean
rendered_noted (const Rendered *rendered, BmNote note)
{
  return bm_notes_has (rendered->message->notes, note);
}
