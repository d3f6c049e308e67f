/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Organizer and attendees of an event. [MS-OXCICAL] 2.1.3.1.1.20.2 and .16. One thread. */
#include "mime/bm-mime-calendar.h"

#define ATTENDEES_MAX  5000
#define FLAG_ORGANIZER 0x2 /* of 0x5FFD, [MS-OXOCAL] 2.2.3.9 */
#define FLAG_NOT_THERE 0x20
#define ROW_TYPE_MASK  0xf
#define IS_MEETING     0x1 /* of 0x8217 */

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
state_of (const BmProps *row)
{
  switch (bm_props_int (row, 0x5fff, 0)) {
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

static void
add_attendees (BmMime *mime, icalcomponent *component, BmPeople kind, const gchar *organizer)
{
  const GPtrArray *rows = mime->item->recipients;
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
    icalproperty_set_parameter (property, icalparameter_new_partstat (state_of (row)));
    if (kind == BM_PEOPLE_REQUEST)
      icalproperty_set_parameter (property, icalparameter_new_rsvp (ICAL_RSVP_TRUE));
    icalcomponent_add_property (component, property);
  }
}

/* An answer: who gives it, and to whom. */
static void
add_reply (BmMime *mime, icalcomponent *component, icalparameter_partstat partstat)
{
  const GPtrArray *rows = mime->item->recipients;
  BmMimeParty from = bm_mime_party_from (mime->item->props);
  if (rows != NULL && rows->len > 0) {
    BmMimeParty to = bm_mime_party_of_row (g_ptr_array_index (rows, 0));
    icalcomponent_add_property (component, person (mime, ICAL_ORGANIZER_PROPERTY, &to, NULL));
  }
  icalproperty *attendee = person (mime, ICAL_ATTENDEE_PROPERTY, &from, NULL);
  icalproperty_set_parameter (attendee, icalparameter_new_partstat (partstat));
  icalcomponent_add_property (component, attendee);
}

void
bm_event_people (BmMime *mime, icalcomponent *component, BmPeople kind,
                 icalparameter_partstat partstat)
{
  gint64 state = bm_event_int (mime->item, bm_psetid_appointment, 0x8217, 0);
  const BmProps *row = organizer_row (mime->item);
  BmMimeParty party =
      row != NULL ? bm_mime_party_of_row (row) : bm_mime_party_from (mime->item->props);
  g_autofree gchar *organizer = NULL;
  if (kind == BM_PEOPLE_REPLY) {
    add_reply (mime, component, partstat);
    return;
  }
  if (kind == BM_PEOPLE_KEPT && (state & IS_MEETING) == 0)
    return;
  if (is_somebody (&party))
    icalcomponent_add_property (component,
                                person (mime, ICAL_ORGANIZER_PROPERTY, &party, &organizer));
  add_attendees (mime, component, kind, organizer);
}
