/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* When an event is: times, zone, repetition, and which instance of a series is meant. [MS-OXOCAL]
 * 2.2.1, 2.2.7. One thread. */
#include "mime/bm-mime-calendar.h"

#define DAY         86400
#define OFFSET_MAX  (15 * 3600) /* no place on earth is further from UTC */
#define YEARS_AHEAD 100         /* for whose rules of a zone a series without end asks */

void
bm_when_clear (BmWhen *when)
{
  bm_zone_free (when->zone);
  bm_zone_free (when->end_zone);
  bm_recur_free (when->recur);
}

/* ---- zones ---- */

static BmZone *
defined_zone (const BmItem *item, guint32 lid, const BmWhen *when)
{
  gint from = bm_zone_year (when->start), to = from;
  if (when->recur != NULL)
    to = when->recur->last != G_MAXINT64 ? bm_zone_year (when->recur->last) : from + YEARS_AHEAD;
  return bm_zone_from_definition (bm_event_data (item, bm_psetid_appointment, lid), from, to);
}

static BmZone *
read_zone (const BmItem *item, const BmWhen *when)
{
  static const guint32 single[] = {0x825e, 0x8260}, series[] = {0x8260, 0x825e};
  const guint32 *lids = when->recur != NULL ? series : single;
  BmZone *zone = NULL;
  for (guint i = 0; i < 2 && zone == NULL; i++)
    zone = defined_zone (item, lids[i], when);
  if (zone == NULL)
    zone = bm_zone_from_struct (bm_event_data (item, bm_psetid_appointment, 0x8233),
                                bm_event_text (item, bm_psetid_appointment, 0x8234));
  return zone;
}

/* Who flies sets another zone for the end. */
static BmZone *
read_end_zone (const BmItem *item, const BmWhen *when)
{
  g_autoptr (BmZone) zone = defined_zone (item, 0x825f, when);
  if (zone == NULL || when->zone == NULL || when->day || when->recur != NULL ||
      g_str_equal (zone->name, when->zone->name))
    return NULL;
  return g_steal_pointer (&zone);
}

/* The blob of a series tells its local times: how far they are from UTC is a zone, though without
 * summer time. NULL: none, or UTC. */
static BmZone *
zone_of_series (const BmWhen *when)
{
  gint64 local = when->recur->first + 60 * (gint64) when->recur->start_minute;
  gint64 offset = local - when->start;
  if (when->recur->start_minute < 0 || offset == 0 || offset < -OFFSET_MAX || offset > OFFSET_MAX ||
      offset % 60 != 0)
    return NULL;
  return bm_zone_fixed ((gint) (offset / 60));
}

/* ---- which instance ---- */

/* Bytes 16 to 19 of the global object id name the day of one instance, [MS-OXOCAL] 2.2.1.27; 0x000E
 * its local time. */
static gint64
instance_of (const BmItem *item, const BmWhen *when)
{
  gint64 time;
  gsize size = 0;
  if (bm_event_time (item, bm_psetid_appointment, 0x8228, &time))
    return time;
  GBytes *blob = bm_event_data (item, bm_psetid_meeting, 0x0003);
  const guint8 *id = blob != NULL ? g_bytes_get_data (blob, &size) : NULL;
  if (size < 20 || id[18] < 1 || id[18] > 12 || id[19] < 1 || id[19] > 31)
    return G_MAXINT64;
  gint year = id[16] << 8 | id[17];
  if (year < 1601 || year > 4500)
    return G_MAXINT64;
  gint64 local = when->start + bm_zone_offset (when->zone, when->start);
  gint64 of_day = bm_zone_of_day (local);
  gint64 coded = bm_event_int (item, bm_psetid_meeting, 0x000e, -1);
  if (coded >= 0)
    of_day = (coded >> 12) % 24 * 3600 + (coded >> 6 & 63) % 60 * 60 + (coded & 63) % 60;
  return bm_zone_to_utc (when->zone, bm_zone_days (year, id[18], id[19]) * DAY + of_day);
}

static gboolean
names_instance (const BmItem *item)
{
  const BmWhen unknown = {0};
  return instance_of (item, &unknown) != G_MAXINT64;
}

/* ---- times ---- */

static gboolean
read_span (const BmItem *item, BmWhen *when)
{
  const BmProps *props = item->props;
  if (!bm_event_time (item, bm_psetid_appointment, 0x820d, &when->start) &&
      !bm_event_time (item, bm_psetid_common, 0x8516, &when->start) &&
      !bm_props_time (props, 0x0060, &when->start))
    return FALSE;
  if (!bm_event_time (item, bm_psetid_appointment, 0x820e, &when->end) &&
      !bm_event_time (item, bm_psetid_common, 0x8517, &when->end) &&
      !bm_props_time (props, 0x0061, &when->end))
    when->end = when->start + 60 * bm_event_int (item, bm_psetid_appointment, 0x8213, 0);
  when->end = MAX (when->end, when->start);
  when->day = bm_event_int (item, bm_psetid_appointment, 0x8215, 0) != 0;
  return TRUE;
}

/* A series says its time of the day once more; cut before that, it has the first instance's. */
static void
read_series (BmWhen *when)
{
  BmRecur *recur = when->recur;
  if (when->zone == NULL) {
    when->zone = zone_of_series (when);
    when->zone_guessed = !when->day;
  }
  gint64 local = when->start + bm_zone_offset (when->zone, when->start);
  if (recur->start_minute < 0)
    recur->start_minute = (gint) (bm_zone_of_day (local) / 60);
}

gboolean
bm_when_read (const BmItem *item, BmWhen *when)
{
  *when = (BmWhen){.instance = G_MAXINT64};
  if (!read_span (item, when))
    return FALSE;
  if (!names_instance (item))
    when->recur = bm_recur_parse (bm_event_data (item, bm_psetid_appointment, 0x8216), FALSE);
  when->zone = read_zone (item, when);
  when->end_zone = read_end_zone (item, when);
  if (when->recur != NULL)
    read_series (when);
  if (bm_zone_is_utc (when->zone))
    g_clear_pointer (&when->zone, bm_zone_free);
  when->instance = instance_of (item, when);
  return TRUE;
}

gboolean
bm_when_proposed (const BmItem *item, gint64 *start, gint64 *end)
{
  if (!bm_event_time (item, bm_psetid_appointment, 0x8250, start))
    return FALSE;
  if (!bm_event_time (item, bm_psetid_appointment, 0x8251, end))
    *end = *start + 60 * bm_event_int (item, bm_psetid_appointment, 0x8256, 0);
  *end = MAX (*start, *end);
  return TRUE;
}

void
bm_when_add_span (const BmWhen *when, icalcomponent *event, gint64 start, gint64 end, gboolean day)
{
  const BmZone *end_zone = when->end_zone != NULL ? when->end_zone : when->zone;
  if (day && end - start < DAY)
    end = start + DAY;
  icalcomponent_add_property (event,
                              bm_event_moment (ICAL_DTSTART_PROPERTY, start, when->zone, day));
  icalcomponent_add_property (
      event, bm_event_moment (ICAL_DTEND_PROPERTY, end, day ? when->zone : end_zone, day));
}
