/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Writes PST files for tests and benchmarks ([MS-PST]; Unicode and ANSI).
 *
 * A file is written front to back; memory holds the B-tree entries (about 100 bytes a message) and, unless
 * no_contents_tables is set, one row per message until close. The same calls give the same bytes:
 * nothing of the clock, the host or a random number goes into a file. Errors while writing stick
 * and come out of bm_pst_writer_close. Limits: one value 4 GB; an ANSI file 2 GB and 65535 messages
 * a folder. One thread. */
#pragma once

#include "bm-pst-writer-ndb.h"
#include "bm-pst-writer-props.h"

G_BEGIN_DECLS

typedef struct _BmPstWriter BmPstWriter;

typedef enum { BM_PST_WRITE_UNICODE, BM_PST_WRITE_ANSI } BmPstWriterFormat;
typedef enum {
  BM_PST_WRITE_CRYPT_COMPRESSIBLE,
  BM_PST_WRITE_CRYPT_NONE,
  BM_PST_WRITE_CRYPT_HIGH
} BmPstWriterCrypt;

/* All zero is a good default. */
typedef struct {
  BmPstWriterFormat format;
  BmPstWriterCrypt crypt;
  guint32 password_crc;        /* 0x67FF of the store; 0: no password */
  const guint8 *record_key;    /* 16 bytes; NULL: a fixed one */
  const gchar *store_name;     /* NULL: "Outlook Data File" */
  gboolean no_contents_tables; /* folders list no messages; they are found by parent node only */
} BmPstWriterOptions;

/* Folders that every file has. */
#define BM_PST_NID_STORE   0x21
#define BM_PST_NID_ROOT    0x122
#define BM_PST_NID_SUBTREE 0x8022 /* "Top of Outlook data file" */
#define BM_PST_NID_FINDER  0x8042
#define BM_PST_NID_DELETED 0x8062 /* "Deleted Items" */

/* GUIDs as stored. */
extern const guint8 bm_pst_ps_mapi[16];
extern const guint8 bm_pst_ps_public_strings[16];
extern const guint8 bm_pst_ps_internet_headers[16];
extern const guint8 bm_pst_psetid_common[16];
extern const guint8 bm_pst_psetid_appointment[16];
extern const guint8 bm_pst_psetid_address[16];
extern const guint8 bm_pst_psetid_meeting[16];
extern const guint8 bm_pst_psetid_calendar_assistant[16];

/* An attachment. What it holds is one of: data, read (streamed, user_data borrowed until
 * add_message returns), embedded (method 5), or nothing. 0x3705 (method), 0x0E20 (size), 0x0E21
 * (number) and 0x370B are added when props lack them. props may be NULL. */
typedef struct {
  const BmPstProps *props;
  gconstpointer data;
  gsize size;
  BmPstWriterRead read;
  gpointer user_data;
  const struct _BmPstMessage *embedded;
  guint32 embedded_nid; /* 0: one that nothing else in the file has */
} BmPstAttachment;

/* A message; everything is borrowed for the call. Unless bare, 0x001A, 0x0E07, 0x0E08, 0x0E1B,
 * 0x0E17, 0x300B are added when props lack them. */
typedef struct _BmPstMessage {
  const BmPstProps *props;
  const BmPstProps *const *recipients; /* one bag per row */
  gsize n_recipients;
  const BmPstAttachment *attachments;
  gsize n_attachments;
  gboolean associated;         /* an FAI message, node type 8 */
  gboolean bare;               /* only the properties given */
  gboolean no_recipient_table; /* as some writers do */
} BmPstMessage;

/* Overwrites path. Errors: PST_MISSING. */
BmPstWriter *bm_pst_writer_new (const gchar *path, const BmPstWriterOptions *options,
                                GError **error);
/* Completes the file and frees the writer, also on failure. Errors: DISK_FULL, INTERNAL. */
gboolean bm_pst_writer_close (BmPstWriter *writer, GError **error);

/* Property id (0x8000 and up) of a named property, the same in the whole file. */
guint16 bm_pst_writer_named_lid (BmPstWriter *writer, const guint8 guid[16], guint32 lid);
guint16 bm_pst_writer_named_string (BmPstWriter *writer, const guint8 guid[16], const gchar *name);

/* Returns the node id. parent 0: the IPM subtree. container_class (0x3613), props: NULL for none;
 * props are copied. */
guint32 bm_pst_writer_add_folder (BmPstWriter *writer, guint32 parent, const gchar *name,
                                  const gchar *container_class, const BmPstProps *props);
/* A search folder (node type 3) with the nodes that belong to it; its results are empty.
 * parent 0: the finder. */
guint32 bm_pst_writer_add_search_folder (BmPstWriter *writer, guint32 parent, const gchar *name);
/* Properties of a folder or of the store, to add to; owned by the writer, written at close. */
BmPstProps *bm_pst_writer_node_props (BmPstWriter *writer, guint32 nid);
/* Entry id ([MS-PST] 2.4.3.2) of a node. */
void bm_pst_writer_entry_id (BmPstWriter *writer, guint32 nid, guint8 entry_id[24]);
/* An inbox as 0x6605 of the receive folder table ([MS-PST] 2.4.8), for all classes. */
void bm_pst_writer_receive_folder (BmPstWriter *writer, guint32 nid);

/* Returns the node id. */
guint32 bm_pst_writer_add_message (BmPstWriter *writer, guint32 folder,
                                   const BmPstMessage *message);

G_END_DECLS
