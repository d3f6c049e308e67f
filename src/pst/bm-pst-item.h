/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Private to the room: libpff's items to ours. One thread. */
#pragma once

#include "pst/bm-pst-window.h"

G_BEGIN_DECLS

/* How 8-bit strings of one item are read. */
typedef struct {
  const gchar *charset; /* borrowed; never NULL */
  BmNotes *notes;
  BmPst *pst;        /* for names that libpff does not know */
  gboolean *damaged; /* set when a body is lost; NULL: nobody asks */
} BmPstStrings;

#define BM_PST_DEPTH_MAX       20 /* embedded in embedded */
#define BM_PST_RECIPIENTS_MAX  100000
#define BM_PST_ATTACHMENTS_MAX 10000
#define BM_PST_TAG_CLASS       0x001a
#define BM_PST_TAG_HEADERS     0x007d
#define BM_PST_TAG_TEXT        0x1000
#define BM_PST_TAG_RTF         0x1009
#define BM_PST_TAG_HTML        0x1013
#define BM_PST_TAG_METHOD      0x3705
#define BM_PST_TAG_DATA        0x3701

/* Adds one property, from its raw bytes (taken; NULL when size is 0). head: id, type, name. FALSE
 * when not all of its value could be had. */
gboolean bm_pst_props_add (BmProps *props, BmProp *head, guint8 *data, gsize size,
                           const BmPstStrings *strings);
/* PS_PUBLIC_STRINGS, which the map of names has a number for ([MS-PST] 2.4.7.1). */
extern const guint8 bm_pst_public_strings[16];

/* A property of this id cannot be read: notes that. */
void bm_pst_note_lost (const BmPstStrings *strings, guint16 id);
/* The name of a property of id 0x8000 or more; zeros when the map ([MS-PST] 2.4.7) does not know it.
 * When that is for a broken map, or the map may be wrong, there is a note. The map is read once. */
BmPropName bm_pst_name_of_id (const BmPstStrings *strings, guint16 id);
/* TRUE when some of the map is lost, or all of it, or it may be wrong. */
gboolean bm_pst_names_are_broken (BmPst *pst);
/* The code page that 0x3FFD or else 0x3FDE names, if it is one of 8-bit strings that we know; else,
 * where nobody chose one for the file, that of the language that 0x3FF1 names; 0. */
guint32 bm_pst_codepage_of (const BmPst *pst, guint32 message, guint32 internet, guint32 locale);
/* bm-pst-locale.c: the same of a language alone; 0 for western ones. */
guint32 bm_pst_codepage_of_locale (guint32 locale);
/* How 8-bit strings are read: by the file's code page; of an item, by its own if it has one. */
BmPstStrings bm_pst_file_strings (BmPst *pst, BmNotes *notes);
BmPstStrings bm_pst_item_strings (BmPst *pst, BmItem *item);
/* Takes props, and the class from them. TRUE when no more of the item is wanted: it is no mail. */
gboolean bm_pst_item_set_props (BmItem *item, BmProps *props, gboolean embedded);
/* The data is much shorter than the attachment says it is. */
gboolean bm_pst_attachment_is_short (const BmAttachment *attachment);

/* Properties of one record set, with the data of attachments (0x3701) left out when skip_data. */
BmProps *bm_pst_props_read (libpff_record_set_t *set, const BmPstStrings *strings,
                            gboolean skip_data);
/* The first record set of an item. NULL with error UNREADABLE. */
BmProps *bm_pst_props_of_item (libpff_item_t *item, const BmPstStrings *strings, gboolean skip_data,
                               GError **error);
/* Code page of an item's 8-bit strings: see bm_pst_codepage_of. */
guint32 bm_pst_item_codepage (const BmPst *pst, libpff_item_t *item);
BmItem *bm_pst_item_read (BmPstWindow *window, libpff_item_t *pff, GError **error);

G_END_DECLS
