/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* For cases on calendars: named properties, blobs as Outlook writes them, meetings and appointments,
 * and the calendar that comes out. One thread. */
#pragma once

#include "mime/cases/cases.h"

#define START   1500033600 /* Fri, 14 Jul 2017 12:00:00 UTC */
#define HOUR    3600
#define DAY(n)  ((gint64) START / 86400 * 86400 + (n) *86400) /* midnight, so many days later */
#define MEETING bm_pst_psetid_meeting
#define APPT    bm_pst_psetid_appointment
#define COMMON  bm_pst_psetid_common
#define TASK    case_psetid_task

extern const guint8 case_psetid_task[16];

guint32 case_named (Case *c, const guint8 set[16], guint32 lid, guint16 type);
void case_set_int (Case *c, CaseMail *mail, const guint8 set[16], guint32 lid, gint32 value);
void case_set_bool (Case *c, CaseMail *mail, const guint8 set[16], guint32 lid, gboolean value);
void case_set_time (Case *c, CaseMail *mail, const guint8 set[16], guint32 lid, gint64 unix_time);
void case_set_text (Case *c, CaseMail *mail, const guint8 set[16], guint32 lid, const gchar *text);
/* Takes bytes. */
void case_set_bytes (Case *c, CaseMail *mail, const guint8 set[16], guint32 lid, GByteArray *bytes);

/* Blobs: new. */
void case_put16 (GByteArray *out, guint value);
void case_put32 (GByteArray *out, guint32 value);
/* A global object id of 16 bytes of data; year 0: of the whole series. */
GByteArray *case_object_id (guint year, guint8 month, guint8 day);
#define UID                                                                                        \
  "040000008200E00074C5B7101A82E00800000000"                                                       \
  "00000000000000000000000000000000"                                                               \
  "10000000"                                                                                       \
  "01010101020202020303030304040404"

GByteArray *case_foreign_id (const gchar *uid); /* that another program gave */
void case_put_date (GByteArray *out, guint month, guint weekday, guint week, guint hour);
/* A zone that so many rules follow. New. */
GByteArray *case_zone_begin (const gchar *name, guint rules);
/* A rule from that year on, [MS-OXOCAL] 2.2.1.41.1: bias in minutes west of UTC, with or without the
 * summer time of Europe. */
void case_put_zone_rule (GByteArray *out, guint year, gint bias, gboolean summer,
                         gboolean effective);
/* One rule: biases in minutes west of UTC; summer: that of Europe. */
GByteArray *case_zone (const gchar *name, gint bias, gboolean summer);

#define MINUTES(unix_time) ((guint32) ((unix_time) / 60 + 194074560))

typedef struct {
  guint frequency, type;
  guint32 period, days, nth, end, count;
  gint64 first, last; /* local midnights */
} Series;

/* The pattern of a series, and what begins the rest of its blob: exceptions follow. */
GByteArray *case_pattern (const Series *s, const gint64 *deleted, guint n_deleted,
                          const gint64 *modified, guint n_modified);
void case_put_end (GByteArray *out, guint start_minute, guint n_changed);

/* Meeting mail of an hour from START; an appointment of the same time inside another mail. */
CaseMail *case_meeting (Case *c, const gchar *message_class);
CaseMail *case_appointment (Case *c, CaseMail *outer);
/* The calendar of the n-th leaf, unfolded, and sound for libical too. New. */
gchar *case_calendar_at (const Rendered *r, guint n);
/* The calendars (gchar *) of all appointments of a corpus file, which are not imported yet; NULL, and
 * the case is skipped, when it is missing. New. */
GPtrArray *case_kept_calendars (const gchar *file);
guint case_count (const gchar *text, const gchar *what);
