/* SPDX-License-Identifier: AGPL-3.0-or-later */
/*
 * What the replication commands do to the databases: GET tells what we have, APPLY writes bodies, folders and records.
 * Must not know sockets or the order of commands. One LabReplica per session, on the session's thread.
 */
#pragma once

#include "lab-core.h"
#include "lab-dlist.h"

G_BEGIN_DECLS

typedef struct {
  LabCore *core;
  GHashTable *shards; /* server uid -> LabDb of this session */
  GHashTable *owners; /* "login@domain" -> directory uid, "" for nobody */
} LabReplica;

typedef struct _LabUpload LabUpload;

/* FALSE: *no is the text behind NO. Lines of data ("* MAILBOX ...") are appended to data. */
typedef gboolean (*LabReplicaCommand) (LabReplica *replica, const LabValue *value, GString *data,
                                       gchar **no);

void lab_replica_init (LabReplica *replica, LabCore *core);
void lab_replica_clear (LabReplica *replica);

/* "GET" or "APPLY" and the name; what we need not keep gets a command that does nothing. */
LabReplicaCommand lab_replica_find_command (const gchar *verb, const gchar *name);

/* APPLY MESSAGE: bodies are written slice by slice while the command is still coming in. */
LabUpload *lab_upload_new (LabReplica *replica);
void lab_upload_free (LabUpload *upload);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (LabUpload, lab_upload_free)
/* A LabFileFunc; data is the LabUpload. */
void lab_upload_take (const gchar *partition, const gchar *guid, const guint8 *bytes, gsize size,
                      gpointer data);
gboolean lab_upload_finish (LabUpload *upload, gchar **no);

G_END_DECLS
