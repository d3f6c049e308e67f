-- SPDX-License-Identifier: AGPL-3.0-or-later
-- What bm-core-lab keeps beside BlueMind's tables in each `bj-data`, loaded after schema-data-*.sql.
-- psql variable `schema` (4.0, 4, 5): a replica of 4.0 names neither its folder nor its subtree.
\set ON_ERROR_STOP on
SET client_min_messages = warning;
SELECT :'schema' = '4.0' AS is_40 \gset

-- The attributes of a mailbox exactly as Cyrus sent them: they are echoed, so that sync_client itself
-- compares LAST_UID, modseq and CRC. Records likewise, for GET FULLMAILBOX.
CREATE TABLE lab.mailbox (
  unique_id text PRIMARY KEY,
  cyrus_name bytea NOT NULL UNIQUE,
  sync_crc text,
  attributes bytea);
CREATE TABLE lab.record (
  unique_id text NOT NULL REFERENCES lab.mailbox (unique_id) ON DELETE CASCADE,
  imap_uid int8 NOT NULL,
  raw bytea NOT NULL,
  PRIMARY KEY (unique_id, imap_uid));

CREATE FUNCTION lab.put_raw (id text, uids int8[], raws bytea[]) RETURNS void LANGUAGE sql AS $$
  INSERT INTO lab.record SELECT id, u, r FROM unnest(uids, raws) AS t(u, r)
  ON CONFLICT (unique_id, imap_uid) DO UPDATE SET raw = excluded.raw $$;

CREATE FUNCTION lab.container (p_uid text, p_type text, p_name text, p_owner text, p_domain text)
  RETURNS int4 LANGUAGE plpgsql AS $$
DECLARE found_id int4;
BEGIN
  SELECT id INTO found_id FROM t_container WHERE uid = p_uid;
  IF found_id IS NULL THEN
    INSERT INTO t_container (uid, container_type, name, owner, domain_uid)
    VALUES (p_uid, p_type, p_name, p_owner, p_domain)
    ON CONFLICT (uid) DO UPDATE SET updated = now() RETURNING id INTO found_id;
  END IF;
  RETURN found_id;
END $$;

CREATE FUNCTION lab.subtree_uid (p_domain text, p_owner text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
  SELECT 'subtree_' || replace(p_domain, '.', '_') || '!user.' || p_owner $$;

-- Creates or updates a folder: subtree container, item, replica row, records container. times are epochs.
-- p_validity NULL: the id of the records container, as BlueMind 5 does.
CREATE FUNCTION lab.put_folder (p_domain text, p_owner text, p_name text, p_id text, p_last_uid int8,
  p_modseq int8, p_recent_uid int8, p_recent_time int8, p_last_append int8, p_pop3 int8,
  p_validity int8, p_acl text, p_options text, p_crc int8, p_quotaroot text,
  OUT subtree int4, OUT records int4) LANGUAGE plpgsql AS $$
DECLARE item int8; short text := regexp_replace(p_name, '^.*/', '');
BEGIN
  subtree := lab.container(lab.subtree_uid(p_domain, p_owner), 'replicated_mailboxes',
                           'subtree', p_owner, p_domain);
  records := lab.container('mbox_records_' || p_id, 'mailbox_records', p_name, p_owner, p_domain);
  INSERT INTO t_container_item AS ci (container_id, uid, displayname) VALUES (subtree, p_id, p_name)
  ON CONFLICT (container_id, uid) DO UPDATE
     SET version = ci.version + 1, updated = now(), displayname = excluded.displayname
  RETURNING id INTO item;
  INSERT INTO t_mailbox_replica AS m (short_name, name, last_uid, highest_mod_seq, recent_uid,
      recent_time, last_append_date, pop3_last_login, uid_validity, acls, options, sync_crc,
      quotaroot, item_id)
  VALUES (short, p_name, p_last_uid, p_modseq, p_recent_uid,
      to_timestamp(p_recent_time) AT TIME ZONE 'GMT', to_timestamp(p_last_append) AT TIME ZONE 'GMT',
      to_timestamp(p_pop3) AT TIME ZONE 'GMT', coalesce(p_validity, records),
      jsonb_build_array(p_acl), p_options, p_crc, p_quotaroot, item)
  ON CONFLICT (item_id) DO UPDATE
     SET short_name = excluded.short_name, name = excluded.name, last_uid = excluded.last_uid,
         highest_mod_seq = excluded.highest_mod_seq, recent_uid = excluded.recent_uid,
         recent_time = excluded.recent_time, last_append_date = excluded.last_append_date,
         uid_validity = excluded.uid_validity, acls = excluded.acls, options = excluded.options,
         sync_crc = excluded.sync_crc, quotaroot = excluded.quotaroot;
END $$;
\if :is_40
\else
-- Newer replicas also carry the folder's uid and its subtree; a trigger keeps put_folder one for all.
CREATE FUNCTION lab.name_replica () RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  SELECT uid, container_id INTO NEW.unique_id, NEW.container_id FROM t_container_item WHERE id = NEW.item_id;
  RETURN NEW;
END $$;
CREATE TRIGGER lab_name_replica BEFORE INSERT ON t_mailbox_replica
  FOR EACH ROW EXECUTE FUNCTION lab.name_replica ();
\endif

-- A folder goes: its records, items and both traces of it. Bodies stay, as in BlueMind, until a purge.
CREATE FUNCTION lab.drop_folder (p_id text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE records int4;
BEGIN
  SELECT id INTO records FROM t_container WHERE uid = 'mbox_records_' || p_id;
  DELETE FROM t_mailbox_record r USING t_container_item ci
   WHERE ci.container_id = records AND r.item_id = ci.id;
  DELETE FROM t_container WHERE id = records;
  DELETE FROM t_container_item ci USING t_container c
   WHERE ci.uid = p_id AND ci.container_id = c.id AND c.container_type = 'replicated_mailboxes';
  DELETE FROM lab.mailbox WHERE unique_id = p_id;
END $$;

CREATE FUNCTION lab.rename_folder (p_id text, p_name text) RETURNS void LANGUAGE sql AS $$
  UPDATE t_mailbox_replica m SET name = p_name, short_name = regexp_replace(p_name, '^.*/', '')
    FROM t_container_item ci JOIN t_container c ON c.id = ci.container_id
   WHERE m.item_id = ci.id AND ci.uid = p_id AND c.container_type = 'replicated_mailboxes' $$;

-- What the mailbox holds, as the quota counts it: every copy, nothing expunged.
CREATE FUNCTION lab.used_bytes (p_domain text, p_owner text) RETURNS int8 LANGUAGE sql AS $$
  SELECT coalesce(sum(b.size), 0)
    FROM t_container c JOIN t_container_item ci ON ci.container_id = c.id
    JOIN t_mailbox_record r ON r.item_id = ci.id
    JOIN t_message_body b ON b.guid = r.message_body_guid
   WHERE c.domain_uid = p_domain AND c.owner = p_owner AND c.container_type = 'mailbox_records'
     AND r.system_flags >= 0 $$;

-- Waits until n folder rows are here; false when that takes too long.
CREATE FUNCTION lab.wait_for_folders (n int8, seconds float8) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE until timestamptz := clock_timestamp() + make_interval(secs => seconds);
BEGIN
  LOOP
    IF (SELECT count(*) FROM t_mailbox_replica) >= n THEN RETURN true; END IF;
    IF clock_timestamp() > until THEN RETURN false; END IF;
    PERFORM pg_sleep(0.02);
  END LOOP;
END $$;
