/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* What an administrator chooses for an import: from JSON to the words of import's command line, and
 * to the engine's own selection. Pure, but for the messages. Any thread. Errors are USAGE. */
#pragma once

#include "job/bm-selecting.h"

#include <json-glib/json-glib.h>

G_BEGIN_DECLS

/* given (NULL = nothing chosen) in its canonical form: equal choices are equal objects. Unknown
 * members and wrong types are refused, and what no import would take. New. */
JsonObject *bm_weboptions_read (JsonObject *given, GError **error);
gboolean bm_weboptions_equal (JsonObject *a, JsonObject *b);
/* "--mark-seen"..., as a row of a mapping may have them. New. */
GStrv bm_weboptions_words (JsonObject *options);
/* Words as one field of a mapping. New. */
gchar *bm_weboptions_quote (const gchar *const *words);
/* selection borrows from selecting, which is to be cleared. */
gboolean bm_weboptions_select (JsonObject *options, BmSelecting *selecting, BmSelection *selection,
                               GError **error);

G_END_DECLS
