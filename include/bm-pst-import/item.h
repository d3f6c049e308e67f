/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* An item as read from a PST: typed MAPI properties, recipients, attachments, embedded items.
 * Plain data; the reader of PSTs fills it, the renderer reads it. One thread. */
#pragma once

#include <bm-pst-import/model.h>

G_BEGIN_DECLS

/* MAPI property types ([MS-OXCDATA] 2.11.1) that occur in PSTs. */
typedef enum {
  BM_TYPE_INT16 = 0x0002,
  BM_TYPE_INT32 = 0x0003,
  BM_TYPE_FLOAT = 0x0004,
  BM_TYPE_DOUBLE = 0x0005,
  BM_TYPE_CURRENCY = 0x0006,
  BM_TYPE_APPTIME = 0x0007,
  BM_TYPE_BOOLEAN = 0x000b,
  BM_TYPE_OBJECT = 0x000d,
  BM_TYPE_INT64 = 0x0014,
  BM_TYPE_STRING8 = 0x001e,
  BM_TYPE_UNICODE = 0x001f,
  BM_TYPE_FILETIME = 0x0040,
  BM_TYPE_GUID = 0x0048,
  BM_TYPE_BINARY = 0x0102,
  BM_TYPE_MV = 0x1000, /* flag: several values */
} BmPropType;

/* The identity of a named property: GUID and LID, or GUID and name ([MS-OXPROPS] 1.3.2). */
typedef struct {
  guint8 guid[16];   /* as stored: little-endian fields */
  guint32 lid;       /* when name is NULL */
  const gchar *name; /* UTF-8; interned, never freed */
} BmPropName;

/* One property. Exactly the members of its type are set. */
typedef struct {
  guint16 id;       /* 0x0037; >= 0x8000: only name says what it is */
  guint16 type;     /* BmPropType */
  BmPropName name;  /* zeros for id < 0x8000 or when the map does not know it */
  gint64 integer;   /* INT16..INT64, BOOLEAN, CURRENCY, FILETIME (100 ns since 1601, UTC) */
  gdouble real;     /* FLOAT, DOUBLE, APPTIME */
  gchar *text;      /* STRING8, UNICODE: valid UTF-8 without NUL */
  GBytes *data;     /* STRING8 (raw bytes), BINARY, GUID, OBJECT (when small); never NULL there */
  GPtrArray *texts; /* MV strings: gchar *, UTF-8 */
  GPtrArray *datas; /* MV binary: GBytes * */
  GArray *integers; /* MV integers and times: gint64 */
} BmProp;

typedef struct _BmProps BmProps; /* properties of one object, found by id or by name */

BmProps *bm_props_new (void);
void bm_props_free (BmProps *props);
/* Takes the members of prop. The first property of an id (or name) wins. */
void bm_props_take (BmProps *props, BmProp *prop);
/* The same of a copy, which shares what is large. */
void bm_props_add_copy (BmProps *props, const BmProp *prop);
void bm_prop_clear (BmProp *prop);
guint bm_props_size (const BmProps *props);
const BmProp *bm_props_at (const BmProps *props, guint index);
/* Borrowed; NULL when absent. id < 0x8000. */
const BmProp *bm_props_get (const BmProps *props, guint16 id);
const BmProp *bm_props_get_lid (const BmProps *props, const guint8 guid[16], guint32 lid);
const BmProp *bm_props_get_name (const BmProps *props, const guint8 guid[16], const gchar *name);
/* Shortcuts. A property of another type counts as absent. */
const gchar *bm_props_text (const BmProps *props, guint16 id); /* NULL when absent */
gint64 bm_props_int (const BmProps *props, guint16 id, gint64 fallback);
gboolean bm_props_bool (const BmProps *props, guint16 id, gboolean fallback);
GBytes *bm_props_data (const BmProps *props, guint16 id); /* borrowed; NULL when absent */
/* Seconds since 1970; FALSE when absent, 0, before 1601-01-02 or in the year 4501 ("none"). */
gboolean bm_props_time (const BmProps *props, guint16 id, gint64 *unix_time);
gboolean bm_prop_time (const BmProp *prop, gint64 *unix_time); /* the same of one property */
G_DEFINE_AUTOPTR_CLEANUP_FUNC (BmProps, bm_props_free)

typedef struct _BmItem BmItem;
typedef struct _BmSpool BmSpool; /* bytes in memory or in a memfd: src/base/bm-spool.h */

typedef enum { /* 0x3705, [MS-OXCMSG] 2.2.2.9 */
               BM_ATTACH_NONE = 0,
               BM_ATTACH_BY_VALUE = 1,
               BM_ATTACH_BY_REFERENCE = 2,
               BM_ATTACH_BY_REFERENCE_RESOLVE = 3,
               BM_ATTACH_BY_REFERENCE_ONLY = 4,
               BM_ATTACH_EMBEDDED = 5,
               BM_ATTACH_OLE = 6,
               BM_ATTACH_WEB_REFERENCE = 7,
} BmAttachMethod;

typedef struct {
  BmProps *props;
  gint method;      /* BmAttachMethod, or what the file says */
  BmSpool *data;    /* by value, OLE: sealed; else NULL */
  BmItem *embedded; /* EMBEDDED; NULL when unreadable or nested too deeply */
  gboolean damaged; /* the data or the embedded item could not be read as a whole */
} BmAttachment;

struct _BmItem {
  guint32 nid;          /* for errors only; never rendered */
  gchar *message_class; /* 0x001A; "" when absent */
  guint32 codepage;     /* used for its 8-bit strings */
  BmProps *props;
  GPtrArray *recipients;  /* BmProps *: rows; NULL when there is no table */
  GPtrArray *attachments; /* BmAttachment *: rows in order; never NULL */
  BmNotes notes;          /* found while reading */
  gboolean damaged;       /* a body, or more than can be named, is lost: the message says so */
};

BmItem *bm_item_new (void);
void bm_item_free (BmItem *item);
BmAttachment *bm_attachment_new (void);
void bm_attachment_free (BmAttachment *attachment);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (BmItem, bm_item_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (BmAttachment, bm_attachment_free)

/* What kind of thing a message class names. MAIL is imported now; the rest is not-mail. Prefixes
 * match case-insensitively at dots; "" and unknown classes are MAIL ([MS-OXCMSG], and the table of
 * classes in docs/conversion.md). */
gboolean bm_message_class_is_mail (const gchar *message_class);
/* The same of an item: one whose class nobody knows, or that has none, is MAIL when it looks like it: a
 * subject, a sender, a body, a recipient, an attachment; also when something of it could not be read. */
gboolean bm_item_is_mail (const BmItem *item);

G_END_DECLS
