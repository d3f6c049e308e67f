/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* What IMAP keeps beside the bytes: flags, keywords, internal date. pst-to-mime 2.4;
 * [MS-OXCMSG] 2.2.1.6 (message flags), [MS-OXOMSG] 2.2.2.22 (last verb), [MS-OXOFLAG] 2.2.1.1.
 * One thread. */
#include "mime/bm-mime.h"

#include <gmime/gmime.h>
#include <string.h>

#define DATE_FIRST  G_GINT64_CONSTANT (86400)      /* 1970-01-02: Cyrus takes 0 for "now" */
#define DATE_LAST   G_GINT64_CONSTANT (4102444799) /* 2099-12-31 23:59:59 */
#define KEYWORD_MAX 60

#define MSGFLAG_READ   0x1
#define MSGFLAG_UNSENT 0x8
#define MSGFLAG_FROMME 0x20

static const guint8 public_strings[16] = {0x29, 0x03, 0x02, 0x00, 0x00, 0x00, 0x00, 0x00,
                                          0xc0, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x46};

gboolean
bm_mime_is_draft (const BmItem *item)
{
  gint64 ignored;
  return (bm_props_int (item->props, 0x0e07, 0) & MSGFLAG_UNSENT) != 0 &&
         !bm_props_time (item->props, 0x0e06, &ignored) &&
         bm_props_get (item->props, 0x007d) == NULL;
}

/* Who received it (0x003F, 0x0040, 0x0075, 0x0076) is said of received mail only; mail that its owner
 * sent to himself is marked so. */
gboolean
bm_mime_is_received (const BmMime *mime)
{
  static const guint16 ids[] = {0x003f, 0x0040, 0x0075, 0x0076};
  const BmProps *props = mime->item->props;
  gboolean named = mime->transport != NULL;
  if (bm_props_int (props, 0x0e07, 0) & (MSGFLAG_UNSENT | MSGFLAG_FROMME))
    return FALSE;
  for (guint i = 0; !named && i < G_N_ELEMENTS (ids); i++)
    named = bm_props_get (props, ids[i]) != NULL;
  return named;
}

gboolean
bm_mime_asks_receipt (const BmMime *mime)
{
  return bm_props_bool (mime->item->props, 0x0029, FALSE) ||
         bm_mime_transport_get (mime, "Disposition-Notification-To") != NULL;
}

BmFlags
bm_mime_flags (const BmMime *mime)
{
  const BmProps *props = mime->item->props;
  gint64 verb = bm_props_int (props, 0x1081, 0), icon = bm_props_int (props, 0x1080, 0);
  BmFlags flags = 0;
  if (bm_props_int (props, 0x0e07, 0) & MSGFLAG_READ)
    flags |= BM_FLAG_SEEN;
  if (verb == 102 || verb == 103 || (verb == 0 && icon == 0x105))
    flags |= BM_FLAG_ANSWERED;
  if (bm_props_int (props, 0x1090, 0) == 2)
    flags |= BM_FLAG_FLAGGED;
  if (bm_mime_is_draft (mime->item))
    flags |= BM_FLAG_DRAFT;
  return flags;
}

/* ---- keywords ---- */

const BmProp *
bm_mime_categories (const BmItem *item)
{
  const BmProp *prop = bm_props_get_name (item->props, public_strings, "Keywords");
  return prop != NULL && prop->texts != NULL && prop->texts->len > 0 ? prop : NULL;
}

static gboolean
is_atom_char (gunichar c) /* RFC 3501 9, and ']' which some servers refuse */
{
  return c > ' ' && c < 0x7f && strchr ("(){%*\"\\]", (int) c) == NULL;
}

/* Accents go, blanks become '_'; what has no ASCII in it is named by its hash. */
static gchar *
keyword_of (const gchar *category)
{
  g_autofree gchar *apart = g_utf8_normalize (category, -1, G_NORMALIZE_ALL);
  g_autoptr (GString) word = g_string_new (NULL);
  gboolean said = FALSE;
  for (const gchar *p = apart != NULL ? apart : ""; *p != '\0' && word->len < KEYWORD_MAX;
       p = g_utf8_next_char (p)) {
    gunichar c = g_utf8_get_char (p);
    if (g_unichar_ismark (c))
      continue;
    g_string_append_c (word, is_atom_char (c) ? (gchar) c : '_');
    said |= is_atom_char (c);
  }
  if (said)
    return g_string_free (g_steal_pointer (&word), FALSE);
  g_autofree gchar *hash = bm_mime_hash (&category, 1);
  return g_strdup_printf ("category_%.8s", hash);
}

static gint
compare_words (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const gchar *const *) a, *(const gchar *const *) b);
}

static gboolean
was_forwarded (const BmProps *props)
{
  gint64 verb = bm_props_int (props, 0x1081, 0);
  return verb == 104 || (verb == 0 && bm_props_int (props, 0x1080, 0) == 0x106);
}

static void
add_word (GPtrArray *words, GHashTable *seen, const gchar *word)
{
  if (g_hash_table_add (seen, g_ascii_strdown (word, -1)))
    g_ptr_array_add (words, g_strdup (word));
}

GStrv
bm_mime_keywords (BmMime *mime)
{
  const BmProp *categories = bm_mime_categories (mime->item);
  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  GPtrArray *words = g_ptr_array_new ();
  for (guint i = 0; categories != NULL && i < categories->texts->len; i++) {
    const gchar *category = g_ptr_array_index (categories->texts, i);
    g_autofree gchar *word = *category != '\0' ? keyword_of (category) : NULL;
    if (word == NULL)
      continue;
    if (!g_str_equal (word, category))
      bm_notes_add (&mime->notes, BM_NOTE_KEYWORD_CHANGED);
    if (g_hash_table_add (seen, g_ascii_strdown (word, -1)))
      g_ptr_array_add (words, g_steal_pointer (&word));
  }
  if (was_forwarded (mime->item->props))
    add_word (words, seen, "$Forwarded");
  if (bm_mime_is_received (mime) && bm_mime_asks_receipt (mime) &&
      (bm_mime_flags (mime) & BM_FLAG_SEEN)) /* nobody shall be asked again about old mail */
    add_word (words, seen, "$MDNSent");
  g_ptr_array_sort (words, compare_words);
  g_ptr_array_add (words, NULL);
  return (GStrv) g_ptr_array_free (words, FALSE);
}

/* ---- dates ---- */

/* A date in a transport header; of Received the part behind the last ';'. */
static gboolean
transport_date (const BmMime *mime, const gchar *name, gint64 *unix_time)
{
  const gchar *value =
      bm_mime_fields_get (mime->transport != NULL ? mime->transport : mime->unsent, name);
  const gchar *semicolon = value != NULL ? strrchr (value, ';') : NULL;
  if (value == NULL || (g_str_equal (name, "Received") && semicolon == NULL))
    return FALSE;
  g_autoptr (GDateTime) when =
      g_mime_utils_header_decode_date (semicolon != NULL ? semicolon + 1 : value);
  if (when == NULL)
    return FALSE;
  *unix_time = g_date_time_to_unix (when);
  return *unix_time > 0;
}

/* 0x0039 submitted, 0x0E06 delivered; 0x3007 created and 0x3008 modified are guesses. The headers of
 * an item marked unsent may be those of the mail it answers: its own dates first. */
static gboolean
find_date (BmMime *mime, gboolean received_first, gint64 *unix_time)
{
  const BmProps *props = mime->item->props;
  if (received_first) {
    if (bm_props_time (props, 0x0e06, unix_time) || transport_date (mime, "Received", unix_time) ||
        transport_date (mime, "Date", unix_time) || bm_props_time (props, 0x0039, unix_time))
      return TRUE;
  } else if (bm_props_time (props, 0x0039, unix_time) || bm_props_time (props, 0x0e06, unix_time) ||
             transport_date (mime, "Date", unix_time)) {
    return TRUE;
  }
  if (!bm_props_time (props, 0x3007, unix_time) && !bm_props_time (props, 0x3008, unix_time))
    return FALSE;
  bm_notes_add (&mime->notes, BM_NOTE_DATE_GUESSED);
  return TRUE;
}

static gint64
clamped (BmMime *mime, gboolean found, gint64 unix_time)
{
  if (!found) {
    bm_notes_add (&mime->notes, BM_NOTE_DATE_UNKNOWN);
    return DATE_FIRST;
  }
  gint64 result = CLAMP (unix_time, DATE_FIRST, DATE_LAST);
  if (result != unix_time)
    bm_notes_add (&mime->notes, BM_NOTE_DATE_CLAMPED);
  return result;
}

gint64
bm_mime_internal_date (BmMime *mime)
{
  gint64 unix_time = 0;
  gboolean found = find_date (mime, mime->transport != NULL, &unix_time);
  return clamped (mime, found, unix_time);
}

gint64
bm_mime_header_date (BmMime *mime)
{
  gint64 unix_time = 0;
  gboolean found = find_date (mime, FALSE, &unix_time);
  return clamped (mime, found, unix_time);
}
