/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* See bm-backoff.h. Must not know what is tried; never sleeps itself. One thread. */
#include "base/bm-backoff.h"

gboolean
bm_backoff_next (BmBackoff *backoff, guint *wait_ms)
{
  if (backoff->tries > 0 && backoff->done >= backoff->tries)
    return FALSE;
  guint64 wait = (guint64) backoff->first_ms << MIN (backoff->done, 20u);
  *wait_ms = (guint) MIN (wait, (guint64) backoff->max_ms);
  backoff->done++;
  return TRUE;
}

void
bm_backoff_reset (BmBackoff *backoff)
{
  backoff->done = 0;
}
