/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* See bm-fake.h: an array as PST. */
#include "engine/bm-fake.h"

#include <string.h>

typedef struct {
  BmSource base;
  BmCensus *census;
  const FakeItem *items;
  guint n;
  GArray *ordered; /* guint32 */
  guint next;
  guint hesitations;
} FakeSource;

BmMessage *
fake_message (guint32 nid, const gchar *body)
{
  g_autofree gchar *text = g_strdup_printf ("Subject: x\r\n\r\n%s\r\n", body);
  g_autoptr (GError) error = NULL;
  BmMessage *message = bm_message_seal (g_bytes_new (text, strlen (text)), &error);
  g_assert_no_error (error);
  message->nid = nid;
  message->internal_date = 1000000000;
  return message;
}

static const BmCensus *
source_census (BmSource *base, GError **error)
{
  return ((FakeSource *) base)->census;
}

static gboolean
source_order (BmSource *base, const guint32 *nids, gsize n, GError **error)
{
  FakeSource *source = (FakeSource *) base;
  g_array_set_size (source->ordered, 0);
  g_array_append_vals (source->ordered, nids, (guint) n);
  source->next = 0;
  return TRUE;
}

static gboolean
source_ready (BmSource *base, gint timeout_ms)
{
  FakeSource *source = (FakeSource *) base;
  if (source->hesitations == 0)
    return TRUE;
  source->hesitations--;
  g_usleep (2000);
  return FALSE;
}

void
fake_source_hesitate (BmSource *base, guint times)
{
  ((FakeSource *) base)->hesitations = times;
}

static gboolean
source_next (BmSource *base, BmEntry *entry, GError **error)
{
  FakeSource *source = (FakeSource *) base;
  if (source->next == source->ordered->len)
    return TRUE; /* BM_ENTRY_END is zero */
  entry->nid = g_array_index (source->ordered, guint32, source->next++);
  for (guint i = 0; i < source->n; i++) {
    const FakeItem *item = &source->items[i];
    if (item->nid != entry->nid)
      continue;
    if (item->class != NULL) {
      entry->kind = BM_ENTRY_SKIPPED;
      entry->rule = BM_RULE_NOT_MAIL;
      entry->message_class = g_strdup (item->class);
    } else if (item->body == NULL) {
      entry->kind = BM_ENTRY_FAILED;
      entry->error = g_error_new_literal (BM_ERROR, BM_CAUSE_UNREADABLE, "fake: unreadable");
    } else {
      entry->kind = BM_ENTRY_MESSAGE;
      entry->message = fake_message (item->nid, item->body);
    }
    return TRUE;
  }
  g_assert_not_reached ();
}

static void
source_free (BmSource *base)
{
  FakeSource *source = (FakeSource *) base;
  bm_census_free (source->census);
  g_array_unref (source->ordered);
  g_free (source);
}

BmSource *
fake_source_new (const gchar *const *folders, const FakeItem *items, guint n)
{
  static const BmSourceOps ops = {source_census, source_order, source_ready, source_next,
                                  source_free};
  FakeSource *source = g_new0 (FakeSource, 1);
  source->base.ops = &ops;
  source->items = items;
  source->n = n;
  source->ordered = g_array_new (FALSE, FALSE, sizeof (guint32));
  source->census = bm_census_new ();
  for (guint i = 0; folders[i] != NULL; i++) {
    BmFolder *folder = bm_folder_new ();
    const gchar *slash = strrchr (folders[i], '/');
    folder->nid = i + 1;
    folder->path = g_strdup (folders[i]);
    for (guint k = 0; slash != NULL && k < i; k++)
      if (strlen (folders[k]) == (gsize) (slash - folders[i]) &&
          g_str_has_prefix (folders[i], folders[k]))
        folder->parent = k + 1;
    folder->name = g_strdup (slash != NULL ? slash + 1 : folders[i]);
    g_ptr_array_add (source->census->folders, folder);
  }
  for (guint i = 0; i < n; i++) {
    BmCensusItem item = {items[i].nid, items[i].folder, BM_RULE_NONE};
    g_array_append_val (source->census->items, item);
  }
  return &source->base;
}
