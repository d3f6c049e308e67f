/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Private to the room: small helpers around libpq. Every connection is read only by itself, has a
 * statement time-out, and speaks UTF-8. One thread. */
#pragma once

#include "bluemind/bm-directory.h"

#include <libpq-fe.h>

G_BEGIN_DECLS

G_DEFINE_AUTOPTR_CLEANUP_FUNC (PGconn, PQfinish)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PGresult, PQclear)

/* Error: cause, with host, port, database and the server's words. */
PGconn *bm_pg_connect (const BmDatabase *database, BmCause cause, GError **error);
/* Rows, or NULL with error of cause. n text parameters. */
PGresult *bm_pg_query (PGconn *connection, const gchar *sql, const gchar *const *parameters, int n,
                       BmCause cause, GError **error);
/* Text of a field; NULL for SQL NULL. Borrowed. */
const gchar *bm_pg_text (const PGresult *result, int row, int column);
/* "{a,b}" of numbers or hex strings, which need no quotes. */
gchar *bm_pg_array (GPtrArray *texts);

G_END_DECLS
