/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The report's renderings as files of the job directory. One thread. */
#include <bm-pst-import/report.h>

static gboolean
save (const gchar *directory, const gchar *name, gchar *text, GError **error)
{
  g_autofree gchar *owned = text;
  g_autofree gchar *path = g_build_filename (directory, name, NULL);
  g_autoptr (GError) local = NULL;
  if (g_file_set_contents_full (path, owned, -1, G_FILE_SET_CONTENTS_CONSISTENT, 0600, &local))
    return TRUE;
  g_set_error (error, BM_ERROR, BM_CAUSE_JOURNAL, "cannot write the report: %s", local->message);
  return FALSE;
}

gboolean
bm_report_save (const BmReport *report, const gchar *directory, GError **error)
{
  return save (directory, "report.txt", bm_report_to_text (report), error) &&
         save (directory, "report.json", bm_report_to_json (report), error) &&
         save (directory, "report.csv", bm_report_to_csv (report), error) &&
         save (directory, "report.html", bm_report_to_html (report), error);
}
