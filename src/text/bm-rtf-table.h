/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Private to the room: a table as a word processor keeps it, rows with edges of their own, as a table
 * of HTML, which has columns. A whole table is kept, since only its end says how many columns there
 * are and how far cells reach down. Time n log n of its cells; one thread. */
#pragma once

#include "text/bm-rtf-format.h"

G_BEGIN_DECLS

typedef struct _BmTable BmTable;

BmTable *bm_table_new (void);
void bm_table_free (BmTable *table);
/* Adds a cell to the row not yet ended. Takes html, and style of what it holds, which may be NULL. */
void bm_table_cell (BmTable *table, GString *html, gchar *style);
gboolean bm_table_in_row (const BmTable *table); /* there is one not yet ended */
/* Ends the row. row and columns may be NULL: nothing is known of them. */
void bm_table_row (BmTable *table, const BmPageRow *row, const BmPageColumn *columns, guint n);
/* So many cells that it should be written. */
gboolean bm_table_is_full (const BmTable *table);
/* Appends the table; style: of its characters, "" if any. The table is empty afterwards. */
void bm_table_write (BmTable *table, const gchar *style, GString *out);

G_END_DECLS
