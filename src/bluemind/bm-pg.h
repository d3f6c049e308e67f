/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Private to the room: small helpers around libpq. Every connection is read only by itself, has a
 * statement time-out, and speaks UTF-8; no wait is longer than the database's timeout. One thread. */
#pragma once

#include "bluemind/bm-directory.h"

#include <libpq-fe.h>

G_BEGIN_DECLS

typedef struct _BmPg BmPg;
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PGresult, PQclear)

/* Error: DATABASE_LOST, with host, port, database and the server's words. */
BmPg *bm_pg_connect (const BmDatabase *database, GError **error);
/* FALSE for NULL and for a connection that was lost. */
gboolean bm_pg_is_open (const BmPg *pg);
void bm_pg_free (BmPg *pg);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (BmPg, bm_pg_free)
/* Rows, or NULL with DATABASE_LOST. n text parameters. */
PGresult *bm_pg_query (BmPg *pg, const gchar *sql, const gchar *const *parameters, int n,
                       GError **error);
/* Text of a field; NULL for SQL NULL. Borrowed. */
const gchar *bm_pg_text (const PGresult *result, int row, int column);
/* "{a,b}" of numbers or hex strings, which need no quotes. */
gchar *bm_pg_array (GPtrArray *texts);

G_END_DECLS
