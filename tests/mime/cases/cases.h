/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The numbered cases of the conversion: a PST in, a message out, and two parsers that read it.
 *
 * To add a case: write `static void case_NN_short_name (Case *c)` in one of case-*.c and name it in
 * that file's table with CASE (NN, short_name). In it,
 *   - case_mail (c) gives a mail of the inbox to fill with mail_* (case_mail_in for another
 *     folder; a well-known one by its English name). Or case_corpus reads a file that exists;
 *   - case_render (c, n) writes the PST, reads the n-th mail back as the reader's child does,
 *     renders it twice and parses it with GMime. Assert on it with rendered_* (item-builder.h);
 *   - case_expect (c, "header Subject=Hi") says what the second parser (second-parser.py, which
 *     lists the kinds of lines) must find in the message rendered last. That both parsers see the
 *     same parts with the same bytes and that the second has nothing to complain of needs no words.
 * At the end of a file's cases Python reads all messages at once, and another process, in another
 * locale and time zone, renders all PSTs again: the same bytes. A new file also goes into
 * meson.build beside this one. One thread. */
#pragma once

#include "bm-pst-writer.h"
#include "mime/item-builder.h"

typedef struct _Case Case;
typedef struct _CaseMail CaseMail;

typedef struct {
  const gchar *number, *name;
  void (*run) (Case *c);
} CaseEntry;

#define CASE(number, name)                                                                         \
  {                                                                                                \
#number, #name, case_##number##_##name                                                         \
  }
/* main of a file of cases. */
gint case_main (gint argc, gchar **argv, const CaseEntry *entries, gsize n);

/* ---- the PST; everything lives as long as the case ---- */

/* Before the first mail. */
BmPstWriterOptions *case_options (Case *c);
/* How all of it is rendered; its strings must outlive the case. */
BmRenderContext *case_context (Case *c);
BmPstWriter *case_writer (Case *c); /* for named properties */

/* A mail with a class (IPM.Note) and flags (read), nothing else. */
CaseMail *case_mail (Case *c);
CaseMail *case_mail_in (Case *c, const gchar *folder);
/* The same with sender Ada, recipient Bob, date, subject "Hello", Message-ID and text. */
CaseMail *case_plain_mail (Case *c);
/* A mail inside another one (method 5). */
CaseMail *mail_embed (CaseMail *outer, const gchar *name);

BmPstProps *mail_props (CaseMail *mail);
void mail_text (CaseMail *mail, guint16 id, const gchar *utf8);
void mail_int (CaseMail *mail, guint16 id, gint32 value);
void mail_bool (CaseMail *mail, guint16 id, gboolean value);
void mail_time (CaseMail *mail, guint16 id, gint64 unix_time);
void mail_bytes (CaseMail *mail, guint16 id, gconstpointer data, gsize size);
void mail_string8 (CaseMail *mail, guint16 id, const gchar *bytes);
/* Compressed RTF holding these bytes, stored ("MELA"). */
void mail_rtf (CaseMail *mail, const gchar *rtf);
void mail_no_recipients (CaseMail *mail); /* no table, as some writers do */
void mail_drop_rows (CaseMail *mail);     /* those that it has so far */
void mail_bare (CaseMail *mail);          /* without class, flags and what the writer adds */
/* A row of the recipient table; name, smtp: or NULL. */
BmPstProps *mail_row (CaseMail *mail, gint32 type, const gchar *name, const gchar *smtp);
/* An attachment by value: its properties, to add to. */
BmPstProps *mail_attach (CaseMail *mail, const gchar *name, gconstpointer data, gsize size);

/* ---- what comes out; NULL only where a corpus file is missing and the case is skipped ---- */

Rendered *case_render (Case *c, guint n);
/* The mail of a corpus file with this subject; its transport headers are foreign, so only what we
 * write must please the second parser. */
Rendered *case_corpus (Case *c, const gchar *file, const gchar *subject);
/* All mail of it, in node order. Returns how many there are; 0 when the file is missing. */
typedef void (*CaseCheck) (Case *c, const BmItem *item, const Rendered *rendered, gpointer data);
guint case_corpus_each (Case *c, const gchar *file, CaseCheck check, gpointer data);
void case_expect (Case *c, const gchar *format, ...) G_GNUC_PRINTF (2, 3);
/* The item read from the PST. */
BmItem *case_item (Case *c, guint n);
/* Closes the PST if it is not yet, for cases that break it or count it; its path. */
const gchar *case_write (Case *c);
/* Census of a file; NULL with the error when it is refused. New. */
BmCensus *case_census (const gchar *path, GError **error);
/* Where a corpus file lies; NULL, and the case is skipped, when it is missing. New. */
gchar *case_corpus_file (const gchar *file);
/* The map that the learning pass makes of the case's PST. New. */
BmAddressMap *case_learn (Case *c);
/* Lines of a card or calendar: unfolded, each ended by "\n". New. */
gchar *case_unfold (const gchar *text);
/* One of these lines is exactly this. */
void case_assert_line (const gchar *lines, const gchar *line);
