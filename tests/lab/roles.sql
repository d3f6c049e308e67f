-- SPDX-License-Identifier: AGPL-3.0-or-later
-- The importer's role (made by `lab`) may only read, and only BlueMind's own tables: run after each schema.
\set ON_ERROR_STOP on
SET client_min_messages = warning;
GRANT SELECT ON ALL TABLES IN SCHEMA public TO pstimport;
SELECT format('ALTER DATABASE %I SET timezone = ''GMT''', current_database()) \gexec
