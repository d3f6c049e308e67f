/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * The value language of Cyrus's replication protocol ("dlist"): atoms, "quoted", {n+} literals, NIL, (lists),
 * %(key value) maps and %{partition guid size} files. A reader over a blocking stream; a printer for what is echoed.
 * Knows nothing of what the values mean. One reader belongs to one thread.
 */
#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

typedef enum { LAB_NIL, LAB_ATOM, LAB_LIST, LAB_MAP, LAB_FILE } LabKind;

typedef struct {
  LabKind kind;
  gchar *text;      /* ATOM: the bytes, NUL-terminated; FILE: the guid */
  gsize length;     /* ATOM: bytes in text */
  GPtrArray *items; /* LIST, MAP: the values */
  GPtrArray *keys;  /* MAP: their names */
} LabValue;

typedef struct _LabReader LabReader;

/* A message inside a command: called as soon as its bytes are read, so that only one is ever in memory. */
typedef void (*LabFileFunc) (const gchar *partition, const gchar *guid, const guint8 *data,
                             gsize size, gpointer user_data);

void lab_value_free (LabValue *value);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (LabValue, lab_value_free)

/* The member of a map, or NULL. */
const LabValue *lab_value_get (const LabValue *map, const gchar *key);
/* Its text, or the fallback when it is absent or no atom. */
const gchar *lab_value_text (const LabValue *map, const gchar *key, const gchar *fallback);
gint64 lab_value_number (const LabValue *map, const gchar *key);
void lab_value_print (const LabValue *value, GString *out);
/* Prints a map without the keys of the NULL-terminated list `but`. */
void lab_value_print_map (const LabValue *map, const gchar *const *but, GString *out);

LabReader *lab_reader_new (GInputStream *in);
void lab_reader_free (LabReader *reader);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (LabReader, lab_reader_free)

/* The next word, without the byte that ended it; NULL at the end of the stream. */
gchar *lab_reader_word (LabReader *reader);
/* The next value; NULL when the stream ends or breaks the grammar. on_file may be NULL. */
LabValue *lab_reader_value (LabReader *reader, LabFileFunc on_file, gpointer user_data);
/* TRUE when the line holds more than spaces: it is positioned there. */
gboolean lab_reader_more (LabReader *reader);
/* Skips to the end of the line and returns what was skipped; NULL when the stream has ended. */
gchar *lab_reader_line (LabReader *reader);
/* The next size bytes, or NULL when the stream ends before. */
GBytes *lab_reader_bytes (LabReader *reader, gsize size);

G_END_DECLS
