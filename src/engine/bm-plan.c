/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The plan: where each folder of the PST goes on the server. A pure function of census, the
 * server's rules for names and the options, so that a second run finds the same folders. Must not
 * know IMAP. Any thread. */
#include "engine/bm-engine.h"

#include <string.h>

#define NAME_MIN 10 /* characters */

typedef struct {
  const BmNameRules *rules;
  const BmPlanOptions *options;
  gboolean merge;
  GHashTable *by_nid; /* nid -> target name (owned) */
  GHashTable *taken;  /* folded target name -> itself: collisions */
} Planner;

static const gchar *
role_target (BmRole role)
{
  switch (role) {
  case BM_ROLE_INBOX:
    return "INBOX";
  case BM_ROLE_SENT:
    return "Sent";
  case BM_ROLE_DRAFTS:
  case BM_ROLE_OUTBOX: /* BlueMind sends what lies in its Outbox */
    return "Drafts";
  case BM_ROLE_TRASH:
    return "Trash";
  case BM_ROLE_JUNK:
    return "Junk";
  default:
    return NULL;
  }
}

static gchar *
fold (const gchar *name)
{
  g_autofree gchar *normal = g_utf8_normalize (name, -1, G_NORMALIZE_NFC);
  return g_utf8_casefold (normal != NULL ? normal : name, -1);
}

static gboolean
is_reserved (const Planner *planner, const gchar *target)
{
  if (g_ascii_strcasecmp (target, "INBOX/INBOX") == 0) /* Cyrus means the inbox itself by it */
    return TRUE;
  if (strchr (target, '/') != NULL)
    return FALSE;
  if (bm_names_is_taken (planner->rules, target))
    return TRUE;
  static const gchar *const defaults[] = {"INBOX", "Sent",   "Drafts",   "Trash",
                                          "Junk",  "Outbox", "Templates"};
  for (guint i = 0; i < G_N_ELEMENTS (defaults); i++)
    if (g_ascii_strcasecmp (defaults[i], target) == 0)
      return TRUE;
  return FALSE;
}

/* parent + name, made unique by a stable suffix: folders come in order of nid. */
static gchar *
unique_target (Planner *planner, const gchar *parent, const gchar *name)
{
  for (guint n = 1;; n++) {
    g_autofree gchar *suffix = n > 1 ? g_strdup_printf (" (%u)", n) : g_strdup ("");
    g_autofree gchar *target = *parent != '\0' ? g_strconcat (parent, "/", name, suffix, NULL)
                                               : g_strconcat (name, suffix, NULL);
    g_autofree gchar *key = fold (target);
    if (is_reserved (planner, target) || g_hash_table_contains (planner->taken, key))
      continue;
    g_hash_table_add (planner->taken, g_steal_pointer (&key));
    return g_steal_pointer (&target);
  }
}

static gboolean
is_too_long (const Planner *planner, const gchar *base, const gchar *name)
{
  return bm_names_encoded_size (base) + 1 + bm_names_encoded_size (name) > planner->rules->max_path;
}

/* What lies too deep for the server moves up, but not out of the target; a name that is too long even
 * there is cut. */
static gchar *
place (Planner *planner, const gchar *parent, const gchar *name, BmNotes *notes)
{
  const gchar *top = planner->merge ? "" : planner->options->into;
  g_autofree gchar *safe = bm_names_safe (planner->rules, name);
  g_autofree gchar *base = g_strdup (parent);
  while (*base != '\0' && !g_str_equal (base, top) && is_too_long (planner, base, safe)) {
    gchar *slash = strrchr (base, '/');
    *(slash != NULL ? slash : base) = '\0';
  }
  while (g_utf8_strlen (safe, -1) > NAME_MIN && is_too_long (planner, base, safe))
    *g_utf8_find_prev_char (safe, safe + strlen (safe)) = '\0';
  while (strlen (safe) > 1 && (g_str_has_suffix (safe, " ") || g_str_has_suffix (safe, ".")))
    safe[strlen (safe) - 1] = '\0';
  gchar *target = unique_target (planner, base, safe);
  const gchar *slash = strrchr (target, '/');
  if (g_strcmp0 (slash != NULL ? slash + 1 : target, name) != 0 || !g_str_equal (base, parent))
    bm_notes_add (notes, BM_NOTE_FOLDER_RENAMED);
  return target;
}

/* By nid: two folders of one name have the same path. */
static const gchar *
target_of_parent (Planner *planner, const BmFolder *folder, BmNotes *notes)
{
  const gchar *slash = strrchr (folder->path, '/'), *parent = NULL;
  if (slash != NULL)
    parent = g_hash_table_lookup (planner->by_nid, GUINT_TO_POINTER (folder->parent));
  if (parent == NULL)
    parent = planner->merge ? "" : planner->options->into;
  if (planner->options->inbox_children_on_top && g_str_equal (parent, "INBOX")) {
    bm_notes_add (notes, BM_NOTE_INBOX_CHILD_MOVED);
    return "";
  }
  return parent;
}

static gchar *
target_for (Planner *planner, const BmFolder *folder, BmNotes *notes)
{
  const gchar *role = planner->merge ? role_target (folder->role) : NULL;
  if (role != NULL)
    return g_strdup (role);
  if (*folder->path == '\0') /* messages in the subtree itself */
    return g_strdup (planner->merge ? "INBOX" : planner->options->into);
  const gchar *slash = strrchr (folder->path, '/');
  const gchar *parent = target_of_parent (planner, folder, notes);
  return place (planner, parent, slash != NULL ? slash + 1 : folder->path, notes);
}

static void
clear_row (gpointer row)
{
  bm_journal_folder_clear (row);
}

static guint
depth_of (const gchar *path)
{
  guint depth = 0;
  for (; *path != '\0'; path++)
    depth += *path == '/';
  return depth;
}

/* Parents before children, then by nid: a child's nid may be smaller than its parent's. */
static gint
compare_depth (gconstpointer a, gconstpointer b)
{
  const BmFolder *x = *(BmFolder *const *) a, *y = *(BmFolder *const *) b;
  guint dx = x->path != NULL ? depth_of (x->path) : 0,
        dy = y->path != NULL ? depth_of (y->path) : 0;
  if (dx != dy)
    return dx < dy ? -1 : 1;
  return x->nid < y->nid ? -1 : x->nid > y->nid;
}

GArray *
bm_plan_folders (const BmCensus *census, const BmNameRules *rules, const BmPlanOptions *options)
{
  g_autoptr (GHashTable) by_nid = g_hash_table_new_full (NULL, NULL, NULL, g_free);
  g_autoptr (GHashTable) taken = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  Planner planner = {rules, options, g_str_equal (options->into, "/"), by_nid, taken};
  g_autoptr (GPtrArray) folders = g_ptr_array_new ();
  for (guint i = 0; i < census->folders->len; i++)
    g_ptr_array_add (folders, g_ptr_array_index (census->folders, i));
  g_ptr_array_sort (folders, compare_depth);
  GArray *rows = g_array_new (FALSE, TRUE, sizeof (BmJournalFolder));
  g_array_set_clear_func (rows, clear_row);
  for (guint i = 0; i < folders->len; i++) {
    const BmFolder *folder = g_ptr_array_index (folders, i);
    BmJournalFolder row = {.nid = folder->nid,
                           .parent = folder->parent,
                           .path = g_strdup (folder->path),
                           .role = folder->role,
                           .rule = folder->rule};
    if (folder->path != NULL && folder->rule == BM_RULE_NONE) {
      row.target = target_for (&planner, folder, &row.notes);
      g_hash_table_insert (by_nid, GUINT_TO_POINTER (folder->nid), g_strdup (row.target));
      if (!bm_filter_takes_folder (options->selection, census, folder->path))
        row.rule = BM_RULE_EXCLUDED;
    }
    g_array_append_val (rows, row);
  }
  return rows;
}
