/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The real PST and OST files: in $BM_CORPUS, else beside the tree. They never enter it, so a test must
 * live without them, and say so. One thread. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* The path of one of them, whether it is there or not. New. */
gchar *bm_corpus_path (const gchar *file);
/* Adds a test PREFIX/FILE for each; run gets the file's path. Without files there is one test PREFIX
 * that is skipped and says where they would be. After g_test_init. */
void bm_corpus_add_tests (const gchar *prefix, GTestDataFunc run);

G_END_DECLS
