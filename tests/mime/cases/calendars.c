/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* See calendars.h. */
#include "mime/cases/calendars.h"

#include "mime/bm-mime-calendar.h"
#include "pst/bm-pst-window.h"
#include "pst/bm-pst.h"
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

const guint8 case_psetid_task[16] = {0x03, 0x20, 0x06, 0, 0, 0, 0, 0, 0xc0, 0, 0, 0, 0, 0, 0, 0x46};

guint32
case_named (Case *c, const guint8 set[16], guint32 lid, guint16 type)
{
  return BM_PST_TAG (bm_pst_writer_named_lid (case_writer (c), set, lid), type);
}

void
case_set_int (Case *c, CaseMail *mail, const guint8 set[16], guint32 lid, gint32 value)
{
  bm_pst_props_int32 (mail_props (mail), case_named (c, set, lid, 0x0003), value);
}

void
case_set_bool (Case *c, CaseMail *mail, const guint8 set[16], guint32 lid, gboolean value)
{
  bm_pst_props_bool (mail_props (mail), case_named (c, set, lid, 0x000b), value);
}

void
case_set_time (Case *c, CaseMail *mail, const guint8 set[16], guint32 lid, gint64 unix_time)
{
  bm_pst_props_filetime (mail_props (mail), case_named (c, set, lid, 0x0040),
                         BM_PST_TIME (unix_time));
}

void
case_set_text (Case *c, CaseMail *mail, const guint8 set[16], guint32 lid, const gchar *text)
{
  bm_pst_props_string (mail_props (mail), case_named (c, set, lid, 0x001f), text);
}

void
case_set_bytes (Case *c, CaseMail *mail, const guint8 set[16], guint32 lid, GByteArray *bytes)
{
  bm_pst_props_binary (mail_props (mail), case_named (c, set, lid, 0x0102), bytes->data,
                       bytes->len);
  g_byte_array_unref (bytes);
}

/* ---- blobs, written as Outlook does ---- */

void
case_put16 (GByteArray *out, guint value)
{
  const guint8 bytes[] = {(guint8) value, (guint8) (value >> 8)};
  g_byte_array_append (out, bytes, sizeof bytes);
}

void
case_put32 (GByteArray *out, guint32 value)
{
  case_put16 (out, value & 0xffff);
  case_put16 (out, value >> 16);
}

/* An id of 16 bytes of data; year 0: of the whole series. */
GByteArray *
case_object_id (guint year, guint8 month, guint8 day)
{
  static const guint8 head[16] = {0x04, 0,    0,    0,    0x82, 0,    0xe0, 0,
                                  0x74, 0xc5, 0xb7, 0x10, 0x1a, 0x82, 0xe0, 0x08};
  const guint8 date[] = {(guint8) (year >> 8), (guint8) year, month, day};
  GByteArray *out = g_byte_array_new ();
  g_byte_array_append (out, head, sizeof head);
  g_byte_array_append (out, date, sizeof date);
  for (guint i = 0; i < 4; i++)
    case_put32 (out, 0);
  case_put32 (out, 16);
  for (guint i = 0; i < 4; i++)
    case_put32 (out, 0x01010101 * (i + 1));
  return out;
}
/* An id that another program gave. */
GByteArray *
case_foreign_id (const gchar *uid)
{
  GByteArray *out = case_object_id (0, 0, 0);
  g_byte_array_set_size (out, 36);
  case_put32 (out, (guint32) (13 + strlen (uid)));
  g_byte_array_append (out, (const guint8 *) "vCal-Uid\x01\0\0\0", 12);
  g_byte_array_append (out, (const guint8 *) uid, (guint) strlen (uid) + 1);
  return out;
}

void
case_put_date (GByteArray *out, guint month, guint weekday, guint week, guint hour)
{
  const guint fields[] = {0, month, weekday, week, hour, 0, 0, 0};
  for (guint i = 0; i < G_N_ELEMENTS (fields); i++)
    case_put16 (out, fields[i]);
}

void
case_put_zone_rule (GByteArray *out, guint year, gint bias, gboolean summer, gboolean effective)
{
  case_put16 (out, 0x0102);
  case_put16 (out, 0x003e);
  case_put16 (out, effective ? 2 : 0);
  case_put16 (out, year);
  g_byte_array_append (out, (const guint8[14]){0}, 14);
  case_put32 (out, (guint32) bias);
  case_put32 (out, 0);
  case_put32 (out, summer ? (guint32) -60 : 0);
  case_put_date (out, summer ? 10 : 0, 0, 5, summer ? 3 : 0);
  case_put_date (out, summer ? 3 : 0, 0, 5, summer ? 2 : 0);
}

GByteArray *
case_zone_begin (const gchar *name, guint rules)
{
  GByteArray *out = g_byte_array_new ();
  gsize units = strlen (name);
  case_put16 (out, 0x0102);
  case_put16 (out, (guint) (6 + 2 * units));
  case_put16 (out, 2);
  case_put16 (out, (guint) units);
  for (gsize i = 0; i < units; i++)
    case_put16 (out, (guint8) name[i]);
  case_put16 (out, rules);
  return out;
}

GByteArray *
case_zone (const gchar *name, gint bias, gboolean summer)
{
  GByteArray *out = case_zone_begin (name, 1);
  case_put_zone_rule (out, 1601, bias, summer, TRUE);
  return out;
}

GByteArray *
case_pattern (const Series *s, const gint64 *deleted, guint n_deleted, const gint64 *modified,
              guint n_modified)
{
  GByteArray *out = g_byte_array_new ();
  case_put16 (out, 0x3004);
  case_put16 (out, 0x3004);
  case_put16 (out, s->frequency);
  case_put16 (out, s->type);
  case_put16 (out, 0);
  case_put32 (out, 0);
  case_put32 (out, s->period);
  case_put32 (out, 0);
  if (s->type != 0)
    case_put32 (out, s->days);
  if (s->type == 3)
    case_put32 (out, s->nth);
  case_put32 (out, s->end);
  case_put32 (out, s->count);
  case_put32 (out, 1);
  case_put32 (out, n_deleted);
  for (guint i = 0; i < n_deleted; i++)
    case_put32 (out, MINUTES (deleted[i]));
  case_put32 (out, n_modified);
  for (guint i = 0; i < n_modified; i++)
    case_put32 (out, MINUTES (modified[i]));
  case_put32 (out, MINUTES (s->first));
  case_put32 (out, MINUTES (s->last));
  return out;
}

void
case_put_end (GByteArray *out, guint start_minute, guint n_changed)
{
  case_put32 (out, 0x3006);
  case_put32 (out, 0x3009);
  case_put32 (out, start_minute);
  case_put32 (out, start_minute + 60);
  case_put16 (out, n_changed);
}

/* ---- mails ---- */

CaseMail *
case_meeting (Case *c, const gchar *message_class)
{
  CaseMail *mail = case_plain_mail (c);
  mail_text (mail, 0x001a, message_class);
  case_set_time (c, mail, APPT, 0x820d, START);
  case_set_time (c, mail, APPT, 0x820e, START + HOUR);
  case_set_text (c, mail, APPT, 0x8208, "Room 1, ground floor");
  case_set_bytes (c, mail, MEETING, 0x0003, case_object_id (0, 0, 0));
  case_set_int (c, mail, APPT, 0x8201, 3);
  return mail;
}

/* The calendar of the n-th leaf, unfolded, and sound for libical too. */
gchar *
case_calendar_at (const Rendered *r, guint n)
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

guint
case_count (const gchar *text, const gchar *what)
{
  guint n = 0;
  for (const gchar *p = strstr (text, what); p != NULL; p = strstr (p + 1, what))
    n++;
  return n;
}

CaseMail *
case_appointment (Case *c, CaseMail *outer)
{
  CaseMail *inner = mail_embed (outer, NULL);
  mail_text (inner, 0x001a, "IPM.Appointment");
  mail_text (inner, 0x0037, "Party");
  mail_text (inner, 0x300b, "x");
  case_set_time (c, inner, APPT, 0x820d, START);
  case_set_time (c, inner, APPT, 0x820e, START + HOUR);
  return inner;
}

/* NULL: it is no appointment. */
static gchar *
kept_calendar (BmPst *pst, guint32 nid)
{
  static const BmRenderContext context = {0};
  g_autoptr (BmPstWindow) window = bm_pst_window_open (pst, &nid, 1, NULL);
  window->whole = TRUE;
  g_autoptr (BmItem) item = bm_pst_window_read (window, 0, NULL);
  if (item == NULL || !bm_mime_is_class (item, "IPM.Appointment"))
    return NULL;
  BmMime mime;
  bm_mime_begin (&mime, item, &context, "", 0);
  g_autofree gchar *ics = bm_mime_calendar_text (&mime);
  bm_mime_end (&mime);
  return ics != NULL ? case_unfold (ics) : NULL;
}

GPtrArray *
case_kept_calendars (const gchar *file)
{
  g_autofree gchar *path = case_corpus_file (file);
  if (path == NULL)
    return NULL;
  BmPstOptions options = {0};
  gint fd = open (path, O_RDONLY | O_CLOEXEC);
  BmPst *pst = bm_pst_open_fd (fd, &options, NULL);
  g_autoptr (BmCensus) census = bm_pst_census (pst, NULL);
  GPtrArray *calendars = g_ptr_array_new_with_free_func (g_free);
  for (guint i = 0; i < census->items->len; i++) {
    gchar *ics = kept_calendar (pst, g_array_index (census->items, BmCensusItem, i).nid);
    if (ics != NULL)
      g_ptr_array_add (calendars, ics);
  }
  bm_pst_close (pst);
  close (fd);
  return calendars;
}
