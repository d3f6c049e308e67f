/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* BlueMind as an import needs it before a worker runs: the user in the directory as it is
 * configured, and whether the core runs. Blocks: not for the main thread. */
#pragma once

#include "bluemind/bm-core.h"
#include "bluemind/bm-directory.h"
#include "job/bm-config.h"

G_BEGIN_DECLS

/* key NULL: the configuration's; *core stays NULL when there is none. Error: CONFIG. */
gboolean bm_webuser_open_core (const BmConfig *config, const gchar *key, BmCore **core,
                               GError **error);
/* Of the directory; borrows from config. */
BmDatabase bm_webuser_directory (const BmConfig *config);
/* Errors: as bm_directory_lookup. */
BmUser *bm_webuser_find (const BmConfig *config, const gchar *address, GError **error);
/* key NULL: the configuration's, if there is one. Error: SERVICE_UNAVAILABLE when it does not run, or
 * is in maintenance. */
gboolean bm_webuser_check_core (const BmConfig *config, const gchar *key, GError **error);

G_END_DECLS
