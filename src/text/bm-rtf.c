/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* See bm-rtf.h. Must not know MAPI, MIME or files. Any thread.
 *
 * One pass over the tokens with a stack of group states. Bytes are not converted one by one but
 * collected into runs of one code page, since a double-byte character may be split over two
 * \'xx, or be \'xx and a plain letter, with control words between them. */
#include "text/bm-rtf.h"

#include "text/bm-charset.h"
#include "text/bm-rtf-font.h"
#include "text/bm-rtf-reader.h"
#include "text/bm-rtf-words.h"

#include <string.h>

#define DEPTH_MAX     1000u /* deeper groups share the state of the deepest */
#define FONTS_MAX     4096u
#define FONT_NAME_MAX 64u /* bytes in the file; UTF-8 has up to three times as many */
#define UC_MAX        16
#define OUTPUT_MAX    (64u * 1024 * 1024)

typedef enum { TO_TEXT, TO_HTML_TAG, TO_FONT_TABLE, TO_LISTENER, TO_NOTHING } Destination;

/* What a group inherits and its end restores. */
typedef struct {
  Destination destination;
  gboolean htmlrtf; /* RTF that was not in the HTML */
  gboolean hidden;
  gboolean again; /* of text that is said twice, this is the worse one */
  gint font;      /* -1 = the default font */
  guint uc;       /* fallback characters after \u */
} State;

typedef struct {
  guint32 codepage; /* 0 = that of the document */
  gboolean symbols;
  BmRtfFontClass font_class;
  BmRtfFontFamily family;
  gchar name[3 * FONT_NAME_MAX + 1]; /* letters, digits, blanks and hyphens of it */
} Font;

typedef struct _BmRtfReader {
  BmRtfLexer lexer;
  const BmRtfListener *listener; /* NULL: all goes to out */
  gpointer user;
  gboolean html;
  State now;
  GArray *stack;  /* of State */
  guint too_deep; /* open groups beyond DEPTH_MAX */
  gboolean star;  /* \* came just before */
  guint skip;     /* fallback characters still to skip */
  gunichar high;  /* first half of a surrogate pair, or 0 */
  guint32 ansicpg;
  gint default_font;
  GHashTable *fonts; /* number -> Font */
  Font *defining;    /* in the font table; owned by fonts */
  guint8 name[FONT_NAME_MAX];
  gsize name_size;
  GByteArray *run; /* bytes not yet converted */
  guint32 run_codepage;
  GString *out;
  gboolean lossy;
} Reader;

/* Whether what comes now is part of the result. */
static gboolean
visible (const Reader *reader)
{
  const State *now = &reader->now;
  if (now->destination == TO_HTML_TAG)
    return TRUE;
  if (now->destination != TO_TEXT)
    return FALSE;
  return reader->html ? !now->htmlrtf : !now->hidden && !now->again;
}

static void
emit (Reader *reader, const gchar *utf8, gsize size)
{
  if (reader->listener != NULL)
    reader->listener->text (reader->user, utf8, size);
  else
    g_string_append_len (reader->out, utf8, (gssize) size);
}

static void
emit_character (Reader *reader, gunichar c)
{
  gchar utf8[6];
  emit (reader, utf8, (gsize) g_unichar_to_utf8 (c, utf8));
}

static void
flush_run (Reader *reader)
{
  GByteArray *run = reader->run;
  if (run->len == 0)
    return;
  const gchar *charset = bm_charset_from_codepage (reader->run_codepage);
  gboolean lossy = FALSE;
  g_autofree gchar *text = bm_charset_to_utf8 (run->data, run->len, charset, &lossy);
  emit (reader, text, strlen (text));
  reader->lossy = reader->lossy || lossy;
  g_byte_array_set_size (run, 0);
}

/* A first half of a pair that nothing followed. */
static void
flush_high (Reader *reader)
{
  if (reader->high == 0)
    return;
  reader->high = 0;
  reader->lossy = TRUE;
  emit_character (reader, 0xFFFD);
}

static void
put_character (Reader *reader, gunichar c)
{
  if (!visible (reader))
    return;
  flush_run (reader);
  flush_high (reader);
  emit_character (reader, c);
}

static const Font *
current_font (const Reader *reader)
{
  gint number = reader->now.font < 0 ? reader->default_font : reader->now.font;
  return g_hash_table_lookup (reader->fonts, GINT_TO_POINTER (number));
}

/* What of a name may stand in a style: it comes from a stranger. */
static void
set_font_name (const Reader *reader, Font *font)
{
  guint32 codepage = font->codepage != 0 ? font->codepage : reader->ansicpg;
  const guint8 *end = memchr (reader->name, ';', reader->name_size);
  gsize size = end != NULL ? (gsize) (end - reader->name) : reader->name_size, n = 0;
  gboolean lossy = FALSE;
  g_autofree gchar *name =
      bm_charset_to_utf8 (reader->name, size, bm_charset_from_codepage (codepage), &lossy);
  for (const gchar *p = name; !lossy && *p != '\0'; p = g_utf8_next_char (p)) {
    gunichar c = g_utf8_get_char (p);
    if (c < 0x10000 && n + 3 < sizeof font->name &&
        (g_unichar_isalnum (c) || c == '-' || (c == ' ' && n > 0)))
      n += (gsize) g_unichar_to_utf8 (c, font->name + n);
  }
  font->name[n] = '\0';
}

static void
add_font_name (Reader *reader, const guint8 *bytes, gsize size)
{
  gsize fits = MIN (size, FONT_NAME_MAX - reader->name_size);
  memcpy (reader->name + reader->name_size, bytes, fits);
  reader->name_size += fits;
  Font *font = reader->defining;
  if (font == NULL || fits == 0)
    return;
  font->font_class = bm_rtf_font_class ((const gchar *) reader->name, reader->name_size);
  set_font_name (reader, font);
}

static void
put_bytes (Reader *reader, const guint8 *bytes, gsize size)
{
  if (reader->now.destination == TO_FONT_TABLE)
    add_font_name (reader, bytes, size);
  else if (reader->now.destination == TO_LISTENER)
    reader->listener->captured (reader->user, bytes, size, FALSE);
  if (!visible (reader) || size == 0)
    return;
  const Font *font = reader->now.destination == TO_TEXT ? current_font (reader) : NULL;
  guint32 codepage = font != NULL && font->codepage != 0 ? font->codepage : reader->ansicpg;
  if (font != NULL && font->symbols) {
    for (gsize i = 0; !reader->html && i < size; i++)
      put_character (reader, bm_rtf_symbol (font->font_class, bytes[i]));
    if (!reader->html)
      return;
    codepage = 1252; /* the HTML has a font of its own for these bytes */
  }
  flush_high (reader);
  if (reader->run_codepage != codepage)
    flush_run (reader);
  reader->run_codepage = codepage;
  g_byte_array_append (reader->run, bytes, (guint) MIN (size, G_MAXINT32 - reader->run->len));
}

static void
put_utf16 (Reader *reader, gint32 number)
{
  gunichar c = (gunichar) (number < 0 ? number + 0x10000 : number);
  const Font *font = current_font (reader);
  reader->skip = reader->now.uc;
  if (!visible (reader))
    return;
  if (c >= 0xDC00 && c <= 0xDFFF && reader->high != 0) {
    c = 0x10000 + ((reader->high - 0xD800) << 10) + (c - 0xDC00);
    reader->high = 0;
  }
  if (c >= 0xD800 && c <= 0xDBFF) {
    flush_run (reader);
    flush_high (reader);
    reader->high = c;
    return;
  }
  if (!reader->html && font != NULL && font->symbols && c >= 0xF020 && c <= 0xF0FF)
    c = bm_rtf_symbol (font->font_class, (guint8) (c & 0xFF));
  if (c == 0 || !g_unichar_validate (c)) {
    reader->lossy = TRUE;
    c = 0xFFFD;
  }
  put_character (reader, c);
}

static void
open_group (Reader *reader)
{
  if (reader->stack->len >= DEPTH_MAX) {
    reader->too_deep++;
    return;
  }
  g_array_append_val (reader->stack, reader->now);
  if (reader->listener != NULL)
    reader->listener->open (reader->user);
}

/* FALSE when the outermost group ended. */
static gboolean
close_group (Reader *reader)
{
  if (reader->too_deep > 0) {
    reader->too_deep--;
    return TRUE;
  }
  if (reader->stack->len == 0)
    return TRUE; /* one brace too many: go on */
  if (reader->listener != NULL)
    reader->listener->close (reader->user);
  reader->now = g_array_index (reader->stack, State, reader->stack->len - 1);
  g_array_set_size (reader->stack, reader->stack->len - 1);
  return reader->stack->len > 0;
}

static void
define_font (Reader *reader, gint32 number)
{
  reader->name_size = 0;
  reader->defining = g_hash_table_lookup (reader->fonts, GINT_TO_POINTER (number));
  if (reader->defining == NULL && g_hash_table_size (reader->fonts) < FONTS_MAX) {
    reader->defining = g_new0 (Font, 1);
    g_hash_table_insert (reader->fonts, GINT_TO_POINTER (number), reader->defining);
  }
}

static void
font_word (Reader *reader, const BmRtfWord *word, gint32 number)
{
  Font *font = reader->defining;
  if (reader->now.destination != TO_FONT_TABLE) {
    if (word->action == BM_RTF_DO_FONT)
      reader->now.font = number;
    return;
  }
  if (word->action == BM_RTF_DO_FONT) {
    define_font (reader, number);
  } else if (font != NULL && word->action == BM_RTF_DO_FCHARSET) {
    font->symbols = number == 2;
    font->codepage = bm_rtf_codepage_of_fcharset (number, 0);
  } else if (font != NULL && word->action == BM_RTF_DO_FONT_FAMILY) {
    font->family = (BmRtfFontFamily) word->value;
  } else if (font != NULL && word->action == BM_RTF_DO_FONT_CODEPAGE &&
             bm_charset_from_codepage ((guint32) number) != NULL) {
    font->codepage = (guint32) number;
  }
}

/* Sets that are no code page of single letters cannot be meant by an RTF header. */
static gboolean
is_run_codepage (gint32 number)
{
  return number != 1200 && number != 1201 && number != 65000 && number < 65002 &&
         bm_charset_from_codepage ((guint32) number) != NULL;
}

static void
set_destination (Reader *reader, Destination destination)
{
  /* Nothing inside a group that is skipped comes back. */
  if (reader->now.destination != TO_NOTHING)
    reader->now.destination = destination;
}

static void
apply_word (Reader *reader, const BmRtfWord *word)
{
  gint32 number = reader->lexer.number;
  gboolean on = !reader->lexer.has_number || number != 0;
  switch (word->action) {
  case BM_RTF_DO_CHARACTER:
    put_character (reader, word->value);
    break;
  case BM_RTF_DO_SKIP:
    set_destination (reader, TO_NOTHING);
    break;
  case BM_RTF_DO_SKIP_IN_HTML:
    if (reader->html)
      set_destination (reader, TO_NOTHING);
    break;
  case BM_RTF_DO_FONT_TABLE:
    set_destination (reader, TO_FONT_TABLE);
    break;
  case BM_RTF_DO_HTML_TAG:
    set_destination (reader, reader->html ? TO_HTML_TAG : TO_NOTHING);
    break;
  case BM_RTF_DO_UNICODE:
    put_utf16 (reader, number);
    break;
  case BM_RTF_DO_UNICODE_COUNT:
    reader->now.uc = (guint) CLAMP (number, 0, UC_MAX);
    break;
  case BM_RTF_DO_FONT:
  case BM_RTF_DO_FCHARSET:
  case BM_RTF_DO_FONT_CODEPAGE:
  case BM_RTF_DO_FONT_FAMILY:
    font_word (reader, word, number);
    break;
  case BM_RTF_DO_PLAIN:
    reader->now.font = -1;
    reader->now.hidden = FALSE;
    break;
  case BM_RTF_DO_DEFAULT_FONT:
    reader->default_font = number;
    break;
  case BM_RTF_DO_ANSI_CODEPAGE:
    if (is_run_codepage (number))
      reader->ansicpg = (guint32) number;
    break;
  case BM_RTF_DO_HEADER_CODEPAGE:
    reader->ansicpg = word->value;
    break;
  case BM_RTF_DO_HTML_RTF:
    reader->now.htmlrtf = on;
    break;
  case BM_RTF_DO_HIDDEN:
    reader->now.hidden = on;
    break;
  case BM_RTF_DO_TWICE:
  case BM_RTF_DO_UNICODE_AGAIN:
    reader->now.again = word->action == BM_RTF_DO_TWICE;
    break;
  case BM_RTF_DO_ENTER:
    break;
  }
}

/* TRUE when the listener has taken the word. */
static gboolean
tell_word (Reader *reader, gboolean star)
{
  if (reader->listener == NULL || reader->now.again ||
      (reader->now.destination != TO_TEXT && reader->now.destination != TO_LISTENER))
    return FALSE;
  switch (reader->listener->word (reader->user, &reader->lexer, star)) {
  case BM_RTF_CAPTURE:
    set_destination (reader, TO_LISTENER);
    return TRUE;
  case BM_RTF_TAKEN:
    return TRUE;
  case BM_RTF_PASS:
  default: /* in a captured group only the listener's words mean something */
    return reader->now.destination == TO_LISTENER;
  }
}

/* A group that counts although \* stands before it. */
static gboolean
is_destination (const Reader *reader, const BmRtfWord *word)
{
  return word != NULL &&
         (word->action == BM_RTF_DO_SKIP || word->action == BM_RTF_DO_FONT_TABLE ||
          word->action == BM_RTF_DO_HTML_TAG || word->action == BM_RTF_DO_UNICODE_AGAIN ||
          (word->action == BM_RTF_DO_ENTER && !reader->html));
}

static void
handle_word (Reader *reader, gboolean star)
{
  if (tell_word (reader, star)) {
    reader->skip = 0;
    return;
  }
  const BmRtfWord *word = bm_rtf_word (reader->lexer.word);
  if (star && !is_destination (reader, word)) {
    set_destination (reader, TO_NOTHING);
    return;
  }
  if (reader->skip > 0 && word != NULL && word->action == BM_RTF_DO_CHARACTER &&
      word->value > ' ') {
    reader->skip--;
    return;
  }
  reader->skip = 0; /* a writer that forgot the fallback: lose nothing for it */
  if (word != NULL)
    apply_word (reader, word);
}

static void
handle_symbol (Reader *reader)
{
  gchar symbol = reader->lexer.symbol;
  if (symbol == '*') {
    reader->star = TRUE;
    return;
  }
  if (symbol == '\r' || symbol == '\n') {
    put_character (reader, '\n'); /* the same as \par */
    return;
  }
  if (reader->skip > 0) {
    reader->skip--;
    return;
  }
  if (symbol == '{' || symbol == '}' || symbol == '\\') {
    put_bytes (reader, (const guint8 *) &symbol, 1);
  } else if (symbol == '~' || symbol == '_' || symbol == '-') {
    /* [MS-OXRTFEX] 2.1.3.1.4.2 uses \_ for &shy; where [MSFT-RTF] has the non-breaking hyphen. */
    gunichar hyphen = symbol == '_' && !reader->html ? 0x2011 : 0xAD;
    put_character (reader, symbol == '~' ? 0xA0 : hyphen);
  }
}

static void
handle_text (Reader *reader)
{
  gsize skipped = MIN (reader->skip, reader->lexer.size);
  reader->skip -= (guint) skipped;
  put_bytes (reader, reader->lexer.text + skipped, reader->lexer.size - skipped);
}

static gboolean
is_full (const Reader *reader)
{
  return reader->listener != NULL ? reader->listener->full (reader->user)
                                  : reader->out->len > OUTPUT_MAX;
}

static void
read_all (Reader *reader)
{
  gboolean more = TRUE;
  while (more && !is_full (reader) && bm_rtf_lexer_next (&reader->lexer)) {
    gboolean star = reader->star;
    reader->star = FALSE;
    switch (reader->lexer.kind) {
    case BM_RTF_OPEN:
      reader->skip = 0;
      open_group (reader);
      break;
    case BM_RTF_CLOSE:
      reader->skip = 0;
      more = close_group (reader);
      break;
    case BM_RTF_WORD:
      handle_word (reader, star);
      break;
    case BM_RTF_SYMBOL:
      handle_symbol (reader);
      break;
    case BM_RTF_HEX:
    case BM_RTF_BYTES:
      handle_text (reader);
      break;
    case BM_RTF_BINARY:
      if (reader->now.destination == TO_LISTENER)
        reader->listener->captured (reader->user, reader->lexer.text, reader->lexer.size, TRUE);
      break;
    case BM_RTF_END:
    default:
      break;
    }
  }
}

static void
begin (Reader *reader, const guint8 *data, gsize size, guint32 codepage)
{
  reader->now = (State){.font = -1, .uc = 1};
  reader->ansicpg = codepage != 65001 && is_run_codepage ((gint32) codepage) ? codepage : 1252;
  reader->stack = g_array_new (FALSE, FALSE, sizeof (State));
  reader->fonts = g_hash_table_new_full (NULL, NULL, NULL, g_free);
  reader->run = g_byte_array_new ();
  reader->out = g_string_new (NULL);
  bm_rtf_lexer_init (&reader->lexer, data, size);
}

static gchar *
end (Reader *reader)
{
  g_array_unref (reader->stack);
  g_hash_table_unref (reader->fonts);
  g_byte_array_unref (reader->run);
  return g_string_free (reader->out, FALSE);
}

static gchar *
convert (const guint8 *data, gsize size, guint32 codepage, gboolean html, gboolean *lossy)
{
  Reader reader = {.html = html};
  begin (&reader, data, size, codepage);
  read_all (&reader);
  flush_run (&reader);
  flush_high (&reader);
  if (reader.out->len > OUTPUT_MAX) {
    const gchar *cut = g_utf8_find_prev_char (reader.out->str, reader.out->str + OUTPUT_MAX);
    g_string_truncate (reader.out, (gsize) (cut - reader.out->str));
    reader.lossy = TRUE;
  }
  if (lossy != NULL)
    *lossy = reader.lossy;
  return end (&reader);
}

gboolean
bm_rtf_read (const guint8 *data, gsize size, guint32 codepage, const BmRtfListener *listener,
             gpointer user, BmRtfReader **reader)
{
  Reader own = {.listener = listener, .user = user};
  begin (&own, data, size, codepage);
  *reader = &own;
  read_all (&own);
  flush_run (&own);
  flush_high (&own);
  own.too_deep = 0;
  while (own.stack->len > 0) /* the document was cut */
    close_group (&own);
  *reader = NULL;
  g_free (end (&own));
  return !own.lossy;
}

void
bm_rtf_reader_flush (BmRtfReader *reader)
{
  if (reader != NULL)
    flush_run (reader);
}

void
bm_rtf_reader_flush_format (BmRtfReader *reader)
{
  GByteArray *run = reader->run;
  if (!bm_rtf_ends_in_half (reader->run_codepage, run->data, run->len)) {
    flush_run (reader);
    return;
  }
  guint8 half = run->data[run->len - 1];
  g_byte_array_set_size (run, run->len - 1);
  flush_run (reader);
  g_byte_array_append (run, &half, 1);
}

const gchar *
bm_rtf_reader_font_name (BmRtfReader *reader, gint number, const gchar **generic)
{
  gint known = number < 0 ? reader->default_font : number;
  const Font *font = g_hash_table_lookup (reader->fonts, GINT_TO_POINTER (known));
  if (font == NULL || font->symbols)
    return "";
  *generic = bm_rtf_font_generic (font->name, font->family, font->codepage);
  return font->name;
}

gchar *
bm_rtf_to_html (const guint8 *data, gsize size, guint32 codepage, gboolean *lossy)
{
  return convert (data, size, codepage, TRUE, lossy);
}

gchar *
bm_rtf_to_text (const guint8 *data, gsize size, guint32 codepage, gboolean *lossy)
{
  return convert (data, size, codepage, FALSE, lossy);
}
