/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Private to the room: the lists that a document defines ([MSFT-RTF] "List Tables"), and how far
 * they have counted. Paragraphs of Word say their number themselves, so what is taken from here is
 * how it counts; those of other writers say nothing, and are counted. Bounded; one thread. */
#pragma once

#include "text/bm-rtf-page.h"

G_BEGIN_DECLS

typedef struct _BmRtfLists BmRtfLists;

BmRtfLists *bm_rtf_lists_new (void);
void bm_rtf_lists_free (BmRtfLists *lists);
/* What stands in \listtable and \listoverridetable; group: how deep. */
void bm_rtf_lists_word (BmRtfLists *lists, const gchar *word, gint number, guint group);
void bm_rtf_lists_bytes (BmRtfLists *lists, const guint8 *bytes, gsize size, guint group);

/* list: of \ls; level from 0. */
BmPageLabelKind bm_rtf_lists_kind (const BmRtfLists *lists, gint list, gint level);
/* Counts on. What stands before this paragraph, NULL when nothing does. New. */
gchar *bm_rtf_lists_next (BmRtfLists *lists, gint list, gint level);

G_END_DECLS
