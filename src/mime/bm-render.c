/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The renderer's entry: see bm-pst-import/render.h. Headers, tree, bytes, seal. Must not know where
 * the item lies. One thread. */
#include "mime/bm-mime.h"

#include "text/bm-charset.h"
#include <gmime/gmime.h>
#include <libical/ical.h>
#include <string.h>
#include <time.h>

#define RENDERER_VERSION "5" /* raise it whenever the same item would give other bytes */

void
bm_render_init (void)
{
  tzset ();
  g_mime_init ();
  bm_charset_preload ();
  icalerror_set_errors_are_fatal (FALSE);
  /* what GLib and GMime load on first use: random seed, converters, Unicode tables */
  g_random_int ();
  g_free (g_mime_utils_header_encode_text (NULL, "\xc3\xa9", "utf-8"));
  g_free (g_mime_utils_header_decode_text (NULL, "=?iso-8859-1?Q?=E9?="));
  g_date_time_unref (g_mime_utils_header_decode_date ("Fri, 02 Jan 1970 00:00:00 +0000"));
}

gchar *
bm_render_id (const BmRenderContext *context)
{
  const gchar *charset = bm_charset_from_name (context->charset); /* one name for each set */
  g_autofree gchar *addresses = bm_address_map_digest (context->addresses);
  g_autofree gchar *learnt = bm_address_map_digest (context->learnt);
  g_autofree gchar *text =
      g_strdup_printf ("renderer=%s\nlibical=" ICAL_VERSION
                       "\ngmime=%u.%u.%u\ncharset=%s\naddresses=%s\nlearnt=%s\nowner=%s\n",
                       RENDERER_VERSION, gmime_major_version, gmime_minor_version,
                       gmime_micro_version, charset != NULL ? charset : "", addresses, learnt,
                       context->owner != NULL ? context->owner : "");
  g_autofree gchar *digest = g_compute_checksum_for_string (G_CHECKSUM_SHA1, text, -1);
  return g_strdup_printf ("%s renderer %s GMime %u.%u.%u", digest, RENDERER_VERSION,
                          gmime_major_version, gmime_minor_version, gmime_micro_version);
}

void
bm_mime_begin (BmMime *mime, const BmItem *item, const BmRenderContext *context,
               const gchar *outer_seed, guint depth)
{
  const gchar *transport = bm_props_text (item->props, 0x007d);
  *mime = (BmMime){.item = item, .context = context, .notes = item->notes, .depth = depth};
  mime->exchange = g_ptr_array_new_with_free_func (g_free);
  gboolean is_unsent = bm_mime_is_unsent (item);
  BmNotes unused = 0;
  /* what a user may still edit is in the properties; its headers are older */
  if (transport != NULL && is_unsent)
    mime->unsent = bm_mime_transport_parse (transport, &unused);
  gboolean has_way = bm_mime_fields_get (mime->unsent, "Received") != NULL;
  /* nobody edits a message inside another; Exchange marks those it returns so */
  if (has_way && depth > 0)
    g_clear_pointer (&mime->unsent, g_ptr_array_unref);
  else if (has_way)
    bm_notes_add (&mime->notes, BM_NOTE_HEADERS_LEFT_OUT);
  if (transport != NULL && (!is_unsent || (has_way && depth > 0)))
    mime->transport = bm_mime_transport_parse (transport, &mime->notes);
  mime->message_id = bm_mime_message_id (mime);
  mime->seed = g_strconcat (outer_seed, "/", mime->message_id, NULL);
}

void
bm_mime_end (BmMime *mime)
{
  g_clear_pointer (&mime->transport, g_ptr_array_unref);
  g_clear_pointer (&mime->unsent, g_ptr_array_unref);
  g_clear_pointer (&mime->message_id, g_free);
  g_clear_pointer (&mime->seed, g_free);
  g_clear_pointer (&mime->exchange, g_ptr_array_unref);
}

static gboolean
check_size (const BmMime *mime, guint64 size, GError **error)
{
  guint64 limit = mime->context->max_message_size;
  if (limit == 0 || size <= limit)
    return TRUE;
  g_set_error (error, BM_ERROR, BM_CAUSE_TOO_LARGE,
               "the message would have %" G_GUINT64_FORMAT " bytes, the server takes "
               "%" G_GUINT64_FORMAT,
               size, limit);
  return FALSE;
}

BmSpool *
bm_mime_render_bytes (BmMime *mime, GError **error)
{
  BmMimePart *tree = bm_mime_tree (mime, error);
  if (tree == NULL)
    return NULL;
  g_autoptr (GString) head = g_string_new (NULL);
  g_autoptr (BmSpool) spool = bm_spool_new ();
  bm_mime_add_headers (mime, head);
  gboolean ok = check_size (mime, head->len + bm_mime_part_size (tree), error) &&
                bm_spool_write (spool, head->str, head->len, error) &&
                bm_mime_part_write (tree, spool, error) &&
                check_size (mime, bm_spool_size (spool), error) && bm_spool_seal (spool, error);
  bm_mime_part_free (tree);
  return ok ? g_steal_pointer (&spool) : NULL;
}

BmMessage *
bm_render (const BmItem *item, const BmRenderContext *context, GError **error)
{
  BmMime mime;
  bm_mime_begin (&mime, item, context, "", 0);
  g_autoptr (BmSpool) spool = bm_mime_render_bytes (&mime, error);
  GBytes *bytes = spool != NULL ? bm_spool_bytes (spool, error) : NULL;
  BmMessage *message = bytes != NULL ? bm_message_seal (g_bytes_ref (bytes), error) : NULL;
  if (message != NULL) {
    g_strfreev (message->keywords);
    g_free (message->message_id);
    g_free (message->message_class);
    g_free (message->subject);
    message->nid = item->nid;
    message->internal_date = bm_mime_internal_date (&mime);
    message->flags = bm_mime_flags (&mime);
    message->unsent = bm_mime_is_unsent (item);
    message->keywords = bm_mime_keywords (&mime);
    message->message_id = g_strdup (mime.message_id);
    message->message_class = g_strdup (item->message_class);
    message->subject = bm_mime_subject (item);
    if (message->subject == NULL)
      message->subject = g_strdup ("");
    message->attachments = item->attachments->len;
    message->notes = mime.notes;
  }
  bm_mime_end (&mime);
  return message;
}
