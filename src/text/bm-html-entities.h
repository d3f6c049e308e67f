/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The named entities of HTML 4 (and &apos;). Constant data, any thread. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Code point of a name without & and ; (case counts), 0 when unknown. */
gunichar bm_html_entities_lookup (const gchar *name);

G_END_DECLS
