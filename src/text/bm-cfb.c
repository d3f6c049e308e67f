/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* See bm-cfb.h; sections are those of [MS-CFB]. */
#include "text/bm-cfb.h"

#include "base/bm-le.h"
#include <string.h>

#define HEADER_SIZE  512
#define ENTRY_SIZE   128
#define HEADER_DIFAT 109
#define SECTOR_MAX   0xfffffffau /* MAXREGSECT */
#define NO_STREAM    0xffffffffu
#define NAME_UNITS   31
#define ENTRIES_MAX  20000
#define TYPE_STREAM  2
#define TYPE_ROOT    5

struct _BmCfb {
  const guint8 *data;
  gsize size;
  guint shift; /* of a sector's size */
  guint32 sectors;
  GArray *fat_sectors; /* guint32 */
  GByteArray *directory, *mini_fat, *mini;
  guint32 cutoff;
};

/* NULL outside of the file. The last sector may be short in files of some writers: no such. */
static const guint8 *
sector_at (const BmCfb *cfb, guint32 sector)
{
  return sector < cfb->sectors ? cfb->data + ((gsize) (sector + 1) << cfb->shift) : NULL;
}

static guint32
next_of (const BmCfb *cfb, guint32 sector)
{
  guint32 per_sector = 1u << (cfb->shift - 2), index = sector / per_sector;
  const guint8 *fat = index < cfb->fat_sectors->len
                          ? sector_at (cfb, g_array_index (cfb->fat_sectors, guint32, index))
                          : NULL;
  return fat != NULL ? bm_le32 (fat + 4 * (gsize) (sector % per_sector)) : NO_STREAM;
}

/* At most limit bytes of a chain; NULL when it ends before need. */
static GByteArray *
read_chain (const BmCfb *cfb, guint32 sector, gsize need, gsize limit)
{
  g_autoptr (GByteArray) out = g_byte_array_new ();
  gsize width = (gsize) 1 << cfb->shift;
  for (guint32 n = 0; sector <= SECTOR_MAX && n < cfb->sectors && out->len < limit; n++) {
    const guint8 *data = sector_at (cfb, sector);
    if (data == NULL)
      break;
    g_byte_array_append (out, data, (guint) MIN (width, limit - out->len));
    sector = next_of (cfb, sector);
  }
  return out->len >= need ? g_steal_pointer (&out) : NULL;
}

static void
add_fat_sectors (BmCfb *cfb, const guint8 *list, guint n)
{
  for (guint i = 0; i < n && cfb->fat_sectors->len < cfb->sectors; i++) {
    guint32 sector = bm_le32 (list + 4 * (gsize) i);
    if (sector <= SECTOR_MAX)
      g_array_append_val (cfb->fat_sectors, sector);
  }
}

static void
read_fat (BmCfb *cfb)
{
  guint per_sector = (1u << (cfb->shift - 2)) - 1;
  guint32 sector = bm_le32 (cfb->data + 0x44);
  add_fat_sectors (cfb, cfb->data + 0x4c, HEADER_DIFAT);
  for (guint32 n = 0; n < cfb->sectors && sector <= SECTOR_MAX; n++) {
    const guint8 *data = sector_at (cfb, sector);
    if (data == NULL)
      return;
    add_fat_sectors (cfb, data, per_sector);
    sector = bm_le32 (data + 4 * (gsize) per_sector);
  }
}

static const guint8 *
entry_at (const BmCfb *cfb, guint32 index)
{
  return index < cfb->directory->len / ENTRY_SIZE
             ? cfb->directory->data + (gsize) index * ENTRY_SIZE
             : NULL;
}

BmCfb *
bm_cfb_new (const guint8 *data, gsize size)
{
  static const guint8 magic[8] = {0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1};
  if (size < HEADER_SIZE || memcmp (data, magic, sizeof magic) != 0)
    return NULL;
  guint shift = bm_le16 (data + 0x1e);
  if ((shift != 9 && shift != 12) || bm_le16 (data + 0x20) != 6 || size >> shift < 2 ||
      size > G_MAXUINT32 / 2)
    return NULL;
  g_autoptr (BmCfb) cfb = g_new0 (BmCfb, 1);
  cfb->data = data;
  cfb->size = size;
  cfb->shift = shift;
  cfb->sectors = (guint32) (size >> shift) - 1;
  cfb->cutoff = bm_le32 (data + 0x38);
  cfb->fat_sectors = g_array_new (FALSE, FALSE, sizeof (guint32));
  read_fat (cfb);
  cfb->directory = read_chain (cfb, bm_le32 (data + 0x30), ENTRY_SIZE, ENTRIES_MAX * ENTRY_SIZE);
  if (cfb->directory == NULL || cfb->directory->data[0x42] != TYPE_ROOT)
    return NULL;
  const guint8 *root = cfb->directory->data;
  cfb->mini_fat = read_chain (cfb, bm_le32 (data + 0x3c), 0, size);
  cfb->mini =
      read_chain (cfb, bm_le32 (root + 0x74), 0, ((gsize) bm_le32 (root + 0x78) + 63) / 64 * 64);
  return g_steal_pointer (&cfb);
}

void
bm_cfb_free (BmCfb *cfb)
{
  if (cfb == NULL)
    return;
  g_clear_pointer (&cfb->fat_sectors, g_array_unref);
  g_clear_pointer (&cfb->directory, g_byte_array_unref);
  g_clear_pointer (&cfb->mini_fat, g_byte_array_unref);
  g_clear_pointer (&cfb->mini, g_byte_array_unref);
  g_free (cfb);
}

static gboolean
is_named (const guint8 *entry, const gchar *name)
{
  gsize n = strlen (name);
  if (entry[0x42] != TYPE_STREAM || n > NAME_UNITS || bm_le16 (entry + 0x40) != 2 * (n + 1))
    return FALSE;
  for (gsize i = 0; i < n; i++) {
    guint16 unit = bm_le16 (entry + 2 * i);
    if (unit >= 0x80 || g_ascii_tolower ((gchar) unit) != g_ascii_tolower (name[i]))
      return FALSE;
  }
  return TRUE;
}

/* In the tree of the root's children: left and right are siblings; what lies deeper is not asked. */
static const guint8 *
find (const BmCfb *cfb, const gchar *name)
{
  g_autoptr (GArray) stack = g_array_new (FALSE, FALSE, sizeof (guint32));
  guint n = cfb->directory->len / ENTRY_SIZE;
  g_autofree guint8 *seen = g_malloc0 (n);
  guint32 first = bm_le32 (cfb->directory->data + 0x4c);
  g_array_append_val (stack, first);
  while (stack->len > 0) {
    guint32 index = g_array_index (stack, guint32, stack->len - 1);
    const guint8 *entry = entry_at (cfb, index);
    g_array_set_size (stack, stack->len - 1);
    if (entry == NULL || seen[index])
      continue;
    seen[index] = 1;
    if (is_named (entry, name))
      return entry;
    const guint32 siblings[] = {bm_le32 (entry + 0x44), bm_le32 (entry + 0x48)};
    g_array_append_vals (stack, siblings, G_N_ELEMENTS (siblings));
  }
  return NULL;
}

gboolean
bm_cfb_has (const BmCfb *cfb, const gchar *name)
{
  return find (cfb, name) != NULL;
}

static GByteArray *
read_mini (const BmCfb *cfb, guint32 sector, gsize size)
{
  g_autoptr (GByteArray) out = g_byte_array_new ();
  gsize n = cfb->mini->len / 64;
  for (gsize i = 0; i < n && sector < n && out->len < size; i++) {
    g_byte_array_append (out, cfb->mini->data + (gsize) sector * 64,
                         (guint) MIN ((gsize) 64, size - out->len));
    sector = 4 * (gsize) sector + 4 <= cfb->mini_fat->len
                 ? bm_le32 (cfb->mini_fat->data + 4 * (gsize) sector)
                 : NO_STREAM;
  }
  return out->len >= size ? g_steal_pointer (&out) : NULL;
}

GBytes *
bm_cfb_stream (const BmCfb *cfb, const gchar *name)
{
  const guint8 *entry = find (cfb, name);
  if (entry == NULL)
    return NULL;
  gsize size = bm_le32 (entry + 0x78);
  guint32 sector = bm_le32 (entry + 0x74);
  if (size == 0 || size > cfb->size)
    return NULL;
  GByteArray *bytes =
      size < cfb->cutoff ? read_mini (cfb, sector, size) : read_chain (cfb, sector, size, size);
  return bytes != NULL ? g_byte_array_free_to_bytes (bytes) : NULL;
}
