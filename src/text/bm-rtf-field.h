/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Private to the room: the instruction of a field of Word. [ECMA-376-1] 17.16. Pure, any thread. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef enum {
  BM_RTF_FIELD_OTHER,   /* its result says all */
  BM_RTF_FIELD_LINK,    /* address, title */
  BM_RTF_FIELD_PICTURE, /* address: http:, https: or cid: */
  BM_RTF_FIELD_SYMBOL,  /* symbol of font */
  BM_RTF_FIELD_FORMULA, /* nothing but Word can show it when it has no result */
} BmRtfFieldKind;

typedef struct {
  BmRtfFieldKind kind;
  gchar *address, *title, *font; /* or NULL */
  gint symbol;
} BmRtfField;

void bm_rtf_field_parse (const gchar *instruction, BmRtfField *field);
void bm_rtf_field_clear (BmRtfField *field);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (BmRtfField, bm_rtf_field_clear)

G_END_DECLS
