/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Organizer and attendees of an event. [MS-OXCICAL] 2.1.3.1.1.20.2 and .16. One thread. */
#include "mime/bm-mime-calendar.h"

#define ATTENDEES_MAX  5000
#define FLAG_ORGANIZER 0x2 /* of 0x5FFD, [MS-OXOCAL] 2.2.3.9 */
#define FLAG_NOT_THERE 0x20
#define ROW_TYPE_MASK  0xf
#define IS_MEETING     0x1 /* of 0x8217 */

#define LID_RESPONSE_STATUS 0x8218

static icalproperty *
person (BmMime *mime, icalproperty_kind kind, const BmMimeParty *party, gchar **plain)
{
  g_autofree gchar *address = bm_mime_resolve (mime, party);
  g_autofree gchar *name = bm_mime_party_name (party, address);
  g_autofree gchar *mailto = g_strconcat ("mailto:", address, NULL);
  icalproperty *property = kind == ICAL_ORGANIZER_PROPERTY ? icalproperty_new_organizer (mailto)
                                                           : icalproperty_new_attendee (mailto);
  if (name != NULL) {
    g_strdelimit (name, "\"", '\''); /* no parameter may hold it, RFC 5545 3.2 */
    icalproperty_set_parameter (property, icalparameter_new_cn (name));
  }
  if (plain != NULL)
    *plain = g_steal_pointer (&address);
  return property;
}

static icalparameter_partstat
state_of (gint64 response)
{
  switch (response) {
  case 2:
    return ICAL_PARTSTAT_TENTATIVE;
  case 3:
    return ICAL_PARTSTAT_ACCEPTED;
  case 4:
    return ICAL_PARTSTAT_DECLINED;
  default:
    return ICAL_PARTSTAT_NEEDSACTION;
  }
}

static void
set_role (icalproperty *property, gint64 type)
{
  if (type == 3) { /* in place of Bcc: rooms and things */
    icalproperty_set_parameter (property, icalparameter_new_cutype (ICAL_CUTYPE_RESOURCE));
    icalproperty_set_parameter (property, icalparameter_new_role (ICAL_ROLE_NONPARTICIPANT));
  } else {
    icalproperty_set_parameter (
        property,
        icalparameter_new_role (type == 2 ? ICAL_ROLE_OPTPARTICIPANT : ICAL_ROLE_REQPARTICIPANT));
  }
}

static const BmProps *
organizer_row (const BmItem *item)
{
  for (guint i = 0; item->recipients != NULL && i < item->recipients->len; i++) {
    const BmProps *row = g_ptr_array_index (item->recipients, i);
    if ((bm_props_int (row, 0x5ffd, 0) & FLAG_ORGANIZER) != 0)
      return row;
  }
  return NULL;
}

static gboolean
is_somebody (const BmMimeParty *party)
{
  return (party->name != NULL && *party->name != '\0') ||
         (party->smtp != NULL && *party->smtp != '\0') ||
         (party->address != NULL && *party->address != '\0');
}

/* Of an appointment that somebody else called: what its owner answered stands at the item alone. */
static gboolean
is_owner (BmMime *mime, const BmProps *row, const gchar *address)
{
  static const guint16 ids[] = {0x5d07, 0x5d08, 0x0076, 0x0078};
  const BmProps *props = mime->item->props;
  const gchar *name = bm_props_text (row, 0x3001), *own = bm_props_text (props, 0x0040);
  const gchar *other = bm_props_text (row, 0x3003);
  for (guint i = 0; i < G_N_ELEMENTS (ids); i++) {
    const gchar *known = bm_props_text (props, ids[i]);
    if (known != NULL && *known != '\0' &&
        (g_ascii_strcasecmp (known, address) == 0 ||
         (other != NULL && g_ascii_strcasecmp (known, other) == 0)))
      return TRUE;
  }
  return name != NULL && *name != '\0' && g_strcmp0 (name, own) == 0;
}

static guint
count_attendees (const GPtrArray *rows)
{
  guint n = 0;
  for (guint i = 0; rows != NULL && i < rows->len; i++)
    n += (bm_props_int (g_ptr_array_index (rows, i), 0x5ffd, 0) &
          (FLAG_ORGANIZER | FLAG_NOT_THERE)) == 0;
  return n;
}

static icalparameter_partstat
attendee_state (BmMime *mime, BmEventKind kind, const BmProps *row, const gchar *address)
{
  gint64 own = bm_event_int (mime->item, bm_psetid_appointment, LID_RESPONSE_STATUS, 0);
  icalparameter_partstat said = state_of (bm_props_int (row, 0x5fff, 0));
  if (kind == BM_EVENT_KEPT && said == ICAL_PARTSTAT_NEEDSACTION && own >= 2 && own <= 4 &&
      (count_attendees (mime->item->recipients) == 1 || is_owner (mime, row, address)))
    return state_of (own);
  return said;
}

static void
add_attendees (BmMime *mime, icalcomponent *component, BmEventKind kind, const gchar *organizer)
{
  const GPtrArray *rows = mime->item->recipients;
  gboolean asked = bm_props_bool (mime->item->props, 0x0063, TRUE);
  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  if (organizer != NULL)
    g_hash_table_add (seen, g_ascii_strdown (organizer, -1));
  for (guint i = 0; rows != NULL && i < MIN (rows->len, ATTENDEES_MAX); i++) {
    const BmProps *row = g_ptr_array_index (rows, i);
    gint64 flags = bm_props_int (row, 0x5ffd, 0);
    g_autofree gchar *address = NULL;
    BmMimeParty party = bm_mime_party_of_row (row);
    if ((flags & (FLAG_ORGANIZER | FLAG_NOT_THERE)) != 0)
      continue;
    icalproperty *property = person (mime, ICAL_ATTENDEE_PROPERTY, &party, &address);
    if (!g_hash_table_add (seen, g_ascii_strdown (address, -1))) {
      icalproperty_free (property);
      continue;
    }
    set_role (property, bm_props_int (row, 0x0c15, 1) & ROW_TYPE_MASK);
    icalproperty_set_parameter (
        property, icalparameter_new_partstat (attendee_state (mime, kind, row, address)));
    if (kind == BM_EVENT_REQUEST)
      icalproperty_set_parameter (
          property, icalparameter_new_rsvp (asked ? ICAL_RSVP_TRUE : ICAL_RSVP_FALSE));
    icalcomponent_add_property (component, property);
  }
}

/* To whom an answer goes: the organizer. Without recipients it is who received it, or, of one that was
 * sent, the name that Outlook shows. */
static gboolean
answered_party (BmMime *mime, BmMimeParty *party)
{
  const GPtrArray *rows = mime->item->recipients;
  const BmProps *props = mime->item->props, *row = organizer_row (mime->item);
  for (guint i = 0; row == NULL && rows != NULL && i < rows->len; i++)
    if ((bm_props_int (g_ptr_array_index (rows, i), 0x0c15, 1) & ROW_TYPE_MASK) == 1)
      row = g_ptr_array_index (rows, i);
  if (row == NULL && rows != NULL && rows->len > 0)
    row = g_ptr_array_index (rows, 0);
  if (row != NULL) {
    *party = bm_mime_party_of_row (row);
    return TRUE;
  }
  *party = (BmMimeParty){.name = bm_props_text (props, 0x0044),
                         .smtp = bm_props_text (props, 0x5d08),
                         .type = bm_props_text (props, 0x0077),
                         .address = bm_props_text (props, 0x0078),
                         .entry_id = bm_props_data (props, 0x0043)};
  BmMimeParty from = bm_mime_party_from (props);
  g_autofree gchar *receiver = is_somebody (party) ? bm_mime_try_resolve (mime, party) : NULL;
  g_autofree gchar *sender = bm_mime_try_resolve (mime, &from);
  if (receiver == NULL || (sender != NULL && g_ascii_strcasecmp (receiver, sender) == 0))
    *party = (BmMimeParty){.name = bm_props_text (props, 0x0e04)};
  return is_somebody (party);
}

/* An answer: who gives it, and to whom. */
static void
add_reply (BmMime *mime, icalcomponent *component, BmEventKind kind)
{
  static const icalparameter_partstat states[] = {[BM_EVENT_ACCEPT] = ICAL_PARTSTAT_ACCEPTED,
                                                  [BM_EVENT_TENTATIVE] = ICAL_PARTSTAT_TENTATIVE,
                                                  [BM_EVENT_DECLINE] = ICAL_PARTSTAT_DECLINED};
  BmMimeParty from = bm_mime_party_from (mime->item->props), to;
  if (answered_party (mime, &to))
    icalcomponent_add_property (component, person (mime, ICAL_ORGANIZER_PROPERTY, &to, NULL));
  icalproperty *attendee = person (mime, ICAL_ATTENDEE_PROPERTY, &from, NULL);
  icalproperty_set_parameter (attendee, icalparameter_new_partstat (states[kind]));
  icalcomponent_add_property (component, attendee);
}

void
bm_event_people (BmMime *mime, icalcomponent *component, BmEventKind kind)
{
  gint64 state = bm_event_int (mime->item, bm_psetid_appointment, 0x8217, 0);
  const BmProps *row = organizer_row (mime->item);
  BmMimeParty party =
      row != NULL ? bm_mime_party_of_row (row) : bm_mime_party_from (mime->item->props);
  g_autofree gchar *organizer = NULL;
  if (bm_event_is_reply (kind)) {
    add_reply (mime, component, kind);
    return;
  }
  if (kind == BM_EVENT_KEPT && (state & IS_MEETING) == 0)
    return;
  if (is_somebody (&party))
    icalcomponent_add_property (component,
                                person (mime, ICAL_ORGANIZER_PROPERTY, &party, &organizer));
  add_attendees (mime, component, kind, organizer);
}
