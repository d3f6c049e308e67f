/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Record entries to typed properties. Entries are walked, never asked for by id: libpff answers
 * such questions with named properties whose LID happens to be equal. Values are decoded from raw
 * data: libpff's multi-value decoder returns nothing, and its string conversion refuses what is
 * only partly wrong. One thread. */
#include "pst/bm-pst-item.h"

#include "base/bm-le.h"
#include "text/bm-charset.h"
#include <string.h>

#define VALUES_MAX            100000 /* of one multi-value */
#define BYTES_FOR_SURE        32     /* see is_bytes_after_all */
#define TAG_CONTAINER_CLASS   0x3613
#define TAG_MESSAGE_CODEPAGE  0x3ffd
#define TAG_INTERNET_CODEPAGE 0x3fde
#define TAG_LOCALE            0x3ff1
#define CODEPAGE_UTF16LE      1200

/* Some OSTs hold strings of bytes that are called UTF-16 ("IPF." then reads as two Chinese
 * characters). Classes are ASCII; anything else must be of an odd size, or too long to be Chinese by
 * chance. */
static gboolean
is_bytes_after_all (guint16 id, const guint8 *data, gsize size)
{
  if (size == 0 || (id != BM_PST_TAG_CLASS && id != TAG_CONTAINER_CLASS && size % 2 == 0 &&
                    size < BYTES_FOR_SURE))
    return FALSE;
  for (gsize i = 0; i < size; i++)
    if (!g_ascii_isprint (data[i]) && !g_ascii_isspace (data[i]))
      return FALSE;
  return TRUE;
}

static gchar *
text_of (guint16 id, const guint8 *data, gsize size, guint16 type, const BmPstStrings *strings)
{
  gboolean lossy = FALSE, guessed = FALSE;
  gchar *text = type == BM_TYPE_UNICODE && !is_bytes_after_all (id, data, size)
                    ? bm_charset_utf16le_to_utf8 (data, size, &lossy)
                    : bm_charset_guess_to_utf8 (data, size, strings->charset, &guessed, &lossy);
  if (lossy)
    bm_notes_add (strings->notes, BM_NOTE_CHARSET_LOSSY);
  if (guessed)
    bm_notes_add (strings->notes, BM_NOTE_CHARSET_GUESSED);
  return text;
}

static gint64
integer_of (const guint8 *data, gsize size, guint16 type)
{
  switch (type) {
  case BM_TYPE_INT16:
    return size >= 2 ? (gint16) bm_le16 (data) : 0;
  case BM_TYPE_BOOLEAN:
    return size >= 1 && data[0] != 0;
  case BM_TYPE_INT32:
    return size >= 4 ? (gint32) bm_le32 (data) : 0;
  default:
    return size >= 8 ? (gint64) bm_le64 (data) : 0;
  }
}

static gdouble
real_of (const guint8 *data, gsize size, guint16 type)
{
  gfloat single;
  gdouble real = 0;
  if (type == BM_TYPE_FLOAT && size >= sizeof single) {
    memcpy (&single, data, sizeof single);
    return (gdouble) single;
  }
  if (size >= sizeof real)
    memcpy (&real, data, sizeof real);
  return real;
}

/* Fixed-size values follow each other, [MS-PST] 2.3.3.4.1. */
static void
set_fixed_values (BmProp *prop, const guint8 *data, gsize size)
{
  guint16 base = prop->type & 0x0fff;
  gsize width = base == BM_TYPE_INT16 ? 2 : base == BM_TYPE_INT32 || base == BM_TYPE_FLOAT ? 4 : 8;
  prop->integers = g_array_new (FALSE, FALSE, sizeof (gint64));
  for (gsize i = 0; i + width <= size && prop->integers->len < VALUES_MAX; i += width) {
    gint64 value = integer_of (data + i, width, base);
    g_array_append_val (prop->integers, value);
  }
}

/* Others: a count, so many offsets from the start, the values. [MS-PST] 2.3.3.4.2. FALSE when an
 * offset leads astray; the values before it are kept. */
static gboolean
set_variable_values (BmProp *prop, const guint8 *data, gsize size, const BmPstStrings *strings)
{
  guint16 base = prop->type & 0x0fff;
  gboolean text = base == BM_TYPE_STRING8 || base == BM_TYPE_UNICODE;
  guint32 count = size >= 4 ? bm_le32 (data) : 0;
  prop->texts = text ? g_ptr_array_new_with_free_func (g_free) : NULL;
  prop->datas = text ? NULL : g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
  if (count > VALUES_MAX || 4 + (gsize) count * 4 > size)
    return count == 0;
  for (guint32 i = 0; i < count; i++) {
    gsize from = bm_le32 (data + 4 + 4 * i);
    gsize to = i + 1 < count ? bm_le32 (data + 8 + 4 * i) : size;
    if (from > to || to > size)
      return FALSE;
    if (text)
      g_ptr_array_add (prop->texts, text_of (prop->id, data + from, to - from, base, strings));
    else
      g_ptr_array_add (prop->datas, g_bytes_new (data + from, to - from));
  }
  return TRUE;
}

/* FALSE when not all of the value could be had. Takes data. */
static gboolean
set_value (BmProp *prop, guint8 *data, gsize size, const BmPstStrings *strings)
{
  g_autofree guint8 *owned = data;
  switch (prop->type) {
  case BM_TYPE_UNICODE:
    prop->text = text_of (prop->id, data, size, prop->type, strings);
    return TRUE;
  case BM_TYPE_STRING8:
    prop->text = text_of (prop->id, data, size, prop->type, strings);
    prop->data = g_bytes_new_take (g_steal_pointer (&owned), size);
    return TRUE;
  case BM_TYPE_BINARY:
  case BM_TYPE_GUID:
  case BM_TYPE_OBJECT:
    prop->data = g_bytes_new_take (g_steal_pointer (&owned), size);
    return TRUE;
  case BM_TYPE_FLOAT:
  case BM_TYPE_DOUBLE:
  case BM_TYPE_APPTIME:
    prop->real = real_of (data, size, prop->type);
    return TRUE;
  case BM_TYPE_MV | BM_TYPE_STRING8:
  case BM_TYPE_MV | BM_TYPE_UNICODE:
  case BM_TYPE_MV | BM_TYPE_BINARY:
    return set_variable_values (prop, data, size, strings);
  default:
    if (prop->type & BM_TYPE_MV)
      set_fixed_values (prop, data, size);
    else
      prop->integer = integer_of (data, size, prop->type);
    return TRUE;
  }
}

gboolean
bm_pst_props_add (BmProps *props, BmProp *head, guint8 *data, gsize size,
                  const BmPstStrings *strings)
{
  gboolean ok = set_value (head, data, size, strings);
  bm_props_take (props, head);
  return ok;
}

static void
set_name (BmProp *prop, libpff_record_entry_t *entry)
{
  libpff_name_to_id_map_entry_t *map = NULL;
  guint8 type = 0;
  gsize size = 0;
  guint32 lid = 0;
  if (libpff_record_entry_get_name_to_id_map_entry (entry, &map, NULL) != 1 || map == NULL ||
      libpff_name_to_id_map_entry_get_type (map, &type, NULL) != 1)
    return;
  libpff_name_to_id_map_entry_get_guid (map, prop->name.guid, sizeof prop->name.guid, NULL);
  if (type == LIBPFF_NAME_TO_ID_MAP_ENTRY_TYPE_NUMERIC) {
    static const guint8 none[16] = {0};
    if (libpff_name_to_id_map_entry_get_number (map, &lid, NULL) == 1)
      prop->name.lid = lid;
    if (memcmp (prop->name.guid, none, sizeof none) == 0) /* libpff gives numbers no fixed GUID */
      memcpy (prop->name.guid, bm_pst_public_strings, sizeof bm_pst_public_strings);
    return;
  }
  gchar text[512];
  if (libpff_name_to_id_map_entry_get_utf8_string_size (map, &size, NULL) != 1 || size == 0 ||
      size > sizeof text ||
      libpff_name_to_id_map_entry_get_utf8_string (map, (uint8_t *) text, size, NULL) != 1)
    return;
  text[size - 1] = '\0';
  if (g_utf8_validate (text, -1, NULL))
    prop->name.name = g_intern_string (text);
}

/* The raw bytes; NULL when there are none (*size 0) or they cannot be read (*ok FALSE). */
static guint8 *
raw_data (libpff_record_entry_t *entry, gsize *size, gboolean *ok)
{
  *size = 0;
  *ok = libpff_record_entry_get_data_size (entry, size, NULL) >= 0 && *size <= BM_PST_VALUE_MAX;
  if (!*ok || *size == 0) {
    *size = 0;
    return NULL;
  }
  g_autofree guint8 *data = g_try_malloc (*size);
  *ok = data != NULL && libpff_record_entry_get_data (entry, data, *size, NULL) == 1;
  if (*ok)
    return g_steal_pointer (&data);
  *size = 0;
  return NULL;
}

void
bm_pst_note_lost (const BmPstStrings *strings, guint16 id)
{
  bm_notes_add (strings->notes, BM_NOTE_UNREADABLE_PROPERTY);
  if (strings->damaged != NULL &&
      (id == BM_PST_TAG_TEXT || id == BM_PST_TAG_HTML || id == BM_PST_TAG_RTF))
    *strings->damaged = TRUE;
}

static void
read_entry (BmProps *props, libpff_record_entry_t *entry, const BmPstStrings *strings,
            gboolean skip_data)
{
  guint32 id = 0, type = 0;
  gsize size;
  gboolean ok;
  if (libpff_record_entry_get_entry_type (entry, &id, NULL) != 1 ||
      libpff_record_entry_get_value_type (entry, &type, NULL) != 1 || id > 0xffff)
    return;
  if (skip_data && id == BM_PST_TAG_DATA)
    return;
  BmProp prop = {.id = (guint16) id, .type = (guint16) type};
  guint8 *data = raw_data (entry, &size, &ok);
  if (id >= 0x8000 && bm_pst_names_are_broken (strings->pst))
    prop.name = bm_pst_name_of_id (strings, (guint16) id);
  else if (id >= 0x8000)
    set_name (&prop, entry);
  if (!ok || !bm_pst_props_add (props, &prop, data, size, strings))
    bm_pst_note_lost (strings, (guint16) id);
}

BmProps *
bm_pst_props_read (libpff_record_set_t *set, const BmPstStrings *strings, gboolean skip_data)
{
  BmProps *props = bm_props_new ();
  int n = 0;
  if (libpff_record_set_get_number_of_entries (set, &n, NULL) != 1) {
    bm_notes_add (strings->notes, BM_NOTE_UNREADABLE_PROPERTY);
    return props;
  }
  for (int i = 0; i < n; i++) {
    libpff_record_entry_t *entry = NULL;
    if (libpff_record_set_get_entry_by_index (set, i, &entry, NULL) != 1) {
      bm_notes_add (strings->notes, BM_NOTE_UNREADABLE_PROPERTY);
      continue;
    }
    read_entry (props, entry, strings, skip_data);
    libpff_record_entry_free (&entry, NULL);
  }
  return props;
}

BmProps *
bm_pst_props_of_item (libpff_item_t *item, const BmPstStrings *strings, gboolean skip_data,
                      GError **error)
{
  libpff_record_set_t *set = NULL;
  libpff_error_t *pff = NULL;
  if (libpff_item_get_record_set_by_index (item, 0, &set, &pff) != 1) {
    bm_pst_set_error (error, "its properties cannot be read", &pff);
    return NULL;
  }
  BmProps *props = bm_pst_props_read (set, strings, skip_data);
  libpff_record_set_free (&set, NULL);
  return props;
}

static guint32
integer_property (libpff_record_set_t *set, guint32 tag)
{
  libpff_record_entry_t *entry = NULL;
  guint32 value = 0;
  if (libpff_record_set_get_entry_by_type (set, tag, BM_TYPE_INT32, &entry,
                                           LIBPFF_ENTRY_VALUE_FLAG_IGNORE_NAME_TO_ID_MAP,
                                           NULL) != 1)
    return 0;
  if (libpff_record_entry_get_data_as_32bit_integer (entry, &value, NULL) != 1)
    value = 0;
  libpff_record_entry_free (&entry, NULL);
  return value;
}

guint32
bm_pst_codepage_of (const BmPst *pst, guint32 message, guint32 internet, guint32 locale)
{
  const guint32 codepages[] = {message, internet};
  for (guint i = 0; i < G_N_ELEMENTS (codepages); i++)
    /* UTF-16 is no code page of 8-bit strings */
    if (codepages[i] != CODEPAGE_UTF16LE && bm_charset_from_codepage (codepages[i]) != NULL)
      return codepages[i];
  return *pst->charset == '\0' ? bm_pst_codepage_of_locale (locale) : 0;
}

guint32
bm_pst_item_codepage (const BmPst *pst, libpff_item_t *item)
{
  libpff_record_set_t *set = NULL;
  if (libpff_item_get_record_set_by_index (item, 0, &set, NULL) != 1)
    return 0;
  guint32 found = bm_pst_codepage_of (pst, integer_property (set, TAG_MESSAGE_CODEPAGE),
                                      integer_property (set, TAG_INTERNET_CODEPAGE),
                                      integer_property (set, TAG_LOCALE));
  libpff_record_set_free (&set, NULL);
  return found;
}
