/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* See bm-pst-import/address-map.h. Must not know where entries come from. */
#include <bm-pst-import/address-map.h>

#include "base/bm-csv.h"
#include <stdlib.h>
#include <string.h>

#define NAME_MAX_BYTES 1000
#define ADDRESS_MAX    320 /* RFC 5321 4.5.3.1: 64 + 1 + 255 */

typedef struct {
  gchar *address;
  guint32 source;
} Entry;

struct _BmAddressMap {
  GHashTable *entries; /* Exchange name -> Entry */
};

static void
entry_free (Entry *entry)
{
  g_free (entry->address);
  g_free (entry);
}

BmAddressMap *
bm_address_map_new (void)
{
  BmAddressMap *map = g_new0 (BmAddressMap, 1);
  map->entries =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) entry_free);
  return map;
}

void
bm_address_map_free (BmAddressMap *map)
{
  if (map == NULL)
    return;
  g_hash_table_unref (map->entries);
  g_free (map);
}

/* ---- words ---- */

/* '_' stands for '/', '+' and two hexadecimal digits for any other byte. */
static gchar *
decapsulate (const gchar *text, const gchar *end)
{
  g_autoptr (GString) plain = g_string_new (NULL);
  for (; text < end; text++) {
    gboolean escaped =
        *text == '+' && end - text > 2 && g_ascii_isxdigit (text[1]) && g_ascii_isxdigit (text[2]);
    gint byte = escaped ? g_ascii_xdigit_value (text[1]) << 4 | g_ascii_xdigit_value (text[2]) : 0;
    if (escaped && byte == 0)
      return NULL;
    g_string_append_c (plain, escaped ? (gchar) byte : *text == '_' ? '/' : *text);
    text += escaped ? 2 : 0;
  }
  return g_utf8_validate (plain->str, (gssize) plain->len, NULL)
             ? g_string_free (g_steal_pointer (&plain), FALSE)
             : NULL;
}

gchar *
bm_encapsulated_address (const gchar *address, const gchar *type)
{
  gsize n = strlen (type);
  const gchar *end = address != NULL ? strrchr (address, '@') : NULL;
  if (end == NULL || g_ascii_strncasecmp (address, "IMCEA", 5) != 0 ||
      g_ascii_strncasecmp (address + 5, type, n) != 0 || address[5 + n] != '-')
    return NULL;
  return decapsulate (address + 5 + n + 1, end);
}

gchar *
bm_exchange_name (const gchar *text)
{
  g_autofree gchar *inner = text != NULL ? bm_encapsulated_address (text, "EX") : NULL;
  if (text == NULL)
    return NULL;
  g_autofree gchar *name = g_strstrip (g_ascii_strdown (inner != NULL ? inner : text, -1));
  const gchar *start = name;
  if (g_str_has_prefix (start, "ex:"))
    start += 3;
  else if (g_str_has_prefix (start, "x500:"))
    start += 5;
  if (*start != '/' || strchr (start, '=') == NULL || strlen (start) > NAME_MAX_BYTES ||
      !g_utf8_validate (start, -1, NULL))
    return NULL;
  return g_strdup (start);
}

/* Printable ASCII without anything that ends an address. */
static gboolean
is_address (const gchar *text)
{
  const gchar *at = strrchr (text, '@');
  if (at == NULL || at == text || at[1] == '\0' || strchr (text, '@') != at ||
      strlen (text) > ADDRESS_MAX)
    return FALSE;
  for (const gchar *p = text; *p != '\0'; p++)
    if (*p <= ' ' || (guchar) *p >= 0x7f || strchr ("<>(),;:\\\"[]", *p) != NULL)
      return FALSE;
  return TRUE;
}

gchar *
bm_smtp_address (const gchar *text)
{
  if (text == NULL)
    return NULL;
  g_autofree gchar *copy = g_strstrip (g_strdup (text));
  gsize length = strlen (copy);
  if (g_ascii_strncasecmp (copy, "smtp:", 5) == 0)
    memmove (copy, copy + 5, length - 4);
  length = strlen (copy);
  if (length > 2 && copy[0] == '<' && copy[length - 1] == '>') {
    copy[length - 1] = '\0';
    memmove (copy, copy + 1, length - 1);
  }
  return is_address (copy) ? g_steal_pointer (&copy) : NULL;
}

/* ---- the map ---- */

gboolean
bm_address_map_add (BmAddressMap *map, const gchar *dn, const gchar *address, guint32 source)
{
  g_autofree gchar *name = bm_exchange_name (dn);
  g_autofree gchar *smtp = bm_smtp_address (address);
  if (name == NULL || smtp == NULL)
    return FALSE;
  Entry *known = g_hash_table_lookup (map->entries, name);
  if (known != NULL && known->source <= source)
    return TRUE;
  if (known == NULL && g_hash_table_size (map->entries) >= BM_ADDRESS_MAP_MAX)
    return FALSE;
  Entry *entry = g_new0 (Entry, 1);
  entry->address = g_steal_pointer (&smtp);
  entry->source = source;
  g_hash_table_insert (map->entries, g_steal_pointer (&name), entry);
  return TRUE;
}

const gchar *
bm_address_map_get (const BmAddressMap *map, const gchar *dn)
{
  g_autofree gchar *name = map != NULL ? bm_exchange_name (dn) : NULL;
  const Entry *entry = name != NULL ? g_hash_table_lookup (map->entries, name) : NULL;
  return entry != NULL ? entry->address : NULL;
}

guint
bm_address_map_size (const BmAddressMap *map)
{
  return map != NULL ? g_hash_table_size (map->entries) : 0;
}

static gint
compare_names (gconstpointer a, gconstpointer b)
{
  return strcmp (a, b);
}

gchar *
bm_address_map_csv (const BmAddressMap *map)
{
  static const gchar *const columns[] = {"dn", "address", "source"};
  g_autoptr (GList) names = g_list_sort (g_hash_table_get_keys (map->entries), compare_names);
  g_autoptr (GString) out = g_string_new (NULL);
  bm_csv_add (out, BM_CSV_PLAIN, ',', columns, G_N_ELEMENTS (columns));
  for (const GList *i = names; i != NULL; i = i->next) {
    const Entry *entry = g_hash_table_lookup (map->entries, i->data);
    g_autofree gchar *source = g_strdup_printf ("%u", entry->source);
    const gchar *const fields[] = {i->data, entry->address, source};
    bm_csv_add (out, BM_CSV_PLAIN, ',', fields, G_N_ELEMENTS (fields));
  }
  return g_string_free (g_steal_pointer (&out), FALSE);
}

gchar *
bm_address_map_digest (const BmAddressMap *map)
{
  if (bm_address_map_size (map) == 0)
    return g_strdup ("");
  g_autoptr (GList) names = g_list_sort (g_hash_table_get_keys (map->entries), compare_names);
  g_autoptr (GChecksum) checksum = g_checksum_new (G_CHECKSUM_SHA1);
  for (const GList *i = names; i != NULL; i = i->next) {
    const Entry *entry = g_hash_table_lookup (map->entries, i->data);
    g_checksum_update (checksum, i->data, (gssize) strlen (i->data) + 1);
    g_checksum_update (checksum, (const guchar *) entry->address,
                       (gssize) strlen (entry->address) + 1);
  }
  return g_strdup (g_checksum_get_string (checksum));
}

/* ---- from a file ---- */

static gboolean
add_row (BmAddressMap *map, const BmCsvRow *row, GError **error)
{
  guint n = g_strv_length (row->fields);
  g_autofree gchar *name = n >= 2 ? bm_exchange_name (row->fields[0]) : NULL;
  g_autofree gchar *address = n >= 2 ? bm_smtp_address (row->fields[1]) : NULL;
  guint32 source = n >= 3 ? (guint32) g_ascii_strtoull (row->fields[2], NULL, 10) : 0;
  const gchar *known = bm_address_map_get (map, name);
  const gchar *wrong = n < 2             ? "there must be two columns, dn and address"
                       : name == NULL    ? "the first column is no Exchange name (/o=...)"
                       : address == NULL ? "the second column is no address"
                       : known != NULL && g_ascii_strcasecmp (known, address) != 0
                           ? "another line gives this name another address"
                           : NULL;
  if (wrong == NULL)
    return bm_address_map_add (map, name, address, source);
  g_set_error (error, BM_ERROR, BM_CAUSE_USAGE, "line %u: %s", row->line, wrong);
  return FALSE;
}

BmAddressMap *
bm_address_map_parse (const gchar *csv, gsize size, GError **error)
{
  g_autoptr (GArray) rows = bm_csv_parse (csv, size, error);
  g_autoptr (BmAddressMap) map = bm_address_map_new ();
  if (rows == NULL)
    return NULL;
  for (guint i = 0; i < rows->len; i++) {
    const BmCsvRow *row = &g_array_index (rows, BmCsvRow, i);
    if (i == 0 && row->fields[0] != NULL &&
        g_ascii_strcasecmp (g_strstrip (row->fields[0]), "dn") == 0)
      continue;
    if (!add_row (map, row, error))
      return NULL;
  }
  return g_steal_pointer (&map);
}
