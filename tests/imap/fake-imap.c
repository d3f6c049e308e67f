/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* See fake-imap.h. */
#include "imap/fake-imap.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct _FakeImap {
  const FakeImapScript *script;
  gint listener;
  guint16 port;
  GThread *thread;
  GMutex lock;
  GString *trace;
  guint stored, appends;
};

typedef struct {
  FakeImap *fake;
  FILE *in;
  gint fd;
  gboolean closed, refused;
  guint literals;
} Line;

static void
say (Line *line, const gchar *text)
{
  if (!line->closed && send (line->fd, text, strlen (text), MSG_NOSIGNAL) < 0)
    line->closed = TRUE;
}

/* A whole command: literals are read (and asked for) and shown as "<n>". */
static gchar *
read_command (Line *line)
{
  g_autoptr (GString) command = g_string_new (NULL);
  const FakeImapScript *script = line->fake->script;
  gchar buffer[8192];
  line->literals = 0;
  line->refused = FALSE;
  for (;;) {
    if (fgets (buffer, sizeof buffer, line->in) == NULL)
      return NULL;
    buffer[strcspn (buffer, "\r\n")] = '\0';
    gchar *brace = strrchr (buffer, '{');
    if (brace == NULL || buffer[strlen (buffer) - 1] != '}') {
      g_string_append (command, buffer);
      return g_string_free (g_steal_pointer (&command), FALSE);
    }
    gsize size = g_ascii_strtoull (brace + 1, NULL, 10);
    gboolean plus = strchr (brace, '+') != NULL;
    *brace = '\0';
    if (!plus)
      say (line, "+ go ahead\r\n");
    if (line->fake->appends + 1 == script->close_in_literal) {
      line->closed = TRUE;
      return NULL;
    }
    g_autofree gchar *literal = g_malloc0 (size + 1);
    if (fread (literal, 1, size, line->in) != size)
      return NULL;
    line->refused |=
        script->refuse_mark != NULL && (strstr (literal, script->refuse_mark) != NULL ||
                                        strstr (buffer, script->refuse_mark) != NULL);
    line->literals++;
    g_string_append_printf (command, "%s<%" G_GSIZE_FORMAT ">", buffer, size);
  }
}

static gchar *
answer_append (Line *line, const gchar *tag)
{
  FakeImap *fake = line->fake;
  const FakeImapScript *script = fake->script;
  fake->appends++;
  if (line->refused && script->bye_instead) {
    line->closed = TRUE;
    return g_strdup_printf ("* BYE %s\r\n", script->refuse_text);
  }
  if (line->refused)
    return g_strdup_printf ("%s %s %s\r\n", tag, script->bad_instead ? "BAD" : "NO",
                            script->refuse_text);
  guint first = fake->stored + 1;
  fake->stored += line->literals;
  if (fake->appends == script->close_before_answer) {
    line->closed = TRUE;
    return g_strdup ("");
  }
  if (script->no_appenduid)
    return g_strdup_printf ("%s OK done\r\n", tag);
  if (line->literals == 1)
    return g_strdup_printf ("%s OK [APPENDUID 7 %u] done\r\n", tag, first);
  return g_strdup_printf ("%s OK [APPENDUID 7 %u:%u] done\r\n", tag, first, fake->stored);
}

static gchar *
answer (Line *line, const gchar *tag, const gchar *verb)
{
  const FakeImapScript *script = line->fake->script;
  if (g_ascii_strncasecmp (verb, "APPEND", 6) == 0)
    return answer_append (line, tag);
  if (g_ascii_strncasecmp (verb, "LOGIN", 5) == 0 && script->login_answer != NULL)
    return g_strdup_printf ("%s %s\r\n", tag, script->login_answer);
  if (g_ascii_strncasecmp (verb, "CAPABILITY", 10) == 0)
    return g_strdup_printf ("* CAPABILITY IMAP4rev1 UIDPLUS NAMESPACE %s\r\n%s OK done\r\n",
                            script->capabilities, tag);
  if (g_ascii_strncasecmp (verb, "NAMESPACE", 9) == 0)
    return g_strdup_printf ("* NAMESPACE %s ((\"Autres utilisateurs/\" \"/\")) "
                            "((\"Dossiers partag&AOk-s/\" \"/\"))\r\n%s OK done\r\n",
                            script->namespace != NULL ? script->namespace : "((\"\" \"/\"))", tag);
  if (g_ascii_strncasecmp (verb, "STATUS", 6) == 0)
    return g_strdup_printf ("* STATUS \"x\" (UIDNEXT 1 UIDVALIDITY 7)\r\n%s OK done\r\n", tag);
  if (g_ascii_strncasecmp (verb, "LOGOUT", 6) == 0) {
    line->closed = TRUE;
    return g_strdup_printf ("* BYE bye\r\n%s OK done\r\n", tag);
  }
  return g_strdup_printf ("%s OK done\r\n", tag);
}

static void
serve (FakeImap *fake, gint fd)
{
  Line line = {.fake = fake, .fd = fd, .in = fdopen (fd, "r")};
  say (&line, "* OK fake ready\r\n");
  while (!line.closed) {
    g_autofree gchar *command = read_command (&line);
    if (command == NULL)
      break;
    g_mutex_lock (&fake->lock);
    g_string_append_printf (fake->trace, "%s\n", command);
    g_auto (GStrv) words = g_strsplit (command, " ", 2);
    g_autofree gchar *text = answer (&line, words[0], words[1] != NULL ? words[1] : "");
    g_mutex_unlock (&fake->lock);
    gboolean closing = line.closed;
    line.closed = FALSE;
    say (&line, text);
    line.closed = closing;
  }
  fclose (line.in);
}

static gpointer
run (gpointer data)
{
  FakeImap *fake = data;
  gint fd;
  while ((fd = accept (fake->listener, NULL, NULL)) >= 0)
    serve (fake, fd);
  return NULL;
}

FakeImap *
fake_imap_start (const FakeImapScript *script)
{
  FakeImap *fake = g_new0 (FakeImap, 1);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl (INADDR_LOOPBACK)};
  socklen_t size = sizeof address;
  fake->script = script;
  fake->trace = g_string_new (NULL);
  g_mutex_init (&fake->lock);
  fake->listener = socket (AF_INET, SOCK_STREAM, 0);
  g_assert_cmpint (bind (fake->listener, (struct sockaddr *) &address, sizeof address), ==, 0);
  g_assert_cmpint (listen (fake->listener, 4), ==, 0);
  g_assert_cmpint (getsockname (fake->listener, (struct sockaddr *) &address, &size), ==, 0);
  fake->port = ntohs (address.sin_port);
  fake->thread = g_thread_new ("fake-imap", run, fake);
  return fake;
}

guint16
fake_imap_port (const FakeImap *fake)
{
  return fake->port;
}

guint
fake_imap_stored (FakeImap *fake)
{
  g_mutex_lock (&fake->lock);
  guint n = fake->stored;
  g_mutex_unlock (&fake->lock);
  return n;
}

gchar *
fake_imap_trace (FakeImap *fake)
{
  g_mutex_lock (&fake->lock);
  gchar *trace = g_strdup (fake->trace->str);
  g_mutex_unlock (&fake->lock);
  return trace;
}

void
fake_imap_stop (FakeImap *fake)
{
  shutdown (fake->listener, SHUT_RDWR);
  g_thread_join (fake->thread);
  close (fake->listener);
  g_string_free (fake->trace, TRUE);
  g_mutex_clear (&fake->lock);
  g_free (fake);
}
