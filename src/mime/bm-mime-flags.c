/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* What IMAP keeps beside the bytes: flags, keywords, internal date. pst-to-mime 2.4;
 * [MS-OXCMSG] 2.2.1.6 (message flags), [MS-OXOMSG] 2.2.2.22 (last verb), [MS-OXOFLAG] 2.2.1.1.
 * One thread. */
#include "mime/bm-mime.h"

#include <gmime/gmime.h>
#include <string.h>

#define DATE_FIRST   G_GINT64_CONSTANT (86400)      /* 1970-01-02: Cyrus takes 0 for "now" */
#define DATE_LAST    G_GINT64_CONSTANT (4102444799) /* 2099-12-31 23:59:59 */
#define DATE_LIKELY  G_GINT64_CONSTANT (315532800)  /* 1980: before it nobody had mail of today's */
#define KEYWORD_MAX  60
#define KEYWORDS_MAX 30 /* of one message: a Cyrus mailbox knows 128 different ones in all */

enum { VERB_REPLY = 102, VERB_REPLY_ALL, VERB_FORWARD };
enum { ICON_REPLIED = 0x105, ICON_FORWARDED };

#define MSGFLAG_READ   0x1
#define MSGFLAG_SUBMIT 0x4
#define MSGFLAG_UNSENT 0x8
#define MSGFLAG_FROMME 0x20

static const guint8 public_strings[16] = {0x29, 0x03, 0x02, 0x00, 0x00, 0x00, 0x00, 0x00,
                                          0xc0, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x46};

gboolean
bm_mime_is_unsent (const BmItem *item)
{
  return (bm_props_int (item->props, 0x0e07, 0) & MSGFLAG_UNSENT) != 0;
}

gboolean
bm_mime_is_own (const BmItem *item)
{
  return (bm_props_int (item->props, 0x0e07, 0) &
          (MSGFLAG_UNSENT | MSGFLAG_SUBMIT | MSGFLAG_FROMME)) != 0;
}

/* Third-party writers leave the mark on mail that came: without the folder, what only mail that came
 * has counts more. bm_message_place knows the folder. */
gboolean
bm_mime_is_draft (const BmItem *item)
{
  gint64 ignored;
  return bm_mime_is_unsent (item) && !bm_props_time (item->props, 0x0e06, &ignored) &&
         bm_props_get (item->props, 0x007d) == NULL;
}

/* Who received it (0x003F, 0x0040, 0x0075, 0x0076) is said of received mail only, and headers of a way
 * are on it only: those of mail that an IMAP account sent have none. Mail that its owner sent to
 * himself is marked so. */
gboolean
bm_mime_is_received (const BmMime *mime)
{
  static const gchar *const traces[] = {"Received", "Return-Path", "Delivered-To"};
  static const guint16 ids[] = {0x003f, 0x0040, 0x0075, 0x0076};
  const BmProps *props = mime->item->props;
  gboolean named = FALSE;
  if (bm_props_int (props, 0x0e07, 0) & (MSGFLAG_UNSENT | MSGFLAG_FROMME))
    return FALSE;
  for (guint i = 0; !named && i < G_N_ELEMENTS (ids); i++)
    named = bm_props_get (props, ids[i]) != NULL;
  for (guint i = 0; !named && i < G_N_ELEMENTS (traces); i++)
    named = bm_mime_transport_get (mime, traces[i]) != NULL;
  return named;
}

gboolean
bm_mime_asks_receipt (const BmMime *mime)
{
  return bm_props_bool (mime->item->props, 0x0029, FALSE) ||
         bm_mime_transport_get (mime, "Disposition-Notification-To") != NULL;
}

/* What was done last: 0x1081; where that is something else (a vote, for one) the icon may show it. */
static gboolean
was_done (const BmProps *props, gint64 verb, gint64 other_verb, gint64 icon)
{
  gint64 last = bm_props_int (props, 0x1081, 0);
  gboolean known = last >= VERB_REPLY && last <= VERB_FORWARD;
  return known ? last == verb || last == other_verb : bm_props_int (props, 0x1080, 0) == icon;
}

BmFlags
bm_mime_flags (const BmMime *mime)
{
  const BmProps *props = mime->item->props;
  BmFlags flags = 0;
  if (bm_props_int (props, 0x0e07, 0) & MSGFLAG_READ)
    flags |= BM_FLAG_SEEN;
  if (was_done (props, VERB_REPLY, VERB_REPLY_ALL, ICON_REPLIED))
    flags |= BM_FLAG_ANSWERED;
  /* 1 is done; without it the follow-up icon or the to-do list may know */
  gint64 status = bm_props_int (props, 0x1090, 0);
  if (status == 2 || (status == 0 && (bm_props_int (props, 0x1095, 0) != 0 ||
                                      (bm_props_int (props, 0x0e2b, 0) & 1) != 0)))
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
  if (prop == NULL) /* as Outlook 97 kept them, [MS-OXPROPS] PidLidCategories */
    prop = bm_props_get_lid (item->props, public_strings, 0x2328);
  return prop != NULL && prop->texts != NULL && prop->texts->len > 0 ? prop : NULL;
}

static gboolean
is_atom_char (gunichar c) /* RFC 3501 9, and ']' which some servers refuse */
{
  return c > ' ' && c < 0x7f && strchr ("(){%*\"\\]", (int) c) == NULL;
}

/* Accents go, blanks become '_', and so does a '$' at the begin: programs act on $Junk or $MDNSent,
 * which no category means. What has no ASCII in it is named by its hash. */
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
    gboolean plain = is_atom_char (c) && (c != '$' || word->len > 0);
    g_string_append_c (word, plain ? (gchar) c : '_');
    said |= plain;
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
    if (words->len < KEYWORDS_MAX)
      add_word (words, seen, word);
    else
      bm_notes_add (&mime->notes, BM_NOTE_KEYWORD_LEFT_OUT);
  }
  if (was_done (mime->item->props, VERB_FORWARD, VERB_FORWARD, ICON_FORWARDED))
    add_word (words, seen, "$Forwarded");
  /* Nobody shall be asked again about mail that was read, nor ever about what is his own: RFC 3503
   * 3.3, 3.4. */
  const gint64 own = MSGFLAG_FROMME | MSGFLAG_UNSENT;
  if (bm_mime_asks_receipt (mime) && ((bm_mime_flags (mime) & BM_FLAG_SEEN) != 0 ||
                                      (bm_props_int (mime->item->props, 0x0e07, 0) & own) != 0))
    add_word (words, seen, "$MDNSent");
  g_ptr_array_sort (words, compare_words);
  g_ptr_array_add (words, NULL);
  return (GStrv) g_ptr_array_free (words, FALSE);
}

/* ---- dates ---- */

static gboolean
parse_date (const gchar *text, gint64 *unix_time)
{
  g_autoptr (GDateTime) when = g_mime_utils_header_decode_date (text);
  if (when == NULL)
    return FALSE;
  *unix_time = g_date_time_to_unix (when);
  return *unix_time > 0;
}

/* The first date in transport headers of this name; of Received the part behind the last ';'. */
static gboolean
transport_date (const BmMime *mime, const gchar *name, gint64 *unix_time)
{
  const GPtrArray *fields = mime->transport != NULL ? mime->transport : mime->unsent;
  for (guint i = 0; fields != NULL && i < fields->len; i++) {
    const BmMimeField *field = g_ptr_array_index (fields, i);
    const gchar *semicolon = strrchr (field->value, ';');
    if (g_ascii_strcasecmp (field->name, name) == 0 &&
        (semicolon != NULL || !g_str_equal (name, "Received")) &&
        parse_date (semicolon != NULL ? semicolon + 1 : field->value, unix_time))
      return TRUE;
  }
  return FALSE;
}

/* When the thread began and, a block for each answer, how long after that: [MS-OXOMSG] 2.2.1.3. */
static gboolean
thread_date (const BmMime *mime, gint64 *unix_time)
{
  gsize size = 0;
  GBytes *bytes = bm_props_data (mime->item->props, 0x0071);
  const guint8 *index = bytes != NULL ? g_bytes_get_data (bytes, &size) : NULL;
  guint64 ticks = 0;
  if (size < 22)
    return FALSE;
  for (guint i = 0; i < 6; i++)
    ticks |= (guint64) index[i] << (56 - 8 * i);
  for (gsize at = 22; at + 5 <= size; at += 5) {
    guint64 delta = (guint64) (index[at] & 0x7f) << 24 | (guint64) index[at + 1] << 16 |
                    (guint64) index[at + 2] << 8 | index[at + 3];
    ticks += delta << ((index[at] & 0x80) != 0 ? 23 : 18);
  }
  *unix_time = (gint64) (ticks / 10000000) - G_GINT64_CONSTANT (11644473600);
  return *unix_time >= DATE_LIKELY;
}

static gboolean
received_date (const BmMime *mime, gint64 *unix_time)
{
  return transport_date (mime, "Received", unix_time);
}

static gboolean
date_of_headers (const BmMime *mime, gint64 *unix_time)
{
  return transport_date (mime, "Date", unix_time);
}

static gboolean outer_date (const BmMime *mime, gint64 *unix_time);

/* A place where a date may be: a property, or what a function finds. */
typedef struct {
  guint16 id;
  gboolean (*find) (const BmMime *mime, gint64 *unix_time);
  BmNote note; /* that it is a guess; BM_NOTE_LAST: it is none */
} DateSource;

#define SUBMITTED                                                                                  \
  {                                                                                                \
    0x0039, NULL, BM_NOTE_LAST                                                                     \
  }
#define DELIVERED                                                                                  \
  {                                                                                                \
    0x0e06, NULL, BM_NOTE_LAST                                                                     \
  }
#define GUESSES                                                                                    \
  {0, thread_date, BM_NOTE_DATE_FROM_THREAD}, {0x3007, NULL, BM_NOTE_DATE_FROM_CREATION},          \
      {0x3008, NULL, BM_NOTE_DATE_FROM_CHANGE},                                                    \
  {                                                                                                \
    0, outer_date, BM_NOTE_DATE_FROM_OUTER                                                         \
  }

/* What servers take; and what a mail may have: clocks that have stopped say 1970. */
static guint
likelihood (gint64 date)
{
  return date < DATE_FIRST || date > DATE_LAST ? 1 : date < DATE_LIKELY ? 2 : 3;
}

/* The first date that is likely; others are only better than none. The headers of an item marked unsent
 * may be those of the mail it answers: its own dates first. Returns its likelihood; 0: none. */
static guint
find_date (BmMime *mime, gboolean received_first, gint64 *unix_time)
{
  static const DateSource received[] = {DELIVERED,
                                        {0, received_date, BM_NOTE_LAST},
                                        {0, date_of_headers, BM_NOTE_LAST},
                                        SUBMITTED,
                                        GUESSES};
  static const DateSource sent[] = {SUBMITTED,
                                    DELIVERED,
                                    {0, date_of_headers, BM_NOTE_LAST},
                                    {0, received_date, BM_NOTE_LAST},
                                    GUESSES};
  const DateSource *sources = received_first ? received : sent;
  gsize n = received_first ? G_N_ELEMENTS (received) : G_N_ELEMENTS (sent);
  BmNote note = BM_NOTE_LAST;
  guint found = 0;
  for (gsize i = 0; i < n && found < 3; i++) {
    gint64 date = 0;
    if (sources[i].find != NULL ? !sources[i].find (mime, &date)
                                : !bm_props_time (mime->item->props, sources[i].id, &date))
      continue;
    if (likelihood (date) <= found)
      continue;
    found = likelihood (date);
    *unix_time = date;
    note = sources[i].note;
  }
  if (note != BM_NOTE_LAST)
    bm_notes_add (&mime->notes, note);
  return found;
}

/* A message inside another is no younger than that. */
static gboolean
outer_date (const BmMime *mime, gint64 *unix_time)
{
  if (mime->outer == NULL)
    return FALSE;
  BmMime outer = *mime->outer; /* it has said its own guess itself */
  return find_date (&outer, FALSE, unix_time) > 0;
}

static gint64
clamped (BmMime *mime, guint found, gint64 unix_time)
{
  if (found == 0) {
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
  guint found = find_date (mime, bm_mime_is_received (mime), &unix_time);
  return clamped (mime, found, unix_time);
}

gint64
bm_mime_header_date (BmMime *mime)
{
  gint64 unix_time = 0;
  guint found = find_date (mime, FALSE, &unix_time);
  return clamped (mime, found, unix_time);
}

/* RFC 5322 3.3 and 4.3 but for comments, which may follow. */
static gboolean
is_date_form (const gchar *text)
{
  static const gchar form[] = "^([A-Za-z]{3} *, *)?[0-9]{1,2} +[A-Za-z]{3} +[0-9]{2,4} +"
                              "[0-9]{2}:[0-9]{2}(:[0-9]{2})? +([+-][0-9]{4}|[A-Za-z]{1,5})\\b";
  return g_regex_match_simple (form, text, 0, 0);
}

gchar *
bm_mime_mended_date (BmMime *mime, const gchar *value)
{
  gint64 unix_time = 0, submitted = 0;
  gboolean likely = parse_date (value, &unix_time) && likelihood (unix_time) == 3;
  if (likely && is_date_form (value))
    return NULL;
  if (!likely && find_date (mime, FALSE, &unix_time) < 3)
    return NULL;
  /* what Outlook made of it: it may have known a zone that others do not */
  if (bm_props_time (mime->item->props, 0x0039, &submitted) && likelihood (submitted) == 3)
    unix_time = submitted;
  bm_notes_add (&mime->notes, BM_NOTE_HEADERS_REPAIRED);
  return bm_mime_date (unix_time);
}
