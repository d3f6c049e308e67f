/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Which message classes are mail. The list of what is not is closed: an unknown class is mail,
 * because an item imported as plain mail is a smaller loss than an item left behind.
 * Source: [MS-OXOCAL], [MS-OXOCNTC], [MS-OXOTASK], [MS-OXONOTE], [MS-OXOJRNL], [MS-OXOCFG]. */
#include <bm-pst-import/item.h>
#include <string.h>

static const gchar *const not_mail[] = {
    "IPM.AbchPerson",
    "IPM.Activity",
    "IPM.Appointment",
    "IPM.Configuration",
    "IPM.Contact",
    "IPM.DistList",
    "IPM.Microsoft.FolderDesign",
    "IPM.Microsoft.ScheduleData",
    "IPM.Network",
    "IPM.Note.Agenda",
    "IPM.Note.Rules",
    "IPM.OLE.CLASS",
    "IPM.StickyNote",
    "IPM.Task",
};

gboolean
bm_message_class_is_mail (const gchar *message_class)
{
  for (guint i = 0; i < G_N_ELEMENTS (not_mail); i++) {
    gsize length = strlen (not_mail[i]);
    if (g_ascii_strncasecmp (message_class, not_mail[i], length) == 0 &&
        (message_class[length] == '\0' || message_class[length] == '.'))
      return FALSE;
  }
  return TRUE;
}
