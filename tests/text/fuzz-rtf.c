/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* libFuzzer: any bytes as compressed RTF, and as RTF. The output must be valid UTF-8 and no longer
 * than the input can pay for. */
#include "text/bm-lzfu.h"
#include "text/bm-rtf.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

static void
check (gchar *text, gsize size)
{
  if (!g_utf8_validate (text, -1, NULL) || strlen (text) > 8 * size + 8)
    abort ();
  g_free (text);
}

static void
use_rtf (const guint8 *data, gsize size)
{
  bm_rtf_kind (data, size);
  check (bm_rtf_to_html (data, size, 0, NULL), size);
  check (bm_rtf_to_text (data, size, 0, NULL), size);
  g_autoptr (GPtrArray) pictures = NULL;
  gboolean complete, lossy;
  g_autofree gchar *page =
      bm_rtf_native_to_html (data, size, 0, NULL, &pictures, &complete, &lossy);
  if (!g_utf8_validate (page, -1, NULL))
    abort ();
}

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autoptr (GByteArray) raw = bm_lzfu_decompress (data, size, 1 << 20, NULL, NULL, NULL);
  if (raw != NULL)
    use_rtf (raw->data, raw->len);
  use_rtf (data, size);
  return 0;
}
