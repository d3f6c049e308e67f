/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* See bm-directory.h. Schemas: BlueMind's directory-schema, mailbox-schema, domain-schema (tables
 * t_directory_entry, t_domain_user, t_mailbox, t_mailbox_email, t_domain, t_container_location,
 * t_server). Must not know IMAP. */
#include "bluemind/bm-pg.h"

#include <string.h>

/* Everything about the mailboxes this address may mean: by login in the domain, or by e-mail. An
 * e-mail with all_aliases counts on every alias of the domain. The candidates come first, by the
 * part before the @ alone, because a directory of 20 000 users must not be joined with itself. The
 * join to t_domain_user is outer, so that a share is found and refused rather than unknown. */
static const gchar lookup_sql[] =
    "WITH wanted AS (SELECT item_id FROM t_domain_user WHERE lower(login) = lower($1)"
    "  UNION SELECT item_id FROM t_mailbox_email WHERE lower(left_address) = lower($1))"
    " SELECT DISTINCT ci.uid, d.name, d.aliases[1], u.login,"
    "  coalesce(u.archived, false) OR coalesce(m.archived, false),"
    "  m.routing::text, coalesce(m.quota, 0), m.type::text, l.location, s.ip, s.fqdn, d.global,"
    "  coalesce(u.system, false) OR m.system"
    " FROM wanted w"
    " JOIN t_mailbox m ON m.item_id = w.item_id"
    " JOIN t_container_item ci ON ci.id = m.item_id"
    " JOIN t_container dir ON dir.id = ci.container_id"
    " JOIN t_domain d ON d.name = dir.uid"
    " LEFT JOIN t_domain_user u ON u.item_id = m.item_id"
    " LEFT JOIN t_mailbox_email e ON e.item_id = m.item_id AND lower(e.left_address) = lower($1)"
    " LEFT JOIN t_container_location l ON l.container_uid ="
    "  'subtree_' || replace(d.name, '.', '_') || '!user.' || ci.uid"
    " LEFT JOIN (t_container_item si JOIN t_server s ON s.item_id = si.id) ON si.uid = l.location"
    " CROSS JOIN LATERAL (SELECT $2 = lower(d.name) OR $2 = ANY"
    "  (SELECT lower(a) FROM unnest(d.aliases) a) AS here) domain"
    " WHERE (lower(u.login) = lower($1) AND domain.here)"
    "  OR lower(e.right_address) = $2 OR (e.all_aliases AND domain.here)"
    " ORDER BY 1";

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
  COL_GLOBAL,
  COL_SYSTEM,
};

void
bm_user_free (BmUser *user)
{
  if (user == NULL)
    return;
  g_free (user->user_uid);
  g_free (user->domain_uid);
  g_free (user->domain_name);
  g_free (user->login);
  g_free (user->mail_login);
  g_free (user->server_uid);
  g_free (user->server_host);
  g_free (user->server_name);
  g_free (user->subtree_uid);
  g_free (user);
}

static gboolean
is_admin (const gchar *login, const gchar *domain)
{
  return g_ascii_strcasecmp (login, "admin0") == 0 ||
         g_ascii_strcasecmp (login, "bmhiddensysadmin") == 0 ||
         g_ascii_strcasecmp (domain, "global.virt") == 0;
}

static gboolean
refuse (GError **error, const gchar *address, const gchar *why)
{
  g_set_error (error, BM_ERROR, BM_CAUSE_USER_REFUSED, "%s: %s", address, why);
  return FALSE;
}

/* What would lose or misplace mail is refused here, before a byte is sent. */
static gboolean
check_row (const PGresult *row, const gchar *address, GError **error)
{
  const gchar *routing = bm_pg_text (row, 0, COL_ROUTING);
  if (g_strcmp0 (bm_pg_text (row, 0, COL_GLOBAL), "t") == 0 ||
      g_strcmp0 (bm_pg_text (row, 0, COL_SYSTEM), "t") == 0) {
    g_set_error (error, BM_ERROR, BM_CAUSE_ADMIN_REFUSED,
                 "%s is a system account: what it writes bypasses BlueMind's checks", address);
    return FALSE;
  }
  if (g_strcmp0 (bm_pg_text (row, 0, COL_TYPE), "user") != 0 ||
      bm_pg_text (row, 0, COL_LOGIN) == NULL)
    return refuse (error, address, "is not a user but a share, group or resource");
  if (g_strcmp0 (bm_pg_text (row, 0, COL_ARCHIVED), "t") == 0)
    return refuse (error, address, "is suspended (archived); reactivate the user first");
  if (g_strcmp0 (routing, "external") == 0)
    return refuse (error, address, "has its mail routed to an external server; import there");
  if (g_strcmp0 (routing, "internal") != 0)
    return refuse (error, address, "has no mail routing; set it to internal first");
  if (bm_pg_text (row, 0, COL_LOCATION) == NULL)
    return refuse (error, address,
                   "has no folder container on any server; run bm-cli maintenance repair on it");
  return TRUE;
}

static BmUser *
user_of (const PGresult *row)
{
  BmUser *user = g_new0 (BmUser, 1);
  const gchar *alias = bm_pg_text (row, 0, COL_ALIAS), *ip = bm_pg_text (row, 0, COL_IP);
  user->user_uid = g_strdup (bm_pg_text (row, 0, COL_UID));
  user->domain_uid = g_strdup (bm_pg_text (row, 0, COL_DOMAIN));
  user->domain_name = g_strdup (alias != NULL ? alias : user->domain_uid);
  user->login = g_strdup (bm_pg_text (row, 0, COL_LOGIN));
  user->mail_login = g_strconcat (user->login, "@", user->domain_uid, NULL);
  user->quota_kib = g_ascii_strtoll (bm_pg_text (row, 0, COL_QUOTA), NULL, 10);
  user->server_uid = g_strdup (bm_pg_text (row, 0, COL_LOCATION));
  user->server_host = g_strdup (ip != NULL ? ip : bm_pg_text (row, 0, COL_FQDN));
  user->server_name = g_strdup (bm_pg_text (row, 0, COL_FQDN));
  g_autofree gchar *domain = g_strdelimit (g_strdup (user->domain_uid), ".", '_');
  user->subtree_uid = g_strconcat ("subtree_", domain, "!user.", user->user_uid, NULL);
  return user;
}

/* All the mailboxes that an address means, for the administrator to choose. */
static void
refuse_ambiguous (GError **error, const gchar *address, const PGresult *rows)
{
  g_autoptr (GString) list = g_string_new (NULL);
  for (int i = 0; i < PQntuples (rows); i++) {
    const gchar *login = bm_pg_text (rows, i, COL_LOGIN);
    g_string_append_printf (list, "%s%s@%s", i > 0 ? ", " : "",
                            login != NULL ? login : bm_pg_text (rows, i, COL_UID),
                            bm_pg_text (rows, i, COL_DOMAIN));
  }
  g_set_error (error, BM_ERROR, BM_CAUSE_USER_UNKNOWN,
               "%s is login or e-mail address of more than one mailbox (%s); give an address of "
               "one alone",
               address, list->str);
}

BmUser *
bm_directory_lookup (const BmDatabase *directory, const gchar *address, GError **error)
{
  const gchar *at = strrchr (address, '@');
  if (at == NULL || at == address || at[1] == '\0' || !g_utf8_validate (address, -1, NULL)) {
    g_set_error (error, BM_ERROR, BM_CAUSE_USER_UNKNOWN,
                 "\"%s\" is not login@domain nor an e-mail address", address);
    return NULL;
  }
  g_autofree gchar *local = g_strndup (address, (gsize) (at - address));
  g_autofree gchar *domain = g_utf8_strdown (at + 1, -1);
  if (is_admin (local, domain)) {
    g_set_error (error, BM_ERROR, BM_CAUSE_ADMIN_REFUSED,
                 "%s is an administrator: what it writes bypasses BlueMind's checks and breaks "
                 "replication",
                 address);
    return NULL;
  }
  g_autoptr (BmPg) pg = bm_pg_connect (directory, error);
  if (pg == NULL)
    return NULL;
  const gchar *parameters[] = {local, domain};
  g_autoptr (PGresult) rows = bm_pg_query (pg, lookup_sql, parameters, 2, error);
  if (rows == NULL)
    return NULL;
  if (PQntuples (rows) == 0) {
    g_set_error (error, BM_ERROR, BM_CAUSE_USER_UNKNOWN, "no user %s in BlueMind's directory",
                 address);
    return NULL;
  }
  if (PQntuples (rows) > 1) {
    refuse_ambiguous (error, address, rows);
    return NULL;
  }
  return check_row (rows, address, error) ? user_of (rows) : NULL;
}
