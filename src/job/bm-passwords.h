/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The passwords file of a batch: CSV with the columns user,password (any separator and encoding of
 * base/bm-csv.h, with or without that line as head). No error holds a password. Any thread. */
#pragma once

#include <bm-pst-import/error.h>

G_BEGIN_DECLS

/* The password of the first row whose user is one of names (NULL-terminated), ignoring case. New.
 * Errors: CONFIG when group or others may read the file, when it is no such CSV, or when two rows of
 * this user differ; LOGIN_REFUSED when it has no row for this user. */
gchar *bm_passwords_find (const gchar *path, const gchar *const *names, GError **error);

G_END_DECLS
