/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The options that select a part of a PST, as words of the command line. One thread. */
#pragma once

#include <bm-pst-import/import.h>

G_BEGIN_DECLS

typedef struct {
  GStrv include, exclude, classes, not_classes;
  gchar *since, *before, *min_size, *max_size;
} BmSelecting;

#define BM_SELECTING_ENTRIES(s)                                                                    \
  {"include", 0, 0, G_OPTION_ARG_STRING_ARRAY, &(s)->include, "Only these folders", "GLOB"},       \
      {"exclude", 0, 0, G_OPTION_ARG_STRING_ARRAY, &(s)->exclude, "Not these folders", "GLOB"},    \
      {"class", 0, 0, G_OPTION_ARG_STRING_ARRAY, &(s)->classes, "Only these classes", "GLOB"},     \
      {"exclude-class",     0,     0, G_OPTION_ARG_STRING_ARRAY, &(s)->not_classes,                \
       "Not these classes", "GLOB"},                                                               \
      {"since", 0, 0, G_OPTION_ARG_STRING, &(s)->since, "Messages from this day on", "DATE"},      \
      {"before", 0, 0, G_OPTION_ARG_STRING, &(s)->before, "Messages before this day", "DATE"},     \
      {"min-size", 0, 0, G_OPTION_ARG_STRING, &(s)->min_size, "Messages of this size on", "SIZE"}, \
  {                                                                                                \
    "max-size", 0, 0, G_OPTION_ARG_STRING, &(s)->max_size, "Messages up to this size", "SIZE"      \
  }

/* selection borrows from selecting. Dates are YYYY-MM-DD (UTC), sizes bytes or with K, M or G.
 * Error: USAGE, naming the option. */
gboolean bm_selecting_read (const BmSelecting *selecting, BmSelection *selection, GError **error);
/* Adds the words that say the same on the command line of import. */
void bm_selecting_words (const BmSelecting *selecting, GStrvBuilder *builder);
void bm_selecting_clear (BmSelecting *selecting);

G_END_DECLS
