/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* See bm-rtf-list.h. */
#include "text/bm-rtf-list.h"

#include <string.h>

#define LEVELS_MAX    9
#define LISTS_MAX     2000u
#define OVERRIDES_MAX 4000u
#define TEXT_MAX      24u
#define VALUE_MAX     30000
#define LABEL_MAX     64u

typedef struct {
  gint format; /* \levelnfc */
  gint start;
  guint8 text[TEXT_MAX]; /* \leveltext: bytes below LEVELS_MAX stand for numbers of levels */
  guint text_size;
} ListLevel;

typedef struct {
  ListLevel levels[LEVELS_MAX];
  gint count[LEVELS_MAX]; /* 0: not yet begun */
} List;

typedef struct {
  gint list;
  gint start[LEVELS_MAX]; /* G_MININT: as the list has it */
  gboolean used;
} Override;

struct _BmRtfLists {
  GHashTable *lists, *overrides; /* number -> List, Override */
  List defining;
  Override overriding;
  gint level; /* of the one defined; -1 before the first */
  gboolean in_override;
  guint text_group; /* 0: not in \leveltext */
  gboolean has_length;
};

BmRtfLists *
bm_rtf_lists_new (void)
{
  BmRtfLists *lists = g_new0 (BmRtfLists, 1);
  lists->lists = g_hash_table_new_full (NULL, NULL, NULL, g_free);
  lists->overrides = g_hash_table_new_full (NULL, NULL, NULL, g_free);
  return lists;
}

void
bm_rtf_lists_free (BmRtfLists *lists)
{
  g_hash_table_unref (lists->lists);
  g_hash_table_unref (lists->overrides);
  g_free (lists);
}

/* ---- definitions ---- */

static void
keep_list (BmRtfLists *lists, gint number)
{
  if (g_hash_table_size (lists->lists) < LISTS_MAX)
    g_hash_table_insert (lists->lists, GINT_TO_POINTER (number),
                         g_memdup2 (&lists->defining, sizeof lists->defining));
}

static void
begin_override (BmRtfLists *lists)
{
  lists->in_override = TRUE;
  lists->level = -1;
  lists->overriding = (Override){0};
  for (guint i = 0; i < LEVELS_MAX; i++)
    lists->overriding.start[i] = G_MININT;
}

static void
level_word (BmRtfLists *lists, const gchar *word, gint number, guint group)
{
  if (lists->level < 0 || lists->level >= LEVELS_MAX)
    return;
  ListLevel *level = &lists->defining.levels[lists->level];
  gint value = CLAMP (number, 0, VALUE_MAX);
  if (strcmp (word, "levelstartat") == 0 && lists->in_override) {
    lists->overriding.start[lists->level] = value;
  } else if (lists->in_override) {
    return;
  } else if (strcmp (word, "levelstartat") == 0) {
    level->start = value;
  } else if (g_str_has_prefix (word, "levelnfc")) { /* and \levelnfcn */
    level->format = value;
  } else if (strcmp (word, "leveltext") == 0) {
    lists->text_group = group;
    lists->has_length = FALSE;
    level->text_size = 0;
  }
}

void
bm_rtf_lists_word (BmRtfLists *lists, const gchar *word, gint number, guint group)
{
  lists->text_group = 0;
  if (strcmp (word, "list") == 0) {
    lists->defining = (List){0};
    lists->in_override = FALSE;
    lists->level = -1;
  } else if (strcmp (word, "listoverride") == 0) {
    begin_override (lists);
  } else if (strcmp (word, lists->in_override ? "lfolevel" : "listlevel") == 0) {
    lists->level = MIN (lists->level + 1, LEVELS_MAX);
  } else if (strcmp (word, "listid") == 0 && lists->in_override) {
    lists->overriding.list = number;
  } else if (strcmp (word, "listid") == 0) {
    keep_list (lists, number);
  } else if (strcmp (word, "ls") == 0 && lists->in_override) {
    if (g_hash_table_size (lists->overrides) < OVERRIDES_MAX)
      g_hash_table_insert (lists->overrides, GINT_TO_POINTER (number),
                           g_memdup2 (&lists->overriding, sizeof lists->overriding));
  } else {
    level_word (lists, word, number, group);
  }
}

/* The first byte is their number, a ';' ends them anyway. */
void
bm_rtf_lists_bytes (BmRtfLists *lists, const guint8 *bytes, gsize size, guint group)
{
  if (lists->text_group == 0 || group != lists->text_group)
    return;
  ListLevel *level = &lists->defining.levels[lists->level];
  for (gsize i = 0; i < size; i++) {
    if (lists->has_length && bytes[i] != ';' && bytes[i] < 0x7f && level->text_size < TEXT_MAX)
      level->text[level->text_size++] = bytes[i];
    lists->has_length = TRUE;
  }
}

/* ---- use ---- */

static List *
find (const BmRtfLists *lists, gint number, Override **override)
{
  *override = g_hash_table_lookup (lists->overrides, GINT_TO_POINTER (number));
  return *override != NULL ? g_hash_table_lookup (lists->lists, GINT_TO_POINTER ((*override)->list))
                           : NULL;
}

BmPageLabelKind
bm_rtf_lists_kind (const BmRtfLists *lists, gint number, gint level)
{
  static const BmPageLabelKind kinds[] = {BM_PAGE_LABEL_DECIMAL, BM_PAGE_LABEL_UPPER_ROMAN,
                                          BM_PAGE_LABEL_LOWER_ROMAN, BM_PAGE_LABEL_UPPER_LETTER,
                                          BM_PAGE_LABEL_LOWER_LETTER};
  Override *override;
  const List *list = find (lists, number, &override);
  if (list == NULL || level < 0 || level >= LEVELS_MAX)
    return BM_PAGE_LABEL_UNKNOWN;
  gint format = list->levels[level].format;
  if (format == 23)
    return BM_PAGE_LABEL_BULLET;
  return format >= 0 && format < (gint) G_N_ELEMENTS (kinds) ? kinds[format]
                                                             : BM_PAGE_LABEL_UNKNOWN;
}

static void
append_roman (GString *out, gint value)
{
  static const struct {
    gint value;
    const gchar *digits;
  } digits[] = {{1000, "m"}, {900, "cm"}, {500, "d"}, {400, "cd"}, {100, "c"},
                {90, "xc"},  {50, "l"},   {40, "xl"}, {10, "x"},   {9, "ix"},
                {5, "v"},    {4, "iv"},   {1, "i"}};
  for (guint i = 0; i < G_N_ELEMENTS (digits); i++)
    for (; value >= digits[i].value; value -= digits[i].value)
      g_string_append (out, digits[i].digits);
}

static void
append_number (GString *out, gint format, gint value)
{
  g_autoptr (GString) number = g_string_new (NULL);
  gboolean roman = (format == 1 || format == 2) && value > 0 && value < 4000;
  gboolean letter = (format == 3 || format == 4) && value > 0 && value <= 26 * 8;
  if (roman)
    append_roman (number, value);
  for (gint i = 0; letter && i <= (value - 1) / 26; i++)
    g_string_append_c (number, (gchar) ('a' + (value - 1) % 26));
  if (!roman && !letter)
    g_string_append_printf (number, format == 22 ? "%02d" : "%d", value);
  if (format == 1 || format == 3)
    g_string_ascii_up (number);
  g_string_append (out, number->str);
}

/* Numbers of levels above that have not begun are as they would begin. */
static gint
current (const List *list, guint level)
{
  return list->count[level] != 0 ? list->count[level] - 1 : list->levels[level].start;
}

gchar *
bm_rtf_lists_next (BmRtfLists *lists, gint number, gint level)
{
  Override *override;
  List *list = find (lists, number, &override);
  if (list == NULL || level < 0 || level >= LEVELS_MAX)
    return NULL;
  const ListLevel *own = &list->levels[level];
  gint start = override->start[level];
  if (start != G_MININT && !override->used)
    list->count[level] = start + 1; /* one more than it is: 0 is not begun */
  else
    list->count[level] = list->count[level] == 0 ? own->start + 1 : list->count[level] + 1;
  override->used = override->used || start != G_MININT;
  list->count[level] = MIN (list->count[level], VALUE_MAX);
  for (guint i = (guint) level + 1; i < LEVELS_MAX; i++)
    list->count[i] = 0;
  if (own->format == 23)
    return g_strdup ("•");
  if (own->format == 255 || own->text_size == 0)
    return NULL;
  GString *label = g_string_new (NULL);
  for (guint i = 0; i < own->text_size && label->len < LABEL_MAX; i++) {
    guint8 c = own->text[i];
    if (c < LEVELS_MAX)
      append_number (label, list->levels[c].format, current (list, c));
    else if (c >= ' ')
      g_string_append_c (label, (gchar) c);
  }
  return g_string_free (label, FALSE);
}
