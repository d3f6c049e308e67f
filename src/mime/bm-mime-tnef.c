/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* winmail.dat: a message as Outlook sends it to its like, [MS-OXTNEF] 2.1. It becomes an item with
 * attachments, so that all else converts it. Read strictly within its bytes: what is cut or crooked
 * is no item, and the attachment stays what it was. One thread. */
#include "mime/bm-mime.h"

#include "base/bm-le.h"
#include "text/bm-charset.h"
#include <string.h>

#define SIGNATURE       0x223e9f78u
#define LEVEL_MESSAGE   1
#define LEVEL_ATTACH    2
#define ATTRIBUTES_MAX  20000
#define PROPS_MAX       20000
#define ATTACHMENTS_MAX 1000
#define DEPTH_MAX       8
#define NAME_BYTES_MAX  512
#define RECIPIENTS_MAX  20000
#define OBJECT_IID      16 /* bytes before an embedded message */

enum {
  ATT_CODE_PAGE = 0x69007,
  ATT_CLASS = 0x78008,
  ATT_SUBJECT = 0x18004,
  ATT_BODY = 0x2800c,
  ATT_PROPS = 0x69003,
  ATT_RECIPIENTS = 0x69004,
  ATT_NEW_ATTACHMENT = 0x69002,
  ATT_TITLE = 0x18010,
  ATT_DATA = 0x6800f,
  ATT_ATTACHMENT_PROPS = 0x69005
};

typedef struct {
  GBytes *bytes;
  const guint8 *data;
  gsize size, at;
  gboolean failed;
  const gchar *charset;
  guint depth;
} Reader;

static const guint8 *
take (Reader *reader, gsize n)
{
  if (reader->failed || reader->size - reader->at < n) {
    reader->failed = TRUE;
    return NULL;
  }
  const guint8 *here = reader->data + reader->at;
  reader->at += n;
  return here;
}

static guint32
take32 (Reader *reader)
{
  const guint8 *p = take (reader, 4);
  return p != NULL ? bm_le32 (p) : 0;
}

static guint16
take16 (Reader *reader)
{
  const guint8 *p = take (reader, 2);
  return p != NULL ? bm_le16 (p) : 0;
}

static Reader
reader_of (GBytes *bytes, const Reader *outer)
{
  Reader reader = {.bytes = bytes, .charset = "CP1252"};
  reader.data = g_bytes_get_data (bytes, &reader.size);
  if (outer != NULL) {
    reader.charset = outer->charset;
    reader.depth = outer->depth + 1;
  }
  return reader;
}

/* ---- properties, [MS-OXTNEF] 2.1.3.4 ---- */

static gchar *
text_of (const Reader *reader, const guint8 *data, gsize size, gboolean wide)
{
  gboolean guessed, lossy;
  return wide ? bm_charset_utf16le_to_utf8 (data, size, &lossy)
              : bm_charset_guess_to_utf8 (data, size, reader->charset, &guessed, &lossy);
}

static void
take_name (Reader *reader, BmProp *prop)
{
  const guint8 *guid = take (reader, 16);
  guint32 kind = take32 (reader), value = take32 (reader);
  if (guid == NULL || reader->failed)
    return;
  memcpy (prop->name.guid, guid, 16);
  if (kind == 0) {
    prop->name.lid = value;
    return;
  }
  const guint8 *name = value <= NAME_BYTES_MAX ? take (reader, (value + 3) / 4 * 4) : NULL;
  if (name == NULL) {
    reader->failed = TRUE;
    return;
  }
  g_autofree gchar *text = text_of (reader, name, value, TRUE);
  prop->name.name = g_intern_string (text);
}

/* A value with its length before it and padding behind it. */
static GBytes *
take_sized (Reader *reader)
{
  gsize size = take32 (reader);
  gsize from = reader->at;
  if (take (reader, size) == NULL || (size % 4 != 0 && take (reader, 4 - size % 4) == NULL))
    return NULL;
  return g_bytes_new_from_bytes (reader->bytes, from, size);
}

static gint64
take_integer (Reader *reader, guint16 type)
{
  switch (type) {
  case BM_TYPE_INT16:
    return (gint16) take32 (reader);
  case BM_TYPE_BOOLEAN:
    return (take32 (reader) & 0xffff) != 0;
  case BM_TYPE_INT32:
    return (gint32) take32 (reader);
  default: {
    guint64 low = take32 (reader);
    return (gint64) (low | (guint64) take32 (reader) << 32);
  }
  }
}

static void
take_variable (Reader *reader, BmProp *prop)
{
  guint16 base = prop->type & 0x0fff;
  gboolean many = (prop->type & BM_TYPE_MV) != 0;
  gboolean is_text = base == BM_TYPE_STRING8 || base == BM_TYPE_UNICODE;
  guint32 n = take32 (reader);
  if (n > PROPS_MAX || (!many && n != 1)) {
    reader->failed = TRUE;
    return;
  }
  if (many && is_text)
    prop->texts = g_ptr_array_new_with_free_func (g_free);
  else if (many)
    prop->datas = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
  for (guint32 i = 0; i < n; i++) {
    g_autoptr (GBytes) bytes = take_sized (reader);
    if (bytes == NULL)
      return;
    gsize size;
    const guint8 *data = g_bytes_get_data (bytes, &size);
    g_autofree gchar *text = is_text ? text_of (reader, data, size, base == BM_TYPE_UNICODE) : NULL;
    if (many && is_text)
      g_ptr_array_add (prop->texts, g_steal_pointer (&text));
    else if (many)
      g_ptr_array_add (prop->datas, g_steal_pointer (&bytes));
    else
      prop->text = g_steal_pointer (&text);
    if (!many && base != BM_TYPE_UNICODE)
      prop->data = g_steal_pointer (&bytes);
  }
}

static void
take_value (Reader *reader, BmProp *prop)
{
  guint16 base = prop->type & 0x0fff;
  gint64 raw;
  switch (base) {
  case BM_TYPE_STRING8:
  case BM_TYPE_UNICODE:
  case BM_TYPE_BINARY:
  case BM_TYPE_OBJECT:
    take_variable (reader, prop);
    return;
  case BM_TYPE_GUID: {
    gsize from = reader->at;
    if (take (reader, 16) != NULL)
      prop->data = g_bytes_new_from_bytes (reader->bytes, from, 16);
    return;
  }
  case BM_TYPE_FLOAT:
    take32 (reader);
    return;
  case BM_TYPE_DOUBLE:
  case BM_TYPE_APPTIME:
    raw = take_integer (reader, BM_TYPE_INT64);
    memcpy (&prop->real, &raw, sizeof raw);
    return;
  case BM_TYPE_INT16:
  case BM_TYPE_BOOLEAN:
  case BM_TYPE_INT32:
  case BM_TYPE_CURRENCY:
  case BM_TYPE_INT64:
  case BM_TYPE_FILETIME:
    prop->integer = take_integer (reader, base);
    return;
  default:
    reader->failed = TRUE;
  }
}

/* Several values of a fixed size are of no use to a mail: passed over. */
static void
skip_many (Reader *reader, guint16 type)
{
  guint32 n = take32 (reader);
  for (guint32 i = 0; i < n && !reader->failed; i++) {
    BmProp unused = {.type = type & 0x0fff};
    take_value (reader, &unused);
    bm_prop_clear (&unused);
  }
}

static gboolean
is_fixed (guint16 base)
{
  return base != BM_TYPE_STRING8 && base != BM_TYPE_UNICODE && base != BM_TYPE_BINARY;
}

static void
take_props (Reader *reader, BmProps *props)
{
  guint32 n = take32 (reader);
  for (guint32 i = 0; i < n && i < PROPS_MAX && !reader->failed; i++) {
    BmProp prop = {0};
    prop.type = take16 (reader);
    prop.id = take16 (reader);
    if (prop.id >= 0x8000)
      take_name (reader, &prop);
    if ((prop.type & BM_TYPE_MV) != 0 && is_fixed (prop.type & 0x0fff)) {
      skip_many (reader, prop.type);
      continue;
    }
    take_value (reader, &prop);
    if (reader->failed)
      bm_prop_clear (&prop);
    else
      bm_props_take (props, &prop);
  }
}

static gboolean
read_props (GBytes *bytes, const Reader *outer, BmProps *props)
{
  Reader reader = reader_of (bytes, outer);
  take_props (&reader, props);
  return !reader.failed;
}

/* Rows of properties, [MS-OXTNEF] 2.1.3.5.1. */
static gboolean
read_recipients (GBytes *bytes, const Reader *outer, BmItem *item)
{
  Reader reader = reader_of (bytes, outer);
  guint32 n = take32 (&reader);
  if (item->recipients == NULL)
    item->recipients = g_ptr_array_new_with_free_func ((GDestroyNotify) bm_props_free);
  for (guint32 i = 0; i < n && !reader.failed; i++) {
    if (item->recipients->len >= RECIPIENTS_MAX)
      return FALSE;
    g_ptr_array_add (item->recipients, bm_props_new ());
    take_props (&reader, g_ptr_array_index (item->recipients, item->recipients->len - 1));
  }
  return !reader.failed;
}

/* ---- attributes ---- */

static void
set_text (const Reader *reader, BmProps *props, guint16 id, GBytes *bytes)
{
  gsize size;
  const guint8 *data = g_bytes_get_data (bytes, &size);
  BmProp prop = {.id = id, .type = BM_TYPE_UNICODE};
  prop.text = text_of (reader, data, size, FALSE);
  bm_props_take (props, &prop);
}

/* The names that classes had before, [MS-OXTNEF] 2.1.3.2. */
static void
set_class (const Reader *reader, BmItem *item, GBytes *bytes)
{
  static const struct {
    const gchar *old, *message_class;
  } classes[] = {
      {"IPM.Microsoft Mail.Note", "IPM.Note"},
      {"IPM.Microsoft Schedule.MtgReq", "IPM.Schedule.Meeting.Request"},
      {"IPM.Microsoft Schedule.MtgCncl", "IPM.Schedule.Meeting.Canceled"},
      {"IPM.Microsoft Schedule.MtgRespP", "IPM.Schedule.Meeting.Resp.Pos"},
      {"IPM.Microsoft Schedule.MtgRespN", "IPM.Schedule.Meeting.Resp.Neg"},
      {"IPM.Microsoft Schedule.MtgRespA", "IPM.Schedule.Meeting.Resp.Tent"},
  };
  gsize size;
  const guint8 *data = g_bytes_get_data (bytes, &size);
  g_autofree gchar *text = text_of (reader, data, size, FALSE);
  for (guint i = 0; i < G_N_ELEMENTS (classes); i++)
    if (g_ascii_strcasecmp (text, classes[i].old) == 0) {
      g_free (text);
      text = g_strdup (classes[i].message_class);
    }
  g_free (item->message_class);
  item->message_class = g_steal_pointer (&text);
}

static BmItem *read_item (GBytes *bytes, const Reader *outer);

/* Its data: a stream, or a message that is TNEF again. FALSE: crooked. */
static gboolean
set_content (const Reader *reader, BmAttachment *attachment)
{
  attachment->method = (gint) bm_props_int (attachment->props, 0x3705, BM_ATTACH_BY_VALUE);
  GBytes *bytes = bm_props_data (attachment->props, 0x3701);
  gsize size = bytes != NULL ? g_bytes_get_size (bytes) : 0;
  if (attachment->method == BM_ATTACH_EMBEDDED) {
    if (size <= OBJECT_IID || reader->depth >= DEPTH_MAX)
      return FALSE;
    g_autoptr (GBytes) inner = g_bytes_new_from_bytes (bytes, OBJECT_IID, size - OBJECT_IID);
    attachment->embedded = read_item (inner, reader);
    return attachment->embedded != NULL;
  }
  if (attachment->data == NULL && size > OBJECT_IID && attachment->method == BM_ATTACH_OLE) {
    g_autoptr (GBytes) inner = g_bytes_new_from_bytes (bytes, OBJECT_IID, size - OBJECT_IID);
    attachment->data = bm_spool_new_bytes (inner);
  } else if (attachment->data == NULL && size > 0) {
    attachment->data = bm_spool_new_bytes (bytes);
  }
  return TRUE;
}

static gboolean
read_attribute (Reader *reader, BmItem *item, guint level, guint32 id, GBytes *bytes)
{
  GPtrArray *all = item->attachments;
  BmAttachment *attachment = all->len > 0 ? g_ptr_array_index (all, all->len - 1) : NULL;
  gsize size;
  const guint8 *data = g_bytes_get_data (bytes, &size);
  if (level == LEVEL_ATTACH && id == ATT_NEW_ATTACHMENT) {
    g_ptr_array_add (all, bm_attachment_new ());
    return all->len <= ATTACHMENTS_MAX;
  }
  if (level == LEVEL_ATTACH && attachment == NULL)
    return FALSE;
  switch (id) {
  case ATT_CODE_PAGE: {
    const gchar *charset = size >= 4 ? bm_charset_from_codepage (bm_le16 (data)) : NULL;
    if (charset != NULL)
      reader->charset = charset;
    return TRUE;
  }
  case ATT_CLASS:
    set_class (reader, item, bytes);
    return TRUE;
  case ATT_SUBJECT:
    set_text (reader, item->props, 0x0037, bytes);
    return TRUE;
  case ATT_BODY:
    set_text (reader, item->props, 0x1000, bytes);
    return TRUE;
  case ATT_PROPS:
    return read_props (bytes, reader, item->props);
  case ATT_RECIPIENTS:
    return level != LEVEL_MESSAGE || read_recipients (bytes, reader, item);
  case ATT_TITLE:
    if (level == LEVEL_ATTACH)
      set_text (reader, attachment->props, 0x3704, bytes);
    return TRUE;
  case ATT_DATA:
    if (level == LEVEL_ATTACH && attachment->data == NULL)
      attachment->data = bm_spool_new_bytes (bytes);
    return TRUE;
  case ATT_ATTACHMENT_PROPS:
    return level != LEVEL_ATTACH || read_props (bytes, reader, attachment->props);
  default:
    return TRUE;
  }
}

static BmItem *
read_item (GBytes *bytes, const Reader *outer)
{
  Reader reader = reader_of (bytes, outer);
  g_autoptr (BmItem) item = bm_item_new ();
  if (take32 (&reader) != SIGNATURE)
    return NULL;
  take16 (&reader);
  for (guint n = 0; n < ATTRIBUTES_MAX && reader.at < reader.size; n++) {
    const guint8 *level = take (&reader, 1);
    guint32 id = take32 (&reader), size = take32 (&reader);
    gsize from = reader.at;
    if (take (&reader, size) == NULL)
      return NULL;
    g_autoptr (GBytes) value = g_bytes_new_from_bytes (bytes, from, size);
    take16 (&reader); /* a sum, which some writers get wrong */
    if (reader.failed || !read_attribute (&reader, item, *level, id, value))
      return NULL;
  }
  for (guint i = 0; i < item->attachments->len; i++)
    if (!set_content (&reader, g_ptr_array_index (item->attachments, i)))
      return NULL;
  const gchar *message_class = bm_props_text (item->props, 0x001a);
  if (message_class != NULL && *item->message_class == '\0') {
    g_free (item->message_class);
    item->message_class = g_strdup (message_class);
  }
  return g_steal_pointer (&item);
}

static gboolean
looks_like_tnef (const BmAttachment *attachment)
{
  static const gchar *const types[] = {"application/ms-tnef", "application/vnd.ms-tnef"};
  const gchar *type = bm_props_text (attachment->props, 0x370e);
  const gchar *name = bm_props_text (attachment->props, 0x3707);
  if (attachment->method != BM_ATTACH_BY_VALUE || attachment->data == NULL || attachment->damaged)
    return FALSE;
  if (type != NULL && bm_mime_is_among (type, types, G_N_ELEMENTS (types)))
    return TRUE;
  if (name == NULL)
    name = bm_props_text (attachment->props, 0x3704);
  return name != NULL && g_ascii_strcasecmp (name, "winmail.dat") == 0;
}

/* Who sent it and to whom stands outside, with addresses that mail has: a meeting in it asks for
 * both. */
static void
add_people (BmItem *item, const BmItem *outer)
{
  static const guint16 ids[] = {0x0042, 0x5d02, 0x0064, 0x0065, 0x0041,
                                0x0c1a, 0x5d01, 0x0c1e, 0x0c1f, 0x0c19};
  if (outer->recipients != NULL && outer->recipients->len > 0) {
    g_clear_pointer (&item->recipients, g_ptr_array_unref);
    item->recipients = g_ptr_array_ref (outer->recipients);
  }
  for (guint i = 0; i < G_N_ELEMENTS (ids); i++) {
    const BmProp *prop = bm_props_get (outer->props, ids[i]);
    if (prop != NULL)
      bm_props_add_copy (item->props, prop);
  }
}

BmItem *
bm_mime_tnef_item (BmMime *mime, const BmAttachment *attachment)
{
  GBytes *bytes = looks_like_tnef (attachment) ? bm_spool_bytes (attachment->data, NULL) : NULL;
  BmItem *item = bytes != NULL ? read_item (bytes, NULL) : NULL;
  if (item != NULL)
    add_people (item, mime->item);
  else if (bytes != NULL)
    bm_notes_add (&mime->notes, BM_NOTE_CONTENT_KEPT_RAW);
  return item;
}

BmItem *
bm_mime_tnef (BmMime *mime, gint *index)
{
  for (guint i = 0; i < mime->item->attachments->len; i++) {
    BmItem *item = bm_mime_tnef_item (mime, g_ptr_array_index (mime->item->attachments, i));
    *index = (gint) i;
    if (item != NULL)
      return item;
  }
  *index = -1;
  return NULL;
}
