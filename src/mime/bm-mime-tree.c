/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The tree of entities and how it becomes bytes: mixed (related (alternative (text, html), inline
 * parts), attachments). Boundaries are hashes of the Message-ID and the place in the tree: GMime's
 * would be random. Content is encoded while it is written, so that a large attachment is never in
 * memory twice. [MS-OXCMAIL] 2.1.3.4, RFC 2045, 2046, 2387. One thread. */
#include "mime/bm-mime.h"

#include "text/bm-html.h"
#include "text/bm-rtf.h"
#include <gmime/gmime.h>
#include <string.h>

#define LINE_7BIT_MAX 990 /* bytes a line may have and stay 7bit */
#define PIECE         (57 * 1024)

void
bm_mime_part_free (BmMimePart *part)
{
  if (part == NULL)
    return;
  g_string_free (part->fields, TRUE);
  g_clear_pointer (&part->children, g_ptr_array_unref);
  g_free (part->boundary);
  bm_spool_free (part->data);
  g_free (part);
}

static BmMimePart *
part_new (void)
{
  BmMimePart *part = g_new0 (BmMimePart, 1);
  part->fields = g_string_new (NULL);
  return part;
}

/* ---- text ---- */

/* LF alone, whatever the text had: CRLF comes at the end, once. */
static gchar *
lf_only (const gchar *text)
{
  g_autoptr (GString) out = g_string_sized_new (strlen (text) + 1);
  for (const gchar *p = text; *p != '\0'; p++) {
    if (*p == '\r' && p[1] == '\n')
      continue;
    g_string_append_c (out, *p == '\r' ? '\n' : *p);
  }
  return g_string_free (g_steal_pointer (&out), FALSE);
}

static GByteArray *
crlf (const guint8 *data, gsize size)
{
  GByteArray *out = g_byte_array_sized_new ((guint) (size + size / 32 + 2));
  gsize start = 0;
  for (gsize i = 0; i <= size; i++)
    if (i == size || data[i] == '\n') {
      g_byte_array_append (out, data + start, (guint) (i - start));
      if (i < size)
        g_byte_array_append (out, (const guint8 *) "\r\n", 2);
      start = i + 1;
    }
  return out;
}

typedef enum {
  TEXT_7BIT,
  TEXT_QUOTED,
  TEXT_BASE64,
} TextEncoding;

static TextEncoding
choose_encoding (const gchar *text)
{
  gsize line = 0, longest = 0, high = 0, n = 0;
  for (const gchar *p = text; *p != '\0'; p++, n++) {
    line = *p == '\n' ? 0 : line + 1;
    longest = MAX (longest, line);
    high += (guchar) *p >= 0x80;
  }
  if (high == 0 && longest <= LINE_7BIT_MAX)
    return TEXT_7BIT;
  return high * 4 > n ? TEXT_BASE64 : TEXT_QUOTED;
}

static GByteArray *
encode_quoted (const gchar *text)
{
  GMimeEncoding encoding;
  gsize size = strlen (text);
  g_mime_encoding_init_encode (&encoding, GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE);
  g_autofree gchar *out = g_malloc (g_mime_encoding_outlen (&encoding, size) + 16);
  gsize n = g_mime_encoding_flush (&encoding, text, size, out);
  return crlf ((const guint8 *) out, n);
}

static void
set_data (BmMimePart *part, GByteArray *bytes)
{
  g_autoptr (GBytes) owned = g_byte_array_free_to_bytes (bytes);
  part->data = bm_spool_new_bytes (owned);
}

BmMimePart *
bm_mime_part_text (const gchar *subtype, const gchar *utf8)
{
  static const gchar *const names[] = {"7bit", "quoted-printable", "base64"};
  BmMimePart *part = part_new ();
  g_autofree gchar *text = lf_only (utf8);
  TextEncoding encoding = choose_encoding (text);
  g_string_append_printf (part->fields,
                          "Content-Type: text/%s; charset=utf-8\r\n"
                          "Content-Transfer-Encoding: %s\r\n",
                          subtype, names[encoding]);
  if (encoding == TEXT_QUOTED) {
    set_data (part, encode_quoted (text));
  } else {
    set_data (part, crlf ((const guint8 *) text, strlen (text)));
    part->base64 = encoding == TEXT_BASE64;
  }
  return part;
}

BmMimePart *
bm_mime_part_multipart (BmMime *mime, const gchar *subtype, const gchar *path)
{
  BmMimePart *part = part_new ();
  const gchar *parts[] = {mime->seed, path};
  g_autofree gchar *hash = bm_mime_hash (parts, G_N_ELEMENTS (parts));
  part->boundary = g_strdup_printf ("=_%.32s", hash);
  part->children = g_ptr_array_new_with_free_func ((GDestroyNotify) bm_mime_part_free);
  gboolean related = g_str_equal (subtype, "related"); /* RFC 2387 3.1: says what its root is */
  g_string_append_printf (part->fields, "Content-Type: multipart/%s;%s boundary=\"%s\"\r\n",
                          subtype, related ? " type=\"multipart/alternative\";\r\n" : "",
                          part->boundary);
  return part;
}

/* ---- writing ---- */

static gboolean
write_text (BmSpool *out, const gchar *text, GError **error)
{
  return bm_spool_write (out, text, strlen (text), error);
}

/* RFC 2045 6.8: lines of 76 characters; PIECE is a multiple of the 57 bytes of such a line. */
static gboolean
write_base64 (BmSpool *out, const guint8 *data, gsize size, GError **error)
{
  g_autoptr (GString) lines = g_string_new (NULL);
  for (gsize at = 0; at < size; at += PIECE) {
    gsize piece = MIN (size - at, (gsize) PIECE);
    g_string_truncate (lines, 0);
    for (gsize i = 0; i < piece; i += 57) {
      gint state = 0, save = 0;
      gchar line[80];
      gsize take = MIN (piece - i, (gsize) 57);
      gsize n = g_base64_encode_step (data + at + i, take, FALSE, line, &state, &save);
      n += g_base64_encode_close (FALSE, line + n, &state, &save);
      g_string_append_len (lines, line, (gssize) n);
      g_string_append (lines, "\r\n");
    }
    if (!bm_spool_write (out, lines->str, lines->len, error))
      return FALSE;
  }
  return TRUE;
}

static gboolean
write_children (const BmMimePart *part, BmSpool *out, GError **error)
{
  for (guint i = 0; i < part->children->len; i++) {
    g_autofree gchar *delimiter = g_strdup_printf ("--%s\r\n", part->boundary);
    if (!write_text (out, delimiter, error) ||
        !bm_mime_part_write (g_ptr_array_index (part->children, i), out, error) ||
        !write_text (out, "\r\n", error))
      return FALSE;
  }
  g_autofree gchar *end = g_strdup_printf ("--%s--\r\n", part->boundary);
  return write_text (out, end, error);
}

gboolean
bm_mime_part_write (const BmMimePart *part, BmSpool *out, GError **error)
{
  if (!write_text (out, part->fields->str, error) || !write_text (out, "\r\n", error))
    return FALSE;
  if (part->children != NULL)
    return write_children (part, out, error);
  GBytes *bytes = bm_spool_bytes (part->data, error);
  if (bytes == NULL)
    return FALSE;
  gsize size;
  const guint8 *data = g_bytes_get_data (bytes, &size);
  return part->base64 ? write_base64 (out, data, size, error)
                      : bm_spool_write (out, data, size, error);
}

guint64
bm_mime_part_size (const BmMimePart *part)
{
  guint64 size = part->fields->len;
  if (part->data != NULL)
    size += part->base64 ? bm_spool_size (part->data) / 57 * 78 : bm_spool_size (part->data);
  for (guint i = 0; part->children != NULL && i < part->children->len; i++)
    size += bm_mime_part_size (g_ptr_array_index (part->children, i));
  return size;
}

/* ---- the tree ---- */

static gboolean
refers_to (GHashTable *references, const gchar *content_id)
{
  g_autofree gchar *cid = g_strconcat ("cid:", content_id, NULL);
  return references != NULL && g_hash_table_contains (references, cid);
}

/* The reference that means this name: written so, percent-encoded, or as a cid: that no attachment
 * has. NULL when there is none. Borrowed from references. */
static const gchar *
reference_to (GHashTable *references, GHashTable *ids, const gchar *name)
{
  gpointer key = NULL;
  g_autofree gchar *encoded = g_uri_escape_string (name, "!$&'()*+,;=:@/", FALSE);
  g_autofree gchar *cid = g_strconcat ("cid:", name, NULL);
  if (g_hash_table_lookup_extended (references, name, &key, NULL) ||
      g_hash_table_lookup_extended (references, encoded, &key, NULL) ||
      (!g_hash_table_contains (ids, name) &&
       g_hash_table_lookup_extended (references, cid, &key, NULL)))
    return key;
  return NULL;
}

/* The HTML shows it by its location or file name: that, as the HTML has it; or NULL. */
static const gchar *
shown_by_name (GHashTable *references, GHashTable *ids, const BmAttachment *attachment)
{
  static const guint16 names[] = {0x3713, 0x3707, 0x3704};
  const gchar *found = NULL;
  for (guint i = 0; references != NULL && found == NULL && i < G_N_ELEMENTS (names); i++) {
    const gchar *name = bm_props_text (attachment->props, names[i]);
    if (name != NULL && *name != '\0')
      found = reference_to (references, ids, name);
  }
  return found;
}

/* Adds the Content-IDs that attachments have. item: or NULL. */
static void
add_ids (GHashTable *ids, const BmItem *item)
{
  for (guint i = 0; item != NULL && i < item->attachments->len; i++) {
    gchar *id = bm_mime_content_id (g_ptr_array_index (item->attachments, i));
    if (id != NULL)
      g_hash_table_add (ids, id);
  }
}

typedef struct {
  GPtrArray *inlines, *attached; /* BmMimePart * */
  GHashTable *references, *seen; /* seen: Content-IDs given */
  GHashTable *ids;               /* Content-IDs that attachments have */
  GHashTable *placed;            /* names in the HTML and the cid: that readers know instead */
} Sorted;

/* Few readers look for a part by its name. */
static void
place_by_name (Sorted *sorted, const gchar *name, const gchar *content_id)
{
  g_autofree gchar *escaped = g_uri_escape_string (content_id, "@", FALSE);
  g_hash_table_insert (sorted->placed, g_strdup (name), g_strconcat ("cid:", escaped, NULL));
}

static gboolean
sort_attachment (BmMime *mime, Sorted *sorted, guint index, GError **error)
{
  const BmAttachment *attachment = g_ptr_array_index (mime->item->attachments, index);
  g_autofree gchar *content_id = bm_mime_content_id (attachment);
  gboolean referred = content_id != NULL && refers_to (sorted->references, content_id);
  const gchar *by_name =
      referred ? NULL : shown_by_name (sorted->references, sorted->ids, attachment);
  if (content_id == NULL) {
    content_id = bm_mime_made_content_id (mime, index);
    referred = refers_to (sorted->references, content_id);
    if (!referred && by_name == NULL)
      g_clear_pointer (&content_id, g_free);
  }
  if (by_name != NULL && g_hash_table_contains (sorted->placed, by_name))
    by_name = NULL; /* shown already: this one would be seen by nobody */
  referred = referred || by_name != NULL;
  if (content_id != NULL && !g_hash_table_add (sorted->seen, g_strdup (content_id))) {
    if (referred)
      bm_notes_add (&mime->notes, BM_NOTE_DUPLICATE_CONTENT_ID);
    referred = FALSE;
    g_clear_pointer (&content_id, g_free);
  }
  if (referred && by_name != NULL)
    place_by_name (sorted, by_name, content_id);
  g_autoptr (GError) local = NULL;
  BmMimePart *part = bm_mime_attachment (mime, index, content_id, referred, &local);
  if (part != NULL)
    g_ptr_array_add (referred ? sorted->inlines : sorted->attached, part);
  BmMimePart *notice = part != NULL ? bm_mime_notice_of_part (mime, index) : NULL;
  if (notice != NULL)
    g_ptr_array_add (sorted->attached, notice);
  if (local == NULL)
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&local));
  return FALSE;
}

/* first and what belongs with it; first alone when nothing does. Empties list. */
static BmMimePart *
wrap (BmMime *mime, BmMimePart *first, GPtrArray *list, const gchar *subtype, const gchar *path)
{
  if (list->len == 0)
    return first;
  BmMimePart *multipart = bm_mime_part_multipart (mime, subtype, path);
  g_ptr_array_add (multipart->children, first);
  for (guint i = 0; i < list->len; i++)
    g_ptr_array_add (multipart->children, g_steal_pointer (&list->pdata[i]));
  for (guint i = 0; i < multipart->children->len; i++)
    multipart->eight_bit |= ((BmMimePart *) g_ptr_array_index (multipart->children, i))->eight_bit;
  if (multipart->eight_bit) /* RFC 2045 6.4 */
    g_string_append (multipart->fields, "Content-Transfer-Encoding: 8bit\r\n");
  return multipart;
}

static BmMimePart *
rtf_part (GBytes *rtf)
{
  BmMimePart *part = part_new ();
  g_string_append (part->fields, "Content-Type: application/rtf; name=\"body.rtf\"\r\n"
                                 "Content-Transfer-Encoding: base64\r\n"
                                 "Content-Disposition: attachment; filename=\"body.rtf\"\r\n");
  part->data = bm_spool_new_bytes (rtf);
  part->base64 = TRUE;
  return part;
}

static BmMimePart *
picture_part (const BmRtfPicture *picture, guint index)
{
  BmMimePart *part = part_new ();
  g_string_append_printf (part->fields,
                          "Content-Type: %s; name=\"picture-%u.%s\"\r\n"
                          "Content-Transfer-Encoding: base64\r\n"
                          "Content-Disposition: inline; filename=\"picture-%u.%s\"\r\n"
                          "Content-ID: <%s>\r\n",
                          picture->type, index + 1, picture->extension, index + 1,
                          picture->extension, picture->content_id);
  part->data = bm_spool_new_bytes (picture->data);
  part->base64 = TRUE;
  return part;
}

static BmMimePart *
body_part (BmMime *mime, const BmMimeBody *body, BmMimePart *calendar)
{
  BmMimePart *text = bm_mime_part_text ("plain", body->text);
  g_autoptr (GPtrArray) others =
      g_ptr_array_new_with_free_func ((GDestroyNotify) bm_mime_part_free);
  if (body->html != NULL)
    g_ptr_array_add (others, bm_mime_part_text ("html", body->html));
  if (calendar != NULL)
    g_ptr_array_add (others, calendar);
  return wrap (mime, text, others, "alternative", "alternative");
}

/* A contact with attachments of its own is a message inside another one: its card is one more. */
static void
add_card (BmMime *mime, GPtrArray *attached)
{
  g_autofree gchar *card = bm_mime_card_text (mime);
  if (card == NULL)
    return;
  BmMimePart *part = bm_mime_part_text ("vcard", card);
  g_string_append (part->fields, "Content-Disposition: attachment; filename=\"contact.vcf\"\r\n");
  g_ptr_array_add (attached, part);
}

/* RFC 6522 3: words, the part for machines, the message that it is about. Takes first. */
static BmMimePart *
report_part (BmMime *mime, BmMimePart *first, const BmMimeReport *report, GError **error)
{
  g_autoptr (GPtrArray) others =
      g_ptr_array_new_with_free_func ((GDestroyNotify) bm_mime_part_free);
  g_autofree gchar *subtype = bm_mime_report_subtype (report);
  g_ptr_array_add (others, bm_mime_report_status (mime, report));
  if (report->original >= 0) {
    g_autoptr (GError) local = NULL;
    BmMimePart *original = bm_mime_attachment (mime, (guint) report->original, NULL, FALSE, &local);
    if (original != NULL)
      g_ptr_array_add (others, original);
    if (local != NULL) {
      g_propagate_error (error, g_steal_pointer (&local));
      bm_mime_part_free (first);
      return NULL;
    }
  }
  return wrap (mime, first, others, subtype, "report");
}

typedef struct {
  BmMimeBody body;
  BmMimePart *calendar;
  gint calendar_of; /* the attachment that it was, or -1 */
  BmItem *tnef;     /* what winmail.dat holds, or NULL */
  BmMime inner;     /* of it */
  gint tnef_of;
  gboolean body_is_inner; /* it came from winmail.dat */
  gboolean is_report;
  BmMimeReport report;
} Content;

/* Takes what is better of body, and clears the rest. Text of our own wins over text made of it. */
static void
use_body (BmMime *mime, Content *content, BmMimeBody *body)
{
  BmMimeBody *own = &content->body;
  gboolean has_text = *own->text != '\0';
  gboolean better = own->html == NULL && (body->html != NULL || !has_text);
  if (better && has_text) {
    g_free (body->text);
    body->text = g_steal_pointer (&own->text);
  }
  content->body_is_inner = better;
  if (better) {
    BmMimeBody unused = *own;
    *own = *body;
    *body = unused;
    mime->notes &= ~(G_GUINT64_CONSTANT (1) << BM_NOTE_BODY_EMPTY); /* it is the other's to say */
  } else {
    content->inner.notes = 0;
  }
  bm_mime_body_clear (body);
}

/* What the message itself does not have comes from winmail.dat: in it Outlook had all. */
static void
read_tnef (BmMime *mime, Content *content)
{
  BmMimeBody body = {0};
  gint unused;
  content->tnef = bm_mime_tnef (mime, &content->tnef_of);
  if (content->tnef == NULL)
    return;
  bm_mime_begin (&content->inner, content->tnef, mime->context, mime->seed, mime->depth + 1);
  content->inner.notes = 0; /* it needs no Message-ID */
  content->inner.outer = mime;
  content->inner.first = mime->item->attachments->len;
  bm_mime_body_read (&content->inner, &body);
  use_body (mime, content, &body);
  if (content->calendar == NULL)
    content->calendar = bm_mime_calendar_part (&content->inner, &unused);
}

static void
content_read (BmMime *mime, Content *content)
{
  *content = (Content){.calendar_of = -1, .tnef_of = -1};
  bm_mime_body_read (mime, &content->body);
  content->calendar = bm_mime_calendar_part (mime, &content->calendar_of);
  read_tnef (mime, content);
  content->is_report = bm_mime_report_find (mime, &content->report);
  if (content->is_report && content->body.html == NULL && *content->body.text == '\0') {
    g_free (content->body.text);
    content->body.text = bm_mime_report_words (mime, &content->report);
  }
}

static void
content_clear (BmMime *mime, Content *content)
{
  if (content->tnef != NULL) {
    mime->notes |= content->inner.notes;
    bm_mime_end (&content->inner);
    bm_item_free (content->tnef);
  }
  bm_mime_body_clear (&content->body);
  bm_mime_part_free (content->calendar);
  g_free (content->report.text);
}

/* It is shown in another place. */
static gboolean
is_elsewhere (const BmMime *mime, const Content *content, guint index)
{
  const BmAttachment *attachment = g_ptr_array_index (mime->item->attachments, index);
  gint i = (gint) index;
  if (content->is_report && (i == content->report.status || i == content->report.original))
    return TRUE;
  return i == content->calendar_of || i == content->tnef_of ||
         bm_mime_calendar_owns (mime, attachment) || bm_mime_card_owns (mime->item, attachment);
}

static BmMimePart *
put_together (BmMime *mime, Content *content, Sorted *sorted, GError **error)
{
  if (g_hash_table_size (sorted->placed) > 0) {
    gchar *html = bm_html_replace_references (content->body.html, sorted->placed);
    g_free (content->body.html);
    content->body.html = html;
  }
  BmMimePart *tree = body_part (mime, &content->body, g_steal_pointer (&content->calendar));
  tree = wrap (mime, tree, sorted->inlines, "related", "related");
  if (content->is_report)
    tree = report_part (mime, tree, &content->report, error);
  return tree != NULL ? wrap (mime, tree, sorted->attached, "mixed", "mixed") : NULL;
}

static gboolean
sort_own (BmMime *mime, const Content *content, Sorted *sorted, GError **error)
{
  for (guint i = 0; i < mime->item->attachments->len; i++)
    if (!is_elsewhere (mime, content, i) && !sort_attachment (mime, sorted, i, error))
      return FALSE;
  return TRUE;
}

/* Those in winmail.dat. */
static gboolean
sort_inner (Content *content, Sorted *sorted, GError **error)
{
  const GPtrArray *all = content->tnef != NULL ? content->tnef->attachments : NULL;
  for (guint i = 0; all != NULL && i < all->len; i++)
    if (!bm_mime_calendar_owns (&content->inner, g_ptr_array_index (all, i)) &&
        !sort_attachment (&content->inner, sorted, i, error))
      return FALSE;
  return TRUE;
}

/* Names in a body mean first of all what came with it. */
static gboolean
sort_all (BmMime *mime, Content *content, Sorted *sorted, GError **error)
{
  return content->body_is_inner
             ? sort_inner (content, sorted, error) && sort_own (mime, content, sorted, error)
             : sort_own (mime, content, sorted, error) && sort_inner (content, sorted, error);
}

BmMimePart *
bm_mime_tree (BmMime *mime, GError **error)
{
  BmMimePart *tree = bm_mime_secure (mime);
  if (tree != NULL)
    return tree;
  Content content;
  content_read (mime, &content);
  const BmMimeBody *body = &content.body;
  g_autoptr (GPtrArray) inlines =
      g_ptr_array_new_with_free_func ((GDestroyNotify) bm_mime_part_free);
  g_autoptr (GPtrArray) attached =
      g_ptr_array_new_with_free_func ((GDestroyNotify) bm_mime_part_free);
  g_autoptr (GHashTable) references = body->html != NULL ? bm_html_references (body->html) : NULL;
  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autoptr (GHashTable) placed = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  g_autoptr (GHashTable) ids = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  add_ids (ids, mime->item);
  add_ids (ids, content.tnef);
  Sorted sorted = {inlines, attached, references, seen, ids, placed};
  if (body->rtf != NULL)
    g_ptr_array_add (attached, rtf_part (body->rtf));
  for (guint i = 0; body->pictures != NULL && i < body->pictures->len; i++)
    g_ptr_array_add (inlines, picture_part (g_ptr_array_index (body->pictures, i), i));
  gboolean ok = sort_all (mime, &content, &sorted, error);
  add_card (mime, attached);
  if (mime->item->damaged && !body->is_notice)
    g_ptr_array_add (attached, bm_mime_notice_of_message ());
  if (ok)
    tree = put_together (mime, &content, &sorted, error);
  content_clear (mime, &content);
  return tree;
}
