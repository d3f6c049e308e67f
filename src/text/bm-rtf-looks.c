/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* How native RTF looks: control words of characters, paragraphs, tables and borders. [MSFT-RTF].
 * See bm-rtf-writer.h. */
#include "text/bm-rtf-writer.h"

#include <string.h>

#define COLUMNS_MAX 200u
#define RAISE_USUAL 6
#define NUMBER_MAX  1000000 /* of a length: sums of them fit */

/* The member that a word is about. */
static gint *
member (gpointer structure, const BmRtfHtmlWord *word)
{
  return (gint *) (gpointer) ((gchar *) structure + word->offset);
}

static guint32
colour_at (const BmRtfWriter *writer, gint index)
{
  return index >= 0 && (guint) index < writer->colours->len
             ? g_array_index (writer->colours, guint32, index)
             : 0;
}

static gint
length (gint number)
{
  return CLAMP (number, -NUMBER_MAX, NUMBER_MAX);
}

/* ---- characters ---- */

/* Text is told late: what came before belongs to the format before. */
void
bm_rtf_set_format (BmRtfWriter *writer, const BmPageFormat *format)
{
  if (memcmp (&writer->now.format, format, sizeof *format) == 0)
    return;
  bm_rtf_reader_flush_format (writer->reader);
  writer->now.format = *format;
}

void
bm_rtf_format_word (BmRtfWriter *writer, const BmRtfHtmlWord *word, const BmRtfLexer *lexer)
{
  BmPageFormat format = writer->now.format;
  gint *value = member (&format, word), number = lexer->number;
  gboolean on = !lexer->has_number || number != 0;
  guint32 colour;
  switch (word->action) {
  case BM_RTF_HTML_FORMAT_FLAG:
    *value = on ? word->value : 0;
    break;
  case BM_RTF_HTML_FORMAT_SET:
    *value = word->value;
    break;
  case BM_RTF_HTML_FORMAT_COLOUR: /* what a page has anyway needs no saying */
    colour = colour_at (writer, number);
    *value = (gint) (colour == (BM_PAGE_COLOUR | (guint32) word->value) ? 0 : colour);
    break;
  case BM_RTF_HTML_RAISE:
    format.raise =
        word->value * (lexer->has_number ? CLAMP (number, 0, BM_PAGE_SIZE_MAX) : RAISE_USUAL);
    break;
  case BM_RTF_HTML_SIZE:
    format.size = lexer->has_number ? CLAMP (number, 0, BM_PAGE_SIZE_MAX) : BM_PAGE_SIZE_USUAL;
    break;
  case BM_RTF_HTML_PLAIN: /* a link is no format */
    format = (BmPageFormat){.font = -1, .size = BM_PAGE_SIZE_USUAL, .link = format.link};
    break;
  case BM_RTF_HTML_FORMAT_NUMBER:
    *value = length (number);
    break;
  case BM_RTF_HTML_FONT:
  default:
    *value = number;
    break;
  }
  bm_rtf_set_format (writer, &format);
}

/* ---- paragraphs ---- */

static void
add_tab (BmPageBlock *block, gint at)
{
  if (block->n_tabs < BM_PAGE_TABS_MAX)
    block->tabs[block->n_tabs++] = (BmPageTab){length (at), block->tab_kind};
  block->tab_kind = BM_PAGE_TAB_LEFT;
}

static void
set_border (BmRtfWriter *writer, gint *first, guint n)
{
  writer->border = (BmPageBorder *) (gpointer) first;
  writer->n_borders = n;
  for (guint i = 0; i < n; i++)
    writer->border[i] = (BmPageBorder){.set = 1};
}

void
bm_rtf_block_word (BmRtfWriter *writer, const BmRtfHtmlWord *word, gint number)
{
  BmPageBlock *block = &writer->now.block;
  bm_rtf_reader_flush (writer->reader); /* tabs are those of the text before */
  switch (word->action) {
  case BM_RTF_HTML_BLOCK_SET:
    *member (block, word) = word->value;
    break;
  case BM_RTF_HTML_BLOCK_COLOUR:
    *member (block, word) = (gint) colour_at (writer, number);
    break;
  case BM_RTF_HTML_BLOCK_BORDER:
    set_border (writer, member (block, word), 1);
    break;
  case BM_RTF_HTML_BLOCK_BOX:
    set_border (writer, member (block, word), BM_PAGE_SIDES);
    break;
  case BM_RTF_HTML_TAB:
    add_tab (block, number);
    break;
  case BM_RTF_HTML_IN_TABLE:
    block->depth = MAX (block->depth, 1);
    break;
  case BM_RTF_HTML_PARD:
    *block = (BmPageBlock){0};
    writer->old_kind = writer->now.target == BM_RTF_TO_PAGE ? 0 : writer->old_kind;
    break;
  default: /* BM_RTF_HTML_BLOCK_NUMBER */
    *member (block, word) = length (number);
    break;
  }
}

/* ---- tables ---- */

void
bm_rtf_table_word (BmRtfWriter *writer, const BmRtfHtmlWord *word, gint number)
{
  BmRtfRow *row = &writer->rows[writer->now.nested ? 1 : 0];
  switch (word->action) {
  case BM_RTF_HTML_COLUMN_SET:
    *member (&row->column, word) = word->value;
    break;
  case BM_RTF_HTML_COLUMN_NUMBER:
    *member (&row->column, word) = length (number);
    break;
  case BM_RTF_HTML_COLUMN_COLOUR:
    *member (&row->column, word) = (gint) colour_at (writer, number);
    break;
  case BM_RTF_HTML_COLUMN_BORDER:
    set_border (writer, member (&row->column, word), 1);
    break;
  case BM_RTF_HTML_COLUMN:
    row->column.edge = length (number);
    if (row->columns->len < COLUMNS_MAX)
      g_array_append_val (row->columns, row->column);
    row->column = (BmPageColumn){0};
    writer->n_borders = 0;
    break;
  case BM_RTF_HTML_ROW_SET:
    *member (&row->row, word) = word->value;
    break;
  case BM_RTF_HTML_ROW_NUMBER:
    *member (&row->row, word) = length (number);
    break;
  case BM_RTF_HTML_ROW_BORDER:
    set_border (writer, member (&row->row, word), 1);
    break;
  default: /* BM_RTF_HTML_ROW_BEGIN */
    row->row = (BmPageRow){0};
    row->column = (BmPageColumn){0};
    g_array_set_size (row->columns, 0);
    writer->n_borders = 0;
    break;
  }
}

void
bm_rtf_border_word (BmRtfWriter *writer, const BmRtfHtmlWord *word, gint number)
{
  if (word->action == BM_RTF_HTML_OTHER_BORDER)
    writer->n_borders = 0;
  for (guint i = 0; i < writer->n_borders; i++) {
    BmPageBorder *border = &writer->border[i];
    if (word->action == BM_RTF_HTML_BORDER_LINE)
      border->line = word->value;
    else if (word->action == BM_RTF_HTML_BORDER_WIDTH)
      border->width = length (number);
    else
      border->colour = colour_at (writer, number);
  }
}

/* ---- ends ---- */

/* What stands before the paragraph; NULL: nothing. New. */
static gchar *
label_of (BmRtfWriter *writer)
{
  const BmPageBlock *block = &writer->now.block;
  g_autofree gchar *counted = NULL;
  if (block->list > 0 && (writer->has_label || bm_page_has_text (writer->page)))
    counted = bm_rtf_lists_next (writer->lists, block->list, block->level);
  if (!writer->has_label)
    return g_steal_pointer (&counted);
  return writer->label->len > 0 ? g_strstrip (g_strdup (writer->label->str)) : NULL;
}

void
bm_rtf_end_paragraph (BmRtfWriter *writer, gint depth)
{
  bm_rtf_reader_flush (writer->reader);
  BmPageBlock block = writer->now.block;
  g_autofree gchar *label = label_of (writer);
  BmPageLabelKind kind = block.list > 0 ? bm_rtf_lists_kind (writer->lists, block.list, block.level)
                                        : writer->old_kind;
  block.depth = depth;
  bm_page_paragraph (writer->page, &writer->now.format, &block, label, kind);
  g_string_truncate (writer->label, 0);
  writer->has_label = FALSE;
}

void
bm_rtf_end_word (BmRtfWriter *writer, const BmRtfHtmlWord *word)
{
  gint own = MAX (writer->now.block.depth, 0), depth = writer->now.depth + own;
  if (word->action == BM_RTF_HTML_PARAGRAPH) {
    bm_rtf_end_paragraph (writer, depth);
    return;
  }
  bm_rtf_reader_flush (writer->reader);
  depth = writer->now.depth + (word->value != 0 ? MAX (own, 2) : 1);
  gboolean open = bm_page_has_text (writer->page) || writer->has_label;
  if (open)
    bm_rtf_end_paragraph (writer, depth);
  if (word->action == BM_RTF_HTML_CELL) {
    bm_page_cell (writer->page, depth);
    return;
  }
  const BmRtfRow *row = &writer->rows[word->value != 0];
  bm_page_row (writer->page, depth, &row->row, (const BmPageColumn *) row->columns->data,
               row->columns->len);
}
