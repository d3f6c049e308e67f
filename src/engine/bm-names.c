/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Names of folders within the server's rules: of the PST's folders, which are made to fit, and of
 * the target that the user named, which must fit. Must not know IMAP. Any thread. */
#include "engine/bm-engine.h"

#include <string.h>

/* At most max bytes, cut between characters. */
static void
shorten (gchar *name, gsize max)
{
  if (strlen (name) <= max)
    return;
  gchar *end = g_utf8_find_prev_char (name, name + max + 1);
  if (end != NULL)
    *end = '\0';
}

gchar *
bm_names_safe (const BmNameRules *rules, const gchar *name)
{
  g_autofree gchar *normal = g_utf8_normalize (name, -1, G_NORMALIZE_NFC);
  g_autoptr (GString) safe = g_string_new (NULL);
  for (const gchar *p = normal != NULL ? normal : ""; *p != '\0'; p = g_utf8_next_char (p)) {
    gunichar c = g_utf8_get_char (p);
    gboolean refused = c < 0x80 && (c == (guchar) rules->separator || c == '/' ||
                                    strchr (rules->refused, (int) c) != NULL);
    gboolean joins = (c == 0x200c || c == 0x200d) && safe->len > 0; /* in words and emoji */
    if (refused || g_unichar_iscntrl (c) || (g_unichar_type (c) == G_UNICODE_FORMAT && !joins))
      g_string_append_c (safe, '_');
    else
      g_string_append_unichar (safe, c);
  }
  gchar *result = g_strstrip (g_string_free (g_steal_pointer (&safe), FALSE));
  shorten (result, rules->max_name);
  while (g_str_has_suffix (result, " ") || g_str_has_suffix (result, "."))
    result[strlen (result) - 1] = '\0';
  if (*result == '\0' || *result == '.' || *result == '~') {
    gchar *prefixed = g_strconcat ("_", result, NULL);
    g_free (result);
    return prefixed;
  }
  return result;
}

gsize
bm_names_encoded_size (const gchar *name)
{
  gsize size = 0;
  for (const gchar *p = name; *p != '\0'; p = g_utf8_next_char (p))
    size += g_utf8_get_char (p) < 0x80 ? (*p == '&' ? 2 : 1) : 5;
  return size;
}

gboolean
bm_names_is_taken (const BmNameRules *rules, const gchar *name)
{
  for (guint i = 0; rules->taken != NULL && rules->taken[i] != NULL; i++)
    if (g_ascii_strcasecmp (rules->taken[i], name) == 0)
      return TRUE;
  return FALSE;
}

static gboolean
refuse (GError **error, const gchar *into, const gchar *why)
{
  g_set_error (error, BM_ERROR, BM_CAUSE_USAGE, "--into \"%s\": %s", into, why);
  return FALSE;
}

static gboolean
check_parts (gchar **parts, const gchar *into, const BmNameRules *rules, GError **error)
{
  for (guint i = 0; parts[i] != NULL; i++) {
    g_autofree gchar *safe = bm_names_safe (rules, parts[i]);
    if (g_str_equal (safe, parts[i]))
      continue;
    g_autofree gchar *why = g_strdup_printf (
        "\"%s\" is not a folder name BlueMind takes; \"%s\" would be", parts[i], safe);
    return refuse (error, into, why);
  }
  return TRUE;
}

/* BlueMind's database compares names by case, and BlueMind 5 appends to INBOX in capitals only. */
static gboolean
check_inbox (gchar **parts, const gchar *into, gboolean children_are_lost, GError **error)
{
  if (g_ascii_strcasecmp (parts[0], "INBOX") != 0)
    return TRUE;
  g_free (parts[0]);
  parts[0] = g_strdup ("INBOX");
  if (parts[1] == NULL)
    return TRUE;
  if (g_ascii_strcasecmp (parts[1], "INBOX") == 0)
    return refuse (error, into, "the inbox holds no folder of its own name");
  return !children_are_lost ||
         refuse (error, into, "the upgrade from BlueMind 4.0 deletes folders below the inbox");
}

gchar *
bm_import_canonical_into (const gchar *into, const BmNameRules *rules,
                          gboolean inbox_children_are_lost, GError **error)
{
  if (g_str_equal (into, "/"))
    return g_strdup (into);
  if (!g_utf8_validate (into, -1, NULL) || *into == '\0') {
    refuse (error, "", "a folder name in UTF-8 is needed");
    return NULL;
  }
  g_autofree gchar *normal = g_utf8_normalize (into, -1, G_NORMALIZE_NFC);
  g_auto (GStrv) parts = g_strsplit (normal, "/", -1);
  if (!check_parts (parts, into, rules, error) ||
      !check_inbox (parts, into, inbox_children_are_lost, error))
    return NULL;
  if (bm_names_is_taken (rules, parts[0])) {
    refuse (error, into, "that is no place of this user's own, or BlueMind sends what lies there");
    return NULL;
  }
  if (bm_names_encoded_size (normal) > rules->max_path) {
    refuse (error, into, "the name is too long");
    return NULL;
  }
  return g_strjoinv ("/", parts);
}

gchar *
bm_import_default_into (const gchar *path, const BmNameRules *rules)
{
  g_autofree gchar *base = g_path_get_basename (path);
  gchar *dot = strrchr (base, '.');
  if (dot != NULL && dot != base)
    *dot = '\0';
  g_autofree gchar *valid = g_utf8_make_valid (base, -1);
  g_autofree gchar *safe = bm_names_safe (rules, valid);
  return g_strconcat ("Imported/", safe, NULL);
}
