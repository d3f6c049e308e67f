/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* See bm-directory.h: the directory over SQL. Schemas: BlueMind's directory-schema, mailbox-schema,
 * domain-schema (tables t_directory_entry, t_domain_user, t_mailbox, t_mailbox_email, t_domain,
 * t_container_location, t_server). Must not know IMAP. */
#include "bluemind/bm-directory-judge.h"
#include "bluemind/bm-pg.h"

/* Everything about the mailboxes a name may mean. The candidates come first, by the part before the
 * @ alone, because a directory of 20 000 users must not be joined with itself. The join to
 * t_domain_user is outer, so that a share is found and refused rather than unknown. $2 is lower case
 * already. */
#define SELECT_SQL                                                                                 \
  " SELECT DISTINCT ci.uid, d.name, d.aliases[1], u.login,"                                        \
  "  coalesce(u.archived, false) OR coalesce(m.archived, false),"                                  \
  "  m.routing::text, coalesce(m.quota, 0), m.type::text, l.location, s.ip, s.fqdn,"               \
  "  d.global OR coalesce(u.system, false) OR m.system,"                                           \
  "  (SELECT o.left_address || '@' || coalesce(o.right_address, d.aliases[1], d.name)"             \
  "   FROM t_mailbox_email o WHERE o.item_id = m.item_id"                                          \
  "   ORDER BY o.is_default DESC, o.left_address LIMIT 1)"                                         \
  " FROM wanted w"                                                                                 \
  " JOIN t_mailbox m ON m.item_id = w.item_id"                                                     \
  " JOIN t_container_item ci ON ci.id = m.item_id"                                                 \
  " JOIN t_container dir ON dir.id = ci.container_id"                                              \
  " JOIN t_domain d ON d.name = dir.uid"                                                           \
  " LEFT JOIN t_domain_user u ON u.item_id = m.item_id"                                            \
  " LEFT JOIN t_mailbox_email e ON e.item_id = m.item_id AND lower(e.left_address) = lower($1)"    \
  " LEFT JOIN t_container_location l ON l.container_uid ="                                         \
  "  'subtree_' || replace(d.name, '.', '_') || '!user.' || ci.uid"                                \
  " LEFT JOIN (t_container_item si JOIN t_server s ON s.item_id = si.id) ON si.uid = l.location"   \
  " CROSS JOIN LATERAL (SELECT $2 = lower(d.name) OR $2 = ANY"                                     \
  "  (SELECT lower(a) FROM unnest(d.aliases) a) AS here) domain"

/* By login in the domain, or by e-mail; an e-mail with all_aliases counts on every alias. */
static const gchar address_sql[] =
    "WITH wanted AS (SELECT item_id FROM t_domain_user WHERE lower(login) = lower($1)"
    "  UNION SELECT item_id FROM t_mailbox_email WHERE lower(left_address) = lower($1))" SELECT_SQL
    " WHERE (lower(u.login) = lower($1) AND domain.here)"
    "  OR lower(e.right_address) = $2 OR (e.all_aliases AND domain.here)"
    " ORDER BY 1, 2";
/* The whole is an id in any domain, or what precedes its @ one in that domain. */
static const gchar external_sql[] =
    "WITH wanted AS (SELECT id AS item_id FROM t_container_item WHERE external_id IN ($1, "
    "$3))" SELECT_SQL " WHERE ci.external_id = $3 OR domain.here ORDER BY 1, 2";

enum {
  COL_UID,
  COL_DOMAIN,
  COL_ALIAS,
  COL_LOGIN,
  COL_ARCHIVED,
  COL_ROUTING,
  COL_QUOTA,
  COL_TYPE,
  COL_LOCATION,
  COL_IP,
  COL_FQDN,
  COL_SYSTEM,
  COL_EMAIL,
};

static gboolean
is_true (const PGresult *rows, int row, int column)
{
  return g_strcmp0 (bm_pg_text (rows, row, column), "t") == 0;
}

static BmCandidate *
candidate_of (const PGresult *rows, int row)
{
  BmCandidate *one = g_new0 (BmCandidate, 1);
  one->uid = g_strdup (bm_pg_text (rows, row, COL_UID));
  one->domain = g_strdup (bm_pg_text (rows, row, COL_DOMAIN));
  one->alias = g_strdup (bm_pg_text (rows, row, COL_ALIAS));
  one->login = g_strdup (bm_pg_text (rows, row, COL_LOGIN));
  one->archived = is_true (rows, row, COL_ARCHIVED);
  one->routing = g_strdup (bm_pg_text (rows, row, COL_ROUTING));
  one->quota_kib = g_ascii_strtoll (bm_pg_text (rows, row, COL_QUOTA), NULL, 10);
  one->type = g_strdup (bm_pg_text (rows, row, COL_TYPE));
  one->location = g_strdup (bm_pg_text (rows, row, COL_LOCATION));
  const gchar *ip = bm_pg_text (rows, row, COL_IP);
  one->server_name = g_strdup (bm_pg_text (rows, row, COL_FQDN));
  one->host = g_strdup (ip != NULL ? ip : one->server_name);
  one->system = is_true (rows, row, COL_SYSTEM);
  one->email = g_strdup (bm_pg_text (rows, row, COL_EMAIL));
  return one;
}

BmUser *
bm_directory_lookup (const BmDatabase *directory, const gchar *address, BmAddressee *addressee,
                     GError **error)
{
  g_auto (BmUserName) name = {0};
  if (!bm_user_name_parse (address, &name, addressee, error))
    return NULL;
  g_autoptr (BmPg) pg = bm_pg_connect (directory, error);
  if (pg == NULL)
    return NULL;
  const gchar *parameters[] = {name.local, name.domain, name.whole};
  g_autoptr (PGresult) rows = bm_pg_query (pg, name.external ? external_sql : address_sql,
                                           parameters, name.external ? 3 : 2, error);
  if (rows == NULL)
    return NULL;
  g_autoptr (GPtrArray) candidates =
      g_ptr_array_new_with_free_func ((GDestroyNotify) bm_candidate_free);
  for (int i = 0; i < PQntuples (rows); i++)
    g_ptr_array_add (candidates, candidate_of (rows, i));
  return bm_directory_judge (candidates, address, addressee, error);
}

gboolean
bm_directory_serves (const BmDatabase *directory, const gchar *domain, gboolean *served,
                     GError **error)
{
  static const gchar sql[] = "SELECT EXISTS (SELECT 1 FROM t_domain d WHERE lower(d.name) = $1"
                             "  OR $1 = ANY (SELECT lower(a) FROM unnest(d.aliases) a))";
  g_autoptr (BmPg) pg = bm_pg_connect (directory, error);
  if (pg == NULL)
    return FALSE;
  g_autoptr (PGresult) rows = bm_pg_query (pg, sql, &domain, 1, error);
  if (rows == NULL)
    return FALSE;
  *served = is_true (rows, 0, 0);
  return TRUE;
}
