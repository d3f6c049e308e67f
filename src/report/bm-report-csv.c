/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The exceptions as CSV (RFC 4180), with a byte order mark and ';' between fields, which is what
 * Excel opens without questions where the comma is the decimal mark. Any thread. */
#include <bm-pst-import/report.h>

#include "base/bm-csv.h"

static void
add_row (GString *out, const BmReport *report, const BmReportException *one)
{
  g_autofree gchar *nid = g_strdup_printf ("%08x", one->nid);
  g_autofree gchar *uid = one->uid > 0 ? g_strdup_printf ("%u", one->uid) : g_strdup ("");
  const gchar *fields[] = {nid,        one->folder, one->target,     one->status,
                           one->cause, one->reason, one->advice,     one->message_class,
                           one->guid,  uid,         one->message_id, one->subject};
  guint n = G_N_ELEMENTS (fields) - (report->subjects ? 0 : 1);
  bm_csv_add (out, BM_CSV_SPREADSHEET, ';', fields, n);
}

gchar *
bm_report_to_csv (const BmReport *report)
{
  g_autoptr (GString) out = g_string_new (BM_CSV_BOM);
  g_string_append (out, "nid;folder;target;status;cause;reason;advice;class;guid;uid;message_id");
  g_string_append (out, report->subjects ? ";subject\r\n" : "\r\n");
  for (guint i = 0; i < report->exceptions->len; i++)
    add_row (out, report, g_ptr_array_index (report->exceptions, i));
  return g_string_free (g_steal_pointer (&out), FALSE);
}
