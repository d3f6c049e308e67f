/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Private to the room: paragraphs below each other, in the body or in a cell, as HTML: blocks, lists,
 * borders around several of them. Linear; one thread. */
#pragma once

#include "text/bm-rtf-line.h"
#include "text/bm-rtf-page.h"

G_BEGIN_DECLS

typedef struct {
  GString *out;
  GArray *lists;                      /* private */
  BmPageBorder border[BM_PAGE_SIDES]; /* of the box that is open */
  guint32 paper;
  gint left, right;
  gboolean boxed, opened; /* opened: nothing is in it yet */
  gchar *bare;            /* style of the only paragraph, which has no element; NULL: has one */
  gint pending;           /* space below what came last */
} BmFlow;

void bm_flow_init (BmFlow *flow);
void bm_flow_clear (BmFlow *flow);
/* line: ended; see bm_page_paragraph for the others. */
void bm_flow_paragraph (BmFlow *flow, BmLine *line, BmLook *look, const BmPageFormat *format,
                        const BmPageBlock *block, const gchar *label, BmPageLabelKind kind);
gboolean bm_flow_is_empty (const BmFlow *flow);
/* Where HTML between paragraphs goes: lists and boxes are closed. */
GString *bm_flow_out (BmFlow *flow);
/* All of it; the flow is empty afterwards. *style: what the cell around it must say of its looks, or
 * NULL. Both new. */
GString *bm_flow_take (BmFlow *flow, gchar **style);

G_END_DECLS
