/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Native RTF as HTML: what bm-rtf.c reads, with the formats, paragraphs, lists, tables, links and
 * pictures that control words tell of. [MSFT-RTF]; \objattph: [MS-OXRTFEX] 2.1.3.1.1. Here: groups,
 * what is in them, and what becomes of it; looks are bm-rtf-looks.c's. Any thread. */
#include "text/bm-rtf.h"

#include "text/bm-html.h"
#include "text/bm-rtf-field.h"
#include "text/bm-rtf-font.h"
#include "text/bm-rtf-sample.h"
#include "text/bm-rtf-writer.h"

#include <stdlib.h>
#include <string.h>

#define OUTPUT_MAX   (64u * 1024 * 1024)
#define COLOURS_MAX  4096u
#define PICTURES_MAX 1000u
#define CAPTURE_MAX  4096u /* bytes of a label, a name or a field's instruction */

typedef BmRtfWriter Writer;
typedef BmRtfState State;

void
bm_rtf_picture_free (BmRtfPicture *picture)
{
  g_bytes_unref (picture->data);
  g_free (picture->content_id);
  g_free (picture);
}

/* ---- text ---- */

static gboolean
is_blank (const gchar *utf8, gsize size)
{
  for (gsize i = 0; i < size; i++)
    if (!g_ascii_isspace (utf8[i]))
      return FALSE;
  return TRUE;
}

static void
on_text (gpointer user, const gchar *utf8, gsize size)
{
  Writer *writer = user;
  GString *other = NULL;
  switch (writer->now.target) {
  case BM_RTF_TO_PAGE:
    bm_page_text (writer->page, &writer->now.format, &writer->now.block, utf8, size);
    writer->shown++;
    return;
  case BM_RTF_TO_LABEL:
    other = writer->label;
    break;
  case BM_RTF_TO_FIELD:
    other = writer->field;
    break;
  case BM_RTF_TO_NAME:
    other = writer->name;
    break;
  case BM_RTF_TO_UNSEEN:
    writer->complete = writer->complete && is_blank (utf8, size);
    return;
  case BM_RTF_TO_NOWHERE:
  default:
    return;
  }
  if (other->len + size <= CAPTURE_MAX)
    g_string_append_len (other, utf8, (gssize) size);
}

static void
set_target (Writer *writer, BmRtfTarget target)
{
  bm_rtf_reader_flush (writer->reader);
  if (writer->now.target != BM_RTF_TO_UNSEEN)
    writer->now.target = target;
}

/* ---- pictures ---- */

/* in_drawing: it stands beside the text. What is cut off stays out of sight in most readers. */
static void
show_picture (Writer *writer, const BmRtfPicture *picture, guint number, gboolean in_drawing)
{
  BmRtfPictSize size;
  g_autoptr (GString) html = g_string_new (NULL);
  gboolean known = bm_rtf_pict_size (&writer->pict, &size);
  gboolean cropped = known && size.cropped;
  if (cropped)
    g_string_append_printf (html,
                            "<span style=\"display:inline-block;overflow:hidden;width:%dpx;"
                            "height:%dpx%s\">",
                            size.shown_wide, size.shown_high, in_drawing ? ";float:left" : "");
  g_string_append_printf (html, "<img src=\"cid:%s\" alt=\"picture-%u.%s\"", picture->content_id,
                          number, picture->extension);
  if (known)
    g_string_append_printf (html, " width=\"%d\" height=\"%d\"", size.wide, size.high);
  if (cropped)
    g_string_append_printf (html, " style=\"margin:-%dpx 0 0 -%dpx;max-width:none\"", size.top,
                            size.left);
  else if (in_drawing)
    g_string_append (html, " align=\"left\"");
  g_string_append (html, cropped ? "></span>" : ">");
  bm_page_html (writer->page, html->str, TRUE);
}

static void
put_picture (Writer *writer, GBytes *data, const gchar *type, const gchar *extension)
{
  if (writer->pictures->len >= PICTURES_MAX || writer->now.target == BM_RTF_TO_UNSEEN ||
      writer->now.background) {
    writer->complete = FALSE;
    g_bytes_unref (data);
    return;
  }
  BmRtfPicture *picture = g_new0 (BmRtfPicture, 1);
  gboolean in_drawing = writer->now.target == BM_RTF_TO_NOWHERE;
  guint number = writer->pictures->len + 1;
  picture->data = data;
  picture->type = type;
  picture->extension = extension;
  picture->content_id = g_strdup_printf ("rtf-picture-%u@pst.invalid", number);
  g_ptr_array_add (writer->pictures, picture);
  writer->drawn += in_drawing;
  writer->shown++;
  show_picture (writer, picture, number, in_drawing);
}

static void
end_picture (Writer *writer)
{
  const gchar *type, *extension;
  gboolean shown;
  if (writer->pict.bytes->len == 0)
    return;
  GBytes *file = bm_rtf_pict_file (&writer->pict, &type, &extension, &shown);
  if (file != NULL)
    put_picture (writer, file, type, extension);
  if (file == NULL || !shown)
    writer->complete = FALSE;
  g_byte_array_set_size (writer->pict.bytes, 0);
}

/* ---- groups of which nothing is text ---- */

static void
on_colours (Writer *writer, const guint8 *bytes, gsize size)
{
  for (gsize i = 0; i < size; i++)
    if (bytes[i] == ';' && writer->colours->len < COLOURS_MAX) {
      g_array_append_val (writer->colours, writer->colour);
      writer->colour = 0;
    }
}

static void
on_captured (gpointer user, const guint8 *bytes, gsize size, gboolean binary)
{
  Writer *writer = user;
  gboolean outermost = writer->group == writer->captured_from; /* \blipuid and such are hex too */
  if (writer->capture == BM_RTF_HTML_LISTS && !binary)
    bm_rtf_lists_bytes (writer->lists, bytes, size, writer->group);
  else if (writer->capture == BM_RTF_HTML_COLOURS && outermost)
    on_colours (writer, bytes, size);
  else if (writer->capture == BM_RTF_HTML_PICTURE && outermost && binary)
    bm_rtf_pict_binary (&writer->pict, bytes, size);
  else if (writer->capture == BM_RTF_HTML_PICTURE && outermost)
    bm_rtf_pict_hex (&writer->pict, bytes, size);
}

static BmRtfAnswer
begin_capture (Writer *writer, BmRtfHtmlAction what)
{
  bm_rtf_reader_flush (writer->reader);
  writer->capture = what;
  writer->captured_from = writer->group;
  bm_rtf_pict_begin (&writer->pict);
  return BM_RTF_CAPTURE;
}

static BmRtfAnswer
capture_word (Writer *writer, const BmRtfLexer *lexer)
{
  const BmRtfHtmlWord *word = bm_rtf_html_word (lexer->word);
  if (writer->capture == BM_RTF_HTML_LISTS)
    bm_rtf_lists_word (writer->lists, lexer->word, lexer->number, writer->group);
  if (word == NULL || writer->group != writer->captured_from)
    return BM_RTF_TAKEN;
  if (word->action == BM_RTF_HTML_COLOUR_PART)
    writer->colour |= BM_PAGE_COLOUR | (guint32) CLAMP (lexer->number, 0, 255) << word->value;
  else if (word->action == BM_RTF_HTML_PICTURE_KIND)
    writer->pict.kind = word->value;
  else if (word->action == BM_RTF_HTML_PICTURE_NUMBER)
    *(gint *) (gpointer) ((gchar *) &writer->pict + word->offset) = lexer->number;
  return BM_RTF_TAKEN;
}

static void
end_capture (Writer *writer)
{
  if (writer->capture == BM_RTF_HTML_PICTURE)
    end_picture (writer);
  writer->captured_from = 0;
}

/* ---- fields ---- */

static void
begin_result (Writer *writer)
{
  g_auto (BmRtfField) field = {0};
  BmPageFormat format = writer->now.format;
  if (writer->now.target != BM_RTF_TO_PAGE)
    return;
  bm_rtf_field_parse (writer->field->str, &field);
  if (field.kind != BM_RTF_FIELD_LINK)
    return;
  format.link = bm_page_link (writer->page, field.address, field.title);
  bm_rtf_set_format (writer, &format);
}

static void
put_symbol (Writer *writer, const BmRtfField *field)
{
  const gchar *font = field->font != NULL ? field->font : "";
  gunichar c = (gunichar) field->symbol;
  gchar utf8[7] = {0};
  if (field->symbol < 0x100)
    c = bm_rtf_symbol (bm_rtf_font_class (font, strlen (font)), (guint8) field->symbol);
  if (c < ' ' || !g_unichar_validate (c))
    return;
  on_text (writer, utf8, (gsize) g_unichar_to_utf8 (c, utf8));
}

/* A field whose result is empty: some programs show it by themselves. */
static void
end_field (Writer *writer, guint shown_before)
{
  g_auto (BmRtfField) field = {0};
  bm_rtf_reader_flush (writer->reader);
  if (writer->shown != shown_before || writer->now.target != BM_RTF_TO_PAGE)
    return;
  bm_rtf_field_parse (writer->field->str, &field);
  if (field.kind == BM_RTF_FIELD_SYMBOL) {
    put_symbol (writer, &field);
  } else if (field.kind == BM_RTF_FIELD_PICTURE) {
    g_autoptr (GString) html = g_string_new ("<img src=\"");
    bm_html_escape (html, field.address);
    g_string_append (html, "\" alt=\"\">");
    bm_page_html (writer->page, html->str, TRUE);
  } else if (field.kind == BM_RTF_FIELD_FORMULA) {
    writer->complete = FALSE;
  }
  g_string_truncate (writer->field, 0);
}

/* ---- names ---- */

static void
end_name (Writer *writer)
{
  const gchar *name = writer->name->str;
  if (writer->now.name == BM_RTF_NAME_OF_PLACE && *name != '\0' && *name != '_') {
    g_autofree gchar *anchor = bm_look_anchor (name);
    bm_page_html (writer->page, anchor, FALSE);
  } else if (writer->now.name == BM_RTF_NAME_OF_PROPERTY) {
    writer->is_fill = strcmp (name, "fillColor") == 0;
  } else if (writer->now.name == BM_RTF_PROPERTY && writer->is_fill) { /* 0xBBGGRR */
    guint32 value = (guint32) g_ascii_strtoull (name, NULL, 10);
    bm_page_paper (writer->page,
                   BM_PAGE_COLOUR | (value & 0xff) << 16 | (value & 0xff00) | (value >> 16 & 0xff));
  }
}

static void
begin_name (Writer *writer, BmRtfNameKind kind)
{
  set_target (writer, BM_RTF_TO_NAME);
  g_string_truncate (writer->name, 0);
  writer->now.name = kind;
}

/* ---- groups ---- */

static void
on_open (gpointer user)
{
  Writer *writer = user;
  g_array_append_val (writer->stack, writer->now);
  writer->group++;
}

/* What no \par ended. */
static void
end_document (Writer *writer)
{
  gint depth = writer->now.depth + MAX (writer->now.block.depth, 0);
  bm_rtf_reader_flush (writer->reader);
  if (bm_page_has_text (writer->page) || writer->has_label)
    bm_rtf_end_paragraph (writer, depth);
}

static void
on_close (gpointer user)
{
  Writer *writer = user;
  if (writer->stack->len == 0)
    return;
  if (writer->captured_from == writer->group)
    end_capture (writer);
  State before = g_array_index (writer->stack, State, writer->stack->len - 1);
  State *now = &writer->now;
  if (before.target != now->target || before.name != now->name || before.note != now->note ||
      memcmp (&before.block, &now->block, sizeof before.block) != 0)
    bm_rtf_reader_flush (writer->reader);
  else if (memcmp (&before.format, &now->format, sizeof before.format) != 0)
    bm_rtf_reader_flush_format (writer->reader);
  if (now->name != before.name)
    end_name (writer);
  if (now->field == writer->group)
    end_field (writer, now->field_shown);
  if (now->note && !before.note) {
    if (bm_page_has_text (writer->page))
      bm_rtf_end_paragraph (writer, 0);
    bm_page_note_end (writer->page);
  }
  if (writer->group == 1)
    end_document (writer);
  writer->group--;
  writer->n_borders = 0;
  *now = before;
  g_array_set_size (writer->stack, writer->stack->len - 1);
}

static gboolean
on_full (gpointer user)
{
  return bm_page_size (((Writer *) user)->page) > OUTPUT_MAX;
}

/* ---- words ---- */

static void
begin_note (Writer *writer)
{
  bm_rtf_reader_flush (writer->reader);
  if (writer->now.note || writer->now.target != BM_RTF_TO_PAGE)
    return;
  writer->now.note = TRUE;
  writer->now.block = (BmPageBlock){0};
  writer->notes++;
  bm_page_note_begin (writer->page);
}

static void
put_note_number (Writer *writer)
{
  bm_rtf_reader_flush (writer->reader);
  g_autofree gchar *number =
      g_strdup_printf ("%u", writer->now.note ? writer->notes : writer->notes + 1);
  on_text (writer, number, strlen (number));
}

static void
drawing_word (Writer *writer, const BmRtfHtmlWord *word)
{
  switch (word->action) {
  case BM_RTF_HTML_DRAWING:
    writer->drawings += !writer->now.background;
    break;
  case BM_RTF_HTML_BOX_TEXT: /* a page of its own that stands in a cell, if it does */
    bm_rtf_reader_flush (writer->reader);
    writer->now.depth += MAX (writer->now.block.depth, 0);
    writer->now.depth = MIN (writer->now.depth, BM_PAGE_DEPTH_MAX);
    writer->now.block = (BmPageBlock){0};
    break;
  case BM_RTF_HTML_DRAWING_VALUE:
    set_target (writer, BM_RTF_TO_NOWHERE);
    break;
  case BM_RTF_HTML_VALUE_NAME:
    if (writer->now.background)
      begin_name (writer, BM_RTF_NAME_OF_PROPERTY);
    break;
  case BM_RTF_HTML_VALUE:
    if (writer->now.background)
      begin_name (writer, BM_RTF_PROPERTY);
    break;
  case BM_RTF_HTML_BACKGROUND:
    writer->now.background = TRUE;
    set_target (writer, BM_RTF_TO_NOWHERE);
    break;
  default: /* BM_RTF_HTML_ENTER */
    break;
  }
}

static void
field_word (Writer *writer, const BmRtfHtmlWord *word)
{
  gboolean on_page = writer->now.target == BM_RTF_TO_PAGE;
  switch (word->action) {
  case BM_RTF_HTML_FIELD:
    bm_rtf_reader_flush (writer->reader);
    writer->now.field = writer->group;
    writer->now.field_shown = writer->shown;
    break;
  case BM_RTF_HTML_INSTRUCTION: /* in another instruction only the result counts */
    set_target (writer, on_page ? BM_RTF_TO_FIELD : BM_RTF_TO_NOWHERE);
    if (on_page)
      g_string_truncate (writer->field, 0);
    break;
  case BM_RTF_HTML_RESULT:
    begin_result (writer);
    break;
  case BM_RTF_HTML_BOOKMARK:
    if (on_page)
      begin_name (writer, BM_RTF_NAME_OF_PLACE);
    else
      set_target (writer, BM_RTF_TO_NOWHERE);
    break;
  default: /* BM_RTF_HTML_OBJECT */
    bm_rtf_reader_flush (writer->reader);
    if (writer->objects != NULL && *writer->objects != NULL) {
      bm_page_html (writer->page, *writer->objects++, TRUE);
      writer->shown++;
    }
    break;
  }
}

static void
group_word (Writer *writer, const BmRtfHtmlWord *word, gint number)
{
  switch (word->action) {
  case BM_RTF_HTML_LABEL:
    set_target (writer, BM_RTF_TO_LABEL);
    g_string_truncate (writer->label, 0);
    writer->has_label = TRUE;
    bm_page_item (writer->page);
    break;
  case BM_RTF_HTML_OLD_LIST_KIND:
    writer->old_kind = (BmPageLabelKind) word->value;
    break;
  case BM_RTF_HTML_NESTED_PROPERTIES:
    writer->now.nested = TRUE;
    break;
  case BM_RTF_HTML_OLD_LIST:
  case BM_RTF_HTML_UNWANTED:
    set_target (writer, BM_RTF_TO_NOWHERE);
    break;
  case BM_RTF_HTML_NOTE:
    begin_note (writer);
    break;
  case BM_RTF_HTML_NOTE_NUMBER:
    put_note_number (writer);
    break;
  case BM_RTF_HTML_UNSEEN:
    set_target (writer, BM_RTF_TO_UNSEEN);
    break;
  case BM_RTF_HTML_FORMULA:
  case BM_RTF_HTML_UNKNOWN_CONTENT:
    writer->complete = FALSE;
    break;
  case BM_RTF_HTML_DEFAULT_TAB:
    bm_page_default_tab (writer->page, number);
    break;
  default:
    break;
  }
}

static void
other_word (Writer *writer, const BmRtfHtmlWord *word, gint number)
{
  if (word->action >= BM_RTF_HTML_FIELD && word->action <= BM_RTF_HTML_OBJECT)
    field_word (writer, word);
  else if (word->action == BM_RTF_HTML_ENTER ||
           (word->action >= BM_RTF_HTML_DRAWING && word->action <= BM_RTF_HTML_BACKGROUND))
    drawing_word (writer, word);
  else
    group_word (writer, word, number);
}

static BmRtfAnswer
on_word (gpointer user, const BmRtfLexer *lexer, gboolean star)
{
  Writer *writer = user;
  if (writer->captured_from > 0)
    return capture_word (writer, lexer);
  const BmRtfHtmlWord *word = bm_rtf_html_word (lexer->word);
  if (word == NULL)
    return BM_RTF_PASS;
  BmRtfHtmlAction action = word->action;
  gboolean on_page = writer->now.target == BM_RTF_TO_PAGE;
  if (action <= BM_RTF_HTML_PLAIN)
    bm_rtf_format_word (writer, word, lexer);
  else if (action <= BM_RTF_HTML_PARD)
    bm_rtf_block_word (writer, word, lexer->number);
  else if (action <= BM_RTF_HTML_ROW_BEGIN && on_page)
    bm_rtf_table_word (writer, word, lexer->number);
  else if (action <= BM_RTF_HTML_BORDER_COLOUR)
    bm_rtf_border_word (writer, word, lexer->number);
  else if (action <= BM_RTF_HTML_ROW && on_page)
    bm_rtf_end_word (writer, word);
  else if (action >= BM_RTF_HTML_COLOURS && action <= BM_RTF_HTML_DRAWING_RESULT)
    return begin_capture (writer, action);
  else if (action >= BM_RTF_HTML_LABEL)
    other_word (writer, word, lexer->number);
  /* fonts decide about code pages too, \plain about what is shown, and some content is skipped */
  return action == BM_RTF_HTML_FONT || action == BM_RTF_HTML_PLAIN ||
                 action == BM_RTF_HTML_UNKNOWN_CONTENT
             ? BM_RTF_PASS
             : BM_RTF_TAKEN;
}

/* ---- the document ---- */

static const gchar *
font_name (gpointer user, gint font, const gchar **generic)
{
  Writer *writer = user;
  if (writer->reader != NULL)
    return bm_rtf_reader_font_name (writer->reader, font, generic);
  *generic = writer->usual_generic; /* asked for what most of the text looks like */
  return writer->usual_font;
}

static void
begin (Writer *writer)
{
  writer->page = bm_page_new (font_name, writer);
  writer->stack = g_array_new (FALSE, FALSE, sizeof (State));
  writer->colours = g_array_new (FALSE, FALSE, sizeof (guint32));
  for (guint i = 0; i < G_N_ELEMENTS (writer->rows); i++)
    writer->rows[i].columns = g_array_new (FALSE, FALSE, sizeof (BmPageColumn));
  writer->label = g_string_new (NULL);
  writer->field = g_string_new (NULL);
  writer->name = g_string_new (NULL);
  writer->lists = bm_rtf_lists_new ();
  writer->pict.bytes = g_byte_array_new ();
  writer->pictures = g_ptr_array_new_with_free_func ((GDestroyNotify) bm_rtf_picture_free);
}

static void
end (Writer *writer)
{
  g_array_unref (writer->stack);
  g_array_unref (writer->colours);
  for (guint i = 0; i < G_N_ELEMENTS (writer->rows); i++)
    g_array_unref (writer->rows[i].columns);
  g_string_free (writer->label, TRUE);
  g_string_free (writer->field, TRUE);
  g_string_free (writer->name, TRUE);
  bm_rtf_lists_free (writer->lists);
  g_byte_array_unref (writer->pict.bytes);
}

gchar *
bm_rtf_native_to_html (const guint8 *data, gsize size, guint32 codepage,
                       const gchar *const *objects, GPtrArray **pictures, gboolean *complete,
                       gboolean *lossy)
{
  static const BmRtfListener listener = {on_text, on_word, on_captured, on_open, on_close, on_full};
  Writer writer = {.now.format = {.font = -1}, .objects = objects, .complete = TRUE};
  g_autofree gchar *usual_font = NULL;
  BmPageFormat usual = bm_rtf_sample (data, size, codepage, &usual_font, &writer.usual_generic);
  writer.usual_font = usual_font;
  begin (&writer);
  bm_page_base (writer.page, &usual);
  gboolean good = bm_rtf_read (data, size, codepage, &listener, &writer, &writer.reader);
  end_document (&writer); /* which had no braces */
  *lossy = !good;
  *complete = good && writer.complete && writer.drawn >= writer.drawings && !on_full (&writer);
  *pictures = writer.pictures;
  end (&writer);
  return bm_page_finish (writer.page);
}
