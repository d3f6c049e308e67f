/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Native RTF as HTML: what bm-rtf.c reads, with the formats, paragraphs, lists, tables, links and
 * pictures that control words tell of. [MSFT-RTF]; \objattph: [MS-OXRTFEX] 2.1.3.1.1. Any thread. */
#include "text/bm-rtf.h"

#include "text/bm-picture.h"
#include "text/bm-rtf-html-words.h"
#include "text/bm-rtf-page.h"
#include "text/bm-rtf-reader.h"

#include <string.h>

#define OUTPUT_MAX   (64u * 1024 * 1024)
#define COLOURS_MAX  4096u
#define PICTURES_MAX 1000u
#define COLUMNS_MAX  1000u
#define CAPTURE_MAX  4096u /* bytes of a label or of a field's instruction */
#define TWIPS_PIXEL  15
#define PIXELS_MAX   10000

/* Where visible text of a group goes. */
typedef enum { TO_PAGE, TO_LABEL, TO_FIELD, TO_NOWHERE } Target;

/* What a group inherits and its end restores. */
typedef struct {
  BmPageFormat format;
  BmPageBlock block;
  Target target;
} State;

typedef struct {
  BmRtfReader *reader;
  BmPage *page;
  State now;
  GArray *stack; /* of State */
  GString *label, *field;
  gboolean has_label;
  GArray *colours; /* guint32, as in BmPageFormat */
  guint32 colour;
  gboolean in_colours, in_picture;
  guint group;         /* depth of groups; where a captured one began */
  guint captured_from; /* 0: nothing is captured */
  BmRtfPictureKind kind;
  GByteArray *hex;
  gint nibble, wide, high, scale_x, scale_y;
  GArray *widths; /* gint, of the columns */
  gint right;     /* edge of the last one */
  gboolean merged, border;
  const gchar *const *objects;
  GPtrArray *pictures;
  guint drawings, drawn; /* drawn: of which there is a picture */
  gboolean complete;
} Writer;

void
bm_rtf_picture_free (BmRtfPicture *picture)
{
  g_bytes_unref (picture->data);
  g_free (picture->content_id);
  g_free (picture);
}

/* ---- text ---- */

static void
on_text (gpointer user, const gchar *utf8, gsize size)
{
  Writer *writer = user;
  GString *other = writer->now.target == TO_LABEL ? writer->label : writer->field;
  if (writer->now.target == TO_NOWHERE)
    return;
  if (writer->now.target == TO_PAGE)
    bm_page_text (writer->page, &writer->now.format, utf8, size);
  else if (other->len + size <= CAPTURE_MAX)
    g_string_append_len (other, utf8, (gssize) size);
}

/* Text is told late: what came before belongs to the format before. */
static void
set_format (Writer *writer, const BmPageFormat *format)
{
  if (memcmp (&writer->now.format, format, sizeof *format) == 0)
    return;
  bm_rtf_reader_flush (writer->reader);
  writer->now.format = *format;
}

static void
set_target (Writer *writer, Target target)
{
  bm_rtf_reader_flush (writer->reader);
  writer->now.target = target;
}

/* ---- pictures ---- */

static void
put_picture (Writer *writer, GBytes *data, const gchar *type, const gchar *extension)
{
  if (writer->pictures->len >= PICTURES_MAX) {
    writer->complete = FALSE;
    g_bytes_unref (data);
    return;
  }
  BmRtfPicture *picture = g_new0 (BmRtfPicture, 1);
  picture->data = data;
  picture->type = type;
  picture->extension = extension;
  picture->content_id = g_strdup_printf ("rtf-picture-%u@pst.invalid", writer->pictures->len + 1);
  g_ptr_array_add (writer->pictures, picture);
  writer->drawn += writer->now.target == TO_NOWHERE;
  g_autoptr (GString) html = g_string_new (NULL);
  gint64 wide = (gint64) writer->wide * writer->scale_x / 100 / TWIPS_PIXEL;
  gint64 high = (gint64) writer->high * writer->scale_y / 100 / TWIPS_PIXEL;
  g_string_append_printf (html, "<img src=\"cid:%s\" alt=\"\"", picture->content_id);
  if (wide > 0 && high > 0 && wide <= PIXELS_MAX && high <= PIXELS_MAX)
    g_string_append_printf (html, " width=\"%d\" height=\"%d\"", (gint) wide, (gint) high);
  if (writer->now.target == TO_NOWHERE) /* a drawing stands beside the text */
    g_string_append (html, " align=\"left\"");
  g_string_append (html, ">");
  bm_page_html (writer->page, html->str);
}

static void
end_picture (Writer *writer)
{
  GByteArray *hex = writer->hex;
  GBytes *bitmap = NULL;
  if (hex->len == 0)
    return;
  if (writer->kind == BM_RTF_PNG || writer->kind == BM_RTF_JPEG) {
    gboolean png = writer->kind == BM_RTF_PNG;
    put_picture (writer, g_bytes_new (hex->data, hex->len), png ? "image/png" : "image/jpeg",
                 png ? "png" : "jpg");
  } else if (writer->kind == BM_RTF_DIB) {
    bitmap = bm_picture_bmp (hex->data, hex->len);
  } else if (writer->kind == BM_RTF_WMF) {
    bitmap = bm_picture_of_wmf (hex->data, hex->len);
  } else if (writer->kind == BM_RTF_EMF) {
    bitmap = bm_picture_of_emf (hex->data, hex->len);
  }
  if (bitmap != NULL)
    put_picture (writer, bitmap, "image/bmp", "bmp");
  else if (writer->kind != BM_RTF_PNG && writer->kind != BM_RTF_JPEG)
    writer->complete = FALSE; /* lines and curves: no mail reader draws them */
  g_byte_array_set_size (hex, 0);
}

static void
on_hex (Writer *writer, const guint8 *bytes, gsize size)
{
  for (gsize i = 0; i < size; i++) {
    gint digit = g_ascii_xdigit_value ((gchar) bytes[i]);
    if (digit < 0)
      continue;
    if (writer->nibble < 0) {
      writer->nibble = digit;
      continue;
    }
    guint8 byte = (guint8) (writer->nibble << 4 | digit);
    g_byte_array_append (writer->hex, &byte, 1);
    writer->nibble = -1;
  }
}

static void
on_captured (gpointer user, const guint8 *bytes, gsize size, gboolean binary)
{
  Writer *writer = user;
  if (writer->group != writer->captured_from)
    return; /* \blipuid and such are hex too */
  if (writer->in_picture && binary)
    g_byte_array_append (writer->hex, bytes, (guint) MIN (size, G_MAXINT32 - writer->hex->len));
  else if (writer->in_picture && writer->kind != BM_RTF_NONE)
    on_hex (writer, bytes, size);
  for (gsize i = 0; writer->in_colours && i < size; i++)
    if (bytes[i] == ';' && writer->colours->len < COLOURS_MAX) {
      g_array_append_val (writer->colours, writer->colour);
      writer->colour = 0;
    }
}

/* ---- groups ---- */

static void
on_open (gpointer user)
{
  Writer *writer = user;
  g_array_append_val (writer->stack, writer->now);
  writer->group++;
}

static void
on_close (gpointer user)
{
  Writer *writer = user;
  if (writer->stack->len == 0)
    return;
  if (writer->captured_from == writer->group) {
    if (writer->in_picture)
      end_picture (writer);
    writer->in_picture = writer->in_colours = FALSE;
    writer->captured_from = 0;
  }
  writer->group--;
  State before = g_array_index (writer->stack, State, writer->stack->len - 1);
  if (before.target != writer->now.target ||
      memcmp (&before.format, &writer->now.format, sizeof before.format) != 0)
    bm_rtf_reader_flush (writer->reader);
  writer->now = before;
  g_array_set_size (writer->stack, writer->stack->len - 1);
}

static gboolean
on_full (gpointer user)
{
  return bm_page_size (((Writer *) user)->page) > OUTPUT_MAX;
}

/* ---- words ---- */

static void
end_paragraph (Writer *writer)
{
  bm_rtf_reader_flush (writer->reader);
  g_strstrip (writer->label->str);
  bm_page_paragraph (writer->page, &writer->now.block,
                     writer->has_label ? writer->label->str : NULL);
  g_string_truncate (writer->label, 0);
  writer->has_label = FALSE;
}

/* HYPERLINK "address", perhaps with switches behind it. */
static guint
link_of_field (Writer *writer)
{
  static const gchar word[] = "HYPERLINK";
  const gchar *p = writer->field->str;
  while (g_ascii_isspace (*p))
    p++;
  if (g_ascii_strncasecmp (p, word, sizeof word - 1) != 0)
    return 0;
  p += sizeof word - 1;
  while (g_ascii_isspace (*p))
    p++;
  g_autofree gchar *address =
      *p == '"' ? g_strndup (p + 1, strcspn (p + 1, "\"")) : g_strndup (p, strcspn (p, " \t"));
  return bm_page_link (writer->page, address);
}

static guint32
colour_at (const Writer *writer, gint index)
{
  return index > 0 && (guint) index < writer->colours->len
             ? g_array_index (writer->colours, guint32, index)
             : 0;
}

/* What a page has anyway needs no saying. */
static guint32
unless (guint32 colour, guint32 usual)
{
  return colour == (BM_PAGE_COLOUR | usual) ? 0 : colour;
}

static void
format_word (Writer *writer, const BmRtfHtmlWord *word, const BmRtfLexer *lexer)
{
  BmPageFormat format = writer->now.format;
  gboolean on = word->value >= 0 && (!lexer->has_number || lexer->number != 0);
  switch (word->action) {
  case BM_RTF_HTML_BOLD:
    format.bold = on;
    break;
  case BM_RTF_HTML_ITALIC:
    format.italic = on;
    break;
  case BM_RTF_HTML_UNDERLINE:
    format.underline = on;
    break;
  case BM_RTF_HTML_STRIKE:
    format.strike = on;
    break;
  case BM_RTF_HTML_SCRIPT:
    format.script = word->value;
    break;
  case BM_RTF_HTML_FONT:
    format.font = lexer->number;
    break;
  case BM_RTF_HTML_SIZE:
    format.size = CLAMP (lexer->number, 0, 400);
    break;
  case BM_RTF_HTML_INK:
    format.ink = unless (colour_at (writer, lexer->number), 0x000000);
    break;
  case BM_RTF_HTML_PAPER:
    format.paper = unless (colour_at (writer, lexer->number), 0xffffff);
    break;
  default: /* BM_RTF_HTML_PLAIN; a link is no format */
    format = (BmPageFormat){.font = -1, .size = 24, .link = format.link};
    break;
  }
  set_format (writer, &format);
}

static void
block_word (Writer *writer, const BmRtfHtmlWord *word, gint number)
{
  BmPageBlock *block = &writer->now.block;
  switch (word->action) {
  case BM_RTF_HTML_ALIGN:
    block->align = (BmPageAlign) word->value;
    break;
  case BM_RTF_HTML_LEFT:
    block->left = number;
    break;
  case BM_RTF_HTML_BEFORE:
    block->before = number;
    break;
  case BM_RTF_HTML_AFTER:
    block->after = number;
    break;
  case BM_RTF_HTML_LEVEL:
    block->level = number;
    break;
  case BM_RTF_HTML_IN_TABLE:
    block->in_table = TRUE;
    break;
  case BM_RTF_HTML_RIGHT_TO_LEFT:
    block->right_to_left = word->value;
    break;
  default: /* BM_RTF_HTML_PARD */
    *block = (BmPageBlock){0};
    break;
  }
}

static void
table_word (Writer *writer, const BmRtfHtmlWord *word, gint number)
{
  gint width = writer->merged ? -1 : MAX (number - writer->right, 0);
  switch (word->action) {
  case BM_RTF_HTML_ROW_BEGIN:
    g_array_set_size (writer->widths, 0);
    writer->right = 0;
    writer->merged = writer->border = FALSE;
    break;
  case BM_RTF_HTML_COLUMN:
    if (writer->widths->len < COLUMNS_MAX)
      g_array_append_val (writer->widths, width);
    writer->right = number;
    writer->merged = FALSE;
    break;
  case BM_RTF_HTML_MERGED:
    writer->merged = TRUE;
    break;
  case BM_RTF_HTML_BORDER:
    writer->border = TRUE;
    break;
  case BM_RTF_HTML_CELL:
    writer->now.block.in_table = TRUE;
    if (bm_page_has_text (writer->page) || writer->has_label)
      end_paragraph (writer);
    bm_page_cell (writer->page);
    break;
  case BM_RTF_HTML_NESTED_CELL:
    bm_page_text (writer->page, &writer->now.format, "\t", 1);
    break;
  case BM_RTF_HTML_NESTED_ROW:
    bm_page_text (writer->page, &writer->now.format, "\n", 1);
    break;
  default: /* BM_RTF_HTML_ROW */
    bm_page_row (writer->page, (const gint *) writer->widths->data, writer->widths->len,
                 writer->border);
    break;
  }
}

static void
picture_word (Writer *writer, const BmRtfHtmlWord *word, gint number)
{
  switch (word->action) {
  case BM_RTF_HTML_KIND:
    writer->kind = (BmRtfPictureKind) word->value;
    break;
  case BM_RTF_HTML_WIDE:
    writer->wide = number;
    break;
  case BM_RTF_HTML_HIGH:
    writer->high = number;
    break;
  case BM_RTF_HTML_SCALE_X:
    writer->scale_x = CLAMP (number, 0, 10000);
    break;
  case BM_RTF_HTML_SCALE_Y:
    writer->scale_y = CLAMP (number, 0, 10000);
    break;
  default:
    break;
  }
}

static BmRtfAnswer
capture_word (Writer *writer, const BmRtfHtmlWord *word, gint number)
{
  guint32 part = (guint32) CLAMP (number, 0, 255);
  if (writer->group != writer->captured_from)
    return BM_RTF_TAKEN;
  switch (word->action) {
  case BM_RTF_HTML_RED:
    writer->colour |= BM_PAGE_COLOUR | part << 16;
    return BM_RTF_TAKEN;
  case BM_RTF_HTML_GREEN:
    writer->colour |= BM_PAGE_COLOUR | part << 8;
    return BM_RTF_TAKEN;
  case BM_RTF_HTML_BLUE:
    writer->colour |= BM_PAGE_COLOUR | part;
    return BM_RTF_TAKEN;
  default:
    if (writer->in_picture)
      picture_word (writer, word, number);
    return BM_RTF_TAKEN;
  }
}

static BmRtfAnswer
begin_capture (Writer *writer, const BmRtfHtmlWord *word)
{
  bm_rtf_reader_flush (writer->reader);
  writer->in_picture = word->action == BM_RTF_HTML_PICTURE;
  writer->in_colours = word->action == BM_RTF_HTML_COLOURS;
  writer->captured_from = writer->group;
  writer->kind = BM_RTF_NONE;
  writer->nibble = -1;
  writer->wide = writer->high = 0;
  writer->scale_x = writer->scale_y = 100;
  g_byte_array_set_size (writer->hex, 0);
  return BM_RTF_CAPTURE;
}

static void
field_word (Writer *writer, const BmRtfHtmlWord *word)
{
  BmPageFormat format = writer->now.format;
  switch (word->action) {
  case BM_RTF_HTML_LABEL:
    set_target (writer, TO_LABEL);
    g_string_truncate (writer->label, 0);
    writer->has_label = TRUE;
    break;
  case BM_RTF_HTML_FIELD:
    g_string_truncate (writer->field, 0);
    break;
  case BM_RTF_HTML_INSTRUCTION:
    set_target (writer, TO_FIELD);
    break;
  case BM_RTF_HTML_RESULT:
    format.link = link_of_field (writer);
    set_format (writer, &format);
    break;
  case BM_RTF_HTML_OBJECT:
    bm_rtf_reader_flush (writer->reader);
    if (writer->objects != NULL && *writer->objects != NULL)
      bm_page_html (writer->page, *writer->objects++);
    break;
  case BM_RTF_HTML_DRAWING:
    writer->drawings++;
    break;
  case BM_RTF_HTML_DRAWING_VALUE:
    set_target (writer, TO_NOWHERE);
    break;
  default: /* BM_RTF_HTML_ENTER */
    break;
  }
}

static BmRtfAnswer
on_word (gpointer user, const BmRtfLexer *lexer, gboolean star)
{
  Writer *writer = user;
  const BmRtfHtmlWord *word = bm_rtf_html_word (lexer->word);
  if (word == NULL)
    return BM_RTF_PASS;
  if (writer->captured_from > 0)
    return capture_word (writer, word, lexer->number);
  if (word->action <= BM_RTF_HTML_PLAIN)
    format_word (writer, word, lexer);
  else if (word->action <= BM_RTF_HTML_RIGHT_TO_LEFT)
    block_word (writer, word, lexer->number);
  else if (word->action == BM_RTF_HTML_PICTURE || word->action == BM_RTF_HTML_COLOURS ||
           word->action == BM_RTF_HTML_DRAWING_RESULT)
    return begin_capture (writer, word);
  else if (word->action >= BM_RTF_HTML_LABEL)
    field_word (writer, word);
  else if (word->action == BM_RTF_HTML_PARAGRAPH)
    end_paragraph (writer);
  else if (word->action < BM_RTF_HTML_COLOURS) {
    bm_rtf_reader_flush (writer->reader);
    table_word (writer, word, lexer->number);
  }
  /* fonts decide about code pages too, and \plain and \field about what is shown */
  return word->action == BM_RTF_HTML_FONT || word->action == BM_RTF_HTML_PLAIN ? BM_RTF_PASS
                                                                               : BM_RTF_TAKEN;
}

static const gchar *
font_name (gpointer user, gint font)
{
  Writer *writer = user;
  return writer->reader != NULL ? bm_rtf_reader_font_name (writer->reader, font) : "";
}

gchar *
bm_rtf_native_to_html (const guint8 *data, gsize size, const gchar *const *objects,
                       GPtrArray **pictures, gboolean *complete)
{
  static const BmRtfListener listener = {on_text, on_word, on_captured, on_open, on_close, on_full};
  Writer writer = {.now.format = {.font = -1}, .objects = objects, .complete = TRUE};
  writer.page = bm_page_new (font_name, &writer);
  writer.stack = g_array_new (FALSE, FALSE, sizeof (State));
  writer.colours = g_array_new (FALSE, FALSE, sizeof (guint32));
  writer.widths = g_array_new (FALSE, FALSE, sizeof (gint));
  writer.label = g_string_new (NULL);
  writer.field = g_string_new (NULL);
  writer.hex = g_byte_array_new ();
  writer.pictures = g_ptr_array_new_with_free_func ((GDestroyNotify) bm_rtf_picture_free);
  gboolean good = bm_rtf_read (data, size, &listener, &writer, &writer.reader);
  if (bm_page_has_text (writer.page) || writer.has_label)
    bm_page_paragraph (writer.page, &writer.now.block,
                       writer.has_label ? g_strstrip (writer.label->str) : NULL);
  *complete = good && writer.complete && writer.drawn >= writer.drawings && !on_full (&writer);
  *pictures = writer.pictures;
  g_array_unref (writer.stack);
  g_array_unref (writer.colours);
  g_array_unref (writer.widths);
  g_string_free (writer.label, TRUE);
  g_string_free (writer.field, TRUE);
  g_byte_array_unref (writer.hex);
  return bm_page_finish (writer.page);
}
