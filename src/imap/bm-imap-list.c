/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* What a folder holds: UID FETCH (UID DIGEST.SHA1), Cyrus's digest of the message, which is its
 * guid. Read as it streams in. One thread; the parser is registered once per process. */
#include "imap/bm-imap-private.h"

#include <string.h>

static int parse_digest (int calling_parser, mailstream *fd, MMAPString *buffer,
                         struct mailimap_parser_context *context, size_t *index,
                         struct mailimap_extension_data **result, size_t rate,
                         progress_function *progress);
static void free_digest (struct mailimap_extension_data *data);

static struct mailimap_extension_api digest_extension = {(char *) "DIGEST", -1, parse_digest,
                                                         free_digest};

typedef struct {
  GArray *stored;
  guint32 from;
} Listing;

static void
free_digest (struct mailimap_extension_data *data)
{
  if (data == NULL)
    return;
  free (data->ext_data);
  free (data);
}

static int
parse_digest (int calling_parser, mailstream *fd, MMAPString *buffer,
              struct mailimap_parser_context *context, size_t *index,
              struct mailimap_extension_data **result, size_t rate, progress_function *progress)
{
  static const gchar name[] = "DIGEST.SHA1 ";
  if (calling_parser != MAILIMAP_EXTENDED_PARSER_FETCH_DATA ||
      buffer->len < *index + sizeof name - 1 + 40)
    return MAILIMAP_ERROR_PARSE;
  const gchar *p = buffer->str + *index;
  if (g_ascii_strncasecmp (p, name, sizeof name - 1) != 0)
    return MAILIMAP_ERROR_PARSE;
  p += sizeof name - 1;
  if (strspn (p, "0123456789abcdefABCDEF") < 40)
    return MAILIMAP_ERROR_PARSE;
  char *hex = strndup (p, 40);
  *result = hex != NULL ? mailimap_extension_data_new (&digest_extension, 1, hex) : NULL;
  if (*result == NULL) {
    free (hex);
    return MAILIMAP_ERROR_MEMORY;
  }
  *index += sizeof name - 1 + 40;
  return MAILIMAP_NO_ERROR;
}

void
bm_imap_list_register (void)
{
  static gsize once;
  if (g_once_init_enter (&once)) {
    mailimap_extension_register (&digest_extension);
    g_once_init_leave (&once, 1);
  }
}

static void
take_message (struct mailimap_msg_att *attributes, void *data)
{
  Listing *listing = data;
  BmStored one = {0};
  gboolean digest = FALSE;
  for (clistiter *i = clist_begin (attributes->att_list); i != NULL; i = clist_next (i)) {
    const struct mailimap_msg_att_item *item = clist_content (i);
    if (item->att_type == MAILIMAP_MSG_ATT_ITEM_STATIC &&
        item->att_data.att_static->att_type == MAILIMAP_MSG_ATT_UID) {
      one.uid = item->att_data.att_static->att_data.att_uid;
    } else if (item->att_type == MAILIMAP_MSG_ATT_ITEM_EXTENSION &&
               item->att_data.att_extension_data->ext_extension == &digest_extension) {
      g_autofree gchar *hex = g_ascii_strdown (item->att_data.att_extension_data->ext_data, -1);
      digest = bm_guid_from_hex (hex, &one.guid);
    }
  }
  /* "N:*" answers with the last message when there is none from N on */
  if (digest && one.uid >= listing->from)
    g_array_append_val (listing->stored, one);
}

static void
ignore_progress (size_t current, size_t maximum, void *data)
{
}

static int
fetch (BmImap *imap, Listing *listing)
{
  struct mailimap_fetch_type *type = mailimap_fetch_type_new_fetch_att_list_empty ();
  struct mailimap_set *set = mailimap_set_new_interval (MAX (listing->from, 1u), 0);
  clist *rest = NULL;
  mailimap_fetch_type_new_fetch_att_list_add (type, mailimap_fetch_att_new_uid ());
  mailimap_fetch_type_new_fetch_att_list_add (
      type, mailimap_fetch_att_new_extension (strdup ("DIGEST.SHA1")));
  mailimap_set_msg_att_handler (imap->imap, take_message, listing);
  /* the handler is only called when a progress callback is set as well */
  mailimap_set_progress_callback (imap->imap, NULL, ignore_progress, NULL);
  int result = mailimap_uid_fetch (imap->imap, set, type, &rest);
  mailimap_set_msg_att_handler (imap->imap, NULL, NULL);
  mailimap_set_progress_callback (imap->imap, NULL, NULL, NULL);
  mailimap_set_free (set);
  mailimap_fetch_type_free (type);
  if (rest != NULL)
    mailimap_fetch_list_free (rest);
  return result;
}

static gint
compare_stored (gconstpointer a, gconstpointer b)
{
  guint32 x = ((const BmStored *) a)->uid, y = ((const BmStored *) b)->uid;
  return x < y ? -1 : x > y;
}

GArray *
bm_imap_list (BmSink *sink, BmTarget *target, guint32 uid_from, GError **error)
{
  BmImap *imap = (BmImap *) sink;
  if (!bm_imap_need (imap, error))
    return NULL;
  if (!imap->digest) {
    g_set_error_literal (error, BM_ERROR, BM_CAUSE_UNSUPPORTED,
                         "the mail server gives no digests of messages");
    return NULL;
  }
  g_autofree gchar *name = bm_imap_wire_name (imap, target->name);
  g_autoptr (GArray) stored = g_array_new (FALSE, FALSE, sizeof (BmStored));
  Listing listing = {stored, uid_from};
  int result = mailimap_examine (imap->imap, name);
  if (result == MAILIMAP_NO_ERROR)
    result = fetch (imap, &listing);
  if (result != MAILIMAP_NO_ERROR) {
    bm_imap_lost (imap, "listing a folder", error);
    return NULL;
  }
  if (mailimap_close (imap->imap) != MAILIMAP_NO_ERROR) /* examined: nothing is expunged */
    g_debug ("CLOSE was refused");
  g_array_sort (stored, compare_stored);
  return g_steal_pointer (&stored);
}
