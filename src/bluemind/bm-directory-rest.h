/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* BlueMind's directory over REST, with the admin key: for hosts that may not read the database bj.
 * Same names, same answers, same refusals as bm_directory_lookup. One thread. */
#pragma once

#include "bluemind/bm-core.h"
#include "bluemind/bm-directory.h"

G_BEGIN_DECLS

/* Errors: as bm_directory_lookup, but SERVICE_UNAVAILABLE instead of DATABASE_LOST, and
 * LOGIN_REFUSED when the core does not take the admin key. */
BmUser *bm_directory_rest_lookup (BmCore *core, const gchar *address, BmAddressee *addressee,
                                  GError **error);
/* As bm_directory_serves. Errors: SERVICE_UNAVAILABLE, LOGIN_REFUSED. */
gboolean bm_directory_rest_serves (BmCore *core, const gchar *domain, gboolean *served,
                                   GError **error);
/* As bm_directory_addresses. Errors: SERVICE_UNAVAILABLE, LOGIN_REFUSED. */
GStrv bm_directory_rest_addresses (BmCore *core, const BmUser *user, GError **error);

G_END_DECLS
