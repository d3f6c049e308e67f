/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Header injection: no property of an item, a recipient or an attachment, and no transport header,
 * can begin a header field, end the header block or bring in bytes that may not be there. */
#include "mime/bm-mime.h"
#include "mime/item-builder.h"

#include <string.h>
#include <time.h>

static const gchar evil[] = "x\r\nX-Evil: 1\rX-Evil: 2\nX-Evil: 3\r\n\r\nX-Evil: 4\xc2\x85X-Evil: 5"
                            "\xe2\x80\xa8X-Evil: 6 \xc3\xa9 \"<>@;,:\\ =?utf-8?Q?=0D=0AX-Evil:_7?=";

static const guint8 headers[16] = {0x86, 3, 2, 0, 0, 0, 0, 0, 0xc0, 0, 0, 0, 0, 0, 0, 0x46};
static const guint8 common[16] = {8, 0x20, 6, 0, 0, 0, 0, 0, 0xc0, 0, 0, 0, 0, 0, 0, 0x46};

static void
named (BmItem *item, const guint8 *guid, guint32 lid, const gchar *name, const gchar *value)
{
  BmProp prop = {.id = 0x8100 + bm_props_size (item->props), .type = BM_TYPE_UNICODE};
  memcpy (prop.name.guid, guid, sizeof prop.name.guid);
  prop.name.lid = lid;
  prop.name.name = g_intern_string (name);
  prop.text = g_strdup (value);
  bm_props_take (item->props, &prop);
}

static BmItem *
evil_item (void)
{
  static const guint16 texts[] = {0x0037, 0x003d, 0x0e1d, 0x0042, 0x5d02, 0x0064, 0x0065,
                                  0x0c1a, 0x5d01, 0x0c1e, 0x0c1f, 0x1035, 0x1042, 0x1039,
                                  0x0070, 0x0e02, 0x0e03, 0x0e04, 0x0050, 0x1043, 0x1044,
                                  0x1045, 0x5d05, 0x4029, 0x402a, 0x402b};
  static const guint16 row_texts[] = {0x3001, 0x39fe, 0x3002, 0x3003, 0x5ff6, 0x3a20};
  static const guint16 file_texts[] = {0x3707, 0x3704, 0x3001, 0x370e, 0x3712, 0x3713};
  const gchar *const categories[] = {evil, NULL};
  BmItem *item = item_new ("IPM.Note");
  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    item_text (item->props, texts[i], evil);
  item_bytes (item->props, 0x0071, evil, sizeof evil);
  item_bytes (item->props, 0x300b, evil, sizeof evil);
  item_text (item->props, 0x1000, "text");
  item_bool (item->props, 0x0029, TRUE);
  item_bool (item->props, 0x0023, TRUE);
  named (item, headers, 0, "X-Good", evil);
  named (item, headers, 0, "X-Evil: 8\r\nX-Evil", evil);
  named (item, common, 0x8530, NULL, evil);
  for (guint type = 1; type <= 3; type++) {
    BmProps *row = item_recipient (item, type, NULL, NULL);
    for (guint i = 0; i < G_N_ELEMENTS (row_texts); i++)
      item_text (row, row_texts[i], evil);
  }
  BmAttachment *file = item_attachment (item, NULL, "x", 1);
  for (guint i = 0; i < G_N_ELEMENTS (file_texts); i++)
    item_text (file->props, file_texts[i], evil);
  item_categories (item, categories);
  return item;
}

/* No line of any header block begins with it; what is decoded is one line. */
static void
check (const BmItem *item)
{
  g_autoptr (Rendered) r = rendered_new (item);
  g_auto (GStrv) lines = g_strsplit_set (r->text, "\r\n", -1);
  for (guint i = 0; lines[i] != NULL; i++)
    g_assert_false (g_str_has_prefix (lines[i], "X-Evil"));
  GMimeHeaderList *list = g_mime_object_get_header_list (GMIME_OBJECT (r->parsed));
  for (int i = 0; i < g_mime_header_list_get_count (list); i++) {
    GMimeHeader *header = g_mime_header_list_get_header_at (list, i);
    g_assert_cmpstr (g_mime_header_get_name (header), !=, "X-Evil");
    g_assert_null (strpbrk (g_mime_header_get_value (header), "\r\n"));
  }
  g_autofree gchar *shape = rendered_shape (r);
  g_assert_cmpstr (shape, ==, "mixed(text/plain,application/octet-stream)");
}

static void
test_properties (void)
{
  g_autoptr (BmItem) item = evil_item ();
  check (item);
  g_clear_pointer (&item->recipients, g_ptr_array_unref); /* then the display strings count */
  check (item);
}

/* ---- every property there may be ---- */

static void
check_fields (GMimeObject *object)
{
  GMimeHeaderList *list = g_mime_object_get_header_list (object);
  for (int i = 0; i < g_mime_header_list_get_count (list); i++) {
    GMimeHeader *header = g_mime_header_list_get_header_at (list, i);
    g_assert_false (g_str_has_prefix (g_mime_header_get_name (header), "X-Evil"));
    /* an id is no text: nothing in it is decoded but by GMime's getter */
    gboolean is_id = g_ascii_strcasecmp (g_mime_header_get_name (header), "Content-ID") == 0;
    g_assert_true (is_id || strpbrk (g_mime_header_get_value (header), "\r\n") == NULL);
  }
}

static void
check_parts (GMimeObject *object)
{
  check_fields (object);
  if (GMIME_IS_MESSAGE (object))
    check_parts (g_mime_message_get_mime_part (GMIME_MESSAGE (object)));
  else if (GMIME_IS_MESSAGE_PART (object))
    check_parts (GMIME_OBJECT (g_mime_message_part_get_message (GMIME_MESSAGE_PART (object))));
  for (int i = 0;
       GMIME_IS_MULTIPART (object) && i < g_mime_multipart_get_count (GMIME_MULTIPART (object));
       i++)
    check_parts (g_mime_multipart_get_part (GMIME_MULTIPART (object), i));
}

static void
set_evil (BmProps *props, guint16 id, gboolean binary)
{
  if (binary)
    item_bytes (props, id, evil, sizeof evil - 1);
  else
    item_text (props, id, evil);
}

/* The property in all objects that have some: the item, a row, a file, a mail inside it. */
static BmItem *
item_with (const gchar *message_class, guint16 id, gboolean binary)
{
  BmItem *item = item_new (message_class), *inner = item_new ("IPM.Note");
  BmProps *row = item_recipient (item, 1, NULL, NULL);
  BmAttachment *file = item_attachment (item, NULL, "x", 1);
  BmAttachment *mail = item_embed (item, inner);
  BmProps *all[] = {item->props, row, file->props, mail->props, inner->props};
  item_bool (item->props, 0x0029, id != 0x0029);
  item_bool (item->props, 0x0023, id != 0x0023);
  for (guint i = 0; i < G_N_ELEMENTS (all); i++)
    set_evil (all[i], id, binary);
  return item;
}

/* Alone, so that none hides behind a better one. Not 0x007D, whose lines are fields. */
static void
check_range (const gchar *message_class, guint16 first, guint16 last, gboolean binary)
{
  for (guint id = first; id <= last; id++) {
    g_autoptr (BmItem) item = item_with (message_class, (guint16) id, binary);
    if (id == 0x007d)
      continue;
    g_autoptr (Rendered) r = rendered_new (item);
    check_parts (GMIME_OBJECT (r->parsed));
    g_assert_cmpuint (rendered_count (r, "From"), ==, 1);
    g_assert_cmpuint (rendered_count (r, "Bcc"), <=, 1);
  }
}

static void
test_each_property (void)
{
  static const guint16 ranges[][2] = {
      {0x0001, 0x10ff}, {0x3000, 0x40ff}, {0x5d00, 0x5fff}, {0x6800, 0x68ff}};
  for (guint i = 0; i < G_N_ELEMENTS (ranges); i++) {
    check_range ("IPM.Note", ranges[i][0], ranges[i][1], FALSE);
    check_range ("IPM.Note", ranges[i][0], ranges[i][1], TRUE);
  }
  check_range ("REPORT.IPM.Note.NDR", 0x0001, 0x10ff, FALSE);
  check_range ("REPORT.IPM.Note.NDR", 0x6800, 0x68ff, FALSE);
  check_range ("IPM.Note.Microsoft.Voicemail", 0x6800, 0x68ff, FALSE);
}

/* Named ones: of each set, by number, and in the set of header fields by name. */
static void
test_each_named (void)
{
  static const guint8 sets[] = {0x02, 0x03, 0x04, 0x08}; /* {000620xx-...}: appointment... common */
  static const gchar *const names[] = {"From",      "Bcc",   "X-Good",          "Content-Type",
                                       "X-Bm-Evil", "Lines", "List-Id: X-Evil", "X-Evil\r\nX"};
  guint8 guid[16] = {0, 0x20, 6, 0, 0, 0, 0, 0, 0xc0, 0, 0, 0, 0, 0, 0, 0x46};
  for (guint i = 0; i < G_N_ELEMENTS (sets) * 0x900; i++) {
    g_autoptr (BmItem) item = item_new ("IPM.Note");
    guid[0] = sets[i / 0x900];
    named (item, guid, 0x8000 + i % 0x900, NULL, evil);
    item_int (item->props, 0x0e07, 0x8);
    g_autoptr (Rendered) r = rendered_new (item);
    check_parts (GMIME_OBJECT (r->parsed));
  }
  for (guint i = 0; i < G_N_ELEMENTS (names); i++) {
    g_autoptr (BmItem) item = item_new ("IPM.Note");
    named (item, headers, 0, names[i], evil);
    g_autoptr (Rendered) r = rendered_new (item);
    check_parts (GMIME_OBJECT (r->parsed));
    g_assert_cmpuint (rendered_count (r, "Content-Type"), ==, 1);
    g_assert_cmpuint (rendered_count (r, "X-Bm-Evil"), ==, 0);
    g_assert_cmpuint (rendered_count (r, "Bcc"), ==, 0);
  }
}

/* In the values of transport headers what is behind a line end is a field of its own, as it always
 * was; what is not a line end to mail may not become one. */
static void
test_transport (void)
{
  static const gchar *const names[] = {"Subject", "From", "To", "X-Any", "Message-ID", "Date"};
  for (guint i = 0; i < G_N_ELEMENTS (names); i++) {
    g_autoptr (BmItem) item = evil_item ();
    g_autofree gchar *block =
        g_strdup_printf ("X-First: 1\r\n%s: %s\r\n", names[i], strstr (evil, "4\xc2\x85"));
    item_text (item->props, 0x007d, block);
    check (item);
  }
}

/* A sanitizer looks at every byte of a string that a function of the C library only begins to read. */
#if defined(__SANITIZE_ADDRESS__)
#define FOLDED 3000
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define FOLDED 3000
#endif
#endif
#ifndef FOLDED
#define FOLDED 300000
#endif

/* Hundreds of thousands of folded lines, and of fields that become one: time must not be their square. */
static void
test_long_transport (void)
{
  g_autoptr (GString) text = g_string_new ("From: a@b\r\nX-Long: x\r\n");
  for (guint i = 0; i < FOLDED; i++)
    g_string_append (text, " folded line\r\n");
  for (guint i = 0; i < 3000; i++)
    g_string_append (text, "To: c@d\r\n");
  g_autoptr (BmItem) item = item_new ("IPM.Note");
  item_text (item->props, 0x007d, text->str);
  clock_t start = clock ();
  g_autoptr (Rendered) rendered = rendered_new (item);
  g_assert_cmpint ((clock () - start) / CLOCKS_PER_SEC, <, 10);
  g_assert_nonnull (strstr (rendered->text, "From: a@b\r\n"));
}

/* ---- bytes that mean something, a little wrong ---- */

static void
ignore (gpointer user, const gchar *name, const gchar *address)
{
  g_assert_true (g_utf8_validate (name, -1, NULL) && g_utf8_validate (address, -1, NULL));
}

static void
mutate (GRand *random, guint8 *bytes, gsize size)
{
  for (gint n = g_rand_int_range (random, 0, 6); n > 0; n--)
    bytes[g_rand_int_range (random, 0, (gint) size)] = (guint8) g_rand_int_range (random, 0, 256);
}

/* Entry ids, lists of them, conversation indexes, RTF and HTML of damaged bytes: whatever they say, a
 * message comes out that may be sent. The seed is fixed, so a failure comes back. */
static void
test_mutated_bytes (void)
{
  static const guint16 ids[] = {0x0041, 0x0c19, 0x004f, 0x0071, 0x0046, 0x1009, 0x1013, 0x300b};
  static const guint8 seed[] =
      "\x01\0\0\0\x60\0\0\0\x5c\0\0\0\0\0\0\0\x81\x2b\x1f\xa4\xbe\xa3\x10\x19\x9d\x6e\0\xdd\x01\x0f"
      "\x54\x02"
      "\0\0\x01\x80"
      "A\0\0\0S\0M\0T\0P\0\0\0a\0@\0b\0\0\0/o=x/cn=y\0{\\rtf1\\ansi{\\b x}\\par}<p>&lt;";
  g_autoptr (GRand) random = g_rand_new_with_seed (5);
  for (guint round = 0; round < 3000; round++) {
    g_autoptr (BmItem) item = item_new ("IPM.Note");
    const BmRenderContext context = {0};
    for (guint i = 0; i < G_N_ELEMENTS (ids); i++) {
      guint8 bytes[sizeof seed];
      gsize from = (gsize) g_rand_int_range (random, 0, sizeof seed - 1);
      gsize size = (gsize) g_rand_int_range (random, 1, (gint) (sizeof seed - from));
      memcpy (bytes, seed + from, size);
      mutate (random, bytes, size);
      item_bytes (item->props, ids[i], bytes, size);
    }
    item_text (item->props, 0x0042, "Ada");
    bm_render_learn (item, ignore, NULL);
    g_autoptr (BmMessage) message = bm_render (item, &context, NULL);
    g_assert_nonnull (message);
    g_assert_cmpint (message->internal_date, >=, 86400);
  }
}

/* Pieces of encoded words in any order: what comes out may stand in a field. */
static void
test_words (void)
{
  static const gchar *const pieces[] = {"=?gb2312?B?",
                                        "=?utf-8?Q?",
                                        "1tDOxA==",
                                        "=9BN",
                                        "?=",
                                        " ",
                                        "?",
                                        "=",
                                        "é",
                                        "=?x?Q?",
                                        "=?iso-2022-jp?B?",
                                        "GyRC",
                                        "=?big5*en?q?",
                                        "_",
                                        "=88",
                                        "=?utf-7?Q?",
                                        "+ZeV-",
                                        "\n"};
  g_autoptr (GRand) random = g_rand_new_with_seed (7);
  for (guint round = 0; round < 20000; round++) {
    g_autoptr (GString) value = g_string_new (NULL);
    for (gint n = g_rand_int_range (random, 1, 20); n > 0; n--)
      g_string_append (value, pieces[g_rand_int_range (random, 0, G_N_ELEMENTS (pieces))]);
    g_autofree gchar *wider = bm_mime_widen_words (value->str);
    if (wider == NULL)
      continue;
    g_assert_true (g_utf8_validate (wider, -1, NULL));
    g_autofree gchar *again = bm_mime_widen_words (wider);
    g_assert_cmpstr (again != NULL ? again : wider, !=, "");
  }
}

/* Processor time of so many words; hundredths of a second at least, so that two can be compared. */
static gdouble
time_of_words (guint n)
{
  g_autoptr (GString) many = g_string_new (NULL);
  for (guint i = 0; i < n; i++)
    g_string_append (many, i % 2 == 0 ? "=?gb2312?Q?=9BN?= " : "=?gbk?Q?=9BN?= ");
  clock_t start = clock ();
  g_free (bm_mime_widen_words (many->str));
  return MAX ((gdouble) (clock () - start) / CLOCKS_PER_SEC, 0.01);
}

/* Eight times as many words take eight times as long, not sixty-four times. */
static void
test_many_words (void)
{
  gdouble few = time_of_words (1500), many = time_of_words (12000);
  g_assert_cmpfloat (many, <, 28 * few);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  bm_render_init ();
  g_test_add_func ("/mime/hostile/properties", test_properties);
  g_test_add_func ("/mime/hostile/each-property", test_each_property);
  g_test_add_func ("/mime/hostile/each-named", test_each_named);
  g_test_add_func ("/mime/hostile/transport", test_transport);
  g_test_add_func ("/mime/hostile/long-transport", test_long_transport);
  g_test_add_func ("/mime/hostile/words", test_words);
  g_test_add_func ("/mime/hostile/many-words", test_many_words);
  g_test_add_func ("/mime/hostile/mutated-bytes", test_mutated_bytes);
  return g_test_run ();
}
