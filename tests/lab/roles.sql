-- SPDX-License-Identifier: AGPL-3.0-or-later
-- The importer's role may only read, and only BlueMind's own tables: run in each database after its schema.
\set ON_ERROR_STOP on
SET client_min_messages = warning;
SELECT count(*) = 0 AS fresh FROM pg_roles WHERE rolname = 'pstimport' \gset
\if :fresh
CREATE ROLE pstimport LOGIN;
ALTER ROLE pstimport SET default_transaction_read_only = on;
\endif
GRANT SELECT ON ALL TABLES IN SCHEMA public TO pstimport;
SELECT format('ALTER DATABASE %I SET timezone = ''GMT''', current_database()) \gexec
