/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * A BlueMind 5 mailbox on its tables: folders, messages, and the append that writes body and record before it answers.
 * Bytes of messages lie in the spool, a file per guid. Must not know IMAP's syntax. One LabBox per session.
 */
#pragma once

#include "lab-core.h"

G_BEGIN_DECLS

typedef struct {
  LabCore *core;
  LabUser *user; /* owned */
  LabDb *db;     /* owned: the user's shard */
  const gchar *spool;
} LabBox;

typedef struct {
  gchar *name, *id; /* decoded full name; unique id */
  gchar *subtree, *records;
  gint64 uid_validity, last_uid, exists, unseen;
} LabBoxFolder;

typedef struct {
  gint64 uid, internal; /* seconds since 1970 */
  gint size;
  guint flags;
  gchar *guid, *keywords; /* keywords with spaces between */
} LabBoxMessage;

typedef enum { LAB_BOX_OK, LAB_BOX_REJECTED, LAB_BOX_OVER_QUOTA, LAB_BOX_FAILED } LabBoxResult;

/* Makes the default folders of every user that has a mailbox. */
gboolean lab_box_make_all (LabStore *store, GError **error);

LabBox *lab_box_open (LabCore *core, LabUser *user, const gchar *spool);
void lab_box_close (LabBox *box);

void lab_box_folder_free (LabBoxFolder *folder);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (LabBoxFolder, lab_box_folder_free)
/* NULL when there is none; the case of the name counts. */
LabBoxFolder *lab_box_find (LabBox *box, const gchar *name);
/* Of LabBoxFolder, by name. */
GPtrArray *lab_box_list (LabBox *box);
/* TRUE, or FALSE and the words behind NO. */
gboolean lab_box_create (LabBox *box, const gchar *name, gchar **no);
gboolean lab_box_remove (LabBox *box, const gchar *name, gchar **no);
gboolean lab_box_rename (LabBox *box, const gchar *from, const gchar *to, gchar **no);

/* Of LabBoxMessage, by uid, without expunged ones. */
GPtrArray *lab_box_messages (LabBox *box, const LabBoxFolder *folder);
/* A uid is used up even by an append that fails afterwards. internal < 0: now. keywords is an array literal. */
LabBoxResult lab_box_append (LabBox *box, const gchar *name, GBytes *bytes, guint flags,
                             const gchar *keywords, gint64 internal, gchar **guid, gint64 *validity,
                             gint64 *uid);
/* Sets a message's system flags (bit 31: expunged). */
void lab_box_set_flags (LabBox *box, const LabBoxFolder *folder, gint64 uid, guint flags);
GBytes *lab_box_bytes (LabBox *box, const gchar *guid);
gint64 lab_box_used_kib (LabBox *box);

G_END_DECLS
