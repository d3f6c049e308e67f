/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* Ready-made PST files: a small realistic mailbox, and bulk. The same options give the same bytes
 * on every host and day. One thread. */
#pragma once

#include "bm-pst-writer.h"

G_BEGIN_DECLS

/* What the sample holds, for tests to compare with: mail in folders below the IPM subtree, and
 * items that an import skips. */
#define BM_PST_SAMPLE_MAILS      24
#define BM_PST_SAMPLE_NOT_MAIL   2 /* an appointment, a contact */
#define BM_PST_SAMPLE_ASSOCIATED 1
#define BM_PST_SAMPLE_HIDDEN     1 /* a mail in a hidden folder */

/* Node ids in the sample: the inbox, a folder in a folder, the first mail of the inbox, the mail with
 * two attachments (57344 and 0 bytes). */
#define BM_PST_SAMPLE_NID_INBOX     0x8202
#define BM_PST_SAMPLE_NID_NESTED    0x82C2
#define BM_PST_SAMPLE_NID_FIRST     0x200004
#define BM_PST_SAMPLE_NID_DOCUMENTS 0x2002E4

/* options: format and encryption; the record key and the store's name are the sample's own. */
gboolean bm_pst_sample_write (const gchar *path, const BmPstWriterOptions *options, GError **error);

typedef struct {
  guint64 messages;
  guint64 size;  /* bytes of the text body of each; 0: 1000 */
  guint folders; /* 0: one per 5000 messages, at least 1 */
  guint seed;    /* other seeds give other messages */
  /* An address: whose mailbox it is. All mail goes to it, and every fourth message is one that it
   * sent, in one more folder, Sent Items. NULL: to a fixed address, nothing sent. */
  const gchar *owner;
  gboolean no_sent;         /* with an owner: all received, no such folder */
  gboolean sent_below;      /* with an owner: that folder lies below Archive 2019 */
  const gchar *folder_name; /* of the second folder; NULL: "Folder 1" */
  guint64 attachment; /* bytes of a file that each has: 0, 1, ... 250, and again; 0: no file */
} BmPstBulk;

gboolean bm_pst_sample_bulk (const gchar *path, const BmPstWriterOptions *options,
                             const BmPstBulk *bulk, GError **error);

G_END_DECLS
