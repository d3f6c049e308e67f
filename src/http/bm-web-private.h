/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Private to bm-web*.c: the server, its connections, one request with its libsoup message. Main
 * thread only. */
#pragma once

#include "http/bm-web.h"

#include <libsoup/soup.h>

G_BEGIN_DECLS

#define BM_WEB_GLOBAL_DOMAIN "global.virt" /* of BlueMind's own administrators */

typedef struct _BmWebSessions BmWebSessions;
typedef struct _BmWebCore BmWebCore;

typedef struct {
  const BmWebRoute *routes;
  gpointer data;
} BmWebTable;

struct _BmWeb {
  const BmConfig *config;
  SoupServer *server;
  GSocketService *service;
  int silence;                  /* the other end of the socket libsoup listens at; -1 = none */
  GTlsCertificate *certificate; /* NULL = plain */
  GArray *tables;               /* BmWebTable */
  GPtrArray *owned;             /* BmWebOwned * */
  GQueue greetings, handshakes; /* of bm-web-tls.c */
  GQueue peers;                 /* BmWebPeer *, oldest first */
  guint peers_timer;
  GHashTable *malformed; /* address -> BmWebMalformed *, of bm-web-listen.c */
  GQueue streams;        /* BmWebSse * */
  guint streams_timer;
  guint requests; /* that owe an answer */
  gboolean stopping;
  guint hurry; /* every limit of time is divided by it: 1, more in tests */
  BmWebSessions *sessions;
  BmWebCore *core;
};

/* ---- connections: bm-web-listen.c ---- */

/* What a connection is doing; each has its time. */
typedef enum {
  BM_WEB_PEER_HEADERS, /* no complete request yet */
  BM_WEB_PEER_HANDSHAKE,
  BM_WEB_PEER_BODY,
  BM_WEB_PEER_UPLOAD, /* the time counts from the last chunk */
  BM_WEB_PEER_WORK,
  BM_WEB_PEER_ANSWER, /* likewise */
  BM_WEB_PEER_EVENTS, /* no limit; bm-web-sse.c has one of its own */
  BM_WEB_PEER_CLOSING,
} BmWebPeerState;

typedef struct {
  BmWeb *web;
  GSocket *socket;
  GObject *stream;        /* not owned: this peer goes with it */
  GSocketAddress *remote; /* carries this peer, for bm_web_peer_of */
  gchar *address;
  gboolean loopback; /* both ends */
  gboolean proxy;    /* its X-Forwarded-* are believed */
  gboolean tls;
  BmWebPeerState state;
  gint64 deadline; /* monotonic, microseconds */
} BmWebPeer;

gboolean bm_web_listen (BmWeb *web, GError **error);
/* No new connections; idle ones are closed. */
void bm_web_listen_stop (BmWeb *web);
/* Forgets connections that threads still hold, in a handshake or saying good-bye. */
void bm_web_listen_free (BmWeb *web);
void bm_web_peer_state (BmWebPeer *peer, BmWebPeerState state);
/* It sent what libsoup refused by itself. */
void bm_web_peer_malformed (BmWebPeer *peer);
/* Of a message; NULL when its connection is gone. */
BmWebPeer *bm_web_peer_of (SoupServerMessage *message);

/* ---- TLS: bm-web-tls.c ---- */

typedef void (*BmWebTlsReady) (BmWeb *web, GIOStream *tls, GSocketAddress *local,
                               GSocketAddress *remote);
/* Calls ready once the handshake is over; a connection that fails is closed. */
void bm_web_tls_begin (BmWebPeer *peer, GIOStream *stream, GSocketAddress *local,
                       GSocketAddress *remote, BmWebTlsReady ready);
/* libsoup closes a TLS connection in the main thread, which writes a last record and would wait for a
 * client that takes nothing: what is under way is still delivered, that record is not written. */
void bm_web_tls_before_close (BmWebPeer *peer);

/* ---- requests: bm-web-request.c ---- */

typedef struct {
  BmWebRequest public; /* first */
  gint refs;           /* one for the message, one for the answer that is due */
  SoupServerMessage *message;
  const BmWebRoute *route;
  gpointer data; /* of the table */
  GStrv path;
  GHashTable *params;  /* of ":name" */
  GHashTable *headers; /* of the answer */
  gchar *address;
  BmWebSession *session;
  BmWebChunk chunk;
  BmWebBodyEnd end;
  gpointer stream_data;
  BmWebSse *sse;
  guint64 received;  /* bytes of the body */
  gboolean unframed; /* nobody can say where its body ends */
  gboolean handed;   /* to its handler, who owes the answer then */
  gboolean body_done;
  gboolean replied;
  gboolean finished; /* the message is */
  gboolean paused;   /* waits for the answer, or bm_web_request_pause */
} BmWebCall;

void bm_web_requests_connect (BmWeb *web);
BmWebCall *bm_web_call_ref (BmWebCall *call);
void bm_web_call_unref (BmWebCall *call);
/* Does it come from this very host, without TLS on its way? */
gboolean bm_web_call_is_local_plain (BmWebCall *call);
/* Headers that every answer has. */
void bm_web_secure_headers (SoupMessageHeaders *headers);
/* Sends what the message holds by now, though the client has not sent all of its body, and closes. */
void bm_web_answer_early (BmWebCall *call);
/* The answer is no longer due; FALSE when it was given already. */
gboolean bm_web_call_take_reply (BmWebCall *call);

/* ---- routes: bm-web-route.c ---- */

/* Decoded segments below the base path; NULL when the path is none of ours, or malformed. New. */
GStrv bm_web_split_path (const gchar *base_path, const gchar *raw_path);
/* NULL: none. other_method: the path exists with another one. params: filled. */
const BmWebTable *bm_web_find_route (BmWeb *web, const gchar *method, GStrv path,
                                     const BmWebRoute **route, GHashTable *params,
                                     gboolean *other_method);

/* ---- streams: bm-web-sse.c ---- */

void bm_web_sse_stop_all (BmWeb *web);
/* Of this session, which has ended. */
void bm_web_sse_stop_session (BmWeb *web, const BmWebSession *session);
void bm_web_sse_finished (BmWebSse *sse);

/* ---- sessions: bm-web-session.c ---- */

BmWebSessions *bm_web_sessions_new (BmWeb *web);
void bm_web_sessions_free (BmWebSessions *sessions);
/* The session of this value of the cookie, its idle time begun anew; NULL. Borrowed. */
BmWebSession *bm_web_sessions_find (BmWebSessions *sessions, const gchar *cookie);
/* Begins its idle time anew. */
void bm_web_session_touch (const BmWebSession *session);
/* The value of our cookie in a Cookie header; NULL. New. */
gchar *bm_web_cookie_of (const gchar *header);
void bm_web_session_end (BmWeb *web, const BmWebSession *session);
/* All that came from this session of the core, which is dead. */
void bm_web_sessions_end_of_key (BmWeb *web, const gchar *core_key);

/* Who has signed in; strings are copied. */
typedef struct {
  const gchar *login, *name, *domain_uid, *domain_name, *language, *core_key;
  const gchar *const *domains;
  gboolean sudo;
} BmWebWho;

/* A new session and the value of its cookie (new). Borrowed. */
BmWebSession *bm_web_session_begin (BmWeb *web, const BmWebWho *who, gchar **cookie);

/* ---- the core's sessions: bm-web-core.c ---- */

BmWebCore *bm_web_core_new (BmWeb *web);
void bm_web_core_free (BmWebCore *core);
/* In a thread; nobody waits for it. */
void bm_web_core_logout (BmWeb *web, const gchar *core_key);

G_END_DECLS
