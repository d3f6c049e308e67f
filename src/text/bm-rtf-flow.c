/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* See bm-rtf-flow.h. */
#include "text/bm-rtf-flow.h"

#include "text/bm-html.h"

#include <string.h>

#define LISTS_MAX    9
#define LABEL_MAX    16u /* bytes of what is still a number or a bullet */
#define INDENT_USUAL 360 /* twips */
#define NBSP         "\xc2\xa0"

typedef struct {
  gint level, left;
  BmPageLabelKind kind;
} List;

void
bm_flow_init (BmFlow *flow)
{
  *flow = (BmFlow){.out = g_string_new (NULL)};
  flow->lists = g_array_new (FALSE, FALSE, sizeof (List));
}

void
bm_flow_clear (BmFlow *flow)
{
  g_string_free (flow->out, TRUE);
  g_free (flow->bare);
  g_array_unref (flow->lists);
}

gboolean
bm_flow_is_empty (const BmFlow *flow)
{
  return flow->out->len == 0;
}

/* ---- lists ---- */

static gint
roman_value (const gchar *digits, gsize size)
{
  static const gchar letters[] = "ivxlcdm";
  static const gint values[] = {1, 5, 10, 50, 100, 500, 1000};
  gint value = 0, before = G_MAXINT;
  for (gsize i = 0; i < size; i++) {
    const gchar *letter = strchr (letters, g_ascii_tolower (digits[i]));
    if (letter == NULL)
      return 0;
    gint digit = values[letter - letters];
    value += digit > before ? digit - 2 * before : digit;
    before = digit;
  }
  return value;
}

/* a is 1, z is 26, aa is 27. */
static gint
letter_value (const gchar *digits, gsize size)
{
  gint value = g_ascii_tolower (*digits) - 'a' + 1;
  for (gsize i = 1; i < size; i++)
    if (g_ascii_tolower (digits[i]) != g_ascii_tolower (*digits))
      return 0;
  return value + 26 * ((gint) size - 1);
}

/* What the letters of a label count as; one letter is no roman number unless somebody says so, or
 * the list has come to it. */
static BmPageLabelKind
letter_kind (const gchar *digits, gsize size, BmPageLabelKind known, gint *value)
{
  gboolean lower = g_ascii_islower (*digits);
  BmPageLabelKind roman = lower ? BM_PAGE_LABEL_LOWER_ROMAN : BM_PAGE_LABEL_UPPER_ROMAN;
  BmPageLabelKind letter = lower ? BM_PAGE_LABEL_LOWER_LETTER : BM_PAGE_LABEL_UPPER_LETTER;
  gint as_roman = roman_value (digits, size), as_letter = letter_value (digits, size);
  gboolean is_roman = known == roman || (known != letter && (size > 1 || as_roman == 1));
  *value = is_roman && as_roman > 0 ? as_roman : as_letter;
  if (*value <= 0)
    return BM_PAGE_LABEL_UNKNOWN;
  return is_roman && as_roman > 0 ? roman : letter;
}

/* "3.", "(b)", "iv)" or a bullet. *value: its number. Unknown: HTML cannot count so. */
static BmPageLabelKind
label_kind (const gchar *label, BmPageLabelKind known, gint *value)
{
  gsize n = strlen (label);
  const gchar *p = label + (*label == '(');
  *value = 0;
  if (n == 0 || n > LABEL_MAX)
    return BM_PAGE_LABEL_UNKNOWN;
  if (known == BM_PAGE_LABEL_BULLET || (!g_ascii_isalnum (*p) && g_utf8_strlen (p, -1) == 1) ||
      strcmp (label, "o") == 0) /* Courier's hollow bullet */
    return BM_PAGE_LABEL_BULLET;
  gsize digits = strspn (p, "0123456789"), letters = 0;
  while (digits == 0 && g_ascii_isalpha (p[letters]))
    letters++;
  const gchar *rest = p + digits + letters;
  if (strcmp (rest, ".") != 0 && strcmp (rest, ")") != 0 &&
      (*rest != '\0' || known == BM_PAGE_LABEL_UNKNOWN))
    return BM_PAGE_LABEL_UNKNOWN;
  if (letters > 0)
    return letter_kind (p, letters, known, value);
  if (digits == 0 || digits > 6)
    return BM_PAGE_LABEL_UNKNOWN;
  *value = (gint) g_ascii_strtoll (p, NULL, 10);
  return BM_PAGE_LABEL_DECIMAL;
}

static void
close_lists (BmFlow *flow, gint level)
{
  while (flow->lists->len > 0) {
    const List *list = &g_array_index (flow->lists, List, flow->lists->len - 1);
    if (list->level <= level)
      return;
    g_string_append (flow->out, list->kind == BM_PAGE_LABEL_BULLET ? "</ul>\n" : "</ol>\n");
    g_array_set_size (flow->lists, flow->lists->len - 1);
  }
}

static void
begin_list (BmFlow *flow, const List *list, gint around)
{
  static const gchar types[] = "?*1aAiI";
  gint indent = list->left - around;
  if (list->kind == BM_PAGE_LABEL_BULLET)
    g_string_append (flow->out, "<ul style=\"margin:0 0 0 ");
  else
    g_string_append_printf (flow->out, "<ol type=\"%c\" style=\"margin:0 0 0 ", types[list->kind]);
  bm_page_length (flow->out, indent > 0 ? indent : INDENT_USUAL);
  g_string_append (flow->out, ";padding:0\">\n");
  g_array_append_val (flow->lists, *list);
}

static void
open_list (BmFlow *flow, const List *list)
{
  const List *top = NULL;
  close_lists (flow, list->level);
  if (flow->lists->len > 0)
    top = &g_array_index (flow->lists, List, flow->lists->len - 1);
  if (top != NULL && top->level == list->level &&
      (top->kind != list->kind || top->left != list->left)) {
    close_lists (flow, list->level - 1);
    top = flow->lists->len > 0 ? &g_array_index (flow->lists, List, flow->lists->len - 1) : NULL;
  }
  if (top == NULL || top->level != list->level)
    begin_list (flow, list, top != NULL ? top->left : 0);
}

/* How the item is marked where it is not what a list of that kind has anyway. */
static void
add_marker (GString *style, BmPageLabelKind kind, const gchar *label)
{
  if (kind == BM_PAGE_LABEL_BULLET && strcmp (label, "•") == 0)
    return;
  if (kind == BM_PAGE_LABEL_BULLET && strcmp (label, "o") == 0)
    g_string_append (style, ";list-style-type:circle");
  else if (kind == BM_PAGE_LABEL_BULLET && strcmp (label, "▪") == 0)
    g_string_append (style, ";list-style-type:square");
  else if (kind == BM_PAGE_LABEL_BULLET || !g_str_has_suffix (label, ".") || *label == '(') {
    g_string_append (style, ";list-style-type:'");
    for (const gchar *p = label; *p != '\0'; p = g_utf8_next_char (p))
      if (strchr ("'\"\\<>&", *p) == NULL)
        g_string_append_unichar (style, g_utf8_get_char (p));
    g_string_append (style, "\\00a0 '");
  }
}

/* ---- blocks ---- */

static void
close_box (BmFlow *flow)
{
  if (flow->boxed)
    g_string_append (flow->out, "</div>\n");
  flow->boxed = FALSE;
}

static gboolean
has_line (const BmPageBorder *border)
{
  return border->set != 0 && border->line != BM_PAGE_LINE_NONE;
}

static gboolean
has_border (const BmPageBlock *block)
{
  for (guint i = 0; i < BM_PAGE_SIDES; i++)
    if (has_line (&block->border[i]))
      return TRUE;
  return FALSE;
}

static void
begin_box (BmFlow *flow, const BmPageBlock *block, guint32 paper, gboolean lines)
{
  g_autoptr (GString) style = g_string_new (NULL);
  bm_page_border_style (style, block->border);
  if (paper != 0)
    g_string_append_printf (style, ";background-color:#%06x", paper & 0xffffff);
  if (block->left > 0)
    bm_page_length_style (style, "margin-left", block->left);
  if (block->right > 0)
    bm_page_length_style (style, "margin-right", block->right);
  if (MAX (block->before, flow->pending) > 0)
    bm_page_length_style (style, "margin-top", MAX (block->before, flow->pending));
  if (lines)
    g_string_append (style, has_line (&block->border[BM_PAGE_LEFT_SIDE]) ||
                                    has_line (&block->border[BM_PAGE_RIGHT_SIDE])
                                ? ";padding:1pt 4pt"
                                : ";padding:1pt 0");
  g_string_append_printf (flow->out, "<div style=\"%s\">\n", style->str + 1);
}

/* Paragraphs with the same lines around them and the same colour behind them stand in one box, so
 * that nothing is between them. TRUE: this one does. */
static gboolean
open_box (BmFlow *flow, const BmPageBlock *block)
{
  guint32 paper = bm_page_shade (&block->shade);
  gboolean lines = has_border (block);
  if (flow->boxed &&
      (memcmp (flow->border, block->border, sizeof flow->border) != 0 || flow->paper != paper ||
       flow->left != block->left || flow->right != block->right)) {
    close_lists (flow, -1);
    close_box (flow);
  }
  if (flow->boxed || (!lines && paper == 0))
    return flow->boxed;
  close_lists (flow, -1);
  begin_box (flow, block, paper, lines);
  memcpy (flow->border, block->border, sizeof flow->border);
  flow->paper = paper;
  flow->left = block->left;
  flow->right = block->right;
  flow->boxed = flow->opened = TRUE;
  return TRUE;
}

/* A factor, so that large letters in the line have room; a single line is about 1.2 of the letters. */
static void
add_line_height (GString *style, gint percent)
{
  g_string_append_printf (style, ";line-height:%d.%02d", percent / 100, percent % 100);
}

/* The space below a paragraph in a box is that of the next one, lest it be in the box. */
static void
add_spacing (BmFlow *flow, GString *style, const BmPageBlock *block, gboolean boxed)
{
  gint before = flow->opened ? 0 : MAX (block->before, flow->pending);
  if (before > 0)
    bm_page_length_style (style, "margin-top", before);
  if (block->after > 0 && !boxed)
    bm_page_length_style (style, "margin-bottom", block->after);
  flow->pending = boxed ? block->after : 0;
  flow->opened = FALSE;
  if (block->line < 0)
    bm_page_length_style (style, "line-height", block->line * -1);
  else if (block->line > 0 && block->line_multiple != 0 && block->line != 240)
    add_line_height (style, CLAMP (block->line / 2, 50, 1000));
}

/* indents: all of them, and not only the right one. */
static void
add_block_style (BmFlow *flow, GString *style, const BmPageBlock *block, gboolean boxed,
                 gboolean indents)
{
  static const gchar *const aligns[] = {NULL, NULL, "center", "right", "justify"};
  if (aligns[block->align] != NULL)
    g_string_append_printf (style, ";text-align:%s", aligns[block->align]);
  else if (block->align == BM_PAGE_LEFT && block->right_to_left)
    g_string_append (style, ";text-align:left");
  if (indents && !boxed && block->left != 0)
    bm_page_length_style (style, block->right_to_left ? "margin-right" : "margin-left",
                          MAX (block->left, 0));
  if (!boxed && block->right > 0)
    bm_page_length_style (style, block->right_to_left ? "margin-left" : "margin-right",
                          block->right);
  if (indents && block->first != 0)
    bm_page_length_style (style, "text-indent", MAX (block->first, -MAX (block->left, 0)));
  add_spacing (flow, style, block, boxed);
}

/* The paragraph that a cell consists of says how it looks at the cell. */
static gboolean
is_bare (const BmFlow *flow, const gchar *tag, const BmPageBlock *block)
{
  return flow->out->len == 0 && block->depth > 0 && *tag == 'd' && !block->right_to_left &&
         block->left == 0 && block->right == 0 && block->first == 0 && block->before == 0 &&
         block->after == 0;
}

/* It is not the only one. */
static void
wrap_bare (BmFlow *flow)
{
  if (flow->bare == NULL)
    return;
  g_autofree gchar *open = g_strdup_printf ("<div style=\"%s\">", flow->bare);
  if (*flow->bare != '\0') {
    g_string_prepend (flow->out, open);
    g_string_append (flow->out, "</div>\n");
  }
  g_clear_pointer (&flow->bare, g_free);
}

static void
put_block (BmFlow *flow, const gchar *tag, const BmPageBlock *block, GString *style, gint value,
           const gchar *html)
{
  if (is_bare (flow, tag, block)) {
    g_string_append (flow->out, *html != '\0' ? html : NBSP);
    flow->bare = g_strdup (style->str + (style->len > 0));
    return;
  }
  g_string_append_printf (flow->out, "<%s", tag);
  if (value > 0)
    g_string_append_printf (flow->out, " value=\"%d\"", value);
  if (block->right_to_left)
    g_string_append (flow->out, " dir=\"rtl\"");
  if (style->len > 0)
    g_string_append_printf (flow->out, " style=\"%s\"", style->str + 1);
  g_string_append_printf (flow->out, ">%s</%s>\n", *html != '\0' ? html : "<br>", tag);
}

static void
put_item (BmFlow *flow, BmLine *line, const BmLook *look, const BmPageFormat *format,
          const BmPageBlock *block, const List *list, gint value, const gchar *label)
{
  g_autoptr (GString) style = g_string_new (NULL);
  gboolean boxed = open_box (flow, block);
  open_list (flow, list);
  add_block_style (flow, style, block, boxed, FALSE);
  add_marker (style, list->kind, label);
  bm_line_style (style, line, look, format);
  put_block (flow, "li", block, style, value, line->html->str);
}

static void
put_paragraph (BmFlow *flow, BmLine *line, const BmPageFormat *format, const BmPageBlock *block,
               const BmLook *look)
{
  g_autoptr (GString) style = g_string_new (NULL);
  close_lists (flow, -1);
  gboolean boxed = open_box (flow, block);
  add_block_style (flow, style, block, boxed, TRUE);
  if (line->has_tabs && block->n_tabs > 0) { /* Outlook knows such stops */
    g_string_append (style, ";tab-stops:");
    for (gint i = 0; i < block->n_tabs; i++) {
      bm_page_length (style, block->tabs[i].at);
      g_string_append (style, i + 1 < block->n_tabs ? " " : "");
    }
  }
  bm_line_style (style, line, look, format);
  put_block (flow, "div", block, style, 0, line->html->str);
}

/* A number that HTML cannot count with stands before the text, in the room that the indent leaves. */
static void
prepend_label (BmLine *line, const BmPageBlock *block, const gchar *label)
{
  g_autoptr (GString) before = g_string_new (NULL);
  if (block->first < 0) {
    g_string_append (before, "<span style=\"display:inline-block");
    bm_page_length_style (before, "min-width", -block->first);
    g_string_append (before, ";text-indent:0\">");
  }
  bm_html_escape (before, label);
  g_string_append_printf (before, NBSP " %s", block->first < 0 ? "</span>" : "");
  g_string_prepend_len (line->html, before->str, (gssize) before->len);
}

void
bm_flow_paragraph (BmFlow *flow, BmLine *line, BmLook *look, const BmPageFormat *format,
                   const BmPageBlock *block, const gchar *label, BmPageLabelKind known)
{
  gint value = 0;
  BmPageLabelKind kind = label != NULL ? label_kind (label, known, &value) : BM_PAGE_LABEL_UNKNOWN;
  wrap_bare (flow);
  List list = {CLAMP (block->level, 0, LISTS_MAX - 1), block->left, kind};
  if (kind != BM_PAGE_LABEL_UNKNOWN) {
    put_item (flow, line, look, format, block, &list, value, label);
    return;
  }
  if (label != NULL && *label != '\0')
    prepend_label (line, block, label);
  put_paragraph (flow, line, format, block, look);
}

/* ---- all of it ---- */

GString *
bm_flow_out (BmFlow *flow)
{
  wrap_bare (flow);
  close_lists (flow, -1);
  close_box (flow);
  return flow->out;
}

GString *
bm_flow_take (BmFlow *flow, gchar **style)
{
  *style = g_steal_pointer (&flow->bare);
  GString *all = bm_flow_out (flow);
  flow->out = g_string_new (NULL);
  return all;
}
