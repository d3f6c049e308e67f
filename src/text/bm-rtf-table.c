/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* See bm-rtf-table.h. [MSFT-RTF] "Table Definitions". */
#include "text/bm-rtf-table.h"

#include <string.h>

#define CELLS_MAX   20000u
#define COLUMNS_MAX 200u  /* of one row */
#define EDGES_MAX   1000u /* HTML has no wider spans */
#define NEAR        25    /* edges so near to each other are one: twips */
#define GAP_USUAL   108
#define HEIGHT_MAX  10000
#define GAP_MAX     720
#define NBSP        "\xc2\xa0"

typedef struct {
  GString *html;
  gchar *style; /* or NULL */
  BmPageColumn column;
  gboolean known;             /* column says something */
  gboolean swallowed;         /* it is part of another cell */
  gint from;                  /* its left edge */
  guint first, columns, rows; /* in the grid */
} Cell;

typedef struct {
  BmPageRow look;
  GPtrArray *cells; /* Cell * */
} Row;

struct _BmTable {
  GPtrArray *rows;  /* Row * */
  GPtrArray *cells; /* Cell * of the row not yet ended */
  guint n_cells;
  GArray *edges; /* gint, while it is written */
};

static void
cell_free (gpointer data)
{
  Cell *cell = data;
  g_string_free (cell->html, TRUE);
  g_free (cell->style);
  g_free (cell);
}

static void
row_free (gpointer data)
{
  Row *row = data;
  g_ptr_array_unref (row->cells);
  g_free (row);
}

BmTable *
bm_table_new (void)
{
  BmTable *table = g_new0 (BmTable, 1);
  table->rows = g_ptr_array_new_with_free_func (row_free);
  table->cells = g_ptr_array_new_with_free_func (cell_free);
  table->edges = g_array_new (FALSE, FALSE, sizeof (gint));
  return table;
}

void
bm_table_free (BmTable *table)
{
  g_ptr_array_unref (table->rows);
  g_ptr_array_unref (table->cells);
  g_array_unref (table->edges);
  g_free (table);
}

gboolean
bm_table_in_row (const BmTable *table)
{
  return table->cells->len > 0;
}

gboolean
bm_table_is_full (const BmTable *table)
{
  return table->n_cells > CELLS_MAX;
}

void
bm_table_cell (BmTable *table, GString *html, gchar *style)
{
  if (table->cells->len >= COLUMNS_MAX) { /* the last one takes the rest */
    Cell *last = g_ptr_array_index (table->cells, COLUMNS_MAX - 1);
    g_string_append_len (last->html, html->str, (gssize) html->len);
    g_string_free (html, TRUE);
    g_free (style);
    return;
  }
  Cell *cell = g_new0 (Cell, 1);
  cell->html = html;
  cell->style = style;
  cell->columns = cell->rows = 1;
  g_ptr_array_add (table->cells, cell);
  table->n_cells++;
}

/* What a merged cell holds goes to the one that it is part of. */
static void
swallow (Cell *into, Cell *cell)
{
  g_string_append_len (into->html, cell->html->str, (gssize) cell->html->len);
  g_string_truncate (cell->html, 0);
  cell->swallowed = TRUE;
}

void
bm_table_row (BmTable *table, const BmPageRow *look, const BmPageColumn *columns, guint n)
{
  if (table->cells->len == 0)
    return;
  Row *row = g_new0 (Row, 1);
  Cell *before = NULL;
  row->cells = table->cells;
  table->cells = g_ptr_array_new_with_free_func (cell_free);
  if (look != NULL)
    row->look = *look;
  gint edge = row->look.left;
  for (guint i = 0; i < row->cells->len; i++) {
    Cell *cell = g_ptr_array_index (row->cells, i);
    cell->known = columns != NULL && i < n;
    cell->from = edge;
    if (cell->known)
      cell->column = columns[i];
    cell->column.edge = edge = MAX (cell->column.edge, edge);
    if (cell->column.merged == 2 && before != NULL) {
      before->column.edge = edge;
      swallow (before, cell);
    } else {
      before = cell;
    }
  }
  g_ptr_array_add (table->rows, row);
}

/* ---- the grid ---- */

static gint
compare_edges (gconstpointer a, gconstpointer b)
{
  gint x = *(const gint *) a, y = *(const gint *) b;
  return x < y ? -1 : x > y;
}

static void
find_edges (BmTable *table)
{
  GArray *edges = table->edges;
  g_array_set_size (edges, 0);
  for (guint r = 0; r < table->rows->len; r++) {
    const Row *row = g_ptr_array_index (table->rows, r);
    for (guint i = 0; i < row->cells->len; i++) {
      const Cell *cell = g_ptr_array_index (row->cells, i);
      if (!cell->swallowed && cell->known) {
        g_array_append_val (edges, cell->from);
        g_array_append_val (edges, cell->column.edge);
      }
    }
  }
  g_array_sort (edges, compare_edges);
  guint kept = 0;
  for (guint i = 0; i < edges->len; i++)
    if (kept == 0 || g_array_index (edges, gint, i) - g_array_index (edges, gint, kept - 1) > NEAR)
      g_array_index (edges, gint, kept++) = g_array_index (edges, gint, i);
  g_array_set_size (edges, kept);
}

/* Number of the last edge that is not behind at. */
static guint
edge_index (const GArray *edges, gint at)
{
  guint low = 0, high = edges->len;
  while (high - low > 1) {
    guint middle = low + (high - low) / 2;
    if (g_array_index (edges, gint, middle) <= at)
      low = middle;
    else
      high = middle;
  }
  return low;
}

/* Cells that reach down: above, by columns of the grid, the one that is going on. */
static void
merge_down (Row *row, Cell **above, guint n)
{
  g_autofree Cell **next = g_new0 (Cell *, n);
  for (guint i = 0; i < row->cells->len; i++) {
    Cell *cell = g_ptr_array_index (row->cells, i);
    if (cell->swallowed || !cell->known || cell->first >= n)
      continue;
    Cell *top = cell->column.merged_down == 2 ? above[cell->first] : NULL;
    if (top != NULL && top->columns == cell->columns) {
      top->rows++;
      swallow (top, cell);
      next[cell->first] = top;
    } else if (cell->column.merged_down != 0) {
      next[cell->first] = cell;
    }
  }
  memcpy (above, next, n * sizeof (Cell *));
}

static void
place_cells (BmTable *table)
{
  find_edges (table);
  guint n = table->edges->len;
  if (n < 2 || n > EDGES_MAX)
    return;
  g_autofree Cell **above = g_new0 (Cell *, n);
  for (guint r = 0; r < table->rows->len; r++) {
    Row *row = g_ptr_array_index (table->rows, r);
    for (guint i = 0; i < row->cells->len; i++) {
      Cell *cell = g_ptr_array_index (row->cells, i);
      if (cell->swallowed || !cell->known)
        continue;
      cell->first = edge_index (table->edges, cell->from);
      guint last = edge_index (table->edges, cell->column.edge);
      cell->columns = MAX (last - cell->first, 1);
    }
    merge_down (row, above, n);
  }
}

/* ---- HTML ---- */

/* Sides of which the cell says nothing are those of the row. */
static void
add_borders (GString *style, const Row *row, guint r, const Cell *cell, guint i, guint last)
{
  const BmPageBorder *own = cell->column.border, *outer = row->look.border;
  const BmPageBorder *inner_rows = &outer[BM_PAGE_INNER_ROWS];
  const BmPageBorder *inner_columns = &outer[BM_PAGE_INNER_COLUMNS];
  BmPageBorder border[BM_PAGE_SIDES];
  const BmPageBorder *usual[BM_PAGE_SIDES] = {
      r > 0 && inner_rows->set != 0 ? inner_rows : &outer[BM_PAGE_TOP],
      i < last ? inner_columns : &outer[BM_PAGE_RIGHT_SIDE], &outer[BM_PAGE_BOTTOM],
      i > 0 ? inner_columns : &outer[BM_PAGE_LEFT_SIDE]};
  for (guint side = 0; side < BM_PAGE_SIDES; side++)
    border[side] = own[side].set != 0 ? own[side] : *usual[side];
  bm_page_border_style (style, border);
}

static void
write_cell (GString *out, const Row *row, guint r, const Cell *cell, guint i)
{
  static const gchar *const vertical[] = {"top", "middle", "bottom"};
  g_autoptr (GString) style = g_string_new (NULL);
  guint32 paper = bm_page_shade (&cell->column.shade);
  g_string_append_printf (out, "<td valign=\"%s\"", vertical[CLAMP (cell->column.vertical, 0, 2)]);
  if (cell->columns > 1)
    g_string_append_printf (out, " colspan=\"%u\"", cell->columns);
  if (cell->rows > 1)
    g_string_append_printf (out, " rowspan=\"%u\"", cell->rows);
  if (cell->known && cell->column.edge > cell->from)
    bm_page_length_style (style, "width", cell->column.edge - cell->from);
  g_string_append (style, ";padding:0 ");
  bm_page_length (style, row->look.gap > 0 ? MIN (row->look.gap, GAP_MAX) : GAP_USUAL);
  add_borders (style, row, r, cell, i, row->cells->len - 1);
  if (paper != 0)
    g_string_append_printf (style, ";background-color:#%06x", paper & 0xffffff);
  if (cell->style != NULL && *cell->style != '\0')
    g_string_append_printf (style, ";%s", cell->style);
  g_string_append_printf (out, " style=\"%s\">%s</td>", style->str + (*style->str == ';'),
                          cell->html->len > 0 ? cell->html->str : NBSP);
}

static void
write_row (GString *out, const BmTable *table, guint r)
{
  const Row *row = g_ptr_array_index (table->rows, r);
  const Cell *begin = row->cells->len > 0 ? g_ptr_array_index (row->cells, 0) : NULL;
  if (row->look.height != 0) {
    g_autoptr (GString) style = g_string_new (NULL);
    bm_page_length_style (style, "height", ABS (CLAMP (row->look.height, -HEIGHT_MAX, HEIGHT_MAX)));
    g_string_append_printf (out, "<tr style=\"%s\">", style->str + 1);
  } else {
    g_string_append (out, "<tr>");
  }
  if (begin != NULL && begin->known && begin->first > 0) /* the row begins further in */
    g_string_append_printf (out, "<td colspan=\"%u\"></td>", begin->first);
  for (guint i = 0; i < row->cells->len; i++) {
    const Cell *cell = g_ptr_array_index (row->cells, i);
    if (!cell->swallowed)
      write_cell (out, row, r, cell, i);
  }
  g_string_append (out, "</tr>\n");
}

void
bm_table_write (BmTable *table, const gchar *style, GString *out)
{
  static const gchar *const aligns[] = {"", "", " align=\"center\"", " align=\"right\"", ""};
  if (bm_table_in_row (table))
    bm_table_row (table, NULL, NULL, 0);
  if (table->rows->len == 0)
    return;
  place_cells (table);
  const BmPageRow *look = &((const Row *) g_ptr_array_index (table->rows, 0))->look;
  g_autoptr (GString) own = g_string_new ("border-collapse:collapse");
  if (*style != '\0')
    g_string_append_printf (own, ";%s", style);
  if (look->unit == 2 && look->percent > 0)
    g_string_append_printf (own, ";width:%d%%", CLAMP (look->percent / 50, 1, 100));
  if (look->left > GAP_USUAL && look->align == BM_PAGE_START)
    bm_page_length_style (own, "margin-left", look->left);
  g_string_append_printf (out, "<table cellspacing=\"0\" cellpadding=\"0\"%s%s style=\"%s\">\n",
                          look->right_to_left ? " dir=\"rtl\"" : "",
                          aligns[CLAMP (look->align, 0, 4)], own->str);
  for (guint r = 0; r < table->rows->len; r++)
    write_row (out, table, r);
  g_string_append (out, "</table>\n");
  g_ptr_array_set_size (table->rows, 0);
  table->n_cells = 0;
}
