/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Items compared as a whole, and read through plain libpff as the reference. */
#pragma once

#include "pst/bm-pst-item.h"

/* Everything of an item, recursively: properties with their names, recipients, attachments with
 * their data, embedded items. New, 40 hex. */
gchar *pst_digest (const BmItem *item);

/* A file opened by libpff alone, dressed as a window so that the same code reads its items. NULL
 * when libpff refuses the file. */
BmPstWindow *pst_plain_open (BmPst *pst, const gchar *path);
void pst_plain_close (BmPstWindow *plain);
BmItem *pst_plain_read (BmPstWindow *plain, guint32 nid);
