/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Mailbox names: Cyrus's internal form and modified UTF-7, both ways. Pure functions, any thread. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* "dom!user.jean^dupont.A.B^C" is folder "A/B.C" of jean.dupont in dom; the root is "INBOX". FALSE when the name is
 * none of a user's folder: a share, or one that waits under DELETED. */
gboolean lab_name_split (const gchar *internal, gchar **domain, gchar **login, gchar **folder);

/* RFC 3501 5.1.3. What is no valid modified UTF-7 is returned as it is. */
gchar *lab_name_decode (const gchar *mutf7);
gchar *lab_name_encode (const gchar *utf8);

G_END_DECLS
