/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* pst2eml FILE.pst DIRECTORY: writes every mail of a PST as NID.eml. Builds against the public
 * headers alone, and so proves that they are enough. */
#include <bm-pst-import/source.h>
#include <stdio.h>

static gboolean
write_message (const gchar *directory, const BmMessage *message, GError **error)
{
  gsize size;
  const gchar *data = g_bytes_get_data (message->bytes, &size);
  g_autofree gchar *name = g_strdup_printf ("%08x.eml", message->nid);
  g_autofree gchar *path = g_build_filename (directory, name, NULL);
  return g_file_set_contents (path, data, (gssize) size, error);
}

/* The census tells what there is; items without a rule are worth asking for. */
static GArray *
wanted_items (const BmCensus *census)
{
  GArray *nids = g_array_new (FALSE, FALSE, sizeof (guint32));
  for (guint i = 0; i < census->items->len; i++) {
    const BmCensusItem *item = &g_array_index (census->items, BmCensusItem, i);
    if (item->rule == BM_RULE_NONE)
      g_array_append_val (nids, item->nid);
  }
  return nids;
}

static gboolean
convert (BmSource *source, const gchar *directory, GError **error)
{
  const BmCensus *census = source->ops->census (source, error);
  if (census == NULL)
    return FALSE;
  g_autoptr (GArray) nids = wanted_items (census);
  if (nids->len > 0 && !source->ops->order (source, (const guint32 *) nids->data, nids->len, error))
    return FALSE;
  for (;;) {
    BmEntry entry;
    if (!source->ops->next (source, &entry, error))
      return FALSE;
    gboolean ok = TRUE, end = entry.kind == BM_ENTRY_END;
    if (entry.kind == BM_ENTRY_MESSAGE)
      ok = write_message (directory, entry.message, error);
    else if (entry.kind == BM_ENTRY_FAILED)
      fprintf (stderr, "%08x: %s\n", entry.nid, entry.error->message);
    bm_entry_clear (&entry);
    if (end || !ok)
      return ok;
  }
}

int
main (int argc, char **argv)
{
  if (argc != 3) {
    fprintf (stderr, "usage: pst2eml FILE.pst DIRECTORY\n");
    return 64;
  }
  g_autoptr (GError) error = NULL;
  BmReaderOptions options = {.path = argv[1], .charset = ""};
  g_autoptr (BmSource) source = bm_reader_open (&options, &error);
  if (source != NULL && convert (source, argv[2], &error))
    return 0;
  fprintf (stderr, "pst2eml: %s\n", error->message);
  return error->domain == BM_ERROR ? bm_cause_exit_status (bm_error_cause (error)) : 73;
}
