/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* See bm-rtf-field.h. An instruction is a word, arguments, and switches of a backslash and a letter,
 * some of which have an argument of their own. */
#include "text/bm-rtf-field.h"

#include <stdlib.h>
#include <string.h>

/* The next argument or switch; NULL at the end. *quoted: it was in quotes, so it is no switch. New. */
static gchar *
next_word (const gchar **at, gboolean *quoted)
{
  const gchar *p = *at;
  GString *word = g_string_new (NULL);
  while (g_ascii_isspace (*p))
    p++;
  *quoted = *p == '"';
  if (*p == '\0')
    return g_string_free (word, TRUE);
  for (p += *quoted; *p != '\0' && (*quoted ? *p != '"' : !g_ascii_isspace (*p)); p++) {
    if (*quoted && *p == '\\' && (p[1] == '\\' || p[1] == '"'))
      p++;
    g_string_append_c (word, *p);
  }
  *at = p + (*quoted && *p == '"');
  return g_string_free (word, FALSE);
}

/* As a URL what people write as a path or a name of a host. Takes address. New. */
static gchar *
as_url (gchar *address, const gchar *place)
{
  gchar *url = NULL;
  if (g_str_has_prefix (address, "\\\\") || (g_ascii_isalpha (*address) && address[1] == ':' &&
                                             (address[2] == '\\' || address[2] == '/'))) {
    g_strdelimit (address, "\\", '/');
    url = g_strconcat (*address == '/' ? "file:" : "file:///", address, NULL);
  } else if (g_ascii_strncasecmp (address, "www.", 4) == 0) {
    url = g_strconcat ("http://", address, NULL);
  } else if (strchr (address, '@') != NULL && strpbrk (address, ":/?#") == NULL) {
    url = g_strconcat ("mailto:", address, NULL);
  }
  if (url == NULL)
    url = g_strdup (address);
  g_free (address);
  if (place == NULL || *place == '\0')
    return url;
  gchar *both = g_strconcat (url, "#", place, NULL);
  g_free (url);
  return both;
}

static void
parse_link (const gchar *at, BmRtfField *field)
{
  gboolean quoted;
  g_autofree gchar *place = NULL, *address = NULL;
  for (gchar *word = next_word (&at, &quoted); word != NULL; word = next_word (&at, &quoted)) {
    gboolean is_switch = !quoted && *word == '\\' && word[1] != '\\';
    gchar letter = is_switch ? g_ascii_tolower (word[1]) : 0;
    gchar *value = letter != 0 && strchr ("lot", letter) ? next_word (&at, &quoted) : NULL;
    if (letter == 'l' && place == NULL)
      place = g_steal_pointer (&value);
    else if (letter == 'o' && field->title == NULL)
      field->title = g_steal_pointer (&value);
    else if (!is_switch && address == NULL)
      address = g_steal_pointer (&word);
    g_free (value);
    g_free (word);
  }
  if (address == NULL)
    address = g_strdup ("");
  field->address = as_url (g_steal_pointer (&address), place);
}

static void
parse_picture (const gchar *at, BmRtfField *field)
{
  static const gchar *const schemes[] = {"http://", "https://", "cid:"};
  gboolean quoted;
  g_autofree gchar *address = next_word (&at, &quoted);
  for (guint i = 0; address != NULL && i < G_N_ELEMENTS (schemes); i++)
    if (g_ascii_strncasecmp (address, schemes[i], strlen (schemes[i])) == 0) {
      field->address = g_steal_pointer (&address);
      return;
    }
  field->kind = BM_RTF_FIELD_OTHER;
}

static void
parse_symbol (const gchar *at, BmRtfField *field)
{
  gboolean quoted, first = TRUE;
  for (gchar *word = next_word (&at, &quoted); word != NULL; word = next_word (&at, &quoted)) {
    gboolean hex = g_ascii_strncasecmp (word, "0x", 2) == 0;
    if (first)
      field->symbol = (gint) CLAMP (strtol (word, NULL, hex ? 16 : 10), 0, 0x10ffff);
    else if (g_ascii_strcasecmp (word, "\\f") == 0 && field->font == NULL)
      field->font = next_word (&at, &quoted);
    first = FALSE;
    g_free (word);
  }
}

void
bm_rtf_field_parse (const gchar *instruction, BmRtfField *field)
{
  static const struct {
    const gchar *name;
    BmRtfFieldKind kind;
    void (*parse) (const gchar *at, BmRtfField *field);
  } kinds[] = {
      {"HYPERLINK", BM_RTF_FIELD_LINK, parse_link},
      {"INCLUDEPICTURE", BM_RTF_FIELD_PICTURE, parse_picture},
      {"SYMBOL", BM_RTF_FIELD_SYMBOL, parse_symbol},
      {"EQ", BM_RTF_FIELD_FORMULA, NULL},
  };
  *field = (BmRtfField){0};
  while (g_ascii_isspace (*instruction))
    instruction++;
  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++) {
    gsize n = strlen (kinds[i].name);
    if (g_ascii_strncasecmp (instruction, kinds[i].name, n) != 0 ||
        g_ascii_isalnum (instruction[n]))
      continue;
    field->kind = kinds[i].kind;
    if (kinds[i].parse != NULL)
      kinds[i].parse (instruction + n, field);
    return;
  }
}

void
bm_rtf_field_clear (BmRtfField *field)
{
  g_free (field->address);
  g_free (field->title);
  g_free (field->font);
}
