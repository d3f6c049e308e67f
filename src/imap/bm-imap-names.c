/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Folder names on the wire: modified UTF-7 (RFC 3501 5.1.3), the server's separator. Any thread. */
#include "imap/bm-imap-private.h"

#include <string.h>

static const gchar alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,";

typedef struct {
  GString *out;
  guint32 bits;
  guint n; /* bits held */
  gboolean open;
} Encoder;

static void
put_unit (Encoder *encoder, guint16 unit)
{
  if (!encoder->open)
    g_string_append_c (encoder->out, '&');
  encoder->open = TRUE;
  encoder->bits = encoder->bits << 16 | unit;
  encoder->n += 16;
  while (encoder->n >= 6) {
    encoder->n -= 6;
    g_string_append_c (encoder->out, alphabet[encoder->bits >> encoder->n & 63]);
  }
}

static void
close_shift (Encoder *encoder)
{
  if (!encoder->open)
    return;
  if (encoder->n > 0)
    g_string_append_c (encoder->out, alphabet[encoder->bits << (6 - encoder->n) & 63]);
  g_string_append_c (encoder->out, '-');
  encoder->open = FALSE;
  encoder->bits = encoder->n = 0;
}

gchar *
bm_imap_utf7_encode (const gchar *utf8)
{
  Encoder encoder = {.out = g_string_new (NULL)};
  for (const gchar *p = utf8; *p != '\0'; p = g_utf8_next_char (p)) {
    gunichar c = g_utf8_get_char (p);
    if (c >= 0x20 && c <= 0x7e) {
      close_shift (&encoder);
      g_string_append_c (encoder.out, (gchar) c);
      if (c == '&')
        g_string_append_c (encoder.out, '-');
    } else if (c >= 0x10000) {
      put_unit (&encoder, (guint16) (0xd800 + ((c - 0x10000) >> 10)));
      put_unit (&encoder, (guint16) (0xdc00 + ((c - 0x10000) & 0x3ff)));
    } else {
      put_unit (&encoder, (guint16) c);
    }
  }
  close_shift (&encoder);
  return g_string_free (encoder.out, FALSE);
}

/* The UTF-16 of one shifted run; FALSE at a character outside the alphabet. */
static gboolean
decode_run (const gchar *from, const gchar *to, GArray *units)
{
  guint32 bits = 0;
  guint n = 0;
  for (; from < to; from++) {
    const gchar *digit = memchr (alphabet, *from, 64);
    if (digit == NULL)
      return FALSE;
    bits = bits << 6 | (guint32) (digit - alphabet);
    n += 6;
    if (n >= 16) {
      n -= 16;
      gunichar2 unit = (gunichar2) (bits >> n);
      g_array_append_val (units, unit);
    }
  }
  return n < 6;
}

gchar *
bm_imap_utf7_decode (const gchar *utf7)
{
  g_autoptr (GString) out = g_string_new (NULL);
  for (const gchar *p = utf7; *p != '\0'; p++) {
    if (*p != '&') {
      g_string_append_c (out, *p);
      continue;
    }
    const gchar *end = strchr (p, '-');
    if (end == NULL)
      return NULL;
    if (end == p + 1) {
      g_string_append_c (out, '&');
    } else {
      g_autoptr (GArray) units = g_array_new (FALSE, FALSE, sizeof (gunichar2));
      g_autofree gchar *text = NULL;
      if (!decode_run (p + 1, end, units) ||
          (text = g_utf16_to_utf8 ((const gunichar2 *) units->data, units->len, NULL, NULL,
                                   NULL)) == NULL)
        return NULL;
      g_string_append (out, text);
    }
    p = end;
  }
  if (!g_utf8_validate (out->str, -1, NULL))
    return NULL;
  return g_string_free (g_steal_pointer (&out), FALSE);
}

gchar *
bm_imap_wire_name (const BmImap *imap, const gchar *name)
{
  g_autofree gchar *separated = g_strdup (name);
  if (imap->rules.separator != '/')
    g_strdelimit (separated, "/", imap->rules.separator);
  return bm_imap_utf7_encode (separated);
}
