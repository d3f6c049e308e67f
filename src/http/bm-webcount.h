/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* What a choice of options takes of a PST, without reading the PST again: the engine's own filter
 * over the inventory that inspect --follow wrote; before that is whole, folders only. May take a
 * second for a large PST: not for the main thread. */
#pragma once

#include "http/bm-webimport.h"

G_BEGIN_DECLS

/* The answer of POST imports/ID/count, as docs/api.md has it. options: canonical. New. Errors: USAGE,
 * when nothing is known of the PST yet. */
JsonObject *bm_webcount (const BmWebImport *import, JsonObject *options, GError **error);

G_END_DECLS
