/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * What the files of BlueMind 5's IMAP endpoint share: a session, a command as it was read, and the handlers. One session
 * belongs to one thread.
 */
#pragma once

#include "lab-box5.h"
#include "lab-dlist.h"

G_BEGIN_DECLS

typedef struct {
  LabCore *core;
  gchar *spool;
  gint64 limit; /* bytes in one literal */
} Lab5Endpoint;

typedef struct {
  const Lab5Endpoint *endpoint;
  LabReader *reader;
  GOutputStream *out;
  LabBox *box;            /* NULL before LOGIN */
  LabBoxFolder *selected; /* NULL when none is */
  GPtrArray *messages;    /* of the selected folder, as last seen */
  gint64 free_at;         /* the throttle: when this user may go on, monotonic microseconds */
  gboolean bye;
} Lab5Session;

/* One command: its tag and name, the text behind it with {n} where literals stood, and those literals. */
typedef struct {
  gchar *tag, *name;
  GString *text;
  GPtrArray *literals; /* of GBytes */
} Lab5Command;

typedef void (*Lab5Handler) (Lab5Session *session, Lab5Command *command);

void lab5_say (Lab5Session *session, const gchar *format, ...) G_GNUC_PRINTF (2, 3);
/* The tagged answer. */
void lab5_done (Lab5Session *session, const Lab5Command *command, const gchar *words);
/* The next argument: an atom, a quoted string or a literal. NULL at the end. */
gchar *lab5_next_word (Lab5Command *command);
/* A folder argument: decoded, INBOX in any case. Everybody but APPEND reads names this way. */
gchar *lab5_next_folder (Lab5Command *command);
void lab5_unselect (Lab5Session *session);

/* lab-imap5-folders.c, lab-imap5-messages.c */
void lab5_do_append (Lab5Session *session, Lab5Command *command);
void lab5_do_create (Lab5Session *session, Lab5Command *command);
void lab5_do_delete (Lab5Session *session, Lab5Command *command);
void lab5_do_rename (Lab5Session *session, Lab5Command *command);
void lab5_do_subscribe (Lab5Session *session, Lab5Command *command);
void lab5_do_list (Lab5Session *session, Lab5Command *command);
void lab5_do_namespace (Lab5Session *session, Lab5Command *command);
void lab5_do_status (Lab5Session *session, Lab5Command *command);
void lab5_do_quota_root (Lab5Session *session, Lab5Command *command);
void lab5_do_my_rights (Lab5Session *session, Lab5Command *command);
void lab5_do_select (Lab5Session *session, Lab5Command *command);
void lab5_do_close (Lab5Session *session, Lab5Command *command);
void lab5_do_expunge (Lab5Session *session, Lab5Command *command);
void lab5_do_fetch (Lab5Session *session, Lab5Command *command);
void lab5_do_store (Lab5Session *session, Lab5Command *command);
void lab5_do_search (Lab5Session *session, Lab5Command *command);
void lab5_do_uid (Lab5Session *session, Lab5Command *command);

G_END_DECLS
