/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* What the three seams (source, sink, witness) have in common: freeing through the vtable, and
 * the plain structs they hand over. Must not know any implementation. */
#include <bm-pst-import/sink.h>
#include <bm-pst-import/source.h>
#include <bm-pst-import/witness.h>
#include <string.h>

/* Characters that one of the two servers refuses or changes: Cyrus's GOODCHARS, BlueMind 5's
 * MailboxNameValidator and its second decoding of modified UTF-7. */
static const gchar refused_characters[] = "\\\"%&^*!;<>{|}`";
static const gchar *const taken_names[] = {"Outbox", NULL};

const BmNameRules bm_name_rules_bluemind = {.separator = '/',
                                            .refused = refused_characters,
                                            .max_name = 150,
                                            .max_path = 400,
                                            .taken = taken_names};

void
bm_entry_clear (BmEntry *entry)
{
  g_clear_pointer (&entry->message, bm_message_free);
  g_clear_pointer (&entry->message_class, g_free);
  g_clear_error (&entry->error);
  memset (entry, 0, sizeof *entry);
}

void
bm_outcome_clear (BmOutcome *outcome)
{
  g_free (outcome->text);
  memset (outcome, 0, sizeof *outcome);
}

void
bm_source_free (BmSource *source)
{
  if (source != NULL)
    source->ops->free (source);
}

void
bm_sink_free (BmSink *sink)
{
  if (sink != NULL)
    sink->ops->free (sink);
}

void
bm_witness_free (BmWitness *witness)
{
  if (witness != NULL)
    witness->ops->free (witness);
}
