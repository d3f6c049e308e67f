/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* For the tests of native RTF as HTML: a document's head, and what its body becomes. */
#pragma once

#include "text/bm-rtf.h"

#include <string.h>

#define HEAD                                                                                       \
  "{\\rtf1\\ansi\\ansicpg1252\\deff0{\\fonttbl{\\f0\\fswiss Arial;}{\\f1\\froman Times New "       \
  "Roman;}{\\f2\\fnil\\fcharset2 Symbol;}}{\\colortbl ;\\red255\\green0\\blue0;\\red0\\green0"     \
  "\\blue0;}\\fs20 "

static inline gchar *
convert (const gchar *rtf, const gchar *const *objects, GPtrArray **pictures, gboolean *complete)
{
  g_autoptr (GPtrArray) own = NULL;
  gboolean ignored;
  gsize size = strlen (rtf);
  g_autofree guint8 *copy = g_memdup2 (rtf, size);
  return bm_rtf_native_to_html (copy, size, 0, objects, pictures != NULL ? pictures : &own,
                                complete != NULL ? complete : &ignored, &ignored);
}

/* What is between the body tags, without the element that says what most of the text looks like. */
static inline void
check (const gchar *rtf, const gchar *want, gboolean want_complete)
{
  static const gchar usual[] = "<div style=\"font-family:'Arial',sans-serif;font-size:10pt\">\n";
  gboolean complete = !want_complete;
  g_autofree gchar *html = convert (rtf, NULL, NULL, &complete);
  gchar *start = strstr (html, "<body");
  start = strchr (start, '\n') + 1;
  gboolean wrapped = g_str_has_prefix (start, usual);
  start += wrapped ? sizeof usual - 1 : 0;
  *strstr (start, wrapped ? "</div>\n</body>" : "</body>") = '\0';
  g_assert_cmpstr (start, ==, want);
  g_assert_cmpint (complete, ==, want_complete);
}
#define BODY(rtf, want) check (HEAD rtf "}", want, TRUE)
#define LOSS(rtf, want) check (HEAD rtf "}", want, FALSE)
