/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Private to the calendar part of the room: time zones and repetitions as Outlook stores them, and
 * what iCalendar makes of them. Every blob is hostile: read within its bounds, or not at all. */
#pragma once

#include "mime/bm-mime.h"

#include <libical/ical.h>

G_BEGIN_DECLS

/* When a half of the year begins, as SYSTEMTIME says it: year 0 means every year, on the day-th
 * weekday of the month (5: the last); else that date. month 0: there is no such half. */
typedef struct {
  guint16 year, month, weekday, day, hour, minute;
} BmZoneDate;

/* [MS-OXOCAL] 2.2.1.39 and 2.2.1.41: biases are minutes west of UTC. */
typedef struct {
  gchar *name; /* UTF-8, one line, never empty */
  gint bias, standard_bias, daylight_bias;
  BmZoneDate standard, daylight;
} BmZone;

/* bm-mime-zone.c. NULL when the blob is none. year: whose rules count. New. */
BmZone *bm_zone_from_definition (GBytes *blob, gint year);
BmZone *bm_zone_from_struct (GBytes *blob, const gchar *name);
void bm_zone_free (BmZone *zone);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (BmZone, bm_zone_free)
/* Seconds east of UTC at that moment (seconds since 1970). zone NULL: UTC. */
gint64 bm_zone_offset (const BmZone *zone, gint64 utc);
gint64 bm_zone_to_utc (const BmZone *zone, gint64 local);
icalcomponent *bm_zone_component (const BmZone *zone);
gint64 bm_zone_days (gint year, guint month, guint day); /* since 1970-01-01 */
gint bm_zone_year (gint64 seconds);

/* One changed instance, [MS-OXOCAL] 2.2.1.44.2. Times are local, seconds since 1970. */
typedef struct {
  gint64 start, end, original;
  gchar *subject, *location; /* NULL: as in the series */
  gint busy;                 /* -1: as in the series */
} BmRecurChange;

typedef struct {
  gchar *rule;        /* RRULE without UNTIL */
  gint64 until;       /* local: the last instance's start; or G_MAXINT64 */
  gint64 first;       /* local: the day the series starts, midnight */
  guint start_minute; /* of the day */
  GArray *deleted;    /* gint64, local midnights of instances that are not (any more) */
  GPtrArray *changed; /* BmRecurChange * */
  gboolean whole;     /* FALSE: the exceptions are cut */
} BmRecur;

/* bm-mime-recur.c: AppointmentRecurrencePattern, or (task) the RecurrencePattern alone. NULL when it
 * cannot be understood. New. */
BmRecur *bm_recur_parse (GBytes *blob, gboolean task);
void bm_recur_free (BmRecur *recur);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (BmRecur, bm_recur_free)

/* Named properties of an item, of the sets that appointments and tasks use. */
extern const guint8 bm_psetid_appointment[16], bm_psetid_meeting[16], bm_psetid_common[16],
    bm_psetid_task[16];

/* bm-mime-event.c: what events and tasks share. */
const gchar *bm_event_text (const BmItem *item, const guint8 set[16], guint32 lid);
gint64 bm_event_int (const BmItem *item, const guint8 set[16], guint32 lid, gint64 fallback);
gboolean bm_event_time (const BmItem *item, const guint8 set[16], guint32 lid, gint64 *unix_time);
GBytes *bm_event_data (const BmItem *item, const guint8 set[16], guint32 lid);
gchar *bm_event_uid (const BmMime *mime);
/* A date-time property: in the zone, in UTC without one, or a day. */
icalproperty *bm_event_moment (icalproperty_kind kind, gint64 utc, const BmZone *zone,
                               gboolean day);
void bm_event_describe (BmMime *mime, icalcomponent *component);

/* bm-mime-people.c */
typedef enum { BM_PEOPLE_REQUEST, BM_PEOPLE_CANCEL, BM_PEOPLE_REPLY, BM_PEOPLE_KEPT } BmPeople;
void bm_event_people (BmMime *mime, icalcomponent *component, BmPeople kind,
                      icalparameter_partstat partstat);

G_END_DECLS
