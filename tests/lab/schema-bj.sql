-- SPDX-License-Identifier: AGPL-3.0-or-later
-- BlueMind's directory database `bj`: the tables an importer reads, with BlueMind's own names and types.
-- psql variable `schema` (4.0, 4, 5) selects what came later. What the lab itself needs is in the schema `lab`.
\set ON_ERROR_STOP on
SET client_min_messages = warning;
SELECT :'schema' = '4.0' AS is_40, :'schema' = '5' AS is_5 \gset
CREATE EXTENSION hstore;

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
  id bigserial PRIMARY KEY,
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

CREATE TYPE t_directory_entry_account_type AS ENUM ('FULL', 'SIMPLE');
CREATE TABLE t_directory_entry (
  kind text NOT NULL,
  account_type t_directory_entry_account_type,
  entry_uid text NOT NULL,
  displayname text,
  email text,
  flag_hidden boolean NOT NULL DEFAULT false,
  flag_system boolean NOT NULL DEFAULT false,
  flag_archived boolean NOT NULL DEFAULT false,
  orgunit_item_id bigint,
  datalocation text,
  item_id bigint PRIMARY KEY REFERENCES t_container_item (id) ON DELETE CASCADE);

CREATE TYPE enum_mailbox_type AS ENUM ('user', 'mailshare', 'resource', 'group');
CREATE TYPE enum_mailbox_routing AS ENUM ('internal', 'external', 'none');
CREATE TABLE t_mailbox (
  item_id bigint PRIMARY KEY REFERENCES t_container_item (id) ON DELETE CASCADE,
  name text NOT NULL,
  type enum_mailbox_type NOT NULL,
  system boolean NOT NULL DEFAULT false,
  hidden boolean NOT NULL DEFAULT false,
  archived boolean NOT NULL DEFAULT false,
  routing enum_mailbox_routing NOT NULL,
  quota int4);

CREATE TABLE t_mailbox_email (
  item_id bigint NOT NULL REFERENCES t_container_item (id) ON DELETE CASCADE,
  left_address text NOT NULL,
  right_address text,
  all_aliases boolean NOT NULL DEFAULT false,
  is_default boolean NOT NULL DEFAULT false);
CREATE INDEX ON t_mailbox_email ((left_address || '@' || right_address));

CREATE TABLE t_domain_user (
  item_id bigint PRIMARY KEY REFERENCES t_container_item (id) ON DELETE CASCADE,
  login varchar(64) NOT NULL,
  password text,
  password_lastchange timestamp,
  archived boolean NOT NULL DEFAULT false,
  system boolean NOT NULL DEFAULT false,
  hidden boolean NOT NULL DEFAULT false,
  routing enum_mailbox_routing NOT NULL,
  server_id text,
  properties hstore,
  password_algorithm text);

CREATE TABLE t_domain (
  item_id bigint PRIMARY KEY REFERENCES t_container_item (id) ON DELETE CASCADE,
  label text NOT NULL,
  name text NOT NULL UNIQUE,
  description text,
  global boolean NOT NULL DEFAULT false,
  aliases text[] NOT NULL DEFAULT '{}',
  default_alias text,
  properties hstore);
\if :is_40
ALTER TABLE t_domain DROP COLUMN default_alias;
\endif
\if :is_5
ALTER TABLE t_domain_user ADD COLUMN mailbox_copy_guid text;
\endif

CREATE TABLE t_domain_role (
  item_id bigint REFERENCES t_container_item (id),
  role varchar(64) NOT NULL);
CREATE INDEX ON t_domain_role (item_id);

CREATE TABLE t_server (
  item_id bigint PRIMARY KEY REFERENCES t_container_item (id) ON DELETE CASCADE,
  ip varchar(32),
  fqdn text,
  name text,
  tags text[]);
CREATE TABLE t_server_assignment (
  server_uid text NOT NULL,
  domain_uid text NOT NULL,
  tag text NOT NULL);
CREATE TABLE t_container_location (container_uid text PRIMARY KEY, location text);
CREATE TABLE t_api_key (
  sid text PRIMARY KEY,
  displayname text,
  subject text NOT NULL,
  domain_uid text NOT NULL);
CREATE TABLE t_systemconf (configuration hstore);
CREATE TABLE t_component_version (component text PRIMARY KEY, version text);
CREATE TABLE t_settings_domain (item_id bigint, settings hstore);
CREATE TABLE t_settings_user (item_id bigint, settings hstore);
