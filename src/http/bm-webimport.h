/* SPDX-License-Identifier: AGPL-3.0-or-later */
/* The store of imports that a browser ordered: <jobs>/web/<id>/ (mode 0700) with import.json (who
 * ordered what for whom), the output of the workers that inspect and check, the key that an import
 * acts with, and the link by whose name the PST is known. The import itself is a batch of one row,
 * web-<id>: how far it is stands in that batch, in its worker's state and in its journal, so a daemon
 * that starts finds everything by reading. Must not know HTTP. Any thread; an import is used by one
 * at a time. Errors are JOURNAL unless said otherwise. */
#pragma once

#include "job/bm-config.h"

#include <bm-pst-import/error.h>
#include <json-glib/json-glib.h>
#include <sys/stat.h>

G_BEGIN_DECLS

#define BM_WEBIMPORT_BATCH "web-" /* before the id: the name of its batch */

/* Strings are owned; never NULL once loaded, "" when there is nothing to tell. */
typedef struct {
  gchar *id, *directory;
  gchar *by;         /* login@domain uid of the administrator who ordered it */
  gint64 created_ms; /* since 1970 */
  gchar *user, *login, *user_uid, *domain, *domain_uid, *server;
  gint64 quota_kib;
  gchar *file;   /* what the worker opens: absolute */
  gchar *name;   /* of the file, for people */
  gchar *upload; /* id of the upload; "" = a file of the server */
  guint64 size;
  gint64 modified_ms; /* of a file that is no upload, when it was ordered; since 1970 */
  gchar *into;
  JsonObject *options;  /* as bm_weboptions_read gives them */
  gboolean own_key;     /* acts with the key that lies beside, not with the daemon's */
  gint64 started_ms;    /* 0 = not yet */
  guint64 mails, bytes; /* that the start counted; 0 = not known */
} BmWebImport;

/* 16 digits, lower case hexadecimal: no other name is looked for on the disk. */
gboolean bm_webimport_is_id (const gchar *text);
/* A new one of these members (id, directory and created_ms are given; with an upload, source is its
 * data, and file becomes a link of that name). into NULL: as import would choose. Taken over: nothing. */
BmWebImport *bm_webimport_create (const gchar *jobs, const BmWebImport *like, const gchar *source,
                                  GError **error);
/* Error: USAGE when there is none. */
BmWebImport *bm_webimport_load (const gchar *jobs, const gchar *id, GError **error);
gboolean bm_webimport_save (const BmWebImport *import, GError **error);
/* With its batch; journal and reports of its job stay. */
gboolean bm_webimport_delete (const gchar *jobs, const BmWebImport *import, GError **error);
/* As modified_ms has it. */
gint64 bm_webimport_modified_ms (const struct stat *info);
void bm_webimport_free (BmWebImport *import);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (BmWebImport, bm_webimport_free)
/* Ids of all, sorted. */
GPtrArray *bm_webimport_list (const gchar *jobs);

/* Of a file of its directory. New. */
gchar *bm_webimport_path (const BmWebImport *import, const gchar *file);
/* The name of its batch. New. */
gchar *bm_webimport_batch (const BmWebImport *import);
/* Writes the mapping of one row: name is "row.csv" or another; words NULL: those of the options. */
gboolean bm_webimport_write_row (const BmWebImport *import, const gchar *name,
                                 const gchar *const *words, GError **error);

/* A credential beside an import or batch: mode 0600. */
gboolean bm_webkey_write (const gchar *directory, const gchar *key, GError **error);
/* NULL when there is none. New. */
gchar *bm_webkey_read (const gchar *directory);
void bm_webkey_remove (const gchar *directory);
/* Removes a directory below the store, with what is in it; follows no link. */
gboolean bm_webstore_remove (const gchar *directory, GError **error);

G_END_DECLS
