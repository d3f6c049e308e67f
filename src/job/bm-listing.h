/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* What lies in a directory of jobs or batches. Any thread. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Paths of the directories in parent that hold this file, sorted; empty when there is none. New. */
GPtrArray *bm_listing (const gchar *parent, const gchar *file);

G_END_DECLS
