/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Plain libpff in the words of a test: calls that must succeed, values as bytes. Knows nothing of
 * the writer. One thread. */
#pragma once

#include <glib.h>
#include <libpff.h>

G_BEGIN_DECLS

/* Ends the test with libpff's own words unless rc is 1. */
void bm_pff_check (gint rc, libpff_error_t **error);
/* NULL when libpff refuses the file. */
libpff_file_t *bm_pff_open (const gchar *path);
/* The item of a node; NULL when there is none or libpff refuses it. */
libpff_item_t *bm_pff_item (libpff_file_t *file, guint32 nid);
/* The raw bytes of a property of a record set (a row, in a table); NULL when absent. Ids of 0x8000
 * and up are compared as stored. */
GBytes *bm_pff_value (libpff_item_t *item, gint set, guint32 tag);
/* Like g_assert_cmpmem. */
void bm_pff_assert_value (libpff_item_t *item, gint set, guint32 tag, gconstpointer data,
                          gsize size);
void bm_pff_assert_int32 (libpff_item_t *item, gint set, guint32 tag, gint32 expected);
/* PT_UNICODE, or in an ANSI file (which libpff tells) PT_STRING8 in windows-1252. */
void bm_pff_assert_text (libpff_file_t *file, libpff_item_t *item, gint set, guint32 tag,
                         const gchar *utf8);
gint bm_pff_count_messages (libpff_item_t *folder);

G_END_DECLS
