/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * See lab-rest-lookup.h. Each call is one statement on the directory, whose parameters are the path's free segments and
 * the query member named. Must not know HTTP.
 */
#include "lab-rest-lookup.h"

#define ITEM                                                                                       \
  "SELECT json_build_object('uid', ci.uid, 'externalId', ci.external_id, 'value', "                \
  "json_build_object("
#define FROM_DIRECTORY                                                                             \
  "FROM t_mailbox m JOIN t_container_item ci ON ci.id = m.item_id JOIN t_container c ON c.id = "   \
  "ci.container_id"                                                                                \
  " LEFT JOIN t_domain_user u ON u.item_id = m.item_id WHERE c.uid = $1 AND "

static const struct {
  const gchar *path, *query, *sql; /* "*" matches any one segment */
} calls[] = {
    {"domains", NULL,
     "SELECT json_agg(json_build_object('uid', name, 'value', json_build_object('name', name, "
     "'global', global,"
     " 'aliases', to_json(aliases)))) FROM t_domain"},
    {"users/*/byExtId/*", NULL,
     ITEM "'login', u.login, 'archived', u.archived, 'system', u.system)) " FROM_DIRECTORY
          "u.login IS NOT NULL AND ci.external_id = $2"},
    {"mailboxes/*/_byemail", "email",
     ITEM "'name', m.name, 'type', m.type, 'routing', m.routing, 'archived', "
          "m.archived)) " FROM_DIRECTORY "m.item_id IN (SELECT item_id FROM t_mailbox_email WHERE "
          "left_address || '@' || right_address = $2)"},
    {"containers/_manage/_ifPresentLight/*", NULL,
     "SELECT json_build_object('uid', container_uid, 'datalocation', location) FROM "
     "t_container_location"
     " WHERE container_uid = $1"},
};

/* The free segments of path, at most two; FALSE when it is another path. */
static gboolean
match (const gchar *pattern, gchar **path, const gchar **free_segments, gint *n)
{
  g_auto (GStrv) segments = g_strsplit (pattern, "/", -1);
  *n = 0;
  if (g_strv_length (segments) != g_strv_length (path))
    return FALSE;
  for (guint i = 0; segments[i] != NULL; i++) {
    if (g_str_equal (segments[i], "*"))
      free_segments[(*n)++] = path[i];
    else if (!g_str_equal (segments[i], path[i]))
      return FALSE;
  }
  return TRUE;
}

gchar *
lab_rest_lookup (LabCore *core, gchar **path, GHashTable *query, gboolean *known)
{
  *known = FALSE;
  for (guint i = 0; i < G_N_ELEMENTS (calls); i++) {
    const gchar *parameters[3] = {NULL};
    gint n;
    if (!match (calls[i].path, path, parameters, &n))
      continue;
    *known = TRUE;
    if (calls[i].query != NULL)
      parameters[n++] = query != NULL ? g_hash_table_lookup (query, calls[i].query) : NULL;
    g_autoptr (PGresult) row = lab_db_exec (lab_store_directory (lab_core_store (core)), NULL,
                                            calls[i].sql, n, parameters);
    return row != NULL && PQntuples (row) > 0 ? g_strdup (PQgetvalue (row, 0, 0)) : NULL;
  }
  return NULL;
}
