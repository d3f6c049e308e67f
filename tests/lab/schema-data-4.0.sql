-- SPDX-License-Identifier: AGPL-3.0-or-later
-- BlueMind's data database `bj-data`, as of 4.0: guids are hexadecimal text, a record knows its folder only by its item.
-- Tables and columns are BlueMind's; the functions in the schema `lab` are how bm-core-lab fills this variant.
\set ON_ERROR_STOP on
SET client_min_messages = warning;
CREATE SCHEMA lab;

CREATE TABLE t_container (
  id serial PRIMARY KEY,
  uid text NOT NULL UNIQUE,
  container_type varchar(50) NOT NULL,
  name text NOT NULL,
  owner text NOT NULL,
  createdby text NOT NULL DEFAULT 'system',
  updatedby text NOT NULL DEFAULT 'system',
  created timestamp NOT NULL DEFAULT now(),
  updated timestamp NOT NULL DEFAULT now(),
  defaultContainer boolean NOT NULL DEFAULT true,
  domain_uid text,
  readonly boolean NOT NULL DEFAULT false);

CREATE TABLE t_container_item (
  id serial PRIMARY KEY,
  container_id int4 NOT NULL REFERENCES t_container (id) ON DELETE CASCADE,
  uid text NOT NULL,
  version int4 NOT NULL DEFAULT 1,
  external_id text,
  displayname text,
  createdby text NOT NULL DEFAULT 'system',
  updatedby text NOT NULL DEFAULT 'system',
  created timestamp NOT NULL DEFAULT now(),
  updated timestamp NOT NULL DEFAULT now(),
  flags int4 NOT NULL DEFAULT 0,
  UNIQUE (container_id, uid));

CREATE TABLE t_message_body (
  guid text PRIMARY KEY,
  subject text,
  structure jsonb,
  headers jsonb,
  recipients jsonb,
  message_id text,
  references_header text[],
  date_header timestamp NOT NULL,
  size integer NOT NULL,
  preview varchar(160),
  body_version integer NOT NULL DEFAULT 0,
  created timestamp NOT NULL DEFAULT now());

CREATE TABLE t_mailbox_replica (
  short_name text NOT NULL,
  parent_uid text,
  name text NOT NULL,
  last_uid int8 NOT NULL,
  highest_mod_seq int8 NOT NULL,
  recent_uid int8 NOT NULL,
  recent_time timestamp NOT NULL,
  last_append_date timestamp NOT NULL,
  pop3_last_login timestamp NOT NULL,
  uid_validity int8 NOT NULL,
  acls jsonb NOT NULL,
  options varchar(32) NOT NULL,
  sync_crc int8 NOT NULL,
  quotaroot text,
  item_id int4 UNIQUE REFERENCES t_container_item (id) ON DELETE CASCADE);

CREATE TABLE t_mailbox_record (
  message_body_guid text NOT NULL,
  imap_uid int8 NOT NULL,
  mod_seq int8 NOT NULL,
  last_updated timestamp NOT NULL,
  internal_date timestamp NOT NULL,
  system_flags int4 NOT NULL,
  other_flags text[],
  item_id int4 NOT NULL REFERENCES t_container_item (id) ON DELETE CASCADE);
CREATE INDEX ON t_mailbox_record (imap_uid);
CREATE INDEX ON t_mailbox_record (message_body_guid);
CREATE INDEX ON t_mailbox_record (item_id);

CREATE FUNCTION lab.put_bodies (guids text[], subjects text[], message_ids text[], refs text[],
  dates int8[], sizes int4[], arrived int8[]) RETURNS void LANGUAGE sql AS $$
  INSERT INTO t_message_body (guid, subject, structure, headers, recipients, message_id,
                              references_header, date_header, size, preview, body_version)
  SELECT g, s, '{}', '[]', '[]', m, r::text[], to_timestamp(d) AT TIME ZONE 'GMT', z, left(s, 160), 3
    FROM unnest(guids, subjects, message_ids, refs, dates, sizes, arrived) AS t(g, s, m, r, d, z, a)
  ON CONFLICT (guid) DO NOTHING $$;

-- Which of these guids have no body yet: the answer to APPLY RESERVE.
CREATE FUNCTION lab.missing (guids text[]) RETURNS SETOF text LANGUAGE sql AS $$
  SELECT g FROM unnest(guids) AS g
   WHERE NOT EXISTS (SELECT FROM t_message_body b WHERE b.guid = g) $$;

CREATE FUNCTION lab.put_records (subtree int4, records int4, uids int8[], modseqs int8[],
  updated_at int8[], internal int8[], flags int4[], guids text[], keywords text[])
  RETURNS void LANGUAGE sql AS $$
  WITH d AS (
    SELECT u || '.' AS uid, u, q, to_timestamp(up) AT TIME ZONE 'GMT' AS up,
           to_timestamp(i) AT TIME ZONE 'GMT' AS i, f, g AS guid, k::text[] AS k
      FROM unnest(uids, modseqs, updated_at, internal, flags, guids, keywords)
        AS t(u, q, up, i, f, g, k)),
  item AS (
    INSERT INTO t_container_item AS ci (container_id, uid, flags)
    SELECT records, d.uid, (f & 16) / 16 | (f & 4) / 2 | (f & 2) * 2 FROM d
    ON CONFLICT (container_id, uid) DO UPDATE
       SET version = ci.version + 1, updated = now(), flags = excluded.flags
    RETURNING id, uid, xmax = 0 AS fresh),
  changed AS (
    UPDATE t_mailbox_record r
       SET last_updated = d.up, internal_date = d.i, system_flags = d.f,
           message_body_guid = d.guid, other_flags = d.k, mod_seq = d.q
      FROM d JOIN item USING (uid) WHERE NOT item.fresh AND r.item_id = item.id)
  INSERT INTO t_mailbox_record (item_id, imap_uid, last_updated, internal_date, system_flags,
                                message_body_guid, other_flags, mod_seq)
  SELECT item.id, d.u, d.up, d.i, d.f, d.guid, d.k, d.q
    FROM d JOIN item USING (uid) WHERE item.fresh $$;
