/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* See bm-weboptions.h. */
#include "http/bm-weboptions.h"

#include <string.h>

#define GLOBS_MAX 2000 /* folders that somebody may have ticked off one by one */
#define TEXT_MAX  1000 /* bytes */

typedef enum { GLOBS, TEXT, SIZE, FLAG } Kind;

static const struct {
  const gchar *name, *word;
  Kind kind;
} table[] = {
    {"include", "--include", GLOBS},
    {"exclude", "--exclude", GLOBS},
    {"class", "--class", GLOBS},
    {"exclude_class", "--exclude-class", GLOBS},
    {"since", "--since", TEXT},
    {"before", "--before", TEXT},
    {"min_size", "--min-size", SIZE},
    {"max_size", "--max-size", SIZE},
    {"default_charset", "--default-charset", TEXT},
    {"mark_seen", "--mark-seen", FLAG},
    {"empty_folders", "--empty-folders", FLAG},
    {"with_subjects", "--with-subjects", FLAG},
    {"ignore_quota", "--ignore-quota", FLAG},
    {"owner_mismatch_ok", "--owner-mismatch-ok", FLAG},
};

static gboolean
bad (GError **error, const gchar *name, const gchar *wanted)
{
  g_set_error (error, BM_ERROR, BM_CAUSE_USAGE, "options: \"%s\": %s", name, wanted);
  return FALSE;
}

/* Words go through a CSV, a shell's quoting and a command line: nothing that could end a line. */
static gboolean
is_clean (const gchar *text)
{
  for (const gchar *p = text; *p != '\0'; p = g_utf8_next_char (p))
    if (g_unichar_iscntrl (g_utf8_get_char (p)))
      return FALSE;
  return *text != '\0' && strlen (text) <= TEXT_MAX;
}

static const gchar *
text_of (JsonNode *node)
{
  return JSON_NODE_HOLDS_VALUE (node) && json_node_get_value_type (node) == G_TYPE_STRING
             ? json_node_get_string (node)
             : NULL;
}

static gboolean
read_globs (JsonObject *out, const gchar *name, JsonNode *node, GError **error)
{
  if (!JSON_NODE_HOLDS_ARRAY (node))
    return bad (error, name, "an array of texts is wanted");
  JsonArray *given = json_node_get_array (node);
  g_autoptr (JsonArray) globs = json_array_new ();
  if (json_array_get_length (given) > GLOBS_MAX)
    return bad (error, name, "too many");
  for (guint i = 0; i < json_array_get_length (given); i++) {
    const gchar *text = text_of (json_array_get_element (given, i));
    if (text == NULL || !is_clean (text))
      return bad (error, name, "texts are wanted, not empty, without control characters");
    json_array_add_string_element (globs, text);
  }
  if (json_array_get_length (globs) > 0)
    json_object_set_array_member (out, name, g_steal_pointer (&globs));
  return TRUE;
}

static gboolean
read_text (JsonObject *out, const gchar *name, JsonNode *node, GError **error)
{
  const gchar *text = text_of (node);
  if (text != NULL && *text == '\0')
    return TRUE;
  if (text == NULL || !is_clean (text))
    return bad (error, name, "a text is wanted, without control characters");
  json_object_set_string_member (out, name, text);
  return TRUE;
}

/* Bytes, or a text as the command line has it ("20M"). */
static gboolean
read_size (JsonObject *out, const gchar *name, JsonNode *node, GError **error)
{
  if (text_of (node) != NULL)
    return read_text (out, name, node, error);
  gint64 bytes = JSON_NODE_HOLDS_VALUE (node) && json_node_get_value_type (node) == G_TYPE_INT64
                     ? json_node_get_int (node)
                     : -1;
  if (bytes < 0)
    return bad (error, name, "bytes are wanted, or a text such as 20M");
  g_autofree gchar *text = g_strdup_printf ("%" G_GINT64_FORMAT, bytes);
  if (bytes > 0)
    json_object_set_string_member (out, name, text);
  return TRUE;
}

static gboolean
read_flag (JsonObject *out, const gchar *name, JsonNode *node, GError **error)
{
  if (!JSON_NODE_HOLDS_VALUE (node) || json_node_get_value_type (node) != G_TYPE_BOOLEAN)
    return bad (error, name, "true or false is wanted");
  if (json_node_get_boolean (node))
    json_object_set_boolean_member (out, name, TRUE);
  return TRUE;
}

static gboolean
read_member (JsonObject *out, guint i, JsonNode *node, GError **error)
{
  static gboolean (*const readers[]) (JsonObject *, const gchar *, JsonNode *, GError **) = {
      [GLOBS] = read_globs, [TEXT] = read_text, [SIZE] = read_size, [FLAG] = read_flag};
  return node == NULL || JSON_NODE_HOLDS_NULL (node) ||
         readers[table[i].kind](out, table[i].name, node, error);
}

static gboolean
check_names (JsonObject *given, GError **error)
{
  g_autoptr (GList) names = json_object_get_members (given);
  for (GList *link = names; link != NULL; link = link->next) {
    gboolean known = FALSE;
    for (guint i = 0; i < G_N_ELEMENTS (table); i++)
      known |= g_str_equal (link->data, table[i].name);
    if (!known)
      return bad (error, link->data, "there is no such option");
  }
  return TRUE;
}

JsonObject *
bm_weboptions_read (JsonObject *given, GError **error)
{
  g_autoptr (JsonObject) out = json_object_new ();
  BmSelecting selecting = {0};
  BmSelection selection;
  if (given == NULL)
    return g_steal_pointer (&out);
  if (!check_names (given, error))
    return NULL;
  for (guint i = 0; i < G_N_ELEMENTS (table); i++)
    if (!read_member (out, i, json_object_get_member (given, table[i].name), error))
      return NULL;
  gboolean ok = bm_weboptions_select (out, &selecting, &selection, error);
  bm_selecting_clear (&selecting);
  return ok ? g_steal_pointer (&out) : NULL;
}

gboolean
bm_weboptions_equal (JsonObject *a, JsonObject *b)
{
  g_auto (GStrv) x = bm_weboptions_words (a), y = bm_weboptions_words (b);
  return g_strv_equal ((const gchar *const *) x, (const gchar *const *) y);
}

/* NULL when there are none. New. */
static GStrv
globs_of (JsonObject *options, const gchar *name)
{
  if (!json_object_has_member (options, name))
    return NULL;
  JsonArray *array = json_object_get_array_member (options, name);
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  for (guint i = 0; i < json_array_get_length (array); i++)
    g_strv_builder_add (builder, json_array_get_string_element (array, i));
  return g_strv_builder_end (builder);
}

static void
add_value (GStrvBuilder *builder, const gchar *word, const gchar *value)
{
  g_autofree gchar *joined = g_strconcat (word, "=", value, NULL);
  g_strv_builder_add (builder, joined);
}

GStrv
bm_weboptions_words (JsonObject *options)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  for (guint i = 0; i < G_N_ELEMENTS (table); i++) {
    if (!json_object_has_member (options, table[i].name))
      continue;
    if (table[i].kind == FLAG) {
      g_strv_builder_add (builder, table[i].word);
    } else if (table[i].kind == GLOBS) {
      g_auto (GStrv) globs = globs_of (options, table[i].name);
      for (guint g = 0; globs[g] != NULL; g++)
        add_value (builder, table[i].word, globs[g]);
    } else {
      add_value (builder, table[i].word, json_object_get_string_member (options, table[i].name));
    }
  }
  return g_strv_builder_end (builder);
}

gchar *
bm_weboptions_quote (const gchar *const *words)
{
  g_autoptr (GString) out = g_string_new (NULL);
  for (guint i = 0; words[i] != NULL; i++) {
    g_autofree gchar *quoted = g_shell_quote (words[i]);
    g_string_append_printf (out, "%s%s", i > 0 ? " " : "", quoted);
  }
  return g_string_free (g_steal_pointer (&out), FALSE);
}

gboolean
bm_weboptions_select (JsonObject *options, BmSelecting *selecting, BmSelection *selection,
                      GError **error)
{
  const struct {
    const gchar *name;
    gchar **text;
  } texts[] = {{"since", &selecting->since},
               {"before", &selecting->before},
               {"min_size", &selecting->min_size},
               {"max_size", &selecting->max_size}};
  *selecting = (BmSelecting){.include = globs_of (options, "include"),
                             .exclude = globs_of (options, "exclude"),
                             .classes = globs_of (options, "class"),
                             .not_classes = globs_of (options, "exclude_class")};
  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    *texts[i].text =
        g_strdup (json_object_get_string_member_with_default (options, texts[i].name, NULL));
  return bm_selecting_read (selecting, selection, error);
}
