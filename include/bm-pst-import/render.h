/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Rendering: item -> sealed message, a pure function. Same item and context, same bytes: in any
 * process, time zone and locale, on any day. Nothing of node ids, folders, stores, files or the
 * import is in the bytes. The thread that renders owns item and context. */
#pragma once

#include <bm-pst-import/address-map.h>
#include <bm-pst-import/item.h>

G_BEGIN_DECLS

typedef struct {
  const gchar *charset;     /* for 8-bit text without a code page; NULL = windows-1252 */
  guint64 max_message_size; /* bytes; a larger message fails with TOO_LARGE; 0 = no limit. Not part
                             * of render_id: it never changes bytes */
  /* For Exchange addresses that the item itself does not explain: the administrator's, asked first,
   * and the one learnt from the PST. Borrowed; NULL for none. */
  const BmAddressMap *addresses, *learnt;
  const gchar *owner; /* local@domain of whose PST it is: the sender of mail that he wrote and that
                       * names none; NULL when nobody knows */
} BmRenderContext;

/* Once per process, before a sandbox closes: loads what GMime and iconv need. */
void bm_render_init (void);
/* "<40 hex> renderer N GMime X.Y.Z": digest of the context's members that change bytes, and the
 * versions. Free with g_free. */
gchar *bm_render_id (const BmRenderContext *context);
/* Errors: ITEM (TOO_LARGE, INVALID_MESSAGE, UNREADABLE). */
BmMessage *bm_render (const BmItem *item, const BmRenderContext *context, GError **error);

/* Tells every Exchange name of the item's people (senders, recipients, receivers, a contact) that comes
 * with an SMTP address, then those of the items embedded in it. For a map of the whole PST. */
typedef void (*BmLearnFunc) (gpointer user, const gchar *exchange_name, const gchar *address);
void bm_render_learn (const BmItem *item, BmLearnFunc tell, gpointer user);

G_END_DECLS
