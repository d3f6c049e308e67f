/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Growing waits between tries. Deterministic: no jitter, one client per mailbox. One thread. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct {
  guint first_ms; /* the first wait */
  guint max_ms;   /* waits double up to this */
  guint tries;    /* give up after so many waits; 0 = never */
  guint done;     /* waits so far */
} BmBackoff;

/* FALSE when it is time to give up; else *wait_ms is how long to wait now. */
gboolean bm_backoff_next (BmBackoff *backoff, guint *wait_ms);
void bm_backoff_reset (BmBackoff *backoff);

G_END_DECLS
