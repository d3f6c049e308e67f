/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * See lab-replica.h. As bm-core does, the replica row (with its last_uid) comes first and the records follow in slices
 * of 200, not in one transaction: a reader may see a last_uid whose record is still on its way.
 */
#include "lab-replica.h"

#include "lab-name.h"

#include <string.h>

enum { RECORD_SLICE = 200, BODY_SLICE = 256 };

void
lab_replica_init (LabReplica *replica, LabCore *core)
{
  replica->core = core;
  replica->shards =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) lab_db_free);
  replica->owners = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
}

void
lab_replica_clear (LabReplica *replica)
{
  g_hash_table_unref (replica->shards);
  g_hash_table_unref (replica->owners);
}

/* "bm-master__d41d8cd9_internal" lies on the server bm-master; NULL for "default", which bm-core skips too. */
static LabDb *
shard_of_partition (LabReplica *replica, const gchar *partition)
{
  const gchar *end = partition != NULL ? strstr (partition, "__") : NULL;
  if (end == NULL)
    return NULL;
  g_autofree gchar *server = g_strndup (partition, (gsize) (end - partition));
  LabDb *db = g_hash_table_lookup (replica->shards, server);
  if (db == NULL && (db = lab_store_open_shard (lab_core_store (replica->core), server)))
    g_hash_table_insert (replica->shards, g_steal_pointer (&server), db);
  return db;
}

/* Calls func for every shard until it says TRUE: most GETs name a mailbox but no partition. */
static GPtrArray *
all_shards (LabReplica *replica)
{
  GPtrArray *all = g_ptr_array_new ();
  g_autoptr (PGresult) result =
      lab_db_exec (lab_store_directory (lab_core_store (replica->core)), NULL,
                   "SELECT ci.uid FROM t_server s JOIN t_container_item ci ON ci.id = s.item_id"
                   " WHERE 'bm/pgsql-data' = ANY(s.tags) ORDER BY 1",
                   0, NULL);
  for (int i = 0; result != NULL && i < PQntuples (result); i++) {
    g_autofree gchar *partition = g_strconcat (PQgetvalue (result, i, 0), "__", NULL);
    LabDb *db = shard_of_partition (replica, partition);
    if (db != NULL)
      g_ptr_array_add (all, db);
  }
  return all;
}

static gboolean
refuse (gchar **no, const gchar *text)
{
  *no = g_strdup (text);
  return FALSE;
}

static gchar *
hex_bytea (const gchar *bytes, gsize length)
{
  GString *hex = g_string_sized_new (length * 2 + 2);
  g_string_append (hex, "\\x");
  for (gsize i = 0; i < length; i++)
    g_string_append_printf (hex, "%02x", (guchar) bytes[i]);
  return g_string_free (hex, FALSE);
}

/* Appends the "* MAILBOX %(...)" lines of every mailbox that matches, on any shard. */
static void
echo_mailboxes (LabReplica *replica, const gchar *condition, const gchar *parameter, GString *data)
{
  g_autoptr (GPtrArray) shards = all_shards (replica);
  g_autofree gchar *sql = g_strconcat (
      "SELECT attributes FROM lab.mailbox WHERE attributes IS NOT NULL AND ", condition, NULL);
  for (guint i = 0; i < shards->len; i++) {
    g_autoptr (PGresult) result =
        lab_db_exec (shards->pdata[i], NULL, sql, 1, (const gchar *[]){parameter});
    for (int row = 0; result != NULL && row < PQntuples (result); row++) {
      size_t size = 0;
      guchar *raw = PQunescapeBytea ((const guchar *) PQgetvalue (result, row, 0), &size);
      g_string_append (data, "* MAILBOX ");
      g_string_append_len (data, (const gchar *) raw, (gssize) size);
      g_string_append (data, "\r\n");
      PQfreemem (raw);
    }
  }
}

/* A list of atoms as an array parameter. */
static gchar *
array_of (const LabValue *list, gboolean bytea)
{
  LabRows rows;
  lab_rows_init (&rows, 1);
  for (guint i = 0; list->items != NULL && i < list->items->len; i++) {
    const LabValue *item = list->items->pdata[i];
    g_autofree gchar *hex = bytea ? hex_bytea (item->text, item->length) : NULL;
    lab_rows_add (&rows, 0, bytea ? hex : item->text);
  }
  gchar *array = g_strconcat (rows.columns[0]->str, "}", NULL);
  lab_rows_clear (&rows);
  return array;
}

static gboolean
get_mailboxes (LabReplica *replica, const LabValue *value, GString *data, gchar **no)
{
  g_autofree gchar *names = array_of (value, TRUE);
  echo_mailboxes (replica, "cyrus_name = ANY($1::bytea[])", names, data);
  return TRUE;
}

static gboolean
get_unique_ids (LabReplica *replica, const LabValue *value, GString *data, gchar **no)
{
  g_autofree gchar *ids = array_of (value, FALSE);
  echo_mailboxes (replica, "unique_id = ANY($1::text[])", ids, data);
  return TRUE;
}

static gboolean
get_user (LabReplica *replica, const LabValue *value, GString *data, gchar **no)
{
  g_auto (GStrv) parts = g_strsplit (value->text != NULL ? value->text : "", "@", 2);
  g_autofree gchar *login = g_strdelimit (g_strdup (parts[0] != NULL ? parts[0] : ""), ".", '^');
  g_autofree gchar *root =
      g_strdup_printf ("%s!user.%s", parts[0] != NULL && parts[1] != NULL ? parts[1] : "", login);
  g_autofree gchar *hex = hex_bytea (root, strlen (root));
  echo_mailboxes (replica,
                  "(cyrus_name = $1::bytea OR substr(cyrus_name, 1, length($1::bytea) + 1) = "
                  "$1::bytea || '.'::bytea)",
                  hex, data);
  return TRUE;
}

static gboolean
get_full_mailbox (LabReplica *replica, const LabValue *value, GString *data, gchar **no)
{
  g_autoptr (GPtrArray) shards = all_shards (replica);
  g_autofree gchar *name = hex_bytea (value->text, value->length);
  for (guint i = 0; i < shards->len; i++) {
    g_autoptr (PGresult) result =
        lab_db_exec (shards->pdata[i], NULL,
                     "SELECT attributes, raw FROM lab.mailbox m LEFT JOIN lab.record r"
                     " USING (unique_id) WHERE cyrus_name = $1::bytea ORDER BY imap_uid",
                     1, (const gchar *[]){name});
    if (result == NULL || PQntuples (result) == 0 || PQgetisnull (result, 0, 0))
      continue;
    g_string_append (data, "* MAILBOX ");
    for (int row = -1; row < PQntuples (result); row++) {
      int column = row < 0 ? 0 : 1;
      if (PQgetisnull (result, MAX (row, 0), column))
        continue;
      size_t size = 0;
      guchar *raw =
          PQunescapeBytea ((const guchar *) PQgetvalue (result, MAX (row, 0), column), &size);
      /* the closing ")" of the attributes gives way to RECORD */
      g_string_append_len (data, (const gchar *) raw, (gssize) size - (row < 0 ? 1 : 0));
      g_string_append (data, row < 0 ? " RECORD (" : " ");
      PQfreemem (raw);
    }
    g_string_append (data, "))\r\n");
    return TRUE;
  }
  return refuse (no, "IMAP_MAILBOX_NONEXISTENT No Such Mailbox");
}

static gboolean
apply_reserve (LabReplica *replica, const LabValue *value, GString *data, gchar **no)
{
  const LabValue *guids = lab_value_get (value, "GUID");
  LabDb *db = shard_of_partition (replica, lab_value_text (value, "PARTITION", NULL));
  if (guids == NULL || guids->kind != LAB_LIST)
    return refuse (no, "IMAP_PROTOCOL_BAD_PARAMETERS");
  if (db == NULL)
    return TRUE;
  g_autofree gchar *array = array_of (guids, FALSE);
  g_autoptr (PGresult) result =
      lab_db_exec (db, NULL, "SELECT * FROM lab.missing($1)", 1, (const gchar *[]){array});
  if (result == NULL)
    return refuse (no, "IMAP_INTERNAL");
  for (int i = 0; i < PQntuples (result); i++)
    g_string_append_printf (data, "%s%s", i == 0 ? "* MISSING (" : " ", PQgetvalue (result, i, 0));
  if (PQntuples (result) > 0)
    g_string_append (data, ")\r\n");
  return TRUE;
}

/* ---- APPLY MESSAGE: bodies, one slice after the other while the command is still coming in */

struct _LabUpload {
  LabReplica *replica;
  GHashTable *slices; /* LabDb -> LabRows */
  gboolean failed, mismatch;
};

static void
free_rows (gpointer data)
{
  lab_rows_clear (data);
  g_free (data);
}

LabUpload *
lab_upload_new (LabReplica *replica)
{
  LabUpload *upload = g_new0 (LabUpload, 1);
  upload->replica = replica;
  upload->slices = g_hash_table_new_full (NULL, NULL, NULL, free_rows);
  return upload;
}

void
lab_upload_free (LabUpload *upload)
{
  g_hash_table_unref (upload->slices);
  g_free (upload);
}

void
lab_upload_take (const gchar *partition, const gchar *guid, const guint8 *bytes, gsize size,
                 gpointer data)
{
  LabUpload *upload = data;
  LabDb *db = shard_of_partition (upload->replica, partition);
  g_autofree gchar *sha1 = g_compute_checksum_for_data (G_CHECKSUM_SHA1, bytes, size);
  if (g_strcmp0 (sha1, guid) != 0)
    upload->mismatch = TRUE;
  /* A body that bm-core cannot parse is lost without an error: so is this one. */
  if (db == NULL || lab_core_drops (upload->replica->core, bytes, size))
    return;
  LabRows *rows = g_hash_table_lookup (upload->slices, db);
  if (rows == NULL) {
    rows = g_new0 (LabRows, 1);
    lab_rows_init (rows, 7);
    g_hash_table_insert (upload->slices, db, rows);
  }
  lab_store_add_body (rows, guid, bytes, size, -1);
  if (rows->n_rows >= BODY_SLICE && !lab_rows_call (rows, db, "lab.put_bodies", 0, NULL, NULL))
    upload->failed = TRUE;
}

gboolean
lab_upload_finish (LabUpload *upload, gchar **no)
{
  GHashTableIter iter;
  gpointer db, rows;
  g_hash_table_iter_init (&iter, upload->slices);
  while (g_hash_table_iter_next (&iter, &db, &rows))
    if (!lab_rows_call (rows, db, "lab.put_bodies", 0, NULL, NULL))
      upload->failed = TRUE;
  if (upload->mismatch)
    return refuse (no, "IMAP_MAILBOX_CHECKSUM guid mismatch");
  return !upload->failed || refuse (no, "IMAP_INTERNAL");
}

/* ---- APPLY MAILBOX */

static const gchar *
owner_uid (LabReplica *replica, const gchar *login, const gchar *domain)
{
  g_autofree gchar *key = g_strconcat (login, "@", domain, NULL);
  const gchar *uid = g_hash_table_lookup (replica->owners, key);
  if (uid == NULL) {
    g_autoptr (LabUser) user = lab_store_find_login (lab_core_store (replica->core), login, domain);
    g_hash_table_insert (replica->owners, g_strdup (key), g_strdup (user ? user->uid : ""));
    uid = g_hash_table_lookup (replica->owners, key);
  }
  return *uid != '\0' ? uid : NULL;
}

static gint
system_flag (const gchar *flag)
{
  static const struct {
    const gchar *name;
    gint bit;
  } flags[] = {{"\\Answered", 1}, {"\\Flagged", 2}, {"\\Deleted", 4},
               {"\\Draft", 8},    {"\\Seen", 16},   {"\\Expunged", G_MININT32}};
  for (guint i = 0; i < G_N_ELEMENTS (flags); i++)
    if (g_ascii_strcasecmp (flags[i].name, flag) == 0)
      return flags[i].bit;
  return 0;
}

static void
add_record (LabRows *rows, LabRows *raws, const LabValue *record)
{
  gint flags = 0;
  LabRows keywords;
  lab_rows_init (&keywords, 1);
  const LabValue *list = lab_value_get (record, "FLAGS");
  for (guint i = 0; list != NULL && list->items != NULL && i < list->items->len; i++) {
    const LabValue *flag = list->items->pdata[i];
    gint bit = flag->text != NULL ? system_flag (flag->text) : 0;
    flags |= bit;
    if (bit == 0 && flag->text != NULL)
      lab_rows_add (&keywords, 0, flag->text);
  }
  g_string_append_c (keywords.columns[0], '}');
  lab_rows_add_number (rows, 0, lab_value_number (record, "UID"));
  lab_rows_add_number (rows, 1, lab_value_number (record, "MODSEQ"));
  lab_rows_add_number (rows, 2, lab_value_number (record, "LAST_UPDATED"));
  lab_rows_add_number (rows, 3, lab_value_number (record, "INTERNALDATE"));
  lab_rows_add_number (rows, 4, flags);
  lab_rows_add (rows, 5, lab_value_text (record, "GUID", ""));
  lab_rows_add (rows, 6, keywords.columns[0]->str);
  rows->n_rows++;
  lab_rows_clear (&keywords);
  g_autoptr (GString) raw = g_string_new (NULL);
  lab_value_print (record, raw);
  g_autofree gchar *hex = hex_bytea (raw->str, raw->len);
  lab_rows_add_number (raws, 0, lab_value_number (record, "UID"));
  lab_rows_add (raws, 1, hex);
  raws->n_rows++;
}

static gboolean
put_records (LabReplica *replica, LabDb *db, const gchar *id, const LabValue *records,
             const gchar *const *containers)
{
  LabRows rows, raws;
  gboolean ok = TRUE;
  lab_rows_init (&rows, 7);
  lab_rows_init (&raws, 2);
  for (guint i = 0; ok && i < records->items->len; i++) {
    add_record (&rows, &raws, records->items->pdata[i]);
    if (rows.n_rows < RECORD_SLICE && i + 1 < records->items->len)
      continue;
    if (containers != NULL)
      ok = lab_rows_call (&rows, db, "lab.put_records", 2, containers, NULL);
    ok = ok && lab_rows_call (&raws, db, "lab.put_raw", 1, &id, NULL);
  }
  lab_rows_clear (&rows);
  lab_rows_clear (&raws);
  return ok;
}

/* The folder's row; the ids of its subtree and of its records' container come back in ids. */
static gboolean
put_folder (LabDb *db, const gchar *domain, const gchar *owner, const gchar *folder,
            const gchar *id, const LabValue *value, gchar **ids)
{
  const gchar *parameters[] = {domain,
                               owner,
                               folder,
                               id,
                               lab_value_text (value, "LAST_UID", "0"),
                               lab_value_text (value, "HIGHESTMODSEQ", "0"),
                               lab_value_text (value, "RECENTUID", "0"),
                               lab_value_text (value, "RECENTTIME", "0"),
                               lab_value_text (value, "LAST_APPENDDATE", "0"),
                               lab_value_text (value, "POP3_LAST_LOGIN", "0"),
                               lab_value_text (value, "UIDVALIDITY", "0"),
                               lab_value_text (value, "ACL", ""),
                               lab_value_text (value, "OPTIONS", ""),
                               lab_value_text (value, "SYNC_CRC", "0"),
                               lab_value_text (value, "QUOTAROOT", NULL)};
  g_autoptr (PGresult) result =
      lab_db_exec (db, NULL,
                   "SELECT subtree, records FROM lab.put_folder($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,"
                   "$12,$13,$14,$15)",
                   G_N_ELEMENTS (parameters), parameters);
  if (result == NULL)
    return FALSE;
  ids[0] = g_strdup (PQgetvalue (result, 0, 0));
  ids[1] = g_strdup (PQgetvalue (result, 0, 1));
  return TRUE;
}

/* TRUE when the sender's idea of what we have is ours. A name that another folder had before is freed. */
static gboolean
same_base (LabDb *db, const gchar *id, const gchar *hex_name, const gchar *since)
{
  g_autoptr (PGresult) result = lab_db_exec (
      db, NULL, "SELECT sync_crc FROM lab.mailbox WHERE unique_id = $1", 1, (const gchar *[]){id});
  if (result == NULL || (since != NULL && PQntuples (result) > 0 &&
                         g_strcmp0 (PQgetvalue (result, 0, 0), since) != 0))
    return FALSE;
  g_autoptr (PGresult) freed =
      lab_db_exec (db, NULL,
                   "SELECT lab.drop_folder(unique_id) FROM lab.mailbox WHERE cyrus_name = $1::bytea"
                   " AND unique_id <> $2",
                   2, (const gchar *[]){hex_name, id});
  g_autoptr (PGresult) known =
      lab_db_exec (db, NULL,
                   "INSERT INTO lab.mailbox (unique_id, cyrus_name) VALUES ($1, $2::bytea)"
                   " ON CONFLICT (unique_id) DO UPDATE SET cyrus_name = excluded.cyrus_name",
                   2, (const gchar *[]){id, hex_name});
  return freed && known;
}

static gboolean
apply_mailbox (LabReplica *replica, const LabValue *value, GString *data, gchar **no)
{
  static const gchar *const not_echoed[] = {"RECORD", "SINCE_MODSEQ", "SINCE_CRC",
                                            "SINCE_CRC_ANNOT", NULL};
  const gchar *name = lab_value_text (value, "MBOXNAME", "");
  const gchar *id = lab_value_text (value, "UNIQUEID", "");
  const LabValue *records = lab_value_get (value, "RECORD");
  LabDb *db = shard_of_partition (replica, lab_value_text (value, "PARTITION", NULL));
  if (db == NULL)
    return TRUE;
  g_autofree gchar *hex_name = hex_bytea (name, strlen (name));
  if (!same_base (db, id, hex_name, lab_value_text (value, "SINCE_CRC", NULL)))
    return refuse (no, "IMAP_SYNC_CHECKSUM Checksum Failure");
  g_autofree gchar *domain = NULL, *login = NULL, *folder = NULL, *subtree = NULL,
                   *container = NULL;
  gchar *ids[2] = {NULL, NULL};
  const gchar *owner =
      lab_name_split (name, &domain, &login, &folder) ? owner_uid (replica, login, domain) : NULL;
  if (owner != NULL && !put_folder (db, domain, owner, folder, id, value, ids))
    return refuse (no, "IMAP_INTERNAL");
  subtree = ids[0];
  container = ids[1];
  g_auto (LabKnobs) knobs = {0};
  lab_core_get_knobs (replica->core, &knobs);
  if (knobs.records_delay_ms > 0 && records != NULL && records->items->len > 0)
    g_usleep ((gulong) knobs.records_delay_ms * 1000);
  const gchar *containers[] = {subtree, container};
  if (records != NULL && records->kind == LAB_LIST &&
      !put_records (replica, db, id, records, owner != NULL ? containers : NULL))
    return refuse (no, "IMAP_INTERNAL");
  g_autoptr (GString) echo = g_string_new (NULL);
  lab_value_print_map (value, not_echoed, echo);
  g_autofree gchar *hex = hex_bytea (echo->str, echo->len);
  return lab_db_run (db,
                     "UPDATE lab.mailbox SET attributes = $2::bytea, sync_crc = $3"
                     " WHERE unique_id = $1",
                     3, (const gchar *[]){id, hex, lab_value_text (value, "SYNC_CRC", "")}) ||
         refuse (no, "IMAP_INTERNAL");
}

/* The echoed MBOXNAME must change too, else sync_client repeats the RENAME for ever. */
static gboolean
rename_on (LabReplica *replica, LabDb *db, const LabValue *value)
{
  const gchar *from = lab_value_text (value, "OLDMBOXNAME", "");
  const gchar *to = lab_value_text (value, "NEWMBOXNAME", "");
  g_autofree gchar *hex_from = hex_bytea (from, strlen (from));
  g_autofree gchar *hex_to = hex_bytea (to, strlen (to));
  g_autofree gchar *domain = NULL, *login = NULL, *folder = NULL;
  const gchar *shown = lab_name_split (to, &domain, &login, &folder) ? folder : NULL;
  const gchar *quoted[] = {from, to};
  g_autofree gchar *old_key = NULL, *new_key = NULL;
  for (guint i = 0; i < 2; i++) {
    g_autoptr (GString) printed = g_string_new ("MBOXNAME ");
    LabValue atom = {LAB_ATOM, (gchar *) quoted[i], strlen (quoted[i]), NULL, NULL};
    lab_value_print (&atom, printed);
    *(i == 0 ? &old_key : &new_key) = hex_bytea (printed->str, printed->len);
  }
  g_autoptr (PGresult) result = lab_db_exec (
      db, NULL,
      "UPDATE lab.mailbox SET cyrus_name = $2::bytea, attributes = overlay(attributes PLACING"
      " $4::bytea FROM position($3::bytea IN attributes) FOR length($3::bytea))"
      " WHERE cyrus_name = $1::bytea RETURNING unique_id",
      4, (const gchar *[]){hex_from, hex_to, old_key, new_key});
  if (result == NULL || PQntuples (result) == 0)
    return FALSE;
  const gchar *id = PQgetvalue (result, 0, 0);
  if (shown == NULL) /* below DELETED: gone for every reader of the database */
    lab_db_run (db, "SELECT lab.drop_folder($1)", 1, &id);
  else
    lab_db_run (db, "SELECT lab.rename_folder($1, $2)", 2, (const gchar *[]){id, shown});
  return TRUE;
}

static gboolean
apply_rename (LabReplica *replica, const LabValue *value, GString *data, gchar **no)
{
  g_autoptr (GPtrArray) shards = all_shards (replica);
  for (guint i = 0; i < shards->len; i++)
    if (rename_on (replica, shards->pdata[i], value))
      return TRUE;
  return refuse (no, "IMAP_MAILBOX_NONEXISTENT No Such Mailbox");
}

static gboolean
apply_unmailbox (LabReplica *replica, const LabValue *value, GString *data, gchar **no)
{
  g_autoptr (GPtrArray) shards = all_shards (replica);
  g_autofree gchar *name = hex_bytea (value->text, value->length);
  for (guint i = 0; i < shards->len; i++)
    lab_db_run (shards->pdata[i],
                "SELECT lab.drop_folder(unique_id) FROM lab.mailbox WHERE cyrus_name = $1::bytea",
                1, (const gchar *[]){name});
  return TRUE;
}

/* What a mailbox does not need is received and forgotten: subscriptions, seen state, quota, sieve. */
static gboolean
ignore (LabReplica *replica, const LabValue *value, GString *data, gchar **no)
{
  return TRUE;
}

static const struct {
  const gchar *verb, *name;
  LabReplicaCommand handler;
} commands[] = {
    {"GET", "MAILBOXES", get_mailboxes},
    {"GET", "UNIQUEIDS", get_unique_ids},
    {"GET", "USER", get_user},
    {"GET", "FULLMAILBOX", get_full_mailbox},
    {"GET", "META", ignore},
    {"APPLY", "RESERVE", apply_reserve},
    {"APPLY", "MAILBOX", apply_mailbox},
    {"APPLY", "RENAME", apply_rename},
    {"APPLY", "UNMAILBOX", apply_unmailbox},
};

LabReplicaCommand
lab_replica_find_command (const gchar *verb, const gchar *name)
{
  for (guint i = 0; i < G_N_ELEMENTS (commands); i++)
    if (g_str_equal (commands[i].verb, verb) && g_str_equal (commands[i].name, name))
      return commands[i].handler;
  return ignore;
}
