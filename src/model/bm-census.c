/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Folders and census: construction, destruction, lookup. Plain data, one thread at a time. */
#include <bm-pst-import/model.h>

BmFolder *
bm_folder_new (void)
{
  BmFolder *folder = g_new0 (BmFolder, 1);
  folder->rule = BM_RULE_NONE;
  return folder;
}

void
bm_folder_free (BmFolder *folder)
{
  if (folder == NULL)
    return;
  g_free (folder->name);
  g_free (folder->path);
  g_free (folder->container_class);
  g_free (folder);
}

BmCensus *
bm_census_new (void)
{
  BmCensus *census = g_new0 (BmCensus, 1);
  census->folders = g_ptr_array_new_with_free_func ((GDestroyNotify) bm_folder_free);
  census->items = g_array_new (FALSE, TRUE, sizeof (BmCensusItem));
  census->warnings = g_ptr_array_new_with_free_func (g_free);
  return census;
}

void
bm_census_free (BmCensus *census)
{
  if (census == NULL)
    return;
  g_free (census->display_name);
  g_ptr_array_unref (census->folders);
  g_array_unref (census->items);
  g_ptr_array_unref (census->warnings);
  g_free (census);
}

const BmFolder *
bm_census_folder (const BmCensus *census, guint32 nid)
{
  guint low = 0, high = census->folders->len;
  while (low < high) {
    guint middle = low + (high - low) / 2;
    const BmFolder *folder = g_ptr_array_index (census->folders, middle);
    if (folder->nid == nid)
      return folder;
    if (folder->nid < nid)
      low = middle + 1;
    else
      high = middle;
  }
  return NULL;
}

guint32
bm_census_folder_of (const BmCensus *census, guint32 nid)
{
  guint low = 0, high = census->items->len;
  while (low < high) {
    guint middle = (low + high) / 2;
    if (g_array_index (census->items, BmCensusItem, middle).nid < nid)
      low = middle + 1;
    else
      high = middle;
  }
  return low < census->items->len ? g_array_index (census->items, BmCensusItem, low).folder : 0;
}
