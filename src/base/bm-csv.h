/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* CSV both ways: what people's spreadsheets write is read, whatever their country; what we write
 * opens in a spreadsheet without questions. Must not know what the columns mean. Any thread. */
#pragma once

#include <bm-pst-import/error.h>

G_BEGIN_DECLS

typedef struct {
  guint line;   /* in the file, from 1: where the row begins */
  GStrv fields; /* UTF-8, valid; never NULL */
  const gchar
      *problem; /* why it is no row; fields are those of its line, whatever they mean. Static;
                           NULL = none */
} BmCsvRow;

/* Rows of a CSV (RFC 4180, also with LF or CR alone at line ends); lines that are empty but for
 * separators and spaces are left out. UTF-8 with or without byte order mark, UTF-16 with one, or with
 * every other byte zero; else each line is UTF-8 or windows-1252. The separator is what a first line "sep=;"
 * says, else the one of comma, semicolon and tab that the first line has most of outside quotes. A quote that is never closed
 * spoils the row where it is opened, and no other. Array of BmCsvRow, owned. Error: USAGE when it is
 * no text. */
GArray *bm_csv_parse (const gchar *data, gsize size, GError **error);

typedef enum {
  BM_CSV_PLAIN,      /* as it is: for files that are read again by us */
  BM_CSV_SPREADSHEET /* a field that would be a formula gets an apostrophe: hostile names */
} BmCsvStyle;

/* Appends a row: every field in quotes, CRLF at the end. NULL fields are empty. */
void bm_csv_add (GString *out, BmCsvStyle style, gchar separator, const gchar *const *fields,
                 guint n);
/* The mark by which a spreadsheet knows UTF-8. */
#define BM_CSV_BOM "\xef\xbb\xbf"

G_END_DECLS
