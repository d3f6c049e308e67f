/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The inner contract of the daemon: requests, routes, answers, events, sessions. Each area (sign-in,
 * users, uploads, imports, pages) registers a table of routes and knows nothing of HTTP beyond this.
 *
 * Everything here belongs to the main thread, which must not block for longer than a small file
 * takes: what asks a database, BlueMind's core or a journal goes through bm_web_run. */
#pragma once

#include "job/bm-config.h"

#include <bm-pst-import/error.h>
#include <gio/gio.h>
#include <json-glib/json-glib.h>

G_BEGIN_DECLS

#define BM_WEB_API "api/v1/" /* below the base path */

typedef struct _BmWeb BmWeb;
typedef struct _BmWebSse BmWebSse;

/* An administrator who is signed in. Strings are owned by the session. Whoever needs it longer than
 * its request takes a reference. */
typedef struct {
  const gchar *login;       /* login@domain uid, as the core says it */
  const gchar *name;        /* for people */
  const gchar *domain_uid;  /* of the administrator */
  const gchar *domain_name; /* for people */
  const gchar *language;    /* "fr"; "" when the core does not say */
  const gchar *csrf;
  const gchar *core_key;       /* session of BlueMind's core; never in a log or an answer */
  const gchar *const *domains; /* uids, or "*" alone */
  gboolean sudo;               /* may open sessions of users of his domain */
  gboolean ended;              /* signed out or expired meanwhile */
} BmWebSession;

BmWebSession *bm_web_session_ref (const BmWebSession *session);
void bm_web_session_unref (BmWebSession *session);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (BmWebSession, bm_web_session_unref)

/* May this administrator see and do what concerns this domain? */
gboolean bm_web_may_domain (const BmWebSession *session, const gchar *domain_uid);

/* Whose right an import into a mailbox of this domain uses. */
typedef enum {
  BM_WEB_IDENTITY_NONE,    /* it may not be done; see bm_web_identity_words */
  BM_WEB_IDENTITY_SESSION, /* session->core_key: the administrator's own */
  BM_WEB_IDENTITY_DAEMON,  /* the daemon's admin key */
} BmWebIdentity;

BmWebIdentity bm_web_identity (BmWeb *web, const BmWebSession *session, const gchar *domain_uid);
/* For NONE: why, and what to do. Static. */
void bm_web_identity_words (BmWeb *web, const BmWebSession *session, const gchar *domain_uid,
                            const gchar **why, const gchar **action);

/* ---- one request ---- */

/* What a handler sees; all of it is owned by the request. */
typedef struct {
  BmWeb *web;
  const gchar *method;
  const gchar *const
      *path;            /* segments below api/v1/, decoded; none is "", "." or ".." or holds "/" */
  const gchar *address; /* of the client; the one a trusted proxy names */
  GHashTable *query;    /* name -> value, decoded; never NULL */
  JsonObject *json;     /* the body; NULL when there is none, or with RAW and STREAM */
  GBytes *body;         /* with RAW */
  const BmWebSession *session; /* NULL only with PUBLIC */
} BmWebRequest;

/* Must answer exactly once with one of bm_web_reply_*, now or later; the request is gone then. One
 * that is answered later may have lost its client meanwhile: answering is still due. */
typedef void (*BmWebHandler) (BmWebRequest *request, gpointer data);

typedef enum {
  BM_WEB_PUBLIC = 1 << 0, /* needs no session, and no CSRF token then */
  BM_WEB_STREAM = 1 << 1, /* the handler runs before the body: see bm_web_request_stream */
  BM_WEB_RAW = 1 << 2,    /* the body is bytes of any content type, in memory */
} BmWebFlags;

typedef struct {
  const gchar *method; /* "HEAD" falls back to "GET" */
  const gchar *path;   /* "imports/:id/start"; a last "*" takes all that is left */
  BmWebHandler handler;
  guint flags;    /* BmWebFlags */
  gsize max_body; /* bytes; 0 = 64 KiB; nothing to STREAM */
} BmWebRoute;

/* Ends with a route without method. routes: static. */
void bm_web_add_routes (BmWeb *web, const BmWebRoute *routes, gpointer data);

/* What ":name" of the route stands for; NULL when the route has none. */
const gchar *bm_web_request_param (BmWebRequest *request, const gchar *name);
/* NULL when absent. */
const gchar *bm_web_request_query (BmWebRequest *request, const gchar *name);
const gchar *bm_web_request_header (BmWebRequest *request, const gchar *name);
/* Of the answer; instead of what the daemon would send under this name. */
void bm_web_request_set_header (BmWebRequest *request, const gchar *name, const gchar *value);
/* Content-Length; -1 when the client does not say. */
gint64 bm_web_request_length (BmWebRequest *request);
/* FALSE once the client is gone: no need to work on. */
gboolean bm_web_request_is_alive (BmWebRequest *request);

/* STREAM: chunks of the body go to chunk as they come, at most some 64 KiB each, and end is called
 * once: complete is FALSE when the line broke. Whoever answers before the end gets neither call
 * afterwards; the rest of the body is not waited for. Data is not freed. The answer is due in end
 * also when complete is FALSE. */
typedef void (*BmWebChunk) (BmWebRequest *request, const guint8 *bytes, gsize size, gpointer data);
typedef void (*BmWebBodyEnd) (BmWebRequest *request, gboolean complete, gpointer data);
void bm_web_request_stream (BmWebRequest *request, BmWebChunk chunk, BmWebBodyEnd end,
                            gpointer data);
/* No chunk comes until resumed: for who must wait for a disk in a thread. */
void bm_web_request_pause (BmWebRequest *request);
void bm_web_request_resume (BmWebRequest *request);

/* Does work in a thread, then done in the main thread, which must answer. data goes to both and is
 * freed with destroy afterwards; work must not touch the request. error: what work set, or NULL. */
typedef gboolean (*BmWebWork) (gpointer data, GError **error);
typedef void (*BmWebDone) (BmWebRequest *request, gpointer data, const GError *error);
void bm_web_run (BmWebRequest *request, BmWebWork work, BmWebDone done, gpointer data,
                 GDestroyNotify destroy);

/* ---- answers; each ends the request ---- */

/* node: borrowed; NULL = no body. */
void bm_web_reply_json (BmWebRequest *request, guint status, JsonNode *node);
void bm_web_reply_empty (BmWebRequest *request, guint status);
/* {"error": {cause, text, do}}; action may be NULL. */
void bm_web_reply_error (BmWebRequest *request, guint status, const gchar *cause, const gchar *text,
                         const gchar *action);
/* The cause's token and advice; status 0 = by the cause: 503 for services that are away, 409 for
 * LOCKED, 404 for what is missing, 422 for the rest. */
void bm_web_reply_gerror (BmWebRequest *request, guint status, const GError *error);
/* content_type: with its charset. bytes: borrowed. */
void bm_web_reply_bytes (BmWebRequest *request, guint status, const gchar *content_type,
                         GBytes *bytes);

/* ---- server-sent events ---- */

/* Answers 200 with an event stream and keeps it open. Valid until gone is called (not before this
 * returns), which happens once: the viewer left or was too slow, the session ended, the daemon
 * stops, or after bm_web_sse_end. A comment every 15 s keeps it alive. NULL (and gone is never
 * called) when there are too many or the session ended meanwhile, which is answered. */
BmWebSse *bm_web_sse_begin (BmWebRequest *request, GDestroyNotify gone, gpointer data);
/* node: borrowed; becomes one line of JSON. May call gone. */
void bm_web_sse_send (BmWebSse *sse, const gchar *event, JsonNode *node);
void bm_web_sse_end (BmWebSse *sse);

/* ---- the daemon ---- */

const BmConfig *bm_web_config (BmWeb *web);
/* The path a browser asks for: the base path, then below ("api/v1/uploads/x"). New. */
gchar *bm_web_path (BmWeb *web, const gchar *below);
/* Something that an area keeps as long as the daemon runs; freed in the reverse order at its end. */
void bm_web_own (BmWeb *web, gpointer data, GDestroyNotify destroy);
/* What was given to bm_web_own with this destroy; an area finds itself by it. NULL when none was. */
gpointer bm_web_owned (BmWeb *web, GDestroyNotify destroy);

/* Keeps this session of the core alive until as many releases as holds, also after its administrator
 * signs out; the last one ends it. For imports that use it. */
void bm_web_core_hold (BmWeb *web, const gchar *core_key);
void bm_web_core_release (BmWeb *web, const gchar *core_key);

/* ---- areas: each registers its routes and owns its state ---- */

void bm_web_session_routes (BmWeb *web);
void bm_web_users_routes (BmWeb *web);
void bm_web_info_routes (BmWeb *web);
void bm_web_uploads_routes (BmWeb *web); /* the rest of its contract: bm-web-uploads.h */
void bm_web_files_routes (BmWeb *web);
void bm_web_imports_routes (BmWeb *web);
void bm_web_static_routes (BmWeb *web);

G_END_DECLS
