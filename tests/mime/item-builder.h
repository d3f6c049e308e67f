/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Items written down in a few lines, and what a rendering says: for tests. */
#pragma once

#include <bm-pst-import/render.h>
#include <gmime/gmime.h>

BmItem *item_new (const gchar *message_class);
void item_text (BmProps *props, guint16 id, const gchar *utf8);
void item_bytes (BmProps *props, guint16 id, gconstpointer data, gsize size);
void item_string8 (BmProps *props, guint16 id, const gchar *bytes, const gchar *utf8);
void item_int (BmProps *props, guint16 id, gint64 value);
void item_bool (BmProps *props, guint16 id, gboolean value);
void item_time (BmProps *props, guint16 id, gint64 unix_time);
void item_categories (BmItem *item, const gchar *const *names);
/* A row; its props may be filled further. */
BmProps *item_recipient (BmItem *item, guint32 type, const gchar *name, const gchar *smtp);
BmAttachment *item_attachment (BmItem *item, const gchar *name, gconstpointer data, gsize size);
BmAttachment *item_embed (BmItem *item, BmItem *inner);
/* An ordinary mail: sender, recipient, date, subject, text. */
BmItem *item_mail (void);
/* compressed RTF holding these bytes, stored ("MELA") */
void item_rtf (BmItem *item, const gchar *rtf);
/* Compressed RTF that holds these bytes, stored ("MELA"). New. */
GByteArray *stored_rtf (const gchar *rtf);

/* Renders (must succeed), checks what every message must be, and parses it. */
typedef struct {
  BmMessage *message;
  GMimeMessage *parsed;
  gchar *text; /* the bytes as a string */
} Rendered;
Rendered *rendered_new (const BmItem *item);
Rendered *rendered_with (const BmItem *item, const BmRenderContext *context);
void rendered_free (Rendered *rendered);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Rendered, rendered_free)
/* A header of the message, decoded and unfolded; NULL when absent. New. */
gchar *rendered_header (const Rendered *rendered, const gchar *name);
#define HEADER_IS(rendered, name, want)                                                            \
  G_STMT_START                                                                                     \
  {                                                                                                \
    g_autofree gchar *got_ = rendered_header (rendered, name);                                     \
    g_assert_cmpstr (got_, ==, want);                                                              \
  }                                                                                                \
  G_STMT_END
/* How often a header occurs. */
guint rendered_count (const Rendered *rendered, const gchar *name);
/* The names of all header fields in their order, a blank between. New. */
gchar *rendered_names (const Rendered *rendered);
/* "mixed(alternative(text/plain,text/html),image/png)". New. */
gchar *rendered_shape (const Rendered *rendered);
/* The n-th leaf (depth first), and its decoded content. */
GMimeObject *rendered_leaf (const Rendered *rendered, guint n);
gchar *rendered_content (GMimeObject *leaf, gsize *size);
gboolean rendered_noted (const Rendered *rendered, BmNote note);
