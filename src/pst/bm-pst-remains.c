/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* See bm-pst-remains.h. Tables are kept open, a few of them: a damaged file has many such messages in
 * one folder. One thread. */
#include "pst/bm-pst-remains.h"

#include "base/bm-le.h"
#include "pst/bm-pst-salvage.h"
#include <string.h>

#define TABLES_MAX 4
#define ROWS_MAX   200000
#define LEVELS_MAX 64         /* of folders */
#define NID_LTP    0x1f       /* sub-nodes that hold a value, [MS-PST] 2.2.2.1 */
#define LZFU       0x75465a4c /* [MS-OXRTFCP] 2.1.3.1.1 */
#define MELA       0x414c454d
#define LOOK       200 /* bytes that tell what a value is */

typedef struct {
  guint32 nid; /* of the table; 0: unused */
  BmPstBlocks blocks;
  BmPstHeap *heap;
  BmPstTable *table; /* NULL when it cannot be read */
} Contents;

struct _BmPstContents {
  Contents tables[TABLES_MAX];
  guint next;
};

static void
clear_contents (Contents *contents)
{
  bm_pst_table_close (contents->table);
  bm_pst_heap_close (contents->heap);
  *contents = (Contents){0};
}

void
bm_pst_contents_free (BmPstContents *contents)
{
  if (contents == NULL)
    return;
  for (guint i = 0; i < TABLES_MAX; i++)
    clear_contents (&contents->tables[i]);
  g_free (contents);
}

static Contents *
open_contents (BmPst *pst, guint32 nid)
{
  gboolean whole;
  if (pst->contents == NULL)
    pst->contents = g_new0 (BmPstContents, 1);
  for (guint i = 0; i < TABLES_MAX; i++)
    if (pst->contents->tables[i].nid == nid)
      return &pst->contents->tables[i];
  Contents *contents = &pst->contents->tables[pst->contents->next++ % TABLES_MAX];
  const BmPstNode *node = bm_pst_node (pst, nid);
  clear_contents (contents);
  contents->nid = nid;
  contents->blocks = bm_pst_blocks_begin (pst);
  if (node != NULL)
    contents->heap =
        bm_pst_heap_open (&contents->blocks, node->data, node->sub, BM_PST_HEAP_TABLE, NULL);
  if (contents->heap != NULL)
    contents->table = bm_pst_table_open (contents->heap, ROWS_MAX, &whole);
  return contents;
}

/* The type of the parent's table that lists nodes of this type. */
static guint32
table_of (guint32 type)
{
  return type == BM_NID_MESSAGE      ? BM_NID_CONTENTS_TABLE
         : type == BM_NID_ASSOCIATED ? BM_NID_ASSOCIATED_TABLE
                                     : BM_NID_HIERARCHY_TABLE;
}

static void
list_nodes (BmPst *pst, guint32 folder, guint32 type, GArray *found)
{
  const Contents *contents = open_contents (pst, (folder & ~0x1fu) | table_of (type));
  guint n = contents->table != NULL ? bm_pst_table_length (contents->table) : 0;
  for (guint i = 0; i < n; i++) {
    guint32 nid = bm_pst_table_id (contents->table, i);
    if ((nid & 0x1f) != type || !bm_pst_in_ranges (pst->lost, (BmPstRange){nid, nid}))
      continue;
    const BmPstNode *known = bm_pst_node (pst, nid);
    BmPstNode listed = {.nid = nid, .parent = folder};
    if (known != NULL && !bm_pst_is_phantom (pst, known))
      continue;
    if (known != NULL && known->parent == folder)
      listed.sub = known->sub;
    g_array_append_val (found, listed);
  }
}

/* One round over all folders; how many nodes it found. */
static guint
find_listed (BmPst *pst, guint32 type)
{
  g_autoptr (GArray) found = g_array_new (FALSE, FALSE, sizeof (BmPstNode));
  guint before = pst->nodes->len;
  for (guint i = 0; i < pst->nodes->len; i++) {
    guint32 nid = g_array_index (pst->nodes, BmPstNode, i).nid;
    if ((nid & 0x1f) == BM_NID_FOLDER)
      list_nodes (pst, nid, type, found);
  }
  g_array_append_vals (pst->nodes, found->data, found->len);
  bm_pst_sort_nodes (pst, FALSE); /* phantoms give way, and each nid is there once */
  pst->listed += found->len;
  return pst->nodes->len - before;
}

/* Folders first, and those in them: their tables may be there. */
void
bm_pst_find_listed (BmPst *pst)
{
  if (pst->lost->len == 0)
    return;
  for (guint depth = 0; depth < LEVELS_MAX && find_listed (pst, BM_NID_FOLDER) > 0; depth++)
    continue;
  find_listed (pst, BM_NID_MESSAGE);
  find_listed (pst, BM_NID_ASSOCIATED);
}

gboolean
bm_pst_remains_of_row (BmPst *pst, const BmPstNode *node, const BmPstStrings *strings,
                       BmProps *props)
{
  Contents *contents = open_contents (pst, (node->parent & ~0x1fu) | table_of (node->nid & 0x1f));
  g_autoptr (GArray) cells =
      contents->table != NULL ? bm_pst_table_find (contents->table, node->nid) : NULL;
  if (cells == NULL)
    return FALSE;
  contents->blocks.left = MAX (contents->blocks.left, bm_pst_blocks_begin (pst).left);
  BmNotes unused = 0;
  BmPstStrings quiet = *strings;
  quiet.notes = &unused; /* what the row does not have either was noted already */
  bm_pst_salvage_add (contents->heap, cells, &quiet, FALSE, props);
  return TRUE;
}

/* ---- values in sub-nodes ---- */

static gboolean
begins_with_any (const gchar *text, const gchar *const *words)
{
  for (guint i = 0; words[i] != NULL; i++)
    if (g_ascii_strncasecmp (text, words[i], strlen (words[i])) == 0)
      return TRUE;
  return FALSE;
}

/* Of UTF-16 or 8-bit text: its begin in ASCII, with a dot for all else. NULL for what is no text. */
static gchar *
look_at (const guint8 *data, gsize size, gboolean wide)
{
  g_autoptr (GString) begin = g_string_new (NULL);
  if (wide && (size % 2 != 0 || size < 2))
    return NULL;
  for (gsize i = 0; i + wide < size && begin->len < LOOK; i += wide ? 2 : 1) {
    guint c = wide ? bm_le16 (data + i) : data[i];
    if (c == 0xfeff && i == 0)
      continue;
    if (c < 0x20 && c != '\t' && c != '\r' && c != '\n')
      return NULL;
    if (begin->len > 0 || !g_ascii_isspace (c < 0x80 ? (gchar) c : '.'))
      g_string_append_c (begin, c < 0x80 ? (gchar) c : '.');
  }
  return begin->len > 0 ? g_string_free (g_steal_pointer (&begin), FALSE) : NULL;
}

/* The property that such a value is; id 0 when it is none of those looked for. */
static BmProp
kind_of (const guint8 *data, gsize size, gboolean ansi)
{
  static const gchar *const html[] = {"<html", "<!doctype html", "<head", "<meta", "<body", NULL};
  static const gchar *const headers[] = {"Received:",
                                         "Return-Path:",
                                         "Microsoft Mail Internet Headers",
                                         "Delivered-To:",
                                         "X-",
                                         "MIME-Version:",
                                         "Message-ID:",
                                         "Date:",
                                         "From:",
                                         NULL};
  if (size >= 16 && (bm_le32 (data + 8) == LZFU || bm_le32 (data + 8) == MELA))
    return (BmProp){.id = BM_PST_TAG_RTF, .type = BM_TYPE_BINARY};
  g_autofree gchar *bytes = look_at (data, size, FALSE);
  if (bytes != NULL && begins_with_any (bytes, html))
    return (BmProp){.id = BM_PST_TAG_HTML, .type = BM_TYPE_BINARY};
  g_autofree gchar *text = ansi ? g_steal_pointer (&bytes) : look_at (data, size, TRUE);
  guint16 type = ansi ? BM_TYPE_STRING8 : BM_TYPE_UNICODE;
  if (text == NULL)
    return (BmProp){0};
  if (begins_with_any (text, headers) && strchr (text, ':') != NULL)
    return (BmProp){.id = BM_PST_TAG_HEADERS, .type = type};
  return (BmProp){.id = begins_with_any (text, html) ? BM_PST_TAG_HTML : BM_PST_TAG_TEXT,
                  .type = type};
}

gboolean
bm_pst_remains_of_values (BmPstHeap *heap, const BmPstStrings *strings, BmProps *props)
{
  gboolean ansi = heap->blocks->pst->format == BM_PST_ANSI, found = FALSE;
  g_autoptr (GByteArray) text = NULL; /* the longest: that is the body */
  for (guint i = 0; i < heap->subs->len; i++) {
    const BmPstSub *sub = &g_array_index (heap->subs, BmPstSub, i);
    if ((sub->nid & 0x1f) != NID_LTP)
      continue;
    GByteArray *value = bm_pst_data_read (heap->blocks, sub->data, BM_PST_VALUE_MAX);
    BmProp prop = value != NULL ? kind_of (value->data, value->len, ansi) : (BmProp){0};
    if (prop.id == BM_PST_TAG_TEXT && (text == NULL || value->len > text->len)) {
      g_clear_pointer (&text, g_byte_array_unref);
      text = value;
    } else if (prop.id != 0 && prop.id != BM_PST_TAG_TEXT) {
      gsize size = value->len;
      bm_pst_props_add (props, &prop, g_byte_array_free (value, FALSE), size, strings);
      found = TRUE;
    } else if (value != NULL) {
      g_byte_array_unref (value);
    }
  }
  if (text == NULL)
    return found;
  BmProp prop = {.id = BM_PST_TAG_TEXT, .type = ansi ? BM_TYPE_STRING8 : BM_TYPE_UNICODE};
  gsize size = text->len;
  bm_pst_props_add (props, &prop, g_byte_array_free (g_steal_pointer (&text), FALSE), size,
                    strings);
  return TRUE;
}
