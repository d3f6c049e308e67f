/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Private to the room: about how wide characters are. Constant data, any thread. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Thousandths of the font's size, as a font of that family ("serif", "monospace", else one without
 * serifs) has it. */
gint bm_rtf_width (gunichar c, const gchar *generic, gboolean bold);

G_END_DECLS
