/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Cases on meeting mail, appointments and tasks: 57, 68-74, 77. An appointment is not imported by
 * itself yet: most stand in a mail, which is how they travel. */
#include "mime/cases/cases.h"

#include "mime/bm-mime-calendar.h"
#include "pst/bm-pst-window.h"
#include "pst/bm-pst.h"
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define START   1500033600 /* Fri, 14 Jul 2017 12:00:00 UTC */
#define HOUR    3600
#define MEETING bm_pst_psetid_meeting
#define APPT    bm_pst_psetid_appointment
#define COMMON  bm_pst_psetid_common

static const guint8 psetid_task[16] = {0x03, 0x20, 0x06, 0, 0, 0, 0, 0,
                                       0xc0, 0,    0,    0, 0, 0, 0, 0x46};

static guint32
named (Case *c, const guint8 set[16], guint32 lid, guint16 type)
{
  return BM_PST_TAG (bm_pst_writer_named_lid (case_writer (c), set, lid), type);
}

static void
set_int (Case *c, CaseMail *mail, const guint8 set[16], guint32 lid, gint32 value)
{
  bm_pst_props_int32 (mail_props (mail), named (c, set, lid, 0x0003), value);
}

static void
set_bool (Case *c, CaseMail *mail, const guint8 set[16], guint32 lid, gboolean value)
{
  bm_pst_props_bool (mail_props (mail), named (c, set, lid, 0x000b), value);
}

static void
set_time (Case *c, CaseMail *mail, const guint8 set[16], guint32 lid, gint64 unix_time)
{
  bm_pst_props_filetime (mail_props (mail), named (c, set, lid, 0x0040), BM_PST_TIME (unix_time));
}

static void
set_text (Case *c, CaseMail *mail, const guint8 set[16], guint32 lid, const gchar *text)
{
  bm_pst_props_string (mail_props (mail), named (c, set, lid, 0x001f), text);
}

static void
set_bytes (Case *c, CaseMail *mail, const guint8 set[16], guint32 lid, GByteArray *bytes)
{
  bm_pst_props_binary (mail_props (mail), named (c, set, lid, 0x0102), bytes->data, bytes->len);
  g_byte_array_unref (bytes);
}

/* ---- blobs, written as Outlook does ---- */

static void
put16 (GByteArray *out, guint value)
{
  const guint8 bytes[] = {(guint8) value, (guint8) (value >> 8)};
  g_byte_array_append (out, bytes, sizeof bytes);
}

static void
put32 (GByteArray *out, guint32 value)
{
  put16 (out, value & 0xffff);
  put16 (out, value >> 16);
}

/* An id of 16 bytes of data; year 0: of the whole series. */
static GByteArray *
object_id (guint year, guint8 month, guint8 day)
{
  static const guint8 head[16] = {0x04, 0,    0,    0,    0x82, 0,    0xe0, 0,
                                  0x74, 0xc5, 0xb7, 0x10, 0x1a, 0x82, 0xe0, 0x08};
  const guint8 date[] = {(guint8) (year >> 8), (guint8) year, month, day};
  GByteArray *out = g_byte_array_new ();
  g_byte_array_append (out, head, sizeof head);
  g_byte_array_append (out, date, sizeof date);
  for (guint i = 0; i < 4; i++)
    put32 (out, 0);
  put32 (out, 16);
  for (guint i = 0; i < 4; i++)
    put32 (out, 0x01010101 * (i + 1));
  return out;
}
#define UID                                                                                        \
  "040000008200E00074C5B7101A82E00800000000"                                                       \
  "00000000000000000000000000000000"                                                               \
  "10000000"                                                                                       \
  "01010101020202020303030304040404"

/* An id that another program gave. */
static GByteArray *
foreign_id (const gchar *uid)
{
  GByteArray *out = object_id (0, 0, 0);
  g_byte_array_set_size (out, 36);
  put32 (out, (guint32) (13 + strlen (uid)));
  g_byte_array_append (out, (const guint8 *) "vCal-Uid\x01\0\0\0", 12);
  g_byte_array_append (out, (const guint8 *) uid, (guint) strlen (uid) + 1);
  return out;
}

static void
put_date (GByteArray *out, guint month, guint weekday, guint week, guint hour)
{
  const guint fields[] = {0, month, weekday, week, hour, 0, 0, 0};
  for (guint i = 0; i < G_N_ELEMENTS (fields); i++)
    put16 (out, fields[i]);
}

/* One rule: biases in minutes west of UTC. month 0: no summer time. */
static GByteArray *
zone_definition (const gchar *name, gint bias, gboolean summer)
{
  GByteArray *out = g_byte_array_new ();
  gsize units = strlen (name);
  put16 (out, 0x0102);
  put16 (out, (guint) (6 + 2 * units));
  put16 (out, 2);
  put16 (out, (guint) units);
  for (gsize i = 0; i < units; i++)
    put16 (out, (guint8) name[i]);
  put16 (out, 1);
  put16 (out, 0x0102);
  put16 (out, 0x003e);
  put16 (out, 2);
  put16 (out, 1601);
  g_byte_array_append (out, (const guint8[14]){0}, 14);
  put32 (out, (guint32) bias);
  put32 (out, 0);
  put32 (out, summer ? (guint32) -60 : 0);
  put_date (out, summer ? 10 : 0, 0, 5, summer ? 3 : 0);
  put_date (out, summer ? 3 : 0, 0, 5, summer ? 2 : 0);
  return out;
}

#define MINUTES(unix_time) ((guint32) ((unix_time) / 60 + 194074560))

typedef struct {
  guint frequency, type;
  guint32 period, days, nth, end, count;
  gint64 first, last; /* local midnights */
} Series;

static GByteArray *
pattern (const Series *s, const gint64 *deleted, guint n_deleted, const gint64 *modified,
         guint n_modified)
{
  GByteArray *out = g_byte_array_new ();
  put16 (out, 0x3004);
  put16 (out, 0x3004);
  put16 (out, s->frequency);
  put16 (out, s->type);
  put16 (out, 0);
  put32 (out, 0);
  put32 (out, s->period);
  put32 (out, 0);
  if (s->type != 0)
    put32 (out, s->days);
  if (s->type == 3)
    put32 (out, s->nth);
  put32 (out, s->end);
  put32 (out, s->count);
  put32 (out, 1);
  put32 (out, n_deleted);
  for (guint i = 0; i < n_deleted; i++)
    put32 (out, MINUTES (deleted[i]));
  put32 (out, n_modified);
  for (guint i = 0; i < n_modified; i++)
    put32 (out, MINUTES (modified[i]));
  put32 (out, MINUTES (s->first));
  put32 (out, MINUTES (s->last));
  return out;
}

static void
put_end (GByteArray *out, guint start_minute, guint n_changed)
{
  put32 (out, 0x3006);
  put32 (out, 0x3009);
  put32 (out, start_minute);
  put32 (out, start_minute + 60);
  put16 (out, n_changed);
}

/* ---- mails ---- */

static CaseMail *
meeting (Case *c, const gchar *message_class)
{
  CaseMail *mail = case_plain_mail (c);
  mail_text (mail, 0x001a, message_class);
  set_time (c, mail, APPT, 0x820d, START);
  set_time (c, mail, APPT, 0x820e, START + HOUR);
  set_text (c, mail, APPT, 0x8208, "Room 1, ground floor");
  set_bytes (c, mail, MEETING, 0x0003, object_id (0, 0, 0));
  set_int (c, mail, APPT, 0x8201, 3);
  return mail;
}

/* The calendar of the n-th leaf, unfolded, and sound for libical too. */
static gchar *
calendar_at (const Rendered *r, guint n)
{
  gsize size;
  GMimeObject *leaf = rendered_leaf (r, n);
  g_assert_true (
      g_mime_content_type_is_type (g_mime_object_get_content_type (leaf), "text", "calendar"));
  g_autofree gchar *text = rendered_content (leaf, &size);
  icalcomponent *parsed = icalparser_parse_string (text);
  g_assert_nonnull (parsed);
  g_assert_cmpint (icalcomponent_count_errors (parsed), ==, 0);
  icalcomponent_free (parsed);
  return case_unfold (text);
}

static guint
count (const gchar *text, const gchar *what)
{
  guint n = 0;
  for (const gchar *p = strstr (text, what); p != NULL; p = strstr (p + 1, what))
    n++;
  return n;
}

static void
case_68_request (Case *c)
{
  CaseMail *mail = meeting (c, "IPM.Schedule.Meeting.Request");
  set_bytes (c, mail, APPT, 0x825e, zone_definition ("Romance Standard Time", -60, TRUE));
  mail_row (mail, 2, "Cid, \"the\" 1st", "cid@example.net");
  mail_row (mail, 3, "Room", "room@example.net");
  set_int (c, mail, APPT, 0x8205, 1);
  set_int (c, mail, APPT, 0x8224, 2);
  mail_bytes (mail, 0x1013, "<p>Hi Bob</p>", 13);
  const Rendered *r = case_render (c, 0);
  g_autofree gchar *shape = rendered_shape (r);
  g_assert_cmpstr (shape, ==, "alternative(text/plain,text/html,text/calendar)");
  case_expect (c, "param 2 method=REQUEST");
  g_autofree gchar *ics = calendar_at (r, 2);
  static const gchar *const lines[] = {
      "METHOD:REQUEST",
      "STATUS:CONFIRMED",
      "X-MICROSOFT-CDO-BUSYSTATUS:BUSY",
      "UID:" UID,
      "SUMMARY:Hello",
      "LOCATION:Room 1\\, ground floor",
      "DTSTART;TZID=Romance Standard Time:20170714T140000",
      "SEQUENCE:3",
      "DTEND;TZID=Romance Standard Time:20170714T150000",
      "TZID:Romance Standard Time",
      "ORGANIZER;CN=Ada Lovelace:mailto:ada@example.org",
      "DESCRIPTION:Hi Bob",
      "ATTENDEE;CN=Bob;ROLE=REQ-PARTICIPANT;PARTSTAT=NEEDS-ACTION;RSVP=TRUE:mailto:bob@example.net",
      "ATTENDEE;CN=\"Cid, 'the' 1st\";ROLE=OPT-PARTICIPANT;PARTSTAT=NEEDS-ACTION;RSVP=TRUE:"
      "mailto:cid@example.net",
      "ATTENDEE;CN=Room;CUTYPE=RESOURCE;ROLE=NON-PARTICIPANT;PARTSTAT=NEEDS-ACTION;RSVP=TRUE:"
      "mailto:room@example.net",
      "RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3",
      "TZOFFSETTO:+0200"};
  for (guint i = 0; i < G_N_ELEMENTS (lines); i++)
    case_assert_line (ics, lines[i]);
}

#define GOOGLE                                                                                     \
  "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nMETHOD:REQUEST\r\nBEGIN:VEVENT\r\nUID:abc@google.com\r\n"     \
  "DTSTART:20170714T120000Z\r\nDTSTAMP:20170714T120000Z\r\nSUMMARY:Theirs\r\nEND:VEVENT\r\n"       \
  "END:VCALENDAR\r\n"

/* The calendar that came with it is the message's calendar; another one stays an attachment. */
static void
case_68_attached (Case *c)
{
  CaseMail *same = meeting (c, "IPM.Schedule.Meeting.Request");
  CaseMail *other = meeting (c, "IPM.Schedule.Meeting.Request");
  set_bytes (c, same, MEETING, 0x0003, foreign_id ("abc@google.com"));
  BmPstProps *first = mail_attach (same, "invite.ics", GOOGLE, strlen (GOOGLE));
  bm_pst_props_string (first, 0x370e001f, "application/ics");
  mail_attach (other, "invite.ics", GOOGLE, strlen (GOOGLE));
  const Rendered *r = case_render (c, 0);
  g_autofree gchar *shape = rendered_shape (r);
  g_assert_cmpstr (shape, ==, "alternative(text/plain,text/calendar)");
  g_autofree gchar *theirs = calendar_at (r, 1);
  case_assert_line (theirs, "SUMMARY:Theirs");
  r = case_render (c, 1);
  g_autofree gchar *both = rendered_shape (r);
  g_assert_cmpstr (both, ==, "mixed(alternative(text/plain,text/calendar),text/calendar)");
  g_autofree gchar *ours = calendar_at (r, 1);
  case_assert_line (ours, "SUMMARY:Hello");
}

static void
check_google (Case *c, const BmItem *item, const Rendered *r, gpointer found)
{
  if (!bm_mime_is_class (item, "IPM.Schedule.Meeting.Request"))
    return;
  g_autofree gchar *shape = rendered_shape (r);
  g_assert_cmpuint (count (r->text, "METHOD:REQUEST"), <=, 1);
  g_assert_nonnull (strstr (shape, "text/calendar"));
  g_assert_cmpuint (count (shape, "text/calendar") + count (shape, "application/ics"), ==, 1);
  (*(guint *) found)++;
}

static void
case_68_corpus (Case *c)
{
  guint found = 0;
  if (case_corpus_each (c, "outlook-com-4k.ost", check_google, &found) > 0)
    g_assert_cmpuint (found, ==, 4);
}

static void
case_69_answers (Case *c)
{
  static const struct {
    const gchar *message_class, *partstat;
  } answers[] = {{"IPM.Schedule.Meeting.Resp.Pos", "ACCEPTED"},
                 {"IPM.Schedule.Meeting.Resp.Tent", "TENTATIVE"},
                 {"IPM.Schedule.Meeting.Resp.Neg", "DECLINED"}};
  for (guint i = 0; i < G_N_ELEMENTS (answers); i++)
    meeting (c, answers[i].message_class);
  for (guint i = 0; i < G_N_ELEMENTS (answers); i++) {
    const Rendered *r = case_render (c, i);
    g_autofree gchar *ics = calendar_at (r, 1);
    g_autofree gchar *attendee = g_strdup_printf (
        "ATTENDEE;CN=Ada Lovelace;PARTSTAT=%s:mailto:ada@example.org", answers[i].partstat);
    case_expect (c, "param 1 method=REPLY");
    case_assert_line (ics, "METHOD:REPLY");
    case_assert_line (ics, attendee);
    case_assert_line (ics, "ORGANIZER;CN=Bob:mailto:bob@example.net");
    case_assert_line (ics, "DTSTART:20170714T120000Z");
    g_assert_cmpuint (count (ics, "ATTENDEE"), ==, 1);
  }
}

static void
case_69_other_proposal_and_cancel (Case *c)
{
  CaseMail *counter = meeting (c, "IPM.Schedule.Meeting.Resp.Tent");
  CaseMail *instance = meeting (c, "IPM.Schedule.Meeting.Canceled");
  set_bool (c, counter, APPT, 0x8257, TRUE);
  set_bytes (c, instance, MEETING, 0x0003, object_id (2017, 7, 14));
  meeting (c, "IPM.Schedule.Meeting.Notification.Forward");
  case_render (c, 0);
  case_expect (c, "param 1 method=COUNTER");
  const Rendered *r = case_render (c, 1);
  case_expect (c, "param 1 method=CANCEL");
  g_autofree gchar *ics = calendar_at (r, 1);
  case_assert_line (ics, "STATUS:CANCELLED");
  case_assert_line (ics, "UID:" UID);
  case_assert_line (ics, "RECURRENCE-ID:20170714T120000Z");
  r = case_render (c, 2);
  g_autofree gchar *shape = rendered_shape (r);
  g_assert_cmpstr (shape, ==, "text/plain");
}

/* ---- series ---- */

#define DAY(n) ((gint64) START / 86400 * 86400 + (n) *86400)

/* Fridays at 14:00 in Paris, ten times. One is deleted; two are changed, one of them in the blob and in
 * an item of its own. */
static GByteArray *
two_changes (void)
{
  const Series weekly = {0x200b, 1, 1, 0x20, 0, 0x2022, 10, DAY (0), DAY (63)};
  const gint64 deleted[] = {DAY (7), DAY (14), DAY (21)}, modified[] = {DAY (14), DAY (22)};
  GByteArray *out = pattern (&weekly, deleted, 3, modified, 2);
  put_end (out, 14 * 60, 2);
  put32 (out, MINUTES (DAY (14) + 16 * HOUR)); /* later on the same day */
  put32 (out, MINUTES (DAY (14) + 17 * HOUR));
  put32 (out, MINUTES (DAY (14) + 14 * HOUR));
  put16 (out, 0);
  put32 (out, MINUTES (DAY (22) + 9 * HOUR)); /* on another day, with another subject */
  put32 (out, MINUTES (DAY (22) + 10 * HOUR));
  put32 (out, MINUTES (DAY (21) + 14 * HOUR));
  put16 (out, 0x11);
  put16 (out, 5);
  put16 (out, 4);
  g_byte_array_append (out, (const guint8 *) "Late", 4);
  put16 (out, 4);
  put16 (out, 3);
  g_byte_array_append (out, (const guint8 *) "Bar", 3);
  put32 (out, 0); /* reserved */
  put32 (out, 4); /* change highlight of the first */
  put32 (out, 0);
  put32 (out, 0);
  put32 (out, 4);
  put32 (out, 0);
  put32 (out, 0);
  for (guint i = 0; i < 3; i++)
    put32 (out, 0);
  put16 (out, 4);
  for (const gchar *p = "L"; *p != '\0'; p++)
    put16 (out, (guint8) *p);
  put16 (out, 0xe9);
  put16 (out, 't');
  put16 (out, 'e');
  put16 (out, 3);
  for (const gchar *p = "Bar"; *p != '\0'; p++)
    put16 (out, (guint8) *p);
  put32 (out, 0);
  return out;
}

static CaseMail *
appointment (Case *c, CaseMail *outer)
{
  CaseMail *inner = mail_embed (outer, NULL);
  mail_text (inner, 0x001a, "IPM.Appointment");
  mail_text (inner, 0x0037, "Party");
  mail_text (inner, 0x300b, "x");
  set_time (c, inner, APPT, 0x820d, START);
  set_time (c, inner, APPT, 0x820e, START + HOUR);
  return inner;
}

static void
case_70_series (Case *c)
{
  CaseMail *mail = case_plain_mail (c);
  CaseMail *series = appointment (c, mail);
  set_bytes (c, series, APPT, 0x8260, zone_definition ("Romance Standard Time", -60, TRUE));
  set_bytes (c, series, APPT, 0x8216, two_changes ());
  CaseMail *changed = mail_embed (series, "Party");
  mail_text (changed, 0x001a, "IPM.OLE.CLASS.{00061055-0000-0000-C000-000000000046}");
  mail_text (changed, 0x0037, "Party");
  mail_text (changed, 0x1000, "Only this time");
  set_time (c, changed, APPT, 0x8228, START + 14 * 86400);
  const Rendered *r = case_render (c, 0);
  g_autofree gchar *shape = rendered_shape (r);
  g_assert_cmpstr (shape, ==, "mixed(text/plain,text/calendar)");
  g_autofree gchar *ics = calendar_at (r, 1);
  static const gchar *const lines[] = {"EXDATE;TZID=Romance Standard Time:20170721T140000",
                                       "RECURRENCE-ID;TZID=Romance Standard Time:20170728T140000",
                                       "DTSTART;TZID=Romance Standard Time:20170728T160000",
                                       "RECURRENCE-ID;TZID=Romance Standard Time:20170804T140000",
                                       "DTSTART;TZID=Romance Standard Time:20170805T090000",
                                       "SUMMARY:L\xc3\xa9te",
                                       "LOCATION:Bar",
                                       "DESCRIPTION:Only this time"};
  for (guint i = 0; i < G_N_ELEMENTS (lines); i++)
    case_assert_line (ics, lines[i]);
  g_assert_nonnull (strstr (ics, "FREQ=WEEKLY"));
  g_assert_nonnull (strstr (ics, "COUNT=10"));
  g_assert_nonnull (strstr (ics, "BYDAY=FR"));
  g_assert_cmpuint (count (ics, "RECURRENCE-ID"), ==, 2);
  g_assert_cmpuint (count (ics, "EXDATE"), ==, 1);
  g_assert_cmpuint (count (ics, "UID:"), ==, 3);
  g_assert_false (rendered_noted (r, BM_NOTE_CALENDAR_PARTIAL));
}

static void
case_70_other_rules (Case *c)
{
  const Series series[] = {
      {0x200a, 0, 2 * 1440, 0, 0, 0x2021, 0, DAY (0), DAY (30)},
      {0x200a, 1, 1440, 0x3e, 0, 0x2023, 0, DAY (0), 0},
      {0x200c, 2, 1, 31, 0, 0x2023, 0, DAY (0), 0},
      {0x200c, 3, 3, 0x04, 5, 0x2023, 0, DAY (0), 0},
      {0x200d, 2, 12, 14, 0, 0x2023, 0, DAY (0), 0},
  };
  static const gchar *const rules[][3] = {
      {"FREQ=DAILY", "INTERVAL=2", "UNTIL=20170813T120000Z"},
      {"FREQ=WEEKLY", "BYDAY=MO,TU,WE,TH,FR", "RRULE"},
      {"FREQ=MONTHLY", "BYMONTHDAY=-1", "RRULE"},
      {"FREQ=MONTHLY", "INTERVAL=3", "BYDAY=TU;BYSETPOS=-1"},
      {"FREQ=YEARLY", "BYMONTH=7", "BYMONTHDAY=14"},
  };
  for (guint i = 0; i < G_N_ELEMENTS (series); i++) {
    CaseMail *inner = appointment (c, case_plain_mail (c));
    GByteArray *blob = pattern (&series[i], NULL, 0, NULL, 0);
    put_end (blob, 14 * 60, 0);
    put32 (blob, 0);
    set_bytes (c, inner, APPT, 0x8216, blob);
    set_bytes (c, inner, APPT, 0x8260, zone_definition ("Romance Standard Time", -60, TRUE));
  }
  for (guint i = 0; i < G_N_ELEMENTS (series); i++) {
    const Rendered *r = case_render (c, i);
    g_autofree gchar *ics = calendar_at (r, 1);
    for (guint k = 0; k < 3; k++)
      if (strstr (ics, rules[i][k]) == NULL)
        g_error ("no %s in\n%s", rules[i][k], ics);
  }
}

/* 1 January, whole, where it begins 13 hours before UTC, 11 hours after it, and with no zone. */
static void
case_71_days (Case *c)
{
  const gint64 midnight = 1514764800; /* 2018-01-01 00:00 UTC */
  const gint hours[] = {13, -11, 0};
  for (guint i = 0; i < G_N_ELEMENTS (hours); i++) {
    CaseMail *inner = appointment (c, case_plain_mail (c));
    set_time (c, inner, APPT, 0x820d, midnight - hours[i] * HOUR);
    set_time (c, inner, APPT, 0x820e, midnight + (24 - hours[i]) * HOUR);
    set_bool (c, inner, APPT, 0x8215, TRUE);
    set_int (c, inner, APPT, 0x8205, 0);
    if (hours[i] != 0)
      set_bytes (c, inner, APPT, 0x825e, zone_definition ("Far", -60 * hours[i], FALSE));
  }
  for (guint i = 0; i < G_N_ELEMENTS (hours); i++) {
    const Rendered *r = case_render (c, i);
    g_autofree gchar *ics = calendar_at (r, 1);
    case_assert_line (ics, "DTSTART;VALUE=DATE:20180101");
    case_assert_line (ics, "DTEND;VALUE=DATE:20180102");
    case_assert_line (ics, "TRANSP:TRANSPARENT");
  }
}

/* The calendar of an item that is not imported; NULL: it is another thing. */
static gchar *
holiday_of (BmPst *pst, guint32 nid)
{
  static const BmRenderContext context = {0};
  g_autoptr (BmPstWindow) window = bm_pst_window_open (pst, &nid, 1, NULL);
  g_autoptr (BmItem) item = bm_pst_window_read (window, 0, NULL);
  if (item == NULL || !bm_mime_is_class (item, "IPM.Appointment"))
    return NULL;
  BmMime mime;
  bm_mime_begin (&mime, item, &context, "", 0);
  gchar *ics = bm_mime_calendar_text (&mime);
  bm_mime_end (&mime);
  return ics;
}

/* The holidays that Outlook.com gives to all: days, whatever the zone of whoever wrote the file. */
static void
case_71_corpus (Case *c)
{
  static const struct {
    const gchar *name, *day;
  } days[] = {{"SUMMARY:Independence Day\r\n", "0704\r\n"},
              {"SUMMARY:Christmas Day\r\n", "1225\r\n"},
              {"SUMMARY:New Year's Day\r\n", "0101\r\n"}};
  g_autofree gchar *path = case_corpus_file ("outlook-com-4k.ost");
  if (path == NULL)
    return;
  BmPstOptions options = {0};
  gint fd = open (path, O_RDONLY | O_CLOEXEC);
  BmPst *pst = bm_pst_open_fd (fd, &options, NULL);
  g_autoptr (BmCensus) census = bm_pst_census (pst, NULL);
  guint whole = 0, known = 0;
  for (guint i = 0; i < census->items->len; i++) {
    const BmCensusItem *item = &g_array_index (census->items, BmCensusItem, i);
    g_autofree gchar *ics = holiday_of (pst, item->nid);
    const gchar *start = ics != NULL ? strstr (ics, "DTSTART;VALUE=DATE:") : NULL;
    if (start == NULL)
      continue;
    whole++;
    for (guint k = 0; k < G_N_ELEMENTS (days); k++)
      if (strstr (ics, days[k].name) != NULL) {
        g_assert_true (g_str_has_prefix (start + 19 + 4, days[k].day));
        known++;
      }
  }
  g_assert_cmpuint (whole, >=, 160);
  g_assert_cmpuint (known, >=, 3);
  bm_pst_close (pst);
  close (fd);
}

static void
case_72_cut (Case *c)
{
  g_autoptr (GByteArray) whole = two_changes ();
  for (guint cut = 0; cut < whole->len; cut += 9) {
    CaseMail *inner = appointment (c, case_plain_mail (c));
    GByteArray *blob = g_byte_array_new ();
    g_byte_array_append (blob, whole->data, MAX (cut, 1));
    set_bytes (c, inner, APPT, 0x8216, blob);
  }
  for (guint i = 0; i * 9 < whole->len; i++) {
    const Rendered *r = case_render (c, i);
    g_autofree gchar *ics = calendar_at (r, 1);
    case_assert_line (ics, "DTSTART:20170714T120000Z");
    if (i * 9 < 60) { /* before all of the pattern */
      g_assert_null (strstr (ics, "RRULE"));
      g_assert_true (rendered_noted (r, BM_NOTE_CALENDAR_PARTIAL));
    }
  }
}

static void
take_blob (BmItem *item, const guint8 set[16], guint32 lid, const guint8 *data, gsize size)
{
  BmProp prop = {.id = 0x8000, .type = BM_TYPE_BINARY, .name = {.lid = lid}};
  memcpy (prop.name.guid, set, 16);
  prop.data = g_bytes_new (data, size);
  bm_props_take (item->props, &prop);
}

/* Any byte of any blob wrong, or all behind it missing: never a crash, always a message. */
static void
case_72_any_bytes (Case *c)
{
  static const struct {
    const guint8 *set;
    guint32 lid;
  } places[] = {{APPT, 0x8216}, {APPT, 0x8260}, {APPT, 0x825e}, {APPT, 0x8233}, {MEETING, 0x0003}};
  GByteArray *const blobs[] = {two_changes (), zone_definition ("Romance Standard Time", -60, TRUE),
                               zone_definition ("Other", 60, TRUE),
                               zone_definition ("As a structure", 0, TRUE),
                               foreign_id ("abc@google.com")};
  for (guint k = 0; k < G_N_ELEMENTS (blobs); k++)
    for (guint i = 0; i < 4 * blobs[k]->len; i++) {
      static const guint8 changes[] = {0xff, 0x01, 0x80};
      g_autoptr (BmItem) item = item_mail ();
      g_autoptr (GError) error = NULL;
      BmRenderContext context = {0};
      guint at = i / 4;
      g_free (item->message_class);
      item->message_class = g_strdup ("IPM.Schedule.Meeting.Request");
      item_time (item->props, 0x0060, START);
      for (guint n = 0; n < G_N_ELEMENTS (blobs); n++)
        if (n != k && n != 3 && (k != 3 || (n != 1 && n != 2))) /* the older one counts alone */
          take_blob (item, places[n].set, places[n].lid, blobs[n]->data, blobs[n]->len);
      guint8 kept = blobs[k]->data[at];
      if (i % 4 < 3)
        blobs[k]->data[at] ^= changes[i % 4];
      take_blob (item, places[k].set, places[k].lid, blobs[k]->data,
                 i % 4 < 3 ? blobs[k]->len : at);
      blobs[k]->data[at] = kept;
      g_autoptr (BmMessage) message = bm_render (item, &context, &error);
      g_assert_no_error (error);
      g_assert_nonnull (message);
    }
  for (guint k = 0; k < G_N_ELEMENTS (blobs); k++)
    g_byte_array_unref (blobs[k]);
}

static void
case_73_unknown_zone (Case *c)
{
  CaseMail *mail = meeting (c, "IPM.Schedule.Meeting.Request");
  set_bytes (c, mail, APPT, 0x825e, zone_definition ("Atlantis Standard Time", 210, FALSE));
  CaseMail *old = meeting (c, "IPM.Schedule.Meeting.Request");
  GByteArray *blob = g_byte_array_new (); /* the older structure */
  put32 (blob, (guint32) -330);
  put32 (blob, 0);
  put32 (blob, 0);
  g_byte_array_append (blob, (const guint8[36]){0}, 36);
  set_bytes (c, old, APPT, 0x8233, blob);
  set_text (c, old, APPT, 0x8234, "(UTC+05:30) Chennai, \"Kolkata\"");
  CaseMail *bad = meeting (c, "IPM.Schedule.Meeting.Request");
  GByteArray *short_blob = zone_definition ("Atlantis Standard Time", 210, FALSE);
  g_byte_array_set_size (short_blob, short_blob->len - 1);
  set_bytes (c, bad, APPT, 0x825e, short_blob);
  const Rendered *r = case_render (c, 0);
  g_autofree gchar *ics = calendar_at (r, 1);
  case_assert_line (ics, "TZID:Atlantis Standard Time");
  case_assert_line (ics, "TZOFFSETTO:-0330");
  case_assert_line (ics, "DTSTART;TZID=Atlantis Standard Time:20170714T083000");
  r = case_render (c, 1);
  g_autofree gchar *india = calendar_at (r, 1);
  case_assert_line (india, "TZOFFSETTO:+0530");
  g_assert_nonnull (strstr (india, ":20170714T173000"));
  r = case_render (c, 2);
  g_autofree gchar *utc = calendar_at (r, 1);
  case_assert_line (utc, "DTSTART:20170714T120000Z");
}

static void
case_74_attendees (Case *c)
{
  CaseMail *inner = appointment (c, case_plain_mail (c));
  set_int (c, inner, APPT, 0x8217, 1);
  BmPstProps *organizer = mail_row (inner, 1, "Ada", "ada@example.org");
  bm_pst_props_int32 (organizer, 0x5ffd0003, 3);
  for (guint i = 0; i < 7; i++) {
    g_autofree gchar *smtp = g_strdup_printf ("user%u@example.net", i);
    BmPstProps *row = mail_row (inner, i < 4 ? 1 : 2, "User", smtp);
    bm_pst_props_string (row, 0x3002001f, "EX");
    bm_pst_props_string (row, 0x3003001f, "/o=Org/ou=Unit/cn=Recipients/cn=User");
    bm_pst_props_int32 (row, 0x5fff0003, (gint32) i);
  }
  BmPstProps *gone = mail_row (inner, 1, "Gone", "gone@example.net");
  bm_pst_props_int32 (gone, 0x5ffd0003, 0x20);
  const Rendered *r = case_render (c, 0);
  g_autofree gchar *ics = calendar_at (r, 1);
  g_assert_cmpuint (count (ics, "\nATTENDEE"), ==, 7);
  case_assert_line (ics, "ORGANIZER;CN=Ada:mailto:ada@example.org");
  case_assert_line (
      ics, "ATTENDEE;CN=User;ROLE=REQ-PARTICIPANT;PARTSTAT=ACCEPTED:mailto:user3@example.net");
  case_assert_line (
      ics, "ATTENDEE;CN=User;ROLE=OPT-PARTICIPANT;PARTSTAT=DECLINED:mailto:user4@example.net");
  g_assert_cmpuint (count (ics, "ROLE=OPT-PARTICIPANT"), ==, 3);
}

/* With a file of its own it is a message that has the calendar and the file. */
static void
case_57_appointment (Case *c)
{
  CaseMail *plain = case_plain_mail (c), *full = case_plain_mail (c);
  appointment (c, plain);
  CaseMail *inner = appointment (c, full);
  mail_attach (inner, "plan.txt", "plan", 4);
  const Rendered *r = case_render (c, 0);
  g_autofree gchar *shape = rendered_shape (r);
  g_assert_cmpstr (shape, ==, "mixed(text/plain,text/calendar)");
  case_expect (c, "param 1 filename=Party.ics");
  r = case_render (c, 1);
  g_autofree gchar *more = rendered_shape (r);
  g_assert_cmpstr (more, ==,
                   "mixed(text/plain,message/rfc822[mixed(alternative(text/plain,text/calendar),"
                   "text/plain)])");
}

static void
case_77_task_request (Case *c)
{
  CaseMail *mail = case_plain_mail (c);
  mail_text (mail, 0x001a, "IPM.TaskRequest");
  CaseMail *task = mail_embed (mail, NULL);
  mail_text (task, 0x001a, "IPM.Task");
  mail_text (task, 0x0037, "Paint");
  set_time (c, task, psetid_task, 0x8105, 1500069600); /* 2017-07-15 00:00 in Paris */
  set_int (c, task, psetid_task, 0x8101, 1);
  bm_pst_props_double (mail_props (task), named (c, psetid_task, 0x8102, 0x0005), 0.25);
  const Rendered *r = case_render (c, 0);
  g_autofree gchar *shape = rendered_shape (r);
  g_assert_cmpstr (shape, ==, "mixed(text/plain,text/calendar)");
  g_autofree gchar *ics = calendar_at (r, 1);
  case_assert_line (ics, "BEGIN:VTODO");
  case_assert_line (ics, "SUMMARY:Paint");
  case_assert_line (ics, "DUE;VALUE=DATE:20170715");
  case_assert_line (ics, "STATUS:IN-PROCESS");
  case_assert_line (ics, "PERCENT-COMPLETE:25");
}

static const CaseEntry entries[] = {
    CASE (57, appointment),  CASE (68, request),     CASE (68, attached),
    CASE (68, corpus),       CASE (69, answers),     CASE (69, other_proposal_and_cancel),
    CASE (70, series),       CASE (70, other_rules), CASE (71, days),
    CASE (71, corpus),       CASE (72, cut),         CASE (72, any_bytes),
    CASE (73, unknown_zone), CASE (74, attendees),   CASE (77, task_request),
};

int
main (int argc, char **argv)
{
  return case_main (argc, argv, entries, G_N_ELEMENTS (entries));
}
