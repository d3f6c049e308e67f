/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* What events and tasks share: named properties, UID, moments, and the words about them. [MS-OXCICAL]
 * 2.1.3.1. One thread. */
#include "mime/bm-mime-calendar.h"

#include <string.h>

#define PSETID(low)                                                                                \
  {                                                                                                \
    low, 0x20, 0x06, 0x00, 0x00, 0x00, 0x00, 0x00, 0xc0, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x46  \
  }
const guint8 bm_psetid_appointment[16] = PSETID (0x02);
const guint8 bm_psetid_task[16] = PSETID (0x03);
const guint8 bm_psetid_common[16] = PSETID (0x08);
const guint8 bm_psetid_meeting[16] = {0x90, 0xda, 0xd8, 0x6e, 0x0b, 0x45, 0x1b, 0x10,
                                      0x98, 0xda, 0x00, 0xaa, 0x00, 0x3f, 0x13, 0x05};

#define LID_GLOBAL_OBJECT_ID       0x0003
#define LID_CLEAN_GLOBAL_OBJECT_ID 0x0023
#define LID_REMINDER_SET           0x8503
#define LID_REMINDER_DELTA         0x8501
#define LID_PRIVATE                0x8506
#define LID_REMINDER_TIME          0x8502
#define LID_REMINDER_SIGNAL        0x8560
#define LID_ATTENDEE_CHANGE        0x0001
#define LID_OWNER_CHANGE           0x001a
#define DELTA_DEFAULT              0x5ae980e1
#define MINUTES_PER_YEAR           (366 * 24 * 60)
#define GOID_HEADER                40
#define UID_MAX                    1000
#define HTML_MAX                   (256u << 10) /* bytes; a mail can hold more than a calendar should */

const gchar *
bm_event_text (const BmItem *item, const guint8 set[16], guint32 lid)
{
  const BmProp *prop = bm_props_get_lid (item->props, set, lid);
  return prop != NULL ? prop->text : NULL;
}

gint64
bm_event_int (const BmItem *item, const guint8 set[16], guint32 lid, gint64 fallback)
{
  const BmProp *prop = bm_props_get_lid (item->props, set, lid);
  return prop != NULL && (prop->type == BM_TYPE_INT32 || prop->type == BM_TYPE_BOOLEAN ||
                          prop->type == BM_TYPE_INT16)
             ? prop->integer
             : fallback;
}

gboolean
bm_event_time (const BmItem *item, const guint8 set[16], guint32 lid, gint64 *unix_time)
{
  const BmProp *prop = bm_props_get_lid (item->props, set, lid);
  return prop != NULL && bm_prop_time (prop, unix_time);
}

GBytes *
bm_event_data (const BmItem *item, const guint8 set[16], guint32 lid)
{
  const BmProp *prop = bm_props_get_lid (item->props, set, lid);
  return prop != NULL ? prop->data : NULL;
}

/* ---- UID ---- */

/* An id that another program gave stands in the blob as it is, [MS-OXCICAL] 2.1.3.1.1.20.26. */
static gchar *
foreign_uid (const guint8 *data, gsize size)
{
  static const gchar mark[] = "vCal-Uid\x01\x00\x00"; /* and one NUL more */
  if (size < GOID_HEADER + sizeof mark + 1 || memcmp (data + GOID_HEADER, mark, sizeof mark) != 0)
    return NULL;
  gsize n = MIN (size - GOID_HEADER - sizeof mark, (gsize) UID_MAX);
  g_autofree gchar *text = g_strndup ((const gchar *) data + GOID_HEADER + sizeof mark, n);
  for (const gchar *p = text; *p != '\0'; p++)
    if (!g_ascii_isprint (*p))
      return NULL;
  return *text != '\0' ? g_steal_pointer (&text) : NULL;
}

gchar *
bm_event_uid (const BmMime *mime)
{
  GBytes *blob = bm_event_data (mime->item, bm_psetid_meeting, LID_GLOBAL_OBJECT_ID);
  if (blob == NULL)
    blob = bm_event_data (mime->item, bm_psetid_meeting, LID_CLEAN_GLOBAL_OBJECT_ID);
  gsize size = 0;
  const guint8 *data = blob != NULL ? g_bytes_get_data (blob, &size) : NULL;
  if (size < 20 || size > UID_MAX) {
    const gchar *parts[] = {"uid", mime->seed};
    g_autofree gchar *hash = bm_mime_hash (parts, G_N_ELEMENTS (parts));
    return g_strconcat (hash, "@pst.invalid", NULL);
  }
  gchar *foreign = foreign_uid (data, size);
  if (foreign != NULL)
    return foreign;
  g_autoptr (GString) hex = g_string_sized_new (2 * size + 1);
  for (gsize i = 0; i < size; i++) /* 16 to 19: the day of one instance */
    g_string_append_printf (hex, "%02X", i >= 16 && i < 20 ? 0 : data[i]);
  return g_string_free (g_steal_pointer (&hex), FALSE);
}

/* ---- times ---- */

gint64
bm_event_nearest_midnight (gint64 local, gboolean zone_known)
{
  gint64 of_day = bm_zone_of_day (local);
  gint64 turn = zone_known ? 43200 : 39600;
  return of_day >= turn ? local - of_day + 86400 : local - of_day;
}

icalproperty *
bm_event_moment (icalproperty_kind kind, gint64 utc, const BmZone *zone, gboolean day)
{
  icaltimezone *none = zone == NULL && !day ? icaltimezone_get_utc_timezone () : NULL;
  gint64 local = utc + bm_zone_offset (zone, utc);
  if (day)
    local = bm_event_nearest_midnight (local, zone != NULL);
  icaltimetype time = icaltime_from_timet_with_zone ((time_t) local, day, none);
  icalproperty *property = icalproperty_new (kind);
  icalproperty_set_value (property,
                          day ? icalvalue_new_date (time) : icalvalue_new_datetime (time));
  if (day)
    icalproperty_set_parameter (property, icalparameter_new_value (ICAL_VALUE_DATE));
  else if (zone != NULL)
    icalproperty_set_parameter (property, icalparameter_new_tzid (zone->name));
  return property;
}

/* ---- words ---- */

static gchar *
words (const gchar *text)
{
  g_autoptr (GString) out = g_string_new (NULL);
  for (const gchar *p = text; *p != '\0'; p = g_utf8_next_char (p)) {
    gunichar c = g_utf8_get_char (p);
    if (c != '\r' && (c == '\n' || c == '\t' || !g_unichar_iscntrl (c)))
      g_string_append_unichar (out, c);
  }
  return g_strchomp (g_string_free (g_steal_pointer (&out), FALSE));
}

static void
add_words (icalcomponent *component, icalproperty_kind kind, const gchar *text)
{
  if (text == NULL)
    return;
  g_autofree gchar *clean = words (text);
  if (*clean == '\0')
    return;
  icalproperty *property = icalproperty_new (kind);
  icalproperty_set_value (property, icalvalue_new_text (clean));
  icalcomponent_add_property (component, property);
}

/* The text with its formats, [MS-OXCICAL] 2.1.3.1.1.20.28. */
static void
add_html (icalcomponent *component, const gchar *html)
{
  if (strlen (html) > HTML_MAX)
    return;
  g_autofree gchar *clean = words (html);
  icalproperty *property = icalproperty_new_x (clean);
  icalproperty_set_x_name (property, "X-ALT-DESC");
  icalproperty_set_parameter (property, icalparameter_new_fmttype ("text/html"));
  icalcomponent_add_property (component, property);
}

static void
add_categories (BmMime *mime, icalcomponent *component)
{
  const BmProp *categories = bm_mime_categories (mime->item);
  for (guint i = 0; categories != NULL && i < categories->texts->len; i++)
    add_words (component, ICAL_CATEGORIES_PROPERTY, g_ptr_array_index (categories->texts, i));
}

/* Of an event so many minutes before it begins; of a task, which may have no time, at a time. */
static gboolean
read_trigger (const BmItem *item, gboolean task, struct icaltriggertype *trigger)
{
  gint64 minutes = bm_event_int (item, bm_psetid_common, LID_REMINDER_DELTA, 15), time;
  *trigger = (struct icaltriggertype){.time = icaltime_null_time (),
                                      .duration = icaldurationtype_null_duration ()};
  if (minutes == DELTA_DEFAULT || minutes < 0 || minutes > MINUTES_PER_YEAR)
    minutes = 15;
  if (!task)
    trigger->duration = icaldurationtype_from_int ((int) (-60 * minutes));
  else if (bm_event_time (item, bm_psetid_common, LID_REMINDER_SIGNAL, &time) ||
           bm_event_time (item, bm_psetid_common, LID_REMINDER_TIME, &time))
    trigger->time =
        icaltime_from_timet_with_zone ((time_t) time, 0, icaltimezone_get_utc_timezone ());
  return !task || !icaltime_is_null_time (trigger->time);
}

static void
add_alarm (BmMime *mime, icalcomponent *component, BmEventKind kind, const gchar *subject)
{
  struct icaltriggertype trigger;
  if (bm_event_int (mime->item, bm_psetid_common, LID_REMINDER_SET, 0) == 0 ||
      bm_event_is_reply (kind) || kind == BM_EVENT_CANCEL ||
      !read_trigger (mime->item, kind == BM_EVENT_TASK, &trigger))
    return;
  icalcomponent *alarm = icalcomponent_new (ICAL_VALARM_COMPONENT);
  icalproperty *when = icalproperty_new_trigger (trigger);
  if (kind == BM_EVENT_TASK)
    icalproperty_set_parameter (when, icalparameter_new_value (ICAL_VALUE_DATETIME));
  icalcomponent_add_property (alarm, icalproperty_new_action (ICAL_ACTION_DISPLAY));
  icalcomponent_add_property (alarm, when);
  add_words (alarm, ICAL_DESCRIPTION_PROPERTY,
             subject != NULL && *subject != '\0' ? subject : "Reminder");
  icalcomponent_add_component (component, alarm);
}

/* When its sender last changed it: the organizer, or who answers, [MS-OXCICAL] 2.1.3.1.1.20.9. */
static void
add_stamp (BmMime *mime, icalcomponent *component, BmEventKind kind)
{
  gint64 time = 0;
  guint32 lid = bm_event_is_reply (kind) ? LID_ATTENDEE_CHANGE : LID_OWNER_CHANGE;
  if (!bm_event_time (mime->item, bm_psetid_meeting, lid, &time) &&
      !bm_props_time (mime->item->props, 0x3008, &time) &&
      !bm_props_time (mime->item->props, 0x0039, &time))
    time = bm_mime_header_date (mime);
  icalcomponent_add_property (component,
                              bm_event_moment (ICAL_DTSTAMP_PROPERTY, time, NULL, FALSE));
  if (bm_props_time (mime->item->props, 0x3008, &time))
    icalcomponent_add_property (component,
                                bm_event_moment (ICAL_LASTMODIFIED_PROPERTY, time, NULL, FALSE));
}

void
bm_event_add_x (icalcomponent *component, const gchar *name, const gchar *value)
{
  icalproperty *property = icalproperty_new_x (value);
  icalproperty_set_x_name (property, name);
  icalcomponent_add_property (component, property);
}

void
bm_event_describe (BmMime *mime, icalcomponent *component, BmEventKind kind)
{
  static const int priorities[] = {9, 5, 1};
  const BmProps *props = mime->item->props;
  BmMimeBody body = {0};
  g_autofree gchar *uid = bm_event_uid (mime);
  g_autofree gchar *subject = bm_mime_subject (mime->item);
  gint64 importance = bm_props_int (props, 0x0017, 1);
  gint64 sensitivity = bm_props_int (props, 0x0036, 0);
  bm_mime_body_peek (mime, &body); /* the message's own body says its notes */
  icalcomponent_add_property (component, icalproperty_new_uid (uid));
  add_stamp (mime, component, kind);
  add_words (component, ICAL_SUMMARY_PROPERTY, subject);
  add_words (component, ICAL_LOCATION_PROPERTY,
             bm_event_text (mime->item, bm_psetid_appointment, 0x8208));
  add_words (component,
             bm_event_is_reply (kind) ? ICAL_COMMENT_PROPERTY : ICAL_DESCRIPTION_PROPERTY,
             body.text); /* [MS-OXCICAL] 2.1.3.1.1.20.4 */
  if (body.html != NULL && (kind == BM_EVENT_KEPT || kind == BM_EVENT_TASK))
    add_html (component, body.html); /* mail has it as a part */
  if (importance >= 0 && importance <= 2)
    icalcomponent_add_property (component, icalproperty_new_priority (priorities[importance]));
  if (bm_event_int (mime->item, bm_psetid_common, LID_PRIVATE, 0) != 0 || sensitivity == 2)
    icalcomponent_add_property (component, icalproperty_new_class (ICAL_CLASS_PRIVATE));
  else if (sensitivity == 3)
    icalcomponent_add_property (component, icalproperty_new_class (ICAL_CLASS_CONFIDENTIAL));
  add_categories (mime, component);
  add_alarm (mime, component, kind, subject);
  bm_mime_body_clear (&body);
}
