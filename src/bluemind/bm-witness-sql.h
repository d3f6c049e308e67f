/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The witness on BlueMind's own tables (bj-data of the user's shard): t_mailbox_replica,
 * t_mailbox_record, t_message_body. The schema is probed once per connection; 4.0 (guids as text,
 * no container_id), 4.x and 5 (partitions by subtree_id) are all spoken. One thread. */
#pragma once

#include "bluemind/bm-directory.h"

#include <bm-pst-import/witness.h>

G_BEGIN_DECLS

/* Copies what it needs. Errors: DATABASE_LOST; USER_REFUSED when the user's folders are not
 * in this database; UNSUPPORTED when the tables are not BlueMind's. */
BmWitness *bm_witness_sql_new (const BmDatabase *data, const BmUser *user, GError **error);
/* TRUE on BlueMind 4.0, whose upgrade deletes folders below the inbox. */
gboolean bm_witness_sql_is_40 (BmWitness *witness);

G_END_DECLS
