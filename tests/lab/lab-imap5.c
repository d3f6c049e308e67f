/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * A small IMAP server with the manners of BlueMind 5's that concern an importer: the constant capability string with
 * BM-ROCKS, rows written before the OK, the guid in the OK, one message per APPEND, `NO Rejected` for a folder that is
 * not there, INBOX only in capitals in APPEND, a date without a flag list lost, an alert and a closed connection for a
 * literal over message_size_limit, no parents made by CREATE, no DIGEST in FETCH. Must not know SQL. One thread per
 * connection.
 */
#include "lab-imap5.h"

#include "lab-imap5-private.h"
#include "lab-name.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>

#define CAPABILITIES                                                                               \
  "IMAP4rev1 LITERAL+ AUTH=PLAIN ID ACL RIGHTS=kxten QUOTA NAMESPACE UIDPLUS XLIST SPECIAL-USE "   \
  "IDLE BM-ROCKS"

void
lab5_say (Lab5Session *session, const gchar *format, ...)
{
  va_list arguments;
  va_start (arguments, format);
  g_autofree gchar *text = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  if (!g_output_stream_write_all (session->out, text, strlen (text), NULL, NULL, NULL))
    session->bye = TRUE;
}

void
lab5_done (Lab5Session *session, const Lab5Command *command, const gchar *words)
{
  lab5_say (session, "%s %s\r\n", command->tag, words);
}

/* ---- reading commands */

static void
clear_command (Lab5Command *command)
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
throttle (Lab5Session *session, gsize size)
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
read_command (Lab5Session *session, Lab5Command *command)
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
      lab5_say (session, "* ALERT too much data (%" G_GINT64_FORMAT " > %" G_GINT64_FORMAT ")\r\n",
                size, session->endpoint->limit);
      return FALSE;
    }
    if (!more)
      break;
    if (waits)
      lab5_say (session, "+ OK\r\n");
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
gchar *
lab5_next_word (Lab5Command *command)
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
gchar *
lab5_next_folder (Lab5Command *command)
{
  g_autofree gchar *word = lab5_next_word (command);
  if (word == NULL)
    return g_strdup ("");
  return g_ascii_strcasecmp (word, "INBOX") == 0 ? g_strdup ("INBOX") : lab_name_decode (word);
}

void
lab5_unselect (Lab5Session *session)
{
  g_clear_pointer (&session->selected, lab_box_folder_free);
  g_clear_pointer (&session->messages, g_ptr_array_unref);
}

/* ---- who */

static void
sign_in (Lab5Session *session, Lab5Command *command, const gchar *who, const gchar *secret)
{
  const gchar *at = strrchr (who, '@');
  g_autofree gchar *login = at != NULL ? g_strndup (who, (gsize) (at - who)) : g_strdup (who);
  g_autoptr (LabUser) user = NULL;
  LabLogin result =
      lab_core_login (session->endpoint->core, login, at != NULL ? at + 1 : "", secret, &user);
  /* admin0 has no mailbox */
  if (result != LAB_LOGIN_OK || g_str_equal (user->domain, "global.virt")) {
    lab5_done (session, command, "NO bad login or password.");
    return;
  }
  lab_box_close (session->box);
  session->box =
      lab_box_open (session->endpoint->core, g_steal_pointer (&user), session->endpoint->spool);
  lab5_done (session, command, "OK [CAPABILITY " CAPABILITIES "] User logged in");
}

static void
do_login (Lab5Session *session, Lab5Command *command)
{
  g_autofree gchar *who = lab5_next_word (command);
  g_autofree gchar *secret = lab5_next_word (command);
  if (secret == NULL)
    lab5_done (session, command, "BAD missing arguments");
  else
    sign_in (session, command, who, secret);
}

static void
do_authenticate (Lab5Session *session, Lab5Command *command)
{
  g_autofree gchar *mechanism = lab5_next_word (command);
  g_autofree gchar *initial = lab5_next_word (command);
  if (mechanism == NULL || g_ascii_strcasecmp (mechanism, "PLAIN") != 0) {
    lab5_done (session, command, "NO unsupported mechanism");
    return;
  }
  if (initial == NULL) {
    lab5_say (session, "+ \r\n");
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
do_capability (Lab5Session *session, Lab5Command *command)
{
  lab5_say (session, "* CAPABILITY " CAPABILITIES "\r\n");
  lab5_done (session, command, "OK CAPABILITY completed");
}

static void
do_id (Lab5Session *session, Lab5Command *command)
{
  lab5_say (session, "* ID (\"name\" \"BlueMind\" \"version\" \"5.1-lab\")\r\n");
  lab5_done (session, command, "OK ID completed");
}

static void
do_noop (Lab5Session *session, Lab5Command *command)
{
  lab5_done (session, command, "OK completed");
}

static void
do_idle (Lab5Session *session, Lab5Command *command)
{
  lab5_say (session, "+ idling\r\n");
  g_free (lab_reader_line (session->reader));
  lab5_done (session, command, "OK IDLE completed");
}

static void
do_logout (Lab5Session *session, Lab5Command *command)
{
  lab5_say (session, "* BYE BlueMind IMAP server terminating\r\n");
  lab5_done (session, command, "OK LOGOUT completed");
  session->bye = TRUE;
}

/* ---- dispatch */

typedef enum { ANY, KNOWN, SELECTED } Needs;

static const struct {
  const gchar *name;
  Needs needs;
  Lab5Handler handler;
} commands[] = {
    {"CAPABILITY", ANY, do_capability},
    {"ID", ANY, do_id},
    {"LOGIN", ANY, do_login},
    {"AUTHENTICATE", ANY, do_authenticate},
    {"LOGOUT", ANY, do_logout},
    {"NOOP", ANY, do_noop},
    {"APPEND", KNOWN, lab5_do_append},
    {"CREATE", KNOWN, lab5_do_create},
    {"DELETE", KNOWN, lab5_do_delete},
    {"RENAME", KNOWN, lab5_do_rename},
    {"SUBSCRIBE", KNOWN, lab5_do_subscribe},
    {"UNSUBSCRIBE", KNOWN, lab5_do_subscribe},
    {"LIST", KNOWN, lab5_do_list},
    {"LSUB", KNOWN, lab5_do_list},
    {"XLIST", KNOWN, lab5_do_list},
    {"NAMESPACE", KNOWN, lab5_do_namespace},
    {"STATUS", KNOWN, lab5_do_status},
    {"GETQUOTAROOT", KNOWN, lab5_do_quota_root},
    {"MYRIGHTS", KNOWN, lab5_do_my_rights},
    {"SELECT", KNOWN, lab5_do_select},
    {"EXAMINE", KNOWN, lab5_do_select},
    {"IDLE", KNOWN, do_idle},
    {"CHECK", SELECTED, do_noop},
    {"CLOSE", SELECTED, lab5_do_close},
    {"EXPUNGE", SELECTED, lab5_do_expunge},
    {"FETCH", SELECTED, lab5_do_fetch},
    {"STORE", SELECTED, lab5_do_store},
    {"SEARCH", SELECTED, lab5_do_search},
    {"UID", SELECTED, lab5_do_uid},
};

static void
run_command (Lab5Session *session, Lab5Command *command)
{
  for (guint i = 0; i < G_N_ELEMENTS (commands); i++) {
    if (!g_str_equal (commands[i].name, command->name))
      continue;
    if ((commands[i].needs >= KNOWN && session->box == NULL) ||
        (commands[i].needs == SELECTED && session->selected == NULL))
      lab5_done (session, command, "BAD not in this state");
    else
      commands[i].handler (session, command);
    return;
  }
  lab5_done (session, command, "BAD Missing analyzer");
}

/* A core that does not run takes connections and closes them. */
static gboolean
is_open (const Lab5Endpoint *endpoint)
{
  g_auto (LabKnobs) knobs = {0};
  lab_core_get_knobs (endpoint->core, &knobs);
  return !knobs.stop && g_str_equal (knobs.state, "CORE_STATE_RUNNING");
}

static gboolean
on_connection (GThreadedSocketService *service, GSocketConnection *connection, GObject *source,
               gpointer data)
{
  Lab5Session session = {.endpoint = data};
  if (!is_open (data))
    return TRUE;
  g_socket_set_option (g_socket_connection_get_socket (connection), IPPROTO_TCP, TCP_NODELAY, 1,
                       NULL);
  session.reader = lab_reader_new (g_io_stream_get_input_stream (G_IO_STREAM (connection)));
  session.out = g_io_stream_get_output_stream (G_IO_STREAM (connection));
  lab5_say (&session, "* OK IMAP4 ready\r\n");
  while (!session.bye) {
    Lab5Command command = {0};
    session.bye = !read_command (&session, &command) || !is_open (data);
    if (!session.bye)
      run_command (&session, &command);
    clear_command (&command);
  }
  lab5_unselect (&session);
  lab_box_close (session.box);
  lab_reader_free (session.reader);
  return TRUE;
}

gboolean
lab_imap5_start (LabCore *core, guint16 port, const gchar *spool, GError **error)
{
  if (!lab_box_make_all (lab_core_store (core), error))
    return FALSE;
  Lab5Endpoint *endpoint = g_new0 (Lab5Endpoint, 1); /* as long as the process */
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
