/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* All addresses of a user, over SQL: see bm-directory.h. Tables t_mailbox_email and t_domain, as in
 * bm-directory.c. Must not know IMAP. */
#include "bluemind/bm-pg.h"

/* An address with all_aliases counts on the domain's name and on each of its aliases. */
static const gchar addresses_sql[] =
    "SELECT DISTINCT lower(e.left_address || '@' || n.domain)"
    " FROM t_mailbox_email e"
    " JOIN t_container_item ci ON ci.id = e.item_id"
    " JOIN t_container dir ON dir.id = ci.container_id"
    " JOIN t_domain d ON d.name = dir.uid"
    " CROSS JOIN LATERAL (SELECT e.right_address::text UNION"
    "   SELECT unnest(d.aliases::text[] || d.name::text) WHERE e.all_aliases) n (domain)"
    " WHERE ci.uid = $1 AND d.name = $2 AND n.domain IS NOT NULL ORDER BY 1";

GStrv
bm_directory_addresses (const BmDatabase *directory, const BmUser *user, GError **error)
{
  g_autoptr (BmPg) pg = bm_pg_connect (directory, error);
  if (pg == NULL)
    return NULL;
  const gchar *parameters[] = {user->user_uid, user->domain_uid};
  g_autoptr (PGresult) rows = bm_pg_query (pg, addresses_sql, parameters, 2, error);
  if (rows == NULL)
    return NULL;
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  g_autofree gchar *login = g_utf8_strdown (user->mail_login, -1);
  g_strv_builder_add (builder, login);
  for (int i = 0; i < PQntuples (rows); i++)
    g_strv_builder_add (builder, bm_pg_text (rows, i, 0));
  return g_strv_builder_end (builder);
}
