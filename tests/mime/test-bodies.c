/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Bodies, attachments, embedded messages: the cases of the conversion dossier by their numbers; and
 * the same bytes in other processes, time zones and locales. */
#include "mime/item-builder.h"

#include "base/bm-spool.h"
#include <locale.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void
shape_is (const Rendered *rendered, const gchar *want)
{
  g_autofree gchar *shape = rendered_shape (rendered);
  g_assert_cmpstr (shape, ==, want);
}

static void
content_is (const Rendered *rendered, guint leaf, const gchar *want)
{
  g_autofree gchar *text = rendered_content (rendered_leaf (rendered, leaf), NULL);
  g_assert_cmpstr (text, ==, want);
}

static void
charset_is (const Rendered *rendered, guint leaf, const gchar *want)
{
  GMimeContentType *type = g_mime_object_get_content_type (rendered_leaf (rendered, leaf));
  g_assert_cmpstr (g_mime_content_type_get_parameter (type, "charset"), ==, want);
}

static BmItem *
bare (void)
{
  BmItem *item = item_new ("IPM.Note");
  item_text (item->props, 0x1035, "<x@example.org>");
  return item;
}

/* 34, and line ends, long lines, 8-bit */
static void
test_plain (void)
{
  g_autoptr (BmItem) item = bare ();
  g_autofree gchar *long_line = g_strnfill (3000, 'x');
  g_autofree gchar *text = g_strconcat ("bare\nLF\rCR\r\nboth é\r\n", long_line, NULL);
  g_autofree gchar *want = g_strconcat ("bare\r\nLF\r\nCR\r\nboth é\r\n", long_line, NULL);
  item_text (item->props, 0x1000, text);
  g_autoptr (Rendered) r = rendered_new (item);
  shape_is (r, "text/plain");
  charset_is (r, 0, "utf-8");
  content_is (r, 0, want);
}

/* 34: as it is when it may go so; else the shorter of the two encodings */
static void
test_encodings (void)
{
  g_autofree gchar *long_line = g_strnfill (3000, 'x');
  const gchar *const texts[][2] = {{"plain\r\n", "7bit"},
                                   {long_line, "quoted-printable"},
                                   {"caf\xc3\xa9 and tea", "quoted-printable"},
                                   {"日本語の本文", "base64"}};
  for (guint i = 0; i < G_N_ELEMENTS (texts); i++) {
    g_autoptr (BmItem) item = bare ();
    item_text (item->props, 0x1000, texts[i][0]);
    g_autoptr (Rendered) r = rendered_new (item);
    content_is (r, 0, texts[i][0]);
    g_autofree gchar *field =
        g_strdup_printf ("\r\nContent-Transfer-Encoding: %s\r\n", texts[i][1]);
    g_assert_nonnull (strstr (r->text, field));
    for (const gchar *p = r->text, *end; (end = strchr (p, '\n')) != NULL; p = end + 1)
      g_assert_cmpint (end - p, <, 1000);
  }
}

/* 35, 36, 37, 39 */
static void
test_html (void)
{
  static const struct {
    const gchar *html, *want;
    gint64 codepage;
    gboolean unicode, guessed;
  } cases[] = {
      {"<p>caf\xc3\xa9</p>", "café", 65001, FALSE, FALSE},
      {"<p>caf\xe9 \xfc\xdf</p>", "café üß", 20127, FALSE, TRUE},
      {"<meta charset=iso-8859-1><p>caf\xc3\xa9</p>", "café", 0, TRUE, FALSE},
      {"<p>\xa4 100</p>", "€ 100", 28605, FALSE, FALSE},
      {"<p>gr\xfc\xdf</p>", "grüß", 28591, FALSE, FALSE},
      {"<p>\x93q\x94</p>", "“q”", 1252, FALSE, FALSE},
  };
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (BmItem) item = bare ();
    if (cases[i].unicode)
      item_text (item->props, 0x1013, cases[i].html);
    else
      item_bytes (item->props, 0x1013, cases[i].html, strlen (cases[i].html));
    if (cases[i].codepage != 0)
      item_int (item->props, 0x3fde, cases[i].codepage);
    g_autoptr (Rendered) r = rendered_new (item);
    shape_is (r, "alternative(text/plain,text/html)");
    g_autofree gchar *text = rendered_content (rendered_leaf (r, 0), NULL);
    g_autofree gchar *html = rendered_content (rendered_leaf (r, 1), NULL);
    g_assert_nonnull (strstr (text, cases[i].want));
    g_assert_nonnull (strstr (html, cases[i].want));
    g_assert_null (strstr (html, "8859"));
    g_assert_cmpint (strstr (html, "charset=utf-8") != NULL, ==,
                     strstr (cases[i].html, "meta") != NULL);
    charset_is (r, 0, "utf-8");
    charset_is (r, 1, "utf-8");
    g_assert_true (rendered_noted (r, BM_NOTE_TEXT_FROM_HTML));
    g_assert_cmpint (rendered_noted (r, BM_NOTE_CHARSET_GUESSED), ==, cases[i].guessed);
  }
}

/* 35 as 8-bit string: its bytes count, not what they would be in the item's code page */
static void
test_html_string (void)
{
  g_autoptr (BmItem) item = bare ();
  item_string8 (item->props, 0x1013, "<p>caf\xc3\xa9</p>", "<p>cafÃ©</p>");
  item_int (item->props, 0x3fde, 65001);
  g_autoptr (Rendered) r = rendered_new (item);
  content_is (r, 1, "<p>café</p>");
}

/* 38: ISO-2022-JP */
static void
test_japanese (void)
{
  static const gchar html[] = "<p>\x1b$BF|K\\\x1b(B</p>";
  g_autoptr (BmItem) item = bare ();
  item_bytes (item->props, 0x1013, html, sizeof html - 1);
  item_int (item->props, 0x3fde, 50220);
  item_text (item->props, 0x1000, "日本");
  g_autoptr (Rendered) r = rendered_new (item);
  content_is (r, 0, "日本");
  g_autofree gchar *got = rendered_content (rendered_leaf (r, 1), NULL);
  g_assert_nonnull (strstr (got, "日本"));
}

/* 40, 41, 42, 43 */
static void
test_rtf (void)
{
  g_autoptr (BmItem) html = bare (), text = bare (), native = bare ();
  item_rtf (html, "{\\rtf1\\ansi\\ansicpg932\\fromhtml1{\\*\\htmltag64 <p>}\\'93\\'fa\\'96\\'7b"
                  "{\\*\\htmltag84 <img src=\"cid:a@x\">}{\\*\\htmltag72 </p>}}");
  BmAttachment *image = item_attachment (html, "a.png", "AAA", 3);
  item_text (image->props, 0x3712, "a@x");
  g_autoptr (Rendered) h = rendered_new (html);
  shape_is (h, "related(alternative(text/plain,text/html),image/png)");
  g_autofree gchar *got = rendered_content (rendered_leaf (h, 1), NULL);
  g_assert_nonnull (strstr (got, "日本"));
  item_rtf (text, "{\\rtf1\\ansi\\fromtext only text\\par}");
  g_autoptr (Rendered) t = rendered_new (text);
  shape_is (t, "text/plain");
  item_rtf (native, "{\\rtf1\\ansi native \\b bold\\b0}");
  g_autoptr (Rendered) n = rendered_new (native);
  shape_is (n, "alternative(text/plain,text/html)");
  g_assert_true (rendered_noted (n, BM_NOTE_RTF_NATIVE));
  g_autoptr (BmItem) broken = bare ();
  item_bytes (broken->props, 0x1009, "garbage", 7);
  item_text (broken->props, 0x1000, "the text");
  g_autoptr (Rendered) b = rendered_new (broken);
  content_is (b, 0, "the text");
  g_assert_true (rendered_noted (b, BM_NOTE_BODY_DAMAGED));
}

/* 43: compressed without a CRC, as some writers do; literals and the end, [MS-OXRTFCP] 2.2.2 */
static void
test_rtf_crc (void)
{
  static const gchar rtf[] = "{\\rtf1\\ansi\\fromtext ok}";
  g_autoptr (GByteArray) out = g_byte_array_new ();
  const gsize n = sizeof rtf - 1, end = 207 + n; /* where the dictionary is written next */
  const guint8 reference[] = {(guint8) (end >> 4), (guint8) (end << 4)};
  guint32 head[] = {0, GUINT32_TO_LE ((guint32) n), GUINT32_TO_LE (0x75465a4c), 0};
  g_byte_array_append (out, (const guint8 *) head, sizeof head);
  for (gsize i = 0; i <= n; i++) {
    const guint8 control = n - i < 8 ? (guint8) (1u << (n - i)) : 0;
    if (i % 8 == 0)
      g_byte_array_append (out, &control, 1);
    if (i < n)
      g_byte_array_append (out, (const guint8 *) rtf + i, 1);
  }
  g_byte_array_append (out, reference, sizeof reference);
  head[0] = GUINT32_TO_LE (out->len - 4);
  memcpy (out->data, head, 4);
  g_autoptr (BmItem) item = bare ();
  item_bytes (item->props, 0x1009, out->data, out->len);
  g_autoptr (Rendered) r = rendered_new (item);
  shape_is (r, "text/plain");
  g_autofree gchar *text = rendered_content (rendered_leaf (r, 0), NULL);
  g_assert_cmpstr (g_strstrip (text), ==, "ok");
  g_assert_true (rendered_noted (r, BM_NOTE_RTF_CRC));
  g_assert_false (rendered_noted (r, BM_NOTE_BODY_DAMAGED));
}

/* 46 */
static void
test_no_body (void)
{
  g_autoptr (BmItem) item = bare ();
  g_autoptr (Rendered) r = rendered_new (item);
  shape_is (r, "text/plain");
  content_is (r, 0, "");
  g_assert_true (rendered_noted (r, BM_NOTE_BODY_EMPTY));
}

/* 47, 48, 49 */
static void
test_inline (void)
{
  static const gchar html[] = "<img src=\"cid:a@x\"><img src='cid:b@x'>";
  g_autoptr (BmItem) item = bare ();
  item_bytes (item->props, 0x1013, html, sizeof html - 1);
  item_text (item->props, 0x1000, "t");
  BmAttachment *a = item_attachment (item, "a.png", "AAA", 3);
  item_text (a->props, 0x3712, "<a@x>");
  item_int (a->props, 0x3714, 4);
  BmAttachment *b = item_attachment (item, "b.png", "BBB", 3); /* no flag: the HTML decides */
  item_text (b->props, 0x3712, "b@x");
  BmAttachment *again = item_attachment (item, "again.png", "CCC", 3);
  item_text (again->props, 0x3712, "a@x");
  BmAttachment *loose = item_attachment (item, "loose.png", "DDD", 3);
  item_text (loose->props, 0x3712, "c@x");
  item_int (loose->props, 0x3714, 4);
  g_autoptr (Rendered) r = rendered_new (item);
  shape_is (r, "mixed(related(alternative(text/plain,text/html),image/png,image/png),image/png,"
               "image/png)");
  g_assert_cmpstr (g_mime_object_get_content_id (rendered_leaf (r, 2)), ==, "a@x");
  g_assert_cmpstr (g_mime_object_get_disposition (rendered_leaf (r, 2)), ==, "inline");
  g_assert_cmpstr (g_mime_object_get_disposition (rendered_leaf (r, 4)), ==, "attachment");
  content_is (r, 4, "CCC");
  g_assert_nonnull (strstr (r->text, "multipart/related; type=\"multipart/alternative\";\r\n"));
  g_assert_true (rendered_noted (r, BM_NOTE_DUPLICATE_CONTENT_ID));
}

/* 50, 51, 52 */
static void
test_names (void)
{
  static const gchar chinese[] = "降低采购成本及供应商谈判技巧.doc";
  static const gchar *const cases[][2] = {{chinese, chinese},
                                          {"..\\..\\x.exe", "x.exe"},
                                          {"/etc/passwd", "passwd"},
                                          {"", "attachment-1"},
                                          {"..", "attachment-1"},
                                          {".", "attachment-1"},
                                          {".txt", "attachment-1.txt"},
                                          {"a\"b;c.pdf", "a_b;c.pdf"},
                                          {"invoice\u202efdp.exe", "invoicefdp.exe"},
                                          {"two\r\nlines.txt", "two lines.txt"}};
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (BmItem) item = item_mail ();
    item_attachment (item, cases[i][0], "x", 1);
    g_autoptr (Rendered) r = rendered_new (item);
    g_assert_cmpstr (g_mime_part_get_filename (GMIME_PART (rendered_leaf (r, 1))), ==, cases[i][1]);
  }
  g_autoptr (BmItem) far = item_mail ();
  item_attachment (far, chinese, "x", 1);
  g_autoptr (Rendered) f = rendered_new (far);
  g_assert_nonnull (strstr (f->text, "filename*0*=utf-8''%E9%99%8D"));
  g_autoptr (BmItem) empty = item_mail ();
  item_attachment (empty, "empty.bin", "", 0);
  g_autoptr (Rendered) e = rendered_new (empty);
  gsize size = 1;
  g_free (rendered_content (rendered_leaf (e, 1), &size));
  g_assert_cmpuint (size, ==, 0);
  g_assert_nonnull (strstr (e->text, "filename=\"empty.bin\""));
}

/* 51: too long for a file system; the extension says what it is */
static void
test_long_name (void)
{
  g_autoptr (GString) name = g_string_new (NULL);
  for (guint i = 0; i < 90; i++)
    g_string_append (name, "购");
  g_string_append (name, ".docx");
  g_autoptr (BmItem) item = item_mail ();
  item_attachment (item, name->str, "x", 1);
  g_autoptr (Rendered) r = rendered_new (item);
  const gchar *got = g_mime_part_get_filename (GMIME_PART (rendered_leaf (r, 1)));
  g_assert_true (g_str_has_suffix (got, "购.docx"));
  g_assert_cmpuint (strlen (got), ==, 200);
  g_assert_true (rendered_noted (r, BM_NOTE_ATTACHMENT_NAME_CHANGED));
}

/* 53, 59, and types that lie */
static void
test_odd_attachments (void)
{
  g_autoptr (BmItem) item = item_mail ();
  BmAttachment *lost = item_attachment (item, "lost.doc", "", 0);
  lost->damaged = TRUE;
  BmAttachment *link = item_attachment (item, "plan.xls", "", 0);
  link->method = BM_ATTACH_BY_REFERENCE_ONLY;
  item_text (link->props, 0x3708, "\\\\server\\share\\plan.xls");
  BmAttachment *lie = item_attachment (item, "lie.pdf", "x", 1);
  item_text (lie->props, 0x370e, "multipart/mixed; boundary=x");
  BmAttachment *bad = item_attachment (item, "bad", "x", 1);
  item_text (bad->props, 0x370e, "text/plain\r\nX-Evil: 1");
  g_autoptr (Rendered) r = rendered_new (item);
  shape_is (r, "mixed(text/plain,text/plain,text/plain,application/pdf,application/octet-stream)");
  g_autofree gchar *notice = rendered_content (rendered_leaf (r, 1), NULL);
  g_autofree gchar *stub = rendered_content (rendered_leaf (r, 2), NULL);
  g_assert_nonnull (strstr (notice, "lost.doc"));
  g_assert_nonnull (strstr (stub, "\\\\server\\share\\plan.xls"));
  g_assert_true (rendered_noted (r, BM_NOTE_ATTACHMENT_DAMAGED));
  g_assert_true (rendered_noted (r, BM_NOTE_ATTACHMENT_STUB));
  g_assert_null (strstr (r->text, "\nX-Evil"));
}

/* 60: a stored message goes as it is only when its lines may; else as data */
static void
test_stored_message (void)
{
  g_autofree gchar *line = g_strnfill (1500, 'x');
  g_autofree gchar *wide = g_strconcat ("Subject: x\r\n\r\n", line, "\r\n", NULL);
  const gchar *cases[][2] = {
      {"Subject: x\r\n\r\ny\r\n", "mixed(text/plain,message/rfc822[text/plain])"},
      {wide, "mixed(text/plain,application/octet-stream)"},
      {"Subject: x\n\ny\n", "mixed(text/plain,application/octet-stream)"}};
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (BmItem) item = item_mail ();
    BmAttachment *a = item_attachment (item, "x.eml", cases[i][0], strlen (cases[i][0]));
    item_text (a->props, 0x370e, "message/rfc822");
    g_autoptr (Rendered) r = rendered_new (item);
    shape_is (r, cases[i][1]);
  }
}

/* RFC 2045 6.4: what holds 8-bit lines says so itself, at every level. */
static void
test_8bit (void)
{
  static const gchar inner[] =
      "Subject: x\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n\xc3\xa9\r\n";
  g_autoptr (BmItem) item = item_mail ();
  BmItem *outer = item_mail ();
  BmAttachment *a = item_attachment (outer, "x.eml", inner, sizeof inner - 1);
  item_text (a->props, 0x370e, "message/rfc822");
  item_embed (item, outer);
  g_autoptr (Rendered) r = rendered_new (item);
  guint n = 0;
  for (const gchar *p = r->text; (p = strstr (p, "Content-Transfer-Encoding: 8bit\r\n")) != NULL;
       p++)
    n++;
  g_assert_cmpuint (n, ==, 4); /* mixed, message/rfc822, mixed, message/rfc822 */
}

/* Large data: base64 over many pieces, and the limit. */
static void
test_large (void)
{
  gsize size = 3 * 1024 * 1024 + 17, got_size;
  g_autofree gchar *data = g_malloc (size);
  for (gsize i = 0; i < size; i++)
    data[i] = (gchar) (i * 31 + i / 65521);
  g_autoptr (BmItem) item = item_mail ();
  item_attachment (item, "big.bin", data, size);
  g_autoptr (Rendered) r = rendered_new (item);
  GMimeStream *stream = g_mime_stream_mem_new ();
  g_mime_data_wrapper_write_to_stream (g_mime_part_get_content (GMIME_PART (rendered_leaf (r, 1))),
                                       stream);
  GByteArray *bytes = g_mime_stream_mem_get_byte_array (GMIME_STREAM_MEM (stream));
  got_size = bytes->len;
  g_assert_cmpmem (bytes->data, got_size, data, size);
  g_object_unref (stream);
  gsize exact = g_bytes_get_size (r->message->bytes);
  BmRenderContext context = {.max_message_size = exact};
  g_autoptr (GError) error = NULL;
  g_autoptr (BmMessage) fits = bm_render (item, &context, &error);
  g_assert_no_error (error);
  g_assert_nonnull (fits);
  context.max_message_size = exact - 1;
  g_autoptr (BmMessage) over = bm_render (item, &context, &error);
  g_assert_null (over);
  g_assert_error (error, BM_ERROR, BM_CAUSE_TOO_LARGE);
}

/* 55, 56 */
static void
test_embedded (void)
{
  BmItem *inner = item_mail ();
  item_attachment (inner, "inner.docx", "DOCX", 4);
  g_autoptr (BmItem) item = item_mail ();
  item_embed (item, inner);
  g_autoptr (Rendered) r = rendered_new (item);
  shape_is (r, "mixed(text/plain,message/rfc822[mixed(text/plain,application/vnd.openxmlformats-"
               "officedocument.wordprocessingml.document)])");
  BmItem *deep = item_mail ();
  for (guint i = 0; i < 25; i++) {
    BmItem *outer = item_mail ();
    item_embed (outer, deep);
    deep = outer;
  }
  g_autoptr (BmItem) nested = deep;
  g_autoptr (Rendered) n = rendered_new (nested);
  g_assert_true (rendered_noted (n, BM_NOTE_NESTING_CUT));
  guint levels = 0;
  for (const gchar *p = n->text; (p = strstr (p, "message/rfc822")) != NULL; p++)
    levels++;
  g_assert_cmpuint (levels, ==, 20);
  g_assert_nonnull (strstr (n->text, "A message nested too deeply was left out."));
}

/* 56: what the reader of the PST left out for its depth is not damaged */
static void
test_cut_by_reader (void)
{
  g_autoptr (BmItem) shallow = item_mail ();
  item_embed (shallow, NULL);
  g_autoptr (Rendered) s = rendered_new (shallow);
  g_assert_true (rendered_noted (s, BM_NOTE_ATTACHMENT_DAMAGED));
  BmItem *deep = item_mail ();
  item_embed (deep, NULL);
  for (guint i = 0; i < 20; i++) {
    BmItem *outer = item_mail ();
    item_embed (outer, deep);
    deep = outer;
  }
  g_autoptr (BmItem) nested = deep;
  g_autoptr (Rendered) n = rendered_new (nested);
  g_assert_true (rendered_noted (n, BM_NOTE_NESTING_CUT));
  g_assert_false (rendered_noted (n, BM_NOTE_ATTACHMENT_DAMAGED));
}

/* ---- the same bytes everywhere ---- */

static BmItem *
rich (void)
{
  static const gchar html[] = "<p>\xfc <img src=\"cid:a@x\"></p>";
  static const gchar *const names[] = {"Ünïcode", NULL};
  BmItem *item = item_mail (), *inner = bare ();
  item_bytes (item->props, 0x1013, html, sizeof html - 1);
  item_int (item->props, 0x3fde, 1252);
  item_categories (item, names);
  BmAttachment *a = item_attachment (item, "ä.png", "AAA", 3);
  item_text (a->props, 0x3712, "a@x");
  item_time (inner->props, 0x3007, 1234567890);
  BmProps *ex =
      item_recipient (inner, 1, "Ivy", NULL); /* 'I' has a lower case of its own in Turkish */
  item_text (ex, 0x3002, "EX");
  item_text (ex, 0x3003, "/O=X/CN=RECIPIENTS/CN=IVI");
  item_embed (item, inner);
  return item;
}

static void
render_in (const gchar *zone, const gchar *locale, gchar hex[41])
{
  gint ends[2];
  g_assert_cmpint (pipe (ends), ==, 0);
  pid_t child = fork ();
  if (child == 0) {
    static const BmRenderContext context = {0};
    g_setenv ("TZ", zone, TRUE);
    g_setenv ("LC_ALL", locale, TRUE);
    setlocale (LC_ALL, "");
    bm_render_init ();
    g_autoptr (BmItem) item = rich ();
    g_autoptr (BmMessage) message = bm_render (item, &context, NULL);
    bm_guid_to_hex (&message->guid, hex);
    _exit (write (ends[1], hex, 41) == 41 ? 0 : 1);
  }
  int status;
  g_assert_cmpint (read (ends[0], hex, 41), ==, 41);
  g_assert_cmpint (waitpid (child, &status, 0), ==, child);
  g_assert_cmpint (status, ==, 0);
  close (ends[0]);
  close (ends[1]);
}

/* A place with the Turkish locale, whose lower-case i is another; NULL when none can be made. */
static gchar *
make_turkish (void)
{
  g_autofree gchar *place = g_dir_make_tmp ("bm-locale-XXXXXX", NULL);
  g_autofree gchar *target = g_build_filename (place, "tr_TR.UTF-8", NULL);
  const gchar *argv[] = {"localedef", "-i", "tr_TR", "-f", "UTF-8", target, NULL};
  gint status = 1;
  g_spawn_sync (NULL, (gchar **) argv, NULL,
                G_SPAWN_SEARCH_PATH | G_SPAWN_STDOUT_TO_DEV_NULL | G_SPAWN_STDERR_TO_DEV_NULL, NULL,
                NULL, NULL, NULL, &status, NULL);
  if (status != 0)
    g_test_message ("no localedef: the Turkish locale is only tried if installed");
  return g_steal_pointer (&place);
}

static void
remove_place (const gchar *place)
{
  const gchar *argv[] = {"rm", "-r", "--", place, NULL};
  g_spawn_sync (NULL, (gchar **) argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL, NULL,
                NULL);
}

static void
test_same_everywhere (void)
{
  g_autofree gchar *turkish = make_turkish ();
  g_setenv ("LOCPATH", turkish, TRUE);
  static const gchar *const places[][2] = {{"UTC", "C"},
                                           {"Pacific/Auckland", "C.UTF-8"},
                                           {"America/St_Johns", "fr_FR.UTF-8"},
                                           {"Asia/Kolkata", "tr_TR.UTF-8"}};
  gchar first[41], other[41];
  render_in (places[0][0], places[0][1], first);
  for (guint i = 1; i < G_N_ELEMENTS (places); i++) {
    render_in (places[i][0], places[i][1], other);
    g_assert_cmpstr (other, ==, first);
  }
  g_unsetenv ("LOCPATH");
  remove_place (turkish);
}

static void
test_render_id (void)
{
  const BmRenderContext plain = {0}, limited = {.max_message_size = 5},
                        other = {.charset = "KOI8-R"};
  g_autofree gchar *a = bm_render_id (&plain), *b = bm_render_id (&limited),
                   *c = bm_render_id (&other);
  g_assert_cmpstr (a, ==, b); /* a limit changes no bytes */
  g_assert_cmpstr (a, !=, c);
  static const gchar *const names[] = {"windows-1251", "CP1251", "1251"};
  g_autofree gchar *first = NULL;
  for (guint i = 0; i < G_N_ELEMENTS (names); i++) { /* by whatever name it is called */
    const BmRenderContext named = {.charset = names[i]};
    g_autofree gchar *id = bm_render_id (&named);
    g_assert_cmpstr (id, !=, a);
    if (i > 0)
      g_assert_cmpstr (id, ==, first);
    else
      first = g_steal_pointer (&id);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  bm_render_init ();
  g_test_add_func ("/mime/34-plain", test_plain);
  g_test_add_func ("/mime/34-encodings", test_encodings);
  g_test_add_func ("/mime/35-36-37-39-html", test_html);
  g_test_add_func ("/mime/35-html-string", test_html_string);
  g_test_add_func ("/mime/38-japanese", test_japanese);
  g_test_add_func ("/mime/40-43-rtf", test_rtf);
  g_test_add_func ("/mime/43-rtf-crc", test_rtf_crc);
  g_test_add_func ("/mime/46-no-body", test_no_body);
  g_test_add_func ("/mime/47-48-49-inline", test_inline);
  g_test_add_func ("/mime/50-51-52-names", test_names);
  g_test_add_func ("/mime/51-long-name", test_long_name);
  g_test_add_func ("/mime/53-59-odd-attachments", test_odd_attachments);
  g_test_add_func ("/mime/60-stored-message", test_stored_message);
  g_test_add_func ("/mime/8bit", test_8bit);
  g_test_add_func ("/mime/large", test_large);
  g_test_add_func ("/mime/55-56-embedded", test_embedded);
  g_test_add_func ("/mime/56-cut-by-reader", test_cut_by_reader);
  g_test_add_func ("/mime/same-everywhere", test_same_everywhere);
  g_test_add_func ("/mime/render-id", test_render_id);
  return g_test_run ();
}
