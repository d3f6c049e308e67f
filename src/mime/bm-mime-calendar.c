/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Meeting mail, appointments and tasks as iCalendar: [MS-OXCICAL] 2.1.3, RFC 5545, RFC 5546. What the
 * item cannot tell is left out and noted, the message keeps its text in any case. One thread. */
#include "mime/bm-mime-calendar.h"

#include <string.h>

#define ICS_MAX     (4u << 20) /* bytes of an attached calendar that is looked at */
#define CHANGES_MAX 1000

typedef enum { REQUEST, CANCEL, ACCEPT, TENTATIVE, DECLINE, EVENT, TASK, NO_CALENDAR } Kind;

static const struct {
  const gchar *message_class;
  Kind kind;
} classes[] = {
    {"IPM.Schedule.Meeting.Request", REQUEST},
    {"IPM.Schedule.Meeting.Canceled", CANCEL},
    {"IPM.Schedule.Meeting.Resp.Pos", ACCEPT},
    {"IPM.Schedule.Meeting.Resp.Tent", TENTATIVE},
    {"IPM.Schedule.Meeting.Resp.Neg", DECLINE},
    {"IPM.Appointment", EVENT},
    {"IPM.OLE.CLASS.{00061055-0000-0000-C000-000000000046}", EVENT},
    {"IPM.Task", TASK},
};

gboolean
bm_mime_is_class (const BmItem *item, const gchar *message_class)
{
  gsize n = strlen (message_class);
  return g_ascii_strncasecmp (item->message_class, message_class, n) == 0 &&
         (item->message_class[n] == '\0' || item->message_class[n] == '.');
}

static Kind
kind_of (const BmItem *item)
{
  for (guint i = 0; i < G_N_ELEMENTS (classes); i++)
    if (bm_mime_is_class (item, classes[i].message_class))
      return classes[i].kind;
  return NO_CALENDAR;
}

static gboolean
is_counter (const BmItem *item)
{
  return bm_event_int (item, bm_psetid_appointment, 0x8257, 0) != 0;
}

static const gchar *
method_of (Kind kind, const BmItem *item)
{
  switch (kind) {
  case REQUEST:
    return "REQUEST";
  case CANCEL:
    return "CANCEL";
  case ACCEPT:
  case TENTATIVE:
  case DECLINE:
    return is_counter (item) ? "COUNTER" : "REPLY";
  default:
    return "PUBLISH";
  }
}

/* ---- when ---- */

typedef struct {
  gint64 start, end; /* UTC */
  gboolean day;
  BmZone *zone;
  BmRecur *recur;
  gint64 instance; /* UTC: of which instance of a series this speaks; or G_MAXINT64 */
} When;

static void
when_clear (When *when)
{
  bm_zone_free (when->zone);
  bm_recur_free (when->recur);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (When, when_clear)

static BmZone *
read_zone (const BmItem *item, gint64 start, gboolean repeats)
{
  static const guint32 single[] = {0x825e, 0x8260}, series[] = {0x8260, 0x825e};
  const guint32 *lids = repeats ? series : single;
  BmZone *zone = NULL;
  for (guint i = 0; i < 2 && zone == NULL; i++)
    zone = bm_zone_from_definition (bm_event_data (item, bm_psetid_appointment, lids[i]),
                                    bm_zone_year (start));
  if (zone == NULL)
    zone = bm_zone_from_struct (bm_event_data (item, bm_psetid_appointment, 0x8233),
                                bm_event_text (item, bm_psetid_appointment, 0x8234));
  return zone;
}

/* Bytes 16 to 19 of the global object id name the day of one instance, [MS-OXOCAL] 2.2.1.27; 0x000E
 * its local time. */
static gint64
instance_of (const BmItem *item, const When *when)
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
  gint64 of_day = (local % 86400 + 86400) % 86400;
  gint64 coded = bm_event_int (item, bm_psetid_meeting, 0x000e, -1);
  if (coded >= 0)
    of_day = (coded >> 12) % 24 * 3600 + (coded >> 6 & 63) % 60 * 60 + (coded & 63) % 60;
  return bm_zone_to_utc (when->zone, bm_zone_days (year, id[18], id[19]) * 86400 + of_day);
}

static gboolean
read_when (const BmItem *item, When *when)
{
  const BmProps *props = item->props;
  *when = (When){.instance = G_MAXINT64};
  if (!bm_event_time (item, bm_psetid_appointment, 0x820d, &when->start) &&
      !bm_event_time (item, bm_psetid_common, 0x8516, &when->start) &&
      !bm_props_time (props, 0x0060, &when->start))
    return FALSE;
  if (!bm_event_time (item, bm_psetid_appointment, 0x820e, &when->end) &&
      !bm_event_time (item, bm_psetid_common, 0x8517, &when->end) &&
      !bm_props_time (props, 0x0061, &when->end))
    when->end = when->start + 60 * bm_event_int (item, bm_psetid_appointment, 0x8213, 0);
  when->end = MAX (when->end, when->start);
  GBytes *series = bm_event_data (item, bm_psetid_appointment, 0x8216);
  when->day = bm_event_int (item, bm_psetid_appointment, 0x8215, 0) != 0;
  when->zone = read_zone (item, when->start, series != NULL);
  when->instance = instance_of (item, when);
  if (series != NULL && when->instance == G_MAXINT64)
    when->recur = bm_recur_parse (series, FALSE);
  return TRUE;
}

static void
add_span (icalcomponent *event, const When *when, gint64 start, gint64 end)
{
  if (when->day && end - start < 86400)
    end = start + 86400;
  icalcomponent_add_property (
      event, bm_event_moment (ICAL_DTSTART_PROPERTY, start, when->zone, when->day));
  icalcomponent_add_property (event,
                              bm_event_moment (ICAL_DTEND_PROPERTY, end, when->zone, when->day));
}

/* ---- repetition ---- */

static void
add_rule (icalcomponent *event, const When *when)
{
  const BmRecur *recur = when->recur;
  struct icalrecurrencetype rule = icalrecurrencetype_from_string (recur->rule);
  if (recur->until != G_MAXINT64) {
    /* the blob says the day; UNTIL is the last start, in UTC where the start has a zone */
    gint64 last = recur->until + (when->day ? 0 : 60 * (gint64) recur->start_minute);
    icaltimezone *utc = when->day ? NULL : icaltimezone_get_utc_timezone ();
    gint64 moment = when->day ? last : bm_zone_to_utc (when->zone, last);
    rule.until = icaltime_from_timet_with_zone ((time_t) moment, when->day, utc);
  }
  icalcomponent_add_property (event, icalproperty_new_rrule (rule));
  for (guint i = 0; i < recur->deleted->len; i++) {
    gint64 day = g_array_index (recur->deleted, gint64, i);
    gint64 local = day + (when->day ? 0 : 60 * (gint64) recur->start_minute);
    icalcomponent_add_property (event, bm_event_moment (ICAL_EXDATE_PROPERTY,
                                                        bm_zone_to_utc (when->zone, local),
                                                        when->zone, when->day));
  }
}

/* The changed instance as an item of its own, which Outlook hides in the series. */
static const BmItem *
changed_item (const BmItem *series, gint64 original)
{
  for (guint i = 0; i < series->attachments->len; i++) {
    const BmAttachment *attachment = g_ptr_array_index (series->attachments, i);
    gint64 time;
    if (attachment->embedded != NULL &&
        bm_event_time (attachment->embedded, bm_psetid_appointment, 0x8228, &time) &&
        time == original)
      return attachment->embedded;
  }
  return NULL;
}

static void
set_text (icalcomponent *event, icalproperty_kind kind, const gchar *text)
{
  icalproperty *old = icalcomponent_get_first_property (event, kind);
  if (old != NULL) {
    icalcomponent_remove_property (event, old);
    icalproperty_free (old);
  }
  g_autofree gchar *line = bm_mime_one_line (text);
  icalproperty *property = icalproperty_new (kind);
  icalproperty_set_value (property, icalvalue_new_text (line));
  icalcomponent_add_property (event, property);
}

static void
add_busy (icalcomponent *event, gint64 busy, icalproperty_status status)
{
  static const gchar *const names[] = {"FREE", "TENTATIVE", "BUSY", "OOF", "WORKINGELSEWHERE"};
  icalproperty *own = icalproperty_new_x (names[busy >= 0 && busy <= 4 ? busy : 2]);
  icalproperty_set_x_name (own, "X-MICROSOFT-CDO-BUSYSTATUS");
  icalcomponent_add_property (
      event, icalproperty_new_transp (busy == 0 ? ICAL_TRANSP_TRANSPARENT : ICAL_TRANSP_OPAQUE));
  icalcomponent_add_property (event, icalproperty_new_status (status));
  icalcomponent_add_property (event, own);
}

/* VEVENT with everything but when. */
static icalcomponent *
event_of (BmMime *mime, Kind kind, gint64 busy)
{
  static const BmPeople people[] = {BM_PEOPLE_REQUEST, BM_PEOPLE_CANCEL, BM_PEOPLE_REPLY,
                                    BM_PEOPLE_REPLY,   BM_PEOPLE_REPLY,  BM_PEOPLE_KEPT};
  static const icalparameter_partstat states[] = {
      ICAL_PARTSTAT_NEEDSACTION, ICAL_PARTSTAT_NEEDSACTION, ICAL_PARTSTAT_ACCEPTED,
      ICAL_PARTSTAT_TENTATIVE,   ICAL_PARTSTAT_DECLINED,    ICAL_PARTSTAT_NEEDSACTION};
  icalcomponent *event = icalcomponent_new (ICAL_VEVENT_COMPONENT);
  gint64 state = bm_event_int (mime->item, bm_psetid_appointment, 0x8217, 0);
  gint64 sequence = bm_event_int (mime->item, bm_psetid_appointment, 0x8201, 0);
  bm_event_describe (mime, event);
  bm_event_people (mime, event, people[kind], states[kind]);
  icalcomponent_add_property (event,
                              icalproperty_new_sequence ((int) CLAMP (sequence, 0, G_MAXINT)));
  if (kind == REQUEST) { /* what its sender meant; of 0x8205 it is tentative until answered */
    gint64 intended = bm_event_int (mime->item, bm_psetid_appointment, 0x8224, -1);
    add_busy (event, intended >= 0 ? intended : busy, ICAL_STATUS_CONFIRMED);
  } else if (kind == CANCEL || (kind == EVENT && (state & 4) != 0)) {
    add_busy (event, busy, ICAL_STATUS_CANCELLED);
  } else if (kind == EVENT) {
    add_busy (event, busy, busy == 1 ? ICAL_STATUS_TENTATIVE : ICAL_STATUS_CONFIRMED);
  }
  return event;
}

static void
add_change (BmMime *mime, icalcomponent *calendar, const When *when, const BmRecurChange *change,
            Kind kind)
{
  gint64 original = bm_zone_to_utc (when->zone, change->original);
  const BmItem *item = changed_item (mime->item, original);
  gint64 busy = bm_event_int (mime->item, bm_psetid_appointment, 0x8205, 2);
  g_autofree gchar *uid = bm_event_uid (mime);
  BmMime inner = {0};
  if (item != NULL)
    bm_mime_begin (&inner, item, mime->context, mime->seed, mime->depth + 1);
  icalcomponent *event =
      event_of (item != NULL ? &inner : mime, kind, change->busy >= 0 ? change->busy : busy);
  if (item != NULL) {
    mime->notes |= inner.notes;
    bm_mime_end (&inner);
  }
  icalproperty_set_uid (icalcomponent_get_first_property (event, ICAL_UID_PROPERTY), uid);
  if (change->subject != NULL)
    set_text (event, ICAL_SUMMARY_PROPERTY, change->subject);
  if (change->location != NULL)
    set_text (event, ICAL_LOCATION_PROPERTY, change->location);
  add_span (event, when, bm_zone_to_utc (when->zone, change->start),
            bm_zone_to_utc (when->zone, change->end));
  icalcomponent_add_property (
      event, bm_event_moment (ICAL_RECURRENCEID_PROPERTY, original, when->zone, when->day));
  icalcomponent_add_component (calendar, event);
}

/* ---- the calendar ---- */

static icalcomponent *
calendar_new (const gchar *method)
{
  icalcomponent *calendar = icalcomponent_new (ICAL_VCALENDAR_COMPONENT);
  icalcomponent_add_property (calendar, icalproperty_new_version ("2.0"));
  icalcomponent_add_property (calendar, icalproperty_new_prodid ("-//bm-pst-import//EN"));
  icalcomponent_add_property (calendar,
                              icalproperty_new_method (icalproperty_string_to_method (method)));
  return calendar;
}

static icalcomponent *
event_calendar (BmMime *mime, Kind kind)
{
  g_auto (When) when = {0};
  if (!read_when (mime->item, &when))
    return NULL;
  GBytes *series = bm_event_data (mime->item, bm_psetid_appointment, 0x8216);
  if (series != NULL && when.instance == G_MAXINT64 && (when.recur == NULL || !when.recur->whole))
    bm_notes_add (&mime->notes, BM_NOTE_CALENDAR_PARTIAL);
  icalcomponent *calendar = calendar_new (method_of (kind, mime->item));
  if (when.zone != NULL && !when.day)
    icalcomponent_add_component (calendar, bm_zone_component (when.zone));
  icalcomponent *event =
      event_of (mime, kind, bm_event_int (mime->item, bm_psetid_appointment, 0x8205, 2));
  add_span (event, &when, when.start, when.end);
  if (when.instance != G_MAXINT64)
    icalcomponent_add_property (
        event, bm_event_moment (ICAL_RECURRENCEID_PROPERTY, when.instance, when.zone, when.day));
  if (when.recur != NULL)
    add_rule (event, &when);
  icalcomponent_add_component (calendar, event);
  for (guint i = 0; when.recur != NULL && i < MIN (when.recur->changed->len, CHANGES_MAX); i++)
    add_change (mime, calendar, &when, g_ptr_array_index (when.recur->changed, i), kind);
  return calendar;
}

static void
add_day (const BmItem *item, icalcomponent *todo, icalproperty_kind kind, guint32 lid)
{
  gint64 time;
  if (bm_event_time (item, bm_psetid_task, lid, &time))
    icalcomponent_add_property (todo, bm_event_moment (kind, time, NULL, TRUE));
}

static icalcomponent *
task_calendar (BmMime *mime)
{
  static const icalproperty_status states[] = {ICAL_STATUS_NEEDSACTION, ICAL_STATUS_INPROCESS,
                                               ICAL_STATUS_COMPLETED};
  const BmItem *item = mime->item;
  icalcomponent *calendar = calendar_new ("PUBLISH");
  icalcomponent *todo = icalcomponent_new (ICAL_VTODO_COMPONENT);
  gint64 status = bm_event_int (item, bm_psetid_task, 0x8101, 0), time;
  const BmProp *percent = bm_props_get_lid (item->props, bm_psetid_task, 0x8102);
  bm_event_describe (mime, todo);
  add_day (item, todo, ICAL_DTSTART_PROPERTY, 0x8104);
  add_day (item, todo, ICAL_DUE_PROPERTY, 0x8105);
  icalcomponent_add_property (todo, icalproperty_new_status (status >= 0 && status <= 2
                                                                 ? states[status]
                                                                 : ICAL_STATUS_NEEDSACTION));
  if (percent != NULL && percent->real >= 0 && percent->real <= 1)
    icalcomponent_add_property (
        todo, icalproperty_new_percentcomplete ((int) (percent->real * 100 + 0.5)));
  if (status == 2 && bm_event_time (item, bm_psetid_task, 0x810f, &time))
    icalcomponent_add_property (todo, bm_event_moment (ICAL_COMPLETED_PROPERTY, time, NULL, FALSE));
  GBytes *series = bm_event_data (item, bm_psetid_task, 0x8116);
  g_autoptr (BmRecur) recur = bm_recur_parse (series, TRUE);
  if (recur != NULL && icalcomponent_get_first_property (todo, ICAL_DTSTART_PROPERTY) != NULL) {
    When when = {.day = TRUE, .recur = recur};
    add_rule (todo, &when);
  } else if (series != NULL) {
    bm_notes_add (&mime->notes, BM_NOTE_CALENDAR_PARTIAL);
  }
  icalcomponent_add_component (calendar, todo);
  return calendar;
}

gchar *
bm_mime_calendar_text (BmMime *mime)
{
  Kind kind = kind_of (mime->item);
  if (kind == NO_CALENDAR)
    return NULL;
  icalcomponent *calendar = kind == TASK ? task_calendar (mime) : event_calendar (mime, kind);
  if (calendar == NULL) {
    bm_notes_add (&mime->notes, BM_NOTE_CALENDAR_PARTIAL);
    return NULL;
  }
  char *text = icalcomponent_as_ical_string_r (calendar);
  gchar *copy = g_strdup (text);
  icalmemory_free_buffer (text);
  icalcomponent_free (calendar);
  return copy;
}

/* ---- one that is attached already ---- */

/* The first value of a property, unfolded; what parameters it has is of no interest. New; NULL. */
static gchar *
ics_value (const gchar *ics, const gchar *name)
{
  gsize n = strlen (name);
  for (const gchar *line = ics; line != NULL; line = strchr (line, '\n')) {
    line += *line == '\n';
    if (g_ascii_strncasecmp (line, name, n) != 0 || (line[n] != ':' && line[n] != ';'))
      continue;
    g_autoptr (GString) value = g_string_new (NULL);
    for (const gchar *p = line + n; *p != '\0'; p++) {
      if (*p == '\r')
        continue;
      if (*p == '\n' && p[1] != ' ' && p[1] != '\t')
        break;
      if (*p == '\n')
        p++;
      else
        g_string_append_c (value, *p);
    }
    const gchar *colon = strchr (value->str, ':');
    return g_strstrip (g_strdup (colon != NULL ? colon + 1 : ""));
  }
  return NULL;
}

static gboolean
looks_like_calendar (const BmAttachment *attachment)
{
  const gchar *type = bm_props_text (attachment->props, 0x370e);
  const gchar *name = bm_props_text (attachment->props, 0x3707);
  if (attachment->method != BM_ATTACH_BY_VALUE || attachment->damaged || attachment->data == NULL)
    return FALSE;
  if (type != NULL && (g_ascii_strncasecmp (type, "text/calendar", 13) == 0 ||
                       g_ascii_strncasecmp (type, "application/ics", 15) == 0))
    return TRUE;
  g_autofree gchar *lower = g_ascii_strdown (name != NULL ? name : "", -1);
  return g_str_has_suffix (lower, ".ics");
}

static gchar *
attached_calendar (BmMime *mime, const BmAttachment *attachment, Kind kind)
{
  GBytes *bytes = looks_like_calendar (attachment) ? bm_spool_bytes (attachment->data, NULL) : NULL;
  gsize size = 0;
  const gchar *data = bytes != NULL ? g_bytes_get_data (bytes, &size) : NULL;
  if (size == 0 || size > ICS_MAX || !g_utf8_validate (data, (gssize) size, NULL) ||
      g_ascii_strncasecmp (data, "BEGIN:VCALENDAR", 15) != 0)
    return NULL;
  g_autofree gchar *text = g_strndup (data, size);
  g_autofree gchar *method = ics_value (text, "METHOD");
  g_autofree gchar *uid = ics_value (text, "UID");
  g_autofree gchar *own = bm_event_uid (mime);
  gboolean known = !g_str_has_suffix (own, "@pst.invalid");
  if (method == NULL || g_ascii_strcasecmp (method, method_of (kind, mime->item)) != 0 ||
      uid == NULL || (known && g_ascii_strcasecmp (uid, own) != 0))
    return NULL;
  return g_steal_pointer (&text);
}

gboolean
bm_mime_calendar_can (const BmItem *item)
{
  g_auto (When) when = {0};
  Kind kind = kind_of (item);
  return kind == TASK || (kind != NO_CALENDAR && read_when (item, &when));
}

BmMimePart *
bm_mime_calendar_part (BmMime *mime, gint *attachment)
{
  Kind kind = kind_of (mime->item);
  g_autofree gchar *text = NULL;
  *attachment = -1;
  if (kind == NO_CALENDAR)
    return NULL;
  for (guint i = 0; text == NULL && i < mime->item->attachments->len; i++) {
    text = attached_calendar (mime, g_ptr_array_index (mime->item->attachments, i), kind);
    if (text != NULL)
      *attachment = (gint) i;
  }
  if (text == NULL)
    text = bm_mime_calendar_text (mime);
  if (text == NULL)
    return NULL;
  g_autofree gchar *type = g_strconcat ("calendar; method=", method_of (kind, mime->item), NULL);
  return bm_mime_part_text (type, text);
}

gboolean
bm_mime_calendar_owns (const BmMime *mime, const BmAttachment *attachment)
{
  return kind_of (mime->item) != NO_CALENDAR && attachment->embedded != NULL &&
         bm_mime_is_class (attachment->embedded,
                           "IPM.OLE.CLASS.{00061055-0000-0000-C000-000000000046}");
}
