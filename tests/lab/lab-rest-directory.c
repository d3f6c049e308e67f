/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * The directory and the installation over REST: domains, users, mailboxes, entries, servers, configuration, state. Most
 * calls are one expression of rest.sql; here are those that look at a shard or at the core itself.
 * Main loop's thread only.
 */
#include "lab-rest-private.h"

static gint64
used_kib (LabRequest *request, const LabUser *user)
{
  g_auto (LabKnobs) knobs = {0};
  lab_core_get_knobs (request->core, &knobs);
  if (knobs.quota_used_kib >= 0)
    return knobs.quota_used_kib;
  LabDb *db = lab_store_shard (lab_core_store (request->core), user->server);
  g_autoptr (PGresult) sum = db == NULL
                                 ? NULL
                                 : lab_db_exec (db, NULL, "SELECT lab.used_bytes($1, $2) / 1024", 2,
                                                (const gchar *[]){user->domain, user->uid});
  return sum == NULL ? 0 : g_ascii_strtoll (PQgetvalue (sum, 0, 0), NULL, 10);
}

static void
mailbox_quota (LabRequest *request)
{
  g_autoptr (LabUser) user =
      lab_store_find_uid (lab_core_store (request->core), request->path[2], request->path[1]);
  if (user == NULL) {
    lab_request_fault (request, "NOT_FOUND", "mailbox not found");
    return;
  }
  json_builder_begin_object (request->json);
  json_builder_set_member_name (request->json, "used");
  json_builder_add_int_value (request->json, used_kib (request, user));
  json_builder_set_member_name (request->json, "quota");
  if (user->quota_kib >= 0)
    json_builder_add_int_value (request->json, user->quota_kib);
  else
    json_builder_add_null_value (request->json);
  json_builder_end_object (request->json);
}

/* A container as the router finds it: on the server that t_container_location names, else in the directory. */
static void
container_light (LabRequest *request)
{
  const gchar *uid[] = {request->path[3]};
  LabStore *store = lab_core_store (request->core);
  g_autoptr (PGresult) place = lab_request_ask (
      request, "SELECT location FROM t_container_location WHERE container_uid = $1", 1, uid);
  gboolean placed = place != NULL && PQntuples (place) > 0 && !PQgetisnull (place, 0, 0);
  const gchar *location = placed ? PQgetvalue (place, 0, 0) : NULL;
  LabDb *db = placed ? lab_store_shard (store, location) : lab_store_directory (store);
  g_autoptr (PGresult) found =
      db == NULL ? NULL
                 : lab_db_exec (db, NULL,
                                "SELECT json_build_object('uid', uid, 'name', name, 'owner', owner,"
                                " 'type', container_type, 'defaultContainer', defaultContainer,"
                                " 'readOnly', readonly, 'domainUid', domain_uid, 'internalId', id,"
                                " 'datalocation', $2::text) FROM t_container WHERE uid = $1",
                                2, (const gchar *[]){uid[0], location});
  if (found != NULL && PQntuples (found) > 0)
    request->text = g_strdup (PQgetvalue (found, 0, 0));
}

static void
installation_state (LabRequest *request)
{
  g_auto (LabKnobs) knobs = {0};
  lab_core_get_knobs (request->core, &knobs);
  request->text = g_strdup_printf ("\"%s\"", knobs.state);
}

static void
enter_maintenance (LabRequest *request)
{
  lab_core_set_knob (request->core, "state", 0, "CORE_STATE_MAINTENANCE");
  lab_request_done (request);
}

static void
leave_maintenance (LabRequest *request)
{
  lab_core_set_knob (request->core, "state", 0, "CORE_STATE_RUNNING");
  lab_request_done (request);
}

const LabRoute lab_rest_directory_routes[] = {
    {"GET", "domains", .sql = "lab.domains()"},
    {"GET", "domains/_lookup", .sql = "lab.domain_by_name($1)", .query = "name"},
    {"GET", "domains/*", .sql = "lab.domain_by_uid($1)"},
    {"GET", "users/*/_alluids", .sql = "lab.user_uids($1)", .in_domain = TRUE},
    {"GET", "users/*/byLogin/*", .sql = "lab.user_by_login($1, $2)", .in_domain = TRUE},
    {"GET", "users/*/byEmail/*", .sql = "lab.user_by_email($1, $2)", .in_domain = TRUE},
    {"GET", "users/*/byExtId/*", .sql = "lab.user_by_external_id($1, $2)", .in_domain = TRUE},
    {"GET", "users/*/*/complete", .sql = "lab.user_by_uid($1, $2)", .in_domain = TRUE},
    {"GET", "users/*/*/roles", .sql = "to_json(lab.roles($1, $2))", .in_domain = TRUE},
    {"GET", "mailboxes/*/_byemail", .sql = "lab.mailbox_by_email($1, $2)", .query = "email",
     .in_domain = TRUE},
    {"GET", "mailboxes/*/_byname", .sql = "lab.mailbox_by_name($1, $2)", .query = "name",
     .in_domain = TRUE},
    {"GET", "mailboxes/*/*/complete", .sql = "lab.mailbox_by_uid($1, $2)", .in_domain = TRUE},
    {"GET", "mailboxes/*/*/_quota", mailbox_quota, .in_domain = TRUE},
    {"GET", "directory/*/_byEmail/*", .sql = "lab.entry_by_email($1, $2)", .in_domain = TRUE},
    {"GET", "directory/*/entry-uid/*", .sql = "lab.entry_by_uid($1, $2)", .in_domain = TRUE},
    {"GET", "containers/_manage/_ifPresentLight/*", container_light},
    {"GET", "containers/_manage/_ifPresent/*", container_light},
    {"GET", "containers/_manage/*/_list", .sql = "lab.container_items($1)"},
    {"GET", "servers/default/_complete", .sql = "lab.servers()"},
    {"GET", "configuration", .sql = "lab.configuration()"},
    {"GET", "system/installation/version", .sql = "lab.version()"},
    {"GET", "system/installation/state", installation_state, .anonymous = TRUE},
    {"PUT", "system/installation/state/_maintenance", enter_maintenance, .for_admins = TRUE},
    {"DELETE", "system/installation/state/_maintenance", leave_maintenance, .for_admins = TRUE},
    {NULL},
};
