-- SPDX-License-Identifier: AGPL-3.0-or-later
-- Who lives in the lab (README.md says what each user is for). All passwords are `secret`.
-- psql variables: users (how many of u1..uN), shards, plus schema as in schema-bj.sql.
-- Login, directory uid, domain uid and domain name all differ on purpose.
\set ON_ERROR_STOP on
SET client_min_messages = warning;
CREATE SCHEMA lab;

CREATE FUNCTION lab.server (n int) RETURNS text LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE n WHEN 1 THEN 'bm-master' ELSE 'bm-shard' || n END $$;

CREATE FUNCTION lab.item (p_container text, p_uid text, p_name text, p_external_id text DEFAULT NULL)
  RETURNS int8 LANGUAGE sql AS $$
  INSERT INTO t_container_item (container_id, uid, displayname, external_id)
  SELECT id, p_uid, p_name, p_external_id FROM t_container WHERE uid = p_container RETURNING id $$;

CREATE FUNCTION lab.uuid (p_seed text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
  SELECT regexp_replace(md5(p_seed), '(.{8})(.{4})(.{4})(.{4})(.{12})', '\1-\2-\3-\4-\5') $$;

-- A directory uid that tells nothing about the login.
CREATE FUNCTION lab.entry_uid (p_login text, p_domain text DEFAULT 'd41d8cd9.internal') RETURNS text
  LANGUAGE sql IMMUTABLE AS $$
  SELECT upper(lab.uuid('entry:' || p_login ||
                        CASE p_domain WHEN 'd41d8cd9.internal' THEN '' ELSE '@' || p_domain END)) $$;

CREATE FUNCTION lab.add_user (p_domain text, p_login text, p_shard int,
  p_routing enum_mailbox_routing DEFAULT 'internal', p_archived boolean DEFAULT false,
  p_quota int4 DEFAULT NULL, p_account t_directory_entry_account_type DEFAULT 'FULL',
  p_subtree boolean DEFAULT true) RETURNS int8 LANGUAGE plpgsql AS $$
DECLARE
  entry text := lab.entry_uid(p_login, p_domain);
  -- as BlueMind's synchronisation with Active Directory writes it: a path of REST must encode it
  item int8 := lab.item(p_domain, entry, initcap(p_login), 'ad://' || lab.uuid('ad:' || entry));
  alias text := (SELECT aliases[1] FROM t_domain WHERE name = p_domain);
BEGIN
  INSERT INTO t_directory_entry (kind, account_type, entry_uid, displayname, email, flag_archived,
                                 datalocation, item_id)
  VALUES ('USER', p_account, entry, initcap(p_login), p_login || '@' || alias, p_archived,
          lab.server(p_shard), item);
  INSERT INTO t_mailbox (item_id, name, type, archived, routing, quota)
  VALUES (item, p_login, 'user', p_archived, p_routing, p_quota);
  INSERT INTO t_mailbox_email VALUES (item, p_login, alias, false, true);
  INSERT INTO t_domain_role
  SELECT item, unnest('{hasMail,hasCalendar,selfChangePassword,selfChangeMailboxFilter}'::text[]);
  INSERT INTO t_domain_user (item_id, login, password, archived, routing, server_id, properties)
  VALUES (item, p_login, 'secret', p_archived, p_routing, lab.server(p_shard), '');
  IF p_subtree THEN
    INSERT INTO t_container_location
    VALUES ('subtree_' || replace(p_domain, '.', '_') || '!user.' || entry, lab.server(p_shard));
  END IF;
  RETURN item;
END $$;

INSERT INTO t_container (uid, container_type, name, owner, domain_uid) VALUES
  ('bluemind-lab', 'installation', 'installation', 'system', NULL),
  ('domains_bluemind-noid', 'domains', 'domains', 'system', NULL),
  ('global.virt', 'dir', 'directory', 'system', 'global.virt'),
  ('d41d8cd9.internal', 'dir', 'directory', 'system', 'd41d8cd9.internal'),
  ('a87ff679.internal', 'dir', 'directory', 'system', 'a87ff679.internal');
INSERT INTO t_domain (item_id, label, name, global, aliases, properties) VALUES
  (lab.item('domains_bluemind-noid', 'global.virt', 'global.virt'), 'global.virt', 'global.virt',
   true, '{}', ''),
  (lab.item('domains_bluemind-noid', 'd41d8cd9.internal', 'lab.test'), 'lab.test',
   'd41d8cd9.internal', false, '{lab.test,other.test}', ''),
  (lab.item('domains_bluemind-noid', 'a87ff679.internal', 'second.test'), 'second.test',
   'a87ff679.internal', false, '{second.test}', '');
SELECT :'schema' = '4.0' AS is_40 \gset
\if :is_40
\else
UPDATE t_domain SET default_alias = aliases[1] WHERE NOT global;
\endif

INSERT INTO t_server
SELECT lab.item('bluemind-lab', lab.server(n), lab.server(n)), '127.0.0.' || n,
       lab.server(n) || '.lab.test', lab.server(n),
       CASE n WHEN 1 THEN '{bm/core,bm/pgsql,bm/pgsql-data,mail/imap}'::text[]
              ELSE '{bm/pgsql-data,mail/imap}' END
  FROM generate_series(1, :shards) AS n;
INSERT INTO t_server_assignment
SELECT lab.server(n), d.name, tag
  FROM generate_series(1, :shards) AS n, unnest('{bm/pgsql-data,mail/imap}'::text[]) AS tag, t_domain d
 WHERE NOT d.global;
INSERT INTO t_systemconf VALUES
  ('message_size_limit=>"50000000", default_domain=>"lab.test", imap_max_child=>"200", '
   'archive_kind=>"none", cyrus_expunged_retention_time=>"7"');
INSERT INTO t_component_version VALUES
  ('bm/core', CASE :'schema' WHEN '4.0' THEN '4.0.8' WHEN '4' THEN '4.9.2' ELSE '5.1.5' END);

-- admin0 lives in global.virt, as in BlueMind.
INSERT INTO t_domain_user (item_id, login, password, system, hidden, routing, server_id, properties)
VALUES (lab.item('global.virt', 'admin0', 'admin0'), 'admin0', 'secret', true, true, 'none', NULL, '');

DO $$
DECLARE d text := 'd41d8cd9.internal'; item int8;
BEGIN
  PERFORM lab.add_user(d, login, 1) FROM unnest('{alice,carol,dave,jean.dupont}'::text[]) AS login;
  PERFORM lab.add_user(d, 'bob', (SELECT count(*)::int FROM t_server));
  item := lab.add_user(d, 'erin', 1);
  INSERT INTO t_mailbox_email VALUES (item, 'erin.martin', 'other.test', false, false);
  INSERT INTO t_mailbox_email VALUES (item, 'e.martin', NULL, true, false);
  PERFORM lab.add_user(d, 'archie', 1, p_archived => true);
  PERFORM lab.add_user(d, 'xavier', 1, p_routing => 'external');
  PERFORM lab.add_user(d, 'nora', 1, p_routing => 'none');
  PERFORM lab.add_user(d, 'sven', 1, p_subtree => false);
  PERFORM lab.add_user(d, 'quinn', 1, p_quota => 200);
  PERFORM lab.add_user(d, 'simone', 1, p_account => 'SIMPLE');
  item := lab.add_user(d, 'adele', 1);
  INSERT INTO t_domain_role SELECT item, unnest('{admin,manageUser,manageMailbox,sudo,hasAdminConsole}'::text[]);
  -- One login, two domains, two people.
  PERFORM lab.add_user(d, 'paul', 1);
  PERFORM lab.add_user('a87ff679.internal', 'paul', (SELECT count(*)::int FROM t_server));
  item := lab.add_user('a87ff679.internal', 'olga', 1);
  INSERT INTO t_domain_role SELECT item, unnest('{domainManager,hasAdminConsole}'::text[]);
  -- A share: in the directory, with an address, but nobody to sign in as.
  item := lab.item(d, lab.entry_uid('team'), 'Team');
  INSERT INTO t_directory_entry (kind, entry_uid, displayname, email, datalocation, item_id)
  VALUES ('MAILSHARE', lab.entry_uid('team'), 'Team', 'team@lab.test', 'bm-master', item);
  INSERT INTO t_mailbox (item_id, name, type, routing) VALUES (item, 'team', 'mailshare', 'internal');
  INSERT INTO t_mailbox_email VALUES (item, 'team', 'lab.test', false, true);
  -- And a group, whose address stands for its members.
  item := lab.item(d, lab.entry_uid('staff'), 'Staff');
  INSERT INTO t_directory_entry (kind, entry_uid, displayname, email, datalocation, item_id)
  VALUES ('GROUP', lab.entry_uid('staff'), 'Staff', 'staff@lab.test', 'bm-master', item);
  INSERT INTO t_mailbox (item_id, name, type, routing) VALUES (item, 'staff', 'group', 'internal');
  INSERT INTO t_mailbox_email VALUES (item, 'staff', 'lab.test', false, true);
END $$;
SELECT lab.add_user('d41d8cd9.internal', 'u' || n, (n - 1) % :shards + 1)
  FROM generate_series(1, :users) AS n \g /dev/null

-- The mailboxes Cyrus (or the BlueMind 5 stand-in) must have, one a line for the lab script.
CREATE VIEW lab.mailboxes AS
SELECT u.login, dom.uid AS domain_uid, ci.uid AS entry_uid, de.datalocation AS server,
       CASE m.routing WHEN 'none' THEN 1 ELSE m.quota END AS quota
  FROM t_domain_user u JOIN t_container_item ci ON ci.id = u.item_id
  JOIN t_container dom ON dom.id = ci.container_id
  JOIN t_directory_entry de ON de.item_id = ci.id JOIN t_mailbox m ON m.item_id = ci.id
  JOIN t_container_location l
    ON l.container_uid = 'subtree_' || replace(dom.uid, '.', '_') || '!user.' || ci.uid
 WHERE m.routing <> 'external' ORDER BY ci.id;
