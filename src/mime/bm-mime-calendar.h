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
  guint16 year, month, weekday, day, hour, minute, second;
} BmZoneDate;

/* The law from the first day of a year on. Biases are minutes west of UTC. */
typedef struct {
  gint year;
  gint bias, standard_bias, daylight_bias;
  BmZoneDate standard, daylight;
} BmZoneRule;

/* [MS-OXOCAL] 2.2.1.39 and 2.2.1.41. */
typedef struct {
  gchar *name;   /* UTF-8, one line, never empty */
  GArray *rules; /* BmZoneRule by year, at least one; the first counts for all years before, too */
} BmZone;

/* bm-mime-zone.c. NULL when the blob is none. from, to: the years whose rules count. New. */
BmZone *bm_zone_from_definition (GBytes *blob, gint from, gint to);
BmZone *bm_zone_from_struct (GBytes *blob, const gchar *name);
BmZone *bm_zone_fixed (gint minutes_east); /* named after its offset */
void bm_zone_free (BmZone *zone);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (BmZone, bm_zone_free)
gboolean bm_zone_is_utc (const BmZone *zone); /* by name and rules; zone: or NULL */
/* Seconds east of UTC at that moment (seconds since 1970). zone NULL: UTC. */
gint64 bm_zone_offset (const BmZone *zone, gint64 utc);
gint64 bm_zone_to_utc (const BmZone *zone, gint64 local);
gint64 bm_zone_days (gint year, guint month, guint day); /* since 1970-01-01 */
gint bm_zone_year (gint64 seconds);
gint64 bm_zone_of_day (gint64 seconds); /* since the midnight before */
guint bm_zone_days_in (gint year, guint month);
/* bm-mime-vtimezone.c: one STANDARD or DAYLIGHT for each half of the year of each rule. New. */
icalcomponent *bm_zone_component (const BmZone *zone);
gint64 bm_zone_onset (const BmZoneDate *date, gint year); /* local, seconds since 1970 */
gboolean bm_zone_has_halves (const BmZoneRule *rule);

#define BM_RECUR_SAME (-1) /* as in the series */

/* One changed instance, [MS-OXOCAL] 2.2.1.44.2. Times are local, seconds since 1970. */
typedef struct {
  gint64 start, end, original;
  gchar *subject, *location;                    /* NULL: as in the series */
  gint64 state, delta, reminder, busy, subtype; /* 0x8217, 0x8501, 0x8503, 0x8205, 0x8215 */
} BmRecurChange;

typedef struct {
  gchar *rule;        /* RRULE without UNTIL */
  gint64 until;       /* local: the last instance's day, midnight; or G_MAXINT64 */
  gint64 last;        /* the same, for series that end after a number of instances, too */
  gint64 first;       /* local: the day the series starts, midnight */
  gint start_minute;  /* of the day; -1: cut */
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
extern const guint8 bm_psetid_appointment[16], bm_psetid_meeting[16], bm_psetid_task[16];

/* Class of the hidden item of a changed instance, [MS-OXOCAL] 2.2.10. */
#define BM_CLASS_CHANGE "IPM.OLE.CLASS.{00061055-0000-0000-C000-000000000046}"

/* What an item is to a calendar. */
typedef enum {
  BM_EVENT_REQUEST,
  BM_EVENT_CANCEL,
  BM_EVENT_ACCEPT,
  BM_EVENT_TENTATIVE,
  BM_EVENT_DECLINE,
  BM_EVENT_KEPT, /* an appointment */
  BM_EVENT_TASK,
  BM_EVENT_NONE,
} BmEventKind;
gboolean bm_event_is_reply (BmEventKind kind);

/* bm-mime-when.c: when an event is. */
typedef struct {
  gint64 start, end; /* UTC */
  gboolean day;
  BmZone *zone, *end_zone; /* end_zone: of the end alone; or NULL */
  gboolean zone_guessed;   /* a series without a zone: as far from UTC as its first instance */
  BmRecur *recur;
  gint64 instance; /* UTC: of which instance of a series this speaks; or G_MAXINT64 */
} BmWhen;
/* FALSE: the item says no time. when is the caller's in any case. */
gboolean bm_when_read (const BmItem *item, BmWhen *when);
/* What an answer proposes instead; FALSE: nothing. */
gboolean bm_when_proposed (const BmItem *item, gint64 *start, gint64 *end);
void bm_when_clear (BmWhen *when);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (BmWhen, bm_when_clear)
/* DTSTART and DTEND. day: whole days. */
void bm_when_add_span (const BmWhen *when, icalcomponent *event, gint64 start, gint64 end,
                       gboolean day);

/* bm-mime-series.c: RRULE and EXDATE of event; one more event in calendar for each changed
 * instance, also for those that are hidden in the item alone. */
void bm_series_add_rule (const BmItem *series, const BmWhen *when, icalcomponent *event);
void bm_series_add_changes (BmMime *mime, const BmWhen *when, BmEventKind kind,
                            icalcomponent *calendar);
/* The item of a changed instance, hidden in an attachment. */
gboolean bm_series_is_change (const BmAttachment *attachment);

/* bm-mime-calendar.c: VEVENT with everything but when. */
icalcomponent *bm_event_new (BmMime *mime, BmEventKind kind);

/* bm-mime-event.c: what events and tasks share. */
const gchar *bm_event_text (const BmItem *item, const guint8 set[16], guint32 lid);
gint64 bm_event_int (const BmItem *item, const guint8 set[16], guint32 lid, gint64 fallback);
gboolean bm_event_time (const BmItem *item, const guint8 set[16], guint32 lid, gint64 *unix_time);
GBytes *bm_event_data (const BmItem *item, const guint8 set[16], guint32 lid);
gchar *bm_event_uid (const BmMime *mime);
/* A day whose zone is not known, or is not that in which it was made, begins at a midnight that is
 * none here: the nearest. Where two are as near, the one where more people live: New Zealand and
 * Samoa are 13 hours before UTC. */
gint64 bm_event_nearest_midnight (gint64 local, gboolean zone_known);
/* A date-time property: in the zone, in UTC without one, or a day. */
icalproperty *bm_event_moment (icalproperty_kind kind, gint64 utc, const BmZone *zone,
                               gboolean day);
void bm_event_describe (BmMime *mime, icalcomponent *component, BmEventKind kind);
void bm_event_add_x (icalcomponent *component, const gchar *name, const gchar *value);

/* bm-mime-people.c: ORGANIZER, ATTENDEE. */
void bm_event_people (BmMime *mime, icalcomponent *component, BmEventKind kind);

G_END_DECLS
