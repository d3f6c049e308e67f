/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* A bag of MAPI properties for the PST writer. Plain data: a property set twice holds the second
 * value. Tags are written 0xIIIITTTT (id, type); the type of the tag must fit the setter, except
 * for bm_pst_props_raw, which writes whatever it is given. One thread. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct _BmPstProps BmPstProps;

#define BM_PST_TAG(id, type) ((guint32) (id) << 16 | (type))
#define BM_PST_TICKS_1970    G_GINT64_CONSTANT (116444736000000000)
/* Seconds since 1970 as FILETIME (100 ns since 1601). */
#define BM_PST_TIME(seconds) ((gint64) (seconds) *10000000 + BM_PST_TICKS_1970)

BmPstProps *bm_pst_props_new (void);
BmPstProps *bm_pst_props_copy (const BmPstProps *props);
void bm_pst_props_free (BmPstProps *props);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (BmPstProps, bm_pst_props_free)

void bm_pst_props_int16 (BmPstProps *props, guint32 tag, gint16 value);    /* 0002 */
void bm_pst_props_int32 (BmPstProps *props, guint32 tag, gint32 value);    /* 0003 */
void bm_pst_props_int64 (BmPstProps *props, guint32 tag, gint64 value);    /* 0014 */
void bm_pst_props_bool (BmPstProps *props, guint32 tag, gboolean value);   /* 000b */
void bm_pst_props_double (BmPstProps *props, guint32 tag, gdouble value);  /* 0005 */
void bm_pst_props_filetime (BmPstProps *props, guint32 tag, gint64 ticks); /* 0040 */
/* 001f: UTF-8 in, UTF-16 in the file; in an ANSI file it becomes 001e in windows-1252. */
void bm_pst_props_string (BmPstProps *props, guint32 tag, const gchar *utf8);
/* 001e: these bytes, in whatever code page; size -1: up to the NUL. */
void bm_pst_props_string8 (BmPstProps *props, guint32 tag, const gchar *bytes, gssize size);
/* 0102 (and 0048: 16 bytes) */
void bm_pst_props_binary (BmPstProps *props, guint32 tag, gconstpointer data, gsize size);
/* 101f (in an ANSI file 101e), 1102 and 1003 ([MS-PST] 2.3.3.4). */
void bm_pst_props_mv_string (BmPstProps *props, guint32 tag, const gchar *const *utf8);
void bm_pst_props_mv_binary (BmPstProps *props, guint32 tag, GBytes *const *values, guint n);
void bm_pst_props_mv_int32 (BmPstProps *props, guint32 tag, const gint32 *values, guint n);
/* Any type, any bytes: for files that are wrong on purpose. Values of types of at most 4 bytes
 * stand in the property record itself. */
void bm_pst_props_raw (BmPstProps *props, guint32 tag, gconstpointer data, gsize size);
void bm_pst_props_remove (BmPstProps *props, guint32 tag);

/* Reading back. find matches the id only when type is 0. The bytes are those of a Unicode file and
 * live until the bag changes. NULL: absent. */
const guint8 *bm_pst_props_find (const BmPstProps *props, guint16 id, guint16 type, gsize *size);
guint bm_pst_props_length (const BmPstProps *props);
const guint8 *bm_pst_props_nth (const BmPstProps *props, guint n, guint32 *tag, gsize *size);

G_END_DECLS
