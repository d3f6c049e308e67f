/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* BlueMind 5's IMAP: folders, their listing, status and selection. Must not know how a command is read. */
#include "lab-imap5-private.h"

#include "lab-name.h"

#include <string.h>

static gchar *
quoted_name (const LabBoxFolder *folder)
{
  g_autofree gchar *mutf7 = lab_name_encode (folder->name);
  g_auto (GStrv) parts = g_strsplit (mutf7, "\\", -1);
  return g_strjoinv ("\\\\", parts);
}

/* '%' stops at a '/', '*' does not. */
static gboolean
matches (const gchar *pattern, const gchar *name)
{
  for (; *pattern != '\0'; pattern++, name++) {
    if (*pattern == '*' || *pattern == '%') {
      for (const gchar *rest = name;; rest++) {
        if (matches (pattern + 1, rest))
          return TRUE;
        if (*rest == '\0' || (*pattern == '%' && *rest == '/'))
          return FALSE;
      }
    }
    if (*pattern != *name)
      return FALSE;
  }
  return *name == '\0';
}

static const gchar *
special_use (const gchar *name)
{
  static const struct {
    const gchar *name, *use;
  } uses[] = {
      {"Sent", " \\sent"}, {"Trash", " \\trash"}, {"Drafts", " \\drafts"}, {"Junk", " \\junk"}};
  for (guint i = 0; i < G_N_ELEMENTS (uses); i++)
    if (g_str_equal (uses[i].name, name))
      return uses[i].use;
  return "";
}

static gboolean
has_children (GPtrArray *folders, const gchar *name)
{
  g_autofree gchar *below = g_strconcat (name, "/", NULL);
  for (guint i = 0; i < folders->len; i++)
    if (g_str_has_prefix (((LabBoxFolder *) folders->pdata[i])->name, below))
      return TRUE;
  return FALSE;
}

void
lab5_do_list (Lab5Session *session, Lab5Command *command)
{
  g_autofree gchar *reference = lab5_next_word (command);
  g_autofree gchar *pattern = lab5_next_word (command);
  if (pattern == NULL) {
    lab5_done (session, command, "BAD missing arguments");
    return;
  }
  if (*pattern == '\0') {
    lab5_say (session, "* %s (\\Noselect) \"/\" \"\"\r\n", command->name);
    lab5_done (session, command, "OK completed");
    return;
  }
  g_autofree gchar *joined = g_strconcat (reference, pattern, NULL);
  g_autofree gchar *wanted = lab_name_decode (joined);
  g_autoptr (GPtrArray) folders = lab_box_list (session->box);
  for (guint i = 0; i < folders->len; i++) {
    LabBoxFolder *folder = folders->pdata[i];
    if (!matches (wanted, folder->name))
      continue;
    g_autofree gchar *name = quoted_name (folder);
    lab5_say (session, "* %s (%s%s) \"/\" \"%s\"\r\n", command->name,
              has_children (folders, folder->name) ? "\\HasChildren" : "\\HasNoChildren",
              special_use (folder->name), name);
  }
  lab5_done (session, command, "OK completed");
}

void
lab5_do_namespace (Lab5Session *session, Lab5Command *command)
{
  lab5_say (session, "* NAMESPACE ((\"\" \"/\")) ((\"Autres utilisateurs/\" \"/\"))"
                     " ((\"Dossiers partag&AOk-s/\" \"/\"))\r\n");
  lab5_done (session, command, "OK completed");
}

static void
folder_command (Lab5Session *session, Lab5Command *command,
                gboolean (*function) (LabBox *, const gchar *, gchar **))
{
  g_autofree gchar *name = lab5_next_folder (command);
  g_autofree gchar *no = NULL;
  if (function (session->box, name, &no)) {
    lab5_done (session, command, "OK completed");
    return;
  }
  g_autofree gchar *words = g_strconcat ("NO ", no, NULL);
  lab5_done (session, command, words);
}

void
lab5_do_create (Lab5Session *session, Lab5Command *command)
{
  folder_command (session, command, lab_box_create);
}

void
lab5_do_delete (Lab5Session *session, Lab5Command *command)
{
  folder_command (session, command, lab_box_remove);
}

void
lab5_do_rename (Lab5Session *session, Lab5Command *command)
{
  g_autofree gchar *from = lab5_next_folder (command);
  g_autofree gchar *to = lab5_next_folder (command);
  g_autofree gchar *no = NULL;
  lab5_done (session, command,
             lab_box_rename (session->box, from, to, &no) ? "OK completed" : "NO rename failed");
}

void
lab5_do_subscribe (Lab5Session *session, Lab5Command *command)
{
  g_autofree gchar *name = lab5_next_folder (command);
  g_autoptr (LabBoxFolder) folder = lab_box_find (session->box, name);
  lab5_done (session, command, folder != NULL ? "OK completed" : "NO folder does not exist");
}

void
lab5_do_status (Lab5Session *session, Lab5Command *command)
{
  g_autofree gchar *name = lab5_next_folder (command);
  g_autoptr (LabBoxFolder) folder = lab_box_find (session->box, name);
  if (folder == NULL) {
    lab5_done (session, command, "NO folder does not exist");
    return;
  }
  const struct {
    const gchar *name;
    gint64 value;
  } items[] = {{"MESSAGES", folder->exists},
               {"RECENT", 0},
               {"UIDNEXT", folder->last_uid + 1},
               {"UNSEEN", folder->unseen},
               {"UIDVALIDITY", folder->uid_validity}};
  g_autoptr (GString) list = g_string_new (NULL);
  g_auto (GStrv) asked = g_strsplit_set (command->text->str, " ()", -1);
  for (guint i = 0; asked[i] != NULL; i++)
    for (guint k = 0; k < G_N_ELEMENTS (items); k++)
      if (g_ascii_strcasecmp (asked[i], items[k].name) == 0)
        g_string_append_printf (list, "%s%s %" G_GINT64_FORMAT, list->len > 0 ? " " : "",
                                items[k].name, items[k].value);
  g_autofree gchar *quoted = quoted_name (folder);
  lab5_say (session, "* STATUS \"%s\" (%s)\r\n", quoted, list->str);
  lab5_done (session, command, "OK completed");
}

void
lab5_do_quota_root (Lab5Session *session, Lab5Command *command)
{
  g_autofree gchar *name = lab5_next_folder (command);
  lab5_say (session, "* QUOTAROOT \"%s\" \"INBOX\"\r\n", name);
  if (session->box->user->quota_kib >= 0)
    lab5_say (session, "* QUOTA \"INBOX\" (STORAGE %" G_GINT64_FORMAT " %d)\r\n",
              lab_box_used_kib (session->box), session->box->user->quota_kib);
  lab5_done (session, command, "OK completed");
}

void
lab5_do_my_rights (Lab5Session *session, Lab5Command *command)
{
  g_autofree gchar *name = lab5_next_folder (command);
  lab5_say (session, "* MYRIGHTS \"%s\" lrswipkxtecda\r\n", name);
  lab5_done (session, command, "OK completed");
}

void
lab5_do_select (Lab5Session *session, Lab5Command *command)
{
  g_autofree gchar *name = lab5_next_folder (command);
  lab5_unselect (session);
  session->selected = lab_box_find (session->box, name);
  if (session->selected == NULL) {
    lab5_done (session, command, "NO folder does not exist");
    return;
  }
  session->messages = lab_box_messages (session->box, session->selected);
  lab5_say (session,
            "* FLAGS (\\Answered \\Flagged \\Deleted \\Draft \\Seen)\r\n"
            "* OK [PERMANENTFLAGS (\\Answered \\Flagged \\Deleted \\Draft \\Seen \\*)] Ok\r\n"
            "* %u EXISTS\r\n* 0 RECENT\r\n* OK [UIDVALIDITY %" G_GINT64_FORMAT "] Ok\r\n"
            "* OK [UIDNEXT %" G_GINT64_FORMAT "] Ok\r\n",
            session->messages->len, session->selected->uid_validity,
            session->selected->last_uid + 1);
  lab5_done (session, command, "OK [READ-WRITE] Completed");
}

void
lab5_do_close (Lab5Session *session, Lab5Command *command)
{
  lab5_unselect (session);
  lab5_done (session, command, "OK completed");
}
