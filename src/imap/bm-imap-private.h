/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Private to the room: the state of one connection. One thread. */
#pragma once

#include "imap/bm-imap.h"

#include <libetpan/libetpan.h>

G_BEGIN_DECLS

typedef struct {
  BmSink base;
  gchar *host, *ca_file, *login;
  guint16 port;
  BmImapTls tls;
  gboolean (*password) (gpointer data, gchar **password, GError **error);
  gpointer password_data;
  guint timeout_s, batch_messages;
  gsize batch_bytes;
  guint64 server_message_limit;

  mailimap *imap; /* NULL while not connected */
  gboolean multiappend, literal_plus, digest, namespaces;
  guint64 append_limit; /* APPENDLIMIT; 0 = none */
  gchar *description, *transport;
  GPtrArray *taken;     /* gchar *, NULL-terminated */
  GHashTable *keywords; /* "FOLDER KEYWORD" that were stored, as on the wire */
  BmSinkLimits limits;
  BmNameRules rules;
} BmImap;

/* bm-imap-session.c */
gboolean bm_imap_connect (BmImap *imap, GError **error);
void bm_imap_disconnect (BmImap *imap);
/* The server's last words, one line, valid UTF-8. New. */
gchar *bm_imap_words (BmImap *imap);
/* Sets CONNECTION_LOST and drops the connection. Always FALSE. */
gboolean bm_imap_lost (BmImap *imap, const gchar *doing, GError **error);
/* TRUE when libetpan's result means that the connection cannot be used any more. */
gboolean bm_imap_is_broken (int result);
/* CONNECTION_LOST unless connected. */
gboolean bm_imap_need (BmImap *imap, GError **error);

/* bm-imap-tls.c: chain and host name, which libetpan does not check. */
gboolean bm_imap_tls_verify (mailstream *stream, const gchar *ca_file, const gchar *host,
                             GError **error);

/* bm-imap-names.c: full name to what goes over the wire. New. */
gchar *bm_imap_wire_name (const BmImap *imap, const gchar *name);

/* bm-imap-append.c */
gboolean bm_imap_append (BmSink *sink, BmTarget *target, GPtrArray *messages, BmOutcome *outcomes,
                         GError **error);
/* bm-imap-wire.c: one message of an APPEND, and the answer to a command. */
typedef enum {
  BM_IMAP_OK,
  BM_IMAP_NO,     /* NO or BAD: words says why */
  BM_IMAP_BROKEN, /* no answer */
} BmImapAnswer;
/* Begins APPEND to the folder; the tag, or 0 when the stream broke. */
int bm_imap_wire_begin (BmImap *imap, const gchar *wire_name);
gboolean bm_imap_wire_message (BmImap *imap, const BmMessage *message);
gboolean bm_imap_wire_end (BmImap *imap);
/* Reads the answer to tag. uids: n entries, filled when the server gave APPENDUID (else 0). */
BmImapAnswer bm_imap_wire_answer (BmImap *imap, int tag, guint32 *uidvalidity, guint32 *uids,
                                  guint n, gchar **words);
/* "dd-Mon-yyyy hh:mm:ss +0000". */
gchar *bm_imap_wire_date (gint64 unix_time);

/* bm-imap-list.c */
void bm_imap_list_register (void);
GArray *bm_imap_list (BmSink *sink, BmTarget *target, guint32 uid_from, GError **error);

G_END_DECLS
