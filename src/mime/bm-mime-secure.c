/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Signed and encrypted mail: the bytes that a signature covers stay as they are, [MS-OXOSMIME] 2.1.
 * Whatever does not look as it must is converted like any other mail. One thread. */
#include "mime/bm-mime.h"

#include <string.h>

#define HEADER_MAX 65536

static gboolean
has_suffix (const gchar *text, const gchar *suffix)
{
  gsize n = strlen (text), m = strlen (suffix);
  return n >= m && g_ascii_strcasecmp (text + n - m, suffix) == 0;
}

static BmMimePart *
raw_part (GBytes *bytes, gboolean base64)
{
  BmMimePart *part = g_new0 (BmMimePart, 1);
  part->fields = g_string_new (NULL);
  part->data = bm_spool_new_bytes (bytes);
  part->base64 = base64;
  return part;
}

/* ---- opaque: one CMS object ---- */

/* What kind of CMS: the OID after the outermost SEQUENCE, RFC 5652 3. NULL: it is none. */
static const gchar *
cms_type (const guint8 *data, gsize size)
{
  static const struct {
    guint8 oid[13];
    guint8 length;
    const gchar *type;
  } kinds[] = {
      {{0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x02}, 11, "signed-data"},
      {{0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x03}, 11, "enveloped-data"},
      {{0x06, 0x0b, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x10, 0x01, 0x09},
       13,
       "compressed-data"},
      {{0x06, 0x0b, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x10, 0x01, 0x17},
       13,
       "authEnveloped-data"},
  };
  if (size < 2 || data[0] != 0x30)
    return NULL;
  gsize at = 2 + (data[1] > 0x80 ? data[1] & 0x7fu : 0);
  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++)
    if (at + kinds[i].length <= size && memcmp (data + at, kinds[i].oid, kinds[i].length) == 0)
      return kinds[i].type;
  return NULL;
}

/* Signed data may be a receipt, or nothing but certificates: what was said of it when it came. type: by
 * its own first bytes. RFC 8551 3.2.2. */
static const gchar *
told_type (BmMime *mime, const BmAttachment *attachment, const gchar *type)
{
  static const gchar *const kinds[] = {"certs-only", "signed-receipt"};
  const BmProp *named =
      bm_props_get_name (mime->item->props, bm_ps_internet_headers, "content-type");
  const gchar *const said[] = {
      bm_props_text (attachment->props, 0x370e), named != NULL ? named->text : NULL,
      mime->transport != NULL ? bm_mime_transport_get (mime, "Content-Type") : NULL};
  for (guint i = 0; g_str_equal (type, "signed-data") && i < G_N_ELEMENTS (said); i++)
    for (guint k = 0; said[i] != NULL && k < G_N_ELEMENTS (kinds); k++) {
      g_autofree gchar *lower = g_ascii_strdown (said[i], -1);
      const gchar *parameter = strstr (lower, "smime-type=");
      if (parameter != NULL && strstr (parameter, kinds[k]) != NULL)
        return kinds[k];
    }
  return type;
}

static BmMimePart *
opaque (GBytes *bytes, const gchar *type)
{
  BmMimePart *part = raw_part (bytes, TRUE);
  const gchar *name = g_str_equal (type, "certs-only")        ? "smime.p7c"
                      : g_str_equal (type, "compressed-data") ? "smime.p7z"
                                                              : "smime.p7m";
  g_string_append_printf (part->fields,
                          "Content-Type: application/pkcs7-mime; smime-type=%s;\r\n"
                          " name=\"%s\"\r\n"
                          "Content-Transfer-Encoding: base64\r\n"
                          "Content-Disposition: attachment; filename=\"%s\"\r\n",
                          type, name, name);
  return part;
}

/* ---- clear-signed: a whole entity ---- */

/* The signature is over lines that end with CRLF, RFC 8551 3.1.1; what was stored with LF alone gets
 * them back. */
static GBytes *
with_crlf (GBytes *bytes)
{
  gsize size;
  const gchar *data = g_bytes_get_data (bytes, &size);
  if (memchr (data, '\r', size) != NULL)
    return g_bytes_ref (bytes);
  GByteArray *out = g_byte_array_sized_new ((guint) (size + size / 32));
  for (gsize i = 0; i < size; i++) {
    if (data[i] == '\n')
      g_byte_array_append (out, (const guint8 *) "\r", 1);
    g_byte_array_append (out, (const guint8 *) data + i, 1);
  }
  return g_byte_array_free_to_bytes (out);
}

/* The Content-* fields as they are, folded lines too. FALSE: no header of a signed entity. */
static gboolean
take_fields (GString *fields, const gchar *head, gsize size)
{
  gboolean keep = FALSE, is_signed = FALSE;
  for (gsize at = 0; at < size;) {
    const gchar *line = head + at;
    const gchar *end = memchr (line, '\n', size - at);
    gsize n = end != NULL ? (gsize) (end - line) + 1 : size - at;
    if (*line != ' ' && *line != '\t')
      keep = n > 8 && g_ascii_strncasecmp (line, "Content-", 8) == 0;
    if (keep && g_ascii_strncasecmp (line, "Content-Type:", 13) == 0) {
      g_autofree gchar *value = g_ascii_strdown (line + 13, (gssize) n - 13);
      g_strstrip (value);
      is_signed = g_str_has_prefix (value, "multipart/signed") ||
                  g_str_has_prefix (value, "application/pkcs7-mime") ||
                  g_str_has_prefix (value, "application/x-pkcs7-mime");
    }
    if (keep)
      g_string_append_len (fields, line, (gssize) n);
    at += n;
  }
  return is_signed;
}

static BmMimePart *
entity (GBytes *stored)
{
  gsize size;
  g_autoptr (GBytes) bytes = with_crlf (stored);
  const gchar *data = g_bytes_get_data (bytes, &size);
  const gchar *empty = g_strstr_len (data, (gssize) MIN (size, HEADER_MAX), "\r\n\r\n");
  g_autoptr (GString) fields = g_string_new (NULL);
  if (empty == NULL || !bm_message_check ((const guint8 *) data, size, NULL) ||
      !take_fields (fields, data, (gsize) (empty - data) + 2))
    return NULL;
  gsize head = (gsize) (empty - data) + 4;
  g_autoptr (GBytes) body = g_bytes_new_from_bytes (bytes, head, size - head);
  BmMimePart *part = raw_part (body, FALSE);
  g_string_append_len (part->fields, fields->str, (gssize) fields->len);
  return part;
}

static const BmAttachment *
only_attachment (const BmItem *item)
{
  const BmAttachment *only =
      item->attachments->len == 1 ? g_ptr_array_index (item->attachments, 0) : NULL;
  return only != NULL && only->data != NULL && !only->damaged ? only : NULL;
}

static BmMimePart *
smime (BmMime *mime)
{
  const BmAttachment *attachment = only_attachment (mime->item);
  GBytes *bytes = attachment != NULL ? bm_spool_bytes (attachment->data, NULL) : NULL;
  gsize size = 0;
  const guint8 *data = bytes != NULL ? g_bytes_get_data (bytes, &size) : NULL;
  if (size == 0)
    return NULL;
  const gchar *type = cms_type (data, size);
  return type != NULL ? opaque (bytes, told_type (mime, attachment, type)) : entity (bytes);
}

/* ---- PGP/MIME, RFC 3156 4: Outlook takes its two parts for attachments ---- */

static gboolean
has_type (const BmAttachment *attachment, const gchar *type)
{
  const gchar *stored = bm_props_text (attachment->props, 0x370e);
  return stored != NULL && g_ascii_strncasecmp (stored, type, strlen (type)) == 0;
}

static GBytes *
bytes_of (const BmAttachment *attachment)
{
  return attachment->data != NULL && !attachment->damaged ? bm_spool_bytes (attachment->data, NULL)
                                                          : NULL;
}

static gboolean
is_armoured (GBytes *bytes)
{
  static const gchar begin[] = "-----BEGIN PGP MESSAGE-----";
  gsize size;
  const gchar *data = g_bytes_get_data (bytes, &size);
  return g_strstr_len (data, (gssize) MIN (size, 1024), begin) != NULL;
}

static BmMimePart *
pgp (BmMime *mime)
{
  const gchar *type = mime->transport != NULL ? bm_mime_transport_get (mime, "Content-Type") : NULL;
  GPtrArray *attachments = mime->item->attachments;
  if (type == NULL || attachments->len != 2 ||
      g_ascii_strncasecmp (type, "multipart/encrypted", 19) != 0)
    return NULL;
  for (guint i = 0; i < 2; i++) {
    const BmAttachment *version = g_ptr_array_index (attachments, i);
    GBytes *control = bytes_of (version);
    GBytes *content = bytes_of (g_ptr_array_index (attachments, 1 - i));
    if (control == NULL || content == NULL || !is_armoured (content) ||
        !has_type (version, "application/pgp-encrypted"))
      continue;
    BmMimePart *tree = bm_mime_part_multipart (
        mime, "encrypted;\r\n protocol=\"application/pgp-encrypted\"", "encrypted");
    BmMimePart *first = raw_part (control, TRUE), *second = raw_part (content, TRUE);
    g_string_append (first->fields, "Content-Type: application/pgp-encrypted\r\n"
                                    "Content-Transfer-Encoding: base64\r\n");
    g_string_append (second->fields,
                     "Content-Type: application/octet-stream; name=\"encrypted.asc\"\r\n"
                     "Content-Transfer-Encoding: base64\r\n"
                     "Content-Disposition: inline; filename=\"encrypted.asc\"\r\n");
    g_ptr_array_add (tree->children, first);
    g_ptr_array_add (tree->children, second);
    return tree;
  }
  return NULL;
}

BmMimePart *
bm_mime_secure (BmMime *mime)
{
  const gchar *message_class = mime->item->message_class;
  if (has_suffix (message_class, ".SMIME") || has_suffix (message_class, ".SMIME.MultipartSigned"))
    return smime (mime);
  return pgp (mime);
}
