/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* What of a PST is wanted: folders by glob, messages by class, date and size. Pure functions; must
 * not know where messages go. Any thread. */
#include "engine/bm-engine.h"

#include <string.h>

/* Exchange's names of well-known folders, New-MailboxImportRequest -IncludeFolders. Those without a
 * role hold no mail: a glob may name them, and selects nothing. */
static const struct {
  const gchar *name;
  BmRole role;
} well_known[] = {
    {"#inbox#", BM_ROLE_INBOX},         {"#sentitems#", BM_ROLE_SENT},
    {"#drafts#", BM_ROLE_DRAFTS},       {"#deleteditems#", BM_ROLE_TRASH},
    {"#junkemail#", BM_ROLE_JUNK},      {"#outbox#", BM_ROLE_OUTBOX},
    {"#calendar#", BM_ROLE_NONE},       {"#contacts#", BM_ROLE_NONE},
    {"#tasks#", BM_ROLE_NONE},          {"#notes#", BM_ROLE_NONE},
    {"#journal#", BM_ROLE_NONE},        {"#syncissues#", BM_ROLE_NONE},
    {"#conflicts#", BM_ROLE_NONE},      {"#localfailures#", BM_ROLE_NONE},
    {"#serverfailures#", BM_ROLE_NONE},
};

static gchar *
fold (const gchar *text)
{
  g_autofree gchar *normal = g_utf8_normalize (text, -1, G_NORMALIZE_NFC);
  return g_utf8_casefold (normal != NULL ? normal : text, -1);
}

gboolean
bm_filter_is_folder_glob (const gchar *glob)
{
  if (!g_utf8_validate (glob, -1, NULL) || *glob == '\0')
    return FALSE;
  if (*glob != '#')
    return TRUE;
  g_autofree gchar *folded = fold (glob);
  for (guint i = 0; i < G_N_ELEMENTS (well_known); i++) {
    gsize length = strlen (well_known[i].name);
    if (g_str_has_prefix (folded, well_known[i].name) &&
        (folded[length] == '\0' || folded[length] == '/'))
      return TRUE;
  }
  return FALSE;
}

/* A glob names what it matches and all below it: separator is '/' for folders, '.' for classes. */
static gboolean
matches (const gchar *const *globs, const gchar *text, gchar separator)
{
  g_autofree gchar *folded = fold (text);
  for (guint i = 0; globs != NULL && globs[i] != NULL; i++) {
    g_autofree gchar *glob = fold (globs[i]);
    g_autofree gchar *below = g_strdup_printf ("%s%c*", glob, separator);
    if (g_pattern_match_simple (glob, folded) || g_pattern_match_simple (below, folded))
      return TRUE;
  }
  return FALSE;
}

static const gchar *
well_known_name (BmRole role)
{
  for (guint i = 0; i < G_N_ELEMENTS (well_known); i++)
    if (role != BM_ROLE_NONE && well_known[i].role == role)
      return well_known[i].name;
  return NULL;
}

/* "#inbox#/Projects" for "Posteingang/Projects", with the innermost well-known folder; NULL. */
static gchar *
well_known_path (const BmCensus *census, const gchar *path)
{
  const BmFolder *best = NULL;
  for (guint i = 0; i < census->folders->len; i++) {
    const BmFolder *folder = g_ptr_array_index (census->folders, i);
    gsize length = folder->path != NULL ? strlen (folder->path) : 0;
    if (length > 0 && well_known_name (folder->role) != NULL &&
        g_str_has_prefix (path, folder->path) && (path[length] == '\0' || path[length] == '/') &&
        (best == NULL || length > strlen (best->path)))
      best = folder;
  }
  return best != NULL ? g_strconcat (well_known_name (best->role), path + strlen (best->path), NULL)
                      : NULL;
}

static gboolean
folder_matches (const gchar *const *globs, const gchar *path, const gchar *known)
{
  return matches (globs, path, '/') || (known != NULL && matches (globs, known, '/'));
}

gboolean
bm_filter_takes_folder (const BmSelection *selection, const BmCensus *census, const gchar *path)
{
  g_autofree gchar *known = well_known_path (census, path);
  if (selection->include != NULL && selection->include[0] != NULL &&
      !folder_matches (selection->include, path, known))
    return FALSE;
  return !folder_matches (selection->exclude, path, known);
}

BmRule
bm_filter_envelope (const BmSelection *selection, const gchar *message_class, gint64 internal_date,
                    guint64 size)
{
  if ((selection->classes != NULL && selection->classes[0] != NULL &&
       !matches (selection->classes, message_class, '.')) ||
      matches (selection->not_classes, message_class, '.'))
    return BM_RULE_FILTERED_CLASS;
  if (internal_date < selection->since ||
      (selection->before != 0 && internal_date >= selection->before))
    return BM_RULE_FILTERED_DATE;
  if (size < selection->min_size || (selection->max_size != 0 && size > selection->max_size))
    return BM_RULE_FILTERED_SIZE;
  return BM_RULE_NONE;
}

BmRule
bm_filter_message (const BmSelection *selection, const BmMessage *message)
{
  return bm_filter_envelope (selection,
                             message->message_class != NULL ? message->message_class : "",
                             message->internal_date, g_bytes_get_size (message->bytes));
}

static void
describe_list (GString *out, const gchar *what, const gchar *const *globs)
{
  if (globs == NULL || globs[0] == NULL)
    return;
  g_string_append_printf (out, "%s%s", out->len > 0 ? "; " : "", what);
  for (guint i = 0; globs[i] != NULL; i++) {
    /* quoted where it could be taken for two, or for another option */
    const gchar *quote = strpbrk (globs[i], ",;\"") != NULL ? "\"" : "";
    g_auto (GStrv) parts = g_strsplit (globs[i], "\"", -1);
    g_autofree gchar *glob = g_strjoinv ("\"\"", parts);
    g_string_append_printf (out, "%s %s%s%s", i > 0 ? "," : "", quote, glob, quote);
  }
}

static void
describe_date (GString *out, const gchar *what, gint64 unix_time)
{
  if (unix_time == 0)
    return;
  g_autoptr (GDateTime) date = g_date_time_new_from_unix_utc (unix_time);
  g_autofree gchar *text = g_date_time_format (date, "%Y-%m-%d");
  g_string_append_printf (out, "%s%s %s", out->len > 0 ? "; " : "", what, text);
}

static void
describe_size (GString *out, const gchar *what, guint64 bytes)
{
  if (bytes > 0)
    g_string_append_printf (out, "%s%s %" G_GUINT64_FORMAT " bytes", out->len > 0 ? "; " : "", what,
                            bytes);
}

gchar *
bm_filter_describe (const BmSelection *selection)
{
  g_autoptr (GString) out = g_string_new (NULL);
  describe_list (out, "folders", selection->include);
  describe_list (out, "without folders", selection->exclude);
  describe_list (out, "classes", selection->classes);
  describe_list (out, "without classes", selection->not_classes);
  describe_date (out, "since", selection->since);
  describe_date (out, "before", selection->before);
  describe_size (out, "at least", selection->min_size);
  describe_size (out, "at most", selection->max_size);
  return g_string_free (g_steal_pointer (&out), FALSE);
}
