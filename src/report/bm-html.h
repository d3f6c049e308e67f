/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* What all our pages share: they need nothing else (no script, no external address), print well and
 * follow the reader's dark mode. Any thread. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

void bm_html_begin (GString *out, const gchar *title); /* up to the opening of main */
void bm_html_end (GString *out);
/* Escaped: everything that comes from a PST, a server or a person goes through here. NULL is "". */
void bm_html_text (GString *out, const gchar *text);

G_END_DECLS
