/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * What the files of the lab's REST face share: one request, the answers it may get, and the table of calls each file
 * contributes. Must not know what a call means. Main loop's thread only.
 */
#pragma once

#include "lab-core.h"

#include <json-glib/json-glib.h>
#include <libsoup/soup.h>

G_BEGIN_DECLS

/* One request: who asks, what for, and the answer while it is built. */
typedef struct {
  LabCore *core;
  SoupServerMessage *message;
  GHashTable *query;
  gchar **path; /* decoded segments behind /api/ */
  gboolean admin;
  LabUser *user; /* NULL for the admin token and for nobody */
  const gchar *key;
  JsonBuilder *json;
  gchar *text; /* an answer that is JSON already, instead of json */
} LabRequest;

/* A call of BlueMind's API. Either a handler, or an SQL expression of type json over the directory, whose parameters
 * are the path's "*" segments, then the query members named; SQL NULL is BlueMind's null: no body, status 204. */
typedef struct {
  const gchar *method, *path; /* "*" matches any one segment */
  void (*handler) (LabRequest *request);
  const gchar *sql;
  const gchar *query; /* names of query members, blanks between */
  gboolean anonymous; /* needs no key */
  gboolean
      in_domain; /* the first "*" is the uid of a domain; an alias is not found, as in BlueMind */
  gboolean for_admins; /* only admin0 may */
} LabRoute;

/* Each ends with a route without method. */
extern const LabRoute lab_rest_auth_routes[], lab_rest_directory_routes[];

/* Answers {"errorCode":code,...} with BlueMind's status for it. */
void lab_request_fault (LabRequest *request, const gchar *code, const gchar *text);
/* Adds a member to the object being built; NULL and "" are null. */
void lab_request_member (LabRequest *request, const gchar *name, const gchar *value);
/* A member of ?query, or NULL. */
const gchar *lab_request_query (LabRequest *request, const gchar *name);
/* Runs a statement on the directory. */
PGresult *lab_request_ask (LabRequest *request, const gchar *sql, gint n,
                           const gchar *const *parameters);
/* An empty 200. */
void lab_request_done (LabRequest *request);
/* The body as JSON, or NULL. */
JsonNode *lab_request_body (LabRequest *request);
void lab_request_answer (LabRequest *request);

/* The handlers of /lab/knobs and /lab/sessions. */
void lab_rest_on_knobs (SoupServer *server, SoupServerMessage *message, const char *path,
                        GHashTable *query, gpointer core);
void lab_rest_on_sessions (SoupServer *server, SoupServerMessage *message, const char *path,
                           GHashTable *query, gpointer core);

G_END_DECLS
