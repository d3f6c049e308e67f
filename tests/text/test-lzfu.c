/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Compressed RTF: the examples of [MS-OXRTFCP] 4, and streams that lie or break off. */
#include "text/bm-lzfu.h"

#include <bm-pst-import/error.h>
#include <string.h>

/* [MS-OXRTFCP] 4.1.1 and 4.1.2 */
static const guint8 hello[] = {0x2d, 0x00, 0x00, 0x00, 0x2b, 0x00, 0x00, 0x00, 0x4c, 0x5a,
                               0x46, 0x75, 0xf1, 0xc5, 0xc7, 0xa7, 0x03, 0x00, 0x0a, 0x00,
                               0x72, 0x63, 0x70, 0x67, 0x31, 0x32, 0x35, 0x42, 0x32, 0x0a,
                               0xf3, 0x20, 0x68, 0x65, 0x6c, 0x09, 0x00, 0x20, 0x62, 0x77,
                               0x05, 0xb0, 0x6c, 0x64, 0x7d, 0x0a, 0x80, 0x0f, 0xa0};
static const gchar hello_text[] = "{\\rtf1\\ansi\\ansicpg1252\\pard hello world}\r\n";
static const guint8 wxyz[] = {0x1a, 0x00, 0x00, 0x00, 0x1c, 0x00, 0x00, 0x00, 0x4c, 0x5a,
                              0x46, 0x75, 0xe2, 0xd4, 0x4b, 0x51, 0x41, 0x00, 0x04, 0x20,
                              0x57, 0x58, 0x59, 0x5a, 0x0d, 0x6e, 0x7d, 0x01, 0x0e, 0xb0};
static const gchar wxyz_text[] = "{\\rtf1 WXYZWXYZWXYZWXYZWXYZ}";

typedef struct {
  gboolean crc_ok;
  gboolean truncated;
} Told;

static gchar *
expand (const guint8 *data, gsize size, gsize limit, Told *told)
{
  g_autoptr (GError) error = NULL;
  /* An allocation of the exact size lets the address sanitizer see one byte too many. */
  g_autofree guint8 *copy = g_memdup2 (data, size);
  g_autoptr (GByteArray) out =
      bm_lzfu_decompress (copy, size, limit, &told->crc_ok, &told->truncated, &error);
  g_assert_no_error (error);
  return out->len == 0 ? g_strdup ("") : g_strndup ((const gchar *) out->data, out->len);
}

static void
test_examples (void)
{
  Told told;
  g_autofree gchar *a = expand (hello, sizeof hello, 1000, &told);
  g_assert_cmpstr (a, ==, hello_text);
  g_assert_true (told.crc_ok && !told.truncated);
  g_autofree gchar *b = expand (wxyz, sizeof wxyz, 1000, &told);
  g_assert_cmpstr (b, ==, wxyz_text);
  g_assert_true (told.crc_ok && !told.truncated);
}

static void
test_stored (void)
{
  Told told;
  static const guint8 mela[] = {0x0f, 0,   0, 0, 3, 0, 0,   0,   'M', 'E',
                                'L',  'A', 0, 0, 0, 0, '{', '}', ' '};
  g_autofree gchar *whole = expand (mela, sizeof mela, 1000, &told);
  g_assert_cmpstr (whole, ==, "{} ");
  g_assert_true (told.crc_ok && !told.truncated);
  static const guint8 generous[] = {0x0f, 0,   0, 0, 15, 0, 0,   0,   'M', 'E',
                                    'L',  'A', 0, 0, 0,  0, '{', '}', ' '};
  g_autofree gchar *other = expand (generous, sizeof generous, 1000, &told);
  g_assert_cmpstr (other, ==, "{} ");
  g_assert_false (told.truncated);
  g_autofree gchar *cut = expand (mela, sizeof mela - 1, 1000, &told);
  g_assert_cmpstr (cut, ==, "{}");
  g_assert_true (told.truncated);
}

static void
test_wrong_crc (void)
{
  Told told;
  guint8 bytes[sizeof hello];
  memcpy (bytes, hello, sizeof hello);
  memset (bytes + 12, 0, 4);
  g_autofree gchar *zero = expand (bytes, sizeof bytes, 1000, &told);
  g_assert_cmpstr (zero, ==, hello_text);
  g_assert_true (!told.crc_ok && !told.truncated);
}

/* RAWSIZE of 0, 1 and 4 GiB, COMPSIZE of 0 and 4 GiB: the stream itself decides. */
static void
test_lying_sizes (void)
{
  static const guint8 lies[] = {0x00, 0x01, 0xff};
  for (guint field = 0; field < 2; field++)
    for (guint i = 0; i < G_N_ELEMENTS (lies); i++) {
      Told told;
      guint8 bytes[sizeof hello];
      memcpy (bytes, hello, sizeof hello);
      memset (bytes + 4 * field, lies[i], 4);
      g_autofree gchar *text = expand (bytes, sizeof bytes, 1000, &told);
      g_assert_cmpstr (text, ==, hello_text);
      g_assert_false (told.truncated);
    }
}

static void
test_broken_off (void)
{
  for (gsize size = 16; size < sizeof hello; size++) {
    Told told;
    g_autofree gchar *text = expand (hello, size, 1000, &told);
    g_assert_true (g_str_has_prefix (hello_text, text));
    g_assert_cmpuint (told.truncated, ==, strlen (text) < strlen (hello_text));
  }
  for (gsize limit = 0; limit < strlen (hello_text); limit++) {
    Told told;
    g_autofree gchar *text = expand (hello, sizeof hello, limit, &told);
    g_assert_cmpuint (strlen (text), ==, limit);
    g_assert_true (told.truncated);
  }
}

static void
test_unreadable (void)
{
  for (gsize size = 0; size <= sizeof hello; size++) {
    g_autoptr (GError) error = NULL;
    guint8 bytes[sizeof hello];
    memcpy (bytes, hello, sizeof hello);
    if (size >= 16)
      bytes[8] = 'X';
    g_assert_null (bm_lzfu_decompress (bytes, size, 1000, NULL, NULL, &error));
    g_assert_error (error, BM_ERROR, BM_CAUSE_UNREADABLE);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/text/lzfu/examples", test_examples);
  g_test_add_func ("/text/lzfu/stored", test_stored);
  g_test_add_func ("/text/lzfu/wrong-crc", test_wrong_crc);
  g_test_add_func ("/text/lzfu/lying-sizes", test_lying_sizes);
  g_test_add_func ("/text/lzfu/broken-off", test_broken_off);
  g_test_add_func ("/text/lzfu/unreadable", test_unreadable);
  return g_test_run ();
}
