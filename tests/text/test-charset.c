/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Code pages to UTF-8: known bytes of each set, damage, lies about the set, and the one property
 * the sandbox needs: after bm_charset_preload everything works with openat refused. */
#include "text/bm-charset.h"

#include "text/bm-charset-table.h"

#include <errno.h>
#include <fcntl.h>
#include <iconv.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define FFFD "\xEF\xBF\xBD"

static void
check (guint32 codepage, const gchar *bytes, gsize size, const gchar *expected, gboolean lossy)
{
  gboolean was_lossy = !lossy;
  const gchar *charset = bm_charset_from_codepage (codepage);
  g_assert_nonnull (charset);
  g_autofree gchar *text = bm_charset_to_utf8 ((const guint8 *) bytes, size, charset, &was_lossy);
  g_test_message ("code page %u: %s", codepage, text);
  g_assert_cmpstr (text, ==, expected);
  g_assert_true (was_lossy == lossy);
}
#define CHECK(cp, bytes, expected)       check (cp, bytes, sizeof (bytes) - 1, expected, FALSE)
#define CHECK_LOSSY(cp, bytes, expected) check (cp, bytes, sizeof (bytes) - 1, expected, TRUE)

static void
test_codepages (void)
{
  CHECK (1252, "caf\xE9 \x80 \x93x\x94", "café € “x”");
  CHECK (65001, "caf\xC3\xA9", "café");
  CHECK (20127, "plain", "plain");
  CHECK (28591, "\xFC\xDF", "üß");
  CHECK (28592, "\xB1", "ą");
  CHECK (28605, "\xA4", "€");
  CHECK (1250, "\x9C\xBF", "śż");
  CHECK (1251, "\xCF\xF0\xE8", "При");
  CHECK (1253, "\xE1", "α");
  CHECK (1254, "\xFE", "ş");
  CHECK (1255, "\xF9", "ש");
  CHECK (1256, "\xC8", "ب");
  CHECK (1257, "\xE0", "ą");
  CHECK (1258, "\xD0", "Đ");
  CHECK (1258, "x\xE0", "xà"); /* the decoder holds the last character back */
  CHECK (874, "\xA1\x80", "ก€");
  CHECK (437, "\x81", "ü");
  CHECK (850, "\x84", "ä");
  CHECK (852, "\xA5", "ą");
  CHECK (866, "\x8F", "П");
  CHECK (20866, "\xF0\xD2", "Пр");
  CHECK (21866, "\xA4", "є");
  CHECK (10000, "\x8A", "ä");
  CHECK (10007, "\x80", "А");
  CHECK (932, "\x93\xFA\x96\x7B\x87\x40\xB1", "日本①ｱ");
  CHECK (936, "\xD6\xD0\xCE\xC4\x80", "中文€");
  CHECK (949, "\xC7\xD1\xB1\xDB\x81\x41", "한글갂");
  CHECK (950, "\xA4\xA4\xA4\xE5", "中文");
  CHECK (54936, "\xD6\xD0\x81\x30\x86\x30", "中\xC2\xB8");
  CHECK (51932, "\xC6\xFC\xCB\xDC", "日本");
  CHECK (51949, "\xC7\xD1", "한");
  CHECK (65000, "Hi +ZeVnLIqe-", "Hi 日本語");
  CHECK (50225, "\x1B$)C\x0E\x47\x51\x0F", "한");
}

static void
test_iso2022jp (void)
{
  CHECK (50220, "a \x1B$BF|K\\8l\x1B(B b", "a 日本語 b");
  CHECK (50221, "\x1B$B-!\x1B(I1\x1B(B.", "①ｱ.");
  CHECK (50222,
         "\x0E"
         "1\x0F.",
         "ｱ.");
  CHECK (50220, "\x1B$@F|\x1B(J!", "日!");
  CHECK (50220, "\x1B$BF|\nabc", "日\nabc"); /* the line forgot to switch back */
  CHECK_LOSSY (50220, "\x1B$BF\x1B(Bx", FFFD "x");
  CHECK_LOSSY (50220, "\x1Bzx\xE9", FFFD "zx" FFFD);
}

static void
test_damage (void)
{
  CHECK_LOSSY (65001, "a\xFF\xC3", "a" FFFD FFFD);
  CHECK_LOSSY (65001, "\xED\xA0\x80x", FFFD FFFD FFFD "x");
  CHECK_LOSSY (1252, "a\x81", "a" FFFD);
  CHECK_LOSSY (20127, "a\xE9z", "a" FFFD "z");
  CHECK_LOSSY (932, "\x93\xFA\x93", "日" FFFD);
  CHECK_LOSSY (54936, "a\x81\x30\x86", "a" FFFD); /* one character broke off, not three */
  CHECK_LOSSY (932, "\x93<b>", FFFD "<b>");       /* the tag survives a lone lead byte */
  CHECK (1252, "abc\0\0", "abc");
  CHECK_LOSSY (1252, "a\0b\0", "ab");
  CHECK_LOSSY (65001, "a\0b", "ab");
  CHECK (65001, "\xEF\xBB\xBFx", "x");
  CHECK (1252, "", "");
  g_autofree gchar *empty = bm_charset_to_utf8 (NULL, 0, "utf-8", NULL);
  g_assert_cmpstr (empty, ==, "");
  g_autofree gchar *unknown = bm_charset_to_utf8 ((const guint8 *) "\xE9", 1, "x-klingon", NULL);
  g_assert_cmpstr (unknown, ==, "é");
}

#define CHECK_16(bytes, expected, expect_lossy)                                                    \
  {                                                                                                \
    gboolean lossy = !(expect_lossy);                                                              \
    g_autofree gchar *text =                                                                       \
        bm_charset_utf16le_to_utf8 ((const guint8 *) (bytes), sizeof (bytes) - 1, &lossy);         \
    g_assert_cmpstr (text, ==, expected);                                                          \
    g_assert_true (lossy == (expect_lossy));                                                       \
  }

static void
test_utf16 (void)
{
  CHECK_16 ("a\0\xE9\0\xAC\x20\0\0", "aé€", FALSE);
  CHECK_16 ("\x3D\xD8\x00\xDE!\0", "😀!", FALSE);
  CHECK_16 ("\x3D\xD8!\0", FFFD "!", TRUE);
  CHECK_16 ("\x00\xDE!\0\x3D\xD8", FFFD "!" FFFD, TRUE);
  CHECK_16 ("a\0b", "a" FFFD, TRUE);
  CHECK_16 ("a\0\0", "a", FALSE);
  CHECK_16 ("a\0\0\0b\0", "ab", TRUE);
  CHECK_16 ("", "", FALSE);
  CHECK (1200,
         "\xFF\xFE"
         "a\0",
         "a");
  CHECK (1200, "\xFE\xFF\0a", "a");
  CHECK (1201, "\0a\x20\xAC", "a€");
}

static void
test_names (void)
{
  static const gchar *const pairs[][2] = {
      {"windows-1252", "CP1252"},
      {"WINDOWS-1252", "CP1252"},
      {" \"utf8\" ", "UTF-8"},
      {"cp-850", "CP850"},
      {"X-SJIS", "CP932"},
      {"iso_8859-1", "ISO-8859-1"},
      {"iso8859-15", "ISO-8859-15"},
      {"gb2312", "CP936"},
      {"GBK", "CP936"},
      {"ks_c_5601-1987", "CP949"},
      {"big5", "CP950"},
      {"unicode", "UTF-16LE"},
      {"koi8-r", "KOI8-R"},
      {"ansi_x3.4-1968", "US-ASCII"},
      {"iso-8859-8-i", "ISO-8859-8"},
      {"x-cp1251", "CP1251"},
      {"windows-932", "CP932"},
      {"ibm437", "CP437"},
      {"euc-jp", "EUC-JP-MS"},
      {"1252", "CP1252"},
  };
  for (guint i = 0; i < G_N_ELEMENTS (pairs); i++)
    g_assert_cmpstr (bm_charset_from_name (pairs[i][0]), ==, pairs[i][1]);
  static const gchar *const unknown[] = {
      "",
      "//TRANSLIT",
      "-",
      "klingon",
      "utf-8//IGNORE",
      "0",
      "99999999999999999999",
      "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"};
  for (guint i = 0; i < G_N_ELEMENTS (unknown); i++)
    g_assert_null (bm_charset_from_name (unknown[i]));
  g_assert_null (bm_charset_from_name (NULL));
  g_assert_null (bm_charset_from_codepage (0));
  g_assert_cmpstr (bm_charset_mime_name ("CP932"), ==, "shift_jis");
  g_assert_cmpstr (bm_charset_mime_name (bm_charset_from_codepage (28605)), ==, "iso-8859-15");
  for (guint i = 0; i < bm_charset_table_size; i++) {
    const BmCharsetRow *row = &bm_charset_table[i];
    g_assert_cmpstr (bm_charset_from_name (row->iconv), ==, row->iconv);
    g_assert_cmpstr (bm_charset_from_name (row->mime), ==, row->iconv);
    g_assert_nonnull (bm_charset_mime_name (row->iconv));
  }
}

/* Every label of the WHATWG encoding standard (4.2) that stands for a set of bytes: HTML and mail
 * programs write all of these. */
static void
test_labels (void)
{
  static const gchar *const labels[][2] = {
      {"unicode-1-1-utf-8 unicode11utf8 unicode20utf8 utf-8 utf8 x-unicode20utf8", "UTF-8"},
      {"866 cp866 csibm866 ibm866", "CP866"},
      {"csisolatin2 iso-8859-2 iso-ir-101 iso8859-2 iso88592 iso_8859-2 iso_8859-2:1987 l2 latin2",
       "ISO-8859-2"},
      {"csisolatin3 iso-8859-3 iso-ir-109 iso8859-3 iso88593 iso_8859-3 iso_8859-3:1988 l3 latin3",
       "ISO-8859-3"},
      {"csisolatin4 iso-8859-4 iso-ir-110 iso8859-4 iso88594 iso_8859-4 iso_8859-4:1988 l4 latin4",
       "ISO-8859-4"},
      {"csisolatincyrillic cyrillic iso-8859-5 iso-ir-144 iso8859-5 iso88595 iso_8859-5 "
       "iso_8859-5:1988",
       "ISO-8859-5"},
      {"arabic asmo-708 csiso88596e csiso88596i csisolatinarabic ecma-114 iso-8859-6 iso-8859-6-e "
       "iso-8859-6-i iso-ir-127 iso8859-6 iso88596 iso_8859-6 iso_8859-6:1987",
       "ISO-8859-6"},
      {"csisolatingreek ecma-118 elot_928 greek greek8 iso-8859-7 iso-ir-126 iso8859-7 iso88597 "
       "iso_8859-7 iso_8859-7:1987 sun_eu_greek",
       "ISO-8859-7"},
      {"csiso88598e csiso88598i csisolatinhebrew hebrew iso-8859-8 iso-8859-8-e iso-8859-8-i "
       "iso-ir-138 iso8859-8 iso88598 iso_8859-8 iso_8859-8:1988 visual logical",
       "ISO-8859-8"},
      {"csisolatin6 iso-8859-10 iso-ir-157 iso8859-10 iso885910 l6 latin6", "ISO-8859-10"},
      {"iso-8859-13 iso8859-13 iso885913", "ISO-8859-13"},
      {"iso-8859-14 iso8859-14 iso885914", "ISO-8859-14"},
      {"csisolatin9 iso-8859-15 iso8859-15 iso885915 iso_8859-15 l9 latin9", "ISO-8859-15"},
      {"iso-8859-16", "ISO-8859-16"},
      {"cskoi8r koi koi8 koi8-r koi8_r", "KOI8-R"},
      {"koi8-ru koi8-u", "KOI8-U"},
      {"csmacintosh mac macintosh x-mac-roman", "MACINTOSH"},
      {"dos-874 tis-620 windows-874", "CP874"},
      {"iso-8859-11 iso8859-11 iso885911", "ISO-8859-11"},
      {"cp1250 windows-1250 x-cp1250", "CP1250"},
      {"cp1251 windows-1251 x-cp1251", "CP1251"},
      {"cp1252 windows-1252 x-cp1252", "CP1252"},
      {"ansi_x3.4-1968 ascii us-ascii", "US-ASCII"},
      {"cp819 csisolatin1 ibm819 iso-8859-1 iso-ir-100 iso8859-1 iso88591 iso_8859-1 "
       "iso_8859-1:1987 l1 latin1",
       "ISO-8859-1"},
      {"cp1253 windows-1253 x-cp1253", "CP1253"},
      {"cp1254 windows-1254 x-cp1254", "CP1254"},
      {"csisolatin5 iso-8859-9 iso-ir-148 iso8859-9 iso88599 iso_8859-9 iso_8859-9:1989 l5 latin5",
       "ISO-8859-9"},
      {"cp1255 windows-1255 x-cp1255", "CP1255"},
      {"cp1256 windows-1256 x-cp1256", "CP1256"},
      {"cp1257 windows-1257 x-cp1257", "CP1257"},
      {"cp1258 windows-1258 x-cp1258", "CP1258"},
      {"x-mac-cyrillic", "MAC-CYRILLIC"},
      {"x-mac-ukrainian", "MAC-UK"},
      {"chinese csgb2312 csiso58gb231280 gb2312 gb_2312 gb_2312-80 gbk iso-ir-58 x-gbk", "CP936"},
      {"gb18030", "GB18030"},
      {"big5 cn-big5 csbig5 x-x-big5", "CP950"},
      {"big5-hkscs", "BIG5-HKSCS"},
      {"cseucpkdfmtjapanese euc-jp x-euc-jp", "EUC-JP-MS"},
      {"csiso2022jp iso-2022-jp", "ISO-2022-JP"},
      {"csshiftjis ms932 ms_kanji shift-jis shift_jis sjis windows-31j x-sjis", "CP932"},
      {"cseuckr csksc56011987 euc-kr iso-ir-149 korean ks_c_5601-1987 ks_c_5601-1989 ksc5601 "
       "ksc_5601 windows-949",
       "CP949"},
      {"csiso2022kr iso-2022-kr", "ISO-2022-KR"},
      {"hz-gb-2312", "HZ-GB-2312"},
      {"iso-2022-cn", "ISO-2022-CN"},
      {"unicodefffe utf-16be", "UTF-16BE"},
      {"csunicode iso-10646-ucs-2 ucs-2 unicode unicodefeff utf-16 utf-16le", "UTF-16LE"},
  };
  for (guint i = 0; i < G_N_ELEMENTS (labels); i++) {
    g_auto (GStrv) names = g_strsplit (labels[i][0], " ", -1);
    for (guint n = 0; names[n] != NULL; n++) {
      g_test_message ("%s", names[n]);
      g_assert_cmpstr (bm_charset_from_name (names[n]), ==, labels[i][1]);
    }
  }
}

static void
check_guess (const gchar *bytes, gsize size, const gchar *declared, const gchar *expected,
             gboolean guessed, gboolean lossy)
{
  gboolean was_guessed = !guessed, was_lossy = !lossy;
  g_autofree gchar *text =
      bm_charset_guess_to_utf8 ((const guint8 *) bytes, size, declared, &was_guessed, &was_lossy);
  g_assert_cmpstr (text, ==, expected);
  g_assert_true (was_guessed == guessed);
  g_assert_true (was_lossy == lossy);
}
#define GUESS(bytes, ...) check_guess (bytes, sizeof (bytes) - 1, __VA_ARGS__)

static void
test_guess (void)
{
  GUESS ("gr\xFC\xDF", "us-ascii", "grüß", TRUE, FALSE);
  GUESS ("gr\xC3\xBC", "us-ascii", "grü", TRUE, FALSE);
  GUESS ("plain", "us-ascii", "plain", FALSE, FALSE);
  GUESS ("gr\xFC", "windows-1252", "grü", FALSE, FALSE);
  GUESS ("gr\xFC", "utf-8", "grü", TRUE, FALSE);
  GUESS ("gr\xC3\xBC", "utf-8", "grü", FALSE, FALSE);
  GUESS ("gr\xC3\xBC", NULL, "grü", TRUE, FALSE);
  GUESS ("gr\xFC", NULL, "grü", TRUE, FALSE);
  GUESS ("plain", NULL, "plain", FALSE, FALSE);
  GUESS ("plain", "klingon", "plain", FALSE, FALSE);
  GUESS ("\x93x\x94", "iso-8859-1", "“x”", TRUE, FALSE);
  GUESS ("\xFC", "iso-8859-1", "ü", FALSE, FALSE);
  GUESS ("plain", "unicode", "plain", FALSE, FALSE);
  GUESS ("gr\xFC", "utf-16", "grü", TRUE, FALSE);
  GUESS ("a\0\xFC\0", "utf-16", "aü", FALSE, FALSE);
  GUESS ("\xEF\xBB\xBFgr\xC3\xBC", "windows-1252", "grü", TRUE, FALSE);
  GUESS ("\xEF\xBB\xBF\xFC", "windows-1252", "ï»¿ü", FALSE, FALSE);
  GUESS ("<\0p\0>\0\xFC\0", "utf-8", "<p>ü", TRUE, FALSE);
  GUESS ("\0<\0p\0>", NULL, "<p>", TRUE, FALSE);
  GUESS ("abc\0", "windows-1252", "abc", FALSE, FALSE);
  GUESS ("x \x1B$BF|\x1B(B", "us-ascii", "x 日", TRUE, FALSE);
  GUESS ("x \x1B$BF|\x1B(B", "iso-2022-jp", "x 日", FALSE, FALSE);
  GUESS ("a\0b", "us-ascii", "ab", FALSE, TRUE); /* a NUL proves no lie */
  GUESS ("a\x81", "us-ascii", "a" FFFD, TRUE, TRUE);
  /* Damage in an otherwise right text is not a lie. */
  GUESS ("\x93\xFA\x96\x7B\x93\xFA\x96\x7B\x93\xFA\xFF", "shift_jis", "日本日本日" FFFD, FALSE,
         TRUE);
  GUESS ("\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\xC3", "utf-8", "ééééé" FFFD, FALSE, TRUE);
  GUESS ("", "utf-8", "", FALSE, FALSE);
}

/* Programs write the name of the standard and mean the vendor's set, which holds more. */
static void
test_wider (void)
{
  GUESS ("\xC4\xE3\x81\x39\xEE\x39", "gb2312", "你㐀", TRUE, FALSE);
  GUESS ("\xC4\xE3\x81\x39\xEE\x39", "gbk", "你㐀", TRUE, FALSE);
  GUESS ("\xC4\xE3\x80", "gb2312", "你€", FALSE, FALSE);
  GUESS ("\xAD\xBB\xB4\xE4 \x88\x66", "big5", "香港 Ê", TRUE, FALSE);
  GUESS ("\xAD\xBB\xC6\xA1", "big5", "香①", TRUE, FALSE); /* glibc: a private character */
  GUESS ("\xAD\xBB\xA3\xE1", "big5", "香€", FALSE, FALSE);
  GUESS ("\x93\xFA\x87\x40\xFA\xB1", "shift_jis", "日①﨑", FALSE, FALSE);
  GUESS ("\x1B$B-!\x1B(B", "iso-2022-jp", "①", FALSE, FALSE);
  GUESS ("\xC7\xD1\x8C\x63", "ks_c_5601-1987", "한똠", FALSE, FALSE);
  GUESS ("\xC7\xD1\x8C\x63", "euc-kr", "한똠", FALSE, FALSE);
  GUESS ("\xA1\x85\x80", "tis-620", "ก…€", FALSE, FALSE);
  GUESS ("\xA1\x85", "iso-8859-11", "ก…", TRUE, FALSE);
  GUESS ("\x84\xB3\x94", "iso-8859-2", "„ł”", TRUE, FALSE);
  GUESS ("\x93\xE1\x94", "iso-8859-7", "“α”", TRUE, FALSE);
  GUESS ("\x93\xF9\x94", "iso-8859-8", "“ש”", TRUE, FALSE);
  GUESS ("\x93\xFE\x94", "iso-8859-9", "“ş”", TRUE, FALSE);
  GUESS ("\x93\xE0\x94", "iso-8859-13", "“ą”", TRUE, FALSE);
  GUESS ("\x93\xE9\x80", "iso-8859-15", "“é€", TRUE, FALSE);
  GUESS ("\xA4", "iso-8859-15", "€", FALSE, FALSE);
}

/* What only one set would look like, whatever the declaration says. */
static void
test_evident (void)
{
  /* "Grüße, für" in UTF-8 under sets that take any byte */
  GUESS ("Gr\xC3\xBC\xC3\x9F"
         "e, f\xC3\xBCr",
         "windows-1252", "Grüße, für", TRUE, FALSE);
  GUESS ("Gr\xC3\xBC\xC3\x9F"
         "e, f\xC3\xBCr",
         "koi8-r", "Grüße, für", TRUE, FALSE);
  /* one that somebody may have written about */
  GUESS ("\xC3\xA9 for e", "windows-1252", "Ã© for e", FALSE, FALSE);
  GUESS ("\xE4\xBD\xA0\xE5\xA5\xBD\xE5\x90\x97\xE6\x9C\x8B\xE5\x8F\x8B\xE4\xBB\xAC", "gbk",
         "你好吗朋友们", TRUE, FALSE);
  GUESS ("\xE4\xBD\xA0\xE5\xA5\xBD", "gbk", "浣犲ソ", FALSE, FALSE); /* too short to be sure */
  GUESS ("x \x1B$BF|\x1B(B", "utf-8", "x 日", TRUE, FALSE);
  GUESS ("x \x1B$BF|\x1B(B", "shift_jis", "x 日", TRUE, FALSE);
  GUESS ("\x1B$)C\x0EGQ1[\x0F", "windows-1252", "한글", TRUE, FALSE);
  GUESS ("\x1B$)C\x0EGQ1[\x0F", "iso-2022-kr", "한글", FALSE, FALSE);
}

/* Refuses openat and open as the reader's sandbox does. */
static gboolean
refuse_open (void)
{
  struct sock_filter filter[] = {
      BPF_STMT (BPF_LD | BPF_W | BPF_ABS, offsetof (struct seccomp_data, nr)),
      BPF_JUMP (BPF_JMP | BPF_JEQ | BPF_K, SYS_openat, 0, 1),
      BPF_STMT (BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EACCES),
      BPF_STMT (BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  struct sock_fprog program = {G_N_ELEMENTS (filter), filter};
  return prctl (PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         prctl (PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

/* Each set decodes, and iconv_open by somebody else works by both names. */
static int
convert_all_in_sandbox (gboolean preload)
{
  if (preload && bm_charset_preload () != 0)
    return 2;
  if (!refuse_open ())
    return 77;
  if (open ("/etc/hostname", O_RDONLY) >= 0)
    return 3;
  int failed = 0;
  for (guint i = 0; i < bm_charset_table_size; i++) {
    if (bm_charset_table[i].kind == BM_CHARSET_HZ)
      continue;
    iconv_t to = iconv_open ("UTF-8", bm_charset_table[i].iconv);
    iconv_t from = iconv_open (bm_charset_table[i].iconv, "UTF-8");
    failed += to == (iconv_t) -1 || from == (iconv_t) -1;
    if (to != (iconv_t) -1)
      iconv_close (to);
    if (from != (iconv_t) -1)
      iconv_close (from);
  }
  static const gchar *const gmime_names[] = {"utf-8",        "UTF-8",  "iso-8859-1", "us-ascii",
                                             "windows-1252", "CP1252", "iso-8859-15"};
  for (guint i = 0; i < G_N_ELEMENTS (gmime_names); i++)
    failed += iconv_open ("UTF-8", gmime_names[i]) == (iconv_t) -1;
  g_autofree gchar *text = bm_charset_to_utf8 ((const guint8 *) "\x93\xFA", 2, "cp932", NULL);
  failed += strcmp (text, "日") != 0;
  return failed == 0 ? 0 : 1;
}

static int
run_child (gboolean preload)
{
  pid_t pid = fork ();
  if (pid == 0)
    _exit (convert_all_in_sandbox (preload));
  int status = 0;
  g_assert_cmpint (waitpid (pid, &status, 0), ==, pid);
  g_assert_true (WIFEXITED (status));
  return WEXITSTATUS (status);
}

static void
test_sandbox (void)
{
  int status = run_child (TRUE);
  if (status == 77) {
    g_test_skip ("seccomp filters are not available here");
    return;
  }
  g_assert_cmpint (status, ==, 0);
  /* Without preloading it fails: the sandbox of this test is a real one. */
  g_assert_cmpint (run_child (FALSE), ==, 1);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  /* First: the other tests would open descriptors that the children inherit. */
  g_test_add_func ("/text/charset/sandbox", test_sandbox);
  g_test_add_func ("/text/charset/codepages", test_codepages);
  g_test_add_func ("/text/charset/iso-2022-jp", test_iso2022jp);
  g_test_add_func ("/text/charset/damage", test_damage);
  g_test_add_func ("/text/charset/utf-16", test_utf16);
  g_test_add_func ("/text/charset/names", test_names);
  g_test_add_func ("/text/charset/labels", test_labels);
  g_test_add_func ("/text/charset/guess", test_guess);
  g_test_add_func ("/text/charset/wider", test_wider);
  g_test_add_func ("/text/charset/evident", test_evident);
  return g_test_run ();
}
