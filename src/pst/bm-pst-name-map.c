/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The name-to-id map ([MS-PST] 2.4.7) for the salvage path. libpff has its own, but takes a broken one
 * for none; then this one serves both. Names that are lost stay unresolved. One thread. */
#include "pst/bm-pst-salvage.h"

#include "base/bm-le.h"
#include "text/bm-charset.h"
#include <string.h>

#define TAG_GUIDS   0x0002
#define TAG_ENTRIES 0x0003
#define TAG_STRINGS 0x0004
#define ENTRY       8   /* NAMEID */
#define NAME_BYTES  510 /* bytes of UTF-16; longer ones libpff does not tell either */

/* Sets that have a number of their own, 2.4.7.1. */
static const guint8 ps_mapi[16] = {0x28, 0x03, 0x02, 0, 0, 0, 0, 0, 0xc0, 0, 0, 0, 0, 0, 0, 0x46};
const guint8 bm_pst_public_strings[16] = {0x29, 0x03, 0x02, 0, 0, 0, 0, 0,
                                          0xc0, 0,    0,    0, 0, 0, 0, 0x46};

typedef struct {
  const guint8 *guids, *entries, *strings; /* borrowed */
  gsize n_guids, n_entries, n_strings;
} Map;

static void
set_guid (const Map *map, guint number, BmPropName *name)
{
  if (number == 1)
    memcpy (name->guid, ps_mapi, sizeof name->guid);
  else if (number == 2)
    memcpy (name->guid, bm_pst_public_strings, sizeof name->guid);
  else if (number >= 3 && number - 3 < map->n_guids)
    memcpy (name->guid, map->guids + 16 * (number - 3), sizeof name->guid);
}

static const gchar *
string_at (const Map *map, guint32 offset)
{
  if (map->n_strings < 4 || offset > map->n_strings - 4)
    return NULL;
  gsize size = bm_le32 (map->strings + offset);
  if (size > map->n_strings - 4 - offset || size > NAME_BYTES)
    return NULL;
  g_autofree gchar *text = bm_charset_utf16le_to_utf8 (map->strings + offset + 4, size, NULL);
  return g_intern_string (text);
}

/* The set or the string that it names is in a stream that is lost. */
static gboolean
is_beyond (const Map *map, guint kind, guint32 string)
{
  return ((kind & 1) != 0 && (gsize) string + 4 > map->n_strings) ||
         ((kind >> 1) >= 3 && (kind >> 1) - 3 >= map->n_guids);
}

static void
add_names (const Map *map, GHashTable *names)
{
  for (gsize i = 0; i < map->n_entries; i++) {
    const guint8 *entry = map->entries + ENTRY * i;
    guint kind = bm_le16 (entry + 4);
    guint id = 0x8000u + bm_le16 (entry + 6);
    BmPropName name = {0};
    if (is_beyond (map, kind, bm_le32 (entry)))
      continue;
    set_guid (map, kind >> 1, &name);
    if (kind & 1)
      name.name = string_at (map, bm_le32 (entry));
    else
      name.lid = bm_le32 (entry);
    g_hash_table_insert (names, GUINT_TO_POINTER (id), g_memdup2 (&name, sizeof name));
  }
}

static const guint8 *
stream (const BmProps *props, guint16 id, gsize unit, gsize *n)
{
  gsize size = 0;
  GBytes *bytes = bm_props_data (props, id);
  const guint8 *data = bytes != NULL ? g_bytes_get_data (bytes, &size) : NULL;
  *n = size / unit;
  return data;
}

/* A map whose node has gone with a lost page is broken, too; some writers make none. */
static void
load (BmPst *pst)
{
  BmNotes notes = 0;
  if (pst->names != NULL)
    return;
  pst->names = g_hash_table_new_full (NULL, NULL, NULL, g_free);
  g_autoptr (BmProps) props = bm_pst_salvage_props (pst, BM_NID_NAME_MAP, &notes);
  pst->names_doubtful = bm_notes_has (notes, BM_NOTE_DAMAGED_BLOCK);
  pst->names_broken = pst->names_doubtful || bm_notes_has (notes, BM_NOTE_UNREADABLE_PROPERTY) ||
                      (props == NULL && (pst->lost->len > 0 || bm_pst_node (pst, BM_NID_NAME_MAP)));
  if (props == NULL)
    return;
  Map map;
  map.guids = stream (props, TAG_GUIDS, 16, &map.n_guids);
  map.entries = stream (props, TAG_ENTRIES, ENTRY, &map.n_entries);
  map.strings = stream (props, TAG_STRINGS, 1, &map.n_strings);
  add_names (&map, pst->names);
}

gboolean
bm_pst_names_are_broken (BmPst *pst)
{
  load (pst);
  return pst->names_broken;
}

BmPropName
bm_pst_name_of_id (const BmPstStrings *strings, guint16 id)
{
  load (strings->pst);
  const BmPropName *name = g_hash_table_lookup (strings->pst->names, GUINT_TO_POINTER (id));
  if (name != NULL && strings->pst->names_doubtful)
    bm_notes_add (strings->notes, BM_NOTE_DAMAGED_BLOCK);
  if (name != NULL)
    return *name;
  if (strings->pst->names_broken)
    bm_notes_add (strings->notes, BM_NOTE_UNREADABLE_PROPERTY);
  return (BmPropName){0};
}
