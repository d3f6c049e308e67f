/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The exceptions as CSV (RFC 4180), with a byte order mark and ';' between fields, which is what
 * Excel opens without questions where the comma is the decimal mark. Any thread. */
#include <bm-pst-import/report.h>

#include <string.h>

/* A leading = + - @ would be a formula to a spreadsheet: subjects and folder names are hostile. */
static void
add_field (GString *out, const gchar *value, gboolean last)
{
  const gchar *text = value != NULL ? value : "";
  g_string_append_c (out, '"');
  if (*text != '\0' && strchr ("=+-@\t\r", *text) != NULL)
    g_string_append_c (out, '\'');
  for (; *text != '\0'; text++) {
    if (*text == '"')
      g_string_append_c (out, '"');
    g_string_append_c (out, *text);
  }
  g_string_append (out, last ? "\"\r\n" : "\";");
}

static void
add_row (GString *out, const BmReport *report, const BmReportException *one)
{
  g_autofree gchar *nid = g_strdup_printf ("%08x", one->nid);
  g_autofree gchar *uid = one->uid > 0 ? g_strdup_printf ("%u", one->uid) : g_strdup ("");
  const gchar *fields[] = {nid,        one->folder, one->target,     one->status,
                           one->cause, one->reason, one->advice,     one->message_class,
                           one->guid,  uid,         one->message_id, one->subject};
  guint n = G_N_ELEMENTS (fields) - (report->subjects ? 0 : 1);
  for (guint i = 0; i < n; i++)
    add_field (out, fields[i], i + 1 == n);
}

gchar *
bm_report_to_csv (const BmReport *report)
{
  g_autoptr (GString) out = g_string_new ("\xef\xbb\xbf");
  g_string_append (out, "nid;folder;target;status;cause;reason;advice;class;guid;uid;message_id");
  g_string_append (out, report->subjects ? ";subject\r\n" : "\r\n");
  for (guint i = 0; i < report->exceptions->len; i++)
    add_row (out, report, g_ptr_array_index (report->exceptions, i));
  return g_string_free (g_steal_pointer (&out), FALSE);
}
