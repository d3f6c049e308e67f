/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Private to the room: what most of a document's text looks like, so that the page can say it once. */
#pragma once

#include "text/bm-rtf-format.h"

G_BEGIN_DECLS

/* Font (the document's number, -1 the default one) and size that most characters of the beginning
 * have. *name: that font's name, *generic as BmFontName has it. The caller frees *name. */
BmPageFormat bm_rtf_sample (const guint8 *data, gsize size, guint32 codepage, gchar **name,
                            const gchar **generic);

G_END_DECLS
