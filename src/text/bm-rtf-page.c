/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* See bm-rtf-page.h. */
#include "text/bm-rtf-page.h"

#include "text/bm-html.h"

#include <string.h>

#define LINKS_MAX  10000u
#define LINK_SIZE  2000u
#define CELLS_MAX  1000u
#define LISTS_MAX  20u
#define LABEL_MAX  12u /* of what is still a number or a bullet */
#define TWIPS      20.0
#define INDENT_MAX (20 * 72 * 10)
#define NBSP       "\xc2\xa0"

typedef struct {
  gint level;
  gchar kind; /* '*' for bullets, else what <ol type> says: 1 a A i I */
} List;

struct _BmPage {
  const gchar *(*font_name) (gpointer user, gint font);
  gpointer user;
  GString *out, *line; /* line: the paragraph not yet ended */
  BmPageFormat base, open;
  GString *base_style;
  gboolean has_base, is_open, is_span, after_space;
  GPtrArray *links; /* gchar *, escaped */
  GPtrArray *cells; /* GString * of the row not yet ended */
  GString *cell;
  gsize cell_bytes;
  gboolean table;
  GArray *lists; /* List, the innermost last */
};

static void
string_free (gpointer string)
{
  g_string_free (string, TRUE);
}

BmPage *
bm_page_new (const gchar *(*font_name) (gpointer user, gint font), gpointer user)
{
  BmPage *page = g_new0 (BmPage, 1);
  page->font_name = font_name;
  page->user = user;
  page->out = g_string_new (NULL);
  page->line = g_string_new (NULL);
  page->cell = g_string_new (NULL);
  page->base_style = g_string_new (NULL);
  page->links = g_ptr_array_new_with_free_func (g_free);
  page->cells = g_ptr_array_new_with_free_func (string_free);
  page->lists = g_array_new (FALSE, FALSE, sizeof (List));
  page->after_space = TRUE;
  return page;
}

gsize
bm_page_size (const BmPage *page)
{
  return page->out->len + page->line->len + page->cell->len + page->cell_bytes;
}

/* ---- characters ---- */

guint
bm_page_link (BmPage *page, const gchar *address)
{
  static const gchar *const schemes[] = {"http://", "https://", "mailto:", "ftp://", "tel:"};
  gboolean known = FALSE;
  for (guint i = 0; i < G_N_ELEMENTS (schemes); i++)
    known |= g_ascii_strncasecmp (address, schemes[i], strlen (schemes[i])) == 0;
  if (!known || strlen (address) > LINK_SIZE || page->links->len >= LINKS_MAX)
    return 0;
  GString *escaped = g_string_new (NULL);
  bm_html_escape (escaped, address);
  g_ptr_array_add (page->links, g_string_free (escaped, FALSE));
  return page->links->len;
}

static void
add_style (GString *style, const BmPage *page, const BmPageFormat *format, const BmPageFormat *base)
{
  const gchar *font = page->font_name (page->user, format->font);
  if ((base == NULL || format->font != base->font) && *font != '\0')
    g_string_append_printf (style, ";font-family:'%s'", font);
  if ((base == NULL || format->size != base->size) && format->size > 0)
    g_string_append_printf (style, ";font-size:%d%spt", format->size / 2,
                            format->size % 2 != 0 ? ".5" : "");
  if ((format->ink & BM_PAGE_COLOUR) != 0)
    g_string_append_printf (style, ";color:#%06x", format->ink & 0xffffff);
  if ((format->paper & BM_PAGE_COLOUR) != 0)
    g_string_append_printf (style, ";background-color:#%06x", format->paper & 0xffffff);
}

static void
close_format (BmPage *page)
{
  const BmPageFormat *open = &page->open;
  if (!page->is_open)
    return;
  g_string_append_printf (page->line, "%s%s%s%s%s%s%s", page->is_span ? "</span>" : "",
                          open->script > 0   ? "</sup>"
                          : open->script < 0 ? "</sub>"
                                             : "",
                          open->strike ? "</s>" : "", open->underline ? "</u>" : "",
                          open->italic ? "</i>" : "", open->bold ? "</b>" : "",
                          open->link > 0 ? "</a>" : "");
  page->is_open = FALSE;
}

static void
open_format (BmPage *page, const BmPageFormat *format)
{
  if (page->is_open && memcmp (&page->open, format, sizeof *format) == 0)
    return;
  close_format (page);
  if (!page->has_base) {
    page->base = (BmPageFormat){.font = format->font, .size = format->size};
    add_style (page->base_style, page, &page->base, NULL);
    page->has_base = TRUE;
  }
  g_autoptr (GString) style = g_string_new (NULL);
  add_style (style, page, format, &page->base);
  if (format->link > 0)
    g_string_append_printf (page->line, "<a href=\"%s\">",
                            (const gchar *) g_ptr_array_index (page->links, format->link - 1));
  g_string_append_printf (page->line, "%s%s%s%s%s", format->bold ? "<b>" : "",
                          format->italic ? "<i>" : "", format->underline ? "<u>" : "",
                          format->strike ? "<s>" : "",
                          format->script > 0   ? "<sup>"
                          : format->script < 0 ? "<sub>"
                                               : "");
  if (style->len > 0)
    g_string_append_printf (page->line, "<span style=\"%s\">", style->str + 1);
  page->is_span = style->len > 0;
  page->open = *format;
  page->is_open = TRUE;
}

void
bm_page_text (BmPage *page, const BmPageFormat *format, const gchar *utf8, gsize size)
{
  open_format (page, format);
  for (const gchar *p = utf8; p < utf8 + size; p++) {
    gchar character[2] = {*p, '\0'};
    gboolean space = *p == ' ' || *p == '\t' || *p == '\n';
    if (*p == ' ' && page->after_space)
      g_string_append (page->line, NBSP); /* a reader would swallow it */
    else if (*p == '\t')
      g_string_append (page->line, NBSP NBSP NBSP " ");
    else if (*p == '\n')
      g_string_append (page->line, "<br>\n");
    else
      bm_html_escape (page->line, character);
    page->after_space = space;
  }
}

void
bm_page_html (BmPage *page, const gchar *html)
{
  close_format (page);
  g_string_append (page->line, html);
  page->after_space = FALSE;
}

gboolean
bm_page_has_text (const BmPage *page)
{
  return page->line->len > 0;
}

/* ---- lists ---- */

/* What kind of list a label is of; 0: none that HTML has. *value: its number. */
static gchar
list_kind (const gchar *label, gint *value)
{
  gsize n = strlen (label);
  *value = 0;
  if (n == 0 || n > LABEL_MAX)
    return 0;
  if (!g_ascii_isalnum (*label) && *label != '(')
    return g_utf8_strlen (label, -1) == 1 ? '*' : 0;
  if (*label == 'o' && n == 1) /* Courier's hollow bullet */
    return '*';
  const gchar *p = label + (*label == '(');
  gsize digits = strspn (p, "0123456789");
  gsize letters = digits == 0 && g_ascii_isalpha (*p) ? 1 : 0;
  const gchar *rest = p + digits + letters;
  if (digits + letters == 0 || digits > 6 || (strcmp (rest, ".") != 0 && strcmp (rest, ")") != 0))
    return 0;
  if (digits > 0) {
    *value = (gint) g_ascii_strtoll (p, NULL, 10);
    return '1';
  }
  *value = g_ascii_tolower (*p) - 'a' + 1;
  return g_ascii_islower (*p) ? 'a' : 'A';
}

static void
close_lists (BmPage *page, gint level)
{
  while (page->lists->len > 0) {
    const List *list = &g_array_index (page->lists, List, page->lists->len - 1);
    if (list->level <= level)
      return;
    g_string_append (page->out, list->kind == '*' ? "</ul>\n" : "</ol>\n");
    g_array_set_size (page->lists, page->lists->len - 1);
  }
}

static void
open_list (BmPage *page, gint level, gchar kind)
{
  const List *top = NULL;
  close_lists (page, level);
  if (page->lists->len > 0)
    top = &g_array_index (page->lists, List, page->lists->len - 1);
  if (top != NULL && top->level == level && top->kind != kind) {
    close_lists (page, level - 1);
    top = NULL;
  }
  if (top != NULL && top->level == level)
    return;
  List list = {level, kind};
  g_array_append_val (page->lists, list);
  if (kind == '*')
    g_string_append (page->out, "<ul>\n");
  else
    g_string_append_printf (page->out, "<ol type=\"%c\">\n", kind);
}

/* ---- tables ---- */

static void
end_cell (BmPage *page)
{
  if (page->cells->len >= CELLS_MAX) { /* the last one takes the rest */
    g_string_append (g_ptr_array_index (page->cells, CELLS_MAX - 1), page->cell->str);
    page->cell_bytes += page->cell->len;
    g_string_truncate (page->cell, 0);
    return;
  }
  page->cell_bytes += page->cell->len;
  g_ptr_array_add (page->cells, page->cell);
  page->cell = g_string_new (NULL);
}

static void
put_row (BmPage *page, const gint *widths, guint n, gboolean border)
{
  if (page->cell->len > 0)
    end_cell (page);
  close_lists (page, -1);
  if (!page->table)
    g_string_append_printf (page->out,
                            "<table border=\"%d\" cellpadding=\"4\" "
                            "style=\"border-collapse:collapse\">\n",
                            border);
  page->table = TRUE;
  g_string_append (page->out, "<tr>");
  for (guint i = 0; i < page->cells->len;) {
    const GString *cell = g_ptr_array_index (page->cells, i);
    guint span = 1;
    while (i + span < page->cells->len && i + span < n && widths[i + span] < 0)
      span++;
    g_string_append (page->out, "<td valign=\"top\"");
    if (span > 1)
      g_string_append_printf (page->out, " colspan=\"%u\"", span);
    if (i < n && widths[i] > 0)
      g_string_append_printf (page->out, " style=\"width:%dpt\"",
                              (gint) (MIN (widths[i], INDENT_MAX) / TWIPS + 0.5));
    g_string_append_printf (page->out, ">%s</td>", cell->len > 0 ? cell->str : NBSP);
    i += span;
  }
  g_string_append (page->out, "</tr>\n");
  g_ptr_array_set_size (page->cells, 0);
  page->cell_bytes = 0;
}

/* ---- paragraphs ---- */

static void
close_table (BmPage *page)
{
  if (page->table)
    g_string_append (page->out, "</table>\n");
  page->table = FALSE;
}

static void
add_block_style (GString *style, const BmPageBlock *block)
{
  static const gchar *const aligns[] = {NULL, "center", "right", "justify"};
  if (block->align != BM_PAGE_LEFT)
    g_string_append_printf (style, ";text-align:%s", aligns[block->align]);
  const struct {
    const gchar *name;
    gint twips;
  } lengths[] = {
      {"margin-left", block->left}, {"margin-top", block->before}, {"margin-bottom", block->after}};
  for (guint i = 0; i < G_N_ELEMENTS (lengths); i++)
    if (lengths[i].twips > 0)
      g_string_append_printf (style, ";%s:%dpt", lengths[i].name,
                              (gint) (MIN (lengths[i].twips, INDENT_MAX) / TWIPS + 0.5));
}

static void
put_block (BmPage *page, const BmPageBlock *block, const gchar *tag, gint value)
{
  g_autoptr (GString) style = g_string_new (NULL);
  BmPageBlock shown = *block;
  if (*tag == 'l') /* the list indents its items */
    shown.left = 0;
  add_block_style (style, &shown);
  g_string_append_printf (page->out, "<%s", tag);
  if (value > 0)
    g_string_append_printf (page->out, " value=\"%d\"", value);
  if (block->right_to_left)
    g_string_append (page->out, " dir=\"rtl\"");
  if (style->len > 0)
    g_string_append_printf (page->out, " style=\"%s\"", style->str + 1);
  g_string_append_printf (page->out, ">%s</%s>\n", page->line->len > 0 ? page->line->str : "<br>",
                          tag);
}

void
bm_page_paragraph (BmPage *page, const BmPageBlock *block, const gchar *label)
{
  gint value = 0, level = CLAMP (block->level, 0, (gint) LISTS_MAX - 1);
  gchar kind = label != NULL ? list_kind (label, &value) : 0;
  close_format (page);
  if (label != NULL && kind == 0 && *label != '\0') { /* such a number HTML cannot count */
    g_autoptr (GString) escaped = g_string_new (NULL);
    bm_html_escape (escaped, label);
    g_string_append (escaped, NBSP " ");
    g_string_prepend (page->line, escaped->str);
  }
  if (block->in_table) {
    g_string_append_printf (page->cell, "%s%s%s", page->cell->len > 0 ? "<br>\n" : "",
                            kind == '*' ? "• " : "", page->line->str);
  } else {
    if (page->cells->len > 0 || page->cell->len > 0) /* a row that nothing ended */
      put_row (page, NULL, 0, FALSE);
    close_table (page);
    if (kind != 0)
      open_list (page, level, kind);
    else
      close_lists (page, -1);
    put_block (page, block, kind != 0 ? "li" : "div", value);
  }
  g_string_truncate (page->line, 0);
  page->after_space = TRUE;
}

void
bm_page_cell (BmPage *page)
{
  BmPageBlock block = {.in_table = TRUE};
  if (page->line->len > 0)
    bm_page_paragraph (page, &block, NULL);
  end_cell (page);
}

void
bm_page_row (BmPage *page, const gint *widths, guint n, gboolean border)
{
  if (page->line->len > 0)
    bm_page_cell (page);
  put_row (page, widths, n, border);
}

gchar *
bm_page_finish (BmPage *page)
{
  BmPageBlock block = {0};
  if (page->cells->len > 0 || page->cell->len > 0)
    put_row (page, NULL, 0, FALSE);
  if (page->line->len > 0)
    bm_page_paragraph (page, &block, NULL);
  close_table (page);
  close_lists (page, -1);
  const GString *style = page->base_style;
  gchar *html =
      g_strconcat ("<html><head><meta charset=\"utf-8\"></head><body",
                   style->len > 0 ? " style=\"" : "", style->len > 0 ? style->str + 1 : "",
                   style->len > 0 ? "\"" : "", ">\n", page->out->str, "</body></html>\n", NULL);
  g_string_free (page->out, TRUE);
  g_string_free (page->line, TRUE);
  g_string_free (page->cell, TRUE);
  g_string_free (page->base_style, TRUE);
  g_ptr_array_unref (page->links);
  g_ptr_array_unref (page->cells);
  g_array_unref (page->lists);
  g_free (page);
  return html;
}
