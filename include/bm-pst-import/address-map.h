/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Maps from Exchange names (legacyExchangeDN, "/o=.../cn=...") to SMTP addresses: an administrator's,
 * or learnt from the senders and recipients of a whole PST. Exchange names are compared without
 * regard to ASCII case, prefix "EX:" or "X500:" and blanks around. One thread at a time. */
#pragma once

#include <bm-pst-import/error.h>

G_BEGIN_DECLS

typedef struct _BmAddressMap BmAddressMap;

#define BM_ADDRESS_MAP_MAX 200000 /* entries; more are left out */

BmAddressMap *bm_address_map_new (void);
void bm_address_map_free (BmAddressMap *map);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (BmAddressMap, bm_address_map_free)

/* Rows "dn,address", a third column is the source (see bm_address_map_add); the first row may be
 * names of columns. Error: USAGE naming the line: no Exchange name, no SMTP address, two addresses
 * for one name. */
BmAddressMap *bm_address_map_parse (const gchar *csv, gsize size, GError **error);
/* The reverse: sorted by name, three columns with their names. New. */
gchar *bm_address_map_csv (const BmAddressMap *map);

/* source: the node id of the item that says so; of two that say different things the smaller one
 * is believed, whatever the order in which they are added. FALSE: no Exchange name, no address, or
 * no room; nothing is kept then. */
gboolean bm_address_map_add (BmAddressMap *map, const gchar *dn, const gchar *address,
                             guint32 source);
/* Borrowed; NULL when unknown. map, dn: or NULL. */
const gchar *bm_address_map_get (const BmAddressMap *map, const gchar *dn);
guint bm_address_map_size (const BmAddressMap *map);
/* Of names and addresses, not of sources; "" for NULL and for an empty map. New. */
gchar *bm_address_map_digest (const BmAddressMap *map);

/* The form in which names are compared, also of one that is encapsulated in an SMTP address
 * (IMCEAEX-_O=...@domain); NULL when this is no Exchange name. New. */
gchar *bm_exchange_name (const gchar *text);
/* What an encapsulated address (IMCEAtype-...@domain) of this type ("EX", "SMTP"; any case) stands for;
 * NULL when it is none, or when its bytes are no text. [MS-OXCMAIL] 2.1.3.1.8. New. */
gchar *bm_encapsulated_address (const gchar *address, const gchar *type);
/* local@domain of printable ASCII from "smtp:a@b", "<a@b>", " a@b "; NULL when it is none. New. */
gchar *bm_smtp_address (const gchar *text);

G_END_DECLS
