/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* A small mailbox as Outlook would leave it, and bulk: see the header. */
#include "bm-pst-sample.h"

#include <string.h>

typedef enum {
  INBOX,
  SENT,
  DRAFTS,
  DELETED,
  JUNK,
  OUTBOX,
  PROJECTS,
  PROJECT,
  CALENDAR,
  CONTACTS,
  HIDDEN,
  N_FOLDERS
} FolderKey;

static const struct {
  const gchar *name;
  const gchar *class;
  FolderKey parent; /* itself: the IPM subtree */
} folder_table[N_FOLDERS] = {
    [INBOX] = {"Inbox", "IPF.Note", INBOX},
    [SENT] = {"Sent Items", "IPF.Note", SENT},
    [DRAFTS] = {"Drafts", "IPF.Note", DRAFTS},
    [DELETED] = {NULL, NULL, DELETED},
    [JUNK] = {"Junk E-mail", "IPF.Note", JUNK},
    [OUTBOX] = {"Outbox", "IPF.Note", OUTBOX},
    [PROJECTS] = {"Projets réalisés", "IPF.Note", PROJECTS},
    [PROJECT] = {"Été 2017 / Übersicht", "IPF.Note", PROJECTS},
    [CALENDAR] = {"Calendar", "IPF.Appointment", CALENDAR},
    [CONTACTS] = {"Contacts", "IPF.Contact", CONTACTS},
    [HIDDEN] = {"Quick Step Settings", "IPF.Note", HIDDEN},
};

enum { READ = 1, UNSENT = 8, HEADERS = 0x1000000, HIGH = 0x2000000 };
enum { ANSWERED = 0x66, FORWARDED = 0x68 };

typedef struct {
  FolderKey folder;
  gint64 date; /* seconds since 1970; 0: none */
  const gchar *from[2];
  const gchar *to[3][2];
  const gchar *cc[2];
  const gchar *bcc[2];
  const gchar *subject;
  const gchar *text;
  const gchar *html;
  guint32 flags;
  gint32 verb;
  gint32 follow_up;
  const gchar *categories[3];
} Mail;

#define ME                                                                                         \
  {                                                                                                \
    "Camille Durand", "camille.durand@example.org"                                                 \
  }
#define BOB                                                                                        \
  {                                                                                                \
    "Bob O'Neill", "bob@example.net"                                                               \
  }
#define KAETE                                                                                      \
  {                                                                                                \
    "Käthe Müller", "kaethe.mueller@example.de"                                                    \
  }
#define LIST                                                                                       \
  {                                                                                                \
    "Équipe, projet", "equipe@lists.example.org"                                                   \
  }
#define DAY   86400
#define START 1496736000 /* 2017-06-06 08:00 UTC */

static const Mail mails[] = {
    {INBOX,
     START,
     BOB,
     {ME},
     .subject = "Welcome",
     .text = "Hello Camille,\r\n\r\nwelcome.\r\n",
     .flags = READ | HEADERS},
    {INBOX,
     START + DAY,
     KAETE,
     {ME, BOB},
     .subject = "Angebot für Juli – 1.200 €",
     .text = "Grüße aus Köln\r\n",
     .html = "<html><head><meta charset=\"utf-8\"></head><body><p>Grüße aus "
             "<b>Köln</b></p></body></html>",
     .flags = READ | HEADERS,
     .verb = ANSWERED},
    {INBOX,
     START + 2 * DAY,
     KAETE,
     {LIST},
     .cc = ME,
     .subject = "Re: Angebot für Juli – 1.200 €",
     .text = "Danke!\r\n",
     .flags = HEADERS},
    {INBOX,
     START + 3 * DAY,
     BOB,
     {ME},
     .subject = "Please call back",
     .text = "It is urgent.\r\n",
     .flags = HEADERS | HIGH,
     .follow_up = 2},
    {INBOX,
     START + 4 * DAY,
     BOB,
     {ME},
     .subject = "Done last week",
     .text = "Done.\r\n",
     .flags = READ | HEADERS,
     .follow_up = 1},
    {INBOX,
     START + 5 * DAY,
     BOB,
     {ME},
     .subject = "Two categories",
     .text = "Coloured.\r\n",
     .flags = READ | HEADERS,
     .categories = {"Yellow Category", "Très urgent"}},
    {INBOX,
     START + 6 * DAY,
     KAETE,
     {ME},
     .subject = "No transport headers",
     .text = "This one has properties only.\r\n",
     .flags = READ},
    {INBOX,
     START + 7 * DAY,
     KAETE,
     {ME},
     .subject = "HTML only",
     .html = "<html><body><h1>Ein Titel</h1><p>Größe: 5&nbsp;m</p></body></html>",
     .flags = READ | HEADERS,
     .verb = FORWARDED},
    {INBOX,
     0,
     BOB,
     {ME},
     .subject = "A mail without a date",
     .text = "When was it?\r\n",
     .flags = READ},
    {INBOX, START + 8 * DAY, BOB, {ME}, .subject = "No body at all", .flags = READ | HEADERS},
    {INBOX,
     START + 9 * DAY,
     BOB,
     {ME},
     .subject = "会议纪要 📎",
     .text = "请查收。\r\n",
     .flags = HEADERS},
    {SENT,
     START + DAY + 3600,
     ME,
     {KAETE},
     .subject = "Re: Angebot für Juli – 1.200 €",
     .text = "Bonjour,\r\nmerci.\r\n",
     .flags = READ},
    {SENT,
     START + 2 * DAY + 60,
     ME,
     {BOB, KAETE, LIST},
     .subject = "Minutes",
     .text = "Minutes follow.\r\n",
     .flags = READ},
    {SENT,
     START + 3 * DAY + 60,
     ME,
     {BOB},
     .bcc = KAETE,
     .subject = "With a blind copy",
     .text = "Between us.\r\n",
     .flags = READ},
    {DRAFTS,
     START + 10 * DAY,
     ME,
     {BOB},
     .subject = "Not yet sent",
     .text = "Dear Bob,\r\n",
     .flags = READ | UNSENT},
    {DRAFTS, START + 10 * DAY, ME, .subject = "", .text = "Nobody to send it to\r\n",
     .flags = READ | UNSENT},
    {DELETED,
     START - DAY,
     BOB,
     {ME},
     .subject = "Old news",
     .text = "Old.\r\n",
     .flags = READ | HEADERS},
    {DELETED,
     START - 2 * DAY,
     BOB,
     {ME},
     .subject = "Older news",
     .text = "Older.\r\n",
     .flags = HEADERS},
    {JUNK,
     START + DAY,
     {"Prize", "win@spam.example"},
     {ME},
     .subject = "You have won!!!",
     .text = "Click.\r\n",
     .flags = HEADERS},
    {PROJECTS,
     START + DAY,
     LIST,
     {LIST},
     .subject = "Calendrier prévisionnel",
     .text = "Voici.\r\n",
     .flags = READ | HEADERS},
    {PROJECT,
     START + 2 * DAY,
     LIST,
     {LIST},
     .subject = "Bilan d'été",
     .text = "Voilà.\r\n",
     .flags = HEADERS},
    {HIDDEN, START, ME, {ME}, .subject = "Hidden settings", .text = "x\r\n", .flags = READ},
};

typedef struct {
  BmPstWriter *writer;
  guint32 folders[N_FOLDERS];
  guint32 count;
} Sample;

static void
put_address (BmPstProps *props, const gchar *const address[2], guint name, guint type,
             guint mail_id, guint smtp)
{
  bm_pst_props_string (props, BM_PST_TAG (name, 0x1F), address[0]);
  bm_pst_props_string (props, BM_PST_TAG (type, 0x1F), "SMTP");
  bm_pst_props_string (props, BM_PST_TAG (mail_id, 0x1F), address[1]);
  if (smtp != 0)
    bm_pst_props_string (props, BM_PST_TAG (smtp, 0x1F), address[1]);
}

static void
add_recipient (GPtrArray *recipients, const gchar *const address[2], gint32 type)
{
  BmPstProps *row = NULL;

  if (address[0] == NULL)
    return;
  row = bm_pst_props_new ();
  bm_pst_props_int32 (row, 0x0C150003, type);
  put_address (row, address, 0x3001, 0x3002, 0x3003, 0x39FE);
  bm_pst_props_int32 (row, 0x0FFE0003, 6);
  bm_pst_props_int32 (row, 0x39000003, 0);
  bm_pst_props_int32 (row, 0x30000003, (gint32) recipients->len);
  g_ptr_array_add (recipients, row);
}

static GPtrArray *
recipients_of (const Mail *mail)
{
  GPtrArray *recipients = g_ptr_array_new_with_free_func ((GDestroyNotify) bm_pst_props_free);

  for (guint i = 0; i < 3; i++)
    add_recipient (recipients, mail->to[i], 1);
  add_recipient (recipients, mail->cc, 2);
  add_recipient (recipients, mail->bcc, 3);
  return recipients;
}

static void
add_field (GString *headers, const gchar *name, const gchar *text)
{
  g_autofree gchar *base64 = NULL;

  if (g_str_is_ascii (text)) {
    g_string_append_printf (headers, "%s: %s\r\n", name, text);
    return;
  }
  base64 = g_base64_encode ((const guchar *) text, strlen (text));
  g_string_append_printf (headers, "%s: =?utf-8?B?%s?=\r\n", name, base64);
}

static void
add_mailbox (GString *headers, const gchar *name, const gchar *const address[2])
{
  g_autofree gchar *base64 = g_base64_encode ((const guchar *) address[0], strlen (address[0]));

  g_string_append_printf (headers, "%s: =?utf-8?B?%s?= <%s>\r\n", name, base64, address[1]);
}

static gchar *
headers_of (const Mail *mail, const gchar *id)
{
  GString *headers = g_string_new (NULL);
  g_autoptr (GDateTime) date = g_date_time_new_from_unix_utc (mail->date);
  g_autofree gchar *when = g_date_time_format (date, "%a, %d %b %Y %H:%M:%S +0000");

  g_string_append_printf (headers,
                          "Received: from mx.example.net (mx.example.net [192.0.2.7])\r\n"
                          "\tby mail.example.org (Postfix) with ESMTPS id 4F2A1\r\n"
                          "\tfor <camille.durand@example.org>; %s\r\n",
                          when);
  add_mailbox (headers, "From", mail->from);
  add_mailbox (headers, "To", mail->to[0]);
  if (mail->cc[0] != NULL)
    add_mailbox (headers, "Cc", mail->cc);
  add_field (headers, "Subject", mail->subject);
  g_string_append_printf (headers, "Date: %s\r\nMessage-ID: %s\r\nMIME-Version: 1.0\r\n", when, id);
  g_string_append (headers, "Content-Type: text/plain; charset=\"utf-8\"\r\n\r\n");
  return g_string_free (headers, FALSE);
}

/* Outlook stores a subject behind 0x01 and the length of its prefix plus one ([MS-PST]
 * 2.5.3.1.1.1). */
static void
put_subject (BmPstProps *props, const gchar *subject)
{
  gboolean reply = g_str_has_prefix (subject, "Re: ");
  g_autofree gchar *stored = g_strdup_printf ("\x01%c%s", reply ? 5 : 1, subject);

  bm_pst_props_string (props, 0x0037001F, stored);
  bm_pst_props_string (props, 0x0070001F, reply ? subject + 4 : subject);
}

static void
put_state (Sample *sample, BmPstProps *props, const Mail *mail)
{
  guint16 keywords =
      bm_pst_writer_named_string (sample->writer, bm_pst_ps_public_strings, "Keywords");

  if (mail->verb != 0)
    bm_pst_props_int32 (props, 0x10810003, mail->verb);
  if (mail->follow_up != 0)
    bm_pst_props_int32 (props, 0x10900003, mail->follow_up);
  if (mail->flags & HIGH)
    bm_pst_props_int32 (props, 0x00170003, 2);
  if (mail->categories[0] != NULL)
    bm_pst_props_mv_string (props, BM_PST_TAG (keywords, 0x101F), mail->categories);
}

static BmPstProps *
props_of (Sample *sample, const Mail *mail)
{
  BmPstProps *props = bm_pst_props_new ();
  g_autofree gchar *id = g_strdup_printf ("<sample.%u@mail.example.org>", sample->count++);

  bm_pst_props_string (props, 0x001A001F, "IPM.Note");
  put_subject (props, mail->subject);
  put_address (props, mail->from, 0x0042, 0x0064, 0x0065, 0x5D02);
  put_address (props, mail->from, 0x0C1A, 0x0C1E, 0x0C1F, 0x5D01);
  bm_pst_props_int32 (props, 0x0E070003, mail->flags & (READ | UNSENT));
  bm_pst_props_int32 (props, 0x3FDE0003, 65001);
  if (mail->date != 0) {
    bm_pst_props_filetime (props, 0x00390040, BM_PST_TIME (mail->date));
    bm_pst_props_filetime (props, 0x30070040, BM_PST_TIME (mail->date + 5));
    bm_pst_props_filetime (props, 0x30080040, BM_PST_TIME (mail->date + 5));
    if ((mail->flags & UNSENT) == 0)
      bm_pst_props_filetime (props, 0x0E060040, BM_PST_TIME (mail->date + 3));
  }
  if ((mail->flags & UNSENT) == 0)
    bm_pst_props_string (props, 0x1035001F, id);
  if (mail->flags & HEADERS) {
    g_autofree gchar *headers = headers_of (mail, id);

    bm_pst_props_string (props, 0x007D001F, headers);
  }
  if (mail->text != NULL)
    bm_pst_props_string (props, 0x1000001F, mail->text);
  if (mail->html != NULL)
    bm_pst_props_binary (props, 0x10130102, mail->html, strlen (mail->html));
  bm_pst_props_int32 (props, 0x10160003, mail->html != NULL ? 3 : 1);
  put_state (sample, props, mail);
  return props;
}

static void
add_mail (Sample *sample, const Mail *mail, const BmPstAttachment *attachments, gsize n)
{
  g_autoptr (BmPstProps) props = props_of (sample, mail);
  g_autoptr (GPtrArray) recipients = recipients_of (mail);
  BmPstMessage message = {props, (const BmPstProps *const *) recipients->pdata, recipients->len,
                          attachments, n};

  bm_pst_writer_add_message (sample->writer, sample->folders[mail->folder], &message);
}

static void
put_file (BmPstProps *props, const gchar *long_name, const gchar *short_name, const gchar *type)
{
  bm_pst_props_string (props, 0x3707001F, long_name);
  bm_pst_props_string (props, 0x3704001F, short_name);
  bm_pst_props_string (props, 0x370E001F, type);
}

static void
add_inline_image (Sample *sample)
{
  static const gchar *png64 = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk"
                              "+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
  const Mail mail = {INBOX,
                     START + 11 * DAY,
                     KAETE,
                     {ME},
                     .subject = "With a picture",
                     .text = "See the picture.\r\n",
                     .html = "<html><body><p>See:</p><img "
                             "src=\"cid:image001.png@01D2DE9A.5B7C8D90\"></body></html>",
                     .flags = READ | HEADERS};
  g_autoptr (BmPstProps) props = bm_pst_props_new ();
  gsize size = 0;
  g_autofree guchar *png = g_base64_decode (png64, &size);
  BmPstAttachment attachment = {props, png, size};

  put_file (props, "image001.png", "image001.png", "image/png");
  bm_pst_props_string (props, 0x3712001F, "image001.png@01D2DE9A.5B7C8D90");
  bm_pst_props_int32 (props, 0x37140003, 4);
  bm_pst_props_bool (props, 0x7FFE000B, TRUE);
  add_mail (sample, &mail, &attachment, 1);
}

static void
add_documents (Sample *sample)
{
  const Mail mail = {INBOX,
                     START + 12 * DAY,
                     BOB,
                     {ME},
                     .subject = "Documents joints",
                     .text = "Two files.\r\n",
                     .flags = HEADERS};
  g_autofree guint8 *document = g_malloc (57344);
  g_autoptr (BmPstProps) word = bm_pst_props_new ();
  g_autoptr (BmPstProps) empty = bm_pst_props_new ();
  BmPstAttachment attachments[] = {{word, document, 57344}, {empty, "", 0}};

  for (guint i = 0; i < 57344; i++)
    document[i] = (guint8) (i * 2654435761u >> 24);
  put_file (word, "降低采购成本及供应商谈判技巧.doc", "JIANGD~1.DOC", "application/msword");
  put_file (empty, "empty.txt", "empty.txt", "text/plain");
  add_mail (sample, &mail, attachments, G_N_ELEMENTS (attachments));
}

static void
add_forwarded (Sample *sample)
{
  const Mail outer = {INBOX,
                      START + 13 * DAY,
                      BOB,
                      {ME},
                      .subject = "FW: the original",
                      .text = "As attached.\r\n",
                      .flags = READ | HEADERS};
  const Mail inner = {INBOX,
                      START + 12 * DAY,
                      KAETE,
                      {BOB},
                      .subject = "The original",
                      .text = "Inner text.\r\n",
                      .flags = READ | HEADERS};
  g_autoptr (BmPstProps) inner_props = props_of (sample, &inner);
  g_autoptr (GPtrArray) recipients = recipients_of (&inner);
  g_autoptr (BmPstProps) file = bm_pst_props_new ();
  g_autoptr (BmPstProps) link = bm_pst_props_new ();
  BmPstAttachment inside = {file, "inside\r\n", 8};
  BmPstMessage embedded = {inner_props, (const BmPstProps *const *) recipients->pdata,
                           recipients->len, &inside, 1};
  BmPstAttachment attachment = {link, .embedded = &embedded};

  put_file (file, "inside.txt", "inside.txt", "text/plain");
  bm_pst_props_string (link, 0x3001001F, "The original");
  add_mail (sample, &outer, &attachment, 1);
}

static void
add_not_mail (Sample *sample)
{
  g_autoptr (BmPstProps) appointment = bm_pst_props_new ();
  g_autoptr (BmPstProps) contact = bm_pst_props_new ();
  g_autoptr (BmPstProps) settings = bm_pst_props_new ();
  BmPstWriter *writer = sample->writer;
  guint16 start = bm_pst_writer_named_lid (writer, bm_pst_psetid_appointment, 0x820D);
  guint16 end = bm_pst_writer_named_lid (writer, bm_pst_psetid_appointment, 0x820E);
  guint16 email = bm_pst_writer_named_lid (writer, bm_pst_psetid_address, 0x8083);
  BmPstMessage message = {appointment};

  bm_pst_props_string (appointment, 0x001A001F, "IPM.Appointment");
  bm_pst_props_string (appointment, 0x0037001F, "Réunion");
  bm_pst_props_filetime (appointment, BM_PST_TAG (start, 0x40), BM_PST_TIME (START));
  bm_pst_props_filetime (appointment, BM_PST_TAG (end, 0x40), BM_PST_TIME (START + 3600));
  bm_pst_writer_add_message (writer, sample->folders[CALENDAR], &message);
  bm_pst_props_string (contact, 0x001A001F, "IPM.Contact");
  bm_pst_props_string (contact, 0x3001001F, "Käthe Müller");
  bm_pst_props_string (contact, BM_PST_TAG (email, 0x1F), "kaethe.mueller@example.de");
  message.props = contact;
  bm_pst_writer_add_message (writer, sample->folders[CONTACTS], &message);
  bm_pst_props_string (settings, 0x001A001F, "IPM.Configuration.MessageListSettings");
  message.props = settings;
  message.associated = TRUE;
  bm_pst_writer_add_message (writer, sample->folders[INBOX], &message);
}

static void
put_entry_id (Sample *sample, BmPstProps *props, guint32 tag, FolderKey key)
{
  guint8 id[24];

  bm_pst_writer_entry_id (sample->writer, sample->folders[key], id);
  bm_pst_props_binary (props, tag, id, sizeof (id));
}

/* Where Outlook notes which folder is which. */
static void
put_well_known (Sample *sample)
{
  BmPstProps *store = bm_pst_writer_node_props (sample->writer, BM_PST_NID_STORE);
  guint32 holders[] = {BM_PST_NID_ROOT, sample->folders[INBOX]};
  guint8 junk[24];

  bm_pst_props_int32 (store, 0x35DF0003, 0x9D);
  put_entry_id (sample, store, 0x35E20102, OUTBOX);
  put_entry_id (sample, store, 0x35E40102, SENT);
  bm_pst_writer_entry_id (sample->writer, sample->folders[JUNK], junk);
  for (guint i = 0; i < G_N_ELEMENTS (holders); i++) {
    BmPstProps *props = bm_pst_writer_node_props (sample->writer, holders[i]);
    g_autoptr (GBytes) none = g_bytes_new_static ("", 0);
    g_autoptr (GBytes) id = g_bytes_new (junk, sizeof (junk));
    GBytes *additional[] = {none, none, none, none, id};

    put_entry_id (sample, props, 0x36D00102, CALENDAR);
    put_entry_id (sample, props, 0x36D10102, CONTACTS);
    put_entry_id (sample, props, 0x36D70102, DRAFTS);
    bm_pst_props_mv_binary (props, 0x36D81102, additional, G_N_ELEMENTS (additional));
  }
  bm_pst_props_bool (bm_pst_writer_node_props (sample->writer, sample->folders[HIDDEN]), 0x10F4000B,
                     TRUE);
  bm_pst_writer_receive_folder (sample->writer, sample->folders[INBOX]);
}

gboolean
bm_pst_sample_write (const gchar *path, const BmPstWriterOptions *options, GError **error)
{
  BmPstWriterOptions own = options != NULL ? *options : (BmPstWriterOptions){0};
  Sample sample = {0};

  own.store_name = "Archive de Camille";
  sample.writer = bm_pst_writer_new (path, &own, error);
  if (sample.writer == NULL)
    return FALSE;
  for (guint i = 0; i < N_FOLDERS; i++) {
    FolderKey parent = folder_table[i].parent;

    sample.folders[i] =
        i == DELETED
            ? BM_PST_NID_DELETED
            : bm_pst_writer_add_folder (sample.writer, parent == i ? 0 : sample.folders[parent],
                                        folder_table[i].name, folder_table[i].class, NULL);
  }
  bm_pst_writer_add_search_folder (sample.writer, 0, "Unread Mail");
  put_well_known (&sample);
  for (guint i = 0; i < G_N_ELEMENTS (mails); i++)
    add_mail (&sample, &mails[i], NULL, 0);
  add_inline_image (&sample);
  add_documents (&sample);
  add_forwarded (&sample);
  add_not_mail (&sample);
  return bm_pst_writer_close (sample.writer, error);
}
