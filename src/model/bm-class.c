/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Which items are mail. The list of classes that are not is closed: an unknown class is mail when
 * there is anything to show, because an item imported as plain mail is a smaller loss than an item
 * left behind.
 * Source: [MS-OXOCAL], [MS-OXOCNTC], [MS-OXOTASK], [MS-OXONOTE], [MS-OXOJRNL], [MS-OXOCFG]. */
#include <bm-pst-import/item.h>
#include <string.h>

static const gchar *const not_mail[] = {
    "IPM.AbchPerson",
    "IPM.Activity",
    "IPM.Appointment",
    "IPM.Configuration",
    "IPM.Conflict",
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

/* Mail even when it is empty. */
static const gchar *const mail[] = {
    "IPM.Document", "IPM.Note", "IPM.Post", "IPM.Schedule", "IPM.TaskRequest", "REPORT",
};

static gboolean
is_one_of (const gchar *message_class, const gchar *const *list, gsize n)
{
  for (gsize i = 0; i < n; i++) {
    gsize length = strlen (list[i]);
    if (g_ascii_strncasecmp (message_class, list[i], length) == 0 &&
        (message_class[length] == '\0' || message_class[length] == '.'))
      return TRUE;
  }
  return FALSE;
}

gboolean
bm_message_class_is_mail (const gchar *message_class)
{
  return !is_one_of (message_class, not_mail, G_N_ELEMENTS (not_mail));
}

/* Subject, transport headers, names of sender, bodies: pst-to-mime 2.8, "unknown class". */
static gboolean
looks_like_mail (const BmItem *item)
{
  static const guint16 ids[] = {0x0037, 0x0e1d, 0x007d, 0x0042, 0x0c1a,
                                0x0e04, 0x1000, 0x1009, 0x1013};
  for (guint i = 0; i < G_N_ELEMENTS (ids); i++) {
    const BmProp *prop = bm_props_get (item->props, ids[i]);
    if (prop != NULL && ((prop->text != NULL && *prop->text != '\0') ||
                         (prop->data != NULL && g_bytes_get_size (prop->data) > 0)))
      return TRUE;
  }
  return item->attachments->len > 0 || (item->recipients != NULL && item->recipients->len > 0) ||
         item->notes != 0;
}

gboolean
bm_item_is_mail (const BmItem *item)
{
  return bm_message_class_is_mail (item->message_class) &&
         (is_one_of (item->message_class, mail, G_N_ELEMENTS (mail)) || looks_like_mail (item));
}
