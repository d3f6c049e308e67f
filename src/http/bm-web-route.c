/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* See bm-web-private.h: from a raw path to segments, from segments to a route. Pure. Paths come from
 * strangers: they are split before they are decoded, so that an encoded "/" stays in its segment,
 * where it is refused. */
#include "http/bm-web-private.h"

#include <string.h>

#define SEGMENTS_MAX 16

static gboolean
is_good_segment (const gchar *segment)
{
  if (*segment == '\0' || g_str_equal (segment, ".") || g_str_equal (segment, "..") ||
      strpbrk (segment, "/\\") != NULL)
    return FALSE;
  for (const gchar *c = segment; *c != '\0'; c++)
    if (g_ascii_iscntrl (*c))
      return FALSE;
  return g_utf8_validate (segment, -1, NULL);
}

GStrv
bm_web_split_path (const gchar *base_path, const gchar *raw_path)
{
  gsize base = strlen (base_path);
  if (strncmp (raw_path, base_path, base) != 0) /* "/pst" stands for "/pst/" */
    return strlen (raw_path) + 1 == base && strncmp (raw_path, base_path, base - 1) == 0
               ? g_new0 (gchar *, 1)
               : NULL;
  g_auto (GStrv) raw = g_strsplit (raw_path + base, "/", -1);
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  guint n = g_strv_length (raw);
  if (n == 1 && *raw[0] == '\0')
    return g_new0 (gchar *, 1);
  for (guint i = 0; i < n; i++) {
    g_autofree gchar *segment = g_uri_unescape_string (raw[i], NULL); /* NULL also for %00 */
    if (segment == NULL || n > SEGMENTS_MAX || !is_good_segment (segment))
      return NULL;
    g_strv_builder_add (builder, segment);
  }
  return g_strv_builder_end (builder);
}

/* pattern: "imports/:id" below api/v1/; a page's begins with "/". */
static gboolean
matches (const gchar *pattern, GStrv path, GHashTable *params)
{
  g_autofree gchar *full =
      *pattern == '/' ? g_strdup (pattern + 1) : g_strconcat (BM_WEB_API, pattern, NULL);
  g_auto (GStrv) parts = g_strsplit (full, "/", -1);
  guint i = 0;
  g_hash_table_remove_all (params);
  for (; parts[i] != NULL && *parts[i] != '\0'; i++) {
    if (g_str_equal (parts[i], "*"))
      return path[i] != NULL;
    if (path[i] == NULL)
      return FALSE;
    if (*parts[i] == ':')
      g_hash_table_insert (params, g_strdup (parts[i] + 1), g_strdup (path[i]));
    else if (!g_str_equal (parts[i], path[i]))
      return FALSE;
  }
  return path[i] == NULL;
}

static const BmWebTable *
find_method (BmWeb *web, const gchar *method, GStrv path, const BmWebRoute **found,
             GHashTable *params, gboolean *other_method)
{
  for (guint t = 0; t < web->tables->len; t++) {
    const BmWebTable *table = &g_array_index (web->tables, BmWebTable, t);
    for (const BmWebRoute *route = table->routes; route->method != NULL; route++) {
      if (!matches (route->path, path, params))
        continue;
      if (g_str_equal (route->method, method)) {
        *found = route;
        return table;
      }
      *other_method = TRUE;
    }
  }
  return NULL;
}

const BmWebTable *
bm_web_find_route (BmWeb *web, const gchar *method, GStrv path, const BmWebRoute **found,
                   GHashTable *params, gboolean *other_method)
{
  *other_method = FALSE;
  const BmWebTable *table = find_method (web, method, path, found, params, other_method);
  if (table == NULL && g_str_equal (method, "HEAD"))
    table = find_method (web, "GET", path, found, params, other_method);
  return table;
}
