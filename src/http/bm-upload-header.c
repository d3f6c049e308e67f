/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* See bm-upload.h: what clients say about an upload. Everything here comes from strangers. Pure. */
#include "http/bm-upload.h"

#include "base/bm-le.h"
#include <string.h>

#define NAME_CHARS 120
#define NO_NAME    "upload.pst"

/* ---- names ---- */

/* Cc, Cf (also what turns the direction of text, and marks of no width), Cs, Co, Cn, Zl, Zp. */
static gboolean
is_shown (gunichar c)
{
  switch (g_unichar_type (c)) {
  case G_UNICODE_CONTROL:
  case G_UNICODE_FORMAT:
  case G_UNICODE_SURROGATE:
  case G_UNICODE_PRIVATE_USE:
  case G_UNICODE_UNASSIGNED:
  case G_UNICODE_LINE_SEPARATOR:
  case G_UNICODE_PARAGRAPH_SEPARATOR:
    return FALSE;
  default:
    return TRUE;
  }
}

static void
append_shown (GString *out, const gchar *text)
{
  glong chars = 0;
  gboolean blank = TRUE; /* also at the beginning: no blank there */
  for (const gchar *p = text; *p != '\0' && chars < NAME_CHARS; p = g_utf8_next_char (p)) {
    gunichar c = g_utf8_get_char (p);
    gboolean space = g_unichar_isspace (c) || g_unichar_type (c) == G_UNICODE_SPACE_SEPARATOR;
    if (!space && !is_shown (c))
      continue;
    if (!space || !blank) {
      g_string_append_unichar (out, space ? ' ' : c);
      chars++;
    }
    blank = space;
  }
}

gchar *
bm_upload_clean_name (const gchar *bytes, gsize size)
{
  g_autofree gchar *valid = g_utf8_make_valid (bytes, (gssize) size);
  g_autofree gchar *composed = g_utf8_normalize (valid, -1, G_NORMALIZE_DEFAULT_COMPOSE);
  g_autoptr (GString) out = g_string_new (NULL);
  const gchar *base = composed;
  for (const gchar *p = composed; *p != '\0'; p++) /* browsers on Windows once sent whole paths */
    if (*p == '/' || *p == '\\')
      base = p + 1;
  append_shown (out, base);
  g_strchomp (out->str);
  const gchar *name = out->str + strspn (out->str, ". ");
  return g_strdup (*name != '\0' ? name : NO_NAME);
}

static gboolean
bad_header (GError **error, const gchar *name, const gchar *why)
{
  g_set_error (error, BM_UPLOAD_ERROR, BM_UPLOAD_ERROR_BAD_HEADER, "The header %s %s.", name, why);
  return FALSE;
}

/* GLib's decoder skips what is no base64; a client that sends such is mistaken about something. */
static guint8 *
decode_base64 (const gchar *text, gsize *size)
{
  gsize length = strlen (text);
  gsize digits = strspn (text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/");
  gsize padding = strspn (text + digits, "=");
  if (digits + padding != length || length % 4 != 0 || padding > 2)
    return NULL;
  return g_base64_decode (text, size);
}

gchar *
bm_upload_metadata_name (const gchar *header, GError **error)
{
  g_auto (GStrv) pairs = g_strsplit (header != NULL ? header : "", ",", -1);
  for (guint i = 0; pairs[i] != NULL; i++) {
    g_auto (GStrv) words = g_strsplit (g_strstrip (pairs[i]), " ", 2);
    if (words[0] == NULL || !g_str_equal (words[0], "filename") || words[1] == NULL)
      continue;
    gsize size;
    g_autofree guint8 *bytes = decode_base64 (g_strstrip (words[1]), &size);
    if (bytes != NULL)
      return bm_upload_clean_name ((const gchar *) bytes, size);
    bad_header (error, "Upload-Metadata", "gives a file name that is not base64");
    return NULL;
  }
  return g_strdup (NO_NAME);
}

/* ---- numbers and digests ---- */

gboolean
bm_upload_parse_number (const gchar *name, const gchar *header, guint64 *value, GError **error)
{
  if (header == NULL)
    return bad_header (error, name, "is missing");
  if (!g_ascii_string_to_unsigned (header, 10, 0, G_MAXINT64, value, NULL))
    return bad_header (error, name, "is not a number");
  return TRUE;
}

gboolean
bm_upload_parse_checksum (const gchar *header, BmUploadChecksum *checksum, GError **error)
{
  static const struct {
    const gchar *name;
    GChecksumType type;
  } kinds[] = {{"sha1", G_CHECKSUM_SHA1}, {"sha256", G_CHECKSUM_SHA256}};
  g_auto (GStrv) words = g_strsplit (header, " ", 2);
  if (words[0] == NULL || words[1] == NULL)
    return bad_header (error, "Upload-Checksum", "is not an algorithm and a value in base64");
  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++) {
    if (g_ascii_strcasecmp (words[0], kinds[i].name) != 0)
      continue;
    g_autofree guint8 *digest = decode_base64 (g_strstrip (words[1]), &checksum->size);
    checksum->type = kinds[i].type;
    if (digest == NULL || (gssize) checksum->size != g_checksum_type_get_length (kinds[i].type))
      return bad_header (error, "Upload-Checksum",
                         "gives a value that is no such digest in base64");
    memcpy (checksum->digest, digest, checksum->size);
    return TRUE;
  }
  return bad_header (error, "Upload-Checksum", "names neither sha1 nor sha256");
}

/* ---- what a PST begins with ---- */

gboolean
bm_upload_may_be_pst (const guint8 *head, gsize size)
{
  static const guint8 magic[] = {'!', 'B', 'D', 'N'};
  if (memcmp (head, magic, MIN (size, sizeof magic)) != 0)
    return FALSE;
  /* wMagicClient: "SM" of a PST, "SO" of an OST; an address book ("AB") holds no mail */
  if ((size > 8 && head[8] != 'S') || (size > 9 && head[9] != 'M' && head[9] != 'O'))
    return FALSE;
  if (size < BM_UPLOAD_HEAD)
    return TRUE;
  /* wVer: 14, 15 ANSI; 21 and more Unicode; 36 and more with pages of 4 KiB. The reader's borders;
   * what it refuses by name (37) passes here, so that its words are heard. */
  guint version = bm_le16 (head + 10);
  return version == 14 || version == 15 || (version >= 21 && version < 256);
}
