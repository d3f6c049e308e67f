/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Addresses out of the header of a rendered message: our own bytes, ASCII, but with names in them that
 * somebody else chose. Pure. Any thread. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* The value of the first field of this name, unfolded (RFC 5322 2.2.3); NULL when there is none. New. */
gchar *bm_header_get (GBytes *message, const gchar *name);
/* The addresses of a field's value (an address list, RFC 5322 3.4), lower case, in order, each once;
 * names, comments and the names of groups are skipped. Left out is what is no address, and what a
 * spreadsheet would take for a formula. value may be NULL. */
GStrv bm_header_addresses (const gchar *value);
/* The address itself in lower case when text, without space around, is one that the above would
 * give; else NULL. New. */
gchar *bm_header_address (const gchar *text);
/* The first address in a text for people: "Mailbox - jd@example.org"; NULL. New. */
gchar *bm_header_find_address (const gchar *text);

G_END_DECLS
