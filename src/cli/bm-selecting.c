/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* See bm-selecting.h. Must not know what is selected from. */
#include "cli/bm-selecting.h"

#include <stdio.h>
#include <string.h>

static gboolean
bad (GError **error, const gchar *option, const gchar *text, const gchar *wanted)
{
  g_set_error (error, BM_ERROR, BM_CAUSE_USAGE, "%s \"%s\": %s", option, text, wanted);
  return FALSE;
}

/* NULL leaves *unix_time 0. */
static gboolean
read_date (const gchar *option, const gchar *text, gint64 *unix_time, GError **error)
{
  int year, month, day;
  char rest;
  *unix_time = 0;
  if (text == NULL)
    return TRUE;
  g_autoptr (GDateTime) date = NULL;
  if (sscanf (text, "%4d-%2d-%2d%c", &year, &month, &day, &rest) == 3)
    date = g_date_time_new_utc (year, month, day, 0, 0, 0);
  if (date == NULL)
    return bad (error, option, text, "not a day as YYYY-MM-DD");
  gint64 midnight = g_date_time_to_unix (date);
  *unix_time = midnight != 0 ? midnight : 1; /* 0 is open; no message is from that day */
  return TRUE;
}

static gboolean
read_size (const gchar *option, const gchar *text, guint64 *bytes, GError **error)
{
  static const gchar units[] = "KMGT";
  *bytes = 0;
  if (text == NULL)
    return TRUE;
  gchar *end = NULL;
  guint64 number = g_ascii_isdigit (*text) ? g_ascii_strtoull (text, &end, 10) : 0;
  const gchar *unit = end != NULL && *end != '\0' ? strchr (units, g_ascii_toupper (*end)) : NULL;
  guint shift = unit != NULL ? 10 * (guint) (unit - units + 1) : 0;
  if (end == NULL || number == 0 || end[unit != NULL] != '\0' || number > G_MAXUINT64 >> shift)
    return bad (error, option, text, "not a size: 500000, 500K, 20M, 1G");
  *bytes = number << shift;
  return TRUE;
}

static gboolean
check_globs (const gchar *option, GStrv globs, GError **error)
{
  for (guint i = 0; globs != NULL && globs[i] != NULL; i++)
    if (!bm_filter_is_folder_glob (globs[i]))
      return bad (error, option, globs[i],
                  "no well-known folder; #Inbox#, #SentItems#, #DeletedItems#, #Drafts#, "
                  "#JunkEmail#, #Outbox#");
  return TRUE;
}

gboolean
bm_selecting_read (const BmSelecting *selecting, BmSelection *selection, GError **error)
{
  *selection = (BmSelection){.include = (const gchar *const *) selecting->include,
                             .exclude = (const gchar *const *) selecting->exclude,
                             .classes = (const gchar *const *) selecting->classes,
                             .not_classes = (const gchar *const *) selecting->not_classes};
  return check_globs ("--include", selecting->include, error) &&
         check_globs ("--exclude", selecting->exclude, error) &&
         read_date ("--since", selecting->since, &selection->since, error) &&
         read_date ("--before", selecting->before, &selection->before, error) &&
         read_size ("--min-size", selecting->min_size, &selection->min_size, error) &&
         read_size ("--max-size", selecting->max_size, &selection->max_size, error);
}

void
bm_selecting_words (const BmSelecting *selecting, GStrvBuilder *builder)
{
  const struct {
    const gchar *option;
    GStrv values;
  } lists[] = {{"--include", selecting->include},
               {"--exclude", selecting->exclude},
               {"--class", selecting->classes},
               {"--exclude-class", selecting->not_classes}};
  const struct {
    const gchar *option, *value;
  } singles[] = {{"--since", selecting->since},
                 {"--before", selecting->before},
                 {"--min-size", selecting->min_size},
                 {"--max-size", selecting->max_size}};
  for (guint i = 0; i < G_N_ELEMENTS (lists); i++)
    for (guint k = 0; lists[i].values != NULL && lists[i].values[k] != NULL; k++)
      g_strv_builder_add_many (builder, lists[i].option, lists[i].values[k], NULL);
  for (guint i = 0; i < G_N_ELEMENTS (singles); i++)
    if (singles[i].value != NULL)
      g_strv_builder_add_many (builder, singles[i].option, singles[i].value, NULL);
}

void
bm_selecting_clear (BmSelecting *selecting)
{
  g_strfreev (selecting->include);
  g_strfreev (selecting->exclude);
  g_strfreev (selecting->classes);
  g_strfreev (selecting->not_classes);
  g_free (selecting->since);
  g_free (selecting->before);
  g_free (selecting->min_size);
  g_free (selecting->max_size);
}
