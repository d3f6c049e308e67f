/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* See bm-witness-sql.h. last_uid is always read before the records, so that a record arriving in
 * between is not called GONE. Every statement names subtree_id where that column exists: without it
 * PostgreSQL would ask 256 partitions. Must not know IMAP or deadlines. */
#include "bluemind/bm-witness-sql.h"

#include "bluemind/bm-pg.h"
#include <string.h>

#define CLAIMS_PER_QUERY 1000
#define FLAG_MASK        0x1f
#define EXPUNGED         G_GINT64_CONSTANT (0x80000000)

typedef struct {
  gboolean guid_text;      /* 4.0: hex text instead of bytea */
  gboolean record_folder;  /* t_mailbox_record.container_id */
  gboolean record_subtree; /* t_mailbox_record.subtree_id */
  gboolean replica_folder; /* t_mailbox_replica.unique_id and container_id */
} Schema;

typedef struct {
  BmWitness base;
  gchar *host, *dbname, *user, *password, *subtree_uid, *address;
  guint16 port;
  guint timeout_s;
  BmPg *pg;
  Schema schema;
  gchar *subtree_id;    /* number as text */
  GHashTable *folders;  /* full name -> id of its container of records, as text */
  guint64 uid_validity; /* of the folder that was found last */
  gchar *description;
} Witness;

static void
witness_free (BmWitness *base)
{
  Witness *witness = (Witness *) base;
  g_clear_pointer (&witness->pg, bm_pg_free);
  g_hash_table_unref (witness->folders);
  g_free (witness->host);
  g_free (witness->dbname);
  g_free (witness->user);
  g_free (witness->password);
  g_free (witness->subtree_uid);
  g_free (witness->address);
  g_free (witness->subtree_id);
  g_free (witness->description);
  g_free (witness);
}

/* ---- connecting ---- */

static gboolean
probe_schema (Witness *witness, GError **error)
{
  Schema schema = {0};
  gboolean body = FALSE, record = FALSE;
  g_autoptr (PGresult) rows =
      bm_pg_query (witness->pg,
                   "SELECT table_name, column_name, data_type FROM information_schema.columns"
                   " WHERE table_schema = 'public'"
                   " AND table_name IN ('t_message_body', 't_mailbox_record', 't_mailbox_replica')",
                   NULL, 0, error);
  if (rows == NULL)
    return FALSE;
  for (int i = 0; i < PQntuples (rows); i++) {
    const gchar *table = bm_pg_text (rows, i, 0), *column = bm_pg_text (rows, i, 1);
    if (g_str_equal (table, "t_message_body") && g_str_equal (column, "guid")) {
      body = TRUE;
      schema.guid_text = !g_str_equal (bm_pg_text (rows, i, 2), "bytea");
    } else if (g_str_equal (table, "t_mailbox_record")) {
      record = TRUE;
      schema.record_folder |= g_str_equal (column, "container_id");
      schema.record_subtree |= g_str_equal (column, "subtree_id");
    } else if (g_str_equal (table, "t_mailbox_replica")) {
      schema.replica_folder |= g_str_equal (column, "unique_id");
    }
  }
  if (!body || !record) {
    g_set_error (error, BM_ERROR, BM_CAUSE_UNSUPPORTED,
                 "database %s on %s has no t_message_body or t_mailbox_record (or they may not be "
                 "read): is it bj-data?",
                 witness->dbname, witness->host);
    return FALSE;
  }
  witness->schema = schema;
  return TRUE;
}

static gboolean
find_subtree (Witness *witness, GError **error)
{
  const gchar *parameters[] = {witness->subtree_uid};
  g_autoptr (PGresult) rows =
      bm_pg_query (witness->pg, "SELECT id FROM t_container WHERE uid = $1", parameters, 1, error);
  if (rows == NULL)
    return FALSE;
  if (PQntuples (rows) != 1) {
    g_set_error (error, BM_ERROR, BM_CAUSE_USER_REFUSED,
                 "%s has no folder container in %s on %s; run bm-cli maintenance repair --ops "
                 "replication.subtree on it",
                 witness->address, witness->dbname, witness->host);
    return FALSE;
  }
  g_free (witness->subtree_id);
  witness->subtree_id = g_strdup (bm_pg_text (rows, 0, 0));
  return TRUE;
}

static void
describe (Witness *witness)
{
  const Schema *schema = &witness->schema;
  g_free (witness->description);
  witness->description =
      g_strdup_printf ("%s on %s port %u: guid %s, records %s", witness->dbname, witness->host,
                       witness->port, schema->guid_text ? "text" : "bytea",
                       schema->record_subtree  ? "by subtree and folder"
                       : schema->record_folder ? "by folder"
                                               : "by item");
}

static gboolean
open_connection (Witness *witness, GError **error)
{
  BmDatabase database = {witness->host, witness->port,     witness->dbname,
                         witness->user, witness->password, witness->timeout_s};
  g_clear_pointer (&witness->pg, bm_pg_free);
  g_hash_table_remove_all (witness->folders);
  witness->pg = bm_pg_connect (&database, error);
  if (witness->pg == NULL)
    return FALSE;
  if (!probe_schema (witness, error) || !find_subtree (witness, error))
    return FALSE;
  describe (witness);
  return TRUE;
}

/* A connection that broke is opened anew, once per question. */
static gboolean
ensure_connection (Witness *witness, GError **error)
{
  if (bm_pg_is_open (witness->pg))
    return TRUE;
  return open_connection (witness, error);
}

/* ---- folders ---- */

/* 4.0 to 4.3: the folder's uid is that of its item in the subtree. */
static const gchar *
folder_sql (const Witness *witness)
{
  return witness->schema.replica_folder
             ? "SELECT rc.id, mr.last_uid, mr.uid_validity FROM t_mailbox_replica mr"
               " JOIN t_container rc ON rc.uid = 'mbox_records_' || mr.unique_id"
               " WHERE mr.container_id = $1 AND mr.name = $2"
             : "SELECT rc.id, mr.last_uid, mr.uid_validity FROM t_mailbox_replica mr"
               " JOIN t_container_item ci ON ci.id = mr.item_id"
               " JOIN t_container rc ON rc.uid = 'mbox_records_' || ci.uid"
               " WHERE ci.container_id = $1 AND mr.name = $2";
}

/* *folder (borrowed) is NULL and *last_uid 0 when the folder is not replicated. */
static gboolean
find_folder (Witness *witness, const gchar *name, const gchar **folder, guint64 *last_uid,
             GError **error)
{
  const gchar *parameters[] = {witness->subtree_id, name};
  g_autoptr (PGresult) rows = bm_pg_query (witness->pg, folder_sql (witness), parameters, 2, error);
  *folder = NULL;
  *last_uid = 0;
  if (rows == NULL)
    return FALSE;
  if (PQntuples (rows) == 0) {
    g_hash_table_remove (witness->folders, name);
    return TRUE;
  }
  *last_uid = g_ascii_strtoull (bm_pg_text (rows, 0, 1), NULL, 10);
  witness->uid_validity = g_ascii_strtoull (bm_pg_text (rows, 0, 2), NULL, 10);
  g_hash_table_insert (witness->folders, g_strdup (name), g_strdup (bm_pg_text (rows, 0, 0)));
  *folder = g_hash_table_lookup (witness->folders, name);
  return TRUE;
}

static gboolean
witness_last_uid (BmWitness *base, const gchar *name, guint64 *last_uid, GError **error)
{
  Witness *witness = (Witness *) base;
  const gchar *folder;
  return ensure_connection (witness, error) &&
         find_folder (witness, name, &folder, last_uid, error);
}

/* ---- records ---- */

/* Columns: uid, guid, system flags, size of the body or NULL. condition names r. */
static gchar *
record_sql (const Witness *witness, const gchar *condition)
{
  const Schema *schema = &witness->schema;
  const gchar *guid =
      schema->guid_text ? "r.message_body_guid" : "encode(r.message_body_guid, 'hex')";
  if (schema->record_folder)
    return g_strdup_printf ("SELECT r.imap_uid, %s, r.system_flags, b.size FROM t_mailbox_record r"
                            " LEFT JOIN t_message_body b ON b.guid = r.message_body_guid"
                            " WHERE r.container_id = $1%s AND %s",
                            guid, schema->record_subtree ? " AND r.subtree_id = $3" : "",
                            condition);
  return g_strdup_printf ("SELECT r.imap_uid, %s, r.system_flags, b.size FROM t_mailbox_record r"
                          " JOIN t_container_item ci ON ci.id = r.item_id"
                          " LEFT JOIN t_message_body b ON b.guid = r.message_body_guid"
                          " WHERE ci.container_id = $1 AND %s",
                          guid, condition);
}

static PGresult *
query_records (Witness *witness, const gchar *folder, const gchar *condition, const gchar *argument,
               GError **error)
{
  const gchar *parameters[] = {folder, argument, witness->subtree_id};
  g_autofree gchar *sql = record_sql (witness, condition);
  return bm_pg_query (witness->pg, sql, parameters, witness->schema.record_subtree ? 3 : 2, error);
}

static gboolean
is_expunged (const PGresult *rows, int row)
{
  /* bit 31; PostgreSQL shows the column as a signed number */
  gint64 flags = g_ascii_strtoll (bm_pg_text (rows, row, 2), NULL, 10);
  return (flags & EXPUNGED) != 0;
}

/* uid_validity is that of the folder now. Where it is another than when the message was appended,
 * the folder was deleted and made anew and its uids began again: nothing differs. A hint and no
 * more, because BlueMind 5 may have another value for a folder that came from 4: it never speaks
 * against a guid that is there. */
static void
judge (BmClaim *claim, const PGresult *rows, int row, guint64 uid_validity)
{
  BmGuid guid;
  const gchar *size = bm_pg_text (rows, row, 3);
  gint64 flags = g_ascii_strtoll (bm_pg_text (rows, row, 2), NULL, 10);
  if (is_expunged (rows, row)) {
    claim->verdict = BM_VERDICT_GONE;
  } else if (!bm_guid_from_hex (bm_pg_text (rows, row, 1), &guid) ||
             !bm_guid_equal (&guid, &claim->guid)) {
    claim->verdict = claim->uidvalidity == uid_validity ? BM_VERDICT_DIFFERS : BM_VERDICT_GONE;
  } else if (size == NULL) {
    claim->verdict = BM_VERDICT_BODY_MISSING;
  } else {
    claim->verdict = BM_VERDICT_PRESENT;
    claim->flags_differ = (flags & FLAG_MASK) != (gint64) (claim->flags & FLAG_MASK);
    claim->size_differs =
        claim->size > 0 && g_ascii_strtoull (size, NULL, 10) != (guint64) claim->size;
  }
}

/* Claims of one folder, at most CLAIMS_PER_QUERY. */
static gboolean
examine_folder (Witness *witness, BmClaim **claims, guint n, GError **error)
{
  const gchar *folder;
  guint64 last_uid;
  if (!find_folder (witness, claims[0]->folder, &folder, &last_uid, error))
    return FALSE;
  g_autoptr (GHashTable) rows_by_uid = g_hash_table_new (NULL, NULL);
  g_autoptr (GPtrArray) uids = g_ptr_array_new_with_free_func (g_free);
  for (guint i = 0; i < n; i++)
    g_ptr_array_add (uids, g_strdup_printf ("%u", claims[i]->uid));
  g_autofree gchar *array = bm_pg_array (uids);
  g_autoptr (PGresult) rows = NULL;
  if (folder != NULL) {
    rows = query_records (witness, folder, "r.imap_uid = ANY($2::int8[])", array, error);
    if (rows == NULL)
      return FALSE;
    for (int i = 0; i < PQntuples (rows); i++) {
      guint64 uid = g_ascii_strtoull (bm_pg_text (rows, i, 0), NULL, 10);
      g_hash_table_insert (rows_by_uid, GUINT_TO_POINTER ((guint) uid), GINT_TO_POINTER (i + 1));
    }
  }
  for (guint i = 0; i < n; i++) {
    int row =
        GPOINTER_TO_INT (g_hash_table_lookup (rows_by_uid, GUINT_TO_POINTER (claims[i]->uid)));
    claims[i]->flags_differ = claims[i]->size_differs = FALSE;
    if (row > 0)
      judge (claims[i], rows, row - 1, witness->uid_validity);
    else
      claims[i]->verdict =
          folder != NULL && last_uid >= claims[i]->uid ? BM_VERDICT_GONE : BM_VERDICT_PENDING;
  }
  return TRUE;
}

static gboolean
witness_examine (BmWitness *base, BmClaim *claims, gsize n, GError **error)
{
  Witness *witness = (Witness *) base;
  if (!ensure_connection (witness, error))
    return FALSE;
  g_autoptr (GHashTable) by_folder =
      g_hash_table_new_full (g_str_hash, g_str_equal, NULL, (GDestroyNotify) g_ptr_array_unref);
  for (gsize i = 0; i < n; i++) {
    GPtrArray *list = g_hash_table_lookup (by_folder, claims[i].folder);
    if (list == NULL) {
      list = g_ptr_array_new ();
      g_hash_table_insert (by_folder, (gpointer) claims[i].folder, list);
    }
    g_ptr_array_add (list, &claims[i]);
  }
  GHashTableIter iter;
  GPtrArray *list;
  g_hash_table_iter_init (&iter, by_folder);
  while (g_hash_table_iter_next (&iter, NULL, (gpointer *) &list))
    for (guint i = 0; i < list->len; i += CLAIMS_PER_QUERY)
      if (!examine_folder (witness, (BmClaim **) list->pdata + i,
                           MIN (list->len - i, (guint) CLAIMS_PER_QUERY), error))
        return FALSE;
  return TRUE;
}

static gint
compare_stored (gconstpointer a, gconstpointer b)
{
  guint32 x = ((const BmStored *) a)->uid, y = ((const BmStored *) b)->uid;
  return x < y ? -1 : x > y;
}

static GArray *
witness_list (BmWitness *base, const gchar *name, guint32 uid_from, GError **error)
{
  Witness *witness = (Witness *) base;
  const gchar *folder;
  guint64 last_uid;
  if (!ensure_connection (witness, error) ||
      !find_folder (witness, name, &folder, &last_uid, error))
    return NULL;
  GArray *stored = g_array_new (FALSE, FALSE, sizeof (BmStored));
  if (folder == NULL)
    return stored;
  g_autofree gchar *from = g_strdup_printf ("%u", uid_from);
  g_autoptr (PGresult) rows =
      query_records (witness, folder, "r.imap_uid >= $2::int8", from, error);
  if (rows == NULL) {
    g_array_unref (stored);
    return NULL;
  }
  for (int i = 0; i < PQntuples (rows); i++) {
    BmStored one = {.uid = (guint32) g_ascii_strtoull (bm_pg_text (rows, i, 0), NULL, 10)};
    if (!is_expunged (rows, i) && bm_guid_from_hex (bm_pg_text (rows, i, 1), &one.guid))
      g_array_append_val (stored, one);
  }
  g_array_sort (stored, compare_stored);
  return stored;
}

static const gchar *
witness_description (BmWitness *base)
{
  return ((Witness *) base)->description;
}

BmWitness *
bm_witness_sql_new (const BmDatabase *data, const BmUser *user, GError **error)
{
  static const BmWitnessOps ops = {.examine = witness_examine,
                                   .list = witness_list,
                                   .last_uid = witness_last_uid,
                                   .description = witness_description,
                                   .free = witness_free};
  Witness *witness = g_new0 (Witness, 1);
  witness->base.ops = &ops;
  witness->host = g_strdup (data->host);
  witness->port = data->port;
  witness->timeout_s = data->timeout_s;
  witness->dbname = g_strdup (data->dbname);
  witness->user = g_strdup (data->user);
  witness->password = g_strdup (data->password);
  witness->subtree_uid = g_strdup (user->subtree_uid);
  witness->address = g_strdup (user->mail_login);
  witness->folders = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  if (open_connection (witness, error))
    return &witness->base;
  witness_free (&witness->base);
  return NULL;
}

gboolean
bm_witness_sql_is_40 (BmWitness *witness)
{
  return ((Witness *) witness)->schema.guid_text;
}
