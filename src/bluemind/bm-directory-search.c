/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* See bm-directory-search.h: over SQL. Tables as in bm-directory.c; the display name is that of
 * t_container_item, so that the reading role needs no more than a look-up does. Must not know IMAP. */
#include "bluemind/bm-directory-search-private.h"
#include "bluemind/bm-pg.h"

#include <string.h>

/* Behind "translate(lower(x), ". */
#define ACCENTS "'àáâãäåçèéêëìíîïñòóôõöùúûüýÿ', 'aaaaaaceeeeiiiinooooouuuuyy')"

/* A domain counts only behind an "@": "in" must not find everybody in "d1.internal". A substring is
 * looked for with strpos, which knows no wildcards. Hits first, with the least of tables, then what
 * is to be known of the few. $2: uids, or {*}. */
static const gchar search_sql[] =
    "WITH wanted AS (SELECT lower($1::text) AS plain, strpos($1::text, '@') > 0 AS whole,"
    "  translate(lower($1::text), " ACCENTS " AS folded),"
    " hits AS ("
    " SELECT m.item_id, d.name AS domain, d.aliases[1] AS alias, ci.uid, ci.displayname, u.login,"
    "  coalesce(u.archived, false) OR m.archived AS archived, m.routing::text AS routing, m.quota,"
    "  row_number() OVER (ORDER BY lower(u.login) <> w.plain,"
    "   strpos(lower(u.login), w.plain) <> 1, lower(u.login), d.name) AS place"
    " FROM wanted w CROSS JOIN t_mailbox m"
    " JOIN t_domain_user u ON u.item_id = m.item_id"
    " JOIN t_container_item ci ON ci.id = m.item_id"
    " JOIN t_container dir ON dir.id = ci.container_id"
    " JOIN t_domain d ON d.name = dir.uid"
    " WHERE m.type = 'user' AND NOT d.global AND NOT m.system AND NOT coalesce(u.system, false)"
    "  AND ('*' = ANY ($2::text[]) OR d.name = ANY ($2::text[]))"
    "  AND (strpos(translate(lower(u.login), " ACCENTS ", w.folded) > 0"
    "   OR strpos(translate(lower(coalesce(ci.displayname, '')), " ACCENTS ", w.folded) > 0"
    "   OR (w.whole AND EXISTS"
    "    (SELECT 1 FROM unnest(d.aliases::text[] || d.name::text) a"
    "     WHERE strpos(lower(u.login || '@' || a), w.plain) > 0))"
    "   OR EXISTS (SELECT 1 FROM t_mailbox_email e"
    "    CROSS JOIN LATERAL (SELECT e.right_address::text UNION"
    "     SELECT unnest(d.aliases::text[] || d.name::text) WHERE e.all_aliases) n (domain)"
    "    WHERE e.item_id = m.item_id AND strpos(CASE WHEN w.whole"
    "     THEN lower(e.left_address || '@' || n.domain) ELSE lower(e.left_address) END,"
    "     w.plain) > 0))"
    " ORDER BY place LIMIT $3::int)"
    " SELECT h.uid, h.domain, h.alias, h.login, h.archived, h.routing, coalesce(h.quota, 0),"
    "  l.location, s.ip, s.fqdn, h.displayname, (SELECT e.left_address || '@' ||"
    "   coalesce(e.right_address, h.alias, h.domain) FROM t_mailbox_email e"
    "   WHERE e.item_id = h.item_id ORDER BY e.is_default DESC, e.left_address LIMIT 1)"
    " FROM hits h"
    " LEFT JOIN t_container_location l ON l.container_uid ="
    "  'subtree_' || replace(h.domain, '.', '_') || '!user.' || h.uid"
    " LEFT JOIN (t_container_item si JOIN t_server s ON s.item_id = si.id) ON si.uid = l.location"
    " ORDER BY place";

enum {
  COL_UID,
  COL_DOMAIN,
  COL_ALIAS,
  COL_LOGIN,
  COL_ARCHIVED,
  COL_ROUTING,
  COL_QUOTA,
  COL_LOCATION,
  COL_IP,
  COL_FQDN,
  COL_NAME,
  COL_EMAIL,
};

void
bm_found_user_free (BmFoundUser *person)
{
  if (person == NULL)
    return;
  bm_user_free (person->user);
  g_free (person->name);
  g_free (person->email);
  g_free (person->why);
  g_free (person->action);
  g_free (person);
}

BmFoundUser *
bm_found_user_of (const BmCandidate *one)
{
  const gchar *why = bm_directory_why (one);
  BmFoundUser *person = g_new0 (BmFoundUser, 1);
  person->user = bm_directory_user (one);
  person->name = g_strdup (one->name != NULL ? one->name : one->login);
  person->email = g_strdup (one->email != NULL ? one->email : "");
  const gchar *semicolon = why != NULL ? strstr (why, "; ") : NULL;
  person->why = semicolon != NULL ? g_strndup (why, (gsize) (semicolon - why)) : g_strdup (why);
  person->action = semicolon != NULL ? g_strdup (semicolon + 2) : NULL;
  return person;
}

static BmFoundUser *
found_user_of_row (const PGresult *rows, int row)
{
  const gchar *ip = bm_pg_text (rows, row, COL_IP), *fqdn = bm_pg_text (rows, row, COL_FQDN);
  const BmCandidate one = {
      .uid = (gchar *) bm_pg_text (rows, row, COL_UID),
      .domain = (gchar *) bm_pg_text (rows, row, COL_DOMAIN),
      .alias = (gchar *) bm_pg_text (rows, row, COL_ALIAS),
      .login = (gchar *) bm_pg_text (rows, row, COL_LOGIN),
      .type = (gchar *) "user",
      .archived = g_strcmp0 (bm_pg_text (rows, row, COL_ARCHIVED), "t") == 0,
      .routing = (gchar *) bm_pg_text (rows, row, COL_ROUTING),
      .quota_kib = g_ascii_strtoll (bm_pg_text (rows, row, COL_QUOTA), NULL, 10),
      .location = (gchar *) bm_pg_text (rows, row, COL_LOCATION),
      .host = (gchar *) (ip != NULL ? ip : fqdn),
      .server_name = (gchar *) fqdn,
      .name = (gchar *) bm_pg_text (rows, row, COL_NAME),
      .email = (gchar *) bm_pg_text (rows, row, COL_EMAIL),
  };
  return bm_directory_is_admin (&one) ? NULL : bm_found_user_of (&one);
}

/* {"a","b"}: uids come from BlueMind, yet quotes are quoted. */
static gchar *
text_array (const gchar *const *texts)
{
  g_autoptr (GString) array = g_string_new ("{");
  for (guint i = 0; texts[i] != NULL; i++) {
    g_string_append (array, i > 0 ? ",\"" : "\"");
    for (const gchar *c = texts[i]; *c != '\0'; c++) {
      if (*c == '"' || *c == '\\')
        g_string_append_c (array, '\\');
      g_string_append_c (array, *c);
    }
    g_string_append_c (array, '"');
  }
  g_string_append_c (array, '}');
  return g_string_free (g_steal_pointer (&array), FALSE);
}

GPtrArray *
bm_directory_search (const BmDatabase *directory, const gchar *text, const gchar *const *domains,
                     guint max, gboolean *more, GError **error)
{
  g_autoptr (BmPg) pg = bm_pg_connect (directory, error);
  if (pg == NULL)
    return NULL;
  g_autofree gchar *array = text_array (domains), *limit = g_strdup_printf ("%u", max + 1);
  const gchar *parameters[] = {text, array, limit};
  g_autoptr (PGresult) rows = bm_pg_query (pg, search_sql, parameters, 3, error);
  if (rows == NULL)
    return NULL;
  GPtrArray *people = g_ptr_array_new_with_free_func ((GDestroyNotify) bm_found_user_free);
  *more = PQntuples (rows) > (int) max;
  for (int i = 0; i < PQntuples (rows) && people->len < max; i++) {
    BmFoundUser *person = found_user_of_row (rows, i);
    if (person != NULL)
      g_ptr_array_add (people, person);
  }
  return people;
}
