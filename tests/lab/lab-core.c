/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* See lab-core.h. */
#include "lab-core.h"

#include <string.h>

struct _LabCore {
  GMutex lock;
  LabStore *store;
  gchar *admin_token;
  LabKnobs knobs;
  GHashTable *sessions; /* key -> Session */
  LabKnobsChanged changed;
  gpointer changed_data;
};

typedef struct {
  gchar *uid, *domain;
  gint64 used; /* monotonic, microseconds */
} Session;

#define KNOB(kind, member)                                                                         \
  {                                                                                                \
#member, LAB_KNOB_##kind, G_STRUCT_OFFSET(LabKnobs, member)                                    \
  }
static const LabKnobInfo knob_table[] = {
    KNOB (NUMBER, delay_ms),      KNOB (NUMBER, records_delay_ms), KNOB (NUMBER, quota_used_kib),
    KNOB (NUMBER, session_ttl_s), KNOB (NUMBER, throttle_kib),     KNOB (BOOLEAN, refuse),
    KNOB (BOOLEAN, stop),         KNOB (TEXT, drop_body),          KNOB (TEXT, state),
    KNOB (TEXT, stop_server),
};

static void
free_session (gpointer data)
{
  Session *session = data;
  g_free (session->uid);
  g_free (session->domain);
  g_free (session);
}

LabCore *
lab_core_new (LabStore *store, const gchar *admin_token)
{
  LabCore *core = g_new0 (LabCore, 1);
  g_mutex_init (&core->lock);
  core->store = store;
  core->admin_token = g_strdup (admin_token);
  core->sessions = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, free_session);
  core->knobs.drop_body = g_strdup ("");
  core->knobs.state = g_strdup ("CORE_STATE_RUNNING");
  core->knobs.stop_server = g_strdup ("");
  core->knobs.quota_used_kib = -1;
  core->knobs.session_ttl_s = 20 * 60;
  return core;
}

LabStore *
lab_core_store (LabCore *core)
{
  return core->store;
}

const gchar *
lab_core_admin_token (LabCore *core)
{
  return core->admin_token;
}

const LabKnobInfo *
lab_core_knob_table (guint *n)
{
  *n = G_N_ELEMENTS (knob_table);
  return knob_table;
}

void
lab_core_get_knobs (LabCore *core, LabKnobs *knobs)
{
  g_mutex_lock (&core->lock);
  *knobs = core->knobs;
  knobs->drop_body = g_strdup (core->knobs.drop_body);
  knobs->state = g_strdup (core->knobs.state);
  knobs->stop_server = g_strdup (core->knobs.stop_server);
  g_mutex_unlock (&core->lock);
}

void
lab_knobs_clear (LabKnobs *knobs)
{
  g_free (knobs->drop_body);
  g_free (knobs->state);
  g_free (knobs->stop_server);
}

gboolean
lab_core_set_knob (LabCore *core, const gchar *name, gint64 number, const gchar *text)
{
  for (guint i = 0; i < G_N_ELEMENTS (knob_table); i++) {
    if (g_strcmp0 (knob_table[i].name, name) != 0)
      continue;
    gpointer member = G_STRUCT_MEMBER_P (&core->knobs, knob_table[i].offset);
    g_mutex_lock (&core->lock);
    if (knob_table[i].kind == LAB_KNOB_NUMBER) {
      *(gint64 *) member = number;
    } else if (knob_table[i].kind == LAB_KNOB_BOOLEAN) {
      *(gboolean *) member = number != 0;
    } else {
      g_free (*(gchar **) member);
      *(gchar **) member = g_strdup (text != NULL ? text : "");
    }
    /* BlueMind drops every session when it enters maintenance. */
    if (g_str_equal (name, "state") && g_strcmp0 (text, "CORE_STATE_RUNNING") != 0)
      g_hash_table_remove_all (core->sessions);
    g_mutex_unlock (&core->lock);
    return TRUE;
  }
  return FALSE;
}

void
lab_core_on_change (LabCore *core, LabKnobsChanged changed, gpointer user_data)
{
  core->changed = changed;
  core->changed_data = user_data;
}

void
lab_core_announce (LabCore *core)
{
  if (core->changed != NULL)
    core->changed (core, core->changed_data);
}

gboolean
lab_core_drops (LabCore *core, const guint8 *data, gsize size)
{
  g_autoptr (GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new (&core->lock);
  const gchar *drop = core->knobs.drop_body;
  if (*drop == '\0')
    return FALSE;
  if (g_str_equal (drop, "all"))
    return TRUE;
  gchar *end = NULL;
  guint64 left = g_ascii_strtoull (drop, &end, 10);
  if (*end != '\0')
    return memmem (data, size, drop, strlen (drop)) != NULL;
  g_free (core->knobs.drop_body);
  core->knobs.drop_body =
      left > 1 ? g_strdup_printf ("%" G_GUINT64_FORMAT, left - 1) : g_strdup ("");
  return left > 0;
}

gchar *
lab_core_open_session (LabCore *core, const LabUser *user)
{
  Session *session = g_new0 (Session, 1);
  session->uid = g_strdup (user->uid);
  session->domain = g_strdup (user->domain);
  session->used = g_get_monotonic_time ();
  gchar *key = g_uuid_string_random ();
  g_mutex_lock (&core->lock);
  g_hash_table_insert (core->sessions, g_strdup (key), session);
  g_mutex_unlock (&core->lock);
  return key;
}

gboolean
lab_core_close_session (LabCore *core, const gchar *key)
{
  g_autoptr (GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new (&core->lock);
  return g_hash_table_remove (core->sessions, key);
}

guint
lab_core_count_sessions (LabCore *core)
{
  g_autoptr (GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new (&core->lock);
  gint64 now = g_get_monotonic_time ();
  GHashTableIter iter;
  Session *session;
  guint n = 0;
  g_hash_table_iter_init (&iter, core->sessions);
  while (g_hash_table_iter_next (&iter, NULL, (gpointer *) &session))
    n += now - session->used <= core->knobs.session_ttl_s * G_USEC_PER_SEC;
  return n;
}

gboolean
lab_core_is_session (LabCore *core, const gchar *key)
{
  g_autoptr (GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new (&core->lock);
  return g_hash_table_contains (core->sessions, key);
}

static gboolean
find_session (LabCore *core, const gchar *key, gchar **uid, gchar **domain)
{
  g_autoptr (GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new (&core->lock);
  Session *session = g_hash_table_lookup (core->sessions, key);
  gint64 now = g_get_monotonic_time ();
  if (session == NULL)
    return FALSE;
  if (now - session->used > core->knobs.session_ttl_s * G_USEC_PER_SEC) {
    g_hash_table_remove (core->sessions, key);
    return FALSE;
  }
  session->used = now;
  *uid = g_strdup (session->uid);
  *domain = g_strdup (session->domain);
  return TRUE;
}

LabUser *
lab_core_whose_key (LabCore *core, const gchar *key)
{
  g_autofree gchar *uid = NULL, *domain = NULL;
  if (!find_session (core, key, &uid, &domain)) {
    g_autoptr (PGresult) result = lab_db_exec (
        lab_store_directory (core->store), NULL,
        "SELECT subject, domain_uid FROM t_api_key WHERE sid = $1", 1, (const gchar *[]){key});
    if (result == NULL || PQntuples (result) == 0)
      return NULL;
    uid = g_strdup (PQgetvalue (result, 0, 0));
    domain = g_strdup (PQgetvalue (result, 0, 1));
  }
  g_autoptr (LabUser) user = lab_store_find_uid (core->store, uid, domain);
  return user == NULL || user->archived ? NULL : g_steal_pointer (&user);
}

static gboolean
is_running (LabCore *core)
{
  g_autoptr (GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new (&core->lock);
  return g_str_equal (core->knobs.state, "CORE_STATE_RUNNING");
}

/* As BlueMind's Authentication.getUser: a login counts in the domain's uid only, everything else is an address. */
static LabUser *
find_who (LabCore *core, const gchar *login, const gchar *domain)
{
  g_autoptr (LabUser) user = lab_store_find_login (core->store, login, domain);
  if (user != NULL && g_str_equal (user->domain, domain))
    return g_steal_pointer (&user);
  g_autofree gchar *address = g_strdup_printf ("%s@%s", login, domain);
  return lab_store_find_email (core->store, address, domain);
}

LabLogin
lab_core_login (LabCore *core, const gchar *login, const gchar *domain, const gchar *secret,
                LabUser **user)
{
  *user = NULL;
  gboolean global = *domain == '\0' || g_str_equal (domain, "global.virt");
  gboolean admin = g_str_equal (login, "admin0") && global;
  if (!admin && !is_running (core))
    return LAB_LOGIN_CLOSED;
  /* Without a realm ysnp asks for sysconf's default_domain. */
  g_autoptr (LabUser) found = find_who (core, login,
                                        admin             ? "global.virt"
                                        : *domain == '\0' ? "lab.test"
                                                          : domain);
  if (found == NULL || found->archived)
    return LAB_LOGIN_BAD;
  g_autoptr (LabUser) holder = lab_core_whose_key (core, secret);
  gboolean ok = holder != NULL ? g_strcmp0 (holder->uid, found->uid) == 0
                               : g_strcmp0 (secret, found->password) == 0;
  if (!ok && !(admin && g_strcmp0 (secret, core->admin_token) == 0))
    return LAB_LOGIN_BAD;
  *user = g_steal_pointer (&found);
  return LAB_LOGIN_OK;
}
