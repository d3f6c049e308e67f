/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* See bm-evidence.h. Three kinds of items are sampled apart, because they differ in size: sent,
 * received, and the rest (drafts, junk, outbox), which tells nothing of the owner. Must not know
 * whose addresses these are. */
#include "cli/bm-evidence.h"

#include "cli/bm-header.h"

#define PLACEHOLDER "@unresolved.invalid" /* of our own rendering: nobody's address */

typedef enum { SENT, RECEIVED, REST, KINDS } Kind;

typedef struct {
  GArray *nids;                 /* guint32: all items of this kind */
  guint64 wanted_items;         /* of them in folders of the selection */
  guint64 looked, mails, bytes; /* of the sample, in those folders: items, wanted mails */
} Stratum;

typedef struct {
  const BmCensus *census;
  const BmSelection *selection;
  GHashTable *folders; /* nid -> folder_mark */
  Stratum strata[KINDS];
  BmEvidence *evidence;
} Collector;

BmEvidence *
bm_evidence_new (void)
{
  BmEvidence *evidence = g_new0 (BmEvidence, 1);
  evidence->store_name = g_strdup ("");
  evidence->sent = g_ptr_array_new_with_free_func ((GDestroyNotify) g_strfreev);
  evidence->received = g_ptr_array_new_with_free_func ((GDestroyNotify) g_strfreev);
  return evidence;
}

void
bm_evidence_free (BmEvidence *evidence)
{
  if (evidence == NULL)
    return;
  g_free (evidence->store_name);
  g_free (evidence->store_address);
  g_ptr_array_unref (evidence->sent);
  g_ptr_array_unref (evidence->received);
  g_free (evidence);
}

/* ---- folders ---- */

static BmRole
role_of (const BmFolder *folder)
{
  return folder->role != BM_ROLE_NONE ? folder->role : folder->alike;
}

/* By the role, or the name, of the folder or of the nearest one above it. */
static Kind
kind_of (const BmCensus *census, guint32 nid)
{
  const BmFolder *folder = bm_census_folder (census, nid);
  for (guint depth = 0; folder != NULL && role_of (folder) == BM_ROLE_NONE && depth < 64; depth++)
    folder = bm_census_folder (census, folder->parent);
  switch (folder != NULL ? role_of (folder) : BM_ROLE_NONE) {
  case BM_ROLE_SENT:
    return SENT;
  case BM_ROLE_DRAFTS:
  case BM_ROLE_JUNK:
  case BM_ROLE_OUTBOX:
    return REST;
  default:
    return RECEIVED;
  }
}

static gboolean
is_wanted (const Collector *collector, guint32 nid)
{
  const BmFolder *folder = bm_census_folder (collector->census, nid);
  return collector->selection == NULL || folder == NULL || folder->path == NULL ||
         bm_filter_takes_folder (collector->selection, collector->census, folder->path);
}

static gpointer
folder_mark (Kind kind, gboolean wanted)
{
  return GUINT_TO_POINTER (1 + (guint) kind * 2 + (wanted ? 1 : 0));
}

/* Kind of a folder, and whether it is of the selection; worked out once for each. */
static Kind
look_up (Collector *collector, guint32 nid, gboolean *wanted)
{
  gpointer mark = g_hash_table_lookup (collector->folders, GUINT_TO_POINTER (nid));
  if (mark == NULL) {
    mark = folder_mark (kind_of (collector->census, nid), is_wanted (collector, nid));
    g_hash_table_insert (collector->folders, GUINT_TO_POINTER (nid), mark);
  }
  guint bits = GPOINTER_TO_UINT (mark) - 1;
  *wanted = (bits & 1) != 0;
  return (Kind) (bits >> 1);
}

/* ---- the sample ---- */

static void
sort_items (Collector *collector)
{
  for (guint i = 0; i < collector->census->items->len; i++) {
    const BmCensusItem *item = &g_array_index (collector->census->items, BmCensusItem, i);
    gboolean wanted;
    if (item->rule != BM_RULE_NONE)
      continue;
    Stratum *stratum = &collector->strata[look_up (collector, item->folder, &wanted)];
    g_array_append_val (stratum->nids, item->nid);
    stratum->wanted_items += wanted;
  }
}

static void
spread (GArray *sample, const GArray *nids, guint n)
{
  for (guint i = 0; i < n; i++)
    g_array_append_val (sample,
                        g_array_index (nids, guint32, (guint) ((guint64) i * nids->len / n)));
}

static gint
compare_nids (gconstpointer a, gconstpointer b)
{
  guint32 x = *(const guint32 *) a, y = *(const guint32 *) b;
  return x < y ? -1 : x > y;
}

static GArray *
sample_of (const Collector *collector)
{
  GArray *sample = g_array_new (FALSE, FALSE, sizeof (guint32));
  for (Kind kind = SENT; kind < KINDS; kind++) {
    const GArray *nids = collector->strata[kind].nids;
    guint room = BM_EVIDENCE_ALL - sample->len;
    spread (sample, nids, MIN (nids->len, kind == REST ? room : BM_EVIDENCE_EACH));
  }
  g_array_sort (sample, compare_nids);
  return sample;
}

/* ---- one item ---- */

static void
add_words (GStrvBuilder *builder, GBytes *bytes, const gchar *field)
{
  g_autofree gchar *value = bm_header_get (bytes, field);
  g_auto (GStrv) addresses = bm_header_addresses (value);
  for (guint i = 0; addresses[i] != NULL; i++)
    if (!g_str_has_suffix (addresses[i], PLACEHOLDER))
      g_strv_builder_add (builder, addresses[i]);
}

static void
add_addresses (GPtrArray *items, GBytes *bytes, const gchar *first, const gchar *second)
{
  g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
  add_words (builder, bytes, first);
  add_words (builder, bytes, second);
  GStrv addresses = g_strv_builder_end (builder);
  if (addresses[0] != NULL)
    g_ptr_array_add (items, addresses);
  else
    g_strfreev (addresses);
}

static void
look_at (Collector *collector, const BmEntry *entry)
{
  gboolean wanted;
  Kind kind = look_up (collector, bm_census_folder_of (collector->census, entry->nid), &wanted);
  Stratum *stratum = &collector->strata[kind];
  collector->evidence->read++;
  stratum->looked += wanted;
  if (entry->kind != BM_ENTRY_MESSAGE)
    return;
  GBytes *bytes = entry->message->bytes;
  gboolean named = !bm_notes_has (entry->message->notes, BM_NOTE_SENDER_UNKNOWN);
  if (kind == SENT && named) /* else it would be the user whose PST this is said to be */
    add_addresses (collector->evidence->sent, bytes, "From", "Sender");
  else if (kind == RECEIVED)
    add_addresses (collector->evidence->received, bytes, "To", "Cc");
  if (!wanted || (collector->selection != NULL &&
                  bm_filter_message (collector->selection, entry->message) != BM_RULE_NONE))
    return;
  stratum->mails++;
  stratum->bytes += g_bytes_get_size (bytes);
}

static gboolean
walk (Collector *collector, BmSource *source, const GArray *sample,
      gboolean (*interrupted) (GError **), GError **error)
{
  if (sample->len == 0)
    return TRUE;
  if (!source->ops->order (source, (const guint32 *) sample->data, sample->len, error))
    return FALSE;
  for (gboolean ended = FALSE; !ended;) {
    BmEntry entry = {0};
    if ((interrupted != NULL && interrupted (error)) || !source->ops->next (source, &entry, error))
      return FALSE;
    ended = entry.kind == BM_ENTRY_END;
    if (!ended)
      look_at (collector, &entry);
    bm_entry_clear (&entry);
  }
  return TRUE;
}

/* Items of a kind of which none was looked at are like the others. */
static void
estimate (Collector *collector)
{
  Stratum all = {0};
  for (Kind kind = SENT; kind < KINDS; kind++) {
    all.looked += collector->strata[kind].looked;
    all.mails += collector->strata[kind].mails;
    all.bytes += collector->strata[kind].bytes;
  }
  for (Kind kind = SENT; kind < KINDS; kind++) {
    const Stratum *one = &collector->strata[kind], *like = one->looked > 0 ? one : &all;
    if (like->looked == 0)
      continue;
    gdouble share = (gdouble) one->wanted_items / (gdouble) like->looked;
    collector->evidence->mails += (guint64) (share * (gdouble) like->mails + 0.5);
    collector->evidence->bytes += (guint64) (share * (gdouble) like->bytes + 0.5);
  }
}

BmEvidence *
bm_evidence_collect (BmSource *source, const BmCensus *census, const BmSelection *selection,
                     gboolean (*interrupted) (GError **), GError **error)
{
  g_autoptr (BmEvidence) evidence = bm_evidence_new ();
  g_autoptr (GHashTable) folders = g_hash_table_new (NULL, NULL);
  Collector collector = {
      .census = census, .selection = selection, .folders = folders, .evidence = evidence};
  for (Kind kind = SENT; kind < KINDS; kind++)
    collector.strata[kind].nids = g_array_new (FALSE, FALSE, sizeof (guint32));
  sort_items (&collector);
  g_autoptr (GArray) sample = sample_of (&collector);
  for (Kind kind = SENT; kind < KINDS; kind++)
    g_array_unref (g_steal_pointer (&collector.strata[kind].nids));
  if (census->display_name != NULL) {
    g_free (evidence->store_name);
    evidence->store_name = g_strdup (census->display_name);
  }
  evidence->store_address = bm_header_find_address (census->display_name);
  if (!walk (&collector, source, sample, interrupted, error))
    return NULL;
  estimate (&collector);
  return g_steal_pointer (&evidence);
}
