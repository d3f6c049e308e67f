/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* inspect --follow: for a program that shows a PST while it is still being read. docs/report-format.md
 * describes the lines and the inventory. One thread. */
#pragma once

#include "cli/bm-inspection.h"

G_BEGIN_DECLS

/* Prints a line with the census, lines about the walk, and a last line with its end. source NULL: it
 * could not be opened; failed (taken) tells why. inventory: a file that is made (mode 0600), whole
 * when the last line is printed; NULL = none. Returns the exit status. */
int bm_inspect_follow (BmSource *source, const gchar *path, const gchar *inventory, GError *failed);

G_END_DECLS
