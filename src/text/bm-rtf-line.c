/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* See bm-rtf-line.h.
 *
 * HTML has no tab stops. What stands between two tabs becomes a box that is as wide as the way to
 * the next stop: however wide the text really is, the columns of several lines stand below each
 * other. Which stop is the next one depends on the width of the text, and that is estimated. */
#include "text/bm-rtf-line.h"

#include "text/bm-html.h"
#include "text/bm-rtf-width.h"

#include <string.h>

#define LINKS_MAX     10000u
#define LINK_SIZE     2000u
#define SCHEME_MAX    20u
#define NBSP          "\xc2\xa0"
#define SEGMENT_MAX   7200 /* a longer text before a tab is a line of its own: twips */
#define SEGMENT_BYTES 4096u
#define PLACE_MAX     1000000 /* twips; behind it begins another line */

/* ---- what paragraphs share ---- */

void
bm_look_init (BmLook *look, BmFontName font_name, gpointer user)
{
  *look = (BmLook){.font_name = font_name, .user = user, .default_tab = 720};
  look->style = g_string_new (NULL);
  look->links = g_ptr_array_new_with_free_func (g_free);
}

void
bm_look_clear (BmLook *look)
{
  g_string_free (look->style, TRUE);
  g_ptr_array_unref (look->links);
}

/* Its scheme is none that runs a program in the reader. "#name" leads to a place in the text. */
static gboolean
is_followed (const gchar *address)
{
  static const gchar *const bad[] = {"javascript", "vbscript", "livescript", "data", "about"};
  gsize scheme = strcspn (address, ":/?#");
  if (*address == '#')
    return address[1] != '\0';
  for (const gchar *p = address; *p != '\0'; p++)
    if (g_ascii_iscntrl (*p))
      return FALSE;
  for (gsize i = 0; i < scheme; i++)
    if (!g_ascii_isalnum (address[i]) && strchr ("+.-", address[i]) == NULL)
      return FALSE;
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    if (strlen (bad[i]) == scheme && g_ascii_strncasecmp (address, bad[i], scheme) == 0)
      return FALSE;
  return scheme > 1 && scheme <= SCHEME_MAX && address[scheme] == ':' &&
         address[scheme + 1] != '\0';
}

guint32
bm_look_link (BmLook *look, const gchar *address, const gchar *title)
{
  if (!is_followed (address) || strlen (address) > LINK_SIZE || look->links->len >= LINKS_MAX)
    return 0;
  GString *link = g_string_new ("href=\"");
  bm_html_escape (link, address);
  if (title != NULL && *title != '\0' && strlen (title) <= LINK_SIZE) {
    g_string_append (link, "\" title=\"");
    bm_html_escape (link, title);
  }
  g_string_append_c (link, '"');
  g_ptr_array_add (look->links, g_string_free (link, FALSE));
  return look->links->len;
}

gchar *
bm_look_anchor (const gchar *name)
{
  GString *html = g_string_new ("<a name=\"");
  bm_html_escape (html, name);
  g_string_append (html, "\"></a>");
  return g_string_free (html, FALSE);
}

/* ---- characters ---- */

/* Unless the font around is the same one by another number. */
static void
add_font (GString *style, const BmLook *look, gint font, const BmPageFormat *around)
{
  const gchar *generic = "", *other = "", *name = look->font_name (look->user, font, &generic);
  if (*name == '\0' ||
      (around != NULL && strcmp (name, look->font_name (look->user, around->font, &other)) == 0))
    return;
  g_string_append_printf (style, ";font-family:'%s'%s%s", name, *generic != '\0' ? "," : "",
                          generic);
}

static void
add_size (GString *style, gint size)
{
  if (size > 0)
    g_string_append_printf (style, ";font-size:%d%spt", size / 2, size % 2 != 0 ? ".5" : "");
}

/* Font and size where they differ from those around. */
static void
add_letters (GString *style, const BmLook *look, const BmPageFormat *format,
             const BmPageFormat *around)
{
  if (around == NULL || format->font != around->font)
    add_font (style, look, format->font, around);
  if (around == NULL || format->size != around->size)
    add_size (style, format->size);
}

void
bm_look_set_base (BmLook *look, const BmPageFormat *format)
{
  look->base = (BmPageFormat){.font = format->font, .size = format->size};
  g_string_truncate (look->style, 0);
  add_letters (look->style, look, &look->base, NULL);
  g_string_erase (look->style, 0, look->style->len > 0);
}

void
bm_line_style (GString *style, const BmLine *line, const BmLook *look, const BmPageFormat *usual)
{
  if (line->has_base)
    add_letters (style, look, &line->base, &look->base);
  else if (line->html->len == 0 && usual->size != look->base.size)
    add_size (style, usual->size); /* how high an empty line is */
}

static void
add_style (GString *style, const BmLook *look, const BmPageFormat *format,
           const BmPageFormat *around)
{
  add_letters (style, look, format, around);
  if ((format->ink & BM_PAGE_COLOUR) != 0)
    g_string_append_printf (style, ";color:#%06x", format->ink & 0xffffff);
  if ((format->paper & BM_PAGE_COLOUR) != 0)
    g_string_append_printf (style, ";background-color:#%06x", format->paper & 0xffffff);
  if (format->capitals != 0)
    g_string_append (style, format->capitals == 1 ? ";text-transform:uppercase"
                                                  : ";font-variant:small-caps");
  if (format->spacing != 0)
    bm_page_length_style (style, "letter-spacing", CLAMP (format->spacing, -200, 2000));
  if (format->raise != 0)
    bm_page_length_style (style, "vertical-align", CLAMP (format->raise, -400, 400) * 10);
}

static void
close_format (BmLine *line)
{
  static const gchar *const changes[] = {"", "</ins>", "</del>"};
  const BmPageFormat *open = &line->open;
  if (!line->is_open)
    return;
  g_string_append (line->html, open->script > 0 ? "</sup>" : open->script < 0 ? "</sub>" : "");
  g_string_append_printf (line->html, "%s%s%s%s%s%s%s", open->strike ? "</s>" : "",
                          open->underline != 0 ? "</u>" : "", open->italic ? "</i>" : "",
                          open->bold ? "</b>" : "", line->is_span ? "</span>" : "",
                          changes[open->change], open->link > 0 ? "</a>" : "");
  line->is_open = FALSE;
}

static void
open_underline (BmLine *line, gint kind)
{
  static const gchar *const lines[] = {NULL, NULL, "double", "dotted", "dashed", "wavy"};
  if (kind > BM_PAGE_LINE_SOLID && kind <= BM_PAGE_LINE_WAVY)
    g_string_append_printf (line->html, "<u style=\"text-decoration:underline %s\">", lines[kind]);
  else if (kind != 0)
    g_string_append (line->html, "<u>");
}

static void
open_format (BmLine *line, BmLook *look, const BmPageFormat *format)
{
  static const gchar *const changes[] = {"", "<ins>", "<del>"};
  if (line->is_open && memcmp (&line->open, format, sizeof *format) == 0)
    return;
  close_format (line);
  if (!line->has_base)
    line->base = (BmPageFormat){.font = format->font, .size = format->size};
  line->has_base = TRUE;
  g_autoptr (GString) style = g_string_new (NULL);
  add_style (style, look, format, &line->base);
  if (format->link > 0)
    g_string_append_printf (line->html, "<a %s>",
                            (const gchar *) g_ptr_array_index (look->links, format->link - 1));
  g_string_append (line->html, changes[format->change]);
  if (style->len > 0) /* outside, so that lines below the text have its colour */
    g_string_append_printf (line->html, "<span style=\"%s\">", style->str + 1);
  g_string_append_printf (line->html, "%s%s", format->bold ? "<b>" : "",
                          format->italic ? "<i>" : "");
  open_underline (line, format->underline);
  g_string_append (line->html, format->strike ? "<s>" : "");
  g_string_append (line->html, format->script > 0 ? "<sup>" : format->script < 0 ? "<sub>" : "");
  line->is_span = style->len > 0;
  line->open = *format;
  line->is_open = TRUE;
}

/* ---- tabs ---- */

/* Half points. */
static gint
height_of (const BmPageFormat *format)
{
  return format->size > 0 ? MIN (format->size, BM_PAGE_SIZE_MAX) : BM_PAGE_SIZE_USUAL;
}

static void
begin_segment (BmLine *line, gint from)
{
  line->segment = line->html->len;
  line->from = from;
  line->width = 0;
  line->has_stop = line->unmeasured = FALSE;
}

/* Text that a right or centred stop leads to, ended by a tab or the end of the line. */
static void
end_stop (BmLine *line)
{
  if (!line->has_stop || line->unmeasured || line->html->len == line->segment)
    return;
  gint room = (line->stop.at - line->from) * (line->stop.kind == BM_PAGE_TAB_CENTER ? 2 : 1);
  if (room <= 0)
    return;
  close_format (line);
  g_autoptr (GString) open = g_string_new ("<span style=\"display:inline-block");
  bm_page_length_style (open, "min-width", room);
  g_string_append_printf (open, ";text-indent:0;text-align:%s\">",
                          line->stop.kind == BM_PAGE_TAB_CENTER ? "center" : "right");
  g_string_insert_len (line->html, (gssize) line->segment, open->str, (gssize) open->len);
  g_string_append (line->html, "</span>");
  line->width = line->stop.kind == BM_PAGE_TAB_CENTER ? room / 2 + line->width / 2 : room;
  line->segment = line->html->len;
  line->from += line->width;
  line->width = 0;
}

/* The first stop behind at: one of the paragraph, the indent of its further lines, a usual one. */
static BmPageTab
next_stop (const BmLook *look, const BmPageBlock *block, gint at)
{
  BmPageTab best = {G_MAXINT, BM_PAGE_TAB_LEFT};
  for (gint i = 0; i < block->n_tabs; i++)
    if (block->tabs[i].at > at && block->tabs[i].at < best.at)
      best = block->tabs[i];
  if (block->first < 0 && block->left > at && block->left < best.at)
    best = (BmPageTab){block->left, BM_PAGE_TAB_LEFT};
  if (best.at == G_MAXINT) {
    gint step = CLAMP (look->default_tab, 100, 7200);
    best.at = (MAX (at, 0) / step + 1) * step;
  }
  return best;
}

/* A box around the text since the last tab; rule: of a line below it. */
static void
box_segment (BmLine *line, gint width, const BmPageFormat *rule)
{
  g_autoptr (GString) open = g_string_new ("<span style=\"display:inline-block");
  bm_page_length_style (open, "min-width", width);
  g_string_append (open, ";text-indent:0");
  if (rule != NULL)
    g_string_append_printf (open, ";border-bottom:1px solid #%06x", rule->ink & 0xffffff);
  g_string_append (open, "\">");
  g_string_insert_len (line->html, (gssize) line->segment, open->str, (gssize) open->len);
  g_string_append (line->html, "</span>");
}

/* To the left of other stops than left ones is what follows. */
static void
put_tab (BmLine *line, BmLook *look, const BmPageFormat *format, const BmPageBlock *block)
{
  BmPageFormat gap = *format;
  end_stop (line);
  if (line->from == G_MININT)
    line->from = MAX (block->left + (line->is_item ? 0 : block->first), 0);
  if (line->from > PLACE_MAX)
    line->from = 0;
  gint at = line->from + line->width;
  BmPageTab stop = next_stop (look, block, at);
  gboolean boxed = block->align != BM_PAGE_CENTER && block->align != BM_PAGE_RIGHT &&
                   !line->unmeasured && line->width < SEGMENT_MAX &&
                   line->html->len - line->segment < SEGMENT_BYTES;
  gboolean left = boxed && stop.kind == BM_PAGE_TAB_LEFT;
  if (left && format->underline != 0) { /* a line to write on: all of the way has it */
    close_format (line);
    begin_segment (line, at);
    gap.underline = BM_PAGE_LINE_NONE;
  }
  open_format (line, look, &gap);
  g_string_append (line->html, boxed ? NBSP " " : NBSP NBSP NBSP " ");
  close_format (line);
  line->has_tabs = TRUE;
  if (left)
    box_segment (line, stop.at - line->from, format->underline != 0 ? format : NULL);
  if (stop.kind != BM_PAGE_TAB_LEFT) /* the box begins behind the gap */
    at += 2 * bm_rtf_width (' ', "", FALSE) * height_of (format) / 100;
  begin_segment (line, stop.kind == BM_PAGE_TAB_LEFT ? stop.at : at);
  line->stop = stop;
  line->has_stop = boxed && stop.kind != BM_PAGE_TAB_LEFT;
}

/* ---- lines ---- */

void
bm_line_init (BmLine *line)
{
  *line = (BmLine){.html = g_string_new (NULL)};
  bm_line_reset (line);
}

void
bm_line_clear (BmLine *line)
{
  g_string_free (line->html, TRUE);
}

void
bm_line_reset (BmLine *line)
{
  GString *html = line->html;
  g_string_truncate (html, 0);
  *line = (BmLine){.html = html, .after_space = TRUE, .from = G_MININT};
}

static void
break_line (BmLine *line, const BmPageBlock *block)
{
  end_stop (line);
  close_format (line); /* a box goes around whole runs */
  g_string_append (line->html, "<br>\n");
  begin_segment (line, MAX (block->left, 0));
}

void
bm_line_text (BmLine *line, BmLook *look, const BmPageFormat *format, const BmPageBlock *block,
              const gchar *utf8, gsize size)
{
  const gchar *generic = "";
  look->font_name (look->user, format->font, &generic);
  gint height = height_of (format);
  for (const gchar *p = utf8; p < utf8 + size; p = g_utf8_next_char (p)) {
    gboolean space = *p == ' ' || *p == '\t' || *p == '\n';
    if (*p == '\t') {
      put_tab (line, look, format, block);
      line->after_space = TRUE;
      continue;
    }
    open_format (line, look, format);
    if (*p == '\n') {
      break_line (line, block);
    } else {
      gchar character[7] = {0};
      memcpy (character, p, (gsize) (g_utf8_next_char (p) - p));
      if (*p == ' ' && line->after_space)
        g_string_append (line->html, NBSP); /* a reader would swallow it */
      else
        bm_html_escape (line->html, character);
      if (line->width < SEGMENT_MAX)
        line->width +=
            bm_rtf_width (g_utf8_get_char (p), generic, format->bold != 0) * height / 100;
    }
    line->after_space = space;
  }
}

void
bm_line_html (BmLine *line, const gchar *html, gboolean visible)
{
  close_format (line);
  g_string_append (line->html, html);
  if (visible) {
    line->after_space = FALSE;
    line->unmeasured = TRUE;
  }
}

void
bm_line_end (BmLine *line)
{
  end_stop (line);
  close_format (line);
}
