-- SPDX-License-Identifier: AGPL-3.0-or-later
-- What bm-core-lab answers over REST out of the directory, as JSON in BlueMind's shapes (ItemValue, User, Mailbox, DirEntry,
-- Domain, Server, AuthUser, APIKey). SQL NULL is BlueMind's null: no body, status 204. Loaded into `bj` after users.sql.
\set ON_ERROR_STOP on
SET client_min_messages = warning;

CREATE FUNCTION lab.ms (p timestamp) RETURNS int8 LANGUAGE sql IMMUTABLE AS $$
  SELECT (extract(epoch FROM p) * 1000)::int8 $$;

CREATE FUNCTION lab.item_value (ci t_container_item, p_value json) RETURNS json LANGUAGE sql STABLE AS $$
  SELECT json_build_object('value', p_value, 'uid', ci.uid, 'internalId', ci.id, 'version', ci.version,
    'displayName', ci.displayname, 'externalId', ci.external_id, 'createdBy', ci.createdby,
    'updatedBy', ci.updatedby, 'created', lab.ms(ci.created), 'updated', lab.ms(ci.updated), 'flags', '[]'::json) $$;

-- An address that counts on every alias is shown on the domain itself.
CREATE FUNCTION lab.emails (p_item int8, p_domain text) RETURNS json LANGUAGE sql STABLE AS $$
  SELECT coalesce(json_agg(json_build_object(
    'address', left_address || '@' || CASE WHEN all_aliases THEN p_domain ELSE right_address END,
    'allAliases', all_aliases, 'isDefault', is_default) ORDER BY is_default DESC, left_address), '[]')
    FROM t_mailbox_email WHERE item_id = p_item $$;

-- MailboxStore.EMAIL_SEARCH_QUERY of BlueMind: who in this domain has this address.
CREATE FUNCTION lab.items_of_email (p_domain text, p_email text) RETURNS SETOF int8 LANGUAGE sql STABLE AS $$
  SELECT e.item_id FROM t_mailbox_email e JOIN t_container_item ci ON ci.id = e.item_id
    JOIN t_container c ON c.id = ci.container_id JOIN t_domain d ON d.name = c.uid
   WHERE d.name = p_domain AND lower(e.left_address) = lower(split_part(p_email, '@', 1))
     AND (lower(e.right_address) = lower(split_part(p_email, '@', 2))
          OR e.all_aliases AND lower(split_part(p_email, '@', 2)) = ANY(d.aliases || d.name)) $$;

CREATE VIEW lab.entry AS -- everybody and everything with an entry in a directory
SELECT dom.uid AS domain_uid, ci, ci.id, ci.uid, ci.external_id, e.kind, u.login, m.name AS mailbox,
  json_build_object('login', u.login, 'accountType', e.account_type, 'routing', u.routing, 'quota', m.quota,
    'archived', u.archived, 'hidden', u.hidden, 'system', u.system, 'emails', lab.emails(ci.id, dom.uid),
    'dataLocation', e.datalocation, 'orgUnitUid', NULL, 'contactInfos', json_build_object('identification',
      json_build_object('formatedName', json_build_object('value', e.displayname)))) AS user_value,
  json_build_object('name', m.name, 'type', m.type, 'routing', m.routing, 'quota', m.quota, 'archived', m.archived,
    'hidden', m.hidden, 'system', m.system, 'emails', lab.emails(ci.id, dom.uid),
    'dataLocation', e.datalocation) AS mailbox_value,
  json_build_object('kind', e.kind, 'entryUid', e.entry_uid, 'displayName', e.displayname, 'email', e.email,
    'accountType', e.account_type, 'hidden', e.flag_hidden, 'system', e.flag_system, 'archived', e.flag_archived,
    'orgUnitUid', NULL, 'dataLocation', e.datalocation,
    'path', dom.uid || '/' || lower(e.kind) || 's/' || e.entry_uid) AS entry_value
  FROM t_directory_entry e JOIN t_container_item ci ON ci.id = e.item_id
  JOIN t_container dom ON dom.id = ci.container_id
  LEFT JOIN t_domain_user u ON u.item_id = ci.id LEFT JOIN t_mailbox m ON m.item_id = ci.id;

CREATE FUNCTION lab.user_by_uid (d text, x text) RETURNS json LANGUAGE sql STABLE AS $$
  SELECT lab.item_value(ci, user_value) FROM lab.entry WHERE kind = 'USER' AND domain_uid = d AND uid = x $$;
CREATE FUNCTION lab.user_by_login (d text, x text) RETURNS json LANGUAGE sql STABLE AS $$
  SELECT lab.item_value(ci, user_value) FROM lab.entry WHERE kind = 'USER' AND domain_uid = d AND login = lower(x) $$;
CREATE FUNCTION lab.user_by_external_id (d text, x text) RETURNS json LANGUAGE sql STABLE AS $$
  SELECT lab.item_value(ci, user_value) FROM lab.entry WHERE kind = 'USER' AND domain_uid = d AND external_id = x $$;
CREATE FUNCTION lab.user_by_email (d text, x text) RETURNS json LANGUAGE sql STABLE AS $$
  SELECT lab.item_value(ci, user_value) FROM lab.entry
   WHERE kind = 'USER' AND id IN (SELECT lab.items_of_email(d, x)) $$;
CREATE FUNCTION lab.user_uids (d text) RETURNS json LANGUAGE sql STABLE AS $$
  SELECT coalesce(json_agg(uid ORDER BY id), '[]') FROM lab.entry WHERE kind = 'USER' AND domain_uid = d $$;

-- The items of a container, as ItemDescriptors; the directory of a domain is a container named as the domain.
CREATE FUNCTION lab.container_items (c text) RETURNS json LANGUAGE sql STABLE AS $$
  SELECT json_agg(json_build_object('uid', ci.uid, 'version', ci.version, 'displayName', ci.displayname,
    'externalId', ci.external_id, 'internalId', ci.id, 'createdBy', ci.createdby, 'updatedBy', ci.updatedby,
    'created', lab.ms(ci.created), 'updated', lab.ms(ci.updated), 'flags', '[]'::json) ORDER BY ci.id)
    FROM t_container_item ci JOIN t_container dir ON dir.id = ci.container_id WHERE dir.uid = c $$;

CREATE FUNCTION lab.mailbox_by_uid (d text, x text) RETURNS json LANGUAGE sql STABLE AS $$
  SELECT lab.item_value(ci, mailbox_value) FROM lab.entry WHERE mailbox IS NOT NULL AND domain_uid = d AND uid = x $$;
CREATE FUNCTION lab.mailbox_by_name (d text, x text) RETURNS json LANGUAGE sql STABLE AS $$
  SELECT lab.item_value(ci, mailbox_value) FROM lab.entry WHERE domain_uid = d AND mailbox = x $$;
CREATE FUNCTION lab.mailbox_by_email (d text, x text) RETURNS json LANGUAGE sql STABLE AS $$
  SELECT lab.item_value(ci, mailbox_value) FROM lab.entry WHERE id IN (SELECT lab.items_of_email(d, x)) $$;

CREATE FUNCTION lab.entry_by_uid (d text, x text) RETURNS json LANGUAGE sql STABLE AS $$
  SELECT entry_value FROM lab.entry WHERE domain_uid = d AND uid = x $$;
CREATE FUNCTION lab.entry_by_email (d text, x text) RETURNS json LANGUAGE sql STABLE AS $$
  SELECT entry_value FROM lab.entry WHERE id IN (SELECT lab.items_of_email(d, x)) $$;

-- default_alias came with late 4.x: to_jsonb asks for a column that may not be there.
CREATE VIEW lab.domain AS
SELECT ci.id, ci.uid, d.name, d.aliases, lab.item_value(ci, json_build_object('label', d.label, 'name', d.name,
  'description', coalesce(d.description, ''), 'global', d.global, 'aliases', to_json(d.aliases),
  'defaultAlias', to_jsonb(d) ->> 'default_alias', 'properties', '{}'::json)) AS value
  FROM t_domain d JOIN t_container_item ci ON ci.id = d.item_id;
CREATE FUNCTION lab.domains () RETURNS json LANGUAGE sql STABLE AS $$
  SELECT json_agg(value ORDER BY id) FROM lab.domain $$;
CREATE FUNCTION lab.domain_by_uid (x text) RETURNS json LANGUAGE sql STABLE AS $$
  SELECT value FROM lab.domain WHERE uid = x $$;
CREATE FUNCTION lab.domain_by_name (x text) RETURNS json LANGUAGE sql STABLE AS $$
  SELECT value FROM lab.domain WHERE name = x OR x = ANY(aliases) $$;

CREATE FUNCTION lab.servers () RETURNS json LANGUAGE sql STABLE AS $$
  SELECT json_agg(lab.item_value(ci, json_build_object('ip', s.ip, 'fqdn', s.fqdn, 'name', s.name,
    'tags', to_json(s.tags))) ORDER BY ci.id)
    FROM t_server s JOIN t_container_item ci ON ci.id = s.item_id $$;
CREATE FUNCTION lab.configuration () RETURNS json LANGUAGE sql STABLE AS $$
  SELECT json_build_object('values', hstore_to_json(configuration)) FROM t_systemconf $$;
CREATE FUNCTION lab.version () RETURNS json LANGUAGE sql STABLE AS $$
  SELECT json_build_object('databaseVersion', version, 'softwareVersion', version, 'versionName', 'lab',
    'needsUpgrade', false) FROM t_component_version WHERE component = 'bm/core' $$;
CREATE FUNCTION lab.is_bluemind_5 () RETURNS boolean LANGUAGE sql STABLE AS $$
  SELECT version LIKE '5.%' FROM t_component_version WHERE component = 'bm/core' $$;

-- admin0 has the roles of the whole system without any row.
CREATE FUNCTION lab.roles (p_domain text, p_uid text) RETURNS text[] LANGUAGE sql STABLE AS $$
  SELECT CASE p_domain WHEN 'global.virt' THEN '{systemManagement,selfChangePassword}' ELSE
    (SELECT coalesce(array_agg(r.role::text ORDER BY r.role), '{}') FROM t_domain_role r
       JOIN t_container_item ci ON ci.id = r.item_id JOIN t_container c ON c.id = ci.container_id
      WHERE c.uid = p_domain AND ci.uid = p_uid) END $$;
CREATE FUNCTION lab.auth_user (p_domain text, p_uid text) RETURNS json LANGUAGE sql STABLE AS $$
  SELECT json_build_object('domainUid', p_domain, 'uid', p_uid, 'displayName', ci.displayname,
    'value', coalesce(e.user_value, json_build_object('login', u.login, 'routing', u.routing, 'archived', u.archived,
      'hidden', u.hidden, 'system', u.system, 'emails', '[]'::json, 'dataLocation', u.server_id)),
    'roles', to_json(lab.roles(p_domain, p_uid)), 'rolesByOU', '{}'::json,
    'settings', json_build_object('lang', 'fr', 'timezone', 'Europe/Paris'))
    FROM t_domain_user u JOIN t_container_item ci ON ci.id = u.item_id JOIN t_container c ON c.id = ci.container_id
    LEFT JOIN lab.entry e ON e.id = ci.id
   WHERE c.uid = p_domain AND ci.uid = p_uid $$;
CREATE FUNCTION lab.api_key (k t_api_key) RETURNS json LANGUAGE sql STABLE AS $$
  SELECT json_build_object('sid', k.sid, 'displayName', k.displayname, 'subject', k.subject,
    'domainUid', k.domain_uid) $$;
