/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Guids, sealing (what may never reach a server), tokens, classes, properties, times. */
#include <bm-pst-import/item.h>
#include <string.h>

static void
test_guid (void)
{
  BmGuid guid, back;
  gchar hex[41];
  bm_guid_of_bytes ("abc", 3, &guid);
  bm_guid_to_hex (&guid, hex);
  g_assert_cmpstr (hex, ==, "a9993e364706816aba3e25717850c26c9cd0d89d"); /* FIPS 180 */
  g_assert_true (bm_guid_from_hex (hex, &back) && bm_guid_equal (&guid, &back));
  g_assert_false (bm_guid_from_hex ("zz", &back));
  g_assert_false (bm_guid_from_hex (NULL, &back));
}

static void
check (const gchar *bytes, gsize size, gboolean good)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (BmMessage) message = bm_message_seal (g_bytes_new (bytes, size), &error);
  g_assert_true ((message != NULL) == good);
  if (!good)
    g_assert_error (error, BM_ERROR, BM_CAUSE_INVALID_MESSAGE);
}

static void
test_seal (void)
{
  static const struct {
    const gchar *bytes;
    gboolean good;
  } cases[] = {
      {"A: b\r\n\r\n", TRUE},
      {"A: b\r\n\r\nbody", TRUE},
      {"A: b\r\n c\r\n\r\n\xc3\xa9\r\n", TRUE},
      {"A: b\r\n", FALSE},
      {"A: b", FALSE},
      {"", FALSE},
      {"\r\n", FALSE},
      {"\r\nbody\r\n", FALSE},
      {" A: b\r\n\r\n", FALSE},
      {"no colon\r\n\r\n", FALSE},
      {": b\r\n\r\n", FALSE},
      {"A : b\r\n\r\n", FALSE},
      {"A: \xc3\xa9\r\n\r\n", FALSE},
      {"A: b\n\r\n\r\n", FALSE},
      {"A: b\r\n\r\nbare\nlf", FALSE},
      {"A: b\r\n\r\nbare\rcr", FALSE},
      {"A: b\r\n\r\nend\r", FALSE},
  };
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    check (cases[i].bytes, strlen (cases[i].bytes), cases[i].good);
  check ("A: b\r\n\r\nx\0y", 11, FALSE);
}

static void
test_tokens (void)
{
  for (guint i = 0; i < BM_CAUSE_LAST; i++)
    g_assert_cmpint (bm_cause_from_token (bm_cause_token (i)), ==, i);
  for (gint i = 0; i < BM_RULE_LAST; i++)
    g_assert_cmpint (bm_rule_from_token (bm_rule_token (i)), ==, i);
  BmNotes all = 0;
  for (guint i = 0; i < BM_NOTE_LAST; i++) {
    g_assert_cmpint (bm_note_from_token (bm_note_token (i)), ==, i);
    bm_notes_add (&all, i);
  }
  g_autofree gchar *joined = bm_notes_join (all);
  g_assert_true (bm_notes_parse (joined) == all);
  g_autoptr (GPtrArray) tokens = bm_notes_tokens (all);
  for (guint i = 1; i < tokens->len; i++)
    g_assert_cmpstr (g_ptr_array_index (tokens, i - 1), <, g_ptr_array_index (tokens, i));
  g_assert_cmpint (bm_cause_from_token ("nonsense"), ==, BM_CAUSE_LAST);
  g_autoptr (GError) foreign = g_error_new_literal (G_FILE_ERROR, 0, "x");
  g_assert_cmpint (bm_error_cause (foreign), ==, BM_CAUSE_INTERNAL);
}

static void
test_classes (void)
{
  static const gchar *const mail[] = {"",         "IPM.Note",           "ipm.note.custom",
                                      "IPM.Post", "IPM.TaskRequest",    "IPM.Contactless",
                                      "Unknown",  "REPORT.IPM.Note.DR", "IPM.Schedule.Meeting"};
  static const gchar *const other[] = {"IPM.Appointment", "ipm.contact",      "IPM.Task",
                                       "IPM.Task.Mine",   "IPM.StickyNote",   "IPM.Activity",
                                       "IPM.DistList",    "IPM.Note.Rules.x", "IPM.AbchPerson"};
  for (guint i = 0; i < G_N_ELEMENTS (mail); i++)
    g_assert_true (bm_message_class_is_mail (mail[i]));
  for (guint i = 0; i < G_N_ELEMENTS (other); i++)
    g_assert_false (bm_message_class_is_mail (other[i]));
}

/* What nobody knows is mail when there is something of a mail in it. */
static void
test_unknown_items (void)
{
  static const gchar *const classes[] = {"IPM.Strange", "", "IPM.Note.Custom",
                                         "IPM.Conflict.Folder"};
  static const guint16 texts[] = {0x0037, 0x1000, 0x0042, 0x0c1a, 0x007d};
  for (guint k = 0; k < G_N_ELEMENTS (classes); k++) {
    gboolean known = k >= 2, never = k == 3;
    g_autoptr (BmItem) item = bm_item_new ();
    g_free (item->message_class);
    item->message_class = g_strdup (classes[k]);
    g_assert_cmpint (bm_item_is_mail (item), ==, known && !never);
    BmProp empty = {.id = 0x0e1d, .type = BM_TYPE_UNICODE, .text = g_strdup ("")};
    bm_props_take (item->props, &empty);
    g_assert_cmpint (bm_item_is_mail (item), ==, known && !never);
    bm_notes_add (&item->notes, BM_NOTE_UNREADABLE_PROPERTY); /* who knows what it was */
    g_assert_cmpint (bm_item_is_mail (item), ==, !never);
    item->notes = 0;
    g_ptr_array_add (item->attachments, bm_attachment_new ());
    g_assert_cmpint (bm_item_is_mail (item), ==, !never);
  }
  for (guint i = 0; i < G_N_ELEMENTS (texts); i++) {
    g_autoptr (BmItem) item = bm_item_new ();
    BmProp text = {.id = texts[i], .type = BM_TYPE_UNICODE, .text = g_strdup ("x")};
    bm_props_take (item->props, &text);
    g_assert_true (bm_item_is_mail (item));
  }
}

static void
take_time (BmProps *props, guint16 id, gint64 filetime)
{
  BmProp prop = {.id = id, .type = BM_TYPE_FILETIME, .integer = filetime};
  bm_props_take (props, &prop);
}

static void
test_props (void)
{
  g_autoptr (BmProps) props = bm_props_new ();
  const guint8 a[16] = {1}, b[16] = {2};
  gint64 when = 0;
  BmProp first = {.id = 0x37, .type = BM_TYPE_UNICODE, .text = g_strdup ("first")};
  BmProp second = {.id = 0x37, .type = BM_TYPE_UNICODE, .text = g_strdup ("second")};
  BmProp named = {.id = 0x8001, .type = BM_TYPE_INT32, .integer = 7, .name = {{1}, 0x17, NULL}};
  bm_props_take (props, &first);
  bm_props_take (props, &second);
  bm_props_take (props, &named);
  g_assert_cmpstr (bm_props_text (props, 0x37), ==, "first");
  g_assert_null (bm_props_text (props, 0x38));
  g_assert_nonnull (bm_props_get_lid (props, a, 0x17));
  g_assert_null (bm_props_get_lid (props, b, 0x17));
  g_assert_null (bm_props_get (props, 0x17)); /* a LID is no standard id */
  take_time (props, 0x39, G_GINT64_CONSTANT (116444736000000000));
  take_time (props, 0x3a, 0);
  take_time (props, 0x3b, G_GINT64_CONSTANT (0x0CB34557A3DD4000)); /* 4501: none */
  take_time (props, 0x3c, G_GINT64_CONSTANT (116444736000000000) - 5000000);
  g_assert_true (bm_props_time (props, 0x39, &when) && when == 0);
  g_assert_false (bm_props_time (props, 0x3a, &when));
  g_assert_false (bm_props_time (props, 0x3b, &when));
  g_assert_true (bm_props_time (props, 0x3c, &when) && when == -1);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/model/guid", test_guid);
  g_test_add_func ("/model/seal", test_seal);
  g_test_add_func ("/model/tokens", test_tokens);
  g_test_add_func ("/model/classes", test_classes);
  g_test_add_func ("/model/unknown-items", test_unknown_items);
  g_test_add_func ("/model/props", test_props);
  return g_test_run ();
}
