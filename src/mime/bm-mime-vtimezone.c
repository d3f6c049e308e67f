/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* A time zone as VTIMEZONE: one component for each half of the year under each law, and one for the
 * first day of a year on which another law moves the clock by itself. RFC 5545 3.6.5. One thread. */
#include "mime/bm-mime-calendar.h"

#define FIRST_YEAR 1970 /* of whatever held before the first change of law */

typedef struct {
  gint from, to;     /* offsets, minutes west of UTC */
  gint64 start;      /* local, by the offset from */
  gint64 until;      /* UTC; or G_MAXINT64 */
  gchar *repetition; /* or NULL: once */
} Onset;

static void
add_onset (icalcomponent *zone, gboolean summer, const Onset *onset)
{
  icalcomponent *part =
      icalcomponent_new (summer ? ICAL_XDAYLIGHT_COMPONENT : ICAL_XSTANDARD_COMPONENT);
  icalcomponent_add_property (part, icalproperty_new_dtstart (icaltime_from_timet_with_zone (
                                        (time_t) onset->start, 0, NULL)));
  icalcomponent_add_property (part, icalproperty_new_tzoffsetfrom (-60 * onset->from));
  icalcomponent_add_property (part, icalproperty_new_tzoffsetto (-60 * onset->to));
  if (onset->repetition != NULL) {
    struct icalrecurrencetype rule = icalrecurrencetype_from_string (onset->repetition);
    if (onset->until != G_MAXINT64)
      rule.until = icaltime_from_timet_with_zone ((time_t) onset->until, 0,
                                                  icaltimezone_get_utc_timezone ());
    icalcomponent_add_property (part, icalproperty_new_rrule (rule));
  }
  icalcomponent_add_component (zone, part);
}

/* One half of the year, from a year on until the one before end (or G_MAXINT). */
static void
add_half (icalcomponent *zone, const BmZoneDate *date, gboolean summer, const BmZoneRule *rule,
          gint year, gint end)
{
  static const gchar *const weekdays[] = {"SU", "MO", "TU", "WE", "TH", "FR", "SA"};
  gint standard = rule->bias + rule->standard_bias, shifted = rule->bias + rule->daylight_bias;
  Onset onset = {summer ? standard : shifted, summer ? shifted : standard,
                 bm_zone_onset (date, year), G_MAXINT64, NULL};
  g_autofree gchar *repetition = NULL;
  if (date->year == 0 && end > year + 1) {
    repetition =
        g_strdup_printf ("FREQ=YEARLY;BYDAY=%d%s;BYMONTH=%u", date->day == 5 ? -1 : date->day,
                         weekdays[date->weekday], date->month);
    onset.repetition = repetition;
    if (end < G_MAXINT) /* a day later: some readers take it for local time */
      onset.until = bm_zone_onset (date, end - 1) + 60 * (gint64) onset.from + 86400;
  }
  add_onset (zone, summer, &onset);
}

/* Where a year begins under another law, in another offset. */
static void
add_change_of_law (icalcomponent *component, const BmZone *zone, const BmZoneRule *rule)
{
  gint64 midnight = bm_zone_days (rule->year, 1, 1) * 86400;
  gint64 before = bm_zone_offset (zone, midnight - 86400); /* no clock is moved in between */
  gint64 after = bm_zone_offset (zone, midnight + 86400);
  Onset onset = {(gint) (-before / 60), (gint) (-after / 60), midnight, G_MAXINT64, NULL};
  gboolean summer = onset.to != rule->bias + rule->standard_bias;
  if (before != after)
    add_onset (component, summer, &onset);
}

static void
add_rule (icalcomponent *component, const BmZone *zone, guint index)
{
  const BmZoneRule *rule = &g_array_index (zone->rules, BmZoneRule, index);
  gint end = G_MAXINT;
  if (index + 1 < zone->rules->len)
    end = g_array_index (zone->rules, BmZoneRule, index + 1).year;
  gint year = index == 0 ? MIN (FIRST_YEAR, end - 1) : rule->year;
  if (index > 0)
    add_change_of_law (component, zone, rule);
  if (bm_zone_has_halves (rule)) {
    add_half (component, &rule->standard, FALSE, rule, year, end);
    add_half (component, &rule->daylight, TRUE, rule, year, end);
  } else if (index == 0) {
    gint standard = rule->bias + rule->standard_bias;
    Onset onset = {standard, standard, 0, G_MAXINT64, NULL};
    add_onset (component, FALSE, &onset);
  }
}

icalcomponent *
bm_zone_component (const BmZone *zone)
{
  icalcomponent *component = icalcomponent_new (ICAL_VTIMEZONE_COMPONENT);
  icalcomponent_add_property (component, icalproperty_new_tzid (zone->name));
  for (guint i = 0; i < zone->rules->len; i++)
    add_rule (component, zone, i);
  return component;
}
