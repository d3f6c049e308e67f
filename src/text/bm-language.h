/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Names of languages: Windows' locale ids ([MS-LCID] 2.2) and tags (RFC 5646). Pure. Any thread. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* "de-CH"; "de" for a country that the table does not know; NULL for a locale that names no language.
 * New. */
gchar *bm_language_of_locale (gint64 locale);
/* A value of Content-Language (RFC 3282): tags with commas between, as far as one can tell without
 * their registry. */
gboolean bm_language_is_tags (const gchar *value);

G_END_DECLS
