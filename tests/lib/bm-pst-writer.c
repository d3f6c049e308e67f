/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Top layer of the PST writer: store, folders, messages ([MS-PST] 2.4). See the header. */
#include "bm-pst-writer.h"

#include "bm-pst-writer-columns.h"
#include "bm-pst-writer-ltp.h"
#include "bm-pst-writer-names.h"

#include <string.h>

/* Node types ([MS-PST] 2.2.2.1). */
enum {
  TYPE_FOLDER = 0x02,
  TYPE_SEARCH = 0x03,
  TYPE_MESSAGE = 0x04,
  TYPE_ATTACHMENT = 0x05,
  TYPE_SEARCH_QUEUE = 0x06,
  TYPE_SEARCH_CRITERIA = 0x07,
  TYPE_ASSOCIATED = 0x08,
  TYPE_HIERARCHY = 0x0D,
  TYPE_CONTENTS = 0x0E,
  TYPE_ASSOCIATED_CONTENTS = 0x0F,
  TYPE_SEARCH_CONTENTS = 0x10,
};

#define NID_NAMES            0x61
#define NID_RECEIVE_FOLDERS  0x62B
#define NID_OUTGOING_QUEUE   0x64C
#define NID_ATTACHMENT_TABLE 0x671
#define NID_RECIPIENT_TABLE  0x692
#define SIBLING(nid, type)   (((nid) & ~(guint32) 0x1F) | (type))

typedef struct {
  guint32 nid;
  guint32 parent;
  BmPstProps *props;
  GArray *rows;       /* of BmPstWriterRow: messages */
  GArray *associated; /* of BmPstWriterRow */
  guint messages;
  guint unread;
  guint hidden; /* associated messages */
} Folder;

struct _BmPstWriter {
  BmPstWriterNdb *ndb;
  BmPstWriterNames *names;
  GPtrArray *folders; /* of Folder, in the order they were made */
  GHashTable *by_nid; /* nid -> Folder, borrowed */
  BmPstProps *store;
  GArray *receive; /* of BmPstWriterRow */
  guint8 record_key[16];
  gboolean no_contents_tables;
  guint32 rgnid[32];
};

static void
row_clear (gpointer data)
{
  bm_pst_props_free (((BmPstWriterRow *) data)->props);
}

static GArray *
rows_new (void)
{
  GArray *rows = g_array_new (FALSE, FALSE, sizeof (BmPstWriterRow));

  g_array_set_clear_func (rows, row_clear);
  return rows;
}

static void
folder_free (gpointer data)
{
  Folder *folder = data;

  bm_pst_props_free (folder->props);
  g_array_unref (folder->rows);
  g_array_unref (folder->associated);
  g_free (folder);
}

static guint32
next_nid (BmPstWriter *writer, guint type)
{
  return writer->rgnid[type]++ << 5 | type;
}

static GArray *
subs_new (void)
{
  return g_array_new (FALSE, FALSE, sizeof (BmPstWriterSub));
}

static void
put_table (BmPstWriter *writer, guint32 nid, const guint32 *columns, const GArray *rows)
{
  g_autoptr (GArray) subs = subs_new ();
  const BmPstWriterRow *first =
      rows != NULL && rows->len > 0 ? &g_array_index (rows, BmPstWriterRow, 0) : NULL;
  guint64 data = bm_pst_writer_ltp_table (writer->ndb, columns, FALSE, first,
                                          first != NULL ? rows->len : 0, subs);

  bm_pst_writer_ndb_node (writer->ndb, nid, 0, data, bm_pst_writer_ndb_subs (writer->ndb, subs));
}

static void
put_props (BmPstWriter *writer, guint32 nid, guint32 parent, const BmPstProps *props)
{
  g_autoptr (GArray) subs = subs_new ();
  guint64 data = bm_pst_writer_ltp_properties (writer->ndb, props, NULL, 0, subs);

  bm_pst_writer_ndb_node (writer->ndb, nid, parent, data,
                          bm_pst_writer_ndb_subs (writer->ndb, subs));
}

static void
folder_new (BmPstWriter *writer, guint32 nid, guint32 parent, const gchar *name,
            const gchar *container_class, const BmPstProps *props)
{
  Folder *folder = g_new0 (Folder, 1);

  folder->nid = nid;
  folder->parent = parent;
  folder->props = bm_pst_props_copy (props);
  folder->rows = rows_new ();
  folder->associated = rows_new ();
  if (name != NULL)
    bm_pst_props_string (folder->props, 0x3001001F, name);
  if (container_class != NULL)
    bm_pst_props_string (folder->props, 0x3613001F, container_class);
  g_ptr_array_add (writer->folders, folder);
  g_hash_table_insert (writer->by_nid, GUINT_TO_POINTER (nid), folder);
}

void
bm_pst_writer_entry_id (BmPstWriter *writer, guint32 nid, guint8 entry_id[24])
{
  memset (entry_id, 0, 4);
  memcpy (entry_id + 4, writer->record_key, 16);
  bm_pst_writer_put (entry_id + 20, nid, 4);
}

static void
put_entry_id (BmPstWriter *writer, BmPstProps *props, guint32 tag, guint32 nid)
{
  guint8 entry_id[24];

  bm_pst_writer_entry_id (writer, nid, entry_id);
  bm_pst_props_binary (props, tag, entry_id, sizeof (entry_id));
}

/* [MS-PST] 2.4.3 */
static void
make_store (BmPstWriter *writer, const BmPstWriterOptions *options)
{
  BmPstProps *store = bm_pst_props_new ();

  writer->store = store;
  bm_pst_props_binary (store, 0x0FF90102, writer->record_key, 16);
  bm_pst_props_string (store, 0x3001001F,
                       options->store_name != NULL ? options->store_name : "Outlook Data File");
  bm_pst_props_binary (store, 0x0E340102, writer->record_key, 16);
  bm_pst_props_int32 (store, 0x0E380003, 0);
  bm_pst_props_int32 (store, 0x35DF0003, 0x89);
  put_entry_id (writer, store, 0x35E00102, BM_PST_NID_SUBTREE);
  put_entry_id (writer, store, 0x35E30102, BM_PST_NID_DELETED);
  put_entry_id (writer, store, 0x35E70102, BM_PST_NID_FINDER);
  bm_pst_props_bool (store, 0x6633000B, TRUE);
  bm_pst_props_int32 (store, 0x66FA0003, 0x000E000D);
  bm_pst_props_int32 (store, 0x67FF0003, (gint32) options->password_crc);
  folder_new (writer, BM_PST_NID_ROOT, BM_PST_NID_ROOT, "", NULL, NULL);
  folder_new (writer, BM_PST_NID_SUBTREE, BM_PST_NID_ROOT, "Top of Outlook data file", NULL, NULL);
  folder_new (writer, BM_PST_NID_FINDER, BM_PST_NID_ROOT, "Search Root", NULL, NULL);
  folder_new (writer, BM_PST_NID_DELETED, BM_PST_NID_SUBTREE, "Deleted Items", "IPF.Note", NULL);
}

BmPstWriter *
bm_pst_writer_new (const gchar *path, const BmPstWriterOptions *options, GError **error)
{
  static const guint8 record_key[16] = {0x22, 0x9D, 0xB5, 0x0A, 0xDC, 0xD9, 0x94, 0x43,
                                        0x85, 0xDE, 0x90, 0xAE, 0xB0, 0x7D, 0x12, 0x70};
  static const guint8 methods[] = {1, 0, 2};
  const BmPstWriterOptions defaults = {0};
  BmPstWriter *writer = NULL;
  BmPstWriterNdb *ndb = NULL;

  if (options == NULL)
    options = &defaults;
  ndb = bm_pst_writer_ndb_new (path, options->format == BM_PST_WRITE_ANSI, methods[options->crypt],
                               error);
  if (ndb == NULL)
    return NULL;
  writer = g_new0 (BmPstWriter, 1);
  writer->ndb = ndb;
  writer->names = bm_pst_writer_names_new ();
  writer->folders = g_ptr_array_new_with_free_func (folder_free);
  writer->by_nid = g_hash_table_new (NULL, NULL);
  writer->receive = rows_new ();
  writer->no_contents_tables = options->no_contents_tables;
  memcpy (writer->record_key, options->record_key != NULL ? options->record_key : record_key, 16);
  /* Where Outlook starts to count ([MS-PST] 2.2.2.6, rgnid). */
  for (guint i = 0; i < 32; i++)
    writer->rgnid[i] = 0x410;
  writer->rgnid[TYPE_SEARCH] = 0x4000;
  writer->rgnid[TYPE_MESSAGE] = 0x10000;
  writer->rgnid[TYPE_ASSOCIATED] = 0x8000;
  make_store (writer, options);
  return writer;
}

guint16
bm_pst_writer_named_lid (BmPstWriter *writer, const guint8 guid[16], guint32 lid)
{
  return bm_pst_writer_names_id (writer->names, guid, lid, NULL);
}

guint16
bm_pst_writer_named_string (BmPstWriter *writer, const guint8 guid[16], const gchar *name)
{
  return bm_pst_writer_names_id (writer->names, guid, 0, name);
}

guint32
bm_pst_writer_add_folder (BmPstWriter *writer, guint32 parent, const gchar *name,
                          const gchar *container_class, const BmPstProps *props)
{
  guint32 nid = next_nid (writer, TYPE_FOLDER);

  folder_new (writer, nid, parent != 0 ? parent : BM_PST_NID_SUBTREE, name, container_class, props);
  return nid;
}

guint32
bm_pst_writer_add_search_folder (BmPstWriter *writer, guint32 parent, const gchar *name)
{
  guint32 nid = next_nid (writer, TYPE_SEARCH);

  folder_new (writer, nid, parent != 0 ? parent : BM_PST_NID_FINDER, name, NULL, NULL);
  return nid;
}

BmPstProps *
bm_pst_writer_node_props (BmPstWriter *writer, guint32 nid)
{
  Folder *folder = g_hash_table_lookup (writer->by_nid, GUINT_TO_POINTER (nid));

  if (nid == BM_PST_NID_STORE)
    return writer->store;
  return folder != NULL ? folder->props : NULL;
}

void
bm_pst_writer_receive_folder (BmPstWriter *writer, guint32 nid)
{
  static const gchar *classes[] = {"", "IPM", "IPM.Note"};

  for (guint i = 0; i < G_N_ELEMENTS (classes); i++) {
    BmPstWriterRow row = {writer->receive->len + 1, bm_pst_props_new ()};

    bm_pst_props_string (row.props, 0x001A001F, classes[i]);
    bm_pst_props_int32 (row.props, 0x66050003, (gint32) nid);
    g_array_append_val (writer->receive, row);
  }
}

/* What a message or an attachment became. */
typedef struct {
  guint64 data;
  guint64 sub;
  guint64 size; /* bytes of its values */
} Written;

static guint64
props_size (const BmPstProps *props)
{
  guint64 total = 0;

  for (guint i = 0; i < bm_pst_props_length (props); i++) {
    guint32 tag = 0;
    gsize size = 0;

    bm_pst_props_nth (props, i, &tag, &size);
    total += size + 8;
  }
  return total;
}

static void
default_int32 (BmPstProps *props, guint32 tag, guint32 value)
{
  if (bm_pst_props_find (props, tag >> 16, 0, NULL) == NULL)
    bm_pst_props_int32 (props, tag, (gint32) value);
}

static void put_message (BmPstWriter *writer, const BmPstMessage *message, guint32 nid,
                         BmPstProps **row, Written *written);

/* The content of an attachment as a sub-node of it. */
static gboolean
put_content (BmPstWriter *writer, const BmPstAttachment *attachment, GArray *subs,
             BmPstWriterRef *ref)
{
  BmPstWriterSub sub = {next_nid (writer, 0x1F), 0, 0};
  guint64 size = attachment->size;

  ref->tag = 0x37010102;
  if (attachment->embedded != NULL) {
    Written inner = {0};

    sub.nid =
        attachment->embedded_nid != 0 ? attachment->embedded_nid : next_nid (writer, TYPE_MESSAGE);
    ref->tag = 0x3701000D;
    put_message (writer, attachment->embedded, sub.nid, NULL, &inner);
    sub.data = inner.data;
    sub.sub = inner.sub;
    size = inner.size;
  } else if (attachment->read != NULL)
    sub.data =
        bm_pst_writer_ndb_stream (writer->ndb, attachment->read, attachment->user_data, &size);
  else if (attachment->data != NULL)
    sub.data = bm_pst_writer_ndb_data (writer->ndb, attachment->data, attachment->size);
  else
    return FALSE;
  if (sub.data != 0)
    g_array_append_val (subs, sub);
  ref->nid = sub.data != 0 ? sub.nid : 0;
  ref->size = (guint32) MIN (size, G_MAXUINT32);
  return TRUE;
}

/* [MS-PST] 2.4.6.2 */
static Written
put_attachment (BmPstWriter *writer, const BmPstAttachment *attachment, guint number,
                BmPstProps **row)
{
  g_autoptr (GArray) subs = subs_new ();
  g_autoptr (BmPstProps) props = bm_pst_props_copy (attachment->props);
  BmPstWriterRef ref = {0};
  gboolean content = FALSE;
  Written written = {0};

  if (attachment->data != NULL && attachment->size <= 2048)
    bm_pst_props_binary (props, 0x37010102, attachment->data, attachment->size);
  else
    content = put_content (writer, attachment, subs, &ref);
  written.size = props_size (props) + (content ? ref.size : 0);
  default_int32 (props, 0x37050003, attachment->embedded != NULL ? 5 : 1);
  default_int32 (props, 0x0E200003, (guint32) MIN (written.size + 48, G_MAXINT32));
  default_int32 (props, 0x0E210003, number);
  default_int32 (props, 0x370B0003, 0xFFFFFFFF);
  written.data = bm_pst_writer_ltp_properties (writer->ndb, props, &ref, content ? 1 : 0, subs);
  written.sub = bm_pst_writer_ndb_subs (writer->ndb, subs);
  *row = g_steal_pointer (&props);
  return written;
}

static guint64
put_attachments (BmPstWriter *writer, const BmPstMessage *message, GArray *subs)
{
  g_autoptr (GArray) rows = rows_new ();
  g_autoptr (GArray) table_subs = subs_new ();
  BmPstWriterSub table = {NID_ATTACHMENT_TABLE, 0, 0};
  guint64 size = 0;

  for (gsize i = 0; i < message->n_attachments; i++) {
    BmPstWriterRow row = {(0x401 + (guint32) i) << 5 | TYPE_ATTACHMENT, NULL};
    Written one = put_attachment (writer, &message->attachments[i], (guint) i, &row.props);
    BmPstWriterSub sub = {row.id, one.data, one.sub};

    g_array_append_val (rows, row);
    g_array_append_val (subs, sub);
    size += one.size;
  }
  if (rows->len == 0)
    return 0;
  table.data =
      bm_pst_writer_ltp_table (writer->ndb, bm_pst_writer_columns_attachment, FALSE,
                               &g_array_index (rows, BmPstWriterRow, 0), rows->len, table_subs);
  table.sub = bm_pst_writer_ndb_subs (writer->ndb, table_subs);
  g_array_append_val (subs, table);
  return size;
}

static void
put_recipients (BmPstWriter *writer, const BmPstMessage *message, GArray *subs)
{
  g_autofree BmPstWriterRow *rows = g_new0 (BmPstWriterRow, message->n_recipients + 1);
  g_autoptr (GArray) table_subs = subs_new ();
  BmPstWriterSub table = {NID_RECIPIENT_TABLE, 0, 0};

  for (gsize i = 0; i < message->n_recipients; i++)
    rows[i] = (BmPstWriterRow){(guint32) i, (BmPstProps *) message->recipients[i]};
  table.data = bm_pst_writer_ltp_table (writer->ndb, bm_pst_writer_columns_recipient, TRUE, rows,
                                        (guint) message->n_recipients, table_subs);
  table.sub = bm_pst_writer_ndb_subs (writer->ndb, table_subs);
  g_array_append_val (subs, table);
}

static void
add_defaults (BmPstWriter *writer, BmPstProps *props, const BmPstMessage *message, guint32 nid,
              guint64 size)
{
  if (bm_pst_props_find (props, 0x001A, 0, NULL) == NULL)
    bm_pst_props_string (props, 0x001A001F, "IPM.Note");
  if (bm_pst_props_find (props, 0x300B, 0, NULL) == NULL) {
    g_autoptr (GChecksum) sum = g_checksum_new (G_CHECKSUM_MD5);
    guint8 bytes[16];
    gsize length = sizeof (bytes);

    bm_pst_writer_put (bytes, nid, 4);
    g_checksum_update (sum, writer->record_key, 16);
    g_checksum_update (sum, bytes, 4);
    g_checksum_get_digest (sum, bytes, &length);
    bm_pst_props_binary (props, 0x300B0102, bytes, length);
  }
  default_int32 (props, 0x0E070003,
                 1 | (message->n_attachments > 0 ? 0x10 : 0) | (message->associated ? 0x40 : 0));
  default_int32 (props, 0x0E080003, (guint32) MIN (size, G_MAXINT32));
  default_int32 (props, 0x0E170003, 0);
  if (bm_pst_props_find (props, 0x0E1B, 0, NULL) == NULL)
    bm_pst_props_bool (props, 0x0E1B000B, message->n_attachments > 0);
}

/* [MS-PST] 2.4.5. row: the properties written, when not NULL. */
static void
put_message (BmPstWriter *writer, const BmPstMessage *message, guint32 nid, BmPstProps **row,
             Written *written)
{
  g_autoptr (GArray) subs = subs_new ();
  g_autoptr (BmPstProps) props = bm_pst_props_copy (message->props);

  if (!message->no_recipient_table)
    put_recipients (writer, message, subs);
  written->size = props_size (props) + put_attachments (writer, message, subs);
  if (!message->bare)
    add_defaults (writer, props, message, nid, written->size);
  written->data = bm_pst_writer_ltp_properties (writer->ndb, props, NULL, 0, subs);
  written->sub = bm_pst_writer_ndb_subs (writer->ndb, subs);
  if (row != NULL)
    *row = g_steal_pointer (&props);
}

/* The properties of a message that are columns of its folder's table. */
static BmPstProps *
make_row (const BmPstProps *props, const guint32 *columns)
{
  BmPstProps *row = bm_pst_props_new ();

  for (; *columns != 0; columns++) {
    gsize size = 0;
    const guint8 *data = bm_pst_props_find (props, *columns >> 16, *columns & 0xFFFF, &size);

    if (data != NULL)
      bm_pst_props_raw (row, *columns, data, MIN (size, 510));
  }
  return row;
}

guint32
bm_pst_writer_add_message (BmPstWriter *writer, guint32 nid_folder, const BmPstMessage *message)
{
  Folder *folder = g_hash_table_lookup (writer->by_nid, GUINT_TO_POINTER (nid_folder));
  guint32 nid = next_nid (writer, message->associated ? TYPE_ASSOCIATED : TYPE_MESSAGE);
  g_autoptr (BmPstProps) props = NULL;
  const guint8 *flags = NULL;
  Written written = {0};

  g_return_val_if_fail (folder != NULL, 0);
  put_message (writer, message, nid, &props, &written);
  bm_pst_writer_ndb_node (writer->ndb, nid, nid_folder, written.data, written.sub);
  flags = bm_pst_props_find (props, 0x0E07, 3, NULL);
  if (message->associated)
    folder->hidden++;
  else {
    folder->messages++;
    folder->unread += flags == NULL || (flags[0] & 1) == 0;
  }
  if (!writer->no_contents_tables) {
    BmPstWriterRow row = {nid,
                          make_row (props, message->associated ? bm_pst_writer_columns_associated
                                                               : bm_pst_writer_columns_contents)};

    g_array_append_val (message->associated ? folder->associated : folder->rows, row);
  }
  return nid;
}

/* Rows of the hierarchy table: the folders below, with what the tree shows of them. */
static GArray *
children_of (BmPstWriter *writer, const Folder *parent, GHashTable *children)
{
  GArray *rows = rows_new ();
  GPtrArray *list = g_hash_table_lookup (children, GUINT_TO_POINTER (parent->nid));

  for (guint i = 0; list != NULL && i < list->len; i++) {
    const Folder *folder = g_ptr_array_index (list, i);
    BmPstWriterRow row = {folder->nid, make_row (folder->props, bm_pst_writer_columns_hierarchy)};

    g_array_append_val (rows, row);
  }
  return rows;
}

static void
put_search_folder (BmPstWriter *writer, const Folder *folder)
{
  g_autoptr (BmPstProps) criteria = bm_pst_props_new ();

  bm_pst_props_int32 (criteria, 0x660B0003, 0);
  put_props (writer, folder->nid, folder->parent, folder->props);
  bm_pst_writer_ndb_node (writer->ndb, SIBLING (folder->nid, TYPE_SEARCH_QUEUE), 0, 0, 0);
  put_props (writer, SIBLING (folder->nid, TYPE_SEARCH_CRITERIA), 0, criteria);
  put_table (writer, SIBLING (folder->nid, TYPE_SEARCH_CONTENTS), bm_pst_writer_columns_search,
             NULL);
}

static void
put_folder (BmPstWriter *writer, const Folder *folder, GHashTable *children)
{
  g_autoptr (GArray) rows = children_of (writer, folder, children);

  put_props (writer, folder->nid, folder->parent, folder->props);
  put_table (writer, SIBLING (folder->nid, TYPE_HIERARCHY), bm_pst_writer_columns_hierarchy, rows);
  put_table (writer, SIBLING (folder->nid, TYPE_CONTENTS), bm_pst_writer_columns_contents,
             folder->rows);
  put_table (writer, SIBLING (folder->nid, TYPE_ASSOCIATED_CONTENTS),
             bm_pst_writer_columns_associated, folder->associated);
}

static void
put_folders (BmPstWriter *writer)
{
  g_autoptr (GHashTable) children =
      g_hash_table_new_full (NULL, NULL, NULL, (GDestroyNotify) g_ptr_array_unref);

  for (guint i = 0; i < writer->folders->len; i++) {
    const Folder *folder = g_ptr_array_index (writer->folders, i);
    GPtrArray *list = g_hash_table_lookup (children, GUINT_TO_POINTER (folder->parent));

    if (folder->nid == folder->parent)
      continue;
    if (list == NULL) {
      list = g_ptr_array_new ();
      g_hash_table_insert (children, GUINT_TO_POINTER (folder->parent), list);
    }
    g_ptr_array_add (list, (gpointer) folder);
  }
  for (guint i = 0; i < writer->folders->len; i++) {
    Folder *folder = g_ptr_array_index (writer->folders, i);
    gpointer key = GUINT_TO_POINTER (folder->nid);

    default_int32 (folder->props, 0x36020003, folder->messages);
    default_int32 (folder->props, 0x36030003, folder->unread);
    default_int32 (folder->props, 0x66350003, folder->hidden);
    bm_pst_props_bool (folder->props, 0x360A000B, g_hash_table_contains (children, key));
  }
  for (guint i = 0; i < writer->folders->len; i++) {
    const Folder *folder = g_ptr_array_index (writer->folders, i);

    if ((folder->nid & 0x1F) == TYPE_SEARCH)
      put_search_folder (writer, folder);
    else
      put_folder (writer, folder, children);
  }
}

/* Nodes that every file has ([MS-PST] 2.7.1). */
static void
put_fixed_nodes (BmPstWriter *writer)
{
  g_autoptr (BmPstProps) names = bm_pst_writer_names_props (writer->names);

  put_props (writer, BM_PST_NID_STORE, 0, writer->store);
  put_props (writer, NID_NAMES, 0, names);
  bm_pst_writer_ndb_node (writer->ndb, 0x1E1, 0, 0, 0); /* search management queue */
  bm_pst_writer_ndb_node (writer->ndb, 0x201, 0, 0, 0); /* search activity list */
  put_table (writer, 0x60D, bm_pst_writer_columns_hierarchy, NULL);
  put_table (writer, 0x60E, bm_pst_writer_columns_contents, NULL);
  put_table (writer, 0x60F, bm_pst_writer_columns_associated, NULL);
  put_table (writer, 0x610, bm_pst_writer_columns_search, NULL);
  put_table (writer, NID_RECEIVE_FOLDERS, bm_pst_writer_columns_receive, writer->receive);
  put_table (writer, NID_OUTGOING_QUEUE, bm_pst_writer_columns_outgoing, NULL);
  put_table (writer, NID_ATTACHMENT_TABLE, bm_pst_writer_columns_attachment, NULL);
  put_table (writer, NID_RECIPIENT_TABLE, bm_pst_writer_columns_recipient, NULL);
}

gboolean
bm_pst_writer_close (BmPstWriter *writer, GError **error)
{
  gboolean ok = FALSE;

  put_folders (writer);
  put_fixed_nodes (writer);
  ok = bm_pst_writer_ndb_close (writer->ndb, writer->rgnid, error);
  g_ptr_array_unref (writer->folders);
  g_hash_table_unref (writer->by_nid);
  g_array_unref (writer->receive);
  bm_pst_props_free (writer->store);
  bm_pst_writer_names_free (writer->names);
  g_free (writer);
  return ok;
}
