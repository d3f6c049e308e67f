/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Cases on signed and encrypted mail and on reports: 62-67. The signed messages are made by openssl,
 * and openssl says whether they still are. */
#include "mime/cases/cases.h"

#include <glib/gstdio.h>
#include <string.h>

static gchar *
file_in (const gchar *dir, const gchar *name)
{
  return g_build_filename (dir, name, NULL);
}

static gboolean
run (const gchar *dir, const gchar *command)
{
  g_autofree gchar *out = NULL, *err = NULL;
  const gchar *argv[] = {"sh", "-c", command, NULL};
  gint status = 1;
  g_assert_true (g_spawn_sync (dir, (gchar **) argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, &out,
                               &err, &status, NULL));
  if (status != 0)
    g_test_message ("%s: %s%s", command, out, err);
  return status == 0;
}

/* A directory with a key, a certificate and a text in Latin-1 with odd blanks at line ends. */
static gchar *
workshop (void)
{
  static const gchar text[] = "Content-Type: text/plain; charset=iso-8859-1\r\n"
                              "Content-Transfer-Encoding: 8bit\r\n\r\n"
                              "Caf\xe9  \r\n\tthree dots: ...\r\n\r\n.\r\n-- \r\nAda";
  gchar *dir = g_dir_make_tmp ("bm-signed-XXXXXX", NULL);
  g_autofree gchar *path = file_in (dir, "text");
  g_assert_true (g_file_set_contents (path, text, sizeof text - 1, NULL));
  g_assert_true (run (dir, "openssl req -x509 -newkey rsa:2048 -nodes -keyout key -out cert -days "
                           "2 -subj /CN=ada -addext extendedKeyUsage=emailProtection 2>&1"));
  return dir;
}

static void
close_workshop (gchar *dir)
{
  GDir *open = g_dir_open (dir, 0, NULL);
  for (const gchar *name; (name = g_dir_read_name (open)) != NULL;) {
    g_autofree gchar *path = file_in (dir, name);
    g_unlink (path);
  }
  g_dir_close (open);
  g_rmdir (dir);
  g_free (dir);
}

static GBytes *
contents (const gchar *dir, const gchar *name)
{
  g_autofree gchar *path = file_in (dir, name);
  gchar *data = NULL;
  gsize size;
  g_assert_true (g_file_get_contents (path, &data, &size, NULL));
  return g_bytes_new_take (data, size);
}

static CaseMail *
secure_mail (Case *c, const gchar *message_class, const gchar *type, GBytes *bytes)
{
  gsize size;
  gconstpointer data = g_bytes_get_data (bytes, &size);
  CaseMail *mail = case_plain_mail (c);
  mail_text (mail, 0x001a, message_class);
  BmPstProps *props = mail_attach (mail, "smime.p7m", data, size);
  if (type != NULL)
    bm_pst_props_string (props, 0x370e001f, type);
  return mail;
}

static gboolean
verifies (const gchar *dir, const Rendered *r, const gchar *command)
{
  gsize size;
  g_autofree gchar *path = file_in (dir, "rendered");
  const gchar *data = g_bytes_get_data (r->message->bytes, &size);
  g_assert_true (g_file_set_contents (path, data, (gssize) size, NULL));
  return run (dir, command);
}
#define VERIFY "openssl smime -verify -in rendered -CAfile cert -out said 2>&1"

static void
case_62_opaque (Case *c)
{
  gchar *dir = workshop ();
  g_assert_true (run (dir, "openssl smime -sign -binary -nodetach -in text -signer cert -inkey key "
                           "-outform DER -out p7m && openssl smime -encrypt -binary -aes256 -in "
                           "text -outform DER -out env cert"));
  g_autoptr (GBytes) is_signed = contents (dir, "p7m");
  g_autoptr (GBytes) encrypted = contents (dir, "env");
  g_autoptr (GBytes) text = contents (dir, "text");
  secure_mail (c, "IPM.Note.SMIME", "application/pkcs7-mime", is_signed);
  secure_mail (c, "ipm.note.smime", NULL, encrypted);
  const Rendered *r = case_render (c, 0);
  case_expect (c, "param 0 smime-type=signed-data");
  g_autofree gchar *shape = rendered_shape (r);
  g_assert_cmpstr (shape, ==, "application/pkcs7-mime");
  gsize size;
  g_autofree gchar *kept = rendered_content (rendered_leaf (r, 0), &size);
  g_assert_cmpmem (kept, size, g_bytes_get_data (is_signed, NULL), g_bytes_get_size (is_signed));
  g_assert_true (verifies (dir, r, VERIFY));
  g_autoptr (GBytes) said = contents (dir, "said");
  g_assert_true (g_bytes_equal (said, text));
  r = case_render (c, 1);
  case_expect (c, "param 0 smime-type=enveloped-data");
  g_assert_true (verifies (dir, r,
                           "openssl smime -decrypt -in rendered -recip cert -inkey key -out "
                           "said 2>&1"));
  g_autoptr (GBytes) opened = contents (dir, "said");
  g_assert_true (g_bytes_equal (opened, text));
  close_workshop (dir);
}

/* What its first bytes do not say, the type with which it came does. */
static void
case_62_certificates (Case *c)
{
  gchar *dir = workshop ();
  g_assert_true (run (dir, "openssl crl2pkcs7 -nocrl -certfile cert -outform DER -out p7c"));
  g_autoptr (GBytes) certificates = contents (dir, "p7c");
  secure_mail (c, "IPM.Note.SMIME", "application/pkcs7-mime; smime-type=certs-only", certificates);
  CaseMail *told = secure_mail (c, "IPM.Note.SMIME", NULL, certificates);
  mail_text (told, 0x007d,
             "From: Ada <ada@example.org>\r\nDate: Fri, 14 Jul 2017 04:40:00 +0200\r\n"
             "Message-ID: <one@example.org>\r\n"
             "Content-Type: application/pkcs7-mime;\r\n smime-type=\"certs-only\"\r\n");
  for (guint i = 0; i < 2; i++) {
    case_render (c, i);
    case_expect (c, "param 0 smime-type=certs-only");
    case_expect (c, "param 0 filename=smime.p7c");
  }
  close_workshop (dir);
}

/* The entity, as a message that openssl wrote; its lines end in one way only. */
static gchar *
clear_signed (const gchar *dir, const gchar *line_end)
{
  g_assert_true (run (dir, "openssl smime -sign -in text -signer cert -inkey key -out clear"));
  g_autoptr (GBytes) bytes = contents (dir, "clear");
  g_autofree gchar *text = g_strndup (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
  g_auto (GStrv) pieces = g_strsplit (text, "\r", -1);
  g_autofree gchar *lf = g_strjoinv ("", pieces);
  g_auto (GStrv) lines = g_strsplit (lf, "\n", -1);
  return g_strjoinv (line_end, lines);
}

static void
case_63_clear (Case *c)
{
  gchar *dir = workshop ();
  g_autofree gchar *text = clear_signed (dir, "\r\n");
  g_autoptr (GBytes) with_crlf = g_bytes_new (text, strlen (text));
  secure_mail (c, "IPM.Note.SMIME.MultipartSigned", "multipart/signed", with_crlf);
  const Rendered *r = case_render (c, 0);
  g_autofree gchar *shape = rendered_shape (r);
  g_assert_true (g_str_has_prefix (shape, "signed(text/plain,application/"));
  const gchar *body = strstr (text, "\r\n\r\n"), *ours = strstr (r->text, "\r\n\r\n");
  g_assert_cmpstr (ours, ==, body);
  g_assert_true (verifies (dir, r, VERIFY));
  g_assert_false (verifies (dir, r, "sed -i s/three/four/ rendered && " VERIFY));
  close_workshop (dir);
}

/* As some gateways store it: LF alone, and in a message that lies in another one. */
static void
case_63_clear_with_lf (Case *c)
{
  gchar *dir = workshop ();
  g_autofree gchar *lf = clear_signed (dir, "\n");
  g_autoptr (GBytes) with_lf = g_bytes_new (lf, strlen (lf));
  secure_mail (c, "IPM.Note.SMIME.MultipartSigned", "multipart/signed", with_lf);
  const Rendered *r = case_render (c, 0);
  g_assert_true (verifies (dir, r, VERIFY));
  close_workshop (dir);
}

static void
case_64_not_as_it_should_be (Case *c)
{
  static const gchar *const classes[] = {"IPM.Note.SMIME", "IPM.Note.SMIME.MultipartSigned"};
  static const gchar broken[] = "Content-Type: multipart/signed\r\nX: \0\r\n\r\n";
  for (guint i = 0; i < G_N_ELEMENTS (classes); i++) {
    CaseMail *none = case_plain_mail (c), *two = case_plain_mail (c), *one = case_plain_mail (c);
    CaseMail *empty = case_plain_mail (c);
    CaseMail *const all[] = {none, two, one, empty};
    for (guint k = 0; k < G_N_ELEMENTS (all); k++)
      mail_text (all[k], 0x001a, classes[i]);
    mail_attach (two, "smime.p7m", "0\x80", 2);
    mail_attach (two, "b.txt", "b", 1);
    mail_attach (one, "smime.p7m", broken, sizeof broken);
    mail_attach (empty, "smime.p7m", "", 0);
  }
  static const gchar *const shapes[] = {
      "text/plain", "mixed(text/plain,application/pkcs7-mime,text/plain)",
      "mixed(text/plain,application/pkcs7-mime)", "mixed(text/plain,application/pkcs7-mime)"};
  for (guint i = 0; i < 8; i++) {
    const Rendered *r = case_render (c, i);
    g_autofree gchar *shape = rendered_shape (r);
    g_assert_cmpstr (shape, ==, shapes[i % 4]);
  }
}

#define PGP "-----BEGIN PGP MESSAGE-----\r\n\r\nhQEM\r\n-----END PGP MESSAGE-----\r\n"

static void
case_64_pgp (Case *c)
{
  static const gchar headers[] =
      "From: Ada <ada@example.org>\r\nDate: Fri, 14 Jul 2017 04:40:00 +0200\r\n"
      "Message-ID: <one@example.org>\r\nContent-Type: multipart/encrypted; boundary=x;\r\n"
      " protocol=\"application/pgp-encrypted\"\r\n";
  for (guint i = 0; i < 2; i++) {
    CaseMail *mail = case_plain_mail (c);
    mail_text (mail, 0x007d, headers);
    BmPstProps *version = mail_attach (mail, "version.txt", "Version: 1\r\n", 12);
    bm_pst_props_string (version, 0x370e001f, "application/pgp-encrypted");
    if (i == 0)
      mail_attach (mail, "encrypted.asc", PGP, strlen (PGP));
  }
  const Rendered *r = case_render (c, 0);
  g_autofree gchar *shape = rendered_shape (r);
  g_assert_cmpstr (shape, ==, "encrypted(application/pgp-encrypted,application/octet-stream)");
  gsize size;
  g_autofree gchar *content = rendered_content (rendered_leaf (r, 1), &size);
  g_assert_cmpmem (content, size, PGP, strlen (PGP));
  r = case_render (c, 1);
  g_autofree gchar *alone = rendered_shape (r);
  g_assert_cmpstr (alone, ==, "mixed(text/plain,application/pgp-encrypted)");
}

/* ---- reports ---- */

static CaseMail *
report_mail (Case *c, const gchar *message_class)
{
  CaseMail *mail = case_plain_mail (c);
  mail_text (mail, 0x001a, message_class);
  mail_text (mail, 0x1000, "");
  return mail;
}

static void
case_65_not_delivered (Case *c)
{
  CaseMail *mail = report_mail (c, "REPORT.IPM.Note.NDR");
  mail_text (mail, 0x6820, "mx.example.net");
  mail_text (mail, 0x1001, "Sorry");
  BmPstProps *row = mail_row (mail, 1, "Zoe", "zoe@example.net");
  bm_pst_props_int32 (row, 0x0c200003, 511);
  bm_pst_props_string (row, 0x0c1b001f, "550 5.1.1 no such \xc3\xbcser\r\nX-Evil: 1");
  bm_pst_props_string (row, 0x0c21001f, "mail.example.net");
  BmPstProps *late = mail_row (mail, 1, "Ann", "ann@example.net");
  bm_pst_props_int32 (late, 0x0c200003, 447); /* given up after days of trying, RFC 3463 3.5 */
  bm_pst_props_string (late, 0x1001001f, "It took too long.\r\nAsk your postmaster.");
  CaseMail *original = mail_embed (mail, NULL);
  mail_text (original, 0x0037, "Hi Zoe");
  const Rendered *r = case_render (c, 0);
  g_autofree gchar *shape = rendered_shape (r);
  g_assert_cmpstr (shape, ==,
                   "report(text/plain,message/delivery-status,message/rfc822[text/plain])");
  case_expect (c, "text 0 contains Sorry");
  static const gchar *const lines[] = {
      "Reporting-MTA: dns; mx.example.net\r\n",
      "Final-Recipient: rfc822; zoe@example.net\r\n",
      "Action: failed\r\n",
      "Status: 5.1.1\r\n",
      "Remote-MTA: dns; mail.example.net\r\n",
      "Diagnostic-Code: smtp; 550 5.1.1 no such ?ser X-Evil: 1\r\n",
      ("Final-Recipient: rfc822; ann@example.net\r\nAction: failed\r\nStatus: 4.4.7\r\n"
       "X-Report-Text: It took too long. Ask your postmaster.\r\n"),
      "report-type=delivery-status"};
  for (guint i = 0; i < G_N_ELEMENTS (lines); i++)
    if (strstr (r->text, lines[i]) == NULL)
      g_error ("no %s in %s", lines[i], r->text);
  /* Bob's cells are empty: nothing is said of him */
  g_assert_null (strstr (r->text, "Remote-MTA: dns;\r\n"));
  g_assert_null (strstr (r->text, "Diagnostic-Code: x-text;\r\n"));
}

#define DETAILS                                                                                    \
  "Reporting-MTA: dns;mx.example.net\n\nFinal-Recipient: RFC822;zoe@example.net\nAction: failed\n" \
  "Status: 5.0.0\n"

/* What the server said is kept, whatever else the item knows. */
static void
case_65_details (Case *c)
{
  CaseMail *mail = report_mail (c, "REPORT.IPM.Note.NDR");
  BmPstProps *details = mail_attach (mail, "details.txt", DETAILS, strlen (DETAILS));
  bm_pst_props_string (details, 0x370e001f, "message/delivery-status");
  BmPstProps *other = mail_attach (mail, "log.txt", "log", 3);
  bm_pst_props_string (other, 0x370e001f, "text/plain");
  const Rendered *r = case_render (c, 0);
  g_autofree gchar *shape = rendered_shape (r);
  g_assert_cmpstr (shape, ==, "mixed(report(text/plain,message/delivery-status),text/plain)");
  g_assert_nonnull (strstr (r->text, "\r\nFinal-Recipient: RFC822;zoe@example.net\r\n"));
  case_expect (c, "text 0 contains could not be delivered");
}

typedef struct {
  guint ndr, dr, read;
} Reports;

static void
check_reports (Case *c, const BmItem *item, const Rendered *r, gpointer data)
{
  Reports *reports = data;
  g_autofree gchar *shape = rendered_shape (r);
  if (g_ascii_strcasecmp (item->message_class, "REPORT.IPM.Note.NDR") == 0) {
    reports->ndr++;
    g_test_message ("%s", shape);
    g_assert_true (g_str_has_prefix (shape, "report("));
    g_assert_nonnull (strstr (shape, ",message/delivery-status,message/rfc822["));
    GMimeObject *report = g_mime_message_get_mime_part (r->parsed);
    g_assert_cmpint (g_mime_multipart_get_count (GMIME_MULTIPART (report)), ==, 3);
  } else if (g_ascii_strcasecmp (item->message_class, "REPORT.IPM.Note.DR") == 0) {
    reports->dr++;
    g_assert_nonnull (strstr (shape, "message/delivery-status"));
    g_assert_nonnull (strstr (r->text, "report-type=delivery-status"));
  } else if (g_ascii_strcasecmp (item->message_class, "REPORT.IPM.Note.IPNRN") == 0) {
    reports->read++;
    g_assert_nonnull (strstr (shape, "message/disposition-notification"));
  }
}

static void
case_65_corpus (Case *c)
{
  Reports reports = {0};
  if (case_corpus_each (c, "aspose-password.pst", check_reports, &reports) == 0)
    return;
  g_assert_cmpuint (reports.ndr, ==, 2);
  g_assert_cmpuint (reports.dr, ==, 4);
  g_assert_cmpuint (reports.read, ==, 1);
}

static void
case_65_other_reports (Case *c)
{
  static const gchar *const kinds[][3] = {
      {"REPORT.IPM.Note.DR", "delivered", "2.0.0"},
      {"REPORT.IPM.Note.Delayed", "delayed", "4.0.0"},
      {"REPORT.IPM.Schedule.Meeting.Request.Relayed", "relayed", "2.0.0"},
      {"report.ipm.note.expanded", "expanded", "2.0.0"}};
  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++)
    report_mail (c, kinds[i][0]);
  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++) {
    const Rendered *r = case_render (c, i);
    g_autofree gchar *want =
        g_strdup_printf ("Action: %s\r\nStatus: %s\r\n", kinds[i][1], kinds[i][2]);
    g_assert_nonnull (strstr (r->text, want));
  }
}

/* Nothing is said but for each recipient; of Bob, who got through, not even that. */
static void
case_65_words_for_each (Case *c)
{
  CaseMail *mail = report_mail (c, "REPORT.IPM.Note.NDR");
  BmPstProps *row = mail_row (mail, 1, "Zoe", "zoe@example.net");
  bm_pst_props_string (row, 0x1001001f, "The mailbox is full.");
  mail_text (mail, 0x0049, "Lunch?");
  mail_time (mail, 0x004e, 1500000000);
  mail_time (mail, 0x0032, 1500003600);
  const Rendered *r = case_render (c, 0);
  case_expect (c, "text 0 contains could not be delivered to:\\n  Zoe: The mailbox is full.\\n\\n"
                  "The message:\\n  Subject: Lunch?\\n  Sent: Fri, 14 Jul 2017 02:40:00 +0000");
  g_assert_null (strstr (r->text, "Final-Recipient: rfc822; bob@example.net"));
  g_assert_nonnull (strstr (r->text, "\r\nArrival-Date: Fri, 14 Jul 2017 02:40:00 +0000\r\n"));
  g_assert_nonnull (strstr (r->text, "\r\nLast-Attempt-Date: Fri, 14 Jul 2017 03:40:00 +0000\r\n"));
}

/* A row with nothing but the receiver's own name: who failed stands in the item. */
static void
case_65_receiver_row (Case *c)
{
  CaseMail *mail = report_mail (c, "REPORT.IPM.Note.NDR");
  mail_text (mail, 0x5d07, "bob@example.net");
  mail_text (mail, 0x0074, "zoe@example.net; Ann");
  const Rendered *r = case_render (c, 0);
  g_assert_nonnull (strstr (r->text, "\r\nFinal-Recipient: rfc822; zoe@example.net\r\n"));
  g_assert_nonnull (strstr (r->text, "\r\nFinal-Recipient: rfc822; ann@unresolved.invalid\r\n"));
  g_assert_null (strstr (r->text, "Final-Recipient: rfc822; bob@example.net"));
  case_expect (c, "text 0 contains could not be delivered to:\\n  zoe@example.net\\n  Ann");
}

/* Where the code is when it is not in 0x0C20. */
static void
case_65_codes (Case *c)
{
  static const struct {
    const gchar *information, *report, *body;
    gint32 diagnosis;
    const gchar *status;
  } kinds[] = {
      {"<mx.example.net #5.1.10 smtp;550 user>", "#5.7.1", NULL, -1, "5.1.10"},
      {NULL, "mx said: 554 5.7.133 no", NULL, -1, "5.7.133"},
      {NULL, NULL, "Outlook 5.0.1 of 14.2.5.1.1 says:\r\n#550 5.2.2 full", -1, "5.2.2"},
      {NULL, NULL, "See 5.1.1 and 5.1.1.5 of the manual", 35, "5.1.1"},
      {NULL, NULL, "Nothing", 7, "5.2.3"},
      {"2.0.0 is no failure", NULL, NULL, -1, "5.0.0"},
  };
  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++) {
    CaseMail *mail = report_mail (c, "REPORT.IPM.Note.NDR");
    mail_drop_rows (mail);
    BmPstProps *row = mail_row (mail, 1, "Zoe", "zoe@example.net");
    bm_pst_props_int32 (row, 0x0c050003, kinds[i].diagnosis);
    if (kinds[i].information != NULL)
      bm_pst_props_string (row, 0x0c1b001f, kinds[i].information);
    if (kinds[i].report != NULL)
      bm_pst_props_string (row, 0x1001001f, kinds[i].report);
    if (kinds[i].body != NULL)
      mail_text (mail, 0x1000, kinds[i].body);
  }
  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++) {
    const Rendered *r = case_render (c, i);
    g_autofree gchar *want = g_strdup_printf ("\r\nStatus: %s\r\n", kinds[i].status);
    if (strstr (r->text, want) == NULL)
      g_error ("no %s in %s", want, r->text);
  }
}

static void
case_66_receipts (Case *c)
{
  CaseMail *read = report_mail (c, "REPORT.IPM.Note.IPNRN");
  report_mail (c, "REPORT.IPM.Note.IPNNRN");
  mail_text (read, 0x1046, "<asked@example.net>");
  mail_text (read, 0x0074, "Ada Lovelace");
  mail_text (read, 0x0049, "Lunch?");
  mail_time (read, 0x004e, 1500000000);
  mail_time (read, 0x002a, 1500003600);
  const Rendered *r = case_render (c, 0);
  g_autofree gchar *shape = rendered_shape (r);
  g_assert_cmpstr (shape, ==, "report(text/plain,message/disposition-notification)");
  g_assert_nonnull (strstr (r->text, "\r\nFinal-Recipient: rfc822; ada@example.org\r\n"));
  g_assert_nonnull (strstr (r->text, "\r\nOriginal-Message-ID: <asked@example.net>\r\n"));
  g_assert_nonnull (strstr (r->text, "report-type=disposition-notification"));
  case_expect (c, "text 0 contains Your message\\n  To: Ada Lovelace\\n  Subject: Lunch?\\n"
                  "  Sent: Fri, 14 Jul 2017 02:40:00 +0000\\n"
                  "was read on Fri, 14 Jul 2017 03:40:00 +0000.");
  g_assert_nonnull (strstr (r->text, "manual-action/MDN-sent-manually; displayed\r\n"));
  r = case_render (c, 1);
  g_assert_nonnull (strstr (r->text, "manual-action/MDN-sent-manually; deleted\r\n"));
  case_expect (c, "text 0 contains Your message was deleted without being read.");
}

static void
check_refused_calendar (Case *c, const BmItem *item, const Rendered *r, gpointer found)
{
  if (g_ascii_strcasecmp (item->message_class, "REPORT.IPM.Note.NotSupportedICal.NDR") != 0)
    return;
  g_autofree gchar *shape = rendered_shape (r);
  g_assert_true (g_str_has_prefix (shape, "report("));
  g_assert_nonnull (strstr (shape, ",message/delivery-status,message/rfc822["));
  g_assert_nonnull (strstr (shape, "text/calendar"));
  g_assert_nonnull (strstr (r->text, "not supported calendar message.ics"));
  (*(guint *) found)++;
}

static void
case_67_refused_calendar (Case *c)
{
  guint found = 0;
  if (case_corpus_each (c, "aspose-sample.ost", check_refused_calendar, &found) > 0)
    g_assert_cmpuint (found, ==, 1);
}

static const CaseEntry entries[] = {
    CASE (62, opaque),
    CASE (62, certificates),
    CASE (63, clear),
    CASE (63, clear_with_lf),
    CASE (64, not_as_it_should_be),
    CASE (64, pgp),
    CASE (65, not_delivered),
    CASE (65, details),
    CASE (65, words_for_each),
    CASE (65, receiver_row),
    CASE (65, codes),
    CASE (65, corpus),
    CASE (65, other_reports),
    CASE (66, receipts),
    CASE (67, refused_calendar),
};

int
main (int argc, char **argv)
{
  return case_main (argc, argv, entries, G_N_ELEMENTS (entries));
}
