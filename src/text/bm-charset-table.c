/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The character sets we know, by Windows code page and by name.
 *
 * Sources: [MS-UCODEREF] 2.2.1 (code pages), the IANA registry (MIME names), the WHATWG encoding
 * list (labels seen in HTML). Where the vendor's set is a superset of the standard's, the name of
 * the standard gives the vendor's: bytes of the difference are never meant otherwise (GB2312 ->
 * CP936, Shift_JIS -> CP932, EUC-KR -> CP949, Big5 -> CP950).
 * Must not know who asks. Constant data, any thread. */
#include "text/bm-charset-table.h"

#include <string.h>

/* The first row of a code page or MIME name wins. */
const BmCharsetRow bm_charset_table[] = {
    {1252, BM_CHARSET_ICONV, "CP1252", "windows-1252"},
    {65001, BM_CHARSET_UTF8, "UTF-8", "utf-8"},
    {20127, BM_CHARSET_ICONV, "US-ASCII", "us-ascii"},
    {28591, BM_CHARSET_ICONV, "ISO-8859-1", "iso-8859-1"},
    {1200, BM_CHARSET_UTF16LE, "UTF-16LE", "utf-16le"},
    {1201, BM_CHARSET_UTF16BE, "UTF-16BE", "utf-16be"},
    {65000, BM_CHARSET_ICONV, "UTF-7", "utf-7"},
    {437, BM_CHARSET_ICONV, "CP437", "ibm437"},
    {737, BM_CHARSET_ICONV, "CP737", "cp737"},
    {775, BM_CHARSET_ICONV, "CP775", "ibm775"},
    {850, BM_CHARSET_ICONV, "CP850", "ibm850"},
    {852, BM_CHARSET_ICONV, "CP852", "ibm852"},
    {855, BM_CHARSET_ICONV, "CP855", "ibm855"},
    {857, BM_CHARSET_ICONV, "CP857", "ibm857"},
    {858, BM_CHARSET_ICONV, "CP858", "ibm00858"},
    {860, BM_CHARSET_ICONV, "CP860", "ibm860"},
    {861, BM_CHARSET_ICONV, "CP861", "ibm861"},
    {862, BM_CHARSET_ICONV, "CP862", "ibm862"},
    {863, BM_CHARSET_ICONV, "CP863", "ibm863"},
    {864, BM_CHARSET_ICONV, "CP864", "ibm864"},
    {865, BM_CHARSET_ICONV, "CP865", "ibm865"},
    {866, BM_CHARSET_ICONV, "CP866", "ibm866"},
    {869, BM_CHARSET_ICONV, "CP869", "ibm869"},
    {874, BM_CHARSET_ICONV, "CP874", "windows-874"},
    {932, BM_CHARSET_ICONV, "CP932", "shift_jis"},
    {936, BM_CHARSET_ICONV, "CP936", "gbk"},
    {949, BM_CHARSET_ICONV, "CP949", "ks_c_5601-1987"},
    {950, BM_CHARSET_ICONV, "CP950", "big5"},
    {951, BM_CHARSET_ICONV, "BIG5-HKSCS", "big5-hkscs"},
    {1250, BM_CHARSET_ICONV, "CP1250", "windows-1250"},
    {1251, BM_CHARSET_ICONV, "CP1251", "windows-1251"},
    {1253, BM_CHARSET_ICONV, "CP1253", "windows-1253"},
    {1254, BM_CHARSET_ICONV, "CP1254", "windows-1254"},
    {1255, BM_CHARSET_ICONV, "CP1255", "windows-1255"},
    {1256, BM_CHARSET_ICONV, "CP1256", "windows-1256"},
    {1257, BM_CHARSET_ICONV, "CP1257", "windows-1257"},
    {1258, BM_CHARSET_ICONV, "CP1258", "windows-1258"},
    {1361, BM_CHARSET_ICONV, "JOHAB", "johab"},
    {10000, BM_CHARSET_ICONV, "MACINTOSH", "macintosh"},
    {10001, BM_CHARSET_ICONV, "CP932", "shift_jis"},
    {10002, BM_CHARSET_ICONV, "CP950", "big5"},
    {10003, BM_CHARSET_ICONV, "CP949", "euc-kr"},
    {10008, BM_CHARSET_ICONV, "CP936", "gb2312"},
    {10007, BM_CHARSET_ICONV, "MAC-CYRILLIC", "x-mac-cyrillic"},
    {10017, BM_CHARSET_ICONV, "MAC-UK", "x-mac-ukrainian"},
    {10029, BM_CHARSET_ICONV, "MAC-CENTRALEUROPE", "x-mac-ce"},
    {10079, BM_CHARSET_ICONV, "MAC-IS", "x-mac-icelandic"},
    {20866, BM_CHARSET_ICONV, "KOI8-R", "koi8-r"},
    {21866, BM_CHARSET_ICONV, "KOI8-U", "koi8-u"},
    {20932, BM_CHARSET_ICONV, "EUC-JP-MS", "euc-jp"},
    {51932, BM_CHARSET_ICONV, "EUC-JP-MS", "euc-jp"},
    {20936, BM_CHARSET_ICONV, "CP936", "gb2312"},
    {51936, BM_CHARSET_ICONV, "CP936", "gb2312"},
    {52936, BM_CHARSET_HZ, "HZ-GB-2312", "hz-gb-2312"},
    {54936, BM_CHARSET_ICONV, "GB18030", "gb18030"},
    {51949, BM_CHARSET_ICONV, "CP949", "euc-kr"},
    {20949, BM_CHARSET_ICONV, "CP949", "euc-kr"},
    {51950, BM_CHARSET_ICONV, "EUC-TW", "euc-tw"},
    {28592, BM_CHARSET_ICONV, "ISO-8859-2", "iso-8859-2"},
    {28593, BM_CHARSET_ICONV, "ISO-8859-3", "iso-8859-3"},
    {28594, BM_CHARSET_ICONV, "ISO-8859-4", "iso-8859-4"},
    {28595, BM_CHARSET_ICONV, "ISO-8859-5", "iso-8859-5"},
    {28596, BM_CHARSET_ICONV, "ISO-8859-6", "iso-8859-6"},
    {28597, BM_CHARSET_ICONV, "ISO-8859-7", "iso-8859-7"},
    {28598, BM_CHARSET_ICONV, "ISO-8859-8", "iso-8859-8"},
    {38598, BM_CHARSET_ICONV, "ISO-8859-8", "iso-8859-8-i"},
    {28599, BM_CHARSET_ICONV, "ISO-8859-9", "iso-8859-9"},
    {28600, BM_CHARSET_ICONV, "ISO-8859-10", "iso-8859-10"},
    {28601, BM_CHARSET_ICONV, "ISO-8859-11", "iso-8859-11"},
    {28603, BM_CHARSET_ICONV, "ISO-8859-13", "iso-8859-13"},
    {28604, BM_CHARSET_ICONV, "ISO-8859-14", "iso-8859-14"},
    {28605, BM_CHARSET_ICONV, "ISO-8859-15", "iso-8859-15"},
    {28606, BM_CHARSET_ICONV, "ISO-8859-16", "iso-8859-16"},
    {50220, BM_CHARSET_ISO2022JP, "ISO-2022-JP", "iso-2022-jp"},
    {50221, BM_CHARSET_ISO2022JP, "ISO-2022-JP", "iso-2022-jp"},
    {50222, BM_CHARSET_ISO2022JP, "ISO-2022-JP", "iso-2022-jp"},
    {50225, BM_CHARSET_ICONV, "ISO-2022-KR", "iso-2022-kr"},
    {50227, BM_CHARSET_ICONV, "ISO-2022-CN", "iso-2022-cn"},
};
const guint bm_charset_table_size = G_N_ELEMENTS (bm_charset_table);

/* Other names, already folded (see fold_name): lower case, only letters and digits. */
static const struct {
  const gchar *name;
  guint32 codepage;
} aliases[] = {
    {"ascii", 20127},
    {"ansix341968", 20127},
    {"ansi", 1252},
    {"latin1", 28591},
    {"l1", 28591},
    {"isoir100", 28591},
    {"iso885911987", 28591},
    {"csisolatin1", 28591},
    {"ibm819", 28591},
    {"cp819", 28591},
    {"iso88591windows31latin1", 1252},
    {"latin2", 28592},
    {"l2", 28592},
    {"isoir101", 28592},
    {"iso885921987", 28592},
    {"csisolatin2", 28592},
    {"latin3", 28593},
    {"l3", 28593},
    {"isoir109", 28593},
    {"iso885931988", 28593},
    {"csisolatin3", 28593},
    {"latin4", 28594},
    {"l4", 28594},
    {"isoir110", 28594},
    {"iso885941988", 28594},
    {"csisolatin4", 28594},
    {"cyrillic", 28595},
    {"isoir144", 28595},
    {"iso885951988", 28595},
    {"csisolatincyrillic", 28595},
    {"arabic", 28596},
    {"asmo708", 28596},
    {"ecma114", 28596},
    {"iso88596e", 28596},
    {"iso88596i", 28596},
    {"csiso88596e", 28596},
    {"csiso88596i", 28596},
    {"isoir127", 28596},
    {"iso885961987", 28596},
    {"csisolatinarabic", 28596},
    {"greek", 28597},
    {"greek8", 28597},
    {"ecma118", 28597},
    {"elot928", 28597},
    {"suneugreek", 28597},
    {"isoir126", 28597},
    {"iso885971987", 28597},
    {"csisolatingreek", 28597},
    {"hebrew", 28598},
    {"visual", 28598},
    {"iso88598e", 28598},
    {"csiso88598e", 28598},
    {"isoir138", 28598},
    {"iso885981988", 28598},
    {"csisolatinhebrew", 28598},
    {"logical", 38598},
    {"csiso88598i", 38598},
    {"latin5", 28599},
    {"l5", 28599},
    {"isoir148", 28599},
    {"iso885991989", 28599},
    {"csisolatin5", 28599},
    {"latin6", 28600},
    {"l6", 28600},
    {"isoir157", 28600},
    {"csisolatin6", 28600},
    {"latin9", 28605},
    {"l9", 28605},
    {"csisolatin9", 28605},
    {"unicode11utf8", 65001},
    {"unicode20utf8", 65001},
    {"xunicode20utf8", 65001},
    {"unicode11utf7", 65000},
    {"unicode", 1200},
    {"unicodefeff", 1200},
    {"csunicode", 1200},
    {"iso10646ucs2", 1200},
    {"utf16", 1200},
    {"ucs2", 1200},
    {"ucs2le", 1200},
    {"ucs2be", 1201},
    {"unicodefffe", 1201},
    {"csibm866", 866},
    {"sjis", 932},
    {"xsjis", 932},
    {"xmscp932", 932},
    {"csshiftjis", 932},
    {"mskanji", 932},
    {"windows31j", 932},
    {"cswindows31j", 932},
    {"ms932", 932},
    {"xeucjp", 51932},
    {"eucjpms", 51932},
    {"cseucpkdfmtjapanese", 51932},
    {"csiso2022jp", 50221},
    {"iso2022jpms", 50221},
    {"iso2022jp1", 50221},
    {"xwindowsiso2022jp", 50221},
    {"csiso2022kr", 50225},
    {"xgbk", 936},
    {"ms936", 936},
    {"chinese", 936},
    {"gb231280", 936},
    {"csgb2312", 936},
    {"csiso58gb231280", 936},
    {"isoir58", 936},
    {"euccn", 51936},
    {"hz", 52936},
    {"xeuccn", 51936},
    {"ksc56011987", 949},
    {"ksc56011989", 949},
    {"csksc56011987", 949},
    {"ksc5601", 949},
    {"isoir149", 949},
    {"cseuckr", 949},
    {"korean", 949},
    {"uhc", 949},
    {"ms949", 949},
    {"xwindows949", 949},
    {"xxbig5", 950},
    {"cnbig5", 950},
    {"csbig5", 950},
    {"ms950", 950},
    {"xeuctw", 51950},
    {"koi", 20866},
    {"koi8", 20866},
    {"cskoi8r", 20866},
    {"koi8ru", 21866},
    {"mac", 10000},
    {"csmacintosh", 10000},
    {"xmacroman", 10000},
    {"macroman", 10000},
    {"maccyrillic", 10007},
    {"macce", 10029},
    {"tis620", 874},
    {"dos874", 874},
};

const BmCharsetRow *
bm_charset_row_from_codepage (guint32 codepage)
{
  for (guint i = 0; i < bm_charset_table_size; i++)
    if (bm_charset_table[i].codepage == codepage)
      return &bm_charset_table[i];
  return NULL;
}

/* The Windows sets that hold the standard's letters and more, under the standard's name: quotes,
 * dashes and the euro where ISO 8859 has controls (its Polish and Czech letters lie elsewhere in
 * windows-1250, but who writes quotes there writes that), four bytes beyond GBK, Hong Kong's Big5. */
const BmCharsetRow *
bm_charset_row_wider (const BmCharsetRow *row)
{
  static const guint32 pairs[][2] = {{20127, 1252}, {28591, 1252}, {28592, 1250}, {28597, 1253},
                                     {28598, 1255}, {38598, 1255}, {28599, 1254}, {28601, 874},
                                     {28603, 1257}, {28605, 1252}, {950, 951},    {10002, 951}};
  if (strcmp (row->iconv, "CP936") == 0)
    return bm_charset_row_from_codepage (54936);
  for (guint i = 0; i < G_N_ELEMENTS (pairs); i++)
    if (pairs[i][0] == row->codepage)
      return bm_charset_row_from_codepage (pairs[i][1]);
  return NULL;
}

gboolean
bm_charset_row_is_multibyte (const BmCharsetRow *row)
{
  guint32 codepage = row->codepage;
  gboolean east_asian_mac = codepage >= 10001 && codepage <= 10008 && codepage != 10007;
  gboolean euc = codepage == 20932 || codepage == 20936 || codepage == 20949;
  return (codepage >= 932 && codepage <= 951) || codepage == 1200 || codepage == 1201 ||
         codepage == 1361 || east_asian_mac || euc || codepage >= 50000;
}

/* "ISO_8859-1", "iso8859-1" and "ISO-8859-1" are one: keep letters and digits only. FALSE when
 * nothing is left or it is longer than any name we know. */
static gboolean
fold_name (const gchar *name, gchar *folded, gsize size)
{
  gsize n = 0;
  for (const gchar *p = name; *p != '\0'; p++) {
    if (!g_ascii_isalnum (*p))
      continue;
    if (n + 1 >= size)
      return FALSE;
    folded[n++] = g_ascii_tolower (*p);
  }
  folded[n] = '\0';
  return n > 0;
}

/* "windows1252", "cp850", "xcp1251", "ibm437", "dos866", "1252": the number is the code page. */
static const BmCharsetRow *
row_from_number (const gchar *folded)
{
  static const gchar *const prefixes[] = {"windowscp", "windows", "xcp", "cp", "ibm", "dos", ""};
  for (guint i = 0; i < G_N_ELEMENTS (prefixes); i++) {
    if (!g_str_has_prefix (folded, prefixes[i]))
      continue;
    const gchar *digits = folded + strlen (prefixes[i]);
    guint64 number = 0;
    if (g_ascii_string_to_unsigned (digits, 10, 37, 65535, &number, NULL))
      return bm_charset_row_from_codepage ((guint32) number);
  }
  return NULL;
}

const BmCharsetRow *
bm_charset_row_from_name (const gchar *name)
{
  gchar wanted[40], known[40];
  if (name == NULL)
    return NULL;
  for (guint i = 0; i < bm_charset_table_size; i++) /* our own spelling, asked for often */
    if (strcmp (bm_charset_table[i].iconv, name) == 0)
      return &bm_charset_table[i];
  if (!fold_name (name, wanted, sizeof wanted))
    return NULL;
  for (guint i = 0; i < bm_charset_table_size; i++) {
    const BmCharsetRow *row = &bm_charset_table[i];
    if ((fold_name (row->mime, known, sizeof known) && strcmp (known, wanted) == 0) ||
        (fold_name (row->iconv, known, sizeof known) && strcmp (known, wanted) == 0))
      return row;
  }
  for (guint i = 0; i < G_N_ELEMENTS (aliases); i++)
    if (strcmp (aliases[i].name, wanted) == 0)
      return bm_charset_row_from_codepage (aliases[i].codepage);
  return row_from_number (wanted);
}
