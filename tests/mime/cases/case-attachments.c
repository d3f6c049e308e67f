/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Cases on attachments: 47-56 and 58-61, and memory. */
#include "mime/cases/cases.h"

#include "pst/bm-pst.h"
#include "pst/bm-pst-window.h"
#include <fcntl.h>
#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SHAPE_IS(rendered, want)                                                                   \
  G_STMT_START                                                                                     \
  {                                                                                                \
    g_autofree gchar *shape_ = rendered_shape (rendered);                                          \
    g_assert_cmpstr (shape_, ==, want);                                                            \
  }                                                                                                \
  G_STMT_END

static void
set_text (BmPstProps *props, guint16 id, const gchar *text)
{
  bm_pst_props_string (props, BM_PST_TAG (id, 0x001f), text);
}

static void
set_int (BmPstProps *props, guint16 id, gint32 value)
{
  bm_pst_props_int32 (props, BM_PST_TAG (id, 0x0003), value);
}

static BmPstProps *
picture (CaseMail *mail, const gchar *name, const gchar *content_id, gint32 flags)
{
  BmPstProps *props = mail_attach (mail, name, "\x89PNG\r\n", 6);
  if (content_id != NULL)
    set_text (props, 0x3712, content_id);
  set_int (props, 0x3714, flags);
  return props;
}

static void
set_html (CaseMail *mail, const gchar *html)
{
  mail_bytes (mail, 0x1013, html, strlen (html));
}

static void
case_47_inline (Case *c)
{
  CaseMail *mail = case_plain_mail (c);
  set_html (mail, "<p>Hi <img src=\"cid:a@x\"></p>");
  picture (mail, "a.png", "a@x", 4);
  picture (mail, "b.png", "b@x", 4);
  SHAPE_IS (case_render (c, 0),
            "mixed(related(alternative(text/plain,text/html),image/png),image/png)");
  case_expect (c, "param 2 filename=a.png");
}

/* What the HTML shows is inline, whatever a flag says, by its id or by its name. */
static void
case_48_without_flag (Case *c)
{
  case_options (c)->format = BM_PST_WRITE_ANSI;
  CaseMail *mail = case_plain_mail (c);
  set_html (mail, "<p><img src=\"cid:a@x\"><img src=\"b.png\"><img src=c.png alt='b.png'></p>");
  picture (mail, "a.png", "a@x", 0);
  picture (mail, "b.png", NULL, 0);
  picture (mail, "c.png", "c'\"@x", 0);
  SHAPE_IS (case_render (c, 0),
            "related(alternative(text/plain,text/html),image/png,image/png,image/png)");
  case_expect (c,
               "text 1 contains <img src=\"cid:a@x\"><img src=\"cid:attachment-2@pst.invalid\">");
  case_expect (c, "text 1 contains <img src=cid:c%%27@x alt='b.png'>");
}

/* By name in every way that HTML can write it; a cid: that some attachment has means that one. */
static void
case_48_by_name (Case *c)
{
  CaseMail *mail = case_plain_mail (c);
  set_html (mail, "<style>p{background:url('a b.png')}</style><td style=\"background:url(b%.png)\">"
                  "<img src=\"my%20c.png\"><img src=\"cid:d.png\"><img src=\"cid:e.png\">"
                  "<img src=\"SHORT~1.PNG\">");
  picture (mail, "a b.png", NULL, 0);
  picture (mail, "b%.png", NULL, 0);
  picture (mail, "my c.png", "c@x", 0);
  picture (mail, "d.png", NULL, 0);
  picture (mail, "e.png", NULL, 0);
  picture (mail, "other.png", "e.png", 0);
  BmPstProps *last = mail_attach (mail, "a short name.png", "\x89PNG", 4);
  bm_pst_props_string (last, BM_PST_TAG (0x3704, 0x001f), "SHORT~1.PNG");
  SHAPE_IS (case_render (c, 0),
            "mixed(related(alternative(text/plain,text/html),image/png,image/png,"
            "image/png,image/png,image/png,image/png),image/png)");
  case_expect (c, "text 1 contains url(cid:attachment-1@pst.invalid)}</style><td "
                  "style=\"background:url(cid:attachment-2@pst.invalid)\"><img "
                  "src=\"cid:c@x\"><img src=\"cid:attachment-4@pst.invalid\"><img "
                  "src=\"cid:e.png\"><img src=\"cid:attachment-7@pst.invalid\">");
  case_expect (c, "param 6 filename=other.png");
  case_expect (c, "param 8 filename=e.png");
}

static void
case_49_twice (Case *c)
{
  CaseMail *mail = case_plain_mail (c);
  set_html (mail, "<p><img src=\"cid:a@x\"></p>");
  picture (mail, "first.png", "a@x", 4);
  picture (mail, "second.png", "a@x", 4);
  const Rendered *r = case_render (c, 0);
  SHAPE_IS (r, "mixed(related(alternative(text/plain,text/html),image/png),image/png)");
  case_expect (c, "param 2 filename=first.png");
  case_expect (c, "param 3 filename=second.png");
  g_assert_true (rendered_noted (r, BM_NOTE_DUPLICATE_CONTENT_ID));
}

#define CHINESE "降低采购成本及供应商谈判技巧.doc"

static void
case_50_long_name (Case *c)
{
  CaseMail *mail = case_plain_mail (c);
  mail_attach (mail, CHINESE, "doc", 3);
  const Rendered *r = case_render (c, 0);
  case_expect (c, "param 1 filename=" CHINESE);
  g_assert_nonnull (strstr (r->text, "filename*0*=utf-8''"));
}

static void
case_51_odd_names (Case *c)
{
  static const gchar *const names[][2] = {
      {"..\\..\\x.exe", "x.exe"},   {"/etc/passwd", "passwd"},
      {"", "attachment-1"},         {"..", "attachment-1"},
      {"con.txt", "_con.txt"},      {"LPT1", "_LPT1"},
      {".pdf", "attachment-1.pdf"}, {"a\r\nb\t\"c\".txt", "a b _c_.txt"}};
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    mail_attach (case_plain_mail (c), names[i][0], "x", 1);
  for (guint i = 0; i < G_N_ELEMENTS (names); i++) {
    const Rendered *r = case_render (c, i);
    case_expect (c, "param 1 filename=%s", names[i][1]);
    g_assert_true (rendered_noted (r, BM_NOTE_ATTACHMENT_NAME_CHANGED) || i == 2);
  }
}

static void
case_52_empty (Case *c)
{
  mail_attach (case_plain_mail (c), "empty.bin", "", 0);
  const Rendered *r = case_render (c, 0);
  gsize size = 1;
  g_autofree gchar *content = rendered_content (rendered_leaf (r, 1), &size);
  g_assert_cmpmem (content, size, "", 0);
  case_expect (c, "param 1 filename=empty.bin");
  g_assert_false (rendered_noted (r, BM_NOTE_ATTACHMENT_DAMAGED));
}

static void
case_53_lost (Case *c)
{
  BmPstProps *props = mail_attach (case_plain_mail (c), "big.pdf", "", 0);
  set_int (props, 0x0e20, 629922);
  BmPstProps *part = mail_attach (case_plain_mail (c), "half.pdf", "%PDF", 4);
  set_int (part, 0x0e20, 629922);
  const Rendered *r = case_render (c, 0);
  SHAPE_IS (r, "mixed(text/plain,text/plain)");
  case_expect (c, "text 1 contains could not be read");
  case_expect (c, "param 1 filename=big.pdf.txt");
  g_assert_true (rendered_noted (r, BM_NOTE_ATTACHMENT_DAMAGED));
  r = case_render (c, 1);
  SHAPE_IS (r, "mixed(text/plain,application/pdf,text/plain)");
  case_expect (c, "text 2 contains only the first 4 bytes");
  g_assert_true (rendered_noted (r, BM_NOTE_ATTACHMENT_DAMAGED));
}

/* ---- 150 MB ---- */

#define BIG G_GUINT64_CONSTANT (157286400)

static gssize
read_big (gpointer left, guint8 *buffer, gsize size)
{
  guint64 *n = left;
  gsize now = (gsize) MIN (*n, (guint64) size);
  memset (buffer, 'x', now);
  *n -= now;
  return (gssize) now;
}

/* Memory of our own, kB; pages of a memory file do not count. */
static guint64
own_memory (void)
{
  g_autofree gchar *status = NULL;
  g_assert_true (g_file_get_contents ("/proc/self/status", &status, NULL, NULL));
  const gchar *line = strstr (status, "RssAnon:");
  g_assert_nonnull (line);
  return strtoull (line + 8, NULL, 10);
}

/* The attachment is that many x, no less and no more. */
static void
assert_big (GBytes *message)
{
  gsize size;
  const gchar *text = g_bytes_get_data (message, &size);
  const gchar *at = g_strstr_len (text, (gssize) size, "\r\neHh4");
  guint64 n = 0;
  g_assert_nonnull (at);
  const gchar *end = g_strstr_len (at, (gssize) (size - (gsize) (at - text)), "\r\n--");
  g_assert_nonnull (end);
  gint state = 0;
  guint save = 0;
  while (at < end) {
    guchar out[6000];
    gsize now = MIN ((gsize) (end - at), (gsize) 6000);
    gsize got = g_base64_decode_step (at, now, out, &state, &save);
    for (gsize i = 0; i < got; i++)
      n += out[i] == 'x' ? 1 : BIG;
    at += now;
  }
  g_assert_cmpuint (n, ==, BIG);
}

static void
case_54_big (Case *c)
{
  g_autoptr (GError) error = NULL;
  guint64 left = BIG;
  BmPstAttachment attachment = {.read = read_big, .user_data = &left};
  BmPstMessage message = {.attachments = &attachment, .n_attachments = 1};
  g_autoptr (BmPstProps) props = bm_pst_props_new ();
  BmPstWriter *writer = case_writer (c);
  set_text (props, 0x001a, "IPM.Note");
  message.props = props;
  guint32 nid = bm_pst_writer_add_message (writer, BM_PST_NID_DELETED, &message);
  BmPstOptions options = {0};
  gint fd = open (case_write (c), O_RDONLY | O_CLOEXEC);
  BmPst *pst = bm_pst_open_fd (fd, &options, &error);
  g_assert_no_error (error);
  g_autoptr (BmCensus) census = bm_pst_census (pst, &error);
  g_assert_nonnull (census);
  guint64 before = own_memory ();
  g_assert_cmpuint (before, >, 0);
  {
    BmRenderContext context = {0};
    g_autoptr (BmPstWindow) window = bm_pst_window_open (pst, &nid, 1, &error);
    g_autoptr (BmItem) item = bm_pst_window_read (window, 0, &error);
    g_assert_no_error (error);
    g_autoptr (BmMessage) rendered = bm_render (item, &context, &error);
    g_assert_no_error (error);
    assert_big (rendered->bytes);
#ifndef __SANITIZE_ADDRESS__ /* it remembers what is free */
    g_assert_cmpuint (own_memory (), <, before + 32 * 1024);
#endif
  }
  bm_pst_close (pst);
  close (fd);
}

/* ---- messages in messages ---- */

static void
case_55_embedded (Case *c)
{
  CaseMail *mail = case_plain_mail (c);
  CaseMail *inner = mail_embed (mail, NULL);
  mail_text (inner, 0x0037, "First email");
  mail_attach (inner, "a.docx", "PK", 2);
  SHAPE_IS (case_render (c, 0), "mixed(text/plain,message/rfc822[mixed(text/plain,application/"
                                "vnd.openxmlformats-officedocument.wordprocessingml.document)])");
}

static void
check_docx (Case *c, const BmItem *item, const Rendered *r, gpointer found)
{
  g_autofree gchar *shape = rendered_shape (r);
  if (strstr (shape, "message/rfc822[") == NULL)
    return;
  GMimeMultipart *mixed = GMIME_MULTIPART (g_mime_message_get_mime_part (r->parsed));
  GMimeObject *outer = g_mime_multipart_get_part (mixed, g_mime_multipart_get_count (mixed) - 1);
  g_assert_true (GMIME_IS_MESSAGE_PART (outer));
  GMimeMessage *inner = g_mime_message_part_get_message (GMIME_MESSAGE_PART (outer));
  GMimeObject *tree = g_mime_message_get_mime_part (inner);
  gsize size;
  g_autofree gchar *docx =
      rendered_content (g_mime_multipart_get_part (GMIME_MULTIPART (tree), 1), &size);
  g_assert_cmpuint (size, ==, 11862);
  g_assert_cmpmem (docx, 2, "PK", 2);
  (*(guint *) found)++;
}

static void
case_55_corpus (Case *c)
{
  guint found = 0;
  if (case_corpus_each (c, "tika-test.pst", check_docx, &found) > 0)
    g_assert_cmpuint (found, ==, 1);
}

static void
case_56_levels (Case *c)
{
  CaseMail *mail = case_plain_mail (c), *deep = case_plain_mail (c);
  for (guint i = 0; i < 4; i++)
    mail = mail_embed (mail, "inner");
  mail_text (mail, 0x1000, "At the bottom");
  for (guint i = 0; i < 24; i++)
    deep = mail_embed (deep, "inner");
  const Rendered *r = case_render (c, 0);
  case_expect (c, "text 4 contains At the bottom");
  g_assert_false (rendered_noted (r, BM_NOTE_NESTING_CUT));
  r = case_render (c, 1);
  g_assert_true (rendered_noted (r, BM_NOTE_NESTING_CUT));
  g_assert_nonnull (strstr (r->text, "nested too deeply"));
  g_autofree gchar *shape = rendered_shape (r);
  g_auto (GStrv) levels = g_strsplit (shape, "message/rfc822[", -1);
  g_assert_cmpuint (g_strv_length (levels) - 1, ==, 20);
}

/* ---- OLE ---- */

static void
put (guint8 *at, guint64 value, guint bytes)
{
  for (guint i = 0; i < bytes; i++)
    at[i] = (guint8) (value >> (8 * i));
}

/* A compound file with one stream below the root, [MS-CFB]: sector 0 the FAT, 1 the directory, then
 * the stream, as it is when it is not small, or else 2 the mini FAT, 3 and on the mini stream. */
static GBytes *
compound (const gchar *name, gconstpointer data, gsize size)
{
  gboolean small = size < 4096;
  guint sectors = (guint) (size + 511) / 512, first = small ? 3 : 2;
  gsize total = 512 * (gsize) (1 + first + sectors);
  guint8 *file = g_malloc0 (total), *fat = file + 512, *root = file + 1024, *entry = root + 128;
  static const guint8 magic[8] = {0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1};
  memcpy (file, magic, sizeof magic);
  put (file + 0x18, 0x0003003e, 4);
  put (file + 0x1c, 0x0009fffe, 4);
  put (file + 0x20, 6, 2);
  put (file + 0x2c, 1, 4);
  put (file + 0x30, 1, 4);
  put (file + 0x38, 4096, 4);
  put (file + 0x3c, small ? 2 : 0xfffffffe, 4);
  put (file + 0x44, 0xfffffffe, 4);
  memset (file + 0x4c, 0xff, 4 * 109);
  put (file + 0x4c, 0, 4);
  memset (fat, 0xff, 512);
  put (fat, 0xfffffffd, 4);
  put (fat + 4, 0xfffffffe, 4);
  put (fat + 8, 0xfffffffe, 4);
  for (guint i = 0; i < sectors; i++)
    put (fat + 4 * (first + i), i + 1 < sectors ? first + i + 1 : 0xfffffffe, 4);
  if (small) {
    guint8 *mini = file + 512 * 3;
    guint n = (guint) (size + 63) / 64;
    memset (mini, 0xff, 512);
    for (guint i = 0; i < n; i++)
      put (mini + 4 * (gsize) i, i + 1 < n ? i + 1 : 0xfffffffe, 4);
  }
  memset (root + 0x44, 0xff, 12);
  memset (entry + 0x44, 0xff, 12);
  root[0x42] = 5;
  put (root + 0x4c, 1, 4);
  put (root + 0x74, small ? 3 : 0xfffffffe, 4);
  put (root + 0x78, small ? size : 0, 4);
  for (gsize i = 0; i < strlen (name); i++)
    put (entry + 2 * i, (guint8) name[i], 2);
  put (entry + 0x40, 2 * (strlen (name) + 1), 2);
  entry[0x42] = 2;
  put (entry + 0x74, small ? 0 : 2, 4);
  put (entry + 0x78, size, 4);
  memcpy (file + 512 * (gsize) (1 + first), data, size);
  return g_bytes_new_take (file, total);
}

static BmPstProps *
attach_ole (CaseMail *mail, const gchar *name, GBytes *bytes)
{
  gsize size;
  gconstpointer data = g_bytes_get_data (bytes, &size);
  BmPstProps *props = mail_attach (mail, NULL, data, size);
  set_int (props, 0x3705, 6);
  set_text (props, 0x3001, name);
  g_bytes_unref (bytes);
  return props;
}

static GBytes *
dib (guint side)
{
  gsize size = 40 + 4 * (gsize) side * side;
  guint8 *data = g_malloc0 (size);
  put (data, 40, 4);
  put (data + 4, side, 4);
  put (data + 8, side, 4);
  put (data + 12, 1, 2);
  put (data + 14, 32, 2);
  GBytes *file = compound ("CONTENTS", data, size);
  g_free (data);
  return file;
}

static GBytes *
package (const gchar *label, const gchar *text)
{
  guint8 data[300] = {0};
  gsize n = strlen (label) + 1, at = 6;
  put (data + 4, 2, 2);
  memcpy (data + at, label, n);
  at += n;
  memcpy (data + at, "C:\\x.txt", 9);
  at += 9;
  put (data + at, 0x30000, 4);
  put (data + at + 4, 9, 4);
  memcpy (data + at + 8, "C:\\t.txt", 9);
  at += 17;
  put (data + at, strlen (text), 4);
  memcpy (data + at + 4, text, strlen (text));
  at += 4 + strlen (text);
  put (data, at - 4, 4);
  return compound ("\1Ole10Native", data, at);
}

static void
case_58_objects (Case *c)
{
  gsize size;
  CaseMail *mail = case_plain_mail (c);
  attach_ole (mail, "Picture (Device Independent Bitmap)", dib (8));
  attach_ole (mail, "Picture (Device Independent Bitmap)", dib (64));
  attach_ole (mail, "Package", package ("..\\notes.txt", "My notes"));
  attach_ole (mail, "Document", compound ("WordDocument", "doc", 3));
  attach_ole (mail, "Document", compound ("CONTENTS", "%PDF-1.4", 8));
  attach_ole (mail, "Unknown", compound ("Other", "what", 4));
  attach_ole (mail, "Cut", g_bytes_new ("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", 8));
  const Rendered *r = case_render (c, 0);
  SHAPE_IS (r, "mixed(text/plain,image/bmp,image/bmp,text/plain,application/msword,application/pdf,"
               "application/x-oleobject,application/x-oleobject)");
  static const gchar *const names[] = {"Picture (Device Independent Bitmap).bmp",
                                       "Picture (Device Independent Bitmap).bmp",
                                       "notes.txt",
                                       "Document.doc",
                                       "Document.pdf",
                                       "Unknown.ole",
                                       "Cut.ole"};
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    case_expect (c, "param %u filename=%s", i + 1, names[i]);
  g_autofree gchar *bmp = rendered_content (rendered_leaf (r, 2), &size);
  g_assert_cmpuint (size, ==, 14 + 40 + 4 * 64 * 64);
  g_assert_cmpmem (bmp, 2, "BM", 2);
  g_assert_cmpuint ((guint8) bmp[10], ==, 54);
  g_autofree gchar *notes = rendered_content (rendered_leaf (r, 3), &size);
  g_assert_cmpmem (notes, size, "My notes", 8);
  g_assert_true (rendered_noted (r, BM_NOTE_CONTENT_KEPT_RAW));
}

static void
check_ole (Case *c, const BmItem *item, const Rendered *r, gpointer found)
{
  g_autofree gchar *shape = rendered_shape (r);
  for (const gchar *p = strstr (shape, "image/bmp"); p != NULL; p = strstr (p + 1, "image/bmp"))
    (*(guint *) found)++;
  g_assert_null (strstr (shape, "x-oleobject"));
}

static void
case_58_corpus (Case *c)
{
  guint found = 0;
  if (case_corpus_each (c, "aspose-sample.ost", check_ole, &found) > 0)
    g_assert_cmpuint (found, ==, 12);
}

static void
case_59_references (Case *c)
{
  static const gint32 methods[] = {2, 3, 4, 7};
  CaseMail *mail = case_plain_mail (c), *none = case_plain_mail (c);
  for (guint i = 0; i < G_N_ELEMENTS (methods); i++) {
    BmPstProps *props = mail_attach (mail, "plan.doc", "", 0);
    set_int (props, 0x3705, methods[i]);
    set_text (props, 0x370d,
              methods[i] == 7 ? "https://files.example.org/plan?a=1&b=<2>"
                              : "\\\\server\\plan.doc");
  }
  set_int (mail_attach (none, NULL, "", 0), 0x3705, 0);
  set_int (mail_attach (none, "named.txt", "", 0), 0x3705, 0);
  const Rendered *r = case_render (c, 0);
  SHAPE_IS (r, "mixed(text/plain,text/plain,text/plain,text/plain,text/html)");
  case_expect (c, "text 1 contains \\\\server\\plan.doc");
  case_expect (c, "text 4 contains href=\"https://files.example.org/plan?a=1&amp;b=&lt;2&gt;\"");
  case_expect (c, "param 4 filename=plan.doc.html");
  g_assert_true (rendered_noted (r, BM_NOTE_ATTACHMENT_STUB));
  SHAPE_IS (case_render (c, 1), "mixed(text/plain,text/plain)");
}

static void
case_60_types (Case *c)
{
  static const gchar mail_text_[] = "From: a@b.c\r\nSubject: x\r\n\r\nHi\r\n";
  static const gchar *const types[][2] = {{"message/rfc822", "message/rfc822[text/plain]"},
                                          {"multipart/mixed", "application/octet-stream"},
                                          {"text/plain; charset=utf-16", "text/plain"},
                                          {"nonsense", "application/octet-stream"},
                                          {"text/p lain", "application/octet-stream"}};
  for (guint i = 0; i < G_N_ELEMENTS (types); i++) {
    BmPstProps *props = mail_attach (case_plain_mail (c), "a", mail_text_, sizeof mail_text_ - 1);
    set_text (props, 0x370e, types[i][0]);
  }
  set_text (mail_attach (case_plain_mail (c), "a.eml", "no mail", 7), 0x370e, "message/rfc822");
  for (guint i = 0; i < G_N_ELEMENTS (types); i++) {
    g_autofree gchar *want = g_strdup_printf ("mixed(text/plain,%s)", types[i][1]);
    const Rendered *r = case_render (c, i);
    SHAPE_IS (r, want);
    if (i == 0) { /* RFC 2046 5.2.1: never encoded */
      g_assert_nonnull (strstr (r->text, "\r\n\r\nFrom: a@b.c\r\nSubject: x\r\n\r\nHi\r\n"));
      continue;
    }
    gsize size;
    g_autofree gchar *kept = rendered_content (rendered_leaf (r, 1), &size);
    g_assert_cmpmem (kept, size, mail_text_, sizeof mail_text_ - 1);
  }
  SHAPE_IS (case_render (c, G_N_ELEMENTS (types)), "mixed(text/plain,application/octet-stream)");
}

/* A Macintosh's file comes without what only that reads; what is not whole stays as it is. */
static void
case_60_macbinary (Case *c)
{
  static const guint8 oid[] = {0x2a, 0x86, 0x48, 0x86, 0xf7, 0x14, 3, 0x0b, 1};
  guint8 file[128 + 128 + 128] = {0, 5, 'n', 'o', 't', 'e', 's'};
  file[86] = 7;
  file[121] = 3; /* a second header, padded */
  memcpy (file + 256, "My text", 7);
  for (guint i = 0; i < 5; i++) {
    file[84] = i == 1; /* longer than it is */
    file[86] = i == 2 ? 0 : 7;
    file[90] = i == 4; /* resources behind the end */
    BmPstProps *props = mail_attach (case_plain_mail (c), "notes.txt", file, sizeof file);
    if (i != 3)
      bm_pst_props_binary (props, BM_PST_TAG (0x3702, 0x0102), oid, sizeof oid);
  }
  for (guint i = 0; i < 5; i++) {
    gsize size;
    g_autofree gchar *got = rendered_content (rendered_leaf (case_render (c, i), 1), &size);
    g_assert_cmpuint (size, ==, i == 0 ? 7 : sizeof file);
    if (i == 0)
      g_assert_cmpmem (got, size, "My text", 7);
  }
}

static void
case_60_charset (Case *c)
{
  static const gchar *const charsets[] = {"utf-16le", "x\r\nBcc: a@b.c", "a b"};
  for (guint i = 0; i < G_N_ELEMENTS (charsets); i++) {
    BmPstProps *props = mail_attach (case_plain_mail (c), "a.txt", "A\0b\0", 4);
    set_text (props, 0x371b, charsets[i]);
  }
  set_text (mail_attach (case_plain_mail (c), "a.pdf", "%PDF", 4), 0x371b, "utf-8");
  case_render (c, 0);
  case_expect (c, "param 1 charset=utf-16le");
  case_expect (c, "text 1 contains Ab");
  for (guint i = 1; i < 4; i++)
    g_assert_null (strstr (strstr (case_render (c, i)->text, "name="), "charset"));
}

/* ---- winmail.dat ---- */

static void
add32 (GByteArray *out, guint32 value)
{
  guint8 bytes[4];
  put (bytes, value, 4);
  g_byte_array_append (out, bytes, 4);
}

static void
add_attribute (GByteArray *out, guint8 level, guint32 id, gconstpointer data, gsize size)
{
  guint16 sum = 0;
  for (gsize i = 0; i < size; i++)
    sum = (guint16) (sum + ((const guint8 *) data)[i]);
  g_byte_array_append (out, &level, 1);
  add32 (out, id);
  add32 (out, (guint32) size);
  g_byte_array_append (out, data, (guint) size);
  g_byte_array_append (out, (const guint8[]){(guint8) sum, (guint8) (sum >> 8)}, 2);
}

static void
add_variable (GByteArray *out, guint32 tag, gconstpointer data, gsize size)
{
  add32 (out, (tag >> 16) << 16 | (tag & 0xffff));
  add32 (out, 1);
  add32 (out, (guint32) size);
  g_byte_array_append (out, data, (guint) size);
  g_byte_array_append (out, (const guint8[4]){0}, (guint) (-size & 3));
}

static GByteArray *
tnef_begin (void)
{
  GByteArray *out = g_byte_array_new ();
  add32 (out, 0x223e9f78);
  g_byte_array_append (out, (const guint8[]){1, 0}, 2);
  return out;
}

/* HTML, a file whose long name is in Unicode, and a message. */
static GByteArray *
winmail (void)
{
  static const gchar html[] = "<p>In <b>bold</b></p>";
  GByteArray *out = tnef_begin ();
  g_autoptr (GByteArray) props = g_byte_array_new (), file = g_byte_array_new ();
  g_autoptr (GByteArray) message = g_byte_array_new (), inner = tnef_begin ();
  add_attribute (out, 1, 0x78008, "IPM.Microsoft Mail.Note", 24);
  add32 (props, 2);
  add_variable (props, 0x10130102, html, sizeof html - 1);
  add32 (props, 0x0017 << 16 | 3);
  add32 (props, 2);
  add_attribute (out, 1, 0x69003, props->data, props->len);
  add_attribute (out, 2, 0x69002, "\1\0\0\0\0\0\0\0\0\0\0\0\0\0", 14);
  add_attribute (out, 2, 0x18010, "PLAN~1.TXT", 11);
  add_attribute (out, 2, 0x6800f, "The plan", 8);
  add32 (file, 1);
  add_variable (file, 0x3707001f, "P\0l\0\xe4\0n\0.\0t\0x\0t\0\0", 18);
  add_attribute (out, 2, 0x69005, file->data, file->len);
  add_attribute (out, 2, 0x69002, "\1\0\0\0\0\0\0\0\0\0\0\0\0\0", 14);
  add_attribute (inner, 1, 0x18004, "Inside", 7);
  add_attribute (inner, 1, 0x2800c, "Hello from inside", 18);
  g_autoptr (GByteArray) object = g_byte_array_new ();
  g_byte_array_append (object, (const guint8[16]){7, 3, 2}, 16);
  g_byte_array_append (object, inner->data, inner->len);
  add32 (message, 2);
  add32 (message, 0x3705 << 16 | 3);
  add32 (message, 5);
  add_variable (message, 0x3701000d, object->data, object->len);
  add_attribute (out, 2, 0x69005, message->data, message->len);
  return out;
}

static void
case_61_winmail (Case *c)
{
  g_autoptr (GByteArray) whole = winmail ();
  for (guint i = 0; i < 2; i++) {
    BmPstProps *props = mail_attach (case_plain_mail (c), i == 0 ? "winmail.dat" : "ATT1.dat",
                                     whole->data, whole->len);
    if (i == 1)
      set_text (props, 0x370e, "application/ms-tnef");
  }
  for (guint i = 0; i < 2; i++) {
    const Rendered *r = case_render (c, i);
    SHAPE_IS (r, "mixed(alternative(text/plain,text/html),text/plain,message/rfc822[text/plain])");
    case_expect (c, "text 0 contains Hi Bob");
    case_expect (c, "text 1 contains <b>bold</b>");
    case_expect (c, "param 2 filename=Plän.txt");
    case_expect (c, "text 3 contains Hello from inside");
    g_assert_false (rendered_noted (r, BM_NOTE_CONTENT_KEPT_RAW));
  }
}

/* A meeting in it is a meeting. */
static void
case_61_meeting (Case *c)
{
  g_autoptr (GByteArray) out = tnef_begin (), props = g_byte_array_new ();
  static const gchar old[] = "IPM.Microsoft Schedule.MtgReq";
  add_attribute (out, 1, 0x78008, old, sizeof old);
  add_attribute (out, 1, 0x18004, "Lunch", 6);
  add32 (props, 2);
  for (guint i = 0; i < 2; i++) { /* 0x0060 and 0x0061, start and end */
    guint64 ticks = (guint64) BM_PST_TIME (1500033600 + 3600 * i);
    add32 (props, (0x0060 + i) << 16 | 0x40);
    add32 (props, (guint32) ticks);
    add32 (props, (guint32) (ticks >> 32));
  }
  add_attribute (out, 1, 0x69003, props->data, props->len);
  mail_attach (case_plain_mail (c), "winmail.dat", out->data, out->len);
  const Rendered *r = case_render (c, 0);
  SHAPE_IS (r, "alternative(text/plain,text/calendar)");
  case_expect (c, "param 1 method=REQUEST");
  case_expect (c, "text 1 contains \\nSUMMARY:Lunch\\n");
  case_expect (c, "text 1 contains \\nORGANIZER;CN=Ada Lovelace:mailto:ada@example.org\\n");
  case_expect (c, "text 1 contains \\nATTENDEE;CN=Bob;");
  case_expect (c, "text 1 contains \\nDTSTART:20170714T120000Z\\n");
  g_assert_false (rendered_noted (r, BM_NOTE_BODY_EMPTY));
}

/* Rows of properties: who the message inside went to stands nowhere else. */
static void
add_people (GByteArray *out, const gchar *name, const gchar *address)
{
  g_autoptr (GByteArray) rows = g_byte_array_new ();
  add32 (rows, 2);
  for (guint32 type = 1; type <= 2; type++) {
    add32 (rows, 4);
    add32 (rows, 0x0c15 << 16 | 3);
    add32 (rows, type);
    add_variable (rows, 0x3001001e, type == 1 ? name : "Copy", type == 1 ? strlen (name) + 1 : 5);
    add_variable (rows, 0x3002001e, "SMTP", 5);
    add_variable (rows, 0x3003001e, address, strlen (address) + 1);
  }
  add_attribute (out, 1, 0x69004, rows->data, rows->len);
}

static void
case_61_people (Case *c)
{
  g_autoptr (GByteArray) out = tnef_begin (), inner = tnef_begin ();
  g_autoptr (GByteArray) object = g_byte_array_new (), message = g_byte_array_new ();
  add_attribute (inner, 1, 0x18004, "Inside", 7);
  add_people (inner, "Eve", "eve@example.org");
  add_people (out, "Wrong", "wrong@example.org");
  add_attribute (out, 2, 0x69002, "\1\0\0\0\0\0\0\0\0\0\0\0\0\0", 14);
  g_byte_array_append (object, (const guint8[16]){7, 3, 2}, 16);
  g_byte_array_append (object, inner->data, inner->len);
  add32 (message, 2);
  add32 (message, 0x3705 << 16 | 3);
  add32 (message, 5);
  add_variable (message, 0x3701000d, object->data, object->len);
  add_attribute (out, 2, 0x69005, message->data, message->len);
  mail_attach (case_plain_mail (c), "winmail.dat", out->data, out->len);
  add_attribute (inner, 1, 0x69004, "\xff\xff\xff\xff\1\0\0\0", 8);
  mail_attach (case_plain_mail (c), "winmail.dat", inner->data, inner->len);
  const Rendered *r = case_render (c, 0);
  SHAPE_IS (r, "mixed(text/plain,message/rfc822[text/plain])");
  g_assert_nonnull (strstr (r->text, "\r\nTo: Eve <eve@example.org>\r\n"));
  g_assert_nonnull (strstr (r->text, "\r\nCc: Copy <eve@example.org>\r\n"));
  g_assert_null (strstr (r->text, "wrong@"));
  SHAPE_IS (case_render (c, 1), "mixed(text/plain,application/octet-stream)");
}

/* Each that can be read is opened: the second as a message, as is one inside another. */
static void
case_61_several (Case *c)
{
  g_autoptr (GByteArray) first = tnef_begin (), second = winmail (), third = tnef_begin ();
  CaseMail *mail = case_plain_mail (c);
  add_attribute (third, 1, 0x18004, "Deep/er", 8);
  add_attribute (third, 1, 0x2800c, "From the bottom", 16);
  add_attribute (first, 2, 0x69002, "\1\0\0\0\0\0\0\0\0\0\0\0\0\0", 14);
  add_attribute (first, 2, 0x18010, "winmail.dat", 12);
  add_attribute (first, 2, 0x6800f, third->data, third->len);
  mail_attach (mail, "winmail.dat", "broken", 6);
  mail_attach (mail, "winmail.dat", first->data, first->len);
  mail_attach (mail, "winmail.dat", second->data, second->len);
  const Rendered *r = case_render (c, 0);
  SHAPE_IS (r, "mixed(text/plain,application/octet-stream,"
               "message/rfc822[mixed(alternative(text/plain,text/html),text/plain,"
               "message/rfc822[text/plain])],message/rfc822[text/plain])");
  g_assert_nonnull (strstr (r->text, "filename=\"winmail.eml\""));
  g_assert_nonnull (strstr (r->text, "filename=\"er.eml\""));
  g_assert_nonnull (strstr (r->text, "\r\nFrom the bottom"));
  g_assert_true (rendered_noted (r, BM_NOTE_CONTENT_KEPT_RAW));
}

/* Names in its text mean its own files first; those beside it have other ids. */
static void
case_61_pictures (Case *c)
{
  static const gchar html[] = "<img src=\"a.png\"><img src=\"b.png\">";
  g_autoptr (GByteArray) out = tnef_begin (), props = g_byte_array_new ();
  CaseMail *mail = case_plain_mail (c);
  add32 (props, 1);
  add_variable (props, 0x10130102, html, sizeof html - 1);
  add_attribute (out, 1, 0x69003, props->data, props->len);
  add_attribute (out, 2, 0x69002, "\1\0\0\0\0\0\0\0\0\0\0\0\0\0", 14);
  add_attribute (out, 2, 0x18010, "a.png", 6);
  add_attribute (out, 2, 0x6800f, "mine", 4);
  picture (mail, "b.png", NULL, 0);
  picture (mail, "a.png", NULL, 0);
  mail_attach (mail, "winmail.dat", out->data, out->len);
  const Rendered *r = case_render (c, 0);
  SHAPE_IS (r, "mixed(related(alternative(text/plain,text/html),image/png,image/png),image/png)");
  case_expect (c, "text 1 contains <img src=\"cid:attachment-4@pst.invalid\"><img "
                  "src=\"cid:attachment-1@pst.invalid\">");
  gsize size;
  g_autofree gchar *first = rendered_content (rendered_leaf (r, 2), &size);
  g_assert_cmpmem (first, size, "mine", 4);
}

/* Cut anywhere or with any byte changed: never lost, never worse than an attachment. */
static void
case_61_broken_winmail (Case *c)
{
  g_autoptr (GByteArray) whole = winmail ();
  mail_attach (case_plain_mail (c), "winmail.dat", whole->data, whole->len - 5);
  const Rendered *r = case_render (c, 0);
  SHAPE_IS (r, "mixed(text/plain,application/octet-stream)");
  case_expect (c, "param 1 filename=winmail.dat");
  g_assert_true (rendered_noted (r, BM_NOTE_CONTENT_KEPT_RAW));
  for (guint i = 0; i < 2 * whole->len; i++) {
    g_autoptr (BmItem) item = item_mail ();
    guint at = i / 2;
    guint8 kept = whole->data[at];
    if (i % 2 == 0)
      whole->data[at] ^= 0xff;
    item_attachment (item, "winmail.dat", whole->data, i % 2 == 0 ? whole->len : at);
    whole->data[at] = kept;
    g_autoptr (GError) error = NULL;
    BmRenderContext context = {0};
    g_autoptr (BmMessage) message = bm_render (item, &context, &error);
    g_assert_no_error (error);
    g_assert_nonnull (message);
  }
}

/* The same for OLE objects. */
static void
case_58_broken_objects (Case *c)
{
  GBytes *const files[] = {package ("notes.txt", "My notes"), dib (8), dib (40)};
  for (guint k = 0; k < G_N_ELEMENTS (files); k++) {
    gsize size;
    const guint8 *data = g_bytes_get_data (files[k], &size);
    g_autofree guint8 *copy = g_malloc (size);
    for (gsize i = 0; i < MIN (size, (gsize) 2400); i++) {
      memcpy (copy, data, size);
      copy[i] ^= i % 3 == 0 ? 0xff : 0x01;
      g_autoptr (BmItem) item = item_mail ();
      BmAttachment *attachment = item_attachment (item, "x", copy, i % 5 == 0 ? i : size);
      attachment->method = BM_ATTACH_OLE;
      BmRenderContext context = {0};
      g_autoptr (BmMessage) message = bm_render (item, &context, NULL);
      g_assert_nonnull (message);
    }
    g_bytes_unref (files[k]);
  }
}

static const CaseEntry entries[] = {
    CASE (47, inline),    CASE (48, without_flag),   CASE (48, by_name), CASE (49, twice),
    CASE (50, long_name), CASE (51, odd_names),      CASE (52, empty),   CASE (53, lost),
    CASE (54, big),       CASE (55, embedded),       CASE (55, corpus),  CASE (56, levels),
    CASE (58, objects),   CASE (58, broken_objects), CASE (58, corpus),  CASE (59, references),
    CASE (60, macbinary), CASE (60, charset),        CASE (60, types),   CASE (61, winmail),
    CASE (61, meeting),   CASE (61, broken_winmail), CASE (61, people),  CASE (61, several),
    CASE (61, pictures),
};

int
main (int argc, char **argv)
{
  return case_main (argc, argv, entries, G_N_ELEMENTS (entries));
}
