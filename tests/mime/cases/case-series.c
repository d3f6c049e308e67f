/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Cases on series, whole days, broken blobs and time zones: 70-73. */
#include "mime/cases/calendars.h"

#include <libical/ical.h>
#include <string.h>

/* Fridays at 14:00 in Paris, ten times. One is deleted; two are changed, one of them in the blob and in
 * an item of its own. */
static GByteArray *
two_changes (void)
{
  const Series weekly = {0x200b, 1, 1, 0x20, 0, 0x2022, 10, DAY (0), DAY (63)};
  const gint64 deleted[] = {DAY (7), DAY (14), DAY (21)}, modified[] = {DAY (14), DAY (22)};
  GByteArray *out = case_pattern (&weekly, deleted, 3, modified, 2);
  case_put_end (out, 14 * 60, 2);
  case_put32 (out, MINUTES (DAY (14) + 16 * HOUR)); /* later on the same day */
  case_put32 (out, MINUTES (DAY (14) + 17 * HOUR));
  case_put32 (out, MINUTES (DAY (14) + 14 * HOUR));
  case_put16 (out, 0);
  case_put32 (out, MINUTES (DAY (22) + 9 * HOUR)); /* on another day, with another subject */
  case_put32 (out, MINUTES (DAY (22) + 10 * HOUR));
  case_put32 (out, MINUTES (DAY (21) + 14 * HOUR));
  case_put16 (out, 0x11);
  case_put16 (out, 5);
  case_put16 (out, 4);
  g_byte_array_append (out, (const guint8 *) "Late", 4);
  case_put16 (out, 4);
  case_put16 (out, 3);
  g_byte_array_append (out, (const guint8 *) "Bar", 3);
  case_put32 (out, 0); /* reserved */
  case_put32 (out, 4); /* change highlight of the first */
  case_put32 (out, 0);
  case_put32 (out, 0);
  case_put32 (out, 4);
  case_put32 (out, 0);
  case_put32 (out, 0);
  for (guint i = 0; i < 3; i++)
    case_put32 (out, 0);
  case_put16 (out, 4);
  for (const gchar *p = "L"; *p != '\0'; p++)
    case_put16 (out, (guint8) *p);
  case_put16 (out, 0xe9);
  case_put16 (out, 't');
  case_put16 (out, 'e');
  case_put16 (out, 3);
  for (const gchar *p = "Bar"; *p != '\0'; p++)
    case_put16 (out, (guint8) *p);
  case_put32 (out, 0);
  return out;
}

#define CHANGED_CLASS "IPM.OLE.CLASS.{00061055-0000-0000-C000-000000000046}"

static void
case_70_series (Case *c)
{
  CaseMail *mail = case_plain_mail (c);
  CaseMail *series = case_appointment (c, mail);
  case_set_bytes (c, series, APPT, 0x8260, case_zone ("Romance Standard Time", -60, TRUE));
  case_set_bytes (c, series, APPT, 0x8216, two_changes ());
  case_set_int (c, series, APPT, 0x8201, 4);
  CaseMail *changed = mail_embed (series, "Party");
  mail_text (changed, 0x001a, CHANGED_CLASS);
  mail_text (changed, 0x1000, "Only this time");
  case_set_time (c, changed, APPT, 0x8228, START + 14 * 86400);
  const Rendered *r = case_render (c, 0);
  g_autofree gchar *shape = rendered_shape (r);
  g_assert_cmpstr (shape, ==, "mixed(text/plain,text/calendar)");
  g_autofree gchar *ics = case_calendar_at (r, 1);
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
  g_assert_cmpuint (case_count (ics, "RECURRENCE-ID"), ==, 2);
  g_assert_cmpuint (case_count (ics, "EXDATE"), ==, 1);
  g_assert_cmpuint (case_count (ics, "UID:"), ==, 3);
  /* what the changed instance does not say, the series does */
  g_assert_cmpuint (case_count (ics, "\nSUMMARY:Party\n"), ==, 2);
  g_assert_cmpuint (case_count (ics, "\nSEQUENCE:4\n"), ==, 3);
  g_assert_false (rendered_noted (r, BM_NOTE_CALENDAR_PARTIAL));
}

/* The one that Outlook wrote: two instances have texts and times of their own, and no subject. */
static void
case_70_corpus (Case *c)
{
  static const gchar *const lines[] = {"RRULE:FREQ=WEEKLY;BYDAY=TU;WKST=SU",
                                       "EXDATE;TZID=Pacific Standard Time:20160809T080000",
                                       "RECURRENCE-ID;TZID=Pacific Standard Time:20160823T080000",
                                       "DTSTART;TZID=Pacific Standard Time:20160823T090000",
                                       "DESCRIPTION:This is the appointment at 9",
                                       "RECURRENCE-ID;TZID=Pacific Standard Time:20160830T080000",
                                       "DTSTART;TZID=Pacific Standard Time:20160830T100000",
                                       "DESCRIPTION:This is the one at 10",
                                       "DESCRIPTION:This is a complete test"};
  g_autoptr (GPtrArray) calendars = case_kept_calendars ("java-libpst-dist-list.pst");
  if (calendars == NULL)
    return;
  g_assert_cmpuint (calendars->len, ==, 1);
  const gchar *ics = g_ptr_array_index (calendars, 0);
  for (guint i = 0; i < G_N_ELEMENTS (lines); i++)
    case_assert_line (ics, lines[i]);
  g_assert_cmpuint (case_count (ics, "\nSUMMARY:Test appointment\n"), ==, 3);
  g_assert_cmpuint (case_count (ics, "RECURRENCE-ID"), ==, 2);
  g_assert_cmpuint (case_count (ics, "EXDATE"), ==, 1);
}

/* A changed instance of which the blob says nothing, or of a blob that says nothing at all: with its
 * own file it is a part of its own besides. */
static void
case_70_hidden_alone (Case *c)
{
  const Series weekly = {0x200b, 1, 1, 0x20, 0, 0x2022, 10, DAY (0), DAY (63)};
  const gint64 deleted[] = {DAY (7), DAY (14)};
  GByteArray *const blobs[] = {case_pattern (&weekly, deleted, 2, NULL, 0),
                               case_object_id (0, 0, 0)};
  case_put_end (blobs[0], 14 * 60, 0);
  for (guint i = 0; i < 2; i++) {
    CaseMail *series = case_appointment (c, case_plain_mail (c));
    case_set_bytes (c, series, APPT, 0x8260, case_zone ("Romance Standard Time", -60, TRUE));
    case_set_bytes (c, series, APPT, 0x8216, blobs[i]);
    CaseMail *changed = mail_embed (series, "Party");
    mail_text (changed, 0x001a, CHANGED_CLASS);
    mail_text (changed, 0x0037, "Later");
    case_set_time (c, changed, APPT, 0x8228, START + 14 * 86400);
    case_set_time (c, changed, APPT, 0x820d, START + 14 * 86400 + HOUR);
    case_set_time (c, changed, APPT, 0x820e, START + 14 * 86400 + 2 * HOUR);
    if (i == 1)
      mail_attach (changed, "plan.txt", "plan", 4);
  }
  const Rendered *r = case_render (c, 0);
  g_autofree gchar *ics = case_calendar_at (r, 1);
  static const gchar *const lines[] = {"EXDATE;TZID=Romance Standard Time:20170721T140000",
                                       "RECURRENCE-ID;TZID=Romance Standard Time:20170728T140000",
                                       "DTSTART;TZID=Romance Standard Time:20170728T150000",
                                       "SUMMARY:Later"};
  for (guint i = 0; i < G_N_ELEMENTS (lines); i++)
    case_assert_line (ics, lines[i]);
  g_assert_cmpuint (case_count (ics, "EXDATE"), ==, 1); /* not the one that is changed */
  r = case_render (c, 1);
  g_autofree gchar *shape = rendered_shape (r);
  g_assert_cmpstr (shape, ==,
                   "mixed(text/plain,message/rfc822[mixed(alternative(text/plain,text/calendar),"
                   "message/rfc822[mixed(alternative(text/plain,text/calendar),text/plain)])])");
  g_autofree gchar *broken = case_unfold (r->text);
  case_assert_line (broken, "RECURRENCE-ID;TZID=Romance Standard Time:20170728T140000");
  g_assert_true (rendered_noted (r, BM_NOTE_CALENDAR_PARTIAL));
}

/* What the blob alone says of an instance: kind, alarm, whether it takes the whole day. */
static void
case_70_overrides (Case *c)
{
  const Series weekly = {0x200b, 1, 1, 0x20, 0, 0x2022, 10, DAY (0), DAY (63)};
  const gint64 days[] = {DAY (7), DAY (14)};
  GByteArray *blob = case_pattern (&weekly, days, 2, days, 2);
  case_put_end (blob, 14 * 60, 2);
  case_put32 (blob, MINUTES (DAY (7)));
  case_put32 (blob, MINUTES (DAY (8)));
  case_put32 (blob, MINUTES (DAY (7) + 14 * HOUR));
  case_put16 (blob, 0x80 | 0x20 | 0x4); /* alarm so much before, busy, whole day */
  case_put32 (blob, 30);
  case_put32 (blob, 3);
  case_put32 (blob, 1);
  case_put32 (blob, MINUTES (DAY (14) + 14 * HOUR));
  case_put32 (blob, MINUTES (DAY (14) + 15 * HOUR));
  case_put32 (blob, MINUTES (DAY (14) + 14 * HOUR));
  case_put16 (blob, 0x8); /* no alarm */
  case_put32 (blob, 0);
  for (guint i = 0; i < 5; i++)
    case_put32 (blob, 0);
  CaseMail *series = case_appointment (c, case_plain_mail (c));
  case_set_bytes (c, series, APPT, 0x8260, case_zone ("Romance Standard Time", -60, TRUE));
  case_set_bytes (c, series, APPT, 0x8216, blob);
  case_set_bool (c, series, COMMON, 0x8503, TRUE);
  case_set_int (c, series, COMMON, 0x8501, 10);
  const Rendered *r = case_render (c, 0);
  g_autofree gchar *ics = case_calendar_at (r, 1);
  static const gchar *const lines[] = {
      "DTSTART;VALUE=DATE:20170721", "RECURRENCE-ID;TZID=Romance Standard Time:20170721T140000",
      "X-MICROSOFT-CDO-BUSYSTATUS:OOF", "TRIGGER:-PT30M", "TRIGGER:-PT10M"};
  for (guint i = 0; i < G_N_ELEMENTS (lines); i++)
    case_assert_line (ics, lines[i]);
  g_assert_cmpuint (case_count (ics, "BEGIN:VALARM"), ==, 2);
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
      {0x200c, 2, 1, 30, 0, 0x2023, 0, DAY (0), 0},
      {0x200c, 2, 2, 29, 0, 0x2023, 0, DAY (0), 0},
      {0x200d, 2, 12, 31, 0, 0x2023, 0, DAY (0), 0},
      {0x200d, 2, 12, 29, 0, 0x2023, 0, DAY (-140), 0}, /* from February on */
  };
  static const gchar *const rules[][3] = {
      {"FREQ=DAILY", "INTERVAL=2", "UNTIL=20170813T120000Z"},
      {"FREQ=WEEKLY", "BYDAY=MO,TU,WE,TH,FR", "RRULE"},
      {"FREQ=MONTHLY", "BYMONTHDAY=-1", "RRULE"},
      {"FREQ=MONTHLY", "INTERVAL=3", "BYDAY=TU;BYSETPOS=-1"},
      {"FREQ=YEARLY", "BYMONTH=7", "BYMONTHDAY=14"},
      {"FREQ=MONTHLY", "BYMONTHDAY=28,29,30", "BYSETPOS=-1"},
      {"FREQ=MONTHLY;INTERVAL=2", "BYMONTHDAY=28,29;", "BYSETPOS=-1"},
      {"FREQ=YEARLY", "BYMONTH=7", "BYMONTHDAY=31"},
      {"FREQ=YEARLY", "BYMONTHDAY=28,29;BYMONTH=2", "BYSETPOS=-1"},
  };
  for (guint i = 0; i < G_N_ELEMENTS (series); i++) {
    CaseMail *inner = case_appointment (c, case_plain_mail (c));
    GByteArray *blob = case_pattern (&series[i], NULL, 0, NULL, 0);
    case_put_end (blob, 14 * 60, 0);
    case_put32 (blob, 0);
    case_set_bytes (c, inner, APPT, 0x8216, blob);
    case_set_bytes (c, inner, APPT, 0x8260, case_zone ("Romance Standard Time", -60, TRUE));
  }
  for (guint i = 0; i < G_N_ELEMENTS (series); i++) {
    const Rendered *r = case_render (c, i);
    g_autofree gchar *ics = case_calendar_at (r, 1);
    for (guint k = 0; k < 3; k++)
      if (strstr (ics, rules[i][k]) == NULL)
        g_error ("no %s in\n%s", rules[i][k], ics);
  }
}

/* Months of another calendar cannot be said; its weeks and days can, and so can the months of those
 * that only count years in another way. */
static void
case_70_calendars (Case *c)
{
  static const struct {
    guint calendar, type;
    gboolean known;
  } kinds[] = {{0, 0xa, FALSE}, {8, 2, FALSE}, {6, 1, TRUE}, {3, 2, TRUE}, {7, 3, TRUE}};
  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++) {
    const Series series = {
        kinds[i].type == 1 ? 0x200b : 0x200c, kinds[i].type, 1, 4, 1, 0x2023, 0, DAY (0), 0};
    GByteArray *blob = case_pattern (&series, NULL, 0, NULL, 0);
    blob->data[8] = (guint8) kinds[i].calendar;
    case_put_end (blob, 14 * 60, 0);
    CaseMail *inner = case_appointment (c, case_plain_mail (c));
    case_set_bytes (c, inner, APPT, 0x8216, blob);
    case_set_bytes (c, inner, APPT, 0x8260, case_zone ("Romance Standard Time", -60, TRUE));
  }
  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++) {
    const Rendered *r = case_render (c, i);
    g_autofree gchar *ics = case_calendar_at (r, 1);
    g_assert_cmpint (strstr (ics, "\nRRULE:FREQ=WEEKLY") != NULL ||
                         strstr (ics, "\nRRULE:FREQ=MONTHLY") != NULL,
                     ==, kinds[i].known);
    g_assert_cmpint (rendered_noted (r, BM_NOTE_CALENDAR_PARTIAL), ==, !kinds[i].known);
  }
}

/* The exceptions are cut: an instance that was changed, and is on the same day, is still one. */
static void
case_72_changed_not_deleted (Case *c)
{
  const Series weekly = {0x200b, 1, 1, 0x20, 0, 0x2022, 10, DAY (0), DAY (63)};
  const gint64 deleted[] = {DAY (7), DAY (14)}, modified[] = {DAY (14)};
  CaseMail *series = case_appointment (c, case_plain_mail (c));
  GByteArray *blob = case_pattern (&weekly, deleted, 2, modified, 1);
  case_put_end (blob, 14 * 60, 1);
  case_set_bytes (c, series, APPT, 0x8216, blob);
  case_set_bytes (c, series, APPT, 0x8260, case_zone ("Romance Standard Time", -60, TRUE));
  const Rendered *r = case_render (c, 0);
  g_autofree gchar *ics = case_calendar_at (r, 1);
  case_assert_line (ics, "EXDATE;TZID=Romance Standard Time:20170721T140000");
  g_assert_cmpuint (case_count (ics, "EXDATE"), ==, 1);
  g_assert_true (rendered_noted (r, BM_NOTE_CALENDAR_PARTIAL));
}

/* Fridays at two in the afternoon, of a writer that stores no zone: its times are local all the same. */
static void
case_73_series_without_zone (Case *c)
{
  const Series weekly = {0x200b, 1, 1, 0x20, 0, 0x2021, 0, DAY (0), DAY (63)};
  const gint64 deleted[] = {DAY (7)};
  CaseMail *series = case_appointment (c, case_plain_mail (c));
  GByteArray *blob = case_pattern (&weekly, deleted, 1, NULL, 0);
  case_put_end (blob, 14 * 60, 0);
  case_set_bytes (c, series, APPT, 0x8216, blob);
  const Rendered *r = case_render (c, 0);
  g_autofree gchar *ics = case_calendar_at (r, 1);
  case_assert_line (ics, "DTSTART;TZID=UTC+0200:20170714T140000");
  case_assert_line (ics, "EXDATE;TZID=UTC+0200:20170721T140000");
  case_assert_line (ics, "TZOFFSETTO:+0200");
  g_assert_nonnull (strstr (ics, "UNTIL=20170915T120000Z"));
  g_assert_true (rendered_noted (r, BM_NOTE_CALENDAR_PARTIAL)); /* its summer time is not known */
}

/* 1 January, whole, where it begins 13 hours before UTC, 11 hours after it, and with no zone. */
static void
case_71_days (Case *c)
{
  const gint64 midnight = 1514764800; /* 2018-01-01 00:00 UTC */
  const gint hours[] = {13, -11, 0};
  const gint unknown[] = {13, 12, 9, 1, -5, -10};
  for (guint i = 0; i < G_N_ELEMENTS (hours); i++) {
    CaseMail *inner = case_appointment (c, case_plain_mail (c));
    case_set_time (c, inner, APPT, 0x820d, midnight - hours[i] * HOUR);
    case_set_time (c, inner, APPT, 0x820e, midnight + (24 - hours[i]) * HOUR);
    case_set_bool (c, inner, APPT, 0x8215, TRUE);
    case_set_int (c, inner, APPT, 0x8205, 0);
    if (hours[i] != 0)
      case_set_bytes (c, inner, APPT, 0x825e, case_zone ("Far", -60 * hours[i], FALSE));
  }
  for (guint i = 0; i < G_N_ELEMENTS (unknown); i++) { /* made there, said nowhere */
    CaseMail *inner = case_appointment (c, case_plain_mail (c));
    case_set_time (c, inner, APPT, 0x820d, midnight - unknown[i] * HOUR);
    case_set_time (c, inner, APPT, 0x820e, midnight + (24 - unknown[i]) * HOUR);
    case_set_bool (c, inner, APPT, 0x8215, TRUE);
    case_set_int (c, inner, APPT, 0x8205, 0);
  }
  for (guint i = 0; i < G_N_ELEMENTS (hours) + G_N_ELEMENTS (unknown); i++) {
    const Rendered *r = case_render (c, i);
    g_autofree gchar *ics = case_calendar_at (r, 1);
    case_assert_line (ics, "DTSTART;VALUE=DATE:20180101");
    case_assert_line (ics, "DTEND;VALUE=DATE:20180102");
    case_assert_line (ics, "TRANSP:TRANSPARENT");
  }
}

/* The holidays that Outlook.com gives to all: days, whatever the zone of whoever wrote the file. */
static void
case_71_corpus (Case *c)
{
  static const struct {
    const gchar *name, *day;
  } days[] = {{"\nSUMMARY:Independence Day\n", "0704\n"},
              {"\nSUMMARY:Christmas Day\n", "1225\n"},
              {"\nSUMMARY:New Year's Day\n", "0101\n"}};
  g_autoptr (GPtrArray) calendars = case_kept_calendars ("outlook-com-4k.ost");
  guint whole = 0, known = 0;
  for (guint i = 0; calendars != NULL && i < calendars->len; i++) {
    const gchar *ics = g_ptr_array_index (calendars, i);
    const gchar *start = strstr (ics, "DTSTART;VALUE=DATE:");
    if (start == NULL)
      continue;
    whole++;
    for (guint k = 0; k < G_N_ELEMENTS (days); k++)
      if (strstr (ics, days[k].name) != NULL) {
        g_assert_true (g_str_has_prefix (start + 19 + 4, days[k].day));
        known++;
      }
  }
  if (calendars != NULL) {
    g_assert_cmpuint (whole, >=, 160);
    g_assert_cmpuint (known, >=, 3);
  }
}

static void
case_72_cut (Case *c)
{
  g_autoptr (GByteArray) whole = two_changes ();
  for (guint cut = 0; cut < whole->len; cut += 9) {
    CaseMail *inner = case_appointment (c, case_plain_mail (c));
    GByteArray *blob = g_byte_array_new ();
    g_byte_array_append (blob, whole->data, MAX (cut, 1));
    case_set_bytes (c, inner, APPT, 0x8216, blob);
  }
  for (guint i = 0; i * 9 < whole->len; i++) {
    const Rendered *r = case_render (c, i);
    g_autofree gchar *ics = case_calendar_at (r, 1);
    /* the zone may be gone, or be what the blob says without a name: the time is the same */
    g_assert_true (strstr (ics, "\nDTSTART:20170714T120000Z\n") != NULL ||
                   strstr (ics, "\nDTSTART;TZID=UTC+0200:20170714T140000\n") != NULL);
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
  GByteArray *const blobs[] = {two_changes (), case_zone ("Romance Standard Time", -60, TRUE),
                               case_zone ("Other", 60, TRUE), case_zone ("As a structure", 0, TRUE),
                               case_foreign_id ("abc@google.com")};
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
  CaseMail *mail = case_meeting (c, "IPM.Schedule.Meeting.Request");
  case_set_bytes (c, mail, APPT, 0x825e, case_zone ("Atlantis Standard Time", 210, FALSE));
  CaseMail *old = case_meeting (c, "IPM.Schedule.Meeting.Request");
  GByteArray *blob = g_byte_array_new (); /* the older structure */
  case_put32 (blob, (guint32) -330);
  case_put32 (blob, 0);
  case_put32 (blob, 0);
  g_byte_array_append (blob, (const guint8[36]){0}, 36);
  case_set_bytes (c, old, APPT, 0x8233, blob);
  case_set_text (c, old, APPT, 0x8234, "(UTC+05:30) Chennai, \"Kolkata\"");
  CaseMail *bad = case_meeting (c, "IPM.Schedule.Meeting.Request");
  GByteArray *short_blob = case_zone ("Atlantis Standard Time", 210, FALSE);
  g_byte_array_set_size (short_blob, short_blob->len - 1);
  case_set_bytes (c, bad, APPT, 0x825e, short_blob);
  const Rendered *r = case_render (c, 0);
  g_autofree gchar *ics = case_calendar_at (r, 1);
  case_assert_line (ics, "TZID:Atlantis Standard Time");
  case_assert_line (ics, "TZOFFSETTO:-0330");
  case_assert_line (ics, "DTSTART;TZID=Atlantis Standard Time:20170714T083000");
  r = case_render (c, 1);
  g_autofree gchar *india = case_calendar_at (r, 1);
  case_assert_line (india, "TZOFFSETTO:+0530");
  g_assert_nonnull (strstr (india, ":20170714T173000"));
  r = case_render (c, 2);
  g_autofree gchar *utc = case_calendar_at (r, 1);
  case_assert_line (utc, "DTSTART:20170714T120000Z");
}

/* Moscow: summer time until 2010, its offset all year from 2011 on, another one from 2015 on; the
 * rules in any order, and one more that is not the effective one of its year. */
static GByteArray *
moscow (void)
{
  GByteArray *out = case_zone_begin ("Russian Standard Time", 4);
  case_put_zone_rule (out, 2015, -180, FALSE, FALSE);
  case_put_zone_rule (out, 2000, -180, TRUE, FALSE);
  case_put_zone_rule (out, 2011, -240, FALSE, TRUE);
  case_put_zone_rule (out, 2011, -120, TRUE, FALSE);
  return out;
}

/* Every month on the 1st at nine, from July 2010 to July 2015: nine by the clock under each law. */
static void
case_73_laws (Case *c)
{
  const gint64 first = 1277960400; /* 2010-07-01 05:00 UTC */
  const Series monthly = {0x200c, 2, 1, 1, 0, 0x2021, 0, 1277942400, 1435708800};
  const Series ending = {0x200c, 2, 1, 1, 0, 0x2021, 0, 1277942400, 1291161600}; /* December 2010 */
  for (guint i = 0; i < 3; i++) {
    CaseMail *inner = case_appointment (c, case_plain_mail (c));
    case_set_time (c, inner, APPT, 0x820d, first);
    case_set_time (c, inner, APPT, 0x820e, first + HOUR);
    case_set_bytes (c, inner, APPT, i < 2 ? 0x8260 : 0x825e, moscow ());
    if (i == 2)
      continue;
    GByteArray *blob = case_pattern (i == 0 ? &monthly : &ending, NULL, 0, NULL, 0);
    case_put_end (blob, 9 * 60, 0);
    case_set_bytes (c, inner, APPT, 0x8216, blob);
  }
  const Rendered *r = case_render (c, 0);
  g_autofree gchar *ics = case_calendar_at (r, 1);
  case_assert_line (ics, "DTSTART;TZID=Russian Standard Time:20100701T090000");
  g_assert_nonnull (strstr (ics, "UNTIL=20150701T060000Z")); /* by the last law */
  g_assert_cmpuint (case_count (ics, "BEGIN:STANDARD"), ==, 3);
  g_assert_cmpuint (case_count (ics, "BEGIN:DAYLIGHT"), ==, 1);
  icalcomponent *calendar = icalparser_parse_string (ics);
  icaltimezone *zone = icalcomponent_get_timezone (calendar, "Russian Standard Time");
  g_assert_nonnull (zone);
  static const struct {
    const gchar *local;
    gint offset;
  } moments[] = {{"20100701T090000", 4}, {"20101201T090000", 3}, {"20101231T235900", 3},
                 {"20110102T090000", 4}, {"20110701T090000", 4}, {"20141201T090000", 4},
                 {"20150201T090000", 3}, {"20150701T090000", 3}};
  for (guint i = 0; i < G_N_ELEMENTS (moments); i++) {
    icaltimetype local = icaltime_from_string (moments[i].local);
    gint is_daylight = 0;
    g_assert_cmpint (icaltimezone_get_utc_offset (zone, &local, &is_daylight), ==,
                     moments[i].offset * HOUR);
  }
  icalcomponent_free (calendar);
  for (guint i = 1; i < 3; i++) { /* laws of years that it does not reach say nothing */
    r = case_render (c, i);
    g_autofree gchar *early = case_calendar_at (r, 1);
    g_assert_cmpuint (case_count (early, "BEGIN:STANDARD"), ==, 1);
  }
}

/* From Paris to Moscow: each end of a flight in its own zone. */
static void
case_73_two_zones (Case *c)
{
  CaseMail *inner = case_appointment (c, case_plain_mail (c));
  case_set_bytes (c, inner, APPT, 0x825e, case_zone ("Romance Standard Time", -60, TRUE));
  case_set_bytes (c, inner, APPT, 0x825f, case_zone ("Russian Standard Time", -180, FALSE));
  const Rendered *r = case_render (c, 0);
  g_autofree gchar *ics = case_calendar_at (r, 1);
  case_assert_line (ics, "DTSTART;TZID=Romance Standard Time:20170714T140000");
  case_assert_line (ics, "DTEND;TZID=Russian Standard Time:20170714T160000");
  g_assert_cmpuint (case_count (ics, "BEGIN:VTIMEZONE"), ==, 2);
}

/* UTC by name needs no zone. */
static void
case_73_utc (Case *c)
{
  CaseMail *inner = case_appointment (c, case_plain_mail (c));
  case_set_bytes (c, inner, APPT, 0x825e, case_zone ("tzone://Microsoft/Utc", 0, FALSE));
  const Rendered *r = case_render (c, 0);
  g_autofree gchar *ics = case_calendar_at (r, 1);
  case_assert_line (ics, "DTSTART:20170714T120000Z");
}

static const CaseEntry entries[] = {
    CASE (70, series),       CASE (70, corpus),
    CASE (70, hidden_alone), CASE (70, overrides),
    CASE (70, other_rules),  CASE (70, calendars),
    CASE (71, days),         CASE (71, corpus),
    CASE (72, cut),          CASE (72, changed_not_deleted),
    CASE (72, any_bytes),    CASE (73, unknown_zone),
    CASE (73, laws),         CASE (73, series_without_zone),
    CASE (73, two_zones),    CASE (73, utc),
};
int
main (int argc, char **argv)
{
  return case_main (argc, argv, entries, G_N_ELEMENTS (entries));
}
