/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Who may try to sign in: failures are counted by login and address together, and by each alone with
 * a higher limit: somebody who guesses is stopped, and cannot easily lock an administrator out from
 * elsewhere. Pure; time is an argument. One thread. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct _BmWebLockout BmWebLockout;

/* What counts as one address: who has an IPv6 address has 2^64 of them, so its network. New. */
gchar *bm_web_lockout_place (const gchar *address);

/* failures of one login from one address lock it for this time since the last. */
BmWebLockout *bm_web_lockout_new (guint failures, guint seconds);
void bm_web_lockout_free (BmWebLockout *lockout);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (BmWebLockout, bm_web_lockout_free)

/* Before a try, which counts as a failure until its end: many at once count, too. now: seconds.
 * 0, or the seconds to wait; then it is not counted. */
guint bm_web_lockout_begin (BmWebLockout *lockout, const gchar *login, const gchar *address,
                            gint64 now);

typedef enum {
  BM_WEB_TRY_GOOD,    /* forgets the failures of this login from this address */
  BM_WEB_TRY_WRONG,   /* stays counted */
  BM_WEB_TRY_UNKNOWN, /* nobody could say: was never counted */
} BmWebTry;

void bm_web_lockout_end (BmWebLockout *lockout, const gchar *login, const gchar *address,
                         BmWebTry result);

G_END_DECLS
