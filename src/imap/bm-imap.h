/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The sink on libetpan: one connection, logged in as the user. Features are probed, never
 * versions. The process must ignore SIGPIPE (libetpan writes with plain send()) and connect while
 * descriptors below 1024 are free (it uses select()). One thread. */
#pragma once

#include <bm-pst-import/sink.h>

G_BEGIN_DECLS

typedef enum {
  BM_IMAP_TLS_NONE,
  BM_IMAP_TLS_STARTTLS,
  BM_IMAP_TLS_IMPLICIT,
} BmImapTls;

typedef struct {
  const gchar *host;
  guint16 port;
  BmImapTls tls;
  const gchar *ca_file;     /* PEM; NULL = the system's */
  gboolean local;           /* the host is this machine: plain is no risk */
  gboolean allow_plaintext; /* the administrator lists the host; the transport says so */
  const gchar *login;       /* login@domain as the mail server wants it */
  /* The credential, asked for at every connect because tokens change. *password is then ours. */
  gboolean (*password) (gpointer data, gchar **password, GError **error);
  gpointer password_data;
  const gchar *const *admins; /* more logins refused as identity, besides BlueMind's own; or NULL */
  guint timeout_s;            /* of every wait; 0 = 120 */
  guint batch_messages;       /* 0 = 64 */
  gsize batch_bytes;          /* 0 = 8 MiB */
  guint64 server_message_limit; /* bytes, from the core's configuration; 0 = unknown */
} BmImapOptions;

/* Copies everything but password_data. Does not connect. Errors: ADMIN_REFUSED, TLS_UNTRUSTED
 * (plain to a host where that is not allowed). */
BmSink *bm_imap_sink_new (const BmImapOptions *options, GError **error);

/* UTF-8 to modified UTF-7, RFC 3501 5.1.3, and back (NULL when malformed). New. */
gchar *bm_imap_utf7_encode (const gchar *utf8);
gchar *bm_imap_utf7_decode (const gchar *utf7);

G_END_DECLS
