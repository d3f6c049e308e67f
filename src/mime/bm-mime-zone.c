/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Time zones from Outlook's blobs to VTIMEZONE. The rules come from the blob alone: no table of
 * the machine is asked, so that any day and any host give the same. [MS-OXOCAL] 2.2.1.39 and
 * 2.2.1.41, RFC 5545 3.6.5. One thread. */
#include "mime/bm-mime-calendar.h"

#include "base/bm-le.h"
#include <string.h>

#define RULE_SIZE    66
#define STRUCT_SIZE  48
#define RULES_MAX    1024
#define KEY_NAME_MAX 260 /* UTF-16 units */
#define BIAS_MAX     (26 * 60)
#define EFFECTIVE    0x2 /* TZRULE_FLAG_EFFECTIVE_TZREG */

/* ---- days ---- */

gint64
bm_zone_days (gint year, guint month, guint day)
{
  gint64 y = year - (month <= 2); /* years begin in March: leap days come last */
  gint64 era = (y >= 0 ? y : y - 399) / 400;
  gint64 of_era = y - era * 400;
  gint64 of_year = (153 * (gint64) (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
  return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

gint
bm_zone_year (gint64 seconds)
{
  gint64 day = seconds / 86400 - (seconds % 86400 < 0);
  gint year = (gint) (1970 + day / 366);
  if (day < 0)
    year = (gint) (1970 + day / 365 - 1);
  while (bm_zone_days (year + 1, 1, 1) <= day)
    year++;
  return year;
}

/* The day on which the half begins in that year. */
static gint64
onset_day (const BmZoneDate *date, gint year)
{
  if (date->year != 0)
    return bm_zone_days (date->year, date->month, date->day);
  gint64 first = bm_zone_days (year, date->month, 1);
  gint64 next =
      date->month == 12 ? bm_zone_days (year + 1, 1, 1) : bm_zone_days (year, date->month + 1u, 1);
  gint64 weekday = ((first + 4) % 7 + 7) % 7; /* 1970-01-01 was a Thursday */
  gint64 day = first + (date->weekday - weekday + 7) % 7 + 7 * (date->day - 1);
  while (day >= next)
    day -= 7;
  return day;
}

static gint64
onset (const BmZoneDate *date, gint year)
{
  return onset_day (date, year) * 86400 + date->hour * 3600 + date->minute * 60;
}

/* ---- blobs ---- */

static gboolean
read_date (const guint8 *data, BmZoneDate *date)
{
  *date = (BmZoneDate){bm_le16 (data),     bm_le16 (data + 2), bm_le16 (data + 4),
                       bm_le16 (data + 6), bm_le16 (data + 8), bm_le16 (data + 10)};
  if (date->month == 0)
    return TRUE;
  return date->month <= 12 && date->weekday <= 6 && date->day >= 1 &&
         date->day <= (date->year == 0 ? 5 : 31) && date->hour <= 23 && date->minute <= 59 &&
         (date->year == 0 || (date->year >= 1601 && date->year <= 4500));
}

/* Without a name two zones would look the same to a reader: the offset makes one. */
static gchar *
name_of (const gchar *name, const BmZone *zone)
{
  g_autofree gchar *line = bm_mime_one_line (name != NULL ? name : "");
  for (gchar *p = line; *p != '\0'; p++)
    if (strchr ("\";:,", *p) != NULL)
      *p = ' ';
  g_strstrip (line);
  if (*line != '\0')
    return g_steal_pointer (&line);
  gint minutes = -(zone->bias + zone->standard_bias);
  return g_strdup_printf ("UTC%c%02d%02d%s", minutes < 0 ? '-' : '+', ABS (minutes) / 60,
                          ABS (minutes) % 60, zone->daylight.month != 0 ? " with DST" : "");
}

static BmZone *
zone_new (const guint8 *biases, const guint8 *standard, const guint8 *other, const gchar *name)
{
  g_autoptr (BmZone) zone = g_new0 (BmZone, 1);
  zone->bias = (gint32) bm_le32 (biases);
  zone->standard_bias = (gint32) bm_le32 (biases + 4);
  zone->daylight_bias = (gint32) bm_le32 (biases + 8);
  const gint all[] = {zone->bias, zone->standard_bias, zone->daylight_bias};
  for (guint i = 0; i < G_N_ELEMENTS (all); i++)
    if (all[i] < -BIAS_MAX || all[i] > BIAS_MAX)
      return NULL;
  if (!read_date (standard, &zone->standard) || !read_date (other, &zone->daylight))
    return NULL;
  if (zone->standard.month == 0 || zone->daylight.month == 0)
    zone->standard.month = zone->daylight.month = 0; /* one half alone is none */
  zone->name = name_of (name, zone);
  return g_steal_pointer (&zone);
}

/* The last one that had begun by then. What Outlook marked as effective wins only when it says
 * nothing of years. */
static const guint8 *
choose_rule (const guint8 *rules, guint n, gint year)
{
  const guint8 *chosen = rules;
  for (guint i = 0; i < n; i++) {
    const guint8 *rule = rules + (gsize) i * RULE_SIZE;
    gint begins = bm_le16 (rule + 6), best = bm_le16 (chosen + 6);
    gboolean effective = (bm_le16 (rule + 4) & EFFECTIVE) != 0;
    if (begins <= year && (begins > best || best > year || (begins == best && effective)))
      chosen = rule;
  }
  return chosen;
}

BmZone *
bm_zone_from_definition (GBytes *blob, gint year)
{
  gsize size = 0;
  const guint8 *data = blob != NULL ? g_bytes_get_data (blob, &size) : NULL;
  if (size < 10 || data[0] != 2)
    return NULL;
  gsize header = bm_le16 (data + 2), units = bm_le16 (data + 6);
  gsize rules = 4 + header;
  if (units > KEY_NAME_MAX || 8 + 2 * units + 2 > rules || rules > size)
    return NULL;
  guint n = bm_le16 (data + 8 + 2 * units);
  if (n == 0 || n > RULES_MAX || (size - rules) / RULE_SIZE < n)
    return NULL;
  gunichar2 wide[KEY_NAME_MAX + 1] = {0};
  for (gsize i = 0; i < units; i++)
    wide[i] = bm_le16 (data + 8 + 2 * i);
  g_autofree gchar *name = g_utf16_to_utf8 (wide, (glong) units, NULL, NULL, NULL);
  const guint8 *rule = choose_rule (data + rules, n, year);
  return zone_new (rule + 22, rule + 34, rule + 50, name);
}

BmZone *
bm_zone_from_struct (GBytes *blob, const gchar *name)
{
  gsize size = 0;
  const guint8 *data = blob != NULL ? g_bytes_get_data (blob, &size) : NULL;
  return size >= STRUCT_SIZE ? zone_new (data, data + 14, data + 32, name) : NULL;
}

void
bm_zone_free (BmZone *zone)
{
  if (zone == NULL)
    return;
  g_free (zone->name);
  g_free (zone);
}

/* ---- times ---- */

gint64
bm_zone_offset (const BmZone *zone, gint64 utc)
{
  if (zone == NULL)
    return 0;
  gint64 standard = -60 * (gint64) (zone->bias + zone->standard_bias);
  gint64 shifted = -60 * (gint64) (zone->bias + zone->daylight_bias);
  if (zone->daylight.month == 0)
    return standard;
  gint year = bm_zone_year (utc + standard);
  gint64 begins = onset (&zone->daylight, year) - standard;
  gint64 ends = onset (&zone->standard, year) - shifted;
  gboolean summer = begins < ends ? utc >= begins && utc < ends : utc >= begins || utc < ends;
  return summer ? shifted : standard;
}

gint64
bm_zone_to_utc (const BmZone *zone, gint64 local)
{
  gint64 guess = local - bm_zone_offset (zone, local);
  return local - bm_zone_offset (zone, guess);
}

static icalcomponent *
half (const BmZoneDate *date, gboolean summer, gint from, gint to)
{
  static const gchar *const weekdays[] = {"SU", "MO", "TU", "WE", "TH", "FR", "SA"};
  icalcomponent *part =
      icalcomponent_new (summer ? ICAL_XDAYLIGHT_COMPONENT : ICAL_XSTANDARD_COMPONENT);
  gint64 start = date->month == 0 ? 0 : onset (date, 1970);
  icalcomponent_add_property (
      part, icalproperty_new_dtstart (icaltime_from_timet_with_zone ((time_t) start, 0, NULL)));
  icalcomponent_add_property (part, icalproperty_new_tzoffsetfrom (-60 * from));
  icalcomponent_add_property (part, icalproperty_new_tzoffsetto (-60 * to));
  if (date->month != 0 && date->year == 0) {
    g_autofree gchar *rule =
        g_strdup_printf ("FREQ=YEARLY;BYDAY=%d%s;BYMONTH=%u", date->day == 5 ? -1 : date->day,
                         weekdays[date->weekday], date->month);
    icalcomponent_add_property (part,
                                icalproperty_new_rrule (icalrecurrencetype_from_string (rule)));
  }
  return part;
}

icalcomponent *
bm_zone_component (const BmZone *zone)
{
  icalcomponent *component = icalcomponent_new (ICAL_VTIMEZONE_COMPONENT);
  gint standard = zone->bias + zone->standard_bias, shifted = zone->bias + zone->daylight_bias;
  icalcomponent_add_property (component, icalproperty_new_tzid (zone->name));
  gboolean halves = zone->daylight.month != 0;
  icalcomponent_add_component (
      component, half (&zone->standard, FALSE, halves ? shifted : standard, standard));
  if (halves)
    icalcomponent_add_component (component, half (&zone->daylight, TRUE, standard, shifted));
  return component;
}
