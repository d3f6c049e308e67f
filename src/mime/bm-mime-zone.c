/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Time zones as Outlook stores them. The rules come from the blob alone: no table of the machine is
 * asked, so that any day and any host give the same. [MS-OXOCAL] 2.2.1.39 and 2.2.1.41. One
 * thread. */
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

gint64
bm_zone_of_day (gint64 seconds)
{
  return (seconds % 86400 + 86400) % 86400;
}

guint
bm_zone_days_in (gint year, guint month)
{
  gint64 next = month == 12 ? bm_zone_days (year + 1, 1, 1) : bm_zone_days (year, month + 1, 1);
  return (guint) (next - bm_zone_days (year, month, 1));
}

/* The day on which the half begins in that year. */
static gint64
onset_day (const BmZoneDate *date, gint year)
{
  if (date->year != 0)
    return bm_zone_days (date->year, date->month, date->day);
  gint64 first = bm_zone_days (year, date->month, 1);
  gint64 next = first + bm_zone_days_in (year, date->month);
  gint64 weekday = ((first + 4) % 7 + 7) % 7; /* 1970-01-01 was a Thursday */
  gint64 day = first + (date->weekday - weekday + 7) % 7 + 7 * (date->day - 1);
  while (day >= next)
    day -= 7;
  return day;
}

gint64
bm_zone_onset (const BmZoneDate *date, gint year)
{
  return onset_day (date, year) * 86400 + date->hour * 3600 + date->minute * 60 + date->second;
}

/* ---- blobs ---- */

static gboolean
read_date (const guint8 *data, BmZoneDate *date)
{
  *date =
      (BmZoneDate){bm_le16 (data),     bm_le16 (data + 2),  bm_le16 (data + 4), bm_le16 (data + 6),
                   bm_le16 (data + 8), bm_le16 (data + 10), bm_le16 (data + 12)};
  if (date->month == 0)
    return TRUE;
  return date->month <= 12 && date->weekday <= 6 && date->day >= 1 &&
         date->day <= (date->year == 0 ? 5 : 31) && date->hour <= 23 && date->minute <= 59 &&
         date->second <= 59 && (date->year == 0 || (date->year >= 1601 && date->year <= 4500));
}

/* FALSE: it makes no sense. */
static gboolean
read_rule (const guint8 *biases, const guint8 *standard, const guint8 *other, BmZoneRule *rule)
{
  rule->bias = (gint32) bm_le32 (biases);
  rule->standard_bias = (gint32) bm_le32 (biases + 4);
  rule->daylight_bias = (gint32) bm_le32 (biases + 8);
  const gint all[] = {rule->bias, rule->standard_bias, rule->daylight_bias};
  for (guint i = 0; i < G_N_ELEMENTS (all); i++)
    if (all[i] < -BIAS_MAX || all[i] > BIAS_MAX)
      return FALSE;
  if (!read_date (standard, &rule->standard) || !read_date (other, &rule->daylight))
    return FALSE;
  if (rule->standard.month == 0 || rule->daylight.month == 0) /* one half alone is none */
    rule->standard = rule->daylight = (BmZoneDate){0};
  return TRUE;
}

gboolean
bm_zone_has_halves (const BmZoneRule *rule)
{
  return rule->daylight.month != 0;
}

/* Without a name two zones would look the same to a reader: the offset makes one. */
static gchar *
name_of (const gchar *name, const BmZoneRule *rule)
{
  g_autofree gchar *line = bm_mime_one_line (name != NULL ? name : "");
  for (gchar *p = line; *p != '\0'; p++)
    if (strchr ("\";:,", *p) != NULL)
      *p = ' ';
  g_strstrip (line);
  if (*line != '\0')
    return g_steal_pointer (&line);
  gint minutes = -(rule->bias + rule->standard_bias);
  return g_strdup_printf ("UTC%c%02d%02d%s", minutes < 0 ? '-' : '+', ABS (minutes) / 60,
                          ABS (minutes) % 60, bm_zone_has_halves (rule) ? " with DST" : "");
}

/* Takes rules, which are in order. */
static BmZone *
zone_new (GArray *rules, const gchar *name)
{
  BmZone *zone = g_new0 (BmZone, 1);
  zone->rules = rules;
  zone->name = name_of (name, &g_array_index (rules, BmZoneRule, 0));
  return zone;
}

/* ---- rules of years ---- */

static gint
compare_years (gconstpointer a, gconstpointer b)
{
  const BmZoneRule *x = a, *y = b;
  return (x->year > y->year) - (x->year < y->year);
}

static gboolean
is_same (const BmZoneRule *a, const BmZoneRule *b)
{
  return a->bias == b->bias && a->standard_bias == b->standard_bias &&
         a->daylight_bias == b->daylight_bias &&
         memcmp (&a->standard, &b->standard, sizeof a->standard) == 0 &&
         memcmp (&a->daylight, &b->daylight, sizeof a->daylight) == 0;
}

/* All rules of the blob that make sense, by year; of two of one year the effective one counts. */
static GArray *
read_rules (const guint8 *data, guint n)
{
  GArray *rules = g_array_new (FALSE, FALSE, sizeof (BmZoneRule));
  for (guint i = 0; i < 2 * n; i++) { /* the effective ones last */
    const guint8 *at = data + (gsize) (i % n) * RULE_SIZE;
    gboolean effective = (bm_le16 (at + 4) & EFFECTIVE) != 0;
    BmZoneRule rule = {.year = bm_le16 (at + 6)};
    if (effective == (i >= n) && read_rule (at + 22, at + 34, at + 50, &rule))
      g_array_append_val (rules, rule);
  }
  g_array_sort (rules, compare_years); /* stable */
  return rules;
}

/* Those in force from one year to the other, each change of law once. Takes rules. */
static GArray *
rules_between (GArray *rules, gint from, gint to)
{
  GArray *kept = g_array_new (FALSE, FALSE, sizeof (BmZoneRule));
  for (guint i = 0; i < rules->len; i++) {
    const BmZoneRule *rule = &g_array_index (rules, BmZoneRule, i);
    const BmZoneRule *last =
        kept->len > 0 ? &g_array_index (kept, BmZoneRule, kept->len - 1) : NULL;
    if (last != NULL && rule->year > to)
      break;
    if (last != NULL && (rule->year <= from || rule->year == last->year))
      g_array_set_size (kept, kept->len - 1);
    else if (last != NULL && is_same (last, rule))
      continue;
    g_array_append_val (kept, *rule);
  }
  g_array_unref (rules);
  return kept;
}

BmZone *
bm_zone_from_definition (GBytes *blob, gint from, gint to)
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
  GArray *kept = rules_between (read_rules (data + rules, n), from, to);
  if (kept->len > 0)
    return zone_new (kept, name);
  g_array_unref (kept);
  return NULL;
}

BmZone *
bm_zone_from_struct (GBytes *blob, const gchar *name)
{
  gsize size = 0;
  const guint8 *data = blob != NULL ? g_bytes_get_data (blob, &size) : NULL;
  BmZoneRule rule = {0};
  if (size < STRUCT_SIZE || !read_rule (data, data + 14, data + 32, &rule))
    return NULL;
  GArray *rules = g_array_new (FALSE, FALSE, sizeof (BmZoneRule));
  g_array_append_val (rules, rule);
  return zone_new (rules, name);
}

BmZone *
bm_zone_fixed (gint minutes_east)
{
  BmZoneRule rule = {.bias = -minutes_east};
  GArray *rules = g_array_new (FALSE, FALSE, sizeof (BmZoneRule));
  g_array_append_val (rules, rule);
  return zone_new (rules, NULL);
}

void
bm_zone_free (BmZone *zone)
{
  if (zone == NULL)
    return;
  g_free (zone->name);
  g_array_unref (zone->rules);
  g_free (zone);
}

gboolean
bm_zone_is_utc (const BmZone *zone)
{
  static const gchar *const names[] = {"UTC", "tzone //Microsoft/Utc",
                                       "Coordinated Universal Time"};
  if (zone == NULL || zone->rules->len > 1)
    return FALSE;
  const BmZoneRule *rule = &g_array_index (zone->rules, BmZoneRule, 0);
  return bm_mime_is_among (zone->name, names, G_N_ELEMENTS (names)) && !bm_zone_has_halves (rule) &&
         rule->bias + rule->standard_bias == 0;
}

/* ---- times ---- */

static const BmZoneRule *
rule_of (const BmZone *zone, gint year)
{
  guint i = zone->rules->len - 1;
  while (i > 0 && g_array_index (zone->rules, BmZoneRule, i).year > year)
    i--;
  return &g_array_index (zone->rules, BmZoneRule, i);
}

gint64
bm_zone_offset (const BmZone *zone, gint64 utc)
{
  if (zone == NULL)
    return 0;
  const BmZoneRule *rule = rule_of (zone, bm_zone_year (utc));
  gint year = bm_zone_year (utc - 60 * (gint64) (rule->bias + rule->standard_bias));
  rule = rule_of (zone, year);
  gint64 standard = -60 * (gint64) (rule->bias + rule->standard_bias);
  gint64 shifted = -60 * (gint64) (rule->bias + rule->daylight_bias);
  if (!bm_zone_has_halves (rule))
    return standard;
  gint64 begins = bm_zone_onset (&rule->daylight, year) - standard;
  gint64 ends = bm_zone_onset (&rule->standard, year) - shifted;
  gboolean summer = begins < ends ? utc >= begins && utc < ends : utc >= begins || utc < ends;
  return summer ? shifted : standard;
}

gint64
bm_zone_to_utc (const BmZone *zone, gint64 local)
{
  gint64 guess = local - bm_zone_offset (zone, local);
  return local - bm_zone_offset (zone, guess);
}
