/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* See bm-mapping.h. */
#include "job/bm-mapping.h"

#include "base/bm-csv.h"
#include <string.h>

enum { FILE_NAME, USER, INTO, OPTIONS, OWN_COLUMNS };
enum { WORKLOAD, FILE_PATH, NAME, MAILBOX, IS_ARCHIVE, TARGET, CODE_PAGE, MICROSOFT_COLUMNS };

static const gchar *const own_columns[] = {"file", "user", "into", "options"};
static const gchar *const microsoft_columns[] = {
    "workload", "filepath", "name", "mailbox", "isarchive", "targetrootfolder", "contentcodepage"};

static void
row_free (gpointer data)
{
  BmMapRow *row = data;
  g_free (row->file);
  g_free (row->user);
  g_free (row->into);
  g_strfreev (row->options);
  g_free (row->problem);
  g_free (row);
}

void
bm_mapping_free (BmMapping *mapping)
{
  if (mapping == NULL)
    return;
  g_free (mapping->path);
  g_ptr_array_unref (mapping->rows);
  g_free (mapping);
}

gchar *
bm_map_row_key (const BmMapRow *row)
{
  g_autofree gchar *user = g_utf8_casefold (row->user, -1);
  return g_strjoin ("\n", row->file, user, row->into, NULL);
}

/* Spaces and characters without a shape (no-break space, byte order mark, marks of direction), which
 * come along when an address is copied from a page. In place. */
static gchar *
strip (gchar *text)
{
  gchar *begin = text, *end = text + strlen (text);
  for (gunichar c = g_utf8_get_char (begin);
       c != 0 && (g_unichar_isspace (c) || g_unichar_type (c) == G_UNICODE_FORMAT);
       c = g_utf8_get_char (begin))
    begin = g_utf8_next_char (begin);
  while (end > begin) {
    gchar *last = g_utf8_prev_char (end);
    gunichar c = g_utf8_get_char (last);
    if (!g_unichar_isspace (c) && g_unichar_type (c) != G_UNICODE_FORMAT)
      break;
    end = last;
  }
  *end = '\0';
  memmove (text, begin, (gsize) (end - begin) + 1);
  return text;
}

/* FALSE: one of them is there twice, and nobody can tell which one counts. */
static gboolean
find_columns (const BmCsvRow *header, const gchar *const *names, guint n, gint *columns,
              GError **error)
{
  for (guint c = 0; c < n; c++) {
    columns[c] = -1;
    for (gint i = 0; header->fields[i] != NULL; i++) {
      g_autofree gchar *name = strip (g_strdup (header->fields[i]));
      if (g_ascii_strcasecmp (name, names[c]) != 0)
        continue;
      if (columns[c] >= 0) {
        g_set_error (error, BM_ERROR, BM_CAUSE_USAGE, "the column %s is there twice", names[c]);
        return FALSE;
      }
      columns[c] = i;
    }
  }
  return TRUE;
}

/* New, without space around; "" for a column that is not there. */
static gchar *
field (const BmCsvRow *row, gint column)
{
  if (column < 0 || (guint) column >= g_strv_length (row->fields))
    return g_strdup ("");
  return g_strstrip (g_strdup (row->fields[column]));
}

static void G_GNUC_PRINTF (2, 3) set_problem (BmMapRow *row, const gchar *format, ...)
{
  va_list arguments;
  if (row->problem != NULL)
    return; /* the first one is the one to mend first */
  va_start (arguments, format);
  row->problem = g_strdup_vprintf (format, arguments);
  va_end (arguments);
}

/* What a row may say of its own; every other option would make it mean something else. */
static const struct {
  const gchar *name;
  gboolean value;
} row_options[] = {
    {"--include", TRUE},           {"--exclude", TRUE},       {"--class", TRUE},
    {"--exclude-class", TRUE},     {"--since", TRUE},         {"--before", TRUE},
    {"--min-size", TRUE},          {"--max-size", TRUE},      {"--default-charset", TRUE},
    {"--code-page", TRUE},         {"--address-map", TRUE},   {"--item-timeout", TRUE},
    {"--item-memory", TRUE},       {"--mark-seen", FALSE},    {"--empty-folders", FALSE},
    {"--with-subjects", FALSE},    {"--ignore-quota", FALSE}, {"--new-job", FALSE},
    {"--owner-mismatch-ok", FALSE}};

/* Index into the table above, or -1; *length: of the option's name in word. */
static gint
find_option (const gchar *word, gsize *length)
{
  *length = strcspn (word, "=");
  for (guint i = 0; i < G_N_ELEMENTS (row_options); i++)
    if (strlen (row_options[i].name) == *length &&
        strncmp (word, row_options[i].name, *length) == 0)
      return (gint) i;
  return -1;
}

static void
check_options (BmMapRow *row)
{
  for (guint i = 0; row->options[i] != NULL; i++) {
    gsize length;
    gint option = find_option (row->options[i], &length);
    gboolean has_value = row->options[i][length] == '=';
    if (option < 0 || (has_value && !row_options[option].value)) {
      set_problem (row, "option \"%s\" is none that a row may have: docs/bulk.md lists them",
                   row->options[i]);
      return;
    }
    if (row_options[option].value && !has_value && row->options[++i] == NULL) {
      set_problem (row, "option %s has no value", row_options[option].name);
      return;
    }
  }
}

/* The shell's words, but "#" begins no comment: #Inbox# is a folder. New. */
static gchar *
without_comments (const gchar *text)
{
  GString *out = g_string_new (NULL);
  gchar quote = '\0';
  for (const gchar *p = text; *p != '\0'; p++) {
    if (*p == '#' && quote == '\0' && (p == text || g_ascii_isspace (p[-1])))
      g_string_append_c (out, '\\');
    if (*p == '\\' && quote != '\'' && p[1] != '\0')
      g_string_append_c (out, *p++);
    else if (quote == '\0' && (*p == '"' || *p == '\''))
      quote = *p;
    else if (*p == quote)
      quote = '\0';
    g_string_append_c (out, *p);
  }
  return g_string_free (out, FALSE);
}

/* Relative to the directory of the CSV. */
static gchar *
absolute (const BmMapping *mapping, const gchar *name)
{
  g_autofree gchar *directory = g_path_get_dirname (mapping->path);
  return g_canonicalize_filename (name, directory);
}

static void
check_row (BmMapRow *row)
{
  check_options (row);
  if (strchr (row->file, '\n') != NULL || strchr (row->file, '\r') != NULL)
    set_problem (row,
                 "the file name holds a line end; close the quote before it, or rename the file");
  if (*row->user == '\0')
    set_problem (row, "no user; write the address of an existing BlueMind user into this row");
  else if (strchr (row->user, '@') == NULL && !g_str_has_prefix (row->user, "ext:"))
    set_problem (row, "user \"%s\" has no domain; write login@domain, an address or ext:ID",
                 row->user);
}

/* A name that holds the separator, unquoted, moves all fields behind it by one. */
static void
check_csv (BmMapRow *row, const BmCsvRow *csv, guint columns)
{
  if (csv->problem != NULL)
    set_problem (row, "%s; close it, or take it away", csv->problem);
  for (guint i = 0; csv->fields[i] != NULL; i++)
    if (i >= columns && *csv->fields[i] != '\0')
      set_problem (row, "more fields than the first line has columns; put quotes around a field "
                        "that holds the separator");
}

static BmMapRow *
read_own (const BmMapping *mapping, const BmCsvRow *csv, const gint *columns)
{
  BmMapRow *row = g_new0 (BmMapRow, 1);
  g_autofree gchar *file = field (csv, columns[FILE_NAME]);
  g_autofree gchar *options = field (csv, columns[OPTIONS]);
  g_autofree gchar *words = without_comments (options);
  g_autoptr (GError) error = NULL;
  row->line = csv->line;
  check_csv (row, csv, mapping->columns);
  row->file = absolute (mapping, file);
  row->user = strip (field (csv, columns[USER]));
  row->into = field (csv, columns[INTO]);
  if (*file == '\0')
    set_problem (row, "no file; write the path of a PST into this row, or take the row out");
  if (*options != '\0' && !g_shell_parse_argv (words, NULL, &row->options, &error))
    set_problem (row, "options %s: %s", options, error->message);
  if (row->options == NULL)
    row->options = g_new0 (gchar *, 1);
  check_row (row);
  return row;
}

/* "/Archive/2019" -> "Archive/2019"; "" -> "Imported"; "/" stays. */
static gchar *
microsoft_target (const gchar *text)
{
  if (*text == '\0')
    return g_strdup ("Imported");
  if (g_str_equal (text, "/"))
    return g_strdup (text);
  return g_strdup (text + strspn (text, "/"));
}

static void
read_code_page (BmMapRow *row, const gchar *text)
{
  guint64 page = 0;
  if (*text == '\0' || g_str_equal (text, "0"))
    return;
  if (!g_ascii_string_to_unsigned (text, 10, 1, 65535, &page, NULL)) {
    set_problem (row, "ContentCodePage \"%s\" is no code page number", text);
    return;
  }
  g_autofree gchar *charset = g_strdup_printf ("cp%" G_GUINT64_FORMAT, page);
  const gchar *const words[] = {"--default-charset", charset, NULL};
  g_strfreev (row->options);
  row->options = g_strdupv ((gchar **) words);
}

static BmMapRow *
read_microsoft (const BmMapping *mapping, const BmCsvRow *csv, const gint *columns)
{
  gchar *fields[MICROSOFT_COLUMNS];
  BmMapRow *row = g_new0 (BmMapRow, 1);
  for (guint i = 0; i < MICROSOFT_COLUMNS; i++)
    fields[i] = field (csv, columns[i]);
  g_strdelimit (fields[FILE_PATH], "\\", '/');
  g_autofree gchar *file = *fields[FILE_PATH] != '\0'
                               ? g_build_filename (fields[FILE_PATH], fields[NAME], NULL)
                               : g_strdup (fields[NAME]);
  row->line = csv->line;
  check_csv (row, csv, mapping->columns);
  row->file = absolute (mapping, file);
  row->user = strip (g_strdup (fields[MAILBOX]));
  row->into = microsoft_target (fields[TARGET]);
  row->options = g_new0 (gchar *, 1);
  if (*fields[NAME] == '\0')
    set_problem (row, "Name is empty: no file; take the row out");
  if (g_ascii_strcasecmp (fields[WORKLOAD], "Exchange") != 0)
    set_problem (row, "Workload \"%s\" is not Exchange: only mail is imported; take the row out",
                 fields[WORKLOAD]);
  if (g_ascii_strcasecmp (fields[IS_ARCHIVE], "TRUE") == 0)
    set_problem (row, "IsArchive is TRUE, but BlueMind has no archive mailbox; write FALSE and "
                      "name a folder in TargetRootFolder, such as /Archive");
  else if (*fields[IS_ARCHIVE] != '\0' && g_ascii_strcasecmp (fields[IS_ARCHIVE], "FALSE") != 0)
    set_problem (row, "IsArchive \"%s\" is neither TRUE nor FALSE", fields[IS_ARCHIVE]);
  read_code_page (row, fields[CODE_PAGE]);
  check_row (row);
  for (guint i = 0; i < MICROSOFT_COLUMNS; i++)
    g_free (fields[i]);
  return row;
}

static void
mark_duplicates (BmMapping *mapping)
{
  g_autoptr (GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  for (guint i = 0; i < mapping->rows->len; i++) {
    BmMapRow *row = g_ptr_array_index (mapping->rows, i);
    if (row->problem != NULL)
      continue;
    gchar *key = bm_map_row_key (row);
    const BmMapRow *first = g_hash_table_lookup (seen, key);
    if (first != NULL)
      set_problem (row, "the same file, user and folder as line %u; take one of them out",
                   first->line);
    else
      g_hash_table_insert (seen, g_steal_pointer (&key), row);
    g_free (key);
  }
}

static gboolean
read_rows (BmMapping *mapping, const GArray *csv, GError **error)
{
  gint own[OWN_COLUMNS], microsoft[MICROSOFT_COLUMNS];
  const BmCsvRow *header = &g_array_index (csv, BmCsvRow, 0);
  mapping->columns = g_strv_length (header->fields);
  if (!find_columns (header, own_columns, OWN_COLUMNS, own, error) ||
      !find_columns (header, microsoft_columns, MICROSOFT_COLUMNS, microsoft, error))
    return FALSE;
  mapping->microsoft = microsoft[WORKLOAD] >= 0 && microsoft[NAME] >= 0 && microsoft[MAILBOX] >= 0;
  if (!mapping->microsoft && (own[FILE_NAME] < 0 || own[USER] < 0)) {
    g_set_error (error, BM_ERROR, BM_CAUSE_USAGE,
                 "%s: the first line names no columns: \"file,user,into,options\", or those of "
                 "Microsoft 365's import (Workload,FilePath,Name,Mailbox,...)",
                 mapping->path);
    return FALSE;
  }
  for (guint i = 1; i < csv->len; i++) {
    const BmCsvRow *row = &g_array_index (csv, BmCsvRow, i);
    g_ptr_array_add (mapping->rows, mapping->microsoft ? read_microsoft (mapping, row, microsoft)
                                                       : read_own (mapping, row, own));
  }
  mark_duplicates (mapping);
  return TRUE;
}

BmMapping *
bm_mapping_load (const gchar *path, GError **error)
{
  g_autofree gchar *data = NULL;
  g_autoptr (GError) local = NULL;
  gsize size = 0;
  if (!g_file_get_contents (path, &data, &size, &local)) {
    g_set_error (error, BM_ERROR, BM_CAUSE_USAGE, "the mapping cannot be read: %s", local->message);
    return NULL;
  }
  g_autoptr (GArray) csv = bm_csv_parse (data, size, &local);
  if (csv == NULL || csv->len < 2) {
    g_set_error (error, BM_ERROR, BM_CAUSE_USAGE, "the mapping %s: %s", path,
                 csv == NULL ? local->message : "no row below the line with the columns' names");
    return NULL;
  }
  g_autoptr (BmMapping) mapping = g_new0 (BmMapping, 1);
  mapping->path = g_canonicalize_filename (path, NULL);
  mapping->rows = g_ptr_array_new_with_free_func (row_free);
  return read_rows (mapping, csv, error) ? g_steal_pointer (&mapping) : NULL;
}
