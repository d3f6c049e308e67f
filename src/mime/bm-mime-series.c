/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* A series as iCalendar: its rule, the instances that are not, and one event for each that was
 * changed. [MS-OXCICAL] 2.1.3.2.2, [MS-OXOCAL] 2.2.1.44 and 2.2.10. One thread. */
#include "mime/bm-mime-calendar.h"

#include <string.h>

#define CHANGES_MAX 1000
#define BODIES_MAX  (8u << 20) /* bytes of the series' body that its changes repeat */

/* ---- the hidden items of changed instances ---- */

gboolean
bm_series_is_change (const BmAttachment *attachment)
{
  return attachment->embedded != NULL && bm_mime_is_class (attachment->embedded, BM_CLASS_CHANGE);
}

/* UTC of the instance that it changes: 0x8228; of the attachment 0x7FF9, local. */
static gboolean
original_of (const BmAttachment *attachment, const BmWhen *when, gint64 *original)
{
  gint64 local;
  if (bm_event_time (attachment->embedded, bm_psetid_appointment, 0x8228, original))
    return TRUE;
  if (!bm_props_time (attachment->props, 0x7ff9, &local))
    return FALSE;
  *original = bm_zone_to_utc (when->zone, local);
  return TRUE;
}

/* ---- the rule ---- */

/* Instances that a hidden item changes, though the blob says no more than that they are not. */
static GHashTable *
hidden_originals (const BmItem *series, const BmWhen *when)
{
  GHashTable *found = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, NULL);
  for (guint i = 0; i < series->attachments->len; i++) {
    const BmAttachment *attachment = g_ptr_array_index (series->attachments, i);
    gint64 original;
    if (bm_series_is_change (attachment) && original_of (attachment, when, &original))
      g_hash_table_add (found, g_memdup2 (&original, sizeof original));
  }
  return found;
}

void
bm_series_add_rule (const BmItem *series, const BmWhen *when, icalcomponent *event)
{
  const BmRecur *recur = when->recur;
  gint64 of_day = when->day ? 0 : 60 * (gint64) recur->start_minute;
  struct icalrecurrencetype rule = icalrecurrencetype_from_string (recur->rule);
  g_autoptr (GHashTable) changed = hidden_originals (series, when);
  if (recur->until != G_MAXINT64) {
    /* the blob says the day; UNTIL is the last start, in UTC where the start has a zone */
    gint64 last = recur->until + of_day;
    icaltimezone *utc = when->day ? NULL : icaltimezone_get_utc_timezone ();
    gint64 moment = when->day ? last : bm_zone_to_utc (when->zone, last);
    rule.until = icaltime_from_timet_with_zone ((time_t) moment, when->day, utc);
  }
  icalcomponent_add_property (event, icalproperty_new_rrule (rule));
  for (guint i = 0; i < recur->deleted->len; i++) {
    gint64 moment = bm_zone_to_utc (when->zone, g_array_index (recur->deleted, gint64, i) + of_day);
    if (!g_hash_table_contains (changed, &moment))
      icalcomponent_add_property (
          event, bm_event_moment (ICAL_EXDATE_PROPERTY, moment, when->zone, when->day));
  }
}

/* ---- what a changed instance says, and of the rest the series ---- */

/* Properties that belong together: one of them set in the instance hides all of the series. */
static gboolean
is_of_subject (guint16 id)
{
  return id == 0x0037 || id == 0x003d || id == 0x0e1d;
}

static gboolean
is_of_body (guint16 id)
{
  return id == 0x1000 || id == 0x1009 || id == 0x1013 || id == 0x1016 || id == 0x0e1f ||
         id == 0x3fde;
}

static gboolean
has_body (const BmProps *props)
{
  return bm_props_get (props, 0x1000) != NULL || bm_props_get (props, 0x1009) != NULL ||
         bm_props_get (props, 0x1013) != NULL;
}

static void
set_named (BmProps *props, const guint8 set[16], guint32 lid, guint16 type, gint64 integer,
           const gchar *text)
{
  BmProp prop = {.id = 0x8000, .type = type, .integer = integer, .text = g_strdup (text)};
  prop.name.lid = lid;
  memcpy (prop.name.guid, set, sizeof prop.name.guid);
  bm_props_take (props, &prop);
}

/* What the series' own blob says of the instance. */
static void
set_changed (BmProps *props, const BmRecurChange *change)
{
  const struct {
    const guint8 *set;
    guint32 lid;
    gint64 value;
  } numbers[] = {{bm_psetid_appointment, 0x8205, change->busy},
                 {bm_psetid_appointment, 0x8217, change->state},
                 {bm_psetid_common, 0x8501, change->delta},
                 {bm_psetid_common, 0x8503, change->reminder}};
  for (guint i = 0; i < G_N_ELEMENTS (numbers); i++)
    if (numbers[i].value != BM_RECUR_SAME)
      set_named (props, numbers[i].set, numbers[i].lid, BM_TYPE_INT32, numbers[i].value, NULL);
  if (change->location != NULL)
    set_named (props, bm_psetid_appointment, 0x8208, BM_TYPE_UNICODE, 0, change->location);
  if (change->subject == NULL)
    return;
  BmProp subject = {.id = 0x0037, .type = BM_TYPE_UNICODE, .text = g_strdup (change->subject)};
  bm_props_take (props, &subject);
}

/* change, instance: either may be NULL. New. */
static BmItem *
changed_item (const BmItem *series, const BmRecurChange *change, const BmItem *instance,
              gboolean with_body)
{
  BmItem *item = bm_item_new ();
  const GPtrArray *own = instance != NULL ? instance->recipients : NULL;
  GPtrArray *rows = own != NULL && own->len > 0 ? instance->recipients : series->recipients;
  item->recipients = rows != NULL ? g_ptr_array_ref (rows) : NULL;
  item->codepage = instance != NULL ? instance->codepage : series->codepage;
  item->notes = instance != NULL ? instance->notes : 0;
  g_free (item->message_class);
  item->message_class = g_strdup (series->message_class);
  if (change != NULL)
    set_changed (item->props, change);
  gboolean named = bm_props_get (item->props, 0x0037) != NULL;
  for (guint i = 0; instance != NULL && i < bm_props_size (instance->props); i++) {
    const BmProp *prop = bm_props_at (instance->props, i);
    if (!named || !is_of_subject (prop->id))
      bm_props_add_copy (item->props, prop);
  }
  named = bm_props_get (item->props, 0x0037) != NULL || bm_props_get (item->props, 0x0e1d) != NULL;
  gboolean written = !with_body || has_body (item->props);
  for (guint i = 0; i < bm_props_size (series->props); i++) {
    const BmProp *prop = bm_props_at (series->props, i);
    if (!(named && is_of_subject (prop->id)) && !(written && is_of_body (prop->id)))
      bm_props_add_copy (item->props, prop);
  }
  return item;
}

/* ---- events ---- */

/* The attachment that holds more of the change; G_MAXUINT: none. */
static guint
find_instance (const BmItem *series, const BmWhen *when, const BmRecurChange *change)
{
  gint64 want = bm_zone_to_utc (when->zone, change->original), original, start;
  for (guint i = 0; i < series->attachments->len; i++) {
    const BmAttachment *attachment = g_ptr_array_index (series->attachments, i);
    if (!bm_series_is_change (attachment))
      continue;
    if (original_of (attachment, when, &original)
            ? original == want
            : bm_props_time (attachment->props, 0x7ffb, &start) && start == change->start)
      return i;
  }
  return G_MAXUINT;
}

typedef struct {
  BmMime *mime;
  const BmWhen *when;
  BmEventKind kind;
  icalcomponent *calendar;
  guint n;        /* events made */
  gsize repeated; /* bytes of bodies */
} Changes;

/* Each event is whole by itself; but a long text is not said a thousand times. */
static gboolean
may_repeat_body (Changes *c)
{
  const BmProps *props = c->mime->item->props;
  const gchar *text = bm_props_text (props, 0x1000);
  GBytes *const others[] = {bm_props_data (props, 0x1009), bm_props_data (props, 0x1013)};
  gsize size = text != NULL ? strlen (text) : 0;
  for (guint i = 0; i < G_N_ELEMENTS (others); i++)
    size += others[i] != NULL ? g_bytes_get_size (others[i]) : 0;
  if (size > BODIES_MAX - c->repeated) {
    bm_notes_add (&c->mime->notes, BM_NOTE_CALENDAR_PARTIAL);
    return FALSE;
  }
  c->repeated += size;
  return TRUE;
}

static void
add_event (Changes *c, const BmItem *item, gint64 original, gint64 start, gint64 end, gboolean day)
{
  g_autofree gchar *uid = bm_event_uid (c->mime);
  BmMime inner = {0};
  if (c->n++ >= CHANGES_MAX) {
    bm_notes_add (&c->mime->notes, BM_NOTE_CALENDAR_PARTIAL);
    return;
  }
  bm_mime_begin (&inner, item, c->mime->context, c->mime->seed, c->mime->depth + 1);
  inner.notes = item->notes; /* it needs no Message-ID */
  icalcomponent *event = bm_event_new (&inner, c->kind);
  c->mime->notes |= inner.notes;
  bm_mime_end (&inner);
  icalproperty_set_uid (icalcomponent_get_first_property (event, ICAL_UID_PROPERTY), uid);
  bm_when_add_span (c->when, event, start, end, day);
  icalcomponent_add_property (
      event, bm_event_moment (ICAL_RECURRENCEID_PROPERTY, original, c->when->zone, c->when->day));
  icalcomponent_add_component (c->calendar, event);
}

static void
add_change (Changes *c, const BmRecurChange *change, const BmItem *instance)
{
  const BmZone *zone = c->when->zone;
  BmItem *item = changed_item (c->mime->item, change, instance, may_repeat_body (c));
  gboolean day = change->subtype == BM_RECUR_SAME ? c->when->day : change->subtype != 0;
  add_event (c, item, bm_zone_to_utc (zone, change->original), bm_zone_to_utc (zone, change->start),
             bm_zone_to_utc (zone, change->end), day);
  bm_item_free (item);
}

/* One of which the blob does not speak, or cannot any more. */
static void
add_hidden (Changes *c, const BmAttachment *attachment)
{
  gint64 original;
  g_auto (BmWhen) own = {0};
  if (!original_of (attachment, c->when, &original) || !bm_when_read (attachment->embedded, &own)) {
    bm_notes_add (&c->mime->notes, BM_NOTE_CALENDAR_PARTIAL);
    return;
  }
  const BmItem *instance = attachment->embedded;
  gboolean day = bm_event_int (instance, bm_psetid_appointment, 0x8215, c->when->day) != 0;
  BmItem *item = changed_item (c->mime->item, NULL, instance, may_repeat_body (c));
  add_event (c, item, original, own.start, own.end, day);
  bm_item_free (item);
}

void
bm_series_add_changes (BmMime *mime, const BmWhen *when, BmEventKind kind, icalcomponent *calendar)
{
  const BmItem *series = mime->item;
  Changes c = {mime, when, kind, calendar, 0, 0};
  g_autoptr (GHashTable) used = g_hash_table_new (NULL, NULL);
  for (guint i = 0; when->recur != NULL && i < when->recur->changed->len; i++) {
    const BmRecurChange *change = g_ptr_array_index (when->recur->changed, i);
    guint at = find_instance (series, when, change);
    const BmAttachment *attachment =
        at != G_MAXUINT ? g_ptr_array_index (series->attachments, at) : NULL;
    if (attachment != NULL)
      g_hash_table_add (used, GUINT_TO_POINTER (at));
    add_change (&c, change, attachment != NULL ? attachment->embedded : NULL);
  }
  for (guint i = 0; i < series->attachments->len; i++) {
    const BmAttachment *attachment = g_ptr_array_index (series->attachments, i);
    if (bm_series_is_change (attachment) && !g_hash_table_contains (used, GUINT_TO_POINTER (i)))
      add_hidden (&c, attachment);
  }
}
