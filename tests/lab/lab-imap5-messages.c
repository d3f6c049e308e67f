/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* BlueMind 5's IMAP: APPEND with its traps, and what is done with messages there are. Must not know how a command is read. */
#include "lab-imap5-private.h"

#include "lab-name.h"

#include <stdio.h>
#include <string.h>

/* ---- APPEND */

static guint
flag_bit (const gchar *flag)
{
  static const struct {
    const gchar *name;
    guint bit;
  } flags[] = {
      {"\\Answered", 1}, {"\\Flagged", 2}, {"\\Deleted", 4}, {"\\Draft", 8}, {"\\Seen", 16}};
  for (guint i = 0; i < G_N_ELEMENTS (flags); i++)
    if (g_ascii_strcasecmp (flags[i].name, flag) == 0)
      return flags[i].bit;
  return 0;
}

/* "(\Seen $Forwarded)": system bits and an array literal of the rest. Unknown backslash flags become keywords. */
static guint
parse_flags (const gchar *list, gsize length, gchar **keywords)
{
  g_autofree gchar *text = g_strndup (list, length);
  g_auto (GStrv) words = g_strsplit (text, " ", -1);
  guint bits = 0;
  LabRows rest;
  lab_rows_init (&rest, 1);
  for (guint i = 0; words[i] != NULL; i++) {
    guint bit = flag_bit (words[i]);
    bits |= bit;
    if (bit == 0 && *words[i] != '\0' && g_ascii_strcasecmp (words[i], "\\Expunged") != 0)
      lab_rows_add (&rest, 0, words[i]);
  }
  *keywords = g_strconcat (rest.columns[0]->str, "}", NULL);
  lab_rows_clear (&rest);
  return bits;
}

/* `"07-Feb-2003 04:05:06 +0100"` to seconds; FALSE when it is no date. */
static gboolean
parse_date (const gchar *quoted, gint64 *internal)
{
  static const gchar *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  int day, year, hour, minute, second, zone;
  char month[4];
  if (sscanf (quoted, "\"%2d-%3s-%4d %2d:%2d:%2d %5d\"", &day, month, &year, &hour, &minute,
              &second, &zone) != 7)
    return FALSE;
  for (int m = 0; m < 12; m++) {
    if (g_ascii_strcasecmp (months[m], month) != 0)
      continue;
    g_autoptr (GDateTime) local = g_date_time_new_utc (year, m + 1, day, hour, minute, second);
    if (local == NULL)
      return FALSE;
    *internal = g_date_time_to_unix (local) - (zone / 100 * 3600 + zone % 100 * 60);
    return TRUE;
  }
  return FALSE;
}

/* The folder as BlueMind's APPEND reads it: up to the next quote without unescaping, and INBOX is not normalised. */
static gchar *
append_folder (Lab5Command *command)
{
  const gchar *text = command->text->str;
  const gchar *end = *text == '"' ? strchr (text + 1, '"') : strchr (text, ' ');
  if (end == NULL)
    return NULL;
  g_autofree gchar *raw = *text == '"' ? g_strndup (text + 1, (gsize) (end - text - 1))
                                       : g_strndup (text, (gsize) (end - text));
  g_string_erase (command->text, 0, end - text + 1);
  return lab_name_decode (raw);
}

void
lab5_do_append (Lab5Session *session, Lab5Command *command)
{
  g_autofree gchar *folder = append_folder (command);
  g_autofree gchar *keywords = g_strdup ("{}");
  g_autofree gchar *guid = NULL;
  guint bits = 0;
  gint64 internal = -1, validity = 0, uid = 0;
  /* Two literals (MULTIAPPEND) lose the folder; an empty one ended the command before it began. */
  if (folder == NULL || command->literals->len != 1) {
    lab5_done (session, command, "NO Rejected");
    return;
  }
  gchar *rest = g_strstrip (command->text->str);
  if (*rest == '(') {
    gsize length = strcspn (rest + 1, ")");
    g_free (keywords);
    bits = parse_flags (rest + 1, length, &keywords);
    rest = rest + 1 + length;
    rest += strspn (rest, ") ");
    if (*rest == '"' && strcspn (rest + 1, "\"") < 25) {
      lab5_done (session, command, "BAD invalid date");
      return;
    }
    if (*rest == '"' && !parse_date (rest, &internal))
      internal = -1;
  } /* a date without flags before it is lost: BlueMind fails to parse it and goes on */
  switch (lab_box_append (session->box, folder, command->literals->pdata[0], bits, keywords,
                          internal, &guid, &validity, &uid)) {
  case LAB_BOX_OK:
    lab5_say (session,
              "%s OK [APPENDUID %" G_GINT64_FORMAT " %" G_GINT64_FORMAT "] APPEND completed %s\r\n",
              command->tag, validity, uid, guid);
    break;
  case LAB_BOX_REJECTED:
    lab5_done (session, command, "NO Rejected");
    break;
  case LAB_BOX_OVER_QUOTA:
    lab5_done (session, command, "NO Over quota");
    break;
  case LAB_BOX_FAILED:
    lab5_done (session, command, "NO unknown error: java.lang.NullPointerException");
    break;
  }
}

/* ---- messages */

/* Is number n in "1,3:5,7:*"? largest stands for '*'. */
static gboolean
in_set (const gchar *set, gint64 n, gint64 largest)
{
  g_auto (GStrv) ranges = g_strsplit (set, ",", -1);
  for (guint i = 0; ranges[i] != NULL; i++) {
    const gchar *colon = strchr (ranges[i], ':');
    const gchar *second = colon != NULL ? colon + 1 : ranges[i];
    gint64 a = *ranges[i] == '*' ? largest : g_ascii_strtoll (ranges[i], NULL, 10);
    gint64 b = *second == '*' ? largest : g_ascii_strtoll (second, NULL, 10);
    if (n >= MIN (a, b) && n <= MAX (a, b))
      return TRUE;
  }
  return FALSE;
}

static gboolean
chosen (Lab5Session *session, const gchar *set, guint index, gboolean by_uid)
{
  const LabBoxMessage *message = session->messages->pdata[index];
  const LabBoxMessage *last = session->messages->pdata[session->messages->len - 1];
  return by_uid ? in_set (set, message->uid, last->uid)
                : in_set (set, index + 1, session->messages->len);
}

static void
append_flags (GString *out, const LabBoxMessage *message)
{
  static const gchar *const names[] = {"\\Answered", "\\Flagged", "\\Deleted", "\\Draft", "\\Seen"};
  g_string_append (out, "FLAGS (");
  gsize start = out->len;
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    if (message->flags & (1u << i))
      g_string_append_printf (out, "%s%s", out->len > start ? " " : "", names[i]);
  if (*message->keywords != '\0')
    g_string_append_printf (out, "%s%s", out->len > start ? " " : "", message->keywords);
  g_string_append_c (out, ')');
}

static void
append_body (Lab5Session *session, GString *out, const LabBoxMessage *message, const gchar *item)
{
  g_autoptr (GBytes) bytes = lab_box_bytes (session->box, message->guid);
  gsize size = bytes != NULL ? g_bytes_get_size (bytes) : 0;
  const gchar *data = bytes != NULL ? g_bytes_get_data (bytes, NULL) : "";
  if (strstr (item, "HEADER") != NULL) {
    const gchar *end = g_strstr_len (data, (gssize) size, "\r\n\r\n");
    size = end != NULL ? (gsize) (end - data) + 4 : size;
  }
  const gchar *bracket = strchr (item, '[');
  g_string_append_printf (out, "%s%s {%" G_GSIZE_FORMAT "}\r\n", bracket != NULL ? "BODY" : item,
                          bracket != NULL ? bracket : "", size);
  g_string_append_len (out, data, (gssize) size);
}

/* The items of a FETCH as words: "BODY.PEEK[HEADER.FIELDS (A B)]" is one. */
static GPtrArray *
fetch_items (const gchar *text)
{
  GPtrArray *items = g_ptr_array_new_with_free_func (g_free);
  gint depth = 0;
  g_autoptr (GString) word = g_string_new (NULL);
  for (const gchar *p = text;; p++) {
    depth += *p == '[' ? 1 : *p == ']' ? -1 : 0;
    if (*p != '\0' && (depth > 0 || strchr (" ()", *p) == NULL)) {
      g_string_append_c (word, *p);
      continue;
    }
    if (word->len > 0)
      g_ptr_array_add (items, g_ascii_strup (word->str, -1));
    g_string_truncate (word, 0);
    if (*p == '\0')
      return items;
  }
}

static gboolean
append_item (Lab5Session *session, GString *out, const LabBoxMessage *message, const gchar *item)
{
  if (g_str_equal (item, "UID")) {
    g_string_append_printf (out, "UID %" G_GINT64_FORMAT, message->uid);
  } else if (g_str_equal (item, "FLAGS")) {
    append_flags (out, message);
  } else if (g_str_equal (item, "RFC822.SIZE")) {
    g_string_append_printf (out, "RFC822.SIZE %d", message->size);
  } else if (g_str_equal (item, "INTERNALDATE")) {
    g_autoptr (GDateTime) when = g_date_time_new_from_unix_utc (message->internal);
    g_autofree gchar *text = g_date_time_format (when, "%d-%b-%Y %H:%M:%S +0000");
    g_string_append_printf (out, "INTERNALDATE \"%s\"", text);
  } else if (g_str_has_prefix (item, "BODY[") || g_str_has_prefix (item, "BODY.PEEK[") ||
             g_str_equal (item, "RFC822") || g_str_equal (item, "RFC822.HEADER")) {
    append_body (session, out, message, item);
  } else {
    return FALSE;
  }
  return TRUE;
}

static void
fetch (Lab5Session *session, Lab5Command *command, gboolean by_uid)
{
  g_autofree gchar *set = lab5_next_word (command);
  g_autoptr (GPtrArray) items = fetch_items (command->text->str);
  if (by_uid && !g_ptr_array_find_with_equal_func (items, "UID", g_str_equal, NULL))
    g_ptr_array_insert (items, 0, g_strdup ("UID"));
  for (guint i = 0; i < session->messages->len; i++) {
    if (!chosen (session, set, i, by_uid))
      continue;
    g_autoptr (GString) line = g_string_new (NULL);
    g_string_append_printf (line, "* %u FETCH (", i + 1);
    for (guint k = 0; k < items->len; k++) {
      if (k > 0)
        g_string_append_c (line, ' ');
      if (!append_item (session, line, session->messages->pdata[i], items->pdata[k])) {
        lab5_done (session, command, "BAD unknown fetch item");
        return;
      }
    }
    g_string_append (line, ")\r\n");
    g_output_stream_write_all (session->out, line->str, line->len, NULL, NULL, NULL);
  }
  lab5_done (session, command, "OK completed");
}

static void
store (Lab5Session *session, Lab5Command *command, gboolean by_uid)
{
  g_autofree gchar *set = lab5_next_word (command);
  g_autofree gchar *mode = lab5_next_word (command);
  g_autofree gchar *list = g_strdup (g_strstrip (command->text->str));
  g_autofree gchar *keywords = NULL;
  gsize skip = *list == '(' ? 1 : 0;
  guint bits = parse_flags (list + skip, strcspn (list + skip, ")"), &keywords);
  for (guint i = 0; mode != NULL && i < session->messages->len; i++) {
    LabBoxMessage *message = session->messages->pdata[i];
    if (!chosen (session, set, i, by_uid))
      continue;
    message->flags = *mode == '+'   ? message->flags | bits
                     : *mode == '-' ? message->flags & ~bits
                                    : bits;
    lab_box_set_flags (session->box, session->selected, message->uid, message->flags);
  }
  lab5_done (session, command, "OK completed");
}

/* Only what needs no index: everything, or a set of uids. */
static void
search (Lab5Session *session, Lab5Command *command, gboolean by_uid)
{
  g_autofree gchar *key = lab5_next_word (command);
  g_autofree gchar *set = lab5_next_word (command);
  gboolean all = key != NULL && g_ascii_strcasecmp (key, "ALL") == 0;
  if (!all && (set == NULL || g_ascii_strcasecmp (key, "UID") != 0)) {
    lab5_done (session, command, "NO unknown error: no index in the lab");
    return;
  }
  g_autoptr (GString) line = g_string_new ("* SEARCH");
  for (guint i = 0; i < session->messages->len; i++) {
    const LabBoxMessage *message = session->messages->pdata[i];
    if (all || chosen (session, set, i, TRUE))
      g_string_append_printf (line, " %" G_GINT64_FORMAT, by_uid ? message->uid : (gint64) i + 1);
  }
  lab5_say (session, "%s\r\n", line->str);
  lab5_done (session, command, "OK completed");
}

void
lab5_do_expunge (Lab5Session *session, Lab5Command *command)
{
  for (guint i = 0; i < session->messages->len;) {
    LabBoxMessage *message = session->messages->pdata[i];
    if ((message->flags & 4) == 0) {
      i++;
      continue;
    }
    lab_box_set_flags (session->box, session->selected, message->uid, message->flags | 1u << 31);
    g_ptr_array_remove_index (session->messages, i);
    lab5_say (session, "* %u EXPUNGE\r\n", i + 1);
  }
  lab5_done (session, command, "OK completed");
}

void
lab5_do_fetch (Lab5Session *session, Lab5Command *command)
{
  fetch (session, command, FALSE);
}

void
lab5_do_store (Lab5Session *session, Lab5Command *command)
{
  store (session, command, FALSE);
}

void
lab5_do_search (Lab5Session *session, Lab5Command *command)
{
  search (session, command, FALSE);
}

void
lab5_do_uid (Lab5Session *session, Lab5Command *command)
{
  g_autofree gchar *name = lab5_next_word (command);
  if (name == NULL)
    lab5_done (session, command, "BAD Missing analyzer");
  else if (g_ascii_strcasecmp (name, "FETCH") == 0)
    fetch (session, command, TRUE);
  else if (g_ascii_strcasecmp (name, "STORE") == 0)
    store (session, command, TRUE);
  else if (g_ascii_strcasecmp (name, "SEARCH") == 0)
    search (session, command, TRUE);
  else
    lab5_done (session, command, "BAD Missing analyzer");
}
