/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Sign-in, who is signed in, sign-out: POST, GET, DELETE session. BlueMind's core knows passwords and
 * roles; here is only asked. */
#include "http/bm-web-lockout.h"
#include "http/bm-web-private.h"

#include "bluemind/bm-core.h"
#include <string.h>

#define LOGIN_MAX    320
#define PASSWORD_MAX 1024
#define ASKING_MAX   8 /* at a time; each may take a thread for as long as the core takes */

typedef struct {
  BmWebLockout *lockout;
  guint asking;
} Signin;

/* One try. */
typedef struct {
  Signin *signin;
  gchar *url, *login, *password, *address;
  BmCoreWho *who; /* once it was good */
} Try;

static void
signin_free (gpointer data)
{
  Signin *signin = data;
  bm_web_lockout_free (signin->lockout);
  g_free (signin);
}

static void
try_free (gpointer data)
{
  Try *try = data;
  memset (try->password, 0, strlen (try->password));
  g_free (try->password);
  g_free (try->url);
  g_free (try->login);
  g_free (try->address);
  bm_core_who_free (try->who);
  g_free (try);
}

static void
add_text (JsonBuilder *json, const gchar *name, const gchar *text)
{
  json_builder_set_member_name (json, name);
  json_builder_add_string_value (json, text);
}

static void
reply_session (BmWebRequest *request, const BmWebSession *session)
{
  g_autoptr (JsonBuilder) json = json_builder_new ();
  json_builder_begin_object (json);
  add_text (json, "login", session->login);
  add_text (json, "name", session->name);
  add_text (json, "domain", session->domain_name);
  add_text (json, "domain_uid", session->domain_uid);
  json_builder_set_member_name (json, "domains");
  json_builder_begin_array (json);
  for (guint i = 0; session->domains[i] != NULL; i++)
    json_builder_add_string_value (json, session->domains[i]);
  json_builder_end_array (json);
  json_builder_set_member_name (json, "sudo");
  json_builder_add_boolean_value (json, session->sudo);
  add_text (json, "csrf", session->csrf);
  json_builder_set_member_name (json, "idle_seconds");
  json_builder_add_int_value (json, bm_web_config (request->web)->web.session_idle_s);
  add_text (json, "language", session->language);
  json_builder_end_object (json);
  g_autoptr (JsonNode) node = json_builder_get_root (json);
  bm_web_reply_json (request, 200, node);
}

/* ---- POST session ---- */

static gboolean
has_one (const GStrv roles, const GStrv wanted)
{
  for (guint i = 0; wanted[i] != NULL; i++)
    if (g_strv_contains ((const gchar *const *) roles, wanted[i]))
      return TRUE;
  return FALSE;
}

static void
set_cookie (BmWebRequest *request, const gchar *value, const gchar *more)
{
  g_autofree gchar *text =
      g_strdup_printf ("bm_pst_session=%s; Path=%s; HttpOnly; SameSite=Strict%s%s", value,
                       bm_web_config (request->web)->web.base_path,
                       bm_web_call_is_local_plain ((BmWebCall *) request) ? "" : "; Secure", more);
  bm_web_request_set_header (request, "Set-Cookie", text);
}

static void
refuse_role (BmWebRequest *request, const Try *try)
{
  const BmConfigWeb *config = &bm_web_config (request->web)->web;
  g_autofree gchar *all = g_strjoinv (", ", config->admin_roles);
  g_autofree gchar *own = g_strjoinv (", ", config->domain_roles);
  g_autofree gchar *text = g_strdup_printf (
      "%s may not import: this needs one of the roles %s, %s.", try->who->login, all, own);
  bm_web_core_logout (request->web, try->who->key);
  bm_web_reply_error (request, 403, "role-missing", text,
                      "Add a role in BlueMind's admin console, or sign in as an administrator.");
}

static void
reply_signed_in (BmWebRequest *request, const Try *try)
{
  const BmConfigWeb *config = &bm_web_config (request->web)->web;
  const gchar *every[] = {"*", NULL}, *own[] = {try->who->domain_uid, NULL};
  gboolean global = g_str_equal (try->who->domain_uid, BM_WEB_GLOBAL_DOMAIN);
  gboolean all = has_one (try->who->roles, config->admin_roles);
  if (!all && !has_one (try->who->roles, config->domain_roles)) {
    refuse_role (request, try);
    return;
  }
  BmWebWho who = {try->who->login,
                  try->who->name,
                  try->who->domain_uid,
                  try->who->domain_name,
                  try->who->language,
                  try->who->key,
                  all ? every : own,
                  global || g_strv_contains ((const gchar *const *) try->who->roles, "sudo")};
  g_autofree gchar *cookie = NULL;
  if (request->session != NULL)
    bm_web_session_end (request->web, request->session);
  BmWebSession *session = bm_web_session_begin (request->web, &who, &cookie);
  set_cookie (request, cookie, "");
  g_message ("%s signs in from %s", session->login, request->address);
  reply_session (request, session);
}

static gboolean
ask_core (gpointer data, GError **error)
{
  Try *try = data;
  g_autoptr (BmCore) core = bm_core_new (try->url, "", error);
  try->who = core != NULL ? bm_core_login (core, try->login, try->password, error) : NULL;
  return try->who != NULL;
}

static void
on_asked (BmWebRequest *request, gpointer data, const GError *error)
{
  Try *try = data;
  gboolean wrong = g_error_matches (error, BM_ERROR, BM_CAUSE_LOGIN_REFUSED);
  try->signin->asking--;
  bm_web_lockout_end (try->signin->lockout, try->login, try->address,
                      error == NULL ? BM_WEB_TRY_GOOD
                      : wrong       ? BM_WEB_TRY_WRONG
                                    : BM_WEB_TRY_UNKNOWN);
  if (error == NULL) {
    reply_signed_in (request, try);
  } else if (wrong) {
    g_message ("a sign-in from %s is refused", request->address);
    bm_web_reply_error (request, 401, "login-refused", "Login or password is wrong.",
                        "Sign in as you do at BlueMind: login@domain.");
  } else {
    g_warning ("sign-in: %s", error->message);
    bm_web_reply_error (request, 503, "core-away", error->message,
                        "Check that BlueMind's core runs (bm-cli node status), then try again.");
  }
}

/* NULL when absent, no text, too long or empty. */
static const gchar *
text_of (BmWebRequest *request, const gchar *name, gsize max)
{
  JsonNode *node = request->json != NULL ? json_object_get_member (request->json, name) : NULL;
  const gchar *text = node != NULL && json_node_get_value_type (node) == G_TYPE_STRING
                          ? json_node_get_string (node)
                          : NULL;
  return text != NULL && *text != '\0' && strlen (text) <= max ? text : NULL;
}

static void
sign_in (BmWebRequest *request, gpointer data)
{
  Signin *signin = data;
  const gchar *login = text_of (request, "login", LOGIN_MAX);
  const gchar *password = text_of (request, "password", PASSWORD_MAX);
  if (login == NULL || password == NULL) {
    bm_web_reply_error (request, 400, "bad-input", "Login or password is missing.", NULL);
    return;
  }
  if (signin->asking >= ASKING_MAX) {
    bm_web_request_set_header (request, "Retry-After", "5");
    bm_web_reply_error (request, 503, "busy", "Too many people sign in at this moment.",
                        "Try again in a few seconds.");
    return;
  }
  guint wait = bm_web_lockout_begin (signin->lockout, login, request->address,
                                     g_get_monotonic_time () / G_USEC_PER_SEC);
  if (wait > 0) {
    g_autofree gchar *after = g_strdup_printf ("%u", wait);
    bm_web_request_set_header (request, "Retry-After", after);
    bm_web_reply_error (request, 429, "locked-out", "Too many failures to sign in.",
                        "Wait, then try again with the right password.");
    return;
  }
  Try *try = g_new0 (Try, 1);
  *try = (Try){signin,
               g_strdup (bm_web_config (request->web)->core_url),
               g_strdup (login),
               g_strdup (password),
               g_strdup (request->address),
               NULL};
  signin->asking++;
  bm_web_run (request, ask_core, on_asked, try, try_free);
}

/* ---- GET, DELETE session ---- */

static void
show_session (BmWebRequest *request, gpointer data)
{
  reply_session (request, request->session);
}

static void
sign_out (BmWebRequest *request, gpointer data)
{
  set_cookie (request, "", "; Max-Age=0");
  bm_web_session_end (request->web, request->session);
  bm_web_reply_empty (request, 204);
}

static const BmWebRoute routes[] = {
    {"POST", "session", sign_in, BM_WEB_PUBLIC},
    {"GET", "session", show_session},
    {"DELETE", "session", sign_out},
    {NULL},
};

void
bm_web_session_routes (BmWeb *web)
{
  const BmConfigWeb *config = &bm_web_config (web)->web;
  Signin *signin = g_new0 (Signin, 1);
  signin->lockout = bm_web_lockout_new (config->lockout_failures, config->lockout_s);
  bm_web_own (web, signin, signin_free);
  bm_web_add_routes (web, routes, signin);
}
