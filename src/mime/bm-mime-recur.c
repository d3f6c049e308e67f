/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Repetitions: Outlook's blob to RRULE, dates left out and instances changed. [MS-OXOCAL] 2.2.1.44.
 * Times in the blob are minutes since 1601 in the series' own zone. One thread. */
#include "mime/bm-mime-calendar.h"

#include "base/bm-le.h"
#include "text/bm-charset.h"
#include <string.h>

#define INSTANCES_MAX    5000
#define MINUTES_TO_1970  G_GINT64_CONSTANT (194074560)
#define NEVER            0x5ae980dfu /* 4500-08-31 */
#define READER_VERSION   0x3004
#define READER_VERSION_2 0x3006
#define END_BY_DATE      0x2021
#define END_BY_COUNT     0x2022

enum { FREQ_DAILY = 0x200a, FREQ_WEEKLY, FREQ_MONTHLY, FREQ_YEARLY };
enum {
  OVER_SUBJECT = 1,
  OVER_TYPE = 2,
  OVER_DELTA = 4,
  OVER_REMINDER = 8,
  OVER_LOCATION = 0x10,
  OVER_BUSY = 0x20,
  OVER_ATTACHMENT = 0x40,
  OVER_SUBTYPE = 0x80,
  OVER_COLOUR = 0x100
};

typedef struct {
  const guint8 *data;
  gsize size, at;
  gboolean failed;
} Cursor;

static const guint8 *
take (Cursor *cursor, gsize n)
{
  if (cursor->failed || cursor->size - cursor->at < n) {
    cursor->failed = TRUE;
    return NULL;
  }
  const guint8 *here = cursor->data + cursor->at;
  cursor->at += n;
  return here;
}

static guint16
take16 (Cursor *cursor)
{
  const guint8 *p = take (cursor, 2);
  return p != NULL ? bm_le16 (p) : 0;
}

static guint32
take32 (Cursor *cursor)
{
  guint32 low = take16 (cursor);
  return low | (guint32) take16 (cursor) << 16;
}

/* Seconds since 1970, still local. */
static gint64
take_minutes (Cursor *cursor)
{
  return ((gint64) take32 (cursor) - MINUTES_TO_1970) * 60;
}

void
bm_recur_free (BmRecur *recur)
{
  if (recur == NULL)
    return;
  g_free (recur->rule);
  g_clear_pointer (&recur->deleted, g_array_unref);
  g_clear_pointer (&recur->changed, g_ptr_array_unref);
  g_free (recur);
}

static void
change_free (BmRecurChange *change)
{
  g_free (change->subject);
  g_free (change->location);
  g_free (change);
}

/* ---- the rule ---- */

typedef struct {
  guint frequency, type, calendar;
  guint32 period, days, nth, end, count, first_weekday;
} Pattern;

static gboolean
read_specific (Cursor *cursor, Pattern *pattern)
{
  switch (pattern->type) {
  case 0x0:
    return TRUE;
  case 0x1:
  case 0x2:
  case 0x4:
  case 0xa:
  case 0xc:
    pattern->days = take32 (cursor);
    return TRUE;
  case 0x3:
  case 0xb:
    pattern->days = take32 (cursor);
    pattern->nth = take32 (cursor);
    return TRUE;
  default:
    return FALSE;
  }
}

static gchar *
weekdays (guint32 mask)
{
  static const gchar *const names[] = {"SU", "MO", "TU", "WE", "TH", "FR", "SA"};
  g_autoptr (GString) list = g_string_new (NULL);
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    if (mask >> i & 1)
      g_string_append_printf (list, "%s%s", list->len > 0 ? "," : "", names[i]);
  return g_string_free (g_steal_pointer (&list), FALSE);
}

static guint
month_of (gint64 seconds)
{
  gint year = bm_zone_year (seconds);
  gint64 day = seconds / 86400 - (seconds % 86400 < 0);
  guint month = 12;
  while (month > 1 && bm_zone_days (year, month, 1) > day)
    month--;
  return month;
}

/* Outlook takes the last day of months that do not have this one; RFC 5545 leaves them out, unless
 * all the days that it may be stand in the rule, and the last of them counts. */
static void
add_month_day (GString *rule, const Pattern *pattern, guint month)
{
  static const gchar *const ends[] = {"28,29", "28,29,30"};
  guint day = pattern->days, least = month == 0 || month == 2 ? 28 : bm_zone_days_in (2001, month);
  if (pattern->type == 0x4 || (day == 31 && least < 31))
    g_string_append (rule, ";BYMONTHDAY=-1");
  else if (day <= least)
    g_string_append_printf (rule, ";BYMONTHDAY=%u", day);
  else if (month != 0 && month != 2) /* the 31st of a month of 30 days */
    g_string_append_printf (rule, ";BYMONTHDAY=%u", least);
  else
    g_string_append_printf (rule, ";BYMONTHDAY=%s;BYSETPOS=-1",
                            ends[day == 29 || month == 2 ? 0 : 1]);
}

/* By day of the month or by weekday in it; of yearly ones the blob counts months. */
static gboolean
add_month_rule (GString *rule, const Pattern *pattern, gint64 start)
{
  gboolean yearly = pattern->frequency == FREQ_YEARLY && pattern->period % 12 == 0;
  g_string_append_printf (rule, "FREQ=%s;INTERVAL=%u", yearly ? "YEARLY" : "MONTHLY",
                          yearly ? pattern->period / 12 : pattern->period);
  if (yearly)
    g_string_append_printf (rule, ";BYMONTH=%u", month_of (start));
  if (pattern->type == 0x3) {
    g_autofree gchar *days = weekdays (pattern->days);
    if (*days == '\0' || pattern->nth < 1 || pattern->nth > 5)
      return FALSE;
    g_string_append_printf (rule, ";BYDAY=%s;BYSETPOS=%d", days,
                            pattern->nth == 5 ? -1 : (gint) pattern->nth);
    return TRUE;
  }
  if (pattern->type != 0x4 && (pattern->days < 1 || pattern->days > 31))
    return FALSE;
  add_month_day (rule, pattern, yearly ? month_of (start) : 0);
  return TRUE;
}

/* Those whose months are Gregorian, [MS-OXOCAL] 2.2.1.44.1: they count years in other ways. */
static gboolean
is_gregorian (guint calendar)
{
  static const guint8 known[] = {0, 1, 2, 3, 4, 5, 7, 9, 10, 11, 12};
  return calendar < 256 && memchr (known, (int) calendar, sizeof known) != NULL;
}

static gchar *
rule_of (const Pattern *pattern, gint64 start)
{
  static const gchar *const starts[] = {"SU", "MO", "TU", "WE", "TH", "FR", "SA"};
  g_autoptr (GString) rule = g_string_new (NULL);
  if (pattern->period == 0 || pattern->period > 999 * 1440 || pattern->first_weekday > 6)
    return NULL;
  if (pattern->type == 0x0) {
    if (pattern->frequency != FREQ_DAILY || pattern->period < 1440)
      return NULL;
    g_string_append_printf (rule, "FREQ=DAILY;INTERVAL=%u", pattern->period / 1440);
  } else if (pattern->type == 0x1) {
    g_autofree gchar *days = weekdays (pattern->days);
    /* every working day is called daily, with a period of minutes or of weeks */
    guint interval = pattern->frequency == FREQ_DAILY ? 1 : pattern->period;
    if (*days == '\0' || interval > 999)
      return NULL;
    g_string_append_printf (rule, "FREQ=WEEKLY;INTERVAL=%u;BYDAY=%s;WKST=%s", interval, days,
                            starts[pattern->first_weekday]);
  } else if (pattern->type > 0x4 || !is_gregorian (pattern->calendar) || pattern->period > 999 ||
             !add_month_rule (rule, pattern,
                              start)) { /* 0xA to 0xC: months of the Hijri calendar */
    return NULL;
  }
  if (pattern->end == END_BY_COUNT)
    g_string_append_printf (rule, ";COUNT=%u", CLAMP (pattern->count, 1, 9999));
  return g_string_free (g_steal_pointer (&rule), FALSE);
}

/* ---- exceptions ---- */

static gchar *
take_bytes_text (Cursor *cursor)
{
  take16 (cursor); /* one more than the length that follows */
  gsize size = take16 (cursor);
  const guint8 *data = take (cursor, size);
  gboolean lossy = FALSE, guessed = FALSE;
  return data != NULL ? bm_charset_guess_to_utf8 (data, size, "CP1252", &guessed, &lossy) : NULL;
}

static gchar *
take_wide_text (Cursor *cursor)
{
  gsize units = take16 (cursor);
  const guint8 *data = take (cursor, 2 * units);
  gboolean lossy = FALSE;
  return data != NULL ? bm_charset_utf16le_to_utf8 (data, 2 * units, &lossy) : NULL;
}

static BmRecurChange *
read_change (Cursor *cursor, guint16 *flags)
{
  BmRecurChange *change = g_new0 (BmRecurChange, 1);
  change->state = change->delta = change->reminder = BM_RECUR_SAME;
  change->busy = change->subtype = BM_RECUR_SAME;
  change->start = take_minutes (cursor);
  change->end = take_minutes (cursor);
  change->original = take_minutes (cursor);
  *flags = take16 (cursor);
  if (*flags & OVER_SUBJECT)
    change->subject = take_bytes_text (cursor);
  if (*flags & OVER_TYPE)
    change->state = take32 (cursor);
  if (*flags & OVER_DELTA)
    change->delta = take32 (cursor);
  if (*flags & OVER_REMINDER)
    change->reminder = take32 (cursor);
  if (*flags & OVER_LOCATION)
    change->location = take_bytes_text (cursor);
  if (*flags & OVER_BUSY)
    change->busy = take32 (cursor);
  if (*flags & OVER_ATTACHMENT)
    take32 (cursor);
  if (*flags & OVER_SUBTYPE)
    change->subtype = take32 (cursor);
  if (*flags & OVER_COLOUR)
    take32 (cursor);
  return change;
}

/* The same once more in Unicode, [MS-OXOCAL] 2.2.1.44.4. */
static void
read_extended (Cursor *cursor, guint version, BmRecurChange *change, guint16 flags)
{
  if (version >= 0x3009)
    take (cursor, take32 (cursor)); /* the change highlight */
  take (cursor, take32 (cursor));
  if ((flags & (OVER_SUBJECT | OVER_LOCATION)) == 0)
    return;
  take (cursor, 12);
  g_autofree gchar *subject = flags & OVER_SUBJECT ? take_wide_text (cursor) : NULL;
  g_autofree gchar *location = flags & OVER_LOCATION ? take_wide_text (cursor) : NULL;
  take (cursor, take32 (cursor));
  if (cursor->failed)
    return;
  if (subject != NULL) {
    g_free (change->subject);
    change->subject = g_steal_pointer (&subject);
  }
  if (location != NULL) {
    g_free (change->location);
    change->location = g_steal_pointer (&location);
  }
}

static void
keep_day (BmRecur *recur, gint64 moment)
{
  for (guint d = recur->deleted->len; d > 0; d--) {
    gint64 day = g_array_index (recur->deleted, gint64, d - 1);
    if (moment >= day && moment < day + 86400)
      g_array_remove_index (recur->deleted, d - 1);
  }
}

/* The deleted days name those of changed instances too: those are no EXDATE. modified: the days on
 * which these are now; where the exceptions are cut no more is known. */
static void
keep_changed (BmRecur *recur, const GArray *modified)
{
  for (guint i = 0; i < recur->changed->len; i++)
    keep_day (recur, ((BmRecurChange *) g_ptr_array_index (recur->changed, i))->original);
  for (guint i = 0; !recur->whole && i < modified->len; i++)
    keep_day (recur, g_array_index (modified, gint64, i));
}

static void
read_exceptions (Cursor *cursor, BmRecur *recur)
{
  take32 (cursor);
  guint version = take32 (cursor);
  guint32 start_minute = take32 (cursor);
  recur->start_minute = cursor->failed ? -1 : (gint) (start_minute % 1440);
  take32 (cursor);
  guint n = take16 (cursor);
  g_autoptr (GArray) flags = g_array_new (FALSE, FALSE, sizeof (guint16));
  for (guint i = 0; i < n && !cursor->failed; i++) {
    guint16 has = 0;
    BmRecurChange *change = read_change (cursor, &has);
    if (cursor->failed) {
      change_free (change);
      break;
    }
    g_ptr_array_add (recur->changed, change);
    g_array_append_val (flags, has);
  }
  recur->whole = !cursor->failed;
  take (cursor, take32 (cursor)); /* reserved */
  for (guint i = 0; i < recur->changed->len && !cursor->failed; i++)
    read_extended (cursor, version, g_ptr_array_index (recur->changed, i),
                   g_array_index (flags, guint16, i));
}

static gboolean
read_days (Cursor *cursor, GArray *days)
{
  guint32 n = take32 (cursor);
  if (n > INSTANCES_MAX)
    return FALSE;
  for (guint32 i = 0; i < n && !cursor->failed; i++) {
    gint64 day = take_minutes (cursor);
    if (!cursor->failed)
      g_array_append_val (days, day);
  }
  return !cursor->failed;
}

BmRecur *
bm_recur_parse (GBytes *blob, gboolean task)
{
  Cursor cursor = {0};
  Pattern pattern = {0};
  g_autoptr (BmRecur) recur = g_new0 (BmRecur, 1);
  g_autoptr (GArray) modified = g_array_new (FALSE, FALSE, sizeof (gint64));
  if (blob != NULL)
    cursor.data = g_bytes_get_data (blob, &cursor.size);
  recur->deleted = g_array_new (FALSE, FALSE, sizeof (gint64));
  recur->changed = g_ptr_array_new_with_free_func ((GDestroyNotify) change_free);
  if (take16 (&cursor) != READER_VERSION)
    return NULL;
  take16 (&cursor);
  pattern.frequency = take16 (&cursor);
  pattern.type = take16 (&cursor);
  pattern.calendar = take16 (&cursor);
  take32 (&cursor);
  pattern.period = take32 (&cursor);
  take32 (&cursor);
  if (!read_specific (&cursor, &pattern))
    return NULL;
  pattern.end = take32 (&cursor);
  pattern.count = take32 (&cursor);
  pattern.first_weekday = take32 (&cursor);
  if (!read_days (&cursor, recur->deleted) || !read_days (&cursor, modified))
    return NULL;
  recur->first = take_minutes (&cursor);
  guint32 last = take32 (&cursor);
  if (cursor.failed)
    return NULL;
  recur->last = last < NEVER ? ((gint64) last - MINUTES_TO_1970) * 60 : G_MAXINT64;
  recur->until = pattern.end == END_BY_DATE ? recur->last : G_MAXINT64;
  recur->rule = rule_of (&pattern, recur->first);
  if (recur->rule == NULL)
    return NULL;
  recur->whole = TRUE;
  if (!task)
    read_exceptions (&cursor, recur);
  keep_changed (recur, modified);
  return g_steal_pointer (&recur);
}
