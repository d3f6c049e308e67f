/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* See lab-box5.h. The order within an append is that of BlueMind's MailApiConnection.append. */
#include "lab-box5.h"

#include <string.h>

/* BlueMind keeps the first date of the same bytes for ten minutes: a second append of them gets it too. */
enum { FIRST_DATE_SECONDS = 600 };

typedef struct {
  gint64 internal, seen;
} FirstDate;

static GMutex dates_lock;
static GHashTable *first_dates; /* guid -> FirstDate */

static const gchar *const default_folders[] = {"INBOX", "Sent",   "Drafts",    "Trash",
                                               "Junk",  "Outbox", "Templates", NULL};
static const gchar *const virtual_roots[] = {"Autres utilisateurs", "Dossiers partagés", NULL};

static gboolean
put_folder (LabDb *db, const gchar *domain, const gchar *owner, const gchar *name, GError **error)
{
  g_autofree gchar *seed = g_strconcat (owner, "#", name, NULL);
  g_autofree gchar *id = g_compute_checksum_for_string (G_CHECKSUM_MD5, seed, -1);
  g_autoptr (PGresult) result = lab_db_exec (
      db, error, "SELECT lab.put_folder($1, $2, $3, $4, 0, 1, 0, 0, 0, 0, NULL, $2, 'P', 0, NULL)",
      4, (const gchar *[]){domain, owner, name, id});
  return result != NULL;
}

gboolean
lab_box_make_all (LabStore *store, GError **error)
{
  g_autoptr (PGresult) rows =
      lab_db_exec (lab_store_directory (store), error,
                   "SELECT domain_uid, entry_uid, server FROM lab.mailboxes", 0, NULL);
  for (int i = 0; rows != NULL && i < PQntuples (rows); i++) {
    LabDb *db = lab_store_shard (store, PQgetvalue (rows, i, 2));
    for (guint f = 0; db != NULL && default_folders[f] != NULL; f++)
      if (!put_folder (db, PQgetvalue (rows, i, 0), PQgetvalue (rows, i, 1), default_folders[f],
                       error))
        return FALSE;
  }
  return rows != NULL;
}

LabBox *
lab_box_open (LabCore *core, LabUser *user, const gchar *spool)
{
  LabBox *box = g_new0 (LabBox, 1);
  box->core = core;
  box->user = user;
  box->spool = spool;
  box->db = lab_store_open_shard (lab_core_store (core), user->server);
  return box;
}

void
lab_box_close (LabBox *box)
{
  if (box == NULL)
    return;
  lab_db_free (box->db);
  lab_user_free (box->user);
  g_free (box);
}

void
lab_box_folder_free (LabBoxFolder *folder)
{
  g_free (folder->name);
  g_free (folder->id);
  g_free (folder->subtree);
  g_free (folder->records);
  g_free (folder);
}

static void
free_message (gpointer data)
{
  LabBoxMessage *message = data;
  g_free (message->guid);
  g_free (message->keywords);
  g_free (message);
}

static gint64
number (PGresult *rows, int row, int column)
{
  return g_ascii_strtoll (PQgetvalue (rows, row, column), NULL, 10);
}

/* All folders, or the one of this name. */
static GPtrArray *
query_folders (LabBox *box, const gchar *name)
{
  GPtrArray *folders = g_ptr_array_new_with_free_func ((GDestroyNotify) lab_box_folder_free);
  g_autoptr (PGresult) rows = lab_db_exec (
      box->db, NULL,
      "SELECT m.name, m.unique_id, m.container_id, c.id, m.uid_validity, m.last_uid, count(r.*),"
      " count(r.*) FILTER (WHERE r.system_flags & 16 = 0)"
      " FROM t_container s JOIN t_mailbox_replica m ON m.container_id = s.id"
      " JOIN t_container c ON c.uid = 'mbox_records_' || m.unique_id"
      " LEFT JOIN t_mailbox_record r ON r.subtree_id = s.id AND r.container_id = c.id"
      " AND r.system_flags >= 0"
      " WHERE s.uid = lab.subtree_uid($1, $2) AND ($3::text IS NULL OR m.name = $3)"
      " GROUP BY m.item_id, m.name, m.unique_id, m.container_id, c.id, m.uid_validity, m.last_uid"
      " ORDER BY m.name <> 'INBOX', m.name COLLATE \"C\"",
      3, (const gchar *[]){box->user->domain, box->user->uid, name});
  for (int i = 0; rows != NULL && i < PQntuples (rows); i++) {
    LabBoxFolder *folder = g_new0 (LabBoxFolder, 1);
    folder->name = g_strdup (PQgetvalue (rows, i, 0));
    folder->id = g_strdup (PQgetvalue (rows, i, 1));
    folder->subtree = g_strdup (PQgetvalue (rows, i, 2));
    folder->records = g_strdup (PQgetvalue (rows, i, 3));
    folder->uid_validity = number (rows, i, 4);
    folder->last_uid = number (rows, i, 5);
    folder->exists = number (rows, i, 6);
    folder->unseen = number (rows, i, 7);
    g_ptr_array_add (folders, folder);
  }
  return folders;
}

LabBoxFolder *
lab_box_find (LabBox *box, const gchar *name)
{
  g_autoptr (GPtrArray) found = query_folders (box, name);
  return found->len > 0 ? g_ptr_array_steal_index (found, 0) : NULL;
}

GPtrArray *
lab_box_list (LabBox *box)
{
  return query_folders (box, NULL);
}

static gboolean
refuse (gchar **no, gchar *words)
{
  *no = words;
  return FALSE;
}

static gboolean
is_protected (const gchar *name)
{
  return g_strv_contains (default_folders, name);
}

/* BlueMind's MailboxNameValidator, and the parent must be there. */
static gboolean
may_be_named (LabBox *box, const gchar *name, gchar **no)
{
  g_auto (GStrv) parts = g_strsplit (name, "/", -1);
  if (parts[0] == NULL || g_strv_contains (virtual_roots, parts[0]))
    return refuse (no, g_strdup ("create failed, virtual root"));
  for (const gchar *p = name; *p != '\0'; p++)
    if ((guchar) *p < ' ' || *p == 0x7f || *p == '"')
      return refuse (no, g_strdup ("unknown error: forbidden character in folder name"));
  const gchar *slash = strrchr (name, '/');
  g_autofree gchar *parent = slash != NULL ? g_strndup (name, (gsize) (slash - name)) : NULL;
  g_autoptr (LabBoxFolder) above = parent != NULL ? lab_box_find (box, parent) : NULL;
  if (parent != NULL && above == NULL)
    return refuse (no,
                   g_strdup_printf ("unknown error: Invalid folder: parent of %s (%s) not found",
                                    name, parent));
  return TRUE;
}

gboolean
lab_box_create (LabBox *box, const gchar *name, gchar **no)
{
  g_autofree gchar *clean = g_strdelimit (g_strdup (name), "^", '.');
  g_autoptr (LabBoxFolder) there = lab_box_find (box, clean);
  if (there != NULL)
    return refuse (no, g_strdup ("create failed, already exists"));
  if (!may_be_named (box, clean, no))
    return FALSE;
  return put_folder (box->db, box->user->domain, box->user->uid, clean, NULL) ||
         refuse (no, g_strdup ("unknown error: sql"));
}

gboolean
lab_box_remove (LabBox *box, const gchar *name, gchar **no)
{
  g_autoptr (LabBoxFolder) folder = lab_box_find (box, name);
  if (folder == NULL || is_protected (name))
    return refuse (no, g_strdup ("delete failed"));
  return lab_db_run (box->db, "SELECT lab.drop_folder($1)", 1, (const gchar *[]){folder->id}) ||
         refuse (no, g_strdup ("unknown error: sql"));
}

gboolean
lab_box_rename (LabBox *box, const gchar *from, const gchar *to, gchar **no)
{
  g_autoptr (GPtrArray) folders = lab_box_list (box);
  g_autofree gchar *below = g_strconcat (from, "/", NULL);
  g_autoptr (LabBoxFolder) there = lab_box_find (box, to);
  if (there != NULL || is_protected (from))
    return refuse (no, g_strdup ("rename failed"));
  if (!may_be_named (box, to, no))
    return FALSE;
  gboolean moved = FALSE;
  for (guint i = 0; i < folders->len; i++) {
    LabBoxFolder *folder = folders->pdata[i];
    if (!g_str_equal (folder->name, from) && !g_str_has_prefix (folder->name, below))
      continue;
    g_autofree gchar *name = g_strconcat (to, folder->name + strlen (from), NULL);
    moved = lab_db_run (box->db, "SELECT lab.rename_folder($1, $2)", 2,
                        (const gchar *[]){folder->id, name});
  }
  return moved || refuse (no, g_strdup ("rename failed"));
}

GPtrArray *
lab_box_messages (LabBox *box, const LabBoxFolder *folder)
{
  GPtrArray *messages = g_ptr_array_new_with_free_func (free_message);
  g_autoptr (PGresult) rows = lab_db_exec (
      box->db, NULL,
      "SELECT imap_uid, extract(epoch FROM internal_date)::int8, system_flags,"
      " encode(message_body_guid, 'hex'), array_to_string(other_flags, ' '), coalesce(b.size, 0)"
      " FROM t_mailbox_record r LEFT JOIN t_message_body b ON b.guid = r.message_body_guid"
      " WHERE r.subtree_id = $1 AND r.container_id = $2 AND r.system_flags >= 0 ORDER BY imap_uid",
      2, (const gchar *[]){folder->subtree, folder->records});
  for (int i = 0; rows != NULL && i < PQntuples (rows); i++) {
    LabBoxMessage *message = g_new0 (LabBoxMessage, 1);
    message->uid = number (rows, i, 0);
    message->internal = number (rows, i, 1);
    message->flags = (guint) number (rows, i, 2);
    message->guid = g_strdup (PQgetvalue (rows, i, 3));
    message->keywords = g_strdup (PQgetvalue (rows, i, 4));
    message->size = (gint) number (rows, i, 5);
    g_ptr_array_add (messages, message);
  }
  return messages;
}

static gint64
first_date (const gchar *guid, gint64 internal)
{
  g_autoptr (GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new (&dates_lock);
  gint64 now = g_get_real_time () / G_USEC_PER_SEC;
  if (first_dates == NULL)
    first_dates = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  FirstDate *known = g_hash_table_lookup (first_dates, guid);
  if (known != NULL && now - known->seen <= FIRST_DATE_SECONDS)
    return known->internal;
  known = g_new0 (FirstDate, 1);
  known->internal = internal >= 0 ? internal : now;
  known->seen = now;
  g_hash_table_insert (first_dates, g_strdup (guid), known);
  return known->internal;
}

gint64
lab_box_used_kib (LabBox *box)
{
  g_auto (LabKnobs) knobs = {0};
  lab_core_get_knobs (box->core, &knobs);
  if (knobs.quota_used_kib >= 0)
    return knobs.quota_used_kib;
  g_autoptr (PGresult) sum = lab_db_exec (box->db, NULL, "SELECT lab.used_bytes($1, $2) / 1024", 2,
                                          (const gchar *[]){box->user->domain, box->user->uid});
  return sum != NULL ? number (sum, 0, 0) : 0;
}

/* The next uid of the folder; 0 when there is none. */
static gint64
take_uid (LabBox *box, const LabBoxFolder *folder)
{
  g_autoptr (PGresult) row = lab_db_exec (
      box->db, NULL,
      "UPDATE t_mailbox_replica SET last_uid = last_uid + 1, highest_mod_seq = highest_mod_seq + 1,"
      " last_append_date = now() WHERE container_id = $1 AND unique_id = $2 RETURNING last_uid",
      2, (const gchar *[]){folder->subtree, folder->id});
  return row != NULL && PQntuples (row) > 0 ? number (row, 0, 0) : 0;
}

static gboolean
write_rows (LabBox *box, const LabBoxFolder *folder, gint64 uid, const gchar *guid, GBytes *bytes,
            guint flags, const gchar *keywords, gint64 internal)
{
  gsize size = 0;
  const guint8 *data = g_bytes_get_data (bytes, &size);
  g_autofree gchar *path = g_build_filename (box->spool, guid, NULL);
  LabRows body, record;
  lab_rows_init (&body, 7);
  lab_store_add_body (&body, guid, data, size, internal);
  gboolean ok = g_file_set_contents (path, (const gchar *) data, (gssize) size, NULL) &&
                lab_rows_call (&body, box->db, "lab.put_bodies", 0, NULL, NULL);
  lab_rows_clear (&body);
  lab_rows_init (&record, 7);
  lab_rows_add_number (&record, 0, uid);
  lab_rows_add_number (&record, 1, 0);
  lab_rows_add_number (&record, 2, internal);
  lab_rows_add_number (&record, 3, internal);
  lab_rows_add_number (&record, 4, (gint) flags);
  lab_rows_add (&record, 5, guid);
  lab_rows_add (&record, 6, keywords);
  record.n_rows = 1;
  ok = ok && lab_rows_call (&record, box->db, "lab.put_records", 2,
                            (const gchar *[]){folder->subtree, folder->records}, NULL);
  lab_rows_clear (&record);
  return ok;
}

LabBoxResult
lab_box_append (LabBox *box, const gchar *name, GBytes *bytes, guint flags, const gchar *keywords,
                gint64 internal, gchar **guid, gint64 *validity, gint64 *uid)
{
  gsize size = 0;
  const guint8 *data = g_bytes_get_data (bytes, &size);
  g_auto (LabKnobs) knobs = {0};
  lab_core_get_knobs (box->core, &knobs);
  g_autoptr (LabBoxFolder) folder = lab_box_find (box, name);
  if (folder == NULL || size == 0)
    return LAB_BOX_REJECTED;
  gint quota = g_str_equal (box->user->routing, "none") ? 1 : box->user->quota_kib;
  if (quota >= 0 && lab_box_used_kib (box) + (gint64) (size / 1024) > quota)
    return LAB_BOX_OVER_QUOTA;
  *uid = take_uid (box, folder);
  *validity = folder->uid_validity;
  if (knobs.delay_ms > 0)
    g_usleep ((gulong) knobs.delay_ms * 1000);
  /* A body that cannot be parsed ends the append with an exception, and the uid is lost. */
  if (*uid == 0 || knobs.refuse || lab_core_drops (box->core, data, size))
    return LAB_BOX_FAILED;
  *guid = g_compute_checksum_for_data (G_CHECKSUM_SHA1, data, size);
  return write_rows (box, folder, *uid, *guid, bytes, flags, keywords, first_date (*guid, internal))
             ? LAB_BOX_OK
             : LAB_BOX_FAILED;
}

void
lab_box_set_flags (LabBox *box, const LabBoxFolder *folder, gint64 uid, guint flags)
{
  g_autofree gchar *uid_text = g_strdup_printf ("%" G_GINT64_FORMAT, uid);
  g_autofree gchar *flag_text = g_strdup_printf ("%d", (gint) flags);
  lab_db_run (box->db,
              "UPDATE t_mailbox_record SET system_flags = $4, last_updated = now()"
              " WHERE subtree_id = $1 AND container_id = $2 AND imap_uid = $3",
              4, (const gchar *[]){folder->subtree, folder->records, uid_text, flag_text});
}

GBytes *
lab_box_bytes (LabBox *box, const gchar *guid)
{
  g_autofree gchar *path = g_build_filename (box->spool, guid, NULL);
  gchar *contents = NULL;
  gsize size = 0;
  return g_file_get_contents (path, &contents, &size, NULL) ? g_bytes_new_take (contents, size)
                                                            : NULL;
}
