/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* A PST or OST file: counted by our own walk of its node B-tree, its contents read by libpff
 * through small windows. After bm_pst_open_fd nothing here opens files: it works inside a sandbox
 * that only lets it pread the descriptor and make memory files. One thread: libpff has no locks. */
#pragma once

#include <bm-pst-import/item.h>

G_BEGIN_DECLS

typedef struct _BmPst BmPst;
typedef struct _BmPstWindow BmPstWindow;

typedef struct {
  const gchar *charset; /* of 8-bit strings without code page; NULL or "" = windows-1252 */
} BmPstOptions;

/* fd stays the caller's and must outlive the BmPst. Errors: PST_UNREADABLE with a sentence. */
BmPst *bm_pst_open_fd (gint fd, const BmPstOptions *options, GError **error);
void bm_pst_close (BmPst *pst);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (BmPst, bm_pst_close)

/* Walks the node B-tree, reads the folders, and gives every item its folder and, where the census
 * can tell, the rule that leaves it out (precedence: phantom, search-folder, associated, then the
 * folder's). Call once, before windows. Owned by the caller. Errors: PST_UNREADABLE. */
BmCensus *bm_pst_census (BmPst *pst, GError **error);

/* Opens libpff on a window of these items (any order, at most 4096); where libpff opens none, all of
 * them go the salvage path. Errors: UNREADABLE when n is 0 or memory is short
 * (errno ENOMEM). */
BmPstWindow *bm_pst_window_open (BmPst *pst, const guint32 *nids, gsize n, GError **error);
void bm_pst_window_close (BmPstWindow *window);
/* The index-th item of the window. When its class is not mail, attachments and recipients are left
 * out. Free it before the window closes is not needed: it holds copies. What libpff
 * refuses, whole or in part, is read by the salvage path if that has more of it, with the note
 * SALVAGED. Errors: UNREADABLE with libpff's reason. */
BmItem *bm_pst_window_read (BmPstWindow *window, gsize index, GError **error);
/* From now on items are read without their attachments, but for embedded items. */
void bm_pst_window_people_only (BmPstWindow *window);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (BmPstWindow, bm_pst_window_close)

G_END_DECLS
