/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* libFuzzer: the first byte chooses a character set, the rest is text in it. Always valid UTF-8,
 * at most eight bytes for one. */
#include "text/bm-charset-table.h"
#include "text/bm-charset.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

static void
check (gchar *text, gsize size)
{
  if (!g_utf8_validate (text, -1, NULL) || strlen (text) > 8 * size)
    abort ();
  g_free (text);
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  if (size == 0)
    return 0;
  const gchar *charset = bm_charset_table[data[0] % bm_charset_table_size].mime;
  data++;
  size--;
  check (bm_charset_to_utf8 (data, size, charset, NULL), size);
  check (bm_charset_guess_to_utf8 (data, size, charset, NULL, NULL), size);
  check (bm_charset_utf16le_to_utf8 (data, size, NULL), size);
  return 0;
}
