/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* See bm-rtf-page.h. Paragraphs go into flows: the body, the cell not yet ended of every open table,
 * and the notes. */
#include "text/bm-rtf-page.h"

#include "text/bm-rtf-flow.h"
#include "text/bm-rtf-table.h"

#define ROW_BYTES 64 /* of memory or HTML that a cell takes at least */

typedef struct {
  BmTable *table;
  BmFlow cell;
} Level;

struct _BmPage {
  BmLook look;
  BmLine lines[2], *line; /* of the text, of a note */
  BmFlow body, notes;
  GArray *levels; /* Level, the innermost table last */
  gint note;      /* notes that are open */
  guint32 paper;
  gsize written;
};

BmPage *
bm_page_new (BmFontName font_name, gpointer user)
{
  BmPage *page = g_new0 (BmPage, 1);
  bm_look_init (&page->look, font_name, user);
  bm_line_init (&page->lines[0]);
  bm_line_init (&page->lines[1]);
  page->line = &page->lines[0];
  bm_flow_init (&page->body);
  bm_flow_init (&page->notes);
  page->levels = g_array_new (FALSE, FALSE, sizeof (Level));
  return page;
}

guint32
bm_page_link (BmPage *page, const gchar *address, const gchar *title)
{
  return bm_look_link (&page->look, address, title);
}

void
bm_page_base (BmPage *page, const BmPageFormat *format)
{
  bm_look_set_base (&page->look, format);
}

void
bm_page_default_tab (BmPage *page, gint twips)
{
  page->look.default_tab = twips;
}

void
bm_page_paper (BmPage *page, guint32 colour)
{
  page->paper = colour;
}

void
bm_page_text (BmPage *page, const BmPageFormat *format, const BmPageBlock *block, const gchar *utf8,
              gsize size)
{
  bm_line_text (page->line, &page->look, format, block, utf8, size);
}

void
bm_page_html (BmPage *page, const gchar *html, gboolean visible)
{
  bm_line_html (page->line, html, visible);
}

void
bm_page_item (BmPage *page)
{
  page->line->is_item = TRUE;
}

gboolean
bm_page_has_text (const BmPage *page)
{
  return page->line->html->len > 0;
}

gsize
bm_page_size (const BmPage *page)
{
  return page->written + page->lines[0].html->len + page->lines[1].html->len;
}

/* ---- tables ---- */

static Level *
level_at (const BmPage *page, guint depth)
{
  return &g_array_index (page->levels, Level, depth - 1);
}

static BmFlow *
flow_at (BmPage *page, guint depth)
{
  return depth > 0 ? &level_at (page, depth)->cell : &page->body;
}

static void
end_cell (BmPage *page, guint depth)
{
  Level *level = level_at (page, depth);
  page->written += ROW_BYTES;
  gchar *style = NULL;
  GString *html = bm_flow_take (&level->cell, &style);
  bm_table_cell (level->table, html, style);
}

/* Puts the table of that depth into what is around it. */
static void
write_table (BmPage *page, guint depth)
{
  Level *level = level_at (page, depth);
  BmFlow *around = flow_at (page, depth - 1);
  GString *out = bm_flow_out (around);
  gsize before = out->len;
  bm_table_write (level->table, page->look.style->str, out);
  page->written += out->len - before;
}

/* Tables deeper than that are over. */
static void
close_tables (BmPage *page, guint depth)
{
  while (page->levels->len > depth) {
    guint innermost = page->levels->len;
    Level *level = level_at (page, innermost);
    if (!bm_flow_is_empty (&level->cell)) /* a row that nothing ended */
      end_cell (page, innermost);
    write_table (page, innermost);
    bm_table_free (level->table);
    bm_flow_clear (&level->cell);
    g_array_set_size (page->levels, innermost - 1);
  }
}

static guint
set_depth (BmPage *page, gint wanted)
{
  guint depth = (guint) CLAMP (wanted, 0, BM_PAGE_DEPTH_MAX);
  close_tables (page, depth);
  while (page->levels->len < depth) {
    Level level = {.table = bm_table_new ()};
    bm_flow_init (&level.cell);
    g_array_append_val (page->levels, level);
  }
  return depth;
}

void
bm_page_cell (BmPage *page, gint wanted)
{
  if (page->note == 0)
    end_cell (page, set_depth (page, MAX (wanted, 1)));
}

void
bm_page_row (BmPage *page, gint wanted, const BmPageRow *row, const BmPageColumn *columns, guint n)
{
  if (page->note > 0)
    return;
  guint depth = set_depth (page, MAX (wanted, 1));
  Level *level = level_at (page, depth);
  if (!bm_flow_is_empty (&level->cell))
    end_cell (page, depth);
  bm_table_row (level->table, row, columns, n);
  if (bm_table_is_full (level->table))
    write_table (page, depth);
}

/* ---- paragraphs ---- */

void
bm_page_paragraph (BmPage *page, const BmPageFormat *format, const BmPageBlock *block,
                   const gchar *label, BmPageLabelKind kind)
{
  bm_line_end (page->line);
  BmPageBlock own = *block;
  own.depth = page->note > 0 ? 0 : block->depth;
  BmFlow *flow = page->note > 0 ? &page->notes : flow_at (page, set_depth (page, own.depth));
  gsize before = flow->out->len;
  bm_flow_paragraph (flow, page->line, &page->look, format, &own, label, kind);
  page->written += flow->out->len - before;
  bm_line_reset (page->line);
}

void
bm_page_note_begin (BmPage *page)
{
  page->note++;
  page->line = &page->lines[1];
}

void
bm_page_note_end (BmPage *page)
{
  page->note--;
  if (page->note == 0)
    page->line = &page->lines[0];
}

gchar *
bm_page_finish (BmPage *page)
{
  close_tables (page, 0);
  g_autoptr (GString) html = g_string_new ("<html><head><meta charset=\"utf-8\"></head><body");
  const GString *style = page->look.style;
  if (page->paper != 0)
    g_string_append_printf (html, " bgcolor=\"#%06x\"", page->paper & 0xffffff);
  if (style->len > 0)
    g_string_append_printf (html, " style=\"%s\"", style->str);
  g_string_append (html, ">\n");
  if (style->len > 0) /* mail readers show what is in the body, not the body itself */
    g_string_append_printf (html, "<div style=\"%s\">\n", style->str);
  g_string_append (html, bm_flow_out (&page->body)->str);
  if (!bm_flow_is_empty (&page->notes))
    g_string_append_printf (html, "<hr>\n%s", bm_flow_out (&page->notes)->str);
  g_string_append_printf (html, "%s</body></html>\n", style->len > 0 ? "</div>\n" : "");
  bm_flow_clear (&page->body);
  bm_flow_clear (&page->notes);
  bm_line_clear (&page->lines[0]);
  bm_line_clear (&page->lines[1]);
  bm_look_clear (&page->look);
  g_array_unref (page->levels);
  g_free (page);
  return g_string_free (g_steal_pointer (&html), FALSE);
}
