/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Cases on meeting mail, appointments and tasks: 57, 68, 69, 74, 77. An appointment is not imported by
 * itself yet: most stand in a mail, which is how they travel. */
#include "mime/cases/calendars.h"

#include "mime/bm-mime-calendar.h"
#include <string.h>

static void
case_68_request (Case *c)
{
  CaseMail *mail = case_meeting (c, "IPM.Schedule.Meeting.Request");
  case_set_bytes (c, mail, APPT, 0x825e, case_zone ("Romance Standard Time", -60, TRUE));
  mail_row (mail, 2, "Cid, \"the\" 1st", "cid@example.net");
  mail_row (mail, 3, "Room", "room@example.net");
  case_set_int (c, mail, APPT, 0x8205, 1);
  case_set_int (c, mail, APPT, 0x8224, 2);
  mail_bytes (mail, 0x1013, "<p>Hi Bob</p>", 13);
  const Rendered *r = case_render (c, 0);
  g_autofree gchar *shape = rendered_shape (r);
  g_assert_cmpstr (shape, ==, "alternative(text/plain,text/html,text/calendar)");
  case_expect (c, "param 2 method=REQUEST");
  g_autofree gchar *ics = case_calendar_at (r, 2);
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

/* Which of two ids counts, who need not answer, and what Outlook reads back. */
static void
case_68_outlook (Case *c)
{
  CaseMail *mail = case_meeting (c, "IPM.Schedule.Meeting.Request");
  case_set_bytes (c, mail, MEETING, 0x0003, case_foreign_id ("theirs@example.com"));
  case_set_bytes (c, mail, MEETING, 0x0023, case_object_id (0, 0, 0));
  mail_bool (mail, 0x0063, FALSE);
  mail_int (mail, 0x0062, 1234);
  case_set_int (c, mail, APPT, 0x8205, 1);
  case_set_int (c, mail, APPT, 0x8224, 3);
  case_set_bool (c, mail, APPT, 0x825a, TRUE);
  case_set_time (c, mail, MEETING, 0x001a, START - HOUR);
  case_set_time (c, mail, MEETING, 0x0001, START - 2 * HOUR);
  case_set_bool (c, mail, COMMON, 0x8503, TRUE);
  case_set_int (c, mail, COMMON, 0x8501, 0x5ae980e1);
  case_set_bool (c, mail, COMMON, 0x8506, TRUE);
  const Rendered *r = case_render (c, 0);
  g_autofree gchar *ics = case_calendar_at (r, 1);
  static const gchar *const lines[] = {
      "UID:theirs@example.com",
      ("ATTENDEE;CN=Bob;ROLE=REQ-PARTICIPANT;PARTSTAT=NEEDS-ACTION;RSVP=FALSE:"
       "mailto:bob@example.net"),
      "X-MICROSOFT-CDO-BUSYSTATUS:OOF",
      "X-MICROSOFT-CDO-INTENDEDSTATUS:OOF",
      "X-MICROSOFT-CDO-OWNERAPPTID:1234",
      "X-MICROSOFT-CDO-ALLDAYEVENT:FALSE",
      "X-MICROSOFT-DISALLOW-COUNTER:TRUE",
      "DTSTAMP:20170714T110000Z",
      "TRIGGER:-PT15M",
      "CLASS:PRIVATE"};
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
  CaseMail *same = case_meeting (c, "IPM.Schedule.Meeting.Request");
  CaseMail *other = case_meeting (c, "IPM.Schedule.Meeting.Request");
  case_set_bytes (c, same, MEETING, 0x0003, case_foreign_id ("abc@google.com"));
  BmPstProps *first = mail_attach (same, "invite.ics", GOOGLE, strlen (GOOGLE));
  bm_pst_props_string (first, 0x370e001f, "application/ics");
  mail_attach (other, "invite.ics", GOOGLE, strlen (GOOGLE));
  const Rendered *r = case_render (c, 0);
  g_autofree gchar *shape = rendered_shape (r);
  g_assert_cmpstr (shape, ==, "alternative(text/plain,text/calendar)");
  g_autofree gchar *theirs = case_calendar_at (r, 1);
  case_assert_line (theirs, "SUMMARY:Theirs");
  r = case_render (c, 1);
  g_autofree gchar *both = rendered_shape (r);
  g_assert_cmpstr (both, ==, "mixed(alternative(text/plain,text/calendar),text/calendar)");
  g_autofree gchar *ours = case_calendar_at (r, 1);
  case_assert_line (ours, "SUMMARY:Hello");
}

static void
check_google (Case *c, const BmItem *item, const Rendered *r, gpointer found)
{
  if (!bm_mime_is_class (item, "IPM.Schedule.Meeting.Request"))
    return;
  g_autofree gchar *shape = rendered_shape (r);
  g_assert_cmpuint (case_count (r->text, "METHOD:REQUEST"), <=, 1);
  g_assert_nonnull (strstr (shape, "text/calendar"));
  g_assert_cmpuint (case_count (shape, "text/calendar") + case_count (shape, "application/ics"), ==,
                    1);
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
    case_meeting (c, answers[i].message_class);
  for (guint i = 0; i < G_N_ELEMENTS (answers); i++) {
    const Rendered *r = case_render (c, i);
    g_autofree gchar *ics = case_calendar_at (r, 1);
    g_autofree gchar *attendee = g_strdup_printf (
        "ATTENDEE;CN=Ada Lovelace;PARTSTAT=%s:mailto:ada@example.org", answers[i].partstat);
    case_expect (c, "param 1 method=REPLY");
    case_assert_line (ics, "METHOD:REPLY");
    case_assert_line (ics, attendee);
    case_assert_line (ics, "ORGANIZER;CN=Bob:mailto:bob@example.net");
    case_assert_line (ics, "DTSTART:20170714T120000Z");
    g_assert_cmpuint (case_count (ics, "ATTENDEE"), ==, 1);
  }
}

/* What is said with an answer is a comment, at the time of the answer. */
static void
case_69_comment (Case *c)
{
  CaseMail *mail = case_meeting (c, "IPM.Schedule.Meeting.Resp.Pos");
  case_set_time (c, mail, MEETING, 0x001a, START - 2 * HOUR);
  case_set_time (c, mail, MEETING, 0x0001, START - HOUR);
  case_set_bool (c, mail, COMMON, 0x8503, TRUE);
  const Rendered *r = case_render (c, 0);
  g_autofree gchar *ics = case_calendar_at (r, 1);
  case_assert_line (ics, "COMMENT:Hi Bob");
  case_assert_line (ics, "DTSTAMP:20170714T110000Z");
  g_assert_null (strstr (ics, "DESCRIPTION"));
  g_assert_null (strstr (ics, "VALARM"));
}

/* The organizer is to whom the answer goes: the first in To, who received it, or the name shown. */
static void
case_69_organizer (Case *c)
{
  CaseMail *copied = case_meeting (c, "IPM.Schedule.Meeting.Resp.Pos");
  CaseMail *received = case_meeting (c, "IPM.Schedule.Meeting.Resp.Neg");
  CaseMail *shown = case_meeting (c, "IPM.Schedule.Meeting.Resp.Tent");
  mail_drop_rows (copied);
  mail_no_recipients (received);
  mail_no_recipients (shown);
  mail_row (copied, 2, "Copied", "copied@example.net");
  mail_row (copied, 1, "Olga", "olga@example.net");
  mail_text (received, 0x0044, "Olga");
  mail_text (received, 0x5d08, "olga@example.net");
  mail_text (received, 0x0e04, "Olga Secretary");
  mail_text (shown, 0x0e04, "olga@example.net");
  mail_text (shown, 0x0044,
             "Ada Lovelace"); /* Exchange keeps what was sent as received by its sender */
  mail_text (shown, 0x5d08, "ada@example.org");
  static const gchar *const lines[] = {"ORGANIZER;CN=Olga:mailto:olga@example.net",
                                       "ORGANIZER;CN=Olga:mailto:olga@example.net",
                                       "ORGANIZER:mailto:olga@example.net"};
  for (guint i = 0; i < G_N_ELEMENTS (lines); i++) {
    const Rendered *r = case_render (c, i);
    g_autofree gchar *ics = case_calendar_at (r, 1);
    case_assert_line (ics, lines[i]);
  }
}

/* Another time is proposed: that is the time, and the old one is not lost. */
static void
case_69_proposal (Case *c)
{
  for (guint i = 0; i < 2; i++) {
    CaseMail *counter = case_meeting (c, "IPM.Schedule.Meeting.Resp.Tent");
    case_set_bool (c, counter, APPT, 0x8257, TRUE);
    case_set_bytes (c, counter, APPT, 0x825e, case_zone ("Romance Standard Time", -60, TRUE));
    case_set_time (c, counter, APPT, 0x8250, START + 4 * HOUR);
    if (i == 0)
      case_set_time (c, counter, APPT, 0x8251, START + 6 * HOUR);
    else
      case_set_int (c, counter, APPT, 0x8256, 120);
  }
  static const gchar *const lines[] = {
      "METHOD:COUNTER",
      "DTSTART;TZID=Romance Standard Time:20170714T180000",
      "DTEND;TZID=Romance Standard Time:20170714T200000",
      "X-MS-OLK-ORIGINALSTART;TZID=Romance Standard Time:20170714T140000",
      "X-MS-OLK-ORIGINALEND;TZID=Romance Standard Time:20170714T150000",
      "ATTENDEE;CN=Ada Lovelace;PARTSTAT=TENTATIVE:mailto:ada@example.org"};
  for (guint i = 0; i < 2; i++) {
    const Rendered *r = case_render (c, i);
    g_autofree gchar *ics = case_calendar_at (r, 1);
    case_expect (c, "param 1 method=COUNTER");
    for (guint k = 0; k < G_N_ELEMENTS (lines); k++)
      case_assert_line (ics, lines[k]);
  }
}

static void
case_69_cancel_and_forward (Case *c)
{
  CaseMail *instance = case_meeting (c, "IPM.Schedule.Meeting.Canceled");
  case_set_bytes (c, instance, MEETING, 0x0003, case_object_id (2017, 7, 14));
  case_meeting (c, "IPM.Schedule.Meeting.Notification.Forward");
  const Rendered *r = case_render (c, 0);
  case_expect (c, "param 1 method=CANCEL");
  g_autofree gchar *ics = case_calendar_at (r, 1);
  case_assert_line (ics, "STATUS:CANCELLED");
  case_assert_line (ics, "UID:" UID);
  case_assert_line (ics, "RECURRENCE-ID:20170714T120000Z");
  r = case_render (c, 1); /* that somebody passed it on is no calendar's business */
  g_autofree gchar *shape = rendered_shape (r);
  g_assert_cmpstr (shape, ==, "text/plain");
}

/* What the owner of a kept meeting answered stands at the item, not in his row. */
static void
case_74_own_answer (Case *c)
{
  for (guint i = 0; i < 3; i++) {
    CaseMail *inner = case_appointment (c, case_plain_mail (c));
    case_set_int (c, inner, APPT, 0x8217, 3);
    case_set_int (c, inner, APPT, 0x8218, 3);
    BmPstProps *organizer = mail_row (inner, 1, "Ada", "ada@example.org");
    bm_pst_props_int32 (organizer, 0x5ffd0003, 3);
    mail_row (inner, 1, "Bob", "bob@example.net");
    if (i > 0)
      mail_row (inner, 1, "Cid", "cid@example.net");
    if (i > 1)
      mail_text (inner, 0x5d07, "BOB@example.net");
  }
  static const gchar *const states[] = {"ACCEPTED", "NEEDS-ACTION", "ACCEPTED"};
  for (guint i = 0; i < 3; i++) {
    const Rendered *r = case_render (c, i);
    g_autofree gchar *ics = case_calendar_at (r, 1);
    g_autofree gchar *bob = g_strdup_printf (
        "ATTENDEE;CN=Bob;ROLE=REQ-PARTICIPANT;PARTSTAT=%s:mailto:bob@example.net", states[i]);
    case_assert_line (ics, bob);
    g_assert_cmpuint (case_count (ics, "PARTSTAT=ACCEPTED"), <=, 1);
  }
}

static void
case_74_attendees (Case *c)
{
  CaseMail *inner = case_appointment (c, case_plain_mail (c));
  case_set_int (c, inner, APPT, 0x8217, 1);
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
  g_autofree gchar *ics = case_calendar_at (r, 1);
  g_assert_cmpuint (case_count (ics, "\nATTENDEE"), ==, 7);
  case_assert_line (ics, "ORGANIZER;CN=Ada:mailto:ada@example.org");
  case_assert_line (
      ics, "ATTENDEE;CN=User;ROLE=REQ-PARTICIPANT;PARTSTAT=ACCEPTED:mailto:user3@example.net");
  case_assert_line (
      ics, "ATTENDEE;CN=User;ROLE=OPT-PARTICIPANT;PARTSTAT=DECLINED:mailto:user4@example.net");
  g_assert_cmpuint (case_count (ics, "ROLE=OPT-PARTICIPANT"), ==, 3);
}

/* A real ANSI file: four rows To, of whom one called the meeting, and three Cc. */
static void
case_74_corpus (Case *c)
{
  g_autoptr (GPtrArray) calendars = case_kept_calendars ("go-pst-ansi.pst");
  if (calendars == NULL)
    return;
  g_assert_cmpuint (calendars->len, ==, 1);
  const gchar *ics = g_ptr_array_index (calendars, 0);
  case_assert_line (ics, "ORGANIZER;CN=Cyndy Foulkrod:mailto:Cyndy.Foulkrod@stellent.com");
  case_assert_line (ics, "ATTENDEE;CN=Patty Fukasawa;ROLE=REQ-PARTICIPANT;PARTSTAT=NEEDS-ACTION:"
                         "mailto:Patty.Fukasawa@stellent.com");
  g_assert_cmpuint (case_count (ics, "ROLE=REQ-PARTICIPANT"), ==, 3);
  g_assert_cmpuint (case_count (ics, "ROLE=OPT-PARTICIPANT"), ==, 3);
}

/* With a file of its own it is a message that has the calendar and the file. */
static void
case_57_appointment (Case *c)
{
  CaseMail *plain = case_plain_mail (c), *full = case_plain_mail (c);
  case_appointment (c, plain);
  CaseMail *inner = case_appointment (c, full);
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

/* Whoever asks and whoever answers sends the task along. */
static void
case_77_task_request (Case *c)
{
  static const gchar *const classes[] = {"IPM.TaskRequest", "IPM.TaskRequest.Accept",
                                         "IPM.TaskRequest.Decline", "IPM.TaskRequest.Update"};
  for (guint i = 0; i < G_N_ELEMENTS (classes); i++) {
    CaseMail *mail = case_plain_mail (c);
    mail_text (mail, 0x001a, classes[i]);
    CaseMail *task = mail_embed (mail, NULL);
    mail_text (task, 0x001a, "IPM.Task");
    mail_text (task, 0x0037, "Paint");
    case_set_time (c, task, TASK, 0x8105, 1500069600); /* 2017-07-15 00:00 in Paris */
    case_set_int (c, task, TASK, 0x8101, 1);
    bm_pst_props_double (mail_props (task), case_named (c, TASK, 0x8102, 0x0005), 0.25);
  }
  for (guint i = 0; i < G_N_ELEMENTS (classes); i++) {
    const Rendered *r = case_render (c, i);
    g_autofree gchar *shape = rendered_shape (r);
    g_assert_cmpstr (shape, ==, "mixed(text/plain,text/calendar)");
    g_autofree gchar *ics = case_calendar_at (r, 1);
    case_assert_line (ics, "BEGIN:VTODO");
    case_assert_line (ics, "SUMMARY:Paint");
    case_assert_line (ics, "DUE;VALUE=DATE:20170715");
    case_assert_line (ics, "STATUS:IN-PROCESS");
    case_assert_line (ics, "PERCENT-COMPLETE:25");
    g_assert_null (strstr (ics, "VALARM"));
  }
}

/* A task has no hour from which an alarm could count; it repeats from its first day on. */
static void
case_77_task (Case *c)
{
  const Series weekly = {0x200b, 1, 1, 0x20, 0, 0x2022, 10, DAY (0), DAY (63)};
  CaseMail *task = mail_embed (case_plain_mail (c), NULL);
  mail_text (task, 0x001a, "IPM.Task");
  mail_text (task, 0x0037, "Paint");
  mail_bytes (task, 0x1013, "<p>The <b>door</b>;\n all</p>", 28);
  case_set_bool (c, task, COMMON, 0x8503, TRUE);
  case_set_int (c, task, COMMON, 0x8501, 15);
  case_set_time (c, task, COMMON, 0x8502, START);
  case_set_time (c, task, TASK, 0x8104, DAY (0));
  case_set_int (c, task, TASK, 0x8101, 2);
  case_set_time (c, task, TASK, 0x810f, START + HOUR);
  case_set_bytes (c, task, TASK, 0x8116, case_pattern (&weekly, NULL, 0, NULL, 0));
  const Rendered *r = case_render (c, 0);
  g_autofree gchar *ics = case_calendar_at (r, 1);
  static const gchar *const lines[] = {
      "TRIGGER;VALUE=DATE-TIME:20170714T120000Z",
      "DTSTART;VALUE=DATE:20170714",
      "COMPLETED:20170714T130000Z",
      "STATUS:COMPLETED",
      "RRULE:FREQ=WEEKLY;COUNT=10;BYDAY=FR",
      "X-ALT-DESC;FMTTYPE=text/html:<p>The <b>door</b>;\\n all</p>",
  };
  for (guint i = 0; i < G_N_ELEMENTS (lines); i++)
    case_assert_line (ics, lines[i]);
}

static const CaseEntry entries[] = {
    CASE (57, appointment), CASE (68, request),
    CASE (68, attached),    CASE (68, outlook),
    CASE (68, corpus),      CASE (69, answers),
    CASE (69, comment),     CASE (69, organizer),
    CASE (69, proposal),    CASE (69, cancel_and_forward),
    CASE (74, attendees),   CASE (74, corpus),
    CASE (74, own_answer),  CASE (77, task_request),
    CASE (77, task),
};

int
main (int argc, char **argv)
{
  return case_main (argc, argv, entries, G_N_ELEMENTS (entries));
}
