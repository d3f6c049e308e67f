/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* One libpff message to one BmItem: properties, recipients, attachments, embedded items. Whatever
 * cannot be read of an attachment costs that attachment, and is said. One thread. */
#include "pst/bm-pst-item.h"

#include "base/bm-spool.h"
#include "text/bm-charset.h"
#include <string.h>

#define PIECE           65536
#define SIZE_OVERHEAD   8192 /* 0x0E20 counts the attachment's properties too */
#define TAG_ATTACH_SIZE 0x0e20

typedef struct {
  BmPstWindow *window;
  guint depth;
} Reader;

static BmItem *read_message (Reader *reader, libpff_item_t *pff, GError **error);

gboolean
bm_pst_attachment_is_short (const BmAttachment *attachment)
{
  gint64 stored = bm_props_int (attachment->props, TAG_ATTACH_SIZE, 0);
  guint64 read = attachment->data != NULL ? bm_spool_size (attachment->data) : 0;
  return stored > SIZE_OVERHEAD && read < (guint64) (stored - SIZE_OVERHEAD) / 2;
}

BmPstStrings
bm_pst_file_strings (BmPst *pst, BmNotes *notes)
{
  return (BmPstStrings){*pst->charset != '\0' ? pst->charset : "CP1252", notes, pst, NULL};
}

BmPstStrings
bm_pst_item_strings (BmPst *pst, BmItem *item)
{
  BmPstStrings strings = bm_pst_file_strings (pst, &item->notes);
  const gchar *charset = bm_charset_from_codepage (item->codepage);
  if (charset != NULL)
    strings.charset = charset;
  strings.damaged = &item->damaged;
  return strings;
}

gboolean
bm_pst_item_set_props (BmItem *item, BmProps *props, gboolean embedded)
{
  bm_props_free (item->props);
  item->props = props;
  const gchar *message_class = bm_props_text (props, BM_PST_TAG_CLASS);
  if (message_class != NULL) {
    g_free (item->message_class);
    item->message_class = g_strdup (message_class);
  }
  return !embedded && !bm_message_class_is_mail (item->message_class);
}

static void
read_recipients (BmItem *item, libpff_item_t *pff, const BmPstStrings *strings)
{
  libpff_item_t *table = NULL;
  int n = 0;
  int result = libpff_message_get_recipients (pff, &table, NULL);
  if (result < 0)
    bm_notes_add (&item->notes, BM_NOTE_UNREADABLE_PROPERTY);
  if (result != 1)
    return;
  item->recipients = g_ptr_array_new_with_free_func ((GDestroyNotify) bm_props_free);
  if (libpff_item_get_number_of_record_sets (table, &n, NULL) != 1 || n > BM_PST_RECIPIENTS_MAX)
    bm_notes_add (&item->notes, BM_NOTE_UNREADABLE_PROPERTY);
  for (int i = 0; i < MIN (n, BM_PST_RECIPIENTS_MAX); i++) {
    libpff_record_set_t *row = NULL;
    if (libpff_item_get_record_set_by_index (table, i, &row, NULL) != 1) {
      bm_notes_add (&item->notes, BM_NOTE_UNREADABLE_PROPERTY);
      continue;
    }
    g_ptr_array_add (item->recipients, bm_pst_props_read (row, strings, FALSE));
    libpff_record_set_free (&row, NULL);
  }
  libpff_item_free (&table, NULL);
}

/* In pieces into a spool, so that a big attachment never sits on the heap. */
static gboolean
read_data (BmAttachment *attachment, libpff_item_t *pff, GError **error)
{
  g_autofree guint8 *piece = g_malloc (PIECE);
  size64_t size = 0;
  attachment->data = bm_spool_new ();
  if (libpff_attachment_get_data_size (pff, &size, NULL) < 0)
    attachment->damaged = TRUE;
  for (guint64 done = 0; done < size;) {
    ssize_t n = libpff_attachment_data_read_buffer (pff, piece, PIECE, NULL);
    if (n <= 0) {
      attachment->damaged = TRUE;
      break;
    }
    if (!bm_spool_write (attachment->data, piece, (gsize) n, error))
      return FALSE;
    done += (guint64) n;
  }
  /* libpff gives a damaged block as size 0 without a word; the stored size tells */
  attachment->damaged |= bm_pst_attachment_is_short (attachment);
  return bm_spool_seal (attachment->data, error);
}

static void
read_embedded (Reader *reader, BmItem *parent, BmAttachment *attachment, libpff_item_t *pff)
{
  libpff_item_t *inner = NULL;
  if (reader->depth >= BM_PST_DEPTH_MAX) {
    bm_notes_add (&parent->notes, BM_NOTE_NESTING_CUT);
    return;
  }
  if (libpff_attachment_get_item (pff, &inner, NULL) != 1) {
    attachment->damaged = TRUE;
    return;
  }
  reader->depth++;
  attachment->embedded = read_message (reader, inner, NULL);
  reader->depth--;
  libpff_item_free (&inner, NULL); /* before the next one opens: they may share a nid */
  if (attachment->embedded == NULL)
    attachment->damaged = TRUE;
}

static gboolean
read_attachment (Reader *reader, BmItem *item, libpff_item_t *pff, const BmPstStrings *strings,
                 GError **error)
{
  g_autoptr (BmAttachment) attachment = bm_attachment_new ();
  BmProps *props = bm_pst_props_of_item (pff, strings, TRUE, NULL);
  int kind = 0;
  if (props != NULL) {
    bm_props_free (attachment->props);
    attachment->props = props;
  } else {
    attachment->damaged = TRUE;
  }
  attachment->method =
      (gint) bm_props_int (attachment->props, BM_PST_TAG_METHOD, BM_ATTACH_BY_VALUE);
  if (reader->window->people_only && attachment->method != BM_ATTACH_EMBEDDED)
    return TRUE;
  /* libpff refuses to name the kinds 0, 3, 4, 7: those have no data of their own */
  if (libpff_attachment_get_type (pff, &kind, NULL) != 1)
    kind = 0;
  if (attachment->method == BM_ATTACH_EMBEDDED)
    read_embedded (reader, item, attachment, pff);
  else if (kind == LIBPFF_ATTACHMENT_TYPE_DATA && !read_data (attachment, pff, error))
    return FALSE;
  /* no data at all, and yet it had some */
  if (attachment->data == NULL &&
      (attachment->method == BM_ATTACH_BY_VALUE || attachment->method == BM_ATTACH_OLE))
    attachment->damaged |= bm_pst_attachment_is_short (attachment);
  g_ptr_array_add (item->attachments, g_steal_pointer (&attachment));
  return TRUE;
}

static gboolean
read_attachments (Reader *reader, BmItem *item, libpff_item_t *pff, const BmPstStrings *strings,
                  GError **error)
{
  int n = 0;
  if (libpff_message_get_number_of_attachments (pff, &n, NULL) < 0 || n > BM_PST_ATTACHMENTS_MAX)
    bm_notes_add (&item->notes, BM_NOTE_ATTACHMENT_DAMAGED);
  for (int i = 0; i < MIN (n, BM_PST_ATTACHMENTS_MAX); i++) {
    libpff_item_t *attachment = NULL;
    if (libpff_message_get_attachment (pff, i, &attachment, NULL) != 1) {
      BmAttachment *lost = bm_attachment_new ();
      lost->method = BM_ATTACH_BY_VALUE;
      lost->damaged = TRUE;
      g_ptr_array_add (item->attachments, lost);
      continue;
    }
    gboolean ok = read_attachment (reader, item, attachment, strings, error);
    libpff_item_free (&attachment, NULL);
    if (!ok)
      return FALSE;
  }
  return TRUE;
}

static BmItem *
read_message (Reader *reader, libpff_item_t *pff, GError **error)
{
  g_autoptr (BmItem) item = bm_item_new ();
  item->codepage = bm_pst_item_codepage (reader->window->pst, pff);
  BmPstStrings strings = bm_pst_item_strings (reader->window->pst, item);
  BmProps *props = bm_pst_props_of_item (pff, &strings, FALSE, error);
  if (props == NULL)
    return NULL;
  if (bm_pst_item_set_props (item, props, reader->depth > 0 || reader->window->whole))
    return g_steal_pointer (&item);
  read_recipients (item, pff, &strings);
  if (!read_attachments (reader, item, pff, &strings, error))
    return NULL;
  return g_steal_pointer (&item);
}

BmItem *
bm_pst_item_read (BmPstWindow *window, libpff_item_t *pff, GError **error)
{
  Reader reader = {window, 0};
  return read_message (&reader, pff, error);
}
