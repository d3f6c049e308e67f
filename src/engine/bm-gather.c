/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Gathering: messages arrive in node order, which is the fast order to read, and leave by folder,
 * which is the fast order to append. A byte budget bounds what is held back. Must not know how a
 * batch is sent. One thread. */
#include "engine/bm-engine.h"

#define GATHER_BYTES (64u << 20)

gboolean
bm_gather_add (BmImport *import, EngineTarget *target, BmMessage *message)
{
  const BmSinkLimits *limits = import->sink->ops->limits (import->sink);
  gsize size = g_bytes_get_size (message->bytes);
  target->gathered_bytes += size;
  import->gathered_bytes += size;
  g_ptr_array_add (target->gathered, message);
  return target->gathered->len >= limits->max_messages ||
         target->gathered_bytes >= limits->max_bytes;
}

gboolean
bm_gather_over_budget (const BmImport *import)
{
  gsize budget = import->options.gather_bytes > 0 ? import->options.gather_bytes : GATHER_BYTES;
  return import->gathered_bytes >= budget;
}

EngineTarget *
bm_gather_largest (BmImport *import)
{
  EngineTarget *largest = NULL, *target;
  GHashTableIter iter;
  g_hash_table_iter_init (&iter, import->targets);
  while (g_hash_table_iter_next (&iter, NULL, (gpointer *) &target))
    if (target->gathered->len > 0 &&
        (largest == NULL || target->gathered_bytes > largest->gathered_bytes))
      largest = target;
  return largest;
}
