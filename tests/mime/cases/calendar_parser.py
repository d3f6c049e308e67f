# SPDX-License-Identifier: AGPL-3.0-or-later
"""Calendars and cards read by parsers that share nothing with the writer: python3-icalendar with dateutil, and
python3-vobject."""
import datetime
import io
import re

import dateutil.rrule
import dateutil.tz
import icalendar
import vobject

METHODS_WITH_ORGANIZER = ("REQUEST", "CANCEL", "REPLY", "COUNTER")


def offset(zone, name, local):
    """Hours east of UTC, by a VTIMEZONE."""
    zones = dateutil.tz.tzical(io.StringIO(zone.to_ical().decode().replace("\r\n ", "")))
    return zones.get(name).utcoffset(local).total_seconds() / 3600


def utc_naive(moment):
    """dateutil wants the start and UNTIL of a rule to be of one kind."""
    if isinstance(moment, datetime.datetime) and moment.tzinfo is not None:
        return moment.astimezone(datetime.timezone.utc).replace(tzinfo=None)
    return moment


def instances(component):
    start = component["DTSTART"].dt
    text = component["RRULE"].to_ical().decode()
    if "UNTIL" in text:
        text = ";".join(part for part in text.split(";") if not part.startswith("UNTIL"))
        text += ";COUNT=50"
    naive = start.replace(tzinfo=None) if isinstance(start, datetime.datetime) else start
    rule = dateutil.rrule.rrulestr(text, dtstart=datetime.datetime.combine(naive, datetime.time()) if not isinstance(
        naive, datetime.datetime) else naive)
    return [one for one, _ in zip(rule, range(50))]


def check_component(component, zones, ours):
    name = component.name
    for wanted in ("UID", "DTSTAMP") + (("DTSTART",) if name == "VEVENT" else ()):
        if wanted not in component and ours:
            yield f"{name} without {wanted}"
    if "DTSTART" in component and "DTEND" in component:
        start, end = component["DTSTART"].dt, component["DTEND"].dt
        if type(start) is not type(end) or utc_naive(end) < utc_naive(start):
            yield f"{name} from {start} to {end}"
    if "RRULE" in component and not instances(component):
        yield f"{name}: a rule without instances"
    for key, value in component.items():
        for one in value if isinstance(value, list) else [value]:
            zone = one.params.get("TZID") if hasattr(one, "params") else None
            if zone is not None and zone not in zones:
                yield f"{key} in the zone {zone}, which is not there"


def check_calendar(data, ours=True):
    # RFC 5545 3.3.10 wants UNTIL in UTC in a VTIMEZONE; python3-icalendar 4 cannot read that
    calendar = icalendar.Calendar.from_ical(re.sub(rb"(RRULE:FREQ=YEARLY;UNTIL=\w+)Z(?=;BYDAY=-?\dSU)", rb"\1", data))
    zones = {str(zone["TZID"]): zone for zone in calendar.walk("VTIMEZONE")}
    for component in calendar.walk():
        yield from (f"{component.name}: {error}" for error in component.errors)
    for name, zone in zones.items():
        offset(zone, name, datetime.datetime(2017, 7, 14, 12))  # raises when its parts make no zone
    ours = ours and "bm-pst-import" in calendar.get("PRODID", "")
    for component in calendar.subcomponents:
        if component.name in ("VEVENT", "VTODO"):
            yield from check_component(component, zones, ours)
    method = calendar.get("METHOD")
    if ours and method in METHODS_WITH_ORGANIZER:
        yield from (f"{method} without ORGANIZER" for event in calendar.walk("VEVENT") if "ORGANIZER" not in event)


def check_card(data):
    text = data.decode()
    card = vobject.readOne(text)
    if "VERSION:3.0" in text:
        card.validate(raiseException=True)
