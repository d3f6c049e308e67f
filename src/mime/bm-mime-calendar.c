/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Meeting mail, appointments and tasks as iCalendar: [MS-OXCICAL] 2.1.3, RFC 5545, RFC 5546. What the
 * item cannot tell is left out and noted, the message keeps its text in any case. One thread. */
#include "mime/bm-mime-calendar.h"

#include <string.h>

#define ICS_MAX      (4u << 20) /* bytes of an attached calendar that is looked at */
#define IS_CANCELLED 0x4        /* of 0x8217 */

static const struct {
  const gchar *message_class;
  BmEventKind kind;
} classes[] = {
    {"IPM.Schedule.Meeting.Request", BM_EVENT_REQUEST},
    {"IPM.Schedule.Meeting.Canceled", BM_EVENT_CANCEL},
    {"IPM.Schedule.Meeting.Resp.Pos", BM_EVENT_ACCEPT},
    {"IPM.Schedule.Meeting.Resp.Tent", BM_EVENT_TENTATIVE},
    {"IPM.Schedule.Meeting.Resp.Neg", BM_EVENT_DECLINE},
    {"IPM.Appointment", BM_EVENT_KEPT},
    {BM_CLASS_CHANGE, BM_EVENT_KEPT},
    {"IPM.Task", BM_EVENT_TASK},
};

gboolean
bm_mime_is_class (const BmItem *item, const gchar *message_class)
{
  gsize n = strlen (message_class);
  return g_ascii_strncasecmp (item->message_class, message_class, n) == 0 &&
         (item->message_class[n] == '\0' || item->message_class[n] == '.');
}

static BmEventKind
kind_of (const BmItem *item)
{
  for (guint i = 0; i < G_N_ELEMENTS (classes); i++)
    if (bm_mime_is_class (item, classes[i].message_class))
      return classes[i].kind;
  return BM_EVENT_NONE;
}

static gboolean
is_counter (const BmItem *item)
{
  return bm_event_int (item, bm_psetid_appointment, 0x8257, 0) != 0;
}

gboolean
bm_event_is_reply (BmEventKind kind)
{
  return kind == BM_EVENT_ACCEPT || kind == BM_EVENT_TENTATIVE || kind == BM_EVENT_DECLINE;
}

static const gchar *
method_of (BmEventKind kind, const BmItem *item)
{
  if (kind == BM_EVENT_REQUEST)
    return "REQUEST";
  if (kind == BM_EVENT_CANCEL)
    return "CANCEL";
  if (bm_event_is_reply (kind))
    return is_counter (item) ? "COUNTER" : "REPLY";
  return "PUBLISH";
}

/* ---- events ---- */

static const gchar *
busy_name (gint64 busy)
{
  static const gchar *const names[] = {"FREE", "TENTATIVE", "BUSY", "OOF", "WORKINGELSEWHERE"};
  return names[busy >= 0 && busy < (gint64) G_N_ELEMENTS (names) ? busy : 2];
}

/* busy: as the event is meant; the item's own of a request is tentative until it is answered. */
static void
add_busy (icalcomponent *event, gint64 busy, icalproperty_status status)
{
  icalcomponent_add_property (
      event, icalproperty_new_transp (busy == 0 ? ICAL_TRANSP_TRANSPARENT : ICAL_TRANSP_OPAQUE));
  icalcomponent_add_property (event, icalproperty_new_status (status));
  bm_event_add_x (event, "X-MICROSOFT-CDO-BUSYSTATUS", busy_name (busy));
}

/* What Outlook reads back of its own, [MS-OXCICAL] 2.1.3.1.1.20. */
static void
add_outlook (const BmItem *item, icalcomponent *event)
{
  gint64 importance = bm_props_int (item->props, 0x0017, 1);
  gint64 owner = bm_props_int (item->props, 0x0062, 0);
  gboolean day = bm_event_int (item, bm_psetid_appointment, 0x8215, 0) != 0;
  gint64 intended = bm_event_int (item, bm_psetid_appointment, 0x8224, -1);
  gint64 no_counter = bm_event_int (item, bm_psetid_appointment, 0x825a, 0);
  g_autofree gchar *id = g_strdup_printf ("%d", (gint) owner);
  g_autofree gchar *weight = g_strdup_printf ("%d", (gint) CLAMP (importance, 0, 2));
  bm_event_add_x (event, "X-MICROSOFT-CDO-ALLDAYEVENT", day ? "TRUE" : "FALSE");
  bm_event_add_x (event, "X-MICROSOFT-CDO-IMPORTANCE", weight);
  if (intended >= 0)
    bm_event_add_x (event, "X-MICROSOFT-CDO-INTENDEDSTATUS", busy_name (intended));
  if (owner != 0)
    bm_event_add_x (event, "X-MICROSOFT-CDO-OWNERAPPTID", id);
  if (no_counter != 0)
    bm_event_add_x (event, "X-MICROSOFT-DISALLOW-COUNTER", "TRUE");
}

icalcomponent *
bm_event_new (BmMime *mime, BmEventKind kind)
{
  const BmItem *item = mime->item;
  icalcomponent *event = icalcomponent_new (ICAL_VEVENT_COMPONENT);
  gint64 state = bm_event_int (item, bm_psetid_appointment, 0x8217, 0);
  gint64 sequence = bm_event_int (item, bm_psetid_appointment, 0x8201, 0);
  gint64 busy = bm_event_int (item, bm_psetid_appointment, 0x8205, 2);
  bm_event_describe (mime, event, kind);
  bm_event_people (mime, event, kind);
  icalcomponent_add_property (event,
                              icalproperty_new_sequence ((int) CLAMP (sequence, 0, G_MAXINT)));
  if (kind == BM_EVENT_REQUEST) {
    gint64 intended = bm_event_int (item, bm_psetid_appointment, 0x8224, -1);
    add_busy (event, intended >= 0 ? intended : busy, ICAL_STATUS_CONFIRMED);
  } else if (kind == BM_EVENT_CANCEL || (kind == BM_EVENT_KEPT && (state & IS_CANCELLED) != 0)) {
    add_busy (event, busy, ICAL_STATUS_CANCELLED);
  } else if (kind == BM_EVENT_KEPT) {
    add_busy (event, busy, busy == 1 ? ICAL_STATUS_TENTATIVE : ICAL_STATUS_CONFIRMED);
  }
  add_outlook (item, event);
  return event;
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

static void
add_zones (icalcomponent *calendar, const BmWhen *when)
{
  if (when->day)
    return;
  if (when->zone != NULL)
    icalcomponent_add_component (calendar, bm_zone_component (when->zone));
  if (when->end_zone != NULL)
    icalcomponent_add_component (calendar, bm_zone_component (when->end_zone));
}

/* A proposal says the time that it proposes, and of Outlook's own what was there before,
 * [MS-OXCICAL] 2.1.3.1.1.20. */
static void
add_time (const BmItem *item, const BmWhen *when, BmEventKind kind, icalcomponent *event)
{
  static const gchar *const names[] = {"X-MS-OLK-ORIGINALSTART", "X-MS-OLK-ORIGINALEND"};
  const gint64 before[] = {when->start, when->end};
  gint64 start, end;
  if (!bm_event_is_reply (kind) || !is_counter (item) || !bm_when_proposed (item, &start, &end)) {
    bm_when_add_span (when, event, when->start, when->end, when->day);
    return;
  }
  bm_when_add_span (when, event, start, end, when->day);
  for (guint i = 0; i < G_N_ELEMENTS (names); i++) {
    icalproperty *moment =
        bm_event_moment (ICAL_DTSTART_PROPERTY, before[i], when->zone, when->day);
    icalproperty *own = icalproperty_new_x (icalproperty_get_value_as_string (moment));
    icalparameter *parameter = icalproperty_get_first_parameter (moment, ICAL_ANY_PARAMETER);
    if (parameter != NULL)
      icalproperty_set_parameter (own, icalparameter_new_clone (parameter));
    icalproperty_set_x_name (own, names[i]);
    icalcomponent_add_property (event, own);
    icalproperty_free (moment);
  }
}

static icalcomponent *
event_calendar (BmMime *mime, BmEventKind kind)
{
  const BmItem *item = mime->item;
  g_auto (BmWhen) when = {0};
  if (!bm_when_read (item, &when))
    return NULL;
  gboolean series = bm_event_data (item, bm_psetid_appointment, 0x8216) != NULL;
  if (series && when.instance == G_MAXINT64 &&
      (when.recur == NULL || !when.recur->whole || when.zone_guessed))
    bm_notes_add (&mime->notes, BM_NOTE_CALENDAR_PARTIAL);
  icalcomponent *calendar = calendar_new (method_of (kind, item));
  add_zones (calendar, &when);
  icalcomponent *event = bm_event_new (mime, kind);
  add_time (item, &when, kind, event);
  if (when.instance != G_MAXINT64)
    icalcomponent_add_property (
        event, bm_event_moment (ICAL_RECURRENCEID_PROPERTY, when.instance, when.zone, when.day));
  if (when.recur != NULL)
    bm_series_add_rule (item, &when, event);
  icalcomponent_add_component (calendar, event);
  bm_series_add_changes (mime, &when, kind, calendar);
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
  bm_event_describe (mime, todo, BM_EVENT_TASK);
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
    BmWhen when = {.day = TRUE, .recur = recur};
    bm_series_add_rule (item, &when, todo);
  } else if (series != NULL) {
    bm_notes_add (&mime->notes, BM_NOTE_CALENDAR_PARTIAL);
  }
  icalcomponent_add_component (calendar, todo);
  return calendar;
}

gchar *
bm_mime_calendar_text (BmMime *mime)
{
  BmEventKind kind = kind_of (mime->item);
  if (kind == BM_EVENT_NONE)
    return NULL;
  icalcomponent *calendar =
      kind == BM_EVENT_TASK ? task_calendar (mime) : event_calendar (mime, kind);
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
attached_calendar (BmMime *mime, const BmAttachment *attachment, BmEventKind kind)
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
  g_auto (BmWhen) when = {0};
  BmEventKind kind = kind_of (item);
  return kind == BM_EVENT_TASK || (kind != BM_EVENT_NONE && bm_when_read (item, &when));
}

BmMimePart *
bm_mime_calendar_part (BmMime *mime, gint *attachment)
{
  BmEventKind kind = kind_of (mime->item);
  g_autofree gchar *text = NULL;
  *attachment = -1;
  if (kind == BM_EVENT_NONE)
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
  return kind_of (mime->item) != BM_EVENT_NONE && bm_series_is_change (attachment) &&
         attachment->embedded->attachments->len == 0; /* its own files would be lost */
}
