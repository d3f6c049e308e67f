/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* libFuzzer: any bytes as HTML of any character set. The text must be valid UTF-8, the HTML with
 * its set changed must name no other set, and changing it twice must change nothing. */
#include "text/bm-charset.h"
#include "text/bm-html.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

int
LLVMFuzzerTestOneInput (const guint8 *data, gsize size)
{
  g_autofree gchar *charset = bm_html_detect_charset (data, size);
  g_autofree gchar *html = bm_charset_guess_to_utf8 (data, size, charset, NULL, NULL);
  g_free (bm_html_to_utf8 (data, size, "us-ascii", "shift_jis", NULL, NULL));
  g_autofree gchar *text = bm_html_to_text (html, strlen (html));
  g_autofree gchar *once = bm_html_set_charset_utf8 (html);
  g_autofree gchar *twice = bm_html_set_charset_utf8 (once);
  if (!g_utf8_validate (text, -1, NULL) || !g_utf8_validate (once, -1, NULL) ||
      strcmp (once, twice) != 0)
    abort ();
  g_autofree gchar *now = bm_html_detect_charset ((const guint8 *) once, strlen (once));
  if (now != NULL && g_ascii_strcasecmp (now, "utf-8") != 0)
    abort ();
  g_autoptr (GHashTable) references = bm_html_references (once);
  g_autofree gchar *replaced = bm_html_replace_references (once, references);
  if (!g_utf8_validate (replaced, -1, NULL))
    abort ();
  return 0;
}
