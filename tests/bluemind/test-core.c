/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The core's REST client against a scripted core: refusals that come as 200, faults, nonsense; and
 * that the admin key goes nowhere else and shows in no error. */
#include "bluemind/bm-core.h"

#include <libsoup/soup.h>
#include <string.h>

#define KEY "very-secret-admin-key"

/* One core, which answers everything alike, in a thread of its own. */
typedef struct {
  GMainContext *context;
  GMainLoop *loop;
  GThread *thread;
  SoupServer *server;
  gchar *url;
  guint status;
  const gchar *answer, *location;
  GMutex lock;
  GString *trace; /* "METHOD path?query key" lines */
} FakeCore;

static void
on_request (SoupServer *server, SoupServerMessage *message, const char *path, GHashTable *query,
            gpointer data)
{
  FakeCore *fake = data;
  g_autofree gchar *uri = g_uri_to_string (soup_server_message_get_uri (message));
  SoupMessageHeaders *headers = soup_server_message_get_request_headers (message);
  g_mutex_lock (&fake->lock);
  g_string_append_printf (fake->trace, "%s %s %s\n", soup_server_message_get_method (message),
                          strstr (uri, "/api") != NULL ? strstr (uri, "/api") : "elsewhere",
                          soup_message_headers_get_one (headers, "X-BM-ApiKey"));
  g_mutex_unlock (&fake->lock);
  soup_server_message_set_status (message, fake->status, NULL);
  if (fake->location != NULL)
    soup_message_headers_append (soup_server_message_get_response_headers (message), "Location",
                                 fake->location);
  if (fake->answer != NULL)
    soup_server_message_set_response (message, "application/json", SOUP_MEMORY_COPY, fake->answer,
                                      strlen (fake->answer));
}

static gpointer
serve (gpointer data)
{
  FakeCore *fake = data;
  g_main_context_push_thread_default (fake->context);
  fake->server = soup_server_new ("raw-paths", TRUE, NULL);
  soup_server_add_handler (fake->server, NULL, on_request, fake, NULL);
  g_assert_true (soup_server_listen_local (fake->server, 0, SOUP_SERVER_LISTEN_IPV4_ONLY, NULL));
  GSList *uris = soup_server_get_uris (fake->server);
  g_mutex_lock (&fake->lock);
  fake->url = g_uri_to_string (uris->data);
  g_mutex_unlock (&fake->lock);
  g_slist_free_full (uris, (GDestroyNotify) g_uri_unref);
  g_main_loop_run (fake->loop);
  g_object_unref (fake->server);
  g_main_context_pop_thread_default (fake->context);
  return NULL;
}

static BmCore *
start (FakeCore *fake, guint status, const gchar *answer)
{
  memset (fake, 0, sizeof *fake);
  g_mutex_init (&fake->lock);
  fake->status = status;
  fake->answer = answer;
  fake->trace = g_string_new (NULL);
  fake->context = g_main_context_new ();
  fake->loop = g_main_loop_new (fake->context, FALSE);
  fake->thread = g_thread_new ("core", serve, fake);
  for (gboolean up = FALSE; !up; g_usleep (1000)) {
    g_mutex_lock (&fake->lock);
    up = fake->url != NULL;
    g_mutex_unlock (&fake->lock);
  }
  g_autoptr (GError) error = NULL;
  BmCore *core = bm_core_new (fake->url, KEY, &error);
  g_assert_no_error (error);
  return core;
}

static gchar *
stop (FakeCore *fake, BmCore *core)
{
  bm_core_free (core);
  while (!g_main_loop_is_running (fake->loop))
    g_usleep (1000);
  g_main_loop_quit (fake->loop);
  g_thread_join (fake->thread);
  g_main_loop_unref (fake->loop);
  g_main_context_unref (fake->context);
  g_mutex_clear (&fake->lock);
  g_free (fake->url);
  return g_string_free (fake->trace, FALSE);
}

static void
test_su (void)
{
  static const struct {
    guint status;
    const gchar *answer;
    gint cause; /* -1: a token */
  } cases[] = {
      {200, "{\"status\":\"Ok\",\"authKey\":\"t-1\",\"latd\":\"jd@d.internal\"}", -1},
      {200, "{\"status\":\"Bad\",\"authKey\":null,\"message\":null}", BM_CAUSE_LOGIN_REFUSED},
      {200, "{\"status\":\"Expired\",\"authKey\":\"t-1\"}", BM_CAUSE_LOGIN_REFUSED},
      {200, "{\"status\":\"Ok\",\"authKey\":\"\"}", BM_CAUSE_LOGIN_REFUSED},
      {200, "{\"status\":\"Ok\"}", BM_CAUSE_LOGIN_REFUSED},
      {200, "{}", BM_CAUSE_LOGIN_REFUSED},
      {200, "[1]", BM_CAUSE_SERVICE_UNAVAILABLE},
      {200, "<html>", BM_CAUSE_SERVICE_UNAVAILABLE},
      {200, NULL, BM_CAUSE_SERVICE_UNAVAILABLE},
      {403, "{\"errorCode\":\"PERMISSION_DENIED\",\"message\":\"no sudo\"}",
       BM_CAUSE_LOGIN_REFUSED},
      {401, NULL, BM_CAUSE_LOGIN_REFUSED},
      {500, "{\"errorCode\":\"UNKNOWN\",\"message\":\"boom\"}", BM_CAUSE_SERVICE_UNAVAILABLE},
      {502, "<html>", BM_CAUSE_SERVICE_UNAVAILABLE},
  };
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    FakeCore fake;
    BmCore *core = start (&fake, cases[i].status, cases[i].answer);
    g_autoptr (GError) error = NULL;
    g_autofree gchar *token = NULL, *login = NULL;
    gboolean ok = bm_core_su (core, "j.d+x@d.internal", &token, &login, &error);
    g_assert_cmpint (ok, ==, cases[i].cause < 0);
    g_assert_cmpstr (token, ==, ok ? "t-1" : NULL);
    g_assert_cmpstr (login, ==, ok ? "jd@d.internal" : NULL);
    if (!ok) {
      g_assert_error (error, BM_ERROR, cases[i].cause);
      g_assert_null (strstr (error->message, KEY));
    }
    g_autofree gchar *trace = stop (&fake, core);
    g_assert_cmpstr (trace, ==, "POST /api/auth/_su?login=j.d%2Bx%40d.internal " KEY "\n");
  }
}

/* Roles decide who may import: what is no text is no role, what says nothing is nobody. */
static void
test_login (void)
{
#define GOOD                                                                                       \
  "{\"status\":\"Ok\",\"authKey\":\"t-1\",\"latd\":\"jd@d.internal\",\"authUser\":{"               \
  "\"domainUid\":\"d.internal\",\"displayName\":\"Jane\",\"roles\":[\"admin\",7,null,\"sudo\"],"   \
  "\"settings\":{\"lang\":\"fr\"}}}"
  static const struct {
    guint status;
    const gchar *answer;
    gint cause; /* -1: a session */
    const gchar *words;
  } cases[] = {
      {200, GOOD, -1, NULL},
      {200, "{\"status\":\"Bad\",\"authKey\":null,\"message\":null}", BM_CAUSE_LOGIN_REFUSED,
       "Bad"},
      {200, "{\"status\":\"Expired\",\"authKey\":\"t-1\"}", BM_CAUSE_LOGIN_REFUSED, "expired"},
      {200, "{\"status\":\"Bad\",\"message\":\"Authentication denied while in maintenance mode\"}",
       BM_CAUSE_SERVICE_UNAVAILABLE, "maintenance"},
      {200, "{\"status\":\"Ok\",\"authKey\":\"t-1\",\"latd\":\"jd@d.internal\"}",
       BM_CAUSE_SERVICE_UNAVAILABLE, "whose"},
      {200, "{\"status\":\"Ok\",\"authKey\":\"\",\"latd\":\"jd@d.internal\"}",
       BM_CAUSE_LOGIN_REFUSED, "Ok"},
      {200, "{\"status\":[],\"authKey\":{}}", BM_CAUSE_LOGIN_REFUSED, "?"},
      {200, "[1]", BM_CAUSE_LOGIN_REFUSED, "?"},
      {200, "<html>", BM_CAUSE_SERVICE_UNAVAILABLE, "JSON"},
      {403, "{\"errorCode\":\"PERMISSION_DENIED\",\"message\":\"no\"}", BM_CAUSE_LOGIN_REFUSED,
       "PERMISSION_DENIED"},
      {500, "{\"errorCode\":\"UNKNOWN\",\"message\":\"boom\"}", BM_CAUSE_SERVICE_UNAVAILABLE,
       "boom"},
  };
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    FakeCore fake;
    BmCore *core = start (&fake, cases[i].status, cases[i].answer);
    g_autoptr (GError) error = NULL;
    g_autoptr (BmCoreWho) who = bm_core_login (core, "j+d@d.internal", "s3cr\"t", &error);
    g_test_message ("%s", error != NULL ? error->message : "a session");
    g_assert_cmpint (who != NULL, ==, cases[i].cause < 0);
    if (who == NULL) {
      g_assert_error (error, BM_ERROR, cases[i].cause);
      g_assert_nonnull (strstr (error->message, cases[i].words));
      g_assert_null (strstr (error->message, "s3cr"));
      g_assert_null (strstr (error->message, KEY));
    }
    g_autofree gchar *trace = stop (&fake, core);
    g_assert_true (g_str_has_prefix (
        trace, "POST /api/auth/login?login=j%2Bd%40d.internal&origin=pst-import (null)\n"));
    if (who == NULL)
      continue;
    g_autofree gchar *roles = g_strjoinv (" ", who->roles);
    g_assert_cmpstr (roles, ==, "admin sudo");
    g_assert_cmpstr (who->key, ==, "t-1");
    g_assert_cmpstr (who->login, ==, "jd@d.internal");
    g_assert_cmpstr (who->name, ==, "Jane");
    g_assert_cmpstr (who->language, ==, "fr");
    g_assert_cmpstr (who->domain_name, ==, "d.internal"); /* this core knows no name for it */
    g_assert_nonnull (strstr (trace, "GET /api/domains/d.internal t-1\n"));
  }
}

/* The user's token, not the admin key, is pinged and logged out. */
static void
test_token (void)
{
  FakeCore fake;
  BmCore *core = start (&fake, 200, NULL);
  g_assert_true (bm_core_ping (core, "t-1", NULL));
  g_assert_true (bm_core_logout (core, "t-1", NULL));
  g_autofree gchar *trace = stop (&fake, core);
  g_assert_cmpstr (trace, ==, "GET /api/auth/ping t-1\nPOST /api/auth/logout t-1\n");
  core = start (&fake, 403, NULL);
  g_autoptr (GError) error = NULL;
  g_assert_false (bm_core_ping (core, "t-1", &error));
  g_assert_error (error, BM_ERROR, BM_CAUSE_LOGIN_REFUSED);
  g_free (stop (&fake, core));
}

static void
test_state_and_limits (void)
{
  static const struct {
    const gchar *answer;
    guint64 limit;
  } limits[] = {{"{\"values\":{\"message_size_limit\":\"50000000\"}}", 50000000},
                {"{\"values\":{}}", 0},
                {"{\"values\":{\"message_size_limit\":null}}", 0},
                {"{}", 0}};
  FakeCore fake;
  g_autofree gchar *state = NULL;
  BmCore *core = start (&fake, 200, "\"CORE_STATE_UPGRADE\"");
  g_assert_true (bm_core_state (core, &state, NULL));
  g_assert_cmpstr (state, ==, "CORE_STATE_UPGRADE");
  g_free (stop (&fake, core));
  for (guint i = 0; i < G_N_ELEMENTS (limits); i++) {
    guint64 bytes = 1;
    core = start (&fake, 200, limits[i].answer);
    g_assert_true (bm_core_message_size_limit (core, &bytes, NULL));
    g_assert_cmpuint (bytes, ==, limits[i].limit);
    g_free (stop (&fake, core));
  }
}

static void
test_quota (void)
{
  static const struct {
    const gchar *answer;
    gint64 used, quota;
  } cases[] = {{"{\"used\":12,\"quota\":1024}", 12, 1024}, {"{\"used\":12,\"quota\":null}", 12, 0}};
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    FakeCore fake;
    gint64 used = -1, quota = -1;
    BmCore *core = start (&fake, 200, cases[i].answer);
    g_assert_true (bm_core_quota (core, "d.internal", "A/B", &used, &quota, NULL));
    g_assert_cmpint (used, ==, cases[i].used);
    g_assert_cmpint (quota, ==, cases[i].quota);
    g_autofree gchar *trace = stop (&fake, core);
    g_assert_nonnull (strstr (trace, "/api/mailboxes/d.internal/A%2FB/_quota"));
  }
}

/* A redirection would carry the admin key to another server. */
static void
test_no_redirection (void)
{
  FakeCore thief, fake;
  BmCore *unused = start (&thief, 200, "\"CORE_STATE_RUNNING\"");
  BmCore *core = start (&fake, 302, NULL);
  g_autoptr (GError) error = NULL;
  g_autofree gchar *state = NULL;
  fake.location = thief.url;
  g_assert_false (bm_core_state (core, &state, &error));
  g_assert_error (error, BM_ERROR, BM_CAUSE_SERVICE_UNAVAILABLE);
  g_free (stop (&fake, core));
  g_autofree gchar *stolen = stop (&thief, unused);
  g_assert_cmpstr (stolen, ==, "");
}

static void
test_away (void)
{
  g_autoptr (GError) error = NULL;
  g_autofree gchar *state = NULL;
  g_autoptr (BmCore) core = bm_core_new ("http://127.0.0.1:1/", KEY, &error);
  g_assert_false (bm_core_state (core, &state, &error));
  g_assert_error (error, BM_ERROR, BM_CAUSE_SERVICE_UNAVAILABLE);
  g_assert_null (strstr (error->message, KEY));
  g_clear_error (&error);
  g_assert_null (bm_core_new ("core:8090", KEY, &error));
  g_assert_error (error, BM_ERROR, BM_CAUSE_CONFIG);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/core/su", test_su);
  g_test_add_func ("/core/login", test_login);
  g_test_add_func ("/core/token", test_token);
  g_test_add_func ("/core/state-and-limits", test_state_and_limits);
  g_test_add_func ("/core/quota", test_quota);
  g_test_add_func ("/core/no-redirection", test_no_redirection);
  g_test_add_func ("/core/away", test_away);
  return g_test_run ();
}
