/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Cases on contacts and lists as vCards, 57, 75 and 76, and on classes that are mail of another kind,
 * 77. A contact is not imported by itself yet: here they stand in mails. */
#include "mime/cases/cases.h"

#include "mime/bm-mime-calendar.h"
#include "pst/bm-pst-window.h"
#include "pst/bm-pst.h"
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define ADDRESS bm_pst_psetid_address

static guint32
named (Case *c, const guint8 set[16], guint32 lid, guint16 type)
{
  return BM_PST_TAG (bm_pst_writer_named_lid (case_writer (c), set, lid), type);
}

static void
set_text (Case *c, CaseMail *mail, guint32 lid, const gchar *text)
{
  bm_pst_props_string (mail_props (mail), named (c, ADDRESS, lid, 0x001f), text);
}

/* The card of the n-th leaf, unfolded. */
static gchar *
card_at (const Rendered *r, guint n)
{
  gsize size;
  GMimeObject *leaf = rendered_leaf (r, n);
  g_assert_true (
      g_mime_content_type_is_type (g_mime_object_get_content_type (leaf), "text", "vcard"));
  g_autofree gchar *text = rendered_content (leaf, &size);
  g_auto (GStrv) physical = g_strsplit (text, "\r\n", -1);
  for (guint i = 0; physical[i] != NULL; i++)
    g_assert_cmpuint (strlen (physical[i]), <=, 75);
  return case_unfold (text);
}

static CaseMail *
contact (CaseMail *outer)
{
  CaseMail *inner = mail_embed (outer, NULL);
  mail_text (inner, 0x001a, "IPM.Contact");
  mail_text (inner, 0x300b, "x");
  mail_text (inner, 0x3001, "Zoë, PhD");
  mail_text (inner, 0x3a11, "Müller; Meier");
  mail_text (inner, 0x3a06, "Zoë");
  return inner;
}

static void
set_mail (Case *c, CaseMail *mail, guint n, const gchar *type, const gchar *address,
          const gchar *original)
{
  guint32 lid = 0x8080 + 0x10 * n;
  set_text (c, mail, lid, "Zoë");
  set_text (c, mail, lid + 2, type);
  set_text (c, mail, lid + 3, address);
  set_text (c, mail, lid + 4, original);
}

static void
case_75_contact (Case *c)
{
  static const guint8 jpeg[] = {0xff, 0xd8, 0xff, 0xe0, 0, 16, 'J', 'F', 'I', 'F'};
  CaseMail *mail = contact (case_plain_mail (c));
  set_mail (c, mail, 0, "SMTP", "zoe@example.net", "zoe@example.net");
  set_mail (c, mail, 1, "EX", "/o=Org/cn=Recipients/cn=zoe", "zoe@corp.example.net");
  set_mail (c, mail, 2, "SMTP", "z@home.example.net", "Zoë");
  mail_text (mail, 0x3a16, "Org, Inc.");
  mail_text (mail, 0x3a08, "+49 30 1234");
  mail_text (mail, 0x3a1c, "+49 170 1");
  mail_text (mail, 0x3a59, "Berlin");
  mail_text (mail, 0x3a5d, "Weg 1\r\nHof");
  set_text (c, mail, 0x8046, "Hamburg");
  mail_text (mail, 0x1000, "A note,\r\nof two lines");
  mail_time (mail, 0x3a42, 299973600); /* 1979-07-04 22:00 UTC: the 5th in Berlin */
  mail_time (mail, 0x3008, 1500000000);
  BmPstProps *picture = mail_attach (mail, "ContactPicture.jpg", jpeg, sizeof jpeg);
  bm_pst_props_bool (picture, 0x7fff000b, TRUE);
  const Rendered *r = case_render (c, 0);
  g_autofree gchar *shape = rendered_shape (r);
  g_assert_cmpstr (shape, ==, "mixed(text/plain,text/vcard)");
  case_expect (c, "param 1 filename=Zoë, PhD.vcf");
  g_autofree gchar *card = card_at (r, 1);
  static const gchar *const lines[] = {"VERSION:3.0",
                                       "FN:Zoë\\, PhD",
                                       "N:Müller\\; Meier;Zoë;;;",
                                       "ORG:Org\\, Inc.",
                                       "EMAIL;TYPE=INTERNET:zoe@example.net",
                                       "EMAIL;TYPE=INTERNET:zoe@corp.example.net",
                                       "EMAIL;TYPE=INTERNET:z@home.example.net",
                                       "TEL;TYPE=WORK,VOICE:+49 30 1234",
                                       "TEL;TYPE=CELL,VOICE:+49 170 1",
                                       "ADR;TYPE=HOME:;;Weg 1\\nHof;Berlin;;;",
                                       "ADR;TYPE=WORK:;;;Hamburg;;;",
                                       "NOTE:A note\\,\\nof two lines",
                                       "BDAY:1979-07-05",
                                       "PHOTO;ENCODING=b;TYPE=JPEG:/9j/4AAQSkZJRg==",
                                       "REV:20170714T024000Z"};
  for (guint i = 0; i < G_N_ELEMENTS (lines); i++)
    case_assert_line (card, lines[i]);
  g_assert_false (rendered_noted (r, BM_NOTE_EXCHANGE_UNRESOLVED));
}

static const struct {
  guint16 id;
  const gchar *text, *line;
} fields[] = {
    {0x3a17, "Boss", "TITLE:Boss"},
    {0x3a46, "Painter", "ROLE:Painter"},
    {0x3a4f, "Z", "NICKNAME:Z"},
    {0x3a18, "Sales", "ORG:;Sales"},
    {0x3a48, "Max", "X-SPOUSE:Max"},
    {0x3a4e, "Eve", "X-MANAGER:Eve"},
    {0x3a30, "Kim", "X-ASSISTANT:Kim"},
    {0x3a43, "Chess", "X-HOBBY:Chess"},
    {0x3a19, "B 12", "X-OFFICE:B 12"},
    {0x3a0a, "Z.M.", "X-INITIALS:Z.M."},
    {0x3a07, "77", "X-GOVERNMENT-ID:77"},
    {0x3a10, "88", "X-EMPLOYEE-ID:88"},
    {0x3a4a, "99", "X-CUSTOMER-ID:99"},
    {0x3a47, "Joe", "X-REFERRED-BY:Joe"},
    {0x3a0d, "Here", "X-LOCATION:Here"},
    {0x3a49, "PC1", "X-COMPUTER-NAME:PC1"},
    {0x3a51, "https://example.net/?a=1,2;b", "URL;TYPE=WORK:https://example.net/?a=1,2;b"},
    {0x3a50, "https://zoe.example.net", "URL;TYPE=HOME:https://zoe.example.net"},
    {0x3a4c, "ftp://example.net", "X-FTP-SITE:ftp://example.net"},
    {0x3a08, "1", "TEL;TYPE=WORK,VOICE:1"},
    {0x3a1b, "2", "TEL;TYPE=WORK,VOICE:2"},
    {0x3a09, "3", "TEL;TYPE=HOME,VOICE:3"},
    {0x3a2f, "4", "TEL;TYPE=HOME,VOICE:4"},
    {0x3a1c, "5", "TEL;TYPE=CELL,VOICE:5"},
    {0x3a21, "6", "TEL;TYPE=PAGER:6"},
    {0x3a24, "7", "TEL;TYPE=WORK,FAX:7"},
    {0x3a25, "8", "TEL;TYPE=HOME,FAX:8"},
    {0x3a23, "9", "TEL;TYPE=FAX:9"},
    {0x3a1e, "10", "TEL;TYPE=CAR,VOICE:10"},
    {0x3a1d, "11", "TEL;TYPE=X-RADIO:11"},
    {0x3a1f, "12", "TEL;TYPE=VOICE:12"},
    {0x3a1a, "13", "TEL;TYPE=PREF,VOICE:13"},
    {0x3a2d, "14", "TEL;TYPE=ISDN:14"},
    {0x3a2c, "15", "TEL;TYPE=X-TELEX:15"},
    {0x3a4b, "16", "TEL;TYPE=X-TTY:16"},
    {0x3a02, "17", "TEL;TYPE=X-CALLBACK:17"},
    {0x3a57, "18", "TEL;TYPE=WORK,X-COMPANY:18"},
    {0x3a2e, "19", "TEL;TYPE=X-ASSISTANT:19"},
};

static const struct {
  guint32 lid;
  const gchar *text, *line;
} named_fields[] = {
    {0x802b, "https://page.example.net", "URL:https://page.example.net"},
    {0x8062, "zoe@chat.example.net", "IMPP:im:zoe@chat.example.net"},
    {0x80d8, "https://example.net/free", "FBURL:https://example.net/free"},
    {0x802c, "zo", "X-PHONETIC-FIRST-NAME:zo"},
    {0x802d, "mu", "X-PHONETIC-LAST-NAME:mu"},
    {0x802e, "or", "X-PHONETIC-ORG:or"},
    {0x804f, "one", "X-USER-FIELD-1:one"},
    {0x8052, "four", "X-USER-FIELD-4:four"},
    {0x801a, "All\nof it", "ADR;TYPE=HOME:;;All\\nof it;;;;"},
    {0x801b, "Work whole", "ADR;TYPE=WORK:;;Work whole;;;;"},
    {0x801c, "Other whole", "ADR;TYPE=OTHER:;;Other whole;;;;"},
};

static void
case_75_every_field (Case *c)
{
  static const guint8 local[16] = {0x08, 0x20, 0x06, 0, 0, 0, 0, 0, 0xc0, 0, 0, 0, 0, 0, 0, 0x46};
  guint8 certificate[300] = {3, 0, 0x28, 1, 0x30, 0x82, 1, 0x20};
  g_autoptr (GBytes) key = g_bytes_new (certificate, sizeof certificate);
  CaseMail *mail = contact (case_plain_mail (c));
  for (guint i = 0; i < G_N_ELEMENTS (fields); i++)
    mail_text (mail, fields[i].id, fields[i].text);
  for (guint i = 0; i < G_N_ELEMENTS (named_fields); i++)
    set_text (c, mail, named_fields[i].lid, named_fields[i].text);
  bm_pst_props_mv_binary (mail_props (mail), 0x3a701102, &key, 1);
  bm_pst_props_int32 (mail_props (mail), 0x3a4d0003, 1);
  bm_pst_props_bool (mail_props (mail), named (c, local, 0x8506, 0x000b), TRUE);
  mail_time (mail, 0x3a42, 299977200); /* 1979-07-04 23:00 UTC */
  bm_pst_props_filetime (mail_props (mail), named (c, ADDRESS, 0x80de, 0x0040),
                         BM_PST_TIME (299894400)); /* and yet the 4th, says its writer */
  set_mail (c, mail, 0, "EX", "/o=Org/cn=Recipients/cn=nobody", "Nobody");
  const Rendered *r = case_render (c, 0);
  g_autofree gchar *card = card_at (r, 1);
  for (guint i = 0; i < G_N_ELEMENTS (fields); i++)
    case_assert_line (card, fields[i].line);
  for (guint i = 0; i < G_N_ELEMENTS (named_fields); i++)
    case_assert_line (card, named_fields[i].line);
  case_assert_line (card, "X-GENDER:Female");
  case_assert_line (card, "CLASS:PRIVATE");
  case_assert_line (card, "BDAY:1979-07-04");
  case_assert_line (card, "X-PST-EX-ADDRESS:/o=Org/cn=Recipients/cn=nobody");
  g_assert_null (strstr (card, "EMAIL"));
  g_assert_true (rendered_noted (r, BM_NOTE_EXCHANGE_UNRESOLVED));
  g_autofree gchar *base64 = g_base64_encode (certificate + 4, 0x124);
  g_autofree gchar *line = g_strconcat ("KEY;ENCODING=b;TYPE=X509:", base64, NULL);
  case_assert_line (card, line);
}

/* Where midnight is not one of UTC: the nearest, and in New Zealand's summer the one that is a day later. */
static void
case_75_days (Case *c)
{
  static const gint hours[] = {13, 12, 1, 0, -5, -10};
  for (guint i = 0; i < G_N_ELEMENTS (hours); i++)
    mail_time (contact (case_plain_mail (c)), 0x3a41, 1514764800 - 3600 * hours[i]);
  for (guint i = 0; i < G_N_ELEMENTS (hours); i++) {
    g_autofree gchar *card = card_at (case_render (c, i), 1);
    case_assert_line (card, "X-ANNIVERSARY:2018-01-01");
  }
}

/* A contact with a file is a message that has card and file. */
static void
case_57_contact (Case *c)
{
  CaseMail *mail = contact (case_plain_mail (c));
  mail_attach (mail, "cv.pdf", "%PDF", 4);
  contact (case_plain_mail (c));
  const Rendered *r = case_render (c, 0);
  g_autofree gchar *shape = rendered_shape (r);
  g_assert_cmpstr (
      shape, ==, "mixed(text/plain,message/rfc822[mixed(text/plain,application/pdf,text/vcard)])");
  r = case_render (c, 1);
  g_autofree gchar *alone = rendered_shape (r);
  g_assert_cmpstr (alone, ==, "mixed(text/plain,text/vcard)");
}

static GBytes *
one_off (const gchar *name, const gchar *address, gboolean wrapped)
{
  static const guint8 muid[16] = {0x81, 0x2b, 0x1f, 0xa4, 0xbe, 0xa3, 0x10, 0x19,
                                  0x9d, 0x6e, 0x00, 0xdd, 0x01, 0x0f, 0x54, 0x02};
  static const guint8 wrapper[21] = {0,    0,    0,    0,    0xc0, 0x91, 0xad,
                                     0xd3, 0x51, 0x9d, 0xcf, 0x11, 0xa4, 0xa9,
                                     0x00, 0xaa, 0x00, 0x47, 0xfa, 0xa4, 0};
  const gchar *const texts[] = {name, "SMTP", address};
  g_autoptr (GByteArray) out = g_byte_array_new ();
  if (wrapped)
    g_byte_array_append (out, wrapper, sizeof wrapper);
  g_byte_array_append (out, (const guint8[4]){0}, 4);
  g_byte_array_append (out, muid, sizeof muid);
  g_byte_array_append (out, (const guint8[]){0, 0, 0, 0x80}, 4);
  for (guint i = 0; i < G_N_ELEMENTS (texts); i++) {
    glong units;
    g_autofree gunichar2 *wide = g_utf8_to_utf16 (texts[i], -1, NULL, &units, NULL);
    for (glong k = 0; k <= units; k++) {
      const guint8 bytes[] = {(guint8) wide[k], (guint8) (wide[k] >> 8)};
      g_byte_array_append (out, bytes, 2);
    }
  }
  return g_byte_array_free_to_bytes (g_steal_pointer (&out));
}

static void
case_76_list (Case *c)
{
  GBytes *members[] = {one_off ("Bob", "bob@example.net", TRUE), g_bytes_new ("\0\0\0\0id", 6)};
  GBytes *copies[] = {one_off ("Bob", "bob@example.net", FALSE),
                      one_off ("Cid", "cid@example.net", FALSE)};
  CaseMail *lists[2];
  for (guint i = 0; i < 2; i++) {
    lists[i] = mail_embed (case_plain_mail (c), NULL);
    mail_text (lists[i], 0x001a, "IPM.DistList");
    set_text (c, lists[i], 0x8053, "Friends");
    bm_pst_props_mv_binary (mail_props (lists[i]), named (c, ADDRESS, 0x8055, 0x1102), members, 2);
  }
  bm_pst_props_mv_binary (mail_props (lists[0]), named (c, ADDRESS, 0x8054, 0x1102), copies, 2);
  const Rendered *r = case_render (c, 0);
  g_autofree gchar *card = card_at (r, 1);
  case_assert_line (card, "KIND:group");
  case_assert_line (card, "FN:Friends");
  case_assert_line (card, "MEMBER:mailto:bob@example.net");
  case_assert_line (card, "MEMBER:mailto:cid@example.net");
  r = case_render (c, 1); /* who cannot be named is said */
  g_autofree gchar *part = card_at (r, 1);
  case_assert_line (part, "MEMBER:mailto:bob@example.net");
  g_assert_null (strstr (part, "cid"));
  g_assert_true (rendered_noted (r, BM_NOTE_EXCHANGE_UNRESOLVED));
  for (guint i = 0; i < 2; i++) {
    g_bytes_unref (members[i]);
    g_bytes_unref (copies[i]);
  }
}

/* The card of the list of a real file, which is not imported yet. */
static void
case_76_corpus (Case *c)
{
  g_autofree gchar *path = case_corpus_file ("java-libpst-dist-list.pst");
  if (path == NULL)
    return;
  static const BmRenderContext context = {0};
  BmPstOptions options = {0};
  gint fd = open (path, O_RDONLY | O_CLOEXEC);
  BmPst *pst = bm_pst_open_fd (fd, &options, NULL);
  g_autoptr (BmCensus) census = bm_pst_census (pst, NULL);
  guint lists = 0;
  for (guint i = 0; i < census->items->len; i++) {
    guint32 nid = g_array_index (census->items, BmCensusItem, i).nid;
    g_autoptr (BmPstWindow) window = bm_pst_window_open (pst, &nid, 1, NULL);
    g_autoptr (BmItem) item = bm_pst_window_read (window, 0, NULL);
    if (item == NULL || !bm_mime_is_class (item, "IPM.DistList"))
      continue;
    BmMime mime;
    bm_mime_begin (&mime, item, &context, "", 0);
    g_autofree gchar *card = bm_mime_card_text (&mime);
    bm_mime_end (&mime);
    g_autofree gchar *lines = case_unfold (card);
    case_assert_line (lines, "KIND:group");
    case_assert_line (lines, "FN:test dist list");
    case_assert_line (lines, "MEMBER:mailto:contact1@rjohnson.id.au");
    case_assert_line (lines, "MEMBER:mailto:dist1@rjohnson.id.au");
    case_assert_line (lines, "MEMBER:mailto:dist2@rjohnson.id.au");
    lists++;
  }
  g_assert_cmpuint (lists, ==, 1);
  bm_pst_close (pst);
  close (fd);
}

static void
put32 (GByteArray *out, guint32 value)
{
  const guint8 bytes[] = {(guint8) value, (guint8) (value >> 8), (guint8) (value >> 16),
                          (guint8) (value >> 24)};
  g_byte_array_append (out, bytes, sizeof bytes);
}

static void
put_piece (GByteArray *out, GBytes *piece)
{
  gsize size = piece != NULL ? g_bytes_get_size (piece) : 0;
  put32 (out, (guint32) size);
  if (size > 0)
    g_byte_array_append (out, g_bytes_get_data (piece, NULL), (guint) size);
}

/* A list too large for the properties of small ones; and one that says more than it has. */
static void
case_76_stream (Case *c)
{
  g_autoptr (GByteArray) stream = g_byte_array_new ();
  put32 (stream, 1);
  put32 (stream, 0);
  put32 (stream, 0);
  put32 (stream, 150);
  for (guint i = 0; i < 3; i++)
    put32 (stream, 0);
  for (guint i = 0; i < 150; i++) {
    g_autofree gchar *address = g_strdup_printf ("m%u@example.net", i);
    g_autoptr (GBytes) copy = one_off ("M", address, FALSE), entry = g_bytes_new ("\0\0\0\0id", 6);
    put_piece (stream, entry);
    put_piece (stream, copy);
    put_piece (stream, NULL);
  }
  put32 (stream, 0);
  put32 (stream, 0);
  for (guint i = 0; i < 3; i++) {
    CaseMail *list = mail_embed (case_plain_mail (c), NULL);
    mail_text (list, 0x001a, "IPM.DistList");
    set_text (c, list, 0x8053, "All");
    bm_pst_props_binary (mail_props (list), named (c, ADDRESS, 0x8064, 0x0102), stream->data,
                         i == 0 ? stream->len : stream->len / (i + 1));
  }
  static const guint least[] = {150, 70, 45}, most[] = {150, 76, 51};
  for (guint i = 0; i < 3; i++) {
    const Rendered *r = case_render (c, i);
    g_autofree gchar *card = card_at (r, 1);
    g_auto (GStrv) members = g_strsplit (card, "\nMEMBER:mailto:m", -1);
    g_assert_cmpuint (g_strv_length (members) - 1, >=, least[i]);
    g_assert_cmpuint (g_strv_length (members) - 1, <=, most[i]);
    g_assert_cmpint (rendered_noted (r, BM_NOTE_EXCHANGE_UNRESOLVED), ==, i > 0);
  }
}

/* Any byte of a stream wrong, or all behind it missing: never a crash, always a card. */
static void
case_76_any_bytes (Case *c)
{
  g_autoptr (GByteArray) stream = g_byte_array_new ();
  const guint32 head[] = {1, 0, 0, 2, 0, 0, 0};
  for (guint i = 0; i < G_N_ELEMENTS (head); i++)
    put32 (stream, head[i]);
  g_autoptr (GBytes) copy = one_off ("M", "m@example.net", FALSE);
  for (guint i = 0; i < 2; i++) {
    put_piece (stream, copy);
    put_piece (stream, copy);
    put_piece (stream, NULL);
  }
  for (guint i = 0; i < 4 * stream->len; i++) {
    static const guint8 changes[] = {0xff, 0x01, 0x80};
    guint at = i / 4;
    guint8 kept = stream->data[at];
    if (i % 4 < 3)
      stream->data[at] ^= changes[i % 4];
    g_autoptr (BmItem) item = item_mail ();
    BmItem *list = item_new ("IPM.DistList");
    BmProp prop = {.id = 0x8000, .type = BM_TYPE_BINARY, .name = {.lid = 0x8064}};
    memcpy (prop.name.guid, ADDRESS, 16);
    prop.data = g_bytes_new (stream->data, i % 4 < 3 ? stream->len : at);
    bm_props_take (list->props, &prop);
    item_embed (item, list);
    stream->data[at] = kept;
    BmRenderContext context = {0};
    g_autoptr (BmMessage) message = bm_render (item, &context, NULL);
    g_assert_nonnull (message);
  }
}

/* What is mail, and what is not: by class, in whatever folder it lies. */
static void
case_77_classes (Case *c)
{
  static const gchar *const mail[] = {"IPM.Post",
                                      "IPM.Post.RSS",
                                      "IPM.Note.Microsoft.Voicemail.UM.CA",
                                      "IPM.Note.Mobile.SMS",
                                      "IPM.SkypeTeams.Message",
                                      "IPM.Note.Microsoft.Fax.CA",
                                      "IPM.Document.Word",
                                      "IPM.TaskRequest.Accept",
                                      "IPM.Note.rpmsg.Microsoft.Voicemail.UM",
                                      "IPM.Strange",
                                      "IPM.Note.Microsoft.Conversation.Voice"};
  static const gchar *const other[] = {
      "IPM.StickyNote",         "IPM.Task",
      "IPM.Activity",           "IPM.Contact",
      "IPM.DistList",           "IPM.Appointment",
      "IPM.Appointment.Custom", "IPM.Microsoft.ScheduleData.FreeBusy",
      "IPM.AbchPerson",         "ipm.stickynote"};
  for (guint i = 0; i < G_N_ELEMENTS (mail); i++) {
    CaseMail *one = case_plain_mail (c);
    mail_text (one, 0x001a, mail[i]);
    mail_attach (one, "message.rpmsg", "rights", 6);
    g_assert_true (bm_message_class_is_mail (mail[i]));
  }
  for (guint i = 0; i < G_N_ELEMENTS (other); i++)
    g_assert_false (bm_message_class_is_mail (other[i]));
  for (guint i = 0; i < G_N_ELEMENTS (mail); i++) {
    const Rendered *r = case_render (c, i);
    g_autofree gchar *shape = rendered_shape (r);
    g_assert_cmpstr (shape, ==, "mixed(text/plain,application/x-microsoft-rpmsg-message)");
    g_assert_cmpstr (r->message->message_class, ==, mail[i]);
    case_expect (c, "text 0 contains Hi Bob");
  }
}

static void
case_77_rss (Case *c)
{
  static const guint8 post_rss[16] = {0x41, 0x20, 0x06, 0, 0, 0, 0, 0,
                                      0xc0, 0,    0,    0, 0, 0, 0, 0x46};
  CaseMail *text = case_plain_mail (c), *html = case_plain_mail (c);
  CaseMail *const both[] = {text, html};
  mail_bytes (html, 0x1013, "<html><body><p>News</p></body></html>", 37);
  for (guint i = 0; i < 2; i++) {
    mail_text (both[i], 0x001a, "IPM.Post.Rss");
    bm_pst_props_string (mail_props (both[i]), named (c, post_rss, 0x8901, 0x001f),
                         "https://example.org/a?b=1&c=2");
    bm_pst_props_string (mail_props (both[i]), named (c, post_rss, 0x8904, 0x001f),
                         "News & <more>");
  }
  case_render (c, 0);
  case_expect (c, "text 0 contains Hi Bob");
  case_expect (c, "text 0 contains News & <more>: https://example.org/a?b=1&c=2");
  case_render (c, 1);
  case_expect (c, "text 1 contains News");
  case_expect (
      c, "text 1 contains News &amp; &lt;more&gt;: <a href=\"https://example.org/a?b=1&amp;c=2\">");
}

static void
case_77_voice (Case *c)
{
  CaseMail *mail = case_plain_mail (c);
  mail_text (mail, 0x001a, "IPM.Note.Microsoft.Voicemail.UM.CA");
  mail_int (mail, 0x6801, 42);
  mail_text (mail, 0x6802, "+4930\r\nX-Evil: 1");
  mail_text (mail, 0x6803, "Zoë");
  mail_int (mail, 0x6804, 2);
  mail_text (mail, 0x6805, "a.wav;b.wav");
  mail_text (mail, 0x6806, "call-1");
  case_render (c, 0);
  case_expect (c, "header X-VoiceMessageDuration=42");
  case_expect (c, "header X-CallingTelephoneNumber=+4930 X-Evil: 1");
  case_expect (c, "header X-VoiceMessageSenderName=Zoë");
  case_expect (c, "header X-FaxNumberOfPages=2");
  case_expect (c, "header X-AttachmentOrder=a.wav;b.wav");
  case_expect (c, "header X-CallID=call-1");
  case_expect (c, "header Content-Class=voice-ca");
}

/* Mail under rights: the parts as they are, and the field by which Outlook opens it. */
static void
case_77_rights (Case *c)
{
  for (guint i = 0; i < 3; i++) {
    CaseMail *mail = case_plain_mail (c);
    BmPstProps *rights =
        mail_attach (mail, i == 1 ? "a.bin" : "message.rpmsg", "\x76\xe8\x04\x60", 4);
    if (i > 0)
      bm_pst_props_string (rights, 0x370e001f, "application/x-microsoft-rpmsg-message");
    if (i == 2)
      mail_text (mail, 0x007d,
                 "From: Ada <ada@example.org>\r\nDate: Fri, 14 Jul 2017 04:40:00 +0200\r\n"
                 "Message-ID: <one@example.org>\r\nContent-Class: urn:content-classes:message\r\n"
                 "Content-Type: text/plain\r\n");
  }
  for (guint i = 0; i < 3; i++) {
    const Rendered *r = case_render (c, i);
    gsize size;
    g_autofree gchar *shape = rendered_shape (r);
    g_assert_cmpstr (shape, ==, "mixed(text/plain,application/x-microsoft-rpmsg-message)");
    g_autofree gchar *kept = rendered_content (rendered_leaf (r, 1), &size);
    g_assert_cmpmem (kept, size, "\x76\xe8\x04\x60", 4);
    case_expect (c, "header Content-Class=rpmsg.message");
    case_expect (c, "count Content-Class=1");
  }
}

static const CaseEntry entries[] = {
    CASE (57, contact), CASE (75, contact), CASE (75, every_field), CASE (75, days),
    CASE (76, list),    CASE (76, corpus),  CASE (76, stream),      CASE (76, any_bytes),
    CASE (77, classes), CASE (77, rss),     CASE (77, voice),       CASE (77, rights),
};

int
main (int argc, char **argv)
{
  return case_main (argc, argv, entries, G_N_ELEMENTS (entries));
}
