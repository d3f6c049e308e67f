/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Bodies: which of text, HTML and RTF the item has, as UTF-8. [MS-OXBBODY] 2.1.3.1. A body that
 * cannot be read gives way to another one, and that is noted. One thread. */
#include "mime/bm-mime.h"

#include "text/bm-charset.h"
#include "text/bm-html.h"
#include "text/bm-lzfu.h"
#include "text/bm-rtf.h"
#include <string.h>

#define RTF_MAX (256u << 20) /* bytes */

enum { NATIVE_UNKNOWN, NATIVE_TEXT, NATIVE_RTF }; /* of 0x1016; others are HTML */

static void
note_if (BmMime *mime, gboolean happened, BmNote note)
{
  if (happened)
    bm_notes_add (&mime->notes, note);
}

/* Nothing but white space: shows nothing. */
static gboolean
is_blank (const gchar *text)
{
  return text[strspn (text, " \t\r\n\f")] == '\0';
}

static gchar *
read_html (BmMime *mime)
{
  const BmProp *prop = bm_props_get (mime->item->props, 0x1013);
  if (prop == NULL)
    return NULL;
  if (prop->type == BM_TYPE_UNICODE)
    return !is_blank (prop->text) ? bm_html_set_charset_utf8 (prop->text) : NULL;
  gsize size = 0;
  const guint8 *data = prop->data != NULL ? g_bytes_get_data (prop->data, &size) : NULL;
  if (size == 0)
    return NULL;
  gint64 internet = bm_props_int (mime->item->props, 0x3fde, 0);
  gint64 message = bm_props_int (mime->item->props, 0x3ffd, 0);
  const gchar *fallback = bm_charset_from_codepage ((guint32) message);
  if (fallback == NULL)
    fallback = mime->context->charset;
  if (fallback == NULL) /* by its language */
    fallback = bm_charset_from_codepage (mime->item->codepage);
  gboolean guessed = FALSE, lossy = FALSE;
  g_autofree gchar *html = bm_html_to_utf8 (
      data, size, bm_charset_from_codepage ((guint32) internet), fallback, &guessed, &lossy);
  if (is_blank (html))
    return NULL;
  note_if (mime, guessed, BM_NOTE_CHARSET_GUESSED);
  note_if (mime, lossy, BM_NOTE_CHARSET_LOSSY);
  return g_steal_pointer (&html);
}

/* *truncated: its end is missing. */
static GByteArray *
read_rtf (BmMime *mime, gboolean *truncated)
{
  gsize size = 0;
  GBytes *bytes = bm_props_data (mime->item->props, 0x1009);
  const guint8 *data = bytes != NULL ? g_bytes_get_data (bytes, &size) : NULL;
  if (size == 0)
    return NULL;
  if (bm_rtf_is_rtf (data, size)) { /* some writers leave out compression and its header */
    GByteArray *plain = g_byte_array_new ();
    return g_byte_array_append (plain, data, (guint) MIN (size, (gsize) RTF_MAX));
  }
  gboolean crc_ok = TRUE;
  GByteArray *rtf = bm_lzfu_decompress (data, size, RTF_MAX, &crc_ok, truncated, NULL);
  note_if (mime, rtf == NULL || *truncated, BM_NOTE_BODY_DAMAGED);
  note_if (mime, rtf != NULL && !crc_ok, BM_NOTE_RTF_CRC);
  return rtf;
}

/* ---- native RTF ---- */

static gint
compare_positions (gconstpointer a, gconstpointer b, gpointer attachments)
{
  const BmAttachment *x = g_ptr_array_index ((GPtrArray *) attachments, *(const guint *) a);
  const BmAttachment *y = g_ptr_array_index ((GPtrArray *) attachments, *(const guint *) b);
  gint64 first = bm_props_int (x->props, 0x370b, 0), second = bm_props_int (y->props, 0x370b, 0);
  return first < second ? -1 : first > second;
}

/* What stands in the text where an attachment does: the picture, or the name of the file. */
static gchar *
object_html (BmMime *mime, guint index)
{
  const BmAttachment *attachment = g_ptr_array_index (mime->item->attachments, index);
  BmNotes unused = 0;
  g_autofree gchar *name = bm_mime_attachment_name (attachment, index, &unused);
  g_autoptr (GString) escaped = g_string_new (NULL);
  bm_html_escape (escaped, name);
  if (!bm_mime_is_picture (attachment, name))
    return g_strdup_printf ("[%s]", escaped->str);
  g_autofree gchar *id = bm_mime_content_id (attachment);
  g_autofree gchar *made = bm_mime_made_content_id (mime, index);
  return g_strdup_printf ("<img src=\"cid:%s\" alt=\"%s\">", id != NULL ? id : made, escaped->str);
}

/* 0x370B says in which order attachments stand in the text; -1 stands nowhere. */
static GStrv
objects_in_order (BmMime *mime)
{
  GPtrArray *attachments = mime->item->attachments;
  g_autoptr (GArray) order = g_array_new (FALSE, FALSE, sizeof (guint));
  g_autoptr (GStrvBuilder) objects = g_strv_builder_new ();
  for (guint i = 0; i < attachments->len; i++) {
    const BmAttachment *attachment = g_ptr_array_index (attachments, i);
    if (bm_props_int (attachment->props, 0x370b, -1) != -1)
      g_array_append_val (order, i);
  }
  g_array_sort_with_data (order, compare_positions, attachments);
  for (guint i = 0; i < order->len; i++) {
    g_autofree gchar *html = object_html (mime, g_array_index (order, guint, i));
    g_strv_builder_add (objects, html);
  }
  return g_strv_builder_end (objects);
}

/* RTF that does not say in which code page it is, is in that of the machine that wrote it. */
static guint32
rtf_codepage (BmMime *mime)
{
  gint64 message = bm_props_int (mime->item->props, 0x3ffd, 0);
  return message > 0 && message <= G_MAXUINT16 ? (guint32) message : mime->item->codepage;
}

/* The original is kept beside the HTML when that does not say everything. */
static void
use_native (BmMime *mime, BmMimeBody *body, GBytes *rtf, gboolean *lossy)
{
  gboolean complete = FALSE;
  gsize size;
  const guint8 *data = g_bytes_get_data (rtf, &size);
  g_auto (GStrv) objects = objects_in_order (mime);
  g_clear_pointer (&body->pictures, g_ptr_array_unref);
  g_autofree gchar *html =
      bm_rtf_native_to_html (data, size, rtf_codepage (mime), (const gchar *const *) objects,
                             &body->pictures, &complete, lossy);
  g_autofree gchar *shown = bm_html_to_text (html, strlen (html));
  gboolean empty = *g_strstrip (shown) == '\0' && body->pictures->len == 0;
  bm_notes_add (&mime->notes, BM_NOTE_RTF_NATIVE);
  if (!empty)
    body->html = g_steal_pointer (&html);
  if (complete)
    return;
  g_clear_pointer (&body->rtf, g_bytes_unref);
  body->rtf = g_bytes_ref (rtf);
  bm_notes_add (&mime->notes, BM_NOTE_CONTENT_KEPT_RAW);
}

static gsize
count_letters (const gchar *text)
{
  gsize letters = 0;
  for (; *text != '\0'; text++)
    letters += (guchar) *text > ' ';
  return letters;
}

/* Readers show the HTML: what is left of it must not hide text that is all there. */
static void
drop_if_shorter (BmMimeBody *body)
{
  if (body->text == NULL || body->html == NULL)
    return;
  g_autofree gchar *shown = bm_html_to_text (body->html, strlen (body->html));
  if (count_letters (shown) * 10 >= count_letters (body->text) * 9)
    return;
  g_clear_pointer (&body->html, g_free);
  g_clear_pointer (&body->pictures, g_ptr_array_unref);
}

/* only_native: HTML within RTF is nothing better than the HTML beside it. */
static void
use_rtf (BmMime *mime, BmMimeBody *body, gboolean only_native)
{
  gboolean truncated = FALSE;
  GByteArray *array = read_rtf (mime, &truncated);
  g_autoptr (GBytes) rtf = array != NULL ? g_byte_array_free_to_bytes (array) : NULL;
  gsize size = 0;
  gboolean lossy = FALSE;
  const guint8 *data = rtf != NULL ? g_bytes_get_data (rtf, &size) : NULL;
  if (size == 0)
    return;
  BmRtfKind kind = bm_rtf_kind (data, size);
  if (only_native && kind != BM_RTF_NATIVE)
    return;
  if (kind == BM_RTF_FROM_HTML) {
    g_autofree gchar *html = bm_rtf_to_html (data, size, rtf_codepage (mime), &lossy);
    if (*html != '\0')
      body->html = bm_html_set_charset_utf8 (html);
  } else if (kind == BM_RTF_NATIVE && bm_rtf_is_rtf (data, size)) {
    use_native (mime, body, rtf, &lossy);
  }
  if (truncated)
    drop_if_shorter (body);
  if (body->text == NULL && body->html == NULL)
    body->text = bm_rtf_to_text (data, size, rtf_codepage (mime), &lossy);
  if (body->text != NULL && *body->text == '\0')
    g_clear_pointer (&body->text, g_free);
  note_if (mime, lossy, BM_NOTE_CHARSET_LOSSY);
}

/* Which body the others were made from: 0x1016, else RTF when it is in sync (0x0E1F), else HTML.
 * [MS-OXBBODY] 2.1.3.1. One that cannot be read gives way to the next. */
static void
use_best (BmMime *mime, BmMimeBody *body)
{
  const BmProps *props = mime->item->props;
  gint64 native = bm_props_int (props, 0x1016, NATIVE_UNKNOWN);
  if (native == NATIVE_TEXT && body->text != NULL && !is_blank (body->text))
    return;
  if (native == NATIVE_RTF || (native == NATIVE_UNKNOWN && bm_props_bool (props, 0x0e1f, FALSE)))
    use_rtf (mime, body, TRUE);
  if (body->html == NULL)
    body->html = read_html (mime);
  if (body->html == NULL)
    use_rtf (mime, body, FALSE);
}

/* The article of a feed is elsewhere, [MS-OXORSS] 2.2.1: Outlook shows of which feed it is, and where. */
static void
add_feed_link (BmMime *mime, BmMimeBody *body)
{
  static const guint8 post_rss[16] = {0x41, 0x20, 0x06, 0x00, 0x00, 0x00, 0x00, 0x00,
                                      0xc0, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x46};
  const BmProp *prop = bm_props_get_lid (mime->item->props, post_rss, 0x8901);
  if (!bm_mime_is_class (mime->item, "IPM.Post.Rss") || prop == NULL || prop->text == NULL ||
      (!g_str_has_prefix (prop->text, "https://") && !g_str_has_prefix (prop->text, "http://")))
    return;
  g_autofree gchar *link = bm_mime_one_line (prop->text);
  const BmProp *title = bm_props_get_lid (mime->item->props, post_rss, 0x8904);
  g_autofree gchar *feed =
      bm_mime_one_line (title != NULL && title->text != NULL ? title->text : "");
  const gchar *between = *feed != '\0' ? ": " : "";
  if (strstr (body->text, link) == NULL) {
    gchar *text = g_strconcat (body->text, "\n", feed, between, link, "\n", NULL);
    g_free (body->text);
    body->text = text;
  }
  if (body->html == NULL)
    return;
  g_autoptr (GString) escaped = g_string_new (NULL), name = g_string_new (NULL);
  bm_html_escape (escaped, link);
  bm_html_escape (name, feed);
  const gchar *end = g_strrstr (body->html, "</body>");
  gsize at = end != NULL ? (gsize) (end - body->html) : strlen (body->html);
  gchar *html = g_strdup_printf ("%.*s<p>%s%s<a href=\"%s\">%s</a></p>%s", (gint) at, body->html,
                                 name->str, between, escaped->str, escaped->str, body->html + at);
  g_free (body->html);
  body->html = html;
}

void
bm_mime_body_read (BmMime *mime, BmMimeBody *body)
{
  const gchar *text = bm_props_text (mime->item->props, 0x1000);
  body->text = text != NULL && *text != '\0' ? g_strdup (text) : NULL;
  use_best (mime, body);
  if (body->text != NULL && body->html != NULL && is_blank (body->text))
    g_clear_pointer (&body->text, g_free); /* the HTML may have some */
  if (body->text == NULL && body->html != NULL) {
    body->text = bm_html_to_text (body->html, strlen (body->html));
    bm_notes_add (&mime->notes, BM_NOTE_TEXT_FROM_HTML);
  }
  note_if (mime, mime->item->damaged, BM_NOTE_BODY_DAMAGED);
  if (body->text == NULL && mime->item->damaged) {
    body->is_notice = TRUE;
    body->text =
        g_strdup ("The text of this message could not be read: its data in the PST file is "
                  "damaged.\n");
  } else if (body->text == NULL) {
    body->text = g_strdup ("");
    bm_notes_add (&mime->notes, BM_NOTE_BODY_EMPTY);
  }
  add_feed_link (mime, body);
}

void
bm_mime_body_peek (BmMime *mime, BmMimeBody *body)
{
  BmNotes before = mime->notes;
  bm_mime_body_read (mime, body);
  mime->notes = before;
}

void
bm_mime_body_clear (BmMimeBody *body)
{
  g_free (body->text);
  g_free (body->html);
  g_clear_pointer (&body->rtf, g_bytes_unref);
  g_clear_pointer (&body->pictures, g_ptr_array_unref);
}
