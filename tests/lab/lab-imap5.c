/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * A small IMAP server with the manners of BlueMind 5's that concern an importer: the constant capability string with
 * BM-ROCKS, rows written before the OK, the guid in the OK, one message per APPEND, `NO Rejected` for a folder that is
 * not there, INBOX only in capitals in APPEND, a date without a flag list lost, an alert and a closed connection for a
 * literal over message_size_limit, no parents made by CREATE, no DIGEST in FETCH. Must not know SQL. One thread per
 * connection.
 */
#include "lab-imap5.h"

#include "lab-box5.h"
#include "lab-dlist.h"
#include "lab-name.h"

#include <libsoup/soup.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>

#define CAPABILITIES                                                                               \
  "IMAP4rev1 LITERAL+ AUTH=PLAIN ID ACL RIGHTS=kxten QUOTA NAMESPACE UIDPLUS XLIST SPECIAL-USE "   \
  "IDLE BM-ROCKS"

typedef struct {
  LabCore *core;
  gchar *spool;
  gint64 limit; /* bytes in one literal */
} Endpoint;

typedef struct {
  const Endpoint *endpoint;
  LabReader *reader;
  GOutputStream *out;
  LabBox *box;            /* NULL before LOGIN */
  LabBoxFolder *selected; /* NULL when none is */
  GPtrArray *messages;    /* of the selected folder, as last seen */
  gint64 free_at;         /* the throttle: when this user may go on, monotonic microseconds */
  gboolean bye;
} Session;

/* One command: its tag and name, the text behind it with {n} where literals stood, and those literals. */
typedef struct {
  gchar *tag, *name;
  GString *text;
  GPtrArray *literals; /* of GBytes */
} Command;

typedef void (*Handler) (Session *session, Command *command);

static void say (Session *session, const gchar *format, ...) G_GNUC_PRINTF (2, 3);

static void
say (Session *session, const gchar *format, ...)
{
  va_list arguments;
  va_start (arguments, format);
  g_autofree gchar *text = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  if (!g_output_stream_write_all (session->out, text, strlen (text), NULL, NULL, NULL))
    session->bye = TRUE;
}

static void
done (Session *session, const Command *command, const gchar *words)
{
  say (session, "%s %s\r\n", command->tag, words);
}

/* ---- reading commands */

static void
clear_command (Command *command)
{
  g_free (command->tag);
  g_free (command->name);
  g_string_free (command->text, TRUE);
  g_ptr_array_unref (command->literals);
}

/* The size of the literal that ends this line, -1 for none; the line loses its braces. */
static gint64
literal_size (gchar *line, gboolean *waits)
{
  gchar *open = strrchr (line, '{');
  gsize length = strlen (line);
  if (open == NULL || length < 3 || line[length - 1] != '}')
    return -1;
  *waits = line[length - 2] != '+';
  gint64 size = g_ascii_strtoll (open + 1, NULL, 10);
  *open = '\0';
  return size;
}

/* 1 MB/s per user by default on BlueMind; off here unless the knob is set. */
static void
throttle (Session *session, gsize size)
{
  g_auto (LabKnobs) knobs = {0};
  lab_core_get_knobs (session->endpoint->core, &knobs);
  if (knobs.throttle_kib <= 0)
    return;
  gint64 now = g_get_monotonic_time ();
  session->free_at =
      MAX (session->free_at, now) + (gint64) size * G_USEC_PER_SEC / (knobs.throttle_kib * 1024);
  g_usleep ((gulong) (session->free_at - now));
}

static gboolean
read_command (Session *session, Command *command)
{
  command->text = g_string_new (NULL);
  command->literals = g_ptr_array_new_with_free_func ((GDestroyNotify) g_bytes_unref);
  for (gboolean more = TRUE; more;) {
    gboolean waits = FALSE;
    g_autofree gchar *line = lab_reader_line (session->reader);
    if (line == NULL)
      return FALSE;
    gint64 size = literal_size (line, &waits);
    g_string_append (command->text, line);
    more = size > 0; /* {0} ends the command, as in BlueMind */
    if (size > session->endpoint->limit) {
      say (session, "* ALERT too much data (%" G_GINT64_FORMAT " > %" G_GINT64_FORMAT ")\r\n", size,
           session->endpoint->limit);
      return FALSE;
    }
    if (!more)
      break;
    if (waits)
      say (session, "+ OK\r\n");
    GBytes *bytes = lab_reader_bytes (session->reader, (gsize) size);
    if (bytes == NULL)
      return FALSE;
    g_ptr_array_add (command->literals, bytes);
    g_string_append (command->text, "{}");
    throttle (session, (gsize) size);
  }
  g_auto (GStrv) words = g_strsplit (command->text->str, " ", 3);
  guint n = g_strv_length (words);
  command->tag = g_strdup (n > 0 && *words[0] != '\0' ? words[0] : "*");
  command->name = n > 1 ? g_ascii_strup (words[1], -1) : g_strdup ("");
  g_string_assign (command->text, n > 2 ? words[2] : "");
  return TRUE;
}

/* The next argument: an atom, a quoted string or a literal. NULL at the end. */
static gchar *
next_word (Command *command)
{
  const gchar *p = command->text->str;
  while (*p == ' ')
    p++;
  if (*p == '\0')
    return NULL;
  g_autoptr (GString) word = g_string_new (NULL);
  if (g_str_has_prefix (p, "{}") && command->literals->len > 0) {
    GBytes *bytes = command->literals->pdata[0];
    g_string_append_len (word, g_bytes_get_data (bytes, NULL), (gssize) g_bytes_get_size (bytes));
    g_ptr_array_remove_index (command->literals, 0);
    p += 2;
  } else if (*p == '"') {
    for (p++; *p != '\0' && *p != '"'; p++) {
      if (*p == '\\' && p[1] != '\0')
        p++;
      g_string_append_c (word, *p);
    }
    p += *p == '"';
  } else {
    while (*p != '\0' && *p != ' ')
      g_string_append_c (word, *p++);
  }
  g_string_erase (command->text, 0, p - command->text->str);
  return g_string_free (g_steal_pointer (&word), FALSE);
}

/* A folder argument: decoded, INBOX in any case. Everybody but APPEND reads names this way. */
static gchar *
next_folder (Command *command)
{
  g_autofree gchar *word = next_word (command);
  if (word == NULL)
    return g_strdup ("");
  return g_ascii_strcasecmp (word, "INBOX") == 0 ? g_strdup ("INBOX") : lab_name_decode (word);
}

/* ---- who */

static void
sign_in (Session *session, Command *command, const gchar *who, const gchar *secret)
{
  const gchar *at = strrchr (who, '@');
  g_autofree gchar *login = at != NULL ? g_strndup (who, (gsize) (at - who)) : g_strdup (who);
  LabUser *user = NULL;
  LabLogin result =
      lab_core_login (session->endpoint->core, login, at != NULL ? at + 1 : "", secret, &user);
  if (result != LAB_LOGIN_OK || user == NULL) {
    done (session, command, "NO bad login or password.");
    return;
  }
  lab_box_close (session->box);
  session->box = lab_box_open (session->endpoint->core, user, session->endpoint->spool);
  done (session, command, "OK [CAPABILITY " CAPABILITIES "] User logged in");
}

static void
do_login (Session *session, Command *command)
{
  g_autofree gchar *who = next_word (command);
  g_autofree gchar *secret = next_word (command);
  if (secret == NULL)
    done (session, command, "BAD missing arguments");
  else
    sign_in (session, command, who, secret);
}

static void
do_authenticate (Session *session, Command *command)
{
  g_autofree gchar *mechanism = next_word (command);
  g_autofree gchar *initial = next_word (command);
  if (mechanism == NULL || g_ascii_strcasecmp (mechanism, "PLAIN") != 0) {
    done (session, command, "NO unsupported mechanism");
    return;
  }
  if (initial == NULL) {
    say (session, "+ \r\n");
    initial = lab_reader_line (session->reader);
  }
  gsize size = 0;
  g_autofree guchar *plain = g_base64_decode (initial != NULL ? initial : "", &size);
  g_autofree gchar *padded = g_malloc0 (size + 3); /* three strings, however short it is */
  memcpy (padded, plain, size);
  const gchar *who = padded + strlen (padded) + 1;
  sign_in (session, command, who, who + strlen (who) + 1);
}

static void
do_capability (Session *session, Command *command)
{
  say (session, "* CAPABILITY " CAPABILITIES "\r\n");
  done (session, command, "OK CAPABILITY completed");
}

static void
do_id (Session *session, Command *command)
{
  say (session, "* ID (\"name\" \"BlueMind\" \"version\" \"5.1-lab\")\r\n");
  done (session, command, "OK ID completed");
}

static void
do_noop (Session *session, Command *command)
{
  done (session, command, "OK completed");
}

static void
do_idle (Session *session, Command *command)
{
  say (session, "+ idling\r\n");
  g_autofree gchar *line = lab_reader_line (session->reader);
  done (session, command, "OK IDLE completed");
}

static void
do_logout (Session *session, Command *command)
{
  say (session, "* BYE BlueMind IMAP server terminating\r\n");
  done (session, command, "OK LOGOUT completed");
  session->bye = TRUE;
}

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
append_folder (Command *command)
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

static void
do_append (Session *session, Command *command)
{
  g_autofree gchar *folder = append_folder (command);
  g_autofree gchar *keywords = g_strdup ("{}");
  g_autofree gchar *guid = NULL;
  guint bits = 0;
  gint64 internal = -1, validity = 0, uid = 0;
  /* Two literals (MULTIAPPEND) lose the folder; an empty one ended the command before it began. */
  if (folder == NULL || command->literals->len != 1) {
    done (session, command, "NO Rejected");
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
      done (session, command, "BAD invalid date");
      return;
    }
    if (*rest == '"' && !parse_date (rest, &internal))
      internal = -1;
  } /* a date without flags before it is lost: BlueMind fails to parse it and goes on */
  switch (lab_box_append (session->box, folder, command->literals->pdata[0], bits, keywords,
                          internal, &guid, &validity, &uid)) {
  case LAB_BOX_OK:
    say (session,
         "%s OK [APPENDUID %" G_GINT64_FORMAT " %" G_GINT64_FORMAT "] APPEND completed %s\r\n",
         command->tag, validity, uid, guid);
    break;
  case LAB_BOX_REJECTED:
    done (session, command, "NO Rejected");
    break;
  case LAB_BOX_OVER_QUOTA:
    done (session, command, "NO Over quota");
    break;
  case LAB_BOX_FAILED:
    done (session, command, "NO unknown error: java.lang.NullPointerException");
    break;
  }
}

/* ---- folders */

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

static void
do_list (Session *session, Command *command)
{
  g_autofree gchar *reference = next_word (command);
  g_autofree gchar *pattern = next_word (command);
  if (pattern == NULL) {
    done (session, command, "BAD missing arguments");
    return;
  }
  if (*pattern == '\0') {
    say (session, "* %s (\\Noselect) \"/\" \"\"\r\n", command->name);
    done (session, command, "OK completed");
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
    say (session, "* %s (%s%s) \"/\" \"%s\"\r\n", command->name,
         has_children (folders, folder->name) ? "\\HasChildren" : "\\HasNoChildren",
         special_use (folder->name), name);
  }
  done (session, command, "OK completed");
}

static void
do_namespace (Session *session, Command *command)
{
  say (session, "* NAMESPACE ((\"\" \"/\")) ((\"Autres utilisateurs/\" \"/\"))"
                " ((\"Dossiers partag&AOk-s/\" \"/\"))\r\n");
  done (session, command, "OK completed");
}

static void
folder_command (Session *session, Command *command,
                gboolean (*function) (LabBox *, const gchar *, gchar **))
{
  g_autofree gchar *name = next_folder (command);
  g_autofree gchar *no = NULL;
  if (function (session->box, name, &no)) {
    done (session, command, "OK completed");
    return;
  }
  g_autofree gchar *words = g_strconcat ("NO ", no, NULL);
  done (session, command, words);
}

static void
do_create (Session *session, Command *command)
{
  folder_command (session, command, lab_box_create);
}

static void
do_delete (Session *session, Command *command)
{
  folder_command (session, command, lab_box_remove);
}

static void
do_rename (Session *session, Command *command)
{
  g_autofree gchar *from = next_folder (command);
  g_autofree gchar *to = next_folder (command);
  g_autofree gchar *no = NULL;
  done (session, command,
        lab_box_rename (session->box, from, to, &no) ? "OK completed" : "NO rename failed");
}

static void
do_subscribe (Session *session, Command *command)
{
  g_autofree gchar *name = next_folder (command);
  g_autoptr (LabBoxFolder) folder = lab_box_find (session->box, name);
  done (session, command, folder != NULL ? "OK completed" : "NO folder does not exist");
}

static void
do_status (Session *session, Command *command)
{
  g_autofree gchar *name = next_folder (command);
  g_autoptr (LabBoxFolder) folder = lab_box_find (session->box, name);
  if (folder == NULL) {
    done (session, command, "NO folder does not exist");
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
  say (session, "* STATUS \"%s\" (%s)\r\n", quoted, list->str);
  done (session, command, "OK completed");
}

static void
do_quota_root (Session *session, Command *command)
{
  g_autofree gchar *name = next_folder (command);
  say (session, "* QUOTAROOT \"%s\" \"INBOX\"\r\n", name);
  if (session->box->user->quota_kib >= 0)
    say (session, "* QUOTA \"INBOX\" (STORAGE %" G_GINT64_FORMAT " %d)\r\n",
         lab_box_used_kib (session->box), session->box->user->quota_kib);
  done (session, command, "OK completed");
}

static void
do_my_rights (Session *session, Command *command)
{
  g_autofree gchar *name = next_folder (command);
  say (session, "* MYRIGHTS \"%s\" lrswipkxtecda\r\n", name);
  done (session, command, "OK completed");
}

static void
unselect (Session *session)
{
  g_clear_pointer (&session->selected, lab_box_folder_free);
  g_clear_pointer (&session->messages, g_ptr_array_unref);
}

static void
do_select (Session *session, Command *command)
{
  g_autofree gchar *name = next_folder (command);
  unselect (session);
  session->selected = lab_box_find (session->box, name);
  if (session->selected == NULL) {
    done (session, command, "NO folder does not exist");
    return;
  }
  session->messages = lab_box_messages (session->box, session->selected);
  say (session,
       "* FLAGS (\\Answered \\Flagged \\Deleted \\Draft \\Seen)\r\n"
       "* OK [PERMANENTFLAGS (\\Answered \\Flagged \\Deleted \\Draft \\Seen \\*)] Ok\r\n"
       "* %u EXISTS\r\n* 0 RECENT\r\n* OK [UIDVALIDITY %" G_GINT64_FORMAT "] Ok\r\n"
       "* OK [UIDNEXT %" G_GINT64_FORMAT "] Ok\r\n",
       session->messages->len, session->selected->uid_validity, session->selected->last_uid + 1);
  done (session, command, "OK [READ-WRITE] Completed");
}

static void
do_close (Session *session, Command *command)
{
  unselect (session);
  done (session, command, "OK completed");
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
chosen (Session *session, const gchar *set, guint index, gboolean by_uid)
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
append_body (Session *session, GString *out, const LabBoxMessage *message, const gchar *item)
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
append_item (Session *session, GString *out, const LabBoxMessage *message, const gchar *item)
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
fetch (Session *session, Command *command, gboolean by_uid)
{
  g_autofree gchar *set = next_word (command);
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
        done (session, command, "BAD unknown fetch item");
        return;
      }
    }
    g_string_append (line, ")\r\n");
    g_output_stream_write_all (session->out, line->str, line->len, NULL, NULL, NULL);
  }
  done (session, command, "OK completed");
}

static void
store (Session *session, Command *command, gboolean by_uid)
{
  g_autofree gchar *set = next_word (command);
  g_autofree gchar *mode = next_word (command);
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
  done (session, command, "OK completed");
}

/* Only what needs no index: everything, or a set of uids. */
static void
search (Session *session, Command *command, gboolean by_uid)
{
  g_autofree gchar *key = next_word (command);
  g_autofree gchar *set = next_word (command);
  gboolean all = key != NULL && g_ascii_strcasecmp (key, "ALL") == 0;
  if (!all && (set == NULL || g_ascii_strcasecmp (key, "UID") != 0)) {
    done (session, command, "NO unknown error: no index in the lab");
    return;
  }
  g_autoptr (GString) line = g_string_new ("* SEARCH");
  for (guint i = 0; i < session->messages->len; i++) {
    const LabBoxMessage *message = session->messages->pdata[i];
    if (all || chosen (session, set, i, TRUE))
      g_string_append_printf (line, " %" G_GINT64_FORMAT, by_uid ? message->uid : (gint64) i + 1);
  }
  say (session, "%s\r\n", line->str);
  done (session, command, "OK completed");
}

static void
do_expunge (Session *session, Command *command)
{
  for (guint i = 0; i < session->messages->len;) {
    LabBoxMessage *message = session->messages->pdata[i];
    if ((message->flags & 4) == 0) {
      i++;
      continue;
    }
    lab_box_set_flags (session->box, session->selected, message->uid, message->flags | 1u << 31);
    g_ptr_array_remove_index (session->messages, i);
    say (session, "* %u EXPUNGE\r\n", i + 1);
  }
  done (session, command, "OK completed");
}

static void
do_fetch (Session *session, Command *command)
{
  fetch (session, command, FALSE);
}

static void
do_store (Session *session, Command *command)
{
  store (session, command, FALSE);
}

static void
do_search (Session *session, Command *command)
{
  search (session, command, FALSE);
}

static void
do_uid (Session *session, Command *command)
{
  g_autofree gchar *name = next_word (command);
  if (name == NULL)
    done (session, command, "BAD Missing analyzer");
  else if (g_ascii_strcasecmp (name, "FETCH") == 0)
    fetch (session, command, TRUE);
  else if (g_ascii_strcasecmp (name, "STORE") == 0)
    store (session, command, TRUE);
  else if (g_ascii_strcasecmp (name, "SEARCH") == 0)
    search (session, command, TRUE);
  else
    done (session, command, "BAD Missing analyzer");
}

/* ---- dispatch */

typedef enum { ANY, KNOWN, SELECTED } Needs;

static const struct {
  const gchar *name;
  Needs needs;
  Handler handler;
} commands[] = {
    {"CAPABILITY", ANY, do_capability}, {"ID", ANY, do_id},
    {"LOGIN", ANY, do_login},           {"AUTHENTICATE", ANY, do_authenticate},
    {"LOGOUT", ANY, do_logout},         {"NOOP", ANY, do_noop},
    {"APPEND", KNOWN, do_append},       {"CREATE", KNOWN, do_create},
    {"DELETE", KNOWN, do_delete},       {"RENAME", KNOWN, do_rename},
    {"SUBSCRIBE", KNOWN, do_subscribe}, {"UNSUBSCRIBE", KNOWN, do_subscribe},
    {"LIST", KNOWN, do_list},           {"LSUB", KNOWN, do_list},
    {"XLIST", KNOWN, do_list},          {"NAMESPACE", KNOWN, do_namespace},
    {"STATUS", KNOWN, do_status},       {"GETQUOTAROOT", KNOWN, do_quota_root},
    {"MYRIGHTS", KNOWN, do_my_rights},  {"SELECT", KNOWN, do_select},
    {"EXAMINE", KNOWN, do_select},      {"IDLE", KNOWN, do_idle},
    {"CHECK", SELECTED, do_noop},       {"CLOSE", SELECTED, do_close},
    {"EXPUNGE", SELECTED, do_expunge},  {"FETCH", SELECTED, do_fetch},
    {"STORE", SELECTED, do_store},      {"SEARCH", SELECTED, do_search},
    {"UID", SELECTED, do_uid},
};

static void
run_command (Session *session, Command *command)
{
  for (guint i = 0; i < G_N_ELEMENTS (commands); i++) {
    if (!g_str_equal (commands[i].name, command->name))
      continue;
    if ((commands[i].needs >= KNOWN && session->box == NULL) ||
        (commands[i].needs == SELECTED && session->selected == NULL))
      done (session, command, "BAD not in this state");
    else
      commands[i].handler (session, command);
    return;
  }
  done (session, command, "BAD Missing analyzer");
}

/* A core that does not run takes connections and closes them. */
static gboolean
is_open (const Endpoint *endpoint)
{
  g_auto (LabKnobs) knobs = {0};
  lab_core_get_knobs (endpoint->core, &knobs);
  return !knobs.stop && g_str_equal (knobs.state, "CORE_STATE_RUNNING");
}

static gboolean
on_connection (GThreadedSocketService *service, GSocketConnection *connection, GObject *source,
               gpointer data)
{
  Session session = {.endpoint = data};
  if (!is_open (data))
    return TRUE;
  g_socket_set_option (g_socket_connection_get_socket (connection), IPPROTO_TCP, TCP_NODELAY, 1,
                       NULL);
  session.reader = lab_reader_new (g_io_stream_get_input_stream (G_IO_STREAM (connection)));
  session.out = g_io_stream_get_output_stream (G_IO_STREAM (connection));
  say (&session, "* OK IMAP4 ready\r\n");
  while (!session.bye) {
    Command command = {0};
    session.bye = !read_command (&session, &command) || !is_open (data);
    if (!session.bye)
      run_command (&session, &command);
    clear_command (&command);
  }
  unselect (&session);
  lab_box_close (session.box);
  lab_reader_free (session.reader);
  return TRUE;
}

gboolean
lab_imap5_start (LabCore *core, guint16 port, const gchar *spool, GError **error)
{
  if (!lab_box_make_all (lab_core_store (core), error))
    return FALSE;
  Endpoint *endpoint = g_new0 (Endpoint, 1); /* as long as the process */
  endpoint->core = core;
  endpoint->spool = g_strdup (spool);
  g_autoptr (PGresult) limit =
      lab_db_exec (lab_store_directory (lab_core_store (core)), error,
                   "SELECT configuration -> 'message_size_limit' FROM t_systemconf", 0, NULL);
  if (limit == NULL)
    return FALSE;
  endpoint->limit = g_ascii_strtoll (PQgetvalue (limit, 0, 0), NULL, 10);
  g_autoptr (GInetAddress) loopback = g_inet_address_new_loopback (G_SOCKET_FAMILY_IPV4);
  g_autoptr (GSocketAddress) address = g_inet_socket_address_new (loopback, port);
  GSocketService *service = g_threaded_socket_service_new (256);
  g_signal_connect (service, "run", G_CALLBACK (on_connection), endpoint);
  return g_socket_listener_add_address (G_SOCKET_LISTENER (service), address, G_SOCKET_TYPE_STREAM,
                                        G_SOCKET_PROTOCOL_TCP, NULL, NULL, error);
}
