/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* One attachment to one part. Names are made safe, types are believed only when they are legal,
 * damage is made visible to the reader. [MS-OXCMAIL] 2.1.3.4, RFC 2183. One thread. */
#include "mime/bm-mime.h"

#include "text/bm-html.h"
#include <string.h>

#define MESSAGE_LINE_MAX 998 /* bytes without CRLF */
#define NAME_MAX_BYTES   200 /* file systems take 255 */
#define EXTENSION_MAX    20
#define CHARSET_MAX      40

static const struct {
  const gchar *extension, *type;
} types[] = {
    {"bmp", "image/bmp"},
    {"csv", "text/csv"},
    {"doc", "application/msword"},
    {"gif", "image/gif"},
    {"htm", "text/html"},
    {"html", "text/html"},
    {"ics", "text/calendar"},
    {"jpeg", "image/jpeg"},
    {"jpg", "image/jpeg"},
    {"mp3", "audio/mpeg"},
    {"mp4", "video/mp4"},
    {"p7m", "application/pkcs7-mime"},
    {"p7s", "application/pkcs7-signature"},
    {"pdf", "application/pdf"},
    {"png", "image/png"},
    {"ppt", "application/vnd.ms-powerpoint"},
    {"rpmsg", "application/x-microsoft-rpmsg-message"},
    {"rtf", "application/rtf"},
    {"svg", "image/svg+xml"},
    {"tif", "image/tiff"},
    {"tiff", "image/tiff"},
    {"txt", "text/plain"},
    {"vcf", "text/vcard"},
    {"wav", "audio/wav"},
    {"xls", "application/vnd.ms-excel"},
    {"xml", "application/xml"},
    {"zip", "application/zip"},
    {"7z", "application/x-7z-compressed"},
    {"gz", "application/gzip"},
    {"rar", "application/vnd.rar"},
    {"json", "application/json"},
    {"webp", "image/webp"},
    {"heic", "image/heic"},
    {"m4a", "audio/mp4"},
    {"mov", "video/quicktime"},
    {"msg", "application/vnd.ms-outlook"},
    {"odp", "application/vnd.oasis.opendocument.presentation"},
    {"ods", "application/vnd.oasis.opendocument.spreadsheet"},
    {"odt", "application/vnd.oasis.opendocument.text"},
    {"vsd", "application/vnd.visio"},
    {"docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"},
    {"pptx", "application/vnd.openxmlformats-officedocument.presentationml.presentation"},
    {"xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"},
};

gchar *
bm_mime_content_id (const BmAttachment *attachment)
{
  const gchar *text = bm_props_text (attachment->props, 0x3712);
  g_autoptr (GString) id = g_string_new (NULL);
  for (; text != NULL && *text != '\0' && id->len < 200; text++)
    if (*text > ' ' && (guchar) *text < 0x7f && strchr ("<>\"\\", *text) == NULL)
      g_string_append_c (id, *text);
  return id->len > 0 ? g_string_free (g_steal_pointer (&id), FALSE) : NULL;
}

gchar *
bm_mime_made_content_id (const BmMime *mime, guint index)
{
  return g_strdup_printf ("attachment-%u@pst.invalid", mime->first + index + 1);
}

static const gchar *
extension_of (const gchar *name)
{
  const gchar *dot = strrchr (name, '.');
  return dot != NULL && dot[1] != '\0' ? dot + 1 : NULL;
}

static const gchar *
type_by_name (const gchar *name)
{
  const gchar *extension = extension_of (name);
  for (guint i = 0; extension != NULL && i < G_N_ELEMENTS (types); i++)
    if (g_ascii_strcasecmp (types[i].extension, extension) == 0)
      return types[i].type;
  return "application/octet-stream";
}

static gboolean
is_token (const gchar *text, gsize n) /* RFC 2045 5.1 */
{
  for (gsize i = 0; i < n; i++)
    if (text[i] <= ' ' || (guchar) text[i] >= 0x7f || strchr ("()<>@,;:\\\"/[]?=", text[i]) != NULL)
      return FALSE;
  return n > 0;
}

/* The stored MIME type when it is one that a leaf may have; parameters are dropped. */
static gchar *
type_of (const BmAttachment *attachment, const gchar *name)
{
  const gchar *stored = bm_props_text (attachment->props, 0x370e);
  g_autofree gchar *type = g_ascii_strdown (stored != NULL ? stored : "", -1);
  gchar *semicolon = strchr (type, ';');
  if (semicolon != NULL)
    *semicolon = '\0';
  g_strstrip (type);
  const gchar *slash = strchr (type, '/');
  if (slash == NULL || !is_token (type, (gsize) (slash - type)) ||
      !is_token (slash + 1, strlen (slash + 1)) || g_str_has_prefix (type, "multipart/") ||
      g_str_has_prefix (type, "message/"))
    return g_strdup (type_by_name (name));
  return g_steal_pointer (&type);
}

static gboolean
extract (const BmAttachment *attachment, BmMimeOle *ole)
{
  *ole = (BmMimeOle){0};
  GBytes *bytes = attachment->method == BM_ATTACH_OLE && attachment->data != NULL
                      ? bm_spool_bytes (attachment->data, NULL)
                      : NULL;
  return bytes != NULL && bm_mime_ole_extract (bytes, ole);
}

gboolean
bm_mime_is_picture (const BmAttachment *attachment, const gchar *name)
{
  g_auto (BmMimeOle) ole = {0};
  if (extract (attachment, &ole)) {
    g_autofree gchar *file = g_strconcat ("x.", ole.extension != NULL ? ole.extension : "", NULL);
    return g_str_has_prefix (type_by_name (ole.name != NULL ? ole.name : file), "image/");
  }
  g_autofree gchar *type = type_of (attachment, name);
  return attachment->method == BM_ATTACH_BY_VALUE && g_str_has_prefix (type, "image/");
}

/* Characters that turn the order of others: "invoice<U+202E>fdp.exe" looks like "invoiceexe.pdf". */
static gboolean
is_bidi_control (gunichar c)
{
  return c == 0x061c || c == 0x200e || c == 0x200f || (c >= 0x202a && c <= 0x202e) ||
         (c >= 0x2066 && c <= 0x2069);
}

/* Shorter in the middle: a name needs its extension. */
static void
shorten (GString *name)
{
  const gchar *extension = extension_of (name->str);
  gsize keep = extension != NULL ? strlen (extension) + 1 : 0;
  if (keep > EXTENSION_MAX)
    keep = 0;
  if (name->len <= NAME_MAX_BYTES)
    return;
  gsize stem = NAME_MAX_BYTES - keep;
  while (((guchar) name->str[stem] & 0xc0) == 0x80) /* not inside a character */
    stem--;
  g_string_erase (name, (gssize) stem, (gssize) (name->len - keep - stem));
}

/* Windows opens a device by such a name, whatever extension it has. */
static gboolean
is_device (const gchar *name)
{
  static const gchar *const devices[] = {"con", "prn", "aux", "nul"};
  gsize stem = strcspn (name, ".");
  for (guint i = 0; i < G_N_ELEMENTS (devices); i++)
    if (stem == 3 && g_ascii_strncasecmp (name, devices[i], 3) == 0)
      return TRUE;
  return stem == 4 && g_ascii_isdigit (name[3]) && name[3] != '0' &&
         (g_ascii_strncasecmp (name, "com", 3) == 0 || g_ascii_strncasecmp (name, "lpt", 3) == 0);
}

/* The last component, without what no file system takes. */
static gchar *
safe_name (const gchar *name)
{
  const gchar *last = name;
  for (const gchar *p = name; *p != '\0'; p++)
    if (*p == '/' || *p == '\\')
      last = p + 1;
  g_autofree gchar *line = bm_mime_one_line (last);
  g_autoptr (GString) safe = g_string_new (NULL);
  for (const gchar *p = line; *p != '\0'; p = g_utf8_next_char (p)) {
    gunichar c = g_utf8_get_char (p);
    if (!is_bidi_control (c))
      g_string_append_unichar (safe, c < 0x80 && strchr ("\"<>|:*?", (int) c) != NULL ? '_' : c);
  }
  if (is_device (safe->str))
    g_string_prepend_c (safe, '_');
  shorten (safe);
  return g_string_free (g_steal_pointer (&safe), FALSE);
}

/* Attachments of an embedded item that its card or calendar would lose. */
static gboolean
has_more (const BmItem *item)
{
  const BmMime mime = {.item = item};
  for (guint i = 0; i < item->attachments->len; i++) {
    const BmAttachment *attachment = g_ptr_array_index (item->attachments, i);
    if (!bm_mime_calendar_owns (&mime, attachment) && !bm_mime_card_owns (item, attachment))
      return TRUE;
  }
  return FALSE;
}

/* What an embedded item becomes; NULL: there is none. */
static const gchar *
embedded_extension (const BmAttachment *attachment)
{
  const BmItem *item = attachment->embedded;
  if (attachment->method != BM_ATTACH_EMBEDDED)
    return NULL;
  if (item == NULL || has_more (item))
    return ".eml";
  if (bm_mime_is_class (item, "IPM.Contact") || bm_mime_is_class (item, "IPM.DistList"))
    return ".vcf";
  gboolean meeting = bm_mime_is_class (item, "IPM.Schedule.Meeting"); /* a mail */
  return !meeting && bm_mime_calendar_can (item) ? ".ics" : ".eml";
}

gchar *
bm_mime_attachment_name (const BmAttachment *attachment, guint index, BmNotes *notes)
{
  static const guint16 ids[] = {0x3707, 0x3704, 0x3001};
  const gchar *stored = NULL;
  for (guint i = 0; i < G_N_ELEMENTS (ids) && (stored == NULL || *stored == '\0'); i++)
    stored = bm_props_text (attachment->props, ids[i]);
  g_autofree gchar *subject = NULL;
  if (attachment->embedded != NULL) {
    subject = bm_mime_subject (attachment->embedded);
    if (subject == NULL || *subject == '\0') { /* contacts have a name instead */
      g_free (subject);
      subject = g_strdup (bm_props_text (attachment->embedded->props, 0x3001));
    }
    if (subject != NULL && *subject != '\0' && (stored == NULL || *stored == '\0'))
      stored = subject;
  }
  g_autofree gchar *name = safe_name (stored != NULL ? stored : "");
  const gchar *dot = strrchr (name, '.');
  if (name[strspn (name, ".")] == '\0') /* "." and "..": directories */
    *name = '\0';
  gboolean only_extension = *name != '\0' && dot == name;
  if (*name == '\0' || only_extension) {
    gchar *made = g_strdup_printf ("attachment-%u%s", index + 1, only_extension ? name : "");
    g_free (name);
    name = made;
  }
  const gchar *extension = embedded_extension (attachment);
  if (extension != NULL && !g_str_has_suffix (name, extension)) {
    gchar *made = g_strconcat (name, extension, NULL);
    g_free (name);
    name = made;
  } else if (g_strcmp0 (name, stored) != 0) {
    bm_notes_add (notes, BM_NOTE_ATTACHMENT_NAME_CHANGED);
  }
  return g_steal_pointer (&name);
}

/* ---- parts ---- */

static void
add_content_fields (BmMimePart *part, const gchar *type, const gchar *encoding, const gchar *name,
                    const gchar *content_id, const gchar *location, gboolean is_inline)
{
  g_autoptr (GString) value = g_string_new (type);
  bm_mime_add_old_parameter (value, "name", name);
  bm_mime_add_field (part->fields, "Content-Type", value->str);
  bm_mime_add_field (part->fields, "Content-Transfer-Encoding", encoding);
  g_string_assign (value, is_inline ? "inline" : "attachment");
  bm_mime_add_parameter (value, "filename", name);
  bm_mime_add_field (part->fields, "Content-Disposition", value->str);
  if (content_id != NULL) {
    g_autofree gchar *bracketed = g_strconcat ("<", content_id, ">", NULL);
    bm_mime_add_field (part->fields, "Content-ID", bracketed);
  }
  if (location != NULL) {
    g_autofree gchar *encoded = bm_mime_encode_text (location);
    bm_mime_add_field (part->fields, "Content-Location", encoded);
  }
}

static BmMimePart *
notice (const gchar *name, const gchar *text)
{
  BmMimePart *part = bm_mime_part_text ("plain", text);
  g_autofree gchar *file = g_strconcat (name, ".txt", NULL);
  g_autoptr (GString) value = g_string_new ("attachment");
  bm_mime_add_parameter (value, "filename", file);
  bm_mime_add_field (part->fields, "Content-Disposition", value->str);
  return part;
}

static BmMimePart *
lost (BmMime *mime, const gchar *name)
{
  bm_notes_add (&mime->notes, BM_NOTE_ATTACHMENT_DAMAGED);
  g_autofree gchar *text =
      g_strdup_printf ("The attachment \"%s\" could not be read: its data in the PST file is "
                       "damaged.\n",
                       name);
  return notice (name, text);
}

BmMimePart *
bm_mime_notice_of_part (const BmMime *mime, guint index)
{
  const BmAttachment *attachment = g_ptr_array_index (mime->item->attachments, index);
  BmNotes unused = 0;
  guint64 size = attachment->data != NULL ? bm_spool_size (attachment->data) : 0;
  if (!attachment->damaged || size == 0 || attachment->embedded != NULL)
    return NULL;
  g_autofree gchar *name = bm_mime_attachment_name (attachment, index, &unused);
  g_autofree gchar *file = g_strconcat (name, " (damaged)", NULL);
  g_autofree gchar *text = g_strdup_printf (
      "The attachment \"%s\" is not whole: its data in the PST file is damaged, and only the first "
      "%" G_GUINT64_FORMAT " bytes could be read.\n",
      name, size);
  return notice (file, text);
}

BmMimePart *
bm_mime_notice_of_message (void)
{
  return notice ("Damaged message", "Parts of this message could not be read: its data in the PST "
                                    "file is damaged.\n");
}

/* A page that leads to it, for addresses of the web alone: others are no link to click on. */
static BmMimePart *
link_page (const gchar *name, const gchar *address)
{
  g_autoptr (GString) href = g_string_new (NULL), html = g_string_new (NULL);
  g_autoptr (GString) value = g_string_new ("attachment");
  g_autofree gchar *file = g_strconcat (name, ".html", NULL);
  if (g_ascii_strncasecmp (address, "https://", 8) != 0 &&
      g_ascii_strncasecmp (address, "http://", 7) != 0)
    return NULL;
  bm_html_escape (href, address);
  g_string_append_printf (html,
                          "<html><body><p>This attachment is kept elsewhere: "
                          "<a href=\"%s\">%s</a></p></body></html>\n",
                          href->str, href->str);
  BmMimePart *part = bm_mime_part_text ("html", html->str);
  bm_mime_add_parameter (value, "filename", file);
  bm_mime_add_field (part->fields, "Content-Disposition", value->str);
  return part;
}

/* A link to a file or a web page elsewhere. */
static BmMimePart *
reference (BmMime *mime, const BmAttachment *attachment, const gchar *name)
{
  static const guint16 ids[] = {0x370d, 0x3708};
  const gchar *path = NULL;
  for (guint i = 0; i < G_N_ELEMENTS (ids) && (path == NULL || *path == '\0'); i++)
    path = bm_props_text (attachment->props, ids[i]);
  bm_notes_add (&mime->notes, BM_NOTE_ATTACHMENT_STUB);
  BmMimePart *page = path != NULL ? link_page (name, path) : NULL;
  if (page != NULL)
    return page;
  g_autofree gchar *text =
      g_strdup_printf ("The attachment \"%s\" is not part of the message; it was a reference to:\n"
                       "%s\n",
                       name, path != NULL && *path != '\0' ? path : "(no path stored)");
  return notice (name, text);
}

/* Neither 7bit nor 8bit allows longer lines, RFC 2045 2.7 and 2.8. */
static gboolean
lines_fit (const guint8 *data, gsize size)
{
  gsize start = 0;
  for (gsize i = 0; i < size; i++) {
    if (i - start >= MESSAGE_LINE_MAX && data[i] != '\r' && data[i] != '\n')
      return FALSE;
    if (data[i] == '\n')
      start = i + 1;
  }
  return TRUE;
}

static gboolean
has_8bit (GBytes *bytes)
{
  gsize size;
  const guint8 *data = g_bytes_get_data (bytes, &size);
  for (gsize i = 0; i < size; i++)
    if (data[i] >= 0x80)
      return TRUE;
  return FALSE;
}

/* message/rfc822 allows no encoding that changes bytes, RFC 2046 5.2.1. */
static BmMimePart *
message_part (BmSpool *data, GBytes *bytes, const gchar *name)
{
  BmMimePart *part = g_new0 (BmMimePart, 1);
  part->fields = g_string_new (NULL);
  part->data = data;
  part->eight_bit = has_8bit (bytes);
  add_content_fields (part, "message/rfc822", part->eight_bit ? "8bit" : "7bit", name, NULL, NULL,
                      FALSE);
  return part;
}

/* A card or a calendar, as a text to keep. */
static BmMimePart *
structured (BmMime *inner, const gchar *name, gboolean card)
{
  g_autofree gchar *text = card ? bm_mime_card_text (inner) : bm_mime_calendar_text (inner);
  BmMimePart *part = bm_mime_part_text (card ? "vcard" : "calendar; method=PUBLISH", text);
  g_autoptr (GString) value = g_string_new ("attachment");
  bm_mime_add_parameter (value, "filename", name);
  bm_mime_add_field (part->fields, "Content-Disposition", value->str);
  return part;
}

/* An item inside another one; extension: what it becomes. */
static BmMimePart *
inner_part (BmMime *mime, const BmItem *item, guint index, const gchar *extension,
            const gchar *name, GError **error)
{
  BmMime inner = {0};
  g_autofree gchar *seed = g_strdup_printf ("%s/%u", mime->seed, mime->first + index);
  bm_mime_begin (&inner, item, mime->context, seed, mime->depth + 1);
  inner.outer = mime;
  if (!g_str_equal (extension, ".eml")) {
    BmMimePart *part = structured (&inner, name, g_str_equal (extension, ".vcf"));
    mime->notes |= inner.notes;
    bm_mime_end (&inner);
    return part;
  }
  BmSpool *spool = bm_mime_render_bytes (&inner, error);
  mime->notes |= inner.notes;
  bm_mime_end (&inner);
  if (spool == NULL)
    return NULL;
  GBytes *bytes = bm_spool_bytes (spool, error);
  if (bytes == NULL) {
    bm_spool_free (spool);
    return NULL;
  }
  return message_part (spool, bytes, name);
}

static BmMimePart *
embedded (BmMime *mime, const BmAttachment *attachment, guint index, const gchar *name,
          GError **error)
{
  if (mime->depth >= BM_MIME_DEPTH_MAX) {
    bm_notes_add (&mime->notes, BM_NOTE_NESTING_CUT);
    return notice (name, "A message nested too deeply was left out.\n");
  }
  return inner_part (mime, attachment->embedded, index, embedded_extension (attachment), name,
                     error);
}

/* The first winmail.dat is what the message says; a further one, or one inside another, is a message
 * of its own. FALSE: it is no winmail.dat, or cannot be read, and stays what it is. */
static gboolean
further_winmail (BmMime *mime, guint index, BmMimePart **part, GError **error)
{
  const BmAttachment *attachment = g_ptr_array_index (mime->item->attachments, index);
  g_autoptr (BmItem) item =
      mime->depth < BM_MIME_DEPTH_MAX ? bm_mime_tnef_item (mime, attachment) : NULL;
  if (item == NULL)
    return FALSE;
  g_autofree gchar *subject = bm_mime_subject (item);
  g_autofree gchar *safe = safe_name (subject != NULL ? subject : "");
  g_autofree gchar *name = g_strconcat (*safe != '\0' ? safe : "winmail", ".eml", NULL);
  *part = inner_part (mime, item, index, ".eml", name, error);
  return TRUE;
}

static BmMimePart *
data_part (GBytes *content, const gchar *type, const gchar *name, const gchar *content_id,
           const gchar *location, gboolean is_inline)
{
  BmMimePart *part = g_new0 (BmMimePart, 1);
  part->fields = g_string_new (NULL);
  part->data = bm_spool_new_bytes (content);
  part->base64 = TRUE;
  add_content_fields (part, type, "base64", name, content_id, location, is_inline);
  return part;
}

/* 0x371B says in which charset a text is written. Takes and returns type. */
static gchar *
with_charset (const BmAttachment *attachment, gchar *type)
{
  const gchar *charset = bm_props_text (attachment->props, 0x371b);
  if (charset == NULL || !g_str_has_prefix (type, "text/") || strlen (charset) > CHARSET_MAX ||
      !is_token (charset, strlen (charset)))
    return type;
  gchar *whole = g_strconcat (type, "; charset=", charset, NULL);
  g_free (type);
  return whole;
}

static BmMimePart *
by_value (BmMime *mime, const BmAttachment *attachment, const gchar *name, const gchar *content_id,
          gboolean is_inline, GError **error)
{
  GBytes *bytes = attachment->data != NULL ? bm_spool_bytes (attachment->data, error) : NULL;
  if (attachment->data != NULL && bytes == NULL)
    return NULL;
  gsize size = 0;
  const guint8 *data = bytes != NULL ? g_bytes_get_data (bytes, &size) : NULL;
  if (attachment->damaged && size == 0)
    return lost (mime, name);
  if (attachment->damaged)
    bm_notes_add (&mime->notes, BM_NOTE_ATTACHMENT_DAMAGED);
  g_autoptr (GBytes) content =
      bytes != NULL ? bm_mime_data_fork (attachment, bytes) : g_bytes_new (NULL, 0);
  data = g_bytes_get_data (content, &size);
  const gchar *stored = bm_props_text (attachment->props, 0x370e);
  if (stored != NULL && g_ascii_strcasecmp (stored, "message/rfc822") == 0 &&
      bm_message_check (data, size, NULL) && lines_fit (data, size))
    return message_part (bm_spool_new_bytes (content), content, name);
  g_autofree gchar *type = with_charset (attachment, type_of (attachment, name));
  const gchar *location = bm_props_text (attachment->props, 0x3713);
  return data_part (content, type, name, content_id,
                    is_inline && location != NULL && *location != '\0' ? location : NULL,
                    is_inline);
}

/* The file, the picture or the document in it; the object itself when it cannot be opened. */
static BmMimePart *
ole_part (BmMime *mime, const BmAttachment *attachment, const gchar *name, const gchar *content_id,
          gboolean is_inline, GError **error)
{
  g_auto (BmMimeOle) ole = {0};
  GBytes *bytes = bm_spool_bytes (attachment->data, error);
  if (bytes == NULL)
    return NULL;
  if (attachment->damaged)
    bm_notes_add (&mime->notes, BM_NOTE_ATTACHMENT_DAMAGED);
  if (!extract (attachment, &ole)) {
    g_autofree gchar *file =
        g_str_has_suffix (name, ".ole") ? g_strdup (name) : g_strconcat (name, ".ole", NULL);
    bm_notes_add (&mime->notes, BM_NOTE_CONTENT_KEPT_RAW);
    return data_part (bytes, "application/x-oleobject", file, content_id, NULL, is_inline);
  }
  g_autofree gchar *file =
      ole.name != NULL ? safe_name (ole.name) : g_strconcat (name, ".", ole.extension, NULL);
  const gchar *own = extension_of (name);
  if (*file == '\0' || (ole.extension != NULL && g_strcmp0 (own, ole.extension) == 0)) {
    g_free (file);
    file = g_strdup (name);
  }
  return data_part (ole.data, type_by_name (file), file, content_id, NULL, is_inline);
}

BmMimePart *
bm_mime_attachment (BmMime *mime, guint index, const gchar *content_id, gboolean is_inline,
                    GError **error)
{
  const BmAttachment *attachment = g_ptr_array_index (mime->item->attachments, index);
  gboolean empty = attachment->data == NULL || bm_spool_size (attachment->data) == 0;
  g_autofree gchar *name = bm_mime_attachment_name (attachment, index, &mime->notes);
  switch (attachment->method) {
  case BM_ATTACH_EMBEDDED:
    if (attachment->embedded == NULL && mime->depth < BM_MIME_DEPTH_MAX)
      return lost (mime, name); /* deeper ones the reader leaves out on purpose */
    return embedded (mime, attachment, index, name, error);
  case BM_ATTACH_BY_REFERENCE:
  case BM_ATTACH_BY_REFERENCE_RESOLVE:
  case BM_ATTACH_BY_REFERENCE_ONLY:
  case BM_ATTACH_WEB_REFERENCE:
    if (empty)
      return reference (mime, attachment, name);
    break;
  case BM_ATTACH_OLE:
    if (!empty)
      return ole_part (mime, attachment, name, content_id, is_inline, error);
    break;
  case BM_ATTACH_NONE:
    if (empty && bm_props_text (attachment->props, 0x3707) == NULL &&
        bm_props_text (attachment->props, 0x3704) == NULL)
      return NULL;
    break;
  default:
    break;
  }
  BmMimePart *message = NULL;
  if (further_winmail (mime, index, &message, error))
    return message;
  return by_value (mime, attachment, name, content_id, is_inline, error);
}
