/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Folders: read through windows of their own, then placed. The tree is the one of the node B-tree's
 * parents; tables are not needed, so a broken table loses nothing. A folder whose own node is lost,
 * or whose way up is broken, is put at the top: what it holds must not pass for something outside
 * the user's folders. Well-known folders are found by entry id, then by the receive-folder table,
 * then by name. One thread. */
#include "pst/bm-pst-folders.h"

#include "base/bm-le.h"
#include "pst/bm-pst-remains.h"
#include "pst/bm-pst-salvage.h"
#include <string.h>

#define FOLDERS_PER_WINDOW 200
#define DEPTH_MAX          64
#define DAMAGED_NAMED      20      /* broken folders with a warning of their own */
#define OST_SUBTREE        0x2142u /* IPM_SUBTREE of every OST seen, pst-to-mime 3.1 */
#define OST_INBOX          0x2182u

#define TAG_RECORD_KEY      0x0ff9
#define TAG_DISPLAY_NAME    0x3001
#define TAG_CONTAINER_CLASS 0x3613
#define TAG_SUBTREE         0x35e0
#define TAG_OUTBOX          0x35e2
#define TAG_WASTEBASKET     0x35e3
#define TAG_SENT            0x35e4
#define TAG_DRAFTS          0x36d7
#define TAG_ADDITIONAL      0x36d8 /* conflicts, sync issues, local, server failures, junk */
#define TAG_HIDDEN          0x10f4
#define TAG_PASSWORD        0x67ff

typedef struct {
  BmFolder *folder;
  gboolean hidden, holds_messages;
} Entry;

typedef struct {
  BmPst *pst;
  BmCensus *census;
  GHashTable *by_nid; /* nid -> Entry (owned) */
  guint32 subtree;
  GHashTable *tops; /* nids: the subtree and the wrapper folders in it, which no path names */
  guint32 inbox;    /* by receive-folder table or OST */
  guint32 roles[BM_ROLE_LAST];
  guint32 sync_issues[4];
  guint damaged; /* lost or unreadable */
} Folders;

static void warn (BmCensus *census, const gchar *format, ...) G_GNUC_PRINTF (2, 3);

static void
warn (BmCensus *census, const gchar *format, ...)
{
  va_list args;
  va_start (args, format);
  g_ptr_array_add (census->warnings, g_strdup_vprintf (format, args));
  va_end (args);
}

/* The nid at the end of a 24-byte entry id, [MS-PST] 2.4.3.2; 0 when it is none. */
static guint32
nid_of_entry_id (GBytes *bytes)
{
  gsize size = 0;
  const guint8 *data = bytes != NULL ? g_bytes_get_data (bytes, &size) : NULL;
  return size >= 24 ? bm_le32 (data + 20) : 0;
}

/* What libpff refuses goes the salvage path. window NULL: libpff opens none. */
static BmProps *
read_props (Folders *folders, BmPstWindow *window, guint32 nid, BmNotes *notes)
{
  BmPst *pst = folders->pst;
  BmPstStrings strings = bm_pst_file_strings (pst, notes);
  libpff_item_t *item = window != NULL ? bm_pst_window_item (window, nid, NULL) : NULL;
  BmProps *props = item != NULL ? bm_pst_props_of_item (item, &strings, FALSE, NULL) : NULL;
  if (item != NULL)
    libpff_item_free (&item, NULL);
  return props != NULL ? props : bm_pst_salvage_props (pst, nid, notes);
}

/* What the folder above lists of a folder that cannot be read: its name. */
static BmProps *
read_listed (Folders *folders, const BmPstNode *node)
{
  BmPst *pst = folders->pst;
  BmNotes notes = 0;
  BmPstStrings strings = bm_pst_file_strings (pst, &notes);
  g_autoptr (BmProps) props = bm_props_new ();
  if ((node->nid & 0x1f) != BM_NID_FOLDER || node->parent == node->nid ||
      !bm_pst_remains_of_row (pst, node, &strings, props) ||
      bm_props_text (props, TAG_DISPLAY_NAME) == NULL)
    return NULL;
  return g_steal_pointer (&props);
}

/* Where other special folders are: on the root folder and on the inbox. */
static void
note_special (Folders *folders, const BmProps *props)
{
  guint32 drafts = nid_of_entry_id (bm_props_data (props, TAG_DRAFTS));
  const BmProp *additional = bm_props_get (props, TAG_ADDITIONAL);
  if (drafts != 0 && folders->roles[BM_ROLE_DRAFTS] == 0)
    folders->roles[BM_ROLE_DRAFTS] = drafts;
  if (additional == NULL || additional->datas == NULL)
    return;
  for (guint i = 0; i < additional->datas->len && i < 5; i++) {
    guint32 nid = nid_of_entry_id (g_ptr_array_index (additional->datas, i));
    if (i == 4 && nid != 0)
      folders->roles[BM_ROLE_JUNK] = nid;
    else if (i < 4 && nid != 0)
      folders->sync_issues[i] = nid;
  }
}

static void
read_store (Folders *folders, BmPstWindow *window)
{
  BmNotes notes = 0;
  BmCensus *census = folders->census;
  g_autoptr (BmProps) props = read_props (folders, window, BM_NID_STORE, &notes);
  if (props == NULL) {
    warn (census, "the message store cannot be read: well-known folders are found by name");
    return;
  }
  gsize size = 0;
  GBytes *key = bm_props_data (props, TAG_RECORD_KEY);
  const guint8 *data = key != NULL ? g_bytes_get_data (key, &size) : NULL;
  if (size >= sizeof census->record_key)
    memcpy (census->record_key, data, sizeof census->record_key);
  const gchar *name = bm_props_text (props, TAG_DISPLAY_NAME);
  g_free (census->display_name);
  census->display_name = g_strdup (name != NULL ? name : "");
  census->password = bm_props_int (props, TAG_PASSWORD, 0) != 0;
  folders->subtree = nid_of_entry_id (bm_props_data (props, TAG_SUBTREE));
  folders->roles[BM_ROLE_OUTBOX] = nid_of_entry_id (bm_props_data (props, TAG_OUTBOX));
  folders->roles[BM_ROLE_TRASH] = nid_of_entry_id (bm_props_data (props, TAG_WASTEBASKET));
  folders->roles[BM_ROLE_SENT] = nid_of_entry_id (bm_props_data (props, TAG_SENT));
}

static void
read_folder (Folders *folders, BmPstWindow *window, const BmPstNode *node)
{
  BmNotes notes = 0;
  Entry *entry = g_new0 (Entry, 1);
  BmFolder *folder = bm_folder_new ();
  entry->folder = folder;
  folder->nid = node->nid;
  folder->parent = node->parent;
  g_autoptr (BmProps) props = read_props (folders, window, node->nid, &notes);
  folder->damaged = props == NULL;
  if (props == NULL)
    props = read_listed (folders, node);
  const gchar *name = props != NULL ? bm_props_text (props, TAG_DISPLAY_NAME) : NULL;
  folder->name = g_strdup (name != NULL ? name : "");
  if (props != NULL) {
    folder->container_class = g_strdup (bm_props_text (props, TAG_CONTAINER_CLASS));
    entry->hidden = bm_props_bool (props, TAG_HIDDEN, FALSE);
    note_special (folders, props);
  }
  if (folder->damaged && folders->damaged++ < DAMAGED_NAMED)
    warn (folders->census, "folder %08x cannot be read: its %s lost, its messages are not",
          node->nid, name != NULL ? "name is known, the rest is" : "name is");
  g_hash_table_insert (folders->by_nid, GUINT_TO_POINTER (node->nid), entry);
}

/* Rows of the receive-folder table: message class -> folder, [MS-PST] 2.7.3.3 ("receive folder
 * table"). The row without class, or "IPM.Note", names the inbox. */
static void
read_receive_table (Folders *folders)
{
  const BmPst *pst = folders->pst;
  for (guint i = 0; i < pst->nodes->len && folders->inbox == 0; i++) {
    BmPstNode node = g_array_index (pst->nodes, BmPstNode, i);
    if ((node.nid & 0x1f) != BM_NID_RECEIVE_TABLE)
      continue;
    node.parent = 0;
    g_autoptr (BmPstWindow) window = bm_pst_window_new (folders->pst, &node, 1, 1, NULL);
    libpff_item_t *table = window != NULL ? bm_pst_window_item (window, node.nid, NULL) : NULL;
    int n = 0;
    if (table != NULL && libpff_item_get_number_of_record_sets (table, &n, NULL) == 1)
      for (int k = 0; k < MIN (n, 64) && folders->inbox == 0; k++) {
        BmNotes notes = 0;
        BmPstStrings strings = {"CP1252", &notes, folders->pst, NULL};
        libpff_record_set_t *row = NULL;
        if (libpff_item_get_record_set_by_index (table, k, &row, NULL) != 1)
          continue;
        g_autoptr (BmProps) props = bm_pst_props_read (row, &strings, FALSE);
        const gchar *class = bm_props_text (props, 0x001a);
        if (class == NULL || *class == '\0' || g_ascii_strcasecmp (class, "IPM.Note") == 0)
          folders->inbox = (guint32) bm_props_int (props, 0x6605, 0);
        libpff_record_set_free (&row, NULL);
      }
    if (table != NULL)
      libpff_item_free (&table, NULL);
  }
}

/* The store, the name-to-id map unless it is broken, and these folders; all without parents. */
static BmPstWindow *
open_window (Folders *folders, const BmPstNode *const *nodes, guint n, gboolean with_map)
{
  const guint32 fixed_nids[] = {BM_NID_STORE, BM_NID_NAME_MAP};
  g_autoptr (GArray) shown = g_array_new (FALSE, FALSE, sizeof (BmPstNode));
  for (guint i = 0; i < (with_map ? 2 : 1); i++) {
    const BmPstNode *node = bm_pst_node (folders->pst, fixed_nids[i]);
    if (node != NULL)
      g_array_append_val (shown, *node);
  }
  guint fixed = shown->len;
  for (guint i = 0; i < n; i++)
    g_array_append_val (shown, *nodes[i]);
  for (guint i = 0; i < shown->len; i++)
    g_array_index (shown, BmPstNode, i).parent = 0;
  return bm_pst_window_new (folders->pst, (const BmPstNode *) shown->data, shown->len, fixed, NULL);
}

static void
read_window (Folders *folders, const BmPstNode *const *nodes, guint n)
{
  g_autoptr (BmPstWindow) window = open_window (folders, nodes, n, TRUE);
  if (window == NULL)
    window = open_window (folders, nodes, n, FALSE);
  if (folders->census->display_name == NULL)
    read_store (folders, window);
  for (guint i = 0; i < n; i++)
    read_folder (folders, window, nodes[i]);
}

static void
read_all (Folders *folders)
{
  BmPst *pst = folders->pst;
  g_autoptr (GPtrArray) nodes = g_ptr_array_new ();
  for (guint i = 0; i < pst->nodes->len; i++) {
    const BmPstNode *node = &g_array_index (pst->nodes, BmPstNode, i);
    guint type = node->nid & 0x1f;
    if ((type == BM_NID_FOLDER || type == BM_NID_SEARCH_FOLDER) && !bm_pst_is_phantom (pst, node))
      g_ptr_array_add (nodes, (gpointer) node);
  }
  for (guint i = 0; i < nodes->len; i += FOLDERS_PER_WINDOW)
    read_window (folders, (const BmPstNode *const *) nodes->pdata + i,
                 MIN (nodes->len - i, (guint) FOLDERS_PER_WINDOW));
}

/* ---- the tree ---- */

static Entry *
entry_of (const Folders *folders, guint32 nid)
{
  return g_hash_table_lookup (folders->by_nid, GUINT_TO_POINTER (nid));
}

/* The child of the root that is named like a top; 0 when none is. */
static guint32
top_by_name (const Folders *folders)
{
  GHashTableIter iter;
  Entry *entry;
  guint32 found = 0;
  g_hash_table_iter_init (&iter, folders->by_nid);
  while (g_hash_table_iter_next (&iter, NULL, (gpointer *) &entry))
    if (entry->folder->parent == BM_NID_ROOT && bm_pst_is_top_name (entry->folder->name) &&
        (found == 0 || entry->folder->nid < found))
      found = entry->folder->nid;
  return found;
}

/* A folder that the index has lost. */
static Entry *
add_lost (Folders *folders, guint32 nid)
{
  Entry *entry = g_new0 (Entry, 1);
  entry->folder = bm_folder_new ();
  entry->folder->nid = nid;
  entry->folder->name = g_strdup ("");
  entry->folder->damaged = TRUE;
  g_hash_table_insert (folders->by_nid, GUINT_TO_POINTER (nid), entry);
  if (folders->damaged++ < DAMAGED_NAMED)
    warn (folders->census, "folder %08x is lost: its name is unknown, what lies in it is not lost",
          nid);
  return entry;
}

/* Notes which folders hold messages, and makes up those that something lies in but that are not
 * there. The root may be missing: what lies there is not the user's. */
static void
note_contents (Folders *folders)
{
  const GArray *nodes = folders->pst->nodes;
  for (guint i = 0; i < nodes->len; i++) {
    const BmPstNode *node = &g_array_index (nodes, BmPstNode, i);
    guint type = node->nid & 0x1f;
    if (type != BM_NID_MESSAGE && type != BM_NID_FOLDER)
      continue;
    Entry *entry = entry_of (folders, node->parent);
    if (entry == NULL && node->parent != BM_NID_ROOT && !bm_pst_is_phantom (folders->pst, node))
      entry = add_lost (folders, node->parent);
    if (entry != NULL && type == BM_NID_MESSAGE)
      entry->holds_messages = TRUE;
  }
}

/* OSTs name no subtree: it is a literal, fixed in place and name. */
static void
find_subtree (Folders *folders)
{
  if (entry_of (folders, folders->subtree) != NULL)
    return;
  Entry *ost = entry_of (folders, OST_SUBTREE);
  if (ost != NULL && g_str_equal (ost->folder->name, "IPM_SUBTREE")) {
    folders->subtree = OST_SUBTREE;
    if (folders->inbox == 0 && entry_of (folders, OST_INBOX) != NULL)
      folders->inbox = OST_INBOX;
    return;
  }
  folders->subtree = top_by_name (folders);
  if (folders->subtree == 0) {
    folders->subtree = BM_NID_ROOT;
    warn (folders->census, "the PST names no top of the user's folders: all folders are taken");
  }
}

static gboolean
is_wrapper_name (const gchar *name)
{
  return g_str_has_prefix (name, "Root - ") || bm_pst_is_top_name (name);
}

static gboolean
is_top (const Folders *folders, guint32 nid)
{
  return g_hash_table_contains (folders->tops, GUINT_TO_POINTER (nid));
}

/* "Top of Personal Folders/Top of Outlook data file/Inbox": a folder named like a top, in a top,
 * without items of its own, is one more top. */
static void
find_tops (Folders *folders)
{
  gboolean found = TRUE;
  g_hash_table_add (folders->tops, GUINT_TO_POINTER (folders->subtree));
  for (guint depth = 0; found && depth < DEPTH_MAX; depth++) {
    GHashTableIter iter;
    Entry *entry;
    found = FALSE;
    g_hash_table_iter_init (&iter, folders->by_nid);
    while (g_hash_table_iter_next (&iter, NULL, (gpointer *) &entry)) {
      const BmFolder *folder = entry->folder;
      if (!is_top (folders, folder->parent) || is_top (folders, folder->nid) ||
          entry->holds_messages || !is_wrapper_name (folder->name))
        continue;
      found = g_hash_table_add (folders->tops, GUINT_TO_POINTER (folder->nid));
    }
  }
}

static gchar *
path_name (const BmFolder *folder)
{
  if (*folder->name == '\0')
    return g_strdup_printf ("Unnamed folder %08x", folder->nid);
  g_autoptr (GString) name = g_string_new (folder->name);
  g_string_replace (name, "/", "\xe2\x88\x95", 0); /* U+2215 */
  return g_string_free (g_steal_pointer (&name), FALSE);
}

/* Does the way up end at the top or at the root? */
static gboolean
has_way_up (const Folders *folders, const BmFolder *folder)
{
  guint32 nid = folder->nid;
  for (guint depth = 0; depth < DEPTH_MAX; depth++) {
    if (is_top (folders, nid) || nid == BM_NID_ROOT)
      return TRUE;
    const Entry *at = entry_of (folders, nid);
    if (at == NULL)
      return FALSE;
    nid = at->folder->parent;
  }
  return FALSE;
}

/* A parent that is missing, a circle of parents, too many of them: such a folder goes to the top.
 * Ascending by nid, so that it is the same one of a circle each time. */
static void
mend_ways (Folders *folders)
{
  guint mended = 0;
  for (guint i = 0; i < folders->census->folders->len; i++) {
    BmFolder *folder = g_ptr_array_index (folders->census->folders, i);
    if ((folder->nid & 0x1f) == BM_NID_SEARCH_FOLDER || has_way_up (folders, folder))
      continue;
    folder->parent = folders->subtree;
    mended++;
  }
  if (mended > 0)
    warn (folders->census, "%u folders have lost their place: they are put at the top", mended);
}

/* Fills path: NULL outside the subtree. */
static void
place (Folders *folders, Entry *entry)
{
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
  guint32 nid = entry->folder->nid;
  for (guint depth = 0; !is_top (folders, nid); depth++) {
    const Entry *at = entry_of (folders, nid);
    if (at == NULL || nid == BM_NID_ROOT || depth == DEPTH_MAX)
      return;
    g_ptr_array_insert (names, 0, path_name (at->folder));
    nid = at->folder->parent;
  }
  g_ptr_array_add (names, NULL);
  entry->folder->path = g_strjoinv ("/", (gchar **) names->pdata);
}

/* ---- roles and rules ---- */

static gboolean
is_sync_issues (const Folders *folders, const BmFolder *folder)
{
  for (guint i = 0; i < G_N_ELEMENTS (folders->sync_issues); i++)
    if (folders->sync_issues[i] == folder->nid)
      return TRUE;
  return is_top (folders, folder->parent) && bm_pst_is_sync_issues_name (folder->name);
}

/* The nearest rule from the folder upwards. */
static BmRule
rule_of (const Folders *folders, const Entry *entry)
{
  if ((entry->folder->nid & 0x1f) == BM_NID_SEARCH_FOLDER)
    return BM_RULE_SEARCH_FOLDER;
  if (entry->folder->path == NULL)
    return BM_RULE_OUTSIDE_SUBTREE;
  for (const Entry *at = entry; at != NULL && !is_top (folders, at->folder->nid);
       at = entry_of (folders, at->folder->parent)) {
    if (is_sync_issues (folders, at->folder))
      return BM_RULE_SYNC_ISSUES;
    if (at->hidden)
      return BM_RULE_HIDDEN;
  }
  return BM_RULE_NONE;
}

static void
set_role (Folders *folders, guint32 nid, BmRole role)
{
  Entry *entry = nid != 0 ? entry_of (folders, nid) : NULL;
  if (entry != NULL && entry->folder->role == BM_ROLE_NONE && entry->folder->path != NULL &&
      !is_top (folders, nid))
    entry->folder->role = role;
}

static gboolean
role_taken (const Folders *folders, BmRole role)
{
  GHashTableIter iter;
  Entry *entry;
  g_hash_table_iter_init (&iter, folders->by_nid);
  while (g_hash_table_iter_next (&iter, NULL, (gpointer *) &entry))
    if (entry->folder->role == role)
      return TRUE;
  return FALSE;
}

/* nid -> number of its children that are the user's and have no role. */
static GHashTable *
count_children (const Folders *folders)
{
  GHashTable *children = g_hash_table_new (NULL, NULL);
  for (guint i = 0; i < folders->census->folders->len; i++) {
    const BmFolder *folder = g_ptr_array_index (folders->census->folders, i);
    gpointer parent = GUINT_TO_POINTER (folder->parent);
    if (folder->rule == BM_RULE_NONE && folder->role == BM_ROLE_NONE)
      g_hash_table_insert (
          children, parent,
          GUINT_TO_POINTER (GPOINTER_TO_UINT (g_hash_table_lookup (children, parent)) + 1));
  }
  return children;
}

/* The top, or what only lone, empty folders part from it: archives of one user begin with his
 * name. */
static gboolean
is_entrance (const Folders *folders, GHashTable *children, guint32 nid)
{
  for (guint depth = 0; !is_top (folders, nid); depth++) {
    const Entry *at = entry_of (folders, nid);
    if (at == NULL || at->holds_messages || depth == DEPTH_MAX ||
        GPOINTER_TO_UINT (g_hash_table_lookup (children, GUINT_TO_POINTER (at->folder->parent))) !=
            1)
      return FALSE;
    nid = at->folder->parent;
  }
  return TRUE;
}

static gboolean
is_mail_class (const gchar *container_class)
{
  return container_class == NULL || *container_class == '\0' ||
         g_ascii_strncasecmp (container_class, "IPF.Note", 8) == 0 ||
         g_ascii_strncasecmp (container_class, "IPF.Imap", 8) == 0;
}

/* Only mail folders at an entrance, and only roles that entry ids left open. */
static void
roles_by_name (Folders *folders)
{
  g_autoptr (GHashTable) children = count_children (folders);
  for (guint i = 0; i < folders->census->folders->len; i++) {
    BmFolder *folder = g_ptr_array_index (folders->census->folders, i);
    if (folder->role != BM_ROLE_NONE || folder->rule != BM_RULE_NONE ||
        !is_mail_class (folder->container_class) ||
        !is_entrance (folders, children, folder->parent))
      continue;
    BmRole role = bm_pst_role_of_name (folder->name);
    if (role != BM_ROLE_NONE && !role_taken (folders, role))
      folder->role = role;
  }
}

static gint
compare_folders (gconstpointer a, gconstpointer b)
{
  guint32 x = (*(BmFolder *const *) a)->nid, y = (*(BmFolder *const *) b)->nid;
  return x < y ? -1 : x > y;
}

static void
settle (Folders *folders)
{
  GHashTableIter iter;
  Entry *entry;
  note_contents (folders);
  if (folders->damaged > DAMAGED_NAMED)
    warn (folders->census, "%u more folders are lost or cannot be read",
          folders->damaged - DAMAGED_NAMED);
  find_subtree (folders);
  find_tops (folders);
  g_hash_table_iter_init (&iter, folders->by_nid);
  while (g_hash_table_iter_next (&iter, NULL, (gpointer *) &entry))
    g_ptr_array_add (folders->census->folders, entry->folder);
  g_ptr_array_sort (folders->census->folders, compare_folders);
  mend_ways (folders);
  g_hash_table_iter_init (&iter, folders->by_nid);
  while (g_hash_table_iter_next (&iter, NULL, (gpointer *) &entry))
    place (folders, entry);
  g_hash_table_iter_init (&iter, folders->by_nid);
  while (g_hash_table_iter_next (&iter, NULL, (gpointer *) &entry))
    entry->folder->rule = rule_of (folders, entry);
  set_role (folders, folders->inbox, BM_ROLE_INBOX);
  for (guint role = BM_ROLE_INBOX; role < BM_ROLE_LAST; role++)
    set_role (folders, folders->roles[role], (BmRole) role);
  roles_by_name (folders);
  for (guint i = 0; i < folders->census->folders->len; i++) {
    BmFolder *folder = g_ptr_array_index (folders->census->folders, i);
    if (is_mail_class (folder->container_class))
      folder->alike = bm_pst_role_of_name (folder->name);
  }
}

void
bm_pst_folders_read (BmPst *pst, BmCensus *census)
{
  Folders folders = {.pst = pst, .census = census};
  folders.by_nid = g_hash_table_new_full (NULL, NULL, NULL, g_free);
  folders.tops = g_hash_table_new (NULL, NULL);
  read_all (&folders);
  read_receive_table (&folders);
  settle (&folders);
  g_hash_table_unref (folders.by_nid);
  g_hash_table_unref (folders.tops);
  if (census->display_name == NULL)
    census->display_name = g_strdup ("");
}
